//! A file's blocks in the order in which they are multiplied.
//!
//! Source: the layouts of ggml's blocks (`ggml-common.h`, and how `ggml-quants.c` reads them).

use super::plain::{half, to_half};
use super::{BLOCK, Kind, LANES, PackedMatrix};
use crate::{Error, Result};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};

/// Levels, scales and mins of 32 weights; two scales where a block has 16.
struct Unpacked {
    levels: [u8; BLOCK],
    scales: [f32; 2],
    mins: [f32; 2],
}

/// How a type of blocks is read: bytes and weights of a block, how it is packed, and whether it has mins.
struct Layout {
    bytes: usize,
    weights: usize,
    kind: Kind,
    mins: bool,
    /// Of block and number of 32 weights in it.
    read: fn(&[u8], usize) -> Unpacked,
}

fn layout(kind: GgmlDType) -> Option<Layout> {
    let made = |bytes, weights, kind, mins, read| Some(Layout { bytes, weights, kind, mins, read });
    let (four, eight) = (|zero| Kind::Nibbles { zero }, |block, zero| Kind::Bytes { block, zero });
    match kind {
        GgmlDType::Q4_0 => made(18, 32, four(8), false, |b, _| small(b, 2, None)),
        GgmlDType::Q4_1 => made(20, 32, four(0), true, |b, _| small(b, 4, None)),
        GgmlDType::Q5_0 => made(22, 32, eight(32, 16), false, |b, _| small(b, 6, Some(2))),
        GgmlDType::Q5_1 => made(24, 32, eight(32, 0), true, |b, _| small(b, 8, Some(4))),
        GgmlDType::Q8_0 => made(34, 32, eight(32, 128), false, q8_0),
        GgmlDType::Q4K => made(144, 256, four(0), true, |b, i| k45(b, i, None)),
        GgmlDType::Q5K => made(176, 256, eight(32, 0), true, |b, i| k45(b, i, Some(16))),
        GgmlDType::Q6K => made(210, 256, eight(16, 32), false, q6_k),
        _ => None,
    }
}

fn f16(bytes: &[u8], at: usize) -> f32 {
    half(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

fn same(levels: [u8; BLOCK], scale: f32, min: f32) -> Unpacked {
    Unpacked { levels, scales: [scale; 2], mins: [min; 2] }
}

/// Types of 32 weights: a scale, a min where there is room for it, a fifth bit of each, and two weights a byte.
fn small(block: &[u8], nibbles: usize, fifth: Option<usize>) -> Unpacked {
    let has_min = nibbles - fifth.map_or(0, |_| 4) == 4;
    let bits = fifth.map_or(0, |at| u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]));
    let level = |i: usize| {
        let byte = block[nibbles + i % 16];
        (if i < 16 { byte & 15 } else { byte >> 4 }) | ((bits >> i & 1) as u8) << 4
    };
    same(std::array::from_fn(level), f16(block, 0), if has_min { f16(block, 2) } else { 0.0 })
}

fn q8_0(block: &[u8], _: usize) -> Unpacked {
    same(std::array::from_fn(|i| block[2 + i].wrapping_add(128)), f16(block, 0), 0.0)
}

/// Q4_K and Q5_K: scales and mins of six bits each for eight times 32 weights; `fifth`: where a fifth bit of each weight lies.
fn k45(block: &[u8], i: usize, fifth: Option<usize>) -> Unpacked {
    let packed = &block[4..16];
    let (scale, min) = match i {
        0..4 => (packed[i] & 63, packed[i + 4] & 63),
        _ => (packed[i + 4] & 15 | packed[i - 4] >> 6 << 4, packed[i + 4] >> 4 | packed[i] >> 6 << 4),
    };
    let nibbles = &block[if fifth.is_some() { 48 } else { 16 }..][i / 2 * 32..][..32];
    let level = |k: usize| {
        let low = if i.is_multiple_of(2) { nibbles[k] & 15 } else { nibbles[k] >> 4 };
        low | fifth.map_or(0, |at| (block[at + k] >> i & 1) << 4)
    };
    same(std::array::from_fn(level), f16(block, 0) * f32::from(scale), -f16(block, 2) * f32::from(min))
}

/// Q6_K: sixteen scales of a signed byte, four bits of each weight in one place and two in another.
fn q6_k(block: &[u8], i: usize) -> Unpacked {
    let (part, quarter) = (i / 4, i % 4);
    let (low, high) = (&block[part * 64..][..64], &block[128 + part * 32..][..32]);
    let level = |k: usize| {
        let byte = low[quarter % 2 * 32 + k];
        let four = if quarter < 2 { byte & 15 } else { byte >> 4 };
        four | (high[k] >> (2 * quarter) & 3) << 4
    };
    let scale = |s: usize| f16(block, 208) * f32::from(block[192 + 2 * i + s] as i8);
    Unpacked { levels: std::array::from_fn(level), scales: [scale(0), scale(1)], mins: [0.0; 2] }
}

