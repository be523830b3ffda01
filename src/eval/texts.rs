//! Texts that a model writes from others or from recordings, beside what stands in the data.

use super::metrics::error_rate::Edits;
use super::metrics::overlap::{Characters, Words, exact_match, rouge_l, rouge_n};
use super::of_words;
use crate::spec::{Compared, Metric};
use regex::Regex;
use std::sync::LazyLock;

/// What the model makes of one source.
#[derive(Debug, Clone, PartialEq)]
pub struct TextSaid {
    /// What it reads; of a recording, what that is called.
    pub source: String,
    pub reference: String,
    /// Summed cross entropy of the reference's tokens, each told from those before it, and how many there are.
    pub nats: f64,
    pub tokens: usize,
    written: Option<Written>,
}

/// A text that was written, and all that metrics need of it.
#[derive(Debug, Clone, PartialEq)]
struct Written {
    text: String,
    words: Words,
    characters: Characters,
    /// ROUGE-1, ROUGE-2, ROUGE-L.
    rouge: [f64; 3],
    exact: f64,
    /// Of words and of characters.
    edits: [Edits; 2],
}

impl TextSaid {
    /// `predicted`: what the model wrote, where it was asked to. White space at its ends is none of it.
    /// `compared`: what becomes of both before they are compared.
    pub fn new([source, reference]: [String; 2], predicted: Option<&str>, compared: Compared, nats: f64, tokens: usize) -> Self {
        let written = predicted.map(|text| match compared {
            Compared::Raw => Written::new(text.trim(), &reference),
            Compared::LowercaseWithoutPunctuation => {
                let [said, right] = [text, &reference].map(lowercase_without_punctuation);
                Written { text: text.trim().into(), ..Written::new(&said, &right) }
            }
        });
        TextSaid { source, reference, nats, tokens, written }
    }

    /// What was written; nothing where nothing was asked.
    pub fn predicted(&self) -> Option<&str> {
        self.written.as_ref().map(|written| written.text.as_str())
    }

    /// The same with the source as what was written; nothing is told of single tokens then.
    #[must_use]
    pub(super) fn copied(&self) -> Self {
        TextSaid::new([self.source.clone(), self.reference.clone()], Some(&self.source), Compared::Raw, f64::NAN, self.tokens)
    }
}

