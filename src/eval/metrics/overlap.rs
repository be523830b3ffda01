//! Texts against a reference each, by the n-grams that both have: BLEU and chrF as `sacrebleu` has them by default, ROUGE as
//! `rouge-score` has it without stemming.

use super::share;
use std::collections::HashMap;
use std::hash::Hash;
use std::iter::Sum;

/// BLEU of a corpus (Papineni et al., 2002), 0 to 100: 4-grams of the tokens of `mteval-v13a`, one reference a text, orders without a
/// hit smoothed as in that script.
///
/// ```
/// use tallow::eval::metrics::overlap::bleu;
/// assert!((bleu(&["The cat sat on the mat."], &["The cat sat on the mat."]) - 100.0).abs() < 1e-9);
/// ```
pub fn bleu(said: &[&str], references: &[&str]) -> f64 {
    said.iter().zip(references).map(|(said, reference)| Words::of(said, reference)).sum::<Words>().bleu()
}

/// chrF2 of a corpus (Popović, 2015), 0 to 100: 1- to 6-grams of characters but white space, recall counting four times as much as
/// precision.
pub fn chrf(said: &[&str], references: &[&str]) -> f64 {
    said.iter().zip(references).map(|(said, reference)| Characters::of(said, reference)).sum::<Characters>().chrf()
}

/// What BLEU counts of texts: their sum over a corpus is the corpus's.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Words {
    grams: [Overlap; 4],
    said_len: usize,
    reference_len: usize,
}

impl Words {
    pub fn of(said: &str, reference: &str) -> Self {
        let [said, reference] = [said, reference].map(words_13a);
        let grams = [1, 2, 3, 4].map(|n| Overlap::of(&said, &reference, n));
        Words { grams, said_len: said.len(), reference_len: reference.len() }
    }

    pub fn bleu(&self) -> f64 {
        if self.grams.iter().all(|gram| gram.hits == 0) {
            return 0.0;
        }
        // A text that is too short costs.
        let (said, reference) = (self.said_len, self.reference_len);
        let brevity = if said < reference { (1.0 - reference as f64 / said as f64).exp() } else { 1.0 };
        let (mut log_sum, mut smooth) = (0.0, 1.0);
        for Overlap { hits, said, .. } in self.grams {
            // No text has so many words: the precision is zero.
            if said == 0 {
                return 0.0;
            }
            let found = if hits == 0 {
                smooth *= 2.0;
                1.0 / smooth
            } else {
                hits as f64
            };
            log_sum += (100.0 * found / said as f64).ln();
        }
        brevity * (log_sum / self.grams.len() as f64).exp()
    }
}

impl Sum for Words {
    fn sum<I: Iterator<Item = Words>>(texts: I) -> Words {
        texts.fold(Words::default(), |mut sum, text| {
            sum.grams.iter_mut().zip(text.grams).for_each(|(sum, more)| sum.add(more));
            Words { said_len: sum.said_len + text.said_len, reference_len: sum.reference_len + text.reference_len, ..sum }
        })
    }
}

/// What chrF counts of texts: their sum over a corpus is the corpus's.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Characters {
    grams: [Overlap; 6],
}

impl Characters {
    pub fn of(said: &str, reference: &str) -> Self {
        let [said, reference] = [said, reference].map(|text| text.chars().filter(|c| !is_space(*c)).collect::<Vec<_>>());
        let gram = |n: usize| {
            let overlap = Overlap::of(&said, &reference, n);
            // A reference that is shorter than the n-gram says nothing of it.
            Overlap { said: if overlap.reference > 0 { overlap.said } else { 0 }, ..overlap }
        };
        Characters { grams: [1, 2, 3, 4, 5, 6].map(gram) }
    }

    pub fn chrf(&self) -> f64 {
        const BETA_SQUARED: f64 = 4.0;
        let told: Vec<&Overlap> = self.grams.iter().filter(|sum| sum.said > 0 && sum.reference > 0).collect();
        let mean = |of: fn(&Overlap) -> f64| told.iter().map(|sum| of(sum)).sum::<f64>() / told.len().max(1) as f64;
        let (precision, recall) = (mean(|sum| share(sum.hits, sum.said)), mean(|sum| share(sum.hits, sum.reference)));
        if precision + recall == 0.0 {
            return 0.0;
        }
        100.0 * (1.0 + BETA_SQUARED) * precision * recall / (BETA_SQUARED * precision + recall)
    }
}

impl Sum for Characters {
    fn sum<I: Iterator<Item = Characters>>(texts: I) -> Characters {
        texts.fold(Characters::default(), |mut sum, text| {
            sum.grams.iter_mut().zip(text.grams).for_each(|(sum, more)| sum.add(more));
            sum
        })
    }
}

/// ROUGE-N (Lin, 2004), 0 to 1: the mean over all texts of the F measure of their n-grams of words.
pub fn rouge_n(said: &[&str], references: &[&str], n: usize) -> f64 {
    mean(said, references, |said, reference| {
        let overlap = Overlap::of(said, reference, n);
        f_measure(share(overlap.hits, overlap.said), share(overlap.hits, overlap.reference))
    })
}

/// ROUGE-L, 0 to 1: as [`rouge_n`], of the longest sequence of words that both have in this order.
pub fn rouge_l(said: &[&str], references: &[&str]) -> f64 {
    mean(said, references, |said, reference| {
        let common = longest_common(said, reference);
        f_measure(share(common, said.len()), share(common, reference.len()))
    })
}

