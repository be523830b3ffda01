//! Settings that are numbers: learning rate, batch size, epochs and so on. One row of [`RULES`] each way of saying one.

use super::{Findings, Place, numbers, scope};
use crate::intake::{FieldKey, Scope, Unit, Value};
use std::ops::Range;
use std::sync::LazyLock;

/// One way of saying a setting: `{n}` is a number or a list of them, `{of}` what stands between a name and its value.
struct Rule {
    key: FieldKey,
    pattern: &'static str,
    unit: Option<Unit>,
    /// Values outside are not this setting.
    within: (f64, f64),
}

const fn rule(key: FieldKey, pattern: &'static str, unit: Option<Unit>, within: (f64, f64)) -> Rule {
    Rule { key, pattern, unit, within }
}

const LR: (f64, f64) = (1e-8, 5.0);
const SHARE: (f64, f64) = (0.0, 0.9999999);
const COUNT: (f64, f64) = (1.0, 1e12);

const RULES: &[Rule] = &[
    rule(FieldKey::Lr, r"\b(?:learning[- ]rates?|step[- ]?size|lr)\b{of}{n}", None, LR),
    rule(FieldKey::Lr, r"{n} (?:as )?(?:the |a )?(?:initial |base |peak |maximum )?learning rate", None, LR),
    rule(FieldKey::Lr, r"\bα{of}{n}", None, LR),
    rule(FieldKey::Beta1, r"\b(?:β[₁1]|beta_?1){of}{n}", None, SHARE),
    rule(FieldKey::Beta2, r"\b(?:β[₂2]|beta_?2){of}{n}", None, SHARE),
    rule(FieldKey::Eps, r"(?:[ϵεǫ]|\bepsilon|\beps){of}{n}", None, (1e-16, 1e-2)),
    rule(FieldKey::Momentum, r"\bmomentum(?: (?:coefficient|parameter|term|value))?{of}{n}", None, SHARE),
    rule(
        FieldKey::WeightDecay,
        r"\bweight[- ]decay(?: (?:factor|rate|coefficient|parameter|regulari[sz]ation|value))?{of}{n}",
        None,
        (0.0, 1.0),
    ),
    rule(FieldKey::WeightDecay, r"{n} weight[- ]decay", None, (0.0, 1.0)),
    rule(FieldKey::BatchSize, r"\b(?:mini-?\s?)?batch[- ]?sizes?{of}{n}", Some(Unit::Examples), COUNT),
    rule(FieldKey::BatchSize, r"\b(?:mini-?)?batch(?:es)? of (?:size )?{n}", Some(Unit::Examples), COUNT),
    rule(
        FieldKey::BatchSize,
        r"\bbatch (?:contain|consist|compris)\w* (?:of )?[^.;\d]{0,60}?{n}(?: \w+)?",
        Some(Unit::Examples),
        COUNT,
    ),
    rule(FieldKey::Epochs, r"\b(?:number of |training |# ?)?epochs?\s*[:=]\s*{n}", Some(Unit::Epochs), COUNT),
    rule(FieldKey::Epochs, r"\bafter {n} epochs? \(\w+\) and {n2} epochs?", Some(Unit::Epochs), COUNT),
    rule(
        FieldKey::Epochs,
        r"\b(?:for|over|after|in|to) (?:a total of |up to |a maximum of |about |approximately |the first )?{n} (?:training |full )?epochs?",
        Some(Unit::Epochs),
        COUNT,
    ),
    rule(
        FieldKey::Steps,
        r"\b(?:for|at|after) (?:a total of |up to |a maximum of |about |approximately )?{n} (?:training |gradient |update |optimi[sz]ation |optimi[sz]er )?(?:steps|iterations|updates)\b",
        Some(Unit::Steps),
        COUNT,
    ),
    rule(
        FieldKey::Warmup,
        r"\bwarm(?:ed|ing)?[- ]?up[^.;\d]{0,40}?\b(?:over|for|of|in|during|is|to) (?:the )?(?:first )?{n}\s*(?:training |update )?(?:steps|iterations|updates|epochs|tokens|%)",
        Some(Unit::Steps),
        COUNT,
    ),
    rule(FieldKey::Warmup, r"\bwarm-?_?\s?up[_ ]steps{of}{n}", Some(Unit::Steps), COUNT),
    rule(FieldKey::Warmup, r"\bwarm-?\s?up (?:ratio|proportion|fraction){of}{n}", Some(Unit::Fraction), SHARE),
    rule(FieldKey::Warmup, r"{n} (?:linear )?warm-?\s?up (?:steps|iterations|updates|epochs)", Some(Unit::Steps), COUNT),
    rule(
        FieldKey::Warmup,
        r"\bwarm(?:ed)?[- ]?up\b[^.;]{0,70}\((?:about |approximately )?{n} (?:steps|iterations)\)",
        Some(Unit::Steps),
        COUNT,
    ),
    rule(FieldKey::Warmup, r"\bwarm(?:ed)?[- ]?up\b[^.;\d]{0,40}\bfirst {n}\s*% of", Some(Unit::Percent), (0.0, 100.0)),
    rule(FieldKey::Dropout, r"\bdrop-?out(?: (?:probability|probabilities|rate|ratio|prob\.?))?{of}{n}", None, SHARE),
    rule(FieldKey::Dropout, r"\bP_?drop{of}{n}", None, SHARE),
    rule(FieldKey::Dropout, r"{n} drop-?out", None, (0.0, 99.0)),
    rule(
        FieldKey::LabelSmoothing,
        r"\blabel[- ]smoothing(?: (?:of value|factor|parameter))?(?: [ϵεǫ]?_?ls)?{of}{n}",
        None,
        SHARE,
    ),
    rule(FieldKey::LabelSmoothing, r"[ϵεǫ]_?ls{of}{n}", None, SHARE),
    rule(FieldKey::GradClipNorm, r"\b(?:gradients?|grad)[- ](?:norm )?clip\w*(?: \w+){0,4}?{of}{n}", None, (1e-6, 1e4)),
    rule(FieldKey::GradClipNorm, r"\bclip\w*\b[^.;\d]{0,50}\bnorm{of}{n}", None, (1e-6, 1e4)),
    rule(
        FieldKey::MaxSeqLen,
        r"\b(?:sequence|context|input) (?:length|size|window) from \d+ to {n}",
        Some(Unit::Tokens),
        (8.0, 1e7),
    ),
    rule(
        FieldKey::MaxSeqLen,
        r"\b(?:(?:maximum|max\.?|combined|total|input|sequence|context) ){1,3}(?:length|len\.?|size|window){of}{n}",
        Some(Unit::Tokens),
        (8.0, 1e7),
    ),
    rule(FieldKey::MaxSeqLen, r"\bsequences? (?:of )?(?:up to|at most|of length|length) {n}", Some(Unit::Tokens), (8.0, 1e7)),
    rule(FieldKey::LoraRank, r"\brank{of}(?:r ?= ?)?{n}", None, (1.0, 4096.0)),
    rule(FieldKey::LoraRank, r"\br_?q ?= ?r_?v ?= ?{n}", None, (1.0, 4096.0)),
    rule(FieldKey::LoraAlpha, r"\bLoRA (?:α|alpha){of}{n}", None, (1.0, 4096.0)),
];

