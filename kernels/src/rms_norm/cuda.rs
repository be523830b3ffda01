//! The GPU version: a warp a row, sums of columns in two stages.

use crate::device::{self, Arg, Grid, Kernel};
use crate::{Result, columns};
use candle_core::{DType, Tensor};

fn kernel(name: &'static str, dtype: DType) -> Kernel {
    Kernel { op: "rms_norm", name, dtype }
}

/// The output, and `r` of each row in float32.
pub(super) fn forward(x: &Tensor, w: &Tensor, eps: f32) -> Result<(Tensor, Tensor)> {
    device::same_type("rms_norm", &[("the input", x), ("the weight", w)])?;
    let dim = w.elem_count();
    let rows = x.elem_count() / dim;
    let (y, r) = (device::empty_like(x)?, device::empty(rows, DType::F32, x.device())?);
    let args = [Arg::Read(x), Arg::Read(w), Arg::Write(&y), Arg::Write(&r), Arg::Long(rows), Arg::Int(dim), Arg::Float(eps)];
    kernel("rms_norm_forward", x.dtype()).launch(x.device(), Grid::warps(rows), &args)?;
    Ok((y, r))
}

/// `a + b`, its norm, and `r` of each row in float32.
pub(super) fn forward_sum(a: &Tensor, b: &Tensor, w: &Tensor, eps: f32) -> Result<(Tensor, Tensor, Tensor)> {
    device::same_type("add_rms_norm", &[("the input", a), ("the residual", b), ("the weight", w)])?;
    let dim = w.elem_count();
    let rows = a.elem_count() / dim;
    let (sum, y, r) = (device::empty_like(a)?, device::empty_like(a)?, device::empty(rows, DType::F32, a.device())?);
    let args = [
        Arg::Read(a),
        Arg::Read(b),
        Arg::Read(w),
        Arg::Write(&sum),
        Arg::Write(&y),
        Arg::Write(&r),
        Arg::Long(rows),
        Arg::Int(dim),
        Arg::Float(eps),
    ];
    kernel("rms_norm_add_forward", a.dtype()).launch(a.device(), Grid::warps(rows), &args)?;
    Ok((sum, y, r))
}

pub(super) fn backward_input(dy: &Tensor, x: &Tensor, r: &Tensor, w: &Tensor) -> Result<Tensor> {
    let (dim, rows) = (w.elem_count(), r.elem_count());
    let dx = device::empty_like(x)?;
    let args = [Arg::Read(dy), Arg::Read(x), Arg::Read(r), Arg::Read(w), Arg::Write(&dx), Arg::Long(rows), Arg::Int(dim)];
    kernel("rms_norm_input", x.dtype()).launch(x.device(), Grid::warps(rows), &args)?;
    Ok(dx)
}

pub(super) fn backward_weight(dy: &Tensor, x: &Tensor, r: &Tensor, w: &Tensor) -> Result<Tensor> {
    let (dim, rows) = (w.elem_count(), r.elem_count());
    let parts = device::empty((columns::chunks(rows), dim), DType::F32, x.device())?;
    let args = [Arg::Read(dy), Arg::Read(x), Arg::Read(r), Arg::Write(&parts), Arg::Long(rows), Arg::Int(dim)];
    kernel("rms_norm_weight", x.dtype()).launch(x.device(), columns::grid(rows, dim), &args)?;
    columns::fold(&parts, w.dtype(), 0, dim)
}
