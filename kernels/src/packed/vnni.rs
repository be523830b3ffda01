//! The version for processors with AVX-512 and its products of bytes (VNNI): several rows at a time.

use super::{BLOCK, Kind, LANES, Rows, Tile};
use std::arch::x86_64::*;

/// Whether this processor has all that is needed. The standard library caches what it detects.
#[inline]
pub(super) fn is_there() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vnni")
        && is_x86_feature_detected!("fma")
}

/// Rows `t` to `t + N` with sixteen rows of weights: calls `f` with each, and returns N.
pub(super) fn products<const N: usize>(tile: &Tile, rows: &Rows, t: usize, f: &mut impl FnMut(usize, [f32; LANES])) -> usize {
    assert!(t + N <= rows.count && rows.cols == tile.cols);
    // SAFETY: `each_product` has just found the features on this processor.
    let sums = unsafe {
        match tile.kind {
            Kind::Nibbles { zero } => nibbles::<N>(tile, rows, t, zero),
            Kind::Bytes { block: 16, zero } => bytes::<N, 16>(tile, rows, t, zero),
            Kind::Bytes { zero, .. } => bytes::<N, 32>(tile, rows, t, zero),
            Kind::Halves => halves::<N>(tile, rows, t),
        }
    };
    sums.into_iter().enumerate().for_each(|(i, sums)| f(t + i, sums));
    N
}

/// What a block adds to the sums: see the plain version.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,fma")]
fn add_block<const N: usize>(
    sums: &mut [__m512; N],
    dots: [__m512i; N],
    tile: &Tile,
    b: usize,
    zero: i32,
    of_block: impl Fn(usize) -> (f32, i32),
) {
    let read = |halves: &[u16]| {
        let halves: &[u16; LANES] = halves[b * LANES..][..LANES].try_into().unwrap_or(&[0; LANES]);
        // SAFETY: sixteen neighbours.
        unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(halves.as_ptr().cast())) }
    };
    let scales = read(tile.scales);
    let mins = (!tile.mins.is_empty()).then(|| read(tile.mins));
    for (i, (sum, dot)) in sums.iter_mut().zip(dots).enumerate() {
        let (scale, of_bytes) = of_block(i);
        let dot = if zero == 0 { dot } else { _mm512_sub_epi32(dot, _mm512_set1_epi32(zero * of_bytes)) };
        let product = _mm512_mul_ps(_mm512_cvtepi32_ps(dot), _mm512_set1_ps(scale));
        *sum = _mm512_fmadd_ps(scales, product, *sum);
        if let Some(mins) = mins {
            *sum = _mm512_fmadd_ps(mins, _mm512_set1_ps(of_bytes as f32 * scale), *sum);
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,fma")]
fn nibbles<const N: usize>(tile: &Tile, rows: &Rows, t: usize, zero: i32) -> [[f32; LANES]; N] {
    let (blocks, low) = (tile.blocks, _mm512_set1_epi8(15));
    let own: [&[i8]; N] = std::array::from_fn(|i| &rows.bytes[(t + i) * tile.cols..][..blocks * BLOCK]);
    let mut sums = [_mm512_setzero_ps(); N];
    for (b, levels) in tile.levels.chunks_exact(256).enumerate().take(blocks) {
        let mut dots = [_mm512_setzero_si512(); N];
        for g in 0..4 {
            // SAFETY: 64 of the block's 256 bytes.
            let both = unsafe { _mm512_loadu_si512(levels.as_ptr().add(64 * g).cast()) };
            let (first, second) = (_mm512_and_si512(both, low), _mm512_and_si512(_mm512_srli_epi16::<4>(both), low));
            for (dot, own) in dots.iter_mut().zip(own) {
                // SAFETY: each row has `blocks` blocks of 32 bytes.
                let at = |k: usize| unsafe { _mm512_set1_epi32(own.as_ptr().add(b * BLOCK + k).cast::<i32>().read_unaligned()) };
                *dot = _mm512_dpbusd_epi32(*dot, first, at(4 * g));
                *dot = _mm512_dpbusd_epi32(*dot, second, at(16 + 4 * g));
            }
        }
        add_block(&mut sums, dots, tile, b, zero, |i| {
            let at = (t + i) * blocks + b;
            (rows.scales[at], rows.sums[2 * at] + rows.sums[2 * at + 1])
        });
    }
    stored(sums)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,fma")]
fn bytes<const N: usize, const WIDTH: usize>(tile: &Tile, rows: &Rows, t: usize, zero: i32) -> [[f32; LANES]; N] {
    let blocks = tile.blocks;
    let own: [&[i8]; N] = std::array::from_fn(|i| &rows.bytes[(t + i) * tile.cols..][..blocks * WIDTH]);
    let mut sums = [_mm512_setzero_ps(); N];
    for (b, levels) in tile.levels.chunks_exact(WIDTH * LANES).enumerate().take(blocks) {
        let mut dots = [_mm512_setzero_si512(); N];
        for g in 0..WIDTH / 4 {
            // SAFETY: 64 of the block's bytes.
            let levels = unsafe { _mm512_loadu_si512(levels.as_ptr().add(64 * g).cast()) };
            for (dot, own) in dots.iter_mut().zip(own) {
                // SAFETY: each row has `blocks` blocks of so many bytes.
                let x = unsafe { _mm512_set1_epi32(own.as_ptr().add(b * WIDTH + 4 * g).cast::<i32>().read_unaligned()) };
                *dot = _mm512_dpbusd_epi32(*dot, levels, x);
            }
        }
        add_block(&mut sums, dots, tile, b, zero, |i| {
            let row = (t + i) * (tile.cols / BLOCK);
            let sum =
                if WIDTH == BLOCK { rows.sums[2 * (row + b)] + rows.sums[2 * (row + b) + 1] } else { rows.sums[2 * row + b] };
            (rows.scales[row + b * WIDTH / BLOCK], sum)
        });
    }
    stored(sums)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,fma")]
fn halves<const N: usize>(tile: &Tile, rows: &Rows, t: usize) -> [[f32; LANES]; N] {
    let own: [&[f32]; N] = std::array::from_fn(|i| &rows.floats[(t + i) * tile.cols..][..tile.cols]);
    let mut sums = [[_mm512_setzero_ps(); 4]; N];
    for (k, weights) in tile.scales.chunks_exact(LANES).enumerate() {
        // SAFETY: sixteen neighbours.
        let weights = unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(weights.as_ptr().cast())) };
        for (sums, own) in sums.iter_mut().zip(own) {
            sums[k % 4] = _mm512_fmadd_ps(weights, _mm512_set1_ps(own[k]), sums[k % 4]);
        }
    }
    stored(sums.map(|[a, b, c, d]| _mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(c, d))))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn stored<const N: usize>(sums: [__m512; N]) -> [[f32; LANES]; N] {
    sums.map(|sum| {
        let mut lanes = [0f32; LANES];
        // SAFETY: there is room for sixteen numbers.
        unsafe { _mm512_storeu_ps(lanes.as_mut_ptr(), sum) };
        lanes
    })
}
