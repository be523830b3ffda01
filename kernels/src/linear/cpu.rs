//! The float32 CPU version: products into memory at hand, sums in a fixed order.

use super::reference::{leading, with_last};
use crate::blocks::ROWS;
use crate::matmul::{View, ViewMut, Write, matmul};
use crate::{Result, slice};
use candle_core::Tensor;
use rayon::prelude::*;

/// `x`: `[..., in]`, `w`: `[out, in]` -> `[..., out]`; the bias is written first and the product added to it.
pub(super) fn forward(x: &Tensor, w: &Tensor, b: Option<&Tensor>) -> Result<Tensor> {
    let (out, inner) = w.dims2()?;
    let rows = leading(x.dims());
    let (xs, ws) = (slice::floats(x)?, slice::floats(w)?);
    let bias = b.map(slice::floats).transpose()?;
    slice::fresh_tensor(with_last(x.dims(), out), |y| {
        let write = match &bias {
            Some(b) if out > 0 => {
                y.par_chunks_mut(out * ROWS).for_each(|rows| rows.chunks_mut(out).for_each(|row| row.copy_from_slice(b)));
                Write::Add
            }
            _ => Write::Set,
        };
        matmul(1.0, View::new(&xs, rows, inner), View::new(&ws, out, inner).t(), ViewMut::new(y, rows, out), write);
    })
}

/// `dx = dy W`.
pub(super) fn backward_input(dy: &Tensor, w: &Tensor) -> Result<Tensor> {
    let (out, inner) = w.dims2()?;
    let rows = leading(dy.dims());
    let (dys, ws) = (slice::floats(dy)?, slice::floats(w)?);
    slice::fresh_tensor(with_last(dy.dims(), inner), |dx| {
        let (dy, w) = (View::new(&dys, rows, out), View::new(&ws, out, inner));
        matmul(1.0, dy, w, ViewMut::new(dx, rows, inner), Write::Set);
    })
}

/// `dW = dy^T x` or `dW += dy^T x`.
pub(super) fn weight_grad(dy: &[f32], x: &[f32], dw: &mut [f32], write: Write, [out, inner]: [usize; 2]) {
    let rows = dy.len().checked_div(out).unwrap_or(0);
    let (dy, x) = (View::new(dy, rows, out), View::new(x, rows, inner));
    matmul(1.0, dy.t(), x, ViewMut::new(dw, out, inner), write);
}
