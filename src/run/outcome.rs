//! How an attempt ended. A value, not an error; derived from the wait status, counters and typed events, never from text.

use crate::error::Class;
use crate::job::Divergence;
use serde::{Deserialize, Serialize};

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    Completed,
    /// A number stopped being finite, or the loss exploded.
    Diverged { step: u64, what: Divergence },
    /// Memory ran out (a limit of ours or the machine's).
    OutOfMemory { limit_bytes: Option<u64> },
    /// The attempt's wall-clock limit passed.
    TimedOut { limit_secs: u64 },
    /// The experiment's budget is used up.
    BudgetSpent { what: String },
    /// Stopped by the user; a checkpoint is there.
    Interrupted { step: u64 },
    /// Ended by a signal that was not ours.
    Killed { signal: i32 },
    /// Ended without saying why.
    Crashed { exit_code: i32 },
    /// The worker refused the job in an orderly way: bad data, weights, config, disk, jail.
    Refused { class: Class, message: String, hint: Option<String> },
    /// No event for too long.
    Stalled { limit_secs: u64 },
}
