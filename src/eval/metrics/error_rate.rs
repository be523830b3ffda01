//! Word and character error rate, as `jiwer` has them by default: edits over the whole corpus by the length of the references.

/// Substitutions, insertions and deletions of words between white space, over the words of the references; lower is better, above 1
/// is possible. Without any reference word: 0 if nothing was said either, else infinite.
#[cfg(test)]
pub(in crate::eval) fn word_error_rate(said: &[&str], references: &[&str]) -> f64 {
    rate(said, references, |text| words(text))
}

/// As [`word_error_rate`], of characters; white space at both ends does not count.
#[cfg(test)]
pub(in crate::eval) fn character_error_rate(said: &[&str], references: &[&str]) -> f64 {
    rate(said, references, |text| characters(text))
}

/// Between spaces, or where two or more characters of white space of any kind stand together: a line's end alone joins two words.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(found) = text[at..].find(char::is_whitespace) {
        let gap = at + found;
        let end = text[gap..].find(|c: char| !c.is_whitespace()).map_or(text.len(), |behind| gap + behind);
        if &text[gap..end] == " " || text[gap..end].chars().nth(1).is_some() {
            words.push(&text[from..gap]);
            from = end;
        }
        at = end;
    }
    words.push(&text[from..]);
    words.into_iter().map(str::trim).filter(|word| !word.is_empty()).collect()
}

fn characters(text: &str) -> Vec<char> {
    text.trim().chars().collect()
}

#[cfg(test)]
fn rate<'a, T: PartialEq>(said: &[&'a str], references: &[&'a str], parts: impl Fn(&'a str) -> Vec<T>) -> f64 {
    said.iter().zip(references).map(|(said, reference)| Edits::of(&parts(said), &parts(reference))).sum::<Edits>().rate()
}

/// Edits that turn texts into their references, and how long these are: what a rate is made of, to be added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::eval) struct Edits {
    edits: usize,
    length: usize,
}

impl Edits {
    /// Of words.
    pub(in crate::eval) fn of_words(said: &str, reference: &str) -> Self {
        Edits::of(&words(said), &words(reference))
    }

    /// Of characters.
    pub(in crate::eval) fn of_characters(said: &str, reference: &str) -> Self {
        Edits::of(&characters(said), &characters(reference))
    }

    fn of<T: PartialEq>(said: &[T], reference: &[T]) -> Self {
        Edits { edits: distance(said, reference), length: reference.len() }
    }

    /// Edits over the length.
    pub(in crate::eval) fn rate(self) -> f64 {
        match (self.edits, self.length) {
            (0, 0) => 0.0,
            (edits, length) => edits as f64 / length as f64,
        }
    }
}

impl std::iter::Sum for Edits {
    fn sum<I: Iterator<Item = Edits>>(each: I) -> Edits {
        each.fold(Edits::default(), |a, b| Edits { edits: a.edits + b.edits, length: a.length + b.length })
    }
}

/// Levenshtein's.
fn distance<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let best = (corner + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = row[j + 1];
            row[j + 1] = best;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::super::references::{cases, check, texts};
    use super::*;

    /// jiwer 4.0.
    #[test]
    fn equal_the_reference() {
        for case in cases("error_rate") {
            let (said, references) = (texts(&case["said"]), texts(&case["references"]));
            check(&case, "wer", word_error_rate(&said, &references), 1e-12);
            check(&case, "cer", character_error_rate(&said, &references), 1e-12);
        }
    }
}
