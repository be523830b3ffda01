//! Shares in words, put as numbers where it matters of what they are: `a third of the rows for testing` is `33.333333% of the rows for
//! testing`, and `2‰` is `0.2 %`. A share that is only trained on is read as it stands.

use super::number::{in_words, number};
use crate::intake::regex;
use crate::words::plain;
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// Words of which each share that is read here has one, and how many of them make a whole.
const PARTS: [(&str, f64); 8] = [
    ("half", 2.0),
    ("third", 3.0),
    ("quarter", 4.0),
    ("fifth", 5.0),
    ("sixth", 6.0),
    ("eighth", 8.0),
    ("tenth", 10.0),
    ("twentieth", 20.0),
];
const ROWS: &str = r"(?:data(?: ?set)?|rows|examples|samples|images|texts|sentences|records|lines|recordings|pairs)";

/// What a word for a part, in lower case, is of the whole.
pub(crate) fn share_of(part: &str) -> Option<f64> {
    PARTS.iter().find(|(word, _)| *word == part).map(|(_, of)| 1.0 / of)
}

/// The text with such shares in per cent; of one line already.
pub(crate) fn in_percent(text: &str) -> String {
    let low = text.to_lowercase();
    let mut out = text.to_string();
    if out.contains('‰') || low.contains("per mil") || low.contains("permil") {
        out = per_mille(&out);
    }
    if low.contains("percent") || low.contains("per cent") {
        static SPELT: LazyLock<Regex> = LazyLock::new(|| {
            regex(&format!(r"(?i)(?:(?P<digits>[0-9])\s?per cent\b|\b(?P<v>{})(?:percent|per cent)\b)", in_words()))
        });
        let said = |found: &Captures<'_>| match found.name("digits") {
            Some(digits) => format!("{}%", digits.as_str()),
            None => number(&found["v"]).map_or_else(|| found[0].to_string(), |value| format!("{}%", neat(value))),
        };
        out = SPELT.replace_all(&out, said).into_owned();
    }
    if low.contains(" in ") || low.contains(" out of ") {
        out = one_in(&out);
    }
    if PARTS.iter().any(|(part, _)| low.contains(part)) { kept(&out) } else { out }
}

/// `One van in five is for testing`, `one in ten vans goes to the test set`.
fn one_in(text: &str) -> String {
    static SHARE: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:one|1)\s(?:(?P<noun>\p{L}+)\s)?(?:in|out of)\s(?P<all>two|three|four|five|six|eight|ten|twenty|2|3|4|5|6|8|10|20)(?:\s(?P<nouns>\p{L}+s))?\b",
        )
    });
    static KEPT: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"(?i)^[^.,;!?\n]{0,40}\b(?:for (?:the |a )?(?:test|validation|evaluation)|test(?:ing)?|aside|held out|back)\b")
    });
    SHARE
        .replace_all(text, |found: &Captures<'_>| {
            let at = |name: &str| found.name(name).map_or("", |part| part.as_str());
            let end = found.get(0).map_or(0, |all| all.end());
            let all = number(&at("all").to_lowercase()).filter(|_| KEPT.is_match(&text[end..]));
            let nouns = if at("nouns").is_empty() { format!("{}s", at("noun")) } else { at("nouns").to_string() };
            match all.filter(|_| nouns.len() > 1) {
                Some(all) => format!("{}% of the {nouns}", neat(100.0 / all)),
                None => found[0].to_string(),
            }
        })
        .into_owned()
}

fn per_mille(text: &str) -> String {
    static SIGN: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)(?P<v>[0-9]+(?:[.,][0-9]+)?)\s?(?:‰|per[ -]?mill?e?\b)"));
    let said = |found: &Captures<'_>| {
        number(&found["v"]).map_or_else(|| found[0].to_string(), |value| format!("{} %", neat(value / 10.0)))
    };
    SIGN.replace_all(text, said).into_owned()
}

