//! What cells of tables say of settings: their names, and their values.

use super::value_of;
use crate::intake::extract::{augmentation, choices, numbers};
use crate::intake::{FieldKey, ScheduleShape, Unit, Value};
use std::sync::LazyLock;

/// What a cell names: a setting, the unit of its numbers, and the power of ten that they are multiplied with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::intake::extract) struct Named {
    pub key: FieldKey,
    pub unit: Option<Unit>,
    pub power: i32,
}

/// The setting that a cell names; a sign behind the name aside (`Learning rate (η)`, `Batch size B`), but not what its numbers
/// are measured in: `Warmup (epochs)`, `Steps (k)`, `Learning rate (×10⁻⁴)`.
pub(in crate::intake::extract) fn setting(text: &str) -> Option<Named> {
    static BEHIND: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?:\s*[\(\[](?P<in>[^()\[\]]*)[\)\]]|\s*(?P<times>[×·]\s?10\S{1,6})|\s+[α-ωϵA-Z]_?\w{0,5}|\s+[α-ωϵ]_?\{?\w{0,12}\}?|\s+[‖∥|].*|[*†‡:])$",
        )
    });
    let text = text.trim();
    // `Precision (%)` is a measure.
    let of_measure = |key: FieldKey| key == FieldKey::Precision && text.contains('%');
    if let Some((key, unit)) = named(text) {
        return Some(Named { key, unit, power: 0 });
    }
    let behind = BEHIND.captures(text)?;
    let (key, unit) = named(text[..behind.get(0)?.start()].trim()).filter(|(key, _)| !of_measure(*key))?;
    let unit = if key == FieldKey::BatchSize && text.to_lowercase().contains("token") { Some(Unit::Tokens) } else { unit };
    measured(key, unit, behind.name("in").or_else(|| behind.name("times")).map_or("", |said| said.as_str().trim()))
}

/// A setting whose numbers are measured as brackets behind its name say; none where they say that it is but a part: a batch for
/// one device.
fn measured(key: FieldKey, unit: Option<Unit>, said: &str) -> Option<Named> {
    static PART: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:per[- ](?:gpu|tpu|device|core|worker|node|chip|card|replica|rank|process)|local|micro|each)\b|/\s?(?:gpu|tpu|device)\b",
        )
    });
    let lower = said.to_lowercase();
    if key == FieldKey::BatchSize && PART.is_match(said) {
        return None;
    }
    let has = |words: &[&str]| said.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word));
    let percent = said.contains('%') || lower.contains("percent");
    let is_share = matches!(
        key,
        FieldKey::Dropout | FieldKey::LoraDropout | FieldKey::LabelSmoothing | FieldKey::WeightDecay | FieldKey::Warmup
    );
    // `Batch size (K)` may be the sign of it.
    let of_tokens = key == FieldKey::BatchSize && unit == Some(Unit::Tokens);
    let is_counted = of_tokens || matches!(key, FieldKey::Steps | FieldKey::Warmup);
    let power = match power_of_ten(said) {
        Some(power) => power,
        None if percent && is_share => -2,
        None if is_counted && has(&["k", "K", "thousand", "thousands"]) => 3,
        None if is_counted && has(&["M", "million", "millions"]) => 6,
        None => 0,
    };
    let unit = match key {
        FieldKey::Warmup if percent || has(&["ratio", "fraction", "proportion"]) => Some(Unit::Fraction),
        FieldKey::Warmup if lower.contains("epoch") => Some(Unit::Epochs),
        FieldKey::Warmup if lower.contains("token") => Some(Unit::Tokens),
        _ => unit,
    };
    Some(Named { key, unit, power })
}

/// `×10⁻⁴`, `1e-4`, `× 1000` -> -4, -4, 3.
fn power_of_ten(said: &str) -> Option<i32> {
    static POWER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:in )?(?:[×x∗*·⋅]\s?(?P<times>1\S*)|(?P<of>1e[-−–]?\d{1,2}|10(?:\s?\^\s?\S+|⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+|[-−–]\d)))$",
        )
    });
    let words = POWER.captures(said)?;
    let value = numbers::parse(words.name("times").or_else(|| words.name("of"))?.as_str())?;
    // More is a slip of the reading.
    (-12..=12).find(|power| (value / 10f64.powi(*power) - 1.0).abs() < 1e-9)
}

