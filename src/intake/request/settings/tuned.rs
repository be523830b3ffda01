//! Which settings a search is to find, where they are named: `tune only the learning rate and the dropout`, `find good hyperparameters
//! (learning rate, weight decay)`. All else stays as it is.

use crate::intake::regex;
use crate::intake::request::Request;
use crate::intake::request::rest::{Found, Rest, taken_if};
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// A setting that a search may find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tuned {
    Rate,
    BatchSize,
    WeightDecay,
    Dropout,
    /// With its warm-up.
    Schedule,
    LabelSmoothing,
    Length,
    /// Which one, with its values.
    Optimizer,
    /// Its rank.
    Adapter,
    Ema,
    Clipping,
    Augmentation,
}

/// What each is called.
const NAMES: [(Tuned, &str); 12] = [
    (Tuned::Rate, r"(?:learning|step)[- ]rates?|lrs?|step[- ]sizes?"),
    (Tuned::BatchSize, r"(?:mini-?)?batch(?:[- ]sizes?)?|bs"),
    (Tuned::WeightDecay, r"weight[- ]decays?|wd|l2(?:[- ](?:penalty|regulari[sz]ation|norm))?"),
    (Tuned::Dropout, r"drop-?outs?(?:[- ](?:rates?|prob(?:ability|abilities)?))?"),
    (Tuned::Schedule, r"warm-?\s?ups?(?: (?:steps|ratio|length))?|(?:(?:lr|learning[- ]rate) )?schedul(?:e|er)s?"),
    (Tuned::LabelSmoothing, r"label[- ]smoothing"),
    (Tuned::Length, r"(?:number of |training )?(?:epochs|steps)|training length|length of (?:the )?training"),
    (Tuned::Optimizer, r"optimi[sz]ers?"),
    (Tuned::Adapter, r"(?:lora )?(?:rank|alpha|r)s?"),
    (Tuned::Ema, r"ema(?: decay)?"),
    (Tuned::Clipping, r"(?:gradient |grad )?clipping(?: norm)?"),
    (Tuned::Augmentation, r"augmentations?"),
];

/// What stands for all of them.
const ALL: &str = r"hyper-?\s?parameters?|hparams?|recipes?|settings|values|configurations?";

static WAYS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    let verb = r"(?:\b(?:tun(?:e|ing)|optimi[sz](?:e|ing)|sweep(?:ing)?(?: over)?|search(?:ing)?(?: for| over)?|vary(?:ing)?|explor(?:e|ing))\b|\b(?:find|pick|choose|select|determine|look(?:ing)? for|hunt(?:ing)? for|get|try(?: out)?|search(?:ing)?(?: for)?)(?:\s(?:out|me|us|the|a|an|some))*\s(?:good|best|better|optimal|right|suitable|sensible|decent|ideal)\b)";
    let lead = r"(?:\s(?:the|its|a|an|all|some|good|best|better|optimal|right|values?|of|for|only|just|nothing but|both))*";
    let one = NAMES.map(|(_, name)| name).join("|");
    let join = r"(?:\s?[,;/&+]\s?(?:(?:and|or)\s)?|\s(?:and|or|as well as|plus)\s)(?:(?:the|its|a|good|best)\s)*";
    let list = format!(r"(?P<list>(?:{one})(?:{join}(?:{one}))*)\b");
    [
        format!(r"(?:\bonly\s)?{verb}{lead}\s(?:(?:{ALL})\s?(?:[(:–-]|,?\s(?:of|for|like|such as|namely|i\.\s?e\.,?))\s?(?:(?:the|only|just)\s)*)?{list}\)?(?:\s(?:only|alone|and nothing else|values?))?"),
        // `Only the learning rate and the dropout are to be tuned`.
        format!(r"\b(?:only\s)?(?:the\s)?{list}\s(?:only\s)?(?:(?:is|are|should be|may be|to be|must be|shall be|be|being)\s)+(?:only\s)?(?:tuned|searched|optimi[sz]ed|swept|varied)\b(?:\s(?:only|alone))?"),
    ]
    .map(|form| regex(&format!("(?i){form}")))
});

/// The settings that are named; a list may be in two parts.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    // `Fine-tune epochs 3` searches for nothing, and `find a good learning rate of 1e-3` says which.
    static VALUE: LazyLock<Regex> = LazyLock::new(|| regex(r"^\s?(?:of|=|:|is|at|in)?\s?[\[({∈]?\s?[0-9.]"));
    let is_search = |found: &Found<'_>| {
        let before = found.before.trim_end_matches([' ', '-']).to_lowercase();
        taken_if(!before.ends_with("fine") && !VALUE.is_match(found.behind))
    };
    while let Some(cut) = WAYS.iter().find_map(|way| rest.cut_as(way, is_search)) {
        request.tunes.extend(named(cut.get("list")).into_iter().filter(|one| !request.tunes.contains(one)).collect::<Vec<_>>());
    }
    if !request.tunes.is_empty() {
        request.search = true;
        // `Everything else stays as it is`.
        static ELSE: LazyLock<Regex> = LazyLock::new(|| {
            regex(
                r"(?i)\b(?:and )?(?:keep |leave |with )?(?:everything|all|anything) else(?: (?:stays?|remains?|is|as|it|to|be|kept|left|the same|fixed|unchanged|constant|alone|they|are))*|\b(?:and )?nothing else\b",
            )
        });
        while rest.cut_plain(&ELSE).is_some() {}
    }
}

fn named(list: &str) -> Vec<Tuned> {
    static EACH: LazyLock<Vec<(Tuned, Regex)>> =
        LazyLock::new(|| NAMES.iter().map(|(tuned, name)| (*tuned, regex(&format!(r"(?i)\b(?:{name})\b")))).collect());
    EACH.iter().filter(|(_, name)| name.is_match(list)).map(|(tuned, _)| *tuned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::request::parse_request;

    #[test]
    fn what_is_named_is_tuned() {
        use Tuned::{BatchSize, Dropout, Rate, WeightDecay};
        for (text, expected) in [
            (
                "Find good hyperparameters (learning rate, dropout and weight decay; 9 trials) for an MLP on a.csv",
                &[Rate, WeightDecay, Dropout][..],
            ),
            ("Find a good learning rate, dropout and weight decay for an MLP on a.csv", &[Rate, WeightDecay, Dropout]),
            ("MLP on a.csv, tune only the learning rate and the dropout", &[Rate, Dropout]),
            ("MLP on a.csv, only the lr and batch size are to be tuned", &[Rate, BatchSize]),
            ("MLP on a.csv; search for the best weight decay", &[WeightDecay]),
            ("MLP on a.csv; sweep over lr and wd", &[Rate, WeightDecay]),
            ("MLP on a.csv; optimise dropout, with 9 trials", &[Dropout]),
            ("MLP on a.csv; look for the best batch size and weight decay, all else stays as it is", &[BatchSize, WeightDecay]),
        ] {
            let request = parse_request(text, |_| None);
            assert_eq!((&request.tunes[..], request.search), (expected, true), "{text}");
            assert_eq!(request.not_understood, Vec::<String>::new(), "{text}");
        }
        for text in
            ["MiniLM on a.csv, fine-tune epochs 3", "MLP on a.csv, tune hyperparameters", "MLP on a.csv, lr 1e-3 and dropout 0.1"]
        {
            assert_eq!(parse_request(text, |_| None).tunes, [], "{text}");
        }
        assert!(parse_request("MLP on a.csv, tune hyperparameters", |_| None).search);
    }
}
