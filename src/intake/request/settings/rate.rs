//! The learning rate: how great it is, how it is warmed up, and how it goes from there.

use super::{ONE_OF_TWO, first, only, real, share};
use crate::intake::request::pattern::{pattern, patterns};
use crate::intake::request::rest::{Cut, Found, Judged, Rest, taken_if};
use crate::intake::request::wording::number::number;
use crate::intake::request::wording::shares::share_of;
use crate::intake::request::{Refused, Request};
use crate::intake::{ScheduleShape, regex};
use crate::spec::Warmup;
use regex::Regex;
use std::sync::LazyLock;

patterns! {
    warmup: [
        // `500 warm-up steps of 4000`.
        r"^(?P<v>\d[\d,]*k?)\s(?:(?:linear|lr)\s)?(?:steps of (?:(?:linear|lr)\s)?warm-?\s?up|warm-?\s?up (?:steps|iters|iterations|updates)) (?:out )?of (?:the |all )*(?P<all>\d[\d,]*k?)(?: (?:steps|iters|iterations|updates)| in (?:total|all)| overall| altogether)*\b",
        r"\b(?:num[ _])?(?:(?:lr|linear|learning[ -]rate)[ _])?warm-?\s?up(?:[ _-](?:steps|ratio|fraction|frac|share|iters|iterations|for|over|during|in|linearly|the|first))*~#\s?(?P<unit>%|percent\b|steps?\b|epochs?\b)?",
        r"^#[\s-]?(?P<unit>%|percent\b|steps?\b|epochs?\b)?[\s-]?(?:of\s)?(?:(?:linear|lr|learning[ -]rate)\s)?warm-?\s?up(?: (?:steps|iters|iterations|updates))?\b",
        // `A warm-up epoch is too much, so 5% of steps`.
        r"\bwarm(?:-?\s?up|ing)\b[\w\s,'’-]{0,60}?(?:[,:]|\b(?:so|rather|instead|just|only|use|take|be|is|make it|with))\s#\s?(?P<unit>%|percent\b) of (?:(?:the|all|its|total|training) )*(?:steps|updates|iterations|training)\b",
        // `10% of the steps for warming up`.
        r"^#\s?(?P<unit>%|percent\b)\s?of (?:(?:the|all|its|total|training)\s)*(?:steps|updates|iterations|epochs|training|run)(?: (?:as|for|to|is|are|of|used|spent|on|go|goes|linear|lr|a|the|doing))* warm(?:-?\s?up|ing(?: (?:it|the lr|the rate|the learning rate))?(?:[ -]up)?)\b",
    ],
    // To the rate of the recipe: `warm up the lr from 0 to 1e-3 over 500 steps`.
    warms: [
        r"\b(?:linear(?:ly)? )?warm\w*?-?\s?up(?: (?:of|the|its|lr|learning rate|linearly))* from \S+ to #(?:\s(?:over|in|for|within|during) (?:the first )?(?P<count>\d+k?) (?P<of>steps?|epochs?)\b)?",
    ],
    // `Warm up for 1 epoch of 4`, `over the first half epoch`.
    warms_epochs: [
        r"\bwarm(?:s|ing)?-?\s?up(?: (?:for|of|over|during|the|first|its|lr|learning rate|linearly))*\s@epochs? (?:out )?of (?:the |all )*(?P<all>\d+)(?: epochs)?(?: in (?:total|all)| overall)?\b",
        r"\bwarm(?:s|ing)?-?\s?up(?: (?:for|of|over|during|the|first|its|lr|learning rate|linearly))* (?:an? )?(?P<half>half)(?: of)?(?: an?| the)?(?: first)? epoch\b",
    ],
    falling: [
        r"\b(?:peak |initial |max(?:imum)? )?(?:learning[ -]rate|lr)\s?(?:of|=|:|is)?\s?(?P<v>\d+(?:\.\d+)?(?:e-?\d+)?),? (?:and |which |that |then |is )*(?:decay(?:ing|s|ed)|fall(?:ing|s)|anneal(?:ing|s|ed)|drop(?:ping|s)|cool(?:ing|s|ed)|going|goes|reduc(?:ing|ed)|lowered)(?: (?:down|slowly|smoothly|linearly|exponentially|on|with|by|along|in|an?|the|cosine|schedule|curve))* to (?P<w>\d+(?:\.\d+)?(?:e-?\d+)?)\b",
        r"\b(?:peak |initial |max(?:imum)? )?(?:learning[ -]rate|lr)\s?(?:of|=|:|is)?\s?(?P<v>\d+(?:\.\d+)?(?:e-?\d+)?),? (?:(?:and|then|going|all the way)\s)*down to (?P<w>\d+(?:\.\d+)?(?:e-?\d+)?)\b",
        r"\b(?:learning[ -]rate|lr)\s?(?:of|=|:|is)?\s?(?P<v>\d+(?:\.\d+)?(?:e-?\d+)?)\s?(?:->|→)\s?(?P<w>\d+(?:\.\d+)?(?:e-?\d+)?)\b",
        r"\b(?:peak |initial |max(?:imum)? )?(?:learning[ -]rate|lr)\s?(?:of|=|:|is)?\s?(?P<v>\d+(?:\.\d+)?(?:e-?\d+)?) (?P<to>to) (?P<w>\d+(?:\.\d+)?(?:e-?\d+)?)\b",
        r"\b(?:learning[ -]rate|lr) (?:from|starting (?:at|from)|starts? at) (?P<v>\d+(?:\.\d+)?(?:e-?\d+)?)(?: (?:down )?to (?P<w>\d+(?:\.\d+)?(?:e-?\d+)?))?\b",
        r"\b(?:from|starting (?:at|from)) (?:an? )?(?:learning[ -]rate|lr) (?:of )?(?P<v>\d+(?:\.\d+)?(?:e-?\d+)?)(?: (?:down )?to (?P<w>\d+(?:\.\d+)?(?:e-?\d+)?))?\b",
    ],
    least_lr: [
        r"\b(?:min(?:imum|imal)?|final|end|eta)[ _-](?:learning[ _-]rate|lr|min)~#",
        // Of the rate itself: `decaying to 1e-5 on a cosine`, where the peak stands elsewhere.
        r"\b(?:decay|anneal|cool)(?:ing|ed|s)?(?: (?:it|the (?:lr|rate|learning rate)|down|slowly|smoothly|linearly|exponentially|on|with|by|along|an?|the|cosine|schedule|curve))* to (?P<v>\d(?:\.\d+)?e-\d+|0?\.0\d*[1-9])\b",
        r"\b(?:lr|learning[ -]rate) floor(?: (?:of|at|is))?\s?[=:]?\s?(?P<v>\d(?:\.\d+)?e-\d+|0?\.0\d*[1-9])\b",
        r"\bfloor(?:ed)? (?:at|of) (?:an? (?:lr|rate|learning rate) of )?(?P<v>\d(?:\.\d+)?e-\d+)\b",
    ],
    // So many times the rate of all else: `head 10x`.
    of_head: [
        // With the rate that it is so many times of: `10 times that of the encoder, which is 2e-5`.
        r"\b(?:(?:(?:a|the|its|classification|classifier|output|new|task)[ ])*head|classifier)(?:['’]s)?(?:[ _](?:learning[ _-]rate|lr|rate))?(?:\s?[=:]|(?: (?:at|with|gets?|is|of|to be|should be|having|has|uses?|trains? at|an?|the))*)\s(?P<v>\d+(?:\.\d+)?|\.\d+)\s?(?:x\b|×|times\b)(?: (?:the|that|this|as high|higher|larger|learning[ -]rate|lr|rate|one|as|than|of))* (?:(?:the |its )?(?:encoder|back-?bone|body|base(?: model)?|rest(?: of (?:the model|it))?)(?:['’]s)?(?: (?:learning[ -]rate|lr|rate|one))?)(?:[\s,(–—-]+(?:(?:which|that|this|it|and|is|has|gets?|at|of|with|=|:)\s?)*(?P<w>\d(?:\.\d+)?e-\d+|0?\.0\d+))?",
        r"\b(?:learning[ -]rate|lr) (?:of|for|on) (?:the |its )?(?:(?:classification|new|task) )?(?:head|classifier)(?: (?:of|is|to|at))?\s?[=:]?\s?(?P<v>\d+(?:\.\d+)?)\s?(?:x\b|×|times\b)(?: (?:that|as high|higher|larger|the (?:learning[ -]rate|lr|rate|rest|base|body)))*",
        r"\b(?:(?:(?:a|the|its|classification|classifier|output|new|task)[ ])*head|classifier)(?:['’]s)?(?:[ _](?:learning[ _-]rate|lr))?(?:\s?[=:]|(?: (?:at|with|gets?|is|of|to be|should be|having|has|uses?|trains? at|an?|the))*)\s(?P<v>\d+(?:\.\d+)?|\.\d+)\s?(?:x\b|×|times\b)(?: (?:of )?(?:that|this|it|(?:as )?(?:high|large|great|fast)(?:er)?|(?:larger?|higher|bigger|faster)|(?:the |its |a )?(?:base |body |encoder |backbone |main |usual |same )?(?:learning[ -]rate|lr|rate)|than (?:the )?(?:rest|others?|body|encoder|backbone)))*",
        r"^(?P<v>\d+(?:\.\d+)?|\.\d+)\s?(?:x\b|×|times\b)(?: (?:the|a|as|that|higher|larger|of))* (?:learning[ -]rate|lr|rate) (?:for|on|of|in|at) (?:the |its )?(?:(?:classification|classifier|output|new|task) )?(?:head|classifier)\b",
    ],
    lr: [
        r"\b(?:learning[ _-]?rate|lr)\s?\(\s?(?:of )?(?:max(?:imum)?|peak|initial|base|top)\s?[=:]?\s?#\s?\)?",
        r"\b(?:peak |initial |base |max(?:imum)? )?(?:learning[ _-]?rates?|lr)~#",
    ],
    // Of a part of the model: `1e-5 for the encoder`, `lr of the head 1e-3`.
    of_part: [
        r"(?:(?:\b(?:learning[ -]rate|lr)(?: (?:of|is)| ?=| ?:)?\s?(?P<v>\d(?:\.\d+)?e-\d+|0?\.\d+))|^(?P<w>\d(?:\.\d+)?e-\d+)) (?:for|on|in) (?:the |its )?(?:(?:classification|new|task|pre-?trained) )?(?P<part>head|classifier|encoder|back-?bone|body|base(?: model)?|layers|rest(?: of (?:the model|it))?|everything else|all else)\b",
        // `3e-5 for everything but the head, which gets 3e-4`.
        r"(?:(?:\b(?:learning[ -]rate|lr)(?: (?:of|is)| ?=| ?:)?\s?(?P<v>\d(?:\.\d+)?e-\d+|0?\.\d+))|^(?P<w>\d(?:\.\d+)?e-\d+)) (?:for|on|in) (?:the )?(?P<part>everything|all|all layers|whole model) (?:but|except(?: for)?|besides|other than|apart from) (?:the |its )?(?:(?:classification|new|task) )?(?:head|classifier)\b(?:[\s,(–—-]+(?:(?:which|that|this|it|one|and|is|has|with|gets?|takes?|uses?|trained|trains|at|a|an|the|lr|learning|rate|of|=|:)\s?)*(?P<other>\d(?:\.\d+)?e-\d+))?",
        // `5e-5 for the head and 1e-5 below`.
        r"¦\s*(?:,|and|but)\s+(?P<v>\d(?:\.\d+)?e-\d+) (?P<part>below|elsewhere|everywhere else)\b",
        r"\b(?:learning[ -]rate|lr) (?:of|for|on) (?:the |its )?(?:(?:classification|new|task) )?(?P<part>head|classifier|encoder|back-?bone|body|rest)(?: (?:of|is|to|at))?\s?[=:]?\s?(?P<v>\d(?:\.\d+)?e-\d+|0?\.\d+)",
        r"\b(?P<part>head|classifier|encoder|back-?bone|body)\s(?:(?:which|that) )?(?:at|with|gets?|has|uses?|takes?)\s(?:an? (?:learning[ -]rate|lr) (?:of )?)?(?P<v>\d(?:\.\d+)?e-\d+)",
        r"\b(?:the )?(?P<part>rest(?: of (?:the model|it))?|everything else|all else|(?:all )?(?:the )?other layers|remaining layers)\s(?:(?:at|with|gets?|has|uses?|takes?|is|=|:)\s)?(?P<v>\d(?:\.\d+)?e-\d+)",
        r"\b(?P<part>head|classifier|encoder|back-?bone|body)(?:['’]s)?[ _](?:learning[ _-]rate|lr)\s?(?:of|is|=|:)?\s?(?P<v>\d(?:\.\d+)?e-\d+|0?\.\d+)",
    ],
    schedule: [
        r"\b(?P<v>cosine)(?: (?:schedule|scheduler|decay|annealing|learning[ -]rate|lr))* with (?:(?P<n>\d+) )?(?:warm |hard )?(?P<restarts>restarts|cycles)(?: of the (?:learning rate|lr))?",
        r"\b(?P<v>sgdr)\b(?: schedule)?",
        r"\b(?P<v>poly(?:nomial)?)(?: (?:learning[ -]rate|lr))?(?:[ -](?:schedule|scheduler|scheduling|decay|annealing))+(?:[ ,(]+(?:(?:of|with) )?(?:an? )?power(?: of|=| =)? ?(?P<n>\d+(?:\.\d+)?))?",
        r"\b(?P<v>(?:one|1)[- ]?cycle)(?: (?:learning[ -]rate|lr))?(?: (?:schedule|scheduler|policy))?\b(?:,? (?:(?:up|rising|going) to|peaking at|with an? (?:peak|max(?:imum)?)(?: (?:learning[ -]rate|lr|rate))?(?: of)?) (?:an? (?:learning[ -]rate|lr) of )?(?P<top>\d*\.\d+|\d(?:\.\d+)?e-\d+))?",
        r"\b(?P<v>trapezoid(?:al)?(?: (?:learning[ -]rate|lr))?(?: (?:schedule|scheduler))|wsd|warm-?up[-, ]+stable[-, ]+(?:and )?decay)(?: (?:schedule|scheduler))?\b",
        // As programs call it.
        r"\b(?:lr[ _-]?|learning[ _-]rate[ _-])?(?:schedule|scheduler)(?:[ _-]type)?\s?(?:[=:]|is)\s?['\x22]?(?P<v>cosine|linear|constant|exponential|polynomial|noam)(?:_with_(?:(?P<restarts>restarts)|warmup))?\b(?:[ -](?:decay|annealing))?['\x22]?",
        r"\b(?P<v>cosine)(?: (?:learning[ -]rate|lr))?(?:[ -](?:schedule|scheduler|scheduling|decay|annealing))*\b(?: (?:down )?to (?:(?:0|zero)\b|(?P<least>\d(?:\.\d+)?e-\d+)))?",
        r"\b(?P<v>linear|constant|exponential|step|multi-?step|plateau|noam|inverse[- ](?:square[- ]root|sqrt))(?: (?:learning[ -]rate|lr))?(?:[ -](?:schedule|scheduler|scheduling|decay|annealing))+(?: (?:down )?to (?:0|zero)\b)?",
        r"\b(?:decay|anneal|decreas|reduc)\w* (?:(?:the )?(?:learning[ -]rate|lr) )?(?P<v>linear)ly(?: (?:down )?to (?:0|zero)\b)?",
        r"\b(?P<v>constant)[ -](?:(?:learning[ -])?rate|lr)(?: of| at| ?=)? (?P<top>\d(?:\.\d+)?e-\d+|0?\.0\d*[1-9])",
        r"\b(?P<v>constant)[ -](?:learning[ -]rate|lr)\b",
        r"\b(?:keep(?:ing)? |hold(?:ing)? )?(?:the )?(?:learning[ -]rate|lr|rate) (?:(?:is|be|stays?|kept|held|should|must|remains?|to|left|at an?) )*(?P<v>constant)\b",
        // Whose value is cut out already: `lr 2e-4 constant`.
        r"\b(?P<v>constant)\s*¦",
        r"¦\s*,?\s*(?:(?:is|and|that|which|held|kept|stays?|staying|remains?|remaining|left|be) )*(?P<v>constant)\s*(?:$|[,.;)]|\b(?:throughout|all the time|all along|over time|and|with|for)\b)",
        r"\b(?P<v>linear|exponential)ly\s*¦",
        // `500 warm-up steps, constant after that`.
        r"\b(?P<v>constant) (?:afterwards|thereafter|from (?:there|then)(?: on)?|after (?:that|it|(?:the )?warm-?\s?up))\b",
    ],
}

