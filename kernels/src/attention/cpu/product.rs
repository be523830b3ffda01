//! Small products in registers: what attention does within a tile.
//!
//! A block of up to 6 rows by 4 vectors of 16 (or 8 x 3, 12 x 2, 12 x 1) stays in registers while it runs over the depth. Each
//! element is one chain of fused multiply-adds in the order of the depth, whatever the block's shape and the kind of processor,
//! so the bits depend on neither.

use crate::matmul::Write;
use crate::simd::{Level, level};

/// Floats of a vector.
pub(super) const LANES: usize = 16;

/// The left operand: element `(row, k)` lies at `row * stride + k`, or at `k * stride + row` of its transpose.
#[derive(Clone, Copy)]
pub(super) enum Left<'a> {
    Rows(&'a [f32], usize),
    Transposed(&'a [f32], usize),
}

/// The right operand: elements `(k, 16 n + lane)` lie at `k * step + n * vector + lane`.
#[derive(Clone, Copy)]
pub(super) struct Right<'a> {
    pub(super) data: &'a [f32],
    pub(super) step: usize,
    pub(super) vector: usize,
}

/// `[rows, depth]` times `[depth, 16 vectors]`.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) rows: usize,
    pub(super) depth: usize,
    pub(super) vectors: usize,
}

/// `c = a b` or `c += a b`; rows of `c` are `stride` apart.
///
/// # Panics
/// An operand is too short.
pub(super) fn product(size: Size, a: Left, b: Right, c: &mut [f32], stride: usize, write: Write) {
    let Size { rows, depth, vectors } = size;
    if rows == 0 || vectors == 0 {
        return;
    }
    assert!((rows - 1) * stride + vectors * LANES <= c.len(), "{rows} rows {stride} apart, {vectors} vectors, of {}", c.len());
    let (left, left_stride, transposed) = match a {
        Left::Rows(data, stride) => (data, stride, false),
        Left::Transposed(data, stride) => (data, stride, true),
    };
    if depth > 0 {
        let last = if transposed { (depth - 1) * left_stride + rows } else { (rows - 1) * left_stride + depth };
        assert!(last <= left.len(), "left operand {rows}x{depth}, {left_stride} apart, of {}", left.len());
        assert!((depth - 1) * b.step + (vectors - 1) * b.vector + LANES <= b.data.len(), "right operand of {}", b.data.len());
    }
    let job = Job {
        size,
        add: write == Write::Add,
        a: left.as_ptr(),
        a_stride: left_stride,
        b: b.data.as_ptr(),
        b_step: b.step,
        b_vector: b.vector,
        c: c.as_mut_ptr(),
        c_stride: stride,
    };
    // SAFETY: the assertions above hold every address that the strides reach; `c` is exclusive.
    unsafe { if transposed { job.run::<true>(level()) } else { job.run::<false>(level()) } }
}

/// A product whose addresses have been checked.
#[derive(Clone, Copy)]
struct Job {
    size: Size,
    add: bool,
    a: *const f32,
    a_stride: usize,
    b: *const f32,
    b_step: usize,
    b_vector: usize,
    c: *mut f32,
    c_stride: usize,
}

impl Job {
    /// # Safety
    /// All addresses that sizes and strides reach must be valid, `c` exclusive, and the processor of that level at least.
    unsafe fn run<const T: bool>(self, level: Level) {
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx512f")]
            unsafe fn avx512<const T: bool>(job: Job) {
                // SAFETY: the caller's promise, and the feature is on here.
                unsafe { job.wide::<std::arch::x86_64::__m512, T>() }
            }
            #[target_feature(enable = "avx2,fma")]
            unsafe fn avx2<const T: bool>(job: Job) {
                // SAFETY: the caller's promise, and the features are on here.
                unsafe { job.narrow::<x86::Pair, T>() }
            }
            match level {
                // SAFETY: the caller's promise.
                Level::Avx512 => return unsafe { avx512::<T>(self) },
                // SAFETY: as above.
                Level::Avx2 => return unsafe { avx2::<T>(self) },
                Level::Plain => {}
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = level;
        // SAFETY: the caller's promise.
        unsafe { self.narrow::<[f32; LANES], T>() }
    }

    /// For 32 registers of 16 floats.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    unsafe fn wide<V: Lanes, const T: bool>(mut self) {
        // SAFETY: as `run`; each part reaches no further than the whole.
        unsafe {
            while self.size.vectors >= 4 {
                self.columns::<V, 6, 4, T>();
                self.skip_columns(4);
            }
            match self.size.vectors {
                3 => self.columns::<V, 8, 3, T>(),
                2 => self.columns::<V, 12, 2, T>(),
                1 => self.columns::<V, 12, 1, T>(),
                _ => {}
            }
        }
    }

