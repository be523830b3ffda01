//! Settings that are numbers or choices: how long, how fast, with what. One pattern each way of saying one.

use super::number::{NUMBER, in_words, number};
use super::rest::{Cut, NOT, Rest};
use super::{Frozen, Lack, Lacking, Refused, Request};
use crate::intake::{OptimizerKind, ScheduleShape, regex};
use crate::spec::{Augment, Warmup};
use regex::Regex;
use std::sync::LazyLock;

/// A pattern, in which `#` is a number in digits, `@` one that may be in words, both in the group `v`, `^` what stands before either,
/// and `~` what stands between a name and its value.
pub(super) fn pattern(form: &str) -> Regex {
    let before = r"(?:^|[\s(,;:=≤¦])";
    let between = r"\s*(?:(?:of|to|is|at|by|size|rate|value|norm|probability|coefficient|factor|about|around|=|:)\s*){0,3}";
    let any = format!(r"(?P<v>{NUMBER}\s*-?\s*|{})", in_words());
    let form = form.replace('^', before).replace('~', between).replace('@', &any).replace('#', &format!("(?P<v>{NUMBER})"));
    regex(&format!("(?i){form}"))
}

macro_rules! patterns {
    ($($name:ident: [$($form:expr),+ $(,)?],)+) => {
        /// Every way of saying a setting; the first that is there is taken.
        struct Patterns { $($name: Vec<Regex>,)+ }
        static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns { $($name: vec![$(pattern($form)),+],)+ });
    };
}

