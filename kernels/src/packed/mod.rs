//! Products of quantised weights with a few rows, for writing: weights stay in the bits of their file, rows become bytes.
//!
//! A block of 32 weights (16 of some types) is `w = d (u - z) + m`: `u` whole numbers of 4 or 8 bits, `d` and `m` of the block, `z` of the
//! type. A block of 32 numbers of a row is `x = s a`, `a` whole numbers from -127 to 127 and `s` the largest size over 127, as llama.cpp
//! has it. So `w · x = s (d (u · a - z Σa) + m Σa)`, where `u · a` is a sum of products of small whole numbers: exact, and many at a time.
//!
//! Sixteen rows of weights lie interleaved, four columns of each side by side, so that a register holds the sums of sixteen rows and
//! nothing is ever added across one. Each row's sum goes block by block in order; threads share rows, never sums. So bits depend neither
//! on the number of threads nor on how many rows `x` come at once.
//!
//! What rounding `x` to bytes costs: about 0.4 % of the largest number of a block, as in llama.cpp. Weights that are not quantised, and
//! those of types that are rare, lie as float16 and are multiplied with `x` itself.

mod pack;
mod plain;
mod steps;
#[cfg(target_arch = "x86_64")]
mod vnni;

pub use steps::{Known, add, add_bias, attend, gated, norm, norm_heads, rotate};

use crate::simd::vectorised;
use crate::{Error, Result};
use candle_core::quantized::QTensor;
use rayon::prelude::*;

/// Rows that lie interleaved.
const LANES: usize = 16;
/// Numbers of a row that share a scale.
const BLOCK: usize = 32;

/// A weight `[out, in]`, packed for [`multiply`].
#[derive(Debug)]
pub struct PackedMatrix {
    rows: usize,
    cols: usize,
    kind: Kind,
    /// By tiles of sixteen rows, the last filled up with zeros.
    levels: Vec<u8>,
    /// `d` and `m` of each block in float16, sixteen rows side by side.
    scales: Vec<u16>,
    mins: Vec<u16>,
    /// What a row's sum is multiplied by at last, so that its scales are in float16's range.
    factors: Vec<f32>,
}

/// How levels lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Four bits, in blocks of 32; `z`.
    Nibbles { zero: i32 },
    /// Eight bits, in blocks of 32 or 16; `z`.
    Bytes { block: usize, zero: i32 },
    /// float16 and no levels.
    Halves,
}

/// Rows `[t, in]` that weights are multiplied with: as they are, and as bytes with their scales.
#[derive(Debug, Default)]
pub struct Rows {
    count: usize,
    cols: usize,
    floats: Vec<f32>,
    bytes: Vec<i8>,
    /// Of each block of 32.
    scales: Vec<f32>,
    /// Sums of bytes, of each 16.
    sums: Vec<i32>,
}

impl Rows {
    /// Takes `floats` `[t, in]` in the place of what was there.
    ///
    /// # Panics
    /// They are not whole rows.
    pub fn set(&mut self, floats: &[f32], cols: usize) {
        assert!(cols > 0 && floats.len().is_multiple_of(cols), "{} numbers in rows of {cols}", floats.len());
        (self.count, self.cols) = (floats.len() / cols, cols);
        self.floats.clear();
        self.floats.extend_from_slice(floats);
        // Rows of another length than whole blocks meet float16 alone.
        if !cols.is_multiple_of(BLOCK) {
            return;
        }
        self.bytes.resize(floats.len(), 0);
        self.scales.resize(floats.len() / BLOCK, 0.0);
        self.sums.resize(floats.len() / BLOCK * 2, 0);
        const TASK: usize = 64;
        let parts = floats.par_chunks(TASK * BLOCK).zip(self.bytes.par_chunks_mut(TASK * BLOCK));
        let parts = parts.zip(self.scales.par_chunks_mut(TASK)).zip(self.sums.par_chunks_mut(TASK * 2));
        if floats.len() <= TASK * BLOCK {
            round(floats, &mut self.bytes, &mut self.scales, &mut self.sums);
        } else {
            parts.for_each(|(((floats, bytes), scales), sums)| round(floats, bytes, scales, sums));
        }
    }
}

