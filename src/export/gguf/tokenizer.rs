//! A `tokenizer.json` as GGUF has it: the words by their number, what kind each is, and how texts are cut: by merges of byte-level BPE, or
//! by the scores of SentencePiece's. llama.cpp has a name for each way in which texts are parted before that; one that has none here is
//! refused, for a wrong one would cut texts wrongly without a word.

use super::{Beside, Header};
use crate::export::Error;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// Kinds of words.
const NORMAL: i32 = 1;
const UNKNOWN: i32 = 2;
const CONTROL: i32 = 3;
const USER_DEFINED: i32 = 4;
const UNUSED: i32 = 5;
const BYTE: i32 = 6;

/// What stands for a space in SentencePiece's words.
const SPACE: &str = "▁";

/// Tokens that begin and end texts, by the names that models have for them, where nobody says which.
const BEGINS: [&str; 4] = ["<s>", "<bos>", "<|begin_of_text|>", "<|endoftext|>"];
const ENDS: [&str; 6] = ["</s>", "<eos>", "<|end_of_text|>", "<|eot_id|>", "<|im_end|>", "<|endoftext|>"];

/// How texts are parted, by the pattern of `tokenizer.json`, and llama.cpp's name for it.
const PATTERNS: [(&str, &str); 3] = [
    (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        "llama-bpe",
    ),
    (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+", "qwen2"),
    (r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", "gpt-2"),
];

pub(super) fn write(header: &mut Header, vocab_size: usize, beside: &Beside) -> Result<(), Error> {
    let wrong = |what: String| Error::Tokenizer { what };
    let json = beside.tokenizer;
    let model = &json["model"];
    if model["type"] != "BPE" {
        return Err(wrong(format!("its model is {}, expected \"BPE\"", model["type"])));
    }
    let (tokens, kinds) = words(json, vocab_size)?;
    let merges = merges(model)?;
    // SentencePiece's has a token for each byte that no other token has.
    let pieces = model["byte_fallback"] == true;
    match pieces {
        true => {
            cut_as_pieces(json).map_err(wrong)?;
            header.text("tokenizer.ggml.model", "llama");
            header.text("tokenizer.ggml.pre", "default");
        }
        false => {
            header.text("tokenizer.ggml.model", "gpt2");
            header.text("tokenizer.ggml.pre", parting(&json["pre_tokenizer"]).map_err(wrong)?);
            changes_nothing(json).map_err(wrong)?;
        }
    }
    header.texts("tokenizer.ggml.tokens", &tokens);
    if pieces {
        header.reals("tokenizer.ggml.scores", &scores(&tokens, &merges));
        header.flag("tokenizer.ggml.add_space_prefix", puts_a_space(json));
    } else {
        let joined: Vec<String> = merges.iter().map(|[left, right]| format!("{left} {right}")).collect();
        header.texts("tokenizer.ggml.merges", &joined);
    }
    header.whole_numbers("tokenizer.ggml.token_type", &kinds);
    let id = |token: &str| tokens.iter().position(|known| known == token);
    let told = |role: &str, usual: &[&str]| {
        let own = beside.special.get(role).and_then(|token| id(token));
        own.or_else(|| usual.iter().find_map(|token| id(token)))
    };
    for (key, role, usual) in [
        ("bos_token_id", "bos_token", &BEGINS[..]),
        ("eos_token_id", "eos_token", &ENDS),
        ("unknown_token_id", "unk_token", &[]),
        ("padding_token_id", "pad_token", &[]),
    ] {
        if let Some(id) = told(role, usual) {
            header.number(&format!("tokenizer.ggml.{key}"), id);
        }
    }
    header.flag("tokenizer.ggml.add_bos_token", begins_with_a_token(json, told("bos_token", &BEGINS), &tokens));
    if let Some(template) = beside.chat_template {
        header.text("tokenizer.chat_template", template);
    }
    Ok(())
}

/// Byte-level BPE is given texts as they are, and says nothing of what words begin or end with; NFC changes no text that is written as
/// texts are.
fn changes_nothing(json: &Json) -> Result<(), String> {
    let is_nfc = |normalizer: &Json| normalizer.is_null() || normalizer["type"] == "NFC";
    let normalizer = &json["normalizer"];
    let several = normalizer["normalizers"].as_array().filter(|_| normalizer["type"] == "Sequence");
    if !several.map_or(is_nfc(normalizer), |all| all.iter().all(is_nfc)) {
        return Err(format!("texts are changed by {} before they are cut", several.map_or(&normalizer["type"], |_| normalizer)));
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
        let value = &json["model"][key];
        if value.as_str().is_some_and(|value| !value.is_empty()) {
            return Err(format!("its model has {key} {value}"));
        }
    }
    Ok(())
}

/// SentencePiece's own way: a mark stands for a space, one more before every text or none, and nothing else is changed or parted.
/// llama.cpp knows no other for words with a token for each byte.
fn cut_as_pieces(json: &Json) -> Result<(), String> {
    let pre = &json["pre_tokenizer"];
    let marks_spaces = pre["type"] == "Metaspace" && pre["replacement"] == SPACE;
    // One that parts at its marks joins none of them.
    if !pre.is_null() && !(marks_spaces && pre["split"] == false) {
        return Err(format!("texts are parted by {pre}, which is not as SentencePiece does it"));
    }
    let replaces = |normalizer: &Json| {
        let pattern = &normalizer["pattern"];
        normalizer["type"] == "Replace" && (pattern["String"] == " " || pattern["Regex"] == " ") && normalizer["content"] == SPACE
    };
    let prepends = |normalizer: &Json| normalizer["type"] == "Prepend" && normalizer["prepend"] == SPACE;
    let normalizers = normalizers(json);
    if let Some(other) = normalizers.iter().find(|one| !one.is_null() && !replaces(one) && !prepends(one)) {
        return Err(format!("texts are changed by {} before they are cut", other["type"]));
    }
    match marks_spaces || normalizers.iter().any(|one| replaces(one)) {
        true => Ok(()),
        false => Err(format!("spaces are not written as `{SPACE}`")),
    }
}

/// What changes texts before they are cut, one after the other.
fn normalizers(json: &Json) -> Vec<&Json> {
    let normalizer = &json["normalizer"];
    match normalizer["normalizers"].as_array().filter(|_| normalizer["type"] == "Sequence") {
        Some(several) => several.iter().collect(),
        None => vec![normalizer],
    }
}

/// The words by their number, and the kind of each. A model may have more numbers than the tokenizer has words.
fn words(json: &Json, vocab_size: usize) -> Result<(Vec<String>, Vec<i32>), Error> {
    let wrong = |what: String| Error::Tokenizer { what };
    let mut tokens: Vec<Option<String>> = vec![None; vocab_size];
    let mut kinds = vec![UNUSED; vocab_size];
    let vocab = json["model"]["vocab"].as_object().ok_or_else(|| wrong("it has no vocabulary".into()))?;
    let unknown = json["model"]["unk_token"].as_str();
    let pieces = json["model"]["byte_fallback"] == true;
    let is_byte = |token: &str| pieces && token.len() == 6 && token.starts_with("<0x") && token.ends_with('>');
    let mut put = |token: &str, id: Option<u64>, kind: i32| {
        let id = id.map(|id| id as usize).filter(|id| *id < vocab_size);
        let id = id.ok_or_else(|| wrong(format!("`{token}` has a number that the model of {vocab_size} words has not")))?;
        (tokens[id], kinds[id]) = (Some(token.to_string()), kind);
        Ok::<(), Error>(())
    };
    for (token, id) in vocab {
        let kind = match () {
            () if Some(token.as_str()) == unknown => UNKNOWN,
            () if is_byte(token) => BYTE,
            () => NORMAL,
        };
        put(token, id.as_u64(), kind)?;
    }
    for added in json["added_tokens"].as_array().into_iter().flatten() {
        let token = added["content"].as_str().unwrap_or_default();
        let kind = match added["special"] == true {
            true if Some(token) == unknown => UNKNOWN,
            true => CONTROL,
            false => USER_DEFINED,
        };
        put(token, added["id"].as_u64(), kind)?;
    }
    let named = tokens.into_iter().enumerate().map(|(id, token)| token.unwrap_or_else(|| format!("[PAD{id}]")));
    Ok((named.collect(), kinds))
}

/// Pairs that become one, the first first; written as pairs or, in older files, parted by a space.
fn merges(model: &Json) -> Result<Vec<[String; 2]>, Error> {
    let wrong = || Error::Tokenizer { what: "its merges are no pairs".into() };
    let pair = |merge: &Json| match merge {
        Json::String(text) => {
            let (left, right) = text.split_once(' ').ok_or_else(wrong)?;
            Ok([left.to_string(), right.to_string()])
        }
        other => {
            let part = |i: usize| other[i].as_str().map(str::to_string).ok_or_else(wrong);
            Ok([part(0)?, part(1)?])
        }
    };
    model["merges"].as_array().into_iter().flatten().map(pair).collect()
}

/// What is merged earlier has a higher score; what is never merged has the least.
fn scores(tokens: &[String], merges: &[[String; 2]]) -> Vec<f32> {
    let mut rank: BTreeMap<String, usize> = BTreeMap::new();
    for (at, [left, right]) in merges.iter().enumerate() {
        rank.entry(format!("{left}{right}")).or_insert(at);
    }
    tokens.iter().map(|token| -(rank.get(token).copied().unwrap_or(merges.len()) as f32)).collect()
}

/// llama.cpp's name for how texts are parted.
fn parting(pre: &Json) -> Result<&'static str, String> {
    let all: Vec<&Json> = match pre["type"].as_str() {
        Some("Sequence") => pre["pretokenizers"].as_array().into_iter().flatten().collect(),
        Some(_) => vec![pre],
        None => Vec::new(),
    };
    let kinds: Vec<&str> = all.iter().filter_map(|part| part["type"].as_str()).collect();
    let bytes = all.iter().find(|part| part["type"] == "ByteLevel");
    let spaced = bytes.is_some_and(|bytes| bytes["add_prefix_space"] == true);
    match kinds.as_slice() {
        _ if spaced => Err("it puts a space before every text, which GGUF does not say of byte-level BPE".into()),
        ["ByteLevel"] if bytes.is_some_and(|bytes| bytes["use_regex"] != false) => Ok("gpt-2"),
        ["Digits", "ByteLevel"] if all[0]["individual_digits"] == true => Ok("smollm"),
        ["Split", "ByteLevel"] => {
            let pattern = &all[0]["pattern"];
            let pattern = pattern["Regex"].as_str().or_else(|| pattern["String"].as_str()).unwrap_or_default();
            let known = PATTERNS.iter().find(|(known, _)| *known == pattern).map(|(_, name)| *name);
            known.ok_or_else(|| format!("texts are parted by a pattern that has no name here: {pattern}"))
        }
        kinds => Err(format!("texts are parted by {}, which has no name here", kinds.join(", "))),
    }
}

/// Whether a space is put before the first word, as SentencePiece does.
fn puts_a_space(json: &Json) -> bool {
    let metaspace = &json["pre_tokenizer"];
    // Older files say it by another key.
    let by_mark = metaspace["prepend_scheme"] != "never" && metaspace["add_prefix_space"] != false;
    metaspace["type"] == "Metaspace" && by_mark || normalizers(json).iter().any(|normalizer| normalizer["type"] == "Prepend")
}

/// Whether the tokenizer itself puts the token that begins texts before each.
fn begins_with_a_token(json: &Json, begin: Option<usize>, tokens: &[String]) -> bool {
    let Some(begin) = begin.and_then(|id| tokens.get(id)) else { return false };
    let processors: BTreeSet<String> = match json["post_processor"]["processors"].as_array() {
        Some(several) => several.iter().map(|processor| processor["single"][0].to_string()).collect(),
        None => [json["post_processor"]["single"][0].to_string()].into(),
    };
    let first = serde_json::json!({"SpecialToken": {"id": begin, "type_id": 0}}).to_string();
    processors.contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ways_of_parting_have_the_names_of_llama_cpp() {
        let bytes = |regex: bool| json!({"type": "ByteLevel", "add_prefix_space": false, "use_regex": regex});
        let sequence = |first: Json, regex| json!({"type": "Sequence", "pretokenizers": [first, bytes(regex)]});
        let split = |pattern: &str| json!({"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated"});
        assert_eq!(parting(&bytes(true)), Ok("gpt-2"));
        assert_eq!(parting(&sequence(json!({"type": "Digits", "individual_digits": true}), true)), Ok("smollm"));
        for (pattern, name) in PATTERNS {
            assert_eq!(parting(&sequence(split(pattern), false)), Ok(name));
        }
        assert!(parting(&sequence(split("x"), false)).is_err_and(|what| what.contains("no name here: x")));
        let spaced = json!({"type": "ByteLevel", "add_prefix_space": true, "use_regex": true});
        assert!(parting(&spaced).is_err_and(|what| what.contains("a space before every text")));
        assert!(parting(&json!({"type": "BertPreTokenizer"})).is_err());
        assert!(parting(&Json::Null).is_err());
    }

    #[test]
    fn texts_are_cut_as_they_are() {
        let of = |normalizer: Json, model: Json| changes_nothing(&json!({"normalizer": normalizer, "model": model}));
        let plain = || json!({"continuing_subword_prefix": "", "end_of_word_suffix": null});
        let nfc = json!({"type": "NFC"});
        assert_eq!(of(Json::Null, plain()), Ok(()));
        assert_eq!(of(json!({"type": "Sequence", "normalizers": [nfc]}), plain()), Ok(()));
        assert!(of(json!({"type": "Lowercase"}), plain()).is_err_and(|what| what.contains("Lowercase")));
        assert!(of(json!({"type": "Sequence", "normalizers": [nfc, {"type": "Lowercase"}]}), plain()).is_err());
        assert!(of(nfc, json!({"end_of_word_suffix": "</w>"})).is_err_and(|what| what.contains("</w>")));
    }

    #[test]
    fn words_with_bytes_are_cut_as_sentencepiece_does_or_not_at_all() {
        let prepend = json!({"type": "Prepend", "prepend": "▁"});
        let replace = json!({"type": "Replace", "pattern": {"String": " "}, "content": "▁"});
        let sequence = |first: &Json| json!({"type": "Sequence", "normalizers": [first, replace]});
        let metaspace = |key: &str, value: Json| {
            let mut made = json!({"type": "Metaspace", "replacement": "▁", "split": false});
            made[key] = value;
            made
        };
        let of = |normalizer: &Json, pre: &Json| {
            let json = json!({"normalizer": normalizer, "pre_tokenizer": pre});
            cut_as_pieces(&json).map(|()| puts_a_space(&json))
        };
        // Llama 2 and Mistral as transformers writes them, of old and now, and what is read from SentencePiece's own files.
        assert_eq!(of(&sequence(&prepend), &Json::Null), Ok(true));
        assert_eq!(of(&replace, &Json::Null), Ok(false));
        assert_eq!(of(&Json::Null, &metaspace("prepend_scheme", json!("first"))), Ok(true));
        assert_eq!(of(&Json::Null, &metaspace("prepend_scheme", json!("never"))), Ok(false));
        assert_eq!(of(&Json::Null, &metaspace("add_prefix_space", json!(false))), Ok(false));
        for (normalizer, pre, words) in [
            (sequence(&json!({"type": "Lowercase"})), Json::Null, "Lowercase"),
            (json!({"type": "Prepend", "prepend": "x"}), Json::Null, "Prepend"),
            (replace.clone(), json!({"type": "Whitespace"}), "Whitespace"),
            (Json::Null, metaspace("split", json!(true)), "Metaspace"),
            (Json::Null, Json::Null, "spaces are not written as"),
        ] {
            assert!(of(&normalizer, &pre).is_err_and(|what| what.contains(words)), "{words}");
        }
    }

    #[test]
    fn words_have_their_kinds_and_what_is_not_there_a_name() {
        let json = json!({
            "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 3}, "merges": ["a b"]},
            "added_tokens": [{"id": 2, "content": "<s>", "special": true}, {"id": 4, "content": "tool", "special": false}],
        });
        let (tokens, kinds) = words(&json, 6).expect("words");
        assert_eq!(tokens, ["a", "b", "<s>", "ab", "tool", "[PAD5]"]);
        assert_eq!(kinds, [NORMAL, NORMAL, CONTROL, NORMAL, USER_DEFINED, UNUSED]);
        assert!(words(&json, 4).is_err(), "a number beyond the model's");
        assert_eq!(scores(&tokens, &merges(&json["model"]).expect("merges")), [-1.0, -1.0, -1.0, 0.0, -1.0, -1.0]);
    }
}
