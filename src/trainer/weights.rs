//! Tensors as safetensors: read, built into a model, written whole or not at all.
//!
//! The file is written here and not by the `safetensors` crate: tensors lie in the order of their names, so the same values always
//! give the same bytes and the file's hash is the hash of the weights; and one tensor at a time is in memory twice, not all.

use super::Error;
use crate::store::write_atomic;
use candle_core::{DType, Device, Tensor};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use tallow_kernels::{LoadReport, ParamKind, ParamStore, Stream, Weights};
use tallow_zoo::{Model, ModelConfig};

/// A model with its parameters.
pub(super) struct Built {
    pub(super) model: Box<dyn Model>,
    pub(super) store: ParamStore,
    pub(super) report: LoadReport,
}

impl Built {
    /// Elements of all parameters; running statistics do not count.
    pub(super) fn num_params(&self) -> usize {
        self.store.iter().filter(|p| p.kind() != ParamKind::Buffer).map(|p| p.len()).sum()
    }
}

/// A weights file and, where it is known, the hash that it must have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
    pub(super) sha256: Option<&'a str>,
}

/// Builds the model; from `weights` where given, else from `init`.
///
/// # Errors
/// The file cannot be read, is another one than planned, or lacks tensors, or some have a wrong shape or no finite values: all of
/// these at once.
pub(super) fn build(config: &ModelConfig, weights: Option<Source>, init: Stream) -> Result<Built, Error> {
    let device = Device::Cpu;
    let source = match weights {
        Some(source) => Weights::given(config.public_names(read(source)?), init, &device),
        None => Weights::scratch(init, &device),
    };
    let model = config.build(&source)?;
    let fits = |source| match weights {
        Some(weights) => Error::Weights { path: weights.path.into(), source },
        None => Error::Kernels(source),
    };
    let (store, report) = source.finish().map_err(fits)?;
    Ok(Built { model, store, report })
}

fn read(source: Source) -> Result<BTreeMap<String, Tensor>, Error> {
    let path = source.path;
    let bytes = std::fs::read(path).map_err(|source| Error::Io { action: "read", path: path.into(), source })?;
    if let Some(expected) = source.sha256.filter(|hash| !hash.is_empty()) {
        let found = hex(&Sha256::digest(&bytes));
        if found != expected {
            return Err(Error::OtherWeights { path: path.into(), expected: expected.into(), found });
        }
    }
    let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu);
    Ok(tensors.map_err(|e| Error::BadWeights { path: path.into(), message: e.to_string() })?.into_iter().collect())
}

/// Parameters and buffers by name.
pub(super) fn named(store: &ParamStore) -> BTreeMap<String, Tensor> {
    store.iter().map(|p| (p.name().to_string(), p.tensor().clone())).collect()
}

/// Whether a file ends with the hash of all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seal {
    None,
    /// A last tensor [`SEAL`] of 32 bytes: the SHA-256 of all bytes before it.
    Sha256,
}

/// Name of the tensor that holds a file's own hash.
const SEAL: &str = "~sha256";

const SEAL_BYTES: usize = 32;

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// Of the whole file.
    pub(super) sha256: String,
    pub(super) bytes: u64,
}

/// Writes float32 tensors whole or not at all, ordered by name.
///
/// # Errors
/// The disk is full, or the file cannot be written for another reason; the old file, if any, is as it was.
pub(super) fn write(path: &Path, tensors: &BTreeMap<String, Tensor>, metadata: &[(&str, String)], seal: Seal) -> Result<Written, Error> {
    let header = header(tensors, metadata, seal);
    let (mut hasher, mut count) = (Sha256::new(), 0);
    write_atomic(path, |file| {
        let mut put = |bytes: &[u8]| {
            hasher.update(bytes);
            count += bytes.len() as u64;
            file.write_all(bytes)
        };
        put(&header)?;
        for tensor in tensors.values() {
            let values = tensor.flatten_all().and_then(|t| t.to_vec1::<f32>()).map_err(std::io::Error::other)?;
            for part in values.chunks(1 << 18) {
                put(&part.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())?;
            }
        }
        if seal == Seal::Sha256 {
            let hash = hasher.clone().finalize();
            hasher.update(hash);
            count += SEAL_BYTES as u64;
            file.write_all(&hash)?;
        }
        Ok(())
    })?;
    Ok(Written { sha256: hex(&hasher.finalize()), bytes: count })
}

/// The length of the header and the header, padded so that the tensors are aligned.
fn header(tensors: &BTreeMap<String, Tensor>, metadata: &[(&str, String)], seal: Seal) -> Vec<u8> {
    let mut entries = Map::new();
    let metadata: Map<String, Value> = metadata.iter().map(|(key, value)| (key.to_string(), json!(value))).collect();
    entries.insert("__metadata__".into(), metadata.into());
    let mut at = 0;
    let mut entry = |dtype: &str, shape: &[usize], bytes: usize| {
        at += bytes;
        json!({"dtype": dtype, "shape": shape, "data_offsets": [at - bytes, at]})
    };
    for (name, tensor) in tensors {
        let described = entry("F32", tensor.dims(), tensor.elem_count() * DType::F32.size_in_bytes());
        entries.insert(name.clone(), described);
    }
    if seal == Seal::Sha256 {
        entries.insert(SEAL.into(), entry("U8", &[SEAL_BYTES], SEAL_BYTES));
    }
    let mut json = Value::Object(entries).to_string().into_bytes();
    json.resize(json.len().next_multiple_of(8), b' ');
    [&(json.len() as u64).to_le_bytes()[..], &json].concat()
}

/// Whether the bytes are those of a sealed file, whole and unchanged.
pub(super) fn seal_holds(file: &[u8]) -> bool {
    file.len().checked_sub(SEAL_BYTES).is_some_and(|end| Sha256::digest(&file[..end])[..] == file[end..])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensors() -> BTreeMap<String, Tensor> {
        let tensor = |values: &[f32], shape: &[usize]| Tensor::from_slice(values, shape, &Device::Cpu).expect("a tensor");
        [("b.weight".to_string(), tensor(&[1., -2., 3.5, 0.], &[2, 2])), ("a".to_string(), tensor(&[f32::MIN_POSITIVE], &[1]))].into()
    }

    #[test]
    fn what_is_written_reads_back_and_has_its_hash() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x.safetensors");
        let written = write(&path, &tensors(), &[("format", "pt".into())], Seal::None).expect("written");
        assert_eq!(written.bytes, path.metadata().expect("there").len());
        let source = |sha256| Source { path: &path, sha256 };
        let back = read(source(Some(&written.sha256))).expect("read");
        for (name, tensor) in tensors() {
            assert_eq!(back[&name].dims(), tensor.dims());
            let values = |t: &Tensor| t.flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("values");
            assert_eq!(values(&back[&name]), values(&tensor), "{name}");
        }
        assert!(matches!(read(source(Some("00"))), Err(Error::OtherWeights { .. })));
        let whole = std::fs::read(&path).expect("read");
        std::fs::write(&path, &whole[..whole.len() - 1]).expect("cut");
        assert!(matches!(read(source(None)), Err(Error::BadWeights { .. })));
    }

    #[test]
    fn a_seal_shows_every_change() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x.safetensors");
        write(&path, &tensors(), &[("progress", "{}".into())], Seal::Sha256).expect("written");
        let whole = std::fs::read(&path).expect("read");
        assert!(seal_holds(&whole));
        safetensors::SafeTensors::deserialize(&whole).expect("a valid file all the same");
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(!seal_holds(&changed), "byte {at}");
            assert!(!seal_holds(&whole[..at]), "cut at {at}");
        }
    }
}
