//! Values taken as something else: a parameter as an activation, another shape, a part. Plain Candle operations serve every device.

use crate::{Error, Inputs, Op, Param, Result, Tape, Var};
use candle_core::{Shape, Tensor};

/// A parameter as an activation: `y = p`. Backward: `dp = dy`.
pub fn value(tape: &Tape, p: &Param) -> Var {
    tape.record(Op::arrays("value", 0, 0, 0), p.tensor().clone(), Inputs::of(false, [Some(p)]), || {
        let p = p.clone();
        move |dy, grads| grads.add_param(&p, dy.force_contiguous()?)
    })
}

/// The same elements in their order, in another shape.
///
/// # Errors
/// The shape has another number of elements.
pub fn reshape(tape: &Tape, x: &Var, shape: impl Into<Shape>) -> Result<Var> {
    let (shape, have) = (shape.into(), x.tensor().shape().clone());
    if shape.elem_count() != have.elem_count() {
        let expected = format!("{} elements as {:?} has", shape.elem_count(), shape.dims());
        return Err(Error::shape("reshape", "input", expected, x.dims()));
    }
    let y = x.tensor().contiguous()?.reshape(shape)?;
    Ok(tape.record(Op::arrays("reshape", 0, 0, 0), y, x.wants_grad(), || {
        let x = x.target();
        move |dy, grads| grads.add_shared(x, &dy.reshape(have)?)
    }))
}

/// `len` places along dimension `dim`, from `start` on. Backward: `dy` there, zeros elsewhere.
///
/// # Errors
/// `x` has no such places.
pub fn narrow(tape: &Tape, x: &Var, dim: usize, start: usize, len: usize) -> Result<Var> {
    let Some(&size) = x.dims().get(dim).filter(|&&size| start <= size && len <= size - start) else {
        let expected = format!("{len} places from {start} on in dimension {dim}");
        return Err(Error::shape("narrow", "input", expected, x.dims()));
    };
    let y = x.tensor().narrow(dim, start, len)?.force_contiguous()?;
    let dims = x.dims().to_vec();
    Ok(tape.record(Op::arrays("narrow", y.elem_count(), 2, 2), y, x.wants_grad(), || {
        let x = x.target();
        move |dy, grads| {
            let zeros = |len: usize| {
                let mut dims = dims.clone();
                dims[dim] = len;
                Tensor::zeros(dims, dy.dtype(), dy.device())
            };
            grads.add(x, Tensor::cat(&[&zeros(start)?, dy, &zeros(size - start - len)?], dim)?.contiguous()?)
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Elementwise, check_gradients, constant};

    #[test]
    fn gradients() {
        for shape in [&[3, 7][..], &[2, 1, 5], &[4]] {
            check_gradients("value", Elementwise, Case::new().param("p", shape), |tape, _, p| Ok(value(tape, &p[0])));
        }
        check_gradients("reshape", Elementwise, Case::new().var(&[3, 4, 2]), |tape, v, _| reshape(tape, &v[0], (2, 12)));
        for (dim, start, len) in [(0, 0, 3), (1, 1, 2), (1, 3, 1), (2, 0, 1), (1, 4, 0)] {
            check_gradients("narrow", Elementwise, Case::new().var(&[3, 4, 2]), |tape, v, _| {
                narrow(tape, &v[0], dim, start, len)
            });
        }
    }

    #[test]
    fn arguments_are_checked() {
        let (tape, x) = (Tape::inference(), constant(&[2, 3]));
        assert!(reshape(&tape, &x, (2, 2)).expect_err("refused").to_string().contains("4 elements as [2, 2] has"));
        for (dim, start, len) in [(2, 0, 1), (1, 2, 2), (0, 3, 0)] {
            assert!(narrow(&tape, &x, dim, start, len).is_err(), "{dim} {start} {len}");
        }
    }
}
