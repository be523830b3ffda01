//! Files with rows, whatever their format, as one [`Table`]: its columns, and its rows one by one.

mod arrow;
mod bare_names;
mod class_folder;
mod conll;
mod csv;
mod declared;
mod encoding;
mod escapes;
mod json;
mod jsonl;
mod kept;
mod made;
mod named;
mod packed;
pub(super) mod parquet;
mod quotes;
mod text;
mod wrapped;

use super::features::{Comma, Commas};
use super::lfs;
use super::packing::unpacked_name;
use super::{Error, Result};
use crate::spec::RowRule;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub use class_folder::IMAGES;
pub(super) use class_folder::is_image;
pub use encoding::letters;
pub use jsonl::check_object;
pub(super) use kept::{are_same, day_order};
pub use named::Named;

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    Int(i64),
    Float(f64),
    Text(String),
    /// An encoded image or recording, or other bytes.
    Bytes(Vec<u8>),
    /// A file that holds an image or a recording.
    File(PathBuf),
    List(Vec<Cell>),
    /// Named cells, in the file's order.
    Object(Vec<(String, Cell)>),
    /// Something that no column of ours can be; in words.
    Other(&'static str),
}

impl Cell {
    /// Whether nothing stands in it.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Cell::Null => true,
            Cell::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    /// About how much memory it holds besides itself.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Cell::Text(text) => text.len(),
            Cell::Bytes(bytes) => bytes.len(),
            Cell::List(cells) => cells.iter().map(|cell| size_of::<Cell>() + cell.bytes()).sum(),
            Cell::Object(cells) => cells.iter().map(|(name, cell)| size_of::<Cell>() + name.len() + cell.bytes()).sum(),
            Cell::Null | Cell::Int(_) | Cell::Float(_) | Cell::File(_) | Cell::Other(_) => 0,
        }
    }

    /// For messages: what is there, short.
    pub(super) fn in_words(&self) -> String {
        match self {
            Cell::Null => "nothing".into(),
            Cell::Int(i) => i.to_string(),
            Cell::Float(f) => f.to_string(),
            Cell::Text(text) if text.chars().count() > 40 => format!("`{}...`", text.chars().take(40).collect::<String>()),
            Cell::Text(text) => format!("`{text}`"),
            Cell::Bytes(bytes) => format!("{} bytes", bytes.len()),
            Cell::File(path) => format!("`{}`", path.display()),
            Cell::List(cells) => format!("a list of {}", cells.len()),
            Cell::Object(cells) => format!("an object of {}", cells.len()),
            Cell::Other(what) => (*what).into(),
        }
    }
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ColumnKind {
    Text,
    Int,
    Float,
    Image,
    /// Recordings.
    Audio,
    /// Lists, and what of; none where all are empty.
    List(Option<Box<ColumnKind>>),
    /// Objects with these names.
    Object(Vec<String>),
    /// Something else, in words.
    Other(String),
}

impl ColumnKind {
    pub(super) fn in_words(&self) -> String {
        match self {
            ColumnKind::Text => "texts".into(),
            ColumnKind::Int => "integers".into(),
            ColumnKind::Float => "real numbers".into(),
            ColumnKind::Image => "images".into(),
            ColumnKind::Audio => "recordings".into(),
            ColumnKind::List(None) => "empty lists".into(),
            ColumnKind::List(Some(of)) => format!("lists of {}", of.in_words()),
            ColumnKind::Object(names) => format!("objects of {}", names.join(", ")),
            ColumnKind::Other(what) => what.clone(),
        }
    }

    /// Whether it is lists of such.
    pub(super) fn is_list_of(&self, kinds: &[ColumnKind]) -> bool {
        matches!(self, ColumnKind::List(Some(of)) if kinds.contains(of))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: ColumnKind,
    /// Class names, where the file itself knows them; integers, or those of lists, are then indices into them.
    pub(super) classes: Option<Vec<String>>,
}

/// Where in a file something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// Row of a table, from 1.
    Row(u64),
    /// Line of a text file, from 1.
    Line(u64),
    /// File of a folder.
    File(String),
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Position::Row(n) => write!(f, "row {n}"),
            Position::Line(n) => write!(f, "line {n}"),
            Position::File(name) => write!(f, "`{name}`"),
        }
    }
}

