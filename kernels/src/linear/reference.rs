//! The plain version, in Candle operations: any device, any float type.

use crate::Result;
use candle_core::{D, Tensor};

/// `x`: `[..., in]`, `w`: `[out, in]` -> `[..., out]`.
pub(super) fn forward(x: &Tensor, w: &Tensor, b: Option<&Tensor>) -> Result<Tensor> {
    let y = rows(x)?.matmul(&w.t()?)?;
    let y = match b {
        Some(b) => y.broadcast_add(b)?,
        None => y,
    };
    Ok(y.reshape(with_last(x.dims(), w.dim(0)?))?)
}

/// `dx = dy W`.
pub(super) fn backward_input(dy: &Tensor, w: &Tensor) -> Result<Tensor> {
    Ok(rows(dy)?.matmul(w)?.reshape(with_last(dy.dims(), w.dim(1)?))?)
}

/// `dW = dy^T x`.
pub(super) fn backward_weight(dy: &Tensor, x: &Tensor) -> Result<Tensor> {
    Ok(rows(dy)?.t()?.matmul(&rows(x)?)?)
}

/// `db`: sum of `dy` over all but the last dimension.
pub(super) fn column_sums(dy: &Tensor) -> Result<Tensor> {
    Ok(rows(dy)?.sum(0)?)
}

fn rows(x: &Tensor) -> Result<Tensor> {
    Ok(x.reshape((leading(x.dims()), x.dim(D::Minus1)?))?)
}

/// The number of rows: the product of all dimensions but the last, also where that is 0 and no element tells.
pub(super) fn leading(dims: &[usize]) -> usize {
    dims.iter().rev().skip(1).product()
}

pub(super) fn with_last(dims: &[usize], last: usize) -> Vec<usize> {
    let mut dims = dims.to_vec();
    if let Some(end) = dims.last_mut() {
        *end = last;
    }
    dims
}
