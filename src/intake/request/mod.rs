//! What somebody asks for in ordinary words: `fine-tune BERT on SST-2, at most 30 minutes` -> [`Request`].
//!
//! Each phrase is cut out of the text by the one rule that understands it: [`names`] first, for they may hold digits and words that
//! mean something else elsewhere, then [`kind`]s of task, [`settings`] and [`quality`]. It ends in one of four places, so that nobody believes that
//! something was followed which was not: a field of the request; [`Request::refused`], a setting with a value that it cannot have;
//! [`Request::lacking`], a wish that Tallow cannot follow; or [`Request::not_understood`], all else that means something. A wish that
//! is negated (`not BERT`) is never followed.

mod again;
mod amount;
mod around;
mod asides;
mod augment;
mod border;
mod code;
mod contradicted;
mod contrast;
mod corrected;
mod curt;
mod dates;
mod deeds;
mod direction;
mod english;
mod explained;
mod falls;
mod folders;
mod forbidden;
mod former;
mod frozen;
mod held;
mod kind;
mod label;
mod lengths;
mod limits;
mod meant;
mod metrics;
mod models;
mod name;
mod names;
mod notation;
mod number;
mod optimizer;
mod options;
mod padding;
mod pair;
mod papers;
mod parting;
mod pasted;
mod pattern;
mod perhaps;
mod preparation;
mod quality;
mod question;
mod rate;
mod relative;
mod rest;
mod rows;
mod settings;
mod shares;
mod size;
mod speech;
mod sweep;
#[cfg(test)]
mod tests;
mod time;
mod tuned;
mod understood;
mod units;
mod unread;
mod weights;
mod whose;
mod without;
mod word_order;
mod written;

pub use held::{AskedOrder, AskedPart, Edge};
pub use metrics::measure_called;
pub use name::{DataName, ModelName};
pub use pair::{AskedPair, language};
pub use parting::{AskedSplit, SplitBy};
pub use preparation::{AskedPreparation, Preparation};
pub use tuned::Tuned;
pub use weights::AskedWeights;
pub use without::Without;

use super::{OptimizerKind, ScheduleShape};
use crate::data::PerhapsColumns;
use crate::spec::{Augment, Length, Metric, Task, Warmup};
use crate::words::plain;
use rest::Rest;
use serde::{Deserialize, Serialize};
use tallow_zoo::HeadKind;

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

/// What lies at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lying {
    /// A folder in the Hub's format.
    Model,
    /// Another folder, or a file.
    Data,
}

/// Understands `text`; `lying` tells what is at a path, none where nothing is. Never fails: what cannot be understood is told. Where
/// that is less once slips of the keys are mended, or once it is put into English, this is how it is read.
pub fn parse_request(text: &str, lying: impl Fn(&str) -> Option<Lying>) -> Request {
    let (text, pasted) = pasted::apart(text);
    Request { pasted, ..parse_own(&text, lying) }
}

/// Of what nobody pasted.
fn parse_own(text: &str, lying: impl Fn(&str) -> Option<Lying>) -> Request {
    let mail = corrected::mail(text);
    let is_mail = mail.is_some();
    // Of a mail its answer holds, and behind `scratch that` what is said there.
    let both = mail.or_else(|| corrected::started_again(text)).and_then(|(own, other)| {
        let [answer, below] = [&own, &other].map(|part| parse_one(part, &lying));
        let holds = is_mail || corrected::says_otherwise(&answer, &below);
        let read_as = Some(format!("{own} -- {other}"));
        holds.then(|| Request { text: text.trim().to_string(), read_as, answer: Some(own), ..corrected::answered(answer, below) })
    });
    let request = both.unwrap_or_else(|| parse_one(text, &lying));
    let request = unread::find(request);
    let kept = if request.exclude.is_empty() { vec![] } else { request.kept_columns() };
    let exclude = request.exclude.iter().filter(|name| !perhaps::is_kept(&kept, name)).cloned().collect();
    contradicted::find(Request { exclude, ..request })
}

/// Of what one person says.
fn parse_one(text: &str, lying: &impl Fn(&str) -> Option<Lying>) -> Request {
    let (plain, negated) = read(text, lying);
    if plain.not_understood.is_empty() {
        return plain;
    }
    let another = |meant::Reading { text: reading, is_foreign }: meant::Reading| {
        let (request, still) = read(&reading, lying);
        // What was not wanted is not to be read as wanted.
        let keeps = is_foreign || still.len() >= negated.len();
        keeps.then(|| (Request { text: plain.text.clone(), read_as: Some(reading), ..request }, is_foreign))
    };
    let others = meant::readings(&plain.text, &plain.not_understood).into_iter().filter_map(another);
    let best = others.min_by_key(|(other, _)| (other.refused.len(), other.words_left()));
    // What is refused in its own language is so in English: of a text that is surely in it, most of which is understood then.
    let is_better = |(other, is_foreign): &(Request, bool)| {
        let is_clearly = *is_foreign && 2 * other.words_left() < plain.words_left();
        (other.refused.len() <= plain.refused.len() || is_clearly) && other.words_left() < plain.words_left()
    };
    best.filter(is_better).map_or(plain, |(other, _)| other)
}

