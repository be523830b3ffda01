//! The plain version, in Candle operations: any device, any float type.

use super::Rows;
use crate::Result;
use crate::targets::Counted;
use candle_core::{D, DType, Tensor};

/// Each row's loss of `z`: `[rows, C]`, 0 where the row does not count, and `shares` times its gradient.
pub(crate) fn run(z: &Tensor, counted: &Counted, shares: &[f64]) -> Result<Rows> {
    let (rows, classes) = z.dims2()?;
    let targets = &counted.targets;
    let (weight, s) = (|class: usize| targets.weights.map_or(1.0, |w| f64::from(w[class])), f64::from(targets.smoothing));
    let (mut counts, mut target) = (vec![0f64; rows], vec![0f64; rows * classes]);
    for row in counted.rows.iter().map(|&row| row as usize) {
        counts[row] = 1.0;
        let target = &mut target[row * classes..][..classes];
        target.iter_mut().enumerate().for_each(|(class, t)| *t = weight(class) * s / classes as f64);
        let label = targets.labels[row] as usize;
        target[label] += weight(label) * (1.0 - s);
    }
    let column = |v: Vec<f64>| Tensor::from_vec(v, (rows, 1), z.device())?.to_dtype(z.dtype());
    let (counts, target) = (column(counts)?, Tensor::from_vec(target, (rows, classes), z.device())?.to_dtype(z.dtype())?);
    let kept = counts.gt(0.0)?;
    // NaN in a row that does not count would make 0 * NaN.
    let z = kept.broadcast_as(z.shape())?.where_cond(z, &z.zeros_like()?)?;
    if targets.focal > 0.0 { focal(&z, &target, targets.focal, shares) } else { against(&z, &target, shares) }
}

/// As [`run`] against targets `q`: `[rows, C]` of any sum.
pub(super) fn against(z: &Tensor, q: &Tensor, shares: &[f64]) -> Result<Rows> {
    let log_p = log_softmax(z)?;
    let each = picked(&log_p, q)?.neg()?;
    let dz = (log_p.exp()?.broadcast_mul(&q.sum_keepdim(D::Minus1)?)? - q)?;
    Ok(Rows { each: each.squeeze(1)?, dz: Some(dz.broadcast_mul(&column(shares, z)?)?) })
}

/// The focal loss; `q`: the label's weight at its place, else 0.
fn focal(z: &Tensor, q: &Tensor, gamma: f32, shares: &[f64]) -> Result<Rows> {
    let log_p = log_softmax(z)?;
    let label = q.ne(0.0)?;
    let p = log_p.exp()?;
    let host = |t: Tensor| Ok::<_, crate::Error>(t.squeeze(1)?.to_dtype(DType::F64)?.to_vec1::<f64>()?);
    let one = label.to_dtype(z.dtype())?;
    let (own, log_own) = (host(picked(&p, &one)?)?, host(picked(&log_p, &one)?)?);
    let rest = host((&p - (&p * &one)?)?.sum_keepdim(D::Minus1)?)?;
    let gamma = f64::from(gamma);
    let both = own.iter().zip(&log_own).zip(&rest).map(|((p, log_p), rest)| {
        let factor = rest.powf(gamma);
        let slope = if *p > 0.0 { gamma * p * rest.powf(gamma - 1.0) * log_p } else { 0.0 };
        (-factor * log_p, if *rest > 0.0 { factor - slope } else { 0.0 })
    });
    let (each, k): (Vec<f64>, Vec<f64>) = both.unzip();
    let weight = q.sum_keepdim(D::Minus1)?;
    let each = (column(&each, z)? * &weight)?;
    let scale = ((column(&k, z)? * weight)? * column(shares, z)?)?;
    Ok(Rows { each: each.squeeze(1)?, dz: Some((p - one)?.broadcast_mul(&scale)?) })
}

fn log_softmax(z: &Tensor) -> Result<Tensor> {
    let centred = z.broadcast_sub(&z.max_keepdim(D::Minus1)?)?;
    Ok(centred.broadcast_sub(&centred.exp()?.sum_keepdim(D::Minus1)?.log()?)?)
}

/// `sum of q v` over a row, `[rows, 1]`. Where `q` is 0 a value of minus infinity counts for nothing; NaN stays.
fn picked(v: &Tensor, q: &Tensor) -> Result<Tensor> {
    let counted = q.gt(0.0)?.where_cond(v, &v.zeros_like()?)?;
    Ok((q * counted)?.sum_keepdim(D::Minus1)?)
}

fn column(values: &[f64], like: &Tensor) -> Result<Tensor> {
    Ok(Tensor::from_slice(values, (values.len(), 1), like.device())?.to_dtype(like.dtype())?)
}
