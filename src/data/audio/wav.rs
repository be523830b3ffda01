//! WAV: a RIFF file with a chunk that says the format and one that holds the samples, channel after channel.

use super::{Decoded, check_format, wanted};
use std::io::{Read, Result as Io, Seek, SeekFrom, Write};

/// How a sample is written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sample {
    /// 0..=255 around 128.
    Unsigned8,
    Signed16,
    Signed24,
    Signed32,
    Float32,
    Float64,
}

impl Sample {
    fn bytes(self) -> usize {
        match self {
            Sample::Unsigned8 => 1,
            Sample::Signed16 => 2,
            Sample::Signed24 => 3,
            Sample::Signed32 | Sample::Float32 => 4,
            Sample::Float64 => 8,
        }
    }

    /// The value, full scale at 1.
    fn value(self, bytes: &[u8]) -> f64 {
        match (self, bytes) {
            (Sample::Unsigned8, &[a]) => (f64::from(a) - 128.0) / 128.0,
            (Sample::Signed16, &[a, b]) => f64::from(i16::from_le_bytes([a, b])) / 32_768.0,
            (Sample::Signed24, &[a, b, c]) => f64::from(i32::from_le_bytes([0, a, b, c]) >> 8) / 8_388_608.0,
            (Sample::Signed32, &[a, b, c, d]) => f64::from(i32::from_le_bytes([a, b, c, d])) / 2_147_483_648.0,
            (Sample::Float32, &[a, b, c, d]) => f64::from(f32::from_le_bytes([a, b, c, d])),
            (Sample::Float64, &[a, b, c, d, e, f, g, h]) => f64::from_le_bytes([a, b, c, d, e, f, g, h]),
            _ => f64::NAN,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Format {
    sample: Sample,
    rate: u32,
    channels: usize,
}

/// The first samples, as many as give `most` at the rate that is wanted.
pub(super) fn decode(bytes: &[u8], most: usize) -> Result<Decoded, String> {
    if bytes.get(8..12) != Some(b"WAVE") {
        return Err("expected a WAV file, found another kind of RIFF".into());
    }
    let (mut at, mut format) = (12, None);
    while let Some(header) = bytes.get(at..at + 8) {
        let (name, size) = (&header[..4], u32::from_le_bytes([header[4], header[5], header[6], header[7]]));
        let rest = &bytes[at + 8..];
        match name {
            b"fmt " => format = Some(read_format(chunk(rest, size, "format")?)?),
            b"data" => {
                let format: Format = format.ok_or("its samples come before what says how they are written")?;
                // Whoever writes to a pipe does not know how long it will be.
                let data = if size == u32::MAX { rest } else { chunk(rest, size, "sound")? };
                return samples(data, format, most);
            }
            _ => {}
        }
        // Chunks begin at even places.
        at = at.saturating_add(8 + size as usize + (size as usize & 1));
    }
    Err("it ends before its samples".into())
}

/// Samples of a channel and how many there are a second, by what its chunks say of themselves.
pub(super) fn length(mut file: impl Read + Seek) -> Option<(u64, u32)> {
    /// More chunks, or a larger one of the format, are none of a recording.
    const MOST_CHUNKS: usize = 64;
    const MOST_FORMAT: usize = 1024;
    let mut head = [0; 12];
    file.read_exact(&mut head).ok()?;
    let mut format: Option<Format> = None;
    for _ in 0..MOST_CHUNKS {
        let mut head = [0; 8];
        file.read_exact(&mut head).ok()?;
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let mut skipped = i64::from(size) + i64::from(size & 1);
        match &head[..4] {
            b"fmt " => {
                let mut chunk = vec![0; (size as usize).min(MOST_FORMAT)];
                file.read_exact(&mut chunk).ok()?;
                skipped -= chunk.len() as i64;
                format = Some(read_format(&chunk).ok()?);
            }
            b"data" => {
                let Format { sample, rate, channels } = format?;
                return Some((u64::from(size) / (sample.bytes() * channels) as u64, rate)).filter(|_| size < u32::MAX);
            }
            _ => {}
        }
        file.seek(SeekFrom::Current(skipped)).ok()?;
    }
    None
}

fn chunk<'a>(rest: &'a [u8], size: u32, what: &str) -> Result<&'a [u8], String> {
    let cut = || format!("it is cut off: expected {size} bytes of {what}, found {}", rest.len());
    rest.get(..size as usize).ok_or_else(cut)
}

fn read_format(chunk: &[u8]) -> Result<Format, String> {
    const EXTENSIBLE: u16 = 0xfffe;
    let short = |at: usize| chunk.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]])).ok_or("its format is cut off");
    let (tag, channels, bits) = (short(0)?, usize::from(short(2)?), short(14)?);
    let rate = chunk.get(4..8).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).unwrap_or(0);
    check_format(rate, channels)?;
    // The kind proper begins a longer name, far behind.
    let kind = if tag == EXTENSIBLE { short(24)? } else { tag };
    let sample = match (kind, bits) {
        (1, 8) => Sample::Unsigned8,
        (1, 16) => Sample::Signed16,
        (1, 24) => Sample::Signed24,
        (1, 32) => Sample::Signed32,
        (3, 32) => Sample::Float32,
        (3, 64) => Sample::Float64,
        (kind, bits) => {
            return Err(format!("expected samples of 8, 16, 24 or 32 bits, or floats, found {bits} bits in format {kind}"));
        }
    };
    Ok(Format { sample, rate, channels })
}

