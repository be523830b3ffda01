//! Words that stand elsewhere in English: verbs that end a clause, what stands behind a name where English has it before, and what is
//! forbidden with a verb of its own for each name. The text stays in its own language.

mod german;
mod romance;
mod unspaced;

use regex::{Regex, Replacer};
use std::borrow::Cow;

/// Ways to say something, and how each is said with its words as English orders them.
type Ways = [(Regex, &'static str)];

/// The text with its words as English orders them, still in their own language.
pub(crate) fn in_english_order(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    for order in [unspaced::in_order, german::in_order, romance::in_order] {
        if let Some(turned) = order(&out) {
            out = Cow::Owned(turned);
        }
    }
    out
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
