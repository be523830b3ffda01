//! Recordings: encoded sound -> samples at 16 kHz -> the log-mel spectrogram that a model of speech hears.

mod features;
mod flac;
mod fourier;
mod mp3;
mod resample;
mod vorbis;
mod vorbis_headers;
mod wav;

pub(super) use features::LogMel;
pub(in crate::data) use resample::Resamplers;
pub(super) use wav::write as write_wav;

use super::guarded::guarded;
use super::lfs;
use super::read::Cell;
use super::{Error, Result};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;

/// Samples a second that models of speech hear.
pub(super) const RATE: u32 = 16_000;
/// Samples from one frame of a spectrogram to the next.
pub(super) const HOP: usize = 160;

/// What recordings' names end with, and those of recordings that cannot be read.
pub const RECORDINGS: [&str; 5] = ["wav", "flac", "mp3", "ogg", "oga"];
pub const OTHER_RECORDINGS: [&str; 14] =
    ["opus", "m4a", "webm", "aiff", "aif", "aac", "wma", "amr", "caf", "3gp", "mka", "mp2", "wv", "spx"];

/// Larger files are none to train on, but an attempt to use up memory.
const MOST_BYTES: u64 = 1 << 30;
/// Channels and samples a second of anything that was recorded.
const MOST_CHANNELS: usize = 64;
const RATES: std::ops::RangeInclusive<u32> = 1000..=768_000;

/// Whether a file is a recording, by its name.
pub(super) fn is_audio(path: &str) -> bool {
    let lower = path.to_lowercase();
    let is_ending = |ending: &str| RECORDINGS.contains(&ending) || OTHER_RECORDINGS.contains(&ending);
    lower.rsplit_once('.').is_some_and(|(_, ending)| is_ending(ending))
}

/// What the feature extractor of transformers is told by `preprocessor_config.json`, for a model that hears so many mel bins and frames.
pub fn extractor(mel_bins: usize, frames: usize) -> Value {
    let samples = frames * HOP;
    let seconds = match samples.is_multiple_of(RATE as usize) {
        true => json!(samples / RATE as usize),
        false => json!(samples as f64 / f64::from(RATE)),
    };
    json!({
        "feature_extractor_type": "WhisperFeatureExtractor", "processor_class": "WhisperProcessor", "feature_size": mel_bins,
        "sampling_rate": RATE, "hop_length": HOP, "chunk_length": seconds, "n_fft": features::N_FFT, "n_samples": samples,
        "nb_max_frames": frames, "padding_value": 0.0, "padding_side": "right", "return_attention_mask": false,
    })
}

/// A recording: the mean of its channels, at [`RATE`].
#[derive(Debug, PartialEq)]
pub(super) struct Sound {
    pub(super) samples: Vec<f32>,
    /// Whether there was more than was asked for.
    pub(super) cut: bool,
}

/// The mean of the channels at the recording's own rate, as far as it was read.
#[derive(Debug, PartialEq)]
struct Decoded {
    rate: u32,
    samples: Vec<f32>,
    /// Whether it goes on.
    more: bool,
}

/// How many samples of a recording are wanted at a rate, where `most` are at [`RATE`]: a little more, for what the resampler looks ahead.
fn wanted(most: usize, rate: u32) -> usize {
    (most as u64 * u64::from(rate)).div_ceil(u64::from(RATE)) as usize + resample::ahead(rate)
}

/// The first `most` samples, at [`RATE`], of what a cell holds.
///
/// # Errors
/// It holds no recording, one that is damaged, or of a kind that cannot be read: in words.
pub(super) fn decode(cell: &Cell, most: usize, resamplers: &Resamplers) -> Result<Sound, String> {
    let read;
    let bytes: &[u8] = match cell {
        Cell::Bytes(bytes) => bytes,
        Cell::File(path) => {
            let mut found = Vec::new();
            let file = File::open(path).map_err(|e| e.to_string())?;
            file.take(MOST_BYTES + 1).read_to_end(&mut found).map_err(|e| e.to_string())?;
            read = found;
            &read
        }
        other => return Err(format!("expected a recording, found {}", other.in_words())),
    };
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("expected at most {MOST_BYTES} bytes"));
    }
    let decoded = match bytes {
        [b'R', b'I', b'F', b'F', ..] => wav::decode(bytes, most)?,
        [b'f', b'L', b'a', b'C', ..] => guarded(|| flac::decode(bytes, most))??,
        bytes if is_mp3(bytes) => guarded(|| mp3::decode(bytes, most))??,
        bytes if is_vorbis(bytes) => guarded(|| vorbis::decode(bytes, most))??,
        other => return Err(format!("expected a WAV, FLAC, MP3 or Ogg Vorbis file, found {}", known(other))),
    };
    if decoded.samples.is_empty() {
        return Err("it has no sound: there is not a single sample".into());
    }
    if let Some(at) = decoded.samples.iter().position(|sample| !sample.is_finite()) {
        return Err(format!("sample {at} is {}", decoded.samples[at]));
    }
    let mut samples = resamplers.resample(decoded.samples, decoded.rate)?;
    let cut = decoded.more || samples.len() > most;
    samples.truncate(most);
    Ok(Sound { samples, cut })
}

