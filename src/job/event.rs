//! What a worker tells: one typed JSON line each. Recorded as they come in `events.jsonl`.

use super::Origin;
use crate::eval::ByClass;
use crate::spec::Metric;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// One line from a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Always first: how strict the jail was to be, and which layers of it really hold (name -> what).
    Jailed {
        #[serde(default)]
        level: crate::sandbox::Level,
        layers: BTreeMap<String, String>,
        start_ms: f64,
    },
    /// A paper was read.
    Read { pages: usize, fields: usize },
    /// A split was prepared.
    Prepared(PreparedSplit),
    /// A split was looked at, row by row.
    Described(Box<crate::data::SplitDescribed>),
    /// How far a job has come: examples prepared, scored, or trained on in this attempt. Told now and then, so that a long one is seen
    /// to live: by training where nothing else was told for a while.
    Progress { examples: usize },
    /// Training begins, or goes on from a checkpoint at `step`.
    Started { step: u64, total_steps: u64, num_params: usize, num_trainable: usize, train_examples: usize, resumed: bool },
    /// Optimiser steps since the last such line.
    Step(StepEvent),
    /// The model on the monitor at a step.
    Monitored { step: u64, metric: Metric, value: f64, loss: f64, examples: usize },
    /// A checkpoint is on disk, whole. The hash is that of the weights that training changes: of their bytes in the order of their names.
    Checkpointed {
        step: u64,
        path: String,
        bytes: u64,
        #[serde(default)]
        weights_sha256: Option<String>,
    },
    /// A number is not finite, or the loss exploded, at step `step` (from 1). Training stops.
    Diverged {
        step: u64,
        what: Divergence,
        #[serde(with = "any_float")]
        value: f64,
        /// Where it comes from.
        #[serde(default)]
        origin: Option<Origin>,
    },
    /// All steps done; the model is on disk. `weights_sha256` is the hash of the file, whose bytes are a function of the weights;
    /// tokens, examples and seconds are those of the whole run, over all attempts that it grew from.
    /// `stopped_early`: watching showed that further steps do not help; `best`: whose weights they are, where those of the best
    /// evaluation are kept.
    Finished {
        step: u64,
        weights_sha256: String,
        tokens: u64,
        examples: u64,
        train_secs: f64,
        #[serde(default)]
        stopped_early: bool,
        #[serde(default)]
        best: Option<BestStep>,
    },
    /// Stopped on request, after a checkpoint.
    Stopped { step: u64 },
    /// Scores of an evaluation job, with the 95 % intervals that the bootstrap gives; `baseline`: the first metric of the job's guess.
    Evaluated {
        examples: usize,
        scores: BTreeMap<Metric, f64>,
        #[serde(default)]
        intervals: BTreeMap<Metric, [f64; 2]>,
        #[serde(default)]
        baseline: Option<f64>,
        loss: f64,
        secs: f64,
    },
    /// How well each class of the split was told.
    ByClass(ByClass),
    /// An answer that the model wrote itself: to which example of the split, what stands there, and what it wrote.
    Sampled { example: usize, prompt: String, wanted: String, written: String },
    /// A piece of what the model writes, as it is written; an empty one now and then where that is told as a whole.
    Wrote { text: String },
    /// What the model wrote, whether it ended there by itself, and the seconds of reading the prompt and of writing.
    Generated {
        text: String,
        prompt_tokens: usize,
        tokens: usize,
        ended: bool,
        secs: f64,
        #[serde(default)]
        prompt_secs: f64,
    },
    /// A base and its adapter are one file.
    Merged { weights_sha256: String, params: usize },
    /// A model said something of so many inputs, of which so many have no answer, and of so many the end was left out; which hold
    /// categories that it does not know.
    Predicted {
        examples: usize,
        failed: usize,
        #[serde(default)]
        cut: usize,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unseen: Option<Unseen>,
        secs: f64,
    },
    /// A model was written in the format of another program.
    Exported { bytes: u64, params: usize },
    /// How many held-out examples the training split has too.
    Compared(crate::data::Overlap),
    /// Something worth knowing that stops nothing (texts cut, tensors unused).
    Note { message: String },
    /// System calls that the jail refused it. The supervisor's word, not the worker's: one who tells it is not believed.
    Refused { calls: Vec<crate::sandbox::Refusal> },
    /// A GPU's memory ran out.
    OutOfMemory { gpu: super::GpuMemory },
    /// The worker failed in an orderly way. `class` decides what the supervisor makes of it.
    Failed { class: crate::error::Class, message: String, hint: Option<String> },
}

