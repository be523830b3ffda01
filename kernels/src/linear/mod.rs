//! Linear layer: `y = x W^T + b`, with `W` as PyTorch keeps it, `[out, in]`.
//!
//! Backward: `dx = dy W`, `dW = dy^T x`, `db = sum of dy over rows`.

mod cpu;
mod reference;

use crate::{Error, Param, Result, Tape, Var, slice};

/// `y = x W^T + b`.
///
/// `x`: `[..., in]`, `w`: `[out, in]`, `b`: `[out]`; returns `[..., out]`.
///
/// # Errors
/// The last dimension of `x` is not `in`, or `b` is not `[out]`.
pub fn linear(tape: &Tape, x: &Var, w: &Param, b: Option<&Param>) -> Result<Var> {
    let &[out, inner] = w.tensor().dims() else {
        return Err(Error::shape("linear", format!("weight `{}`", w.name()), "[out, in]", w.tensor().dims()));
    };
    if x.dims().last() != Some(&inner) {
        return Err(Error::shape("linear", format!("input of `{}`", w.name()), format!("[..., in = {inner}]"), x.dims()));
    }
    if let Some(b) = b.filter(|b| b.tensor().dims() != [out]) {
        return Err(Error::shape("linear", format!("bias `{}`", b.name()), format!("[out = {out}]"), b.tensor().dims()));
    }
    let x_value = x.tensor().contiguous()?;
    let fast = slice::is_fast(&x_value);
    let forward = if fast { cpu::forward } else { reference::forward };
    let y = forward(&x_value, w.tensor(), b.map(Param::tensor))?;
    let wanted = x.wants_grad() || w.is_trainable() || b.is_some_and(Param::is_trainable);
    Ok(tape.record(y, wanted, || {
        let (x, w, b) = (x.clone(), w.clone(), b.cloned());
        move |dy, grads| {
            if x.wants_grad() {
                let dx = if fast { cpu::backward_input } else { reference::backward_input };
                grads.add(&x, dx(dy, w.tensor())?)?;
            }
            if fast {
                let (dy, x) = (slice::floats(dy)?, slice::floats(&x_value)?);
                grads.add_param_with(&w, |dw| cpu::add_weight_grad(&dy, &x, dw, [out, inner]))?;
                if let Some(b) = &b {
                    grads.add_param_with(b, |db| cpu::add_column_sums(&dy, db))?;
                }
            } else {
                grads.add_param(&w, reference::backward_weight(dy, &x_value)?)?;
                if let Some(b) = &b {
                    grads.add_param(b, reference::column_sums(dy)?)?;
                }
            }
            Ok(())
        }
    }))
}
