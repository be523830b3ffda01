//! Which evaluation was the best, whether it is worth going on, and the weights that were the best.
//!
//! [`Watched`] is pure, and part of a checkpoint's progress; so are the best weights part of a checkpoint.

use super::Error;
use super::weights::changing;
use crate::spec::{BestBy, EarlyStopping, Metric};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use tallow_kernels::{Param, ParamStore};

/// What a model scored at a step; `value` of the run's metric, none where it has none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Scored {
    pub(super) step: u64,
    pub(super) value: Option<f64>,
    pub(super) loss: f64,
}

/// The evaluations so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Watched {
    /// The first of the best.
    pub(super) best: Option<Scored>,
    /// The last that was better by more than `min_delta` than the one before it of that kind.
    reference: Option<Scored>,
    /// Evaluations since: none are counted before there is one to be worse than.
    worse: u64,
}

/// What makes an evaluation better than another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub(super) by: BestBy,
    pub(super) metric: Metric,
}

impl Order {
    /// What decides, the greater the better; none: there is nothing to decide by.
    fn worth(self, scored: Scored) -> Option<f64> {
        match self.by {
            BestBy::Loss => Some(-scored.loss),
            BestBy::Metric if self.metric.lower_is_better() => scored.value.map(|value| -value),
            BestBy::Metric => scored.value,
        }
    }
}

impl Watched {
    /// Takes an evaluation, none where its scores are not finite; says whether it is the best so far.
    pub(super) fn take(&mut self, scored: Option<Scored>, order: Order, min_delta: f64) -> bool {
        let worth = |of: Option<Scored>| of.and_then(|of| order.worth(of));
        let beats =
            |other: Option<Scored>, by: f64| worth(scored).is_some_and(|new| worth(other).is_none_or(|other| new - other > by));
        if beats(self.reference, min_delta) {
            (self.reference, self.worse) = (scored, 0);
        } else if self.reference.is_some() {
            self.worse += 1;
        }
        let best = beats(self.best, 0.0);
        if best {
            self.best = scored;
        }
        best
    }

    /// Whether so many evaluations on end were no better that training stops.
    pub(super) fn is_enough(&self, stopping: Option<EarlyStopping>) -> bool {
        stopping.is_some_and(|stopping| self.worse >= stopping.patience)
    }
}

/// Parameters and buffers that training changes, as they were at the best evaluation, in the order of their names.
pub(super) struct BestWeights(Vec<Tensor>);

impl BestWeights {
    pub(super) fn of(store: &ParamStore) -> Result<Self, Error> {
        Ok(BestWeights(changing(store).map(|param| param.tensor().copy()).collect::<Result<_, _>>()?))
    }

    /// From what was saved.
    pub(super) fn restored(store: &ParamStore, saved: impl Fn(&Param) -> Result<Tensor, Error>) -> Result<Self, Error> {
        Ok(BestWeights(changing(store).map(saved).collect::<Result<_, _>>()?))
    }

    /// Each beside what it was the best of.
    pub(super) fn each<'a>(&'a self, store: &'a ParamStore) -> impl Iterator<Item = (&'a Param, &'a Tensor)> {
        changing(store).zip(&self.0)
    }

    /// Into the model.
    pub(super) fn put_into(&self, store: &ParamStore) -> Result<(), Error> {
        self.each(store).try_for_each(|(param, best)| Ok(param.set(best)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_and_when_it_is_enough() {
        let check = |by, metric, scores: &[(f64, f64)], min_delta, patience, best: u64, enough: Option<u64>| {
            let (mut watched, mut stopped) = (Watched::default(), None);
            for (step, (value, loss)) in (1..).zip(scores) {
                let scored = Scored { step, value: value.is_finite().then_some(*value), loss: *loss };
                watched.take(Some(scored), Order { by, metric }, min_delta);
                if stopped.is_none() && watched.is_enough(Some(EarlyStopping { patience, min_delta })) {
                    stopped = Some(step);
                }
            }
            let found = watched.best.map(|best| best.step).unwrap_or(0);
            assert_eq!((found, stopped), (best, enough), "{scores:?} {min_delta} {patience}");
        };
        let rising = [(0.5, 1.0), (0.6, 0.8), (0.6, 0.7), (0.7, 0.9), (0.65, 0.9)];
        check(BestBy::Metric, Metric::Accuracy, &rising, 0.0, 2, 4, None);
        check(BestBy::Metric, Metric::Accuracy, &rising, 0.0, 1, 4, Some(3));
        check(BestBy::Loss, Metric::Accuracy, &rising, 0.0, 2, 3, Some(5));
        // Better by too little, each: the best all the same.
        let creeping = [(0.5, 1.0), (0.52, 1.0), (0.54, 1.0), (0.56, 1.0)];
        check(BestBy::Metric, Metric::Accuracy, &creeping, 0.05, 2, 4, Some(3));
        // Small steps add up against the one that counted last.
        check(BestBy::Metric, Metric::Accuracy, &creeping, 0.03, 2, 4, None);
        let falling = [(9.0, 2.0), (8.0, 2.0), (f64::NAN, 0.0), (8.5, 1.0)];
        check(BestBy::Metric, Metric::Perplexity, &falling, 0.0, 2, 2, Some(4));
        let no_metric = [(f64::NAN, 2.0), (f64::NAN, 1.0), (f64::NAN, 0.5)];
        check(BestBy::Loss, Metric::Auroc, &no_metric, 0.0, 1, 3, None);
        // What has no value is no worse than anything.
        check(BestBy::Metric, Metric::Auroc, &no_metric, 0.0, 2, 0, None);
    }
}
