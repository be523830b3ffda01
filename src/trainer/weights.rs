//! Weights as safetensors: read, built into a model, written whole or not at all, hashed.

use super::Error;
use crate::store::write_atomic;
use candle_core::{Device, Tensor};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use tallow_kernels::{LoadReport, ParamStore, Stream, Weights};
use tallow_zoo::{Model, ModelConfig};

/// A model with its parameters.
pub(super) struct Built {
    pub(super) model: Box<dyn Model>,
    pub(super) store: ParamStore,
    pub(super) report: LoadReport,
}

/// Builds the model; from `weights` where given, else from `init`.
pub(super) fn build(config: &ModelConfig, weights: Option<&Path>, init: Stream) -> Result<Built, Error> {
    let device = Device::Cpu;
    let source = match weights {
        Some(path) => Weights::given(config.public_names(read(path)?), init, &device),
        None => Weights::scratch(init, &device),
    };
    let model = config.build(&source)?;
    let fits = |source| match weights {
        Some(path) => Error::Weights { path: path.into(), source },
        None => Error::Kernels(source),
    };
    let (store, report) = source.finish().map_err(fits)?;
    Ok(Built { model, store, report })
}

/// All tensors of a safetensors file.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, Tensor>, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Io { action: "read", path: path.into(), source })?;
    let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu);
    Ok(tensors.map_err(|e| Error::BadWeights { path: path.into(), message: e.to_string() })?.into_iter().collect())
}

/// Writes tensors, ordered by name, whole or not at all; returns the size in bytes.
pub(super) fn write(path: &Path, tensors: &BTreeMap<String, Tensor>) -> Result<u64, Error> {
    let metadata = Some([("format".to_string(), "pt".to_string())].into());
    let bytes = safetensors::serialize(tensors.iter(), metadata);
    let bytes = bytes.map_err(|e| Error::BadWeights { path: path.into(), message: e.to_string() })?;
    write_atomic(path, |file| file.write_all(&bytes))?;
    Ok(bytes.len() as u64)
}

/// Parameters and buffers by name.
pub(super) fn named(store: &ParamStore) -> BTreeMap<String, Tensor> {
    store.iter().map(|p| (p.name().to_string(), p.tensor().clone())).collect()
}

/// Hex sha256 over names and values, ordered by name: equal for equal weights, whatever file they lie in.
pub(super) fn sha256(store: &ParamStore) -> Result<String, Error> {
    let mut hasher = Sha256::new();
    for param in store.iter() {
        hasher.update(param.name().as_bytes());
        hasher.update([0]);
        for value in param.tensor().flatten_all()?.to_vec1::<f32>()? {
            hasher.update(value.to_le_bytes());
        }
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
