//! The float32 CPU version: blocks of places a task, channels side by side in the registers. Sums within a block are float32, over
//! the blocks, in their order, float64.

use super::{Gradient, Layer, Statistics};
use crate::Result;
use crate::simd::{self, vectorised};
use crate::slice::{Scattered, floats, fresh, fresh_tensor};
use candle_core::{Device, Tensor};
use rayon::prelude::*;

/// Elements of a block: it is read twice while it is in the cache.
const BLOCK: usize = 16384;

fn block(channels: usize) -> usize {
    channels.max(1) * (BLOCK / channels.max(1)).max(1)
}

/// What normalises each channel.
struct Affine {
    mean: Vec<f32>,
    /// `1 / sqrt(var + eps)`.
    r: Vec<f32>,
    /// `weight r`.
    scale: Vec<f32>,
    bias: Vec<f32>,
}

impl Affine {
    fn new(layer: &Layer) -> Result<Self> {
        let vector = |t: &Tensor| Ok::<_, crate::Error>(floats(t)?.to_vec());
        let (mean, var) = (vector(&layer.statistics.mean)?, vector(&layer.statistics.var)?);
        let r: Vec<f32> = var.iter().map(|var| (1.0 / (f64::from(*var) + layer.eps).sqrt()) as f32).collect();
        let scale = vector(layer.weight.tensor())?.iter().zip(&r).map(|(w, r)| w * r).collect();
        Ok(Affine { mean, r, scale, bias: vector(layer.bias.tensor())? })
    }
}

/// What happened to the normalised value, and so which of its gradient is kept.
#[derive(Clone, Copy)]
enum Kept<'a> {
    All,
    /// Where the normalised value, computed again, is positive.
    Again,
    /// Where this output is positive.
    Output(&'a [f32]),
}

impl<'a> Kept<'a> {
    fn part(self, from: usize, len: usize) -> Self {
        match self {
            Kept::Output(y) => Kept::Output(&y[from..][..len]),
            other => other,
        }
    }
}

pub(super) fn statistics(x: &Tensor) -> Result<Statistics> {
    let (xs, channels) = (floats(x)?, x.dim(3)?);
    let count = (xs.len() / channels.max(1)) as f64;
    let blocks: Vec<Vec<f32>> = xs
        .par_chunks(block(channels))
        .map(|x| {
            let mut moments = vec![0f32; 2 * channels];
            let (mean, squares) = moments.split_at_mut(channels);
            block_moments(x, mean, squares);
            moments
        })
        .collect();
    let rows = |i: usize| (block(channels).min(xs.len() - i * block(channels)) / channels) as f64;
    // Chan, Golub & LeVeque (1979): the squares about the whole mean from those about each block's.
    let moments = (0..channels).map(|c| {
        let mean = blocks.iter().enumerate().map(|(i, b)| f64::from(b[c]) * rows(i)).sum::<f64>() / count;
        let about = |(i, b): (usize, &Vec<f32>)| f64::from(b[channels + c]) + rows(i) * (f64::from(b[c]) - mean).powi(2);
        (mean as f32, (blocks.iter().enumerate().map(about).sum::<f64>() / count) as f32)
    });
    let (mean, var): (Vec<f32>, Vec<f32>) = moments.unzip();
    let tensor = |v: Vec<f32>| Tensor::from_vec(v, channels, &Device::Cpu);
    Ok(Statistics { mean: tensor(mean)?, var: tensor(var)? })
}

pub(super) fn normalise(layer: &Layer, x: &Tensor, residual: Option<&Tensor>) -> Result<Tensor> {
    let (xs, residual, a) = (floats(x)?, residual.map(floats).transpose()?, Affine::new(layer)?);
    let block = block(a.mean.len());
    fresh_tensor(x.dims(), |y| {
        y.par_chunks_mut(block).zip(xs.par_chunks(block)).enumerate().for_each(|(i, (y, x))| match &residual {
            Some(residual) => apply_with(x, &residual[i * block..][..x.len()], &a, layer.relu, y),
            None => apply(x, &a, layer.relu, y),
        });
    })
}

