//! What a report holds. A measured or stated number is always a [`Sourced`]; bare numbers are only names (a seed, an attempt, a
//! page) and the points of curves, which cite the row of their attempt.

use crate::eval::Verdict;
use crate::spec::{Citation, Deviation, Metric};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A number and the ledger row that it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sourced {
    pub value: f64,
    pub ledger_row: u64,
}

impl Report {
    /// The same of a run folder that may have been moved since.
    #[must_use]
    pub fn at(self, folder: &Path) -> Self {
        Report { folder: folder.display().to_string(), ..self }
    }
}

/// Everything that the pages about a run say. The run folder's `report.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub version: u32,
    pub title: String,
    /// Name of the run folder, and where it lies.
    pub run_id: String,
    pub folder: String,
    pub metric: Metric,
    pub verdict: Verdict,
    pub scores: Scores,
    pub claim: Option<ClaimShown>,
    pub deviations: Vec<Deviation>,
    pub assumptions: Vec<String>,
    /// Words of the request that nothing came of. Untrusted text: writers escape it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_understood: Vec<String>,
    /// What the paper says of the recipe. Untrusted text: writers escape it.
    #[serde(default)]
    pub citations: Vec<Citation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<SearchShown>,
    pub curves: Vec<Curve>,
    pub recipe: Vec<Setting>,
    pub data: DataShown,
    pub model: ModelShown,
    pub attempts: Vec<AttemptShown>,
    pub jail: Vec<JailShown>,
    pub notes: Vec<NoteShown>,
    /// How well each class is told by the run that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<ClassesShown>,
    /// Answers that the model wrote itself, before training and after. Untrusted text: writers escape it.
    #[serde(default)]
    pub samples: Vec<SampleShown>,
    pub cost: Vec<RunCost>,
    /// US dollars an hour of the machine, where somebody said so.
    #[serde(default)]
    pub usd_per_hour: Option<Sourced>,
    pub measured: Vec<MeasuredShown>,
    pub repeat: Repeat,
    /// The ledger rows that anything above cites.
    pub rows: Vec<RowShown>,
}

/// The metric against everything it is held against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// The paper's own number.
    pub paper: Option<Sourced>,
    pub target: Option<Sourced>,
    pub target_source: Option<String>,
    /// Mean over runs.
    pub ours: Sourced,
    pub interval: Option<IntervalShown>,
    /// The score of a guess that looks at no example; what it is, in words.
    pub baseline: Option<Sourced>,
    #[serde(default)]
    pub baseline_is: String,
    pub runs: Vec<RunShown>,
}

impl Scores {
    /// Whether a paper or somebody else said what it should be.
    pub fn is_held_to_something(&self) -> bool {
        self.paper.is_some() || self.target.is_some()
    }
}

/// A 95 % interval; `basis` says over what, in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntervalShown {
    pub low: Sourced,
    pub high: Sourced,
    pub basis: String,
}

/// One run's held-out scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunShown {
    pub run: String,
    pub seed: u64,
    pub examples: Sourced,
    pub loss: Sourced,
    /// The experiment's metric first.
    pub scores: Vec<(Metric, Sourced)>,
    pub weights_sha256: Option<String>,
}

/// Class by class, on the held-out split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassesShown {
    pub run: String,
    pub classes: Vec<ToldClass>,
    /// By class, how many of its examples are taken for each; empty where that was not told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confused: Vec<Vec<Sourced>>,
}

/// One class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToldClass {
    pub name: String,
    pub actual: Sourced,
    pub said: Sourced,
    pub precision: Sourced,
    pub recall: Sourced,
    pub f1: Sourced,
}

/// What the paper says. Untrusted text: writers escape it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimShown {
    pub source: String,
    pub statement: String,
    pub quote: Option<String>,
    pub page: Option<u32>,
}

/// How the recipe was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchShown {
    pub trials: Vec<TrialShown>,
    /// On the held-out split; none where the first plan is what was taken, or there was no time to score it.
    pub gain: Option<GainShown>,
}

/// One recipe that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialShown {
    /// Its number, and that of the trial that it changes.
    pub trial: usize,
    pub from: Option<usize>,
    pub changes: Vec<String>,
    pub reason: String,
    /// Who proposed it; empty in reports of before it was noted.
    #[serde(default)]
    pub by: String,
    /// What a language model took that was asked for it; none: none was, or nobody knows what it costs.
    #[serde(default)]
    pub tokens_in: Option<Sourced>,
    #[serde(default)]
    pub tokens_out: Option<Sourced>,
    #[serde(default)]
    pub usd: Option<Sourced>,
    /// Why the rules' proposal was taken although one was asked.
    #[serde(default)]
    pub instead: Option<String>,
    /// On what is watched; none: it failed, as `failed` says.
    pub score: Option<Sourced>,
    /// The loss that decides between equal scores; not in reports of before it was noted.
    #[serde(default)]
    pub loss: Option<Sourced>,
    pub failed: Option<String>,
    pub secs: Sourced,
    pub kept: bool,
    pub ledger_row: u64,
}

/// The recipe that was found against the first plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GainShown {
    pub first: Sourced,
    pub found: Sourced,
    /// Positive is better.
    pub gain: Sourced,
    pub low: Option<Sourced>,
    pub high: Option<Sourced>,
}

/// One line of a chart, from the events of a run's attempts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    pub kind: CurveKind,
    pub run: String,
    /// The row in which the last of these attempts was started.
    pub ledger_row: u64,
    /// (step, value), by step; thinned to the extremes of each stretch.
    pub points: Vec<[f64; 2]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CurveKind {
    TrainLoss,
    MonitorLoss,
    MonitorMetric,
    Lr,
}

