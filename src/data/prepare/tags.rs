//! Sentences as lists of words, each word with its tag -> token ids, and which token speaks for which word: its first, as is usual
//! (Devlin et al., 1810.04805, section 5.3).

use super::answers::{Numbered, missing};
use super::text::{Texts, truncated_to};
use super::tokenization::{Tokenization, failed};
use super::weights::Weights;
use super::{Said, Split, finish};
use crate::data::read::{Cell, Position, Row, Table};
use crate::data::tensor_file::{Bytes, Dtype, Tensor};
use crate::data::{Error, NOT_SEEN, Result};
use crate::job::{Event, PrepareJob};
use rayon::prelude::*;
use std::path::Path;
use tokenizers::{EncodeInput, Encoding, InputSequence};

/// Tokenises all splits and writes them. Sentences are cut to the job's `max_seq_len`; words that are cut off are told as not seen.
pub(super) fn prepare(job: &PrepareJob, splits: &[Split], names: &[String], emit: &mut dyn FnMut(Event)) -> Result<()> {
    let Some(first) = splits.first() else { return Ok(()) };
    let mut tokenization = Tokenization::new(job, first, emit)?;
    truncated_to(&mut tokenization, job, false)?;
    splits.iter().try_for_each(|split| prepare_split(job, split, &tokenization, names, emit))
}

/// A sentence: its words, and the numbers of their tags.
struct Sentence {
    position: Position,
    words: Vec<String>,
    tags: Vec<u32>,
}

fn prepare_split(
    job: &PrepareJob,
    split: &Split,
    tokenization: &Tokenization,
    source: &[String],
    emit: &mut dyn FnMut(Event),
) -> Result<()> {
    let classes = Numbered::of(job, source);
    let names = classes.names;
    let (mut texts, mut counts) = (Texts::new(job)?, vec![0; names.len()]);
    let (mut tags, mut firsts, mut end, mut offsets) = (Vec::new(), Vec::new(), 0u64, 0u64.to_le_bytes().to_vec());
    let mut weights = Weights::of(split);
    split.each_chunk(emit, |table, mut rows| {
        rows.iter_mut().try_for_each(|row| weights.take(table, row))?;
        let reader = Reader { table, split, classes };
        let encode = |row| {
            let sentence = reader.sentence(row)?;
            let encoding = encode(tokenization, table.path(), &sentence.position, &sentence.words)?;
            Ok((sentence, encoding))
        };
        let encoded: Vec<(Sentence, Encoding)> = rows.into_par_iter().map(encode).collect::<Result<_>>()?;
        for (sentence, encoding) in &encoded {
            tokenization.check(encoding.get_ids(), table.path(), &sentence.position)?;
            texts.add(encoding)?;
            for tag in &sentence.tags {
                counts[*tag as usize] += 1;
                tags.extend(tag.to_le_bytes());
            }
            firsts.extend(first_tokens(encoding, sentence.words.len()).into_iter().flat_map(u32::to_le_bytes));
            end += sentence.words.len() as u64;
            offsets.extend(end.to_le_bytes());
        }
        Ok(())
    })?;
    let words = end as usize;
    let tensors = vec![
        Tensor { name: "word_offsets", dtype: Dtype::U64, shape: vec![texts.len() + 1], bytes: Bytes::Held(&offsets) },
        Tensor { name: "tags", dtype: Dtype::U32, shape: vec![words], bytes: Bytes::Held(&tags) },
        Tensor { name: "firsts", dtype: Dtype::U32, shape: vec![words], bytes: Bytes::Held(&firsts) },
    ];
    let said = Said { examples: texts.len(), tensors, names, counts: &counts, values: None };
    let made = texts.made(tokenization, tokenization.metadata())?;
    finish(job, split, said.with(weights.tensors(split)?), made, emit)
}

/// Words with their special tokens, each cut into tokens by itself.
pub(in crate::data) fn encode(
    tokenization: &Tokenization,
    path: &Path,
    position: &Position,
    words: &[String],
) -> Result<Encoding> {
    // Tokenizers over bytes tell a word by the space before it.
    let spaced = tokenization.wants_spaces();
    let words = words.iter().map(|word| if spaced { format!(" {word}") } else { word.clone() });
    let input = EncodeInput::Single(InputSequence::from(words.collect::<Vec<String>>()));
    let encoding = tokenization.tokenizer.encode(input, true).map_err(|e| failed(path, position, e))?;
    match encoding.is_empty() {
        true => Err(failed(path, position, "it has no tokens at all")),
        false => Ok(encoding),
    }
}

/// Of each of so many words the place of its first token; [`NOT_SEEN`] where it has none, or is cut off.
pub(in crate::data) fn first_tokens(encoding: &Encoding, words: usize) -> Vec<u32> {
    let mut firsts = vec![NOT_SEEN; words];
    for (place, word) in (0u32..).zip(encoding.get_word_ids()) {
        if let Some(first) = word.and_then(|word| firsts.get_mut(word as usize))
            && *first == NOT_SEEN
        {
            *first = place;
        }
    }
    firsts
}

/// Reads the rows of a table.
struct Reader<'a> {
    table: &'a Table,
    split: &'a Split,
    classes: Numbered<'a>,
}

impl Reader<'_> {
    fn sentence(&self, row: Row) -> Result<Sentence> {
        let Row { position, cells } = row;
        let mut cells = cells.into_iter();
        let (words, tags) = (cells.next().unwrap_or(Cell::Null), cells.next().unwrap_or(Cell::Null));
        let word_column = self.split.columns.input.first().map_or("", String::as_str);
        let words = self.list(&position, word_column, words)?.into_iter();
        let words: Vec<String> = words.map(|word| self.word(&position, word_column, word)).collect::<Result<_>>()?;
        let tag_column = self.split.label_column();
        let found = self.list(&position, tag_column, tags)?;
        if found.len() != words.len() {
            return Err(Error::Unequal {
                path: self.table.path().into(),
                position,
                words: (word_column.into(), words.len()),
                tags: (tag_column.into(), found.len()),
            });
        }
        let tags = found.iter().map(|tag| self.tag(&position, tag_column, tag)).collect::<Result<_>>()?;
        Ok(Sentence { position, words, tags })
    }

    fn list(&self, position: &Position, column: &str, cell: Cell) -> Result<Vec<Cell>> {
        match cell {
            Cell::List(items) => Ok(items),
            Cell::Null => Err(missing(self.table, position, column)),
            other => {
                let (path, column) = (self.table.path().into(), column.to_string());
                Err(Error::ColumnKind { path, column, expected: "lists", found: other.in_words() })
            }
        }
    }

    fn word(&self, position: &Position, column: &str, cell: Cell) -> Result<String> {
        super::tokenization::text(self.table.path(), position, column, cell)
    }

    fn tag(&self, position: &Position, column: &str, cell: &Cell) -> Result<u32> {
        let indices = self.table.column(column)?.classes.is_some() && matches!(cell, Cell::Int(_));
        Ok(self.classes.class((self.table, position, column), cell, indices)? as u32)
    }
}
