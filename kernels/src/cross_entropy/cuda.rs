//! The GPU version: a block a row; losses are summed in double.

use super::Rows;
use crate::Result;
use crate::device::{self, Arg, Grid, Kernel};
use crate::targets::Counted;
use candle_core::{DType, Device, Tensor};

/// What the kernel takes for a label that counts for nothing; no class has this number, for labels are checked.
const IGNORED: u32 = u32::MAX;

/// What rows should have been, on the device.
pub(crate) struct Goal {
    labels: Tensor,
    /// `[C]`, or anything if the classes have no weights.
    weights: Tensor,
    weighted: bool,
    mean_weight: f32,
    smoothing: f32,
    focal: f32,
}

impl Goal {
    pub(crate) fn of(counted: &Counted, device: &Device) -> Result<Self> {
        let targets = &counted.targets;
        let labels: Vec<u32> = targets.labels.iter().map(|&l| if Some(l) == targets.ignore { IGNORED } else { l }).collect();
        let rows = labels.len();
        Ok(Goal {
            labels: Tensor::from_vec(labels, rows, device)?,
            weights: Tensor::new(targets.weights.unwrap_or(&[1.0]), device)?,
            weighted: targets.weights.is_some(),
            mean_weight: counted.mean_weight as f32,
            smoothing: targets.smoothing,
            focal: targets.focal,
        })
    }

    /// Of `len` rows from `first` on.
    pub(crate) fn part(&self, first: usize, len: usize) -> Result<Self> {
        Ok(Goal { labels: self.labels.narrow(0, first, len)?, weights: self.weights.clone(), ..*self })
    }
}

/// The rows' shares on the device.
pub(crate) fn shares_of(shares: &[f64], device: &Device) -> Result<Tensor> {
    let shares: Vec<f32> = shares.iter().map(|&s| s as f32).collect();
    let rows = shares.len();
    Ok(Tensor::from_vec(shares, rows, device)?)
}

/// Each row's loss of `z`: `[rows, C]`, and `shares` times its gradient if there are shares.
pub(super) fn run(z: &Tensor, counted: &Counted, shares: Option<&[f64]>) -> Result<Rows> {
    let goal = Goal::of(counted, z.device())?;
    let gradient = shares.map(|s| Ok::<_, crate::Error>((device::empty_like(z)?, shares_of(s, z.device())?))).transpose()?;
    let each = rows(z, gradient.as_ref().map(|(dz, shares)| (dz, shares)), &goal)?;
    Ok(Rows { each, dz: gradient.map(|(dz, _)| dz) })
}

/// Each row's loss of scores `[rows, C]`, in float32; `gradient`: what becomes the gradient, which may be the scores' own memory, and
/// what each row of it is multiplied by.
pub(crate) fn rows(z: &Tensor, gradient: Option<(&Tensor, &Tensor)>, goal: &Goal) -> Result<Tensor> {
    let (rows, classes) = z.dims2()?;
    let each = device::empty(rows, DType::F32, z.device())?;
    // Not written and not read if no gradient is wanted, when any memory of the type serves.
    let (dz, shares) = gradient.unwrap_or((z, &goal.weights));
    let args = [
        Arg::Read(z),
        Arg::Read(&goal.labels),
        Arg::Read(&goal.weights),
        Arg::Read(shares),
        Arg::Write(&each),
        Arg::Write(dz),
        Arg::Int(classes),
        Arg::Int(usize::from(gradient.is_some())),
        Arg::Int(usize::from(goal.weighted)),
        Arg::Float(goal.mean_weight),
        Arg::Float(goal.smoothing),
        Arg::Float(goal.focal),
    ];
    let kernel = Kernel { op: "cross_entropy", name: "cross_entropy_rows", dtype: z.dtype() };
    kernel.launch(z.device(), Grid::blocks(rows), &args)?;
    Ok(each)
}

/// As [`run`] against targets `q`: `[rows, C]`.
pub(super) fn soft(z: &Tensor, q: &Tensor, shares: &[f64], gradient: bool) -> Result<Rows> {
    let (rows, classes) = z.dims2()?;
    let each = device::empty(rows, DType::F32, z.device())?;
    let dz = if gradient { Some(device::empty_like(z)?) } else { None };
    let shares = shares_of(shares, z.device())?;
    let args = [
        Arg::Read(z),
        Arg::Read(q),
        Arg::Read(&shares),
        Arg::Write(&each),
        Arg::Write(dz.as_ref().unwrap_or(z)),
        Arg::Int(classes),
        Arg::Int(usize::from(gradient)),
    ];
    let kernel = Kernel { op: "cross_entropy", name: "soft_cross_entropy_rows", dtype: z.dtype() };
    kernel.launch(z.device(), Grid::blocks(rows), &args)?;
    Ok(Rows { each, dz })
}

/// The sum over `weight`.
pub(super) fn average(each: &Tensor, weight: f64) -> Result<f64> {
    let loss = device::empty((), DType::F32, each.device())?;
    let args = [Arg::Read(each), Arg::Write(&loss), Arg::Long(each.elem_count()), Arg::Float((1.0 / weight) as f32)];
    let kernel = Kernel { op: "cross_entropy", name: "cross_entropy_total", dtype: DType::F32 };
    kernel.launch(each.device(), Grid::blocks(1), &args)?;
    Ok(f64::from(loss.to_scalar::<f32>()?))
}
