//! CSV and TSV with a header line. A byte order mark is skipped; every cell is text, and an empty one is nothing.

use super::escapes::{self, Doubled};
use super::quotes::{Quotes, are_letters};
use super::{Cell, Column, ColumnKind, Position, Row, Rows, is_name_of_image, packed, unreadable};
use crate::data::audio::is_audio;
use crate::data::{Error, Result};
use crate::words::quoted;
use std::io::{BufRead, Read};
use std::path::Path;

/// Rows that are looked at to tell numbers from texts.
const SAMPLE: usize = 200;

/// How a file of cells is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    /// Whether a cell may stand in quotes; otherwise they are letters.
    quotes: bool,
    /// Whether a quote within such a cell stands behind a backslash, and not twice.
    escapes: bool,
    /// Whether the first line is none of the table, but says `sep=;` to spreadsheets.
    says: bool,
}

impl Dialect {
    /// Lines before the header.
    fn lines_before(self) -> u64 {
        self.says.into()
    }
}

fn open(path: &Path, dialect: Dialect) -> Result<csv::Reader<Quotes<impl BufRead + use<>>>> {
    let mut file = packed::open(path)?;
    if dialect.says {
        file.read_until(b'\n', &mut Vec::new()).map_err(|e| unreadable(path, None, e))?;
    }
    let file: Box<dyn BufRead> = if dialect.escapes { Box::new(Doubled::new(file, dialect.delimiter)) } else { file };
    let quotes = Quotes::new(file, dialect.delimiter, dialect.quotes, 1 + dialect.lines_before());
    Ok(csv::ReaderBuilder::new().delimiter(dialect.delimiter).quoting(dialect.quotes).from_reader(quotes))
}

/// How a file is written, whose `usual` mark between cells its ending tells.
pub(super) fn dialect(path: &Path, usual: u8) -> Result<Dialect> {
    let said = said(path)?;
    let open = Dialect { delimiter: usual, quotes: true, escapes: false, says: said.is_some() };
    if let Some(delimiter) = escaping(path, said, usual) {
        return Ok(Dialect { delimiter, escapes: true, ..open });
    }
    let delimiter = said.map_or_else(|| delimiter(path, open), Ok)?;
    let quotes = delimiter != b'\t' || !are_letters(packed::open(path)?, delimiter).map_err(|e| unreadable(path, None, e))?;
    Ok(Dialect { delimiter, quotes, ..open })
}

/// The mark between whose cells every quote within one stands behind a backslash; none where they do not. What cannot be read is told
/// where its rows are.
fn escaping(path: &Path, said: Option<u8>, usual: u8) -> Option<u8> {
    let open = || packed::open(path).ok();
    if !escapes::may_be(open()?).ok()? {
        return None;
    }
    let marks = said.map_or_else(|| [usual].into_iter().chain(MARKS).collect(), |said| vec![said]);
    marks.into_iter().find(|mark| open().is_some_and(|file| escapes::are_such(file, *mark).unwrap_or(false)))
}

/// What may stand between cells.
const MARKS: [u8; 4] = [b';', b'\t', b',', b'|'];

/// The mark that a first line of `sep=;` names.
fn said(path: &Path) -> Result<Option<u8>> {
    let mut first = Vec::new();
    packed::open(path)?.take(16).read_until(b'\n', &mut first).map_err(|e| unreadable(path, None, e))?;
    let line = String::from_utf8_lossy(&first).trim_end_matches(['\r', '\n']).replace('"', "");
    Ok(match line.to_lowercase().strip_prefix("sep=").map(str::as_bytes) {
        Some([mark]) => Some(*mark),
        _ => None,
    })
}

