//! Labels that nobody names: said in passing, or taken for what they are called or hold.

use super::{DataSpecHints, task_told};
use crate::data::columns::{self, Roles, is_usual_label};
use crate::data::read::Table;
use crate::data::{Error, Result};
use crate::plan::DataFacts;
use crate::spec::Task;
use crate::words::quoted;

/// Tasks whose answer is a column of its own among others.
const OF_A_COLUMN: [Task; 5] = [
    Task::TextClassification,
    Task::TextRegression,
    Task::TabularClassification,
    Task::TabularRegression,
    Task::ImageClassification,
];

/// The column that is said in passing, where an answer is told of texts or rows, and why it is meant where no words name it.
pub(super) fn label_in_passing(
    first: &Table,
    hints: &DataSpecHints,
    class_columns: &[&str],
) -> Result<Option<(String, Option<String>)>> {
    let (perhaps, asked) = (&hints.perhaps, &hints.columns);
    let may_be_meant = match hints.task {
        _ if asked.label.is_some() || !asked.labels.is_empty() => false,
        None => task_told(first, asked)?.is_none(),
        Some(task) => matches!(
            task,
            Task::TextClassification | Task::TextRegression | Task::TabularClassification | Task::TabularRegression
        ),
    };
    Ok(if may_be_meant { perhaps.in_passing(first, asked, class_columns) } else { None })
}

/// Where a request names columns and none of its words says which is the label, none is guessed by its values: it would be another
/// experiment than what was meant.
///
/// # Errors
/// There are such columns, and a label would only be guessed.
pub(super) fn no_guess(first: &Table, hints: &DataSpecHints, class_columns: &[&str]) -> Result<()> {
    let (perhaps, asked) = (&hints.perhaps, &hints.columns);
    let is_answered = matches!(
        hints.task,
        None | Some(Task::TextClassification | Task::TextRegression | Task::TabularClassification | Task::TabularRegression)
    );
    let is_there = |name: &String| columns::called(first, name).is_ok();
    let is_said = asked.label.is_some() || !asked.labels.is_empty() || perhaps.label.iter().any(is_there);
    let says_role = |roles: &columns::Roles| !roles.label.is_empty() || !roles.listed.is_empty() || !roles.together.is_empty();
    if !is_answered || is_said || says_role(&perhaps.roles(first)) || hints.task.is_none() && task_told(first, asked)?.is_some() {
        return Ok(());
    }
    let taken = perhaps.taken(first, asked);
    if perhaps.label_told(first).is_some() || columns::find_named_label(first, &taken, class_columns).is_some() {
        return Ok(());
    }
    let loose = perhaps.loose(first, asked);
    // Of texts those that are read are named so.
    let texts = columns::texts_beside(first, "", &taken);
    let are_told = loose.iter().any(|name| !texts.contains(name) || columns::has_few_values(first, name).unwrap_or(false));
    match are_told {
        true => Err(Error::NoLabel { path: first.path().into(), columns: loose }),
        false => Ok(()),
    }
}

/// What is told of a label that a request names in no way, where its name does not say outright that it is one.
pub(super) fn guessed(facts: &DataFacts, hints: &DataSpecHints, class_columns: &[String]) -> Option<String> {
    const OUTRIGHT: [&str; 3] = ["label", "labels", "target"];
    let is_said = hints.columns.label.is_some() || !hints.columns.labels.is_empty();
    if is_said || hints.perhaps.says.is_empty() {
        return None;
    }
    let labels = &facts.columns.labels;
    if labels.len() > 1 {
        return Some(format!("data.columns.labels: {}, the columns of 0 and 1, for nothing says what is told", quoted(labels)));
    }
    let label = facts.columns.label.as_ref().filter(|_| facts.task.is_some_and(|task| OF_A_COLUMN.contains(&task)))?;
    if class_columns.contains(label) || OUTRIGHT.iter().any(|name| label.eq_ignore_ascii_case(name)) {
        return None;
    }
    let why = if is_usual_label(label) { "labels are called so" } else { "no other column looks like one" };
    let is_named = hints.perhaps.says.iter().any(|text| !Roles::mentioned(text, &[label.as_str()]).is_empty());
    let said = if is_named { "the request names it" } else { "nothing says what is told" };
    Some(format!("data.columns.label: `{label}`, for {said}, and {why}"))
}
