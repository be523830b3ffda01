//! The GPU version: one pass over memory; the norm of all gradients with one number that comes back to the host.

use super::{AdamStep, LionStep, SgdStep};
use crate::Result;
use crate::device::{self, Arg, Grid, Kernel};
use candle_core::{DType, Tensor};

/// Elements that a block sums (`cuda.cu` has the same number).
const SQUARES: usize = 256 * 64;

fn kernel(name: &'static str, dtype: DType) -> Kernel {
    Kernel { op: "optim", name, dtype }
}

/// Moves the float32 parameter `p`, or a float32 master copy with the parameter `rounded` in the gradient's own type after it.
pub(super) fn adamw(p: &Tensor, rounded: Option<&Tensor>, g: &Tensor, [m, v]: [&Tensor; 2], s: AdamStep) -> Result<()> {
    let mut args = vec![Arg::Write(p)];
    args.extend(rounded.map(Arg::Write));
    args.extend([Arg::Read(g), Arg::Write(m), Arg::Write(v), Arg::Long(p.elem_count())]);
    args.extend([s.keep, s.grad_scale, s.one_minus_beta1, s.beta2, s.one_minus_beta2, s.rate, s.root, s.eps].map(Arg::Float));
    let name = if rounded.is_some() { "optim_adamw_master" } else { "optim_adamw" };
    kernel(name, g.dtype()).launch(p.device(), Grid::elements(p.elem_count()), &args)
}

/// All of it float32.
pub(super) fn sgd(p: &Tensor, g: &Tensor, buf: &Tensor, s: SgdStep) -> Result<()> {
    let numbers = [s.keep, s.decay, s.grad_scale, s.lr, s.old, s.direct, s.buffered];
    in_place("optim_sgd", p, g, buf, numbers)
}

/// All of it float32.
pub(super) fn lion(p: &Tensor, g: &Tensor, m: &Tensor, s: LionStep) -> Result<()> {
    let numbers = [s.keep, s.grad_scale, s.lr, s.beta1, s.one_minus_beta1, s.beta2, s.one_minus_beta2];
    in_place("optim_lion", p, g, m, numbers)
}

fn in_place(name: &'static str, p: &Tensor, g: &Tensor, state: &Tensor, numbers: [f32; 7]) -> Result<()> {
    let n = p.elem_count();
    let args = [Arg::Write(p), Arg::Read(g), Arg::Write(state), Arg::Long(n)];
    let args: Vec<Arg> = args.into_iter().chain(numbers.map(Arg::Float)).collect();
    kernel(name, DType::F32).launch(p.device(), Grid::elements(n), &args)
}

/// The sum of squares of all tensors, which lie on one device.
pub(crate) fn sum_of_squares(tensors: &[&Tensor]) -> Result<f64> {
    let Some(device) = tensors.first().map(|t| t.device()) else { return Ok(0.0) };
    let blocks = |t: &Tensor| t.elem_count().div_ceil(SQUARES);
    let count = tensors.iter().map(|t| blocks(t)).sum();
    let (sums, total) = (device::empty(count, DType::F64, device)?, device::empty((), DType::F64, device)?);
    let mut first = 0;
    for t in tensors {
        let args = [Arg::Read(t), Arg::Write(&sums), Arg::Long(t.elem_count()), Arg::Int(first)];
        kernel("optim_squares", t.dtype()).launch(device, Grid::blocks(blocks(t)), &args)?;
        first += blocks(t);
    }
    kernel("optim_total", DType::F32).launch(
        device,
        Grid::blocks(1),
        &[Arg::Read(&sums), Arg::Write(&total), Arg::Long(count)],
    )?;
    Ok(total.to_scalar::<f64>()?)
}
