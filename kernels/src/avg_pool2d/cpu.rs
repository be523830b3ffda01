//! The float32 CPU version: a depthwise convolution with equal weights.

use crate::conv2d::{Plan, depthwise};
use crate::window::Window;
use crate::{Result, slice};
use candle_core::{Shape, Tensor};

fn plan(shape: &Shape, window: Window, out: [usize; 2]) -> Result<(Plan, Vec<f32>)> {
    let (batch, height, width, channels) = shape.dims4()?;
    let plan = Plan { window, batch, groups: channels, channels: [1, 1], image: [height, width], out };
    let weights = vec![1.0 / plan.taps() as f32; channels * plan.taps()];
    Ok((plan, weights))
}

pub(super) fn forward(x: &Tensor, window: Window, out: [usize; 2]) -> Result<Tensor> {
    let (xs, (plan, weights)) = (slice::floats(x)?, plan(x.shape(), window, out)?);
    slice::fresh_tensor(plan.output(), |y| depthwise::forward(&plan, &xs, &weights, None, y))
}

pub(super) fn backward(dy: &Tensor, shape: &Shape, window: Window, out: [usize; 2]) -> Result<Tensor> {
    let (dys, (plan, weights)) = (slice::floats(dy)?, plan(shape, window, out)?);
    slice::fresh_tensor(plan.input(), |dx| depthwise::input_gradient(&plan, &dys, &weights, dx))
}
