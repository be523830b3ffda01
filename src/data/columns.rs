//! Which columns hold the input and the label, where nobody said so.

mod akin;
mod answered;
mod conversations;
mod pairs;
mod recordings;
mod tagged;

pub use akin::is_same_name;
pub(super) use answered::{AnswersIn, CONTEXTS, answers_in, is_answered};
pub(super) use conversations::task_of;
pub use pairs::PairKind;
pub(super) use pairs::is_of_pairs;
pub(super) use recordings::is_heard;
pub(super) use tagged::{SENTENCES, is_tagged};

use super::prepare::written_list;
use super::read::{Cell, Column, ColumnKind, Table};
use super::{Error, Result, classes, ordered, similar};
use crate::spec::{Columns, Task};
use akin::akin;
use answered::answered;
use conversations::{conversations, preferences};
use pairs::pairs;
use recordings::recordings;
use std::collections::BTreeSet;
use tagged::tagged;
use tallow_zoo::Modality;

/// Names that stand for a label, likeliest first.
const LABELS: [&str; 12] = [
    "label",
    "labels",
    "class",
    "target",
    "sentiment",
    "category",
    "fine_label",
    "coarse_label",
    "score",
    "similarity_score",
    "rating",
    "value",
];

/// Names that stand for texts where a table has many, likeliest first.
const TEXTS: [&[&str]; 9] = [
    &["sentence1", "sentence2"],
    &["premise", "hypothesis"],
    &["question1", "question2"],
    &["question", "sentence"],
    &["text"],
    &["sentence"],
    &["content"],
    &["review"],
    &["question", "passage"],
];

/// Most classes that a column without class names may have to be taken for the label.
const MOST_CLASSES: usize = 100;

/// Names that stand for a document, likeliest first.
const DOCUMENTS: [&str; 6] = ["text", "content", "document", "story", "article", "body"];

/// Words of somebody's that are columns where the data has such, by what they would be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PerhapsColumns {
    pub label: Vec<String>,
    pub input: Vec<String>,
    pub exclude: Vec<String>,
    /// Words of what is asked, of which one may be the label: `which patients are readmitted`.
    pub told: Vec<String>,
    /// Phrases that nothing else came of: of their words one may be a column, too, in another form of its name.
    pub open: Vec<String>,
    /// Whether a model of texts is asked for: of a table its texts are read then.
    pub reads_texts: bool,
}

impl PerhapsColumns {
    /// Takes the label and what is left out from those that the table has, where nothing was said as it is; the inputs, which say nothing
    /// of what the table is for.
    pub(super) fn settle(&self, table: &Table, asked: &mut Columns) -> Vec<String> {
        let there = |names: &[String]| -> Vec<String> {
            let mut found: Vec<String> = Vec::new();
            for column in names.iter().filter_map(|name| named(table, name)) {
                if !found.contains(&column.name) {
                    found.push(column.name.clone());
                }
            }
            found
        };
        // What somebody calls a column is not its name, which may stand beside it: `o preço (coluna price)`.
        let is_named = asked.label.as_ref().is_some_and(|label| named(table, label).is_some());
        if !is_named && asked.labels.is_empty() {
            let flags = self.label.iter().filter_map(|name| named(table, &format!("is_{name}")));
            let flags = flags.map(|column| column.name.clone());
            let said = there(&self.label).into_iter().chain(flags).next();
            let label = asked.label.as_ref().filter(|label| called(table, label).is_ok());
            // A name that some column is called by is no other's: `predict the house price, flag the area`.
            let is_in = |name: &String, label: &String| words(name).iter().any(|word| words(label).contains(word));
            let has_usual = || table.columns().iter().any(|column| is_usual(&column.name));
            let found = match label {
                Some(label) => said.filter(|name| is_in(name, label)),
                None if said.is_none() && !has_usual() => self.label_told(table),
                None => said,
            };
            asked.label = found.or(asked.label.take());
            // `Readmission` is told by `readmitted`.
            let unknown = asked.label.as_ref().filter(|label| called(table, label).is_err());
            if let Some(column) = unknown.and_then(|label| akin(table, label)) {
                asked.label = Some(column.name.clone());
            }
        }
        let label = asked.label.as_ref().and_then(|label| called(table, label).ok()).map(|column| column.name.clone());
        let is_other = |name: &String| label.as_ref() != Some(name);
        for name in there(&self.exclude).into_iter().chain(self.left_out_otherwise(table)).filter(is_other) {
            if !asked.exclude.contains(&name) {
                asked.exclude.push(name);
            }
        }
        if !asked.input.is_empty() {
            return vec![];
        }
        let input = there(&self.input).into_iter().filter(is_other).filter(|name| !asked.exclude.contains(name));
        // What a table is for is read from all of its columns, where nobody says what is told of it, unless they are listed.
        let input: Vec<String> = input.filter(|name| label.is_some() || !is_usual(name)).collect();
        if label.is_none() && input.len() < 2 {
            return vec![];
        }
        input
    }

