//! The training loop.

use super::checkpoint::{self, Progress};
use super::collate::{Batch, Changes, collate};
use super::evaluate::score;
use super::optimizer::State;
use super::order::Order;
use super::schedule::lr_at;
use super::streams::Streams;
use super::weights::{self, Built};
use super::Error;
use crate::data::Prepared;
use crate::job::{Divergence, Event, InitFrom, MonitorConfig, RunConfig, StepEvent};
use crate::spec::Task;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tallow_kernels::{Gradients, Tape, cross_entropy};

/// A loss so many times the first steps' mean counts as exploded: no learning rate that is of use gets there.
const EXPLOSION: f64 = 20.0;

/// Steps whose mean loss an explosion is measured against.
const REFERENCE_STEPS: u64 = 10;

/// How training ended, where nothing failed.
#[derive(Debug, Clone, PartialEq)]
pub enum Finish {
    Completed { weights_sha256: String },
    Stopped { step: u64 },
    Diverged { step: u64 },
}

/// What one optimiser step found.
struct Stepped {
    loss: f64,
    grad_norm: f64,
    tokens: u64,
    examples: u64,
}

/// Trains as `config` says. Everything is written below `folder`: `checkpoint/`, and `model.safetensors` at the end. Goes on from
/// the checkpoint in `folder`, else from `resume_from`.
///
/// # Errors
/// Data, weights or config that cannot be used; a disk that is full; a gradient that reaches a parameter no more.
pub fn train(
    config: &RunConfig, folder: &Path, resume_from: Option<&Path>, stop: &AtomicBool, emit: &mut dyn FnMut(Event),
) -> Result<Finish, Error> {
    tallow_kernels::set_threads(config.threads)?;
    let mut run = Trainer::new(config, folder)?;
    run.tell_weights(emit);
    let resumed = run.resume(resume_from)?;
    emit(Event::Started {
        step: run.progress.step,
        total_steps: config.total_steps,
        num_params: run.built.store.iter().map(|p| p.len()).sum(),
        num_trainable: run.built.store.num_trainable(),
        train_examples: run.order.len(),
        resumed,
    });
    while run.progress.step < config.total_steps {
        if stop.load(Ordering::Relaxed) {
            run.save(emit)?;
            emit(Event::Stopped { step: run.progress.step });
            return Ok(Finish::Stopped { step: run.progress.step });
        }
        let begun = Instant::now();
        let stepped = run.step()?;
        run.progress.train_secs += begun.elapsed().as_secs_f64();
        if let Some((what, value)) = run.diverged(&stepped) {
            let step = run.progress.step + 1;
            emit(Event::Diverged { step, what, value });
            return Ok(Finish::Diverged { step });
        }
        run.count(&stepped, emit)?;
    }
    let weights_sha256 = weights::sha256(&run.built.store)?;
    weights::write(&folder.join("model.safetensors"), &weights::named(&run.built.store))?;
    let Progress { step, tokens, examples, train_secs, .. } = run.progress;
    emit(Event::Finished { step, weights_sha256: weights_sha256.clone(), tokens, examples, train_secs });
    Ok(Finish::Completed { weights_sha256 })
}

struct Trainer<'a> {
    config: &'a RunConfig,
    checkpoint: PathBuf,
    data: Prepared,
    monitor: Option<(Prepared, Vec<usize>)>,
    order: Order,
    streams: Streams,
    built: Built,
    state: State,
    grads: Gradients,
    progress: Progress,
}

impl<'a> Trainer<'a> {
    fn new(config: &'a RunConfig, folder: &Path) -> Result<Self, Error> {
        let streams = Streams::new(config.seed);
        let data = Prepared::open(&config.train)?;
        fits(config, &data)?;
        let (train, monitor) = divide(config, &data, streams)?;
        let lengths = data.texts().map(|texts| (0..data.len()).map(|i| texts.text_len(i)).collect());
        let weights = match &config.init {
            InitFrom::Scratch => None,
            InitFrom::Weights { path, .. } => Some(path.as_path()),
        };
        let model = config.recipe.dropout.map_or_else(|| config.model.clone(), |p| config.model.clone().with_dropout(p));
        let built = weights::build(&model, weights, streams.init())?;
        let state = State::new(config.recipe.optimizer, &built.store)?;
        let grads = Gradients::new(&built.store);
        let order = Order::new(train, lengths, config.recipe.batch_size, streams);
        let checkpoint = folder.join("checkpoint");
        Ok(Trainer { config, checkpoint, data, monitor, order, streams, built, state, grads, progress: Progress::default() })
    }

