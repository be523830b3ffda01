//! The one door to the memory of a CPU float32 tensor: read as a slice, build from a `Vec`, update in place.

use crate::{Error, Result};
use candle_core::{CpuStorage, DType, InplaceOp1, Layout, Storage, Tensor};
use std::cell::RefCell;
use std::marker::PhantomData;
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
        _ => {
            Err(Error::Argument { op: "cpu kernel", message: format!("needs a contiguous float32 CPU tensor, found {layout:?}") })
        }
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
pub(crate) fn update<R>(t: &Tensor, f: impl FnOnce(&mut [f32]) -> R) -> Result<R> {
    /// What runs once, then what it returned.
    enum Once<F, R> {
        Waiting(F),
        Done(R),
        Running,
    }
    struct InPlace<F, R>(RefCell<Once<F, R>>);
    impl<R, F: FnOnce(&mut [f32]) -> R> InplaceOp1 for InPlace<F, R> {
        fn name(&self) -> &'static str {
            "update in place"
        }
        fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
            match (storage, layout.contiguous_offsets(), self.0.replace(Once::Running)) {
                (CpuStorage::F32(v), Some((start, end)), Once::Waiting(f)) => {
                    self.0.replace(Once::Done(f(&mut v[start..end])));
                    Ok(())
                }
                _ => candle_core::bail!("needs a contiguous float32 CPU tensor, found {layout:?}"),
            }
        }
    }
    if t.elem_count() == 0 {
        return Ok(f(&mut [])); // Candle takes an empty tensor for one whose elements repeat
    }
    let op = InPlace(RefCell::new(Once::Waiting(f)));
    t.inplace_op1(&op)?;
    match op.0.into_inner() {
        Once::Done(result) => Ok(result),
        _ => Err(Error::Argument { op: "update in place", message: "the tensor was not visited".into() }),
    }
}

/// Whether two tensors lie in the same memory, as views of one another do: one cannot be read while the other is written.
pub(crate) fn same_memory(a: &Tensor, b: &Tensor) -> bool {
    // One after the other: a lock that is read twice at a time may wait for a writer between the two.
    let place = |t: &Tensor| std::ptr::from_ref(&*t.storage_and_layout().0).addr();
    place(a) == place(b)
}

/// Contiguous elements of `t`, in memory that is not `other`'s.
pub(crate) fn contiguous_apart(t: &Tensor, other: &Tensor) -> Result<Tensor> {
    Ok(if same_memory(t, other) { t.force_contiguous()? } else { t.contiguous()? })
}

/// Overwrites a tensor's elements with those of `value`, of the same shape and type, on any device.
pub(crate) fn overwrite(t: &Tensor, value: &Tensor) -> Result<()> {
    let value = contiguous_apart(&value.to_dtype(t.dtype())?, t)?;
    if is_fast(t) {
        let value = floats(&value)?;
        return update(t, |have| have.copy_from_slice(&value));
    }
    // A number has no dimension along which to set it.
    let (t, value) = if t.rank() == 0 { (t.unsqueeze(0)?, value.unsqueeze(0)?) } else { (t.clone(), value) };
    Ok(t.slice_set(&value, 0, 0)?)
}

/// A new vector of `len` elements that `fill` writes, without writing zeros first.
///
/// `fill` must write every element and read none before it is written. In tests the memory starts as NaN, so that an element
/// which a kernel forgets or reads too early shows in its result.
pub(crate) fn fresh(len: usize, fill: impl FnOnce(&mut [f32])) -> Vec<f32> {
    let mut memory: Vec<f32> = Vec::with_capacity(len);
    if cfg!(test) {
        memory.resize(len, f32::NAN);
        fill(&mut memory);
        return memory;
    }
    // SAFETY: the memory holds `len` floats, any bits are a float, and every caller's `fill` writes all of them before they
    // are read, which the tests of each operation show by the NaN above.
    unsafe {
        fill(std::slice::from_raw_parts_mut(memory.as_mut_ptr(), len));
        memory.set_len(len);
    }
    memory
}

