//! The end of a run that took all its steps: which weights come out, and what is told of them.

use super::super::Error;
use super::super::best;
use super::super::checkpoint::Done;
use super::super::ema::Average;
use super::super::weights::{self, Seal};
use super::{Finish, Run};
use crate::job::{BestStep, Divergence, Event, InitFrom};
use crate::spec::Keep;
use tallow_zoo::peft;

impl Run<'_> {
    pub(super) fn finish(&mut self, emit: &mut dyn FnMut(Event)) -> Result<Finish, Error> {
        // No further loss shows what the last step did.
        if !weights::all_finite(&self.built.store)? {
            return self.diverged(Divergence::WeightsNotFinite, f64::NAN, emit);
        }
        let best = self.put_in_what_comes_out()?;
        if let Some((what, loss)) = self.in_vain(best.map(|best| best.step), emit)? {
            return self.diverged(what, loss, emit);
        }
        let stopped_early = self.progress.step < self.config.total_steps;
        self.tell_what_comes_out(stopped_early, best, emit);
        // Of a model with an adapter that alone is kept, with the name of its base.
        let mut metadata = vec![("format", "pt".to_string())];
        let own =
            if self.config.adapter.is_some() { weights::learnt(&self.built.store) } else { weights::named(&self.built.store) };
        let own = self.scale.as_ref().map_or_else(|| Ok(own.clone()), |scale| scale.leave(own.clone()))?;
        let mut public = self.config.model.public_tensors(own)?;
        if let (Some(_), InitFrom::Weights { sha256, .. }) = (&self.config.adapter, &self.config.init) {
            public = peft::public_names(public);
            metadata.push((weights::BASE_SHA256, sha256.clone()));
        }
        let weights_sha256 = weights::write(&self.folder.weights(), &public, &metadata, Seal::None)?.sha256;
        let (step, Done { tokens, examples, train_secs }) = (self.progress.step, self.progress.done);
        let weights = weights_sha256.clone();
        emit(Event::Finished { step, weights_sha256: weights, tokens, examples, train_secs, stopped_early, best });
        Ok(Finish::Completed { weights_sha256 })
    }

    /// In words, for whoever reads the run.
    fn tell_what_comes_out(&self, stopped_early: bool, best: Option<BestStep>, emit: &mut dyn FnMut(Event)) {
        if stopped_early {
            let (step, total) = (self.progress.step, self.config.total_steps);
            let message = format!("training of {total} steps ended after step {step}: watching showed that more do not help");
            emit(Event::Note { message });
        }
        if let Some(BestStep { step, value }) = best {
            let value = value.map(|value| format!(": {} {value:.4}", self.config.metric.in_words())).unwrap_or_default();
            emit(Event::Note { message: format!("the weights are those of step {step}, the best{value}") });
        } else if self.config.recipe.keep == Keep::Best {
            let mean = self.average.as_ref().is_some_and(Average::is_used);
            let which = if mean { "the mean at the last step" } else { "those of the last step" };
            emit(Event::Note { message: format!("nothing that was watched had a score: the weights are {which}") });
        }
    }

    /// The weights that the recipe wants kept: the best, the mean, or as they are. Tells which step's the best are.
    fn put_in_what_comes_out(&mut self) -> Result<Option<BestStep>, Error> {
        match (&self.best, self.progress.watched.best) {
            (Some(weights), Some(best::Scored { step, value, .. })) => {
                weights.put_into(&self.built.store)?;
                Ok(Some(BestStep { step, value }))
            }
            _ => self.change_places().map(|()| None),
        }
    }
}
