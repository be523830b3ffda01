//! Recordings and what is said in them -> log-mel spectrograms and token ids.
//!
//! A recording is brought to 16 kHz and one channel; what is longer than the model hears is cut off, and counted. Of a spectrogram the
//! frames with sound are kept alone: behind them stands one number. A text begins with the tokens that the model is told what to do by,
//! and ends with its end of text; one that is too long is cut, and counted. A recording without a text, or that cannot be read, is left
//! out, and counted.

use super::answers::Said;
use super::lengths::Lengths;
use super::tokenization::{Tokenization, failed, text};
use super::unreadable::Unreadable;
use super::verbatim::Kept;
use super::weights::{Weight, Weights};
use super::{Made, RECORDINGS, Split, finish};
use crate::data::audio::{HOP, LogMel, RATE, Resamplers, decode};
use crate::data::guarded::guarded;
use crate::data::prepared::TRANSCRIPTS;
use crate::data::read::{Cell, Position, Row, Table};
use crate::data::tensor_file::{Bytes, Dtype, Spool, Tensor};
use crate::data::{Error, Lacks, Result};
use crate::job::{Event, PrepareJob, SpeechFormat, SplitShape};
use crate::store::folder_of;
use rayon::prelude::*;
use std::path::Path;

/// Hears and tokenises all splits and writes them.
pub(super) fn prepare(job: &PrepareJob, splits: &[Split], emit: &mut dyn FnMut(Event)) -> Result<()> {
    let (Some(first), Some(format)) = (splits.first(), &job.speech) else { return Ok(()) };
    let tokenization = Tokenization::new(job, first, emit)?;
    let listener = Listener::new(job, format, &tokenization)?;
    splits.iter().try_for_each(|split| prepare_split(split, &listener, emit))
}

struct Listener<'a> {
    job: &'a PrepareJob,
    format: &'a SpeechFormat,
    tokenization: &'a Tokenization,
    log_mel: LogMel,
    resamplers: Resamplers,
}

/// Why a row is no example.
enum LeftOut {
    /// It has no text.
    Silent,
    /// Its recording is not there, damaged, or of a kind that cannot be read.
    Unreadable(Error),
}

/// A recording as the model hears it, and its text.
struct Heard {
    features: Vec<f32>,
    frames: usize,
    silence: f32,
    samples: usize,
    ids: Vec<u32>,
    words: [String; 2],
    /// Of the recording and of its text.
    cut: [bool; 2],
}

/// All recordings of a split, end to end.
struct Recordings {
    features: Spool,
    frame_offsets: Vec<u8>,
    frames: u64,
    silence: Vec<u8>,
    ids: Spool,
    offsets: Vec<u8>,
    words: Kept,
    samples: u64,
    longest: [usize; 2],
    truncated: [usize; 2],
    lengths: Lengths,
    left_out: usize,
    unreadable: Unreadable,
}

impl Recordings {
    fn leave_out(&mut self, why: LeftOut) {
        match why {
            LeftOut::Silent => self.left_out += 1,
            LeftOut::Unreadable(error) => self.unreadable.add(error),
        }
    }

    fn within(folder: &Path) -> Result<Self> {
        let none = 0u64.to_le_bytes().to_vec();
        Ok(Recordings {
            features: Spool::within(folder)?,
            frame_offsets: none.clone(),
            frames: 0,
            silence: Vec::new(),
            ids: Spool::within(folder)?,
            offsets: none,
            words: Kept::within(folder)?,
            samples: 0,
            longest: [0; 2],
            truncated: [0; 2],
            lengths: Lengths::default(),
            left_out: 0,
            unreadable: Unreadable::default(),
        })
    }

    fn add(&mut self, heard: Heard) -> Result<()> {
        heard.features.iter().try_for_each(|value| self.features.add(&value.to_le_bytes()))?;
        self.frames += heard.frames as u64;
        self.frame_offsets.extend(self.frames.to_le_bytes());
        self.silence.extend(heard.silence.to_le_bytes());
        self.ids.add_u32s(&heard.ids)?;
        self.offsets.extend((self.ids.len() as u64 / 4).to_le_bytes());
        heard.words.iter().try_for_each(|text| self.words.add(text))?;
        self.lengths.add(heard.ids.len());
        self.samples += heard.samples as u64;
        for (which, length) in [heard.samples, heard.ids.len()].into_iter().enumerate() {
            self.longest[which] = self.longest[which].max(length);
            self.truncated[which] += usize::from(heard.cut[which]);
        }
        Ok(())
    }
}

