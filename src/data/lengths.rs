//! Roughly how many tokens the texts of a table have: words and marks, a few words cut in two, and the special tokens.

use super::Result;
use super::read::{Cell, Table};

/// Rows that are looked at.
const SAMPLE: usize = 500;
/// Parts that the texts are put into by their lengths.
const PARTS: usize = 16;

/// Of the texts of a sample, in tokens.
pub(super) struct Lengths {
    pub(super) mean: f64,
    pub(super) longest: f64,
    /// Of the shortest sixteenth of them the mean, then of the next, and so on.
    pub(super) by_length: Vec<f64>,
}

impl Lengths {
    /// Of the columns of `input` together; the first `twice` of them stand in two texts.
    ///
    /// # Errors
    /// The table cannot be read.
    pub(super) fn of(table: &Table, input: &[String], twice: usize) -> Result<Self> {
        let names: Vec<&str> = input.iter().map(String::as_str).collect();
        let mut pieces = Vec::new();
        for row in table.rows(&names)?.take(SAMPLE) {
            let each =
                row?.cells.iter().enumerate().map(|(at, cell)| pieces_in(cell) * if at < twice { 2 } else { 1 }).sum::<usize>();
            pieces.push(each as f64);
        }
        pieces.sort_by(f64::total_cmp);
        let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len().max(1) as f64;
        let by_length = pieces.chunks(pieces.len().div_ceil(PARTS).max(1)).map(mean).collect();
        let own = Lengths { mean: mean(&pieces), longest: pieces.last().copied().unwrap_or_default(), by_length };
        Ok(own.map(|pieces| 1.15 * pieces + 1.0 + input.len() as f64))
    }

    /// Each of them made another.
    #[must_use]
    pub(super) fn map(self, tokens: impl Fn(f64) -> f64) -> Self {
        let by_length = self.by_length.into_iter().map(&tokens).collect();
        Lengths { mean: tokens(self.mean), longest: tokens(self.longest), by_length }
    }
}

fn pieces_in(cell: &Cell) -> usize {
    match cell {
        Cell::Text(text) => text.split_whitespace().map(pieces_of).sum(),
        Cell::List(cells) => cells.iter().map(pieces_in).sum(),
        Cell::Object(cells) => cells.iter().map(|(_, cell)| pieces_in(cell)).sum(),
        _ => 0,
    }
}

/// A word, and each mark by itself; so is each letter of a script whose words no blanks part.
fn pieces_of(word: &str) -> usize {
    let alone = |c: &char| c.is_ascii_punctuation() || stands_alone(*c);
    let is_word = word.chars().any(|c| c.is_alphanumeric() && !stands_alone(c));
    usize::from(is_word) + word.chars().filter(alone).count()
}

/// Whether a letter or mark is Thai, Japanese, Chinese or Korean: these make about as many tokens as they have letters.
fn stands_alone(c: char) -> bool {
    matches!(
        c,
        '\u{0e00}'..='\u{0e7f}'
            | '\u{3000}'..='\u{30ff}'
            | '\u{3400}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{ff00}'..='\u{ffef}'
            | '\u{20000}'..='\u{2fa1f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_without_blanks_are_as_long_as_their_letters() {
        for (text, expected) in [
            ("我喜欢这部电影。", 8),
            ("映画が好き", 5),
            ("재미있는", 4),
            ("ไทย", 3),
            ("GPT模型,", 4),
            ("film,", 2),
            ("don't", 2),
            ("Fußball", 1),
            ("...", 3),
        ] {
            assert_eq!(pieces_of(text), expected, "{text}");
        }
    }
}
