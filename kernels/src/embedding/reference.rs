//! The plain version, in Candle operations: any device, any float type.

use crate::Result;
use candle_core::{Device, Tensor};

pub(super) fn forward(ids: &[u32], table: &Tensor, dims: Vec<usize>) -> Result<Tensor> {
    Ok(table.index_select(&Tensor::from_slice(ids, ids.len(), table.device())?, 0)?.reshape(dims)?)
}

/// The whole table's gradient: the places of each id, as a matrix of ones and zeros, times `dy`.
pub(super) fn backward(ids: &[u32], dy: &Tensor, [rows, dim]: [usize; 2]) -> Result<Tensor> {
    let dy = dy.reshape((ids.len(), dim))?;
    if ids.is_empty() {
        return Ok(Tensor::zeros((rows, dim), dy.dtype(), dy.device())?);
    }
    let ids = Tensor::from_slice(ids, (1, ids.len()), &Device::Cpu)?;
    let all = Tensor::arange(0u32, rows as u32, &Device::Cpu)?.reshape((rows, 1))?;
    let places = all.broadcast_eq(&ids)?.to_dtype(dy.dtype())?.to_device(dy.device())?;
    Ok(places.matmul(&dy)?)
}
