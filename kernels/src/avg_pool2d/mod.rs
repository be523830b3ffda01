//! Mean over a sliding window. The padding counts as zeros (PyTorch's default): every mean is over the whole window.
//!
//! Backward: `dy / window area` to each place that the window saw. It is a depthwise convolution with equal weights, and is computed
//! as one.

mod cpu;
#[cfg(device_kernels)]
mod cuda;
mod reference;

use crate::max_pool2d::{Pool2d, pooled};
use crate::window::Window;
use crate::{Op, Result, Tape, Var, slice};
use candle_core::{Shape, Tensor};

type Forward = fn(&Tensor, Window, [usize; 2]) -> Result<Tensor>;
type Backward = fn(&Tensor, &Shape, Window, [usize; 2]) -> Result<Tensor>;

/// `x_bhwc`: `[B, H, W, C]`; returns `[B, H', W', C]` with `H' = (H + 2 padding - kernel) / stride + 1`.
///
/// # Errors
/// The window does not fit, the padding is more than half of it, or kernel or stride is 0.
pub fn avg_pool2d(tape: &Tape, x_bhwc: &Var, args: Pool2d) -> Result<Var> {
    let (window, out) = pooled("avg_pool2d", x_bhwc, args)?;
    let value = x_bhwc.tensor().contiguous()?;
    let fast = slice::is_fast(&value);
    let (forward, backward): (Forward, Backward) =
        if fast { (cpu::forward, cpu::backward) } else { (reference::forward, reference::backward) };
    #[cfg(device_kernels)]
    let (forward, backward): (Forward, Backward) =
        if crate::device::takes(&value) { (cuda::forward, cuda::backward) } else { (forward, backward) };
    let y = forward(&value, window, out)?;
    let shape = value.shape().clone();
    Ok(tape.record(Op::arrays("avg_pool2d", value.elem_count(), 1, 1), y, x_bhwc.wants_grad(), || {
        let x = x_bhwc.target();
        move |dy, grads| grads.add(x, backward(dy, &shape, window, out)?)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients, constant};
    use candle_core::Device;

    #[test]
    fn gradients() {
        for (shape, kernel, stride, padding) in [
            ([1, 1, 1, 1], 1, 1, 0),
            ([2, 7, 9, 3], 2, 2, 0),
            ([2, 9, 8, 3], 3, 2, 1),
            ([1, 17, 5, 2], 3, 1, 1),
            ([3, 4, 4, 33], 4, 4, 2),
            ([2, 5, 5, 1], 2, 3, 0),
            ([0, 4, 4, 2], 2, 2, 0),
            ([2, 4, 4, 0], 2, 2, 0),
        ] {
            let args = Pool2d::square(kernel, stride, padding);
            check_gradients("avg_pool2d", Reduction, Case::new().var(&shape), |tape, v, _| avg_pool2d(tape, &v[0], args));
        }
        for (kernel, stride, padding) in [([3, 2], [1, 2], [1, 0]), ([1, 4], [2, 3], [0, 2]), ([5, 1], [7, 1], [2, 0])] {
            let args = Pool2d { kernel, stride, padding };
            let case = Case::new().var(&[2, 9, 7, 3]);
            check_gradients("avg_pool2d", Reduction, case, |tape, v, _| avg_pool2d(tape, &v[0], args));
        }
    }

    #[test]
    fn padding_counts_as_zeros() -> Result<()> {
        let x = Tensor::new(&[[[[4f32], [8.]], [[12.], [16.]]]], &Device::Cpu)?;
        let y = avg_pool2d(&Tape::inference(), &Var::constant(x), Pool2d::square(2, 2, 1))?;
        assert_eq!(y.tensor().flatten_all()?.to_vec1::<f32>()?, [1., 2., 3., 4.]);
        Ok(())
    }

    #[test]
    fn arguments_are_checked() {
        let pool = |kernel, stride, padding| {
            avg_pool2d(&Tape::inference(), &constant(&[1, 2, 2, 1]), Pool2d::square(kernel, stride, padding))
                .unwrap_err()
                .to_string()
        };
        assert_eq!(pool(3, 1, 0), "avg_pool2d: input: expected an image [B, H, W, C] that a 3x3 window fits, found [1, 2, 2, 1]");
        assert!(pool(2, 1, 2).contains("at most half"));
    }
}
