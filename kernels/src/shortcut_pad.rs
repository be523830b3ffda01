//! The shortcut without parameters of the CIFAR ResNet (He et al. 2015, section 4.2, option A): every `stride`-th place, and
//! channels of zeros, as many before as behind. Backward: `dx` is `dy` at those places and channels, zeros elsewhere.

use crate::window::Window;
use crate::{Error, Result, Tape, Var, slice};
use candle_core::Tensor;
use rayon::prelude::*;

/// `x_bchw`: `[B, C, H, W]` -> `[B, out_channels, ceil(H / stride), ceil(W / stride)]`.
///
/// # Errors
/// `out_channels - C` is negative or odd, or `stride` is 0, or an image is empty.
pub fn shortcut_pad(tape: &Tape, x_bchw: &Var, stride: usize, out_channels: usize) -> Result<Var> {
    let &[batch, channels, height @ 1..=usize::MAX, width @ 1..=usize::MAX] = x_bchw.dims() else {
        return Err(Error::shape("shortcut_pad", "input", "[B, C, H >= 1, W >= 1]", x_bchw.dims()));
    };
    out_channels.checked_sub(channels).filter(|extra| extra % 2 == 0 && stride > 0).ok_or_else(|| {
        let needs = "needs an even number more, and a stride of at least 1";
        let message = format!("cannot go from {channels} to {out_channels} channels with stride {stride}: {needs}");
        Error::Argument { op: "shortcut_pad", message }
    })?;
    let sizes = Sizes { channels, out_channels, stride, image: [height, width] };
    let value = x_bchw.tensor().contiguous()?;
    let fast = slice::is_fast(&value);
    let y = if fast { cpu_forward(&value, batch, sizes)? } else { reference_forward(&value, batch, sizes)? };
    Ok(tape.record(y, x_bchw.wants_grad(), || {
        let x = x_bchw.target();
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
        Window { kernel: [1, 1], stride: self.stride, padding: 0, dilation: 1 }
    }

    /// Elements of an image in and out.
    fn input(&self) -> usize {
        self.channels * self.image[0] * self.image[1]
    }

    fn output(&self) -> usize {
        self.out_channels * self.out()[0] * self.out()[1]
    }

    /// The kept channels of an output image.
    fn kept(&self) -> std::ops::Range<usize> {
        let area = self.out()[0] * self.out()[1];
        self.border() * area..(self.border() + self.channels) * area
    }
}

fn reference_forward(x: &Tensor, batch: usize, s: Sizes) -> Result<Tensor> {
    let kept = s.window().tap(x, (0, 0), s.out())?;
    let zeros = Tensor::zeros((batch, s.border(), s.out()[0], s.out()[1]), x.dtype(), x.device())?;
    Ok(Tensor::cat(&[&zeros, &kept, &zeros], 1)?)
}

fn reference_backward(dy: &Tensor, batch: usize, s: Sizes) -> Result<Tensor> {
    let zeros = Tensor::zeros((batch, s.channels, s.image[0], s.image[1]), dy.dtype(), dy.device())?;
    s.window().add_tap(&zeros, (0, 0), &dy.narrow(1, s.border(), s.channels)?)
}

fn cpu_forward(x: &Tensor, batch: usize, s: Sizes) -> Result<Tensor> {
    let xs = slice::floats(x)?;
    let (width, [_, out_width]) = (s.image[1], s.out());
    slice::fresh_tensor((batch, s.out_channels, s.out()[0], out_width), |y| {
        y.par_chunks_mut(s.output().max(1)).zip(xs.par_chunks(s.input().max(1))).for_each(|(y, x)| {
            y.fill(0.0);
            for (y, x) in y[s.kept()].chunks_exact_mut(s.out()[0] * out_width).zip(x.chunks_exact(s.image[0] * width)) {
                for (y, x) in y.chunks_exact_mut(out_width).zip(x.chunks_exact(width).step_by(s.stride)) {
                    y.iter_mut().zip(x.iter().step_by(s.stride)).for_each(|(y, x)| *y = *x);
                }
            }
        });
    })
}

fn cpu_backward(dy: &Tensor, batch: usize, s: Sizes) -> Result<Tensor> {
    let dys = slice::floats(dy)?;
    let (width, [_, out_width]) = (s.image[1], s.out());
    slice::fresh_tensor((batch, s.channels, s.image[0], width), |dx| {
        dx.par_chunks_mut(s.input().max(1)).zip(dys.par_chunks(s.output().max(1))).for_each(|(dx, dy)| {
            dx.fill(0.0);
            for (dx, dy) in dx.chunks_exact_mut(s.image[0] * width).zip(dy[s.kept()].chunks_exact(s.out()[0] * out_width)) {
                for (dx, dy) in dx.chunks_exact_mut(width).step_by(s.stride).zip(dy.chunks_exact(out_width)) {
                    dx.iter_mut().step_by(s.stride).zip(dy).for_each(|(dx, dy)| *dx = *dy);
                }
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
