//! Data that is named without a word for it.

use super::names::GOES;
use crate::intake::regex;
use crate::intake::request::rest::{Found, Rest, is_filler, taken_if};
use crate::intake::request::{DataName, Lying};
use regex::Regex;
use std::sync::LazyLock;

/// A folder that is there, by its name alone: `pets resnet18 10 epochs`, `clips, whisper`, `the photos of pets`. A word of a sentence is no name,
/// whatever lies here.
pub(crate) fn bare(rest: &mut Rest, lying: &impl Fn(&str) -> Option<Lying>) -> Option<DataName> {
    static WORD: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?:^|[\s,;:(¦])[`'\x22]?(?P<v>[A-Za-z0-9_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*)"));
    static OF: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:images?|photos?|pictures?|fotos?|bilder|recordings?|audio|aufnahmen|imágenes|imagens|texts?|files?)\s(?:of|from|in|de|von|aus|di|da|dos?)\s(?:the\s|la\s)?$",
        )
    });
    const MOST: usize = 6;
    let judged = |found: &Found<'_>| {
        let word = found.cut.get("v");
        let (before, behind) = (found.before.trim_end(), found.behind.trim_start());
        let is_first = before.is_empty();
        let is_alone =
            before.ends_with([',', ';', ':', '(', '¦']) && (behind.is_empty() || behind.starts_with([',', ';', ')', '¦']));
        // A few words that make no sentence are names and values: `resnet18 pets 10ep`.
        let words = || before.split_whitespace().chain(behind.split_whitespace());
        let is_short = || words().count() < MOST && !words().any(is_filler);
        let is_own = word.contains('_') || behind.starts_with(':') || is_short();
        let is_named = is_first || is_alone || is_own || OF.is_match(found.before);
        taken_if(is_named && !is_filler(word) && lying(word) == Some(Lying::Data) && !GOES.is_match(found.before))
    };
    let cut = rest.cut_as(&WORD, judged)?;
    Some(DataName::Local { path: cut.get("v").into() })
}
