//! On how many devices a batch is spread.

use crate::intake::extract::numbers;
use std::ops::Range;
use std::sync::LazyLock;

/// How many devices share a batch that is given for each of them: none if it is not, `Some(None)` if nobody says how many.
pub(super) fn each_of(text: &str, whole: &Range<usize>, value: &Range<usize>) -> Option<Option<f64>> {
    static EACH_BEFORE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:per[- ](?:gpu|tpu|device|core|worker|node|chip)|local|device|micro)[- ]$")
    });
    // `batch size (per GPU) of 4`.
    static EACH_INSIDE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:per|on each|for each|on every)[- ](?:gpu|tpu|device|core|worker|node|chip|card)\b")
    });
    static EACH_AFTER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^ ?(?:examples |samples |sequences |images |sentences |tokens )?(?:per|on each|for each|on every) (?:gpu|tpu|device|core|worker|node|chip|card)s?\b",
        )
    });
    if let Some(devices) = times_devices(&text[value.end..]) {
        return Some(Some(devices));
    }
    static STEPS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\baccumulat\w+[^.;\d]{0,40}?(?:steps? (?:of |is |= ?)|of |over |for |for every )(\d{1,4})\b|\b(\d{1,4}) (?:gradient[- ])?accumulation steps\b",
        )
    });
    let is_each = EACH_BEFORE.is_match(&text[..whole.start])
        || EACH_INSIDE.is_match(&text[whole.start..value.start])
        || EACH_AFTER.is_match(&text[value.end..])
        || EACH_AFTER.is_match(&text[whole.end..]);
    if !is_each {
        return None;
    }
    let steps = STEPS.captures(text).and_then(|c| numbers::parse(c.get(1).or_else(|| c.get(2))?.as_str()));
    Some(devices(text).map(|devices| devices * steps.unwrap_or(1.0)))
}

/// How many devices multiply the number before: `16 * 4-GPU`, `16 × 4 GPUs`.
pub(in crate::intake::extract) fn times_devices(after: &str) -> Option<f64> {
    static TIMES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)^ ?[*∗⋅·×x] ?(?P<n>\d{1,4})[- ]?(?:gpus?|tpus?|devices?|cores?|workers?|chips?|cards?)\b")
    });
    numbers::parse(TIMES.captures(after)?.name("n")?.as_str())
}

/// How many devices a sentence trains on: `on 8 GPUs`, `4 nodes with 8 A100 GPUs each`.
pub(super) fn devices(text: &str) -> Option<f64> {
    static ON: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"(?i)\b(?:on|across|over|with|using|by) (?:a total of )?(?P<n>\d{{1,5}}|{})(?: ?x)? (?:\w+[- ]){{0,4}}?(?:gpus?|tpus?|devices|cores|workers|chips|cards|accelerators)\b",
            numbers::WORDS
        ))
    });
    static OF_NODES: LazyLock<regex::Regex> = LazyLock::new(|| {
        let n = format!(r"\d{{1,5}}|{}", numbers::WORDS);
        crate::intake::regex(&format!(
            r"(?i)\b(?P<nodes>{n}) (?:[a-z]+ )?(?:nodes?|machines?|servers?|hosts?)\b(?P<between>[^.;\d]{{0,30}}?)\b(?P<n>{n})(?: ?[x×])? (?:(?:[a-z][\w-]*|\d{{2,3}}GB)[- ]){{0,3}}?(?:gpus?|tpus?|devices|cores|workers|chips|cards|accelerators)\b"
        ))
    });
    let number = |word: &str| numbers::in_words(word).or_else(|| numbers::parse(word));
    static SINGLE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\ba single (?:\w+[- ]){0,4}?(?:gpu|tpu|device|core|worker|chip|card|accelerator)\b")
    });
    // `4 images per GPU` counts no devices.
    let counts = |words: &regex::Captures<'_>| !words[0].contains(" per ") && !words[0].contains("size");
    let Some(words) = OF_NODES.captures_iter(text).find(counts) else {
        let on = ON.captures_iter(text).find(counts).and_then(|words| number(&words["n"]));
        return on.or_else(|| SINGLE.is_match(text).then_some(1.0));
    };
    let in_all = words["between"].contains("total") || text[words.get(0)?.end()..].trim_start().starts_with("in total");
    let nodes = if in_all { 1.0 } else { number(&words["nodes"])? };
    Some(nodes * number(&words["n"])?)
}
