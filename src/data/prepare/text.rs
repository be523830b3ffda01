//! Texts -> token ids, each text by itself.

use super::lacking::Lacking;
use super::lengths::Lengths;
use super::tokenization::{Tokenization, failed, text};
use super::weights::Weights;
use super::wordwise::Wordwise;
use super::{Answers, Made, Split, finish};
use crate::data::guarded::guarded;
use crate::data::read::{Position, Row, Table};
use crate::data::tensor_file::{Dtype, Spool, Tensor};
use crate::data::{Error, Result};
use crate::job::{Event, PrepareJob, SplitShape};
use rayon::prelude::*;
use std::path::Path;
use tokenizers::{EncodeInput, Encoding, PostProcessor, Tokenizer, TruncationParams};

/// Tokenises all splits and writes them. Texts are cut to the job's `max_seq_len`.
pub(super) fn prepare(job: &PrepareJob, splits: &[Split], names: &[String], emit: &mut dyn FnMut(Event)) -> Result<()> {
    let Some(first) = splits.first() else { return Ok(()) };
    let mut tokenization = Tokenization::new(job, first, emit)?;
    truncated_to(&mut tokenization, job, first.columns.input.len() == 2)?;
    splits.iter().try_for_each(|split| prepare_split(job, split, &tokenization, names, emit))
}

/// Has encodings cut to the job's `max_seq_len`; `pair`: two texts each.
pub(super) fn truncated_to(tokenization: &mut Tokenization, job: &PrepareJob, pair: bool) -> Result<()> {
    let special = tokenization.tokenizer.get_post_processor().map_or(0, |p| p.added_tokens(pair));
    if job.max_seq_len <= special {
        return Err(Error::TooShort { max_seq_len: job.max_seq_len, special });
    }
    let truncation = TruncationParams { max_length: job.max_seq_len, ..TruncationParams::default() };
    let broken = |e: tokenizers::Error| Error::Tokenizer { path: job.out.join("tokenizer.json"), what: e.to_string() };
    tokenization.tokenizer.with_truncation(Some(truncation)).map_err(broken)?;
    Ok(())
}

/// Encoded texts end to end, as a prepared file has them.
pub(super) struct Texts {
    tokens: Spool,
    type_ids: Spool,
    /// Where each begins, and the last ends.
    offsets: Spool,
    count: usize,
    longest: usize,
    truncated: usize,
    lengths: Lengths,
}

impl Texts {
    pub(super) fn new(job: &PrepareJob) -> Result<Self> {
        let spool = || Spool::within(&job.out);
        let (tokens, type_ids, mut offsets) = (spool()?, spool()?, spool()?);
        offsets.add_u64(0)?;
        Ok(Texts { tokens, type_ids, offsets, count: 0, longest: 0, truncated: 0, lengths: Lengths::default() })
    }

    pub(super) fn add(&mut self, encoding: &Encoding) -> Result<()> {
        self.tokens.add_u32s(encoding.get_ids())?;
        encoding.get_type_ids().iter().try_for_each(|id| self.type_ids.add(&[*id as u8]))?;
        self.offsets.add_u64(self.type_ids.len() as u64)?;
        self.count += 1;
        self.longest = self.longest.max(encoding.len());
        self.lengths.add(encoding.len());
        self.truncated += usize::from(!encoding.get_overflowing().is_empty());
        Ok(())
    }

