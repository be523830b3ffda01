//! What of the data is kept out of training: `hold out 10% of the data for validation`, `an 80/20 split`, `split by date`.

use super::amount;
use super::latest;
use super::parting;
use super::whose;
use crate::data::tells_when;
use crate::intake::request::pattern::pattern;
use crate::intake::request::rest::{Cut, Found, Judged, Rest, taken_if};
use crate::intake::request::wording::number::{NUMBER, number};
use crate::intake::request::{Refused, Request};
use crate::words::plain;
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// How much of the data.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedPart {
    /// More than 0 and less than 1.
    Share(f64),
    Examples(usize),
}

impl AskedPart {
    /// So many of `all`.
    pub fn of(self, all: usize) -> usize {
        match self {
            AskedPart::Share(share) => ((share * all as f64).round() as usize).max(1),
            AskedPart::Examples(examples) => examples,
        }
    }

    /// As a share of `all`.
    pub fn share_of(self, all: usize) -> f64 {
        match self {
            AskedPart::Share(share) => share,
            AskedPart::Examples(examples) => examples as f64 / all.max(1) as f64,
        }
    }

    /// As one says it.
    pub fn in_words(self) -> String {
        match self {
            AskedPart::Share(share) => format!("{} % of the data", crate::words::plain((share * 1000.0).round() / 10.0)),
            AskedPart::Examples(examples) => format!("{examples} examples"),
        }
    }
}

/// Which end of the data is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// Of the rows as they stand.
    Start,
    End,
    /// Of the rows by their time.
    Oldest,
    Latest,
}

impl Edge {
    pub(super) fn of(word: &str) -> Option<Edge> {
        Some(match word.trim().to_lowercase().as_str() {
            "" => return None,
            "first" => Edge::Start,
            "last" | "final" => Edge::End,
            "oldest" | "earliest" => Edge::Oldest,
            _ => Edge::Latest,
        })
    }
}

/// By what the rows are to be put in order before they are parted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedOrder {
    /// Whatever says when they were.
    Time,
    /// A column, as it may be called.
    By(String),
}

impl AskedOrder {
    pub(super) fn of(column: &str) -> Self {
        let column = column.trim_matches(['`', '"', '\'', '.', ' ']);
        let is_any =
            ["", "time", "chronology", "chronologically", "temporally"].iter().any(|any| column.eq_ignore_ascii_case(any));
        if is_any { AskedOrder::Time } else { AskedOrder::By(column.into()) }
    }
}

const EDGE: &str = r"(?:(?P<edge>last|first|final|latest|newest|oldest|earliest|most recent|recent)\s)";

/// What it is kept for, as it is written.
pub(super) const FOR: &str = r"(?P<for>validat(?:e|ing|ion)|val|dev(?:elopment)?|monitor(?:ing)?|watch(?:ing)?|early stopping|test(?:s|ing)?|eval(?:uat(?:e|ing|ion))?|hold-?\s?out|held-?\s?out|verdict)";
const ROWS: &str = r"(?:data(?: ?set)?|examples?|samples?|rows?|images?|sentences?|texts?|records?|pairs?|recordings?|corpus|set|split|it|file|lines?)";

/// A number with what it is of.
fn amount() -> String {
    format!(
        r"(?P<v>{NUMBER})(?:\s?(?P<unit>%|percent\b))?(?:[\s-](?:(?:of|from|the|my|its|our|all|random|randomly|chosen|training|train|available|labell?ed|{ROWS})\b\s?|\s*¦\s*){{0,6}})?"
    )
}

