//! 3x3 convolution with stride 1 by minimal filtering (Winograd 1980; Lavin & Gray, 1509.09308): F(4x4, 3x3), 36 products for 16
//! outputs instead of 144.
//!
//! Forward, for each tile of 4x4 outputs and the 6x6 inputs `d` that they see: `y = A^T [sum over c of (G w G^T) . (B^T d B)] A`, where
//! the sums for one of the 36 places of all tiles are a matrix product. The input's gradient is the same with the filters turned, and
//! the filters' is the adjoint, `dw = G^T [sum over tiles of (A dy A^T) . (B^T d B)] G`.
//!
//! The matrices, and what they cost in accuracy, are in [`super::transforms`].

use super::Plan;
use super::tile::{self, Left, PANEL, Right};
use super::transforms::{
    Lanes, OUT, OUTSIDE, PLACES, TAPS, filter_gradient, transform_filter, transform_gradient, transform_input, transform_output,
};
use crate::matmul::Write;
use crate::scratch;
use crate::simd::LANES;
use crate::slice::Scattered;
use rayon::prelude::*;

/// Tiles of a task, and how many tasks make it worth while to share out the work by tiles.
const BLOCK: usize = 2 * tile::ROWS;
const TASKS: usize = 16;
/// Floats of transformed inputs and gradients at a time for the filters' gradient: they stay in the last cache.
const FLOATS: usize = 2 << 20;
/// Room between rows, so that they do not fall on the same lines of the cache.
const GAP: usize = 16;
/// The tiles of a convolution.
pub(super) struct Grid {
    batch: usize,
    image: [usize; 2],
    padding: [usize; 2],
    out: [usize; 2],
    /// Channels in and out.
    channels: [usize; 2],
    tiles: [usize; 2],
}

impl Grid {
    /// Whether it pays: registers for the transforms, channels to fill them, and no tile mostly outside the image.
    pub(super) fn suits(plan: &Plan) -> bool {
        let (window, area) = (plan.window, plan.out[0] * plan.out[1]);
        let covered = plan.out.map(|side| side.next_multiple_of(OUT));
        cfg!(target_arch = "x86_64")
            && window.kernel == [3, 3]
            && window.stride == [1; 2]
            && window.dilation == [1; 2]
            && window.padding.iter().all(|padding| *padding <= 2)
            && plan.groups == 1
            && plan.channels.iter().all(|c| *c > 0 && c % LANES == 0)
            && area > 0
            && covered[0] * covered[1] <= 2 * area
    }

    pub(super) fn forward(plan: &Plan) -> Grid {
        let tiles = plan.out.map(|side| side.div_ceil(OUT));
        Grid { batch: plan.batch, image: plan.image, padding: plan.window.padding, out: plan.out, channels: plan.channels, tiles }
    }

    /// The convolution of the output's gradient that gives the input's.
    pub(super) fn backward(plan: &Plan) -> Grid {
        let [channels, outs] = plan.channels;
        let tiles = plan.image.map(|side| side.div_ceil(OUT));
        let padding = plan.window.padding.map(|padding| 2 - padding);
        Grid { batch: plan.batch, image: plan.out, padding, out: plan.image, channels: [outs, channels], tiles }
    }

    fn count(&self) -> usize {
        self.batch * self.tiles[0] * self.tiles[1]
    }

    /// Floats of a transformed tile of so many channels.
    fn tile_len(channels: usize) -> usize {
        PLACES * (channels + GAP)
    }

    /// Where the places of a tile begin: `N x N` places from `from` back, of an image of that size and so many channels.
    fn places<const N: usize>(&self, tile: usize, from: [usize; 2], image: [usize; 2], channels: usize) -> [[usize; N]; N] {
        let [rows, cols] = self.tiles;
        let (b, top, left) = (tile / (rows * cols), tile / cols % rows * OUT, tile % cols * OUT);
        let inside = |at: usize, axis: usize| at.checked_sub(from[axis]).filter(|at| *at < image[axis]);
        let mut places = [[OUTSIDE; N]; N];
        for (i, row) in places.iter_mut().enumerate() {
            for (j, place) in row.iter_mut().enumerate() {
                if let (Some(y), Some(x)) = (inside(top + i, 0), inside(left + j, 1)) {
                    *place = ((b * image[0] + y) * image[1] + x) * channels;
                }
            }
        }
        places
    }

