//! Ways to part the rows that there is none of here: a date as the border, rows of one kind kept together. What was meant is told, and followed as
//! far as it goes: a border in time is held out as the latest. And that each class is to have its share.

use super::rest::{Found, Judged, Rest, taken_if};
use super::{AskedOrder, Lack, Lacking, Request};
use crate::intake::regex;
use regex::Regex;
use std::sync::LazyLock;

const DATE: &str = r"(?:(?:the )?(?:(?:start|beginning|end|middle|fall|spring|summer|autumn|winter|q[1-4]|[a-z]+ quarter) (?:of )?)?(?:[0-9]{1,2}(?:st|nd|rd|th)?\.? (?:of )?)?(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,? (?:[0-9]{1,2}(?:st|nd|rd|th)?,? )?)?(?:19|20)[0-9]{2}(?:[-/.][0-9]{1,2}(?:[-/.][0-9]{1,2})?)?|[0-9]{1,2}[./][0-9]{1,2}[./](?:19|20)[0-9]{2})\b";
const SIDE: &str =
    r"(?:before|until|till|up to|prior to|through|earlier than|older than|after|since|from|later than|newer than|in|of)";
const USE: &str = r"(?:train\w*|fit(?:ting)?|learn\w*|test\w*|evaluat\w*|validat\w*|hold(?:ing)? out|held[- ]out|scor\w*)";
/// Words between the two within a clause; a number would be of a setting.
const GAP: &str = r"[^.;!?0-9]{0,40}?";

/// `Sold before 2024 is train, everything after is test`, `train on data until March 2023 and test on the rest`.
static BORDERS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    let more = format!(
        r"(?:(?:,|;)?\s(?:and |then |but )?(?:(?:(?:everything|all|anything|those|the ones|rows|data|what is|the rest|others)\s)?(?:(?:{SIDE}|sold|made|that|which|later|afterwards|rest)\s)*{GAP}\b{USE}(?:\son\s(?:the\s)?(?:rest|others|remaining|remainder|later ones|everything (?:after|later|else)|what comes (?:after|later)|{SIDE} {DATE}|that)(?:\srows|\sdata|\sones)?)?|{USE}\s(?:it\s)?(?:on|with)\s(?:the\s)?(?:rest|others|remainder)))?"
    );
    [
        regex(&format!(r"(?i)\b{USE}\s(?:it\s|the model\s)?(?:on|with|using|is|are|=)?{GAP}\b{SIDE}\s{DATE}{more}")),
        regex(&format!(
            r"(?i)(?:[\p{{L}}_-]+\s){{0,3}}\b{SIDE}\s{DATE}\s?(?:(?:is|are|goes|go|for|as|to|used|=|->|→|:|into)\s)+(?:the\s|in\s|into\s)*{USE}(?:ing)?(?:\s(?:set|data|split))?{more}"
        )),
    ]
});

/// Rows of one kind kept together: `no customer in both train and test`, `split grouped by patient`.
static TOGETHER: LazyLock<[Regex; 5]> = LazyLock::new(|| {
    let column = r"(?:the\s|their\s)?(?:column\s)?[`'\x22]?[\p{L}_][\w.-]*[`'\x22]?(?:\scolumn\b)?";
    let both = r"(?:both\s(?:(?:in|of)\s)?(?:the\s)?(?:train\w*(?:\s(?:set|split|data))?(?:\s?(?:and|/|&|,)\s?(?:the\s|in\s)*(?:test\w*|val\w*|dev|held[- ]out)(?:\s(?:set|split|data)s?)?)?|sets|splits|parts|sides)|(?:more than one|two|several|different) (?:splits?|sets?)|train\w* and (?:in )?(?:the )?(?:test\w*|val\w*))";
    [
        // The whole clause, for it begins with what is kept together.
        regex(&format!(
            r"(?i)\b(?:(?:[\p{{L}}_-]+\s(?:of|from|with|by)\s)?(?:the\s|that\s)?(?:no|same|each|every|any|none of the|a single|one)\s(?:[\w-]+\s){{0,8}}?|[\p{{L}}_-]+\s(?:must|should|may|can|do|does|are|is)\s?(?:not|never|n['’]t)\s(?:[\w-]+\s){{0,4}}?)(?:in|across|between|to|into|appear in|of)\s{both}(?: at once| at the same time)?"
        )),
        regex(&format!(
            r"(?i)\b(?:(?:split(?:s|ting)?|hold(?:ing)? out|held out|test(?:ing)?|use|using|with|do|make|a)\s(?:(?:it|them|the|a|an|data|rows|set|¦)\s+)*)?(?:group(?:ed|ing|s|-?wise)?[ -]?(?:shuffle[ -]?)?(?:k-?fold|split(?:s|ting)?|hold-?out)|split(?:s|ting)?(?:\s(?:it|them|the|data|rows|set|¦))*\s(?:grouped|in groups|group-?wise))\b(?:\s(?:by|on|per|over|of)\s{column})?"
        )),
        regex(&format!(
            r"(?i)\bkeep(?:ing)?\s(?:all\s)?(?:the\s)?(?:[\w-]+\s)?(?:(?:of|from|with|by)\s(?:the\s|a\s|an\s)?(?:same|one|each|every|single)\s(?:[\w-]+\s){{1,3}}|(?:of|from)\s(?:an?\s)(?:[\w-]+\s))together(?:\s(?:in one (?:split|set)|when (?:you )?split\w*))?"
        )),
        regex(
            r"(?i)\bno\s(?:[\w-]+\s){0,2}?(?:overlap|leakage|leak)(?:s|ping)?(?:\s(?:of\s[\w-]+\s)?(?:between|across|from|in)\s(?:the\s)?(?:train\w*|sets|splits)(?:\s(?:and|to|into)\s(?:the\s)?(?:test\w*|val\w*))?(?:\s(?:sets?|splits?))?)",
        ),
        regex(
            r"(?i)\b(?:by-)?(?:patient|user|customer|subject|speaker|author|group|site|hospital|store|device|session|house(?:hold)?|student|client|person)s?-?\s?(?:level|wise|disjoint|independent)\s(?:split(?:s|ting)?|hold-?out|test(?: set)?|evaluation)\b",
        ),
    ]
});

