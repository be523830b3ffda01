//! A learning rate that falls at some steps or epochs, again and again, or when nothing gets better any more.

use crate::intake::request::rest::{Cut, Found, Rest, taken_if};
use crate::intake::request::wording::number::{NUMBER, number};
use crate::intake::request::{Refused, Request};
use crate::intake::{ScheduleShape, Unit, regex};
use regex::Regex;
use std::sync::LazyLock;

const UNIT: &str = r"(?:epochs?|steps?|iterations?|iters?|updates?)";
/// By how much or to what.
const BY: &str = r"(?: by|(?P<to> to))?(?: a)?(?: factors?)?(?: of)?(?: (?P<factor>NUMBER)\s?(?P<times>x|×|times|-?fold)?| (?P<half>half)| an? (?P<tenth>tenth))?";
const VERB: &str = r"(?:drop(?:s|ped|ping)?|decay(?:s|ed|ing)?|divid(?:e|es|ed|ing)|reduc(?:e|es|ed|ing)|multipl(?:y|ies|ied|ying)|decreas(?:e|es|ed|ing)|lower(?:s|ed|ing)?|cut(?:s|ting)?|scal(?:e|es|ed|ing)|halv(?:e|es|ed|ing))(?: down| exponentially)?";
const RATE: &str = r"(?:the |its )?(?:learning[ -]rate|lr|rate|it)";

struct Ways {
    /// `drop the learning rate by 10 after 80 and 120 epochs`, `divided by 10 at 50% and 75% of training`.
    at: Regex,
    /// `halve the rate every 10 epochs`.
    again: Regex,
    /// `every 10 epochs, halve the rate`.
    every: Regex,
    /// As torch calls it: `StepLR(step_size=30, gamma=0.1)`, `MultiStepLR(milestones=[80, 120])`.
    called: Regex,
    /// `ReduceLROnPlateau(factor=0.5, patience=3)`, `halve the lr if the loss does not improve for 2 epochs`.
    plateau: [Regex; 2],
}

static WAYS: LazyLock<Ways> = LazyLock::new(|| {
    let item = r"(?:\d{1,3}(?:,000)+|\d+(?:\.\d+)?k?)(?:\s?%|(?:st|nd|rd|th)?\b)";
    let list = format!(
        r"(?P<v>{item}(?:(?:\s?,\s?(?:and\s)?|\s(?:and|or)\s|\s?/\s?)(?:(?:then\s)?again\s(?:(?:after|at|in|on)\s)?(?:the\s)?(?:{UNIT}\s)?)?{item})*)"
    );
    let later = format!(r"(?:,? (?:by|with|and|gamma)(?: an?)?(?: factor| gamma)?(?: of)? (?P<later>{NUMBER}))?");
    let at = format!(
        r"(?P<place>after|at|in|on)(?: the)?(?: (?P<unit>{UNIT}))? {list}(?:\s(?P<of>(?:{UNIT}|of (?:the |all )*(?:(?P<all>\d+k?) )?(?:training|run|{UNIT}))\b))?{later}"
    );
    let by = BY.replace("NUMBER", NUMBER);
    let each = format!(r"(?:each|per|every(?: (?P<every>{NUMBER}|two|three|four|five|ten))?) (?P<unit>{UNIT})\b");
    let step = r"(?:multi-?)?step(?:[- ]?(?:lr|wise|decay|schedule|scheduler|learning[ -]rate))+";
    let verb = format!(r"(?P<verb>{VERB})(?: (?P<rate>{RATE}))?");
    let values = r"\s?\(?(?P<values>(?:[\s,]*(?:(?:with|and|an?|by)\s)*(?:factor|patience|mode|threshold|cooldown|min_lr)\s?(?:of|=|:)?\s?[\w.-]*\w)*)\)?";
    Ways {
        at: regex(&format!(r"(?i)\b(?:{verb}|(?P<step>{step}|milestones?)){by}(?: with)? {at}")),
        again: regex(&format!(r"(?i)\b(?:{verb}|(?P<step>{step})){by}(?: with)? {each}{later}")),
        every: regex(&format!(r"(?i)\b{each},? (?P<verb>{VERB}) (?P<rate>{RATE}){by}")),
        called: regex(&format!(
            r"(?i)\b(?P<step>(?:multi-?)?step)[ _-]?lr\b[\s(:,]*(?:with )?(?:step[ _]size\s?(?:=|of)?\s?(?P<every>\d+)|milestones\s?(?:=|of|at)?\s?[\[(]?{list}[\])]?)(?P<unit> epochs?| steps?)?[\s,]*(?:and )?(?:gamma\s?(?:=|of)?\s?(?P<later>{NUMBER}))?\)?"
        )),
        plateau: [
            regex(&format!(r"(?i)\breduce[ _-]?(?:the )?(?:lr|learning[ _-]?rate)[ _-]?on[ _-]?(?:an? )?plateau\b{values}")),
            regex(&format!(
                r"(?i)\b(?P<verb>{VERB}) (?:the |its )?(?:learning[ -]rate|lr|rate){by} (?:if|when|whenever|once|on|as soon as)\s[^,.;¦]{{0,60}}?\b(?:plateaus?|improv\w+|decreas\w+|fall\w*|better|stall\w*|stagnat\w+)\b(?:[^,.;¦\d]{{0,12}}\s(?:\d+|two|three|four|five) (?:epochs?|evaluations?|evals?|checks?|rounds?)\b)?{values}"
            )),
        ],
    }
});

