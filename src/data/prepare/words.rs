//! Documents -> one stream of token ids, cut into pieces of equal length: what a language model is trained on.
//!
//! Documents follow each other in their order, the token that ends a text between them. A row that is empty or ends with a line break
//! is no document of its own: the next one goes on with it, as in corpora that have a row a line. A row
//! without a text is an empty one, and counted.

use super::tokenization::{Tokenization, failed, text};
use super::{Made, Said, Split, finish};
use crate::data::guarded::guarded;
use crate::data::read::{Cell, Row, Table};
use crate::data::tensor_file::{Bytes, Dtype, Spool, Tensor};
use crate::data::tokenizers::ENDS_OF_TEXT;
use crate::data::{Error, Result};
use crate::job::{Event, PrepareJob, SplitShape};
use crate::spec::Task;
use rayon::prelude::*;
use std::path::Path;

/// A text is tokenised in parts of about this size, all cores at once: so that a book takes neither long nor much memory.
const PART_BYTES: usize = 1 << 16;

/// A part's token ids, and the bytes of the text that each stands for.
type Encoded = (Vec<u32>, Vec<u32>);

/// Tokenises all splits and writes them. Pieces have the job's `max_seq_len` tokens, the last of a split what is left.
pub(super) fn prepare(job: &PrepareJob, splits: &[Split], emit: &mut dyn FnMut(Event)) -> Result<()> {
    let Some(first) = splits.first() else { return Ok(()) };
    let tokenization = Tokenization::new(job, first, emit)?;
    splits.iter().try_for_each(|split| prepare_split(job, split, &tokenization, emit))
}

/// A stream of tokens, as it comes, and the bytes of the text that each of its pieces stands for.
struct Pieces {
    ids: Spool,
    /// Tokens of a piece.
    length: usize,
    tokens: usize,
    bytes: Vec<u32>,
}

impl Pieces {
    fn add(&mut self, ids: &[u32], sizes: &[u32]) -> Result<()> {
        for size in sizes {
            if self.tokens.is_multiple_of(self.length) {
                self.bytes.push(0);
            }
            self.tokens += 1;
            if let Some(piece) = self.bytes.last_mut() {
                *piece += size;
            }
        }
        self.ids.add_u32s(ids)
    }
}

fn prepare_split(job: &PrepareJob, split: &Split, tokenization: &Tokenization, emit: &mut dyn FnMut(Event)) -> Result<()> {
    let mut ends = ENDS_OF_TEXT.into_iter().chain(["[SEP]"]);
    let end_of_text = ends.find_map(|name| tokenization.tokenizer.token_to_id(name));
    let hiding = if job.task == Task::MaskedLanguageModelling { hiding(job, tokenization)? } else { Vec::new() };
    // The tokens around a piece take room, the one that hides words does not.
    let length = job.max_seq_len.saturating_sub(hiding.len().saturating_sub(1)).max(1);
    let mut pieces = Pieces { ids: Spool::within(&job.out)?, length, tokens: 0, bytes: Vec::new() };
    let (mut goes_on, mut without) = (true, 0usize);
    split.each_chunk(emit, |table, rows| {
        without += rows.iter().filter(|row| row.cells.first() == Some(&Cell::Null)).count();
        let encode = |row| encode(tokenization, table, split, row);
        let documents: Vec<(Encoded, bool)> = rows.into_par_iter().map(encode).collect::<Result<_>>()?;
        for ((ids, sizes), continued) in documents {
            if let (Some(end), false) = (end_of_text, goes_on) {
                pieces.add(&[end], &[0])?;
            }
            pieces.add(&ids, &sizes)?;
            goes_on = continued;
        }
        Ok(())
    })?;
    let tokens = pieces.tokens;
    // Of one token alone nothing can be told.
    if tokens < 2 {
        let path = split.tables.first().map(|table| table.path().into()).unwrap_or_default();
        return Err(Error::NoWords { split: split.name.clone(), path, tokens });
    }
    if without > 0 {
        let message = format!("split `{}`: {without} of its rows have no text, and count as empty ones", split.name);
        emit(Event::Note { message });
    }
    let ends = (length..tokens).step_by(length).chain([tokens]);
    let offsets: Vec<u8> = [0].into_iter().chain(ends).flat_map(|at| (at as u64).to_le_bytes()).collect();
    let (count, told) = (pieces.bytes.len(), pieces.bytes.iter().map(|piece| u64::from(*piece)).sum());
    let bytes: Vec<u8> = pieces.bytes.iter().flat_map(|piece| piece.to_le_bytes()).collect();
    let made = Made {
        lengths: Default::default(),
        shape: SplitShape::Words { tokens: tokens as u64, length, bytes: told, vocab_size: tokenization.known() },
        metadata: tokenization.metadata().into_iter().chain(hiding).collect(),
        tensors: vec![
            Tensor { name: "offsets", dtype: Dtype::U64, shape: vec![count + 1], bytes: Bytes::Held(&offsets) },
            Tensor { name: "tokens", dtype: Dtype::U32, shape: vec![tokens], bytes: pieces.ids.bytes()? },
            Tensor { name: "type_ids", dtype: Dtype::U8, shape: vec![tokens], bytes: Bytes::Zeros(tokens) },
        ],
    };
    let tensor = Tensor { name: "bytes", dtype: Dtype::U32, shape: vec![count], bytes: Bytes::Held(&bytes) };
    finish(job, split, Said { examples: count, tensors: vec![tensor], names: &[], counts: &[], values: None }, made, emit)
}

