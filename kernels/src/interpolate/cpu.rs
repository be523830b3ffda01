//! The float32 CPU version: an image a task, channels side by side.

use super::Taps;
use crate::simd::vectorised;
use crate::{Result, slice};
use candle_core::Tensor;
use rayon::prelude::*;

pub(super) fn forward(x: &Tensor, taps: &[Vec<Taps>; 2]) -> Result<Tensor> {
    let (batch, height, width, channels) = x.dims4()?;
    let xs = slice::floats(x)?;
    let size = [taps[0].len(), taps[1].len()];
    slice::fresh_tensor((batch, size[0], size[1], channels), |y| {
        let line = (size[1] * channels).max(1);
        y.par_chunks_mut(line).enumerate().for_each(|(i, y)| {
            let image = &xs[i / size[0] * height * width * channels..][..height * width * channels];
            y.fill(0.0);
            for (place, weight) in taps[0][i % size[0]] {
                gather(&image[place * width * channels..][..width * channels], &taps[1], weight, y);
            }
        });
    })
}

pub(super) fn backward(dy: &Tensor, taps: &[Vec<Taps>; 2], [height, width]: [usize; 2]) -> Result<Tensor> {
    let (batch, _, _, channels) = dy.dims4()?;
    let dys = slice::floats(dy)?;
    let line = taps[1].len() * channels;
    slice::fresh_tensor((batch, height, width, channels), |dx| {
        dx.par_chunks_mut((height * width * channels).max(1)).enumerate().for_each(|(image, dx)| {
            dx.fill(0.0);
            for (row, from) in taps[0].iter().enumerate() {
                let dy = &dys[(image * taps[0].len() + row) * line..][..line];
                for &(place, weight) in from {
                    scatter(dy, &taps[1], weight, &mut dx[place * width * channels..][..width * channels]);
                }
            }
        });
    })
}

vectorised! {
    /// Adds what a line of the input gives to a line of the output.
    fn gather(x: &[f32], taps: &[Taps], row: f64, y: &mut [f32]) {
        let channels = y.len() / taps.len();
        for (y, from) in y.chunks_exact_mut(channels).zip(taps) {
            for (place, weight) in from {
                let weight = (row * weight) as f32;
                y.iter_mut().zip(&x[place * channels..][..channels]).for_each(|(y, x)| *y = weight.mul_add(*x, *y));
            }
        }
    }

    /// The reverse.
    fn scatter(dy: &[f32], taps: &[Taps], row: f64, dx: &mut [f32]) {
        let channels = dy.len() / taps.len();
        for (dy, from) in dy.chunks_exact(channels).zip(taps) {
            for (place, weight) in from {
                let weight = (row * weight) as f32;
                dx[place * channels..][..channels].iter_mut().zip(dy).for_each(|(dx, dy)| *dx = weight.mul_add(*dy, *dx));
            }
        }
    }
}
