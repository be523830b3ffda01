//! The checked types of an experiment. Values of these types are right by construction: [`super::check`] made them.

use super::{AdapterSpec, Border, ImageSize, Metric, Preference, Recipe, RowRule, Search, Similarity, Speech, Task, TextToText};
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
    /// Rows that are used at all, of every split; none: all are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowRule>,
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

impl Columns {
    /// Those that are read, and those that are not to be: none of them is a label.
    pub(crate) fn with_part(&self) -> Vec<String> {
        self.input.iter().chain(&self.exclude).cloned().collect()
    }
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
