//! The checked types of an experiment. Values of these types are right by construction: [`super::check`] made them.

use super::Task;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What is tested, on which data, with which model and recipe, against which target, within which budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExperimentSpec {
    pub version: u32,
    pub title: String,
    /// The sentence that the verdict is about, and where it comes from; none for a plain fine-tune.
    pub claim: Option<Claim>,
    pub task: Task,
    pub data: DataSpec,
    pub model: ModelSpec,
    pub recipe: Recipe,
    pub metric: Metric,
    /// The value of the metric at which the verdict is "supported".
    pub target: Option<Target>,
    #[serde(default)]
    pub budget: Budget,
    /// One run each.
    #[serde(default = "one_seed")]
    #[schemars(extend("minItems" = 1, "uniqueItems" = true))]
    pub seeds: Vec<u64>,
    /// Where the experiment differs from the paper or the request, and why.
    #[serde(default)]
    pub deviations: Vec<Deviation>,
    /// What was assumed where nobody said anything: `field: value (why)`.
    #[serde(default)]
    pub assumptions: Vec<String>,
    /// What a paper says of a field, in its own words.
    #[serde(default)]
    pub citations: Vec<Citation>,
}

/// A value and the words that it was read from. Untrusted text: it is shown and never obeyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Citation {
    /// In words of the spec: `recipe.lr`.
    pub field: String,
    pub value: String,
    pub quote: String,
    pub page: u32,
}

fn one_seed() -> Vec<u64> {
    vec![0]
}

/// What a paper claims.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Title or arXiv id of the paper.
    pub source: String,
    pub statement: String,
    /// The paper's own number for the metric, with its words.
    pub value: Option<f64>,
    pub quote: Option<String>,
    pub page: Option<u32>,
}

/// Which data, which splits, which columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataSpec {
    pub source: DataSource,
    /// Split that is trained on.
    pub train: String,
    /// Split that the verdict is read from, once. Never visible to a training attempt.
    pub held_out: String,
    /// Where the source has no split `held_out`: this part of `train` becomes it, drawn at random by row number, the same rows for
    /// every run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    pub held_out_frac: Option<f64>,
    /// What is watched during training.
    pub monitor: Monitor,
    #[serde(default)]
    pub columns: Columns,
    /// At most so many training examples (a random subset by the run's seed).
    #[schemars(extend("minimum" = 1))]
    pub max_train_examples: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DataSource {
    /// A data set of the Hub: `nyu-mll/glue`, config `sst2`.
    Hub { id: String, config: Option<String>, revision: Option<String> },
    /// Files at hand: one CSV/JSONL/Parquet file a split, or an image folder (`split/class/image`).
    Local { path: PathBuf },
    /// A data set that Tallow makes itself: `toy_reviews`.
    Generated {
        name: String,
        #[schemars(extend("minimum" = 1, "maximum" = 10_000_000))]
        examples: usize,
        seed: u64,
    },
}

/// What is watched during training; it never decides the verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Monitor {
    /// Nothing but the training loss.
    None,
    /// So many examples are taken out of the training split.
    HoldOut {
        #[schemars(extend("minimum" = 1))]
        examples: usize,
    },
    /// Another split.
    Split { name: String },
}

/// Which columns hold what; empty means "find out".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// One column, or two for pairs; for images one.
    #[serde(default)]
    pub input: Vec<String>,
    #[serde(default)]
    pub label: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ModelSpec {
    /// Weights and config of the Hub or a folder in the Hub's format.
    Pretrained { id: String, revision: Option<String> },
    /// A zoo architecture from scratch; `config` holds the public config.json keys. `tokenizer` names a Hub model or folder
    /// whose tokenizer is used; none: one is trained on the training split.
    Scratch {
        #[schemars(with = "serde_json::Value")]
        config: tallow_zoo::ModelConfig,
        tokenizer: Option<String>,
    },
}

/// How it is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    pub optimizer: Optimizer,
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 100))]
    pub lr: f64,
    pub schedule: Schedule,
    pub length: Length,
    /// Examples an optimiser step.
    #[schemars(extend("minimum" = 1, "maximum" = 1_048_576))]
    pub batch_size: usize,
    /// Examples a forward pass; `batch_size` is a multiple of it. None: the planner decides.
    #[schemars(extend("minimum" = 1))]
    pub micro_batch_size: Option<usize>,
    /// Longest text in tokens; longer ones are cut, and counted.
    #[schemars(extend("minimum" = 3))]
    pub max_seq_len: Option<usize>,
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub grad_clip_norm: Option<f64>,
    /// Overrides the model's own dropout.
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
    pub dropout: Option<f32>,
    #[serde(default)]
    pub augment: Vec<Augment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    /// Weight decay is decoupled from the gradient; biases and norms do not decay.
    Adamw {
        #[serde(default = "beta1")]
        #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
        beta1: f64,
        #[serde(default = "beta2")]
        #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
        beta2: f64,
        #[serde(default = "eps")]
        #[schemars(extend("exclusiveMinimum" = 0))]
        eps: f64,
        #[serde(default)]
        #[schemars(extend("minimum" = 0))]
        weight_decay: f64,
    },
    /// Weight decay is part of the gradient, as in `torch.optim.SGD`; biases and norms do not decay.
    Sgd {
        #[serde(default)]
        #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
        momentum: f64,
        #[serde(default)]
        nesterov: bool,
        #[serde(default)]
        #[schemars(extend("minimum" = 0))]
        weight_decay: f64,
    },
}

