//! Word and character error rate, as `jiwer` has them by default: edits over the whole corpus by the length of the references.

/// Substitutions, insertions and deletions of words between white space, over the words of the references; lower is better, above 1
/// is possible. Without any reference word: 0 if nothing was said either, else infinite.
pub fn word_error_rate(said: &[&str], references: &[&str]) -> f64 {
    rate(said, references, |text| text.split(' ').map(str::trim).filter(|word| !word.is_empty()).collect())
}

/// As [`word_error_rate`], of characters; white space at both ends does not count.
pub fn character_error_rate(said: &[&str], references: &[&str]) -> f64 {
    rate(said, references, |text| text.trim().chars().collect())
}

fn rate<'a, T: PartialEq>(said: &[&'a str], references: &[&'a str], parts: impl Fn(&'a str) -> Vec<T>) -> f64 {
    let (mut edits, mut length) = (0, 0);
    for (said, reference) in said.iter().zip(references) {
        let reference = parts(reference);
        edits += distance(&parts(said), &reference);
        length += reference.len();
    }
    match (edits, length) {
        (0, 0) => 0.0,
        (edits, length) => edits as f64 / length as f64,
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
    use super::*;

    /// jiwer 4.0.
    #[test]
    fn equal_the_reference() {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/metrics/references.json")).unwrap();
        let cases = file["error_rate"].as_array().unwrap();
        assert!(cases.len() >= 60);
        for case in cases {
            let texts = |name: &str| case[name].as_array().unwrap().iter().map(|t| t.as_str().unwrap()).collect::<Vec<_>>();
            let (said, references) = (texts("said"), texts("references"));
            for (name, found) in [("wer", word_error_rate(&said, &references)), ("cer", character_error_rate(&said, &references))]
            {
                assert!((found - case[name].as_f64().unwrap()).abs() < 1e-12, "{name} {found}: {case}");
            }
        }
    }
}
