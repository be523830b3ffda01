//! How a model is trained.

use super::{Augment, BestBy, ClassWeights, EarlyStopping, Ema, Group, Keep, NumberLoss, Optimizer, Sampling, Schedule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Each layer's activations are made again in backward and not kept (1604.06174): less memory, about a third more time, the same
    /// bits.
    #[serde(default)]
    pub gradient_checkpointing: bool,
    /// Longest text in tokens; longer ones are cut, and counted.
    #[schemars(extend("minimum" = 3))]
    pub max_seq_len: Option<usize>,
    /// The gradient is shortened where its norm is greater.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub grad_clip_norm: Option<f64>,
    /// Each element of the gradient is held between this and its negative; not together with `grad_clip_norm`.
    #[serde(default)]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub grad_clip_value: Option<f64>,
    /// Parameters with a learning rate or weight decay of their own, or frozen.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// Each layer's learning rate is this times that of the layer above; the head's is `lr`, that of embeddings the lowest
    /// (1801.06146, section 3.2). Together with a group's `lr_scale` both count.
    #[serde(default)]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
    pub layerwise_lr_decay: Option<f64>,
    /// The share of each target that is spread evenly over all classes, tags or words (1512.00567, section 7); what is scored is not
    /// smoothed.
    #[serde(default)]
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
    pub label_smoothing: f64,
    #[serde(default)]
    pub class_weights: Option<ClassWeights>,
    /// The focal loss's `gamma` (1708.02002, equation 4): what is told well counts less, `(1 - p)^gamma` times; 2 is usual. Not together
    /// with label smoothing.
    #[serde(default)]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 100))]
    pub focal_gamma: Option<f64>,
    /// Where numbers are told.
    #[serde(default)]
    pub number_loss: NumberLoss,
    #[serde(default)]
    pub sampling: Sampling,
    /// A running mean of the weights.
    #[serde(default)]
    pub ema: Option<Ema>,
    /// How often what is watched is scored; none: the planner decides.
    #[serde(default)]
    pub evaluate_every: Option<Length>,
    #[serde(default)]
    pub early_stopping: Option<EarlyStopping>,
    #[serde(default)]
    pub keep: Keep,
    /// For `keep = "best"` and early stopping.
    #[serde(default)]
    pub best_by: BestBy,
    /// So many of the newest checkpoints are kept; a damaged one is passed over for the one before.
    #[serde(default = "kept_checkpoints")]
    #[schemars(extend("minimum" = 1, "maximum" = 1000))]
    pub keep_checkpoints: usize,
    /// Overrides the model's own dropout.
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
    pub dropout: Option<f32>,
    #[serde(default)]
    pub augment: Vec<Augment>,
}

fn kept_checkpoints() -> usize {
    2
}

impl Recipe {
    /// Whether what is watched has a say in which weights come out.
    pub fn watching_decides(&self) -> bool {
        self.early_stopping.is_some() || self.keep == Keep::Best
    }

    /// With nothing but what there must be.
    pub fn bare(optimizer: Optimizer, lr: f64, schedule: Schedule, length: Length, batch_size: usize) -> Self {
        Recipe {
            optimizer,
            lr,
            schedule,
            length,
            batch_size,
            micro_batch_size: None,
            gradient_checkpointing: false,
            max_seq_len: None,
            grad_clip_norm: None,
            grad_clip_value: None,
            groups: Vec::new(),
            layerwise_lr_decay: None,
            label_smoothing: 0.0,
            class_weights: None,
            focal_gamma: None,
            number_loss: NumberLoss::Squared,
            sampling: Sampling::Shuffled,
            ema: None,
            evaluate_every: None,
            early_stopping: None,
            keep: Keep::Last,
            best_by: BestBy::Metric,
            keep_checkpoints: kept_checkpoints(),
            dropout: None,
            augment: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    Epochs(#[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1_000_000))] f64),
    Steps(#[schemars(extend("minimum" = 1, "maximum" = 1_000_000_000))] u64),
}