patterns! {
    frozen_layers: [
        r"\b(?:freez(?:e|ing)|frozen) (?:the )?(?:first|lower|lowest|bottom) # (?:\w+ )?(?:layers|blocks)\b",
        r"\b(?:first|lower|lowest|bottom) # (?:\w+ )?(?:layers|blocks) (?:are |stay |kept )?(?:frozen|fixed)\b",
    ],
    frozen_embeddings: [
        r"\b(?:freez(?:e|ing)|frozen|fixed) (?:the |its |all )?(?:word |token |input )?embeddings?(?: layers?| tables?)?\b",
        r"\bembeddings? (?:are |stay |kept )?(?:frozen|fixed)\b",
    ],
    frozen_body: [
        r"\blinear[- ]prob(?:e|ing)\b",
        r"\b(?:freez(?:e|ing)|frozen) (?:everything|all(?: (?:layers|weights))?) (?:but|except|besides) (?:for )?(?:the )?(?:head|classifier|last layer|final layer)\b",
        r"\b(?:freez(?:e|ing)|frozen) (?:the |its |pre-?trained )*(?:encoder|backbone|body|base(?: model)?|trunk|feature extractor)(?: weights| layers)?(?: and (?:the )?embeddings?)?\b",
        r"\b(?:encoder|backbone|body|base model|trunk|feature extractor) (?:is |stays |kept )?(?:frozen|fixed)\b",
        r"\b(?:train|tune|fine-tune|training|tuning|fine-tuning) only (?:the |its )?(?:head|classifier|last layer|final layer)\b",
        r"\b(?:train|tune|fine-tune|training|tuning|fine-tuning) (?:the |its )?(?:head|last layer|final layer) (?:only|alone)\b",
    ],
    scratch: [r"\bfrom scratch\b", r"\bpre-?train\b"],
    // What was trained before is trained on.
    further: [r"\b(?:continue(?:d)?|further|keep) (?:to )?pre-?train(?:ing)?\b"],
    pretrained: [r"\bpre-?trained\b"],
    part: [
        r"^#\s?(?:%|percent\b)\s?(?:of\s)?(?:(?:the|my|its|all|training|train|available|labell?ed)\s){0,3}(?:data(?: ?set)?|examples|samples|rows|images|sentences|texts|corpus|set|split)\b",
        r"^#\s?(?:%|percent\b)\s?of\s(?:the\s)?\s*¦",
        r"^(?P<word>half|a third|a quarter|a fifth|a tenth)\s(?:of\s)?(?:(?:the|my|its|all|training|train|available|labell?ed)\s){0,3}(?:data(?: ?set)?|examples|samples|rows|images|sentences|texts|corpus|set|split)\b",
    ],
    no_warmup: [r"\b(?:no|without(?: any)?) warm-?\s?up\b"],
    no_dropout: [r"\b(?:no|without(?: any)?) drop-?out\b"],
    no_decay: [r"\b(?:no|without(?: any)?) weight[- ]decay\b"],
    warmup: [
        r"\bwarm-?\s?up(?: (?:steps|ratio|fraction|for|over|the|first))*~#\s?(?P<unit>%|percent\b|steps?\b|epochs?\b)?",
        r"^#\s?(?P<unit>%|percent\b|steps?\b|epochs?\b)?\s?(?:of\s)?(?:linear\s)?warm-?\s?up(?: steps)?\b",
    ],
    dropout: [r"\bdrop-?out~#\s?(?P<unit>%|percent\b)?", r"^#\s?(?P<unit>%|percent\b)?\s?drop-?out\b"],
    decay: [r"\bweight[- ]decay~#", r"^#\s?weight[- ]decay\b"],
    clip_value: [
        r"\bclip(?:ping|ped)?(?: (?:the|gradients?|grads?))* (?:by |at |to )?values?~#",
        r"\b(?:gradients?|grad)[- ]values? clip(?:ping|ped)?~#",
        r"\b(?:gradients?|grad)[- ]clip(?:ping|ped)? (?:by |at )values?~#",
    ],
    layerwise: [
        r"\blayer-?\s?wise (?:(?:learning[ -]rate|lr) )?decay~#",
        r"\b(?:learning[ -]rate|lr) decay (?:per|of each|for each|by) layer~#",
        r"\bllrd~#",
    ],
    clip: [r"\b(?:gradients?|grad)[- ]?(?:norms? )?clip(?:ping|ped)?~#", r"\bclip(?:ping|ped)?(?: (?:the|gradients?|grads?|norms?))*~#"],
    momentum: [r"\bmomentum~#", r"^#\s?momentum\b"],
    dora: [r"\b(?:with|using|by) dora\b(?: adapters?)?(?:,? (?:of |with )?(?:rank|r)~#)?", r"\bdora\b(?: adapters?)?(?:,? (?:of |with )?(?:rank|r)~#)?"],
    rslora: [r"\brs-?lora\b(?: adapters?)?(?:,? (?:of |with )?(?:rank|r)~#)?"],
    qlora: [
        r"\b(?:with|using|by) q-?lora\b(?: adapters?)?(?:,? (?:of |with )?(?:rank|r)~#)?",
        r"\bq-?lora\b(?: adapters?)?(?:,? (?:of |with )?(?:rank|r)~#)?",
        r"\b(?:keep(?:ing)?|leav(?:e|ing)|with) (?:the |its )?(?:base(?: model)?|weights|model) (?:as (?:it is|they are) )?(?:quanti[sz]ed|stored)\b",
        r"\b(?:on|over|beside) (?:the |a )?quanti[sz]ed (?:base(?: model)?|weights|model)\b",
    ],
    adapter: [r"\b(?:lora|peft)\b(?: adapters?)?(?:,? (?:of |with )?(?:rank|r)~#)?", r"\b(?:low[- ]rank )?adapters?\b(?:,? (?:of |with )?(?:rank|r)~#)?"],
    // Of an adapter that is named elsewhere.
    rank: [r"\b(?:lora[-_ ])?rank~#", r"\b(?:lora[-_ ])?r\s*[=:]\s*#", r"\blora[-_]r\s+#"],
    alpha: [r"\b(?:lora[-_ ])?alpha~#", r"\bα\s*[=:]?\s*#"],
    adapter_dropout: [r"\blora[-_ ]dropout~#\s?(?P<unit>%|percent\b)?"],
    beta: [r"\b(?:dpo[-_ ])?beta\s*(?:=|:|\bof\b|\s)\s*#", r"\bβ\s*[=:]?\s*#"],
    no_smoothing: [r"\b(?:no|without(?: any)?) label[- ]smoothing\b"],
    embeddings: [
        r"\b(?:for |of )?(?:sentence|text|document|passage)s?[- ](?:embeddings?|encoders?|similarity|vectors?)(?: models?)?\b",
        r"\b(?:for )?(?:semantic (?:search|(?:text(?:ual)? )?similarity)|similarity search|(?:dense )?retriev(?:al|ers?)|bi-?encoders?|embedding)(?: models?)?\b",
        // By themselves they may be those of a model's words.
        r"\b(?:learn|train|make|get|produce|tune|fine-?tune|into|as|for|want|need)(?: (?:good|better|some|my|our|new))? embeddings\b",
    ],
    smoothing: [r"\blabel[- ]smoothing~#\s?(?P<unit>%|percent\b)?", r"^#\s?(?P<unit>%|percent\b)?\s?label[- ]smoothing\b", r"\blabel[- ]smoothing\b"],
    ema: [
        r"\b(?:ema|(?:exponential )?(?:moving|running) (?:averages?|means?))(?: of (?:the |its )?(?:weights|parameters|model))?(?: (?:with|and))?(?: (?:a )?decay)?~#",
        r"\b(?:weight )?ema\b|\b(?:exponential )?(?:moving|running) (?:averages?|means?) of (?:the |its )?(?:weights|parameters)\b",
    ],
    class_weights: [r"\b(?:balanced |inverse[- ]frequency )?class[- ](?:weights|weighting)\b|\b(?:class-?)?weighted loss\b|\bbalanced loss\b"],
    focal: [r"\bfocal loss(?: (?:with|and))?(?: (?:a )?gamma)~#", r"\bfocal loss\b"],
    weighted: [r"\bweighted (?:random )?sampl(?:ing|er|es?)(?: of (?:the )?(?:examples|rows|data))? (?:by|with|from) (?:the )?(?:column |weights? (?:in|of) )?[`'\x22]?(?P<v>[A-Za-z_][\w.-]*)[`'\x22]?(?: column)?"],
    balanced: [r"\b(?:class-)?balanced (?:sampling|sampler|batches)\b|\b(?:over|up)-?sampl(?:e|ing)(?: (?:of )?(?:the )?(?:rare|minority) class(?:es)?)?\b"],
    early: [
        r"\bearly[- ]stopping,?(?: (?:with|and|of|after))?(?: a)?(?: \()? ?patience~#(?: (?:evaluations?|evals?|checks?))?\)?",
        r"\bearly[- ]stopping after~#(?: (?:evaluations?|evals?|checks?))?",
        r"\bearly[- ]stopping\b|\bstop(?:ping)? early\b",
    ],
    best: [r"\b(?:keep|take|restore|use|load|return)(?:ing)? the best (?:checkpoint|model|weights|epoch)(?: at the end)?\b"],
    search: [
        r"\bas (?:good|accurate(?:ly)?|well|high|low|strong) as (?:(?:you|it|we) (?:can|gets?)|possible)\b",
        r"\b(?:the )?(?:best|highest|lowest) (?:(?:[a-z-]+ ){0,2})?(?:possible|(?:that )?you can(?: (?:get|find|reach))?|achievable|attainable)\b",
        r"\b(?:(?:with|do|run|and) )?(?:a |an )?(?:hyper-?\s?parameters?|hparams?|recipe|learning[- ]rate|lr)[- ](?:search(?:es)?|tuning|optimi[sz]ation|sweeps?)\b",
        r"\b(?:tune|search(?: for| over)?|optimi[sz]e|sweep(?: over)?)(?: (?:the|its|all|good|better|best))* (?:hyper-?\s?parameters?|hparams?|recipes?|learning[- ]rates?|lr|settings)\b",
    ],
    trials: [r"^@(?:different |further )?(?:trials?|recipes|configurations)\b"],
    batch: [r"\b(?:mini-?)?batch(?:es)?[ -]?(?:sizes?)?~#"],
    lr: [r"\b(?:learning[ -]rates?|lr)~#"],
    length: [r"\b(?:max(?:imum)?[ -]?)?(?:sequence |seq |text )?(?:length|len)~#(?: tokens)?", r"^#[ -]tokens?(?: (?:max|at most|per text))?\b"],
    params: [r"^(?P<v>[\d.,]+)\s?(?P<unit>k|m|b|thousand|million|billion)?[ -](?:parameters?|params)\b"],
    layers: [r"^@(?:hidden |transformer |encoder )?(?:layers?|blocks?)\b"],
    heads: [r"^@(?:attention )?heads?\b"],
    hidden: [r"\bhidden[- ](?:size|dim\w*|width)~#"],
    epochs: [r"^@(?:training |full )?(?:epochs?|passes)\b", r"\bepochs?\s?[=:]\s?#"],
    steps: [r"^@(?:training |optimi[sz]er |update )?steps\b"],
    examples: [r"^#\s(?:(?:training|random|labell?ed)\s){0,2}(?:examples|samples|rows|images|sentences|texts)\b"],
    half: [r"\bhalf an? (?P<unit>week|day|hour|minute)\b"],
    time: [
        r"^@(?P<unit>weeks?|days?|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)(?:\s?(?:and\s)?(?P<more>\d+)\s?(?P<part>minutes?|mins?|m|seconds?|secs?|s)|(?P<half> and a half))?\b",
    ],
    seeds: [r"^@(?:random )?seeds\b"],
    seed_list: [r"\bseeds?\s?[=:]?\s?(?P<v>-?\d+(?:(?:\s?,\s?|\sand\s|,?\s?and\s)\d+)*)\b"],
    optimizer: [r"\b(?P<v>sgd|adamw|adam|adagrad|adadelta|adamax|adafactor|rmsprop|lamb|lars|lion|muon|l-?bfgs)\b(?: optimi[sz]er)?"],
    schedule: [
        r"\b(?P<v>cosine)(?: (?:schedule|scheduler|decay|annealing|learning[ -]rate|lr))* with (?:(?P<n>\d+) )?(?:warm |hard )?(?P<restarts>restarts|cycles)(?: of the (?:learning rate|lr))?",
        r"\b(?P<v>sgdr)\b(?: schedule)?",
        r"\b(?P<v>polynomial)(?: (?:learning[ -]rate|lr))?(?:[ -](?:schedule|scheduler|scheduling|decay|annealing))+(?: (?:of|with) power (?P<n>\d+(?:\.\d+)?))?",
        r"\b(?P<v>(?:one|1)[- ]?cycle)(?: (?:learning[ -]rate|lr))?(?: (?:schedule|scheduler|policy))?\b",
        r"\b(?P<v>wsd|warm-?up[-, ]+stable[-, ]+(?:and )?decay)(?: (?:schedule|scheduler))?\b",
        r"\b(?P<v>cosine)(?: (?:learning[ -]rate|lr))?(?:[ -](?:schedule|scheduler|scheduling|decay|annealing))*",
        r"\b(?P<v>linear|constant|exponential|step|multi-?step|plateau|inverse[- ](?:square[- ]root|sqrt))(?: (?:learning[ -]rate|lr))?(?:[ -](?:schedule|scheduler|scheduling|decay|annealing))+",
        r"\b(?P<v>constant)[ -](?:learning[ -]rate|lr)\b",
        // Whose value is cut out already.
        r"\b(?P<v>constant)\s*¦",
    ],
}

