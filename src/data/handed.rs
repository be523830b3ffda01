//! A data set as files that a program can read which knows none of our formats: a file of JSON lines a split, images and recordings beside
//! them. What is held out lies apart, in an order of its own and without its answers.

use super::answers::{Parted, cell_value};
use super::read::{Cell, Column, Table};
use super::{Error, Result};
use crate::job::{Part, least_to_part, share_drawn};
use crate::plan::{DataFacts, SplitFacts};
use crate::spec::{RowRule, Task};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tallow_kernels::Stream;

/// What was written, and what is told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Handed {
    /// In words, a line a file.
    pub there: String,
    pub held_out: Option<HeldOutRows>,
}

/// Rows that are to be predicted.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOutRows {
    pub split: String,
    /// The column of the answers.
    pub label: String,
    pub rows: Parted,
    /// What they are, in words.
    pub told: String,
}

/// The part of the training split that is held out where the data has no other.
const HELD_OUT_FRAC: f64 = 0.2;
/// Names of classes that are told.
const CLASSES: usize = 40;
/// Folder of what is no text and no number.
const FILES: &str = "files";

/// Writes the splits into the new folder `into`.
///
/// # Errors
/// A row cannot be read, or the folder cannot be written.
pub fn hand_over(facts: &DataFacts, into: &Path) -> Result<Handed> {
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |source| Error::Io { action: "write", path, source }
    };
    std::fs::create_dir_all(into.join(FILES)).map_err(io(into))?;
    let label = facts.columns.label.as_deref().filter(|_| is_scored(facts.task));
    let held = label.and_then(|_| held_out(facts));
    let mut handed = Handed { there: String::new(), held_out: None };
    for split in &facts.splits {
        // Rows that nobody has labelled have nothing to learn from.
        if !split.labelled && facts.splits.iter().any(|other| other.labelled) {
            continue;
        }
        let cut = held.as_ref().filter(|held| held.split == split.name);
        let pen = Pen { into, split: &split.name, label, kept: &facts.rows };
        if split.files.iter().any(|file| Table::open(file).is_ok_and(|table| table.is_document())) {
            let names = pen.documents(&split.files)?;
            handed.there += &format!("{}: text, the split `{}`\n", names.join(", "), split.name);
            continue;
        }
        let (mut rows, columns) = pen.rows(&split.files)?;
        if let Some((held, label)) = cut.zip(label) {
            // Where no answer is a text or a number, none is scored.
            if rows.iter().any(|row| is_answered(row, label)) {
                let (out, without) = cut_off(&mut rows, held, label, !facts.labels.is_empty());
                if without > 0 {
                    let of = format!("rows of the split `{}`", split.name);
                    handed.there += &format!("{without} {of} are left out, for they have no `{label}`\n");
                }
                handed.held_out = part(out, label, split, facts);
            }
            if held.part.is_none() {
                continue;
            }
        }
        let file = into.join(format!("{}.jsonl", split.name.replace(['/', '\\'], "-")));
        let mut out = BufWriter::new(File::create(&file).map_err(io(&file))?);
        for row in &rows {
            writeln!(out, "{}", Value::Object(row.clone())).map_err(io(&file))?;
        }
        out.flush().map_err(io(&file))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        handed.there += &format!("{name}: {} lines of JSON, the split `{}`, each with {columns}\n", rows.len(), split.name);
    }
    if handed.there.contains(FILES_TOLD) {
        handed.there += &format!("{FILES}/: the images and recordings that those name, as they were encoded\n");
    }
    let is_empty = std::fs::read_dir(into.join(FILES)).is_ok_and(|mut entries| entries.next().is_none());
    if is_empty {
        std::fs::remove_dir(into.join(FILES)).map_err(io(into))?;
    }
    Ok(handed)
}

/// How a column of files is told.
const FILES_TOLD: &str = "paths below `tallow.data`";

/// Whether predictions of a task are a class or an amount each, which is what is scored of scripts.
fn is_scored(task: Option<Task>) -> bool {
    match task {
        None
        | Some(
            Task::TextClassification
            | Task::TextRegression
            | Task::ImageClassification
            | Task::TabularClassification
            | Task::TabularRegression,
        ) => true,
        Some(
            Task::TextMultiLabel
            | Task::TokenClassification
            | Task::QuestionAnswering
            | Task::MaskedLanguageModelling
            | Task::LanguageModelling
            | Task::InstructionTuning
            | Task::PreferenceOptimization
            | Task::SentenceSimilarity
            | Task::TextToText
            | Task::SpeechRecognition,
        ) => false,
    }
}

