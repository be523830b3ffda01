//! How papers say settings that are numbers: one row each way of saying one.

mod length;
mod model;
mod optimizer;

use super::numbers;
use crate::intake::{FieldKey, Unit};
use std::sync::{LazyLock, OnceLock};

/// One way of saying a setting: `{n}` is a number or a list of them, `{v}` one number, `{c}` and `{c2}` one in words, `{m}` another, `{of}` what stands between a name and its value.
pub(super) struct Rule {
    pub key: FieldKey,
    pattern: &'static str,
    pub unit: Option<Unit>,
    /// Values outside are not this setting.
    pub within: (f64, f64),
}

const fn rule(key: FieldKey, pattern: &'static str, unit: Option<Unit>, within: (f64, f64)) -> Rule {
    Rule { key, pattern, unit, within }
}

const LR: (f64, f64) = (1e-8, 5.0);
const SHARE: (f64, f64) = (0.0, 0.9999999);
const COUNT: (f64, f64) = (1.0, 1e12);
const VOCABULARY: (f64, f64) = (50.0, 1e7);

/// All of them; of one setting the first that fits is taken.
fn all() -> impl Iterator<Item = &'static Rule> {
    optimizer::RULES.iter().chain(length::RULES).chain(model::RULES)
}

/// What stands between a setting's name and its value.
const OF: &str = concat!(
    // `the rank {of the new layers is} 8`, `we set the momentum {of the optimiser to} 0.9`.
    r"(?:\s(?:of|for|in) (?:the |our |all |each |every |both )?(?:[A-Za-z][A-Za-z0-9-]* ){1,4}?(?:is|are|was|were|to)\b)?",
    r"(?:\s(?:[α-ωϵε]|(?-i:[BCEKLNTbdpr]))[₀-₉]?(?-i:max|init|0)?\b)?",
    r"(?:\s*(?:[\(\[][A-Za-zα-ωϵε₀-₉ -]{1,50}[\)\]]|\((?-i:[A-Z])[^()0-9]{2,60}[0-9]{4}[a-z]?\)|\[\^?\d{1,3}(?:, ?\^?\d{1,3})*\])|[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})*",
    r"(?:\s*(?:\b(?:of|is|are|was|were|be|been|set|to|at|from|in|with|a|an|the|value|values|rate|fixed|constant|starting|starts|start|initial|",
    r"initially|initiali[sz]ed|equal|equals|among|amongst|between|either|ratio|probability|kept|always|also|same|default|around|about|approximately|up|range|following|size|used|(?:tuned|searched|swept|selected) over|tuned|",
    r"limited|capped|restricted|still|stays|remains|truncated|bounded|clipped|configured|adjusted|chosen|selected|picked|searched|swept|taken|we|use|being|as|held|then|both|simply|finally|over|empirically|peak|maximum|max|base|within|default|values?|sizes?|grid)\b|[:=∈≈≤~,\(\[\{]))*\s*",
);

/// What stands between a setting's name and its sign.
const NAMED: &str = r"(?:\s(?:of|is|to|was|were|at|be|set|value|rate|size|length|factor|coefficient|parameter|probability|with|a|an|the|fixed))*\s\(?";

/// The sign of a quantity before its value: `learning rate η = 3e-4`, `batch size B = 1024`.
const SIGN: &str = r"(?:(?:[A-Za-zα-ωϵε][₀-₉]?\s?\()?\b(?:alpha|beta|gamma|delta|eps(?:ilon)?|eta|lambda|mu|tau|[α-ωϵε][A-Za-z]{1,5}|[A-Za-zα-ωϵε](?:_?[₀-₉0-9ₐ-ₜ]|_\{?[A-Za-z]{1,8}\}?)?)\s?=\s?)";

/// A rule, whose pattern is put together when a sentence first has the words that it cannot do without: a paper meets few of all rules.
pub(super) struct Compiled {
    pub rule: &'static Rule,
    words: Option<regex::Regex>,
    pattern: OnceLock<regex::Regex>,
}

impl Compiled {
    fn of(rule: &'static Rule) -> Self {
        let words = words_of(rule.pattern).map(|words| crate::intake::regex(&format!("(?i){words}")));
        Self { rule, words, pattern: OnceLock::new() }
    }

