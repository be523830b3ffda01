//! The budget of disk space: what a job will write is counted before it begins, and what lies there is looked at while it runs.

use super::outcome::{Budget, Outcome};
use crate::error::Class;
use crate::job::{Job, RunConfig};
use crate::spec::Keep;
use crate::words::bytes;

/// How a run ends whose folder would hold more than `limit` bytes with what `job` writes; none if it fits. `held`: what lies there.
pub(super) fn spent(limit: u64, held: u64, job: &Job) -> Option<Outcome> {
    let needed = match job {
        Job::Train { config, .. } => written(config),
        // What they write is small, or not known before.
        Job::Read { .. }
        | Job::Prepare(_)
        | Job::Describe(_)
        | Job::Evaluate(_)
        | Job::Generate(_)
        | Job::Merge(_)
        | Job::Predict(_)
        | Job::Export(_)
        | Job::Compare { .. } => 0,
    };
    (held.saturating_add(needed) > limit).then(|| {
        let (limit, held) = (bytes(limit as f64), in_words(held));
        let what = match needed {
            0 => format!("`budget.max_disk_bytes` is {limit}, and the run folder holds {held}"),
            needed => {
                let needed = bytes(needed as f64);
                format!("`budget.max_disk_bytes` is {limit}, the run folder holds {held} and {needed} would be written")
            }
        };
        Outcome::BudgetSpent { budget: Budget::Disk, what }
    })
}

/// How a run ends that was ended because its folder holds more than `limit` bytes.
pub fn overrun(limit: u64, held: u64) -> Outcome {
    let (limit, held) = (bytes(limit as f64), in_words(held));
    let what = format!("`budget.max_disk_bytes` is {limit}, and the run folder held {held} when it was stopped");
    Outcome::BudgetSpent { budget: Budget::Disk, what }
}

/// What a folder holds, as [`bytes_below`](crate::store::bytes_below) counts it.
fn in_words(held: u64) -> String {
    match held {
        u64::MAX => "more than can be counted (a folder in it is closed to us, or lies too deep)".into(),
        held => bytes(held as f64),
    }
}

/// The most that a job writes whose results are words, or nothing: what it reads may have it write more. None of one that makes data
/// or weights, for which a budget can be set.
pub(super) fn most_written(job: &Job) -> Option<u64> {
    match job {
        Job::Read { .. } | Job::Describe(_) | Job::Generate(_) | Job::Compare { .. } => Some(4 << 30),
        Job::Prepare(_) | Job::Train { .. } | Job::Evaluate(_) | Job::Merge(_) | Job::Predict(_) | Job::Export(_) => None,
    }
}

/// How a job ends that was ended because it wrote more than that.
pub(super) fn beyond(most: u64, held: u64) -> Outcome {
    let (most, held) = (bytes(most as f64), in_words(held));
    let message = format!("the worker writes more than any such job does: expected at most {most}, found {held}");
    Outcome::Refused { class: Class::Sandbox, message, hint: None }
}

/// Bytes that training leaves at most: the checkpoints that are kept and the one that is being written, and the model, once where it
/// was trained and once in the Hub's format.
fn written(config: &RunConfig) -> u64 {
    let recipe = &config.recipe;
    let trained = match &config.adapter {
        // What cannot be built is refused by the worker, with the reason.
        Some(adapter) => config.model.adapted(adapter).map_or(0, |adapted| adapted.num_trained()),
        None => config.model.num_params(),
    };
    let copies = 1 + recipe.optimizer.moments() + usize::from(recipe.ema.is_some()) + usize::from(recipe.keep == Keep::Best);
    (4 * trained * (copies * (recipe.keep_checkpoints.max(1) + 1) + 2)) as u64
}
