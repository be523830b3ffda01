//! Pairs of texts -> token ids: what is read, and what is written from it.
//!
//! Text `2i` is the source of example `i`, with the prefix before it and whatever special tokens the tokenizer adds; text `2i + 1` is
//! its target, which ends with the model's end of text. Both are cut to their longest, and counted; a pair of which one text is empty
//! is left out, and counted. The words themselves are kept, too: what a model writes is compared with them and not with what tokens
//! have left of them.

use super::answers::Said;
use super::lengths::Lengths;
use super::tokenization::{Tokenization, failed, text};
use super::verbatim::Kept;
use super::weights::{Weight, Weights};
use super::{Made, Split, finish};
use crate::data::guarded::guarded;
use crate::data::prepared::PAIRS;
use crate::data::read::{Cell, Position, Row, Table};
use crate::data::tensor_file::{Bytes, Dtype, Spool, Tensor};
use crate::data::tokenizers::marian::Side;
use crate::data::{Error, Result};
use crate::job::{Event, PairFormat, PrepareJob, SplitShape};
use rayon::prelude::*;
use std::path::Path;
use tokenizers::{PostProcessor, Tokenizer, TruncationParams};

/// Tokenises all splits and writes them.
pub(super) fn prepare(job: &PrepareJob, splits: &[Split], emit: &mut dyn FnMut(Event)) -> Result<()> {
    let (Some(first), Some(format)) = (splits.first(), &job.pairs) else { return Ok(()) };
    let tokenization = Tokenization::new(job, first, emit)?;
    let writer = Writer::new(job, format, &tokenization)?;
    splits.iter().try_for_each(|split| prepare_split(split, &writer, emit))
}

struct Writer<'a> {
    job: &'a PrepareJob,
    format: &'a PairFormat,
    tokenization: &'a Tokenization,
    /// Of sources and of targets: they cut at the longest.
    tokenizers: [Tokenizer; 2],
}

/// A pair's ids, its words, and which of the two texts were cut.
struct Encoded {
    ids: [Vec<u32>; 2],
    words: [String; 2],
    cut: [bool; 2],
}

/// All pairs of a split, end to end.
struct Pairs {
    ids: Spool,
    offsets: Spool,
    words: Kept,
    tokens: [u64; 2],
    longest: [usize; 2],
    truncated: [usize; 2],
    lengths: [Lengths; 2],
    left_out: usize,
}

impl Pairs {
    fn add(&mut self, encoded: Encoded) -> Result<()> {
        for (which, ids) in encoded.ids.iter().enumerate() {
            self.ids.add_u32s(ids)?;
            self.offsets.add_u64(self.ids.len() as u64 / 4)?;
            self.tokens[which] += ids.len() as u64;
            self.lengths[which].add(ids.len());
            self.longest[which] = self.longest[which].max(ids.len());
            self.truncated[which] += usize::from(encoded.cut[which]);
        }
        encoded.words.iter().try_for_each(|text| self.words.add(text))
    }
}

fn prepare_split(split: &Split, writer: &Writer, emit: &mut dyn FnMut(Event)) -> Result<()> {
    let mut pairs = Pairs {
        ids: Spool::within(&writer.job.out)?,
        offsets: Spool::within(&writer.job.out)?,
        words: Kept::within(&writer.job.out)?,
        tokens: [0; 2],
        longest: [0; 2],
        truncated: [0; 2],
        lengths: Default::default(),
        left_out: 0,
    };
    pairs.offsets.add_u64(0)?;
    let mut weights = Weights::of(split);
    split.each_chunk(emit, |table, mut rows| {
        let drawn: Vec<Weight> = rows.iter_mut().map(|row| weights.read(table, row)).collect::<Result<_>>()?;
        let encoded: Vec<Option<Encoded>> =
            rows.into_par_iter().map(|row| writer.encode(split, table, row)).collect::<Result<_>>()?;
        for (pair, weight) in encoded.into_iter().zip(drawn) {
            let Some(pair) = pair else {
                pairs.left_out += 1;
                continue;
            };
            pairs.add(pair)?;
            weights.keep(weight);
        }
        Ok(())
    })?;
    let (job, examples) = (writer.job, pairs.words.len() / 2);
    if examples == 0 {
        return Err(Error::NoPairs { split: split.name.clone(), rows: pairs.left_out });
    }
    if pairs.left_out > 0 {
        let of = examples + pairs.left_out;
        let message = format!(
            "split `{}`: {} of {of} pairs are left out, for their source or their target is empty",
            split.name, pairs.left_out
        );
        emit(Event::Note { message });
    }
    let tokens = pairs.ids.len() / 4;
    let mut metadata = writer.tokenization.metadata();
    metadata.extend([("begin_token", writer.format.start.to_string()), ("end_token", writer.format.end.to_string())]);
    let made = Made {
        lengths: pairs.lengths.each_ref().map(Lengths::bins),
        shape: SplitShape::Pairs {
            tokens: pairs.tokens[0],
            target_tokens: pairs.tokens[1],
            longest: pairs.longest[0],
            longest_target: pairs.longest[1],
            truncated: pairs.truncated[0],
            truncated_targets: pairs.truncated[1],
            left_out: pairs.left_out,
            vocab_size: writer.tokenization.known(),
        },
        metadata,
        tensors: vec![
            Tensor { name: "offsets", dtype: Dtype::U64, shape: vec![pairs.offsets.len() / 8], bytes: pairs.offsets.bytes()? },
            Tensor { name: "tokens", dtype: Dtype::U32, shape: vec![tokens], bytes: pairs.ids.bytes()? },
            Tensor { name: "type_ids", dtype: Dtype::U8, shape: vec![tokens], bytes: Bytes::Zeros(tokens) },
        ],
    };
    let said = Said { examples, tensors: pairs.words.tensors(PAIRS)?.into(), names: &[], counts: &[], values: None };
    finish(job, split, said.with(weights.tensors(split)?), made, emit)
}

