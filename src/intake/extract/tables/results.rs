//! Scores in tables.

use super::columns::{
    columns_are_data, is_mean, is_unknown_data, lists_data, measure_over_parts, of_caption, rows_are_data, systems_down,
};
use super::counted::{counts_data, statistics};
use super::heads::{
    beside_measure, group_of, is_no_score, is_of_a_model, is_spread, is_spread_head, is_sum, measures, names_training,
    without_count,
};
use super::own::Own;
use super::{View, blocks, is_header, is_name, lead, sizes, value_of};
use crate::intake::extract::architecture;
use crate::intake::extract::heard::Heard;
use crate::intake::extract::standing;
use crate::intake::extract::{Findings, models, names};
use crate::intake::{Cell, DatasetRole, DatasetUse, FieldKey, Quote, ReportedResult, Row, Scope, Span, Unit, Value};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::LazyLock;

/// How much the paper's own row is to be trusted to be its result.
const OWN_ROW: f32 = 0.8;
/// And another's: the surest come first.
pub(super) const OTHERS_ROW: f32 = 0.7;

/// What is known of a table before its cells are read.
struct Seen<'a> {
    view: &'a View<'a>,
    heard: &'a Heard,
    /// Whether its columns are data sets.
    of_data: bool,
    metrics: CaptionMetrics,
    /// Whether its rows are systems, the paper's own among them.
    of_systems: bool,
    /// Whether all rows begin with the same cell.
    one_label: bool,
    /// Whether heads are beginnings of the names of data sets.
    shortened: bool,
    /// Whether `P` and `R` stand beside `F1`.
    letters: bool,
    /// Whether such a row has but one number, whose head need not tell it apart.
    alone: bool,
    /// Whether the table tells which rows are the paper's own.
    own_told: bool,
    /// Whether systems stand beside their data.
    beside: bool,
    /// Whether heads are of one measure on parts of data that nothing else names.
    parts: bool,
}

