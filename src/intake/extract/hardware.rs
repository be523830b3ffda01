//! What was trained on, for how long, in which number format.

use super::meant::is_of_inference;
use super::{Findings, Place, Said, in_turn, numbers, scope, settings};
use crate::intake::{FieldKey, Scope, Unit, Value};
use std::ops::Range;
use std::sync::LazyLock;

/// What was trained on, for how long, and in which format.
pub(super) fn find(at: &Place<'_>, found: &mut Findings<'_>) {
    hardware(at, found);
    training_time(at, found);
    precision(at, found);
}

fn hardware(at: &Place<'_>, found: &mut Findings<'_>) {
    static DEVICES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"\b(?P<d>(?:(?:a single |one |two |four |eight |\d+ )?\d{1,3}-(?:GPU|TPU) (?:nodes?|machines?|servers?|instances?|workstations?)\b)|(?:(?:one machine with |\d{1,3}-core |(?:[Aa] )?[Ss]ingle |[Oo]ne |[Tt]wo |[Tt]hree |[Ff]our |[Ss]ix |[Ee]ight |[Ss]ixteen |\d+ ?[×x] ?(?:\d{2,3} ?GB )?|\d+-GPU |\d+ |an? )?(?:x )?(?:NVIDIA |Nvidia |AMD |Apple |Intel |Cloud |Tesla |GeForce |GTX |Google |Instinct ){0,4}",
            r"(?:(?:Pascal |Volta |Turing |Ampere |Hopper )?(?:[PVAKHTBL]\d{2,3}|A\d{4}|[TL]4)[SXG]?(?:\b|s\b)|RTX ?[A-Z]?\d{4}(?: ?(?:Ti|Ada))?|GTX ?\d{3,4}(?: ?Ti)?|MI\d{2,3}X?|M[1-4] (?:Pro|Max|Ultra)|M[1-4](?: (?:Pro|Max|Ultra))? (?:laptop|MacBook|Mac|chip)|(?:Titan|TITAN) ?[A-Z][a-z]?|TPU ?v?\d?(?:s|-\d+|[- ]?[Pp]ods?)?|Quadro \w+|GPUs?|CPUs?)",
            r"(?:[- ]\d{2,3} ?GB)?(?: ?(?:GPUs?|TPUs?|cores?|chips?|accelerators?|hardware))?s?(?: in Pod configuration)?(?: \(\d+ TPU chips total\))?(?: \(\d{2,3} ?GB\))?))"
        ))
    });
    static WORK: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:(?:pre-?)?train(?:ed|ing)?|experiments?|performed|ran|run|use|used|took|hardware|machine)\b(?:[^.;]|\bal\.){0,90}?\b(?:on|in|using|with|use|used|over|across)\b(?:(?: hardware)? of type |[^.;]{0,12}?|[^.;,]{0,40} CPUs? and )$|\b(?:[Ww]e|[Cc]lusters?|[Mm]achines?|[Nn]odes?|[Ss]ervers?) (?:all |each )?(?:use|used|have|has|had|contain|contains) $|\b(?:[Rr]uns?|[Mm]odels?|[Tt]raining|[Ee]xperiments?)(?: \w+)? (?:needs?|needed|requires?|required|occup(?:y|ies|ied)) $|\b(?:split|spread|distributed|divided|sharded|paralleli[sz]ed|data-parallel)(?: \w+)? (?:across|over|among|between|on) $|\bon (?:an? )?$|\b(?:hardware|gpus?|devices?): $",
        )
    });
    // `GPU: Foo 80` in a list of what a machine has.
    static ITEM: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^(?:[•*-] |\d{1,2}[.)] )?(?:GPUs?|Hardware|Accelerators?) ?: "));
    let text = at.text();
    let lower = text.to_lowercase();
    // What could be done is not what was done.
    let possible = lower.contains("can be ") || lower.contains("could be ");
    let is_apart = at.caption && !["performed on", "conducted on", "run on"].iter().any(|done| lower.contains(done));
    let speaks = ["train", "tun", "experiment", "perform", "hardware", "batch", "runtime", "run on", "cluster", "node"]
        .iter()
        .chain(&["we use", "each run", "runs "])
        .any(|word| lower.contains(word));
    if is_apart || possible || !speaks && !ITEM.is_match(text) && !begins_with_devices(text) {
        return;
    }
    static TO_TRAIN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^ (?:to (?:pre-?)?(?:train|fine-?tune)|for(?: training)?) (?:the |our )?(?P<x>[A-Z](?:[\w.-]*\w)?(?: \d(?:[\w.]*\w)?)?)",
        )
    });
    static AND: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?:to (?:pre-?)?(?:train|fine-?tune)|for(?: training)?) (?:the |our )?[A-Z][\w.-]*(?: \d[\w.]*)?,? and $",
        )
    });
    for words in DEVICES.captures_iter(text) {
        let Some(device) = words.name("d") else { continue };
        let name = device.as_str().trim();
        // How many cores an unnamed processor has tells nothing of it.
        let is_unnamed = name.contains("-core ") && name.split(' ').count() == 2 && name.contains("PU");
        let specific = (name.contains(|c: char| c.is_ascii_digit()) || name.contains(' ')) && !is_unnamed;
        // `16 GPU-hours` are a cost.
        let is_cost =
            ["-hour", "-day", "-second", " hour", " day", " memory"].iter().any(|unit| text[device.end()..].starts_with(unit));
        let (before, after) = (&text[..device.start()], &text[device.end()..]);
        if specific
            && !is_cost
            && (WORK.is_match(before)
                || AND.is_match(before)
                || is_listed(before, name, after)
                || before.is_empty() && begins_with_devices(text))
            && !is_of_inference(before, after)
        {
            let value = Value::Text { text: name.to_string() };
            // `4 GPUs to train Foo-7B and 8 GPUs to train Foo-13B`.
            let Some(of) = TO_TRAIN.captures(after).and_then(|found| in_turn::named(&found["x"])) else {
                return found.say(at, FieldKey::Hardware, value, None, device.range());
            };
            let said = Said { placed: true, ..Said::new(FieldKey::Hardware, value, device.range()) };
            found.tell(&Place { scope: &of.or(at.scope), ..*at }, said);
        }
    }
}