/// Changes of images by their names, with the usual values.
static AUGMENTATIONS: LazyLock<Vec<(Augment, Regex)>> = LazyLock::new(|| {
    let (brightness, contrast, saturation, hue) = (0.4, 0.4, 0.4, 0.1);
    vec![
        (Augment::Mixup { alpha: 0.2 }, pattern(r"\bmix-?up\b")),
        (Augment::Cutmix { alpha: 1.0 }, pattern(r"\bcut-?mix\b")),
        (Augment::RandAugment { ops: 2, magnitude: 9 }, pattern(r"\brand-?\s?augment(?:ation)?\b")),
        (Augment::RandomErasing { p: 0.5, min_area: 0.02, max_area: 0.33, max_ratio: 3.3 }, pattern(r"\brandom[- ]erasing\b")),
        (Augment::ColorJitter { brightness, contrast, saturation, hue }, pattern(r"\bcolou?r[- ]jitter(?:ing)?\b")),
        (
            Augment::RandomResizedCrop { min_area: 0.08, max_area: 1.0, max_ratio: 4.0 / 3.0 },
            pattern(r"\brandom[- ]resized[- ]crop(?:s|ping)?\b"),
        ),
        (Augment::Rotation { degrees: 15.0 }, pattern(r"\brandom[- ]rotations?\b")),
        (Augment::HorizontalFlip, pattern(r"\b(?:random )?horizontal flip(?:s|ping)?\b")),
    ]
});

