//! The plain version, in Candle operations: any device, any float type. It widens the whole weight.

use super::{FrozenWeight, Lora, Mask, Saved};
use crate::{Backward, Result, dropout};
use candle_core::Tensor;

fn dropped(x: &Tensor, mask: Option<Mask>) -> Result<Tensor> {
    mask.map_or_else(|| Ok(x.clone()), |mask| dropout::plain(x, mask.stream, mask.probability))
}

/// `y`: `[rows, out]` and `t`: `[rows, r]`.
pub(super) fn forward(
    x: &Tensor,
    weight: &FrozenWeight,
    bias: Option<&Tensor>,
    lora: &Lora,
    mask: Option<Mask>,
) -> Result<(Tensor, Tensor)> {
    let y = forward_frozen(x, weight, bias)?;
    let low = dropped(x, mask)?.matmul(&lora.a.tensor().t()?)?;
    let addition = low.matmul(&lora.b.tensor().t()?)?.affine(f64::from(lora.scale), 0.0)?;
    Ok(((y + addition)?, low))
}

/// Adds `dA` and `dB`; returns `dx` if wanted.
pub(super) fn backward(
    dy: &Tensor,
    saved: Saved,
    weight: &FrozenWeight,
    lora: &Lora,
    mask: Option<Mask>,
    grads: &mut Backward,
) -> Result<Option<Tensor>> {
    let scaled = dy.affine(f64::from(lora.scale), 0.0)?;
    if let Some(low) = &saved.low {
        grads.add_param(&lora.b, scaled.t()?.matmul(low)?)?;
    }
    let up = scaled.matmul(lora.b.tensor())?;
    if let Some(x) = &saved.x {
        grads.add_param(&lora.a, up.t()?.matmul(&dropped(x, mask)?)?)?;
    }
    if !saved.wants_dx {
        return Ok(None);
    }
    let addition = dropped(&up.matmul(lora.a.tensor())?, mask)?;
    Ok(Some((backward_frozen(dy, weight)? + addition)?))
}

/// `x W^T + b`: `[rows, out]`.
pub(super) fn forward_frozen(x: &Tensor, weight: &FrozenWeight, bias: Option<&Tensor>) -> Result<Tensor> {
    let y = x.matmul(&weight.dense(x.dtype(), x.device())?.t()?)?;
    Ok(match bias {
        Some(bias) => y.broadcast_add(bias)?,
        None => y,
    })
}

/// `dy W`: `[rows, in]`.
pub(super) fn backward_frozen(dy: &Tensor, weight: &FrozenWeight) -> Result<Tensor> {
    Ok(dy.matmul(&weight.dense(dy.dtype(), dy.device())?)?)
}
