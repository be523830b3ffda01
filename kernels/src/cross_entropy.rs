//! Cross entropy of class scores: the mean over the batch of `log(sum over c of e^z_c) - z_label`.
//!
//! Backward: `dz = (softmax(z) - onehot(label)) dloss / B`.

#[cfg(device_kernels)]
pub(crate) mod cuda;

use crate::{Error, Result, Tape, Var};
use candle_core::{D, Tensor};

/// The mean cross entropy, a scalar `[]`. `logits_bc`: `[B, C]`, `labels`: B numbers below C.
/// Plain Candle operations serve the CPU: the scores are few.
///
/// # Errors
/// A label is not below C ([`Error::Index`]); `logits_bc` is not `[B, C]`; there are not B labels; B is 0.
pub fn cross_entropy(tape: &Tape, logits_bc: &Var, labels: &[u32]) -> Result<Var> {
    let &[batch @ 1..=usize::MAX, classes] = logits_bc.dims() else {
        return Err(Error::shape("cross_entropy", "logits", "[B >= 1, C]", logits_bc.dims()));
    };
    if labels.len() != batch {
        return Err(Error::shape("cross_entropy", "labels", format!("[B = {batch}]"), &[labels.len()]));
    }
    if let Some(position) = labels.iter().position(|&label| label as usize >= classes) {
        let (table, index) = ("classes".to_string(), i64::from(labels[position]));
        return Err(Error::Index { op: "cross_entropy", table, index, position, rows: classes });
    }
    let z = logits_bc.tensor().contiguous()?;
    #[cfg(device_kernels)]
    if crate::device::takes(&z) {
        return cuda::apply(tape, logits_bc, z, labels);
    }
    let mut chosen = vec![0f32; batch * classes];
    labels.iter().enumerate().for_each(|(row, &label)| chosen[row * classes + label as usize] = 1.0);
    let chosen = Tensor::from_vec(chosen, (batch, classes), z.device())?.to_dtype(z.dtype())?;

    let centred = z.broadcast_sub(&z.max_keepdim(D::Minus1)?)?;
    let sums = centred.exp()?.sum_keepdim(D::Minus1)?;
    // Of the products only the label's is not zero; a score of minus infinity elsewhere would make 0 * inf.
    let picked = chosen.gt(0.0)?.where_cond(&centred, &centred.zeros_like()?)?;
    let loss = (sums.log()?.sum_all()? - picked.sum_all()?)?.affine(1.0 / batch as f64, 0.0)?;
    Ok(tape.record(loss, logits_bc.wants_grad(), || {
        let logits = logits_bc.target();
        move |dloss, grads| {
            let softmax = centred.exp()?.broadcast_div(&sums)?;
            let dz = (softmax - chosen)?.affine(1.0 / batch as f64, 0.0)?.broadcast_mul(dloss)?;
            grads.add(logits, dz)
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients, constant};
    use candle_core::Device;

    #[test]
    fn gradients() {
        for (batch, classes) in [(1, 1), (3, 2), (7, 17), (33, 10)] {
            let labels: Vec<u32> = (0..batch as u32).map(|i| (i * 5 + 1) % classes as u32).collect();
            let case = Case::new().var_scaled(&[batch, classes], 5.0);
            check_gradients("cross_entropy", Reduction, case, |tape, v, _| cross_entropy(tape, &v[0], &labels));
        }
    }

    #[test]
    fn known_values() -> Result<()> {
        let loss = |z: &[[f32; 3]], labels: &[u32]| {
            let z = Var::constant(Tensor::from_slice(z.as_flattened(), (z.len(), 3), &Device::Cpu)?);
            Ok::<_, Error>(cross_entropy(&Tape::inference(), &z, labels)?.tensor().to_scalar::<f32>()?)
        };
        assert!((loss(&[[0.0; 3]; 2], &[0, 2])? - 3f32.ln()).abs() < 1e-6);
        assert_eq!(loss(&[[1000.0, 0.0, -1000.0]], &[0])?, 0.0);
        assert_eq!(loss(&[[0.0, f32::NEG_INFINITY, f32::NEG_INFINITY]], &[0])?, 0.0);
        assert!(loss(&[[f32::NAN, 0.0, 0.0]], &[1])?.is_nan());
        Ok(())
    }

    #[test]
    fn labels_are_checked() {
        let tape = Tape::inference();
        let error = cross_entropy(&tape, &constant(&[2, 3]), &[0, 3]).unwrap_err();
        assert_eq!(error.to_string(), "cross_entropy: index 3 at position 1 is out of range: the table `classes` has 3 rows");
        assert!(cross_entropy(&tape, &constant(&[2, 3]), &[0]).is_err());
        assert!(cross_entropy(&tape, &constant(&[0, 3]), &[]).is_err());
    }
}
