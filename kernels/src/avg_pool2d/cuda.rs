//! The GPU version: a thread an output forward, an input backward.

use crate::Result;
use crate::device::{self, Arg, Grid, Kernel};
use crate::window::Window;
use candle_core::{Shape, Tensor};

pub(super) fn forward(x: &Tensor, window: Window, out: [usize; 2]) -> Result<Tensor> {
    let (batch, height, width, channels) = x.dims4()?;
    let y = device::empty((batch, out[0], out[1], channels), x.dtype(), x.device())?;
    launch("avg_pool2d_forward", x, &y, window, [height, width], out)?;
    Ok(y)
}

pub(super) fn backward(dy: &Tensor, shape: &Shape, window: Window, out: [usize; 2]) -> Result<Tensor> {
    let (_, height, width, _) = shape.dims4()?;
    let dx = device::empty(shape, dy.dtype(), dy.device())?;
    launch("avg_pool2d_backward", dy, &dx, window, [height, width], out)?;
    Ok(dx)
}

fn launch(name: &'static str, from: &Tensor, to: &Tensor, window: Window, image: [usize; 2], out: [usize; 2]) -> Result<()> {
    let (n, channels) = (to.elem_count(), to.dim(3)?);
    let args = [Arg::Read(from), Arg::Write(to), Arg::Long(n), Arg::Int(channels)];
    let args: Vec<Arg> = args.into_iter().chain(window.args(image, out)).collect();
    Kernel { op: "avg_pool2d", name, dtype: to.dtype() }.launch(to.device(), Grid::elements(n), &args)
}
