//! The training loop.
//!
//! A step is a function of its number and of what checkpoints hold (weights, moments, [`Progress`]), so a run that goes on from a
//! checkpoint takes the same steps, bit for bit, as one that was never interrupted. What is logged, watched and saved, and when,
//! changes no step; only which weights come out may follow from what is watched, where the recipe says so.

mod begin;
mod end;
mod guess;
mod lay_out;
#[cfg(test)]
mod tests;
mod triage;
mod worth;

pub use lay_out::{INIT, LaidOut, feed, lay_out};

use super::Error;
use super::batches::Order;
use super::best::{self, BestWeights};
use super::checkpoint::{self, Done, Held, Identity, Progress};
use super::ema::Average;
use super::feed::{Feed, Maker, Part};
use super::monitor::Monitor;
use super::objective::{Rule, Wanted};
use super::optimizer::State;
use super::reference::Reference;
use super::scale::Scale;
use super::schedule::lr_at;
use super::similarity::{self, StepFound};
use super::streams::Streams;
use super::weights::{self, Built};
use crate::data::{Prepared, PreparedTargets};
use crate::job::{Divergence, Event, Pulse, RunConfig, StepEvent};
use crate::spec::Keep;
use crate::store::{CheckpointFolder, WorkFolder};
use crate::words::counted;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use tallow_kernels::{Gradients, Inspection, Tape};

/// How training ended, where nothing failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    Completed {
        weights_sha256: String,
    },
    /// On request; a checkpoint of this step is there.
    Stopped {
        step: u64,
    },
    Diverged {
        step: u64,
    },
}

/// Trains as `config` says. Everything is written below the work folder `out`: checkpoints, and the weights at the end. Goes on from
/// the newest whole checkpoint in `out`, else in `resume_from` (checkpoint folders of earlier attempts, newest first, only read); from the
/// start where there is none. `stop` is asked between steps, with the steps that are done.
///
/// # Errors
/// Data, weights or config that cannot be used; a checkpoint of another run; a disk that is full; a trainable parameter that no
/// gradient reaches.
pub fn train(
    config: &RunConfig,
    out: &Path,
    resume_from: &[PathBuf],
    stop: &dyn Fn(u64) -> bool,
    emit: &mut dyn FnMut(Event),
) -> Result<Finish, Error> {
    tallow_kernels::set_threads(config.threads)?;
    // Steps are told of now and then, and may be long: in between a run is heard of all the same.
    let mut pulse = Pulse::new(emit);
    let emit: &mut dyn FnMut(Event) = &mut |event| pulse.tell(event);
    let mut run = Run::new(config, WorkFolder::at(out))?;
    run.refer(emit)?;
    let resumed = run.resume(resume_from, emit)?;
    run.tell_start(resumed, emit);
    if resumed && !run.is_done() {
        run.probe(emit)?;
    }
    while !run.is_done() {
        if stop(run.progress.step) {
            return run.stop(emit);
        }
        let stepped = run.step(emit)?;
        if let Some((what, value)) = run.divergence(&stepped) {
            return run.diverged(what, value, emit);
        }
        run.count(&stepped);
        if run.due(config.log_every_steps) || run.is_done() {
            run.tell_step(&stepped, emit);
        }
        if run.due(config.monitor_every_steps) || run.is_done() {
            run.watch(emit)?;
        }
        // It ends here, which nobody knew before it was watched.
        if run.is_enough() && run.progress.loss_examples > 0 {
            run.tell_step(&stepped, emit);
        }
        if run.due(config.checkpoint_every_steps) {
            run.save(emit)?;
        }
    }
    run.finish(emit)
}

struct Run<'a> {
    config: &'a RunConfig,
    folder: WorkFolder,
    identity: Identity,
    streams: Streams,
    data: Arc<Prepared>,
    monitor: Option<Monitor>,
    /// Where numbers are learnt.
    scale: Option<Scale>,
    order: Order,
    /// Where a step is fed from, once there was one.
    feed: Option<Feed>,
    rule: Rule,
    /// Answers that a guess is one of.
    choices: usize,
    /// For preferences: what they are measured against.
    reference: Option<Reference>,
    /// For vectors of texts.
    similarity: Option<similarity::Objective>,
    built: Built,
    state: State,
    /// Where the recipe wants one.
    average: Option<Average>,
    /// Where the recipe wants them and something was scored.
    best: Option<BestWeights>,
    grads: Gradients,
    /// Where every operation is looked at.
    inspection: Option<Inspection>,
    /// Whether passes leave running statistics as they are: none of them is a step's.
    repeats: bool,
    progress: Progress,
    /// What had been done when this attempt began.
    before: Done,
    /// Step of the newest checkpoint in the attempt's own folder.
    saved: Option<u64>,
}

