//! The checked types of an experiment. Values of these types are right by construction: [`super::check`] made them.

use super::{
    AdapterSpec, BestBy, Border, ClassWeights, EarlyStopping, Ema, Group, ImageSize, Keep, Metric, Optimizer, Preference,
    Sampling, Schedule, Search, Similarity, Speech, Task, TextToText,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What is tested, on which data, with which model and recipe, against which target, within which budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExperimentSpec {
    pub version: u32,
    pub title: String,
    /// The sentence that the verdict is about, and where it comes from; none for a plain fine-tune.
    pub claim: Option<Claim>,
    pub task: Task,
    pub data: DataSpec,
    pub model: ModelSpec,
    /// Trained in place of the model's own weights; none: all of them are trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<AdapterSpec>,
    pub recipe: Recipe,
    /// For text to text; none: the usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_to_text: Option<TextToText>,
    /// For speech recognition; none: the usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speech: Option<Speech>,
    /// For preference optimisation; none: the usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preference: Option<Preference>,
    /// For sentence similarity; none: the usual for the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub similarity: Option<Similarity>,
    pub metric: Metric,
    /// The value of the metric at which the verdict is "supported".
    pub target: Option<Target>,
    /// None: the recipe is taken as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
    #[serde(default)]
    pub budget: Budget,
    /// One run each.
    #[serde(default = "one_seed")]
    #[schemars(extend("minItems" = 1, "uniqueItems" = true))]
    pub seeds: Vec<u64>,
    /// Where the experiment differs from the paper or the request, and why.
    #[serde(default)]
    pub deviations: Vec<Deviation>,
    /// What was assumed where nobody said anything: `field: value (why)`.
    #[serde(default)]
    pub assumptions: Vec<String>,
    /// Words of the request that nothing came of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_understood: Vec<String>,
    /// What a paper says of a field, in its own words.
    #[serde(default)]
    pub citations: Vec<Citation>,
}

/// A value and the words that it was read from. Untrusted text: it is shown and never obeyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Citation {
    /// In words of the spec: `recipe.lr`.
    pub field: String,
    pub value: String,
    pub quote: String,
    pub page: u32,
}

fn one_seed() -> Vec<u64> {
    vec![0]
}

/// What a paper claims.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Title or arXiv id of the paper.
    pub source: String,
    pub statement: String,
    /// The paper's own number for the metric, with its words.
    pub value: Option<f64>,
    pub quote: Option<String>,
    pub page: Option<u32>,
}

/// Which data, which splits, which columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataSpec {
    pub source: DataSource,
    /// Split that is trained on.
    pub train: String,
    /// Split that the verdict is read from, once. Never visible to a training attempt.
    pub held_out: String,
    /// Where the source has no split `held_out`: this part of `train` becomes it; of a single text, its end. None where a border in
    /// `held_out_by` says which rows that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    pub held_out_frac: Option<f64>,
    /// Which rows of `train` that part is.
    #[serde(default, skip_serializing_if = "HeldOutBy::is_chance")]
    pub held_out_by: HeldOutBy,
    /// What is watched during training.
    pub monitor: Monitor,
    #[serde(default)]
    pub columns: Columns,
    /// What images are brought to; none: the size that the model was made for, else as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageSize>,
    /// At most so many training examples (a random subset by the run's seed).
    #[schemars(extend("minimum" = 1))]
    pub max_train_examples: Option<usize>,
}

/// By what it is decided which rows are held out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum HeldOutBy {
    /// Drawn at random by row number, the same rows for every run.
    #[default]
    Chance,
    /// The latest by a column of dates or numbers. Rows of the same time stay together, so that their number is about what was asked
    /// for; those without a time are neither trained on nor held out.
    Time {
        column: String,
        /// What was then or later is held out, however much that is: `2021-01-31`, `2021-01`, `2021`, or a number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Border>,
    },
    /// Drawn at random by the values of a column, such as that of a patient: rows of one value stay together, so that their number is
    /// about what was asked for; those without a value are neither trained on nor held out.
    Group { column: String },
    /// The last, as they stand in the files.
    End,
    /// The first.
    Start,
}

impl DataSpec {
    /// Whether what is held out is a part of what there is to train on.
    pub fn is_cut_off(&self) -> bool {
        self.held_out_frac.is_some() || self.held_out_by.border().is_some()
    }
}

impl HeldOutBy {
    pub fn is_chance(&self) -> bool {
        *self == HeldOutBy::Chance
    }

    /// From where on rows are held out, where that was said.
    pub fn border(&self) -> Option<&Border> {
        if let HeldOutBy::Time { from, .. } = self { from.as_ref() } else { None }
    }

