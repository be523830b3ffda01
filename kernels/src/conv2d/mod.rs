//! Convolution over images (cross-correlation, as PyTorch's):
//! `y[b, o, i, j] = bias[o] + sum over c, u, v of w[o, c, u, v] x[b, c, i s + u d - p, j s + v d - p]`.
//!
//! Backward: `dx` sums `w dy` over the windows that saw a place, `dw` sums `x dy` over images and places, `db` sums `dy`.
//!
//! Images lie as `[B, H, W, C]`, the channels of a place side by side: so a place's channels are a row of a matrix product, and
//! what a window sees in one line of the image is one run of memory. Filters keep the public `[O, C / groups, KH, KW]`.
//!
//! Shape letters: B batch, C channels in, O channels out, H and W height and width.

mod cpu;
#[cfg(device_kernels)]
mod cuda;
pub(crate) mod depthwise;
mod reference;
mod tile;
mod transforms;
mod vector;
mod walk;
mod winograd;

use crate::window::Window;
use crate::{Error, Inputs, Op, Param, Result, Tape, Var, blocks, slice};
use candle_core::Tensor;

/// How [`conv2d`] moves over the image, along height and width. The default is stride 1, no padding, one group, dilation 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2d {
    pub stride: [usize; 2],
    /// Zeros around the image: above and below, left and right.
    pub padding: [usize; 2],
    /// Channels are split into so many groups, each with its own filters.
    pub groups: usize,
    pub dilation: [usize; 2],
}

impl Conv2d {
    /// The same stride and padding along height and width, one group, dilation 1.
    pub const fn square(stride: usize, padding: usize) -> Self {
        Conv2d { stride: [stride; 2], padding: [padding; 2], groups: 1, dilation: [1; 2] }
    }
}

impl Default for Conv2d {
    fn default() -> Self {
        Conv2d::square(1, 0)
    }
}

/// The sizes of one convolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) window: Window,
    pub(crate) batch: usize,
    pub(crate) groups: usize,
    /// Channels in and out of one group.
    pub(crate) channels: [usize; 2],
    pub(crate) image: [usize; 2],
    pub(crate) out: [usize; 2],
}

impl Plan {
    /// The input's shape.
    pub(crate) fn input(&self) -> (usize, usize, usize, usize) {
        (self.batch, self.image[0], self.image[1], self.groups * self.channels[0])
    }

    /// The output's shape.
    pub(crate) fn output(&self) -> (usize, usize, usize, usize) {
        (self.batch, self.out[0], self.out[1], self.groups * self.channels[1])
    }

    /// Places of the window.
    pub(crate) fn taps(&self) -> usize {
        self.window.kernel[0] * self.window.kernel[1]
    }

    fn is_depthwise(&self) -> bool {
        self.channels == [1, 1] && self.groups > 1
    }
}

/// `x_bhwc`: `[B, H, W, C]`, `w_oihw`: `[O, C / groups, KH, KW]`, `b`: `[O]`; returns `[B, H', W', O]` with
/// `H' = (H + 2 padding - dilation (KH - 1) - 1) / stride + 1`, and so for the width.
///
/// # Errors
/// The shapes do not fit each other or the groups; the window does not fit the image; stride, dilation or groups is 0.
pub fn conv2d(tape: &Tape, x_bhwc: &Var, w_oihw: &Param, b: Option<&Param>, args: Conv2d) -> Result<Var> {
    let (x, w) = (x_bhwc, w_oihw);
    let plan = plan(x, w, b, args)?;
    let value = x.tensor().contiguous()?;
    let fast = slice::is_fast(&value);
    let (forward, backward): (Forward, Backward) =
        if fast { (cpu::forward, cpu::backward) } else { (reference::forward, reference::backward) };
    let sum: Sum = bias_gradient;
    #[cfg(device_kernels)]
    let on_device = crate::device::takes(&value) && cuda::fits(&plan);
    #[cfg(device_kernels)]
    let sum: Sum = if on_device { crate::columns::sum } else { sum };
    #[cfg(device_kernels)]
    let (forward, backward): (Forward, Backward) = if on_device { (cuda::forward, cuda::backward) } else { (forward, backward) };
    let y = forward(&plan, &value, w.tensor(), b.map(Param::tensor))?;
    let flops = 2.0 * y.elem_count() as f64 * (w.len() / w.tensor().dims()[0].max(1)) as f64;
    let elements = value.elem_count() + y.elem_count() + w.len();
    let op = Op::product("conv2d", flops, elements, f64::from(u8::from(x.wants_grad()) + u8::from(w.is_trainable())));
    let wanted = Inputs::of(x.wants_grad(), [Some(w), b]);
    Ok(tape.record(op, y, wanted, || {
        let (x, w, b) = (x.target(), w.clone(), b.cloned().filter(Param::is_trainable));
        // The input is needed for the filter's gradient alone.
        let saved = w.is_trainable().then_some(value);
        move |dy, grads| {
            let (dx, dw) = backward(&plan, dy, saved.as_ref(), w.tensor(), x.wants_grad())?;
            if let Some(dx) = dx {
                grads.add(x, dx)?;
            }
            if let Some(dw) = dw {
                grads.add_param(&w, dw)?;
            }
            match &b {
                Some(b) => grads.add_param(b, sum(dy, b.len())?),
                None => Ok(()),
            }
        }
    }))
}

