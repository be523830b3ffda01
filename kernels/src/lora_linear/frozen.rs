//! The weight that LoRA leaves alone, as it is stored.

use crate::matmul::View;
use crate::slice::{self, is_fast};
use crate::{Error, Param, Result, scratch};
use candle_core::quantized::k_quants::{
    BlockQ2K, BlockQ3K, BlockQ4_0, BlockQ4_1, BlockQ4K, BlockQ5_0, BlockQ5_1, BlockQ5K, BlockQ6K, BlockQ8_0, BlockQ8_1, BlockQ8K,
    GgmlType,
};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{CpuStorage, DType, Device, Storage, Tensor};
use rayon::prelude::*;
use std::sync::Arc;

/// Floats of a weight that are made at a time of one stored in fewer bits: 4 MiB.
const ROOM: usize = 1 << 20;

/// A weight `[out, in]` that is used but never moved. Clones share the memory.
#[derive(Debug, Clone)]
pub struct FrozenWeight {
    name: Arc<str>,
    dims: [usize; 2],
    stored: Stored,
}

#[derive(Debug, Clone)]
enum Stored {
    /// float32, or float64 where gradients are checked.
    Full(Tensor),
    /// bfloat16 or float16.
    Half(Tensor),
    /// Blocks of GGUF: a few bits an element and a scale for each block.
    Quantized(Arc<QTensor>),
}

impl FrozenWeight {
    /// `weight`: `[out, in]` in float32, float64, bfloat16 or float16; `name` stands in errors.
    ///
    /// # Errors
    /// It is not a matrix, or of another type.
    pub fn new(name: &str, weight: &Tensor) -> Result<Self> {
        let weight = weight.contiguous()?;
        let dims = matrix(name, weight.dims())?;
        let stored = match weight.dtype() {
            DType::F32 | DType::F64 => Stored::Full(weight),
            DType::BF16 | DType::F16 => Stored::Half(weight),
            other => {
                let message =
                    format!("weight `{name}` must be float32, float64, bfloat16, float16 or quantised, found {other:?}");
                return Err(Error::Argument { op: "lora_linear", message });
            }
        };
        Ok(FrozenWeight { name: name.into(), dims, stored })
    }

    /// `weight`: `[out, in]` in any of GGUF's types.
    ///
    /// # Errors
    /// It is not a matrix.
    pub fn quantized(name: &str, weight: Arc<QTensor>) -> Result<Self> {
        let dims = matrix(name, weight.shape().dims())?;
        let (plain, device) = (weight.dtype(), weight.device());
        let stored = match plain {
            // These lose nothing in a plain tensor of the same size.
            GgmlDType::F32 => Stored::Full(weight.dequantize(&device)?),
            GgmlDType::BF16 => Stored::Half(weight.dequantize(&device)?.to_dtype(DType::BF16)?),
            GgmlDType::F16 => Stored::Half(weight.dequantize(&device)?.to_dtype(DType::F16)?),
            _ => Stored::Quantized(weight),
        };
        Ok(FrozenWeight { name: name.into(), dims, stored })
    }

    /// The parameter's own memory.
    ///
    /// # Errors
    /// It is not a matrix.
    pub fn from_param(param: &Param) -> Result<Self> {
        Self::new(param.name(), param.tensor())
    }

    /// The name that errors use.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `[out, in]`.
    pub fn dims(&self) -> [usize; 2] {
        self.dims
    }

    /// Memory that the elements take.
    pub fn size_bytes(&self) -> usize {
        match &self.stored {
            Stored::Full(t) | Stored::Half(t) => t.elem_count() * t.dtype().size_in_bytes(),
            Stored::Quantized(q) => q.storage_size_in_bytes(),
        }
    }

    /// The whole weight as a tensor of that type.
    ///
    /// # Errors
    /// A tensor operation failed.
    pub fn dense(&self, dtype: DType, device: &Device) -> Result<Tensor> {
        let tensor = match &self.stored {
            Stored::Full(t) | Stored::Half(t) => t.to_device(device)?,
            Stored::Quantized(q) => q.dequantize(device)?,
        };
        Ok(tensor.to_dtype(dtype)?)
    }

    pub(super) fn device(&self) -> Device {
        match &self.stored {
            Stored::Full(t) | Stored::Half(t) => t.device().clone(),
            Stored::Quantized(q) => q.device(),
        }
    }

    /// Whether the fast version is right for it: it is on the CPU, and not in float64.
    pub(super) fn is_fast(&self) -> bool {
        let is_double = matches!(&self.stored, Stored::Full(t) if t.dtype() == DType::F64);
        self.device().is_cpu() && !is_double
    }

