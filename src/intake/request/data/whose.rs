//! A part of those whose rows they are: `hold out 20% of the speakers`, `test on 9 patients`, `leave-subject-out`, `a subject-wise split`.
//! Whether a column says whose a row is is for the data to tell; where none does, a part is one of the rows.

use super::held::{is_watched, part};
use crate::intake::regex;
use crate::intake::request::pattern::pattern;
use crate::intake::request::rest::{Cut, Found, Judged, Rest, taken_if};
use crate::intake::request::{AskedPart, AskedSplit, Request, SplitBy};
use regex::Regex;
use std::sync::LazyLock;

/// Whom they are called by.
const WHOSE: &str = r"[`'\x22]?(?P<whose>[\p{L}_][\p{L}\p{N}_]*(?:\sids?)?)[`'\x22]?";
const ALL: &str = r"(?:(?:the|all|our|my|its|these|those|other|unseen|new|different|distinct|unique|whole|entire|complete|randomly|random|chosen|selected|individual|remaining)\s)*";
const FOR: &str = r"(?P<for>validat(?:e|ing|ion)|val|dev(?:elopment)?|test(?:s|ing)?|eval(?:uat(?:e|ing|ion))?|hold-?\s?out|held-?\s?out|verdict|checks?|checking|judg(?:e|ing)|assess(?:ing|ment)?)";

/// What is no group of rows but the rows themselves, a length of time, or something of training.
static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)^(?:data\w*|rows?|examples?|samples?|images?|pictures|photos|texts?|sentences|records?|recordings|entries|lines|pairs|points|instances|observations|cases|files?|set|sets|split|splits|it|them|this|that|these|those|which|total|corpus|training|train|test|validation|everything|whole|rest|time|times|seconds?|minutes?|hours?|days?|weeks?|months?|quarters?|years?|epochs?|steps?|batch(?:es)?|seeds?|runs?|trials?|folds?|layers?|weights|units|neurons|heads?|tokens?|words?|vocabulary|memory|gpus?|cpus?|cores|budget|classes|labels?|targets?|columns?|features?|parameters|loss|noise|one|two|k|a|an|new|unseen|other|last|first|for|as|to|at|in|on|by|from|with|and|or|of|per|out|aside|latest|newest|oldest|most|best|random)$",
    )
});