/// Words alone, a space between them: letters small, apostrophes within words taken out, other marks and signs as if they were spaces.
fn lowercase_without_punctuation(text: &str) -> String {
    static APOSTROPHES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(\p{L})['’ʼ](\p{L})").ok());
    static SIGNS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[\p{P}\p{S}\p{C}]").ok());
    let replaced = |text: &str, of: &Option<Regex>, by: &str| match of {
        Some(of) => of.replace_all(text, by).into_owned(),
        None => unreachable!("a constant pattern is right"),
    };
    // Apostrophes may share a letter: a second pass finds those that the first left.
    let lower = (0..2).fold(text.to_lowercase(), |text, _| replaced(&text, &APOSTROPHES, "$1$2"));
    replaced(&lower, &SIGNS, " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Written {
    fn new(text: &str, reference: &str) -> Self {
        let (said, right) = (&[text][..], &[reference][..]);
        Written {
            text: text.into(),
            words: Words::of(text, reference),
            characters: Characters::of(text, reference),
            rouge: [rouge_n(said, right, 1), rouge_n(said, right, 2), rouge_l(said, right)],
            exact: exact_match(said, right),
            edits: [Edits::of_words(text, reference), Edits::of_characters(text, reference)],
        }
    }
}

/// `metric` of all of them; NaN for a metric of something else, for none, and where nothing was written.
pub(super) fn of_texts<'a>(metric: Metric, each: impl Iterator<Item = &'a TextSaid> + Clone) -> f64 {
    if metric == Metric::Perplexity {
        let (nats, tokens) = each.fold((0.0, 0), |(nats, tokens), said| (nats + said.nats, tokens + said.tokens));
        return of_words(metric, nats / tokens as f64, tokens, 0);
    }
    let written = || each.clone().filter_map(|said| said.written.as_ref());
    let count = written().count();
    if count == 0 || count < each.clone().count() {
        return f64::NAN;
    }
    let mean = |of: fn(&Written) -> f64| written().map(of).sum::<f64>() / count as f64;
    match metric {
        Metric::Bleu => written().map(|written| written.words).sum::<Words>().bleu(),
        Metric::Chrf => written().map(|written| written.characters).sum::<Characters>().chrf(),
        Metric::Rouge1 => mean(|written| written.rouge[0]),
        Metric::Rouge2 => mean(|written| written.rouge[1]),
        Metric::RougeL => mean(|written| written.rouge[2]),
        Metric::ExactMatch => mean(|written| written.exact),
        Metric::Wer => written().map(|written| written.edits[0]).sum::<Edits>().rate(),
        Metric::Cer => written().map(|written| written.edits[1]).sum::<Edits>().rate(),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::super::metrics::{error_rate, overlap};
    use super::*;
    use crate::eval::{Guess, Predictions};

    const CASES: [[&str; 3]; 4] = [
        ["the cat sat on the mat", "die katze sass auf der matte", "die katze sass auf einer matte"],
        ["a dog", "ein hund bellt laut", "ein hund bellt laut"],
        ["hello there", "hallo", ""],
        ["he reads a book today", "er liest heute ein buch", " er liest ein buch heute\n"],
    ];

    fn said(written: bool) -> Predictions {
        let one = |[source, reference, predicted]: [&str; 3]| {
            TextSaid::new([source.into(), reference.into()], written.then_some(predicted), Compared::Raw, 2.0, 4)
        };
        Predictions::Texts(CASES.map(one).to_vec())
    }

    /// Over all texts, what the functions of whole corpora say.
    #[test]
    fn metrics_are_those_of_the_corpus() {
        let (predicted, references) = (CASES.map(|case| case[2].trim()), CASES.map(|case| case[1]));
        let check = |metric: Metric, expected: f64| {
            let found = said(true).metric(metric);
            assert!((found - expected).abs() < 1e-12, "{metric:?}: {found}, expected {expected}");
            assert!(said(false).metric(metric).is_nan(), "{metric:?}");
        };
        check(Metric::Bleu, overlap::bleu(&predicted, &references));
        check(Metric::Chrf, overlap::chrf(&predicted, &references));
        check(Metric::Rouge1, rouge_n(&predicted, &references, 1));
        check(Metric::Rouge2, rouge_n(&predicted, &references, 2));
        check(Metric::RougeL, rouge_l(&predicted, &references));
        check(Metric::ExactMatch, 0.25);
        check(Metric::Wer, error_rate::word_error_rate(&predicted, &references));
        check(Metric::Cer, error_rate::character_error_rate(&predicted, &references));
        assert!((said(false).metric(Metric::Perplexity) - 0.5f64.exp()).abs() < 1e-12);
        assert!(said(true).metric(Metric::Accuracy).is_nan());
        assert!(said(true).lines().all(|line| line["predicted"].is_string()));
    }

    #[test]
    fn copying_is_a_guess_and_resampling_gives_an_interval() {
        let sources = CASES.map(|case| case[0]);
        let expected = overlap::chrf(&sources, &CASES.map(|case| case[1]));
        let guessed = said(true).score_of(&Guess::Source, Metric::Chrf).expect("a score");
        assert!((guessed - expected).abs() < 1e-12, "{guessed}, expected {expected}");
        assert_eq!(said(true).score_of(&Guess::Source, Metric::Perplexity), None);
        let found = said(true).intervals(&[Metric::Bleu, Metric::Perplexity]);
        let [low, high] = found[&Metric::Bleu];
        let score = said(true).metric(Metric::Bleu);
        assert!(low < score && score < high, "{low} to {high} around {score}");
        // Every text has the same.
        let [low, high] = found[&Metric::Perplexity];
        assert!((low - high).abs() < 1e-12);
    }

    #[test]
    fn marks_and_case_do_not_count_where_they_are_not_asked_for() {
        for (text, expected) in [
            ("Hello,  World!", "hello world"),
            ("Don't — stop: O'Brien’s \"best\".", "dont stop obriens best"),
            ("  'quoted' words ", "quoted words"),
            ("well-known, 3.5 % of $9", "well known 3 5 of 9"),
            ("ÉTÉ, Straße; ÇA VA?", "été straße ça va"),
            ("नमस्ते।", "नमस्ते"),
            ("你好，世界", "你好 世界"),
            ("...", ""),
            ("a'b'c", "abc"),
        ] {
            assert_eq!(lowercase_without_punctuation(text), expected, "{text:?}");
        }
        let score = |compared: Compared, metric: Metric| {
            let said = TextSaid::new(["a.wav".into(), "Hello, World!".into()], Some(" hello world "), compared, 1.0, 3);
            assert_eq!((said.predicted(), said.reference.as_str()), (Some("hello world"), "Hello, World!"), "as it was written");
            Predictions::Texts(vec![said]).metric(metric)
        };
        let plain = Compared::LowercaseWithoutPunctuation;
        assert_eq!((score(Compared::Raw, Metric::Wer), score(plain, Metric::Wer)), (1.0, 0.0));
        assert_eq!((score(Compared::Raw, Metric::ExactMatch), score(plain, Metric::ExactMatch)), (0.0, 1.0));
        assert!(score(Compared::Raw, Metric::Cer) > 0.2 && score(plain, Metric::Cer) == 0.0);
    }
}