/// Numbers with a data set and, where it can be told, a metric and a system.
pub(super) fn find(view: &View<'_>, found: &mut Findings<'_>) {
    let heard = Rc::clone(&found.heard);
    statistics(view, &heard, found);
    if counts_data(view, &heard) {
        return;
    }
    let of_data = columns_are_data(view, &heard);
    let own = Own::read(view, &found.own);
    let metrics = CaptionMetrics::read(view.caption, &heard);
    let seen = Seen {
        view,
        heard: &heard,
        of_data,
        metrics,
        of_systems: own.told || systems_down(view),
        one_label: has_one_label(view),
        shortened: lead::heads_are_beginnings(view, &heard),
        own_told: own.told,
        beside: blocks::systems_beside_data(view),
        letters: blocks::has_letters(view),
        alone: blocks::systems_beside_data(view) && view.table.rows.iter().all(|row| row.cells.len() <= 3),
        parts: view.scope.datasets.is_empty() && heard.main.is_none() && measure_over_parts(view, &heard),
    };
    // Labels that hold for the rows below.
    let mut group: Option<String> = None;
    let mut stub: Option<(f32, String)> = None;
    let of_mixture = lists_data(view);
    // The system that a line of its own names for rows of settings below: `VGG Accuracy` over `181 | 93.5`.
    let mut system: Option<String> = None;
    for (index, row) in view.table.rows.iter().enumerate() {
        if is_header(row) {
            system = row.cells.first().filter(|_| row.cells.len() == 1).and_then(|cell| system_of(&cell.text, &heard)).or(system);
            group = row
                .cells
                .first()
                // What was trained on is not what is tested on.
                .filter(|cell| row.cells.len() == 1 && !names_training(&cell.text))
                .and_then(|c| heard.datasets_in(&c.text).first().map(|m| m.name.clone()))
                .or(group);
            continue;
        }
        let label = sizes::row_label(view, index, row);
        // What stands first in its own column holds for the rows below that have nothing there.
        let first = row.cells.first().filter(|cell| value_of(&cell.text).is_none());
        let below = stub.as_ref().filter(|(end, _)| first.is_some_and(|cell| cell.x0 > *end)).map(|(_, stub)| stub.as_str());
        let label = below.map_or_else(|| label.clone(), |stub| format!("{stub} {label}").trim().to_string());
        if let Some(cell) = first.filter(|_| below.is_none()) {
            stub = Some((cell.x1, cell.text.clone()));
        }
        if of_mixture && let Some(first) = row.cells.first().filter(|cell| cell.text.contains(char::is_alphabetic)) {
            let dataset = DatasetUse { name: first.text.clone(), role: DatasetRole::Train };
            let words = view.paper.quote(view.table.page, first.span);
            let value = Value::Dataset { dataset };
            found.add(FieldKey::Datasets, value, None, view.scope.clone(), 0.75, words, view.table.section);
            continue;
        }
        if is_spread(&label) || is_sum(&label) {
            continue;
        }
        let label = if label.is_empty() { system.clone().unwrap_or_default() } else { label };
        let label = with_network(view, index, row, label, seen.one_label);
        let beside = blocks::data_and_system(view, index, row, stub.as_ref().map(|(_, stub)| stub.as_str()));
        let beside = beside.filter(|_| seen.beside);
        let label = beside.as_ref().map_or(label, |(_, system)| system.clone());
        let of_row = beside.map(|(data, _)| data).or_else(|| lead::of_row(view, index, row, &heard));
        let group = of_row.as_deref().or(group.as_deref());
        // Beside `+1.5`, `−0.3` is a difference, too.
        let signed = |text: &str| text.trim().starts_with('+');
        let of_differences = row.cells.iter().any(|cell| signed(&cell.text));
        for cell in row.cells.iter().skip(usize::from(!label.is_empty())) {
            let Some(value) = score_of(&cell.text) else { continue };
            let headers = view.headers(index, cell);
            if headers.iter().any(|h| architecture::dimension(h).is_some() || view.setting(h).is_some()) {
                continue;
            }
            if headers.last().is_some_and(|head| is_spread_head(head) && !(seen.letters && head.trim() == "P"))
                || of_differences && (value < 0.0 || signed(&cell.text))
            {
                continue;
            }
            let is_own = own.rows.get(index).copied().unwrap_or_default();
            for (mut result, unit) in results_of(&seen, (&label, is_own), &headers, group, &cell.text, value) {
                // `MAE` of masked autoencoders is no error.
                result.metric = result.metric.filter(|metric| !found.own.contains(&metric.to_lowercase()));
                let sure = if own.told && is_own {
                    OWN_ROW
                } else if own.told {
                    OTHERS_ROW
                } else {
                    0.7
                };
                tell(view, (row, cell), (result, unit), sure, found);
            }
        }
    }
}

/// `VGG Accuracy` -> `VGG`: the model that a line over rows names, without the measure.
fn system_of(text: &str, heard: &Heard) -> Option<String> {
    let measure = heard.metrics_in(text).into_iter().find(|metric| metric.at.end == text.trim_end().len() && metric.at.start > 0);
    let name = measure.map_or(text, |measure| &text[..measure.at.start]).trim();
    let is_model = crate::intake::family_named(name).is_some() || !models::models_named(name).is_empty();
    (is_model && heard.datasets_in(name).is_empty() && name.split(' ').count() <= 4).then(|| name.to_string())
}

/// Whether most rows begin with one cell, which holds for all.
fn has_one_label(view: &View<'_>) -> bool {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for first in view.table.rows.iter().filter(|row| !is_header(row)).filter_map(|row| row.cells.first()) {
        *times.entry(first.text.as_str()).or_default() += 1;
    }
    let (all, most) = (times.values().sum::<usize>(), times.into_values().max().unwrap_or_default());
    all > 2 && most * 4 > all * 3
}

