//! Settings that are choices or words: optimiser, schedule, loss, initialisation, augmentation, what LoRA is put on, hardware, time.

use super::{Findings, Place, numbers};
use crate::intake::{FieldKey, OptimizerKind, ScheduleShape, Unit, Value};
use std::ops::Range;
use std::sync::LazyLock;

pub(super) fn find(at: &Place<'_>, found: &mut Findings<'_>) {
    optimizer(at, found);
    schedule(at, found);
    loss(at, found);
    init(at, found);
    augmentation(at, found);
    lora_targets(at, found);
    hardware(at, found);
    training_time(at, found);
}

const OPTIMIZERS: &[(OptimizerKind, &str)] = &[
    (OptimizerKind::AdamW, r"Adam-?W"),
    (OptimizerKind::AdaMax, r"AdaMax"),
    (OptimizerKind::Adam, r"Adam|ADAM"),
    (OptimizerKind::Sgd, r"SGD|[Ss]tochastic [Gg]radient [Dd]escent"),
    (OptimizerKind::RmsProp, r"RMS-?[Pp]rop"),
    (OptimizerKind::AdaGrad, r"Ada[Gg]rad"),
    (OptimizerKind::AdaDelta, r"Ada[Dd]elta"),
    (OptimizerKind::AdaFactor, r"Ada[Ff]actor"),
    (OptimizerKind::Lamb, r"LAMB"),
    (OptimizerKind::Lars, r"LARS"),
    (OptimizerKind::Lion, r"Lion"),
    (OptimizerKind::Muon, r"Muon"),
    (OptimizerKind::Lbfgs, r"L-?BFGS"),
];

/// The optimiser of a name, as in a table's cell.
pub(super) fn optimizer_named(text: &str) -> Option<OptimizerKind> {
    static NAMES: LazyLock<Vec<regex::Regex>> =
        LazyLock::new(|| OPTIMIZERS.iter().map(|(_, p)| crate::intake::regex(&format!(r"\b(?:{p})\b"))).collect());
    OPTIMIZERS.iter().zip(NAMES.iter()).find(|(_, name)| name.is_match(text)).map(|((kind, _), _)| *kind)
}

fn optimizer(at: &Place<'_>, found: &mut Findings<'_>) {
    static USE: LazyLock<regex::Regex> = LazyLock::new(|| {
        let names = OPTIMIZERS.iter().map(|(_, p)| *p).collect::<Vec<_>>().join("|");
        crate::intake::regex(&format!(
            r"(?:\b[Ww]e (?:also )?(?:use[ds]?|propose|adopt|employ|apply|choose)|\b(?:trained?|training|fine-?tuned?|optimi[sz]ed?|pre-?trained?|train all|experiments)\b[^.;]{{0,60}}?\b(?:using|with|by|via|use)|[Oo]ptimi[sz]er:?(?: is)?|[Uu]sing|\b[Rr]ate \()\s+?(?:the )?(?:standard |plain |vanilla |momentum |mini-?batch )?(?P<o>{names})\b|[Rr]ate \((?P<p>{names})\)"
        ))
    });
    let text = at.text();
    // A comparison of optimisers is no recipe.
    let several = OPTIMIZERS.iter().filter(|(_, p)| mentions(text, p)).count() > 2;
    if several || at.caption || text.starts_with("Compared ") || text.starts_with("For a ") {
        return;
    }
    if let Some(words) = USE.captures(text) {
        let name = words.name("o").or_else(|| words.name("p"));
        // `with SGD and Adam`: both were tried.
        let after = name.map_or("", |n| text[n.end()..].trim_start());
        if after
            .strip_prefix("and ")
            .is_some_and(|next| next.split(' ').next().is_some_and(|word| optimizer_named(word).is_some()))
        {
            return;
        }
        if let (Some(whole), Some(optimizer)) = (words.get(0), name.and_then(|n| optimizer_named(n.as_str()))) {
            found.say(at, FieldKey::Optimizer, Value::Optimizer { optimizer }, None, whole.range());
        }
    }
}

/// Whether one of the spellings `a|b` is in the text; cheap enough to need no pattern.
fn mentions(text: &str, spellings: &str) -> bool {
    spellings.split('|').any(|s| {
        let plain: String = s.replace("-?", "");
        !plain.contains('[') && text.contains(&plain)
    })
}

