//! The one door to the memory of a CPU float32 tensor: read as a slice, build from a `Vec`, update in place.

use crate::Result;
use candle_core::{CpuStorage, DType, InplaceOp1, Layout, Storage, Tensor};
use std::cell::RefCell;
use std::ops::Deref;

/// Whether the fast CPU kernels take this tensor.
pub(crate) fn is_fast(t: &Tensor) -> bool {
    t.device().is_cpu() && t.dtype() == DType::F32
}

/// A contiguous float32 tensor's elements, read-locked while this lives.
struct Floats<G> {
    guard: G,
    start: usize,
    len: usize,
}

/// The elements of a contiguous float32 CPU tensor. Callers have checked [`is_fast`] and made the tensor contiguous.
pub(crate) fn floats(t: &Tensor) -> Result<impl Deref<Target = [f32]>> {
    let (guard, layout) = t.storage_and_layout();
    match (&*guard, layout.contiguous_offsets()) {
        (Storage::Cpu(CpuStorage::F32(_)), Some((start, end))) => Ok(Floats { guard, start, len: end - start }),
        _ => Err(crate::Error::Argument { op: "cpu kernel", message: format!("needs a contiguous float32 CPU tensor, found {layout:?}") }),
    }
}

impl<G: Deref<Target = Storage>> Deref for Floats<G> {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        match &*self.guard {
            Storage::Cpu(CpuStorage::F32(v)) => &v[self.start..self.start + self.len],
            _ => unreachable!("checked by `floats`"),
        }
    }
}

/// Runs `f` on the elements of a contiguous float32 CPU tensor, in place. Every tensor that shares the storage sees the change;
/// this is meant for parameters, moments and gradients, which this crate owns.
pub(crate) fn update(t: &Tensor, f: impl FnOnce(&mut [f32])) -> Result<()> {
    struct Once<F>(RefCell<Option<F>>);
    impl<F: FnOnce(&mut [f32])> InplaceOp1 for Once<F> {
        fn name(&self) -> &'static str {
            "update in place"
        }
        fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
            match (storage, layout.contiguous_offsets(), self.0.borrow_mut().take()) {
                (CpuStorage::F32(v), Some((start, end)), Some(f)) => f(&mut v[start..end]),
                _ => candle_core::bail!("needs a contiguous float32 CPU tensor, found {layout:?}"),
            }
            Ok(())
        }
    }
    Ok(t.inplace_op1(&Once(RefCell::new(Some(f))))?)
}
