//! What is to be as it was before: of `we ran it with lr 0.01, this time 60 epochs, same learning rate` the rate is 0.01.

use super::asides::{DID, WHO};
use super::number::NUMBER;
use crate::intake::regex;
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

/// The text with the value in place of `same`, where somebody has told just one of a former run; of one line already.
pub(super) fn as_before(text: &str) -> Cow<'_, str> {
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