/// `y` of the input, the filters and the bias.
type Forward = fn(&Plan, &Tensor, &Tensor, Option<&Tensor>) -> Result<Tensor>;
/// `dx` if wanted and `dw` if the input is given, of `dy`, the input, the filters.
type Backward = fn(&Plan, &Tensor, Option<&Tensor>, &Tensor, bool) -> Result<(Option<Tensor>, Option<Tensor>)>;

/// Of `dy` over images and places, for that many channels.
type Sum = fn(&Tensor, usize) -> Result<Tensor>;

/// The sum of `dy` over images and places, for that many channels.
fn bias_gradient(dy: &Tensor, channels: usize) -> Result<Tensor> {
    if !slice::is_fast(dy) {
        return Ok(dy.flatten_to(2)?.sum(0)?);
    }
    let mut sum = vec![0f32; channels];
    blocks::add_column_sums(&slice::floats(dy)?, &mut sum);
    Ok(Tensor::from_vec(sum, channels, dy.device())?)
}

fn plan(x: &Var, w: &Param, b: Option<&Param>, args: Conv2d) -> Result<Plan> {
    let Conv2d { stride, padding, groups, dilation } = args;
    if stride.contains(&0) || groups == 0 || dilation.contains(&0) {
        let message = format!("stride, groups and dilation must be at least 1, found {args:?}");
        return Err(Error::Argument { op: "conv2d", message });
    }
    let &[outs, per_group, height, width] = w.tensor().dims() else {
        return Err(Error::shape("conv2d", format!("filter `{}`", w.name()), "[O, C / groups, KH, KW]", w.tensor().dims()));
    };
    if outs % groups != 0 {
        let expected = format!("[a multiple of {groups} groups, C / groups, KH, KW]");
        return Err(Error::shape("conv2d", format!("filter `{}`", w.name()), expected, w.tensor().dims()));
    }
    let what = || format!("input of `{}`", w.name());
    let batch = match *x.dims() {
        [batch, _, _, channels] if channels == per_group * groups => batch,
        _ => return Err(Error::shape("conv2d", what(), format!("[B, H, W, C = {}]", per_group * groups), x.dims())),
    };
    if let Some(b) = b.filter(|b| b.tensor().dims() != [outs]) {
        return Err(Error::shape("conv2d", format!("bias `{}`", b.name()), format!("[O = {outs}]"), b.tensor().dims()));
    }
    let window = Window { kernel: [height, width], stride, padding, dilation };
    let image = [x.dims()[1], x.dims()[2]];
    let out = window.output(image).ok_or_else(|| {
        Error::shape("conv2d", what(), format!("an image that a {height}x{width} window fits, {args:?}"), x.dims())
    })?;
    Ok(Plan { window, batch, groups, channels: [per_group, outs / groups], image, out })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Product, check_gradients, constant};
    use candle_core::DType;
    use proptest::prelude::*;

    #[test]
    fn gradients() {
        let with =
            |stride, padding, groups, dilation| Conv2d { groups, dilation: [dilation; 2], ..Conv2d::square(stride, padding) };
        let sides = |stride, padding, groups, dilation| Conv2d { stride, padding, groups, dilation };
        for (x, w, args) in [
            ([1, 1, 1, 1], [1, 1, 1, 1], with(1, 0, 1, 1)),
            ([2, 7, 5, 3], [4, 3, 3, 3], with(1, 1, 1, 1)),
            ([3, 9, 8, 3], [5, 3, 3, 3], with(2, 1, 1, 1)),
            ([2, 17, 17, 3], [2, 3, 7, 7], with(2, 3, 1, 1)),
            ([2, 6, 6, 4], [6, 2, 3, 1], with(1, 1, 2, 1)),
            ([2, 9, 9, 3], [3, 1, 3, 3], with(1, 2, 3, 2)),
            ([3, 4, 4, 7], [3, 7, 1, 1], with(1, 0, 1, 1)),
            ([3, 5, 4, 7], [3, 7, 1, 1], with(2, 0, 1, 1)),
            ([33, 4, 4, 2], [3, 2, 3, 3], with(1, 1, 1, 1)),
            ([1, 18, 17, 2], [3, 2, 3, 3], with(1, 1, 1, 1)),
            ([0, 4, 4, 2], [3, 2, 3, 3], with(1, 1, 1, 1)),
            ([2, 4, 4, 0], [3, 0, 3, 3], with(1, 1, 1, 1)),
            ([2, 4, 4, 2], [0, 2, 3, 3], with(1, 1, 1, 1)),
            ([2, 4, 4, 0], [0, 0, 3, 3], with(1, 1, 2, 1)),
            ([2, 5, 6, 35], [37, 35, 3, 3], with(1, 1, 1, 1)),
            ([2, 9, 6, 32], [16, 32, 3, 3], with(1, 1, 1, 1)),
            ([30, 12, 13, 16], [48, 16, 3, 3], with(1, 0, 1, 1)),
            ([1, 6, 7, 16], [16, 16, 3, 3], with(1, 2, 1, 1)),
            ([2, 5, 7, 6], [6, 1, 3, 3], with(2, 1, 6, 1)),
            ([2, 6, 5, 5], [5, 1, 3, 3], with(1, 2, 5, 2)),
            ([1, 7, 7, 4], [6, 2, 2, 3], with(3, 2, 2, 2)),
            ([2, 4, 4, 2], [3, 2, 1, 1], with(3, 1, 1, 1)),
            // Along height and width each its own: plain, grouped, depthwise, pointwise, tiles, a line, a stride beyond the image.
            ([2, 9, 8, 3], [5, 3, 3, 2], sides([2, 1], [1, 0], 1, [1, 3])),
            ([2, 9, 8, 3], [5, 3, 2, 3], sides([1, 3], [0, 2], 1, [2, 1])),
            ([1, 7, 10, 4], [6, 2, 3, 3], sides([3, 2], [1, 2], 2, [1, 2])),
            ([2, 8, 7, 5], [5, 1, 3, 5], sides([1, 2], [1, 2], 5, [2, 1])),
            ([2, 6, 7, 3], [4, 3, 1, 1], sides([2, 3], [0, 1], 1, [1, 1])),
            ([2, 9, 6, 16], [16, 16, 3, 3], sides([1, 1], [0, 2], 1, [1, 1])),
            ([2, 9, 7, 16], [16, 16, 3, 3], sides([1, 2], [1, 1], 1, [1, 1])),
            ([2, 9, 7, 16], [16, 16, 3, 3], sides([1, 1], [1, 2], 1, [1, 2])),
            ([2, 1, 33, 6], [7, 6, 1, 5], sides([1, 2], [0, 2], 1, [1, 1])),
            ([1, 5, 5, 2], [3, 2, 2, 2], sides([1, 1000], [0, 1], 1, [1, 1])),
        ] {
            let case = Case::new().var(&x).param("w", &w);
            check_gradients(&format!("conv2d {args:?}"), Product, case.clone(), |tape, v, p| {
                conv2d(tape, &v[0], &p[0], None, args)
            });
            check_gradients(&format!("conv2d {args:?}"), Product, case.param("b", &[w[0]]), |tape, v, p| {
                conv2d(tape, &v[0], &p[0], Some(&p[1]), args)
            });
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        /// The plain and the fast version against Candle's own convolution.
        #[test]
        fn equals_candle(batch in 1usize..6, size in 3usize..12, channels in 1usize..4, outs in 1usize..4, kernel in 1usize..4,
                         stride in 1usize..3, padding in 0usize..3, groups in 1usize..3) {
            let args = Conv2d { groups, ..Conv2d::square(stride, padding) };
            let case = Case::new().param("w", &[outs * groups, channels, kernel, kernel]);
            let (p, _) = case.params(DType::F32).unwrap();
            let x = constant(&[batch, size, size, channels * groups]);
            let y = conv2d(&Tape::inference(), &x, &p[0], None, args).unwrap();
            let first = x.tensor().permute((0, 3, 1, 2)).unwrap().contiguous().unwrap();
            let expected = first.conv2d(p[0].tensor(), padding, stride, 1, groups).unwrap().permute((0, 2, 3, 1)).unwrap();
            let error = (y.tensor() - expected).unwrap().abs().unwrap().flatten_all().unwrap().max(0).unwrap();
            prop_assert!(error.to_scalar::<f32>().unwrap() < 1e-4);
        }
    }

    #[test]
    fn shapes_are_checked() {
        let (p, _) = Case::new().param("w", &[3, 2, 3, 3]).param("b", &[2]).params(DType::F32).unwrap();
        let message = |x: &[usize], b, args| conv2d(&Tape::inference(), &constant(x), &p[0], b, args).unwrap_err().to_string();
        let default = Conv2d::default();
        assert_eq!(message(&[1, 4, 4, 3], None, default), "conv2d: input of `w`: expected [B, H, W, C = 2], found [1, 4, 4, 3]");
        assert!(message(&[1, 2, 4, 2], None, default).contains("a 3x3 window fits"));
        assert!(message(&[1, 4, 4, 2], Some(&p[1]), default).contains("bias `b`"));
        assert!(message(&[1, 4, 4, 4], None, Conv2d { groups: 2, ..default }).contains("multiple of 2 groups"));
        assert!(message(&[1, 4, 4, 2], None, Conv2d { stride: [1, 0], ..default }).contains("at least 1"));
    }
}
