//! Cross entropy straight from hidden states and the vocabulary matrix: `z = h W^T + b`, then what `cross_entropy` makes of `z`, be it
//! with label smoothing, class weights or the focal loss.
//!
//! The scores `[N, V]` are never kept: they are made for a few rows at a time, and while they are in memory forward also turns
//! them into `dz` and adds `dz W`, `dz^T h` and the sum of `dz` to the gradients, which backward only multiplies by the incoming
//! number. That is one product less than making the scores anew in backward (the idea of Hsu et al. 2024, Liger kernel). What is
//! kept is of the size of `h` and `W`.
//!
//! Where each row's loss goes its own way, its factor is known in backward alone. `dz W` is still made in forward, for its rows are
//! multiplied one by one; the gradients of `W` and `b` need the scores a second time.

mod cpu;
#[cfg(device_kernels)]
mod cuda;
mod reference;

use crate::cross_entropy::{average, loss_type, scaled, scaled_rows};
use crate::targets::Counted;
use crate::{Error, Inputs, Op, Param, Result, Tape, Targets, Var, slice};
use candle_core::{DType, Tensor};

/// What makes the scores: `h`: `[rows, D]`, `w`: `[V, D]`, `b`: `[V]`.
#[derive(Clone, Copy)]
struct Layer<'a> {
    h: &'a Tensor,
    w: &'a Tensor,
    b: Option<&'a Tensor>,
}

/// Which gradients are wanted.
#[derive(Clone, Copy)]
struct Wanted {
    hidden: bool,
    weight: bool,
    bias: bool,
}

impl Wanted {
    fn any(self) -> bool {
        self.hidden || self.weight || self.bias
    }

    /// Products of the size of the scores', these included.
    fn products(self) -> usize {
        1 + usize::from(self.hidden) + usize::from(self.weight)
    }
}

/// The loss of each row, `[rows]`, 0 where it does not count, and the gradients that were wanted, each row times its share.
struct Outcome {
    each: Tensor,
    dhidden: Option<Tensor>,
    dweight: Option<Tensor>,
    dbias: Option<Tensor>,
}

impl Outcome {
    /// Of rows of which none counts.
    fn zeros(layer: Layer, wanted: Wanted) -> Result<Self> {
        let zeros = |wanted: bool, like: Option<&Tensor>| like.filter(|_| wanted).map(Tensor::zeros_like).transpose();
        Ok(Outcome {
            each: Tensor::zeros(layer.h.dim(0)?, layer.h.dtype(), layer.h.device())?,
            dhidden: zeros(wanted.hidden, Some(layer.h))?,
            dweight: zeros(wanted.weight, Some(layer.w))?,
            dbias: zeros(wanted.bias, layer.b)?,
        })
    }
}

/// The mean cross entropy over counted rows, a scalar `[]`; 0 with zero gradients if no row counts, or none with a weight.
///
/// `hidden`: `[..., D]`, `w`: `[V, D]`, tied to an embedding or not; `b`: `[V]`; as many labels as `hidden` has rows.
///
/// # Errors
/// A label that counts is not below V ([`Error::Index`] with its place); shapes do not fit; smoothing, weights or the focal loss's gamma
/// are out of their range.
pub fn linear_cross_entropy<'a>(
    tape: &Tape,
    hidden: &Var,
    w: &Param,
    b: Option<&Param>,
    targets: impl Into<Targets<'a>>,
) -> Result<Var> {
    const OP: &str = "linear_cross_entropy";
    let (h, counted) = checked(OP, hidden, (w, b), targets.into())?;
    let records = tape.records();
    let wanted = Wanted {
        hidden: records && hidden.wants_grad(),
        weight: records && w.is_trainable(),
        bias: records && b.is_some_and(Param::is_trainable),
    };
    let layer = Layer { h: &h, w: w.tensor(), b: b.map(Param::tensor) };
    let Outcome { each, dhidden, dweight, dbias } = run(layer, &counted, &counted.shares(), wanted)?;
    let loss = Tensor::new(average(&each, counted.weight)?, h.device())?.to_dtype(loss_type(h.dtype()))?;
    // Gradients are made in forward.
    let op = product(OP, &layer, &counted, wanted.products(), 0);
    // Not `wanted`: a pass that does not record still asks whether it would have.
    Ok(tape.record(op, loss, Inputs::of(hidden.wants_grad(), [Some(w), b]), || {
        let (target, dims, w, b) = (hidden.target(), hidden.dims().to_vec(), w.clone(), b.cloned());
        move |dloss, grads| {
            if let Some(dhidden) = dhidden {
                grads.add(target, scaled(dhidden, dloss)?.reshape(dims)?)?;
            }
            if let Some(dweight) = dweight {
                grads.add_param(&w, scaled(dweight, dloss)?)?;
            }
            match (b, dbias) {
                (Some(b), Some(dbias)) => grads.add_param(&b, scaled(dbias, dloss)?),
                _ => Ok(()),
            }
        }
    }))
}

