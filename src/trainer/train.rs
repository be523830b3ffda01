//! The training loop.
//!
//! A step is a function of its number and of what checkpoints hold (weights, moments, [`Progress`]), so a run that goes on from a
//! checkpoint takes the same steps, bit for bit, as one that was never interrupted. What is logged, watched and saved, and when,
//! changes no step.

use super::Error;
use super::batches::Order;
use super::checkpoint::{self, Done, Identity, Progress};
use super::collate::{self, Changes, collate};
use super::monitor::{Monitor, divide};
use super::objective::Wanted;
use super::optimizer::State;
use super::reference::Reference;
use super::scale::Scale;
use super::schedule::lr_at;
use super::streams::Streams;
use super::weights::{self, Built, Seal, Source};
use crate::data::{Prepared, sha256_of_file};
use crate::job::{Divergence, Event, InitFrom, Pulse, RunConfig, StepEvent};
use crate::store::{CheckpointFolder, WorkFolder};
use std::path::Path;
use std::time::Instant;
use tallow_kernels::{Gradients, Tape};
use tallow_zoo::{Head, ModelConfig, peft};

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
/// the newest whole checkpoint in `out`, else in `resume_from` (the checkpoint folder of an earlier attempt, only read); from the
/// start where there is none. `stop` is asked between steps, with the steps that are done.
///
/// # Errors
/// Data, weights or config that cannot be used; a checkpoint of another run; a disk that is full; a trainable parameter that no
/// gradient reaches.
pub fn train(
    config: &RunConfig,
    out: &Path,
    resume_from: Option<&Path>,
    stop: &dyn Fn(u64) -> bool,
    emit: &mut dyn FnMut(Event),
) -> Result<Finish, Error> {
    tallow_kernels::set_threads(config.threads)?;
    let mut run = Run::new(config, WorkFolder::at(out))?;
    run.refer(emit)?;
    let resumed = run.resume(resume_from, emit)?;
    run.tell_start(resumed, emit);
    while !run.is_done() {
        if stop(run.progress.step) {
            return run.stop(emit);
        }
        let stepped = run.step()?;
        if let Some((what, value)) = run.divergence(&stepped) {
            return Ok(run.diverged(what, value, emit));
        }
        run.count(&stepped);
        if run.due(config.log_every_steps) || run.is_done() {
            run.tell_step(&stepped, emit);
        }
        if run.due(config.monitor_every_steps) || run.is_done() {
            run.watch(emit)?;
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
    data: Prepared,
    monitor: Option<Monitor>,
    /// Where numbers are learnt.
    scale: Option<Scale>,
    order: Order,
    /// For preferences: what they are measured against.
    reference: Option<Reference>,
    built: Built,
    state: State,
    grads: Gradients,
    progress: Progress,
    /// What had been done when this attempt began.
    before: Done,
    /// Step of the newest checkpoint in the attempt's own folder.
    saved: Option<u64>,
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

impl<'a> Run<'a> {
    fn new(config: &'a RunConfig, folder: WorkFolder) -> Result<Self, Error> {
        check(config)?;
        let streams = Streams::of(config.seed);
        let data = collate::open(&config.train, config.task, &config.model, config.normalize.as_ref())?;
        let identity = Identity::of(config, &sha256_of_file(&config.train)?);
        let (train, monitor) = divide(config, &data, streams.subset())?;
        let weights = match &config.init {
            InitFrom::Scratch => Source::Scratch,
            InitFrom::Weights { path, sha256 } => Source::Pretrained { path, sha256: Some(sha256) },
        };
        let model = config.recipe.dropout.map_or_else(|| config.model.clone(), |p| config.model.clone().with_dropout(p));
        let built = weights::build(&model, config.adapter.as_ref(), weights, streams.init())?;
        let scale = Scale::of(&data, &train, &built.store);
        scale.iter().try_for_each(|scale| scale.enter(&built.store, &built.report))?;
        let lengths = train.iter().map(|&i| data.example_len(i)).collect();
        let order = Order::new(train, lengths, config.recipe.batch_size, streams.order());
        let state = State::new(config.recipe.optimizer, &built.store)?;
        let grads = Gradients::new(&built.store);
        let (progress, before, saved, reference) = (Progress::default(), Done::default(), None, None);
        Ok(Run {
            config,
            folder,
            identity,
            streams,
            data,
            monitor,
            scale,
            order,
            reference,
            built,
            state,
            grads,
            progress,
            before,
            saved,
        })
    }

    /// Takes the weights that training begins with for what preferences are measured against: before a checkpoint is restored.
    fn refer(&mut self, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
        let (config, model, mut pulse) = (self.config, &*self.built.model, Pulse::new(emit));
        let mut told = |done| pulse.beat(done);
        let size = config.micro_batch_size;
        self.reference = Reference::of(model, &self.data, self.order.examples(), config.preference, size, &mut told)?;
        self.monitor.as_mut().map_or(Ok(()), |monitor| monitor.refer(model, &self.data, config, &mut told))
    }

    /// Whether there was a checkpoint to go on from.
    fn resume(&mut self, resume_from: Option<&Path>, emit: &mut dyn FnMut(Event)) -> Result<bool, Error> {
        let own = self.folder.checkpoints();
        for folder in [Some(own.clone()), resume_from.map(CheckpointFolder::at)].into_iter().flatten() {
            let mut told = |message| emit(Event::Note { message });
            let Some(checkpoint) = checkpoint::newest(&folder, &self.identity, &mut told)? else { continue };
            checkpoint.restore(&self.built.store, &mut self.state)?;
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
        for (what, names) in [("start anew", &anew), ("have no place in the model", &report.unused)] {
            if !names.is_empty() {
                emit(Event::Note { message: format!("{} tensor(s) {what}: {}", names.len(), names.join(", ")) });
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
    fn step(&mut self) -> Result<Stepped, Error> {
        let (config, step, begun) = (self.config, self.progress.step, Instant::now());
        let changes = Changes { augment: config.augment(), streams: self.streams, epoch: self.order.epoch_of(step) };
        let examples = self.order.batch(step);
        let asked = collate::count_wanted(&self.data, examples, Some(changes));
        let mut stepped = Stepped { loss: 0.0, grad_norm: 0.0, tokens: 0, examples: examples.len() as u64, secs: 0.0 };
        self.grads.clear();
        for (micro, part) in examples.chunks(config.micro_batch_size).enumerate() {
            let mut batch = collate(&self.data, part, config.normalize.as_ref(), Some(changes))?;
            if let (Wanted::Values(values), Some(scale)) = (&mut batch.wanted, &self.scale) {
                values.iter_mut().for_each(|value| *value = scale.learnt(*value));
            }
            if let Some(reference) = &self.reference {
                reference.tell(&mut batch.wanted, part);
            }
            let tape = Tape::training(self.streams.dropout(step, micro));
            let loss = batch.wanted.loss(&tape, &self.built.model.forward(&tape, &batch.input)?)?;
            // A micro-batch counts by its answers, so that the step is the same however it is cut.
            let share = batch.wanted.count() as f64 / asked.max(1) as f64;
            stepped.loss += share * f64::from(loss.tensor().to_scalar::<f32>()?);
            stepped.tokens += batch.tokens;
            tape.backward_scaled(&loss, share as f32, &mut self.grads)?;
        }
        if step == 0 {
            self.grads.check_complete(&self.built.store)?;
        }
        stepped.grad_norm = self.grads.global_norm(&self.built.store)?;
        if stepped.loss.is_finite() && stepped.grad_norm.is_finite() {
            // As torch.nn.utils.clip_grad_norm_.
            let scale = config.recipe.grad_clip_norm.map_or(1.0, |max| (max / (stepped.grad_norm + 1e-6)).min(1.0));
            self.state.step(&self.built.store, &self.grads, self.lr(step), step + 1, scale)?;
        }
        stepped.secs = begun.elapsed().as_secs_f64();
        Ok(stepped)
    }

    /// Learning rate of step `step`, from 0.
    fn lr(&self, step: u64) -> f64 {
        lr_at(&self.config.recipe.schedule, self.config.recipe.lr, step, self.config.total_steps)
    }

    /// What has gone wrong at the step just taken, with the value that shows it.
    fn divergence(&mut self, stepped: &Stepped) -> Option<(Divergence, f64)> {
        self.progress.watch.observe(stepped.loss, stepped.grad_norm, choices(&self.config.model))
    }

    fn diverged(&self, what: Divergence, value: f64, emit: &mut dyn FnMut(Event)) -> Finish {
        // The step that went wrong is not counted as done.
        let step = (self.progress.step + 1).min(self.config.total_steps);
        emit(Event::Diverged { step, what, value });
        Finish::Diverged { step }
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

    fn is_done(&self) -> bool {
        self.progress.step >= self.config.total_steps
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
        self.scale.as_ref().map_or(loss, |scale| scale.own_squared(loss))
    }

    /// Tells how the model does on what is watched, where something is.
    fn watch(&self, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
        let Some(monitor) = &self.monitor else { return Ok(()) };
        let (step, metric) = (self.progress.step, self.config.metric);
        let scored = {
            let mut pulse = Pulse::new(emit);
            monitor.score(&*self.built.model, &self.data, self.config, self.scale.as_ref(), &mut |done| pulse.beat(done))
        };
        match scored {
            Ok(scored) => match scored.predictions.metric(metric) {
                value if value.is_finite() => {
                    emit(Event::Monitored { step, metric, value, loss: scored.loss, examples: monitor.len() });
                }
                _ => emit(Event::Note { message: format!("no {} at step {step}: it has no value", metric.in_words()) }),
            },
            // Whether the run diverges is for its own losses to say: watching must not change how it ends.
            Err(error @ Error::NotFinite { .. }) => emit(Event::Note { message: format!("no score at step {step}: {error}") }),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn save(&mut self, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
        let (step, folder) = (self.progress.step, self.folder.checkpoints());
        let bytes = checkpoint::save(&folder, &self.identity, &self.progress, &self.built.store, &self.state)?;
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

    fn finish(&self, emit: &mut dyn FnMut(Event)) -> Result<Finish, Error> {
        // No further loss shows what the last step did.
        if !weights::all_finite(&self.built.store)? {
            return Ok(self.diverged(Divergence::WeightsNotFinite, f64::NAN, emit));
        }
        // Of a model with an adapter that alone is kept, with the name of its base.
        let mut metadata = vec![("format", "pt".to_string())];
        let own = weights::learnt(&self.built.store);
        let own = self.scale.as_ref().map_or_else(|| Ok(own.clone()), |scale| scale.leave(own.clone()))?;
        let mut public = self.config.model.public_tensors(own)?;
        if let (Some(_), InitFrom::Weights { sha256, .. }) = (&self.config.adapter, &self.config.init) {
            public = peft::public_names(public);
            metadata.push((weights::BASE_SHA256, sha256.clone()));
        }
        let weights_sha256 = weights::write(&self.folder.weights(), &public, &metadata, Seal::None)?.sha256;
        let (step, Done { tokens, examples, train_secs }) = (self.progress.step, self.progress.done);
        emit(Event::Finished { step, weights_sha256: weights_sha256.clone(), tokens, examples, train_secs });
        Ok(Finish::Completed { weights_sha256 })
    }
}

/// Classes, or words, that an answer is chosen from.
fn choices(model: &ModelConfig) -> usize {
    match (model.head(), model.text_limits()) {
        (Head::Words, Some((vocab_size, _))) => vocab_size,
        (head, _) => head.width(),
    }
}

/// What the config alone must hold.
fn check(config: &RunConfig) -> Result<(), Error> {
    let wrong = |field, expected: &str, found: String| Err(Error::Config { field, expected: expected.into(), found });
    let (batch, micro) = (config.recipe.batch_size, config.micro_batch_size);
    if batch == 0 {
        return wrong("recipe.batch_size", "at least 1", "0".into());
    }
    if micro == 0 || !batch.is_multiple_of(micro) {
        return wrong("micro_batch_size", "a divisor of recipe.batch_size", format!("{micro}, where that is {batch}"));
    }
    if config.total_steps == 0 {
        return wrong("total_steps", "at least 1", "0".into());
    }
    Ok(())
}