const EXPECTED: &str = "more than 0 and at most 100";

/// What it is warmed up to, and for how long: both are said at once.
pub(crate) fn find_warming(rest: &mut Rest, request: &mut Request) {
    let cut = first(rest, &PATTERNS.warms);
    let said = cut.as_ref().map(|cut| (number(cut.get("count")), cut.get("of").to_lowercase().starts_with("epoch")));
    request.lr = request.value(cut, EXPECTED, |cut| real(cut, |lr| lr > 0.0 && lr <= 100.0));
    match said {
        Some((Some(epochs), true)) => request.warmup_epochs = Some(epochs),
        Some((Some(steps), false)) => request.warmup = Some(Warmup::Steps(steps as u64)),
        Some((None, _)) | None => {}
    }
    let Some(cut) = first(rest, &PATTERNS.warms_epochs) else { return };
    request.epochs = number(cut.get("all")).filter(|all| *all > 0.0).or(request.epochs);
    request.warmup_epochs = if cut.get("half").is_empty() { cut.number() } else { Some(0.5) };
}

/// How long it is warmed up, where that is not said in epochs; `without` says that it is not.
pub(crate) fn find_warmup(rest: &mut Rest, request: &mut Request, without: bool) {
    let cut = first(rest, &PATTERNS.warmup);
    let all = cut.as_ref().filter(|cut| !cut.is_percent()).and_then(|cut| number(cut.get("all")));
    let said = request.value(cut, "0 to 100 %, or a number of steps", warmup);
    if let (Some(Warmup::Steps(steps)), Some(all)) = (said, all.filter(|all| *all >= 1.0)) {
        request.steps = Some((all as u64).max(steps));
    }
    request.warmup = said.or(request.warmup).or(without.then_some(Warmup::Steps(0)));
}