fn prepare_split(split: &Split, listener: &Listener, emit: &mut dyn FnMut(Event)) -> Result<()> {
    let mut found = Recordings::within(&listener.job.out)?;
    let mut weights = Weights::of(split);
    split.each_chunk_of(&split.wanted(), RECORDINGS, emit, |table, mut rows| {
        let drawn: Vec<Weight> = rows.iter_mut().map(|row| weights.read(table, row)).collect::<Result<_>>()?;
        let heard: Vec<Result<Heard, LeftOut>> =
            rows.into_par_iter().map(|row| listener.hear(split, table, row)).collect::<Result<_>>()?;
        for (heard, weight) in heard.into_iter().zip(drawn) {
            match heard {
                Ok(heard) => {
                    found.add(heard)?;
                    weights.keep(weight);
                }
                Err(why) => found.leave_out(why),
            }
        }
        Ok(())
    })?;
    let (format, examples) = (listener.format, found.words.len() / 2);
    if examples == 0 {
        // What is wrong with the first is wrong with all that have a text.
        let none = Error::NoTranscripts { split: split.name.clone(), rows: found.left_out };
        return Err(found.unreadable.into_first().unwrap_or(none));
    }
    notes(split, &found, listener, emit);
    let tokens = found.ids.len() / 4;
    let mut metadata = listener.tokenization.metadata();
    metadata.extend([
        ("begin_token", format.start.to_string()),
        ("end_token", format.end.to_string()),
        ("forced_tokens", format.forced.len().to_string()),
        ("mel_bins", format.mel_bins.to_string()),
        ("frames", format.frames.to_string()),
    ]);
    let seconds = |samples: f64| samples / f64::from(RATE);
    let made = Made {
        lengths: [Vec::new(), found.lengths.bins()],
        shape: SplitShape::Speech {
            seconds: seconds(found.samples as f64),
            target_tokens: tokens as u64,
            longest_seconds: seconds(found.longest[0] as f64),
            longest_target: found.longest[1],
            truncated: found.truncated[0],
            truncated_targets: found.truncated[1],
            left_out: found.left_out,
            unreadable: found.unreadable.count(),
            vocab_size: listener.tokenization.known(),
        },
        metadata,
        tensors: vec![
            Tensor { name: "offsets", dtype: Dtype::U64, shape: vec![examples + 1], bytes: Bytes::Held(&found.offsets) },
            Tensor {
                name: "frame_offsets",
                dtype: Dtype::U64,
                shape: vec![examples + 1],
                bytes: Bytes::Held(&found.frame_offsets),
            },
            Tensor { name: "features", dtype: Dtype::F32, shape: vec![found.features.len() / 4], bytes: found.features.bytes()? },
            Tensor { name: "silence", dtype: Dtype::F32, shape: vec![examples], bytes: Bytes::Held(&found.silence) },
            Tensor { name: "tokens", dtype: Dtype::U32, shape: vec![tokens], bytes: found.ids.bytes()? },
            Tensor { name: "type_ids", dtype: Dtype::U8, shape: vec![tokens], bytes: Bytes::Zeros(tokens) },
        ],
    };
    let said = Said { examples, tensors: found.words.tensors(TRANSCRIPTS)?.into(), names: &[], counts: &[], values: None };
    finish(listener.job, split, said.with(weights.tensors(split)?), made, emit)
}

/// What was cut and left out.
fn notes(split: &Split, found: &Recordings, listener: &Listener, emit: &mut dyn FnMut(Event)) {
    let (name, examples) = (&split.name, found.words.len() / 2);
    if found.left_out > 0 {
        let all = examples + found.left_out + found.unreadable.count();
        let message = format!("split `{name}`: {} of {all} recordings are left out, for they have no text", found.left_out);
        emit(Event::Note { message });
    }
    found.unreadable.note(name, examples + found.left_out, "recordings").into_iter().for_each(&mut *emit);
    if found.truncated[0] > 0 {
        let seconds = listener.log_mel.samples() as f64 / f64::from(RATE);
        let message = format!(
            "split `{name}`: {} of {examples} recordings are cut off after {seconds} seconds, the longest that the model hears; their texts \
             are not",
            found.truncated[0]
        );
        emit(Event::Note { message });
    }
}

