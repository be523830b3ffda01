//! Whether a number beside a setting's name is that setting of the paper's own, rather than something that only looks alike: the length
//! of a part, the rate that did not do, a count of something else.

use super::numbers;
use crate::intake::FieldKey;
use std::ops::Range;
use std::sync::LazyLock;

/// Whether the words mean this setting of the paper's own, rather than something that only looks alike.
pub(super) fn applies(key: FieldKey, text: &str, whole: Range<usize>, value: Range<usize>) -> bool {
    static OTHER_UNIT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"^\s?(?:%|k\b|steps|iterations|epochs|layers|times|days|hours|tokens|×|[- ]?fold)")
    });
    // `15% of tokens in each batch`, `8192 x 128 = 1M`, `1.6h` of sound.
    static OTHER_BATCH: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^\s?(?:%|[x×*·]\s?\d|(?:h|hours?|s|sec|seconds|min|minutes|[GM]B|m samples)\b)"));
    static FACTOR: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)(?:by|factor of|divided? (?:it )?by)\s*$"));
    let after = &text[value.end..];
    let before = &text[..whole.start];
    let inside = text[whole.start..value.start].to_lowercase();
    if is_disowned(before, after) {
        return false;
    }
    match key {
        FieldKey::Lr if inside.starts_with('α') && !speaks_of_rates(text) => false,
        FieldKey::Lr if ends_there(before, &inside) => false,
        FieldKey::Lr => {
            !OTHER_UNIT.is_match(after) && !FACTOR.is_match(before) && (!inside.contains("warm") || rises_to(&inside))
        }
        FieldKey::Momentum => !OTHER_UNIT.is_match(after) && !is_of_averages(before),
        FieldKey::WeightDecay | FieldKey::Beta1 | FieldKey::Beta2 => !OTHER_UNIT.is_match(after),
        FieldKey::Eps => numbers::parse_list(&text[value]).iter().all(|eps| *eps <= USUAL_EPS) || divides(text),
        // `10 % of dropout layers`; `50% dropout` is meant.
        FieldKey::Dropout => !after.starts_with(" layers") && !is_of_adapters(before),
        FieldKey::Epochs => {
            let is_part = inside.contains("the first") || inside.starts_with("after") && changes_then(after);
            let in_all = inside.starts_with("over") && before.to_lowercase().contains("cosine");
            !before.trim_end().ends_with("every")
                && !is_part
                && (in_all || !decays_there(before))
                && !is_other_epochs(before, after)
        }
        FieldKey::Warmup => !inside.contains("train for") && !inside.contains("trained for"),
        FieldKey::Steps => {
            let is_part = inside.contains("the first") || inside.starts_with("after") && changes_then(after);
            !is_part
                && !is_other_count(before)
                && !rises(before)
                && trains(text)
                && !decays_there(before)
                && !text[whole].to_lowercase().contains("warm")
        }
        FieldKey::BatchSize if is_of_inference(before, after) || varies(before) => false,
        FieldKey::MaxSeqLen if varies(before) => false,
        FieldKey::BatchSize => {
            !after.starts_with(" GPUs")
                && !OTHER_BATCH.is_match(after)
                && !text[value.clone()].contains('%')
                && !text[value].ends_with('m')
        }
        FieldKey::LoraRank => !text.starts_with("Figure") && (!inside.contains("rank r =") || adapts(text)),
        _ => true,
    }
}

/// What was suggested, tried or found wanting is not what was done: `0.001, to be too high`, `instead of a learning rate of 0.1`.
fn is_disowned(before: &str, after: &str) -> bool {
    static TOO_MUCH: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^\)?,?\s(?:(?:to be|was|were|is|are|proved|turned out|which|that|both|far|much|often|found|seemed|being)\s)*(?:too (?:high|low|large|small|big|aggressive|slow|fast|long|short)|unstable|divergent)\b",
        )
    });
    static IN_PLACE_OF: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:instead of|rather than|in place of|as opposed to|not) (?:(?:the|a|an|their|its|with|using|training for|training|suggested|recommended|usual|default|original|standard|common|larger|smaller|higher|lower)\s)*$",
        )
    });
    TOO_MUCH.is_match(after) || IN_PLACE_OF.is_match(before)
}

