//! Texts -> token ids.

use super::{Labels, Made, Split, finish};
use crate::data::digest::sha256_of;
use crate::data::read::{Cell, Position, Row, Table};
use crate::data::tensor_file::{Dtype, Tensor};
use crate::data::wordpiece::{LEAST_VOCAB, WordCounts};
use crate::data::{Error, Result};
use crate::job::{Event, PrepareJob, SplitShape};
use crate::store::write_atomic;
use rayon::prelude::*;
use std::io::Write;
use std::path::Path;
use tokenizers::{EncodeInput, Encoding, PostProcessor, Tokenizer, TruncationParams};

/// The tokenizer of a job: the one that was given, or one trained on the first split. It is written beside the splits.
pub(super) struct Tokenization {
    tokenizer: Tokenizer,
    sha256: String,
}

impl Tokenization {
    pub(super) fn new(job: &PrepareJob, first: &Split, emit: &mut dyn FnMut(Event)) -> Result<Self> {
        let place = job.tokenizer.clone().unwrap_or_else(|| job.out.join("tokenizer.json"));
        let broken = |e: Box<dyn std::error::Error + Send + Sync>| Error::Tokenizer { path: place.clone(), what: e.to_string() };
        let json = match &job.tokenizer {
            Some(path) => std::fs::read(path).map_err(|source| Error::Io { action: "read", path: path.clone(), source })?,
            None => train(first, job.vocab_size, &place, emit)?.to_string(true).map_err(broken)?.into_bytes(),
        };
        let mut tokenizer = Tokenizer::from_bytes(&json).map_err(broken)?;
        let pair = first.columns.input.len() == 2;
        let special = tokenizer.get_post_processor().map_or(0, |p| p.added_tokens(pair));
        if job.max_seq_len <= special {
            return Err(Error::TooShort { max_seq_len: job.max_seq_len, special });
        }
        let truncation = TruncationParams { max_length: job.max_seq_len, ..TruncationParams::default() };
        tokenizer.with_truncation(Some(truncation)).map_err(broken)?.with_padding(None);
        write_atomic(&job.out.join("tokenizer.json"), |file| file.write_all(&json))?;
        Ok(Tokenization { tokenizer, sha256: sha256_of(&json) })
    }

    /// Tokenises a split and writes it.
    pub(super) fn prepare(&self, job: &PrepareJob, split: &Split, names: &[String], emit: &mut dyn FnMut(Event)) -> Result<()> {
        let mut labels = Labels::new(split, names, job.numbered.as_deref());
        let (mut tokens, mut type_ids) = (Vec::new(), Vec::new());
        let (mut end, mut offsets) = (0u64, 0u64.to_le_bytes().to_vec());
        let (mut longest, mut truncated) = (0, 0);
        split.each_chunk(emit, |table, mut rows| {
            for row in &mut rows {
                labels.take(table, row)?;
            }
            let positions: Vec<Position> = rows.iter().map(|row| row.position.clone()).collect();
            let encoded: Vec<Encoding> =
                rows.into_par_iter().map(|row| self.encode(table, &split.columns.input, row)).collect::<Result<_>>()?;
            for (encoding, position) in encoded.iter().zip(positions) {
                if let Some(&id) = encoding.get_ids().iter().find(|id| **id as usize >= job.vocab_size) {
                    return Err(Error::ForeignToken { path: table.path().into(), position, id, vocab_size: job.vocab_size });
                }
                tokens.extend(encoding.get_ids().iter().flat_map(|id| id.to_le_bytes()));
                type_ids.extend(encoding.get_type_ids().iter().map(|id| *id as u8));
                end += encoding.len() as u64;
                offsets.extend(end.to_le_bytes());
                longest = longest.max(encoding.len());
                truncated += usize::from(!encoding.get_overflowing().is_empty());
            }
            Ok(())
        })?;
        let vocab_size = self.tokenizer.get_vocab_size(true);
        let made = Made {
            shape: SplitShape::Text { tokens: end, longest, truncated, vocab_size },
            metadata: vec![("vocab_size", vocab_size.to_string()), ("tokenizer_sha256", self.sha256.clone())],
            tensors: vec![
                Tensor { name: "offsets", dtype: Dtype::U64, shape: vec![labels.len() + 1], bytes: &offsets },
                Tensor { name: "tokens", dtype: Dtype::U32, shape: vec![end as usize], bytes: &tokens },
                Tensor { name: "type_ids", dtype: Dtype::U8, shape: vec![end as usize], bytes: &type_ids },
            ],
        };
        finish(job, split, &labels, made, emit)
    }

    fn encode(&self, table: &Table, columns: &[String], row: Row) -> Result<Encoding> {
        let position = row.position;
        let mut texts = row.cells.into_iter().zip(columns).map(|(cell, column)| text(table.path(), &position, column, cell));
        let input: EncodeInput = match (texts.next().transpose()?, texts.next().transpose()?) {
            (Some(one), Some(two)) => (one, two).into(),
            (one, _) => one.unwrap_or_default().into(),
        };
        let failed = |what: String| Error::Tokenise { path: table.path().into(), position: position.clone(), what };
        let encoding = self.tokenizer.encode_fast(input, true).map_err(|e| failed(e.to_string()))?;
        match encoding.is_empty() {
            true => Err(failed("it has no tokens at all".into())),
            false => Ok(encoding),
        }
    }
}

/// The text of a cell.
fn text(path: &Path, position: &Position, column: &str, cell: Cell) -> Result<String> {
    match cell {
        Cell::Text(text) => Ok(text),
        Cell::Int(i) => Ok(i.to_string()),
        Cell::Float(f) => Ok(f.to_string()),
        Cell::Null => Err(Error::Missing { path: path.into(), position: position.clone(), column: column.into(), what: "text" }),
        other => {
            let found = other.in_words();
            Err(Error::ColumnKind { path: path.into(), column: column.into(), expected: "texts", found })
        }
    }
}

fn train(split: &Split, vocab_size: usize, place: &Path, emit: &mut dyn FnMut(Event)) -> Result<Tokenizer> {
    if vocab_size < LEAST_VOCAB {
        return Err(Error::VocabTooSmall { vocab_size, least: LEAST_VOCAB });
    }
    let mut counts = WordCounts::default();
    split.each_chunk(emit, |table, rows| {
        for row in rows {
            for (cell, column) in row.cells.into_iter().zip(&split.columns.input) {
                let text = text(table.path(), &row.position, column, cell)?;
                let failed = |e: Box<dyn std::error::Error + Send + Sync>| Error::Tokenise {
                    path: table.path().into(),
                    position: row.position.clone(),
                    what: e.to_string(),
                };
                counts.add(&text).map_err(failed)?;
            }
        }
        Ok(())
    })?;
    counts.tokenizer(vocab_size).map_err(|e| Error::Tokenizer { path: place.into(), what: e.to_string() })
}
