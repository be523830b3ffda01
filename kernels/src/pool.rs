//! Pooling over image planes.

use crate::{Error, Result, Tape, Var, slice};
use candle_core::Tensor;
use rayon::prelude::*;

/// A square window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool2d {
    pub kernel: usize,
    pub stride: usize,
    /// On every side; padded places never win.
    pub padding: usize,
}

/// Largest value of each window; the gradient goes to the first place that holds it. `[B, C, H, W]` -> `[B, C, OH, OW]`.
///
/// # Errors
/// The window does not fit, the padding exceeds half of it, or the stride is 0.
pub fn max_pool2d(tape: &Tape, x_bchw: &Var, args: Pool2d) -> Result<Var> {
    let &[batch, channels, h, w] = x_bchw.dims() else {
        return Err(Error::shape("max_pool2d", "input", "[B, C, H, W]", x_bchw.dims()));
    };
    let Pool2d { kernel, stride, padding } = args;
    if kernel == 0 || stride == 0 || 2 * padding > kernel || kernel > h + 2 * padding || kernel > w + 2 * padding {
        return Err(Error::Argument { op: "max_pool2d", message: format!("{args:?} does not fit an image of {h}x{w}") });
    }
    let (oh, ow) = ((h + 2 * padding - kernel) / stride + 1, (w + 2 * padding - kernel) / stride + 1);
    let value = x_bchw.tensor().contiguous()?;
    let mut winners = vec![0u32; batch * channels * oh * ow];
    let y = {
        let x = slice::floats(&value)?;
        let x: &[f32] = &x;
        slice::fresh_tensor((batch, channels, oh, ow), |y| {
            let planes = y.par_chunks_mut(oh * ow).zip(winners.par_chunks_mut(oh * ow)).zip(x.par_chunks(h * w));
            planes.for_each(|((y, winners), x)| {
                for (i, (y, winner)) in y.iter_mut().zip(winners).enumerate() {
                    let range = |o: usize, size: usize| (o * stride).saturating_sub(padding)..(o * stride + kernel - padding).min(size);
                    let places = range(i / ow, h).flat_map(|r| range(i % ow, w).map(move |c| r * w + c));
                    // NaN wins, as a later comparison with it is never true.
                    let best = places.reduce(|a, b| if x[b] > x[a] || (x[b].is_nan() && !x[a].is_nan()) { b } else { a });
                    *winner = best.unwrap_or(0) as u32;
                    *y = x[best.unwrap_or(0)];
                }
            });
        })?
    };
    Ok(tape.record(y, x_bchw.wants_grad(), || {
        let x = x_bchw.clone();
        move |dy, grads| {
            let mut dx = vec![0f32; batch * channels * h * w];
            {
                let dy = slice::floats(dy)?;
                let dy: &[f32] = &dy;
                let planes = dx.par_chunks_mut((h * w).max(1)).zip(dy.par_chunks(oh * ow)).zip(winners.par_chunks(oh * ow));
                planes.for_each(|((dx, dy), winners)| dy.iter().zip(winners).for_each(|(d, &i)| dx[i as usize] += d));
            }
            grads.add(&x, Tensor::from_vec(dx, x.dims(), x.tensor().device())?)
        }
    }))
}

/// Mean of each plane: `[B, C, H, W]` -> `[B, C]`.
///
/// # Errors
/// The input has not four dimensions, or empty planes.
pub fn global_avg_pool(tape: &Tape, x_bchw: &Var) -> Result<Var> {
    let &[batch, channels, h, w] = x_bchw.dims() else {
        return Err(Error::shape("global_avg_pool", "input", "[B, C, H, W]", x_bchw.dims()));
    };
    let area = h * w;
    if area == 0 {
        return Err(Error::shape("global_avg_pool", "input", "[B, C, H > 0, W > 0]", x_bchw.dims()));
    }
    let value = x_bchw.tensor().contiguous()?;
    let means: Vec<f32> = slice::floats(&value)?.chunks(area).map(|plane| plane.iter().sum::<f32>() / area as f32).collect();
    let y = Tensor::from_vec(means, (batch, channels), value.device())?;
    Ok(tape.record(y, x_bchw.wants_grad(), || {
        let x = x_bchw.clone();
        move |dy, grads| {
            let dx = {
                let dy = slice::floats(dy)?;
                slice::fresh_tensor(x.dims(), |dx| dx.chunks_mut(area).zip(dy.iter()).for_each(|(dx, d)| dx.fill(d / area as f32)))?
            };
            grads.add(&x, dx)
        }
    }))
}
