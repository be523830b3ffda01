//! How much classes weigh in the loss: by how rare they are, or as somebody says of one or of all: `class weights 1 and 20`, `weight the
//! fraud class 20 to 1`, `upweight the positives 10x`.

use crate::intake::regex;
use crate::intake::request::pattern::patterns;
use crate::intake::request::rest::{Cut, Found, Rest, taken_if};
use crate::intake::request::wording::number::number;
use crate::intake::request::{Refused, Request};
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// Weights that were said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum AskedWeights {
    /// Of all classes, in their order.
    All { weights: Vec<f64> },
    /// Of some by their names; all others weigh 1.
    Some { weights: Vec<(String, f64)> },
    /// Of the rarer of two, or of the one that is looked for.
    Rare { weight: f64 },
}

patterns! {
    balanced: [
        r"\b(?:re-?)?weigh(?:t|ting|ed|ing)? (?:the )?(?:loss|classes|examples|samples|errors|them)(?: function)? (?:by|with|inversely(?: proportional)? (?:to|by))(?: the)?(?: (?:inverse|reciprocal)(?: of)?)?(?: (?:the|their|each))?(?: class(?:es)?['’]?)?[ -](?:frequenc(?:y|ies)|counts?|sizes?|rarity)\b|\b(?:inverse|reciprocal)[- ](?:class[- ])?frequency[- ](?:weights?|weighting|weighted loss)\b|\b(?:make|let) (?:the )?rare(?:r)? class(?:es)? (?:weigh|count) more\b|\bup-?weight(?:ing)? (?:the )?(?:rare|minority|small(?:er)?) class(?:es)?\b",
        r"\bweights? (?:for|of|on) (?:the )?(?:rare|rarer|minority|small|smaller|individual|single|different)? ?class(?:es)?\b",
        r"\b(?:balanced |inverse[- ]frequency )?class[- _](?:weights?|weighting)(?:\s?(?:[=:]|are)?\s?balanced)?\b|\b(?:class-?)?weighted loss\b|\bbalanced loss\b|\bweights? (?:are )?balanced (?:by|per|across|over) class(?:es)?\b|\b(?:re-?)?weighted classes\b|\bclasses (?:are |to be )?(?:re-?)?weighted\b|\b(?:re-?)?weigh(?:t|ting|ing)? (?:them|the class(?:es)?|each class|(?:rare|minority) classes|classes)\b(?: (?:by (?:their )?(?:inverse )?frequency|accordingly|equally))?|\b(?:handl|deal|account|correct|compensat|address)\w* (?:with |for )?(?:the )?(?:class )?imbalance\b|\bclass imbalance\b[:,]? ?(?:use |with )?weights\b"],
    // In braces each class has its name.
    named: [r"\bclass[- _]weights?\s?(?:[=:]|of|are)?\s?\{(?P<map>[\w\s:=,.'\x22-]{3,200})\}"],
    all: [
        r"\bclass[- _]weights?\s?(?:[=:]|of|are|at)?\s?[\[(]?\s?(?P<list>\d+(?:\.\d+)?(?:(?:\s?,\s?(?:and\s)?|\sand\s|\s?/\s?|\s?:\s?|\sto\s)\d+(?:\.\d+)?)+)\s?[\])]?",
    ],
    // So many times as much as all others. What is missed is what is looked for.
    one: [
        r"\b(?:false negatives?|a miss|misses|misses of it)(?:\s(?:is|are|costs?|hurts?|weighs?|counts?|should|must|be|weigh|count|us|about|roughly|some|as))*\s@(?:x\b|×|times\b|-?fold\b)\s(?:worse|more|heavier|costlier|dearer|as (?:much|bad|expensive|costly|heavy|heavily|serious|dear))\b(?:\s(?:as|than|an?|the|one|false|alarms?|positives?|it|others?|any|us|ones?)\b)*",
        r"\b(?:(?:miss(?:ed|ing)|overlook(?:ed|ing)|undetected|unnoticed|fail(?:ing|ure)? to (?:catch|spot|find|detect|see)|not (?:catching|spotting|finding|detecting)|(?:errors?|mistakes) (?:on|in|for|with))\s(?:(?:an?|the|any|one|real|actual|true|of|every|each)\s)*)(?P<class>[`'\x22]?[\p{L}0-9_][\w-]*[`'\x22]?)(?:\s(?:is|are|costs?|hurts?|weighs?|counts?|should|must|be|weigh|count|us|about|roughly|some|as|class|rows|examples|cases))*\s@(?:x\b|×|times\b|-?fold\b)\s(?:worse|more|heavier|costlier|dearer|as (?:much|bad|expensive|costly|heavy|heavily|serious|dear))\b(?:\s(?:as|than|an?|the|one|false|alarms?|positives?|it|others?|any|us|ones?)\b)*",
        r"\b(?:(?:an?|every|each|any) )(?P<class>[\p{L}0-9_][\w-]*) (?:that )?(?:(?:we|you|i|it|the model|goes|is|gets) )(?:miss(?:es|ed)?|overlook(?:s|ed)?|unnoticed|undetected)(?:\s(?:is|costs?|hurts?|weighs?|counts?|should|must|be|us|about|roughly|some|as)\b)*\s@(?:x\b|×|times\b|-?fold\b)\s(?:worse|more|heavier|costlier|dearer|as (?:much|bad|expensive|costly|heavy|heavily|serious|dear))\b(?:\s(?:as|than|an?|the|one|false|alarms?|positives?|it|others?|any|us|ones?)\b)*",
        r"\bcount(?:ing)? (?:every|each|all|the|an?|any) (?P<class>[`'\x22]?[\p{L}0-9_][\w-]*[`'\x22]?)(?: (?:class|rows|examples|cases|ones|samples))? @(?:x\b|×|times\b|-?fold\b)",
        r"\b(?:pos(?:itive)?[ _]weight|scale[ _]pos[ _]weight)~#",
        r"\b(?:up-?)?weigh(?:t|ting|ing)? (?:(?:the|an?|every|each) )?(?:(?:missed|overlooked|undetected) |errors on |examples of |class(?: of)? )?(?P<class>[`'\x22]?[\p{L}0-9_][\w-]*[`'\x22]?)(?: (?:class|rows|examples|cases|ones|samples))?(?: (?:by|with|at|up|a factor of|as))*\s#\s?(?:x\b|×|times\b|-?fold\b|to 1\b|:\s?1\b)(?: (?:more|as much|as high|heavier|higher|stronger)(?: than (?:the |all )*(?:others?|rest|other (?:class|classes|one)))?)?(?: in the loss)?",
        r"\b(?:give|giving|with) (?:the )?(?:class )?(?P<class>[`'\x22]?[\p{L}0-9_][\w-]*[`'\x22]?)(?: class)? (?:a )?(?:class )?weight~#(?:\s?x\b)?(?: in the loss)?",
        r"\b(?:a )?weight of #(?:\s?x\b)? (?:for|on|to) (?:the )?(?:class )?(?P<class>[`'\x22]?[\p{L}0-9_][\w-]*[`'\x22]?)(?: class)?\b",
        r"\bclass (?P<class>[`'\x22]?[\p{L}0-9_][\w-]*[`'\x22]?) (?:has |gets |should get |with )?(?:a )?weight~#",
        r"\b(?P<class>[\p{L}_][\w-]*)(?: (?:class|rows|examples|cases|ones))? (?:count|counts|weighs?|should (?:count|weigh)) @\s?(?:x\b|×|times\b)(?: (?:more|as much|as heavy|in the loss|as others|as the others?|than the others?))*",
    ],
}

