//! What words say of columns, by what stands before and behind their names.

use super::barred::{self, ORS, is_barred, is_negated};
use super::lists::{
    ALL, EXCEPTS, FITTING, GO_ON, INPUTS, JOINS, KNOWS, LABELS, LEFT_OUT, LITTLE, MAKERS, OF, OF_A_SPLIT, OF_VALUES, PLACES,
    PREDICTED, PREDICTIONS, PREDICTS, READ_ON, READS, ROWS, SOURCES, STATED, STATES, WANTS, WRITTEN,
};
use super::mentions::Piece;
use super::useless;
use super::{FILES, Part, group_at, is_little, of_part};

/// `As the label`, `ist die Klasse`, `weglassen`, `may not be used`, `から`.
pub(super) fn said_behind(behind: &[String]) -> Option<Part> {
    let mut words = behind
        .iter()
        .skip_while(|word| ["together", "zusammen", "ensemble", "juntos", "insieme", "only", "nur"].contains(&word.as_str()));
    let first = words.next()?.as_str();
    if first == "→" || first == "から" {
        return Some(Part::Input);
    }
    if PREDICTED.contains(&first) {
        return Some(Part::Label);
    }
    if first == "を" {
        return words.next().is_some_and(|word| ["予測", "分類", "推定"].contains(&word.as_str())).then_some(Part::Label);
    }
    if LEFT_OUT.contains(&first) {
        return Some(Part::Exclude);
    }
    // `It is the grade that we want to know`.
    if ["that", "which"].contains(&first)
        && is_wanted(&["what"].into_iter().chain(behind.iter().skip(1).map(String::as_str)).collect::<Vec<_>>())
    {
        return Some(Part::Label);
    }
    if let Some(part) = barred::said_behind(behind) {
        return Some(part);
    }
    if useless::said_behind(behind) {
        return Some(Part::Exclude);
    }
    let rest: Vec<&str> = words.map(String::as_str).collect();
    // `V1 es la etiqueta y v2 el mensaje`: the verb is said once.
    const ARTICLES: &[&str] = &["the", "el", "la", "le", "il", "der", "die", "das", "den"];
    if let [only] = rest.as_slice()
        && ARTICLES.contains(&first)
        && (LABELS.contains(only) || INPUTS.contains(only))
    {
        return of_part(only);
    }
    if !STATES.contains(&first) {
        return None;
    }
    // `Is what we want to know`, `is of interest`, `as y`.
    let says = |words: &[&str]| words.iter().all(|word| rest.iter().take(6).any(|own| own == word));
    if is_wanted(&rest) || says(&["of", "interest"]) || rest.first() == Some(&"y") && rest.len() == 1 {
        return Some(Part::Label);
    }
    let word = rest.iter().find(|word| !LITTLE.contains(word))?;
    let at = rest.iter().position(|other| other == word)?;
    // What the word itself is said of ends there: `as text classification`.
    let goes_on = rest
        .get(at + 1)
        .is_some_and(|next| ["classification", "classifier", "regression", "weights", "embeddings"].contains(next));
    (LABELS.contains(word) || INPUTS.contains(word)).then(|| of_part(word)).flatten().filter(|_| !goes_on)
}

/// `What we want`, `what we would like to know`; what somebody wants to do something else with is no label.
fn is_wanted(rest: &[&str]) -> bool {
    const REACH: usize = 7;
    const DONE: &[&str] = &["predicted", "told", "known", "see", "get", "have"];
    const SHALL: &[&str] = &["should", "must", "shall", "after", "seek"];
    let wants = |word: &&str| [WANTS, SHALL].iter().any(|words| words.contains(word)) && *word != "d";
    let Some(at) = rest.iter().take(REACH).position(wants) else { return false };
    let is_of_us = rest[..at].iter().any(|word| WHO.contains(word)) && ["what", "the"].contains(&rest[0]);
    let mut behind = rest[at + 1..].iter().skip_while(|word| ["the", "model", "to", "be", "able", "it", "you"].contains(word));
    is_of_us
        && behind
            .next()
            .is_none_or(|verb| KNOWS.contains(verb) || DONE.contains(verb) || SOURCES.contains(verb) || *verb == "from")
}

/// Who wants something.
const WHO: &[&str] = &["we", "i", "you", "they", "everybody", "model", "network"];

