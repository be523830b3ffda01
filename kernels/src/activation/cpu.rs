//! The float32 CPU version: one pass over memory.

use super::Kind;
use crate::simd::{self, vectorised};
use crate::{Result, blocks, slice};
use candle_core::Tensor;

/// `2 sqrt(2 / pi)` and that times `0.044715`.
const SLOPE: f32 = 1.595_769;
const CUBIC: f32 = 0.071_354_82;

pub(super) fn forward(kind: Kind, x: &Tensor) -> Result<Tensor> {
    let x = (slice::floats(x)?, x.dims());
    let f = match kind {
        Kind::Relu => relu,
        Kind::Gelu => gelu,
        Kind::GeluTanh => gelu_tanh,
        Kind::Silu => silu,
        Kind::Tanh => tanh,
    };
    slice::fresh_tensor(x.1, |y| blocks::map(&x.0, y, f))
}

/// `dx`; `saved` is the output of relu and tanh, the input of the others.
pub(super) fn backward(kind: Kind, dy: &Tensor, saved: &Tensor) -> Result<Tensor> {
    let (dys, saved) = (slice::floats(dy)?, slice::floats(saved)?);
    let f = match kind {
        Kind::Relu => relu_backward,
        Kind::Gelu => gelu_backward,
        Kind::GeluTanh => gelu_tanh_backward,
        Kind::Silu => silu_backward,
        Kind::Tanh => tanh_backward,
    };
    slice::fresh_tensor(dy.dims(), |dx| blocks::map2(&dys, &saved, dx, f))
}

#[inline(always)]
fn map(x: &[f32], y: &mut [f32], f: impl Fn(f32) -> f32) {
    y.iter_mut().zip(x).for_each(|(y, &x)| *y = f(x));
}

#[inline(always)]
fn map2(dy: &[f32], saved: &[f32], dx: &mut [f32], f: impl Fn(f32) -> f32) {
    dx.iter_mut().zip(dy).zip(saved).for_each(|((dx, &dy), &saved)| *dx = dy * f(saved));
}

/// `s(2u)` and `d(2u)/dx`.
#[inline(always)]
fn gate(x: f32) -> (f32, f32) {
    let square = x * x;
    let twice_u = x * square.mul_add(CUBIC, SLOPE);
    (simd::logistic(twice_u), square.mul_add(3.0 * CUBIC, SLOPE))
}

vectorised! {
    fn relu(x: &[f32], y: &mut [f32]) {
        map(x, y, |x| if x < 0.0 { 0.0 } else { x }) // NaN stays
    }

    fn relu_backward(dy: &[f32], y: &[f32], dx: &mut [f32]) {
        dx.iter_mut().zip(dy).zip(y).for_each(|((dx, &dy), &y)| *dx = if y > 0.0 { dy } else { 0.0 });
    }

    fn gelu(x: &[f32], y: &mut [f32]) {
        map(x, y, |x| x * simd::normal(x).0)
    }

    fn gelu_backward(dy: &[f32], x: &[f32], dx: &mut [f32]) {
        map2(dy, x, dx, |x| {
            let (distribution, density) = simd::normal(x);
            x.mul_add(density, distribution)
        })
    }

    fn gelu_tanh(x: &[f32], y: &mut [f32]) {
        map(x, y, |x| x * gate(x).0)
    }

    fn gelu_tanh_backward(dy: &[f32], x: &[f32], dx: &mut [f32]) {
        map2(dy, x, dx, |x| {
            let (s, slope) = gate(x);
            (x * slope * s).mul_add(1.0 - s, s)
        })
    }

    fn silu(x: &[f32], y: &mut [f32]) {
        map(x, y, |x| x * simd::logistic(x))
    }

    fn silu_backward(dy: &[f32], x: &[f32], dx: &mut [f32]) {
        map2(dy, x, dx, |x| {
            let s = simd::logistic(x);
            s * x.mul_add(1.0 - s, 1.0)
        })
    }

    fn tanh(x: &[f32], y: &mut [f32]) {
        map(x, y, simd::tanh)
    }

    fn tanh_backward(dy: &[f32], y: &[f32], dx: &mut [f32]) {
        map2(dy, y, dx, |y| 1.0 - y * y)
    }
}
