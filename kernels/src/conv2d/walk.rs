//! Convolution as a product of rows: what the windows see is gathered block by block into the cache, never for a whole image.
//!
//! A [`Walk`] says which places of an image each row sees. Forward it is the window; for the input's gradient it is the window
//! turned around, once for each phase of the stride. Since channels lie next to each other, a window's row of places is one run.

use super::Plan;
use super::tile::{self, Left, PANEL, Right};
use crate::matmul::Write;
use crate::slice::Scattered;
use crate::{scratch, simd};
use rayon::prelude::*;

/// Rows of a block: eight tiles.
const BLOCK: usize = 8 * tile::ROWS;
/// Elements of a row that are gathered at a time, so that a block stays in the L2 cache.
const DEPTH: usize = 256;
/// Room between gathered rows, so that they do not fall on the same lines of the cache.
const GAP: usize = 16;
/// Places whose products are summed at a time for the filters' gradient.
const CHUNK: usize = 224;
/// The work of a gradient is cut into about so many tasks.
const TASKS: usize = 16;

/// Neighbouring places of one row of an image.
struct Run {
    /// The first place, relative to where the window stands.
    at: [isize; 2],
    /// So many places, all their channels.
    taps: usize,
}

/// What each row sees.
pub(super) struct Walk {
    /// Images, and rows and columns of the places for which there is a row.
    places: [usize; 3],
    /// How far the window moves from one to the next.
    stride: [usize; 2],
    /// The image that is looked at, the floats of one of its places, and the channels of them that count.
    image: [usize; 2],
    pixel: usize,
    first: usize,
    channels: usize,
    runs: Vec<Run>,
}

/// Where the rows of a result go in an image.
pub(super) struct Places {
    pub(super) image: [usize; 2],
    pub(super) pixel: usize,
    pub(super) channel: usize,
    pub(super) first: [usize; 2],
    pub(super) step: [usize; 2],
}

impl Walk {
    /// What the filters of a group see.
    pub(super) fn forward(plan: &Plan, group: usize) -> Walk {
        let window = plan.window;
        let channels = plan.channels[0];
        let offset = |axis: usize, k: usize| (k * window.dilation[axis]) as isize - window.padding[axis] as isize;
        let whole = plan.groups == 1 && window.dilation[1] == 1;
        let runs = (0..window.kernel[0]).flat_map(|ky| {
            let columns = if whole { 1 } else { window.kernel[1] };
            let taps = window.kernel[1] / columns;
            (0..columns).map(move |kx| Run { at: [offset(0, ky), offset(1, kx)], taps })
        });
        Walk {
            places: [plan.batch, plan.out[0], plan.out[1]],
            stride: window.stride,
            image: plan.image,
            pixel: plan.groups * channels,
            first: group * channels,
            channels,
            runs: runs.collect(),
        }
    }

    /// What of the output's gradient reaches the places `phase` + multiples of the stride of the input, and by which of the
    /// window's places.
    pub(super) fn backward(plan: &Plan, group: usize, phase: [usize; 2]) -> (Walk, Vec<usize>) {
        let (window, stride) = (plan.window, plan.window.stride.map(|stride| stride as isize));
        let outs = plan.channels[1];
        let offset = |axis: usize, k: usize| (phase[axis] + window.padding[axis]) as isize - (k * window.dilation[axis]) as isize;
        let (mut runs, mut taps) = (Vec::new(), Vec::new());
        for (ky, kx) in window.places() {
            let at = [offset(0, ky), offset(1, kx)];
            if (0..2).all(|axis| at[axis].rem_euclid(stride[axis]) == 0) {
                runs.push(Run { at: [0, 1].map(|axis| at[axis].div_euclid(stride[axis])), taps: 1 });
                taps.push(ky * window.kernel[1] + kx);
            }
        }
        let count = |axis: usize| plan.image[axis].saturating_sub(phase[axis]).div_ceil(window.stride[axis]);
        let walk = Walk {
            places: [plan.batch, count(0), count(1)],
            stride: [1; 2],
            image: plan.out,
            pixel: plan.groups * outs,
            first: group * outs,
            channels: outs,
            runs,
        };
        (walk, taps)
    }

    fn rows(&self) -> usize {
        self.places.iter().product()
    }

    /// Elements of a row.
    pub(super) fn depth(&self) -> usize {
        self.runs.iter().map(|run| run.taps).sum::<usize>() * self.channels
    }