/// `The text is in the column`, `label:`, `predict`, `escludi`.
pub(super) fn said_before(before: &[String], behind: &[String]) -> Option<Part> {
    const FOR: &[&str] = &["for", "für", "pour", "per", "para"];
    let at = before.iter().position(|word| !is_little(word))?;
    let (little, word) = (&before[..at], before[at].as_str());
    if word == "→" && little.is_empty() {
        return Some(Part::Label);
    }
    let ends = behind.first().is_none_or(|next| GO_ON.contains(&next.as_str()) || OF_VALUES.contains(&next.as_str()));
    let further: Vec<&str> = before[at + 1..].iter().map(String::as_str).collect();
    if is_barred(before, behind) || useless::said_before(before, behind) {
        return Some(Part::Exclude);
    }
    if EXCEPTS.contains(&word) || word == "but" && further.first().is_some_and(|next| ALL.contains(next)) {
        return ends.then_some(Part::Exclude);
    }
    if PREDICTS.contains(&word) {
        return (ends && !is_negated(&further)).then_some(Part::Label);
    }
    if is_related(little, &before[at..]) {
        return Some(Part::Label);
    }
    if asks(word, little, &further) && ends {
        return Some(Part::Label);
    }
    let says = |words: &[&str]| little.iter().any(|word| words.contains(&word.as_str()));
    if STATED.contains(&word) {
        return says(&["=", "is", "are", "being", "equals", "called", "named"]).then_some(Part::Label);
    }
    // `The translation in en`, and none of `a translation of it`.
    if WRITTEN.contains(&word) {
        return (says(&["=", "is", "are", "in", "called", "named", "under"]) && !says(&["of", "to"])).then_some(Part::Label);
    }
    // For a column a model is made; `class weights for queue` are none.
    if FOR.contains(&word) {
        let makes = before[at + 1..].iter().any(|word| MAKERS.iter().any(|maker| word.starts_with(maker)));
        return (ends && makes).then_some(Part::Label);
    }
    // `Test on everything from created 2024-10-01` says which rows.
    if SOURCES.contains(&word) && behind.first().is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit())) {
        return None;
    }
    // `Using the date for the split` feeds no model.
    let is_of_a_split = |word: &String| OF_A_SPLIT.iter().any(|stem| word.starts_with(stem));
    if SOURCES.contains(&word) && (before[at..].iter().take(4).any(is_of_a_split) || behind.iter().take(4).any(is_of_a_split)) {
        return None;
    }
    // `Without using the city`.
    let is_barred = || before.get(at + 1).is_some_and(|next| ["without", "not", "never"].contains(&next.as_str()));
    if SOURCES.contains(&word) && is_barred() {
        return Some(Part::Exclude);
    }
    if READS.contains(&word) {
        return are_read(&before[at + 1..], behind).then_some(Part::Input);
    }
    if is_placed(&before[at..]) {
        return (ends || behind.first().is_some_and(|next| next == "to")).then_some(Part::Label);
    }
    let of_rows = before.get(at + 1).is_some_and(|next| ROWS.iter().any(|row| next.starts_with(row)));
    of_part(word).filter(|part| !(*part == Part::Exclude && of_rows))
}

/// Whether the verb before a list, whose words are the nearest first, is not to be done.
pub(super) fn is_denied(before: &[String]) -> bool {
    const VERBS: [&str; 4] = ["take", "treat", "consider", "regard"];
    let mut words = before.iter().map(String::as_str).skip_while(|word| LITTLE.contains(word));
    let is_verb = words.next().is_some_and(|word| READS.contains(&word) || VERBS.contains(&word));
    is_verb && is_negated(&words.collect::<Vec<_>>())
}

/// `The outcome that we look at is`: a word for the label behind which somebody says what is done with it. `little` states what it is.
fn is_related(little: &[String], words: &[String]) -> bool {
    let is_stated = little.iter().any(|word| ["is", "are", "="].contains(&word.as_str()));
    let who = words.iter().take(5).position(|word| WHO.contains(&word.as_str()));
    let named =
        who.and_then(|at| words[at + 1..].iter().find(|word| !["that", "which", "variable", "column"].contains(&word.as_str())));
    is_stated && named.is_some_and(|word| LABELS.contains(&word.as_str()))
}

/// Whether what follows is asked for: `what we want to know is`, `the probability of`, `we care about`, `a model of`. `little` stands
/// between the word and the name, `further` before it, the nearest first.
fn asks(word: &str, little: &[String], further: &[&str]) -> bool {
    let next = further.first().copied().unwrap_or_default();
    let of = || little.iter().any(|word| OF.contains(&word.as_str()));
    // `The likelihood that a claim is fraudulent`.
    let that = further.iter().take(5).position(|word| *word == "that").and_then(|at| further.get(at + 1));
    if that.is_some_and(|noun| PREDICTIONS.contains(noun))
        && little.iter().any(|word| ["is", "are", "be"].contains(&word.as_str()))
    {
        return !is_negated(further);
    }
    match word {
        "interested" => !is_negated(further),
        // `What we want is`.
        word if WANTS.contains(&word) && little.iter().any(|word| ["is", "are", "="].contains(&word.as_str())) => {
            WHO.contains(&next) && further.iter().skip(1).take(3).any(|word| ["what", "all", "thing", "one"].contains(word))
        }
        "about" => ["care", "cares"].contains(&next) && !is_negated(&further[1..]),
        "out" => ["find", "figure", "work"].contains(&next) && further.get(1) == Some(&"to"),
        word if PREDICTIONS.contains(&word) => of() && !is_negated(further),
        word if MAKERS.iter().any(|maker| word.starts_with(maker)) && of() => true,
        // `Know` behind `want to`: what is only modelled has another verb before it.
        word if KNOWS.contains(&word) => {
            next == "to" && further.iter().skip(1).take(2).any(|word| WANTS.contains(word)) && !is_negated(&further[1..])
        }
        _ => false,
    }
}

