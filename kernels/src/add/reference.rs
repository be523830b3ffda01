//! The plain version, in Candle operations: any device, any float type.

use crate::Result;
use candle_core::{Shape, Tensor};

pub(super) fn forward(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    Ok(a.broadcast_add(b)?)
}

/// `dy` summed over the leading dimensions that `shape` lacks.
pub(super) fn sum_leading(dy: &Tensor, shape: &Shape) -> Result<Tensor> {
    Ok(dy.reshape(((), shape.elem_count()))?.sum(0)?.reshape(shape)?)
}
