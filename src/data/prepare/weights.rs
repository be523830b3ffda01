//! What a training split says of how often its rows are drawn.

use super::Split;
use super::answers::cell_number;
use crate::data::read::{Cell, Row, Table};
use crate::data::tensor_file::{Bytes, Dtype, Tensor};
use crate::data::{Error, Lacks, Result};

/// The weights of a split's examples, where a column says them.
pub(super) struct Weights {
    column: Option<String>,
    bytes: Vec<u8>,
    any: bool,
}

/// What a row says, until it is known whether it becomes an example.
pub(super) struct Weight(Option<f64>);

impl Weights {
    pub(super) fn of(split: &Split) -> Self {
        Weights { column: split.columns.weight.clone(), bytes: Vec::new(), any: false }
    }

    /// Takes the weight off the end of a row, if it has one.
    ///
    /// # Errors
    /// There is none where there should be, or it is no finite number of at least 0.
    pub(super) fn read(&self, table: &Table, row: &mut Row) -> Result<Weight> {
        let Some(column) = &self.column else { return Ok(Weight(None)) };
        let cell = row.cells.pop().unwrap_or(Cell::Null);
        let (path, position, column) = (table.path().into(), row.position.clone(), column.clone());
        match cell_number(table, &column, &cell) {
            Some(weight) if weight.is_finite() && weight >= 0.0 => Ok(Weight(Some(weight))),
            None if cell.is_blank() => Err(Error::Missing { path, position, column, what: Lacks::Weight }),
            _ => Err(Error::Weight { path, position, column, found: cell.in_words() }),
        }
    }

    /// The row is an example, the next.
    pub(super) fn keep(&mut self, Weight(weight): Weight) {
        self.any |= weight.is_some_and(|weight| weight > 0.0);
        self.bytes.extend(weight.into_iter().flat_map(f64::to_le_bytes));
    }

    /// Takes the weight off a row that is an example.
    pub(super) fn take(&mut self, table: &Table, row: &mut Row) -> Result<()> {
        let weight = self.read(table, row)?;
        self.keep(weight);
        Ok(())
    }

    /// What a prepared file holds of them.
    ///
    /// # Errors
    /// None of them can be drawn.
    pub(super) fn tensor(&self, split: &Split) -> Result<Option<Tensor<'_>>> {
        let Some(column) = &self.column else { return Ok(None) };
        let examples = self.bytes.len() / size_of::<f64>();
        match self.any {
            true => {
                Ok(Some(Tensor { name: "weights", dtype: Dtype::F64, shape: vec![examples], bytes: Bytes::Held(&self.bytes) }))
            }
            false => Err(Error::NoWeight { split: split.name.clone(), column: column.clone(), examples }),
        }
    }
}