/// Whether what stands between the words around it is of the model in use, not in training: `latency on CPU with a batch size of 1`.
pub(super) fn is_of_inference(before: &str, after: &str) -> bool {
    static USES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:inference|latenc(?:y|ies)|throughput|test[- ]time|(?:for|during|when|in|at) (?:the )?(?:decoding|evaluation|testing|generation|serving|deployment)|(?:evaluat|decod)\w+ with|(?:decoding|generation|evaluation) (?:takes|took|requires|is done|uses|used))\b",
        )
    });
    static TRAINS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:(?:pre-?)?train(?:s|ed|ing)?|(?:fine-?)?tun(?:e|ed|ing)|optimi[sz]\w+|learning[- ]rate)\b",
        )
    });
    static USED_FOR: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^\s?(?:\w+ )?(?:for|at|during|in) (?:the )?(?:inference|test(?:ing)?(?:[- ]time)?|decoding|evaluation|generation|serving)\b",
        )
    });
    let clause = before.rsplit(';').next().unwrap_or_default();
    let last = |pattern: &regex::Regex| pattern.find_iter(clause).last().map(|found| found.start());
    let in_use = last(&USES).is_some_and(|used| last(&TRAINS).is_none_or(|trained| trained < used));
    in_use || USED_FOR.is_match(after)
}

/// `We vary the batch size from 32 to 512`.
fn varies(before: &str) -> bool {
    static VARIES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:var(?:y|ies|ied|ying)|sweep\w*|swept|rang(?:e|es|ed|ing)) (?:over )?(?:the |our )?(?:\w+ )?$",
        )
    });
    VARIES.is_match(before)
}

/// The momentum of running averages (batch normalisation, a teacher's weights) is none of the optimiser.
fn is_of_averages(before: &str) -> bool {
    static AVERAGES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:(?:batch[- ]?norm\w*|BN)(?:'s)?(?: layers?)?(?: statistics)?[- ](?:(?:with|uses?|using|has|have) (?:an? )?)?|(?:EMA|moving[- ]averages?|teacher|target(?: network)?|encoder|running (?:means?|statistics|averages?))(?:'s)?[- ])$",
        )
    });
    AVERAGES.is_match(before)
}

/// Larger ones are rare enough that the sentence has to speak of an optimiser that has one.
const USUAL_EPS: f64 = 1e-2;

/// Whether a sentence speaks of an optimiser that divides by a root plus ε, and of nothing else that is called so.
fn divides(text: &str) -> bool {
    static DIVIDES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:rms-?prop|adam\w?|adamax|adagrad|adadelta|adafactor|adabelief|lamb|nadam)\b")
    });
    static OTHER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:greedy|smooth\w*|adversar\w*|perturb\w*|priva\w*|attack\w*|explor\w*|ball)\b")
    });
    DIVIDES.is_match(text) && !OTHER.is_match(text)
}

/// `After 5 epochs, we begun halving the learning rate`: something changes then, and training goes on.
fn changes_then(after: &str) -> bool {
    static CHANGES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^\s?(?:training |full )?(?:epochs?|steps|iterations|updates)?,?[^.;]{0,50}?\b(?:halv|decay|decreas|reduc|lower|drop|divid|multipl|anneal|switch|unfreez|unfroz|increas|rais|start|begin|begun|began)",
        )
    });
    CHANGES.is_match(after)
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

/// Whether a sentence speaks of training: iterations of a proof or steps of an agent are no length.
fn trains(text: &str) -> bool {
    static TRAINS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:(?:pre-?)?train\w*|(?:fine-?)?tun(?:e|ed|ing)|optimi[sz]\w*|learning[- ]rate|batch\w*|lr|warm\w*)\b",
        )
    });
    TRAINS.is_match(text)
}