/// `10% of the data for validation`, `a test split of 20%`, `test_size=0.2`, `a 10% validation split`, `set aside 500 rows`, `test on the
/// latest 10%`.
static WAYS: LazyLock<[Regex; 9]> = LazyLock::new(|| {
    let amount = amount();
    let with_edge = |form: &str| form.replace("EDGE", EDGE);
    let verb = r"(?:\b(?:hold(?:ing)?(?: out| back)?|held[- ]out|keep(?:ing)?(?: out| back| aside)?|set(?:ting)? aside|put(?:ting)? aside|reserv(?:e|ing)|leav(?:e|ing)(?: out)?|withhold(?:ing)?|split(?:ting)? off|us(?:e|ing)|tak(?:e|ing)|with)\s)?(?:\b(?:the |a |an |another |other |remaining |EDGE|random ))*";
    let out = r"\b(?:hold(?:ing)? (?:out|back)|held[- ]out|keep(?:ing)? (?:out|back|aside)|set(?:ting)? aside|put(?:ting)? aside|reserv(?:e|ing)|leav(?:e|ing) out|withhold(?:ing)?|split(?:ting)? off)\s(?:a |the |another |EDGE|random )*";
    let (verb, out) = (with_edge(verb), with_edge(out));
    [
        pattern(&format!(
            r"{verb}\b{amount}(?:(?P<late>latest|newest|most recent|last|first)\s(?:{ROWS}\s)*)?(?:(?:is |are |be |kept |held |set |put |left |out |aside |back |away |apart |off ))*(?:for|as|to)\s(?:a |the |my |its |be )*(?:(?:held[- ]out|separate)\s)?{}\b(?: (?:set|split|data|purposes|only))?",
            FOR.replace(
                "verdict)",
                "verdict|perplexity|scor(?:e|es|ing)|measur(?:e|ing)|assessment|(?:the )?final (?:score|evaluation|test))"
            )
        )),
        pattern(&format!(
            r"\b{FOR}[ _-](?:set |data )?(?:split|set|size|share|fraction|frac|ratio|part|portion|percentage)s?\s?(?:of|=|:|is|size|\s)*\s?(?P<v>{NUMBER})(?:\s?(?P<unit>%|percent\b))?(?:\s(?:of\s)?(?:(?:the|my|its|all|training|train)\s)*{ROWS}\b)?"
        )),
        pattern(&format!(
            r"^(?P<v>{NUMBER})\s?(?P<unit>%|percent\b)?[\s-]?{FOR}[- ](?:split|set|share|fraction|part|portion|data|rows|examples)\b"
        )),
        pattern(&format!(r"{out}{amount}(?:out\b|aside\b)?")),
        pattern(&format!(
            r"^{amount}(?:(?:is|are|be|kept|set|left|was|were)\s)*(?:held[- ]out|held back|left out|set aside|kept (?:out|aside))\b"
        )),
        pattern(&format!(
            r"\b{FOR}(?:\s(?:it|the model))?\s(?:on|with|against)\s(?:(?:the|a|an|another|other|remaining|random|about|around|roughly|some|approximately)\s)*(?:{EDGE})?{amount}"
        )),
        // In the fewest words: `30% test`, `val 10%`, `dev: 0.1`.
        pattern(&format!(r"^#\s?(?P<unit>%|percent\b)\s?(?:(?:random|randomly|held[- ]out)\s)*{BRIEFLY}\b")),
        pattern(&format!(r"\b{BRIEFLY}(?:\s?[:=(]|\s(?:of|is))?\s?#(?:\s?(?P<unit>%|percent\b))?")),
        // What is measured is measured there: `report F1 on a random 20%`.
        pattern(&format!(
            r"\bon\s(?:(?:the|a|an|another)\s)*(?P<apart>(?:random(?:ly chosen)?|held[- ]out|separate|unseen|untouched)\s)?{amount}"
        )),
    ]
});

/// The same by itself.
const BRIEFLY: &str = r"(?P<for>val(?:id(?:ation)?)?|dev(?:elopment)?|test(?:ing)?|eval(?:uation)?|hold-?\s?out)";

