//! How attempts ended and what ledger rows are, in words.

use crate::run::Outcome;
use crate::store::Record;
use crate::words::{bytes, clean, count, duration};

pub(super) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Completed => "completed".into(),
        Outcome::Diverged { step, what } => {
            let what = match what {
                crate::job::Divergence::LossNotFinite => "loss not finite",
                crate::job::Divergence::GradNotFinite => "gradient not finite",
                crate::job::Divergence::LossExploded => "loss exploded",
            };
            format!("diverged at step {}: {what}", count(*step as f64))
        }
        Outcome::OutOfMemory { limit_bytes: Some(limit) } => format!("out of memory (limit {})", bytes(*limit as f64)),
        Outcome::OutOfMemory { limit_bytes: None } => "out of memory".into(),
        Outcome::TimedOut { limit_secs } => format!("timed out after {}", duration(*limit_secs as f64)),
        Outcome::BudgetSpent { what } => format!("budget spent: {}", clean(what)),
        Outcome::Interrupted { step } => format!("stopped by the user at step {}", count(*step as f64)),
        Outcome::Killed { signal } => format!("killed by signal {signal}"),
        Outcome::Crashed { exit_code } => format!("crashed with exit code {exit_code}"),
        Outcome::Refused { message, .. } => format!("refused: {}", clean(message)),
        Outcome::Stalled { limit_secs } => format!("stalled: nothing heard for {}", duration(*limit_secs as f64)),
    }
}

/// What a ledger row is, in a few words.
pub(super) fn record(record: &Record) -> String {
    match record {
        Record::Created { version, .. } => format!("run folder made by Tallow {version}"),
        Record::Stage { stage, file, .. } => format!("stage `{stage}` wrote `{file}`"),
        Record::AttemptStarted { run, attempt, job } => format!("{run}, attempt {attempt}: {job} started"),
        Record::AttemptEnded { run, attempt, .. } => format!("{run}, attempt {attempt}: ended"),
        Record::Told { run, attempt, told } => format!("{run}, attempt {attempt}: event `{}`", event_name(told)),
        Record::Recovery { run, attempt, .. } => format!("{run}, attempt {attempt}: recovery"),
        Record::Measured { what, .. } => format!("measured: {what}"),
    }
}

fn event_name(event: &crate::job::Event) -> &'static str {
    use crate::job::Event;
    match event {
        Event::Jailed { .. } => "jailed",
        Event::Prepared(_) => "prepared",
        Event::Started { .. } => "started",
        Event::Step(_) => "step",
        Event::Monitored { .. } => "monitored",
        Event::Checkpointed { .. } => "checkpointed",
        Event::Diverged { .. } => "diverged",
        Event::Finished { .. } => "finished",
        Event::Stopped { .. } => "stopped",
        Event::Evaluated { .. } => "evaluated",
        Event::Note { .. } => "note",
        Event::Failed { .. } => "failed",
    }
}
