//! Settings that are numbers: learning rate, batch size, epochs and so on. Each way of saying one is a row of the rules.

mod devices;
mod lists;

use super::meant::applies;
use super::rules::{COMPILED, Rule};
use super::{Findings, Place, Said, assigned, beside, clause, in_turn, numbers, scope, tables, topic, variant};
use crate::intake::{Family, FieldKey, Origin, Scope, Unit, Value};
use devices::each_of;
use lists::{best_of, fitting, is_said, lists_settings, own_part};
use std::ops::Range;
use std::sync::LazyLock;

pub(super) use devices::times_devices;

pub(super) fn find(at: &Place<'_>, found: &mut Findings<'_>) {
    let given = given(at, found);
    absent(at, &given, found);
}

/// The settings that the sentence has a number for, with the places.
fn given(at: &Place<'_>, found: &mut Findings<'_>) -> Vec<(FieldKey, Range<usize>)> {
    let text = at.text();
    let in_words = [" epoch", " norm", " pass "].iter().any(|word| text.contains(word));
    let counts = text.contains(|c: char| c.is_ascii_digit()) || in_words;
    // A table that lost its columns is no sentence, either.
    let is_list = at.in_cell || !at.caption && lists_settings(text);
    if !counts || !is_said(text) && !is_list {
        return Vec::new();
    }
    if let Some(taken) = once_more(at, found) {
        return vec![taken];
    }
    let mut taken: Vec<(FieldKey, Range<usize>)> = betas(at, found);
    taken.extend(in_parts(at, found));
    decay_that_moves(at, found);
    taken.extend(respectively(at, found));
    taken.extend(assigned::find(at, found));
    for compiled in COMPILED.iter() {
        let (rule, Some(pattern)) = (compiled.rule, compiled.pattern(text)) else { continue };
        for words in pattern.captures_iter(text) {
            let (Some(whole), Some(number)) = (words.get(0), words.name("v")) else { continue };
            // Whether the number begins the words, whether it ends them.
            let (leads, ends) = (whole.start() == number.start(), whole.end() == number.end());
            let value = if ends { own_part(text, number.range()) } else { number.range() };
            let (value, mut values) = fitting(rule, text, value, ends);
            let start = if leads { value.start } else { whole.start() };
            let end = if ends { value.end } else { whole.end() };
            let whole = start..end;
            let overlaps =
                taken.iter().any(|(key, range)| *key == rule.key && range.start < value.end && whole.start < range.end);
            let is_rank = !matches!(rule.key, FieldKey::LoraRank | FieldKey::LoraAlpha) || is_of_adapters(at, found);
            if overlaps || !is_rank || !applies(rule.key, text, whole.clone(), value.clone()) {
                continue;
            }
            let second = words.name("w").map_or("", |second| second.as_str());
            values.extend(numbers::in_words(second).map_or_else(|| numbers::parse_list(second), |value| vec![value]));
            if let Some(best) = best_of(&values, &text[value.end..]) {
                values = vec![best];
            }
            if (is_list || is_said(at.sentence.part(value.start))) && values_fit(rule, &values, &text[value.clone()]) {
                let start = whole.start;
                let end = say(at, rule, &Match { values, value, whole }, found);
                let end = words.name("w").map_or(end, |second| end.max(second.end()));
                taken.push((rule.key, start..end));
            }
        }
    }
    taken
}

/// `For the second, we use 0.01.`, right behind what the first takes: the same setting once more. The place of that.
fn once_more(at: &Place<'_>, found: &mut Findings<'_>) -> Option<(FieldKey, Range<usize>)> {
    static AGAIN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"^(?:For|On|In|With) [^,;:]{{2,60}}, (?:we (?:use|used|set it to|take|took|choose|chose)|it (?:is|was)|this (?:is|was)|the value (?:is|was)) (?:set to |instead )?(?P<v>{})\.?$",
            numbers::NUMBER
        ))
    });
    /// Not further apart than two sentences that follow one another.
    const CLOSE: usize = 120;
    let text = at.text();
    let number = AGAIN.captures(text)?.name("v")?;
    let value = numbers::parse(number.as_str())?;
    let before = found.fields.iter().rev().find(|field| COMPILED.iter().any(|c| c.rule.key == field.key))?;
    let fits = COMPILED.iter().any(|c| c.rule.key == before.key && values_fit(c.rule, &[value], ""));
    if !fits || !found.follows(at, before, CLOSE) {
        return None;
    }
    let (key, unit) = (before.key, before.unit);
    found.say(at, key, Value::Number { value }, unit, number.range());
    Some((key, number.range()))
}

