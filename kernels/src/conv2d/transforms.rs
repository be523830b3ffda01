//! The transforms of minimal filtering F(4x4, 3x3), see [`super::winograd`]: of a tile at a time, 16 channels side by side.
//!
//! The matrices are those of the points 0, 1, -1, 1/2, -2 and infinity, which lose less than the usual 0, ±1, ±2 and infinity:
//! against float64 the relative error of the norm is 1e-6, three times that of the plain sum (seen with 64 channels and standard
//! normal numbers; the tests hold it below 2e-6 forward and 5e-6 backward).

use super::vector::{Vector, vectors};
use crate::simd::LANES;
use crate::slice::Scattered;
use rayon::prelude::*;

/// Outputs of a tile along a side, inputs that they see, and places of the transformed tile.
pub(super) const OUT: usize = 4;
pub(super) const SEEN: usize = 6;
pub(super) const PLACES: usize = SEEN * SEEN;
pub(super) const TAPS: usize = 9;
/// Stands for a place outside the image.
pub(super) const OUTSIDE: usize = usize::MAX;

pub(super) type Lanes = [f32; LANES];

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
    pub(super) fn transform_input<V>(x: &[f32], places: &[[usize; SEEN]; SEEN], channels: usize, to: &mut [f32]) {
        let row = to.len() / PLACES;
        for c in (0..channels).step_by(LANES) {
            store::<V>(&both::<V, Bt, SEEN, SEEN>(&load(x, places, c)), to, row, c);
        }
    }

    /// `A dy A^T` of one tile.
    pub(super) fn transform_gradient<V>(dy: &[f32], places: &[[usize; OUT]; OUT], channels: usize, to: &mut [f32]) {
        let row = to.len() / PLACES;
        for c in (0..channels).step_by(LANES) {
            store::<V>(&both::<V, A, OUT, SEEN>(&load(dy, places, c)), to, row, c);
        }
    }

    /// `A^T m A + b` of these channels of one tile, which are the caller's alone.
    pub(super) fn transform_output<V>(from: &[f32], places: &[[usize; OUT]; OUT], b: Option<&[f32]>, channels: std::ops::Range<usize>, y: Scattered) {
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
    #[expect(clippy::needless_range_loop, reason = "loops over fixed numbers are unrolled, so that the tile stays in registers")]
    pub(super) fn transform_filter<V>(w: &[Lanes; TAPS], at: usize, panels: usize, to: Scattered) {
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
pub(super) fn filter_gradient(sums: &[f32], channels: std::ops::Range<usize>, [all, outs]: [usize; 2], dw: Scattered) {
    (0..outs / LANES).into_par_iter().for_each(|block| sixteen_gradients(sums, block * LANES, channels.clone(), [all, outs], dw));
}
