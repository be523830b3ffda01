//! What the words of a clause are to the data: its columns, what it is called, what is counted in it.

use super::clauses::{Clause, Kind};
use super::judge::Judge;
use super::marks::{Mark, names};
use super::wishes::{ABOUT, OF_DATA, SOURCES, bars, has_digit};
use crate::intake::request::wording::meant::{is_amount, is_of_settings};
use std::ops::Range;

impl Judge<'_> {
    /// Whether it is somebody's own name for something: in quotes, or large in the middle of a wish.
    pub(super) fn is_name(&self, clause: &Clause, at: usize) -> bool {
        let place = &self.words[at].place;
        let is_quoted = self.text[..place.start].ends_with(['"', '`', '\'', '“', '„', '«']);
        let own = &self.text[place.clone()];
        let starts_line = self.text[..place.start].trim_end_matches(' ').ends_with('\n');
        let is_large = own.starts_with(char::is_uppercase) && own.chars().any(char::is_lowercase) && !starts_line;
        is_quoted || is_large && at > clause.words.start && clause.kind == Kind::Wish && self.own == self.text
    }

    /// Whether it is but for a slip of the keys another word of the text, or of a column or file that is named there.
    pub(super) fn is_slip(&self, at: usize) -> bool {
        const SHORTEST: usize = 5;
        let word = self.words[at].low.as_str();
        let others = self.words.iter().map(|other| other.low.as_str()).chain(self.outcome.columns.iter().map(String::as_str));
        let mut parts = others.flat_map(|other| other.split(|c: char| !c.is_alphanumeric()));
        // What the data is called: `is a flat sold?` of flats.csv, `an EEG model` of eeg.csv.
        let is_same = |part: &str| part == word || part.strip_suffix('s') == Some(word) || word.strip_suffix('s') == Some(part);
        let mut files = self.words.iter().map(|other| other.low.as_str()).filter(|other| other.contains(['.', '/']));
        if files.any(|file| file.split(|c: char| !c.is_alphanumeric()).any(is_same)) {
            return true;
        }
        word.chars().count() >= SHORTEST && parts.any(|part| strsim::osa_distance(part, word) == 1)
    }

    /// Whether a clause says of a column that it is not to be read, and it is not; or how the rows are parted, as they are.
    pub(super) fn leaves_out(&self, clause: &Clause) -> bool {
        let is_out = |at: usize| self.marks[at] == Mark::LeftOut || names(self.words, at, &self.outcome.unread).is_some();
        let is_along = |at: usize| matches!(self.words[at].low.as_str(), "too" | "well" | "also");
        let bars = || clause.words.clone().any(|at| bars(&self.words[at].low) || is_along(at)) || clause.kind == Kind::Statement;
        clause.words.clone().any(|at| self.marks[at] == Mark::Parts) || clause.words.clone().any(is_out) && bars()
    }

    /// Whether it is such a number, or what it counts.
    pub(super) fn is_counted(&self, clause: &Clause, at: usize) -> bool {
        self.counts_data(clause, at) || at > clause.words.start && self.counts_data(clause, at - 1)
    }

    /// Whether a number is of the data: `about nine hundred of them`, `(4 columns)`, `(score, 0-5)`.
    pub(super) fn counts_data(&self, clause: &Clause, at: usize) -> bool {
        let word = |at: usize| self.words[at].low.as_str();
        if !has_digit(word(at)) && !is_amount(word(at)) {
            return false;
        }
        let before = || clause.words.start..at;
        let is_about = before().any(|at| ABOUT.contains(&word(at))) && !clause.words.clone().any(|at| is_of_settings(word(at)));
        let is_of_column = || at > clause.words.start && matches!(self.marks[at - 1], Mark::Used | Mark::LeftOut);
        // `(a number from 0 to 10)`.
        let is_range = || {
            let is_bound = |at: usize| clause.words.contains(&at) && has_digit(word(at));
            let is_to = |at: usize| clause.words.contains(&at) && matches!(word(at), "to" | "and");
            is_to(at + 1) && is_bound(at + 2) || at >= clause.words.start + 2 && is_to(at - 1) && is_bound(at - 2)
        };
        // `The four measurements a, b, c and d`.
        let names_next = || {
            let is_kind = |at: usize| {
                clause.words.contains(&at)
                    && (OF_DATA.contains(&word(at)) || SOURCES.contains(&word(at)) || word(at) == "measurements")
            };
            is_kind(at + 1) && clause.words.contains(&(at + 2)) && self.marks[at + 2] == Mark::Used
        };
        if names_next() {
            return true;
        }
        let is_of_rows = || clause.words.contains(&(at + 1)) && OF_DATA.contains(&word(at + 1));
        is_about && clause.kind != Kind::Wish || clause.is_aside && (is_of_column() || is_of_rows() || is_range())
    }

    /// Whether a word names a column that has no part of its own. How one is that is not read does not matter.
    pub(super) fn column(&self, clause: &Clause, at: usize) -> bool {
        let tells = clause.kind == Kind::Statement || self.leaves_out(clause);
        let is_other = |name: &&String| !self.has_part(name) && !(tells && self.outcome.unread.contains(name));
        let others: Vec<String> = self.outcome.columns.iter().filter(is_other).cloned().collect();
        self.marks[at] == Mark::Open && names(self.words, at, &others).is_some()
    }

    /// Whether a word is one of those of such a column's name: `listing` of `listing_id`.
    pub(super) fn names_partly(&self, at: usize) -> bool {
        const SHORTEST: usize = 4;
        let word = self.words[at].low.as_str();
        // One that is not read is left out already.
        let has = |name: &String| {
            let is_open = !self.has_part(name) && !self.outcome.unread.contains(name);
            is_open && name.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|own| own == word)
        };
        word.chars().count() >= SHORTEST && self.outcome.columns.iter().any(has)
    }

    /// `A monotone constraint on age`: of a column more is said than what it is for.
    pub(super) fn is_done_to_column(&self, clause: &Clause, run: &Range<usize>) -> bool {
        let is_on = clause.words.contains(&run.end) && matches!(self.words[run.end].low.as_str(), "on" | "over");
        let is_used = clause.words.contains(&(run.end + 1)) && self.marks[run.end + 1] == Mark::Used;
        clause.kind != Kind::Statement && run.len() > 1 && is_on && is_used
    }

    pub(super) fn has_part(&self, name: &String) -> bool {
        [&self.outcome.used, &self.outcome.left_out, &self.outcome.parted_by].iter().any(|all| all.contains(name))
    }

    /// Whether a clause ends with a column, a file or a part of the data: what brackets say behind it is said of that.
    pub(super) fn ends_with_data(&self, clause: &Clause) -> bool {
        let Some(last) = clause.words.clone().next_back() else { return false };
        let is_file = self.words[last].low.contains(['.', '/']);
        is_file
            || self.marks[last] == Mark::Used
            || self.marks[last] == Mark::LeftOut
            || names(self.words, last, &self.outcome.columns).is_some()
    }
}
