//! The plain version, in Candle operations: any device, any float type.

use crate::Result;
use crate::window::{Window, channels_first, channels_last};
use candle_core::{Shape, Tensor};

fn area(window: Window) -> f64 {
    (window.kernel[0] * window.kernel[1]) as f64
}

pub(super) fn forward(x: &Tensor, window: Window, out: [usize; 2]) -> Result<Tensor> {
    let padded = window.pad(&channels_first(x)?, 0.0)?;
    let mut sum = window.tap(&padded, (0, 0), out)?;
    for place in window.places().skip(1) {
        sum = (sum + window.tap(&padded, place, out)?)?;
    }
    channels_last(&(sum / area(window))?)
}

pub(super) fn backward(dy: &Tensor, shape: &Shape, window: Window, _out: [usize; 2]) -> Result<Tensor> {
    let (batch, height, width, channels) = shape.dims4()?;
    let share = channels_first(&(dy / area(window))?)?;
    let [height, width] = window.padded([height, width]);
    let mut dx = Tensor::zeros((batch, channels, height, width), dy.dtype(), dy.device())?;
    for place in window.places() {
        dx = window.add_tap(&dx, place, &share)?;
    }
    channels_last(&window.unpad(&dx)?)
}
