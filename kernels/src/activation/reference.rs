//! The plain version, in Candle operations: any device, any float type.

use super::Kind;
use crate::Result;
use candle_core::Tensor;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI, TAU};

const CUBIC: f64 = 0.044715;

pub(super) fn forward(kind: Kind, x: &Tensor) -> Result<Tensor> {
    Ok(match kind {
        Kind::Relu => x.relu()?,
        Kind::Gelu => (x * distribution(x)?)?,
        Kind::GeluTanh => (x * gate(x)?)?,
        Kind::Silu => (x * logistic(x)?)?,
        Kind::Tanh => x.tanh()?,
    })
}

/// `dx`; `saved` is the output of relu and tanh, the input of the others.
pub(super) fn backward(kind: Kind, dy: &Tensor, saved: &Tensor) -> Result<Tensor> {
    let derivative = match kind {
        Kind::Relu => saved.gt(0.0)?.to_dtype(saved.dtype())?,
        Kind::Gelu => {
            let density = ((saved.sqr()? * -0.5)?.exp()? / TAU.sqrt())?;
            (distribution(saved)? + (saved * density)?)?
        }
        Kind::GeluTanh => {
            let s = gate(saved)?;
            let slope = ((saved.sqr()? * (6.0 * CUBIC * FRAC_2_PI.sqrt()))? + 2.0 * FRAC_2_PI.sqrt())?; // d(2u)/dx
            (&s + ((saved * slope)? * (&s - s.sqr()?)?)?)?
        }
        Kind::Silu => {
            let s = logistic(saved)?;
            (&s * ((saved * s.affine(-1.0, 1.0)?)? + 1.0)?)?
        }
        Kind::Tanh => saved.sqr()?.affine(-1.0, 1.0)?,
    };
    Ok((dy * derivative)?)
}

/// `P(X <= x)` of a standard normal.
fn distribution(x: &Tensor) -> Result<Tensor> {
    Ok((x * FRAC_1_SQRT_2)?.erf()?.affine(0.5, 0.5)?)
}

/// `(1 + tanh(u)) / 2`.
fn gate(x: &Tensor) -> Result<Tensor> {
    let u = ((x + (x.powf(3.0)? * CUBIC)?)? * FRAC_2_PI.sqrt())?;
    Ok(u.tanh()?.affine(0.5, 0.5)?)
}

/// `1 / (1 + e^-x)`.
fn logistic(x: &Tensor) -> Result<Tensor> {
    Ok((x.neg()?.exp()? + 1.0)?.recip()?)
}
