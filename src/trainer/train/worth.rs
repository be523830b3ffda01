//! Whether training did any good, which shows when all steps are taken.

mod base;
mod said;

use super::super::Error;
use super::super::collate::collate;
use super::super::divergence::{Asked, GOOD, Least, LossWatch, MANY};
use super::super::ema::Average;
use super::super::scoring::{How, score};
use super::super::similarity;
use super::Run;
use crate::data::PreparedTargets;
use crate::job::{Divergence, Event};
use base::Base;

/// So many of the first examples are looked at.
const LOOKED_AT: usize = 32;

/// Of so many it is seen how much their answers differ.
const COUNTED: usize = 1024;

/// Fewer steps may not have moved the weights at all: rates begin at 0.
const FEWEST_STEPS: u64 = 8;

/// Examples whose answers are less than so different, of all, tell little of a model.
const HALF: f64 = 0.5;

/// Of what the same answer to all loses.
const NEAR_GUESS: f64 = 0.85;

/// The examples of the two steps that lost least, asked again after training.
struct AskedAgain {
    least: Least,
    now: Asked,
    examples: Vec<usize>,
}

impl AskedAgain {
    fn rose_somewhat(&self) -> bool {
        LossWatch::rose_somewhat_from(self.least, self.now)
    }
}

impl Run<'_> {
    /// What shows that training was in vain, and the loss of the examples that show it. `best`: the step whose weights are kept, where they
    /// are not the last one's.
    ///
    /// # Errors
    /// The first steps' batches cannot be made again, or an operation failed.
    pub(super) fn in_vain(&mut self, best: Option<u64>, emit: &mut dyn FnMut(Event)) -> Result<Option<(Divergence, f64)>, Error> {
        let asked = self.best_asked_again(best, emit)?;
        if let Some(loss) = self.collapsed(asked.as_ref())? {
            return Ok(Some((Divergence::Collapsed, loss)));
        }
        if let Some(loss) = self.stayed_high(emit)? {
            return Ok(Some((Divergence::LossStayedHigh, loss)));
        }
        if let Some(asked) = asked.filter(|asked| self.is_lost(asked)) {
            return Ok(Some((Divergence::LossRose, self.in_own_unit(asked.now.loss))));
        }
        let worse = if best.is_none() { self.worse_than_base(emit)? } else { None };
        Ok(worse.map(|loss| (Divergence::LossStayedHigh, loss)))
    }

    /// What the last steps lost, where the base alone loses far less of the same examples with the same draws: an adapter may tell what it was
    /// trained on somewhat better, and all else far worse. Those examples were new to it then, in a first epoch.
    fn worse_than_base(&mut self, emit: &mut dyn FnMut(Event)) -> Result<Option<f64>, Error> {
        let examples = self.order.batch(0);
        if !self.progress.watch.is_doubtful(examples.len() as u64) {
            return Ok(None);
        }
        let (Some((late, steps)), Some(mut base)) = (self.progress.watch.last(self.progress.step), Base::of(&self.built.store)?)
        else {
            return Ok(None);
        };
        base.swap(&self.built.store)?;
        let asked = self.asked_again(&steps.collect::<Vec<_>>(), emit);
        base.swap(&self.built.store)?;
        Ok(LossWatch::is_lost_to(late, asked?).then_some(late))
    }

    /// Whether the model says the same of every example, or the same word whatever stands around. A rate far too high leaves such models:
    /// their first layers are saturated, the last one has learnt how often each answer is right. However little there is to be learnt,
    /// others tell examples apart somewhat, once they have begun to: nothing is told of a model that never lost more than at first, or on
    /// some examples than it had. Of preferences it says nothing: what they lose tells all.
    fn collapsed(&mut self, asked: Option<&AskedAgain>) -> Result<Option<f64>, Error> {
        let watch = &self.progress.watch;
        let (rose, rose_again) =
            (watch.rose_somewhat() || asked.is_some_and(AskedAgain::rose_somewhat), watch.rose_from().is_some());
        if self.progress.step < FEWEST_STEPS || !(rose || rose_again && self.steps_have_many_answers()?) {
            return Ok(None);
        }
        let examples = self.first_examples(LOOKED_AT);
        let how = How {
            normalize: self.config.normalize.as_ref(),
            reference: self.reference.as_ref(),
            similarity: self.config.similarity,
            writer: None,
            batch_size: self.config.micro_batch_size,
        };
        match self.says_the_same(&examples, &how) {
            Ok(false) => Ok(None),
            Ok(true) => {
                let scored = score(&*self.built.model, &self.data, &examples, &how, &mut |_| {})?;
                Ok(Some(scored.in_own_unit(self.scale.as_ref()).loss))
            }
            // Whether the run diverges is for its own losses to say.
            Err(Error::NotFinite { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn says_the_same(&self, examples: &[usize], how: &How) -> Result<bool, Error> {
        let (model, data) = (&*self.built.model, &*self.data);
        match data.targets() {
            PreparedTargets::Classes { .. } | PreparedTargets::Labels { .. } | PreparedTargets::Values { .. } => {
                let different = said::different(data, examples, how)?;
                Ok(different.len() > 1 && score(model, data, &different, how, &mut |_| {})?.predictions.says_the_same())
            }
            PreparedTargets::Similar(_) => similarity::are_alike(model, data, examples, how.batch_size),
            PreparedTargets::Tags(_) => said::tags_are_alike(model, data, examples, how),
            PreparedTargets::Spans(_) => Ok(said::is_one(&said::places(model, data, examples, how)?)),
            PreparedTargets::Words { .. }
            | PreparedTargets::Answers { .. }
            | PreparedTargets::Texts { .. }
            | PreparedTargets::Transcripts(_) => Ok(said::is_one(&said::words(model, data, examples, how)?)),
            PreparedTargets::Preferences { .. } => Ok(false),
        }
    }

    /// What the first step's examples lose now, where that is as much as before.
    fn stayed_high(&mut self, emit: &mut dyn FnMut(Event)) -> Result<Option<f64>, Error> {
        let examples = self.order.batch(0);
        if !self.progress.watch.is_doubtful(examples.len() as u64) {
            return Ok(None);
        }
        let now = self.asked_again(&[0], emit)?;
        let in_vain = match self.loss_of_the_mean(&examples) {
            Some(guess) => self.progress.watch.is_worse_than_guessing(now.loss, guess),
            None => self.progress.watch.stayed_high(now),
        };
        Ok(in_vain.then(|| self.in_own_unit(now.loss)))
    }

    /// What the examples of the two steps that lost least lose now, where later ones lost more. Weights of a step before those, and a mean of
    /// weights, have not lost it: they never had it.
    fn best_asked_again(&mut self, best: Option<u64>, emit: &mut dyn FnMut(Event)) -> Result<Option<AskedAgain>, Error> {
        let Some(least @ Least { step, .. }) = self.progress.watch.rose_from() else { return Ok(None) };
        let steps = [step, step + 1];
        let mut examples = self.order.batch(step);
        examples.extend(self.order.batch(step + 1));
        let were_not_there = best.is_some_and(|best| best < step + steps.len() as u64);
        if were_not_there || self.average.as_ref().is_some_and(Average::is_used) || examples.len() < LOOKED_AT / 2 {
            return Ok(None);
        }
        Ok(Some(AskedAgain { now: self.asked_again(&steps, emit)?, least, examples }))
    }

    /// Whether what had been learnt of these examples is lost: they lose far more, and hardly less than by the same answer to all. Of examples
    /// that are nearly all of a class it cannot be told, for who says that class loses least of them, and knows nothing.
    fn is_lost(&mut self, asked: &AskedAgain) -> bool {
        let AskedAgain { least, now, examples } = asked;
        if !LossWatch::is_lost(*least, *now) || !self.progress.watch.was_better() {
            return false;
        }
        if let Some(guess) = self.loss_of_the_mean(examples) {
            return now.loss > guess;
        }
        let Some(of_these) = said::of_one_answer(&self.data, examples, &self.rule, self.choices) else { return true };
        let some = self.first_examples(COUNTED);
        let of_all = said::of_one_answer(&self.data, &some, &self.rule, self.choices).unwrap_or(of_these);
        of_these > HALF * of_all && now.loss > NEAR_GUESS * of_these
    }

    /// What the examples of these steps lose now, with the same draws.
    fn asked_again(&mut self, steps: &[u64], emit: &mut dyn FnMut(Event)) -> Result<Asked, Error> {
        let (mut loss, mut answers) = (0.0, 0);
        for &step in steps {
            loss += self.again(step, emit)?.loss / steps.len() as f64;
            let examples = self.order.batch(step);
            answers += self.answers_of(&examples)?;
        }
        Ok(Asked { loss, answers, good: self.good() })
    }

    /// Whether a step has so many answers that by chance it loses hardly more than another.
    fn steps_have_many_answers(&mut self) -> Result<bool, Error> {
        let examples = self.order.batch(0);
        Ok(self.answers_of(&examples)? >= MANY)
    }

    /// Words and tags are many more than examples.
    fn answers_of(&self, examples: &[usize]) -> Result<usize, Error> {
        let targets = self.data.targets();
        if !(targets.are_words() || matches!(targets, PreparedTargets::Tags(_))) {
            return Ok(examples.len());
        }
        let mut answers = 0;
        for chosen in examples.chunks(self.config.micro_batch_size.max(1)) {
            answers += collate(&self.data, chosen, self.config.normalize.as_ref(), None)?.wanted.count();
        }
        Ok(answers)
    }

    /// A model that loses less is good, whatever it lost before: so much of what one of two costs who guesses, or of what is lost by the same
    /// answer to all where that is less, as of tags of which most are none; of what label smoothing takes from all nothing is counted.
    fn good(&mut self) -> f64 {
        let examples = self.first_examples(COUNTED);
        if let Some(guess) = self.loss_of_the_mean(&examples) {
            return GOOD * guess;
        }
        let least = self.rule.of_right_answers(self.choices);
        let by_one = said::of_one_answer(&self.data, &examples, &self.rule, self.choices);
        let most = self.rule.of_one_of_two();
        least + GOOD * by_one.map_or(most, |by_one| most.min(by_one - least))
    }

    /// Those of the first steps, so many at most.
    fn first_examples(&mut self, most: usize) -> Vec<usize> {
        let mut examples = Vec::new();
        for step in 0..self.progress.step {
            examples.extend(self.order.batch(step));
            if examples.len() >= most {
                break;
            }
        }
        examples.truncate(most);
        examples
    }

    /// What guessing the mean of all numbers loses on `examples`, on the scale that is learnt; none where answers are no numbers.
    fn loss_of_the_mean(&self, examples: &[usize]) -> Option<f64> {
        let PreparedTargets::Values { of } = self.data.targets() else { return None };
        let values: Vec<f64> = examples.iter().map(|&i| self.scale.as_ref().map_or(of[i], |scale| scale.learnt(of[i]))).collect();
        let mean_of = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        // On its scale the mean of all is 0.
        let mean = if self.scale.is_some() { 0.0 } else { mean_of(&values) };
        let loss = self.config.recipe.number_loss;
        Some(mean_of(&values.iter().map(|value| loss.of(value - mean)).collect::<Vec<f64>>()))
    }
}