    /// Whether each row is a place of the image as it lies in memory.
    fn is_plain(&self) -> bool {
        let [_, height, width] = self.places;
        matches!(self.runs[..], [Run { at: [0, 0], taps: 1 }]) && self.stride == [1; 2] && self.image == [height, width]
    }

    /// Image, row and column of a place.
    fn place(&self, row: usize) -> [usize; 3] {
        let [_, height, width] = self.places;
        [row / (height * width), row / width % height, row % width]
    }

    fn next(&self, [image, y, x]: [usize; 3]) -> [usize; 3] {
        let [_, height, width] = self.places;
        match (x + 1 < width, y + 1 < height) {
            (true, _) => [image, y, x + 1],
            (false, true) => [image, y + 1, 0],
            (false, false) => [image + 1, 0, 0],
        }
    }

    /// Elements `part` of the rows from `row` on, `width` apart in `to`.
    fn gather(&self, source: &[f32], row: usize, part: std::ops::Range<usize>, width: usize, to: &mut [f32]) {
        let mut place = self.place(row);
        for to in to.chunks_exact_mut(width) {
            self.gather_row(source, place, &part, to);
            place = self.next(place);
        }
    }

    fn gather_row(&self, source: &[f32], [image, y, x]: [usize; 3], part: &std::ops::Range<usize>, to: &mut [f32]) {
        let [height, width] = self.image;
        let (mut start, mut at) = (0, 0);
        for run in &self.runs {
            let length = run.taps * self.channels;
            let (from, end) = (part.start.max(start) - start, part.end.min(start + length).max(start) - start);
            start += length;
            if from >= end {
                continue;
            }
            let to = &mut to[at..][..end - from];
            at += end - from;
            let y = (y * self.stride[0]) as isize + run.at[0];
            let x = (x * self.stride[1]) as isize + run.at[1];
            // Elements of the run that lie inside the image.
            let inside = |tap: isize| tap.clamp(0, run.taps as isize) as usize * self.channels;
            let (low, high) = (inside(-x).clamp(from, end), inside(width as isize - x).clamp(from, end));
            if y < 0 || y >= height as isize || low >= high {
                to.fill(0.0);
                continue;
            }
            let place = (image * height + y as usize) as isize * width as isize + x;
            let first = place * self.pixel as isize + self.first as isize + low as isize;
            to[..low - from].fill(0.0);
            to[low - from..high - from].copy_from_slice(&source[first as usize..][..high - low]);
            to[high - from..].fill(0.0);
        }
    }

    /// `y = rows filters + bias`; `filters`: [`Right::panels`] of [`Walk::depth`] rows.
    pub(super) fn product(&self, source: &[f32], filters: Right, places: &Places, b: Option<&[f32]>, y: Scattered) {
        let rows = self.rows();
        // Few rows are shared out by panels of columns too.
        let tasks = shares(rows.div_ceil(BLOCK));
        let panels = filters.cols.div_ceil(PANEL);
        let groups = TASKS.div_ceil(tasks.max(1)).clamp(1, panels);
        (0..tasks * groups).into_par_iter().for_each(|task| {
            let (task, group) = (task / groups, task % groups);
            let (from, to) = (task * rows / tasks, (task + 1) * rows / tasks);
            let first = group * panels / groups * PANEL;
            let end = filters.cols.min((group + 1) * panels / groups * PANEL);
            let mut starts = self.starts(from, to - from, places);
            starts.iter_mut().for_each(|start| *start += first);
            self.block(source, from, filters.columns(first..end), y, &starts);
            if let Some(b) = b {
                for start in starts {
                    // SAFETY: each place has one row, and a task's rows and columns are its own.
                    simd::add_assign(unsafe { y.part(start, end - first) }, &b[first..end]);
                }
            }
        });
    }

    /// The product of the rows from `from` on, as many as there are `starts`, which no other task may use.
    fn block(&self, source: &[f32], from: usize, filters: Right, y: Scattered, starts: &[usize]) {
        let depth = self.depth();
        let width = depth.min(DEPTH) + GAP;
        scratch::with(starts.len() * width, |gathered| {
            for k in (0..depth.max(1)).step_by(DEPTH) {
                let part = k..depth.min(k + DEPTH);
                let left = if self.is_plain() && self.pixel < 512 {
                    Left { data: &source[from * self.pixel + self.first + k..], row: self.pixel, depth: 1 }
                } else {
                    self.gather(source, from, part.clone(), width, gathered);
                    Left { data: gathered, row: width, depth: 1 }
                };
                let write = if k == 0 { Write::Set } else { Write::Add };
                // SAFETY: the rows are the caller's.
                unsafe { tile::product(part.len(), left, filters.skip(k), y, starts, write) };
            }
        });
    }