/// Whether a rank may be an adapter's: the paper is about one, or sentence, paragraph or heading speak of some.
fn is_of_adapters(at: &Place<'_>, found: &Findings<'_>) -> bool {
    static ADAPTERS: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:\w*lora|dora|adapters?|low[- ]rank)\b"));
    let paper = found.paper;
    let paragraph = paper.passages.get(at.sentence.passage).map_or("", |passage| paper.passage(passage));
    let places = [at.text(), paragraph, paper.section_title(at.sentence.section)];
    matches!(found.family(), Some(Family::Lora | Family::Dora)) || places.iter().any(|text| ADAPTERS.is_match(text))
}

/// `the same rate for the first 100 epochs, and decayed over the next 100 epochs`: training is as long as both. The place of that.
fn in_parts(at: &Place<'_>, found: &mut Findings<'_>) -> Option<(FieldKey, Range<usize>)> {
    static PARTS: LazyLock<regex::Regex> = LazyLock::new(|| {
        let n = numbers::NUMBER;
        crate::intake::regex(&format!(
            r"(?i)\b(?:for|in|over|during) the first (?P<a>{n}) (?P<unit>epochs?|steps|iterations|updates)\b[^.;]{{0,160}}?\b(?:for|in|over|during) the (?:next|following|remaining|subsequent|last|other|final) (?P<b>{n}) (?P<same>epochs?|steps|iterations|updates)\b"
        ))
    });
    let words = PARTS.captures(at.text())?;
    let whole = words.get(0)?.range();
    let number = |name: &str| numbers::parse(words.name(name)?.as_str());
    let is_epochs = |name: &str| words.name(name).is_some_and(|unit| unit.as_str().to_lowercase().starts_with('e'));
    let (key, unit) = if is_epochs("unit") { (FieldKey::Epochs, Unit::Epochs) } else { (FieldKey::Steps, Unit::Steps) };
    let value = Value::Number { value: number("a")? + number("b")? };
    if is_epochs("unit") != is_epochs("same") {
        return None;
    }
    found.tell(at, Said { unit: Some(unit), origin: Origin::Derived, ..Said::new(key, value, whole.clone()) });
    Some((key, whole))
}

