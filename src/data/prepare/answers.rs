//! What a split says of its examples, as it is collected row by row: a class each, or a number each.

use super::Split;
use crate::data::classes::{Classes, Label};
use crate::data::read::{Cell, Position, Row, Table};
use crate::data::tensor_file::{Dtype, Tensor};
use crate::data::{Error, Result, features};
use crate::job::{PrepareJob, Spread};
use tallow_zoo::HeadKind;

/// The answers of a split, one an example.
pub(super) enum Answers<'a> {
    Labels(Labels<'a>),
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

impl<'a> Answers<'a> {
    /// Those of the job's task; `names`: the source's classes, if it has such.
    pub(super) fn new(job: &'a PrepareJob, split: &Split, names: &'a [String]) -> Self {
        match job.task.head() {
            HeadKind::Value => {
                Answers::Values(Values { column: split.label_column().into(), each: Vec::new(), bytes: Vec::new() })
            }
            _ => Answers::Labels(Labels::new(split, names, job.numbered.as_deref())),
        }
    }

    /// Takes the answer off the end of a row.
    ///
    /// # Errors
    /// There is none, or it is none of those that there may be.
    pub(super) fn take(&mut self, table: &Table, row: &mut Row) -> Result<()> {
        match self {
            Answers::Labels(labels) => labels.take(table, row),
            Answers::Values(values) => values.take(table, row),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Answers::Labels(labels) => labels.len(),
            Answers::Values(values) => values.each.len(),
        }
    }

    pub(super) fn said(&self) -> Said<'_> {
        match self {
            Answers::Labels(labels) => labels.said(),
            Answers::Values(values) => values.said(),
        }
    }
}

/// The classes of a split.
pub(super) struct Labels<'a> {
    column: String,
    /// The source's classes.
    source: &'a [String],
    /// Classes by their number in what is prepared.
    names: &'a [String],
    bytes: Vec<u8>,
    counts: Vec<usize>,
}

impl<'a> Labels<'a> {
    fn new(split: &Split, source: &'a [String], numbered: Option<&'a [String]>) -> Self {
        let names = numbered.unwrap_or(source);
        Labels { column: split.label_column().into(), source, names, bytes: Vec::new(), counts: vec![0; names.len()] }
    }

    /// A class of the source by its number in what is prepared.
    fn numbered(&self, class: u32) -> Label {
        if self.names == self.source {
            return Label::Class(class);
        }
        let name = &self.source[class as usize];
        let number = self.names.iter().position(|own| own.to_lowercase() == name.to_lowercase());
        number.map_or_else(|| Label::Unknown(name.clone()), |number| Label::Class(number as u32))
    }

    fn len(&self) -> usize {
        self.bytes.len() / 4
    }

    fn said(&self) -> Said<'_> {
        let tensor = Tensor { name: "labels", dtype: Dtype::U32, shape: vec![self.len()], bytes: &self.bytes };
        Said { examples: self.len(), tensors: vec![tensor], names: self.names, counts: &self.counts, values: None }
    }

    fn take(&mut self, table: &Table, row: &mut Row) -> Result<()> {
        let indices = table.column(&self.column)?.classes.is_some() && matches!(row.cells.last(), Some(Cell::Int(_)));
        let classes = Classes { names: self.source.to_vec(), indices };
        let cell = row.cells.pop().unwrap_or(Cell::Null);
        let (path, position, column) = (table.path(), || row.position.clone(), || self.column.clone());
        let label = match classes.label(&cell) {
            Label::Class(class) => self.numbered(class),
            other => other,
        };
        match label {
            Label::Class(number) => {
                self.counts[number as usize] += 1;
                self.bytes.extend(number.to_le_bytes());
                Ok(())
            }
            Label::Missing => Err(missing(table, &row.position, &self.column)),
            Label::Unknown(found) => Err(Error::Label {
                path: path.into(),
                position: position(),
                column: column(),
                found,
                classes: self.names.to_vec(),
            }),
        }
    }
}

/// The numbers of a split.
pub(super) struct Values {
    column: String,
    each: Vec<f64>,
    bytes: Vec<u8>,
}

impl Values {
    fn take(&mut self, table: &Table, row: &mut Row) -> Result<()> {
        let value = number(table, &row.position, &self.column, &row.cells.pop().unwrap_or(Cell::Null))?;
        self.each.push(value);
        self.bytes.extend(value.to_le_bytes());
        Ok(())
    }

    fn said(&self) -> Said<'_> {
        let tensor = Tensor { name: "values", dtype: Dtype::F64, shape: vec![self.each.len()], bytes: &self.bytes };
        Said { examples: self.each.len(), tensors: vec![tensor], names: &[], counts: &[], values: Spread::of(&self.each) }
    }
}

/// The number that a cell holds.
///
/// # Errors
/// It holds nothing, or something that is no finite number.
pub(super) fn number(table: &Table, position: &Position, column: &str, cell: &Cell) -> Result<f64> {
    let value = match cell {
        Cell::Null => return Err(missing(table, position, column)),
        Cell::Text(text) if text.trim().is_empty() => return Err(missing(table, position, column)),
        Cell::Int(value) => Some(*value as f64),
        Cell::Float(value) => Some(*value),
        Cell::Text(_) => features::number(cell, table.comma()),
        _ => None,
    };
    value.filter(|value| value.is_finite()).ok_or_else(|| Error::Number {
        path: table.path().into(),
        position: position.clone(),
        column: column.into(),
        found: cell.in_words(),
    })
}

fn missing(table: &Table, position: &Position, column: &str) -> Error {
    Error::Missing { path: table.path().into(), position: position.clone(), column: column.into(), what: "label" }
}
