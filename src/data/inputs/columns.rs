//! Which columns of a table a model is asked about, where nobody said so: those of the data that it was trained on, without a label.

use crate::data::columns::{CONTEXTS, SENTENCES, all_there, is_name, is_text_alone, is_usual_label, usual_texts};
use crate::data::read::{Column, ColumnKind, Table};
use crate::data::{Error, Result};
use crate::job::Feeding;
use crate::spec::Task;
use tallow_zoo::Modality;

/// Names of columns that a model that writes is asked, likeliest first.
const ASKED: [&str; 10] =
    ["text", "prompt", "source", "question", "instruction", "input", "sentence", "article", "document", "dialogue"];

/// The columns of the input, in the model's order.
///
/// # Errors
/// One that is asked for is not there, or it cannot be told which one is meant.
pub(super) fn find(table: &Table, asked: &[String], feeding: &Feeding) -> Result<Vec<String>> {
    if let Some(model) = &feeding.table {
        let numeric = model.numeric_columns.iter().map(|column| column.name.clone());
        let mut all: Vec<String> = numeric.chain(model.categorical_columns.iter().map(|column| column.name.clone())).collect();
        // A date is several numbers.
        all.dedup();
        all_there(table, &all)?;
        return Ok(all);
    }
    let unclear = |role: &'static str| Error::ChooseInput { path: table.path().into(), role, have: table.listed() };
    if !asked.is_empty() {
        all_there(table, asked)?;
        // A second one would be left out, or taken for what belongs to the first.
        let only = match feeding.task {
            task if task.takes() == Modality::Image => Some("image"),
            Task::SpeechRecognition => Some("recording"),
            Task::TokenClassification => Some("words"),
            Task::SentenceSimilarity | Task::MaskedLanguageModelling => Some("text"),
            _ => None,
        };
        return match only.filter(|_| asked.len() > 1) {
            Some(role) => Err(unclear(role)),
            None => Ok(asked.to_vec()),
        };
    }
    let called = |names: &[&str], fits: &dyn Fn(&Column) -> bool| {
        names.iter().find_map(|name| table.columns().iter().find(|column| column.name.eq_ignore_ascii_case(name) && fits(column)))
    };
    let of_kind = |fits: &dyn Fn(&Column) -> bool| -> Vec<String> {
        // The only column is what is asked about, whatever it is called.
        let is_answer = |name: &str| !is_text_alone(table) && (is_usual_label(name) || name.eq_ignore_ascii_case("answers"));
        let serves = |column: &&Column| fits(column) && !is_name(&column.name) && !is_answer(&column.name);
        table.columns().iter().filter(serves).map(|column| column.name.clone()).collect()
    };
    let is_text = |column: &Column| column.kind == ColumnKind::Text && column.classes.is_none();
    match feeding.task {
        Task::QuestionAnswering => {
            let found = called(&["question"], &is_text).zip(called(&CONTEXTS, &is_text));
            found.map(|(q, text)| vec![q.name.clone(), text.name.clone()]).ok_or_else(|| unclear("question and its text"))
        }
        Task::TokenClassification => {
            let lists = |column: &Column| column.kind.is_list_of(&[ColumnKind::Text]);
            let words = called(&SENTENCES, &lists).or_else(|| called(&["text", "sentence"], &is_text));
            words.map(|column| vec![column.name.clone()]).ok_or_else(|| unclear("words"))
        }
        task if task.takes() == Modality::Image => match of_kind(&|column| column.kind == ColumnKind::Image).as_slice() {
            [only] => Ok(vec![only.clone()]),
            several => {
                let usual = several.iter().find(|name| matches!(name.as_str(), "image" | "img"));
                usual.map(|name| vec![name.clone()]).ok_or_else(|| unclear("image"))
            }
        },
        Task::SpeechRecognition => match of_kind(&|column| column.kind == ColumnKind::Audio).as_slice() {
            [only] => Ok(vec![only.clone()]),
            _ => Err(unclear("recording")),
        },
        task if !task.answers() => {
            let usual = called(&ASKED, &is_text).map(|column| column.name.clone());
            // An instruction says little without what it is about, where there is such a column.
            let is_instruction = usual.as_ref().is_some_and(|name| name.eq_ignore_ascii_case("instruction"));
            let about = called(&["input"], &is_text).filter(|_| is_instruction).map(|column| column.name.clone());
            match (usual, of_kind(&is_text).as_slice()) {
                (Some(usual), _) => Ok([Some(usual), about].into_iter().flatten().collect()),
                (None, [only]) => Ok(vec![only.clone()]),
                (None, _) => Err(unclear("text")),
            }
        }
        Task::SentenceSimilarity | Task::MaskedLanguageModelling => {
            let texts = of_kind(&is_text);
            let usual = called(&["text", "sentence", "sentence1", "query", "anchor"], &is_text).map(|column| column.name.clone());
            match (texts.as_slice(), usual) {
                ([only], _) => Ok(vec![only.clone()]),
                (_, Some(usual)) => Ok(vec![usual]),
                _ => Err(unclear("text")),
            }
        }
        _ => {
            let texts = of_kind(&is_text);
            match (usual_texts(table), texts.as_slice()) {
                (Some(names), _) => Ok(names),
                (None, [_] | [_, _]) => Ok(texts),
                (None, _) => Err(unclear("text")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_a_model_is_asked_about() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("rows.csv");
        let find = |task: Task, header: &str, asked: &[&str]| {
            let rows = ["a fine film,seen at noon", "a dull film,seen at night", "a long film,not seen"];
            std::fs::write(&file, format!("{header}\n{}\n", rows.join("\n"))).expect("written");
            let feeding = Feeding::bare(task);
            let asked: Vec<String> = asked.iter().map(|name| name.to_string()).collect();
            super::find(&Table::open(&file).expect("a table"), &asked, &feeding)
        };
        let writes = |header: &str, asked: &[&str]| find(Task::LanguageModelling, header, asked).expect("columns");
        assert_eq!(writes("instruction,input", &[]), ["instruction", "input"], "the one says little without the other");
        assert_eq!(writes("question,input", &[]), ["question"]);
        assert_eq!(writes("review,rating", &[]), ["review"], "a label is no question");
        assert_eq!(writes("system,question", &["system", "question"]), ["system", "question"]);
        let refused = find(Task::SentenceSimilarity, "anchor,positive", &["anchor", "positive"]).expect_err("one at a time");
        assert!(refused.to_string().contains("cannot tell which column holds the text"), "{refused}");
        assert_eq!(find(Task::SentenceSimilarity, "anchor,positive", &["anchor"]).expect("one"), ["anchor"]);
    }
}