/// Wishes that there is no way to follow.
static LACKING: LazyLock<Vec<(Lack, Regex)>> = LazyLock::new(|| {
    let lack = |of, form: &str| (of, pattern(form));
    vec![
        lack(Lack::Method, r"\b(?:(?:prefix|prompt|p)[- ]tuning|ia3|bitfit|(?:knowledge )?distill(?:ation|ed|ing)?)\b"),
        lack(
            Lack::Method,
            r"\b(?:freez(?:e|ing)|frozen)(?: (?:the|all|its|lower|first|encoder|backbone|body|embeddings?|layers?|weights))*",
        ),
        lack(
            Lack::Precision,
            r"^(?:4|8|16)[- ]?bits?\b|\bint[48]\b|\bb?f(?:loat|p)?16\b|\bfp8\b|\b(?:half|mixed)[- ]precision\b|\bquanti[sz]\w*",
        ),
        lack(Lack::Augmentation, r"\b(?:cutout|autoaugment|augmix|trivialaugment)\b|\b(?:data )?augmentations?\b"),
    ]
});

pub(super) fn find(rest: &mut Rest, request: &mut Request) {
    let further = first(rest, &PATTERNS.further).is_some();
    request.from_scratch = first(rest, &PATTERNS.scratch).is_some();
    request.pretrained = first(rest, &PATTERNS.pretrained).is_some() || further;
    if request.from_scratch && request.pretrained {
        request.refused.push(Refused { words: "from scratch and pretrained".into(), expected: ONE_OF_TWO.into() });
    }
    request.frozen = frozen(rest, request);
    let adapter_dropout = first(rest, &PATTERNS.adapter_dropout);
    recipe(rest, request);
    // One may be said in several words: "LoRA of rank 16 with DoRA".
    for ways in [&PATTERNS.dora[..], &PATTERNS.rslora, &PATTERNS.qlora, &PATTERNS.adapter] {
        let cut = first(rest, ways);
        let said = request.value(cut, "a rank from 1 to 65536", |cut| match cut.get("v") {
            "" => Some(None),
            _ => whole(cut, 1, 65_536).map(|rank| Some(rank as usize)),
        });
        if let Some(rank) = said {
            let asked = request.adapter.get_or_insert_default();
            asked.rank = asked.rank.or(rank);
            asked.use_dora |= std::ptr::eq(ways, &PATTERNS.dora[..]);
            asked.use_rslora |= std::ptr::eq(ways, &PATTERNS.rslora[..]);
            asked.as_stored |= std::ptr::eq(ways, &PATTERNS.qlora[..]);
        }
    }
    adapter_values(rest, request, adapter_dropout);
    let beta = first(rest, &PATTERNS.beta);
    request.beta = request.value(beta, "a beta of more than 0", |cut| real(cut, |beta| beta > 0.0 && beta <= 1000.0));
    lacking(rest, request);
    request.embeddings = first(rest, &PATTERNS.embeddings).is_some();
    size(rest, request);
    lengths(rest, request);
    choices(rest, request);
}

