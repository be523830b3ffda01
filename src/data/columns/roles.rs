//! What a request says of columns that it calls by their own names, whatever grammar stands around them.
//!
//! The names are looked for in the words, and what stands at once before or behind each tells its part: `queue as label`, `Text steht in
//! Kundentext`, `entrada body`, `文本列是“评论”`. Where nothing does, nothing is said of it: a name alone is no wish.

mod again;
mod barred;
mod lists;
mod mentions;
mod prose;
mod said;
mod useless;

use self::again::left_out_again;
use self::barred::{ORS, beside_negations};
use self::lists::{EXCLUDES, INPUTS, JOINS, LABELS, LEFT_OUT, LITTLE, PREDICTED, PREDICTS, SOURCES, STATED, STATES};
use self::mentions::{Piece, pieces};
use self::said::{chooses_rows, from_source, is_denied, is_whole, of_formula, opens_a_list, said_before, said_behind};
use super::naming::words;
use regex::Regex;

/// The part of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Label,
    Input,
    Exclude,
}

/// Columns by the part that words give them, each once and as the table calls it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles {
    pub label: Vec<String>,
    pub input: Vec<String>,
    pub exclude: Vec<String>,
    /// Several that are told at once: `predict ui, api and docs`.
    pub together: Vec<String>,
    /// A list in brackets that says of none what it is for: `(question1, question2, is_duplicate)`.
    pub listed: Vec<String>,
    /// Whether that list is of all columns that there are, as far as its writer knows.
    pub lists_all: bool,
    /// What somebody says where to find, and nothing else of it: `the price is in price_eur`. Where nothing is said to be told it is.
    pub placed: Vec<String>,
}

impl Roles {
    /// What `text` says of the columns of these `names`.
    pub fn of(text: &str, names: &[&str]) -> Roles {
        let pieces = pieces(text, names);
        let mut roles = Roles::default();
        let mut at = 0;
        let mut last = None;
        while at < pieces.len() {
            let (mut group, mut end) = group_at(&pieces, at);
            if group.is_empty() {
                at += 1;
                continue;
            }
            // Of `the text is in body and the team in team` the second is said of by itself.
            if group.len() > 1 && is_found_in_itself(&pieces[..end], &pieces[end..]) {
                group.pop();
                end -= 1;
            }
            let (before, after) = (before(&pieces[..at]), behind(&pieces[end..]));
            let of_source = from_source(&pieces, at, end).or_else(|| of_formula(&pieces, at, end));
            let goes_in = || goes_in(&before, &pieces[end..]).then_some(Part::Input);
            let of_colon = || said_behind_a_colon(&pieces[end..]);
            let of_behind = of_source.or_else(|| said_behind(&after)).or_else(goes_in).or_else(of_colon);
            // `Rows with a missing age are dropped`.
            let of_behind = of_behind.filter(|part| *part != Part::Exclude || !chooses_rows(&before));
            // `Don't use bmi as the label`.
            let of_behind = of_behind.filter(|part| *part != Part::Label || !is_denied(&before));
            // Of `predict rent, zip may not be used` the second is said of behind.
            let is_parted = of_behind == Some(Part::Exclude) && group.len() > 1;
            let of_before = said_before(&before, if is_parted { &[] } else { &after });
            // `Label queue, subject and body as input`: the first is said of before, the others behind.
            let group = match (of_before, of_behind) {
                (Some(Part::Label), Some(Part::Input | Part::Exclude)) if group.len() > 1 => {
                    push(&mut roles.label, &group[..1]);
                    &group[1..]
                }
                _ => &group[..],
            };
            let several = count(&pieces[at..end]);
            let part = match (of_before, of_behind) {
                // `The label must not be used as an input.`
                (Some(Part::Label), Some(Part::Exclude)) if several == 1 => of_before,
                _ => of_behind.or(of_before),
            };
            // Of `a or b` nobody knows which is told.
            let is_either =
                pieces[at..end].iter().any(|piece| matches!(piece, Piece::Word(word) if ORS.contains(&word.as_str())));
            let part = part.filter(|part| *part == Part::Exclude || !is_either);
            // `Leave city out, and the street too`.
            let part = part.or_else(|| last.filter(|part| *part == Part::Exclude && goes_along(&before, &after)));
            last = part.or(last);
            if part == Some(Part::Label) && group.len() > 1 && tells_several(&before, &pieces[at..end], &after) {
                push(&mut roles.together, group);
            }
            let list = match part {
                Some(Part::Label) => &mut roles.label,
                Some(Part::Input) => &mut roles.input,
                Some(Part::Exclude) => &mut roles.exclude,
                None if opens_a_list(&pieces[..at]) && group.len() > 1 => {
                    roles.lists_all |= is_whole(&pieces[..at], &pieces[end..]);
                    &mut roles.listed
                }
                None if is_placed(&before, group) || is_said_twice(&pieces[..at], group) => &mut roles.placed,
                None => {
                    at = end;
                    continue;
                }
            };
            push(list, group);
            at = end;
        }
        let is_told = |name: &&str| roles.label.iter().chain(&roles.placed).any(|own| own == name);
        let again: Vec<&str> = left_out_again(&pieces).into_iter().filter(|name| !is_told(name)).collect();
        push(&mut roles.exclude, &again);
        // What is told is no input of itself, and what is left out is none.
        let Roles { label, input, exclude, placed, .. } = &mut roles;
        input.retain(|name| !label.contains(name) && !exclude.contains(name));
        placed.retain(|name| !input.contains(name) && !exclude.contains(name));
        exclude.retain(|name| !label.contains(name));
        roles
    }

