//! Linear layer with a frozen weight and a trainable addition of low rank (LoRA, Hu et al. 2021, arXiv 2106.09685):
//! `y = x W^T + b + s t B^T`, `t = drop(x) A^T`. The frozen weight may be stored in fewer bits (QLoRA, Dettmers et al. 2023,
//! arXiv 2305.14314); it is widened some rows at a time.
//!
//! Backward, with `u = s dy B`: `dB = s dy^T t`, `dA = u^T drop(x)`, `dx = dy W + m (u A)`, `m` being dropout's mask; nothing is
//! computed for `W`. Kept from forward: `x` itself and `t`; `drop(x)` is made again, a block of rows at a time.

mod cpu;
mod dora;
mod frozen;
mod reference;

pub use dora::{Dora, dora_linear, merged_weight, row_norms};
pub use frozen::FrozenWeight;

use crate::dropout::check_probability;
use crate::{Backward, Error, Inputs, Op, Param, Result, Stream, Tape, Var, blocks, slice};
use candle_core::Tensor;

/// The trainable addition to a frozen weight `[out, in]`.
#[derive(Debug, Clone)]
pub struct Lora {
    /// `[r, in]`, by convention random at first.
    pub a: Param,
    /// `[out, r]`, by convention zeros at first.
    pub b: Param,
    /// `s`, what the addition is multiplied by: alpha / r in the paper.
    pub scale: f32,
    /// The probability that an element of the addition's input is dropped, in `[0, 1)`.
    pub dropout: f32,
}

impl Lora {
    fn check(&self, weight: &FrozenWeight) -> Result<()> {
        let [out, inner] = weight.dims();
        let shape = |param: &Param, expected: String| {
            Err(Error::shape("lora_linear", format!("`{}`", param.name()), expected, param.tensor().dims()))
        };
        match *self.a.tensor().dims() {
            [rank, width] if rank > 0 && width == inner => {
                let fits = self.b.tensor().dims() == [out, rank];
                if fits { Ok(()) } else { shape(&self.b, format!("[out = {out}, r = {rank}]")) }
            }
            _ => shape(&self.a, format!("[r >= 1, in = {inner}]")),
        }
    }
}

/// What dropout does to the addition's input.
#[derive(Debug, Clone, Copy)]
struct Mask {
    stream: Stream,
    probability: f32,
}

/// `y = x W^T + b + scale drop(x) A^T B^T`.
///
/// `x`: `[..., in]`, `weight`: `[out, in]`, `bias`: `[out]`; returns `[..., out]`. Dropout works in training alone, at one place of
/// the pass.
///
/// # Errors
/// The last dimension of `x` is not `in`; `bias` is not `[out]`; `A` or `B` does not fit; the probability is not in `[0, 1)`.
pub fn lora_linear(tape: &Tape, x: &Var, weight: &FrozenWeight, bias: Option<&Param>, lora: &Lora) -> Result<Var> {
    const OP: &str = "lora_linear";
    let [out, inner] = weight.dims();
    lora.check(weight)?;
    check_probability(OP, lora.dropout)?;
    check_shapes(OP, x, weight, bias)?;
    let mask = tape.next_dropout().filter(|_| lora.dropout > 0.0);
    let mask = mask.map(|stream| Mask { stream, probability: lora.dropout });
    let dims = x.dims().to_vec();
    let rows: usize = dims.iter().rev().skip(1).product();
    let value = x.tensor().contiguous()?.reshape((rows, inner))?;
    let fast = slice::is_fast(&value);
    let forward = if fast { cpu::forward } else { reference::forward };
    let (y, low) = forward(&value, weight, bias.map(Param::tensor), lora, mask)?;
    let y = y.reshape([&dims[..dims.len() - 1], &[out]].concat())?;
    let flops = 2.0 * (rows * (out * inner + lora.a.tensor().dims()[0] * (out + inner))) as f64;
    let elements = value.elem_count() + y.elem_count() + weight.size_bytes() / 4;
    let op = Op::product(OP, flops, elements, f64::from(u8::from(x.wants_grad())));
    let wanted = Inputs::of(x.wants_grad(), [Some(&lora.a), Some(&lora.b), bias]);
    Ok(tape.record(op, y, wanted, || {
        let (x, weight, bias, lora) = (x.target(), weight.clone(), bias.cloned().filter(Param::is_trainable), lora.clone());
        let saved = lora.a.is_trainable().then_some(value);
        let low = lora.b.is_trainable().then_some(low);
        move |dy, grads| {
            let dy = dy.reshape((rows, out))?;
            let backward = if fast { cpu::backward } else { reference::backward };
            if let Some(dx) = backward(&dy, Saved { x: saved, low, wants_dx: x.wants_grad() }, &weight, &lora, mask, grads)? {
                grads.add(x, dx.reshape(dims)?)?;
            }
            add_bias_gradient(&dy, bias.as_ref(), grads)
        }
    }))
}

