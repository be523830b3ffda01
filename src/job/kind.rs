//! What workers do, by name: in the ledger and on pages.

use super::Job;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names of runs that are no training: what prepares the data that training may see and that is held out, and what compares the two.
pub const PREPARE: &str = "prepare";
pub const PREPARE_HELD_OUT: &str = "prepare-held-out";
pub const COMPARE: &str = "compare";

/// What an attempt does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    Read,
    Prepare,
    Train,
    Evaluate,
    Describe,
    Generate,
    Merge,
    Predict,
    Export,
    Compare,
    /// A script in a container, which is no job of a worker of ours.
    Script,
}

impl Job {
    pub fn kind(&self) -> JobKind {
        match self {
            Job::Read { .. } => JobKind::Read,
            Job::Prepare(_) => JobKind::Prepare,
            Job::Train { .. } => JobKind::Train,
            Job::Evaluate(_) => JobKind::Evaluate,
            Job::Describe(_) => JobKind::Describe,
            Job::Generate(_) => JobKind::Generate,
            Job::Merge(_) => JobKind::Merge,
            Job::Predict(_) => JobKind::Predict,
            Job::Export(_) => JobKind::Export,
            Job::Compare { .. } => JobKind::Compare,
        }
    }
}

impl fmt::Display for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            JobKind::Read => "read",
            JobKind::Prepare => "prepare",
            JobKind::Train => "train",
            JobKind::Evaluate => "evaluate",
            JobKind::Describe => "describe",
            JobKind::Generate => "generate",
            JobKind::Merge => "merge",
            JobKind::Predict => "predict",
            JobKind::Export => "export",
            JobKind::Compare => "compare",
            JobKind::Script => "script",
        })
    }
}
