//! Which rows of a table belong to a split: those that say what is to be predicted, and of them the part that is meant.

use super::cells::{Comma, category, number};
use super::codes::Codes;
use super::strays::{MANY_NUMBERS, Strays};
use crate::data::classes::{self, MOST_CLASSES};
use crate::data::read::{Cell, Position, Table};
use crate::data::{Error, Result, ordered};
use crate::job::Part;
use crate::spec::Task;
use std::collections::{BTreeMap, BTreeSet};
use tallow_zoo::HeadKind;

/// What a row says is to be predicted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Target {
    /// The class, by its number in [`Targets::classes`].
    Class(u32),
    Value(f64),
}

/// The target of each row of a split, over all of its files; none where there is none.
#[derive(Debug, Default)]
pub(super) struct Targets {
    pub(super) rows: Vec<Option<Target>>,
    /// By the order in which they occur.
    pub(super) classes: Vec<String>,
    /// Of numbers: cells that say something else, which stand for nothing.
    pub(super) strays: Strays,
}

impl Targets {
    /// # Errors
    /// A file cannot be read; where numbers are to be predicted, too many cells say something else: the first of them.
    pub(super) fn read(tables: &[Table], label: &str, task: Task) -> Result<Self> {
        let (mut targets, mut known, mut odd) = (Targets::default(), BTreeMap::new(), None);
        for table in tables {
            for row in table.rows(&[label])? {
                let row = row?;
                let cell = row.cells.first().unwrap_or(&Cell::Null);
                let target = match task.head() {
                    HeadKind::Value => {
                        let value = targets.value(cell, table.comma(label));
                        if value.is_none() && targets.strays.count() > 0 {
                            odd.get_or_insert_with(|| no_number(table, row.position, label, cell));
                        }
                        value.map(Target::Value)
                    }
                    _ => classes::class_of(cell).map(|name| {
                        let next = known.len() as u32;
                        Target::Class(*known.entry(name).or_insert(next))
                    }),
                };
                targets.rows.push(target);
            }
            if known.len() > MOST_CLASSES {
                return Err(Error::ColumnKind {
                    path: table.path().into(),
                    column: label.into(),
                    expected: "at most 1000 classes",
                    found: format!("{} different values", known.len()),
                });
            }
        }
        // Numbers are known to be meant.
        if let Some(odd) = odd.filter(|_| !targets.strays.leave_numbers(true)) {
            return Err(odd);
        }
        targets.classes = vec![String::new(); known.len()];
        known.into_iter().for_each(|(name, number)| targets.classes[number as usize] = name);
        Ok(targets)
    }

    /// The number that a cell says; one that is not finite is none.
    fn value(&mut self, cell: &Cell, comma: Comma) -> Option<f64> {
        let said = category(cell)?;
        let number = number(cell, comma);
        self.strays.take(&said, number);
        number.filter(|number| number.is_finite())
    }

    /// Whether nothing but -1 stands there, which keeps the targets of a split secret.
    pub(super) fn are_secret(&self) -> bool {
        self.rows.iter().flatten().all(|target| match target {
            Target::Class(class) => self.classes.get(*class as usize).is_some_and(|name| name == classes::SECRET),
            Target::Value(value) => *value == -1.0,
        })
    }

    /// The value of all rows, where they are numbers that do not differ, of more than one row.
    pub(super) fn only_value(&self) -> Option<f64> {
        let value = |target: &Target| if let Target::Value(value) = target { Some(*value) } else { None };
        let mut values = self.rows.iter().flatten().map(value);
        let (first, second) = (values.next()??, values.next()??);
        let same = |value: Option<f64>| value == Some(first);
        (second == first && values.all(same)).then_some(first)
    }

    /// Rows that say something.
    pub(super) fn known(&self) -> usize {
        self.rows.iter().flatten().count()
    }

