//! Tags of words.

use super::PreparedTexts;
use crate::data::mapped::{Elements, TensorFile};

/// A word that no token of its text stands for: it was cut off, or is nothing to the tokenizer.
pub const NOT_SEEN: u32 = u32::MAX;

/// Tags of all words, end to end.
#[derive(Debug)]
pub struct PreparedTags {
    of: Elements<u32>,
    /// The place of each word's first token in its text, or [`NOT_SEEN`].
    firsts: Elements<u32>,
    /// Where the words of each text begin; one more entry for the end.
    offsets: Elements<u64>,
    names: Vec<String>,
}

impl PreparedTags {
    /// Of the words of text `i`: their tags, and the places of their first tokens or [`NOT_SEEN`]. Panics where there is none.
    pub fn text(&self, i: usize) -> (&[u32], &[u32]) {
        let range = self.offsets[i] as usize..self.offsets[i + 1] as usize;
        (&self.of[range.clone()], &self.firsts[range])
    }

    /// Names of the tags, in the order of their index.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn parse(file: &TensorFile, names: Vec<String>) -> Result<Self, String> {
        let (of, firsts) = (file.elements("tags", 1)?.0, file.elements("firsts", 1)?.0);
        let offsets: Elements<u64> = file.elements("word_offsets", 1)?.0;
        let whole = offsets.first() == Some(&0) && offsets.last() == Some(&(of.len() as u64)) && of.len() == firsts.len();
        if !whole || !offsets.all_pairs(|from, to| from <= to) {
            return Err(format!("the offsets do not cut {} words into texts", of.len()));
        }
        match of.first_where(|tag| tag as usize >= names.len()) {
            Some((_, tag)) => Err(format!("a tag is {tag}, and there are {}", names.len())),
            None => Ok(PreparedTags { of, firsts, offsets, names }),
        }
    }

    /// Whether they are those of these texts.
    pub(super) fn fit(&self, texts: Option<&PreparedTexts>) -> bool {
        let within = |texts: &PreparedTexts| {
            let inside =
                |i: usize| self.text(i).1.iter().all(|first| *first == NOT_SEEN || (*first as usize) < texts.text_len(i));
            self.offsets.len() == texts.len() + 1 && (0..texts.len()).all(inside)
        };
        texts.is_some_and(within)
    }
}
