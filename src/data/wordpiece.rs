//! A WordPiece tokenizer trained on the texts at hand: BERT's normaliser, its splitting into words, its special tokens.
//!
//! Merges are those of byte-pair encoding (the most frequent pair first) inside words, as the `tokenizers` crate's own WordPiece trainer
//! does it; that one numbers symbols in the order of a hash map, so two runs can differ. Here every tie is broken by the symbols' order.

use serde_json::json;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer, Tokenizer};

/// BERT's special tokens, in the order of their ids.
const SPECIAL: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/// The smallest vocabulary that makes sense.
pub(super) const LEAST_VOCAB: usize = 64;

/// A pair that stands less often than this is not worth a token.
const LEAST_COUNT: i64 = 2;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Counts words over texts; then makes the tokenizer.
#[derive(Default)]
pub(super) struct WordCounts {
    words: BTreeMap<String, i64>,
}

impl WordCounts {
    pub(super) fn add(&mut self, text: &str) -> Result<(), Failure> {
        let mut normalized = NormalizedString::from(text);
        normalizer().normalize(&mut normalized)?;
        let mut words = PreTokenizedString::from(normalized);
        BertPreTokenizer.pre_tokenize(&mut words)?;
        for (word, _, _) in words.get_splits(OffsetReferential::Normalized, OffsetType::Byte) {
            match self.words.get_mut(word) {
                Some(count) => *count += 1,
                None => {
                    self.words.insert(word.to_string(), 1);
                }
            }
        }
        Ok(())
    }

    /// A tokenizer of at most `vocab_size` tokens.
    pub(super) fn tokenizer(&self, vocab_size: usize) -> Result<Tokenizer, Failure> {
        let vocab = vocabulary(&self.words, vocab_size);
        let ids: BTreeMap<&str, u32> = vocab.iter().zip(0u32..).map(|(token, id)| (token.as_str(), id)).collect();
        let added = |(id, content): (usize, &str)| json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true});
        // The file's own format says it in one piece.
        let file = json!({
            "version": "1.0", "truncation": null, "padding": null,
            "added_tokens": SPECIAL.into_iter().enumerate().map(added).collect::<Vec<_>>(),
            "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", ids["[SEP]"]], "cls": ["[CLS]", ids["[CLS]"]]},
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
            "model": {
                "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": ids,
            },
        });
        Tokenizer::from_bytes(file.to_string())
    }
}

fn normalizer() -> BertNormalizer {
    BertNormalizer::new(true, true, None, true)
}

/// Special tokens, letters, then merges in the order in which they were found.
fn vocabulary(words: &BTreeMap<String, i64>, vocab_size: usize) -> Vec<String> {
    let mut vocab: Vec<String> = SPECIAL.map(String::from).to_vec();
    let letters = letters(words, (vocab_size - SPECIAL.len()) / 2);
    vocab.extend(letters);
    let ids: HashMap<String, u32> = vocab.iter().cloned().zip(0u32..).collect();
    let mut merges = Merges::new(words, &ids);
    let mut known = ids;
    while vocab.len() < vocab_size {
        let Some((left, right)) = merges.most_frequent() else { break };
        let token = format!("{}{}", vocab[left as usize], vocab[right as usize].trim_start_matches("##"));
        let id = *known.entry(token.clone()).or_insert_with(|| {
            vocab.push(token);
            vocab.len() as u32 - 1
        });
        merges.merge((left, right), id);
    }
    vocab
}

/// The most frequent letters, as they stand at the start of a word (`a`) and inside it (`##a`); sorted.
fn letters(words: &BTreeMap<String, i64>, most: usize) -> Vec<String> {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for (word, count) in words {
        for symbol in symbols(word) {
            *counts.entry(symbol).or_default() += count;
        }
    }
    let mut ordered: Vec<(Reverse<i64>, String)> = counts.into_iter().map(|(symbol, count)| (Reverse(count), symbol)).collect();
    ordered.sort();
    let mut kept: Vec<String> = ordered.into_iter().take(most).map(|(_, symbol)| symbol).collect();
    kept.sort();
    kept
}

fn symbols(word: &str) -> impl Iterator<Item = String> {
    word.chars().enumerate().map(|(i, c)| if i == 0 { c.to_string() } else { format!("##{c}") })
}

type Pair = (u32, u32);

