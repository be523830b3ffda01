//! What is said against something else: of `not 5 epochs but 3`, `16, not 32` and `MiniLM rather than BERT` the one that is wanted holds, and
//! nothing has to be told of the other.

use super::number::{NUMBER, in_words, number};
use crate::intake::regex;
use crate::intake::request::rest::NEGATION;
use crate::intake::request::task::metrics::{ERROR, METRIC};
use crate::intake::request::task::models::{first_model, last_model};
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

/// The text with what is wanted in place of both; of one line already.
pub(crate) fn wanted(text: &str) -> Cow<'_, str> {
    let low = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| low.contains(word));
    let mut out = Cow::Borrowed(text);
    if low.contains('?') {
        out = Cow::Owned(answered(&out).into_owned());
    }
    if says(&["not ", "n't ", "n’t ", "never ", "neither "]) && says(&[" but ", " rather ", " instead "]) {
        out = Cow::Owned(not_but(&out));
    }
    if says(&["not ", "n't ", "n’t ", "never ", "rather than ", "instead of ", "opposed to ", "in place of "]) {
        out = Cow::Owned(without_names(&without_other(&out)));
    }
    out
}

/// `Early stopping? No.`
fn answered(text: &str) -> Cow<'_, str> {
    static ASKED: LazyLock<Regex> =
        LazyLock::new(|| regex(&format!(r"(?i)\b(?P<what>{SWITCH})\?\s+(?P<no>no|nope|yes|sure)\b(?P<behind>\s*(?:$|[.,;!]))")));
    ASKED.replace_all(text, |found: &Captures<'_>| {
        let is_no = found["no"].to_lowercase().starts_with('n');
        format!("{}{}{}", if is_no { "without " } else { "" }, &found["what"], &found["behind"])
    })
}

/// Settings that are there or not.
const SWITCH: &str = r"(?:early[- ]stopping|(?:class|balanced)[- ](?:weights?|weighting|sampling)|(?:q-?)?lora|dora|adapters?|drop-?out|warm-?\s?up|weight[- ]decay|label[- ]smoothing|augmentations?|mixup|cutmix|ema|clipping|focal loss|momentum)";

/// `Not A but B`: B, with what A says of it where that is but a number.
fn not_but(text: &str) -> String {
    static BOTH: LazyLock<Regex> = LazyLock::new(|| {
        let deed = r"(?:use|using|train(?:ing)?|take|run|make|do|want|need|have|set|be|optimi[sz]e|report|measure|go|try|fine-tune|pick|choose|with|for|on|at|by|to)";
        let but = r"(?:[\s,]*\bbut\b(?:\s(?:rather|instead))?|[,;]\s(?:rather|instead)\b,?)";
        let lead = r"(?:\s(?:use|using|with|take|for|at|on|to|by|do|make|it|only|just|please|a|an|the))*";
        regex(&format!(
            r"(?i)\b(?:(?:(?:do|does|should|must|shall|would|will|is|are) not|(?:do|does|should|must|would|wo|is|are)n['’]t|never|not|neither)\s)(?P<deed>(?:{deed}\s)*)(?P<a>(?:[^,.;:!?()¦]|[.,]\d){{1,60}}?){but}(?P<lead>{lead})\s(?P<b>(?:[^,.;:!?()¦]|[.,]\d)+)"
        ))
    });
    // `Not more than 5`, `not only accuracy but F1`.
    static NO_CHOICE: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^(?:more|less|fewer|over|above|below|under|exceed\w*|only|just|merely|all|every\w*|any\w*|necessarily|because|important|sure|really|if|until|unless)\b|\b(?:anything|nothing|everything|all|none)$",
        )
    });
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    while let Some(found) = BOTH.captures_at(text, from) {
        let (Some(all), Some(a), Some(b)) = (found.get(0), found.name("a"), found.name("b")) else { break };
        let said = if NO_CHOICE.is_match(a.as_str().trim()) { None } else { one_of(a.as_str(), b.as_str(), &found["lead"]) };
        match said {
            Some(said) => {
                out.push_str(&text[from..all.start()]);
                out.push_str(&found["deed"]);
                out.push_str(&said);
                from = all.end();
            }
            None => {
                out.push_str(&text[from..a.end()]);
                from = a.end();
            }
        }
    }
    out.push_str(&text[from..]);
    out
}

