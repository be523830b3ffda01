//! The gate of Llama's feed-forward layer (Shazeer, 2002.05202): `y = silu(gate) up`, `silu(g) = g s(g)` with the logistic
//! function `s`.
//!
//! Backward: `dgate = dy up s(gate) (1 + gate (1 - s(gate)))`, `dup = dy silu(gate)`.

mod cpu;
#[cfg(device_kernels)]
mod cuda;
mod reference;

use crate::{Error, Op, Result, Tape, Var, slice};

/// `silu(gate) * up`, both of one shape.
///
/// # Errors
/// The shapes differ.
pub fn swiglu(tape: &Tape, gate: &Var, up: &Var) -> Result<Var> {
    if gate.dims() != up.dims() {
        return Err(Error::shape("swiglu", "up", format!("{:?} as the gate", gate.dims()), up.dims()));
    }
    let (g, u) = (gate.tensor().contiguous()?, up.tensor().contiguous()?);
    #[cfg(device_kernels)]
    if crate::device::takes(&g) {
        return cuda::apply(tape, [gate, up], g, u);
    }
    let fast = slice::is_fast(&g) && slice::is_fast(&u);
    let y = if fast { cpu::forward(&g, &u)? } else { reference::forward(&g, &u)? };
    Ok(tape.record(Op::arrays("swiglu", g.elem_count(), 3, 5), y, gate.wants_grad() || up.wants_grad(), || {
        let (gate, up) = (gate.target(), up.target());
        move |dy, grads| {
            let backward = if fast { cpu::backward } else { reference::backward };
            let (dgate, dup) = backward(dy, &g, &u)?;
            grads.add(gate, dgate)?;
            grads.add(up, dup)
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Elementwise, check_gradients, constant};

    #[test]
    fn gradients() {
        for shape in [&[1][..], &[3, 7], &[17, 33], &[0, 4], &[5, 1, 129]] {
            check_gradients("swiglu", Elementwise, Case::new().var(shape).var(shape), |tape, v, _| swiglu(tape, &v[0], &v[1]));
            let wide = Case::new().var_scaled(shape, 20.0).var(shape);
            check_gradients("swiglu", Elementwise, wide, |tape, v, _| swiglu(tape, &v[0], &v[1]));
        }
        check_gradients("swiglu of one", Elementwise, Case::new().var(&[3, 7]), |tape, v, _| swiglu(tape, &v[0], &v[0]));
    }

    #[test]
    fn shapes_are_checked() {
        let error = swiglu(&Tape::inference(), &constant(&[2, 3]), &constant(&[3, 2])).unwrap_err().to_string();
        assert_eq!(error, "swiglu: up: expected [2, 3] as the gate, found [3, 2]");
    }
}
