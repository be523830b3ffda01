//! A table parted into what a model may see and what is right: for those who must not see the latter.

use super::read::{Cell, Column, ColumnKind, Table};
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
    let told = table.column(answer)?;
    let seen: Vec<&Column> = table.columns().iter().filter(|column| column.name != answer).collect();
    let columns: Vec<&str> = seen.iter().map(|column| column.name.as_str()).chain([answer]).collect();
    let mut parted = Parted { inputs: Vec::new(), answers: Vec::new() };
    for row in table.rows(&columns)? {
        let mut row = row?;
        let wrong = |name: &str, cell: &Cell| {
            let what = format!("`{name}`: expected a number or a text, found {}", cell.in_words());
            Error::Unreadable { path: path.into(), position: Some(row.position.clone()), what }
        };
        let last = row.cells.pop().unwrap_or(Cell::Null);
        match cell_value(told, &last) {
            Some(told @ (Value::Number(_) | Value::String(_))) => parted.answers.push(told),
            _ => return Err(wrong(answer, &last)),
        }
        let mut input = Map::new();
        for (column, cell) in seen.iter().zip(&row.cells) {
            let cell = cell_value(column, cell).ok_or_else(|| wrong(&column.name, cell))?;
            input.insert(column.name.clone(), cell);
        }
        parted.inputs.push(input.into());
    }
    Ok(parted)
}

/// Files of text have their numbers as texts; what is none in a column that began with numbers stays the text that it is.
pub(super) fn cell_value(column: &Column, cell: &Cell) -> Option<Value> {
    match (&column.kind, cell) {
        (ColumnKind::Int | ColumnKind::Float, Cell::Text(text)) => {
            let whole = text.trim().parse::<i64>().map(|whole| json!(whole)).ok();
            let number = || text.trim().parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| json!(number));
            Some(whole.or_else(number).unwrap_or_else(|| json!(text)))
        }
        _ => value(cell),
    }
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
        assert!(without_answers(&path, "y").expect_err("no answer").to_string().contains("found nothing"));
        // Numbers, and far below a text.
        let rows = "1,1,0\n".repeat(5000);
        std::fs::write(&path, format!("x,n,y\n{rows}n/a,2,1\n2,unknown,1\n")).expect("written");
        let parted = without_answers(&path, "n").expect("parted");
        assert_eq!(parted.inputs[4999..], [json!({"x": 1, "y": 0}), json!({"x": "n/a", "y": 1}), json!({"x": 2, "y": 1})]);
        assert_eq!(parted.answers[4999..], [json!(1), json!(2), json!("unknown")]);
        std::fs::write(&path, "x,y\n1,2.5\n2,\n").expect("written");
        assert!(without_answers(&path, "z").expect_err("no column").to_string().contains('z'));
    }
}
