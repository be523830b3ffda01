//! Data sets and metrics that the paper uses.

use super::{Findings, Place, names};
use crate::intake::{DatasetRole, DatasetUse, FieldKey, SectionKind, Value};
use std::ops::Range;
use std::sync::LazyLock;

pub(super) fn find(at: &Place<'_>, found: &mut Findings<'_>) {
    if at.kind == SectionKind::RelatedWork {
        return;
    }
    datasets(at, found);
    metrics(at, found);
}

/// Data sets that the sentence says are trained or evaluated on.
fn datasets(at: &Place<'_>, found: &mut Findings<'_>) {
    static TRAIN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:(?:pre-?)?train(?:ed|ing)?|fine-?tun\w*|corpus|training (?:set|data|images|examples))\b")
    });
    static EVALUATE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:evaluat\w*|test(?:ed|s|ing)?|validation|benchmarks?|results?|dev(?:elopment)?|achiev\w*|accurac\w*|zero-shot)\b",
        )
    });
    static CUE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:data ?sets?|corpus|corpora|benchmarks?|tasks?|on|using|use|following)\b")
    });
    let text = at.text();
    let mentions = names::datasets_in(text);
    let mut named: Vec<(String, Range<usize>)> = mentions.into_iter().map(|m| (text[m.at.clone()].to_string(), m.at)).collect();
    for (name, place) in unknown(text) {
        if !named.iter().any(|(_, other)| other.start < place.end && place.start < other.end) {
            named.push((name, place));
        }
    }
    if named.is_empty() || !at.caption && !CUE.is_match(text) {
        return;
    }
    let role = match (TRAIN.is_match(text), EVALUATE.is_match(text)) {
        (true, false) => DatasetRole::Train,
        (false, true) => DatasetRole::Eval,
        _ => DatasetRole::TrainAndEval,
    };
    for (name, place) in named {
        found.say(at, FieldKey::Datasets, Value::Dataset { dataset: DatasetUse { name, role } }, None, place);
    }
}

/// Data sets by the way they are introduced: `the Foo data set`, `a corpus called Foo`, `owner/name`.
pub(super) fn unknown(text: &str) -> Vec<(String, Range<usize>)> {
    static FORMS: LazyLock<[regex::Regex; 4]> = LazyLock::new(|| {
        [
            crate::intake::regex(
                r"\b(?:[Tt]he|[Oo]ur|[Oo]n) (?:standard |public |new )?([A-Z][\w-]*(?: [A-Z0-9][\w-]*){0,4}) (?:data ?sets?|corpus)\b",
            ),
            crate::intake::regex(r"\b(?:data ?set|corpus)(?:, | called | named )([A-Z][\w-]+)"),
            // `We compile FooCorp, a parallel corpus of`.
            crate::intake::regex(
                r"\b[Ww]e (?:compile|collect|introduce|release|construct|build|built|create|present)d? (?:and release )?(?:the |our )?([A-Z][\w-]*[A-Z][\w-]*), (?:an?|the)[^.;,]{0,40} (?:corpus|data ?set|benchmark)\b",
            ),
            crate::intake::regex(r"\b([a-z0-9][\w-]*/[a-z][\w.-]*[a-z0-9])\b"),
        ]
    });
    let [the, called, made, id] = &*FORMS;
    let has_cue = ["data set", "dataset", "corpus"].iter().any(|cue| text.contains(cue));
    let ids = id.captures_iter(text).filter(|c| has_cue && !text.contains("://") && c[1].contains('-'));
    the.captures_iter(text)
        .chain(called.captures_iter(text))
        .chain(made.captures_iter(text))
        .chain(ids)
        .filter_map(|found| found.get(1))
        .map(|name| (name.as_str().to_string(), name.range()))
        .filter(|(name, _)| !["Table", "Figure", "This", "These", "We"].contains(&name.split(' ').next().unwrap_or_default()))
        .collect()
}

/// Metrics, where the sentence says that they are measured.
fn metrics(at: &Place<'_>, found: &mut Findings<'_>) {
    static MEASURED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:report\w*|evaluat\w*|measur\w*|scor\w*|achiev\w*|obtain\w*|error rates?|in terms of|metrics?|better|comparison|test set)\b",
        )
    });
    let text = at.text();
    let whole = text.ends_with(['.', ':', ')']);
    if !whole || !MEASURED.is_match(text) && !at.caption {
        return;
    }
    for mention in names::metrics_in(text) {
        if mention.name != "score" && !at.own.contains(&mention.name.to_lowercase()) {
            let value = Value::Texts { texts: vec![mention.name.to_string()] };
            found.say(at, FieldKey::Metrics, value, None, mention.at);
        }
    }
}
