//! The GPU version: a thread an element.

use crate::device::{self, Arg, Grid, Kernel};
use crate::{Op, Result, Tape, Var};
use candle_core::Tensor;

/// The whole operation, of one shape.
pub(super) fn apply(tape: &Tape, [gate, up]: [&Var; 2], g: Tensor, u: Tensor) -> Result<Var> {
    device::same_type("swiglu", &[("the gate", &g), ("up", &u)])?;
    Ok(tape.record(Op::arrays("swiglu", g.elem_count(), 3, 5), forward(&g, &u)?, gate.wants_grad() || up.wants_grad(), || {
        let (gate, up) = (gate.target(), up.target());
        move |dy, grads| {
            let (dgate, dup) = backward(dy, &g, &u)?;
            grads.add(gate, dgate)?;
            grads.add(up, dup)
        }
    }))
}

fn forward(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    let (y, n) = (device::empty_like(gate)?, gate.elem_count());
    let args = [Arg::Read(gate), Arg::Read(up), Arg::Write(&y), Arg::Long(n)];
    Kernel { op: "swiglu", name: "swiglu_forward", dtype: gate.dtype() }.launch(gate.device(), Grid::elements(n), &args)?;
    Ok(y)
}

/// `(dgate, dup)`.
fn backward(dy: &Tensor, gate: &Tensor, up: &Tensor) -> Result<(Tensor, Tensor)> {
    let dy = dy.contiguous()?;
    let (dgate, dup, n) = (device::empty_like(gate)?, device::empty_like(up)?, gate.elem_count());
    let args = [Arg::Read(&dy), Arg::Read(gate), Arg::Read(up), Arg::Write(&dgate), Arg::Write(&dup), Arg::Long(n)];
    Kernel { op: "swiglu", name: "swiglu_backward", dtype: gate.dtype() }.launch(gate.device(), Grid::elements(n), &args)?;
    Ok((dgate, dup))
}
