//! The learning rate over the steps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
