//! Answers to questions about a text, as SQuAD's own script scores them (Rajpurkar et al., 1606.05250, section 6.1; with questions
//! that have no answer: 1806.03822).

use std::collections::BTreeMap;

/// Whether the answer is one of the right ones, after both lost case, punctuation, articles and extra spaces. No right answer: only
/// saying nothing is right.
pub fn exact_match(said: &str, right: &[String]) -> bool {
    let said = normalized(said);
    match right.is_empty() {
        true => said.is_empty(),
        false => right.iter().any(|answer| normalized(answer) == said),
    }
}

/// The best F1 of words that the answer shares with a right one. No right answer, or one without words: 1 if both are such, else 0.
pub fn f1(said: &str, right: &[String]) -> f64 {
    match right.is_empty() {
        true => f64::from(u8::from(normalized(said).is_empty())),
        false => right.iter().map(|answer| shared(said, answer)).fold(0.0, f64::max),
    }
}

fn shared(said: &str, right: &str) -> f64 {
    let (said, right) = (normalized(said), normalized(right));
    let (said, right): (Vec<&str>, Vec<&str>) = (said.split_whitespace().collect(), right.split_whitespace().collect());
    if said.is_empty() || right.is_empty() {
        return f64::from(u8::from(said.is_empty() && right.is_empty()));
    }
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    right.iter().for_each(|word| *left.entry(word).or_default() += 1);
    let mut hits = 0.0;
    for word in &said {
        if let Some(count) = left.get_mut(word).filter(|count| **count > 0) {
            *count -= 1;
            hits += 1.0;
        }
    }
    2.0 * hits / (said.len() + right.len()) as f64
}

/// Lower case, without ASCII punctuation, without the words `a`, `an`, `the`, and with single spaces.
fn normalized(text: &str) -> String {
    let plain: String = text.to_lowercase().chars().filter(|c| !c.is_ascii_punctuation()).collect();
    // Articles as whole words: what is no letter, digit or underscore ends one.
    let mut words = String::new();
    let mut word = String::new();
    for c in plain.chars().chain([' ']) {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        if !matches!(word.as_str(), "a" | "an" | "the") {
            words.push_str(&word);
        }
        word.clear();
        words.push(if c.is_whitespace() { ' ' } else { c });
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::references::{cases, check, texts};
    use super::*;

    /// SQuAD's evaluation script on random answers.
    #[test]
    fn equal_the_reference() {
        for case in cases("answers") {
            let right: Vec<String> = texts(&case["right"]).into_iter().map(String::from).collect();
            let said = case["said"].as_str().expect("a text");
            check(&case, "exact", f64::from(u8::from(exact_match(said, &right))), 0.0);
            check(&case, "f1", f1(said, &right), 1e-12);
        }
    }
}
