//! How papers write numbers.

use std::sync::LazyLock;

/// One number: `0.1`, `5e-5`, `10,000`, `32k`, `3 · 10⁻⁴`, `10⁻³`, `60 × 10⁴`, `5*10^-4`, `10^{-4}`, `2^10`, `2¹⁰`, `1.5 million`; as
/// formulas are set and as conversions leave them, too: `1e − 5`, `7 e - 7`, `3 × 10−4`, `3 × 10 −4`, `10−8`, `0 . 98`.
pub(super) const NUMBER: &str = concat!(
    r"(?:\d+(?:\.\d+)?\s?[·×x∙⋅*∗]\s?10\^?⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\b(?:10|2)[⁻−]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+",
    r"|\d+(?:\.\d+)?\s?[·×x∙⋅*∗]\s?10\s?[-−–]\s?\d{1,2}\b|\b10−(?:[1-9]|1[0-6])\b",
    r"|(?:(?:\d+(?:\.\d+)?\s?[·×x∙⋅*∗]\s?)?\b10|\b2)(?:\s?\^\s?|\*\*)(?:[-−–]?\d+|\{[-−–]?\d+\}|\([-−–]?\d+\))",
    r"|\d+(?:\.\d+)?\s?(?:[·×x∙⋅*∗]\s?)?[eE]\s?[-−–⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\d+(?:\.\d+)?[eE](?:\s?[-−–]\s?)?\d+|\d+(?:\s?\.\s?\d+)?\s[eE]\s?[-−–]\s?\d+",
    r"|\d{1,3}(?:,\d{3})+|\b\d{1,2}\s\.\s\d+\b|(?:\d+(?:\.\d+)?|\.\d+)(?:[kKMB]\b|\s(?:million|thousand|billion)\b)?)"
);

/// Whole numbers in words, to a hundred.
pub(super) const WORDS: &str = concat!(
    "(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:-(?:one|two|three|four|five|six|seven|eight|nine))?",
    "|fourteen|sixteen|seventeen|eighteen|nineteen|thirteen|fifteen|one hundred|a hundred",
    "|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
);

/// A whole number in words.
pub(super) fn in_words(word: &str) -> Option<f64> {
    const ONES: &str = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen \
        seventeen eighteen nineteen";
    const TENS: &str = "twenty thirty forty fifty sixty seventy eighty ninety";
    let place = |all: &str, word: &str| all.split_whitespace().position(|w| w.eq_ignore_ascii_case(word));
    match word.to_lowercase().as_str() {
        // `unit norm`, `a single pass`.
        "unit" | "single" => Some(1.0),
        "one hundred" | "a hundred" => Some(100.0),
        word => {
            let (tens, ones) = word.split_once('-').map_or((word, None), |(tens, ones)| (tens, Some(ones)));
            let tens = place(TENS, tens).map(|tens| (tens + 2) * 10);
            let whole = match (tens, ones) {
                (Some(tens), Some(ones)) => place(ONES, ones).map(|ones| tens + ones),
                (Some(tens), None) => Some(tens),
                (None, _) => place(ONES, word),
            };
            whole.map(|whole| whole as f64)
        }
    }
}

/// A power before what it comes to: `2¹⁹ = 524,288`.
const POWER_OF: &str = r"\b(?:10|2)\^?[⁰¹²³⁴⁵⁶⁷⁸⁹]+\s?[=≈]\s?";

/// One or more numbers: `16, 32`, `2, 3 and 4`, `0.1 or 0.2`, `2¹⁹ = 524,288`.
pub(super) fn list() -> String {
    format!(r"(?:{POWER_OF})?{NUMBER}(?:\s?%)?(?:(?:\s?[,;/]\s?(?:and\s|or\s)?|\sand\s|\sor\s){NUMBER}(?:\s?%)?)*")
}

/// The numbers of a list, in order, as written: 10 % is 10.
pub(super) fn parse_list(text: &str) -> Vec<f64> {
    static ONE: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(&format!("(?:{POWER_OF})?(?P<v>{NUMBER})")));
    ONE.captures_iter(&parted(text)).filter_map(|found| parse(&found["v"])).collect()
}