/// A row: the cells of the columns that were asked for, in that order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) position: Position,
    pub(super) cells: Vec<Cell>,
}

pub(super) type Rows<'a> = Box<dyn Iterator<Item = Result<Row>> + 'a>;

/// A file with rows, its columns known.
pub(super) struct Table {
    path: PathBuf,
    columns: Vec<Column>,
    /// What is found by its name alone: fields of columns of objects (`translation.en`), columns that were set aside, and those
    /// that no early row has.
    fields: Vec<Column>,
    source: Source,
    /// Rules that its rows are used by.
    kept: Vec<kept::Kept>,
    said_comma: OnceLock<SaidComma>,
    /// A column that names images without their ending.
    bare_names: Option<bare_names::BareNames>,
    notes: Vec<String>,
}

/// What the numbers of all columns say of their commas, and those of each that say something.
#[derive(Default)]
struct SaidComma {
    of_all: Option<Comma>,
    each: BTreeMap<String, Comma>,
    notes: Vec<String>,
}

enum Source {
    Parquet,
    Arrow,
    Csv(csv::Dialect),
    Jsonl,
    Conll,
    Text,
    Folder(class_folder::Found),
}

impl Table {
    /// Opens a file by its ending (without that of its packing), or a folder of images or texts.
    ///
    /// # Errors
    /// It cannot be read, or is not what its ending says.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let unpacked = unpacked_name(&name);
        let ending = unpacked.rsplit_once('.').map_or("", |(_, ending)| ending);
        let (mut notes, mut later) = (Vec::new(), Vec::new());
        let (columns, source) = match ending {
            _ if path.is_dir() => {
                let found = class_folder::find(path)?;
                (class_folder::columns(&found), Source::Folder(found))
            }
            // These are packed within, and read from places in their midst.
            "parquet" | "arrow" if unpacked != name => return Err(Error::UnknownFormat { path: path.into() }),
            "parquet" => (parquet::columns(path)?, Source::Parquet),
            "arrow" => (arrow::columns(path)?, Source::Arrow),
            "tsv" if conll::is_such(path) => (conll::columns(), Source::Conll),
            "csv" | "tsv" => {
                let dialect = csv::dialect(path, if ending == "csv" { b',' } else { b'\t' })?;
                let (columns, told) = csv::columns(path, dialect)?;
                notes = told;
                (columns, Source::Csv(dialect))
            }
            "jsonl" | "json" | "ndjson" => {
                let found = jsonl::columns(path)?;
                (notes, later) = (found.notes, found.later);
                (found.all, Source::Jsonl)
            }
            "conll" | "iob" | "iob2" | "bio" => (conll::columns(), Source::Conll),
            "txt" | "text" if conll::is_such(path) => (conll::columns(), Source::Conll),
            "txt" | "text" => (text::columns(), Source::Text),
            _ => return Err(Error::UnknownFormat { path: path.into() }),
        };
        let fields = columns.iter().flat_map(fields_of).chain(later).collect();
        let notes = notes.into_iter().map(|note| format!("`{name}`: {note}")).collect();
        let (said_comma, bare_names, kept) = (OnceLock::new(), None, Vec::new());
        let mut table = Table { path: path.into(), columns, fields, source, kept, notes, said_comma, bare_names };
        if table.names_files() {
            table.look_for_images()?;
            table.look_for_bare_names()?;
        }
        Ok(table)
    }

    /// Has a column found by its name alone from now on: nobody takes it for an input or a label. One that is not there is none.
    pub(super) fn set_aside(&mut self, name: &str) {
        let at = self.columns.iter().position(|column| column.name == name);
        self.fields.extend(at.map(|at| self.columns.remove(at)));
    }

    /// Has no rows but those that all of these rules say.
    ///
    /// # Errors
    /// A column is not there or cannot be compared, or a bound is neither number nor date.
    pub(super) fn keep(&mut self, rules: &[RowRule]) -> Result<()> {
        self.kept = kept::rules(self, rules)?;
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What of the file whoever uses it should know.
    pub(super) fn notes(&self) -> Vec<String> {
        let of_points = if self.is_parted_by_semicolons() { self.commas().notes.as_slice() } else { &[] };
        let of_images = self.told_of_bare_names().map(|told| {
            let file = self.path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
            format!("`{file}`: {told}")
        });
        self.notes.iter().chain(of_points).cloned().chain(of_images).collect()
    }

    fn is_parted_by_semicolons(&self) -> bool {
        matches!(self.source, Source::Csv(csv::Dialect { delimiter: b';', .. }))
    }

    /// Whether it is one document.
    pub(super) fn is_document(&self) -> bool {
        matches!(self.source, Source::Text)
    }

    /// Images or texts of a folder that belong to no class, by their names.
    pub(super) fn strays(&self) -> &[String] {
        match &self.source {
            Source::Folder(found) => &found.strays,
            Source::Parquet | Source::Arrow | Source::Csv(_) | Source::Jsonl | Source::Conll | Source::Text => &[],
        }
    }

    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|c| c.name.clone()).collect()
    }

    /// As messages list them: behind a column of objects the fields of these, which can be named as well.
    pub(super) fn listed(&self) -> Vec<String> {
        let all = self.columns.iter().map(|column| (column.name.clone(), fields_of(column)));
        all.flat_map(|(name, fields)| std::iter::once(name).chain(fields.into_iter().map(|field| field.name))).collect()
    }

    /// The fields of columns of objects, which are columns as well: `translation.en`. What they hold is seen where they are read.
    pub(super) fn fields(&self) -> &[Column] {
        &self.fields
    }

    /// The column of that name, or the field.
    ///
    /// # Errors
    /// There is none: the message lists those that there are.
    pub(super) fn column(&self, name: &str) -> Result<&Column> {
        self.columns.iter().chain(&self.fields).find(|c| c.name == name).ok_or_else(|| Error::NoColumn {
            path: self.path.clone(),
            column: name.into(),
            have: self.listed(),
        })
    }

    /// The same of a column whose cells serve.
    ///
    /// # Errors
    /// There is none, or its cells are another thing than `expected`.
    pub(super) fn column_of(&self, name: &str, expected: &'static str, serves: impl Fn(&ColumnKind) -> bool) -> Result<&Column> {
        let column = self.column(name)?;
        if serves(&column.kind) { Ok(column) } else { Err(self.other_than(expected, column)) }
    }

    /// That a column's cells are another thing than `expected`.
    pub(super) fn other_than(&self, expected: &'static str, column: &Column) -> Error {
        Error::ColumnKind { path: self.path.clone(), column: column.name.clone(), expected, found: column.kind.in_words() }
    }

    /// What a comma in the numbers of a column means: what they say, else what all numbers say, else what is usual where cells are parted so. Programs part them by semicolons
    /// where commas stand in numbers.
    pub(super) fn comma(&self, column: &str) -> Comma {
        let usual = if self.is_parted_by_semicolons() { Comma::Decimal } else { Comma::Thousands };
        self.said_comma(column).unwrap_or(usual)
    }

    /// What the numbers in the first rows of a column say of their commas, else those of all columns; none where they say nothing.
    pub(super) fn said_comma(&self, column: &str) -> Option<Comma> {
        let said = self.commas();
        said.each.get(column).copied().or(said.of_all)
    }

    fn commas(&self) -> &SaidComma {
        self.said_comma.get_or_init(|| self.look_for_commas())
    }

    fn look_for_commas(&self) -> SaidComma {
        const SAMPLE: usize = 10_000;
        if !matches!(self.source, Source::Csv(_) | Source::Jsonl) {
            return SaidComma::default();
        }
        let plain = |column: &&Column| matches!(column.kind, ColumnKind::Text | ColumnKind::Int | ColumnKind::Float);
        let names: Vec<&str> = self.columns.iter().filter(plain).map(|column| column.name.as_str()).collect();
        let (mut all, mut each) = (Commas::default(), vec![Commas::default(); names.len()]);
        // What cannot be read is told of where it is needed.
        for row in self.rows(&names).into_iter().flatten().take(SAMPLE).flatten() {
            for (cell, of_column) in row.cells.iter().zip(&mut each) {
                of_column.take(cell);
                all.take(cell);
            }
        }
        let mut said = SaidComma { of_all: all.meaning(), ..SaidComma::default() };
        said.each = names.iter().zip(&each).filter_map(|(name, commas)| Some((name.to_string(), commas.surely()?))).collect();
        if self.is_parted_by_semicolons() && all.surely().is_none() {
            self.tell_points(&names, &each, &mut said);
        }
        said
    }

    /// Where no comma says what a point is: whoever parts cells by semicolons may set thousands apart by it.
    fn tell_points(&self, names: &[&str], each: &[Commas], said: &mut SaidComma) {
        let are_thousands = each.iter().any(Commas::are_points_of_thousands);
        if are_thousands {
            said.of_all = Some(Comma::Decimal);
        }
        let file = self.path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        for (name, example) in names.iter().zip(each).filter_map(|(name, commas)| Some((name, commas.unclear_point()?))) {
            let whole = example.replace('.', "");
            said.notes.push(match are_thousands {
                true => format!("`{file}`: `{example}` of `{name}` is read as {whole}: its points set thousands apart"),
                false => format!(
                    "`{file}`: the point of `{example}` in `{name}` is taken for a decimal one; where it sets thousands apart, write {whole}"
                ),
            });
        }
    }

    /// Number of rows; read off the footer where the format has one.
    pub(super) fn count(&self) -> Result<usize> {
        match &self.source {
            _ if !self.kept.is_empty() => self.rows(&[])?.try_fold(0, |n, row| row.map(|_| n + 1)),
            Source::Parquet => parquet::count(&self.path),
            Source::Arrow => arrow::count(&self.path),
            Source::Folder(found) => Ok(found.entries.len()),
            Source::Text => Ok(1),
            Source::Csv(_) | Source::Jsonl | Source::Conll => self.rows(&[])?.try_fold(0, |n, row| row.map(|_| n + 1)),
        }
    }

    /// The rows, with the cells of these columns.
    ///
    /// # Errors
    /// A column is not there. What is wrong further down comes with its row.
    pub(super) fn rows(&self, columns: &[&str]) -> Result<Rows<'_>> {
        if self.kept.is_empty() {
            return self.all_rows(columns);
        }
        let count = columns.len();
        let read: Vec<&str> = columns.iter().copied().chain(self.kept.iter().map(|kept| kept.rule.column.as_str())).collect();
        let is_used = move |row: &Result<Row>| match row {
            Ok(row) => self.kept.iter().zip(&row.cells[count..]).all(|(kept, cell)| kept.keeps(cell)),
            Err(_) => true,
        };
        Ok(Box::new(self.all_rows(&read)?.filter(is_used).map(move |row| {
            let mut row = row?;
            row.cells.truncate(count);
            Ok(row)
        })))
    }

    /// The same of all rows that the file has.
    fn all_rows(&self, columns: &[&str]) -> Result<Rows<'_>> {
        for name in columns {
            self.column(name)?;
        }
        // Readers hand each column on once.
        let are_once = columns.iter().collect::<BTreeSet<_>>().len() == columns.len();
        if are_once && columns.iter().all(|name| self.columns.iter().any(|column| column.name == *name)) {
            return self.whole_rows(columns);
        }
        // Each column is read once, whatever of it is asked for.
        let mut whole: Vec<&str> = Vec::new();
        let mut places: Vec<(usize, Option<String>)> = Vec::new();
        for name in columns {
            let exact = self.columns.iter().find(|column| column.name == *name);
            let column = exact.or_else(|| self.columns.iter().find(|column| field_in(&column.name, name).is_some()));
            let column = column.map_or(*name, |column| column.name.as_str());
            let at = whole.iter().position(|known| *known == column).unwrap_or_else(|| {
                whole.push(column);
                whole.len() - 1
            });
            places.push((at, field_in(column, name).map(str::to_string)));
        }
        let rows = self.whole_rows(&whole)?;
        Ok(Box::new(rows.map(move |row| {
            let Row { position, cells } = row?;
            let of = |(at, field): &(usize, Option<String>)| match (cells.get(*at), field) {
                (Some(Cell::Object(cells)), Some(field)) => {
                    cells.iter().find(|(name, _)| name == field).map_or(Cell::Null, |(_, cell)| cell.clone())
                }
                (_, Some(_)) | (None, _) => Cell::Null,
                (Some(cell), None) => cell.clone(),
            };
            Ok(Row { position, cells: places.iter().map(of).collect() })
        })))
    }

    /// Rows of columns, none of them a field of another.
    fn whole_rows(&self, columns: &[&str]) -> Result<Rows<'_>> {
        let rows = self.written_rows(columns)?;
        let of_files = self.columns_of_files();
        let files: Vec<(usize, String)> =
            (0..).zip(columns).filter(|(_, name)| of_files.contains(name)).map(|(at, name)| (at, name.to_string())).collect();
        if files.is_empty() {
            return Ok(rows);
        }
        Ok(Box::new(rows.map(move |row| {
            let mut row = row?;
            for (at, column) in &files {
                let name = match row.cells.get(*at) {
                    Some(Cell::Text(name)) => name.clone(),
                    Some(Cell::Int(number)) => number.to_string(),
                    _ => continue,
                };
                let bare = self.bare_names.as_ref().filter(|bare| bare.is_of(column)).and_then(|bare| bare.find(&name));
                let found = bare.map_or_else(|| self.beside(&name, &row.position, column), Ok)?;
                row.cells[*at] = Cell::File(found);
            }
            Ok(row)
        })))
    }

    /// Rows as the file has them.
    fn written_rows(&self, columns: &[&str]) -> Result<Rows<'_>> {
        match &self.source {
            Source::Parquet => parquet::rows(&self.path, columns),
            Source::Arrow => arrow::rows(&self.path, columns),
            Source::Csv(dialect) => csv::rows(&self.path, *dialect, columns),
            Source::Jsonl => jsonl::rows(&self.path, columns),
            Source::Conll => conll::rows(&self.path, columns),
            Source::Text => text::rows(&self.path, columns),
            Source::Folder(found) => Ok(class_folder::rows(found, columns)),
        }
    }
}

