//! Several documents in each row of a batch, one behind the other, so that no place is padding: attention stays inside each of them
//! ([`Attention::documents`](crate::Attention)), and positions begin anew with each ([`rope_documents`](crate::rope_documents), or
//! [`Documents::positions`] for an embedding of positions).

use crate::{Error, Result};
use std::ops::Range;

/// Where the documents of each row begin and end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documents {
    /// Of each row, where its documents end: cumulative lengths.
    ends: Vec<Vec<usize>>,
}

impl Documents {
    /// `lengths`: of each row's documents, in their order. What a row holds behind its last document is padding.
    ///
    /// # Errors
    /// A document is empty.
    pub fn new(lengths: &[Vec<usize>]) -> Result<Self> {
        for (row, lengths) in lengths.iter().enumerate() {
            if let Some(document) = lengths.iter().position(|&length| length == 0) {
                let message = format!("document {document} of row {row} has no position: each must have at least 1");
                return Err(Error::Argument { op: "documents", message });
            }
        }
        let cumulative = |lengths: &Vec<usize>| {
            let sums = lengths.iter().scan(0usize, |end, &length| {
                *end = end.saturating_add(length);
                Some(*end)
            });
            sums.collect()
        };
        Ok(Documents { ends: lengths.iter().map(cumulative).collect() })
    }

    /// B.
    pub fn rows(&self) -> usize {
        self.ends.len()
    }

    /// The documents of a row, each as the positions that it takes.
    pub fn of(&self, row: usize) -> impl Iterator<Item = Range<usize>> + '_ {
        let ends = &self.ends[row];
        std::iter::once(0).chain(ends.iter().copied()).zip(ends).map(|(start, &end)| start..end)
    }

    /// The place of each position within its document, `[B, T]`; padding counts as a document of its own.
    ///
    /// # Errors
    /// There are not `rows` rows, or the documents of one take more than `len` positions.
    pub fn positions(&self, rows: usize, len: usize) -> Result<Vec<u32>> {
        self.check("documents", rows, len)?;
        let padded = |row: usize| self.of(row).chain(std::iter::once(self.end(row)..len));
        Ok((0..rows).flat_map(padded).flat_map(|range| 0..range.len() as u32).collect())
    }

    /// One behind the last position of a row that is no padding.
    pub(crate) fn end(&self, row: usize) -> usize {
        self.ends[row].last().copied().unwrap_or(0)
    }

    /// # Errors
    /// There are not `rows` rows, or the documents of one take more than `len` positions.
    pub(crate) fn check(&self, op: &'static str, rows: usize, len: usize) -> Result<()> {
        if self.rows() != rows {
            return Err(Error::shape(op, "documents", format!("[B = {rows}] rows"), &[self.rows()]));
        }
        match (0..rows).find(|&row| self.end(row) > len) {
            Some(row) => {
                let message = format!("the documents of row {row} take {} positions, but there are {len}", self.end(row));
                Err(Error::Argument { op, message })
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_begin_anew() -> Result<()> {
        let documents = Documents::new(&[vec![2, 3], vec![4], vec![]])?;
        assert_eq!(documents.positions(3, 5)?, [0, 1, 0, 1, 2, 0, 1, 2, 3, 0, 0, 1, 2, 3, 4]);
        assert_eq!(documents.of(0).collect::<Vec<_>>(), [0..2, 2..5]);
        Ok(())
    }

    #[test]
    fn mistakes_are_named() -> Result<()> {
        let says = |lengths: &[Vec<usize>]| Documents::new(lengths).unwrap_err().to_string();
        assert_eq!(says(&[vec![1], vec![2, 0]]), "documents: document 1 of row 1 has no position: each must have at least 1");
        let documents = Documents::new(&[vec![2, 3]])?;
        assert!(documents.positions(2, 5).unwrap_err().to_string().contains("expected [B = 2] rows, found [1]"));
        assert!(documents.positions(1, 4).unwrap_err().to_string().contains("row 0 take 5 positions, but there are 4"));
        assert!(Documents::new(&[vec![usize::MAX, 2]])?.positions(1, 4).is_err());
        Ok(())
    }
}
