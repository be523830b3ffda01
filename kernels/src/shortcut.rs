//! The shortcut without parameters of CIFAR ResNets (He et al., 1512.03385, option A): subsample, pad channels with zeros.

use crate::{Error, Result, Tape, Var, slice};
use candle_core::Tensor;

/// Every `stride`-th pixel; `out - C` zero channels, half of them before and half behind.
/// `[B, C, H, W]` -> `[B, out, ceil(H / stride), ceil(W / stride)]`.
///
/// # Errors
/// Fewer output channels than input channels, an odd difference, or stride 0.
pub fn shortcut_pad(tape: &Tape, x_bchw: &Var, stride: usize, out_channels: usize) -> Result<Var> {
    let &[batch, channels, h, w] = x_bchw.dims() else {
        return Err(Error::shape("shortcut_pad", "input", "[B, C, H, W]", x_bchw.dims()));
    };
    if stride == 0 || out_channels < channels || !(out_channels - channels).is_multiple_of(2) {
        let message = format!("cannot pad {channels} channels evenly to {out_channels} with stride {stride}");
        return Err(Error::Argument { op: "shortcut_pad", message });
    }
    let (oh, ow, before) = (h.div_ceil(stride), w.div_ceil(stride), (out_channels - channels) / 2);
    // Calls `pair(small, large)` for each element of the result that comes from the input.
    let each = move |pair: &mut dyn FnMut(usize, usize)| {
        for (b, c) in (0..batch).flat_map(|b| (0..channels).map(move |c| (b, c))) {
            for (y, x) in (0..oh).flat_map(|y| (0..ow).map(move |x| (y, x))) {
                let small = ((b * out_channels + before + c) * oh + y) * ow + x;
                pair(small, ((b * channels + c) * h + y * stride) * w + x * stride);
            }
        }
    };
    let value = x_bchw.tensor().contiguous()?;
    let mut y = vec![0f32; batch * out_channels * oh * ow];
    {
        let x = slice::floats(&value)?;
        each(&mut |small, large| y[small] = x[large]);
    }
    let y = Tensor::from_vec(y, (batch, out_channels, oh, ow), value.device())?;
    Ok(tape.record(y, x_bchw.wants_grad(), || {
        let x = x_bchw.clone();
        move |dy, grads| {
            let mut dx = vec![0f32; batch * channels * h * w];
            {
                let dy = slice::floats(dy)?;
                each(&mut |small, large| dx[large] = dy[small]);
            }
            grads.add(&x, Tensor::from_vec(dx, x.dims(), x.tensor().device())?)
        }
    }))
}
