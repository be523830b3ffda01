//! Whether training did any good, which shows when all steps are taken.

use super::super::Error;
use super::super::scoring::{How, score};
use super::Run;
use crate::data::PreparedTargets;
use crate::job::Divergence;

/// So many of the first examples are looked at.
const LOOKED_AT: usize = 32;

/// Fewer steps may not have moved the weights at all: rates begin at 0.
const FEWEST_STEPS: u64 = 8;

impl Run<'_> {
    /// What shows that training was in vain, and the loss of the examples that show it.
    ///
    /// # Errors
    /// The first steps' batches cannot be made again, or an operation failed.
    pub(super) fn in_vain(&mut self) -> Result<Option<(Divergence, f64)>, Error> {
        Ok(match self.collapsed()? {
            Some(loss) => Some((Divergence::Collapsed, loss)),
            None => self.stayed_high()?.map(|loss| (Divergence::LossStayedHigh, loss)),
        })
    }

    /// Whether the model says the same of every example. A rate far too high leaves such models: their first layers are saturated, the
    /// last one has learnt how often each answer is right. However little there is to be learnt, others tell examples apart somewhat.
    fn collapsed(&mut self) -> Result<Option<f64>, Error> {
        let is_said_of_each = match self.data.targets() {
            PreparedTargets::Classes { .. }
            | PreparedTargets::Labels { .. }
            | PreparedTargets::Values { .. }
            | PreparedTargets::Similar(_) => true,
            PreparedTargets::Tags(_)
            | PreparedTargets::Spans(_)
            | PreparedTargets::Words { .. }
            | PreparedTargets::Answers { .. }
            | PreparedTargets::Texts { .. }
            | PreparedTargets::Transcripts(_)
            | PreparedTargets::Preferences { .. } => false,
        };
        let done = self.progress.step;
        if !is_said_of_each || done < FEWEST_STEPS || !self.progress.watch.rose_somewhat() {
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
                let loss = self.in_own_unit(scored.loss);
                Ok(scored.predictions.says_the_same().then_some(loss))
            }
            // Whether the run diverges is for its own losses to say.
            Err(Error::NotFinite { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the first step's examples lose now, where that is as much as before.
    fn stayed_high(&mut self) -> Result<Option<f64>, Error> {
        let examples = self.order.batch(0).len() as u64;
        if !self.progress.watch.is_doubtful(examples) {
            return Ok(None);
        }
        let again = self.again(0)?;
        Ok(self.progress.watch.stayed_high(again.loss).then_some(again.loss))
    }
}
