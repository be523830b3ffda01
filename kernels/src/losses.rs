//! Losses over plain Candle operations, on any device: mean squared and absolute error, Huber's loss, binary cross entropy, Kullback-Leibler divergence.

use crate::{Error, Op, Result, Tape, Var};
use candle_core::{DType, Tensor};

/// The mean of `(x - target)^2`, a scalar. `target`: the shape of `x`. Backward: `dx = 2 (x - target) dloss / n`.
///
/// # Errors
/// The shapes differ, there is no element, or a target is not finite.
pub fn mse(tape: &Tape, x: &Var, target: &Tensor) -> Result<Var> {
    check("mse", x, target, "finite", f64::is_finite)?;
    let difference = (x.tensor() - target)?;
    let loss = difference.sqr()?.mean_all()?;
    let share = 2.0 / difference.elem_count() as f64;
    Ok(tape.record(Op::arrays("mse", difference.elem_count(), 2, 2), loss, x.wants_grad(), || {
        let x = x.target();
        move |dloss, grads| grads.add(x, (difference * share)?.broadcast_mul(dloss)?)
    }))
}

/// The mean of `|x - target|`, a scalar. `target`: the shape of `x`. Backward: `dx = sign(x - target) dloss / n`, 0 where both are equal.
///
/// # Errors
/// As [`mse`].
pub fn absolute_error(tape: &Tape, x: &Var, target: &Tensor) -> Result<Var> {
    check("absolute_error", x, target, "finite", f64::is_finite)?;
    let difference = (x.tensor() - target)?;
    let loss = difference.abs()?.mean_all()?;
    let share = 1.0 / difference.elem_count() as f64;
    Ok(tape.record(Op::arrays("absolute_error", difference.elem_count(), 2, 2), loss, x.wants_grad(), || {
        let x = x.target();
        move |dloss, grads| grads.add(x, (difference.sign()? * share)?.broadcast_mul(dloss)?)
    }))
}

/// The mean of `d^2 / 2` where `|d| <= delta` and of `delta (|d| - delta / 2)` elsewhere, `d = x - target` (Huber, Annals of Mathematical
/// Statistics 35, 1964), a scalar, as PyTorch's `HuberLoss`. `target`: the shape of `x`; `delta` above 0. Backward:
/// `dx = min(max(d, -delta), delta) dloss / n`.
///
/// # Errors
/// As [`mse`].
pub fn huber(tape: &Tape, x: &Var, target: &Tensor, delta: f64) -> Result<Var> {
    check("huber", x, target, "finite", f64::is_finite)?;
    let difference = (x.tensor() - target)?;
    // With `c` the clamped difference both cases are `c (d - c / 2)`.
    let clamped = difference.clamp(-delta, delta)?;
    let loss = (&clamped * (&difference - (&clamped * 0.5)?)?)?.mean_all()?;
    let share = 1.0 / difference.elem_count() as f64;
    Ok(tape.record(Op::arrays("huber", difference.elem_count(), 2, 4), loss, x.wants_grad(), || {
        let x = x.target();
        move |dloss, grads| grads.add(x, (clamped * share)?.broadcast_mul(dloss)?)
    }))
}

