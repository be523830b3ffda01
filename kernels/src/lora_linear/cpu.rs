//! The float32 CPU version: products into memory at hand. Dropout's mask is drawn for a block of rows at a time, in the cache, so
//! that nothing of the input's size is made but what is returned.

use super::{FrozenWeight, Lora, Mask, Saved};
use crate::blocks::{self, ROWS};
use crate::matmul::{View, ViewMut, Write, matmul, matmul_here};
use crate::simd::vectorised;
use crate::slice::{self, Scattered};
use crate::{Backward, Result, scratch};
use candle_core::Tensor;
use rayon::prelude::*;

/// At most so many parts of `dA`, whatever the number of threads.
const PARTS: usize = 16;

/// `y`: `[rows, out]` and `t`: `[rows, r]`.
pub(super) fn forward(
    x: &Tensor,
    weight: &FrozenWeight,
    bias: Option<&Tensor>,
    lora: &Lora,
    mask: Option<Mask>,
) -> Result<(Tensor, Tensor)> {
    let ([out, inner], (rows, rank)) = (weight.dims(), (x.dim(0)?, lora.a.tensor().dim(0)?));
    let (xs, a, b) = (slice::floats(x)?, slice::floats(lora.a.tensor())?, slice::floats(lora.b.tensor())?);
    let bias = bias.map(slice::floats).transpose()?;
    let (seen, a) = (View::new(&xs, rows, inner), View::new(&a, rank, inner));
    let low = slice::fresh_tensor((rows, rank), |low| match mask {
        None => matmul(1.0, seen, a.t(), ViewMut::new(low, rows, rank), Write::Set),
        Some(_) if inner == 0 => low.fill(0.0),
        Some(mask) => {
            let tasks = low.par_chunks_mut(ROWS * rank).zip(xs.par_chunks(ROWS * inner)).enumerate();
            tasks.for_each(|(block, (low, x))| {
                scratch::with(x.len(), |m| {
                    mask.draw(block * ROWS * inner, m);
                    multiply(x, m);
                    let n = x.len() / inner;
                    matmul_here(1.0, View::new(m, n, inner), a.t(), ViewMut::new(low, n, rank), Write::Set);
                });
            });
        }
    })?;
    let lows = slice::floats(&low)?;
    let mut done = Ok(());
    let y = slice::fresh_tensor((rows, out), |y| {
        done = through_rows(seen, weight, bias.as_deref(), y);
        if done.is_ok() {
            let (low, b) = (View::new(&lows, rows, rank), View::new(&b, out, rank));
            matmul(lora.scale, low, b.t(), ViewMut::new(y, rows, out), Write::Add);
        }
    })?;
    done?;
    drop(lows);
    Ok((y, low))
}

/// `x W^T + b`: `[rows, out]`.
pub(super) fn forward_frozen(x: &Tensor, weight: &FrozenWeight, bias: Option<&Tensor>) -> Result<Tensor> {
    let ([out, inner], rows) = (weight.dims(), x.dim(0)?);
    let (xs, bias) = (slice::floats(x)?, bias.map(slice::floats).transpose()?);
    let mut done = Ok(());
    let y = slice::fresh_tensor((rows, out), |y| done = through_rows(View::new(&xs, rows, inner), weight, bias.as_deref(), y))?;
    done.map(|()| y)
}

/// `y = x W^T + b`, some rows of `W`, which are columns of `y`, after the other.
fn through_rows(x: View, weight: &FrozenWeight, bias: Option<&[f32]>, y: &mut [f32]) -> Result<()> {
    let (rows, out) = (x.rows(), weight.dims()[0]);
    let write = match bias {
        Some(bias) => {
            y.par_chunks_mut((out * ROWS).max(1)).for_each(|rows| rows.chunks_mut(out).for_each(|row| row.copy_from_slice(bias)));
            Write::Add
        }
        None => Write::Set,
    };
    let done = weight.for_rows(|first, w| {
        let columns = ViewMut::strided(&mut y[first.min(rows * out)..], rows, w.rows(), out);
        matmul(1.0, x, w.t(), columns, write);
    });
    if done.is_err() {
        y.fill(f32::NAN);
    }
    done
}

/// `dy W`: `[rows, in]`.
pub(super) fn backward_frozen(dy: &Tensor, weight: &FrozenWeight) -> Result<Tensor> {
    let ([out, inner], rows) = (weight.dims(), dy.dim(0)?);
    through_weight(View::new(&*slice::floats(dy)?, rows, out), [rows, inner], weight)
}

