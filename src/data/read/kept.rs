//! Rows that are used at all, by the rules of the experiment.

use super::{Cell, Column, ColumnKind, Table};
use crate::data::features::{Comma, DayOrder, category, dates, number};
use crate::data::{Error, Result};
use crate::spec::{Border, RowRule, RowTest};
use std::borrow::Cow;
use std::cmp::Ordering;

/// A rule with the column that it is of.
pub(super) struct Kept {
    pub(super) rule: RowRule,
    /// Class names, where the file knows them.
    classes: Option<Vec<String>>,
    comma: Comma,
    /// Which way its dates are read, as [`dates`] tells them.
    way: usize,
}

/// The rules of a table.
///
/// # Errors
/// A column is not there, or holds no texts, numbers or dates; a bound is neither; day and month cannot be told apart.
pub(super) fn rules(table: &Table, rules: &[RowRule]) -> Result<Vec<Kept>> {
    let of = |rule: &RowRule| {
        let column: &Column = table.column_of(&rule.column, "texts, numbers or dates, by which rows are chosen", |kind| {
            matches!(kind, ColumnKind::Text | ColumnKind::Int | ColumnKind::Float)
        })?;
        if let Some(bound) = rule.test.bound().filter(|bound| bound.number().is_none() && bound.date().is_none()) {
            return Err(Error::RowBound { path: table.path().into(), column: rule.column.clone(), found: bound.to_string() });
        }
        let is_date = rule.test.bound().is_some_and(|bound| bound.date().is_some());
        let way = if is_date { day_order(table, &rule.column)? } else { 0 };
        Ok(Kept { rule: rule.clone(), classes: column.classes.clone(), comma: table.comma(&rule.column), way })
    };
    rules.iter().map(of).collect()
}

/// Which way the dates of a column are read.
///
/// # Errors
/// Day and month cannot be told apart; a row cannot be read.
pub(in crate::data) fn day_order(table: &Table, column: &str) -> Result<usize> {
    let (mut order, mut unclear) = (DayOrder::default(), None);
    for row in table.rows(&[column])? {
        let row = row?;
        let Some(cell) = row.cells.into_iter().next() else { continue };
        let either = dates(&cell);
        if either == [None; 2] {
            continue;
        }
        let in_order = order.take(&either);
        if unclear.is_none() && (!in_order || either[0] != either[1]) {
            unclear = Some((row.position, cell.in_words()));
        }
        if !in_order {
            break;
        }
    }
    match (order.way(), unclear) {
        (Some(way), _) => Ok(way),
        (None, None) => Ok(0),
        (None, Some((position, found))) => {
            let expected = "a date whose day and month can be told apart, such as 2026-01-31";
            Err(Error::Time { path: table.path().into(), position, column: column.into(), expected, found })
        }
    }
}

impl Kept {
    /// Whether a row with this cell is used.
    pub(super) fn keeps(&self, cell: &Cell) -> bool {
        self.meets(cell) != self.rule.leave_out
    }

    fn meets(&self, cell: &Cell) -> bool {
        let cell = &*self.named(cell);
        let number = |bound: &Border| number(cell, self.comma).filter(|number| number.is_finite())?.partial_cmp(&bound.number()?);
        // Against the first moment of what the bound names, or the first behind it.
        let compared = |bound: &Border, is_behind: bool| match (dates(cell)[self.way], bound.date()) {
            (Some(when), Some(first)) => {
                let end = bound.end().filter(|_| is_behind);
                // What is at the end is already later than all that the bound names.
                Some(end.map_or(when.cmp(&first), |end| if when < end { Ordering::Less } else { Ordering::Greater }))
            }
            _ => number(bound),
        };
        match &self.rule.test {
            RowTest::Empty => category(cell).is_none(),
            RowTest::Is { values } => category(cell).is_some_and(|said| values.iter().any(|value| are_same(value, &said))),
            RowTest::AtLeast { bound } => compared(bound, false).is_some_and(Ordering::is_ge),
            RowTest::Above { bound } => compared(bound, true).is_some_and(Ordering::is_gt),
            RowTest::AtMost { bound } => compared(bound, true).is_some_and(Ordering::is_le),
            RowTest::Below { bound } => compared(bound, false).is_some_and(Ordering::is_lt),
        }
    }

    /// A cell by the name of its class, where it is the number of one.
    fn named<'a>(&self, cell: &'a Cell) -> Cow<'a, Cell> {
        let class = match (cell, &self.classes) {
            (Cell::Int(at), Some(classes)) => usize::try_from(*at).ok().and_then(|at| classes.get(at)),
            _ => None,
        };
        class.map_or(Cow::Borrowed(cell), |name| Cow::Owned(Cell::Text(name.clone())))
    }
}

/// Whether a cell says a value, however it writes it: `TRUE`, `3.0` for 3; `true` of a rule is also what else says so.
pub(in crate::data) fn are_same(value: &str, said: &str) -> bool {
    const SO: [&str; 5] = ["true", "yes", "1", "t", "y"];
    const NOT: [&str; 5] = ["false", "no", "0", "f", "n"];
    let [value, said] = [value, said].map(|text| text.trim().to_lowercase());
    // `3` of a column of real numbers.
    let numbers = || Some((value.parse::<f64>().ok()?, said.parse::<f64>().ok()?));
    value == said
        || value == "true" && SO.contains(&said.as_str())
        || value == "false" && NOT.contains(&said.as_str())
        || numbers().is_some_and(|(one, other)| one == other)
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
            (rule("seen", RowTest::AtMost { bound: bound("2023") }, false), "b"),
            (rule("seen", RowTest::Above { bound: bound("2023") }, false), "ac"),
            (rule("seen", RowTest::Above { bound: bound("2024-01") }, false), "a"),
            (rule("seen", RowTest::Above { bound: bound("2024-01-01") }, false), "a"),
            (rule("seen", RowTest::Below { bound: bound("2024-01-01") }, false), "b"),
        ] {
            assert_eq!(used(TABLE, own.clone()).concat(), expected, "{own:?}");
        }
    }

    #[test]
    fn day_and_month_are_read_as_the_column_tells_them() {
        let after_march = rule("seen", RowTest::Above { bound: Border::new("2024-03") }, false);
        assert_eq!(used("name,seen\na,03/04/2024\nb,25/03/2024\nc,04/03/2024\n", after_march.clone()).concat(), "a");
        assert_eq!(used("name,seen\na,03/04/2024\nb,03/25/2024\nc,04/03/2024\n", after_march.clone()).concat(), "c");
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.csv");
        std::fs::write(&path, "name,seen\na,03/04/2024\nb,04/03/2024\n").expect("written");
        let error = Table::open(&path).expect("a table").keep(&[after_march]).expect_err("either way").to_string();
        assert!(error.contains("told apart"), "{error}");
    }

    #[test]
    fn what_is_no_truth_is_compared_as_it_is() {
        assert!(are_same("true", "1") && are_same("False", "n") && are_same("3", "3.0"));
        assert!(!are_same("NO", "N") && !are_same("yes", "y") && !are_same("1", "true"));
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