fn samples(data: &[u8], format: Format, most: usize) -> Result<Decoded, String> {
    let Format { sample, rate, channels } = format;
    let size = sample.bytes() * channels;
    if !data.len().is_multiple_of(size) {
        return Err(format!("it is cut off: its sound has {} bytes, no multiple of {size}", data.len()));
    }
    let (count, wanted) = (data.len() / size, wanted(most, rate));
    let mean = |frame: &[u8]| {
        let sum: f64 = frame.chunks_exact(sample.bytes()).map(|bytes| sample.value(bytes)).sum();
        (sum / channels as f64) as f32
    };
    let samples = data.chunks_exact(size).take(wanted).map(mean).collect();
    Ok(Decoded { rate, samples, more: count > wanted })
}

/// Writes 16-bit samples of one channel.
pub(in crate::data) fn write(to: &mut impl Write, rate: u32, samples: &[i16]) -> Io<()> {
    let size = 2 * samples.len() as u32;
    to.write_all(b"RIFF")?;
    to.write_all(&(36 + size).to_le_bytes())?;
    to.write_all(b"WAVEfmt \x10\0\0\0\x01\0\x01\0")?;
    to.write_all(&rate.to_le_bytes())?;
    to.write_all(&(2 * rate).to_le_bytes())?;
    to.write_all(b"\x02\0\x10\0data")?;
    to.write_all(&size.to_le_bytes())?;
    samples.iter().try_for_each(|sample| to.write_all(&sample.to_le_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let (samples, mut file) = ([0i16, 1, -32_768, 32_767, 100], Vec::new());
        write(&mut file, 22_050, &samples).expect("written");
        let found = decode(&file, 1000).expect("read");
        assert_eq!((found.rate, found.more), (22_050, false));
        assert_eq!(found.samples, samples.map(|sample| f32::from(sample) / 32_768.0));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let mut file = Vec::new();
        write(&mut file, 16_000, &[1; 8]).expect("written");
        let check = |at: usize, byte: u8, words: &str| {
            let mut other = file.clone();
            other[at] = byte;
            let error = decode(&other, 1000).expect_err("wrong");
            assert!(error.contains(words), "expected {words:?} in {error}");
        };
        check(20, 6, "found 16 bits in format 6");
        check(34, 12, "found 12 bits in format 1");
        check(22, 0, "from 1 to 64 channels, found 0");
        check(22, 3, "no multiple of 6");
        check(25, 0, "samples a second, found 128");
        check(40, 17, "expected 17 bytes of sound, found 16");
        check(36, b'x', "it ends before its samples");
        check(12, b'x', "before what says how");
    }
}
