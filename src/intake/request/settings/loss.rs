//! What a wrong number costs: `Huber loss with delta 0.5`, `train with an L1 loss`.

use super::{choose, real};
use crate::intake::regex;
use crate::intake::request::Request;
use crate::intake::request::pattern::patterns;
use crate::intake::request::rest::{Cut, Found, Rest, taken_if};
use crate::spec::NumberLoss;
use regex::Regex;
use std::sync::LazyLock;

patterns! {
    huber: [
        r"\b(?:(?:with|using|use|and|as|by|minimi[sz](?:e|ing)|optimi[sz](?:e|ing))\s)?(?:(?:an?|the)\s)?(?:huber(?:['’]s)?|smooth[- _]?l1)(?:[ -]loss(?: function)?)?[\s,(]*(?:(?:with|and|an?|its|of)\s)*(?:delta|δ|beta|threshold)\s?(?:=|:|of|at|is)?\s?#\s?\)?",
        r"\b(?:(?:with|using|use|and|as|by|minimi[sz](?:e|ing)|optimi[sz](?:e|ing))\s)?(?:(?:an?|the)\s)?(?:huber(?:['’]s)?|smooth[- _]?l1)(?:[ -]loss(?: function)?)?\b(?: as (?:the |a )?(?:training )?(?:loss|objective|criterion))?",
    ],
    // Apart from its name: `Huber loss, delta=2`.
    delta: [r"\b(?:huber[ _-])?delta\s?(?:of|=|:|is)?\s?#"],
    absolute: [
        r"\b(?:(?:with|using|use|and|as|by|minimi[sz](?:e|ing)|optimi[sz](?:e|ing))\s)?(?:(?:an?|the)\s)?(?:l1|mae|(?:mean )?absolute[- ]error)(?:[ -]loss(?: function)?| as (?:the |a )?(?:training )?(?:loss|objective|criterion))\b",
        r"\b(?:train|fit|optimi[sz]e|minimi[sz]e)(?:d|s|ing)?(?: (?:it|the model|directly))? (?:with|against|on|for) (?:the )?(?:l1|mae|mean absolute error)\b",
    ],
    squared: [
        r"\b(?:(?:with|using|use|and|as|by|minimi[sz](?:e|ing)|optimi[sz](?:e|ing))\s)?(?:(?:an?|the)\s)?(?:l2|mse|(?:mean )?squared[- ]error)(?:[ -]loss(?: function)?| as (?:the |a )?(?:training )?(?:loss|objective|criterion))\b",
    ],
}

pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    let huber = trained_with(rest, &p.huber);
    let words = huber.as_ref().map(|cut| cut.words.clone()).unwrap_or_default();
    let is_bare = huber.as_ref().is_some_and(|cut| cut.get("v").is_empty());
    // That of early stopping is another.
    let is_own =
        |found: &Found<'_>| taken_if(!found.before.to_lowercase().trim_end_matches([' ', '=', ':']).ends_with("min delta"));
    let apart = if is_bare { p.delta.iter().find_map(|way| rest.cut_as(way, is_own)) } else { None };
    let delta = request.value(apart.or(huber), "a delta of more than 0 and at most 1000", |cut| match cut.get("v") {
        // As PyTorch's.
        "" => Some(1.0),
        _ => real(cut, |delta| delta > 0.0 && delta <= 1000.0),
    });
    let mut said = delta.map(|delta| (words, NumberLoss::Huber { delta }));
    for (ways, loss) in [(&p.absolute, NumberLoss::Absolute), (&p.squared, NumberLoss::Squared)] {
        while let Some(cut) = trained_with(rest, ways) {
            request.refused.extend(choose(&mut said, cut.words, loss));
        }
    }
    request.number_loss = said.map(|(_, loss)| loss);
}

/// The first way of saying a loss that is not only watched: of `stop on the validation L1 loss` nothing is said of training.
fn trained_with(rest: &mut Rest, ways: &[Regex]) -> Option<Cut> {
    ways.iter().find_map(|way| rest.cut_as(way, |found| taken_if(!is_watched(found))))
}

/// Whether it is reported, watched or chosen by: the nearest verb before it in its clause says so, else what stands behind it.
fn is_watched(found: &Found<'_>) -> bool {
    static VERB: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?ix)\b(?:
                (?P<watches>(?:report|monitor|track|log|watch|measur|evaluat|validat|judg|scor|compar|plot|print|show|display|record|stop|halt|select|choos|pick)\w* | (?:val|dev|eval|test|held-out|holdout|metrics?|patience|checkpoint|best|lowest|plateaus?)\b)
                | (?:train|fit|us|optimi[sz]|minimi[sz]|penali[sz]|learn|tun|fine-?tun)(?:e|es|ed|ing|ning|ting|s|ted)?\b | (?:loss|objective|criterion|with)\b
            )",
        )
    });
    static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^\s(?:(?:of|on|over|for|from|as|in) (?:the |a |an |our |my )?(?:validation|val|dev|eval(?:uation)?|test|held[- ]out|holdout|metric|report|early[- ]stop\w*|(?:model|checkpoint)[- ]selection)\b|(?:has |have )?(?:stops?|stopped|plateaus?|no longer)\b)",
        )
    });
    let clause = found.before.rsplit([',', ';', '.', '¦', '(']).next().unwrap_or_default();
    // What is trained with is said at once: `and use an L1 loss`.
    let own = found.cut.words.split(' ').next().unwrap_or_default().to_lowercase();
    let is_used = ["use", "using", "with", "train", "fit"].contains(&own.as_str())
        || own.starts_with("minimi")
        || own.starts_with("optimi");
    let nearest = VERB.captures_iter(clause).last().map(|verb| verb.name("watches").is_some());
    // What stopping early is by is cut out already, up to here.
    let is_of_such = || own == "by" || [" on", " by"].iter().any(|end| clause.trim_end().ends_with(end));
    !is_used && nearest.unwrap_or_else(is_of_such) || BEHIND.is_match(found.behind)
}