/// `Sparte aus Schadenstext vorhersagen`: where the verb stands last, what is told stands before what it is told from.
pub(super) fn from_source(pieces: &[Piece<'_>], start: usize, end: usize) -> Option<Part> {
    let is_source =
        |piece: Option<&Piece<'_>>| matches!(piece, Some(Piece::Word(word)) if SOURCES.contains(&word.as_str()) || word == "mit");
    let skip = |mut at: usize| {
        while matches!(pieces.get(at), Some(Piece::Word(word)) if is_little(word) || word == "von") {
            at += 1;
        }
        at
    };
    let is_predicted = |at: usize| matches!(pieces.get(skip(at)), Some(Piece::Word(word)) if PREDICTED.contains(&word.as_str()));
    // This is the label, and behind it stands what is read.
    if is_source(pieces.get(end)) {
        let (names, after) = group_at(pieces, skip(end + 1));
        return (!names.is_empty() && is_predicted(after)).then_some(Part::Label);
    }
    // This is read, and the label stands before it.
    let mut words =
        pieces[..start].iter().rev().skip_while(|piece| matches!(piece, Piece::Word(word) if is_little(word) || word == "von"));
    let is_behind = is_source(words.next()) && matches!(words.next(), Some(Piece::Column(_)));
    (is_behind && is_predicted(end)).then_some(Part::Input)
}

/// `Activity ~ age + weight`, and none of `age ~ 50`.
pub(super) fn of_formula(pieces: &[Piece<'_>], start: usize, end: usize) -> Option<Part> {
    let is_column = |at: usize| matches!(pieces.get(at), Some(Piece::Column(_)));
    let is_sign = |at: usize| pieces.get(at) == Some(&Piece::Sign('~'));
    if is_sign(end) && is_column(end + 1) {
        return Some(Part::Label);
    }
    (start > 1 && is_sign(start - 1) && is_column(start - 2)).then_some(Part::Input)
}

/// Whether columns are named to say which rows are meant: `rows without an age`, `where the age is missing`.
pub(super) fn chooses_rows(before: &[String]) -> bool {
    const CHOSEN: &[&str] = &["missing", "no", "where", "whose", "negative", "empty", "invalid", "duplicate", "duplicated"];
    let of_rows = |word: &String| {
        ROWS.iter().any(|row| word.starts_with(row)) || ["records", "examples", "lines", "entries"].contains(&word.as_str())
    };
    // What stands before what joins them is another clause.
    let clause = || before.iter().take_while(|word| !["and", "but"].contains(&word.as_str()));
    clause().take(3).any(|word| CHOSEN.contains(&word.as_str())) || clause().take(5).any(of_rows)
}

/// Whether names behind a verb of reading are all that is read: `don't use age` says the contrary, `use age, too` nothing of the others,
/// and `use the date to split` is about rows.
fn are_read(before: &[String], behind: &[String]) -> bool {
    const NOT: [&str; 8] = ["not", "t", "dont", "never", "no", "without", "also", "additionally"];
    const ALSO: [&str; 3] = ["too", "also", "well"];
    let tells = |word: &String| PREDICTS.contains(&word.as_str()) || ["tell", "classify"].contains(&word.as_str());
    let goes_on = match behind {
        [] => true,
        [to, verb, ..] if to == "to" => tells(verb),
        // `Reads a and b of x.csv`.
        [of, _, end, ..] if ["of", "in", "from"].contains(&of.as_str()) && FILES.contains(&end.as_str()) => true,
        [first, ..] => READ_ON.contains(&first.as_str()) || !first.is_ascii() && PREDICTS.contains(&first.as_str()),
    };
    // `The split should use age` feeds no model.
    let is_of_split = before.iter().take(4).any(|word| OF_A_SPLIT.iter().any(|stem| word.starts_with(stem)));
    let is_negated = is_of_split || before.iter().take(2).any(|word| NOT.contains(&word.as_str()));
    goes_on && !is_negated && !behind.iter().take(3).any(|word| ALSO.contains(&word.as_str()))
}

/// Whether a name stands where each thing finds its place: `routes mails to the right team`, `assign a team`, `triage by team`.
fn is_placed(before: &[String]) -> bool {
    let places = |words: &[String]| words.iter().any(|word| PLACES.iter().any(|verb| word.starts_with(verb)));
    match before {
        [word, rest @ ..] if FITTING.contains(&word.as_str()) => places(rest),
        [word, rest @ ..] if word == "by" || word == "into" => {
            rest.iter().take(4).any(|word| ["rout", "triag", "dispatch"].iter().any(|verb| word.starts_with(verb)))
        }
        [word, ..] => word.starts_with("assign"),
        [] => false,
    }
}

/// Whether a bare list opens there: in brackets, called columns, or as what a file has.
pub(super) fn opens_a_list(before: &[Piece<'_>]) -> bool {
    matches!(before.last(), Some(Piece::Sign('(' | '（' | '['))) || opens_all(before)
}

/// Whether a list that opens there and ends before `behind` is all that a file has: of `sales.csv (price, area)`, `the numeric columns
/// price, area` and `columns price, area and others` nobody knows.
pub(super) fn is_whole(before: &[Piece<'_>], behind: &[Piece<'_>]) -> bool {
    const ON: [&str; 7] = ["train", "tune", "finetune", "fit", "use", "classify", "tell"];
    let begins_anew = |word: &String| ON.contains(&word.as_str()) || PREDICTS.contains(&word.as_str());
    let ends = match behind {
        [Piece::Sign(',' | '/' | '、' | '，'), next @ ..] => matches!(next, [Piece::Word(word), ..] if begins_anew(word)),
        [Piece::Sign('(' | '（' | '[' | '+' | '&'), ..] => false,
        // `And others`, `or the like`, `and so on`.
        [Piece::Word(word), next @ ..] if [JOINS, ORS].iter().any(|words| words.contains(&word.as_str())) => {
            matches!(next, [Piece::Word(word), ..] if begins_anew(word))
        }
        [Piece::Word(word), ..] => !["etc", "others", "more", "among", "amongst", "usw", "plus"].contains(&word.as_str()),
        [] | [Piece::End | Piece::Sign(_) | Piece::Column(_), ..] => true,
    };
    let before = match before {
        [outer @ .., Piece::Sign('(' | '（' | '[')] if outer.last().is_some_and(calls_columns) => outer,
        _ => before,
    };
    ends && opens_all(before) && are_the_columns(before)
}

/// Whether what opens a list calls it columns, or what a file has.
fn opens_all(before: &[Piece<'_>]) -> bool {
    const FILES: [&str; 9] = ["csv", "tsv", "jsonl", "json", "parquet", "table", "file", "data", "dataset"];
    let is_file = |piece: Option<&Piece<'_>>| matches!(piece, Some(Piece::Word(word)) if FILES.contains(&word.as_str()));
    let mut last = before.iter().rev();
    match last.next() {
        Some(piece) if calls_columns(piece) => true,
        Some(Piece::Sign(':')) => {
            let named = last.next();
            named.is_some_and(calls_columns) || is_file(named)
        }
        Some(Piece::Word(word)) if ["has", "have", "holds", "contains", "with"].contains(&word.as_str()) => is_file(last.next()),
        _ => false,
    }
}

fn calls_columns(piece: &Piece<'_>) -> bool {
    const COLUMNS: [&str; 7] = ["columns", "fields", "spalten", "colonnes", "columnas", "colunas", "colonne"];
    matches!(piece, Piece::Word(word) if COLUMNS.contains(&word.as_str()))
}

/// Whether columns are spoken of without a word that says which: `with columns`, `the 5 columns`, and none of `some numeric columns`.
fn are_the_columns(before: &[Piece<'_>]) -> bool {
    #[rustfmt::skip]
    const PLAIN: [&str; 29] = [
        "the", "its", "with", "has", "have", "holds", "contains", "these", "following", "only", "just", "all", "and", "csv", "tsv", "jsonl",
        "json", "parquet", "table", "file", "data", "dataset", "two", "three", "four", "five", "six", "seven", "eight",
    ];
    let Some(at) = before.iter().rposition(calls_columns) else { return true };
    let says_some =
        |piece: &Piece<'_>| matches!(piece, Piece::Word(word) if ["some", "among", "several"].contains(&word.as_str()));
    if before[..at].iter().rev().take(3).any(says_some) {
        return false;
    }
    match at.checked_sub(1).map(|at| &before[at]) {
        Some(Piece::Word(word)) => PLAIN.contains(&word.as_str()) || word.parse::<u32>().is_ok(),
        Some(Piece::Sign(_) | Piece::End) | None => true,
        Some(Piece::Column(_)) => false,
    }
}
