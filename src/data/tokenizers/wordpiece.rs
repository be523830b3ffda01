//! WordPiece: BERT's normaliser, its splitting into words, its special tokens.

use super::{Failure, added_tokens, merges::Merges};
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

/// BERT's special tokens, in the order of their ids.
const SPECIAL: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/// Special tokens and a few letters.
pub(super) const LEAST_VOCAB: usize = 64;

pub(super) fn each_word(text: &str, mut count: impl FnMut(&str)) -> Result<(), Failure> {
    let mut normalized = NormalizedString::from(text);
    normalizer().normalize(&mut normalized)?;
    let mut words = PreTokenizedString::from(normalized);
    BertPreTokenizer.pre_tokenize(&mut words)?;
    words.get_splits(OffsetReferential::Normalized, OffsetType::Byte).into_iter().for_each(|(word, _, _)| count(word));
    Ok(())
}

pub(super) fn file(words: &BTreeMap<String, i64>, vocab_size: usize) -> Value {
    let vocab = vocabulary(words, vocab_size);
    let ids: BTreeMap<&str, u32> = vocab.iter().zip(0u32..).map(|(token, id)| (token.as_str(), id)).collect();
    json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": added_tokens(&SPECIAL),
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", ids["[SEP]"]], "cls": ["[CLS]", ids["[CLS]"]]},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": ids,
        },
    })
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
    // Words with a letter that was not kept are left out: they become `[UNK]` anyway.
    let as_ids = |word: &str| symbols(word).map(|s| ids.get(&s).copied()).collect::<Option<Vec<u32>>>();
    let mut merges = Merges::new(words.iter().filter_map(|(word, count)| Some((as_ids(word)?, *count))).collect());
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
