//! Forward with an online softmax (Milakov & Gimelshein, 1805.02867; Dao, 2307.08691): scores of a tile of queries by a tile of
//! keys at a time, and the result so far scaled down whenever a larger score turns up.

use super::product::{LANES, Left, Right, Size, pack_rows, pack_transposed, product};
use super::scratch::{self, Scratch};
use super::{Lines, Rows, draw_mask, tiles};
use crate::Result;
use crate::attention::{Plan, Sequence};
use crate::matmul::Write;
use crate::simd::{self, vectorised};
use crate::slice::{Scattered, fresh_tensor};
use candle_core::Tensor;
use rayon::prelude::*;
use std::ops::Range;

/// Keys of a tile. A multiple of 4, so that a tile's dropout begins with a block of the stream.
const KEYS: usize = 512;
/// Queries of a tile.
const QUERIES: usize = 48;
/// Floats of output that a task keeps at hand, about.
const OUT: usize = 1 << 16;

/// `y`, `[B, T, H K]`, and for each row of scores the logarithm of the sum of `e^score`, `[B, H, T]`.
pub(in crate::attention) fn forward(plan: &Plan, inputs: [Rows; 3], lines: Option<Lines>) -> Result<(Tensor, Vec<f32>)> {
    let mut log_sums = vec![0f32; plan.batch * plan.heads * plan.queries];
    let y = fresh_tensor((plan.batch, plan.queries, plan.heads * plan.size), |y| {
        let (y, log_sums) = (Scattered::new(y), Scattered::new(&mut log_sums));
        let chunk = (OUT / (plan.group() * plan.width()) / QUERIES * QUERIES).clamp(QUERIES, 6 * QUERIES);
        let chunks = |sequence: usize| tiles(plan.sequences[sequence].queries.len, chunk).map(move |part| (sequence, part));
        let parts: Vec<(usize, Range<usize>)> = (0..plan.sequences.len()).flat_map(chunks).collect();
        (0..parts.len() * plan.kv_heads).into_par_iter().with_max_len(1).for_each(|index| {
            let (part, kv_head) = (&parts[index / plan.kv_heads], index % plan.kv_heads);
            let task = Task { plan, inputs, lines, y, log_sums, sequence: part.0, kv_head, positions: part.1.clone() };
            scratch::with(|scratch| task.run(scratch));
        });
    })?;
    Ok((y, log_sums))
}

/// Some positions of the query heads that share a head of keys and values.
struct Task<'a> {
    plan: &'a Plan,
    inputs: [Rows<'a>; 3],
    lines: Option<Lines<'a>>,
    y: Scattered<'a>,
    log_sums: Scattered<'a>,
    sequence: usize,
    kv_head: usize,
    positions: Range<usize>,
}

/// What is known so far of each row: the largest score, the sum of `e^(score - largest)`, and the products with the values.
struct Rolling<'a> {
    max: &'a mut [f32],
    sum: &'a mut [f32],
    out: &'a mut [f32],
}