/// How long a recording is, by its head alone; none where that does not say it.
pub(super) fn seconds(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Bytes(bytes) => seconds_of(Cursor::new(bytes)),
        // What is no file may keep whoever opens it waiting for ever.
        Cell::File(path) if path.is_file() => seconds_of(BufReader::new(File::open(path).ok()?)),
        _ => None,
    }
}

fn seconds_of(mut file: impl Read + Seek) -> Option<f64> {
    let mut start = [0; 4];
    file.read_exact(&mut start).ok()?;
    file.rewind().ok()?;
    let (samples, rate) = match &start {
        b"RIFF" => wav::length(file)?,
        b"fLaC" => guarded(|| flac::length(file)).ok()??,
        b"OggS" => vorbis::length(file)?,
        start if is_mp3(start) => guarded(|| mp3::length(file)).ok()??,
        _ => return None,
    };
    RATES.contains(&rate).then(|| samples as f64 / f64::from(rate))
}

/// Whether a file begins with a tag or with a frame, as MP3 files do.
fn is_mp3(bytes: &[u8]) -> bool {
    matches!(bytes, [b'I', b'D', b'3', ..] | [0xff, 0xe0..=0xff, ..])
}

/// Whether a file is one of Ogg's pages, of which the first says that they hold Vorbis.
fn is_vorbis(bytes: &[u8]) -> bool {
    const FIRST: usize = 128;
    let first = &bytes[..bytes.len().min(FIRST)];
    first.starts_with(b"OggS") && first.windows(6).any(|word| word == b"vorbis")
}

/// What a file is that is no recording of ours, by how it begins.
fn known(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => "an empty file",
        bytes if lfs::is_pointer(bytes) => lfs::POINTER,
        [b'O', b'g', b'g', b'S', ..] => "an Ogg file of something else, such as Opus (convert it to WAV or FLAC)",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "an MP4 file (convert it to WAV or FLAC)",
        [0x1a, 0x45, 0xdf, 0xa3, ..] => "a WebM file (convert it to WAV or FLAC)",
        [b'F', b'O', b'R', b'M', ..] => "an AIFF file (convert it to WAV or FLAC)",
        [b'#', b'!', b'A', b'M', b'R', ..] => "an AMR file (convert it to WAV or FLAC)",
        [0x30, 0x26, 0xb2, 0x75, ..] => "a WMA file (convert it to WAV or FLAC)",
        [b'.', b's', b'n', b'd', ..] => "an AU file (convert it to WAV or FLAC)",
        [b'c', b'a', b'f', b'f', ..] => "a CAF file (convert it to WAV or FLAC)",
        [b'R', b'F', b'6', b'4', ..] => "a WAV file of more than 4 GiB",
        _ => "something else",
    }
}

/// A recording in a file as a model hears it, `[mel bins, frames]`; and whether it is longer, so that its end is not heard.
///
/// # Errors
/// The file holds no recording that can be read.
pub fn hear(path: &Path, mel_bins: usize, frames: usize) -> Result<(Vec<f32>, bool)> {
    hear_cell(&Cell::File(path.into()), mel_bins, frames).map_err(|what| Error::Recording { path: path.into(), what })
}

/// The same of a recording wherever it stands; what is wrong with it in words.
pub(super) fn hear_cell(cell: &Cell, mel_bins: usize, frames: usize) -> Result<(Vec<f32>, bool), String> {
    let log_mel = LogMel::new(mel_bins, frames);
    let sound = decode(cell, log_mel.samples(), &Resamplers::default())?;
    let features = log_mel.of(&sound.samples);
    let rows = features.values.chunks(features.frames.max(1));
    let silence = frames - features.frames;
    Ok((rows.flat_map(|row| row.iter().copied().chain(std::iter::repeat_n(features.silence, silence))).collect(), sound.cut))
}