/// The share of texts that are their reference to the letter, but for white space at both ends.
pub fn exact_match(said: &[&str], references: &[&str]) -> f64 {
    let same = said.iter().zip(references).filter(|(said, reference)| said.trim() == reference.trim()).count();
    share(same, said.len())
}

fn mean(said: &[&str], references: &[&str], score: impl Fn(&[String], &[String]) -> f64) -> f64 {
    let scores: Vec<f64> =
        said.iter().zip(references).map(|(said, reference)| score(&words_of_rouge(said), &words_of_rouge(reference))).collect();
    scores.iter().sum::<f64>() / scores.len().max(1) as f64
}

fn f_measure(precision: f64, recall: f64) -> f64 {
    if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 }
}

/// N-grams: of a text, of its reference, and of both.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Overlap {
    said: usize,
    reference: usize,
    hits: usize,
}

impl Overlap {
    fn add(&mut self, more: Overlap) {
        self.said += more.said;
        self.reference += more.reference;
        self.hits += more.hits;
    }

    fn of<T: Eq + Hash>(said: &[T], reference: &[T], n: usize) -> Overlap {
        let mut left: HashMap<&[T], usize> = HashMap::new();
        reference.windows(n).for_each(|gram| *left.entry(gram).or_default() += 1);
        let mut hits = 0;
        for gram in said.windows(n) {
            // Each of the reference's is hit once.
            if let Some(count) = left.get_mut(gram).filter(|count| **count > 0) {
                *count -= 1;
                hits += 1;
            }
        }
        let count = |len: usize| (len + 1).saturating_sub(n);
        Overlap { said: count(said.len()), reference: count(reference.len()), hits }
    }
}

/// As Python splits.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// The tokens of `mteval-v13a`: marks stand alone, full stops and commas too unless between digits, a dash behind a digit.
fn words_13a(text: &str) -> Vec<String> {
    let text = text.trim_end_matches(is_space).replace("<skipped>", "").replace("-\n", "").replace('\n', " ");
    let text = text.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">");
    let is_mark = |c: char| matches!(c, '{'..='~' | '['..='`' | ' '..='&' | '('..='+' | ':'..='@' | '/');
    let mut chars = vec![' '];
    for c in text.chars() {
        if is_mark(c) { chars.extend([' ', c, ' ']) } else { chars.push(c) }
    }
    chars.push(' ');
    let (stop, digit) = (|c: char| c == '.' || c == ',', |c: char| c.is_ascii_digit());
    let chars = spaced(&chars, |a, b| (!digit(a) && stop(b)).then_some([a, ' ', b, ' ']));
    let chars = spaced(&chars, |a, b| (stop(a) && !digit(b)).then_some([' ', a, ' ', b]));
    let chars = spaced(&chars, |a, b| (digit(a) && b == '-').then_some([a, ' ', b, ' ']));
    chars.split(|c| is_space(*c)).filter(|word| !word.is_empty()).map(|word| word.iter().collect()).collect()
}

/// From left to right, what `change` makes of two neighbours; each belongs to one pair.
fn spaced(chars: &[char], change: impl Fn(char, char) -> Option<[char; 4]>) -> Vec<char> {
    let (mut out, mut at) = (Vec::with_capacity(chars.len() + 16), 0);
    while at < chars.len() {
        match chars.get(at + 1).and_then(|next| change(chars[at], *next)) {
            Some(changed) => {
                out.extend(changed);
                at += 2;
            }
            None => {
                out.push(chars[at]);
                at += 1;
            }
        }
    }
    out
}

/// Runs of Latin letters without marks and of digits, in lower case.
fn words_of_rouge(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let words = text.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit()));
    words.filter(|word| !word.is_empty()).map(str::to_string).collect()
}

fn longest_common<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for x in a {
        let mut corner = 0;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if x == y { corner + 1 } else { above.max(row[j]) };
            corner = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::super::references::{check, texts};
    use super::*;
    use serde_json::Value;

    /// sacrebleu and rouge-score, on random corpora: `tests/fixtures/metrics/overlap.py`.
    #[test]
    fn equal_the_references() {
        let file = include_str!("../../../tests/fixtures/metrics/overlap.json");
        let cases: Vec<Value> = serde_json::from_str(file).expect("JSON");
        assert!(cases.len() >= 100);
        for case in &cases {
            let (said, references) = (texts(&case["said"]), texts(&case["references"]));
            check(case, "bleu", bleu(&said, &references), 1e-12);
            check(case, "chrf", chrf(&said, &references), 1e-12);
            check(case, "rouge1", rouge_n(&said, &references, 1), 1e-12);
            check(case, "rouge2", rouge_n(&said, &references, 2), 1e-12);
            check(case, "rougeL", rouge_l(&said, &references), 1e-12);
        }
    }

    #[test]
    fn nothing_said_is_worth_nothing() {
        for score in [bleu, chrf, |a: &[&str], b: &[&str]| rouge_n(a, b, 1), rouge_l, exact_match] {
            assert_eq!(score(&[""], &["a word"]), 0.0);
            assert_eq!(score(&[], &[]), 0.0);
        }
        assert_eq!(exact_match(&[" a b\n", "c"], &["a b", "d"]), 0.5);
    }
}
