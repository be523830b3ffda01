//! Results that sentences report: a metric, a number, and the data set nearest to them.

use super::heard::Named;
use super::names;
use super::{Findings, Place, numbers};
use crate::intake::{FieldKey, Paper, ReportedResult, SectionKind, Unit, Value};
use std::ops::Range;
use std::sync::LazyLock;

pub(super) fn in_sentence(at: &Place<'_>, found: &mut Findings<'_>) {
    let text = at.text();
    if at.kind == SectionKind::RelatedWork || !text.contains(|c: char| c.is_ascii_digit()) {
        return;
    }
    let metrics = at.heard.metrics_in(text);
    let datasets = at.heard.datasets_in(text);
    listed(at, &metrics, found);
    and_on(at, &metrics, &datasets, found);
    paired(at, &metrics, &datasets, found);
    achieved(at, &datasets, found);
    let mut taken: Vec<usize> = Vec::new();
    for (index, metric) in metrics.iter().enumerate() {
        // `BLEU score` is one metric.
        if index > 0 && metric.name == "score" && metric.at.start <= metrics[index - 1].at.end + 1 {
            continue;
        }
        if is_of_nobody(&text[..metric.at.start]) {
            continue;
        }
        let Some((number, percent)) = number_after(text, metric)
            .or_else(|| number_before(text, metric, &datasets))
            .or_else(|| number_achieved(text, metric))
            .or_else(|| number_changed(text, metric))
        else {
            continue;
        };
        let Some(value) = numbers::parse(&text[number.clone()]).filter(|_| !taken.contains(&number.start)) else { continue };
        let near = dataset_near(text, &datasets, metric, &number)
            .or_else(|| at.scope.datasets.first().cloned())
            .or_else(|| named_before(at, found.paper));
        let told = || at.heard.main.clone().or_else(|| setting_of(text, &number)).filter(|_| speaks_of_own(at));
        let Some(dataset) = near.or_else(told) else { continue };
        // `score` alone is the score of a suite.
        if metric.name == "score" && !names::same_dataset(&dataset, "GLUE") && !percent {
            continue;
        }
        taken.push(number.start);
        let variant = variant_near(text, &number).or_else(|| at.scope.variant.clone());
        let unit = (percent || names::in_percent(&metric.name) && !names::is_share(&metric.name, value)).then_some(Unit::Percent);
        let words = metric.at.start.min(number.start)..metric.at.end.max(number.end);
        let result = ReportedResult {
            dataset,
            metric: Some(metric.name.to_string()),
            value,
            variant,
            zero_shot: names::says_zero_shot(text),
        };
        found.say(at, FieldKey::Results, Value::Result { result }, unit, words);
    }
}

/// `accuracy on Foo (91.7%), Bar (98.8%)`: each data set's own number behind it. A name beside a known one is a data set, too.
fn listed(at: &Place<'_>, metrics: &[Named], found: &mut Findings<'_>) {
    static LIST: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\bon (?P<l>[A-Z][\w-]*(?: [A-Z0-9][\w-]*){0,2} \(\d{1,3}\.\d+ ?%\)(?:(?:,| and|, and) [A-Z][\w-]*(?: [A-Z0-9][\w-]*){0,2} \(\d{1,3}\.\d+ ?%\))*)",
        )
    });
    static ONE: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?P<d>[A-Z][\w-]*(?: [A-Z0-9][\w-]*){0,2}) \((?P<v>\d{1,3}\.\d+) ?%\)"));
    let text = at.text();
    let Some(list) = LIST.captures(text).and_then(|words| words.name("l")) else { return };
    let Some(metric) = metrics.iter().rev().find(|m| m.at.end <= list.start() && names::in_percent(&m.name)) else { return };
    if names::datasets_in(list.as_str()).is_empty() {
        return;
    }
    for one in ONE.captures_iter(list.as_str()) {
        let (Some(whole), Ok(value)) = (one.get(0), one["v"].parse()) else { continue };
        let (dataset, metric) = (one["d"].to_string(), Some(metric.name.to_string()));
        let result =
            ReportedResult { dataset, metric, value, variant: at.scope.variant.clone(), zero_shot: names::says_zero_shot(text) };
        let words = list.start() + whole.start()..list.start() + whole.end();
        found.say(at, FieldKey::Results, Value::Result { result }, Some(Unit::Percent), words);
    }
}

