//! The GPU version: scores of a chunk of rows by cuBLAS, then `cross_entropy/cuda.cu` turns them into their gradient in place.

use super::{Outcome, Wanted};
use crate::cross_entropy::cuda::{self, labels_of, total};
use crate::{Result, Targets};
use candle_core::{DType, Tensor};

/// Scores that are in memory at once.
const SCORES: usize = 1 << 26;

pub(super) fn run(h: &Tensor, w: &Tensor, targets: &Targets, counted: &[u32], wanted: Wanted) -> Result<Outcome> {
    let ((rows, _), classes, device) = (h.dims2()?, w.dim(0)?, h.device());
    let labels = labels_of(targets, device)?;
    let share = 1.0 / counted.len().max(1) as f32;
    let chunk = (SCORES / classes.max(1)).max(16);
    let (mut losses, mut dh, mut dw) = (Vec::new(), Vec::new(), None::<Tensor>);
    for from in (0..rows).step_by(chunk) {
        let len = chunk.min(rows - from);
        let h = h.narrow(0, from, len)?;
        let z = h.matmul(&w.t()?)?;
        let gradient = (wanted.hidden || wanted.weight).then_some(&z);
        losses.push(cuda::rows(&z, gradient, &labels.narrow(0, from, len)?, share, targets.smoothing)?);
        if wanted.hidden {
            dh.push(z.matmul(w)?);
        }
        if wanted.weight {
            // Chunks are summed in float32 whatever the weight's type.
            let part = z.t()?.matmul(&h)?.to_dtype(DType::F32)?;
            dw = Some(dw.map_or_else(|| Ok(part.clone()), |sum| sum + &part)?);
        }
    }
    let loss = total(&Tensor::cat(&losses, 0)?, share)?;
    Ok(Outcome {
        loss: f64::from(loss),
        dhidden: wanted.hidden.then(|| Tensor::cat(&dh, 0)).transpose()?,
        dweight: dw.map(|dw| dw.to_dtype(w.dtype())).transpose()?,
    })
}
