//! Numbers as people write them.

use crate::intake::regex;
use regex::Regex;
use std::sync::LazyLock;

/// A number in digits; also a range (`3-5`), which is told from a number by [`number`].
pub(super) const NUMBER: &str =
    r"[-+]?(?:\d+(?:[.,]\d+)*|\.\d+)(?:e[-+]?\d+)?k?(?:(?:-|–| to )(?:\d+(?:[.,]\d+)*|\.\d+)(?:e[-+]?\d+)?k?)?";

const IN_WORDS: [(&str, f64); 12] = [
    ("one", 1.0),
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("eight", 8.0),
    ("ten", 10.0),
    ("twenty", 20.0),
    ("thirty", 30.0),
    ("a", 1.0),
    ("an", 1.0),
];

/// A number in words, with the space after it.
pub(super) fn in_words() -> String {
    let words: Vec<&str> = IN_WORDS.iter().map(|(word, _)| *word).collect();
    format!(r"(?:{})\s", words.join("|"))
}

/// `12`, `1,000`, `1,5`, `5k`, `5e-5`, `three`; none for a range and for what is no number.
pub(super) fn number(text: &str) -> Option<f64> {
    static THOUSANDS: LazyLock<Regex> = LazyLock::new(|| regex(r"^[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$"));
    let text = text.trim().to_lowercase();
    if let Some((_, value)) = IN_WORDS.iter().find(|(word, _)| *word == text) {
        return Some(*value);
    }
    let (digits, factor) = text.strip_suffix('k').map_or((text.as_str(), 1.0), |digits| (digits, 1000.0));
    // A comma stands before three digits, or for the point: 1,000 and 1,5.
    let digits = if THOUSANDS.is_match(digits) { digits.replace(',', "") } else { digits.replacen(',', ".", 1) };
    digits.parse::<f64>().ok().map(|value| value * factor).filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_people_write_them() {
        let whole = regex(&format!("^(?i)(?:{NUMBER})$"));
        for (text, expected) in [
            ("12", Some(12.0)),
            ("1,000", Some(1000.0)),
            ("1,000,000", Some(1e6)),
            ("1,5", Some(1.5)),
            ("0,05", Some(0.05)),
            ("0,001", Some(0.001)),
            ("1,25", Some(1.25)),
            ("5k", Some(5000.0)),
            ("2.5k", Some(2500.0)),
            ("5e-5", Some(5e-5)),
            ("2E-5", Some(2e-5)),
            (".5", Some(0.5)),
            ("-1", Some(-1.0)),
            ("3-5", None),
            ("1 to 2", None),
            ("1e-4-1e-5", None),
            ("1,2,3", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
            assert!(whole.is_match(text), "{text}");
        }
        assert_eq!((number("three"), number("an"), number("none"), number("")), (Some(3.0), Some(1.0), None, None));
    }
}
