//! The float32 CPU version. A task of a sum has its own columns, so that no two write one place.

use super::Along;
use crate::Result;
use crate::blocks::BLOCK;
use crate::slice::{self, Scattered};
use candle_core::Tensor;
use rayon::prelude::*;

/// Columns of a task that sums: so many that a task is worth its start, so few that there are enough of them.
const COLUMNS: usize = 256;

pub(super) fn pick(along: &Along, x: &Tensor) -> Result<Tensor> {
    let xs = slice::floats(x)?;
    let ([_, rows, inner], count) = (along.sizes, along.count);
    slice::fresh_tensor(&along.picked[..], |y| {
        y.par_chunks_mut(BLOCK).zip(along.flat.par_chunks(BLOCK)).enumerate().for_each(|(block, (y, index))| {
            // Where the block begins; from there on places are counted, not divided.
            let first = block * BLOCK;
            let (mut base, mut j, mut i) = (first / (count * inner) * rows * inner, first / inner % count, first % inner);
            for (y, &index) in y.iter_mut().zip(index) {
                *y = xs[base + index as usize * inner + i];
                i += 1;
                if i == inner {
                    (i, j) = (0, j + 1);
                    if j == count {
                        (j, base) = (0, base + rows * inner);
                    }
                }
            }
        });
    })
}

/// Adds into `x`, which is the caller's own.
pub(super) fn add(along: &Along, x: Tensor, s: &Tensor) -> Result<Tensor> {
    let ss = slice::floats(s)?;
    let ([outer, rows, inner], count) = (along.sizes, along.count);
    let groups = inner.div_ceil(COLUMNS);
    slice::update(&x, |x| {
        let x = Scattered::new(x);
        (0..outer * groups).into_par_iter().for_each(|task| {
            let (o, first) = (task / groups, task % groups * COLUMNS);
            let width = COLUMNS.min(inner - first);
            for j in 0..count {
                let at = (o * count + j) * inner + first;
                for (column, (s, &index)) in ss[at..][..width].iter().zip(&along.flat[at..][..width]).enumerate() {
                    // SAFETY: a task's columns of its `o` are its own.
                    let to = unsafe { x.part((o * rows + index as usize) * inner + first + column, 1) };
                    to[0] += s;
                }
            }
        });
    })?;
    Ok(x)
}
