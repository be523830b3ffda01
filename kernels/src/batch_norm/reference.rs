//! The plain version, in Candle operations: any device, any float type.

use super::{Layer, Statistics};
use crate::Result;
use candle_core::Tensor;

pub(super) fn statistics(x: &Tensor) -> Result<Statistics> {
    let mean = channel_mean(x)?;
    let var = channel_mean(&x.broadcast_sub(&mean)?.sqr()?)?;
    Ok(Statistics { mean, var })
}

pub(super) fn normalise(layer: &Layer, x: &Tensor, residual: Option<&Tensor>) -> Result<Tensor> {
    let n = normalised(layer, x)?;
    let mut y = n.broadcast_mul(layer.weight.tensor())?.broadcast_add(layer.bias.tensor())?;
    if let Some(residual) = residual {
        y = (y + residual)?;
    }
    Ok(if layer.relu { y.relu()? } else { y })
}

/// `(dx if wanted, dw, db, the gradient of the normalised value)`.
pub(super) fn backward(layer: &Layer, dy: &Tensor, x: &Tensor, y: Option<&Tensor>, want_input: bool) -> Result<super::Gradient> {
    let again = if layer.relu && y.is_none() { Some(normalise(layer, x, None)?) } else { None };
    let dz = match y.or(again.as_ref()) {
        Some(y) => (dy * y.gt(0.0)?.to_dtype(dy.dtype())?)?,
        None => dy.clone(),
    };
    let n = normalised(layer, x)?;
    let count = (x.elem_count() / layer.weight.len().max(1)) as f64;
    let (mean_dz, mean_dzn) = (channel_mean(&dz)?, channel_mean(&(&dz * &n)?)?);
    let (dw, db) = ((&mean_dzn * count)?, (&mean_dz * count)?);
    let input = if want_input {
        let inner = (dz.broadcast_sub(&mean_dz)? - n.broadcast_mul(&mean_dzn)?)?;
        Some(inner.broadcast_mul(&(layer.weight.tensor() * r(layer)?)?)?)
    } else {
        None
    };
    Ok(super::Gradient { input, residual: Some(dz), weight: dw, bias: db })
}

fn r(layer: &Layer) -> Result<Tensor> {
    Ok((&layer.statistics.var + layer.eps)?.sqrt()?.recip()?)
}

fn normalised(layer: &Layer, x: &Tensor) -> Result<Tensor> {
    Ok(x.broadcast_sub(&layer.statistics.mean)?.broadcast_mul(&r(layer)?)?)
}

/// `[B, H, W, C]` -> `[C]`.
fn channel_mean(x: &Tensor) -> Result<Tensor> {
    Ok(x.flatten_to(2)?.mean(0)?)
}
