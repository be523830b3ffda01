//! Settings that are said beside what is usual: `half the batch size you would normally take, and double the epochs`.

use super::ONE_OF_TWO;
use crate::intake::regex;
use crate::intake::request::pattern::pattern;
use crate::intake::request::rest::{Found, Judged, Rest};
use crate::intake::request::{Refused, Request};
use regex::Regex;
use std::sync::LazyLock;

/// Before settings that have a value of their own.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    static WAYS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        let times = r"(?P<times>half|twice|double|doubling|triple|tripling|a quarter of|a third of|a tenth of|1/[0-9]{1,3}(?:th)?(?: of)?|(?:\d+(?:\.\d+)?|two|three|four|five|ten)(?:x|×|\s?times))";
        let usual = r"(?P<usual>usual|default|normal|standard|recommended)";
        let what = r"(?P<what>batch[ -]?size|epochs|steps|learning[ -]rate|lr)";
        [
            pattern(&format!(
                r"\b{times}(?:\s(?:of|the|as|many|your|its|number of|{usual}))*\s{what}\b(?: (?:(?:that |as |than )?(?P<takes>(?:you|one|it|they)(?:['’]d| would)? (?:normally |usually |typically |otherwise )?(?:take|use|uses|used|pick|choose|set|have|do|train for))|(?:as|than)? ?(?P<by>usual|normal(?:ly)?|by default)))?(?: (?:normally|usually|by default))?"
            )),
            // `A learning rate 10x the default`.
            pattern(&format!(
                r"\b{what}(?: (?:of|at|to|is|that is))*\s{times}(?: of)?(?: (?:the|its|as|what is))*\s{usual}(?: (?:one|value|rate|size|number))?\b"
            )),
        ]
    });
    if ![
        "half",
        "twice",
        "doubl",
        "tripl",
        "quarter",
        "third",
        "tenth",
        "times",
        "x the",
        "x as",
        "x usual",
        "x default",
        "x learning",
        "x batch",
        "×",
        "1/",
    ]
    .iter()
    .any(|word| rest.says(word))
    {
        return;
    }
    // `For half the epochs` says how long something else is done, `double the batch size every 5 epochs` when.
    // Nor does what goes on with more than a name: `half the epochs with the encoder frozen`.
    static OTHER: LazyLock<[Regex; 3]> = LazyLock::new(|| {
        [
            regex(r"(?i)\b(?:every|after|at|for|during|in|over|first|last|within|to)\s*$"),
            regex(
                r"(?i)^\s*(?:every|after|when|if|once|at|each|whenever|(?:for|on|of|in) (?:the )?(?:head|classifier|encoder|back-?bone|body|embeddings?))\b",
            ),
            regex(
                r"(?i)^\s*(?:$|[.,;:!?)(¦+&/–—-]|(?:and|but|then|please|or|plus|instead|too|also|here|so|because|since)\b|(?:as|for|on|of|in|from|to|with|using)\s+(?:(?:the|my|our|a|an|its)\s+)?¦)",
            ),
        ]
    });
    // That the encoder stays as it is may be cut out already.
    let is_frozen = request.frozen.is_some();
    let judged = |found: &Found<'_>| {
        let is_usual = ["usual", "takes", "by"].iter().any(|name| !found.cut.get(name).is_empty());
        let is_bare = !is_usual
            && (OTHER[0].is_match(found.before)
                || !OTHER[2].is_match(found.behind)
                || is_frozen && found.behind.trim_start().starts_with("with"));
        let other = is_bare || OTHER[1].is_match(found.behind);
        if other { Judged::Passed } else { Judged::Taken }
    };
    while let Some(cut) = WAYS.iter().find_map(|way| rest.cut_as(way, judged)) {
        let Some(times) = times_of(cut.get("times")) else { continue };
        let what = cut.get("what").to_lowercase();
        let slot = match what.as_str() {
            "epochs" | "steps" => &mut request.times.length,
            "lr" => &mut request.times.lr,
            what if what.starts_with("learning") => &mut request.times.lr,
            _ => &mut request.times.batch_size,
        };
        match slot.is_some() {
            true => request.refused.push(Refused { words: cut.words, expected: ONE_OF_TWO.into() }),
            false => *slot = Some(times),
        }
    }
}

/// What is so many times the usual, and a value as well, is one of the two.
pub(crate) fn settle(request: &mut Request) {
    let r = &*request;
    let both = [
        (r.times.length.is_some() && (r.epochs.is_some() || r.steps.is_some()), "a length, and so many times the usual one"),
        (r.times.lr.is_some() && r.lr.is_some(), "a learning rate, and so many times the usual one"),
        (r.times.batch_size.is_some() && r.batch_size.is_some(), "a batch size, and so many times the usual one"),
    ];
    let refused = both.into_iter().filter(|(is_so, _)| *is_so);
    let refused: Vec<Refused> = refused.map(|(_, words)| Refused { words: words.into(), expected: ONE_OF_TWO.into() }).collect();
    request.refused.extend(refused);
}

fn times_of(words: &str) -> Option<f64> {
    let low = words.to_lowercase();
    let times = match low.as_str() {
        "half" => 0.5,
        "twice" | "double" | "doubling" => 2.0,
        "triple" | "tripling" => 3.0,
        "a quarter of" => 0.25,
        "a third of" => 1.0 / 3.0,
        "a tenth of" => 0.1,
        part if part.starts_with("1/") => {
            let bottom = part.trim_start_matches("1/").trim_end_matches("of").trim_end_matches([' ', 't', 'h']);
            1.0 / crate::intake::request::wording::number::number(bottom)?
        }
        _ => crate::intake::request::wording::number::number(low.trim_end_matches("times").trim_end_matches(['x', '×', ' ']))?,
    };
    Some(times).filter(|times| *times > 0.0 && *times <= 1000.0)
}
