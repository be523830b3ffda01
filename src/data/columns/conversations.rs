//! Columns of conversations, and of answers of which one is preferred.

use super::LABELS;
use crate::data::read::{ColumnKind, Table};
use crate::data::{Error, Result};
use crate::spec::{Columns, Task};

/// Names of columns of whole conversations, likeliest first.
const CONVERSATIONS: [&str; 4] = ["messages", "conversations", "conversation", "dialog"];

/// Names of columns that make a question, with those of its answer, likeliest first. Of the former those after the first may be lacking.
const ANSWERED: [(&[&str], &[&str]); 5] = [
    (&["prompt"], &["completion", "response", "answer", "output", "chosen"]),
    (&["instruction", "input", "context"], &["output", "response", "completion", "answer"]),
    (&["question", "context"], &["answer", "response", "output"]),
    (&["query"], &["response", "answer", "output"]),
    (&["input"], &["output", "target", "response"]),
];

/// What the system says, where a data set has such a column.
const SYSTEM: &str = "system";

/// The columns of conversations: one of lists of turns; or those of a question, and as the label that of the answer.
pub(super) fn conversations(table: &Table, asked: &Columns) -> Result<Columns> {
    let has = |name: &str| table.columns().iter().any(|column| column.name == name);
    let named = |names: &[&str]| names.iter().filter(|name| has(name)).map(|name| name.to_string()).collect::<Vec<_>>();
    if !asked.input.is_empty() {
        for name in asked.input.iter().chain(&asked.label) {
            table.column(name)?;
        }
        return Ok(asked.clone());
    }
    let nested = |name: &str| table.columns().iter().any(|c| c.name == name && is_nested(&c.kind));
    if let (Some(name), None) = (CONVERSATIONS.iter().find(|name| nested(name)), &asked.label) {
        return Ok(Columns { input: vec![name.to_string()], ..Columns::default() });
    }
    let fits = |(question, answer): &(&[&str], &[&str])| {
        let answer = match &asked.label {
            Some(label) => table.column(label).ok().map(|column| column.name.clone()),
            None => answer.iter().find(|name| has(name)).map(|name| name.to_string()),
        };
        let first = question.first().is_some_and(|name| has(name));
        let input = named(&[&[SYSTEM][..], question].concat());
        answer.filter(|_| first).map(|label| Columns { input, label: Some(label), ..Columns::default() })
    };
    let unclear =
        || Error::ChooseColumn { path: table.path().into(), role: "conversation, or question and answer", have: table.names() };
    ANSWERED.iter().find_map(fits).ok_or_else(unclear)
}

/// Names of columns of what two answers are to, likeliest first.
const PROMPTS: [&str; 6] = ["prompt", "conversations", "messages", "question", "instruction", "input"];

/// Names of the better answer and of the other one.
const PREFERRED: [(&str, &str); 3] = [("chosen", "rejected"), ("preferred", "dispreferred"), ("better", "worse")];

/// The columns of a prompt, if there are any, then that of the better answer and that of the other.
pub(super) fn preferences(table: &Table, asked: &Columns) -> Result<Columns> {
    let has = |name: &str| table.columns().iter().any(|column| column.name == name);
    let unclear =
        || Error::ChooseColumn { path: table.path().into(), role: "better answer and which the other", have: table.names() };
    if !asked.input.is_empty() {
        for name in &asked.input {
            table.column(name)?;
        }
        return if asked.input.len() >= 2 {
            Ok(Columns { input: asked.input.clone(), ..Columns::default() })
        } else {
            Err(unclear())
        };
    }
    let (better, other) = PREFERRED.iter().find(|(better, other)| has(better) && has(other)).ok_or_else(unclear)?;
    let prompt = PROMPTS.iter().find(|name| has(name));
    // What is to be done, and with what.
    let more = Some(&"input").filter(|name| prompt.is_some_and(|prompt| *prompt == "instruction") && has(name));
    let system = Some(&SYSTEM).filter(|name| prompt.is_some() && has(name));
    let input = system.into_iter().chain(prompt).chain(more).chain([better, other]).map(|name| name.to_string()).collect();
    Ok(Columns { input, ..Columns::default() })
}

pub(super) fn is_nested(kind: &ColumnKind) -> bool {
    matches!(kind, ColumnKind::List(_) | ColumnKind::Object(_))
}

/// What a table's columns are for by their names, where they are conversations.
pub(in crate::data) fn task_of(table: &Table) -> Option<Task> {
    let asked = Columns::default();
    let is_label = |name: &str| LABELS.contains(&name);
    if preferences(table, &asked).is_ok() {
        return Some(Task::PreferenceOptimization);
    }
    // What has a column of classes is for telling them apart, whatever its texts are called.
    let found = conversations(table, &asked).ok().filter(|_| !table.columns().iter().any(|column| is_label(&column.name)));
    let texts = |found: &Columns| {
        found.input.iter().chain(&found.label).all(|name| {
            table.column(name).is_ok_and(|c| (c.kind == ColumnKind::Text || is_nested(&c.kind)) && c.classes.is_none())
        })
    };
    found.filter(texts).map(|_| Task::InstructionTuning)
}