/// `Two A40 GPUs shared the load`: the machines are what the sentence is about, and what they did, not what they are like or are for.
fn begins_with_devices(text: &str) -> bool {
    static DEVICES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:A single|One|Two|Three|Four|Six|Eight|Sixteen|\d{1,3}) (?:[\w-]+ ){1,4}?(?:GPUs?|TPUs?|accelerators?|cards?)(?: \([^()]{1,20}\)| with [\w ]{2,20})? (?:(?:were|are|was|is) (?:\w+ly |all |each )?(?P<state>[a-z]+)|(?:(?:have|has|had) )?(?P<verb>[a-z]+))\b",
        )
    });
    const USED: &str = " used employed utilized utilised available allocated assigned reserved dedicated sufficient enough needed \
        required occupied shared ";
    const NO_WORK: &str = " is are was were be has have had can could may might should would will do does did cost costs a an the no more less and or in on of for with to ";
    static ELSE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:serv(?:e|es|ed|ing)|compar\w+|deploy\w*|inference|users?|than|latency|throughput|pric\w+|consum\w+|draws?|outperform\w*)\b",
        )
    });
    let has = |words: &str, word: &str| words.contains(&format!(" {word} "));
    let works = DEVICES.captures(text).is_some_and(|found| match (found.name("state"), found.name("verb")) {
        (Some(state), _) => has(USED, state.as_str()),
        (_, Some(verb)) => !has(NO_WORK, verb.as_str()),
        _ => false,
    });
    works && !ELSE.is_match(text)
}

/// `(…, bf16, {one NVIDIA A10 GPU})`: an item of its own in brackets, by its maker's name.
fn is_listed(before: &str, name: &str, after: &str) -> bool {
    let makers = ["NVIDIA", "Nvidia", "AMD", "TPU", "GeForce", "Tesla"];
    let in_brackets = before.rfind('(').is_some_and(|open| !before[open..].contains(')'));
    in_brackets && before.ends_with(", ") && after.starts_with([')', ',', ';']) && makers.iter().any(|maker| name.contains(maker))
}

