//! What a language model is asked about a plan. Nothing of it is an example of the data, a measured speed or what looks like a secret, nor a
//! path but those of a request.

use super::advice::in_words;
use super::{DEFAULT_SECS, Settable, affordable_secs};
use crate::intake::{PaperSpec, Request};
use crate::llm::Ask;
use crate::llm::prompt::{Fenced, PlanQuestion, PlanSystem, Prompt, Setting};
use crate::plan::{DataChoice, DataFacts, Draft, Goal, HostFacts, Offer};
use crate::publish::redacted;
use crate::spec::DataSource;
use crate::words::{clean, count, dollars, duration, last_of_address, plain};
use serde_json::Value;

/// Tokens of an answer: every key changed, with its reason.
const MOST_TOKENS: u32 = 2048;
/// Letters of what strangers wrote.
const WANTED: usize = 12_000;
const THERE: usize = 6_000;
/// Names of columns or classes that are told.
const NAMES: usize = 40;

/// The question whether another experiment would be better than `draft`.
pub(super) fn question(
    goal: &Goal,
    choice: &DataChoice,
    offer: &Offer,
    draft: &Draft,
    models: &[String],
    (may_change, fixed): (&[Settable], &[Settable]),
    schema: Value,
) -> Ask {
    let spec = serde_json::to_value(&draft.spec).unwrap_or_default();
    let mut shown: Vec<Settable> = may_change.iter().chain(fixed).copied().filter(|s| *s != Settable::Model).collect();
    shown.sort();
    shown.dedup();
    let setting = |settable: &Settable| Setting { key: settable.key().into(), value: in_words(&settable.value(&spec)) };
    let keys = |settables: &[Settable]| settables.iter().map(|settable| settable.key().to_string()).collect();
    let question = PlanQuestion {
        wanted: match goal {
            Goal::Request(_) => Fenced::new("request", &wanted(goal), WANTED),
            Goal::Paper(_) => Fenced::new("paper", &wanted(goal), WANTED),
        },
        there: Fenced::new("survey", &there(choice, offer.data, draft), THERE),
        cores: offer.host.cores,
        memory_gib: offer.host.memory_bytes.div_ceil(1 << 30),
        time: time(draft, offer.host),
        task: draft.spec.task.in_words().into(),
        metric: draft.spec.metric.in_words().into(),
        settings: shown.iter().map(setting).collect(),
        models: models.to_vec(),
        may_change: keys(may_change),
        fixed: keys(fixed),
    };
    Ask::new(PlanSystem {}.text(), question.text(), Some(schema), MOST_TOKENS)
}

/// The limit on everything, and what may be spent, where that buys a part of this machine's time.
fn time(draft: &Draft, host: &HostFacts) -> String {
    let (asked, budget) = (draft.spec.budget.max_time_secs, &draft.spec.budget);
    let bought = affordable_secs(&draft.spec, host).zip(budget.max_usd);
    let bought = bought.filter(|(secs, _)| *secs < asked.unwrap_or(DEFAULT_SECS) as f64);
    match (asked, bought) {
        (_, Some((secs, usd))) => format!("{}, which is what the {} that may be spent pay for", duration(secs), dollars(usd)),
        (Some(secs), None) => duration(secs as f64),
        (None, None) => "no limit was given; half an hour is planned for".into(),
    }
}

/// What somebody wants: the words of a request, or what a paper says; without what looks like a secret, such as the signature of an address.
pub fn wanted(goal: &Goal) -> String {
    redacted(&match goal {
        Goal::Request(request) => wish(request),
        Goal::Paper(paper) => says(paper),
    })
}

/// The user's words, and those that rules made nothing of.
fn wish(request: &Request) -> String {
    let mut lines = vec![request.text.clone()];
    if !request.not_understood.is_empty() {
        lines.push(format!("(not understood by the rules: {})", request.not_understood.join(" / ")));
    }
    lines.join("\n")
}