/// Rank, alpha and dropout of an adapter that was asked for, where they are said apart from its name.
fn adapter_values(rest: &mut Rest, request: &mut Request, dropout: Option<Cut>) {
    let Some(mut asked) = request.adapter else {
        // Without one they are no settings: words that are not understood.
        return;
    };
    if asked.rank.is_none() {
        let cut = first(rest, &PATTERNS.rank);
        asked.rank = request.value(cut, "a rank from 1 to 65536", |cut| whole(cut, 1, 65_536).map(|rank| rank as usize));
    }
    let cut = first(rest, &PATTERNS.alpha);
    asked.alpha = request.value(cut, "an alpha of more than 0", |cut| real(cut, |alpha| alpha > 0.0 && alpha <= 1e6));
    asked.dropout = request.value(dropout, "0 to less than 1", |cut| share(cut, |p| (0.0..1.0).contains(&p)));
    request.adapter = Some(asked);
}

const ONE_OF_TWO: &str = "one of the two";

/// The value of a setting that is said once, or again alike; two that differ are refused. What is done `every` so often is none.
fn only<T: PartialEq>(
    rest: &mut Rest,
    request: &mut Request,
    ways: &[Regex],
    expected: &str,
    read: impl Fn(&Cut) -> Option<T>,
) -> Option<T> {
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"(?:{NOT}|\b(?:every|each|per)\s*)$")));
    let mut said: Option<(String, T)> = None;
    while let Some(cut) = ways.iter().find_map(|way| rest.cut_unless_after(way, &BEFORE)) {
        let words = cut.words.clone();
        let Some(value) = request.value(Some(cut), expected, &read) else { continue };
        match &said {
            Some((before, other)) if *other != value => {
                request.refused.push(Refused { words: format!("{before} and {words}"), expected: ONE_OF_TWO.into() });
            }
            _ => said = Some((words, value)),
        }
    }
    said.map(|(_, value)| value)
}

