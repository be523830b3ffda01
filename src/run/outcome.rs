//! How an attempt ended. A value, not an error; derived from the wait status, counters and typed events, never from text.

use crate::error::Class;
use crate::job::Divergence;
use crate::words::{bytes, clean, count, duration};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    Completed,
    /// A number stopped being finite, or the loss exploded.
    Diverged {
        step: u64,
        what: Divergence,
    },
    /// Memory ran out (a limit of ours or the machine's).
    OutOfMemory {
        limit_bytes: Option<u64>,
    },
    /// The attempt's wall-clock limit passed.
    TimedOut {
        limit_secs: u64,
    },
    /// The experiment's budget is used up.
    BudgetSpent {
        what: String,
    },
    /// Stopped by the user; a checkpoint is there.
    Interrupted {
        step: u64,
    },
    /// Ended by a signal that was not ours.
    Killed {
        signal: i32,
    },
    /// Ended without saying why.
    Crashed {
        exit_code: i32,
    },
    /// The worker refused the job in an orderly way: bad data, weights, config, disk, jail.
    Refused {
        class: Class,
        message: String,
        hint: Option<String>,
    },
    /// No event for too long.
    Stalled {
        limit_secs: u64,
    },
}

/// In words, as pages and messages say it.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Completed => f.write_str("completed"),
            Outcome::Diverged { step, what } => {
                let what = match what {
                    Divergence::LossNotFinite => "loss not finite",
                    Divergence::GradNotFinite => "gradient not finite",
                    Divergence::LossExploded => "loss exploded",
                    Divergence::WeightsNotFinite => "weights not finite",
                };
                write!(f, "diverged at step {}: {what}", count(*step as f64))
            }
            Outcome::OutOfMemory { limit_bytes: Some(limit) } => write!(f, "out of memory (limit {})", bytes(*limit as f64)),
            Outcome::OutOfMemory { limit_bytes: None } => f.write_str("out of memory"),
            Outcome::TimedOut { limit_secs } => write!(f, "timed out after {}", duration(*limit_secs as f64)),
            Outcome::BudgetSpent { what } => write!(f, "budget spent: {}", clean(what)),
            Outcome::Interrupted { step: 0 } => f.write_str("stopped by the user"),
            Outcome::Interrupted { step } => write!(f, "stopped by the user at step {}", count(*step as f64)),
            Outcome::Killed { signal } => write!(f, "killed by signal {signal}"),
            Outcome::Crashed { exit_code } => write!(f, "crashed with exit code {exit_code}"),
            Outcome::Refused { message, .. } => write!(f, "refused: {}", clean(message)),
            Outcome::Stalled { limit_secs } => write!(f, "stalled: nothing heard for {}", duration(*limit_secs as f64)),
        }
    }
}
