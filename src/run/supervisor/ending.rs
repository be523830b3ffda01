//! How an attempt of a worker ended: its name, from what we did to it, what it told and how it left.

use super::{Supervisor, whole_secs};
use crate::error::Class;
use crate::job::{Event, Job};
use crate::run::outcome::{Outcome, ended_by};
use crate::run::process::{Exit, KillReason, Status};
use crate::sandbox;
use crate::store::AttemptFolder;
use std::time::Duration;

/// The signal of `abort`.
const ABORT: i32 = 6;
/// The one that nobody can refuse.
pub(super) const KILL: i32 = 9;

/// Signals of a program that breaks, not of one that is ended: SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, as Linux numbers
/// them on the machines that workers run on.
pub const OF_ITSELF: [i32; 7] = [4, 5, ABORT, 7, 8, 11, 31];

impl Supervisor<'_> {
    /// How the attempt ended: from what we did to it, then its last word, then its wait status.
    pub(super) fn name_outcome(
        &self,
        (job, folder): (&Job, &AttemptFolder),
        exit: &Exit,
        events: &[Event],
        wall: Duration,
    ) -> Outcome {
        let memory_bytes = self.memory_of(job);
        let out_of_memory =
            || Outcome::OutOfMemory { limit_bytes: memory_bytes, peak_bytes: Some(exit.max_rss_bytes), gpu: None };
        let limits = [whole_secs(wall), self.silence.as_secs()];
        let ended = |reason: KillReason, step: u64| ended_by(reason, ("worker", step), limits, || self.disk_overrun(job, folder));
        if let Some(reason) = exit.killed_by {
            return ended(reason, last_step(events));
        }
        let last_word = events.iter().rev().find_map(|event| match event {
            Event::Diverged { step, what, origin, .. } => {
                Some(Outcome::Diverged { step: *step, what: *what, origin: origin.clone() })
            }
            Event::Stopped { step } => match exit.asked {
                Some(reason) => Some(ended(reason, *step)),
                None if matches!(job, Job::Train { stop_after: Some(_), .. }) => Some(Outcome::Interrupted { step: *step }),
                // What nobody asked for is no answer.
                None => None,
            },
            Event::OutOfMemory { gpu } => Some(Outcome::OutOfMemory { limit_bytes: None, peak_bytes: None, gpu: Some(*gpu) }),
            Event::Failed { class, message, hint } => {
                Some(Outcome::Refused { class: *class, message: message.clone(), hint: hint.clone() })
            }
            _ => None,
        });
        let refused = |then: String| {
            let message = format!("the jail refused {}, and then the worker {then}", sandbox::in_words(&exit.refused));
            let hint = "no job of ours needs that: what it read may be hostile, or this is a mistake of ours; `stderr.log` of the attempt may say more";
            Outcome::Refused { class: Class::Sandbox, message, hint: Some(hint.into()) }
        };
        let was_refused = !exit.refused.is_empty();
        let nobody_counts = exit.memory_kills.is_none() && exit.machine_killed.is_none();
        let is_nearly_over = memory_bytes.is_some_and(|limit| exit.max_rss_bytes > limit / 10 * 9);
        match (last_word, &exit.status) {
            (Some(outcome), _) => outcome,
            (None, Status::Exited(0)) if is_done(job, events) => Outcome::Completed,
            (None, Status::Exited(code)) if was_refused => refused(format!("ended with exit code {code}")),
            (None, Status::Exited(code)) => Outcome::Crashed { exit_code: *code },
            (None, Status::Signalled(_)) if exit.memory_kills.is_some_and(|kills| kills > 0) => out_of_memory(),
            // What nobody but it itself, or the kernel over what it did, sends it.
            (None, Status::Signalled(signal)) if was_refused && OF_ITSELF.contains(signal) => {
                refused(format!("died of signal {signal}"))
            }
            // Under a limit of the process, which nobody counts, an allocation fails; that aborts.
            (None, Status::Signalled(ABORT)) if memory_bytes.is_some() && exit.memory_kills.is_none() => out_of_memory(),
            // The machine's own out-of-memory killer, where nobody counts for this worker alone: it was at work as the worker died.
            (None, Status::Signalled(KILL)) if exit.memory_kills.is_none() && exit.machine_killed == Some(true) => {
                out_of_memory()
            }
            // The same where the machine does not say either: its own memory was about to be too much.
            (None, Status::Signalled(KILL)) if nobody_counts && is_nearly_over => out_of_memory(),
            (None, Status::Signalled(signal)) => Outcome::Killed { signal: *signal },
        }
    }
}

/// Whether the job's own last word was told: one that leaves without it has not done its work, whatever its exit code says.
fn is_done(job: &Job, events: &[Event]) -> bool {
    match job {
        Job::Read { .. } => events.iter().any(|e| matches!(e, Event::Read { .. })),
        Job::Prepare(job) => events.iter().filter(|e| matches!(e, Event::Prepared(_))).count() == job.splits.len(),
        Job::Describe(job) => events.iter().filter(|e| matches!(e, Event::Described(_))).count() == job.splits.len(),
        Job::Train { .. } => events.iter().any(|e| matches!(e, Event::Finished { .. })),
        Job::Evaluate(_) => events.iter().any(|e| matches!(e, Event::Evaluated { .. })),
        Job::Generate(_) => events.iter().any(|e| matches!(e, Event::Generated { .. })),
        Job::Merge(_) => events.iter().any(|e| matches!(e, Event::Merged { .. })),
        Job::Predict(_) => events.iter().any(|e| matches!(e, Event::Predicted { .. })),
        Job::Export(_) => events.iter().any(|e| matches!(e, Event::Exported { .. })),
        Job::Compare { .. } => events.iter().any(|e| matches!(e, Event::Compared(_))),
    }
}

fn last_step(events: &[Event]) -> u64 {
    events
        .iter()
        .rev()
        .find_map(|e| match e {
            Event::Step(s) => Some(s.step),
            Event::Checkpointed { step, .. } => Some(*step),
            _ => None,
        })
        .unwrap_or(0)
}
