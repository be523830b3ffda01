//! Words that nothing came of, the weightiest first: columns, then numbers; and those that may forbid a column that would be read.

use super::brief::Brief;
use crate::data::Roles;
use crate::intake::Request;
use crate::plan::PlannerError;

/// What words of a request that nothing came of are about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loose {
    /// A column that has no part of its own, by its name.
    Column(String),
    /// A number with a word or two.
    Number,
    Words,
}

impl Loose {
    /// Of which kind words are, where these columns have no part of their own.
    pub fn of(words: &str, columns: &[&str]) -> Loose {
        let is_number = |word: &str| {
            let word = word.trim_start_matches(['-', '+', '<', '>', '=', '~', '.']).trim_end_matches('%');
            word.starts_with(|c: char| c.is_ascii_digit()) && word.parse::<f64>().is_ok()
        };
        /// More words than these say what is to be done with it.
        const MOST_WORDS: usize = 3;
        let is_short = words.split_whitespace().count() <= MOST_WORDS;
        match Roles::mentioned(words, columns).into_iter().next() {
            Some(column) => Loose::Column(column),
            None if is_short && words.split_whitespace().any(is_number) => Loose::Number,
            None => Loose::Words,
        }
    }
}

impl Brief<'_> {
    /// The words that nothing came of: those with a column first, those with a number next.
    pub(super) fn loose_first(&self, mut words: Vec<String>) -> Vec<String> {
        let data = &self.offer.data.columns;
        let has_part = |name: &&str| data.label.iter().chain(&data.labels).chain(&data.exclude).any(|own| own == name);
        let columns: Vec<&str> = self.column_names().into_iter().filter(|name| !has_part(name)).collect();
        let place = |words: &String| match Loose::of(words, &columns) {
            Loose::Column(_) => 0,
            Loose::Number => 1,
            Loose::Words => 2,
        };
        words.sort_by_key(place);
        words
    }

    /// A column that stands beside a negation which was not understood may be one that must not be read.
    ///
    /// # Errors
    /// There is one, and it would be read as all others are.
    pub(super) fn check_shunned(&self) -> Result<(), PlannerError> {
        let (Some(request), Some(_)) = (self.request(), &self.offer.data.table) else { return Ok(()) };
        let (names, roles, read) = (self.column_names(), self.roles(), &self.offer.data.columns.input);
        let texts = request.perhaps_columns().says;
        let shunned: Vec<String> = texts.iter().flat_map(|text| roles.shunned(text, &names)).collect();
        let open = request.not_understood.iter().filter(|words| !request.only_explains(words));
        let mut found: Vec<String> = open.flat_map(|words| Roles::mentioned(words, &names)).collect();
        let perhaps = |name: &String| self.is_asked_for(request, name);
        found.retain(|name| shunned.contains(name) && read.contains(name) && !perhaps(name));
        found.sort_unstable();
        found.dedup();
        match found.is_empty() {
            true => Ok(()),
            false => Err(PlannerError::Shunned { data: self.choice.name.clone(), columns: found }),
        }
    }

    /// Whether the request has a column read by its name.
    fn is_asked_for(&self, request: &Request, name: &str) -> bool {
        let perhaps = &self.choice.perhaps;
        let kept = request.kept_columns();
        request.input.iter().chain(&perhaps.input).chain(&kept).any(|own| crate::data::is_called(name, own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_numbers_are_told_from_words() {
        let columns = ["gender", "zip_code"];
        for (words, kind) in [
            ("gender matters", Loose::Column("gender".into())),
            ("by Zip_Code 30%", Loose::Column("zip_code".into())),
            ("about 30%", Loose::Number),
            ("0.5 quantile", Loose::Number),
            ("nothing fancy", Loose::Words),
            ("gpt2 style", Loose::Words),
            ("3d view", Loose::Words),
            ("average over the last 5 checkpoints", Loose::Words),
        ] {
            assert_eq!(Loose::of(words, &columns), kind, "{words}");
        }
    }
}