fn training_time(at: &Place<'_>, found: &mut Findings<'_>) {
    static TIME: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"(?i)\b(?:(?:training|computation|run) time(?: [\w ]{{0,24}}?)? (?:is|was)|total(?:s|ing|ed)|took|takes|take|for|in|or|approximately|about|roughly|around|nearly|over|requires?|required|cumulative(?: total)? of|total of)\s+\(?(?:a total of |roughly |around |approximately |about |under |only |just |less than |more than |[_\[]*[~≈∼][\]_]* ?)?(?P<v>{n}|{WORDS}|an?\b)(?:\s?[-–—]{{1,2}}\s?(?P<r>{n})| to (?P<s>{n}))? ?(?P<u>(?:(?:[A-Z]+\d+ )?[GT]PU[- ])?(?:hours?|days?)|h\b|hrs?\b|minutes?|weeks?)\b|\((?P<w>{n}) ?(?P<x>h|hours?|days?|weeks?)(?:\)| for | on | of )",
            n = numbers::NUMBER,
            WORDS = numbers::WORDS,
        ))
    });
    let text = at.text();
    let lower = text.to_lowercase();
    let cues = [
        "train",
        "tuning",
        "tuned",
        "run took",
        "runs took",
        "run takes",
        "runs take",
        "run needs",
        "run requires",
        "runs need",
        "runs require",
        "runtime",
        "computation time",
        "models took",
        "experiments took",
    ];
    let of_cost = ["gpu hours", "gpu-hours", "gpu days", "gpu-days"].iter().any(|cost| lower.contains(cost));
    // What `this` is, the sentence before says.
    let goes_on = at.scope.phase.is_some()
        && ["this takes ", "this took ", "it takes ", "it took "].iter().any(|head| lower.starts_with(head));
    if at.caption || !(of_cost || goes_on || cues.iter().any(|word| lower.contains(word))) {
        return;
    }
    // `60k hours of speech` are data.
    let is_time = |words: &regex::Captures<'_>| {
        let whole = words.get(0).map_or(0..0, |whole| whole.range());
        !is_of_recordings(&text[whole.end..])
            && !counts_recordings(&text[..whole.start])
            && !is_of_other_work(&text[..whole.start])
    };
    let Some(words) = TIME.captures_iter(text).find(is_time) else { return };
    let (Some(whole), Some(number), Some(unit)) =
        (words.get(0), words.name("v").or_else(|| words.name("w")), words.name("u").or_else(|| words.name("x")))
    else {
        return;
    };
    // `about a day`.
    let article = ["a", "an"].contains(&number.as_str()).then_some(1.0);
    let in_words = || numbers::in_words(number.as_str()).or(article);
    let Some(value) = numbers::parse(number.as_str()).or_else(in_words) else { return };
    // What an epoch takes is not what training takes.
    if [" per ", " an epoch", " each "].iter().any(|each| text[whole.end()..].starts_with(each)) {
        return;
    }
    let Some(unit) = unit_of(unit.as_str()) else { return };
    let weight = if lower.contains("for example") { 0.7 } else { 1.0 };
    let said = |value: f64, (scale, unit): (f64, Unit)| {
        let value = Value::Number { value: value * scale };
        Said { unit: Some(unit), weight, ..Said::new(FieldKey::TrainingTime, value, whole.range()) }
    };
    // `A takes 11 hours, while B takes 4`.
    for (value, unit, of, words) in further_times(text, whole.end(), &TIME) {
        let said = Said { unit: Some(unit), weight, ..Said::new(FieldKey::TrainingTime, Value::Number { value }, words) };
        found.tell(&Place { scope: &of.or(at.scope), ..*at }, said);
    }
    // `12 hours for leaves and 8 hours for roots`.
    let each = in_turn::one_each(text, number.end());
    let Some((_, first)) = each.first() else {
        let upto = words.name("r").or_else(|| words.name("s")).and_then(|upto| numbers::parse(upto.as_str()));
        let Some(upto) = upto.filter(|upto| *upto > value) else { return found.tell(at, said(value, unit)) };
        let value = Value::from_numbers(vec![value * unit.0, upto * unit.0]);
        return found.tell(at, Said { unit: Some(unit.1), weight, ..Said::new(FieldKey::TrainingTime, value, whole.range()) });
    };
    found.tell(&Place { scope: &first.clone().or(at.scope), ..*at }, said(value, unit));
    for (number, of) in each.iter().skip(1) {
        let Some(other) = numbers::parse(&text[number.clone()]) else { continue };
        // In `12 hours for leaves and 8 for roots` the unit is not said again.
        let behind = settings::word_behind(text, number.end);
        let own = if ["for", "on"].contains(&behind) { Some(unit) } else { unit_of(behind) };
        let Some(unit) = own else { continue };
        found.tell(&Place { scope: &of.clone().or(at.scope), ..*at }, said(other, unit));
    }
}

