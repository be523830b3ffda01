//! What stands between the products of a decoder that writes: on rows of float32, without tape and without tensors.

use crate::matmul::{View, ViewMut, Write, matmul_here};
use crate::simd::{self, exp, vectorised};
use crate::{Rope, blocks};
use rayon::prelude::*;

/// Rows that are worth another thread.
const MANY: usize = 8;

vectorised! {
    fn norm_row(x: &[f32], weight: &[f32], eps: f32, to: &mut [f32]) {
        let scale = 1.0 / (simd::sum(x, |v| v * v) / x.len() as f32 + eps).sqrt();
        to.iter_mut().zip(x).zip(weight).for_each(|((to, x), weight)| *to = x * scale * weight);
    }

    fn swiglu_row(gate: &[f32], up: &[f32], to: &mut [f32]) {
        to.iter_mut().zip(gate).zip(up).for_each(|((to, gate), up)| *to = gate * simd::logistic(*gate) * up);
    }

    fn rotate_row(x: &mut [f32], cos: &[f32], sin: &[f32]) {
        let half = cos.len();
        for head in x.chunks_exact_mut(2 * half) {
            let (first, second) = head.split_at_mut(half);
            for ((a, b), (c, s)) in first.iter_mut().zip(second).zip(cos.iter().zip(sin)) {
                (*a, *b) = (*a * c - *b * s, *b * c + *a * s);
            }
        }
    }

    fn add_row(to: &mut [f32], from: &[f32]) {
        to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
    }

    /// `scores[j] = scale q . keys[j]`, the keys `stride` apart.
    fn scores_of(q: &[f32], keys: &[f32], stride: usize, scale: f32, scores: &mut [f32]) {
        for (score, key) in scores.iter_mut().zip(keys.chunks(stride)) {
            *score = scale * simd::sum2(q, &key[..q.len()], |a, b| a * b);
        }
    }

    /// Scores as shares of their sum.
    fn softmax_row(scores: &mut [f32]) {
        let highest = simd::max(scores);
        scores.iter_mut().for_each(|score| *score = exp(*score - highest));
        let inverse = 1.0 / simd::sum(scores, |v| v);
        scores.iter_mut().for_each(|score| *score *= inverse);
    }

    /// `to = sum of shares[j] values[j]`, the values `stride` apart.
    fn mix(shares: &[f32], values: &[f32], stride: usize, to: &mut [f32]) {
        to.fill(0.0);
        for (share, value) in shares.iter().zip(values.chunks(stride)) {
            to.iter_mut().zip(value).for_each(|(to, value)| *to = share.mul_add(*value, *to));
        }
    }
}

/// Calls `f` with every row of `to` and its number, on all threads where there are many.
fn rows(to: &mut [f32], width: usize, f: impl Fn(usize, &mut [f32]) + Sync) {
    if to.len() / width.max(1) < MANY {
        to.chunks_exact_mut(width).enumerate().for_each(|(i, to)| f(i, to));
    } else {
        to.par_chunks_mut(MANY * width).enumerate().for_each(|(task, part)| {
            part.chunks_exact_mut(width).enumerate().for_each(|(i, to)| f(task * MANY + i, to));
        });
    }
}

/// The norm of [`rms_norm`](crate::rms_norm) of rows as wide as `weight`.
///
/// # Panics
/// `x` and `to` are of other sizes.
pub fn norm(x: &[f32], weight: &[f32], eps: f64, to: &mut [f32]) {
    assert_eq!(x.len(), to.len());
    let width = weight.len();
    rows(to, width, |i, to| norm_row(&x[i * width..][..width], weight, eps as f32, to));
}

/// The same of each head of columns `from` on of rows of `width`, in place: `heads` of the weight's size.
///
/// # Panics
/// A row is shorter than that.
pub fn norm_heads(x: &mut [f32], width: usize, from: usize, heads: usize, weight: &[f32], eps: f64) {
    rows(x, width, |_, row| {
        for head in row[from..][..heads * weight.len()].chunks_exact_mut(weight.len()) {
            let before = head.to_vec();
            norm_row(&before, weight, eps as f32, head);
        }
    });
}

/// Turns heads in columns `0..turned` of rows of `width`, the first of which stands at `position`: see [`rope`](crate::rope).
///
/// # Panics
/// The table does not reach as far; a row is shorter than that.
pub fn rotate(x: &mut [f32], width: usize, turned: usize, table: &Rope, position: usize) {
    rows(x, width, |i, row| {
        let [cos, sin] = table.row((position + i) as u32);
        rotate_row(&mut row[..turned], cos, sin);
    });
}

