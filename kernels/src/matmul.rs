//! Matrix product of slices into memory at hand, over the `gemm` crate that Candle itself uses.

use gemm::Parallelism;

/// How a row-major operand is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// As it lies.
    Plain,
    /// Its transpose: the slice holds the matrix with rows and columns exchanged.
    Transposed,
}

impl Layout {
    /// (column stride, row stride) of a `rows x cols` operand.
    fn strides(self, rows: usize, cols: usize) -> (isize, isize) {
        match self {
            Layout::Plain => (1, cols as isize),
            Layout::Transposed => (rows as isize, 1),
        }
    }
}

/// `c = a b`, or `c += a b` if `add`; `a`: `[m, k]`, `b`: `[k, n]`, `c`: `[m, n]` row-major. All cores take part.
pub(crate) fn matmul_into(mkn: [usize; 3], a: &[f32], a_layout: Layout, b: &[f32], b_layout: Layout, c: &mut [f32], add: bool) {
    run(mkn, a, a_layout, b, b_layout, c, add, Parallelism::Rayon(0));
}

/// As [`matmul_into`], on the calling thread alone: for one of many small products that run side by side.
pub(crate) fn matmul_into_here(mkn: [usize; 3], a: &[f32], a_layout: Layout, b: &[f32], b_layout: Layout, c: &mut [f32], add: bool) {
    run(mkn, a, a_layout, b, b_layout, c, add, Parallelism::None);
}

#[expect(clippy::too_many_arguments, reason = "a product has two operands with a layout each, a result and a mode")]
fn run([m, k, n]: [usize; 3], a: &[f32], a_layout: Layout, b: &[f32], b_layout: Layout, c: &mut [f32], add: bool, parallelism: Parallelism) {
    assert!(a.len() == m * k && b.len() == k * n && c.len() == m * n, "matmul {m}x{k}x{n}: operands of {} {} {}", a.len(), b.len(), c.len());
    let ((a_cs, a_rs), (b_cs, b_rs)) = (a_layout.strides(m, k), b_layout.strides(k, n));
    // SAFETY: the lengths are checked above, so every index that the strides reach lies within its slice, and `c` is borrowed
    // mutably, so it overlaps neither operand.
    unsafe {
        gemm::gemm(
            m, n, k, c.as_mut_ptr(), 1, n as isize, add, a.as_ptr(), a_cs, a_rs, b.as_ptr(), b_cs, b_rs,
            1.0, 1.0, false, false, false, parallelism,
        );
    }
}
