//! How a fault is done: by other words of the command, or from outside while the program runs.

use super::fault::{Fault, strike_at, too_little_memory};
use super::suite::{Start, Tier};
use crate::job::Event;
use crate::plan::Plan;
use crate::run::Outcome;
use crate::run::process::Running;
use crate::store::{Entry, Record, RunFolder};
use std::path::Path;
use std::time::{Duration, Instant};

/// How often a kill looks whether its step has come.
const LOOK: Duration = Duration::from_millis(40);

/// What the undisturbed run of a task and seed says of what a fault needs.
pub(super) struct Undisturbed {
    pub(super) peak_bytes: Option<u64>,
    pub(super) least_bytes: Option<u64>,
    pub(super) lr: Option<f64>,
    pub(super) micro_batch: Option<usize>,
}

/// What a fault does from outside while the program runs.
pub(super) struct Strike<'a> {
    pub(super) fault: Fault,
    pub(super) seed: u64,
    pub(super) run: &'a Path,
    pub(super) looked: Instant,
    pub(super) struck: bool,
}

impl Strike<'_> {
    /// Looks whether its time has come.
    pub(super) fn tick(&mut self, running: Running) {
        if self.struck || !matches!(self.fault, Fault::KillWorker | Fault::KillProgram) || self.looked.elapsed() < LOOK {
            return;
        }
        self.looked = Instant::now();
        let Ok(folder) = RunFolder::open(self.run) else { return };
        let events = folder.attempt(&format!("seed-{}", self.seed), 1).read_events().unwrap_or_default();
        let total = events
            .iter()
            .find_map(|event| if let Event::Started { total_steps, .. } = event { Some(*total_steps) } else { None });
        let step = events.iter().rev().find_map(|event| if let Event::Step(step) = event { Some(step.step) } else { None });
        let is_over = events.iter().any(|event| matches!(event, Event::Finished { .. }));
        let Some((total, step)) = total.zip(step).filter(|_| !is_over) else { return };
        if step >= strike_at(self.seed, self.fault, total) {
            self.struck = match self.fault {
                Fault::KillWorker => running.kill_children(),
                _ => {
                    running.kill();
                    true
                }
            };
        }
    }
}

/// The command of a trial, without its places.
pub(super) fn arguments(tier: &Tier, seed: u64, fault: Fault, undisturbed: Option<&Undisturbed>) -> Vec<String> {
    let mut args: Vec<String> = match &tier.start {
        Start::Request { text } => {
            let text = match fault {
                Fault::Vague => tier.vague.as_ref().unwrap_or(text),
                Fault::Misspelt => tier.misspelt.as_ref().unwrap_or(text),
                _ => text,
            };
            vec!["do".into(), text.clone()]
        }
        Start::Paper { paper } => vec!["reproduce".into(), paper.clone()],
        Start::ExamplePaper => vec!["reproduce".into(), "--example".into()],
    };
    args.extend(tier.args.iter().cloned());
    args.extend(["--seeds".into(), seed.to_string()]);
    match (fault, undisturbed) {
        (Fault::Memory, Some(Undisturbed { peak_bytes: Some(peak), least_bytes: Some(least), .. })) => {
            args.extend(["--memory".into(), too_little_memory(*peak, *least).to_string()]);
        }
        (Fault::LearningRate, Some(Undisturbed { lr: Some(lr), .. })) => {
            args.extend(["--set".into(), format!("recipe.lr={:?}", 100.0 * lr)]);
        }
        (Fault::BadColumn, _) => args.extend(tier.bad_column.iter().flat_map(|flag| ["--set".to_string(), flag.clone()])),
        _ => {}
    }
    args
}

/// What no smaller part of a step saves: weights, and gradients and moments of those that are trained, in float32.
pub(super) fn standing_bytes(plan: &Plan) -> u64 {
    4 * plan.estimate.num_params as u64 + 12 * plan.estimate.num_trainable as u64
}

/// Whether a worker was ended by a signal: it may have had its last word before ours came, and that says nothing of recovery.
pub(super) fn has_lost_a_worker(run: &Path) -> bool {
    let killed = |entry: &Entry| matches!(&entry.record, Record::AttemptEnded { outcome: Outcome::Killed { .. }, .. });
    let ledger = RunFolder::open(run).and_then(|folder| folder.ledger().read());
    ledger.is_ok_and(|ledger| ledger.iter().any(killed))
}

/// Whether less memory made a difference: a worker ran out of it, or the plan takes smaller parts of a step.
pub(super) fn had_too_little(run: &Path, undisturbed: Option<&Undisturbed>) -> bool {
    let Ok(folder) = RunFolder::open(run) else { return true };
    let ran_out = |entry: &Entry| matches!(&entry.record, Record::AttemptEnded { outcome: Outcome::OutOfMemory { .. }, .. });
    let planned =
        folder.read_json::<Plan>(&folder.plan()).ok().and_then(|plan| plan.runs.first().map(|run| run.micro_batch_size));
    folder.ledger().read().is_ok_and(|ledger| ledger.iter().any(ran_out))
        || planned != undisturbed.and_then(|undisturbed| undisturbed.micro_batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_lost_where_the_ledger_says_so() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::create(dir.path().join("run")).expect("made");
        let ended = |outcome: Outcome| {
            let record = Record::AttemptEnded { run: "seed-0".into(), attempt: 1, outcome, wall_secs: 1.0, max_rss_bytes: 1 };
            folder.ledger().append("2026-01-01T00:00:00Z".into(), record).expect("written");
        };
        assert!(!has_lost_a_worker(&dir.path().join("elsewhere")));
        ended(Outcome::Completed);
        assert!(!has_lost_a_worker(folder.root()), "the kill came when it was done");
        ended(Outcome::Killed { signal: 9 });
        assert!(has_lost_a_worker(folder.root()));
    }
}