/// Rows of `2 width`, gates before what they let through, to rows of `width`: see [`swiglu`](crate::swiglu).
///
/// # Panics
/// The sizes do not fit.
pub fn gated(both: &[f32], width: usize, to: &mut [f32]) {
    assert_eq!(both.len(), 2 * to.len());
    rows(to, width, |i, to| {
        let (gate, up) = both[2 * i * width..][..2 * width].split_at(width);
        swiglu_row(gate, up, to);
    });
}

/// Adds the same bias to every row.
///
/// # Panics
/// The bias reaches beyond a row.
pub fn add_bias(x: &mut [f32], width: usize, from: usize, bias: &[f32]) {
    rows(x, width, |_, row| add_row(&mut row[from..][..bias.len()], bias));
}

/// `to += from`
pub fn add(to: &mut [f32], from: &[f32]) {
    simd::add_assign(to, from);
}

/// Keys and values of the words so far, `[words, heads of keys * K]` each.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    pub keys: &'a [f32],
    pub values: &'a [f32],
    /// Of keys and values, which neighbouring heads of queries share.
    pub heads: usize,
    /// How many words back one sees, itself among them; none: all.
    pub window: Option<usize>,
}

/// Causal attention of new words, the last of those in `known`: queries `[t, width]`, of which the first `heads K` columns are read;
/// to `[t, heads K]`.
///
/// # Panics
/// The sizes do not fit.
pub fn attend(queries: &[f32], width: usize, heads: usize, known: &Known, to: &mut [f32]) {
    let t = queries.len() / width.max(1);
    let dim = to.len() / t.max(1);
    let size = dim / heads;
    let kv = known.heads * size;
    let len = known.keys.len() / kv.max(1);
    assert!(t > 0 && len >= t && heads.is_multiple_of(known.heads) && known.values.len() == known.keys.len());
    let first = len - t;
    let scale = 1.0 / (size as f32).sqrt();
    let of = |head: usize| head / (heads / known.heads) * size;
    let sees = |position: usize| known.window.map_or(0, |window| (position + 1).saturating_sub(window));
    if t < MANY {
        let one = |head: usize, to: &mut [f32]| {
            let mut scores = Vec::with_capacity(len);
            for (i, to) in to.chunks_exact_mut(size).enumerate() {
                let (from, end) = (sees(first + i), first + i + 1);
                scores.clear();
                scores.resize(end - from, 0.0);
                let query = &queries[i * width + head * size..][..size];
                scores_of(query, &known.keys[from * kv + of(head)..], kv, scale, &mut scores);
                softmax_row(&mut scores);
                mix(&scores, &known.values[from * kv + of(head)..], kv, to);
            }
        };
        // By heads, and then back into rows.
        let mut by_head = vec![0f32; to.len()];
        if len * t < 128 {
            by_head.chunks_exact_mut(t * size).enumerate().for_each(|(head, to)| one(head, to));
        } else {
            by_head.par_chunks_exact_mut(t * size).enumerate().for_each(|(head, to)| one(head, to));
        }
        for (head, part) in by_head.chunks_exact(t * size).enumerate() {
            for (i, part) in part.chunks_exact(size).enumerate() {
                to[i * dim + head * size..][..size].copy_from_slice(part);
            }
        }
        return;
    }
    // Blocks of queries, each with all that it sees, as two products.
    let block = blocks::ROWS;
    to.par_chunks_mut(block * dim).enumerate().for_each(|(b, to)| {
        let count = to.len() / dim;
        let begin = first + b * block;
        let (from, end) = (sees(begin), begin + count);
        let seen = end - from;
        let mut scores = vec![0f32; count * seen];
        for head in 0..heads {
            let q = View::strided(&queries[b * block * width + head * size..], count, size, width);
            let k = View::strided(&known.keys[from * kv + of(head)..], seen, size, kv).t();
            matmul_here(scale, q, k, ViewMut::new(&mut scores, count, seen), Write::Set);
            for (i, scores) in scores.chunks_exact_mut(seen).enumerate() {
                let (low, high) = (sees(begin + i) - from, begin + i + 1 - from);
                scores[..low].fill(0.0);
                softmax_row(&mut scores[low..high]);
                scores[high..].fill(0.0);
            }
            let v = View::strided(&known.values[from * kv + of(head)..], seen, size, kv);
            matmul_here(
                1.0,
                View::new(&scores, count, seen),
                v,
                ViewMut::strided(&mut to[head * size..], count, size, dim),
                Write::Set,
            );
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, seed: u64) -> Vec<f32> {
        let stream = crate::Stream::root(seed).named("numbers");
        (0..count as u64).map(|i| stream.uniform(i) * 2.0 - 1.0).collect()
    }

    /// Against float64, one word at a time and many, with and without a window.
    #[test]
    fn attention_is_of_what_is_seen() {
        let (heads, groups, size, width) = (6, 2, 8, 60);
        for (len, t, window) in
            [(1, 1, None), (40, 1, None), (40, 3, Some(5)), (90, 90, None), (150, 70, Some(20)), (12, 9, Some(1))]
        {
            let (queries, keys, values) =
                (numbers(t * width, 1), numbers(len * groups * size, 2), numbers(len * groups * size, 3));
            let mut found = vec![f32::NAN; t * heads * size];
            let known = Known { keys: &keys, values: &values, heads: groups, window };
            attend(&queries, width, heads, &known, &mut found);
            for (i, head) in (0..t).flat_map(|i| (0..heads).map(move |head| (i, head))) {
                let position = len - t + i;
                let from = window.map_or(0, |window: usize| (position + 1).saturating_sub(window));
                let at = |all: &[f32], j: usize, c: usize| f64::from(all[(j * groups + head / 3) * size + c]);
                let score = |j: usize| {
                    let dot: f64 = (0..size).map(|c| f64::from(queries[i * width + head * size + c]) * at(&keys, j, c)).sum();
                    (dot / (size as f64).sqrt()).exp()
                };
                let sum: f64 = (from..=position).map(score).sum();
                for c in 0..size {
                    let expected: f64 = (from..=position).map(|j| score(j) / sum * at(&values, j, c)).sum();
                    let found = f64::from(found[(i * heads + head) * size + c]);
                    assert!((found - expected).abs() < 1e-5, "{len} {t} {window:?}: {found} {expected}");
                }
            }
        }
    }

    /// The same as the operations that are trained with.
    #[test]
    fn rows_equal_the_operations_on_tensors() -> crate::Result<()> {
        use crate::{Init, RopeScaling, Stream, Tape, Var, Weights};
        use candle_core::{Device, Tensor};
        let (t, heads, size) = (11, 3, 8);
        let x = numbers(t * heads * size, 4);
        let var = |x: &[f32]| Tensor::from_vec(x.to_vec(), (1, t, heads * size), &Device::Cpu).map(Var::constant);
        let flat = |x: &Var| x.tensor().flatten_all().and_then(|x| x.to_vec1::<f32>());
        let close = |a: &[f32], b: &[f32]| a.iter().zip(b).for_each(|(a, b)| assert!((a - b).abs() < 1e-5, "{a} {b}"));
        let weights = Weights::scratch(Stream::root(1), &Device::Cpu);
        let weight = weights.param("w", &[heads * size], Init::Normal(1.0));
        weights.finish()?;
        let own = weight.tensor().to_vec1::<f32>()?;
        let mut found = vec![0f32; x.len()];
        norm(&x, &own, 1e-5, &mut found);
        close(&found, &flat(&crate::rms_norm(&Tape::inference(), &var(&x)?, &weight, 1e-5)?)?);
        let table = Rope::new(size, 30, 1e4, RopeScaling::None)?;
        let mut found = x.clone();
        rotate(&mut found, heads * size, heads * size, &table, 7);
        close(&found, &flat(&crate::rope(&Tape::inference(), &var(&x)?, &table, Some(&[7]))?)?);
        let both: Vec<f32> = x.chunks_exact(heads * size).flat_map(|row| [row, row].concat()).collect();
        let mut found = vec![0f32; x.len()];
        gated(&both, heads * size, &mut found);
        close(&found, &flat(&crate::swiglu(&Tape::inference(), &var(&x)?, &var(&x)?)?)?);
        let mut found = x.clone();
        norm_heads(&mut found, heads * size, 0, heads, &own[..size], 1e-6);
        for (head, before) in found.chunks_exact(size).zip(x.chunks_exact(size)) {
            let mean = before.iter().map(|v| v * v).sum::<f32>() / size as f32;
            close(head, &before.iter().zip(&own).map(|(v, w)| v * w / (mean + 1e-6).sqrt()).collect::<Vec<_>>());
        }
        add_bias(&mut found, heads * size, 2, &[1.0, 2.0]);
        Ok(())
    }
}
