//! The float32 CPU version: the mask is drawn block by block, in the cache.

use crate::blocks::BLOCK;
use crate::simd::vectorised;
use crate::{Result, Stream, slice};
use candle_core::Tensor;
use rayon::prelude::*;

pub(super) fn apply(x: &Tensor, stream: Stream, p: f32) -> Result<Tensor> {
    let xs = slice::floats(x)?;
    let scale = 1.0 / (1.0 - p);
    slice::fresh_tensor(x.dims(), |y| {
        y.par_chunks_mut(BLOCK).zip(xs.par_chunks(BLOCK)).enumerate().for_each(|(block, (y, x))| {
            stream.keep((block * (BLOCK / 4)) as u64, p, scale, y);
            multiply(x, y);
        });
    })
}

vectorised! {
    fn multiply(x: &[f32], y: &mut [f32]) {
        y.iter_mut().zip(x).for_each(|(y, x)| *y *= x);
    }
}
