//! Root mean square normalisation (Zhang & Sennrich, 1910.07467) over rows of D numbers: `y = x r w`,
//! `r = 1 / sqrt(mean(x^2) + eps)`.
//!
//! Backward, with `g = dy w`: `dx = r (g - x r^2 mean(g x))`, `dw = sum of dy x r` over rows.

mod cpu;
#[cfg(device_kernels)]
mod cuda;
mod reference;

use crate::{Error, Inputs, Op, Param, Result, Tape, Var, blocks, slice};
use candle_core::Tensor;

/// `x / sqrt(mean(x^2) + eps) * weight` over the last dimension.
///
/// `x`: `[..., D]`, `weight`: `[D]`; returns `[..., D]`.
///
/// # Errors
/// The shapes do not fit as above, or `D` is 0.
pub fn rms_norm(tape: &Tape, x: &Var, weight: &Param, eps: f64) -> Result<Var> {
    let dim = width(weight)?;
    if x.dims().last() != Some(&dim) {
        return Err(Error::shape("rms_norm", format!("input of `{}`", weight.name()), format!("[..., {dim}]"), x.dims()));
    }
    let value = x.tensor().contiguous()?;
    let (y, stats) = forward(&value, weight, eps)?;
    Ok(record(tape, x, y, value, stats, weight))
}

/// As [`rms_norm`] for each of the heads that lie side by side in the last dimension, with one weight for all.
///
/// `x`: `[..., H K]`, `weight`: `[K]`; returns `[..., H K]`.
///
/// # Errors
/// The shapes do not fit as above, or `K` is 0.
pub fn rms_norm_heads(tape: &Tape, x: &Var, weight: &Param, eps: f64) -> Result<Var> {
    let size = width(weight)?;
    if x.dims().last().is_none_or(|dim| !dim.is_multiple_of(size)) {
        let expected = format!("[..., a multiple of K = {size}]");
        return Err(Error::shape("rms_norm", format!("input of `{}`", weight.name()), expected, x.dims()));
    }
    let value = x.tensor().contiguous()?;
    let (y, stats) = forward(&value, weight, eps)?;
    Ok(record(tape, x, y, value, stats, weight))
}

/// `sum = x + residual` and its [`rms_norm`], in one pass: `(sum, norm)`.
///
/// `x`, `residual`: `[..., D]`, `weight`: `[D]`; both results are `[..., D]`.
///
/// # Errors
/// The shapes do not fit as above, or `D` is 0.
pub fn add_rms_norm(tape: &Tape, x: &Var, residual: &Var, weight: &Param, eps: f64) -> Result<(Var, Var)> {
    let dim = width(weight)?;
    for (what, var) in [("input", x), ("residual", residual)] {
        if var.dims().last() != Some(&dim) || var.dims() != x.dims() {
            let expected = if what == "input" { format!("[..., {dim}]") } else { format!("{:?} as the input", x.dims()) };
            return Err(Error::shape("add_rms_norm", format!("{what} of `{}`", weight.name()), expected, var.dims()));
        }
    }
    let (a, b) = (x.tensor().contiguous()?, residual.tensor().contiguous()?);
    #[cfg(device_kernels)]
    if crate::device::takes(&a) {
        let (sum, y, r) = cuda::forward_sum(&a, &b, weight.tensor(), eps as f32)?;
        return Ok(record_sum(tape, [x, residual], sum, y, Stats::Device(r), weight));
    }
    let (sum, y, stats) = if slice::is_fast(&a) && slice::is_fast(&b) {
        let (sum, y, r) = cpu::forward_sum(&a, &b, weight.tensor(), eps as f32)?;
        (sum, y, Stats::Fast(r))
    } else {
        let sum = (&a + &b)?;
        let (y, stats) = forward(&sum, weight, eps)?;
        (sum, y, stats)
    };
    Ok(record_sum(tape, [x, residual], sum, y, stats, weight))
}

fn record_sum(tape: &Tape, [x, residual]: [&Var; 2], sum: Tensor, y: Tensor, stats: Stats, weight: &Param) -> (Var, Var) {
    let sum_var = tape.record(
        Op::arrays("add_rms_norm", sum.elem_count(), 4, 0),
        sum.clone(),
        x.wants_grad() || residual.wants_grad(),
        || {
            let (x, residual) = (x.target(), residual.target());
            move |dy, grads| {
                grads.add_shared(x, dy)?;
                grads.add_shared(residual, dy)
            }
        },
    );
    let norm = record(tape, &sum_var, y, sum, stats, weight);
    (sum_var, norm)
}

/// What backward needs beside the input.
enum Stats {
    /// `r` of each row.
    Fast(Vec<f32>),
    Plain(Tensor),
    /// As `Fast`, on a device of its own.
    #[cfg(device_kernels)]
    Device(Tensor),
}

