//! Numbers as people write them.

use crate::intake::regex;
use regex::Regex;
use std::sync::LazyLock;

/// A number in digits; also a range (`3-5`), which is told from a number by [`number`].
pub(crate) const NUMBER: &str =
    r"[-+]?(?:\d+(?:[.,]\d+)*|\.\d+)(?:e[-+]?\d+)?k?(?:(?:-|–| to )(?:\d+(?:[.,]\d+)*|\.\d+)(?:e[-+]?\d+)?k?)?";

#[rustfmt::skip]
const SMALL: [&str; 20] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// A number in words, with the space after it. `a` is none: it is one where an hour is meant, and nothing elsewhere.
pub(crate) fn in_words() -> String {
    let small = SMALL[1..].iter().rev().copied().collect::<Vec<_>>().join("|");
    let one = format!(r"(?:(?:{})(?:[\s-](?:{small}))?|{small})", TENS.join("|"));
    format!(r"(?:(?:{one}|an?)\s(?:hundred|thousand)(?:\s(?:and\s)?{one})?|{one})(?:[\s-]|\b)")
}

/// `three`, `twenty-five`, `two hundred`, `an`.
fn of_words(text: &str) -> Option<f64> {
    let mut sum = 0.0;
    for (at, word) in text.split([' ', '-']).filter(|word| !word.is_empty()).enumerate() {
        let place = |words: &[&str]| words.iter().position(|known| *known == word).map(|place| place as f64);
        match word {
            "and" if at > 0 => {}
            "a" | "an" if at == 0 => sum = 1.0,
            "hundred" if at > 0 => sum *= 100.0,
            "thousand" if at > 0 => sum *= 1000.0,
            _ => sum += place(&SMALL).or(place(&TENS).map(|place| 10.0 * (place + 2.0)))?,
        }
    }
    (sum > 0.0).then_some(sum)
}

/// `12`, `1,000`, `1,5`, `5k`, `5e-5`, `three`; none for a range and for what is no number.
pub(crate) fn number(text: &str) -> Option<f64> {
    static THOUSANDS: LazyLock<Regex> = LazyLock::new(|| regex(r"^[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$"));
    let text = text.trim().to_lowercase();
    if let Some(value) = of_words(&text) {
        return Some(value);
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
        let spelt = regex(&format!("^(?i)(?:{})$", in_words()));
        for (text, expected) in [
            ("seven", 7.0),
            ("twelve", 12.0),
            ("twenty-five", 25.0),
            ("forty", 40.0),
            ("a hundred", 100.0),
            ("two hundred and ten", 210.0),
        ] {
            assert_eq!(number(text), Some(expected), "{text}");
            assert!(spelt.is_match(&format!("{text} ")), "{text}");
        }
        assert!(!spelt.is_match("a "), "a second attempt is no time");
    }
}