    /// The column that decides.
    pub fn column(&self) -> Option<&String> {
        match self {
            HeldOutBy::Time { column, .. } | HeldOutBy::Group { column } => Some(column),
            HeldOutBy::Chance | HeldOutBy::End | HeldOutBy::Start => None,
        }
    }

    /// As one says it of rows.
    pub fn in_words(&self) -> String {
        match self {
            HeldOutBy::Chance => "drawn at random".into(),
            HeldOutBy::Time { column, from: None } => format!("the latest by `{column}`"),
            HeldOutBy::Time { column, from: Some(from) } => format!("those whose `{column}` is {from} or later"),
            HeldOutBy::Group { column } => format!("drawn at random, those of one `{column}` together"),
            HeldOutBy::End => "the last as they stand".into(),
            HeldOutBy::Start => "the first as they stand".into(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DataSource {
    /// A data set of the Hub: `nyu-mll/glue`, config `sst2`.
    Hub { id: String, config: Option<String>, revision: Option<String> },
    /// Files at hand: one CSV/JSONL/Parquet/Arrow file a split, an image folder (`split/class/image`), an archive of either, or a pattern
    /// for files such as `data/*.jsonl`.
    Local { path: PathBuf },
    /// A file of the web, or an archive: `https://example.org/rows.csv.gz`. With `sha256`, no other content will do.
    Url { url: String, sha256: Option<String> },
    /// A data set that Tallow makes itself: `toy_reviews`.
    Generated {
        name: String,
        #[schemars(extend("minimum" = 1, "maximum" = 10_000_000))]
        examples: usize,
        seed: u64,
    },
}

/// What is watched during training; it never decides the verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Monitor {
    /// Nothing but the training loss.
    None,
    /// So many examples are taken out of the training split; of a text, pieces at its end.
    HoldOut {
        #[schemars(extend("minimum" = 1))]
        examples: usize,
    },
    /// Another split.
    Split { name: String },
}

/// Which columns hold what; empty means "find out".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// One column, or two for pairs; for images one; for text to text the source (of columns that hold both texts under names of their
    /// own: `translation.en`); for tables all that the model is fed with, none named: those that serve; for vectors of texts a text,
    /// the one that belongs to it (or that the score is of), and any that do not.
    #[serde(default)]
    pub input: Vec<String>,
    /// Of a table: columns that the model is not fed with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// For text to text the target.
    #[serde(default)]
    pub label: Option<String>,
    /// Columns of 0 and 1, a label each, where an example may have several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Of the training split: numbers of at least 0 in proportion to which `recipe.sampling = "weighted"` draws the rows; the model
    /// is not fed with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ModelSpec {
    /// Weights and config of the Hub or a folder in the Hub's format.
    Pretrained { id: String, revision: Option<String> },
    /// A zoo architecture from scratch; `config` holds the public config.json keys. `tokenizer`, for texts; none: one is
    /// made from the training split (byte-pair encoding for language models, WordPiece for others).
    Scratch {
        #[schemars(with = "serde_json::Value")]
        config: tallow_zoo::ModelConfig,
        tokenizer: Option<TokenizerSpec>,
    },
}

/// How texts become tokens, for a model from scratch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenizerSpec {
    /// That of a Hub model or of a folder.
    Of(String),
    /// Made from the training split, of at most the model's `vocab_size` tokens.
    Trained(TokenizerKind),
}

/// Kinds of tokenizers that are made from texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenizerKind {
    /// BERT's: lower case, words and pieces of words.
    Wordpiece,
    /// GPT-2's: byte-pair encoding over bytes, so that every text can be told and read back.
    Bpe,
    /// One token a character.
    Characters,
}

impl TokenizerKind {
    /// The one that is made where nobody said which.
    pub fn usual(task: Task) -> Self {
        match task {
            Task::LanguageModelling | Task::TextToText => TokenizerKind::Bpe,
            // What is heard is spelt.
            Task::SpeechRecognition => TokenizerKind::Characters,
            _ => TokenizerKind::Wordpiece,
        }
    }
}

