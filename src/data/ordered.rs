//! Rows in the order of time, or as they stand: where a split is cut so that what is held out comes behind what is trained on.

use super::classes;
use super::features::{self, Comma, DayOrder};
use super::read::{Cell, ColumnKind, Position, Table};
use super::{Error, Result, grouped};
use crate::job::{Boundary, Part, Says};
use crate::spec::{Border, HeldOutBy};
use crate::words::{count, plain};
use jiff::civil::DateTime;

/// What of the first split is to be held out, where the data has no split for it.
#[derive(Debug, Clone, PartialEq)]
pub struct CutOff {
    /// What the part is called.
    pub name: String,
    /// Of what a border cuts off it says nothing.
    pub frac: f64,
    pub by: HeldOutBy,
}

/// So many times more or less than was asked for is told.
const MUCH: f64 = 1.5;

/// Where everything is counted from.
const START: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Whether a column, by its name, may say when something was.
pub fn tells_when(name: &str) -> bool {
    let name = name.to_lowercase();
    name.split(|c: char| !c.is_alphanumeric())
        .any(|word| matches!(word, "day" | "week" | "month" | "quarter" | "chronology") || tells_moment(word))
}

/// Whether a word of a column's name stands for something that never comes again, as months do.
fn tells_moment(word: &str) -> bool {
    // In each language that requests are read in.
    const OTHERS: [&str; 11] =
        ["zeit", "zeitpunkt", "zeitstempel", "jahr", "fecha", "año", "année", "annee", "anno", "日期", "时间"];
    matches!(word, "year" | "time" | "timestamp" | "datetime" | "epoch" | "ds")
        || word.ends_with("date")
        || word.ends_with("datum")
        || OTHERS.contains(&word)
}

/// What a cell says of when, if its day stands before its month, and if it stands behind it; where the cell says which, both are one.
#[derive(Debug, Clone, Copy, PartialEq)]
struct When {
    either: [Option<f64>; 2],
    is_date: bool,
}

impl When {
    fn of(cell: &Cell, comma: Comma) -> Option<When> {
        let either = features::dates(cell);
        if either != [None; 2] {
            return Some(When { either: either.map(|date| date.map(seconds)), is_date: true });
        }
        let number = features::number(cell, comma).filter(|number| number.is_finite())?;
        Some(When { either: [Some(number); 2], is_date: false })
    }
}

fn seconds(date: DateTime) -> f64 {
    date.duration_since(START).as_secs_f64()
}

/// What a column says of when each row of a split was.
struct Times {
    each: Vec<Option<f64>>,
    are_dates: bool,
}

/// # Errors
/// A cell says no time, or another kind than those before it; day and month cannot be told apart.
fn times(tables: &[Table], column: &str) -> Result<Times> {
    let (mut read, mut order) = (Vec::<Option<When>>::new(), DayOrder::default());
    let (mut first, mut unclear): (Option<bool>, Option<Error>) = (None, None);
    for table in tables {
        let comma = table.comma(column);
        for row in table.rows(&[column])? {
            let row = row?;
            let cell = row.cells.into_iter().next().unwrap_or(Cell::Null);
            if features::is_nothing(&cell) {
                read.push(None);
                continue;
            }
            let error = |position: Position, expected: &'static str| {
                let (path, column, found) = (table.path().into(), column.to_string(), cell.in_words());
                Error::Time { path, position, column, expected, found }
            };
            let Some(when) = When::of(&cell, comma) else {
                return Err(error(row.position, "a date such as 2026-01-31, or a number"));
            };
            if *first.get_or_insert(when.is_date) != when.is_date {
                let expected = if when.is_date { "a number as above it" } else { "a date as above it" };
                return Err(error(row.position, expected));
            }
            if !order.take(&when.either) {
                return Err(error(row.position, "day and month in the order of the dates above it"));
            }
            if when.either[0] != when.either[1] {
                let expected = "a date whose day and month can be told apart, such as 2026-01-31";
                unclear.get_or_insert_with(|| error(row.position, expected));
            }
            read.push(Some(when));
        }
    }
    let way = match (order.way(), unclear) {
        (None, Some(unclear)) => return Err(unclear),
        (way, _) => way.unwrap_or(0),
    };
    Ok(Times { each: read.into_iter().map(|when| when?.either[way]).collect(), are_dates: first.unwrap_or(false) })
}

/// Row by row over all files of a split, whether it belongs to the part.
///
/// # Errors
/// As reading the column that puts its rows in order, where there is one.
pub(super) fn mask(tables: &[Table], rows: usize, part: &Part) -> Result<Vec<bool>> {
    let places = match part.boundary() {
        Some(Boundary { column: Some(column), says: Says::When, .. }) => times(tables, column)?.each,
        Some(Boundary { column: Some(column), says: Says::Whose { draw }, .. }) => grouped::places(tables, column, *draw)?,
        Some(Boundary { column: None, .. }) | None => Vec::new(),
    };
    Ok(part.mask(rows, |row| places.get(row).copied().flatten()))
}