/// What a rate falls to, in the words of the request: by how much goes by the rate itself.
pub(crate) struct FallsTo {
    words: String,
    rate: f64,
}

/// Where it falls. Before what is said of patience: that of a plateau is none of training.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) -> Option<FallsTo> {
    let expected = "a factor, and the steps or epochs at which the rate falls";
    if let Some(cut) = WAYS.plateau.iter().find_map(|way| rest.cut(way)) {
        request.schedule = request.value(Some(cut), expected, |cut| Some(ScheduleShape::Plateau { divisor: of_plateau(cut)? }));
        return None;
    }
    let ways = [&WAYS.at, &WAYS.again, &WAYS.every, &WAYS.called];
    let cut = ways.into_iter().enumerate().find_map(|(at, way)| rest.cut_as(way, |found| taken_if(is_fall(at, found))))?;
    let to = number(cut.get("factor")).filter(|_| !cut.get("to").is_empty());
    let falls_to = to.map(|rate| FallsTo { words: cut.words.clone(), rate });
    let unit = [cut.get("unit"), cut.get("of").rsplit(' ').next().unwrap_or_default()].concat().to_lowercase();
    let unit = match unit.starts_with(['s', 'i', 'u']) {
        true => Unit::Steps,
        false if cut.get("v").contains('%') => Unit::Fraction,
        false => Unit::Epochs,
    };
    let mut all = None;
    request.schedule = request.value(Some(cut), expected, |cut| {
        let divisor = Some(divisor(cut)?);
        if cut.get("v").is_empty() {
            let every = if cut.get("every").is_empty() { Some(1.0) } else { number(cut.get("every")) };
            return Some(ScheduleShape::Staircase { every: every.filter(|every| *every > 0.0)?, unit, divisor });
        }
        let mut at = places(cut.get("v"), unit)?;
        // `At 60 and 120 of 200 epochs`.
        all = number(cut.get("all"));
        // Of `at epochs 60 and 120, 200 epochs` the last is no place.
        if all.is_none() && !cut.get("unit").is_empty() && !cut.get("of").is_empty() && at.len() > 1 {
            all = at.pop();
        }
        Some(ScheduleShape::Milestones { at, unit: Some(unit), divisor })
    });
    match unit {
        Unit::Epochs => request.epochs = all,
        Unit::Steps => request.steps = all.map(|steps| steps as u64),
        _ => {}
    }
    falls_to
}

/// Of a rate that falls to another, once it is known.
pub(crate) fn settle(request: &mut Request, falls_to: Option<FallsTo>) {
    let Some(FallsTo { words, rate }) = falls_to else { return };
    let times = request.lr.map(|lr| (lr / rate * 1e6).round() / 1e6).filter(|times| times.is_finite() && *times > 1.0);
    match (&mut request.schedule, times) {
        (Some(ScheduleShape::Milestones { divisor, .. } | ScheduleShape::Staircase { divisor, .. }), Some(times)) => {
            *divisor = Some(times);
        }
        (_, Some(_)) => {}
        (_, None) => request.refused.push(Refused { words, expected: "a learning rate beside it that is greater".into() }),
    }
}

