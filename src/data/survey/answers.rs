//! The answers of a split, counted: classes, labels, spans and numbers, and whether there are any.

use crate::data::classes::{self, Classes, Label, MOST_CLASSES};
use crate::data::features::{Strays, category, number};
use crate::data::prepare::{labels_in, may_be_none};
use crate::data::read::{Cell, Position, Row, Table};
use crate::data::{Error, Result};
use crate::spec::Columns;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What the answers of a split are.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) rows: usize,
    /// Of these, rows without an answer.
    pub(super) missing: usize,
    /// Whether there is any that is not kept secret.
    pub(super) any: bool,
    /// Classes, where they are such.
    pub(super) names: BTreeSet<String>,
    /// Rows whose cell of several labels is blank.
    none: usize,
    /// Of numbers the first two that differ, and cells that are none.
    pub(super) values: Vec<f64>,
    strays: Strays,
}

impl Answers {
    /// Counts the rows and has `take` look at these cells of each. A table that lacks one of the columns is counted alone, if it `may`.
    fn of(
        tables: &[Table],
        columns: &[&str],
        may_lack: bool,
        mut take: impl FnMut(&mut Answers, &Table, Row) -> Result<()>,
    ) -> Result<Answers> {
        let mut found = Answers::default();
        for table in tables {
            if may_lack && columns.iter().any(|name| table.column(name).is_err()) {
                found.rows += table.count()?;
                continue;
            }
            for row in table.rows(columns)? {
                found.rows += 1;
                take(&mut found, table, row?)?;
            }
        }
        Ok(found)
    }

    /// Rows that are examples: where any is answered, those that are not are none.
    pub(super) fn examples(&self) -> usize {
        if self.any { self.rows - self.missing } else { self.rows }
    }

    /// What there is to say of those that are none, or have none.
    pub(super) fn note(&self, split: &str, label: &str) -> Option<String> {
        let (missing, rows, none) = (self.missing, self.rows, self.none);
        if self.any && none > 0 {
            return Some(format!("{none} of {rows} rows of `{split}` have a blank `{label}`: none of the labels holds of them"));
        }
        let strays = self.strays.in_words();
        let told = || format!("{missing} of {rows} rows of `{split}` are left out, for they have no `{label}`{strays}");
        (self.any && missing > 0).then(told)
    }

    /// # Errors
    /// There are more classes than any data has.
    fn check_classes(&self, table: &Table, column: &str, expected: &'static str) -> Result<()> {
        match self.names.len() > MOST_CLASSES {
            true => {
                let (path, column) = (table.path().to_path_buf(), column.to_string());
                Err(Error::ColumnKind { path, column, expected, found: "more distinct values".into() })
            }
            false => Ok(()),
        }
    }
}

/// Classes that are known before a split is looked at.
pub(super) struct Known<'a> {
    pub(super) names: &'a [String],
    /// As file or card has them, and not as the labels of another split say.
    pub(super) declared: bool,
}

/// Counts the rows and collects the labels. A split other than the first may lack the column: it is then unlabelled. `known`: the classes,
/// where they are: then -1 is none of them, and any other label that is none is refused where they are `bound`.
///
/// # Errors
/// A label is none of these, there are more than any data has, or they are measurements; the file.
pub(super) fn labels_of(tables: &[Table], label: &str, may_lack: bool, known: Option<Known>, bound: bool) -> Result<Answers> {
    let indices = tables.first().and_then(|table| table.column(label).ok()).is_some_and(|column| column.classes.is_some());
    let known = known.map(|Known { names, declared }| Classes { names, indices, declared });
    let mut found = Answers::of(tables, &[label], may_lack, |found, table, Row { position, cells }| {
        found.missing += usize::from(match (cells.first(), &known) {
            (Some(cell), Some(known)) => known.label(cell) == Label::Missing,
            (cell, _) => cell.is_none_or(classes::is_missing),
        });
        if let Some(cell) = cells.first()
            && let Some(name) = classes::class_of(cell)
            && found.names.insert(name)
            && let Some(known) = known.as_ref().filter(|_| bound)
        {
            check_label(table, label, position, cell, known)?;
        }
        found.check_classes(table, label, "at most 1000 classes")
    })?;
    if classes::are_measured(&found.names) {
        let example = found.names.iter().find(|name| name.parse::<i64>().is_err()).cloned().unwrap_or_default();
        let path = tables.first().map(|table| table.path().to_path_buf()).unwrap_or_default();
        let found = format!("{} numbers such as {example}", found.names.len());
        return Err(Error::ColumnKind { path, column: label.into(), expected: "classes", found });
    }
    found.names = classes::without_secret(found.names);
    found.any = !found.names.is_empty();
    Ok(found)
}