fn schedule(at: &Place<'_>, found: &mut Findings<'_>) {
    type Shape = fn(&regex::Captures<'_>) -> ScheduleShape;
    static FORMS: LazyLock<Vec<(regex::Regex, Shape)>> = LazyLock::new(|| {
        let number = numbers::NUMBER;
        let list = numbers::list();
        let form = |pattern: String, shape: Shape| (crate::intake::regex(&format!("(?i){pattern}")), shape);
        vec![
            form(
                format!(r"\b(?:divid|reduc|decay|dropp?|decreas|lower|multipl)\w*(?: it| the learning rate| by a factor of)*(?: by)?(?: a factor of)? (?P<d>{number})?\s?(?:at|after) (?P<at>{list}) (?P<unit>iterations|steps|epochs|updates)"),
                |found| ScheduleShape::Milestones {
                    at: found.name("at").map(|m| numbers::parse_list(m.as_str())).unwrap_or_default(),
                    unit: found.name("unit").map(|m| if m.as_str().starts_with('e') { Unit::Epochs } else { Unit::Steps }),
                    divisor: divisor(found),
                },
            ),
            form(
                format!(r"\b(?:divid|reduc|decay|dropp?|decreas|lower)\w*(?: it| the learning rate)? by (?:a factor of )?(?P<d>{number})[^.;]{{0,30}}plateau"),
                |found| ScheduleShape::Plateau { divisor: divisor(found) },
            ),
            form(
                r"\bcosine (?:learning[- ]rate |lr )?(?:(?:decay|schedule|annealing|learning)\w* )?with (?:warm |hard )?restarts|\bSGDR\b".into(),
                |_| ScheduleShape::CosineRestarts { cycles: None },
            ),
            form(r"\b(?:one|1)[- ]?cycle (?:learning[- ]rate |lr )?(?:policy|schedule)".into(), |_| ScheduleShape::OneCycle),
            form(r"\bwarm-?up[-, ]+stable[-, ]+(?:and )?decay|\bWSD\b (?:learning[- ]rate |lr )?schedule".into(), |_| ScheduleShape::Wsd),
            form(r"\bpolynomial (?:learning[- ]rate |lr )?(?:decay|schedule)".into(), |_| ScheduleShape::Polynomial { power: None }),
            form(r"\bcosine (?:learning[- ]rate |lr )?(?:decay|schedule|annealing|learning)".into(), |_| ScheduleShape::Cosine),
            form(r"\binverse square[- ]root|\b1\s?/\s?√\s?t\b|\b1\s?/\s?sqrt|1/√|\binverse sqrt".into(), |_| ScheduleShape::InverseSqrt),
            form(r"\b(?:1/\s?t|1/√\s?t) decay".into(), |_| ScheduleShape::InverseSqrt),
            form(r"\bexponential(?:ly)? (?:learning[- ]rate |lr )?decay".into(), |_| ScheduleShape::Exponential),
            form(
                r"\blinear(?:ly)? (?:(?:learning[- ]rate|lr) )?(?:(?:warm-?up and )?decay|schedule|decreas|anneal)|\bdecay\w* linearly|\bdecreas\w* linearly|\blinear learning[- ]rate (?:warm-?up and )?(?:decay|schedule)".into(),
                |_| ScheduleShape::Linear,
            ),
            form(r"\bconstant learning[- ]rate\b".into(), |_| ScheduleShape::Constant),
        ]
    });
    let text = at.text();
    let lower = text.to_lowercase();
    if !["learning rate", "lr ", "divid", "schedule", "/ t decay", "t decay", "√"].iter().any(|word| lower.contains(word)) {
        return;
    }
    if let Some((words, shape)) = FORMS.iter().find_map(|(form, shape)| Some((form.captures(text)?, shape)))
        && let Some(whole) = words.get(0)
    {
        found.say(at, FieldKey::Schedule, Value::Schedule { schedule: shape(&words) }, None, whole.range());
    }
}

/// `divided by 10` and `multiplied by 0.1` are the same.
fn divisor(found: &regex::Captures<'_>) -> Option<f64> {
    let by = numbers::parse(found.name("d")?.as_str()).filter(|d| *d > 0.0)?;
    Some(if by < 1.0 { 1.0 / by } else { by })
}

/// What a loss that is named, not defined, counts for.
const NAMED_LOSS: f32 = 0.85;

fn loss(at: &Place<'_>, found: &mut Findings<'_>) {
    static NAMED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:(?:training|overall|total|final) (?:loss|objective) is (?:the )?(?P<is>[a-z][^.;(]{8,110})|(?P<name>(?:binary |softmax )?cross[- ]entropy(?: (?:loss|objective))?|mean[- ]squared[- ]error(?: loss)?|hinge loss|contrastive loss))",
        )
    });
    if let Some(words) = NAMED.captures(at.text())
        && let Some(text) = words.name("is").or_else(|| words.name("name"))
        && let Some(whole) = words.get(0)
    {
        // A loss that is only named may be that of a part.
        let weight = if words.name("is").is_some() { 1.0 } else { NAMED_LOSS };
        found.say_if(weight, at, FieldKey::Loss, Value::Text { text: text.as_str().trim().to_string() }, None, whole.range());
    }
}

