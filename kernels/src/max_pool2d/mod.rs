//! Maximum over a sliding window. The padding counts as minus infinity; of equal elements the first is taken, row by row.
//!
//! Backward: `dy` goes to the element that was taken.

mod cpu;
#[cfg(device_kernels)]
mod cuda;
mod reference;

use crate::window::Window;
use crate::{Error, Op, Result, Tape, Var, slice};

/// A window for pooling, along height and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool2d {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    /// At most half of the kernel.
    pub padding: [usize; 2],
}

impl Pool2d {
    /// The same along height and width.
    pub const fn square(kernel: usize, stride: usize, padding: usize) -> Self {
        Pool2d { kernel: [kernel; 2], stride: [stride; 2], padding: [padding; 2] }
    }
}

/// `x_bhwc`: `[B, H, W, C]`; returns `[B, H', W', C]` with `H' = (H + 2 padding - kernel) / stride + 1`.
///
/// # Errors
/// The window does not fit, the padding is more than half of it, or kernel or stride is 0.
pub fn max_pool2d(tape: &Tape, x_bhwc: &Var, args: Pool2d) -> Result<Var> {
    let (window, out) = pooled("max_pool2d", x_bhwc, args)?;
    let value = x_bhwc.tensor().contiguous()?;
    let op = Op::arrays("max_pool2d", value.elem_count(), 1, 1);
    #[cfg(device_kernels)]
    if crate::device::takes(&value) {
        let (y, taken) = cuda::forward(&value, window, out)?;
        let shape = value.shape().clone();
        return Ok(tape.record(op, y, x_bhwc.wants_grad(), || {
            let x = x_bhwc.target();
            move |dy, grads| grads.add(x, cuda::backward(dy, &taken, &shape, window, out)?)
        }));
    }
    if slice::is_fast(&value) {
        let (y, taken) = cpu::forward(&value, window, out)?;
        let shape = value.shape().clone();
        return Ok(tape.record(op, y, x_bhwc.wants_grad(), || {
            let x = x_bhwc.target();
            move |dy, grads| grads.add(x, cpu::backward(dy, &taken, &shape)?)
        }));
    }
    let y = reference::forward(&value, window, out)?;
    Ok(tape.record(op, y.clone(), x_bhwc.wants_grad(), || {
        let x = x_bhwc.target();
        move |dy, grads| grads.add(x, reference::backward(dy, &value, &y, window, out)?)
    }))
}

/// The window, and height and width of the output.
pub(crate) fn pooled(op: &'static str, x_bhwc: &Var, args: Pool2d) -> Result<(Window, [usize; 2])> {
    let Pool2d { kernel, stride, padding } = args;
    let &[_, height, width, _] = x_bhwc.dims() else {
        return Err(Error::shape(op, "input", "[B, H, W, C]", x_bhwc.dims()));
    };
    if kernel.contains(&0) || stride.contains(&0) || (0..2).any(|axis| padding[axis] > kernel[axis] / 2) {
        let message = format!("kernel and stride must be at least 1 and the padding at most half of the kernel, found {args:?}");
        return Err(Error::Argument { op, message });
    }
    let window = Window { kernel, stride, padding, dilation: [1; 2] };
    let out = window.output([height, width]).filter(|_| height > 0 && width > 0).ok_or_else(|| {
        Error::shape(op, "input", format!("an image [B, H, W, C] that a {}x{} window fits", kernel[0], kernel[1]), x_bhwc.dims())
    })?;
    Ok((window, out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Elementwise, check_gradients, constant};
    use candle_core::{DType, Device, Tensor};

    #[test]
    fn gradients() {
        for (shape, kernel, stride, padding) in [
            ([1, 1, 1, 1], 1, 1, 0),
            ([2, 7, 9, 3], 2, 2, 0),
            ([2, 9, 8, 3], 3, 2, 1),
            ([1, 17, 5, 2], 3, 1, 1),
            ([3, 4, 4, 33], 4, 4, 2),
            ([2, 4, 4, 0], 2, 2, 0),
        ] {
            let args = Pool2d::square(kernel, stride, padding);
            check_gradients("max_pool2d", Elementwise, Case::new().var(&shape), |tape, v, _| max_pool2d(tape, &v[0], args));
        }
        for (kernel, stride, padding) in [([3, 2], [1, 2], [1, 0]), ([1, 4], [2, 3], [0, 2]), ([5, 1], [7, 1], [2, 0])] {
            let args = Pool2d { kernel, stride, padding };
            let case = Case::new().var(&[2, 9, 7, 3]);
            check_gradients("max_pool2d", Elementwise, case, |tape, v, _| max_pool2d(tape, &v[0], args));
        }
    }

    #[test]
    fn first_of_equals_is_taken() -> Result<()> {
        for dtype in [DType::F32, DType::F64] {
            let x = Tensor::new(&[[[[-1f64], [-1.]], [[-1.], [-2.]]]], &Device::Cpu)?.to_dtype(dtype)?;
            let tape = Tape::training(crate::Stream::root(0));
            let x = tape.leaf(x);
            let y = max_pool2d(&tape, &x, Pool2d::square(2, 2, 1))?;
            let y = max_pool2d(&tape, &y, Pool2d::square(2, 1, 0))?;
            let grads = tape.backward_to(&y, &mut crate::Gradients::new(&crate::ParamStore::default()), &[&x])?;
            let grad = grads[0].as_ref().unwrap().to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?;
            assert_eq!(grad, [1., 0., 0., 0.], "{dtype:?}");
        }
        Ok(())
    }

    #[test]
    fn arguments_are_checked() {
        let message = |shape: &[usize], kernel, stride, padding| {
            max_pool2d(&Tape::inference(), &constant(shape), Pool2d::square(kernel, stride, padding)).unwrap_err().to_string()
        };
        assert!(message(&[1, 2, 2, 1], 3, 1, 0).contains("3x3 window fits"));
        assert!(message(&[1, 2, 2, 1], 2, 1, 2).contains("at most half"));
        assert!(message(&[1, 2, 2, 1], 2, 0, 0).contains("at least 1"));
        assert!(message(&[1, 2, 2], 1, 1, 0).contains("[B, H, W, C]"));
        assert!(message(&[1, 2, 2, 1], 2, 1, usize::MAX).contains("at most half"));
    }
}
