//! Backward: the probabilities of a tile come again from the scores and their rows' log-sums, and every product is a tile's.
//!
//! A task goes through tiles of keys, within each through the heads that share it, within each through tiles of queries: so the
//! gradients of a tile of keys and values gather in one place and in one order, and those of the queries tile after tile.

use super::product::{LANES, Left, Right, Size, pack_rows, pack_transposed, product};
use super::scratch::{self, Scratch};
use super::{Lines, Place, Rows, RowsMut, draw_mask, tiles};
use crate::attention::{Plan, Sequence, Span};
use crate::blocks;
use crate::matmul::Write;
use crate::simd::{self, vectorised};
use crate::slice::{self, Scattered};
use rayon::prelude::*;
use std::ops::Range;

/// Keys of a tile; as in the forward pass a multiple of 4.
const KEYS: usize = 256;
/// Queries of a tile.
const QUERIES: usize = 64;
/// So many tasks at least, if there are tiles enough: sequences are split by keys, each part with a `dq` of its own.
const TASKS: usize = 6;

/// What forward left, and the gradient of its output.
#[derive(Clone, Copy)]
pub(in crate::attention) struct Given<'a> {
    pub(in crate::attention) dy: &'a [f32],
    pub(in crate::attention) y: &'a [f32],
    pub(in crate::attention) log_sums: &'a [f32],
    /// Queries, keys, values.
    pub(in crate::attention) inputs: [Rows<'a>; 3],
    pub(in crate::attention) lines: Option<Lines<'a>>,
}

/// The gradients of what was added by distance, `[H, Tq + Tk - 1]` as [`Lines`] has it: made from one part of each task, in their order.
fn sum_lines(plan: &Plan, parts: usize, len: usize, partials: &[f32], to: &mut [f32]) {
    to.fill(0.0);
    for (index, partial) in partials.chunks_exact(len.max(1)).enumerate() {
        simd::add_assign(&mut to[index / parts % plan.kv_heads * len..][..len], partial);
    }
}

/// Writes the gradients that are wanted, in the order of the inputs; `dlines`: those of what was added by distance, `[H, Tq + Tk - 1]`, where
/// each query head has keys of its own.
pub(in crate::attention) fn backward(plan: &Plan, given: Given, to: [Option<RowsMut>; 3], dlines: Option<&mut [f32]>) {
    let pairs = plan.sequences.len() * plan.kv_heads;
    let most = plan.sequences.iter().map(|sequence| sequence.keys.len).max().unwrap_or(0);
    let tiles = most.div_ceil(KEYS).max(1);
    let parts = TASKS.div_ceil(pairs.max(1)).min(tiles);
    let [dq, dk, dv] = to;
    let len = given.lines.filter(|_| dlines.is_some()).map_or(0, |lines| lines.len());
    let mut partials = vec![0f32; pairs * parts * len];
    let lines = Scattered::new(&mut partials);
    let run = |dq: &[Option<RowsMut>]| {
        (0..pairs * parts).into_par_iter().with_max_len(1).for_each(|index| {
            let (pair, part) = (index / parts, index % parts);
            let (sequence, kv_head) = (pair / plan.kv_heads, pair % plan.kv_heads);
            let Sequence { queries, keys } = plan.sequences[sequence];
            let task = Task { plan, given, sequence, queries, keys, kv_head, part, parts, dq: dq[part], dk, dv };
            // SAFETY: a task has a line of its own.
            let dline = unsafe { lines.part(index * len, len) };
            scratch::with(|scratch| task.run(scratch, dline));
        });
    };
    match dq {
        Some(dq) if parts > 1 => {
            let dim = plan.heads * plan.size;
            let len = plan.batch * plan.queries * dim;
            let partials = slice::fresh(parts * len, |memory| {
                let data = Scattered::new(memory);
                let place = |part| Some(RowsMut { data, place: Place { first: part * len, stride: dim } });
                run(&(0..parts).map(place).collect::<Vec<_>>());
            });
            // In the order of the parts, element by element.
            let rows = plan.batch * plan.queries;
            (0..rows.div_ceil(blocks::ROWS)).into_par_iter().for_each(|block| {
                for row in block * blocks::ROWS..rows.min((block + 1) * blocks::ROWS) {
                    // SAFETY: each row is written by one task.
                    let to = unsafe { dq.data.part(row * dq.place.stride + dq.place.first, dim) };
                    to.copy_from_slice(&partials[row * dim..][..dim]);
                    (1..parts).for_each(|part| simd::add_assign(to, &partials[part * len + row * dim..][..dim]));
                }
            });
        }
        dq => run(&vec![dq; parts]),
    }
    if let Some(dlines) = dlines {
        sum_lines(plan, parts, len, &partials, dlines);
    }
}