/// Adds `dA` and `dB`; returns `dx` if wanted.
pub(super) fn backward(
    dy: &Tensor,
    saved: Saved,
    weight: &FrozenWeight,
    lora: &Lora,
    mask: Option<Mask>,
    grads: &mut Backward,
) -> Result<Option<Tensor>> {
    let ([out, inner], (rows, rank)) = (weight.dims(), (dy.dim(0)?, lora.a.tensor().dim(0)?));
    let (dys, b) = (slice::floats(dy)?, slice::floats(lora.b.tensor())?);
    let seen = View::new(&dys, rows, out);
    if let Some(low) = &saved.low {
        let low = slice::floats(low)?;
        let low = View::new(&low, rows, rank);
        grads.add_param_with(&lora.b, |db| matmul(lora.scale, seen.t(), low, ViewMut::new(db, out, rank), Write::Add))?;
    }
    if saved.x.is_none() && !saved.wants_dx {
        return Ok(None);
    }
    let up = slice::fresh(rows * rank, |up| {
        matmul(lora.scale, seen, View::new(&b, out, rank), ViewMut::new(up, rows, rank), Write::Set);
    });
    let dx = saved.wants_dx.then(|| through_weight(seen, [rows, inner], weight)).transpose()?;
    let a = slice::floats(lora.a.tensor())?;
    let up = View::new(&up, rows, rank);
    let low = Low { up, a: View::new(&a, rank, inner), rank, inner };
    match mask {
        None => {
            if let Some(x) = &saved.x {
                let x = slice::floats(x)?;
                let x = View::new(&x, rows, inner);
                grads.add_param_with(&lora.a, |da| matmul(1.0, up.t(), x, ViewMut::new(da, rank, inner), Write::Add))?;
            }
            if let Some(dx) = &dx {
                slice::update(dx, |dx| matmul(1.0, up, low.a, ViewMut::new(dx, rows, inner), Write::Add))?;
            }
        }
        Some(mask) => low.through_mask(mask, &saved, lora, dx.as_ref(), grads)?,
    }
    Ok(dx)
}

/// `dy W`, the rows of `W` one block after the other.
fn through_weight(dy: View, [rows, inner]: [usize; 2], weight: &FrozenWeight) -> Result<Tensor> {
    let mut done = Ok(());
    let dx = slice::fresh_tensor((rows, inner), |dx| {
        if weight.dims()[0] == 0 {
            return dx.fill(0.0);
        }
        done = weight.for_rows(|first, w| {
            let write = if first == 0 { Write::Set } else { Write::Add };
            matmul(1.0, dy.columns(first, w.rows()), w, ViewMut::new(dx, rows, inner), write);
        });
        if done.is_err() {
            dx.fill(f32::NAN);
        }
    })?;
    done.map(|()| dx)
}

/// The way back through `A`.
struct Low<'a> {
    /// `u`: `[rows, r]`.
    up: View<'a>,
    /// `[r, in]`.
    a: View<'a>,
    rank: usize,
    inner: usize,
}

impl Low<'_> {
    /// `dA += u^T (m x)` in parts of rows that are added in order, and `dx += m (u A)`, each block's mask drawn once for both.
    fn through_mask(&self, mask: Mask, saved: &Saved, lora: &Lora, dx: Option<&Tensor>, grads: &mut Backward) -> Result<()> {
        let (rank, inner) = (self.rank, self.inner);
        let blocks = self.up.rows().div_ceil(ROWS);
        if blocks == 0 || inner == 0 {
            return grads.add_param_with(&lora.a, |_| ());
        }
        let parts = blocks.min(PARTS);
        let x = saved.x.as_ref().map(slice::floats).transpose()?;
        let len = if x.is_some() { rank * inner } else { 0 };
        scratch::with(parts * len, |memory| {
            let sums = Scattered::new(memory);
            let run = |dx: &mut [f32]| {
                let dx = Scattered::new(dx);
                (0..parts).into_par_iter().for_each(|part| {
                    // SAFETY: a task's part is its own.
                    let sum = unsafe { sums.part(part * len, len) };
                    sum.fill(0.0);
                    for block in part * blocks / parts..(part + 1) * blocks / parts {
                        self.block(mask, block, x.as_deref(), sum, dx);
                    }
                });
            };
            match dx {
                Some(dx) => slice::update(dx, run)?,
                None => run(&mut []),
            }
            match x {
                Some(_) => grads.add_param_with(&lora.a, |da| blocks::add_in_order(memory, da)),
                None => Ok(()),
            }
        })
    }

    /// One block of rows; `dx`, whose rows no other task may hold, is empty if not wanted.
    fn block(&self, mask: Mask, block: usize, x: Option<&[f32]>, sum: &mut [f32], dx: Scattered) {
        let (rank, inner) = (self.rank, self.inner);
        let (first, n) = (block * ROWS, ROWS.min(self.up.rows() - block * ROWS));
        let up = self.up.part(first, n);
        scratch::with(n * inner, |m| {
            mask.draw(first * inner, m);
            if !dx.is_empty() {
                scratch::with(n * inner, |change| {
                    matmul_here(1.0, up, self.a, ViewMut::new(change, n, inner), Write::Set);
                    // SAFETY: a block's rows are its own, and a block has one task.
                    add_product(change, m, unsafe { dx.part(first * inner, n * inner) });
                });
            }
            if let Some(x) = x {
                multiply(&x[first * inner..][..n * inner], m);
                matmul_here(1.0, up.t(), View::new(m, n, inner), ViewMut::new(sum, rank, inner), Write::Add);
            }
        });
    }
}

impl Mask {
    /// 0 or `1 / (1 - p)` for the elements from `first` on, a multiple of four.
    fn draw(self, first: usize, out: &mut [f32]) {
        self.stream.keep((first / 4) as u64, self.probability, 1.0 / (1.0 - self.probability), out);
    }
}

vectorised! {
    /// `m *= x`.
    fn multiply(x: &[f32], m: &mut [f32]) {
        m.iter_mut().zip(x).for_each(|(m, x)| *m *= x);
    }

    /// `to += a b`.
    fn add_product(a: &[f32], b: &[f32], to: &mut [f32]) {
        to.iter_mut().zip(a).zip(b).for_each(|((to, a), b)| *to = a.mul_add(*b, *to));
    }
}