/// How great it is.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    let cut = first(rest, &p.of_head);
    let of_others = cut.as_ref().and_then(|cut| number(cut.get("w")));
    request.times.head_lr = request.value(cut, EXPECTED, |cut| cut.number().filter(|times| *times > 0.0 && *times <= 1000.0));
    let Parts { head: of_head, body: of_body, is_classifier } = of_parts(rest, request);
    // Before a rate that it falls to: of `to 10% of its peak` the number is none.
    let is_given = request.lr.is_some() || p.lr.iter().any(|way| rest.has(way));
    let floor = floor(rest, is_given);
    // `Lr 1e-5 to 1e-3` is one of a range.
    let falls = |found: &Found<'_>| {
        let [from, to] = ["v", "w"].map(|name| number(found.cut.get(name)));
        taken_if(found.cut.get("to").is_empty() || from > to)
    };
    let cut = p.falling.iter().find_map(|way| rest.cut_as(way, falls));
    let last = cut.as_ref().and_then(|cut| number(cut.get("w")));
    let from =
        request.value(cut, EXPECTED, |cut| real(cut, |lr| lr > 0.0 && lr <= 100.0 || lr == 0.0 && !cut.get("w").is_empty()));
    // What grows is warmed up: the rate is what it grows to.
    let (from, last) = match last.filter(|last| from.is_some_and(|from| from < *last)) {
        Some(top) => (Some(top), None),
        None => (from, last),
    };
    request.min_lr = last;
    let cut = first(rest, &p.least_lr);
    request.min_lr = request.value(cut, "a rate of at least 0", |cut| real(cut, |lr| lr >= 0.0)).or(request.min_lr);
    several_rates(rest, request);
    // `Decay the lr by 0.5` says nothing of the rate itself.
    static FALLS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:decay|reduc|drop|lower|divid|multipl|halv|scal|cut|anneal|decreas|warm)\w*(?: up| down)? (?:the |its )?(?:learning[ -]rate|lr)s? (?:by|to|from|with|of) (?:a factor of )?#",
        )
    });
    rest.tell(&FALLS);
    // `Lr 0.1 %` is 0.001; more than that in per cent is none that anybody trains with.
    let lr = only(rest, request, &p.lr, "more than 0 and at most 100, or at most 1 %", |cut| {
        share(cut, |lr| lr > 0.0 && lr <= if cut.is_percent() { 0.01 } else { 100.0 })
    });
    request.lr = from.or(lr).or(request.lr);
    // `A MiniLM classifier with a learning rate of 2e-5` is the whole model.
    if is_classifier && of_head.is_some() && of_body.is_none() && request.lr.is_none() {
        request.lr = of_head;
        request.classifies = true;
        return;
    }
    // `Lr 1e-3, 1e-5 for the encoder`: what is said of all is the head's then.
    request.head_lr = of_head.or(request.lr.filter(|_| of_body.is_some()));
    request.lr = of_body.or(of_others).or(request.lr);
    request.min_lr = request.min_lr.or(floor.zip(request.lr).map(|(share, lr)| share * lr));
    request.times.min_lr = floor.filter(|_| request.min_lr.is_none());
}

