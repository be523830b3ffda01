//! A prepared file as the trainer reads it: mapped and not copied, so that a split may be larger than memory. The system reads what is
//! asked for, and gives it up again where memory runs short.

use super::{Error, Result};
use memmap2::Mmap;
use safetensors::tensor::{Metadata, TensorInfo};
use safetensors::{Dtype, SafeTensors};
use std::fs::File;
use std::marker::PhantomData;
use std::ops::{Deref, Range};
use std::path::Path;
use std::sync::Arc;

const _: () = assert!(cfg!(target_endian = "little"), "prepared files hold little-endian numbers, which are read where they lie");

/// A safetensors file whose header has been read and held against its length.
pub(super) struct TensorFile {
    map: Arc<Mmap>,
    header: Metadata,
    /// Where the header ends and the tensors begin.
    start: usize,
}

impl TensorFile {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let io = |source| Error::Io { action: "read", path: path.into(), source };
        let file = File::open(path).map_err(io)?;
        // SAFETY: prepared files are written beside their place and moved there whole; nobody changes one that has its name.
        let map = unsafe { Mmap::map(&file) }.map_err(io)?;
        let (length, header) = SafeTensors::read_metadata(&map)
            .map_err(|e| Error::NotPrepared { path: path.into(), what: format!("it is no safetensors file: {e}") })?;
        Ok(TensorFile { map: Arc::new(map), header, start: size_of::<u64>() + length })
    }

    /// What the file says of itself under `name`.
    pub(super) fn told(&self, name: &str) -> Option<&str> {
        self.header.metadata().as_ref()?.get(name).map(String::as_str)
    }

    /// A tensor's type and shape, if there is one of this name.
    pub(super) fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.header.info(name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.info(name).is_some()
    }

    /// A tensor's elements and shape, of this type and so many dimensions.
    pub(super) fn elements<T: Plain>(&self, name: &str, dims: usize) -> Result<(Elements<T>, Vec<usize>), String> {
        let info = self.info(name).ok_or_else(|| format!("it has no tensor `{name}`"))?;
        if info.dtype != T::DTYPE || info.shape.len() != dims {
            return Err(format!(
                "`{name}`: expected {:?} with {dims} dimension(s), found {:?} {:?}",
                T::DTYPE,
                info.dtype,
                info.shape
            ));
        }
        let (from, to) = info.data_offsets;
        let elements = Elements::mapped(self.map.clone(), self.start + from..self.start + to);
        elements.map(|elements| (elements, info.shape.clone())).ok_or_else(|| format!("`{name}` does not lie as its type must"))
    }
}

/// A number that any bytes of its size are one of.
///
/// # Safety
/// Every bit pattern is a value, and there is no padding.
pub(super) unsafe trait Plain: Copy {
    const DTYPE: Dtype;
}

// SAFETY: plain integers and floats.
unsafe impl Plain for u8 {
    const DTYPE: Dtype = Dtype::U8;
}
// SAFETY: as above.
unsafe impl Plain for u32 {
    const DTYPE: Dtype = Dtype::U32;
}
// SAFETY: as above.
unsafe impl Plain for u64 {
    const DTYPE: Dtype = Dtype::U64;
}
// SAFETY: as above.
unsafe impl Plain for f32 {
    const DTYPE: Dtype = Dtype::F32;
}
// SAFETY: as above.
unsafe impl Plain for f64 {
    const DTYPE: Dtype = Dtype::F64;
}

/// The elements of a tensor, where they lie in the file.
pub(super) struct Elements<T> {
    map: Arc<Mmap>,
    /// In bytes: whole elements, aligned.
    at: Range<usize>,
    of: PhantomData<T>,
}

impl<T: Plain> Elements<T> {
    /// None where the range is outside, is of no whole elements, or is not aligned.
    fn mapped(map: Arc<Mmap>, at: Range<usize>) -> Option<Self> {
        let bytes = map.get(at.clone())?;
        let fits = bytes.len().is_multiple_of(size_of::<T>()) && bytes.as_ptr().cast::<T>().is_aligned();
        fits.then_some(Elements { map, at, of: PhantomData })
    }
}

impl<T: Plain> Deref for Elements<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        let bytes = &self.map[self.at.clone()];
        // SAFETY: `mapped` has seen that there are whole elements and that the first is aligned; all bytes are values of a `Plain`.
        unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len() / size_of::<T>()) }
    }
}

impl<T> std::fmt::Debug for Elements<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} elements", self.at.len() / size_of::<T>())
    }
}
