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
        (Personal::CardNumber, r"(?:^|[^\w-])\d{4}([ -]?)\d{4}([ -]?)\d{4}([ -]?)\d{1,7}(?:$|[^\w-])"),
    ];
    forms.into_iter().filter_map(|(kind, form)| Some((kind, Regex::new(form).ok()?))).collect()
});

/// What a text holds, each kind once.
pub(super) fn found_in(text: &str) -> impl Iterator<Item = Personal> {
    let may = text.bytes().any(|byte| byte == b'@' || byte.is_ascii_digit());
    let holds = move |(kind, pattern): &&(Personal, Regex)| match kind {
        Personal::CardNumber => {
            pattern.find_iter(text).any(|found| !is_fraction(&text[..found.start()], found.as_str()) && is_card(found.as_str()))
        }
        _ => pattern.is_match(text),
    };
    PATTERNS.iter().filter(move |_| may).filter(holds).map(|(kind, _)| *kind)
}

/// Whether digits are those behind the point of a number, `0.4111111111111111`, with what stands before them.
fn is_fraction(before: &str, found: &str) -> bool {
    let is_whole =
        |before: &str| before.is_empty() || before.ends_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | ' '));
    found.starts_with(['.', ',']) && is_whole(before)
}

/// Whether an issuer of cards begins its numbers so, of this length, and the last digit fits the others (Luhn, ISO/IEC 7812-1): of other
/// numbers one in ten does by chance.
fn is_card(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let doubled = |(i, digit): (usize, &u32)| if i % 2 == 0 { *digit } else { digit * 2 / 10 + digit * 2 % 10 };
    let varied = digits.iter().any(|digit| *digit != digits[0]);
    varied && is_issued(&digits) && digits.iter().rev().enumerate().map(doubled).sum::<u32>() % 10 == 0
}

/// By the first digits and how many there are: Visa, Mastercard, American Express, Diners Club, Discover, JCB, UnionPay.
fn is_issued(digits: &[u32]) -> bool {
    let first = |count: usize| digits.iter().take(count).fold(0, |number, digit| 10 * number + digit);
    match digits.len() {
        13 => first(1) == 4,
        14 => matches!(first(3), 300..=305) || matches!(first(2), 36 | 38 | 39),
        15 => matches!(first(2), 34 | 37),
        16 => {
            first(1) == 4
                || matches!(first(2), 51..=55 | 62 | 65)
                || matches!(first(3), 644..=649)
                || matches!(first(4), 2221..=2720 | 3528..=3589 | 6011)
        }
        19 => first(1) == 4 || first(2) == 62,
        _ => false,
    }
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
        check("the card no.4111111111111111, please", &[Personal::CardNumber]);
        for fraction in ["0.4111111111111111", "-.4111111111111111", "17,4111111111111111", "at 1.5 and 0.4111111111111111"] {
            check(fraction, &[]);
        }
        for harmless in
            ["a good film", "3.14.15 and 1999-12-31", "10 @ 5", "0000 0000 0000 0000", "version 1.2.3.4567", "12345678"]
                .into_iter()
                // Their last digits fit; no card begins so, or has so many.
                .chain(["570306133677760513", "1234567890123452", "8a4f-4111111111111111-9c"])
        {
            check(harmless, &[]);
        }
    }
}
