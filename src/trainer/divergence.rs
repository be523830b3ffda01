//! When training has gone wrong.
//!
//! A loss or gradient that is not finite stops training at once. A loss that is far too high must stay so for a few steps: one hard
//! batch after a model has learnt everything else is no explosion. Far too high means many times what guessing costs (`ln` of the
//! number of classes), or of the first step's loss if that was worse. Of no later step: a rate that is far too high explodes within
//! a few, and what it is measured against must not rise with it.
//!
//! A rate that is too high may also leave every loss finite and the model worse than it was, or no better than one that knows how often
//! each answer is right. That shows when all steps are taken: the first step's examples are tried again, with the same draws, so that
//! neither a hard batch nor dropout has a say. So are those of the two steps that lost least, where the last steps lose far more: a model that
//! told them once and tells them no longer has lost what it had learnt.

use crate::job::Divergence;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// So many times the loss of guessing counts as exploded.
const FACTOR: f64 = 10.0;

/// For so many steps on end.
const STEPS: usize = 5;

/// Where the last steps lost so much of what the first one did, it is looked at whether training did any good.
const NEAR: f64 = 0.8;

/// Training made it worse, where the first step's examples lose so many times what they did; or so many times, after some step lost
/// [`ROSE`] times that.
const WORSE: f64 = 1.5;
const STAYED: f64 = 0.85;
const ROSE: f64 = 2.0;

/// The same of so many answers that chance has no say: than before all training, which no later step may have favoured, and than at best.
const WORSE_OF_MANY: f64 = 1.1;
const LOST_OF_MANY: f64 = 1.25;
pub(super) const MANY: usize = 256;

/// A rate that ruins a model has some step lose so many times what the first one did; or two steps on end so many times what two before
/// them did, whose examples lose more after all steps, too, or which had many answers: batches of few differ by as much.
const ROSE_SOMEWHAT: f64 = 1.1;
const ROSE_AGAIN: f64 = 1.25;

/// Below so much of the loss of guessing a model is good, though it may have been better: nothing is lost by lower rates.
pub(super) const GOOD: f64 = 0.5;

/// Of fewer examples it may be chance that they were easy.
const EXAMPLES: u64 = 8;

/// Steps whose losses and gradients are remembered; the last of them, in which growth shows; and the fewest before those that say
/// what was usual.
const RECENT: usize = 24;
const LATE: usize = 4;
const ENOUGH: usize = 4;

/// So many times what was usual counts as grown.
const GROWN: f64 = 10.0;

/// What is remembered of the losses so far; part of a checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct LossWatch {
    first: Option<f64>,
    /// The greatest loss of a step, and that of guessing.
    #[serde(default)]
    most: f64,
    #[serde(default)]
    guessing: f64,
    #[serde(default)]
    least: Option<Least>,
    /// The greatest mean loss of two steps on end, in that of the two before them that lost least.
    #[serde(default)]
    rise: f64,
    /// Of the last step.
    #[serde(default)]
    examples: u64,
    /// Steps on end with a loss that is far too high.
    high: usize,
    /// Loss and gradient norm of the last [`RECENT`] steps, oldest first.
    #[serde(default)]
    recent: Vec<[f64; 2]>,
}

/// The two steps on end that lost least.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Least {
    /// The first of them, from 0.
    pub(super) step: u64,
    /// The mean of both.
    pub(super) loss: f64,
}

/// What was asked again after training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Asked {
    /// What it loses now.
    pub(super) loss: f64,
    pub(super) answers: usize,
    /// A model that loses less is good.
    pub(super) good: f64,
}

impl Asked {
    /// Whether training made it worse than it was when it lost `before`: so many times that, of many answers.
    fn is_worse_than(&self, before: f64, of_many: f64) -> bool {
        let worse = if self.answers >= MANY { of_many } else { WORSE };
        self.loss > self.good && self.loss > worse * before
    }
}

impl LossWatch {
    /// Takes loss and gradient norm of step `step`, from 0, of so many examples; says what is wrong, with the value that shows it.
    pub(super) fn observe(
        &mut self,
        step: u64,
        [loss, grad_norm]: [f64; 2],
        examples: u64,
        classes: usize,
    ) -> Option<(Divergence, f64)> {
        if !loss.is_finite() {
            return Some((Divergence::LossNotFinite, loss));
        }
        if !grad_norm.is_finite() {
            return Some((Divergence::GradNotFinite, grad_norm));
        }
        self.recent.drain(..(self.recent.len() + 1).saturating_sub(RECENT));
        self.recent.push([loss, grad_norm]);
        self.compare(step, examples);
        let first = *self.first.get_or_insert(loss);
        self.most = self.most.max(loss);
        self.guessing = (classes.max(2) as f64).ln();
        self.high = if loss > FACTOR * self.guessing.max(first) { self.high + 1 } else { 0 };
        (self.high >= STEPS).then_some((Divergence::LossExploded, loss))
    }