    /// The only column that is asked for in passing: what is asked about may be one, too, of which there is another in each row.
    fn label_told(&self, table: &Table) -> Option<String> {
        let may_be_told = |column: &&Column| match column.kind {
            ColumnKind::Int | ColumnKind::Float => true,
            ColumnKind::Text => has_few_values(table, &column.name).unwrap_or(false),
            ColumnKind::Image | ColumnKind::Audio | ColumnKind::List(_) | ColumnKind::Object(_) | ColumnKind::Other(_) => false,
        };
        let columns = |names: &[String]| -> BTreeSet<String> {
            names.iter().filter_map(|name| named(table, name)).map(|column| column.name.clone()).collect()
        };
        let (input, exclude) = (columns(&self.input), columns(&self.exclude));
        // Who something is about is not what is told of it.
        let is_row = |column: &&Column| is_name(&column.name) || column.name.to_lowercase().ends_with("_id");
        let told = self.told.iter().filter_map(|name| named(table, name)).filter(may_be_told);
        let told: BTreeSet<String> = told
            .filter(|column| !is_row(column))
            .map(|column| column.name.clone())
            .filter(|name| !exclude.contains(name))
            .collect();
        let only = |mut names: BTreeSet<String>| names.pop_first().filter(|_| names.is_empty());
        // `Classify the class` may be about an input or a label.
        let others: BTreeSet<String> = told.difference(&input).cloned().collect();
        if others.is_empty() { only(told) } else { only(others) }
    }
}

/// Fills in what `asked` leaves open, and checks what it says. `class_columns` are those that the card gives class names for; without
/// a `task`, one with classes is meant.
///
/// # Errors
/// A column is not there or holds something else; it cannot be told which one is meant.
pub(super) fn resolve(table: &Table, asked: &Columns, class_columns: &[&str], task: Option<Task>) -> Result<Columns> {
    let columns = inputs_and_label(table, asked, class_columns, task)?;
    Ok(Columns { weight: asked.weight.clone(), ..columns })
}

fn inputs_and_label(table: &Table, asked: &Columns, class_columns: &[&str], task: Option<Task>) -> Result<Columns> {
    if task.is_some_and(Task::is_of_streams) {
        return documents(table, asked);
    }
    if task == Some(Task::TextToText) {
        return pairs(table, asked);
    }
    if task == Some(Task::SpeechRecognition) {
        return recordings(table, asked);
    }
    if task == Some(Task::InstructionTuning) {
        return conversations(table, asked);
    }
    if task == Some(Task::PreferenceOptimization) {
        return preferences(table, asked);
    }
    if task.is_some_and(|task| task.takes() == Modality::Table) {
        all_there(table, asked.input.iter().chain(&asked.label))?;
        return Ok(asked.clone());
    }
    if task == Some(Task::SentenceSimilarity) {
        return similar::columns(table, asked);
    }
    if task == Some(Task::QuestionAnswering) {
        return answered(table, asked);
    }
    if task == Some(Task::TokenClassification) {
        return tagged(table, asked);
    }
    if task == Some(Task::TextMultiLabel) || !asked.labels.is_empty() {
        return several_labels(table, asked);
    }
    let label = match &asked.label {
        Some(name) => called(table, name)?.name.clone(),
        None => find_label(table, &asked.input, class_columns)?,
    };
    let input = match asked.input.is_empty() {
        true => find_input(table, &label, &asked.exclude, task.is_some())?,
        false => asked.input.clone(),
    };
    check_input(table, &input)?;
    Ok(Columns { input, label: Some(label), ..Columns::default() })
}