    /// `y = x * w + b`.
    pub(super) fn product(&self, x: &[f32], w: &Filters, b: Option<&[f32]>, y: Scattered) {
        let (tiles, [channels, outs]) = (self.count(), self.channels);
        if tiles < BLOCK * TASKS {
            return self.by_panels(x, w, b, y);
        }
        scratch::with(PLACES * channels * outs.next_multiple_of(PANEL), |filters| {
            w.transform(filters);
            (0..tiles.div_ceil(BLOCK)).into_par_iter().for_each(|i| {
                self.block(x, filters, b, y, i * BLOCK..tiles.min((i + 1) * BLOCK));
            });
        });
    }

    /// Many tiles: a task takes a few of them through all steps, in its own cache.
    fn block(&self, x: &[f32], filters: &[f32], b: Option<&[f32]>, y: Scattered, tiles: std::ops::Range<usize>) {
        let [channels, outs] = self.channels;
        let (seen_len, sums_len) = (Self::tile_len(channels), Self::tile_len(outs));
        let panels = channels * outs.next_multiple_of(PANEL);
        scratch::with(tiles.len() * (seen_len + sums_len), |memory| {
            let (seen, sums) = memory.split_at_mut(tiles.len() * seen_len);
            for (tile, seen) in tiles.clone().zip(seen.chunks_exact_mut(seen_len)) {
                transform_input(x, &self.places(tile, self.padding, self.image, channels), channels, seen);
            }
            let into = Scattered::new(sums);
            for place in 0..PLACES {
                let left = Left { data: &seen[place * (channels + GAP)..], row: seen_len, depth: 1 };
                let right = Right::panels(&filters[place * panels..][..panels], channels, outs);
                let starts: Vec<usize> = (0..tiles.len()).map(|i| i * sums_len + place * (outs + GAP)).collect();
                // SAFETY: this task alone has `sums`.
                unsafe { tile::product(channels, left, right, into, &starts, Write::Set) };
            }
            for (tile, sums) in tiles.zip(sums.chunks_exact(sums_len)) {
                // SAFETY: a task's tiles of the output are its own.
                transform_output(sums, &self.places(tile, [0; 2], self.out, outs), b, 0..outs, y);
            }
        });
    }

    /// Few tiles, and so many filters that they are most of the memory: a task takes a panel of them through all steps.
    fn by_panels(&self, x: &[f32], w: &Filters, b: Option<&[f32]>, y: Scattered) {
        let (tiles, [channels, outs]) = (self.count(), self.channels);
        let (seen_len, sums_len) = (Self::tile_len(channels), Self::tile_len(PANEL));
        scratch::with(tiles * seen_len, |seen| {
            seen.par_chunks_mut(seen_len).enumerate().for_each(|(tile, seen)| {
                transform_input(x, &self.places(tile, self.padding, self.image, channels), channels, seen);
            });
            let panel_len = PLACES * channels * PANEL;
            (0..outs.div_ceil(PANEL)).into_par_iter().for_each(|panel| {
                let cols = panel * PANEL..outs.min((panel + 1) * PANEL);
                scratch::with(panel_len + tiles * sums_len, |memory| {
                    let (filters, sums) = memory.split_at_mut(panel_len);
                    w.transform_panel(panel, Scattered::new(filters), channels * PANEL, 0);
                    let into = Scattered::new(sums);
                    for (place, filters) in filters.chunks_exact(channels * PANEL).enumerate() {
                        let left = Left { data: &seen[place * (channels + GAP)..], row: seen_len, depth: 1 };
                        let starts: Vec<usize> = (0..tiles).map(|i| i * sums_len + place * (PANEL + GAP)).collect();
                        // SAFETY: this task alone has `sums`.
                        unsafe {
                            tile::product(channels, left, Right::panels(filters, channels, cols.len()), into, &starts, Write::Set)
                        };
                    }
                    for (tile, sums) in sums.chunks_exact(sums_len).enumerate() {
                        // SAFETY: a task's channels of the output are its own.
                        transform_output(sums, &self.places(tile, [0; 2], self.out, outs), b, cols.clone(), y);
                    }
                });
            });
        });
    }

    /// The filters' gradient `[O, C, 3, 3]`, summed over the tiles in their order.
    pub(super) fn gradient(&self, x: &[f32], dy: &[f32], dw: &mut [f32]) {
        let [channels, outs] = self.channels;
        let (seen_len, dy_len) = (Self::tile_len(channels), Self::tile_len(outs));
        let chunk = (FLOATS / (seen_len + dy_len)).clamp(BLOCK, self.count().max(BLOCK));
        let dw = Scattered::new(dw);
        if chunk >= self.count() {
            // All tiles at once: a task takes a few channels through all steps.
            return self.transformed(x, dy, 0..self.count(), |seen, gradient| {
                (0..channels / LANES).into_par_iter().for_each(|block| {
                    scratch::with(PLACES * LANES * outs, |sums| {
                        for place in 0..PLACES {
                            self.multiply(
                                place,
                                (seen, gradient),
                                block * LANES..(block + 1) * LANES,
                                Write::Set,
                                Scattered::new(sums),
                            );
                        }
                        filter_gradient(sums, block * LANES..(block + 1) * LANES, [channels, outs], dw);
                    });
                });
            });
        }
        scratch::with(PLACES * channels * outs, |sums| {
            let into = Scattered::new(sums);
            for first in (0..self.count()).step_by(chunk) {
                self.transformed(x, dy, first..self.count().min(first + chunk), |seen, gradient| {
                    let write = if first == 0 { Write::Set } else { Write::Add };
                    (0..PLACES)
                        .into_par_iter()
                        .for_each(|place| self.multiply(place, (seen, gradient), 0..channels, write, into));
                });
            }
            filter_gradient(sums, 0..channels, [channels, outs], dw);
        });
    }