/// What is left of the rate at the end, as a share of it: `floor at 10% of peak`.
fn floor(rest: &mut Rest, is_given: bool) -> Option<f64> {
    static WAY: LazyLock<Regex> = LazyLock::new(|| {
        let of = r"(?:of )?(?:(?:the |its )*(?:peak|max(?:imum)?|initial|base|starting|top|full|original)(?: (?:learning[ -]rate|lr|rate|value))?|(?:the )?(?:learning[ -]rate|lr|rate)|it|that|this(?: rate| value)?)\b";
        let how = r"(?: (?:it|the lr|the rate|the learning rate|down|slowly|smoothly|linearly|exponentially|on|with|by|along|an?|the|cosine|schedule|curve))*";
        pattern(&format!(
            r"\b(?:floor(?:ed|ing)?|min(?:imum)?(?:[ _]lr)?|end(?:s|ing)?|final(?:[ _]lr)?|down|(?P<falls>decay|anneal|fall|drop|cool|go)(?:ing|s|ed|es)?){how}\s?(?:at|to|of|is|=|:)\s?(?:(?P<v>\d{{1,2}}(?:\.\d+)?)\s?(?:%|percent\b)|(?:an?|one)[ -](?P<part>half|third|quarter|fifth|tenth|twentieth|hundredth)\b)(?:\s(?P<of>{of}))?"
        ))
    });
    if !["%", "percent", "tenth", "half", "third", "quarter", "fifth", "twentieth", "hundredth"]
        .iter()
        .any(|word| rest.says(word))
    {
        return None;
    }
    // `Decaying to a tenth`: of what it is goes without saying, unless it is of something else.
    let is_of_rate = |found: &Found<'_>| {
        let is_bare = !found.cut.get("falls").is_empty() && !found.behind.trim_start().starts_with("of ");
        taken_if(!found.cut.get("of").is_empty() || is_bare && is_given)
    };
    let cut = rest.cut_as(&WAY, is_of_rate)?;
    match cut.get("part") {
        "" => number(cut.get("v")).map(|percent| percent / 100.0),
        "hundredth" => Some(0.01),
        part => share_of(&part.to_lowercase()),
    }
}

