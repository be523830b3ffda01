//! What of a data set's files whoever uses it should know, whatever it is for.

use super::{DataSpecHints, Located};
use crate::data::classes::name_of;
use crate::data::read::{ColumnKind, Table};
use crate::data::splits::{are_splits, is_split};
use std::collections::BTreeSet;

/// Of files that are left out, of each split's first table that has something odd, and of a column that says the split.
pub(super) fn notes(located: &Located, splits: &[(String, Vec<Table>)], hints: &DataSpecHints) -> Vec<String> {
    let mut notes = located.notes.clone();
    for (_, tables) in splits {
        notes.extend(tables.iter().map(Table::notes).find(|notes| !notes.is_empty()).into_iter().flatten());
    }
    let trained = splits.first().map(|(_, tables)| tables.as_slice()).unwrap_or_default();
    let columns = trained.first().map(Table::columns).unwrap_or_default();
    let texts =
        columns.iter().filter(|column| column.kind == ColumnKind::Text && hints.columns.label.as_ref() != Some(&column.name));
    notes.extend(texts.map(|column| &column.name).find(|name| says_split(trained, name)).map(|name| split_column_in_words(name)));
    notes
}

/// What is said of a column that says which split each row belongs to.
pub fn split_column_in_words(name: &str) -> String {
    format!(
        "`{name}` says which split each row belongs to, and is not heeded: a file for each split is, such as `train.csv` and `test.csv`"
    )
}

/// Whether every row of a column has the name of a split; what cannot be read is told of elsewhere.
fn says_split(tables: &[Table], column: &str) -> bool {
    let mut values = BTreeSet::new();
    for table in tables {
        let Ok(rows) = table.rows(&[column]) else { return false };
        for row in rows {
            match row.ok().and_then(|row| row.cells.first().and_then(name_of)) {
                Some(value) if is_split(&value) => drop(values.insert(value)),
                _ => return false,
            }
        }
    }
    are_splits(&values)
}
