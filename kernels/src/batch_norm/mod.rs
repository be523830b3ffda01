//! Batch normalisation over images (Ioffe & Szegedy 2015): for each channel `y = n w + b`, `n = (x - mean) r`,
//! `r = 1 / sqrt(var + eps)`. In training mean and biased variance are the batch's, and the running statistics move towards
//! them (towards the unbiased variance, as in PyTorch): `running = (1 - momentum) running + momentum batch`. At inference the
//! running statistics are used and left alone.
//!
//! Backward, per channel: `dx = w r (dy - mean(dy) - n mean(dy n))`, `dw = sum of dy n`, `db = sum of dy`.

mod cpu;
mod reference;

use crate::{Error, Param, Result, Tape, Var, slice};
use candle_core::Tensor;

/// The parameters and running statistics of [`batch_norm`], each `[C]`.
#[derive(Debug, Clone, Copy)]
pub struct BatchNorm<'a> {
    pub weight: &'a Param,
    pub bias: &'a Param,
    pub running_mean: &'a Param,
    pub running_var: &'a Param,
    /// The share of the new batch in the running statistics, 0..1.
    pub momentum: f64,
    pub eps: f64,
}

/// Mean and biased variance of each channel, `[C]`.
struct Statistics {
    mean: Tensor,
    var: Tensor,
}

/// `x_bchw`: `[B, C, H, W]`; returns the same shape. In training the running statistics are updated in place.
///
/// # Errors
/// A parameter is not `[C]`; in training, a channel has fewer than two elements.
pub fn batch_norm(tape: &Tape, x_bchw: &Var, args: &BatchNorm) -> Result<Var> {
    let BatchNorm { weight, bias, running_mean, running_var, momentum, eps } = *args;
    let &[batch, channels, height, width] = x_bchw.dims() else {
        return Err(Error::shape("batch_norm", format!("input of `{}`", weight.name()), "[B, C, H, W]", x_bchw.dims()));
    };
    for p in [weight, bias, running_mean, running_var] {
        if p.tensor().dims() != [channels] {
            return Err(Error::shape("batch_norm", format!("`{}`", p.name()), format!("[C = {channels}]"), p.tensor().dims()));
        }
    }
    let x = x_bchw.tensor().contiguous()?;
    let (fast, w, b) = (slice::is_fast(&x), weight.tensor(), bias.tensor());
    let normalise = if fast { cpu::normalise } else { reference::normalise };
    if !tape.is_training() {
        let running = Statistics { mean: running_mean.tensor().clone(), var: running_var.tensor().clone() };
        return Ok(Var::constant(normalise(&x, &running, w, b, eps)?));
    }
    let count = batch * height * width;
    if count < 2 {
        let (dims, name) = (x.dims(), weight.name());
        let message = format!("a channel needs at least 2 elements in training, found {count} in {dims:?} at `{name}`");
        return Err(Error::Argument { op: "batch_norm", message });
    }
    let statistics = if fast { cpu::statistics(&x)? } else { reference::statistics(&x)? };
    let y = normalise(&x, &statistics, w, b, eps)?;
    let unbiased = (&statistics.var * (count as f64 / (count - 1) as f64))?;
    for (running, new) in [(running_mean, &statistics.mean), (running_var, &unbiased)] {
        running.set(&((running.tensor() * (1.0 - momentum))? + (new * momentum)?)?)?;
    }
    let wanted = x_bchw.wants_grad() || weight.is_trainable() || bias.is_trainable();
    Ok(tape.record(y, wanted, || {
        let (target, weight, bias) = (x_bchw.target(), weight.clone(), bias.clone());
        move |dy, grads| {
            let backward = if fast { cpu::backward } else { reference::backward };
            let (dx, dw, db) = backward(dy, &x, &statistics, weight.tensor(), eps, target.wants_grad())?;
            if let Some(dx) = dx {
                grads.add(target, dx)?;
            }
            grads.add_param(&weight, dw)?;
            grads.add_param(&bias, db)
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients, constant};
    use candle_core::DType;

    fn case(channels: usize) -> Case {
        let c = &[channels][..];
        Case::new().param("weight", c).param("bias", c).param("mean", c).param("var", c)
    }

    fn args(p: &[Param]) -> BatchNorm<'_> {
        BatchNorm { weight: &p[0], bias: &p[1], running_mean: &p[2], running_var: &p[3], momentum: 0.1, eps: 1e-5 }
    }

    #[test]
    fn gradients() {
        for shape in [[2, 1, 1, 1], [3, 5, 7, 3], [2, 3, 17, 17], [33, 2, 1, 3], [1, 3, 4, 4]] {
            check_gradients("batch_norm", Reduction, case(shape[1]).var(&shape), |tape, v, p| batch_norm(tape, &v[0], &args(p)));
        }
    }

    /// Mean 2, biased variance 5, unbiased 20/3 of `[-1, 1, 3, 5]`; plain and fast.
    #[test]
    fn running_statistics() -> Result<()> {
        for dtype in [DType::F32, DType::F64] {
            let (p, _) = case(1).params(dtype)?;
            let set = |p: &Param, v: f64| p.set(&Tensor::new(&[v], p.tensor().device())?);
            [(0, 1.0), (1, 0.0), (2, 10.0), (3, 20.0)].iter().try_for_each(|&(i, v)| set(&p[i], v))?;
            let x = Tensor::new(&[-1f64, 1., 3., 5.], p[0].tensor().device())?.to_dtype(dtype)?.reshape((2, 1, 2, 1))?;
            let value = |t: &Tensor| t.flatten_all()?.to_dtype(DType::F64)?.to_vec1::<f64>();
            let near = |t: &Tensor, v: &[f64]| Ok::<_, Error>(value(t)?.iter().zip(v).all(|(a, b)| (a - b).abs() < 2e-6));
            let y = batch_norm(&Tape::training(crate::Stream::root(0)), &Var::constant(x.clone()), &args(&p))?;
            let r = 1.0 / (5.0f64 + 1e-5).sqrt();
            assert!(near(y.tensor(), &[-3.0 * r, -r, r, 3.0 * r])?, "{dtype:?} {y:?}");
            assert!(near(p[2].tensor(), &[9.2])? && near(p[3].tensor(), &[18.0 + 2.0 / 3.0])?, "{dtype:?} {p:?}");
            let y = batch_norm(&Tape::inference(), &Var::constant(x), &args(&p))?;
            let r = 1.0 / (18.0f64 + 2.0 / 3.0 + 1e-5).sqrt();
            assert!(near(y.tensor(), &[-10.2 * r, -8.2 * r, -6.2 * r, -4.2 * r])?, "{dtype:?}");
            assert!(near(p[2].tensor(), &[9.2])?, "inference leaves the statistics alone");
        }
        Ok(())
    }

    #[test]
    fn shapes_are_checked() {
        let (p, _) = case(3).params(DType::F32).unwrap();
        let training = Tape::training(crate::Stream::root(0));
        let error = batch_norm(&training, &constant(&[1, 3, 1, 1]), &args(&p)).unwrap_err().to_string();
        assert!(error.contains("at least 2 elements"), "{error}");
        let error = batch_norm(&training, &constant(&[1, 2, 1, 1]), &args(&p)).unwrap_err().to_string();
        assert_eq!(error, "batch_norm: `weight`: expected [C = 2], found [3]");
    }
}
