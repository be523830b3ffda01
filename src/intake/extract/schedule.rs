//! How the learning rate changes.

use super::{Findings, Place, numbers};
use crate::intake::{FieldKey, ScheduleShape, Unit, Value};
use std::sync::LazyLock;

/// What a paper's words make of the learning rate.
type Shape = fn(&regex::Captures<'_>) -> ScheduleShape;

/// Ways of saying how the learning rate changes, the most special first.
fn forms() -> Vec<(regex::Regex, Shape)> {
    let number = numbers::NUMBER;
    let nth = format!(r"{number}(?:[- ]?(?:th|st|nd|rd)\b)?");
    let again = format!(
        r"(?:(?P<every>{number}|two|three|four|five|ten) ?)?(?:training )?(?P<unit>epochs?|steps?|iterations?|updates?)\b"
    );
    let form = |pattern: String, shape: Shape| (crate::intake::regex(&format!("(?i){pattern}")), shape);
    vec![
        form(
            format!(r"\b(?:divid|reduc|decay|dropp?|decreas|lower|multipl|anneal|scal|halv)\w*(?: (?:it|the|both|learning|rates?|lr|down|exponentially|step-?wise|manually|linearly|by|with|an?|factor|of))* ?(?P<d>1/\d+|{number})?(?:\s?[x×]| times)?\s?(?:at|after|on) (?:the )?(?:(?P<unit2>iterations?|steps?|epochs?|updates?) )?[\[(]?(?P<at>{nth}(?:(?:\s?[,;/]\s?(?:and )?| and | or ){nth})*)[\])]?(?: (?:of the |of all )?(?:parameter |gradient |training )?(?P<unit>iterations?|steps?|epochs?|updates?)\b)?(?:,? (?:by|with) (?:an? |the )?(?:(?:decay|learning|rate|factor|ratio|multiplier|gamma)\b ?)*(?:of |= ?)?(?P<d2>1/\d+|{number}))?"),
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
        form(r"\b(?:one|1)[- ]?cycle (?:learning[- ]rate |lr )?(?:policy|schedule)|\bOneCycle(?:LR)?\b".into(), |_| ScheduleShape::OneCycle),
        form(r"\bslanted[- ]triangular\b|\btriangular (?:learning[- ]rate |lr )?(?:schedul|polic|decay)".into(), |_| ScheduleShape::Linear),
        form(r"\btri-?stage\b".into(), |_| ScheduleShape::Wsd),
        form(r"\bwarm-?up[-, ]+stable[-, ]+(?:and )?decay|\bWSD\b (?:learning[- ]rate |lr )?schedule".into(), |_| ScheduleShape::Wsd),
        form(r"\bpoly(?:nomial)? (?:learning[- ]rate |lr )?(?:decay|schedul\w+|policy|anneal\w*|strategy)".into(), |_| ScheduleShape::Polynomial { power: None }),
        form(
            r"\bcosine[- ](?:learning[- ]rate |lr )?(?:decay|schedul|anneal|learning)|\bCosineAnnealing(?:LR)?\b|\bcosine[- ]?lr\b".into(),
            |_| ScheduleShape::Cosine,
        ),
        form(
            r"\bcosine (?:\w+ )?(?:strategy|policy|scheme|rule|curve|function)\b(?:[^.;]|\.\d){0,80}\b(?:learning[- ]rates?|lr)\b|\b(?:learning[- ]rates?|lr)\b(?:[^.;]|\.\d){0,80}?\bcosine (?:\w+ )?(?:strategy|policy|scheme|rule|curve|function)\b".into(),
            |_| ScheduleShape::Cosine,
        ),
        // `LR scheduler: cosine`.
        form(
            r"\b(?:schedul(?:e|er|ing)|(?:lr|learning[- ]rate) decay)(?: type| strategy)?\s?(?:[:=]|\bis|\bwas) ?(?:set to )?(?:an? )?(?P<s>cosine|linear|constant|polynomial|exponential)\b".into(),
            |found| match found["s"].to_lowercase().as_str() {
                "cosine" => ScheduleShape::Cosine,
                "constant" => ScheduleShape::Constant,
                "polynomial" => ScheduleShape::Polynomial { power: None },
                "exponential" => ScheduleShape::Exponential,
                _ => ScheduleShape::Linear,
            },
        ),
        form(r"\b(?:follow\w*|with|using|via|by) (?:an? |the )?(?:half[- ])?cosine\b".into(), |_| ScheduleShape::Cosine),
        form(r"\b(?:inverse|inverted|reciprocal)[- _]square[- _]?root|\binverse_sqrt|\bnoam\b (?:learning|lr|schedul|decay|optimi)|\b1\s?/\s?√\s?t\b|\b1\s?/\s?sqrt|\binverse sqrt".into(), |_| ScheduleShape::InverseSqrt),
        form(r"\b(?:1/\s?t|1/√\s?t) decay".into(), |_| ScheduleShape::InverseSqrt),
        form(
            r"\bmulti-?step (?:learning[- ]rate |lr )?(?:decay|schedul)|\b(?:step|staircase|stepwise)[- ](?:learning[- ]rate |lr )?decay|\b(?:Multi)?StepLR\b|\bpiece-?wise[- ]constant\b|\bstep(?:-?wise)?[- ](?:learning[- ]rate |lr )?(?:schedul|policy)".into(),
            |_| ScheduleShape::Milestones { at: Vec::new(), unit: None, divisor: None },
        ),
        form(r"(?i)\b(?:exponential|geometric)(?:ly)? (?:(?:learning[- ]rate |lr )?(?:decay|schedul)|rate)|\blearning rate (?:is |was )?(?:decays?|decayed|annealed|reduced) exponentially|\bExponentialLR\b".into(), |_| ScheduleShape::Exponential),
        form(
            format!(r"\b(?:decay|divid|dropp?|multipl|reduc|decreas|lower|anneal|scal|shrink|shrunk|cut)\w*(?: it| the (?:learning[- ]rate|lr))?(?: rate)?(?: down)?(?: by| of)(?: a factor of)? (?P<d>\d*\.?\d+)(?: ?[x×]| times|[- ]fold)? (?:every|each|per|after every|after each) {again}"),
            |found| staircase(found, divisor(found)),
        ),
        // `it drops 10x every 30 epochs`.
        form(
            format!(r"\b(?:decay|dropp?|reduc|decreas|lower|anneal|shrink|shrunk|f[ae]ll)\w*(?: it| the (?:learning[- ]rate|lr))? (?P<d>\d*\.?\d+)(?: ?[x×]| times|[- ]fold) (?:every|each|after every|after each) {again}"),
            |found| staircase(found, divisor(found)),
        ),
        form(
            format!(r"\b(?:decay|divid|dropp?|multipl|reduc|decreas|lower|anneal|scal|shrink|shrunk|cut)\w*(?: it| the (?:learning[- ]rate|lr))?(?: down)? (?:every|each|after every|after each) {again},? by (?:a (?:factor|rate) of )?(?P<d>\d*\.?\d+)"),
            |found| staircase(found, divisor(found)),
        ),
        form(
            r"\blinear(?:ly)? (?:(?:learning[- ]rate|lr) )?(?:(?:warm-?up and )?decay|schedul|decreas|anneal)|\b(?:decay|anneal|reduc|decreas|lower)\w* (?:it |the (?:learning[- ]rate|lr) (?:[ηα] )?)?(?:to (?:zero|0) )?linearly\b|\blinearly (?:reduc|lower)\w* (?:it|the (?:learning[- ]rate|lr))\b|\b(?:learning[- ]rate|lr) (?:is|was) (?:then )?linearly (?:reduc|lower)\w*|\blinear learning[- ]rate (?:warm-?up and )?(?:decay|schedule)".into(),
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
}

/// Words of which each sentence about it has one.
const TELLING: [&str; 14] = [
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
];

pub(super) fn find(at: &Place<'_>, found: &mut Findings<'_>) {
    static FORMS: LazyLock<Vec<(regex::Regex, Shape)>> = LazyLock::new(forms);
    let text = at.text();
    let lower = text.to_lowercase();
    if !TELLING.iter().any(|word| lower.contains(word)) {
        return;
    }
    // `reduced by 10 after 3 days` names no steps, and `compared using cosine similarity` no schedule.
    let is_whole = |words: &regex::Captures<'_>| {
        let (before, after) = words.get(0).map_or(("", ""), |whole| (&text[..whole.start()], &text[whole.end()..]));
        (words.name("at").is_none() || words.name("unit").or_else(|| words.name("unit2")).is_some())
            && !is_of_vectors(after)
            && !is_of_another(before)
            && !words.get(0).is_some_and(|whole| falls_by_itself(before, whole.as_str()))
            && !words.get(0).is_some_and(|whole| is_anothers_own(before, whole.as_str()))
            && !is_of_layers(&lower)
            && !words.get(0).is_some_and(|whole| is_untuned(whole.as_str(), before, after))
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

/// `the loss {drops 2x every 10 epochs}`: what falls by itself and is no learning rate is what training does.
fn falls_by_itself(before: &str, whole: &str) -> bool {
    static FALLS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:decays|drops|reduces|decreases|lowers|anneals|shrinks|shrank|falls|fell|halves)\b(?: by)?(?: a factor of)? ?(?:\d|every|each)",
        )
    });
    static SUBJECT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:the|our|its|their|this|an?) (?P<n>(?:[\w-]+ ){1,3}?(?:of (?:the |our |its )?(?:[\w-]+ ){1,2}?)?)(?:then |also |further )?$",
        )
    });
    let clause = before.rsplit(['.', ';', ',']).next().unwrap_or_default();
    let Some(found) = SUBJECT.captures(clause).filter(|_| FALLS.is_match(whole)) else { return false };
    let named = found["n"].to_lowercase();
    // `at this rate {the loss}`: the last one, unless it is of the one before.
    let subject = if named.contains("of ") { named.as_str() } else { named.rsplit("the ").next().unwrap_or_default() };
    !["rate", "lr ", "schedul", "value", "step size"].iter().any(|word| subject.contains(word))
}

/// `the noise {schedule is linear}`, `masking {schedule: cosine}`: named after what changes.
fn is_anothers_own(before: &str, whole: &str) -> bool {
    static NAME: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)(?:\b(?:noise|nois\w+|mask\w*|variance|beta|temperature|KL|sampling|diffusion|curriculum|sparsity|pruning|(?:loss|KL) weight|weight[- ]decay|drop-?out)|β)(?: annealing)?[- ]$",
        )
    });
    // `weight {decay of 0.1, which is reduced}` is read elsewhere.
    NAME.is_match(before) && !whole.to_lowercase().starts_with("decay") && !whole.to_lowercase().contains("rate")
}

/// `a {fixed learning rate} of 0.1 instead of tuning it`: one that was not chosen by trying, whatever it does in time.
fn is_untuned(whole: &str, before: &str, after: &str) -> bool {
    static SEARCH: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:replac\w+|instead of|rather than|in place of|without|no)\b[^.;]{0,30}\b(?:select\w*|search\w*|tun(?:e|ed|ing)|sweep\w*|grid|choos\w+)\b",
        )
    });
    let is_fixed = whole.to_lowercase().starts_with("fixed ");
    is_fixed && (SEARCH.is_match(after) || SEARCH.is_match(before))
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
