//! Scaled dot-product attention (Vaswani et al., 1706.03762): `softmax(q k^T / sqrt(K)) v` for each head.
//!
//! Nothing of the size `T x T` is kept: backward computes the probabilities again. With `P` the probabilities, `D` those after
//! dropout and `m` its mask: `dv = D^T do`, `dP = m (do v^T)`, `dS = P (dP - rowsum(dP P))`, `dq = dS k / sqrt(K)`,
//! `dk = dS^T q / sqrt(K)`. One (example, head) is one task.

use crate::dropout::mask_into;
use crate::matmul::{Into, On, View, ViewMut, matmul};
use crate::simd::{self, vectorised};
use crate::slice::Scattered;
use crate::{Error, Result, Stream, Tape, Var, slice};
use rayon::prelude::*;

/// How attention is done.
#[derive(Debug, Clone, Copy)]
pub struct Attention<'a> {
    pub num_heads: usize,
    /// Valid positions of each example; later ones are padding: no query attends to them, and their own output is 0.
    pub lengths: Option<&'a [usize]>,
    /// Probability that an attention weight is dropped.
    pub dropout: f32,
}

/// What each task needs to know.
#[derive(Clone)]
struct Plan {
    lengths: Vec<usize>,
    steps: usize,
    heads: usize,
    head_dim: usize,
    dropout: Option<(Stream, f32)>,
}

/// `q`, `k`, `v`: `[B, T, H * K]` -> `[B, T, H * K]`; head `h` has the columns `h K .. (h + 1) K`.
///
/// # Errors
/// Shapes differ, heads do not divide the width, or lengths do not fit.
pub fn attention(tape: &Tape, q: &Var, k: &Var, v: &Var, args: &Attention) -> Result<Var> {
    let plan = plan(tape, q, k, v, args)?;
    let values = [q.tensor().contiguous()?, k.tensor().contiguous()?, v.tensor().contiguous()?];
    let out = {
        let [q, k, v] = [slice::floats(&values[0])?, slice::floats(&values[1])?, slice::floats(&values[2])?];
        let (q, k, v): (&[f32], &[f32], &[f32]) = (&q, &k, &v);
        slice::fresh_tensor(values[0].dims(), |out| forward(&plan, q, k, v, out))?
    };
    let wanted = q.wants_grad() || k.wants_grad() || v.wants_grad();
    Ok(tape.record(out, wanted, || {
        let vars = [q.clone(), k.clone(), v.clone()];
        move |dout, grads| {
            let dims = dout.dims();
            let count = dout.elem_count();
            let (mut dk, mut dv) = (Vec::new(), Vec::new());
            let dq = {
                let dout = slice::floats(dout)?;
                let [q, k, v] = [slice::floats(&values[0])?, slice::floats(&values[1])?, slice::floats(&values[2])?];
                let inputs: [&[f32]; 4] = [&q, &k, &v, &dout];
                slice::fresh(count, |dq| {
                    dk = slice::fresh(count, |dk| dv = slice::fresh(count, |dv| backward(&plan, inputs, [dq, dk, dv])));
                })
            };
            for (var, grad) in vars.iter().zip([dq, dk, dv]) {
                grads.add(var, candle_core::Tensor::from_vec(grad, dims, dout.device())?)?;
            }
            Ok(())
        }
    }))
}

fn plan(tape: &Tape, q: &Var, k: &Var, v: &Var, args: &Attention) -> Result<Plan> {
    let &[batch, steps, width] = q.dims() else {
        return Err(Error::shape("attention", "queries", "[B, T, H * K]", q.dims()));
    };
    for (name, x) in [("keys", k), ("values", v)] {
        if x.dims() != q.dims() {
            return Err(Error::shape("attention", name, format!("{:?}, as the queries", q.dims()), x.dims()));
        }
    }
    let wrong = |message: String| Err(Error::Argument { op: "attention", message });
    let heads = args.num_heads;
    if heads == 0 || !width.is_multiple_of(heads) {
        return wrong(format!("{heads} heads do not divide a width of {width}"));
    }
    if !(0.0..1.0).contains(&args.dropout) {
        return wrong(format!("the dropout probability must be in [0, 1), found {}", args.dropout));
    }
    let lengths = args.lengths.map_or_else(|| vec![steps; batch], <[usize]>::to_vec);
    if lengths.len() != batch || lengths.iter().any(|&n| n > steps) {
        return wrong(format!("lengths must be {batch} numbers of at most {steps}, found {lengths:?}"));
    }
    let dropout = tape.next_dropout().filter(|_| args.dropout > 0.0).map(|stream| (stream, args.dropout));
    Ok(Plan { lengths, steps, heads, head_dim: width / heads, dropout })
}

impl Plan {
    fn width(&self) -> usize {
        self.heads * self.head_dim
    }

