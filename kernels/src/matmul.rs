//! Matrix product of views into memory at hand, over the `gemm` crate that Candle itself uses.

use crate::{blocks, slice};
use gemm::Parallelism;
use rayon::prelude::*;

/// A matrix that is read: `rows x cols` elements of a slice, with a stride each.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    data: &'a [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a> View<'a> {
    /// A whole slice, row-major.
    pub(crate) fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        Self::strided(data, rows, cols, cols)
    }

    /// `rows` rows of `cols` neighbours, `row_stride` apart; the slice may go on behind.
    ///
    /// # Panics
    /// The last element lies outside the slice.
    pub(crate) fn strided(data: &'a [f32], rows: usize, cols: usize, row_stride: usize) -> Self {
        assert!(reach(rows, cols, row_stride) <= data.len(), "view {rows}x{cols}, rows {row_stride} apart, of {}", data.len());
        View { data, rows, cols, row_stride, col_stride: 1 }
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// `count` rows from `first` on.
    ///
    /// # Panics
    /// There are not so many.
    pub(crate) fn part(self, first: usize, count: usize) -> Self {
        assert!(first + count <= self.rows, "rows {first}+{count} of {}", self.rows);
        View { data: self.data.get(first * self.row_stride..).unwrap_or_default(), rows: count, ..self }
    }

    /// All elements, row by row.
    ///
    /// # Panics
    /// `to` is of another size, or the rows' elements are no neighbours.
    pub(crate) fn copy_to(&self, to: &mut [f32]) {
        assert!(self.col_stride == 1 && to.len() == self.rows * self.cols, "{}x{} into {}", self.rows, self.cols, to.len());
        let rows = self.data.chunks(self.row_stride.max(1));
        to.chunks_mut(self.cols.max(1)).zip(rows).for_each(|(to, row)| to.copy_from_slice(&row[..to.len()]));
    }

    /// `count` columns from `first` on.
    ///
    /// # Panics
    /// There are not so many.
    pub(crate) fn columns(self, first: usize, count: usize) -> Self {
        self.t().part(first, count).t()
    }

    /// The transpose: the same memory.
    pub(crate) fn t(self) -> Self {
        View { rows: self.cols, cols: self.rows, row_stride: self.col_stride, col_stride: self.row_stride, ..self }
    }
}

/// A matrix that is written: `rows x cols`, rows `row_stride` apart.
pub(crate) struct ViewMut<'a> {
    start: *mut f32,
    rows: usize,
    cols: usize,
    row_stride: usize,
    life: std::marker::PhantomData<&'a mut [f32]>,
}

impl<'a> ViewMut<'a> {
    /// A whole slice, row-major.
    ///
    /// # Panics
    /// The slice is shorter than the matrix.
    pub(crate) fn new(data: &'a mut [f32], rows: usize, cols: usize) -> Self {
        Self::strided(data, rows, cols, cols)
    }

    /// `rows` rows of `cols` neighbours, `row_stride` apart; the slice may go on behind.
    ///
    /// # Panics
    /// The last element lies outside the slice, or rows overlap.
    pub(crate) fn strided(data: &'a mut [f32], rows: usize, cols: usize, row_stride: usize) -> Self {
        let fits = reach(rows, cols, row_stride) <= data.len() && (cols <= row_stride || rows <= 1);
        assert!(fits, "matrix {rows}x{cols}, rows {row_stride} apart, in {}", data.len());
        ViewMut { start: data.as_mut_ptr(), rows, cols, row_stride, life: std::marker::PhantomData }
    }
}

/// One behind the last element that a view reaches.
fn reach(rows: usize, cols: usize, row_stride: usize) -> usize {
    if rows == 0 || cols == 0 { 0 } else { (rows - 1) * row_stride + cols }
}

/// What becomes of the result's old contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    /// Overwritten; they may be uninitialised.
    Set,
    /// The product is added to them.
    Add,
}

/// The size of a first-level cache's way in float32 elements: what lies a multiple of it apart goes to the same few lines.
const WAY: usize = 1024;
const CACHE_LINE: usize = 16;

/// A transposed operand's columns so far apart that reading many of them side by side would thrash the cache: these are copied
/// with a cache line between them, which costs a tenth of what the product gains (1.2 to 1.3 times at 3,072 to 768).
fn spread(b: View) -> Option<Vec<f32>> {
    let thrashes = b.row_stride == 1 && b.col_stride == b.rows && b.rows > 0 && b.rows.is_multiple_of(WAY);
    let stride = b.rows + CACHE_LINE;
    thrashes.then(|| {
        slice::fresh(b.cols * stride, |to| {
            let blocks = to.par_chunks_mut(blocks::ROWS * stride).zip(b.data.par_chunks(blocks::ROWS * b.rows));
            blocks.for_each(|(to, from)| {
                for (to, from) in to.chunks_exact_mut(stride).zip(from.chunks_exact(b.rows)) {
                    to[..b.rows].copy_from_slice(from);
                    to[b.rows..].fill(0.0);
                }
            });
        })
    })
}

