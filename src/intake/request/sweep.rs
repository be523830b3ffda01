//! Several values of one setting: `sweep hidden sizes 32, 64, 128`, `batch sizes 8, 16 and 32`. Each would be a run of its own, and a
//! search finds its own values: the list is refused, so that none of them is taken for the one that was meant.

use super::rest::Rest;
use super::{Refused, Request};
use crate::intake::regex;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

const ITEM: &str = r"(?:\d+(?:\.\d+)?(?:e-?\d+)?k?|\.\d+(?:e-?\d+)?)(?:\s?%)?";
const JOIN: &str = r"(?:\s?,\s?(?:(?:and|or)\s)?|\s(?:and|or|vs\.?|versus)\s|\s?/\s?)";

static WAYS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    // Of sizes a list may be that of one model's layers.
    let sizes = r"hidden[ _](?:sizes?|dim\w*|units|widths?)|(?:embedding )?(?:dim(?:ension)?|width)s?|d_model|epochs|layers|heads|(?:(?:sequence|seq) )?lengths?|r";
    let values = r"drop-?outs?(?: (?:rates?|probabilit\w+))?|(?:mini-?)?batch(?:es)?[ _-]?sizes?|bs|weight[ _-]decays?|wds?|warm-?\s?ups?|momentums?|(?:lora )?(?:ranks?|alphas?)|label[ -]smoothings?|patiences?";
    [
        regex(&format!(
            r"(?i)\b(?:(?P<sizes>{sizes})|(?P<values>{values}))(?:\s(?:of|in|from|over|values?|at|is|are))*\s?[:=∈]?\s?[\[{{(]?\s?(?P<list>{ITEM}(?:{JOIN}{ITEM})+)[\]}})]?"
        )),
        regex(&format!(
            r"(?i)(?:\b(?:with|for|try|trying|compar(?:e|ing)|over|either|sweep)|[:(])\s(?P<list>\d+(?:\s?,\s?\d+)*,?\s(?:and|vs\.?|versus)\s\d+)\s(?:(?:hidden|attention|transformer|training)\s)*(?P<counted>layers|epochs|heads)\b"
        )),
    ]
});

/// Before all settings: of a list none is one.
pub(super) fn find(rest: &mut Rest, request: &mut Request) {
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
        let (end, count) =
            if found.name("counted").is_some() { (all.end(), 2) } else { without_next(text, list.range(), all.end()) };
        let name = found.name("values").or(found.name("sizes")).map_or("", |name| name.as_str());
        let is_meant = match found.name("values") {
            _ if found.name("counted").is_some() => true,
            // `Momentum 0.9, 90%, 0.3` are three settings.
            Some(_) => count > 2 && are_joined(list.as_str()) || is_swept(&text[..all.start()]) || is_several(name),
            None => is_swept(&text[..all.start()]),
        };
        if count > 1 && is_meant {
            return Some(all.start()..end);
        }
    }
}

/// Where a list ends and how many it has; of `batch sizes 8, 16, 3 epochs` the last is another setting's.
fn without_next(text: &str, list: Range<usize>, end: usize) -> (usize, usize) {
    static FOLLOWS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^\s*(?:$|[,.;:)¦?!]|(?:on|for|to|with|and|in|using|from|then|each|at|by|per|of|but|while|hidden|units|neurons)\b)",
        )
    });
    static JOINS: LazyLock<Regex> = LazyLock::new(|| regex(&format!("(?i){JOIN}")));
    let joins: Vec<Range<usize>> = JOINS.find_iter(&text[list.clone()]).map(|join| join.range()).collect();
    match joins.last() {
        Some(last) if !FOLLOWS.is_match(&text[end..]) => (list.start + last.start, joins.len()),
        _ => (end, joins.len() + 1),
    }
}

/// Whether the last of a list is said to be: `0, 0.2 and 0.5`.
fn are_joined(list: &str) -> bool {
    let low = list.to_lowercase();
    [" and ", " or ", " vs", " versus "].iter().any(|join| low.contains(join))
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