    /// Row by row of the `tables`, whether it belongs to the part: one that says nothing never does. Of each class about the same share
    /// is drawn, so that a small split has all of them.
    ///
    /// # Errors
    /// As reading when the rows were, where the part goes by that.
    pub(super) fn mask(&self, part: Option<&Part>, tables: &[Table]) -> Result<Vec<bool>> {
        let Some(part) = part else { return Ok(self.rows.iter().map(Option::is_some).collect()) };
        if part.boundary().is_some() {
            let in_part = ordered::mask(tables, self.rows.len(), part)?;
            return Ok(self.rows.iter().zip(in_part).map(|(target, is_in)| target.is_some() && is_in).collect());
        }
        let strata: Vec<u32> =
            self.rows.iter().flatten().map(|t| if let Target::Class(class) = t { *class } else { 0 }).collect();
        let mut drawn = part.mask_within(&strata).into_iter();
        Ok(self.rows.iter().map(|target| target.is_some() && drawn.next() == Some(true)).collect())
    }
}

/// Row by row over all files of a split, whether it belongs to the part; those without a target do not.
///
/// # Errors
/// As reading them.
pub(in crate::data) fn rows_of(tables: &[Table], label: &str, task: Task, part: Option<&Part>) -> Result<Vec<bool>> {
    Targets::read(tables, label, task)?.mask(part, tables)
}

/// That a cell is no number.
fn no_number(table: &Table, position: Position, label: &str, cell: &Cell) -> Error {
    Error::Number { path: table.path().into(), position, column: label.into(), found: cell.in_words() }
}

