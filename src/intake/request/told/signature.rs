//! Who signs a letter, and what is written below the name: that asks for nothing.

use super::clauses::{Clause, Word};
use crate::intake::request::task::models::last_model;
use crate::intake::request::wording::english::is_verb;
use crate::intake::request::wording::meant::is_of_settings;

/// Where the name of who signs begins, with what is written below it.
pub(super) fn signature(text: &str, words: &[Word], clauses: &[Clause]) -> usize {
    const MOST: usize = 16;
    let is_closing = |clause: &&Clause| {
        let own = || words[clause.words.clone()].iter().map(|word| word.low.as_str());
        own().any(|word| CLOSES.contains(&word)) && own().all(|word| CLOSES.contains(&word) || BESIDE.contains(&word))
    };
    let Some(closing) = clauses.iter().rev().find(is_closing) else { return words.len() };
    let behind = closing.words.end..words.len();
    let has_number = behind.clone().any(|at| words[at].low.contains(|c: char| c.is_ascii_digit()));
    let is_name = |at: usize| {
        let own = &text[words[at].place.clone()];
        let is_little =
            matches!(own, "of" | "the" | "and" | "for" | "de" | "von" | "der" | "van" | "at" | "e" | "y" | "et" | "und");
        let is_first = behind.len() == 1 && own.chars().all(char::is_alphabetic);
        is_first
            || is_little
            || own.starts_with(char::is_uppercase)
            || own.contains('@')
            || own.chars().all(|c| c.is_ascii_digit() || c == '-')
    };
    let asks = |at: usize| {
        is_of_settings(&words[at].low) && has_number
            || is_verb(&words[at].low) && behind.start == at
            || last_model(&words[at].low).is_some()
    };
    let is_signature = behind.len() <= MOST && behind.clone().all(|at| is_name(at) && !asks(at));
    if is_signature { behind.start } else { words.len() }
}

const CLOSES: [&str; 20] = [
    "regards",
    "thanks",
    "thank",
    "cheers",
    "sincerely",
    "greetings",
    "wishes",
    "best",
    "thx",
    "gracias",
    "merci",
    "danke",
    "grazie",
    "obrigado",
    "obrigada",
    "cordialement",
    "saludos",
    "saluti",
    "grüße",
    "grüßen",
];
const BESIDE: [&str; 20] = [
    "kind",
    "many",
    "warm",
    "you",
    "so",
    "much",
    "very",
    "a",
    "lot",
    "in",
    "advance",
    "yours",
    "with",
    "and",
    "for",
    "your",
    "help",
    "viele",
    "mit",
    "freundlichen",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::request::told::clauses;

    #[test]
    fn a_name_is_told_from_a_wish() {
        let signed = |text: &str| {
            let (words, clauses) = clauses::of(text);
            let start = signature(text, &words, &clauses);
            words[start..].iter().map(|word| &text[word.place.clone()]).collect::<Vec<_>>().join(" ")
        };
        for (text, expected) in [
            ("Predict price. Kind regards, Dr. Paul Weiss, Head of Assessment", "Dr Paul Weiss Head of Assessment"),
            ("Predict price. Thank you so much, Ingrid", "Ingrid"),
            ("predict price. thx, jo", "jo"),
            ("Predict price.\n\nBest,\nMarta\nRisk\nPhone 555 0142", "Marta Risk Phone 555 0142"),
            ("Predict price. Thanks, Tom. use a quantile loss", ""),
            ("Predict price. Thanks. Batch 32", ""),
            ("Predict price. Thanks, MiniLM please", ""),
            ("Keep the best. Predict price", ""),
        ] {
            assert_eq!(signed(text), expected, "{text}");
        }
    }
}
