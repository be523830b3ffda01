//! MP3, by the `nanomp3` crate: frames, without the silence that an encoder puts before and behind where the file tells how much that is.

use super::{Decoded, check_format, wanted};
use nanomp3::{Channels, Options, SliceReader};
use std::io::{Read, Seek, SeekFrom};

/// Bytes that hold the first frame, which tells the length.
const HEAD: u64 = 16 << 10;
/// Bytes of the head of a tag before the sound, which tells how long that is.
const TAG: u64 = 10;

/// The first samples, as many as give `most` at the rate that is wanted.
pub(super) fn decode(bytes: &[u8], most: usize) -> Result<Decoded, String> {
    let mut reader = open(bytes);
    let channels = match reader.channels() {
        Some(Channels::Stereo) => 2,
        Some(_) => 1,
        None => return Err("it is damaged: it has no frame of an MP3 file".into()),
    };
    let rate = reader.sample_rate();
    check_format(rate, channels)?;
    let (wanted, told) = (wanted(most, rate), told(&reader));
    // A file that ends within a frame loses no more.
    let frame = if rate < 32_000 { 576 } else { 1152 };
    let mut samples: Vec<f32> = Vec::new();
    while samples.len() <= wanted {
        let frame = match reader.read_frame() {
            Ok(Some(frame)) => frame,
            Ok(None) => break,
            // What stands behind the last frame, or is left of one, looks to the decoder like sound of another kind.
            Err(nanomp3::Error::FormatChanged) if !samples.is_empty() => break,
            Err(e) => return Err(format!("it is damaged: {e}")),
        };
        samples.extend(frame.chunks_exact(channels).map(|one| one.iter().sum::<f32>() / channels as f32));
    }
    let more = samples.len() > wanted;
    let found = samples.len() as u64;
    if let Some(expected) = told.filter(|told| !more && found + frame < *told) {
        return Err(format!("it is cut off: expected {expected} samples, found {found}"));
    }
    samples.truncate(wanted);
    Ok(Decoded { rate, samples, more })
}

/// Not read to its end for its length: that is known from its head, or when it was read.
fn open(bytes: &[u8]) -> SliceReader<'_, f32> {
    SliceReader::with_options(bytes, Options::default().skip_scan(true))
}

/// Samples of a channel, where the first frame tells how many there are.
fn told(reader: &SliceReader<f32>) -> Option<u64> {
    reader.total_samples().filter(|_| reader.has_vbr_tag())
}

/// Samples of a channel and how many there are a second, where its head says so.
pub(super) fn length(mut file: impl Read + Seek) -> Option<(u64, u32)> {
    let mut read = |from: u64, most: u64| {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(from)).ok()?;
        file.by_ref().take(most).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    };
    let tag = nanomp3::id3v2_len(&read(0, TAG)?);
    let head = read(tag as u64, HEAD)?;
    let reader = open(&head);
    Some((told(&reader)?, reader.sample_rate()))
}