/// `76.3% accuracy on Foo, and 94.5% on Bar`: the metric holds for what follows.
fn and_on(at: &Place<'_>, metrics: &[Named], datasets: &[Named], found: &mut Findings<'_>) {
    static ON: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?:,| and|, and) (?P<v>\d{1,3}\.\d+) ?(?P<p>%)? ?on (?:the )?$"));
    // `4.2% on Foo test-clean and 9.8% on test-other`: another part of the same.
    static PART: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?:,| and|, and) \d{1,3}\.\d+ ?%? on (?:the )?(?P<s>(?:test|dev|val(?:idation)?)-[a-z]+)\b")
    });
    // `... 63.5% accuracy, and on Foo it attains 86.1%`.
    static THERE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^,? (?:it|we|the (?:same )?model) (?:attain|reach|achiev|obtain|get|scor)\w* (?P<v>\d{1,3}\.\d+) ?(?P<p>%)?(?:[,;]|\.(?:\s|$)|$)",
        )
    });
    let text = at.text();
    for dataset in datasets {
        let Some(words) = THERE.captures(&text[dataset.at.end..]) else { continue };
        let before = text[..dataset.at.start].trim_end_matches("the ");
        let joins = [", and on ", " and on ", ", while on ", "; on "].iter().any(|join| before.ends_with(join));
        let Some(metric) = metrics.iter().rev().find(|m| m.at.end <= dataset.at.start && m.name != "score").filter(|_| joins)
        else {
            continue;
        };
        let (Some(value), Ok(number)) = (words.name("v"), words["v"].parse::<f64>()) else { continue };
        let percent = words.name("p").is_some() || names::in_percent(&metric.name) && !names::is_share(&metric.name, number);
        let result = ReportedResult {
            dataset: text[dataset.at.clone()].to_string(),
            metric: Some(metric.name.clone()),
            value: number,
            variant: at.scope.variant.clone(),
            zero_shot: names::says_zero_shot(text),
        };
        let words = dataset.at.start..dataset.at.end + value.end();
        found.say(at, FieldKey::Results, Value::Result { result }, percent.then_some(Unit::Percent), words);
    }
    let parts = PART.captures_iter(text).filter_map(|found| {
        let part = found.name("s")?;
        let before = datasets.iter().rev().find(|d| d.at.end <= part.start());
        // `... and 9.8% on test-other of Foo`.
        let whole = before.or_else(|| datasets.iter().find(|d| text[part.end()..d.at.start].trim() == "of"))?;
        Some((format!("{} {}", &text[whole.at.clone()], part.as_str()), part.range()))
    });
    let named = datasets.iter().map(|dataset| (text[dataset.at.clone()].to_string(), dataset.at.clone()));
    for (dataset, place) in named.chain(parts) {
        let Some(words) = ON.captures(&text[..place.start]) else { continue };
        let Some(value) = words.name("v") else { continue };
        let percent = words.name("p").is_some();
        let measures = |m: &&Named| m.at.end <= value.start() && (names::in_percent(&m.name) || !percent) && m.name != "score";
        let Some(metric) = metrics.iter().rev().find(measures) else { continue };
        // Without a sign of percent the metric has to have its own number, so that this is the next.
        let has_own = || number_after(text, metric).or_else(|| number_before(text, metric, datasets)).is_some();
        let Some(number) = value.as_str().parse::<f64>().ok().filter(|_| percent || has_own()) else { continue };
        let result = ReportedResult {
            dataset,
            metric: Some(metric.name.to_string()),
            value: number,
            variant: at.scope.variant.clone(),
            zero_shot: names::says_zero_shot(text),
        };
        let words = value.start()..place.end;
        let unit =
            (percent || names::in_percent(&metric.name) && !names::is_share(&metric.name, number)).then_some(Unit::Percent);
        found.say(at, FieldKey::Results, Value::Result { result }, unit, words);
    }
}