impl Task<'_> {
    fn run(&self, scratch: &mut Scratch) {
        let plan = self.plan;
        let Sequence { queries: all, keys } = plan.sequences[self.sequence];
        let queries = self.positions.start.min(all.valid)..self.positions.end.min(all.valid);
        let (group, width, count) = (plan.group(), plan.width(), queries.len());
        let Scratch { keys_t, values, scores, mask, out, rows, bounds, .. } = scratch;
        let (keys_t, values) = (keys_t.floats(KEYS * plan.size), values.floats(KEYS * width));
        let (scores, mask) =
            (scores.floats(QUERIES * KEYS), mask.floats(if plan.dropout.is_some() { QUERIES * KEYS } else { 0 }));
        let (max, rest) = rows.floats(2 * group * count + QUERIES).split_at_mut(group * count);
        let (sum, factor) = rest.split_at_mut(group * count);
        max.fill(f32::NEG_INFINITY);
        sum.fill(0.0);
        let rolling = Rolling { max, sum, out: out.floats(group * count * width) };
        rolling.out.fill(0.0);
        for keys in tiles(keys.valid, KEYS) {
            let Some(seen) = plan.seen(self.sequence, &queries, &keys) else { continue };
            self.pack(&keys, seen, keys_t, values);
            let stride = seen.next_multiple_of(LANES);
            for (in_group, block) in (0..group).flat_map(|g| tiles(count, QUERIES).map(move |block| (g, block))) {
                let these = queries.start + block.start..queries.start + block.end;
                let Some(seen) = plan.seen(self.sequence, &these, &keys) else { continue };
                plan.bounds(self.sequence, these.clone(), &keys, bounds);
                let (head, from) = (self.kv_head * group + in_group, in_group * count + block.start);
                let q = self.inputs[0].at(all.start, head, plan.size, these.start);
                let size = Size { rows: block.len(), depth: plan.size, vectors: seen.div_ceil(LANES) };
                let right = Right { data: keys_t, step: LANES, vector: LANES * plan.size };
                product(size, Left::Rows(q, self.inputs[0].place.stride), right, scores, stride, Write::Set);
                if let Some(lines) = &self.lines {
                    lines.add(head, these.clone(), [keys.start, seen], scores, stride);
                }
                let (max, sum) = (&mut rolling.max[from..][..block.len()], &mut rolling.sum[from..][..block.len()]);
                softmax_rows(scores, [stride, size.vectors * LANES], bounds, plan.scale as f32, max, sum, factor);
                if draw_mask(plan, [self.sequence, head], &these, keys.start, bounds, mask, stride) {
                    multiply_rows(scores, mask, stride, bounds);
                }
                let out = &mut rolling.out[from * width..][..block.len() * width];
                // Nothing to scale down before the first tile.
                if keys.start > 0 {
                    scale_rows(out, width, factor);
                }
                let size = Size { rows: block.len(), depth: seen, vectors: width / LANES };
                product(
                    size,
                    Left::Rows(scores, stride),
                    Right { data: values, step: width, vector: LANES },
                    out,
                    width,
                    Write::Add,
                );
            }
        }
        self.finish(&queries, &rolling);
    }

    /// Packs the first `count` of a tile's keys, transposed, and values.
    fn pack(&self, keys: &Range<usize>, count: usize, keys_t: &mut [f32], values: &mut [f32]) {
        let (size, [_, k, v]) = (self.plan.size, self.inputs);
        let start = self.plan.sequences[self.sequence].keys.start;
        pack_transposed(k.at(start, self.kv_head, size, keys.start), count, size, k.place.stride, keys_t);
        pack_rows(v.at(start, self.kv_head, size, keys.start), count, size, v.place.stride, self.plan.width(), values);
    }

    /// Divides by the sums and writes the task's part of the result; rows that are not valid become zeros.
    fn finish(&self, queries: &Range<usize>, rolling: &Rolling) {
        let (plan, count, width) = (self.plan, queries.len(), self.plan.width());
        let first = plan.sequences[self.sequence].queries.start;
        for in_group in 0..plan.group() {
            let head = self.kv_head * plan.group() + in_group;
            // SAFETY: positions and heads are this task's alone, here and below.
            let log_sums = unsafe { self.log_sums.part(plan.row(self.sequence, head, queries.start), count) };
            for position in self.positions.clone() {
                let start = ((first + position) * plan.heads + head) * plan.size;
                // SAFETY: see above.
                let y = unsafe { self.y.part(start, plan.size) };
                if !queries.contains(&position) {
                    y.fill(0.0);
                    continue;
                }
                let row = in_group * count + position - queries.start;
                let (max, sum) = (rolling.max[row], rolling.sum[row]);
                // A row that sees no key: zeros, and a number that is never used. The sum of any other is no zero (`simd::exp` makes
                // none, and NaN of scores that overflowed).
                let empty = sum == 0.0;
                log_sums[position - queries.start] = if empty { 0.0 } else { max + sum.ln() };
                divide(&rolling.out[row * width..][..plan.size], if empty { 0.0 } else { 1.0 / sum }, y);
            }
        }
    }
}

vectorised! {
    /// In rows `padded[0]` apart, of which `padded[1]` are in use, turns each row's scores within its bounds into
    /// `e^(scale score - largest)`, the rest into zeros. Largest and sum
    /// take the new scores in; `factor` is what older sums and products are to be multiplied by.
    fn softmax_rows(
        s: &mut [f32], padded: [usize; 2], bounds: &[(usize, usize)], scale: f32,
        max: &mut [f32], sum: &mut [f32], factor: &mut [f32],
    ) {
        let [stride, width] = padded;
        for (row, &(from, to)) in bounds.iter().enumerate() {
            let s = &mut s[row * stride..][..width];
            if from >= to {
                s.fill(0.0);
                factor[row] = 1.0;
                continue;
            }
            let (first, last) = (from / LANES * LANES, to.next_multiple_of(LANES));
            s[..first].fill(0.0);
            s[last..].fill(0.0);
            s[first..from].fill(f32::NEG_INFINITY);
            s[to..last].fill(f32::NEG_INFINITY);
            let here = scale * simd::max(&s[first..last]);
            let largest = if here > max[row] { here } else { max[row] };
            let mut lanes = [0f32; LANES];
            for chunk in s[first..last].chunks_exact_mut(LANES) {
                for (s, lane) in chunk.iter_mut().zip(&mut lanes) {
                    *s = simd::exp(s.mul_add(scale, -largest));
                    *lane += *s;
                }
            }
            s[first..from].fill(0.0);
            s[to..last].fill(0.0);
            factor[row] = simd::exp(max[row] - largest);
            sum[row] = sum[row].mul_add(factor[row], simd::sum(&lanes, |lane| lane));
            max[row] = largest;
        }
    }

    fn multiply_rows(s: &mut [f32], mask: &[f32], stride: usize, bounds: &[(usize, usize)]) {
        for (row, &(from, to)) in bounds.iter().enumerate().filter(|(_, (from, to))| from < to) {
            s[row * stride..][from..to].iter_mut().zip(&mask[row * stride..][from..to]).for_each(|(s, m)| *s *= m);
        }
    }

    fn scale_rows(out: &mut [f32], width: usize, factor: &[f32]) {
        out.chunks_exact_mut(width).zip(factor).for_each(|(row, factor)| row.iter_mut().for_each(|v| *v *= factor));
    }

    fn divide(row: &[f32], by: f32, y: &mut [f32]) {
        y.iter_mut().zip(row).for_each(|(y, v)| *y = v * by);
    }
}
