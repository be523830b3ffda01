//! Labels of which an example may have several: a list of them, or a column of 0 and 1 for each.

use super::texts::find_input;
use super::{LABELS, called, check_input, find_label, is_name, is_text, sample};
use crate::data::prepare::written_list;
use crate::data::read::{Column, ColumnKind, Table};
use crate::data::{Error, Result, classes};
use crate::spec::Columns;
use std::collections::BTreeSet;

/// Columns where an example may have several labels: those of 0 and 1 that are named, or one that lists them, or all of 0 and 1.
pub(super) fn several_labels(table: &Table, asked: &Columns) -> Result<Columns> {
    for name in &asked.labels {
        table.column_of(name, "0 and 1", |kind| *kind == ColumnKind::Int)?;
    }
    let listed = |name: &str| Ok::<_, Error>(Columns { label: Some(table.column(name)?.name.clone()), ..asked.clone() });
    let found = match (&asked.label, asked.labels.is_empty()) {
        (Some(label), true) => listed(label)?,
        (_, false) => Columns { label: None, ..asked.clone() },
        (None, true) => match (list_of_labels(table), flags(table, &asked.exclude)?) {
            (Some(label), _) => listed(&label)?,
            (None, flags) if flags.len() > 1 => Columns { labels: flags, ..asked.clone() },
            (None, _) => listed(&find_label(table, &asked.with_part(), &[])?)?,
        },
    };
    if let Some(column) = found.label.as_ref().and_then(|label| table.column(label).ok())
        && let ColumnKind::List(Some(of)) = &column.kind
        && matches!(**of, ColumnKind::Object(_) | ColumnKind::List(_))
    {
        return Err(table.other_than("lists of names or numbers", column));
    }
    let input = match asked.input.is_empty() {
        true => find_input(table, found.label.as_deref().unwrap_or_default(), &asked.exclude, false)?,
        false => asked.input.clone(),
    };
    check_input(table, &input)?;
    Ok(Columns { input, ..found })
}

/// The only column of lists of names or numbers, or among several the one with a label's name.
fn list_of_labels(table: &Table) -> Option<String> {
    let is_list = |column: &&Column| column.kind.is_list_of(&[ColumnKind::Text, ColumnKind::Int]);
    let lists: Vec<&Column> = table.columns().iter().filter(is_list).collect();
    let usual = || LABELS.iter().find_map(|name| lists.iter().find(|column| column.name.eq_ignore_ascii_case(name)));
    match lists.as_slice() {
        [only] => Some(only.name.clone()),
        _ => usual().map(|column| column.name.clone()),
    }
}

/// The columns of nothing but 0 and 1, in the file's order, but for those that are left out.
fn flags(table: &Table, exclude: &[String]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for column in table.columns().iter().filter(|column| !exclude.contains(&column.name)) {
        if holds_flags(table, column)? {
            found.push(column.name.clone());
        }
    }
    Ok(found)
}

/// Whether a column holds nothing but 0 and 1.
pub(super) fn holds_flags(table: &Table, column: &Column) -> Result<bool> {
    let is_flag = |value: &String| matches!(value.as_str(), "0" | "1");
    Ok(column.kind == ColumnKind::Int && sample(table, &column.name, classes::name_of)?.0.iter().all(is_flag))
}

/// Whether the labels of an example are several: a list of them, or columns of 0 and 1 beside texts and nothing else.
pub(in crate::data) fn has_several_labels(table: &Table, asked: &Columns) -> Result<bool> {
    if !asked.labels.is_empty() {
        return Ok(true);
    }
    if let Some(label) = &asked.label {
        let column = called(table, label)?;
        return Ok(matches!(column.kind, ColumnKind::List(_)) || holds_written_lists(table, column)?);
    }
    let named = |column: &Column| LABELS.iter().any(|name| column.name.eq_ignore_ascii_case(name));
    let texts = table.columns().iter().filter(|column| is_text(column)).count();
    if texts == 0 {
        return Ok(false);
    }
    if list_of_labels(table).is_some() {
        return Ok(!table.columns().iter().any(|column| named(column) && !matches!(column.kind, ColumnKind::List(_))));
    }
    for column in table.columns().iter().filter(|column| named(column)) {
        if holds_written_lists(table, column)? {
            return Ok(true);
        }
    }
    let is_left = |column: &&Column| !asked.exclude.contains(&column.name);
    let others = table.columns().iter().filter(is_left);
    let others = others.filter(|column| column.kind != ColumnKind::Text && !is_name(&column.name)).count();
    Ok(others > 1 && !table.columns().iter().any(named) && flags(table, &asked.exclude)?.len() == others)
}

/// Whether the texts of a column are lists of labels written down: all of them in brackets, or fewer names between strokes than there
/// are cells of them.
fn holds_written_lists(table: &Table, column: &Column) -> Result<bool> {
    if column.kind != ColumnKind::Text {
        return Ok(false);
    }
    let (cells, _) = sample(table, &column.name, classes::name_of)?;
    if cells.is_empty() || cells.iter().all(|cell| written_list(cell).is_some()) {
        return Ok(!cells.is_empty());
    }
    let parts: BTreeSet<&str> = cells.iter().flat_map(|cell| cell.split('|').map(str::trim)).collect();
    Ok(cells.iter().any(|cell| cell.contains('|')) && parts.len() < cells.len())
}