/// `WERs of 2.1/4.3 on the test-clean/test-other sets of Foo`, `91.2% and 88.4% on Foo and Bar`: two numbers for two sets in turn.
fn paired(at: &Place<'_>, metrics: &[Named], datasets: &[Named], found: &mut Findings<'_>) {
    static PAIR: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"(?P<a>\d{1,3}\.\d+) ?(?P<p>%)? ?(?:/|,? and ) ?(?P<b>\d{1,3}\.\d+) ?%? (?:[A-Za-z][\w-]* ){0,2}?(?:on|for) (?:the )?",
            r"(?P<x>[A-Za-z][\w-]*(?: [A-Z\d][\w.-]*)?) ?(?:/|,? and (?:the )?) ?(?P<y>[A-Za-z][\w-]*(?: [A-Z\d][\w.-]*)?)"
        ))
    });
    // The furthest that a metric stands before its numbers.
    const NEAR: usize = 60;
    let text = at.text();
    let may = text.contains(" on ") || text.contains(" for ");
    let Some(pair) = may.then(|| PAIR.captures(text)).flatten() else { return };
    let (Some(whole), Some(x), Some(y)) = (pair.get(0), pair.name("x"), pair.name("y")) else { return };
    let near = |metric: &&Named| metric.name != "score" && metric.at.start < x.start() && metric.at.end + NEAR > whole.start();
    let Some(metric) = metrics.iter().rev().find(near) else { return };
    let is_part = |name: &str| {
        ["test-", "dev-", "val-"].iter().any(|part| name.starts_with(part)) || ["test", "dev", "validation"].contains(&name)
    };
    let suite = || {
        datasets
            .iter()
            .find(|data| data.at.start >= y.end())
            .or_else(|| datasets.iter().rev().find(|data| data.at.end <= whole.start()))
    };
    let set = |name: regex::Match<'_>| match is_part(name.as_str()) {
        true => suite().map(|data| format!("{} {}", &text[data.at.clone()], name.as_str())),
        false => datasets.iter().find(|data| data.at.start == name.start()).map(|data| text[data.at.clone()].to_string()),
    };
    let Some(sets) = set(x).zip(set(y)) else { return };
    for (dataset, value) in [(sets.0, &pair["a"]), (sets.1, &pair["b"])] {
        let Ok(value) = value.parse() else { continue };
        let percent = pair.name("p").is_some() || names::in_percent(&metric.name) && !names::is_share(&metric.name, value);
        let result = ReportedResult {
            dataset,
            metric: Some(metric.name.clone()),
            value,
            variant: at.scope.variant.clone(),
            zero_shot: names::says_zero_shot(text),
        };
        found.say(at, FieldKey::Results, Value::Result { result }, percent.then_some(Unit::Percent), whole.range());
    }
}

/// The data set that its paragraph named last before the sentence.
fn named_before(at: &Place<'_>, paper: &Paper) -> Option<String> {
    let paragraph = paper.passages.get(at.sentence.passage).map(|passage| paper.passage(passage))?;
    // So long is no paragraph.
    const LONGEST: usize = 6_000;
    let whole = Some(paragraph).filter(|paragraph| paragraph.len() <= LONGEST)?;
    let before = &whole[..whole.find(at.text())?];
    at.heard.datasets_in(before).pop().map(|named| before[named.at].to_string())
}