/// Ways of saying that rows are parted by their time: `a chronological split by date`, `split by date`, `train on the past and test on the
/// latest`, `test on the latest rows`.
static ORDERS: LazyLock<[Regex; 5]> = LazyLock::new(|| {
    let column = r"(?:the\s|its\s|their\s)?(?:column\s)?(?P<column>[`'\x22]?[\p{L}_][\w.-]*[`'\x22]?)(?:\scolumn\b)?";
    let by = format!(r"(?:\s(?:by|along|according to|in order of)\s{column})?");
    let of_time =
        r"(?:chronological(?:ly)?|temporal(?:ly)?|(?:time|date)[- ](?:based|ordered|aware|wise|series)|out[- ]of[- ]time)";
    let set = r"(?:train(?:ing)?|test|validation|dev|data|hold-?\s?out|held-?out|ordered)";
    let rows = r"(?:data|rows|part|ones|records|entries|examples|samples|period|portion|observations)";
    let split = format!(r"\bsplit(?:ting)?(?:\s(?:it|them|the|my|into|in|and|{set}|set|sets|rows|table|file|¦))*");
    let past = r"(?:past|earlier|older|oldest|earliest|early|history|historical|previous)";
    let later = r"(?:latest|most recent|newest|recent|future|later|last)";
    let tested = format!(
        r"(?:test|evaluat|validat|scor)\w*(?:\s(?:it|the model))?\s(?:on|with|against)\s(?:the\s)?{later}(?:\s{rows})?\b"
    );
    [
        pattern(&format!(
            r"\b(?:(?:with|using|use|do|make|in|as)\s)*(?:(?:a|an|the)\s)*(?:{of_time}(?:[\s/-]{set})*[\s-](?:split(?:s|ting)?|hold-?\s?out|test|validation)|(?:time|date)[\s-]split)\b{by}"
        )),
        pattern(&format!(r"{split}\s(?:chronologically|temporally|in (?:chronological|temporal|time) order|in time)\b{by}")),
        pattern(&format!(r"{split}\s(?:by|along|according to|in order of|on the|on its)\s{column}")),
        pattern(&format!(
            r"\b(?:train|training|fit|fitting|learn)(?:\s(?:it|the model|¦))?\s(?:on|with|from)\s(?:the\s)?{past}(?:\s{rows})?,?\s?(?:(?:and|then|but)\s)*{tested}"
        )),
        pattern(&format!(r"\b{tested}")),
    ]
});

/// What says the order behind a part that was understood: `the latest 20% by date`, `the latest 20% (created_at)`, `80/20, in chronological
/// order`.
static BEHIND: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    [
        pattern(r"¦\s*\(\s*(?:(?:by|column|going by|according to|see)\s)*(?P<column>[`'\x22]?[\p{L}_][\w.-]*[`'\x22]?)\s*\)"),
        pattern(
            r"(?:¦|\b(?:ordered|sorted))\s*,?\s*(?:when\s|the\s(?:latest|newest|most recent|last)\s(?:(?:rows|ones|of (?:them|it))\s)?)?(?:ordered\s|sorted\s)?(?:by|according to|in (?:the\s)?order of)\s(?:the\s|its\s)?(?:column\s)?(?P<column>[`'\x22]?[\p{L}_][\w.-]*[`'\x22]?)(?:\scolumn\b)?",
        ),
        pattern(
            r"\b(?:(?:in\s)?(?:chronological|temporal|time)\sorder|chronological(?:ly)?|temporal|time-based|ordered\s(?:by|in)\stime|most recent(?:ly(?: (?:sold|added|made|written|created|seen|posted|recorded|built))?)?)\b",
        ),
    ]
});

/// `80/20`, `80:10:10`: what is trained on, what is watched where there are three, what is tested on.
static RATIO: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:\b(?:(?:train|training)[-/ ](?:and |/ ?)?(?:(?:val(?:idation)?|dev)[-/ ](?:and )?)?test )?split(?:s|ting)?(?: (?:of|it|the|data|set|into|in|¦))*\s)?\b(?P<first>\d{1,2})\s?%?\s?[/:-]\s?(?P<second>\d{1,2})(?:\s?%)?(?:\s?[/:-]\s?(?P<third>\d{1,2})(?:\s?%)?)?(?P<split>(?:[ ,]*(?:random|stratified|shuffled|grouped|hold-?out|chronological|temporal|time-based|time-ordered|train(?:ing)?[-/: ](?:val(?:idation)?|valid|dev|test)(?:[-/: ]test)?))*(?: splits?)?)",
    )
});

