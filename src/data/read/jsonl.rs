//! JSON lines, one object each; or a file that is one JSON array of objects, or one object that holds such an array as `data`.

use super::json::{self, Object};
use super::{Cell, Column, ColumnKind, Position, Row, Rows, is_name_of_image, packed, unreadable, wrapped};
use crate::data::Result;
use crate::data::audio::is_audio;
use crate::words::listed;
use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;
use std::path::Path;

/// Rows that are looked at to find the columns.
const SAMPLE: usize = 200;
/// Rows behind these that are looked at for names that none of them has, what they may hold in all, and how many names are kept.
const LATER: usize = 50_000;
const LATER_BYTES: usize = 8 << 20;
const LATER_NAMES: usize = 1000;

type Objects = Box<dyn Iterator<Item = Result<(Position, Object)>>>;

fn objects(path: &Path) -> Result<Objects> {
    let io = |e: std::io::Error| unreadable(path, None, e);
    let mut file = packed::open(path)?;
    let is_array = file.fill_buf().map_err(io)?.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'[');
    if is_array {
        let rows: std::result::Result<Vec<json::Row>, _> = serde_json::from_reader(file);
        let again = || without_nan(std::str::from_utf8(&packed::bytes(path).ok()?).ok()?);
        let rows = rows
            .or_else(|error| again().and_then(|text| serde_json::from_str(&text).ok()).ok_or(error))
            .map_err(|e| unreadable(path, Some(Position::Line(e.line() as u64)), format!("expected an array of objects: {e}")))?;
        return Ok(Box::new(rows.into_iter().zip(1u64..).map(|(row, n)| Ok((Position::Row(n), row.0)))));
    }
    if let Some(rows) = wrapped_rows(path)? {
        return Ok(Box::new(rows.into_iter().zip(1u64..).map(|(row, n)| Ok((Position::Row(n), row)))));
    }
    let path = path.to_path_buf();
    Ok(Box::new(file.lines().zip(1u64..).filter_map(move |(line, number)| {
        let position = Position::Line(number);
        let line = match line {
            Ok(line) if line.trim().is_empty() => return None,
            Ok(line) => line,
            Err(e) => return Some(Err(unreadable(&path, Some(position), e))),
        };
        let object = serde_json::from_str::<json::Row>(&line)
            .or_else(|error| without_nan(&line).and_then(|line| serde_json::from_str(&line).ok()).ok_or(error))
            .map_err(|e| unreadable(&path, Some(position.clone()), format!("expected a JSON object: {e}")));
        Some(object.map(|object| (position, object.0)))
    })))
}

/// With `null` where Python writes `NaN` or `Infinity`, which are no JSON: a number that is none is nothing. None where no such word
/// stands outside of texts.
fn without_nan(text: &str) -> Option<String> {
    let (mut written, mut rest) = (String::with_capacity(text.len()), text);
    let (mut is_text, mut is_changed) = (false, false);
    while let Some(letter) = rest.chars().next() {
        let word = ["NaN", "Infinity", "-Infinity"].into_iter().find(|word| !is_text && rest.starts_with(word));
        let taken = match word {
            Some(word) => {
                is_changed = true;
                word.len()
            }
            // What is behind it ends no text.
            None if is_text && letter == '\\' => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            None => {
                is_text ^= letter == '"';
                letter.len_utf8()
            }
        };
        let (before, behind) = rest.split_at(taken);
        written.push_str(if word.is_some() { "null" } else { before });
        rest = behind;
    }
    is_changed.then_some(written)
}

/// Whether a text is one JSON object, as a line of a table is: with what Python writes for numbers that are none.
///
/// # Errors
/// It is none, as JSON's reader says it.
pub fn check_object(text: &str) -> Result<(), serde_json::Error> {
    let read = |text: &str| serde_json::from_str::<json::Row>(text).map(drop);
    let again = || without_nan(text).is_some_and(|text| read(&text).is_ok());
    read(text).or_else(|error| if again() { Ok(()) } else { Err(error) })
}

