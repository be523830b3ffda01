//! What a request says of columns that it calls by their own names, whatever grammar stands around them.
//!
//! The names are looked for in the words, and what stands at once before or behind each tells its part: `queue as label`, `Text steht in
//! Kundentext`, `entrada body`, `文本列是“评论”`. Where nothing does, nothing is said of it: a name alone is no wish.

mod again;
mod barred;
mod lists;
mod mentions;

use self::again::left_out_again;
use self::barred::{ORS, beside_negations, is_barred, is_negated};
use self::lists::{
    EXCLUDES, FITTING, GO_ON, INPUTS, JOINS, KNOWS, LABELS, LEFT_OUT, LITTLE, MAKERS, OF, OF_A_SPLIT, PLACES, PREDICTED,
    PREDICTIONS, PREDICTS, READ_ON, READS, ROWS, SOURCES, STATED, STATES, WANTS,
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
            let of_source = from_source(&pieces, at, end);
            let goes_in = || goes_in(&before, &pieces[end..]).then_some(Part::Input);
            let of_behind = of_source.or_else(|| said_behind(&after)).or_else(goes_in);
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

    /// Columns that have no part here, and that a negation stands beside: whoever says so does not want them read as the others are.
    pub fn shunned(&self, text: &str, names: &[&str]) -> Vec<String> {
        beside_negations(&pieces(text, names), self).into_iter().map(str::to_string).collect()
    }

    /// Whether words that name no column say no more than that something is told: `ground truth`, `dependent variable`.
    pub fn only_labels(words: &str) -> bool {
        let low = words.to_lowercase();
        let mut words = low.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).peekable();
        let is_own = |word: &str| [LABELS, STATED, LITTLE, STATES].iter().any(|list| list.contains(&word)) || word == "ground";
        words.peek().is_some() && words.all(is_own)
    }

    /// Whether words that name no column say no more than that something is not to be used.
    pub fn only_bars(words: &str) -> bool {
        let low = words.to_lowercase();
        let words = low.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        barred::only_bars(&words.collect::<Vec<_>>())
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
            Piece::Sign(',' | '/' | '+' | '&' | '、' | '，') if !names.is_empty() => {
                if has_and && !is_join(pieces.get(at + 1)) {
                    break;
                }
                is_joined = true;
            }
            piece if !names.is_empty() && is_join(Some(piece)) => (is_joined, has_and) = (true, true),
            Piece::Word(word) if !names.is_empty() && LITTLE[0] == word => {}
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

/// `As the label`, `ist die Klasse`, `weglassen`, `may not be used`, `から`.
fn said_behind(behind: &[String]) -> Option<Part> {
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
    if let Some(part) = barred::said_behind(behind) {
        return Some(part);
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
    let has = |list: &[&str]| rest.iter().take(6).any(|word| list.contains(word));
    let is_asked = rest.first() == Some(&"what") && has(KNOWS) && has(WANTS);
    if is_asked || says(&["of", "interest"]) || rest.first() == Some(&"y") && rest.len() == 1 {
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

/// `The text is in the column`, `label:`, `predict`, `escludi`.
fn said_before(before: &[String], behind: &[String]) -> Option<Part> {
    const FOR: &[&str] = &["for", "für", "pour", "per", "para"];
    let at = before.iter().position(|word| !is_little(word))?;
    let (little, word) = (&before[..at], before[at].as_str());
    if word == "→" && little.is_empty() {
        return Some(Part::Label);
    }
    let ends = behind.first().is_none_or(|next| GO_ON.contains(&next.as_str()));
    let further: Vec<&str> = before[at + 1..].iter().map(String::as_str).collect();
    if is_barred(before, behind) {
        return Some(Part::Exclude);
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
    if STATED.contains(&word) {
        let is_stated =
            little.iter().any(|word| ["=", "is", "are", "being", "equals", "called", "named"].contains(&word.as_str()));
        return is_stated.then_some(Part::Label);
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

/// Whether the verb before a list, whose words are the nearest first, is not to be done.
fn is_denied(before: &[String]) -> bool {
    const VERBS: [&str; 4] = ["take", "treat", "consider", "regard"];
    let mut words = before.iter().map(String::as_str).skip_while(|word| LITTLE.contains(word));
    let is_verb = words.next().is_some_and(|word| READS.contains(&word) || VERBS.contains(&word));
    is_verb && is_negated(&words.collect::<Vec<_>>())
}

/// `The outcome that we look at is`: a word for the label behind which somebody says what is done with it. `little` states what it is.
fn is_related(little: &[String], words: &[String]) -> bool {
    const WHO: [&str; 5] = ["we", "i", "you", "they", "everybody"];
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
    match word {
        "interested" => !is_negated(further),
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
fn from_source(pieces: &[Piece<'_>], start: usize, end: usize) -> Option<Part> {
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

/// Whether columns are named to say which rows are meant: `rows without an age`, `where the age is missing`.
fn chooses_rows(before: &[String]) -> bool {
    const CHOSEN: &[&str] = &["missing", "no", "where", "whose", "negative", "empty", "invalid", "duplicate", "duplicated"];
    let of_rows = |word: &String| {
        ROWS.iter().any(|row| word.starts_with(row)) || ["records", "examples", "lines", "entries"].contains(&word.as_str())
    };
    before.iter().take(3).any(|word| CHOSEN.contains(&word.as_str())) || before.iter().take(5).any(of_rows)
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