/// What is left of `not A but B`; none where A is no setting, for columns are taken and left out so, too.
fn one_of(a: &str, b: &str, lead: &str) -> Option<String> {
    static SWITCHES: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"(?i)^{SWITCH}$")));
    let (of_a, of_b) = (numbers(a), numbers(b));
    let begins = of_b.first().is_some_and(|first| first.range.start == 0);
    if !of_a.is_empty() && begins {
        return Some(with_numbers(a, &of_a, b, &of_b));
    }
    let rest = || format!("{}{b}", lead.trim_start().to_string() + if lead.trim().is_empty() { "" } else { " " });
    if SWITCHES.is_match(a.trim()) {
        return Some(format!("without {}, {}", a.trim(), rest()));
    }
    let is_choice = !of_a.is_empty() || kind_of(a).is_some_and(|kind| starts_with_kind(b) == Some(kind));
    is_choice.then(rest)
}

/// A number where it stands, with what it counts.
struct Counted {
    range: Range<usize>,
    unit: Option<(Range<usize>, String)>,
}

fn numbers(text: &str) -> Vec<Counted> {
    static ONE: LazyLock<Regex> =
        LazyLock::new(|| regex(&format!(r"(?i)(?:^|[\s(=:~])(?P<v>{NUMBER}|{})(?P<unit>\s?%|[\s-]?[a-z]+)?", in_words())));
    let one = |found: Captures<'_>| {
        let value = found.name("v")?;
        let end = value.start() + value.as_str().trim_end_matches([' ', '-']).len();
        number(&text[value.start()..end])?;
        let unit = found.name("unit").map(|unit| (unit.range(), one_of_it(unit.as_str())));
        Some(Counted { range: value.start()..end, unit: unit.filter(|(_, unit)| is_unit(unit)) })
    };
    ONE.captures_iter(text).filter_map(one).collect()
}

/// `Epochs` as `epoch`.
fn one_of_it(unit: &str) -> String {
    let low = unit.trim_matches([' ', '-']).to_lowercase();
    low.strip_suffix('s').map_or(low.clone(), str::to_string)
}

fn is_unit(word: &str) -> bool {
    #[rustfmt::skip]
    const UNITS: [&str; 22] = [
        "%", "epoch", "step", "unit", "neuron", "node", "layer", "head", "seed", "trial", "minute", "min", "hour", "second", "token", "example",
        "row", "sample", "image", "time", "percent", "block",
    ];
    UNITS.contains(&word)
}

/// A with the numbers of B, where both count alike; else B.
fn with_numbers(a: &str, of_a: &[Counted], b: &str, of_b: &[Counted]) -> String {
    let unit = |one: &Counted| one.unit.as_ref().map(|(_, unit)| unit.clone());
    // Of several numbers in A the one that counts what B's does, or the last.
    let (last, first) = (of_a.last(), &of_b[0]);
    let same = of_a.iter().rev().find(|one| unit(one).is_some() && unit(one) == unit(first));
    let Some(old) = same.or(last.filter(|old| unit(old).is_none() || unit(first).is_none())) else { return b.to_string() };
    let value = &b[first.range.clone()];
    let behind = &b[first.unit.as_ref().map_or(first.range.end, |(range, _)| range.end)..];
    let gap = if a[old.range.end..].starts_with(char::is_alphanumeric) { " " } else { "" };
    let of_unit = match (&old.unit, &first.unit) {
        (None, Some((range, _))) => &b[range.clone()],
        _ => "",
    };
    format!("{}{value}{of_unit}{gap}{}{behind}", &a[..old.range.start], &a[old.range.end..])
}

/// Settings of which one is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Metric,
    Model,
    Optimizer,
    Schedule,
}

const OPTIMIZERS: &str = r"(?:sgd|adamw|adam|adagrad|adafactor|rmsprop|lion|lamb|muon|lars)";
const SCHEDULES: &str =
    r"(?:cosine|linear|constant|exponential|polynomial|one[- ]?cycle)(?:[ -](?:schedule|decay|annealing|lr|learning rate))*";

static KINDS: LazyLock<[(Kind, Regex); 3]> = LazyLock::new(|| {
    let article = r"^\s*(?:(?:a|an|the|plain|mean|usual|default)\s)*";
    [
        (Kind::Metric, regex(&format!(r"(?i){article}(?:{}|{})(?P<behind>\s*)", *METRIC, *ERROR))),
        (Kind::Optimizer, regex(&format!(r"(?i){article}{OPTIMIZERS}\b(?P<behind>\s*)"))),
        (Kind::Schedule, regex(&format!(r"(?i){article}{SCHEDULES}\b(?P<behind>\s*)"))),
    ]
});

/// What kind a phrase begins with.
fn starts_with_kind(text: &str) -> Option<Kind> {
    let is_model = |text: &str| first_model(text).is_some_and(|range| text[..range.start].split_whitespace().count() < 2);
    let own = KINDS.iter().find(|(_, way)| way.is_match(text)).map(|(kind, _)| *kind);
    own.or_else(|| is_model(text).then_some(Kind::Model))
}

