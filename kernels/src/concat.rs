//! Activations side by side: `y = [x_1, x_2, ...]` along one dimension. Backward: each gets its own part of `dy`.

use crate::{Error, Op, Result, Tape, Var};
use candle_core::Tensor;

/// `parts`: of equal shape but for dimension `dim`, along which the result holds one behind the other. Plain Candle operations serve
/// every device: it is a copy.
///
/// # Errors
/// There is no part, none has a dimension `dim`, or the shapes differ elsewhere.
pub fn concat(tape: &Tape, parts: &[&Var], dim: usize) -> Result<Var> {
    let first = parts.first().ok_or_else(|| Error::Argument { op: "concat", message: "there is nothing to join".into() })?;
    let expected = || format!("{:?} but for dimension {dim}, as the first", first.dims());
    let fits = |part: &&Var| {
        let (rank, alike) = (part.dims().len(), |(at, (a, b)): (usize, (&usize, &usize))| at == dim || a == b);
        rank > dim && rank == first.dims().len() && part.dims().iter().zip(first.dims()).enumerate().all(alike)
    };
    if let Some(other) = parts.iter().position(|part| !fits(part)) {
        return Err(Error::shape("concat", format!("part {other}"), expected(), parts[other].dims()));
    }
    let tensors: Vec<&Tensor> = parts.iter().map(|part| part.tensor()).collect();
    let y = Tensor::cat(&tensors, dim)?.contiguous()?;
    let wanted = parts.iter().any(|part| part.wants_grad());
    Ok(tape.record(Op::arrays("concat", y.elem_count(), 2, 2), y, wanted, || {
        let to: Vec<_> = parts.iter().map(|part| (part.target(), part.dims()[dim])).collect();
        move |dy, grads| {
            let mut start = 0;
            for (to, len) in to {
                if to.wants_grad() {
                    grads.add(to, dy.narrow(dim, start, len)?.force_contiguous()?)?;
                }
                start += len;
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
        for (dim, shapes) in
            [(1, vec![[2, 3], [2, 1], [2, 17]]), (0, vec![[1, 5], [4, 5]]), (1, vec![[3, 7]]), (1, vec![[2, 0], [2, 3]])]
        {
            let case = shapes.iter().fold(Case::new(), |case, shape| case.var(shape));
            check_gradients("concat", Elementwise, case, |tape, v, _| concat(tape, &v.iter().collect::<Vec<_>>(), dim));
        }
        check_gradients("concat twice", Elementwise, Case::new().var(&[2, 3]), |tape, v, _| concat(tape, &[&v[0], &v[0]], 1));
    }

    #[test]
    fn shapes_are_checked() {
        let join = |shapes: &[&[usize]], dim| {
            let parts: Vec<Var> = shapes.iter().map(|shape| constant(shape)).collect();
            concat(&Tape::inference(), &parts.iter().collect::<Vec<_>>(), dim).expect_err("refused").to_string()
        };
        assert!(join(&[], 0).contains("nothing to join"));
        assert!(join(&[&[2, 3], &[3, 3]], 1).contains("part 1: expected [2, 3] but for dimension 1"));
        assert!(join(&[&[2, 3], &[2, 3, 1]], 0).contains("part 1"));
        assert!(join(&[&[2, 3]], 2).contains("part 0"));
    }
}
