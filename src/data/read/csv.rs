//! CSV and TSV with a header line. A byte order mark is skipped; every cell is text, and an empty one is nothing.

use super::quotes::Quotes;
use super::{Cell, Column, ColumnKind, Position, Row, Rows, is_name_of_image, packed, unreadable};
use crate::data::audio::is_audio;
use crate::data::{Error, Result};
use std::io::BufRead;
use std::path::Path;

/// Rows that are looked at to tell numbers from texts.
const SAMPLE: usize = 200;

fn open(path: &Path, delimiter: u8) -> Result<csv::Reader<Quotes<impl BufRead + use<>>>> {
    Ok(csv::ReaderBuilder::new().delimiter(delimiter).from_reader(Quotes::new(packed::open(path)?, delimiter)))
}

/// The usual mark between cells, unless the header has none of it and has another: spreadsheets of many countries write semicolons.
pub(super) fn delimiter(path: &Path, usual: u8) -> Result<u8> {
    let mut reader = open(path, usual)?;
    let header = reader.headers().map_err(|e| broken(path, &e))?;
    match header.len() {
        1 => Ok([b';', b'\t', b','].into_iter().find(|mark| header.as_slice().as_bytes().contains(mark)).unwrap_or(usual)),
        _ => Ok(usual),
    }
}

pub(super) fn columns(path: &Path, delimiter: u8) -> Result<Vec<Column>> {
    let mut reader = open(path, delimiter)?;
    let header: Vec<String> = reader.headers().map_err(|e| broken(path, &e))?.iter().map(|h| h.trim().to_string()).collect();
    if header.iter().all(String::is_empty) {
        return Err(unreadable(path, Some(Position::Line(1)), "expected a line with the names of the columns, found none"));
    }
    let sample: Vec<csv::StringRecord> = reader.records().take(SAMPLE).collect::<Result<_, _>>().map_err(|e| broken(path, &e))?;
    let kind = |column: usize| {
        let mut cells = sample.iter().filter_map(|r| r.get(column)).map(str::trim).filter(|c| !c.is_empty()).peekable();
        let any = cells.peek().is_some();
        let cells: Vec<&str> = cells.collect();
        match any {
            true if cells.iter().all(|c| c.parse::<i64>().is_ok()) => ColumnKind::Int,
            true if cells.iter().all(|c| c.parse::<f64>().is_ok()) => ColumnKind::Float,
            true if cells.iter().all(|c| is_audio(c)) => ColumnKind::Audio,
            true if cells.iter().all(|c| is_name_of_image(c)) => ColumnKind::Image,
            _ => ColumnKind::Text,
        }
    };
    Ok(header.into_iter().enumerate().map(|(i, name)| Column { kind: kind(i), name, classes: None }).collect())
}

pub(super) fn rows(path: &Path, delimiter: u8, wanted: &[&str]) -> Result<Rows<'static>> {
    let mut reader = open(path, delimiter)?;
    let header: Vec<String> = reader.headers().map_err(|e| broken(path, &e))?.iter().map(|h| h.trim().to_string()).collect();
    let order: Vec<usize> = wanted.iter().filter_map(|name| header.iter().position(|h| h == name)).collect();
    let (path, ends) = (path.to_path_buf(), line_ends(path));
    Ok(Box::new(reader.into_records().map(move |record| {
        let record = record.map_err(|e| broken(&path, &e))?;
        let position = Position::Line(record.position().map_or(0, |place| line_of(place, ends)));
        let cells = order.iter().map(|&i| match record.get(i) {
            None | Some("") => Cell::Null,
            Some(text) => Cell::Text(text.to_string()),
        });
        Ok(Row { position, cells: cells.collect() })
    })))
}

/// How the lines of a file end.
#[derive(Debug, Clone, Copy, PartialEq)]
enum LineEnds {
    /// A line feed, or what counts as one.
    One,
    /// A carriage return and a line feed.
    Two,
}

/// By its first line; of a file that cannot be read others tell.
fn line_ends(path: &Path) -> LineEnds {
    let mut first = Vec::new();
    let read = packed::open(path).is_ok_and(|mut file| file.read_until(b'\n', &mut first).is_ok());
    if read && first.ends_with(b"\r\n") { LineEnds::Two } else { LineEnds::One }
}

