//! Vectors of length 1: `y = x / max(|x|, eps)` over the last dimension, as PyTorch's `normalize`.
//!
//! Backward: `dx = (dy - y (y . dy)) / |x|`; where `eps` was larger, `dx = dy / eps`.

use crate::{Op, Result, Tape, Var};
use candle_core::D;

/// `x`: `[..., D]`; returns its shape. Plain Candle operations serve every device: it is meant for a vector an example.
///
/// # Errors
/// A tensor operation failed.
pub fn l2_normalize(tape: &Tape, x: &Var, eps: f64) -> Result<Var> {
    let value = x.tensor().contiguous()?;
    let norm = value.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?;
    let held = norm.maximum(eps)?;
    let y = value.broadcast_div(&held)?;
    Ok(tape.record(Op::arrays("l2_normalize", y.elem_count(), 2, 3), y.clone(), x.wants_grad(), || {
        let x = x.target();
        move |dy, grads| {
            let turns = norm.gt(eps)?.to_dtype(y.dtype())?;
            let along = ((&y * dy)?.sum_keepdim(D::Minus1)? * turns)?;
            grads.add(x, (dy - y.broadcast_mul(&along)?)?.broadcast_div(&held)?)
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients};
    use candle_core::{Device, Tensor};

    #[test]
    fn gradients() {
        for (shape, eps) in [(&[3, 7][..], 1e-12), (&[2, 1, 33], 1e-12), (&[4], 1e-12), (&[3, 5], 100.0)] {
            check_gradients("l2_normalize", Reduction, Case::new().var(shape), |tape, v, _| l2_normalize(tape, &v[0], eps));
        }
    }

    #[test]
    fn zeros_stay_zeros() -> Result<()> {
        let x = Var::constant(Tensor::new(&[[3f32, 4.], [0., 0.]], &Device::Cpu)?);
        let y = l2_normalize(&Tape::inference(), &x, 1e-12)?;
        assert_eq!(y.tensor().to_vec2::<f32>()?, [[0.6, 0.8], [0., 0.]]);
        Ok(())
    }
}
