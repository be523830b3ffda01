//! A tokenizer by itself: texts to ids and back, and which ids end a text.

use super::tokenizers::ENDS_OF_TEXT;
use super::{Error, Result};
use std::path::{Path, PathBuf};
use tokenizers::Tokenizer;

/// What chat templates call the token that ends a turn, besides those that end a text.
const ENDS_OF_TURN: [&str; 4] = ["<end_of_turn>", "<|end|>", "<|eot|>", "<|endofturn|>"];

/// A `tokenizer.json`, read.
pub struct Vocabulary {
    path: PathBuf,
    tokenizer: Tokenizer,
}

impl Vocabulary {
    /// # Errors
    /// It cannot be read, or is no tokenizer.
    pub fn open(path: &Path) -> Result<Self> {
        let broken = |e: tokenizers::Error| Error::Tokenizer { path: path.into(), what: e.to_string() };
        let json = std::fs::read(path).map_err(|source| Error::Io { action: "read", path: path.into(), source })?;
        let mut tokenizer = Tokenizer::from_bytes(json).map_err(broken)?;
        tokenizer.with_padding(None).with_truncation(None).map_err(broken)?;
        Ok(Vocabulary { path: path.into(), tokenizer })
    }

    /// The ids of a text, with the tokens that the tokenizer itself adds or without.
    ///
    /// # Errors
    /// The tokenizer fails on it.
    pub fn ids(&self, text: &str, special: bool) -> Result<Vec<u32>> {
        Ok(self.tokenizer.encode_fast(text, special).map_err(|e| self.broken(e))?.get_ids().to_vec())
    }

    /// The text of these ids, without special tokens.
    ///
    /// # Errors
    /// The tokenizer fails on them.
    pub fn spell(&self, ids: &[u32]) -> Result<String> {
        self.tokenizer.decode(ids, true).map_err(|e| self.broken(e))
    }

    /// Whether it has a token of that name.
    pub fn has(&self, token: &str) -> bool {
        self.tokenizer.token_to_id(token).is_some()
    }

    /// Every token that ends a text or a turn.
    pub fn ends(&self) -> Vec<u32> {
        ENDS_OF_TEXT.into_iter().chain(ENDS_OF_TURN).filter_map(|name| self.tokenizer.token_to_id(name)).collect()
    }

    fn broken(&self, e: tokenizers::Error) -> Error {
        Error::Tokenizer { path: self.path.clone(), what: e.to_string() }
    }
}