fn forward(x: &Tensor, weight: &Param, eps: f64) -> Result<(Tensor, Stats)> {
    #[cfg(device_kernels)]
    if crate::device::takes(x) {
        let (y, r) = cuda::forward(x, weight.tensor(), eps as f32)?;
        return Ok((y, Stats::Device(r)));
    }
    if slice::is_fast(x) {
        let (y, r) = cpu::forward(x, weight.tensor(), eps as f32)?;
        return Ok((y, Stats::Fast(r)));
    }
    let (y, r) = reference::forward(x, weight.tensor(), eps)?;
    Ok((y, Stats::Plain(r)))
}

fn record(tape: &Tape, x: &Var, y: Tensor, value: Tensor, stats: Stats, weight: &Param) -> Var {
    tape.record(Op::arrays("rms_norm", value.elem_count(), 2, 3), y, Inputs::of(x.wants_grad(), [Some(weight)]), || {
        let (x, weight) = (x.target(), weight.clone());
        move |dy, grads| match stats {
            Stats::Plain(r) => {
                let (dx, dw) = reference::backward(dy, &value, &r, weight.tensor())?;
                grads.add(x, dx)?;
                grads.add_param(&weight, dw)
            }
            #[cfg(device_kernels)]
            Stats::Device(r) => {
                let dy = dy.contiguous()?;
                if x.wants_grad() {
                    grads.add(x, cuda::backward_input(&dy, &value, &r, weight.tensor())?)?;
                }
                if weight.is_trainable() {
                    grads.add_param(&weight, cuda::backward_weight(&dy, &value, &r, weight.tensor())?)?;
                }
                Ok(())
            }
            Stats::Fast(r) => {
                let want = cpu::Want { input: x.wants_grad(), weight: weight.is_trainable() };
                let (dx, parts) = cpu::backward(dy, &value, &r, weight.tensor(), want)?;
                if let Some(dx) = dx {
                    grads.add(x, dx)?;
                }
                grads.add_param_with(&weight, |dw| blocks::add_column_sums(&parts, dw))
            }
        }
    })
}

/// D, or K of heads.
fn width(weight: &Param) -> Result<usize> {
    match weight.tensor().dims() {
        &[dim] if dim > 0 => Ok(dim),
        other => Err(Error::shape("rms_norm", format!("weight `{}`", weight.name()), "[D] with D at least 1", other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients, constant};
    use candle_core::DType;

    #[test]
    fn gradients() {
        for shape in [&[3, 7][..], &[1, 2], &[17, 33], &[2, 3, 65], &[131, 5], &[4], &[0, 3], &[1, 1]] {
            let case = Case::new().var(shape).param("weight", &shape[shape.len() - 1..]);
            check_gradients("rms_norm", Reduction, case, |tape, v, p| rms_norm(tape, &v[0], &p[0], 1e-5));
        }
        for (rows, heads, size) in [(3, 2, 5), (70, 3, 16), (1, 1, 1)] {
            let case = Case::new().var(&[1, rows, heads * size]).param("weight", &[size]);
            check_gradients("rms_norm_heads", Reduction, case, |tape, v, p| rms_norm_heads(tape, &v[0], &p[0], 1e-6));
        }
    }

    /// Both results are used, so that the sum's gradient comes from two sides.
    #[test]
    fn gradients_with_a_residual() {
        for shape in [&[3, 7][..], &[130, 33], &[2, 5, 16]] {
            let case = Case::new().var(shape).var(shape).param("weight", &shape[shape.len() - 1..]);
            check_gradients("add_rms_norm", Reduction, case, |tape, v, p| {
                let (sum, norm) = add_rms_norm(tape, &v[0], &v[1], &p[0], 1e-5)?;
                crate::add(tape, &sum, &norm)
            });
        }
    }

    #[test]
    fn shapes_are_checked() {
        let (p, _) = Case::new().param("weight", &[3]).param("square", &[2, 2]).params(DType::F32).unwrap();
        let tape = Tape::inference();
        assert!(
            rms_norm(&tape, &constant(&[2, 4]), &p[0], 1e-5).unwrap_err().to_string().contains("expected [..., 3], found [2, 4]")
        );
        assert!(rms_norm(&tape, &constant(&[2, 4]), &p[1], 1e-5).unwrap_err().to_string().contains("weight `square`"));
        assert!(rms_norm_heads(&tape, &constant(&[2, 4]), &p[0], 1e-5).unwrap_err().to_string().contains("a multiple of K = 3"));
        let apart = add_rms_norm(&tape, &constant(&[2, 3]), &constant(&[1, 3]), &p[0], 1e-5).unwrap_err().to_string();
        assert!(apart.contains("residual of `weight`: expected [2, 3] as the input"), "{apart}");
    }
}