/// `16,32,64,128` with a blank behind each comma: what does not stand before three digits each time parts numbers.
fn parted(text: &str) -> std::borrow::Cow<'_, str> {
    static RUN: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"\d+(?:\.\d+)?(?:,\d+(?:\.\d+)?)+"));
    RUN.replace_all(text, |run: &regex::Captures<'_>| {
        // `0,001`: a comma for the point.
        if run[0].matches(',').count() == 1 && run[0].starts_with("0,") {
            return run[0].replace(',', ".");
        }
        let mut parts = run[0].split(',').map(|part| part.split('.').next().unwrap_or_default().len());
        let is_one = parts.next().is_some_and(|digits| digits <= 3) && parts.all(|digits| digits == 3);
        if is_one { run[0].to_string() } else { run[0].replace(',', ", ") }
    })
}

/// One number as written; what no double holds (`1e999`) is none.
pub(super) fn parse(text: &str) -> Option<f64> {
    as_written(text).filter(|value| value.is_finite())
}

fn as_written(text: &str) -> Option<f64> {
    let text = text.trim().trim_end_matches('%').trim();
    let with_point = text.strip_prefix("0,").filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    if let Some(rest) = with_point {
        return format!("0.{rest}").parse().ok();
    }
    let plain: String = text.chars().filter(|c| *c != ',').map(|c| if "−–".contains(c) { '-' } else { c }).collect();
    let squeezed: String = plain.split_whitespace().collect();
    // `3e⁻⁴`, `3 × e⁻⁴`, as a formula sets it.
    let squeezed: String = match squeezed.contains(['e', 'E']) {
        true => squeezed.chars().filter(|c| !"·×x∙⋅*∗".contains(*c)).map(|c| plain_digit(c).unwrap_or(c)).collect(),
        false => squeezed,
    };
    if squeezed.starts_with(|c: char| c.is_ascii_digit())
        && squeezed.contains(['e', 'E'])
        && let Ok(value) = squeezed.parse()
    {
        return Some(value);
    }
    // `0 . 98` was taken apart.
    let plain = if plain.contains(" . ") { squeezed.clone() } else { plain };
    if let Some((mantissa, exponent)) = scientific(&squeezed) {
        return format!("{mantissa}e{exponent}").parse().ok();
    }
    if let Some(exponent) = plain.strip_prefix('2').and_then(|rest| power(rest).or_else(|| raised(rest))) {
        return Some(2f64.powi(exponent));
    }
    let (digits, factor) = match plain.find(|c: char| c.is_alphabetic() && c != 'e' && c != 'E' || c == ' ') {
        Some(at) => (&plain[..at], factor(plain[at..].trim())?),
        None => (plain.as_str(), 0),
    };
    let digits = digits.trim();
    // Shifting the decimal exponent keeps the nearest double: 1.1M is 1100000 exactly.
    if factor > 0 { format!("{digits}e{factor}").parse().ok() } else { digits.parse().ok() }
}

/// `3 · 10⁻⁴`, `3*10^-4`, `3 × 10-4` -> ("3", -4).
fn scientific(text: &str) -> Option<(String, i32)> {
    static FORM: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"^(?:(\d+(?:\.\d+)?)\s?[·×x∙⋅*∗]\s?)?10(?:\^?([⁻-]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)|(\s?(?:\^|\*\*).+)|(-\d{1,2}))$")
    });
    let found = FORM.captures(text)?;
    let exponent = match (found.get(2), found.get(3)) {
        (Some(exponent), _) => raised(exponent.as_str())?,
        (None, Some(written)) => power(written.as_str())?,
        (None, None) => found.get(4)?.as_str().parse().ok()?,
    };
    Some((found.get(1).map_or("1", |m| m.as_str()).to_string(), exponent))
}

/// `^-4`, `**{10}` -> -4, 10.
fn power(text: &str) -> Option<i32> {
    let text = text.trim_start();
    let exponent = text.strip_prefix('^').or_else(|| text.strip_prefix("**"))?;
    exponent.trim().trim_start_matches(['{', '(']).trim_end_matches(['}', ')']).parse().ok()
}

/// `⁻⁴`, `-⁴` -> -4.
fn raised(text: &str) -> Option<i32> {
    text.chars().map(|c| plain_digit(c).or((c == '-').then_some('-'))).collect::<Option<String>>()?.parse().ok()
}