vectorised! {
    /// Blocks of floats as bytes.
    fn round(floats: &[f32], bytes: &mut [i8], scales: &mut [f32], sums: &mut [i32]) {
        let blocks = floats.chunks_exact(BLOCK).zip(bytes.chunks_exact_mut(BLOCK));
        for ((floats, bytes), (scale, sums)) in blocks.zip(scales.iter_mut().zip(sums.chunks_exact_mut(2))) {
            // Sizes are in the order of their bits, with NaN above all: a block that holds one has it for its scale.
            let largest = floats.iter().fold(0, |most, x| most.max(x.abs().to_bits()));
            let largest = f32::from_bits(largest);
            *scale = largest / 127.0;
            let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
            for (byte, x) in bytes.iter_mut().zip(floats) {
                *byte = (x * inverse).round_ties_even() as i8;
            }
            for (sum, bytes) in sums.iter_mut().zip(bytes.chunks_exact(BLOCK / 2)) {
                *sum = bytes.iter().map(|byte| i32::from(*byte)).sum();
            }
        }
    }
}

impl PackedMatrix {
    /// Of a GGUF file's blocks, `[out, in]`.
    ///
    /// # Errors
    /// It is no matrix.
    pub fn from_blocks(weight: &QTensor) -> Result<Self> {
        pack::blocks(weight)
    }

    /// `out`
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// `in`
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Memory that it takes.
    pub fn size_bytes(&self) -> usize {
        self.levels.len() + 2 * (self.scales.len() + self.mins.len()) + 4 * self.factors.len()
    }

    /// Row `i` in float32.
    ///
    /// # Panics
    /// There is no such row, or `to` has another length.
    pub fn row(&self, i: usize, to: &mut [f32]) {
        assert!(i < self.rows && to.len() == self.cols, "row {i} of {}x{} into {}", self.rows, self.cols, to.len());
        plain::row(self, i, to);
    }

    fn blocks(&self) -> usize {
        match self.kind {
            Kind::Nibbles { .. } => self.cols / BLOCK,
            Kind::Bytes { block, .. } => self.cols / block,
            Kind::Halves => 0,
        }
    }

    fn tiles(&self) -> usize {
        self.rows.div_ceil(LANES)
    }

    fn tile(&self, tile: usize) -> Tile<'_> {
        let (blocks, tiles) = (self.blocks(), self.tiles());
        let part = |len: usize| len / tiles * tile..len / tiles * (tile + 1);
        Tile {
            kind: self.kind,
            blocks,
            cols: self.cols,
            levels: &self.levels[part(self.levels.len())],
            scales: &self.scales[part(self.scales.len())],
            mins: &self.mins[part(self.mins.len())],
        }
    }
}

/// Sixteen rows of weights.
struct Tile<'a> {
    kind: Kind,
    blocks: usize,
    cols: usize,
    levels: &'a [u8],
    scales: &'a [u16],
    /// Empty where every `m` is 0.
    mins: &'a [u16],
}

/// Where a product goes: rows of it lie `stride` apart, and each task writes other columns of them.
#[derive(Clone, Copy)]
struct Out {
    start: *mut f32,
    stride: usize,
}

// SAFETY: tasks write elements of their own rows of weights alone, each of which belongs to one task.
unsafe impl Sync for Out {}
// SAFETY: as above.
unsafe impl Send for Out {}

/// The products of several weights with the same rows, one behind the other: `to` is `[t, all outs]`.
///
/// # Errors
/// The sizes do not fit each other.
pub fn multiply(weights: &[&PackedMatrix], rows: &Rows, to: &mut [f32]) -> Result<()> {
    let width: usize = weights.iter().map(|weight| weight.rows).sum();
    let fits = weights.iter().all(|weight| weight.cols == rows.cols);
    if !fits || to.len() != width * rows.count {
        let message = format!(
            "{} rows of {} by weights of {:?} columns into {}",
            rows.count,
            rows.cols,
            weights.iter().map(|w| w.cols).collect::<Vec<_>>(),
            to.len()
        );
        return Err(Error::Argument { op: "multiply", message });
    }
    let mut tasks: Vec<(usize, usize, usize)> = Vec::new();
    let mut first = 0;
    for (i, weight) in weights.iter().enumerate() {
        tasks.extend((0..weight.tiles()).map(|tile| (i, tile, first)));
        first += weight.rows;
    }
    let out = Out { start: to.as_mut_ptr(), stride: width };
    let one = |(i, tile, first): &(usize, usize, usize)| tile_product(weights[*i], *tile, *first, rows, out);
    // Small products are not worth the handing out.
    let work = width * rows.cols * rows.count;
    if work < 1 << 15 {
        tasks.iter().for_each(one);
    } else {
        let share = tasks.len().div_ceil(rayon::current_num_threads() * if rows.count > 4 { 8 } else { 2 });
        tasks.par_chunks(share.max(1)).for_each(|tasks| tasks.iter().for_each(one));
    }
    Ok(())
}

