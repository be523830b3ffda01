//! 3x3 convolution with stride 1 by minimal filtering (Winograd 1980; Lavin & Gray, 1509.09308): F(4x4, 3x3), 36 products for 16
//! outputs instead of 144.
//!
//! Forward, for each tile of 4x4 outputs and the 6x6 inputs `d` that they see: `y = A^T [sum over c of (G w G^T) . (B^T d B)] A`, where
//! the sums for one of the 36 places of all tiles are a matrix product. The input's gradient is the same with the filters turned, and
//! the filters' is the adjoint, `dw = G^T [sum over tiles of (A dy A^T) . (B^T d B)] G`.
//!
//! The matrices are those of the points 0, 1, -1, 1/2, -2 and infinity, which lose less than the usual 0, ±1, ±2 and infinity:
//! against float64 the relative error of the norm is 1e-6, three times that of the plain sum (seen with 64 channels and standard
//! normal numbers; the tests hold it below 2e-6).

use super::Plan;
use super::tile::{self, Left, PANEL, Right};
use super::vector::{Vector, vectors};
use crate::matmul::Write;
use crate::simd::LANES;
use crate::slice::Scattered;
use crate::scratch;
use rayon::prelude::*;

/// Outputs of a tile along a side, inputs that they see, and places of the transformed tile.
const OUT: usize = 4;
const SEEN: usize = 6;
const PLACES: usize = SEEN * SEEN;
const TAPS: usize = 9;
/// Tiles of a task, and how many tasks make it worth while to share out the work by tiles.
const BLOCK: usize = 2 * tile::ROWS;
const TASKS: usize = 16;
/// Floats of transformed inputs and gradients at a time for the filters' gradient: they stay in the last cache.
const FLOATS: usize = 2 << 20;
/// Room between rows, so that they do not fall on the same lines of the cache.
const GAP: usize = 16;
/// Stands for a place outside the image.
const OUTSIDE: usize = usize::MAX;

type Lanes = [f32; LANES];

