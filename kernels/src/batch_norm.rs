//! Batch normalisation over images (Ioffe and Szegedy, 1502.03167), as PyTorch does it: training normalises by the batch's own
//! mean and biased variance and moves the running ones by `momentum` (the variance unbiased); inference uses the running ones.
//!
//! Backward in training, with `h = (x - mean) / sqrt(var + eps)` and means over batch and area:
//! `dx = weight / sqrt(var + eps) (dy - mean(dy) - h mean(dy h))`, `dweight = sum dy h`, `dbias = sum dy`.

use crate::simd::{self, vectorised};
use crate::{Error, Param, Result, Tape, Var, slice};
use rayon::prelude::*;

/// The layer's parameters and constants.
#[derive(Debug, Clone, Copy)]
pub struct BatchNorm<'a> {
    pub weight: &'a Param,
    pub bias: &'a Param,
    pub running_mean: &'a Param,
    pub running_var: &'a Param,
    pub momentum: f64,
    pub eps: f64,
}

/// `x`: `[B, C, H, W]`, parameters `[C]` -> `[B, C, H, W]`.
///
/// # Errors
/// Shapes that do not fit; training on a single value a channel.
pub fn batch_norm(tape: &Tape, x_bchw: &Var, args: &BatchNorm) -> Result<Var> {
    let &[batch, channels, height, width] = x_bchw.dims() else {
        return Err(Error::shape("batch_norm", "input", "[B, C, H, W]", x_bchw.dims()));
    };
    for p in [args.weight, args.bias, args.running_mean, args.running_var] {
        if p.tensor().dims() != [channels] {
            return Err(Error::shape("batch_norm", format!("`{}`", p.name()), format!("[{channels}]"), p.tensor().dims()));
        }
    }
    let (area, count) = (height * width, batch * height * width);
    let training = tape.is_training();
    if training && count < 2 {
        let message = format!("`{}`: training needs more than one value a channel, found {:?}", args.weight.name(), x_bchw.dims());
        return Err(Error::Argument { op: "batch_norm", message });
    }
    let value = x_bchw.tensor().contiguous()?;
    let stats = if training { batch_stats(&value, args, [channels, area, count])? } else { running_stats(args)? };
    let y = {
        let (x, w, b) = (slice::floats(&value)?, slice::floats(args.weight.tensor())?, slice::floats(args.bias.tensor())?);
        let (x, w, b): (&[f32], &[f32], &[f32]) = (&x, &w, &b);
        slice::fresh_tensor(x_bchw.dims(), |y| {
            y.par_chunks_mut(area.max(1)).zip(x.par_chunks(area.max(1))).enumerate().for_each(|(plane, (y, x))| {
                let c = plane % channels;
                let [mean, scale] = stats[c];
                affine(y, x, scale * w[c], b[c] - mean * scale * w[c]);
            });
        })?
    };
    let wanted = x_bchw.wants_grad() || args.weight.is_trainable() || args.bias.is_trainable();
    Ok(tape.record(y, wanted, || {
        let (x, weight, bias) = (x_bchw.clone(), args.weight.clone(), args.bias.clone());
        move |dy, grads| {
            let (dys, xs, w) = (slice::floats(dy)?, slice::floats(&value)?, slice::floats(weight.tensor())?);
            let (dys, xs, w): (&[f32], &[f32], &[f32]) = (&dys, &xs, &w);
            // For each channel the sums of dy and of dy h, plane by plane in the order of the batch.
            let sums: Vec<[f32; 2]> = (0..channels)
                .into_par_iter()
                .map(|c| {
                    let [mean, scale] = stats[c];
                    (0..batch).fold([0f32; 2], |[dy_sum, dyh_sum], b| {
                        let at = (b * channels + c) * area;
                        let [a, h] = plane_sums(&dys[at..at + area], &xs[at..at + area], mean, scale);
                        [dy_sum + a, dyh_sum + h]
                    })
                })
                .collect();
            for (param, which) in [(&bias, 0), (&weight, 1)] {
                grads.add_param_with(param, |grad| grad.iter_mut().zip(&sums).for_each(|(g, sums)| *g += sums[which]))?;
            }
            if !x.wants_grad() {
                return Ok(());
            }
            let dx = slice::fresh_tensor(x.dims(), |dx| {
                let planes = dx.par_chunks_mut(area.max(1)).zip(dys.par_chunks(area.max(1))).zip(xs.par_chunks(area.max(1)));
                planes.enumerate().for_each(|(plane, ((dx, dy), x))| {
                    let c = plane % channels;
                    let ([mean, scale], factor) = (stats[c], stats[c][1] * w[c]);
                    // Running statistics do not depend on x, so at inference only the factor is left.
                    let means = if training { sums[c].map(|sum| sum / count as f32) } else { [0.0; 2] };
                    input_grad(dx, dy, x, [mean, scale, factor, means[0], means[1]]);
                });
            })?;
            grads.add(&x, dx)
        }
    }))
}

