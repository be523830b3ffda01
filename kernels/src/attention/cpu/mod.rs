//! The float32 CPU version: tiles of queries by tiles of keys, whose scores never leave the cache.
//!
//! A task has its own part of the result and works through its tiles in a fixed order, so the bits depend on neither the number
//! of threads nor on who does what.

mod backward;
mod forward;
mod product;
mod scratch;

pub(super) use backward::{Given, backward};
pub(super) use forward::forward;

use super::Plan;
use crate::simd;
use crate::slice::Scattered;
use product::LANES;

/// Where the heads of an operand lie: `[B, T, ...]`, of each position `heads` times K neighbours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// From the start of a position to its first head.
    pub(super) first: usize,
    /// From one position to the next.
    pub(super) stride: usize,
}

/// An operand that is read.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) data: &'a [f32],
    pub(super) place: Place,
}

impl<'a> Rows<'a> {
    /// From `position` of one head of a sequence on; the next positions are `stride` further each.
    fn at(&self, sequence_start: usize, head: usize, size: usize, position: usize) -> &'a [f32] {
        let start = (sequence_start + position) * self.place.stride + self.place.first + head * size;
        &self.data[start.min(self.data.len())..]
    }
}

/// An operand's gradient, which tasks write side by side.
#[derive(Clone, Copy)]
pub(super) struct RowsMut<'a> {
    pub(super) data: Scattered<'a>,
    pub(super) place: Place,
}

impl<'a> RowsMut<'a> {
    /// One position of one head.
    ///
    /// # Safety
    /// The head's position must be the calling task's alone.
    unsafe fn row(&self, sequence_start: usize, head: usize, size: usize, position: usize) -> &'a mut [f32] {
        let start = (sequence_start + position) * self.place.stride + self.place.first + head * size;
        // SAFETY: the caller's promise.
        unsafe { self.data.part(start, size) }
    }
}

/// What is added to scores by distance: of each head a line over all distances, from the last query's to the first key up to the
/// first query's to the last key. So what a query's scores get is a part of its head's line.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    /// `[H, Tq + Tk - 1]`, divided by the scale of scores.
    pub(super) data: &'a [f32],
    pub(super) queries: usize,
    pub(super) keys: usize,
}

impl<'a> Lines<'a> {
    /// Distances.
    fn len(&self) -> usize {
        (self.queries + self.keys).saturating_sub(1)
    }

    /// Where in its head's line the distances of a query begin, from `key` on.
    fn start(&self, query: usize, key: usize) -> usize {
        self.queries - 1 - query + key
    }

    /// Adds to the scores of a tile, in rows `stride` apart, of these queries and `count` keys from `key` on.
    fn add(&self, head: usize, queries: std::ops::Range<usize>, [key, count]: [usize; 2], scores: &mut [f32], stride: usize) {
        let line = &self.data[head * self.len()..][..self.len()];
        for (query, scores) in queries.zip(scores.chunks_mut(stride)) {
            simd::add_assign(&mut scores[..count], &line[self.start(query, key)..][..count]);
        }
    }

    /// Adds the scores' gradients of such a tile to those of its head's line.
    fn gather(&self, queries: std::ops::Range<usize>, [key, count]: [usize; 2], scores: &[f32], stride: usize, line: &mut [f32]) {
        for (query, scores) in queries.zip(scores.chunks(stride)) {
            simd::add_assign(&mut line[self.start(query, key)..][..count], &scores[..count]);
        }
    }
}

impl Plan {
    /// The size of a head, padded to whole vectors.
    fn width(&self) -> usize {
        self.size.next_multiple_of(LANES)
    }

    /// Query heads that share a head of keys and values.
    fn group(&self) -> usize {
        self.heads / self.kv_heads
    }

    /// The part of a tile of keys that the queries `queries` of a sequence see: from its start to the last key that any of them
    /// sees. None if they see none.
    fn seen(&self, sequence: usize, queries: &std::ops::Range<usize>, keys: &std::ops::Range<usize>) -> Option<usize> {
        // Both ends of what a query sees grow with the query.
        let (first, last) = (self.keys_of(sequence, queries.start), self.keys_of(sequence, queries.end - 1));
        let end = last.end.min(keys.end);
        (first.start < keys.end && end > keys.start).then(|| end - keys.start)
    }

    /// What each of these queries sees of a tile of keys, counted from the tile's start.
    fn bounds(
        &self,
        sequence: usize,
        queries: std::ops::Range<usize>,
        keys: &std::ops::Range<usize>,
        bounds: &mut Vec<(usize, usize)>,
    ) {
        bounds.clear();
        bounds.extend(queries.map(|query| {
            let seen = self.keys_of(sequence, query);
            (seen.start.clamp(keys.start, keys.end) - keys.start, seen.end.clamp(keys.start, keys.end) - keys.start)
        }));
    }
}

/// Tiles of `size` over `0..n`.
fn tiles(n: usize, size: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..n).step_by(size).map(move |start| start..(start + size).min(n))
}

/// Draws a tile's dropout mask, within each row's bounds and with rows `stride` apart, and says whether there is one.
fn draw_mask(
    plan: &Plan,
    [sequence, head]: [usize; 2],
    queries: &std::ops::Range<usize>,
    first_key: usize,
    bounds: &[(usize, usize)],
    mask: &mut [f32],
    stride: usize,
) -> bool {
    let Some(dropout) = plan.dropout else { return false };
    let scale = 1.0 / (1.0 - dropout.p);
    for ((query, &(_, to)), row) in queries.clone().zip(bounds).zip(mask.chunks_exact_mut(stride)) {
        let block = plan.dropout_block(sequence, head, query) + (first_key / 4) as u64;
        dropout.stream.keep(block, dropout.p, scale, &mut row[..to]);
    }
    true
}
