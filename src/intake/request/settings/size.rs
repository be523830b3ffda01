//! How large the model is to be.

use super::first;
use crate::intake::regex;
use crate::intake::request::pattern::{pattern, patterns};
use crate::intake::request::rest::{Cut, Found, Judged, Rest, taken_if};
use crate::intake::request::{ModelName, Request};
use regex::Regex;
use std::sync::LazyLock;

patterns! {
    params: [
        r"^#\s?(?P<unit>k|m|b|thousand|million|billion)?[ -](?:parameters?|params)\b",
        r"^#\s?(?P<unit>(?-i:[MB])|million|billion)[ -](?:(?:language|text|vision|image) )?(?:models?|networks?|transformers?|encoders?|decoders?)\b",
    ],
    layers: [
        r"^@(?:hidden |transformer |encoder |decoder )?(?:layers?|blocks?)\b",
        r"\b(?:num[ _-](?:hidden[ _-])?|n[ _-])layers?\s?[=:]?\s?#",
        r"\b(?:layers\s?[=:]|depth(?: of)?\s?[=:]?)\s?#",
        r"[,;(¦]\s*layers #",
    ],
    heads: [r"^@(?:attention )?heads?\b", r"\b(?:num[ _](?:attention[ _])?|n[ _])heads?\s?[=:]?\s?#", r"[,;(¦]\s*heads\s?[=:]?\s?#"],
    // Of both sides.
    sides: [
        r"^(?P<v>\d{1,2})\s?\+\s?(?P<w>\d{1,2})[ -](?:encoder[ -]?[/+-]?[ -]?decoder[ -])?(?:layers?|blocks?)\b",
        r"^(?P<v>\d+|one|two|three|four|five|six|eight|twelve)[ -]encoder(?:[ -](?:layers?|blocks?))?(?:,| and| \+| /|\s?/)? (?P<w>\d+|one|two|three|four|five|six|eight|twelve)[ -]decoder[ -](?:layers?|blocks?)\b",
    ],
    intermediate: [
        r"\b(?:ffn?|mlp|feed-?\s?forward|intermediate|inner)(?:[ _-](?:size|dim\w*|width|layers?|hidden|networks?))*~#",
        r"\bd_ff\s?(?:=|:|of)?\s?#",
        r"^#[ -](?:wide |dimensional )?(?:ffn|feed-?\s?forward)(?:[ -](?:size|dim\w*|width|layers?))*\b",
    ],
    patch: [
        r"\bpatch[ _-]size~#(?:\s?[x×]\s?\d+)?",
        r"\bpatch(?:es)?(?: of)?\s?[=:]?\s?#(?:\s?[x×]\s?\d+|\s?(?:px|pixels)\b)",
        r"\bpatch\s?[=:]?\s?#",
        r"^#(?:\s?[x×]\s?\d+[ -](?:pixel )?|(?:px|[ -]pixel)[ -]?)patch(?:es)?\b",
    ],
    vocab: [
        r"\bvocab(?:ulary)?(?:[ _-]size)?~#(?: (?:tokens|words|pieces|entries))?\b",
        r"^#(?:[ -](?:tokens?|words?|entry|piece|entries|pieces))?[ -]vocab(?:ulary)?\b",
        r"\b(?:bpe|wordpiece|tokeni[sz]er)(?: (?:vocab(?:ulary)?|with|of))* #(?: (?:tokens|merges|pieces|entries|words))?\b",
    ],
    hidden: [
        r"\b(?:hidden|embed(?:ding)?|model)[ _-](?:size|dim\w*|width)~#",
        r"\b(?:d_model|n_embd|width|dim(?:ension)?s?)\s?(?:=|:|of)?\s?#",
        r"^#[ -](?:(?:hidden|embedding|model)[ -](?:size|dim(?:ension(?:s|al)?)?s?|width)|dim(?:ension(?:s|al)?)?s?|wide)\b",
        r"[,;(¦]\s*hidden\s?[=:]?\s?#",
        r"^#(?: hidden)? (?:hidden units|units|neurons)(?: (?:each|per layer))?\b",
        r"^#[ -]hidden\b",
    ],
}

/// Words before a number that is the most that there may be.
const MOST: &str = r"(?i)(?:\b(?:less|fewer|smaller) than|\b(?:under|below|at most|up to|max(?:imum)?(?: of)?|within)|[<≤]=?)\s*(?:a |about |around )*$";

/// Which layers, not how many.
static OF_SOME: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i)\b(?:first|last|top|bottom|lower|upper|lowest|highest|final|middle|these|every|each|per|initial|deepest)\s*$")
});

/// The width of something else.
static OF_OTHERS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(?:beam|search(?: with)?|heads?(?: of)?|kernel|window|image|input|output|filter|stride|pca(?: to)?|project\w*(?: \w+)? to|reduced? to|has|have|having|contains?|with its|last layer (?:has|of)|heads? (?:of|with)(?: dim| width| size)?)\s*(?:width|dim(?:ension)?s?|size)?\s*(?:of|=|:)?\s*$",
    )
});

pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    params(rest, request, &p.params, |_| true);
    let count = |cut: &Cut| cut.whole(1, 100_000).map(|n| n as usize);
    // `BERT with a 2-layer MLP head` has a body of its own.
    static OF_HEAD: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)^\s(?:(?:¦|mlp|linear|dense|classification|projection|fully[- ]connected)\s+)*heads?\b"));
    let judged = |found: &Found<'_>| {
        let is_kind = found.behind.starts_with("-wise") || found.behind.trim_start().starts_with("size");
        match OF_SOME.is_match(found.before) || OF_HEAD.is_match(found.behind) {
            true => Judged::Told,
            false if is_kind => Judged::Passed,
            false => Judged::Taken,
        }
    };
    // `MLP 3x64`: so many layers of so many units.
    static EACH: LazyLock<[Regex; 1]> = LazyLock::new(|| [pattern(r"^(?P<v>\d{1,2})\s?[x×]\s?(?P<w>\d{2,5})\b")]);
    let each = if is_perceptron(request) { first(rest, &*EACH) } else { None };
    let units = each.as_ref().and_then(|cut| cut.get("w").parse().ok());
    let of_each = request.value(each, "a whole number of layers", count);
    let cut = first(rest, &p.sides);
    let of_sides = request.value(cut, "as many layers in the decoder as in the encoder", |cut| {
        let other = crate::intake::request::wording::number::number(cut.get("w"));
        count(cut).filter(|layers| other == Some(*layers as f64))
    });
    let cut = p.layers.iter().find_map(|way| rest.cut_as(way, judged));
    request.size.layers = request.value(cut, "a whole number of layers", count).or(of_sides).or(of_each);
    static OF_SLIDES: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^\s*(?:per|cut|from|of|each)\b"));
    let of_model = |found: &Found<'_>| taken_if(!OF_SLIDES.is_match(found.behind));
    let cut = p.patch.iter().find_map(|way| rest.cut_as(way, of_model));
    request.size.patch = request.value(cut, "1 to 4096 pixels", |cut| cut.whole(1, 4096).map(|n| n as usize));
    let cut = first(rest, &p.intermediate);
    request.size.intermediate = request.value(cut, "a whole number", count);
    let cut = first(rest, &p.vocab);
    request.size.vocab = request.value(cut, "a whole number", |cut| cut.whole(1, 10_000_000).map(|n| n as usize));
    let cut = p.heads.iter().find_map(|way| rest.cut_as(way, judged));
    request.size.heads = request.value(cut, "a whole number of heads", count);
    // `MLP 64`: one layer of so many, at once behind its name.
    static ALONE: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)\b(?:mlp|perceptron)\s?[(:=]?\s?(?P<v>\d{1,4})\)?\s*(?:$|[,;)]|\.(?:\s|$)|units\b)"));
    static ALONE_LEFT: LazyLock<Regex> =
        LazyLock::new(|| regex(r"¦\s*[(:=]?\s?(?P<v>\d{1,4})\)?\s*(?:$|[,;)¦]|\.(?:\s|$)|units\b)"));
    let one = ALONE.captures(&request.text).filter(|_| is_perceptron(request) && request.units.is_empty() && units.is_none());
    let one = one.map(|found| found["v"].to_string());
    let alone = one.and_then(|value| rest.cut_as(&ALONE_LEFT, |found| taken_if(found.cut.get("v") == value)));
    let units = units.or_else(|| alone.as_ref().and_then(|cut| cut.get("v").parse().ok()));
    if alone.is_some() && request.size.layers.is_none() {
        request.size.layers = Some(1);
    }
    let of_model = |found: &Found<'_>| if OF_OTHERS.is_match(found.before) { Judged::Told } else { Judged::Taken };
    let cut = p.hidden.iter().find_map(|way| rest.cut_as(way, of_model));
    request.size.hidden = request.value(cut, "a whole number", count).or(units);
    // `2 hidden layers of 64`, of which the layers are cut out already.
    static OF_LAYERS: LazyLock<[Regex; 1]> =
        LazyLock::new(|| [pattern(r"¦\s*(?:of|with|x|×|à)\s#(?: each)?\s*(?:$|[,.;)¦]|\b(?:on|for|and)\b)")]);
    if request.size.layers.is_some() && request.size.hidden.is_none() {
        let cut = first(rest, &*OF_LAYERS);
        request.size.hidden = request.value(cut, "a whole number", count);
    }
}

pub(crate) fn is_perceptron(request: &Request) -> bool {
    matches!(&request.model, Some(ModelName::Called { name }) if name == "mlp")
}

/// `a 10M GPT`: of a name that `is_model` finds at once behind.
pub(crate) fn find_before(rest: &mut Rest, request: &mut Request, is_model: impl Fn(&str) -> bool) {
    static WAY: LazyLock<[Regex; 1]> =
        LazyLock::new(|| [pattern(r"^#\s?(?P<unit>(?-i:[MB])|million|billion)[ -](?:(?:parameters?|params)[ -])?")]);
    params(rest, request, &*WAY, is_model);
}

/// Parameters, about so many or at most.
fn params(rest: &mut Rest, request: &mut Request, ways: &[Regex], is_of_model: impl Fn(&str) -> bool) {
    static MOST_BEFORE: LazyLock<Regex> = LazyLock::new(|| regex(MOST));
    let is_most = std::cell::Cell::new(false);
    let judged = |found: &Found<'_>| {
        is_most.set(MOST_BEFORE.is_match(found.before));
        if is_of_model(found.behind) { Judged::Taken } else { Judged::Passed }
    };
    let Some(cut) = ways.iter().find_map(|way| rest.cut_as(way, judged)) else { return };
    let count = request.value(Some(cut), "a number of parameters", |cut| {
        let factor = match cut.get("unit").to_lowercase().chars().next() {
            Some('k' | 't') => 1e3,
            Some('m') => 1e6,
            Some('b') => 1e9,
            _ => 1.0,
        };
        cut.number().map(|value| value * factor).filter(|value| *value >= 1.0)
    });
    match is_most.get() {
        true => request.size.max_params = count.or(request.size.max_params),
        false => request.size.params = count.or(request.size.params),
    }
}
