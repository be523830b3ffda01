//! Columns of questions about texts, and of their answers.

use super::texts::{texts_beside, the_long_one};
use super::{check_input, named, words};
use crate::data::read::{Cell, Column, ColumnKind, Table};
use crate::data::{Error, Result};
use crate::spec::Columns;

/// Names that stand for a text that questions are about, likeliest first.
pub(in crate::data) const CONTEXTS: [&str; 4] = ["context", "passage", "paragraph", "text"];
/// Names that stand for answers, and for where each begins in its text, likeliest first.
const ANSWERS: [&str; 4] = ["answers", "answer_text", "answer", "answer_texts"];
const STARTS: [&str; 3] = ["answer_start", "answer_starts", "start"];

/// How a column tells answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::data) enum AnswersIn {
    /// With the place at which each begins.
    Places,
    /// By their words alone; the places, where they are told, in this column.
    Words { start: Option<String> },
}

/// How the answers of this column are told.
///
/// # Errors
/// It is not there, or holds something else.
pub(in crate::data) fn answers_in(table: &Table, label: &str) -> Result<AnswersIn> {
    let column = table.column(label)?;
    if holds_places(column) {
        return Ok(AnswersIn::Places);
    }
    if holds_words(column) {
        let start = STARTS.iter().find_map(|name| named(table, name)).map(|column| column.name.clone());
        return Ok(AnswersIn::Words { start });
    }
    Err(table.other_than("answers, as texts or with `text` and `answer_start`", column))
}

/// Whether a column holds answers by their words and where they begin.
fn holds_places(column: &Column) -> bool {
    let is = |kind: &ColumnKind| matches!(kind, ColumnKind::Object(names) if ["text", "answer_start"].iter().all(|name| names.iter().any(|n| n == name)));
    match &column.kind {
        ColumnKind::List(Some(of)) => is(of),
        kind => is(kind),
    }
}

/// Whether a column holds answers by their words. What looks like numbers in a text file may be such.
fn holds_words(column: &Column) -> bool {
    matches!(column.kind, ColumnKind::Text | ColumnKind::Int | ColumnKind::Float | ColumnKind::List(None))
        || column.kind.is_list_of(&[ColumnKind::Text])
}

/// The columns of questions and of the texts that they are about, and that of answers.
pub(super) fn answered(table: &Table, asked: &Columns) -> Result<Columns> {
    let unclear = |role: &'static str| Error::ChooseColumn { path: table.path().into(), role, have: table.listed() };
    let first = |names: &[&str]| names.iter().find_map(|name| named(table, name));
    let label = match &asked.label {
        Some(name) => name.clone(),
        None => usual(table).ok_or_else(|| unclear("answers"))?.name.clone(),
    };
    answers_in(table, &label)?;
    let input = match asked.input.as_slice() {
        [] | [_] => {
            let question = first(&["question"]).or_else(|| only_with(table, &["question", "questions"], &label));
            let context = |question: &Column| text_of(table, question, &label, asked.input.as_slice());
            let both = question.and_then(|question| Some(vec![question.name.clone(), context(question)?]));
            both.ok_or_else(|| unclear("question and its text"))?
        }
        // In whatever order they were named.
        [text, question] if !asks(text) && asks(question) => vec![question.clone(), text.clone()],
        [_, _] => asked.input.clone(),
        _ => return Err(unclear("question and its text, two columns in this order")),
    };
    check_input(table, &input)?;
    Ok(Columns { input, label: Some(label), ..Columns::default() })
}

/// Whether a name is that of questions.
fn asks(name: &str) -> bool {
    words(name).iter().any(|word| matches!(word.as_str(), "question" | "questions"))
}

/// The only column of texts beside the answers with one of these words in its name.
fn only_with<'a>(table: &'a Table, of: &[&str], label: &str) -> Option<&'a Column> {
    let has = |column: &&Column| {
        column.kind == ColumnKind::Text
            && column.name != label
            && words(&column.name).iter().any(|word| of.contains(&word.as_str()))
    };
    let mut found = table.columns().iter().filter(has);
    found.next().filter(|_| found.next().is_none())
}

/// The column of the text that questions are about: the one that was named beside them, one of a usual name, else the only one with such
/// a word in its name, else the only other text, else the only long one.
fn text_of(table: &Table, question: &Column, label: &str, named_inputs: &[String]) -> Option<String> {
    let is_other = |name: &String| *name != question.name && name != label;
    if let Some(named) = named_inputs.iter().find(|name| is_other(name)) {
        return Some(named.clone());
    }
    let usual = CONTEXTS.iter().find_map(|name| named(table, name)).or_else(|| only_with(table, &CONTEXTS, label));
    if let Some(column) = usual.filter(|column| is_other(&column.name)) {
        return Some(column.name.clone());
    }
    let texts: Vec<String> = texts_beside(table, label, &[]).into_iter().filter(is_other).collect();
    match texts.as_slice() {
        [only] => Some(only.clone()),
        several => the_long_one(table, several).ok().flatten(),
    }
}

/// The column of answers by its name: one that tells their places before one that does not.
fn usual(table: &Table) -> Option<&Column> {
    let known = || ANSWERS.iter().filter_map(|name| named(table, name));
    known().find(|column| holds_places(column)).or_else(|| known().find(|column| holds_words(column)))
}

/// Whether questions about texts are answered: where each answer begins is told, or most of them stand in their texts.
///
/// # Errors
/// The table cannot be read.
pub(in crate::data) fn is_answered(table: &Table, asked: &Columns) -> Result<bool> {
    const SAMPLE: usize = 200;
    let Some(question) = named(table, "question") else { return Ok(false) };
    if table.columns().iter().any(holds_places) {
        return Ok(true);
    }
    let context = CONTEXTS.iter().find_map(|name| named(table, name)).filter(|column| column.kind == ColumnKind::Text);
    let answer = usual(table).filter(|column| asked.label.as_ref().is_none_or(|label| *label == column.name));
    let (Some(context), Some(answer)) = (context, answer) else { return Ok(false) };
    if !asked.input.is_empty() && asked.input != [question.name.clone(), context.name.clone()] {
        return Ok(false);
    }
    if answers_in(table, &answer.name)? != (AnswersIn::Words { start: None }) {
        return Ok(true);
    }
    let (mut answers, mut within) = (0usize, 0usize);
    for row in table.rows(&[&context.name, &answer.name])?.take(SAMPLE) {
        let row = row?;
        let [Cell::Text(context), answer] = row.cells.as_slice() else { continue };
        let words = match answer {
            Cell::Text(words) => words,
            Cell::List(all) => match all.first() {
                Some(Cell::Text(words)) => words,
                _ => continue,
            },
            _ => continue,
        };
        answers += 1;
        within += usize::from(context.to_lowercase().contains(&words.trim().to_lowercase()));
    }
    Ok(answers > 0 && 2 * within > answers)
}
