//! BERT's way to cut texts, for texts of plain ASCII: such a text is cleaned, lower-cased and parted letter by letter, and the pieces of
//! each word are looked up, once found by the tokenizer's own model. What is anything else goes the tokenizer's whole way. Gives the same
//! tokens, several times as fast: most words of a data set are seen again and again.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use tokenizers::{Model, ModelWrapper, NormalizerWrapper, PreTokenizerWrapper, Tokenizer, TruncationDirection};

/// Words that are remembered, none of them longer than this.
const MOST_WORDS: usize = 1 << 20;
const LONGEST: usize = 64;

pub(super) struct Wordwise<'a> {
    tokenizer: &'a Tokenizer,
    lowercase: bool,
    /// Special tokens around each text.
    begin: Vec<u32>,
    end: Vec<u32>,
    /// Tokens of a text among them.
    most: usize,
    /// Letters that a token may begin with which the text itself may hold, such as `[MASK]`.
    marks: [bool; 128],
    known: RwLock<HashMap<String, Box<[u32]>>>,
}

impl<'a> Wordwise<'a> {
    /// None: it cuts texts otherwise.
    pub(super) fn of(tokenizer: &'a Tokenizer) -> Option<Self> {
        let Some(NormalizerWrapper::BertNormalizer(normalizer)) = tokenizer.get_normalizer() else { return None };
        let parts_words = matches!(tokenizer.get_pre_tokenizer(), Some(PreTokenizerWrapper::BertPreTokenizer(_)));
        let has_pieces = matches!(tokenizer.get_model(), ModelWrapper::WordPiece(_));
        let truncation = tokenizer.get_truncation()?;
        if !normalizer.clean_text || !parts_words || !has_pieces || truncation.direction != TruncationDirection::Right {
            return None;
        }
        let mut marks = [false; 128];
        for token in tokenizer.get_added_tokens_decoder().values() {
            let first = token.content.bytes().next().filter(u8::is_ascii)?;
            marks[usize::from(first.to_ascii_lowercase())] = true;
            marks[usize::from(first.to_ascii_uppercase())] = true;
        }
        let encode = |text: &str| tokenizer.encode_fast(text, true).ok();
        let (special, probe) = (encode("")?.get_ids().to_vec(), encode("a")?);
        let pieces = pieces(tokenizer, "a")?;
        let whole = |k: usize| [&special[..k], &pieces, &special[k..]].concat();
        let at = (0..=special.len()).find(|k| whole(*k) == probe.get_ids())?;
        if probe.get_type_ids().iter().any(|id| *id != 0) {
            return None;
        }
        let (begin, end) = (special[..at].to_vec(), special[at..].to_vec());
        let most = truncation.max_length.checked_sub(special.len())?;
        Some(Wordwise { tokenizer, lowercase: normalizer.lowercase, begin, end, most, marks, known: RwLock::default() })
    }

    /// The tokens of a text with those around it, and whether it was cut; none: it is for the tokenizer itself. Nothing is read beyond
    /// where it is cut.
    pub(super) fn ids(&self, text: &str) -> Option<(Vec<u32>, bool)> {
        let is_other = |byte: u8| !byte.is_ascii() || self.marks[usize::from(byte)];
        let whole = text.len();
        let plain = text.bytes().position(is_other).map_or(whole, |at| {
            // A word that something else follows may be another with it.
            text.as_bytes()[..at].iter().rposition(u8::is_ascii_whitespace).unwrap_or(0)
        });
        let mut ids = self.begin.clone();
        let mut new: Vec<(String, Box<[u32]>)> = Vec::new();
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            for word in Words::of(&text[..plain], self.lowercase) {
                if ids.len() - self.begin.len() > self.most {
                    break;
                }
                match known.get(&word) {
                    Some(pieces) => ids.extend_from_slice(pieces),
                    None => {
                        let pieces = pieces(self.tokenizer, &word)?;
                        ids.extend_from_slice(&pieces);
                        if word.len() <= LONGEST {
                            new.push((word, pieces.into()));
                        }
                    }
                }
            }
        }
        if !new.is_empty() {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            let room = MOST_WORDS.saturating_sub(known.len());
            known.extend(new.into_iter().take(room));
        }
        let cut = ids.len() - self.begin.len() > self.most;
        if plain < whole && !cut {
            return None;
        }
        ids.truncate(self.begin.len() + self.most);
        ids.extend_from_slice(&self.end);
        Some((ids, cut))
    }
}

