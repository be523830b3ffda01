//! Checkpoints: all that the rest of a run depends on, in one sealed file. Order and random streams are functions of the step, so
//! weights, moments and [`Progress`] are everything.
//!
//! ```text
//! checkpoint/  step-0000000040.safetensors   the newest, written whole under another name first
//!              step-0000000030.safetensors   the one before, should the newest be damaged; more where more are to be kept
//! ```
//!
//! A crash at any moment leaves every checkpoint that was there.

use super::Error;
use super::best::{BestWeights, Watched};
use super::divergence::LossWatch;
use super::ema::Average;
use super::optimizer::State;
use super::weights::{self, Seal, Written};
use crate::job::{InitFrom, MonitorConfig, RunConfig, Writing, differing, flatten};
use crate::spec::Compared;
use crate::store::CheckpointFolder;
use candle_core::{DType, Device, Tensor};
use memmap2::Mmap;
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use tallow_kernels::{Param, ParamStore};
use tallow_zoo::HeadKind;

/// Of the files that [`save`] writes.
const FORMAT: u32 = 3;

/// Where a run stands, besides tensors.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// Steps done.
    pub(super) step: u64,
    /// Sum of the losses since the last step event, each times its examples, and those examples.
    pub(super) loss_sum: f64,
    pub(super) loss_examples: u64,
    pub(super) watch: LossWatch,
    pub(super) watched: Watched,
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

/// What a run's weights depend on: field path of the config -> value. A checkpoint serves only the run that it is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Identity(BTreeMap<String, Value>);

impl Identity {
    /// `train_sha256` is the hash of the prepared training file, `watched_sha256` that of the monitor's own where it has one and has a
    /// say.
    pub(super) fn of(config: &RunConfig, train_sha256: &str, watched_sha256: Option<&str>) -> Self {
        // All fields are named here, so that a new one cannot be forgotten.
        let RunConfig {
            version,
            task,
            model,
            adapter,
            preference,
            similarity,
            init,
            monitor,
            max_train_examples,
            leave_out,
            recipe,
            total_steps,
            normalize,
            seed,
            // Memory decides how a step is cut, and that may change on the way; where files lie, threads, and what is told or saved
            // and when changes no number, unless watching has a say.
            name: _,
            train: _,
            micro_batch_size: _,
            metric,
            writing,
            threads: _,
            checkpoint_every_steps: _,
            monitor_every_steps,
            log_every_steps: _,
        } = config;
        let init = match init {
            InitFrom::Scratch => "scratch",
            InitFrom::Weights { sha256, .. } => sha256,
        };
        let hold_out = match monitor {
            MonitorConfig::HoldOut { examples } => *examples,
            MonitorConfig::None | MonitorConfig::File { .. } => 0,
        };
        let mut recipe = recipe.clone();
        // How memory is saved changes no number either.
        (recipe.micro_batch_size, recipe.gradient_checkpointing) = (None, false);
        // Told by `monitor_every_steps`, where it matters.
        (recipe.evaluate_every, recipe.keep_checkpoints) = (None, 0);
        let watching = recipe
            .watching_decides()
            .then(|| json!({"metric": metric, "every_steps": monitor_every_steps, "file": watched_sha256, "writing": writing.as_ref().map(written)}));
        let mut fields = json!({
            "format": FORMAT, "version": version, "task": task, "model": model, "adapter": adapter, "preference": preference,
            "similarity": similarity, "init": init, "train": train_sha256, "watching": watching,
            "monitor": {"hold_out": hold_out}, "max_train_examples": max_train_examples, "recipe": recipe, "total_steps": total_steps,
            "normalize": normalize, "seed": seed,
        });
        // How what is watched is drawn.
        if hold_out > 0 && task.head() == HeadKind::Classes {
            fields["monitor"]["of_each_class"] = json!(true);
        }
        if !leave_out.is_empty() {
            fields["leave_out"] = json!(leave_out);
        }
        Identity(flatten(fields))
    }

    /// What `found` has otherwise, a field each.
    fn differences(&self, found: &Identity) -> Vec<String> {
        let value = |value: Option<&Value>| value.map_or("nothing".into(), Value::to_string);
        let differ = differing(&self.0, &found.0);
        differ.map(|(field, ours, its)| format!("`{field}`: expected {}, found {}", value(ours), value(its))).collect()
    }
}