/// `train on 80% and test on the other 20%`, `80% for training and 20% for the test`.
static REST: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    let of = format!(r"(?:(?:\s(?:of|the|my|its|all|{ROWS})\b|\s*¦)){{0,4}}");
    [
        pattern(&format!(
            r"\b(?:train|training|fit|fitting|learn)(?: (?:it|the model|¦))?(?: (?:on|with|from))?(?:\s?:)?(?P<start> (?:the )?(?:first|oldest|earliest|older|earlier))? (?P<v>\d{{1,2}}(?:\.\d+)?)\s?(?:%|percent\b){of}(?:\s(?:by|according to|in order of)\s(?P<by>[\p{{L}}_][\w.-]*))?\s*,?\s*(?:and|then|,)?\s*(?P<for>test|evaluat|validat|hold out|keep|scor)\w*(?:\s?:)?(?: (?:it|the model))?(?: (?:on|with|for|as))?(?:(?: (?:the|a|other|remaining|rest|(?P<edge>last|final|most recent|latest|newest|later|newer)|of))* (?P<second>\d{{1,2}}(?:\.\d+)?)\s?(?:%|percent\b){of}|(?: the)? (?P<rest>rest|remaining|others|remainder)\b{of})"
        )),
        pattern(&format!(
            r"(?:\b(?:us(?:e|ing)|tak(?:e|ing)|with)\s)?^(?P<v>\d{{1,2}}(?:\.\d+)?)\s?(?:%|percent\b){of}\s+(?:(?:for|as|to)\s(?:the )?)?train(?:ing)?\b(?: (?:set|split|data|on))?(?:,?\s(?:and\s)?(?:the\s)?(?P<rest>rest|remainder|others)(?:\s(?:of (?:it|them|the {ROWS})|is|are|goes))*\s(?:for|as|to|into)\s(?:(?:the|a|my)\s)*{FOR}\b(?: (?:set|split|data))?)?"
        )),
    ]
});

pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    parting::find_borders(rest, request);
    ratio(rest, request, false);
    latest::find(rest, request);
    whose::find(rest, request);
    parting::find_groups(rest, request);
    // `Split by patient, 70/30`.
    if request.tested.is_none() && !request.parted.is_empty() {
        ratio(rest, request, true);
    }
    parting::find_shares(rest, request);
    // `Train on 80 % and test on the rest`.
    let left = |cut: &Cut| match cut.get("rest") {
        "" => number(cut.get("second")),
        _ => number(cut.get("v")).map(|trained| 100.0 - trained),
    };
    if let Some(cut) = rest.cut_as(&REST[0], |found| complete(left(found.cut), found)) {
        let part = left(&cut).map(|percent| AskedPart::Share(share(percent)));
        let is_watched = is_watched(cut.get("for"));
        let place = if is_watched { &mut request.watched } else { &mut request.tested };
        *place = part;
        // The oldest are trained on where the latest are tested on, whichever of the two is said.
        let start = match cut.get("start").to_lowercase() {
            start if start.is_empty() => None,
            start if start.ends_with("first") => Some(Edge::End),
            _ => Some(Edge::Latest),
        };
        let edge = start.filter(|edge| *edge == Edge::Latest).or(Edge::of(cut.get("edge"))).or(start);
        if !cut.get("by").is_empty() {
            request.ordered_by = Some(AskedOrder::of(cut.get("by")));
        }
        request.tested_at = edge.filter(|_| !is_watched);
    }
    if request.tested.is_none() {
        latest::sold_last(rest, request);
    }
    // `80 % for training, the rest for testing`.
    let is_rest = |found: &Found<'_>| taken_if(!found.cut.get("rest").is_empty());
    if let Some(cut) = rest.cut_as(&REST[1], is_rest) {
        let part = left(&cut).map(|percent| AskedPart::Share(share(percent)));
        *(if is_watched(cut.get("for")) { &mut request.watched } else { &mut request.tested }) = part;
    }
    for (at, way) in WAYS.iter().enumerate() {
        while let Some(cut) = rest.cut_as(way, |found| judged(at, found)) {
            let is_watched = is_watched(cut.get("for"));
            if !is_watched {
                request.tested_at = request.tested_at.or(Edge::of(cut.get("edge"))).or(Edge::of(cut.get("late")));
            }
            let expected = "a part of the data: more than 0 % and less than 100 %, or a whole number of rows";
            let part = request.value(Some(cut), expected, part);
            let place = if is_watched { &mut request.watched } else { &mut request.tested };
            *place = place.or(part);
        }
    }
    order(rest, request);
    // What is left of what is kept out is no part of it.
    let percent = |part: Option<AskedPart>| if let Some(AskedPart::Share(share)) = part { 100.0 * share } else { 0.0 };
    let kept_out = percent(request.tested) + percent(request.watched);
    if rest.cut_as(&REST[1], |found| complete(Some(kept_out), found)).is_none()
        && request.tested.is_some()
        && request.watched.is_some()
        // `5% training error` is no part.
        && let Some(cut) = rest.cut_as(&REST[1], |found| taken_if(!MEASURED.is_match(found.behind)))
    {
        let trained = number(cut.get("v"));
        let are_shares = [request.tested, request.watched].iter().all(|part| matches!(part, Some(AskedPart::Share(_))));
        match trained.filter(|_| are_shares && !is_of_rest(request)) {
            // Three parts are the whole.
            Some(trained) => {
                let shares = [trained, percent(request.watched), percent(request.tested)];
                request.refused.push(not_the_whole(shares));
            }
            None => request.data_frac = trained.map(|percent| percent / 100.0),
        }
    }
}

