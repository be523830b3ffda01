//! The GPU version: a thread an output forward, an input backward.

use crate::Result;
use crate::device::{self, Arg, Grid, Kernel};
use crate::window::Window;
use candle_core::{DType, Shape, Tensor};

fn kernel(name: &'static str, dtype: DType) -> Kernel {
    Kernel { op: "max_pool2d", name, dtype }
}

/// The maxima, and for each its place in its image.
pub(super) fn forward(x: &Tensor, window: Window, out: [usize; 2]) -> Result<(Tensor, Tensor)> {
    let (batch, height, width, channels) = x.dims4()?;
    let y = device::empty((batch, out[0], out[1], channels), x.dtype(), x.device())?;
    let (n, taken) = (y.elem_count(), Tensor::zeros(y.shape(), DType::U32, x.device())?);
    let args = [Arg::Read(x), Arg::Write(&y), Arg::Write(&taken), Arg::Long(n), Arg::Int(channels)];
    let args: Vec<Arg> = args.into_iter().chain(window.args([height, width], out)).collect();
    kernel("max_pool2d_forward", x.dtype()).launch(x.device(), Grid::elements(n), &args)?;
    Ok((y, taken))
}

pub(super) fn backward(dy: &Tensor, taken: &Tensor, shape: &Shape, window: Window, out: [usize; 2]) -> Result<Tensor> {
    let (_, height, width, channels) = shape.dims4()?;
    let dx = device::empty(shape, dy.dtype(), dy.device())?;
    let n = dx.elem_count();
    let args = [Arg::Read(dy), Arg::Read(taken), Arg::Write(&dx), Arg::Long(n), Arg::Int(channels)];
    let args: Vec<Arg> = args.into_iter().chain(window.args([height, width], out)).collect();
    kernel("max_pool2d_backward", dy.dtype()).launch(dy.device(), Grid::elements(n), &args)?;
    Ok(dx)
}
