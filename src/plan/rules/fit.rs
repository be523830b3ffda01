//! How much of a recipe fits into the time there is.

use crate::plan::{DataFacts, HostFacts, Share, estimate, reference_secs, scoring_secs};
use crate::spec::{Length, Recipe};
use tallow_zoo::{Adapted, ModelConfig};

/// Fewer steps teach nothing.
const LEAST_STEPS: u64 = 20;

/// Training within a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fit {
    /// All of it.
    Whole,
    /// So many whole epochs.
    Epochs(f64),
    /// One epoch over so many examples.
    Examples(usize),
    /// Not even a few steps.
    Nothing,
}

/// What a recipe costs here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Price {
    /// With what precedes the first one: its share of it.
    pub(super) secs_per_step: f64,
    pub(super) steps_per_epoch: u64,
    pub(super) steps: u64,
    /// Of one pass over the held-out split.
    pub(super) scoring_secs: f64,
    /// Of one over what is watched.
    pub(super) watching_secs: f64,
    batch_size: usize,
}

impl Price {
    /// Of `recipe` over `examples` training examples, and of scoring `held_out` and `watched` others.
    pub(super) fn of(
        model: &ModelConfig,
        adapted: Option<&Adapted>,
        recipe: &Recipe,
        [examples, held_out, watched]: [usize; 3],
        data: &DataFacts,
        host: &HostFacts,
    ) -> Price {
        let steps_per_epoch = examples.div_ceil(recipe.batch_size.max(1)).max(1) as u64;
        let steps = match recipe.length {
            Length::Steps(steps) => steps,
            Length::Epochs(epochs) => ((epochs * steps_per_epoch as f64).round() as u64).max(1),
        };
        // A thousand steps, so that nothing is lost to rounding.
        let share = Share::of(model, adapted, None);
        let secs = estimate(model, &share, recipe, recipe.batch_size, 1000, data, host).train_secs;
        let [scoring_secs, watching_secs] = [held_out, watched].map(|count| scoring_secs(model, recipe, count, data, host));
        // Each example once, in the first epoch's share of the steps.
        let referring = reference_secs(model, recipe, recipe.batch_size, data, host);
        let secs_per_step = secs / 1000.0 + referring * (steps_per_epoch as f64 / steps as f64).min(1.0);
        Price { secs_per_step, steps_per_epoch, steps, scoring_secs, watching_secs, batch_size: recipe.batch_size }
    }

    pub(super) fn secs(&self) -> f64 {
        self.secs_per_step * self.steps as f64
    }

    pub(super) fn epoch_secs(&self) -> f64 {
        self.secs_per_step * self.steps_per_epoch as f64
    }

    pub(super) fn least_secs(&self) -> f64 {
        self.secs_per_step * LEAST_STEPS.min(self.steps) as f64
    }

    /// What of it fits into `secs`: everything, else whole epochs, else a part of the examples.
    pub(super) fn fit(&self, secs: f64) -> Fit {
        let affordable = (secs / self.secs_per_step.max(1e-9)).min(1e12) as u64;
        if affordable >= self.steps {
            return Fit::Whole;
        }
        match affordable / self.steps_per_epoch {
            0 if affordable < LEAST_STEPS => Fit::Nothing,
            0 => Fit::Examples(affordable as usize * self.batch_size),
            epochs => Fit::Epochs(epochs as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits() {
        let price =
            Price { secs_per_step: 0.5, steps_per_epoch: 100, steps: 300, scoring_secs: 0.0, watching_secs: 0.0, batch_size: 32 };
        assert_eq!((price.secs(), price.epoch_secs(), price.least_secs()), (150.0, 50.0, 10.0));
        assert_eq!(price.fit(150.0), Fit::Whole);
        assert_eq!(price.fit(149.0), Fit::Epochs(2.0));
        assert_eq!(price.fit(50.0), Fit::Epochs(1.0));
        assert_eq!(price.fit(49.0), Fit::Examples(98 * 32));
        assert_eq!(price.fit(10.0), Fit::Examples(20 * 32));
        assert_eq!(price.fit(9.0), Fit::Nothing);
        let short = Price { steps: 5, ..price };
        assert_eq!(short.fit(2.5), Fit::Whole);
    }
}
