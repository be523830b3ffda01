//! The tokenizer that a GGUF file carries, as a `tokenizer.json` has it.
//!
//! Two kinds are known: byte-pair encoding over bytes (`gpt2`), whose rules for cutting texts into words the file names, and the pieces of
//! SentencePiece with bytes for what they lack (`llama`), whose scores give the order of merges. How they are written as `tokenizer.json`
//! is what public models of these kinds have there.

use super::sentencepiece::{begins_with, merged_pieces};
use crate::data::{Error, Result};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use tallow_zoo::gguf::Gguf;

/// Kinds of tokens, as files number them.
const UNKNOWN: f64 = 2.0;
const CONTROL: f64 = 3.0;
const USER_DEFINED: f64 = 4.0;

/// How a text is cut into words, by the name in files.
const CUTS: [(&[&str], Cut); 4] = [
    (&["gpt-2", "default", "gpt2", ""], Cut::Gpt2),
    (&["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone"], Cut::Digits),
    (&["llama-bpe", "llama3", "llama-v3"], Cut::Regex { digits: "{1,3}" }),
    (&["qwen2", "deepseek-r1-qwen"], Cut::Regex { digits: "" }),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Gpt2,
    /// The same, with each digit a word.
    Digits,
    /// Llama 3's, with so many digits a word.
    Regex {
        digits: &'static str,
    },
}

/// The `tokenizer.json` of a file that begins as GGUF, and the tokens that end a text as it says.
///
/// # Errors
/// It cannot be read, has none, or one of another kind.
pub(super) fn json_of(file: &mut File, path: &Path) -> Result<(Vec<u8>, Vec<u32>)> {
    let wrong = |what: String| Error::Tokenizer { path: path.into(), what };
    let read = Gguf::read(file).map_err(|e| wrong(e.to_string()))?;
    Ok((tokenizer_of(&read).map_err(wrong)?.to_string().into_bytes(), ends_of(&read)))
}

/// Whether a GGUF file carries a tokenizer.
pub(crate) fn has_tokenizer(file: &Gguf) -> bool {
    file.texts("tokenizer.ggml.tokens").is_some()
}

/// The file's `tokenizer.json`.
///
/// # Errors
/// It has none, or one of another kind: in words.
fn tokenizer_of(file: &Gguf) -> Result<Value, String> {
    let key = |name: &str| format!("tokenizer.ggml.{name}");
    let tokens = file.texts(&key("tokens")).ok_or("the GGUF file carries no tokenizer")?;
    let kinds = file.numbers(&key("token_type")).unwrap_or_default();
    let kind = |id: usize| kinds.get(id).copied().unwrap_or(1.0);
    let added: Vec<Value> = (0..tokens.len())
        .filter(|id| [UNKNOWN, CONTROL, USER_DEFINED].contains(&kind(*id)))
        .map(|id| {
            json!({"id": id, "content": tokens[id], "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
                   "special": kind(id) != USER_DEFINED})
        })
        .collect();
    let vocab: Map<String, Value> = tokens.iter().enumerate().map(|(id, token)| (token.clone(), json!(id))).collect();
    let name = file.text(&key("model")).unwrap_or_default();
    let (mut made, begins) = match name {
        "gpt2" => bytes(file, vocab)?,
        "llama" => pieces(file, tokens, vocab),
        other => return Err(format!("the GGUF file's tokenizer is of the kind `{other}`: expected `gpt2` or `llama`")),
    };
    made["version"] = json!("1.0");
    made["added_tokens"] = json!(added);
    let bos = file.number_of(&key("bos_token_id")).and_then(|id| Some((id, tokens.get(usize::try_from(id).ok()?)?)));
    if let Some((id, token)) = bos.filter(|_| file.flag(&key("add_bos_token")).unwrap_or(begins)) {
        made["post_processor"] = begins_with(id as usize, token);
    }
    Ok(made)
}

/// Tokens that end a text or a turn, as the file says.
fn ends_of(file: &Gguf) -> Vec<u32> {
    let ids = ["eos_token_id", "eot_token_id", "eom_token_id"].map(|name| file.number_of(&format!("tokenizer.ggml.{name}")));
    ids.into_iter().flatten().filter_map(|id| u32::try_from(id).ok()).collect()
}

/// The tokens that templates name.
pub(crate) fn named_tokens(file: &Gguf) -> BTreeMap<String, String> {
    let Some(tokens) = file.texts("tokenizer.ggml.tokens") else { return BTreeMap::new() };
    let names = [("bos_token", "bos"), ("eos_token", "eos"), ("unk_token", "unknown"), ("pad_token", "padding")];
    let of = |(name, short): (&str, &str)| {
        let id = file.number_of(&format!("tokenizer.ggml.{short}_token_id"))?;
        Some((name.to_string(), tokens.get(usize::try_from(id).ok()?)?.clone()))
    };
    names.into_iter().filter_map(of).collect()
}

/// Byte-pair encoding over bytes; and whether a text begins with a token of its own where the file does not say.
fn bytes(file: &Gguf, vocab: Map<String, Value>) -> Result<(Value, bool), String> {
    let merges = file.texts("tokenizer.ggml.merges").ok_or("the GGUF file's tokenizer has no merges")?;
    let merges: Vec<[&str; 2]> = merges.iter().filter_map(|merge| merge.split_once(' ').map(|(a, b)| [a, b])).collect();
    let name = file.text("tokenizer.ggml.pre").unwrap_or_default();
    let cut = CUTS.iter().find(|(names, _)| names.contains(&name)).map(|(_, cut)| *cut).ok_or_else(|| {
        let known: Vec<&str> = CUTS.iter().flat_map(|(names, _)| names.iter()).copied().filter(|name| !name.is_empty()).collect();
        format!(
            "the GGUF file's tokenizer cuts words as `{name}`: expected one of {}, or a `tokenizer.json` beside it",
            known.join(", ")
        )
    })?;
    let level =
        |use_regex: bool| json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": use_regex});
    let pre_tokenizer = match cut {
        Cut::Gpt2 => level(true),
        Cut::Digits => {
            json!({"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, level(true)]})
        }
        Cut::Regex { digits } => {
            let regex = format!(
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
            );
            let split = json!({"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": false});
            json!({"type": "Sequence", "pretokenizers": [split, level(false)]})
        }
    };
    let llama = cut == Cut::Regex { digits: "{1,3}" };
    let normalizer = if cut == (Cut::Regex { digits: "" }) { json!({"type": "NFC"}) } else { Value::Null };
    let model = json!({
        "type": "BPE", "dropout": null, "unk_token": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": llama,
        "vocab": vocab, "merges": merges,
    });
    Ok((json!({"normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "decoder": level(true), "model": model}), llama))
}

/// Pieces with bytes for what they lack.
fn pieces(file: &Gguf, tokens: &[String], vocab: Map<String, Value>) -> (Value, bool) {
    let scores = file.numbers("tokenizer.ggml.scores").unwrap_or_default();
    let score = |id: usize| scores.get(id).copied().unwrap_or(0.0);
    let unknown = file.number_of("tokenizer.ggml.unknown_token_id").and_then(|id| tokens.get(usize::try_from(id).ok()?));
    let prefixed = file.flag("tokenizer.ggml.add_space_prefix").unwrap_or(true);
    (merged_pieces(tokens, score, vocab, unknown.map(String::as_str), prefixed), true)
}
