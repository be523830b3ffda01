//! Texts that look like somebody's own: a hint to look, no proof.

use regex::Regex;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// What it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Personal {
    EmailAddress,
    PhoneNumber,
    IpAddress,
    CardNumber,
}

impl Personal {
    pub fn in_words(self) -> &'static str {
        match self {
            Personal::EmailAddress => "e-mail addresses",
            Personal::PhoneNumber => "phone numbers",
            Personal::IpAddress => "IP addresses",
            Personal::CardNumber => "numbers of payment cards",
        }
    }
}

static PATTERNS: LazyLock<Vec<(Personal, Regex)>> = LazyLock::new(|| {
    let forms = [
        (Personal::EmailAddress, r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"),
        (
            Personal::PhoneNumber,
            r"(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)|\d{1,4})(?:[ .-]?\d{2,4}){2,4}|\(\d{3}\) ?\d{3}-\d{4}|\b\d{3}-\d{3}-\d{4})\b",
        ),
        (Personal::IpAddress, r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b"),
        (Personal::CardNumber, r"\b\d{4}([ -]?)\d{4}([ -]?)\d{4}([ -]?)\d{1,7}\b"),
    ];
    forms.into_iter().filter_map(|(kind, form)| Some((kind, Regex::new(form).ok()?))).collect()
});

/// What a text holds, each kind once.
pub(super) fn found_in(text: &str) -> impl Iterator<Item = Personal> {
    let may = text.bytes().any(|byte| byte == b'@' || byte.is_ascii_digit());
    let holds = move |(kind, pattern): &&(Personal, Regex)| match kind {
        Personal::CardNumber => pattern.find_iter(text).any(|found| is_card(found.as_str())),
        _ => pattern.is_match(text),
    };
    PATTERNS.iter().filter(move |_| may).filter(holds).map(|(kind, _)| *kind)
}

/// Whether the last digit fits the others (Luhn, ISO/IEC 7812-1).
fn is_card(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let doubled = |(i, digit): (usize, &u32)| if i % 2 == 0 { *digit } else { digit * 2 / 10 + digit * 2 % 10 };
    let varied = digits.iter().any(|digit| *digit != digits[0]);
    varied && (13..=19).contains(&digits.len()) && digits.iter().rev().enumerate().map(doubled).sum::<u32>() % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_somebodys_own() {
        let check = |text: &str, expected: &[Personal]| assert_eq!(found_in(text).collect::<Vec<_>>(), expected, "{text}");
        assert_eq!(PATTERNS.len(), 4);
        check("write to ann.lee+x@mail.example.org today", &[Personal::EmailAddress]);
        check("call +44 20 7946 0958 or (212) 555-0187", &[Personal::PhoneNumber]);
        check("from 192.168.10.254", &[Personal::IpAddress]);
        // The number that card companies give for tests, and the same with another last digit.
        check("4111 1111 1111 1111", &[Personal::CardNumber]);
        check("4111 1111 1111 1112", &[]);
        for harmless in
            ["a good film", "3.14.15 and 1999-12-31", "10 @ 5", "0000 0000 0000 0000", "version 1.2.3.4567", "12345678"]
        {
            check(harmless, &[]);
        }
    }
}
