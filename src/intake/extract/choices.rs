//! Settings that are choices or words: optimiser, schedule, loss, initialisation, augmentation, what LoRA is put on, hardware, time.

use super::meant::is_of_inference;
use super::{Findings, Place, Said, numbers};
use crate::intake::{FieldKey, OptimizerKind, ScheduleShape, Unit, Value};
use std::ops::Range;
use std::sync::LazyLock;

pub(super) fn find(at: &Place<'_>, found: &mut Findings<'_>) {
    optimizer(at, found);
    schedule(at, found);
    super::loss::find(at, found);
    init(at, found);
    augmentation(at, found);
    lora_targets(at, found);
    hardware(at, found);
    training_time(at, found);
    precision(at, found);
}

const OPTIMIZERS: &[(OptimizerKind, &str)] = &[
    (OptimizerKind::AdamW, r"Adam[- ]?W|ADAMW"),
    (OptimizerKind::AdaMax, r"AdaMax"),
    (OptimizerKind::Adam, r"Adam|ADAM"),
    (OptimizerKind::Sgd, r"SGD|[Ss]tochastic [Gg]radient [Dd]escent|[Mm]ini-?batch [Gg]radient [Dd]escent"),
    (OptimizerKind::RmsProp, r"RMS-?[Pp]rop|RMSPROP"),
    (OptimizerKind::AdaGrad, r"Ada[Gg]rad|ADAGRAD"),
    (OptimizerKind::AdaDelta, r"Ada[Dd]elta"),
    (OptimizerKind::AdaFactor, r"Ada[Ff]actor"),
    (OptimizerKind::Lamb, r"LAMB|Lamb"),
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
    static USE: LazyLock<[regex::Regex; 2]> = LazyLock::new(|| {
        let names = OPTIMIZERS.iter().map(|(_, p)| *p).collect::<Vec<_>>().join("|");
        let kinds =
            "(?:the |an? )?(?:(?:standard|plain|vanilla|momentum|default|fused|paged|decoupled|[0-9]+-bit|mini-?batch) )*";
        // A citation as texts, formulas and links give it.
        let cited = r"(?:\s?\[\[?[^\[\]]{1,60}\]?\](?:\(#[^()]*\))?|\s?\([^()]*\d{4}[^()]*\)|\s?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?";
        // What only an optimiser that is taken has.
        let setting = r"(?:(?:initial|base|peak|constant|fixed|maximum|default|decoupled) )*(?:learning[- ]rates?|lr|momentum|weight[- ]decay|batch size|betas?|β)";
        [
            crate::intake::regex(&format!(
                r"(?:\b[Ww]e (?:also |then )?(?:use[ds]?|propose|adopt(?:ed)?|employ(?:ed)?|appl(?:y|ied)|cho(?:o)?se|utili[sz]ed?|select(?:ed)?|opt(?:ed)? for)|\b(?:[Tt]rain(?:ed)?|[Tt]raining|[Ff]ine-?tun(?:ed?|ing)|[Oo]ptimi[sz](?:ed?|ing|ation)|[Uu]pdat(?:ed|ing)|[Mm]inimi[sz](?:ed?|ing)|[Pp]re-?trained?|train all|experiments)\b[^.;]{{0,60}}?\b(?:using|with|by|via|uses?)|\b[Oo]ur [\w-]+(?: \w+)? (?:uses?|used|employs?)|[Tt]raining (?:uses|used|employs) [^.;]{{0,40}}?\band|[Oo]ptimi[sz]er,?(?: (?:that |which )?(?:we )?(?:used|chosen|employed))?:?(?: which)?(?: is| was)?(?: set to| chosen as| chosen to be)?|[Uu]sing|\b[Rr]ate \()\s+?{kinds}(?P<o>{names})\b|[Rr]ate \((?P<p>{names})\)"
            )),
            crate::intake::regex(&format!(
                r"\b{kinds}(?P<o>{names}){cited},? (?:(?:[a-z]+ )?optimi[sz]er\b|optimi[sz]ation (?:algorithm|method)\b|for (?:the )?(?:(?:parameter )?optimi[sz]ation|optimi[sz]ing|parameter updates?)\b|\((?:{setting}|with {setting})\b|(?:and |with |using )?(?:an? |the )?{setting}(?: (?:of|is|set|to|at|value))* ?[=:(]? ?\d|(?:serv\w+ |(?:is|was) (?:adopted|chosen|selected) )?as (?:the |our |an )?optimi[sz]er\b|algorithm (?:is|was) used|(?:is|was) (?:used|employed) (?:as|for optimi[sz]|with|to (?:train|optimi[sz])))"
            )),
        ]
    });
    static OTHERS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:unlike|in contrast to|compared? (?:to|with)|instead of|rather than|than|such as|variants? of|like)\s+(?:\w+\s+){0,3}$",
        )
    });
    let text = at.text();
    // A comparison of optimisers is no recipe.
    let several = OPTIMIZERS.iter().filter(|(_, p)| mentions(text, p)).count() > 2;
    if several || at.caption || text.starts_with("Compared ") || text.starts_with("For a ") {
        return;
    }
    // `When optimizing with Adam, a rank is like a rate` tells of no run.
    let supposes = |before: &str| ["when", "if", "whenever"].contains(&before.trim_end().rsplit(' ').next().unwrap_or_default());
    let own = |words: &regex::Captures<'_>| {
        let before = words.get(0).map_or("", |whole| &text[..whole.start()]).to_lowercase();
        let name = words.name("o").or_else(|| words.name("p"));
        !supposes(&before) && name.is_some_and(|name| !OTHERS.is_match(&text[..name.start()]))
    };
    if let Some(words) = USE.iter().find_map(|form| form.captures(text).filter(own)) {
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
        let nth = format!(r"{number}(?:[- ]?(?:th|st|nd|rd)\b)?");
        let again = format!(
            r"(?:(?P<every>{number}|two|three|four|five|ten) ?)?(?:training )?(?P<unit>epochs?|steps?|iterations?|updates?)\b"
        );
        let form = |pattern: String, shape: Shape| (crate::intake::regex(&format!("(?i){pattern}")), shape);
        vec![
            form(
                format!(r"\b(?:divid|reduc|decay|dropp?|decreas|lower|multipl|anneal|scal|halv)\w*(?: (?:it|the|both|learning|rates?|lr|down|exponentially|step-?wise|manually|linearly|by|with|an?|factor|of))* ?(?P<d>1/\d+|{number})?(?:\s?[x×]| times)?\s?(?:at|after|on) (?:the )?(?:(?P<unit2>iterations?|steps?|epochs?|updates?) )?[\[(]?(?P<at>{nth}(?:(?:\s?[,;/]\s?(?:and )?| and | or ){nth})*)[\])]?(?: (?:parameter |gradient |training )?(?P<unit>iterations?|steps?|epochs?|updates?)\b)?(?:,? (?:by|with) (?:an? |the )?(?:(?:decay|learning|rate|factor|ratio|multiplier|gamma)\b ?)*(?:of |= ?)?(?P<d2>1/\d+|{number}))?"),
                |found| ScheduleShape::Milestones {
                    at: found.name("at").map(|m| numbers::parse_list(m.as_str())).unwrap_or_default(),
                    unit: found.name("unit").or_else(|| found.name("unit2")).map(unit_of),
                    divisor: divisor(found),
                },
            ),
            form(
                format!(r"\b(?:divid|reduc|decay|dropp?|decreas|lower|multipl)\w*(?: it| the learning rate)? by (?:a factor of )?(?P<d>{number})[^.;]{{0,50}}(?:plateau|\b(?:does|did|do|has) not (?:improve|decrease|fall)|\bstop(?:s|ped)? (?:improving|decreasing|falling))"),
                |found| ScheduleShape::Plateau { divisor: divisor(found) },
            ),
            form(
                format!(r"\breduc\w* (?:the )?(?:learning[- ]rate|lr) (?:on|when|at) (?:an? |the )?(?:\w+ )?plateau\w*(?: (?:with|by) (?:an? )?(?:factor|rate)(?: of)? (?P<d>{number}))?|\bReduceLROnPlateau\b"),
                |found| ScheduleShape::Plateau { divisor: divisor(found) },
            ),
            // `annealed by 1/10 when validation accuracy drops`: on whatever stops getting better.
            form(
                concat!(
                    r"\b(?:reduc|decay|halv|anneal|drop|decreas|divid|lower|multipl|cut|shr[aiu]nk|scal)\w*\b(?:[^.;]|\.\d){0,110}?\b(?:when|if|once|whenever|after|upon|on|every time|each time|based)\b(?:[^.;]|\.\d){0,70}?",
                    r"(?:plateau|\bno (?:\w+ ){0,2}improvement|\b(?:not|n't|stop\w*|fail\w*|without|ceas\w*|no longer|any more) (?:to )?(?:improv|decreas|increas|fall)\w*",
                    r"|\b(?:accuracy|performance|score|F1|BLEU|AUC)(?: on [^.;]{3,40})? (?:drops?|decreases?|falls?|worsens?|degrades?|stagnates?)|\b(?:loss|error|perplexity)(?: on [^.;]{3,40})? (?:increases|rises|goes up|stagnates?)|\bbased on (?:the )?(?:validation|dev\w*) (?:loss|accuracy|performance|error)\b|\bon (?:the )?(?:validation|dev\w*) (?:loss|accuracy|performance|error)\b)"
                )
                .into(),
                |found| ScheduleShape::Plateau { divisor: fall_in(&found[0]) },
            ),
            form(
                r"\b(?:divid|reduc|decay|dropp?|decreas|lower|multipl|halv)\w*(?: it| the learning rate)?(?: by (?:a factor of )?(?P<d>1/\d+|\d*\.?\d+)(?: times)?)? (?:at|after) (?:the )?\d{1,2} ?%(?:,| and| of)".into(),
                |found| ScheduleShape::Milestones { at: Vec::new(), unit: None, divisor: divisor(found) },
            ),
            form(r"\bhalv\w*(?: it| the learning rate)?[^.;]{0,40}plateau".into(), |_| ScheduleShape::Plateau { divisor: Some(2.0) }),
            form(
                format!(r"\bhalv\w*(?: it| the learning rate)? (?:every|each|after every|after each)\b(?: {again})?"),
                |found| staircase(found, Some(2.0)),
            ),
            form(
                r"\bcosine (?:learning[- ]rate |lr )?(?:(?:decay|schedule|annealing|learning)\w* )?with (?:warm |hard )?restarts|\bSGDR\b|\bCosineAnnealingWarmRestarts\b".into(),
                |_| ScheduleShape::CosineRestarts { cycles: None },
            ),
            form(r"\b(?:one|1)[- ]?cycle (?:learning[- ]rate |lr )?(?:policy|schedule)".into(), |_| ScheduleShape::OneCycle),
            form(r"\bslanted[- ]triangular\b".into(), |_| ScheduleShape::Linear),
            form(r"\btri-?stage\b".into(), |_| ScheduleShape::Wsd),
            form(r"\bwarm-?up[-, ]+stable[-, ]+(?:and )?decay|\bWSD\b (?:learning[- ]rate |lr )?schedule".into(), |_| ScheduleShape::Wsd),
            form(r"\bpolynomial (?:learning[- ]rate |lr )?(?:decay|schedule)".into(), |_| ScheduleShape::Polynomial { power: None }),
            form(
                r"\bcosine[- ](?:learning[- ]rate |lr )?(?:decay|schedul|anneal|learning)|\bCosineAnnealing(?:LR)?\b|\bcosine[- ]?lr\b".into(),
                |_| ScheduleShape::Cosine,
            ),
            form(r"\b(?:follow\w*|with|using|via|by) (?:an? |the )?(?:half[- ])?cosine\b".into(), |_| ScheduleShape::Cosine),
            form(r"\b(?:inverse|reciprocal)[- _]square[- _]root|\binverse_sqrt|\bnoam\b (?:learning|lr|schedul|decay|optimi)|\b1\s?/\s?√\s?t\b|\b1\s?/\s?sqrt|\binverse sqrt".into(), |_| ScheduleShape::InverseSqrt),
            form(r"\b(?:1/\s?t|1/√\s?t) decay".into(), |_| ScheduleShape::InverseSqrt),
            form(
                r"\bmulti-?step (?:learning[- ]rate |lr )?(?:decay|schedul)|\b(?:step|staircase|stepwise)[- ](?:learning[- ]rate |lr )?decay|\b(?:Multi)?StepLR\b|\bpiece-?wise[- ]constant\b|\bstep(?:-?wise)?[- ](?:learning[- ]rate |lr )?(?:schedul|policy)".into(),
                |_| ScheduleShape::Milestones { at: Vec::new(), unit: None, divisor: None },
            ),
            form(r"\b(?:exponential|geometric)(?:ly)? (?:(?:learning[- ]rate |lr )?decay|rate)|\bExponentialLR\b".into(), |_| ScheduleShape::Exponential),
            form(
                format!(r"\b(?:decay|divid|dropp?|multipl|reduc|decreas|lower|anneal)\w*(?: it| the (?:learning[- ]rate|lr))?(?: rate)?(?: by| of)(?: a factor of)? (?P<d>\d*\.?\d+) (?:every|each|per|after every|after each) {again}"),
                |found| staircase(found, divisor(found)),
            ),
            form(
                format!(r"\b(?:decay|divid|dropp?|multipl|reduc|decreas|lower|anneal)\w*(?: it| the (?:learning[- ]rate|lr))? (?:every|each|after every|after each) {again},? by (?:a (?:factor|rate) of )?(?P<d>\d*\.?\d+)"),
                |found| staircase(found, divisor(found)),
            ),
            form(
                r"\blinear(?:ly)? (?:(?:learning[- ]rate|lr) )?(?:(?:warm-?up and )?decay|schedul|decreas|anneal)|\b(?:decay|anneal|reduc|decreas|lower)\w* (?:it |the (?:learning[- ]rate|lr) )?(?:to (?:zero|0) )?linearly\b|\blinearly (?:reduc|lower)\w* (?:it|the (?:learning[- ]rate|lr))\b|\b(?:learning[- ]rate|lr) (?:is|was) (?:then )?linearly (?:reduc|lower)\w*|\blinear learning[- ]rate (?:warm-?up and )?(?:decay|schedule)".into(),
                |_| ScheduleShape::Linear,
            ),
            form(r"\b(?:constant|fixed) (?:(?:learning[- ]rate|lr)\b|schedule)".into(), |_| ScheduleShape::Constant),
            form(r"\b(?:keep|kept|hold|held) (?:the |its )?(?:learning[- ]rate|lr) (?:constant|fixed)\b".into(), |_| ScheduleShape::Constant),
            form(
                r"\b(?:learning[- ]rates?|lr) (?:(?:is|was|are|were|remain\w*|stay\w*|of \S+|kept|held|set|left|to|be),? )+(?:constant\b|fixed (?:during|throughout|for|over|across)\b|fixed[.,;)])".into(),
                |_| ScheduleShape::Constant,
            ),
            form(
                r"\b(?:(?:do(?:es)?|did) not|without|never|no) (?:(?:use|apply|employ|using|applying|any|a) )*(?:learning[- ]rate|lr) (?:schedul|decay|anneal)".into(),
                |_| ScheduleShape::Constant,
            ),
        ]
    });
    let text = at.text();
    let lower = text.to_lowercase();
    if ![
        "learning rate",
        "learning-rate",
        "lr ",
        "plateau",
        "tri-stage",
        "divid",
        "schedule",
        "/ t decay",
        "t decay",
        "√",
        "cosine",
        "linear decay",
        "steplr",
        "exponentiallr",
    ]
    .iter()
    .any(|word| lower.contains(word))
    {
        return;
    }
    // `reduced by 10 after 3 days` names no steps, and `compared using cosine similarity` no schedule.
    let is_whole = |words: &regex::Captures<'_>| {
        let (before, after) = words.get(0).map_or(("", ""), |whole| (&text[..whole.start()], &text[whole.end()..]));
        (words.name("at").is_none() || words.name("unit").or_else(|| words.name("unit2")).is_some())
            && !is_of_vectors(after)
            && !is_of_another(before)
            && !is_of_layers(&lower)
    };
    let all: Vec<_> = FORMS.iter().filter_map(|(form, shape)| Some((form.captures_iter(text).find(is_whole)?, shape))).collect();
    // Of several the one that was taken, else the most special.
    let taken = all.iter().find(|(words, _)| words.get(0).is_some_and(|whole| is_taken(&text[..whole.start()])));
    if let Some((words, shape)) = taken.or(all.first())
        && let Some(whole) = words.get(0)
    {
        found.say(at, FieldKey::Schedule, Value::Schedule { schedule: shape(words) }, None, whole.range());
    }
}

