//! Which columns hold the input and the label, where nobody said so.

mod akin;
mod answered;
mod chosen;
mod conversations;
mod naming;
mod pairs;
mod perhaps;
mod recordings;
mod roles;
mod several;
mod tagged;
mod texts;

pub use akin::is_same_name;
pub(super) use answered::{AnswersIn, CONTEXTS, answers_in, is_answered};
pub(super) use conversations::task_of;
pub(super) use naming::{all_there, called};
pub use naming::{is_alike, is_called};
pub use pairs::PairKind;
pub(super) use pairs::is_of_pairs;
pub use perhaps::PerhapsColumns;
pub(super) use recordings::is_heard;
pub use roles::Roles;
pub(super) use several::has_several_labels;
pub(super) use tagged::{SENTENCES, is_tagged};
pub(super) use texts::{
    holds_phrases, holds_text, is_one_of_several, is_text, left_beside, texts_beside, unread, usual_texts, words_of_each,
};

use super::features::{Strays, category, number};
use super::read::{Cell, Column, ColumnKind, Table};
use super::{Error, Result, classes, similar};
use crate::spec::{Columns, Task};
use answered::answered;
use conversations::{conversations, preferences};
use naming::{named, words};
use pairs::pairs;
use recordings::recordings;
use several::several_labels;
use std::collections::BTreeSet;
use tagged::tagged;
use tallow_zoo::Modality;
use texts::find_input;

/// Names that stand for a label, likeliest first.
const LABELS: [&str; 13] = [
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
    // Of pairs of questions, as the Quora data set has it.
    "is_duplicate",
];

/// Most classes that a column without class names may have to be taken for the label.
const MOST_CLASSES: usize = 100;

/// Names that stand for a document, likeliest first.
const DOCUMENTS: [&str; 6] = ["text", "content", "document", "story", "article", "body"];

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
        None => find_label(table, &asked.with_part(), class_columns)?,
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
    let none = |_| Error::NoWeightColumn { path: table.path().into(), column: name.into(), have: table.listed() };
    let column = table.column(name).map_err(none)?;
    match column.kind {
        ColumnKind::Int | ColumnKind::Float | ColumnKind::Text => Ok(()),
        ColumnKind::Image | ColumnKind::Audio | ColumnKind::List(_) | ColumnKind::Object(_) | ColumnKind::Other(_) => {
            Err(table.other_than("numbers, by which examples are drawn", column))
        }
    }
}

/// Whether a name is one that stands for a label.
pub(super) fn is_usual_label(name: &str) -> bool {
    LABELS.iter().any(|usual| name.eq_ignore_ascii_case(usual)) || ends_as_a_label(name)
}

/// Whether a longer name ends as those of labels do: `gold_label`.
fn ends_as_a_label(name: &str) -> bool {
    let words = words(name);
    words.len() > 1 && words.last().is_some_and(|last| matches!(last.as_str(), "label" | "labels" | "target"))
}

/// The one column of texts that are documents.
fn documents(table: &Table, asked: &Columns) -> Result<Columns> {
    let unclear = || Error::ChooseColumn { path: table.path().into(), role: "text", have: table.listed() };
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
            return Err(table.other_than("texts or images", column));
        }
    }
    match input.len() {
        1 | 2 => Ok(()),
        _ => Err(Error::ChooseColumn { path: table.path().into(), role: "one input, or two texts", have: input.to_vec() }),
    }
}

/// The label by what it is called, or by the classes that file or card give it; none of those that are `taken` for something else.
pub(super) fn find_named_label(table: &Table, taken: &[String], class_columns: &[&str]) -> Option<String> {
    let columns: Vec<&Column> = table.columns().iter().filter(|c| !taken.contains(&c.name)).collect();
    let by_name = |columns: &[&Column]| {
        LABELS.iter().find_map(|l| columns.iter().find(|c| c.name.eq_ignore_ascii_case(l)).map(|c| c.name.clone()))
    };
    let known: Vec<&Column> =
        columns.iter().filter(|c| c.classes.is_some() || class_columns.contains(&c.name.as_str())).copied().collect();
    if let [only] = known[..] {
        return Some(only.name.clone());
    }
    // One whose name ends so, if it is the only one.
    let mut ending = columns.iter().filter(|column| ends_as_a_label(&column.name));
    let only_ending = || ending.next().filter(|_| ending.next().is_none()).map(|column| column.name.clone());
    by_name(&known).or_else(|| by_name(&columns)).or_else(only_ending)
}

/// The same, else the only column that by its values may be the label; what is read or left out, which is `taken`, never is.
pub(super) fn find_label(table: &Table, taken: &[String], class_columns: &[&str]) -> Result<String> {
    if let Some(name) = find_named_label(table, taken, class_columns) {
        return Ok(name);
    }
    let columns: Vec<&Column> = table.columns().iter().filter(|c| !taken.contains(&c.name)).collect();
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
    let mut numbers = Vec::new();
    for column in columns.iter().filter(|_| few.is_empty()) {
        if column.kind == ColumnKind::Float || column.kind == ColumnKind::Text && holds_numbers(table, &column.name)? {
            numbers.push(&column.name);
        }
    }
    match (few.as_slice(), numbers.as_slice()) {
        ([only], _) => Ok(only.clone()),
        ([], [only]) => Ok(only.to_string()),
        _ => Err(Error::ChooseColumn { path: table.path().into(), role: "label", have: table.listed() }),
    }
}

/// Whether a column of texts is one of numbers as people write them, `$ 61,687.00`, but for a few cells that stand for nothing.
fn holds_numbers(table: &Table, column: &str) -> Result<bool> {
    let (comma, mut strays) = (table.comma(column), Strays::default());
    for row in table.rows(&[column])?.take(SAMPLE) {
        let row = row?;
        if let Some((cell, said)) = row.cells.first().and_then(|cell| Some((cell, category(cell)?))) {
            strays.take(&said, number(cell, comma));
        }
    }
    Ok(strays.leave_numbers(true))
}

/// Whether a column holds measurements rather than classes, beside which a few cells may stand for nothing.
pub(super) fn is_measured(table: &Table, column: &str) -> Result<bool> {
    let (mut names, mut strays) = (BTreeSet::new(), Strays::default());
    for row in table.rows(&[column])?.take(SAMPLE) {
        let Some(name) = row?.cells.first().and_then(classes::class_of) else { continue };
        let number = name.parse::<f64>().ok().filter(|number| number.is_finite());
        strays.take(&name, number);
        names.extend(number.map(|_| name));
    }
    Ok(strays.leave_numbers(true) && classes::are_measured(&names))
}

/// Rows that are looked at.
const SAMPLE: usize = 2000;

/// The distinct values of the first rows, as `of` names them, and how many rows these are.
fn sample(table: &Table, column: &str, of: fn(&Cell) -> Option<String>) -> Result<(BTreeSet<String>, usize)> {
    let (mut values, mut seen) = (BTreeSet::new(), 0);
    for row in table.rows(&[column])?.take(SAMPLE) {
        seen += 1;
        values.extend(row?.cells.first().and_then(of));
    }
    Ok((values, seen))
}

pub(super) fn has_few_values(table: &Table, column: &str) -> Result<bool> {
    let (values, seen) = sample(table, column, classes::name_of)?;
    Ok(values.len() >= 2 && values.len() <= MOST_CLASSES && values.len() * 2 <= seen)
}

/// Whether a column numbers the rows.
pub(super) fn is_name(name: &str) -> bool {
    matches!(name.to_lowercase().as_str(), "id" | "idx" | "index" | "guid" | "uuid")
}

#[cfg(test)]
mod tests;