/// Shares that are kept out, or stand beside one that is: `two thirds for training, one third for testing`.
fn kept(text: &str) -> String {
    static SHARE: LazyLock<Regex> = LazyLock::new(|| {
        regex(&format!(
            r"(?i)\b(?:(?P<count>an?|one|two|three|four|another)(?:\srandom)?[\s-])?(?P<part>{})s?\b",
            PARTS.map(|(part, _)| part).join("|")
        ))
    });
    static OUT: LazyLock<Regex> = LazyLock::new(|| {
        regex(concat!(
            r"(?i)\b(?:(?:hold|keep|put|set|leav|split)\w*\s(?:out|back|aside|off)|held[- ]out|reserv\w+|withhold\w*",
            r"|(?:test|evaluat|validat|scor)\w*(?:\s(?:it|the model))?\s(?:on|with)",
            r"|(?:test|val(?:idation)?|dev|hold-?out|eval(?:uation)?)[ _-](?:(?:set|data)\s)?(?:split|set|size|share|fraction|part|portion)(?:\s(?:of|is)|\s?[=:])*)",
            r"(?:\s(?:the|another|last|first|final|latest|oldest|earliest|most|recent|other|remaining|random|only|just))*\s*$",
        ))
    });
    // Of what is trained on, whose rate may be halved as well.
    static TRAINED: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            regex(
                r"(?i)\b(?:train|fit|learn)\w*(?:\s(?:it|the model))?\son(?:\s(?:the|first|last|oldest|earliest|only|just))*\s*$",
            ),
            regex(&format!(r"(?i)^\s*(?:$|[.,;:!?)]|(?:of\s)?(?:(?:the|my|our|all|its)\s)*(?:{ROWS}|[\w-]+\.[a-z]+)\b)")),
        ]
    });
    static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
        regex(&format!(
            r"(?i)^(?:\sof(?:\s[\w./-]+){{1,4}}?|\s(?:(?:the|my|our|all)\s)+{ROWS})?\s(?:(?:is|are|be|will|should|kept|held|set|left|put|goes|go|out|aside|back|randomly|chosen)\s)*(?:(?:for|as|to)\s(?:(?:a|the|my|its|be|held[- ]out|separate)\s)*(?:train(?:ing)?|validat\w+|val|dev\w*|monitoring|watching|test(?:s|ing)?|eval\w*|hold-?\s?out|held-?\s?out|early stopping)\b|(?:aside|held[- ]out|held back|kept out|left out)\b)(?P<run>\s(?:run|drive)\b)?"
        ))
    });
    static EDGE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:last|first|final|latest|newest|oldest|earliest|recent)\s$"));
    // What may follow a share of the data: `half precision` and `a third file` are none.
    static OF_DATA: LazyLock<Regex> = LazyLock::new(|| {
        regex(&format!(
            r"(?i)^\s*(?:$|[.,;:!?)…–—]|-\s|(?:and|for|as|to|at|using|from|before|while|then|but|by|is|in|on|aside|away|out|back|randomly)\b|(?:of\s)?(?:(?:the|my|our|all|its|their|these|training|labell?ed)\s)*(?:{ROWS}|[\w-]+\.[a-z]+)\b|of\s(?:it|them|these|those|all|(?:the|this|my)\s(?:files?|set|split))\b|of\s(?:[\w/-]+\s){{0,3}}?{ROWS}\b|of\s[\w./-]+\s*(?:$|[.,;:!?)]))"
        ))
    });
    static OF_ROWS: LazyLock<Regex> =
        LazyLock::new(|| regex(&format!(r"(?i)^\sof\s(?:[\w./-]+\s){{0,4}}?(?:{ROWS}|[\w-]+\.[a-z]+)\b")));
    // A quarter of an hour is a time, and the last one may be of a year.
    static TIME: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)^\s(?:of\s)?(?:an?|one)\s(?:epoch|second|minute|hour|day|week|month|year)\b"));
    static YEAR: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"(?i)^\s(?:of\s)?(?:(?:the|this|last)\s)?(?:year\b|(?:19|20)\d\d\s*(?:$|[.,;:!?)]|(?:for|as|to|is|are)\b))")
    });
    let (mut out, mut end) = (String::with_capacity(text.len()), 0);
    for found in SHARE.captures_iter(text) {
        let Some(all) = found.get(0) else { continue };
        let (before, behind) = (&text[..all.start()], &text[all.end()..]);
        let part = found["part"].to_lowercase();
        // `The third for testing` is a place.
        let is_share = found.name("count").is_some() || part == "half" || EDGE.is_match(before);
        let is_run = BEHIND.captures(behind).map(|purpose| purpose.name("run").is_some());
        let is_placed = part == "quarter" && found.name("count").is_none() && EDGE.is_match(before);
        let of_data = if is_placed { &*OF_ROWS } else { &*OF_DATA };
        let is_beside =
            || OUT.is_match(before) && of_data.is_match(behind) || TRAINED[0].is_match(before) && TRAINED[1].is_match(behind);
        let is_apart = || is_beside() || are_kept_apart(before, behind);
        let is_kept = is_run.map_or_else(is_apart, |is_run| !is_run) && !(is_placed && YEAR.is_match(behind));
        let Some(share) = share_of(&part) else { continue };
        if !is_share || !is_kept || TIME.is_match(behind) {
            continue;
        }
        let count = found.name("count").and_then(|count| number(&count.as_str().to_lowercase())).unwrap_or(1.0);
        out.push_str(&text[end..all.start()]);
        out.push_str(&format!("{}%", neat(100.0 * count * share)));
        end = all.end();
    }
    out.push_str(&text[end..]);
    out
}

