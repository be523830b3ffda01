//! An activation times a number: `y = f x`. Backward: `dx = f dy`.

use crate::{Op, Result, Tape, Var};

/// `factor x`, any shape. Plain Candle operations serve every device.
///
/// # Errors
/// A tensor operation failed.
pub fn scale(tape: &Tape, x: &Var, factor: f64) -> Result<Var> {
    let y = (x.tensor().contiguous()? * factor)?;
    Ok(tape.record(Op::arrays("scale", y.elem_count(), 2, 2), y, x.wants_grad(), || {
        let x = x.target();
        move |dy, grads| grads.add(x, (dy * factor)?)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Elementwise, check_gradients};

    #[test]
    fn gradients() {
        for (shape, factor) in [(&[3, 7][..], 0.25), (&[2, 1, 33], -3.0), (&[4], 0.0)] {
            check_gradients("scale", Elementwise, Case::new().var(shape), |tape, v, _| scale(tape, &v[0], factor));
        }
    }
}
