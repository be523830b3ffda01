//! Mails that answer others, whose quoted lines hold only where the answer says nothing else; and what is said behind `scratch that`.

use super::corrected::corrected;
use crate::intake::regex;
use crate::intake::request::Request;
use regex::Regex;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::LazyLock;

/// What a mail says itself and what it quotes; none where nothing is quoted.
pub(crate) fn mail(text: &str) -> Option<(String, String)> {
    static QUOTED: LazyLock<Regex> = LazyLock::new(|| regex(r"^\s*>[\s>]*(?P<words>.*)$"));
    static WROTE: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^\s*(?:(?:on|am|le|el|il)\s.{0,80}\b(?:wrote|schrieb|écrit|escribió|scritto)\b.{0,40}:|-{2,}.*(?:original|forwarded) message.*-{2,})\s*$",
        )
    });
    if !text.contains('>') && !text.contains("----") {
        return None;
    }
    let (mut own, mut quoted, mut is_below) = (Vec::new(), Vec::new(), false);
    for line in text.lines() {
        if WROTE.is_match(line) {
            // What was forwarded has no signs of its own.
            is_below = line.trim_start().starts_with("--");
        } else if let Some(found) = QUOTED.captures(line) {
            let words = found.name("words").map_or("", |words| words.as_str());
            // Who wrote it may be quoted as well.
            if !WROTE.is_match(words) {
                quoted.push(words);
            }
        } else if is_below {
            quoted.push(line);
        } else {
            own.push(line);
        }
    }
    let [own, quoted] = [own, quoted].map(|lines| without_heads(&lines));
    // `> 90% accuracy` is a bound, not a line of somebody else's.
    let is_mail = quoted.lines().any(|line| line.starts_with(|c: char| c.is_alphabetic()));
    (!own.trim().is_empty() && is_mail).then(|| {
        static AS_BELOW: LazyLock<Regex> = LazyLock::new(|| {
            regex(r"(?i)\b(?:(?:everything|all|anything) else|the (?:rest|others?)|otherwise)(?: (?:is|stays?|remains?))?(?: (?:the same )?as (?:below|before|in (?:the|your|my|his|her) mail|\p{L}+ (?:says?|said|writes?|wrote|suggests?|suggested|proposes?|proposed|has it|had it|put it|described|planned))| unchanged| the same)\b[.,]?|\bon second thou?ghts?\b,?|\bsee below\b")
        });
        (AS_BELOW.replace_all(&own, "").trim().to_string(), quoted.trim().to_string())
    })
}

/// Lines without those that say from whom to whom they are.
fn without_heads(lines: &[&str]) -> String {
    static HEAD: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)^\s*(?:from|to|cc|bcc|date|sent|subject|von|an|betreff|gesendet|de|à|objet)\s?:\s"));
    let is_said = |line: &&&str| !HEAD.is_match(line);
    lines.iter().filter(is_said).copied().collect::<Vec<_>>().join("\n")
}

/// Fields of which one says what others may not say again: how long, how large, in what pieces.
const TOGETHER: [&[&str]; 4] = [
    &["epochs", "steps"],
    &["model", "size", "units", "from_scratch", "pretrained"],
    &["batch_size", "micro_batch_size", "accumulation"],
    &["warmup", "warmup_epochs"],
];

/// Fields of it that hold no value.
const NO_VALUES: [&str; 6] = ["text", "read_as", "refused", "not_understood", "lacking", "without"];

/// The fields of a request by their names.
fn as_map(request: &Request) -> Map<String, Value> {
    match serde_json::to_value(request) {
        Ok(Value::Object(map)) => map,
        Ok(_) | Err(_) => Map::new(),
    }
}

/// What `own` says, and of all else what `quoted` does.
pub(crate) fn answered(mut own: Request, mut quoted: Request) -> Request {
    give_way(&mut own, &mut quoted);
    let (default, mut all, below) = (as_map(&Request::default()), as_map(&own), as_map(&quoted));
    let is_said = |map: &Map<String, Value>, key: &str| map.get(key) != default.get(key);
    let before = all.clone();
    for (key, value) in below {
        let group = TOGETHER.iter().find(|group| group.contains(&key.as_str()));
        let is_own = match group {
            Some(group) => group.iter().any(|key| is_said(&before, key)),
            None => is_said(&before, &key),
        };
        match (all.get_mut(&key), value) {
            (Some(Value::Array(list)), Value::Array(more)) if NO_VALUES.contains(&key.as_str()) => list.extend(more),
            (Some(slot), value) if !is_own && !NO_VALUES.contains(&key.as_str()) => *slot = value,
            (Some(_) | None, _) => {}
        }
    }
    serde_json::from_value(Value::Object(all)).unwrap_or(own)
}

