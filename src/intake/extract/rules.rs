//! How papers say settings that are numbers: one row each way of saying one.

mod length;
mod model;
mod optimizer;

use super::numbers;
use crate::intake::{FieldKey, Unit};
use std::sync::LazyLock;

/// One way of saying a setting: `{n}` is a number or a list of them, `{v}` one number, `{c}` one in words, `{m}` another, `{of}` what stands between a name and its value.
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
    r"(?:\s*(?:[\(\[][A-Za-zα-ωϵε₀-₉ -]{1,50}[\)\]]|\((?-i:[A-Z])[^()0-9]{2,60}[0-9]{4}[a-z]?\)|\[\^?\d{1,3}(?:, ?\^?\d{1,3})*\])|[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})?",
    r"(?:\s*(?:\b(?:of|is|are|was|were|be|been|set|to|at|from|in|with|a|an|the|value|values|rate|fixed|constant|starting|starts|start|initial|",
    r"initially|initiali[sz]ed|equal|equals|among|between|either|ratio|probability|kept|always|also|same|default|around|about|approximately|up|range|following|size|used|tuned|",
    r"limited|capped|restricted|still|stays|remains|truncated|bounded|clipped|configured|adjusted|chosen|selected|picked|searched|swept|taken|we|use|being|as|held|then|both|simply|empirically|peak|maximum|max|base|within|default|values?|sizes?|grid)\b|[:=∈≈≤~,\(\[\{]))*\s*",
);

/// What stands between a setting's name and its sign.
const NAMED: &str = r"(?:\s(?:of|is|to|was|were|at|be|set|value|rate|size|length|factor|coefficient|parameter|probability|with|a|an|the|fixed))*\s\(?";

/// The sign of a quantity before its value: `learning rate η = 3e-4`, `batch size B = 1024`.
const SIGN: &str = r"(?:(?:[A-Za-zα-ωϵε][₀-₉]?\s?\()?\b[A-Za-zα-ωϵε](?:_?[₀-₉0-9])?\s?=\s?)";

pub(super) struct Compiled {
    pub rule: &'static Rule,
    pub pattern: regex::Regex,
}

pub(super) static COMPILED: LazyLock<Vec<Compiled>> = LazyLock::new(|| {
    let list = numbers::list();
    let compile = |rule: &'static Rule| {
        let pattern = rule
            .pattern
            .replace("{of}", &format!("(?:{NAMED}{SIGN}|{OF})"))
            // What was changed `from 256 to 128` is the second.
            .replace("{to}", &format!(r"(?:{NAMED}{SIGN}|\s?\(?from {{m}} to |{OF})"))
            .replace("{sign}", &format!("{SIGN}?"))
            .replace("{n2}", &format!("(?P<w>{list})"))
            .replace("{n}", &format!("(?P<v>{list})"))
            .replace("{v}", &format!("(?P<v>{})", numbers::NUMBER))
            .replace("{c}", &format!("(?P<v>{})", numbers::WORDS))
            .replace("{m}", numbers::NUMBER);
        Compiled { rule, pattern: crate::intake::regex(&format!("(?i){pattern}")) }
    };
    all().map(compile).collect()
});