static STRATIFIED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(?:(?:with|using|use|do|make|in|as|a|an|the)\s)*stratif(?:ied|y|ying|ication)\b(?:\s(?:random\s)?(?:train[-/ ]test\s)?(?:split(?:s|ting)?|sampling|sample|hold-?out))?(?:\s(?:by|on|over|along)\s(?:the\s)?(?:class(?:es)?|labels?|target|categor(?:y|ies)|outcome)\b)?",
    )
});

/// `Split by patient`: by whom rows are of. What a class is told by is for who stratifies.
static BY_WHOM: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\bsplit(?:ting)?(?:\s(?:it|them|the|my|into|in|and|train(?:ing)?|test|data|set|sets|rows|table|file|¦))*\s(?:by|per|along|on)\s(?:the\s|each\s)?(?:column\s)?(?P<column>[`'\x22]?(?:[\w]*[_-](?:id|key|uuid)|ids?|users?|patients?|subjects?|customers?|groups?|clients?|speakers?|authors?|stores?|sites?|hospitals?|households?|sessions?|devices?|students?)[`'\x22]?)(?:\scolumn\b)?",
    )
});

pub(super) fn find(rest: &mut Rest, request: &mut Request) {
    static NOTHING: LazyLock<Regex> = LazyLock::new(|| regex(r"[^\s\S]"));
    if rest.says("19") || rest.says("20") {
        while let Some(cut) = BORDERS.iter().find_map(|way| rest.cut_as(way, of_rows)) {
            request.lacking.push(Lacking { of: Lack::Split, words: cut.words });
            // The latest are as near as it comes.
            request.ordered_by = request.ordered_by.take().or(Some(AskedOrder::Time));
        }
    }
    let has = |words: &[&str]| words.iter().any(|word| rest.says(word));
    if has(&[
        "group",
        "both",
        "together",
        "overlap",
        "leak",
        "split",
        "level",
        "wise",
        "disjoint",
        "independent",
        " and test",
        "sets",
    ]) {
        for way in TOGETHER.iter().chain([&*BY_WHOM]) {
            // `No user in both` is a negation itself, and asks for something.
            while let Some(cut) = rest.cut_judged(way, &NOTHING, of_rows_kept) {
                match ["distribution", "proportion", "ratio", "share", "balance"].iter().any(|word| cut.words.contains(word)) {
                    true => request.stratified = true,
                    false => request.lacking.push(Lacking { of: Lack::Split, words: cut.words }),
                }
            }
        }
    }
}

/// Behind ratios, which may have it beside their numbers.
pub(super) fn find_shares(rest: &mut Rest, request: &mut Request) {
    if rest.says("stratif") {
        let mut is_said = false;
        while rest.cut_as(&STRATIFIED, by_chance).is_some() {
            is_said = true;
        }
        request.stratified |= is_said;
    }
}

fn by_chance(found: &Found<'_>) -> Judged {
    taken_if(!found.behind.trim_start().starts_with("k-fold"))
}

/// Whether it parts rows, and is not what a column or a text tells of years.
fn of_rows(found: &Found<'_>) -> Judged {
    let words = found.cut.words.to_lowercase();
    let has = |all: &[&str]| all.iter().any(|word| words.contains(word));
    let trains_before =
        has(&["train", "fit", "learn"]) && has(&["before", "until", "till", "up to", "prior", "through", "earlier", "older"]);
    let tests_after = has(&["test", "evaluat", "validat", "hold", "held", "scor"])
        && has(&["after", "since", "from", "later", "newer", " on ", " in ", "out "]);
    // `Evaluate after 2000 steps` tells no year.
    static COUNTED: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?:19|20)[0-9]{2}\s(?:(?:training|random|more)\s)?(?:steps?|iter|updates?|epochs?|rows|examples|samples|images|texts|tokens|batches|words|pairs|lines|records|seconds|minutes)",
        )
    });
    let behind: String = found.behind.chars().take(20).collect();
    let is_count = COUNTED.is_match(&format!("{words}{}", behind.to_lowercase()));
    taken_if((trains_before || tests_after) && !is_count)
}

/// Whether rows are meant: what is trained on both texts and images is something else.
fn of_rows_kept(found: &Found<'_>) -> Judged {
    let words = found.cut.words.to_lowercase();
    let parts =
        ["train", "test", "split", "set", "group", "together", "level", "wise", "disjoint", "independent", "side", "part"];
    let negates = [
        "no ",
        "not ",
        "never",
        "n't",
        "same",
        "each",
        "shared",
        "only in one",
        "must",
        "split",
        "group",
        "together",
        "level",
        "wise",
        "disjoint",
        "independent",
        "overlap",
        "leak",
    ];
    taken_if(parts.iter().any(|part| words.contains(part)) && negates.iter().any(|word| words.contains(word)))
}