/// What is said behind `scratch that` at the beginning of a sentence, and what before it, where no value stands in another's place.
pub(crate) fn started_again(text: &str) -> Option<(String, String)> {
    static AGAIN: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)(?:[.!?…]\s+|\n\s*)(?:(?:actually|oh|no|hm+|wait|sorry|well|please)[\s,.…–—-]+)*(?:scratch|strike) that\b(?:\s?[,.:;!…–—-]+\s*|\s*$)",
        )
    });
    let low = text.to_lowercase();
    if !low.contains("scratch that") && !low.contains("strike that") {
        return None;
    }
    let text = corrected(text);
    let found = AGAIN.find(&text)?;
    let (before, own) = (text.get(..found.start())?.trim(), text.get(found.end()..)?.trim());
    // Of what is written so the first was a rate, if nothing else was.
    static RATE: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:use|take|try|make it|go with)\s(?P<v>[1-9](?:\.[0-9]+)?e-[1-9])(?P<behind>\s*(?:$|[,;!)–—-]|\.(?:\s|$)))",
        )
    });
    let is_other = ["decay", "wd", "eps"].iter().any(|key| before.to_lowercase().contains(key));
    let own = if is_other { Cow::Borrowed(own) } else { RATE.replace_all(own, "lr ${v}${behind}") };
    (!before.is_empty() && !own.is_empty()).then(|| (own.to_string(), before.to_string()))
}

/// Whether the second of two texts says anything in place of what the first does.
pub(crate) fn says_otherwise(own: &Request, before: &Request) -> bool {
    let (default, own, before) = (as_map(&Request::default()), as_map(own), as_map(before));
    own.iter().filter(|(key, _)| !NO_VALUES.contains(&key.as_str())).any(|(key, value)| {
        let is_said = |value: Option<&Value>| value.is_some() && value != default.get(key);
        is_said(Some(value)) && is_said(before.get(key)) && before.get(key) != Some(value)
    })
}

/// Takes from what is quoted all that the answer speaks against.
fn give_way(own: &mut Request, quoted: &mut Request) {
    own.without.iter().for_each(|what| what.clear(quoted));
    quoted.without.retain(|what| !what.is_asked(own) && !own.without.contains(what));
    // A goal is one of the measure that it was said with.
    if own.metric.is_some() || own.error.is_some() {
        (quoted.target, quoted.error) = (None, None);
    }
    if own.target.is_some() {
        quoted.error = None;
    }
    if own.error.is_some() {
        quoted.metric = None;
    }
    // So many times the usual, and a value, are one of the two.
    if own.epochs.is_some() || own.steps.is_some() {
        quoted.times.length = None;
    }
    if own.lr.is_some() {
        quoted.times.lr = None;
    }
    if own.batch_size.is_some() || own.micro_batch_size.is_some() {
        quoted.times.batch_size = None;
    }
    if own.times.length.is_some() {
        (quoted.epochs, quoted.steps) = (None, None);
    }
    if own.times.lr.is_some() {
        quoted.lr = None;
    }
    if own.times.batch_size.is_some() {
        (quoted.batch_size, quoted.micro_batch_size, quoted.accumulation) = (None, None, None);
    }
    let (times, below) = (&mut own.times, quoted.times);
    times.length = times.length.or(below.length);
    times.lr = times.lr.or(below.lr);
    times.head_lr = times.head_lr.or(below.head_lr);
    times.min_lr = times.min_lr.or(below.min_lr);
    times.batch_size = times.batch_size.or(below.batch_size);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_hold_what_they_quote() {
        let text =
            "From: A\nTo: B\n\nUse 5 epochs, the rest as below.\n\nOn Monday B wrote:\n> From: B\n> train MiniLM,\n> 9 epochs";
        assert_eq!(mail(text), Some(("Use 5 epochs,".into(), "train MiniLM,\n9 epochs".into())));
        for text in ["MiniLM on SST-2\n> 90% accuracy", "reach accuracy > 0.9", "a -> b", "> train BERT"] {
            assert_eq!(mail(text), None, "{text}");
        }
    }
}
