//! The learning rate over the steps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Learning rate over the steps: linear warm-up from 0, then this, clamped past the end. `min_lr_frac` is the share of `recipe.lr` that
/// is left at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    Constant {
        warmup: Warmup,
    },
    /// Down evenly to the last step.
    Linear {
        warmup: Warmup,
        #[serde(default, skip_serializing_if = "is_zero")]
        #[schemars(extend("minimum" = 0, "maximum" = 1))]
        min_lr_frac: f64,
    },
    /// Down along half a cosine (1608.03983 without restarts).
    Cosine {
        warmup: Warmup,
        #[serde(default, skip_serializing_if = "is_zero")]
        #[schemars(extend("minimum" = 0, "maximum" = 1))]
        min_lr_frac: f64,
    },
    /// So many half cosines, each from the top again (1608.03983).
    CosineRestarts {
        warmup: Warmup,
        #[schemars(extend("minimum" = 1, "maximum" = 1_000_000))]
        cycles: u32,
        #[serde(default)]
        #[schemars(extend("minimum" = 0, "maximum" = 1))]
        min_lr_frac: f64,
    },
    /// Down with a power of what is left: 1 is linear.
    Polynomial {
        warmup: Warmup,
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 100))]
        power: f64,
        #[serde(default)]
        #[schemars(extend("minimum" = 0, "maximum" = 1))]
        min_lr_frac: f64,
    },
    /// Multiplied by `factor` at each of these fractions of all steps.
    Step {
        warmup: Warmup,
        #[schemars(extend("minItems" = 1, "items" = { "type": "number", "minimum": 0, "exclusiveMaximum": 1 }))]
        at_frac: Vec<f64>,
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
        factor: f64,
    },
    /// Along a cosine up from `lr / div_factor` over the warm-up, then down to `lr / div_factor / final_div_factor` on the last step
    /// (1708.07120), as `torch.optim.lr_scheduler.OneCycleLR`. Momentum stays.
    OneCycle {
        #[serde(default = "cycle_rise")]
        warmup: Warmup,
        #[serde(default = "div_factor")]
        #[schemars(extend("minimum" = 1, "maximum" = 1_000_000_000))]
        div_factor: f64,
        #[serde(default = "final_div_factor")]
        #[schemars(extend("minimum" = 1, "maximum" = 1_000_000_000_000_u64))]
        final_div_factor: f64,
    },
    /// Warm-up, a stable rate, and a fall over the last part (2404.06395).
    Wsd {
        warmup: Warmup,
        /// The part of all steps over which it falls.
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
        decay_frac: f64,
        #[serde(default)]
        decay: Decay,
        #[serde(default)]
        #[schemars(extend("minimum" = 0, "maximum" = 1))]
        min_lr_frac: f64,
    },
    /// With one over the root of the step (1706.03762, section 5.3), as transformers' `get_inverse_sqrt_schedule`: the rate is
    /// `lr / sqrt((step - warmup + timescale) / timescale)`.
    InverseSqrt {
        warmup: Warmup,
        /// In steps; none: those of the warm-up, or 10,000 where there is none.
        #[serde(default)]
        #[schemars(extend("minimum" = 1, "maximum" = 1_000_000_000))]
        timescale: Option<u64>,
    },
    /// By the same factor each step, to `end_frac` of `recipe.lr` at the end.
    Exponential {
        warmup: Warmup,
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
        end_frac: f64,
    },
}

/// How a rate falls from 1 to 0 while `x` goes from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decay {
    /// `1 - x`.
    #[default]
    Linear,
    /// Half a cosine.
    Cosine,
    /// `1 - sqrt(x)` (2405.18392).
    OneMinusSqrt,
}

fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

/// PyTorch's own values.
fn cycle_rise() -> Warmup {
    Warmup::Frac(0.3)
}
fn div_factor() -> f64 {
    25.0
}
fn final_div_factor() -> f64 {
    1e4
}

impl Schedule {
    /// Down evenly to 0.
    pub fn linear(warmup: Warmup) -> Self {
        Schedule::Linear { warmup, min_lr_frac: 0.0 }
    }

    /// Half a cosine down to 0.
    pub fn cosine(warmup: Warmup) -> Self {
        Schedule::Cosine { warmup, min_lr_frac: 0.0 }
    }

    /// The same, with such a share of the rate left at the end; none where it has no end of its own.
    #[must_use]
    pub fn with_min_lr_frac(mut self, share: f64) -> Option<Self> {
        let (Schedule::Linear { min_lr_frac, .. }
        | Schedule::Cosine { min_lr_frac, .. }
        | Schedule::CosineRestarts { min_lr_frac, .. }
        | Schedule::Polynomial { min_lr_frac, .. }
        | Schedule::Wsd { min_lr_frac, .. }) = &mut self
        else {
            return None;
        };
        *min_lr_frac = share;
        Some(self)
    }

    /// One cycle, by PyTorch's own values where none is given: its rise is a good part of it, other than a warm-up before something else.
    pub fn one_cycle(warmup: Option<Warmup>) -> Self {
        Schedule::OneCycle {
            warmup: warmup.unwrap_or(cycle_rise()),
            div_factor: div_factor(),
            final_div_factor: final_div_factor(),
        }
    }

    /// The same with another warm-up.
    #[must_use]
    pub fn with_warmup(&self, other: Warmup) -> Schedule {
        let mut schedule = self.clone();
        *schedule.warmup_mut() = other;
        schedule
    }

    pub fn warmup(&self) -> Warmup {
        match self {
            Schedule::Constant { warmup }
            | Schedule::Linear { warmup, .. }
            | Schedule::Cosine { warmup, .. }
            | Schedule::CosineRestarts { warmup, .. }
            | Schedule::Polynomial { warmup, .. }
            | Schedule::Step { warmup, .. }
            | Schedule::OneCycle { warmup, .. }
            | Schedule::Wsd { warmup, .. }
            | Schedule::InverseSqrt { warmup, .. }
            | Schedule::Exponential { warmup, .. } => *warmup,
        }
    }

    fn warmup_mut(&mut self) -> &mut Warmup {
        match self {
            Schedule::Constant { warmup }
            | Schedule::Linear { warmup, .. }
            | Schedule::Cosine { warmup, .. }
            | Schedule::CosineRestarts { warmup, .. }
            | Schedule::Polynomial { warmup, .. }
            | Schedule::Step { warmup, .. }
            | Schedule::OneCycle { warmup, .. }
            | Schedule::Wsd { warmup, .. }
            | Schedule::InverseSqrt { warmup, .. }
            | Schedule::Exponential { warmup, .. } => warmup,
        }
    }

    /// A word or two.
    pub fn name(&self) -> &'static str {
        match self {
            Schedule::Constant { .. } => "constant",
            Schedule::Linear { .. } => "linear decay",
            Schedule::Cosine { .. } => "cosine decay",
            Schedule::CosineRestarts { .. } => "cosine decay with restarts",
            Schedule::Polynomial { .. } => "polynomial decay",
            Schedule::Step { .. } => "step decay",
            Schedule::OneCycle { .. } => "one cycle",
            Schedule::Wsd { .. } => "warm-up, stable, decay",
            Schedule::InverseSqrt { .. } => "inverse square root decay",
            Schedule::Exponential { .. } => "exponential decay",
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

    /// The same without rounding.
    pub fn exact(self, total_steps: u64) -> f64 {
        match self {
            Warmup::Steps(steps) => steps as f64,
            Warmup::Frac(frac) => frac * total_steps as f64,
        }
    }
}