/// `cosine` before these words is a measure of vectors.
fn is_of_vectors(after: &str) -> bool {
    static MEASURE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^[- ]?(?:similarit|distanc|embedding|loss|classif|metric|scor|kernel|proximit|between|of the angle)",
        )
    });
    MEASURE.is_match(after)
}

/// `The temperature is {decayed}`: what changes is no learning rate.
fn is_of_another(before: &str) -> bool {
    static ANOTHER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)(?:\b(?:loss(?:es)?|weights?|weight decay|temperatures?|coefficients?|penalt(?:y|ies)|momentum|batch sizes?|drop-?out|resolution|margin|thresholds?|noise|probabilit(?:y|ies))|[λβϵεα])(?: (?:term|weight|rate|level))? (?:is|are|was|were|gets?|being) (?:(?:then|also|further|later|first|gradually|again) )*$",
        )
    });
    static RATE: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:learning[- ]rates?|lr)\b"));
    let clause = before.rsplit(['.', ';', ',']).next().unwrap_or_default();
    ANOTHER.is_match(clause) && !RATE.is_match(clause)
}

/// What differs from layer to layer is no schedule.
fn is_of_layers(text: &str) -> bool {
    ["layer-wise", "layerwise", "individual layers", "per-layer"].iter().any(|words| text.contains(words))
        && !text.contains("schedul")
}

