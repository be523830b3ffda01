//! The float32 CPU version: one sequence and head a task, small products on that thread, only valid positions.

use super::Plan;
use crate::matmul::{On, View, ViewMut, Write, matmul};
use crate::simd::{self, vectorised};
use crate::slice::{Scattered, floats, fresh, fresh_tensor};
use crate::Result;
use candle_core::{Device, Tensor};
use rayon::prelude::*;

/// One sequence and head.
struct Task<'a> {
    plan: &'a Plan,
    sequence: usize,
    head: usize,
    /// Number of valid positions.
    n: usize,
}

/// Memory of a thread, kept from task to task.
#[derive(Default)]
struct Scratch {
    /// Scores, then probabilities `p`.
    p: Vec<f32>,
    /// The dropout mask, then `p m`.
    m: Vec<f32>,
    /// `dp`, then `ds`.
    dp: Vec<f32>,
}

pub(super) fn forward(plan: &Plan, q: &Tensor, k: &Tensor, v: &Tensor) -> Result<Tensor> {
    let (qs, ks, vs) = (floats(q)?, floats(k)?, floats(v)?);
    fresh_tensor(q.dims(), |y| {
        let y = Scattered::new(y);
        each_task(plan, |task, scratch| {
            task.probabilities(&qs, &ks, scratch);
            let weights = if task.draw_mask(scratch) { &scratch.m } else { &scratch.p };
            let weights = View::new(weights, task.n, task.n);
            matmul(On::Here, 1.0, weights, task.rows(&vs), task.rows_mut(y), Write::Set);
            task.zero_padding(y);
        });
    })
}

/// `(dq, dk, dv)`, each if wanted.
pub(super) fn backward(plan: &Plan, dy: &Tensor, [q, k, v]: [&Tensor; 3], want: [bool; 3]) -> Result<[Option<Tensor>; 3]> {
    let (dys, qs, ks, vs) = (floats(dy)?, floats(q)?, floats(k)?, floats(v)?);
    let [want_q, want_k, want_v] = want;
    let run = |dq: &mut [f32], dk: &mut [f32], dv: &mut [f32]| {
        let [dq, dk, dv] = [dq, dk, dv].map(Scattered::new);
        let scale = plan.scale as f32;
        each_task(plan, |task, scratch| {
            let n = task.n;
            task.probabilities(&qs, &ks, scratch);
            let masked = task.draw_mask(scratch);
            if want_v {
                let weights = View::new(if masked { &scratch.m } else { &scratch.p }, n, n);
                matmul(On::Here, 1.0, weights.t(), task.rows(&dys), task.rows_mut(dv), Write::Set);
                task.zero_padding(dv);
            }
            if !want_q && !want_k {
                return;
            }
            scratch.dp.resize(n * n, 0.0);
            matmul(On::Here, 1.0, task.rows(&dys), task.rows(&vs).t(), ViewMut::new(&mut scratch.dp, n, n), Write::Set);
            if masked {
                score_gradient_masked(&scratch.p, &scratch.m, &mut scratch.dp, n);
            } else {
                score_gradient(&scratch.p, &mut scratch.dp, n);
            }
            let ds = View::new(&scratch.dp, n, n);
            if want_q {
                matmul(On::Here, scale, ds, task.rows(&ks), task.rows_mut(dq), Write::Set);
                task.zero_padding(dq);
            }
            if want_k {
                matmul(On::Here, scale, ds.t(), task.rows(&qs), task.rows_mut(dk), Write::Set);
                task.zero_padding(dk);
            }
        });
    };
    // Three vectors at once, each written whole if wanted and empty if not.
    let len = |want: bool| if want { qs.len() } else { 0 };
    let (mut dk, mut dv) = (Vec::new(), Vec::new());
    let dq = fresh(len(want_q), |dq| dk = fresh(len(want_k), |dk| dv = fresh(len(want_v), |dv| run(dq, dk, dv))));
    let tensor = |values, want: bool| want.then(|| Tensor::from_vec(values, q.shape(), &Device::Cpu)).transpose();
    Ok([tensor(dq, want_q)?, tensor(dk, want_k)?, tensor(dv, want_v)?])
}