/// What stands between a setting's name and its value.
const OF: &str = concat!(
    r"(?:\s*[\(\[][A-Za-zα-ωϵε₀-₉ ]{1,18}[\)\]])?",
    r"(?:\s*(?:\b(?:of|is|are|was|were|be|been|set|to|at|from|in|with|a|an|the|value|values|rate|fixed|constant|starting|starts|start|initial|",
    r"initially|equal|equals|among|between|either|kept|always|also|same|default|around|about|approximately|up|range|following|size|used|tuned|",
    r"chosen|selected|we|use)\b|[:=∈≈≤~,\(\[\{]))*\s*",
);

struct Compiled {
    rule: &'static Rule,
    pattern: regex::Regex,
}

static COMPILED: LazyLock<Vec<Compiled>> = LazyLock::new(|| {
    let list = numbers::list();
    let compile = |rule: &'static Rule| {
        let pattern =
            rule.pattern.replace("{of}", OF).replace("{n2}", &format!("(?P<w>{list})")).replace("{n}", &format!("(?P<v>{list})"));
        Compiled { rule, pattern: crate::intake::regex(&format!("(?i){pattern}")) }
    };
    RULES.iter().map(compile).collect()
});

pub(super) fn find(at: &Place<'_>, found: &mut Findings<'_>) {
    let text = at.text();
    absent(at, found);
    if !text.contains(|c: char| c.is_ascii_digit()) || !is_said(text) {
        return;
    }
    let mut taken: Vec<(FieldKey, Range<usize>)> = Vec::new();
    for Compiled { rule, pattern } in COMPILED.iter() {
        for words in pattern.captures_iter(text) {
            let (Some(whole), Some(value)) = (words.get(0), words.name("v")) else { continue };
            let overlaps =
                taken.iter().any(|(key, range)| *key == rule.key && range.start < value.end() && whole.start() < range.end);
            if overlaps || !applies(rule, text, whole.range(), value.range()) || !is_said(at.sentence.part(value.start())) {
                continue;
            }
            let mut values = numbers::parse_list(value.as_str());
            values.extend(words.name("w").iter().flat_map(|w| numbers::parse_list(w.as_str())));
            if values_fit(rule, &values, value.as_str()) {
                let (values, unit) = with_unit(rule, values, text, value.range(), whole.end());
                taken.push((rule.key, whole.start()..value.end()));
                let weight = weight(rule, text, value.end());
                let others = one_each(text, value.end());
                let scope = others.first().map_or_else(|| at.scope.clone(), |(_, of)| of.clone().or(at.scope));
                let own = Place { scope: &scope, ..*at };
                found.say_if(weight, &own, rule.key, Value::from_numbers(values), unit, whole.range());
                for (number, of) in &others[others.len().min(1)..] {
                    let Some(value) = numbers::parse(&text[number.clone()]).filter(|v| values_fit(rule, &[*v], "")) else {
                        continue;
                    };
                    let scope = of.clone().or(at.scope);
                    let own = Place { scope: &scope, ..*at };
                    let (values, unit) = with_unit(rule, vec![value], text, number.clone(), number.end);
                    found.say_if(weight, &own, rule.key, Value::from_numbers(values), unit, number.clone());
                }
            }
        }
    }
}

