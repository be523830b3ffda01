//! Tokenizers made from the texts at hand, as `tokenizer.json` files that every library reads.
//!
//! Merges are those of byte-pair encoding (Sennrich et al. 2016, arXiv 1508.07909), as the `tokenizers` crate's own trainers make them;
//! those number symbols in the order of a hash map, so that two runs can differ. Here every tie is broken by the symbols' order.

mod bpe;
mod characters;
pub(crate) mod gguf;
pub(crate) mod given;
pub(super) mod marian;
mod merges;
mod sentencepiece;
mod wordpiece;

pub use characters::words_of_characters;

use crate::spec::TokenizerKind;
use std::collections::BTreeMap;
use tokenizers::Tokenizer;

/// What the tokenizers of language models call the token that ends a text, likeliest first.
pub const ENDS_OF_TEXT: [&str; 6] = ["<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<|im_end|>", "<|eot_id|>"];

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What tokens of a tokenizer mean more than their letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Texts {
    /// As models of the kind have them.
    Alone,
    /// Of two texts, as T5 has them: padding, the end of a text, which stands behind each, and what is unknown.
    Pairs,
}

impl Texts {
    const PAIRS: [&str; 3] = ["<pad>", "</s>", "<unk>"];
}

/// Counts what a tokenizer is made from over texts; then makes it.
pub(super) struct Trainer {
    kind: TokenizerKind,
    texts: Texts,
    /// Words or characters, and how often each stands in the texts.
    words: BTreeMap<String, i64>,
}

impl Trainer {
    pub(super) fn of(kind: TokenizerKind) -> Self {
        Trainer { kind, texts: Texts::Alone, words: BTreeMap::new() }
    }

    /// For pairs of texts, one vocabulary for both; `prefix` stands before every source.
    ///
    /// # Errors
    /// The prefix cannot be cut into words.
    pub(super) fn of_pairs(kind: TokenizerKind, prefix: &str) -> Result<Self, Failure> {
        let mut trainer = Trainer { kind, texts: Texts::Pairs, words: BTreeMap::new() };
        trainer.add(prefix)?;
        Ok(trainer)
    }

    /// The smallest vocabulary that makes sense.
    pub(super) fn least_vocab(&self) -> usize {
        match self.kind {
            TokenizerKind::Wordpiece => wordpiece::LEAST_VOCAB,
            TokenizerKind::Bpe => bpe::LEAST_VOCAB + self.more(),
            TokenizerKind::Characters => characters::LEAST_VOCAB + self.more(),
        }
    }

    /// Tokens that pairs need besides.
    fn more(&self) -> usize {
        if self.texts == Texts::Pairs { Texts::PAIRS.len() - 1 } else { 0 }
    }

    /// # Errors
    /// The text cannot be cut into words.
    pub(super) fn add(&mut self, text: &str) -> Result<(), Failure> {
        let words = &mut self.words;
        let count = |word: &str| match words.get_mut(word) {
            Some(count) => *count += 1,
            None => drop(words.insert(word.to_string(), 1)),
        };
        match self.kind {
            TokenizerKind::Wordpiece => wordpiece::each_word(text, count),
            TokenizerKind::Bpe => bpe::each_word(text, self.texts, count),
            TokenizerKind::Characters => characters::each(text, count),
        }
    }

    /// A tokenizer of at most `vocab_size` tokens, which is not below [`Trainer::least_vocab`].
    ///
    /// # Errors
    /// The library does not take the file.
    pub(super) fn tokenizer(&self, vocab_size: usize) -> Result<Tokenizer, Failure> {
        let file = match self.kind {
            TokenizerKind::Wordpiece => wordpiece::file(&self.words, vocab_size),
            TokenizerKind::Bpe => bpe::file(&self.words, self.texts, vocab_size),
            TokenizerKind::Characters => characters::file(&self.words, self.texts, vocab_size),
        };
        Tokenizer::from_bytes(file.to_string())
    }
}

/// What stands behind each text, as a `tokenizer.json` has it.
fn post_processor(texts: Texts) -> serde_json::Value {
    match texts {
        Texts::Alone => serde_json::Value::Null,
        Texts::Pairs => {
            let (end, text) =
                (Texts::PAIRS[1], |id: &str, type_id: u32| serde_json::json!({"Sequence": {"id": id, "type_id": type_id}}));
            let behind = |type_id: u32| serde_json::json!({"SpecialToken": {"id": end, "type_id": type_id}});
            serde_json::json!({
                "type": "TemplateProcessing",
                "single": [text("A", 0), behind(0)],
                "pair": [text("A", 0), behind(0), text("B", 0), behind(0)],
                "special_tokens": {end: {"id": end, "ids": [1], "tokens": [end]}},
            })
        }
    }
}

