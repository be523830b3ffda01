//! Prepared splits on disk: safetensors with metadata, always the same bytes for the same content.
//!
//! The `safetensors` crate keeps metadata in a hash map and writes it in a different order each time, so the header is written here;
//! the file is read back by that crate.

use super::digest::hex;
use super::{Error, Result};
use crate::store::write_atomic;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

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
    pub(super) bytes: &'a [u8],
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
    let mut parts: Vec<&[u8]> = Vec::new();
    let length = (header.len() as u64).to_le_bytes();
    parts.extend([&length[..], &header]);
    parts.extend(tensors.iter().map(|t| t.bytes));
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    write_atomic(path, |file| parts.iter().try_for_each(|part| file.write_all(part)))?;
    Ok(hex(&hasher.finalize()))
}

/// Reads the file and its metadata.
pub(super) fn read(path: &Path) -> Result<(Vec<u8>, BTreeMap<String, String>)> {
    let bytes = std::fs::read(path).map_err(|source| Error::Io { action: "read", path: path.into(), source })?;
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes)
        .map_err(|e| Error::NotPrepared { path: path.into(), what: format!("it is no safetensors file: {e}") })?;
    let metadata = header.metadata().clone().unwrap_or_default().into_iter().collect();
    Ok((bytes, metadata))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_content_gives_the_same_bytes_and_reads_back() {
        let dir = tempfile::tempdir().expect("a folder");
        let metadata: BTreeMap<&str, String> = ["c", "a", "b", "d"].map(|k| (k, k.to_uppercase())).into();
        let write_to = |name: &str| {
            let tensors = [
                Tensor { name: "x", dtype: Dtype::U32, shape: vec![2], bytes: &[1, 0, 0, 0, 2, 0, 0, 0] },
                Tensor { name: "a", dtype: Dtype::U8, shape: vec![3], bytes: &[7, 8, 9] },
            ];
            write(&dir.path().join(name), &metadata, &tensors).expect("written")
        };
        assert_eq!(write_to("one"), write_to("two"));
        assert_eq!(write_to("one"), crate::data::sha256_of_file(&dir.path().join("one")).expect("read"));
        let (bytes, metadata) = read(&dir.path().join("one")).expect("read");
        assert_eq!(metadata["b"], "B");
        let tensors = safetensors::SafeTensors::deserialize(&bytes).expect("valid");
        assert_eq!(tensors.tensor("a").expect("there").data(), [7, 8, 9]);
        assert_eq!(tensors.tensor("x").expect("there").shape(), [2]);
    }
}