    /// Columns that have no part here, and that a negation stands beside: whoever says so does not want them read as the others are.
    pub fn shunned(&self, text: &str, names: &[&str]) -> Vec<String> {
        beside_negations(&pieces(text, names), self).into_iter().map(str::to_string).collect()
    }

    /// The columns that a text names.
    pub fn mentioned(text: &str, names: &[&str]) -> Vec<String> {
        let name = |piece: &Piece<'_>| if let Piece::Column(name) = piece { Some(name.to_string()) } else { None };
        pieces(text, names).iter().filter_map(name).collect()
    }

    /// Both; what the first says holds.
    pub fn with(self, other: Roles) -> Roles {
        let mut both = self;
        let has_label = !both.label.is_empty();
        let lists = [(&mut both.input, other.input), (&mut both.exclude, other.exclude)];
        for (own, more) in lists {
            let more: Vec<String> = more.into_iter().filter(|name| !own.contains(name)).collect();
            own.extend(more);
        }
        if !has_label {
            both.label = other.label;
        }
        if both.listed.is_empty() {
            (both.listed, both.lists_all) = (other.listed, other.lists_all);
        }
        if both.together.is_empty() {
            both.together = other.together;
        }
        if both.placed.is_empty() {
            both.placed = other.placed;
        }
        both
    }

    /// Whether a verb puts each thing in its place, and does nothing else: `routes`, `triage`.
    pub fn places(verb: &str) -> bool {
        ["rout", "triag", "dispatch", "assign", "grad", "recogni", "identif"]
            .iter()
            .any(|start| verb.to_lowercase().starts_with(start))
    }

    /// Whether a phrase that nothing else came of says no more than what is followed: names of columns with their part.
    pub fn says_only(phrase: &str, names: &[&str]) -> bool {
        let pieces = pieces(phrase, names);
        let is_said = |piece: &Piece<'_>| match piece {
            Piece::Column(_) => true,
            Piece::Word(word) => {
                of_part(word).is_some() || [LITTLE, JOINS, STATES, LEFT_OUT].iter().any(|words| words.contains(&word.as_str()))
            }
            Piece::Sign(_) | Piece::End => true,
        };
        pieces.iter().any(|piece| matches!(piece, Piece::Column(_))) && pieces.iter().all(is_said)
    }
}

/// A pattern of ours, in words that are in lower case or parted by blanks.
fn pattern(form: &str) -> Option<Regex> {
    Regex::new(form).ok()
}

/// Whether nothing is said of columns but that they are as those before them: `and the street too`, `zip as well`.
fn goes_along(before: &[String], after: &[String]) -> bool {
    const JOINED: [&str; 6] = ["and", "but", "same", "for", "goes", "also"];
    // `Ignore a. This one too: b`.
    let is_said_before = || {
        before.first().is_some_and(|word| word == "=")
            && before.iter().skip(1).take(2).any(|word| matches!(word.as_str(), "too" | "also" | "well" | "same"))
    };
    let is_bare = before.iter().all(|word| is_little(word) || JOINED.contains(&word.as_str()));
    let words =
        after.iter().map(String::as_str).skip_while(|word| lists::OF_VALUES.contains(word) || matches!(*word, "number" | "code"));
    let words: Vec<&str> = words.take(2).collect();
    is_bare && (words.first() == Some(&"too") || words == ["as", "well"]) || is_said_before()
}

