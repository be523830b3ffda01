//! The plain version, in Candle operations: any device, any float type. It makes all scores at once.

use super::{Outcome, Targets, Wanted};
use crate::Result;
use candle_core::{D, DType, Tensor};

pub(super) fn run(h: &Tensor, w: &Tensor, targets: &Targets, counted: &[u32], wanted: Wanted) -> Result<Outcome> {
    let classes = w.dim(0)?;
    // A row's weight in the mean: 0 where it is ignored.
    let share = 1.0 / counted.len().max(1) as f64;
    let mut counts = vec![0f64; targets.labels.len()];
    let mut target = vec![0f64; counts.len() * classes];
    let even = f64::from(targets.smoothing) / classes as f64;
    for row in counted.iter().map(|&row| row as usize) {
        counts[row] = share;
        target[row * classes..][..classes].fill(even);
        target[row * classes + targets.labels[row] as usize] += 1.0 - f64::from(targets.smoothing);
    }
    let tensor = |v: Vec<f64>, cols: usize| Tensor::from_vec(v, (targets.labels.len(), cols), h.device())?.to_dtype(h.dtype());
    let (counts, target) = (tensor(counts, 1)?, tensor(target, classes)?);
    let z = h.matmul(&w.t()?)?;
    let centred = z.broadcast_sub(&z.max_keepdim(D::Minus1)?)?;
    let log_p = centred.broadcast_sub(&centred.exp()?.sum_keepdim(D::Minus1)?.log()?)?;
    let each = (&target * &log_p)?.sum_keepdim(D::Minus1)?.neg()?;
    let loss = (each * &counts)?.sum_all()?.to_dtype(DType::F64)?.to_scalar::<f64>()?;
    let dz = (log_p.exp()? - target)?.broadcast_mul(&counts)?;
    Ok(Outcome {
        loss,
        dhidden: wanted.hidden.then(|| dz.matmul(w)).transpose()?,
        dweight: wanted.weight.then(|| dz.t()?.matmul(h)).transpose()?,
    })
}
