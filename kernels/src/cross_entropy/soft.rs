//! Cross entropy against probabilities: of mixed examples (mixup, Zhang et al. 2018), or of a teacher (Hinton et al. 2015).
//!
//! A row with target `t` loses `sum of q_c (log sum e^z - z_c)`, `q_c = w_c ((1 - s) t_c + s / C)`, `s` being the label smoothing and
//! `w` the classes' weights; the mean divides by the number of rows, as PyTorch's. Backward: `dz = (softmax(z) sum of q - q) dloss / rows`.

#[cfg(device_kernels)]
use super::cuda;
use super::{Rows, flat, mean};
use super::{cpu, reference};
use crate::targets::check_spread;
use crate::{Error, Result, Tape, Var, slice};
use candle_core::{DType, Tensor};

/// The mean over all rows, a scalar `[]`; 0 for no rows. No gradient flows to the target.
///
/// `logits`: `[..., C]`; `target`: the same shape, at least 0; a row's sum is commonly 1, but need not be. `smoothing` in `[0, 1)`;
/// `weights`: `[C]`, finite and at least 0.
///
/// # Errors
/// Shapes do not fit; a target is negative, NaN or infinite; smoothing or a weight is out of its range.
pub fn soft_cross_entropy(tape: &Tape, logits: &Var, target: &Tensor, smoothing: f32, weights: Option<&[f32]>) -> Result<Var> {
    const OP: &str = "soft_cross_entropy";
    let (z, [rows, classes]) = flat(OP, logits)?;
    if target.dims() != logits.dims() {
        return Err(Error::shape(OP, "target", format!("{:?} as the logits", logits.dims()), target.dims()));
    }
    check_spread(OP, smoothing, weights, classes)?;
    check_target(OP, target)?;
    let mut q = target.to_device(z.device())?.to_dtype(z.dtype())?.contiguous()?.reshape((rows, classes))?;
    if smoothing > 0.0 {
        q = q.affine(1.0 - f64::from(smoothing), f64::from(smoothing) / classes as f64)?;
    }
    if let Some(weights) = weights {
        q = q.broadcast_mul(&Tensor::new(weights, z.device())?.to_dtype(z.dtype())?)?;
    }
    let shares = vec![1.0 / rows.max(1) as f64; rows];
    let gradient = tape.records() && logits.wants_grad();
    let Rows { each, dz } = run(&z, &q, &shares, gradient)?;
    mean(tape, OP, logits, (&each, rows as f64), dz)
}

fn check_target(op: &'static str, target: &Tensor) -> Result<()> {
    let values = target.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?;
    match values.iter().position(|p| !(p.is_finite() && *p >= 0.0)) {
        Some(position) => {
            let message = format!("the target at position {position} must be finite and at least 0, found {}", values[position]);
            Err(Error::Argument { op, message })
        }
        None => Ok(()),
    }
}