struct Held {
    split: String,
    /// Of the split's rows; none: all.
    part: Option<Part>,
}

/// The split that is usually scored, else a part of the one that is trained on.
fn held_out(facts: &DataFacts) -> Option<Held> {
    let train = facts.usual_train()?;
    match facts.usual_held_out(Some(&train.name)) {
        Some(held) => Some(Held { split: held.name.clone(), part: None }),
        None if train.examples >= least_to_part(facts.labels.len()) => {
            let share = share_drawn(HELD_OUT_FRAC, train.examples, facts.labels.len());
            Some(Held { split: train.name.clone(), part: Some(Part::Drawn(share)) })
        }
        None => None,
    }
}

/// Whether a row says what is scored: a text or a number.
fn is_answered(row: &Map<String, Value>, label: &str) -> bool {
    row.get(label).is_some_and(|answer| answer.is_string() || answer.is_number())
}

/// Takes what is held out from the rows. Those without an answer are left out before it is drawn, of classes
/// each its share; how many they were.
fn cut_off(rows: &mut Vec<Map<String, Value>>, held: &Held, label: &str, are_classes: bool) -> (Vec<Map<String, Value>>, usize) {
    let all = rows.len();
    rows.retain(|row| is_answered(row, label));
    let without = all - rows.len();
    let mask = match &held.part {
        None => vec![true; rows.len()],
        Some(part) if are_classes && part.is_by_class(rows.len()) => part.mask_within(&kinds(rows, label)),
        Some(part) => part.mask(rows.len(), |_| None),
    };
    let (mut out, mut kept) = (Vec::new(), Vec::new());
    rows.drain(..).zip(mask).for_each(|(row, is_out)| if is_out { out.push(row) } else { kept.push(row) });
    *rows = kept;
    (out, without)
}

/// Of each row which answer it has, by the order in which they occur.
fn kinds(rows: &[Map<String, Value>], label: &str) -> Vec<u32> {
    let mut known = BTreeMap::new();
    let answers = rows.iter().map(|row| row.get(label).map(Value::to_string).unwrap_or_default());
    let kind = |answer| {
        let next = known.len() as u32;
        *known.entry(answer).or_insert(next)
    };
    answers.map(kind).collect()
}

/// Rows apart from their answers, in an order that says nothing of them; none where there are none.
fn part(rows: Vec<Map<String, Value>>, label: &str, split: &SplitFacts, facts: &DataFacts) -> Option<HeldOutRows> {
    let stream = Stream::root(0).named("handed_over");
    let mut rows: Vec<(usize, Map<String, Value>)> = rows.into_iter().enumerate().collect();
    rows.sort_by_cached_key(|(at, _)| (stream.bits(*at as u64), *at));
    let mut parted = Parted { inputs: Vec::new(), answers: Vec::new() };
    for (_, mut row) in rows {
        parted.answers.extend(row.remove(label));
        parted.inputs.push(Value::Object(row));
    }
    if parted.answers.is_empty() {
        return None;
    }
    let what = match facts.labels.len() {
        0 => "a number".to_string(),
        count => {
            let names: Vec<&str> = facts.labels.iter().take(CLASSES).map(String::as_str).collect();
            let more = if count > CLASSES { format!(" and {} more", count - CLASSES) } else { String::new() };
            format!("one of {}{more}, written as in the training split", names.join(", "))
        }
    };
    let count = parted.answers.len();
    let told =
        format!("{count} lines of JSON as those of the training split, without `{label}`, which is to be predicted: {what}");
    Some(HeldOutRows { split: split.name.clone(), label: label.into(), rows: parted, told })
}

/// Writes what a split's rows name.
struct Pen<'a> {
    into: &'a Path,
    split: &'a str,
    label: Option<&'a str>,
    /// Rows that are used at all.
    kept: &'a [RowRule],
}

