//! Words that stand elsewhere in English: verbs that end a clause, what stands behind a name where English has it before, and what is
//! forbidden with a verb of its own for each name. The text stays in its own language.

mod german;
mod romance;
mod unspaced;

use crate::intake::regex;
use regex::{Regex, Replacer};
use std::borrow::Cow;
use std::sync::LazyLock;

/// Ways to say something, and how each is said with its words as English orders them.
type Ways = [(Regex, &'static str)];

/// The text with its words as English orders them, still in their own language.
pub(crate) fn in_english_order(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    for order in [numbers, unspaced::in_order, german::in_order, romance::in_order] {
        if let Some(turned) = order(&out) {
            out = Cow::Owned(turned);
        }
    }
    out
}

/// `20 por ciento`, `5 mil`, `5 000` and `5.000`: numbers whose comma is the point, as English writes them.
fn numbers(text: &str) -> Option<String> {
    static NUMBERS: LazyLock<[(Regex, &str); 3]> = LazyLock::new(|| {
        [
            (regex(r"(?i)(?P<n>[0-9])\s(?:por ciento|por cento|per cento|pour ?cent|prozent)\b"), "${n} %"),
            (regex(r"(?i)\b(?P<n>[1-9][0-9]{0,2})\s?(?:mil|mila|mille|tausend)\b"), "${n}000"),
            (
                regex(r"(?P<before>^|[^\d.,])(?P<n>[1-9][0-9]{0,2})[ .\u{a0}\u{202f}](?P<rest>[0-9]00)(?P<end>\s\p{L})"),
                "${before}${n}${rest}${end}",
            ),
        ]
    });
    turned(text, &*NUMBERS)
}

/// The text with each of these ways turned; none where it has none of them.
fn turned(text: &str, ways: &Ways) -> Option<String> {
    ways.iter().fold(None, |out, (way, said)| and_then(text, out, |text| replaced(text, way, *said)))
}

/// The text with what a pattern finds replaced; none where that changes nothing.
fn replaced(text: &str, way: &Regex, said: impl Replacer) -> Option<String> {
    match way.replace_all(text, said) {
        Cow::Owned(new) if new != text => Some(new),
        _ => None,
    }
}

/// The same, of what another step made of it.
fn and_then(text: &str, out: Option<String>, step: impl Fn(&str) -> Option<String>) -> Option<String> {
    step(out.as_deref().unwrap_or(text)).or(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_in_english() {
        for (text, said) in [
            ("20 por ciento para test", "20 % para test"),
            ("las primeras 5 mil filas", "las primeras 5000 filas"),
            ("solo 5mila righe", "solo 5000 righe"),
            ("les 5 000 premières lignes", "les 5000 premières lignes"),
            ("die ersten 12.500 Zeilen", "die ersten 12500 Zeilen"),
        ] {
            assert_eq!(numbers(text).as_deref(), Some(said));
        }
        for text in ["lr 0.100 und", "64, 128 neuronas", "1.5 mm", "mil filas"] {
            assert_eq!(numbers(text), None, "{text}");
        }
    }

    #[test]
    fn english_stays_as_it_is() {
        for text in [
            "predict a from b",
            "Train an MLP on a.csv, predict rent from area, rooms and district, 3 layers of 64 units",
            "small ResNet on photos/, 20% for testing, do not use id nor name",
        ] {
            assert_eq!(in_english_order(text), text);
        }
    }
}