/// The rows of a file that is one object with its rows within; none: its lines are its rows.
fn wrapped_rows(path: &Path) -> Result<Option<Vec<Object>>> {
    let mut lines = packed::open(path)?.lines();
    let mut next = || {
        let line = lines.by_ref().find(|line| line.as_ref().map_or(true, |line| !line.trim().is_empty()));
        line.transpose().map_err(|e| unreadable(path, None, e))
    };
    let (first, second) = (next()?.unwrap_or_default(), next()?);
    // Lines that are objects are rows, however the first one looks.
    let read = serde_json::from_str::<serde::de::IgnoredAny>(&first);
    // Nor does a first line that is broken, and not merely unfinished, begin an object.
    if second.is_some() && read.map_or_else(|e| !e.is_eof(), |_| true) {
        return Ok(None);
    }
    Ok(serde_json::from_slice::<json::Row>(&packed::bytes(path)?).ok().and_then(|file| wrapped::rows(file.0)))
}

/// What the names in a file's rows are.
pub(super) struct Columns {
    pub(super) all: Vec<Column>,
    /// Those that no row of the sample has.
    pub(super) later: Vec<Column>,
    /// What whoever uses them should know.
    pub(super) notes: Vec<String>,
}

pub(super) fn columns(path: &Path) -> Result<Columns> {
    let mut columns: Vec<(String, Option<ColumnKind>)> = Vec::new();
    let mut rows = 0;
    let mut objects = objects(path)?;
    for row in objects.by_ref().take(SAMPLE) {
        rows += 1;
        for (name, value) in row?.1 {
            let kind = kind(&value);
            match columns.iter_mut().find(|(known, _)| *known == name) {
                None => columns.push((name, kind)),
                Some((_, known)) => *known = widest(known.take(), kind),
            }
        }
    }
    let column =
        |(name, kind): (String, Option<ColumnKind>)| Column { name, kind: kind.unwrap_or(ColumnKind::Text), classes: None };
    let columns: Vec<Column> = columns.into_iter().map(column).collect();
    let nests = |column: &Column| matches!(column.kind, ColumnKind::List(_) | ColumnKind::Object(_));
    // Columns of lists, rows by their numbers, or splits, as other programs write tables.
    let is_turned = rows == 1 && columns.len() > 1 && columns.iter().all(nests);
    let note = "it is one row, for it is one object, of lists or of objects: where these are columns, rows or splits, write an object a \
                line, a file a split (in pandas `to_json(orient=\"records\", lines=True)`)";
    let mut notes: Vec<String> = if is_turned { vec![note.into()] } else { Vec::new() };
    let (later, told) = later(objects, &columns);
    notes.extend(told);
    Ok(Columns { all: columns, later, notes })
}

/// Columns that begin behind the sample, and what is said of them: nobody takes them for an input or a label, but they are there
/// for whoever names them.
fn later(rows: Objects, known: &[Column]) -> (Vec<Column>, Option<String>) {
    let known: BTreeSet<&str> = known.iter().map(|column| column.name.as_str()).collect();
    let mut found: BTreeMap<String, Option<ColumnKind>> = BTreeMap::new();
    let (mut first, mut bytes) = (None, 0);
    // What is wrong with a row is told where it is read.
    for (position, row) in rows.take(LATER).map_while(Result::ok) {
        for (name, value) in row {
            bytes += value.bytes();
            if !known.contains(name.as_str()) {
                first.get_or_insert_with(|| position.clone());
                let of = found.entry(name).or_default();
                *of = widest(of.take(), kind(&value));
            }
        }
        if bytes > LATER_BYTES || found.len() >= LATER_NAMES {
            break;
        }
    }
    let names: Vec<String> = found.keys().cloned().collect();
    let told = first.map(|position| format!("{}: in no row before {position}; read where it is named", listed(&names)));
    let column = |(name, kind): (String, Option<ColumnKind>)| {
        // Names of files are read as such in the columns of the sample alone.
        let kind = kind.filter(|kind| !matches!(kind, ColumnKind::Audio | ColumnKind::Image)).unwrap_or(ColumnKind::Text);
        Column { name, kind, classes: None }
    };
    (found.into_iter().map(column).collect(), told)
}

