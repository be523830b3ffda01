//! The plan, and the facts it is made from.

use super::{Gpu, split_names};
use crate::job::{AdapterFiles, ChatFormat, MOST_BY_CLASS, Normalize, Part, RunConfig};
use crate::spec::{Columns, Deviation, ExperimentSpec, HeldOutBy, ImageSize, RowRule, Task, Write};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tallow_zoo::mlp::{self, CategoricalColumn, NumericColumn};
use tallow_zoo::{HeadKind, Modality};

/// What is known about the world before planning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub host: HostFacts,
    pub data: DataFacts,
    pub model: ModelFacts,
}

/// The machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostFacts {
    pub cores: usize,
    pub memory_bytes: u64,
    /// Measured speed of a large float32 product, FLOP a second.
    pub matmul_flops: f64,
    /// What an hour of it costs, in US dollars, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd_per_hour: Option<f64>,
    /// Others that could be had, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gpus: BTreeMap<String, Gpu>,
}

impl HostFacts {
    /// Of a machine that costs nothing, and no other.
    pub fn new(cores: usize, memory_bytes: u64, matmul_flops: f64) -> Self {
        HostFacts { cores, memory_bytes, matmul_flops, usd_per_hour: None, gpus: BTreeMap::new() }
    }
}

/// The data set, from its card and file headers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DataFacts {
    /// What it is to be used for: as was asked, else as it was found to be for.
    #[serde(default)]
    pub task: Option<Task>,
    pub splits: Vec<SplitFacts>,
    pub columns: Columns,
    pub labels: Vec<String>,
    /// Their order is that of the data's own numbers, and not merely that of their letters.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub labels_are_numbered: bool,
    /// Of pairs with a score: the least and the greatest of the training split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<[f64; 2]>,
    /// Of recordings the longest, in seconds, as far as their heads say it.
    #[serde(default)]
    pub longest_secs: Option<f64>,
    /// And their mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_secs: Option<f64>,
    /// As the card says, verbatim; none where it says nothing.
    pub license: Option<String>,
    /// Where it is one that the Hub has no name for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<OwnTerms>,
    /// Whether access must be asked for, as far as its card or the Hub says it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_gated: bool,
    /// Hub commit, where known.
    pub revision: Option<String>,
    /// Mean tokens of a text (estimated from a sample), or (height, width, channels) of an image.
    pub mean_tokens: Option<f64>,
    /// Those of the longest text of the sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_tokens: Option<f64>,
    /// Mean tokens of the shortest sixteenth of the sample's texts, of the next, and so on: how much of them stays where they are cut.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens_by_length: Vec<f64>,
    /// Of a stream of words, how many different characters the first split has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub characters: Option<usize>,
    pub image_shape: Option<[usize; 3]>,
    /// Whether images are of several sizes; `image_shape` has their medians then.
    #[serde(default)]
    pub images_differ: bool,
    /// Of a table: what its columns turned out to be.
    #[serde(default)]
    pub table: Option<TableFacts>,
    /// Rows that are used at all, of every split.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowRule>,
    /// What of a request said so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows_said: Vec<String>,
    /// Columns of the first split that say when a row was, likeliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<String>,
    /// Of these the last, of whose dates day and month cannot be told apart: no order follows from them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unclear_times: Vec<String>,
    /// Columns of the first split that may say whose a row is, in their order: all but those of lists, pictures and the label.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub whose: Vec<String>,
    /// The languages that its card states, by their codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// What else whoever asks should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What a model is fed with of a table's rows, found in the training rows alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TableFacts {
    pub numeric: Vec<NumericColumn>,
    pub categorical: Vec<CategoricalColumn>,
    /// Other columns besides the target, which it is not fed with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// Why those were left out, and what else whoever asks should know.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitFacts {
    pub name: String,
    pub files: Vec<PathBuf>,
    pub examples: usize,
    /// False where every label is absent or negative (a test set whose labels are kept secret).
    pub labelled: bool,
    /// The part of the files' rows that the split is; none: all.
    #[serde(default)]
    pub part: Option<Part>,
    /// Of a stream of words, how many tokens it has (estimated from a sample); its examples are documents then.
    #[serde(default)]
    pub tokens: Option<u64>,
}

impl TableFacts {
    /// A model of these columns. One that has columns keeps them: its weights are of no others.
    #[must_use]
    pub fn given_to(&self, model: mlp::Config, target_column: Option<String>) -> mlp::Config {
        if !model.is_without_columns() {
            return model;
        }
        mlp::Config {
            numeric_columns: self.numeric.clone(),
            categorical_columns: self.categorical.clone(),
            target_column,
            ..model
        }
    }
}

/// How the Hub calls what it converts of a split that is too large to be converted whole, before the split's own name.
pub const PARTIAL: &str = "partial-";

impl SplitFacts {
    /// Whether it is a stream of words from a single document, which has no rows to draw from.
    pub fn is_one_text(&self) -> bool {
        self.tokens.is_some() && self.examples == 1
    }

