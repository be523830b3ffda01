//! Whether training did any good, which shows when all steps are taken.

use super::super::Error;
use super::super::collate::collate;
use super::super::objective::{NONE, Wanted};
use super::super::predict::first_of_largest;
use super::super::scoring::{How, hidden_rows, score};
use super::Run;
use crate::data::PreparedTargets;
use crate::job::{Divergence, Event};
use std::collections::BTreeMap;

/// So many of the first examples are looked at.
const LOOKED_AT: usize = 32;

/// Of those whose words are asked one by one, so many words; of fewer than the second nothing is told.
const WORDS: usize = 128;
const FEWEST_WORDS: usize = 64;

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

    /// Whether the model says the same of every example, or the same word whatever stands around. A rate far too high leaves such models:
    /// their first layers are saturated, the last one has learnt how often each answer is right. However little there is to be learnt,
    /// others tell examples apart somewhat.
    fn collapsed(&mut self) -> Result<Option<f64>, Error> {
        let (done, of_each) = (self.progress.step, self.data.targets().are_of_each());
        if !(of_each || self.data.targets().are_words()) || done < FEWEST_STEPS || !self.progress.watch.rose_somewhat() {
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
                let same =
                    if of_each { scored.predictions.says_the_same() } else { is_one_word(&self.words_said(&examples, &how)?) };
                Ok(same.then(|| scored.in_own_unit(self.scale.as_ref()).loss))
            }
            // Whether the run diverges is for its own losses to say.
            Err(Error::NotFinite { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Some of the words that the model says of `examples`, each with the one that is right, spread over them; none where it is not asked
    /// for words.
    fn words_said(&self, examples: &[usize], how: &How) -> Result<Vec<(usize, usize)>, Error> {
        let mut said = Vec::new();
        for chosen in examples.chunks(how.batch_size.max(1)) {
            let batch = collate(&self.data, chosen, how.normalize, None)?;
            let Wanted::Words(words) = &batch.wanted else { return Ok(Vec::new()) };
            let asked: Vec<usize> = (0..words.len()).filter(|place| words[*place] != NONE).collect();
            let share = (WORDS * chosen.len()).div_ceil(examples.len().max(1));
            let mut some = vec![NONE; words.len()];
            asked.iter().step_by(asked.len().div_ceil(share).max(1)).for_each(|place| some[*place] = words[*place]);
            let scores = hidden_rows(&*self.built.model, &batch, &some)?;
            said.extend(scores.into_iter().map(|(place, scores)| (first_of_largest(&scores), some[place] as usize)));
        }
        Ok(said)
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

/// Whether one word is nearly all that is said, and is wrong for the most part. `said`: each with the word that is right.
fn is_one_word(said: &[(usize, usize)]) -> bool {
    const NEARLY_ALL: f64 = 0.95;
    let mut counts = BTreeMap::<usize, [usize; 2]>::new();
    for (word, right) in said {
        let [times, hits] = counts.entry(*word).or_default();
        *times += 1;
        *hits += usize::from(word == right);
    }
    let most = counts.into_values().max().unwrap_or_default();
    said.len() >= FEWEST_WORDS && most[0] as f64 > NEARLY_ALL * said.len() as f64 && 2 * most[1] < most[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_that_is_mostly_wrong_is_said_in_vain() {
        let said = |say: fn(usize) -> usize, right: fn(usize) -> usize| (0..100).map(|i| (say(i), right(i))).collect::<Vec<_>>();
        assert!(is_one_word(&said(|_| 7, |i| i % 20)));
        assert!(is_one_word(&said(|i| if i == 50 { 3 } else { 7 }, |i| i % 20)), "once another");
        assert!(!is_one_word(&said(|_| 7, |i| if i % 3 == 0 { i } else { 7 })), "it is right");
        assert!(!is_one_word(&said(|i| if i % 10 == 0 { 3 } else { 7 }, |i| i % 20)), "others are said, too");
        assert!(!is_one_word(&said(|_| 7, |i| i % 20)[..20]), "too few to tell");
        assert!(!is_one_word(&[]));
    }
}
