//! Cross entropy of class scores: the mean over the rows that count of
//! `(1 - s) (log sum e^z - z_label) + s (log sum e^z - mean of z)`, `s` being the label smoothing (Szegedy et al. 2016), as PyTorch's.
//!
//! Backward: `dz = (softmax(z) - (1 - s) onehot(label) - s / C) dloss / counted`, 0 in rows that do not count.

mod cpu;
#[cfg(device_kernels)]
pub(crate) mod cuda;
mod reference;

pub(crate) use cpu::{Rule, softmax};
pub(crate) use reference::run as plain;

use crate::{Error, Op, Result, Tape, Targets, Var, slice};
use candle_core::Tensor;

/// The mean cross entropy over the rows that count, a scalar `[]`; 0 with zero gradients if no row counts.
///
/// `logits`: `[..., C]`; `targets`: as many labels as there are rows, each below C or the ignored one. Plain labels all count.
/// NaN among the scores of a row that counts makes the loss NaN.
///
/// # Errors
/// A label that counts is not below C ([`Error::Index`] with its place); the number of labels is not that of rows; the smoothing is not
/// in `[0, 1)`.
pub fn cross_entropy<'a>(tape: &Tape, logits: &Var, targets: impl Into<Targets<'a>>) -> Result<Var> {
    const OP: &str = "cross_entropy";
    let Some((&classes, lead)) = logits.dims().split_last() else {
        return Err(Error::shape(OP, "logits", "[..., C]", logits.dims()));
    };
    let (rows, targets) = (lead.iter().product(), &targets.into());
    let counted = targets.counted(OP, rows, classes)?;
    let z = logits.tensor().contiguous()?.reshape((rows, classes))?;
    let gradient = tape.records() && logits.wants_grad();
    let (loss, dz) = if counted.is_empty() { (0.0, Some(z.zeros_like()?)) } else { run(&z, targets, &counted, gradient)? };
    let loss = Tensor::new(loss, z.device())?.to_dtype(z.dtype())?;
    Ok(tape.record(Op::arrays(OP, z.elem_count(), 2, 2), loss, logits.wants_grad(), || {
        let (target, dims) = (logits.target(), logits.dims().to_vec());
        move |dloss, grads| dz.map_or(Ok(()), |dz| grads.add(target, scaled(dz, dloss)?.reshape(dims)?))
    }))
}

/// The mean loss of `z`: `[rows, C]` over the rows that count (at least one), and its gradient if that is wanted.
fn run(z: &Tensor, targets: &Targets, counted: &[u32], gradient: bool) -> Result<(f64, Option<Tensor>)> {
    #[cfg(device_kernels)]
    if crate::device::takes(z) {
        return cuda::run(z, targets, counted.len(), gradient);
    }
    if slice::is_fast(z) {
        return cpu::run(z, targets, counted.len(), gradient);
    }
    let (loss, dz) = reference::run(z, targets, counted)?;
    Ok((loss, Some(dz)))
}