/// What kind a phrase is, and nothing else.
fn kind_of(text: &str) -> Option<Kind> {
    let is_whole = |way: &Regex| way.find(text).is_some_and(|found| found.end() == text.len());
    let own = KINDS.iter().find(|(_, way)| is_whole(way)).map(|(kind, _)| *kind);
    own.or_else(|| last_model(text).filter(|range| text[range.end..].trim().is_empty()).and_then(|_| starts_with_kind(text)))
}

/// `16, not 32`, `3 epochs rather than 5`, and `16 instead of the usual`.
fn without_other(text: &str) -> String {
    static NUMBERS: LazyLock<Regex> = LazyLock::new(|| {
        let one = format!(r"(?:{NUMBER}|{})", in_words());
        let unit = r"(?:\s?%|[\s-]?(?:epochs?|steps?|units?|neurons?|layers?|heads?|seeds?|trials?|tokens?|minutes?|mins?|hours?|rows|examples|images|percent)\b)";
        regex(&format!(
            r"(?i)(?P<start>^|[\s(=:,])(?P<b>{one})(?P<of_b>{unit})?(?:\s?,\s(?:and\s|so\s)?|\s(?:and\s)?|\s?\(|\s[–-]\s)(?:not|never|rather than|instead of|as opposed to|in place of)\s(?:the\s)?(?P<a>{one})(?P<of_a>{unit})?(?P<close>\))?(?P<behind>$|[\s,.;:!?)])"
        ))
    });
    static USUAL: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\s?,?\s(?:instead of|rather than|in place of|not)\s(?:the|its|your|our|my)\s(?:usual|default|standard|customary|ordinary)(?:\s(?:one|ones|value|size|setting|number|amount|rate|schedule|choice|of)|\s[0-9][\w.%-]*)*(?P<behind>\s*(?:$|[,;:)!?]|\.(?:\s|$)|and\b|with\b|for\b|on\b))",
        )
    });
    let said = |found: &Captures<'_>| {
        let at = |name: &str| found.name(name).map_or("", |part| part.as_str());
        let [of_b, of_a] = [at("of_b"), at("of_a")].map(one_of_it);
        if !of_a.is_empty() && !of_b.is_empty() && of_a != of_b {
            return found[0].to_string();
        }
        let unit = if of_b.is_empty() { at("of_a") } else { at("of_b") };
        let value = at("b").trim_end_matches([' ', '-']);
        let gap = if unit.starts_with(char::is_alphabetic) { " " } else { "" };
        format!("{}{value}{gap}{unit}{}", at("start"), at("behind"))
    };
    let out = NUMBERS.replace_all(text, said);
    USUAL.replace_all(&out, "${behind}").into_owned()
}

/// `At most 30 and at least 30 epochs` are 30; limits are written so already.
pub(crate) fn bounded(text: &str) -> Cow<'_, str> {
    static BOTH: LazyLock<Regex> = LazyLock::new(|| {
        let one = r"(?:[0-9]+(?:[.,][0-9]+)*)";
        let unit = r"(?:\s?[a-z]+)?";
        let and = r",?\s(?:and|but)\s(?:also\s)?";
        regex(&format!(
            r"(?i)\b(?:at most (?P<a>{one})(?P<of_a>{unit}?){and}at least (?P<b>{one})|at least (?P<c>{one})(?P<of_c>{unit}?){and}at most (?P<d>{one}))\b"
        ))
    });
    if !text.contains("at most") || !text.contains("at least") {
        return Cow::Borrowed(text);
    }
    BOTH.replace_all(text, |found: &Captures<'_>| {
        let at = |one: &str, other: &str| found.name(one).or_else(|| found.name(other)).map_or("", |part| part.as_str());
        let (first, second) = (at("a", "c"), at("b", "d"));
        if first == second { second.to_string() } else { found[0].to_string() }
    })
}

/// `AdamW instead of SGD`, `not accuracy`, where another name of its kind stands elsewhere, and is wanted.
fn without_names(text: &str) -> String {
    static LEAD: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)(?P<start>^|,?\s(?:and\s)?|\s?\()(?:not|never|(?:do not|don['’]t|never) (?:use|take|train|report|optimi[sz]e)|rather than|instead of|as opposed to|in place of)\s(?:(?:use|using|with|for|an?|the|plain|usual|default)\s)*",
        )
    });
    static ENDS: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)^\s*(?:$|[,;:)!?¦]|\.(?:\s|$)|(?:and|on|for|with|in|at|by|use|please|then|this time)\b)"));
    let (mut out, mut from) = (text.to_string(), 0);
    while let Some(found) = LEAD.captures_at(&out, from) {
        let (Some(all), Some(start)) = (found.get(0), found.name("start")) else { break };
        let (begin, end, opens) = (start.start(), all.end(), start.as_str().trim_start().starts_with('('));
        from = end;
        let Some((kind, name)) = name_at(&out[end..]) else { continue };
        let name = end..end + name;
        let others = format!("{} ¦ {}", &out[..begin], &out[name.end..]);
        if ENDS.is_match(&out[name.end..]) && is_wanted(kind, &others, &out[name.clone()]) {
            let closes = opens && out[name.end..].starts_with(')');
            out.replace_range(begin..name.end + usize::from(closes), "");
            from = begin;
        }
    }
    out
}

