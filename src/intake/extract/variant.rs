//! The size of a model that a text is about: `the base model`, `FooNet-L`.

use super::names;
use crate::intake::Scope;
use std::sync::LazyLock;

pub(super) fn variant_in(text: &str) -> Option<String> {
    variants_in(text, 1).pop().map(|(_, name)| name)
}

/// The first sizes of models that a text names, and where.
fn variants_in(text: &str, most: usize) -> Vec<(usize, String)> {
    static SIZE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"\b(?:the |our )?(base|big|large|small|tiny|medium|huge) models?\b|\((base|big|large|small)\)",
            r"|\b([A-Z][A-Za-z]*(?:BASE|LARGE|SMALL|TINY|XXL))\b|\b([A-Z][A-Za-z]*[A-Z][A-Za-z]*[ -](?:base|x*large|small|tiny|medium|huge|XL|XXL))\b",
            r"|(?:^|[;,] (?:and |while |whereas )?|(?:^|[;,] )[Ff]or |\bwhile |\bwhereas )(?:[Tt]he |[Oo]ur )?(\d+(?:\.\d+)?[BM](?:(?:, |,? and )\d+(?:\.\d+)?[BM])*)(?:[- ]parameters?)? (?:models?|runs?|variants?|versions?|networks?|checkpoints?|configurations?)\b",
            r"|\b([A-Z][A-Za-z]*[A-Z][A-Za-z]*-(?:[A-Z]+/\d+|(?:Base|Large|Huge|Small|Tiny)|\d{2,4}(?:-\d{1,2})?|(?:Ti|XS|S|M|B|L|XL|H)))\b|\b(GPT-[23])\b"
        ))
    });
    static LAYERS: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"\b(\d{2,4})-layer (ResNet|net|network|model)"));
    // `WMT-14` begins the name of a data set.
    let datasets = names::datasets_in(text);
    // `Our base model, Leaf-2`, `Leaf is the base model`: what is built on, no size.
    static BUILT_ON: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"^ model(?:[,:]| \(| is |(?:'s|’s)? (?:states?|weights|checkpoints?|parameters)\b)")
    });
    let is_built_on = |name: &regex::Match<'_>| name.as_str() == "base" && BUILT_ON.is_match(&text[name.end()..]);
    // `Leaf-10.7B` is no `Leaf-10`, and `Leaf-H-Daily` no `Leaf-H`.
    let is_cut = |name: &regex::Match<'_>| {
        let behind = text[name.end()..].strip_prefix('.').unwrap_or_default();
        let goes_on = text[name.end()..].strip_prefix('-').is_some_and(|rest| rest.starts_with(char::is_uppercase));
        let is_letter = name.as_str().rsplit_once('-').is_some_and(|(_, size)| size.len() == 1);
        name.as_str().ends_with(|c: char| c.is_ascii_digit()) && behind.starts_with(|c: char| c.is_ascii_digit())
            || is_letter && goes_on
    };
    let named = SIZE.captures_iter(text).filter_map(|found| {
        let name = found.iter().skip(1).flatten().next().filter(|name| !is_built_on(name) && !is_cut(name))?;
        let is_data = datasets.iter().any(|d| d.at.start < name.end() && name.start() < d.at.end);
        let written = name.as_str().trim_matches(['(', ')']).to_string();
        (!is_data && !only_compares(&text[..name.start()])).then(|| (name.start(), written))
    });
    let layers =
        || Some((LAYERS.find(text)?.start(), LAYERS.captures(text).map(|found| format!("{}-{}", &found[2], &found[1]))?));
    let named: Vec<(usize, String)> = named.take(most).collect();
    if named.is_empty() { layers().into_iter().collect() } else { named }
}

/// Of a text that names several sizes the one that stands last before `at`.
pub(super) fn variant_before(text: &str, at: usize) -> Option<String> {
    const MOST: usize = 20;
    let all = variants_in(text, MOST);
    let several = all.iter().any(|(_, name)| *name != all[0].1);
    all.into_iter().rfind(|(start, _)| *start < at).filter(|_| several).map(|(_, name)| name)
}

/// The size in capitals that a clause begins with: `LARGE trains for 250k updates, BASE for 400k`.
pub(super) fn model_of_clause(text: &str, at: usize) -> Scope {
    static BEGINS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?:^|[,;] (?:and |while )?)(?:[Tt]he )?(TINY|SMALL|BASE|MEDIUM|LARGE|HUGE)\b[^,;]{0,40}$")
    });
    let variant = BEGINS.captures(&text[..at]).map(|found| found[1].to_string());
    Scope { variant, ..Scope::default() }
}

/// `Starting with the Foo-Base settings, ...`: what is told is of another.
fn only_compares(before: &str) -> bool {
    static COMPARES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:start(?:ing|s|ed)? (?:with|from)|compar(?:ed|able|ison) (?:to|with)|unlike|instead of|rather than|than|as (?:for|in|of|with)) (?:the |an? )?$",
        )
    });
    COMPARES.is_match(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_sizes_the_last_before_a_value() {
        let text = "LeafNet-small is trained for 30 epochs, as long as LeafNet-large is for 20";
        let at = |value: &str| text.find(value).expect("there");
        assert_eq!(variant_before(text, at("30")).as_deref(), Some("LeafNet-small"));
        assert_eq!(variant_before(text, at("20")).as_deref(), Some("LeafNet-large"));
        assert_eq!(variant_before("LeafNet-small is trained for 30 epochs", 30), None);
    }
}