/// The rates of the head and of all else, where they differ.
#[derive(Default)]
struct Parts {
    head: Option<f64>,
    body: Option<f64>,
    /// Nobody said `head`: a classifier may be the head, or all of it.
    is_classifier: bool,
}

fn of_parts(rest: &mut Rest, request: &mut Request) -> Parts {
    // `Weight decay 1e-2 for the encoder` is no rate.
    static ALONE: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)(?:^|[,;:(¦.]|\b(?:and|with|at|use|using|rates?|lr|of|then|train|but))\s*$"));
    let mut parts = Parts { is_classifier: true, ..Parts::default() };
    let judged = |found: &Found<'_>| taken_if(found.cut.get("w").is_empty() || ALONE.is_match(found.before));
    while let Some(cut) = PATTERNS.of_part.iter().find_map(|way| rest.cut_as(way, judged)) {
        let part = cut.get("part").to_lowercase();
        parts.is_classifier &= part != "head";
        let (words, other) = (cut.words.clone(), number(cut.get("other")));
        parts.head = other.or(parts.head);
        parts.is_classifier &= other.is_none();
        let slot = if matches!(part.as_str(), "head" | "classifier") { &mut parts.head } else { &mut parts.body };
        let value = request.value(Some(cut), EXPECTED, |cut| {
            number([cut.get("v"), cut.get("w")].concat().as_str()).filter(|lr| *lr > 0.0 && *lr <= 100.0)
        });
        if slot.is_some() && *slot != value {
            request.refused.push(Refused { words, expected: ONE_OF_TWO.into() });
        }
        *slot = value.or(*slot);
    }
    parts
}