/// What a prepared split holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreparedSplit {
    pub split: String,
    /// File below the job's `out`.
    pub file: String,
    pub examples: usize,
    /// Class names, in the order of their index.
    pub labels: Vec<String>,
    /// Examples a class.
    pub label_counts: Vec<usize>,
    /// Of the numbers that are its answers, where they are such.
    #[serde(default)]
    pub values: Option<Spread>,
    /// Texts by their length, where they are such, and of pairs those that are written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lengths: Vec<LengthBin>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target_lengths: Vec<LengthBin>,
    /// Texts: real tokens in all, longest, and how many were cut. Images: height, width, channels.
    pub shape: SplitShape,
    pub columns: crate::spec::Columns,
    pub sha256: String,
}

/// How many texts have at most so many tokens, and more than the bin before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LengthBin {
    pub most: usize,
    pub texts: u64,
}

/// What the ledger calls what [`Event::Compared`] tells.
pub const SHARED: &str = "held-out examples that the training split has too";

/// What a list of numbers is like.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    pub mean: f64,
    /// The standard deviation, with the number of values as its denominator.
    pub std: f64,
    pub least: f64,
    pub most: f64,
}

impl Spread {
    /// Beyond it the square of a number, or the sum of many, may be too large for one.
    pub(crate) const LARGE: f64 = 1e140;