    fn tell_weights(&self, emit: &mut dyn FnMut(Event)) {
        let report = &self.built.report;
        for (what, names) in [("start anew", &report.initialised), ("have no place in the model", &report.unused)] {
            if !names.is_empty() {
                emit(Event::Note { message: format!("{} tensor(s) {what}: {}", names.len(), names.join(", ")) });
            }
        }
    }

    fn resume(&mut self, resume_from: Option<&Path>) -> Result<bool, Error> {
        let own = Some(self.checkpoint.as_path()).filter(|folder| checkpoint::file(folder).is_file());
        let Some(folder) = own.or(resume_from) else { return Ok(false) };
        let (progress, model, moments) = checkpoint::load(folder)?;
        let wrong = |message: String| Error::Checkpoint { path: folder.into(), message };
        for param in self.built.store.iter() {
            let value = model.get(param.name()).ok_or_else(|| wrong(format!("`{}` is missing", param.name())))?;
            param.set(value)?;
        }
        self.state.restore(&self.built.store, moments).map_err(wrong)?;
        self.progress = progress;
        Ok(true)
    }

    /// Forward and backward over the step's micro-batches, clipping, the optimiser's step.
    fn step(&mut self) -> Result<Stepped, Error> {
        let (config, step) = (self.config, self.progress.step);
        let (epoch, examples) = self.order.batch(step);
        let changes = Changes { augment: config.augment(), streams: self.streams, epoch };
        let (count, mut tokens, mut loss_sum) = (examples.len(), 0, 0.0);
        let mut parts: Vec<(Batch, usize)> = Vec::new();
        for part in examples.chunks(config.micro_batch_size) {
            parts.push((collate(&self.data, part, config.normalize.as_ref(), Some(changes))?, part.len()));
        }
        self.grads.clear();
        for (micro, (batch, len)) in parts.iter().enumerate() {
            let tape = Tape::training(self.streams.dropout(step, micro as u64));
            let logits = self.built.model.logits(&tape, &batch.input)?;
            let loss = cross_entropy(&tape, &logits, &batch.labels)?;
            // A micro-batch counts by its examples, so that the step is the same however it is cut.
            let weight = *len as f64 / count as f64;
            loss_sum += weight * f64::from(loss.tensor().to_scalar::<f32>()?);
            tape.backward_scaled(&loss, weight as f32, &mut self.grads)?;
            tokens += batch.tokens;
        }
        if step == 0 {
            self.grads.check_complete(&self.built.store)?;
        }
        let grad_norm = self.grads.global_norm(&self.built.store)?;
        let stepped = Stepped { loss: loss_sum, grad_norm, tokens, examples: count as u64 };
        if !loss_sum.is_finite() || !grad_norm.is_finite() {
            // The weights stay as they were.
            return Ok(stepped);
        }
        // As torch.nn.utils.clip_grad_norm_.
        let scale = config.recipe.grad_clip_norm.map_or(1.0, |max| (max / (grad_norm + 1e-6)).min(1.0));
        let lr = lr_at(&config.recipe.schedule, config.recipe.lr, step, config.total_steps);
        self.state.step(&self.built.store, &self.grads, lr, step + 1, scale)?;
        Ok(stepped)
    }

    fn diverged(&self, stepped: &Stepped) -> Option<(Divergence, f64)> {
        if !stepped.loss.is_finite() {
            return Some((Divergence::LossNotFinite, stepped.loss));
        }
        if !stepped.grad_norm.is_finite() {
            return Some((Divergence::GradNotFinite, stepped.grad_norm));
        }
        let reference = self.progress.reference_loss.filter(|_| self.progress.step >= REFERENCE_STEPS)?;
        (stepped.loss > EXPLOSION * reference.max(0.1)).then_some((Divergence::LossExploded, stepped.loss))
    }