/// A system's name with that of its network, where a column beside the first is headed so; what all rows begin with is no name.
pub(super) fn with_network(view: &View<'_>, index: usize, row: &Row, label: String, one_label: bool) -> String {
    static NETWORK: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:arch(?:itecture)?s?\.?|backbones?|networks?|(?:base )?models?|methods?|encoders?|variants?|systems?|approach(?:es)?|algorithms?|experiments?|configurations?)$",
        )
    });
    let names = row
        .cells
        .iter()
        .skip(1)
        .take(2)
        .take_while(|cell| score_of(&cell.text).is_none() && (is_name(&cell.text) || sizes::names_a_size(&cell.text)));
    let more = names.filter(|cell| view.headers(index, cell).last().is_some_and(|head| NETWORK.is_match(head.trim())));
    let mut words: Vec<&str> = if one_label { Vec::new() } else { vec![label.as_str()] };
    words.extend(more.map(|cell| cell.text.as_str()).filter(|text| !label.contains(text)));
    words.retain(|word| !word.is_empty());
    if words.is_empty() { label } else { words.join(" ") }
}

/// Adds the result of a cell, and what it says was used. Its words are from the row's label to the number.
pub(super) fn tell(
    view: &View<'_>,
    (row, cell): (&Row, &Cell),
    (result, unit): (ReportedResult, Option<Unit>),
    sure: f32,
    found: &mut Findings<'_>,
) {
    let (datasets, variant) = (vec![result.dataset.clone()], result.variant.clone());
    let scope = Scope { phase: view.scope.phase, datasets, variant, topic: None };
    let words = view.paper.quote(view.table.page, Span { start: row.span.start, end: cell.span.end });
    uses(view, &result, &scope, &words, found);
    found.add(FieldKey::Results, Value::Result { result }, unit, scope, sure, words, view.table.section);
}

/// A result says that its data set and metric were used.
fn uses(view: &View<'_>, result: &ReportedResult, scope: &Scope, words: &Quote, found: &mut Findings<'_>) {
    let heard = Rc::clone(&found.heard);
    let dataset = DatasetUse { name: heard.in_full(&result.dataset), role: DatasetRole::Eval };
    let is_name = standing::is_coined(&dataset.name) && !dataset.name.contains(['→', '±', '\\'])
        || !heard.datasets_in(&dataset.name).is_empty();
    let metric =
        result.metric.iter().filter(|m| *m != "score").map(|m| (FieldKey::Metrics, Value::Texts { texts: vec![m.clone()] }));
    let dataset = is_name.then_some((FieldKey::Datasets, Value::Dataset { dataset }));
    for (key, value) in metric.chain(dataset) {
        if !found.fields.iter().any(|f| f.key == key && f.value == value) {
            found.add(key, value, None, scope.clone(), 0.7, words.clone(), view.table.section);
        }
    }
}

/// A score rather than a count: no `392k`, no years.
pub(super) fn score_of(text: &str) -> Option<f64> {
    let counted = text.trim_end_matches(['∗', '*', '†']).ends_with(['k', 'K', 'M', 'B']);
    let below_zero = text.trim().strip_prefix(['-', '−', '–']).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let value = below_zero.map_or_else(|| value_of(text), |rest| value_of(rest).map(|value| -value));
    value.filter(|v| !counted && (-1000.0..=1000.0).contains(v) && (text.contains('.') || text.contains('%')))
}

/// The result of a cell, and of one with two numbers under two metrics (`EM/F1`) both.
fn results_of(
    seen: &Seen<'_>,
    label: (&str, bool),
    headers: &[String],
    group: Option<&str>,
    text: &str,
    value: f64,
) -> Vec<(ReportedResult, Option<Unit>)> {
    static PAIR: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"^\d+\.\d+\s?/\s?(\d+\.\d+)$"));
    let Some(first) = result_of(seen, label, headers, group, value) else { return Vec::new() };
    let named = headers.last().map(|h| seen.heard.metrics_in(h)).unwrap_or_default();
    let second = PAIR.captures(text.trim()).and_then(|pair| pair[1].parse().ok()).zip(named.get(1)).map(|(value, metric)| {
        let unit = (names::in_percent(&metric.name) && !names::is_share(&metric.name, value)).then_some(Unit::Percent);
        (ReportedResult { value, metric: Some(metric.name.clone()), ..first.0.clone() }, unit)
    });
    std::iter::once(first).chain(second).collect()
}