/// Whether a metric with these words before it is a bound, or what men or chance reach: no result.
fn is_of_nobody(before: &str) -> bool {
    static NOBODY: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:(?:upper|lower)[- ]?bound(?:s|ed|ing)?(?: on| of| the)*|(?:human|chance|random|oracle)(?:[- ](?:level|guess(?:ing)?|performance))?|their(?: (?:own|reported))+) $",
        )
    });
    NOBODY.is_match(before)
}

/// `achieves 1.5% on Foo`: a level whose measure is told elsewhere.
fn achieved(at: &Place<'_>, datasets: &[Named], found: &mut Findings<'_>) {
    static LEVEL: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:achiev|obtain|reach|attain|scor)(?:es?|ed|ing|s) (?:an? |about |around |up to )?(?P<v>\d{1,3}(?:\.\d+)?) ?% on (?:the )?$",
        )
    });
    let text = at.text();
    for dataset in datasets {
        let Some(value) = LEVEL.captures(&text[..dataset.at.start]).and_then(|words| words.name("v")) else { continue };
        let Ok(number) = value.as_str().parse() else { continue };
        // Up to the clause's end, for the system may stand behind the data.
        let end = text[dataset.at.end..].find(['.', ',', ';']).map_or(text.len(), |end| dataset.at.end + end);
        let variant = variant_near(text, &(end..end)).or_else(|| at.scope.variant.clone());
        let dataset_name = text[dataset.at.clone()].to_string();
        let zero_shot = names::says_zero_shot(text);
        let result = ReportedResult { dataset: dataset_name, metric: None, value: number, variant, zero_shot };
        found.say(at, FieldKey::Results, Value::Result { result }, Some(Unit::Percent), value.start()..dataset.at.end);
    }
}

/// `accuracy of 93.5%`, `F1 to 93.2`, `BLEU score of 28.4`, `accuracy (93.5%)`.
fn number_after(text: &str, metric: &Named) -> Option<(Range<usize>, bool)> {
    static FORM: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"^(?:\s\((?P<b>{0})(?P<q>\s?%)?\))|^(?:[\s-](?:[Ss]cores?|[Rr]ate))?(?:\s?(?:\([^)]{{1,20}}\)|:|=|\b(?:of|to|is|was|at|reaches|reached|(?:observed|obtained|achieved) (?:is|was)|by|on [A-Z][\w-]+(?: [\w-]+){{0,3}} (?:is|of|was))\b))+\s?(?P<v>{0})(?P<p>\s?%)?",
            numbers::NUMBER
        ))
    });
    let words = FORM.captures(&text[metric.at.end..])?;
    let value = words.name("v").or_else(|| words.name("b"))?;
    let range = metric.at.end + value.start()..metric.at.end + value.end();
    let percent = words.name("p").or_else(|| words.name("q")).is_some();
    // A whole number in brackets is a citation or a count.
    if words.name("b").is_some_and(|b| !percent && !b.as_str().contains('.')) {
        return None;
    }
    is_level(text, &range, percent).then_some((range, percent))
}

/// `improves accuracy by 7%, achieving 70.7%`: a level after the gain.
fn number_achieved(text: &str, metric: &Named) -> Option<(Range<usize>, bool)> {
    static FORM: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"^[^;]{{0,80}}?\b(?:achiev|reach|obtain|yield|result)ing (?:in )?(?:a total of )?(?P<v>{})(?P<p>\s?%)?(?:\s(?:in )?top-?[15])?(?:[,;)]|\.(?:\s|$)|$)",
            numbers::NUMBER
        ))
    });
    let words = FORM.captures(&text[metric.at.end..])?;
    let value = words.name("v")?;
    let range = metric.at.end + value.start()..metric.at.end + value.end();
    is_level(text, &range, words.name("p").is_some()).then_some((range, words.name("p").is_some()))
}