    /// Runs `task(length, offset of the head's first element, random stream)` for each (example, head).
    fn each_head(&self, task: impl Fn(usize, usize, Option<(Stream, f32)>) + Sync) {
        (0..self.lengths.len() * self.heads).into_par_iter().for_each(|i| {
            let (b, h) = (i / self.heads, i % self.heads);
            let dropout = self.dropout.map(|(stream, p)| (stream.at(i as u64), p));
            task(self.lengths[b], b * self.steps * self.width() + h * self.head_dim, dropout);
        });
    }

    fn scale(&self) -> f32 {
        1.0 / (self.head_dim as f32).sqrt()
    }

    /// The head's rows of `x`.
    fn head<'a>(&self, x: &'a [f32], at: usize, length: usize) -> View<'a> {
        View::strided(&x[at.min(x.len())..], length, self.head_dim, self.width())
    }

    /// Writes zeros to the head's padded rows.
    fn clear_padding(&self, x: Scattered, at: usize, length: usize) {
        for t in length..self.steps {
            // SAFETY: the rows of this example and head belong to this task alone.
            unsafe { x.part(at + t * self.width(), self.head_dim) }.fill(0.0);
        }
    }

    /// `scale q k^T`, then softmax over each row: `[length, length]`.
    fn probabilities(&self, q: &[f32], k: &[f32], at: usize, length: usize) -> Vec<f32> {
        slice::fresh(length * length, |p| {
            let (q, k) = (self.head(q, at, length), self.head(k, at, length));
            matmul(On::Here, self.scale(), q, k.t(), ViewMut::new(p, length, length), Into::Set);
            softmax_rows(p, length);
        })
    }
}

/// Drops elements of a `[length, length]` matrix; the bits of an element depend on its row and column.
fn drop(x: &mut [f32], length: usize, dropout: Option<(Stream, f32)>) {
    let Some((stream, p)) = dropout else { return };
    let pitch = length.next_multiple_of(4) as u64;
    let mut kept = vec![0f32; length];
    for (i, row) in x.chunks_mut(length.max(1)).enumerate() {
        mask_into(&mut kept, row, stream, i as u64 * pitch, p);
        row.copy_from_slice(&kept);
    }
}

fn forward(plan: &Plan, q: &[f32], k: &[f32], v: &[f32], out: &mut [f32]) {
    let out = Scattered::new(out);
    plan.each_head(|length, at, dropout| {
        plan.clear_padding(out, at, length);
        if length == 0 {
            return;
        }
        let mut p = plan.probabilities(q, k, at, length);
        drop(&mut p, length, dropout);
        // SAFETY: the rows of this example and the columns of this head belong to this task alone.
        let o = unsafe { ViewMut::scattered(out, at, length, plan.head_dim, plan.width()) };
        matmul(On::Here, 1.0, View::new(&p, length, length), plan.head(v, at, length), o, Into::Set);
    });
}

fn backward(plan: &Plan, [q, k, v, dout]: [&[f32]; 4], [dq, dk, dv]: [&mut [f32]; 3]) {
    let [dq, dk, dv] = [Scattered::new(dq), Scattered::new(dk), Scattered::new(dv)];
    plan.each_head(|length, at, dropout| {
        [dq, dk, dv].iter().for_each(|x| plan.clear_padding(*x, at, length));
        if length == 0 {
            return;
        }
        // SAFETY: the rows of this example and the columns of this head belong to this task alone.
        let part = |x| unsafe { ViewMut::scattered(x, at, length, plan.head_dim, plan.width()) };
        let square = |x| View::new(x, length, length);
        let head = |x| plan.head(x, at, length);
        let p = plan.probabilities(q, k, at, length);
        let mut dropped = p.clone();
        drop(&mut dropped, length, dropout);
        matmul(On::Here, 1.0, square(&dropped).t(), head(dout), part(dv), Into::Set);
        let mut ds = slice::fresh(length * length, |ds| {
            matmul(On::Here, 1.0, head(dout), head(v).t(), ViewMut::new(ds, length, length), Into::Set);
        });
        drop(&mut ds, length, dropout);
        softmax_backward_rows(&mut ds, &p, length);
        matmul(On::Here, plan.scale(), square(&ds), head(k), part(dq), Into::Set);
        matmul(On::Here, plan.scale(), square(&ds).t(), head(q), part(dk), Into::Set);
    });
}

vectorised! {
    fn softmax_rows(x: &mut [f32], length: usize) {
        for row in x.chunks_exact_mut(length) {
            let max = simd::max(row);
            row.iter_mut().for_each(|x| *x = simd::exp(*x - max));
            let scale = 1.0 / simd::sum(row, |x| x);
            row.iter_mut().for_each(|x| *x *= scale);
        }
    }
    /// `ds`: the gradient of the probabilities in, that of the scores out.
    fn softmax_backward_rows(ds: &mut [f32], p: &[f32], length: usize) {
        for (ds, p) in ds.chunks_exact_mut(length).zip(p.chunks_exact(length)) {
            let sum = simd::sum2(ds, p, |d, p| d * p);
            ds.iter_mut().zip(p).for_each(|(d, p)| *d = p * (*d - sum));
        }
    }
}
