//! How long everything may take. A time is a limit unless what stands around it makes it one of the data: `the last 7 days`, `clips of 10
//! seconds`.

use crate::intake::regex;
use crate::intake::request::Request;
use crate::intake::request::pattern::patterns;
use crate::intake::request::rest::{Cut, Found, Judged, Rest};
use crate::intake::request::wording::number::number;
use regex::Regex;
use std::sync::LazyLock;

patterns! {
    // `1:30 hours`, `01:30:00`.
    clock: [
        r"^(?P<v>\d{1,3}):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d))?(?:\s?(?P<unit>hours?|hrs?|h|minutes?|mins?|(?-i:m)))?\b",
    ],
    // `1h30`.
    short: [r"^(?P<v>\d{1,3})(?P<unit>(?-i:h))(?P<minutes>[0-5]\d)\b"],
    // `two and a half hours`, `2 1/2 hours`.
    and_half: [r"^@(?P<half>and a half|1/2|½)\s?(?P<unit>weeks?|days?|hours?|hrs?|(?-i:h)|minutes?|mins?)\b"],
    // `three quarters of an hour`, `half an hour`, `a quarter-hour`.
    part: [
        r"\b(?:(?P<parts>an?|one|two|three|\d)[\s-])?(?P<of>half|halves|thirds?|quarters?)(?:\sof)?(?:\san?)?[\s-](?P<unit>week|day|hour|minute)\b",
    ],
    time: [
        r"\b(?:stop|end|finish|quit|abort)(?:ping|ing)?(?: (?:the )?(?:training|run|it))? after\s(?:@|(?P<one>an?)\s)(?P<unit>weeks?|days?|hours?|hrs?|minutes?|mins?|seconds?|secs?)\b",
        // An `M` is a million.
        r"(?:^@|^(?P<one>an?)\s)(?P<unit>weeks?|days?|hours?|hrs?|(?-i:h)|minutes?|mins?|(?-i:m)|seconds?|secs?|(?-i:s))(?:\s?(?:and\s)?(?P<more>\d+)\s?(?P<part>minutes?|mins?|(?-i:m)|seconds?|secs?|(?-i:s))|(?P<half> and a half))?\b",
    ],
}

/// What makes a time one of something else.
struct Around {
    before: Regex,
    behind: Regex,
    /// Of days and weeks, and of a clock's time without a unit: what says that it is a limit.
    limit: Regex,
}

static AROUND: LazyLock<Around> = LazyLock::new(|| {
    let about = r"(?:\s+(?:about|around|roughly|approximately|some|only|just|at most|a|the|one|single))*";
    Around {
        before: regex(
            r"(?i)(?:\b(?:last|next|past|previous|first|preceding|coming|following|recent|final|trailing|every|each|per|after|since|between \S+ and|longer than|shorter than|older than|younger than|more than|greater than|took|lasted|fps for|before for)|\b(?:clips?|recordings?|segments?|chunks?|windows?|intervals?|videos?|episodes?|audio|speech|horizon|periods?|sessions?|intake|lag|delay|wavs?|podcasts?|movies?|sleep|delays?|lectures?) (?:of|over|with|are|is|has|have|at most|up to|last(?:ing)?|under|below|within|of at most|are at most)|(?:\b(?:epochs?|steps?|iterations?|batch(?:es)?|images?|inference)|¦)\s+(?:takes?|took|needs?|lasts?)(?:\s(?:about|around|roughly|only))*)\s*$",
        ),
        behind: regex(
            r"(?i)^(?:\s?=|[\s-]*(?:wavs?|input|data|lectures?|runtime|load|a day)\b|[\s-]*(?:long|each|apart|ago|old|per|ahead|later|earlier|before|in advance|clips?|chunks?|segments?|windows?|recordings?|files?|audio|videos?|frames?|intervals?|delay|horizon|forecasts?|churn|readmission|survival|returns?|bars?|candles?|resolution|granularity|averages?|bins?|slots?|excerpts?|readings?|rides?|trips?|meetings?|songs?|of (?:audio|speech|music|talk|recordings?|video|data|sound|history|silence|¦))\b)",
        ),
        limit: regex(&format!(
            r"(?i)(?:\b(?:in|within|at most|under|below|for|during|limit(?:ed)?|limit (?:of|is|to)|limited to|up to|max(?:imum)?|maximum of|less than|budget|budget of|time|takes?|taking|spend|use|using|have|about|around){about}|(?:^|[<≤~=,;:(.]))\s*$"
        )),
    }
});