/// Special tokens as a `tokenizer.json` has them, with their places as ids.
fn added_tokens(special: &[&str]) -> Vec<serde_json::Value> {
    let added = |(id, content): (usize, &&str)| {
        serde_json::json!({
            "id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true,
        })
    };
    special.iter().enumerate().map(added).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trained(kind: TokenizerKind, texts: &[&str], vocab_size: usize) -> Tokenizer {
        made(Trainer::of(kind), texts, vocab_size)
    }

    fn made(mut trainer: Trainer, texts: &[&str], vocab_size: usize) -> Tokenizer {
        texts.iter().for_each(|t| trainer.add(t).expect("counted"));
        trainer.tokenizer(vocab_size).expect("a tokenizer")
    }

    #[test]
    fn frequent_words_become_one_token_and_the_rest_is_spelt() {
        let tokenizer = trained(TokenizerKind::Wordpiece, &["Low lower LOWER, low!", "newest newest widest"], 100);
        let encoding = tokenizer.encode(("lower", "wrest"), true).expect("encoded");
        let tokens = encoding.get_tokens();
        assert_eq!((tokens[0].as_str(), tokens[1].as_str(), tokens[2].as_str()), ("[CLS]", "lower", "[SEP]"));
        assert_eq!(encoding.get_type_ids().last(), Some(&1));
        assert!(tokens.len() > 5 && !tokens.contains(&"[UNK]".to_string()), "{tokens:?}");
        assert_eq!(tokenizer.token_to_id("[PAD]"), Some(0));
    }

    #[test]
    fn the_same_texts_give_the_same_file() {
        let texts = ["the cat sat on the mat", "a dog and a cat", "on and on the dog sat", "mats and dogs and cats"];
        for (kind, most) in [(TokenizerKind::Wordpiece, 90), (TokenizerKind::Bpe, 280), (TokenizerKind::Characters, 90)] {
            let json = || trained(kind, &texts, most).to_string(true).expect("json");
            let first = json();
            (0..5).for_each(|_| assert_eq!(json(), first));
            let again = Tokenizer::from_bytes(first.as_bytes()).expect("reads back");
            assert!(again.get_vocab_size(true) <= most, "{kind:?}");
        }
    }

    #[test]
    fn bytes_tell_every_text_and_read_back() {
        let tokenizer = trained(TokenizerKind::Bpe, &["the cat and the dog on the mat\nthe dog"], 300);
        for text in ["the cat", "  Ärger 日本\n\n\tthe\r\n", "<|endoftext|> the", ""] {
            let ids = tokenizer.encode(text, true).expect("encoded");
            assert_eq!(tokenizer.decode(ids.get_ids(), false).expect("decoded"), text);
        }
        let ids = tokenizer.encode("cat the the", true).expect("encoded");
        assert_eq!(ids.get_tokens()[ids.len() - 1], "Ġthe", "a frequent word is one token");
        assert_eq!(tokenizer.token_to_id("<|endoftext|>"), Some(0));
    }

    /// Source and target share one; each ends with `</s>`, and reads back as it was.
    #[test]
    fn those_for_pairs_end_every_text() {
        for (kind, least) in [(TokenizerKind::Bpe, 300), (TokenizerKind::Characters, 30)] {
            let trainer = Trainer::of_pairs(kind, "translate: ").expect("counted");
            let tokenizer = made(trainer, &["the cat sat on the mat", "the dog"], least);
            assert_eq!(["<pad>", "</s>", "<unk>"].map(|token| tokenizer.token_to_id(token)), [Some(0), Some(1), Some(2)]);
            for text in
                ["the cat", "cat the cat", "a dog's mat ", ""].into_iter().take(if kind == TokenizerKind::Bpe { 4 } else { 2 })
            {
                let ids = tokenizer.encode(text, true).expect("encoded");
                assert_eq!(ids.get_ids().last(), Some(&1), "{text}");
                assert_eq!(tokenizer.decode(ids.get_ids(), true).expect("decoded"), text, "{kind:?}");
            }
        }
        let trainer = Trainer::of_pairs(TokenizerKind::Bpe, "").expect("counted");
        let tokenizer = made(trainer, &["the cat sat on the mat"], 300);
        let first = |text: &str| tokenizer.encode(text, true).expect("encoded").get_ids()[0];
        assert_eq!(first("the cat"), first("the dog"), "a word is the same token at the start of a text as within it");
        let last = |text: &str| tokenizer.encode(text, true).expect("encoded").get_ids().iter().rev().nth(1).copied();
        assert_eq!(last("a the"), Some(first("the")));
    }

    #[test]
    fn characters_are_tokens_and_rare_ones_unknown() {
        let tokenizer = trained(TokenizerKind::Characters, &["abba ab\n", "aé"], 6);
        let tokens = |text: &str| tokenizer.encode(text, true).expect("encoded").get_tokens().to_vec();
        assert_eq!(tokens("ab a"), ["a", "b", " ", "a"]);
        assert_eq!(tokens("aéé"), ["a", "[UNK]", "[UNK]"], "the four most frequent are kept, and each unknown is one token");
        let ids = tokenizer.encode("ba\nab", true).expect("encoded");
        assert_eq!(tokenizer.decode(ids.get_ids(), false).expect("decoded"), "ba\nab");
    }
}
