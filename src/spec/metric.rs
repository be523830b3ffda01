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
    /// Root of the mean squared error, in the target's own unit.
    Rmse,
    /// Mean absolute error, in the target's own unit.
    Mae,
    /// Coefficient of determination.
    R2,
    /// Pearson correlation.
    Pearson,
    /// Spearman correlation: Pearson's of the ranks.
    Spearman,
}

/// What there is to know of a metric.
struct About {
    /// As one says it.
    words: &'static str,
    /// As model cards name it.
    public: &'static str,
    /// Smallest and largest value that it can take.
    range: (f64, f64),
    lower_is_better: bool,
    /// Whose scores it measures.
    of: &'static [HeadKind],
}

const fn about(words: &'static str, public: &'static str, range: (f64, f64), of: &'static [HeadKind]) -> About {
    About { words, public, range, lower_is_better: false, of }
}

/// An error, of which less is better.
const fn error(words: &'static str, public: &'static str, least: f64, of: &'static [HeadKind]) -> About {
    About { words, public, range: (least, f64::INFINITY), lower_is_better: true, of }
}

const SHARE: (f64, f64) = (0.0, 1.0);
const CORRELATION: (f64, f64) = (-1.0, 1.0);

impl Metric {
    const ALL: [Metric; 11] = [
        Metric::Accuracy,
        Metric::F1,
        Metric::MacroF1,
        Metric::Matthews,
        Metric::Perplexity,
        Metric::BitsPerByte,
        Metric::Rmse,
        Metric::Mae,
        Metric::R2,
        Metric::Pearson,
        Metric::Spearman,
    ];

    fn about(self) -> About {
        use HeadKind::{Classes, Value, Words};
        match self {
            Metric::Accuracy => about("accuracy", "accuracy", SHARE, &[Classes]),
            Metric::F1 => about("F1", "f1", SHARE, &[Classes]),
            Metric::MacroF1 => about("macro F1", "f1", SHARE, &[Classes]),
            Metric::Matthews => about("Matthews correlation", "matthews_correlation", CORRELATION, &[Classes]),
            Metric::Perplexity => error("perplexity", "perplexity", 1.0, &[Words]),
            Metric::BitsPerByte => error("bits per byte", "bits_per_byte", 0.0, &[Words]),
            Metric::Rmse => error("root mean squared error", "rmse", 0.0, &[Value]),
            Metric::Mae => error("mean absolute error", "mae", 0.0, &[Value]),
            Metric::R2 => about("R²", "r_squared", (f64::NEG_INFINITY, 1.0), &[Value]),
            Metric::Pearson => about("Pearson correlation", "pearsonr", CORRELATION, &[Value]),
            Metric::Spearman => about("Spearman correlation", "spearmanr", CORRELATION, &[Value]),
        }
    }

    /// As one says it.
    pub fn in_words(self) -> &'static str {
        self.about().words
    }

    /// As model cards name it.
    pub fn public_name(self) -> &'static str {
        self.about().public
    }

    /// Smallest and largest value that it can take.
    pub fn range(self) -> (f64, f64) {
        self.about().range
    }

    pub fn lower_is_better(self) -> bool {
        self.about().lower_is_better
    }

    /// Whether `value` is as good as `goal`, or better.
    pub fn reaches(self, value: f64, goal: f64) -> bool {
        if self.lower_is_better() { value <= goal } else { value >= goal }
    }

    /// Whether it measures what a model with such a head says.
    pub fn suits(self, head: HeadKind) -> bool {
        self.about().of.contains(&head)
    }

    /// All that measure what a model with such a head says.
    pub fn of(head: HeadKind) -> impl Iterator<Item = Metric> {
        Metric::ALL.into_iter().filter(move |metric| metric.suits(head))
    }

    /// Whether it is the share of examples that are right, each counting alike.
    pub fn is_share_of_examples(self) -> bool {
        self == Metric::Accuracy
    }

    /// Those that are told of every run of a task, the usual one first.
    pub fn usual(task: Task) -> impl Iterator<Item = Metric> {
        use Metric::{Accuracy, BitsPerByte, MacroF1, Mae, Pearson, Perplexity, R2, Rmse, Spearman};
        let told: &[Metric] = match task.head() {
            HeadKind::Classes => &[Accuracy, MacroF1],
            HeadKind::Words => &[Perplexity, BitsPerByte],
            HeadKind::Value => &[Rmse, Mae, R2, Pearson, Spearman],
            HeadKind::Labels | HeadKind::Tags | HeadKind::Span | HeadKind::Vector => &[],
        };
        told.iter().copied()
    }
}
