//! How long is trained, in what pieces, how often it is watched, and with which seeds. Steps and epochs of something else come first: those
//! of a warm-up, of patience, of gradients that are gathered, of a rate that falls.

use super::number::NUMBER;
use super::pattern::patterns;
use super::rest::{Cut, Found, Rest, taken_if};
use super::settings::{AFTER, ONE_OF_TWO, first, only};
use super::{Refused, Request};
use crate::intake::{ScheduleShape, Unit, regex};
use crate::spec::{Length, Warmup};
use regex::Regex;
use std::sync::LazyLock;

patterns! {
    accumulation: [
        r"\b(?:gradients?[ _-]|grad[ _-])?accum(?:ulat(?:ion|e|ing))?(?:[ _-]steps)?(?: (?:the )?(?:gradients?|grads?))?(?: (?:over|across|for|every))?~#(?: (?:micro-?\s?)?(?:steps|batches))?\b",
        r"^#(?:x|\s?×)?(?: steps?)?(?: of)? (?:gradient|grad)[ -]accumulation(?: steps)?\b",
    ],
    micro: [r"\bmicro[ _-]?batch(?:es)?(?:[ _-]?sizes?)?~#"],
    whole_batch: [r"\b(?:effective|total|global|overall)[ _-](?:train[ _-])?(?:mini-?)?batch(?:es)?(?:[ _-]?sizes?)?~#"],
    batch: [r"\b(?:per[ _-]device[ _-])?(?:train(?:ing)?[ _-])?(?:mini-?)?batch(?:es)?[ _-]?(?:sizes?)?~#", r"\bbs\s?[=:]?\s?#", r"\bbatch(?:es)?[ _-]?(?:sizes?)?~&", r"^#(?:\s(?:examples|samples))? (?:per|a) batch\b"],
    // Of evaluations, or of epochs, after each of which there is one then.
    patience: [
        r"\b(?:early[- ]stopping,?(?: (?:with|and|of|after))?(?: a)?(?: \()? ?)?patience~#\s?(?P<of>epochs?|evaluations?|evals?|checks?|rounds?)?\)?",
        r"\bearly[ _-]stopping[ _-]patience~#",
        r"\b(?:early[- ]stopping,?(?: (?:with|and|of|after))?(?: a)?(?: \()? ?)?patience~&",
        r"\b(?:early[- ]stop(?:ping)?|stop(?:ping)?(?: early)?)(?: (?:the )?training)? (?:after|if|when|once)(?: (?:there (?:is|was)|it (?:sees|has)|for|at))*\s@(?P<of>epochs?|evaluations?|evals?|checks?|rounds?|times?)?\s?(?:in a row |on end )?(?:without|with no|of no)(?: (?:any|an|further))? (?:improvements?|progress|gains?|improving|getting better)\b",
        r"\b(?:(?:early[- ]stopping|stop(?:ping)?(?: early)?)(?: (?:the )?training)? (?:if|when|once|after|as soon as)|(?:if|when|once|until)) [A-Za-z_\s'-]{0,50}?\b(?:(?:does|do|did|has|have|is|are)(?: not|n['’]t)|doesn['’]t|stops?|no longer|not|fails? to)(?: been)? (?:improv(?:e[sd]?|ing)|get(?:s|ting)? better|decreas(?:e[sd]?|ing)|go(?:es|ing)? down|fall(?:s|ing)?)(?: (?:for|in|over|after|within))?\s@(?P<of>epochs?|evaluations?|evals?|checks?|rounds?|times?)\b(?: in a row| on end)?",
        r"\b(?:(?:early[- ]stopping|stop(?:ping)?(?: early)?) (?:after|if|when|on) )?no improvements?(?: (?:for|in|over|after|within))?\s@(?P<of>epochs?|evaluations?|evals?|checks?|rounds?|times?)\b",
        r"\bearly[- ]stopping after\s@(?P<of>epochs?|evaluations?|evals?|checks?)?",
    ],
    early: [r"\bearly[ _-]stop(?:ping)?\b|\bstop(?:ping)? early\b"],
    evaluate: [
        r"\b(?:evaluat(?:e|es|ing|ions?)|validat(?:e|es|ing|ions?)|eval|scor(?:e|ing)|check(?:ing)?)(?: (?:it|the model|the loss|on (?:the )?(?:validation|dev|test)(?: (?:set|split|data))?|¦|once|happens|runs?))* (?:(?:after )?(?:every|each|per)|(?:once )?(?:per|an|after each))\s(?:@)?(?P<of>epochs?|steps?)\b",
        r"\b(?:evaluat(?:e|es|ing|ions?)|validat(?:e|es|ing|ions?)|eval)(?: (?:it|the model|the loss|on (?:the )?(?:validation|dev|test)(?: (?:set|split|data))?|¦))* (?:after|at)\s@(?P<of>steps?)\b",
        r"\beval(?:uation)?[ _-]steps\s?[=:]\s?#",
    ],
    warmup_epochs: [
        r"\bwarm(?:s|ing)?-?\s?up(?: (?:for|of|over|during|the|first|its|lr|learning rate|linearly|=|:|epochs|from \S+ to \S+))*\s@(?P<of>epochs?)\b",
        r"\bwarm-?\s?up[ _]epochs\s?(?:=|:|of)?\s?#",
        r"^@(?:of )?(?:linear )?warm-?\s?up epochs?\b",
        r"^@epochs? (?:of )?(?:linear )?warm-?\s?up\b",
    ],
    epochs: [
        r"\b(?:stop|end|finish)(?:ping|ing)?(?: (?:the )?training)? (?:after|at)\s@(?:training |full )?(?:epochs?|passes)\b",
        r"^@(?:training |full )?(?:epochs?|passes)\b",
        r"\b(?:num[ _](?:train[ _])?|n[ _])?epochs?\s?[=:]\s?#",
        r"\bep\s?[=:]?\s?#",
        r"\bepochs (?:of )?#",
        r"\bfor an? (?:single |full |whole )?(?P<one>epoch|pass)\b",
    ],
    steps: [
        r"\b(?:stop|end|finish)(?:ping|ing)?(?: (?:the )?training)? (?:after|at)\s@(?:training |optimi[sz]er |update )?steps\b",
        r"^@(?:(?:training |optimi[sz]er |update |gradient )?(?:steps|iterations|iters)|(?:optimi[sz]er |gradient |weight |parameter )?updates)\b",
        r"\b(?:max(?:imum)?[ _-]|num[ _](?:train[ _])?|train(?:ing)?[ _])(?:steps|iter(?:ation)?s)\s?[=:]?\s?#",
        r"[,;(¦]\s*steps\s?[=:]?\s?#",
    ],
    seeds: [r"^@(?:different |other |random )*seeds\b", r"\b(?P<one>a|one|only one) (?:single )?(?:random )?seed\b"],
    seed_list: [
        r"\b(?:(?:\d+|two|three|four|five|six|seven|eight|nine|ten) (?:different |random )?seeds\s?[=:(]|(?:random[ _-])?seeds?\s?[=:]?)\s?(?P<v>-?\d+\b(?:(?:\s?,\s?(?:and\s)?|\s(?:and|or)\s|,?\s?and\s)\d+)*)(?:\s?(?:-|–|\.\.+|to)\s?(?P<to>\d+))?\b",
    ],
}

