//! Weight-decomposed low-rank adaptation (DoRA, Liu et al. 2024, arXiv 2402.09353): each row of `W + s B A` is brought to a length that
//! is trained, `y = g (x W^T + s t B^T) + b`, `g = m / |W + s B A|`, the norm being that of a row.
//!
//! The norm is a constant in backward (section 4.3 of the paper): with `z = x W^T + s t B^T`, `dz = g dy`,
//! `dm = sum of the rows of (z dy) / norm`, `db = sum of the rows of dy`, and from `dz` on as [`lora_linear`].

use super::{FrozenWeight, Lora, lora_linear};
use crate::blocks::{self, BLOCK, ROWS};
use crate::matmul::{View, ViewMut, Write, matmul_here};
use crate::simd::vectorised;
use crate::{Error, Inputs, Op, Param, Result, Tape, Var, scratch, slice};
use candle_core::{DType, Tensor};
use rayon::prelude::*;

/// An addition of low rank together with the lengths of the rows.
#[derive(Debug, Clone)]
pub struct Dora {
    pub lora: Lora,
    /// `m`: `[out]`, by convention [`row_norms`] of the frozen weight at first.
    pub magnitude: Param,
}

/// The one weight that does the same at inference: `W + s B A`, or with `lengths` `m (W + s B A) / |W + s B A|`.
///
/// `weight`: `[out, in]`, `a`: `[r, in]`, `b`: `[out, r]`, `lengths`, `m`: `[out]`, each in its own float type; returns float32.
///
/// # Errors
/// The shapes do not fit each other.
pub fn merged_weight(weight: &Tensor, [a, b]: [&Tensor; 2], scale: f64, lengths: Option<&Tensor>) -> Result<Tensor> {
    let whole = |tensor: &Tensor| tensor.to_dtype(DType::F32);
    let sum = (whole(weight)? + whole(b)?.matmul(&whole(a)?)?.affine(scale, 0.0)?)?;
    let Some(lengths) = lengths.map(whole).transpose()? else { return Ok(sum) };
    let gain = over(&lengths, &plain_norms(&sum)?)?;
    Ok(sum.broadcast_mul(&gain.unsqueeze(1)?)?)
}

/// `numbers / norms`, 0 where a row is all zeros: it has no direction to be stretched along, and 0 / 0 would spoil the whole output. (PEFT
/// divides.)
fn over(numbers: &Tensor, norms: &Tensor) -> Result<Tensor> {
    Ok(norms.eq(0.0)?.where_cond(&norms.zeros_like()?, &(numbers / norms)?)?)
}

/// Lengths of the rows of `W`, or of `W + s B A`: `[out]`.
///
/// # Errors
/// The addition does not fit the weight; a tensor operation failed.
pub fn row_norms(weight: &FrozenWeight, addition: Option<&Lora>) -> Result<Tensor> {
    addition.map_or(Ok(()), |lora| lora.check(weight))?;
    if weight.is_fast() && addition.is_none_or(|lora| slice::is_fast(lora.a.tensor()) && slice::is_fast(lora.b.tensor())) {
        fast_norms(weight, addition)
    } else {
        plain_norms(&sum_of(weight, addition)?)
    }
}

/// `W + s B A` whole, in the addition's type.
fn sum_of(weight: &FrozenWeight, addition: Option<&Lora>) -> Result<Tensor> {
    let Some(lora) = addition else {
        return weight.dense(if weight.is_fast() { DType::F32 } else { DType::F64 }, &weight.device());
    };
    let product = lora.b.tensor().matmul(lora.a.tensor())?.affine(f64::from(lora.scale), 0.0)?;
    Ok((weight.dense(product.dtype(), product.device())? + product)?)
}

fn plain_norms(sum: &Tensor) -> Result<Tensor> {
    Ok(sum.sqr()?.sum(1)?.sqrt()?)
}

vectorised! {
    /// The sum of the squares, in sixteen sums side by side that are added in order.
    fn sum_of_squares(row: &[f32]) -> f32 {
        let mut sums = [0f32; 16];
        let (whole, rest) = row.as_chunks::<16>();
        whole.iter().for_each(|part| sums.iter_mut().zip(part).for_each(|(sum, v)| *sum = v.mul_add(*v, *sum)));
        sums.iter_mut().zip(rest).for_each(|(sum, v)| *sum = v.mul_add(*v, *sum));
        sums.iter().sum()
    }

    /// `y = z g + b`, row by row.
    fn gain_and_shift(z: &[f32], gain: &[f32], bias: &[f32], y: &mut [f32]) {
        let width = gain.len();
        for (y, z) in y.chunks_exact_mut(width).zip(z.chunks_exact(width)) {
            match bias.is_empty() {
                true => y.iter_mut().zip(z).zip(gain).for_each(|((y, z), g)| *y = z * g),
                false => y.iter_mut().zip(z).zip(gain).zip(bias).for_each(|(((y, z), g), b)| *y = z.mul_add(*g, *b)),
            }
        }
    }

    fn multiply(x: &[f32], y: &[f32], product: &mut [f32]) {
        product.iter_mut().zip(x).zip(y).for_each(|((p, x), y)| *p = x * y);
    }
}