    /// Hands the transformed inputs and gradients of these tiles to `f`.
    fn transformed(&self, x: &[f32], dy: &[f32], tiles: std::ops::Range<usize>, f: impl FnOnce(&[f32], &[f32])) {
        let [channels, outs] = self.channels;
        let (seen_len, dy_len) = (Self::tile_len(channels), Self::tile_len(outs));
        scratch::with(tiles.len() * (seen_len + dy_len), |memory| {
            let (seen, gradient) = memory.split_at_mut(tiles.len() * seen_len);
            seen.par_chunks_mut(seen_len).zip(gradient.par_chunks_mut(dy_len)).enumerate().for_each(|(i, (seen, gradient))| {
                let tile = tiles.start + i;
                transform_input(x, &self.places(tile, self.padding, self.image, channels), channels, seen);
                transform_gradient(dy, &self.places(tile, [0; 2], self.out, outs), outs, gradient);
            });
            f(seen, gradient);
        });
    }

    /// One place's part of `sums`, `[36, channels, O]`; each place and channel is one task's alone.
    fn multiply(&self, place: usize, of: (&[f32], &[f32]), channels: std::ops::Range<usize>, write: Write, sums: Scattered) {
        let ([all, outs], (seen, gradient)) = (self.channels, of);
        let (seen_len, dy_len) = (Self::tile_len(all), Self::tile_len(outs));
        let left = Left { data: &seen[place * (all + GAP) + channels.start..], row: 1, depth: seen_len };
        let right = Right::rows(&gradient[place * (outs + GAP)..], dy_len, outs);
        let starts: Vec<usize> = (0..channels.len()).map(|c| (place * channels.len() + c) * outs).collect();
        // SAFETY: as said above.
        unsafe { tile::product(seen.len() / seen_len, left, right, sums, &starts, write) };
    }
}

/// How the filters of a product lie in memory: tap `t` from channel `i` to column `j` is `w[j * column + i * inner + t]`, or the
/// window turned by half a circle.
pub(super) struct Filters<'a> {
    pub(super) w: &'a [f32],
    pub(super) inner: [usize; 2],
    pub(super) column: [usize; 2],
    pub(super) turned: bool,
}

impl Filters<'_> {
    /// `G w G^T`: for each of the 36 places the filters in panels, as [`Right::panels`].
    fn transform(&self, to: &mut [f32]) {
        let panels = self.column[0].div_ceil(PANEL);
        let (to, panel_len) = (Scattered::new(to), self.inner[0] * PANEL);
        (0..panels).into_par_iter().for_each(|panel| self.transform_panel(panel, to, panels * panel_len, panel * panel_len));
    }

    /// The same of one panel, which no other task may use: from `first` on, its places `step` apart.
    fn transform_panel(&self, panel: usize, to: Scattered, step: usize, first: usize) {
        for j in (panel * PANEL..self.column[0].min((panel + 1) * PANEL)).step_by(LANES) {
            for i in (0..self.inner[0]).step_by(LANES) {
                let mut w = [[[0f32; LANES]; TAPS]; LANES];
                self.turn_over(i, j, &mut w);
                for (c, w) in w.iter().enumerate() {
                    transform_filter(w, first + (i + c) * PANEL + j % PANEL, step, to);
                }
            }
        }
    }

    /// 16 channels by 16 columns, the columns side by side.
    fn turn_over(&self, i: usize, j: usize, w: &mut [[Lanes; TAPS]; LANES]) {
        for lane in 0..LANES {
            for (c, w) in w.iter_mut().enumerate() {
                let from = &self.w[(j + lane) * self.column[1] + (i + c) * self.inner[1]..][..TAPS];
                for (tap, w) in w.iter_mut().enumerate() {
                    w[lane] = from[if self.turned { TAPS - 1 - tap } else { tap }];
                }
            }
        }
    }
}