/// Whether the words before a schedule say that it was the one: `..., we use a`.
fn is_taken(before: &str) -> bool {
    static TAKES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\bwe (?:then |also |simply |therefore |finally |instead |thus )*(?:use|adopt|employ|set|choose|chose|apply|keep|kept|opt for|settle[d]? on|train with)\w*\b[^.;,]{0,40}$",
        )
    });
    TAKES.is_match(before)
}

/// `divided by 10` and `multiplied by 0.1` are the same.
fn divisor(found: &regex::Captures<'_>) -> Option<f64> {
    let by = found.name("d").or_else(|| found.name("d2"));
    by.map_or_else(|| halves(&found[0]), |by| times(by.as_str()))
}

/// `10`, `0.1` and `1/10` all divide by 10.
fn times(written: &str) -> Option<f64> {
    let parsed = match written.split_once('/') {
        Some((_, under)) => numbers::parse(under),
        None => numbers::parse(written),
    };
    // 1 / 0.2 is 5 and no neighbour of it.
    parsed.filter(|by| *by > 0.0).map(|by| if by < 1.0 { (1e9 / by).round() / 1e9 } else { by })
}

fn halves(words: &str) -> Option<f64> {
    words.to_lowercase().contains("halv").then_some(2.0)
}

/// By how much words divide: `by 1/10`, `a factor of 0.5`, `halved`.
fn fall_in(words: &str) -> Option<f64> {
    static BY: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"(?i)(?:\bby (?:an? )?(?:factor of )?|\bfactor(?: of| is|\s?=)? )(?P<d>1/\d+|{})(?:[^\d%]|$)",
            numbers::NUMBER
        ))
    });
    BY.captures(words).and_then(|found| times(&found["d"])).or_else(|| halves(words))
}

