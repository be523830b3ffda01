//! The plain version, which runs on any processor and says what the fast one computes: the same sums in the same order.

use super::{BLOCK, Kind, LANES, PackedMatrix, Rows, Tile};
use crate::simd::vectorised;

/// One row with sixteen rows of weights.
pub(super) fn product(tile: &Tile, rows: &Rows, t: usize) -> [f32; LANES] {
    let mut sums = [0f32; LANES];
    match tile.kind {
        Kind::Halves => halves(tile.scales, &rows.floats[t * tile.cols..][..tile.cols], &mut sums),
        Kind::Nibbles { .. } | Kind::Bytes { .. } => {
            let (bytes, blocks) = (&rows.bytes[t * tile.cols..][..tile.cols], tile.cols / BLOCK);
            levels(tile, bytes, &rows.scales[t * blocks..][..blocks], &rows.sums[t * blocks * 2..][..blocks * 2], &mut sums);
        }
    }
    sums
}

vectorised! {
    fn levels(tile: &Tile, bytes: &[i8], scales: &[f32], sums: &[i32], out: &mut [f32; LANES]) {
        let (block, zero) = match tile.kind {
            Kind::Nibbles { zero } => (BLOCK, zero),
            Kind::Bytes { block, zero } => (block, zero),
            Kind::Halves => return,
        };
        for b in 0..tile.blocks {
            let mut dots = [0i32; LANES];
            let own = &bytes[b * block..][..block];
            match tile.kind {
                Kind::Nibbles { .. } => {
                    for (g, levels) in tile.levels[b * 256..][..256].chunks_exact(4 * LANES).enumerate() {
                        for (dot, levels) in dots.iter_mut().zip(levels.chunks_exact(4)) {
                            for (j, level) in levels.iter().enumerate() {
                                *dot += i32::from(level & 15) * i32::from(own[4 * g + j]);
                                *dot += i32::from(level >> 4) * i32::from(own[16 + 4 * g + j]);
                            }
                        }
                    }
                }
                Kind::Bytes { .. } | Kind::Halves => {
                    let size = block * LANES;
                    for (g, levels) in tile.levels[b * size..][..size].chunks_exact(4 * LANES).enumerate() {
                        for (dot, levels) in dots.iter_mut().zip(levels.chunks_exact(4)) {
                            for (j, level) in levels.iter().enumerate() {
                                *dot += i32::from(*level) * i32::from(own[4 * g + j]);
                            }
                        }
                    }
                }
            }
            let scale = scales[b * block / BLOCK];
            let sum = if block == BLOCK { sums[2 * b] + sums[2 * b + 1] } else { sums[b] };
            for (lane, dot) in dots.into_iter().enumerate() {
                let product = (dot - zero * sum) as f32 * scale;
                out[lane] = half(tile.scales[b * LANES + lane]).mul_add(product, out[lane]);
            }
            if !tile.mins.is_empty() {
                for (lane, out) in out.iter_mut().enumerate() {
                    *out = half(tile.mins[b * LANES + lane]).mul_add(sum as f32 * scale, *out);
                }
            }
        }
    }

    /// Four sums, by the column's number; then these in pairs.
    fn halves(weights: &[u16], x: &[f32], out: &mut [f32; LANES]) {
        let mut sums = [[0f32; LANES]; 4];
        for (k, (weights, x)) in weights.chunks_exact(LANES).zip(x).enumerate() {
            for (sum, weight) in sums[k % 4].iter_mut().zip(weights) {
                *sum = half(*weight).mul_add(*x, *sum);
            }
        }
        for (lane, out) in out.iter_mut().enumerate() {
            *out = (sums[0][lane] + sums[1][lane]) + (sums[2][lane] + sums[3][lane]);
        }
    }
}

/// See [`PackedMatrix::row`].
pub(super) fn row(matrix: &PackedMatrix, i: usize, to: &mut [f32]) {
    let (tile, lane) = (matrix.tile(i / LANES), i % LANES);
    let factor = matrix.factors.get(i).copied().unwrap_or(1.0);
    for (k, to) in to.iter_mut().enumerate() {
        let (block, level, zero) = match tile.kind {
            Kind::Halves => {
                *to = half(tile.scales[k * LANES + lane]);
                continue;
            }
            Kind::Nibbles { zero } => {
                let (b, at) = (k / BLOCK, k % BLOCK);
                let byte = tile.levels[b * 256 + at % 16 / 4 * 64 + lane * 4 + at % 4];
                (b, if at < 16 { byte & 15 } else { byte >> 4 }, zero)
            }
            Kind::Bytes { block, zero } => {
                let (b, at) = (k / block, k % block);
                (b, tile.levels[b * block * LANES + at / 4 * 64 + lane * 4 + at % 4], zero)
            }
        };
        let at = block * LANES + lane;
        let min = tile.mins.get(at).map_or(0.0, |min| half(*min));
        *to = factor * half(tile.scales[at]).mul_add((i32::from(level) - zero) as f32, min);
    }
}

/// float16 as float32.
#[inline(always)]
pub(super) fn half(bits: u16) -> f32 {
    let (sign, rest) = (u32::from(bits & 0x8000) << 16, u32::from(bits & 0x7fff));
    // As if the exponent were float32's own, and then multiplied into its place; that is exact, below the normal range too.
    let shifted = f32::from_bits(rest << 13) * f32::from_bits(0x7780_0000);
    let shifted = if rest >= 0x7c00 { f32::from_bits(rest << 13 | 0x7f80_0000) } else { shifted };
    f32::from_bits(shifted.to_bits() | sign)
}

/// The nearest float16; what is too large becomes the largest.
pub(super) fn to_half(x: f32) -> u16 {
    let sign = (x.to_bits() >> 16 & 0x8000) as u16;
    let size = x.abs();
    if size.is_nan() {
        return sign | 0x7e00;
    }
    if size >= 65504.0 {
        return sign | 0x7bff;
    }
    // In units of the last place of its binade, rounded to even by the processor itself.
    let exponent = (size.to_bits() >> 23) as i32 - 127;
    let unit = exponent.max(-14) - 10;
    let units = (f64::from(size) / 2f64.powi(unit)).round_ties_even() as u32;
    // A mantissa of eleven bits, or of fewer below the normal range; rounding up carries into the exponent by itself.
    let normal = if exponent < -14 { units } else { ((exponent + 15) as u32 * 1024) + units - 1024 };
    sign | normal.min(0x7bff) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_read_and_written() {
        for bits in 0..=u16::MAX {
            let value = half(bits);
            if value.is_nan() || value.is_infinite() {
                continue;
            }
            assert_eq!(to_half(value), bits, "{value}");
        }
        assert_eq!((half(0x3c00), half(0xc000), half(0x0001), half(0x7bff)), (1.0, -2.0, 2f32.powi(-24), 65504.0));
        assert_eq!(to_half(1.0 + 2f32.powi(-11)), 0x3c00, "to even");
        assert_eq!(to_half(1e9), 0x7bff);
    }
}