/// How it is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    pub optimizer: Optimizer,
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 100))]
    pub lr: f64,
    pub schedule: Schedule,
    pub length: Length,
    /// Examples an optimiser step.
    #[schemars(extend("minimum" = 1, "maximum" = 1_048_576))]
    pub batch_size: usize,
    /// Examples a forward pass; `batch_size` is a multiple of it. None: the planner decides.
    #[schemars(extend("minimum" = 1))]
    pub micro_batch_size: Option<usize>,
    /// Each layer's activations are made again in backward and not kept (1604.06174): less memory, about a third more time, the same
    /// bits.
    #[serde(default)]
    pub gradient_checkpointing: bool,
    /// Longest text in tokens; longer ones are cut, and counted.
    #[schemars(extend("minimum" = 3))]
    pub max_seq_len: Option<usize>,
    /// The gradient is shortened where its norm is greater.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub grad_clip_norm: Option<f64>,
    /// Each element of the gradient is held between this and its negative; not together with `grad_clip_norm`.
    #[serde(default)]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub grad_clip_value: Option<f64>,
    /// Parameters with a learning rate or weight decay of their own, or frozen.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// Each layer's learning rate is this times that of the layer above; the head's is `lr`, that of embeddings the lowest
    /// (1801.06146, section 3.2). Together with a group's `lr_scale` both count.
    #[serde(default)]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
    pub layerwise_lr_decay: Option<f64>,
    /// The share of each target that is spread evenly over all classes, tags or words (1512.00567, section 7); what is scored is not
    /// smoothed.
    #[serde(default)]
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
    pub label_smoothing: f64,
    #[serde(default)]
    pub class_weights: Option<ClassWeights>,
    /// The focal loss's `gamma` (1708.02002, equation 4): what is told well counts less, `(1 - p)^gamma` times; 2 is usual. Not together
    /// with label smoothing.
    #[serde(default)]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 100))]
    pub focal_gamma: Option<f64>,
    #[serde(default)]
    pub sampling: Sampling,
    /// A running mean of the weights.
    #[serde(default)]
    pub ema: Option<Ema>,
    /// How often what is watched is scored; none: the planner decides.
    #[serde(default)]
    pub evaluate_every: Option<Length>,
    #[serde(default)]
    pub early_stopping: Option<EarlyStopping>,
    #[serde(default)]
    pub keep: Keep,
    /// For `keep = "best"` and early stopping.
    #[serde(default)]
    pub best_by: BestBy,
    /// So many of the newest checkpoints are kept; a damaged one is passed over for the one before.
    #[serde(default = "kept_checkpoints")]
    #[schemars(extend("minimum" = 1, "maximum" = 1000))]
    pub keep_checkpoints: usize,
    /// Overrides the model's own dropout.
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
    pub dropout: Option<f32>,
    #[serde(default)]
    pub augment: Vec<Augment>,
}

fn kept_checkpoints() -> usize {
    2
}

impl Recipe {
    /// Whether what is watched has a say in which weights come out.
    pub fn watching_decides(&self) -> bool {
        self.early_stopping.is_some() || self.keep == Keep::Best
    }

    /// With nothing but what there must be.
    pub fn bare(optimizer: Optimizer, lr: f64, schedule: Schedule, length: Length, batch_size: usize) -> Self {
        Recipe {
            optimizer,
            lr,
            schedule,
            length,
            batch_size,
            micro_batch_size: None,
            gradient_checkpointing: false,
            max_seq_len: None,
            grad_clip_norm: None,
            grad_clip_value: None,
            groups: Vec::new(),
            layerwise_lr_decay: None,
            label_smoothing: 0.0,
            class_weights: None,
            focal_gamma: None,
            sampling: Sampling::Shuffled,
            ema: None,
            evaluate_every: None,
            early_stopping: None,
            keep: Keep::Last,
            best_by: BestBy::Metric,
            keep_checkpoints: kept_checkpoints(),
            dropout: None,
            augment: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    Epochs(#[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1_000_000))] f64),
    Steps(#[schemars(extend("minimum" = 1, "maximum" = 1_000_000_000))] u64),
}

/// Random changes of training images, made in their order, drawn anew for each example in each epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Augment {
    /// Pad with zeros on each side, then crop back at random.
    PadCrop {
        #[schemars(extend("maximum" = 64))]
        padding: usize,
    },
    HorizontalFlip,
    /// A part of random size and shape, made as large as the whole (1409.4842, section 6).
    RandomResizedCrop {
        /// Of the whole area.
        #[serde(default = "least_crop")]
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
        min_area: f64,
        #[serde(default = "whole_area")]
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
        max_area: f64,
        /// Of the longer side to the shorter.
        #[serde(default = "crop_ratio")]
        #[schemars(extend("minimum" = 1, "maximum" = 100))]
        max_ratio: f64,
    },
    /// By up to so many degrees, either way.
    Rotation {
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 180))]
        degrees: f64,
    },
    /// Brightness, contrast and saturation by up to these shares, hue by up to this share of the circle of colours, in random order.
    ColorJitter {
        #[serde(default)]
        #[schemars(extend("minimum" = 0, "maximum" = 10))]
        brightness: f64,
        #[serde(default)]
        #[schemars(extend("minimum" = 0, "maximum" = 10))]
        contrast: f64,
        #[serde(default)]
        #[schemars(extend("minimum" = 0, "maximum" = 10))]
        saturation: f64,
        #[serde(default)]
        #[schemars(extend("minimum" = 0, "maximum" = 0.5))]
        hue: f64,
    },
    /// So many of fourteen operations, at one magnitude of 0 to 30 (1909.13719), as torchvision's.
    RandAugment {
        #[serde(default = "operations")]
        #[schemars(extend("minimum" = 1, "maximum" = 14))]
        ops: usize,
        #[serde(default = "magnitude")]
        #[schemars(extend("minimum" = 0, "maximum" = 30))]
        magnitude: u8,
    },
    /// With probability `p` a part becomes 0, which is the mean of what is normalised (1708.04896).
    RandomErasing {
        #[serde(default = "erase_probability")]
        #[schemars(extend("minimum" = 0, "maximum" = 1))]
        p: f64,
        #[serde(default = "least_erased")]
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
        min_area: f64,
        #[serde(default = "most_erased")]
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
        max_area: f64,
        #[serde(default = "erased_ratio")]
        #[schemars(extend("minimum" = 1, "maximum" = 100))]
        max_ratio: f64,
    },
    /// Each image is blended with another of its batch, and so are their classes; the share is drawn once a step from a beta
    /// distribution (1710.09412). With `cutmix` beside it, each step takes one of the two.
    Mixup {
        #[serde(default = "mixup_alpha")]
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 100))]
        alpha: f64,
    },
    /// A part of each image is that of another of its batch, and the classes are mixed by area (1905.04899).
    Cutmix {
        #[serde(default = "cutmix_alpha")]
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 100))]
        alpha: f64,
    },
}