    /// For 16 registers of 8 floats, or what the compiler makes of an array.
    #[inline(always)]
    unsafe fn narrow<V: Lanes, const T: bool>(mut self) {
        while self.size.vectors > 0 {
            // SAFETY: as `run`.
            unsafe { self.columns::<V, 6, 1, T>() };
            self.skip_columns(1);
        }
    }

    #[inline(always)]
    fn skip_columns(&mut self, vectors: usize) {
        self.b = self.b.wrapping_add(vectors * self.b_vector);
        self.c = self.c.wrapping_add(vectors * LANES);
        self.size.vectors -= vectors;
    }

    /// All rows of `N` vectors of columns.
    #[inline(always)]
    unsafe fn columns<V: Lanes, const M: usize, const N: usize, const T: bool>(self) {
        let mut row = 0;
        // SAFETY: as `run`; `row + block <= rows`.
        unsafe {
            while row + M <= self.size.rows {
                self.block::<V, M, N, T>(row);
                row += M;
            }
            while row + 4 <= self.size.rows {
                self.block::<V, 4, N, T>(row);
                row += 4;
            }
            while row + 2 <= self.size.rows {
                self.block::<V, 2, N, T>(row);
                row += 2;
            }
            if row < self.size.rows {
                self.block::<V, 1, N, T>(row);
            }
        }
    }

    #[inline(always)]
    unsafe fn block<V: Lanes, const M: usize, const N: usize, const T: bool>(self, row: usize) {
        // SAFETY: as `run`: `row + M` rows and `N` vectors lie within the operands.
        unsafe {
            let c = self.c.add(row * self.c_stride);
            let mut sums = [[V::zero(); N]; M];
            if self.add {
                for (m, sums) in sums.iter_mut().enumerate() {
                    for (n, sum) in sums.iter_mut().enumerate() {
                        *sum = V::load(c.add(m * self.c_stride + n * LANES));
                    }
                }
            }
            let mut a = self.a.wrapping_add(if T { row } else { row * self.a_stride });
            let mut b = self.b;
            for _ in 0..self.size.depth {
                let mut right = [V::zero(); N];
                for (n, right) in right.iter_mut().enumerate() {
                    *right = V::load(b.add(n * self.b_vector));
                }
                for (m, sums) in sums.iter_mut().enumerate() {
                    let left = V::splat(*a.add(if T { m } else { m * self.a_stride }));
                    for (sum, right) in sums.iter_mut().zip(right) {
                        *sum = left.mul_add(right, *sum);
                    }
                }
                a = a.wrapping_add(if T { self.a_stride } else { 1 });
                b = b.wrapping_add(self.b_step);
            }
            for (m, sums) in sums.into_iter().enumerate() {
                for (n, sum) in sums.into_iter().enumerate() {
                    sum.store(c.add(m * self.c_stride + n * LANES));
                }
            }
        }
    }
}

/// Sixteen floats.
///
/// # Safety of its methods
/// The processor must have the features of the kind; addresses must be valid for 16 floats.
trait Lanes: Copy {
    unsafe fn zero() -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    unsafe fn splat(value: f32) -> Self;
    /// `self * by + to`, rounded once.
    unsafe fn mul_add(self, by: Self, to: Self) -> Self;
}

