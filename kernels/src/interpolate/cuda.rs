//! The GPU version: a thread an output forward, an input backward, so that no two add to one place.

use super::Taps;
use crate::Result;
use crate::device::{self, Arg, Grid, Kernel};
use candle_core::{DType, Device, Tensor};

fn kernel(name: &'static str, dtype: DType) -> Kernel {
    Kernel { op: "interpolate", name, dtype }
}

fn upload<T: candle_core::WithDType>(values: Vec<T>, device: &Device) -> Result<Tensor> {
    let count = values.len();
    Ok(Tensor::from_vec(values, count, device)?)
}

pub(super) fn forward(x: &Tensor, taps: &[Vec<Taps>; 2]) -> Result<Tensor> {
    let ((batch, height, width, channels), device) = (x.dims4()?, x.device());
    let size = [taps[0].len(), taps[1].len()];
    let (y, n) = (device::empty((batch, size[0], size[1], channels), x.dtype(), device)?, batch * size[0] * size[1] * channels);
    let places = |axis: usize| upload(taps[axis].iter().flatten().map(|(place, _)| *place as u32).collect(), device);
    let weights = |axis: usize| upload(taps[axis].iter().flatten().map(|(_, weight)| *weight as f32).collect(), device);
    let lists = [places(0)?, weights(0)?, places(1)?, weights(1)?];
    let mut args = vec![Arg::Read(x)];
    args.extend(lists.iter().map(Arg::Read));
    args.extend([Arg::Write(&y), Arg::Long(n)]);
    args.extend([channels, height, width, size[0], size[1]].map(Arg::Int));
    kernel("interpolate_forward", x.dtype()).launch(device, Grid::elements(n), &args)?;
    Ok(y)
}

pub(super) fn backward(dy: &Tensor, taps: &[Vec<Taps>; 2], [height, width]: [usize; 2]) -> Result<Tensor> {
    let ((batch, out_h, out_w, channels), device) = (dy.dims4()?, dy.device());
    let (dx, n) = (device::empty((batch, height, width, channels), dy.dtype(), device)?, batch * height * width * channels);
    let [rows, columns] = [takers(&taps[0], height, device)?, takers(&taps[1], width, device)?];
    let mut args = vec![Arg::Read(dy)];
    args.extend(rows.iter().chain(&columns).map(Arg::Read));
    args.extend([Arg::Write(&dx), Arg::Long(n)]);
    args.extend([channels, height, width, out_h, out_w].map(Arg::Int));
    kernel("interpolate_backward", dy.dtype()).launch(device, Grid::elements(n), &args)?;
    Ok(dx)
}

/// Of each of `side` places, where its list starts; then which outputs took it, and their weights.
fn takers(taps: &[Taps], side: usize, device: &Device) -> Result<[Tensor; 3]> {
    let mut of = vec![Vec::new(); side];
    for (output, taps) in taps.iter().enumerate() {
        taps.iter().for_each(|&(place, weight)| of[place].push((output as u32, weight as f32)));
    }
    let mut starts = vec![0u32];
    for list in &of {
        starts.push(starts[starts.len() - 1] + list.len() as u32);
    }
    let (outputs, weights): (Vec<u32>, Vec<f32>) = of.into_iter().flatten().unzip();
    Ok([upload(starts, device)?, upload(outputs, device)?, upload(weights, device)?])
}
