//! Lists of numbers and of settings: which of several values are one setting's own, and what is a list of settings without a sentence.

use super::values_fit;
use crate::intake::FieldKey;
use crate::intake::extract::rules::Rule;
use crate::intake::extract::{in_turn, numbers, tables};
use std::ops::Range;
use std::sync::LazyLock;

/// `{0.1, 0.2}, of which 0.2 did best`: of several that were tried the one that was taken.
pub(super) fn best_of(values: &[f64], rest: &str) -> Option<f64> {
    static BEST: LazyLock<regex::Regex> = LazyLock::new(|| {
        let n = numbers::NUMBER;
        crate::intake::regex(&format!(
            concat!(
                r"(?i)(?P<v>{n}),? (?:(?:which|that|to|was|were|is|be|being|as|it|we|the|overall|finally|turned out|work(?:s|ed|ing)?|perform(?:s|ed|ing)?|gave|gives|giving|yield(?:s|ed|ing)?|did|doing|found) )*(?:best|optimal|chosen|selected)\b",
                r"|\b(?:best|optimal|picked?|chose|chosen|selected?|settled(?: on)?)\b(?: (?:one|ones|value|rate|learning|batch|size|results?|performance|performing|performer|setting|was|is|were|of|at|on|with|the|a|being|to|be|achieved|obtained|found|as)\b| ?[:=(])* ?(?P<w>{n})"
            ),
            n = n
        ))
    });
    if values.len() < 2 || !["best", "optimal", "pick", "chose", "select", "settled"].iter().any(|word| rest.contains(word)) {
        return None;
    }
    let mut named =
        BEST.captures_iter(rest).filter_map(|found| numbers::parse(found.name("v").or_else(|| found.name("w"))?.as_str()));
    named.find(|best| values.contains(best))
}

/// Where the numbers of a list stand, each with its sign of percent.
pub(super) fn numbers_in(list: &str) -> Vec<Range<usize>> {
    static ONE: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(&format!(r"{}(?:\s?%)?", numbers::NUMBER)));
    ONE.find_iter(list).map(|one| one.range()).collect()
}

/// Of a list of numbers those that are this setting's: in `a learning rate of 1e-4, 1000 warm-up steps` the second begins another.
pub(super) fn own_part(text: &str, value: Range<usize>) -> Range<usize> {
    static OTHER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"(?i)^(?:\s?(?:GB\b|[x×]\s?\d)",
            r"|(?:\s?%)?[- ](?:linear |training |gradient |attention |transformer )?(?:warm|steps?\b|iterations?\b|updates?\b|epochs?\b|momentum|weight|drop|batch|layers?\b|heads?\b|examples?\b|samples?\b|random|tokens?\b|hidden|hours?\b|days?\b|label|learning[- ]rate|lr\b|accumul|runs?\b|folds?\b|workers?\b)",
            r"|[- ](?:(?:nvidia|tesla|geforce|rtx|gtx|amd|google|cloud|different|random|independent|distinct|[a-z]{1,4}\d{2,4}(?:-?\d{2}gb)?|\d{2,3}gb) ){0,3}(?:[avhptl]\d{2,3}s?|gpus?|tpus?|seeds?|runs?|chips|cores|machines|nodes)\b)"
        ))
    });
    match numbers_in(&text[value.clone()]).as_slice() {
        [.., before, _] if OTHER.is_match(&text[value.end..]) && !in_turn::is_behind(&text[value.end..]) => {
            value.start..value.start + before.end
        }
        _ => value,
    }
}

