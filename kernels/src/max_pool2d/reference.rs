//! The plain version, in Candle operations: any device, any float type.

use crate::Result;
use crate::window::{Window, channels_first, channels_last};
use candle_core::Tensor;

pub(super) fn forward(x: &Tensor, window: Window, out: [usize; 2]) -> Result<Tensor> {
    let padded = window.pad(&channels_first(x)?, f64::NEG_INFINITY)?;
    let mut y = window.tap(&padded, (0, 0), out)?;
    for place in window.places().skip(1) {
        y = y.maximum(&window.tap(&padded, place, out)?)?;
    }
    channels_last(&y)
}

pub(super) fn backward(dy: &Tensor, x: &Tensor, y: &Tensor, window: Window, out: [usize; 2]) -> Result<Tensor> {
    let padded = window.pad(&channels_first(x)?, f64::NEG_INFINITY)?;
    let mut dx = padded.zeros_like()?;
    // What is left of `dy`: the first place that holds the maximum takes all.
    let (y, mut left) = (channels_first(y)?, channels_first(dy)?);
    for place in window.places() {
        let taken = window.tap(&padded, place, out)?.eq(&y)?;
        dx = window.add_tap(&dx, place, &taken.where_cond(&left, &left.zeros_like()?)?)?;
        left = taken.where_cond(&left.zeros_like()?, &left)?;
    }
    channels_last(&window.unpad(&dx)?)
}
