//! Operations on each element by itself, and sums of activations.

use crate::simd::{self, vectorised};
use crate::{Error, Result, Tape, Var, slice};
use candle_core::Tensor;
use rayon::prelude::*;

/// Elements a task.
const BLOCK: usize = 1 << 14;

/// `a + b`; `b` has the shape of `a`, or of its last dimensions and is added to each of the leading ones.
///
/// # Errors
/// The shapes do not fit.
pub fn add(tape: &Tape, a: &Var, b: &Var) -> Result<Var> {
    let (a_dims, b_dims) = (a.dims().to_vec(), b.dims().to_vec());
    if !a_dims.ends_with(&b_dims) {
        return Err(Error::shape("add", "second operand", format!("{a_dims:?} or its last dimensions"), &b_dims));
    }
    let (a_value, b_value) = (a.tensor().contiguous()?, b.tensor().contiguous()?);
    let y = {
        let (x, z) = (slice::floats(&a_value)?, slice::floats(&b_value)?);
        let (x, z): (&[f32], &[f32]) = (&x, &z);
        let size = z.len().max(1);
        slice::fresh_tensor(a_dims.as_slice(), |y| {
            y.chunks_mut(size).zip(x.chunks(size)).for_each(|(y, x)| {
                y.par_chunks_mut(BLOCK).zip(x.par_chunks(BLOCK)).zip(z.par_chunks(BLOCK)).for_each(|((y, x), z)| sum_into(y, x, z));
            });
        })?
    };
    Ok(tape.record(y, a.wants_grad() || b.wants_grad(), || {
        let (a, b) = (a.clone(), b.clone());
        move |dy, grads| {
            if b.wants_grad() && a_dims != b_dims {
                let dy = slice::floats(dy)?;
                let mut db = vec![0f32; b_dims.iter().product()];
                let size = db.len().max(1);
                dy.chunks(size).for_each(|part| simd::add_assign(&mut db, part));
                grads.add(&b, Tensor::from_vec(db, b_dims.as_slice(), b.tensor().device())?)?;
            } else {
                grads.add_shared(&b, dy)?;
            }
            grads.add_shared(&a, dy)
        }
    }))
}

/// `max(x, 0)`.
pub fn relu(tape: &Tape, x: &Var) -> Result<Var> {
    // The output tells where the gradient passes, so the input need not be kept.
    unary(tape, x, relu_into, Saved::Output, relu_grad)
}

/// `x P(X <= x)` of a standard normal `X` (Hendrycks and Gimpel, 1606.08415): the exact form, "gelu" in public configs.
pub fn gelu(tape: &Tape, x: &Var) -> Result<Var> {
    unary(tape, x, gelu_into, Saved::Input, gelu_grad)
}

/// `0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))`: the approximation of 1606.08415, "gelu_new" in public configs.
pub fn gelu_tanh(tape: &Tape, x: &Var) -> Result<Var> {
    unary(tape, x, gelu_tanh_into, Saved::Input, gelu_tanh_grad)
}

/// Hyperbolic tangent.
pub fn tanh(tape: &Tape, x: &Var) -> Result<Var> {
    unary(tape, x, tanh_into, Saved::Output, tanh_grad)
}

/// Which value the backward formula takes.
#[derive(Clone, Copy)]
enum Saved {
    Input,
    Output,
}

type Forward = fn(&mut [f32], &[f32]);
/// `(dx, dy, saved)`.
type Grad = fn(&mut [f32], &[f32], &[f32]);

fn unary(tape: &Tape, x: &Var, forward: Forward, saved: Saved, grad: Grad) -> Result<Var> {
    let value = x.tensor().contiguous()?;
    let y = {
        let xs = slice::floats(&value)?;
        let xs: &[f32] = &xs;
        slice::fresh_tensor(x.dims(), |y| y.par_chunks_mut(BLOCK).zip(xs.par_chunks(BLOCK)).for_each(|(y, x)| forward(y, x)))?
    };
    let kept = match saved {
        Saved::Input => value,
        Saved::Output => y.clone(),
    };
    Ok(tape.record(y, x.wants_grad(), || {
        let x = x.clone();
        move |dy, grads| {
            let dx = {
                let (dy, kept) = (slice::floats(dy)?, slice::floats(&kept)?);
                let (dy, kept): (&[f32], &[f32]) = (&dy, &kept);
                slice::fresh_tensor(x.dims(), |dx| {
                    let blocks = dx.par_chunks_mut(BLOCK).zip(dy.par_chunks(BLOCK)).zip(kept.par_chunks(BLOCK));
                    blocks.for_each(|((dx, dy), kept)| grad(dx, dy, kept));
                })?
            };
            grads.add(&x, dx)
        }
    }))
}

const SQRT_2_OVER_PI: f32 = 0.797_884_56;
const CUBIC: f32 = 0.044_715;

vectorised! {
    fn sum_into(y: &mut [f32], a: &[f32], b: &[f32]) {
        y.iter_mut().zip(a).zip(b).for_each(|((y, a), b)| *y = a + b);
    }
    fn relu_into(y: &mut [f32], x: &[f32]) {
        // Written so that NaN stays NaN.
        y.iter_mut().zip(x).for_each(|(y, &x)| *y = if x < 0.0 { 0.0 } else { x });
    }
    fn relu_grad(dx: &mut [f32], dy: &[f32], y: &[f32]) {
        dx.iter_mut().zip(dy).zip(y).for_each(|((dx, &dy), &y)| *dx = if y > 0.0 { dy } else { 0.0 });
    }
    fn gelu_into(y: &mut [f32], x: &[f32]) {
        y.iter_mut().zip(x).for_each(|(y, &x)| *y = x * simd::normal(x).0);
    }
    fn gelu_grad(dx: &mut [f32], dy: &[f32], x: &[f32]) {
        dx.iter_mut().zip(dy).zip(x).for_each(|((dx, &dy), &x)| {
            let (cdf, pdf) = simd::normal(x);
            *dx = dy * x.mul_add(pdf, cdf);
        });
    }
    fn gelu_tanh_into(y: &mut [f32], x: &[f32]) {
        y.iter_mut().zip(x).for_each(|(y, &x)| {
            let t = simd::tanh(SQRT_2_OVER_PI * (CUBIC * x * x).mul_add(x, x));
            *y = 0.5 * x * (1.0 + t);
        });
    }
    fn gelu_tanh_grad(dx: &mut [f32], dy: &[f32], x: &[f32]) {
        dx.iter_mut().zip(dy).zip(x).for_each(|((dx, &dy), &x)| {
            let t = simd::tanh(SQRT_2_OVER_PI * (CUBIC * x * x).mul_add(x, x));
            let inner = SQRT_2_OVER_PI * (3.0 * CUBIC * x).mul_add(x, 1.0);
            *dx = dy * (0.5 * x * (1.0 - t * t)).mul_add(inner, 0.5 * (1.0 + t));
        });
    }
    fn tanh_into(y: &mut [f32], x: &[f32]) {
        y.iter_mut().zip(x).for_each(|(y, &x)| *y = simd::tanh(x));
    }
    fn tanh_grad(dx: &mut [f32], dy: &[f32], y: &[f32]) {
        dx.iter_mut().zip(dy).zip(y).for_each(|((dx, &dy), &y)| *dx = dy * (1.0 - y * y));
    }
}