/// A column that examples are drawn by holds numbers; of a file that does not say what its cells are, that is seen row by row.
///
/// # Errors
/// It is not there, or holds something else.
pub(super) fn can_weigh(table: &Table, name: &str) -> Result<()> {
    let none = |_| Error::NoWeightColumn { path: table.path().into(), column: name.into(), have: table.names() };
    let column = table.column(name).map_err(none)?;
    match column.kind {
        ColumnKind::Int | ColumnKind::Float | ColumnKind::Text => Ok(()),
        ColumnKind::Image | ColumnKind::Audio | ColumnKind::List(_) | ColumnKind::Object(_) | ColumnKind::Other(_) => {
            let (path, found) = (table.path().into(), column.kind.in_words());
            Err(Error::ColumnKind { path, column: name.into(), expected: "numbers, by which examples are drawn", found })
        }
    }
}

/// Columns where an example may have several labels: those of 0 and 1 that are named, or one that lists them, or all of 0 and 1.
fn several_labels(table: &Table, asked: &Columns) -> Result<Columns> {
    for name in &asked.labels {
        let column = table.column(name)?;
        if column.kind != ColumnKind::Int {
            let found = column.kind.in_words();
            return Err(Error::ColumnKind { path: table.path().into(), column: name.clone(), expected: "0 and 1", found });
        }
    }
    let listed = |name: &str| Ok::<_, Error>(Columns { label: Some(table.column(name)?.name.clone()), ..asked.clone() });
    let found = match (&asked.label, asked.labels.is_empty()) {
        (Some(label), true) => listed(label)?,
        (_, false) => Columns { label: None, ..asked.clone() },
        (None, true) => match (list_of_labels(table), flags(table)?) {
            (Some(label), _) => listed(&label)?,
            (None, flags) if flags.len() > 1 => Columns { labels: flags, ..asked.clone() },
            (None, _) => listed(&find_label(table, &asked.input, &[])?)?,
        },
    };
    if let Some(column) = found.label.as_ref().and_then(|label| table.column(label).ok())
        && let ColumnKind::List(Some(of)) = &column.kind
        && matches!(**of, ColumnKind::Object(_) | ColumnKind::List(_))
    {
        let (path, found) = (table.path().into(), column.kind.in_words());
        return Err(Error::ColumnKind { path, column: column.name.clone(), expected: "lists of names or numbers", found });
    }
    let input = match asked.input.is_empty() {
        true => find_input(table, found.label.as_deref().unwrap_or_default(), &asked.exclude, false)?,
        false => asked.input.clone(),
    };
    check_input(table, &input)?;
    Ok(Columns { input, ..found })
}

/// The only column of lists of names or numbers, or among several the one with a label's name.
fn list_of_labels(table: &Table) -> Option<String> {
    let is_list = |column: &&Column| column.kind.is_list_of(&[ColumnKind::Text, ColumnKind::Int]);
    let lists: Vec<&Column> = table.columns().iter().filter(is_list).collect();
    let usual = || LABELS.iter().find_map(|name| lists.iter().find(|column| column.name.eq_ignore_ascii_case(name)));
    match lists.as_slice() {
        [only] => Some(only.name.clone()),
        _ => usual().map(|column| column.name.clone()),
    }
}

/// The columns of nothing but 0 and 1, in the file's order.
fn flags(table: &Table) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for column in table.columns().iter().filter(|column| column.kind == ColumnKind::Int) {
        if sample(table, &column.name, classes::name_of)?.0.iter().all(|value| matches!(value.as_str(), "0" | "1")) {
            found.push(column.name.clone());
        }
    }
    Ok(found)
}

/// Whether the labels of an example are several: a list of them, or columns of 0 and 1 beside texts and nothing else.
pub(super) fn has_several_labels(table: &Table, asked: &Columns) -> Result<bool> {
    if !asked.labels.is_empty() {
        return Ok(true);
    }
    if let Some(label) = &asked.label {
        let column = called(table, label)?;
        return Ok(matches!(column.kind, ColumnKind::List(_)) || holds_written_lists(table, column)?);
    }
    let named = |column: &Column| LABELS.iter().any(|name| column.name.eq_ignore_ascii_case(name));
    let texts = table.columns().iter().filter(|column| column.kind == ColumnKind::Text && !is_name(&column.name)).count();
    if texts == 0 {
        return Ok(false);
    }
    if list_of_labels(table).is_some() {
        return Ok(!table.columns().iter().any(|column| named(column) && !matches!(column.kind, ColumnKind::List(_))));
    }
    for column in table.columns().iter().filter(|column| named(column)) {
        if holds_written_lists(table, column)? {
            return Ok(true);
        }
    }
    let others = table.columns().iter().filter(|column| column.kind != ColumnKind::Text && !is_name(&column.name)).count();
    Ok(others > 1 && !table.columns().iter().any(named) && flags(table)?.len() == others)
}