/// What a forward and backward pass takes besides its batch.
struct Pass<'a> {
    built: &'a Built,
    scale: Option<&'a Scale>,
    reference: Option<&'a Reference>,
    rule: &'a Rule,
}

impl Pass<'_> {
    /// The mean loss of a part of a step; adds its share to the gradients.
    fn take(&self, part: Part, tape: Tape, grads: &mut Gradients) -> Result<f64, Error> {
        let Part { mut batch, examples, share, is_last: _ } = part;
        if let (Wanted::Values(values), Some(scale)) = (&mut batch.wanted, self.scale) {
            values.iter_mut().for_each(|value| *value = scale.learnt(*value));
        }
        if let Some(reference) = self.reference {
            reference.tell(&mut batch.wanted, &examples);
        }
        let output = self.built.model.forward(&tape, &batch.input)?;
        let loss = batch.wanted.trained(&tape, &output, self.rule)?;
        tape.backward_scaled(&loss, share as f32, grads)?;
        Ok(f64::from(loss.tensor().to_scalar::<f32>()?))
    }
}

/// What one optimiser step found.
struct Stepped {
    /// Mean over the step's examples.
    loss: f64,
    /// Before clipping.
    grad_norm: f64,
    tokens: u64,
    examples: u64,
    secs: f64,
}