/// As it stands, and the phrases that are negated in it.
fn read(text: &str, lying: &impl Fn(&str) -> Option<Lying>) -> (Request, Vec<String>) {
    let mut request = Request { text: text.trim().to_string(), ..Request::default() };
    let parted = rest::parted(text);
    let mut rest = Rest::new(&parted);
    papers::find(&mut rest, &mut request);
    names::find(&mut rest, &mut request, lying);
    kind::find_of_words(&mut rest, &mut request);
    let name = models::find_model(&mut rest, &mut request);
    pair::find(&mut rest, &mut request);
    label::find(&mut rest, &mut request);
    speech::find(&mut rest, &mut request);
    kind::find(&mut rest, &mut request);
    question::find(&mut rest, &mut request);
    deeds::find(&mut rest, &mut request);
    asides::find(&mut rest);
    preparation::find(&mut rest, &mut request);
    settings::find(&mut rest, &mut request);
    kind::find_classes(&mut rest, &mut request);
    models::settle_family(name, &mut request);
    quality::find(&mut rest, &mut request);
    again::find(&mut rest, &request);
    asides::find_reasons(&mut rest);
    let negated = rest.negated().to_vec();
    request.not_understood = rest.left_over();
    (request, negated)
}

impl Request {
    /// All of the user's own words that it holds, each as `told` has it.
    #[must_use]
    pub fn in_words(mut self, told: impl Fn(&str) -> String) -> Self {
        let own = [&mut self.text].into_iter().chain(&mut self.read_as).chain(&mut self.answer).chain(&mut self.not_understood);
        let refused = self.refused.iter_mut().map(|refused| &mut refused.words);
        let lacking = self.lacking.iter_mut().map(|lacking| &mut lacking.words);
        let parted = self.parted.iter_mut().map(|parted| &mut parted.words);
        let preparation = self.preparation.iter_mut().map(|asked| &mut asked.words);
        own.chain(&mut self.pasted)
            .chain(preparation)
            .chain(refused)
            .chain(lacking)
            .chain(parted)
            .chain(&mut self.taken_back)
            .for_each(|words| *words = told(words));
        self
    }

    /// Whether all but a head, or the last layers, is to stay as it is: of a model from scratch nothing but chance would.
    pub fn keeps_most(&self) -> bool {
        matches!(self.frozen, Some(Frozen::Body | Frozen::AllButUpperLayers { .. }))
    }

    /// Whether what was not understood may have been a wish, and not only ordinary words between those that are.
    pub fn may_change(words: &str) -> bool {
        meant::may_change(words)
    }

    /// Whether a word that nothing came of is a slip of one that asks for nothing: `classifer`.
    pub fn is_slip_of_no_wish(word: &str) -> bool {
        rest::is_filler_misspelt(word)
    }

    /// Whether words that nothing came of only say why, or what the data is like.
    pub fn only_explains(&self, words: &str) -> bool {
        let times = self.not_understood.iter().filter(|own| *own == words).count();
        let texts = [Some(&self.text), self.read_as.as_ref()];
        texts.into_iter().flatten().any(|text| explained::only_explains(text, words, times))
    }

    /// Words that may be names of columns: it is for the data to say whether they are.
    pub fn perhaps_columns(&self) -> PerhapsColumns {
        let mut all = perhaps::perhaps(self.read_as.as_ref().unwrap_or(&self.text));
        // Its own words say in another order what is to be told.
        let own = self.read_as.as_ref().map(|_| perhaps::perhaps(&self.text)).unwrap_or_default();
        for (names, more) in
            [(&mut all.label, own.label), (&mut all.input, own.input), (&mut all.exclude, own.exclude), (&mut all.told, own.told)]
        {
            let more: Vec<String> = more.into_iter().filter(|name| !names.contains(name)).collect();
            names.extend(more);
        }
        all.open.clone_from(&self.not_understood);
        let first = self.answer.as_ref().map(|answer| perhaps::perhaps(answer).label).unwrap_or_default();
        if !first.is_empty() {
            all.label.retain(|name| !first.contains(name));
            all.label.splice(0..0, first);
        }
        all.strange = perhaps::strange(&self.text);
        all.is_scored = perhaps::is_scored(&self.text);
        all.says = self.answer.iter().chain([&self.text]).chain(&self.read_as).cloned().collect();
        all
    }

    /// What is to stay in, as it may be called: `keep the redshift in`.
    pub fn kept_columns(&self) -> Vec<String> {
        perhaps::kept(self.read_as.as_ref().unwrap_or(&self.text))
    }

    /// The words of a phrase that are more than what one says of columns: `zip` of `Exclude zip`.
    pub fn names_in(phrase: &str) -> Vec<&str> {
        perhaps::names_in(phrase)
    }

    /// Of a script that does not part its words, each sign is one.
    fn words_left(&self) -> usize {
        let is_sign = |c: &char| ('\u{2e80}'..='\u{9fff}').contains(c) || ('\u{ac00}'..='\u{d7af}').contains(c);
        let words = |phrase: &String| phrase.split_whitespace().count() + phrase.chars().filter(is_sign).count();
        self.not_understood.iter().map(words).sum()
    }
}