/// Every so many tiles of a sequence's keys, for the query heads that share a head of keys and values.
struct Task<'a> {
    plan: &'a Plan,
    given: Given<'a>,
    sequence: usize,
    queries: Span,
    keys: Span,
    kv_head: usize,
    part: usize,
    parts: usize,
    dq: Option<RowsMut<'a>>,
    dk: Option<RowsMut<'a>>,
    dv: Option<RowsMut<'a>>,
}

/// A tile of keys: copies in the orders in which the products read them, and the gradients so far.
struct Tile<'a> {
    keys: Range<usize>,
    keys_t: &'a mut [f32],
    values_t: &'a mut [f32],
    key_rows: &'a mut [f32],
    dkeys: &'a mut [f32],
    dvalues: &'a mut [f32],
}

/// A tile of queries and what is computed for it.
struct Work<'a> {
    queries: &'a mut [f32],
    dy: &'a mut [f32],
    scores: &'a mut [f32],
    dscores: &'a mut [f32],
    mask: &'a mut [f32],
    out: &'a mut [f32],
    bounds: &'a mut Vec<(usize, usize)>,
}

impl Task<'_> {
    /// `dline`: gets the gradients of what was added to the head's scores by distance; empty where they are not wanted.
    fn run(&self, scratch: &mut Scratch, dline: &mut [f32]) {
        let (plan, size, width) = (self.plan, self.plan.size, self.plan.width());
        self.zero();
        let Scratch { keys_t, values_t, keys, queries, dy, scores, dscores, mask, out, dkeys, dvalues, rows, bounds, .. } =
            scratch;
        let mut tile = Tile {
            keys: 0..0,
            keys_t: keys_t.floats(KEYS * size),
            values_t: values_t.floats(KEYS * size),
            key_rows: keys.floats(KEYS * width),
            dkeys: dkeys.floats(KEYS * width),
            dvalues: dvalues.floats(KEYS * width),
        };
        let mut work = Work {
            queries: queries.floats(QUERIES * width),
            dy: dy.floats(QUERIES * width),
            scores: scores.floats(QUERIES * KEYS),
            dscores: dscores.floats(QUERIES * KEYS),
            mask: mask.floats(if plan.dropout.is_some() { QUERIES * KEYS } else { 0 }),
            out: out.floats(QUERIES * width),
            bounds,
        };
        let valid = self.queries.valid;
        let along = rows.floats(plan.group() * valid);
        self.products_along_rows(along);
        let all = tiles(self.keys.valid, KEYS).enumerate();
        for keys in all.filter(|(index, _)| index % self.parts == self.part).map(|(_, keys)| keys) {
            self.open(keys, &mut tile);
            for in_group in 0..plan.group() {
                for queries in tiles(valid, QUERIES) {
                    if let Some(seen) = plan.seen(self.sequence, &queries, &tile.keys) {
                        let along = &along[in_group * valid..][queries.clone()];
                        self.block(&mut tile, self.kv_head * plan.group() + in_group, queries, seen, along, (&mut work, dline));
                    }
                }
            }
            self.close(&tile);
        }
    }

    /// Zeros where other numbers are added, and where no number is valid.
    fn zero(&self) {
        let plan = self.plan;
        let fill = |to: &RowsMut, start: usize, head: usize, positions: Range<usize>| {
            for position in positions {
                // SAFETY: heads, and of them the keys of this part, are the task's alone.
                unsafe { to.row(start, head, plan.size, position) }.fill(0.0);
            }
        };
        if let Some(dq) = &self.dq {
            for head in self.kv_head * plan.group()..(self.kv_head + 1) * plan.group() {
                fill(dq, self.queries.start, head, 0..self.queries.len);
            }
        }
        for to in [&self.dk, &self.dv].into_iter().flatten().filter(|_| self.part == 0) {
            fill(to, self.keys.start, self.kv_head, self.keys.valid..self.keys.len);
        }
    }

    /// `sum of dy y` over each row: it equals the sum of `dp p` over the keys, with and without dropout.
    fn products_along_rows(&self, along: &mut [f32]) {
        let (plan, valid) = (self.plan, self.queries.valid);
        for (in_group, along) in along.chunks_exact_mut(valid.max(1)).enumerate() {
            let start = self.queries.start * plan.heads + self.kv_head * plan.group() + in_group;
            let (dy, y) = (&self.given.dy[start * plan.size..], &self.given.y[start * plan.size..]);
            row_products(dy, y, plan.size, plan.heads * plan.size, along);
        }
    }

    /// Packs a tile of keys and values.
    fn open(&self, keys: Range<usize>, tile: &mut Tile) {
        let (size, width, [_, k, v]) = (self.plan.size, self.plan.width(), self.given.inputs);
        let start = self.keys.start;
        let (key_rows, value_rows) = (k.at(start, self.kv_head, size, keys.start), v.at(start, self.kv_head, size, keys.start));
        pack_transposed(key_rows, keys.len(), size, k.place.stride, tile.keys_t);
        if self.dq.is_some() || self.dk.is_some() || self.given.lines.is_some() {
            pack_transposed(value_rows, keys.len(), size, v.place.stride, tile.values_t);
        }
        if self.dq.is_some() {
            pack_rows(key_rows, keys.len(), size, k.place.stride, width, tile.key_rows);
        }
        tile.dkeys.fill(0.0);
        tile.dvalues.fill(0.0);
        tile.keys = keys;
    }

    /// One tile of queries by one of keys, of which it sees the first `seen`.
    fn block(
        &self,
        tile: &mut Tile,
        head: usize,
        queries: Range<usize>,
        seen: usize,
        along: &[f32],
        (work, dline): (&mut Work, &mut [f32]),
    ) {
        let (plan, given, sequence) = (self.plan, &self.given, self.sequence);
        let (size, width, rows) = (plan.size, plan.width(), queries.len());
        let Work { queries: q_rows, dy: dy_rows, scores, dscores, mask, out, bounds } = work;
        let start = self.queries.start;
        let q = &given.inputs[0];
        pack_rows(q.at(start, head, size, queries.start), rows, size, q.place.stride, width, q_rows);
        let dy = &given.dy[((start + queries.start) * plan.heads + head) * size..];
        pack_rows(dy, rows, size, plan.heads * size, width, dy_rows);

        let (vectors, stride) = (seen.div_ceil(LANES), tile.keys.len().next_multiple_of(LANES));
        let inner = Size { rows, depth: size, vectors };
        let right = |data| Right { data, step: LANES, vector: LANES * size };
        product(inner, Left::Rows(q_rows, width), right(tile.keys_t), scores, stride, Write::Set);
        if let Some(lines) = &given.lines {
            lines.add(head, queries.clone(), [tile.keys.start, seen], scores, stride);
        }
        plan.bounds(sequence, queries.clone(), &tile.keys, bounds);
        let masked = draw_mask(plan, [sequence, head], &queries, tile.keys.start, bounds, mask, stride);
        let (padded, log_sums) = ([stride, vectors * LANES], &given.log_sums[plan.row(sequence, head, 0)..][queries.clone()]);
        probabilities(scores, padded, bounds, plan.scale as f32, log_sums);
        if self.dq.is_some() || self.dk.is_some() || !dline.is_empty() {
            product(inner, Left::Rows(dy_rows, width), right(tile.values_t), dscores, stride, Write::Set);
            if masked {
                score_gradients_masked(scores, mask, dscores, padded, bounds, along);
            } else {
                score_gradients(scores, dscores, padded, rows, along);
            }
            if let Some(lines) = given.lines.filter(|_| !dline.is_empty()) {
                lines.gather(queries.clone(), [tile.keys.start, seen], dscores, stride, dline);
            }
        } else if masked {
            masked_probabilities(scores, mask, stride, bounds);
        }

        let by_key = Size { rows: seen, depth: rows, vectors: width / LANES };
        let plain = |data| Right { data, step: width, vector: LANES };
        if self.dv.is_some() {
            product(by_key, Left::Transposed(scores, stride), plain(dy_rows), tile.dvalues, width, Write::Add);
        }
        if self.dk.is_some() {
            product(by_key, Left::Transposed(dscores, stride), plain(q_rows), tile.dkeys, width, Write::Add);
        }
        if let Some(dq) = &self.dq {
            let by_query = Size { rows, depth: seen, vectors: width / LANES };
            product(by_query, Left::Rows(dscores, stride), plain(tile.key_rows), out, width, Write::Set);
            for (row, position) in queries.enumerate() {
                // SAFETY: the heads of this part's `dq` are the task's alone.
                add_scaled(&out[row * width..][..size], plan.scale as f32, unsafe { dq.row(start, head, size, position) });
            }
        }
    }

    /// Writes the gradients of a tile of keys and values.
    fn close(&self, tile: &Tile) {
        let (plan, width) = (self.plan, self.plan.width());
        let scaled = [(&self.dk, &*tile.dkeys, plan.scale as f32), (&self.dv, &*tile.dvalues, 1.0)];
        for (to, from, scale) in scaled.into_iter().filter_map(|(to, from, scale)| Some((to.as_ref()?, from, scale))) {
            for (row, position) in tile.keys.clone().enumerate() {
                // SAFETY: the tile's keys are this task's alone.
                let to = unsafe { to.row(self.keys.start, self.kv_head, plan.size, position) };
                set_scaled(&from[row * width..][..plan.size], scale, to);
            }
        }
    }
}

