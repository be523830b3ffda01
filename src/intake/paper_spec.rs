//! What a paper says, each statement with its words: the file `paper_spec.json`.

mod kinds;

pub use kinds::*;

use super::Quote;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a paper says. Fields stand in the order of [`FieldKey`], and for one key in the order of their confidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaperSpec {
    pub title: Option<String>,
    pub arxiv_id: Option<String>,
    /// Code of the language that it is written in (`en`, `de`), where that can be told. The rules are for English: of another one, fields
    /// have low confidence.
    #[serde(default)]
    pub language: Option<String>,
    pub fields: Vec<Field>,
    /// For each group of fields the paragraphs and tables to look at first.
    #[serde(default)]
    pub chunks: Vec<RankedChunks>,
}

/// Fields that papers give together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Model,
    Optimisation,
    Data,
    Evaluation,
    Results,
    Hardware,
}

/// The best chunks for a group, the best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RankedChunks {
    pub group: Group,
    pub chunks: Vec<Chunk>,
}

/// A paragraph or a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Chunk {
    /// `p` and the number of the passage, or `t` and that of the table, in the paper's order from 0.
    pub id: String,
    pub page: u32,
    pub span: super::Span,
    pub section: Option<String>,
    /// How well it fits, comparable within the group alone.
    pub score: f32,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Field {
    pub key: FieldKey,
    pub value: Value,
    pub unit: Option<Unit>,
    pub scope: Scope,
    pub origin: Origin,
    /// 0..1: how sure the rule is that the paper says this of its own work.
    pub confidence: f32,
    pub evidence: Evidence,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The paper says it.
    Stated,
    /// It follows from what the paper says (an accuracy from an error).
    Derived,
    /// The paper is silent; the planner's default.
    Default,
}

/// The words and where they stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    pub quote: Quote,
    /// Number and title of the section.
    pub section: Option<String>,
}

/// What a field is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum FieldKey {
    #[serde(rename = "title")]
    Title,
    #[serde(rename = "authors_first")]
    FirstAuthor,
    #[serde(rename = "task")]
    Task,
    #[serde(rename = "architecture.family")]
    Family,
    #[serde(rename = "architecture.variants")]
    Variants,
    /// Tokens of the vocabulary.
    #[serde(rename = "architecture.vocab_size")]
    VocabSize,
    #[serde(rename = "init")]
    Init,
    #[serde(rename = "loss")]
    Loss,
    #[serde(rename = "optimizer.kind")]
    Optimizer,
    #[serde(rename = "optimizer.lr")]
    Lr,
    #[serde(rename = "optimizer.beta1")]
    Beta1,
    #[serde(rename = "optimizer.beta2")]
    Beta2,
    #[serde(rename = "optimizer.eps")]
    Eps,
    #[serde(rename = "optimizer.momentum")]
    Momentum,
    #[serde(rename = "optimizer.weight_decay")]
    WeightDecay,
    #[serde(rename = "schedule.kind")]
    Schedule,
    #[serde(rename = "schedule.warmup")]
    Warmup,
    #[serde(rename = "batch_size")]
    BatchSize,
    #[serde(rename = "epochs")]
    Epochs,
    #[serde(rename = "steps")]
    Steps,
    #[serde(rename = "dropout")]
    Dropout,
    #[serde(rename = "label_smoothing")]
    LabelSmoothing,
    #[serde(rename = "grad_clip_norm")]
    GradClipNorm,
    #[serde(rename = "max_seq_len")]
    MaxSeqLen,
    #[serde(rename = "augmentation")]
    Augmentation,
    #[serde(rename = "lora.rank")]
    LoraRank,
    #[serde(rename = "lora.alpha")]
    LoraAlpha,
    #[serde(rename = "lora.dropout")]
    LoraDropout,
    #[serde(rename = "lora.target_modules")]
    LoraTargets,
    #[serde(rename = "precision")]
    Precision,
    #[serde(rename = "hardware")]
    Hardware,
    #[serde(rename = "training_time")]
    TrainingTime,
    #[serde(rename = "datasets")]
    Datasets,
    #[serde(rename = "metrics")]
    Metrics,
    #[serde(rename = "results")]
    Results,
    #[serde(rename = "code_url")]
    CodeUrl,
    #[serde(rename = "licence")]
    Licence,
}

impl FieldKey {
    /// What it is given with; none for what is about the paper itself.
    pub const fn group(self) -> Option<Group> {
        Some(match self {
            FieldKey::Title | FieldKey::FirstAuthor => return None,
            FieldKey::Task | FieldKey::Family | FieldKey::Variants | FieldKey::VocabSize | FieldKey::Init => Group::Model,
            FieldKey::Loss
            | FieldKey::Optimizer
            | FieldKey::Lr
            | FieldKey::Beta1
            | FieldKey::Beta2
            | FieldKey::Eps
            | FieldKey::Momentum
            | FieldKey::WeightDecay
            | FieldKey::Schedule
            | FieldKey::Warmup
            | FieldKey::BatchSize
            | FieldKey::Epochs
            | FieldKey::Steps
            | FieldKey::Dropout
            | FieldKey::LabelSmoothing
            | FieldKey::GradClipNorm
            | FieldKey::MaxSeqLen
            | FieldKey::Augmentation
            | FieldKey::LoraRank
            | FieldKey::LoraAlpha
            | FieldKey::LoraDropout
            | FieldKey::LoraTargets
            | FieldKey::Precision => Group::Optimisation,
            FieldKey::Datasets => Group::Data,
            FieldKey::Metrics => Group::Evaluation,
            FieldKey::Results => Group::Results,
            FieldKey::Hardware | FieldKey::TrainingTime | FieldKey::CodeUrl | FieldKey::Licence => Group::Hardware,
        })
    }
}