pub(super) fn blocks(weight: &QTensor) -> Result<PackedMatrix> {
    let dims = weight.shape().dims();
    let [rows, cols] = *dims else { return Err(not_a_matrix(dims)) };
    let Some(layout) = layout(weight.dtype()).filter(|layout| cols.is_multiple_of(layout.weights)) else {
        return floats(&weight.dequantize(&Device::Cpu)?);
    };
    let data = weight.data()?;
    let (tiles, block) = (rows.div_ceil(LANES), if let Kind::Bytes { block, .. } = layout.kind { block } else { BLOCK });
    let (per_row, blocks) = (cols / layout.weights, cols / block);
    if data.len() != rows * per_row * layout.bytes {
        let message = format!("{rows}x{cols} weights of {:?} in {} bytes", weight.dtype(), data.len());
        return Err(Error::Argument { op: "pack", message });
    }
    let is_nibbles = matches!(layout.kind, Kind::Nibbles { .. });
    let size = tiles * LANES * cols;
    let mut packed = PackedMatrix {
        rows,
        cols,
        kind: layout.kind,
        levels: vec![0; if is_nibbles { size / 2 } else { size }],
        scales: vec![0; tiles * LANES * blocks],
        mins: vec![0; if layout.mins { tiles * LANES * blocks } else { 0 }],
        factors: vec![1.0; rows],
    };
    for row in 0..rows {
        let own = &data[row * per_row * layout.bytes..][..per_row * layout.bytes];
        let parts: Vec<Unpacked> = own
            .chunks_exact(layout.bytes)
            .flat_map(|bytes| (0..layout.weights / BLOCK).map(|i| (layout.read)(bytes, i)))
            .collect();
        // Types whose scales are products of two numbers have them a power of two nearer to one.
        let factor = if layout.weights == BLOCK { 1.0 } else { nearest_power(&parts) };
        packed.factors[row] = factor;
        let (tile, lane) = (row / LANES, row % LANES);
        let levels_of_tile = packed.levels.len() / tiles;
        for (b, part) in parts.iter().enumerate() {
            for half in 0..BLOCK / block {
                let at = (tile * blocks + b * (BLOCK / block) + half) * LANES + lane;
                packed.scales[at] = to_half(part.scales[half] / factor);
                if layout.mins {
                    packed.mins[at] = to_half(part.mins[half] / factor);
                }
            }
            let levels = &mut packed.levels[tile * levels_of_tile..][..levels_of_tile];
            for (k, level) in part.levels.iter().enumerate() {
                if is_nibbles {
                    levels[b * 256 + k % 16 / 4 * 64 + lane * 4 + k % 4] |= if k < 16 { *level } else { level << 4 };
                } else {
                    levels[b * BLOCK * LANES + k / 4 * 64 + lane * 4 + k % 4] = *level;
                }
            }
        }
    }
    Ok(packed)
}

/// The power of two that brings the largest scale and min of a row near to one.
fn nearest_power(parts: &[Unpacked]) -> f32 {
    let largest = parts.iter().flat_map(|part| part.scales.iter().chain(&part.mins)).fold(0f32, |most, x| most.max(x.abs()));
    if largest > 0.0 && largest.is_finite() { 2f32.powi(largest.log2().ceil() as i32) } else { 1.0 }
}

/// Numbers, `[out, in]`, become float16.
pub(super) fn floats(weight: &Tensor) -> Result<PackedMatrix> {
    let dims = weight.dims();
    let [rows, cols] = *dims else { return Err(not_a_matrix(dims)) };
    let values = weight.to_device(&Device::Cpu)?.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
    let mut halves = vec![0u16; rows.div_ceil(LANES) * LANES * cols];
    for (row, values) in values.chunks_exact(cols.max(1)).enumerate() {
        for (k, value) in values.iter().enumerate() {
            halves[(row / LANES * cols + k) * LANES + row % LANES] = to_half(*value);
        }
    }
    Ok(PackedMatrix { rows, cols, kind: Kind::Halves, levels: Vec::new(), scales: halves, mins: Vec::new(), factors: Vec::new() })
}

fn not_a_matrix(dims: &[usize]) -> Error {
    Error::Argument { op: "pack", message: format!("expected [out, in], found {dims:?}") }
}