/// `[mean, 1 / sqrt(var + eps)]` of each channel of the batch; moves the running statistics.
fn batch_stats(x: &candle_core::Tensor, args: &BatchNorm, [channels, area, count]: [usize; 3]) -> Result<Vec<[f32; 2]>> {
    let x = slice::floats(x)?;
    let x: &[f32] = &x;
    let moments: Vec<[f64; 2]> = (0..channels)
        .into_par_iter()
        .map(|c| {
            let planes = || x.chunks_exact(area).skip(c).step_by(channels);
            let mean = planes().map(|p| f64::from(plane_sum(p))).sum::<f64>() / count as f64;
            let var = planes().map(|p| f64::from(plane_variance(p, mean as f32))).sum::<f64>() / count as f64;
            [mean, var]
        })
        .collect();
    let unbias = count as f64 / (count as f64 - 1.0);
    for (running, which, factor) in [(args.running_mean, 0, 1.0), (args.running_var, 1, unbias)] {
        slice::update(running.tensor(), |r| {
            for (r, moments) in r.iter_mut().zip(&moments) {
                *r = (f64::from(*r) * (1.0 - args.momentum) + moments[which] * factor * args.momentum) as f32;
            }
        })?;
    }
    Ok(moments.iter().map(|&[mean, var]| [mean as f32, (1.0 / (var + args.eps).sqrt()) as f32]).collect())
}

fn running_stats(args: &BatchNorm) -> Result<Vec<[f32; 2]>> {
    let (mean, var) = (slice::floats(args.running_mean.tensor())?, slice::floats(args.running_var.tensor())?);
    Ok(mean.iter().zip(var.iter()).map(|(&m, &v)| [m, (1.0 / (f64::from(v) + args.eps).sqrt()) as f32]).collect())
}

vectorised! {
    fn affine(y: &mut [f32], x: &[f32], scale: f32, shift: f32) {
        y.iter_mut().zip(x).for_each(|(y, &x)| *y = x.mul_add(scale, shift));
    }
    fn plane_sum(x: &[f32]) -> f32 {
        simd::sum(x, |x| x)
    }
    fn plane_variance(x: &[f32], mean: f32) -> f32 {
        simd::sum(x, |x| (x - mean) * (x - mean))
    }
    fn plane_sums(dy: &[f32], x: &[f32], mean: f32, scale: f32) -> [f32; 2] {
        [simd::sum(dy, |d| d), simd::sum2(dy, x, |d, x| d * (x - mean)) * scale]
    }
    fn input_grad(dx: &mut [f32], dy: &[f32], x: &[f32], constants: [f32; 5]) {
        let [mean, scale, factor, mean_dy, mean_dyh] = constants;
        for ((dx, &dy), &x) in dx.iter_mut().zip(dy).zip(x) {
            *dx = factor * (dy - mean_dy - (x - mean) * scale * mean_dyh);
        }
    }
}
