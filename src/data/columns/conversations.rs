//! Columns of conversations, and of answers of which one is preferred.

use super::{LABELS, named};
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
    let own = |name: &&str| named(table, name).map(|column| column.name.clone());
    if !asked.input.is_empty() {
        for name in asked.input.iter().chain(&asked.label) {
            table.column(name)?;
        }
        return Ok(asked.clone());
    }
    let nested = |name: &&str| named(table, name).filter(|column| is_nested(&column.kind)).map(|column| column.name.clone());
    if let (Some(name), None) = (CONVERSATIONS.iter().find_map(nested), &asked.label) {
        return Ok(Columns { input: vec![name], ..Columns::default() });
    }
    let fits = |(question, answer): &(&[&str], &[&str])| {
        let answer = match &asked.label {
            Some(label) => table.column(label).ok().map(|column| column.name.clone()),
            None => answer.iter().find_map(own),
        };
        let first = question.first().and_then(own);
        let input = [&[SYSTEM][..], question].concat().iter().filter_map(own).collect();
        answer.filter(|_| first.is_some()).map(|label| Columns { input, label: Some(label), ..Columns::default() })
    };
    let unclear =
        || Error::ChooseColumn { path: table.path().into(), role: "conversation, or question and answer", have: table.listed() };
    ANSWERED.iter().find_map(fits).ok_or_else(unclear)
}

/// Names of columns of what two answers are to, likeliest first.
const ANSWERED_TO: [&str; 6] = ["prompt", "conversations", "messages", "question", "instruction", "input"];

/// Names of the better answer and of the other one.
const PREFERRED: [(&str, &str); 3] = [("chosen", "rejected"), ("preferred", "dispreferred"), ("better", "worse")];

/// The columns of a prompt, if there are any, then that of the better answer and that of the other.
pub(super) fn preferences(table: &Table, asked: &Columns) -> Result<Columns> {
    let own = |name: &&str| named(table, name).map(|column| column.name.clone());
    let unclear =
        || Error::ChooseColumn { path: table.path().into(), role: "better answer and which the other", have: table.listed() };
    if !asked.input.is_empty() {
        for name in &asked.input {
            table.column(name)?;
        }
        // Who names one of two answers means the other, too.
        let half_said = PREFERRED.iter().find_map(|(better, other)| {
            let (better, other) = own(better).zip(own(other))?;
            (asked.input.contains(&better) != asked.input.contains(&other)).then_some([better, other])
        });
        if let Some(both) = half_said {
            let prompt = asked.input.iter().filter(|name| !both.contains(name)).cloned();
            return Ok(Columns { input: prompt.chain(both.clone()).collect(), ..Columns::default() });
        }
        return if asked.input.len() >= 2 {
            Ok(Columns { input: asked.input.clone(), ..Columns::default() })
        } else {
            Err(unclear())
        };
    }
    let answers = PREFERRED.iter().find_map(|(better, other)| own(better).zip(own(other)));
    let (better, other) = answers.ok_or_else(unclear)?;
    let prompt = ANSWERED_TO.iter().find_map(|name| own(name).map(|own| (name, own)));
    // What is to be done, and with what.
    let more = prompt.as_ref().filter(|(name, _)| **name == "instruction").and_then(|_| own(&"input"));
    let system = prompt.as_ref().and_then(|_| own(&SYSTEM));
    let prompt = prompt.map(|(_, own)| own);
    let input = system.into_iter().chain(prompt).chain(more).chain([better, other]).collect();
    Ok(Columns { input, ..Columns::default() })
}

pub(super) fn is_nested(kind: &ColumnKind) -> bool {
    matches!(kind, ColumnKind::List(_) | ColumnKind::Object(_))
}

/// What a table's columns are for by their names, where they are conversations.
pub(in crate::data) fn task_of(table: &Table) -> Option<Task> {
    let asked = Columns::default();
    let is_label = |name: &str| LABELS.iter().any(|label| name.eq_ignore_ascii_case(label));
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