/// A tensor of that shape that `fill` writes, as [`fresh`] says.
pub(crate) fn fresh_tensor(dims: impl Into<candle_core::Shape>, fill: impl FnOnce(&mut [f32])) -> Result<Tensor> {
    let shape = dims.into();
    let values = fresh(shape.elem_count(), fill);
    Ok(Tensor::from_vec(values, shape, &candle_core::Device::Cpu)?)
}

/// A slice that tasks write side by side, each its own parts, where the parts of a task are scattered.
#[derive(Clone, Copy)]
pub(crate) struct Scattered<'a> {
    start: *mut f32,
    len: usize,
    life: PhantomData<&'a mut [f32]>,
}

// SAFETY: all access goes through `part`, whose callers promise that no two tasks hold the same element.
unsafe impl Send for Scattered<'_> {}
// SAFETY: as above.
unsafe impl Sync for Scattered<'_> {}

impl<'a> Scattered<'a> {
    pub(crate) fn new(slice: &'a mut [f32]) -> Self {
        Scattered { start: slice.as_mut_ptr(), len: slice.len(), life: PhantomData }
    }

    /// Whether there is no element.
    pub(crate) fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The elements `from..from + len`.
    ///
    /// # Safety
    /// While the part lives, no other part that holds one of its elements may be read or written.
    ///
    /// # Panics
    /// The range leaves the slice.
    pub(crate) unsafe fn part(self, from: usize, len: usize) -> &'a mut [f32] {
        assert!(from <= self.len && len <= self.len - from, "part {from}+{len} of {}", self.len);
        // SAFETY: within the slice by the check above; exclusive by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(from), len) }
    }

    /// The first element's address and the number of elements from `from` on, for a product that writes strided rows.
    ///
    /// # Panics
    /// `from` leaves the slice.
    pub(crate) fn rest(self, from: usize) -> (*mut f32, usize) {
        assert!(from <= self.len, "{from} of {}", self.len);
        (self.start.wrapping_add(from), self.len - from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn update_returns_and_is_seen() -> Result<()> {
        let t = Tensor::new(&[1f32, 2.], &Device::Cpu)?;
        let seen = t.clone();
        assert_eq!(update(&t, |v| std::mem::replace(&mut v[0], 5.0))?, 1.0);
        assert_eq!(seen.to_vec1::<f32>()?, [5.0, 2.0]);
        assert!(update(&t.to_dtype(DType::F64)?, |_| ()).is_err());
        assert_eq!(update(&Tensor::zeros((0, 3), DType::F32, &Device::Cpu)?, |v| v.len())?, 0);
        assert!(floats(&Tensor::zeros((2, 3), DType::F32, &Device::Cpu)?.t()?).is_err());
        Ok(())
    }

    /// A tensor may be set from its own memory, as a whole and turned.
    #[test]
    fn overwriting_with_itself() -> Result<()> {
        for dtype in [DType::F32, DType::F64] {
            let t = Tensor::new(&[[1f32, 2.], [3., 4.]], &Device::Cpu)?.to_dtype(dtype)?;
            overwrite(&t, &t)?;
            overwrite(&t, &t.reshape((1, 4))?.reshape((2, 2))?)?;
            overwrite(&t, &t.t()?)?;
            assert_eq!(t.to_dtype(DType::F32)?.to_vec2::<f32>()?, [[1., 3.], [2., 4.]]);
        }
        let t = Tensor::new(&[1f32, 2.], &Device::Cpu)?;
        crate::blocks::accumulate(&t, &t)?;
        assert_eq!(t.to_vec1::<f32>()?, [2., 4.]);
        assert!(same_memory(&t, &t.reshape((2, 1))?) && !same_memory(&t, &t.copy()?));
        Ok(())
    }

    #[test]
    fn scattered_parts_write_their_own() {
        let mut v = vec![0f32; 6];
        let scattered = Scattered::new(&mut v);
        // SAFETY: the two parts do not overlap.
        let (a, b) = unsafe { (scattered.part(0, 2), scattered.part(4, 2)) };
        a.fill(1.0);
        b.fill(2.0);
        assert_eq!(v, [1., 1., 0., 0., 2., 2.]);
        // SAFETY: it panics before anything is made.
        assert!(std::panic::catch_unwind(|| unsafe { Scattered::new(&mut [0.0]).part(1, 1).len() }).is_err());
    }
}
