//! How good the result is to be: a metric, and the value that is hoped for. A number is a target only beside a metric, or after a
//! word such as `reach`; any other stays in the text, to be told.

use super::Request;
use super::number::number;
use super::rest::{Cut, NOT, Rest};
use super::settings::pattern;
use crate::intake::regex;
use crate::spec::Metric;
use regex::Regex;
use std::sync::LazyLock;

const METRIC: &str = r"(?P<metric>triplet accuracy|accuracy\x401|accurac(?:y|ies)|macro[- ]?f1|micro[- ]?f1|entity[- ]?f1|f1|exact[- ]match|matthews(?: correlation)?|mcc|pearson(?: correlation)?|spearman(?: correlation)?|auroc|rmse|mae|bleu|chrf|wer|cer|word error rate|character error rate|rouge[- ]?[12l]|ndcg(?:\x4010)?|mrr(?:\x4010)?|recall\x4010)(?:[ -]?score)?";
const BETWEEN: &str = r"\s*(?:(?:of|to|is|at|least|above|over|than|more|better|greater|higher|around|about|near|a|an|must|should|be|target|goal|score|for|=|:|>=?|≥)\s*){0,4}";

struct Patterns {
    /// `accuracy of at least 0.9`.
    metric_value: Regex,
    /// `90% test accuracy`.
    value_metric: Regex,
    /// `reach 90%`.
    goal_value: Regex,
    metric: Regex,
    /// What makes a value a bound from above, or no wish.
    not_after: Regex,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns {
    metric_value: pattern(&format!(r"\b{METRIC}{BETWEEN}#\s?(?P<unit>%|percent\b)?")),
    value_metric: pattern(&format!(
        r"^#\s?(?P<unit>%|percent\b)?\s?(?:(?:test|validation|dev|held-out|of|in|on|the|mean|top-1)\s){{0,3}}{METRIC}\b"
    )),
    goal_value: pattern(&format!(
        r"\b(?:reach\w*|achiev\w*|hit|attain\w*|target|goal|score|beat|exceed|aim(?:ing)?|at least|above){BETWEEN}(?:(?P<v>[-+]?[\d.,]+)\s?(?P<unit>%|percent\b)|(?P<share>0?\.\d+))(?P<of>\s(?:more|better|higher|lower|improvement|of|faster|recall|precision|auc|error|loss)\b)?"
    )),
    metric: pattern(&format!(r"\b{METRIC}\b")),
    not_after: regex(&format!(
        r"(?:{NOT}|(?i)\b(?:less than|lower than|worse than|at most|up to|below|under|within|by|loses?|drops?|costs?|(?:recall|precision|auc|error(?: rate)?|loss|perplexity|bleu)(?: (?:of|is))?)\s*)$"
    )),
});

pub(super) fn find(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    let ways = [&p.value_metric, &p.metric_value, &p.goal_value];
    if let Some(cut) = ways.into_iter().find_map(|way| rest.cut_unless_after(way, &p.not_after)) {
        request.metric = metric(cut.get("metric"));
        request.target = request.value(
            Some(cut),
            "a value of accuracy, F1, macro F1 or Matthews correlation, from 0 to 1 or 0 % to 100 %",
            value,
        );
    }
    if request.metric.is_none() {
        request.metric = rest.cut(&p.metric).and_then(|cut| metric(cut.get("metric")));
    }
}

/// `0.9`, `90%`; beside a metric also `90`. None for a part or a gain (`10% of`, `5% more`) and for another metric.
fn value(cut: &Cut) -> Option<f64> {
    if !cut.get("of").is_empty() {
        return None;
    }
    let text = if cut.get("share").is_empty() { cut.get("v") } else { cut.get("share") };
    let value = number(text)?;
    // Errors are in the data's own unit, of which there is no share.
    if metric(cut.get("metric")).is_some_and(Metric::lower_is_better) {
        // But for error rates, which are said in percent.
        let rate = matches!(metric(cut.get("metric")), Some(Metric::Wer | Metric::Cer));
        let percent = rate && (!cut.get("unit").is_empty() || value > 1.0);
        return Some(if percent { value / 100.0 } else { value }).filter(|value| *value >= 0.0);
    }
    // BLEU and chrF are of 100 already.
    if metric(cut.get("metric")).is_some_and(|metric| metric.range().1 == 100.0) {
        return Some(value).filter(|value| (0.0..=100.0).contains(value));
    }
    let percent = !cut.get("unit").is_empty() || value > 1.0;
    Some(if percent { value / 100.0 } else { value }).filter(|value| (0.0..=1.0).contains(value))
}

fn metric(word: &str) -> Option<Metric> {
    match word.to_lowercase().as_str() {
        "" => None,
        "f1" => Some(Metric::F1),
        "rmse" => Some(Metric::Rmse),
        "mae" => Some(Metric::Mae),
        "auroc" => Some(Metric::Auroc),
        "bleu" => Some(Metric::Bleu),
        "wer" | "word error rate" => Some(Metric::Wer),
        "cer" | "character error rate" => Some(Metric::Cer),
        "chrf" => Some(Metric::Chrf),
        w if w.starts_with("rouge") => match w.chars().last() {
            Some('1') => Some(Metric::Rouge1),
            Some('2') => Some(Metric::Rouge2),
            _ => Some(Metric::RougeL),
        },
        "accuracy@1" => Some(Metric::AccuracyAt1),
        "recall@10" => Some(Metric::RecallAt10),
        w if w.starts_with("ndcg") => Some(Metric::NdcgAt10),
        w if w.starts_with("mrr") => Some(Metric::MrrAt10),
        w if w.starts_with("triplet") => Some(Metric::TripletAccuracy),
        w if w.starts_with("micro") => Some(Metric::MicroF1),
        w if w.starts_with("entity") => Some(Metric::EntityF1),
        w if w.starts_with("exact") => Some(Metric::ExactMatch),
        w if w.starts_with("pearson") => Some(Metric::Pearson),
        w if w.starts_with("spearman") => Some(Metric::Spearman),
        w if w.starts_with("macro") => Some(Metric::MacroF1),
        w if w.starts_with("matthews") || w == "mcc" => Some(Metric::Matthews),
        _ => Some(Metric::Accuracy),
    }
}