fn unit_of(word: regex::Match<'_>) -> Unit {
    if word.as_str().starts_with(['e', 'E']) { Unit::Epochs } else { Unit::Steps }
}

/// The same fall again and again; how often is left open where no unit is said.
fn staircase(found: &regex::Captures<'_>, divisor: Option<f64>) -> ScheduleShape {
    const IN_WORDS: [(&str, f64); 5] = [("two", 2.0), ("three", 3.0), ("four", 4.0), ("five", 5.0), ("ten", 10.0)];
    let count = |text: &str| {
        let word = IN_WORDS.iter().find(|(word, _)| text.eq_ignore_ascii_case(word));
        word.map(|(_, count)| *count).or_else(|| numbers::parse(text))
    };
    let every = found.name("every").map_or(Some(1.0), |every| count(every.as_str())).filter(|every| *every > 0.0);
    match every.zip(found.name("unit").map(unit_of)) {
        Some((every, unit)) => ScheduleShape::Staircase { every, unit, divisor },
        None => ScheduleShape::Milestones { at: Vec::new(), unit: None, divisor },
    }
}

fn init(at: &Place<'_>, found: &mut Findings<'_>) {
    static INIT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"(?i)\b(?:initiali[sz]ed? (?:all |the )?(?:model |network |pre-?trained )?(?:weights|parameters|models?)(?: and biases)? (?P<a>(?:as in|following|using|with|from|by) (?:[^.;,]|[.,]\d){3,90})",
            r"|(?:weights|parameters) (?:are|were) (?:randomly )?initiali[sz]ed (?P<b>(?:as in|following|using|with|from|by) (?:[^.;,]|[.,]\d){3,90})",
            r"|\bwe initiali[sz]e [^.;,]{3,60}? (?P<k>(?:with|from|using) (?:(?:the|its|their) )?(?:[\w/-]+ ){0,3}?(?:pre-?trained|trained|random|small|zero)(?:[^.;,]|[.,]\d){3,60}?)(?: and | to |[.;,]|$)",
            r"|weight initiali[sz]ation (?P<c>(?:in|of|from|as in) \[\d+\])",
            r"|(?:use|with) (?:a |an )?(?P<d>(?:random |truncated |scaled )?(?:gaussian|normal|uniform|xavier|glorot|kaiming|he|orthogonal)[a-z ]* initiali[sz]ation[^.;,]{0,60})",
            r"|(?:matri\w+|layers?|networks?|models?|encoders?|backbones?|weights|parameters|embeddings)[^.;,]{0,60}? (?:is|are|was|were) (?:\w+ )?initiali[sz]ed (?P<g>(?:as in|following|using|with|from|by) (?:[^.;,]|[.,]\d){3,90})",
            r"|(?:adopt|use|follow|employ|apply)\w* (?:the |an? )?(?P<h>(?:weight |parameter )?initiali[sz]ation (?:scheme |method |strategy )?(?:introduced|proposed|described|suggested|of|in|by)[^.;,]{2,60}?)(?:\s(?:and|but|with)\b|[.;,]|$)",
            r"|which (?:is|was|has been) (?P<i>pre-?trained on [^.;,]{3,60})|\((?P<j>not pre-?trained|randomly initiali[sz]ed|pre-?trained on [^.;,()]{3,40})[;,)]",
            r"|\b(?P<f>(?:xavier|glorot|kaiming|orthogonal)[a-z ]* initiali[sz]ation) (?:is|are|was|were) (?:used|employed)",
            r"|(?P<e>scal\w+ (?:the )?(?:initial )?(?:weights|parameters|initiali[sz]ation)\b[^.;]{0,60}? by (?:a factor of )?[^.;]{3,60}))"
        ))
    });
    if let Some(words) = INIT.captures(at.text()).filter(|words| words.name("e").is_none() || at.text().contains("initiali")) {
        let text = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"].iter().find_map(|name| words.name(name));
        if let (Some(whole), Some(text)) = (words.get(0), text) {
            found.say(at, FieldKey::Init, Value::Text { text: text.as_str().trim().to_string() }, None, whole.range());
        }
    }
}

