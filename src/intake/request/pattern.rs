//! How settings are said: patterns with signs for what they share.

use super::rest::NOT;
use super::wording::number::{NUMBER, in_words};
use crate::intake::regex;
use regex::Regex;

/// A pattern, in which `#` is a number in digits, `&` one in words, `@` either, all in the group `v`, `^` what stands before either,
/// and `~` what stands between a name and its value.
pub(super) fn pattern(form: &str) -> Regex {
    let before = r"(?:^|[\s(,;:=≤<~¦])";
    let between = r"\s*(?:(?:of|to|is|at|by|size|rate|value|norm|probability|coefficient|factor|about|around|=|:)\s*){0,3}";
    // A line behind a space belongs to what comes next: `3-layer`, and `3 - epochs` is a list.
    let any = format!(r"(?P<v>{NUMBER}(?:-|\s*)|{})", in_words());
    let form = form.replace('~', between).replace('^', before).replace('@', &any).replace('#', &format!("(?P<v>{NUMBER})"));
    let form = form.replace('&', &format!("(?P<v>{})", in_words()));
    // Digits of other scripts are no numbers here, and would make each pattern several times as large.
    regex(&format!("(?i){}", form.replace(r"\d", "[0-9]")))
}

/// Ways of saying that something, named by a pattern, is not to be: `no dropout`, `dropout off`.
pub(super) fn without(name: &str) -> Regex {
    let behind = r"\s*(?:=|:|is|are|turned|switched)*\s*(?:off|disabled|none|false|un(?:wanted|desired|welcome)|forbidden|prohibited|banned|off[- ]limits|out of the question|to be avoided|not (?:needed|wanted|necessary|required))\b";
    let verb =
        r"\b(?:disabl(?:e|ing)|(?:turn|switch)(?:ing)? off|omit(?:ting)?|leav(?:e|ing) out|remov(?:e|ing)|drop(?:ping)?)\s";
    regex(&format!(
        r"(?i)(?:{NOT}(?:{name})\b(?: at all| whatsoever)?|\b(?:{name}){behind}|{verb}(?:(?:the|all|any)\s)*(?:{name})\b)"
    ))
}

macro_rules! patterns {
    ($($name:ident: [$($form:expr),+ $(,)?],)+) => {
        /// Every way of saying a setting; the first that is there is taken.
        struct Patterns { $($name: Vec<regex::Regex>,)+ }
        static PATTERNS: std::sync::LazyLock<Patterns> = std::sync::LazyLock::new(|| Patterns {
            $($name: vec![$(crate::intake::request::pattern::pattern($form)),+],)+
        });
    };
}
pub(super) use patterns;
