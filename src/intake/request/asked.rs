//! What a request asks for: the types that its rules fill in.

use super::data::held::{AskedOrder, AskedPart, Edge};
use super::data::name::{DataName, ModelName};
use super::data::parting::AskedSplit;
use super::data::preparation::AskedPreparation;
use super::settings::tuned::Tuned;
use super::settings::weights::AskedWeights;
use super::settings::without::Without;
use super::task::pair::AskedPair;
use crate::intake::{OptimizerKind, ScheduleShape};
use crate::spec::{Augment, Length, Metric, NumberLoss, Task, Warmup};
use crate::words::plain;
use serde::{Deserialize, Serialize};
use tallow_zoo::HeadKind;
use tallow_zoo::mlp::{Activation, Norm};

/// What was asked, as far as it was said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    /// In the user's words.
    pub text: String,
    /// How it was read where that is not as it stands: with slips mended, or in English.
    pub read_as: Option<String>,
    /// Of a mail, or of what is said again, the part that holds: its columns come before those of the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// "Named entity recognition", "DPO". Of "regression" it is for the data to say whether of texts or of a table.
    pub task: Option<Task>,
    pub data: Option<DataName>,
    /// What is to be predicted, as a column may be called.
    pub label: Option<String>,
    /// Columns that the model is fed with.
    pub input: Vec<String>,
    /// Columns that it is not fed with.
    pub exclude: Vec<String>,
    /// Words for columns by how their names begin or end, whose part the data tells: `everything that starts with acc_`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alike: Vec<String>,
    /// What the verdict is read from, of data without a split for it.
    pub tested: Option<AskedPart>,
    /// "The last 20 %": which end of the data that is.
    pub tested_at: Option<Edge>,
    /// "Split by date", "train on the past and test on the latest": what is held out comes behind what is trained on.
    pub ordered_by: Option<AskedOrder>,
    /// "Split by patient", "train before 2021 and test on the rest": other ways to part the rows.
    pub parted: Vec<AskedSplit>,
    /// "Stratified": each class has its share of what is held out.
    pub stratified: bool,
    /// "Forecast": what comes later is told from what came before.
    pub forecasts: bool,
    /// What is watched while training, of what is trained on.
    pub watched: Option<AskedPart>,
    /// "Classify", "a classifier".
    pub classifies: bool,
    /// Whether one text is to be written from another: "translate", "summarise".
    pub pair: Option<AskedPair>,
    pub model: Option<ModelName>,
    /// "A small ResNet": of a family's models a small one.
    pub is_small: bool,
    /// "with 2 layers", "of 110M parameters".
    pub size: ModelSize,
    /// Units of each hidden layer of a perceptron, where they differ.
    pub units: Vec<usize>,
    /// Between the layers of a perceptron.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub norm: Option<Norm>,
    /// "Freeze the encoder".
    pub frozen: Option<Frozen>,
    /// It was said of the encoder: of a model of two sides that is one of them.
    pub frozen_encoder: bool,
    /// "from scratch".
    pub from_scratch: bool,
    /// "pretrained".
    pub pretrained: bool,
    pub max_time_secs: Option<u64>,
    pub max_memory_bytes: Option<u64>,
    pub max_disk_bytes: Option<u64>,
    pub max_attempts: Option<usize>,
    pub max_usd: Option<f64>,
    /// "As good as possible", "tune the learning rate": further recipes are to be tried.
    pub search: bool,
    /// "Tune the learning rate": it may be another than what was said.
    pub tunes_rate: bool,
    /// "Tune only the dropout": what a search is to find, where that is named; all else stays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tunes: Vec<Tuned>,
    /// "With 12 trials".
    pub trials: Option<usize>,
    pub epochs: Option<f64>,
    pub steps: Option<u64>,
    pub batch_size: Option<usize>,
    pub micro_batch_size: Option<usize>,
    /// Pieces of a step, where nobody says how large they are.
    pub accumulation: Option<usize>,
    pub evaluate_every: Option<Length>,
    pub lr: Option<f64>,
    /// Of what is behind the last layer, where it is another: `1e-5 for the encoder, 1e-3 for the head`.
    pub head_lr: Option<f64>,
    /// "Half the usual batch size".
    pub times: Times,
    /// What is left of it at the end.
    pub min_lr: Option<f64>,
    pub optimizer: Option<OptimizerKind>,
    pub momentum: Option<f64>,
    pub nesterov: bool,
    /// Of Adam and those that descend from it.
    pub betas: Option<[f64; 2]>,
    pub eps: Option<f64>,
    pub weight_decay: Option<f64>,
    pub schedule: Option<ScheduleShape>,
    pub warmup: Option<Warmup>,
    /// Of all epochs, where nobody says how many these are.
    pub warmup_epochs: Option<f64>,
    pub dropout: Option<f64>,
    pub grad_clip_norm: Option<f64>,
    pub grad_clip_value: Option<f64>,
    pub layerwise_lr_decay: Option<f64>,
    pub label_smoothing: Option<f64>,
    /// Of a running mean of the weights.
    pub ema_decay: Option<f64>,
    /// Evaluations without a better one, after which training ends.
    pub patience: Option<u64>,
    /// "keep the best checkpoint".
    pub keep_best: bool,
    /// What does best, or no better, by the loss, where nothing but that is named.
    pub best_by_loss: bool,
    /// What is not to be done.
    pub without: Vec<Without>,
    pub augment: Vec<Augment>,
    /// Height and width that images are brought to.
    pub image_size: Option<[usize; 2]>,
    /// Activations are made again in backward.
    pub gradient_checkpointing: bool,
    /// Of texts that are written.
    pub num_beams: Option<usize>,
    /// "balanced class weights".
    pub class_weights: bool,
    /// "class weights 1 and 20".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_weights: Option<AskedWeights>,
    /// What cosines are multiplied by where vectors are trained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub similarity_scale: Option<f64>,
    pub focal_gamma: Option<f64>,
    /// "Huber loss": where numbers are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_loss: Option<NumberLoss>,
    /// "balanced sampling".
    pub balanced_sampling: bool,
    /// "weighted sampling by importance": the column.
    pub weighted_by: Option<String>,
    /// "Character-level": each is a token.
    pub characters: bool,
    pub max_seq_len: Option<usize>,
    /// Of texts that are written.
    pub max_target_len: Option<usize>,
    pub max_examples: Option<usize>,
    /// "10% of the data": 0.1.
    pub data_frac: Option<f64>,
    pub seeds: Vec<u64>,
    pub metric: Option<Metric>,
    /// Further ones that are to be reported.
    pub further_metrics: Vec<Metric>,
    /// The value of the metric that is hoped for.
    pub target: Option<f64>,
    /// An error that is hoped for, where it is for the task to say of what.
    pub error: Option<AskedError>,
    pub refused: Vec<Refused>,
    /// An adapter in place of all weights.
    pub adapter: Option<AskedAdapter>,
    /// Layers that it stands beside, as models name them; none: all linear ones.
    pub adapter_targets: Vec<String>,
    /// Of DPO: how far the model may go from the one that it began with.
    pub beta: Option<f64>,
    /// "Sentence embeddings", "semantic search".
    pub embeddings: bool,
    /// "Transcribe", "speech recognition".
    pub speech: Option<AskedSpeech>,
    /// Kinds of task that were said first and taken back since: `as classes`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub taken_back: Vec<String>,
    /// Papers by their ids, which nobody reads for a request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub papers: Vec<String>,
    pub lacking: Vec<Lacking>,
    /// "Standardise the numbers": how the data is to be prepared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub preparation: Vec<AskedPreparation>,
    /// What stands in comments, or is quoted and speaks to whoever reads it: none of it is followed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pasted: Vec<String>,
    pub not_understood: Vec<String>,
}

