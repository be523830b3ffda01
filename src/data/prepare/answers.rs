//! What a split says of its examples, as it is collected row by row: a class each, any of several labels, or a number.

use super::Split;
use crate::data::classes::{Classes, Label, place_of};
use crate::data::read::{Cell, ColumnKind, Position, Row, Table};
use crate::data::tensor_file::{Bytes, Dtype, Spool, Tensor};
use crate::data::{Error, Lacks, Result, features};
use crate::job::{PrepareJob, Spread};
use std::path::PathBuf;
use tallow_zoo::HeadKind;

/// The answers of a split, one an example.
pub(super) enum Answers<'a> {
    Classes(OneClass<'a>),
    Labels(SeveralLabels<'a>),
    Values(Values),
}

/// What a prepared file holds of the answers.
pub(super) struct Said<'a> {
    pub(super) examples: usize,
    pub(super) tensors: Vec<Tensor<'a>>,
    /// Classes, if it says such, and how many examples each has.
    pub(super) names: &'a [String],
    pub(super) counts: &'a [usize],
    pub(super) values: Option<Spread>,
}

impl<'a> Said<'a> {
    /// With further tensors.
    pub(super) fn with(mut self, tensors: impl IntoIterator<Item = Tensor<'a>>) -> Self {
        self.tensors.extend(tensors);
        self
    }
}

impl<'a> Answers<'a> {
    /// Those of the job's task; `names`: the source's classes, if it has such.
    ///
    /// # Errors
    /// Nothing can be written in the job's folder.
    pub(super) fn new(job: &'a PrepareJob, split: &Split, names: &'a [String]) -> Result<Self> {
        let classes = Numbered::of(job, names);
        Ok(match job.task.head() {
            HeadKind::Value => Answers::Values(Values::of(split.label_column())),
            HeadKind::Labels => Answers::Labels(SeveralLabels::new(split, classes, Spool::within(&job.out)?)),
            _ => Answers::Classes(OneClass::new(split, classes, Spool::within(&job.out)?)),
        })
    }

    /// Takes the answer off the end of a row.
    ///
    /// # Errors
    /// There is none, or it is none of those that there may be.
    pub(super) fn take(&mut self, table: &Table, row: &mut Row) -> Result<()> {
        match self {
            Answers::Classes(classes) => classes.take(table, row),
            Answers::Labels(labels) => labels.take(table, row),
            Answers::Values(values) => values.take(table, row),
        }
    }

    /// Whether they are numbers.
    pub(super) fn are_values(&self) -> bool {
        matches!(self, Answers::Values(_))
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Answers::Classes(classes) => classes.len(),
            Answers::Labels(labels) => labels.rows,
            Answers::Values(values) => values.each.len(),
        }
    }

    /// # Errors
    /// The disk.
    pub(super) fn said(&mut self) -> Result<Said<'_>> {
        match self {
            Answers::Classes(classes) => classes.said(),
            Answers::Labels(labels) => labels.said(),
            Answers::Values(values) => Ok(values.said()),
        }
    }
}

/// Classes as the source has them, and as they are numbered in what is prepared.
#[derive(Clone, Copy)]
pub(super) struct Numbered<'a> {
    source: &'a [String],
    pub(super) names: &'a [String],
}

impl<'a> Numbered<'a> {
    /// None in the job: as the source has them.
    pub(super) fn of(job: &'a PrepareJob, source: &'a [String]) -> Self {
        Numbered { source, names: job.numbered.as_deref().unwrap_or(source) }
    }

    /// The number of the class that a cell says. `indices`: an integer is a place among the source's.
    ///
    /// # Errors
    /// It says nothing, or none of the classes.
    pub(super) fn class(self, (table, position, column): (&Table, &Position, &str), cell: &Cell, indices: bool) -> Result<usize> {
        // Numbers that are no places of classes the survey has refused.
        let classes = Classes { names: self.source, indices, declared: true };
        match classes.label(cell) {
            Label::Class(class) if self.names == self.source => Ok(class as usize),
            Label::Class(class) => {
                let name = &self.source[class as usize];
                place_of(name, self.names).ok_or_else(|| self.unknown(table, position, column, name.clone()))
            }
            Label::Missing => Err(missing(table, position, column)),
            Label::Unknown(found) => Err(self.unknown(table, position, column, found)),
        }
    }

    fn unknown(self, table: &Table, position: &Position, column: &str, found: String) -> Error {
        let (path, position, column) = (table.path().into(), position.clone(), column.to_string());
        Error::Label { path, position, column, found, classes: self.names.to_vec() }
    }
}

/// The classes of a split, one an example.
pub(super) struct OneClass<'a> {
    column: String,
    classes: Numbered<'a>,
    each: Spool,
    counts: Vec<usize>,
}

