//! The mean of a text's real tokens: `y[b] = mean over t < lengths[b] of x[b, t]`. Backward: `dx[b, t] = dy[b] / lengths[b]` at real
//! tokens, 0 at padding.

use crate::global_avg_pool::row_means;
use crate::{Error, Op, Result, Tape, Var, slice};
use candle_core::Tensor;
use rayon::prelude::*;

/// `x_btd`: `[B, T, D]`, with B `lengths` from 1 to T; returns `[B, D]`.
///
/// # Errors
/// `x_btd` has another rank; there is not one length a text, or one is out of its range.
pub fn mean_tokens(tape: &Tape, x_btd: &Var, lengths: &[usize]) -> Result<Var> {
    const OP: &str = "mean_tokens";
    let &[batch, len, dim] = x_btd.dims() else {
        return Err(Error::shape(OP, "input", "[B, T, D]", x_btd.dims()));
    };
    if lengths.len() != batch {
        return Err(Error::shape(OP, "lengths", format!("[B = {batch}]"), &[lengths.len()]));
    }
    if let Some(found) = lengths.iter().find(|length| !(1..=len).contains(length)) {
        return Err(Error::Argument { op: OP, message: format!("lengths must be from 1 to {len}, found {found}") });
    }
    let value = x_btd.tensor().contiguous()?;
    let fast = slice::is_fast(&value);
    let plain = if fast { None } else { Some(shares(&value, lengths)?) };
    let y = match &plain {
        None => means(&value, lengths)?,
        Some(shares) => shares.matmul(&real(&value, shares)?)?.squeeze(1)?,
    };
    Ok(tape.record(Op::arrays(OP, value.elem_count(), 1, 1), y, x_btd.wants_grad(), || {
        let (x, lengths) = (x_btd.target(), lengths.to_vec());
        move |dy, grads| {
            let dx = match &plain {
                None => spread(dy, &lengths, [batch, len, dim])?,
                Some(shares) => real(&shares.transpose(1, 2)?.contiguous()?.matmul(&dy.unsqueeze(1)?)?, shares)?,
            };
            grads.add(x, dx)
        }
    }))
}

/// Each token's share of its text's mean, `[B, 1, T]`, like `x` otherwise.
fn shares(x: &Tensor, lengths: &[usize]) -> Result<Tensor> {
    let (batch, len, _) = x.dims3()?;
    let share = |&length: &usize| (0..len).map(move |t| if t < length { 1.0 / length as f64 } else { 0.0 });
    let shares: Vec<f64> = lengths.iter().flat_map(share).collect();
    Ok(Tensor::from_vec(shares, (batch, 1, len), &candle_core::Device::Cpu)?.to_dtype(x.dtype())?.to_device(x.device())?)
}

/// `x`: `[B, T, D]` with zeros for padding, of which no share makes nothing where it is no number.
fn real(x: &Tensor, shares: &Tensor) -> Result<Tensor> {
    let real = shares.transpose(1, 2)?.gt(0.0)?.broadcast_as(x.shape())?;
    Ok(real.where_cond(x, &x.zeros_like()?)?)
}

fn means(x: &Tensor, lengths: &[usize]) -> Result<Tensor> {
    let (batch, len, dim) = x.dims3()?;
    let xs = slice::floats(x)?;
    slice::fresh_tensor((batch, dim), |y| {
        let texts = y.par_chunks_mut(dim.max(1)).zip(xs.par_chunks((len * dim).max(1))).zip(lengths);
        texts.for_each(|((y, x), length)| row_means(&x[..length * dim], y));
    })
}

fn spread(dy: &Tensor, lengths: &[usize], [batch, len, dim]: [usize; 3]) -> Result<Tensor> {
    let dys = slice::floats(dy)?;
    slice::fresh_tensor((batch, len, dim), |dx| {
        let texts = dx.par_chunks_mut((len * dim).max(1)).zip(dys.par_chunks(dim.max(1))).zip(lengths);
        texts.for_each(|((dx, dy), &length)| {
            let (real, padding) = dx.split_at_mut(length * dim);
            let share = 1.0 / length as f32;
            real.chunks_exact_mut(dim).for_each(|dx| dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx = share * dy));
            padding.fill(0.0);
        });
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Case, Kind::Reduction, check_gradients, constant};
    use candle_core::{DType, Device};

    #[test]
    fn gradients() {
        for (shape, lengths) in [([1, 1, 1], &[1][..]), ([3, 7, 5], &[7, 1, 4]), ([2, 33, 17], &[32, 33]), ([0, 3, 2], &[])] {
            check_gradients("mean_tokens", Reduction, Case::new().var(&shape), |tape, v, _| mean_tokens(tape, &v[0], lengths));
        }
    }

    #[test]
    fn padding_is_not_seen() -> Result<()> {
        for (dtype, spoiled) in
            [DType::F32, DType::F64, DType::BF16].into_iter().flat_map(|t| [f32::NAN, f32::INFINITY].map(|v| (t, v)))
        {
            let tape = Tape::training(crate::Stream::root(0));
            let x = tape.leaf(Tensor::new(&[[[1f32, 2.], [3., 6.], [spoiled, 9.]]], &Device::Cpu)?.to_dtype(dtype)?);
            let y = mean_tokens(&tape, &x, &[2])?;
            assert_eq!(y.tensor().to_dtype(DType::F32)?.to_vec2::<f32>()?, [[2., 4.]], "{dtype:?}");
            // And of a gradient that is no number nothing reaches it.
            let spoiled = crate::scale(&tape, &y, f64::from(spoiled))?;
            let dx = tape.backward_to(&spoiled, &mut crate::Gradients::new(&crate::ParamStore::default()), &[&x])?;
            let dx = dx[0].as_ref().expect("a gradient").to_dtype(DType::F32)?.to_vec3::<f32>()?;
            assert!(!dx[0][1][0].is_finite() && dx[0][2] == [0., 0.], "{dtype:?} {dx:?}");
        }
        Ok(())
    }

    #[test]
    fn mistakes_are_named() {
        let says = |shape: &[usize], lengths: &[usize]| {
            mean_tokens(&Tape::inference(), &constant(shape), lengths).expect_err("refused").to_string()
        };
        assert!(says(&[2, 3], &[1, 1]).contains("[B, T, D]"));
        assert!(says(&[2, 3, 1], &[1]).contains("[B = 2]"));
        assert!(says(&[2, 3, 1], &[1, 0]).contains("from 1 to 3, found 0"));
        assert!(says(&[2, 3, 1], &[4, 1]).contains("found 4"));
    }
}