/// The mean of `-(w t log s(x) + (1 - t) log(1 - s(x)))`, `s` the logistic function, as PyTorch's `BCEWithLogitsLoss`.
///
/// Computed as `(1 - t) x + (1 + (w - 1) t) log(1 + e^-x)`, whose last factor is `log(1 + e^-|x|) + max(-x, 0)`, so that no score
/// overflows. `target`: the shape of `x`, in `[0, 1]`; `positive` (`w`) broadcasts to it, 1 if none.
/// Backward: `dx = (1 - t - (1 + (w - 1) t) s(-x)) dloss / n`.
///
/// # Errors
/// The shapes differ, there is no element, or a target is not in `[0, 1]`.
pub fn bce_with_logits(tape: &Tape, x: &Var, target: &Tensor, positive: Option<&Tensor>) -> Result<Var> {
    check("bce_with_logits", x, target, "in [0, 1]", |p| (0.0..=1.0).contains(&p))?;
    let z = x.tensor();
    let weight = match positive {
        Some(w) => (target.broadcast_mul(&(w - 1.0)?)? + 1.0)?,
        None => target.ones_like()?,
    };
    if weight.dims() != z.dims() {
        return Err(Error::shape("bce_with_logits", "positive weights", format!("broadcast to {:?}", z.dims()), weight.dims()));
    }
    let negative = target.affine(-1.0, 1.0)?;
    let small = z.abs()?.neg()?.exp()?; // e^-|x|
    let softplus = ((&small + 1.0)?.log()? + z.neg()?.relu()?)?;
    let loss = ((&negative * z)? + (&weight * softplus)?)?.mean_all()?;
    let share = 1.0 / z.elem_count() as f64;
    Ok(tape.record(Op::arrays("bce_with_logits", z.elem_count(), 2, 3), loss, x.wants_grad(), || {
        let (x, z) = (x.target(), z.clone());
        move |dloss, grads| {
            // s(-x) is e^-|x| / (1 + e^-|x|) for positive x and 1 / (1 + e^-|x|) for others.
            let numerator = z.gt(0.0)?.where_cond(&small, &small.ones_like()?)?;
            let dx = (negative - (weight * (numerator / (small + 1.0)?)?)?)?;
            grads.add(x, (dx * share)?.broadcast_mul(dloss)?)
        }
    }))
}

/// `sum of t (log t - x) / B`: log-probabilities `x`: `[B, ...]` against a distribution `target` of that shape, `0 log 0` being 0;
/// PyTorch's `kl_div` with `batchmean`. Backward: `dx = -t dloss / B`.
///
/// # Errors
/// The shapes differ, there is no element, or a probability is negative or NaN.
pub fn kl_div(tape: &Tape, x: &Var, target: &Tensor) -> Result<Var> {
    let probabilities = check("kl_div", x, target, "at least 0", |p| p >= 0.0)?;
    let batch = x.dims().first().copied().unwrap_or(1) as f64;
    let entropy: f64 = probabilities.iter().filter(|p| **p > 0.0).map(|p| p * p.ln()).sum();
    // Where the target is 0 a log-probability of minus infinity counts for nothing.
    let counted = target.gt(0.0)?.where_cond(x.tensor(), &target.zeros_like()?)?;
    let loss = (target * counted)?.sum_all()?.affine(-1.0 / batch, entropy / batch)?;
    Ok(tape.record(Op::arrays("kl_div", target.elem_count(), 2, 2), loss, x.wants_grad(), || {
        let (x, target) = (x.target(), target.clone());
        move |dloss, grads| grads.add(x, (target * (-1.0 / batch))?.broadcast_mul(dloss)?)
    }))
}