/// How large the model is to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelSize {
    pub layers: Option<usize>,
    pub hidden: Option<usize>,
    pub heads: Option<usize>,
    /// Width of the feed-forward layers.
    pub intermediate: Option<usize>,
    /// Of a tokenizer that is made from the data, at most.
    pub vocab: Option<usize>,
    /// Side of the pieces that a vision transformer cuts images into.
    pub patch: Option<usize>,
    /// About so many.
    pub params: Option<f64>,
    /// At most so many.
    pub max_params: Option<f64>,
}

impl ModelSize {
    /// Whether its layers or their width were said.
    pub fn is_given(&self) -> bool {
        self.layers.is_some() || self.hidden.is_some()
    }
}

/// So many times what would be taken otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Times {
    pub batch_size: Option<f64>,
    /// Steps or epochs.
    pub length: Option<f64>,
    pub lr: Option<f64>,
    /// Of what is behind the last layer: so many times the rate of all else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_lr: Option<f64>,
    /// What is left of the rate at the end, as a share of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_lr: Option<f64>,
}

/// An adapter, as it was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AskedAdapter {
    pub rank: Option<usize>,
    pub alpha: Option<f64>,
    pub dropout: Option<f64>,
    pub use_dora: bool,
    pub use_rslora: bool,
    /// "QLoRA": the base's weights stay as their file has them.
    #[serde(default)]
    pub as_stored: bool,
}

