//! What is measured.

use super::Task;
use crate::enumerated::enumerated;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tallow_zoo::HeadKind;

enumerated! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum Metric {
        Accuracy,
        /// F1 of class 1 of two.
        F1,
        MacroF1,
        /// Matthews correlation.
        Matthews,
        /// `e` to the mean cross entropy of a token that is told, in nats: of all, or of hidden ones.
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
        /// F1 over all decisions alike: of labels, over all labels of all examples; of one class each it is the accuracy.
        MicroF1,
        /// Area under the ROC curve: of class 1 of two; of more classes, or of labels, the mean over them, each against all others.
        Auroc,
        /// Area under precision over recall; as [`Metric::Auroc`].
        AveragePrecision,
        /// Mean cross entropy of the true class, in nats.
        LogLoss,
        /// Expected calibration error over 15 bins of the predicted class's probability.
        CalibrationError,
        /// Share of examples whose class is among the five likeliest.
        Top5Accuracy,
        /// Share of examples of which every label is right.
        SubsetAccuracy,
        /// F1 of entities that are found whole and with their type, as `seqeval` counts them.
        EntityF1,
        EntityPrecision,
        EntityRecall,
        /// F1 of the words of an answer, the best of the right ones, as SQuAD has it.
        AnswerF1,
        /// Share of questions whose answer is one of the right ones, as SQuAD has it; of texts that are written, of those that are their
        /// reference to the letter.
        ExactMatch,
        /// Share of hidden words that are told.
        MaskedAccuracy,
        /// The share of pairs whose better answer gained more than the other against the model that training began with; equal gains
        /// count half.
        PreferenceAccuracy,
        /// The mean of how much more it gained: `beta` times the difference of the log-ratios.
        PreferenceMargin,
        /// Of texts of which each is to find those that belong to it among all of a split: the share of those whose nearest does.
        #[serde(rename = "accuracy_at_1")]
        AccuracyAt1,
        /// The mean of 1 by the place of the first that belongs to it, 0 where that is behind the tenth.
        #[serde(rename = "mrr_at_10")]
        MrrAt10,
        /// Normalised discounted cumulative gain of the first ten (Järvelin and Kekäläinen, 2002).
        #[serde(rename = "ndcg_at_10")]
        NdcgAt10,
        /// The mean share of those that belong to it that are among the first ten.
        #[serde(rename = "recall_at_10")]
        RecallAt10,
        /// The share of triples whose first text is nearer to its second than to any that does not belong to it.
        TripletAccuracy,
        /// BLEU of all texts, as `sacrebleu` has it by default, 0 to 100.
        Bleu,
        /// chrF2 of all texts, as `sacrebleu` has it by default, 0 to 100.
        Chrf,
        /// Mean F measure of single words, as `rouge-score` has it without stemming.
        Rouge1,
        /// The same of pairs of words.
        Rouge2,
        /// The same of the longest common sequence of words.
        RougeL,
        /// Word error rate, as `jiwer` has it by default: edits of words over the words of all references.
        Wer,
        /// Character error rate, the same of characters.
        Cer,
    }
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
const PERCENT: (f64, f64) = (0.0, 100.0);
const CORRELATION: (f64, f64) = (-1.0, 1.0);

