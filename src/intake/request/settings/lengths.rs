//! How long is trained, in what pieces, how often it is watched, and with which seeds. Steps and epochs of something else come first: those
//! of a warm-up, of patience, of gradients that are gathered, of a rate that falls.

use super::falls;
use super::rate;
use super::{AFTER, ONE_OF_TWO, first, only};
use crate::intake::regex;
use crate::intake::request::pattern::patterns;
use crate::intake::request::rest::{Cut, Found, Judged, Rest, taken_if};
use crate::intake::request::{AskedPart, Refused, Request};
use crate::spec::{Length, Warmup};
use regex::Regex;
use std::sync::LazyLock;

patterns! {
    accumulation: [
        r"\b(?:gradients?[ _-]|grad[ _-])?accum(?:ulat(?:ion|e|ing))?(?:[ _-]steps)?(?: (?:the )?(?:gradients?|grads?))?(?: (?:over|across|for|every))?~#(?: (?:micro-?\s?)?(?:steps|batches))?\b",
        r"^#(?:x|\s?×)?(?: steps?)?(?: of)? (?:(?:gradient|grad)[ -])?accumulation(?: steps)?\b",
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
        r"\bearly[- ]stop(?:ping)?(?: after|:? wait(?: for)?)\s@(?P<of>epochs?|evaluations?|evals?|checks?)?",
    ],
    early: [
        r"\bearly[ _-]stop(?:ping)?\b|\bstop(?:ping)? early\b",
        r"\b(?:stop(?:ping)?(?: early)?|early[- ]stop(?:ping)?|train(?:ing)?(?: it)?) (?:if|when|once|until) [A-Za-z_\s'-]{0,50}?\b(?:stops?|no longer|(?:does|do|is)(?: not|n['’]t)|fails? to) (?:improv\w+|getting better|decreas\w+)|\buntil convergence\b",
    ],
    evaluate: [
        r"\b(?:evaluat(?:e|es|ing|ions?)|validat(?:e|es|ing|ions?)|eval|scor(?:e|ing)|check(?:ing)?)(?: (?:it|the model|the loss|on (?:the )?(?:validation|dev|test)(?: (?:set|split|data))?|¦|once|happens|runs?))* (?:(?:after )?(?:every|each|per)|(?:once )?(?:per|an|after each))\s(?:@)?(?P<of>epochs?|steps?)\b(?:\son\s(?:(?:the|a|an|random)\s)*(?P<rows>\d+)\s(?:(?:validation|random|dev|held-out)\s)?(?:examples|samples|rows|images|sentences|texts|pairs)\b)?",
        r"\b(?:evaluat(?:e|es|ing|ions?)|validat(?:e|es|ing|ions?)|eval)(?: (?:it|the model|the loss|on (?:the )?(?:validation|dev|test)(?: (?:set|split|data))?|¦))* (?:after|at)\s@(?P<of>steps?)\b",
        r"\beval(?:uation)?[ _-](?:steps|interval|every)\s?[=:]?\s?#(?:\s(?P<of>epochs?|steps?)\b)?",
        r"\beval(?:uation)?[ _]strategy\s?[=:]\s?['\x22]?(?P<of>epoch)s?\b['\x22]?",
    ],
    warmup_epochs: [
        r"\bwarm(?:s|ing)?-?\s?up(?: (?:for|of|over|during|the|first|its|lr|learning rate|linearly|=|:|epochs|from \S+ to \S+))*\s@(?P<of>epochs?)\b",
        r"\bwarm-?\s?up[ _]epochs\s?(?:=|:|of)?\s?#",
        r"^@(?:of )?(?:linear )?warm-?\s?up epochs?\b",
        r"^@epochs? (?:of )?(?:linear )?warm-?\s?up\b",
    ],
    epochs: [
        r"\bepochs(?: [a-z']+){1,4}[,;:]? (?:so|that is|meaning|namely|that makes|i\.?e\.?) (?:only |just )?#(?: epochs| of them)?\s*(?:$|[.,;)!?¦])",
        r"\b(?:stop|end|finish)(?:ping|ing)?(?: (?:the )?training)? (?:after|at)\s@(?:training |full )?(?:epochs?|passes)\b",
        r"^@(?:training |full )?(?:(?:epochs?|passes)\b|rounds(?: of training| over (?:the |all )?data)?\s*(?:or so\s*)?(?:$|[,.;)!?¦]))",
        r"\b(?:(?:num|max|total|train|n|nb)[ _])*epochs?\s?[=:]\s?#",
        r"(?:\A\s*|[,;(¦]\s*)epoch #\s*(?:$|[,;)¦])",
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
    seeds: [
        r"^@(?:different |other |random )*seeds\b",
        r"\b(?P<one>a|one|only one) (?:single )?(?:random )?seed\b",
        // `Averaged over 3 runs`; those of a search are no repetitions, which is for who calls to see.
        r"\b(?:averag(?:e|es|ed|ing)|means?|median)(?: (?:the )?(?:results?|scores?|metrics?|it|them|¦))? (?:over|of|across) @(?:independent |different |separate |random |full |training |further )*(?:runs|repeats|repetitions|restarts|trainings)\b(?:,? (?:each )?(?:with|of|from) (?:different|other|own|its own|random|varying|new|a different|another) (?:random )?(?:seeds?|initiali[sz]ations?|starts?))?",
        r"^@(?:independent |different |separate |random |full |training |further )*(?:runs|repeats|repetitions|restarts|trainings),? (?:each )?(?:with|of|from) (?:different|other|own|its own|random|varying|new|a different|another) (?:random )?(?:seeds?|initiali[sz]ations?|starts?)\b",
        r"\b(?:repeat|run|train|do|redo)(?:ed|ing)?(?: (?:it|this|that|everything|all|each|the (?:whole )?(?:training|experiment|run|thing)|¦))*\s@times\b(?: (?:with|using) (?:different|other|random|new|varying) (?:random )?seeds?)?",
        r"^@(?:independent |separate |repeated |random )+(?:runs|repeats|repetitions|trainings)\b",
        r"^@(?:runs|repeats|repetitions)\s*(?:,|and|then|\x26)\s*(?:(?:report|take|give|show)(?: me)? )?(?:the )?(?:averaged?|mean)\b",
    ],
    // `Seeds 1 2 3`, where nothing parts them.
    spaced_seeds: [r"\b(?:random[ _-])?seeds\s?[=:]?\s?\[?(?P<v>\d+(?:\s\d+)+)\b\]?"],
    seed_list: [
        r"\b(?:(?:\d+|two|three|four|five|six|seven|eight|nine|ten) (?:different |random )?seeds\s?[=:(]|(?:random[ _-])?seeds?\s?[=:]?)\s?(?P<v>-?\d+\b(?:(?:\s?,\s?(?:and\s)?|\s(?:and|or)\s|,?\s?and\s)\d+)*)(?:\s?(?:-|–|\.\.+|to)\s?(?P<to>\d+))?\b",
    ],
    one_seed: [r"\b(?:(?:random[ _-])?seed|random[ _-]state)\s?[=:]?\s?(?P<v>-?\d+)\b"],
}

/// Steps and epochs that are not those of training.
pub(crate) fn find_others(rest: &mut Rest, request: &mut Request) -> Option<falls::FallsTo> {
    batches(rest, request);
    let falls_to = falls::find(rest, request);
    watching(rest, request);
    rate::find_warming(rest, request);
    let cut = first(rest, &PATTERNS.warmup_epochs);
    let said = request.value(cut, "a number of epochs", |cut| cut.number().filter(|n| *n > 0.0 && *n <= 1e6));
    request.warmup_epochs = said.or(request.warmup_epochs);
    falls_to
}

/// Steps and epochs of training; all others are cut out already.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    let expected = "one number, more than 0 and at most 1,000,000";
    let epochs = |cut: &Cut| match cut.get("one") {
        "" => cut.number().filter(|n| *n > 0.0 && *n <= 1e6),
        _ => Some(1.0),
    };
    request.epochs = only(rest, request, &p.epochs, expected, epochs).or(request.epochs);
    let expected = "a whole number from 1 to 1,000,000,000";
    request.steps = only(rest, request, &p.steps, expected, |cut| cut.whole(1, 1_000_000_000)).or(request.steps);
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
}

