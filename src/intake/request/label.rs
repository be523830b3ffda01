//! Which column of a table is to be predicted.

use super::name::is_table;
use super::rest::{Rest, is_filler};
use super::{DataName, Request};
use crate::intake::regex;
use regex::Regex;
use std::sync::LazyLock;

/// `predict the body mass from ¦`, `target column: price`.
static WAYS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    [
        regex(r"(?i)\b(?:target|label) column\s*(?:is|=|:|called)?\s*(?P<v>[^\s¦,;()]+)"),
        regex(concat!(
            r"(?i)\b(?:predict|forecast|estimat|regress)(?:s|e|es|ing)?\s+(?:(?:the|its|their|a|an|column|values?|of|each|whether|if|who|what|which)\s+)*",
            r"(?P<v>[^¦,;:()]+?)\s*(?:\b(?:from|in|of|using|with|on|for|within|at|under|by|based|given|as|and|to|then)\b|[¦,;:()]|$)",
        )),
    ]
});

/// A name of the data's own: what is known has its label, and documents have none.
pub(super) fn find(rest: &mut Rest, request: &mut Request) {
    let has_columns = match &request.data {
        Some(DataName::Local { path }) => path.extension().is_none() || is_table(&path.to_string_lossy()),
        Some(DataName::Url { url }) => is_table(url),
        Some(DataName::Hub { .. }) => true,
        Some(DataName::Known { .. } | DataName::Generated { .. }) | None => false,
    };
    if !has_columns {
        return;
    }
    let cut = WAYS.iter().find_map(|way| rest.cut(way));
    let words = cut.map(|cut| cut.get("v").trim_matches(['`', '"', '\'', ' ', '.']).to_string());
    // "Predict the sentiment" says nothing that the data would not.
    request.label = words.filter(|words| !words.is_empty() && !words.split_whitespace().all(is_filler));
}
