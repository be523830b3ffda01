//! The GPU version: sums of columns in two stages, then a thread an element. Statistics are float32 whatever the input's type.

use super::{Gradient, Layer, Statistics};
use crate::device::{self, Arg, Grid, Kernel};
use crate::{Result, columns};
use candle_core::{DType, Tensor};

fn kernel(name: &'static str, dtype: DType) -> Kernel {
    Kernel { op: "batch_norm", name, dtype }
}

pub(super) fn statistics(x: &Tensor) -> Result<Statistics> {
    let channels = x.dim(3)?;
    let rows = x.elem_count() / channels.max(1);
    let mean = (columns::sum_as(x, channels, DType::F32)? / rows as f64)?;
    let parts = device::empty((columns::chunks(rows), channels), DType::F32, x.device())?;
    let args = [Arg::Read(x), Arg::Read(&mean), Arg::Write(&parts), Arg::Long(rows), Arg::Int(channels)];
    kernel("batch_norm_squares", x.dtype()).launch(x.device(), columns::grid(rows, channels), &args)?;
    let var = (columns::fold(&parts, DType::F32, 0, channels)? / rows as f64)?;
    Ok(Statistics { mean, var })
}

pub(super) fn normalise(layer: &Layer, x: &Tensor, residual: Option<&Tensor>) -> Result<Tensor> {
    let (y, n) = (device::empty_like(x)?, x.elem_count());
    let (w, b) = (layer.weight.tensor(), layer.bias.tensor());
    device::same_type("batch_norm", &[("the input", x), (layer.weight.name(), w), (layer.bias.name(), b)])?;
    let [mean, var] = float_statistics(layer)?;
    let args = [
        Arg::Read(x),
        // Not read if nothing is added.
        Arg::Read(residual.unwrap_or(x)),
        Arg::Read(&mean),
        Arg::Read(&var),
        Arg::Read(w),
        Arg::Read(b),
        Arg::Write(&y),
        Arg::Long(n),
        Arg::Int(x.dim(3)?),
        Arg::Int(usize::from(residual.is_some())),
        Arg::Int(usize::from(layer.relu)),
        Arg::Float(layer.eps as f32),
    ];
    kernel("batch_norm_apply", x.dtype()).launch(x.device(), Grid::elements(n), &args)?;
    Ok(y)
}

/// `y`: the output, where something was added before the relu.
pub(super) fn backward(layer: &Layer, dy: &Tensor, x: &Tensor, y: Option<&Tensor>, want_input: bool) -> Result<Gradient> {
    let channels = x.dim(3)?;
    let (n, rows) = (x.elem_count(), x.elem_count() / channels.max(1));
    let kept = if y.is_some() { 2 } else { usize::from(layer.relu) };
    let [mean, var] = float_statistics(layer)?;
    let (w, b) = (layer.weight.tensor(), layer.bias.tensor());
    let given = [dy, x, y.unwrap_or(x), &mean, &var, w, b].map(Arg::Read);
    let parts = device::empty((columns::chunks(rows), 2 * channels), DType::F32, x.device())?;
    let numbers = [Arg::Long(rows), Arg::Int(channels), Arg::Int(kept), Arg::Float(layer.eps as f32)];
    let args: Vec<Arg> = given.into_iter().chain([Arg::Write(&parts)]).chain(numbers).collect();
    kernel("batch_norm_sums", x.dtype()).launch(x.device(), columns::grid(rows, channels), &args)?;
    let plain = columns::fold(&parts, DType::F32, 0, channels)?;
    let along = columns::fold(&parts, DType::F32, channels, channels)?;

    let residual = y.is_some().then(|| device::empty_like(x)).transpose()?;
    let mut input = None;
    if want_input || residual.is_some() {
        let dx = device::empty_like(x)?;
        let sums = [Arg::Read(&plain), Arg::Read(&along), Arg::Write(&dx), Arg::Write(residual.as_ref().unwrap_or(&dx))];
        let numbers = [Arg::Long(n), Arg::Int(channels), Arg::Int(kept), Arg::Float(rows as f32), Arg::Float(layer.eps as f32)];
        let args: Vec<Arg> = given.into_iter().chain(sums).chain(numbers).collect();
        kernel("batch_norm_input", x.dtype()).launch(x.device(), Grid::elements(n), &args)?;
        input = want_input.then_some(dx);
    }
    Ok(Gradient { input, residual, weight: along.to_dtype(w.dtype())?, bias: plain.to_dtype(b.dtype())? })
}

fn float_statistics(layer: &Layer) -> Result<[Tensor; 2]> {
    Ok([layer.statistics.mean.to_dtype(DType::F32)?, layer.statistics.var.to_dtype(DType::F32)?])
}