/// `y`: the output, where something was added before the relu.
pub(super) fn backward(layer: &Layer, dy: &Tensor, x: &Tensor, y: Option<&Tensor>, want_input: bool) -> Result<Gradient> {
    let (dys, xs, ys, a) = (floats(dy)?, floats(x)?, y.map(floats).transpose()?, Affine::new(layer)?);
    let channels = a.mean.len();
    let kept = match &ys {
        Some(y) => Kept::Output(y),
        None if layer.relu => Kept::Again,
        None => Kept::All,
    };
    let block = block(channels);
    let blocks: Vec<Vec<f32>> = dys
        .par_chunks(block)
        .enumerate()
        .map(|(i, dy)| {
            let mut sums = vec![0f32; 2 * channels];
            let (plain, along) = sums.split_at_mut(channels);
            block_sums((dy, &xs[i * block..][..dy.len()], kept.part(i * block, dy.len())), &a, plain, along);
            sums
        })
        .collect();
    let sum = |c: usize| blocks.iter().map(|b| f64::from(b[c])).sum::<f64>();
    let sums: Vec<(f64, f64)> = (0..channels).map(|c| (sum(c), sum(channels + c) * f64::from(a.r[c]))).collect();
    let count = (xs.len() / channels.max(1)) as f64;
    let means: Vec<f32> = sums.iter().map(|s| (s.0 / count) as f32).collect();
    let along: Vec<f32> = sums.iter().zip(&a.r).map(|(s, r)| (s.1 / count) as f32 * r).collect();
    // What is added before the relu has the kept part of the gradient for its own.
    let keep = ys.is_some();
    let mut residual = Vec::new();
    let dx = fresh(if want_input { xs.len() } else { 0 }, |dx| {
        residual = fresh(if keep { xs.len() } else { 0 }, |dz| {
            let (dx, dz) = (Scattered::new(dx), Scattered::new(dz));
            dys.par_chunks(block).enumerate().for_each(|(i, dy)| {
                let (from, len) = (i * block, dy.len());
                // SAFETY: a task's block is its own.
                let dx = if want_input { unsafe { dx.part(from, len) } } else { &mut [] };
                // SAFETY: as above.
                let dz = if keep { unsafe { dz.part(from, len) } } else { &mut [] };
                let (x, kept) = (&xs[from..][..len], kept.part(from, len));
                block_gradient((dy, x, kept), &a, &means, &along, (dx, dz));
            });
        });
    });
    let vector = |f: fn(&(f64, f64)) -> f64| Tensor::from_iter(sums.iter().map(|s| f(s) as f32), &Device::Cpu);
    let tensor = |v: Vec<f32>| Tensor::from_vec(v, x.shape(), &Device::Cpu);
    Ok(Gradient {
        input: want_input.then(|| tensor(dx)).transpose()?,
        residual: keep.then(|| tensor(residual)).transpose()?,
        weight: vector(|s| s.1)?,
        bias: vector(|s| s.0)?,
    })
}

#[inline(always)]
fn rectified(v: f32) -> f32 {
    if v < 0.0 { 0.0 } else { v } // NaN stays
}

/// The body for each 16 neighbouring channels of each row of a block, then for each channel that is left over. It loads all that it
/// needs into arrays before it stores, so that the compiler need not ask which slices overlap.
macro_rules! by_lanes {
    ($len:expr, $channels:expr, |$lanes:ident, $at:ident, $c:ident| $body:block) => {
        for row in 0..$len / $channels.max(1) {
            let mut $c = 0;
            while $c + simd::LANES <= $channels {
                const $lanes: usize = simd::LANES;
                let $at = row * $channels + $c;
                $body
                $c += $lanes;
            }
            while $c < $channels {
                const $lanes: usize = 1;
                let $at = row * $channels + $c;
                $body
                $c += $lanes;
            }
        }
    };
}

#[inline(always)]
fn get<const N: usize>(from: &[f32], at: usize) -> [f32; N] {
    let mut lanes = [0.0; N];
    lanes.copy_from_slice(&from[at..at + N]);
    lanes
}

#[inline(always)]
fn put<const N: usize>(to: &mut [f32], at: usize, lanes: [f32; N]) {
    to[at..at + N].copy_from_slice(&lanes);
}

/// `x - mean` and the normalised value `z`.
#[inline(always)]
fn normalised<const N: usize>(x: &[f32], a: &Affine, at: usize, c: usize) -> ([f32; N], [f32; N]) {
    let (mut centred, mut z) = (get::<N>(x, at), get::<N>(&a.bias, c));
    let (mean, scale) = (get::<N>(&a.mean, c), get::<N>(&a.scale, c));
    for l in 0..N {
        centred[l] -= mean[l];
        z[l] = centred[l].mul_add(scale[l], z[l]);
    }
    (centred, z)
}

