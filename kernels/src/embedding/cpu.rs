//! The float32 CPU version: copies of rows; sums in the order of the places.

use crate::blocks::ROWS;
use crate::simd::vectorised;
use crate::{Result, slice};
use candle_core::Tensor;
use rayon::prelude::*;

pub(super) fn forward(ids: &[u32], table: &Tensor, dims: Vec<usize>) -> Result<Tensor> {
    let (table, dim) = (slice::floats(table)?, table.dim(1)?);
    slice::fresh_tensor(dims, |y| {
        if dim > 0 {
            y.par_chunks_mut(ROWS * dim).zip(ids.par_chunks(ROWS)).for_each(|(y, ids)| {
                y.chunks_exact_mut(dim).zip(ids).for_each(|(y, &id)| y.copy_from_slice(&table[id as usize * dim..][..dim]));
            });
        }
    })
}

vectorised! {
    /// `dtable[id] += dy` place by place. A few thousand rows a step: one thread does it in the time that sharing would take.
    pub(super) fn add_rows(ids: &[u32], dy: &[f32], dtable: &mut [f32], dim: usize) {
        for (place, &id) in ids.iter().enumerate() {
            let (to, from) = (&mut dtable[id as usize * dim..][..dim], &dy[place * dim..][..dim]);
            to.iter_mut().zip(from).for_each(|(t, f)| *t += f);
        }
    }
}
