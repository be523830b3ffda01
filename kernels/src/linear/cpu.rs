//! The float32 CPU version: products into memory at hand, sums in a fixed order.

use super::reference::with_last;
use crate::matmul::{Layout, matmul_into};
use crate::{Result, slice};
use candle_core::Tensor;
use rayon::prelude::*;

/// `x`: `[..., in]`, `w`: `[out, in]` -> `[..., out]`; the bias is written first and the product added to it.
pub(super) fn forward(x: &Tensor, w: &Tensor, b: Option<&Tensor>) -> Result<Tensor> {
    let (out, inner) = w.dims2()?;
    let rows = x.elem_count().checked_div(inner).unwrap_or(0);
    let mut y = vec![0f32; rows * out];
    if let Some(b) = b {
        let b = slice::floats(b)?;
        y.par_chunks_mut(out * ROWS).for_each(|rows| rows.chunks_mut(out).for_each(|row| row.copy_from_slice(&b)));
    }
    let (xs, ws) = (slice::floats(x)?, slice::floats(w)?);
    matmul_into([rows, inner, out], &xs, Layout::Plain, &ws, Layout::Transposed, &mut y, b.is_some());
    Ok(Tensor::from_vec(y, with_last(x.dims(), out), x.device())?)
}

/// `dx = dy W`.
pub(super) fn backward_input(dy: &Tensor, w: &Tensor) -> Result<Tensor> {
    let (out, inner) = w.dims2()?;
    let rows = dy.elem_count().checked_div(out).unwrap_or(0);
    let mut dx = vec![0f32; rows * inner];
    let (dys, ws) = (slice::floats(dy)?, slice::floats(w)?);
    matmul_into([rows, out, inner], &dys, Layout::Plain, &ws, Layout::Plain, &mut dx, false);
    Ok(Tensor::from_vec(dx, with_last(dy.dims(), inner), dy.device())?)
}

/// `dW += dy^T x`.
pub(super) fn add_weight_grad(dy: &[f32], x: &[f32], dw: &mut [f32], [out, inner]: [usize; 2]) {
    let rows = dy.len().checked_div(out).unwrap_or(0);
    matmul_into([out, rows, inner], dy, Layout::Transposed, x, Layout::Plain, dw, true);
}

/// Rows a task; fixed, so that sums do not depend on the number of threads.
const ROWS: usize = 256;

/// `db += sum of dy over rows`: partial sums over blocks of [`ROWS`] rows, then over the blocks in order.
pub(super) fn add_column_sums(dy: &[f32], db: &mut [f32]) {
    let partial: Vec<Vec<f32>> = dy
        .par_chunks(ROWS * db.len().max(1))
        .map(|block| {
            let mut sum = vec![0f32; db.len()];
            block.chunks(db.len()).for_each(|row| sum.iter_mut().zip(row).for_each(|(s, v)| *s += v));
            sum
        })
        .collect();
    partial.iter().for_each(|sum| db.iter_mut().zip(sum).for_each(|(d, s)| *d += s));
}