fn init(at: &Place<'_>, found: &mut Findings<'_>) {
    static INIT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"(?i)\b(?:initiali[sz]ed? (?:all |the )?(?:model |network )?(?:weights|parameters|models?)(?: and biases)? (?P<a>(?:as in|following|using|with|from|by) (?:[^.;,]|[.,]\d){3,90})",
            r"|(?:weights|parameters) (?:are|were) (?:randomly )?initiali[sz]ed (?P<b>(?:as in|following|using|with|from|by) (?:[^.;,]|[.,]\d){3,90})",
            r"|weight initiali[sz]ation (?P<c>(?:in|of|from|as in) \[\d+\])",
            r"|(?:use|with) (?:a |an )?(?P<d>(?:random |truncated |scaled )?(?:gaussian|normal|uniform|xavier|glorot|kaiming|he|orthogonal)[a-z ]* initiali[sz]ation[^.;,]{0,60})",
            r"|(?P<e>scal\w+ (?:the )?(?:initial )?(?:weights|parameters|initiali[sz]ation)\b[^.;]{0,60}? by (?:a factor of )?[^.;]{3,60}))"
        ))
    });
    if let Some(words) = INIT.captures(at.text()).filter(|words| words.name("e").is_none() || at.text().contains("initiali")) {
        let text = ["a", "b", "c", "d", "e"].iter().find_map(|name| words.name(name));
        if let (Some(whole), Some(text)) = (words.get(0), text) {
            found.say(at, FieldKey::Init, Value::Text { text: text.as_str().trim().to_string() }, None, whole.range());
        }
    }
}

fn augmentation(at: &Place<'_>, found: &mut Findings<'_>) {
    const KINDS: &[(&str, &str)] = &[
        (
            r"(?P<n>\d+) pixels? (?:are |is )?padded|padd(?:ed|ing) (?:of |by |with )?(?P<m>\d+) pixels?",
            "pad {} pixels on each side",
        ),
        (
            r"(?P<n>\d+\s?[×x]\s?\d+) crop[^.;]{0,20}random|random(?:ly)? (?:sampled )?(?P<m>\d+\s?[×x]\s?\d+) crop",
            "{} random crop",
        ),
        (r"random(?:ly)? (?:resized )?crop(?:s|ped|ping)?\b", "random crop"),
        (r"horizontal(?:ly)? flip|flip\w* horizontally|random(?:ly)? flip", "horizontal flip"),
        (r"scale augmentation", "scale augmentation"),
        (r"colou?r (?:augmentation|jitter\w*)", "color augmentation"),
        (r"\bmixup\b", "mixup"),
        (r"\bcutmix\b", "cutmix"),
        (r"\bcutout\b", "cutout"),
        (r"\brand-?augment\b", "RandAugment"),
        (r"\bauto-?augment\b", "AutoAugment"),
        (r"\brandom erasing\b", "random erasing"),
    ];
    static PATTERNS: LazyLock<Vec<regex::Regex>> =
        LazyLock::new(|| KINDS.iter().map(|(p, _)| crate::intake::regex(&format!("(?i){p}"))).collect());
    let text = at.text();
    let lower = text.to_lowercase();
    if at.caption
        || !["crop", "flip", "augment", "mixup", "cutmix", "cutout", "padded", "erasing"].iter().any(|w| lower.contains(w))
    {
        return;
    }
    let mut texts: Vec<String> = Vec::new();
    let mut words: Option<Range<usize>> = None;
    for ((_, name), pattern) in KINDS.iter().zip(PATTERNS.iter()) {
        let Some(one) = pattern.captures(text) else { continue };
        let size =
            one.name("n").or_else(|| one.name("m")).map_or(String::new(), |m| m.as_str().replace(' ', "").replace('×', "x"));
        let item = name.replace("{}", &size);
        // `32x32 random crop` has said `random crop` already.
        if let Some(whole) = one.get(0).filter(|_| !texts.iter().any(|t| t.ends_with(&item))) {
            words = Some(words.map_or(whole.range(), |w| w.start.min(whole.start())..w.end.max(whole.end())));
            texts.push(item);
        }
    }
    if let Some(words) = words {
        found.say(at, FieldKey::Augmentation, Value::Texts { texts }, None, words);
    }
}

