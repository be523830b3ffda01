//! Dropout (Srivastava et al., 2014): each element is 0 with probability `p`, else divided by `1 - p`. The mask is never kept:
//! backward draws the same bits again.

use crate::{Error, Result, Stream, Tape, Var, slice};
use rayon::prelude::*;

/// Elements a task; a multiple of a random block's four words.
const BLOCK: usize = 1 << 13;

/// Identity at inference and for `p = 0`.
///
/// # Errors
/// `p` is not in `[0, 1)`.
pub fn dropout(tape: &Tape, x: &Var, p: f32) -> Result<Var> {
    if !(0.0..1.0).contains(&p) {
        return Err(Error::Argument { op: "dropout", message: format!("the probability must be in [0, 1), found {p}") });
    }
    let Some(stream) = tape.next_dropout().filter(|_| p > 0.0) else { return Ok(x.clone()) };
    let value = x.tensor().contiguous()?;
    let y = {
        let xs = slice::floats(&value)?;
        slice::fresh_tensor(x.dims(), |y| masked(y, &xs, stream, p))?
    };
    Ok(tape.record(y, x.wants_grad(), || {
        let x = x.clone();
        move |dy, grads| {
            let dx = {
                let dy = slice::floats(dy)?;
                slice::fresh_tensor(x.dims(), |dx| masked(dx, &dy, stream, p))?
            };
            grads.add(&x, dx)
        }
    }))
}

fn masked(y: &mut [f32], x: &[f32], stream: Stream, p: f32) {
    y.par_chunks_mut(BLOCK).zip(x.par_chunks(BLOCK)).enumerate().for_each(|(i, (y, x))| mask_into(y, x, stream, (i * BLOCK) as u64, p));
}

/// Element `first + i` of the stream masks `x[i]`; `first` is a multiple of 4.
pub(crate) fn mask_into(y: &mut [f32], x: &[f32], stream: Stream, first: u64, p: f32) {
    let (threshold, scale) = ((f64::from(p) * 4_294_967_296.0) as u32, 1.0 / (1.0 - p));
    for (block, (y, x)) in y.chunks_mut(4).zip(x.chunks(4)).enumerate() {
        let bits = stream.block(first / 4 + block as u64);
        for ((y, &x), bits) in y.iter_mut().zip(x).zip(bits) {
            *y = if bits < threshold { 0.0 } else { x * scale };
        }
    }
}