/// (what it is written as, what it is called).
const AUGMENTATIONS: &[(&str, &str)] = &[
    (r"(?P<n>\d+) pixels? (?:are |is )?padded|padd(?:ed|ing) (?:of |by |with )?(?P<m>\d+) pixels?", "pad {} pixels on each side"),
    (r"(?P<n>\d+\s?[×x]\s?\d+) crop[^.;]{0,20}random|random(?:ly)? (?:sampled )?(?P<m>\d+\s?[×x]\s?\d+) crop", "{} random crop"),
    (r"random(?:ly)? (?:resized )?crop(?:s|ped|ping)?\b", "random crop"),
    (r"horizontal(?:ly)? flip|flip\w* horizontally|random(?:ly)? flip", "horizontal flip"),
    (r"scale augmentation", "scale augmentation"),
    (r"colou?r augmentation", "color augmentation"),
    (r"colou?r[- ]?jitter\w*", "color jitter"),
    (r"vertical(?:ly)? flip", "vertical flip"),
    (r"(?:random ?)?gr[ae]y-?scal(?:e|ing)\b", "random grayscale"),
    (r"gaussian[- ]?blur\w*", "gaussian blur"),
    (r"\bspec-?aug(?:ment(?:ation)?)?\b", "SpecAugment"),
    (r"\bspeed perturbation", "speed perturbation"),
    (r"\bback-?translation\b", "back-translation"),
    // As a library calls them.
    (r"RandomResizedCrop", "RandomResizedCrop"),
    (r"RandomHorizontalFlip", "RandomHorizontalFlip"),
    (r"\bmixup\b", "mixup"),
    (r"\bcutmix\b", "cutmix"),
    (r"\bcutout\b", "cutout"),
    (r"\brand[- ]?aug(?:ment(?:ation)?)?\b", "RandAugment"),
    (r"\bauto[- ]?aug(?:ment)?\b", "AutoAugment"),
    (r"\brandom erasing\b|^erasing\b", "random erasing"),
];