/// What a cell names in a table of an adapter's constants, which need not say each time whose they are.
pub(in crate::intake::extract) fn adapter_setting(text: &str) -> Option<FieldKey> {
    match text.trim().to_lowercase().as_str() {
        "rank" | "r" | "rank r" | "rank (r)" | "lora rank" => Some(FieldKey::LoraRank),
        "α" | "alpha" | "scaling α" | "scaling factor α" | "lora alpha" | "lora α" => Some(FieldKey::LoraAlpha),
        "dropout" | "drop-out" | "dropout rate" => Some(FieldKey::LoraDropout),
        "where" | "targets" | "target" | "adapted layers" | "adapted modules" => Some(FieldKey::LoraTargets),
        _ => None,
    }
}

fn named(text: &str) -> Option<(FieldKey, Option<Unit>)> {
    static NAMES: LazyLock<Vec<(regex::Regex, FieldKey, Option<Unit>)>> = LazyLock::new(|| {
        let name = |pattern: &str, key, unit| (crate::intake::regex(&format!("(?i)^(?:{pattern})$")), key, unit);
        vec![
            name(
                r"(?:(?:base|peak|initial|init|max|maximum|starting|backbone|encoder|decoder|head|classifier|actor|critic|policy|generator|discriminator|attention|classification|projection|projector|adapter|embedding|text|image|vision|visual|audio|speech|language|student|teacher|prompt|connector|cnn|transformer|inner|outer|pre-?training|fine-?tuning|training|adam|adamw|sgd)[- ]){0,2}(?:modules? )?(?:learning[- _]rate|lr)(?:[ _-](?:max|peak|init(?:ial)?|base|value))?",
                FieldKey::Lr,
                None,
            ),
            name(
                r"(?:(?:training|train|global|total|effective|pre-?training|fine-?tuning)[- ])?(?:mini[- ]?)?batch(?:[- _]?size)?|bsz|bs|train[ _]batch[ _]size",
                FieldKey::BatchSize,
                Some(Unit::Examples),
            ),
            name(r"(?:# ?(?:of )?|number of )?tokens (?:per|in|/) (?:a |each )?batch", FieldKey::BatchSize, Some(Unit::Tokens)),
            name(
                r"(?:# ?(?:of )?|num(?:ber of)?\.? |max(?:imum)?\.? |total )?(?:training |train |fine-?tuning |pre-?training )?epochs?|(?:max|num|n|total)_(?:train_)?epochs",
                FieldKey::Epochs,
                Some(Unit::Epochs),
            ),
            name(
                r"(?:# ?(?:of )?|num(?:ber of)?\.? |max(?:imum)?\.? |total )?(?:training |train |optimi[sz]ation |gradient |update )?(?:steps|iterations|updates|iters)|(?:max|num|n|total)_(?:train(?:ing)?_)?steps",
                FieldKey::Steps,
                Some(Unit::Steps),
            ),
            name(
                r"(?:lr |learning[- ]rate |linear )?warm-?\s?up(?: length| period| duration)?|(?:# ?)?(?:lr )?warm-?\s?up[ _](?:steps|iterations|updates)",
                FieldKey::Warmup,
                Some(Unit::Steps),
            ),
            name(r"warm-?\s?up epochs", FieldKey::Warmup, Some(Unit::Epochs)),
            name(r"warm-?\s?up tokens", FieldKey::Warmup, Some(Unit::Tokens)),
            name(r"(?:lr )?warm-?\s?up[ _](?:ratio|proportion|fraction|percentage)", FieldKey::Warmup, Some(Unit::Fraction)),
            name(
                r"(?:l2 |adam |adamw |decoupled )?weight[- _]decay(?: rate| coefficient)?|wd|l2(?: (?:penalty|reg\w*\.?|lambda|λ|weight|coefficient|norm))?(?: (?:strength|coefficient|weight|λ|lambda))?",
                FieldKey::WeightDecay,
                None,
            ),
            name(
                r"(?:(?:cls|residual|attention|hidden|embedding|ffn|mlp|classifier|encoder|decoder) )?drop-?out(?: prob\w*\.?| rate| ratio)?|p_?drop",
                FieldKey::Dropout,
                None,
            ),
            name(r"label[- ]smooth(?:ing)?(?: factor| rate)?|[ϵε]_?ls", FieldKey::LabelSmoothing, None),
            name(
                r"(?:(?:max(?:imum)?\.?|input|training) ){0,2}(?:seq(?:uence|\.)?|context|input|text)[- _]?(?:len(?:gth|\.)?|window|size)|max(?:imum)?\.?[ _](?:seq(?:uence)?[ _]|token[ _]|input[ _]|source[ _])?(?:len(?:gth|\.)?|tokens)",
                FieldKey::MaxSeqLen,
                Some(Unit::Tokens),
            ),
            name(
                r"(?:gradient |grad\.? )?(?:norm )?clip(?:ping)?(?: norm| value| threshold)?|max(?:imum)?\.?[ _]grad(?:ient|\.)?[-_ ]norm|clip[_ ]grad(?:ient)?(?:[_ ]norm)?|(?:gradient|grad) norm(?: clip(?:ping)?)?",
                FieldKey::GradClipNorm,
                None,
            ),
            name(r"(?:sgd )?momentum", FieldKey::Momentum, None),
            name(r"(?:adam\w? )?(?:β[₁1]|beta_?1)", FieldKey::Beta1, None),
            name(r"(?:adam\w? )?(?:β[₂2]|beta_?2)", FieldKey::Beta2, None),
            name(r"(?:adam\w? )?[ϵε]|(?:adam\w? )?eps(?:ilon)?", FieldKey::Eps, None),
            name(r"optimi[sz]er(?: type)?|optim\.?|optimi[sz]ation (?:method|algorithm)", FieldKey::Optimizer, None),
            name(
                r"(?:learning[- ]rate|lr)[- _](?:decay|schedule|scheduler|schedule type|decay schedule|annealing)|(?:lr|learning[- ]rate)[- _](?:policy|scheduling|scheduler[_ ]type)|schedul(?:e|er)(?: type)?|decay (?:schedule|type)",
                FieldKey::Schedule,
                None,
            ),
            name(r"lora[- _](?:α|alpha)", FieldKey::LoraAlpha, None),
            name(r"lora[- _]drop-?out(?: prob\w*\.?| rate| ratio)?", FieldKey::LoraDropout, None),
            name(r"lora config\.?|adaptation|lora[- _](?:rank|r)|rank r?", FieldKey::LoraRank, None),
            name(r"lora (?:target )?(?:modules|targets?|layers)|target[_ ]modules?", FieldKey::LoraTargets, None),
            name(r"(?:data )?augmentations?", FieldKey::Augmentation, None),
            name(r"(?:training |numerical |model )?precision|(?:training )?dtype|mixed[- ]precision", FieldKey::Precision, None),
            name(r"(?:loss|objective)(?: function)?|training (?:loss|objective)", FieldKey::Loss, None),
            name(
                r"(?:weights?|parameters?|model|network) init(?:iali[sz]ation|iali[sz]er|\.)?|initiali[sz](?:ation|er)",
                FieldKey::Init,
                None,
            ),
            name(
                r"wall[- ]?clock(?: time)?|(?:total )?(?:training|run|compute)[- ]?(?:time|duration)|gpu[- ]?(?:hours|time)|(?:training |train )?time \((?:h|hrs?|hours)\)",
                FieldKey::TrainingTime,
                Some(Unit::Hours),
            ),
            name(r"hardware|gpus?(?: type)?|devices?|accelerators?|(?:training )?hardware", FieldKey::Hardware, None),
        ]
    });
    NAMES.iter().find(|(name, ..)| name.is_match(text)).map(|(_, key, unit)| (*key, *unit))
}

