//! Cross entropy straight from hidden states and the vocabulary matrix: `z = h W^T`, then the mean over counted rows of
//! `(1 - s) (log sum e^z - z_label) + s (log sum e^z - mean of z)`, `s` being the label smoothing (Szegedy et al. 2016).
//!
//! The scores `[N, V]` are never kept: they are made for a few rows at a time, and while they are in memory forward also turns
//! them into `dz = (softmax(z) - (1 - s) onehot - s / V) / counted` and adds `dz W` and `dz^T h` to the gradients, which
//! backward only multiplies by the incoming number. That is one product less than making the scores anew in backward (the
//! idea of Hsu et al. 2024, Liger kernel). What is kept is of the size of `h` and `W`.

mod cpu;
#[cfg(device_kernels)]
mod cuda;
mod reference;

use crate::cross_entropy::scaled;
use crate::{Error, Inputs, Op, Param, Result, Tape, Targets, Var, slice};
use candle_core::Tensor;

/// Which gradients are wanted.
#[derive(Clone, Copy)]
struct Wanted {
    hidden: bool,
    weight: bool,
}

/// The loss, a scalar, and the gradients that were wanted, for an incoming gradient of 1.
struct Outcome {
    loss: f64,
    dhidden: Option<Tensor>,
    dweight: Option<Tensor>,
}

/// The mean cross entropy over counted rows, a scalar `[]`; 0 with zero gradients if no row counts.
///
/// `hidden`: `[..., D]`, `w`: `[V, D]`, tied to an embedding or not; as many labels as `hidden` has rows.
///
/// # Errors
/// A label that counts is not below V ([`Error::Index`] with its place); shapes do not fit.
pub fn linear_cross_entropy<'a>(tape: &Tape, hidden: &Var, w: &Param, targets: impl Into<Targets<'a>>) -> Result<Var> {
    const OP: &str = "linear_cross_entropy";
    let &[classes, width] = w.tensor().dims() else {
        return Err(Error::shape(OP, format!("weight `{}`", w.name()), "[V, D]", w.tensor().dims()));
    };
    let rows: usize = hidden.dims().iter().rev().skip(1).product();
    if hidden.dims().last() != Some(&width) {
        return Err(Error::shape(OP, format!("input of `{}`", w.name()), format!("[..., D = {width}]"), hidden.dims()));
    }
    let targets = &targets.into();
    let counted = targets.counted(OP, rows, classes)?;
    let h = hidden.tensor().contiguous()?.reshape((rows, width))?;
    let wanted = Wanted { hidden: tape.records() && hidden.wants_grad(), weight: tape.records() && w.is_trainable() };
    let fast = slice::is_fast(&h);
    let run = if fast { cpu::run } else { reference::run };
    #[cfg(device_kernels)]
    let run = if crate::device::takes(&h) { cuda::run } else { run };
    let Outcome { loss, dhidden, dweight } = run(&h, w.tensor(), targets, &counted, wanted)?;
    let loss = Tensor::new(loss, h.device())?.to_dtype(h.dtype())?;
    // Gradients are made in forward.
    let products = 1 + u8::from(wanted.hidden) + u8::from(wanted.weight);
    let flops = 2.0 * (counted.len() * width) as f64 * classes as f64;
    let forward = f64::from(products);
    let op = Op::product(OP, forward * flops, products as usize * (h.elem_count() + w.len()), 0.0);
    // Not `wanted`: a pass that does not record still asks whether it would have.
    Ok(tape.record(op, loss, Inputs::of(hidden.wants_grad(), [Some(w)]), || {
        let (target, dims, w) = (hidden.target(), hidden.dims().to_vec(), w.clone());
        move |dloss, grads| {
            if let Some(dhidden) = dhidden {
                grads.add(target, scaled(dhidden, dloss)?.reshape(dims)?)?;
            }
            dweight.map_or(Ok(()), |dweight| grads.add_param(&w, scaled(dweight, dloss)?))
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Product, check_gradients, constant};
    use candle_core::DType;

    #[test]
    fn gradients() {
        for (rows, width, classes) in [(1, 1, 1), (3, 5, 2), (7, 17, 33), (70, 3, 10)] {
            let labels: Vec<u32> = (0..rows as u32).map(|i| (i * 5 + 1) % classes as u32).collect();
            for (ignore, smoothing) in [(None, 0.0), (Some(1), 0.1), (Some(4_000_000), 0.3)] {
                let targets = Targets { labels: &labels, ignore, smoothing };
                let case = Case::new().var(&[rows, width]).param("w", &[classes, width]);
                check_gradients("linear_cross_entropy", Product, case, |tape, v, p| {
                    linear_cross_entropy(tape, &v[0], &p[0], targets)
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
        let one = linear_cross_entropy(&tape, &x, &p[0], &labels)?.tensor().to_scalar::<f32>()?;
        let flat = Var::constant(x.tensor().reshape((800, 3))?);
        let two =
            crate::cross_entropy(&tape, &crate::linear(&tape, &flat, &p[0], None)?, &labels)?.tensor().to_scalar::<f32>()?;
        assert!((one - two).abs() < 1e-4, "{one} {two}");
        Ok(())
    }

    #[test]
    fn no_row_that_counts_is_zero() -> Result<()> {
        for (dtype, labels) in [(DType::F32, &[9, 9][..]), (DType::F64, &[9, 9]), (DType::F32, &[]), (DType::F64, &[])] {
            let (p, store) = Case::new().param("w", &[3, 2]).params(dtype)?;
            let tape = Tape::training(crate::Stream::root(0));
            let x = tape.leaf(constant(&[labels.len(), 2]).tensor().to_dtype(dtype)?);
            let loss = linear_cross_entropy(&tape, &x, &p[0], Targets { ignore: Some(9), ..Targets::new(labels) })?;
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
        let (p, _) = Case::new().param("w", &[3, 2]).params(DType::F32).unwrap();
        let says = |x: &[usize], targets: Targets| {
            linear_cross_entropy(&Tape::inference(), &constant(x), &p[0], targets).unwrap_err().to_string()
        };
        let index = "linear_cross_entropy: index 3 at position 1 is out of range: the table `classes` has 3 rows";
        assert_eq!(says(&[2, 2], Targets::new(&[0, 3])), index);
        assert!(says(&[2, 2], Targets::new(&[0])).contains("labels"));
        assert!(says(&[2, 3], Targets::new(&[0, 1])).contains("D = 2"));
        assert!(says(&[1, 2], Targets { smoothing: 1.0, ..Targets::new(&[0]) }).contains("smoothing"));
    }
}