/// Whether the texts of a column are lists of labels written down: all of them in brackets, or fewer names between strokes than there
/// are cells of them.
fn holds_written_lists(table: &Table, column: &Column) -> Result<bool> {
    if column.kind != ColumnKind::Text {
        return Ok(false);
    }
    let (cells, _) = sample(table, &column.name, classes::name_of)?;
    if cells.is_empty() || cells.iter().all(|cell| written_list(cell).is_some()) {
        return Ok(!cells.is_empty());
    }
    let parts: BTreeSet<&str> = cells.iter().flat_map(|cell| cell.split('|').map(str::trim)).collect();
    Ok(cells.iter().any(|cell| cell.contains('|')) && parts.len() < cells.len())
}

/// Whether a name is one that stands for a label.
fn is_usual(name: &str) -> bool {
    LABELS.iter().any(|usual| name.eq_ignore_ascii_case(usual))
}

/// Whether a column may be what `name` says, however its words are parted and whether they are large or small: `Source Text` for
/// `source_text`; several words are those of a longer name, too: `body mass` of `body_mass_g`.
pub fn is_called(column: &str, name: &str) -> bool {
    let (own, wanted) = (words(column), words(name));
    own.concat() == wanted.concat() || wanted.len() > 1 && wanted.iter().all(|word| own.contains(word))
}

/// The column that [`is_called`] so; of several that hold its words none.
fn named<'a>(table: &'a Table, name: &str) -> Option<&'a Column> {
    let exact = table.columns().iter().find(|column| column.name == name);
    let exact = exact.or_else(|| table.columns().iter().find(|column| words(&column.name).concat() == words(name).concat()));
    let mut like = table.columns().iter().filter(|column| is_called(&column.name, name));
    exact.or_else(|| like.next().filter(|_| like.next().is_none()))
}

/// The column of that name; else the only one with these words in its name, as people say it: `body mass` for `body_mass_g`; else the
/// only one that has none but some of them; else the only one that ends as they do; else the one that stands there: `the last column`; else the only one that a
/// slip of the keyboard makes it: `speceis` for `species`.
///
/// # Errors
/// There is none, or several: the message lists those that there are.
pub(super) fn called<'a>(table: &'a Table, name: &str) -> Result<&'a Column> {
    let wanted = words(name);
    let only = |fits: &dyn Fn(&[String]) -> bool| {
        let mut found = table.columns().iter().filter(|column| fits(&words(&column.name)));
        found.next().filter(|_| !wanted.is_empty() && found.next().is_none())
    };
    let exact = table.columns().iter().find(|column| column.name == name);
    let found = exact.or_else(|| only(&|words| words.concat() == wanted.concat()));
    let found = found.or_else(|| only(&|words| wanted.iter().all(|word| words.contains(word))));
    // What is counted, not what it is counted by: `revenue per user` for `revenue`.
    let found = found.or_else(|| {
        let (of, _) = name.split_once(" per ")?;
        only(&|own| own.concat() == words(of).concat())
    });
    // The other way round: `house price` for `price`, or for `SalePrice`, whose last word says what it is, too.
    let found = found.or_else(|| only(&|words| !words.is_empty() && words.iter().all(|word| wanted.contains(word))));
    let found = found.or_else(|| only(&|words| wanted.len() > 1 && words.last() == wanted.last()));
    let found = found.or_else(|| placed(table, &wanted));
    let slip = |words: &[String]| is_slip(&words.concat(), &wanted.concat());
    found.or_else(|| only(&slip)).map_or_else(|| table.column(name), Ok)
}

/// The column of a place among all.
fn placed<'a>(table: &'a Table, wanted: &[String]) -> Option<&'a Column> {
    let (place, of) = wanted.split_first()?;
    let all = table.columns();
    let column = match place.as_str() {
        "first" | "1st" => all.first(),
        "second" | "2nd" => all.get(1),
        "third" | "3rd" => all.get(2),
        "fourth" | "4th" => all.get(3),
        "fifth" | "5th" => all.get(4),
        "last" | "final" => all.last(),
        _ => None,
    };
    column.filter(|_| matches!(of, []) || matches!(of, [only] if only == "column" || only == "field"))
}

