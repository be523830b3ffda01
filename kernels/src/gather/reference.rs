//! The plain version, in Candle operations: any device, any float type.

use super::Along;
use crate::Result;
use candle_core::Tensor;

pub(super) fn pick(along: &Along, x: &Tensor) -> Result<Tensor> {
    if along.flat.is_empty() {
        return Ok(Tensor::zeros(&along.picked[..], x.dtype(), x.device())?);
    }
    Ok(x.contiguous()?.gather(&along.index.to_device(x.device())?, along.dim)?)
}

pub(super) fn add(along: &Along, x: &Tensor, s: &Tensor) -> Result<Tensor> {
    if along.flat.is_empty() {
        return Ok(x.clone());
    }
    let index = along.index.to_device(x.device())?;
    Ok(x.contiguous()?.scatter_add(&index, &s.contiguous()?, along.dim)?)
}