/// `93.5% accuracy`, `55 F1`, `3.57% error`, `87.8% ImageNet top-1 accuracy`.
fn number_before(text: &str, metric: &Named, datasets: &[Named]) -> Option<(Range<usize>, bool)> {
    static FORM: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"(?:^|[\s(])(?P<v>{})(?:/\d+\.\d+)?(?:\s?(?:±|\+/-|\+-)\s?\d+(?:\.\d+)?)?(?P<p>\s?%)?\s(?:absolute |top-[15] |in (?:terms of )?|of |(?P<w>(?:[A-Za-z]+(?:-[A-Za-z]+)?[ -]){{1,3}}))?$",
            numbers::NUMBER
        ))
    });
    // The name of a data set may stand between.
    let ends = |d: &&Named| d.at.end < metric.at.start && text[d.at.end..metric.at.start].trim().is_empty();
    let from = datasets.iter().find(ends).map_or(metric.at.start, |d| d.at.start);
    let words = FORM.captures(&text[..from])?;
    let value = words.name("v")?;
    let percent = words.name("p").is_some();
    // Words between are of the metric (`80.2% balanced accuracy`), and small ones of something else (`12.5% of the error`).
    let of_metric = |word: &str| !SMALL.contains(&word) && (percent || value.as_str().contains('.'));
    if words.name("w").is_some_and(|w| !w.as_str().split([' ', '-']).filter(|w| !w.is_empty()).all(of_metric)) {
        return None;
    }
    is_level(text, &value.range(), percent).then_some((value.range(), percent))
}

const SMALL: [&str; 34] = [
    "of",
    "the",
    "in",
    "and",
    "to",
    "with",
    "for",
    "on",
    "by",
    "is",
    "than",
    "at",
    "as",
    "from",
    "or",
    "an",
    "relative",
    "higher",
    "lower",
    "better",
    "more",
    "less",
    "improves",
    "improved",
    "increases",
    "increased",
    "reduces",
    "reduced",
    "raises",
    "lowers",
    "decreases",
    "gives",
    "yields",
    "achieves",
];

/// `accuracy rises from 8.3% to 9.1%`: the second is what was reached.
fn number_changed(text: &str, metric: &Named) -> Option<(Range<usize>, bool)> {
    static FORM: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"^[^;]{{0,80}}? from {0}\s?%? (?:down |up )?to (?P<v>{0})(?P<p>\s?%)?(?:[\s,;)]|\.(?:\s|$)|$)",
            numbers::NUMBER
        ))
    });
    let words = FORM.captures(&text[metric.at.end..])?;
    let value = words.name("v")?;
    let range = metric.at.end + value.start()..metric.at.end + value.end();
    is_level(text, &range, words.name("p").is_some()).then_some((range, words.name("p").is_some()))
}

/// What a number is for, where the data has no name: `... for binary classification`, `... on the real test set`.
fn setting_of(text: &str, number: &Range<usize>) -> Option<String> {
    static BEFORE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:For|On|In) (?:the |our )?(?P<s>(?:[a-z]+(?:-[a-z]+)? ){1,3}(?:classification|detection|recognition|prediction|tasks?)),",
        )
    });
    static SETTING: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^[^.;]{0,80}?\b(?:for|on|in) (?:the |our )?(?P<s>(?:[a-z]+(?:-[a-z]+)? ){1,3}(?:classification|detection|recognition|prediction|tasks?|(?:test|held-out|validation) (?:sets?|data)))\b",
        )
    });
    let found = BEFORE.captures(text).or_else(|| SETTING.captures(&text[number.end..]))?;
    Some(found["s"].to_string())
}

/// Whether the sentence is of what the paper did itself.
fn speaks_of_own(at: &Place<'_>) -> bool {
    static OWN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:we|our|ours|proposed|(?:the|this) (?:[\w-]+ )?(?:model|framework|method|approach|system|network)s?)\b",
        )
    });
    let text = at.text().to_lowercase();
    !at.of_others && (OWN.is_match(&text) || at.own.iter().any(|own| text.contains(own)) || at.scope.variant.is_some())
}