/// A value; its kind is the same for every field of one key, but a number may also be a choice of several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Value {
    Number {
        value: f64,
    },
    /// Several that were tried, or a range to choose from, in the paper's order.
    Numbers {
        values: Vec<f64>,
    },
    Text {
        text: String,
    },
    Texts {
        texts: Vec<String>,
    },
    Optimizer {
        optimizer: OptimizerKind,
    },
    Schedule {
        schedule: ScheduleShape,
    },
    Family {
        family: Family,
    },
    Variant {
        variant: Variant,
    },
    Dataset {
        dataset: DatasetUse,
    },
    Result {
        result: ReportedResult,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Steps,
    Epochs,
    Tokens,
    /// 0..1.
    Fraction,
    Examples,
    Hours,
    Days,
    Percent,
}

/// One size of an architecture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Variant {
    pub name: String,
    pub num_layers: Option<u32>,
    pub hidden_size: Option<u32>,
    pub intermediate_size: Option<u32>,
    pub num_heads: Option<u32>,
    pub num_params: Option<f64>,
    /// Pixels a side of a patch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch_size: Option<u32>,
}

/// A data set and what it is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DatasetUse {
    /// The usual name where the data set is known, the paper's own otherwise.
    pub name: String,
    pub role: DatasetRole,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatasetRole {
    Train,
    Eval,
    TrainAndEval,
}

/// A number that the paper reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportedResult {
    pub dataset: String,
    pub metric: Option<String>,
    /// As printed: 93.5 stands for 93.5 % where `unit` is percent.
    pub value: f64,
    /// The row or system it belongs to.
    pub variant: Option<String>,
    /// Nothing was trained on the data.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub zero_shot: bool,
}

impl ReportedResult {
    /// The share of right answers, 0..1: as stated, or derived from an error rate; none for other metrics.
    pub fn accuracy(&self) -> Option<(f64, Origin)> {
        // An accuracy of 0.91 is written as a share; nobody reports one of less than 1 %.
        let share = if self.value <= 1.0 { self.value } else { self.value / 100.0 };
        match self.metric.as_deref()? {
            "accuracy" | "top-1 accuracy" => Some((share, Origin::Stated)),
            // 100 - 8.75 is exact where 1 - 0.0875 is not.
            "error" | "top-1 error" => Some(((100.0 - self.value) / 100.0, Origin::Derived)),
            _ => None,
        }
        .filter(|(share, _)| (0.0..=1.0).contains(share))
    }
}

/// Which phase, data and model a statement is about; what is none, it does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Scope {
    pub phase: Option<Phase>,
    /// Usual names; several where one statement holds for each of them.
    pub datasets: Vec<String>,
    /// The paper's name of the model or its size.
    pub variant: Option<String>,
    /// The heading above, where the paper says nothing closer.
    pub topic: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    PreTraining,
    FineTuning,
}

impl Scope {
    /// Says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Scope::default()
    }
}

/// `GLUE fine-tuning`, or nothing.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = self.phase.map(|phase| match phase {
            Phase::PreTraining => "pre-training",
            Phase::FineTuning => "fine-tuning",
        });
        let datasets = self.datasets.iter().map(String::as_str);
        let words = self.variant.as_deref().into_iter().chain(datasets).chain(phase).chain(self.topic.as_deref());
        f.write_str(&words.collect::<Vec<_>>().join(" "))
    }
}

impl Value {
    /// The numbers in it; empty if it is none.
    pub fn numbers(&self) -> Vec<f64> {
        match self {
            Value::Number { value } => vec![*value],
            Value::Numbers { values } => values.clone(),
            _ => Vec::new(),
        }
    }

    /// One number as such, several as a choice.
    pub(super) fn from_numbers(values: Vec<f64>) -> Value {
        match values.as_slice() {
            [value] => Value::Number { value: *value },
            _ => Value::Numbers { values },
        }
    }
}

impl PaperSpec {
    /// All fields of a key.
    pub fn all(&self, key: FieldKey) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |f| f.key == key)
    }

    /// The numbers that the paper reports, with their fields.
    pub fn results(&self) -> impl Iterator<Item = (&ReportedResult, &Field)> {
        self.all(FieldKey::Results).filter_map(|field| match &field.value {
            Value::Result { result } => Some((result, field)),
            _ => None,
        })
    }

    /// The data sets, with their fields.
    pub fn datasets(&self) -> impl Iterator<Item = (&DatasetUse, &Field)> {
        self.all(FieldKey::Datasets).filter_map(|field| match &field.value {
            Value::Dataset { dataset } => Some((dataset, field)),
            _ => None,
        })
    }

    /// The sizes of the architecture, with their fields.
    pub fn variants(&self) -> impl Iterator<Item = (&Variant, &Field)> {
        self.all(FieldKey::Variants).filter_map(|field| match &field.value {
            Value::Variant { variant } => Some((variant, field)),
            _ => None,
        })
    }

    /// The architecture's family, where it is one that is known.
    pub fn family(&self) -> Option<(Family, &Field)> {
        self.all(FieldKey::Family).find_map(|field| match &field.value {
            Value::Family { family } => Some((*family, field)),
            _ => None,
        })
    }
}
