//! The float32 CPU version: one pass over memory each way.

use crate::blocks::{self, BLOCK};
use crate::simd::{self, vectorised};
use crate::{Result, slice};
use candle_core::Tensor;
use rayon::prelude::*;

pub(super) fn forward(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    let (gs, us) = (slice::floats(gate)?, slice::floats(up)?);
    slice::fresh_tensor(gate.dims(), |y| blocks::map2(&gs, &us, y, product))
}

/// `(dgate, dup)`.
pub(super) fn backward(dy: &Tensor, gate: &Tensor, up: &Tensor) -> Result<(Tensor, Tensor)> {
    let (dys, gs, us) = (slice::floats(dy)?, slice::floats(gate)?, slice::floats(up)?);
    let mut dup = Vec::new();
    let dgate = slice::fresh_tensor(gate.dims(), |dgate| {
        dup = slice::fresh(us.len(), |dup| {
            let results = dgate.par_chunks_mut(BLOCK).zip(dup.par_chunks_mut(BLOCK));
            let inputs = dys.par_chunks(BLOCK).zip(gs.par_chunks(BLOCK)).zip(us.par_chunks(BLOCK));
            results.zip(inputs).for_each(|((dgate, dup), ((dy, gate), up))| gradients(dy, gate, up, dgate, dup));
        });
    })?;
    Ok((dgate, Tensor::from_vec(dup, up.dims(), up.device())?))
}

vectorised! {
    fn product(gate: &[f32], up: &[f32], y: &mut [f32]) {
        y.iter_mut().zip(gate).zip(up).for_each(|((y, &g), u)| *y = g * simd::logistic(g) * u);
    }

    fn gradients(dy: &[f32], gate: &[f32], up: &[f32], dgate: &mut [f32], dup: &mut [f32]) {
        for ((((dgate, dup), dy), &g), u) in dgate.iter_mut().zip(dup).zip(dy).zip(gate).zip(up) {
            let s = simd::logistic(g);
            *dgate = dy * u * (s * g.mul_add(1.0 - s, 1.0));
            *dup = dy * (g * s);
        }
    }
}
