//! Whether training did any good, which shows when all steps are taken.

use super::super::Error;
use super::super::scoring::{How, score};
use super::Run;
use crate::data::PreparedTargets;
use crate::job::{Divergence, Event};

/// So many of the first examples are looked at.
const LOOKED_AT: usize = 32;

/// Fewer steps may not have moved the weights at all: rates begin at 0.
const FEWEST_STEPS: u64 = 8;

impl Run<'_> {
    /// What shows that training was in vain, and the loss of the examples that show it.
    ///
    /// # Errors
    /// The first steps' batches cannot be made again, or an operation failed.
    pub(super) fn in_vain(&mut self, emit: &mut dyn FnMut(Event)) -> Result<Option<(Divergence, f64)>, Error> {
        Ok(match self.collapsed()? {
            Some(loss) => Some((Divergence::Collapsed, loss)),
            None => self.stayed_high(emit)?.map(|loss| (Divergence::LossStayedHigh, loss)),
        })
    }

    /// Whether the model says the same of every example. A rate far too high leaves such models: their first layers are saturated, the
    /// last one has learnt how often each answer is right. However little there is to be learnt, others tell examples apart somewhat.
    fn collapsed(&mut self) -> Result<Option<f64>, Error> {
        let done = self.progress.step;
        if !self.data.targets().are_of_each() || done < FEWEST_STEPS || !self.progress.watch.rose_somewhat() {
            return Ok(None);
        }
        let mut examples = Vec::new();
        for step in 0..done {
            examples.extend(self.order.batch(step));
            if examples.len() >= LOOKED_AT {
                break;
            }
        }
        examples.truncate(LOOKED_AT);
        let how = How {
            normalize: self.config.normalize.as_ref(),
            reference: None,
            similarity: self.config.similarity,
            writer: None,
            batch_size: self.config.micro_batch_size,
        };
        match score(&*self.built.model, &self.data, &examples, &how, &mut |_| {}) {
            Ok(scored) => {
                let same = scored.predictions.says_the_same();
                Ok(same.then(|| scored.in_own_unit(self.scale.as_ref()).loss))
            }
            // Whether the run diverges is for its own losses to say.
            Err(Error::NotFinite { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the first step's examples lose now, where that is as much as before.
    fn stayed_high(&mut self, emit: &mut dyn FnMut(Event)) -> Result<Option<f64>, Error> {
        let examples = self.order.batch(0);
        if !self.progress.watch.is_doubtful(examples.len() as u64) {
            return Ok(None);
        }
        let now = self.again(0, emit)?.loss;
        let in_vain = match self.loss_of_the_mean(&examples) {
            Some(guess) => self.progress.watch.is_worse_than_guessing(now, guess),
            None => self.progress.watch.stayed_high(now),
        };
        Ok(in_vain.then(|| self.in_own_unit(now)))
    }

    /// What guessing the mean of all numbers loses on `examples`, on the scale that is learnt; none where answers are no numbers.
    fn loss_of_the_mean(&self, examples: &[usize]) -> Option<f64> {
        let PreparedTargets::Values { of } = self.data.targets() else { return None };
        let values: Vec<f64> = examples.iter().map(|&i| self.scale.as_ref().map_or(of[i], |scale| scale.learnt(of[i]))).collect();
        let mean_of = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        // On its scale the mean of all is 0.
        let mean = if self.scale.is_some() { 0.0 } else { mean_of(&values) };
        Some(mean_of(&values.iter().map(|value| (value - mean).powi(2)).collect::<Vec<f64>>()))
    }
}
