//! Layer normalisation (Ba et al. 2016) over the last dimension: `y = n w + b`, `n = (x - mean) r`, `r = 1 / sqrt(var + eps)`,
//! with the biased variance.
//!
//! Backward, with `g = dy w`: `dx = r (g - mean(g) - n mean(g n))`, `dw = sum of dy n`, `db = sum of dy` over rows.

mod cpu;
#[cfg(device_kernels)]
mod cuda;
mod reference;

use crate::{Error, Inputs, Op, Param, Result, Tape, Var, blocks, slice};

/// `(x - mean) / sqrt(var + eps) * weight + bias` over the last dimension.
///
/// `x`: `[..., D]`, `weight`, `bias`: `[D]`; returns `[..., D]`.
///
/// # Errors
/// `weight` or `bias` is not `[D]`, or `D` is 0.
pub fn layer_norm(tape: &Tape, x: &Var, weight: &Param, bias: &Param, eps: f64) -> Result<Var> {
    let &[dim] = weight.tensor().dims() else {
        return Err(Error::shape("layer_norm", format!("weight `{}`", weight.name()), "[dim]", weight.tensor().dims()));
    };
    if bias.tensor().dims() != [dim] {
        return Err(Error::shape("layer_norm", format!("bias `{}`", bias.name()), format!("[{dim}]"), bias.tensor().dims()));
    }
    if x.dims().last() != Some(&dim) || dim == 0 {
        let what = format!("input of `{}`", weight.name());
        return Err(Error::shape("layer_norm", what, format!("[..., {}]", dim.max(1)), x.dims()));
    }
    let value = x.tensor().contiguous()?;
    let op = Op::arrays("layer_norm", value.elem_count(), 2, 3);
    let wanted = Inputs::of(x.wants_grad(), [Some(weight), Some(bias)]);
    #[cfg(device_kernels)]
    if crate::device::takes(&value) {
        return cuda::apply(tape, op, x, value, [weight, bias], eps);
    }
    if !slice::is_fast(&value) {
        let (y, saved) = reference::forward(&value, weight.tensor(), bias.tensor(), eps)?;
        return Ok(tape.record(op, y, wanted, || {
            let (x, weight, bias) = (x.target(), weight.clone(), bias.clone());
            move |dy, grads| {
                let (dx, dw, db) = reference::backward(dy, &saved, weight.tensor())?;
                grads.add(x, dx)?;
                grads.add_param(&weight, dw)?;
                grads.add_param(&bias, db)
            }
        }));
    }
    let (y, stats) = cpu::forward(&value, weight.tensor(), bias.tensor(), eps as f32)?;
    Ok(tape.record(op, y, wanted, || {
        let (x, weight, bias) = (x.target(), weight.clone(), bias.clone());
        move |dy, grads| {
            let want = cpu::Want { input: x.wants_grad(), params: weight.is_trainable() || bias.is_trainable() };
            let (dx, sums) = cpu::backward(dy, &value, &stats, weight.tensor(), want)?;
            if let Some(dx) = dx {
                grads.add(x, dx)?;
            }
            // Each row of `sums` holds a block's part of dw, then of db.
            let mut total = vec![0f32; 2 * dim];
            blocks::add_column_sums(&sums, &mut total);
            grads.add_param_with(&weight, |dw| crate::simd::add_assign(dw, &total[..dim]))?;
            grads.add_param_with(&bias, |db| crate::simd::add_assign(db, &total[dim..]))
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients, constant};
    use candle_core::DType;

    #[test]
    fn gradients() {
        for shape in [&[3, 7][..], &[1, 2], &[17, 33], &[2, 3, 65], &[131, 5], &[4]] {
            let dim = [shape[shape.len() - 1]];
            let case = Case::new().var(shape).param("weight", &dim).param("bias", &dim);
            check_gradients("layer_norm", Reduction, case, |tape, v, p| layer_norm(tape, &v[0], &p[0], &p[1], 1e-5));
        }
    }

    #[cfg(feature = "cuda-emulation")]
    #[test]
    fn kernels_want_one_type() {
        let (p, _) = Case::new().param("weight", &[3]).param("bias", &[3]).params(DType::BF16).unwrap();
        let apply = || layer_norm(&Tape::inference(), &constant(&[2, 3]), &p[0], &p[1], 1e-5).unwrap_err().to_string();
        let error = crate::device::emulated(crate::device::Order::Rising, apply);
        assert_eq!(error, "layer_norm: weight: expected F32 as the input, found BF16");
    }

    #[test]
    fn shapes_are_checked() {
        let (p, _) = Case::new().param("weight", &[3]).param("bias", &[4]).params(DType::F32).unwrap();
        let tape = Tape::inference();
        assert!(layer_norm(&tape, &constant(&[2, 3]), &p[0], &p[1], 1e-5).unwrap_err().to_string().contains("bias `bias`"));
        assert!(layer_norm(&tape, &constant(&[2, 2]), &p[0], &p[0], 1e-5).unwrap_err().to_string().contains("[..., 3]"));
    }
}
