//! Product of two activations, element by element: `y = a b`. Backward: `da = dy b`, `db = dy a`.

use crate::{Error, Op, Result, Tape, Var};

/// `a b`, both of one shape. Plain Candle operations serve every device.
///
/// # Errors
/// The shapes differ.
pub fn multiply(tape: &Tape, a: &Var, b: &Var) -> Result<Var> {
    if a.dims() != b.dims() {
        return Err(Error::shape("multiply", "second factor", format!("{:?} as the first", a.dims()), b.dims()));
    }
    let (left, right) = (a.tensor().contiguous()?, b.tensor().contiguous()?);
    let y = (&left * &right)?;
    Ok(tape.record(Op::arrays("multiply", y.elem_count(), 3, 4), y, a.wants_grad() || b.wants_grad(), || {
        let (a, b) = (a.target(), b.target());
        move |dy, grads| {
            if a.wants_grad() {
                grads.add(a, (dy * right)?)?;
            }
            if b.wants_grad() {
                grads.add(b, (dy * left)?)?;
            }
            Ok(())
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Elementwise, check_gradients, constant};

    #[test]
    fn gradients() {
        for shape in [&[3, 7][..], &[2, 1, 33], &[4]] {
            check_gradients("multiply", Elementwise, Case::new().var(shape).var(shape), |tape, v, _| {
                multiply(tape, &v[0], &v[1])
            });
        }
        check_gradients("square", Elementwise, Case::new().var(&[3, 7]), |tape, v, _| multiply(tape, &v[0], &v[0]));
    }

    #[test]
    fn shapes_are_checked() {
        let error = multiply(&Tape::inference(), &constant(&[2, 3]), &constant(&[3])).expect_err("refused");
        assert_eq!(error.to_string(), "multiply: second factor: expected [2, 3] as the first, found [3]");
    }
}
