//! What became of each word of a request.

use super::clauses::{self, Clause, Kind, Word};
use super::unmet::Outcome;
use crate::data::is_called;
use crate::intake::request::Request;
use crate::intake::request::rest::is_filler;
use std::ops::Range;

/// What became of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// It means nothing by itself: `the`.
    Idle,
    /// A rule has taken it.
    Taken,
    /// No rule has, and the experiment follows it.
    Followed,
    /// A column that is told or read.
    Used,
    /// A column that is left out.
    LeftOut,
    /// One that the rows are parted by.
    Parts,
    /// Nothing came of it.
    Open,
}

/// What became of each word, and the phrases that stand nowhere in it: the rules read a text in other words. Clauses that one phrase goes
/// over are one.
pub(super) fn marks(words: &[Word], clauses: &mut Vec<Clause>, request: &Request, outcome: &Outcome) -> (Vec<Mark>, Vec<String>) {
    let mut marks: Vec<Mark> =
        words.iter().map(|word| if is_filler(&word.low) || is_little(&word.low) { Mark::Idle } else { Mark::Taken }).collect();
    let mut found = vec![false; words.len()];
    let mut unplaced = Vec::new();
    for phrase in &request.not_understood {
        let own: Vec<String> = clauses::of(phrase).0.into_iter().map(|word| word.low).collect();
        let is_open = outcome.open.contains(phrase);
        let places = placed(words, &own, &found);
        if places.is_empty() && is_open {
            unplaced.push(phrase.clone());
        }
        // What is told by a rule may be made of such words alone.
        let is_told = places.len() > 1 && places.iter().all(|at| marks[*at] == Mark::Idle);
        if let (Some(first), Some(last)) = (places.first(), places.last()) {
            join(clauses, *first..*last + 1);
        }
        for at in places {
            found[at] = true;
            // Of a phrase the words between its own are as they are anywhere.
            match is_open {
                true if is_told || marks[at] != Mark::Idle => marks[at] = Mark::Open,
                false if marks[at] == Mark::Taken => marks[at] = Mark::Followed,
                _ => {}
            }
        }
    }
    for at in 0..words.len() {
        for (columns, mark) in
            [(&outcome.left_out, Mark::LeftOut), (&outcome.used, Mark::Used), (&outcome.parted_by, Mark::Parts)]
        {
            if let Some(length) = names(words, at, columns) {
                marks[at..at + length].fill(mark);
            }
        }
    }
    (marks, unplaced)
}

/// Makes one of the clauses that these words lie in, up to the end of a sentence.
fn join(clauses: &mut Vec<Clause>, words: Range<usize>) {
    let Some(first) = clauses.iter().position(|clause| clause.words.contains(&words.start)) else { return };
    while let Some(next) = clauses.get(first + 1).filter(|next| next.words.start < words.end && !next.is_first) {
        let (end, is_wish) = (next.words.end, next.kind == Kind::Wish);
        clauses[first].words.end = end;
        clauses[first].kind = if is_wish { Kind::Wish } else { clauses[first].kind };
        clauses.remove(first + 1);
    }
}

/// Where the words stand that were not found yet: together, else apart in one stretch.
pub(super) fn placed(words: &[Word], own: &[String], found: &[bool]) -> Vec<usize> {
    const GAP: usize = 4;
    let is_own = |at: usize, word: &String| !found[at] && words[at].low == *word;
    let from = |start: usize| {
        let mut places = vec![start];
        for word in own.iter().skip(1) {
            let last = *places.last()?;
            places.push((last + 1..words.len().min(last + 1 + GAP)).find(|at| is_own(*at, word))?);
        }
        Some(places)
    };
    let starts = || own.first().into_iter().flat_map(|word| (0..words.len()).filter(move |at| is_own(*at, word)));
    let all: Vec<Vec<usize>> = starts().filter_map(from).collect();
    let width = |places: &Vec<usize>| places.last().copied().unwrap_or(0) - places[0];
    all.into_iter().min_by_key(width).unwrap_or_default()
}

/// How many words from one on name one of these columns.
pub(super) fn names(words: &[Word], at: usize, columns: &[String]) -> Option<usize> {
    const MOST: usize = 3;
    (1..=MOST.min(words.len() - at)).rev().find(|length| {
        let said: Vec<&str> = words[at..at + length].iter().map(|word| word.low.trim_end_matches("'s")).collect();
        // `Skin temperature` of `skin_temp`.
        let is_cut = |column: &String| {
            let own: Vec<String> = column.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
            let begins =
                |(own, said): (&String, &&str)| own == said || own.chars().count() >= 4 && said.starts_with(own.as_str());
            own.len() > 1 && own.len() == said.len() && own.iter().zip(&said).all(begins)
        };
        let said_of = said.join(" ");
        // Several of it: `into teams`.
        let one = said_of.strip_suffix('s').filter(|one| one.chars().count() > 2);
        let is_own = |column: &String| is_called(column, &said_of) || one.is_some_and(|one| is_called(column, one));
        columns.iter().any(|column| is_own(column) || is_cut(column))
    })
}

/// Words between others that no list of fillers needs.
fn is_little(word: &str) -> bool {
    const OF: [&str; 6] = ["i", "we", "you", "they", "he", "she"];
    let is_letter = word.chars().count() == 1 && !word.chars().all(char::is_numeric);
    is_letter || word.split_once('\'').is_some_and(|(own, _)| OF.contains(&own))
}
