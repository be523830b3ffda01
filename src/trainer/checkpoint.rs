//! Checkpoints: all that the rest of a run depends on, in one file, replaced whole. Order and random streams are functions of the
//! step, so weights, moments, step and the sums of the next step event are everything.

use super::{Error, weights};
use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a checkpoint holds besides tensors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// Steps done.
    pub(super) step: u64,
    /// Sum and number of the losses since the last step event.
    pub(super) loss_sum: f64,
    pub(super) losses: u64,
    /// Mean loss of the first steps, which an explosion is measured against.
    pub(super) reference_loss: Option<f64>,
    pub(super) tokens: u64,
    pub(super) examples: u64,
    pub(super) train_secs: f64,
}

/// The file of a checkpoint folder.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join("state.safetensors")
}

/// Replaces the checkpoint of `folder`; a crash at any moment leaves the old one or the new one. Returns its size.
pub(super) fn save(
    folder: &Path, progress: &Progress, model: BTreeMap<String, Tensor>, moments: BTreeMap<String, Tensor>,
) -> Result<u64, Error> {
    std::fs::create_dir_all(folder).map_err(|source| Error::Io { action: "create", path: folder.into(), source })?;
    let mut tensors: BTreeMap<String, Tensor> = model.into_iter().map(|(name, t)| (format!("model/{name}"), t)).collect();
    tensors.extend(moments.into_iter().map(|(name, t)| (format!("moment/{name}"), t)));
    // In the same file, so that numbers and tensors can never be of two checkpoints.
    let json = serde_json::to_vec(progress).unwrap_or_default();
    let length = json.len();
    tensors.insert("progress".into(), Tensor::from_vec(json, length, &Device::Cpu)?);
    weights::write(&file(folder), &tensors)
}

/// What was saved: progress, weights, moments.
pub(super) type Loaded = (Progress, BTreeMap<String, Tensor>, BTreeMap<String, Tensor>);

/// Reads the checkpoint of `folder`.
pub(super) fn load(folder: &Path) -> Result<Loaded, Error> {
    let path = file(folder);
    let wrong = |message: String| Error::Checkpoint { path: path.clone(), message };
    let mut tensors = weights::read(&path)?;
    let progress = tensors.remove("progress").ok_or_else(|| wrong("it holds no progress".into()))?;
    let progress: Progress = serde_json::from_slice(&progress.to_vec1::<u8>()?).map_err(|e| wrong(e.to_string()))?;
    let (mut model, mut moments) = (BTreeMap::new(), BTreeMap::new());
    for (name, tensor) in tensors {
        match name.split_once('/') {
            Some(("model", name)) => model.insert(name.to_string(), tensor),
            Some(("moment", name)) => moments.insert(name.to_string(), tensor),
            _ => return Err(wrong(format!("it holds a strange tensor `{name}`"))),
        };
    }
    Ok((progress, model, moments))
}