fn result_of(
    seen: &Seen<'_>,
    (label, is_own): (&str, bool),
    headers: &[String],
    group: Option<&str>,
    value: f64,
) -> Option<(ReportedResult, Option<Unit>)> {
    let Seen { view, heard, of_data, metrics, own_told, .. } = seen;
    let own_told = *own_told;
    let dataset_of = |text: &str| {
        // `Foo→Bar`: what is tested on comes last.
        let text = text.rsplit('→').next().filter(|last| !heard.datasets_in(last).is_empty()).unwrap_or(text);
        let known = heard.datasets_in(text).first().map(|m| text[m.at.clone()].to_string());
        known.or_else(|| lead::beginning_of(text, heard).filter(|_| seen.shortened))
    };
    // `OurNet-Foo-base` is a model that was trained on Foo.
    let of_label = |text: &str| {
        let mut all = heard.datasets_in(text).into_iter();
        all.find(|m| !is_of_a_model(text, &m.at)).map(|m| text[m.at].to_string())
    };
    let begins = |text: &str| heard.datasets_in(text).first().is_some_and(|m| m.at.start == 0);
    // Of a suite the mean is told.
    let is_suite = heard.datasets_in(view.caption).iter().any(|data| names::is_suite(&data.name));
    let above = headers.iter().rev().find_map(|h| dataset_of(h));
    // Where the caption has data, a plain word above a metric is a part of its name: `Standard` over `Accuracy`.
    let told_of_data = |group: &str| dataset_of(view.caption).is_none() || standing::is_coined(group);
    // A data set at the row's start makes the columns systems, though they be named after other data (`Ours-C4`).
    let after_data = begins(label) && !headers.iter().any(|h| begins(h));
    let (dataset, variant) = match (above.filter(|_| !after_data), of_label(label)) {
        (Some(dataset), _) => (dataset, label.to_string()),
        (None, Some(dataset)) => {
            // Beside the data its row may name the system.
            let rest = label.strip_prefix(dataset.as_str()).map(str::trim).filter(|rest| !rest.is_empty());
            let is_measure = headers.last().is_some_and(|head| measures(head, heard));
            let system = rest.filter(|rest| is_measure || !models::models_named(rest).is_empty());
            (
                dataset,
                system.map_or_else(
                    || headers.join(" "),
                    |system| format!("{system} {}", beside_measure(headers, heard)).trim().to_string(),
                ),
            )
        }
        (None, None) if headers.last().is_some_and(|h| is_no_score(h)) => return None,
        (None, None) if *of_data && headers.last().is_some_and(|h| is_unknown_data(h)) => {
            (without_count(headers.last()?).trim_matches(|c: char| !c.is_alphanumeric()).to_string(), label.to_string())
        }
        // Above the metrics of systems stands the data: `Foo` over `Dice` and `HD95`.
        (None, None) if seen.of_systems && group_of(headers, heard).is_some_and(|group| told_of_data(&group)) => {
            (group_of(headers, heard)?, label.to_string())
        }
        (None, None) if seen.parts && !beside_measure(headers, heard).is_empty() => {
            (beside_measure(headers, heard), label.to_string())
        }
        // A word for data over the same words in all rows says less than the caption does.
        (None, None) if !seen.beside && rows_are_data(view) && !label.is_empty() => {
            match dataset_of(view.caption).filter(|_| seen.one_label) {
                Some(dataset) => (dataset, label.to_string()),
                None => (label.to_string(), headers.join(" ")),
            }
        }
        // The mean of data sets that stand beside it.
        (None, None) if *of_data && !is_suite && headers.last().is_some_and(|h| is_mean(h)) => {
            (headers.last()?.clone(), label.to_string())
        }
        (None, None) => {
            let average = headers.iter().any(|h| h.starts_with("Av"));
            // The average over the parts of the only data set that is told.
            let is_alone = || !of_data && heard.datasets_in(view.caption).len() == 1;
            let caption = dataset_of(view.caption).filter(|_| !average || is_suite || is_alone());
            let of_scope = || view.scope.datasets.first().filter(|_| !average || view.scope.datasets.len() == 1).cloned();
            // `Results on the Foo data set`, of which nobody else knows.
            // Of an own row under a metric the data is the paper's; another's may be of any.
            let names_measure = |head: &String| heard.metrics_in(head).iter().any(|m| m.name != "score");
            // The paper's own row among others under `Final score` is scored on the paper's data.
            let scored = || (own_told || seen.of_systems) && headers.last().is_some_and(|head| is_score_of_all(head, is_own));
            let measured = seen.letters || headers.iter().chain([&view.caption.to_string()]).any(names_measure);
            // (What all systems are scored by is one.)
            let told = || of_caption(view.caption).or_else(|| heard.main.clone()).filter(|_| measured && is_own || scored());
            let dataset = group.map(str::to_string).or(caption).or_else(of_scope).or_else(told)?;
            // A column that is no metric names the system, or a part of it.
            let part = headers.last().filter(|h| {
                !seen.alone
                    && !(seen.letters && blocks::measure_of_letter(h).is_some())
                    && !measures(h, heard)
                    && !is_mean(h)
                    && !label.contains(h.as_str())
            });
            (dataset, part.map_or_else(|| label.to_string(), |part| format!("{label} {part}").trim().to_string()))
        }
    };
    // `top-1` alone is an error in a table of such.
    let of_errors = view.caption.contains("rror") || headers.iter().any(|h| h.contains("rror"));
    let metric_above = headers.iter().rev().find_map(|h| {
        if let Some(metric) = blocks::measure_of_letter(h).filter(|_| seen.letters) {
            return Some(metric.to_string());
        }
        let metric = heard.metrics_in(h).into_iter().next()?.name;
        Some(if of_errors && metric == names::TOP_1 && !h.contains("acc") { "top-1 error".to_string() } else { metric })
    });
    let metric = metric_above.clone().filter(|m| m != "score").or_else(|| metrics.of(&dataset)).or(metric_above);
    let unit = metric.as_ref().is_some_and(|m| names::in_percent(m) && !names::is_share(m, value)).then_some(Unit::Percent);
    // (A score that nobody names may be a sum.)
    let is_sum = metric.as_deref() == Some("score");
    if unit == Some(Unit::Percent) && value > 100.0 && !is_sum {
        return None;
    }
    let unit = unit.filter(|_| value <= 100.0);
    let variant = (!variant.is_empty()).then_some(variant);
    Some((ReportedResult { dataset, metric, value, variant, zero_shot: names::says_zero_shot(view.caption) }, unit))
}