/// `drop the learning rate by 10 after 80 and 120 epochs`.
static DROPS: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    let list = r"(?P<v>\d+(?:(?:\s?,\s?(?:and\s)?|\s(?:and|or)\s|\s?/\s?)\d+)*)";
    let at = format!(
        r"(?:after|at|in|on)(?: the)?(?: (?P<unit>epochs?|steps?))? {list}(?:st|nd|rd|th)?(?: (?P<of>epochs?|steps?))?\b(?:,? (?:by|with|and|gamma)(?: an?)?(?: factor| gamma)?(?: of)? (?P<later>{NUMBER}))?"
    );
    let rate = r"(?:the |its )?(?:learning[ -]rate|lr|rate|it)";
    let by = format!(
        r"(?: by| to)?(?: a)?(?: factors?)?(?: of)?(?: (?P<factor>{NUMBER})\s?(?P<times>x|×|times|-?fold)?| (?P<half>half)| an? (?P<tenth>tenth))?"
    );
    let verb = r"(?:drop|decay|divid|reduc|multipl|decreas|lower|cut|scal|halv)\w*(?: down)?";
    [
        regex(&format!(r"(?i)\b(?P<verb>{verb}) {rate}{by} {at}")),
        // Of a rate that was named before.
        regex(&format!(
            r"(?i)\b(?P<verb>(?:divided|dropped|decayed|reduced|lowered|multiplied|decreased|halved)(?: down)?){by} {at}"
        )),
        regex(&format!(
            r"(?i)\b(?P<verb>(?:multi-?)?step(?:[- ]?(?:lr|wise|decay|schedule|scheduler|learning[ -]rate))*|milestones?){by}(?: with)? (?:{at})"
        )),
    ]
});

