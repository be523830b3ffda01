//! A prepared file as the trainer reads it: mapped and not copied, so that a split may be larger than memory. The system reads what is
//! asked for. Pages that were read count as the process's own until it gives them back, though the system would take them where memory
//! runs short; so whoever looks at all of a tensor gives back what is behind it, and whoever reads here and there does so now and then.

use super::{Error, Result};
use crate::words::counted;
use memmap2::Mmap;
#[cfg(unix)]
use memmap2::UncheckedAdvice;
use safetensors::tensor::{Metadata, TensorInfo};
use safetensors::{Dtype, SafeTensors};
use std::fs::File;
use std::marker::PhantomData;
use std::ops::{Deref, Range};
use std::path::Path;
use std::sync::Arc;

const _: () = assert!(cfg!(target_endian = "little"), "prepared files hold little-endian numbers, which are read where they lie");

/// What is looked at before it is given back, in bytes.
const PIECE: usize = 4 << 20;

/// A file that is no larger than this may stay.
pub const STAYS_MAPPED: usize = 64 << 20;

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

    /// What holds the pages that are read.
    pub(super) fn pages(&self) -> Pages {
        Pages(self.map.clone())
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
                "`{name}`: expected {:?} with {}, found {:?} {:?}",
                T::DTYPE,
                counted(dims, "dimension"),
                info.dtype,
                info.shape
            ));
        }
        let (from, to) = info.data_offsets;
        let elements = Elements::mapped(self.map.clone(), self.start + from..self.start + to);
        elements.map(|elements| (elements, info.shape.clone())).ok_or_else(|| format!("`{name}` does not lie as its type must"))
    }
}

/// The pages of a mapped file.
#[derive(Clone)]
pub(super) struct Pages(Arc<Mmap>);

impl Pages {
    /// For whoever reads example after example: example `i` was read, and is not read again for long.
    pub(super) fn give_back_after(&self, i: usize) {
        if i % EXAMPLES == EXAMPLES - 1 {
            self.give_back();
        }
    }

    /// Gives back all that were read, unless they are few. What is asked for afterwards comes from the system's cache again, or from the
    /// disk; what is borrowed stays valid.
    pub(super) fn give_back(&self) {
        if self.0.len() > STAYS_MAPPED {
            give_back(&self.0, 0..self.0.len());
        }
    }
}

/// How many examples are read one behind the other before what was read is given back.
const EXAMPLES: usize = 256;

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// Those of `range`, in bytes. That they stay where the system does not let go of them costs memory, no more.
fn give_back(map: &Mmap, range: Range<usize>) {
    #[cfg(unix)]
    // SAFETY: the mapping is shared, of a file that nobody changes, and only read: its pages are read again as they were.
    unsafe {
        map.unchecked_advise_range(UncheckedAdvice::DontNeed, range.start, range.len()).ok();
    }
    #[cfg(not(unix))]
    let _ = (map, range);
}

/// A number that any bytes of its size are one of.
///
/// # Safety
/// Every bit pattern is a value, and there is no padding.
pub unsafe trait Plain: Copy {
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

/// The elements of a tensor, where they lie in the file. As a slice they stay where they are read; what looks at all of them does so
/// piece by piece.
pub struct Elements<T> {
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

    /// All of them in pieces. A piece is given back to the system when the next one is asked for.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &[T]> {
        let each = PIECE / size_of::<T>();
        self.chunks(each).enumerate().map(move |(number, piece)| {
            if let Some(before) = number.checked_sub(1) {
                let start = self.at.start + before * PIECE;
                give_back(&self.map, start..start + PIECE);
            }
            piece
        })
    }

    /// The first that is `wanted`, and its place.
    pub(super) fn first_where(&self, wanted: impl Fn(T) -> bool) -> Option<(usize, T)> {
        let mut before = 0;
        for piece in self.pieces() {
            if let Some(at) = piece.iter().position(|value| wanted(*value)) {
                return Some((before + at, piece[at]));
            }
            before += piece.len();
        }
        None
    }

    /// Whether each and the one behind it fit.
    pub(super) fn all_pairs(&self, fit: impl Fn(T, T) -> bool) -> bool {
        let mut last = None;
        self.pieces().flatten().all(|&value| last.replace(value).is_none_or(|last| fit(last, value)))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// More than a piece, and no whole number of them.
    #[test]
    fn all_is_seen_in_pieces_and_stays_the_same() {
        let dir = tempfile::tempdir().expect("a folder");
        let (path, count) = (dir.path().join("x.safetensors"), 2 * PIECE / 4 + 17);
        let bytes: Vec<u8> = (0..count as u32).flat_map(u32::to_le_bytes).collect();
        let view = safetensors::tensor::TensorView::new(Dtype::U32, vec![count], &bytes).expect("a tensor");
        safetensors::serialize_to_file([("x", view)], None, &path).expect("written");
        let file = TensorFile::open(&path).expect("opened");
        let x: Elements<u32> = file.elements("x", 1).expect("there").0;
        let borrowed = &x[5..8];
        assert_eq!(x.pieces().flatten().copied().collect::<Vec<u32>>(), (0..count as u32).collect::<Vec<u32>>());
        assert_eq!(x.pieces().map(<[u32]>::len).collect::<Vec<usize>>(), [PIECE / 4, PIECE / 4, 17]);
        let last = count as u32 - 1;
        assert_eq!((x.first_where(|v| v == last), x.first_where(|v| v > last)), (Some((count - 1, last)), None));
        assert!(x.all_pairs(|a, b| a + 1 == b) && !x.all_pairs(|a, _| a as usize != PIECE / 4 - 1));
        give_back(&x.map, 0..x.map.len());
        assert_eq!((borrowed, x[count - 1]), (&[5, 6, 7][..], last));
    }
}
