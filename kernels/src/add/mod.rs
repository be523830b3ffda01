//! Sum of two activations, the second possibly repeated over leading dimensions: `y = a + b`.
//!
//! Backward: `da = dy`; `db = dy`, summed over the dimensions that `b` lacks.

mod cpu;
#[cfg(device_kernels)]
mod cuda;
mod reference;

use crate::{Error, Op, Result, Tape, Var, slice};
use candle_core::{Shape, Tensor};

type Forward = fn(&Tensor, &Tensor) -> Result<Tensor>;
type SumLeading = fn(&Tensor, &Shape) -> Result<Tensor>;

/// `a + b`; `b` has `a`'s shape, or its last dimensions (`[T, D]` onto `[B, T, D]`).
///
/// # Errors
/// The shape of `b` is not the end of `a`'s.
pub fn add(tape: &Tape, a: &Var, b: &Var) -> Result<Var> {
    if !a.dims().ends_with(b.dims()) {
        let expected = format!("{:?} or its last dimensions", a.dims());
        return Err(Error::shape("add", "second term", expected, b.dims()));
    }
    let (left, right) = (a.tensor().contiguous()?, b.tensor().contiguous()?);
    let fast = slice::is_fast(&left) && slice::is_fast(&right);
    let (forward, sum_leading): (Forward, SumLeading) =
        if fast { (cpu::forward, cpu::sum_leading) } else { (reference::forward, reference::sum_leading) };
    #[cfg(device_kernels)]
    let (forward, sum_leading): (Forward, SumLeading) =
        if crate::device::takes(&left) { (cuda::forward, cuda::sum_leading) } else { (forward, sum_leading) };
    let y = forward(&left, &right)?;
    let same = a.dims() == b.dims();
    let shape = b.tensor().shape().clone();
    Ok(tape.record(
        Op::arrays("add", left.elem_count(), 3, if same { 0 } else { 1 }),
        y,
        a.wants_grad() || b.wants_grad(),
        || {
            let (a, b) = (a.target(), b.target());
            move |dy, grads| {
                grads.add_shared(a, dy)?;
                match (b.wants_grad(), same) {
                    (false, _) => Ok(()),
                    (true, true) => grads.add_shared(b, dy),
                    (true, false) => grads.add(b, sum_leading(dy, &shape)?),
                }
            }
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients, constant};

    #[test]
    fn gradients() {
        for (a, b) in [(&[3, 7][..], &[3, 7][..]), (&[2, 3, 7], &[3, 7]), (&[129, 33], &[33]), (&[5, 1], &[1]), (&[4], &[])] {
            check_gradients("add", Reduction, Case::new().var(a).var(b), |tape, v, _| add(tape, &v[0], &v[1]));
        }
        check_gradients("add twice", Reduction, Case::new().var(&[3, 7]), |tape, v, _| add(tape, &v[0], &v[0]));
    }

    #[test]
    fn shapes_are_checked() {
        let error = add(&Tape::inference(), &constant(&[2, 3]), &constant(&[2])).unwrap_err();
        assert_eq!(error.to_string(), "add: second term: expected [2, 3] or its last dimensions, found [2]");
    }
}
