//! The plain version, in Candle operations: any device, any float type.

use super::Statistics;
use crate::Result;
use candle_core::Tensor;

pub(super) fn statistics(x: &Tensor) -> Result<Statistics> {
    let mean = channel_mean(x)?;
    let var = channel_mean(&x.broadcast_sub(&spread(&mean)?)?.sqr()?)?;
    Ok(Statistics { mean, var })
}

pub(super) fn normalise(x: &Tensor, statistics: &Statistics, w: &Tensor, b: &Tensor, eps: f64) -> Result<Tensor> {
    let n = normalised(x, statistics, eps)?;
    Ok(n.broadcast_mul(&spread(w)?)?.broadcast_add(&spread(b)?)?)
}

/// `(dx if wanted, dw, db)`.
pub(super) fn backward(
    dy: &Tensor, x: &Tensor, statistics: &Statistics, w: &Tensor, eps: f64, want_input: bool,
) -> Result<(Option<Tensor>, Tensor, Tensor)> {
    let n = normalised(x, statistics, eps)?;
    let count = (x.elem_count() / w.elem_count()) as f64;
    let (mean_dy, mean_dyn) = (channel_mean(dy)?, channel_mean(&(dy * &n)?)?);
    let (dw, db) = ((&mean_dyn * count)?, (&mean_dy * count)?);
    if !want_input {
        return Ok((None, dw, db));
    }
    let inner = (dy.broadcast_sub(&spread(&mean_dy)?)? - n.broadcast_mul(&spread(&mean_dyn)?)?)?;
    let dx = inner.broadcast_mul(&spread(&(w * r(statistics, eps)?)?)?)?;
    Ok((Some(dx), dw, db))
}

fn r(statistics: &Statistics, eps: f64) -> Result<Tensor> {
    Ok((&statistics.var + eps)?.sqrt()?.recip()?)
}

fn normalised(x: &Tensor, statistics: &Statistics, eps: f64) -> Result<Tensor> {
    Ok(x.broadcast_sub(&spread(&statistics.mean)?)?.broadcast_mul(&spread(&r(statistics, eps)?)?)?)
}

/// `[B, C, H, W]` -> `[C]`.
fn channel_mean(x: &Tensor) -> Result<Tensor> {
    Ok(x.transpose(0, 1)?.contiguous()?.flatten_from(1)?.mean(1)?)
}

/// `[C]` -> `[1, C, 1, 1]`.
fn spread(v: &Tensor) -> Result<Tensor> {
    Ok(v.reshape((1, (), 1, 1))?)
}