fn each_task(plan: &Plan, f: impl Fn(&Task, &mut Scratch) + Sync) {
    (0..plan.batch * plan.heads).into_par_iter().for_each_init(Scratch::default, |scratch, index| {
        let (sequence, head) = (index / plan.heads, index % plan.heads);
        f(&Task { plan, sequence, head, n: plan.lengths[sequence] }, scratch);
    });
}

impl Task<'_> {
    /// The head's first element in a `[B, T, H K]` slice.
    fn start(&self) -> usize {
        self.sequence * self.plan.len * self.plan.dim() + self.head * self.plan.size
    }

    /// `[n, K]`: the head's valid rows.
    fn rows<'a>(&self, x: &'a [f32]) -> View<'a> {
        View::strided(&x[self.start().min(x.len())..], self.n, self.plan.size, self.plan.dim())
    }

    fn rows_mut<'a>(&self, x: Scattered<'a>) -> ViewMut<'a> {
        // SAFETY: the columns of a head and the rows of a sequence are this task's alone, and it makes one view at a time.
        unsafe { ViewMut::scattered(x, self.start(), self.n, self.plan.size, self.plan.dim()) }
    }

    fn zero_padding(&self, x: Scattered) {
        for row in self.n..self.plan.len {
            // SAFETY: as in `rows_mut`.
            unsafe { x.part(self.start() + row * self.plan.dim(), self.plan.size) }.fill(0.0);
        }
    }

    /// Leaves `softmax(q k^T / sqrt(K))`, `[n, n]`, in `scratch.p`.
    fn probabilities(&self, q: &[f32], k: &[f32], scratch: &mut Scratch) {
        let n = self.n;
        scratch.p.resize(n * n, 0.0);
        matmul(On::Here, self.plan.scale as f32, self.rows(q), self.rows(k).t(), ViewMut::new(&mut scratch.p, n, n), Write::Set);
        softmax(&mut scratch.p, n);
    }

    /// Leaves `p m` in `scratch.m` if there is dropout, and says whether there is.
    fn draw_mask(&self, scratch: &mut Scratch) -> bool {
        let Some(dropout) = self.plan.dropout else { return false };
        let n = self.n;
        scratch.m.resize(n * n, 0.0);
        let scale = 1.0 / (1.0 - dropout.p);
        for (query, row) in scratch.m.chunks_exact_mut(n.max(1)).enumerate() {
            dropout.stream.keep(self.plan.dropout_block(self.sequence, self.head, query), dropout.p, scale, row);
        }
        multiply(&scratch.p, &mut scratch.m);
        true
    }
}

vectorised! {
    /// Each row of `n` becomes its softmax.
    fn softmax(s: &mut [f32], n: usize) {
        for row in s.chunks_exact_mut(n.max(1)) {
            let max = simd::max(row);
            row.iter_mut().for_each(|s| *s = simd::exp(*s - max));
            let scale = 1.0 / simd::sum(row, |e| e);
            row.iter_mut().for_each(|e| *e *= scale);
        }
    }

    fn multiply(p: &[f32], m: &mut [f32]) {
        m.iter_mut().zip(p).for_each(|(m, p)| *m *= p);
    }

    /// `dp` becomes `ds = p (dp - sum of dp p)`, row by row.
    fn score_gradient(p: &[f32], dp: &mut [f32], n: usize) {
        for (p, dp) in p.chunks_exact(n.max(1)).zip(dp.chunks_exact_mut(n.max(1))) {
            let along = simd::sum2(p, dp, |p, dp| p * dp);
            dp.iter_mut().zip(p).for_each(|(dp, p)| *dp = p * (*dp - along));
        }
    }

    /// As `score_gradient`, where `dp` is still without the mask: `ds = dp (p m) - p (sum of dp (p m))`.
    fn score_gradient_masked(p: &[f32], pm: &[f32], dp: &mut [f32], n: usize) {
        let rows = p.chunks_exact(n.max(1)).zip(pm.chunks_exact(n.max(1))).zip(dp.chunks_exact_mut(n.max(1)));
        for ((p, pm), dp) in rows {
            let along = simd::sum2(pm, dp, |pm, dp| pm * dp);
            dp.iter_mut().zip(p).zip(pm).for_each(|((dp, p), pm)| *dp = *dp * pm - p * along);
        }
    }
}
