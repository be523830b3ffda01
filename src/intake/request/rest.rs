//! The text of a request, less the phrases that were understood.

use crate::intake::regex;
use regex::{Captures, Regex};
use std::ops::Range;
use std::sync::LazyLock;

/// Stands where something was cut out, so that its neighbours do not become one phrase.
const GAP: &str = " ¦ ";

/// What is left to understand.
pub(super) struct Rest {
    text: String,
    /// Phrases that say what is not wanted.
    negated: Vec<String>,
}

/// A phrase that was cut out.
pub(super) struct Cut {
    /// As the user wrote it.
    pub(super) words: String,
    groups: Vec<(String, String)>,
}

impl Cut {
    fn new(found: &Captures<'_>, names: regex::CaptureNames<'_>) -> Cut {
        let group = |name: &str| Some((name.to_string(), found.name(name)?.as_str().trim().to_string()));
        Cut { words: tidy(&found[0]), groups: names.flatten().filter_map(group).collect() }
    }

    /// What a named group of the pattern holds; empty where it took no part.
    pub(super) fn get(&self, name: &str) -> &str {
        self.groups.iter().find(|(other, _)| other == name).map_or("", |(_, text)| text)
    }
}

impl Rest {
    pub(super) fn new(text: &str) -> Rest {
        static MOST: LazyLock<Regex> = LazyLock::new(|| {
            regex(
                r"(?i)\b(?:(?:no|not|never|\w+n['’]t)(?: (?:use|spend|take|run|train|need)(?: for| it)?)? (?:more|longer|later|over|above) than|(?:(?:do|does|should|must|may|can) ?not|don['’]t|doesn['’]t|not|never) (?:exceed|take (?:more|longer) than|go (?:over|above)))\b",
            )
        });
        static LEAST: LazyLock<Regex> =
            LazyLock::new(|| regex(r"(?i)\b(?:no|not|never) (?:less|fewer|lower|worse|shorter) than\b|\bnot (?:below|under)\b"));
        let spaced = format!(" {} ", text.split_whitespace().collect::<Vec<_>>().join(" "));
        // These are limits, not negations.
        let text = LEAST.replace_all(&MOST.replace_all(&spaced, "at most"), "at least").into_owned();
        Rest { text, negated: Vec::new() }
    }

    /// The first match of `pattern` that is not negated, cut out. Those that are negated are cut out before it.
    pub(super) fn cut(&mut self, pattern: &Regex) -> Option<Cut> {
        static NEGATION: LazyLock<Regex> = LazyLock::new(|| regex(&format!("{NOT}$")));
        self.cut_unless_after(pattern, &NEGATION)
    }

    /// The same where another phrase `before` it negates it, too.
    pub(super) fn cut_unless_after(&mut self, pattern: &Regex, before: &Regex) -> Option<Cut> {
        let mut from = 0;
        loop {
            let (range, cut) = {
                let found = pattern.captures_at(&self.text, from)?;
                (found.get(0)?.range(), Cut::new(&found, pattern.capture_names()))
            };
            match self.cut_range(range, before) {
                Ok(()) => return Some(cut),
                Err(next) => from = next,
            }
        }
    }

    /// The first word for which `take` has a value, cut out: it is told the word before and the word.
    pub(super) fn cut_word<T>(&mut self, take: impl Fn(&str, &str) -> Option<T>) -> Option<T> {
        static WORD: LazyLock<Regex> = LazyLock::new(|| regex(r"\S+"));
        static NEGATION: LazyLock<Regex> = LazyLock::new(|| regex(&format!("{NOT}$")));
        let mut from = 0;
        let mut before = String::new();
        loop {
            let range = WORD.find_at(&self.text, from)?.range();
            let word = self.text[range.clone()]
                .trim_matches(|c: char| matches!(c, ',' | ';' | '"' | '\'' | '`' | '(' | ')' | '!' | '?'))
                .trim_end_matches(['.', ':']);
            let (word, taken) = (word.to_string(), take(&before, word));
            from = range.end;
            if let Some(taken) = taken {
                match self.cut_range(range, &NEGATION) {
                    Ok(()) => return Some(taken),
                    Err(next) => from = next,
                }
            }
            before = word.to_lowercase();
        }
    }

    /// Cuts it out; a negated one with what negates it, and then the place to go on is the error.
    fn cut_range(&mut self, range: Range<usize>, before: &Regex) -> Result<(), usize> {
        let negated = before.find(&self.text[..range.start]).map(|found| found.start());
        let whole = negated.unwrap_or(range.start)..range.end;
        if negated.is_some() {
            self.negated.push(tidy(&self.text[whole.clone()]));
        }
        let at = whole.start;
        self.text.replace_range(whole, GAP);
        if negated.is_some() { Err(at + GAP.len()) } else { Ok(()) }
    }

