//! Texts as they stand in the data, beside what tokens have left of them.

use crate::data::mapped::{Elements, TensorFile};

/// Texts, end to end, where they lie in the file.
#[derive(Debug)]
pub struct Verbatim {
    bytes: Elements<u8>,
    /// Where each text begins; one more entry for the end.
    offsets: Elements<u64>,
}

impl Verbatim {
    /// Panics where there is no text `i`.
    pub fn text(&self, i: usize) -> String {
        String::from_utf8_lossy(self.bytes_of(i)).into_owned()
    }

    /// Texts `2i` and `2i + 1`: those of example `i`, where each has two. Panics where there are none.
    pub fn pair(&self, i: usize) -> [String; 2] {
        [2 * i, 2 * i + 1].map(|text| self.text(text))
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn bytes_of(&self, i: usize) -> &[u8] {
        &self.bytes[self.offsets[i] as usize..self.offsets[i + 1] as usize]
    }

    /// The tensors of these names: of bytes, and of where each text begins.
    pub(super) fn parse(file: &TensorFile, [bytes, offsets]: [&str; 2]) -> Result<Self, String> {
        let found = Verbatim { bytes: file.elements(bytes, 1)?.0, offsets: file.elements(offsets, 1)?.0 };
        let Verbatim { bytes, offsets } = &found;
        let whole = offsets.first() == Some(&0)
            && offsets.last() == Some(&(bytes.len() as u64))
            && offsets.all_pairs(|from, to| from <= to);
        if !whole {
            return Err(format!("the offsets do not cut {} bytes into texts", bytes.len()));
        }
        let pages = file.pages();
        for text in 0..found.len() {
            if std::str::from_utf8(found.bytes_of(text)).is_err() {
                return Err(format!("text {text} is no UTF-8"));
            }
            pages.give_back_after(text);
        }
        Ok(found)
    }
}
