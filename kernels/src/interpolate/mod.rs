//! Images in another size by interpolation, as PyTorch's `interpolate` with `align_corners=False` and `antialias=False`.
//!
//! A place `o` of the output lies at `s = (o + 1/2) H / H' - 1/2` of the input. Bilinear: `s` is held to at least 0, and the two
//! places around it count by their nearness. Bicubic (Keys 1981, a = -3/4): the four around it count by the cubic convolution
//! kernel. Places outside the image are those at its edge. Height and width are independent: `y = R x C^T` with one matrix each.
//!
//! Backward: `dx = R^T dy C`.

mod cpu;
#[cfg(device_kernels)]
mod cuda;
mod reference;

use crate::{Error, Op, Result, Tape, Var, slice};
use candle_core::Tensor;

type Forward = fn(&Tensor, &[Vec<Taps>; 2]) -> Result<Tensor>;
type Backward = fn(&Tensor, &[Vec<Taps>; 2], [usize; 2]) -> Result<Tensor>;

/// How values between places are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interpolation {
    Bilinear,
    Bicubic,
}

/// For one place of the output along one side: up to four places of the input and their weights.
type Taps = [(usize, f64); 4];

impl Interpolation {
    fn taps(self, from: usize, to: usize) -> Vec<Taps> {
        (0..to).map(|o| self.taps_of((o as f64 + 0.5) * (from as f64 / to as f64) - 0.5, from)).collect()
    }

    fn taps_of(self, at: f64, side: usize) -> Taps {
        let at = if self == Interpolation::Bilinear { at.max(0.0) } else { at };
        let (base, t) = (at.floor(), at - at.floor());
        let weights = match self {
            Interpolation::Bilinear => [0.0, 1.0 - t, t, 0.0],
            Interpolation::Bicubic => [cubic(t + 1.0), cubic(t), cubic(1.0 - t), cubic(2.0 - t)],
        };
        let place = |i: usize| (base + i as f64 - 1.0).clamp(0.0, side as f64 - 1.0) as usize;
        [0, 1, 2, 3].map(|i| (place(i), weights[i]))
    }
}

/// Keys's kernel for a distance from 0 to 2.
fn cubic(x: f64) -> f64 {
    const A: f64 = -0.75;
    if x <= 1.0 { ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0 } else { ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A }
}

/// `x_bhwc`: `[B, H, W, C]`; returns `[B, size[0], size[1], C]`.
///
/// # Errors
/// `x_bhwc` has another rank, an image is empty, or a side of `size` is 0.
pub fn interpolate(tape: &Tape, x_bhwc: &Var, size: [usize; 2], how: Interpolation) -> Result<Var> {
    let &[_, height @ 1..=usize::MAX, width @ 1..=usize::MAX, _] = x_bhwc.dims() else {
        return Err(Error::shape("interpolate", "input", "[B, H >= 1, W >= 1, C]", x_bhwc.dims()));
    };
    if size.contains(&0) {
        return Err(Error::Argument { op: "interpolate", message: format!("the new size must be at least 1x1, found {size:?}") });
    }
    let taps = [how.taps(height, size[0]), how.taps(width, size[1])];
    let value = x_bhwc.tensor().contiguous()?;
    let fast = slice::is_fast(&value);
    let (forward, backward): (Forward, Backward) =
        if fast { (cpu::forward, cpu::backward) } else { (reference::forward, reference::backward) };
    #[cfg(device_kernels)]
    let (forward, backward): (Forward, Backward) =
        if crate::device::takes(&value) { (cuda::forward, cuda::backward) } else { (forward, backward) };
    let y = forward(&value, &taps)?;
    Ok(tape.record(Op::arrays("interpolate", value.elem_count(), 2, 2), y, x_bhwc.wants_grad(), || {
        let x = x_bhwc.target();
        move |dy, grads| grads.add(x, backward(dy, &taps, [height, width])?)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients, constant};
    use Interpolation::{Bicubic, Bilinear};
    use candle_core::Device;

    #[test]
    fn gradients() {
        for how in [Bilinear, Bicubic] {
            for (shape, size) in [
                ([1, 1, 1, 1], [1, 3]),
                ([2, 5, 7, 3], [8, 4]),
                ([1, 4, 4, 33], [7, 7]),
                ([2, 9, 2, 2], [3, 2]),
                ([0, 2, 2, 1], [3, 3]),
                ([2, 3, 2, 0], [3, 3]),
            ] {
                check_gradients("interpolate", Reduction, Case::new().var(&shape), |tape, v, _| {
                    interpolate(tape, &v[0], size, how)
                });
            }
        }
    }

    /// `torch.nn.functional.interpolate(torch.tensor([[[[1., 2., 4., 8.]]]]), size=(1, n), mode=...)` of PyTorch 2.15.
    #[test]
    fn as_pytorch() -> Result<()> {
        let x = Var::constant(Tensor::new(&[[[[1f32], [2.], [4.], [8.]]]], &Device::Cpu)?);
        for (how, n, expected) in [
            (Bilinear, 6, &[1.0, 1.5, 2.3333333, 3.6666667, 6.0, 8.0][..]),
            (Bilinear, 3, &[1.1666666, 3.0, 7.3333335]),
            (Bicubic, 6, &BICUBIC_6),
            (Bicubic, 3, &BICUBIC_3),
        ] {
            let y = interpolate(&Tape::inference(), &x, [1, n], how)?.tensor().flatten_all()?.to_vec1::<f32>()?;
            assert!(y.iter().zip(expected).all(|(a, b)| (a - b).abs() < 5e-6) && y.len() == n, "{how:?} {y:?} {expected:?}");
        }
        Ok(())
    }

    const BICUBIC_6: [f32; 6] = [0.9131947, 1.3125, 2.3043978, 3.383_102, 6.1875, 8.347_222];
    const BICUBIC_3: [f32; 3] = [1.1087964, 2.71875, 7.4606495];

    #[test]
    fn arguments_are_checked() {
        assert!(interpolate(&Tape::inference(), &constant(&[1, 2, 2, 1]), [0, 3], Bilinear).is_err());
        assert!(interpolate(&Tape::inference(), &constant(&[1, 0, 2, 1]), [3, 3], Bilinear).is_err());
        assert!(interpolate(&Tape::inference(), &constant(&[2, 2, 1]), [3, 3], Bicubic).is_err());
    }
}