/// Whether a word says something of columns, or is none that names a thing.
fn is_known(word: &str) -> bool {
    of_part(word).is_some()
        || [LITTLE, JOINS, ORS, SOURCES, STATES, STATED, lists::READS, lists::GO_ON, lists::PREDICTIONS, lists::MAKERS.as_slice()]
            .iter()
            .any(|words| words.contains(&word))
}

/// Whether the words before one column say that something of its name is found there: `the price is in price_eur`.
fn is_placed(before: &[String], group: &[&str]) -> bool {
    const MOST: usize = 4;
    let [name] = group else { return false };
    let at = before.iter().position(|word| !is_little(word)).unwrap_or(before.len());
    let says = |words: &[&str]| before[..at].iter().any(|word| words.contains(&word.as_str()));
    let is_found =
        says(&["in", "under", "called", "named"]) && says(&["is", "are", "stands", "found", "stored", "called", "named"]);
    let own = words(name);
    // `And the price in price_eur`: the verb is said once.
    let is_short = at == 1 && before[0] == "in" && before.get(1).is_some_and(|word| own.contains(word));
    is_short || is_found && own.len() > 1 && before[at..].iter().take(MOST).any(|word| own.contains(word))
}

/// `The team in team`.
fn is_said_twice(before: &[Piece<'_>], group: &[&str]) -> bool {
    let [.., Piece::Column(said), Piece::Word(word)] = before else { return false };
    word == "in" && group == [*said]
}

fn is_found_in_itself(before: &[Piece<'_>], behind: &[Piece<'_>]) -> bool {
    match (before.last(), behind) {
        (Some(Piece::Column(said)), [Piece::Word(word), Piece::Column(name), ..]) => word == "in" && said == name,
        _ => false,
    }
}

/// How many columns a list has.
fn count(list: &[Piece<'_>]) -> usize {
    list.iter().filter(|piece| matches!(piece, Piece::Column(_))).count()
}

/// Each once.
fn push(list: &mut Vec<String>, names: &[&str]) {
    for name in names {
        if !list.iter().any(|own| own == name) {
            list.push(name.to_string());
        }
    }
}

fn of_part(word: &str) -> Option<Part> {
    let is_of = |words: &[&str]| words.contains(&word);
    match word {
        _ if is_of(LABELS) || is_of(PREDICTS) || is_of(PREDICTED) => Some(Part::Label),
        _ if is_of(INPUTS) || is_of(SOURCES) => Some(Part::Input),
        _ if is_of(EXCLUDES) => Some(Part::Exclude),
        _ => None,
    }
}

/// Of other languages, behind what joins a list: `le dossier et le conseiller`.
const ARTICLES: [&str; 14] = ["der", "die", "das", "den", "dem", "le", "la", "les", "l", "el", "los", "las", "il", "lo"];

/// The names of the list that begins at a piece, and where it ends. Behind its `and` a comma begins something else: `from area and rooms,
/// zip must not be used`.
fn group_at<'a>(pieces: &[Piece<'a>], start: usize) -> (Vec<&'a str>, usize) {
    let (mut names, mut end, mut at) = (Vec::new(), start, start);
    let (mut is_joined, mut has_and) = (true, false);
    let is_join = |piece: Option<&Piece<'_>>| matches!(piece, Some(Piece::Word(word)) if [JOINS, ORS].iter().any(|words| words.contains(&word.as_str())));
    while let Some(piece) = pieces.get(at) {
        match piece {
            // Two that nothing joins are no list: `body queue vorhersagen`.
            Piece::Column(_) if !is_joined => break,
            Piece::Column(name) => {
                names.push(*name);
                (end, is_joined) = (at + 1, false);
            }
            // Several that are said at once.
            Piece::Sign('&') if !names.is_empty() => is_joined = true,
            Piece::Sign(',' | '/' | '+' | '、' | '，') if !names.is_empty() => {
                if has_and && !is_join(pieces.get(at + 1)) {
                    break;
                }
                is_joined = true;
            }
            piece if !names.is_empty() && is_join(Some(piece)) => (is_joined, has_and) = (true, true),
            Piece::Word(word) if !names.is_empty() && (LITTLE[0] == word || is_joined && ARTICLES.contains(&word.as_str())) => {}
            Piece::Word(_) | Piece::Sign(_) | Piece::End => break,
        }
        at += 1;
    }
    (names, end)
}

