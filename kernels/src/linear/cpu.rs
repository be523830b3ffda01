//! The float32 CPU version: products into memory at hand, sums in a fixed order.

use super::reference::with_last;
use crate::matmul::{Into, On, View, ViewMut, matmul};
use crate::{Result, simd, slice};
use candle_core::Tensor;
use rayon::prelude::*;

/// `x`: `[..., in]`, `w`: `[out, in]` -> `[..., out]`; the bias is written first and the product added to it.
pub(super) fn forward(x: &Tensor, w: &Tensor, b: Option<&Tensor>) -> Result<Tensor> {
    let (out, inner) = w.dims2()?;
    let rows = x.elem_count().checked_div(inner).unwrap_or(0);
    let (xs, ws) = (slice::floats(x)?, slice::floats(w)?);
    let bias = b.map(slice::floats).transpose()?;
    slice::fresh_tensor(with_last(x.dims(), out), |y| {
        if let Some(b) = &bias {
            let bias: &[f32] = b;
            y.par_chunks_mut(out * ROWS).for_each(|rows| rows.chunks_mut(out).for_each(|row| row.copy_from_slice(bias)));
        }
        let into = if bias.is_some() { Into::Add } else { Into::Set };
        matmul(On::Pool, 1.0, View::new(&xs, rows, inner), View::new(&ws, out, inner).t(), ViewMut::new(y, rows, out), into);
    })
}

/// `dx = dy W`.
pub(super) fn backward_input(dy: &Tensor, w: &Tensor) -> Result<Tensor> {
    let (out, inner) = w.dims2()?;
    let rows = dy.elem_count().checked_div(out).unwrap_or(0);
    let (dys, ws) = (slice::floats(dy)?, slice::floats(w)?);
    slice::fresh_tensor(with_last(dy.dims(), inner), |dx| {
        let dx = ViewMut::new(dx, rows, inner);
        matmul(On::Pool, 1.0, View::new(&dys, rows, out), View::new(&ws, out, inner), dx, Into::Set);
    })
}

/// `dW += dy^T x`.
pub(super) fn add_weight_grad(dy: &[f32], x: &[f32], dw: &mut [f32], [out, inner]: [usize; 2]) {
    let rows = dy.len().checked_div(out).unwrap_or(0);
    let dw = ViewMut::new(dw, out, inner);
    matmul(On::Pool, 1.0, View::new(dy, rows, out).t(), View::new(x, rows, inner), dw, Into::Add);
}

/// Rows a task; fixed, so that sums do not depend on the number of threads.
const ROWS: usize = 256;

/// `db += sum of dy over rows`: partial sums over blocks of [`ROWS`] rows, then over the blocks in order.
pub(super) fn add_column_sums(dy: &[f32], db: &mut [f32]) {
    let partial: Vec<Vec<f32>> = dy
        .par_chunks(ROWS * db.len().max(1))
        .map(|block| {
            let mut sum = vec![0f32; db.len()];
            block.chunks(db.len()).for_each(|row| simd::add_assign(&mut sum, row));
            sum
        })
        .collect();
    partial.iter().for_each(|sum| simd::add_assign(db, sum));
}