/// Steps and epochs that are not those of training.
pub(super) fn find_others(rest: &mut Rest, request: &mut Request) {
    batches(rest, request);
    watching(rest, request);
    let cut = first(rest, &PATTERNS.warmup_epochs);
    request.warmup_epochs = request.value(cut, "a number of epochs", |cut| cut.number().filter(|n| *n > 0.0 && *n <= 1e6));
    drops(rest, request);
}

/// Steps and epochs of training; all others are cut out already.
pub(super) fn find(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    let expected = "one number, more than 0 and at most 1,000,000";
    let epochs = |cut: &Cut| match cut.get("one") {
        "" => cut.number().filter(|n| *n > 0.0 && *n <= 1e6),
        _ => Some(1.0),
    };
    request.epochs = only(rest, request, &p.epochs, expected, epochs);
    let expected = "a whole number from 1 to 1,000,000,000";
    request.steps = only(rest, request, &p.steps, expected, |cut| cut.whole(1, 1_000_000_000));
    // `What accuracy has it after 3 epochs`, where nothing else says how long.
    if request.epochs.is_none() && request.steps.is_none() {
        let after = |found: &Found<'_>| taken_if(AFTER.is_match(found.before));
        let cut = p.epochs.iter().find_map(|way| rest.cut_as(way, after));
        request.epochs = request.value(cut, "a number of epochs", epochs);
    }
    // Of epochs that are known it is a share, as that of any.
    if let (Some(warmup), Some(epochs), None) = (request.warmup_epochs, request.epochs, request.warmup) {
        if warmup > epochs {
            let words = format!("{warmup} epochs of warm-up");
            request.refused.push(Refused { words, expected: format!("at most the {epochs} epochs of all") });
        }
        (request.warmup, request.warmup_epochs) = (Some(Warmup::Frac((warmup / epochs).min(1.0))), None);
    }
    seeds(rest, request);
}

/// What a step sees, and in which pieces.
fn batches(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    // Of scoring, which is cut as it fits.
    static SCORED: LazyLock<Regex> = LazyLock::new(|| {
        super::pattern::pattern(
            r"\b(?:per[ _-]device[ _-])?(?:eval(?:uation)?|test|inference|validation|predict(?:ion)?)[ _-]batch[ _-]?(?:sizes?)?~#",
        )
    });
    rest.tell(&SCORED);
    let expected = "a whole number from 1 to 1,048,576";
    let mut of = |ways: &[Regex]| only(rest, request, ways, expected, |cut| cut.whole(1, 1 << 20)).map(|n| n as usize);
    let (pieces, micro, whole, plain) = (of(&p.accumulation), of(&p.micro), of(&p.whole_batch), of(&p.batch));
    let (micro, whole) = match (micro, whole, plain) {
        // Of pieces the batch is what each of them sees.
        (None, None, Some(plain)) if pieces.is_some_and(|pieces| pieces > 1) => (Some(plain), None),
        (None, Some(whole), Some(plain)) => (Some(plain), Some(whole)),
        (micro, whole, plain) => (micro, whole.or(plain)),
    };
    request.batch_size = whole.or(micro.zip(pieces).map(|(micro, pieces)| micro * pieces));
    request.micro_batch_size = micro.or(whole.zip(pieces).map(|(whole, pieces)| (whole / pieces).max(1)));
    request.accumulation = pieces.filter(|pieces| *pieces > 1 && request.batch_size.is_none());
    let parts = request.batch_size.zip(request.micro_batch_size);
    if let Some((whole, micro)) = parts
        && (whole % micro != 0 || pieces.is_some_and(|pieces| whole / micro != pieces))
    {
        let pieces = pieces.map_or(String::new(), |pieces| format!(" and {pieces} pieces"));
        let words = format!("a batch of {whole}, micro-batches of {micro}{pieces}");
        request.refused.push(Refused { words, expected: "a batch that is so many micro-batches".into() });
    }
}