/// The first way of saying it that is there, cut out.
fn first(rest: &mut Rest, ways: &[Regex]) -> Option<Cut> {
    ways.iter().find_map(|way| rest.cut(way))
}

impl Request {
    /// The value of a setting, where it was said; one that `read` does not take is refused.
    pub(super) fn value<T>(&mut self, cut: Option<Cut>, expected: &str, read: impl FnOnce(&Cut) -> Option<T>) -> Option<T> {
        let cut = cut?;
        let value = read(&cut);
        if value.is_none() {
            self.refused.push(Refused { words: cut.words, expected: expected.into() });
        }
        value
    }
}

/// Reads the number, a percentage as a share, where it is within.
fn share(cut: &Cut, within: impl Fn(f64) -> bool) -> Option<f64> {
    let factor = if cut.get("unit").is_empty() { 1.0 } else { 0.01 };
    number(cut.get("v")).map(|value| value * factor).filter(|value| within(*value))
}

fn real(cut: &Cut, within: impl Fn(f64) -> bool) -> Option<f64> {
    number(cut.get("v").trim_end_matches(['-', ' '])).filter(|value| within(*value))
}

/// A whole number from `least` to `most`. `1.000` is none: to some it is one, to others a thousand.
fn whole(cut: &Cut, least: u64, most: u64) -> Option<u64> {
    let written = cut.get("v").to_lowercase();
    if written.contains('.') && !written.contains(['k', 'e']) {
        return None;
    }
    real(cut, |value| value.fract() == 0.0 && (least as f64..=most as f64).contains(&value)).map(|value| value as u64)
}

fn recipe(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    let part = first(rest, &p.part);
    request.data_frac = request.value(part, "more than 0 % and at most 100 %", |cut| {
        let frac = match cut.get("word").to_lowercase().as_str() {
            "half" => 0.5,
            "a third" => 1.0 / 3.0,
            "a quarter" => 0.25,
            "a fifth" => 0.2,
            "a tenth" => 0.1,
            _ => number(cut.get("v"))? / 100.0,
        };
        (frac > 0.0 && frac <= 1.0).then_some(frac)
    });
    let none = |rest: &mut Rest, ways: &[Regex]| first(rest, ways).map(|_| 0.0);
    let (no_dropout, no_decay, no_warmup) = (none(rest, &p.no_dropout), none(rest, &p.no_decay), none(rest, &p.no_warmup));
    let cut = first(rest, &p.warmup);
    request.warmup = request.value(cut, "0 to 100 %, or a number of steps", warmup).or(no_warmup.map(|_| Warmup::Steps(0)));
    let cut = first(rest, &p.dropout);
    request.dropout = request.value(cut, "0 to less than 1", |cut| share(cut, |p| (0.0..1.0).contains(&p))).or(no_dropout);
    let cut = first(rest, &p.decay);
    request.weight_decay = request.value(cut, "0 to 10", |cut| real(cut, |decay| (0.0..=10.0).contains(&decay))).or(no_decay);
    let no_smoothing = none(rest, &p.no_smoothing);
    let cut = first(rest, &p.smoothing);
    // The usual value (1512.00567, section 7) where none is said.
    request.label_smoothing =
        request
            .value(cut, "0 to less than 1", |cut| {
                if cut.get("v").is_empty() { Some(0.1) } else { share(cut, |s| (0.0..1.0).contains(&s)) }
            })
            .or(no_smoothing);
    let cut = first(rest, &p.ema);
    request.ema_decay = request.value(cut, "a decay of more than 0 and less than 1", |cut| {
        if cut.get("v").is_empty() { Some(0.999) } else { real(cut, |decay| decay > 0.0 && decay < 1.0) }
    });
    let cut = first(rest, &p.early);
    request.patience = request.value(cut, "a patience of 1 to 1,000,000 evaluations", |cut| {
        if cut.get("v").is_empty() { Some(3) } else { whole(cut, 1, 1_000_000) }
    });
    request.class_weights = first(rest, &p.class_weights).is_some();
    let cut = first(rest, &p.focal);
    request.focal_gamma = request.value(cut, "a gamma of more than 0 and at most 100", |cut| {
        if cut.get("v").is_empty() { Some(2.0) } else { real(cut, |gamma| gamma > 0.0 && gamma <= 100.0) }
    });
    request.balanced_sampling = first(rest, &p.balanced).is_some();
    request.weighted_by = first(rest, &p.weighted).map(|cut| cut.get("v").trim_end_matches(['.', '-']).to_string());
    for (augment, way) in AUGMENTATIONS.iter() {
        if rest.cut(way).is_some() {
            request.augment.push(*augment);
        }
    }
    request.keep_best = first(rest, &p.best).is_some();
    let cut = first(rest, &p.trials);
    request.trials = request.value(cut, "2 to 1,000 trials", |cut| whole(cut, 2, 1000).map(|trials| trials as usize));
    request.search = first(rest, &p.search).is_some() || request.trials.is_some();
    let cut = first(rest, &p.layerwise);
    request.layerwise_lr_decay = request.value(cut, "more than 0 and at most 1", |cut| real(cut, |d| d > 0.0 && d <= 1.0));
    let cut = first(rest, &p.clip_value);
    request.grad_clip_value = request.value(cut, "a value greater than 0", |cut| real(cut, |most| most > 0.0));
    let cut = first(rest, &p.clip);
    request.grad_clip_norm = request.value(cut, "a norm greater than 0", |cut| real(cut, |norm| norm > 0.0));
    let cut = first(rest, &p.momentum);
    request.momentum = request.value(cut, "0 to less than 1", |cut| real(cut, |momentum| (0.0..1.0).contains(&momentum)));
    request.lr = only(rest, request, &p.lr, "more than 0 and at most 100", |cut| real(cut, |lr| lr > 0.0 && lr <= 100.0));
}

