//! The plain version, in Candle operations: any device, any float type. The window's places one after the other, each a matrix
//! product over channels. Channels come first here, as Candle's operations want them; the image is turned at both ends.

use super::Plan;
use crate::Result;
use crate::window::{channels_first, channels_last};
use candle_core::Tensor;

pub(super) fn forward(plan: &Plan, x: &Tensor, w: &Tensor, b: Option<&Tensor>) -> Result<Tensor> {
    let [_, outs] = plan.channels;
    let [height, width] = plan.out;
    let padded = plan.window.pad(&channels_first(x)?, 0.0)?;
    let mut y = Tensor::zeros((plan.batch, plan.groups, outs, height * width), x.dtype(), x.device())?;
    for place in plan.window.places() {
        y = (y + filter(plan, w, place)?.broadcast_matmul(&columns(plan, &padded, place)?)?)?;
    }
    let y = y.reshape((plan.batch, plan.groups * outs, height, width))?;
    let y = channels_last(&y)?;
    Ok(match b {
        Some(b) => y.broadcast_add(b)?,
        None => y,
    })
}

/// `dx` if wanted, `dw` if the input is given.
pub(super) fn backward(
    plan: &Plan,
    dy: &Tensor,
    x: Option<&Tensor>,
    w: &Tensor,
    want_input: bool,
) -> Result<(Option<Tensor>, Option<Tensor>)> {
    let [channels, outs] = plan.channels;
    let ([height, width], [padded_h, padded_w]) = (plan.out, plan.window.padded(plan.image));
    let dy = channels_first(dy)?.reshape((plan.batch, plan.groups, outs, height * width))?;
    let padded_size = (plan.batch, plan.groups * channels, padded_h, padded_w);
    let mut dpadded = Tensor::zeros(padded_size, dy.dtype(), dy.device())?;
    let padded = x.map(|x| plan.window.pad(&channels_first(x)?, 0.0)).transpose()?;
    let mut dw = Vec::new();
    for place in plan.window.places() {
        if want_input {
            let dx = filter(plan, w, place)?.t()?.broadcast_matmul(&dy)?;
            let dx = dx.reshape((plan.batch, plan.groups * channels, height, width))?;
            dpadded = plan.window.add_tap(&dpadded, place, &dx)?;
        }
        if let Some(padded) = &padded {
            dw.push(dy.matmul(&columns(plan, padded, place)?.t()?)?.sum(0)?);
        }
    }
    let dx = want_input.then(|| channels_last(&plan.window.unpad(&dpadded)?)).transpose()?;
    let dw = (!dw.is_empty()).then(|| Tensor::stack(&dw, 3)?.reshape(w.shape())).transpose()?;
    Ok((dx, dw))
}

/// The filters' weights at one place: `[1, G, O / G, C / G]`.
fn filter(plan: &Plan, w: &Tensor, (ky, kx): (usize, usize)) -> Result<Tensor> {
    let [channels, outs] = plan.channels;
    Ok(w.narrow(2, ky, 1)?.narrow(3, kx, 1)?.contiguous()?.reshape((1, plan.groups, outs, channels))?)
}

/// What one place sees: `[B, G, C / G, H' W']`.
fn columns(plan: &Plan, padded: &Tensor, place: (usize, usize)) -> Result<Tensor> {
    let [height, width] = plan.out;
    let seen = plan.window.tap(padded, place, plan.out)?;
    Ok(seen.reshape((plan.batch, plan.groups, plan.channels[0], height * width))?)
}
