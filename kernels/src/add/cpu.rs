//! The float32 CPU version: one pass.

use crate::blocks::BLOCK;
use crate::simd::vectorised;
use crate::{Result, blocks, slice};
use candle_core::{Shape, Tensor};
use rayon::prelude::*;

pub(super) fn forward(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let (xs, ys, dims) = (slice::floats(a)?, slice::floats(b)?, a.dims());
    if xs.len() == ys.len() {
        return slice::fresh_tensor(dims, |sum| blocks::map2(&xs, &ys, sum, add));
    }
    // Whole repetitions of `b` a task.
    let period = ys.len().max(1);
    let block = period * (BLOCK / period).max(1);
    slice::fresh_tensor(dims, |sum| {
        sum.par_chunks_mut(block).zip(xs.par_chunks(block)).for_each(|(sum, xs)| add_repeated(xs, &ys, sum));
    })
}

/// `dy` summed over the leading dimensions that `shape` lacks.
pub(super) fn sum_leading(dy: &Tensor, shape: &Shape) -> Result<Tensor> {
    let dy = slice::floats(dy)?;
    let mut sum = vec![0f32; shape.elem_count()];
    blocks::add_column_sums(&dy, &mut sum);
    Ok(Tensor::from_vec(sum, shape, &candle_core::Device::Cpu)?)
}

vectorised! {
    fn add(a: &[f32], b: &[f32], sum: &mut [f32]) {
        sum.iter_mut().zip(a).zip(b).for_each(|((s, a), b)| *s = a + b);
    }

    fn add_repeated(a: &[f32], b: &[f32], sum: &mut [f32]) {
        let rows = sum.chunks_exact_mut(b.len()).zip(a.chunks_exact(b.len()));
        rows.for_each(|(sum, a)| sum.iter_mut().zip(a).zip(b).for_each(|((s, a), b)| *s = a + b));
    }
}