/// The mark that parts the header and the first rows into as many cells each, the most where several do, for spreadsheets of many
/// countries write semicolons. Where none does, the usual one, unless the header has none of it and has another.
fn delimiter(path: &Path, usual: Dialect) -> Result<u8> {
    const SEEN: usize = 20;
    let width = |mark: u8| -> Option<usize> {
        let mut parts = csv::ReaderBuilder::new();
        parts.delimiter(mark).flexible(true).has_headers(false);
        let reader = parts.from_reader(packed::open(path).ok()?);
        let mut widths = reader.into_byte_records().take(SEEN).map_while(|row| Some(row.ok()?.len()));
        let first = widths.next()?;
        (first > 1 && widths.all(|width| width == first)).then_some(first)
    };
    let fits = MARKS.iter().filter_map(|mark| Some((width(*mark)?, *mark == usual.delimiter, *mark)));
    if let Some((.., mark)) = fits.max_by_key(|(width, is_usual, _)| (*width, *is_usual)) {
        return Ok(mark);
    }
    let mut reader = open(path, usual)?;
    let header = reader.headers().map_err(|e| broken(path, usual, &e))?;
    let other = MARKS.into_iter().find(|mark| header.as_slice().as_bytes().contains(mark));
    Ok(other.filter(|_| header.len() == 1).unwrap_or(usual.delimiter))
}

/// The columns, and what whoever uses them should know.
pub(super) fn columns(path: &Path, dialect: Dialect) -> Result<(Vec<Column>, Vec<String>)> {
    let mut reader = open(path, dialect)?;
    let header: Vec<String> =
        reader.headers().map_err(|e| broken(path, dialect, &e))?.iter().map(|h| h.trim().to_string()).collect();
    if header.iter().all(String::is_empty) {
        return Err(unreadable(path, Some(Position::Line(1)), "expected a line with the names of the columns, found none"));
    }
    let sample: Vec<csv::StringRecord> =
        reader.records().take(SAMPLE).collect::<Result<_, _>>().map_err(|e| broken(path, dialect, &e))?;
    let kind = |column: usize| {
        let mut cells = sample.iter().filter_map(|r| r.get(column)).map(str::trim).filter(|c| !c.is_empty()).peekable();
        let any = cells.peek().is_some();
        let cells: Vec<&str> = cells.collect();
        match any {
            true if cells.iter().all(|c| c.parse::<i64>().is_ok()) => ColumnKind::Int,
            true if cells.iter().all(|c| c.parse::<f64>().is_ok()) => ColumnKind::Float,
            true if are_recordings(&cells) => ColumnKind::Audio,
            true if cells.iter().all(|c| is_name_of_image(c)) => ColumnKind::Image,
            _ => ColumnKind::Text,
        }
    };
    let columns: Vec<Column> =
        header.into_iter().enumerate().map(|(i, name)| Column { kind: kind(i), name, classes: None }).collect();
    let mut notes = notes(&columns, &sample);
    if dialect.escapes {
        notes.push("quotes within its cells stand behind backslashes, and are read as quotes".into());
    }
    Ok((columns, notes))
}

/// Whether cells are names of recordings; a few may be of files that end otherwise: what is wrong with these is told where they are heard.
fn are_recordings(cells: &[&str]) -> bool {
    const ONE_OF: usize = 10;
    let is_file = |name: &&&str| {
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        (2..=5).contains(&ending.len()) && ending.bytes().all(|b| b.is_ascii_alphanumeric()) && !name.contains("://")
    };
    let others: Vec<&&str> = cells.iter().filter(|name| !is_audio(name)).collect();
    others.len() * ONE_OF < cells.len() && others.iter().all(|name| is_file(&name))
}

fn notes(columns: &[Column], sample: &[csv::StringRecord]) -> Vec<String> {
    let mut notes = Vec::new();
    if is_like_a_row(columns, sample) {
        let shown = quoted(columns.iter().take(3).map(|column| &column.name));
        notes.push(format!(
            "its first line is taken for the names of its columns, and looks like a row: {shown}; put a line of names above it"
        ));
    }
    let mut again = (1..columns.len()).filter(|at| columns[..*at].iter().any(|column| column.name == columns[*at].name));
    if let Some(at) = again.next().filter(|at| !columns[*at].name.is_empty()) {
        notes.push(format!("two columns are called `{}`: only the first of them is read", columns[at].name));
    }
    notes
}