    /// Examples that a model is trained on or scored on: of a stream of words, pieces of `length` tokens.
    pub fn pieces(&self, length: usize) -> usize {
        self.tokens.map_or(self.examples, |tokens| tokens.div_ceil(length.max(1) as u64) as usize)
    }
}

impl DataFacts {
    /// All that whoever asks should know, of its columns as well.
    pub fn all_notes(&self) -> impl Iterator<Item = &String> {
        self.notes.iter().chain(self.table.iter().flat_map(|table| &table.notes))
    }

    /// The same where files below `root`, the run folder, are named from there, so that it can be moved.
    pub fn name_files_from(&mut self, root: &Path) {
        for file in self.splits.iter_mut().flat_map(|split| &mut split.files) {
            if let Ok(below) = file.strip_prefix(root) {
                *file = below.to_path_buf();
            }
        }
    }

    /// Which part of the split `train` is held out where one is cut off from it, as one says it of examples.
    pub fn held_out_in_words(&self, train: &str, by: &HeldOutBy, task: Task) -> String {
        let is_one_text = self.splits.iter().any(|split| split.name == train && split.is_one_text());
        let has_many = self.splits.iter().any(|split| split.name == train && split.examples > MOST_BY_CLASS);
        match (by, task.takes(), task.head()) {
            _ if is_one_text => "its end".into(),
            (HeldOutBy::Chance, takes, HeadKind::Classes) if takes == Modality::Table || !has_many => {
                "drawn at random, of each class its share".into()
            }
            (by, ..) => by.in_words(),
        }
    }

    /// Whether it is a stream of words, whose examples are documents.
    pub fn is_stream(&self) -> bool {
        self.splits.iter().any(|split| split.tokens.is_some())
    }

    /// The split that is usually trained on, among those with labels.
    pub fn usual_train(&self) -> Option<&SplitFacts> {
        split_names::training(&self.labelled())
    }

    /// The split that is usually scored, among those with labels besides `train`: a test or a validation that is of the same.
    pub fn usual_held_out(&self, train: Option<&str>) -> Option<&SplitFacts> {
        split_names::held_out(&self.labelled(), train)
    }

    /// The split that is usually watched while `train` is trained on, among those with labels besides the one that is `scored`.
    pub fn usual_watched(&self, train: &str, scored: &str) -> Option<&SplitFacts> {
        split_names::watched(&self.labelled(), train, scored)
    }

    fn labelled(&self) -> Vec<&SplitFacts> {
        self.splits.iter().filter(|split| split.labelled && split.examples > 0).collect()
    }

    /// The same where `held_out` is this part of `train`, and cut off it. Nothing changes where there is no such `train`.
    pub fn cut(&mut self, train: &str, held_out: &str, part: &Part) {
        let Some(split) = self.splits.iter_mut().find(|split| split.name == train) else { return };
        let of = |name: &str, part: Part| SplitFacts {
            name: name.into(),
            // A single document is cut itself.
            examples: if split.is_one_text() { 1 } else { part.count(split.examples) },
            tokens: split.tokens.map(|tokens| (tokens as f64 * part.share()).round() as u64),
            part: Some(part),
            ..split.clone()
        };
        let (cut_off, rest) = (of(held_out, part.clone()), of(train, part.rest()));
        *split = rest;
        self.splits.push(cut_off);
    }
}

/// The model, from its folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelFacts {
    pub config: tallow_zoo::ModelConfig,
    /// safetensors; none: from scratch.
    pub weights: Option<PathBuf>,
    pub weights_sha256: Option<String>,
    /// Of an element of a matrix in the file, on average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_per_weight: Option<f64>,
    pub tokenizer: Option<PathBuf>,
    pub normalize: Option<Normalize>,
    /// The size of the images that it was made for.
    #[serde(default)]
    pub image: Option<ImageSize>,
    pub license: Option<String>,
    /// Where it is one that the Hub has no name for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<OwnTerms>,
    /// Whether access must be asked for, as far as its card or the Hub says it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_gated: bool,
    /// Whether it lies in a folder that is named by its place: what looks like an id of the Hub may be somebody else's there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_local: bool,
    pub revision: Option<String>,
    /// How it writes conversations.
    #[serde(default)]
    pub chat: ChatFormat,
    /// What stands before every text that it writes another from.
    #[serde(default)]
    pub prefix: String,
    /// Tokens that end what it writes, as its files say, besides those that its tokenizer's names tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<u32>,
    /// How it writes, as its files say.
    #[serde(default, skip_serializing_if = "WritingFacts::says_nothing")]
    pub writes: WritingFacts,
    /// Of a model of speech: what it is told, and what it does not write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speech: Option<SpeechFacts>,
    /// What stands beside the weights, where the folder is an adapter's; everything else here is its base's.
    #[serde(default)]
    pub adapter: Option<AdapterFiles>,
    /// Where its folder is that of a model of sentence vectors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentences: Option<SentenceFacts>,
}

