//! What a training split says of its rows besides what is learnt from them: how often each is drawn, and with which others it belongs
//! together.

use super::Split;
use super::answers::cell_number;
use crate::data::read::{Cell, Row, Table};
use crate::data::tensor_file::{Bytes, Dtype, Tensor};
use crate::data::{Error, Lacks, Result, classes};
use std::collections::HashMap;

/// The weights of a split's examples and the groups that they are of, where columns say them.
pub(super) struct Weights {
    column: Option<String>,
    bytes: Vec<u8>,
    any: bool,
    /// By the value of the column, in the order in which they are met.
    groups: Option<HashMap<String, u32>>,
    group_bytes: Vec<u8>,
}

/// What a row says, until it is known whether it becomes an example.
pub(super) struct Weight {
    weight: Option<f64>,
    group: Option<String>,
}

impl Weights {
    pub(super) fn of(split: &Split) -> Self {
        let groups = split.group.as_ref().map(|_| HashMap::new());
        Weights { column: split.columns.weight.clone(), bytes: Vec::new(), any: false, groups, group_bytes: Vec::new() }
    }

    /// Takes group and weight off the end of a row, if it has such.
    ///
    /// # Errors
    /// There is no weight where there should be one, or it is no finite number of at least 0.
    pub(super) fn read(&self, table: &Table, row: &mut Row) -> Result<Weight> {
        // Of a row without a value nothing is read: it belongs to no split.
        let group = self.groups.as_ref().and_then(|_| classes::group_of(&row.cells.pop().unwrap_or(Cell::Null)));
        let Some(column) = &self.column else { return Ok(Weight { weight: None, group }) };
        let cell = row.cells.pop().unwrap_or(Cell::Null);
        let (path, position, column) = (table.path().into(), row.position.clone(), column.clone());
        match cell_number(table, &column, &cell) {
            Some(weight) if weight.is_finite() && weight >= 0.0 => Ok(Weight { weight: Some(weight), group }),
            None if cell.is_blank() => Err(Error::Missing { path, position, column, what: Lacks::Weight }),
            _ => Err(Error::Weight { path, position, column, found: cell.in_words() }),
        }
    }

    /// The row is an example, the next.
    pub(super) fn keep(&mut self, Weight { weight, group }: Weight) {
        self.any |= weight.is_some_and(|weight| weight > 0.0);
        self.bytes.extend(weight.into_iter().flat_map(f64::to_le_bytes));
        if let (Some(groups), Some(group)) = (&mut self.groups, group) {
            let next = groups.len() as u32;
            self.group_bytes.extend(groups.entry(group).or_insert(next).to_le_bytes());
        }
    }

    /// Takes group and weight off a row that is an example.
    pub(super) fn take(&mut self, table: &Table, row: &mut Row) -> Result<()> {
        let weight = self.read(table, row)?;
        self.keep(weight);
        Ok(())
    }

    /// What a prepared file holds of them.
    ///
    /// # Errors
    /// None of them can be drawn.
    pub(super) fn tensors(&self, split: &Split) -> Result<Vec<Tensor<'_>>> {
        let mut tensors = Vec::new();
        if self.groups.is_some() {
            let shape = vec![self.group_bytes.len() / size_of::<u32>()];
            tensors.push(Tensor { name: "groups", dtype: Dtype::U32, shape, bytes: Bytes::Held(&self.group_bytes) });
        }
        let Some(column) = &self.column else { return Ok(tensors) };
        let examples = self.bytes.len() / size_of::<f64>();
        if !self.any {
            return Err(Error::NoWeight { split: split.name.clone(), column: column.clone(), examples });
        }
        tensors.push(Tensor { name: "weights", dtype: Dtype::F64, shape: vec![examples], bytes: Bytes::Held(&self.bytes) });
        Ok(tensors)
    }
}
