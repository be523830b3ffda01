//! The plain version, in Candle operations: any device, any float type.

use super::{Rope, Turn};
use crate::Result;
use candle_core::{D, Tensor};

pub(super) fn turn(table: &Rope, x: &Tensor, places: &[u32], turn: Turn) -> Result<Tensor> {
    let (batch, len, dim) = x.dims3()?;
    let (size, half) = (table.size, table.size / 2);
    // [B, T, 1, K/2]
    let rows = |i: usize| {
        let values: Vec<f32> = places.iter().flat_map(|&place| table.row(place)[i].iter().copied()).collect();
        Ok::<_, crate::Error>(Tensor::from_vec(values, (batch, len, 1, half), x.device())?.to_dtype(x.dtype())?)
    };
    let (cos, sin) = (rows(0)?, rows(1)?);
    let sin = if turn == Turn::Forward { sin } else { sin.neg()? };
    let heads = x.reshape((batch, len, dim / size, size))?;
    let (x1, x2) = (heads.narrow(D::Minus1, 0, half)?, heads.narrow(D::Minus1, half, half)?);
    let y1 = (x1.broadcast_mul(&cos)? - x2.broadcast_mul(&sin)?)?;
    let y2 = (x2.broadcast_mul(&cos)? + x1.broadcast_mul(&sin)?)?;
    Ok(Tensor::cat(&[y1, y2], D::Minus1)?.reshape(x.dims())?)
}
