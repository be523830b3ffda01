//! Texts that are kept as they stand in the data, to be read back as [`crate::data::prepared::Verbatim`].

use crate::data::Result;
use crate::data::tensor_file::{Dtype, Spool, Tensor};
use std::path::Path;

/// Texts, end to end.
pub(super) struct Kept {
    bytes: Spool,
    offsets: Spool,
}

impl Kept {
    pub(super) fn within(folder: &Path) -> Result<Self> {
        let mut kept = Kept { bytes: Spool::within(folder)?, offsets: Spool::within(folder)? };
        kept.offsets.add_u64(0)?;
        Ok(kept)
    }

    pub(super) fn add(&mut self, text: &str) -> Result<()> {
        self.bytes.add(text.as_bytes())?;
        self.offsets.add_u64(self.bytes.len() as u64)
    }

    /// Number of texts.
    pub(super) fn len(&self) -> usize {
        self.offsets.len() / size_of::<u64>() - 1
    }

    /// By these names: of bytes, and of where each text begins.
    pub(super) fn tensors(&mut self, [bytes, offsets]: [&'static str; 2]) -> Result<[Tensor<'_>; 2]> {
        let (count, begins) = (self.bytes.len(), self.offsets.len() / size_of::<u64>());
        Ok([
            Tensor { name: bytes, dtype: Dtype::U8, shape: vec![count], bytes: self.bytes.bytes()? },
            Tensor { name: offsets, dtype: Dtype::U64, shape: vec![begins], bytes: self.offsets.bytes()? },
        ])
    }
}