/// `Batch size and learning rate are set to 32 and 1e-4, respectively`: as many values as names. The places of what was said.
fn respectively(at: &Place<'_>, found: &mut Findings<'_>) -> Vec<(FieldKey, Range<usize>)> {
    static EACH: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?P<names>[^.;:]{4,160}?) (?:(?:is|are|was|were|of|to|as|set|fixed|chosen|equal|be) )+(?P<values>\d[^;:]{2,120}?),? respectively",
        )
    });
    // `with its rank and alpha set as 8 and 16`: as many as there are names.
    static BOTH: LazyLock<regex::Regex> = LazyLock::new(|| {
        let n = numbers::NUMBER;
        crate::intake::regex(&format!(
            r"(?P<names>[^.;:\d]{{4,160}}?) (?:(?:is|are|was|were|to|as|set|fixed|chosen|equal|be|being) )+(?P<values>{n}(?:, {n})*,? and {n})(?: and | with | for | on | in |[.,;)]|$)"
        ))
    });
    let Some(words) = EACH.captures(at.text()).or_else(|| BOTH.captures(at.text())) else { return Vec::new() };
    let Some(whole) = words.get(0) else { return Vec::new() };
    let values = numbers::parse_list(&words["values"]);
    let names: Vec<&str> =
        words["names"].split(", ").flat_map(|part| part.split(" and ")).filter(|part| !part.is_empty()).collect();
    // What comes before the names is the sentence's beginning.
    let of_name = |name: &&str| -> Option<(FieldKey, Option<Unit>)> {
        let words: Vec<&str> = name.trim_start_matches("and ").split(' ').collect();
        let named = (0..words.len()).find_map(|from| tables::setting(&words[from..].join(" ")));
        // In a sentence on adapters rank and α need not say whose they are.
        let last = words.last().filter(|_| is_of_adapters(at, found)).and_then(|last| tables::adapter_setting(last));
        named
            .filter(|named| named.key != FieldKey::Dropout || last.is_none())
            .map(|named| (named.key, named.unit))
            .or(last.map(|key| (key, None)))
    };
    let keys: Vec<_> = names.iter().skip(names.len().saturating_sub(values.len())).map(of_name).collect();
    let fits = |(key, value): (&Option<(FieldKey, Option<Unit>)>, &f64)| {
        let key = key.map(|(key, _)| key);
        COMPILED.iter().any(|compiled| Some(compiled.rule.key) == key && values_fit(compiled.rule, &[*value], ""))
    };
    // Two lengths are told apart by what they are of.
    let is_one = keys.iter().all(|key| Some(key) == keys.first());
    if values.len() < 2 || is_one || keys.len() != values.len() || !keys.iter().zip(&values).all(fits) {
        return Vec::new();
    }
    let mut taken = Vec::new();
    for ((key, unit), value) in keys.into_iter().flatten().zip(values) {
        found.tell(at, Said { unit, ..Said::new(key, Value::Number { value }, whole.range()) });
        taken.push((key, whole.range()));
    }
    taken
}

/// How much the beginning of a weight decay that changes as it goes is worth: it is no constant.
const MOVES: f32 = 0.7;

/// `the weight decay follows a cosine schedule from 0.04 to 0.4`: it begins at the first.
fn decay_that_moves(at: &Place<'_>, found: &mut Findings<'_>) {
    static MOVING: LazyLock<regex::Regex> = LazyLock::new(|| {
        let n = numbers::NUMBER;
        crate::intake::regex(&format!(
            r"(?i)\bweight[- ]decay\b[^.;\d]{{0,40}}\b(?:schedul|increas|decreas|anneal|ramp|ris|grow|goes|follow)\w*(?:[^.;\d]|\[\d+\]){{0,40}}?\bfrom (?P<from>{n}) to {n}"
        ))
    });
    let Some(words) = MOVING.captures(at.text()) else { return };
    let (Some(whole), Some(from)) = (words.get(0), words.name("from").and_then(|from| numbers::parse(from.as_str()))) else {
        return;
    };
    if (0.0..=1.0).contains(&from) {
        let value = Value::Number { value: from };
        found.tell(at, Said { weight: MOVES, ..Said::new(FieldKey::WeightDecay, value, whole.range()) });
    }
}

/// What a rule has met.
struct Match {
    values: Vec<f64>,
    value: Range<usize>,
    whole: Range<usize>,
}

