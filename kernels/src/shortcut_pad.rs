//! The shortcut without parameters of the CIFAR ResNet (He et al. 2015, section 4.2, option A): every `stride`-th place, and
//! channels of zeros, as many before as behind. Backward: `dx` is `dy` at those places and channels, zeros elsewhere.

use crate::window::Window;
use crate::{Error, Result, Tape, Var};
use candle_core::Tensor;

/// `x_bchw`: `[B, C, H, W]` -> `[B, out_channels, ceil(H / stride), ceil(W / stride)]`. Plain Candle operations serve every
/// device: it is a copy.
///
/// # Errors
/// `out_channels - C` is negative or odd, or `stride` is 0, or an image is empty.
pub fn shortcut_pad(tape: &Tape, x_bchw: &Var, stride: usize, out_channels: usize) -> Result<Var> {
    let &[batch, channels, height @ 1..=usize::MAX, width @ 1..=usize::MAX] = x_bchw.dims() else {
        return Err(Error::shape("shortcut_pad", "input", "[B, C, H >= 1, W >= 1]", x_bchw.dims()));
    };
    let extra = out_channels.checked_sub(channels).filter(|extra| extra % 2 == 0 && stride > 0).ok_or_else(|| {
        let message = format!("cannot go from {channels} to {out_channels} channels with stride {stride}: needs an even number more, and a stride of at least 1");
        Error::Argument { op: "shortcut_pad", message }
    })?;
    let window = Window { kernel: [1, 1], stride, padding: 0, dilation: 1 };
    let out = [height.div_ceil(stride), width.div_ceil(stride)];
    let kept = if stride == 1 { x_bchw.tensor().contiguous()? } else { window.tap(&x_bchw.tensor().contiguous()?, (0, 0), out)? };
    let zeros = Tensor::zeros((batch, extra / 2, out[0], out[1]), kept.dtype(), kept.device())?;
    let y = if extra == 0 { kept } else { Tensor::cat(&[&zeros, &kept, &zeros], 1)? };
    Ok(tape.record(y, x_bchw.wants_grad(), || {
        let x = x_bchw.target();
        move |dy, grads| {
            let kept = dy.narrow(1, extra / 2, channels)?;
            let zeros = Tensor::zeros((batch, channels, height, width), dy.dtype(), dy.device())?;
            grads.add(x, window.add_tap(&zeros, (0, 0), &kept)?)
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Elementwise, check_gradients, constant};
    use candle_core::Device;

    #[test]
    fn gradients() {
        for (shape, stride, out) in [([1, 1, 1, 1], 1, 1), ([2, 3, 7, 8], 2, 7), ([3, 4, 5, 5], 3, 4), ([2, 1, 3, 3], 1, 33)] {
            check_gradients("shortcut_pad", Elementwise, Case::new().var(&shape), |tape, v, _| shortcut_pad(tape, &v[0], stride, out));
        }
    }

    #[test]
    fn places_and_channels() -> Result<()> {
        let x = Tensor::arange(0f32, 9.0, &Device::Cpu)?.reshape((1, 1, 3, 3))?;
        let y = shortcut_pad(&Tape::inference(), &Var::constant(x), 2, 3)?;
        assert_eq!(y.tensor().flatten_all()?.to_vec1::<f32>()?, [0., 0., 0., 0., 0., 2., 6., 8., 0., 0., 0., 0.]);
        Ok(())
    }

    #[test]
    fn arguments_are_checked() {
        let x = constant(&[1, 4, 2, 2]);
        for (stride, out) in [(1, 2), (1, 5), (0, 4)] {
            assert!(shortcut_pad(&Tape::inference(), &x, stride, out).is_err(), "{stride} {out}");
        }
    }
}
