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
/// Tiles that one task takes through all steps, in its own cache.
const BLOCK: usize = 2 * tile::ROWS;
/// From so many tasks on, each thread takes its own; fewer are shared out step by step.
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

    /// `y = x * w + b`. `filters`: [`Filters::transform`]ed.
    pub(super) fn product(&self, x: &[f32], filters: &[f32], b: Option<&[f32]>, y: Scattered) {
        let tiles = self.count();
        let tasks = tiles.div_ceil(BLOCK);
        if tasks >= TASKS {
            (0..tasks).into_par_iter().for_each(|i| self.block(x, filters, b, y, i * BLOCK..tiles.min((i + 1) * BLOCK), false));
        } else {
            self.block(x, filters, b, y, 0..tiles, true);
        }
    }

    fn block(&self, x: &[f32], filters: &[f32], b: Option<&[f32]>, y: Scattered, tiles: std::ops::Range<usize>, shared: bool) {
        let [channels, outs] = self.channels;
        let (seen_len, sums_len) = (Self::tile_len(channels), Self::tile_len(outs));
        let (first, count) = (tiles.start, tiles.len());
        let panels = channels * outs.next_multiple_of(PANEL);
        scratch::with(count * (seen_len + sums_len), |memory| {
            let (seen, sums) = memory.split_at_mut(count * seen_len);
            let into = Scattered::new(seen);
            each(shared, count, |i| {
                let places = self.places(first + i, self.padding, self.image, channels);
                // SAFETY: a task's tile is its own.
                transform_input(x, &places, channels, unsafe { into.part(i * seen_len, seen_len) });
            });
            let into = Scattered::new(sums);
            each(shared, PLACES, |place| {
                let left = Left { data: &seen[place * (channels + GAP)..], row: seen_len, depth: 1 };
                let right = Right::panels(&filters[place * panels..][..panels], channels, outs);
                let starts: Vec<usize> = (0..count).map(|i| i * sums_len + place * (outs + GAP)).collect();
                // SAFETY: a task's place of every tile is its own.
                unsafe { tile::product(channels, left, right, into, &starts, Write::Set) };
            });
            each(shared, count, |i| {
                let places = self.places(first + i, 0, self.out, outs);
                // SAFETY: a task's tile of the output is its own.
                transform_output(&sums[i * sums_len..][..sums_len], &places, b, outs, y);
            });
        });
    }

    /// The filters' gradient `[O, C, 3, 3]`, summed over the tiles in their order.
    pub(super) fn gradient(&self, x: &[f32], dy: &[f32], dw: &mut [f32]) {
        let [channels, outs] = self.channels;
        let (seen_len, dy_len) = (Self::tile_len(channels), Self::tile_len(outs));
        let chunk = (FLOATS / (seen_len + dy_len)).clamp(BLOCK, self.count().max(BLOCK));
        scratch::with(PLACES * channels * outs, |sums| {
            for first in (0..self.count()).step_by(chunk) {
                let count = chunk.min(self.count() - first);
                scratch::with(count * (seen_len + dy_len), |memory| {
                    let (seen, gradient) = memory.split_at_mut(count * seen_len);
                    seen.par_chunks_mut(seen_len).zip(gradient.par_chunks_mut(dy_len)).enumerate().for_each(|(i, (seen, gradient))| {
                        transform_input(x, &self.places(first + i, self.padding, self.image, channels), channels, seen);
                        transform_gradient(dy, &self.places(first + i, 0, self.out, outs), outs, gradient);
                    });
                    let into = Scattered::new(sums);
                    (0..PLACES).into_par_iter().for_each(|place| {
                        let left = Left { data: &seen[place * (channels + GAP)..], row: 1, depth: seen_len };
                        let right = Right::rows(&gradient[place * (outs + GAP)..], dy_len, outs);
                        let starts: Vec<usize> = (0..channels).map(|c| (place * channels + c) * outs).collect();
                        let write = if first == 0 { Write::Set } else { Write::Add };
                        // SAFETY: a task's place is its own.
                        unsafe { tile::product(count, left, right, into, &starts, write) };
                    });
                });
            }
            dw.par_chunks_mut(LANES * channels * TAPS).enumerate().for_each(|(block, dw)| filter_gradient(sums, block, channels, outs, dw));
        });
    }
}

fn each(shared: bool, count: usize, f: impl Fn(usize) + Send + Sync) {
    if shared { (0..count).into_par_iter().for_each(f) } else { (0..count).for_each(f) }
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
    pub(super) fn transformed_len(&self) -> usize {
        PLACES * self.inner[0] * self.column[0].next_multiple_of(PANEL)
    }

    /// `G w G^T`: for each of the 36 places the filters in panels, as [`Right::panels`].
    pub(super) fn transform(&self, to: &mut [f32]) {
        let (inner, cols) = (self.inner[0], self.column[0]);
        let panels = inner * cols.next_multiple_of(PANEL);
        let to = Scattered::new(to);
        let tasks = cols / LANES * (inner / LANES);
        (0..tasks).into_par_iter().for_each(|task| {
            let (i, j) = (task % (inner / LANES) * LANES, task / (inner / LANES) * LANES);
            let mut w = [[[0f32; LANES]; TAPS]; LANES];
            self.turn_over(i, j, &mut w);
            for (c, w) in w.iter().enumerate() {
                let at = j / PANEL * inner * PANEL + (i + c) * PANEL + j % PANEL;
                transform_filter(w, at, panels, to);
            }
        });
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

    /// `A^T m A + b` of one tile, which is the caller's alone.
    fn transform_output<V>(from: &[f32], places: &[[usize; OUT]; OUT], b: Option<&[f32]>, channels: usize, y: Scattered) {
        for c in (0..channels).step_by(LANES) {
            let b = if let Some(b) = b { V::load(&b[c..]) } else { V::zero() };
            let tile = both::<V, At, SEEN, OUT>(&stored(from, from.len() / PLACES, c));
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

    /// `G^T u G` of 16 filters; `sums`: `[36, C, O]`.
    fn filter_gradient<V>(sums: &[f32], block: usize, channels: usize, outs: usize, dw: &mut [f32]) {
        for c in 0..channels {
            let taps = both::<V, Gt, SEEN, 3>(&stored(&sums[c * outs..], channels * outs, block * LANES));
            let mut lanes = [[0f32; LANES]; TAPS];
            for i in 0..3 {
                for j in 0..3 {
                    taps[i][j].store(&mut lanes[i * 3 + j]);
                }
            }
            for lane in 0..LANES {
                let dw = &mut dw[(lane * channels + c) * TAPS..][..TAPS];
                dw.iter_mut().zip(&lanes).for_each(|(dw, lanes)| *dw = lanes[lane]);
            }
        }
    }
}