/// Words around a list that are looked at.
const REACH: usize = 12;

/// Words at once before a list, the nearest first, up to where something else is spoken of; an arrow or an equals sign is one.
fn before(pieces: &[Piece<'_>]) -> Vec<String> {
    let mut words = Vec::new();
    for piece in pieces.iter().rev().take(REACH) {
        match piece {
            Piece::Word(word) => words.push(word.clone()),
            Piece::Sign(':' | '=' | '：') => words.push("=".into()),
            Piece::Sign('→') => words.push("→".into()),
            // Of a path.
            Piece::Sign('/') if words.iter().any(|word| FILES.contains(&word.as_str())) => {}
            Piece::Column(_) | Piece::Sign(_) | Piece::End => break,
        }
    }
    without_files(words)
}

/// How files of data end.
const FILES: [&str; 9] = ["csv", "tsv", "jsonl", "json", "parquet", "txt", "xlsx", "gz", "arrow"];

/// The words before a place less those that say in which file it is: `the label in shop.csv is shelf`.
fn without_files(words: Vec<String>) -> Vec<String> {
    const LONGEST: usize = 5;
    let Some(end) = words.iter().position(|word| FILES.contains(&word.as_str())) else { return words };
    let is_in = |word: &String| ["in", "of", "from", "on"].contains(&word.as_str());
    match words[end..].iter().take(LONGEST).position(is_in) {
        Some(length) if end <= 3 && length > 1 => words[..end].iter().chain(&words[end + length + 1..]).cloned().collect(),
        _ => words,
    }
}

/// Words at once behind a list.
fn behind(pieces: &[Piece<'_>]) -> Vec<String> {
    let mut words = Vec::new();
    for piece in pieces.iter().take(REACH) {
        match piece {
            Piece::Word(word) => words.push(word.clone()),
            Piece::Sign('→') => words.push("→".into()),
            Piece::Column(_) | Piece::Sign(_) | Piece::End => break,
        }
    }
    words
}

/// `Postcode: useless. Religion: illegal.`
fn said_behind_a_colon(pieces: &[Piece<'_>]) -> Option<Part> {
    let [Piece::Sign(':' | '：'), said @ ..] = pieces else { return None };
    let words: Vec<String> = std::iter::once("is".to_string()).chain(behind(said)).collect();
    said_behind(&words).filter(|part| *part == Part::Exclude)
}

fn is_little(word: &String) -> bool {
    LITTLE.contains(&word.as_str())
}

/// `Title and body in, shelf out`: what goes in is read, unless something is to be kept in.
fn goes_in(before: &[String], behind: &[Piece<'_>]) -> bool {
    const KEEPS: [&str; 5] = ["keep", "leave", "put", "take", "bring"];
    let ends = |piece: Option<&Piece<'_>>| matches!(piece, None | Some(Piece::End | Piece::Sign(_)));
    let goes = |words: &[&str]| {
        let is_there = |(piece, word): (&Piece<'_>, &&str)| matches!(piece, Piece::Word(own) if own == word);
        behind.len() >= words.len() && behind.iter().zip(words).all(is_there) && ends(behind.get(words.len()))
    };
    let keeps = before.iter().any(|word| KEEPS.iter().any(|verb| word.starts_with(verb)));
    !keeps && [&["in"][..], &["go", "in"], &["goes", "in"]].iter().any(|words| goes(words))
}

/// Whether a list is one of several that are all told: behind a verb, whole where `and` or what they are told from ends it, or under a
/// name for several.
fn tells_several(before: &[String], list: &[Piece<'_>], after: &[String]) -> bool {
    const SEVERAL: [&str; 4] = ["labels", "targets", "classes", "outputs"];
    let is_joined = list.iter().any(|piece| matches!(piece, Piece::Word(word) if JOINS.contains(&word.as_str())));
    let word = before.iter().find(|word| !is_little(word)).map_or("", String::as_str);
    let is_whole = is_joined || after.first().is_some_and(|next| SOURCES.contains(&next.as_str()));
    SEVERAL.contains(&word) || PREDICTS.contains(&word) && is_whole
}

#[cfg(test)]
mod tests;
