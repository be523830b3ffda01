//! The end of what a script said, as a language model is sent it: what tells why it ended, the same each time, and nothing secret.

use crate::publish::redacted;
use regex::Regex;
use std::sync::LazyLock;

/// Lines that are shown of a log without a traceback.
const LINES: usize = 40;
/// Bytes of a log that are looked at.
pub(super) const TAIL: usize = 32 << 10;
/// Letters that are shown.
const SHOWN: usize = 6_000;

const TRACEBACK: &str = "Traceback (most recent call last)";

/// Addresses differ from run to run, and the question would with them.
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b0x[0-9a-fA-F]{4,}\b").ok());

/// A text without what looks like a secret, and the same each time.
pub(super) fn sendable(text: &str) -> String {
    let text = redacted(text);
    ADDRESS.as_ref().map_or_else(|| text.clone(), |address| address.replace_all(&text, "0x...").into_owned())
}

/// The last traceback with those that led to it, else the last lines.
pub(super) fn last_words(log: &str) -> String {
    let lines: Vec<&str> = log.lines().map(str::trim_end).collect();
    let mut from = lines.len().saturating_sub(LINES);
    if let Some(last) = lines.iter().rposition(|line| line.starts_with(TRACEBACK)) {
        from = last;
        // "The above exception was the direct cause of the following exception:", and an empty line.
        while let Some(link) = lines[..from].iter().rposition(|line| !line.is_empty())
            && (lines[link].starts_with("The above exception") || lines[link].starts_with("During handling of"))
            && let Some(earlier) = lines[..link].iter().rposition(|line| line.starts_with(TRACEBACK))
        {
            from = earlier;
        }
    }
    let text = sendable(&lines[from..].join("\n"));
    let count = text.chars().count();
    text.chars().skip(count.saturating_sub(SHOWN)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_that_tells_why() {
        let trace = |what: &str| format!("{TRACEBACK}:\n  File \"s\", line 1\n{what}\n");
        assert_eq!(last_words(&format!("epoch 1: 3.2 s\n{}", trace("KeyError: 'x'"))), trace("KeyError: 'x'").trim_end());
        let both = format!(
            "noise\n{}\nDuring handling of the above exception, another exception occurred:\n\n{}",
            trace("A"),
            trace("B")
        );
        assert!(
            last_words(&both).starts_with(TRACEBACK) && last_words(&both).contains("\nA\n") && last_words(&both).ends_with("\nB")
        );
        // One that was caught long before has no part in it.
        assert!(!last_words(&format!("{}all is well\n{}", trace("A"), trace("B"))).contains("\nA\n"));
        let long: String = (0..100).map(|i| format!("line {i}\n")).collect();
        assert_eq!(last_words(&long).lines().count(), LINES);
        assert_eq!(last_words("<object at 0x7f00deadbeef>, 0xff"), "<object at 0x...>, 0xff");
        assert!(last_words(&"x".repeat(100_000)).len() == SHOWN && last_words("").is_empty());
    }
}