/// The part of a split that is to be held out, and what there is to say of it. `answer`: the column without which a row is no example.
///
/// # Errors
/// As reading the column that decides, where there is one; all of its rows are of one time or group; none lies before a border, or none
/// behind it.
pub(super) fn part(split: &str, tables: &[Table], answer: Option<&str>, cut_off: &CutOff) -> Result<(Part, Vec<String>)> {
    let frac = cut_off.frac;
    let is_one_text = matches!(tables, [one] if one.is_document());
    match &cut_off.by {
        HeldOutBy::Chance => Ok((Part::Drawn(frac), Vec::new())),
        // A text is cut at its end.
        HeldOutBy::End if is_one_text => Ok((Part::Drawn(frac), Vec::new())),
        HeldOutBy::End => as_they_stand(split, &answered(tables, answer)?, frac, false),
        HeldOutBy::Start => as_they_stand(split, &answered(tables, answer)?, frac, true),
        HeldOutBy::Group { column } => grouped::part(split, tables, &answered(tables, answer)?, column, frac),
        HeldOutBy::Time { column, from } => {
            let places = Places::of_times(tables, &answered(tables, answer)?, column)?;
            match from {
                Some(border) => places.behind(split, column, border),
                None => places.latest(split, column, frac),
            }
        }
    }
}

/// The last of the rows, or the first.
fn as_they_stand(split: &str, answered: &[bool], frac: f64, of_start: bool) -> Result<(Part, Vec<String>)> {
    let places: Vec<f64> = (0..answered.len()).filter(|row| answered[*row]).map(|row| row as f64).collect();
    let wanted = Part::Drawn(frac).count(places.len());
    let Some(before) = cut_at(&places, if of_start { wanted } else { places.len() - wanted }) else {
        return Err(Error::OneTime { split: split.into(), column: None, examples: places.len() });
    };
    let boundary = Boundary { column: None, says: Says::When, at: places[before], before, from: places.len() - before };
    Ok((if of_start { Part::Before(boundary) } else { Part::From(boundary) }, Vec::new()))
}

/// When the examples of a split were.
struct Places {
    /// They rise.
    of: Vec<f64>,
    are_dates: bool,
    /// Examples that do not say it.
    without: usize,
}

impl Places {
    fn of_times(tables: &[Table], answered: &[bool], column: &str) -> Result<Self> {
        let Times { each, are_dates } = times(tables, column)?;
        let examples = || each.iter().zip(answered).filter(|(_, answered)| **answered).map(|(time, _)| *time);
        let mut of: Vec<f64> = examples().flatten().collect();
        of.sort_by(f64::total_cmp);
        let without = examples().count() - of.len();
        Ok(Places { of, are_dates, without })
    }

    /// About so much of them, the latest.
    fn latest(&self, split: &str, column: &str, frac: f64) -> Result<(Part, Vec<String>)> {
        let wanted = Part::Drawn(frac).count(self.of.len());
        let Some(before) = cut_at(&self.of, self.of.len() - wanted) else {
            return Err(Error::OneTime { split: split.into(), column: Some(column.into()), examples: self.of.len() });
        };
        let part = self.cut(column, self.of[before], before);
        let other = if is_far(part.share(), frac) {
            format!(", not the {} % that were asked for: rows of one time stay together", plain(100.0 * frac))
        } else {
            String::new()
        };
        let notes = self.notes(split, column, &in_words(self.of[before], self.are_dates), &part, &other);
        Ok((part, notes))
    }

    /// Those that are of a border or later.
    fn behind(&self, split: &str, column: &str, border: &Border) -> Result<(Part, Vec<String>)> {
        let Some(at) = self.place_of(border) else {
            let [first, last] = [self.of.first(), self.of.last()]
                .map(|place| place.map_or("nothing".into(), |place| in_words(*place, self.are_dates)));
            return Err(Error::Border { split: split.into(), column: column.into(), first, last, found: border.to_string() });
        };
        let part = self.cut(column, at, self.of.partition_point(|place| *place < at));
        let share = format!(", {} %", plain((1000.0 * part.share()).round() / 10.0));
        // Of timestamps nobody would know the day again.
        let from = if self.are_dates { in_words(at, true) } else { border.to_string() };
        let notes = self.notes(split, column, &from, &part, &share);
        Ok((part, notes))
    }

    fn cut(&self, column: &str, at: f64, before: usize) -> Part {
        Part::From(Boundary { column: Some(column.into()), says: Says::When, at, before, from: self.of.len() - before })
    }

    /// Where a border lies among them, so that there are some on both sides: a date is also the seconds or milliseconds of a timestamp, and
    /// that of a year is one among years.
    fn place_of(&self, border: &Border) -> Option<f64> {
        let date = border.date();
        let moment = date.map(seconds);
        let year = date.filter(|date| date.day_of_year() == 1).map(|date| f64::from(date.year()));
        let candidates = match self.are_dates {
            true => [moment, None, None, None],
            false => [border.number(), year, moment, moment.map(|seconds| 1000.0 * seconds)],
        };
        let (first, last) = (self.of.first()?, self.of.last()?);
        candidates.into_iter().flatten().find(|at| first < at && at <= last)
    }

