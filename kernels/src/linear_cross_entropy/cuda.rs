//! The GPU version: scores of a chunk of rows by cuBLAS, then `cross_entropy/cuda.cu` turns them into their gradient in place.

use super::{Layer, Outcome, Wanted};
use crate::cross_entropy::cuda::{self, Goal, shares_of};
use crate::targets::Counted;
use crate::{Result, columns};
use candle_core::{DType, Tensor};

/// Scores that are in memory at once.
const SCORES: usize = 1 << 26;

pub(super) fn run(layer: Layer, counted: &Counted, shares: &[f64], wanted: Wanted) -> Result<Outcome> {
    let Layer { h, w, b } = layer;
    let ((rows, _), classes, device) = (h.dims2()?, w.dim(0)?, h.device());
    let (goal, shares) = (Goal::of(counted, device)?, shares_of(shares, device)?);
    let chunk = (SCORES / classes.max(1)).max(16);
    let (mut each, mut dh) = (Vec::new(), Vec::new());
    let (mut dw, mut db) = (None, None);
    for from in (0..rows).step_by(chunk) {
        let len = chunk.min(rows - from);
        let h = h.narrow(0, from, len)?;
        let mut z = h.matmul(&w.t()?)?;
        if let Some(bias) = b {
            z = z.broadcast_add(bias)?;
        }
        let shares = shares.narrow(0, from, len)?;
        each.push(cuda::rows(&z, wanted.any().then_some((&z, &shares)), &goal.part(from, len)?)?);
        if wanted.hidden {
            dh.push(z.matmul(w)?);
        }
        if wanted.weight {
            dw = Some(summed(dw, z.t()?.matmul(&h)?)?);
        }
        if wanted.bias {
            db = Some(summed(db, columns::sum(&z, classes)?)?);
        }
    }
    Ok(Outcome {
        each: Tensor::cat(&each, 0)?,
        dhidden: wanted.hidden.then(|| Tensor::cat(&dh, 0)).transpose()?,
        dweight: dw.map(|dw| dw.to_dtype(w.dtype())).transpose()?,
        dbias: db.map(|db| db.to_dtype(w.dtype())).transpose()?,
    })
}

/// Chunks are summed in float32 whatever the type of the parts.
fn summed(sum: Option<Tensor>, part: Tensor) -> Result<Tensor> {
    let part = part.to_dtype(DType::F32)?;
    Ok(sum.map_or_else(|| Ok(part.clone()), |sum| sum + &part)?)
}
