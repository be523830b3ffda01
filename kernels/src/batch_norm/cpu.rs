//! The float32 CPU version: blocks of places a task, channels side by side in the registers. Sums within a block are float32, over
//! the blocks, in their order, float64.

use super::{Gradient, Layer, Statistics};
use crate::Result;
use crate::simd::vectorised;
use crate::slice::{Scattered, floats, fresh, fresh_tensor};
use candle_core::{Device, Tensor};
use rayon::prelude::*;

/// Elements of a block: it is read twice while it is in the cache.
const BLOCK: usize = 16384;

fn block(channels: usize) -> usize {
    channels * (BLOCK / channels.max(1)).max(1)
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
    let count = (xs.len() / channels) as f64;
    let blocks: Vec<Vec<f32>> = xs.par_chunks(block(channels)).map(|x| {
        let mut moments = vec![0f32; 2 * channels];
        let (mean, squares) = moments.split_at_mut(channels);
        block_moments(x, mean, squares);
        moments
    }).collect();
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
        y.par_chunks_mut(block).zip(xs.par_chunks(block)).enumerate().for_each(|(i, (y, x))| {
            match &residual {
                Some(residual) => apply_with(x, &residual[i * block..][..x.len()], &a, layer.relu, y),
                None => apply(x, &a, layer.relu, y),
            }
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
    let blocks: Vec<Vec<f32>> = dys.par_chunks(block).enumerate().map(|(i, dy)| {
        let mut sums = vec![0f32; 2 * channels];
        let (plain, along) = sums.split_at_mut(channels);
        block_sums(dy, &xs[i * block..][..dy.len()], kept.part(i * block, dy.len()), &a, plain, along);
        sums
    }).collect();
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

/// Calls `f` with the first element of each row of a block.
#[inline(always)]
fn rows(len: usize, channels: usize, mut f: impl FnMut(usize)) {
    (0..len / channels.max(1)).for_each(|row| f(row * channels));
}

/// The gradient of the normalised value: `dy` where it is kept.
macro_rules! kept_gradient {
    ($kept:expr, |$dz:ident| $body:expr) => {
        match $kept {
            Kept::All => {
                let $dz = |dy: f32, _: f32, _: usize| dy;
                $body
            }
            Kept::Again => {
                let $dz = |dy: f32, z: f32, _: usize| if z > 0.0 { dy } else { 0.0 };
                $body
            }
            Kept::Output(y) => {
                let $dz = |dy: f32, _: f32, i: usize| if y[i] > 0.0 { dy } else { 0.0 };
                $body
            }
        }
    };
}

#[inline(always)]
fn add_sums(dy: &[f32], x: &[f32], a: &Affine, sums: [&mut [f32]; 2], dz: impl Fn(f32, f32, usize) -> f32) {
    let channels = a.mean.len();
    let [plain, along] = sums;
    let (mean, scale, bias) = (&a.mean[..channels], &a.scale[..channels], &a.bias[..channels]);
    let (plain, along) = (&mut plain[..channels], &mut along[..channels]);
    rows(dy.len(), channels, |at| {
        let (dy, x) = (&dy[at..][..channels], &x[at..][..channels]);
        for c in 0..channels {
            let centred = x[c] - mean[c];
            let dz = dz(dy[c], centred.mul_add(scale[c], bias[c]), at + c);
            plain[c] += dz;
            along[c] = dz.mul_add(centred, along[c]);
        }
    });
}

type Block<'a> = (&'a [f32], &'a [f32], Kept<'a>);

#[inline(always)]
fn set_gradient(
    (dy, x): (&[f32], &[f32]), a: &Affine, means: &[f32], along: &[f32], out: (&mut [f32], &mut [f32]),
    dz: impl Fn(f32, f32, usize) -> f32,
) {
    let channels = a.mean.len();
    let (mean, scale, bias) = (&a.mean[..channels], &a.scale[..channels], &a.bias[..channels]);
    let (means, along) = (&means[..channels], &along[..channels]);
    let (dx, residual) = out;
    rows(dy.len(), channels, |at| {
        let (dy, x) = (&dy[at..][..channels], &x[at..][..channels]);
        if !residual.is_empty() {
            let residual = &mut residual[at..][..channels];
            (0..channels).for_each(|c| residual[c] = dz(dy[c], (x[c] - mean[c]).mul_add(scale[c], bias[c]), at + c));
        }
        if !dx.is_empty() {
            let dx = &mut dx[at..][..channels];
            for c in 0..channels {
                let centred = x[c] - mean[c];
                let dz = dz(dy[c], centred.mul_add(scale[c], bias[c]), at + c);
                dx[c] = scale[c] * (dz - means[c] - centred * along[c]);
            }
        }
    });
}

vectorised! {
    /// Mean of each channel over a block, and the sum of squares about it.
    fn block_moments(x: &[f32], mean: &mut [f32], squares: &mut [f32]) {
        let channels = mean.len();
        let count = (x.len() / channels.max(1)) as f32;
        for x in x.chunks_exact(channels) {
            mean.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
        }
        mean.iter_mut().for_each(|sum| *sum /= count);
        for x in x.chunks_exact(channels) {
            squares.iter_mut().zip(x).zip(&*mean).for_each(|((square, x), mean)| *square = (x - mean).mul_add(x - mean, *square));
        }
    }

    fn apply(x: &[f32], a: &Affine, relu: bool, y: &mut [f32]) {
        let channels = a.mean.len();
        let (mean, scale, bias) = (&a.mean[..channels], &a.scale[..channels], &a.bias[..channels]);
        rows(x.len(), channels, |at| {
            let (x, y) = (&x[at..][..channels], &mut y[at..][..channels]);
            if relu {
                (0..channels).for_each(|c| y[c] = rectified((x[c] - mean[c]).mul_add(scale[c], bias[c])));
            } else {
                (0..channels).for_each(|c| y[c] = (x[c] - mean[c]).mul_add(scale[c], bias[c]));
            }
        });
    }

    fn apply_with(x: &[f32], residual: &[f32], a: &Affine, relu: bool, y: &mut [f32]) {
        let channels = a.mean.len();
        let (mean, scale, bias) = (&a.mean[..channels], &a.scale[..channels], &a.bias[..channels]);
        rows(x.len(), channels, |at| {
            let (x, residual, y) = (&x[at..][..channels], &residual[at..][..channels], &mut y[at..][..channels]);
            for c in 0..channels {
                let sum = (x[c] - mean[c]).mul_add(scale[c], bias[c]) + residual[c];
                y[c] = if relu { rectified(sum) } else { sum };
            }
        });
    }

    /// Adds the sums of the gradient `dz` of the normalised value, and of `dz (x - mean)`.
    fn block_sums(dy: &[f32], x: &[f32], kept: Kept, a: &Affine, plain: &mut [f32], along: &mut [f32]) {
        kept_gradient!(kept, |dz| add_sums(dy, x, a, [plain, along], dz));
    }

    /// `dx` and `dz`, each if there is room for it.
    fn block_gradient(block: Block, a: &Affine, means: &[f32], along: &[f32], out: (&mut [f32], &mut [f32])) {
        let (dy, x, kept) = block;
        kept_gradient!(kept, |dz| set_gradient((dy, x), a, means, along, out, dz));
    }
}
