//! Arrow's IPC files and streams, as `save_to_disk` and the caches of the `datasets` library have them. A file is a stream with a mark in
//! front and an index behind, so both are read from front to end: a schema, then batches of columns, of which only those that are wanted
//! are fetched. What a message says of sizes is held against the file before anything is allocated. (Format: Arrow Columnar Format 1.5)

mod column;
mod flat;
mod schema;

use self::column::{Column, Dictionaries, Layout};
use self::flat::Flat;
use self::schema::Field;
use super::{Position, Row, Rows, declared, unreadable};
use crate::data::{Error, Result};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// In front of a file, with what fills it to eight bytes.
const MARK: &[u8; 8] = b"ARROW1\0\0";
/// In front of each message since version 0.15.
const CONTINUES: u32 = u32::MAX;
/// No schema of a table is larger.
const MOST_HEADER: usize = 64 << 20;
/// A row takes up a bit at least, unless it is of nothing at all.
const ROWS_PER_BYTE: u64 = 8;

/// A stream of messages.
struct Messages {
    path: PathBuf,
    file: File,
    length: u64,
    at: u64,
}

/// A message's header, and where its body lies.
struct Message {
    header: Vec<u8>,
    body: u64,
    body_length: u64,
}

/// What a message holds, by the numbers of Arrow's `Message.fbs`.
enum Holds<'a> {
    Schema(Flat<'a>),
    Dictionary(Flat<'a>),
    Batch(Flat<'a>),
    Other,
}

impl Message {
    fn holds(&self) -> Option<Holds<'_>> {
        let message = Flat::root(&self.header)?;
        let header = message.table(2)?;
        Some(match message.byte(1, 0) {
            1 => Holds::Schema(header),
            2 => Holds::Dictionary(header),
            3 => Holds::Batch(header),
            _ => Holds::Other,
        })
    }
}

impl Messages {
    fn open(path: &Path) -> Result<Self> {
        let io = |source| Error::Io { action: "open", path: path.into(), source };
        let mut file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut mark = Vec::new();
        (&mut file).take(MARK.len() as u64).read_to_end(&mut mark).map_err(io)?;
        let at = if mark == MARK { MARK.len() as u64 } else { 0 };
        Ok(Messages { path: path.into(), file, length, at })
    }

    fn damaged(&self, what: impl std::fmt::Display) -> Error {
        unreadable(&self.path, None, format!("it is no Arrow file: {what}"))
    }

    fn read(&mut self, at: u64, length: u64) -> Result<Vec<u8>> {
        if at.checked_add(length).is_none_or(|end| end > self.length) {
            return Err(self.damaged(format!("it ends before byte {}, where a message would", at.saturating_add(length))));
        }
        let io = |source| Error::Io { action: "read", path: self.path.clone(), source };
        self.file.seek(SeekFrom::Start(at)).map_err(io)?;
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        self.file.read_exact(&mut bytes).map_err(io)?;
        Ok(bytes)
    }

    fn word(&mut self) -> Result<u32> {
        let word = self.read(self.at, 4)?;
        self.at += 4;
        Ok(word.try_into().map_or(0, u32::from_le_bytes))
    }

    /// The next message; none: the stream is at its end, which some writers leave unsaid.
    fn next(&mut self) -> Result<Option<Message>> {
        if self.at == self.length {
            return Ok(None);
        }
        let size = match self.word()? {
            CONTINUES => self.word()?,
            old => old,
        };
        if size == 0 {
            return Ok(None);
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size > MOST_HEADER {
            return Err(self.damaged(format!("a message's header has {size} bytes, more than {MOST_HEADER}")));
        }
        let header = self.read(self.at, size as u64)?;
        let body = self.at + size as u64;
        let told = Flat::root(&header).map(|message| message.i64(3, 0)).and_then(|length| u64::try_from(length).ok());
        let end = told.and_then(|length| body.checked_add(length)).filter(|end| *end <= self.length);
        let Some(end) = end else { return Err(self.damaged("a message is cut off")) };
        self.at = end;
        Ok(Some(Message { header, body, body_length: end - body }))
    }

    /// Rows of a batch and those before it, held against what a file of this length can have.
    fn rows_of(&self, batch: Flat, before: usize) -> Result<(usize, usize)> {
        let own = usize::try_from(batch.i64(0, 0)).ok();
        let sum = own.and_then(|own| own.checked_add(before)).filter(|sum| *sum as u64 / ROWS_PER_BYTE <= self.length);
        let found = || self.damaged(format!("a batch says that it has {} rows", batch.i64(0, 0)));
        own.zip(sum).ok_or_else(found)
    }

    /// The columns, with what the `datasets` library declares of them.
    fn schema(&mut self) -> Result<(Vec<Field>, Option<serde_json::Value>)> {
        let first = self.next()?;
        let Some(Holds::Schema(schema)) = first.as_ref().and_then(Message::holds) else {
            return Err(self.damaged("it does not begin with a schema"));
        };
        if schema.i16(0, 0) != 0 {
            return Err(self.damaged("its numbers are big-endian"));
        }
        let fields = schema.tables(1).into_iter().map(|field| Field::read(field, 0)).collect::<std::result::Result<_, _>>();
        let json =
            schema.tables(2).into_iter().find(|entry| entry.text(0) == Some(declared::KEY)).and_then(|entry| entry.text(1));
        Ok((fields.map_err(|what| unreadable(&self.path, None, what))?, declared::features(json)))
    }

    /// The columns of a batch, those that are not wanted empty.
    fn columns(
        &mut self,
        batch: Flat,
        message: &Message,
        fields: &[(&Field, bool)],
        known: &Dictionaries,
    ) -> Result<Vec<Column>> {
        if batch.table(3).is_some() {
            let what =
                "its columns are packed one by one (as Feather files are), which is not read: write it without compression";
            return Err(unreadable(&self.path, None, what));
        }
        let (Some(nodes), Some(buffers), Some(views)) = (batch.longs(1, 2), batch.longs(2, 2), batch.longs(4, 1)) else {
            return Err(self.damaged("a batch's header is damaged"));
        };
        let mut layout = Layout::new(nodes, buffers, views);
        let mut read = |offset: i64, length: i64| {
            let place = u64::try_from(offset).ok().zip(u64::try_from(length).ok());
            let within =
                place.filter(|(offset, length)| offset.checked_add(*length).is_some_and(|end| end <= message.body_length));
            let (offset, length) = within.ok_or("a column lies outside its batch")?;
            self.read(message.body + offset, length).map_err(|e| e.to_string())
        };
        let mut columns = Vec::new();
        for (field, wanted) in fields {
            columns.push(layout.take(field, *wanted, known, &mut read));
        }
        columns.into_iter().map(|column| column.map_err(|what| self.damaged(what))).collect()
    }
}

pub(super) fn columns(path: &Path) -> Result<Vec<super::Column>> {
    let (fields, features) = Messages::open(path)?.schema()?;
    Ok(fields.iter().map(|field| declared::column(&field.name, field.kind(), features.as_ref())).collect())
}

/// By the headers of the batches.
pub(super) fn count(path: &Path) -> Result<usize> {
    let mut messages = Messages::open(path)?;
    messages.schema()?;
    let mut rows = 0usize;
    while let Some(message) = messages.next()? {
        if let Some(Holds::Batch(batch)) = message.holds() {
            (_, rows) = messages.rows_of(batch, rows)?;
        }
    }
    Ok(rows)
}

pub(super) fn rows(path: &Path, wanted: &[&str]) -> Result<Rows<'static>> {
    let mut messages = Messages::open(path)?;
    let (fields, _) = messages.schema()?;
    let asked: Vec<usize> = wanted.iter().filter_map(|name| fields.iter().position(|field| field.name == *name)).collect();
    let batches = Batches {
        messages,
        fields,
        asked,
        known: Dictionaries::new(),
        batch: None,
        rows: 0,
        at: 0,
        sum: 0,
        number: 0,
        over: false,
    };
    Ok(Box::new(batches))
}

/// Rows, batch by batch.
struct Batches {
    messages: Messages,
    fields: Vec<Field>,
    /// Which columns are wanted, in that order.
    asked: Vec<usize>,
    known: Dictionaries,
    batch: Option<Vec<Column>>,
    rows: usize,
    at: usize,
    /// Rows of all batches so far.
    sum: usize,
    number: u64,
    over: bool,
}

impl Batches {
    /// The next batch that has rows; false: there is none.
    fn advance(&mut self) -> Result<bool> {
        while self.at >= self.rows {
            let Some(message) = self.messages.next()? else { return Ok(false) };
            match message.holds() {
                Some(Holds::Batch(batch)) => {
                    let fields: Vec<_> =
                        self.fields.iter().zip(0..).map(|(field, at)| (field, self.asked.contains(&at))).collect();
                    let columns = self.messages.columns(batch, &message, &fields, &self.known)?;
                    (self.rows, self.sum) = self.messages.rows_of(batch, self.sum)?;
                    if let Some(odd) = columns.iter().find(|column| column.rows() != self.rows) {
                        return Err(self.messages.damaged(format!(
                            "a batch of {} rows has a column of {}",
                            self.rows,
                            odd.rows()
                        )));
                    }
                    (self.batch, self.at) = (Some(columns), 0);
                }
                Some(Holds::Dictionary(dictionary)) => self.learn(dictionary, &message)?,
                Some(Holds::Schema(_) | Holds::Other) | None => {
                    return Err(self.messages.damaged("a message is neither a batch nor a dictionary"));
                }
            }
        }
        Ok(true)
    }

    /// Values that cells of later batches are places in.
    fn learn(&mut self, dictionary: Flat, message: &Message) -> Result<()> {
        let id = dictionary.i64(0, 0);
        let values = self.fields.iter().find_map(|field| with_dictionary(field, id));
        let (Some(values), Some(batch)) = (values, dictionary.table(1)) else {
            return Err(self.messages.damaged("a dictionary belongs to no column"));
        };
        let columns = self.messages.columns(batch, message, &[(&values, true)], &self.known)?;
        let entry = self.known.entry(id).or_default();
        if dictionary.byte(2, 0) == 0 {
            entry.clear();
        }
        entry.extend(columns.into_iter().map(Rc::new));
        Ok(())
    }
}

/// The values of a dictionary of this number, in a field or its parts.
fn with_dictionary(field: &Field, id: i64) -> Option<Field> {
    let own = field.values().filter(|(own, _)| *own == id).map(|(_, values)| values);
    own.or_else(|| field.children.iter().find_map(|child| with_dictionary(child, id)))
}

impl Iterator for Batches {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Result<Row>> {
        if self.over {
            return None;
        }
        match self.advance() {
            Ok(true) => {}
            Ok(false) => {
                self.over = true;
                return None;
            }
            Err(error) => {
                self.over = true;
                return Some(Err(error));
            }
        }
        let batch = self.batch.as_ref()?;
        self.number += 1;
        let position = Position::Row(self.number);
        let cells = self
            .asked
            .iter()
            .filter_map(|at| batch.get(*at))
            .map(|column| column.cell(self.at))
            .collect::<std::result::Result<_, _>>();
        self.at += 1;
        Some(
            cells
                .map_err(|what| unreadable(&self.messages.path, Some(position.clone()), what))
                .map(|cells| Row { position, cells }),
        )
    }
}

#[cfg(test)]
mod tests;
