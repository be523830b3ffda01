//! A table parted into what a model may see and what is right: for those who must not see the latter.

use super::read::{Cell, Table};
use super::{Error, Result};
use serde_json::{Map, Value, json};
use std::path::Path;

/// A table's rows without one column, and that column.
#[derive(Debug, Clone, PartialEq)]
pub struct Parted {
    /// One object a row.
    pub inputs: Vec<Value>,
    /// Numbers or texts.
    pub answers: Vec<Value>,
}

/// Parts the table at `path` (CSV, TSV, JSON lines, Parquet).
///
/// # Errors
/// It cannot be read, has no such column, holds images or recordings, or a row has no answer.
pub fn without_answers(path: &Path, answer: &str) -> Result<Parted> {
    let table = Table::open(path)?;
    table.column(answer)?;
    let names: Vec<String> = table.columns().iter().map(|column| column.name.clone()).filter(|name| name != answer).collect();
    let columns: Vec<&str> = names.iter().map(String::as_str).chain([answer]).collect();
    let mut parted = Parted { inputs: Vec::new(), answers: Vec::new() };
    for row in table.rows(&columns)? {
        let mut row = row?;
        let wrong = |what: String| Error::Unreadable { path: path.into(), position: Some(row.position.clone()), what };
        let told = row.cells.pop().unwrap_or(Cell::Null);
        let told = match value(&told) {
            Some(told @ (Value::Number(_) | Value::String(_))) => told,
            _ => return Err(wrong(format!("`{answer}`: expected a number or a text, found {}", told.in_words()))),
        };
        let mut input = Map::new();
        for (name, cell) in names.iter().zip(&row.cells) {
            let cell =
                value(cell).ok_or_else(|| wrong(format!("`{name}`: expected numbers and texts, found {}", cell.in_words())))?;
            input.insert(name.clone(), cell);
        }
        parted.inputs.push(input.into());
        parted.answers.push(told);
    }
    Ok(parted)
}

fn value(cell: &Cell) -> Option<Value> {
    Some(match cell {
        Cell::Null => Value::Null,
        Cell::Int(number) => json!(number),
        Cell::Float(number) => json!(number),
        Cell::Text(text) => json!(text),
        Cell::List(cells) => cells.iter().map(value).collect::<Option<Vec<_>>>()?.into(),
        Cell::Object(cells) => {
            let fields = cells.iter().map(|(name, cell)| Some((name.clone(), value(cell)?)));
            fields.collect::<Option<Map<_, _>>>()?.into()
        }
        Cell::Bytes(_) | Cell::File(_) | Cell::Other(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_apart() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.csv");
        std::fs::write(&path, "x,kind,y\n1,a,2.5\n2,b,\n").expect("written");
        let parted = without_answers(&path, "kind").expect("parted");
        assert_eq!(parted.inputs, [json!({"x": 1, "y": 2.5}), json!({"x": 2, "y": null})]);
        assert_eq!(parted.answers, [json!("a"), json!("b")]);
        assert!(without_answers(&path, "y").expect_err("no answer").to_string().contains("row 2"));
        assert!(without_answers(&path, "z").expect_err("no column").to_string().contains('z'));
    }
}
