//! The first position of each sequence, `x[:, 0, :]`: what BERT classifies by.

use crate::{Error, Result, Tape, Var, slice};

/// `x`: `[B, T, D]` -> `[B, D]`.
///
/// # Errors
/// `x` has not three dimensions, or `T` is 0.
pub fn first_token(tape: &Tape, x_btd: &Var) -> Result<Var> {
    let &[batch, steps, dim] = x_btd.dims() else {
        return Err(Error::shape("first_token", "input", "[B, T, D]", x_btd.dims()));
    };
    if steps == 0 {
        return Err(Error::shape("first_token", "input", "[B, T > 0, D]", x_btd.dims()));
    }
    let y = x_btd.tensor().narrow(1, 0, 1)?.squeeze(1)?.contiguous()?;
    Ok(tape.record(y, x_btd.wants_grad(), || {
        let x = x_btd.clone();
        move |dy, grads| {
            let mut dx = vec![0f32; batch * steps * dim];
            {
                let dy = slice::floats(dy)?;
                dx.chunks_mut((steps * dim).max(1)).zip(dy.chunks(dim.max(1))).for_each(|(dx, dy)| dx[..dim].copy_from_slice(dy));
            }
            grads.add(&x, candle_core::Tensor::from_vec(dx, (batch, steps, dim), x.tensor().device())?)
        }
    }))
}
