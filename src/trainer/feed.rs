//! The batches of the steps to come, made on a thread of their own while the model works on the one before.
//!
//! What a step is fed with is a function of its number alone: order and draws hold no position. So who makes it, and when, changes no bit.

use super::Error;
use super::augment::Mix;
use super::batches::{Order, cut};
use super::collate::{Batch, Changes, collate, collate_mixed, count_wanted};
use super::objective::Rule;
use super::streams::Streams;
use crate::data::{Prepared, PreparedTargets};
use crate::job::RunConfig;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Batches that wait to be taken, beside the one that is being made: enough that neither side waits, little memory.
const AHEAD: usize = 1;

/// What a forward pass takes, one of a step's.
pub(super) struct Part {
    pub(super) batch: Batch,
    /// The examples of the batch, as numbers in the file.
    pub(super) examples: Vec<usize>,
    /// How much of the step's loss is the batch's: it counts by its answers, so that the step is the same however it is cut.
    pub(super) share: f64,
    /// Whether the step has no other behind it.
    pub(super) is_last: bool,
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
    /// Hands on what step `step` (from 0) is fed with, while `take` wants more.
    pub(super) fn make(&mut self, step: u64, take: &mut dyn FnMut(Part) -> bool) -> Result<(), Error> {
        let (config, data) = (&self.config, &*self.data);
        let changes = Changes { augment: config.augment(), streams: self.streams, epoch: self.order.epoch_of(step) };
        let mix = data.images().and_then(|images| Mix::draw(config.augment(), self.streams.mix(step), images.shape()));
        let examples = self.order.batch(step);
        let examples = examples.as_slice();
        let weigh = |part: &[usize]| match data.targets() {
            PreparedTargets::Classes { of, .. } => self.rule.weight(part.iter().map(|&i| of[i])),
            _ => None,
        };
        let asked = weigh(examples).unwrap_or_else(|| count_wanted(data, examples, Some(changes)) as f64);
        let (mut first, size) = (0, config.micro_batch_size.max(1));
        for number in 0..examples.len().div_ceil(size) {
            let part = &examples[cut(examples.len(), size, number)];
            let batch = match mix {
                None => collate(data, part, config.normalize.as_ref(), Some(changes))?,
                Some(mix) => {
                    // Each with the one behind it in the step's batch, however that is cut.
                    let others: Vec<usize> = (0..part.len()).map(|i| examples[(first + i + 1) % examples.len()]).collect();
                    collate_mixed(data, part, &others, config.normalize.as_ref(), changes, mix)?
                }
            };
            first += part.len();
            // The next examples lie anywhere else.
            data.give_back();
            let counted = weigh(part).unwrap_or(batch.wanted.count() as f64);
            let share = if asked > 0.0 { counted / asked } else { 0.0 };
            if !take(Part { batch, examples: part.to_vec(), share, is_last: first == examples.len() }) {
                break;
            }
        }
        Ok(())
    }

    /// Makes what the steps from `first` on are fed with until nobody takes it, or until something cannot be made, which is told.
    fn run(&mut self, first: u64, to: &SyncSender<Result<Part, Error>>) {
        let mut taken = true;
        for step in first.. {
            let made = self.make(step, &mut |part| {
                taken = to.send(Ok(part)).is_ok();
                taken
            });
            if let Err(error) = made {
                // If nobody is there any more, nobody misses it.
                to.send(Err(error)).ok();
                return;
            }
            if !taken {
                return;
            }
        }
    }
}

/// Hands out one batch after the other.
pub(super) struct Feed {
    /// None once it ends.
    made: Option<Receiver<Result<Part, Error>>>,
    thread: Option<JoinHandle<()>>,
}

impl Feed {
    /// From step `first` on, without end: whoever drops it ends it.
    ///
    /// # Errors
    /// There can be no further thread.
    pub(super) fn start(first: u64, mut maker: Maker) -> Result<Self, Error> {
        let (to, made) = sync_channel(AHEAD);
        // A pool of its own: the model's may be all at work, or be the very thread that waits for the batch.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(maker.config.threads).build();
        let pool = pool.map_err(|e| Error::NoThread(e.into()))?;
        let thread = std::thread::Builder::new().name("feed".into()).spawn(move || pool.install(|| maker.run(first, &to)));
        Ok(Feed { made: Some(made), thread: Some(thread.map_err(|e| Error::NoThread(e.into()))?) })
    }

    /// The next batch.
    ///
    /// # Errors
    /// It could not be made, or one before it.
    pub(super) fn next(&mut self) -> Result<Part, Error> {
        match self.made.as_ref().map(Receiver::recv) {
            Some(Ok(part)) => part,
            // The thread panicked: so do we, with its words. Or an error was told, and no more comes.
            _ => match self.thread.take().map(JoinHandle::join) {
                Some(Err(panic)) => std::panic::resume_unwind(panic),
                _ => Err(Error::NoThread("it ended with an earlier error".into())),
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