    /// Calls `f` for neighbouring rows, first to last, with the first one's number: once with all of a float32 weight, else with as
    /// many as fit the room, made in working memory. For CPU tensors.
    pub(super) fn for_rows(&self, mut f: impl FnMut(usize, View)) -> Result<()> {
        let [out, inner] = self.dims;
        match &self.stored {
            Stored::Full(t) if is_fast(t) => {
                let all = slice::floats(t)?;
                f(0, View::new(&all, out, inner));
                Ok(())
            }
            Stored::Full(t) => {
                let all = t.to_dtype(DType::F32)?.to_device(&Device::Cpu)?;
                f(0, View::new(&slice::floats(&all)?, out, inner));
                Ok(())
            }
            Stored::Half(t) => {
                let (guard, layout) = t.storage_and_layout();
                let start = layout.start_offset();
                match &*guard {
                    Storage::Cpu(CpuStorage::BF16(v)) => {
                        let widen = |at: usize, to: &mut [f32]| {
                            let from = &v[start + at..][..to.len()];
                            to.iter_mut().zip(from).for_each(|(t, f)| *t = f32::from_bits(u32::from(f.to_bits()) << 16));
                        };
                        in_blocks(self.dims, widen, f);
                        Ok(())
                    }
                    Storage::Cpu(CpuStorage::F16(v)) => {
                        let widen = |at: usize, to: &mut [f32]| {
                            let from = &v[start + at..][..to.len()];
                            to.iter_mut().zip(from).for_each(|(t, f)| *t = f.to_f32());
                        };
                        in_blocks(self.dims, widen, f);
                        Ok(())
                    }
                    _ => Err(self.elsewhere()),
                }
            }
            Stored::Quantized(q) if q.device().is_cpu() => quantized_rows(q, self.dims, f),
            Stored::Quantized(_) => Err(self.elsewhere()),
        }
    }

    fn elsewhere(&self) -> Error {
        let message = format!("weight `{}` is not on the CPU, where the input is", self.name);
        Error::Argument { op: "lora_linear", message }
    }
}

fn matrix(name: &str, dims: &[usize]) -> Result<[usize; 2]> {
    match *dims {
        [out, inner] => Ok([out, inner]),
        _ => Err(Error::shape("lora_linear", format!("weight `{name}`"), "[out, in]", dims)),
    }
}

/// Rows made by `fill`, which gets the number of the first element and where to write; tasks are rows.
fn in_blocks([out, inner]: [usize; 2], fill: impl Fn(usize, &mut [f32]) + Sync, mut f: impl FnMut(usize, View)) {
    if inner == 0 {
        return f(0, View::new(&[], out, 0));
    }
    let most = (ROOM / inner).clamp(1, out.max(1));
    for first in (0..out).step_by(most) {
        let rows = most.min(out - first);
        scratch::with(rows * inner, |room| {
            room.par_chunks_mut(inner).enumerate().for_each(|(row, to)| fill((first + row) * inner, to));
            f(first, View::new(room, rows, inner));
        });
    }
}

fn quantized_rows(q: &QTensor, dims: [usize; 2], f: impl FnMut(usize, View)) -> Result<()> {
    let data = q.data()?;
    match q.dtype() {
        GgmlDType::Q4_0 => block_rows::<BlockQ4_0>(&data, dims, f),
        GgmlDType::Q4_1 => block_rows::<BlockQ4_1>(&data, dims, f),
        GgmlDType::Q5_0 => block_rows::<BlockQ5_0>(&data, dims, f),
        GgmlDType::Q5_1 => block_rows::<BlockQ5_1>(&data, dims, f),
        GgmlDType::Q8_0 => block_rows::<BlockQ8_0>(&data, dims, f),
        GgmlDType::Q8_1 => block_rows::<BlockQ8_1>(&data, dims, f),
        GgmlDType::Q2K => block_rows::<BlockQ2K>(&data, dims, f),
        GgmlDType::Q3K => block_rows::<BlockQ3K>(&data, dims, f),
        GgmlDType::Q4K => block_rows::<BlockQ4K>(&data, dims, f),
        GgmlDType::Q5K => block_rows::<BlockQ5K>(&data, dims, f),
        GgmlDType::Q6K => block_rows::<BlockQ6K>(&data, dims, f),
        GgmlDType::Q8K => block_rows::<BlockQ8K>(&data, dims, f),
        plain @ (GgmlDType::F32 | GgmlDType::F16 | GgmlDType::BF16) => {
            let message = format!("{plain:?} is kept as a plain tensor");
            Err(Error::Argument { op: "lora_linear", message })
        }
    }
}

