//! Sums over the last dimension.

use crate::{Error, Op, Result, Tape, Var};
use candle_core::D;

/// `y = sum of x` over the last dimension: `[..., T]` -> `[...]`. Of each word's log-probability it makes a text's.
///
/// Backward: `dx = dy` at every place.
///
/// # Errors
/// `x` has no dimension.
pub fn sum_last(tape: &Tape, x: &Var) -> Result<Var> {
    if x.dims().is_empty() {
        return Err(Error::shape("sum_last", "input", "[..., T]", x.dims()));
    }
    let y = x.tensor().sum(D::Minus1)?;
    Ok(tape.record(Op::arrays("sum_last", x.tensor().elem_count(), 1, 1), y, x.wants_grad(), || {
        let (x, shape) = (x.target(), x.tensor().shape().clone());
        move |dy, grads| grads.add(x, dy.unsqueeze(D::Minus1)?.broadcast_as(shape)?.contiguous()?)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients};
    use candle_core::{Device, Tensor};

    #[test]
    fn gradients() {
        for shape in [&[1][..], &[7], &[3, 5], &[2, 3, 70], &[4, 1]] {
            check_gradients("sum_last", Reduction, Case::new().var(shape), |tape, v, _| sum_last(tape, &v[0]));
        }
    }

    #[test]
    fn nothing_sums_to_zero_and_a_number_has_no_last_dimension() -> Result<()> {
        let tape = Tape::inference();
        let x = |t: Tensor| Var::constant(t);
        let y = sum_last(&tape, &x(Tensor::zeros((3, 0), candle_core::DType::F32, &Device::Cpu)?))?;
        assert_eq!(y.tensor().to_vec1::<f32>()?, [0.0; 3]);
        assert!(sum_last(&tape, &x(Tensor::new(1f32, &Device::Cpu)?)).is_err());
        Ok(())
    }
}
