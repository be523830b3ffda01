//! What a data set's files hold, column by column: one pass over the rows, in the jail, without knowing what they are for.

mod column;
mod media;
mod personal;

pub use column::{ColumnDescribed, FEW, Lengths};
pub use personal::Personal;

use super::Result;
use super::read::{Cell, Named, Table};
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
    /// Rows whose answer is a list of another length than their input, as of tags for words: how many, and of the first where it is and how
    /// they differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mismatched: Option<(u64, String)>,
    /// What of its files whoever uses it should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
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

/// The files that rows of a job's splits name: besides tables, all that is looked at.
///
/// # Errors
/// As [`describe`].
pub fn described_files(job: &DescribeJob) -> Result<Named> {
    let mut named = Named::new();
    for file in job.splits.iter().flat_map(|split| &split.files) {
        let table = Table::open(file)?;
        let columns = table.columns_of_files();
        if !columns.is_empty() {
            table.rows(&columns)?.try_for_each(|row| row.map(|row| table.add_named([row], &mut named)))?;
        }
    }
    Ok(named)
}

/// A split while it is read.
struct Split {
    described: SplitDescribed,
    counted: Vec<(String, Counted)>,
    /// By the hash of a row's inputs: that of its answer.
    seen: HashMap<u64, u64>,
    in_first: u64,
    /// Whether a file has other columns than those before it.
    is_uneven: bool,
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
            mismatched: None,
            notes: Vec::new(),
            samples: Vec::new(),
        };
        Split { described, counted: Vec::new(), seen: HashMap::new(), in_first: 0, is_uneven: false }
    }

    fn take_file(
        &mut self,
        table: &Table,
        job: &DescribeJob,
        first: Option<&HashMap<u64, u64>>,
        told: &mut dyn FnMut(usize),
    ) -> Result<()> {
        let mut names: Vec<String> = Vec::new();
        for name in table.names() {
            // Of two of one name the first is read.
            if !names.contains(&name) {
                names.push(name);
            }
        }
        // Fields of columns that are inputs or answers are looked at by themselves.
        let whole = names.len();
        let asked = job.columns.input.iter().chain(&job.columns.label).chain(&job.columns.labels);
        for name in asked.filter(|name| table.fields().iter().any(|field| field.name == **name)) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        if self.described.notes.is_empty() {
            self.described.notes = table.notes();
        }
        // Once is enough.
        if !self.counted.is_empty() && !self.is_uneven {
            let lacking = self.counted.iter().map(|(name, _)| name).find(|name| !names.contains(name));
            let more = names.iter().find(|name| !self.counted.iter().any(|(known, _)| known == *name));
            let differs = lacking.map(|name| format!("has no `{name}`")).or(more.map(|name| format!("has `{name}`, too")));
            self.is_uneven = differs.is_some();
            let file = table.path().display();
            let note = differs.map(|how| format!("`{file}` {how}: the files of the split have not the same columns"));
            self.described.notes.extend(note);
        }
        let fields = table.fields().iter().filter(|field| names[whole..].contains(&field.name));
        for column in table.columns().iter().chain(fields) {
            if !self.counted.iter().any(|(name, _)| *name == column.name) {
                let is_label = job.columns.label.as_ref() == Some(&column.name) && !job.labels.is_empty();
                let named = is_label.then_some(job.labels.as_slice());
                self.counted.push((column.name.clone(), Counted::of(column, named, table.comma(&column.name))));
            }
        }
        let is_answer = |name: &String| job.columns.label.as_ref() == Some(name) || job.columns.labels.contains(name);
        let is_input = |name: &String| match job.columns.input.as_slice() {
            [] => !is_answer(name),
            inputs => inputs.contains(name),
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
            self.take_hashes(of(&inputs), of(&answers), first);
            let one_of = |chosen: &[bool]| row.cells.iter().zip(chosen).find(|(_, chosen)| **chosen).map(|(cell, _)| cell);
            if let (Some(Cell::List(words)), Some(Cell::List(tags))) = (one_of(&inputs), one_of(&answers))
                && words.len() != tags.len()
            {
                let first = || (0, format!("{}: {} for {}", row.position, tags.len(), words.len()));
                self.described.mismatched.get_or_insert_with(first).0 += 1;
            }
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
                self.described.samples.push(names.iter().zip(&row.cells).take(whole).map(shown).collect());
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
fn hash_of<'a>(cells: impl Iterator<Item = &'a Cell>) -> u64 {
    let mut hasher = DefaultHasher::new();
    cells.for_each(|cell| add(cell, &mut hasher));
    hasher.finish()
}

fn add(cell: &Cell, hasher: &mut DefaultHasher) {
    match cell {
        Cell::Null => 0u8.hash(hasher),
        // A number is the same however it is written.
        Cell::Int(value) => value.to_string().hash(hasher),
        Cell::Float(value) => value.to_string().hash(hasher),
        Cell::Text(text) if text.contains('.') && is_number(text) => {
            text.trim().trim_end_matches('0').trim_end_matches('.').hash(hasher);
        }
        Cell::Text(text) => text.split_whitespace().for_each(|word| word.to_lowercase().hash(hasher)),
        Cell::Bytes(bytes) => bytes.hash(hasher),
        // One that cannot be read is told of by itself.
        Cell::File(path) => match std::fs::read(path) {
            Ok(bytes) => bytes.hash(hasher),
            Err(_) => path.hash(hasher),
        },
        Cell::List(cells) => {
            cells.len().hash(hasher);
            cells.iter().for_each(|cell| add(cell, hasher));
        }
        Cell::Object(cells) => cells.iter().for_each(|(name, cell)| {
            name.hash(hasher);
            add(cell, hasher);
        }),
        Cell::Other(what) => what.hash(hasher),
    }
    // No letter is written so: words of one cell are none of the next.
    0xfd_u8.hash(hasher);
}

/// Whether a text is digits and a point, as programs write them.
fn is_number(text: &str) -> bool {
    let digits = text.trim().strip_prefix('-').unwrap_or(text.trim());
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits.split_once('.').is_some_and(|(whole, part)| are_digits(whole) && are_digits(part))
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
    fn what_does_not_fit_its_input_is_counted() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("train.jsonl");
        let row = |words: usize, tags: usize| serde_json::json!({"words": vec!["a"; words], "tags": vec!["O"; tags]}).to_string();
        std::fs::write(&file, [row(2, 2), row(4, 3), row(3, 3), row(1, 2)].join("\n")).expect("written");
        let split = SplitSource { name: "train".into(), files: vec![file], part: None };
        let columns = Columns { input: vec!["words".into()], label: Some("tags".into()), ..Columns::default() };
        let job = DescribeJob { splits: vec![split], columns, labels: vec![], samples: 0 };
        let mut found = None;
        describe(&job, &mut |event| {
            if let Event::Described(split) = event {
                found = split.mismatched;
            }
        })
        .expect("described");
        assert_eq!(found, Some((2, "line 2: 3 for 4".into())));
    }

    #[test]
    fn images_that_cannot_be_decoded_are_counted() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut png = std::io::Cursor::new(Vec::new());
        image::RgbImage::new(4, 4).write_to(&mut png, image::ImageFormat::Png).expect("a PNG");
        let png = png.into_inner();
        let files: [(&str, &[u8]); 4] =
            [("a.png", &png), ("b.png", &png[..png.len() - 20]), ("c.jpg", b"<html></html>"), ("d.jpg", b"")];
        for (name, bytes) in files {
            std::fs::write(dir.path().join(name), bytes).expect("written");
        }
        let file = dir.path().join("train.csv");
        std::fs::write(&file, "file,label\na.png,x\nb.png,x\nc.jpg,y\nd.jpg,y\n").expect("written");
        let split = SplitSource { name: "train".into(), files: vec![file], part: None };
        let job = DescribeJob { splits: vec![split], columns: Columns::default(), labels: vec![], samples: 0 };
        let mut found = None;
        describe(&job, &mut |event| {
            if let Event::Described(split) = event {
                found.clone_from(&split.columns[0].damaged);
            }
        })
        .expect("described");
        let found = found.expect("damaged ones");
        assert_eq!((found.count, found.first.as_str()), (3, "b.png"), "{}", found.why);
    }

    /// Files that are named and not there are counted, and stop nothing; the others are all that is read besides the table.
    #[test]
    fn files_that_rows_name() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.jsonl");
        let row = |name: &str| format!("{{\"image\":\"{name}\",\"label\":\"a\"}}\n");
        std::fs::write(&path, ["gone.png", "a.png", "b.png"].map(row).concat()).expect("written");
        let there = ["a.png", "b.png"].map(|name| dir.path().join(name));
        there.iter().for_each(|file| std::fs::write(file, b"x").expect("written"));
        let splits = vec![SplitSource { name: "train".into(), files: vec![path], part: None }];
        let job = DescribeJob { splits, columns: Columns::default(), labels: vec![], samples: 0 };
        let named: Vec<_> = described_files(&job).expect("named").into_values().flatten().collect();
        assert_eq!(named, there);
        let mut found = Vec::new();
        describe(&job, &mut |event| {
            if let Event::Described(split) = event {
                found.push(*split)
            }
        })
        .expect("described");
        let image = &found[0].columns[0];
        assert_eq!((image.kind.as_str(), &image.unreadable), ("images", &Some((1, "gone.png".to_string()))));
        assert_eq!((found[0].rows, image.distinct), (3, Some(1)), "both hold the same");
    }

    #[test]
    fn numbers_are_the_same_however_they_are_written() {
        let hash = |cell: Cell| hash_of(std::iter::once(&cell));
        let text = |text: &str| Cell::Text(text.into());
        for (a, b) in [
            (text("0"), Cell::Int(0)),
            (text("0.0"), Cell::Int(0)),
            (text("-1.50"), Cell::Float(-1.5)),
            (Cell::Float(2.0), text("2")),
        ] {
            assert_eq!(hash(a.clone()), hash(b.clone()), "{a:?} {b:?}");
        }
        assert_ne!(hash(text("10")), hash(text("1")));
        let row = |a: &str, b: &str| hash_of([text(a), text(b)].iter());
        assert_ne!(row("a b", ""), row("a", "b"));
        assert_eq!(row("A  b", ""), row("a b", " "));
        let list = |a: &str, b: &str| hash(Cell::List(vec![text(a), text(b)]));
        assert_ne!(list("a b", ""), list("a", "b"));
        assert_ne!(hash(text("1.10")), hash(text("1.0.1")));
    }

    /// What stands in a column is what training takes it for.
    #[test]
    fn numbers_and_dates_are_read_as_in_training() {
        let row = |i: usize| match i {
            3 => "NA;NA;?\n".to_string(),
            i => format!("{i},5;{:02}.01.2026;word {i}\n", 1 + i),
        };
        let text = "price;day;said\n".to_string() + &(0..12).map(row).collect::<String>();
        let found = described(&[("train", &text)], Columns::default());
        let [price, day, said] = found[0].columns.as_slice() else { panic!("three columns: {found:?}") };
        assert_eq!((price.kind.as_str(), price.blank), ("numbers", 1));
        assert_eq!(price.numbers.map(|numbers| (numbers.least, numbers.most)), Some((0.5, 11.5)));
        assert_eq!((day.kind.as_str(), day.blank, day.lengths), ("dates", 1, None));
        assert_eq!((said.kind.as_str(), said.blank, said.numbers), ("texts", 0, None));
    }

    #[test]
    fn files_of_other_columns_are_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).expect("written");
            path
        };
        let files = vec![file("a.csv", "x,y\n1,2\n"), file("b.csv", "x,z\n1,2\n"), file("c.csv", "x,z\n1,2\n")];
        let splits = vec![SplitSource { name: "train".into(), files, part: None }];
        let job = DescribeJob { splits, columns: Columns::default(), labels: vec![], samples: 0 };
        let mut notes = Vec::new();
        describe(&job, &mut |event| {
            if let Event::Described(split) = event {
                notes = split.notes;
            }
        })
        .expect("described");
        assert!(notes.len() == 1 && notes[0].contains("b.csv` has no `y`: the files of the split"), "{notes:?}");
    }

    /// Each by itself, and of the column that they are of what can be named.
    #[test]
    fn fields_that_are_named_are_looked_at() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.jsonl");
        let row = |i: usize| format!("{{\"id\":{i},\"review\":{{\"body\":\"film {}\",\"stars\":{}}}}}\n", i / 2, i % 2);
        std::fs::write(&path, (0..4).map(row).collect::<String>()).expect("written");
        let splits = vec![SplitSource { name: "train".into(), files: vec![path], part: None }];
        let columns = Columns { input: vec!["review.body".into()], label: Some("review.stars".into()), ..Columns::default() };
        let job = DescribeJob { splits, columns, labels: vec![], samples: 1 };
        let mut found = Vec::new();
        describe(&job, &mut |event| {
            if let Event::Described(split) = event {
                found.push(*split);
            }
        })
        .expect("described");
        let [split] = found.as_slice() else { panic!("one split: {found:?}") };
        assert_eq!((split.rows, split.duplicates, split.contradictions), (4, 2, 2));
        let kinds: Vec<_> = split.columns.iter().map(|column| (column.name.as_str(), column.kind.as_str())).collect();
        let of_review = ("review", "objects of `review.body`, `review.stars`");
        assert_eq!(kinds, [("id", "integers"), of_review, ("review.body", "texts"), ("review.stars", "numbers")]);
        assert_eq!(split.samples[0].len(), 2);
    }

    #[test]
    fn without_roles_rows_are_compared_as_a_whole() {
        let found = described(&[("train", "a,b\n1,x\n1,x\n1,y\n")], Columns::default());
        assert_eq!((found[0].rows, found[0].duplicates, found[0].contradictions), (3, 1, 0));
        let a = &found[0].columns[0];
        assert_eq!(a.numbers.map(|n| (n.least, n.most)), Some((1.0, 1.0)));
        let twice = &described(&[("train", "a,a,label\n1,2,x\n3,4,y\n")], Columns::default())[0];
        let counts: Vec<_> = twice.columns.iter().map(|column| (column.name.as_str(), column.distinct)).collect();
        assert_eq!(counts, [("a", Some(2)), ("label", Some(2))]);
        assert!(twice.notes[0].contains("two columns are called `a`"), "{:?}", twice.notes);
    }
}