/// `Adam betas`, `β₁, β₂`: one cell names both.
pub(super) fn names_betas(text: &str) -> bool {
    static BOTH: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:adam\w? |optimi[sz]er )?(?:betas?|β|(?:adam\w? )?\(?(?:β|beta_?)[₁1]?\s?[,/]\s?(?:β|beta_?)[₂2]?\)?)(?: parameters)?$",
        )
    });
    BOTH.is_match(text.trim())
}

/// `β₁, β₂ = 0.9, 0.95` in a cell of values.
pub(super) fn gives_betas(text: &str) -> bool {
    static BOTH: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)^\(?(?:β|beta)_?[ ₁1]?[₁1]?\s?(?:[=:]\s?[\d.]+\s?)?[,;/]?\s?(?:β|beta)_?[ ₂2]?[₂2]?\)?\s?[=:]")
    });
    BOTH.is_match(text.trim())
}

/// Whether a cell says that something is not used.
pub(super) fn is_absent(text: &str) -> bool {
    matches!(text.trim().to_lowercase().as_str(), "✗" | "×" | "no" | "none" | "-" | "–" | "—" | "−")
}

/// What a row on augmentation gives: the kinds that the cell names, or its own where that is used.
pub(super) fn augmentation(name: &str, text: &str) -> Option<Value> {
    if is_absent(text) || value_of(text) == Some(0.0) {
        return None;
    }
    let of_any = name.to_lowercase().contains("augmentation");
    let named = augmentation::augmentations_named(if of_any { text } else { name });
    // `R+N` is short for something that the table says elsewhere.
    let is_code = |text: &str| text.split(|c: char| !c.is_alphabetic()).all(|word| word.chars().count() < 3);
    if named.is_empty() && of_any && is_code(text) {
        return None;
    }
    let texts = if named.is_empty() { vec![if of_any { text } else { name }.trim().to_string()] } else { named };
    Some(Value::Texts { texts })
}