/// The label of a table, which may say when, is cut out already.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    let until = by_the_clock(rest);
    let p = &*PATTERNS;
    let ways = p.clock.iter().chain(&p.short).chain(&p.and_half).chain(&p.part).chain(&p.time);
    let cut = ways.into_iter().find_map(|way| rest.cut_as(way, judged));
    request.max_time_secs = request.value(cut, "one time from 1 second to 1,000,000,000 seconds", secs).or(until);
}

/// How long it is until a time of the day, where it is said what time it is; a time by itself is told.
fn by_the_clock(rest: &mut Rest) -> Option<u64> {
    if ![":", "am", "pm", "clock", "noon", "midnight"].iter().any(|word| rest.says(word)) {
        return None;
    }
    static WAYS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        let time = r"(?:(?P<word>noon|midnight)|(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-5][0-9])(?:\s?(?P<half>[ap]m))?|\s?(?P<of>[ap]m|o['’]clock)))";
        [
            regex(&format!(
                r"(?i)\b(?:it(?:['’]s| is)|now(?: is)?|currently)\s(?:now |already |just )?{time}(?: now| already)?\b"
            )),
            regex(&format!(r"(?i)\b(?:by|at|until|till|before)\s{time}\b(?: (?:today|tonight|sharp))?")),
        ]
    });
    let minutes = |cut: &Cut| {
        let hour = match cut.get("word").to_lowercase().as_str() {
            "noon" => Some(12.0),
            "midnight" => Some(24.0),
            _ => number(cut.get("hour")).filter(|hour| *hour <= 24.0),
        }?;
        let half = [cut.get("half"), cut.get("of")].concat().to_lowercase();
        let hour = match half.as_str() {
            "pm" if hour < 12.0 => hour + 12.0,
            "am" if hour == 12.0 => 0.0,
            _ => hour,
        };
        Some(hour * 60.0 + number(cut.get("minute")).unwrap_or(0.0))
    };
    // `At 1:30 hours` is how long.
    static LONG: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^\s?(?::|(?:hours?|hrs?|h|minutes?|mins?|m|seconds?)\b)"));
    let is_clock = |found: &Found<'_>| if LONG.is_match(found.behind) { Judged::Passed } else { Judged::Taken };
    let [now, end] = &*WAYS;
    if !rest.has(now) || !rest.has(end) {
        // Nobody here knows what time it is.
        while rest.cut_as(end, |found| if is_clock(found) == Judged::Taken { Judged::Told } else { Judged::Passed }).is_some() {}
        return None;
    }
    let (now, end) = (rest.cut(now)?, rest.cut_as(end, is_clock)?);
    let left = minutes(&end)? - minutes(&now)?;
    let left = if left > 0.0 { left } else { left + 24.0 * 60.0 };
    (left > 0.0).then_some((left * 60.0) as u64)
}

/// Whether it is how long people meet or are away: `room 204 is booked for 30 minutes`. A machine that is booked is a limit.
fn is_of_people(before: &str, behind: &str) -> bool {
    static WAYS: LazyLock<[Regex; 3]> = LazyLock::new(|| {
        [
            regex(
                r"(?i)\b(?:booked|reserved|scheduled|meeting|appointment|interview|stand-?up|seminar|lunch|breakfast|dinner|coffee|break|commute|flight|train ride|bus|holiday|vacation|presentation|phone ?call|zoom|call|talk(?:ed)?|spoke|chat(?:ted)?|met|waited|walk|drive)\b[^.,;!?¦]{0,40}?\b(?:for|of|is|was|takes?|took|lasts?|lasted|about)\s(?:about |around |only |just |the |a )*$",
            ),
            regex(
                r"(?i)^\s(?:(?:on|this|next|every)\s(?:mon|tues|wednes|thurs|fri|satur|sun)day|to (?:discuss|talk|chat|meet|present|drive|walk|get (?:there|home))|(?:phone |zoom )?(?:calls?|talks?|chats?|breaks?|walks?|drives?|flights?|commutes?|presentations?|appointments?|discussions?|interviews?)\b)",
            ),
            regex(
                r"(?i)\b(?:gpus?|cpus?|machines?|servers?|cluster|nodes?|computers?|laptop|train(?:ing)?|run|job|fine-?tun\w*)\b[^.;!?]{0,60}$",
            ),
        ]
    });
    let [meets, met, machine] = &*WAYS;
    (meets.is_match(before) || met.is_match(behind)) && !machine.is_match(before)
}

