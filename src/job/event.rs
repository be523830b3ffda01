//! What a worker tells: one typed JSON line each. Recorded as they come in `events.jsonl`.

use crate::spec::Metric;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One line from a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Always first: which layers of the jail really hold (name -> what).
    Jailed { layers: BTreeMap<String, String>, start_ms: f64 },
    /// A paper was read.
    Read { pages: usize, fields: usize },
    /// A split was prepared.
    Prepared(PreparedSplit),
    /// Training begins, or goes on from a checkpoint at `step`.
    Started { step: u64, total_steps: u64, num_params: usize, num_trainable: usize, train_examples: usize, resumed: bool },
    /// Optimiser steps since the last such line.
    Step(StepEvent),
    /// The model on the monitor at a step.
    Monitored { step: u64, metric: Metric, value: f64, loss: f64, examples: usize },
    /// A checkpoint is on disk, whole.
    Checkpointed { step: u64, path: String, bytes: u64 },
    /// Loss or gradient is not finite, or exploded. Training stops.
    Diverged { step: u64, what: Divergence, value: f64 },
    /// All steps done; the model is on disk.
    Finished { step: u64, weights_sha256: String, tokens: u64, examples: u64, train_secs: f64 },
    /// Stopped on request, after a checkpoint.
    Stopped { step: u64 },
    /// Scores of an evaluation job.
    Evaluated { examples: usize, scores: BTreeMap<Metric, f64>, loss: f64, secs: f64 },
    /// Something worth knowing that stops nothing (texts cut, tensors unused).
    Note { message: String },
    /// The worker failed in an orderly way. `class` decides what the supervisor makes of it.
    Failed { class: crate::error::Class, message: String, hint: Option<String> },
}

/// What a prepared split holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreparedSplit {
    pub split: String,
    /// File below the job's `out`.
    pub file: String,
    pub examples: usize,
    /// Class names, in the order of their index.
    pub labels: Vec<String>,
    /// Examples a class.
    pub label_counts: Vec<usize>,
    /// Texts: real tokens in all, longest, and how many were cut. Images: height, width, channels.
    pub shape: SplitShape,
    pub columns: crate::spec::Columns,
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SplitShape {
    Text { tokens: u64, longest: usize, truncated: usize, vocab_size: usize },
    Image { height: usize, width: usize, channels: usize },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepEvent {
    /// Steps done.
    pub step: u64,
    pub epoch: f64,
    /// Mean training loss since the last line.
    pub loss: f64,
    pub lr: f64,
    /// Global norm of the gradient of the last step, before clipping.
    pub grad_norm: f64,
    /// Real tokens (texts) and examples since the start of this attempt, and its seconds of training.
    pub tokens: u64,
    pub examples: u64,
    pub train_secs: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Divergence {
    LossNotFinite,
    GradNotFinite,
    LossExploded,
}
