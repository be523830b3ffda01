//! A tokenizer by itself: texts to ids and back, and which ids end a text.

use super::guarded::guarded;
use super::tokenizers::marian::{Marian, Side, parted};
use super::tokenizers::{ENDS_OF_TEXT, given};
use super::{Error, Result};
use std::path::{Path, PathBuf};
use tokenizers::Tokenizer;

/// What chat templates call the token that ends a turn, besides those that end a text.
pub const ENDS_OF_TURN: [&str; 4] = ["<end_of_turn>", "<|end|>", "<|eot|>", "<|endofturn|>"];

/// A `tokenizer.json`, read.
pub struct Vocabulary {
    path: PathBuf,
    tokenizer: Tokenizer,
    /// Where texts that are read are cut otherwise than those that are written.
    marian: Option<Marian>,
    /// What a GGUF file says ends a text.
    ends: Vec<u32>,
}

/// How a tokenizer's tokens stand for bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// A letter for each byte, as GPT-2 has them.
    Letters,
    /// A mark for a space, and `<0x0A>` for a byte.
    Pieces,
}

impl Vocabulary {
    /// However it lies there: a `tokenizer.json`, a GGUF file that carries one, or its older parts.
    ///
    /// # Errors
    /// It cannot be read, or is no tokenizer.
    pub fn open(path: &Path) -> Result<Self> {
        let broken = |e: tokenizers::Error| Error::Tokenizer { path: path.into(), what: e.to_string() };
        let (json, ends) = given::tokenizer_json(path)?;
        let parted = guarded(|| parted(json)).map_err(|e| broken(e.into()))?;
        let (json, marian) = parted.map_err(|e| broken(e.into()))?;
        let mut tokenizer = guarded(|| Tokenizer::from_bytes(json)).map_err(|e| broken(e.into()))?.map_err(broken)?;
        tokenizer.with_padding(None).with_truncation(None).map_err(broken)?;
        Ok(Vocabulary { path: path.into(), tokenizer, marian, ends })
    }

    /// The ids of a text, with the tokens that the tokenizer itself adds or without.
    ///
    /// # Errors
    /// The tokenizer fails on it.
    pub fn ids(&self, text: &str, special: bool) -> Result<Vec<u32>> {
        if let Some(marian) = &self.marian {
            let (mut ids, _) = marian.ids(Side::Source, text, usize::MAX).map_err(|e| self.broken(e))?;
            ids.truncate(ids.len() - usize::from(!special));
            return Ok(ids);
        }
        Ok(self.tokenizer.encode_fast(text, special).map_err(|e| self.broken(e))?.get_ids().to_vec())
    }

    /// The text of these ids, without special tokens.
    ///
    /// # Errors
    /// The tokenizer fails on them.
    pub fn spell(&self, ids: &[u32]) -> Result<String> {
        let text = self.tokenizer.decode(ids, true).map_err(|e| self.broken(e))?;
        // As its own library has it.
        Ok(if self.marian.is_some() { text.trim().to_string() } else { text })
    }

    /// Whether it has a token of that name.
    pub fn has(&self, token: &str) -> bool {
        self.tokenizer.token_to_id(token).is_some()
    }

    /// Every token that ends a text or a turn.
    pub fn ends(&self) -> Vec<u32> {
        let named = ENDS_OF_TEXT.into_iter().chain(ENDS_OF_TURN).filter_map(|name| self.tokenizer.token_to_id(name));
        let mut all: Vec<u32> = named.chain(self.ends.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The bytes that each token writes, in order; nothing for those that write none, or mean more than their letters.
    ///
    /// # Errors
    /// What a token writes depends on those around it.
    pub fn bytes(&self) -> Result<Vec<Vec<u8>>> {
        let decoder = self.tokenizer.get_decoder().map(serde_json::to_string).transpose().ok().flatten().unwrap_or_default();
        let spelling = match () {
            () if decoder.contains("ByteLevel") => Spelling::Letters,
            () if decoder.contains("ByteFallback") || decoder.contains("Metaspace") => Spelling::Pieces,
            () => {
                let what = "its tokens stand for no bytes of their own: a schema can be held with byte-level tokenizers and those of SentencePiece";
                return Err(Error::Tokenizer { path: self.path.clone(), what: what.into() });
            }
        };
        let added = self.tokenizer.get_added_tokens_decoder();
        let last = self.tokenizer.get_vocab(true).into_values().max().unwrap_or(0);
        let of = |id: u32| match (added.get(&id), self.tokenizer.id_to_token(id)) {
            (Some(added), _) if added.special => Vec::new(),
            (Some(added), _) => added.content.clone().into_bytes(),
            (None, Some(token)) => spelling.bytes(&token),
            (None, None) => Vec::new(),
        };
        Ok((0..=last).map(of).collect())
    }

    fn broken(&self, e: tokenizers::Error) -> Error {
        Error::Tokenizer { path: self.path.clone(), what: e.to_string() }
    }
}

impl Spelling {
    fn bytes(self, token: &str) -> Vec<u8> {
        match self {
            Spelling::Letters => token.chars().map(byte_of).collect::<Option<_>>().unwrap_or_default(),
            Spelling::Pieces => {
                let hex = token.strip_prefix("<0x").and_then(|rest| rest.strip_suffix('>')).filter(|hex| hex.len() == 2);
                match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                    Some(byte) => vec![byte],
                    None => token.replace('\u{2581}', " ").into_bytes(),
                }
            }
        }
    }
}

/// The byte that a letter stands for: printable ones for themselves, the others in order from U+0100 on (Radford et al. 2019).
fn byte_of(letter: char) -> Option<u8> {
    let printable = |byte: u32| matches!(byte, 33..=126 | 161..=172 | 174..=255);
    let code = u32::from(letter);
    match code {
        0..256 => u8::try_from(code).ok().filter(|_| printable(code)),
        _ => (0..256).filter(|byte| !printable(*byte)).nth(code as usize - 256).and_then(|byte| u8::try_from(byte).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_stand_for_bytes() {
        assert_eq!(Spelling::Letters.bytes("Ġthe"), b" the");
        assert_eq!(Spelling::Letters.bytes("æĹ¥"), "日".as_bytes());
        assert_eq!(Spelling::Letters.bytes("Ċ"), b"\n");
        assert_eq!(Spelling::Letters.bytes("日"), b"", "no letter of a byte");
        let all: std::collections::BTreeSet<u8> = (0..400u32).filter_map(char::from_u32).filter_map(byte_of).collect();
        assert_eq!(all.len(), 256);
        assert_eq!(Spelling::Pieces.bytes("\u{2581}the"), b" the");
        assert_eq!(Spelling::Pieces.bytes("<0xE6>"), [0xe6]);
    }
}
