//! One run as the trainer carries it out.

use super::Writing;
use crate::spec::{Augment, Metric, Preference, Recipe, Similarity, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use tallow_zoo::ModelConfig;

/// One run, fully resolved: with the same binary, data and device kind it gives the same weights, bit for bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunConfig {
    pub version: u32,
    /// Name of the run within its experiment: `seed-0`.
    pub name: String,
    pub task: Task,
    #[schemars(with = "serde_json::Value")]
    pub model: ModelConfig,
    /// What is trained in place of the model's own weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub adapter: Option<tallow_zoo::Adapter>,
    /// For preference optimisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preference: Option<Preference>,
    /// For sentence similarity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub similarity: Option<Similarity>,
    pub init: InitFrom,
    /// Prepared training split.
    pub train: PathBuf,
    pub monitor: MonitorConfig,
    /// At most so many training examples (a random subset by the seed); none: all.
    pub max_train_examples: Option<usize>,
    /// Examples of the training split (from 0) that are not trained on, in order: what recovery was allowed to leave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leave_out: Vec<usize>,
    pub recipe: Recipe,
    /// Examples a forward pass; `recipe.batch_size` is a multiple of it.
    pub micro_batch_size: usize,
    /// Optimiser steps in all, resolved from epochs and the number of examples.
    pub total_steps: u64,
    pub metric: Metric,
    /// For text to text: how what is watched is written.
    #[serde(default)]
    pub writing: Option<Writing>,
    pub normalize: Option<Normalize>,
    pub seed: u64,
    pub threads: usize,
    /// A checkpoint each so many steps.
    pub checkpoint_every_steps: u64,
    /// A score on the monitor each so many steps.
    pub monitor_every_steps: u64,
    /// A step event each so many steps.
    pub log_every_steps: u64,
}

impl RunConfig {
    /// With nothing but what there must be: so many steps of `recipe` from scratch, each in one pass, by one thread with the seed 0;
    /// nothing is watched, saved or told on the way.
    pub fn bare(task: Task, model: ModelConfig, train: PathBuf, metric: Metric, recipe: Recipe, total_steps: u64) -> Self {
        RunConfig {
            version: 1,
            name: "seed-0".into(),
            task,
            model,
            adapter: None,
            preference: None,
            similarity: None,
            init: InitFrom::Scratch,
            train,
            monitor: MonitorConfig::None,
            max_train_examples: None,
            leave_out: Vec::new(),
            micro_batch_size: recipe.batch_size,
            recipe,
            total_steps,
            metric,
            writing: None,
            normalize: None,
            seed: 0,
            threads: 1,
            checkpoint_every_steps: 0,
            monitor_every_steps: 0,
            log_every_steps: 0,
        }
    }

    /// The same with the files of the run folder below `root`: a plan names them from there, so that the folder can be moved.
    #[must_use]
    pub fn below(&self, root: &Path) -> Self {
        let monitor = match &self.monitor {
            MonitorConfig::File { path } => MonitorConfig::File { path: root.join(path) },
            other => other.clone(),
        };
        let writing =
            self.writing.as_ref().map(|writing| Writing { tokenizer: root.join(&writing.tokenizer), ..writing.clone() });
        RunConfig { train: root.join(&self.train), monitor, writing, ..self.clone() }
    }

    /// Whether `other` takes the same steps, to the bit, so that one can go on from the other's checkpoint and be repeated as a whole:
    /// whether activations are kept changes none, how a step is cut changes how its sums are rounded.
    pub fn takes_the_steps_of(&self, other: &Self) -> bool {
        let steps = |config: &Self| {
            let recipe = Recipe { micro_batch_size: None, gradient_checkpointing: false, ..config.recipe.clone() };
            (recipe, config.micro_batch_size, config.leave_out.clone())
        };
        steps(self) == steps(other)
    }

    /// Optimiser steps are made of so many forward passes.
    pub fn grad_accum_steps(&self) -> usize {
        self.recipe.batch_size / self.micro_batch_size.max(1)
    }

    /// Random changes of training images.
    pub fn augment(&self) -> &[Augment] {
        &self.recipe.augment
    }
}

/// Where the weights come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum InitFrom {
    Scratch,
    /// A safetensors file with the public names, or a GGUF file.
    Weights {
        path: PathBuf,
        sha256: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MonitorConfig {
    None,
    /// So many examples of the training file are kept out of training: the last of a random order (by the seed), or of a stream of
    /// words the end.
    HoldOut {
        examples: usize,
    },
    /// A prepared file of its own.
    File {
        path: PathBuf,
    },
}

/// Per-channel normalisation of pixels scaled to 0..1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Normalize {
    pub mean: Vec<f32>,
    pub std: Vec<f32>,
}

impl Normalize {
    /// What is assumed where a model names none.
    pub const IMAGENET_ASSUMED: &'static str = "normalisation: mean and standard deviation of ImageNet (the model names none)";

    /// ImageNet's, which public models are trained with; for other than three channels the mean over colours.
    pub fn imagenet(channels: usize) -> Self {
        let values = |rgb: [f32; 3]| if channels == 3 { rgb.to_vec() } else { vec![rgb.iter().sum::<f32>() / 3.0; channels] };
        Normalize { mean: values([0.485, 0.456, 0.406]), std: values([0.229, 0.224, 0.225]) }
    }
}