/// A share that is trained on, once both are known: where it and what is kept out are all of the data, they are one split said twice, and
/// nothing more is cut off.
pub(crate) fn settle(request: &mut Request) {
    let share = |part: Option<AskedPart>| if let Some(AskedPart::Share(share)) = part { share } else { 0.0 };
    let kept_out = share(request.tested) + share(request.watched);
    // `Train on 70 % of the rows, 20 % for validation, 20 % for the test`.
    let trained = request.data_frac.filter(|_| share(request.tested) > 0.0 && share(request.watched) > 0.0);
    if let Some(trained) = trained.filter(|trained| *trained + kept_out > 1.0 + 1e-6 && !is_of_rest(request)) {
        request.refused.push(not_the_whole([trained, share(request.watched), share(request.tested)].map(|share| 100.0 * share)));
    }
    if kept_out > 0.0 && request.data_frac.is_some_and(|trained| (trained + kept_out - 1.0).abs() < 1e-6) {
        request.data_frac = None;
    }
}

/// Whether a share may be one of what is left, and none of the whole.
fn is_of_rest(request: &Request) -> bool {
    ["rest", "remain", "left"].iter().any(|word| request.text.to_lowercase().contains(word))
}

/// Three parts that are more or less than all of the data.
fn not_the_whole(shares: [f64; 3]) -> Refused {
    let words = shares.map(|share| format!("{} %", plain((10.0 * share).round() / 10.0))).join(", ");
    Refused { words, expected: too_much(shares.iter().sum()) }
}

/// Columns by whose values rows are kept together, and that say nothing of when.
static GROUPS: LazyLock<Regex> = LazyLock::new(|| {
    crate::intake::regex(
        r"(?i)^(?:(?:.*[_-])?(?:id|key|uuid)|users?|patients?|subjects?|customers?|groups?|class(?:es)?|labels?|gender|sex|categor(?:y|ies))$",
    )
});

/// Whether rows are parted by their time, by which column, and which of them that was.
fn order(rest: &mut Rest, request: &mut Request) {
    let is_parted = request.tested.is_some();
    // `The last month` is a part of its own, and `the first rows` say nothing of time.
    let judge = |at: usize, found: &Found<'_>| {
        let next = found.behind.split_whitespace().next().unwrap_or_default().to_lowercase();
        let is_span = ["day", "week", "month", "quarter", "year", "hour"].iter().any(|span| next.starts_with(span));
        let words = found.cut.words.to_lowercase();
        let tells_time = ["latest", "recent", "newest", "future", "later"].iter().any(|word| words.contains(word));
        taken_if(match at {
            // By who or what the rows are of is no order in time.
            2 => !GROUPS.is_match(found.cut.get("column").trim_matches(['`', '"', '\''])),
            0..=1 => true,
            3 => !is_span,
            _ => !is_span && tells_time,
        })
    };
    let asked = (0..ORDERS.len()).find_map(|at| rest.cut_as(&ORDERS[at], |found| judge(at, found)));
    if let Some(cut) = asked {
        request.ordered_by = Some(AskedOrder::of(cut.get("column")));
    } else if is_parted {
        let behind = |found: &Found<'_>| {
            let column = found.cut.get("column").trim_matches(['`', '"', '\'']).to_lowercase();
            // As programs call moments: `created_at`, `posted_on`.
            taken_if(tells_when(&column) || ["_at", "_on"].iter().any(|end| column.ends_with(end)))
        };
        // "A chronological 80/20 split by date" says it twice.
        let column = BEHIND[..2].iter().find_map(|way| rest.cut_as(way, behind));
        let plain = rest.cut(&BEHIND[2]);
        let said = column.or(plain).map(|cut| AskedOrder::of(cut.get("column")));
        request.ordered_by = said.or(request.ordered_by.take());
    }
    // What is left of `train on the past` where the test was said with its size.
    static PAST: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:train|training|fit|learn)(?:\s(?:it|the model|¦))?\s(?:on|with|from)\s(?:the\s)?(?:past|earlier|older|oldest|history|historical|previous|rest)(?:\s(?:data|rows|part|ones|records))?\b",
        )
    });
    if request.ordered_by.is_some() || request.tested_at == Some(Edge::Latest) {
        rest.cut(&PAST);
    }
}

