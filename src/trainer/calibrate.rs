//! How fast this machine multiplies, the one measurement that estimates of training time start from, and how fast it moves memory.

use super::Error;
use candle_core::{Device, Tensor};
use rayon::prelude::*;
use std::time::Instant;

/// FLOP a second of a large float32 product on all threads: the best of ten, or of as many as fit into two seconds of a slow machine.
pub fn matmul_flops() -> Result<f64, Error> {
    const SIZE: usize = 768;
    let a = Tensor::ones((SIZE, SIZE), candle_core::DType::F32, &Device::Cpu)?;
    a.matmul(&a)?;
    let (all, mut best) = (Instant::now(), f64::INFINITY);
    for _ in 0..10 {
        let begun = Instant::now();
        a.matmul(&a)?;
        best = best.min(begun.elapsed().as_secs_f64());
        if all.elapsed().as_secs_f64() > 2.0 {
            break;
        }
    }
    Ok(2.0 * (SIZE as f64).powi(3) / best)
}

/// Bytes a second, read and written, of a sum of two arrays far larger than caches, in place on all threads: the best of five.
pub(super) fn memory_bandwidth() -> Result<f64, Error> {
    const ELEMENTS: usize = 1 << 25;
    let (mut to, from) = (vec![0f32; ELEMENTS], vec![1f32; ELEMENTS]);
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let begun = Instant::now();
        to.par_chunks_mut(1 << 16).zip(from.par_chunks(1 << 16)).for_each(|(to, from)| {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        });
        best = best.min(begun.elapsed().as_secs_f64());
    }
    Ok((3 * 4 * ELEMENTS) as f64 / best)
}