/// What of two is the rarer, without its name.
const RARE: [&str; 18] = [
    "them",
    "these",
    "those",
    "it",
    "rare",
    "rarer",
    "rarest",
    "minority",
    "small",
    "smaller",
    "positive",
    "positives",
    "pos",
    "anomaly",
    "anomalies",
    "hits",
    "event",
    "events",
];

pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    let words = [
        "weigh",
        "imbalance",
        "balanced loss",
        " count",
        "miss",
        "overlook",
        "false negative",
        "undetected",
        "unnoticed",
        "errors",
        "mistakes",
        "fail",
    ];
    if words.iter().all(|word| !rest.says(word)) {
        return;
    }
    let p = &*PATTERNS;
    if let Some(cut) = p.named.iter().find_map(|way| rest.cut(way)) {
        let expected = "a weight above 0 for each class that is named";
        request.given_weights = request.value(Some(cut), expected, |cut| {
            let pair = |part: &str| {
                let (name, weight) = part.rsplit_once([':', '='])?;
                let name = name.trim().trim_matches(['\'', '"', '`']).to_string();
                Some((name, number(weight.trim()).filter(|weight| *weight > 0.0)?))
            };
            let weights: Option<Vec<(String, f64)>> = cut.get("map").split(',').map(pair).collect();
            Some(AskedWeights::Some { weights: weights? })
        });
    }
    if let Some(cut) = p.all.iter().find_map(|way| rest.cut(way)) {
        request.given_weights = request.value(Some(cut), "weights of at least 0", |cut| {
            static ONE: LazyLock<Regex> = LazyLock::new(|| regex(r"\d+(?:\.\d+)?"));
            let weights: Vec<f64> = ONE.find_iter(cut.get("list")).filter_map(|one| number(one.as_str())).collect();
            weights.iter().any(|weight| *weight > 0.0).then_some(AskedWeights::All { weights })
        });
    }
    one_each(rest, request);
    let is_said = p.balanced.iter().any(|way| rest.cut(way).is_some());
    // Weights of their own are no balanced ones.
    request.class_weights = is_said && request.given_weights.is_none();
}