/// A share, as such or in per cent, or a number of steps.
fn warmup(cut: &Cut) -> Option<Warmup> {
    let value = number(cut.get("v")).filter(|value| *value >= 0.0)?;
    match cut.get("unit").to_lowercase().as_str() {
        "%" | "percent" => (value <= 100.0).then_some(Warmup::Frac(value / 100.0)),
        "" if value < 1.0 => Some(Warmup::Frac(value)),
        "" | "step" | "steps" if value.fract() == 0.0 && value <= 1e9 => Some(Warmup::Steps(value as u64)),
        _ => None,
    }
}

fn frozen(rest: &mut Rest, request: &mut Request) -> Option<Frozen> {
    let p = &*PATTERNS;
    let cut = first(rest, &p.frozen_layers);
    let layers = request.value(cut, "1 to 1,000 layers", |cut| whole(cut, 1, 1000).map(|count| count as usize));
    let (body, embeddings) = (first(rest, &p.frozen_body).is_some(), first(rest, &p.frozen_embeddings).is_some());
    // What holds more holds the rest.
    body.then_some(Frozen::Body)
        .or(layers.map(|count| Frozen::LowerLayers { count }))
        .or(embeddings.then_some(Frozen::Embeddings))
}

fn lacking(rest: &mut Rest, request: &mut Request) {
    let mut add = |of: Lack, cut: Cut| request.lacking.push(Lacking { of, words: cut.words });
    for (of, way) in LACKING.iter() {
        while let Some(cut) = rest.cut(way) {
            add(*of, cut);
        }
    }
}

fn size(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    let count = |cut: &Cut| whole(cut, 1, 100_000).map(|n| n as usize);
    let cut = first(rest, &p.params);
    request.size.params = request.value(cut, "a number of parameters", |cut| {
        let factor = match cut.get("unit").to_lowercase().chars().next() {
            Some('k' | 't') => 1e3,
            Some('m') => 1e6,
            Some('b') => 1e9,
            _ => 1.0,
        };
        number(cut.get("v")).map(|value| value * factor).filter(|value| *value >= 1.0)
    });
    let cut = first(rest, &p.layers);
    request.size.layers = request.value(cut, "a whole number of layers", count);
    let cut = first(rest, &p.heads);
    request.size.heads = request.value(cut, "a whole number of heads", count);
    let cut = first(rest, &p.hidden);
    request.size.hidden = request.value(cut, "a whole number", count);
}