    /// The whole pattern, where the text may meet it.
    pub(super) fn pattern(&self, text: &str) -> Option<&regex::Regex> {
        let may_meet = self.words.as_ref().is_none_or(|words| words.is_match(text));
        may_meet.then(|| self.pattern.get_or_init(|| crate::intake::regex(&format!("(?i){}", filled(self.rule.pattern)))))
    }
}

/// The rule's pattern, its holes filled.
fn filled(pattern: &str) -> String {
    let list = numbers::list();
    pattern
        .replace("{of}", &format!("(?:{NAMED}{SIGN}|{OF})"))
        // What was changed `from 256 to 128` is the second.
        .replace("{to}", &format!(r"(?:{NAMED}{SIGN}|\s?\(?from {{m}} to |{OF})"))
        .replace("{sign}", &format!("{SIGN}?"))
        .replace("{n2}", &format!("(?P<w>{list})"))
        .replace("{n}", &format!("(?P<v>{list})"))
        .replace("{v}", &format!("(?P<v>{})", numbers::NUMBER))
        .replace("{c2}", &format!("(?P<w>{})", numbers::WORDS))
        .replace("{c}", &format!("(?P<v>{})", numbers::WORDS))
        .replace("{m}", numbers::NUMBER)
}

/// The longest part of a rule's pattern without holes that every match holds: between two holes, and outside of groups that have some.
fn words_of(pattern: &str) -> Option<&str> {
    // Where the part began that is read, where the last whole piece at the top level ended.
    let (mut depth, mut begin, mut longest) = (0usize, 0, "");
    let mut signs = pattern.char_indices().peekable();
    let mut close = |begin: usize, end: usize| {
        let part = pattern[begin.min(end)..end].trim_start_matches(['?', '*', '+']);
        if part.len() > longest.len() {
            longest = part;
        }
    };
    // Where the outermost group began, and whether it has a hole.
    let (mut group, mut has_hole) = (0, false);
    while let Some((at, sign)) = signs.next() {
        match sign {
            '\\' => drop(signs.next()),
            '[' => {
                while let Some((_, sign)) = signs.next().filter(|(_, sign)| *sign != ']') {
                    if sign == '\\' {
                        signs.next();
                    }
                }
            }
            '(' => {
                if depth == 0 {
                    (group, has_hole) = (at, false);
                }
                depth += 1;
            }
            ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && has_hole {
                    close(begin, group);
                    begin = at + 1;
                }
            }
            '{' if signs.peek().is_some_and(|(_, next)| next.is_ascii_lowercase()) => {
                let end = pattern[at..].find('}').map_or(pattern.len(), |end| at + end + 1);
                while signs.next_if(|(next, _)| *next < end).is_some() {}
                has_hole = true;
                if depth == 0 {
                    close(begin, at);
                    begin = end;
                }
            }
            '|' if depth == 0 => return None,
            _ => {}
        }
    }
    close(begin, pattern.len());
    (longest.chars().filter(char::is_ascii_alphabetic).count() > 2).then_some(longest)
}

pub(super) static COMPILED: LazyLock<Vec<Compiled>> = LazyLock::new(|| all().map(Compiled::of).collect());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_match_of_a_rule_holds_its_words() {
        for (pattern, words) in [
            (r"\bmomentum(?: term)?{of}{n}", Some(r"\bmomentum(?: term)?")),
            (r"{v}? ?(?:Nesterov )?momentum\b", Some(r" ?(?:Nesterov )?momentum\b")),
            (r"{n} of x(?: or {m} and others too)? heads", Some(" heads")),
            (r"[(|] rank[^.;\d]{0,40} \({v}", Some(r"[(|] rank[^.;\d]{0,40} \(")),
            (r"of {v}|{v} words", None),
            ("{v}", None),
        ] {
            assert_eq!(words_of(pattern), words, "{pattern}");
        }
        for rule in all() {
            if let Some(words) = words_of(rule.pattern) {
                assert!(!words.contains("{m}") && regex::Regex::new(words).is_ok(), "{words}");
            }
        }
    }
}
