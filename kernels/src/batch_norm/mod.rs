//! Batch normalisation over images (Ioffe & Szegedy 2015): for each channel `z = n w + b`, `n = (x - mean) r`,
//! `r = 1 / sqrt(var + eps)`. In training mean and biased variance are the batch's, and the running statistics move towards
//! them (towards the unbiased variance, as in PyTorch): `running = (1 - momentum) running + momentum batch`. At inference the
//! running statistics are used and left alone.
//!
//! What usually follows is done in the same pass, which then keeps one tensor less: [`batch_norm_relu`] gives `max(z, 0)`, and
//! [`batch_norm_add_relu`] `max(z + residual, 0)`, the end of a residual block (He et al. 2015).
//!
//! Backward: `dz` is `dy`, or zero where the relu gave zero; per channel `dx = w r (dz - mean(dz) - n mean(dz n))`,
//! `dw = sum of dz n`, `db = sum of dz`, `dresidual = dz`. Whether the relu gave zero is computed again from `x`, or seen in the
//! output where something was added.

mod cpu;
#[cfg(device_kernels)]
mod cuda;
mod reference;

use crate::{Error, Inputs, Op, Param, Result, Tape, Var, slice};
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

/// What one pass needs again in backward.
struct Layer {
    weight: Param,
    bias: Param,
    statistics: Statistics,
    eps: f64,
    relu: bool,
}

/// What backward finds.
struct Gradient {
    input: Option<Tensor>,
    /// `dz`, where something was added.
    residual: Option<Tensor>,
    weight: Tensor,
    bias: Tensor,
}

/// `x_bhwc`: `[B, H, W, C]`; returns the same shape. In training the running statistics are updated in place.
///
/// # Errors
/// A parameter is not `[C]`; in training, a channel has fewer than two elements.
pub fn batch_norm(tape: &Tape, x_bhwc: &Var, args: &BatchNorm) -> Result<Var> {
    apply(tape, x_bhwc, None, args, false)
}

/// `max(batch_norm(x), 0)` in one pass.
///
/// # Errors
/// As [`batch_norm`].
pub fn batch_norm_relu(tape: &Tape, x_bhwc: &Var, args: &BatchNorm) -> Result<Var> {
    apply(tape, x_bhwc, None, args, true)
}

/// `max(batch_norm(x) + residual, 0)` in one pass; `residual` has the shape of `x`.
///
/// # Errors
/// As [`batch_norm`], or the shapes differ.
pub fn batch_norm_add_relu(tape: &Tape, x_bhwc: &Var, residual: &Var, args: &BatchNorm) -> Result<Var> {
    apply(tape, x_bhwc, Some(residual), args, true)
}

/// One of the versions.
struct Kernels {
    statistics: fn(&Tensor) -> Result<Statistics>,
    normalise: fn(&Layer, &Tensor, Option<&Tensor>) -> Result<Tensor>,
    backward: fn(&Layer, &Tensor, &Tensor, Option<&Tensor>, bool) -> Result<Gradient>,
}

impl Kernels {
    /// The version for this input.
    fn of(x: &Tensor) -> Self {
        #[cfg(device_kernels)]
        if crate::device::takes(x) {
            return Kernels { statistics: cuda::statistics, normalise: cuda::normalise, backward: cuda::backward };
        }
        if slice::is_fast(x) {
            return Kernels { statistics: cpu::statistics, normalise: cpu::normalise, backward: cpu::backward };
        }
        Kernels { statistics: reference::statistics, normalise: reference::normalise, backward: reference::backward }
    }
}

fn apply(tape: &Tape, x: &Var, residual: Option<&Var>, args: &BatchNorm, relu: bool) -> Result<Var> {
    check(x, residual, args)?;
    let value = x.tensor().contiguous()?;
    let kernels = Kernels::of(&value);
    let statistics = if tape.is_training() { observe(&value, args, &kernels, tape)? } else { running(args) };
    let layer = Layer { weight: args.weight.clone(), bias: args.bias.clone(), statistics, eps: args.eps, relu };
    let added = residual.map(|r| r.tensor().contiguous()).transpose()?;
    let y = (kernels.normalise)(&layer, &value, added.as_ref())?;
    if !tape.is_training() {
        return Ok(Var::constant(y));
    }
    let added_arrays = usize::from(residual.is_some());
    let op = Op::arrays("batch_norm", y.elem_count(), 3 + added_arrays, 5 + 2 * added_arrays);
    let vars = x.wants_grad() || residual.is_some_and(Var::wants_grad);
    let wanted = Inputs::of(vars, [Some(args.weight), Some(args.bias)]);
    Ok(tape.record(op, y.clone(), wanted, || {
        let (x, residual) = (x.target(), residual.map(Var::target));
        let output = residual.is_some().then_some(y);
        move |dy, grads| {
            let found = (kernels.backward)(&layer, dy, &value, output.as_ref(), x.wants_grad())?;
            if let Some(dx) = found.input {
                grads.add(x, dx)?;
            }
            if let (Some(residual), Some(dz)) = (residual, found.residual) {
                grads.add(residual, dz)?;
            }
            grads.add_param(&layer.weight, found.weight)?;
            grads.add_param(&layer.bias, found.bias)
        }
    }))
}

