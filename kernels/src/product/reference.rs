//! The plain version, in Candle operations: any device, any float type.

use crate::Result;
use candle_core::Tensor;

/// `a b^T`: `[A, D]`, `[B, D]` -> `[A, B]`.
pub(super) fn rows_by_rows(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    Ok(a.matmul(&b.t()?)?)
}

/// `dy b`: `[A, B]`, `[B, D]` -> `[A, D]`.
pub(super) fn rows_by_columns(dy: &Tensor, b: &Tensor) -> Result<Tensor> {
    Ok(dy.matmul(b)?)
}

/// `dy^T a`: `[A, B]`, `[A, D]` -> `[B, D]`.
pub(super) fn columns_by_columns(dy: &Tensor, a: &Tensor) -> Result<Tensor> {
    Ok(dy.t()?.matmul(a)?)
}
