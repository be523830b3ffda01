//! FLAC, by the `claxon` crate: blocks of whole numbers, each with its checksum.

use super::{Decoded, check_format, wanted};
use claxon::{Block, FlacReader, FlacReaderOptions};
use std::io::{Cursor, Read};

/// The first samples, as many as give `most` at the rate that is wanted.
pub(super) fn decode(bytes: &[u8], most: usize) -> Result<Decoded, String> {
    let damaged = |e: claxon::Error| format!("it is damaged: {e}");
    let mut reader = FlacReader::new(Cursor::new(bytes)).map_err(damaged)?;
    let info = reader.streaminfo();
    let channels = info.channels as usize;
    check_format(info.sample_rate, channels)?;
    let (wanted, scale) = (wanted(most, info.sample_rate), 2f64.powi(info.bits_per_sample as i32 - 1) * channels as f64);
    let mut samples: Vec<f32> = Vec::new();
    let (mut blocks, mut block) = (reader.blocks(), Block::empty());
    while samples.len() <= wanted {
        let Some(next) = blocks.read_next_or_eof(block.into_buffer()).map_err(damaged)? else { break };
        block = next;
        let sum = |i: u32| (0..block.channels()).map(|channel| f64::from(block.sample(channel, i))).sum::<f64>();
        samples.extend((0..block.duration()).map(|i| (sum(i) / scale) as f32));
    }
    let more = samples.len() > wanted;
    if let Some(expected) = info.samples.filter(|expected| !more && *expected != samples.len() as u64) {
        return Err(format!("it is cut off: expected {expected} samples, found {}", samples.len()));
    }
    samples.truncate(wanted);
    Ok(Decoded { rate: info.sample_rate, samples, more })
}

/// Samples of a channel and how many there are a second, where its head says so.
pub(super) fn length(file: impl Read) -> Option<(u64, u32)> {
    let options = FlacReaderOptions { metadata_only: true, read_vorbis_comment: false };
    let info = FlacReader::new_ext(file, options).ok()?.streaminfo();
    Some((info.samples?, info.sample_rate))
}