fn check(x: &Var, residual: Option<&Var>, args: &BatchNorm) -> Result<()> {
    let &[_, _, _, channels] = x.dims() else {
        return Err(Error::shape("batch_norm", format!("input of `{}`", args.weight.name()), "[B, H, W, C]", x.dims()));
    };
    for p in [args.weight, args.bias, args.running_mean, args.running_var] {
        if p.tensor().dims() != [channels] {
            return Err(Error::shape("batch_norm", format!("`{}`", p.name()), format!("[C = {channels}]"), p.tensor().dims()));
        }
    }
    match residual.filter(|r| r.dims() != x.dims()) {
        Some(r) => {
            let (what, expected) = (format!("residual of `{}`", args.weight.name()), format!("[B, H, W, C] = {:?}", x.dims()));
            Err(Error::shape("batch_norm", what, expected, r.dims()))
        }
        None => Ok(()),
    }
}

fn running(args: &BatchNorm) -> Statistics {
    Statistics { mean: args.running_mean.tensor().clone(), var: args.running_var.tensor().clone() }
}

/// The batch's statistics; the running ones move towards them, once for each batch.
fn observe(x: &Tensor, args: &BatchNorm, kernels: &Kernels, tape: &Tape) -> Result<Statistics> {
    let BatchNorm { weight, running_mean, running_var, momentum, .. } = *args;
    let count = x.dims()[..3].iter().product::<usize>();
    if count < 2 {
        let (dims, name) = (x.dims(), weight.name());
        let message = format!("a channel needs at least 2 elements in training, found {count} in {dims:?} at `{name}`");
        return Err(Error::Argument { op: "batch_norm", message });
    }
    let statistics = (kernels.statistics)(x)?;
    if tape.repeats() {
        return Ok(statistics);
    }
    let unbiased = (&statistics.var * (count as f64 / (count - 1) as f64))?;
    for (running, new) in [(running_mean, &statistics.mean), (running_var, &unbiased)] {
        let new = (new * momentum)?.to_dtype(running.tensor().dtype())?;
        running.set(&((running.tensor() * (1.0 - momentum))? + new)?)?;
    }
    Ok(statistics)
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
        for shape in [[2, 1, 1, 1], [3, 7, 3, 5], [2, 17, 17, 3], [33, 1, 3, 2], [1, 4, 4, 3], [2, 1, 2, 70], [2, 3, 1, 0]] {
            let case = || case(shape[3]).var(&shape);
            check_gradients("batch_norm", Reduction, case(), |tape, v, p| batch_norm(tape, &v[0], &args(p)));
            check_gradients("batch_norm_relu", Reduction, case(), |tape, v, p| batch_norm_relu(tape, &v[0], &args(p)));
            check_gradients("batch_norm_add_relu", Reduction, case().var(&shape), |tape, v, p| {
                batch_norm_add_relu(tape, &v[0], &v[1], &args(p))
            });
        }
    }

    /// Mean 2, biased variance 5, unbiased 20/3 of `[-1, 1, 3, 5]`; plain and fast.
    #[test]
    fn running_statistics() -> Result<()> {
        for dtype in [DType::F32, DType::F64] {
            let (p, _) = case(1).params(dtype)?;
            let set = |p: &Param, v: f64| p.set(&Tensor::new(&[v], p.tensor().device())?);
            [(0, 1.0), (1, 0.0), (2, 10.0), (3, 20.0)].iter().try_for_each(|&(i, v)| set(&p[i], v))?;
            let x = Tensor::new(&[-1f64, 1., 3., 5.], p[0].tensor().device())?.to_dtype(dtype)?.reshape((2, 2, 1, 1))?;
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
        let error = batch_norm(&training, &constant(&[1, 1, 1, 3]), &args(&p)).unwrap_err().to_string();
        assert!(error.contains("at least 2 elements"), "{error}");
        let error = batch_norm(&training, &constant(&[1, 1, 1, 2]), &args(&p)).unwrap_err().to_string();
        assert_eq!(error, "batch_norm: `weight`: expected [C = 2], found [3]");
        let residual = batch_norm_add_relu(&training, &constant(&[2, 1, 1, 3]), &constant(&[1, 1, 1, 3]), &args(&p));
        let error = residual.unwrap_err().to_string();
        assert_eq!(error, "batch_norm: residual of `weight`: expected [B, H, W, C] = [2, 1, 1, 3], found [1, 1, 1, 3]");
    }
}
