//! The GPU version: a warp a row, sums of columns in two stages.

use crate::device::{self, Arg, Grid, Kernel};
use crate::{Inputs, Op, Param, Result, Tape, Var, columns};
use candle_core::{DType, Tensor};

/// The whole operation, of checked shapes.
pub(super) fn apply(tape: &Tape, op: Op, x: &Var, value: Tensor, [weight, bias]: [&Param; 2], eps: f64) -> Result<Var> {
    let (w, b) = (weight.tensor(), bias.tensor());
    device::same_type("layer_norm", &[("the input", &value), (weight.name(), w), (bias.name(), b)])?;
    let (y, stats) = forward(&value, weight.tensor(), bias.tensor(), eps as f32)?;
    let wanted = Inputs::of(x.wants_grad(), [Some(weight), Some(bias)]);
    Ok(tape.record(op, y, wanted, || {
        let (x, weight, bias) = (x.target(), weight.clone(), bias.clone());
        move |dy, grads| {
            let dy = dy.contiguous()?;
            if x.wants_grad() {
                grads.add(x, backward_input(&dy, &value, &stats, weight.tensor())?)?;
            }
            if weight.is_trainable() || bias.is_trainable() {
                let (dw, db) = backward_params(&dy, &value, &stats, weight.tensor())?;
                grads.add_param(&weight, dw)?;
                grads.add_param(&bias, db)?;
            }
            Ok(())
        }
    }))
}

fn kernel(name: &'static str, dtype: DType) -> Kernel {
    Kernel { op: "layer_norm", name, dtype }
}

/// The output, and `[rows, 2]` in float32: mean and `r` of each row.
fn forward(x: &Tensor, w: &Tensor, b: &Tensor, eps: f32) -> Result<(Tensor, Tensor)> {
    let dim = w.elem_count();
    let rows = x.elem_count() / dim;
    let (y, stats) = (device::empty_like(x)?, device::empty((rows, 2), DType::F32, x.device())?);
    let args = [
        Arg::Read(x),
        Arg::Read(w),
        Arg::Read(b),
        Arg::Write(&y),
        Arg::Write(&stats),
        Arg::Long(rows),
        Arg::Int(dim),
        Arg::Float(eps),
    ];
    kernel("layer_norm_forward", x.dtype()).launch(x.device(), Grid::warps(rows), &args)?;
    Ok((y, stats))
}

fn backward_input(dy: &Tensor, x: &Tensor, stats: &Tensor, w: &Tensor) -> Result<Tensor> {
    let dim = w.elem_count();
    let rows = x.elem_count() / dim;
    let dx = device::empty_like(x)?;
    let args = [Arg::Read(dy), Arg::Read(x), Arg::Read(stats), Arg::Read(w), Arg::Write(&dx), Arg::Long(rows), Arg::Int(dim)];
    kernel("layer_norm_input", x.dtype()).launch(x.device(), Grid::warps(rows), &args)?;
    Ok(dx)
}

/// `(dw, db)`.
fn backward_params(dy: &Tensor, x: &Tensor, stats: &Tensor, w: &Tensor) -> Result<(Tensor, Tensor)> {
    let dim = w.elem_count();
    let rows = x.elem_count() / dim;
    let parts = device::empty((columns::chunks(rows), 2 * dim), DType::F32, x.device())?;
    let args = [Arg::Read(dy), Arg::Read(x), Arg::Read(stats), Arg::Write(&parts), Arg::Long(rows), Arg::Int(dim)];
    kernel("layer_norm_params", x.dtype()).launch(x.device(), columns::grid(rows, dim), &args)?;
    Ok((columns::fold(&parts, w.dtype(), 0, dim)?, columns::fold(&parts, w.dtype(), dim, dim)?))
}
