//! The budget of disk space: what a job will write is counted before it begins, and what lies there is looked at while it runs.

use super::outcome::{Budget, Outcome};
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
        let [limit, held, needed] = [limit, held, needed].map(|count| bytes(count as f64));
        let what = format!("`budget.max_disk_bytes` is {limit}, the run folder holds {held} and {needed} would be written");
        Outcome::BudgetSpent { budget: Budget::Disk, what }
    })
}

/// How a run ends that was ended because its folder holds more than `limit` bytes.
pub fn overrun(limit: u64, held: u64) -> Outcome {
    let [limit, held] = [limit, held].map(|count| bytes(count as f64));
    let what = format!("`budget.max_disk_bytes` is {limit}, and the run folder held {held} when it was stopped");
    Outcome::BudgetSpent { budget: Budget::Disk, what }
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