/// Whether a share is one of things, whatever they are called, of which its clause says that they are kept apart: `set aside a quarter of
/// the bikes`, `a fifth of the readers should not be heard in training`.
fn are_kept_apart(before: &str, behind: &str) -> bool {
    static THINGS: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"(?i)^\sof\s(?:(?:the|my|our|your|all|its|their|these|those|available)\s)*(?P<noun>\p{L}[\p{L}\p{N}_-]*)")
    });
    // What a share is of that is none of data: `a tenth of the steps`.
    static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^(?:steps?|updates|iterations|epochs?|batch\w*|learning|lr|rates?|width|size|peak|usual|layers?|heads?|weights?|parameters|dropout|hours?|minutes?|days?|weeks?|months?|years?|seconds?|time|budget|memory|price|costs?|tokens?|vocabulary|training|an?|what|which|it|that|this)$",
        )
    });
    static KEPT: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:aside|apart|hold\w*|held|keep\w*|kept|reserv\w*|withh\w*|leav\w*|left out|test(?:s|ed|ing)?|validat\w*|evaluat\w*|check\w*|judg\w*|verdict|assess\w*|unseen|unheard|(?:never|not|n['’]t) (?:be |been )?(?:in (?:the )?train\w*|seen|heard|shown|part of|trained))\b",
        )
    });
    const ENDS: [char; 7] = ['.', ',', ';', '!', '?', '(', '\n'];
    // `Test: newest quarter by received_at`.
    static BY: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^\s(?:by|according to|in time)\b"));
    static NEWEST: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:latest|newest|oldest|earliest|most recent)\s$"));
    let is_of_things = THINGS.captures(behind).is_some_and(|found| !OTHERS.is_match(&found["noun"]));
    let clause = [before.rsplit(ENDS).next(), behind.split(ENDS).next()];
    let is_ordered = NEWEST.is_match(before) && BY.is_match(behind);
    (is_of_things || is_ordered) && clause.into_iter().flatten().any(|part| KEPT.is_match(part))
}

/// To six digits.
fn neat(value: f64) -> String {
    plain((value * 1e6).round() / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_put_in_percent_where_rows_are_kept_out() {
        for (text, expected) in [
            ("a third of the rows for testing", "33.333333% of the rows for testing"),
            ("half for training, half for the test", "50% for training, 50% for the test"),
            ("use half the rows for testing", "use 50% the rows for testing"),
            ("train on half, test on the other half", "train on 50%, test on the other 50%"),
            ("hold out one fifth", "hold out 20%"),
            (
                "hold out a fifth of it with seed 3, test on half of our 2000 texts",
                "hold out 20% of it with seed 3, test on 50% of our 2000 texts",
            ),
            ("test on the last quarter of the rows", "test on the last 25% of the rows"),
            ("keep a quarter of reviews.csv aside", "keep 25% of reviews.csv aside"),
            ("test on the last tenth of the rows", "test on the last 10% of the rows"),
            (
                "three quarters of the data to train, the last quarter as test set",
                "75% of the data to train, the last 25% as test set",
            ),
            ("a random third of the rows for the test", "33.333333% of the rows for the test"),
            ("a fifth for testing, another fifth for validation", "20% for testing, 20% for validation"),
            ("a test split of a quarter", "a test split of 25%"),
            ("set aside a quarter of the bikes", "set aside 25% of the bikes"),
            ("put a third of our cars aside", "put 33.333333% of our cars aside"),
            ("check it on a fifth of the vans", "check it on 20% of the vans"),
            ("a fifth of the readers should not be heard in training", "20% of the readers should not be heard in training"),
            ("hold the newest fifth back for the test", "hold the newest 20% back for the test"),
            ("keep one van in five for testing", "keep 20% of the vans for testing"),
            ("one in ten vans goes to the test set", "10% of the vans goes to the test set"),
            ("test: newest quarter by received_at", "test: newest 25% by received_at"),
            ("thirty percent for testing, 5 per cent warm-up", "30% for testing, 5% warm-up"),
            ("lr 1‰, wd 5 ‰, 2.5 per mille", "lr 0.1 %, wd 0.5 %, 0.25 %"),
        ] {
            assert_eq!(in_percent(text), expected, "{text}");
        }
        for text in [
            "a third of the data",
            "a quarter of an hour for testing",
            "the third column as a test",
            "half the usual batch size to test it",
            "train on twice the data with half the learning rate",
            "a tenth of the data as a test run",
            "a third party for testing",
            "permillage",
            "10 percent",
            "evaluate with half precision",
            "test with half the batch size",
            "test on a third file c.csv",
            "a quarter of the steps, then test it",
            "half of the layers, kept frozen",
            "a third of the vans are old, keep that in mind",
            "test on the last quarter of 2024",
            "test on the last quarter",
            "half an hour, a quarter of a minute for testing",
        ] {
            assert_eq!(in_percent(text), text);
        }
    }
}