/// Says it; the place where the last value that was said ends.
fn say(at: &Place<'_>, rule: &Rule, met: &Match, found: &mut Findings<'_>) -> usize {
    let text = at.text();
    let Match { values, value, whole } = met;
    let weight = weight(rule, text, value.end);
    if values.len() > 1
        && let Some(all) = in_turn::scopes(text, whole, value, values.len())
    {
        for (value, of) in values.iter().zip(all) {
            let scope = of.or(at.scope);
            let own = Place { scope: &scope, ..*at };
            let (one, unit) = with_unit(rule, vec![*value], text, met.value.clone(), whole.end);
            found.tell(&own, Said { unit, weight, ..Said::new(rule.key, Value::from_numbers(one), whole.clone()) });
        }
        return met.value.end;
    }
    let others = in_turn::one_each(text, value.end);
    // What is named beside a value in brackets or by a subject of its own is all that it is for.
    let placed = others.is_empty();
    let others = if placed && values.len() == 1 { beside::values(text, whole, value) } else { others };
    let of_clause = || scope::with_topic(variant::model_of_clause(text, whole.start).or(at.scope), meant_for(text, met));
    let of_first = others.first().map(|(_, of)| of).filter(|of| !of.is_empty());
    let placed_first = placed && of_first.is_some();
    let scope = of_first.map_or_else(of_clause, |of| of.clone().or(at.scope));
    let scope = if is_sum_of_phases(rule.key, text, whole) {
        Scope { phase: None, topic: Some(clause::TOTAL.into()), ..scope }
    } else {
        scope
    };
    let own = Place { scope: &scope, ..*at };
    let (values, unit) = with_unit(rule, values.clone(), text, value.clone(), whole.end);
    let (values, origin) = match (rule.key == FieldKey::BatchSize).then(|| each_of(text, whole, value)).flatten() {
        // A batch for each of an unknown number of devices is no batch size.
        Some(None) => return value.end,
        Some(Some(devices)) => (values.into_iter().map(|v| v * devices).collect(), Origin::Derived),
        None => (values, Origin::Stated),
    };
    found.tell(
        &own,
        Said { unit, weight, origin, placed: placed_first, ..Said::new(rule.key, Value::from_numbers(values), whole.clone()) },
    );
    let of_data = others.iter().any(|(_, of)| !of.datasets.is_empty());
    for (number, of) in &others[others.len().min(1)..] {
        let Some(value) = numbers::parse(&text[number.clone()]).filter(|v| values_fit(rule, &[*v], "")) else { continue };
        if counts_else(rule.key, word_behind(text, number.end)) {
            continue;
        }
        // An exception to `all other models` is none of them.
        let of_rest = at.scope.topic.as_deref().is_some_and(|topic| in_turn::rest(topic).is_some());
        // Where one of them is for data, so is each: the sentence's data are those of all.
        let datasets = if of_data { Vec::new() } else { at.scope.datasets.clone() };
        let around = Scope { topic: at.scope.topic.clone().filter(|_| !of_rest), datasets, ..at.scope.clone() };
        let scope = of.clone().or(&around);
        let own = Place { scope: &scope, ..*at };
        let (values, unit) = with_unit(rule, vec![value], text, number.clone(), number.end);
        let value = Value::from_numbers(values);
        found.tell(
            &own,
            Said { unit, weight, placed: placed || of.variant.is_some(), ..Said::new(rule.key, value, number.clone()) },
        );
    }
    others.last().map_or(value.end, |(number, _)| number.end.max(value.end))
}

/// `20 epochs for each phase and another 50 epochs (a {total of 120 epochs})`: what several phases come to.
fn is_sum_of_phases(key: FieldKey, text: &str, whole: &Range<usize>) -> bool {
    let before = text[..whole.start].trim_end();
    let is_sum = text[whole.clone()].starts_with("total") || text[whole.clone()].contains(" total of ");
    key == FieldKey::Epochs && is_sum && before.ends_with(['(', 'a']) && before.matches(" epochs").count() > 1
}

/// The word that stands right behind a number, as its unit does.
pub(super) fn word_behind(text: &str, end: usize) -> &str {
    text[end..].trim_start_matches([' ', '-']).split(|c: char| !c.is_alphabetic()).next().unwrap_or_default()
}

/// Whether a number with this word behind it is none of this setting's: `10 epochs for leaves and 500 {steps} for roots`.
fn counts_else(key: FieldKey, word: &str) -> bool {
    match word.to_lowercase().as_str() {
        "epoch" | "epochs" => !matches!(key, FieldKey::Epochs | FieldKey::Warmup),
        "step" | "steps" | "iteration" | "iterations" | "iters" | "updates" => !matches!(key, FieldKey::Steps | FieldKey::Warmup),
        "h" | "hour" | "hours" | "day" | "days" | "week" | "weeks" | "minutes" | "layers" | "heads" | "seeds" | "runs"
        | "gpu" | "gpus" | "tpu" | "tpus" => true,
        _ => false,
    }
}