/// What the model makes of a word.
fn pieces(tokenizer: &Tokenizer, word: &str) -> Option<Vec<u32>> {
    Some(tokenizer.get_model().tokenize(word).ok()?.into_iter().map(|token| token.id).collect())
}

/// The words of a text of ASCII, and each mark by itself. Control characters are none, and part no word.
struct Words<'t> {
    bytes: std::iter::Peekable<std::str::Bytes<'t>>,
    lowercase: bool,
}

impl<'t> Words<'t> {
    fn of(text: &'t str, lowercase: bool) -> Self {
        Words { bytes: text.bytes().peekable(), lowercase }
    }
}

impl Iterator for Words<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut word = String::new();
        while let Some(byte) = self.bytes.peek().copied() {
            let is_space = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
            let is_mark = byte.is_ascii_punctuation();
            if (is_space || is_mark) && !word.is_empty() {
                return Some(word);
            }
            self.bytes.next();
            match byte {
                _ if is_space || byte.is_ascii_control() => {}
                _ if is_mark => return Some(char::from(byte).to_string()),
                _ => word.push(char::from(if self.lowercase { byte.to_ascii_lowercase() } else { byte })),
            }
        }
        (!word.is_empty()).then_some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::tokenizers::Trainer;
    use crate::spec::TokenizerKind;
    use tokenizers::TruncationParams;

    fn tokenizer(max_length: usize) -> Tokenizer {
        let mut trainer = Trainer::of(TokenizerKind::Wordpiece);
        for text in ["the lower wrestler rested, newly", "low west! (the) won't re-do 1,000 of 10 a b c d e f g"] {
            trainer.add(text).expect("added");
        }
        let mut tokenizer = trainer.tokenizer(150).expect("trained");
        let truncation = TruncationParams { max_length, ..TruncationParams::default() };
        tokenizer.with_truncation(Some(truncation)).expect("truncated");
        tokenizer
    }

    #[test]
    fn the_same_tokens_as_the_tokenizers_own() {
        // Every two characters, in words and out of them, and texts that end in anything.
        let mut texts: Vec<String> = vec![String::new(), " ".into(), "x".repeat(101), format!("{} a", "y".repeat(100))];
        for a in 0u8..128 {
            for b in [0u8, 9, 10, 11, 12, 13, 28, 32, 39, 45, 65, 97, 122, 126, 127] {
                texts.push(format!("The lo{}{}wer WEST{}", char::from(a), char::from(b), char::from(a)));
            }
        }
        texts.extend((0..60).map(|n| "won't re-do the lower (1,000) ".repeat(n)));
        for most in [5, 16, 512] {
            let tokenizer = tokenizer(most);
            let wordwise = Wordwise::of(&tokenizer).expect("of BERT's kind");
            for text in texts.iter().chain(&texts) {
                let expected = tokenizer.encode_fast(text.as_str(), true).expect("encoded");
                match wordwise.ids(text) {
                    Some((ids, cut)) => {
                        assert_eq!(ids, expected.get_ids(), "{text:?}");
                        assert_eq!(cut, !expected.get_overflowing().is_empty(), "{text:?}");
                        assert!(expected.get_type_ids().iter().all(|id| *id == 0));
                    }
                    None => assert!(text.contains('['), "{text:?}"),
                }
            }
        }
    }

    #[test]
    fn what_is_no_plain_text_goes_the_whole_way() {
        let tokenizer = tokenizer(16);
        let wordwise = Wordwise::of(&tokenizer).expect("of BERT's kind");
        for text in ["caf\u{e9}", "the [MASK]", "\u{4e2d}"] {
            assert_eq!(wordwise.ids(text), None, "{text}");
        }
        // Unless it was cut before, and not at a word that goes on.
        let long = "the lower west ".repeat(9);
        for text in [format!("{long} caf\u{e9}"), format!("{long}[MASK]"), format!("{long}\u{301}")] {
            let expected = tokenizer.encode_fast(text.as_str(), true).expect("encoded");
            assert_eq!(wordwise.ids(&text), Some((expected.get_ids().to_vec(), true)), "{text}");
        }
        assert_eq!(wordwise.ids(&format!("{}\u{301}", "x".repeat(60))), None, "one word");
        let mut other = Trainer::of(TokenizerKind::Bpe);
        other.add("some text").expect("added");
        assert!(Wordwise::of(&other.tokenizer(300).expect("trained")).is_none());
    }
}
