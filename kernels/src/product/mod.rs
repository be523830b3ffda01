//! The product of two activations, rows with rows: `y = a b^T`, every row of one against every row of the other. Of vectors of length
//! 1 it is the matrix of their cosines.
//!
//! Backward: `da = dy b`, `db = dy^T a`.

mod cpu;
mod reference;

use crate::{Error, Op, Result, Tape, Var, slice};

/// `y = a b^T`.
///
/// `a`: `[A, D]`, `b`: `[B, D]`; returns `[A, B]`.
///
/// # Errors
/// Either has another rank, or their last dimensions differ.
pub fn product(tape: &Tape, a: &Var, b: &Var) -> Result<Var> {
    const OP: &str = "product";
    let &[rows, width] = a.dims() else { return Err(Error::shape(OP, "first factor", "[A, D]", a.dims())) };
    let cols = match *b.dims() {
        [cols, inner] if inner == width => cols,
        _ => return Err(Error::shape(OP, "second factor", format!("[B, D = {width}]"), b.dims())),
    };
    let (left, right) = (a.tensor().contiguous()?, b.tensor().contiguous()?);
    let fast = slice::is_fast(&left) && slice::is_fast(&right);
    let y = if fast { cpu::rows_by_rows(&left, &right)? } else { reference::rows_by_rows(&left, &right)? };
    let flops = 2.0 * (rows * cols * width) as f64;
    let backward = f64::from(u8::from(a.wants_grad()) + u8::from(b.wants_grad()));
    let op = Op::product(OP, flops, (rows + cols) * width + rows * cols, backward);
    Ok(tape.record(op, y, a.wants_grad() || b.wants_grad(), || {
        let (a, b) = (a.target(), b.target());
        move |dy, grads| {
            if a.wants_grad() {
                grads.add(a, if fast { cpu::rows_by_columns(dy, &right)? } else { reference::rows_by_columns(dy, &right)? })?;
            }
            if b.wants_grad() {
                grads
                    .add(b, if fast { cpu::columns_by_columns(dy, &left)? } else { reference::columns_by_columns(dy, &left)? })?;
            }
            Ok(())
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Product, check_gradients, constant};

    #[test]
    fn gradients() {
        for [a, b, d] in [[1, 1, 1], [3, 5, 7], [17, 2, 33], [2, 40, 3], [0, 3, 2], [3, 0, 2]] {
            check_gradients("product", Product, Case::new().var(&[a, d]).var(&[b, d]), |tape, v, _| product(tape, &v[0], &v[1]));
        }
        check_gradients("product with itself", Product, Case::new().var(&[5, 7]), |tape, v, _| product(tape, &v[0], &v[0]));
    }

    #[test]
    fn shapes_are_checked() {
        let says =
            |a: &[usize], b: &[usize]| product(&Tape::inference(), &constant(a), &constant(b)).expect_err("refused").to_string();
        assert_eq!(says(&[2, 3], &[4, 2]), "product: second factor: expected [B, D = 3], found [4, 2]");
        assert!(says(&[2], &[2, 1]).contains("first factor: expected [A, D]"));
        assert!(says(&[2, 1], &[2, 1, 1]).contains("second factor"));
    }
}