fn judged(found: &Found<'_>) -> Judged {
    let around = &*AROUND;
    let cut = found.cut;
    // An article belongs to what it stands before.
    let before = found.before.trim_end();
    let is_limit = || around.limit.is_match(before);
    // `A second attempt` takes no second.
    let unit = cut.get("unit").to_lowercase();
    if !cut.get("one").is_empty() && !["week", "day", "hour", "minute"].contains(&unit.as_str()) {
        return Judged::Passed;
    }
    // `The 1990s` are no seconds.
    let is_decade = |year: f64| (1900.0..=2090.0).contains(&year) && year % 10.0 == 0.0;
    if unit == "s" && cut.number().is_some_and(is_decade) {
        return Judged::Told;
    }
    // Some part of an hour, which nothing here reads, is no hour.
    if !cut.get("one").is_empty() && before.to_lowercase().ends_with(" of") && !is_limit() {
        return Judged::Told;
    }
    if found.cut.words.to_lowercase().contains(" after ") {
        return Judged::Taken;
    }
    if !cut.get("minutes").is_empty() && cut.get("unit").is_empty() && (cut.get("seconds").is_empty() || !is_limit()) {
        return Judged::Passed;
    }
    if around.before.is_match(before) || around.behind.is_match(found.behind) || is_of_people(&format!("{before} "), found.behind)
    {
        return Judged::Told;
    }
    if !cut.get("of").is_empty() {
        return Judged::Taken;
    }
    let is_long = matches!(cut.get("unit").chars().next().map(|c| c.to_ascii_lowercase()), Some('d' | 'w'));
    if is_long && !is_limit() { Judged::Told } else { Judged::Taken }
}

/// `1 hour 30 minutes` in seconds.
fn secs(cut: &Cut) -> Option<u64> {
    let unit = |name: &str| match cut.get(name).chars().next().map(|c| c.to_ascii_lowercase()) {
        Some('w') => 604_800.0,
        Some('d') => 86_400.0,
        Some('h') => 3600.0,
        Some('m') => 60.0,
        _ => 1.0,
    };
    if !cut.get("minutes").is_empty() {
        // `1:30 hours` are hours and minutes, `1:30 minutes` minutes and seconds.
        let top = if unit("unit") == 60.0 { 60.0 } else { 3600.0 };
        let (second, third) = (number(cut.get("minutes"))?, number(cut.get("seconds")).unwrap_or(0.0));
        return Some(number(cut.get("v"))? * top + second * top / 60.0 + third * top / 3600.0)
            .filter(|secs| (1.0..=1e9).contains(secs))
            .map(|secs| secs as u64);
    }
    let part = match cut.get("of").to_lowercase().as_str() {
        "" => None,
        "half" | "halves" => Some(2.0),
        thirds if thirds.starts_with("third") => Some(3.0),
        _ => Some(4.0),
    };
    if let Some(part) = part {
        let parts = if cut.get("parts").is_empty() { 1.0 } else { number(cut.get("parts"))? };
        return Some(parts / part * unit("unit")).filter(|secs| (1.0..=1e9).contains(secs)).map(|secs| secs as u64);
    }
    let more = number(cut.get("more")).map_or(0.0, |n| n * unit("part"));
    let half = if cut.get("half").is_empty() { 0.0 } else { 0.5 };
    let count = match cut.get("v").to_lowercase().as_str() {
        "" => 1.0,
        _ => cut.number()?,
    };
    let secs = (count + half) * unit("unit") + more;
    (1.0..=1e9).contains(&secs).then_some(secs as u64)
}