fn kind(cell: &Cell) -> Option<ColumnKind> {
    match cell {
        Cell::Null => None,
        Cell::Int(_) => Some(ColumnKind::Int),
        Cell::Float(_) => Some(ColumnKind::Float),
        // Digits that were a number, if a large one.
        Cell::Text(text) if text.len() >= 19 && text.parse::<u64>().is_ok_and(|number| i64::try_from(number).is_err()) => {
            Some(ColumnKind::Int)
        }
        Cell::Text(name) if is_audio(name) => Some(ColumnKind::Audio),
        Cell::Text(name) if is_name_of_image(name) => Some(ColumnKind::Image),
        Cell::Text(_) => Some(ColumnKind::Text),
        Cell::List(items) => {
            let of = items.iter().fold(None, |known, item| widest(known, kind(item)));
            Some(ColumnKind::List(of.map(Box::new)))
        }
        Cell::Object(fields) => Some(ColumnKind::Object(fields.iter().map(|(name, _)| name.clone()).collect())),
        // None that JSON has.
        Cell::Bytes(_) | Cell::File(_) | Cell::Other(_) => None,
    }
}

fn widest(a: Option<ColumnKind>, b: Option<ColumnKind>) -> Option<ColumnKind> {
    match (a, b) {
        (None, kind) | (kind, None) => kind,
        (Some(a), Some(b)) if a == b => Some(a),
        (Some(ColumnKind::Int | ColumnKind::Float), Some(ColumnKind::Int | ColumnKind::Float)) => Some(ColumnKind::Float),
        (Some(ColumnKind::List(a)), Some(ColumnKind::List(b))) => {
            Some(ColumnKind::List(widest(a.map(|a| *a), b.map(|b| *b)).map(Box::new)))
        }
        // A text may be the name of a file.
        (
            Some(ColumnKind::Audio | ColumnKind::Image | ColumnKind::Text),
            Some(ColumnKind::Audio | ColumnKind::Image | ColumnKind::Text),
        ) => Some(ColumnKind::Text),
        // Not every object has every field.
        (Some(ColumnKind::Object(mut a)), Some(ColumnKind::Object(b))) => {
            let new: Vec<String> = b.into_iter().filter(|name| !a.contains(name)).collect();
            a.extend(new);
            Some(ColumnKind::Object(a))
        }
        (Some(ColumnKind::Other(known)), Some(kind)) | (Some(kind), Some(ColumnKind::Other(known))) => {
            Some(ColumnKind::Other(beside(known, &kind)))
        }
        (Some(a), Some(b)) => Some(ColumnKind::Other(beside(short(&a), &b))),
    }
}

/// Kinds that a column mixes, each once.
fn beside(mut known: String, kind: &ColumnKind) -> String {
    for kind in short(kind).split(" and ") {
        if !known.split(" and ").any(|other| other == kind) {
            known.push_str(&format!(" and {kind}"));
        }
    }
    known
}

/// What a kind is called beside others.
fn short(kind: &ColumnKind) -> String {
    match kind {
        ColumnKind::Object(_) => "objects".into(),
        ColumnKind::List(_) => "lists".into(),
        kind => kind.in_words(),
    }
}

pub(super) fn rows(path: &Path, wanted: &[&str]) -> Result<Rows<'static>> {
    let wanted: Vec<String> = wanted.iter().map(|w| w.to_string()).collect();
    Ok(Box::new(objects(path)?.map(move |row| {
        let (position, mut object) = row?;
        let cells = wanted.iter().map(|name| json::take(&mut object, name).unwrap_or(Cell::Null)).collect();
        Ok(Row { position, cells })
    })))
}

#[cfg(test)]
mod tests {
    use super::{check_object, without_nan};
    use crate::data::read::{Cell, ColumnKind, Position, Table};

