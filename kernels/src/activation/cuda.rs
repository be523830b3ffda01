//! The GPU version: a thread an element.

use super::Kind;
use crate::device::{self, Arg, Grid, Kernel};
use crate::{Op, Result, Tape, Var};
use candle_core::Tensor;

/// The whole operation.
pub(super) fn apply(tape: &Tape, x: &Var, value: Tensor, kind: Kind) -> Result<Var> {
    let [forward, backward] = match kind {
        Kind::Relu => ["relu_forward", "relu_backward"],
        Kind::Gelu => ["gelu_forward", "gelu_backward"],
        Kind::GeluTanh => ["gelu_tanh_forward", "gelu_tanh_backward"],
        Kind::Silu => ["silu_forward", "silu_backward"],
        Kind::Tanh => ["tanh_forward", "tanh_backward"],
    };
    let y = run(forward, &[&value])?;
    let saved = if kind.saves_output() { y.clone() } else { value };
    Ok(tape.record(Op::arrays(kind.name(), saved.elem_count(), 2, 3), y, x.wants_grad(), || {
        let x = x.target();
        move |dy, grads| grads.add(x, run(backward, &[&dy.contiguous()?, &saved])?)
    }))
}

/// A kernel that makes one tensor out of others of its shape and type.
fn run(name: &'static str, inputs: &[&Tensor]) -> Result<Tensor> {
    let like = inputs[0];
    let y = device::empty_like(like)?;
    let mut args: Vec<Arg> = inputs.iter().map(|t| Arg::Read(t)).collect();
    args.extend([Arg::Write(&y), Arg::Long(like.elem_count())]);
    Kernel { op: "activation", name, dtype: like.dtype() }.launch(like.device(), Grid::elements(like.elem_count()), &args)?;
    Ok(y)
}
