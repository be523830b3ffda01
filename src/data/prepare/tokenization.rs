//! The tokenizer of a job: the one that was given, or one made from the first split. It is written beside the splits.

use super::words::parts_of;
use super::{CHUNK, Split};
use crate::data::digest::sha256_of;
use crate::data::guarded::guarded;
use crate::data::read::{Cell, Position, Row};
use crate::data::tokenizers::Trainer;
use crate::data::tokenizers::given::tokenizer_json;
use crate::data::tokenizers::marian::{Marian, parted};
use crate::data::{Error, Lacks, Result};
use crate::job::{Event, PrepareJob, TokenizerSource};
use crate::spec::TokenizerKind;
use crate::store::write_atomic;
use std::io::Write;
use std::path::Path;
use tokenizers::{PreTokenizerWrapper, Tokenizer};

pub(in crate::data) struct Tokenization {
    /// Of one that cuts the two texts of a pair differently what it knows, and not what it does.
    pub(in crate::data) tokenizer: Tokenizer,
    pub(super) marian: Option<Marian>,
    sha256: String,
    vocab_size: usize,
}

impl Tokenization {
    pub(super) fn new(job: &PrepareJob, first: &Split, emit: &mut dyn FnMut(Event)) -> Result<Self> {
        let place = job.out.join("tokenizer.json");
        let broken = |e: tokenizers::Error| Error::Tokenizer { path: place.clone(), what: e.to_string() };
        let (json, from) = match &job.tokenizer {
            TokenizerSource::File(path) => (tokenizer_json(path)?.0, path),
            TokenizerSource::Trained(kind) => {
                let made = train(*kind, first, job, &place, emit)?;
                (made.to_string(true).map_err(broken)?.into_bytes(), &place)
            }
        };
        write_atomic(&place, |file| file.write_all(&json))?;
        let sha256 = sha256_of(&json);
        let (tokenizer, marian) = parse(json, from)?;
        Ok(Tokenization { tokenizer, marian, sha256, vocab_size: job.vocab_size })
    }

    /// That of a file, for a model of so many tokens; nothing is written.
    pub(in crate::data) fn open(path: &Path, vocab_size: usize) -> Result<Self> {
        let (json, _) = tokenizer_json(path)?;
        let (tokenizer, marian) = parse(json, path)?;
        Ok(Tokenization { tokenizer, marian, sha256: String::new(), vocab_size })
    }

    /// What a prepared file tells of it.
    pub(super) fn metadata(&self) -> Vec<(&'static str, String)> {
        vec![("vocab_size", self.known().to_string()), ("tokenizer_sha256", self.sha256.clone())]
    }

    /// Tokens that it knows.
    pub(super) fn known(&self) -> usize {
        self.tokenizer.get_vocab_size(true)
    }

    /// Whether it tells a word by the space before it, and adds none by itself.
    pub(in crate::data) fn wants_spaces(&self) -> bool {
        self.tokenizer.get_pre_tokenizer().is_some_and(|pre| match pre {
            PreTokenizerWrapper::ByteLevel(bytes) => !bytes.add_prefix_space,
            _ => false,
        })
    }

    /// Every id must be one of the model's.
    pub(in crate::data) fn check(&self, ids: &[u32], path: &Path, position: &Position) -> Result<()> {
        match ids.iter().find(|id| **id as usize >= self.vocab_size) {
            None => Ok(()),
            Some(&id) => {
                Err(Error::ForeignToken { path: path.into(), position: position.clone(), id, vocab_size: self.vocab_size })
            }
        }
    }
}

fn parse(json: Vec<u8>, path: &Path) -> Result<(Tokenizer, Option<Marian>)> {
    let broken = |what: String| Error::Tokenizer { path: path.into(), what };
    let (json, marian) = guarded(|| parted(json)).map_err(broken)?.map_err(broken)?;
    let mut tokenizer = guarded(|| Tokenizer::from_bytes(json)).map_err(broken)?.map_err(|e| broken(e.to_string()))?;
    tokenizer.with_padding(None).with_truncation(None).map_err(|e| broken(e.to_string()))?;
    Ok((tokenizer, marian))
}

/// The text of a cell.
pub(in crate::data) fn text(path: &Path, position: &Position, column: &str, cell: Cell) -> Result<String> {
    match cell {
        Cell::Text(text) => Ok(text),
        Cell::Int(i) => Ok(i.to_string()),
        Cell::Float(f) => Ok(f.to_string()),
        // Words.
        Cell::List(items) => {
            let words = items.into_iter().map(|item| text(path, position, column, item)).collect::<Result<Vec<String>>>()?;
            Ok(words.join(" "))
        }
        Cell::Null => {
            Err(Error::Missing { path: path.into(), position: position.clone(), column: column.into(), what: Lacks::Text })
        }
        other => {
            let found = other.in_words();
            Err(Error::ColumnKind { path: path.into(), column: column.into(), expected: "texts", found })
        }
    }
}

/// A text that its tokenizer does not take.
pub(in crate::data) fn failed(path: &Path, position: &Position, what: impl ToString) -> Error {
    Error::Tokenise { path: path.into(), position: position.clone(), what: what.to_string() }
}

fn train(kind: TokenizerKind, split: &Split, job: &PrepareJob, place: &Path, emit: &mut dyn FnMut(Event)) -> Result<Tokenizer> {
    let vocab_size = job.vocab_size;
    let mut trainer = match &job.pairs {
        Some(pairs) => {
            Trainer::of_pairs(kind, &pairs.prefix).map_err(|e| Error::Tokenizer { path: place.into(), what: e.to_string() })?
        }
        None if job.speech.is_some() => {
            Trainer::of_pairs(kind, "").map_err(|e| Error::Tokenizer { path: place.into(), what: e.to_string() })?
        }
        None => Trainer::of(kind),
    };
    if vocab_size < trainer.least_vocab() {
        return Err(Error::VocabTooSmall { vocab_size, least: trainer.least_vocab() });
    }
    // Of pairs both texts share one vocabulary; of recordings there is one text.
    let label = split.columns.label.iter().filter(|_| job.pairs.is_some() || job.speech.is_some());
    let columns: Vec<&str> =
        split.columns.input.iter().filter(|_| job.speech.is_none()).chain(label).map(String::as_str).collect();
    split.each_chunk_of(&columns, CHUNK, emit, |table, rows| {
        for Row { position, cells } in rows {
            // Whether a text may be lacking is for the preparation to say.
            let there = cells.into_iter().zip(columns.iter().copied()).filter(|(cell, _)| *cell != Cell::Null);
            for (cell, column) in there {
                let text = text(table.path(), &position, column, cell)?;
                for part in parts_of(split.part_of(&text)) {
                    trainer.add(part).map_err(|e| failed(table.path(), &position, e))?;
                }
            }
        }
        Ok(())
    })?;
    trainer.tokenizer(vocab_size).map_err(|e| Error::Tokenizer { path: place.into(), what: e.to_string() })
}
