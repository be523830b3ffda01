//! The float32 CPU version: a row is read once from memory, then stays in the cache.

use crate::blocks::ROWS;
use crate::simd::{self, vectorised};
use crate::{Result, slice};
use candle_core::Tensor;
use rayon::prelude::*;

/// The output, and `r` of each row.
pub(super) fn forward(x: &Tensor, w: &Tensor, eps: f32) -> Result<(Tensor, Vec<f32>)> {
    let (xs, ws) = (slice::floats(x)?, slice::floats(w)?);
    let dim = ws.len();
    let mut r = vec![0f32; xs.len() / dim];
    let y = slice::fresh_tensor(x.dims(), |y| {
        let blocks = y.par_chunks_mut(ROWS * dim).zip(xs.par_chunks(ROWS * dim)).zip(r.par_chunks_mut(ROWS));
        blocks.for_each(|((y, x), r)| normalise(x, &ws, eps, y, r));
    })?;
    Ok((y, r))
}

/// `a + b`, its norm, and `r` of each row.
pub(super) fn forward_sum(a: &Tensor, b: &Tensor, w: &Tensor, eps: f32) -> Result<(Tensor, Tensor, Vec<f32>)> {
    let (aa, bs, ws) = (slice::floats(a)?, slice::floats(b)?, slice::floats(w)?);
    let dim = ws.len();
    let mut r = vec![0f32; aa.len() / dim];
    let mut y = Vec::new();
    let sum = slice::fresh_tensor(a.dims(), |sum| {
        y = slice::fresh(aa.len(), |y| {
            let blocks = sum.par_chunks_mut(ROWS * dim).zip(y.par_chunks_mut(ROWS * dim)).zip(r.par_chunks_mut(ROWS));
            let blocks = blocks.zip(aa.par_chunks(ROWS * dim)).zip(bs.par_chunks(ROWS * dim));
            blocks.for_each(|((((sum, y), r), a), b)| add_normalise(a, b, &ws, eps, sum, y, r));
        });
    })?;
    Ok((sum, Tensor::from_vec(y, a.dims(), a.device())?, r))
}

/// Which gradients are wanted.
#[derive(Clone, Copy)]
pub(super) struct Want {
    pub(super) input: bool,
    pub(super) weight: bool,
}

/// `dx` if wanted, and for each block of rows its part of `dw`, one behind the other (nothing if not wanted).
pub(super) fn backward(dy: &Tensor, x: &Tensor, r: &[f32], w: &Tensor, want: Want) -> Result<(Option<Tensor>, Vec<f32>)> {
    let (dys, xs, ws) = (slice::floats(dy)?, slice::floats(x)?, slice::floats(w)?);
    let dim = ws.len();
    let mut parts = vec![0f32; if want.weight { r.len().div_ceil(ROWS) * dim } else { 0 }];
    let inputs = || dys.par_chunks(ROWS * dim).zip(xs.par_chunks(ROWS * dim)).zip(r.par_chunks(ROWS));
    if !want.input {
        parts.par_chunks_mut(dim).zip(inputs()).for_each(|(dw, ((dy, x), r))| add_weight(dy, x, r, dw));
        return Ok((None, parts));
    }
    let dx = slice::fresh_tensor(x.dims(), |dx| {
        let dx = dx.par_chunks_mut(ROWS * dim);
        if want.weight {
            dx.zip(parts.par_chunks_mut(dim)).zip(inputs()).for_each(|((dx, dw), ((dy, x), r))| {
                input_gradient(dy, x, r, &ws, dx);
                add_weight(dy, x, r, dw);
            });
        } else {
            dx.zip(inputs()).for_each(|(dx, ((dy, x), r))| input_gradient(dy, x, r, &ws, dx));
        }
    })?;
    Ok((Some(dx), parts))
}

#[inline(always)]
fn scale(x: &[f32], eps: f32) -> f32 {
    1.0 / (simd::sum(x, |v| v * v) / x.len() as f32 + eps).sqrt()
}

vectorised! {
    fn normalise(x: &[f32], w: &[f32], eps: f32, y: &mut [f32], r: &mut [f32]) {
        let dim = w.len();
        for ((x, y), r) in x.chunks_exact(dim).zip(y.chunks_exact_mut(dim)).zip(r) {
            let s = scale(x, eps);
            y.iter_mut().zip(x).zip(w).for_each(|((y, x), w)| *y = x * s * w);
            *r = s;
        }
    }

    fn add_normalise(a: &[f32], b: &[f32], w: &[f32], eps: f32, sum: &mut [f32], y: &mut [f32], r: &mut [f32]) {
        let dim = w.len();
        let rows = sum.chunks_exact_mut(dim).zip(y.chunks_exact_mut(dim)).zip(a.chunks_exact(dim)).zip(b.chunks_exact(dim)).zip(r);
        for ((((sum, y), a), b), r) in rows {
            sum.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum = a + b);
            let s = scale(sum, eps);
            y.iter_mut().zip(&*sum).zip(w).for_each(|((y, x), w)| *y = x * s * w);
            *r = s;
        }
    }

    fn input_gradient(dy: &[f32], x: &[f32], r: &[f32], w: &[f32], dx: &mut [f32]) {
        let dim = w.len();
        for (((dy, x), dx), r) in dy.chunks_exact(dim).zip(x.chunks_exact(dim)).zip(dx.chunks_exact_mut(dim)).zip(r) {
            dx.iter_mut().zip(dy).zip(w).for_each(|((g, dy), w)| *g = dy * w);
            let along = simd::sum2(dx, x, |g, x| g * x) / dim as f32 * r * r;
            dx.iter_mut().zip(x).for_each(|(g, x)| *g = r * (*g - x * along));
        }
    }

    fn add_weight(dy: &[f32], x: &[f32], r: &[f32], dw: &mut [f32]) {
        let dim = dw.len();
        for ((dy, x), r) in dy.chunks_exact(dim).zip(x.chunks_exact(dim)).zip(r) {
            dw.iter_mut().zip(dy).zip(x).for_each(|((dw, dy), x)| *dw += dy * (x * r));
        }
    }
}