/// A recording's own rate and number of channels.
///
/// # Errors
/// They are none that anything was recorded with.
fn check_format(rate: u32, channels: usize) -> Result<(), String> {
    if !RATES.contains(&rate) {
        return Err(format!("expected from {} to {} samples a second, found {rate}", RATES.start(), RATES.end()));
    }
    match (1..=MOST_CHANNELS).contains(&channels) {
        true => Ok(()),
        false => Err(format!("expected from 1 to {MOST_CHANNELS} channels, found {channels}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(cell: &Cell, most: usize) -> Result<Sound, String> {
        super::decode(cell, most, &Resamplers::default())
    }

    /// What `tests/audio/make.py` wrote by libsndfile, of one sound in all formats: what it read back, at its own rate.
    fn fixtures() -> Vec<(std::path::PathBuf, usize, Vec<f32>)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audio");
        let told: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(folder.join("formats.json")).expect("formats.json")).expect("JSON");
        let file = |case: &serde_json::Value| {
            let samples = case["samples"].as_array().expect("samples").iter().map(|v| v.as_f64().expect("a number") as f32);
            let path = folder.join(case["file"].as_str().expect("a name"));
            (path, case["rate"].as_u64().expect("a rate") as usize, samples.collect())
        };
        told.as_array().expect("cases").iter().map(file).collect()
    }

    #[test]
    fn every_format_is_read_as_libsndfile_reads_it() {
        let all = fixtures();
        assert!(all.len() >= 8, "{}", all.len());
        for (path, rate, expected) in all {
            let bytes = std::fs::read(&path).expect("read");
            // Of what loses something each decoder rounds in its own way.
            let (decode_whole, most_off): (fn(&[u8], usize) -> Result<Decoded, String>, f32) = match &bytes[..4] {
                b"fLaC" => (flac::decode, 1e-7),
                b"RIFF" => (wav::decode, 1e-7),
                b"OggS" => (vorbis::decode, 1e-5),
                _ => (mp3::decode, 1e-5),
            };
            let decoded = decode_whole(&bytes, 1 << 20);
            let decoded = decoded.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            assert_eq!((decoded.rate as usize, decoded.more), (rate, false), "{}", path.display());
            let off = decoded.samples.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert_eq!(decoded.samples.len(), expected.len(), "{}", path.display());
            assert!(off <= most_off, "{}: off by {off}", path.display());
            let expected = decoded.samples.len() as f64 / rate as f64;
            for cell in [Cell::Bytes(bytes.clone()), Cell::File(path.clone())] {
                assert_eq!(seconds(&cell), Some(expected), "{}", path.display());
            }
            // A part is the beginning of the whole, and a file that ends early is damaged.
            let part = decode(&Cell::Bytes(bytes.clone()), 5).expect("a part");
            assert_eq!((part.samples.len(), part.cut), (5, true), "{}", path.display());
            let is_mp3 = is_mp3(&bytes);
            // Of MP3 files the last frame may be lacking.
            for end in [bytes.len() - 1, bytes.len() / 2, 30, 12, 4].into_iter().skip(usize::from(is_mp3)) {
                let error = decode(&Cell::Bytes(bytes[..end].to_vec()), 1 << 20).expect_err("damaged");
                assert!(!error.is_empty(), "{}", path.display());
            }
        }
    }

    #[test]
    fn what_is_no_recording_is_told() {
        let check = |bytes: &[u8], words: &str| {
            let error = decode(&Cell::Bytes(bytes.to_vec()), 100).expect_err("no recording");
            assert!(error.contains(words), "expected {words:?} in {error}");
        };
        check(b"", "found an empty file");
        check(b"ID3\x04\0\0", "no frame of an MP3 file");
        check(b"\xff\xf1\x50\x80\x02\x1f\xfc", "no frame of an MP3 file");
        check(b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead", "an Ogg file of something else");
        check(b"\0\0\0\x20ftypM4A ", "MP4");
        check(b"FORM\0\0\0\0AIFF", "an AIFF file (convert it to WAV or FLAC)");
        check(b"text", "something else");
        check(b"RIFF\0\0\0\0AVI ", "expected a WAV file");
        assert!(decode(&Cell::Null, 100).expect_err("nothing").contains("found nothing"));
        for cell in
            [Cell::Null, Cell::Bytes(b"text".to_vec()), Cell::Bytes(b"RIFF\0\0\0\0WAVE".to_vec()), Cell::File("none".into())]
        {
            assert_eq!(seconds(&cell), None);
        }
        assert!(is_audio("a/B.WAV") && is_audio("x.mp3") && is_audio("x.aiff") && !is_audio("wav") && !is_audio("x.txt"));
    }

    proptest::proptest! {
        /// Whatever a byte is changed to: a recording or words, no panic.
        #[test]
        fn damage_is_told(which in 0usize..16, at in 0usize..400, byte: u8) {
            let all = fixtures();
            let mut bytes = std::fs::read(&all[which % all.len()].0).expect("read");
            let place = at % bytes.len();
            bytes[place] = byte;
            let _ = decode(&Cell::Bytes(bytes), 1 << 16);
        }
    }
}