/// The tokens that hide words and stand around a piece, as the prepared file tells them.
fn hiding(job: &PrepareJob, tokenization: &Tokenization) -> Result<Vec<(&'static str, String)>> {
    let id = |names: [&str; 2]| names.into_iter().find_map(|name| tokenization.tokenizer.token_to_id(name));
    let mask = id(["[MASK]", "<mask>"]).ok_or_else(|| Error::Tokenizer {
        path: job.tokenizer.file().map_or_else(|| job.out.join("tokenizer.json"), Path::to_path_buf),
        what: "expected a token `[MASK]` or `<mask>` to hide words with, found none".into(),
    })?;
    let all = [("mask_token", Some(mask)), ("begin_token", id(["[CLS]", "<s>"])), ("end_token", id(["[SEP]", "</s>"]))];
    Ok(all.into_iter().filter_map(|(name, id)| Some((name, id?.to_string()))).collect())
}

/// A document without special tokens, and whether the next row goes on with it.
fn encode(tokenization: &Tokenization, table: &Table, split: &Split, row: Row) -> Result<(Encoded, bool)> {
    let Row { position, cells } = row;
    let (cell, column) =
        cells.into_iter().zip(&split.columns.input).next().ok_or_else(|| failed(table.path(), &position, "no text"))?;
    let text = if cell == Cell::Null { String::new() } else { text(table.path(), &position, column, cell)? };
    let text = split.part_of(&text);
    let encode = |part: &&str| {
        let encoding = guarded(|| tokenization.tokenizer.encode(*part, false)).map_err(|e| failed(table.path(), &position, e))?;
        let encoding = encoding.map_err(|e| failed(table.path(), &position, e))?;
        tokenization.check(encoding.get_ids(), table.path(), &position)?;
        let mut sizes = Vec::with_capacity(encoding.len());
        // What a token leaves out, the spaces before it as a rule, counts with it; what comes behind the last, with that.
        let mut told = 0;
        for (_, end) in encoding.get_offsets() {
            sizes.push(end.saturating_sub(told) as u32);
            told = told.max(*end);
        }
        if let Some(last) = sizes.last_mut() {
            *last += part.len().saturating_sub(told) as u32;
        }
        Ok((encoding.get_ids().to_vec(), sizes))
    };
    let parts: Vec<&str> = parts_of(text).collect();
    let encoded: Vec<Encoded> = parts.par_iter().map(encode).collect::<Result<_>>()?;
    let (ids, sizes): (Vec<_>, Vec<_>) = encoded.into_iter().unzip();
    Ok(((ids.concat(), sizes.concat()), text.is_empty() || text.ends_with('\n')))
}

/// A text in parts, whose tokens are those of the whole wherever it has line breaks: a part ends behind a single one.
pub(super) fn parts_of(text: &str) -> impl Iterator<Item = &str> {
    let mut left = text;
    std::iter::from_fn(move || {
        if left.is_empty() {
            return None;
        }
        let (part, rest) = left.split_at(end_of_part(left));
        left = rest;
        Some(part)
    })
}

fn end_of_part(text: &str) -> usize {
    let bytes = text.as_bytes();
    let white = |at: usize| bytes.get(at).is_none_or(u8::is_ascii_whitespace);
    let breaks = |at: &usize| bytes[*at] == b'\n' && !white(at + 1) && (*at == 0 || !white(at - 1));
    // Far beyond the usual size, anything will do: a text may have no line break at all.
    let (least, most) = (PART_BYTES.min(bytes.len()), (16 * PART_BYTES).min(bytes.len()));
    let anywhere = || (most..=bytes.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(bytes.len());
    if least == bytes.len() { least } else { (least..most).find(breaks).map_or_else(anywhere, |at| at + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_the_whole_and_end_at_lines() {
        let line = "a line of the play\n";
        let lines = line.repeat(3 * PART_BYTES / line.len());
        let blank = "a\n\n".repeat(PART_BYTES);
        let long = "é".repeat(20 * PART_BYTES);
        for (text, parts) in [("", 0), ("a\nb", 1), (lines.as_str(), 3), (blank.as_str(), 1), (long.as_str(), 3)] {
            let found: Vec<&str> = parts_of(text).collect();
            assert_eq!((found.concat().as_str(), found.len()), (text, parts));
        }
        assert!(parts_of(&lines).all(|part| part.ends_with('\n')));
    }
}
