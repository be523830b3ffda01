//! What is left out by a word for it, behind what was said of it: `casual and registered add up to the count, so leave both out`.

use super::mentions::Piece;
use super::{JOINS, LEFT_OUT, LITTLE, Part, barred, before, behind, group_at, said_before, said_behind, useless};

/// Words for what was named before.
const AGAIN: [&str; 11] = ["it", "them", "both", "these", "those", "this", "that", "all", "they", "beide", "beides"];
/// Verbs that leave out by themselves, and such that do with `out` behind them.
const DROPS: [&str; 13] =
    ["ignore", "exclude", "drop", "omit", "skip", "remove", "discard", "disregard", "forget", "scrap", "bin", "delete", "strike"];
const MOVES: [&str; 11] = ["leave", "leaving", "keep", "keeping", "throw", "take", "put", "cast", "toss", "kick", "set"];
const AWAY: [&str; 5] = ["out", "aside", "away", "off", "alone"];
/// What is not to be done with them.
const USES: [&str; 13] =
    ["use", "feed", "include", "consider", "trust", "see", "want", "need", "touch", "look", "rely", "train", "keep"];
/// What may stand between such a verb and the word: `forget about it`.
const ON: [&str; 6] = ["about", "on", "at", "with", "to", "upon"];
/// What may stand before a verb whose subject was named before: `and therefore cannot be used`.
const THUS: [&str; 16] = [
    "and",
    "so",
    "hence",
    "therefore",
    "thus",
    "consequently",
    "also",
    "which",
    "und",
    "daher",
    "deshalb",
    "also",
    "et",
    "donc",
    "y",
    "e",
];
/// How words begin by which rows are meant: those are left out, and no column.
const OF_ROWS: [&str; 9] = ["row", "line", "record", "example", "entr", "case", "duplicate", "outlier", "negative"];
/// The same of values, where several are spoken of: one that is empty is a column.
const OF_VALUES: [&str; 5] = ["missing", "nan", "null", "empty", "blank"];
/// Some of them are rows as well.
const OF_SOME: [&str; 7] = ["some", "many", "most", "few", "several", "certain", "half"];
/// What may stand before what a clause is about.
const LEADS: [&str; 13] =
    ["because", "since", "as", "also", "but", "so", "note", "however", "and", "there", "we", "don", "trust"];

/// What may stand before a verb of what is wanted.
const MODEST: [&str; 27] = [
    "please",
    "let",
    "us",
    "s",
    "i",
    "you",
    "want",
    "would",
    "like",
    "better",
    "simply",
    "can",
    "could",
    "should",
    "must",
    "may",
    "do",
    "t",
    "not",
    "obviously",
    "then",
    "just",
    "the",
    "live",
    "never",
    "don",
    "dont",
];

/// The columns that are left out so.
pub(super) fn left_out_again<'a>(pieces: &[Piece<'a>]) -> Vec<&'a str> {
    let places = (0..pieces.len()).filter(|at| says_so(pieces, *at));
    places.flat_map(|at| meant(pieces, at)).collect()
}

