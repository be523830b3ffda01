//! Metrics, comparison over seeds, verdict. Pure.

mod metrics;

pub use metrics::Confusion;

use crate::spec::Metric;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Held-out scores of every finished run, and what they say about the claim. The run folder's `eval.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    pub version: u32,
    pub metric: Metric,
    pub runs: Vec<RunScore>,
    /// Always predicting the most frequent training class.
    pub baseline: Option<f64>,
    pub mean: f64,
    /// Half the width of the 95 % interval: over seeds where there are several, else from the number of examples (Wilson).
    pub half_width: f64,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunScore {
    pub run: String,
    pub seed: u64,
    pub examples: usize,
    pub loss: f64,
    pub scores: BTreeMap<Metric, f64>,
}

/// What the evidence says about the claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Verdict {
    Supported { reason: String },
    Refuted { reason: String },
    Inconclusive { reason: String },
    /// There is no target to hold it against.
    NoClaim,
}
