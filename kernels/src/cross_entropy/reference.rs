//! The plain version, in Candle operations: any device, any float type.

use super::Targets;
use crate::Result;
use candle_core::{D, DType, Tensor};

/// The mean loss of `z`: `[rows, C]` over the rows that count (at least one), and its gradient.
pub(crate) fn run(z: &Tensor, targets: &Targets, counted: &[u32]) -> Result<(f64, Tensor)> {
    let (rows, classes) = z.dims2()?;
    // A row's weight in the mean: 0 where it is ignored.
    let share = 1.0 / counted.len() as f64;
    let mut counts = vec![0f64; rows];
    let mut target = vec![0f64; rows * classes];
    let even = f64::from(targets.smoothing) / classes as f64;
    for row in counted.iter().map(|&row| row as usize) {
        counts[row] = share;
        target[row * classes..][..classes].fill(even);
        target[row * classes + targets.labels[row] as usize] += 1.0 - f64::from(targets.smoothing);
    }
    let tensor = |v: Vec<f64>, cols: usize| Tensor::from_vec(v, (rows, cols), z.device())?.to_dtype(z.dtype());
    let (counts, target) = (tensor(counts, 1)?, tensor(target, classes)?);
    let centred = z.broadcast_sub(&z.max_keepdim(D::Minus1)?)?;
    let log_p = centred.broadcast_sub(&centred.exp()?.sum_keepdim(D::Minus1)?.log()?)?;
    // Where the target is 0 a score of minus infinity counts for nothing; NaN stays, by way of the sum.
    let picked = target.gt(0.0)?.where_cond(&log_p, &log_p.zeros_like()?)?;
    let each = (&target * picked)?.sum_keepdim(D::Minus1)?.neg()?;
    let loss = (each * &counts)?.sum_all()?.to_dtype(DType::F64)?.to_scalar::<f64>()?;
    let dz = (log_p.exp()? - target)?.broadcast_mul(&counts)?;
    // NaN in a row that does not count would make 0 * NaN.
    Ok((loss, counts.gt(0.0)?.broadcast_as(dz.shape())?.where_cond(&dz, &dz.zeros_like()?)?))
}
