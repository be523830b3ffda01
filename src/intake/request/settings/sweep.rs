//! Several values of one setting: `sweep hidden sizes 32, 64, 128`, `batch sizes 8, 16 and 32`. Each would be a run of its own, and a
//! search finds its own values: the list is refused, so that none of them is taken for the one that was meant.

use crate::intake::regex;
use crate::intake::request::rest::Rest;
use crate::intake::request::{Refused, Request};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

const ITEM: &str = r"(?:\d+(?:\.\d+)?(?:e-?\d+)?k?|\.\d+(?:e-?\d+)?)(?:\s?%)?";
const JOIN: &str = r"(?:\s?,\s?(?:(?:and|or)\s)?|\s(?:and|or|vs\.?|versus)\s|\s?/\s?)";

static WAYS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    // Of sizes a list may be that of one model's layers.
    let sizes =
        r"hidden[ _](?:sizes?|dim\w*|units|widths?)|(?:embedding )?(?:dim(?:ension)?|width)s?|d_model|epochs|layers|heads|r";
    let values = r"drop-?outs?(?: (?:rates?|probabilit\w+))?|(?:mini-?)?batch(?:es)?[ _-]?sizes?|bs|weight[ _-]decays?|wds?|warm-?\s?ups?|momentums?|(?:lora )?(?:ranks?|alphas?)|label[ -]smoothings?|patiences?|depths|vocab(?:ulary)?[ _-]?sizes?|(?:max(?:imum)?[ _-]?)?(?:(?:sequence|seq|context|text)[ _-])?len(?:gth)?s?";
    [
        regex(&format!(
            r"(?i)\b(?:(?P<sizes>{sizes})|(?P<values>{values}))(?:\s(?:of|in|from|over|values?|at|is|are))*\s?[:=∈]?\s?[\[{{(]?\s?(?P<list>{ITEM}(?:{JOIN}{ITEM})+)[\]}})]?"
        )),
        regex(&format!(
            r"(?i)(?:\b(?:with|for|try|trying|compar(?:e|ing)|over|either|sweep|which of|of)|[:(])\s(?P<list>\d+(?:\s?,\s?\d+)*,?\s(?:and|or|vs\.?|versus)\s\d+)\s(?:(?:hidden|attention|transformer|training)\s)*(?P<counted>layers|epochs|heads|(?P<units>units|neurons))\b"
        )),
    ]
});

/// What says in a sentence that several are tried.
static COMPARED: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:compar\w+|which of|sweep\w*|vary|varying)\b[^.;!?]*$"));

/// What says that something happens at each of several.
static MILESTONES: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)\b(?:milestones?|steps? at|after|at)(?:\s(?:epochs?|steps?))?\s*$"));

/// Before all settings: of a list none is one.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    for way in WAYS.iter() {
        while let Some(words) = rest.cut_place(|text, from| place(way, text, from)) {
            let low = words.to_lowercase();
            let tried = [("drop", "dropout"), ("batch", "batch size"), ("decay", "weight decay"), ("epochs", "epochs")];
            let tried = tried.iter().find(|(word, _)| low.contains(word));
            let search = tried.map_or(String::new(), |(_, name)| format!(", and `tune the {name}` has a search try others"));
            request.refused.push(Refused { words, expected: format!("one value: each is a run of its own{search}") });
        }
    }
}

