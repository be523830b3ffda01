//! Which optimiser, and its values: `SGD with Nesterov momentum 0.9, wd 5e-4`, `AdamW (betas 0.9, 0.98; eps 1e-6)`.

use super::size::is_perceptron;
use super::{ONE_OF_TWO, first, real, share};
use crate::intake::request::pattern::patterns;
use crate::intake::request::rest::{Found, Rest, taken_if};
use crate::intake::request::wording::number::number;
use crate::intake::request::{Refused, Request};
use crate::intake::{OptimizerKind, regex};
use regex::Regex;
use std::sync::LazyLock;

patterns! {
    decay: [
        r"\b(?:weight[ _-]decay|wd)~#\s?(?P<unit>%|percent\b)?",
        r"^#\s?(?P<unit>%|percent\b)?\s?weight[- ]decay\b",
    ],
    penalty: [r"\balpha\s?[=:]\s?#", r"\bl2[ _-](?:penalty|regulari[sz]ation)~#"],
    nesterov: [
        r"\bnesterov(?:['’]s)?(?: (?:accelerated )?(?:momentum|gradients?))?\s?(?:of|=|:|with)?\s?(?P<v>0?\.\d+)",
        r"\bmomentum~#\s?(?:\(|,|with|and)*\s?nesterov(?: momentum)?\b",
        r"\bnesterov(?:['’]s)?(?: (?:accelerated )?(?:momentum|gradients?))?(?:\s?[=:]\s?true)?\b",
    ],
    momentum: [r"\bmomentum~#", r"^#\s?momentum\b"],
    betas: [
        r"\bbetas?\s?(?:of|=|:|are)?\s?[(\[]?\s?(?P<v>0?\.\d+)\s?(?:,|/|and)\s?(?P<w>0?\.\d+)\s?[)\]]?",
        r"(?:\bbeta_?1|β_?1|β₁)\s?[=:]?\s?(?P<v>0?\.\d+),?\s?(?:and )?(?:\bbeta_?2|β_?2|β₂)\s?[=:]?\s?(?P<w>0?\.\d+)",
        r"(?:\bbeta_?1|β_?1|β₁)\s?[=:]?\s?(?P<v>0?\.\d+)",
        r"(?:\bbeta_?2|β_?2|β₂)\s?[=:]?\s?(?P<w>0?\.\d+)",
    ],
    eps: [r"\b(?:adam[ _-])?(?:eps(?:ilon)?)~#", r"[εϵ]\s?[=:]?\s?#"],
    kind: [
        r"\b(?:optim(?:i[sz]er)?\s?(?:=|:|is)?\s?)?(?P<kind>sgd|adamw|adam|adagrad|adadelta|adamax|adafactor|rmsprop|l-?bfgs)(?:_torch)?\b(?: optimi[sz]er)?(?:\s\(?(?:with |at |of )?(?P<v>\d(?:\.\d+)?e-\d+|0?\.0\d*[1-9])\)?)?",
        // These mean other things, too.
        r"\b(?P<kind>lamb|lars|lion|muon)(?: as (?:the |an )?)? optimi[sz]er\b",
        r"\b(?:with|using|use|by|via|optim(?:i[sz]er)?\s?(?:=|:|is)?) (?:the )?(?P<kind>lamb|lars|lion|muon)\b(?:\s\(?(?:with |at )?(?P<v>\d(?:\.\d+)?e-\d+)\)?)?",
        // Where a rate or another value of an optimiser is said of one: `Lion at 3e-5`, `Muon (lr 0.02)`.
        r"(?:\A|[,;:.(¦]|\b(?:and|but|then|train|optimi[sz]e))\s*(?P<kind>lamb|lars|lion|muon)\s+\(?\s*(?:(?:with|at|using)\s+(?:an?\s+|the\s+)?)?(?:¦|(?P<v>\d(?:\.\d+)?e-\d+)\)?)",
    ],
}

/// Its values; `without` says which are not to be: decay, momentum.
pub(crate) fn find_values(rest: &mut Rest, request: &mut Request, [no_decay, no_momentum]: [Option<f64>; 2]) {
    let p = &*PATTERNS;
    // As scikit-learn calls it; of adapters, losses and changes of images it is another.
    let is_penalty = is_perceptron(request) && !["lora", "dora", "adapter", "mix", "focal"].iter().any(|word| rest.says(word));
    let cut = first(rest, &p.decay).or_else(|| if is_penalty { first(rest, &p.penalty) } else { None });
    request.weight_decay = request.value(cut, "0 to 10", |cut| share(cut, |decay| (0.0..=10.0).contains(&decay))).or(no_decay);
    let cut = first(rest, &p.nesterov);
    request.nesterov = cut.is_some();
    let cut = cut.filter(|cut| !cut.get("v").is_empty()).or_else(|| first(rest, &p.momentum));
    let momentum = request.value(cut, "0 to less than 1", |cut| real(cut, |momentum| (0.0..1.0).contains(&momentum)));
    request.momentum = momentum.or(no_momentum);
    let cut = first(rest, &p.betas);
    request.betas = request.value(cut, "two numbers from 0 to less than 1", |cut| {
        // Adam's own (1412.6980, algorithm 1) where one of the two is said.
        let beta = |name: &str, usual: f64| match cut.get(name) {
            "" => Some(usual),
            said => number(said).filter(|beta| (0.0..1.0).contains(beta)),
        };
        Some([beta("v", 0.9)?, beta("w", 0.999)?])
    });
    let cut = first(rest, &p.eps);
    request.eps = request.value(cut, "more than 0 and less than 1", |cut| real(cut, |eps| eps > 0.0 && eps < 1.0));
}

/// The one that is named; several are refused. A number at once behind it is its rate.
pub(crate) fn find_kind(rest: &mut Rest, request: &mut Request) {
    static OF_IMAGES: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^(?:\s(?:and|or|vs\.?|versus)\s\w+)?\s(?:photos?|images?|pictures?|species|animals?|classes|videos?|recordings?|events?|tracks?|data)\b",
        )
    });
    let judged = |found: &Found<'_>| taken_if(!OF_IMAGES.is_match(found.behind));
    while let Some(cut) = PATTERNS.kind.iter().find_map(|way| rest.cut_as(way, judged)) {
        let found = kind(cut.get("kind"));
        request.lr = request.lr.or(cut.number().filter(|rate| *rate > 0.0));
        match request.optimizer {
            Some(other) if other != found => {
                let words = format!("{} and {}", other.name(), cut.words);
                request.refused.push(Refused { words, expected: ONE_OF_TWO.into() });
            }
            _ => request.optimizer = Some(found),
        }
    }
}

fn kind(name: &str) -> OptimizerKind {
    match name.to_lowercase().as_str() {
        "sgd" => OptimizerKind::Sgd,
        "adamw" => OptimizerKind::AdamW,
        "adam" => OptimizerKind::Adam,
        "adagrad" => OptimizerKind::AdaGrad,
        "adadelta" => OptimizerKind::AdaDelta,
        "adamax" => OptimizerKind::AdaMax,
        "adafactor" => OptimizerKind::AdaFactor,
        "rmsprop" => OptimizerKind::RmsProp,
        "lamb" => OptimizerKind::Lamb,
        "lars" => OptimizerKind::Lars,
        "lion" => OptimizerKind::Lion,
        "muon" => OptimizerKind::Muon,
        _ => OptimizerKind::Lbfgs,
    }
}
