//! One token a character: byte-pair encoding without a merge.

use super::{Failure, Texts, added_tokens, post_processor};
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What stands between documents, and what stands for a character that the training split lacks.
const SPECIAL: [&str; 2] = ["<|endoftext|>", "[UNK]"];

/// Special tokens and two characters.
pub(super) const LEAST_VOCAB: usize = 4;

/// The vocabulary of texts, each alone, that have so many different characters.
pub fn words_of_characters(different: usize) -> usize {
    (different + SPECIAL.len()).max(LEAST_VOCAB)
}

pub(super) fn each(text: &str, mut count: impl FnMut(&str)) -> Result<(), Failure> {
    let mut letter = [0; 4];
    text.chars().for_each(|c| count(c.encode_utf8(&mut letter)));
    Ok(())
}

/// The most frequent characters, in their own order.
pub(super) fn file(characters: &BTreeMap<String, i64>, texts: Texts, vocab_size: usize) -> Value {
    let (special, unknown) =
        if texts == Texts::Pairs { (&Texts::PAIRS[..], Texts::PAIRS[2]) } else { (&SPECIAL[..], SPECIAL[1]) };
    let mut kept: Vec<(&String, &i64)> = characters.iter().collect();
    kept.sort_by_key(|(_, count)| Reverse(**count));
    kept.truncate(vocab_size - special.len());
    kept.sort();
    let vocab = special.iter().copied().chain(kept.iter().map(|(character, _)| character.as_str()));
    let ids: BTreeMap<&str, usize> = vocab.enumerate().map(|(id, token)| (token, id)).collect();
    json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": added_tokens(special),
        "normalizer": null, "pre_tokenizer": null, "post_processor": post_processor(texts), "decoder": {"type": "Fuse"},
        "model": {"type": "BPE", "dropout": null, "unk_token": unknown, "fuse_unk": false, "vocab": ids, "merges": []},
    })
}