/// Whether a text is the name of an image at hand.
fn is_name_of_image(text: &str) -> bool {
    class_folder::is_image(text) && !text.contains("://")
}

/// The fields of a column of objects.
fn fields_of(column: &Column) -> Vec<Column> {
    let ColumnKind::Object(names) = &column.kind else { return Vec::new() };
    let field = |name: &String| Column { name: format!("{}.{name}", column.name), kind: ColumnKind::Text, classes: None };
    names.iter().map(field).collect()
}

/// What a field is called in its column.
fn field_in<'a>(column: &str, field: &'a str) -> Option<&'a str> {
    field.strip_prefix(column)?.strip_prefix('.')
}

/// So many units of `secs` seconds from 1970 on, as a date in words.
fn written(units: i64, secs: i64) -> Cell {
    let at = units.checked_mul(secs).and_then(|secs| jiff::Timestamp::from_second(secs).ok());
    at.map_or(Cell::Other("a date beyond the year 9999"), |at| Cell::Text(at.to_string()))
}

/// A whole number; one that is beyond those with a sign keeps its digits, for as a number it would be one of many.
fn unsigned(number: u64) -> Cell {
    i64::try_from(number).map_or_else(|_| Cell::Text(number.to_string()), Cell::Int)
}

/// The number nearest to so many (big-endian, with a sign) times 10 to the power of minus `scale`.
fn decimal(bytes: impl IntoIterator<Item = u8>, scale: i32) -> Cell {
    let mut bytes = bytes.into_iter();
    let mut whole = bytes.next().map_or(0, |first| i128::from(first as i8));
    for byte in bytes {
        match whole.checked_mul(256) {
            Some(larger) => whole = larger | i128::from(byte),
            None => return Cell::Other("a decimal of more than 38 digits"),
        }
    }
    // By its digits, so that 0.1 is the number that is written so.
    format!("{whole}e{}", -i64::from(scale)).parse().map_or(Cell::Other("a decimal that is no number"), Cell::Float)
}

fn unreadable(path: &Path, position: Option<Position>, what: impl fmt::Display) -> Error {
    Error::Unreadable { path: path.into(), position, what: lfs::or(path, what.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_of_any_width() {
        let check = |whole: i128, width: usize, scale: i32, expected: f64| {
            let mut bytes = vec![if whole < 0 { 0xff } else { 0 }; width.saturating_sub(16)];
            bytes.extend(&whole.to_be_bytes()[16 - width.min(16)..]);
            assert_eq!(decimal(bytes, scale), Cell::Float(expected), "{whole} {width} {scale}");
        };
        check(-1234, 2, 2, -12.34);
        check(1, 4, 1, 0.1);
        check(-1, 32, 0, -1.0);
        check(15, 16, -2, 1500.0);
        check(i128::MAX, 16, 38, 1.7014118346046923);
        assert!(matches!(decimal([1; 20], 0), Cell::Other(_)));
    }
}
