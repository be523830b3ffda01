//! The float32 CPU version: a line of the output a task forward, an image a task backward, channels side by side; where the maximum
//! was is kept for backward.

use crate::simd::vectorised;
use crate::window::Window;
use crate::{Result, slice};
use candle_core::{Shape, Tensor};
use rayon::prelude::*;

/// The maxima, and for each its place in its image.
pub(super) fn forward(x: &Tensor, window: Window, out: [usize; 2]) -> Result<(Tensor, Vec<u32>)> {
    let (batch, height, width, channels) = x.dims4()?;
    let xs = slice::floats(x)?;
    let mut taken = vec![0u32; batch * out[0] * out[1] * channels];
    let y = slice::fresh_tensor((batch, out[0], out[1], channels), |y| {
        let line = (out[1] * channels).max(1);
        y.par_chunks_mut(line).zip(taken.par_chunks_mut(line)).enumerate().for_each(|(i, (y, taken))| {
            let image = &xs[i / out[0] * height * width * channels..][..height * width * channels];
            maxima(image, [height, width, channels], window, i % out[0], y, taken);
        });
    })?;
    Ok((y, taken))
}

pub(super) fn backward(dy: &Tensor, taken: &[u32], shape: &Shape) -> Result<Tensor> {
    let (batch, height, width, channels) = shape.dims4()?;
    let dys = slice::floats(dy)?;
    let out = (taken.len() / batch.max(1)).max(1);
    slice::fresh_tensor((batch, height, width, channels), |dx| {
        let tasks = dx.par_chunks_mut((height * width * channels).max(1)).zip(taken.par_chunks(out)).zip(dys.par_chunks(out));
        tasks.for_each(|((dx, taken), dy)| {
            dx.fill(0.0);
            for (taken, dy) in taken.chunks_exact(channels).zip(dy.chunks_exact(channels)) {
                taken.iter().zip(dy).enumerate().for_each(|(c, (&place, dy))| dx[place as usize * channels + c] += dy);
            }
        });
    })
}

vectorised! {
    /// One line of the output. NaN wins.
    fn maxima(x: &[f32], size: [usize; 3], window: Window, row: usize, y: &mut [f32], taken: &mut [u32]) {
        let [height, width, channels] = size;
        let range = |axis: usize, at: usize, side: usize| {
            let (from, padding) = (at * window.stride[axis], window.padding[axis]);
            from.saturating_sub(padding)..(from + window.kernel[axis]).saturating_sub(padding).min(side)
        };
        for (col, (y, taken)) in y.chunks_exact_mut(channels).zip(taken.chunks_exact_mut(channels)).enumerate() {
            y.fill(f32::NEG_INFINITY);
            let (rows, cols) = (range(0, row, height), range(1, col, width));
            taken.fill((rows.start * width + cols.start) as u32);
            for place in rows.flat_map(|row| cols.clone().map(move |col| row * width + col)) {
                for ((best, taken), &x) in y.iter_mut().zip(&mut *taken).zip(&x[place * channels..][..channels]) {
                    let better = x > *best || (x.is_nan() && !best.is_nan());
                    *best = if better { x } else { *best };
                    *taken = if better { place as u32 } else { *taken };
                }
            }
        }
    }
}
