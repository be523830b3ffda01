//! How good the result is to be: a metric, and the value that is hoped for. A number is a target only beside a metric, or after a
//! word such as `reach`; any other stays in the text, to be told.

use super::metrics::{ERROR, METRIC, error, metric};
use crate::intake::regex;
use crate::intake::request::pattern::pattern;
use crate::intake::request::rest::{Cut, Found, Judged, NEGATION, NOT, Rest, taken_if};
use crate::intake::request::wording::number::number;
use crate::intake::request::{AskedError, Lack, Lacking, Refused, Request};
use crate::spec::{Metric, Task};
use regex::Regex;
use std::sync::LazyLock;

/// Words between a metric and the least that it may be.
const BETWEEN: &str = r"\s*(?:(?:of|to|is|at|least|above|over|than|more|better|greater|higher|around|about|near|a|an|must|should|be|target|goal|score|for|=|:|>=?|≥)\s*){0,4}";

/// Words between an error and the most that it may be.
const UP_TO: &str = r"\s*(?:(?:of|to|is|at most|up to|below|under|less|lower|smaller|fewer|than|within|down|stay(?:s|ing)?|get(?:s|ting)?|around|about|near|a|an|must|should|be|target|goal|score|for|=|:|<=?|≤)\s*){0,5}";
/// What says that a number is the most that there may be.
const MOST: &str = r"(?:at most|up to|below|under|less than|lower than|smaller than|<=?|≤)";
/// Before a metric's name: it is another one, which there is not.
const ANOTHER: &str = r"balanced|weighted|top[- ]?(?:[2346789]|\d\d+)|per[- ]class";
/// Before a number: it is what others reach, or what was reached before.
const REACHED: &str = r"baseline|current(?:ly)?|already|human|previous|last (?:time|run)|we (?:have|got|had)";
const OF_WHAT: &str = r"(?:(?:of|in|on|the|test|validation|dev|held-out|mean)\s){0,3}";

struct Patterns {
    /// `accuracy of at least 0.9`.
    metric_value: Regex,
    /// `90% test accuracy`.
    value_metric: Regex,
    /// `reach 90%`.
    goal_value: Regex,
    metric: Regex,
    /// What makes a metric another one, which there is not.
    of_another_metric: Regex,
    /// `a WER below 10 %`.
    error_value: Regex,
    /// `at most 10 % WER`.
    value_error: Regex,
    error: Regex,
    /// `error rate at most 0.2`, `loss below 1.5`: what that is of is for the task to say.
    open: [Regex; 2],
    /// What makes an error one of another kind.
    of_another_kind: Regex,
    /// What makes a value a bound from above, or no wish.
    not_after: Regex,
    /// What makes an error the one that there is.
    not_after_error: Regex,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns {
    metric_value: pattern(&format!(
        r"\b(?:(?:val(?:id(?:ation)?)?|test|eval|dev)_)?{}{BETWEEN}#\s?(?P<unit>%|percent\b)?",
        *METRIC
    )),
    value_metric: pattern(&format!(
        r"^#\s?(?P<unit>%|percent\b)?\s?(?:(?:test|validation|dev|held-out|of|in|on|the|mean|top-1)\s){{0,3}}{}\b",
        *METRIC
    )),
    goal_value: pattern(&format!(
        r"(?:\b(?:reach\w*|achiev\w*|hit|attain\w*|target|goal|score|beat|exceed|aim(?:ing)?|at least|above|get(?:s|ting)?)|(?:\A\s*|[,;(¦]\s*|\b(?:with|be|is|to|at|get|want|need)\s)(?:>=?|≥)){BETWEEN}(?:(?P<v>[-+]?[\d.,]+)\s?(?P<unit>%|percent\b)|(?P<share>0?\.\d+))(?P<of>\s(?:more|better|higher|lower|improvement|of|faster|recall|precision|auc|error|loss)\b)?"
    )),
    metric: pattern(&format!(r"(?:\b(?:optimi[sz]|maximi[sz])(?:e|ing)\s(?:for\s)?(?:the\s)?)?\b{}\b", *METRIC)),
    of_another_metric: regex(&format!(r"(?:{NOT}|(?i)\b(?:{ANOTHER}|class-?wise|sample[sd]?|mean average)[- ]*)$")),
    error_value: pattern(&format!(r"\b{}{UP_TO}#\s?(?P<unit>%|percent\b)?", *ERROR)),
    value_error: pattern(&format!(r"(?:\b{MOST}|[<≤]=?)?^#\s?(?P<unit>%|percent\b)?\s?{OF_WHAT}{}\b", *ERROR)),
    error: pattern(&format!(r"(?:\b(?:optimi[sz]|minimi[sz])(?:e|ing)\s(?:for\s)?(?:the\s)?)?\b{}\b", *ERROR)),
    open: [
        pattern(&format!(
            r"\b(?P<open>error[- ]rates?(?:\s(?:of|is|to))?|(?:(?:test|validation|dev|held-out|evaluation) )?(?:cross[- ]entropy )?(?:loss(?:es)?|errors?)(?: (?:of|is|to|must be|should be))*\s?{MOST})(?:\s?{MOST})?\s?[:=]?\s?#\s?(?P<unit>%|percent\b)?"
        )),
        pattern(&format!(
            r"\b{MOST}\s?#\s?(?P<unit>%|percent\b)?\s?{OF_WHAT}(?P<open>error(?:[- ]rate)?|(?:cross[- ]entropy )?loss)\b"
        )),
    ],
    of_another_kind: regex(&format!(r"(?:{NOT}|(?i)\b(?:squared?|absolute|percentage|calibration|relative|type|syntax)[- ])$")),
    not_after: regex(&format!(
        r"(?:{NOT}|(?i)\b(?:{ANOTHER}|less than|lower than|worse than|at most|up to|below|under|within|by|loses?|drops?|costs?|(?:recall|precision|auc|error(?: rate)?|loss|perplexity|bleu)(?: (?:of|is))?)\s*|\b(?:{REACHED}|majority(?: class)?|random|chance)\b[^.,;]{{0,40}}|\b(?:keep|keeping|filter\w*|drop\w*|remov\w*|select\w*|ignor\w*|exclud\w*)\s(?:[\w-]+\s){{0,3}}(?:rows|pairs|records|examples|samples|images|columns|features)\b[^.,;¦]{{0,30}}|\b(?:where|whose|threshold)\b[^.,;¦]{{0,30}})$"
    )),
    not_after_error: regex(&format!(r"(?:{NOT}|(?i)\b(?:{REACHED})\b[^.,;]{{0,40}})$")),
});

pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    if request.task != Some(Task::TextRegression) && (rest.says("confusion") || rest.says("classification report")) {
        while rest.cut(&BY_CLASS).is_some() {}
    }
    // `A recall of at least 0.6` with its value, which is no target of another.
    let (valued, _) = others(rest, request, true);
    let at_least = if errors(rest, request) { None } else { goods(rest, request) };
    let (others, owns) = others(rest, request, false);
    let others: Vec<String> = valued.into_iter().chain(others).collect();
    let is_open = request.metric.is_none() && request.error.is_none();
    // Of two that are to be reported the first is meant, whichever way it is better.
    if is_open && at_least.is_none() && request.target.is_none() && is_error_first(rest) {
        request.metric = rest.cut(&PATTERNS.error).and_then(|cut| error(cut.get("error")));
    }
    if request.metric.is_none() && request.error.is_none() {
        request.metric =
            rest.cut_unless_after(&PATTERNS.metric, &PATTERNS.of_another_metric).and_then(|cut| metric(cut.get("metric")));
    }
    if request.metric.is_none() && request.error.is_none() {
        request.metric = rest.cut(&PATTERNS.error).and_then(|cut| error(cut.get("error")));
        if let (Some(_), Some(words)) = (request.metric, at_least) {
            request.target = None;
            request.refused.push(Refused { words, expected: "an error that is at most so much".into() });
        }
    }
    // One measure of a report is named beside what is to be told first: `precision, recall and F1`.
    if request.metric.is_none() && request.error.is_none() {
        request.metric = owns.first().copied();
    }
    if !others.is_empty() {
        let each = rest.cut_as(&OF_EACH, |_| Judged::Taken).map(|cut| cut.words);
        let words = others.into_iter().chain(each).collect::<Vec<_>>().join(", ");
        request.lacking.push(Lacking { of: Lack::Metric, words });
    }
    // A report holds all that its task has.
    let mut further = owns;
    while let Some(cut) = rest.cut_unless_after(&PATTERNS.metric, &PATTERNS.of_another_metric) {
        further.extend(metric(cut.get("metric")));
    }
    while let Some(cut) = rest.cut(&PATTERNS.error) {
        further.extend(error(cut.get("error")));
    }
    for metric in further {
        if request.metric != Some(metric) && !request.further_metrics.contains(&metric) {
            request.further_metrics.push(metric);
        }
    }
}

