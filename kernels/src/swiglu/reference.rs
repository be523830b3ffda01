//! The plain version, in Candle operations: any device, any float type.

use crate::Result;
use candle_core::Tensor;

pub(super) fn forward(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    Ok(((gate * logistic(gate)?)? * up)?)
}

/// `(dgate, dup)`.
pub(super) fn backward(dy: &Tensor, gate: &Tensor, up: &Tensor) -> Result<(Tensor, Tensor)> {
    let s = logistic(gate)?;
    let slope = (&s * ((gate * s.affine(-1.0, 1.0)?)? + 1.0)?)?;
    Ok((((dy * up)? * slope)?, (dy * (gate * s)?)?))
}

fn logistic(x: &Tensor) -> Result<Tensor> {
    Ok((x.neg()?.exp()? + 1.0)?.recip()?)
}
