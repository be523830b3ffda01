//! Rows that are used at all, by the rules of the experiment.

use super::{Cell, Column, ColumnKind, Table};
use crate::data::features::{Comma, category, dates, number};
use crate::data::{Error, Result};
use crate::spec::{Border, RowRule, RowTest};
use std::cmp::Ordering;

/// A rule with the column that it is of.
pub(super) struct Kept {
    pub(super) rule: RowRule,
    /// Class names, where the file knows them.
    classes: Option<Vec<String>>,
    comma: Comma,
}

/// The rules of a table.
///
/// # Errors
/// A column is not there, or holds no texts, numbers or dates; a bound is neither.
pub(super) fn rules(table: &Table, rules: &[RowRule]) -> Result<Vec<Kept>> {
    let of = |rule: &RowRule| {
        let column: &Column = table.column_of(&rule.column, "texts, numbers or dates, by which rows are chosen", |kind| {
            matches!(kind, ColumnKind::Text | ColumnKind::Int | ColumnKind::Float)
        })?;
        if let Some(bound) = rule.test.bound().filter(|bound| bound.number().is_none() && bound.date().is_none()) {
            return Err(Error::RowBound { path: table.path().into(), column: rule.column.clone(), found: bound.to_string() });
        }
        Ok(Kept { rule: rule.clone(), classes: column.classes.clone(), comma: table.comma(&rule.column) })
    };
    rules.iter().map(of).collect()
}

impl Kept {
    /// Whether a row with this cell is used.
    pub(super) fn keeps(&self, cell: &Cell) -> bool {
        self.meets(cell) != self.rule.leave_out
    }

    fn meets(&self, cell: &Cell) -> bool {
        let compared = |bound: &Border| compare(cell, bound, self.comma);
        match &self.rule.test {
            RowTest::Empty => category(cell).is_none(),
            RowTest::Is { values } => self.says(cell).is_some_and(|said| values.iter().any(|value| are_same(value, &said))),
            RowTest::AtLeast { bound } => compared(bound).is_some_and(Ordering::is_ge),
            RowTest::Above { bound } => compared(bound).is_some_and(Ordering::is_gt),
            RowTest::AtMost { bound } => compared(bound).is_some_and(Ordering::is_le),
            RowTest::Below { bound } => compared(bound).is_some_and(Ordering::is_lt),
        }
    }

    fn says(&self, cell: &Cell) -> Option<String> {
        let class = match (cell, &self.classes) {
            (Cell::Int(at), Some(classes)) => usize::try_from(*at).ok().and_then(|at| classes.get(at)).cloned(),
            _ => None,
        };
        class.or_else(|| category(cell).map(|said| said.into_owned()))
    }
}

/// Whether a cell says a value, however it writes it.
pub(in crate::data) fn are_same(value: &str, said: &str) -> bool {
    const SO: [&str; 5] = ["true", "yes", "1", "t", "y"];
    const NOT: [&str; 5] = ["false", "no", "0", "f", "n"];
    let [value, said] = [value, said].map(|text| text.trim().to_lowercase());
    // `3` of a column of real numbers.
    let numbers = || Some((value.parse::<f64>().ok()?, said.parse::<f64>().ok()?));
    value == said
        || matches!(value.as_str(), "true" | "yes") && SO.contains(&said.as_str())
        || matches!(value.as_str(), "false" | "no") && NOT.contains(&said.as_str())
        || numbers().is_some_and(|(one, other)| one == other)
}

/// How a cell lies to a number or a date; a whole year is also a number. None where it says no such thing.
fn compare(cell: &Cell, bound: &Border, comma: Comma) -> Option<Ordering> {
    let either = dates(cell);
    if let (Some(bound), [Some(when), _] | [_, Some(when)]) = (bound.date(), either) {
        return Some(when.cmp(&bound));
    }
    number(cell, comma).filter(|number| number.is_finite())?.partial_cmp(&bound.number()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(header_and_rows: &str, rule: RowRule) -> Vec<String> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.csv");
        std::fs::write(&path, header_and_rows).expect("written");
        let mut table = Table::open(&path).expect("a table");
        table.keep(&[rule]).expect("rules that fit");
        assert_eq!(table.count().expect("counted"), table.rows(&[]).expect("rows").count());
        let name = |row: Result<super::super::Row>| match row.expect("a row").cells.remove(0) {
            Cell::Text(name) => name,
            other => other.in_words(),
        };
        table.rows(&["name"]).expect("rows").map(name).collect()
    }

    const TABLE: &str =
        "name,age,city,seen,bot\na,61,Bonn,2024-03-01,True\nb,60,ULM,2023-12-31,False\nc,,Jena,2024-01-01,False\n";

    fn rule(column: &str, test: RowTest, leave_out: bool) -> RowRule {
        RowRule { column: column.into(), test, leave_out }
    }

    #[test]
    fn rows_that_a_rule_says_are_used() {
        let is = |values: &[&str]| RowTest::Is { values: values.iter().map(|value| value.to_string()).collect() };
        let bound = Border::new;
        for (own, expected) in [
            (rule("age", RowTest::Above { bound: bound("60") }, false), "a"),
            (rule("age", RowTest::Above { bound: bound("60") }, true), "bc"),
            (rule("age", RowTest::AtLeast { bound: bound("60") }, false), "ab"),
            (rule("age", RowTest::Below { bound: bound("61") }, false), "b"),
            (rule("age", RowTest::Empty, true), "ab"),
            (rule("city", is(&["ulm", "Bonn"]), false), "ab"),
            (rule("bot", is(&["true"]), true), "bc"),
            (rule("seen", RowTest::AtLeast { bound: bound("2024") }, false), "ac"),
            (rule("seen", RowTest::AtMost { bound: bound("2023-12-31") }, false), "b"),
        ] {
            assert_eq!(used(TABLE, own.clone()).concat(), expected, "{own:?}");
        }
    }

    #[test]
    fn rules_that_do_not_fit_are_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.csv");
        std::fs::write(&path, TABLE).expect("written");
        let mut table = Table::open(&path).expect("a table");
        let error = table.keep(&[rule("agee", RowTest::Empty, false)]).expect_err("no column").to_string();
        assert!(error.contains("no column `agee`"), "{error}");
        let error =
            table.keep(&[rule("age", RowTest::Above { bound: Border::new("old") }, false)]).expect_err("no bound").to_string();
        assert!(error.contains("`old`"), "{error}");
    }
}