fn block_rows<T: GgmlType>(data: &[u8], dims: [usize; 2], f: impl FnMut(usize, View)) -> Result<()> {
    // SAFETY: the blocks are structs of integers and halves in C layout, for which any bytes are a value, and their bytes here were
    // blocks of that type in the tensor's memory; only what is aligned is taken.
    let (before, blocks, after) = unsafe { data.align_to::<T>() };
    let whole = before.is_empty() && after.is_empty() && blocks.len() * T::BLCK_SIZE == dims[0] * dims[1];
    if !whole || !dims[1].is_multiple_of(T::BLCK_SIZE) {
        let message = format!("{} bytes are not the {:?} blocks of a {}x{} weight", data.len(), T::DTYPE, dims[0], dims[1]);
        return Err(Error::Argument { op: "lora_linear", message });
    }
    let widen = |at: usize, to: &mut [f32]| T::to_float(&blocks[at / T::BLCK_SIZE..][..to.len() / T::BLCK_SIZE], to);
    in_blocks(dims, widen, f);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{close, constant};
    use crate::matmul::{ViewMut, Write, matmul};

    /// What `for_rows` makes, put together.
    fn rows(w: &FrozenWeight) -> Result<Tensor> {
        let [out, inner] = w.dims();
        let mut all = Vec::new();
        w.for_rows(|first, view| {
            assert_eq!(first * inner, all.len(), "rows come in order");
            let rows = view.rows();
            let mut copy = vec![0f32; rows * inner];
            let identity: Vec<f32> = (0..rows * rows).map(|i| f32::from(u8::from(i % (rows + 1) == 0))).collect();
            matmul(1.0, View::new(&identity, rows, rows), view, ViewMut::new(&mut copy, rows, inner), Write::Set);
            all.extend(copy);
        })?;
        Ok(Tensor::from_vec(all, (out, inner), &Device::Cpu)?)
    }

    #[test]
    fn rows_are_the_whole_weight_in_every_type() -> Result<()> {
        use GgmlDType::{Q2K, Q3K, Q4_0, Q4_1, Q4K, Q5_0, Q5_1, Q5K, Q6K, Q8_0, Q8_1, Q8K};
        let t = constant(&[37, 512]).tensor().clone();
        for dtype in [DType::F32, DType::BF16, DType::F16, DType::F64] {
            let w = FrozenWeight::new("w", &t.to_dtype(dtype)?)?;
            close("plain", "rows", &rows(&w)?, &w.dense(DType::F32, &Device::Cpu)?, 0.0);
            assert_eq!(w.size_bytes(), 37 * 512 * dtype.size_in_bytes());
        }
        for (dtype, off) in [(Q4_0, 0.2), (Q4_1, 0.2), (Q5_0, 0.1), (Q5_1, 0.1), (Q8_0, 0.01), (Q8_1, 0.01), (Q2K, 0.5)]
            .into_iter()
            .chain([(Q3K, 0.4), (Q4K, 0.2), (Q5K, 0.1), (Q6K, 0.05), (Q8K, 0.01)])
        {
            let w = FrozenWeight::quantized("w", Arc::new(QTensor::quantize(&t, dtype)?))?;
            let dense = w.dense(DType::F32, &Device::Cpu)?;
            close(&format!("{dtype:?}"), "rows", &rows(&w)?, &dense, 0.0);
            close(&format!("{dtype:?}"), "weight", &dense, &t, off);
            assert!(w.size_bytes() < 37 * 512 * 2, "{dtype:?}");
        }
        for dtype in [GgmlDType::F32, GgmlDType::F16, GgmlDType::BF16] {
            let w = FrozenWeight::quantized("w", Arc::new(QTensor::quantize(&t, dtype)?))?;
            close(&format!("{dtype:?}"), "rows", &rows(&w)?, &t, 4e-3);
        }
        Ok(())
    }

    /// More rows than the room holds, and rows that do not fill the last block.
    #[test]
    fn large_weights_come_in_blocks() -> Result<()> {
        let t = constant(&[259, 8192]).tensor().to_dtype(DType::BF16)?;
        let w = FrozenWeight::new("w", &t.narrow(0, 1, 258)?)?;
        let mut calls = 0;
        w.for_rows(|_, _| calls += 1)?;
        assert_eq!(calls, 3);
        close("bfloat16", "rows", &rows(&w)?, &t.narrow(0, 1, 258)?.to_dtype(DType::F32)?, 0.0);
        Ok(())
    }

    #[test]
    fn mistakes_are_named() -> Result<()> {
        let says = |r: Result<FrozenWeight>| r.unwrap_err().to_string();
        let bytes = Tensor::zeros((2, 2), DType::U8, &Device::Cpu)?;
        assert!(says(FrozenWeight::new("w", &bytes)).contains("`w` must be float32"));
        assert!(says(FrozenWeight::new("w", constant(&[2]).tensor())).contains("expected [out, in], found [2]"));
        let mut blocks = vec![0u8; 18 * 3];
        assert!(block_rows::<BlockQ4_0>(&blocks, [3, 32], |_, _| ()).is_ok());
        blocks.pop();
        assert!(block_rows::<BlockQ4_0>(&blocks, [3, 32], |_, _| ()).is_err());
        Ok(())
    }
}