    /// None of no value.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let (least, most) = (values.iter().copied().reduce(f64::min)?, values.iter().copied().reduce(f64::max)?);
        // Large ones are counted in units of the largest.
        let unit = Some(least.abs().max(most.abs())).filter(|largest| *largest > Self::LARGE).unwrap_or(1.0);
        let mean = values.iter().map(|value| value / unit).sum::<f64>() / count;
        let std = (values.iter().map(|value| (value / unit - mean).powi(2)).sum::<f64>() / count).sqrt();
        Some(Spread { mean: mean * unit, std: std * unit, least, most })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SplitShape {
    Text {
        tokens: u64,
        longest: usize,
        truncated: usize,
        vocab_size: usize,
    },
    /// A stream cut into pieces of `length` tokens: what it has in all, and the bytes of the text that it stands for.
    Words {
        tokens: u64,
        length: usize,
        bytes: u64,
        vocab_size: usize,
    },
    /// Conversations: real tokens in all and those of answers, the longest text, how many were cut, and how many were left out
    /// because no token of an answer was left.
    Answers {
        tokens: u64,
        asked: u64,
        longest: usize,
        truncated: usize,
        left_out: usize,
        vocab_size: usize,
    },
    /// Pairs of texts: real tokens of sources and targets, the longest of each, how many of each were cut, and how many pairs were
    /// left out because one of the two is empty.
    Pairs {
        tokens: u64,
        target_tokens: u64,
        longest: usize,
        longest_target: usize,
        truncated: usize,
        truncated_targets: usize,
        left_out: usize,
        vocab_size: usize,
    },
    /// Recordings and their texts: seconds of sound that are heard, tokens of all texts, the longest of each, how many of each were cut,
    /// and how many recordings were left out because they have no text, or cannot be read.
    Speech {
        seconds: f64,
        target_tokens: u64,
        longest_seconds: f64,
        longest_target: usize,
        truncated: usize,
        truncated_targets: usize,
        left_out: usize,
        #[serde(default)]
        unreadable: usize,
        vocab_size: usize,
    },
    /// Images, all of one size, and how many were left out because they are not there, or cannot be read.
    Image {
        height: usize,
        width: usize,
        channels: usize,
        #[serde(default)]
        left_out: usize,
    },
    /// Inputs that rows have become: numbers and categories of each; cells that say nothing, and categories that the training rows do
    /// not have.
    Table {
        numbers: usize,
        categories: usize,
        missing: usize,
        unseen: usize,
    },
}

impl SplitShape {
    /// Each number with its name: for a line of progress and for a report.
    pub fn named(&self) -> Vec<(&'static str, f64)> {
        match *self {
            SplitShape::Text { tokens, longest, truncated, vocab_size } => vec![
                ("tokens", tokens as f64),
                ("longest text", longest as f64),
                ("texts cut", truncated as f64),
                ("vocabulary", vocab_size as f64),
            ],
            SplitShape::Words { tokens, length, bytes, vocab_size } => vec![
                ("tokens", tokens as f64),
                ("tokens a piece", length as f64),
                ("bytes of text", bytes as f64),
                ("vocabulary", vocab_size as f64),
            ],
            SplitShape::Answers { tokens, asked, longest, truncated, left_out, vocab_size } => vec![
                ("tokens", tokens as f64),
                ("tokens of answers", asked as f64),
                ("longest text", longest as f64),
                ("texts cut", truncated as f64),
                ("left out without an answer", left_out as f64),
                ("vocabulary", vocab_size as f64),
            ],
            SplitShape::Pairs {
                tokens,
                target_tokens,
                longest,
                longest_target,
                truncated,
                truncated_targets,
                left_out,
                vocab_size,
            } => vec![
                ("tokens of sources", tokens as f64),
                ("tokens of targets", target_tokens as f64),
                ("longest source", longest as f64),
                ("longest target", longest_target as f64),
                ("sources cut", truncated as f64),
                ("targets cut", truncated_targets as f64),
                ("left out for an empty text", left_out as f64),
                ("vocabulary", vocab_size as f64),
            ],
            SplitShape::Speech {
                seconds,
                target_tokens,
                longest_seconds,
                longest_target,
                truncated,
                truncated_targets,
                left_out,
                unreadable,
                vocab_size,
            } => vec![
                ("seconds of sound", seconds),
                ("longest recording in seconds", longest_seconds),
                ("recordings cut off", truncated as f64),
                ("tokens of texts", target_tokens as f64),
                ("longest text", longest_target as f64),
                ("texts cut", truncated_targets as f64),
                ("left out without a text", left_out as f64),
                ("left out unread", unreadable as f64),
                ("vocabulary", vocab_size as f64),
            ],
            SplitShape::Image { height, width, channels, left_out } => {
                let mut all = vec![("height", height as f64), ("width", width as f64), ("channels", channels as f64)];
                all.extend((left_out > 0).then(|| ("left out unread", left_out as f64)));
                all
            }
            SplitShape::Table { numbers, categories, missing, unseen } => vec![
                ("numbers a row", numbers as f64),
                ("categories a row", categories as f64),
                ("missing cells", missing as f64),
                ("unseen categories", unseen as f64),
            ],
        }
    }

    /// Tokens of the longest text; none of what is no text.
    pub fn longest(&self) -> usize {
        match *self {
            SplitShape::Text { longest, .. } | SplitShape::Answers { longest, .. } => longest,
            SplitShape::Words { length, .. } => length,
            SplitShape::Pairs { longest, longest_target, .. } => longest.max(longest_target),
            SplitShape::Speech { longest_target, .. } => longest_target,
            SplitShape::Image { .. } | SplitShape::Table { .. } => 0,
        }
    }
}

/// Rows with a category that the model does not know, and the first such.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unseen {
    pub rows: usize,
    pub column: String,
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepEvent {
    /// Steps done.
    pub step: u64,
    pub epoch: f64,
    /// Mean training loss since the last line.
    pub loss: f64,
    pub lr: f64,
    /// Global norm of the gradient of the last step, before clipping.
    pub grad_norm: f64,
    /// Real tokens (texts) and examples since the start of this attempt, and its seconds of training.
    pub tokens: u64,
    pub examples: u64,
    pub train_secs: f64,
}

/// The evaluation whose weights are kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BestStep {
    pub step: u64,
    /// Of the metric, where it has one.
    pub value: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Divergence {
    LossNotFinite,
    GradNotFinite,
    LossExploded,
    /// Finite to the end, and in vain: found after the last step.
    LossStayedHigh,
    /// Some examples were told far better in the middle than they are after the last step, by which it is found.
    LossRose,
    /// It says the same of every example, or the same word at every place: found after the last step.
    Collapsed,
    /// Found after the last step.
    WeightsNotFinite,
}

impl Divergence {
    pub fn in_words(self) -> &'static str {
        match self {
            Divergence::LossNotFinite => "loss not finite",
            Divergence::GradNotFinite => "gradient not finite",
            Divergence::LossExploded => "loss exploded",
            Divergence::LossStayedHigh => "loss no better than at the start",
            Divergence::LossRose => "loss far above what it had been",
            Divergence::Collapsed => "the model says the same of every example",
            Divergence::WeightsNotFinite => "weights not finite",
        }
    }
}