impl Run<'_> {
    /// Takes the weights that training begins with for what preferences are measured against: before a checkpoint is restored.
    fn refer(&mut self, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
        if !matches!(self.data.targets(), PreparedTargets::Preferences { .. }) {
            return Ok(());
        }
        let seen = self.order.seen_within(self.config.total_steps);
        let (config, model, mut pulse) = (self.config, &*self.built.model, Pulse::new(emit));
        let mut told = |done| pulse.beat(done);
        let size = config.micro_batch_size;
        self.reference = Reference::of(model, &self.data, &seen, config.preference, size, &mut told)?;
        self.monitor.as_mut().map_or(Ok(()), |monitor| monitor.refer(model, &self.data, config, &mut told))
    }

    /// Whether there was a checkpoint to go on from.
    fn resume(&mut self, resume_from: &[PathBuf], emit: &mut dyn FnMut(Event)) -> Result<bool, Error> {
        let own = self.folder.checkpoints();
        for folder in std::iter::once(own.clone()).chain(resume_from.iter().map(CheckpointFolder::at)) {
            let mut told = |message| emit(Event::Note { message });
            let Some(checkpoint) = checkpoint::newest(&folder, &self.identity, &mut told)? else { continue };
            self.best = checkpoint.restore(&self.built.store, &mut self.state, self.average.as_mut())?;
            self.before = checkpoint.progress.done;
            self.saved = (folder == own).then_some(checkpoint.progress.step);
            self.progress = checkpoint.progress;
            return Ok(true);
        }
        Ok(false)
    }

    fn tell_start(&self, resumed: bool, emit: &mut dyn FnMut(Event)) {
        let report = &self.built.report;
        // That an adapter's additions do is what it is.
        let anew: Vec<String> = report.initialised.iter().filter(|name| !tallow_zoo::is_addition(name)).cloned().collect();
        for (what, names) in [("begun anew", &anew), ("without a place in the model", &report.unused)] {
            if !names.is_empty() {
                emit(Event::Note { message: format!("{} {what}: {}", counted(names.len(), "tensor"), names.join(", ")) });
            }
        }
        emit(Event::Started {
            step: self.progress.step,
            total_steps: self.config.total_steps,
            num_params: self.built.num_params(),
            num_trainable: self.built.store.num_trainable(),
            train_examples: self.order.len(),
            resumed,
        });
    }

    /// Forward and backward over the step's micro-batches, clipping, the optimiser's step. Where loss or gradient is not finite, the
    /// weights stay as they were.
    fn step(&mut self, emit: &mut dyn FnMut(Event)) -> Result<Stepped, Error> {
        let (config, step, begun) = (self.config, self.progress.step, Instant::now());
        self.grads.clear();
        let StepFound { loss, tokens, examples } = self.passes(step, emit)?;
        let mut stepped = Stepped { loss, grad_norm: 0.0, tokens, examples, secs: 0.0 };
        if step == 0 {
            self.grads.check_complete(&self.built.store)?;
        }
        stepped.grad_norm = self.grads.global_norm(&self.built.store)?;
        if stepped.loss.is_finite() && stepped.grad_norm.is_finite() {
            if let Some(most) = config.recipe.grad_clip_value {
                self.grads.clip_values(&self.built.store, most)?;
            }
            // As torch.nn.utils.clip_grad_norm_.
            let scale = config.recipe.grad_clip_norm.map_or(1.0, |max| (max / (stepped.grad_norm + 1e-6)).min(1.0));
            self.state.step(&self.built.store, &self.grads, self.lr(step), step + 1, scale)?;
            if let Some(average) = &self.average {
                average.take(&self.built.store, step + 1)?;
            }
        }
        stepped.secs = begun.elapsed().as_secs_f64();
        Ok(stepped)
    }

    /// The step's forward and backward passes, each of which is heard of.
    fn passes(&mut self, step: u64, emit: &mut dyn FnMut(Event)) -> Result<StepFound, Error> {
        let tape = self.tape(step, 0);
        let (model, size) = (&self.built.model, self.config.micro_batch_size);
        let before = self.progress.done.examples - self.before.examples;
        let mut told = |done: u64| emit(Event::Progress { examples: (before + done) as usize });
        match &self.similarity {
            None => self.by_parts(step, &mut told),
            Some(similarity) => {
                let examples = self.order.batch(step);
                let found = similarity.step(model, &self.data, &examples, size, tape, (&mut self.grads, &mut told));
                self.data.give_back();
                found
            }
        }
    }

    /// Forward and backward over the largest batch of the epoch, its first, and nothing else: memory that does not suffice shows now, as
    /// it does at the beginning of a run, and not hours later.
    fn probe(&mut self, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
        self.again(self.order.first_of_epoch(self.progress.step), emit).map(drop)
    }

    /// Forward and backward of a step, which changes nothing.
    fn again(&mut self, step: u64, emit: &mut dyn FnMut(Event)) -> Result<StepFound, Error> {
        (self.feed, self.repeats) = (None, true);
        self.grads.clear();
        let passed = self.passes(step, emit);
        (self.feed, self.repeats) = (None, false);
        passed
    }

    /// That of a step's forward pass `micro`.
    fn tape(&self, step: u64, micro: usize) -> Tape {
        let tape = Tape::training(self.streams.dropout(step, micro)).saving(self.config.recipe.gradient_checkpointing);
        let tape = if self.repeats { tape.repeating() } else { tape };
        match &self.inspection {
            Some(inspection) => tape.inspected(inspection),
            None => tape,
        }
    }

    /// Forward and backward where a step's loss is the mean of its micro-batches', each by its share.
    /// `told` hears how many examples are done.
    fn by_parts(&mut self, step: u64, told: &mut dyn FnMut(u64)) -> Result<StepFound, Error> {
        let mut feed = match self.feed.take() {
            Some(feed) => feed,
            None => Feed::start(step, self.maker())?,
        };
        let mut found = StepFound { loss: 0.0, tokens: 0, examples: 0 };
        for micro in 0.. {
            let part = feed.next()?;
            let (share, is_last) = (part.share, part.is_last);
            found.examples += part.examples.len() as u64;
            found.tokens += part.batch.tokens;
            let tape = self.tape(step, micro);
            let pass =
                Pass { built: &self.built, scale: self.scale.as_ref(), reference: self.reference.as_ref(), rule: &self.rule };
            found.loss += share * pass.take(part, tape, &mut self.grads)?;
            told(found.examples);
            if is_last {
                break;
            }
        }
        self.feed = Some(feed);
        Ok(found)
    }

    /// What makes the run's batches.
    fn maker(&self) -> Maker {
        let (config, data, order) = (self.config.clone(), self.data.clone(), self.order.clone());
        Maker { config, data, order, rule: self.rule.clone(), streams: self.streams }
    }

    /// Learning rate of step `step`, from 0.
    fn lr(&self, step: u64) -> f64 {
        lr_at(&self.config.recipe.schedule, self.config.recipe.lr, step, self.config.total_steps)
    }

    /// What has gone wrong at the step just taken, with the value that shows it.
    fn divergence(&mut self, stepped: &Stepped) -> Option<(Divergence, f64)> {
        let step = self.progress.step;
        self.progress.watch.observe(step, [stepped.loss, stepped.grad_norm], stepped.examples, self.choices)
    }

    fn diverged(&mut self, what: Divergence, value: f64, emit: &mut dyn FnMut(Event)) -> Result<Finish, Error> {
        // The step that went wrong is not counted as done.
        let step = (self.progress.step + 1).min(self.config.total_steps);
        let origin = Some(self.origin(what, emit)?);
        emit(Event::Diverged { step, what, value, origin });
        Ok(Finish::Diverged { step })
    }

    fn count(&mut self, stepped: &Stepped) {
        let p = &mut self.progress;
        p.step += 1;
        p.loss_sum += stepped.loss * stepped.examples as f64;
        p.loss_examples += stepped.examples;
        p.done.tokens += stepped.tokens;
        p.done.examples += stepped.examples;
        p.done.train_secs += stepped.secs;
    }

    /// All steps are done, or watching showed that no more are needed.
    fn is_done(&self) -> bool {
        self.progress.step >= self.config.total_steps || self.is_enough()
    }

    fn is_enough(&self) -> bool {
        self.progress.watched.is_enough(self.config.recipe.early_stopping)
    }

    /// Whether the step just taken is one of each `every`.
    fn due(&self, every: u64) -> bool {
        every > 0 && self.progress.step.is_multiple_of(every)
    }

    fn tell_step(&mut self, stepped: &Stepped, emit: &mut dyn FnMut(Event)) {
        let p = &self.progress;
        emit(Event::Step(StepEvent {
            step: p.step,
            epoch: p.step as f64 / self.order.steps_per_epoch() as f64,
            loss: self.in_own_unit(p.loss_sum / p.loss_examples as f64),
            lr: self.lr(p.step - 1),
            grad_norm: stepped.grad_norm,
            tokens: p.done.tokens - self.before.tokens,
            examples: p.done.examples - self.before.examples,
            train_secs: p.done.train_secs - self.before.train_secs,
        }));
        (self.progress.loss_sum, self.progress.loss_examples) = (0.0, 0);
    }

    /// A loss in the unit of what is learnt.
    fn in_own_unit(&self, loss: f64) -> f64 {
        self.scale.as_ref().map_or(loss, |scale| self.config.recipe.number_loss.in_own_unit(loss, scale.std()))
    }

    /// Tells how the model does on what is watched, where something is, and keeps the best weights, where they are wanted.
    fn watch(&mut self, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
        self.change_places()?;
        let scored = self.score(emit)?;
        if self.monitor.is_some() && self.config.recipe.watching_decides() {
            let order = best::Order { by: self.config.recipe.best_by, metric: self.config.metric };
            let min_delta = self.config.recipe.early_stopping.map_or(0.0, |stopping| stopping.min_delta);
            if self.progress.watched.take(scored, order, min_delta) && self.config.recipe.keep == Keep::Best {
                self.best = Some(BestWeights::of(&self.built.store)?);
            }
        }
        self.change_places()
    }

    /// The mean of the weights with the weights, where it is the mean that is used.
    fn change_places(&mut self) -> Result<(), Error> {
        match &mut self.average {
            Some(average) if average.is_used() => average.swap(&self.built.store),
            _ => Ok(()),
        }
    }

    /// The scores on what is watched; none where nothing is, or where they are not finite.
    fn score(&self, emit: &mut dyn FnMut(Event)) -> Result<Option<best::Scored>, Error> {
        let Some(monitor) = &self.monitor else { return Ok(None) };
        let (step, metric) = (self.progress.step, self.config.metric);
        let scored = {
            let mut pulse = Pulse::new(emit);
            monitor.score(&*self.built.model, &self.data, self.config, self.scale.as_ref(), &mut |done| pulse.beat(done))
        };
        match scored {
            Ok(scored) => {
                let (value, loss) = (Some(scored.predictions.metric(metric)).filter(|value| value.is_finite()), scored.loss);
                emit(match value {
                    Some(value) => Event::Monitored { step, metric, value, loss, examples: monitor.len() },
                    None => Event::Note { message: format!("no {} at step {step}: it has no value", metric.in_words()) },
                });
                Ok(Some(best::Scored { step, value, loss }))
            }
            // Whether the run diverges is for its own losses to say.
            Err(error @ Error::NotFinite { .. }) => {
                emit(Event::Note { message: format!("no score at step {step}: {error}") });
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn save(&mut self, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
        let (step, folder) = (self.progress.step, self.folder.checkpoints());
        let held = Held { state: &self.state, average: self.average.as_ref(), best: self.best.as_ref() };
        let keep = self.config.recipe.keep_checkpoints;
        let bytes = checkpoint::save(&folder, &self.identity, &self.progress, &self.built.store, held, keep)?;
        self.saved = Some(step);
        let weights_sha256 = Some(weights::hash(&self.built.store)?);
        emit(Event::Checkpointed { step, path: "checkpoint".into(), bytes, weights_sha256 });
        Ok(())
    }

    fn stop(&mut self, emit: &mut dyn FnMut(Event)) -> Result<Finish, Error> {
        let step = self.progress.step;
        if self.saved != Some(step) {
            self.save(emit)?;
        }
        emit(Event::Stopped { step });
        Ok(Finish::Stopped { step })
    }
}
