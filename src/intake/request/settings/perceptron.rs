//! What stands between the layers of a perceptron: `tanh activation`, `with batch norm`.

use super::choose;
use super::size::is_perceptron;
use crate::intake::request::Request;
use crate::intake::request::pattern::pattern;
use crate::intake::request::rest::{Cut, Found, Rest, taken_if};
use regex::Regex;
use std::sync::LazyLock;
use tallow_zoo::mlp::{Activation, Norm};

static ACTIVATIONS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    let name = r"(?P<v>re-?lu|tanh|gelu|silu|swish)s?";
    [
        pattern(&format!(
            r"\b(?:(?:with|using|use|and|as)\s)?(?:(?:an?|the)\s)?(?:hidden\s)?activations?(?:[ _]functions?)?(?:\s?[=:]|\s(?:is|of|are))?\s{name}\b"
        )),
        pattern(&format!(
            r"\b(?:(?:with|using|use|and)\s)?(?:(?:an?|the)\s)?{name}(?:[ -](?:activations?(?: functions?)?|units|non-?linearit(?:y|ies)))?\b(?:\s(?:(?:between|after|in|on|behind)\s(?:(?:the|all|each|every|hidden)\s)*layers?|everywhere|throughout))?"
        )),
    ]
});

static NORMS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?:with|using|use|and|plus|add)\s)?(?:(?:an?|the)\s)?(?P<v>batch|layer)[ -]?norm(?:ali[sz]ation|s)?(?: layers?)?\b(?:\s(?:(?:between|after|in|on|behind)\s(?:(?:the|all|each|every|hidden)\s)*layers?|everywhere|throughout))?",
    )
});

pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    if !is_perceptron(request) {
        return;
    }
    // `A GELU in place of` something is a choice of its own kind.
    let is_own = |found: &Found<'_>| taken_if(!found.behind.trim_start().starts_with(['/', '(']));
    let (mut acts, mut norms) = (None, None);
    while let Some(cut) = ACTIVATIONS.iter().find_map(|way| rest.cut_as(way, is_own)) {
        let named = activation(&cut);
        request.refused.extend(choose(&mut acts, cut.words, named));
    }
    while let Some(cut) = rest.cut(&NORMS) {
        let named = if cut.get("v").eq_ignore_ascii_case("batch") { Norm::Batch } else { Norm::Layer };
        request.refused.extend(choose(&mut norms, cut.words, named));
    }
    (request.activation, request.norm) = (acts.map(|(_, act)| act), norms.map(|(_, norm)| norm));
}

fn activation(cut: &Cut) -> Activation {
    match cut.get("v").to_lowercase().replace('-', "").as_str() {
        "tanh" => Activation::Tanh,
        "gelu" => Activation::Gelu,
        "silu" | "swish" => Activation::Silu,
        _ => Activation::Relu,
    }
}