fn lengths(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    let expected = "one number, more than 0 and at most 1,000,000";
    request.epochs = only(rest, request, &p.epochs, expected, |cut| real(cut, |n| n > 0.0 && n <= 1e6));
    let expected = "a whole number from 1 to 1,000,000,000";
    request.steps = only(rest, request, &p.steps, expected, |cut| whole(cut, 1, 1_000_000_000));
    let batch = only(rest, request, &p.batch, "a whole number from 1 to 1,048,576", |cut| whole(cut, 1, 1 << 20));
    request.batch_size = batch.map(|n| n as usize);
    let cut = first(rest, &p.length);
    request.max_seq_len =
        request.value(cut, "a whole number from 3 to 1,000,000", |cut| whole(cut, 3, 1_000_000)).map(|n| n as usize);
    let cut = first(rest, &p.examples);
    request.max_examples =
        request.value(cut, "a whole number of at least 1", |cut| whole(cut, 1, u64::from(u32::MAX))).map(|n| n as usize);
    let cut = first(rest, &p.half).or_else(|| first(rest, &p.time));
    request.max_time_secs = request.value(cut, "one time from 1 second to 1,000,000,000 seconds", time);
    let cut = first(rest, &p.seeds);
    let count = request.value(cut, "1 to 100 seeds", |cut| whole(cut, 1, 100));
    let cut = first(rest, &p.seed_list);
    let list = request.value(cut, "whole numbers, each once", |cut| {
        let mut seeds = Vec::new();
        for text in cut.get("v").split(|c: char| !c.is_ascii_digit() && c != '-').filter(|text| !text.is_empty()) {
            let seed = text.parse::<u64>().ok().filter(|seed| !seeds.contains(seed))?;
            seeds.push(seed);
        }
        Some(seeds)
    });
    request.seeds = list.or(count.map(|count| (0..count).collect())).unwrap_or_default();
}

/// `1 hour 30 minutes` in seconds.
fn time(cut: &Cut) -> Option<u64> {
    let unit = |name: &str| match cut.get(name).chars().next().map(|c| c.to_ascii_lowercase()) {
        Some('w') => 604_800.0,
        Some('d') => 86_400.0,
        Some('h') => 3600.0,
        Some('m') => 60.0,
        _ => 1.0,
    };
    let more = number(cut.get("more")).map_or(0.0, |n| n * unit("part"));
    let half = if cut.get("half").is_empty() { 0.0 } else { 0.5 };
    let count = if cut.get("v").is_empty() { 0.5 } else { number(cut.get("v").trim_end_matches(['-', ' ']))? };
    let secs = (count + half) * unit("unit") + more;
    (1.0..=1e9).contains(&secs).then_some(secs as u64)
}

fn choices(rest: &mut Rest, request: &mut Request) {
    request.optimizer = first(rest, &PATTERNS.optimizer).map(|cut| match cut.get("v").to_lowercase().as_str() {
        "sgd" => OptimizerKind::Sgd,
        "adamw" => OptimizerKind::AdamW,
        "adam" => OptimizerKind::Adam,
        "adagrad" => OptimizerKind::AdaGrad,
        "adadelta" => OptimizerKind::AdaDelta,
        "adamax" => OptimizerKind::AdaMax,
        "adafactor" => OptimizerKind::AdaFactor,
        "rmsprop" => OptimizerKind::RmsProp,
        "lamb" => OptimizerKind::Lamb,
        "lars" => OptimizerKind::Lars,
        "lion" => OptimizerKind::Lion,
        "muon" => OptimizerKind::Muon,
        _ => OptimizerKind::Lbfgs,
    });
    request.schedule = first(rest, &PATTERNS.schedule).map(|cut| match cut.get("v").to_lowercase().as_str() {
        "cosine" if !cut.get("restarts").is_empty() => {
            // `with 3 restarts` are four cosines.
            let extra = u32::from(cut.get("restarts").eq_ignore_ascii_case("restarts"));
            ScheduleShape::CosineRestarts { cycles: cut.get("n").parse().ok().map(|n: u32| n.saturating_add(extra).max(1)) }
        }
        "sgdr" => ScheduleShape::CosineRestarts { cycles: None },
        "polynomial" => ScheduleShape::Polynomial { power: cut.get("n").parse().ok() },
        name if name.starts_with("one") || name.starts_with('1') => ScheduleShape::OneCycle,
        name if name.starts_with("wsd") || name.starts_with("warm") => ScheduleShape::Wsd,
        "cosine" => ScheduleShape::Cosine,
        "linear" => ScheduleShape::Linear,
        "constant" => ScheduleShape::Constant,
        "exponential" => ScheduleShape::Exponential,
        "plateau" => ScheduleShape::Plateau { divisor: None },
        name if name.starts_with("inverse") => ScheduleShape::InverseSqrt,
        _ => ScheduleShape::Milestones { at: vec![], unit: None, divisor: None },
    });
}
