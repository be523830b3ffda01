//! The text of a request with its numbers as programs write them.

use crate::intake::regex;
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// On one line; R² is R2, `2 × 10⁻⁵` and `2x10^-5` are `2e-5`, and a minus is one, however it is typed.
pub(super) fn plainly(text: &str) -> String {
    static POWER: LazyLock<Regex> = LazyLock::new(|| {
        regex(concat!(
            r"(?:(?P<digits>\d+(?:[.,]\d+)?)\s?[x×*·]\s?|(?P<before>^|[\s=:(,]))10\s?",
            r"(?:(?:\^|\*\*)\s?[({]?(?P<power>[-+]?\d{1,2})[)}]?|(?P<raised>[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2})|(?P<minus>-\d{1,2})\b)",
        ))
    });
    let text = text.replace(['\u{2212}', '\u{2011}'], "-").replace("R²", "R2").replace("r²", "r2");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // As they are said.
    static SHORT: LazyLock<[(Regex, &str); 3]> = LazyLock::new(|| {
        [
            (regex(r"(?i)\bw/o\b"), "without"),
            (regex(r"(?i)\bw/(?P<next>\s|[a-z\d])"), "with $next"),
            (regex(r"(?i)\bfine (?P<tune>tun(?:e[ds]?|ing)\b)"), "fine-$tune"),
        ]
    });
    let text = SHORT
        .iter()
        .fold(text, |text, (way, said)| way.replace_all(&text, *said).split_whitespace().collect::<Vec<_>>().join(" "));
    let short = |found: &Captures<'_>| {
        let at = |name: &str| found.name(name).map_or("", |group| group.as_str());
        // `10-20` by itself is a range.
        if at("digits").is_empty() && !at("minus").is_empty() {
            return found[0].to_string();
        }
        let power: String = [at("power"), at("raised"), at("minus")].concat().chars().map(lowered).collect();
        let digits = if at("digits").is_empty() { "1" } else { at("digits") };
        format!("{}{digits}e{power}", at("before"))
    };
    POWER.replace_all(&text, short).into_owned()
}

/// Settings as they are listed, each before its value: `lr 2e-5 bs 16 epochs 3` -> `lr 2e-5, bs 16, epochs 3`, of which none takes the
/// value before it.
pub(super) fn listed(text: &str) -> String {
    const NAME: &str = r"(?:bs|batch[ _-]?size|lr|learning[ _-]?rate|seed|(?:num_(?:train_)?)?epochs?|(?:max_)?steps|(?:num_)?layers|(?:num_)?heads|hidden(?:[ _]size)?|drop-?out|warm-?up(?:_steps)?|weight[ _-]?decay|momentum|patience|max[ _-]?len(?:gth)?|(?:lora_)?rank|(?:lora_)?alpha|dim)";
    const NUMBER: &str = r"(?:\d+(?:\.\d+)?|\.\d+)(?:e-?\d+)?k?";
    static KEYED: LazyLock<Regex> = LazyLock::new(|| {
        regex(&format!(
            r"(?i)(?P<gap>\d\s)(?P<own>{NAME}(?:\s?[=:]\s?|\s){NUMBER})(?P<behind>\s*(?:$|[,;)(¦]|\.(?:\s|$)|{NAME}(?:\s?[=:]\s?|\s)[\d.]|[\w.]+\s?=|(?:and|with|on|for|in|at|using|from)\b))"
        ))
    });
    // Where values stand before their names, as in `2 layers 4 heads`, the one before a name is its own.
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"(?i)\b{NAME}(?:\s?[=:]\s?|\s){NUMBER}$")));
    let (mut out, mut from) = (text.to_string(), 0);
    while let Some(found) = KEYED.captures_at(&out, from) {
        let (Some(gap), Some(own)) = (found.name("gap"), found.name("own")) else { break };
        let (space, next) = (gap.end() - 1, own.end());
        if !BEFORE.is_match(&out[..space]) {
            from = gap.end();
            continue;
        }
        out.replace_range(space..=space, ", ");
        // The value that was found stands before the next name.
        from = next;
    }
    out
}

/// A raised sign as it is otherwise.
fn lowered(sign: char) -> char {
    const RAISED: [char; 12] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹', '⁻', '⁺'];
    const PLAIN: [char; 12] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '-', '+'];
    RAISED.iter().position(|raised| *raised == sign).map_or(sign, |at| PLAIN[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_settings_have_the_values_behind_them() {
        for (text, expected) in [
            ("lr 2e-5 bs 16 epochs 3", "lr 2e-5, bs 16, epochs 3"),
            ("bs=16 epochs=3", "bs=16, epochs=3"),
            ("layers 4 heads 4 hidden 128 steps 300 ", "layers 4, heads 4, hidden 128, steps 300 "),
            ("warmup 10 steps 200, seed 7", "warmup 10, steps 200, seed 7"),
            ("for 3 epochs 30 minutes", "for 3 epochs 30 minutes"),
            ("3 epochs 2 seeds", "3 epochs 2 seeds"),
            ("2 layers 4 heads", "2 layers 4 heads"),
            ("with 2 layers 4 heads 128 hidden units", "with 2 layers 4 heads 128 hidden units"),
            ("10 epochs 4 layers 128 hidden units", "10 epochs 4 layers 128 hidden units"),
            ("10 warmup steps, 16 epochs", "10 warmup steps, 16 epochs"),
        ] {
            assert_eq!(listed(text), expected);
        }
    }

    #[test]
    fn powers_of_ten_are_written_as_programs_do() {
        for (text, expected) in [
            ("lr 2x10^-5", "lr 2e-5"),
            ("lr 2 × 10⁻⁵, 3", "lr 2e-5, 3"),
            ("lr 1.5*10**-4", "lr 1.5e-4"),
            ("lr 3·10^{-4}", "lr 3e-4"),
            ("lr = 10^-3", "lr = 1e-3"),
            ("lr 2x10-5", "lr 2e-5"),
            ("5e\u{2212}5", "5e-5"),
            ("10-20 epochs", "10-20 epochs"),
            ("3x100 images", "3x100 images"),
            ("10x10 pixels", "10x10 pixels"),
            ("sgd w/ momentum w/o decay", "sgd with momentum without decay"),
            ("w/2 layers, fine tuned", "with 2 layers, fine-tuned"),
            ("a fine tuner of w/x", "a fine tuner of with x"),
        ] {
            assert_eq!(plainly(text), expected);
        }
    }
}
