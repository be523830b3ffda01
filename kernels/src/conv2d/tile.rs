//! The product that convolutions come down to: a block of rows times filters, in tiles that stay in the registers.
//!
//! A tile is up to 14 rows by 32 columns: with AVX-512 28 registers of sums, two of `b`, one of `a` spread over the lanes. Each sum
//! runs over `k` in order by fused multiplication and addition on every kind of processor, so the bits do not depend on it.

use crate::matmul::Write;
use crate::simd::vectorised;
#[cfg(target_arch = "x86_64")]
use crate::simd::{Level, level};
use crate::slice::Scattered;

/// Rows of the largest tile.
pub(super) const ROWS: usize = 14;
/// Columns of a panel.
pub(super) const PANEL: usize = 32;
/// Floats of a register.
const LANES: usize = 16;

/// The left factor: element `(r, k)` lies at `r * row + k * depth`; one of the two strides is usually 1.
#[derive(Clone, Copy)]
pub(super) struct Left<'a> {
    pub(super) data: &'a [f32],
    pub(super) row: usize,
    pub(super) depth: usize,
}

/// The right factor: element `(k, j)` lies at `j / 32 * panel + k * depth + j % 32`.
#[derive(Clone, Copy)]
pub(super) struct Right<'a> {
    pub(super) data: &'a [f32],
    pub(super) depth: usize,
    pub(super) panel: usize,
    pub(super) cols: usize,
}

impl<'a> Right<'a> {
    /// Row-major: `cols` neighbours, rows `row` apart.
    pub(super) fn rows(data: &'a [f32], row: usize, cols: usize) -> Self {
        Right { data, depth: row, panel: PANEL, cols }
    }

    /// Panels of 32 columns one behind the other, each `[depth, 32]`; the columns are padded to whole panels.
    pub(super) fn panels(data: &'a [f32], depth: usize, cols: usize) -> Self {
        Right { data, depth: PANEL, panel: depth * PANEL, cols }
    }

    /// These columns alone; they begin with a panel.
    pub(super) fn columns(self, range: std::ops::Range<usize>) -> Self {
        let first = range.start / PANEL * self.panel;
        Right { data: self.data.get(first..).unwrap_or_default(), cols: range.len(), ..self }
    }

    /// Without the first `k` rows.
    pub(super) fn skip(self, k: usize) -> Self {
        Right { data: &self.data[k * self.depth..], ..self }
    }
}

/// `c = a b` or `c += a b` with sums over `depth` elements; row `r` of `c` begins at `starts[r]`.
///
/// # Safety
/// No other task may read or write these rows of `c` meanwhile. They may be uninitialised if they are set.
///
/// # Panics
/// A factor or a row leaves its memory.
pub(super) unsafe fn product(depth: usize, a: Left, b: Right, c: Scattered, starts: &[usize], write: Write) {
    if starts.is_empty() || b.cols == 0 {
        return;
    }
    let reach = starts.iter().max().map_or(0, |start| start + b.cols);
    let (_, room) = c.rest(0);
    assert!(reach <= room, "rows reach {reach} of {room}");
    if depth > 0 {
        let last = (starts.len() - 1) * a.row + (depth - 1) * a.depth;
        assert!(last < a.data.len(), "left factor reaches {last} of {}", a.data.len());
        let panels = (b.cols - 1) / PANEL;
        let last = panels * b.panel + (depth - 1) * b.depth + (b.cols - 1) % PANEL;
        assert!(last < b.data.len(), "right factor reaches {last} of {}", b.data.len());
    }
    let tiles = starts.len().div_ceil(ROWS);
    for panel in 0..b.cols.div_ceil(PANEL) {
        let cols = (b.cols - panel * PANEL).min(PANEL);
        // With no element to sum the factors may be empty: then their addresses are not used.
        let right = b.data.as_ptr().wrapping_add(panel * b.panel);
        let (start, _) = c.rest(panel * PANEL);
        for tile in 0..tiles {
            // Rows shared out evenly.
            let (from, to) = (tile * starts.len() / tiles, (tile + 1) * starts.len() / tiles);
            let left = a.data.as_ptr().wrapping_add(from * a.row);
            let operands = Operands { left, row: a.row, step: a.depth, right, right_step: b.depth, depth };
            let into = Target { start, starts: &starts[from..to], cols, add: write == Write::Add };
            // SAFETY: the checks above hold for every tile; exclusive by the caller's promise.
            unsafe { dispatch(&operands, &into) };
        }
    }
}