    fn table(name: &str, text: &str) -> (tempfile::TempDir, crate::data::Result<Table>) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        let table = Table::open(&path);
        (dir, table)
    }

    #[test]
    fn lines_and_arrays_give_the_same_rows() {
        let (_a, lines) = table("t.jsonl", "{\"text\":\"a\",\"label\":1}\n\n{\"text\":\"b\",\"label\":null,\"more\":[1]}\n");
        let (_b, array) = table("t.json", "[{\"text\":\"a\",\"label\":1},{\"text\":\"b\",\"label\":null,\"more\":[1]}]");
        let (lines, array) = (lines.expect("a table"), array.expect("a table"));
        let read = |t: &Table| t.rows(&["text", "label"]).expect("rows").map(|r| r.expect("a row").cells).collect::<Vec<_>>();
        assert_eq!(read(&lines), [[Cell::Text("a".into()), Cell::Int(1)], [Cell::Text("b".into()), Cell::Null]]);
        assert_eq!(read(&lines), read(&array));
        assert_eq!(lines.column("more").expect("there").kind, ColumnKind::List(Some(Box::new(ColumnKind::Int))));
        let last = lines.rows(&[]).expect("rows").last().expect("one").expect("a row");
        assert_eq!(last.position, Position::Line(3));
    }

    #[test]
    fn one_object_may_hold_the_rows() {
        let rows = |text: &str, columns: &[&str]| {
            let (_dir, table) = table("t.json", text);
            let table = table.expect("a table");
            (table.names(), table.rows(columns).expect("rows").map(|r| r.expect("a row").cells).collect::<Vec<_>>())
        };
        let text = |text: &str| Cell::Text(text.into());
        for of in [
            "{\"version\":1,\"data\":[{\"text\":\"a\"},{\"text\":\"b\"}]}",
            "\u{feff}{\n \"data\": [\n{\"text\":\"a\"},{\"text\":\"b\"}\n]\n}\n",
        ] {
            assert_eq!(rows(of, &["text"]).1, [[text("a")], [text("b")]], "{of}");
        }
        // Rows of their own may have such a column, and a single row is one.
        let lines = "{\"data\":[{\"x\":1}]}\n{\"data\":[]}\n";
        assert_eq!(rows(lines, &[]).1.len(), 2);
        assert_eq!(rows("{\"text\":\"a\"}\n", &["text"]).1, [[text("a")]]);
        let squad = r#"{"version": "1.1", "data": [{"title": "T", "paragraphs": [{"context": "A cat sat.", "qas": [
            {"id": "1", "question": "Who?", "answers": [{"text": "A cat", "answer_start": 0}]},
            {"id": "2", "question": "Why?", "answers": [], "is_impossible": true}]}]}]}"#;
        let (names, found) = rows(squad, &["question", "answers"]);
        assert_eq!(names, ["id", "title", "context", "question", "answers"]);
        let answers = |texts: Vec<Cell>, starts: Vec<Cell>| {
            Cell::Object(vec![("text".into(), Cell::List(texts)), ("answer_start".into(), Cell::List(starts))])
        };
        assert_eq!(
            found,
            [[text("Who?"), answers(vec![text("A cat")], vec![Cell::Int(0)])], [text("Why?"), answers(vec![], vec![])]]
        );
    }

    #[test]
    fn names_keep_their_order() {
        let row = r#"{"translation":{"en":"a","de":"b"},"id":18446744073709551615,"about":true}"#;
        let (_dir, table) = table("t.jsonl", &format!("{row}\n{row}\n"));
        let table = table.expect("a table");
        assert_eq!(table.names(), ["translation", "id", "about"]);
        assert_eq!(table.columns()[0].kind, ColumnKind::Object(vec!["en".into(), "de".into()]));
        assert_eq!(table.columns()[1].kind, ColumnKind::Int, "digits that were a number");
        let cells = table.rows(&["id", "about"]).expect("rows").next().expect("one").expect("a row").cells;
        assert_eq!(cells, [Cell::Text("18446744073709551615".into()), Cell::Int(1)]);
    }

    #[test]
    fn kinds_that_a_column_mixes_are_named_once() {
        let row = |i: usize| format!("{{\"a\":{}}}\n", ["1", "\"x\"", "[1]", "{\"b\":1}", "{\"c\":[]}"][i % 5]);
        let (_dir, table) = table("t.jsonl", &(0..50).map(row).collect::<String>());
        let kind = table.expect("a table").columns()[0].kind.in_words();
        assert_eq!(kind, "integers and texts and lists and objects");
    }

    #[test]
    fn one_object_of_lists_or_objects_is_told() {
        let told = |text: &str| table("t.json", text).1.expect("a table").notes().join(" ");
        for turned in [
            r#"{"text":["a","b"],"label":[0,1]}"#,
            r#"{"0":{"text":"a"},"1":{"text":"b"}}"#,
            r#"{"train":[{"text":"a"}],"test":[{"text":"b"}]}"#,
        ] {
            assert!(told(turned).contains("it is one row"), "{turned}");
        }
        for rows in [r#"{"text":"a","label":[0,1]}"#, r#"{"data":[{"a":[1],"b":[2]},{"a":[1],"b":[2]}]}"#] {
            assert_eq!(told(rows), "", "{rows}");
        }
    }

    #[test]
    fn a_column_that_begins_late_is_there_for_whoever_names_it() {
        let early = "{\"text\":\"a\",\"label\":1}\n".repeat(200);
        let text = format!("{early}{{\"text\":\"b\",\"label\":0,\"more\":[1]}}\n{{\"more\":[]}}\n{{\"text\":\n");
        let (_dir, table) = table("t.jsonl", &text);
        let table = table.expect("what is broken behind the first rows is told where it is read");
        assert_eq!(table.names(), ["text", "label"]);
        let kind = &table.column("more").expect("there").kind;
        assert_eq!(*kind, ColumnKind::List(Some(Box::new(ColumnKind::Int))));
        let cells: Vec<_> = table.rows(&["more", "text"]).expect("rows").map_while(Result::ok).map(|row| row.cells).collect();
        assert_eq!((cells.len(), &cells[199]), (202, &vec![Cell::Null, Cell::Text("a".into())]));
        assert_eq!(cells[200], [Cell::List(vec![Cell::Int(1)]), Cell::Text("b".into())]);
        assert_eq!(table.notes(), ["`t.jsonl`: `more`: in no row before line 201; read where it is named"]);
    }

    /// As Python's `json.dumps` writes numbers that are none.
    #[test]
    fn what_is_no_number_is_nothing() {
        let lines = "{\"a\":NaN,\"b\":\"NaN \\\" Infinity\"}\n{\"a\":-Infinity,\"b\":\"x\"}\n{\"a\":1.5,\"b\":\"y\"}\n";
        let array = format!("[{}]", lines.trim_end().replace('\n', ","));
        for (name, text) in [("t.jsonl", lines), ("t.json", array.as_str())] {
            let (_dir, table) = table(name, text);
            let table = table.expect("a table");
            let rows: Vec<_> = table.rows(&["a", "b"]).expect("rows").map(|row| row.expect("a row").cells).collect();
            let text = |text: &str| Cell::Text(text.into());
            let expected = [[Cell::Null, text("NaN \" Infinity")], [Cell::Null, text("x")], [Cell::Float(1.5), text("y")]];
            assert_eq!(rows, expected, "{name}");
        }
        assert_eq!(without_nan("{\"a\":\"NaN\"}"), None);
        assert!(check_object("{\"a\":NaN,\"b\":1}").is_ok() && check_object(" {\"a\":1}").is_ok());
        assert!(check_object("{\"a\":nan}").is_err() && check_object("[1]").is_err() && check_object("NaN").is_err());
    }

    #[test]
    fn a_broken_line_is_named() {
        let (_dir, table) = table("t.jsonl", "{\"text\":\"a\"}\n{\"text\":\n");
        let error = table.err().expect("broken").to_string();
        assert!(error.contains("line 2: expected a JSON object"), "{error}");
    }
}
