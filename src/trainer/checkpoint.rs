//! Checkpoints: all that the rest of a run depends on, in one sealed file. Order and random streams are functions of the step, so
//! weights, moments, step and the sums of the next step event are everything.
//!
//! ```text
//! checkpoint/  step-0000000040.safetensors   the newest, written whole under another name first
//!              step-0000000030.safetensors   the one before, should the newest be damaged
//! ```
//!
//! The folder appears together with its first checkpoint, so where it is there is something to go on from. A crash at any moment
//! leaves every checkpoint that was there.

use super::divergence::LossWatch;
use super::optimizer::State;
use super::weights::{self, Seal, Written};
use super::Error;
use crate::job::RunConfig;
use candle_core::{DType, Device, Tensor};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tallow_kernels::ParamStore;

/// Where a run stands, besides tensors.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// Steps done.
    pub(super) step: u64,
    /// Sum of the losses since the last step event, each times its examples, and those examples.
    pub(super) loss_sum: f64,
    pub(super) loss_examples: u64,
    pub(super) watch: LossWatch,
    /// Of the whole run, over all attempts that it grew from.
    pub(super) done: Done,
}

/// Work done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) tokens: u64,
    pub(super) examples: u64,
    pub(super) train_secs: f64,
}

/// What a run's numbers depend on; a checkpoint serves only the run that it is of. How a step is cut into micro-batches may change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Identity(BTreeMap<String, Value>);

/// Of the files that [`Checkpoints::save`] writes.
const FORMAT: u32 = 1;

impl Identity {
    pub(super) fn of(config: &RunConfig, train_examples: usize) -> Self {
        let mut recipe = config.recipe.clone();
        recipe.micro_batch_size = None;
        let fields = [
            ("format", json!(FORMAT)),
            ("model", json!(config.model)),
            ("recipe", json!(recipe)),
            ("seed", json!(config.seed)),
            ("total_steps", json!(config.total_steps)),
            ("train_examples", json!(train_examples)),
        ];
        Identity(fields.map(|(name, value)| (name.to_string(), value)).into())
    }

    /// Names of the fields that differ.
    fn differences(&self, other: &Identity) -> Vec<&str> {
        self.0.iter().filter(|(name, value)| other.0.get(*name) != Some(value)).map(|(name, _)| name.as_str()).collect()
    }
}

/// The checkpoints of an attempt.
pub(super) struct Checkpoints {
    folder: PathBuf,
}

/// A checkpoint, read and found whole.
pub(super) struct Checkpoint {
    path: PathBuf,
    pub(super) progress: Progress,
    file: Vec<u8>,
}

impl Checkpoints {
    pub(super) fn at(folder: PathBuf) -> Self {
        Checkpoints { folder }
    }

    /// Adds a checkpoint and keeps the one before. Returns its size in bytes.
    ///
    /// # Errors
    /// The disk is full or cannot be written; the checkpoints that were there still are.
    pub(super) fn save(&self, identity: &Identity, progress: &Progress, store: &ParamStore, state: &State) -> Result<u64, Error> {
        let written = publish(&self.folder, progress.step, |path| {
            let mut tensors: BTreeMap<String, Tensor> = state.named(store);
            tensors.extend(weights::named(store).into_iter().map(|(name, tensor)| (weight_name(&name), tensor)));
            let text = |value: Result<String, serde_json::Error>| value.map_err(|e| damaged(path, e));
            let metadata = [("identity", text(serde_json::to_string(identity))?), ("progress", text(serde_json::to_string(progress))?)];
            weights::write(path, &tensors, &metadata, Seal::Sha256)
        })?;
        Ok(written.bytes)
    }

    /// The newest whole checkpoint in `folder` that is of this run; `told` hears of each that is passed over.
    pub(super) fn newest(folder: &Path, identity: &Identity, told: &mut dyn FnMut(String)) -> Option<Checkpoint> {
        let mut files = files(folder);
        files.reverse();
        for path in files {
            match open(&path, identity) {
                Ok(checkpoint) => return Some(checkpoint),
                Err(error) => told(format!("passed over: {}", with_causes(&error))),
            }
        }
        None
    }
}

impl Checkpoint {
    /// Puts the saved values into parameters and moments.
    pub(super) fn restore(&self, store: &ParamStore, state: &mut State) -> Result<(), Error> {
        let tensors = SafeTensors::deserialize(&self.file).map_err(|e| damaged(&self.path, e))?;
        let tensor = |name: &str| {
            let view = tensors.tensor(name).map_err(|e| damaged(&self.path, format!("`{name}`: {e}")))?;
            Ok(Tensor::from_raw_buffer(view.data(), DType::F32, view.shape(), &Device::Cpu)?)
        };
        for param in store.iter() {
            param.set(&tensor(&weight_name(param.name()))?)?;
        }
        state.restore(store, tensor)
    }
}

fn weight_name(name: &str) -> String {
    format!("weight/{name}")
}

