//! The plain version, in Candle operations: any device, any float type. It makes all scores at once.

use super::{Outcome, Targets, Wanted};
use crate::{Result, cross_entropy};
use candle_core::Tensor;

pub(super) fn run(h: &Tensor, w: &Tensor, targets: &Targets, counted: &[u32], wanted: Wanted) -> Result<Outcome> {
    if counted.is_empty() {
        let zeros = |wanted: bool, t: &Tensor| wanted.then(|| t.zeros_like()).transpose();
        return Ok(Outcome { loss: 0.0, dhidden: zeros(wanted.hidden, h)?, dweight: zeros(wanted.weight, w)? });
    }
    let (loss, dz) = cross_entropy::plain(&h.matmul(&w.t()?)?, targets, counted)?;
    Ok(Outcome {
        loss,
        dhidden: wanted.hidden.then(|| dz.matmul(w)).transpose()?,
        dweight: wanted.weight.then(|| dz.t()?.matmul(h)).transpose()?,
    })
}