impl<'a> Writer<'a> {
    fn new(job: &'a PrepareJob, format: &'a PairFormat, tokenization: &'a Tokenization) -> Result<Self> {
        let path = job.tokenizer.file().map_or_else(|| job.out.join("tokenizer.json"), Path::to_path_buf);
        if let Some(id) = [format.start, format.end].into_iter().find(|id| tokenization.tokenizer.id_to_token(*id).is_none()) {
            return Err(Error::NoPairToken { path, id, known: tokenization.known() });
        }
        let special = tokenization.tokenizer.get_post_processor().map_or(0, |p| p.added_tokens(false));
        let cutting = |longest: usize| {
            if longest <= special.max(1) {
                return Err(Error::TooShort { max_seq_len: longest, special: special.max(1) });
            }
            let mut tokenizer = tokenization.tokenizer.clone();
            let params = TruncationParams { max_length: longest, ..TruncationParams::default() };
            let broken = |e: tokenizers::Error| Error::Tokenizer { path: path.clone(), what: e.to_string() };
            tokenizer.with_truncation(Some(params)).map_err(broken)?;
            Ok(tokenizer)
        };
        let tokenizers = [cutting(job.max_seq_len)?, cutting(format.max_target_len)?];
        Ok(Writer { job, format, tokenization, tokenizers })
    }

    /// None where the source or the target is empty.
    fn encode(&self, split: &Split, table: &Table, row: Row) -> Result<Option<Encoded>> {
        let Row { position, cells } = row;
        let names = split.columns.input.iter().chain(&split.columns.label);
        let mut words = Vec::with_capacity(2);
        for (cell, name) in cells.into_iter().zip(names) {
            words.push(if cell == Cell::Null { String::new() } else { text(table.path(), &position, name, cell)? });
        }
        let Ok([source, target]) = <[String; 2]>::try_from(words) else { return Ok(None) };
        if source.trim().is_empty() || target.trim().is_empty() {
            return Ok(None);
        }
        let (read, source_cut) = self.ids(Side::Source, table, &position, &format!("{}{source}", self.format.prefix))?;
        let (mut written, mut target_cut) = self.ids(Side::Target, table, &position, &target)?;
        if written.last() != Some(&self.format.end) {
            target_cut |= written.len() >= self.format.max_target_len;
            written.truncate(self.format.max_target_len - 1);
            written.push(self.format.end);
        }
        Ok(Some(Encoded { ids: [read, written], words: [source, target], cut: [source_cut, target_cut] }))
    }

    /// The ids of a text with the tokens that the tokenizer adds, and whether it was cut.
    fn ids(&self, side: Side, table: &Table, position: &Position, words: &str) -> Result<(Vec<u32>, bool)> {
        let (tokenizer, most) = match side {
            Side::Source => (&self.tokenizers[0], self.job.max_seq_len),
            Side::Target => (&self.tokenizers[1], self.format.max_target_len),
        };
        let cut = || match &self.tokenization.marian {
            Some(marian) => marian.ids(side, words, most),
            None => {
                let encoding = tokenizer.encode_fast(words, true)?;
                Ok((encoding.get_ids().to_vec(), !encoding.get_overflowing().is_empty()))
            }
        };
        let (ids, is_cut) =
            guarded(cut).map_err(|e| failed(table.path(), position, e))?.map_err(|e| failed(table.path(), position, e))?;
        if ids.is_empty() {
            return Err(failed(table.path(), position, "it has no tokens at all"));
        }
        self.tokenization.check(&ids, table.path(), position)?;
        Ok((ids, is_cut))
    }
}
