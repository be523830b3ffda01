//! What is to be as it was before: of `we ran it with lr 0.01, this time 60 epochs, same learning rate` the rate is 0.01.

use super::number::NUMBER;
use crate::intake::regex;
use crate::intake::request::told::asides::{DID, WHO};
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::LazyLock;

/// Settings that are kept so, and what they are called.
const KEPT: [(&str, &str); 4] = [
    ("learning rate", "(?:learning[ -]rate|lr)"),
    ("batch size", "(?:batch[ -]?size|batch|bs)"),
    ("weight decay", "(?:weight[ -]decay|wd)"),
    ("dropout", "drop-?out"),
];

/// What another run reached, in place of `that` which is to be beaten: `last year's model had 0.82 accuracy; I want to beat that`.
pub(crate) fn as_reached(text: &str) -> Cow<'_, str> {
    static BEAT: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:beat|exceed|top|surpass|outperform|do better than|get (?:above|past)|improve on|better than)\s(?:that|this|it|them|those)\b(?:\s(?:number|score|value|one))?",
        )
    });
    static REACHED: LazyLock<Regex> = LazyLock::new(|| {
        regex(&format!(
            r"(?i)\b(?:had|got|gets|has|reached|reaches|scored|scores|achieved|achieves|at|with|and)\s(?:an?\s)?(?:(?P<v>0?\.\d+|\d{{1,2}}(?:\.\d+)?\s?%)\s(?:of\s|test\s|mean\s)?(?P<m>{m})|(?P<n>{m})\s(?:of\s|was\s|=\s)?(?P<w>0?\.\d+|\d{{1,2}}(?:\.\d+)?\s?%))",
            m = r"accuracy|acc|(?:macro |micro )?f1|auroc|auc|auprc|matthews|mcc|pearson|spearman|r2|bleu|exact match"
        ))
    });
    let low = text.to_lowercase();
    if !["beat", "exceed", "top", "surpass", "outperform", "better", "above", "past", "improve"]
        .iter()
        .any(|word| low.contains(word))
    {
        return Cow::Borrowed(text);
    }
    let Some(beat) = BEAT.find(text) else { return Cow::Borrowed(text) };
    let all: Vec<Captures<'_>> = REACHED.captures_iter(&text[..beat.start()]).collect();
    // Of two nobody knows which is meant.
    let [only] = all.as_slice() else { return Cow::Borrowed(text) };
    let at = |a: &str, b: &str| only.name(a).or_else(|| only.name(b)).map_or("", |part| part.as_str());
    let (value, metric) = (at("v", "w"), at("m", "n"));
    let end = if value.ends_with('%') { value.to_string() } else { value.trim_end_matches('.').to_string() };
    Cow::Owned(format!("{}reach {metric} {end}{}", &text[..beat.start()], &text[beat.end()..]))
}

/// The text with the value in place of `same`, where somebody has told just one of a former run; of one line already.
pub(crate) fn as_before(text: &str) -> Cow<'_, str> {
    static RAN: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"(?i)\b{WHO} {DID}\b")));
    if !text.contains("same ") {
        return Cow::Borrowed(text);
    }
    let Some(ran) = RAN.find(text) else { return Cow::Borrowed(text) };
    let mut out = text.to_string();
    for (name, pattern) in KEPT {
        let same = regex(&format!(
            r"(?i)\b(?:the |with |keep |use )*same {pattern}(?: (?:as|like) (?:before|then|last time|in that run))?(?P<behind>\s*(?:$|[.,;!?)]))"
        ));
        let Some(place) = same.find(&out).map(|place| place.start()).filter(|start| *start > ran.end()) else { continue };
        let value = regex(&format!(r"(?i)\b{pattern}\s?(?:of |was |at |=\s?|:\s?)?(?P<v>{NUMBER})"));
        let before = &out[ran.end()..place];
        let mut told: Vec<String> = value.captures_iter(before).map(|found| found["v"].trim().to_string()).collect();
        told.dedup();
        // Of two nobody knows which is meant.
        let [only] = told.as_slice() else { continue };
        let said = |found: &Captures<'_>| format!("{name} {only}{}", &found["behind"]);
        out = same.replace(&out, said).into_owned();
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_reached_is_to_be_beaten() {
        for (text, expected) in [
            (
                "Last year's model had 0.82 accuracy after 7 epochs of batch 64; I want to beat that.",
                "Last year's model had 0.82 accuracy after 7 epochs of batch 64; I want to reach accuracy 0.82.",
            ),
            ("the old one got F1 of 0.7, beat it", "the old one got F1 of 0.7, reach F1 0.7"),
        ] {
            assert_eq!(as_reached(text), expected);
        }
        for text in [
            "I want to beat that",
            "we had 0.8 accuracy and 0.7 F1; beat that",
            "we had 0.8 accuracy",
            "it had 5 epochs; beat that",
        ] {
            assert_eq!(as_reached(text), text);
        }
    }

    #[test]
    fn what_was_before_is_kept() {
        for (text, expected) in [
            (
                "We trained it with lr 0.01. Now 60 epochs, same learning rate, AdamW",
                "We trained it with lr 0.01. Now 60 epochs, learning rate 0.01, AdamW",
            ),
            ("I used a batch size of 32, now the same batch size as before.", "I used a batch size of 32, now batch size 32."),
        ] {
            assert_eq!(as_before(text), expected);
        }
        for text in [
            "lr 1e-3, the same learning rate for all layers",
            "We tried lr 0.1 and lr 0.01; same learning rate",
            "We trained it for 3 epochs, same learning rate",
            "lr 1e-3, same learning rate",
            "We used lr 0.1, same learning rate for the head",
        ] {
            assert_eq!(as_before(text), text);
        }
    }
}