/// What decides how texts are written; the tokenizer is that of the training file.
fn written(writing: &Writing) -> Value {
    let Writing {
        tokenizer: _,
        samples: _,
        max_new_tokens,
        num_beams,
        length_penalty,
        compared,
        suppress_tokens,
        begin_suppress_tokens,
    } = writing;
    let mut fields = json!({"max_new_tokens": max_new_tokens, "num_beams": num_beams, "length_penalty": length_penalty});
    if *compared != Compared::Raw {
        fields["compared"] = json!(compared);
    }
    for (name, tokens) in [("suppress_tokens", suppress_tokens), ("begin_suppress_tokens", begin_suppress_tokens)] {
        if !tokens.is_empty() {
            fields[name] = json!(tokens);
        }
    }
    fields
}

/// A checkpoint, read and found whole and of the right run.
pub(super) struct Checkpoint {
    path: PathBuf,
    /// Not in memory beside the tensors that it goes into.
    file: Mmap,
    pub(super) progress: Progress,
}

/// All tensors besides the weights that the rest of a run depends on.
#[derive(Clone, Copy)]
pub(super) struct Held<'a> {
    pub(super) state: &'a State,
    pub(super) average: Option<&'a Average>,
    pub(super) best: Option<&'a BestWeights>,
}

/// Adds a checkpoint and keeps so many of the newest. Returns its size in bytes.
///
/// # Errors
/// The disk is full or cannot be written; the checkpoints that were there still are.
pub(super) fn save(
    folder: &CheckpointFolder,
    identity: &Identity,
    progress: &Progress,
    store: &ParamStore,
    held: Held,
    keep: usize,
) -> Result<u64, Error> {
    let written = publish(folder, progress.step, keep, |path| {
        let mut tensors: BTreeMap<String, Tensor> = held.state.named(store);
        tensors.extend(weights::learnt(store).into_iter().map(|(name, tensor)| (format!("{WEIGHT}/{name}"), tensor)));
        let mut add =
            |kind: &str, param: &Param, tensor: &Tensor| tensors.insert(format!("{kind}/{}", param.name()), tensor.clone());
        if let Some(average) = held.average {
            average.means(store).for_each(|(param, mean)| drop(add(AVERAGE, param, mean)));
        }
        if let Some(best) = held.best {
            best.each(store).for_each(|(param, tensor)| drop(add(BEST, param, tensor)));
        }
        let text = |value: Result<String, serde_json::Error>| value.map_err(|e| damaged(path, e));
        let metadata =
            [("identity", text(serde_json::to_string(identity))?), ("progress", text(serde_json::to_string(progress))?)];
        weights::write(path, &tensors, &metadata, Seal::Sha256)
    })?;
    Ok(written.bytes)
}

/// The newest whole checkpoint in `folder`, if there is one; `told` hears of those that are damaged.
///
/// # Errors
/// It is of another run. To start anew instead would throw away work over a mistake in a config.
pub(super) fn newest(
    folder: &CheckpointFolder,
    identity: &Identity,
    told: &mut dyn FnMut(String),
) -> Result<Option<Checkpoint>, Error> {
    for path in folder.files().into_iter().rev() {
        match open(&path, identity) {
            Ok(checkpoint) => return Ok(Some(checkpoint)),
            Err(other @ Error::OtherRun { .. }) => return Err(other),
            Err(error) => told(format!("passed over: {}", with_causes(&error))),
        }
    }
    Ok(None)
}

impl Checkpoint {
    /// Puts the saved values into parameters, moments and the mean of the weights; gives the best weights, where there are any.
    pub(super) fn restore(
        &self,
        store: &ParamStore,
        state: &mut State,
        average: Option<&mut Average>,
    ) -> Result<Option<BestWeights>, Error> {
        let tensors = SafeTensors::deserialize(&self.file).map_err(|e| damaged(&self.path, e))?;
        let saved = |kind: &str, param: &Param, shape: &[usize]| {
            let name = format!("{kind}/{}", param.name());
            let view = tensors.tensor(&name).map_err(|e| damaged(&self.path, format!("`{name}`: {e}")))?;
            if view.shape() != shape {
                let what = format!("`{name}`: expected shape {shape:?}, found {:?}", view.shape());
                return Err(damaged(&self.path, what));
            }
            Ok(Tensor::from_raw_buffer(view.data(), DType::F32, view.shape(), &Device::Cpu)?)
        };
        // What is frozen is as it was at first: the base's, whose hash is part of the identity, or that of the seed.
        for param in weights::changing(store) {
            param.set(&saved(WEIGHT, param, param.tensor().dims())?)?;
        }
        state.restore(store, saved)?;
        let like = |kind: &'static str| move |param: &Param| saved(kind, param, param.tensor().dims());
        if let Some(average) = average {
            average.restore(store, like(AVERAGE))?;
        }
        let has_best = tensors.names().iter().any(|name| name.starts_with(BEST));
        has_best.then(|| BestWeights::restored(store, like(BEST))).transpose()
    }
}