/// The name that a text begins with: of what kind it is, and how long.
fn name_at(text: &str) -> Option<(Kind, usize)> {
    let own = KINDS.iter().find_map(|(kind, way)| Some((*kind, way.find(text)?.as_str().trim_end().len())));
    own.or_else(|| first_model(text).filter(|range| range.start == 0).map(|range| (Kind::Model, range.end)))
}

/// Whether another one of its kind stands in a text, and nothing negates it.
fn is_wanted(kind: Kind, text: &str, name: &str) -> bool {
    let mut from = 0;
    while from < text.len() {
        let word = text[from..].find(|c: char| !c.is_whitespace()).map_or(text.len(), |at| from + at);
        let is_other = |length: usize| !text[word..word + length].eq_ignore_ascii_case(name);
        let own = name_at(&text[word..]).is_some_and(|(other, length)| other == kind && is_other(length));
        if own && !NEGATION.is_match(&text[..word]) {
            return true;
        }
        from = text[word..].find(char::is_whitespace).map_or(text.len(), |at| word + at);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::OptimizerKind;
    use crate::intake::request::parse_request;
    use crate::spec::Metric;

    #[test]
    fn of_two_the_one_that_is_wanted_holds() {
        for (text, expected) in [
            ("not 5 epochs but 3, lr 1e-3", "3 epochs, lr 1e-3"),
            ("not 5 but 3 epochs", "3 epochs"),
            ("not 50 epochs, , but 20, lr 1e-3", "20 epochs, lr 1e-3"),
            ("Not an MLP with 64 units but with 32, seed 1", "an MLP with 32 units, seed 1"),
            ("don't train for 10 epochs but for 4.", "train for 4 epochs."),
            ("lr not 1e-3 but 1e-4", "lr 1e-4"),
            ("not 5 epochs but 300 steps", "300 steps"),
            ("not accuracy but macro F1", "macro F1"),
            ("do not use SGD but AdamW", "use AdamW"),
            ("not BERT but MiniLM on a.csv", "MiniLM on a.csv"),
            ("not early stopping but 30 epochs", "without early stopping, 30 epochs"),
            ("batch size 16, not 32, 3 epochs", "batch size 16, 3 epochs"),
            ("16 not 32 as the batch size", "16 as the batch size"),
            ("3, not 5 epochs", "3 epochs"),
            ("4 epochs rather than 10.", "4 epochs."),
            ("lr 1e-4 (not 1e-3)", "lr 1e-4"),
            ("batch of 16 instead of the usual, 3 epochs", "batch of 16, 3 epochs"),
            ("macro F1, not accuracy, 3 epochs", "macro F1, 3 epochs"),
            ("instead of SGD use AdamW", " use AdamW"),
            ("MiniLM (not BERT) on a.csv", "MiniLM on a.csv"),
            ("cosine rather than linear decay", "cosine"),
            ("Early stopping? No. 3 epochs", "without Early stopping. 3 epochs"),
        ] {
            assert_eq!(wanted(text), expected, "{text}");
        }
        for text in [
            "not more than 5 epochs but at least 3",
            "not only accuracy but also F1",
            "use not the id but the name",
            "3 epochs, not 5 seeds",
            "don't freeze anything but the embeddings",
            "no dropout but weight decay 0.1",
            "not important but nice",
            "not BERT, not MiniLM",
            "MLP, not accuracy",
            "without SGD, AdamW",
        ] {
            assert_eq!(wanted(text), text);
        }
    }

    #[test]
    fn limits_that_meet_are_a_number() {
        assert_eq!(bounded("at most 30 and at least 30 epochs"), "30 epochs");
        assert_eq!(bounded("at most 30 and at least 20 epochs"), "at most 30 and at least 20 epochs");
    }

    #[test]
    fn nothing_is_told_of_what_another_stands_for() {
        let request =
            parse_request("MiniLM rather than BERT on a.csv, macro F1, not accuracy, AdamW instead of SGD, 3 epochs", |_| None);
        assert_eq!((request.metric, request.optimizer), (Some(Metric::MacroF1), Some(OptimizerKind::AdamW)));
        assert_eq!(request.not_understood, Vec::<String>::new());
        // Where nothing stands in its place it is told.
        assert_eq!(parse_request("MLP on a.csv, not accuracy", |_| None).not_understood, ["not accuracy"]);
    }
}