/// Some rows of the sum at a time, in the cache; tasks are blocks of [`ROWS`] rows.
fn fast_norms(weight: &FrozenWeight, addition: Option<&Lora>) -> Result<Tensor> {
    let [out, inner] = weight.dims();
    let mut norms = vec![0f32; out];
    let parts = addition.map(|lora| Ok::<_, Error>((lora, slice::floats(lora.a.tensor())?, slice::floats(lora.b.tensor())?)));
    let parts = parts.transpose()?;
    let low = parts.as_ref().map(|(lora, a, b)| {
        let rank = a.len().checked_div(inner).unwrap_or(0);
        (lora.scale, View::new(a, rank, inner), View::new(b, out, b.len().checked_div(out).unwrap_or(0)))
    });
    if inner > 0 {
        weight.for_rows(|first, w| {
            let count = w.rows();
            norms[first..first + count].par_chunks_mut(ROWS).enumerate().for_each(|(block, norms)| {
                let (at, rows) = (block * ROWS, norms.len());
                scratch::with(rows * inner, |sum| {
                    w.part(at, rows).copy_to(sum);
                    if let Some((scale, a, b)) = low {
                        matmul_here(scale, b.part(first + at, rows), a, ViewMut::new(sum, rows, inner), Write::Add);
                    }
                    norms.iter_mut().zip(sum.chunks_exact(inner)).for_each(|(norm, row)| *norm = sum_of_squares(row).sqrt());
                });
            });
        })?;
    }
    Ok(Tensor::from_vec(norms, out, &weight.device())?)
}

/// `y = m / |W + s B A| (x W^T + s drop(x) A^T B^T) + b`; shapes and dropout are those of [`lora_linear`]: what is dropped is the
/// addition's input alone.
///
/// # Errors
/// As [`lora_linear`]; the magnitude is not `[out]`.
pub fn dora_linear(tape: &Tape, x: &Var, weight: &FrozenWeight, bias: Option<&Param>, dora: &Dora) -> Result<Var> {
    const OP: &str = "dora_linear";
    let out = weight.dims()[0];
    for (what, param) in [("magnitude", Some(&dora.magnitude)), ("bias", bias)] {
        if let Some(param) = param.filter(|param| param.tensor().dims() != [out]) {
            return Err(Error::shape(OP, format!("{what} `{}`", param.name()), format!("[out = {out}]"), param.tensor().dims()));
        }
    }
    let z = lora_linear(tape, x, weight, None, &dora.lora)?;
    let norm = row_norms(weight, Some(&dora.lora))?.to_dtype(z.tensor().dtype())?;
    with_lengths(tape, &z, &norm, &dora.magnitude, bias)
}

/// `y = m / norm z + b`. `z`: `[..., out]`; `norm`, a constant, magnitude and bias: `[out]`.
fn with_lengths(tape: &Tape, z: &Var, norm: &Tensor, magnitude: &Param, bias: Option<&Param>) -> Result<Var> {
    let value = z.tensor().contiguous()?;
    let gain = over(magnitude.tensor(), norm)?;
    let fast = slice::is_fast(&value);
    let y = if fast { fast_forward(&value, &gain, bias)? } else { plain_forward(&value, &gain, bias)? };
    let wanted = Inputs::of(z.wants_grad(), [Some(magnitude), bias]);
    Ok(tape.record(Op::arrays("dora_linear", y.elem_count(), 2, 3), y, wanted, || {
        let (z, norm) = (z.target(), norm.clone());
        let magnitude = Some(magnitude.clone()).filter(Param::is_trainable);
        let bias = bias.cloned().filter(Param::is_trainable);
        move |dy, grads| {
            let dy = dy.contiguous()?;
            let out = norm.elem_count();
            if z.wants_grad() {
                let dz = if fast { fast_forward(&dy, &gain, None)? } else { plain_forward(&dy, &gain, None)? };
                grads.add(z, dz)?;
            }
            if let Some(magnitude) = &magnitude {
                let sums = if fast { fast_sums(&dy, Some(&value), out)? } else { (&dy * &value)?.reshape(((), out))?.sum(0)? };
                grads.add_param(magnitude, over(&sums, &norm)?)?;
            }
            match &bias {
                Some(bias) if fast => grads.add_param(bias, fast_sums(&dy, None, out)?),
                Some(bias) => grads.add_param(bias, dy.reshape(((), out))?.sum(0)?),
                None => Ok(()),
            }
        }
    }))
}