    /// The same of a single text.
    fn add_ids(&mut self, ids: &[u32], cut: bool) -> Result<()> {
        self.tokens.add_u32s(ids)?;
        ids.iter().try_for_each(|_| self.type_ids.add(&[0]))?;
        self.offsets.add_u64(self.type_ids.len() as u64)?;
        self.count += 1;
        self.longest = self.longest.max(ids.len());
        self.lengths.add(ids.len());
        self.truncated += usize::from(cut);
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    fn shape(&self, tokenization: &Tokenization) -> SplitShape {
        let (tokens, longest, truncated) = (self.type_ids.len() as u64, self.longest, self.truncated);
        SplitShape::Text { tokens, longest, truncated, vocab_size: tokenization.known() }
    }

    /// What was made of them.
    ///
    /// # Errors
    /// The disk.
    pub(super) fn made(&mut self, tokenization: &Tokenization, metadata: Vec<(&'static str, String)>) -> Result<Made<'_>> {
        let (shape, lengths, tokens) = (self.shape(tokenization), [self.lengths.bins(), Vec::new()], self.type_ids.len());
        let tensors = vec![
            Tensor { name: "offsets", dtype: Dtype::U64, shape: vec![self.count + 1], bytes: self.offsets.bytes()? },
            Tensor { name: "tokens", dtype: Dtype::U32, shape: vec![tokens], bytes: self.tokens.bytes()? },
            Tensor { name: "type_ids", dtype: Dtype::U8, shape: vec![tokens], bytes: self.type_ids.bytes()? },
        ];
        Ok(Made { shape, lengths, metadata, tensors })
    }
}

fn prepare_split(
    job: &PrepareJob,
    split: &Split,
    tokenization: &Tokenization,
    names: &[String],
    emit: &mut dyn FnMut(Event),
) -> Result<()> {
    let (mut answers, mut texts, mut weights) = (Answers::new(job, split, names)?, Texts::new(job)?, Weights::of(split));
    let wordwise = Wordwise::of(&tokenization.tokenizer);
    let mut lacking = Lacking::default();
    split.each_chunk(emit, |table, all| {
        let mut rows = Vec::with_capacity(all.len());
        for mut row in all {
            let inputs = &split.columns.input;
            if lacking.has_texts(table, &row, inputs) && lacking.take(table, &mut row, &mut weights, &mut answers)? {
                rows.push(row);
            }
        }
        let positions: Vec<Position> = rows.iter().map(|row| row.position.clone()).collect();
        let encode = |row| encode_row(&tokenization.tokenizer, wordwise.as_ref(), table, &split.columns.input, row);
        let encoded: Vec<Encoded> = rows.into_par_iter().map(encode).collect::<Result<_>>()?;
        for (encoded, position) in encoded.iter().zip(positions) {
            match encoded {
                Encoded::Whole(encoding) => {
                    tokenization.check(encoding.get_ids(), table.path(), &position)?;
                    texts.add(encoding)?;
                }
                Encoded::Ids(ids, cut) => {
                    tokenization.check(ids, table.path(), &position)?;
                    texts.add_ids(ids, *cut)?;
                }
            }
        }
        Ok(())
    })?;
    lacking.settle(split, answers.len(), emit)?;
    let made = texts.made(tokenization, tokenization.metadata())?;
    finish(job, split, answers.said()?.with(weights.tensors(split)?), made, emit)
}

/// An encoded row.
enum Encoded {
    Whole(Encoding),
    /// Of a single text its tokens, and whether it was cut.
    Ids(Vec<u32>, bool),
}

fn encode_row(
    tokenizer: &Tokenizer,
    wordwise: Option<&Wordwise>,
    table: &Table,
    columns: &[String],
    row: Row,
) -> Result<Encoded> {
    let position = row.position;
    let mut texts = row.cells.into_iter().zip(columns).map(|(cell, column)| text(table.path(), &position, column, cell));
    let input: EncodeInput = match (texts.next().transpose()?, texts.next().transpose()?) {
        (Some(one), Some(two)) => (one, two).into(),
        (one, _) => {
            let one = one.unwrap_or_default();
            if let Some((ids, cut)) = wordwise.and_then(|wordwise| wordwise.ids(&one)) {
                return Ok(Encoded::Ids(ids, cut));
            }
            one.into()
        }
    };
    encode(tokenizer, table.path(), &position, input).map(Encoded::Whole)
}

/// A text, or a pair of them, with its special tokens; nobody asks where in the text they stand.
pub(in crate::data) fn encode(tokenizer: &Tokenizer, path: &Path, position: &Position, input: EncodeInput) -> Result<Encoding> {
    encoded(path, position, || tokenizer.encode_fast(input, true))
}

/// The same, each token with its word and its bytes of the text.
pub(in crate::data) fn encode_with_places(
    tokenizer: &Tokenizer,
    path: &Path,
    position: &Position,
    input: EncodeInput,
) -> Result<Encoding> {
    encoded(path, position, || tokenizer.encode(input, true))
}

fn encoded(path: &Path, position: &Position, encode: impl FnOnce() -> tokenizers::Result<Encoding>) -> Result<Encoding> {
    let encoding = guarded(encode).map_err(|e| failed(path, position, e))?;
    let encoding = encoding.map_err(|e| failed(path, position, e))?;
    match encoding.is_empty() {
        true => Err(failed(path, position, "it has no tokens at all")),
        false => Ok(encoding),
    }
}
