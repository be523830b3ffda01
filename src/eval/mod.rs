//! Metrics, comparison over seeds, verdict. Pure.

mod by_class;
mod compare;
mod difference;
mod extreme;
mod gain;
mod interval;
pub mod metrics;
mod predictions;
mod texts;

pub use by_class::{ByClass, OfClass};
pub use compare::{evaluate, majority_baseline, untouched_baseline};
pub use difference::{Difference, of_means, of_shares};
pub use gain::{Gain, gain};
pub use interval::{Basis, Interval, interval, of_mean, wilson};
pub use metrics::retrieval::Found;
pub use metrics::{metric, of_preferences, of_words};
pub use predictions::{AnswerSaid, ClassSaid, Guess, LabelsSaid, Predictions, Retrieved, TagsSaid, half_alike};
pub use texts::TextSaid;

use crate::error::{Class, Failure};
use crate::spec::Metric;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Held-out scores of every finished run, and what they say about the claim. The run folder's `eval.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    pub version: u32,
    pub metric: Metric,
    pub runs: Vec<RunScore>,
    /// The score of a guess that looks at no example ([`crate::spec::Task::guess_in_words`]), or of `untrained`.
    pub baseline: Option<f64>,
    /// The model that training began with, on the same split, where that says something.
    #[serde(default)]
    pub untrained: Option<RunScore>,
    /// Of the metric, over runs.
    pub mean: f64,
    /// The 95 % interval of the mean; none where one run of this metric gives none.
    pub interval: Option<Interval>,
    pub verdict: Verdict,
}

/// Names the model that every run began with, where that is scored, too.
pub const UNTRAINED: &str = "untrained";

/// The attempts that score run `seed-0` are those of `seed-0-held-out`.
pub const HELD_OUT_SUFFIX: &str = "-held-out";

impl Evaluation {
    /// Name of the run whose model is kept: the first. The best of several would be chosen on the held-out split, and its score would
    /// promise more than it holds.
    pub fn kept_run(&self) -> Option<&str> {
        self.runs.first().map(|run| run.run.as_str())
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunScore {
    pub run: String,
    pub seed: u64,
    pub examples: usize,
    pub loss: f64,
    pub scores: BTreeMap<Metric, f64>,
    /// 95 % intervals over the examples, by the bootstrap.
    #[serde(default)]
    pub intervals: BTreeMap<Metric, [f64; 2]>,
}

/// What the evidence says about the claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Verdict {
    Supported {
        reason: String,
    },
    Refuted {
        reason: String,
    },
    Inconclusive {
        reason: String,
    },
    /// There is no target to hold it against.
    NoClaim,
}

impl Verdict {
    /// It in a word or two.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Supported { .. } => "Supported",
            Verdict::Refuted { .. } => "Refuted",
            Verdict::Inconclusive { .. } => "Inconclusive",
            Verdict::NoClaim => "No claim to test",
        }
    }
}

/// The scores cannot be compared.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("nothing to compare: no run has a held-out score")]
    NoRuns,
    #[error("run `{run}` has no score for {metric:?}, the experiment's metric; it has {found:?}")]
    NoScore { run: String, metric: Metric, found: Vec<Metric> },
    #[error("run `{run}`: expected a finite {metric:?}, found {value}")]
    NotFinite { run: String, metric: Metric, value: f64 },
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::NoRuns | Error::NoScore { .. } => Class::Bug,
            Error::NotFinite { .. } => Class::Numeric,
        }
    }
}