/// What a cell gives for what is named, in the measure that is named with it, unless the cell has its own.
pub(super) fn value_in(named: Named, text: &str) -> Option<Value> {
    let value = setting_value(named.key, text)?;
    let numbers = value.numbers();
    // `500000` under `Steps (k)` is written out, 0.1 under `Dropout (%)` a share, 0.0003 under `Learning rate (1e-4)` the rate.
    let is_measured = match named.power {
        0 => false,
        -2 => numbers.iter().any(|v| *v >= 1.0),
        power if power < 0 => numbers.iter().all(|v| *v >= 0.05),
        _ => numbers.iter().all(|v| *v < 1e4),
    };
    if numbers.is_empty() || !is_measured || text.contains(|c: char| c.is_alphabetic() || "%^×·⁻".contains(c)) {
        return Some(value);
    }
    // Divided by a whole number each is the nearest to what is written.
    let times = |v: f64| if named.power < 0 { v / 10f64.powi(-named.power) } else { v * 10f64.powi(named.power) };
    Some(Value::from_numbers(numbers.into_iter().map(times).collect()))
}

/// What a cell gives for a setting.
pub(super) fn setting_value(key: FieldKey, text: &str) -> Option<Value> {
    static RANK: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^r_?q ?= ?r_?v ?= ?(\d+)$|^r ?= ?(\d+)$|^(\d+)$"));
    static UNIT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\s?(?:%|(?:training )?(?:steps|iterations|updates|epochs|tokens|examples|samples|sequences|images)(?: of training)?|of (?:the )?(?:total )?(?:training )?(?:steps|training))+\s*$",
        )
    });
    static SCALED: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(&format!(r"^(?P<v>{})\s?[·×x∙⋅*∗]\s?\(?\p{{L}}.*$", numbers::NUMBER)));
    let words = || text.chars().any(char::is_alphabetic).then(|| text.trim().to_string());
    match key {
        FieldKey::Optimizer => choices::optimizer_named(text).map(|optimizer| Value::Optimizer { optimizer }),
        FieldKey::Schedule => shape_named(text).map(|schedule| Value::Schedule { schedule }),
        FieldKey::LoraRank => {
            let found = RANK.captures(text.trim())?;
            found.iter().skip(1).flatten().next()?.as_str().parse().ok().map(|value| Value::Number { value })
        }
        FieldKey::LoraTargets => words().map(|text| Value::Texts {
            texts: text
                .split(',')
                .map(|t| t.trim_matches([' ', '[', ']', '{', '}', '"', '\'']).to_string())
                .filter(|t| !t.is_empty())
                .collect(),
        }),
        FieldKey::Augmentation => augmentation("augmentation", text),
        FieldKey::Dropout | FieldKey::LoraDropout | FieldKey::LabelSmoothing | FieldKey::WeightDecay
            if matches!(text.trim(), "✗" | "×") =>
        {
            Some(Value::Number { value: 0.0 })
        }
        FieldKey::TrainingTime => {
            static RANGE: LazyLock<regex::Regex> = LazyLock::new(|| {
                crate::intake::regex(r"^(?P<a>\d+(?:\.\d+)?)\s?(?:[-–—]{1,2}|to)\s?(?P<b>\d+(?:\.\d+)?(?P<u> ?[a-zA-Z].*))$")
            });
            match RANGE.captures(text.trim()) {
                Some(ends) => {
                    let both = [format!("{}{}", &ends["a"], &ends["u"]), ends["b"].to_string()];
                    let both: Option<Vec<f64>> = both.iter().map(|end| hours(end)).collect();
                    both.map(Value::from_numbers)
                }
                None => hours(text).map(|value| Value::Number { value }),
            }
        }
        FieldKey::GradClipNorm => {
            static NORM: LazyLock<regex::Regex> = LazyLock::new(|| {
                crate::intake::regex(
                    r"(?i)^(?:(?:max(?:imum)?|global|l2|gradient|grad|clip(?:ped)?|to|by|at)\.? )*norm(?: of| =|:)? ",
                )
            });
            value_of(&NORM.replace(text.trim(), "")).map(|value| Value::Number { value })
        }
        FieldKey::Precision | FieldKey::Loss | FieldKey::Hardware | FieldKey::Init => words().map(|text| Value::Text { text }),
        _ => {
            let bare = UNIT.replace(text.trim(), "");
            // `0.0005 × batchsize / 512` is a rate and how it is scaled.
            let bare = SCALED.replace(&bare, "$v");
            let several = bare.starts_with(['{', '[']) || bare.contains('/') || bare.contains(", ");
            let mut values = if several { numbers::parse_list(&bare) } else { value_of(&bare).into_iter().collect() };
            let share = matches!(
                key,
                FieldKey::Dropout | FieldKey::LoraDropout | FieldKey::LabelSmoothing | FieldKey::WeightDecay | FieldKey::Warmup
            );
            if share && text.contains('%') {
                values.iter_mut().for_each(|v| *v /= 100.0);
            }
            (!values.is_empty()).then(|| Value::from_numbers(values))
        }
    }
}