impl<'a> Listener<'a> {
    fn new(job: &'a PrepareJob, format: &'a SpeechFormat, tokenization: &'a Tokenization) -> Result<Self> {
        let path = job.tokenizer.file().map_or_else(|| job.out.join("tokenizer.json"), Path::to_path_buf);
        let mut needed = [format.start, format.end].into_iter().chain(format.forced.iter().copied());
        if let Some(id) = needed.find(|id| tokenization.tokenizer.id_to_token(*id).is_none()) {
            return Err(Error::NoPairToken { path, id, known: tokenization.known() });
        }
        let special = format.forced.len() + 1;
        if format.max_target_len <= special {
            return Err(Error::TooShort { max_seq_len: format.max_target_len, special });
        }
        let (log_mel, resamplers) = (LogMel::new(format.mel_bins, format.frames), Resamplers::default());
        Ok(Listener { job, format, tokenization, log_mel, resamplers })
    }

    fn hear(&self, split: &Split, table: &Table, row: Row) -> Result<Result<Heard, LeftOut>> {
        let Row { position, cells } = row;
        let column = |which: Option<&String>| which.cloned().unwrap_or_default();
        let (heard, said) = (column(split.columns.input.first()), column(split.columns.label.as_ref()));
        let Ok([recording, transcript]) = <[Cell; 2]>::try_from(cells) else { return Ok(Err(LeftOut::Silent)) };
        if transcript.is_blank() {
            return Ok(Err(LeftOut::Silent));
        }
        let words = text(table.path(), &position, &said, transcript)?;
        let path = || table.path().to_path_buf();
        if recording.is_blank() {
            let missing = Error::Missing { path: path(), position, column: heard, what: Lacks::Recording };
            return Ok(Err(LeftOut::Unreadable(missing)));
        }
        let wrong = |what| {
            let what = if let Cell::File(file) = &recording { format!("`{}`: {what}", file.display()) } else { what };
            Error::Audio { path: path(), position: position.clone(), column: heard.clone(), what }
        };
        let sound = match decode(&recording, self.log_mel.samples(), &self.resamplers) {
            Ok(sound) => sound,
            Err(what) => return Ok(Err(LeftOut::Unreadable(wrong(what)))),
        };
        let features = self.log_mel.of(&sound.samples);
        debug_assert!(features.frames * HOP <= self.log_mel.samples());
        let (ids, cut) = self.ids(table, &position, &words)?;
        let name = match &recording {
            Cell::File(file) => file.strip_prefix(folder_of(table.path())).unwrap_or(file).display().to_string(),
            _ => position.to_string(),
        };
        Ok(Ok(Heard {
            features: features.values,
            frames: features.frames,
            silence: features.silence,
            samples: sound.samples.len(),
            ids,
            words: [name, words],
            cut: [sound.cut, cut],
        }))
    }

    /// The ids of a text between those that all begin and end with, and whether it was cut.
    fn ids(&self, table: &Table, position: &Position, words: &str) -> Result<(Vec<u32>, bool)> {
        let encoding = guarded(|| self.tokenization.tokenizer.encode_fast(words, false));
        let encoding = encoding.map_err(|e| failed(table.path(), position, e))?.map_err(|e| failed(table.path(), position, e))?;
        if encoding.is_empty() {
            return Err(failed(table.path(), position, "it has no tokens at all"));
        }
        self.tokenization.check(encoding.get_ids(), table.path(), position)?;
        let SpeechFormat { forced, max_target_len, end, .. } = self.format;
        let mut ids = [forced, encoding.get_ids()].concat();
        let cut = ids.len() >= *max_target_len;
        ids.truncate(max_target_len - 1);
        ids.push(*end);
        Ok((ids, cut))
    }
}
