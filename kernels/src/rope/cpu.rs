//! The float32 CPU version: one pass over memory, position by position.

use super::{Rope, Turn};
use crate::blocks::ROWS;
use crate::simd::vectorised;
use crate::{Result, slice};
use candle_core::Tensor;
use rayon::prelude::*;

pub(super) fn turn(table: &Rope, x: &Tensor, places: &[u32], turn: Turn) -> Result<Tensor> {
    let dim = x.dim(2)?;
    let xs = slice::floats(x)?;
    let sign = if turn == Turn::Forward { 1.0 } else { -1.0 };
    slice::fresh_tensor(x.dims(), |y| {
        let block = ROWS * dim.max(1);
        y.par_chunks_mut(block).zip(xs.par_chunks(block)).enumerate().for_each(|(block, (y, x))| {
            for (i, (y, x)) in y.chunks_exact_mut(dim).zip(x.chunks_exact(dim)).enumerate() {
                let [cos, sin] = table.row(places[block * ROWS + i]);
                rotate(x, cos, sin, sign, y);
            }
        });
    })
}

vectorised! {
    /// Every head of one position.
    fn rotate(x: &[f32], cos: &[f32], sin: &[f32], sign: f32, y: &mut [f32]) {
        let half = cos.len();
        for (x, y) in x.chunks_exact(2 * half).zip(y.chunks_exact_mut(2 * half)) {
            let ((x1, x2), (y1, y2)) = (x.split_at(half), y.split_at_mut(half));
            for ((((x1, x2), y1), y2), (c, s)) in x1.iter().zip(x2).zip(y1).zip(y2).zip(cos.iter().zip(sin)) {
                let s = sign * s;
                *y1 = x1 * c - x2 * s;
                *y2 = x2 * c + x1 * s;
            }
        }
    }
}
