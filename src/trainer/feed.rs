//! The batches of the steps to come, made on a thread of their own while the model works on the one before.
//!
//! What a step is fed with is a function of its number alone: order and draws hold no position. So who makes it, and when, changes no bit.

use super::Error;
use super::augment::Mix;
use super::batches::Order;
use super::collate::{Batch, Changes, collate, collate_mixed, count_wanted};
use super::objective::Rule;
use super::streams::Streams;
use crate::data::{Prepared, PreparedTargets};
use crate::job::RunConfig;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

/// Steps that wait to be taken, beside the one that is being made: enough that neither side waits, little memory.
const AHEAD: usize = 1;

/// What the forward passes of a step take, one after the other.
pub(super) struct StepBatches {
    pub(super) parts: Vec<Part>,
    pub(super) examples: usize,
}

pub(super) struct Part {
    pub(super) batch: Batch,
    /// The examples of the batch, as numbers in the file.
    pub(super) examples: Vec<usize>,
    /// How much of the step's loss is the batch's: it counts by its answers, so that the step is the same however it is cut.
    pub(super) share: f64,
}

/// Makes the batches of any step.
pub(super) struct Maker {
    pub(super) config: RunConfig,
    pub(super) data: Arc<Prepared>,
    pub(super) order: Order,
    pub(super) rule: Rule,
    pub(super) streams: Streams,
}

impl Maker {
    /// What step `step` (from 0) is fed with.
    fn make(&mut self, step: u64) -> Result<StepBatches, Error> {
        let (config, data) = (&self.config, &*self.data);
        let changes = Changes { augment: config.augment(), streams: self.streams, epoch: self.order.epoch_of(step) };
        let mix = data.images().and_then(|images| Mix::draw(config.augment(), self.streams.mix(step), images.shape()));
        let examples = self.order.batch(step);
        let weigh = |part: &[usize]| match data.targets() {
            PreparedTargets::Classes { of, .. } => self.rule.weight(part.iter().map(|&i| of[i])),
            _ => None,
        };
        let asked = weigh(examples).unwrap_or_else(|| count_wanted(data, examples, Some(changes)) as f64);
        let part = |(micro, part): (usize, &[usize])| {
            let batch = match mix {
                None => collate(data, part, config.normalize.as_ref(), Some(changes))?,
                Some(mix) => {
                    // Each with the one behind it in the step's batch, however that is cut.
                    let first = micro * config.micro_batch_size;
                    let others: Vec<usize> = (0..part.len()).map(|i| examples[(first + i + 1) % examples.len()]).collect();
                    collate_mixed(data, part, &others, config.normalize.as_ref(), changes, mix)?
                }
            };
            let counted = weigh(part).unwrap_or(batch.wanted.count() as f64);
            let share = if asked > 0.0 { counted / asked } else { 0.0 };
            Ok(Part { batch, examples: part.to_vec(), share })
        };
        let parts = examples.chunks(config.micro_batch_size).enumerate().map(part).collect::<Result<_, Error>>()?;
        Ok(StepBatches { parts, examples: examples.len() })
    }
}

/// Hands out the batches of one step after the other.
pub(super) struct Feed {
    /// None once it ends.
    made: Option<Receiver<Result<StepBatches, Error>>>,
    thread: Option<JoinHandle<()>>,
}

/// What pools of threads are made of lacks.
fn no_thread(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::NoThread(Box::new(error))
}

impl Feed {
    /// From step `first` on, without end: whoever drops it ends it.
    ///
    /// # Errors
    /// There can be no further thread.
    pub(super) fn from(first: u64, mut maker: Maker) -> Result<Self, Error> {
        let (to, made) = sync_channel(AHEAD);
        // A pool of its own: the model's may be all at work, or be the very thread that waits for the batch.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(maker.config.threads).build().map_err(no_thread)?;
        let make = move || {
            // Nobody waits for more where sending fails.
            (first..).take_while(|&step| to.send(pool.install(|| maker.make(step))).is_ok()).for_each(drop);
        };
        let thread = std::thread::Builder::new().name("feed".into()).spawn(make).map_err(no_thread)?;
        Ok(Feed { made: Some(made), thread: Some(thread) })
    }

    /// The next step's.
    ///
    /// # Errors
    /// A batch could not be made.
    pub(super) fn next(&mut self) -> Result<StepBatches, Error> {
        match self.made.as_ref().map(Receiver::recv) {
            Some(Ok(step)) => step,
            // The thread ends by itself only where it panics: so do we, with its words.
            _ => match self.thread.take().map(JoinHandle::join) {
                Some(Err(panic)) => std::panic::resume_unwind(panic),
                _ => unreachable!("a feed makes batches until it is dropped"),
            },
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.made = None;
        if let Some(thread) = self.thread.take() {
            // Its panic has no one to hear it any more.
            thread.join().ok();
        }
    }
}