impl Pen<'_> {
    /// All rows of a split, and its columns in words.
    fn rows(&self, files: &[PathBuf]) -> Result<(Vec<Map<String, Value>>, String)> {
        let (mut rows, mut told) = (Vec::new(), String::new());
        for file in files {
            let mut table = Table::open(file)?;
            table.keep(self.kept)?;
            let names = table.names();
            let columns: Vec<&str> = names.iter().map(String::as_str).collect();
            if told.is_empty() {
                told = table.columns().iter().map(|column| self.told(column)).collect::<Vec<_>>().join(", ");
            }
            for row in table.rows(&columns)? {
                let row = row?;
                let mut fields = Map::new();
                for (column, cell) in table.columns().iter().zip(row.cells) {
                    fields.insert(column.name.clone(), self.value(column, cell)?);
                }
                rows.push(fields);
            }
        }
        Ok((rows, told))
    }

    fn told(&self, column: &Column) -> String {
        use super::read::ColumnKind::{Audio, Image};
        let kind = match &column.kind {
            Image | Audio => format!("{}, as {FILES_TOLD}", column.kind.in_words()),
            kind => kind.in_words(),
        };
        let role = if Some(column.name.as_str()) == self.label { ", which is what to tell" } else { "" };
        format!("`{}` ({kind}{role})", column.name)
    }

    fn value(&self, column: &Column, cell: Cell) -> Result<Value> {
        if let (Cell::Int(at), Some(classes)) = (&cell, &column.classes)
            && let Some(class) = usize::try_from(*at).ok().and_then(|at| classes.get(at))
        {
            return Ok(class.clone().into());
        }
        Ok(match cell {
            Cell::Bytes(bytes) => self.file(&bytes)?,
            Cell::File(path) => {
                let bytes = std::fs::read(&path).map_err(|source| Error::Io { action: "read", path, source })?;
                self.file(&bytes)?
            }
            cell => cell_value(column, &cell).unwrap_or_default(),
        })
    }

    /// Named by what is in it alone: where a row lies in its source may tell its answer.
    fn file(&self, bytes: &[u8]) -> Result<Value> {
        let name = format!("{}.{}", &super::sha256_of_bytes(bytes)[..24], ending(bytes));
        let path = self.into.join(FILES).join(&name);
        if !path.is_file() {
            std::fs::write(&path, bytes).map_err(|source| Error::Io { action: "write", path, source })?;
        }
        Ok(format!("{FILES}/{name}").into())
    }

    /// Copies of documents, as they are.
    fn documents(&self, files: &[PathBuf]) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for (number, file) in files.iter().enumerate() {
            let name = format!("{}-{number}.txt", self.split.replace(['/', '\\'], "-"));
            std::fs::copy(file, self.into.join(&name)).map_err(|source| Error::Io {
                action: "copy",
                path: file.clone(),
                source,
            })?;
            names.push(name);
        }
        Ok(names)
    }
}

/// By the first bytes of a file.
fn ending(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "png",
        [0xff, 0xd8, ..] => "jpg",
        [b'G', b'I', b'F', ..] => "gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "webp",
        [b'R', b'I', b'F', b'F', ..] => "wav",
        [b'f', b'L', b'a', b'C', ..] => "flac",
        [b'B', b'M', ..] => "bmp",
        _ => "bin",
    }
}

/// Files that are told of a folder.
const MOST_FILES: usize = 60;

