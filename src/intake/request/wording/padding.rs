//! How far images are moved at random, however that is said: `random crop with 4px padding`, `pad 4 pixels and crop`, `shifts of up to 3
//! px` are one change of them. Pixels of it are no size of an image.

use crate::intake::regex;
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The text with each such change as a crop with its padding; of one line already.
pub(crate) fn as_crops(text: &str) -> Cow<'_, str> {
    let low = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| low.contains(word));
    let is_one = says(&["crop"]) && says(&["pad", "px", "pixel"]) || says(&["shift", "translat", "jitter", "offset"]);
    if !is_one {
        return Cow::Borrowed(text);
    }
    let said = |found: &Captures<'_>| {
        let size = found.name("size").map_or(String::new(), |size| format!(", images {}", size.as_str()));
        format!("random crop (padding {}){size}", &found["v"])
    };
    let mut out = Cow::Borrowed(text);
    for way in WAYS.iter() {
        if way.is_match(&out) {
            out = Cow::Owned(way.replace_all(&out, said).into_owned());
        }
    }
    out
}

static WAYS: LazyLock<[Regex; 7]> = LazyLock::new(|| {
    let crop = r"\b(?:random(?:ly)?[- ])*(?:padded[- ])?crop(?:s|ped|ping)?\b";
    let pad = r"\b(?:(?:zero|reflect(?:ion|ive)?|constant|random)[- ]?)?pad(?:s|ded|ding)?\b";
    let moved = r"\b(?:random(?:ly)?[- ])*(?:shift|translat|jitter|offset)(?:s|e|es|ed|ing|ions?)?\b";
    let value = r"(?P<v>[0-9]{1,2})";
    // Below this no image is as small.
    let few = r"(?P<v>[1-7])";
    let px = r"[\s-]?(?:px|pixels?|pix)\b";
    let gap = r"(?:[\s,(+&/:=±-]|\b(?:and|then|with|of|by|after|using|a|an|the|it|them|images?|each|all|every|up to|at most|max(?:imum)?|zero|reflect(?:ed|ion)?|random(?:ly)?|extra|border|from|taken|are|is|do|take|taking|in any direction)\b)*?";
    let size = r"(?:\s(?:(?:of|to|at|size)\s)?(?P<size>[0-9]{2,4}(?:\s?[x×]\s?[0-9]{2,4}|\s?px|\s?pixels)))?";
    let sides = r"(?:\s(?:(?:on|at|of|from)\s)?(?:each|every|all|both|per|either)\s(?:sides?|edges?|borders?|directions?))?\)?";
    [
        format!(r"{crop}{size}{gap}{value}(?:{px})?{sides}{gap}{pad}{sides}"),
        format!(r"{crop}{size}{gap}{pad}{gap}{value}(?:{px}|\b){sides}"),
        format!(r"{pad}{gap}{value}(?:{px}|\b){sides}{gap}{crop}{size}"),
        format!(r"\b{value}(?:{px}\s?|[\s-])(?:of\s)?{pad}{gap}{crop}{size}"),
        format!(r"{crop}{gap}{few}{px}{sides}"),
        format!(r"{moved}{gap}{value}{px}{sides}"),
        format!(r"\b(?:random )?{value}{px}[\s-]?{moved}"),
    ]
    .map(|form| regex(&format!("(?i){form}")))
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_at_random_is_one_change() {
        for (text, expected) in [
            ("random crop with 4px padding + hflip", "random crop (padding 4) + hflip"),
            ("crop (4 px), flips", "random crop (padding 4), flips"),
            ("pad 4 pixels and crop.", "random crop (padding 4)."),
            ("random crops after 3-pixel zero padding", "random crop (padding 3)"),
            ("shift by up to 3px", "random crop (padding 3)"),
            ("random translations of at most 2 pixels", "random crop (padding 2)"),
            ("4px padding, then random crops, flips", "random crop (padding 4), flips"),
            ("pad by 4 px on each side and take a random crop", "random crop (padding 4)"),
            ("zero-padding of 4, random crop 32x32", "random crop (padding 4), images 32x32"),
            ("random 4 px shifts", "random crop (padding 4)"),
        ] {
            assert_eq!(as_crops(text), expected, "{text}");
        }
        for text in [
            "resize to 32px and crop",
            "random crops of 24 px",
            "pad to 128 tokens",
            "crop yields of 4 fields",
            "a shift of 3 days",
        ] {
            assert_eq!(as_crops(text), text);
        }
    }
}
