//! What is left out by a word for it, behind what was said of it: `casual and registered add up to the count, so leave both out`.

use super::mentions::Piece;
use super::{JOINS, LITTLE, Part, before, behind, group_at, said_before, said_behind};

/// Words for what was named before.
const AGAIN: [&str; 8] = ["it", "them", "both", "these", "those", "this", "that", "all"];
/// Verbs that leave out by themselves, and such that do with `out` behind them.
const DROPS: [&str; 8] = ["ignore", "exclude", "drop", "omit", "skip", "remove", "discard", "disregard"];
const LEAVES: [&str; 4] = ["leave", "leaving", "keep", "keeping"];
/// What is not to be done with them.
const USES: [&str; 6] = ["use", "feed", "include", "consider", "trust", "see"];
/// How words begin by which rows are meant: those are left out, and no column.
const OF_ROWS: [&str; 14] = [
    "row",
    "line",
    "record",
    "example",
    "entr",
    "case",
    "duplicate",
    "outlier",
    "missing",
    "nan",
    "null",
    "empty",
    "negative",
    "blank",
];
/// Some of them are rows as well.
const OF_SOME: [&str; 7] = ["some", "many", "most", "few", "several", "certain", "half"];
/// What may stand before what a clause is about.
const LEADS: [&str; 13] =
    ["because", "since", "as", "also", "but", "so", "note", "however", "and", "there", "we", "don", "trust"];

/// The columns that are left out so.
pub(super) fn left_out_again<'a>(pieces: &[Piece<'a>]) -> Vec<&'a str> {
    let places = (0..pieces.len()).filter(|at| says_so(pieces, *at));
    places.flat_map(|at| meant(pieces, at)).collect()
}

/// Whether something that was named before is left out by the words that begin there.
fn says_so(pieces: &[Piece<'_>], at: usize) -> bool {
    let word = |at: usize| if let Some(Piece::Word(word)) = pieces.get(at) { word.as_str() } else { "" };
    let is_verb = |at: usize, verbs: &[&str]| verbs.contains(&word(at));
    // `Both of them`.
    let again = |at: usize| match AGAIN.contains(&word(at)) {
        true if word(at + 1) == "of" && AGAIN.contains(&word(at + 2)) => Some(at + 3),
        true if ["columns", "fields", "two", "three"].contains(&word(at + 1)) => Some(at + 2),
        true => Some(at + 1),
        false => None,
    };
    if is_verb(at, &LEAVES) {
        return again(at + 1).is_some_and(|end| ["out", "aside", "away"].contains(&word(end)));
    }
    // Behind it stands no name, as in `drop both a and b`.
    let ends = |end: usize| !matches!(pieces.get(end), Some(Piece::Column(_))) && !is_of_rows(word(end));
    let is_negated = |at: usize| {
        let [before, last] = [2, 1].map(|back| at.checked_sub(back).map_or("", word));
        ["not", "never", "dont"].contains(&last) || before == "don" && last == "t"
    };
    match (is_verb(at, &DROPS), is_verb(at, &USES)) {
        (true, _) => !is_negated(at) && again(at + 1).is_some_and(ends),
        (_, true) => is_negated(at) && again(at + 1).is_some_and(ends),
        _ => false,
    }
}

fn is_of_rows(word: &str) -> bool {
    OF_ROWS.iter().any(|start| word.starts_with(start))
}

/// What is spoken of before a place: what the nearest clause of the sentence is about, else the only columns of that sentence; where it
/// names none, the same of the one before.
fn meant<'a>(pieces: &[Piece<'a>], at: usize) -> Vec<&'a str> {
    let sentence = |end: usize| {
        let start = pieces[..end].iter().rposition(|piece| *piece == Piece::End).map_or(0, |end| end + 1);
        (start, end)
    };
    let (start, end) = sentence(at);
    let (start, end) = match groups(pieces, start, end).is_empty() && start > 0 {
        true => sentence(start - 1),
        false => (start, end),
    };
    let words = pieces[start..end].iter().filter_map(|piece| if let Piece::Word(word) = piece { Some(word) } else { None });
    if words.clone().any(|word| is_of_rows(word)) || words.clone().any(|word| OF_SOME.contains(&word.as_str())) {
        return vec![];
    }
    let all = groups(pieces, start, end);
    let about = all.iter().rev().find(|(place, _)| is_subject(&pieces[start..*place]));
    match (about, all.as_slice()) {
        (Some((_, names)), _) | (None, [(_, names)]) => names.clone(),
        _ => vec![],
    }
}

/// The lists of columns between two places of which nothing else is said, with where they begin.
fn groups<'a>(pieces: &[Piece<'a>], start: usize, end: usize) -> Vec<(usize, Vec<&'a str>)> {
    let (mut all, mut at) = (Vec::new(), start);
    while at < end {
        let (names, next) = group_at(pieces, at);
        if names.is_empty() {
            at += 1;
            continue;
        }
        let (words, after) = (before(&pieces[..at]), behind(&pieces[next..]));
        let part = said_behind(&after).or_else(|| said_before(&words, &after));
        if !matches!(part, Some(Part::Label | Part::Input)) {
            all.push((at, names));
        }
        at = next;
    }
    all
}

/// Whether a clause begins with what stands behind these pieces.
fn is_subject(before: &[Piece<'_>]) -> bool {
    let is_little = |word: &str| [LITTLE, JOINS, &LEADS[..]].iter().any(|words| words.contains(&word));
    let clause = before.iter().rev().take_while(|piece| !matches!(piece, Piece::End | Piece::Sign(_)));
    clause.into_iter().all(|piece| matches!(piece, Piece::Word(word) if is_little(word) || word == "columns" || word == "all"))
}