/// `betas (0.9, 0.98)`, `β₁, β₂ = 0.9, 0.95`: both at once. Their places.
fn betas(at: &Place<'_>, found: &mut Findings<'_>) -> Vec<(FieldKey, Range<usize>)> {
    static BOTH: LazyLock<regex::Regex> = LazyLock::new(|| {
        let n = numbers::NUMBER;
        crate::intake::regex(&format!(
            r"(?i)(?:\bbetas?\b(?: (?:parameters|values|coefficients|terms))?|\(?\b(?:β\s?|beta_?)[₁1]?(?:(?:\s?[,/]\s?|\s?and\s?)(?:β\s?|beta_?)[₂2]\)?)?)(?:\s(?:in|of|for) (?:the )?[A-Za-z]\w+)?\s*(?:=|:|(?:(?:of|are|is|as|set|to|be|being|equal)\b\s?)+)?\s*[(\[{{]?\s*(?P<a>{n})(?:\s?[,/;]\s?|\s?and\s?)(?P<b>{n})"
        ))
    });
    let text = at.text();
    let Some(words) = BOTH.captures(text) else { return Vec::new() };
    let (Some(whole), Some(a), Some(b)) = (words.get(0), words.name("a"), words.name("b")) else { return Vec::new() };
    let both = [(FieldKey::Beta1, a), (FieldKey::Beta2, b)].map(|(key, n)| (key, numbers::parse(n.as_str())));
    // `β₁ = 0.9, 1000 steps` has no second one, and momenta do not fall.
    let [(_, Some(first)), (_, Some(second))] = both else { return Vec::new() };
    let in_order = (0.0..1.0).contains(&first) && (0.0..1.0).contains(&second) && first <= second;
    let single = !whole.as_str().to_lowercase().contains("betas")
        && !whole.as_str().contains(['₂', '2', '('])
        && !whole.as_str().contains(" and ");
    if !in_order || single {
        return Vec::new();
    }
    for (key, value) in [(FieldKey::Beta1, first), (FieldKey::Beta2, second)] {
        found.say(at, key, Value::Number { value }, None, whole.range());
    }
    vec![(FieldKey::Beta1, whole.range()), (FieldKey::Beta2, whole.range())]
}

/// What one value is for: `the learning rate {for the root} is 0.1`, `a learning rate of 0.1 {for the root}`.
fn meant_for(text: &str, met: &Match) -> Option<String> {
    static INSIDE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"\s(?:for|of) (?:the |our |all )?(?P<x>[A-Za-z][^,;:()\d]{2,50}?) (?:is|are|was|were|to|as)\b")
    });
    static BEHIND: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?: tokens| words| examples| samples| epochs| steps| iterations)? for (?:the |our )?(?P<x>[A-Za-z][^,;:()\d]{2,40}?)(?:[.;,]|$| and | with | in | on | to )",
        )
    });
    let inside = text.get(met.whole.start..met.value.start)?;
    let inside = inside.contains(" for ").then(|| INSIDE.captures(inside)).flatten();
    let behind = || text.get(met.value.end..).filter(|rest| rest.contains(" for ")).and_then(|rest| BEHIND.captures(rest));
    let x = inside.or_else(behind)?.name("x")?.as_str();
    in_turn::rest(x).and_then(|rest| rest.topic).or_else(|| topic::named(x))
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
    // (What the first steps are for may be a warm-up, told beside the value.)
    let in_part = rule.key != FieldKey::Warmup && PART.find(rest).is_some_and(|part| !part.as_str().contains("warm"));
    if in_part || OTHERWISE.is_match(rest) { 0.7 } else { 1.0 }
}

fn values_fit(rule: &Rule, values: &[f64], written: &str) -> bool {
    let share = if written.contains('%') && rule.within.1 <= 1.0 { 100.0 } else { 1.0 };
    !values.is_empty() && values.iter().all(|v| (rule.within.0..=rule.within.1).contains(&(v / share)))
}

