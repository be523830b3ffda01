//! The float32 CPU version: one image a task. Sums of a channel over an image are float32, over channels and images float64.

use crate::simd::vectorised;
use crate::slice::{Scattered, floats, fresh_tensor};
use crate::{Result, blocks};
use candle_core::{Device, Tensor};
use rayon::prelude::*;

pub(super) fn forward(x: &Tensor, groups: usize, w: &Tensor, b: &Tensor, eps: f64) -> Result<Tensor> {
    let (xs, ws, bs) = (floats(x)?, floats(w)?, floats(b)?);
    let image = (xs.len() / x.dim(0)?.max(1)).max(1);
    fresh_tensor(x.dims(), |y| {
        y.par_chunks_mut(image).zip(xs.par_chunks(image)).for_each(|(y, x)| {
            let (mean, r) = statistics(x, ws.len(), groups, eps);
            let scale: Vec<f32> = ws.iter().zip(&r).map(|(w, r)| w * r).collect();
            apply(x, &mean, &scale, &bs, y);
        });
    })
}

/// `(dx, dw, db)`.
pub(super) fn backward(dy: &Tensor, x: &Tensor, groups: usize, w: &Tensor, eps: f64) -> Result<(Tensor, Tensor, Tensor)> {
    let (dys, xs, ws, channels) = (floats(dy)?, floats(x)?, floats(w)?, w.elem_count());
    let batch = x.dim(0)?;
    let image = (xs.len() / batch.max(1)).max(1);
    // Each image's sums of `dy n` and of `dy`.
    let mut sums = vec![0f32; batch * 2 * channels];
    let places = Scattered::new(&mut sums);
    let dx = fresh_tensor(x.dims(), |dx| {
        dx.par_chunks_mut(image).enumerate().for_each(|(i, dx)| {
            let (dy, x) = (&dys[i * image..][..image], &xs[i * image..][..image]);
            // SAFETY: an image's sums are its task's alone.
            let (along, plain) = unsafe { places.part(i * 2 * channels, 2 * channels) }.split_at_mut(channels);
            let (mean, r) = statistics(x, channels, groups, eps);
            add_sums(dy, x, &mean, along, plain);
            along.iter_mut().zip(&r).for_each(|(sum, r)| *sum *= r);
            let group_mean = |sums: &[f32], c: usize| {
                let (size, first) = (channels / groups, c - c % (channels / groups));
                let sum: f64 = (first..first + size).map(|c| f64::from(sums[c]) * f64::from(ws[c])).sum();
                sum / (image / groups) as f64
            };
            let plain: Vec<f32> = (0..channels).map(|c| group_mean(plain, c) as f32).collect();
            let along: Vec<f32> = (0..channels).map(|c| group_mean(along, c) as f32 * r[c]).collect();
            input_gradient((dy, x), [&mean, &r, &ws], [&plain, &along], dx);
        });
    })?;
    let mut total = vec![0f32; 2 * channels];
    blocks::add_in_order(&sums, &mut total);
    let vector = |part: &[f32]| Tensor::from_slice(part, channels, &Device::Cpu);
    Ok((dx, vector(&total[..channels])?, vector(&total[channels..])?))
}

/// Mean and `r` of each channel's group.
fn statistics(x: &[f32], channels: usize, groups: usize, eps: f64) -> (Vec<f32>, Vec<f32>) {
    let (count, size) = ((x.len() / groups) as f64, channels / groups);
    let spread = |sums: Vec<f32>, f: &dyn Fn(f64) -> f64| -> Vec<f32> {
        let groups = sums.chunks_exact(size).map(|sums| f(sums.iter().map(|s| f64::from(*s)).sum::<f64>() / count) as f32);
        groups.flat_map(|value| std::iter::repeat_n(value, size)).collect()
    };
    let mut sums = vec![0f32; channels];
    add_rows(x, &mut sums);
    let mean = spread(sums, &|mean| mean);
    let mut squares = vec![0f32; channels];
    add_squares(x, &mean, &mut squares);
    (mean, spread(squares, &|var| 1.0 / (var + eps).sqrt()))
}

vectorised! {
    fn add_rows(x: &[f32], sums: &mut [f32]) {
        x.chunks_exact(sums.len()).for_each(|x| sums.iter_mut().zip(x).for_each(|(s, x)| *s += x));
    }

    fn add_squares(x: &[f32], mean: &[f32], sums: &mut [f32]) {
        for x in x.chunks_exact(mean.len()) {
            sums.iter_mut().zip(x).zip(mean).for_each(|((s, x), m)| *s = (x - m).mul_add(x - m, *s));
        }
    }

    fn apply(x: &[f32], mean: &[f32], scale: &[f32], bias: &[f32], y: &mut [f32]) {
        let channels = mean.len();
        for (x, y) in x.chunks_exact(channels).zip(y.chunks_exact_mut(channels)) {
            for ((((y, x), m), s), b) in y.iter_mut().zip(x).zip(mean).zip(scale).zip(bias) {
                *y = (x - m).mul_add(*s, *b);
            }
        }
    }

    fn add_sums(dy: &[f32], x: &[f32], mean: &[f32], along: &mut [f32], plain: &mut [f32]) {
        along.fill(0.0);
        plain.fill(0.0);
        let channels = mean.len();
        for (dy, x) in dy.chunks_exact(channels).zip(x.chunks_exact(channels)) {
            for ((((along, plain), dy), x), m) in along.iter_mut().zip(&mut *plain).zip(dy).zip(x).zip(mean) {
                *along = dy.mul_add(x - m, *along);
                *plain += dy;
            }
        }
    }

    fn input_gradient(of: (&[f32], &[f32]), norm: [&[f32]; 3], means: [&[f32]; 2], dx: &mut [f32]) {
        let ((dy, x), [mean, r, w], [plain, along]) = (of, norm, means);
        let channels = mean.len();
        for ((dy, x), dx) in dy.chunks_exact(channels).zip(x.chunks_exact(channels)).zip(dx.chunks_exact_mut(channels)) {
            for c in 0..channels {
                dx[c] = r[c] * (w[c] * dy[c] - plain[c] - (x[c] - mean[c]) * along[c]);
            }
        }
    }
}