/// When it ends early, and how often it is scored.
fn watching(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    let cut = first(rest, &p.patience);
    let is_said = cut.is_some();
    let by_epochs = cut.as_ref().is_some_and(|cut| cut.get("of").to_lowercase().starts_with("epoch"));
    request.patience = request.value(cut, "a patience of 1 to 1,000,000 evaluations", |cut| cut.whole(1, 1_000_000));
    if request.patience.is_some() && by_epochs {
        request.evaluate_every = Some(Length::Epochs(1.0));
    }
    // `Stop early after 30 minutes` is a limit.
    static THEN: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^\s(?:after|when|if|once|at)\b"));
    let by_itself =
        |found: &Found<'_>| taken_if(!found.cut.words.to_lowercase().ends_with("early") || !THEN.is_match(found.behind));
    while p.early.iter().find_map(|way| rest.cut_as(way, by_itself)).is_some() {
        if !is_said {
            request.patience = Some(3);
        }
    }
    let cut = first(rest, &p.evaluate);
    let every = request.value(cut, "a number of steps or epochs", |cut| {
        let count = if cut.get("v").is_empty() { Some(1.0) } else { cut.number() };
        let count = count.filter(|count| *count > 0.0 && *count <= 1e6)?;
        match cut.get("of").to_lowercase().starts_with("epoch") {
            true => Some(Length::Epochs(count)),
            false => (count.fract() == 0.0).then_some(Length::Steps(count as u64)),
        }
    });
    request.evaluate_every = every.or(request.evaluate_every);
}

/// Where the rate falls.
fn drops(rest: &mut Rest, request: &mut Request) {
    let Some(cut) = DROPS.iter().find_map(|way| rest.cut(way)) else { return };
    let unit = [cut.get("unit"), cut.get("of")].concat().to_lowercase();
    let expected = "a factor, and the steps or epochs at which the rate falls";
    let shape = request.value(Some(cut), expected, |cut| {
        let at: Option<Vec<f64>> = cut.numbers().collect();
        let unit = if unit.starts_with("step") { Unit::Steps } else { Unit::Epochs };
        let said = [cut.get("factor"), cut.get("later")].into_iter().find(|factor| !factor.is_empty()).unwrap_or_default();
        let factor = match (said, cut.get("half"), cut.get("tenth")) {
            ("", "", "") if cut.get("verb").to_lowercase().starts_with("halv") => Some(2.0),
            ("", "", "") => Some(10.0),
            ("", _, "") => Some(2.0),
            ("", ..) => Some(10.0),
            (factor, ..) => super::number::number(factor).filter(|f| *f > 0.0).map(|f| if f < 1.0 { 1.0 / f } else { f }),
        };
        Some(ScheduleShape::Milestones { at: at?, unit: Some(unit), divisor: Some(factor?) })
    });
    request.schedule = shape.or(request.schedule.take());
}

fn seeds(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    let cut = first(rest, &p.seed_list);
    let list = request.value(cut, "whole numbers, each once, at most 100", |cut| {
        let mut seeds = Vec::new();
        for text in cut.get("v").split(|c: char| !c.is_ascii_digit() && c != '-').filter(|text| !text.is_empty()) {
            let seed = text.parse::<u64>().ok().filter(|seed| !seeds.contains(seed))?;
            seeds.push(seed);
        }
        if let (Ok(to), Some(from)) = (cut.get("to").parse::<u64>(), seeds.last().copied()) {
            let more = from.checked_add(1).filter(|more| *more <= to && to - from < 100)?..=to;
            seeds.extend(more);
        }
        (seeds.len() <= 100).then_some(seeds)
    });
    let cut = first(rest, &p.seeds);
    let words = cut.as_ref().map(|cut| cut.words.clone());
    let count = request.value(cut, "1 to 100 seeds", |cut| if cut.get("one").is_empty() { cut.whole(1, 100) } else { Some(1) });
    if let (Some(list), Some(count), Some(words)) = (&list, count, words)
        && list.len() as u64 != count
    {
        let words = format!("{words} and {} of them", list.len());
        request.refused.push(Refused { words, expected: ONE_OF_TWO.into() });
    }
    request.seeds = list.or(count.map(|count| (0..count).collect())).unwrap_or_default();
}

impl Cut {
    /// The numbers of a list.
    fn numbers(&self) -> impl Iterator<Item = Option<f64>> {
        let parts: Vec<String> = self.get("v").split(|c: char| !c.is_ascii_digit()).map(str::to_string).collect();
        parts.into_iter().filter(|part| !part.is_empty()).map(|part| part.parse().ok())
    }
}