/// On all threads of the pool: `c = scale * a b`, or `c += scale * a b`; `a`: `[m, k]`, `b`: `[k, n]`, `c`: `[m, n]`.
pub(crate) fn matmul(scale: f32, a: View, b: View, c: ViewMut, write: Write) {
    product(scale, a, b, c, write, Parallelism::Rayon(0));
}

/// As [`matmul`], on this thread alone: for a task that is itself one of many.
pub(crate) fn matmul_here(scale: f32, a: View, b: View, c: ViewMut, write: Write) {
    product(scale, a, b, c, write, Parallelism::None);
}

fn product(scale: f32, a: View, b: View, c: ViewMut, write: Write, threads: Parallelism) {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    assert!(b.rows == k && c.rows == m && c.cols == n, "{m}x{k} times {}x{n} into {}x{}", b.rows, c.rows, c.cols);
    // A few rows are not worth a copy.
    let copy = if m >= 2 * blocks::ROWS { spread(b) } else { None };
    let b = copy.as_ref().map_or(b, |copy| View { data: copy, col_stride: k + CACHE_LINE, ..b });
    // SAFETY: each view was made from a slice that holds every element which its strides reach, and `c` is exclusive, so it
    // overlaps neither operand; `c` is read only where the caller says `Add`.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.start,
            1,
            c.row_stride as isize,
            write == Write::Add,
            a.data.as_ptr(),
            a.col_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.col_stride as isize,
            b.row_stride as isize,
            1.0,
            scale,
            false,
            false,
            false,
            threads,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Columns that are spread give the bits that they give where they lie.
    #[test]
    fn spreading_changes_nothing() {
        let (m, k, n) = (2 * blocks::ROWS, WAY, 70);
        let fill = |count: usize| (0..count).map(|i| ((i * 7919 + 13) % 23) as f32 / 11.0 - 1.0).collect::<Vec<_>>();
        let (a, b) = (fill(m * k), fill(n * k));
        let product = |rows: usize| {
            let mut c = vec![0f32; rows * n];
            matmul(1.0, View::new(&a[..rows * k], rows, k), View::new(&b, n, k).t(), ViewMut::new(&mut c, rows, n), Write::Set);
            c
        };
        assert!(spread(View::new(&b, n, k).t()).is_some() && spread(View::new(&b, k, n)).is_none());
        let (whole, part) = (product(m), product(m - 1));
        for (found, expected) in whole.iter().zip(part) {
            assert!((found - expected).abs() < 1e-3, "{found} {expected}");
        }
    }

    proptest! {
        /// Against three loops in float64, with transposes, strides and both modes.
        #[test]
        fn equals_three_loops(m in 0usize..40, k in 0usize..40, n in 0usize..40, pad in 0usize..3, ta: bool, tb: bool, add: bool) {
            let number = |i: usize| ((i * 7919 + 13) % 23) as f32 / 11.0 - 1.0;
            let fill = |rows: usize, cols: usize| (0..rows * (cols + pad)).map(number).collect::<Vec<_>>();
            let view = |data, rows, cols, t: bool| {
                if t { View::strided(data, cols, rows, rows + pad).t() } else { View::strided(data, rows, cols, cols + pad) }
            };
            let (a, b) = (if ta { fill(k, m) } else { fill(m, k) }, if tb { fill(n, k) } else { fill(k, n) });
            let (va, vb) = (view(&a, m, k, ta), view(&b, k, n, tb));
            let mut c = vec![0.5f32; m * n];
            matmul(2.0, va, vb, ViewMut::new(&mut c, m, n), if add { Write::Add } else { Write::Set });
            for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
                let at = |v: &View, i: usize, j: usize| f64::from(v.data[i * v.row_stride + j * v.col_stride]);
                let sum: f64 = (0..k).map(|l| at(&va, i, l) * at(&vb, l, j)).sum();
                let expected = 2.0 * sum + if add { 0.5 } else { 0.0 };
                prop_assert!((f64::from(c[i * n + j]) - expected).abs() < 1e-4, "{} {expected}", c[i * n + j]);
            }
        }
    }
}