/// What lies in a folder that somebody gave, in words: names, sizes, and the columns of tables. Nothing of what stands in them.
///
/// # Errors
/// The folder cannot be read.
pub fn tell_folder(folder: &Path) -> Result<String> {
    let (mut files, mut waiting) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(place) = waiting.pop() {
        let entries = std::fs::read_dir(&place).map_err(|source| Error::Io { action: "read", path: place.clone(), source })?;
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => waiting.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files.sort();
    let line = |file: &PathBuf| {
        let name = file.strip_prefix(folder).unwrap_or(file).display().to_string();
        let size = file.metadata().map_or(0, |meta| meta.len());
        let columns = Table::open(file).ok().filter(|table| !table.is_document()).map(|table| {
            let told = |column: &Column| format!("`{}` ({})", column.name, column.kind.in_words());
            format!(", a table of {}", table.columns().iter().map(told).collect::<Vec<_>>().join(", "))
        });
        format!("{name}: {}{}\n", crate::words::bytes(size as f64), columns.unwrap_or_default())
    };
    let more = files.len().saturating_sub(MOST_FILES);
    let lines: String = files.iter().take(MOST_FILES).map(line).collect();
    Ok(if more > 0 { format!("{lines}and {more} more files\n") } else { lines })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::hub::Hub;
    use crate::data::{DataSpecHints, Making, survey_data};
    use crate::spec::{Columns, DataSource};

    fn handed(source: DataSource, label: Option<&str>) -> (Handed, tempfile::TempDir) {
        let dir = tempfile::tempdir().expect("a folder");
        let making = Making::quietly(dir.path());
        let columns = Columns { label: label.map(String::from), ..Columns::default() };
        let facts =
            survey_data(&Hub::nowhere("/nowhere"), &source, &DataSpecHints { columns, ..DataSpecHints::default() }, &making);
        let facts = facts.expect("surveyed");
        (hand_over(&facts, &dir.path().join("handed")).expect("handed over"), dir)
    }

    fn lines(dir: &tempfile::TempDir, name: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(dir.path().join("handed").join(name)).expect("a file");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    #[test]
    fn a_table_without_a_test_split_is_parted() {
        let place = tempfile::tempdir().expect("a folder");
        let file = place.path().join("flowers.csv");
        let rows: String = (0..100).map(|i| format!("{},{}\n", i * 37 % 100, ["rose", "tulip"][i % 2])).collect();
        std::fs::write(&file, format!("height,kind\n{rows}")).expect("written");
        let (handed, dir) = handed(DataSource::Local { path: file }, Some("kind"));
        let (train, held) = (lines(&dir, "train.jsonl"), handed.held_out.expect("held out"));
        assert_eq!((train.len(), held.rows.answers.len(), held.label.as_str()), (80, 20, "kind"));
        assert!(held.rows.inputs.iter().all(|row| row.get("kind").is_none()));
        // No row is in both, and all have the answer that they had.
        let mut heights: Vec<i64> = train.iter().chain(&held.rows.inputs).map(|row| row["height"].as_i64().expect("n")).collect();
        heights.sort_unstable();
        assert_eq!(heights, (0..100).collect::<Vec<_>>());
        for (row, answer) in held.rows.inputs.iter().zip(&held.rows.answers) {
            assert_eq!(answer, ["rose", "tulip"][row["height"].as_u64().expect("n") as usize % 2]);
        }
        assert!(
            held.rows.inputs.windows(2).any(|pair| pair[0]["height"].as_i64() > pair[1]["height"].as_i64()),
            "the order tells nothing"
        );
        assert!(
            handed.there.contains("train.jsonl: 80 lines of JSON")
                && handed.there.contains("`kind` (texts, which is what to tell)")
        );
        assert!(held.told.contains("one of rose, tulip"), "{}", held.told);
    }

    /// They switch nothing off, and no other row is lost with them.
    #[test]
    fn rows_without_an_answer_are_left_out_and_told() {
        let place = tempfile::tempdir().expect("a folder");
        let file = place.path().join("flowers.csv");
        let kind = |i: usize| if i == 7 { "" } else { ["rose", "tulip"][i % 2] };
        let rows: String = (0..100).map(|i| format!("{},{}\n", i * 37 % 100, kind(i))).collect();
        std::fs::write(&file, format!("height,kind\n{rows}")).expect("written");
        let (handed, dir) = handed(DataSource::Local { path: file }, Some("kind"));
        let (train, held) = (lines(&dir, "train.jsonl"), handed.held_out.expect("held out"));
        assert_eq!((train.len() + held.rows.inputs.len(), held.rows.answers.len()), (99, held.rows.inputs.len()));
        assert!(held.rows.answers.iter().all(Value::is_string), "{:?}", held.rows.answers);
        let told = "1 rows of the split `train` are left out, for they have no `kind`\n";
        assert!(handed.there.contains(told), "{}", handed.there);
    }

    #[test]
    fn images_are_files_whose_names_tell_nothing() {
        let (handed, dir) = handed(DataSource::Generated { name: "toy_shapes".into(), examples: 60, seed: 0 }, None);
        let (train, held) = (lines(&dir, "train.jsonl"), handed.held_out.expect("held out"));
        assert_eq!(
            (train.len(), held.split.as_str(), held.rows.answers.len()),
            (60, "test", lines(&dir, "validation.jsonl").len())
        );
        assert!(!dir.path().join("handed/test.jsonl").exists());
        for row in train.iter().chain(&held.rows.inputs) {
            let file = row["image"].as_str().expect("a path");
            assert!(file.ends_with(".png") && dir.path().join("handed").join(file).is_file(), "{row}");
            assert!(["circle", "cross", "square", "triangle"].iter().all(|class| !file.contains(class)));
        }
        assert!(handed.there.contains("paths below `tallow.data`") && handed.there.contains("files/"), "{}", handed.there);
        assert!(held.rows.answers.iter().all(Value::is_string), "classes are told by their names");
    }

    #[test]
    fn what_a_folder_holds_is_told_without_its_rows() {
        let place = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(place.path().join("more")).expect("made");
        std::fs::write(place.path().join("train.csv"), "x,name\n1,secret\n").expect("written");
        std::fs::write(place.path().join("more/blob"), [0; 2048]).expect("written");
        let told = tell_folder(place.path()).expect("told");
        assert_eq!(told, "more/blob: 2.0 KiB\ntrain.csv: 16 bytes, a table of `x` (integers), `name` (texts)\n");
    }
}
