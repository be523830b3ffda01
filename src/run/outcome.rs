//! How an attempt ended. A value, not an error; derived from the wait status, counters and typed events, never from text.

use super::process::KillReason;
use crate::error::Class;
use crate::job::{Divergence, GpuMemory, Origin};
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
        /// Where it comes from, as the worker found.
        #[serde(default)]
        origin: Option<Origin>,
    },
    /// Memory ran out (a limit of ours or the machine's).
    OutOfMemory {
        limit_bytes: Option<u64>,
        /// The most that it had resident.
        #[serde(default)]
        peak_bytes: Option<u64>,
        /// It was a GPU's memory, and what is known of that; none: the machine's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gpu: Option<GpuMemory>,
    },
    /// The attempt's wall-clock limit passed.
    TimedOut {
        limit_secs: u64,
    },
    /// The experiment's budget is used up.
    BudgetSpent {
        #[serde(default)]
        budget: Budget,
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

impl Outcome {
    /// The class that it ends the command with; none: it is what was wanted.
    pub fn class(&self) -> Option<Class> {
        match self {
            Outcome::Completed => None,
            Outcome::Diverged { .. } => Some(Class::Numeric),
            Outcome::OutOfMemory { .. } => Some(Class::Resource),
            Outcome::TimedOut { .. } | Outcome::BudgetSpent { .. } => Some(Class::Budget),
            Outcome::Stalled { .. } => Some(Class::Stalled),
            Outcome::Interrupted { .. } => Some(Class::Interrupted),
            Outcome::Killed { .. } | Outcome::Crashed { .. } => Some(Class::Bug),
            Outcome::Refused { class, .. } => Some(*class),
        }
    }
}

/// What was given to a run, and is used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    /// `budget.max_time_secs`.
    #[default]
    Time,
    /// `budget.max_attempts`.
    Attempts,
    /// `budget.max_disk_bytes`.
    Disk,
    /// `budget.max_usd`, by the time of a machine whose price is known.
    Money,
    /// `budget.max_tokens`, `budget.max_usd`.
    LanguageModel,
}

/// How an attempt ended that we ended, after so many steps. `who` it was; `wall_secs` and `silence_secs` are the limits it had.
pub(crate) fn ended_by(
    reason: KillReason,
    (who, step): (&str, u64),
    [wall_secs, silence_secs]: [u64; 2],
    overrun: impl FnOnce() -> Outcome,
) -> Outcome {
    match reason {
        KillReason::WallClock => Outcome::TimedOut { limit_secs: wall_secs },
        KillReason::Stalled => Outcome::Stalled { limit_secs: silence_secs },
        KillReason::Interrupted => Outcome::Interrupted { step },
        KillReason::Disk => overrun(),
        KillReason::Flooded(flood) => {
            let message = format!("the {who} says more than any job does: expected {flood}, found more");
            Outcome::Refused { class: Class::Sandbox, message, hint: None }
        }
    }
}

/// In words, as pages and messages say it.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Completed => f.write_str("completed"),
            Outcome::Diverged { step, what, origin } => {
                let origin = origin.as_ref().map(ToString::to_string).unwrap_or_default();
                write!(f, "diverged at step {}: {}{}", count(*step as f64), what.in_words(), clean(&origin))
            }
            Outcome::OutOfMemory { gpu: Some(memory), .. } => {
                let known = memory.to_string();
                let known = if known.is_empty() { known } else { format!(" ({known})") };
                write!(f, "out of memory on the GPU{known}")
            }
            Outcome::OutOfMemory { limit_bytes, peak_bytes, gpu: None } => {
                let named = [("limit", *limit_bytes), ("peak", *peak_bytes)].into_iter();
                let known: Vec<String> =
                    named.filter_map(|(name, value)| Some(format!("{name} {}", bytes(value? as f64)))).collect();
                let known = if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) };
                write!(f, "out of memory{known}")
            }
            Outcome::TimedOut { limit_secs } => write!(f, "timed out after {}", duration(*limit_secs as f64)),
            Outcome::BudgetSpent { what, .. } => write!(f, "budget spent: {}", clean(what)),
            Outcome::Interrupted { step: 0 } => f.write_str("stopped by the user"),
            Outcome::Interrupted { step } => write!(f, "stopped by the user at step {}", count(*step as f64)),
            Outcome::Killed { signal } => write!(f, "killed by signal {signal}"),
            Outcome::Crashed { exit_code } => write!(f, "crashed with exit code {exit_code}"),
            Outcome::Refused { message, .. } => write!(f, "refused: {}", clean(message)),
            Outcome::Stalled { limit_secs } => write!(f, "stalled: nothing heard for {}", duration(*limit_secs as f64)),
        }
    }
}
