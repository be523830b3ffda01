//! The text of a request with its numbers as programs write them.

use crate::intake::regex;
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::LazyLock;

/// On one line, on which what stood on lines of its own stays apart; R² is R2, `2 × 10⁻⁵` and `2x10^-5` are `2e-5`, and a minus is one,
/// however it is typed, as are quotes.
pub(crate) fn plainly(text: &str) -> String {
    static POWER: LazyLock<Regex> = LazyLock::new(|| {
        regex(concat!(
            r"(?:(?P<digits>\d+(?:[.,]\d+)?)\s?[x×*·]\s?|(?P<before>^|[\s=:(,]))10\s?",
            r"(?:(?:\^|\*\*)\s?[({]?(?P<power>[-+]?\d{1,2})[)}]?|(?P<raised>[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2})|(?P<minus>-\d{1,2})\b)",
        ))
    });
    let text = text.replace(['\u{2212}', '\u{2011}'], "-").replace("R²", "R2").replace("r²", "r2");
    // Signs of scripts without spaces part words all the same.
    let text = text.replace(['，', '、'], ", ").replace('。', ". ").replace('；', "; ").replace('：', ": ");
    let text = text.replace('（', " (").replace('）', ") ");
    let text = parted(&text);
    let text = text.replace(['“', '”', '„', '«', '»'], "\"").replace(['‘', '’'], "'");
    let text = numbered(text.trim()).into_owned();
    let text = LINES.iter().fold(text, |text, (way, said)| way.replace_all(&text, *said).into_owned());
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // As they are said.
    static SHORT: LazyLock<[(Regex, &str); 8]> = LazyLock::new(|| {
        [
            // In other languages `dont` is a word of its own.
            (
                regex(
                    r"(?i)\bdont (?P<verb>use|include|take|need|want|do|train|touch|consider|feed|look|shuffle|freeze|augment|care|have|log|let|go|exceed)\b",
                ),
                "don't $verb",
            ),
            (regex(r"(?i)\bin place of\b"), "instead of"),
            // What stands in brackets parts a share from what it is for: `the latest 20 % (by date) held out`.
            (
                regex(
                    r"(?i)(?P<share>[0-9]\s?%)\s\((?P<by>by [\w.-]+)\)(?P<purpose>(?: (?:held out|for testing|for the test|as (?:the )?test set|are|is|to be))+)",
                ),
                "${share}${purpose} ${by}",
            ),
            (regex(r"(?i)\b(?P<may>can|could|would|will|if|do|did) u\b"), "$may you"),
            (regex(r"(?i)\bw/o\b"), "without"),
            (regex(r"(?i)\bw/(?P<next>\s|[a-z\d])"), "with $next"),
            (regex(r"(?i)\bfine (?P<tune>tun(?:e[ds]?|ing)\b)"), "fine-$tune"),
            (
                regex(r"(?i)\b(?P<how>more|less|fewer|greater|better|higher|lower) then (?P<next>an?\b|one\b|two\b|\d)"),
                "$how than $next",
            ),
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

/// A comma parts what is written in scripts without spaces, too: `iris.csv,目标`, and `隐藏层 64,30 轮` but for `10,000 步`.
pub(crate) fn parted(text: &str) -> String {
    let is_unspaced = |c: char| ('\u{3040}'..='\u{9fff}').contains(&c);
    let has_such = text.contains(is_unspaced);
    let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).count();
    let mut parts = text.split(',');
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let is_next = has_such && out.ends_with(|c: char| c.is_ascii_digit()) && !matches!(digits(part), 0 | 3);
        out.push_str(if is_next || part.starts_with(is_unspaced) { ", " } else { "," });
        out.push_str(part);
    }
    out
}

/// What ends with a line: an item of a list, a part of the text, and the value before the next name; and names in quotes, as JSON has
/// them.
static LINES: LazyLock<[(Regex, &str); 5]> = LazyLock::new(|| {
    [
        (regex(r"[ \t]*[,;]?[ \t\r]*\n\s*[-*•–]\s+"), "; "),
        (regex(r"(?P<end>[.,;:!?])[ \t\r]*\n\s*\n\s*"), "$end "),
        (regex(r"[ \t\r]*\n\s*\n\s*"), ". "),
        (regex(r"[ \t]*[,;]?[ \t\r]*\n\s*(?P<key>[A-Za-z_][\w-]*(?: [\w-]+){0,2}\s?[=:][^\r\n/\\])"), "; $key"),
        (regex(r#"["'](?P<key>[A-Za-z_][\w-]*)["']\s?:"#), "$key:"),
    ]
});

/// Each item of a list that is numbered from one on; a line may begin with a number that ends a sentence, too.
fn numbered(text: &str) -> Cow<'_, str> {
    static ITEM: LazyLock<Regex> = LazyLock::new(|| regex(r"[ \t]*[,;]?[ \t\r]*\n\s*\d{1,2}[.)]\s+"));
    static FIRST: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:\A|\n)\s*1[.)]\s"));
    if FIRST.is_match(text) { ITEM.replace_all(text, "; ") } else { text.into() }
}

/// Settings as they are listed, each before its value: `lr 2e-5 bs 16 epochs 3` -> `lr 2e-5, bs 16, epochs 3`, of which none takes the
/// value before it.
pub(crate) fn listed(text: &str) -> String {
    const NAME: &str = r"(?:bs|batch[ _-]?size|lr|learning[ _-]?rate|seed|(?:num_(?:train_)?)?epochs?|(?:max_)?steps|(?:num_)?layers|(?:num_)?heads|hidden(?:[ _]size)?|drop-?out|warm-?up(?:_steps)?|weight[ _-]?decay|momentum|patience|max[ _-]?len(?:gth)?|(?:lora_)?rank|(?:lora_)?alpha|dim)";
    const NUMBER: &str = r"(?:\d+(?:\.\d+)?|\.\d+)(?:e-?\d+)?k?";
    static KEYED: LazyLock<Regex> = LazyLock::new(|| {
        regex(&format!(
            r"(?i)(?P<gap>\d\s)(?P<own>{NAME}(?:\s?[=:]\s?|\s){NUMBER})(?P<behind>\s*(?:$|[,;)(¦]|\.(?:\s|$)|{NAME}(?:\s?[=:]\s?|\s)[\d.]|[\w.]+\s?=|(?:and|with|on|for|in|at|using|from)\b))"
        ))
    });
    // Where values stand before their names, as in `2 layers 4 heads`, the one before a name is its own.
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"(?i)\b{NAME}(?:\s?[=:]\s?|\s){NUMBER}$")));
    // Another setting, written with the same sign: `num_workers=4 epochs=3`.
    static OTHER: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"(?i)[\w.-]\s?(?P<sign>[=:])\s?{NUMBER}$")));
    let is_alike = |before: &str, own: &str| OTHER.captures(before).is_some_and(|found| own.contains(&found["sign"]));
    let (mut out, mut from) = (text.to_string(), 0);
    while let Some(found) = KEYED.captures_at(&out, from) {
        let (Some(gap), Some(own)) = (found.name("gap"), found.name("own")) else { break };
        let (space, next) = (gap.end() - 1, own.end());
        if !BEFORE.is_match(&out[..space]) && !is_alike(&out[..space], own.as_str()) {
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
            ("num_workers=4 epochs=3", "num_workers=4, epochs=3"),
            ("workers: 4 epochs: 3", "workers: 4, epochs: 3"),
            ("an MLP: 2 layers 64, 3 epochs", "an MLP: 2 layers 64, 3 epochs"),
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
            ("- seed: 42\n- epochs: 5", "- seed: 42; epochs: 5"),
            ("target accuracy: 0.9\nepochs: 5\r\nlr=2e-5", "target accuracy: 0.9; epochs: 5; lr=2e-5"),
            ("1. lr 2e-5,\n2. 3 epochs", "1. lr 2e-5; 3 epochs"),
            ("MiniLM on SST-2\n\nAt lr 2e-5:\n\nquickly.\n\nThanks", "MiniLM on SST-2. At lr 2e-5: quickly. Thanks"),
            ("a batch size of\n16. Then", "a batch size of 16. Then"),
            ("a.csv from\nhttps://x.org and\nC:\\data", "a.csv from https://x.org and C:\\data"),
            ("{\"lr\": 2e-5, \"epochs\": 3}", "{lr: 2e-5, epochs: 3}"),
            ("“row id” and ‘url’, don’t", "\"row id\" and 'url', don't"),
        ] {
            assert_eq!(plainly(text), expected);
        }
    }
}
