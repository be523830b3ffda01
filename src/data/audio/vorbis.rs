//! Ogg Vorbis, by the `lewton` crate: pages, each of which tells how many samples there are up to its end.

use super::{Decoded, check_format, vorbis_headers, wanted};
use lewton::VorbisError;
use lewton::inside_ogg::OggStreamReader;
use std::io::{Cursor, Read, Seek, SeekFrom};

/// How every page begins, and where in one stands what kind it is, the samples up to its end, and how many parts it has.
const PAGE: &[u8] = b"OggS";
const FLAGS: usize = 5;
const SAMPLES: usize = 6;
const PARTS: usize = 26;
/// Of a page that is the last of its stream.
const IS_LAST: u8 = 4;
/// A page is no longer.
const LONGEST_PAGE: u64 = 65_307;

/// The first samples, as many as give `most` at the rate that is wanted.
pub(super) fn decode(bytes: &[u8], most: usize) -> Result<Decoded, String> {
    let damaged = |e: VorbisError| format!("it is damaged: {e}");
    vorbis_headers::check(bytes)?;
    let mut reader = OggStreamReader::new(Cursor::new(bytes)).map_err(damaged)?;
    let (rate, channels) = (reader.ident_hdr.audio_sample_rate, usize::from(reader.ident_hdr.audio_channels));
    check_format(rate, channels)?;
    let wanted = wanted(most, rate);
    let mut samples: Vec<f32> = Vec::new();
    while samples.len() <= wanted {
        let Some(packet) = reader.read_dec_packet_generic::<Vec<Vec<f32>>>().map_err(damaged)? else { break };
        let now = (reader.ident_hdr.audio_sample_rate, packet.len());
        if now != (rate, channels) {
            return Err(format!("it changes from {rate} samples a second of {channels} channels to {} of {}", now.0, now.1));
        }
        let length = packet.iter().map(Vec::len).min().unwrap_or(0);
        samples.extend((0..length).map(|i| packet.iter().map(|channel| channel[i]).sum::<f32>() / channels as f32));
    }
    let more = samples.len() > wanted;
    if !more {
        let last = last_page(bytes).filter(|page| page[FLAGS] & IS_LAST != 0);
        let last = last.ok_or("it is cut off: its last page is not the last of its stream")?;
        // Its last packet may go on beyond the sound.
        samples.truncate(samples_up_to(last).map_or(usize::MAX, |samples| usize::try_from(samples).unwrap_or(usize::MAX)));
    }
    samples.truncate(wanted);
    Ok(Decoded { rate, samples, more })
}

/// The last page that begins in these bytes, if it is whole.
fn last_page(bytes: &[u8]) -> Option<&[u8]> {
    let at = bytes.windows(PARTS + 1).rposition(|head| head.starts_with(PAGE))?;
    let page = &bytes[at..];
    let (parts, body) = page[PARTS + 1..].split_at_checked(usize::from(page[PARTS]))?;
    (body.len() >= parts.iter().map(|part| usize::from(*part)).sum()).then_some(page)
}

/// Samples of a channel and how many there are a second, by its first page and its last.
pub(super) fn length(mut file: impl Read + Seek) -> Option<(u64, u32)> {
    let mut first = Vec::new();
    file.by_ref().take(LONGEST_PAGE).read_to_end(&mut first).ok()?;
    // Behind the page's head: 1, `vorbis`, a version of four bytes, the channels, the rate.
    let head = first.get(PARTS + 1 + usize::from(*first.get(PARTS)?)..)?.strip_prefix(b"\x01vorbis")?;
    let rate = u32::from_le_bytes(head.get(5..9)?.try_into().ok()?);
    let end = file.seek(SeekFrom::End(0)).ok()?;
    file.seek(SeekFrom::Start(end.saturating_sub(LONGEST_PAGE))).ok()?;
    let mut last = Vec::new();
    file.take(LONGEST_PAGE).read_to_end(&mut last).ok()?;
    Some((samples_up_to(last_page(&last)?)?, rate))
}

/// Samples of a channel up to the end of a page; none where no packet ends on it.
fn samples_up_to(page: &[u8]) -> Option<u64> {
    let samples = u64::from_le_bytes(page.get(SAMPLES..SAMPLES + 8)?.try_into().ok()?);
    (samples != u64::MAX).then_some(samples)
}