/// `Final score`: what all systems are scored by; one of any other name (`Z-score`) is told of the paper's own alone.
fn is_score_of_all(head: &str, is_own: bool) -> bool {
    static PLAIN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)^(?:(?:final|total|public|private|overall|average|mean|leaderboard|test) )*scores?$")
    });
    PLAIN.is_match(head.trim()) || is_own && head.trim().to_lowercase().ends_with("score")
}

/// Which metric the caption names for which data sets: `F1 for QQP, and accuracy for the other tasks`.
struct CaptionMetrics {
    /// (metric, data sets it is for; none where it is for all or the others).
    parts: Vec<(String, Vec<String>)>,
}

impl CaptionMetrics {
    fn read(caption: &str, heard: &Heard) -> Self {
        let metrics: Vec<_> = heard.metrics_in(caption).into_iter().filter(|m| m.name != "score").collect();
        let mut parts = Vec::new();
        for (index, metric) in metrics.iter().enumerate() {
            let end = metrics.get(index + 1).map_or(caption.len(), |next| next.at.start);
            let named = &caption[metric.at.end..end];
            let is_for = named.trim_start().starts_with("for") || named.contains(" for ");
            let datasets = if is_for { heard.datasets_in(named).into_iter().map(|m| m.name).collect() } else { Vec::new() };
            parts.push((metric.name.clone(), datasets));
        }
        CaptionMetrics { parts }
    }

    fn of(&self, dataset: &str) -> Option<String> {
        let named = self.parts.iter().find(|(_, datasets)| datasets.iter().any(|d| names::same_dataset(d, dataset)));
        named.or_else(|| self.parts.iter().find(|(_, datasets)| datasets.is_empty())).map(|(metric, _)| metric.clone())
    }
}