/// What a target column is for, where nobody said: many different numbers are to be met, beside which a few cells may stand for nothing,
/// anything else is classes.
pub(super) fn is_measured(tables: &[Table], label: &str) -> Result<bool> {
    const MOST_WHOLE: usize = 20;
    const MOST_FRACTIONS: usize = 10;
    let (mut seen, mut fractions, mut rows) = (BTreeSet::new(), false, 0usize);
    let (mut strays, mut codes) = (Strays::default(), Codes::default());
    for table in tables {
        let comma: Comma = table.comma(label);
        for row in table.rows(&[label])? {
            let row = row?;
            let Some((cell, said)) = row.cells.first().and_then(|cell| Some((cell, category(cell)?))) else { continue };
            let number = number(cell, comma);
            strays.take(&said, number);
            codes.take(&said);
            let Some(number) = number else { continue };
            fractions |= number.fract() != 0.0;
            rows += 1;
            if seen.len() <= MOST_WHOLE {
                seen.insert(number.to_bits());
            }
        }
    }
    // A class has several rows.
    let are_many = seen.len() > MOST_WHOLE || fractions && seen.len() > MOST_FRACTIONS || seen.len() > 2 && seen.len() * 2 > rows;
    Ok(are_many && !codes.are_codes() && strays.leave_numbers(seen.len() >= MANY_NUMBERS))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with these cells, a row each.
    fn table(cells: &[&str]) -> (tempfile::TempDir, [Table; 1]) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.csv");
        let rows: String = cells.iter().enumerate().map(|(i, cell)| format!("{i},\"{cell}\"\n")).collect();
        std::fs::write(&path, format!("size,kind\n{rows}")).expect("written");
        let table = Table::open(&path).expect("a table");
        (dir, [table])
    }

    /// The targets of a file with these cells.
    fn read(cells: &[&str], task: Task) -> Targets {
        Targets::read(&table(cells).1, "kind", task).expect("targets")
    }

    /// Inputs have the same rule; cells that say something else than a number are left out where they are few.
    #[test]
    fn numbers_are_met_beside_a_few_cells_that_stand_for_nothing() {
        let prices: Vec<String> = (0..60).map(|i| format!("${},{:03}.50", 1 + i, i * 37 % 1000)).collect();
        let beside = |odd: &[&'static str]| -> Vec<String> {
            prices.iter().cloned().chain(odd.iter().map(|odd| odd.to_string())).collect()
        };
        for (odd, expected) in [
            (&["TBD"][..], true),
            (&["-", "unknown", "#DIV/0!"], true),
            (&["call", "call", "call"], true),
            (&["a1", "b2", "c3"], true),
            (&["a1", "b2", "c3", "d4", "e5", "f6", "g7"], false),
        ] {
            let cells = beside(odd);
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            let (_dir, tables) = table(&cells);
            assert_eq!(is_measured(&tables, "kind").expect("read"), expected, "{odd:?}");
            match Targets::read(&tables, "kind", Task::TabularRegression) {
                Ok(found) => {
                    assert_eq!((found.known(), expected), (60, true), "{odd:?}");
                    assert!(found.strays.in_words().contains(&format!("no number, such as `{}`", odd[0])));
                }
                Err(error) => assert!(!expected && error.to_string().contains("line 62, column `kind`"), "{error}"),
            }
        }
        let (_dir, few) = table(&["1", "2", "3", "unknown", "1", "2", "3", "unknown"]);
        assert!(!is_measured(&few, "kind").expect("read"), "few numbers are classes, and what stands beside them is one");
        let zips: Vec<String> = (0..60).map(|i| format!("{:05}", i / 2 * 37)).collect();
        let (_dir, zips) = table(&zips.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(!is_measured(&zips, "kind").expect("read"), "codes");
        // Known to be numbers, a small split needs no many of them.
        assert_eq!(read(&["1.5", "soon", "2.5"], Task::TabularRegression).known(), 2);
    }

    #[test]
    fn none_is_a_class_and_other_words_for_nothing_are_not() {
        let cells: Vec<&str> = (0..30).map(|i| ["None", "a", "b"][i % 3]).collect();
        let found = read(&cells, Task::TabularClassification);
        assert_eq!((found.classes.join(" "), found.known()), ("None a b".into(), 30));
        let found = read(&["a", "NA", "", "b", "?"], Task::TabularClassification);
        assert_eq!((found.classes.join(" "), found.known()), ("a b".into(), 2));
        assert_eq!(read(&["1.5", "None", "2"], Task::TabularRegression).known(), 2);
    }

    #[test]
    fn targets_of_nothing_but_minus_one_are_secret() {
        for (cells, task, expected) in [
            (["-1", "-1"], Task::TabularClassification, true),
            (["-1", "1"], Task::TabularClassification, false),
            (["-1", "-1.0"], Task::TabularRegression, true),
            (["-1", "-1.5"], Task::TabularRegression, false),
        ] {
            assert_eq!(read(&cells, task).are_secret(), expected, "{cells:?}");
        }
    }

    #[test]
    fn a_value_of_all_rows_is_told() {
        for (cells, task, expected) in [
            (&["5", "5.0", "", "5"][..], Task::TabularRegression, Some(5.0)),
            (&["5", "5", "6"], Task::TabularRegression, None),
            (&["5"], Task::TabularRegression, None),
            (&["5", "5"], Task::TabularClassification, None),
        ] {
            assert_eq!(read(cells, task).only_value(), expected, "{cells:?}");
        }
    }

    #[test]
    fn each_class_gives_its_share() {
        // 60 rows of class 0, 30 of class 1, 10 of class 2, every eleventh without a target.
        let mut rows = Vec::new();
        for i in 0..100u32 {
            rows.push(Some(Target::Class(if i < 60 {
                0
            } else if i < 90 {
                1
            } else {
                2
            })));
            if i % 10 == 9 {
                rows.push(None);
            }
        }
        let targets = Targets { rows, ..Targets::default() };
        let count = |mask: &[bool]| {
            let mut counts = [0; 3];
            for (target, _) in targets.rows.iter().zip(mask).filter(|(_, held)| **held) {
                let Some(Target::Class(class)) = target else { panic!("a row without a target") };
                counts[*class as usize] += 1;
            }
            counts
        };
        let mask = |part: Option<Part>| targets.mask(part.as_ref(), &[]).expect("a mask");
        let (drawn, rest) = (mask(Some(Part::Drawn(0.2))), mask(Some(Part::Rest(0.2))));
        assert_eq!((count(&drawn), count(&rest), count(&mask(None))), ([12, 6, 2], [48, 24, 8], [60, 30, 10]));
        assert!(drawn.iter().zip(&rest).all(|(a, b)| !(*a && *b)));
        assert_eq!(targets.known(), 100);
    }
}