/// A level that was reached, not a gain: `improves by 2.0 BLEU`, `+5.1 F1`, `4.5% absolute improvement`.
fn is_level(text: &str, number: &Range<usize>, percent: bool) -> bool {
    static GAIN_BEFORE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)(?:\bby(?: (?:over|more than|about|up to|at least))?|\bby \d+(?:\.\d+)? ?%? (?:to|and|or)|\+|[<>≤≥]|below|above|over|than|only lose|improve\w*|gain of|another|within|\b(?:los|drop|gain|cost|sav|add|chang)(?:e|es|ed|s|ing|p(?:ed|ing))?(?: of| only| about| up to| another)?)\s?$",
        )
    });
    static GAIN_AFTER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^\s?%?(?: point)?s? ?(?:absolute|relative|improvement|points|gain|lower|higher|better|drop|of the|crop|-crop|-way|(?:(?:different|distinct|various|other|random|loss|training|test|public|baseline) ){0,2}(?:functions|losses|models|methods|runs|seeds|data ?sets|tasks|classes|networks|systems|approaches|algorithms|samples|examples|images|settings)\b)",
        )
    });
    // A bare whole number is a count more often than a score; years are never scores.
    let written = &text[number.clone()];
    let plausible = percent || written.contains('.') || written.parse::<u32>().is_ok_and(|n| n <= 100);
    // `a Hamming loss of 0.02` is a measure, and nothing that was lost.
    static LOSS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:hamming|val(?:idation)?|test|training|dev|evaluation|log|entropy|hinge) loss(?: of)?\s?$")
    });
    let before = &text[..number.start];
    plausible && (LOSS.is_match(before) || !GAIN_BEFORE.is_match(before)) && !GAIN_AFTER.is_match(&text[number.end..])
}

/// The data set that stands last before the metric, or first after the number.
fn dataset_near(text: &str, datasets: &[Named], metric: &Named, number: &Range<usize>) -> Option<String> {
    let (from, to) = (metric.at.start.min(number.start), metric.at.end.max(number.end));
    let within = datasets.iter().find(|d| d.at.start >= from && d.at.end <= to);
    let before = datasets.iter().rev().find(|d| d.at.end <= from).map(|d| (from - d.at.end, d));
    let after = datasets.iter().find(|d| d.at.start >= to).map(|d| (d.at.start - to, d));
    let near = match (before, after) {
        (Some(b), Some(a)) => Some(if a.0 < 30 && a.0 < b.0 { a } else { b }),
        (b, a) => b.or(a),
    };
    within.or(near.map(|(_, d)| d)).map(|d| text[d.at.clone()].to_string())
}

/// The system that the sentence speaks of just before the number.
fn variant_near(text: &str, number: &Range<usize>) -> Option<String> {
    static ENSEMBLE: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:an|our|the) ensemble\b"));
    let clause = text[..number.start].rsplit(';').next().unwrap_or_default();
    if ENSEMBLE.is_match(clause) {
        return Some("ensemble".into());
    }
    super::scope::of_text(clause).variant
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_differences() {
        let level = |text: &str, written: &str| {
            let at = text.find(written).expect("there");
            is_level(text, &(at..at + written.len()), text[at + written.len()..].starts_with('%'))
        };
        for (text, written) in [
            ("it reaches a BLEU of 28.4 on all tasks", "28.4"),
            ("an accuracy of 93.5% on the images", "93.5"),
            ("accuracy drops to 71.2", "71.2"),
            ("an accuracy of 88 and more", "88"),
        ] {
            assert!(level(text, written), "{text}");
        }
        for (text, written) in [
            ("it drops 3.9 chrF", "3.9"),
            ("it gains 5.4 chrF but is slow", "5.4"),
            ("all within 0.7 chrF", "0.7"),
            ("better by 0.9 to 2.2 BLEU", "2.2"),
            ("the accuracy of 6 different loss functions", "6"),
        ] {
            assert!(!level(text, written), "{text}");
        }
    }
}