/// The most that is to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedError {
    /// A share of all.
    Rate(f64),
    /// What is trained against, in nats; of numbers, squared.
    Loss(f64),
}

impl AskedError {
    /// What it is of a task, and the value that is hoped for; none where nothing is meant by it.
    pub fn on(self, task: Task) -> Option<(Metric, f64)> {
        match (self, task.head()) {
            (AskedError::Rate(rate), HeadKind::Classes | HeadKind::Tags) => Some((Metric::Accuracy, 1.0 - rate)),
            (AskedError::Rate(rate), HeadKind::Words) if task == Task::SpeechRecognition => Some((Metric::Wer, rate)),
            (AskedError::Loss(loss), HeadKind::Classes) => Some((Metric::LogLoss, loss)),
            (AskedError::Loss(loss), HeadKind::Words) if task != Task::PreferenceOptimization => {
                Some((Metric::Perplexity, loss.exp()))
            }
            (AskedError::Loss(loss), HeadKind::Value) => Some((Metric::Rmse, loss.sqrt())),
            (AskedError::Rate(_), HeadKind::Labels | HeadKind::Words | HeadKind::Value | HeadKind::Span | HeadKind::Vector)
            | (AskedError::Loss(_), HeadKind::Labels | HeadKind::Words | HeadKind::Tags | HeadKind::Span | HeadKind::Vector) => {
                None
            }
        }
    }

    /// As one says it.
    pub fn in_words(self) -> String {
        match self {
            AskedError::Rate(rate) => format!("an error rate of at most {}", plain(rate)),
            AskedError::Loss(loss) => format!("a loss of at most {}", plain(loss)),
        }
    }
}

/// Speech that is to be written, as it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AskedSpeech {
    /// By its code.
    pub language: Option<String>,
    /// "Ignore case and punctuation" where what is written is scored.
    #[serde(skip_serializing_if = "is_no")]
    pub compared_plainly: bool,
}

fn is_no(is_so: &bool) -> bool {
    !is_so
}

/// A setting with a value that it cannot have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("`{words}`: expected {expected}")]
pub struct Refused {
    /// The user's words.
    pub words: String,
    pub expected: String,
}

/// A wish that is understood, and that Tallow has no way to follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lacking {
    pub of: Lack,
    /// The user's words.
    pub words: String,
}

/// What of a model stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "snake_case")]
pub enum Frozen {
    Embeddings,
    /// So many layers, and the embeddings below them.
    LowerLayers {
        count: usize,
    },
    /// All but so many layers and what is behind them.
    AllButUpperLayers {
        count: usize,
    },
    /// All but what is behind the last layer: a linear probe.
    Body,
    /// Of a model of two sides the one that reads.
    Encoder,
    /// And the one that writes.
    Decoder,
}

impl Frozen {
    pub fn in_words(self) -> String {
        match self {
            Frozen::Embeddings => "the embeddings".into(),
            Frozen::LowerLayers { count } => format!("the first {count} layers with the embeddings"),
            Frozen::AllButUpperLayers { count: 1 } => "all but the last layer and the head".into(),
            Frozen::AllButUpperLayers { count } => format!("all but the last {count} layers and the head"),
            Frozen::Body => "all but the head".into(),
            Frozen::Encoder => "the encoder".into(),
            Frozen::Decoder => "the decoder".into(),
        }
    }
}

/// What kind of thing is lacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// Training a part of the weights, or others beside them in another way than LoRA: prefix tuning, frozen layers.
    Method,
    /// Numbers other than float32: 4-bit, bf16.
    Precision,
    /// Augmentation besides cropping and mirroring: mixup.
    Augmentation,
    /// A task that the zoo has no model for: detecting objects.
    Task,
    /// A measure that there is not: balanced accuracy.
    Metric,
    /// Rows by where they stand: the first 300.
    Rows,
    /// Rows by what they hold: those of one country.
    Filter,
    /// Rows that are parted in a way that cannot be told: by a border that is no one date, by groups that nobody names.
    Split,
    /// What a model writes or tells beside the answer: when a word was said.
    Output,
    /// What is done with a model once it is trained: exporting it.
    Afterwards,
    /// What it is to be computed with: GPUs, compiled code.
    Hardware,
    /// Other programs beside it: loggers, containers, notebooks.
    Tool,
}