/// In front of a parameter's name; moments have words of their own there.
const WEIGHT: &str = "weight";
const AVERAGE: &str = "average";
const BEST: &str = "best";

fn damaged(path: &Path, what: impl std::fmt::Display) -> Error {
    Error::Checkpoint { path: path.into(), message: what.to_string() }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {}", with_causes(source)))
}

fn open(path: &Path, identity: &Identity) -> Result<Checkpoint, Error> {
    let io = |source| Error::Io { action: "read", path: path.into(), source };
    let file = weights::mapped(&File::open(path).map_err(io)?).map_err(io)?;
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
        return Err(Error::OtherRun { path: path.into(), differences: identity.differences(&found) });
    }
    let progress = serde_json::from_str(field("progress")?).map_err(|e| damaged(path, e))?;
    Ok(Checkpoint { path: path.into(), progress, file })
}

/// Has `write` write the file of `step` into `folder`, then drops all but the `keep` newest, and whatever a crash left behind.
fn publish(
    folder: &CheckpointFolder,
    step: u64,
    keep: usize,
    write: impl FnOnce(&Path) -> Result<Written, Error>,
) -> Result<Written, Error> {
    let io = |source| Error::Io { action: "create", path: folder.path().into(), source };
    std::fs::create_dir_all(folder.path()).map_err(io)?;
    let newest = folder.file(step);
    let written = write(&newest)?;
    // Those of later steps were damaged: the run went on from before them.
    let whole: Vec<PathBuf> = folder.files().into_iter().filter(|path| *path <= newest).collect();
    let keep = &whole[whole.len().saturating_sub(keep.max(1))..];
    for entry in std::fs::read_dir(folder.path()).into_iter().flatten().flatten().filter(|e| !keep.contains(&e.path())) {
        // What cannot be removed costs space and nothing else.
        let _ = std::fs::remove_file(entry.path());
    }
    Ok(written)
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

    fn steps(folder: &CheckpointFolder) -> Vec<PathBuf> {
        let mut all: Vec<PathBuf> = std::fs::read_dir(folder.path()).expect("there").flatten().map(|e| e.path()).collect();
        all.sort();
        assert_eq!(all, folder.files(), "nothing else is there");
        all
    }

    #[test]
    fn two_are_kept_and_what_a_crash_left_goes() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = CheckpointFolder::at(dir.path().join("checkpoint"));
        for step in [5, 10, 15, 20] {
            if folder.path().is_dir() {
                std::fs::write(folder.path().join(".tmpabc"), "left by a crash").expect("written");
            }
            publish(&folder, step, 2, write_text("x")).expect("written");
        }
        assert_eq!(steps(&folder), [folder.file(15), folder.file(20)]);
        publish(&folder, 7, 2, write_text("x")).expect("written");
        assert_eq!(steps(&folder), [folder.file(7)], "the later ones were damaged, and the run went on from before them");
    }

    #[test]
    fn a_full_disk_leaves_what_was_there() {
        use crate::error::{Class, Failure};
        let dir = tempfile::tempdir().expect("a folder");
        let folder = CheckpointFolder::at(dir.path().join("checkpoint"));
        let error = publish(&folder, 5, 2, full_disk).expect_err("the disk is full");
        assert_eq!((error.class(), error.hint().is_some()), (Class::Resource, true));
        assert!(steps(&folder).is_empty());
        publish(&folder, 5, 2, write_text("x")).expect("written");
        publish(&folder, 10, 2, full_disk).expect_err("the disk is full");
        assert_eq!(steps(&folder), [folder.file(5)]);
    }
}