/// The line that a record begins in. Its place is taken before the line feed that the carriage return of the record before left over.
fn line_of(place: &csv::Position, ends: LineEnds) -> u64 {
    place.line() + u64::from(ends == LineEnds::Two && place.byte() > 0)
}

fn broken(path: &Path, error: &csv::Error) -> Error {
    let line = error.position().map(|place| Position::Line(line_of(place, line_ends(path))));
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            unreadable(path, line, format!("expected {expected_len} cells as in the header, found {len}"))
        }
        csv::ErrorKind::Io(e) => unreadable(path, line, e),
        _ => unreadable(path, line, error),
    }
}

#[cfg(test)]
mod tests {
    use crate::data::read::{Cell, ColumnKind, Position, Table};

    fn table(text: &str) -> (tempfile::TempDir, crate::data::Result<Table>) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.csv");
        std::fs::write(&path, text).expect("written");
        let table = Table::open(&path);
        (dir, table)
    }

    #[test]
    fn a_byte_order_mark_quotes_and_kinds() {
        let (_dir, table) = table("\u{feff}text,label,x\n\"a, \"\"b\"\"\nc\",1,0.5\nd,,2\n");
        let table = table.expect("a table");
        let kinds: Vec<_> = table.columns().iter().map(|c| (c.name.as_str(), c.kind.clone())).collect();
        assert_eq!(kinds, [("text", ColumnKind::Text), ("label", ColumnKind::Int), ("x", ColumnKind::Float)]);
        let rows: Vec<_> = table.rows(&["label", "text"]).expect("rows").map(|r| r.expect("a row")).collect();
        assert_eq!(rows[0].cells, [Cell::Text("1".into()), Cell::Text("a, \"b\"\nc".into())]);
        assert_eq!((rows[1].position.clone(), rows[1].cells[0].clone()), (Position::Line(4), Cell::Null));
        assert_eq!(table.count().expect("counted"), 2);
    }

    #[test]
    fn a_row_of_another_length_names_its_line() {
        let (_dir, table) = table("a,b\n1,2\n3\n");
        let error = table.err().expect("broken").to_string();
        assert!(error.contains("line 3: expected 2 cells as in the header, found 1"), "{error}");
    }

    #[test]
    fn lines_are_counted_however_they_end() {
        for end in ["\n", "\r\n"] {
            let (_dir, table) = table(&["a,b", "1,2", "3,4", "5,6", ""].join(end));
            let rows: Vec<_> = table.expect("a table").rows(&["a"]).expect("rows").map(|r| r.expect("a row").position).collect();
            assert_eq!(rows, [Position::Line(2), Position::Line(3), Position::Line(4)], "{end:?}");
            let (_dir, broken) = self::table(&["a,b", "1,2", "3", ""].join(end));
            assert!(broken.err().expect("broken").to_string().contains("line 3: expected 2 cells"), "{end:?}");
        }
    }

    /// Early, and behind the rows that are looked at for the kinds of columns.
    #[test]
    fn a_quote_that_is_never_closed_is_told_with_its_line() {
        let (_dir, early) = table("text,label\n\"fine,1\ndull,0\n");
        let error = early.err().expect("broken").to_string();
        assert!(error.contains("the quote that opens a cell in line 2 is never closed"), "{error}");
        let rows = "fine,1\n".repeat(20_000);
        let (_dir, late) = table(&format!("text,label\n{rows}\"dull,0\n{rows}"));
        let late = late.expect("a table");
        let read: Vec<_> = late.rows(&["text"]).expect("rows").collect();
        assert!(read.iter().take(20_000).all(Result::is_ok));
        let error = read[20_000].as_ref().expect_err("broken").to_string();
        assert!(error.contains("the quote that opens a cell in line 20002 is never closed"), "{error}");
        assert!(late.count().is_err(), "no row is lost in silence");
    }

    #[test]
    fn a_missing_column_lists_those_that_exist() {
        let (_dir, table) = table("a,b\n1,2\n");
        let error = table.expect("a table").rows(&["c"]).err().expect("missing").to_string();
        assert!(error.contains("no column `c`: it has `a`, `b`"), "{error}");
    }
}