/// Whether a share of training and what is kept out are all of the data.
fn complete(kept_out: Option<f64>, found: &Found<'_>) -> Judged {
    let all = number(found.cut.get("v")).zip(kept_out).map(|(trained, kept_out)| trained + kept_out);
    if all.is_some_and(|all| (all - 100.0).abs() < 1e-6) { Judged::Taken } else { Judged::Passed }
}

/// `use 20 for testing` says nothing of what, `90% on the test set` is no part, and `100 rows to test it` are for a look.
fn judged(way: usize, found: &Found<'_>) -> Judged {
    const KEPT: [&str; 7] = ["hold", "held", "keep", "set", "put", "reserv", "leav"];
    let (cut, words) = (found.cut, found.cut.words.to_lowercase());
    let value = cut.number().unwrap_or(0.0);
    let has_unit = cut.is_percent() || words.split_whitespace().any(is_rows);
    let is_named = !words.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let most_of_it = cut.is_percent() && value > 60.0 && way != 3;
    let is_look = words.contains(" to ") && !KEPT.iter().any(|start| words.starts_with(start));
    let is_size = way == 1 && [":", "=", " of ", "size"].iter().any(|sign| words.contains(sign));
    // `The first 120 rows, hold out 30`.
    static ROWS_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:rows|examples|samples|lines|images|texts|pairs)[\s,;]+(?:and |then )*(?:hold|keep|set|put|reserve|leave)(?: out| back| aside)?\s$",
        )
    });
    let has_unit = has_unit || way == 3 && value >= 1.0 && ROWS_BEFORE.is_match(found.before);
    let is_measured = matches!(way, 6 | 7) && MEASURED.is_match(found.behind);
    let is_part = (has_unit || is_size || value < 1.0 && is_named) && !most_of_it && !is_look && !is_measured;
    if way == MEASURED_ON {
        // `Macro F1 on 20%`: of a measure alone it is said so briefly.
        static BRIEFLY: LazyLock<Regex> =
            LazyLock::new(|| crate::intake::regex(&format!(r"(?i)\b{MEASURES}\son\s(?:(?:the|a|an)\s)*$")));
        let is_said = !cut.get("apart").is_empty() || BRIEFLY.is_match(found.before);
        return taken_if(has_unit && !most_of_it && is_said && is_of_measure(found.before));
    }
    let is_any = way == 5 && cut.get("edge").is_empty();
    if is_any && amount::is_of_both(found.before) {
        return Judged::Passed;
    }
    match is_part && !(is_any && amount::is_trial(found.before)) {
        // A look at ten of them is no test.
        true if is_any && !cut.is_percent() && (1.0..20.0).contains(&value) => Judged::Told,
        true => Judged::Taken,
        false => Judged::Passed,
    }
}

/// What is measured, by names that are nothing else.
const MEASURES: &str = r"(?:acc(?:urac(?:y|ies))?|f1|auc|auroc|precision|recall|perplexity|rmse|mae|mse|r2|wer|cer|bleu|chrf|rouge\S*|spearman|pearson|matthews|mcc|exact match)";

/// Begins what stands behind a share that is no part: `90% test accuracy`.
static MEASURED: LazyLock<Regex> = LazyLock::new(|| {
    crate::intake::regex(&format!(
        r"(?i)^\s*(?:set\s|split\s)?(?:{MEASURES}|macro|micro|loss|errors?|scores?|metrics?|steps|epochs|times?)\b"
    ))
});

/// Which of the ways says where something is measured.
const MEASURED_ON: usize = 8;