    /// Holds step `step` and the one before it against the two that lost least, where both have as many examples: the mean of few that are
    /// easy by chance is no mean of two steps.
    fn compare(&mut self, step: u64, examples: u64) {
        let before = std::mem::replace(&mut self.examples, examples);
        let Some(loss) = self.late(2).filter(|_| before == examples) else { return };
        if let Some(least) = self.least {
            // A checkpoint holds finite numbers alone.
            self.rise = self.rise.max((loss / least.loss.max(f64::MIN_POSITIVE)).min(f64::MAX));
        }
        if self.least.is_none_or(|least| loss < least.loss) {
            self.least = Some(Least { step: step.saturating_sub(1), loss });
        }
    }

    /// The mean loss of the last so many steps; none: there are fewer.
    fn late(&self, steps: usize) -> Option<f64> {
        let late = &self.recent[self.recent.len().checked_sub(steps)?..];
        Some(late.iter().map(|[loss, _]| loss).sum::<f64>() / steps as f64)
    }

    /// Whether the last steps lost hardly less than the first, which had so many examples: it is to be tried again then.
    pub(super) fn is_doubtful(&self, examples: u64) -> bool {
        let late = self.late(LATE.min(self.recent.len()));
        examples >= EXAMPLES && late.zip(self.first).is_some_and(|(late, first)| first > 0.0 && late > NEAR * first)
    }

    /// Whether training was in vain, if the first step's examples lose this after it.
    pub(super) fn stayed_high(&self, now: Asked) -> bool {
        let Some(first) = self.first else { return false };
        let rose = self.most > ROSE * first && now.loss > GOOD * self.guessing && now.loss > STAYED * first;
        rose && now.loss > now.good || now.is_worse_than(first, WORSE_OF_MANY)
    }

    /// The two steps that lost least, where two later ones lost more: their examples are to be tried again then.
    pub(super) fn rose_from(&self) -> Option<Least> {
        self.least.filter(|_| self.rise > ROSE_AGAIN)
    }

    /// Whether the last steps lost far more than the two that lost least.
    pub(super) fn was_better(&self) -> bool {
        self.least.zip(self.late(LATE)).is_some_and(|(least, late)| late > LOST_OF_MANY * least.loss)
    }

    /// Whether the examples of the two steps that lost least lose more after all of them.
    pub(super) fn rose_somewhat_from(least: Least, now: Asked) -> bool {
        now.loss > ROSE_SOMEWHAT * least.loss
    }

    /// Whether what had been learnt is lost, if the examples of the two steps that lost least lose this after all of them.
    pub(super) fn is_lost(least: Least, now: Asked) -> bool {
        now.is_worse_than(least.loss, LOST_OF_MANY)
    }

    /// The same of numbers, if guessing their mean loses `guess` on those examples. Squared errors differ so much from batch to batch that
    /// a step that lost twice as much tells nothing, and numbers of which little can be told are lost nearly as much after training.
    pub(super) fn is_worse_than_guessing(&self, now: f64, guess: f64) -> bool {
        now > WORSE * guess && self.first.is_some_and(|first| now > WORSE * first)
    }

    /// What the last steps lost, `step` having been taken, and which they were; none of fewer.
    pub(super) fn last(&self, step: u64) -> Option<(f64, Range<u64>)> {
        Some((self.late(LATE)?, step.checked_sub(LATE as u64)?..step))
    }

    /// Whether steps that lost `late` lost far more than another model does of their many answers.
    pub(super) fn is_lost_to(late: f64, other: Asked) -> bool {
        other.answers >= MANY && late > other.good && late > LOST_OF_MANY * other.loss
    }

    /// Whether some step lost more than the first did.
    pub(super) fn rose_somewhat(&self) -> bool {
        self.first.is_some_and(|first| self.most > ROSE_SOMEWHAT * first)
    }

    /// The median gradient norm before the last few steps, where there are enough.
    pub(super) fn usual_norm(&self) -> Option<f64> {
        let usual = &self.recent[..self.recent.len().saturating_sub(LATE)];
        (usual.len() >= ENOUGH).then(|| median(usual.iter().map(|[_, norm]| *norm)))
    }

