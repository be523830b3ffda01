//! The float32 CPU version: one channel of an image a task; where the maximum was is kept for backward.

use crate::window::Window;
use crate::{Result, slice};
use candle_core::{Shape, Tensor};
use rayon::prelude::*;

/// The maxima, and for each its place in its channel's image.
pub(super) fn forward(x: &Tensor, window: Window, out: [usize; 2]) -> Result<(Tensor, Vec<u32>)> {
    let (batch, channels, height, width) = x.dims4()?;
    let xs = slice::floats(x)?;
    let area = out[0] * out[1];
    let mut taken = vec![0u32; batch * channels * area];
    let y = slice::fresh_tensor((batch, channels, out[0], out[1]), |y| {
        let tasks = y.par_chunks_mut(area).zip(taken.par_chunks_mut(area)).zip(xs.par_chunks(height * width));
        tasks.for_each(|((y, taken), x)| {
            let places = y.iter_mut().zip(taken).enumerate();
            places.for_each(|(i, (y, taken))| (*y, *taken) = maximum(x, [height, width], window, [i / out[1], i % out[1]]));
        });
    })?;
    Ok((y, taken))
}

/// The maximum that the window sees for one output, and its place. NaN wins.
fn maximum(x: &[f32], [height, width]: [usize; 2], window: Window, [row, col]: [usize; 2]) -> (f32, u32) {
    let range = |at: usize, kernel: usize, size: usize| {
        let from = at * window.stride;
        from.saturating_sub(window.padding)..(from + kernel).saturating_sub(window.padding).min(size)
    };
    let (rows, cols) = (range(row, window.kernel[0], height), range(col, window.kernel[1], width));
    let first = rows.start * width + cols.start;
    let (mut best, mut place) = (x[first], first);
    for y in rows {
        for at in y * width + cols.start..y * width + cols.end {
            if x[at] > best || (x[at].is_nan() && !best.is_nan()) {
                (best, place) = (x[at], at);
            }
        }
    }
    (best, place as u32)
}

pub(super) fn backward(dy: &Tensor, taken: &[u32], shape: &Shape) -> Result<Tensor> {
    let (batch, channels, height, width) = shape.dims4()?;
    let dys = slice::floats(dy)?;
    let area = (taken.len() / (batch * channels).max(1)).max(1);
    slice::fresh_tensor((batch, channels, height, width), |dx| {
        let tasks = dx.par_chunks_mut(height * width).zip(taken.par_chunks(area)).zip(dys.par_chunks(area));
        tasks.for_each(|((dx, taken), dy)| {
            dx.fill(0.0);
            taken.iter().zip(dy).for_each(|(&place, dy)| dx[place as usize] += dy);
        });
    })
}
