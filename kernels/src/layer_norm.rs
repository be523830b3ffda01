//! Layer normalisation over the last dimension (Ba et al., 1607.06450): `y = (x - mean) / sqrt(var + eps) * weight + bias`.
//!
//! Backward, with `h = (x - mean) / sqrt(var + eps)`, `g = dy * weight`: `dx = (g - mean(g) - h mean(g h)) / sqrt(var + eps)`,
//! `dweight = sum of dy h`, `dbias = sum of dy` over rows.

use crate::simd::{self, vectorised};
use crate::{Error, Param, Result, Tape, Var, slice};
use rayon::prelude::*;

/// Rows a task; fixed, so that sums do not depend on the number of threads.
const ROWS: usize = 64;

/// `x`: `[..., dim]`, `weight`, `bias`: `[dim]` -> `[..., dim]`.
///
/// # Errors
/// `weight` or `bias` is not `[dim]`.
pub fn layer_norm(tape: &Tape, x: &Var, weight: &Param, bias: &Param, eps: f64) -> Result<Var> {
    let dim = x.dims().last().copied().unwrap_or(0);
    for p in [weight, bias] {
        if p.tensor().dims() != [dim] {
            return Err(Error::shape("layer_norm", format!("parameter `{}`", p.name()), format!("[{dim}]"), p.tensor().dims()));
        }
    }
    let value = x.tensor().contiguous()?;
    let rows = value.elem_count().checked_div(dim).unwrap_or(0);
    // Mean and 1 / sqrt(var + eps) of each row.
    let mut stats = vec![[0f32; 2]; rows];
    let y = {
        let (xs, w, b) = (slice::floats(&value)?, slice::floats(weight.tensor())?, slice::floats(bias.tensor())?);
        let (xs, w, b): (&[f32], &[f32], &[f32]) = (&xs, &w, &b);
        slice::fresh_tensor(x.dims(), |y| {
            let blocks = y.par_chunks_mut(dim.max(1) * ROWS).zip(xs.par_chunks(dim.max(1) * ROWS)).zip(stats.par_chunks_mut(ROWS));
            blocks.for_each(|((y, x), stats)| forward_rows(y, x, stats, w, b, eps as f32));
        })?
    };
    let wanted = x.wants_grad() || weight.is_trainable() || bias.is_trainable();
    Ok(tape.record(y, wanted, || {
        let (x, weight, bias) = (x.clone(), weight.clone(), bias.clone());
        move |dy, grads| {
            let (dys, xs, w) = (slice::floats(dy)?, slice::floats(&value)?, slice::floats(weight.tensor())?);
            let (dys, xs, w): (&[f32], &[f32], &[f32]) = (&dys, &xs, &w);
            let mut partial: Vec<[Vec<f32>; 2]> = Vec::new();
            let dx = slice::fresh_tensor(x.dims(), |dx| {
                let size = dim.max(1) * ROWS;
                let blocks = dx.par_chunks_mut(size).zip(dys.par_chunks(size)).zip(xs.par_chunks(size)).zip(stats.par_chunks(ROWS));
                partial = blocks
                    .map(|(((dx, dy), x), stats)| {
                        let mut sums = [vec![0f32; dim], vec![0f32; dim]];
                        let [dw, db] = &mut sums;
                        backward_rows(dx, dy, x, stats, w, dw, db);
                        sums
                    })
                    .collect();
            })?;
            for (param, which) in [(&weight, 0), (&bias, 1)] {
                grads.add_param_with(param, |grad| partial.iter().for_each(|sums| simd::add_assign(grad, &sums[which])))?;
            }
            grads.add(&x, dx)
        }
    }))
}

vectorised! {
    fn forward_rows(y: &mut [f32], x: &[f32], stats: &mut [[f32; 2]], w: &[f32], b: &[f32], eps: f32) {
        let dim = w.len();
        for ((y, x), stat) in y.chunks_exact_mut(dim).zip(x.chunks_exact(dim)).zip(stats) {
            let mean = simd::sum(x, |v| v) / dim as f32;
            let var = simd::sum(x, |v| (v - mean) * (v - mean)) / dim as f32;
            let scale = 1.0 / (var + eps).sqrt();
            *stat = [mean, scale];
            for (((y, &x), &w), &b) in y.iter_mut().zip(x).zip(w).zip(b) {
                *y = ((x - mean) * scale).mul_add(w, b);
            }
        }
    }
    fn backward_rows(dx: &mut [f32], dy: &[f32], x: &[f32], stats: &[[f32; 2]], w: &[f32], dw: &mut [f32], db: &mut [f32]) {
        let dim = w.len();
        let rows = dx.chunks_exact_mut(dim).zip(dy.chunks_exact(dim)).zip(x.chunks_exact(dim)).zip(stats);
        for (((dx, dy), x), &[mean, scale]) in rows {
            for i in 0..dim {
                let h = (x[i] - mean) * scale;
                dw[i] += dy[i] * h;
                db[i] += dy[i];
                dx[i] = dy[i] * w[i];
            }
            let mean_g = simd::sum(dx, |g| g) / dim as f32;
            let mean_gh = simd::sum2(dx, x, |g, x| g * ((x - mean) * scale)) / dim as f32;
            for (dx, &x) in dx.iter_mut().zip(x) {
                *dx = (*dx - mean_g - (x - mean) * scale * mean_gh) * scale;
            }
        }
    }
}