/// Times in the clauses behind the first, each with what its clause is about.
fn further_times(text: &str, from: usize, time: &regex::Regex) -> Vec<(f64, Unit, Scope, Range<usize>)> {
    let mut all = Vec::new();
    for words in time.captures_iter(text) {
        let (Some(whole), Some(number), Some(unit)) = (words.get(0), words.name("v"), words.name("u")) else { continue };
        let Some(clause) = text.get(from..whole.start()).filter(|_| whole.start() > from) else { continue };
        let clause = clause.trim_start_matches([' ', ',', ';']);
        let begins = ["while ", "whereas ", "the ", "and the "].iter().any(|word| clause.starts_with(word));
        let of = scope::of_text(clause);
        if let Some(((scale, unit), value)) = unit_of(unit.as_str()).zip(numbers::parse(number.as_str()))
            && begins
            && !of.is_empty()
        {
            all.push((value * scale, unit, of, whole.range()));
        }
    }
    all
}

/// What a unit of time counts as: `minutes`, `A100 GPU-hours`.
fn unit_of(words: &str) -> Option<(f64, Unit)> {
    let last = words.rsplit([' ', '-']).next().unwrap_or_default().to_lowercase();
    Some(match last.as_str() {
        "h" | "hr" | "hrs" | "hour" | "hours" => (1.0, Unit::Hours),
        "min" | "mins" | "minute" | "minutes" => (1.0 / 60.0, Unit::Hours),
        "day" | "days" => (1.0, Unit::Days),
        "week" | "weeks" => (7.0, Unit::Days),
        _ => return None,
    })
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

/// `the architecture search took`, `our whole study required`: more than one training, or none. What is trained is of no such work,
/// whatever it is trained for.
fn is_of_other_work(before: &str) -> bool {
    static WORK: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:stud(?:y|ies)|project|search(?:es)?|annotat\w+|label?ling|data collection|evaluation|analys[ei]s|pre-?processing|generation|inference|decoding)\b(?: (?:up|from|to|until|of|for|on|in|with) [^.;,]{1,40}?)? $",
        )
    });
    static TRAINS: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:(?:pre-?)?train(?:s|ed|ing)?|(?:fine-?)?tun(?:e|es|ed|ing))\b"));
    WORK.find(before).is_some_and(|work| {
        let clause = before[..work.start()].rsplit(['.', ';', ',']).next().unwrap_or_default();
        !TRAINS.is_match(clause)
    })
}

/// `120 sessions {(60 h)}`: how long what was recorded is.
fn counts_recordings(before: &str) -> bool {
    static COUNTED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\d (?:[\w-]+ )?(?:sessions|speakers|recordings|utterances|interviews|clips|videos|patients|calls|episodes|songs|files|segments),? $",
        )
    });
    COUNTED.is_match(before)
}

/// The number format that training computes with.
fn precision(at: &Place<'_>, found: &mut Findings<'_>) {
    static FORMAT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:(?:automatic )?mixed[- ]precision(?: training)? \((?:bf16|fp16|bfloat16|float16)\)|(?:(?:automatic )?mixed[- ]precision(?: training)?|(?:bfloat16|bf16|fp16|float16|fp32|float32|fp8|tf32)(?: (?:mixed[- ])?precision)?|(?:half|single|full)[- ]precision)\b)",
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