/// Whether something that was named before is left out by the words that begin there.
fn says_so(pieces: &[Piece<'_>], at: usize) -> bool {
    let word = |at: usize| if let Some(Piece::Word(word)) = pieces.get(at) { word.as_str() } else { "" };
    let is_verb = |at: usize, verbs: &[&str]| verbs.contains(&word(at));
    // Behind it stands no name, as in `drop both a and b`.
    let ends = |end: usize| !matches!(pieces.get(end), Some(Piece::Column(_))) && !is_of_rows(word(end));
    let named = |at: usize| again(pieces, at).or_else(|| is_verb(at, &ON).then(|| again(pieces, at + 1)).flatten());
    let is_negated = |at: usize| {
        let [before, last] = [2, 1].map(|back| at.checked_sub(back).map_or("", word));
        ["not", "never", "dont"].contains(&last)
            || ["don", "doesn", "won", "can", "shouldn", "mustn"].contains(&before) && last == "t"
    };
    if is_verb(at, &MOVES) && !is_negated(at) && again(pieces, at + 1).is_some_and(|end| AWAY.contains(&word(end))) {
        return true;
    }
    match word(at) {
        // `Get rid of them`, `we can do without it`.
        "of" if word(at.wrapping_sub(1)) == "rid" => again(pieces, at + 1).is_some_and(ends),
        "without" => again(pieces, at + 1).is_some_and(ends),
        // `Not that either`.
        "not" if again(pieces, at + 1).is_some_and(|end| word(end) == "either") => true,
        _ if is_verb(at, &DROPS) => !is_negated(at) && named(at + 1).is_some_and(ends),
        _ if is_verb(at, &USES) && is_negated(at) => named(at + 1).is_some_and(ends),
        _ => is_shut_out(pieces, at),
    }
}

/// Where a word for what was named before ends: `both of them`, `these two`, `that one`.
fn again(pieces: &[Piece<'_>], at: usize) -> Option<usize> {
    let word = |at: usize| if let Some(Piece::Word(word)) = pieces.get(at) { word.as_str() } else { "" };
    match AGAIN.contains(&word(at)) {
        true if word(at + 1) == "of" && AGAIN.contains(&word(at + 2)) => Some(at + 3),
        true if ["columns", "fields", "two", "three", "one", "ones"].contains(&word(at + 1)) => Some(at + 2),
        true => Some(at + 1),
        false if word(at) == "the" && ["two", "three", "latter"].contains(&word(at + 1)) => Some(at + 2),
        false => None,
    }
}

/// The same where it is the subject, or is left unsaid: `so it can't be used`, `and therefore must stay out`, `they can go`.
fn is_shut_out(pieces: &[Piece<'_>], at: usize) -> bool {
    let is_word = |piece: &Piece<'_>, words: &[&str]| matches!(piece, Piece::Word(word) if words.contains(&word.as_str()));
    let starts = at == 0 || matches!(pieces[at - 1], Piece::Sign(_) | Piece::End) || is_word(&pieces[at - 1], &THUS);
    let start = match again(pieces, at) {
        Some(end) if starts => end,
        None if is_word(&pieces[at], &THUS) => at + 1,
        Some(_) | None => return false,
    };
    let words = behind(&pieces[start..]);
    let words: Vec<String> = words.into_iter().skip_while(|word| THUS.contains(&word.as_str())).collect();
    let goes = |words: &[String]| {
        let bare: Vec<&str> = words.iter().map(String::as_str).take(4).collect();
        matches!(bare.as_slice(), ["can" | "may" | "must" | "should", "go", ..] | ["has" | "have", "to", "go", ..])
    };
    let is_left = words.iter().find(|word| *word != "bitte").is_some_and(|word| LEFT_OUT.contains(&word.as_str()));
    is_left || goes(&words) || barred::said_behind(&words) == Some(Part::Exclude) || useless::said_behind(&words)
}

fn is_of_rows(word: &str) -> bool {
    OF_ROWS.iter().chain(&OF_VALUES).any(|start| word.starts_with(start))
}

/// The columns that a word for something that was named stands for, where nothing else is made of it.
pub(super) fn spoken_of<'a>(pieces: &[Piece<'a>], at: usize) -> Vec<&'a str> {
    if again(pieces, at).is_some() { meant(pieces, at) } else { vec![] }
}

/// What is spoken of before a place: what the nearest clause of the sentence is about, else the only columns of that sentence; where it
/// speaks of nothing before that place, the same of the sentence before.
fn meant<'a>(pieces: &[Piece<'a>], at: usize) -> Vec<&'a str> {
    let sentence = |end: usize| {
        let start = pieces[..end].iter().rposition(|piece| *piece == Piece::End).map_or(0, |end| end + 1);
        (start, end)
    };
    let (start, end) = sentence(at);
    let is_bare = |piece: &Piece<'_>| match piece {
        Piece::Word(word) => {
            let word = word.as_str();
            [LITTLE, JOINS, &LEADS, &THUS, &AGAIN, &MODEST].iter().any(|words| words.contains(&word))
        }
        Piece::Sign(_) | Piece::End => true,
        Piece::Column(_) => false,
    };
    let (start, end) = match pieces[start..end].iter().all(is_bare) && start > 0 {
        true => sentence(start - 1),
        false => (start, end),
    };
    let words = pieces[start..end].iter().filter_map(|piece| if let Piece::Word(word) = piece { Some(word) } else { None });
    let is_one =
        pieces[at..].iter().take(4).any(|piece| matches!(piece, Piece::Word(word) if ["it", "this"].contains(&word.as_str())));
    let of_rows = |word: &String| if is_one { OF_ROWS.iter().any(|start| word.starts_with(start)) } else { is_of_rows(word) };
    if words.clone().any(of_rows) || words.clone().any(|word| OF_SOME.contains(&word.as_str())) {
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
    let clause: Vec<&Piece<'_>> = before.iter().rev().take_while(|piece| !matches!(piece, Piece::End | Piece::Sign(_))).collect();
    // Whose it is: `the applicant's postcode`.
    let owner = if matches!(clause.first(), Some(Piece::Word(s)) if s == "s") { 2 } else { 0 };
    let said = clause.get(owner..).unwrap_or_default();
    said.iter().all(|piece| matches!(piece, Piece::Word(word) if is_little(word) || word == "columns" || word == "all"))
}