    /// Counts a step; tells, watches and saves when it is time.
    fn count(&mut self, stepped: &Stepped, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
        let config = self.config;
        let p = &mut self.progress;
        if p.step < REFERENCE_STEPS {
            let before = p.reference_loss.unwrap_or(0.0) * p.step as f64;
            p.reference_loss = Some((before + stepped.loss) / (p.step + 1) as f64);
        }
        p.step += 1;
        p.loss_sum += stepped.loss;
        p.losses += 1;
        p.tokens += stepped.tokens;
        p.examples += stepped.examples;
        let due = |every: u64| every > 0 && p.step.is_multiple_of(every);
        let last = p.step == config.total_steps;
        let (log, watch, save) = (due(config.log_every_steps), due(config.monitor_every_steps), due(config.checkpoint_every_steps));
        if log || last {
            emit(Event::Step(StepEvent {
                step: p.step,
                epoch: p.step as f64 / self.order.steps_per_epoch() as f64,
                loss: p.loss_sum / p.losses as f64,
                lr: lr_at(&config.recipe.schedule, config.recipe.lr, p.step - 1, config.total_steps),
                grad_norm: stepped.grad_norm,
                tokens: p.tokens,
                examples: p.examples,
                train_secs: p.train_secs,
            }));
            (p.loss_sum, p.losses) = (0.0, 0);
        }
        if watch || last {
            self.watch(emit)?;
        }
        if save || last {
            self.save(emit)?;
        }
        Ok(())
    }

    fn watch(&self, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
        let config = self.config;
        let Some((data, examples)) = &self.monitor else { return Ok(()) };
        let scored = score(&*self.built.model, data, examples, config.normalize.as_ref(), config.micro_batch_size.max(32))?;
        let value = crate::eval::metric(config.metric, &scored.predicted, &scored.labels, config.model.num_labels());
        let (step, metric, loss) = (self.progress.step, config.metric, scored.loss);
        emit(Event::Monitored { step, metric, value, loss, examples: examples.len() });
        Ok(())
    }

    fn save(&self, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
        let store = &self.built.store;
        let bytes = checkpoint::save(&self.checkpoint, &self.progress, weights::named(store), self.state.named(store))?;
        emit(Event::Checkpointed { step: self.progress.step, path: "checkpoint".into(), bytes });
        Ok(())
    }
}

/// Data and model are for the same job and the same classes.
fn fits(config: &RunConfig, data: &Prepared) -> Result<(), Error> {
    let found = if data.texts().is_some() { Task::TextClassification } else { Task::ImageClassification };
    let wrong = |what, expected: String, found: String| Err(Error::WrongData { what, expected, found });
    if found != config.task {
        return wrong("data", format!("{:?}", config.task), format!("{found:?}"));
    }
    if data.classes().len() != config.model.num_labels() {
        return wrong("data", format!("{} classes", config.model.num_labels()), format!("{} classes", data.classes().len()));
    }
    let (batch, micro) = (config.recipe.batch_size, config.micro_batch_size);
    if data.is_empty() || micro == 0 || batch == 0 || !batch.is_multiple_of(micro) {
        let examples = data.len();
        return Err(Error::Config(format!("{examples} examples, batches of {batch} in micro-batches of {micro}: none may be 0, and the second divide the first")));
    }
    Ok(())
}

/// The examples that are trained on, and those that are watched.
#[expect(clippy::type_complexity, reason = "two answers of one division")]
fn divide(config: &RunConfig, data: &Prepared, streams: Streams) -> Result<(Vec<usize>, Option<(Prepared, Vec<usize>)>), Error> {
    let mut order = streams.subset().permutation(data.len());
    let monitor = match &config.monitor {
        MonitorConfig::None => None,
        MonitorConfig::File { path } => {
            let monitor = Prepared::open(path)?;
            let all = (0..monitor.len()).collect();
            Some((monitor, all))
        }
        MonitorConfig::HoldOut { examples } => {
            if *examples >= data.len() {
                return Err(Error::Config(format!("{examples} of {} examples cannot be kept out of training", data.len())));
            }
            let mut kept_out = order.split_off(data.len() - examples);
            kept_out.sort_unstable();
            Some((Prepared::open(&config.train)?, kept_out))
        }
    };
    order.truncate(config.max_train_examples.unwrap_or(usize::MAX));
    order.sort_unstable();
    Ok((order, monitor))
}
