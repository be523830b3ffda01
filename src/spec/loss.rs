//! What mistakes cost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much each class counts in the loss; a mean over examples divides by what they count, as PyTorch's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClassWeights {
    /// Rare classes count more: `examples / (classes x examples of the class)`, over what is trained on, as scikit-learn's.
    Balanced,
    /// One for each class, in the order of the classes.
    Given {
        #[schemars(extend("minItems" = 1, "items" = { "type": "number", "minimum": 0, "maximum": 1_000_000 }))]
        weights: Vec<f64>,
    },
}

/// What a wrong number costs: the mean over examples, in the unit that numbers are trained in, which is standard deviations from the mean
/// of those that are trained on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum NumberLoss {
    /// The square of the difference.
    #[default]
    Squared,
    /// The difference, whatever its sign: far ones count no more than that.
    Absolute,
    /// Half the square up to `delta`, and in proportion to the difference beyond it (Huber 1964), as PyTorch's `HuberLoss`.
    Huber {
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1000))]
        delta: f64,
    },
}

/// Which examples an epoch takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// Each once, in random order.
    #[default]
    Shuffled,
    /// As many as there are, drawn with replacement, each class as often as any other.
    Balanced,
    /// As many as there are, drawn with replacement, each in proportion to what `data.columns.weight` says of it (PyTorch's
    /// `WeightedRandomSampler`).
    Weighted,
}
