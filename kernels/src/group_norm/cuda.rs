//! The GPU version: a block for each image and group, sums of columns in two stages.

use crate::device::{self, Arg, Grid, Kernel};
use crate::{Inputs, Op, Param, Result, Tape, Var, columns};
use candle_core::{DType, Tensor};

/// The whole operation, of checked shapes.
pub(super) fn apply(tape: &Tape, op: Op, x: &Var, value: Tensor, groups: usize, [w, b]: [&Param; 2], eps: f64) -> Result<Var> {
    device::same_type("group_norm", &[("the input", &value), (w.name(), w.tensor()), (b.name(), b.tensor())])?;
    let (y, stats) = forward(&value, groups, [w.tensor(), b.tensor()], eps as f32)?;
    Ok(tape.record(op, y, Inputs::of(x.wants_grad(), [Some(w), Some(b)]), || {
        let (x, w, b) = (x.target(), w.clone(), b.clone());
        move |dy, grads| {
            if x.wants_grad() {
                grads.add(x, input_gradient(dy, &value, &stats, w.tensor())?)?;
            }
            let (dw, db) = parameter_gradients(dy, &value, &stats, w.tensor())?;
            grads.add_param(&w, dw)?;
            grads.add_param(&b, db)
        }
    }))
}

fn kernel(name: &'static str, dtype: DType) -> Kernel {
    Kernel { op: "group_norm", name, dtype }
}

/// Places of an image, and channels.
fn sizes(x: &Tensor) -> Result<(usize, usize)> {
    let (_, height, width, channels) = x.dims4()?;
    Ok((height * width, channels))
}

/// The output, and mean and `r` of each image's groups, `[B, groups, 2]` in float32.
fn forward(x: &Tensor, groups: usize, [w, b]: [&Tensor; 2], eps: f32) -> Result<(Tensor, Tensor)> {
    let ((places, channels), batch) = (sizes(x)?, x.dim(0)?);
    let (y, stats) = (device::empty_like(x)?, device::empty((batch, groups, 2), DType::F32, x.device())?);
    let args = [Arg::Read(x), Arg::Read(w), Arg::Read(b), Arg::Write(&y), Arg::Write(&stats)];
    let numbers = [Arg::Int(places), Arg::Int(channels), Arg::Int(groups), Arg::Float(eps)];
    let args: Vec<Arg> = args.into_iter().chain(numbers).collect();
    kernel("group_norm_forward", x.dtype()).launch(x.device(), Grid::blocks(batch * groups), &args)?;
    Ok((y, stats))
}

fn input_gradient(dy: &Tensor, x: &Tensor, stats: &Tensor, w: &Tensor) -> Result<Tensor> {
    let ((places, channels), (batch, groups, _)) = (sizes(x)?, stats.dims3()?);
    let dx = device::empty_like(x)?;
    let args = [Arg::Read(dy), Arg::Read(x), Arg::Read(stats), Arg::Read(w), Arg::Write(&dx)];
    let args: Vec<Arg> = args.into_iter().chain([places, channels, groups].map(Arg::Int)).collect();
    kernel("group_norm_input", x.dtype()).launch(x.device(), Grid::blocks(batch * groups), &args)?;
    Ok(dx)
}

/// `(dw, db)`.
fn parameter_gradients(dy: &Tensor, x: &Tensor, stats: &Tensor, w: &Tensor) -> Result<(Tensor, Tensor)> {
    let ((places, channels), (batch, groups, _)) = (sizes(x)?, stats.dims3()?);
    let rows = batch * places;
    let parts = device::empty((columns::chunks(rows), 2 * channels), DType::F32, x.device())?;
    let args = [Arg::Read(dy), Arg::Read(x), Arg::Read(stats), Arg::Write(&parts), Arg::Long(rows)];
    let args: Vec<Arg> = args.into_iter().chain([places, channels, groups].map(Arg::Int)).collect();
    kernel("group_norm_params", x.dtype()).launch(x.device(), columns::grid(rows, channels), &args)?;
    Ok((columns::fold(&parts, w.dtype(), 0, channels)?, columns::fold(&parts, w.dtype(), channels, channels)?))
}
