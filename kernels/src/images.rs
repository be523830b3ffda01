//! Images as they come, `[B, C, H, W]`, in the order in which every operation here has them: `[B, H, W, C]`, the channels of a place
//! side by side.

use crate::{Error, Result, Var, window};
use candle_core::Tensor;

/// `pixels_bchw`: `[B, C, H, W]` -> `[B, H, W, C]`, an input that no gradient flows into.
///
/// # Errors
/// `pixels_bchw` is not `[B, C, H, W]`.
pub fn images(pixels_bchw: &Tensor) -> Result<Var> {
    if pixels_bchw.rank() != 4 {
        return Err(Error::shape("images", "pixels", "[B, C, H, W]", pixels_bchw.dims()));
    }
    Ok(Var::constant(window::channels_last(pixels_bchw)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn channels_come_last() -> Result<()> {
        let x = images(&Tensor::new(&[[[[1f32, 2.]], [[3., 4.]], [[5., 6.]]]], &Device::Cpu)?)?;
        assert_eq!((x.dims(), x.tensor().flatten_all()?.to_vec1::<f32>()?), (&[1, 1, 2, 3][..], vec![1., 3., 5., 2., 4., 6.]));
        assert!(images(&x.tensor().get(0)?).is_err());
        Ok(())
    }
}