/// Where the next list is.
fn place(way: &Regex, text: &str, from: usize) -> Option<Range<usize>> {
    let mut from = from;
    loop {
        let found = way.captures_at(text, from)?;
        let (all, list) = (found.get(0)?, found.name("list")?);
        from = all.end();
        let is_counted = found.name("counted").is_some();
        let (end, count) = if is_counted { (all.end(), 2) } else { without_next(text, list.range(), all.end()) };
        let (before, words) = (&text[..all.start()], text.get(all.start()..end)?);
        // `Milestones: 30 and 60 epochs` are both of one schedule.
        if is_counted && MILESTONES.is_match(before) {
            continue;
        }
        // `Dropout in {0, 0.5}` is a set.
        let is_set = text.get(all.start()..list.start())?.contains(['{', '∈']) || text[..list.start()].ends_with(" in ");
        let is_meant = match found.name("values") {
            // `For 3 or 5 epochs` is refused as one of the two, and units of two layers are listed as well.
            _ if is_counted => {
                let is_compared = COMPARED.is_match(before) || COMPARED.is_match(words);
                let low = words.to_lowercase();
                // `A patience of 3 and 10 epochs` are two settings.
                let is_list = found.name("units").is_none() && !low.starts_with("of ");
                is_compared || is_list && (low.contains(',') || !low.contains(" or "))
            }
            _ if is_set => true,
            // `Momentum 0.9, 90%, 0.3` are three settings.
            Some(name) => are_joined(words, count) || is_swept(before) || is_several(name.as_str()) || words.contains("values"),
            None => is_swept(before),
        };
        if count > 1 && is_meant {
            return Some(all.start()..end);
        }
    }
}

/// Where a list ends and how many it has; of `batch sizes 8, 16, 3 epochs` the last is another setting's.
fn without_next(text: &str, list: Range<usize>, end: usize) -> (usize, usize) {
    static FOLLOWS: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"(?i)^\s*(?:$|[,.;:)¦?!]|(?:on|for|to|with|and|in|using|from|then|each|at|by|per|of|but|while)\b)")
    });
    static JOINS: LazyLock<Regex> = LazyLock::new(|| regex(&format!("(?i){JOIN}")));
    // `Batch sizes 8, 16 and 10% of the data for validation`.
    static OF_ROWS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^\s(?:of\s[^.,;:!?¦]{0,40}?\b(?:test|valid|eval|hold|training|rows|data|examples)|for\s[^.,;:!?¦]{0,20}?\b(?:test|valid|eval|hold))",
        )
    });
    let joins: Vec<Range<usize>> = JOINS.find_iter(&text[list.clone()]).map(|join| join.range()).collect();
    match joins.last() {
        Some(last) if !FOLLOWS.is_match(&text[end..]) || OF_ROWS.is_match(&text[end..]) => (list.start + last.start, joins.len()),
        _ => (end, joins.len() + 1),
    }
}

/// Whether the last of a list is said to be: `0, 0.2 and 0.5`. Of two either may be meant for something else where they are unlike.
fn are_joined(list: &str, count: usize) -> bool {
    let low = list.to_lowercase().replace(" %", "%");
    let is_part = |item: &&str| item.contains(['.', '-']) || *item == "0";
    let items: Vec<&str> =
        low.split(|c: char| c.is_whitespace() || c == ',').filter(|item| item.contains(|c: char| c.is_ascii_digit())).collect();
    let parts = items.iter().filter(|item| is_part(item)).count();
    let percents = items.iter().filter(|item| item.ends_with('%')).count();
    let are_alike = [parts, percents].iter().all(|count| *count == 0 || *count == items.len());
    let joins = [" and ", " or ", " vs", " versus "];
    if count > 2 { joins.iter().any(|join| low.contains(join)) } else { are_alike && low.contains(" and ") }
}

/// `Batch sizes`, where one has a `batch size`.
fn is_several(name: &str) -> bool {
    name.len() > 2 && name.to_lowercase().ends_with('s') && !name.to_lowercase().ends_with("bs")
}

/// Whether what stands before a setting says that several of its values are tried.
fn is_swept(before: &str) -> bool {
    static SWEPT: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            regex(r"(?i)\b(?:sweep\w*|grid\w*|vary|varying|ablat\w+)\b[^.;!?]*(?:\.\d[^.;!?]*)*$"),
            regex(
                r"(?i)\b(?:try|trying|tries|compar(?:e|es|ing)|explor(?:e|ing)|test(?:ing)?|search(?:ing)?|experiment(?:ing)?)\s(?:(?:the|different|several|various|out|over|with|of|a few|some|both|between|these)\s)*$",
            ),
        ]
    });
    SWEPT.iter().any(|way| way.is_match(before))
}