/// `384 for WikiSQL, 768 for MNLI, and 2048 for SAMSum`: the numbers after `end`, and what each is for; the first is the one that ends
/// there. Empty unless there are at least two.
fn one_each(text: &str, end: usize) -> Vec<(Range<usize>, Scope)> {
    static FOR: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:\s\p{L}+)?\s(?:for|on)\s(?P<x>(?:the\s)?[^,;.()]{2,40}?)(?:\s?\([^()]*\))?(?P<end>,\sand\s|,\s|\sand\s|[.;]|$)",
        )
    });
    static NUMBER: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(&format!("^{}", numbers::NUMBER)));
    let mut all = Vec::new();
    let mut number = end..end;
    while let Some(words) = FOR.captures(&text[number.end..]) {
        let (Some(whole), Some(of)) = (words.get(0), words.name("x")) else { break };
        let of = scope::of_text(of.as_str());
        if of.is_empty() {
            break;
        }
        all.push((number.clone(), of));
        let next = number.end + whole.end();
        let Some(found) = NUMBER.find(&text[next..]) else { break };
        number = next..next + found.end();
    }
    if all.len() < 2 { Vec::new() } else { all }
}

/// How much a setting counts whose words go on like this: one of several in turn, one for a part of the training,
/// or one in a list of many models, is not the recipe.
fn weight(rule: &Rule, text: &str, end: usize) -> f32 {
    static OTHERWISE: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^\)?\s?(?:or|vs\.?|versus)\s[\p{L}_₀-₉]{1,8}\s?="));
    static PART: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^[^.;]{0,30}\bfor (?:the )?(?:first |last |remaining |rest )?(?:\d+\s?%|half) of (?:the )?(?:steps|training|updates|epochs|time)",
        )
    });
    static LISTED: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"\b[A-Z][A-Za-z]*(?:-[A-Z])?(?:/\d+|\d+x\d+)\b"));
    if LISTED.find_iter(text).count() > 3 {
        return 0.7;
    }
    let rest = &text[end..];
    let in_part = rule.key != FieldKey::Warmup && PART.is_match(rest);
    if in_part || OTHERWISE.is_match(rest) { 0.7 } else { 1.0 }
}

/// A sentence or a setting of a list, not the legend of a figure.
fn is_said(text: &str) -> bool {
    const SMALL: [&str; 20] = [
        "the", "a", "of", "we", "is", "are", "was", "with", "for", "to", "and", "in", "on", "use", "set", "over", "each",
        "about", "by", "at",
    ];
    text.contains(": ")
        || text.starts_with('•')
        || text.split_whitespace().any(|word| SMALL.contains(&word.to_lowercase().as_str()))
}

fn values_fit(rule: &Rule, values: &[f64], written: &str) -> bool {
    let share = if written.contains('%') && rule.within.1 <= 1.0 { 100.0 } else { 1.0 };
    !values.is_empty() && values.iter().all(|v| (rule.within.0..=rule.within.1).contains(&(v / share)))
}

