//! The door to kernels of our own: `cuda.cu` beside an operation holds them, `cuda.rs` beside it launches them through here.
//!
//! Two places run a kernel. With the feature `cuda` it is the GPU, through Candle's device (`gpu.rs`). With `cuda-emulation` tests
//! can have the CPU run the same `.cu` text on CPU tensors (`emulation.rs`, `emulation.hpp`): that shows arithmetic, indexing,
//! arguments and barriers to be right; of speed and of what a warp's scheduling may do it shows nothing.
//!
//! All work of a device goes to its one stream, from one thread of the host, in order; memory is freed in that order too. So a
//! kernel needs no event to wait for, and a tensor may be dropped as soon as the kernels that use it are launched.

#[cfg(feature = "cuda-emulation")]
mod emulation;
#[cfg(feature = "cuda")]
mod gpu;
#[cfg(all(test, feature = "cuda"))]
pub(crate) use gpu::any_gpu;
#[cfg(feature = "cuda")]
pub use gpu::open_gpu;

#[cfg(all(test, feature = "cuda-emulation"))]
pub(crate) use emulation::{Order, emulated, launches};

use crate::{Error, Result};
use candle_core::backend::BackendDevice;
use candle_core::op::BackpropOp;
use candle_core::{CpuStorage, CudaStorage, DType, Device, InplaceOp1, Layout, Shape, Storage, Tensor};
use std::cell::Cell;

/// Whether kernels of our own take this tensor: it lies on a GPU (or one is emulated) in a type that they are compiled for.
pub(crate) fn takes(t: &Tensor) -> bool {
    matches!(t.dtype(), DType::F32 | DType::BF16) && (t.device().is_cuda() || emulating(t.device()))
}

#[cfg(feature = "cuda-emulation")]
fn emulating(device: &Device) -> bool {
    device.is_cpu() && emulation::order().is_some()
}

#[cfg(not(feature = "cuda-emulation"))]
fn emulating(_: &Device) -> bool {
    false
}