/// Whether it is the rate that falls: `sales dropped in 2020` and `cut it at 128 tokens` say nothing of one.
fn is_fall(way: usize, found: &Found<'_>) -> bool {
    static CONDITION: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^\s(?:if|when|whenever|once|unless|until|as soon)\b"));
    static SAID: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:lr|learning[ -]rate)\b(?:[^.;]|\.\d){0,40}$"));
    // `Save it every epoch, reduce the lr` is done every epoch with something else.
    static BEGINS: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)(?:\A|[,;:.(¦]|\b(?:and|then|but))\s*$"));
    let cut = found.cut;
    let [verb, rate, place] = ["verb", "rate", "place"].map(|name| cut.get(name).to_lowercase());
    let is_given = |name: &str| !cut.get(name).is_empty();
    let by_factor = ["factor", "half", "tenth", "later"].into_iter().any(is_given) || verb.starts_with("halv");
    // `Decayed to 1e-5 in 10 epochs` falls all the time.
    let is_gradual = place == "in" && !is_given("unit") && !cut.words.to_lowercase().contains(" in the ");
    let is_said = || by_factor && SAID.is_match(found.before);
    let is_told = verb.ends_with("ed") || verb.starts_with("cut") || verb.ends_with("ed down");
    if is_gradual || CONDITION.is_match(found.behind) || !is_given("step") && rate.is_empty() && !is_told && !is_said() {
        return false;
    }
    if way == 3 {
        return true;
    }
    if way == 2 {
        return by_factor && BEGINS.is_match(found.before);
    }
    let has_unit = is_given("unit") || is_given("of") || cut.get("v").contains('%');
    let are_several = cut.get("v").contains([',', '/', ' ']);
    match is_given("step") || rate.ends_with("lr") || rate.ends_with("rate") {
        true => has_unit || by_factor || are_several,
        false => has_unit && (by_factor || SAID.is_match(found.before)),
    }
}

/// Steps, epochs or shares of all, each behind the one before it.
fn places(list: &str, unit: Unit) -> Option<Vec<f64>> {
    static PLACE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\d{1,3}(?:,000)+|\d+(?:\.\d+)?k?"));
    let all = if unit == Unit::Fraction { 100.0 } else { 1.0 };
    let at: Option<Vec<f64>> = PLACE.find_iter(list).map(|place| Some(number(place.as_str())? / all)).collect();
    at.filter(|at| at.is_sorted_by(|before, next| before < next) && (unit != Unit::Fraction || at.iter().all(|at| *at < 1.0)))
}

/// What the rate is divided by; the usual tenth where that is not said.
fn divisor(cut: &Cut) -> Option<f64> {
    let said = [cut.get("factor"), cut.get("later")].into_iter().find(|factor| !factor.is_empty()).unwrap_or_default();
    match (said, cut.get("half"), cut.get("tenth")) {
        ("", "", "") if cut.get("verb").to_lowercase().starts_with("halv") => Some(2.0),
        ("", "", "") => Some(10.0),
        ("", _, "") => Some(2.0),
        ("", ..) => Some(10.0),
        (factor, ..) => times(factor),
    }
}

/// The same of a plateau, where it is said.
fn of_plateau(cut: &Cut) -> Option<Option<f64>> {
    static FACTOR: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\bfactor\s?(?:of|=|:)?\s?(?P<v>\d*\.?\d+)"));
    let said = FACTOR.captures(cut.get("values")).map(|found| found["v"].to_string());
    let is_said = ["factor", "half", "tenth"].into_iter().any(|name| !cut.get(name).is_empty());
    match said {
        Some(factor) => times(&factor).map(Some),
        None if is_said || cut.get("verb").to_lowercase().starts_with("halv") => divisor(cut).map(Some),
        None => Some(None),
    }
}

/// `0.1` and `10` are the same.
fn times(factor: &str) -> Option<f64> {
    number(factor).filter(|f| *f > 0.0).map(|f| if f < 1.0 { 1.0 / f } else { f })
}