fn lora_targets(at: &Place<'_>, found: &mut Findings<'_>) {
    static TARGETS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:apply|applied|applying|adapt) (?:LoRA |only )?(?:to )?(?P<t>W_?[qkvo](?:(?:,| and|, and) W_?[qkvo])*)\b",
        )
    });
    if let Some(words) = TARGETS.captures(at.text())
        && let (Some(whole), Some(list)) = (words.get(0), words.name("t"))
    {
        let texts = list.as_str().split([',', ' ']).filter(|t| t.starts_with('W')).map(str::to_string).collect();
        found.say(at, FieldKey::LoraTargets, Value::Texts { texts }, None, whole.range());
    }
}

fn hardware(at: &Place<'_>, found: &mut Findings<'_>) {
    static DEVICES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"\b(?P<d>(?:(?:one machine with |a single |single |one |two |four |eight |\d+ |an? )?(?:x )?(?:NVIDIA |Nvidia |Cloud |Tesla |GeForce |Google ){0,3}",
            r"(?:[PVAKHT]\d{2,3}|RTX ?\d{4}(?: ?Ti)?|Titan ?[A-Z][a-z]?|TPU ?v?\d?(?:s|[- ]?[Pp]ods?)?|Quadro \w+|GPUs?|CPUs?)",
            r"(?: ?(?:GPUs?|TPUs?|cores?|chips?|accelerators?|hardware))?s?(?: in Pod configuration)?(?: \(\d+ TPU chips total\))?))"
        ))
    });
    static WORK: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:train(?:ed|ing)?|experiments?|performed|ran|run|use|used|hardware|machine)\b[^.;]{0,90}?\b(?:on|using|with|use|used)\b[^.;]{0,12}?$|\b[Ww]e (?:use|used) $|\bon $",
        )
    });
    let text = at.text();
    let lower = text.to_lowercase();
    // What could be done is not what was done.
    let possible = lower.contains("can be ") || lower.contains("could be ");
    if at.caption || possible || !["train", "experiment", "perform", "hardware"].iter().any(|w| lower.contains(w)) {
        return;
    }
    for words in DEVICES.captures_iter(text) {
        let Some(device) = words.name("d") else { continue };
        let name = device.as_str().trim();
        let specific = name.contains(|c: char| c.is_ascii_digit()) || name.contains(' ');
        if specific && WORK.is_match(&text[..device.start()]) {
            found.say(at, FieldKey::Hardware, Value::Text { text: name.to_string() }, None, device.range());
            return;
        }
    }
}

fn training_time(at: &Place<'_>, found: &mut Findings<'_>) {
    static TIME: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"(?i)\b(?:took|takes|take|for|in|or|approximately|about)\s+\(?(?P<v>{n}) (?P<u>hours?|days?|minutes?|weeks?)\b|\((?P<w>{n}) (?P<x>hours?|days?|weeks?)\)",
            n = numbers::NUMBER
        ))
    });
    let text = at.text();
    if at.caption || !text.to_lowercase().contains("train") {
        return;
    }
    let Some(words) = TIME.captures(text) else { return };
    let (Some(whole), Some(value), Some(unit)) =
        (words.get(0), words.name("v").or_else(|| words.name("w")), words.name("u").or_else(|| words.name("x")))
    else {
        return;
    };
    let Some(value) = numbers::parse(value.as_str()) else { return };
    let (value, unit) = match unit.as_str().to_lowercase().as_bytes().first() {
        Some(b'h') => (value, Unit::Hours),
        Some(b'm') => (value / 60.0, Unit::Hours),
        Some(b'w') => (value * 7.0, Unit::Days),
        _ => (value, Unit::Days),
    };
    found.say(at, FieldKey::TrainingTime, Value::Number { value }, Some(unit), whole.range());
}