/// The cross entropy of each row, weighted by its label's weight: `hidden`: `[..., D]` -> `[...]`; 0 for a row that does not count. Its
/// negative is the label's log-probability. `w` and `b` as in [`linear_cross_entropy`].
///
/// # Errors
/// As [`linear_cross_entropy`].
pub fn linear_cross_entropy_rows<'a>(
    tape: &Tape,
    hidden: &Var,
    w: &Param,
    b: Option<&Param>,
    targets: impl Into<Targets<'a>>,
) -> Result<Var> {
    const OP: &str = "linear_cross_entropy_rows";
    let targets = targets.into();
    let (h, counted) = checked(OP, hidden, (w, b), targets)?;
    let trained = w.is_trainable() || b.is_some_and(Param::is_trainable);
    let forward = Wanted { hidden: tape.records() && hidden.wants_grad(), weight: false, bias: false };
    let layer = Layer { h: &h, w: w.tensor(), b: b.map(Param::tensor) };
    let ones = vec![1.0; targets.labels.len()];
    let Outcome { each, dhidden, .. } = run(layer, &counted, &ones, forward)?;
    let each = each.to_dtype(loss_type(h.dtype()))?.reshape(&hidden.dims()[..hidden.dims().len() - 1])?;
    let backward = if trained { 1 + usize::from(w.is_trainable()) } else { 0 };
    let op = product(OP, &layer, &counted, forward.products(), backward);
    Ok(tape.record(op, each, Inputs::of(hidden.wants_grad(), [Some(w), b]), || {
        let (target, dims, w, b) = (hidden.target(), hidden.dims().to_vec(), w.clone(), b.cloned());
        let again = trained.then(|| (h.clone(), Kept::of(&targets)));
        move |deach, grads| {
            if let Some(dhidden) = dhidden {
                grads.add(target, scaled_rows(dhidden, deach)?.reshape(dims)?)?;
            }
            let Some((h, kept)) = again else { return Ok(()) };
            let wanted = Wanted { hidden: false, weight: w.is_trainable(), bias: b.as_ref().is_some_and(Param::is_trainable) };
            let layer = Layer { h: &h, w: w.tensor(), b: b.as_ref().map(Param::tensor) };
            let counted = kept.targets().counted(OP, h.dim(0)?, w.tensor().dim(0)?)?;
            let shares = deach.flatten_all()?.to_dtype(DType::F64)?.to_vec1::<f64>()?;
            let Outcome { dweight, dbias, .. } = run(layer, &counted, &shares, wanted)?;
            if let Some(dweight) = dweight {
                grads.add_param(&w, dweight)?;
            }
            match (b, dbias) {
                (Some(b), Some(dbias)) => grads.add_param(&b, dbias),
                _ => Ok(()),
            }
        }
    }))
}

/// Targets that outlive forward.
struct Kept {
    labels: Vec<u32>,
    weights: Option<Vec<f32>>,
    ignore: Option<u32>,
    smoothing: f32,
    focal: f32,
}

impl Kept {
    fn of(targets: &Targets) -> Self {
        let &Targets { labels, ignore, smoothing, weights, focal } = targets;
        Kept { labels: labels.to_vec(), weights: weights.map(<[f32]>::to_vec), ignore, smoothing, focal }
    }

    fn targets(&self) -> Targets<'_> {
        let &Kept { ignore, smoothing, focal, .. } = self;
        Targets { labels: &self.labels, ignore, smoothing, weights: self.weights.as_deref(), focal }
    }
}

/// The hidden states as `[rows, D]`, and their targets.
fn checked<'a>(
    op: &'static str,
    hidden: &Var,
    (w, b): (&Param, Option<&Param>),
    targets: Targets<'a>,
) -> Result<(Tensor, Counted<'a>)> {
    let &[classes, width] = w.tensor().dims() else {
        return Err(Error::shape(op, format!("weight `{}`", w.name()), "[V, D]", w.tensor().dims()));
    };
    if hidden.dims().last() != Some(&width) {
        return Err(Error::shape(op, format!("input of `{}`", w.name()), format!("[..., D = {width}]"), hidden.dims()));
    }
    if let Some(b) = b.filter(|b| b.tensor().dims() != [classes]) {
        let what = format!("bias `{}` of `{}`", b.name(), w.name());
        return Err(Error::shape(op, what, format!("[V = {classes}]"), b.tensor().dims()));
    }
    let rows: usize = hidden.dims().iter().rev().skip(1).product();
    let counted = targets.counted(op, rows, classes)?;
    Ok((hidden.tensor().contiguous()?.reshape((rows, width))?, counted))
}

fn run(layer: Layer, counted: &Counted, shares: &[f64], wanted: Wanted) -> Result<Outcome> {
    if counted.rows.is_empty() {
        return Outcome::zeros(layer, wanted);
    }
    #[cfg(device_kernels)]
    if crate::device::takes(layer.h) {
        return cuda::run(layer, counted, shares, wanted);
    }
    let run = if slice::is_fast(layer.h) { cpu::run } else { reference::run };
    run(layer, counted, shares, wanted)
}