/// Whether a sentence speaks of what is measured, and of no training: `Spearman`, `report the error`.
fn is_of_measure(before: &str) -> bool {
    static MEASURE: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            crate::intake::regex(&format!(
                r"(?i)\b(?:(?:report|measur|scor|evaluat|test|show|give|comput|check|tell)\w*|{MEASURES}|metrics?|errors?|loss(?:es)?|bits per)\b"
            )),
            crate::intake::regex(r"(?i)\b(?:train|fit|learn|tun|fine)\w*"),
        ]
    });
    let sentence = before.rsplit([';', '!', '?', '\n']).next().unwrap_or_default();
    let sentence = sentence.rsplit(". ").next().unwrap_or_default();
    let measured = MEASURE[0].find_iter(sentence).last().map(|found| found.start());
    let trained = MEASURE[1].find_iter(sentence).last().map(|found| found.start());
    measured.is_some_and(|measured| trained.is_none_or(|trained| trained < measured))
}

fn is_rows(word: &str) -> bool {
    static WORD: LazyLock<Regex> = LazyLock::new(|| crate::intake::regex(&format!("(?i)^{ROWS}$")));
    WORD.is_match(word) && !word.eq_ignore_ascii_case("it")
}

pub(crate) fn is_watched(purpose: &str) -> bool {
    let purpose = purpose.to_lowercase();
    ["val", "dev", "monitor", "watch", "early"].iter().any(|start| purpose.starts_with(start))
}

/// So many hundredths; thirds and sixths, of which there are but six digits, are what they are.
pub(crate) fn share(percent: f64) -> f64 {
    let (share, sixths) = (percent / 100.0, (percent / 100.0 * 6.0).round() / 6.0);
    if (share - sixths).abs() < 1e-7 { sixths } else { share }
}

pub(crate) fn part(cut: &Cut) -> Option<AskedPart> {
    let value = cut.number()?;
    match cut.is_percent() {
        true => Some(AskedPart::Share(share(value))).filter(|_| value > 0.0 && value < 100.0),
        false if value > 0.0 && value < 1.0 => Some(AskedPart::Share(value)),
        false => (value.fract() == 0.0 && (1.0..=1e9).contains(&value)).then_some(AskedPart::Examples(value as usize)),
    }
}

/// What is wrong with shares of one whole that are more than it.
fn too_much(percent: f64) -> String {
    format!("shares that add up to 100 %, and these are {} %", plain((10.0 * percent).round() / 10.0))
}

/// `is_of_split`: two numbers by themselves say it as well.
fn ratio(rest: &mut Rest, request: &mut Request, is_of_split: bool) {
    let shares = |cut: &Cut| ["first", "second", "third"].map(|name| number(cut.get(name)));
    let sums_up = |cut: &Cut| shares(cut).into_iter().flatten().sum::<f64>() == 100.0;
    let is_named = |words: &str| words.contains("split") || words.contains("train");
    // `80/10/10`, and `80/20` between commas, can be nothing else.
    let is_item = |found: &Found<'_>| {
        let ends = |text: &str| text.is_empty() || text.starts_with([',', ';', '.', ')', '¦']);
        let begins = |text: &str| text.is_empty() || text.ends_with([',', ';', '.', '(', '¦', ':']);
        let most = number(found.cut.get("first")).is_some_and(|first| first >= 60.0);
        let is_alone = begins(found.before.trim_end()) && ends(found.behind.trim_start());
        most && found.cut.words.contains('/') && (!found.cut.get("third").is_empty() || is_alone)
    };
    let is_split = |found: &Found<'_>| {
        taken_if((is_of_split || is_named(&found.cut.words.to_lowercase()) || is_item(found)) && sums_up(found.cut))
    };
    let all = |cut: &Cut| shares(cut).into_iter().flatten().sum::<f64>();
    let is_over = |found: &Found<'_>| taken_if(is_named(&found.cut.words.to_lowercase()) && all(found.cut) > 100.0);
    let Some(cut) = rest.cut_as(&RATIO, is_split) else {
        if let Some(cut) = rest.cut_as(&RATIO, is_over) {
            let expected = too_much(all(&cut));
            request.refused.push(Refused { words: cut.words, expected });
        }
        return;
    };
    let share = |percent: f64| AskedPart::Share(share(percent));
    let words = cut.words.to_lowercase();
    request.stratified |= words.contains("stratif");
    if ["chronological", "temporal", "time-"].iter().any(|word| words.contains(word)) {
        request.ordered_by = Some(AskedOrder::Time);
    }
    match shares(&cut) {
        [_, Some(watched), Some(tested)] => (request.watched, request.tested) = (Some(share(watched)), Some(share(tested))),
        [_, Some(tested), None] => request.tested = Some(share(tested)),
        _ => {}
    }
}
