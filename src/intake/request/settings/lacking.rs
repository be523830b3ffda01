//! Settings and methods that there is no way to follow: they are told, and nothing is made of their values.

use super::around;
use crate::intake::request::pattern::pattern;
use crate::intake::request::rest::{Cut, Rest};
use crate::intake::request::{Lack, Lacking, Request};
use regex::Regex;
use std::sync::LazyLock;

/// Methods that there are not, with the values that are theirs: the `alpha` of one is not that of an adapter.
static METHODS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    let names = r"(?:neftune|r-?drop|mixout|drop-?\s?path|stochastic depth|spec-?\s?augment|swa|orpo|kto|simpo)";
    let key =
        r"(?:noise[ _-]?alpha|noise|alpha|α|beta|β|gamma|lambda|rho|tau|rate|prob(?:ability)?|scale|coef(?:ficient)?|strength)";
    let value = r"\s?(?:=|:|of|at|is)?\s?\d*\.?\d+(?:e-?\d+)?";
    [
        pattern(&format!(r"\b{names}(?:[\s_(-]+(?:(?:with|of|at|and)\s)?(?:an?\s)?{key}{value}|\s?[=:(]\s?\d*\.?\d+)\)?")),
        pattern(&format!(r"\b{key}{value}\s(?:for|of|in)\s(?:the\s)?{names}\b")),
    ]
});

/// Before the settings whose names they share.
pub(super) fn methods(rest: &mut Rest, request: &mut Request) {
    for way in METHODS.iter() {
        while let Some(cut) = rest.cut(way) {
            request.lacking.push(Lacking { of: Lack::Method, words: cut.words });
        }
    }
}

/// Wishes that there is no way to follow.
static LACKING: LazyLock<Vec<(Lack, Regex)>> = LazyLock::new(|| {
    let lack = |of, form: &str| (of, pattern(form));
    vec![
        lack(Lack::Method, r"\b(?:(?:prefix|prompt|p)[- ]tuning|ia3|bitfit)\b"),
        lack(
            Lack::Precision,
            r"(?:^(?:4|8|16)[- ]?bits?\b|\bint[48]\b|\bb?f(?:loat|p)?16\b|\bfp8\b)(?:[ -]precision\b)?|\b(?:half|mixed)[- ]precision\b|\bquanti[sz]\w*",
        ),
        lack(
            Lack::Method,
            r"\b(?:multi-?task|active|federated|curriculum|self-supervised|semi-supervised|meta|adversarial)[- ](?:learning|training)\b|\b(?:orpo|kto|ppo|grpo|rlhf|neftune|swa|r-?drop|swag)\b|\b(?:stochastic )?weight averaging\b(?: \(swa\))?|\bpseudo-?label\w*|\bself-training\b|\bwhole[- ]word[- ]masking\b|\bdrop-?\s?path\b(?: (?:rate )?(?:of )?\d*\.?\d+)?|\bstochastic depth\b|\bspec-?\s?augment\b",
        ),
        lack(
            Lack::Method,
            r"\b(?:sequence|sample|example|batch|token)[ _-]packing\b(?:\s?[=:]?\s?(?:on|true|enabled|yes)\b)?|\b(?:(?:with|use|using|enable|turn on|do)\s)packing\b|\bpacking\s?[=:]?\s?(?:on|true|enabled|yes)\b",
        ),
        lack(Lack::Hardware, &around::hardware()),
        lack(Lack::Tool, &around::tools()),
        lack(Lack::Augmentation, r"\b(?:cutout|autoaugment|augmix|trivialaugment)\b|\b(?:data )?augmentations?\b"),
    ]
});

pub(super) fn find(rest: &mut Rest, request: &mut Request) {
    // All is float32 anyway: `fp16: false`.
    static OFF: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\b(?:b?f(?:loat|p)?16|fp8|amp|tf32|mixed[ _-]precision)\s?[=:]\s?(?:false|no|off|none|0)\b"));
    if rest.says("16") || rest.says("amp") || rest.says("precision") || rest.says("32") || rest.says("fp8") {
        while rest.cut_plain(&OFF).is_some() {}
    }
    let mut add = |of: Lack, cut: Cut| request.lacking.push(Lacking { of, words: cut.words });
    for (of, way) in LACKING.iter() {
        while let Some(cut) = rest.cut(way) {
            add(*of, cut);
        }
    }
}