/// The papers' and torchvision's own values.
fn least_crop() -> f64 {
    0.08
}
fn whole_area() -> f64 {
    1.0
}
fn crop_ratio() -> f64 {
    4.0 / 3.0
}
fn operations() -> usize {
    2
}
fn magnitude() -> u8 {
    9
}
fn erase_probability() -> f64 {
    0.5
}
fn least_erased() -> f64 {
    0.02
}
fn most_erased() -> f64 {
    0.33
}
fn erased_ratio() -> f64 {
    3.3
}
fn mixup_alpha() -> f64 {
    0.2
}
fn cutmix_alpha() -> f64 {
    1.0
}

impl Augment {
    /// Whether it mixes images, and so their classes.
    pub fn mixes(&self) -> bool {
        matches!(self, Augment::Mixup { .. } | Augment::Cutmix { .. })
    }

    /// Whether they change images alike, whatever by how much.
    pub fn is_like(&self, other: &Augment) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub value: f64,
    /// Where the number comes from: the paper's words, a reference run, the user.
    pub source: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Time for everything, over all processes that work on the run.
    #[schemars(extend("minimum" = 1, "maximum" = 1_000_000_000))]
    pub max_time_secs: Option<u64>,
    /// Most memory of a worker.
    #[schemars(extend("minimum" = 1))]
    pub max_memory_bytes: Option<u64>,
    /// Most bytes that the run folder may hold; what training will write is counted before it begins.
    #[schemars(extend("minimum" = 1))]
    pub max_disk_bytes: Option<u64>,
    /// Most attempts of a run that fails, the first included; none: 5.
    #[schemars(extend("minimum" = 1, "maximum" = 5))]
    pub max_attempts: Option<usize>,
    /// Most tokens that a language model may read and write for the run, over all processes that work on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 1))]
    pub max_tokens: Option<u64>,
    /// Most US dollars that it may cost, and the time of this machine, where an hour of it has a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0))]
    pub max_usd: Option<f64>,
    /// Whether recovery may change what is tested, such as leave out examples that are not finite. Each such change is a deviation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_scope_change: bool,
    /// Licences that somebody has agreed to, as cards name them, such as `cc-by-nc-4.0`: without it, what they forbid is not trained on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept_licenses: Vec<String>,
    /// A worker that tells nothing for so long hangs, and is started again; none: 600.
    #[schemars(extend("minimum" = 1))]
    pub max_silence_secs: Option<u64>,
}

/// Where the run differs from the paper or the request, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    /// Which field, in words of the spec: `model`, `recipe.length`.
    pub field: String,
    /// What the paper (or request) says.
    pub stated: String,
    /// What is run.
    pub used: String,
    pub reason: String,
}