vectorised! {
    /// `sum of a b` of rows of `size`, `stride` apart.
    fn row_products(a: &[f32], b: &[f32], size: usize, stride: usize, sums: &mut [f32]) {
        for (row, sum) in sums.iter_mut().enumerate() {
            *sum = simd::sum2(&a[row * stride..][..size], &b[row * stride..][..size], |a, b| a * b);
        }
    }

    /// In rows `padded[0]` apart, of which `padded[1]` are in use, scores become `p = e^(scale score - log_sum)` within each row's bounds, zeros in the
    /// rest.
    fn probabilities(s: &mut [f32], padded: [usize; 2], bounds: &[(usize, usize)], scale: f32, log_sums: &[f32]) {
        let [stride, width] = padded;
        for (row, (&(from, to), log_sum)) in bounds.iter().zip(log_sums).enumerate() {
            let s = &mut s[row * stride..][..width];
            if from >= to {
                s.fill(0.0);
                continue;
            }
            let (first, last) = (from / LANES * LANES, to.next_multiple_of(LANES));
            s[first..last].iter_mut().for_each(|s| *s = simd::exp(s.mul_add(scale, -log_sum)));
            s[..from].fill(0.0);
            s[to..].fill(0.0);
        }
    }

    /// `dp` becomes `ds = p (dp - along)`.
    fn score_gradients(p: &[f32], dp: &mut [f32], padded: [usize; 2], rows: usize, along: &[f32]) {
        let [stride, width] = padded;
        for row in 0..rows {
            let (p, dp, along) = (&p[row * stride..][..width], &mut dp[row * stride..][..width], along[row]);
            dp.iter_mut().zip(p).for_each(|(dp, p)| *dp = p * (*dp - along));
        }
    }

    /// `dp` becomes `ds = p (dp m - along)` and `p` becomes `p m`.
    fn score_gradients_masked(
        p: &mut [f32], m: &[f32], dp: &mut [f32], padded: [usize; 2], bounds: &[(usize, usize)], along: &[f32],
    ) {
        let [stride, width] = padded;
        for (row, &(from, to)) in bounds.iter().enumerate() {
            let (p, m, dp) = (&mut p[row * stride..][..width], &m[row * stride..], &mut dp[row * stride..][..width]);
            let (from, to) = if from < to { (from, to) } else { (0, 0) };
            dp[..from].fill(0.0);
            dp[to..].fill(0.0);
            for ((p, m), dp) in p[from..to].iter_mut().zip(&m[from..to]).zip(&mut dp[from..to]) {
                *dp = *p * (*dp * m - along[row]);
                *p *= m;
            }
        }
    }

    fn masked_probabilities(p: &mut [f32], m: &[f32], stride: usize, bounds: &[(usize, usize)]) {
        for (row, &(from, to)) in bounds.iter().enumerate().filter(|(_, (from, to))| from < to) {
            p[row * stride..][from..to].iter_mut().zip(&m[row * stride..][from..to]).for_each(|(p, m)| *p *= m);
        }
    }

    fn add_scaled(from: &[f32], scale: f32, to: &mut [f32]) {
        to.iter_mut().zip(from).for_each(|(to, from)| *to = from.mul_add(scale, *to));
    }

    fn set_scaled(from: &[f32], scale: f32, to: &mut [f32]) {
        to.iter_mut().zip(from).for_each(|(to, from)| *to = from * scale);
    }
}
