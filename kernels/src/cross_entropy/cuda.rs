//! The GPU version: a block a row. The loss is float32 whatever the scores' type.

use crate::device::{self, Arg, Grid, Kernel};
use crate::{Result, Tape, Var};
use candle_core::{DType, Device, Tensor};

/// A label that counts for nothing ([`in_place`]).
pub(crate) const IGNORED: u32 = u32::MAX;

fn kernel(name: &'static str, dtype: DType) -> Kernel {
    Kernel { op: "cross_entropy", name, dtype }
}

/// The whole operation, of checked labels.
pub(super) fn apply(tape: &Tape, logits: &Var, z: Tensor, labels: &[u32]) -> Result<Var> {
    let ((batch, classes), device) = (z.dims2()?, z.device().clone());
    let labels = Tensor::from_slice(labels, batch, &device)?;
    let [losses, log_sums] = [(); 2].map(|()| device::empty(batch, DType::F32, &device));
    let (losses, log_sums) = (losses?, log_sums?);
    let args = [Arg::Read(&z), Arg::Read(&labels), Arg::Write(&losses), Arg::Write(&log_sums), Arg::Int(classes)];
    kernel("cross_entropy_forward", z.dtype()).launch(&device, Grid::blocks(batch), &args)?;
    let share = 1.0 / batch as f32;
    let loss = total(&losses, share, &device)?;
    Ok(tape.record(loss, logits.wants_grad(), || {
        let logits = logits.target();
        move |dloss, grads| {
            let (dloss, dz) = (dloss.to_dtype(DType::F32)?, device::empty_like(&z)?);
            let args = [
                Arg::Read(&z),
                Arg::Read(&labels),
                Arg::Read(&log_sums),
                Arg::Read(&dloss),
                Arg::Write(&dz),
                Arg::Int(classes),
                Arg::Float(share),
            ];
            kernel("cross_entropy_backward", z.dtype()).launch(z.device(), Grid::blocks(batch), &args)?;
            grads.add(logits, dz)
        }
    }))
}

/// Turns scores `[rows, classes]` into `share dz` in their own memory; returns the losses, `[rows]` in float32.
pub(crate) fn in_place(z: &Tensor, labels: &Tensor, share: f32, smoothing: f32) -> Result<Tensor> {
    let (rows, classes) = z.dims2()?;
    let losses = device::empty(rows, DType::F32, z.device())?;
    let args =
        [Arg::Write(z), Arg::Read(labels), Arg::Write(&losses), Arg::Int(classes), Arg::Float(share), Arg::Float(smoothing)];
    kernel("cross_entropy_in_place", z.dtype()).launch(z.device(), Grid::blocks(rows), &args)?;
    Ok(losses)
}

/// `share` times the sum, a scalar in float32.
pub(crate) fn total(losses: &Tensor, share: f32, device: &Device) -> Result<Tensor> {
    let loss = device::empty((), DType::F32, device)?;
    let args = [Arg::Read(losses), Arg::Write(&loss), Arg::Long(losses.elem_count()), Arg::Float(share)];
    kernel("cross_entropy_total", DType::F32).launch(device, Grid::blocks(1), &args)?;
    Ok(loss)
}