/// The words of a name in lower case: `sale`, `price` of `SalePrice`.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for part in text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()) {
        let mut was_small = false;
        words.push(String::new());
        for letter in part.chars() {
            if letter.is_uppercase() && was_small {
                words.push(String::new());
            }
            was_small = letter.is_lowercase();
            words.last_mut().into_iter().for_each(|word| word.extend(letter.to_lowercase()));
        }
    }
    words
}

/// Whether one letter too many, too few, another, or two in the wrong order make the one of the other. Of short names that is chance,
/// and another digit is another column.
fn is_slip(name: &str, written: &str) -> bool {
    const SHORTEST: usize = 4;
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let long = name.chars().count().min(written.chars().count()) >= SHORTEST;
    long && digits(name) == digits(written) && strsim::osa_distance(name, written) == 1
}

/// # Errors
/// Some of the columns are not there: all of them are named.
pub(super) fn all_there<'a>(table: &Table, wanted: impl IntoIterator<Item = &'a String>) -> Result<()> {
    let missing: Vec<String> = wanted.into_iter().filter(|name| table.column(name).is_err()).cloned().collect();
    match missing.as_slice() {
        [] => Ok(()),
        [only] => table.column(only).map(|_| ()),
        _ => Err(Error::NoColumns { path: table.path().into(), columns: missing, have: table.names() }),
    }
}

/// The columns of text that have the usual names, if the table has such.
pub(super) fn usual_texts(table: &Table) -> Option<Vec<String>> {
    usual_among(table, &|_| true)
}

/// As [`usual_texts`], of these columns.
fn usual_among(table: &Table, may: &dyn Fn(&str) -> bool) -> Option<Vec<String>> {
    let is_text = |column: &&Column| column.kind == ColumnKind::Text && may(&column.name);
    let text = |name: &&str| named(table, name).filter(is_text).map(|column| column.name.clone());
    TEXTS.into_iter().find_map(|names| names.iter().map(text).collect())
}

/// The one column of texts that are documents.
fn documents(table: &Table, asked: &Columns) -> Result<Columns> {
    let unclear = || Error::ChooseColumn { path: table.path().into(), role: "text", have: table.names() };
    if let Some(label) = &asked.label {
        let found = format!("`{label}`");
        let expected = "no label: a language model tells the words of its input";
        return Err(Error::ColumnKind { path: table.path().into(), column: label.clone(), expected, found });
    }
    let texts: Vec<&str> = table.columns().iter().filter(|c| c.kind == ColumnKind::Text).map(|c| c.name.as_str()).collect();
    let usual = || DOCUMENTS.iter().find_map(|name| texts.iter().find(|text| text.eq_ignore_ascii_case(name))).copied();
    let name = match (asked.input.as_slice(), texts.as_slice()) {
        ([one], _) => one.clone(),
        ([], [only]) => only.to_string(),
        ([], _) => usual().ok_or_else(unclear)?.to_string(),
        _ => return Err(unclear()),
    };
    let columns = Columns { input: vec![name], ..Columns::default() };
    check_input(table, &columns.input)?;
    match is_image(table, &columns) {
        true => Err(unclear()),
        false => Ok(columns),
    }
}

/// Whether a row is one text and nothing else.
pub(super) fn is_text_alone(table: &Table) -> bool {
    matches!(table.columns(), [column] if column.kind == ColumnKind::Text)
}

/// Whether the input is an image.
pub(super) fn is_image(table: &Table, columns: &Columns) -> bool {
    columns.input.first().and_then(|name| table.column(name).ok()).is_some_and(|c| c.kind == ColumnKind::Image)
}

fn check_input(table: &Table, input: &[String]) -> Result<()> {
    for name in input {
        let column = table.column(name)?;
        let good = match &column.kind {
            ColumnKind::Text => true,
            ColumnKind::Image => input.len() == 1,
            // What looks like numbers in a CSV file is text all the same.
            ColumnKind::Int | ColumnKind::Float => table.path().extension().is_none_or(|e| e != "parquet"),
            ColumnKind::Audio | ColumnKind::List(_) | ColumnKind::Object(_) | ColumnKind::Other(_) => false,
        };
        if !good {
            let found = column.kind.in_words();
            return Err(Error::ColumnKind {
                path: table.path().into(),
                column: name.clone(),
                expected: "texts or images",
                found,
            });
        }
    }
    match input.len() {
        1 | 2 => Ok(()),
        _ => Err(Error::ChooseColumn { path: table.path().into(), role: "one input, or two texts", have: input.to_vec() }),
    }
}

