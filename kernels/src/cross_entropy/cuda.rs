//! The GPU version: a block a row; losses are summed in double.

use crate::device::{self, Arg, Grid, Kernel};
use crate::{Result, Targets};
use candle_core::{DType, Device, Tensor};

/// What the kernel takes for a label that counts for nothing; no class has this number, for labels are checked.
const IGNORED: u32 = u32::MAX;

/// The mean loss of `z`: `[rows, C]` over the `counted` rows (at least one), and its gradient if that is wanted.
pub(super) fn run(z: &Tensor, targets: &Targets, counted: usize, gradient: bool) -> Result<(f64, Option<Tensor>)> {
    let (labels, share) = (labels_of(targets, z.device())?, 1.0 / counted as f32);
    let dz = if gradient { Some(device::empty_like(z)?) } else { None };
    let losses = rows(z, dz.as_ref(), &labels, share, targets.smoothing)?;
    Ok((f64::from(total(&losses, share)?), dz))
}

/// The labels on the device, those that count for nothing marked.
pub(crate) fn labels_of(targets: &Targets, device: &Device) -> Result<Tensor> {
    let labels: Vec<u32> = targets.labels.iter().map(|&l| if Some(l) == targets.ignore { IGNORED } else { l }).collect();
    let rows = labels.len();
    Ok(Tensor::from_vec(labels, rows, device)?)
}

/// Each row's loss of scores `[rows, C]`, in float32; `dz`, which may be the scores' own memory, becomes `share` times the gradient.
pub(crate) fn rows(z: &Tensor, dz: Option<&Tensor>, labels: &Tensor, share: f32, smoothing: f32) -> Result<Tensor> {
    let (rows, classes) = z.dims2()?;
    let losses = device::empty(rows, DType::F32, z.device())?;
    let args = [
        Arg::Read(z),
        Arg::Read(labels),
        Arg::Write(&losses),
        // Not written if no gradient is wanted, when any memory of the type serves.
        Arg::Write(dz.unwrap_or(z)),
        Arg::Int(classes),
        Arg::Int(usize::from(dz.is_some())),
        Arg::Float(share),
        Arg::Float(smoothing),
    ];
    let kernel = Kernel { op: "cross_entropy", name: "cross_entropy_rows", dtype: z.dtype() };
    kernel.launch(z.device(), Grid::blocks(rows), &args)?;
    Ok(losses)
}

/// `share` times the sum.
pub(crate) fn total(losses: &Tensor, share: f32) -> Result<f32> {
    let loss = device::empty((), DType::F32, losses.device())?;
    let args = [Arg::Read(losses), Arg::Write(&loss), Arg::Long(losses.elem_count()), Arg::Float(share)];
    let kernel = Kernel { op: "cross_entropy", name: "cross_entropy_total", dtype: DType::F32 };
    kernel.launch(losses.device(), Grid::blocks(1), &args)?;
    Ok(loss.to_scalar::<f32>()?)
}
