//! The stages of a run, by name: in the ledger and on pages.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What wrote a file of the run folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Paper,
    PaperSpec,
    Request,
    Spec,
    Plan,
    Manifest,
    Eval,
    Report,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Paper => "paper",
            Stage::PaperSpec => "paper_spec",
            Stage::Request => "request",
            Stage::Spec => "spec",
            Stage::Plan => "plan",
            Stage::Manifest => "manifest",
            Stage::Eval => "eval",
            Stage::Report => "report",
        })
    }
}