/// So many products of the scores' size, there and back.
fn product(name: &'static str, layer: &Layer, counted: &Counted, there: usize, back: usize) -> Op {
    let flops = 2.0 * counted.rows.len() as f64 * layer.w.elem_count() as f64;
    let elements = layer.h.elem_count() + layer.w.elem_count();
    Op::product(name, there as f64 * flops, there * elements, back as f64 / there as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Product, check_gradients, constant};

    #[test]
    fn gradients() {
        for (rows, width, classes) in [(1, 1, 1), (3, 5, 2), (7, 17, 33), (70, 3, 10)] {
            let labels: Vec<u32> = (0..rows as u32).map(|i| (i * 5 + 1) % classes as u32).collect();
            let weights: Vec<f32> = (0..classes).map(|i| (1 + i % 4) as f32 * 0.5).collect();
            let plain = Targets::new(&labels);
            let cases = [
                plain,
                Targets { ignore: Some(1), smoothing: 0.1, ..plain },
                Targets { ignore: Some(4_000_000), smoothing: 0.3, weights: Some(&weights), ..plain },
                Targets { ignore: Some(1), focal: 2.0, weights: Some(&weights), ..plain },
            ];
            for targets in cases {
                let case = || Case::new().var(&[rows, width]).param("w", &[classes, width]);
                let biased = || case().param("b", &[classes]);
                check_gradients("linear_cross_entropy", Product, case(), |tape, v, p| {
                    linear_cross_entropy(tape, &v[0], &p[0], None, targets)
                });
                check_gradients("linear_cross_entropy, bias", Product, biased(), |tape, v, p| {
                    linear_cross_entropy(tape, &v[0], &p[0], Some(&p[1]), targets)
                });
                check_gradients("linear_cross_entropy_rows", Product, biased(), |tape, v, p| {
                    linear_cross_entropy_rows(tape, &v[0], &p[0], Some(&p[1]), targets)
                });
            }
        }
    }

    /// As the two operations one after the other, over several chunks of rows.
    #[test]
    fn equals_linear_then_cross_entropy() -> Result<()> {
        let (p, _) = Case::new().param("w", &[70_001, 3]).params(DType::F32)?;
        let x = constant(&[2, 400, 3]);
        let labels: Vec<u32> = (0..800).map(|i| i * 87).collect();
        let tape = Tape::inference();
        let one = linear_cross_entropy(&tape, &x, &p[0], None, &labels)?.tensor().to_scalar::<f32>()?;
        let flat = Var::constant(x.tensor().reshape((800, 3))?);
        let two =
            crate::cross_entropy(&tape, &crate::linear(&tape, &flat, &p[0], None)?, &labels)?.tensor().to_scalar::<f32>()?;
        assert!((one - two).abs() < 1e-4, "{one} {two}");
        Ok(())
    }

    #[test]
    fn no_row_that_counts_is_zero() -> Result<()> {
        for (dtype, labels) in [(DType::F32, &[9, 9][..]), (DType::F64, &[9, 9]), (DType::F32, &[]), (DType::F64, &[])] {
            let (p, store) = Case::new().param("w", &[3, 2]).param("b", &[3]).params(dtype)?;
            let tape = Tape::training(crate::Stream::root(0));
            let x = tape.leaf(constant(&[labels.len(), 2]).tensor().to_dtype(dtype)?);
            let loss = linear_cross_entropy(&tape, &x, &p[0], Some(&p[1]), Targets { ignore: Some(9), ..Targets::new(labels) })?;
            assert_eq!(loss.tensor().to_dtype(DType::F64)?.to_scalar::<f64>()?, 0.0);
            let mut grads = crate::Gradients::new(&store);
            let found = tape.backward_to(&loss, &mut grads, &[&x])?;
            assert_eq!(found[0].as_ref().unwrap().to_dtype(DType::F32)?.to_vec2::<f32>()?, vec![vec![0.0; 2]; labels.len()]);
            assert_eq!(grads.global_norm(&store)?, 0.0);
            grads.check_complete(&store)?;
        }
        Ok(())
    }

    #[test]
    fn mistakes_are_named() {
        let (p, _) = Case::new().param("w", &[3, 2]).param("b", &[2]).params(DType::F32).unwrap();
        let says = |x: &[usize], targets: Targets| {
            linear_cross_entropy(&Tape::inference(), &constant(x), &p[0], None, targets).unwrap_err().to_string()
        };
        let index = "linear_cross_entropy: index 3 at position 1 is out of range: the table `classes` has 3 rows";
        assert_eq!(says(&[2, 2], Targets::new(&[0, 3])), index);
        assert!(says(&[2, 2], Targets::new(&[0])).contains("labels"));
        assert!(says(&[2, 3], Targets::new(&[0, 1])).contains("D = 2"));
        assert!(says(&[1, 2], Targets { smoothing: 1.0, ..Targets::new(&[0]) }).contains("smoothing"));
        let bias = linear_cross_entropy(&Tape::inference(), &constant(&[1, 2]), &p[0], Some(&p[1]), &[0]).unwrap_err();
        assert_eq!(bias.to_string(), "linear_cross_entropy: bias `b` of `w`: expected [V = 3], found [2]");
    }
}
