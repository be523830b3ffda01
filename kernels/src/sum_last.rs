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
        // A copy also where the last dimension is 1 and a view would do: the gradient must not be `dy` itself.
        move |dy, grads| grads.add(x, dy.unsqueeze(D::Minus1)?.broadcast_as(shape)?.force_contiguous()?)
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

    /// A last dimension of 1, whose gradient has the numbers of `dy`, beside other uses of `x` and of the sum: `4 x + 2 y`.
    #[test]
    fn one_place_has_a_gradient_of_its_own() -> Result<()> {
        for dims in [&[3, 1][..], &[1], &[1, 1]] {
            let tape = Tape::training(crate::Stream::root(0));
            let x = tape.leaf(Tensor::ones(dims, candle_core::DType::F32, &Device::Cpu)?);
            let y = tape.leaf(Tensor::ones(&dims[..dims.len() - 1], candle_core::DType::F32, &Device::Cpu)?);
            let add = |a: &Var, b: &Var| crate::add(&tape, a, b);
            let twice = sum_last(&tape, &crate::scale(&tape, &x, 2.0)?)?;
            let sum = add(&add(&sum_last(&tape, &x)?, &y)?, &add(&sum_last(&tape, &x)?, &y)?)?;
            let loss = add(&sum, &twice)?;
            let found = tape.backward_to(&loss, &mut crate::Gradients::new(&crate::ParamStore::default()), &[&x, &y])?;
            for (found, expected) in found.iter().zip([4f32, 2.0]) {
                let found = found.as_ref().expect("a gradient").flatten_all()?.to_vec1::<f32>()?;
                assert_eq!(found, vec![expected; found.len()], "{dims:?}");
            }
        }
        Ok(())
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