/// The unit of a cell, where it says another than the setting's name.
pub(super) fn unit_of(key: FieldKey, unit: Option<Unit>, value: &Value, text: &str) -> Option<Unit> {
    let text = text.to_lowercase();
    let small = value.numbers().iter().all(|v| *v < 1.0);
    match key {
        FieldKey::Warmup if text.contains('%') => Some(Unit::Fraction),
        FieldKey::Warmup if text.contains("epoch") => Some(Unit::Epochs),
        FieldKey::Warmup if text.contains("token") => Some(Unit::Tokens),
        FieldKey::Warmup if small && unit == Some(Unit::Steps) => Some(Unit::Fraction),
        FieldKey::BatchSize if text.contains("token") => Some(Unit::Tokens),
        _ => unit,
    }
}

/// `12 h 30 m`, `3 days`, `90 minutes`, in hours; a number alone says nothing of what it counts.
fn hours(text: &str) -> Option<f64> {
    static PART: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^[~≈]?\s?(?P<v>\d+(?:\.\d+)?)\s?(?P<u>weeks?|days?|d|(?:GPU[- ])?hours?|hrs?|h|minutes?|mins?|m)\b[,.]?\s?(?:and )?",
        )
    });
    let (mut rest, mut sum) = (text.trim(), None);
    while let Some(found) = PART.captures(rest) {
        let unit = found["u"].to_lowercase();
        let times = match unit.rsplit([' ', '-']).next().unwrap_or_default().chars().next()? {
            'w' => 168.0,
            'd' => 24.0,
            'm' => 1.0 / 60.0,
            _ => 1.0,
        };
        sum = Some(sum.unwrap_or(0.0) + found["v"].parse::<f64>().ok()? * times);
        rest = &rest[found.get(0)?.end()..];
    }
    sum
}

fn shape_named(text: &str) -> Option<ScheduleShape> {
    let text = text.to_lowercase();
    let shapes = [
        ("restart", ScheduleShape::CosineRestarts { cycles: None }),
        ("cosine", ScheduleShape::Cosine),
        ("inverse", ScheduleShape::InverseSqrt),
        ("poly", ScheduleShape::Polynomial { power: None }),
        ("expon", ScheduleShape::Exponential),
        ("wsd", ScheduleShape::Wsd),
        ("one cycle", ScheduleShape::OneCycle),
        ("onecycle", ScheduleShape::OneCycle),
        ("plateau", ScheduleShape::Plateau { divisor: None }),
        ("step", ScheduleShape::Milestones { at: Vec::new(), unit: None, divisor: None }),
        ("linear", ScheduleShape::Linear),
        ("constant", ScheduleShape::Constant),
        ("fixed", ScheduleShape::Constant),
        ("none", ScheduleShape::Constant),
    ];
    shapes.into_iter().find(|(name, _)| text.contains(name)).map(|(_, shape)| shape)
}
