//! The tokenizer that a GGUF file carries, as a `tokenizer.json` has it.
//!
//! Two kinds are known: byte-pair encoding over bytes (`gpt2`), whose rules for cutting texts into words the file names, and the pieces of
//! SentencePiece with bytes for what they lack (`llama`), whose scores give the order of merges. How they are written as `tokenizer.json`
//! is what public models of these kinds have there.

use crate::data::{Error, Result};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};
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

/// The text of a `tokenizer.json`, or of what a GGUF file has in its place, and the tokens that end a text as that says.
///
/// # Errors
/// It cannot be read; the GGUF file has none, or one of another kind.
pub(crate) fn tokenizer_json(path: &Path) -> Result<(Vec<u8>, Vec<u32>)> {
    let io = |source| Error::Io { action: "read", path: path.into(), source };
    let wrong = |what: String| Error::Tokenizer { path: path.into(), what };
    let mut file = File::open(path).map_err(io)?;
    let mut magic = [0; 4];
    if file.read_exact(&mut magic).is_ok() && &magic == b"GGUF" {
        let read = Gguf::read(&mut file).map_err(|e| wrong(e.to_string()))?;
        return Ok((tokenizer_of(&read).map_err(wrong)?.to_string().into_bytes(), ends_of(&read)));
    }
    let mut json = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut json)).map_err(io)?;
    Ok((json, Vec::new()))
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
        made["post_processor"] = json!({
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": token, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {token.as_str(): {"id": token, "ids": [id], "tokens": [token]}},
        });
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

/// The space of SentencePiece.
const SPACE: &str = "\u{2581}";

/// Pieces with bytes for what they lack.
fn pieces(file: &Gguf, tokens: &[String], vocab: Map<String, Value>) -> (Value, bool) {
    let scores = file.numbers("tokenizer.ggml.scores").unwrap_or_default();
    let score = |id: usize| scores.get(id).copied().unwrap_or(0.0);
    let id = |piece: &str| vocab.get(piece).and_then(Value::as_u64);
    // Every way in which a piece is two others; the likeliest piece first.
    let mut merges: Vec<(f64, [u64; 2], [&str; 2])> = Vec::new();
    for (at, piece) in tokens.iter().enumerate() {
        let begin = merges.len();
        for (cut, _) in piece.char_indices().skip(1) {
            let (left, right) = piece.split_at(cut);
            if let (Some(a), Some(b)) = (id(left), id(right)) {
                merges.push((score(at), [a, b], [left, right]));
            }
        }
        merges[begin..].sort_by_key(|(_, ids, _)| *ids);
    }
    merges.sort_by(|a, b| b.0.total_cmp(&a.0));
    let merges: Vec<[&str; 2]> = merges.into_iter().map(|(_, _, pair)| pair).collect();
    let unknown = file.number_of("tokenizer.ggml.unknown_token_id").and_then(|id| tokens.get(usize::try_from(id).ok()?));
    let prefixed = file.flag("tokenizer.ggml.add_space_prefix").unwrap_or(true);
    let spaces = json!({"type": "Replace", "pattern": {"String": " "}, "content": SPACE});
    let normalizer = match prefixed {
        true => json!({"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": SPACE}, spaces]}),
        false => spaces,
    };
    let mut decoders = vec![
        json!({"type": "Replace", "pattern": {"String": SPACE}, "content": " "}),
        json!({"type": "ByteFallback"}),
        json!({"type": "Fuse"}),
    ];
    if prefixed {
        decoders.push(json!({"type": "Strip", "content": " ", "start": 1, "stop": 0}));
    }
    let model = json!({
        "type": "BPE", "dropout": null, "unk_token": unknown, "fuse_unk": true, "byte_fallback": true, "ignore_merges": false,
        "vocab": vocab, "merges": merges,
    });
    let made = json!({"normalizer": normalizer, "pre_tokenizer": null, "decoder": {"type": "Sequence", "decoders": decoders}, "model": model});
    (made, true)
}