fn plain_digit(c: char) -> Option<char> {
    "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|raised| raised == c).and_then(|d| char::from_digit(d as u32, 10)).or((c == '⁻').then_some('-'))
}

fn factor(suffix: &str) -> Option<i32> {
    match suffix {
        "k" | "K" | "thousand" => Some(3),
        "M" | "million" => Some(6),
        "B" | "billion" => Some(9),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_papers_write_them() {
        for (text, expected) in [
            ("0.1", 0.1),
            ("5e-5", 5e-5),
            ("5E-04", 5e-4),
            ("1e−4", 1e-4),
            ("10,000", 1e4),
            ("1,000,000", 1e6),
            ("32k", 32e3),
            ("110M", 110e6),
            ("1.7M", 1.7e6),
            ("3 · 10⁻⁴", 3e-4),
            ("10⁻³", 1e-3),
            ("5 ∗ 10⁻⁴", 5e-4),
            ("60 × 10⁴", 6e5),
            ("1.5 million", 1.5e6),
            (".3", 0.3),
            ("5*10^-4", 5e-4),
            ("5 × 10^{-4}", 5e-4),
            ("2.5 x 10^(−3)", 2.5e-3),
            ("10^-4", 1e-4),
            ("10**6", 1e6),
            ("2^10", 1024.0),
            ("2¹⁰", 1024.0),
            ("10⁴", 1e4),
            ("1e − 5", 1e-5),
            ("2.5e - 4", 2.5e-4),
            ("7 e - 7", 7e-7),
            ("1 . 0 e -3", 1e-3),
            ("3 × 10−4", 3e-4),
            ("10−8", 1e-8),
            ("3 × 10 −4", 3e-4),
            ("0 . 98", 0.98),
            ("3.0e⁻⁴", 3e-4),
            ("1 e⁻⁸", 1e-8),
            ("2e−⁵", 2e-5),
            ("4 × e⁻⁴", 4e-4),
            ("10−⁵", 1e-5),
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
            let whole = crate::intake::regex(&format!("^{NUMBER}$"));
            assert!(whole.is_match(text), "{text}");
        }
        for none in ["ten", "1e999", "2^2048"] {
            assert_eq!(parse(none), None, "{none}");
        }
    }

    #[test]
    fn numbers_in_words() {
        let whole = crate::intake::regex(&format!("^{WORDS}$"));
        for (text, expected) in
            [("two", 2.0), ("sixteen", 16.0), ("sixty", 60.0), ("sixty-four", 64.0), ("twenty-one", 21.0), ("one hundred", 100.0)]
        {
            assert_eq!(in_words(text), Some(expected), "{text}");
            assert!(whole.is_match(text), "{text}");
        }
        assert_eq!((in_words("sixty-ten-"), in_words("many")), (None, None));
    }

    #[test]
    fn lists() {
        let whole = crate::intake::regex(&format!("^(?:{})$", list()));
        for (text, expected) in [
            ("16, 32", vec![16.0, 32.0]),
            ("5e-5, 4e-5, 3e-5, and 2e-5", vec![5e-5, 4e-5, 3e-5, 2e-5]),
            ("32k and 48k", vec![32e3, 48e3]),
            ("0.99, 0.999 or 0.9999", vec![0.99, 0.999, 0.9999]),
            ("10^-3, 5*10^-4 and 10^-4", vec![1e-3, 5e-4, 1e-4]),
            ("2¹⁹ = 524,288", vec![524288.0]),
            ("1e − 5, 3e − 5", vec![1e-5, 3e-5]),
        ] {
            assert!(whole.is_match(text), "{text}");
            assert_eq!(parse_list(text), expected);
        }
    }

    #[test]
    fn commas_part_or_join() {
        for (text, expected) in [
            ("16,32,64,128", &[16.0, 32.0, 64.0, 128.0][..]),
            ("0,9", &[0.9]),
            ("0,001", &[0.001]),
            ("0,1,2", &[0.0, 1.0, 2.0]),
            ("0.1,0.25", &[0.1, 0.25]),
            ("10,000", &[1e4]),
            ("1,000,000", &[1e6]),
            ("32,000 and 48,000", &[32e3, 48e3]),
        ] {
            assert_eq!(parse_list(text), expected, "{text}");
        }
    }
}
