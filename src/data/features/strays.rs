//! Cells of a column of numbers that are none: a few of them leave it one.

use super::cells::is_no_number;
use std::collections::BTreeSet;

/// A column of numbers may have so many cells that are none, for each that is one.
const STRAY: f64 = 0.1;
/// So many where they are a few words that stand for nothing: `-`.
const STRAY_NOTHING: f64 = 1.0;
/// Words of a column of numbers that stand for nothing, at most.
const FEW_WORDS: usize = 3;
/// Any word does where at least so many different numbers are beside it.
pub(super) const MANY_NUMBERS: usize = 20;

/// What a column has beside its numbers.
#[derive(Debug, Clone, Default)]
pub(in crate::data) struct Strays {
    numbers: usize,
    count: usize,
    /// The first of them.
    example: String,
    /// The first of the different ones, one more than a few.
    words: BTreeSet<String>,
    /// Numbers that are not finite.
    infinite: usize,
}

impl Strays {
    /// Counts a cell that says something.
    pub(in crate::data) fn take(&mut self, said: &str, number: Option<f64>) {
        if let Some(number) = number {
            self.numbers += 1;
            self.infinite += usize::from(!number.is_finite());
            return;
        }
        self.count += 1;
        if self.example.is_empty() {
            self.example = said.chars().take(40).collect();
        }
        if self.words.len() <= FEW_WORDS && !self.words.contains(said) {
            self.words.insert(said.to_string());
        }
    }

    pub(in crate::data) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn infinite(&self) -> usize {
        self.infinite
    }

    pub(in crate::data) fn example(&self) -> &str {
        &self.example
    }

    pub(super) fn words(&self) -> &BTreeSet<String> {
        &self.words
    }

    /// Whether they are a few words that stand for nothing; `<0.5` and `90+` are values. `are_many`: whether there are many different
    /// numbers beside them, or numbers are known to be meant.
    pub(super) fn are_nothing(&self, are_many: bool) -> bool {
        let few = !self.words.is_empty() && self.words.len() <= FEW_WORDS;
        let is_nothing = |word: &String| is_no_number(word) || are_many && !word.contains(char::is_numeric);
        few && self.words.iter().all(is_nothing)
    }

    /// Whether the column is one of numbers all the same. `are_many`: as above.
    pub(in crate::data) fn leave_numbers(&self, are_many: bool) -> bool {
        let most = if self.are_nothing(are_many) { STRAY_NOTHING } else { STRAY };
        self.numbers > 0 && self.count as f64 <= most * self.numbers as f64
    }

    /// What is said of rows that are left out for them, behind that they have no number.
    pub(in crate::data) fn in_words(&self) -> String {
        let stray =
            if self.count > 0 { format!(", or one that is no number, such as `{}`", self.example) } else { String::new() };
        let infinite = if self.infinite > 0 { ", or one that is not finite" } else { "" };
        stray + infinite
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers from 0 on, and these words.
    fn beside(numbers: usize, words: &[&str]) -> Strays {
        let mut strays = Strays::default();
        (0..numbers).for_each(|number| strays.take(&number.to_string(), Some(number as f64)));
        words.iter().for_each(|word| strays.take(word, None));
        strays
    }

    #[test]
    fn a_few_words_that_stand_for_nothing_leave_a_column_its_numbers() {
        for (numbers, words, are_many, expected) in [
            (10, &["-"; 10][..], false, true),
            (10, &["-"; 11], false, false),
            (10, &["TBD", "#DIV/0!", "."], false, true),
            (10, &["call", "call"], false, false),
            (10, &["call", "call"], true, true),
            (10, &["a", "b", "c", "d"], true, false),
            (10, &["<0.5", "<0.5"], true, false),
            (10, &["<0.5"], true, true),
            (0, &["-"], true, false),
        ] {
            assert_eq!(beside(numbers, words).leave_numbers(are_many), expected, "{words:?} beside {numbers}");
        }
        assert_eq!(beside(3, &[]).in_words(), "");
        assert_eq!(beside(3, &["TBD"]).in_words(), ", or one that is no number, such as `TBD`");
    }
}
