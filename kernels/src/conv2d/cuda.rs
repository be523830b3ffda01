//! The GPU version: products whose operands are gathered as they are loaded, see `cuda.cu`.

use super::Plan;
use crate::Result;
use crate::device::{self, Arg, Grid, Kernel};
use candle_core::{DType, Tensor};

/// Rows and columns of a block's tile, as in `cuda.cu`.
const TILE: usize = 64;
/// Outputs of a part of the filters' gradient: parts run side by side and are added in their order.
const PART: usize = 2048;

/// Whether the tiles would not be nearly empty: with a few channels a group, as in depthwise convolution, the plain version serves.
pub(super) fn fits(plan: &Plan) -> bool {
    plan.groups == 1 || plan.channels.iter().all(|&channels| channels >= 8)
}

fn launch(name: &'static str, like: &Tensor, blocks: usize, plan: &Plan, args: &[Arg]) -> Result<()> {
    let args: Vec<Arg> = args.iter().copied().chain(plan.window.args(plan.image, plan.out)).collect();
    Kernel { op: "conv2d", name, dtype: like.dtype() }.launch(like.device(), Grid::blocks(blocks), &args)
}

fn tiles(plan: &Plan, rows: usize, columns: usize) -> usize {
    plan.groups * rows.div_ceil(TILE) * columns.div_ceil(TILE)
}

pub(super) fn forward(plan: &Plan, x: &Tensor, w: &Tensor, b: Option<&Tensor>) -> Result<Tensor> {
    let b_or = b.unwrap_or(w); // not read without a bias
    device::same_type("conv2d", &[("the input", x), ("filters", w), ("bias", b_or)])?;
    let y = device::empty(plan.output(), x.dtype(), x.device())?;
    let (outputs, [channels, outs]) = (plan.batch * plan.out[0] * plan.out[1], plan.channels);
    let args = [
        Arg::Read(x),
        Arg::Read(w),
        Arg::Read(b_or),
        Arg::Write(&y),
        Arg::Long(outputs),
        Arg::Int(channels),
        Arg::Int(outs),
        Arg::Int(plan.groups),
        Arg::Int(usize::from(b.is_some())),
    ];
    launch("conv2d_forward", x, tiles(plan, outputs, outs), plan, &args)?;
    Ok(y)
}

/// `dx` if wanted, `dw` if the input is given.
pub(super) fn backward(
    plan: &Plan,
    dy: &Tensor,
    x: Option<&Tensor>,
    w: &Tensor,
    want_input: bool,
) -> Result<(Option<Tensor>, Option<Tensor>)> {
    let dx = want_input.then(|| input_gradient(plan, dy, w)).transpose()?;
    Ok((dx, x.map(|x| filter_gradient(plan, dy, x, w)).transpose()?))
}

fn input_gradient(plan: &Plan, dy: &Tensor, w: &Tensor) -> Result<Tensor> {
    let dx = device::empty(plan.input(), dy.dtype(), dy.device())?;
    let (inputs, [channels, outs]) = (plan.batch * plan.image[0] * plan.image[1], plan.channels);
    let args = [Arg::Read(dy), Arg::Read(w), Arg::Write(&dx), Arg::Long(inputs)];
    let args: Vec<Arg> = args.into_iter().chain([channels, outs, plan.groups].map(Arg::Int)).collect();
    launch("conv2d_input", dy, tiles(plan, inputs, channels), plan, &args)?;
    Ok(dx)
}

fn filter_gradient(plan: &Plan, dy: &Tensor, x: &Tensor, w: &Tensor) -> Result<Tensor> {
    let (outputs, [channels, outs]) = (plan.batch * plan.out[0] * plan.out[1], plan.channels);
    let (parts, columns) = (outputs.div_ceil(PART), plan.taps() * channels);
    let sums = device::empty((plan.groups, parts, outs, columns), DType::F32, dy.device())?;
    let args = [Arg::Read(dy), Arg::Read(x), Arg::Write(&sums), Arg::Long(outputs)];
    let args: Vec<Arg> = args.into_iter().chain([channels, outs, plan.groups, parts, PART].map(Arg::Int)).collect();
    launch("conv2d_filters", dy, parts * tiles(plan, outs, columns), plan, &args)?;
    let (dw, n) = (device::empty_like(w)?, w.elem_count());
    let args = [Arg::Read(&sums), Arg::Write(&dw), Arg::Long(n)];
    let args: Vec<Arg> = args.into_iter().chain([channels, outs, plan.taps(), parts].map(Arg::Int)).collect();
    Kernel { op: "conv2d", name: "conv2d_fold", dtype: w.dtype() }.launch(w.device(), Grid::elements(n), &args)?;
    Ok(dw)
}