/// What a step sees, and in which pieces.
fn batches(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    // Of scoring, which is cut as it fits.
    static SCORED: LazyLock<Regex> = LazyLock::new(|| {
        crate::intake::request::pattern::pattern(
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
    // That of a rate which is to fall.
    static OF_RATE: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)\b(?:reduc|halv|lower|decay|divid|drop)\w* (?:the )?(?:lr|learning rate)[^.,;¦]{0,30}$"));
    let of_training = |found: &Found<'_>| if OF_RATE.is_match(found.before) { Judged::Told } else { Judged::Taken };
    let cut = p.patience.iter().find_map(|way| rest.cut_as(way, of_training));
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
    // `Evaluate every 50 steps on 200 examples` says what is watched, too.
    let rows = cut.as_ref().and_then(|cut| cut.get("rows").parse::<usize>().ok()).filter(|rows| *rows > 0);
    request.watched = request.watched.or(rows.map(AskedPart::Examples));
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

/// The seeds of runs; all other numbers that may stand behind one are cut out already, but for what the result is to be.
pub(crate) fn find_seeds(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    static OTHER: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^\s?(?:%|percent|\.\d|[x×]\s?\d|-?(?:[kmgt]i?b|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|days?|examples|samples|rows|images|texts|pairs|dollars?|usd|attempts?|tokens?|folds?|classes)\b)",
        )
    });
    let are_seeds =
        |found: &Found<'_>| taken_if(found.cut.words.ends_with(|c: char| c.is_ascii_digit()) && !OTHER.is_match(found.behind));
    // Behind the last one stands nothing that it could be a number of.
    static NO_UNIT: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)^\s*(?:$|[.,;:)¦\]!?]|(?:and|with|on|for|to|in|using|then|at|as|but|which|please|from)\b)"));
    let are_spaced = |found: &Found<'_>| taken_if(NO_UNIT.is_match(found.behind) && !OTHER.is_match(found.behind));
    let spaced = p.spaced_seeds.iter().find_map(|way| rest.cut_as(way, are_spaced));
    let listed = spaced.or_else(|| p.seed_list.iter().find_map(|way| rest.cut_as(way, are_seeds)));
    let cut = listed.or_else(|| first(rest, &p.one_seed));
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
        // `Seeds: 3` under a key says how many there are; `seeds 7`, as other languages have it, may be one.
        let is_key = cut.words.to_lowercase().starts_with("seeds") && cut.words.contains([':', '=']);
        let is_count = is_key && cut.get("to").is_empty();
        if let ([count @ 2..=10], true) = (seeds.as_slice(), is_count) {
            return Some((0..*count).collect());
        }
        (seeds.len() <= 100).then_some(seeds)
    });
    // Of a search, `20 runs` are trials; and what a paper averages over is its own.
    let searches = request.search;
    let is_repeated = |found: &Found<'_>| {
        let words = found.cut.words.to_lowercase();
        taken_if(words.contains("seed") || words.contains("averag") || words.contains("mean") || !searches)
    };
    let cut = p.seeds.iter().find_map(|way| rest.cut_as(way, is_repeated));
    let words = cut.as_ref().map(|cut| cut.words.clone());
    let count = request.value(cut, "1 to 100 seeds", |cut| if cut.get("one").is_empty() { cut.whole(1, 100) } else { Some(1) });
    if let (Some(list), Some(count), Some(words)) = (&list, count, words)
        && list.len() as u64 != count
    {
        let words = format!("{words} and {} of them", list.len());
        request.refused.push(Refused { words, expected: ONE_OF_TWO.into() });
    }
    request.seeds = list.or(count.map(|count| (0..count).collect())).unwrap_or_default();
    // Several runs are reported so.
    static MEAN: LazyLock<Regex> = LazyLock::new(|| {
        crate::intake::request::pattern::pattern(
            r"\b(?:(?:report|show|give|tell)(?:ing)?(?: me)? )?(?:the )?(?:mean|average)(?:,? (?:and|±|\+/-) (?:the )?(?:std(?:dev)?|standard deviation|spread|variance))?(?: ¦)?(?: [\w-]+){0,2}? (?:of|over|across)(?: (?:the|all|three|five|\d+|these|those))* (?:seeds|runs)\b|\b(?:mean|average) (?:and|±|\+/-) (?:std(?:dev)?|standard deviation)\b|\b(?:mean|averaged?)\b",
        )
    });
    // `Mean absolute error` is one thing.
    static ERRORS: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^[ -](?:absolute|squared?|reciprocal|average|pool)"));
    if request.seeds.len() > 1 {
        while rest.cut_as(&MEAN, |found| taken_if(!ERRORS.is_match(found.behind))).is_some() {}
    }
}