impl Lanes for [f32; LANES] {
    #[inline(always)]
    unsafe fn zero() -> Self {
        [0.0; LANES]
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the trait's.
        unsafe { from.cast::<Self>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the trait's.
        unsafe { to.cast::<Self>().write_unaligned(self) }
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        [value; LANES]
    }
    #[inline(always)]
    unsafe fn mul_add(self, by: Self, mut to: Self) -> Self {
        to.iter_mut().zip(self).zip(by).for_each(|((to, a), b)| *to = a.mul_add(b, *to));
        to
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{LANES, Lanes};
    use std::arch::x86_64::*;

    impl Lanes for __m512 {
        #[inline(always)]
        unsafe fn zero() -> Self {
            // SAFETY: the trait's, here and below.
            unsafe { _mm512_setzero_ps() }
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: see above.
            unsafe { _mm512_loadu_ps(from) }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: see above.
            unsafe { _mm512_storeu_ps(to, self) }
        }
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            // SAFETY: see above.
            unsafe { _mm512_set1_ps(value) }
        }
        #[inline(always)]
        unsafe fn mul_add(self, by: Self, to: Self) -> Self {
            // SAFETY: see above.
            unsafe { _mm512_fmadd_ps(self, by, to) }
        }
    }

    /// Two registers of AVX2.
    #[derive(Clone, Copy)]
    pub(super) struct Pair(__m256, __m256);

    impl Lanes for Pair {
        #[inline(always)]
        unsafe fn zero() -> Self {
            // SAFETY: the trait's, here and below.
            unsafe { Pair(_mm256_setzero_ps(), _mm256_setzero_ps()) }
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: see above.
            unsafe { Pair(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(LANES / 2))) }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: see above.
            unsafe {
                _mm256_storeu_ps(to, self.0);
                _mm256_storeu_ps(to.add(LANES / 2), self.1);
            }
        }
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            // SAFETY: see above.
            unsafe { Pair(_mm256_set1_ps(value), _mm256_set1_ps(value)) }
        }
        #[inline(always)]
        unsafe fn mul_add(self, by: Self, to: Self) -> Self {
            // SAFETY: see above.
            unsafe { Pair(_mm256_fmadd_ps(self.0, by.0, to.0), _mm256_fmadd_ps(self.1, by.1, to.1)) }
        }
    }

    /// The transpose of 16 rows of 16 floats: pairs of floats, pairs of pairs, then quarters of registers change places.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn transpose(r: [__m512; LANES]) -> [__m512; LANES] {
        let lo = |a, b| _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
        let hi = |a, b| _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
        let mut u = r;
        for i in (0..LANES).step_by(4) {
            let (t0, t1) = (_mm512_unpacklo_ps(r[i], r[i + 1]), _mm512_unpackhi_ps(r[i], r[i + 1]));
            let (t2, t3) = (_mm512_unpacklo_ps(r[i + 2], r[i + 3]), _mm512_unpackhi_ps(r[i + 2], r[i + 3]));
            (u[i], u[i + 1], u[i + 2], u[i + 3]) = (lo(t0, t2), hi(t0, t2), lo(t1, t3), hi(t1, t3));
        }
        let mut out = u;
        for j in 0..4 {
            let even = |a, b| _mm512_shuffle_f32x4::<0x88>(a, b);
            let odd = |a, b| _mm512_shuffle_f32x4::<0xdd>(a, b);
            let (a, b) = (even(u[j], u[4 + j]), odd(u[j], u[4 + j]));
            let (c, d) = (even(u[8 + j], u[12 + j]), odd(u[8 + j], u[12 + j]));
            (out[j], out[4 + j], out[8 + j], out[12 + j]) = (even(a, c), even(b, d), odd(a, c), odd(b, d));
        }
        out
    }
}

/// Packs the transpose of `[rows, depth]` (rows `stride` apart) as [`Right`] wants it, with `step` 16 and `vector` 16 depth:
/// `out[(row / 16 * depth + k) * 16 + row % 16]`. What is left of the last 16 rows becomes zeros.
///
/// # Panics
/// An operand is too short.
pub(super) fn pack_transposed(x: &[f32], rows: usize, depth: usize, stride: usize, out: &mut [f32]) {
    for (group, out) in out[..rows.div_ceil(LANES) * depth * LANES].chunks_exact_mut((depth * LANES).max(1)).enumerate() {
        let from = group * LANES;
        let count = LANES.min(rows - from);
        let x = &x[from * stride..];
        let packed = pack_squares(x, count, depth, stride, out);
        for (k, out) in (packed..).zip(out[packed * LANES..].chunks_exact_mut(LANES)) {
            for (row, out) in out.iter_mut().enumerate() {
                *out = if row < count { x[row * stride + k] } else { 0.0 };
            }
        }
    }
}

/// Packs as much of `count <= 16` rows as this processor can 16 floats at a time; returns how much of their depth that was.
///
/// # Panics
/// An operand is too short.
#[cfg(target_arch = "x86_64")]
fn pack_squares(x: &[f32], count: usize, depth: usize, stride: usize, out: &mut [f32]) -> usize {
    if level() != Level::Avx512 || depth < LANES {
        return 0;
    }
    assert!((count - 1) * stride + depth <= x.len(), "{count} rows of {depth}, {stride} apart, of {}", x.len());
    for (square, out) in out.chunks_exact_mut(LANES * LANES).enumerate().take(depth / LANES) {
        // SAFETY: `level` has found the feature; `count` rows reach `depth` floats by the assertion, of which these are 16.
        unsafe { pack_square(x.as_ptr().add(square * LANES), count, stride, out) };
    }
    depth / LANES * LANES
}

