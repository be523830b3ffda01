//! How weights follow their gradients.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The update of a step. Biases and norms (fewer than two dimensions) do not decay, unless a group of `recipe.groups` says so.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    /// Weight decay is decoupled from the gradient (1711.05101), as in `torch.optim.AdamW`.
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
    /// Weight decay is part of the gradient, as in `torch.optim.SGD`.
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
    /// Weight decay is part of the gradient (1412.6980), as in `torch.optim.Adam`.
    Adam {
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
    /// Of a matrix only means over rows and columns are kept (1804.04235, algorithms 4 and 5), as in transformers' `Adafactor` with
    /// `relative_step = False`.
    Adafactor {
        /// Momentum, if any.
        #[serde(default)]
        #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
        beta1: Option<f64>,
        /// The mean of squares forgets as `1 - step^-decay`.
        #[serde(default = "decay")]
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
        decay: f64,
        /// Added to each squared gradient.
        #[serde(default = "square_eps")]
        #[schemars(extend("exclusiveMinimum" = 0))]
        eps: f64,
        /// The root mean square that an update may have at most, relative to the rate.
        #[serde(default = "clip")]
        #[schemars(extend("exclusiveMinimum" = 0))]
        clip: f64,
        /// Whether the rate is multiplied by the parameter's own root mean square, of at least 0.001.
        #[serde(default = "yes")]
        scale_parameter: bool,
        #[serde(default)]
        #[schemars(extend("minimum" = 0))]
        weight_decay: f64,
    },
    /// The sign of an interpolated momentum, with decoupled weight decay (2302.06675). Its rate is a third to a tenth of AdamW's, its
    /// decay as many times larger.
    Lion {
        #[serde(default = "beta1")]
        #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
        beta1: f64,
        #[serde(default = "lion_beta2")]
        #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
        beta2: f64,
        #[serde(default)]
        #[schemars(extend("minimum" = 0))]
        weight_decay: f64,
    },
    /// Adam's direction, as long as the weight itself (1904.00962, algorithm 2), for large batches. Biases and norms are not scaled.
    Lamb {
        #[serde(default = "beta1")]
        #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
        beta1: f64,
        #[serde(default = "beta2")]
        #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
        beta2: f64,
        #[serde(default = "lamb_eps")]
        #[schemars(extend("exclusiveMinimum" = 0))]
        eps: f64,
        #[serde(default)]
        #[schemars(extend("minimum" = 0))]
        weight_decay: f64,
    },
    /// Momentum made orthogonal, for the matrices of hidden layers (Jordan et al. 2024); embeddings, heads, norms and biases follow
    /// AdamW. `recipe.lr` is the matrices', 0.02 in the authors' code.
    Muon {
        #[serde(default = "muon_momentum")]
        #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
        momentum: f64,
        #[serde(default = "yes")]
        nesterov: bool,
        /// AdamW's rate at its highest; it follows the same schedule.
        #[serde(default = "adamw_lr")]
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 100))]
        adamw_lr: f64,
        #[serde(default = "beta1")]
        #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
        beta1: f64,
        #[serde(default = "muon_beta2")]
        #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
        beta2: f64,
        #[serde(default = "muon_eps")]
        #[schemars(extend("exclusiveMinimum" = 0))]
        eps: f64,
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
            Optimizer::Adam { .. } => "Adam",
            Optimizer::Adafactor { .. } => "Adafactor",
            Optimizer::Lion { .. } => "Lion",
            Optimizer::Lamb { .. } => "LAMB",
            Optimizer::Muon { .. } => "Muon",
        }
    }

    /// Its weight decay.
    pub fn weight_decay(&self) -> f64 {
        match self {
            Optimizer::Adamw { weight_decay, .. }
            | Optimizer::Sgd { weight_decay, .. }
            | Optimizer::Adam { weight_decay, .. }
            | Optimizer::Adafactor { weight_decay, .. }
            | Optimizer::Lion { weight_decay, .. }
            | Optimizer::Lamb { weight_decay, .. }
            | Optimizer::Muon { weight_decay, .. } => *weight_decay,
        }
    }

    /// The same with another weight decay.
    #[must_use]
    pub fn with_weight_decay(mut self, decay: f64) -> Self {
        let (Optimizer::Adamw { weight_decay, .. }
        | Optimizer::Sgd { weight_decay, .. }
        | Optimizer::Adam { weight_decay, .. }
        | Optimizer::Adafactor { weight_decay, .. }
        | Optimizer::Lion { weight_decay, .. }
        | Optimizer::Lamb { weight_decay, .. }
        | Optimizer::Muon { weight_decay, .. }) = &mut self;
        *weight_decay = decay;
        self
    }

    /// The same with these values; none where it has no such.
    #[must_use]
    pub fn with_betas(mut self, betas: [f64; 2]) -> Option<Self> {
        let (Optimizer::Adamw { beta1, beta2, .. }
        | Optimizer::Adam { beta1, beta2, .. }
        | Optimizer::Lamb { beta1, beta2, .. }
        | Optimizer::Lion { beta1, beta2, .. }
        | Optimizer::Muon { beta1, beta2, .. }) = &mut self
        else {
            return None;
        };
        [*beta1, *beta2] = betas;
        Some(self)
    }

    /// The same with this value; none where it has no such.
    #[must_use]
    pub fn with_eps(mut self, value: f64) -> Option<Self> {
        let (Optimizer::Adamw { eps, .. }
        | Optimizer::Adam { eps, .. }
        | Optimizer::Lamb { eps, .. }
        | Optimizer::Muon { eps, .. }) = &mut self
        else {
            return None;
        };
        *eps = value;
        Some(self)
    }

    /// Numbers that it keeps of each weight, at most: copies of the weights in memory and in checkpoints.
    pub fn moments(&self) -> usize {
        match self {
            Optimizer::Adamw { .. } | Optimizer::Adam { .. } | Optimizer::Lamb { .. } => 2,
            // Muon keeps two of what follows AdamW, which is the lesser part of a model.
            Optimizer::Sgd { .. } | Optimizer::Lion { .. } | Optimizer::Muon { .. } => 1,
            Optimizer::Adafactor { beta1, .. } => usize::from(beta1.is_some()),
        }
    }
}

/// Adam's own values (1412.6980, section 2), which Lion's first and LAMB share.
fn beta1() -> f64 {
    0.9
}
fn beta2() -> f64 {
    0.999
}
fn eps() -> f64 {
    1e-8
}
/// Adafactor's (1804.04235, algorithms 4 to 6).
fn decay() -> f64 {
    0.8
}
fn square_eps() -> f64 {
    1e-30
}
fn clip() -> f64 {
    1.0
}
/// Lion's (2302.06675, section 3.2).
fn lion_beta2() -> f64 {
    0.99
}
/// LAMB's (1904.00962, section 3.3 and the authors' code).
fn lamb_eps() -> f64 {
    1e-6
}
/// Muon's, and those of the AdamW beside it (the authors' code).
fn muon_momentum() -> f64 {
    0.95
}
fn adamw_lr() -> f64 {
    3e-4
}
fn muon_beta2() -> f64 {
    0.95
}
fn muon_eps() -> f64 {
    1e-10
}
fn yes() -> bool {
    true
}
