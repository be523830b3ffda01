//! Texts, as token ids.

use crate::data::mapped::{Elements, TensorFile};
use std::ops::Range;

/// Token ids of all texts, end to end.
#[derive(Debug)]
pub struct PreparedTexts {
    tokens: Elements<u32>,
    type_ids: Elements<u8>,
    /// Where each text begins; one more entry for the end.
    offsets: Elements<u64>,
    vocab_size: usize,
}

impl PreparedTexts {
    /// Token ids and type ids of text `i`, special tokens included, no padding. Panics where there is none.
    pub fn text(&self, i: usize) -> (&[u32], &[u8]) {
        let range = self.offsets[i] as usize..self.offsets[i + 1] as usize;
        (&self.tokens[range.clone()], &self.type_ids[range])
    }

    /// Tokens of text `i`. Panics where there is none.
    pub fn text_len(&self, i: usize) -> usize {
        (self.offsets[i + 1] - self.offsets[i]) as usize
    }

    /// The places of the tokens of text `i` among all. Panics where there is none.
    pub fn range(&self, i: usize) -> Range<usize> {
        self.offsets[i] as usize..self.offsets[i + 1] as usize
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Piece `i` of a stream, moved towards its start by `shift` tokens, and the token behind each of its tokens (none behind the
    /// stream's last). Empty where the stream begins behind its end. Panics where there is no piece `i`.
    pub fn piece(&self, i: usize, shift: usize) -> (&[u32], &[u32]) {
        let at = |offset: u64| (offset as usize).saturating_sub(shift);
        let (start, end) = (at(self.offsets[i]), at(self.offsets[i + 1]));
        (&self.tokens[start..end], &self.tokens[(start + 1).min(self.tokens.len())..(end + 1).min(self.tokens.len())])
    }

    /// Tokens in all.
    pub fn num_tokens(&self) -> usize {
        self.tokens.len()
    }

    /// Every id is below it.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }
}

impl PreparedTexts {
    pub(super) fn parse(file: &TensorFile) -> Result<Self, String> {
        let tokens: Elements<u32> = file.elements("tokens", 1)?.0;
        let type_ids: Elements<u8> = file.elements("type_ids", 1)?.0;
        let offsets: Elements<u64> = file.elements("offsets", 1)?.0;
        let vocab_size: usize = file.told("vocab_size").and_then(|v| v.parse().ok()).ok_or("it names no vocabulary size")?;
        let whole = offsets.first() == Some(&0) && offsets.last() == Some(&(tokens.len() as u64));
        if !whole || !offsets.all_pairs(|from, to| from < to) {
            return Err(format!("the offsets do not cut {} tokens into texts", tokens.len()));
        }
        if type_ids.len() != tokens.len() {
            return Err(format!("it has {} tokens and {} type ids", tokens.len(), type_ids.len()));
        }
        if let Some((_, id)) = tokens.first_where(|id| id as usize >= vocab_size) {
            return Err(format!("a token is {id}, and the vocabulary has {vocab_size}"));
        }
        Ok(PreparedTexts { tokens, type_ids, offsets, vocab_size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::tensor_file::{Bytes, Dtype, Tensor, write};

    #[test]
    fn pieces_of_a_stream_and_what_comes_behind() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.safetensors");
        let offsets: Vec<u8> = [0u64, 3, 6, 8].iter().flat_map(|at| at.to_le_bytes()).collect();
        let tokens: Vec<u8> = (0u32..8).flat_map(|id| id.to_le_bytes()).collect();
        let tensors = [
            Tensor { name: "offsets", dtype: Dtype::U64, shape: vec![4], bytes: Bytes::Held(&offsets) },
            Tensor { name: "tokens", dtype: Dtype::U32, shape: vec![8], bytes: Bytes::Held(&tokens) },
            Tensor { name: "type_ids", dtype: Dtype::U8, shape: vec![8], bytes: Bytes::Zeros(8) },
        ];
        write(&path, &[("vocab_size", "8".to_string())].into(), &tensors).expect("written");
        let texts = PreparedTexts::parse(&TensorFile::open(&path).expect("opened")).expect("texts");
        assert_eq!(texts.piece(0, 0), (&[0, 1, 2][..], &[1, 2, 3][..]));
        assert_eq!(texts.piece(2, 0), (&[6, 7][..], &[7][..]), "nothing is behind the last");
        assert_eq!(texts.piece(0, 2), (&[0][..], &[1][..]));
        assert_eq!(texts.piece(2, 2), (&[4, 5][..], &[5, 6][..]));
        assert_eq!(texts.piece(0, 3).0, &[] as &[u32]);
    }
}