/// Other processors pack number by number.
#[cfg(not(target_arch = "x86_64"))]
fn pack_squares(_: &[f32], _: usize, _: usize, _: usize, _: &mut [f32]) -> usize {
    0
}

/// # Safety
/// `count <= 16` rows of 16 floats, `stride` apart, must lie at `x`; `out` must hold 256.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn pack_square(x: *const f32, count: usize, stride: usize, out: &mut [f32]) {
    use std::arch::x86_64::*;
    let mut rows = [_mm512_setzero_ps(); LANES];
    for (i, row) in rows.iter_mut().enumerate().take(count) {
        // SAFETY: the caller's promise.
        *row = unsafe { _mm512_loadu_ps(x.add(i * stride)) };
    }
    for (row, out) in x86::transpose(rows).into_iter().zip(out.chunks_exact_mut(LANES)) {
        // SAFETY: `out` is a chunk of 16.
        unsafe { _mm512_storeu_ps(out.as_mut_ptr(), row) };
    }
}

/// Packs `[rows, cols]` (rows `stride` apart) into rows of `width >= cols`, padded with zeros.
pub(super) fn pack_rows(x: &[f32], rows: usize, cols: usize, stride: usize, width: usize, out: &mut [f32]) {
    for (row, out) in out.chunks_exact_mut(width).enumerate().take(rows) {
        out[..cols].copy_from_slice(&x[row * stride..][..cols]);
        out[cols..].fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn numbers(n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + 13) % 23) as f32 / 11.0 - 1.0).collect()
    }

    proptest! {
        /// Every kind of register against one chain of fused multiply-adds, to the bit.
        #[test]
        fn equals_one_chain(rows in 0usize..30, depth in 0usize..20, vectors in 0usize..7, pad in 0usize..3, t: bool, add: bool) {
            let stride = if t { rows } else { depth } + pad;
            let (a, width) = (numbers(if t { depth * stride } else { rows * stride }), vectors * LANES + pad);
            let (b, start) = (numbers(depth * width), numbers(rows * width));
            let left = if t { Left::Transposed(&a, stride) } else { Left::Rows(&a, stride) };
            let right = Right { data: &b, step: width, vector: LANES };
            let size = Size { rows, depth, vectors };
            let mut c = start.clone();
            product(size, left, right, &mut c, width, if add { Write::Add } else { Write::Set });
            let levels = [Level::Avx2, Level::Plain].into_iter().filter(|l| *l == Level::Plain || level() != Level::Plain);
            for lower in levels.filter(|_| rows > 0 && vectors > 0) {
                let mut other = start.clone();
                let job = Job {
                    size, add, a: a.as_ptr(), a_stride: stride, b: b.as_ptr(), b_step: width, b_vector: LANES,
                    c: other.as_mut_ptr(), c_stride: width,
                };
                // SAFETY: the same operands as above, which were checked there; a lower level than the processor's.
                unsafe { if t { job.run::<true>(lower) } else { job.run::<false>(lower) } }
                prop_assert_eq!(&other, &c, "{:?}", lower);
            }
            for (i, j) in (0..rows).flat_map(|i| (0..width).map(move |j| (i, j))) {
                let at = |k: usize| if t { a[k * stride + i] } else { a[i * stride + k] };
                let first = if add { start[i * width + j] } else { 0.0 };
                let chain = (0..depth).fold(first, |sum, k| at(k).mul_add(b[k * width + j], sum));
                prop_assert_eq!(c[i * width + j], if j < vectors * LANES { chain } else { start[i * width + j] });
            }
        }

        #[test]
        fn transposes(rows in 1usize..40, depth in 1usize..40, pad in 0usize..3) {
            let stride = depth + pad;
            let x = numbers(rows * stride);
            let mut out = vec![f32::NAN; rows.div_ceil(LANES) * LANES * depth];
            pack_transposed(&x, rows, depth, stride, &mut out);
            for (row, k) in (0..rows.next_multiple_of(LANES)).flat_map(|row| (0..depth).map(move |k| (row, k))) {
                let expected = if row < rows { x[row * stride + k] } else { 0.0 };
                prop_assert_eq!(out[(row / LANES * depth + k) * LANES + row % LANES], expected);
            }
        }
    }
}