    /// Where the rows begin in the image.
    fn starts(&self, from: usize, count: usize, p: &Places) -> Vec<usize> {
        let mut place = self.place(from);
        let mut starts = Vec::with_capacity(count);
        for _ in 0..count {
            let [image, y, x] = place;
            let (y, x) = (y * p.step[0] + p.first[0], x * p.step[1] + p.first[1]);
            starts.push(((image * p.image[0] + y) * p.image[1] + x) * p.pixel + p.channel);
            place = self.next(place);
        }
        starts
    }

    /// The filters' gradient, `rows^T dy`: `[depth, outs]` in each of [`Walk::parts`] parts to be added; `dy` has `pixel` floats a
    /// place, of which those from `first` on count.
    pub(super) fn gradient(&self, source: &[f32], dy: &[f32], [pixel, first, outs]: [usize; 3], parts: &mut [f32]) {
        let (rows, depth) = (self.rows(), self.depth());
        let count = self.parts();
        let slices = self.slices();
        let parts = Scattered::new(parts);
        (0..count * slices).into_par_iter().for_each(|task| {
            let (part, slice) = (task / slices, task % slices);
            let (k, end) = (slice * depth / slices, (slice + 1) * depth / slices);
            let seen = k..end;
            let (from, to) = (part * rows / count, (part + 1) * rows / count);
            let starts: Vec<usize> = seen.clone().map(|k| (part * depth + k) * outs).collect();
            let width = seen.len() + GAP;
            scratch::with(CHUNK * width, |gathered| {
                for row in (from..to).step_by(CHUNK) {
                    let chunk = CHUNK.min(to - row);
                    let left = if self.is_plain() {
                        Left { data: &source[row * self.pixel + self.first + k..], row: 1, depth: self.pixel }
                    } else {
                        self.gather(source, row, seen.clone(), width, &mut gathered[..chunk * width]);
                        Left { data: gathered, row: 1, depth: width }
                    };
                    let right = Right::rows(&dy[row * pixel + first..], pixel, outs);
                    let write = if row == from { Write::Set } else { Write::Add };
                    // SAFETY: a task's part and rows are its own.
                    unsafe { tile::product(chunk, left, right, parts, &starts, write) };
                }
            });
        });
    }

    /// Into how many slices the filters' gradient is cut along a filter's elements.
    fn slices(&self) -> usize {
        shares(self.depth().div_ceil(BLOCK)).max(1)
    }

    /// Into how many parts the filters' gradient is cut: by the shapes alone, so that the order of its sums is always the same.
    pub(super) fn parts(&self) -> usize {
        (TASKS / self.slices()).clamp(1, self.rows().div_ceil(CHUNK).max(1))
    }
}

/// A number of tasks that a few threads share evenly, at least `blocks`.
fn shares(blocks: usize) -> usize {
    if (1..4 * TASKS).contains(&blocks) { blocks.next_power_of_two() } else { blocks }
}

/// How a product's filters lie in memory: element `(tap, i)` of column `j` is `w[first + j * column + i * inner + tap]`.
pub(super) struct Filters<'a> {
    pub(super) w: &'a [f32],
    pub(super) first: usize,
    pub(super) taps: &'a [usize],
    pub(super) inner: [usize; 2],
    pub(super) column: [usize; 2],
}

impl Filters<'_> {
    /// Floats that [`Filters::pack`] writes.
    pub(super) fn packed_len(&self) -> usize {
        self.column[0].div_ceil(PANEL) * PANEL * self.taps.len() * self.inner[0]
    }

    /// As [`Right::panels`], rows in the order of taps, then `i`.
    pub(super) fn pack(&self, packed: &mut [f32]) {
        let ([inner, along], [cols, across]) = (self.inner, self.column);
        packed.par_chunks_mut((self.taps.len() * inner * PANEL).max(1)).enumerate().for_each(|(panel, packed)| {
            let width = PANEL.min(cols - panel * PANEL);
            if width < PANEL {
                packed.fill(0.0);
            }
            // Blocks small enough that both sides stay in the cache.
            for block in (0..inner).step_by(16) {
                for j in 0..width {
                    let column = &self.w[self.first + (panel * PANEL + j) * across..];
                    for i in block..inner.min(block + 16) {
                        for (t, tap) in self.taps.iter().enumerate() {
                            packed[(t * inner + i) * PANEL + j] = column[i * along + tap];
                        }
                    }
                }
            }
        });
    }
}