fn augmentation(at: &Place<'_>, found: &mut Findings<'_>) {
    let text = at.text();
    let lower = text.to_lowercase();
    // What is compared with is not what is done.
    let compares = lower.contains("compare") || lower.contains("baseline");
    if at.caption
        || compares
        || ![
            "crop",
            "flip",
            "augment",
            "mixup",
            "cutmix",
            "cutout",
            "padded",
            "erasing",
            "jitter",
            "blur",
            "grayscale",
            "specaug",
        ]
        .iter()
        .any(|w| lower.contains(w))
    {
        return;
    }
    if let Some(none) = augments_nothing(text) {
        return found.say(at, FieldKey::Augmentation, Value::Texts { texts: vec!["none".into()] }, None, none);
    }
    let (mut texts, mut words) = augmentations_in(text);
    if let Some((listed, place)) = listed_augmentations(text) {
        // What a list says goes before what is known of its words.
        if texts.len() < 2 && texts.len() < listed.len() {
            (texts, words) = (listed, Some(place));
        }
    }
    if let Some(words) = words {
        found.say(at, FieldKey::Augmentation, Value::Texts { texts }, None, words);
    }
}

/// `No further augmentations are applied`: said of all of it, not of one kind.
fn augments_nothing(text: &str) -> Option<Range<usize>> {
    static NONE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"(?i)\b(?:no|without(?: any| using)?) (?:additional |further |extra |explicit |other )?(?:data[- ]|image[- ])?augmentations?(?: techniques?| methods?| strateg\w+)? (?:is|are|was|were) (?:used|applied|employed|performed)",
            r"|\b(?:do|did|does) not (?:use|apply|employ|perform) (?:any )?(?:data[- ]|image[- ])?augmentations?\b"
        ))
    });
    NONE.find(text).map(|none| none.range())
}

/// `we augment with A, B and C`, `for augmentation we use the following: A, B, and C`, `A was applied as data augmentation`.
fn listed_augmentations(text: &str) -> Option<(Vec<String>, Range<usize>)> {
    static LIST: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\baugmentations?\b(?: \w+| \([^)]*\)|,){0,14}?(?:: | such as | including | include[ds]? | consist(?:s|ed)? of | namely | like )(?P<l>(?:[^.;:()]|\([^()]*\))+)",
        )
    });
    static AS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)(?:^|, |additionally |and )(?P<l>(?:additive |random |synthetic )?[\w -]{4,40}?)(?: \([^)]*\)| [^\s\w]\S*)* (?:is|are|was|were) (?:also |randomly )?(?:applied|added|used)\b[^.;]{0,90}\bas (?:an? |the )?(?:form of |kind of )?(?:data )?augmentation",
        )
    });
    let found = LIST.captures(text).or_else(|| AS.captures(text))?.name("l")?;
    static INSIDE: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r" ?\([^()]*\)"));
    let mut items: Vec<String> = Vec::new();
    for item in INSIDE.replace_all(found.as_str(), "").split([',']).flat_map(|part| part.split(" and ")) {
        let item = item.trim().trim_start_matches("and ").trim_start_matches("the ");
        let item = item.split(" with ").next().unwrap_or_default().split(" of ").next().unwrap_or_default();
        let item = item.split('[').next().unwrap_or_default().trim();
        if item.is_empty() || item == "and" {
            continue;
        }
        // A clause is no item.
        let words = item.split_whitespace().count();
        if words > 4 || ["we ", "to ", "which ", "is ", "it "].iter().any(|verb| item.starts_with(verb)) {
            break;
        }
        items.push(item.to_string());
    }
    (!items.is_empty()).then(|| (items, found.range()))
}

/// The augmentations that a cell of a table names.
pub(super) fn augmentations_named(text: &str) -> Vec<String> {
    augmentations_in(text).0
}

/// The augmentations that a text names, and where.
fn augmentations_in(text: &str) -> (Vec<String>, Option<Range<usize>>) {
    static PATTERNS: LazyLock<Vec<regex::Regex>> =
        LazyLock::new(|| AUGMENTATIONS.iter().map(|(p, _)| crate::intake::regex(&format!("(?i){p}"))).collect());
    // `We do not use cropping`.
    static NOT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:(?:not|never) (?:use|apply|employ|perform)(?: any)?|without(?: any)?|no|rather than|instead of) $",
        )
    });
    let mut texts: Vec<String> = Vec::new();
    let mut words: Option<Range<usize>> = None;
    for ((_, name), pattern) in AUGMENTATIONS.iter().zip(PATTERNS.iter()) {
        let Some(one) = pattern.captures(text) else { continue };
        if one.get(0).is_some_and(|whole| NOT.is_match(&text[..whole.start()])) {
            continue;
        }
        let size =
            one.name("n").or_else(|| one.name("m")).map_or(String::new(), |m| m.as_str().replace(' ', "").replace('×', "x"));
        let item = name.replace("{}", &size);
        // `32x32 random crop` has said `random crop` already.
        if let Some(whole) = one.get(0).filter(|_| !texts.iter().any(|t| t.ends_with(&item))) {
            words = Some(words.map_or(whole.range(), |w| w.start.min(whole.start())..w.end.max(whole.end())));
            texts.push(item);
        }
    }
    (texts, words)
}