impl Metric {
    fn about(self) -> About {
        use HeadKind::{Classes, Labels, Span, Tags, Value, Vector, Words};
        match self {
            Metric::Accuracy => about("accuracy", "accuracy", SHARE, &[Classes, Tags]),
            Metric::F1 => about("F1", "f1", SHARE, &[Classes]),
            Metric::MacroF1 => about("macro F1", "f1", SHARE, &[Classes, Labels]),
            Metric::Matthews => about("Matthews correlation", "matthews_correlation", CORRELATION, &[Classes]),
            Metric::Perplexity => error("perplexity", "perplexity", 1.0, &[Words]),
            Metric::BitsPerByte => error("bits per byte", "bits_per_byte", 0.0, &[Words]),
            Metric::Rmse => error("root mean squared error", "rmse", 0.0, &[Value]),
            Metric::Mae => error("mean absolute error", "mae", 0.0, &[Value]),
            Metric::R2 => about("R²", "r_squared", (f64::NEG_INFINITY, 1.0), &[Value]),
            Metric::Pearson => about("Pearson correlation", "pearsonr", CORRELATION, &[Value, Vector]),
            Metric::Spearman => about("Spearman correlation", "spearmanr", CORRELATION, &[Value, Vector]),
            Metric::MicroF1 => about("micro F1", "f1", SHARE, &[Classes, Labels]),
            Metric::Auroc => about("AUROC", "roc_auc", SHARE, &[Classes, Labels]),
            Metric::AveragePrecision => about("average precision", "average_precision", SHARE, &[Classes, Labels]),
            Metric::LogLoss => error("log loss", "log_loss", 0.0, &[Classes]),
            Metric::CalibrationError => {
                About { range: SHARE, ..error("calibration error", "expected_calibration_error", 0.0, &[Classes]) }
            }
            Metric::Top5Accuracy => about("top-5 accuracy", "top_5_accuracy", SHARE, &[Classes]),
            Metric::SubsetAccuracy => about("subset accuracy", "accuracy", SHARE, &[Labels]),
            Metric::EntityF1 => about("entity F1", "f1", SHARE, &[Tags]),
            Metric::EntityPrecision => about("entity precision", "precision", SHARE, &[Tags]),
            Metric::EntityRecall => about("entity recall", "recall", SHARE, &[Tags]),
            Metric::AnswerF1 => about("answer F1", "f1", SHARE, &[Span]),
            Metric::MaskedAccuracy => about("accuracy on hidden words", "accuracy", SHARE, &[Words]),
            Metric::PreferenceAccuracy => about("preference accuracy", "preference_accuracy", SHARE, &[Words]),
            Metric::PreferenceMargin => {
                about("preference margin", "preference_margin", (f64::NEG_INFINITY, f64::INFINITY), &[Words])
            }
            Metric::AccuracyAt1 => about("accuracy@1", "cosine_accuracy@1", SHARE, &[Vector]),
            Metric::MrrAt10 => about("MRR@10", "cosine_mrr@10", SHARE, &[Vector]),
            Metric::NdcgAt10 => about("nDCG@10", "cosine_ndcg@10", SHARE, &[Vector]),
            Metric::RecallAt10 => about("recall@10", "cosine_recall@10", SHARE, &[Vector]),
            Metric::TripletAccuracy => about("triplet accuracy", "cosine_accuracy", SHARE, &[Vector]),
            Metric::ExactMatch => about("exact match", "exact_match", SHARE, &[Span, Words]),
            Metric::Bleu => about("BLEU", "bleu", PERCENT, &[Words]),
            Metric::Chrf => about("chrF", "chrf", PERCENT, &[Words]),
            Metric::Rouge1 => about("ROUGE-1", "rouge", SHARE, &[Words]),
            Metric::Rouge2 => about("ROUGE-2", "rouge", SHARE, &[Words]),
            Metric::RougeL => about("ROUGE-L", "rouge", SHARE, &[Words]),
            Metric::Wer => error("word error rate", "wer", 0.0, &[Words]),
            Metric::Cer => error("character error rate", "cer", 0.0, &[Words]),
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

    /// Whether it can have this value.
    pub fn can_be(self, value: f64) -> bool {
        let (least, most) = self.range();
        (least..=most).contains(&value)
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

    /// Whether it measures a task.
    pub fn serves(self, task: Task) -> bool {
        // Models that tell words learn them by several tasks.
        let other = match self {
            Metric::Perplexity => task == Task::PreferenceOptimization,
            // Of hidden words and of answers no whole text is told.
            Metric::BitsPerByte => task != Task::LanguageModelling,
            Metric::MaskedAccuracy => task != Task::MaskedLanguageModelling,
            Metric::PreferenceAccuracy | Metric::PreferenceMargin => task != Task::PreferenceOptimization,
            Metric::ExactMatch => task.head() == HeadKind::Words && !matches!(task, Task::TextToText | Task::SpeechRecognition),
            Metric::Wer | Metric::Cer => task != Task::SpeechRecognition,
            of_texts if of_texts.is_of_texts() => task != Task::TextToText,
            _ => false,
        };
        !other && self.suits(task.head())
    }

    /// What is meant by it where it is said of a task that it does not measure: everyone calls an F1 of their own just so.
    #[must_use]
    pub fn as_of(self, task: Task) -> Metric {
        let own = match (self, task.head()) {
            (Metric::F1, HeadKind::Tags) => Metric::EntityF1,
            (Metric::F1, HeadKind::Span) => Metric::AnswerF1,
            (Metric::F1, HeadKind::Labels) => Metric::MicroF1,
            // Which of two answers is the better one.
            (Metric::Accuracy, _) if task == Task::PreferenceOptimization => Metric::PreferenceAccuracy,
            (other, _) => other,
        };
        if self.serves(task) { self } else { own }
    }

    /// Whether it compares texts that a model writes with others.
    pub fn is_of_texts(self) -> bool {
        matches!(
            self,
            Metric::Bleu
                | Metric::Chrf
                | Metric::Rouge1
                | Metric::Rouge2
                | Metric::RougeL
                | Metric::ExactMatch
                | Metric::Wer
                | Metric::Cer
        )
    }

    /// All that measure a task.
    pub fn of(task: Task) -> impl Iterator<Item = Metric> {
        Metric::ALL.into_iter().filter(move |metric| metric.serves(task))
    }

    /// Whether it is the share of examples that are right, each counting alike (of words it is none: a sentence has many).
    pub fn is_share_of_examples(self) -> bool {
        matches!(
            self,
            Metric::Accuracy
                | Metric::Top5Accuracy
                | Metric::SubsetAccuracy
                | Metric::ExactMatch
                | Metric::PreferenceAccuracy
                | Metric::AccuracyAt1
                // Of several triples a text: those of one text err together, so that texts are counted.
                | Metric::TripletAccuracy
        )
    }

    /// Whether it is of pairs with a score, or of texts that belong together, where a task is about both.
    pub fn is_of_scores(self) -> bool {
        matches!(self, Metric::Pearson | Metric::Spearman)
    }

    /// Whether it counts entities, of which the tags of words must tell.
    pub fn is_of_entities(self) -> bool {
        matches!(self, Metric::EntityF1 | Metric::EntityPrecision | Metric::EntityRecall)
    }

    /// Those of [`Metric::usual`] that data with such labels has something for: tags may be no entities, as parts of speech are.
    pub fn usual_of(task: Task, labels: &[String]) -> impl Iterator<Item = Metric> {
        let entities = task != Task::TokenClassification || tell_entities(labels);
        Self::usual(task).filter(move |metric| entities || !metric.is_of_entities())
    }

    /// Those that are told of every run of a task, the usual one first.
    pub fn usual(task: Task) -> impl Iterator<Item = Metric> {
        use Metric::{
            Accuracy, AccuracyAt1, AnswerF1, Auroc, BitsPerByte, Bleu, Chrf, EntityF1, EntityPrecision, EntityRecall, ExactMatch,
            MacroF1, Mae, MaskedAccuracy, MicroF1, MrrAt10, NdcgAt10, Pearson, Perplexity, R2, RecallAt10, Rmse, Rouge1, Rouge2,
            RougeL, Spearman, SubsetAccuracy, TripletAccuracy,
        };
        let told: &[Metric] = match task.head() {
            HeadKind::Classes => &[Accuracy, MacroF1],
            HeadKind::Words if task == Task::MaskedLanguageModelling => &[Perplexity, MaskedAccuracy],
            HeadKind::Words if task == Task::PreferenceOptimization => &[Metric::PreferenceAccuracy, Metric::PreferenceMargin],
            HeadKind::Words if task == Task::InstructionTuning => &[Perplexity],
            HeadKind::Words if task == Task::SpeechRecognition => &[Metric::Wer, Metric::Cer, ExactMatch, Perplexity],
            HeadKind::Words if task == Task::TextToText => &[Bleu, Chrf, Rouge1, Rouge2, RougeL, ExactMatch, Perplexity],
            HeadKind::Words => &[Perplexity, BitsPerByte],
            HeadKind::Value => &[Rmse, Mae, R2, Pearson, Spearman],
            HeadKind::Labels => &[MicroF1, MacroF1, SubsetAccuracy, Auroc],
            HeadKind::Tags => &[EntityF1, EntityPrecision, EntityRecall, Accuracy],
            HeadKind::Span => &[AnswerF1, ExactMatch],
            HeadKind::Vector => &[Spearman, Pearson, NdcgAt10, AccuracyAt1, MrrAt10, RecallAt10, TripletAccuracy],
        };
        told.iter().copied()
    }
}

/// Whether tags say where entities begin and end: `O`, and marks with or without a type, such as `B-PER`. Of tags that nobody knows: yes.
pub fn tell_entities(tags: &[String]) -> bool {
    let is_mark = |tag: &str| {
        let (mark, kind) = tag.split_once('-').map_or((tag, None), |(mark, kind)| (mark, Some(kind)));
        matches!(mark, "B" | "I" | "E" | "S") && kind != Some("")
    };
    tags.is_empty() || tags.iter().all(|tag| tag == "O" || is_mark(tag)) && tags.iter().any(|tag| is_mark(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_are_no_entities_are_told_by_their_names() {
        let usual = |tags: &[&str]| {
            let tags: Vec<String> = tags.iter().map(|tag| tag.to_string()).collect();
            Metric::usual_of(Task::TokenClassification, &tags).collect::<Vec<_>>()
        };
        for tags in [&["O", "B-PER", "I-PER", "S-LOC"][..], &["B", "I", "O"], &[]] {
            assert_eq!(usual(tags)[0], Metric::EntityF1, "{tags:?}");
        }
        for tags in [&["NOUN", "VERB", "SYM", "INTJ", "X"][..], &["0", "3", "4"], &["O", "B-PER", "PER"], &["O", "B-"]] {
            assert_eq!(usual(tags), [Metric::Accuracy], "{tags:?}");
        }
    }
}
