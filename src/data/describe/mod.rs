//! What a data set's files hold, column by column: one pass over the rows, in the jail, without knowing what they are for.

mod column;
mod personal;

pub use column::{ColumnDescribed, Lengths};
pub use personal::Personal;

use super::read::{Cell, Table};
use super::{Error, Result};
use crate::job::{DescribeJob, Event, Pulse};
use column::Counted;
use serde::{Deserialize, Serialize};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Characters of a cell that a sample shows.
const SHOWN: usize = 200;

/// What one split holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitDescribed {
    pub split: String,
    pub rows: u64,
    pub columns: Vec<ColumnDescribed>,
    /// Rows whose inputs (where it is not known which columns those are: all cells) an earlier row of the split has.
    pub duplicates: u64,
    /// Of those, rows with another answer than that earlier row.
    pub contradictions: u64,
    /// Rows whose inputs the first split has, too; none of the first itself.
    pub in_first: Option<u64>,
    /// Images that lie beside the folders of the classes and belong to none: how many, and the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strays: Option<(u64, String)>,
    /// The first rows: column and cell in words.
    pub samples: Vec<Vec<(String, String)>>,
}

/// Looks at every row of every split, the first split first.
///
/// # Errors
/// A file cannot be read, or its rows break on the way: with file and row.
pub fn describe(job: &DescribeJob, emit: &mut dyn FnMut(Event)) -> Result<()> {
    let mut first: Option<HashMap<u64, u64>> = None;
    for split in &job.splits {
        let mut found = Split::of(&split.name);
        for file in &split.files {
            let mut pulse = Pulse::new(emit);
            found.take_file(&Table::open(file)?, job, first.as_ref(), &mut |rows| pulse.beat(rows))?;
        }
        let (described, seen) = found.done(first.is_some());
        first.get_or_insert(seen);
        emit(Event::Described(Box::new(described)));
    }
    Ok(())
}

/// A split while it is read.
struct Split {
    described: SplitDescribed,
    counted: Vec<(String, Counted)>,
    /// By the hash of a row's inputs: that of its answer.
    seen: HashMap<u64, u64>,
    in_first: u64,
}

impl Split {
    fn of(name: &str) -> Self {
        let described = SplitDescribed {
            split: name.into(),
            rows: 0,
            columns: Vec::new(),
            duplicates: 0,
            contradictions: 0,
            in_first: None,
            strays: None,
            samples: Vec::new(),
        };
        Split { described, counted: Vec::new(), seen: HashMap::new(), in_first: 0 }
    }

    fn take_file(
        &mut self,
        table: &Table,
        job: &DescribeJob,
        first: Option<&HashMap<u64, u64>>,
        told: &mut dyn FnMut(usize),
    ) -> Result<()> {
        let names: Vec<String> = table.columns().iter().map(|column| column.name.clone()).collect();
        for column in table.columns() {
            if !self.counted.iter().any(|(name, _)| *name == column.name) {
                let is_label = job.columns.label.as_ref() == Some(&column.name) && !job.labels.is_empty();
                self.counted.push((column.name.clone(), Counted::of(column, is_label.then_some(job.labels.as_slice()))));
            }
        }
        let is_answer = |name: &String| job.columns.label.as_ref() == Some(name) || job.columns.labels.contains(name);
        let is_input = |name: &String| match job.columns.input.as_slice() {
            [] => !is_answer(name),
            // A field of a column is part of it.
            inputs => inputs.iter().any(|input| input == name || input.starts_with(&format!("{name}."))),
        };
        let inputs: Vec<bool> = names.iter().map(is_input).collect();
        let answers: Vec<bool> = names.iter().map(is_answer).collect();
        let borrowed: Vec<&str> = names.iter().map(String::as_str).collect();
        if let Some(stray) = table.strays().first() {
            let strays = self.described.strays.get_or_insert((0, stray.clone()));
            strays.0 += table.strays().len() as u64;
        }
        for row in table.rows(&borrowed)? {
            let row = row?;
            self.described.rows += 1;
            let of = |chosen: &[bool]| hash_of(row.cells.iter().zip(chosen).filter(|(_, chosen)| **chosen).map(|(cell, _)| cell));
            self.take_hashes(of(&inputs)?, of(&answers)?, first);
            for (name, cell) in names.iter().zip(&row.cells) {
                if let Some((_, counted)) = self.counted.iter_mut().find(|(known, _)| known == name) {
                    counted.take(cell);
                }
            }
            if self.described.samples.len() < job.samples {
                let shown = |(name, cell): (&String, &Cell)| {
                    let counted = self.counted.iter().find(|(known, _)| known == name);
                    (name.clone(), counted.map(|(_, counted)| counted.shown(cell)).unwrap_or_default())
                };
                self.described.samples.push(names.iter().zip(&row.cells).map(shown).collect());
            }
            told(self.described.rows as usize);
        }
        Ok(())
    }

    fn take_hashes(&mut self, input: u64, answer: u64, first: Option<&HashMap<u64, u64>>) {
        self.in_first += u64::from(first.is_some_and(|first| first.contains_key(&input)));
        match self.seen.entry(input) {
            Entry::Vacant(place) => drop(place.insert(answer)),
            Entry::Occupied(known) => {
                self.described.duplicates += 1;
                self.described.contradictions += u64::from(*known.get() != answer);
            }
        }
    }