/// The gradient of the normalised value: `dy` where it is kept.
#[inline(always)]
fn kept_gradient<const N: usize>(dy: &[f32], kept: Kept, z: &[f32; N], at: usize) -> [f32; N] {
    let mut dz = get::<N>(dy, at);
    let decides = match kept {
        Kept::All => return dz,
        Kept::Again => *z,
        Kept::Output(y) => get::<N>(y, at),
    };
    for l in 0..N {
        dz[l] = if decides[l] > 0.0 { dz[l] } else { 0.0 };
    }
    dz
}

type Block<'a> = (&'a [f32], &'a [f32], Kept<'a>);

vectorised! {
    /// Mean of each channel over a block, and the sum of squares about it.
    fn block_moments(x: &[f32], mean: &mut [f32], squares: &mut [f32]) {
        let channels = mean.len();
        let count = (x.len() / channels.max(1)) as f32;
        by_lanes!(x.len(), channels, |N, at, c| {
            let (x, mut sum) = (get::<N>(x, at), get::<N>(mean, c));
            (0..N).for_each(|l| sum[l] += x[l]);
            put(mean, c, sum);
        });
        mean.iter_mut().for_each(|sum| *sum /= count);
        by_lanes!(x.len(), channels, |N, at, c| {
            let (x, mean, mut sum) = (get::<N>(x, at), get::<N>(mean, c), get::<N>(squares, c));
            (0..N).for_each(|l| sum[l] = (x[l] - mean[l]).mul_add(x[l] - mean[l], sum[l]));
            put(squares, c, sum);
        });
    }

    fn apply(x: &[f32], a: &Affine, relu: bool, y: &mut [f32]) {
        by_lanes!(x.len(), a.mean.len(), |N, at, c| {
            let (_, mut z) = normalised::<N>(x, a, at, c);
            if relu {
                z.iter_mut().for_each(|z| *z = rectified(*z));
            }
            put(y, at, z);
        });
    }

    fn apply_with(x: &[f32], residual: &[f32], a: &Affine, relu: bool, y: &mut [f32]) {
        by_lanes!(x.len(), a.mean.len(), |N, at, c| {
            let ((_, mut z), residual) = (normalised::<N>(x, a, at, c), get::<N>(residual, at));
            (0..N).for_each(|l| z[l] += residual[l]);
            if relu {
                z.iter_mut().for_each(|z| *z = rectified(*z));
            }
            put(y, at, z);
        });
    }

    /// Adds the sums of the gradient `dz` of the normalised value, and of `dz (x - mean)`.
    fn block_sums(block: Block, a: &Affine, plain: &mut [f32], along: &mut [f32]) {
        let (dy, x, kept) = block;
        by_lanes!(x.len(), a.mean.len(), |N, at, c| {
            let (centred, z) = normalised::<N>(x, a, at, c);
            let dz = kept_gradient(dy, kept, &z, at);
            let (mut sum, mut sum_along) = (get::<N>(plain, c), get::<N>(along, c));
            for l in 0..N {
                sum[l] += dz[l];
                sum_along[l] = dz[l].mul_add(centred[l], sum_along[l]);
            }
            put(plain, c, sum);
            put(along, c, sum_along);
        });
    }

    /// `dx` and `dz`, each if there is room for it.
    fn block_gradient(block: Block, a: &Affine, means: &[f32], along: &[f32], out: (&mut [f32], &mut [f32])) {
        let ((dy, x, kept), (dx, residual)) = (block, out);
        by_lanes!(x.len(), a.mean.len(), |N, at, c| {
            let (centred, z) = normalised::<N>(x, a, at, c);
            let mut dz = kept_gradient(dy, kept, &z, at);
            if !residual.is_empty() {
                put(residual, at, dz);
            }
            if !dx.is_empty() {
                let (mean, along, scale) = (get::<N>(means, c), get::<N>(along, c), get::<N>(&a.scale, c));
                (0..N).for_each(|l| dz[l] = scale[l] * (dz[l] - mean[l] - centred[l] * along[l]));
                put(dx, at, dz);
            }
        });
    }
}
