//! The first position of each sequence: `y = x[:, 0, :]`. Backward: `dy` there, zeros elsewhere.

use crate::{Error, Op, Result, Tape, Var};
use candle_core::Tensor;

/// `x`: `[B, T, D]` -> `[B, D]`. Plain Candle operations serve every device: it is a copy of B rows.
///
/// # Errors
/// `x` is not `[B, T, D]` with `T` of at least 1.
pub fn first_token(tape: &Tape, x_btd: &Var) -> Result<Var> {
    let &[batch, len @ 1..=usize::MAX, dim] = x_btd.dims() else {
        return Err(Error::shape("first_token", "input", "[B, T >= 1, D]", x_btd.dims()));
    };
    let y = x_btd.tensor().narrow(1, 0, 1)?.squeeze(1)?.contiguous()?;
    Ok(tape.record(Op::arrays("first_token", y.elem_count(), 2, len), y, x_btd.wants_grad(), || {
        let x = x_btd.target();
        move |dy, grads| {
            let rest = Tensor::zeros((batch, len - 1, dim), dy.dtype(), dy.device())?;
            grads.add(x, Tensor::cat(&[&dy.unsqueeze(1)?, &rest], 1)?)
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Elementwise, check_gradients, constant};

    #[test]
    fn gradients() {
        for shape in [[1, 1, 1], [3, 7, 5], [2, 33, 17]] {
            check_gradients("first_token", Elementwise, Case::new().var(&shape), |tape, v, _| first_token(tape, &v[0]));
        }
    }

    #[test]
    fn shapes_are_checked() {
        assert!(first_token(&Tape::inference(), &constant(&[2, 0, 3])).is_err());
        assert!(first_token(&Tape::inference(), &constant(&[2, 3])).is_err());
    }
}