fn plain_forward(z: &Tensor, gain: &Tensor, bias: Option<&Param>) -> Result<Tensor> {
    let y = z.broadcast_mul(gain)?;
    Ok(bias.map_or(Ok(y.clone()), |bias| y.broadcast_add(bias.tensor()))?)
}

fn fast_forward(z: &Tensor, gain: &Tensor, bias: Option<&Param>) -> Result<Tensor> {
    let (values, gain) = (slice::floats(z)?, slice::floats(gain)?);
    let bias = bias.map(|bias| slice::floats(bias.tensor())).transpose()?;
    let bias = bias.as_deref().unwrap_or_default();
    let some = (BLOCK / gain.len().max(1)).max(1) * gain.len().max(1);
    slice::fresh_tensor(z.shape(), |y| {
        y.par_chunks_mut(some).zip(values.par_chunks(some)).for_each(|(y, z)| gain_and_shift(z, &gain, bias, y));
    })
}

/// The sum of the rows of `dy`, or of `dy z`: `[out]`.
fn fast_sums(dy: &Tensor, z: Option<&Tensor>, out: usize) -> Result<Tensor> {
    let dys = slice::floats(dy)?;
    let z = z.map(slice::floats).transpose()?;
    let mut sums = vec![0f32; out];
    match z {
        None => blocks::add_column_sums(&dys, &mut sums),
        Some(z) => scratch::with(dys.len(), |product| {
            blocks::map2(&dys, &z, product, multiply);
            blocks::add_column_sums(product, &mut sums);
        }),
    }
    Ok(Tensor::from_vec(sums, out, dy.device())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Product, check_gradients, close, constant};
    use crate::{Gradients, Stream};
    use candle_core::Device;
    use candle_core::quantized::{GgmlDType, QTensor};
    use std::sync::Arc;

    #[test]
    fn gradients_with_the_norm_held() {
        for dims in [&[1, 1][..], &[3, 7], &[2, 70, 33], &[131, 3], &[0, 4]] {
            let out = dims[dims.len() - 1];
            let norm = |v: &Var| (constant(&[out]).tensor().to_dtype(v.tensor().dtype())?.abs()? + 0.5).map_err(Error::from);
            let case = Case::new().var(dims).param("m", &[out]);
            check_gradients("dora", Product, case.clone(), |t, v, p| with_lengths(t, &v[0], &norm(&v[0])?, &p[0], None));
            check_gradients("dora with bias", Product, case.param("b", &[out]), |t, v, p| {
                with_lengths(t, &v[0], &norm(&v[0])?, &p[0], Some(&p[1]))
            });
        }
    }

    fn stored(out: usize, inner: usize) -> Result<Vec<FrozenWeight>> {
        let t = constant(&[out, inner]).tensor().clone();
        let mut all = vec![FrozenWeight::new("w", &t)?, FrozenWeight::new("w", &t.to_dtype(DType::BF16)?)?];
        if inner.is_multiple_of(32) {
            all.push(FrozenWeight::quantized("w", Arc::new(QTensor::quantize(&t, GgmlDType::Q4_1)?))?);
        }
        Ok(all)
    }

    fn merged(weight: &FrozenWeight, dora: &Dora) -> Result<Tensor> {
        let (weight, parts) = (weight.dense(DType::F32, &Device::Cpu)?, [dora.lora.a.tensor(), dora.lora.b.tensor()]);
        merged_weight(&weight, parts, f64::from(dora.lora.scale), Some(dora.magnitude.tensor()))
    }

    /// In float32 against float64 by whole tensors, however the weight is stored; one that is merged does the same.
    #[test]
    fn equals_the_formula() -> Result<()> {
        for (rows, inner, out, rank) in [(5, 64, 9, 2), (131, 96, 200, 4), (3, 7, 1, 1)] {
            for weight in stored(out, inner)? {
                let case = Case::new().param("a", &[rank, inner]).param("b", &[out, rank]).param("m", &[out]).param("c", &[out]);
                let run = |dtype: DType| {
                    let (p, store) = case.params(dtype)?;
                    let lora = Lora { a: p[0].clone(), b: p[1].clone(), scale: 0.5, dropout: 0.0 };
                    let dora = Dora { lora, magnitude: p[2].clone() };
                    let tape = Tape::training(Stream::root(5));
                    let x = tape.leaf(constant(&[rows, inner]).tensor().to_dtype(dtype)?);
                    let y = dora_linear(&tape, &x, &weight, Some(&p[3]), &dora)?;
                    let mut grads = Gradients::new(&store);
                    let dx = tape.backward_to(&y, &mut grads, &[&x])?.remove(0).expect("a gradient");
                    let mut all = vec![y.tensor().clone(), dx];
                    all.extend(p.iter().map(|p| grads.get(p).expect("a gradient").clone()));
                    let x = constant(&[rows, inner]).tensor().to_dtype(DType::F32)?;
                    let c = p[3].tensor().to_dtype(DType::F32)?;
                    Ok::<_, Error>((all, x.matmul(&merged(&weight, &dora)?.t()?)?.broadcast_add(&c)?))
                };
                let ((fast, merged), (exact, _)) = (run(DType::F32)?, run(DType::F64)?);
                for ((fast, exact), what) in fast.iter().zip(&exact).zip(["y", "dx", "dA", "dB", "dm", "db"]) {
                    close(&format!("{weight:?}"), what, fast, exact, 2e-5);
                }
                close(&format!("{weight:?}"), "merged", &merged, &exact[0], 2e-5);
            }
        }
        Ok(())
    }

    /// A row of zeros, whose length and direction are none, gives zeros and takes no gradient, in every version and merged; others stay.
    #[test]
    fn a_row_of_zeros_is_no_fault() -> Result<()> {
        let mut values = constant(&[3, 8]).tensor().to_vec2::<f32>()?;
        values[1].fill(0.0);
        let weight = FrozenWeight::new("w", &Tensor::from_vec(values.concat(), (3, 8), &Device::Cpu)?)?;
        for (dtype, length) in [DType::F32, DType::F64].into_iter().flat_map(|dtype| [0.0, 2.0].map(|length| (dtype, length))) {
            let (p, store) = Case::new().param("a", &[2, 8]).param("b", &[3, 2]).param("m", &[3]).params(dtype)?;
            p[1].set(&p[1].tensor().zeros_like()?)?;
            p[2].set(&Tensor::new(&[1.0, length, 3.0], &Device::Cpu)?)?;
            let lora = Lora { a: p[0].clone(), b: p[1].clone(), scale: 1.0, dropout: 0.0 };
            let dora = Dora { lora, magnitude: p[2].clone() };
            let tape = Tape::training(Stream::root(0));
            let x = tape.leaf(constant(&[4, 8]).tensor().to_dtype(dtype)?);
            let y = dora_linear(&tape, &x, &weight, None, &dora)?;
            let mut grads = Gradients::new(&store);
            let dx = tape.backward_to(&y, &mut grads, &[&x])?.remove(0).expect("a gradient");
            let merged = merged(&weight, &dora)?;
            let all = [y.tensor(), &dx, &merged].into_iter().chain(p.iter().filter_map(|p| grads.get(p)));
            for t in all {
                let values = t.flatten_all()?.to_dtype(DType::F64)?.to_vec1::<f64>()?;
                assert!(values.iter().all(|v| v.is_finite()), "{dtype:?} {length}: {values:?}");
            }
            let column = y.tensor().narrow(1, 1, 1)?.flatten_all()?.to_dtype(DType::F32)?.to_vec1::<f32>()?;
            assert_eq!((column, merged.to_vec2::<f32>()?[1].clone()), (vec![0.0; 4], vec![0.0; 8]));
            let lengths = row_norms(&FrozenWeight::new("merged", &merged)?, None)?.to_vec1::<f32>()?;
            assert!((lengths[0] - 1.0).abs() < 1e-5 && (lengths[2] - 3.0).abs() < 1e-5, "{lengths:?}");
        }
        Ok(())
    }

    /// Beside a new addition, which is zero, lengths that are the rows' own change nothing.
    #[test]
    fn begins_as_the_weight() -> Result<()> {
        let (params, _) = Case::new().param("a", &[2, 40]).param("b", &[70, 2]).param("m", &[70]).params(DType::F32)?;
        params[1].set(&Tensor::zeros((70, 2), DType::F32, &Device::Cpu)?)?;
        let weight = FrozenWeight::new("w", constant(&[70, 40]).tensor())?;
        params[2].set(&row_norms(&weight, None)?)?;
        let lora = Lora { a: params[0].clone(), b: params[1].clone(), scale: 1.0, dropout: 0.3 };
        let x = constant(&[5, 40]);
        let plain = x.tensor().matmul(&constant(&[70, 40]).tensor().t()?)?;
        let dora = Dora { lora, magnitude: params[2].clone() };
        close("new", "y", dora_linear(&Tape::inference(), &x, &weight, None, &dora)?.tensor(), &plain, 1e-6);
        let wrong = Dora { magnitude: params[1].clone(), ..dora };
        let message = dora_linear(&Tape::inference(), &x, &weight, None, &wrong).expect_err("a wrong shape").to_string();
        assert_eq!(message, "dora_linear: magnitude `b`: expected [out = 70], found [70, 2]");
        Ok(())
    }
}