/// Sixteen rows of a weight with all rows.
fn tile_product(weight: &PackedMatrix, tile: usize, first: usize, rows: &Rows, out: Out) {
    let part = weight.tile(tile);
    let kept = LANES.min(weight.rows - tile * LANES);
    let factors = weight.factors.get(tile * LANES..).unwrap_or_default();
    each_product(&part, rows, |t, mut sums: [f32; LANES]| {
        sums.iter_mut().zip(factors).for_each(|(sum, factor)| *sum *= factor);
        // SAFETY: `to` of `multiply` holds `[t, stride]` numbers; row `t` of it from `first` on has `weight.rows`, of which these are the
        // tile's own.
        let to = unsafe { std::slice::from_raw_parts_mut(out.start.add(t * out.stride + first + tile * LANES), kept) };
        to.copy_from_slice(&sums[..kept]);
    });
}

/// Calls `f` with the number and the sums of each row.
fn each_product(tile: &Tile, rows: &Rows, mut f: impl FnMut(usize, [f32; LANES])) {
    let mut t = 0;
    #[cfg(target_arch = "x86_64")]
    if vnni::is_there() {
        while t < rows.count {
            let left = rows.count - t;
            t += match left {
                8.. => vnni::products::<8>(tile, rows, t, &mut f),
                4.. => vnni::products::<4>(tile, rows, t, &mut f),
                2.. => vnni::products::<2>(tile, rows, t, &mut f),
                _ => vnni::products::<1>(tile, rows, t, &mut f),
            };
        }
        return;
    }
    while t < rows.count {
        f(t, plain::product(tile, rows, t));
        t += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::quantized::GgmlDType;
    use candle_core::{Device, Tensor};

    fn numbers(count: usize, seed: u64) -> Vec<f32> {
        let stream = crate::Stream::root(seed).named("numbers");
        (0..count as u64).map(|i| stream.uniform(i) * 4.0 - 2.0 + if i % 97 == 0 { 3.0 } else { 0.0 }).collect()
    }

    const TYPES: [GgmlDType; 11] = [
        GgmlDType::Q4_0,
        GgmlDType::Q4_1,
        GgmlDType::Q5_0,
        GgmlDType::Q5_1,
        GgmlDType::Q8_0,
        GgmlDType::Q2K,
        GgmlDType::Q3K,
        GgmlDType::Q4K,
        GgmlDType::Q5K,
        GgmlDType::Q6K,
        GgmlDType::F16,
    ];

    fn weight(kind: GgmlDType, rows: usize, cols: usize) -> (QTensor, Vec<f32>) {
        let dense = Tensor::from_vec(numbers(rows * cols, 3), (rows, cols), &Device::Cpu).expect("a tensor");
        let blocks = QTensor::quantize(&dense, kind).expect("blocks");
        let dense =
            blocks.dequantize(&Device::Cpu).and_then(|t| t.flatten_all()).and_then(|t| t.to_vec1::<f32>()).expect("numbers");
        (blocks, dense)
    }

    /// What is packed is what the file's blocks say.
    #[test]
    fn rows_are_those_of_the_blocks() {
        for kind in TYPES {
            let (rows, cols) = (37, 512);
            let (blocks, dense) = weight(kind, rows, cols);
            let packed = PackedMatrix::from_blocks(&blocks).expect("packed");
            let mut row = vec![0f32; cols];
            for i in 0..rows {
                packed.row(i, &mut row);
                for (found, expected) in row.iter().zip(&dense[i * cols..]) {
                    assert!((found - expected).abs() <= 3e-3, "{kind:?} row {i}: {found} {expected}");
                }
            }
        }
    }

    /// Against sums in float64 of what is packed and of the rounded rows, for every number of rows at once; and all levels of processor to
    /// the bit.
    #[test]
    fn products_are_exact_but_for_rounding() {
        for kind in TYPES {
            for (rows, cols, count) in [(37, 512, 1), (16, 256, 13), (70, 768, 7)] {
                let (blocks, dense) = weight(kind, rows, cols);
                let packed = PackedMatrix::from_blocks(&blocks).expect("packed");
                let x = numbers(count * cols, 5);
                let mut given = Rows::default();
                given.set(&x, cols);
                let mut found = vec![f32::NAN; count * rows];
                multiply(&[&packed], &given, &mut found).expect("a product");
                let mut packed_row = vec![0f32; cols];
                for t in 0..count {
                    for (i, dense) in dense.chunks_exact(cols).enumerate() {
                        packed.row(i, &mut packed_row);
                        let exact = |k: usize| match packed.kind {
                            Kind::Halves => f64::from(x[t * cols + k]),
                            _ => f64::from(given.bytes[t * cols + k]) * f64::from(given.scales[(t * cols + k) / BLOCK]),
                        };
                        let expected: f64 = (0..cols).map(|k| exact(k) * f64::from(packed_row[k])).sum();
                        let plain: f64 = (0..cols).map(|k| f64::from(x[t * cols + k]) * f64::from(dense[k])).sum();
                        let found = f64::from(found[t * rows + i]);
                        assert!((found - expected).abs() < 5e-2, "{kind:?} {rows}x{cols} {t} {i}: {found} {expected}");
                        assert!((found - plain).abs() < 1.0, "{kind:?}: {found} {plain}");
                    }
                    for tile in 0..packed.tiles() {
                        let sums = plain::product(&packed.tile(tile), &given, t);
                        for (lane, sum) in sums.into_iter().enumerate().take(LANES.min(rows - tile * LANES)) {
                            let factor = packed.factors.get(tile * LANES + lane).copied().unwrap_or(1.0);
                            let found = found[t * rows + tile * LANES + lane];
                            assert_eq!((sum * factor).to_bits(), found.to_bits(), "{kind:?} {rows}x{cols} {t}");
                        }
                    }
                }
            }
        }
    }

    /// What is no number stays none in all products of its row, and of no other row.
    #[test]
    fn not_a_number_stays() {
        for (kind, spoiled) in TYPES.into_iter().flat_map(|kind| [f32::NAN, -f32::NAN, f32::INFINITY].map(|v| (kind, v))) {
            let (rows, cols, count) = (20, 256, 3);
            let packed = PackedMatrix::from_blocks(&weight(kind, rows, cols).0).expect("packed");
            let (mut x, mut given, mut found) = (numbers(count * cols, 5), Rows::default(), vec![0f32; count * rows]);
            x[cols + 200] = spoiled;
            given.set(&x, cols);
            multiply(&[&packed], &given, &mut found).expect("a product");
            for (t, found) in found.chunks_exact(rows).enumerate() {
                assert!(found.iter().all(|v| v.is_finite() == (t != 1)), "{kind:?} {spoiled} row {t}: {found:?}");
            }
            for tile in 0..packed.tiles() {
                let plain = plain::product(&packed.tile(tile), &given, 1);
                assert!(plain[..4].iter().all(|v| !v.is_finite()), "{kind:?} {spoiled}: {plain:?}");
            }
        }
    }

    #[test]
    fn several_weights_stand_side_by_side() {
        let (a, b) = (weight(GgmlDType::Q4_1, 20, 64).0, weight(GgmlDType::Q8_0, 5, 64).0);
        let [a, b] = [a, b].map(|blocks| PackedMatrix::from_blocks(&blocks).expect("packed"));
        let mut x = Rows::default();
        x.set(&numbers(3 * 64, 1), 64);
        let (mut both, mut own) = (vec![0f32; 75], [vec![0f32; 60], vec![0f32; 15]]);
        multiply(&[&a, &b], &x, &mut both).expect("a product");
        multiply(&[&a], &x, &mut own[0]).expect("a product");
        multiply(&[&b], &x, &mut own[1]).expect("a product");
        for t in 0..3 {
            assert_eq!(both[t * 25..][..20], own[0][t * 20..][..20]);
            assert_eq!(both[t * 25 + 20..][..5], own[1][t * 5..][..5]);
        }
        assert!(multiply(&[&a], &x, &mut [0.0; 3]).is_err());
    }

    #[test]
    fn odd_sizes_lie_as_halves() {
        let dense = Tensor::from_vec(numbers(7 * 10, 2), (7, 10), &Device::Cpu).expect("a tensor");
        let packed = pack::floats(&dense).expect("packed");
        let (x, mut rows, mut found) = (numbers(20, 4), Rows::default(), vec![0f32; 14]);
        rows.set(&x, 10);
        multiply(&[&packed], &rows, &mut found).expect("a product");
        let dense = dense.to_vec2::<f32>().expect("rows");
        for (t, i) in (0..2).flat_map(|t| (0..7).map(move |i| (t, i))) {
            let expected: f32 = (0..10).map(|k| dense[i][k] * x[t * 10 + k]).sum();
            assert!((found[t * 7 + i] - expected).abs() < 1e-2);
        }
    }
}
