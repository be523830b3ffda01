//! Rows in the order of time, or as they stand: where a split is cut so that what is held out comes behind what is trained on.

use super::classes;
use super::features::{self, Comma, DayOrder};
use super::read::{Cell, ColumnKind, Position, Table};
use super::{Error, Result};
use crate::job::{Boundary, Part};
use crate::spec::HeldOutBy;
use crate::words::{count, plain};
use jiff::civil::DateTime;

/// What of the first split is to be held out, where the data has no split for it.
#[derive(Debug, Clone, PartialEq)]
pub struct CutOff {
    /// What the part is called.
    pub name: String,
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
/// As reading the column that says when they were, where there is one.
pub(super) fn mask(tables: &[Table], rows: usize, part: &Part) -> Result<Vec<bool>> {
    let column = part.boundary().and_then(|boundary| boundary.column.as_ref());
    let times = column.map(|column| times(tables, column)).transpose()?.map(|times| times.each).unwrap_or_default();
    Ok(part.mask(rows, |row| times.get(row).copied().flatten()))
}

/// The part of a split that is to be held out, and what there is to say of it. `answer`: the column without which a row is no example.
///
/// # Errors
/// As reading the column that says when its rows were; all of these are of one time.
pub(super) fn part(split: &str, tables: &[Table], answer: Option<&str>, cut_off: &CutOff) -> Result<(Part, Vec<String>)> {
    let CutOff { frac, by, .. } = cut_off;
    let is_one_text = matches!(tables, [one] if one.is_document());
    let column = match by {
        HeldOutBy::Chance => return Ok((Part::Drawn(*frac), Vec::new())),
        // A text is cut at its end.
        HeldOutBy::End if is_one_text => return Ok((Part::Drawn(*frac), Vec::new())),
        HeldOutBy::Time { column } => Some(column),
        HeldOutBy::End | HeldOutBy::Start => None,
    };
    let answered = answered(tables, answer)?;
    let times = column.map(|column| times(tables, column)).transpose()?;
    let place = |row: usize| times.as_ref().map_or(Some(row as f64), |times| times.each.get(row).copied().flatten());
    let examples = || (0..answered.len()).filter(|row| answered[*row]);
    let mut places: Vec<f64> = examples().filter_map(place).collect();
    places.sort_by(f64::total_cmp);
    let of_start = *by == HeldOutBy::Start;
    let wanted = Part::Drawn(*frac).count(places.len());
    let Some(before) = cut_at(&places, if of_start { wanted } else { places.len() - wanted }) else {
        return Err(Error::OneTime { split: split.into(), column: column.cloned(), examples: places.len() });
    };
    let boundary = Boundary { column: column.cloned(), at: places[before], before, from: places.len() - before };
    let part = if of_start { Part::Before(boundary) } else { Part::From(boundary) };
    let mut notes = Vec::new();
    if let (Some(column), Some(times)) = (column, &times) {
        let (all, held_out) = (count(places.len() as f64), count(part.count(places.len()) as f64));
        let from = in_words(places[before], times.are_dates);
        let other = if part.share() > MUCH * frac || part.share() * MUCH < *frac {
            format!(", not the {} % that were asked for: rows of one time stay together", plain(100.0 * frac))
        } else {
            String::new()
        };
        notes.push(format!(
            "data.held_out: {held_out} of {all} rows of `{split}`, those whose `{column}` is {from} or later{other}"
        ));
        let without = examples().count() - places.len();
        if without > 0 {
            let without = count(without as f64);
            notes.push(format!("data: {without} rows of `{split}` are left out, for no `{column}` says when they were"));
        }
    }
    Ok((part, notes))
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

/// Columns that say when a row was, by the first rows: those of dates, then numbers under a name that says so; the likeliest first.
pub(super) fn columns_of_time(table: &Table) -> Vec<String> {
    const SAMPLE: usize = 200;
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
mod tests {
    use super::*;

    fn table(text: &str) -> (tempfile::TempDir, Vec<Table>) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.csv");
        std::fs::write(&path, text).expect("written");
        let table = Table::open(&path).expect("a table");
        (dir, vec![table])
    }

    fn cut(text: &str, by: HeldOutBy, frac: f64) -> Result<(Vec<usize>, Vec<usize>, Vec<String>)> {
        let (_dir, tables) = table(text);
        let (part, notes) = part("train", &tables, Some("y"), &CutOff { name: "test".into(), frac, by })?;
        let rows = tables[0].count()?;
        let of = |part: &Part| -> Result<Vec<usize>> {
            let mask = mask(&tables, rows, part)?;
            Ok((0..rows).filter(|row| mask[*row]).collect())
        };
        Ok((of(&part)?, of(&part.rest())?, notes))
    }

    fn by_time() -> HeldOutBy {
        HeldOutBy::Time { column: "t".into() }
    }

    #[test]
    fn the_latest_rows_are_held_out_and_those_of_one_time_stay_together() {
        let text = "t,y\n2026-01-03,1\n2026-01-01,2\n,3\n2026-01-02,4\n2026-01-03 12:00,5\n2026-01-03,6\n2026-01-04,\n";
        let (held_out, trained, notes) = cut(text, by_time(), 0.4).expect("cut");
        // Row 6 has no answer and counts for nothing: it is of the later time all the same, and left out with those that lack one.
        assert_eq!((held_out, trained), (vec![0, 4, 5, 6], vec![1, 3]));
        assert!(notes[0].contains("3 of 5 rows of `train`, those whose `t` is 2026-01-03 or later"), "{notes:?}");
        assert!(notes[1].contains("1 rows of `train` are left out, for no `t` says when they were"), "{notes:?}");
        // However much is asked for: a day is not parted.
        for (frac, expected) in [(0.1, 1), (0.5, 3), (0.9, 4)] {
            assert_eq!(cut(text, by_time(), frac).expect("cut").0.iter().filter(|row| **row != 6).count(), expected, "{frac}");
        }
    }

    #[test]
    fn a_cut_far_from_what_was_asked_for_is_told() {
        let rows = "2026-01-02,1\n".repeat(9);
        let (held_out, _, notes) = cut(&format!("t,y\n2026-01-01,1\n{rows}"), by_time(), 0.2).expect("cut");
        assert_eq!(held_out.len(), 9);
        assert!(notes[0].ends_with("not the 20 % that were asked for: rows of one time stay together"), "{notes:?}");
    }

    #[test]
    fn numbers_and_dates_of_either_order_are_times() {
        let held_out = |times: &str| {
            let rows: String = times.split(' ').map(|time| format!("{time},1\n")).collect();
            cut(&format!("t,y\n{rows}"), by_time(), 0.25).map(|(held_out, ..)| held_out).map_err(|e| e.to_string())
        };
        assert_eq!(held_out("2019 2022 2020 2021"), Ok(vec![1]));
        assert_eq!(held_out("1.5 0.5 -3 1"), Ok(vec![0]));
        // The thirteenth is no month.
        assert_eq!(held_out("01/02/2026 13/01/2026 02/01/2026 03/01/2026"), Ok(vec![0]));
        assert_eq!(held_out("01/02/2026 01/13/2026 02/01/2026 03/01/2026"), Ok(vec![3]));
        assert_eq!(held_out("31.12.2025 01.01.2026 30.12.2025 02.12.2025"), Ok(vec![1]));
        for (times, expected) in [
            ("01/02/2026 02/01/2026", "line 2, column `t`: expected a date whose day and month can be told apart"),
            ("13/01/2026 01/13/2026", "line 3, column `t`: expected day and month in the order of the dates above it"),
            ("2026-01-01 5", "line 3, column `t`: expected a date as above it, found `5`"),
            ("2026-01-01 later", "line 3, column `t`: expected a date such as 2026-01-31, or a number, found `later`"),
            ("5 5 5", "all of its 3 examples are of one `t`"),
        ] {
            let error = held_out(times).expect_err("refused");
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn ends_are_cut_as_rows_stand() {
        let text = "t,y\nx,1\nx,2\nx,\nx,4\nx,5\n";
        assert_eq!(cut(text, HeldOutBy::End, 0.5).expect("cut").0, [3, 4]);
        let (held_out, trained, notes) = cut(text, HeldOutBy::Start, 0.25).expect("cut");
        assert_eq!((held_out, trained, notes), (vec![0], vec![1, 2, 3, 4], vec![]));
        assert!(cut("t,y\nx,1\n", HeldOutBy::End, 0.5).is_err_and(|e| e.to_string().contains("has 1 example")));
    }

    #[test]
    fn columns_that_say_when() {
        let (_dir, tables) = table(
            "id,created_at,month,year,born,name,hour,delivery_time,time_in_hospital\n1,2026-01-02T10:00:00Z,1,2026,1999-01-02,a,3,5,6\n2,,2,2027,,b,4,6,7\n",
        );
        assert_eq!(columns_of_time(&tables[0]), ["created_at", "born", "year"]);
    }
}
