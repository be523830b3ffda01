//! When training has gone wrong.
//!
//! A loss or gradient that is not finite stops training at once. A loss that is far too high must stay so for a few steps: one hard
//! batch after a model has learnt everything else is no explosion. Far too high means many times what guessing costs (`ln` of the
//! number of classes), or of where training began if that was worse.

use crate::job::Divergence;
use serde::{Deserialize, Serialize};

/// So many times the loss of guessing counts as exploded.
const FACTOR: f64 = 10.0;

/// For so many steps on end.
const STEPS: usize = 5;

/// Steps whose mean loss is where training began.
const FIRST_STEPS: u64 = 10;

/// What is remembered of the losses so far; part of a checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct LossWatch {
    seen: u64,
    first_sum: f64,
    /// Steps on end with a loss that is far too high.
    high: usize,
}

impl LossWatch {
    /// Takes a step's loss and gradient norm; says what is wrong, with the value that shows it.
    pub(super) fn observe(&mut self, loss: f64, grad_norm: f64, classes: usize) -> Option<(Divergence, f64)> {
        if !loss.is_finite() {
            return Some((Divergence::LossNotFinite, loss));
        }
        if !grad_norm.is_finite() {
            return Some((Divergence::GradNotFinite, grad_norm));
        }
        let guessing = (classes.max(2) as f64).ln();
        let began = if self.seen == 0 { loss } else { self.first_sum / self.seen.min(FIRST_STEPS) as f64 };
        self.high = if loss > FACTOR * guessing.max(began) { self.high + 1 } else { 0 };
        if self.seen < FIRST_STEPS {
            self.first_sum += loss;
        }
        self.seen += 1;
        (self.high >= STEPS).then_some((Divergence::LossExploded, loss))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_alarm(losses: &[f64]) -> Option<(usize, Divergence)> {
        let mut watch = LossWatch::default();
        losses.iter().enumerate().find_map(|(i, loss)| watch.observe(*loss, 1.0, 2).map(|(what, _)| (i, what)))
    }

    #[test]
    fn what_is_not_finite_shows_at_once() {
        assert_eq!(first_alarm(&[0.7, f64::NAN]), Some((1, Divergence::LossNotFinite)));
        assert_eq!(first_alarm(&[f64::INFINITY]), Some((0, Divergence::LossNotFinite)));
        let grad = LossWatch::default().observe(0.7, f64::INFINITY, 2);
        assert_eq!(grad, Some((Divergence::GradNotFinite, f64::INFINITY)));
    }

    #[test]
    fn an_explosion_lasts() {
        assert_eq!(first_alarm(&[0.7, 0.7, 9.0, 9.0, 9.0, 9.0, 9.0]), Some((6, Divergence::LossExploded)));
        assert_eq!(first_alarm(&[0.7, 9.0, 9.0, 9.0, 9.0, 0.7, 9.0, 9.0, 9.0, 9.0]), None);
    }

    #[test]
    fn hard_batches_and_bad_beginnings_are_none() {
        let learnt_all_but_one = [vec![0.7; 20], vec![0.001; 50], vec![6.0], vec![0.001; 50]].concat();
        assert_eq!(first_alarm(&learnt_all_but_one), None);
        let began_badly = [vec![30.0; 8], vec![20.0; 8], vec![0.5; 8]].concat();
        assert_eq!(first_alarm(&began_badly), None);
    }
}