/// The tiles of a convolution.
pub(super) struct Grid {
    batch: usize,
    image: [usize; 2],
    padding: usize,
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
        cfg!(target_arch = "x86_64") && window.kernel == [3, 3] && window.stride == 1 && window.dilation == 1 && window.padding <= 2 && plan.groups == 1
            && plan.channels.iter().all(|c| *c > 0 && c % LANES == 0) && area > 0 && covered[0] * covered[1] <= 2 * area
    }

    pub(super) fn forward(plan: &Plan) -> Grid {
        let tiles = plan.out.map(|side| side.div_ceil(OUT));
        Grid { batch: plan.batch, image: plan.image, padding: plan.window.padding, out: plan.out, channels: plan.channels, tiles }
    }

    /// The convolution of the output's gradient that gives the input's.
    pub(super) fn backward(plan: &Plan) -> Grid {
        let [channels, outs] = plan.channels;
        let tiles = plan.image.map(|side| side.div_ceil(OUT));
        let padding = 2 - plan.window.padding;
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
    fn places<const N: usize>(&self, tile: usize, from: usize, image: [usize; 2], channels: usize) -> [[usize; N]; N] {
        let [rows, cols] = self.tiles;
        let (b, top, left) = (tile / (rows * cols), tile / cols % rows * OUT, tile % cols * OUT);
        let inside = |at: usize, side: usize| at.checked_sub(from).filter(|at| *at < side);
        let mut places = [[OUTSIDE; N]; N];
        for (i, row) in places.iter_mut().enumerate() {
            for (j, place) in row.iter_mut().enumerate() {
                if let (Some(y), Some(x)) = (inside(top + i, image[0]), inside(left + j, image[1])) {
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
                transform_output(sums, &self.places(tile, 0, self.out, outs), b, 0..outs, y);
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
                        unsafe { tile::product(channels, left, Right::panels(filters, channels, cols.len()), into, &starts, Write::Set) };
                    }
                    for (tile, sums) in sums.chunks_exact(sums_len).enumerate() {
                        // SAFETY: a task's channels of the output are its own.
                        transform_output(sums, &self.places(tile, 0, self.out, outs), b, cols.clone(), y);
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
                            self.multiply(place, (seen, gradient), block * LANES..(block + 1) * LANES, Write::Set, Scattered::new(sums));
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
                    (0..PLACES).into_par_iter().for_each(|place| self.multiply(place, (seen, gradient), 0..channels, write, into));
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
                transform_gradient(dy, &self.places(tile, 0, self.out, outs), outs, gradient);
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

/// The sum of a few vectors times numbers.
#[inline(always)]
fn sum<V: Vector, const N: usize>(terms: [(f32, V); N]) -> V {
    let mut sum = if terms[0].0 == 1.0 { terms[0].1 } else { terms[0].1.times(terms[0].0) };
    for (by, x) in &terms[1..] {
        sum = sum.plus(*x, *by);
    }
    sum
}

/// A transform along one side. A trait and not a function handed over: a call through one would not be inlined into code for another
/// processor.
trait Transform<const N: usize, const M: usize> {
    fn apply<V: Vector>(x: &[V; N]) -> [V; M];
}

/// `B^T d`.
struct Bt;

impl Transform<6, 6> for Bt {
    #[inline(always)]
    fn apply<V: Vector>(d: &[V; 6]) -> [V; 6] {
        [
            sum([(1.0, d[0]), (-1.5, d[1]), (-2.0, d[2]), (1.5, d[3]), (1.0, d[4])]),
            sum([(-1.0, d[1]), (0.5, d[2]), (2.5, d[3]), (1.0, d[4])]),
            sum([(1.0, d[1]), (-2.5, d[2]), (0.5, d[3]), (1.0, d[4])]),
            sum([(-2.0, d[1]), (-1.0, d[2]), (2.0, d[3]), (1.0, d[4])]),
            sum([(0.5, d[1]), (-1.0, d[2]), (-0.5, d[3]), (1.0, d[4])]),
            sum([(1.0, d[1]), (-1.5, d[2]), (-2.0, d[3]), (1.5, d[4]), (1.0, d[5])]),
        ]
    }
}

/// `G w`.
struct G;

impl Transform<3, 6> for G {
    #[inline(always)]
    fn apply<V: Vector>(w: &[V; 3]) -> [V; 6] {
        const THIRD: f32 = 1.0 / 3.0;
        const F: f32 = 1.0 / 15.0;
        [
            w[0],
            sum([(THIRD, w[0]), (THIRD, w[1]), (THIRD, w[2])]),
            sum([(-THIRD, w[0]), (THIRD, w[1]), (-THIRD, w[2])]),
            sum([(-16.0 * F, w[0]), (-8.0 * F, w[1]), (-4.0 * F, w[2])]),
            sum([(F, w[0]), (-2.0 * F, w[1]), (4.0 * F, w[2])]),
            w[2],
        ]
    }
}

/// `G^T u`.
struct Gt;

impl Transform<6, 3> for Gt {
    #[inline(always)]
    fn apply<V: Vector>(u: &[V; 6]) -> [V; 3] {
        const THIRD: f32 = 1.0 / 3.0;
        const F: f32 = 1.0 / 15.0;
        [
            sum([(1.0, u[0]), (THIRD, u[1]), (-THIRD, u[2]), (-16.0 * F, u[3]), (F, u[4])]),
            sum([(THIRD, u[1]), (THIRD, u[2]), (-8.0 * F, u[3]), (-2.0 * F, u[4])]),
            sum([(THIRD, u[1]), (-THIRD, u[2]), (-4.0 * F, u[3]), (4.0 * F, u[4]), (1.0, u[5])]),
        ]
    }
}

/// `A^T m`.
struct At;

impl Transform<6, 4> for At {
    #[inline(always)]
    fn apply<V: Vector>(m: &[V; 6]) -> [V; 4] {
        [
            sum([(1.0, m[0]), (1.0, m[1]), (1.0, m[2]), (1.0, m[3]), (1.0, m[4])]),
            sum([(1.0, m[1]), (-1.0, m[2]), (0.5, m[3]), (-2.0, m[4])]),
            sum([(1.0, m[1]), (1.0, m[2]), (0.25, m[3]), (4.0, m[4])]),
            sum([(1.0, m[1]), (-1.0, m[2]), (0.125, m[3]), (-8.0, m[4]), (1.0, m[5])]),
        ]
    }
}

/// `A y`.
struct A;

impl Transform<4, 6> for A {
    #[inline(always)]
    fn apply<V: Vector>(y: &[V; 4]) -> [V; 6] {
        [
            y[0],
            sum([(1.0, y[0]), (1.0, y[1]), (1.0, y[2]), (1.0, y[3])]),
            sum([(1.0, y[0]), (-1.0, y[1]), (1.0, y[2]), (-1.0, y[3])]),
            sum([(1.0, y[0]), (0.5, y[1]), (0.25, y[2]), (0.125, y[3])]),
            sum([(1.0, y[0]), (-2.0, y[1]), (4.0, y[2]), (-8.0, y[3])]),
            y[3],
        ]
    }
}

/// `f(f(x)^T)^T`: a transform along both sides.
#[inline(always)]
fn both<V: Vector, T: Transform<N, M>, const N: usize, const M: usize>(x: &[[V; N]; N]) -> [[V; M]; M] {
    let mut half = [[V::zero(); N]; M];
    for j in 0..N {
        let mut column = [V::zero(); N];
        for i in 0..N {
            column[i] = x[i][j];
        }
        let column = T::apply(&column);
        for i in 0..M {
            half[i][j] = column[i];
        }
    }
    let mut all = [[V::zero(); M]; M];
    for i in 0..M {
        all[i] = T::apply(&half[i]);
    }
    all
}

/// The places of a tile; zeros outside the image.
#[inline(always)]
fn load<V: Vector, const N: usize>(x: &[f32], places: &[[usize; N]; N], c: usize) -> [[V; N]; N] {
    let mut tile = [[V::zero(); N]; N];
    for i in 0..N {
        for j in 0..N {
            if places[i][j] != OUTSIDE {
                tile[i][j] = V::load(&x[places[i][j] + c..]);
            }
        }
    }
    tile
}

/// Writes a transformed tile, rows `row` apart.
#[inline(always)]
fn store<V: Vector>(tile: &[[V; SEEN]; SEEN], to: &mut [f32], row: usize, c: usize) {
    for i in 0..SEEN {
        for j in 0..SEEN {
            tile[i][j].store(&mut to[(i * SEEN + j) * row + c..]);
        }
    }
}

#[inline(always)]
fn stored<V: Vector>(from: &[f32], row: usize, c: usize) -> [[V; SEEN]; SEEN] {
    let mut tile = [[V::zero(); SEEN]; SEEN];
    for i in 0..SEEN {
        for j in 0..SEEN {
            tile[i][j] = V::load(&from[(i * SEEN + j) * row + c..]);
        }
    }
    tile
}

vectors! {
    /// `B^T d B` of one tile.
    fn transform_input<V>(x: &[f32], places: &[[usize; SEEN]; SEEN], channels: usize, to: &mut [f32]) {
        let row = to.len() / PLACES;
        for c in (0..channels).step_by(LANES) {
            store::<V>(&both::<V, Bt, SEEN, SEEN>(&load(x, places, c)), to, row, c);
        }
    }

    /// `A dy A^T` of one tile.
    fn transform_gradient<V>(dy: &[f32], places: &[[usize; OUT]; OUT], channels: usize, to: &mut [f32]) {
        let row = to.len() / PLACES;
        for c in (0..channels).step_by(LANES) {
            store::<V>(&both::<V, A, OUT, SEEN>(&load(dy, places, c)), to, row, c);
        }
    }

    /// `A^T m A + b` of these channels of one tile, which are the caller's alone.
    fn transform_output<V>(from: &[f32], places: &[[usize; OUT]; OUT], b: Option<&[f32]>, channels: std::ops::Range<usize>, y: Scattered) {
        for c in channels.clone().step_by(LANES) {
            let b = if let Some(b) = b { V::load(&b[c..]) } else { V::zero() };
            let tile = both::<V, At, SEEN, OUT>(&stored(from, from.len() / PLACES, c - channels.start));
            for i in 0..OUT {
                for j in 0..OUT {
                    if places[i][j] != OUTSIDE {
                        // SAFETY: by the caller's promise.
                        tile[i][j].plus(b, 1.0).store(unsafe { y.part(places[i][j] + c, LANES) });
                    }
                }
            }
        }
    }

    /// `G w G^T` of 16 columns of one channel, the places `panels` apart.
    fn transform_filter<V>(w: &[Lanes; TAPS], at: usize, panels: usize, to: Scattered) {
        let mut taps = [[V::zero(); 3]; 3];
        for i in 0..3 {
            for j in 0..3 {
                taps[i][j] = V::load(&w[i * 3 + j]);
            }
        }
        let tile = both::<V, G, 3, SEEN>(&taps);
        for i in 0..SEEN {
            for j in 0..SEEN {
                // SAFETY: each channel's columns are written by one task.
                tile[i][j].store(unsafe { to.part((i * SEEN + j) * panels + at, LANES) });
            }
        }
    }

    /// `G^T u G` of 16 filters for these channels; `sums`: `[36, channels, O]`. They are the caller's alone.
    fn sixteen_gradients<V>(sums: &[f32], out: usize, channels: std::ops::Range<usize>, sizes: [usize; 2], dw: Scattered) {
        let [all, outs] = sizes;
        for (i, c) in channels.clone().enumerate() {
            let taps = both::<V, Gt, SEEN, 3>(&stored(&sums[i * outs..], channels.len() * outs, out));
            let mut lanes = [[0f32; LANES]; TAPS];
            for i in 0..3 {
                for j in 0..3 {
                    taps[i][j].store(&mut lanes[i * 3 + j]);
                }
            }
            for lane in 0..LANES {
                // SAFETY: by the caller's promise.
                let dw = unsafe { dw.part(((out + lane) * all + c) * TAPS, TAPS) };
                dw.iter_mut().zip(&lanes).for_each(|(dw, lanes)| *dw = lanes[lane]);
            }
        }
    }
}

/// `G^T u G` of all filters for these channels, which are the caller's alone.
fn filter_gradient(sums: &[f32], channels: std::ops::Range<usize>, [all, outs]: [usize; 2], dw: Scattered) {
    (0..outs / LANES).into_par_iter().for_each(|block| sixteen_gradients(sums, block * LANES, channels.clone(), [all, outs], dw));
}