pub(super) fn find_label(table: &Table, input: &[String], class_columns: &[&str]) -> Result<String> {
    let columns: Vec<&Column> = table.columns().iter().filter(|c| !input.contains(&c.name)).collect();
    let by_name = |columns: &[&Column]| {
        LABELS.iter().find_map(|l| columns.iter().find(|c| c.name.eq_ignore_ascii_case(l)).map(|c| c.name.clone()))
    };
    let known: Vec<&Column> =
        columns.iter().filter(|c| c.classes.is_some() || class_columns.contains(&c.name.as_str())).copied().collect();
    if let [only] = known[..] {
        return Ok(only.name.clone());
    }
    if let Some(name) = by_name(&known).or_else(|| by_name(&columns)) {
        return Ok(name);
    }
    // A column of few values, if it is the only one.
    let candidates: Vec<&Column> =
        columns.iter().copied().filter(|c| matches!(c.kind, ColumnKind::Int | ColumnKind::Text)).collect();
    let mut few = Vec::new();
    for column in candidates {
        if has_few_values(table, &column.name)? {
            few.push(column.name.clone());
        }
    }
    // Else one of numbers, if it is the only one.
    let mut numbers = columns.iter().filter(|c| c.kind == ColumnKind::Float);
    match (few.as_slice(), numbers.next(), numbers.next()) {
        ([only], ..) => Ok(only.clone()),
        ([], Some(only), None) => Ok(only.name.clone()),
        _ => Err(Error::ChooseColumn { path: table.path().into(), role: "label", have: table.names() }),
    }
}

/// Whether a column holds measurements rather than classes.
pub(super) fn is_measured(table: &Table, column: &str) -> Result<bool> {
    Ok(classes::are_measured(&sample(table, column, classes::name_of)?.0))
}

/// The distinct values of the first rows, as `of` names them, and how many rows these are.
fn sample(table: &Table, column: &str, of: fn(&Cell) -> Option<String>) -> Result<(BTreeSet<String>, usize)> {
    let (mut values, mut seen) = (BTreeSet::new(), 0);
    for row in table.rows(&[column])?.take(2000) {
        seen += 1;
        values.extend(row?.cells.first().and_then(of));
    }
    Ok((values, seen))
}

fn has_few_values(table: &Table, column: &str) -> Result<bool> {
    let (values, seen) = sample(table, column, classes::name_of)?;
    Ok(values.len() >= 2 && values.len() <= MOST_CLASSES && values.len() * 2 <= seen)
}

/// Whether a column numbers the rows.
pub(super) fn is_name(name: &str) -> bool {
    matches!(name.to_lowercase().as_str(), "id" | "idx" | "index" | "guid" | "uuid")
}

/// The columns that are read to tell the label. `by_length`: among several texts the only long one is meant, where texts were asked for.
fn find_input(table: &Table, label: &str, exclude: &[String], by_length: bool) -> Result<Vec<String>> {
    let of_kind = |kind: ColumnKind| -> Vec<String> {
        table
            .columns()
            .iter()
            .filter(|c| c.kind == kind && c.name != label && !exclude.contains(&c.name))
            .map(|c| c.name.clone())
            .collect()
    };
    let unclear = |have: Vec<String>| Error::ChooseColumn { path: table.path().into(), role: "input", have };
    let images = of_kind(ColumnKind::Image);
    match images.as_slice() {
        [] => {}
        [only] => return Ok(vec![only.clone()]),
        several => {
            let usual = several.iter().find(|name| matches!(name.to_lowercase().as_str(), "image" | "img"));
            return usual.map(|name| vec![name.clone()]).ok_or_else(|| unclear(several.to_vec()));
        }
    }
    let texts = texts_beside(table, label, exclude);
    let usual = usual_among(table, &|name| texts.iter().any(|text| text == name));
    match (texts.as_slice(), usual) {
        ([_], None) => Ok(texts),
        ([a, b], None) => {
            let category = category_of(table, [a, b])?.cloned();
            Ok(texts.into_iter().filter(|name| category.as_ref() != Some(name)).collect())
        }
        (_, Some(usual)) => Ok(usual),
        (several, None) if by_length => Ok(vec![the_long_one(table, several)?.ok_or_else(|| unclear(table.names()))?]),
        _ => Err(unclear(table.names())),
    }
}

