//! The float32 CPU version: a row is read once from memory, then stays in the cache.

use crate::blocks::ROWS;
use crate::simd::{self, vectorised};
use crate::{Result, slice};
use candle_core::Tensor;
use rayon::prelude::*;

/// The output, and mean and `r` of each row.
pub(super) fn forward(x: &Tensor, w: &Tensor, b: &Tensor, eps: f32) -> Result<(Tensor, Vec<f32>)> {
    let (xs, ws, bs) = (slice::floats(x)?, slice::floats(w)?, slice::floats(b)?);
    let dim = ws.len();
    let mut stats = vec![0f32; xs.len() / dim * 2];
    let y = slice::fresh_tensor(x.dims(), |y| {
        let blocks = y.par_chunks_mut(ROWS * dim).zip(xs.par_chunks(ROWS * dim)).zip(stats.par_chunks_mut(ROWS * 2));
        blocks.for_each(|((y, x), stats)| normalise(x, &ws, &bs, eps, y, stats));
    })?;
    Ok((y, stats))
}

/// Which gradients are wanted.
#[derive(Clone, Copy)]
pub(super) struct Want {
    pub(super) input: bool,
    pub(super) params: bool,
}

/// `dx` if wanted, and for each block of rows its part of `dw` and `db`, one behind the other (nothing if not wanted).
pub(super) fn backward(dy: &Tensor, x: &Tensor, stats: &[f32], w: &Tensor, want: Want) -> Result<(Option<Tensor>, Vec<f32>)> {
    let (dys, xs, ws) = (slice::floats(dy)?, slice::floats(x)?, slice::floats(w)?);
    let dim = ws.len();
    let blocks = (xs.len() / dim).div_ceil(ROWS);
    let mut sums = vec![0f32; if want.params { blocks * 2 * dim } else { 0 }];
    let inputs = || dys.par_chunks(ROWS * dim).zip(xs.par_chunks(ROWS * dim)).zip(stats.par_chunks(ROWS * 2));
    if !want.input {
        let work = sums.par_chunks_mut(2 * dim).zip(inputs());
        work.for_each(|(sums, ((dy, x), stats))| add_params(dy, x, stats, sums));
        return Ok((None, sums));
    }
    let dx = slice::fresh_tensor(x.dims(), |dx| {
        if want.params {
            let work = dx.par_chunks_mut(ROWS * dim).zip(sums.par_chunks_mut(2 * dim)).zip(inputs());
            work.for_each(|((dx, sums), ((dy, x), stats))| {
                input_gradient(dy, x, stats, &ws, dx);
                add_params(dy, x, stats, sums);
            });
        } else {
            let work = dx.par_chunks_mut(ROWS * dim).zip(inputs());
            work.for_each(|(dx, ((dy, x), stats))| input_gradient(dy, x, stats, &ws, dx));
        }
    })?;
    Ok((Some(dx), sums))
}

vectorised! {
    fn normalise(x: &[f32], w: &[f32], b: &[f32], eps: f32, y: &mut [f32], stats: &mut [f32]) {
        let dim = w.len();
        let scale = 1.0 / dim as f32;
        for ((x, y), stats) in x.chunks_exact(dim).zip(y.chunks_exact_mut(dim)).zip(stats.chunks_exact_mut(2)) {
            let mean = simd::sum(x, |v| v) * scale;
            let var = simd::sum(x, |v| (v - mean) * (v - mean)) * scale;
            let r = 1.0 / (var + eps).sqrt();
            y.iter_mut().zip(x).zip(w).zip(b).for_each(|(((y, x), w), b)| *y = ((x - mean) * r).mul_add(*w, *b));
            stats.copy_from_slice(&[mean, r]);
        }
    }

    fn input_gradient(dy: &[f32], x: &[f32], stats: &[f32], w: &[f32], dx: &mut [f32]) {
        let dim = w.len();
        let scale = 1.0 / dim as f32;
        let mut n = vec![0f32; dim];
        for (((dy, x), dx), stats) in
            dy.chunks_exact(dim).zip(x.chunks_exact(dim)).zip(dx.chunks_exact_mut(dim)).zip(stats.chunks_exact(2))
        {
            let (mean, r) = (stats[0], stats[1]);
            dx.iter_mut().zip(dy).zip(w).for_each(|((g, dy), w)| *g = dy * w);
            n.iter_mut().zip(x).for_each(|(n, x)| *n = (x - mean) * r);
            let mean_g = simd::sum(dx, |g| g) * scale;
            let mean_gn = simd::sum2(dx, &n, |g, n| g * n) * scale;
            dx.iter_mut().zip(&n).for_each(|(g, n)| *g = r * (*g - mean_g - n * mean_gn));
        }
    }

    fn add_params(dy: &[f32], x: &[f32], stats: &[f32], sums: &mut [f32]) {
        let dim = sums.len() / 2;
        let (dw, db) = sums.split_at_mut(dim);
        for ((dy, x), stats) in dy.chunks_exact(dim).zip(x.chunks_exact(dim)).zip(stats.chunks_exact(2)) {
            let (mean, r) = (stats[0], stats[1]);
            dw.iter_mut().zip(db.iter_mut()).zip(dy).zip(x).for_each(|(((dw, db), dy), x)| {
                *dw += dy * ((x - mean) * r);
                *db += dy;
            });
        }
    }
}