fn damaged(path: &Path, what: impl std::fmt::Display) -> Error {
    Error::Checkpoint { path: path.into(), message: what.to_string() }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {}", with_causes(source)))
}

fn open(path: &Path, identity: &Identity) -> Result<Checkpoint, Error> {
    let file = std::fs::read(path).map_err(|source| Error::Io { action: "read", path: path.into(), source })?;
    if !weights::seal_holds(&file) {
        return Err(damaged(path, format!("its {} bytes are not those that were written", file.len())));
    }
    let (_, header) = SafeTensors::read_metadata(&file).map_err(|e| damaged(path, e))?;
    let field = |name: &str| {
        let text = header.metadata().as_ref().and_then(|metadata| metadata.get(name));
        text.ok_or_else(|| damaged(path, format!("it has no `{name}`")))
    };
    let found: Identity = serde_json::from_str(field("identity")?).map_err(|e| damaged(path, e))?;
    if found != *identity {
        return Err(damaged(path, format!("it is of another run: {} differ", identity.differences(&found).join(", "))));
    }
    let progress = serde_json::from_str(field("progress")?).map_err(|e| damaged(path, e))?;
    Ok(Checkpoint { path: path.into(), progress, file })
}

/// Has `write` write the file of `step` into `folder`, then drops all but the two newest, and whatever a crash left behind.
fn publish(folder: &Path, step: u64, write: impl FnOnce(&Path) -> Result<Written, Error>) -> Result<Written, Error> {
    let name = format!("step-{step:010}.safetensors");
    if folder.is_dir() {
        let written = write(&folder.join(&name))?;
        // Those of later steps were passed over when the run went on from an earlier one.
        let all: Vec<PathBuf> = files(folder).into_iter().filter(|path| *path <= folder.join(&name)).collect();
        let keep = &all[all.len().saturating_sub(2)..];
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten().filter(|e| !keep.contains(&e.path())) {
            // What cannot be removed costs space and nothing else.
            let _ = std::fs::remove_file(entry.path());
        }
        return Ok(written);
    }
    let io = |action| move |source| Error::Io { action, path: folder.into(), source };
    let new = folder.with_extension("new");
    let filled = || {
        if new.exists() {
            std::fs::remove_dir_all(&new).map_err(io("replace"))?;
        }
        std::fs::create_dir_all(&new).map_err(io("create"))?;
        let written = write(&new.join(&name))?;
        std::fs::rename(&new, folder).map_err(io("rename to"))?;
        let above = folder.parent().unwrap_or(Path::new("."));
        std::fs::File::open(above).and_then(|above| above.sync_all()).map_err(io("sync the folder of"))?;
        Ok(written)
    };
    filled().inspect_err(|_| {
        // The first error is the one to tell.
        let _ = std::fs::remove_dir_all(&new);
    })
}

/// The checkpoints of a folder, oldest first.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_checkpoint = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with("step-") && name.ends_with(".safetensors")
    };
    let mut files: Vec<PathBuf> = entries.filter(is_checkpoint).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_text(text: &'static str) -> impl FnOnce(&Path) -> Result<Written, Error> {
        move |path| {
            crate::store::write_atomic(path, |file| std::io::Write::write_all(file, text.as_bytes()))?;
            Ok(Written { sha256: String::new(), bytes: text.len() as u64 })
        }
    }

    fn full_disk(path: &Path) -> Result<Written, Error> {
        crate::store::write_atomic(path, |file| {
            std::io::Write::write_all(file, b"half")?;
            Err(std::io::ErrorKind::StorageFull.into())
        })?;
        Ok(Written { sha256: String::new(), bytes: 0 })
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn two_are_kept_and_what_a_crash_left_goes() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("checkpoint");
        for step in [5, 10, 15, 20] {
            std::fs::create_dir_all(dir.path().join("checkpoint.new")).expect("made");
            if folder.is_dir() {
                std::fs::write(folder.join(".tmpabc"), "left by a crash").expect("written");
            }
            publish(&folder, step, write_text("x")).expect("written");
        }
        assert_eq!(names(&folder), ["step-0000000015.safetensors", "step-0000000020.safetensors"]);
        publish(&folder, 5, write_text("x")).expect("written");
        assert_eq!(names(&folder), ["step-0000000005.safetensors"], "later ones had been passed over");
    }

    #[test]
    fn a_full_disk_leaves_what_was_there() {
        use crate::error::{Class, Failure};
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("checkpoint");
        let error = publish(&folder, 5, full_disk).expect_err("the disk is full");
        assert_eq!((error.class(), error.hint().is_some()), (Class::Resource, true));
        assert_eq!(names(dir.path()), Vec::<String>::new(), "nothing half-written, and no empty checkpoint folder");
        publish(&folder, 5, write_text("x")).expect("written");
        publish(&folder, 10, full_disk).expect_err("the disk is full");
        assert_eq!(names(&folder), ["step-0000000005.safetensors"]);
    }
}
