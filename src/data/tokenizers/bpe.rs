//! Byte-pair encoding over bytes, as GPT-2 has it (Radford et al. 2019, section 2.2): every text is made of its tokens alone.

use super::{Failure, Texts, added_tokens, merges::Merges, post_processor};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

/// Stands between documents.
const SPECIAL: [&str; 1] = ["<|endoftext|>"];

/// All bytes and what stands between documents.
pub(super) const LEAST_VOCAB: usize = 257;

/// Words in the library's letters for bytes, a space being part of the word behind it.
/// Of pairs the first word has a space before it, too: so a word is the same token wherever it stands.
pub(super) fn each_word(text: &str, texts: Texts, mut count: impl FnMut(&str)) -> Result<(), Failure> {
    let mut words = PreTokenizedString::from(text);
    ByteLevel::new(texts == Texts::Pairs, false, true).pre_tokenize(&mut words)?;
    words.get_splits(OffsetReferential::Normalized, OffsetType::Byte).into_iter().for_each(|(word, _, _)| count(word));
    Ok(())
}

pub(super) fn file(words: &BTreeMap<String, i64>, texts: Texts, vocab_size: usize) -> Value {
    let special = if texts == Texts::Pairs { &Texts::PAIRS[..] } else { &SPECIAL[..] };
    let mut letters: Vec<char> = ByteLevel::alphabet().into_iter().collect();
    letters.sort_unstable();
    let mut vocab: Vec<String> = special.iter().map(|token| token.to_string()).collect();
    vocab.extend(letters.iter().map(char::to_string));
    let id = |letter: char| letters.binary_search(&letter).ok().map(|at| (special.len() + at) as u32);
    let as_ids = |word: &str| word.chars().map(id).collect::<Option<Vec<u32>>>();
    let mut found = Merges::new(words.iter().filter_map(|(word, count)| Some((as_ids(word)?, *count))).collect());
    let mut ids: BTreeMap<String, u32> = vocab.iter().cloned().zip(0..).collect();
    let mut merges: Vec<[String; 2]> = Vec::new();
    while vocab.len() < vocab_size {
        let Some((left, right)) = found.most_frequent() else { break };
        let pair = [vocab[left as usize].clone(), vocab[right as usize].clone()];
        let token = pair.concat();
        // Two pairs may spell the same token.
        let id = *ids.entry(token.clone()).or_insert_with(|| {
            vocab.push(token);
            vocab.len() as u32 - 1
        });
        merges.push(pair);
        found.merge((left, right), id);
    }
    let bytes = json!({"type": "ByteLevel", "add_prefix_space": texts == Texts::Pairs, "trim_offsets": false, "use_regex": true});
    let decoder = match texts {
        Texts::Alone => bytes.clone(),
        // Without the space that was put before the first word.
        Texts::Pairs => {
            json!({"type": "Sequence", "decoders": [bytes, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})
        }
    };
    json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": added_tokens(special),
        "normalizer": null, "pre_tokenizer": bytes, "post_processor": post_processor(texts), "decoder": decoder,
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "fuse_unk": false, "vocab": ids, "merges": merges},
    })
}
