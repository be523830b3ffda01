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

impl NumberLoss {
    /// What a difference costs.
    pub fn of(self, difference: f64) -> f64 {
        match self {
            NumberLoss::Squared => difference.powi(2),
            NumberLoss::Absolute => difference.abs(),
            NumberLoss::Huber { delta } if difference.abs() <= delta => difference.powi(2) / 2.0,
            NumberLoss::Huber { delta } => delta * (difference.abs() - delta / 2.0),
        }
    }

    /// A cost that was reckoned in units of `std`, in the unit of the values; of Huber's so is `delta`.
    pub fn in_own_unit(self, loss: f64, std: f64) -> f64 {
        match self {
            NumberLoss::Squared | NumberLoss::Huber { .. } => loss * std * std,
            NumberLoss::Absolute => loss * std,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::NumberLoss;

    #[test]
    fn what_a_difference_costs_in_either_unit() {
        let (std, delta) = (3.0, 0.5);
        let huber = |delta: f64| NumberLoss::Huber { delta };
        assert_eq!([NumberLoss::Squared.of(-2.0), NumberLoss::Absolute.of(-2.0)], [4.0, 2.0]);
        assert_eq!([huber(delta).of(0.4), huber(delta).of(-2.0)].map(|cost| (cost * 1e6).round()), [80_000.0, 875_000.0]);
        for difference in [0.25, -4.0] {
            for (learnt, own) in [
                (NumberLoss::Squared, NumberLoss::Squared),
                (NumberLoss::Absolute, NumberLoss::Absolute),
                (huber(delta), huber(delta * std)),
            ] {
                let (here, there) = (learnt.in_own_unit(learnt.of(difference), std), own.of(difference * std));
                assert!((here - there).abs() < 1e-12, "{learnt:?}: {here} for {there}");
            }
        }
    }
}
