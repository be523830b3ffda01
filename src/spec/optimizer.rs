//! How weights follow their gradients.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