/// As the preparation will look at it.
fn check_label(table: &Table, label: &str, position: Position, cell: &Cell, known: &Classes) -> Result<()> {
    let indices = table.column(label)?.classes.is_some() && matches!(cell, Cell::Int(_));
    let Label::Unknown(found) = (Classes { indices, ..*known }).label(cell) else { return Ok(()) };
    Err(Error::Label { path: table.path().into(), position, column: label.into(), found, classes: known.names.to_vec() })
}

/// Counts the questions and looks whether any is answered.
pub(super) fn answers_of(tables: &[Table], label: &str, may_lack: bool) -> Result<Answers> {
    Answers::of(tables, &[label], may_lack, |found, _, Row { cells, .. }| {
        found.any |= cells.first().is_some_and(|cell| *cell != Cell::Null);
        Ok(())
    })
}

/// Counts the rows and collects the labels, of which each may have several. Of columns of 0 and 1 a row needs every one, as the
/// preparation does.
pub(super) fn several_of(tables: &[Table], columns: &Columns, may_lack: bool) -> Result<Answers> {
    let wanted: Vec<&str> = columns.label.iter().chain(&columns.labels).map(String::as_str).collect();
    let all = wanted.join(", ");
    // Of the file at hand, whether a blank says that none holds.
    let mut may: Option<(PathBuf, bool)> = None;
    Answers::of(tables, &wanted, may_lack, |found, table, Row { cells, .. }| {
        if may.as_ref().is_none_or(|(path, _)| path != table.path()) {
            let may_be = columns.labels.is_empty() && may_be_none(table, &all)?;
            may = Some((table.path().into(), may_be));
        }
        let is_none = may.as_ref().is_some_and(|(_, may)| *may) && cells.iter().all(Cell::is_blank);
        let lacks = match columns.labels.is_empty() {
            true => !is_none && cells.iter().all(|cell| *cell == Cell::Null),
            false => cells.iter().any(Cell::is_blank),
        };
        found.none += usize::from(is_none);
        found.missing += usize::from(lacks);
        found.any |= !lacks;
        for cell in cells {
            found.names.extend(labels_in(&cell, &[]).iter().filter_map(classes::name_of));
        }
        found.check_classes(table, &all, "at most 1000 labels")
    })
}

/// Counts the rows and looks whether there are numbers. Nothing but -1 keeps them secret; a few cells that are no numbers stand for
/// nothing.
///
/// # Errors
/// Too many cells are no numbers: the first of them; the file.
pub(super) fn values_of(tables: &[Table], label: &str, may_lack: bool) -> Result<Answers> {
    let mut odd = None;
    let found = Answers::of(tables, &[label], may_lack, |found, table, Row { cells, position }| {
        let cell = cells.first().unwrap_or(&Cell::Null);
        let value = number(cell, table.comma(label));
        if let Some(said) = category(cell) {
            found.strays.take(&said, value);
            if value.is_none() {
                let (path, column, found) = (table.path().into(), label.into(), cell.in_words());
                odd.get_or_insert(Error::Number { path, position, column, found });
            }
        }
        let value = value.filter(|value| value.is_finite());
        found.missing += usize::from(value.is_none());
        if let Some(value) = value
            && found.values.len() < 2
            && !found.values.contains(&value)
        {
            found.values.push(value);
        }
        found.any |= value.is_some_and(|value| value != -1.0);
        Ok(())
    })?;
    // Numbers are known to be meant.
    match odd.filter(|_| !found.strays.leave_numbers(true)) {
        Some(odd) => Err(odd),
        None => Ok(found),
    }
}