    /// Whether loss or gradient norm had grown in the last few steps. None: too few to tell.
    pub(super) fn grew(&self) -> Option<bool> {
        let (usual, late) = self.recent.split_at(self.recent.len().saturating_sub(LATE));
        let grown = |which: usize| {
            let most = late.iter().map(|values| values[which].abs()).fold(0.0, f64::max);
            most > GROWN * median(usual.iter().map(|values| values[which].abs()))
        };
        (usual.len() >= ENOUGH).then(|| grown(0) || grown(1))
    }
}

/// The middle one of some values, the upper of two.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_alarm(losses: &[f64]) -> Option<(usize, Divergence)> {
        let mut watch = LossWatch::default();
        losses.iter().enumerate().find_map(|(i, loss)| watch.observe(i as u64, [*loss, 1.0], 16, 2).map(|(what, _)| (i, what)))
    }

    fn after(losses: &[f64], classes: usize) -> LossWatch {
        let mut watch = LossWatch::default();
        for (step, loss) in (0..).zip(losses) {
            watch.observe(step, [*loss, 1.0], 16, classes);
        }
        watch
    }

    fn asked(loss: f64, answers: usize) -> Asked {
        Asked { loss, answers, good: GOOD * 2f64.ln() }
    }

    #[test]
    fn what_is_not_finite_shows_at_once() {
        assert_eq!(first_alarm(&[0.7, f64::NAN]), Some((1, Divergence::LossNotFinite)));
        assert_eq!(first_alarm(&[f64::INFINITY]), Some((0, Divergence::LossNotFinite)));
        let grad = LossWatch::default().observe(0, [0.7, f64::INFINITY], 16, 2);
        assert_eq!(grad, Some((Divergence::GradNotFinite, f64::INFINITY)));
    }

    #[test]
    fn an_explosion_lasts() {
        assert_eq!(first_alarm(&[0.7, 0.7, 9.0, 9.0, 9.0, 9.0, 9.0]), Some((6, Divergence::LossExploded)));
        assert_eq!(first_alarm(&[0.7, 9.0, 9.0, 9.0, 9.0, 0.7, 9.0, 9.0, 9.0, 9.0]), None);
        assert_eq!(
            first_alarm(&[0.7, 120.0, 920.0, 1140.0, 105.0, 1100.0]),
            Some((5, Divergence::LossExploded)),
            "from the start"
        );
    }

    #[test]
    fn growth_is_told_from_a_single_step() {
        let after = |steps: &[[f64; 2]]| {
            let mut watch = LossWatch::default();
            for (step, [loss, norm]) in (0..).zip(steps) {
                watch.observe(step, [*loss, *norm], 16, 2);
            }
            (watch.grew(), watch.usual_norm())
        };
        let calm = vec![[0.7, 2.0]; 30];
        assert_eq!(after(&calm), (Some(false), Some(2.0)));
        assert_eq!(after(&[&calm[..], &[[0.8, 5.0], [0.9, 60.0]]].concat()), (Some(true), Some(2.0)), "gradients grew");
        assert_eq!(after(&[&calm[..], &[[9.0, 3.0]]].concat()), (Some(true), Some(2.0)), "the loss grew");
        assert_eq!(after(&calm[..3]), (None, None), "too few to tell");
        assert_eq!(after(&[]), (None, None));
    }

    #[test]
    fn what_training_was_worth_shows_by_its_first_examples() {
        let stayed = |losses: &[f64], now: f64| {
            let watch = after(losses, 2);
            watch.is_doubtful(16) && watch.stayed_high(asked(now, 16))
        };
        assert!(stayed(&[0.7, 3.0, 2.0, 0.71, 0.69, 0.7, 0.7], 0.69), "as good as guessing, after it had risen");
        assert!(stayed(&[2.0, 3.0, 3.5, 3.4, 3.3, 3.4], 3.4), "worse than it was");
        assert!(!stayed(&[0.7, 0.71, 0.7, 0.69, 0.7, 0.7], 0.695), "it never rose: nothing can be learnt, or very slowly");
        assert!(!stayed(&[0.7, 3.0, 0.5, 0.3, 0.2, 0.1, 0.1], 0.1), "it came back");
        assert!(!stayed(&[0.7, 3.0, 0.7, 0.7, 0.7, 0.7], 0.4), "the last batches are hard");
        assert!(!stayed(&[0.05, 0.06, 0.1, 0.08, 0.09, 0.1], 0.1), "a model that was good and still is");
        let watch = after(&[1.0, 9.0, 9.0, 9.0, 9.0], 100_000);
        assert!(watch.is_doubtful(8) && !watch.is_doubtful(7), "few examples may be easy by chance");
        assert!(!LossWatch::default().is_doubtful(16));
        // Errors of numbers that nearly nothing tells: an easy first batch, a hard one later, and hardly anything gained.
        let numbers = after(&[0.7, 1.9, 0.8, 1.2, 0.9, 1.1, 0.6, 1.0], 1);
        assert!(numbers.is_doubtful(16) && !numbers.is_worse_than_guessing(0.69, 0.75));
        assert!(numbers.is_worse_than_guessing(3.0, 0.75), "worse than the mean, and than before");
        assert!(watch.rose_somewhat() && !LossWatch::default().rose_somewhat());
    }

    /// A pretrained model of words loses far less than one that guesses, and may be ruined all the same.
    #[test]
    fn words_that_were_told_better_before_show_by_their_number() {
        let ruined = after(&[1.6, 1.7, 1.8, 2.7, 2.2, 3.3, 3.3, 2.4], 50_000);
        assert!(ruined.is_doubtful(8) && ruined.stayed_high(asked(2.3, 2000)));
        assert!(!ruined.stayed_high(asked(1.7, 2000)), "so much is no proof");
        assert!(!ruined.stayed_high(asked(2.3, 40)), "chance, of so few words");
        // New examples cost more than the base alone loses of them.
        assert_eq!(ruined.last(8), Some(((2.2 + 3.3 + 3.3 + 2.4) / 4.0, 4..8)));
        assert!(LossWatch::is_lost_to(2.8, asked(1.7, 2000)) && !LossWatch::is_lost_to(2.8, asked(1.7, 40)));
        assert!(!LossWatch::is_lost_to(1.9, asked(1.7, 2000)) && after(&[1.0; 3], 2).last(3).is_none());
        // Batches that differ by twice are usual.
        let uneven = after(&[1.6, 0.7, 3.4, 1.5, 1.7, 0.9, 3.1, 1.5], 50_000);
        assert!(uneven.is_doubtful(8) && !uneven.stayed_high(asked(1.55, 2000)));
    }

    /// Of tags most are the same, which a model learns within a few steps: far below what it began with.
    #[test]
    fn what_had_been_learnt_can_be_lost() {
        let losses = [1.38, 1.0, 0.6, 0.45, 0.66, 3.0, 5.7, 2.4, 1.3, 1.0, 0.9, 1.0, 1.0];
        let ruined = after(&losses, 4);
        let least = ruined.rose_from().filter(|_| ruined.was_better()).expect("it was better");
        assert_eq!(least, Least { step: 2, loss: (0.6 + 0.45) / 2.0 });
        assert!(LossWatch::is_lost(least, asked(0.95, 32)) && !LossWatch::is_lost(least, asked(0.6, 32)));
        assert!(LossWatch::rose_somewhat_from(least, asked(0.6, 32)) && !LossWatch::rose_somewhat_from(least, asked(0.55, 32)));
        assert_eq!(after(&losses[..5], 4).rose_from(), None, "so much is by chance");
        let better = after(&[1.38, 1.0, 0.6, 0.5, 0.48, 0.5, 0.47, 0.46], 4);
        assert_eq!((better.rose_from(), better.was_better()), (None, false), "it gets better");
        assert_eq!((after(&[], 4).rose_from(), after(&[], 4).was_better()), (None, false));
        // Easy batches: what they lose after training is what they lost.
        let noisy = after(&[0.7, 0.5, 0.2, 0.25, 0.8, 0.6, 0.7, 0.5], 2);
        assert!(noisy.was_better() && noisy.rose_from().is_some_and(|least| !LossWatch::is_lost(least, asked(0.23, 16))));
        // An epoch's last step of two easy examples is not held against others.
        let mut uneven = LossWatch::default();
        for (step, (loss, examples)) in (0..).zip([(0.7, 32), (0.6, 32), (0.01, 2), (0.6, 32), (0.65, 32), (0.6, 32)]) {
            uneven.observe(step, [loss, 1.0], examples, 2);
        }
        assert_eq!((uneven.rose_from(), uneven.was_better()), (None, false));
        assert!(!LossWatch::is_lost(Least { step: 3, loss: 0.01 }, asked(0.1, 16)), "it is good all the same");
        let zero = after(&[1.0, 0.0, 0.0, 0.5], 2);
        assert!(zero.rise.is_finite() && serde_json::from_str::<LossWatch>(&serde_json::to_string(&zero).expect("JSON")).is_ok());
    }

    #[test]
    fn hard_batches_and_bad_beginnings_are_none() {
        let learnt_all_but_one = [vec![0.7; 20], vec![0.001; 50], vec![6.0], vec![0.001; 50]].concat();
        assert_eq!(first_alarm(&learnt_all_but_one), None);
        let began_badly = [vec![30.0; 8], vec![20.0; 8], vec![0.5; 8]].concat();
        assert_eq!(first_alarm(&began_badly), None);
    }
}
