//! What a request says of columns that it calls by their own names, whatever grammar stands around them.
//!
//! The names are looked for in the words, and what stands at once before or behind each tells its part: `queue as label`, `Text steht in
//! Kundentext`, `entrada body`, `文本列是“评论”`. Where nothing does, nothing is said of it: a name alone is no wish.

mod again;
mod lists;
mod mentions;

use self::again::left_out_again;
use self::lists::{
    EXCLUDES, FITTING, GO_ON, INPUTS, JOINS, LABELS, LEFT_OUT, LITTLE, MAKERS, OF_A_SPLIT, PLACES, PREDICTED, PREDICTS, READ_ON,
    READS, ROWS, SOURCES, STATES,
};
use self::mentions::{Piece, pieces};

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
}

impl Roles {
    /// What `text` says of the columns of these `names`.
    pub fn of(text: &str, names: &[&str]) -> Roles {
        let pieces = pieces(text, names);
        let mut roles = Roles::default();
        let mut at = 0;
        while at < pieces.len() {
            let (group, end) = group_at(&pieces, at);
            if group.is_empty() {
                at += 1;
                continue;
            }
            let (before, after) = (before(&pieces[..at]), behind(&pieces[end..]));
            let goes_in = || goes_in(&before, &pieces[end..]).then_some(Part::Input);
            let of_behind = said_behind(&after).or_else(goes_in);
            let of_before = said_before(&before, &after);
            // `Label queue, subject and body as input`: the first is said of before, the others behind.
            let group = match (of_before, of_behind) {
                (Some(Part::Label), Some(Part::Input)) if group.len() > 1 => {
                    push(&mut roles.label, &group[..1]);
                    &group[1..]
                }
                _ => &group[..],
            };
            let part = of_behind.or(of_before);
            if part == Some(Part::Label) && group.len() > 1 && tells_several(&before, &pieces[at..end], &after) {
                push(&mut roles.together, group);
            }
            let list = match part {
                Some(Part::Label) => &mut roles.label,
                Some(Part::Input) => &mut roles.input,
                Some(Part::Exclude) => &mut roles.exclude,
                None if opens_a_list(&pieces[..at]) && group.len() > 1 => &mut roles.listed,
                None => {
                    at = end;
                    continue;
                }
            };
            push(list, group);
            at = end;
        }
        let again = left_out_again(&pieces);
        push(
            &mut roles.exclude,
            &again.iter().filter(|name| !roles.label.iter().any(|own| own == *name)).copied().collect::<Vec<_>>(),
        );
        // What is told is no input of itself, and what is left out is none.
        let Roles { label, input, exclude, .. } = &mut roles;
        input.retain(|name| !label.contains(name) && !exclude.contains(name));
        roles
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
            both.listed = other.listed;
        }
        if both.together.is_empty() {
            both.together = other.together;
        }
        both
    }

    /// Whether a verb puts each thing in its place, and does nothing else: `routes`, `triage`.
    pub fn places(verb: &str) -> bool {
        ["rout", "triag", "dispatch", "assign"].iter().any(|start| verb.to_lowercase().starts_with(start))
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

/// The names of the list that begins at a piece, and where it ends.
fn group_at<'a>(pieces: &[Piece<'a>], start: usize) -> (Vec<&'a str>, usize) {
    let (mut names, mut end, mut at) = (Vec::new(), start, start);
    while let Some(piece) = pieces.get(at) {
        match piece {
            Piece::Column(name) => {
                // Two that nothing joins are no list: `body queue vorhersagen`.
                if at > start && at == end {
                    break;
                }
                names.push(*name);
                end = at + 1;
            }
            Piece::Sign(',' | '/' | '+' | '&' | '、' | '，') if !names.is_empty() => {}
            Piece::Word(word)
                if !names.is_empty() && (JOINS.contains(&word.as_str()) || LITTLE[..1].contains(&word.as_str())) => {}
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
            Piece::Sign(':' | '=' | '：') => {}
            Piece::Sign('→') => words.push("→".into()),
            Piece::Column(_) | Piece::Sign(_) | Piece::End => break,
        }
    }
    words
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

/// `As the label`, `ist die Klasse`, `weglassen`, `から`.
fn said_behind(behind: &[String]) -> Option<Part> {
    const NOT: &[&str] = &["not", "nicht", "no", "non", "não", "ne", "pas"];
    const USED: &[&str] = &["use", "used", "verwenden", "benutzen", "nutzen", "verwendet", "usar", "utiliser", "usare"];
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
    let rest: Vec<&str> = words.map(String::as_str).collect();
    if NOT.contains(&first) && rest.first().is_some_and(|word| USED.contains(word)) {
        return Some(Part::Exclude);
    }
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
    // `Is not to be used`, `wird nicht verwendet`.
    let word = rest.iter().find(|word| !LITTLE.contains(word))?;
    let at = rest.iter().position(|other| other == word)?;
    // What the word itself is said of ends there: `as text classification`.
    let goes_on = rest
        .get(at + 1)
        .is_some_and(|next| ["classification", "classifier", "regression", "weights", "embeddings"].contains(next));
    (LABELS.contains(word) || INPUTS.contains(word)).then(|| of_part(word)).flatten().filter(|_| !goes_on)
}

/// `The text is in the column`, `label:`, `predict`, `escludi`.
fn said_before(before: &[String], behind: &[String]) -> Option<Part> {
    const FOR: &[&str] = &["for", "für", "pour", "per", "para"];
    let at = before.iter().position(|word| !is_little(word))?;
    let (little, word) = (&before[..at], before[at].as_str());
    if word == "→" && little.is_empty() {
        return Some(Part::Label);
    }
    let ends = behind.first().is_none_or(|next| GO_ON.contains(&next.as_str()));
    if PREDICTS.contains(&word) {
        return ends.then_some(Part::Label);
    }
    // For a column a model is made; `class weights for queue` are none.
    if FOR.contains(&word) {
        let makes = before[at + 1..].iter().any(|word| MAKERS.iter().any(|maker| word.starts_with(maker)));
        return (ends && makes).then_some(Part::Label);
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

/// Whether names behind a verb of reading are all that is read: `don't use age` says the contrary, `use age, too` nothing of the others,
/// and `use the date to split` is about rows.
fn are_read(before: &[String], behind: &[String]) -> bool {
    const NOT: [&str; 8] = ["not", "t", "dont", "never", "no", "without", "also", "additionally"];
    const ALSO: [&str; 3] = ["too", "also", "well"];
    let tells = |word: &String| PREDICTS.contains(&word.as_str()) || ["tell", "classify"].contains(&word.as_str());
    let goes_on = match behind {
        [] => true,
        [to, verb, ..] if to == "to" => tells(verb),
        [first, ..] => READ_ON.contains(&first.as_str()),
    };
    let is_negated = before.iter().take(2).any(|word| NOT.contains(&word.as_str()));
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
fn opens_a_list(before: &[Piece<'_>]) -> bool {
    const COLUMNS: [&str; 7] = ["columns", "fields", "spalten", "colonnes", "columnas", "colunas", "colonne"];
    const FILES: [&str; 9] = ["csv", "tsv", "jsonl", "json", "parquet", "table", "file", "data", "dataset"];
    let is_file = |piece: Option<&Piece<'_>>| matches!(piece, Some(Piece::Word(word)) if FILES.contains(&word.as_str()));
    let calls_columns = |piece: &Piece<'_>| matches!(piece, Piece::Word(word) if COLUMNS.contains(&word.as_str()));
    let mut last = before.iter().rev();
    match last.next() {
        Some(Piece::Sign('(' | '（' | '[')) => true,
        Some(piece) if calls_columns(piece) => true,
        Some(Piece::Sign(':')) => {
            let named = last.next();
            named.is_some_and(calls_columns) || is_file(named)
        }
        Some(Piece::Word(word)) if ["has", "have", "holds", "contains", "with"].contains(&word.as_str()) => is_file(last.next()),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
