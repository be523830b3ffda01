//! How fast this machine multiplies: the one measurement that estimates of training time start from.

use super::Error;
use candle_core::{Device, Tensor};
use std::time::Instant;

/// FLOP a second of a large float32 product on all threads: the best of ten.
pub fn matmul_flops() -> Result<f64, Error> {
    const SIZE: usize = 768;
    let a = Tensor::ones((SIZE, SIZE), candle_core::DType::F32, &Device::Cpu)?;
    a.matmul(&a)?;
    let mut best = f64::INFINITY;
    for _ in 0..10 {
        let begun = Instant::now();
        a.matmul(&a)?;
        best = best.min(begun.elapsed().as_secs_f64());
    }
    Ok(2.0 * (SIZE as f64).powi(3) / best)
}
