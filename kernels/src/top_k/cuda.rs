//! The GPU version, for a few of each row: a block a row.

use crate::Result;
use crate::device::{Arg, Grid, Kernel};
use candle_core::{DType, Tensor};

/// More than so many are taken on the host: the kernel reads a row once for each.
pub(super) const MOST: usize = 64;

/// Where the `k` largest of each row of `width` stand, or the position of the first NaN.
pub(super) fn largest(x: &Tensor, width: usize, k: usize) -> Result<Result<Vec<u32>, usize>> {
    let (rows, device) = (x.elem_count() / width, x.device());
    let (taken, nan) = (Tensor::zeros(rows * k, DType::U32, device)?, Tensor::zeros(rows, DType::U32, device)?);
    let args = [Arg::Read(x), Arg::Write(&taken), Arg::Write(&nan), Arg::Int(width), Arg::Int(k)];
    Kernel { op: "top_k", name: "top_k_rows", dtype: x.dtype() }.launch(device, Grid::blocks(rows), &args)?;
    let left = nan.to_vec1::<u32>()?;
    Ok(match left.iter().position(|&left| left > 0) {
        Some(row) => Err((row + 1) * width - left[row] as usize),
        None => Ok(taken.to_vec1()?),
    })
}