/// `learning rates 1e-5, 3e-5 and 5e-5`: there is one; a search finds its own.
fn several_rates(rest: &mut Rest, request: &mut Request) {
    static RATES: LazyLock<Regex> = LazyLock::new(|| {
        let rate = r"(?:\d+(?:\.\d+)?e-?\d+|\d*\.\d+)";
        pattern(&format!(
            r"\b(?:learning[ _-]?rates?|lrs?)~(?:in\s|∈\s?|over\s)?[\[{{(]?\s?(?P<list>{rate}(?:(?:\s?[,/]\s?|\s)(?:(?:and|or|vs\.?|versus)\s)?{rate})+)[\]}})]?"
        ))
    });
    static OTHER: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^[\s-]?(?:%|percent|drop-?out|weight|momentum|warm|label|accuracy|f1|decay|of\b|epochs?|steps?|examples|samples|rows|tokens|clip|hours?|h\b|min|sec)",
        )
    });
    let is_list = |found: &Found<'_>| if OTHER.is_match(found.behind) { Judged::Passed } else { Judged::Taken };
    while let Some(cut) = rest.cut_as(&RATES, is_list) {
        let expected = "one learning rate; `tune the learning rate` tries others".into();
        request.refused.push(Refused { words: cut.words, expected });
    }
}

