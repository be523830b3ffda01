//! The plain version, in Candle operations: any device, any float type.

use crate::{Result, Stream};
use candle_core::Tensor;

pub(crate) fn apply(x: &Tensor, stream: Stream, p: f32) -> Result<Tensor> {
    let scale = 1.0 / (1.0 - p);
    let mask = (0..x.elem_count() as u64).map(|i| if stream.uniform(i) >= p { scale } else { 0.0 });
    let mask = Tensor::from_iter(mask, x.device())?.reshape(x.shape())?.to_dtype(x.dtype())?;
    Ok((x * mask)?)
}