/// Whether an error is named before any measure that is better when it is greater, and none of those is to be made so.
fn is_error_first(rest: &Rest) -> bool {
    let p = &*PATTERNS;
    let text = rest.text();
    let place = |way: &Regex, before: &Regex| {
        let mut all = way.find_iter(text).filter(|found| !before.is_match(&text[..found.start()]));
        all.next().map(|found| found.start())
    };
    let (Some(error), Some(good)) = (place(&p.error, &NEGATION), place(&p.metric, &p.of_another_metric)) else { return false };
    let is_aim =
        |found: regex::Match<'_>| ["optimi", "maximi"].iter().any(|verb| found.as_str().to_lowercase().starts_with(verb));
    error < good && !p.metric.find_iter(text).any(is_aim)
}

/// What a report of classes has anyway.
static BY_CLASS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:\b(?:report|show|give|print|plot|add|includ)(?:e|s|ing)?\s(?:(?:for|me|the|an?|also|both)\s)*)?\b(?:classification reports?|confusion matri(?:x|ces))\b",
    )
});

/// Of classes what a report has of all together.
static OF_EACH: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:(?:for|of) (?:each|every)|per) class\b"));

/// Measures that there are not, of those with a value where only these are looked for, and those that there are of one kind of task alone;
/// behind all that have a value.
fn others(rest: &mut Rest, request: &Request, valued: bool) -> (Vec<String>, Vec<Metric>) {
    const NAMES: &str = r"balanced[ _-]accurac(?:y|ies)|top[- ]?(?:[2346789]|\d\d+)[- ]accurac(?:y|ies)|weighted[ _-](?:averaged? )?f1|precision|recall|sensitivity|specificity|(?:cohen['’]?s|weighted) kappa|kappa score|per[- ]class (?:metrics?|scores?|results?|f1|accurac(?:y|ies))|jaccard(?: index)?|mape|f-?beta|brier(?: score)?|g-?means?";
    static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r"(?:\b(?:optimi[sz]|maximi[sz]|report|show|measur|track|watch)(?:e|es|ing)?\s(?:for\s|me\s|the\s)*)?\b(?P<name>{NAMES})\b(?:\sscores?)?(?:\s(?:(?:of|is|to be|must be|should be|at least|above|over)\s|[≥=:]\s?|>=?\s?){{0,3}}(?P<value>0?\.\d+|1\.0|\d{{1,2}}\s?%))?(?:\s(?:of|for|on)\s(?:the\s)?['\x22]?[\w-]+['\x22]?\sclass(?:es)?)?"
        ))
    });
    static NONE: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            regex(
                r"(?i)\b(?:half|mixed|full|single|double|high|low|float\w*|(?:fp|bf|tf|int)\d+|numerical|machine|bits?|average|(?:entity|span)(?:[ -]level)?)[ -]$|\bcolumns?[ :](?:[\w-]+[\s,]+(?:and\s)?){0,4}$",
            ),
            regex(r"(?i)^(?:\s(?:that|the|what|how|columns?|analysis|farming|medicine|machin\w+)\b|[-_\x40]\w|\s?[=:]\s?[a-z])"),
        ]
    });
    if !["accurac", "f1", "cision", "recall", "ivity", "ficity", "kappa", "jaccard", "mape", "beta", "class", "brier", "mean"]
        .iter()
        .any(|word| rest.says(word))
    {
        return (vec![], vec![]);
    }
    let of_task = |name: &str| match (name.to_lowercase().as_str(), request.task) {
        ("precision", Some(Task::TokenClassification)) => Some(Metric::EntityPrecision),
        ("recall", Some(Task::TokenClassification)) => Some(Metric::EntityRecall),
        ("recall", _) if request.embeddings => Some(Metric::RecallAt10),
        _ => None,
    };
    let is_one = |found: &Found<'_>| {
        let has_value = !found.cut.get("value").is_empty() && of_task(found.cut.get("name")).is_none();
        taken_if(!NONE[0].is_match(found.before) && !NONE[1].is_match(found.behind) && (!valued || has_value))
    };
    let (mut lacking, mut owns): (Vec<String>, Vec<Metric>) = (Vec::new(), Vec::new());
    while let Some(cut) = rest.cut_as(&OTHERS, is_one) {
        match of_task(cut.get("name")) {
            Some(own) => owns.push(own),
            None => lacking.push(cut.words),
        }
    }
    (lacking, owns)
}