/// A share, as such or in per cent, or a number of steps.
fn warmup(cut: &Cut) -> Option<Warmup> {
    let value = cut.number().filter(|value| *value >= 0.0)?;
    let unit = if cut.is_percent() { "%".to_string() } else { cut.get("unit").to_lowercase() };
    match unit.as_str() {
        "%" => (value <= 100.0).then_some(Warmup::Frac(value / 100.0)),
        "" if value < 1.0 => Some(Warmup::Frac(value)),
        "" | "step" | "steps" if value.fract() == 0.0 && value <= 1e9 => Some(Warmup::Steps(value as u64)),
        _ => None,
    }
}

/// `2 epochs at 3e-5`: a number that only a rate is written as, by itself, where no rate was said.
pub(crate) fn bare(rest: &mut Rest, request: &mut Request) {
    static BARE: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)(?:^|[,;(¦]|\bat\b|@|\bwith\b)\s*(?P<v>\d(?:\.\d+)?e-[2-7])\s*(?P<end>$|[,;.)¦])"));
    // Of several it is none.
    static SEVERAL: LazyLock<Regex> = LazyLock::new(|| {
        let one = r"\b\d(?:\.\d+)?e-[2-7]\b";
        regex(&format!(r"(?i){one}[\s\S]*{one}"))
    });
    if request.lr.is_none()
        && request.refused.is_empty()
        && !request.search
        && !rest.has(&SEVERAL)
        && let Some(cut) = rest.cut(&BARE)
    {
        request.lr = number(cut.get("v"));
    }
}