/// A tile's factors.
struct Operands {
    left: *const f32,
    row: usize,
    step: usize,
    right: *const f32,
    right_step: usize,
    depth: usize,
}

/// Where a tile's sums go.
struct Target<'a> {
    start: *mut f32,
    starts: &'a [usize],
    cols: usize,
    add: bool,
}

/// # Safety
/// The factors hold all elements that the strides reach; the target's rows are exclusive.
unsafe fn dispatch(o: &Operands, t: &Target) {
    #[cfg(target_arch = "x86_64")]
    if level() == Level::Avx512 {
        macro_rules! rows {
            ($($rows:literal)*) => {
                match (t.starts.len(), t.cols > LANES) {
                    $(
                        // SAFETY: `level` found AVX-512; the rest by the caller's promise.
                        ($rows, true) => return unsafe { avx512::<$rows, 2>(o, t) },
                        // SAFETY: as above.
                        ($rows, false) => return unsafe { avx512::<$rows, 1>(o, t) },
                    )*
                    _ => unreachable!("a tile has 1 to 14 rows"),
                }
            };
        }
        rows!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
    }
    for from in (0..t.cols).step_by(LANES) {
        portable(o, t, from);
    }
}

/// # Safety
/// As [`dispatch`], and the processor has AVX-512.
#[cfg(target_arch = "x86_64")]
#[expect(clippy::needless_range_loop, reason = "loops over fixed numbers are unrolled, so that the sums stay in registers")]
#[target_feature(enable = "avx512f")]
unsafe fn avx512<const R: usize, const V: usize>(o: &Operands, t: &Target) {
    use std::arch::x86_64::*;
    let last: __mmask16 = 0xffff >> (V * LANES - t.cols);
    let masks: [__mmask16; 2] = if V == 2 { [0xffff, last] } else { [last, 0] };
    // SAFETY: by the caller's promise; masked lanes are not touched.
    unsafe {
        let mut sums = [[_mm512_setzero_ps(); V]; R];
        let (mut left, mut right) = (o.left, o.right);
        for _ in 0..o.depth {
            let mut b = [_mm512_setzero_ps(); V];
            for v in 0..V {
                b[v] = _mm512_maskz_loadu_ps(masks[v], right.wrapping_add(v * LANES));
            }
            for r in 0..R {
                let a = _mm512_set1_ps(*left.wrapping_add(r * o.row));
                for v in 0..V {
                    sums[r][v] = _mm512_fmadd_ps(a, b[v], sums[r][v]);
                }
            }
            left = left.wrapping_add(o.step);
            right = right.wrapping_add(o.right_step);
        }
        for r in 0..R {
            for v in 0..V {
                let to = t.start.wrapping_add(t.starts[r] + v * LANES);
                let sum = if t.add { _mm512_add_ps(_mm512_maskz_loadu_ps(masks[v], to), sums[r][v]) } else { sums[r][v] };
                _mm512_mask_storeu_ps(to, masks[v], sum);
            }
        }
    }
}

vectorised! {
    /// Columns `from..from + 16` of a tile, four rows at a time.
    fn portable(o: &Operands, t: &Target, from: usize) {
        let mut row = 0;
        while row + 4 <= t.starts.len() {
            // SAFETY: `dispatch` is called with factors and rows that hold this tile.
            unsafe { lines::<4>(o, t, from, row) };
            row += 4;
        }
        while row < t.starts.len() {
            // SAFETY: as above.
            unsafe { lines::<1>(o, t, from, row) };
            row += 1;
        }
    }
}