/// The columns of texts that may be read to tell the label.
fn texts_beside(table: &Table, label: &str, exclude: &[String]) -> Vec<String> {
    let may = |c: &&Column| c.kind == ColumnKind::Text && c.name != label && !exclude.contains(&c.name) && !is_name(&c.name);
    let mut texts: Vec<String> = table.columns().iter().filter(may).map(|c| c.name.clone()).collect();
    if texts.len() > 1 {
        // When something was written is no text.
        let times = ordered::columns_of_time(table);
        texts.retain(|name| !times.contains(name));
    }
    texts
}

/// Words of a text that is one of sentences, and no name or title, at least.
const LONG: f64 = 8.0;

/// Words of a text, in the mean over those that differ.
fn words_of_each(table: &Table, column: &str) -> Result<f64> {
    let (values, _) = sample(table, column, classes::name_of)?;
    let words: usize = values.iter().map(|value| value.split_whitespace().count()).sum();
    Ok(words as f64 / values.len().max(1) as f64)
}

/// The only long text among several.
fn the_long_one(table: &Table, texts: &[String]) -> Result<Option<String>> {
    let mut long = Vec::new();
    for name in texts {
        if words_of_each(table, name)? >= LONG {
            long.push(name.clone());
        }
    }
    Ok(long.pop().filter(|_| long.is_empty()))
}

/// Whether a table holds a text to read beside its numbers and categories: a long one, or of those that are `named` one that is no
/// category.
pub(super) fn holds_text(table: &Table, asked: &Columns, named: &[String]) -> Result<bool> {
    const FEW_WORDS: f64 = 3.0;
    let named = if asked.input.is_empty() { named } else { &asked.input };
    let label = asked.label.as_ref().and_then(|label| called(table, label).ok()).map_or("", |column| column.name.as_str());
    for name in texts_beside(table, label, &asked.exclude) {
        let words = words_of_each(table, &name)?;
        let is_text = match named.is_empty() {
            true => words >= LONG,
            false => named.contains(&name) && (words >= FEW_WORDS || !has_few_values(table, &name)?),
        };
        if is_text {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the only text that is read is one among several, of which none has a usual name.
pub(super) fn is_one_of_several(table: &Table, read: &Columns, exclude: &[String]) -> bool {
    let texts = texts_beside(table, read.label.as_deref().unwrap_or_default(), exclude);
    let usual = usual_among(table, &|name| texts.iter().any(|text| text == name));
    read.input.len() == 1 && texts.len() > 1 && usual.is_none()
}

/// The columns of a table that a text is read from, which are not read: all but the input, the label and what was not wanted anyway.
pub(super) fn unread(table: &Table, read: &Columns, exclude: &[String]) -> Vec<String> {
    let is_read = |name: &String| read.input.contains(name) || read.label.as_ref() == Some(name) || read.labels.contains(name);
    table.names().into_iter().filter(|name| !is_read(name) && !exclude.contains(name) && !name.is_empty()).collect()
}

/// Of two texts the one that is one of a few words, where the other has many values: a category beside it, and no second text of a pair.
fn category_of<'a>(table: &Table, [a, b]: [&'a String; 2]) -> Result<Option<&'a String>> {
    let is_word = |name: &str| -> Result<bool> {
        let (values, _) = sample(table, name, classes::name_of)?;
        Ok(values.iter().all(|value| value.split_whitespace().count() == 1))
    };
    Ok(match (has_few_values(table, a)?, has_few_values(table, b)?) {
        (true, false) if is_word(a)? => Some(a),
        (false, true) if is_word(b)? => Some(b),
        _ => None,
    })
}

/// The column that was not taken for the second text of a pair, where nobody named the inputs that were found.
///
/// # Errors
/// As reading it.
pub(super) fn left_beside(table: &Table, found: &Columns, exclude: &[String]) -> Result<Option<String>> {
    let (Some(label), [input]) = (&found.label, found.input.as_slice()) else { return Ok(None) };
    match texts_beside(table, label, exclude).as_slice() {
        [a, b] if a == input || b == input => Ok(category_of(table, [a, b])?.filter(|category| *category != input).cloned()),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests;