impl<'a> OneClass<'a> {
    fn new(split: &Split, classes: Numbered<'a>, each: Spool) -> Self {
        OneClass { column: split.label_column().into(), classes, each, counts: vec![0; classes.names.len()] }
    }

    fn len(&self) -> usize {
        self.each.len() / 4
    }

    fn said(&mut self) -> Result<Said<'_>> {
        let examples = self.len();
        let tensor = Tensor { name: "labels", dtype: Dtype::U32, shape: vec![examples], bytes: self.each.bytes()? };
        Ok(Said { examples, tensors: vec![tensor], names: self.classes.names, counts: &self.counts, values: None })
    }

    fn take(&mut self, table: &Table, row: &mut Row) -> Result<()> {
        let cell = row.cells.pop().unwrap_or(Cell::Null);
        let indices = table.column(&self.column)?.classes.is_some() && matches!(cell, Cell::Int(_));
        let number = self.classes.class((table, &row.position, &self.column), &cell, indices)?;
        self.counts[number] += 1;
        self.each.add_u32s(&[number as u32])
    }
}

/// The labels of a split, any number an example: from a list, from a text that lists them, or from a column of 0 and 1 each.
pub(super) struct SeveralLabels<'a> {
    columns: Vec<String>,
    /// Whether each label has its own column.
    apart: bool,
    classes: Numbered<'a>,
    rows: usize,
    flags: Spool,
    counts: Vec<usize>,
    /// Whether a blank of the file at hand says that no label holds.
    may_be_none: Option<(PathBuf, bool)>,
}

impl<'a> SeveralLabels<'a> {
    fn new(split: &Split, classes: Numbered<'a>, flags: Spool) -> Self {
        let apart = !split.columns.labels.is_empty();
        let columns = if apart { split.columns.labels.clone() } else { vec![split.label_column().into()] };
        SeveralLabels { columns, apart, classes, rows: 0, flags, counts: vec![0; classes.names.len()], may_be_none: None }
    }

    fn said(&mut self) -> Result<Said<'_>> {
        let shape = vec![self.rows, self.classes.names.len()];
        let tensor = Tensor { name: "labels", dtype: Dtype::U8, shape, bytes: self.flags.bytes()? };
        Ok(Said { examples: self.rows, tensors: vec![tensor], names: self.classes.names, counts: &self.counts, values: None })
    }

    fn take(&mut self, table: &Table, row: &mut Row) -> Result<()> {
        let cells = row.cells.split_off(row.cells.len().saturating_sub(self.columns.len()));
        let found = match self.apart {
            true => self.of_flags(table, &row.position, &cells)?,
            false => self.of_list(table, &row.position, cells.first().unwrap_or(&Cell::Null))?,
        };
        let mut flags = vec![0; self.classes.names.len()];
        for number in found {
            // A label that is named twice counts once.
            if std::mem::replace(&mut flags[number], 1) == 0 {
                self.counts[number] += 1;
            }
        }
        self.rows += 1;
        self.flags.add(&flags)
    }

    /// The labels whose columns hold 1, by their number.
    fn of_flags(&self, table: &Table, position: &Position, cells: &[Cell]) -> Result<Vec<usize>> {
        let mut found = Vec::new();
        for (cell, column) in cells.iter().zip(&self.columns) {
            let unknown = |found: String| self.classes.unknown(table, position, column, found);
            match number(table, position, column, cell)? {
                0.0 => {}
                1.0 => found.push(place_of(column, self.classes.names).ok_or_else(|| unknown(format!("`{column}`")))?),
                other => return Err(unknown(format!("{other}, where 0 or 1 is expected"))),
            }
        }
        Ok(found)
    }

    /// As [`may_be_none`], looked up once a file.
    fn may_be_none(&mut self, table: &Table) -> Result<bool> {
        if let Some((path, may)) = &self.may_be_none
            && path == table.path()
        {
            return Ok(*may);
        }
        let may = may_be_none(table, &self.columns[0])?;
        self.may_be_none = Some((table.path().into(), may));
        Ok(may)
    }

    fn of_list(&mut self, table: &Table, position: &Position, cell: &Cell) -> Result<Vec<usize>> {
        let column = &self.columns[0];
        let indices = table.column(column)?.classes.is_some();
        let items = labels_in(cell, self.classes.source);
        let number = |item| self.classes.class((table, position, column), item, indices);
        let found = items.iter().map(number).collect::<Result<Vec<_>>>()?;
        match cell {
            Cell::Null if !self.may_be_none(table)? => Err(missing(table, position, &self.columns[0])),
            _ => Ok(found),
        }
    }
}

