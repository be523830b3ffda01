//! What is made of the weights over the steps, and of how they do on what is watched.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A running mean of the weights.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ema {
    /// What is kept of the mean at each step.
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    pub decay: f64,
    /// The mean forgets faster at first, so that it is not held where training began: `(1 + step) / (10 + step)` where that is less, as
    /// in TensorFlow's `ExponentialMovingAverage`.
    #[serde(default = "yes")]
    pub warmup: bool,
    /// Whether the mean is what is scored and what comes out; the weights are trained all the same.
    #[serde(default = "yes")]
    pub evaluate: bool,
}

fn yes() -> bool {
    true
}

impl Ema {
    /// What is kept at step `step`, from 1.
    pub fn decay_at(&self, step: u64) -> f64 {
        let least = (1.0 + step as f64) / (10.0 + step as f64);
        if self.warmup { self.decay.min(least) } else { self.decay }
    }
}

/// Training ends where watching shows that it no longer helps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// So many evaluations on end that are no better.
    #[schemars(extend("minimum" = 1, "maximum" = 1_000_000))]
    pub patience: u64,
    /// Better means by more than this.
    #[serde(default)]
    #[schemars(extend("minimum" = 0))]
    pub min_delta: f64,
}

/// Which weights come out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Those of the last step.
    #[default]
    Last,
    /// Those that did best on what is watched (the first of equals).
    Best,
}

/// What makes an evaluation the better one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BestBy {
    /// The experiment's metric.
    #[default]
    Metric,
    Loss,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_forgets_faster_at_first() {
        let ema = Ema { decay: 0.9, warmup: true, evaluate: true };
        assert_eq!([1, 10, 80, 81, 1000].map(|step| ema.decay_at(step)), [2.0 / 11.0, 11.0 / 20.0, 0.9, 0.9, 0.9]);
        assert_eq!(Ema { warmup: false, ..ema }.decay_at(1), 0.9);
    }
}
