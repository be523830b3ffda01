//! The float32 CPU version: products of views, none of which is transposed in memory.

use crate::matmul::{View, ViewMut, Write, matmul};
use crate::{Result, slice};
use candle_core::Tensor;

/// `a b^T`: `[A, D]`, `[B, D]` -> `[A, B]`.
pub(super) fn rows_by_rows(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let ((rows, inner), cols) = (a.dims2()?, b.dim(0)?);
    let (xs, ys) = (slice::floats(a)?, slice::floats(b)?);
    slice::fresh_tensor((rows, cols), |y| {
        let (a, b) = (View::new(&xs, rows, inner), View::new(&ys, cols, inner));
        matmul(1.0, a, b.t(), ViewMut::new(y, rows, cols), Write::Set);
    })
}

/// `dy b`: `[A, B]`, `[B, D]` -> `[A, D]`.
pub(super) fn rows_by_columns(dy: &Tensor, b: &Tensor) -> Result<Tensor> {
    let ((rows, inner), cols) = (dy.dims2()?, b.dim(1)?);
    let (dys, bs) = (slice::floats(dy)?, slice::floats(b)?);
    slice::fresh_tensor((rows, cols), |da| {
        let (dy, b) = (View::new(&dys, rows, inner), View::new(&bs, inner, cols));
        matmul(1.0, dy, b, ViewMut::new(da, rows, cols), Write::Set);
    })
}

/// `dy^T a`: `[A, B]`, `[A, D]` -> `[B, D]`.
pub(super) fn columns_by_columns(dy: &Tensor, a: &Tensor) -> Result<Tensor> {
    let ((inner, rows), cols) = (dy.dims2()?, a.dim(1)?);
    let (dys, xs) = (slice::floats(dy)?, slice::floats(a)?);
    slice::fresh_tensor((rows, cols), |db| {
        let (dy, a) = (View::new(&dys, inner, rows), View::new(&xs, inner, cols));
        matmul(1.0, dy.t(), a, ViewMut::new(db, rows, cols), Write::Set);
    })
}
