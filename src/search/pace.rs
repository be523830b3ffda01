//! How long a trial will take, and what must be left of the time for the verdict.

use super::Journal;
use crate::spec::{ExperimentSpec, Length};

/// Share of what trainings take that preparing and scoring for the verdict may take besides.
const BESIDES: f64 = 0.2;

/// What the first plan took, and of what.
#[derive(Debug, Clone, Copy)]
pub struct Pace<'a> {
    pub first: &'a ExperimentSpec,
    /// Examples of an epoch.
    pub examples: usize,
    /// What the first trial took; 0: it did not end yet.
    pub first_secs: f64,
}

impl Pace<'_> {
    /// Seconds that a trial will take, by how much more it sees than the first.
    pub fn expected(&self, spec: &ExperimentSpec) -> f64 {
        self.first_secs * examples_seen(spec, self.examples) / examples_seen(self.first, self.examples).max(1.0)
    }

    /// Seconds that must be left for the verdict if `spec` turns out to be the best: every seed of it, and those of the first plan that
    /// its trial did not train. `best`: the experiment that is the best now.
    pub fn reserved(&self, best: Option<&ExperimentSpec>, spec: &ExperimentSpec) -> f64 {
        let seeds = self.first.seeds.len() as f64;
        let longest = self.expected(spec).max(best.map_or(0.0, |best| self.expected(best)));
        (seeds * longest + (seeds - 1.0) * self.expected(self.first)) * (1.0 + BESIDES)
    }
}

impl<'a> Pace<'a> {
    pub fn of(first: &'a ExperimentSpec, journal: &Journal, examples: usize) -> Self {
        let result = journal.trials.first().and_then(|trial| trial.result.as_ref());
        Pace { first, examples, first_secs: result.map_or(0.0, |result| result.secs) }
    }
}

/// Examples that are trained on over all epochs, of `train_examples` an epoch.
fn examples_seen(spec: &ExperimentSpec, train_examples: usize) -> f64 {
    match spec.recipe.length {
        Length::Epochs(epochs) => epochs * train_examples as f64,
        Length::Steps(steps) => (steps * spec.recipe.batch_size as u64) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sees_more_takes_longer() {
        let mut first = crate::spec::parse(include_str!("../../presets/toy_bert.toml"), "toy").expect("an experiment");
        first.seeds = vec![0, 1];
        first.recipe.length = Length::Epochs(2.0);
        let pace = Pace { first: &first, examples: 100, first_secs: 10.0 };
        let longer = |length: Length| {
            let mut spec = first.clone();
            spec.recipe.length = length;
            spec
        };
        assert_eq!(pace.expected(&longer(Length::Epochs(3.0))), 15.0);
        let steps = 400 / first.recipe.batch_size as u64;
        assert_eq!(pace.expected(&longer(Length::Steps(steps))), 20.0 * (steps * first.recipe.batch_size as u64) as f64 / 400.0);
        // Two seeds of the longest, one more of the first.
        assert!((pace.reserved(None, &longer(Length::Epochs(4.0))) - (2.0 * 20.0 + 10.0) * 1.2).abs() < 1e-9);
        assert!((pace.reserved(Some(&longer(Length::Epochs(4.0))), &first) - (2.0 * 20.0 + 10.0) * 1.2).abs() < 1e-9);
    }
}