/// The numbers of a list that this setting can have, and where they stand: in `a batch size of 512 and 0.1 label smoothing` the
/// last is another's; where they stand before its name, as in `64 and 1e-4 learning rate`, the first.
pub(super) fn fitting(rule: &Rule, text: &str, value: Range<usize>, ends: bool) -> (Range<usize>, Vec<f64>) {
    // The two ends of a range are of one another: `β₂ ∈ [0, 1)`.
    let is_range = text[..value.start].trim_end().ends_with(['[', '(', '{']);
    let mut value = value;
    loop {
        let list = &text[value.clone()];
        let mut values = numbers::parse_list(list);
        values.extend(numbers::in_words(list));
        let own = is_range || values_fit(rule, &values, list) && !strays(rule, &values, ends);
        match numbers_in(list).as_slice() {
            [.., before, _] if !own && ends => value = value.start..value.start + before.end,
            [_, next, ..] if !own => value = value.start + next.start..value.end,
            _ => return (value, values),
        }
    }
}

/// `a learning rate of 1e-4 and 4 of them`: nobody tries a rate beside one so many times as large.
pub(super) fn strays(rule: &Rule, values: &[f64], ends: bool) -> bool {
    let (own, other) = if ends { (values.first(), values.last()) } else { (values.last(), values.first()) };
    let far = |(own, other): (&f64, &f64)| *own < 0.1 && *other >= 2.0 && other.fract() == 0.0;
    rule.key == FieldKey::Lr && own.zip(other).is_some_and(far)
}

/// A sentence or a setting of a list, not the legend of a figure.
pub(super) fn is_said(text: &str) -> bool {
    const SMALL: [&str; 25] = [
        "the", "a", "of", "we", "is", "are", "was", "with", "for", "to", "and", "in", "on", "use", "set", "over", "each",
        "about", "by", "at", "spans", "lasts", "takes", "uses", "per",
    ];
    text.contains(": ")
        || text.starts_with('•')
        || text.split_whitespace().any(|word| SMALL.contains(&word.to_lowercase().as_str()))
}

/// `Learning Rate 1e-4 Batch Size 16 Warmup Steps 100`, `lr 0.1, batch size 8.`: names of settings, each with its number behind it.
pub(super) fn lists_settings(text: &str) -> bool {
    static NUMBER: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(&format!(r"(?:^|\s){}[,;.]?(?:\s|$)", numbers::NUMBER)));
    if heads_with_settings(text) {
        return true;
    }
    let mut from = 0;
    let mut count = 0;
    while let Some(number) = text.get(from..).and_then(|rest| NUMBER.find(rest)) {
        let words: Vec<&str> = text[from..from + number.start()].split([' ', ',', ';']).filter(|word| !word.is_empty()).collect();
        let last = |n: usize| words.get(words.len().checked_sub(n)?..).map(|last| last.join(" "));
        let is_named = (1..=4).filter_map(last).any(|name| tables::setting(&name).is_some());
        count += usize::from(is_named);
        // The blank behind a number is the one before the next.
        from += number.end().max(number.start() + 2) - 1;
    }
    // `Dropout 0.1.` is a list of one.
    count >= 2 || count == 1 && text.ends_with('.') && text.split_whitespace().count() <= 3
}

/// `Stage 1: Leaf alignment (1 epoch, lr = 1e-3).`: a heading in its line, with the settings of what it heads in brackets.
pub(super) fn heads_with_settings(text: &str) -> bool {
    static INSIDE: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^[A-Z•][^()]{3,80} \((?P<in>[^()]{4,100})\)[.:]{1,2}$"));
    static ONE: LazyLock<regex::Regex> = LazyLock::new(|| {
        let n = numbers::NUMBER;
        crate::intake::regex(&format!(r"^(?:(?P<a>[A-Za-z][A-Za-z -]*?) ?[=:]? ?{n}|{n} ?(?P<b>[a-z][a-z -]*))$"))
    });
    let is_setting = |part: &str| {
        let Some(found) = ONE.captures(part.trim()) else { return false };
        found.name("a").or_else(|| found.name("b")).is_some_and(|name| tables::setting(name.as_str().trim()).is_some())
    };
    let inside = INSIDE.captures(text).map(|found| found["in"].to_string());
    inside.is_some_and(|inside| inside.split([',', ';']).count() > 1 && inside.split([',', ';']).all(is_setting))
}
