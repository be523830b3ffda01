//! Which column of a table is to be predicted.

use super::name::is_table;
use super::rest::{Rest, is_filler};
use super::{DataName, Request};
use crate::intake::regex;
use regex::Regex;
use std::sync::LazyLock;

/// `predict the body mass from ¦`, `target column: price`.
static WAYS: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    [
        regex(r"(?i)\b(?:target|label) column\s*(?:is|=|:|called)?\s*(?P<v>[^\s¦,;()]+)"),
        regex(concat!(
            r"(?i)\b(?:predict|forecast|estimat|regress)(?:s|e|es|ing)?\s+(?:(?:the|its|their|a|an|column|values?|of|each|whether|if|who|what|which)\s+)*",
            r"(?P<v>[^¦,;:()]+?)\s*(?:\b(?:from|in|of|using|with|on|for|within|at|under|by|based|given|as|and|to|then)\b|[¦,;:()]|$)",
        )),
        // "Which species is it?", "tell which species a penguin is"; what names no column in particular is for the data to say.
        regex(concat!(
            r"(?i)\b(?:which|what)\s+(?P<v>[\w-]+(?:\s+[\w-]+)?)\s+",
            r"(?:(?:is|are|was|were)\s+(?:it|this|that|they|these|those|each)\b|(?:it|they|each|(?:a|an|the|each|every)\s+[\w-]+)\s+(?:is|are|was|were|has|have|belongs to)\b)",
        )),
    ]
});

/// Words for whatever is to be told.
const ANY: [&str; 9] = ["class", "kind", "type", "category", "label", "one", "thing", "group", "of"];

/// A name of the data's own: what is known has its label, and documents have none. Data that the words do not name are named elsewhere, or
/// nothing comes of the request.
pub(super) fn find(rest: &mut Rest, request: &mut Request) {
    let has_columns = match &request.data {
        Some(DataName::Local { path }) => path.extension().is_none() || is_table(&path.to_string_lossy()),
        Some(DataName::Url { url }) => is_table(url),
        Some(DataName::Hub { .. }) | None => true,
        Some(DataName::Known { .. } | DataName::Generated { .. }) => false,
    };
    if !has_columns {
        return;
    }
    let question = WAYS.len() - 1;
    let Some((way, cut)) = WAYS.iter().enumerate().find_map(|(at, way)| Some((at, rest.cut(way)?))) else { return };
    let words = cut.get("v").trim_matches(['`', '"', '\'', ' ', '.']).to_string();
    // "Predict the sentiment" says nothing that the data would not.
    let is_any = |word: &str| is_filler(word) || way == question && ANY.contains(&word.to_lowercase().as_str());
    request.label = Some(words).filter(|words| !words.is_empty() && !words.split_whitespace().all(is_any));
}
