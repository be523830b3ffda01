//! The shortcut without parameters of the CIFAR ResNet (He et al. 2015, section 4.2, option A): every `stride`-th place, and
//! channels of zeros, as many before as behind. Backward: `dx` is `dy` at those places and channels, zeros elsewhere.

use crate::window::{Window, channels_first, channels_last};
use crate::{Error, Op, Result, Tape, Var, slice};
use candle_core::Tensor;
use rayon::prelude::*;

/// `x_bhwc`: `[B, H, W, C]` -> `[B, ceil(H / stride), ceil(W / stride), out_channels]`.
///
/// # Errors
/// `out_channels - C` is negative or odd, or `stride` is 0, or an image is empty.
pub fn shortcut_pad(tape: &Tape, x_bhwc: &Var, stride: usize, out_channels: usize) -> Result<Var> {
    let &[batch, height @ 1..=usize::MAX, width @ 1..=usize::MAX, channels] = x_bhwc.dims() else {
        return Err(Error::shape("shortcut_pad", "input", "[B, H >= 1, W >= 1, C]", x_bhwc.dims()));
    };
    out_channels.checked_sub(channels).filter(|extra| extra % 2 == 0 && stride > 0).ok_or_else(|| {
        let needs = "needs an even number more, and a stride of at least 1";
        let message = format!("cannot go from {channels} to {out_channels} channels with stride {stride}: {needs}");
        Error::Argument { op: "shortcut_pad", message }
    })?;
    let sizes = Sizes { channels, out_channels, stride, image: [height, width] };
    let value = x_bhwc.tensor().contiguous()?;
    let fast = slice::is_fast(&value);
    let y = if fast { cpu_forward(&value, batch, sizes)? } else { reference_forward(&value, batch, sizes)? };
    Ok(tape.record(Op::arrays("shortcut_pad", value.elem_count(), 2, 2), y, x_bhwc.wants_grad(), || {
        let x = x_bhwc.target();
        move |dy, grads| {
            let dx = if fast { cpu_backward(dy, batch, sizes)? } else { reference_backward(dy, batch, sizes)? };
            grads.add(x, dx)
        }
    }))
}

#[derive(Clone, Copy)]
struct Sizes {
    channels: usize,
    out_channels: usize,
    stride: usize,
    image: [usize; 2],
}

impl Sizes {
    /// Channels of zeros before and behind.
    fn border(&self) -> usize {
        (self.out_channels - self.channels) / 2
    }

    fn out(&self) -> [usize; 2] {
        self.image.map(|side| side.div_ceil(self.stride))
    }

    fn window(&self) -> Window {
        Window { kernel: [1, 1], stride: [self.stride; 2], padding: [0; 2], dilation: [1; 2] }
    }

    /// Elements of a line in and out.
    fn input(&self) -> usize {
        self.image[1] * self.channels
    }

    fn output(&self) -> usize {
        self.out()[1] * self.out_channels
    }
}

fn reference_forward(x: &Tensor, batch: usize, s: Sizes) -> Result<Tensor> {
    let kept = s.window().tap(&channels_first(x)?, (0, 0), s.out())?;
    let zeros = Tensor::zeros((batch, s.border(), s.out()[0], s.out()[1]), x.dtype(), x.device())?;
    channels_last(&Tensor::cat(&[&zeros, &kept, &zeros], 1)?)
}

fn reference_backward(dy: &Tensor, batch: usize, s: Sizes) -> Result<Tensor> {
    let zeros = Tensor::zeros((batch, s.channels, s.image[0], s.image[1]), dy.dtype(), dy.device())?;
    channels_last(&s.window().add_tap(&zeros, (0, 0), &channels_first(dy)?.narrow(1, s.border(), s.channels)?)?)
}

fn cpu_forward(x: &Tensor, batch: usize, s: Sizes) -> Result<Tensor> {
    let xs = slice::floats(x)?;
    let [height, width] = s.out();
    slice::fresh_tensor((batch, height, width, s.out_channels), |y| {
        y.par_chunks_mut(s.output().max(1)).enumerate().for_each(|(line, y)| {
            let seen = (line / height * s.image[0] + line % height * s.stride) * s.input();
            let x = xs[seen..][..s.input()].chunks_exact(s.channels.max(1)).step_by(s.stride);
            y.fill(0.0);
            y.chunks_exact_mut(s.out_channels).zip(x).for_each(|(y, x)| y[s.border()..][..s.channels].copy_from_slice(x));
        });
    })
}

fn cpu_backward(dy: &Tensor, batch: usize, s: Sizes) -> Result<Tensor> {
    let dys = slice::floats(dy)?;
    let height = s.out()[0];
    slice::fresh_tensor((batch, s.image[0], s.image[1], s.channels), |dx| {
        dx.par_chunks_mut(s.input().max(1)).enumerate().for_each(|(line, dx)| {
            let (image, row) = (line / s.image[0], line % s.image[0]);
            dx.fill(0.0);
            if row % s.stride == 0 {
                let dy = dys[(image * height + row / s.stride) * s.output()..][..s.output()].chunks_exact(s.out_channels);
                let dx = dx.chunks_exact_mut(s.channels).step_by(s.stride);
                dx.zip(dy).for_each(|(dx, dy)| dx.copy_from_slice(&dy[s.border()..][..s.channels]));
            }
        });
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Elementwise, check_gradients, constant};
    use candle_core::Device;

    #[test]
    fn gradients() {
        for (shape, stride, out) in
            [([1, 1, 1, 1], 1, 1), ([2, 7, 8, 3], 2, 7), ([3, 5, 5, 4], 3, 4), ([2, 3, 3, 1], 1, 33), ([2, 3, 3, 0], 1, 4)]
        {
            check_gradients("shortcut_pad", Elementwise, Case::new().var(&shape), |tape, v, _| {
                shortcut_pad(tape, &v[0], stride, out)
            });
        }
    }

    #[test]
    fn places_and_channels() -> Result<()> {
        let x = Tensor::arange(0f32, 9.0, &Device::Cpu)?.reshape((1, 3, 3, 1))?;
        let y = shortcut_pad(&Tape::inference(), &Var::constant(x), 2, 3)?;
        assert_eq!(y.tensor().flatten_all()?.to_vec1::<f32>()?, [0., 0., 0., 0., 2., 0., 0., 6., 0., 0., 8., 0.]);
        Ok(())
    }

    #[test]
    fn arguments_are_checked() {
        let x = constant(&[1, 2, 2, 4]);
        for (stride, out) in [(1, 2), (1, 5), (0, 4)] {
            assert!(shortcut_pad(&Tape::inference(), &x, stride, out).is_err(), "{stride} {out}");
        }
    }
}