impl Optimizer {
    /// As people call it.
    pub fn name(&self) -> &'static str {
        match self {
            Optimizer::Adamw { .. } => "AdamW",
            Optimizer::Sgd { .. } => "SGD",
        }
    }
}

/// Adam's own values (1412.6980, section 2).
fn beta1() -> f64 {
    0.9
}
fn beta2() -> f64 {
    0.999
}
fn eps() -> f64 {
    1e-8
}

/// Learning rate over the steps: linear warm-up from 0, then this, clamped past the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    Constant {
        warmup: Warmup,
    },
    /// Down to 0 on the last step.
    Linear {
        warmup: Warmup,
    },
    /// Half a cosine down to 0.
    Cosine {
        warmup: Warmup,
    },
    /// Multiplied by `factor` at each of these fractions of all steps.
    Step {
        warmup: Warmup,
        #[schemars(extend("minItems" = 1, "items" = { "type": "number", "minimum": 0, "exclusiveMaximum": 1 }))]
        at_frac: Vec<f64>,
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
        factor: f64,
    },
}

impl Schedule {
    /// The same with another warm-up.
    #[must_use]
    pub fn with_warmup(&self, warmup: Warmup) -> Schedule {
        match self.clone() {
            Schedule::Constant { .. } => Schedule::Constant { warmup },
            Schedule::Linear { .. } => Schedule::Linear { warmup },
            Schedule::Cosine { .. } => Schedule::Cosine { warmup },
            Schedule::Step { at_frac, factor, .. } => Schedule::Step { warmup, at_frac, factor },
        }
    }

    pub fn warmup(&self) -> Warmup {
        match self {
            Schedule::Constant { warmup }
            | Schedule::Linear { warmup }
            | Schedule::Cosine { warmup }
            | Schedule::Step { warmup, .. } => *warmup,
        }
    }

    /// A word or two.
    pub fn name(&self) -> &'static str {
        match self {
            Schedule::Constant { .. } => "constant",
            Schedule::Linear { .. } => "linear decay",
            Schedule::Cosine { .. } => "cosine decay",
            Schedule::Step { .. } => "step decay",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Warmup {
    Steps(u64),
    Frac(#[schemars(extend("minimum" = 0, "maximum" = 1))] f64),
}

impl Warmup {
    /// Of `total_steps`. A fraction is rounded up, but never to all steps of a short run, which would then learn nothing.
    pub fn steps(self, total_steps: u64) -> u64 {
        match self {
            Warmup::Steps(steps) => steps,
            // A product such as 0.07 x 100 lies a rounding error above its whole number.
            Warmup::Frac(frac) => match (frac * total_steps as f64 - 1e-9).ceil().max(0.0) as u64 {
                all if all >= total_steps && frac < 1.0 => total_steps.saturating_sub(1),
                steps => steps,
            },
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    Epochs(#[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1_000_000))] f64),
    Steps(#[schemars(extend("minimum" = 1, "maximum" = 1_000_000_000))] u64),
}

/// Random changes of training images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Augment {
    /// Pad with zeros on each side, then crop back at random.
    PadCrop {
        #[schemars(extend("maximum" = 64))]
        padding: usize,
    },
    HorizontalFlip,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    Accuracy,
    /// F1 of class 1 of two.
    F1,
    MacroF1,
    /// Matthews correlation.
    Matthews,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub value: f64,
    /// Where the number comes from: the paper's words, a reference run, the user.
    pub source: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Time for everything, over all processes that work on the run.
    #[schemars(extend("minimum" = 1))]
    pub max_time_secs: Option<u64>,
    /// Most memory of a worker.
    #[schemars(extend("minimum" = 1))]
    pub max_memory_bytes: Option<u64>,
    /// A worker that tells nothing for so long hangs, and is started again; none: 600.
    #[schemars(extend("minimum" = 1))]
    pub max_silence_secs: Option<u64>,
}

/// Where the run differs from the paper or the request, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    /// Which field, in words of the spec: `model`, `recipe.length`.
    pub field: String,
    /// What the paper (or request) says.
    pub stated: String,
    /// What is run.
    pub used: String,
    pub reason: String,
}