/// `t * number`, in `t`'s memory where the fast kernels may write.
pub(crate) fn scaled(t: Tensor, number: &Tensor) -> Result<Tensor> {
    if !slice::is_fast(&t) {
        return Ok(t.broadcast_mul(number)?);
    }
    let number = number.to_scalar::<f32>()?;
    if number != 1.0 {
        slice::update(&t, |t| cpu::scale(t, number))?;
    }
    Ok(t)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients, constant};
    use candle_core::{DType, Device};

    #[test]
    fn gradients() {
        for shape in [&[1, 1][..], &[3, 2], &[7, 17], &[33, 10], &[2, 9, 300], &[5], &[0, 3], &[3, 9000]] {
            let (classes, rows) = (shape[shape.len() - 1] as u32, shape[..shape.len() - 1].iter().product::<usize>() as u32);
            let labels: Vec<u32> = (0..rows).map(|i| (i * 5 + 1) % classes).collect();
            for (ignore, smoothing) in [(None, 0.0), (None, 0.1), (Some(1), 0.0), (Some(1), 0.3), (Some(u32::MAX), 0.2)] {
                let targets = Targets { labels: &labels, ignore, smoothing };
                let case = Case::new().var_scaled(shape, 5.0);
                check_gradients("cross_entropy", Reduction, case, |tape, v, _| cross_entropy(tape, &v[0], targets));
            }
        }
    }

    fn loss(z: &[[f32; 3]], targets: Targets) -> Result<[f32; 2]> {
        let z = Tensor::from_slice(z.as_flattened(), (z.len(), 3), &Device::Cpu)?;
        let [fast, plain] = [DType::F32, DType::F64].map(|dtype| {
            let z = Var::constant(z.to_dtype(dtype)?);
            Ok::<_, Error>(cross_entropy(&Tape::inference(), &z, targets)?.tensor().to_dtype(DType::F32)?.to_scalar::<f32>()?)
        });
        Ok([fast?, plain?])
    }

    #[test]
    fn known_values() -> Result<()> {
        let [fast, plain] = loss(&[[0.0; 3]; 2], Targets::new(&[0, 2]))?;
        assert!((fast - 3f32.ln()).abs() < 1e-6 && (plain - 3f32.ln()).abs() < 1e-6);
        assert_eq!(loss(&[[1000.0, 0.0, -1000.0]], Targets::new(&[0]))?, [0.0; 2]);
        assert_eq!(loss(&[[0.0, f32::NEG_INFINITY, f32::NEG_INFINITY]], Targets::new(&[0]))?, [0.0; 2]);
        assert!(loss(&[[f32::NAN, 0.0, 0.0]], Targets::new(&[1]))?.iter().all(|loss| loss.is_nan()));
        Ok(())
    }

    /// What PyTorch 2.15 prints: `F.cross_entropy(z, t, ignore_index=7, label_smoothing=0.1)`.
    #[test]
    fn smoothing_and_ignored_rows_as_in_pytorch() -> Result<()> {
        let z = [[1.0, 2.0, 0.5], [-1.0, 0.0, 3.0], [f32::NAN, 0.0, f32::INFINITY], [0.25, -2.0, 1.5]];
        let targets = Targets { labels: &[1, 0, 7, 2], ignore: Some(7), smoothing: 0.1 };
        for found in loss(&z, targets)? {
            assert!((found - 1.6267943).abs() < 1e-6, "{found}");
        }
        Ok(())
    }

    #[test]
    fn no_row_that_counts_is_zero() -> Result<()> {
        for (dtype, labels) in [(DType::F32, &[9, 9][..]), (DType::F64, &[9, 9]), (DType::F32, &[]), (DType::F64, &[])] {
            let tape = Tape::training(crate::Stream::root(0));
            let z = tape.leaf(constant(&[labels.len(), 3]).tensor().to_dtype(dtype)?);
            let loss = cross_entropy(&tape, &z, Targets { ignore: Some(9), ..Targets::new(labels) })?;
            assert_eq!(loss.tensor().to_dtype(DType::F64)?.to_scalar::<f64>()?, 0.0);
            let found = tape.backward_to(&loss, &mut crate::Gradients::new(&crate::ParamStore::default()), &[&z])?;
            assert_eq!(found[0].as_ref().unwrap().to_dtype(DType::F32)?.to_vec2::<f32>()?, vec![vec![0.0; 3]; labels.len()]);
        }
        Ok(())
    }

    #[test]
    fn what_does_not_count_may_be_anything() -> Result<()> {
        for dtype in [DType::F32, DType::F64] {
            let tape = Tape::training(crate::Stream::root(0));
            let z = tape.leaf(Tensor::new(&[[f64::NAN, 0.0], [f64::INFINITY, 0.0], [0.0, 0.0]], &Device::Cpu)?.to_dtype(dtype)?);
            let loss = cross_entropy(&tape, &z, Targets { ignore: Some(9), ..Targets::new(&[9, 9, 1]) })?;
            let found = tape.backward_to(&loss, &mut crate::Gradients::new(&crate::ParamStore::default()), &[&z])?;
            let dz = found[0].as_ref().unwrap().to_dtype(DType::F32)?.to_vec2::<f32>()?;
            assert_eq!(dz, [[0.0, 0.0], [0.0, 0.0], [0.5, -0.5]], "{dtype:?}");
        }
        Ok(())
    }

    #[test]
    fn labels_are_checked() {
        let tape = Tape::inference();
        let says = |targets: Targets| cross_entropy(&tape, &constant(&[2, 3]), targets).unwrap_err().to_string();
        let index = "cross_entropy: index 3 at position 1 is out of range: the table `classes` has 3 rows";
        assert_eq!(says(Targets::new(&[0, 3])), index);
        assert!(says(Targets::new(&[0])).contains("labels"));
        assert!(says(Targets { ignore: Some(4), ..Targets::new(&[0, 5]) }).contains("index 5"));
        for smoothing in [1.0, -0.1, f32::NAN] {
            assert!(says(Targets { smoothing, ..Targets::new(&[0, 1]) }).contains("smoothing"));
        }
    }
}