/// Whether the words mean this setting of the paper's own, rather than something that only looks alike.
fn applies(rule: &Rule, text: &str, whole: Range<usize>, value: Range<usize>) -> bool {
    static OTHER_UNIT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"^\s?(?:%|k\b|steps|iterations|epochs|layers|times|days|hours|tokens|×|[- ]?fold)")
    });
    static FACTOR: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)(?:by|factor of|divided? (?:it )?by)\s*$"));
    let after = &text[value.end..];
    let before = &text[..whole.start];
    let inside = text[whole.start..value.start].to_lowercase();
    match rule.key {
        FieldKey::Lr if inside.starts_with('α') && !speaks_of_rates(text) => false,
        FieldKey::Lr => !OTHER_UNIT.is_match(after) && !FACTOR.is_match(before) && !inside.contains("warm"),
        FieldKey::WeightDecay | FieldKey::Momentum | FieldKey::Beta1 | FieldKey::Beta2 => !OTHER_UNIT.is_match(after),
        // `10 % of dropout layers`; `50% dropout` is meant.
        FieldKey::Dropout => !after.starts_with(" layers"),
        FieldKey::Epochs => !before.trim_end().ends_with("every") && !decays_there(before),
        FieldKey::Steps => !is_other_count(before) && !decays_there(before) && !text[whole].to_lowercase().contains("warm"),
        FieldKey::BatchSize => !after.starts_with(" GPUs"),
        FieldKey::LoraRank => !text.starts_with("Figure") && !inside.contains("rank r ="),
        _ => true,
    }
}

/// `α` is a learning rate beside words on learning rates, optimisers or their other constants; else a penalty, a weight, a rank.
fn speaks_of_rates(text: &str) -> bool {
    static RATES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:learning[- ]rates?|step[- ]?sizes?|optimi[sz](?:er|ers|ation)|gradient descent|adam\w?|sgd|adagrad|rmsprop|momentum)\b|β[₁₂12]|\bbeta_?[12]",
        )
    });
    static OTHER: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:penalty|beam|lora|rank|significance|smoothing|temperature)\b"));
    RATES.is_match(text) && !OTHER.is_match(text)
}

/// Steps at which something happens are not the length of training.
fn is_other_count(before: &str) -> bool {
    let before = before.to_lowercase();
    let clause = before.rsplit([',', ';', '(']).next().unwrap_or_default();
    ["warm", "first", "every", "each", "evaluat", "checkpoint", "average"].iter().any(|word| clause.contains(word))
}

/// `divide it by 10 at {32k and 48k} iterations`.
fn decays_there(before: &str) -> bool {
    let before = before.to_lowercase();
    let clause = before.rsplit([';', '.']).next().unwrap_or_default();
    let clause = clause.rsplit_once(" and terminate").map_or(clause, |(_, rest)| rest);
    let clause = clause.rsplit(',').next().unwrap_or_default();
    ["divide", "decay", "drop", "reduc", "lower", "multipl", "anneal"].iter().any(|word| clause.contains(word))
}

/// The unit that stands with the number, and percentages of a share as a share.
fn with_unit(rule: &Rule, mut values: Vec<f64>, text: &str, value: Range<usize>, end: usize) -> (Vec<f64>, Option<Unit>) {
    let near = text[value.start..].chars().take(value.len() + 24).collect::<String>().to_lowercase();
    let percent = text[value].contains('%');
    let unit = match rule.key {
        FieldKey::Warmup if rule.unit == Some(Unit::Percent) || text[..end].ends_with('%') => Some(Unit::Fraction),
        FieldKey::Warmup if near.contains("epoch") => Some(Unit::Epochs),
        FieldKey::Warmup if near.contains("token") => Some(Unit::Tokens),
        FieldKey::BatchSize if near.contains("token") || near.contains("words") => Some(Unit::Tokens),
        _ => rule.unit,
    };
    let as_share = matches!(rule.key, FieldKey::Dropout | FieldKey::WeightDecay | FieldKey::LabelSmoothing) && percent;
    if as_share || unit == Some(Unit::Fraction) && values.iter().any(|v| *v > 1.0) {
        values.iter_mut().for_each(|v| *v /= 100.0);
    }
    (values, unit)
}

/// `We do not use dropout`, `no weight decay`.
fn absent(at: &Place<'_>, found: &mut Findings<'_>) {
    static NONE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:no|without(?: any)?|do(?:es)? not use|did not use|not using) (?:any )?(dropout|weight decay|label smoothing)\b",
        )
    });
    for words in NONE.captures_iter(at.text()) {
        let (Some(whole), Some(what)) = (words.get(0), words.get(1)) else { continue };
        let key = match what.as_str().to_lowercase().as_str() {
            "dropout" => FieldKey::Dropout,
            "weight decay" => FieldKey::WeightDecay,
            _ => FieldKey::LabelSmoothing,
        };
        // `with and without dropout` is a comparison.
        if !at.text()[..whole.start()].ends_with("and ") {
            found.say(at, key, Value::Number { value: 0.0 }, None, whole.range());
        }
    }
}
