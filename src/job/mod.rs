//! The contract between the supervisor and its worker: a [`Job`] in (JSON on stdin), [`Event`]s out (JSON lines on stdout).
//!
//! A worker is the same binary in a jail. What a job names is all that it may read, so the held-out labels cannot be reached
//! from a training attempt: they are only in the evaluation job's files.

mod chat;
mod event;
mod export;
mod gpu;
mod keys;
mod kind;
mod origin;
mod part;
mod predict;
mod run_config;

pub use chat::ChatFormat;
pub use event::*;
pub use export::{ExportJob, ExportTo};
pub use gpu::{GpuFailed, GpuFailure, GpuMemory, gpu_failed, gpu_memory};
pub use keys::{differing, flatten};
pub use kind::{COMPARE, JobKind, PREPARE, PREPARE_HELD_OUT};
pub use origin::{Origin, Place};
pub use part::{Boundary, FEW as FEW_ROWS, MOST_BY_CLASS, Part, Says, least_to_part, share_drawn};
pub use predict::*;
pub use run_config::*;

use crate::eval::Guess;
use crate::intake::SourceRecord;
use crate::spec::{Columns, Compared, ImageSize, Metric, Preference, RowRule, Similarity, Task, TokenizerKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// One thing for a worker to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    /// A paper's file -> what it holds and what it says (parsing a hostile format is worker's work).
    Read { paper: PathBuf, source: Box<SourceRecord>, out: PathBuf },
    /// Source files -> prepared splits (parsing untrusted files is worker's work).
    Prepare(Box<PrepareJob>),
    /// `resume_from`: checkpoint folders of earlier attempts, newest first, read only. What it makes goes to the attempt's own work folder
    /// `out`. `stop_after`: so many steps are enough, though the run has more.
    Train {
        config: Box<RunConfig>,
        #[serde(deserialize_with = "folders")]
        resume_from: Vec<PathBuf>,
        out: PathBuf,
        #[serde(default)]
        stop_after: Option<u64>,
    },
    /// A model on a held-out split -> scores and predictions.
    Evaluate(Box<EvaluateJob>),
    /// Source files -> what they hold, column by column.
    Describe(Box<DescribeJob>),
    /// A prompt -> what the model writes.
    Generate(Box<GenerateJob>),
    /// A base and its adapter -> the weights of one model.
    Merge(Box<MergeJob>),
    /// Inputs -> what the model says of each.
    Predict(Box<PredictJob>),
    /// A base and its adapter, if any -> one file for another program.
    Export(Box<ExportJob>),
    /// Two prepared splits -> how many examples of the second the first has too.
    Compare { train: PathBuf, held_out: PathBuf },
}

/// Several, one or none: jobs of before named one at most.
fn folders<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Vec<PathBuf>, D::Error> {
    match serde_json::Value::deserialize(value)? {
        serde_json::Value::Null => Ok(Vec::new()),
        serde_json::Value::String(one) => Ok(vec![one.into()]),
        several => serde_json::from_value(several).map_err(serde::de::Error::custom),
    }
}

/// Turns source files into prepared files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrepareJob {
    pub task: Task,
    pub splits: Vec<SplitSource>,
    /// A column of weights is of the first split alone, which is trained on.
    pub columns: Columns,
    /// Rows that are used at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowRule>,
    /// For texts; it is written beside the prepared files.
    pub tokenizer: TokenizerSource,
    /// The model's; a tokenizer that is trained here has at most so many tokens.
    pub vocab_size: usize,
    pub max_seq_len: usize,
    /// For images: (height, width, channels) that all must have; none: those of the first image.
    pub image_shape: Option<[usize; 3]>,
    /// For images: what they are brought to before.
    #[serde(default)]
    pub image: Option<ImageSize>,
    /// For tables: the model, whose columns say what becomes of the cells.
    #[serde(default)]
    pub table: Option<Box<tallow_zoo::mlp::Config>>,
    /// Class names where the source knows them; else found in the first split, sorted.
    pub labels: Option<Vec<String>>,
    /// The order by which classes are numbered in what is prepared, where it is another than the source's: a model's own. It holds
    /// every class of the source, in lower or upper case.
    #[serde(default)]
    pub numbered: Option<Vec<String>>,
    /// Only so many examples of each split, its first; none: all.
    #[serde(default)]
    pub max_examples: Option<usize>,
    /// How the model writes conversations, where examples are such.
    #[serde(default)]
    pub chat: ChatFormat,
    /// For text to text.
    #[serde(default)]
    pub pairs: Option<PairFormat>,
    /// For speech recognition.
    #[serde(default)]
    pub speech: Option<SpeechFormat>,
    /// Where the prepared files go.
    pub out: PathBuf,
}

/// Looks at every row of source files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DescribeJob {
    pub splits: Vec<SplitSource>,
    /// What the columns are for, as far as that is known.
    pub columns: Columns,
    /// Names of the label's classes, where they are known.
    pub labels: Vec<String>,
    /// Rows of each split to show.
    pub samples: usize,
}

/// How a text that is read and one that is written become tokens; `max_seq_len` is the longest of the former.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairFormat {
    /// Stands before every source.
    pub prefix: String,
    /// Longest target, its end included.
    pub max_target_len: usize,
    /// The token that a target begins with, for the decoder alone, and the one that ends it.
    pub start: u32,
    pub end: u32,
}

