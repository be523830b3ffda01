//! What a corpus holds that a language model is to learn: documents, and roughly how many tokens they make.

use super::guarded::guarded;
use super::read::{Cell, Table};
use super::survey::{DataSpecHints, files_of};
use super::tokenizers::given::tokenizer_json;
use super::{Error, Result};
use crate::job::TokenizerSource;
use crate::plan::{DataFacts, SplitFacts};
use crate::spec::{Columns, Task, TokenizerKind};
use std::path::Path;
use tokenizers::Tokenizer;

/// Bytes of text that tell how many a token has.
const SAMPLE_BYTES: usize = 1 << 20;

/// Documents and tokens of each split.
///
/// # Errors
/// A file or the tokenizer cannot be read; a split is empty.
pub(super) fn survey(
    splits: &[(String, Vec<Table>)],
    columns: Columns,
    hints: &DataSpecHints,
    license: Option<String>,
    revision: Option<String>,
) -> Result<DataFacts> {
    let column = columns.input.first().map_or("", String::as_str);
    let (mut facts, mut rate, mut characters) = (Vec::new(), None, None);
    for (name, tables) in splits {
        let size = Size::of(tables, column)?;
        characters.get_or_insert(size.seen.count());
        let files = files_of(name, tables, size.rows)?;
        // The first split's rate is every split's.
        let rate: &f64 = match &rate {
            Some(rate) => rate,
            None => rate.insert(bytes_per_token(tables, column, &size, hints)?),
        };
        let tokens = (size.bytes as f64 / rate).ceil() as u64;
        facts.push(SplitFacts {
            name: name.clone(),
            files,
            examples: size.rows,
            labelled: true,
            part: None,
            tokens: Some(tokens),
        });
    }
    let first = facts.first().map(|split| split.tokens.unwrap_or(0) as f64 / split.examples as f64);
    let (task, labels) = (hints.task.or(Some(Task::LanguageModelling)), Vec::new());
    let (mean_tokens, splits) = (first, facts);
    Ok(DataFacts { task, splits, columns, labels, license, revision, mean_tokens, characters, ..DataFacts::default() })
}

/// What stands in a split's documents.
#[derive(Default)]
struct Size {
    rows: usize,
    bytes: u64,
    characters: u64,
    seen: Seen,
}

/// Which characters there are, a bit each.
struct Seen(Vec<u64>);

impl Default for Seen {
    fn default() -> Self {
        Seen(vec![0; char::MAX as usize / 64 + 1])
    }
}

impl Seen {
    fn add(&mut self, text: &str) {
        text.chars().map(|letter| letter as usize).for_each(|at| self.0[at / 64] |= 1 << (at % 64));
    }

    fn count(&self) -> usize {
        self.0.iter().map(|bits| bits.count_ones() as usize).sum()
    }
}

impl Size {
    fn of(tables: &[Table], column: &str) -> Result<Self> {
        let mut size = Size::default();
        each_text(tables, column, |text| {
            size.rows += 1;
            size.bytes += text.len() as u64;
            size.characters += text.chars().count() as u64;
            size.seen.add(text);
            true
        })?;
        Ok(size)
    }
}

/// Hands on text after text while `wanted` says so.
fn each_text(tables: &[Table], column: &str, mut wanted: impl FnMut(&str) -> bool) -> Result<()> {
    for table in tables {
        for row in table.rows(&[column])? {
            let on = match row?.cells.first() {
                Some(Cell::Text(text)) => wanted(text),
                // What is no text is for the preparation to tell of, with its place.
                _ => wanted(""),
            };
            if !on {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn bytes_per_token(tables: &[Table], column: &str, size: &Size, hints: &DataSpecHints) -> Result<f64> {
    match &hints.tokenizer {
        Some((TokenizerSource::File(path), _)) => measured(tables, column, path),
        Some((TokenizerSource::Trained(TokenizerKind::Characters), _)) => {
            Ok(size.bytes.max(1) as f64 / size.characters.max(1) as f64)
        }
        Some((TokenizerSource::Trained(_), vocab_size)) => Ok(usual(*vocab_size)),
        None => Ok(usual(USUAL_VOCAB)),
    }
}

/// A vocabulary that is assumed where none is known.
const USUAL_VOCAB: usize = 32_000;

/// Bytes of English that a token of a trained vocabulary stands for: about 2.6 with 1000 tokens, 4.1 with 50 000.
fn usual(vocab_size: usize) -> f64 {
    (0.38 * (vocab_size.max(2) as f64).ln()).max(1.0)
}

/// So many tokens of the vocabulary that is assumed where none is known, as characters of which most are one byte.
pub fn in_characters(tokens: u64) -> u64 {
    (tokens as f64 * usual(USUAL_VOCAB)).round() as u64
}

/// By cutting a sample.
fn measured(tables: &[Table], column: &str, path: &Path) -> Result<f64> {
    let broken = |e: tokenizers::Error| Error::Tokenizer { path: path.into(), what: e.to_string() };
    let (json, _) = tokenizer_json(path)?;
    let mut tokenizer = guarded(|| Tokenizer::from_bytes(json)).map_err(|e| broken(e.into()))?.map_err(broken)?;
    tokenizer.with_padding(None).with_truncation(None).map_err(broken)?;
    let (mut bytes, mut tokens, mut failed) = (0, 0, None);
    each_text(tables, column, |text| {
        let end = (SAMPLE_BYTES - bytes).min(text.len());
        let end = (end..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
        match guarded(|| tokenizer.encode_fast(&text[..end], false)).unwrap_or_else(|e| Err(e.into())) {
            Ok(encoding) => tokens += encoding.len(),
            Err(e) => failed = Some(e),
        }
        bytes += end;
        bytes < SAMPLE_BYTES && failed.is_none()
    })?;
    match failed {
        Some(e) => Err(broken(e)),
        None => Ok(bytes.max(1) as f64 / tokens.max(1) as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_once_each() {
        let mut seen = Seen::default();
        assert_eq!(seen.count(), 0);
        ["abba ab\n", "aé", "\u{10ffff}\0"].into_iter().for_each(|text| seen.add(text));
        assert_eq!(seen.count(), "ab \né\u{10ffff}\0".chars().count());
    }
}
