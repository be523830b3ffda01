//! What is trained in place of all weights, and what an answer is preferred by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tallow_zoo::{ALL_LINEAR, Adapter, BaseWeights};

/// A low-rank adapter (LoRA, 2106.09685): the base stays as it is, chosen linear layers get a small trainable addition. A head that
/// starts anew is trained with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdapterSpec {
    #[serde(default = "rank")]
    #[schemars(extend("minimum" = 1, "maximum" = 65_536))]
    pub rank: usize,
    /// An addition is multiplied by `alpha / rank`.
    #[serde(default = "alpha")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub alpha: f64,
    /// Of an addition's input, in training.
    #[serde(default)]
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
    pub dropout: f64,
    /// Layers whose path ends with one of these (`q_proj`), or `all-linear`.
    #[serde(default = "target_modules")]
    #[schemars(extend("minItems" = 1, "uniqueItems" = true))]
    pub target_modules: Vec<String>,
    /// Multiplied by `alpha / sqrt(rank)` instead (rsLoRA, 2312.03732).
    #[serde(default)]
    pub use_rslora: bool,
    /// The length of each row of an adapted weight is trained, too (DoRA, 2402.09353).
    #[serde(default)]
    pub use_dora: bool,
    /// How the weights beside the additions are held: `float32`, or `as_stored` in the file, in 16 bits or quantised (2305.14314), which
    /// takes less memory for the same values. Nothing said: in float32 where that leaves room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("enum" = ["float32", "as_stored"]))]
    pub base: Option<BaseWeights>,
}

fn rank() -> usize {
    8
}
fn alpha() -> f64 {
    16.0
}
fn target_modules() -> Vec<String> {
    vec![ALL_LINEAR.into()]
}

impl Default for AdapterSpec {
    fn default() -> Self {
        AdapterSpec {
            rank: rank(),
            alpha: alpha(),
            dropout: 0.0,
            target_modules: target_modules(),
            use_rslora: false,
            use_dora: false,
            base: None,
        }
    }
}

impl AdapterSpec {
    /// As the zoo has it.
    pub fn adapter(&self) -> Adapter {
        let AdapterSpec { rank, alpha, dropout, target_modules, use_rslora, use_dora, base } = self.clone();
        let base = base.unwrap_or_default();
        let (r, lora_alpha, lora_dropout) = (rank, alpha, dropout);
        Adapter { r, lora_alpha, lora_dropout, target_modules, use_rslora, use_dora, base, ..Adapter::of(&[]) }
    }
}

/// Direct preference optimisation (DPO, 2305.18290): how far the model may go from the one that it starts as.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preference {
    /// What log-ratios are multiplied by; larger stays nearer.
    #[serde(default = "beta")]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 100))]
    pub beta: f64,
    /// The share of pairs that are taken to be the wrong way around (conservative DPO).
    #[serde(default)]
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 0.5))]
    pub label_smoothing: f64,
}

fn beta() -> f64 {
    0.1
}

impl Default for Preference {
    fn default() -> Self {
        Preference { beta: beta(), label_smoothing: 0.0 }
    }
}