/// How a model writes where nobody says otherwise, as its `generation_config.json` has it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WritingFacts {
    pub max_new_tokens: Option<usize>,
    pub num_beams: Option<usize>,
    pub length_penalty: Option<f64>,
}

impl WritingFacts {
    /// Tokens of the longest text, where nobody says.
    pub const USUAL_TOKENS: usize = 128;

    fn says_nothing(&self) -> bool {
        *self == WritingFacts::default()
    }

    /// The likeliest word each time, or by as many beams as the model's files say.
    pub fn search(&self) -> tallow_zoo::Search {
        match self.num_beams {
            None | Some(0 | 1) => tallow_zoo::Search::Greedy,
            Some(num_beams) => tallow_zoo::Search::Beam {
                num_beams: num_beams.min(1000),
                length_penalty: self.length_penalty.unwrap_or(1.0),
                early_stopping: false,
            },
        }
    }
}

/// What a model of speech is told by the first tokens of a text, and which tokens it does not write, as its files say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpeechFacts {
    /// The token of each language, by its code; none for a model that is not told.
    pub languages: BTreeMap<String, u32>,
    /// Those of `transcribe` and `translate`.
    pub tasks: BTreeMap<String, u32>,
    /// Says that no times are written.
    pub no_timestamps: Option<u32>,
    /// The language that it was last trained on.
    pub language: Option<String>,
    /// What it was last trained to write.
    #[serde(default)]
    pub write: Write,
    pub suppress_tokens: Vec<u32>,
    /// As the first behind those that every text begins with.
    pub begin_suppress_tokens: Vec<u32>,
}

impl SpeechFacts {
    /// The code of the language that is spoken: as was asked, else as the model was last trained, else English, or the only one that it
    /// knows; none where the model is not told.
    pub fn language<'a>(&'a self, asked: Option<&'a str>) -> Option<&'a str> {
        let usual = self.languages.keys().next().filter(|_| self.languages.len() == 1).map_or("en", String::as_str);
        (!self.languages.is_empty()).then(|| asked.or(self.language.as_deref()).unwrap_or(usual))
    }

    /// Tokens that every text begins with.
    ///
    /// # Errors
    /// The model knows no such language or task: what it knows, in words.
    pub fn forced(&self, asked: Option<&str>, write: Write) -> Result<Vec<u32>, String> {
        let known = |names: &BTreeMap<String, u32>| names.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let mut tokens = Vec::new();
        match (self.language(asked), asked) {
            (Some(code), _) => {
                let token = self.languages.get(code);
                tokens.push(*token.ok_or_else(|| format!("expected one of {}, found `{code}`", known(&self.languages)))?);
            }
            (None, Some(asked)) if asked != "en" => {
                return Err(format!("the model knows a single language and is not told which, found `{asked}`"));
            }
            (None, _) => {}
        }
        match self.tasks.get(write.public()) {
            Some(token) => tokens.push(*token),
            None if write == Write::Translation => return Err("the model cannot be told to translate".into()),
            None => {}
        }
        tokens.extend(self.no_timestamps);
        Ok(tokens)
    }
}

/// What the files of the `sentence-transformers` library say of a model, besides how vectors are made, which its head has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentenceFacts {
    /// Tokens of the longest text that it reads.
    pub max_seq_len: Option<usize>,
    /// Why vectors as it makes them cannot be had here.
    pub unusable: Option<String>,
}

impl ModelFacts {
    /// A model without weights, of which nothing else is known.
    pub fn from_scratch(config: tallow_zoo::ModelConfig) -> Self {
        ModelFacts {
            config,
            weights: None,
            weights_sha256: None,
            bytes_per_weight: None,
            tokenizer: None,
            normalize: None,
            image: None,
            license: None,
            terms: None,
            is_gated: false,
            is_local: false,
            revision: None,
            chat: ChatFormat::default(),
            prefix: String::new(),
            ends: Vec::new(),
            writes: WritingFacts::default(),
            speech: None,
            adapter: None,
            sentences: None,
        }
    }
}

/// What a card says of a licence that the Hub has no name for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnTerms {
    pub name: Option<String>,
    /// An address, or a file of the card's own repository.
    pub link: Option<String>,
}

/// Fully resolved runs, what they cost, and where they differ from what was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub version: u32,
    pub spec: ExperimentSpec,
    pub facts: Facts,
    pub runs: Vec<RunConfig>,
    pub estimate: Estimate,
    /// Those of the spec and those that planning added.
    pub deviations: Vec<Deviation>,
    /// What was assumed where nothing was said: `field: value (why)`.
    pub assumptions: Vec<String>,
}

/// Cost of one run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub num_params: usize,
    /// Of those, what is trained.
    #[serde(default)]
    pub num_trainable: usize,
    pub train_flops: f64,
    pub train_secs: f64,
    pub peak_memory_bytes: u64,
    /// Of that what weights, gradients, moments and buffers take, and what each example of a forward pass does.
    #[serde(default)]
    pub state_bytes: u64,
    #[serde(default)]
    pub example_bytes: u64,
}