/// An argument of a kernel, in the kernel's order. Tensors are contiguous.
#[derive(Clone, Copy)]
pub(crate) enum Arg<'a> {
    /// `const T*`.
    Read(&'a Tensor),
    /// `T*`: a tensor that the kernel writes. Every tensor that shares the memory sees the change.
    Write(&'a Tensor),
    /// `int`.
    Int(usize),
    /// `int64_t`.
    Long(usize),
    /// `uint64_t`.
    Bits(u64),
    /// `float`.
    Float(f32),
}

/// A kernel, of the source of that operation, compiled for tensors of that type.
#[derive(Clone, Copy)]
pub(crate) struct Kernel {
    pub(crate) op: &'static str,
    pub(crate) name: &'static str,
    pub(crate) dtype: DType,
}

/// How many blocks of how many threads; a block's threads are columns by rows, whole warps.
#[derive(Clone, Copy)]
pub(crate) struct Grid {
    pub(crate) blocks: usize,
    pub(crate) threads: [u32; 2],
    /// Of dynamic shared memory in a block.
    pub(crate) shared_bytes: usize,
}

impl Grid {
    /// A thread an element.
    pub(crate) fn elements(n: usize) -> Self {
        Self::blocks(n.div_ceil(256))
    }

    /// That many blocks of 256 threads.
    pub(crate) fn blocks(blocks: usize) -> Self {
        Grid { blocks, threads: [256, 1], shared_bytes: 0 }
    }

    /// A warp a row.
    pub(crate) fn warps(rows: usize) -> Self {
        Grid { blocks: rows.div_ceil(4), threads: [32, 4], shared_bytes: 0 }
    }
}

impl Kernel {
    /// The source's name: operation and type.
    fn source(&self) -> String {
        format!("{}.{}", self.op, if self.dtype == DType::BF16 { "bf16" } else { "f32" })
    }

    /// Launches the kernel on the device; nothing happens for no blocks.
    ///
    /// # Errors
    /// The kernel cannot be loaded or launched, or a number is too large for its type. What a kernel does wrong on a GPU while it
    /// runs shows at a later call.
    pub(crate) fn launch(self, device: &Device, grid: Grid, args: &[Arg]) -> Result<()> {
        if grid.blocks == 0 {
            return Ok(());
        }
        if grid.blocks > i32::MAX as usize {
            return Err(self.error(format!("{} blocks are more than a grid holds", grid.blocks)));
        }
        for arg in args {
            if let Arg::Read(t) | Arg::Write(t) = arg
                && !t.device().same_device(device)
            {
                let (found, expected) = (t.device().location(), device.location());
                return Err(self.error(format!("a tensor lies on {found:?}, expected {expected:?} as the others")));
            }
        }
        let args = args.iter().map(|arg| self.raw(*arg)).collect::<Result<Vec<Raw>>>()?;
        match device {
            #[cfg(feature = "cuda")]
            Device::Cuda(device) => gpu::launch(device, self, grid, &args),
            #[cfg(feature = "cuda-emulation")]
            Device::Cpu => emulation::launch(self, grid, &args),
            other => Err(self.error(format!("there is no device of the kind {:?} to launch it on", other.location()))),
        }
    }

    fn raw(&self, arg: Arg) -> Result<Raw> {
        let int = |n: usize| i32::try_from(n).map_err(|_| self.error(format!("{n} is too large a size for this kernel")));
        let memory = |t: &Tensor, kind: u8, address: u64| Raw {
            kind,
            element_bytes: t.dtype().size_in_bytes() as u32,
            bits: address,
            bytes: (t.elem_count() * t.dtype().size_in_bytes()) as u64,
        };
        let number = |kind: u8, element_bytes: u32, bits: u64| Raw { kind, element_bytes, bits, bytes: 0 };
        Ok(match arg {
            Arg::Read(t) => memory(t, b'r', address(t)?),
            Arg::Write(t) => memory(t, b'w', address_mut(t)?),
            Arg::Int(n) => number(b'i', 4, u64::from(int(n)?.cast_unsigned())),
            Arg::Long(n) => number(b'l', 8, n as u64),
            Arg::Bits(bits) => number(b'u', 8, bits),
            Arg::Float(x) => number(b'f', 4, u64::from(x.to_bits())),
        })
    }

    fn error(&self, message: String) -> Error {
        Error::Argument { op: self.op, message: format!("kernel `{}`: {message}", self.name) }
    }
}

/// An argument's bytes: a number, or where memory lies and how much. Its first 4 or 8 bytes are what the kernel takes (the
/// machines that have GPUs are little-endian).
#[repr(C)]
struct Raw {
    kind: u8,
    element_bytes: u32,
    bits: u64,
    bytes: u64,
}

/// A tensor whose elements hold anything yet (NaN where the device is emulated).
pub(crate) fn empty(shape: impl Into<Shape>, dtype: DType, device: &Device) -> Result<Tensor> {
    let shape = shape.into();
    if shape.elem_count() == 0 {
        return Ok(Tensor::zeros(shape, dtype, device)?);
    }
    match device {
        Device::Cuda(cuda) => {
            // SAFETY: any bits are a number, and callers pass the tensor to a kernel that writes all of it.
            let storage = unsafe { cuda.alloc_uninit(&shape, dtype)? };
            Ok(Tensor::from_storage(Storage::Cuda(storage), shape, BackpropOp::none(), false))
        }
        _ => Ok(Tensor::full(f32::NAN, shape, device)?.to_dtype(dtype)?),
    }
}

/// As [`empty`], with another tensor's shape, type and device.
pub(crate) fn empty_like(t: &Tensor) -> Result<Tensor> {
    empty(t.shape(), t.dtype(), t.device())
}

/// Checks that operands which a kernel takes as one type have one: what it reads as another is not noticed on a GPU.
pub(crate) fn same_type(op: &'static str, tensors: &[(&str, &Tensor)]) -> Result<()> {
    let Some(((first, like), rest)) = tensors.split_first() else { return Ok(()) };
    match rest.iter().find(|(_, t)| t.dtype() != like.dtype()) {
        Some((what, t)) => {
            let message = format!("{what}: expected {:?} as {first}, found {:?}", like.dtype(), t.dtype());
            Err(Error::Argument { op, message })
        }
        None => Ok(()),
    }
}

fn not_contiguous(layout: &Layout) -> Error {
    Error::Argument { op: "kernel", message: format!("needs a contiguous tensor of a known type, found {layout:?}") }
}

/// Where a contiguous tensor's elements lie.
fn address(t: &Tensor) -> Result<u64> {
    let (storage, layout) = t.storage_and_layout();
    let Some((start, _)) = layout.contiguous_offsets() else { return Err(not_contiguous(layout)) };
    let base = match &*storage {
        Storage::Cpu(CpuStorage::F32(v)) => v.as_ptr() as u64,
        Storage::Cpu(CpuStorage::BF16(v)) => v.as_ptr() as u64,
        Storage::Cpu(CpuStorage::U32(v)) => v.as_ptr() as u64,
        Storage::Cpu(CpuStorage::F64(v)) => v.as_ptr() as u64,
        #[cfg(feature = "cuda")]
        Storage::Cuda(storage) => gpu::address(storage)?,
        _ => return Err(not_contiguous(layout)),
    };
    Ok(base + (start * t.dtype().size_in_bytes()) as u64)
}

/// As [`address`], of memory that a kernel is to write: it stays valid after this call, because the caller holds the tensor
/// until the kernel is launched, and nothing else touches the tensor meanwhile.
fn address_mut(t: &Tensor) -> Result<u64> {
    struct Find(Cell<Option<u64>>);
    impl InplaceOp1 for Find {
        fn name(&self) -> &'static str {
            "memory of a tensor"
        }
        fn cpu_fwd(&self, storage: &mut CpuStorage, _: &Layout) -> candle_core::Result<()> {
            self.0.set(match storage {
                CpuStorage::F32(v) => Some(v.as_mut_ptr() as u64),
                CpuStorage::BF16(v) => Some(v.as_mut_ptr() as u64),
                CpuStorage::U32(v) => Some(v.as_mut_ptr() as u64),
                CpuStorage::F64(v) => Some(v.as_mut_ptr() as u64),
                _ => None,
            });
            Ok(())
        }
        fn cuda_fwd(&self, storage: &mut CudaStorage, _: &Layout) -> candle_core::Result<()> {
            #[cfg(feature = "cuda")]
            self.0.set(gpu::address(storage).ok());
            let _ = storage;
            Ok(())
        }
    }
    let find = Find(Cell::new(None));
    t.inplace_op1(&find)?;
    match (find.0.get(), t.layout().contiguous_offsets()) {
        (Some(base), Some((start, _))) => Ok(base + (start * t.dtype().size_in_bytes()) as u64),
        _ => Err(not_contiguous(t.layout())),
    }
}