/// How it goes after the warm-up, where that is no fall at some steps. Of two that differ neither is taken.
pub(crate) fn schedule(rest: &mut Rest, request: &mut Request) {
    let Some((schedule, words)) = next_schedule(rest, request) else { return };
    // `Constant, then a linear decay` is one after the other.
    static IN_TURN: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)\b(?:then|followed by|afterwards|after that|until|first|before|warm-?\s?up|stable)\b"));
    let in_turn = IN_TURN.is_match(&request.text);
    while let Some((other, more)) = if in_turn { None } else { next_schedule(rest, request) } {
        if std::mem::discriminant(&other) != std::mem::discriminant(&schedule) {
            request.refused.push(Refused { words: format!("{words} and {more}"), expected: ONE_OF_TWO.into() });
        }
    }
    request.schedule = request.schedule.take().or(Some(schedule));
}

/// The first that is named, and its words.
fn next_schedule(rest: &mut Rest, request: &mut Request) -> Option<(ScheduleShape, String)> {
    // Of vectors it says how alike two are.
    let embeds = request.embeddings;
    static ALIKE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^\s*(?:similarit|distance|loss|score|of\b)"));
    let of_rates = |found: &Found<'_>| {
        let is_bare = found.cut.words.eq_ignore_ascii_case("cosine");
        taken_if(!is_bare || !embeds && !ALIKE.is_match(found.behind))
    };
    let cut = PATTERNS.schedule.iter().find_map(|way| rest.cut_as(way, of_rates))?;
    // `Cosine to 1e-6`, `one cycle up to 0.1`.
    request.min_lr = request.min_lr.or(number(cut.get("least")));
    request.lr = request.lr.or(number(cut.get("top")).filter(|top| *top > 0.0 && *top <= 100.0 && !cut.is_percent()));
    let shape = match cut.get("v").to_lowercase().as_str() {
        "cosine" if !cut.get("restarts").is_empty() => {
            // `with 3 restarts` are four cosines.
            let extra = u32::from(cut.get("restarts").eq_ignore_ascii_case("restarts"));
            ScheduleShape::CosineRestarts { cycles: cut.get("n").parse().ok().map(|n: u32| n.saturating_add(extra).max(1)) }
        }
        "sgdr" => ScheduleShape::CosineRestarts { cycles: None },
        "poly" | "polynomial" => ScheduleShape::Polynomial { power: cut.get("n").parse().ok() },
        name if name.starts_with("one") || name.starts_with('1') => ScheduleShape::OneCycle,
        name if ["wsd", "warm", "trapez"].iter().any(|start| name.starts_with(start)) => ScheduleShape::Wsd,
        "cosine" => ScheduleShape::Cosine,
        "linear" => ScheduleShape::Linear,
        "constant" => ScheduleShape::Constant,
        "exponential" => ScheduleShape::Exponential,
        "plateau" => ScheduleShape::Plateau { divisor: None },
        // Noam Shazeer's, of 1706.03762, section 5.3.
        name if name == "noam" || name.starts_with("inverse") => ScheduleShape::InverseSqrt,
        _ => ScheduleShape::Milestones { at: vec![], unit: None, divisor: None },
    };
    Some((shape, cut.words))
}