/// Lets a job tell of its progress every few seconds, however often it is asked to.
pub struct Pulse<'a> {
    emit: &'a mut dyn FnMut(Event),
    last: Instant,
    every: Duration,
}

impl<'a> Pulse<'a> {
    /// Far below the silence after which a worker passes for one that hangs.
    const EVERY: Duration = Duration::from_secs(5);

    pub fn new(emit: &'a mut dyn FnMut(Event)) -> Self {
        Pulse { emit, last: Instant::now(), every: Self::EVERY }
    }

    /// So many examples are done.
    pub fn beat(&mut self, examples: usize) {
        self.tell(Event::Progress { examples });
    }

    /// Hands an event on; one that says no more than that the job lives, where nothing was told for a while.
    pub fn tell(&mut self, event: Event) {
        let is_beat = match &event {
            Event::Progress { .. } => true,
            Event::Wrote { text } => text.is_empty(),
            _ => false,
        };
        if !is_beat || self.last.elapsed() >= self.every {
            self.last = Instant::now();
            (self.emit)(event);
        }
    }
}

/// JSON has no number for NaN and the infinities; here they are words.
mod any_float {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() { value.serialize(to) } else { to.collect_str(value) }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        match serde_json::Value::deserialize(from)? {
            serde_json::Value::Number(number) => number.as_f64().ok_or_else(|| D::Error::custom("a number out of range")),
            serde_json::Value::String(word) if ["NaN", "inf", "-inf"].contains(&word.as_str()) => {
                word.parse().map_err(D::Error::custom)
            }
            other => Err(D::Error::custom(format!("expected a number, \"NaN\", \"inf\" or \"-inf\", found {other}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What only says that a job lives comes where nothing else did for a while; everything else comes at once.
    #[test]
    fn a_job_is_heard_of_now_and_then() {
        let told = |every: Duration| {
            let mut heard = Vec::new();
            let mut emit = |event: Event| heard.push(event);
            let mut pulse = Pulse { every, ..Pulse::new(&mut emit) };
            for examples in 1..=3 {
                pulse.beat(examples);
                pulse.tell(Event::Wrote { text: String::new() });
                pulse.tell(Event::Stopped { step: examples as u64 });
            }
            heard
        };
        let ends = |event: &Event| matches!(event, Event::Stopped { .. });
        let seldom = told(Duration::from_secs(3600));
        assert!(seldom.len() == 3 && seldom.iter().all(ends), "{seldom:?}");
        let always = told(Duration::ZERO);
        assert_eq!((always.len(), &always[0]), (9, &Event::Progress { examples: 1 }));
    }

    #[test]
    fn a_spread_of_large_numbers_is_a_number() {
        let found = Spread::of(&[1e308, -1e308, 1e308, -1e308]).expect("numbers");
        assert_eq!((found.mean, found.std, found.least, found.most), (0.0, 1e308, -1e308, 1e308));
        let plain = Spread::of(&[1.0, 3.0]).expect("numbers");
        assert_eq!((plain.mean, plain.std), (2.0, 1.0));
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn a_divergence_survives_the_pipe() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 12.5, 3.0] {
            let line = serde_json::to_string(&Event::Diverged { step: 7, what: Divergence::LossNotFinite, value, origin: None })
                .expect("a line");
            let Event::Diverged { value: back, .. } = serde_json::from_str(&line).expect("read back") else { panic!("{line}") };
            assert_eq!(back.to_bits(), value.to_bits(), "{line}");
        }
        assert!(serde_json::from_str::<Event>(r#"{"event":"diverged","step":1,"what":"loss_exploded","value":"much"}"#).is_err());
    }
}
