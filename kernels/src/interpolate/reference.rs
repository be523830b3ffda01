//! The plain version, in Candle operations: any device, any float type. One matrix a side.

use super::Taps;
use crate::Result;
use crate::window::{channels_first, channels_last};
use candle_core::{DType, Device, Tensor};

pub(super) fn forward(x: &Tensor, [rows, cols]: &[Vec<Taps>; 2]) -> Result<Tensor> {
    let (_, height, width, _) = x.dims4()?;
    let (rows, cols) = (matrix(rows, height, x.dtype(), x.device())?, matrix(cols, width, x.dtype(), x.device())?);
    channels_last(&rows.broadcast_matmul(&channels_first(x)?)?.broadcast_matmul(&cols.t()?)?)
}

pub(super) fn backward(dy: &Tensor, [rows, cols]: &[Vec<Taps>; 2], [height, width]: [usize; 2]) -> Result<Tensor> {
    let (rows, cols) = (matrix(rows, height, dy.dtype(), dy.device())?, matrix(cols, width, dy.dtype(), dy.device())?);
    channels_last(&rows.t()?.broadcast_matmul(&channels_first(dy)?)?.broadcast_matmul(&cols)?)
}

/// `[out, in]`.
fn matrix(taps: &[Taps], side: usize, dtype: DType, device: &Device) -> Result<Tensor> {
    let mut values = vec![0f64; taps.len() * side];
    for (o, taps) in taps.iter().enumerate() {
        taps.iter().for_each(|(place, weight)| values[o * side + place] += weight);
    }
    Ok(Tensor::from_vec(values, (taps.len(), side), device)?.to_dtype(dtype)?)
}