/// The target's numbers, all of which are what they must be; NaN is never.
fn check(op: &'static str, x: &Var, target: &Tensor, must_be: &str, holds: impl Fn(f64) -> bool) -> Result<Vec<f64>> {
    if x.dims() != target.dims() || target.elem_count() == 0 {
        return Err(Error::shape(op, "target", format!("{:?}, at least one element", x.dims()), target.dims()));
    }
    let values = target.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?;
    match values.iter().position(|value| !holds(*value)) {
        Some(position) => {
            let message = format!("the target at position {position} must be {must_be}, found {}", values[position]);
            Err(Error::Argument { op, message })
        }
        None => Ok(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients, constant};
    use candle_core::Device;

    fn share(shape: &[usize], like: &Tensor) -> Result<Tensor> {
        let count: usize = shape.iter().product();
        let values: Vec<f64> = (0..count).map(|i| (i % 3) as f64 / 3.0).collect();
        Ok(Tensor::from_vec(values, shape, &Device::Cpu)?.to_dtype(like.dtype())?)
    }

    #[test]
    fn gradients() {
        for shape in [&[1][..], &[3, 7], &[5, 2, 17]] {
            let case = || Case::new().var(shape);
            check_gradients("mse", Reduction, case(), |t, v, _| mse(t, &v[0], &share(shape, v[0].tensor())?));
            check_gradients("absolute_error", Reduction, case(), |t, v, _| {
                absolute_error(t, &v[0], &share(shape, v[0].tensor())?)
            });
            for delta in [0.4, 1.0] {
                check_gradients("huber", Reduction, case(), |t, v, _| huber(t, &v[0], &share(shape, v[0].tensor())?, delta));
            }
            check_gradients("kl_div", Reduction, case(), |t, v, _| kl_div(t, &v[0], &share(shape, v[0].tensor())?));
            for positive in [None, Some(3.0)] {
                check_gradients("bce_with_logits", Reduction, case(), |t, v, _| {
                    let x = v[0].tensor();
                    let w = positive.map(|w: f64| Tensor::new(w, &Device::Cpu)?.to_dtype(x.dtype())).transpose()?;
                    bce_with_logits(t, &v[0], &share(shape, x)?, w.as_ref())
                });
            }
        }
    }

    /// PyTorch's `HuberLoss` and `L1Loss` of the same numbers.
    #[test]
    fn robust_losses_are_pytorchs() -> Result<()> {
        let tape = Tape::inference();
        let x = Var::constant(Tensor::new(&[0.2f32, -3.0, 1.5, 7.0], &Device::Cpu)?);
        let target = Tensor::new(&[0f32, 0.5, 1.5, -1.0], &Device::Cpu)?;
        let of = |loss: Var| loss.tensor().to_scalar::<f32>();
        // (0.02 + (3.5 - 0.5) + 0 + (8 - 0.5)) / 4, and with 2: (0.02 + 2 (3.5 - 1) + 0 + 2 (8 - 1)) / 4.
        assert!((of(huber(&tape, &x, &target, 1.0)?)? - 2.63).abs() < 1e-6);
        assert!((of(huber(&tape, &x, &target, 2.0)?)? - 4.755).abs() < 1e-6);
        assert!((of(absolute_error(&tape, &x, &target)?)? - 2.925).abs() < 1e-6);
        // Where nothing is farther than `delta` it is half the squared error.
        let far = of(huber(&tape, &x, &target, 100.0)?)?;
        assert!((far - 0.5 * of(mse(&tape, &x, &target)?)?).abs() < 1e-5);
        Ok(())
    }

    #[test]
    fn extremes_and_mistakes() -> Result<()> {
        let tape = Tape::inference();
        let x = Var::constant(Tensor::new(&[1000f32, -1000.], &Device::Cpu)?);
        let bce = |t: [f32; 2]| {
            bce_with_logits(&tape, &x, &Tensor::new(&t, &Device::Cpu)?, None)?.tensor().to_scalar::<f32>().map_err(Error::from)
        };
        assert_eq!((bce([1.0, 0.0])?, bce([0.0, 0.0])?), (0.0, 500.0));
        let log_p = Var::constant(Tensor::new(&[[0f32, f32::NEG_INFINITY]], &Device::Cpu)?);
        assert_eq!(kl_div(&tape, &log_p, &Tensor::new(&[[1f32, 0.]], &Device::Cpu)?)?.tensor().to_scalar::<f32>()?, 0.0);
        for wrong in [-1.0, f32::NAN] {
            let error = kl_div(&tape, &x, &Tensor::new(&[1f32, wrong], &Device::Cpu)?).unwrap_err().to_string();
            assert!(error.contains("position 1 must be at least 0"), "{error}");
        }
        for wrong in [-0.25, 1.5, f32::NAN, f32::INFINITY] {
            let error = bce([1.0, wrong]).unwrap_err().to_string();
            let expected = format!("the target at position 1 must be in [0, 1], found {wrong}");
            assert!(error.contains(&expected), "{error}");
        }
        for wrong in [f32::NAN, f32::NEG_INFINITY] {
            let error = mse(&tape, &x, &Tensor::new(&[wrong, 1.0], &Device::Cpu)?).unwrap_err().to_string();
            assert!(error.contains("the target at position 0 must be finite, found"), "{error}");
        }
        assert!(mse(&tape, &constant(&[2]), constant(&[3]).tensor()).is_err());
        assert!(mse(&tape, &constant(&[0]), constant(&[0]).tensor()).is_err());
        Ok(())
    }
}
