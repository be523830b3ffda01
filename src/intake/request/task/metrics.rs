//! What metrics are called.

use crate::intake::regex;
use crate::spec::Metric;
use regex::Regex;
use std::sync::LazyLock;

/// Patterns of names, and what they name; of two that begin alike the longer one first.
type Names = [(&'static str, Metric)];

/// What is better when it is greater.
const GREATER: &Names = &[
    ("triplet accuracy", Metric::TripletAccuracy),
    (r"accuracy\x401", Metric::AccuracyAt1),
    (r"top[- ]?5(?:[- ]accurac(?:y|ies))?", Metric::Top5Accuracy),
    ("subset accuracy", Metric::SubsetAccuracy),
    ("(?:preference|reward)[- ]accurac(?:y|ies)", Metric::PreferenceAccuracy),
    ("(?:preference|reward)[- ]margins?", Metric::PreferenceMargin),
    (r"(?:top[- ]?1[- ])?(?:accurac(?:y|ies)|acc\b)", Metric::Accuracy),
    ("macro(?:[- ]averaged?)?[-_ ]?f1|f1[-_ ]macro", Metric::MacroF1),
    ("micro(?:[- ]averaged?)?[-_ ]?f1|f1[-_ ]micro", Metric::MicroF1),
    ("(?:entity|span)(?:[- ]level)?[- ]?f1", Metric::EntityF1),
    ("(?:entity|span)(?:[- ]level)?[- ]precision", Metric::EntityPrecision),
    ("(?:entity|span)(?:[- ]level)?[- ]recall", Metric::EntityRecall),
    ("f1", Metric::F1),
    ("average[-_ ]precision|(?:au)?prc?[- _]?auc|auprc", Metric::AveragePrecision),
    ("(?:roc[-_ ]?)?auc(?:[-_ ]?roc)?|area under the (?:roc )?curve|auroc", Metric::Auroc),
    (r"r\s?\x5e\s?2|r2|r[- ]squared?|coefficient of determination", Metric::R2),
    // In small letters it is a word of Portuguese.
    ("exact[- ]match(?:es)?|(?-i:EM)", Metric::ExactMatch),
    (r"matthews['’]?s?(?: corr(?:elation)?\b)?(?: coeff?(?:icient)?\b)?|mcc", Metric::Matthews),
    ("pearson(?:['’]s)?(?: correlation)?(?: coefficient)?(?: r)?", Metric::Pearson),
    ("spearman(?:['’]s)?(?: rank)?(?: correlation)?(?: coefficient)?(?: rho)?", Metric::Spearman),
    ("(?:sacre)?bleu", Metric::Bleu),
    ("chrf", Metric::Chrf),
    ("rouge[- ]?1", Metric::Rouge1),
    ("rouge[- ]?2", Metric::Rouge2),
    ("rouge[- ]?l", Metric::RougeL),
    (r"ndcg(?:\x4010)?", Metric::NdcgAt10),
    (r"mrr(?:\x4010)?", Metric::MrrAt10),
    (r"recall\x4010", Metric::RecallAt10),
];

/// What is better when it is smaller.
const SMALLER: &Names = &[
    ("wer|word[- ]error[- ]rates?", Metric::Wer),
    ("cer|character[- ]error[- ]rates?", Metric::Cer),
    ("root[-_ ]mean[-_ ]squared?[-_ ]errors?|rmse|mean[-_ ]squared?[-_ ]errors?|mse", Metric::Rmse),
    ("mean[-_ ]absolute[-_ ]errors?|mae", Metric::Mae),
    ("perplexit(?:y|ies)|ppl", Metric::Perplexity),
    ("bits[- ]per[- ](?:byte|character)|bpb", Metric::BitsPerByte),
    ("log[-_ ]?loss", Metric::LogLoss),
    ("(?:expected )?calibration[- ]errors?|ece", Metric::CalibrationError),
];

/// A name of what is better when it is greater, in the group `metric`.
pub(crate) static METRIC: LazyLock<String> = LazyLock::new(|| format!("(?P<metric>{})(?:[ _-]?score)?", any_of(GREATER)));

/// A name of what is better when it is smaller, in the group `error`.
pub(crate) static ERROR: LazyLock<String> = LazyLock::new(|| format!("(?P<error>{})", any_of(SMALLER)));

/// What a name that [`METRIC`] found names.
pub(crate) fn metric(name: &str) -> Option<Metric> {
    static EACH: LazyLock<Vec<(Regex, Metric)>> = LazyLock::new(|| each_of(GREATER));
    called(&EACH, name)
}

/// The same of [`ERROR`].
pub(crate) fn error(name: &str) -> Option<Metric> {
    static EACH: LazyLock<Vec<(Regex, Metric)>> = LazyLock::new(|| each_of(SMALLER));
    called(&EACH, name)
}

/// The measure that is called so, whichever way it is better.
pub fn measure_called(name: &str) -> Option<Metric> {
    metric(name).or_else(|| error(name))
}

fn any_of(names: &Names) -> String {
    names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("|")
}

fn each_of(names: &Names) -> Vec<(Regex, Metric)> {
    names.iter().map(|(name, metric)| (regex(&format!("(?i)^(?:{name})$")), *metric)).collect()
}

fn called(each: &[(Regex, Metric)], name: &str) -> Option<Metric> {
    each.iter().find(|(pattern, _)| pattern.is_match(name)).map(|(_, metric)| *metric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        for (name, expected) in [
            ("Accuracy", Metric::Accuracy),
            ("acc", Metric::Accuracy),
            ("accuracy@1", Metric::AccuracyAt1),
            ("top-5", Metric::Top5Accuracy),
            ("f1_macro", Metric::MacroF1),
            ("micro averaged F1", Metric::MicroF1),
            ("F1", Metric::F1),
            ("PR AUC", Metric::AveragePrecision),
            ("AUPRC", Metric::AveragePrecision),
            ("ROC-AUC", Metric::Auroc),
            ("AUROC", Metric::Auroc),
            ("R-squared", Metric::R2),
            ("average_precision", Metric::AveragePrecision),
            ("R^2", Metric::R2),
            ("preference accuracy", Metric::PreferenceAccuracy),
            ("reward accuracies", Metric::PreferenceAccuracy),
            ("reward margin", Metric::PreferenceMargin),
            ("EM", Metric::ExactMatch),
            ("entity-level precision", Metric::EntityPrecision),
            ("span recall", Metric::EntityRecall),
            ("Spearman's rho", Metric::Spearman),
            ("Matthews correlation coefficient", Metric::Matthews),
            ("ROUGE-L", Metric::RougeL),
            ("MRR", Metric::MrrAt10),
        ] {
            assert_eq!((metric(name), error(name)), (Some(expected), None), "{name}");
        }
        for (name, expected) in [
            ("WER", Metric::Wer),
            ("character-error-rate", Metric::Cer),
            ("mean squared error", Metric::Rmse),
            ("mean absolute errors", Metric::Mae),
            ("mean_absolute_error", Metric::Mae),
            ("ECE", Metric::CalibrationError),
        ] {
            assert_eq!((metric(name), error(name)), (None, Some(expected)), "{name}");
        }
        assert_eq!((metric(""), error("")), (None, None));
    }
}
