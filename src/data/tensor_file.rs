//! Prepared splits on disk: safetensors with metadata, always the same bytes for the same content.
//!
//! The `safetensors` crate keeps metadata in a hash map and writes it in a different order each time, so the header is written here;
//! the file is read back by that crate.

use super::{Error, Result};
use crate::store::write_atomic;
use crate::words::hex;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dtype {
    U8,
    U32,
    F32,
    U64,
    F64,
}

impl Dtype {
    /// Of an element.
    pub(super) fn bytes(self) -> usize {
        match self {
            Dtype::U8 => 1,
            Dtype::U32 | Dtype::F32 => 4,
            Dtype::U64 | Dtype::F64 => 8,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Dtype::U8 => "U8",
            Dtype::U32 => "U32",
            Dtype::F32 => "F32",
            Dtype::U64 => "U64",
            Dtype::F64 => "F64",
        }
    }
}

/// A tensor's name, type, shape and little-endian bytes.
pub(super) struct Tensor<'a> {
    pub(super) name: &'static str,
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    pub(super) bytes: Bytes<'a>,
}

/// Where a tensor's bytes are.
pub(super) enum Bytes<'a> {
    Held(&'a [u8]),
    Zeros(usize),
    Spooled(&'a Spool),
}

impl Bytes<'_> {
    fn len(&self) -> usize {
        match self {
            Bytes::Held(bytes) => bytes.len(),
            Bytes::Zeros(count) => *count,
            Bytes::Spooled(spool) => spool.len,
        }
    }

    fn copy_to(&self, out: &mut dyn Write) -> std::io::Result<()> {
        match self {
            Bytes::Held(bytes) => out.write_all(bytes),
            Bytes::Zeros(count) => std::io::copy(&mut std::io::repeat(0).take(*count as u64), out).map(drop),
            Bytes::Spooled(spool) => {
                let mut file = spool.file.get_ref();
                file.rewind()?;
                std::io::copy(&mut file, out).map(drop)
            }
        }
    }
}

/// Bytes of a tensor that is made piece by piece and may be larger than memory: they wait on the disk, in a file without a name.
pub(super) struct Spool {
    folder: PathBuf,
    file: BufWriter<File>,
    len: usize,
}

impl Spool {
    /// `folder`: where the disk has room.
    pub(super) fn within(folder: &Path) -> Result<Self> {
        let file =
            tempfile::tempfile_in(folder).map_err(|source| Error::Io { action: "write in", path: folder.into(), source })?;
        Ok(Spool { folder: folder.into(), file: BufWriter::with_capacity(1 << 16, file), len: 0 })
    }

    pub(super) fn add(&mut self, bytes: &[u8]) -> Result<()> {
        self.len += bytes.len();
        self.file.write_all(bytes).map_err(|source| Error::Io { action: "write in", path: self.folder.clone(), source })
    }

    pub(super) fn add_u32s(&mut self, numbers: &[u32]) -> Result<()> {
        numbers.iter().try_for_each(|number| self.add(&number.to_le_bytes()))
    }

    pub(super) fn add_u64(&mut self, number: u64) -> Result<()> {
        self.add(&number.to_le_bytes())
    }

    /// In bytes.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// All that was added, once nothing more comes.
    pub(super) fn bytes(&mut self) -> Result<Bytes<'_>> {
        self.file.flush().map_err(|source| Error::Io { action: "write in", path: self.folder.clone(), source })?;
        Ok(Bytes::Spooled(self))
    }
}

/// Hands on what it is given, and knows its hash.
struct Hashing<'a> {
    to: &'a mut File,
    hasher: Sha256,
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

/// Writes the file whole or not at all, and gives its SHA-256. Put tensors of wide elements first, so that each is aligned.
pub(super) fn write(path: &Path, metadata: &BTreeMap<&str, String>, tensors: &[Tensor]) -> Result<String> {
    let mut header = serde_json::Map::new();
    header.insert("__metadata__".into(), serde_json::json!(metadata));
    let mut at = 0;
    for tensor in tensors {
        let end = at + tensor.bytes.len();
        header.insert(
            tensor.name.into(),
            serde_json::json!({"dtype": tensor.dtype.name(), "shape": tensor.shape, "data_offsets": [at, end]}),
        );
        at = end;
    }
    let mut header = serde_json::Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    let length = (header.len() as u64).to_le_bytes();
    let mut sha256 = None;
    write_atomic(path, |to| {
        let mut out = Hashing { to, hasher: Sha256::new() };
        out.write_all(&length)?;
        out.write_all(&header)?;
        tensors.iter().try_for_each(|tensor| tensor.bytes.copy_to(&mut out))?;
        sha256 = Some(hex(&out.hasher.finalize()));
        Ok(())
    })?;
    Ok(sha256.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::mapped::TensorFile;
    use super::*;

    #[test]
    fn the_same_content_gives_the_same_bytes_and_reads_back() {
        let dir = tempfile::tempdir().expect("a folder");
        let metadata: BTreeMap<&str, String> = ["c", "a", "b", "d"].map(|k| (k, k.to_uppercase())).into();
        let write_to = |name: &str| {
            let mut spool = Spool::within(dir.path()).expect("a file");
            [&[7u8][..], &[8, 9]].iter().for_each(|bytes| spool.add(bytes).expect("written"));
            let tensors = [
                Tensor { name: "x", dtype: Dtype::U32, shape: vec![2], bytes: Bytes::Held(&[1, 0, 0, 0, 2, 0, 0, 0]) },
                Tensor { name: "a", dtype: Dtype::U8, shape: vec![3], bytes: spool.bytes().expect("flushed") },
                Tensor { name: "b", dtype: Dtype::U8, shape: vec![2], bytes: Bytes::Zeros(2) },
            ];
            write(&dir.path().join(name), &metadata, &tensors).expect("written")
        };
        assert_eq!(write_to("one"), write_to("two"));
        assert_eq!(write_to("one"), crate::data::sha256_of_file(&dir.path().join("one")).expect("read"));
        let file = TensorFile::open(&dir.path().join("one")).expect("read");
        assert_eq!(file.told("b"), Some("B"));
        assert_eq!(file.elements::<u8>("a", 1).expect("there").0[..], [7, 8, 9]);
        assert_eq!(file.elements::<u8>("b", 1).expect("there").0[..], [0, 0]);
        let (x, shape) = file.elements::<u32>("x", 1).expect("there");
        assert_eq!((&x[..], &shape[..]), (&[1, 2][..], &[2][..]));
        assert!(file.elements::<u8>("x", 1).is_err() && file.elements::<u32>("x", 2).is_err());
        assert_eq!(std::fs::read_dir(dir.path()).expect("there").count(), 2, "what was spooled leaves nothing behind");
    }
}