/// The unit that stands with the number, and percentages of a share as a share.
fn with_unit(rule: &Rule, mut values: Vec<f64>, text: &str, value: Range<usize>, end: usize) -> (Vec<f64>, Option<Unit>) {
    let near = text[value.start..].chars().take(value.len() + 24).collect::<String>().to_lowercase();
    // In `500 steps and 10 epochs` the first is meant.
    let at = |word: &str| near.find(word).unwrap_or(usize::MAX);
    let steps = at("step").min(at("iteration")).min(at("update"));
    let percent = text[value.clone()].contains('%') || text[value.end..].trim_start().starts_with('%');
    let unit = match rule.key {
        FieldKey::Warmup if rule.unit == Some(Unit::Percent) || text[..end].ends_with('%') => {
            values.iter_mut().for_each(|v| *v /= 100.0);
            return (values, Some(Unit::Fraction));
        }
        FieldKey::Warmup if at("epoch") < steps => Some(Unit::Epochs),
        FieldKey::Warmup if at("token") < steps => Some(Unit::Tokens),
        FieldKey::BatchSize if counts_tokens(text, &value) => Some(Unit::Tokens),
        _ => rule.unit,
    };
    let as_share =
        matches!(rule.key, FieldKey::Dropout | FieldKey::LoraDropout | FieldKey::WeightDecay | FieldKey::LabelSmoothing)
            && percent;
    if as_share || unit == Some(Unit::Fraction) && values.iter().any(|v| *v > 1.0) {
        values.iter_mut().for_each(|v| *v /= 100.0);
    }
    (values, unit)
}

/// `25000 source tokens`, but not `256 sequences of 512 tokens`.
fn counts_tokens(text: &str, value: &Range<usize>) -> bool {
    static TOKENS: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)^(?:\s\w+)?[\s-](?:tokens?|words?|word-?pieces?)\b"));
    TOKENS.is_match(&text[value.end..])
}

/// `We do not use dropout`, `no weight decay`; of what a number is `given` for in the same sentence this is an exception.
fn absent(at: &Place<'_>, given: &[(FieldKey, Range<usize>)], found: &mut Findings<'_>) {
    static NONE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"(?i)\b(?:(?:no|without(?: any)?|do(?:es)? not use|did not use|not using) (?:any )?(dropout|weight decay|label smoothing)\b",
            r"|(dropout|weight decay|label smoothing) (?:is|was|are|were) (?:disabled|not used|not applied|not employed|turned off|switched off|omitted)\b)"
        ))
    });
    // `no weight decay on biases`, `no dropout at test time`.
    static IN_PART: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^ (?:(?:is|was|being) )?(?:(?:used|applied) )?(?:(?:on|for|to|in) (?:the |any |all )?(?:bias\w*|gains?|layer[- ]?norm\w*|norm\w*|batch[- ]?norm\w*|embed\w*|LN|BN)|(?:at|during|for|in) (?:the )?(?:test\w*|inference|evaluation|decoding))\b",
        )
    });
    for words in NONE.captures_iter(at.text()) {
        let (Some(whole), Some(what)) = (words.get(0), words.get(1).or_else(|| words.get(2))) else { continue };
        let key = match what.as_str().to_lowercase().as_str() {
            "dropout" => FieldKey::Dropout,
            "weight decay" => FieldKey::WeightDecay,
            _ => FieldKey::LabelSmoothing,
        };
        let is_exception = IN_PART.is_match(&at.text()[whole.end()..]) || given.iter().any(|(given, _)| *given == key);
        // `with and without dropout`, `compared to networks without dropout` are comparisons.
        let before = at.text()[..whole.start()].to_lowercase();
        // `the loss without dropout drops`: what a run without it shows.
        let shows = whole.as_str().to_lowercase().starts_with("without")
            && ["loss ", "error ", "accuracy ", "performance ", "results ", "scores "]
                .iter()
                .any(|shown| before.ends_with(shown));
        let compares = shows || before.ends_with("with and ") || before.contains("compared to") || before.contains("than ");
        if !is_exception && !compares {
            found.say(at, key, Value::Number { value: 0.0 }, None, whole.range());
        }
    }
}