fn run(z: &Tensor, q: &Tensor, shares: &[f64], gradient: bool) -> Result<Rows> {
    if z.elem_count() == 0 {
        return Rows::zeros(z);
    }
    #[cfg(device_kernels)]
    if crate::device::takes(z) {
        return cuda::soft(z, q, shares, gradient);
    }
    if slice::is_fast(z) {
        let classes = z.dim(1)?;
        let q = slice::floats(q)?;
        return cpu::by_rows(z, gradient.then_some(shares), |row, z, share, room| {
            room.copy_from_slice(z);
            cpu::soft(room, &q[row * classes..][..classes], share, gradient)
        });
    }
    reference::against(z, q, shares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients, constant};
    use candle_core::Device;

    /// Rows that sum to about 1, some to 0; larger sums would leave the differences too few digits.
    fn target(shape: &[usize], dtype: DType) -> Result<Tensor> {
        let (count, classes) = (shape.iter().product::<usize>(), shape[shape.len() - 1]);
        let values: Vec<f64> = (0..count).map(|i| ((i * 7) % 5) as f64 / (2 * classes) as f64).collect();
        Ok(Tensor::from_vec(values, shape, &Device::Cpu)?.to_dtype(dtype)?)
    }

    #[test]
    fn gradients() {
        for shape in [&[1, 1][..], &[3, 2], &[7, 17], &[2, 9, 300], &[5], &[0, 3], &[3, 9000]] {
            let weights: Vec<f32> = (0..shape[shape.len() - 1]).map(|i| (i % 4) as f32 * 0.5).collect();
            for (smoothing, weights) in [(0.0, None), (0.1, None), (0.0, Some(&weights[..])), (0.3, Some(&weights))] {
                check_gradients("soft_cross_entropy", Reduction, Case::new().var_scaled(shape, 5.0), |tape, v, _| {
                    soft_cross_entropy(tape, &v[0], &target(shape, v[0].tensor().dtype())?, smoothing, weights)
                });
            }
        }
    }

    /// What PyTorch 2.15 prints for `F.cross_entropy(z, p)`, and with `weight=w, label_smoothing=0.1`.
    #[test]
    fn as_in_pytorch() -> Result<()> {
        let z = [[1.0f32, 2.0, 0.5], [-1.0, 0.0, 3.0], [9.0, 0.0, 9.0], [0.25, -2.0, 1.5]];
        let p = [[0.2f32, 0.5, 0.3], [0.0, 1.0, 0.0], [0.1, 0.1, 0.1], [0.0, 0.0, 1.0]];
        for (smoothing, weights, expected) in [(0.0, None, 1.390_836_4), (0.1, Some(&[0.5, 2.0, 1.25][..]), 2.570_523_5)] {
            let loss = soft_cross_entropy(
                &Tape::inference(),
                &Var::constant(Tensor::new(&z, &Device::Cpu)?),
                &Tensor::new(&p, &Device::Cpu)?,
                smoothing,
                weights,
            )?;
            let found = loss.tensor().to_scalar::<f32>()?;
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
        Ok(())
    }

    /// All of the probability on one class is that class as a label, also beside scores of minus infinity.
    #[test]
    fn certainty_is_a_label() -> Result<()> {
        let tape = Tape::inference();
        for dtype in [DType::F32, DType::F64] {
            let z = Tensor::new(&[[1000f32, f32::NEG_INFINITY, 999.0], [0.25, -2.0, 1.5]], &Device::Cpu)?.to_dtype(dtype)?;
            let z = Var::constant(z);
            let t = Tensor::new(&[[0f32, 0.0, 1.0], [1.0, 0.0, 0.0]], &Device::Cpu)?;
            let value = |loss: Var| Ok::<_, Error>(loss.tensor().to_dtype(DType::F64)?.to_scalar::<f64>()?);
            let soft = value(soft_cross_entropy(&tape, &z, &t, 0.0, None)?)?;
            let hard = value(crate::cross_entropy(&tape, &z, &[2, 0])?)?;
            assert!(soft.is_finite() && (soft - hard).abs() < 1e-6, "{dtype:?}: {soft} {hard}");
        }
        Ok(())
    }

    #[test]
    fn mistakes_are_named() -> Result<()> {
        let tape = Tape::inference();
        let says = |t: &[[f32; 2]], smoothing, weights| {
            let t = Tensor::from_slice(t.as_flattened(), (t.len(), 2), &Device::Cpu)?;
            Ok::<_, Error>(soft_cross_entropy(&tape, &constant(&[1, 2]), &t, smoothing, weights).unwrap_err().to_string())
        };
        assert!(says(&[[0.5, 0.5]; 2], 0.0, None)?.contains("target: expected [1, 2] as the logits, found [2, 2]"));
        assert!(says(&[[0.5, f32::NAN]], 0.0, None)?.contains("position 1 must be finite and at least 0, found NaN"));
        assert!(says(&[[-0.5, 0.5]], 0.0, None)?.contains("position 0 must be finite and at least 0, found -0.5"));
        assert!(says(&[[0.5, 0.5]], 1.0, None)?.contains("smoothing"));
        assert!(says(&[[0.5, 0.5]], 0.0, Some(&[1.0]))?.contains("class weights"));
        Ok(())
    }
}