    /// Phrases that nothing understood; words that carry no wish of their own are left out.
    pub(super) fn left_over(self) -> Vec<String> {
        let mut phrases = self.negated;
        for clause in self.text.split([',', ';', ':', '(', ')', '"', '!', '?', '¦', '\n']) {
            let (mut phrase, mut negated): (Vec<&str>, bool) = (Vec::new(), false);
            let mut end = |phrase: &mut Vec<&str>| {
                if !phrase.is_empty() {
                    phrases.push(std::mem::take(phrase).join(" "));
                }
            };
            for word in clause.split_whitespace().map(bare).filter(|word| !word.is_empty()) {
                let negation = is_negation(word);
                if negation || is_filler(word) && !negated {
                    end(&mut phrase);
                }
                // What is negated goes on to the end of the clause, whatever its words are.
                negated |= negation;
                if negated || !is_filler(word) {
                    phrase.push(word);
                }
            }
            end(&mut phrase);
        }
        phrases
    }
}

/// A negation and the few words that may stand between it and what is not wanted.
pub(super) const NOT: &str = concat!(
    r"(?i)\b(?:no|not|never|without|avoid(?:ing)?|except(?: for)?|excluding|skip(?:ping)?|neither|nor|\w+n['’]t|cannot|instead of|rather than|other than|anything but|unlike)",
    r"(?:\s+(?:use|using|any|a|an|the|my|to|be|it|do|want|need|have|run|train|reach|with|on|of|for|large|big|small|tiny|single|pre-?trained|fine-?tune|fine-?tuning)){0,4}\s*"
);

fn is_negation(word: &str) -> bool {
    const WORDS: [&str; 12] =
        ["no", "not", "never", "without", "avoid", "avoiding", "except", "excluding", "neither", "nor", "cannot", "instead"];
    let word = word.to_lowercase();
    WORDS.contains(&word.as_str()) || word.ends_with("n't") || word.ends_with("n’t")
}

/// Words that carry no wish of their own.
#[rustfmt::skip]
pub(super) const FILLERS: &[&str] = &[
    "a", "an", "the", "to", "of", "on", "for", "with", "in", "at", "by", "as", "is", "are", "be", "it", "its", "it's", "this", "that", "which", "from", "into",
    "and", "or", "then", "so", "also", "but", "i", "i'd", "i'm", "am", "we", "me", "my", "our", "us", "you", "please", "can", "could", "would", "should", "want",
    "wants", "like", "need", "needs", "let's", "have", "has", "some", "any", "there", "here", "use", "using", "used", "run", "do", "make", "build", "take",
    "give", "get", "see", "reach", "reaches", "reaching", "achieve", "achieving", "try", "learn", "teach", "train", "training", "trained", "fine-tune", "finetune",
    "fine-tunes", "fine-tuned", "fine-tuning", "finetuning", "finetuned", "tune", "classify", "classifies", "classifying", "classification", "classifier",
    "classifiers", "predict", "evaluate", "test", "measure", "experiment", "report", "result", "results", "model", "models", "network", "neural", "data",
    "dataset", "set", "file", "folder", "text", "texts", "image", "images", "recording", "recordings", "audio", "sentiment", "task", "most", "least", "more", "than", "up", "within", "under",
    "over", "above", "about", "around", "max", "maximum", "only", "just", "limit", "time", "budget", "target", "goal", "score", "good", "best", "well",
    "possible", "cpu", "random", "randomly", "settings", "setting", "start", "starting", "called", "named",
];

pub(super) fn is_filler(word: &str) -> bool {
    FILLERS.contains(&word.to_lowercase().as_str())
}

/// The word without the signs around it; a number keeps its sign and per cent.
fn bare(word: &str) -> &str {
    let end = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '%');
    let start = end.trim_start_matches(|c: char| !c.is_alphanumeric());
    let before = &end[..end.len() - start.len()];
    match before.chars().last() {
        Some(sign @ ('-' | '.')) if start.starts_with(|c: char| c.is_ascii_digit()) => &end[before.len() - sign.len_utf8()..],
        _ => start,
    }
}

/// On one line, without the gaps and signs around it.
fn tidy(words: &str) -> String {
    let words = words.replace('¦', " ");
    let words = words.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '(' | ')' | '=' | '~'));
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
