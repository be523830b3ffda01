//! Sizes of models and images in few signs.

use crate::intake::regex;
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// Put as everybody does: `mlp 64-64`, `d=64, L=3, h=4, p=8, img 48`.
pub(super) fn sizes(text: &str) -> String {
    let low = text.to_lowercase();
    let mut out = text.to_string();
    if low.contains("perceptron") {
        static PERCEPTRON: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:multi-?\s?layer(?:ed)?\s)?perceptrons?\b"));
        out = PERCEPTRON.replace_all(&out, "MLP").into_owned();
    }
    if low.contains("mlp") || low.contains("perceptron") {
        // `MLP 3x64` has three layers of 64 each.
        static UNITS: LazyLock<Regex> = LazyLock::new(|| {
            regex(
                r"(?i)\b(?P<name>mlp)\s?:?\s?(?P<list>[0-9]{1,5}(?:\s?[-/]\s?[0-9]{1,5})+|[0-9]{2,5}(?:\s?[x×]\s?[0-9]{1,5})+|[(\[]\s?[0-9]{1,5}(?:\s?[-/x×,]\s?[0-9]{1,5})+\s?[)\]])(?P<behind>\s*(?:$|[,.;:)]|[a-z]))",
            )
        });
        let units = UNITS.replace_all(&out, |found: &Captures<'_>| {
            let list = found["list"].trim_matches(['(', ')', '[', ']']);
            format!("{} with hidden layers ({list}){}", &found["name"], &found["behind"])
        });
        // By itself, where it is no day: `128-64-32`.
        static BARE: LazyLock<Regex> = LazyLock::new(|| {
            regex(r"(?P<before>^|[,;]\s)(?P<list>[1-9][0-9]{0,4}(?:-[1-9][0-9]{0,4}){2,4})(?P<behind>\s*(?:$|[,;]))")
        });
        let is_width = |part: &str| part.parse::<u32>().is_ok_and(|n| n >= 4 && (!(1900..2100).contains(&n) || n == 2048));
        let is_said = units.to_lowercase().contains("hidden");
        let bare = BARE.replace_all(&units, |found: &Captures<'_>| match !is_said && found["list"].split('-').all(is_width) {
            true => format!("{}hidden layers ({}){}", &found["before"], &found["list"], &found["behind"]),
            false => found[0].to_string(),
        });
        out = bare.into_owned();
    }
    const KEYS: [(char, &str); 4] = [('d', "width"), ('L', "layers ="), ('h', "heads ="), ('p', "patch size")];
    static KEYED: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?P<before>^|[\s,;(])(?P<key>[dLhp])\s?=\s?(?P<v>[1-9][0-9]{0,4})(?P<behind>$|[\s,;)])"));
    static IMAGE: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)\bimg\s?=?\s?(?P<v>[1-9][0-9]{1,3})(?:²|px)?(?P<behind>$|[\s,;)])"));
    static MOMENTS: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)\b(?:b|beta|β)_?1\s?=?\s?(?P<a>0?\.[0-9]+)[\s,]+(?:b|beta|β)_?2\s?=?\s?(?P<b>0?\.[0-9]+)"));
    if low.contains("img") {
        out = IMAGE.replace_all(&out, "image size ${v}${behind}").into_owned();
    }
    if low.contains("b1") {
        out = MOMENTS.replace_all(&out, "betas (${a}, ${b})").into_owned();
    }
    // One letter by itself may be anything.
    if KEYS.iter().filter(|(key, _)| out.contains(&format!("{key}=")) || out.contains(&format!("{key} ="))).count() > 1 {
        let said = |found: &Captures<'_>| {
            let name = KEYS.iter().find(|(key, _)| found["key"].starts_with(*key)).map_or("", |(_, name)| name);
            let behind = if &found["behind"] == " " { ", " } else { &found["behind"] };
            format!("{}{name} {}{behind}", &found["before"], &found["v"])
        };
        // Neighbours share the sign between them.
        for _ in 0..2 {
            out = KEYED.replace_all(&out, said).into_owned();
        }
    }
    out
}