/// Whether names of columns look like one of their rows: a number stands above all numbers, and some cell comes again below itself, or
/// has a fraction. Numbers that count the columns are names.
fn is_like_a_row(columns: &[Column], sample: &[csv::StringRecord]) -> bool {
    let number = |column: &Column| column.name.parse::<f64>().ok();
    let of_numbers = |column: &&Column| matches!(column.kind, ColumnKind::Int | ColumnKind::Float);
    let Some(above) = columns.iter().filter(of_numbers).map(number).collect::<Option<Vec<f64>>>() else { return false };
    let is_counted = above.len() > 1 && above[0].fract() == 0.0 && above.windows(2).all(|two| two[1] - two[0] == 1.0);
    // Files that were put together have their names again and again.
    let rows = || sample.iter().filter(|row| !row.iter().zip(columns).all(|(cell, column)| cell.trim() == column.name));
    let again = |at: usize| rows().any(|row| row.get(at).is_some_and(|cell| cell.trim() == columns[at].name));
    let comes_again = (0..columns.len()).any(|at| !columns[at].name.is_empty() && again(at));
    let is_measured = above.len() == columns.len() && above.iter().any(|number| number.fract() != 0.0);
    !is_counted && (comes_again || is_measured)
}

pub(super) fn rows(path: &Path, dialect: Dialect, wanted: &[&str]) -> Result<Rows<'static>> {
    let mut reader = open(path, dialect)?;
    let header: Vec<String> =
        reader.headers().map_err(|e| broken(path, dialect, &e))?.iter().map(|h| h.trim().to_string()).collect();
    let order: Vec<usize> = wanted.iter().filter_map(|name| header.iter().position(|h| h == name)).collect();
    let (path, ends, before) = (path.to_path_buf(), line_ends(path), dialect.lines_before());
    Ok(Box::new(reader.into_records().map(move |record| {
        let record = record.map_err(|e| broken(&path, dialect, &e))?;
        let position = Position::Line(record.position().map_or(0, |place| before + line_of(place, ends)));
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

fn broken(path: &Path, dialect: Dialect, error: &csv::Error) -> Error {
    let line = error.position().map(|place| Position::Line(dialect.lines_before() + line_of(place, line_ends(path))));
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
    fn no_row_of_commas_is_lost_between_two_stray_quotes() {
        let (_dir, early) = table("text,label\n\"great film,1\nfine,0\nbad\" film,0\n");
        let error = early.err().expect("broken").to_string();
        assert!(error.contains("the quote opened in line 2 closes within a cell in line 4"), "{error}");
        let (_dir, whole) = table("text,label\n\"great\nfilm\" ,1\nfine,0\n");
        assert_eq!(whole.expect("a table").count().expect("counted"), 2);
    }

    /// As Spark and MySQL write them; a cell that ends with a backslash is no such.
    #[test]
    fn quotes_behind_backslashes_are_quotes() {
        let cells = |text: &str| {
            let (_dir, table) = table(text);
            let table = table.expect("a table");
            let rows = table.rows(&["text", "label"]).expect("rows").map(|row| row.expect("a row").cells);
            (rows.collect::<Vec<_>>(), table.notes().len())
        };
        let row = |text: &str, label: &str| [text, label].map(|cell| Cell::Text(cell.into())).to_vec();
        let expected = vec![row("he said \"hi, you\" twice", "1"), row("a \"b\"", "0")];
        for mark in [",", ";"] {
            let text = "text,label\n\"he said \\\"hi, you\\\" twice\",1\n\"a \\\"b\\\"\",0\n";
            let text = text.replace("text,label", &format!("text{mark}label")).replace("\",", &format!("\"{mark}"));
            assert_eq!(cells(&text), (expected.clone(), 1), "{text}");
        }
        assert_eq!(cells("text,label\n\"C:\\\",1\n\"D:\\\",0\n"), (vec![row("C:\\", "1"), row("D:\\", "0")], 0));
    }

    /// The columns and the number of rows of a file of that name.
    fn read(name: &str, text: &str) -> (Vec<String>, usize, Vec<String>) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        let table = Table::open(&path).expect(name);
        (table.names(), table.count().expect("counted"), table.notes())
    }

    #[test]
    fn the_mark_is_the_one_that_parts_every_row() {
        let check = |name: &str, text: &str, expected: &[&str]| assert_eq!(read(name, text).0, expected, "{text}");
        check("t.csv", "count;net, sales;kind\n0;4,24;a\n1;2,97;b\n", &["count", "net, sales", "kind"]);
        check("t.csv", "text|label\na film, dull|0\na play|1\n", &["text", "label"]);
        check("t.csv", "id,name;alias\n1,a;b\n2,c;d\n", &["id", "name;alias"]);
        check("t.csv", "text,tags\n\"a; b\",\"x;y\"\n", &["text", "tags"]);
        check("t.tsv", "a,b\n1,2\n", &["a", "b"]);
    }

    #[test]
    fn a_line_that_names_the_mark_is_no_header() {
        for text in ["sep=;\nx;y\n1;2\n3;4\n5\n", "\"sep=;\"\r\nx;y\r\n1;2\r\n3;4\r\n5\r\n"] {
            let (dir, table) = table(text);
            let error = table.err().expect("ragged").to_string();
            assert!(error.contains("line 5: expected 2 cells"), "{error}");
            let whole = text.replace("5\n", "5;6\n").replace("5\r", "5;6\r");
            std::fs::write(dir.path().join("t.csv"), whole).expect("written");
            let table = Table::open(&dir.path().join("t.csv")).expect("a table");
            let lines: Vec<_> = table.rows(&["y"]).expect("rows").map(|row| row.expect("a row").position).collect();
            assert_eq!((table.names(), lines), (vec!["x".into(), "y".into()], [3, 4, 5].map(Position::Line).to_vec()));
        }
    }

    /// Texts that begin with a quote, as in files that nothing is quoted in; where quotes hold no tab over lines they are quotes.
    #[test]
    fn no_row_of_tabs_is_lost_between_two_quotes() {
        let rows: String =
            (0..40).map(|i| format!("{}a text {i}\t{}\n", if i == 3 || i == 20 { "\"" } else { "" }, i % 2)).collect();
        let (names, rows, _) = read("t.tsv", &format!("text\tlabel\n{rows}"));
        assert_eq!((names, rows), (vec!["text".into(), "label".into()], 40));
        assert_eq!(read("t.tsv", "text\tlabel\na\t0\n\"b\t1\nc\t0\n").1, 3, "one that is never closed");
        assert_eq!(read("t.tsv", "text\tlabel\n\"a\nb\"\t0\n\"c\td\"\t1\n").1, 2, "lines or tabs in quotes");
    }

    #[test]
    fn a_header_that_looks_like_a_row_is_told() {
        let told = |text: &str| read("t.csv", text).2.join(" ");
        for row in ["7.7,a\n7.6,b\n7.5,a\n", "1.5,2.5\n1.2,2.1\n", "good film,yes\nbad film,no\nfine play,yes\n"] {
            assert!(told(row).contains("looks like a row"), "{row}");
        }
        for names in ["width,kind\n1,a\n2,b\n", "land,2019,2020\nx,1,2\n", "0,1,2\n0,1,2\n0,5,1\n", "a,b\n1,x\na,b\n2,y\n"] {
            assert_eq!(told(names), "", "{names}");
        }
        assert!(told("a,a\n1,2\n").contains("two columns are called `a`"));
    }

    /// A file of another kind is told of where it is heard; a sentence is none.
    #[test]
    fn one_file_of_another_kind_hides_no_recordings() {
        let kind = |odd: &str| {
            let names: String = (0..20).map(|i| format!("clips/{i}.wav,one\n")).collect();
            let (_dir, table) = table(&format!("file_name,text\n{names}{odd},two\n"));
            table.expect("a table").columns()[0].kind.clone()
        };
        for file in ["clips/x.aiff", "clips/x.mpc", "x.WAV"] {
            assert_eq!(kind(file), ColumnKind::Audio, "{file}");
        }
        for other in ["hello", "it says so.", "https://example.org/x.html"] {
            assert_eq!(kind(other), ColumnKind::Text, "{other}");
        }
        let (_dir, half) = table("file_name,text\na.wav,one\nb.mpc,two\n");
        assert_eq!(half.expect("a table").columns()[0].kind, ColumnKind::Text);
    }

    #[test]
    fn a_missing_column_lists_those_that_exist() {
        let (_dir, table) = table("a,b\n1,2\n");
        let error = table.expect("a table").rows(&["c"]).err().expect("missing").to_string();
        assert!(error.contains("no column `c`: it has `a`, `b`"), "{error}");
    }
}