/// What is to be no greater than a number; whether there is such a wish.
fn errors(rest: &mut Rest, request: &mut Request) -> bool {
    let p = &*PATTERNS;
    if let Some(cut) = [&p.error_value, &p.value_error].into_iter().find_map(|way| rest.cut_unless_after(way, &p.not_after_error))
    {
        request.metric = error(cut.get("error"));
        let expected = "a value that it can have: of an error rate from 0 to 1 or 0 % to 100 %, of a perplexity 1 or more, of another 0 or more";
        request.target = request.value(Some(cut), expected, most);
        return true;
    }
    let Some(cut) = p.open.iter().find_map(|way| rest.cut_unless_after(way, &p.of_another_kind)) else { return false };
    let expected = "an error rate from 0 to 1 or 0 % to 100 %, a loss of more than 0";
    request.error = request.value(Some(cut), expected, |cut| {
        let is_loss = cut.get("open").to_lowercase().contains("loss");
        match is_loss {
            true => cut.number().filter(|loss| *loss > 0.0 && !cut.is_percent()).map(AskedError::Loss),
            false => rate(cut).map(AskedError::Rate),
        }
    });
    true
}

/// What is to be no less than a number; the words, where they say so and name no metric.
fn goods(rest: &mut Rest, request: &mut Request) -> Option<String> {
    let p = &*PATTERNS;
    let ways = [&p.value_metric, &p.metric_value, &p.goal_value];
    let cut = ways.into_iter().find_map(|way| rest.cut_unless_after(way, &p.not_after))?;
    request.metric = metric(cut.get("metric"));
    let words = cut.words.clone();
    let at_least = ["at least", "above", "exceed"].iter().any(|start| words.to_lowercase().starts_with(start));
    let at_least = at_least && request.metric.is_none();
    let expected = "a value of accuracy, F1, AUC or another such metric, from 0 to 1 or 0 % to 100 %";
    request.target = request.value(Some(cut), expected, value);
    (at_least && request.target.is_some()).then_some(words)
}

/// A share of errors, as such or in per cent.
fn rate(cut: &Cut) -> Option<f64> {
    let value = cut.number()?;
    let percent = cut.is_percent() || value > 1.0;
    Some(if percent { value / 100.0 } else { value }).filter(|rate| (0.0..=1.0).contains(rate))
}

/// The most that an error may be.
fn most(cut: &Cut) -> Option<f64> {
    let metric = error(cut.get("error"))?;
    if matches!(metric, Metric::Wer | Metric::Cer | Metric::CalibrationError) {
        return rate(cut);
    }
    // Others are in the data's own unit, or have none: there is no share of them.
    let value = cut.number().filter(|value| !cut.is_percent() && *value >= metric.range().0)?;
    Some(if is_squared(cut.get("error")) { value.sqrt() } else { value })
}

/// Whether it is the square of what is measured.
fn is_squared(word: &str) -> bool {
    let word = word.to_lowercase();
    word == "mse" || word.starts_with("mean") && word.contains("squared")
}

/// `0.9`, `90%`; beside a metric also `90`. None for a part or a gain (`10% of`, `5% more`) and for another metric.
fn value(cut: &Cut) -> Option<f64> {
    if !cut.get("of").is_empty() {
        return None;
    }
    let value = if cut.get("share").is_empty() { cut.number()? } else { number(cut.get("share"))? };
    // BLEU and chrF are of 100 already.
    if metric(cut.get("metric")).is_some_and(|metric| metric.range().1 == 100.0) {
        return Some(value).filter(|value| (0.0..=100.0).contains(value));
    }
    let percent = cut.is_percent() || value > 1.0;
    Some(if percent { value / 100.0 } else { value }).filter(|value| (0.0..=1.0).contains(value))
}