/// Whether a sentence speaks of adapters that are put into a model, rather than of ranks.
fn adapts(text: &str) -> bool {
    static ADAPTS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:we|our)\b[^.;]*\b(?:use|set|insert|add|apply|train|employ|fix)\w*\b[^.;]*\b(?:lora|adapters?|low-rank)\b",
        )
    });
    ADAPTS.is_match(text)
}

/// `we finally decay the learning rate to`: what it ends with.
fn ends_there(before: &str, inside: &str) -> bool {
    static FALLS: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:decay|anneal|decreas|reduc|lower|drop)\w* (?:the |our |its )?$"));
    FALLS.is_match(before) && inside.ends_with(" to ") && !inside.contains(" from ")
}

/// `LoRA dropout`, `LoRA with rank 8, α 16 and a dropout of`.
fn is_of_adapters(before: &str) -> bool {
    static ADAPTER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)(?:\bLoRA(?:'s)?[-_ ]|\bLoRA\b[^.;]{0,90}?\b(?:[Rr]ank|r|α|alpha)\b[^.;]{0,60})$")
    });
    ADAPTER.is_match(before)
}

/// `warms up from 0 to`: the rate that follows is the highest.
fn rises_to(inside: &str) -> bool {
    let inside = inside.trim_end();
    [" to", " of", " value", "maintained at", "kept at", "held at"].iter().any(|end| inside.ends_with(end))
}

/// Epochs of a search, or of waiting for something better, are not the length of training.
fn is_other_epochs(before: &str, after: &str) -> bool {
    let before = before.to_lowercase();
    let clause = before.rsplit([',', ';', '(']).next().unwrap_or_default();
    let per = after.trim_start().trim_start_matches("epochs").trim_start().trim_start_matches("epoch").trim_start();
    let waits =
        ["improv", "patience", "plateau", "early stop", "warm", "every", "last "].iter().any(|word| clause.contains(word));
    waits || ["per combination", "per trial", "per configuration", "per setting"].iter().any(|words| per.starts_with(words))
}

/// Steps at which something happens are not the length of training.
fn is_other_count(before: &str) -> bool {
    let before = before.to_lowercase();
    let clause = before.rsplit([',', ';', '(']).next().unwrap_or_default();
    let clause = clause.rsplit(" and train").next().unwrap_or_default();
    ["warm", "first", "every", "each", "evaluat", "checkpoint", "average", "improv", "patience", "accumul"]
        .iter()
        .any(|word| clause.contains(word))
}

/// `The learning rate increases linearly for {4,000} steps`.
fn rises(before: &str) -> bool {
    static RISES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:rates?|lr)\b[^.;,]{0,40}\b(?:increas|ramp|ris|rais|grow)\w*[^.;,]{0,30}$")
    });
    RISES.is_match(before)
}

/// `divide it by 10 at {32k and 48k} iterations`.
fn decays_there(before: &str) -> bool {
    let before = before.to_lowercase();
    let clause = before.rsplit([';', '.']).next().unwrap_or_default();
    let clause = clause.rsplit_once(" and terminate").map_or(clause, |(_, rest)| rest);
    let clause = clause.rsplit(',').next().unwrap_or_default();
    let clause = clause.rsplit(" and train").next().unwrap_or_default();
    let clause =
        ["weight decay", "dropout", "drop-out"].iter().fold(clause.to_string(), |clause, other| clause.replace(other, ""));
    [
        "divide",
        "dividing",
        "decay",
        "drop",
        "reduc",
        "lowered",
        "lowering",
        "lower it",
        "lower the",
        "multipl",
        "anneal",
        "decreas",
        "halv",
    ]
    .iter()
    .any(|word| clause.contains(word))
}