/// Words as symbols, and how often each pair of neighbours stands in them.
struct Merges {
    words: Vec<(Vec<u32>, i64)>,
    counts: HashMap<Pair, i64>,
    /// Words that hold, or once held, a pair.
    places: HashMap<Pair, Vec<usize>>,
    /// Counts as they once were; what has changed since is put back with its present count.
    queue: BinaryHeap<(i64, Reverse<Pair>)>,
}

impl Merges {
    /// Words with a letter that was not kept are left out: they become `[UNK]` anyway.
    fn new(words: &BTreeMap<String, i64>, ids: &HashMap<String, u32>) -> Self {
        let as_ids = |word: &str| symbols(word).map(|s| ids.get(&s).copied()).collect::<Option<Vec<u32>>>();
        let words: Vec<(Vec<u32>, i64)> = words.iter().filter_map(|(word, count)| Some((as_ids(word)?, *count))).collect();
        let mut merges = Merges { words: Vec::new(), counts: HashMap::new(), places: HashMap::new(), queue: BinaryHeap::new() };
        for (at, (symbols, count)) in words.iter().enumerate() {
            for pair in symbols.windows(2).map(|w| (w[0], w[1])) {
                merges.add(pair, *count, at);
            }
        }
        merges.words = words;
        merges.queue = merges.counts.iter().map(|(pair, count)| (*count, Reverse(*pair))).collect();
        merges
    }

    fn add(&mut self, pair: Pair, count: i64, word: usize) {
        *self.counts.entry(pair).or_default() += count;
        let places = self.places.entry(pair).or_default();
        if places.last() != Some(&word) {
            places.push(word);
        }
    }

    /// The most frequent pair; among equals the one of the smallest symbols.
    fn most_frequent(&mut self) -> Option<Pair> {
        while let Some((count, Reverse(pair))) = self.queue.pop() {
            let now = self.counts.get(&pair).copied().unwrap_or_default();
            if count == now {
                return (now >= LEAST_COUNT).then_some(pair);
            }
            if now >= LEAST_COUNT {
                self.queue.push((now, Reverse(pair)));
            }
        }
        None
    }

    /// Makes one symbol of a pair wherever it stands.
    fn merge(&mut self, pair: Pair, id: u32) {
        let mut touched: Vec<Pair> = Vec::new();
        for at in self.places.remove(&pair).unwrap_or_default() {
            let (old, count) = self.words[at].clone();
            let mut new = Vec::with_capacity(old.len());
            let mut i = 0;
            while i < old.len() {
                let here = i + 1 < old.len() && (old[i], old[i + 1]) == pair;
                new.push(if here { id } else { old[i] });
                i += 1 + usize::from(here);
            }
            if new.len() == old.len() {
                continue;
            }
            for gone in old.windows(2).map(|w| (w[0], w[1])) {
                *self.counts.entry(gone).or_default() -= count;
            }
            for come in new.windows(2).map(|w| (w[0], w[1])) {
                self.add(come, count, at);
                touched.push(come);
            }
            self.words[at].0 = new;
        }
        self.counts.remove(&pair);
        touched.sort_unstable();
        touched.dedup();
        self.queue.extend(touched.into_iter().map(|p| (self.counts[&p], Reverse(p))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trained(texts: &[&str], vocab_size: usize) -> Tokenizer {
        let mut counts = WordCounts::default();
        texts.iter().for_each(|t| counts.add(t).expect("counted"));
        counts.tokenizer(vocab_size).expect("a tokenizer")
    }

    #[test]
    fn frequent_words_become_one_token_and_the_rest_is_spelt() {
        let tokenizer = trained(&["Low lower LOWER, low!", "newest newest widest"], 100);
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
        let json = || trained(&texts, 90).to_string(true).expect("json");
        let first = json();
        (0..5).for_each(|_| assert_eq!(json(), first));
        let again = Tokenizer::from_bytes(first.as_bytes()).expect("reads back");
        assert!(again.get_vocab_size(true) <= 90);
        assert_eq!(again.encode("the cat", true).expect("encoded").get_ids().len(), 4);
    }

    #[test]
    fn counts_stay_right_when_a_pair_overlaps_itself() {
        let words: BTreeMap<String, i64> = [("aaaa".to_string(), 3)].into();
        let vocab = vocabulary(&words, 64);
        assert!(vocab.contains(&"aaaa".to_string()), "{vocab:?}");
    }
}