fn lora_targets(at: &Place<'_>, found: &mut Findings<'_>) {
    static TARGETS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:apply|applied|applying|adapt) (?:LoRA |only )?(?:to )?(?P<t>W_?[qkvo](?:(?:,| and|, and) W_?[qkvo])*)\b",
        )
    });
    static PROJECTIONS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:into|to|on|in|adapt|adapting|target|targeting|target(?:ed)? modules?(?: are| is|:| include)?) (?:the |all |only |both )*(?:attention )?(?P<t>(?:query|key|value|output|gate|up|down|q|k|v|o)(?:_proj)?(?:(?:,? and |, )(?:query|key|value|output|gate|up|down|q|k|v|o)(?:_proj)?)*)(?: attention)?(?: projections?| matri\w+| weights| layers| modules)?\b",
        )
    });
    static ALL: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:on|to|into|in|for|targeting) (?P<t>(?:all|every) (?:the )?(?:linear|attention|dense|MLP) (?:projection )?(?:layers?|modules?|matrices|weights|projections?))\b",
        )
    });
    // `Unlike LoRA, we add gates to all attention layers`.
    static UNLIKE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:unlike|in contrast (?:to|with)|compared (?:to|with)|instead of|rather than|than) (?:(?:using|the|standard|plain|vanilla) )*(?:lora|adapters?|low-rank)\b",
        )
    });
    let text = at.text();
    let lower = text.to_lowercase();
    let speaks = ["lora", "adapter", "low-rank"].iter().any(|word| lower.contains(word)) && !UNLIKE.is_match(text);
    let projections = PROJECTIONS.captures(text).filter(|words| {
        let named = words.get(0).map_or("", |m| m.as_str());
        speaks
            && (named.contains("_proj") || ["projection", "matri", "weights", "layers"].iter().any(|word| named.contains(word)))
    });
    // The modules by their names say more than `all linear layers`.
    static MODULES: LazyLock<regex::Regex> = LazyLock::new(|| {
        let module = r"(?:[a-z]+_(?:- )?(?:proj|attn|lin)|fc_?[12]|lm_head)\b";
        crate::intake::regex(&format!(r"\b(?P<t>{module}(?:(?:, and |, | and |/){module})+)"))
    });
    if let Some(words) = MODULES.captures(text).filter(|_| speaks)
        && let (Some(whole), Some(list)) = (words.get(0), words.name("t"))
    {
        let joined = list.as_str().replace("_- ", "_");
        let texts = joined.split([',', ' ', '/']).filter(|t| !t.is_empty() && *t != "and").map(str::to_string).collect();
        return found.say(at, FieldKey::LoraTargets, Value::Texts { texts }, None, whole.range());
    }
    if let Some(words) = ALL.captures(text).filter(|_| speaks)
        && let (Some(whole), Some(targets)) = (words.get(0), words.name("t"))
    {
        let texts = vec![targets.as_str().to_string()];
        return found.say(at, FieldKey::LoraTargets, Value::Texts { texts }, None, whole.range());
    }
    if TARGETS.find(text).is_none()
        && let Some(words) = projections
        && let (Some(whole), Some(list)) = (words.get(0), words.name("t"))
    {
        let texts = list.as_str().split([',', ' ']).filter(|t| !t.is_empty() && *t != "and").map(str::to_string).collect();
        found.say(at, FieldKey::LoraTargets, Value::Texts { texts }, None, whole.range());
        return;
    }
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
            r"\b(?P<d>(?:(?:one machine with |a single |single |one |two |four |eight |sixteen |\d+ ?[×x] ?(?:\d{2,3} ?GB )?|\d+-GPU |\d+ |an? )?(?:x )?(?:NVIDIA |Nvidia |AMD |Apple |Intel |Cloud |Tesla |GeForce |GTX |Google |Instinct ){0,4}",
            r"(?:(?:[PVAKHTBL]\d{2,3}|[TL]4)[SX]?|RTX ?[A-Z]?\d{4}(?: ?(?:Ti|Ada))?|GTX ?\d{3,4}(?: ?Ti)?|MI\d{2,3}X?|M[1-4] (?:Pro|Max|Ultra)|(?:Titan|TITAN) ?[A-Z][a-z]?|TPU ?v?\d?(?:s|-\d+|[- ]?[Pp]ods?)?|Quadro \w+|GPUs?|CPUs?)",
            r"(?:[- ]\d{2,3} ?GB)?(?: ?(?:GPUs?|TPUs?|cores?|chips?|accelerators?|hardware))?s?(?: in Pod configuration)?(?: \(\d+ TPU chips total\))?(?: \(\d{2,3} ?GB\))?))"
        ))
    });
    static WORK: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:train(?:ed|ing)?|experiments?|performed|ran|run|use|used|took|hardware|machine)\b(?:[^.;]|\bal\.){0,90}?\b(?:on|in|using|with|use|used|over|across)\b(?:[^.;]{0,12}?|[^.;,]{0,40} CPUs? and )$|\b[Ww]e (?:use|used) $|\bon $|\b(?:hardware|gpus?|devices?): $",
        )
    });
    let text = at.text();
    let lower = text.to_lowercase();
    // What could be done is not what was done.
    let possible = lower.contains("can be ") || lower.contains("could be ");
    if at.caption
        || possible
        || !["train", "tun", "experiment", "perform", "hardware", "batch size", "runtime", "run on"]
            .iter()
            .any(|w| lower.contains(w))
    {
        return;
    }
    for words in DEVICES.captures_iter(text) {
        let Some(device) = words.name("d") else { continue };
        let name = device.as_str().trim();
        let specific = name.contains(|c: char| c.is_ascii_digit()) || name.contains(' ');
        // `16 GPU-hours` are a cost.
        let is_cost =
            ["-hour", "-day", "-second", " hour", " day", " memory"].iter().any(|unit| text[device.end()..].starts_with(unit));
        let (before, after) = (&text[..device.start()], &text[device.end()..]);
        if specific && !is_cost && WORK.is_match(before) && !is_of_inference(before, after) {
            found.say(at, FieldKey::Hardware, Value::Text { text: name.to_string() }, None, device.range());
            return;
        }
    }
}