/// Of one class, or of several one after the other.
fn one_each(rest: &mut Rest, request: &mut Request) {
    // `Weight decay 3 times` is of no class.
    let is_class = |found: &Found<'_>| {
        let class = found.cut.get("class").to_lowercase();
        taken_if(!matches!(
            class.as_str(),
            "decay"
                | "the"
                | "by"
                | "of"
                | "loss"
                | "decays"
                | "each"
                | "class"
                | "a"
                | "which"
                | "values"
                | "value"
                | "data"
                | "entries"
                | "cells"
                | "is"
                | "costs"
                | "hurts"
        ))
    };
    while let Some(cut) = PATTERNS.one.iter().find_map(|way| rest.cut_as(way, is_class)) {
        let Some((class, weight)) = one(&cut) else {
            request.refused.push(Refused { words: cut.words, expected: "a weight above 0".into() });
            continue;
        };
        let is_rare = class.is_empty() || RARE.contains(&class.to_lowercase().as_str());
        match request.given_weights.take() {
            Some(AskedWeights::Some { mut weights }) if !is_rare => {
                // `A missed default costs 5 times as much, so weight defaults 5 to 1`.
                let is_again = |(own, same): &(String, f64)| *same == weight && singular(own) == singular(&class);
                if !weights.iter().any(is_again) {
                    weights.push((class, weight));
                }
                request.given_weights = Some(AskedWeights::Some { weights });
            }
            None if is_rare => request.given_weights = Some(AskedWeights::Rare { weight }),
            None => request.given_weights = Some(AskedWeights::Some { weights: vec![(class, weight)] }),
            other => {
                request.given_weights = other;
                request.refused.push(Refused { words: cut.words, expected: super::ONE_OF_TWO.into() });
            }
        }
    }
}

fn singular(class: &str) -> String {
    class.to_lowercase().trim_end_matches('s').to_string()
}

fn one(cut: &Cut) -> Option<(String, f64)> {
    let class = cut.get("class").trim_matches(['\'', '"', '`']).to_string();
    Some((class, cut.number().filter(|weight| *weight > 0.0 && *weight <= 1e6)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::request::parse_request;

    #[test]
    fn weights_of_classes_are_read_as_they_are_said() {
        let rare = |weight| Some(AskedWeights::Rare { weight });
        let one = |class: &str, weight| Some(AskedWeights::Some { weights: vec![(class.to_string(), weight)] });
        for (text, expected) in [
            ("MLP on a.csv, class weights 1 and 15", Some(AskedWeights::All { weights: vec![1.0, 15.0] })),
            ("MLP on a.csv, class_weights=[0.5, 2, 1]", Some(AskedWeights::All { weights: vec![0.5, 2.0, 1.0] })),
            ("MLP on a.csv, class weights 1:10", Some(AskedWeights::All { weights: vec![1.0, 10.0] })),
            (
                "MLP on a.csv, class_weight={'no': 1, 'yes': 8}",
                Some(AskedWeights::Some { weights: vec![("no".into(), 1.0), ("yes".into(), 8.0)] }),
            ),
            ("MLP on a.csv. Weight the default class 12 to 1 in the loss.", one("default", 12.0)),
            ("MLP on a.csv, weight class leaver 3 times", one("leaver", 3.0)),
            ("MLP on a.csv. Defaults are rare, so upweight them 10x", rare(10.0)),
            ("MLP on a.csv, pos_weight=7", rare(7.0)),
            ("MLP on a.csv. A missed fraud is 8 times worse than a false alarm.", one("fraud", 8.0)),
            ("MLP on a.csv. Missing a default costs us about five times as much as a false alarm.", one("default", 5.0)),
            ("MLP on a.csv. Overlooking a leak is twelve times as bad as a false alarm", one("leak", 12.0)),
            ("MLP on a.csv, weight a missed fraud 8 to 1", one("fraud", 8.0)),
            ("MLP on a.csv. False negatives hurt 4 times more than false positives.", rare(4.0)),
            ("MLP on a.csv. Errors on spam should weigh three times as much", one("spam", 3.0)),
            ("MLP on a.csv. Missing a leak costs 5 times as much as a false alarm, so weight leaks 5 to 1", one("leak", 5.0)),
            ("MLP on a.csv. A default we miss hurts 6 times as much as a false alarm.", one("default", 6.0)),
            ("MLP on a.csv. Count every leaver four times.", one("leaver", 4.0)),
            ("MLP on a.csv. Missing readings are 3 times as frequent in winter", None),
            ("MLP on a.csv. Missing values are 8 times as frequent in winter", None),
            ("MLP on a.csv, balanced class weights", None),
            ("MLP on a.csv, weight decay 0.01, 3 times as long", None),
        ] {
            let request = parse_request(text, |_| None);
            assert_eq!(request.given_weights, expected, "{text}: {request:?}");
            assert_eq!(request.refused, [], "{text}");
            assert!(expected.is_none() || !request.class_weights, "{text}");
        }
        assert!(parse_request("MLP on a.csv, balanced class weights", |_| None).class_weights);
    }
}
