//! What a classifier's rows should have been: shared by every cross entropy.

use crate::{Error, Result};

/// What each row should have been.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Targets<'a> {
    /// One class a row, in row order.
    pub labels: &'a [u32],
    /// Rows with this label count for nothing.
    pub ignore: Option<u32>,
    /// The share of the target that is spread evenly over all classes, in `[0, 1)`.
    pub smoothing: f32,
}

impl<'a> Targets<'a> {
    /// Every label counts, no smoothing.
    pub fn new(labels: &'a [u32]) -> Self {
        Targets { labels, ignore: None, smoothing: 0.0 }
    }

    /// The rows that count, in order.
    ///
    /// # Errors
    /// There are not `rows` labels, a label is not below `classes`, or the smoothing is out of its range.
    pub(crate) fn counted(&self, op: &'static str, rows: usize, classes: usize) -> Result<Vec<u32>> {
        if self.labels.len() != rows {
            return Err(Error::shape(op, "labels", format!("[rows = {rows}]"), &[self.labels.len()]));
        }
        if !(0.0..1.0).contains(&self.smoothing) {
            return Err(Error::Argument {
                op,
                message: format!("the label smoothing must be in [0, 1), found {}", self.smoothing),
            });
        }
        let counts = |label: &u32| Some(*label) != self.ignore;
        if let Some(position) = self.labels.iter().position(|label| counts(label) && *label as usize >= classes) {
            let (table, index) = ("classes".to_string(), i64::from(self.labels[position]));
            return Err(Error::Index { op, table, index, position, rows: classes });
        }
        Ok((0..).zip(self.labels).filter(|(_, label)| counts(label)).map(|(row, _)| row).collect())
    }
}

impl<'a> From<&'a [u32]> for Targets<'a> {
    /// Every label counts, no smoothing.
    fn from(labels: &'a [u32]) -> Self {
        Targets::new(labels)
    }
}

impl<'a> From<&'a Vec<u32>> for Targets<'a> {
    fn from(labels: &'a Vec<u32>) -> Self {
        Targets::new(labels)
    }
}

impl<'a, const N: usize> From<&'a [u32; N]> for Targets<'a> {
    fn from(labels: &'a [u32; N]) -> Self {
        Targets::new(labels)
    }
}

impl<'a> From<&Targets<'a>> for Targets<'a> {
    fn from(targets: &Targets<'a>) -> Self {
        *targets
    }
}