/// How a recording becomes what a model hears, and its text becomes tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpeechFormat {
    pub mel_bins: usize,
    /// Of every recording.
    pub frames: usize,
    /// Tokens that every text begins with, behind `start`: they say what is spoken and what is to be written.
    pub forced: Vec<u32>,
    /// Longest text, `forced` and its end included.
    pub max_target_len: usize,
    /// The token that a text begins with, for the decoder alone, and the one that ends it.
    pub start: u32,
    pub end: u32,
}

/// How texts become tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenizerSource {
    /// A tokenizer.json.
    File(PathBuf),
    /// It is made from the first split.
    Trained(TokenizerKind),
}

impl TokenizerSource {
    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            TokenizerSource::File(path) => Some(path),
            TokenizerSource::Trained(_) => None,
        }
    }
}

/// One split and the files that it lies in, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitSource {
    pub name: String,
    pub files: Vec<PathBuf>,
    /// The part of the files' rows that the split is; none: all.
    #[serde(default)]
    pub part: Option<Part>,
}

/// Scores a model folder on a prepared split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvaluateJob {
    pub task: Task,
    pub model: tallow_zoo::ModelConfig,
    pub weights: ModelFiles,
    /// For preferences: what answers gain against, and by what measure.
    #[serde(default)]
    pub reference: Option<Reference>,
    /// For text to text: how what is scored is written.
    #[serde(default)]
    pub writing: Option<Writing>,
    /// For sentence similarity: what the loss is that is told.
    #[serde(default)]
    pub similarity: Option<Similarity>,
    /// Answers that the model writes itself, beside those that stand in the split.
    #[serde(default)]
    pub samples: Option<Samples>,
    /// Prepared split, labels included.
    pub data: PathBuf,
    pub normalize: Option<Normalize>,
    pub metrics: Vec<Metric>,
    /// What is scored beside the model, as the least that it must beat.
    #[serde(default)]
    pub guess: Option<Guess>,
    pub batch_size: usize,
    pub threads: usize,
    /// Where `predictions.jsonl` goes.
    pub out: PathBuf,
}

/// Files that hold a model's weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelFiles {
    /// safetensors with the public names, or GGUF.
    pub weights: PathBuf,
    /// What stands beside them.
    #[serde(default)]
    pub adapter: Option<AdapterFiles>,
}

/// An adapter's settings and weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdapterFiles {
    pub adapter: tallow_zoo::Adapter,
    /// safetensors with the names of `peft`.
    pub weights: PathBuf,
}

impl From<PathBuf> for ModelFiles {
    fn from(weights: PathBuf) -> Self {
        ModelFiles { weights, adapter: None }
    }
}

impl ModelFiles {
    /// All that a worker needs to read.
    pub fn paths(&self) -> Vec<PathBuf> {
        let adapter = self.adapter.iter().map(|adapter| adapter.weights.clone());
        std::iter::once(self.weights.clone()).chain(adapter).collect()
    }
}

/// The model that preferences are measured against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    pub weights: PathBuf,
    pub preference: Preference,
}

/// How a model that writes from something writes the texts that are compared with what stands in a split: the likeliest word each time, or by beams.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Writing {
    pub tokenizer: PathBuf,
    pub max_new_tokens: usize,
    pub num_beams: usize,
    pub length_penalty: f64,
    /// So many of the first texts are told of, where a split is scored.
    pub samples: usize,
    /// How what is written is compared.
    #[serde(default)]
    pub compared: Compared,
    /// Tokens that are never written, and that are not written first.
    #[serde(default)]
    pub suppress_tokens: Vec<u32>,
    #[serde(default)]
    pub begin_suppress_tokens: Vec<u32>,
}

/// Answers that a model writes to the first prompts of a split, the likeliest word each time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    pub count: usize,
    /// Of an answer.
    pub max_new_tokens: usize,
    pub tokenizer: PathBuf,
}

/// Has a model go on with a prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GenerateJob {
    pub model: tallow_zoo::ModelConfig,
    pub weights: ModelFiles,
    /// `tokenizer.json`, or the GGUF file that carries one.
    pub tokenizer: PathBuf,
    pub prompt: Prompt,
    /// What is heard in its place, by a model of speech.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hearing: Option<Hearing>,
    pub max_new_tokens: usize,
    /// Tokens that end the text, besides those that the tokenizer's names tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<u32>,
    pub search: tallow_zoo::Search,
    /// The JSON schema that the text is held to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<serde_json::Value>,
    /// Whether each piece of the text is told as it is written.
    #[serde(default)]
    pub stream: bool,
    pub threads: usize,
}

/// What a model goes on with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Prompt {
    Text {
        text: String,
    },
    /// What was said, oldest first, in the form of the model's conversations; the model's turn is next.
    Turns {
        turns: Vec<Turn>,
        format: ChatFormat,
    },
}

/// A turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub by: Speaker,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    System,
    User,
    Assistant,
}

/// A recording, and how what is said in it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hearing {
    pub recording: PathBuf,
    /// Tokens that every text begins with.
    pub forced: Vec<u32>,
    pub suppress_tokens: Vec<u32>,
    pub begin_suppress_tokens: Vec<u32>,
}

/// Makes one model of a base and its adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MergeJob {
    pub model: tallow_zoo::ModelConfig,
    pub weights: ModelFiles,
    /// Where `model.safetensors` goes.
    pub out: PathBuf,
}