static WAYS: LazyLock<[Regex; 7]> = LazyLock::new(|| {
    let kept = r"\b(?:hold(?:ing)? (?:out|back)|held[- ]out|keep(?:ing)? (?:out|back|aside)|set(?:ting)? aside|put(?:ting)? aside|reserv(?:e|ing)|leav(?:e|ing) out|withhold(?:ing)?|split(?:ting)? off|(?:test|evaluat|validat|scor|check|judg|assess)(?:e|ing)?(?: it| the model)? (?:on|with|against))\s(?:(?:a|the|about|around|roughly|another|random)\s)*";
    let little = r"(?:\s(?:in|during|at|by|for|to|from|the|of|while)\b)*";
    let trained = r"\s(?:train\w*|model|network)\b(?:\s(?:set|data|split)\b)?";
    // What is said of rows in passing is no wish: `half of the reviews are not in English`.
    let unseen = format!(
        r"(?:(?:unseen|unheard)\b(?:{little}{trained})?|(?:unknown|new|(?:not|never)(?:\s(?:be|been|ever))*\s(?:seen|used|heard|shown|present|occur|appear|met|known|part of|trained on|in))\b{little}{trained})"
    );
    let purpose = format!(r"(?:\s(?:for|as|to|into|in)\s(?:(?:the|a|final)\s)*{FOR}\b(?: (?:set|split|data|purposes|only))?)");
    let is_kept = r"(?:\s(?:is|are|to|be|being|kept|held|set|left|put|out|aside|back|go|goes|should|must|shall|will))*";
    let split = r"(?:\s(?:random(?:ly)?|train[-/ ]test|¦))*(?:\s+¦|\s(?:split(?:s|ting)?|hold-?out|held-?out|test(?: set)?|evaluation|cross[- ]validation|cv|partition\w*|scheme|protocol))";
    [
        pattern(&format!(
            r"{kept}#(?:\s?(?P<unit>%|percent\b)\sof\s|\s(?:of\s)?){ALL}{WHOSE}\b(?:\s(?:out|aside|back|apart))?{purpose}?"
        )),
        pattern(&format!(
            r"(?:\b(?:use|using|take|taking|with|keep|keeping|put|putting|leave|leaving))?^#\s?(?:(?P<unit>%|percent\b)\sof\s|(?:of\s)?){ALL}{WHOSE}\b{is_kept}{purpose}"
        )),
        pattern(&format!(
            r"^#\s?(?P<unit>%|percent\b)\sof\s{ALL}{WHOSE}\s(?:(?:is|are|be|should|must|shall|will|may|can|have|has|do|to|stay|remain|being)\s)*(?:(?:held[- ]out|held back|left out|set aside|kept (?:out|aside))\b|{unseen})"
        )),
        // `Leave 6 participants out`: what they are stands between.
        pattern(&format!(
            r"\b(?:hold|keep|set|put|leave|split|take)(?:ing)?\s(?:(?:a|the|about|around|roughly|another|random)\s)*@\s?(?:(?P<unit>%|percent\b)\sof\s|(?:of\s)?){ALL}{WHOSE}\s(?:out|aside|back|apart|away|off)\b{purpose}?"
        )),
        // One in turn is cross-validation, which is no split.
        pattern(&format!(r"\bleave-{WHOSE}-out\b(?:\s(?:split|cross[- ]validation|cv|evaluation|hold-?out|scheme|protocol))?")),
        pattern(&format!(
            r"\b(?:test|evaluat|validat|scor)(?:e[ds]?|ed|ing|s)?(?: it| the model)?\s(?:on|with|against)\s(?:(?:the|only|some|completely|entirely|totally)\s)*(?:(?:unseen|new|held[- ]out|other|different|unknown)\s)+{WHOSE}\b(?:\sonly)?"
        )),
        pattern(&format!(
            r"\b(?:(?:a|an|the|with|using|use|do)\s)*{WHOSE}[- ](?:wise|level|disjoint|independent|based|grouped)\b{split}"
        )),
    ]
});

/// Of fewer no test is made: they are so many of something else.
pub(crate) const FEWEST_ROWS: usize = 20;

/// Before shares of rows, for these words say whose they are.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    if [
        "out", "aside", "back", "reserv", "test", "eval", "valid", "scor", "hold", "held", "wise", "level", "disjoint", "based",
        "unseen", "never", " not ", "check",
    ]
    .iter()
    .all(|word| !rest.says(word))
    {
        return;
    }
    for (at, way) in WAYS.iter().enumerate() {
        while let Some(cut) = rest.cut_as(way, |found| judged(at, found)) {
            take(at, cut, request);
        }
    }
}

fn judged(way: usize, found: &Found<'_>) -> Judged {
    let (cut, words) = (found.cut, found.cut.words.to_lowercase());
    if OTHERS.is_match(cut.get("whose")) {
        return Judged::Passed;
    }
    // `The 20% of the tickets created last` are those, and `500 reviews written last year` a part of their own.
    static LATE: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"(?i)^\s*(?:[\w-]+\s){0,3}?(?:last|latest|newest|most recent(?:ly)?|recently|oldest|first|earliest)\b")
    });
    if way <= 3 && LATE.is_match(found.behind) {
        return Judged::Passed;
    }
    // `100 reviews to test it` are for a look.
    static LOOK: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^\D*\d+\s\S+\sto\s(?:test|eval|check|judg|assess)"));
    if way == 1 && !cut.is_percent() && LOOK.is_match(&cut.words) {
        return Judged::Passed;
    }
    match way {
        // What is watched is drawn from all rows.
        0..=3 => {
            let purpose = if cut.get("for").is_empty() { words.split(' ').next().unwrap_or_default() } else { cut.get("for") };
            // A number stands before anything: what it is of has the form of several, or of a column.
            let whose = cut.get("whose").trim_matches(['`', '"', '\'']);
            let are_many = cut.is_percent() || whose.ends_with('s') || whose.contains('_');
            taken_if(
                are_many
                    && !is_watched(purpose)
                    && part(cut).is_some()
                    && (cut.is_percent() || cut.number().is_some_and(|n| n >= 2.0)),
            )
        }
        4 => Judged::Taken,
        5 => taken_if(cut.get("whose").ends_with('s') && !cut.words.to_lowercase().starts_with("valid")),
        // `Layer-wise` and `word-level` part no rows; how large the parts are stands at `¦`.
        _ => {
            const OF_MODELS: [&str; 20] = [
                "layer",
                "word",
                "sentence",
                "token",
                "character",
                "char",
                "byte",
                "subword",
                "element",
                "block",
                "channel",
                "pixel",
                "step",
                "epoch",
                "class",
                "time",
                "pair",
                "piece",
                "document",
                "row",
            ];
            taken_if(!OF_MODELS.contains(&cut.get("whose").to_lowercase().as_str()))
        }
    }
}