/// # Safety
/// As [`dispatch`]; `row + R` rows and column `from` are the tile's.
#[inline(always)]
unsafe fn lines<const R: usize>(o: &Operands, t: &Target, from: usize, row: usize) {
    let width = (t.cols - from).min(LANES);
    let mut sums = [[0f32; LANES]; R];
    for k in 0..o.depth {
        let mut b = [0f32; LANES];
        // SAFETY: by the caller's promise.
        let seen = unsafe { std::slice::from_raw_parts(o.right.wrapping_add(k * o.right_step + from), width) };
        if width == LANES {
            b.copy_from_slice(seen);
        } else {
            b[..width].copy_from_slice(seen);
        }
        for (r, sums) in sums.iter_mut().enumerate() {
            // SAFETY: by the caller's promise.
            let a = unsafe { *o.left.wrapping_add((row + r) * o.row + k * o.step) };
            sums.iter_mut().zip(&b).for_each(|(sum, b)| *sum = a.mul_add(*b, *sum));
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        let to = t.start.wrapping_add(t.starts[row + r] + from);
        for (j, sum) in sums[..width].iter().enumerate() {
            // SAFETY: by the caller's promise; old contents are read only where they are added to.
            unsafe { *to.add(j) = if t.add { *to.add(j) + sum } else { *sum } };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against three loops in float64: both layouts of both factors, both modes, any order of rows.
        #[test]
        fn equals_three_loops(rows in 1usize..40, depth in 0usize..20, cols in 1usize..80, across: bool, packed: bool, add: bool) {
            let number = |i: usize| ((i * 7919 + 13) % 23) as f32 / 11.0 - 1.0;
            let a: Vec<f32> = (0..rows * depth).map(number).collect();
            let left = if across { Left { data: &a, row: 1, depth: rows } } else { Left { data: &a, row: depth, depth: 1 } };
            let panels = cols.div_ceil(PANEL);
            let b: Vec<f32> = (0..if packed { panels * PANEL * depth } else { cols * depth }).map(|i| number(i + 5)).collect();
            let right = if packed { Right::panels(&b, depth, cols) } else { Right::rows(&b, cols, cols) };
            let starts: Vec<usize> = (0..rows).rev().map(|r| r * (cols + 1)).collect();
            let mut c = vec![0.5f32; rows * (cols + 1)];
            // SAFETY: nothing else knows `c`.
            unsafe { product(depth, left, right, Scattered::new(&mut c), &starts, if add { Write::Add } else { Write::Set }) };
            for (r, start) in starts.iter().enumerate() {
                for j in 0..cols {
                    let at = |k: usize| j / PANEL * right.panel + k * right.depth + j % PANEL;
                    let sum: f64 = (0..depth).map(|k| f64::from(a[r * left.row + k * left.depth]) * f64::from(b[at(k)])).sum();
                    let expected = sum + if add { 0.5 } else { 0.0 };
                    prop_assert!((f64::from(c[start + j]) - expected).abs() < 1e-5, "{r} {j}: {} {expected}", c[start + j]);
                }
                prop_assert_eq!(c[start + cols], 0.5, "what lies between the rows stays");
            }
            // The portable version gives the same bits.
            let mut again = vec![0.5f32; c.len()];
            let target = |start, starts| Target { start, starts, cols: PANEL.min(cols), add };
            let o = Operands { left: a.as_ptr(), row: left.row, step: left.depth, right: b.as_ptr(), right_step: right.depth, depth };
            (0..PANEL.min(cols)).step_by(LANES).for_each(|from| portable(&o, &target(again.as_mut_ptr(), &starts[..]), from));
            for start in starts {
                prop_assert_eq!(&again[start..][..PANEL.min(cols)], &c[start..][..PANEL.min(cols)]);
            }
        }
    }
}