    fn done(mut self, is_later: bool) -> (SplitDescribed, HashMap<u64, u64>) {
        self.described.in_first = is_later.then_some(self.in_first);
        self.described.columns = self.counted.into_iter().map(|(name, counted)| counted.done(name)).collect();
        (self.described, self.seen)
    }
}

/// A hash of cells, texts without regard to case and spaces.
fn hash_of<'a>(cells: impl Iterator<Item = &'a Cell>) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for cell in cells {
        add(cell, &mut hasher)?;
    }
    Ok(hasher.finish())
}

fn add(cell: &Cell, hasher: &mut DefaultHasher) -> Result<()> {
    match cell {
        Cell::Null => 0u8.hash(hasher),
        Cell::Int(value) => value.hash(hasher),
        Cell::Float(value) => value.to_bits().hash(hasher),
        Cell::Text(text) => text.split_whitespace().for_each(|word| word.to_lowercase().hash(hasher)),
        Cell::Bytes(bytes) => bytes.hash(hasher),
        Cell::File(path) => {
            let read = std::fs::read(path);
            read.map_err(|source| Error::Io { action: "read", path: path.clone(), source })?.hash(hasher);
        }
        Cell::List(cells) => {
            cells.len().hash(hasher);
            cells.iter().try_for_each(|cell| add(cell, hasher))?;
        }
        Cell::Object(cells) => cells.iter().try_for_each(|(name, cell)| {
            name.hash(hasher);
            add(cell, hasher)
        })?,
        Cell::Other(what) => what.hash(hasher),
    }
    Ok(())
}

/// What stands in a cell, on one line.
fn cell_in_words(cell: &Cell) -> String {
    match cell {
        Cell::Null => "–".into(),
        Cell::Int(value) => value.to_string(),
        Cell::Float(value) => value.to_string(),
        Cell::Text(text) => crate::words::clean(text),
        Cell::Bytes(bytes) => crate::words::bytes(bytes.len() as f64),
        Cell::File(path) => path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        Cell::List(cells) => format!("[{}]", cells.iter().take(20).map(cell_in_words).collect::<Vec<_>>().join(", ")),
        Cell::Object(cells) => {
            let fields = cells.iter().map(|(name, cell)| format!("{name}: {}", cell_in_words(cell)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Cell::Other(what) => (*what).into(),
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN { text.into() } else { text.chars().take(SHOWN - 1).chain(['…']).collect() }
}

/// Whether there are no more than so many different ones; a set that grows beyond is given up.
#[derive(Default)]
struct Distinct {
    seen: HashSet<u64>,
    is_over: bool,
}

impl Distinct {
    /// More than these are not counted.
    const MOST: usize = 1_000_000;

    fn take(&mut self, hash: u64) {
        if !self.is_over && self.seen.insert(hash) && self.seen.len() > Self::MOST {
            (self.is_over, self.seen) = (true, HashSet::new());
        }
    }

    fn count(&self) -> Option<u64> {
        (!self.is_over).then_some(self.seen.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::SplitSource;
    use crate::spec::Columns;

    fn described(files: &[(&str, &str)], columns: Columns) -> Vec<SplitDescribed> {
        let dir = tempfile::tempdir().expect("a folder");
        let split = |(name, text): &(&str, &str)| {
            let file = dir.path().join(format!("{name}.csv"));
            std::fs::write(&file, text).expect("written");
            SplitSource { name: (*name).into(), files: vec![file], part: None }
        };
        let job = DescribeJob { splits: files.iter().map(split).collect(), columns, labels: vec![], samples: 1 };
        let mut found = Vec::new();
        let mut take = |event| {
            if let Event::Described(split) = event {
                found.push(*split);
            }
        };
        describe(&job, &mut take).expect("described");
        found
    }

    #[test]
    fn rows_are_counted_and_compared() {
        let columns = Columns { input: vec!["text".into()], label: Some("label".into()), ..Columns::default() };
        let train = "id,text,label\n1,a good  film,1\n2,A GOOD film,0\n3,bad,0\n4,bad,0\n5,,1\n";
        let test = "id,text,label\n6,bad,1\n7,fine,1\n";
        let found = described(&[("train", train), ("test", test)], columns);
        let [train, test] = found.as_slice() else { panic!("two splits: {found:?}") };
        assert_eq!((train.rows, train.duplicates, train.contradictions, train.in_first), (5, 2, 1, None));
        assert_eq!((test.rows, test.duplicates, test.in_first), (2, 0, Some(1)));
        let text = &train.columns[1];
        assert_eq!((text.name.as_str(), text.blank, text.distinct), ("text", 1, Some(2)));
        assert_eq!(text.lengths.map(|lengths| (lengths.shortest, lengths.longest)), Some((3, 12)));
        let label = &train.columns[2];
        assert_eq!(label.common, [("0".to_string(), 3), ("1".to_string(), 2)]);
        assert_eq!(train.samples[0][1], ("text".to_string(), "a good film".to_string()));
    }

    #[test]
    fn without_roles_rows_are_compared_as_a_whole() {
        let found = described(&[("train", "a,b\n1,x\n1,x\n1,y\n")], Columns::default());
        assert_eq!((found[0].rows, found[0].duplicates, found[0].contradictions), (3, 1, 0));
        let a = &found[0].columns[0];
        assert_eq!(a.numbers.map(|n| (n.least, n.most)), Some((1.0, 1.0)));
    }
}