fn take(way: usize, cut: Cut, request: &mut Request) {
    let whose = cut.get("whose").trim_matches(['`', '"', '\'']).replace(' ', "_");
    let by = match way {
        0..=3 => {
            let said = part(&cut);
            let count = if let Some(AskedPart::Examples(count)) = said { Some(count) } else { None };
            // So few rows are no test.
            request.tested = request.tested.or(said.filter(|_| count.is_none_or(|count| count >= FEWEST_ROWS)));
            SplitBy::Some { of: whose, count }
        }
        _ => SplitBy::Group(whose),
    };
    request.parted.push(AskedSplit { words: cut.words, by });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::request::parse_request;

    fn parted(text: &str) -> (Option<AskedPart>, Vec<SplitBy>) {
        let request = parse_request(&format!("MLP on trial.csv, predict outcome, {text}, 5 epochs"), |_| None);
        (request.tested, request.parted.into_iter().map(|asked| asked.by).collect())
    }

    #[test]
    fn a_part_is_one_of_those_whose_rows_they_are() {
        let share = |of: &str| vec![SplitBy::Some { of: of.into(), count: None }];
        for (text, part, of) in [
            ("hold out 25% of the machines", 0.25, "machines"),
            ("set aside 10 % of all wells for testing", 0.1, "wells"),
            ("30% of the subjects for testing", 0.3, "subjects"),
            ("use 15% of the vessels as test set", 0.15, "vessels"),
            ("test on 40% of the plots", 0.4, "plots"),
            ("20% of the riders are held out", 0.2, "riders"),
            ("keep 15% of all riders for the test", 0.15, "riders"),
            ("put 15 % of the riders aside", 0.15, "riders"),
            ("a quarter of the riders should be unseen in training", 0.25, "riders"),
            ("a fifth of the riders must not be in the training set", 0.2, "riders"),
            ("keep a tenth of our riders for a final check", 0.1, "riders"),
        ] {
            assert_eq!(parted(text), (Some(AskedPart::Share(part)), share(of)), "{text}");
        }
        let some = |count| vec![SplitBy::Some { of: "turbines".into(), count: Some(count) }];
        assert_eq!(parted("test on 4 turbines"), (None, some(4)));
        assert_eq!(parted("leave 4 turbines out for the test"), (None, some(4)));
        assert_eq!(parted("leave four turbines out"), (None, some(4)));
        assert_eq!(parted("4 turbines are to be kept for testing"), (None, some(4)));
        assert_eq!(parted("hold out 40 turbines"), (Some(AskedPart::Examples(40)), some(40)));
        for text in ["leave-rider-out split", "rider-wise split"] {
            assert_eq!(parted(text).1, [SplitBy::Group("rider".into())], "{text}");
        }
        assert_eq!(parted("evaluate on unseen pumps").1, [SplitBy::Group("pumps".into())]);
        let (tested, by) = parted("rider-wise 70/30 split");
        assert_eq!((tested, by), (Some(AskedPart::Share(0.3)), vec![SplitBy::Group("rider".into())]));
    }

    #[test]
    fn rows_are_no_groups() {
        for text in [
            "hold out 20% of the rows",
            "test on 50 examples",
            "20% of the data for testing",
            "layer-wise lr decay 0.9",
            "test on unseen data",
            "hold out 20% stratified",
            "hold out 20% for the test",
            "leave rider out",
            "half of the riders are not in English",
            "20% of the riders are new",
            "use 100 riders to test it",
        ] {
            assert_eq!(parted(text).1, [], "{text}");
        }
    }
}
