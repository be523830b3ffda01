//! The float32 CPU version: one channel a task. Sums within an image are float32, over images float64.

use super::Statistics;
use crate::Result;
use crate::simd::{self, vectorised};
use crate::slice::{Scattered, floats, fresh, fresh_tensor};
use candle_core::{Device, Tensor};
use rayon::prelude::*;

/// Where a channel lies in a `[B, C, H, W]` slice: one run of elements in each image.
#[derive(Clone, Copy)]
struct Runs {
    images: usize,
    channels: usize,
    area: usize,
}

impl Runs {
    fn of(x: &Tensor) -> Result<Self> {
        let (images, channels, height, width) = x.dims4()?;
        Ok(Runs { images, channels, area: height * width })
    }

    /// First elements of the channel's runs.
    #[inline(always)]
    fn starts(self, channel: usize) -> impl Iterator<Item = usize> {
        (0..self.images).map(move |image| (image * self.channels + channel) * self.area)
    }

    fn count(self) -> f64 {
        (self.images * self.area) as f64
    }
}

/// What normalises a channel.
#[derive(Clone, Copy)]
struct Affine {
    mean: f32,
    r: f32,
    weight: f32,
    bias: f32,
}

pub(super) fn statistics(x: &Tensor) -> Result<Statistics> {
    let (xs, runs) = (floats(x)?, Runs::of(x)?);
    let moments: Vec<(f32, f32)> = (0..runs.channels).into_par_iter().map(|channel| moments(&xs, runs, channel)).collect();
    let (mean, var): (Vec<f32>, Vec<f32>) = moments.into_iter().unzip();
    let tensor = |v: Vec<f32>| Tensor::from_vec(v, runs.channels, &Device::Cpu);
    Ok(Statistics { mean: tensor(mean)?, var: tensor(var)? })
}

pub(super) fn normalise(x: &Tensor, statistics: &Statistics, w: &Tensor, b: &Tensor, eps: f64) -> Result<Tensor> {
    let (xs, runs, bs) = (floats(x)?, Runs::of(x)?, floats(b)?);
    let affine = affine(statistics, w, Some(&bs), eps)?;
    fresh_tensor(x.dims(), |y| {
        let y = Scattered::new(y);
        affine.par_iter().enumerate().for_each(|(channel, &affine)| apply(&xs, runs, channel, affine, y));
    })
}

/// `(dx if wanted, dw, db)`.
pub(super) fn backward(
    dy: &Tensor, x: &Tensor, statistics: &Statistics, w: &Tensor, eps: f64, want_input: bool,
) -> Result<(Option<Tensor>, Tensor, Tensor)> {
    let (dys, xs, runs) = (floats(dy)?, floats(x)?, Runs::of(x)?);
    let affine = affine(statistics, w, None, eps)?;
    let mut sums = Vec::new();
    let dx = fresh(if want_input { xs.len() } else { 0 }, |dx| {
        let dx = Scattered::new(dx);
        let channels = affine.par_iter().enumerate().map(|(channel, &affine)| {
            let sums = gradient_sums(&dys, &xs, runs, channel, affine);
            if want_input {
                let means = [(sums.0 / runs.count()) as f32, (sums.1 / runs.count()) as f32];
                input_gradient(&dys, &xs, runs, channel, (affine, means), dx);
            }
            sums
        });
        sums = channels.collect::<Vec<(f64, f64)>>();
    });
    let vector = |f: fn(&(f64, f64)) -> f64| Tensor::from_iter(sums.iter().map(|s| f(s) as f32), &Device::Cpu);
    let dx = want_input.then(|| Tensor::from_vec(dx, x.shape(), &Device::Cpu)).transpose()?;
    Ok((dx, vector(|s| s.1)?, vector(|s| s.0)?))
}

fn affine(statistics: &Statistics, w: &Tensor, b: Option<&[f32]>, eps: f64) -> Result<Vec<Affine>> {
    let (mean, var, w) = (floats(&statistics.mean)?, floats(&statistics.var)?, floats(w)?);
    let r = |var: f32| (1.0 / (f64::from(var) + eps).sqrt()) as f32;
    let channel = |c: usize| Affine { mean: mean[c], r: r(var[c]), weight: w[c], bias: b.map_or(0.0, |b| b[c]) };
    Ok((0..w.len()).map(channel).collect())
}

vectorised! {
    /// Mean and biased variance of a channel.
    fn moments(x: &[f32], runs: Runs, channel: usize) -> (f32, f32) {
        let count = runs.count();
        let sum: f64 = runs.starts(channel).map(|from| f64::from(simd::sum(&x[from..][..runs.area], |v| v))).sum();
        let mean = sum / count;
        let m = mean as f32;
        let square = |from: usize| f64::from(simd::sum(&x[from..][..runs.area], |v| (v - m) * (v - m)));
        let squares: f64 = runs.starts(channel).map(square).sum();
        // The squares are about the rounded mean: take out what that adds.
        let rounding = mean - f64::from(m);
        (m, (squares / count - rounding * rounding).max(0.0) as f32)
    }

    fn apply(x: &[f32], runs: Runs, channel: usize, a: Affine, y: Scattered) {
        let scale = a.weight * a.r;
        for from in runs.starts(channel) {
            // SAFETY: a channel's runs are its task's alone.
            let y = unsafe { y.part(from, runs.area) };
            y.iter_mut().zip(&x[from..][..runs.area]).for_each(|(y, x)| *y = (x - a.mean).mul_add(scale, a.bias));
        }
    }

    /// Sums of `dy` and of `dy n`.
    fn gradient_sums(dy: &[f32], x: &[f32], runs: Runs, channel: usize, a: Affine) -> (f64, f64) {
        let mut sums = (0.0, 0.0);
        for from in runs.starts(channel) {
            let (dy, x) = (&dy[from..][..runs.area], &x[from..][..runs.area]);
            sums.0 += f64::from(simd::sum(dy, |v| v));
            sums.1 += f64::from(simd::sum2(dy, x, |dy, x| dy * (x - a.mean)) * a.r);
        }
        sums
    }

    fn input_gradient(dy: &[f32], x: &[f32], runs: Runs, channel: usize, how: (Affine, [f32; 2]), dx: Scattered) {
        let (a, [mean_dy, mean_dyn]) = how;
        let (scale, along) = (a.weight * a.r, a.r * mean_dyn);
        for from in runs.starts(channel) {
            // SAFETY: a channel's runs are its task's alone.
            let dx = unsafe { dx.part(from, runs.area) };
            let (dy, x) = (&dy[from..][..runs.area], &x[from..][..runs.area]);
            dx.iter_mut().zip(dy).zip(x).for_each(|((dx, dy), x)| *dx = scale * (dy - mean_dy - (x - a.mean) * along));
        }
    }
}
