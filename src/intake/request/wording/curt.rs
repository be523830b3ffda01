//! Sizes of models and images in few signs.

use crate::intake::regex;
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// Put as everybody does: `mlp 64-64`, `d=64, L=3, h=4, p=8, img 48`.
pub(crate) fn sizes(text: &str) -> String {
    let low = text.to_lowercase();
    let mut out = text.to_string();
    if low.contains("perceptron") {
        static PERCEPTRON: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:multi-?\s?layer(?:ed)?\s)?perceptrons?\b"));
        // Not in the name of a file.
        let said = |found: &Captures<'_>| {
            let range = found.get(0).map_or(0..0, |all| all.range());
            let (before, behind) = (&text[..range.start], &text[range.end..]);
            let is_name = before.ends_with(['.', '/', '\\'])
                || behind.starts_with(['/', '\\'])
                || behind.strip_prefix('.').is_some_and(|ending| ending.starts_with(char::is_alphanumeric));
            if is_name { found[0].to_string() } else { "MLP".into() }
        };
        out = PERCEPTRON.replace_all(text, said).into_owned();
    }
    if low.contains("mlp") || low.contains("perceptron") {
        // By itself, where it is no day: `128-64-32`.
        static BARE: LazyLock<Regex> = LazyLock::new(|| {
            regex(r"(?P<before>^|[,;]\s)(?P<list>[1-9][0-9]{0,4}(?:-[1-9][0-9]{0,4}){2,4})(?P<behind>\s*(?:$|[,;]))")
        });
        let is_width = |part: &str| part.parse::<u32>().is_ok_and(|n| n >= 4 && (!(1900..2100).contains(&n) || n == 2048));
        let is_said = out.to_lowercase().contains("hidden");
        let bare = BARE.replace_all(&out, |found: &Captures<'_>| match !is_said && found["list"].split('-').all(is_width) {
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
        LazyLock::new(|| regex(r"(?i)\bb1\s?=?\s?(?P<a>0?\.[0-9]+)[\s,]+b_?2\s?=?\s?(?P<b>0?\.[0-9]+)"));
    if low.contains("img") {
        // `On img 20 epochs`: a folder, and how long.
        static OTHERS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
            [
                regex(r"(?i)\b(?:on|in|from|folder)\s(?:the\s)?$"),
                regex(r"(?i)^\s(?:ep\w*|steps?|seeds?|min\w*|images|classes|per|%)"),
            ]
        });
        let said = |found: &Captures<'_>| {
            let start = found.get(0).map_or(0, |all| all.start());
            let behind = found.name("behind").map_or(0, |sign| sign.start());
            match OTHERS[0].is_match(&out[..start]) || OTHERS[1].is_match(&out[behind..]) {
                true => found[0].to_string(),
                false => format!("image size {}{}", &found["v"], &found["behind"]),
            }
        };
        out = IMAGE.replace_all(&out, said).into_owned();
    }
    if low.contains("b1") {
        out = MOMENTS.replace_all(&out, "betas (${a}, ${b})").into_owned();
    }
    // One letter by itself may be anything.
    static KEY: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?:^|[\s,;(])(?P<key>[dLhp])\s?=\s?[1-9][0-9]{0,4}(?P<behind>[^\s,;)])?"));
    let keys: Vec<&str> = KEY
        .captures_iter(&out)
        .filter(|found| found.name("behind").is_none())
        .filter_map(|found| found.name("key"))
        .map(|key| key.as_str())
        .collect();
    if KEYS.iter().filter(|(key, _)| keys.iter().any(|found| found.starts_with(*key))).count() > 1 {
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
