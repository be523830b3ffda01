//! What is measured.

use super::Task;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tallow_zoo::HeadKind;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    Accuracy,
    /// F1 of class 1 of two.
    F1,
    MacroF1,
    /// Matthews correlation.
    Matthews,
    /// `e` to the mean cross entropy of a token, in nats.
    Perplexity,
    /// Cross entropy of the whole text in bits, by its bytes: alike for every tokenizer.
    BitsPerByte,
    /// The share of pairs whose better answer gained more than the other against the model that training began with; equal gains
    /// count half.
    PreferenceAccuracy,
    /// The mean of how much more it gained: `beta` times the difference of the log-ratios.
    PreferenceMargin,
}

impl Metric {
    const ALL: [Metric; 8] = [
        Metric::Accuracy,
        Metric::F1,
        Metric::MacroF1,
        Metric::Matthews,
        Metric::Perplexity,
        Metric::BitsPerByte,
        Metric::PreferenceAccuracy,
        Metric::PreferenceMargin,
    ];

    /// As one says it.
    pub fn in_words(self) -> &'static str {
        match self {
            Metric::Accuracy => "accuracy",
            Metric::F1 => "F1",
            Metric::MacroF1 => "macro F1",
            Metric::Matthews => "Matthews correlation",
            Metric::Perplexity => "perplexity",
            Metric::BitsPerByte => "bits per byte",
            Metric::PreferenceAccuracy => "preference accuracy",
            Metric::PreferenceMargin => "preference margin",
        }
    }

    /// As model cards name it.
    pub fn public_name(self) -> &'static str {
        match self {
            Metric::Accuracy => "accuracy",
            Metric::F1 | Metric::MacroF1 => "f1",
            Metric::Matthews => "matthews_correlation",
            Metric::Perplexity => "perplexity",
            Metric::BitsPerByte => "bits_per_byte",
            Metric::PreferenceAccuracy => "preference_accuracy",
            Metric::PreferenceMargin => "preference_margin",
        }
    }

    /// Smallest and largest value that it can take.
    pub fn range(self) -> (f64, f64) {
        match self {
            Metric::Accuracy | Metric::F1 | Metric::MacroF1 | Metric::PreferenceAccuracy => (0.0, 1.0),
            Metric::Matthews => (-1.0, 1.0),
            Metric::Perplexity => (1.0, f64::INFINITY),
            Metric::BitsPerByte => (0.0, f64::INFINITY),
            Metric::PreferenceMargin => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    pub fn lower_is_better(self) -> bool {
        match self {
            Metric::Accuracy
            | Metric::F1
            | Metric::MacroF1
            | Metric::Matthews
            | Metric::PreferenceAccuracy
            | Metric::PreferenceMargin => false,
            Metric::Perplexity | Metric::BitsPerByte => true,
        }
    }

    /// Whether `value` is as good as `goal`, or better.
    pub fn reaches(self, value: f64, goal: f64) -> bool {
        if self.lower_is_better() { value <= goal } else { value >= goal }
    }

    /// Whether it measures what a model learns by such a task.
    pub fn suits(self, task: Task) -> bool {
        match self {
            Metric::Accuracy | Metric::F1 | Metric::MacroF1 | Metric::Matthews => task.head() == HeadKind::Classes,
            Metric::Perplexity => matches!(task, Task::LanguageModelling | Task::InstructionTuning),
            // Answers are a part of their text, whose bytes nobody compares.
            Metric::BitsPerByte => task == Task::LanguageModelling,
            Metric::PreferenceAccuracy | Metric::PreferenceMargin => task == Task::PreferenceOptimization,
        }
    }

    /// Those that are told of every run of a task, the usual one first.
    pub fn usual(task: Task) -> impl Iterator<Item = Metric> {
        let told = |metric: &Metric| !matches!(metric, Metric::F1 | Metric::Matthews);
        Metric::ALL.into_iter().filter(move |metric| metric.suits(task)).filter(told)
    }
}