/// A named setting in words, as the plan has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    pub name: String,
    pub value: String,
    pub ledger_row: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataShown {
    pub source: String,
    /// As the card says; none: not stated.
    pub license: Option<String>,
    /// What the licence asks for, in words.
    #[serde(default)]
    pub asks: Option<String>,
    pub revision: Option<String>,
    pub columns: String,
    #[serde(default)]
    pub schema: Vec<ColumnShown>,
    pub splits: Vec<SplitShown>,
    #[serde(default)]
    pub overlap: Option<OverlapShown>,
    /// What survey, preparation and comparison found worth knowing. Untrusted text: writers escape it.
    #[serde(default)]
    pub notes: Vec<NoteShown>,
}

/// A column that a run uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnShown {
    pub name: String,
    /// What it is used as.
    pub role: String,
    /// What it holds, in words; empty where only its role is known.
    pub kind: String,
    pub numbers: Vec<(String, Sourced)>,
    pub ledger_row: u64,
}

/// What of the held-out split the training split has too, and what either has more than once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OverlapShown {
    pub held_out: Sourced,
    pub train: Sourced,
    pub exact: Sourced,
    /// Besides the exact ones; none where it was not looked for.
    pub near: Option<Sourced>,
    /// Examples whose inputs an earlier one has; none where nobody counted.
    pub repeated_in_train: Option<Sourced>,
    pub repeated_in_held_out: Option<Sourced>,
}

/// How many texts have at most so many tokens, and more than the bin before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LengthShown {
    pub most: Sourced,
    pub texts: Sourced,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitShown {
    pub split: String,
    /// What it was used for.
    pub role: String,
    pub examples: Sourced,
    pub classes: Vec<ClassShown>,
    /// Of the numbers that are its answers.
    #[serde(default)]
    pub values: Option<ValuesShown>,
    /// Texts by their length, and those that are written from them.
    #[serde(default)]
    pub lengths: Vec<LengthShown>,
    #[serde(default)]
    pub target_lengths: Vec<LengthShown>,
    /// Tokens, longest, cut texts; or height, width, channels.
    pub shape: Vec<(String, Sourced)>,
    pub sha256: String,
}

/// What the numbers of a split are like.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ValuesShown {
    pub mean: Sourced,
    pub std: Sourced,
    pub least: Sourced,
    pub most: Sourced,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassShown {
    pub label: String,
    pub count: Sourced,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelShown {
    pub family: String,
    /// What it was trained from.
    pub base: String,
    pub from_scratch: bool,
    pub license: Option<String>,
    pub revision: Option<String>,
    pub base_sha256: Option<String>,
    pub params: Option<Sourced>,
    pub trainable: Option<Sourced>,
    pub config: Vec<Setting>,
    /// The run whose weights are kept, where they lie below the run folder, and their hash.
    pub kept_run: Option<String>,
    pub place: String,
    pub weights_sha256: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptShown {
    pub run: String,
    pub attempt: u32,
    pub job: String,
    /// In words; none: it ended with the process that had started it.
    pub outcome: Option<String>,
    pub wall_secs: Option<Sourced>,
    pub peak_bytes: Option<Sourced>,
    /// What recovery decided after it, and why.
    pub recovery: Option<String>,
    pub ledger_row: u64,
}

/// The layers of the jail that held, and the attempts that they held for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JailShown {
    /// How strict it was to be, as the flag `--sandbox` has it.
    #[serde(default)]
    pub level: String,
    pub layers: Vec<(String, String)>,
    pub attempts: Vec<String>,
    pub start_ms: Sourced,
    pub ledger_row: u64,
}

/// Something that a worker found worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteShown {
    pub run: String,
    pub message: String,
    pub ledger_row: u64,
}

/// What a model wrote to a prompt of the held-out split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SampleShown {
    /// Whose answer it is: a run, or `untrained`.
    pub run: String,
    /// Its number in the split, from 0.
    pub example: Sourced,
    pub prompt: String,
    /// What stands in the split.
    pub wanted: String,
    pub written: String,
}

/// Estimated and measured cost of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunCost {
    pub run: String,
    pub estimated_secs: Option<Sourced>,
    /// Of training, in the attempt that finished; with the tokens and examples of that time.
    pub train_secs: Option<Sourced>,
    pub tokens: Option<Sourced>,
    pub examples: Option<Sourced>,
    pub steps: Option<Sourced>,
    pub estimated_peak_bytes: Option<Sourced>,
    pub peak_bytes: Option<Sourced>,
    /// Measured over estimated, and whether that is as near as estimates are meant to be.
    #[serde(default)]
    pub time: Option<Ratio>,
    #[serde(default)]
    pub memory: Option<Ratio>,
}

/// What was measured over what was estimated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    pub ratio: Sourced,
    pub within: bool,
}

/// Numbers with names that a stage left in the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredShown {
    pub what: String,
    pub values: Vec<(String, Sourced)>,
}

/// What it takes to do it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// Command lines that worked on this run, oldest first.
    pub commands: Vec<Vec<String>>,
    pub version: String,
    pub binary_sha256: String,
    pub files: Vec<FileShown>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileShown {
    pub file: String,
    pub sha256: String,
    pub ledger_row: u64,
}

/// A cited ledger row, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowShown {
    pub ledger_row: u64,
    pub at: String,
    pub what: String,
}
