//! Rows that belong together, such as those of one patient: drawn by what a column says of whose they are, so that none of them stands on
//! both sides of a cut.

use super::classes;
use super::read::{Cell, ColumnKind, Table};
use super::{Error, Result, features};
use crate::job::{Boundary, Part, Says};
use crate::words::{count, counted, plain};
use std::collections::BTreeMap;

/// So many draws are looked at for one whose share is what was asked for, or the nearest to it: a large group may lie across the cut of one
/// and not of the next. Which rows are drawn is chance all the same.
const DRAWS: u64 = 16;
/// One of so many rows more or less is as many as were asked for.
const NEAR: usize = 200;

/// Columns that may say whose a row is.
pub(super) fn columns(table: &Table) -> Vec<String> {
    let may = |kind: &ColumnKind| matches!(kind, ColumnKind::Text | ColumnKind::Int | ColumnKind::Float);
    let all = table.columns().iter().chain(table.fields());
    all.filter(|column| may(&column.kind) && !column.name.is_empty()).map(|column| column.name.clone()).collect()
}

/// Row by row over all files of a split, the value of the column; none of a row of which it says nothing.
///
/// # Errors
/// A cell holds what is no value: a list, a picture.
fn values(tables: &[Table], column: &str, mut take: impl FnMut(Option<String>)) -> Result<()> {
    for table in tables {
        for row in table.rows(&[column])? {
            let row = row?;
            let cell = row.cells.into_iter().next().unwrap_or(Cell::Null);
            let value = classes::group_of(&cell);
            if value.is_none() && !features::is_nothing(&cell) && !cell.is_blank() {
                let (path, column, found) = (table.path().into(), column.to_string(), cell.in_words());
                let expected = "a name or a number that says whose the row is";
                return Err(Error::Time { path, position: row.position, column, expected, found });
            }
            take(value);
        }
    }
    Ok(())
}

/// Row by row, the place that the value of the column has in a draw.
///
/// # Errors
/// As [`values`].
pub(super) fn places(tables: &[Table], column: &str, draw: u64) -> Result<Vec<Option<f64>>> {
    let mut places = Vec::new();
    values(tables, column, |value| places.push(value.map(|value| Says::place_of(&value, draw))))?;
    Ok(places)
}

/// The part of a split that is held out where rows of one value stay together, and what there is to say of it. `answered`: row by row,
/// whether it is an example.
///
/// # Errors
/// As [`values`]; all examples are of one value.
pub(super) fn part(split: &str, tables: &[Table], answered: &[bool], column: &str, frac: f64) -> Result<(Part, Vec<String>)> {
    let (mut sizes, mut without, mut is_example) = (BTreeMap::<String, usize>::new(), 0, answered.iter());
    values(tables, column, |value| match (is_example.next(), value) {
        (Some(true), Some(value)) => *sizes.entry(value).or_default() += 1,
        (Some(true), None) => without += 1,
        _ => {}
    })?;
    let all = sizes.values().sum();
    let wanted = all - Part::Drawn(frac).count(all);
    let Some((boundary, groups)) = nearest(&sizes, wanted) else {
        return Err(Error::OneGroup { split: split.into(), column: column.into(), examples: all });
    };
    let from = boundary.from;
    let part = Part::From(Boundary { column: Some(column.into()), ..boundary });
    let is_off = super::ordered::is_far(part.share(), frac);
    let other = if is_off {
        format!(", not the {} % that were asked for: rows of one `{column}` stay together", plain(100.0 * frac))
    } else {
        String::new()
    };
    let mut notes = vec![format!(
        "data.held_out: {} of {} rows of `{split}`, those of {} among {} of `{column}`{other}",
        count(from as f64),
        count(all as f64),
        count(groups as f64),
        counted(sizes.len(), "value")
    )];
    if without > 0 {
        let without = count(without as f64);
        notes.push(format!("data: {without} rows of `{split}` are left out, for no `{column}` says whose they are"));
    }
    Ok((part, notes))
}

/// Of several draws the first that is cut where it should be, else the one that comes nearest; none of a single group.
fn nearest(sizes: &BTreeMap<String, usize>, wanted: usize) -> Option<(Boundary, usize)> {
    let near = sizes.values().sum::<usize>() / NEAR;
    let off = |(boundary, _): &(Boundary, usize)| boundary.before.abs_diff(wanted);
    let mut best = None;
    for draw in 0..DRAWS {
        let found = cut(sizes, draw, wanted)?;
        if best.as_ref().is_none_or(|best| off(&found) < off(best)) {
            best = Some(found);
        }
        if best.as_ref().is_some_and(|best| off(best) <= near) {
            break;
        }
    }
    best
}

/// Where a draw is cut, as near to `wanted` rows before it as its groups allow, and how many groups lie behind; none of a single group.
fn cut(sizes: &BTreeMap<String, usize>, draw: u64, wanted: usize) -> Option<(Boundary, usize)> {
    let all: usize = sizes.values().sum();
    let mut groups: Vec<(f64, usize)> = sizes.iter().map(|(value, size)| (Says::place_of(value, draw), *size)).collect();
    groups.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    // Values with one place, which chance hardly ever makes, are one group.
    groups.dedup_by(|(b, more), (a, size)| {
        let is_same = a == b;
        *size += if is_same { *more } else { 0 };
        is_same
    });
    let mut before = 0;
    let cuts = groups.windows(2).enumerate().map(|(i, pair)| {
        before += pair[0].1;
        let boundary = Boundary { column: None, says: Says::Whose { draw }, at: pair[1].0, before, from: all - before };
        (boundary, groups.len() - i - 1)
    });
    cuts.min_by_key(|(boundary, _)| boundary.before.abs_diff(wanted))
}