/// What a paper says, a line a field.
fn says(paper: &PaperSpec) -> String {
    let title = paper.title.iter().map(|title| format!("Title: {}", clean(title)));
    let line = |field: &crate::intake::Field| {
        let key = serde_json::to_value(field.key).ok().and_then(|key| key.as_str().map(String::from)).unwrap_or_default();
        let scope = if field.scope.is_empty() { String::new() } else { format!(" ({})", clean(&field.scope.to_string())) };
        let quote: String = clean(field.evidence.quote.verbatim()).chars().take(160).collect();
        format!("{key}{scope}: {} -- \"{quote}\"", clean(&field.in_words()))
    };
    title.chain(paper.sure().map(line)).collect::<Vec<_>>().join("\n")
}

/// What the data holds: names, numbers and sizes.
fn there(choice: &DataChoice, data: &DataFacts, draft: &Draft) -> String {
    let mut lines = vec![format!("data set: {}", name_of(choice))];
    let names = |names: &[String]| {
        let more = if names.len() > NAMES { format!(" and {} more", names.len() - NAMES) } else { String::new() };
        names.iter().take(NAMES).map(|name| clean(name)).collect::<Vec<_>>().join(", ") + &more
    };
    for split in &data.splits {
        let role = match &split.name {
            name if *name == draft.spec.data.train => " (trained on)",
            name if *name == draft.spec.data.held_out => " (held out for the verdict)",
            _ => "",
        };
        let tokens = split.tokens.map(|tokens| format!(", {} tokens", count(tokens as f64))).unwrap_or_default();
        lines.push(format!("split {}{role}: {} examples{tokens}", clean(&split.name), split.examples));
    }
    let columns = &data.columns;
    let mut tell = |what: &str, value: Option<String>| lines.extend(value.map(|value| format!("{what}: {value}")));
    tell("input columns", (!columns.input.is_empty()).then(|| names(&columns.input)));
    tell("label column", columns.label.as_deref().map(clean));
    tell("classes", (!data.labels.is_empty()).then(|| format!("{} ({})", data.labels.len(), names(&data.labels))));
    tell("tokens of a text on average", data.mean_tokens.map(|tokens| plain(tokens.round())));
    tell("images", data.image_shape.map(|[height, width, channels]| format!("{height} x {width}, {channels} channels")));
    tell("longest recording", data.longest_secs.map(duration));
    if let Some(table) = &data.table {
        let numeric: Vec<String> = table.numeric.iter().map(|column| column.name.clone()).collect();
        let categorical: Vec<String> =
            table.categorical.iter().map(|column| format!("{} ({} values)", column.name, column.values.len())).collect();
        tell("numeric columns", (!numeric.is_empty()).then(|| names(&numeric)));
        tell("columns of categories", (!categorical.is_empty()).then(|| names(&categorical)));
        tell("notes", (!table.notes.is_empty()).then(|| names(&table.notes)));
    }
    lines.join("\n")
}

/// Of files at hand only the last part of their path.
fn name_of(choice: &DataChoice) -> String {
    match &choice.source {
        DataSource::Local { path } => path.file_name().map(|name| clean(&name.to_string_lossy())).unwrap_or_default(),
        DataSource::Url { url, .. } => clean(&last_of_address(url)),
        DataSource::Hub { id, config, .. } => format!("{id}{}", config.as_ref().map(|c| format!(", {c}")).unwrap_or_default()),
        DataSource::Generated { name, .. } => format!("{name}, made by Tallow"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_told_as_the_time_that_it_pays_for() {
        let spec = crate::spec::parse(include_str!("../../../presets/toy_bert.toml"), "x").expect("an experiment");
        let of = |max_time_secs: Option<u64>, max_usd: Option<f64>, usd_per_hour: Option<f64>| {
            let mut spec = spec.clone();
            (spec.budget.max_time_secs, spec.budget.max_usd) = (max_time_secs, max_usd);
            let host = HostFacts { usd_per_hour, ..HostFacts::new(2, 1 << 34, 1e11) };
            time(&Draft { spec, others: vec![] }, &host)
        };
        let unlimited = "no limit was given; half an hour is planned for";
        assert_eq!(of(None, None, Some(5.0)), unlimited);
        assert_eq!(of(None, Some(10.0), Some(5.0)), unlimited, "it pays for more than is planned for");
        assert_eq!(of(Some(3600), Some(1.0), None), "1 h");
        for asked in [None, Some(3600)] {
            let told = of(asked, Some(1.0), Some(5.0));
            assert_eq!(told, "12 min, which is what the $1 that may be spent pay for");
        }
    }
}
