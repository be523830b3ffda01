//! The newest of the rows are tested on, whatever stands between their share and what it is for: `the newest 20 % of the tickets (opened_at)
//! as test set`, `hold out the houses sold last (20 %)`.

use super::held::{FOR, is_watched, part};
use crate::data::tells_when;
use crate::intake::request::pattern::pattern;
use crate::intake::request::rest::{Cut, Found, Rest, taken_if};
use crate::intake::request::{AskedOrder, Edge, Request};
use regex::Regex;
use std::sync::LazyLock;

/// `Hold out the houses sold last (20 %)`, `test on the 15 % of the patients admitted most recently`: the latest by their time.
pub(super) fn sold_last(rest: &mut Rest, request: &mut Request) {
    static WAYS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        let out = r"\b(?:hold(?:ing)? (?:out|back)|set(?:ting)? aside|keep(?:ing)? (?:out|back|aside)|reserv(?:e|ing)|test(?:ing)?(?: (?:it|the model))? on|evaluat(?:e|ing)(?: (?:it|the model))? on)\s(?:(?:the|those|all|only)\s)*";
        let done = r"(?:\w+ed|sold|made|written|sent|taken|born|bought|built|seen)";
        let late = format!(
            r"(?:(?:(?:that|who|which)\s)?(?:(?:were|was|are)\s)?(?:{done}\s(?:last|latest|most recently)|most recently\s{done}|latest\b|newest\b|most recent\b))"
        );
        [
            pattern(&format!(r"{out}(?:[\w-]+\s){{1,3}}?{late}\s*[(:,]?\s*#\s?(?P<unit>%|percent\b)(?: of (?:them|all))?\)?")),
            pattern(&format!(r"{out}#\s?(?P<unit>%|percent\b)?(?:\s(?:of\s)?(?:the\s|all\s)?(?:[\w-]+\s){{0,2}}?)\s?{late}")),
        ]
    });
    if !["last", "latest", "newest", "recent"].iter().any(|word| rest.says(word)) {
        return;
    }
    // `500 reviews written last year` are those of a year.
    static SPAN: LazyLock<Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)^\s*(?:day|night|week|month|quarter|year|spring|summer|autumn|fall|winter)"));
    let is_last = |found: &Found<'_>| taken_if(!SPAN.is_match(found.behind));
    let cut = WAYS.iter().find_map(|way| rest.cut_as(way, is_last));
    // What was done last was so in time.
    let is_done = cut.as_ref().is_some_and(|cut| ["last", "recently"].iter().any(|word| cut.words.to_lowercase().contains(word)));
    let said = request.value(cut, "a part of the data: more than 0 % and less than 100 %", part);
    if said.is_some() {
        (request.tested, request.tested_at) = (said, Some(Edge::Latest));
        request.ordered_by = is_done.then_some(AskedOrder::Time);
    }
}

/// `The newest 20 % of the tickets (opened_at) as test set`, `the test set is the latest 20 % by opened_at`: what they are, and by what they
/// are in order, may stand between a share and what it is for.
pub(super) fn find(rest: &mut Rest, request: &mut Request) {
    static WAYS: LazyLock<[Regex; 3]> = LazyLock::new(|| {
        let column = |name: &str| format!(r"[`'\x22]?(?P<{name}>[\p{{L}}_][\w.-]*)[`'\x22]?");
        let edge = r"\b(?:the\s)?(?P<edge>latest|newest|most recent|last|final|oldest|earliest|first)\s";
        let part = format!(
            r"{edge}#\s?(?P<unit>%|percent\b)?(?:\s(?:of\s)?(?:(?:the|all|our|my|its|these)\s)*(?:¦|[\p{{L}}_-]+)(?:\s[\p{{L}}_-]+)?)??(?:\s?\(\s*(?:(?:by|going by|according to|see|column)\s)?{}\s*\)|,?\s(?:by|according to|in terms of|going by|in order of)\s(?:(?:the|their|its|column)\s)*{}(?:\scolumn)?|\s(?P<time>in time|over time|chronologically|in (?:chronological|time|temporal) order))?",
            column("own"),
            column("by")
        );
        let kept = r"(?:(?:is|are|be|will|should|form|make|become|goe?s?|kept|held|out|back|aside|as|for|to|in|into)\s)";
        let set = r"(?:\s(?:set|split|data|part))?";
        [
            pattern(&format!(r"{part}\s{kept}+(?:(?:the|an?|our|my|its)\s)*{FOR}\b{set}")),
            pattern(&format!(
                r"\b{FOR}(?:[ _-](?:set|data|split|part))?\s?(?:(?:should|must|shall|is|are|be|will|=|:|consists? of|to|on|with|has|have)\s?)+{part}"
            )),
            // `The 20 % most recently received mails as the test set`.
            pattern(&format!(
                r"#\s?(?P<unit>%|percent\b)\s(?:(?:of|the|all|our)\s)*(?P<edge>most recent(?:ly)?|latest|newest)(?:\s[\p{{L}}_-]+){{0,3}}?\s{kept}+(?:(?:the|an?|our|my|its)\s)*{FOR}\b{set}"
            )),
        ]
    });
    if !["latest", "newest", "recent", "last", "final", "oldest", "earliest", "first"].iter().any(|word| rest.says(word)) {
        return;
    }
    let column_of = |cut: &Cut| ["own", "by"].map(|name| cut.get(name)).concat();
    let is_said = |found: &Found<'_>| {
        let (cut, column) = (found.cut, column_of(found.cut));
        // Where nothing more is said of them, they are read with all other shares.
        let is_edge = matches!(Edge::of(cut.get("edge")), Some(Edge::Latest | Edge::Oldest));
        let is_time = tells_when(&column) || ["_at", "_on"].iter().any(|end| column.to_lowercase().ends_with(end));
        let is_ordered = !cut.get("time").is_empty() || !column.is_empty() && (is_time || !cut.get("by").is_empty());
        taken_if(
            !is_watched(cut.get("for"))
                && part(cut).is_some()
                && cut.is_percent()
                && (is_ordered || is_edge && column.is_empty()),
        )
    };
    let Some(cut) = WAYS.iter().find_map(|way| rest.cut_as(way, is_said)) else { return };
    let column = column_of(&cut);
    request.tested_at = Edge::of(cut.get("edge"));
    let is_timed = !column.is_empty() || !cut.get("time").is_empty();
    request.ordered_by = is_timed.then(|| AskedOrder::of(&column));
    request.tested = part(&cut);
}