/// Whether a cell of several labels with nothing in it says that none of them holds: `a|b` has no other way to say so. Among lists, also
/// such as are written down, an empty one says it, and a row without any is one that nobody labelled.
///
/// # Errors
/// The file cannot be read.
pub(in crate::data) fn may_be_none(table: &Table, column: &str) -> Result<bool> {
    if matches!(table.column(column)?.kind, ColumnKind::List(_)) {
        return Ok(false);
    }
    for row in table.rows(&[column])? {
        match row?.cells.first() {
            Some(cell) if cell.is_blank() => {}
            Some(Cell::Text(text)) => return Ok(written_list(text).is_none()),
            _ => return Ok(true),
        }
    }
    // Nothing but blanks keeps the labels of a split secret.
    Ok(false)
}

/// The labels that a cell lists: the items of a list, also of one that is written down as text, else of a text the parts between `|`, `;`
/// or `,`. A text that is a label `known` as a whole is that label.
pub(in crate::data) fn labels_in(cell: &Cell, known: &[String]) -> Vec<Cell> {
    match cell {
        Cell::Null => Vec::new(),
        Cell::List(items) => items.clone(),
        Cell::Text(text) if known.iter().any(|name| name == text.trim()) => vec![cell.clone()],
        Cell::Text(text) => match written_list(text) {
            Some(items) => items.into_iter().map(Cell::Text).collect(),
            None => {
                let parts = text.split(['|', ';', ',']).map(str::trim).filter(|part| !part.is_empty());
                parts.map(|part| Cell::Text(part.into())).collect()
            }
        },
        other => vec![other.clone()],
    }
}

/// The items of a list as programs write one into a cell of text: `["a", "b"]`, `['a', 'b']`, `['a' 'b']`, `[a, b]`, `[]`.
pub(in crate::data) fn written_list(text: &str) -> Option<Vec<String>> {
    let mut rest = text.trim().strip_prefix('[')?.strip_suffix(']')?.trim();
    let mut items = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (item, behind) = match first {
            // A quote within ends no item: one does that stands before what parts them.
            '"' | '\'' => {
                let ends =
                    |at: &usize| rest[at + 1..].trim_start().chars().next().is_none_or(|next| next == ',' || next == first);
                let end = rest.match_indices(first).map(|(at, _)| at).skip(1).find(ends)?;
                (&rest[1..end], &rest[end + 1..])
            }
            _ => rest.split_at(rest.find(',').unwrap_or(rest.len())),
        };
        items.push(item.trim().to_string());
        let behind = behind.trim_start();
        rest = behind.strip_prefix(',').unwrap_or(behind).trim_start();
    }
    Some(items.into_iter().filter(|item| !item.is_empty()).collect())
}

/// The numbers of a split.
pub(super) struct Values {
    column: String,
    each: Vec<f64>,
    bytes: Vec<u8>,
}

impl Values {
    /// Those of a column.
    pub(super) fn of(column: &str) -> Self {
        Values { column: column.into(), each: Vec::new(), bytes: Vec::new() }
    }

    pub(super) fn take(&mut self, table: &Table, row: &mut Row) -> Result<()> {
        let value = number(table, &row.position, &self.column, &row.cells.pop().unwrap_or(Cell::Null))?;
        self.each.push(value);
        self.bytes.extend(value.to_le_bytes());
        Ok(())
    }

    pub(super) fn said(&self) -> Said<'_> {
        let tensor = Tensor { name: "values", dtype: Dtype::F64, shape: vec![self.each.len()], bytes: Bytes::Held(&self.bytes) };
        Said { examples: self.each.len(), tensors: vec![tensor], names: &[], counts: &[], values: Spread::of(&self.each) }
    }
}

/// The number that a cell holds.
///
/// # Errors
/// It holds nothing, or something that is no finite number.
pub(super) fn number(table: &Table, position: &Position, column: &str, cell: &Cell) -> Result<f64> {
    if cell.is_blank() {
        return Err(missing(table, position, column));
    }
    cell_number(table, column, cell).filter(|value| value.is_finite()).ok_or_else(|| Error::Number {
        path: table.path().into(),
        position: position.clone(),
        column: column.into(),
        found: cell.in_words(),
    })
}

/// What a cell says, if that is a number.
pub(super) fn cell_number(table: &Table, column: &str, cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Int(value) => Some(*value as f64),
        Cell::Float(value) => Some(*value),
        Cell::Text(_) => features::number(cell, table.comma(column)),
        Cell::Null | Cell::Bytes(_) | Cell::File(_) | Cell::List(_) | Cell::Object(_) | Cell::Other(_) => None,
    }
}

pub(super) fn missing(table: &Table, position: &Position, column: &str) -> Error {
    Error::Missing { path: table.path().into(), position: position.clone(), column: column.into(), what: Lacks::Label }
}