    fn notes(&self, split: &str, column: &str, from: &str, part: &Part, more: &str) -> Vec<String> {
        let [all, held_out, without] = [self.of.len(), part.count(self.of.len()), self.without].map(|rows| count(rows as f64));
        let mut notes = vec![format!(
            "data.held_out: {held_out} of {all} rows of `{split}`, those whose `{column}` is {from} or later{more}"
        )];
        if self.without > 0 {
            notes.push(format!("data: {without} rows of `{split}` are left out, for no `{column}` says when they were"));
        }
        notes
    }
}

/// Whether a share is another one than was asked for, and not only as near to it as rows allow.
pub(super) fn is_far(share: f64, asked: f64) -> bool {
    share > MUCH * asked || share * MUCH < asked
}

/// How many of the places, which rise, lie before a cut between two that differ: as near to `before` as there is one.
fn cut_at(places: &[f64], before: usize) -> Option<usize> {
    let last = places.len().checked_sub(1)?;
    let at = places[before.min(last)];
    let candidates = [places.partition_point(|place| *place < at), places.partition_point(|place| *place <= at)];
    candidates.into_iter().filter(|cut| (1..=last).contains(cut)).min_by_key(|cut| cut.abs_diff(before))
}

/// Row by row, whether there is an answer; all have one where no column is known to hold it.
fn answered(tables: &[Table], answer: Option<&str>) -> Result<Vec<bool>> {
    let mut found = Vec::new();
    for table in tables {
        match answer.filter(|name| table.column(name).is_ok()) {
            Some(name) => {
                for row in table.rows(&[name])? {
                    found.push(row?.cells.first().is_some_and(|cell| !classes::is_missing(cell)));
                }
            }
            None => found.resize(found.len() + table.count()?, true),
        }
    }
    Ok(found)
}

fn in_words(at: f64, is_date: bool) -> String {
    if !is_date {
        return plain(at);
    }
    let date = START.checked_add(jiff::SignedDuration::from_secs(at as i64)).unwrap_or(START);
    let is_day = date.time() == jiff::civil::Time::midnight();
    if is_day { date.date().to_string() } else { date.to_string() }
}

/// Those of these columns of whose dates day and month cannot be told apart: rows cannot be put in order by them.
pub(super) fn unclear(table: &Table, columns: &[String]) -> Vec<String> {
    let is_unclear = |column: &&String| {
        let mut order = DayOrder::default();
        let mut rows = table.rows(&[column.as_str()]).into_iter().flatten().take(SAMPLE).flatten();
        // Most tell it in their first rows.
        let may_be =
            rows.all(|row| row.cells.first().is_none_or(|cell| features::is_nothing(cell) || order.take(&features::dates(cell))));
        may_be && order.way().is_none() && times(std::slice::from_ref(table), column).is_err()
    };
    columns.iter().filter(is_unclear).cloned().collect()
}

/// Rows that are looked at to tell what a column says.
const SAMPLE: usize = 200;

/// Columns that say when a row was, by the first rows: those of dates, then numbers under a name that says so; the likeliest first.
pub(super) fn columns_of_time(table: &Table) -> Vec<String> {
    let may = |kind: &ColumnKind| matches!(kind, ColumnKind::Text | ColumnKind::Int | ColumnKind::Float);
    let names: Vec<&str> = table.columns().iter().filter(|c| may(&c.kind)).map(|c| c.name.as_str()).collect();
    if names.is_empty() || table.is_document() {
        return Vec::new();
    }
    // Of each column whether all that was seen are dates, and whether all are numbers; none where nothing was.
    let mut seen: Vec<Option<[bool; 2]>> = vec![None; names.len()];
    // What cannot be read is told of where it is needed.
    for row in table.rows(&names).into_iter().flatten().take(SAMPLE).flatten() {
        for (cell, seen) in row.cells.iter().zip(&mut seen).filter(|(cell, _)| !features::is_nothing(cell)) {
            let when = When::of(cell, Comma::Thousands);
            let [dates, numbers] = seen.unwrap_or([true; 2]);
            *seen = Some([dates && when.is_some_and(|w| w.is_date), numbers && when.is_some_and(|w| !w.is_date)]);
        }
    }
    let words = |name: &str| name.to_lowercase().split(|c: char| !c.is_alphanumeric()).map(str::to_string).collect::<Vec<_>>();
    let moment = |name: &str| words(name).iter().any(|word| tells_moment(word));
    // Numbers called `delivery_time` or `time_in_hospital` are how long something took.
    let is_when = |name: &str| words(name).iter().any(|word| tells_moment(word) && word != "time") || words(name) == ["time"];
    let rank = |(name, seen): (&str, Option<[bool; 2]>)| match (seen?, moment(name)) {
        ([true, _], true) => Some((0, name.to_string())),
        ([true, _], false) => Some((1, name.to_string())),
        ([_, true], _) if is_when(name) => Some((2, name.to_string())),
        _ => None,
    };
    let mut found: Vec<(u8, String)> = names.into_iter().zip(seen).filter_map(rank).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests;