fn training_time(at: &Place<'_>, found: &mut Findings<'_>) {
    static TIME: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"(?i)\b(?:(?:training|computation|run) time(?: [\w ]{{0,24}}?)? (?:is|was)|took|takes|take|for|in|or|approximately|about|roughly|around|nearly|over|requires?|required)\s+\(?(?:a total of |roughly |around |approximately |about |under |only |just |less than |more than |[_\[]*[~≈∼][\]_]* ?)?(?P<v>{n}|{WORDS})(?:\s?[-–—]{{1,2}}\s?{n}| to {n})? (?P<u>(?:GPU[- ])?hours?|days?|minutes?|weeks?)\b|\((?P<w>{n}) (?P<x>hours?|days?|weeks?)\)",
            n = numbers::NUMBER,
            WORDS = numbers::WORDS,
        ))
    });
    let text = at.text();
    let lower = text.to_lowercase();
    if at.caption
        || !["train", "tuning", "tuned", "run took", "runs took", "runtime", "computation time"]
            .iter()
            .any(|word| lower.contains(word))
    {
        return;
    }
    // `60k hours of speech` are data.
    let is_time = |words: &regex::Captures<'_>| words.get(0).is_some_and(|whole| !is_of_recordings(&text[whole.end()..]));
    let Some(words) = TIME.captures_iter(text).find(is_time) else { return };
    let (Some(whole), Some(value), Some(unit)) =
        (words.get(0), words.name("v").or_else(|| words.name("w")), words.name("u").or_else(|| words.name("x")))
    else {
        return;
    };
    let Some(value) = numbers::parse(value.as_str()).or_else(|| numbers::in_words(value.as_str())) else { return };
    // What an epoch takes is not what training takes.
    if [" per ", " an epoch", " each "].iter().any(|each| text[whole.end()..].starts_with(each)) {
        return;
    }
    let (value, unit) = match unit.as_str().to_lowercase().as_bytes().first() {
        Some(b'h' | b'g') => (value, Unit::Hours),
        Some(b'm') => (value / 60.0, Unit::Hours),
        Some(b'w') => (value * 7.0, Unit::Days),
        _ => (value, Unit::Days),
    };
    let weight = if lower.contains("for example") { 0.7 } else { 1.0 };
    let said = Said::new(FieldKey::TrainingTime, Value::Number { value }, whole.range());
    found.tell(at, Said { unit: Some(unit), weight, ..said });
}

/// `60k hours {of transcribed speech}`, but not `3 days {of training on speech}`.
fn is_of_recordings(after: &str) -> bool {
    static DATA: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)^ of (?:[\w-]+ ){0,4}?(?:speech|audio|video|recordings?|data|music|sound)\b")
    });
    static WORK: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^ of (?:[\w-]+ )?(?:(?:pre-?)?training|(?:fine-?)?tuning|compute|computation) (?:on|with|using|for|over|time)\b",
        )
    });
    DATA.is_match(after) && !WORK.is_match(after)
}

/// The number format that training computes with.
fn precision(at: &Place<'_>, found: &mut Findings<'_>) {
    static FORMAT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:(?:automatic )?mixed[- ]precision(?: training)?(?: \((?:bf16|fp16|bfloat16|float16)\))?|(?:bfloat16|bf16|fp16|float16|fp32|float32|fp8|tf32)(?: (?:mixed[- ])?precision)?|(?:half|single|full)[- ]precision)\b",
        )
    });
    static TRAINS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:train\w*|fine-?tun\w*|optimi[sz]\w+|learning rate|batch size|gradients?|we use)\b")
    });
    static ELSEWHERE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:inference|quanti[sz]\w+|deploy\w*|stored?|latency|throughput|flops|capacity|compared? (?:to|with)|instead of)\b",
        )
    });
    let text = at.text();
    if at.caption || ELSEWHERE.is_match(text) || !TRAINS.is_match(text) {
        return;
    }
    if let Some(words) = FORMAT.find(text) {
        found.say(at, FieldKey::Precision, Value::Text { text: words.as_str().to_string() }, None, words.range());
    }
}
