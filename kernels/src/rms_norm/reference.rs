//! The plain version, in Candle operations: any device, any float type. Rows are as long as the weight.

use crate::Result;
use candle_core::Tensor;

/// The output and `r`, `[rows, 1]`.
pub(super) fn forward(x: &Tensor, w: &Tensor, eps: f64) -> Result<(Tensor, Tensor)> {
    let rows = rows(x, w)?;
    let r = (rows.sqr()?.mean_keepdim(1)? + eps)?.sqrt()?.recip()?;
    Ok((rows.broadcast_mul(&r)?.broadcast_mul(w)?.reshape(x.dims())?, r))
}

/// `(dx, dw)`.
pub(super) fn backward(dy: &Tensor, x: &Tensor, r: &Tensor, w: &Tensor) -> Result<(Tensor, Tensor)> {
    let (dy, n) = (rows(dy, w)?, rows(x, w)?.broadcast_mul(r)?);
    let g = dy.broadcast_mul(w)?;
    let along = n.broadcast_mul(&(&g * &n)?.mean_keepdim(1)?)?;
    Ok(((g - along)?.broadcast_mul(r)?.reshape(x.dims())?, (dy * n)?.sum(0)?))
}

fn rows(x: &Tensor, w: &Tensor) -> Result<Tensor> {
    Ok(x.reshape((x.elem_count() / w.elem_count(), w.elem_count()))?)
}