/// `y = x W^T + b` beside a weight that is never moved, however it is stored.
///
/// `x`: `[..., in]`, `weight`: `[out, in]`, `bias`: `[out]`; returns `[..., out]`. Backward: `dx = dy W`, `db = sum of the rows of dy`.
///
/// # Errors
/// The last dimension of `x` is not `in`; `bias` is not `[out]`.
pub fn frozen_linear(tape: &Tape, x: &Var, weight: &FrozenWeight, bias: Option<&Param>) -> Result<Var> {
    const OP: &str = "frozen_linear";
    let [out, inner] = weight.dims();
    check_shapes(OP, x, weight, bias)?;
    let dims = x.dims().to_vec();
    let rows: usize = dims.iter().rev().skip(1).product();
    let value = x.tensor().contiguous()?.reshape((rows, inner))?;
    let fast = slice::is_fast(&value);
    let forward = if fast { cpu::forward_frozen } else { reference::forward_frozen };
    let y = forward(&value, weight, bias.map(Param::tensor))?.reshape([&dims[..dims.len() - 1], &[out]].concat())?;
    let elements = value.elem_count() + y.elem_count() + weight.size_bytes() / 4;
    let op = Op::product(OP, 2.0 * (rows * out * inner) as f64, elements, f64::from(u8::from(x.wants_grad())));
    let wanted = Inputs::of(x.wants_grad(), [bias]);
    Ok(tape.record(op, y, wanted, || {
        let (x, weight, bias) = (x.target(), weight.clone(), bias.cloned().filter(Param::is_trainable));
        move |dy, grads| {
            let dy = dy.reshape((rows, out))?;
            if x.wants_grad() {
                let backward = if fast { cpu::backward_frozen } else { reference::backward_frozen };
                grads.add(x, backward(&dy, &weight)?.reshape(dims)?)?;
            }
            add_bias_gradient(&dy, bias.as_ref(), grads)
        }
    }))
}

fn check_shapes(op: &'static str, x: &Var, weight: &FrozenWeight, bias: Option<&Param>) -> Result<()> {
    let [out, inner] = weight.dims();
    if x.dims().last() != Some(&inner) {
        return Err(Error::shape(op, format!("input of `{}`", weight.name()), format!("[..., in = {inner}]"), x.dims()));
    }
    match bias.filter(|b| b.tensor().dims() != [out]) {
        Some(b) => Err(Error::shape(op, format!("bias `{}`", b.name()), format!("[out = {out}]"), b.tensor().dims())),
        None => Ok(()),
    }
}

/// `dy`: `[rows, out]`.
fn add_bias_gradient(dy: &Tensor, bias: Option<&Param>, grads: &mut Backward) -> Result<()> {
    match bias {
        Some(bias) if slice::is_fast(dy) => {
            let dy = slice::floats(dy)?;
            grads.add_param_with(bias, |db| blocks::add_column_sums(&dy, db))
        }
        Some(bias) => grads.add_param(bias, dy.sum(0)?),
        None => Ok(()),
    }
}

/// What backward needs of forward, and whether the input wants its gradient.
struct Saved {
    /// `x`: `[rows, in]`, for `dA`.
    x: Option<Tensor>,
    /// `t`: `[rows, r]`, for `dB`.
    low: Option<Tensor>,
    wants_dx: bool,
}

#[cfg(test)]
mod tests;
