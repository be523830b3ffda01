//! The tokenizer that a model's folder has, however it lies there: as `tokenizer.json`, within a GGUF file, or, in older folders, as
//! the parts that models' own libraries make it from: `vocab.txt` (BERT), `vocab.json` and `merges.txt` (GPT-2, RoBERTa), or the file of
//! SentencePiece (T5, XLM-R, CamemBERT, Llama), or two of them and `vocab.json` (Marian).

use super::sentencepiece::{self, Addition};
use super::{added_tokens, gguf, marian};
use crate::data::hub::Repo;
use crate::data::{Error, Result};
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

/// Files that a tokenizer is, or is named by; the first that is there is taken.
const NAMES: [&str; 7] =
    ["tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model", SOURCE];
/// What texts that are read are cut by, where those that are written have a file of their own.
pub(crate) const SOURCE: &str = "source.spm";
/// What lies beside one that is not whole.
const BESIDE: [&str; 5] = ["merges.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "config.json"];
/// The same of [`SOURCE`].
const BESIDE_SOURCE: [&str; 6] =
    [marian::TARGET, marian::VOCABULARY, "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "config.json"];
/// No file of a tokenizer is larger.
const MOST_BYTES: u64 = 256 << 20;

/// Whether the file of this name is a tokenizer only together with what lies beside it.
fn is_in_parts(name: &str) -> bool {
    NAMES[1..].contains(&name)
}

/// What may lie beside the file of this name and be part of the tokenizer.
fn beside(name: &str) -> &'static [&'static str] {
    match name {
        SOURCE => &BESIDE_SOURCE,
        _ if is_in_parts(name) => &BESIDE,
        _ => &[],
    }
}

/// What a file of this name is nothing without.
fn needed(name: &str) -> &'static [&'static str] {
    match name {
        SOURCE => &[marian::TARGET, marian::VOCABULARY],
        "vocab.json" => &["merges.txt"],
        _ => &[],
    }
}

/// Fetches a folder's tokenizer; none where there is none.
///
/// # Errors
/// A file cannot be fetched.
pub(in crate::data) fn fetch(repo: &Repo) -> Result<Option<PathBuf>> {
    let is_whole = |name: &&&str| repo.has(name) && needed(name).iter().all(|name| repo.has(name));
    let Some(name) = NAMES.iter().find(is_whole) else { return Ok(None) };
    beside(name).iter().filter(|name| repo.has(name)).try_for_each(|name| repo.fetch(name).map(drop))?;
    Ok(Some(repo.fetch(name)?))
}

/// The files that the tokenizer at `path` is read from.
pub(crate) fn tokenizer_files(path: &Path) -> Vec<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let beside = beside(&name).iter().map(|name| path.with_file_name(name)).filter(|path| path.is_file());
    std::iter::once(path.to_path_buf()).chain(beside).collect()
}

/// The text of a `tokenizer.json`, or of what a folder or a GGUF file has in its place, and the tokens that end a text as that says.
///
/// # Errors
/// It cannot be read; there is none, or one of another kind.
pub(crate) fn tokenizer_json(path: &Path) -> Result<(Vec<u8>, Vec<u32>)> {
    let io = |source| Error::Io { action: "read", path: path.into(), source };
    let wrong = |what: String| Error::Tokenizer { path: path.into(), what };
    let mut file = File::open(path).map_err(io)?;
    let mut magic = [0; 4];
    if file.read_exact(&mut magic).is_ok() && &magic == b"GGUF" {
        return gguf::json_of(&mut file, path);
    }
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.take(MOST_BYTES).read_to_end(&mut bytes)).map_err(io)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // One that is whole is not to fail for a file beside it, which may be broken, or nobody's to read.
    if !is_in_parts(&name) {
        return Ok((bytes, Vec::new()));
    }
    let parts = Parts::beside(path)?;
    let made = match name.as_ref() {
        "vocab.txt" => wordpiece(&String::from_utf8(bytes).map_err(|e| wrong(e.to_string()))?, &parts),
        "vocab.json" => {
            let merges = path.with_file_name("merges.txt");
            let merges = std::fs::read_to_string(&merges).map_err(|source| Error::Io { action: "read", path: merges, source })?;
            byte_pairs(&bytes, &merges, &parts)
        }
        SOURCE => {
            let read = |name: &str| {
                let path = path.with_file_name(name);
                std::fs::read(&path).map_err(|source| Error::Io { action: "read", path, source })
            };
            let (target, vocabulary) = (read(marian::TARGET)?, read(marian::VOCABULARY)?);
            let made =
                parts.marian().and_then(|special| marian::json([&bytes, &target, &vocabulary], special, parts.more_of_marian()));
            return Ok((made.map_err(wrong)?, Vec::new()));
        }
        _ => parts.addition().and_then(|addition| sentencepiece::tokenizer_json(&bytes, addition)),
    };
    let mut made = made.map_err(wrong)?;
    parts.add_more(&mut made);
    Ok((made.to_string().into_bytes(), Vec::new()))
}

/// What the other files say.
struct Parts {
    tokenizer: Value,
    special: Value,
    added: Map<String, Value>,
    model: Value,
}

impl Parts {
    fn beside(path: &Path) -> Result<Self> {
        let read = |name: &str| -> Result<Value> {
            let path = path.with_file_name(name);
            let text = match std::fs::read(&path) {
                Ok(text) => text,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(json!({})),
                Err(source) => return Err(Error::Io { action: "read", path, source }),
            };
            serde_json::from_slice(&text).map_err(|e| Error::Tokenizer { path, what: e.to_string() })
        };
        let added = read("added_tokens.json")?.as_object().cloned().unwrap_or_default();
        Ok(Parts {
            tokenizer: read("tokenizer_config.json")?,
            special: read("special_tokens_map.json")?,
            added,
            model: read("config.json")?,
        })
    }

    /// A special token by its role.
    fn token<'a>(&'a self, role: &str, usual: &'a str) -> &'a str {
        let text = |value: &'a Value| value.as_str().or_else(|| value.get("content")?.as_str());
        [&self.tokenizer, &self.special].into_iter().find_map(|file| text(file.get(role)?)).unwrap_or(usual)
    }

    fn flag(&self, name: &str, usual: bool) -> bool {
        self.tokenizer[name].as_bool().unwrap_or(usual)
    }

    fn model_type(&self) -> &str {
        self.model["model_type"].as_str().unwrap_or_default()
    }

    /// What Marian calls what is unknown, the end of a text, and padding.
    fn marian(&self) -> Result<[&str; 3], String> {
        match self.tokenizer["separate_vocabs"] == true {
            true => Err("its two languages have a vocabulary each (`separate_vocabs`), and one for both is expected".into()),
            false => Ok([self.token("unk_token", "<unk>"), self.token("eos_token", "</s>"), self.token("pad_token", "<pad>")]),
        }
    }

    /// Tokens that were added to Marian's vocabulary, as older and newer files tell them.
    fn more_of_marian(&self) -> Vec<marian::Added> {
        let older =
            self.added.iter().map(|(token, id)| marian::Added { content: token.clone(), id: id.as_u64(), special: false });
        let newer = self.tokenizer["added_tokens_decoder"].as_object().into_iter().flatten().filter_map(|(id, token)| {
            let content = token["content"].as_str()?.to_string();
            Some(marian::Added { content, id: id.parse().ok(), special: token["special"] == true })
        });
        newer.chain(older).collect()
    }

    fn addition(&self) -> Result<Addition, String> {
        match self.model_type() {
            "t5" | "mt5" | "umt5" => {
                let gaps = self.tokenizer["extra_ids"].as_u64().unwrap_or(if self.model_type() == "t5" { 100 } else { 0 });
                Ok(Addition::T5 { gaps: gaps.min(10_000) as usize })
            }
            "xlm-roberta" => Ok(Addition::XlmRoberta),
            "camembert" => Ok(Addition::Camembert),
            "llama" | "mistral" => Ok(Addition::Llama { begins: self.flag("add_bos_token", true) }),
            other => Err(format!("how `{other}` uses SentencePiece is not known: fetch its `tokenizer.json`")),
        }
    }

    /// Tokens that were added to the vocabulary.
    fn add_more(&self, made: &mut Value) {
        let Some(list) = made["added_tokens"].as_array_mut() else { return };
        let mut more: Vec<(u64, &String)> = self.added.iter().filter_map(|(token, id)| Some((id.as_u64()?, token))).collect();
        more.sort();
        let known: Vec<u64> = list.iter().filter_map(|token| token["id"].as_u64()).collect();
        for (id, token) in more.into_iter().filter(|(id, _)| !known.contains(id)) {
            let mut entry = added_tokens(&[token]);
            entry[0]["id"] = json!(id);
            list.append(&mut entry);
        }
    }
}

/// The special ones of `tokens`, each with its id in the vocabulary.
fn special(tokens: &[&str], id: impl Fn(&str) -> Option<u64>) -> Vec<Value> {
    let mut found: Vec<(u64, &str)> = tokens.iter().filter_map(|token| Some((id(token)?, *token))).collect();
    found.sort_unstable();
    found.dedup();
    let mut entries = added_tokens(&found.iter().map(|(_, token)| *token).collect::<Vec<_>>());
    entries.iter_mut().zip(&found).for_each(|(entry, (id, _))| entry["id"] = json!(id));
    entries
}

/// BERT's: one piece a line.
fn wordpiece(vocab: &str, parts: &Parts) -> Result<Value, String> {
    let ids: Map<String, Value> =
        vocab.lines().enumerate().map(|(id, line)| (line.trim_end_matches('\r').to_string(), json!(id))).collect();
    let id = |token: &str| ids.get(token).and_then(Value::as_u64);
    let usual = [
        ("unk_token", "[UNK]"),
        ("sep_token", "[SEP]"),
        ("pad_token", "[PAD]"),
        ("cls_token", "[CLS]"),
        ("mask_token", "[MASK]"),
    ];
    let tokens = usual.map(|(role, usual)| parts.token(role, usual));
    let [unknown, sep, _, cls, _] = tokens;
    let needed = |token: &str| id(token).ok_or_else(|| format!("expected a line `{token}`, found none"));
    let (cls_id, sep_id, _) = (needed(cls)?, needed(sep)?, needed(unknown)?);
    let mut level = json!({
        "version": "1.0",
        "added_tokens": special(&tokens, id),
        "normalizer": {
            "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": parts.flag("tokenize_chinese_chars", true),
            "strip_accents": parts.tokenizer["strip_accents"].as_bool(), "lowercase": parts.flag("do_lower_case", true),
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": around([cls, sep], [cls_id, sep_id], &[sep]),
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {"type": "WordPiece", "unk_token": unknown, "continuing_subword_prefix": "##", "max_input_chars_per_word": 100},
    });
    level["model"]["vocab"] = ids.into();
    Ok(level)
}

/// A token before every text and one behind it; `between`: those that part two texts, of which the second is of type 1 where there is
/// one alone.
fn around([first, last]: [&str; 2], ids: [u64; 2], between: &[&str]) -> Value {
    let second = u32::from(between.len() == 1);
    let token = |name: &str, type_id: u32| json!({"SpecialToken": {"id": name, "type_id": type_id}});
    let text = |name: &str, type_id: u32| json!({"Sequence": {"id": name, "type_id": type_id}});
    let mut pair = vec![token(first, 0), text("A", 0)];
    pair.extend(between.iter().map(|name| token(name, 0)));
    pair.extend([text("B", second), token(last, second)]);
    json!({
        "type": "TemplateProcessing",
        "single": [token(first, 0), text("A", 0), token(last, 0)],
        "pair": pair,
        "special_tokens": {
            first: {"id": first, "ids": [ids[0]], "tokens": [first]},
            last: {"id": last, "ids": [ids[1]], "tokens": [last]},
        },
    })
}

/// GPT-2's and RoBERTa's: pairs of bytes.
fn byte_pairs(vocab: &[u8], merges: &str, parts: &Parts) -> Result<Value, String> {
    let ids: Map<String, Value> = serde_json::from_slice(vocab).map_err(|e| e.to_string())?;
    let id = |token: &str| ids.get(token).and_then(Value::as_u64);
    let roberta = match parts.model_type() {
        "roberta" => true,
        "gpt2" => false,
        other => return Err(format!("how `{other}` cuts texts into words is not known: fetch its `tokenizer.json`")),
    };
    // The first line may tell a version.
    let lines =
        merges.lines().enumerate().filter(|(i, line)| !(line.trim().is_empty() || *i == 0 && line.starts_with("#version")));
    let pairs = lines.map(|(i, line)| match line.split_once(' ') {
        Some((a, b)) if !b.contains(' ') => Ok([a, b]),
        _ => Err(format!("`merges.txt`, line {}: expected two parts, found `{line}`", i + 1)),
    });
    let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
    let spaced = parts.flag("add_prefix_space", false);
    let level = |trim: bool| json!({"type": "ByteLevel", "add_prefix_space": spaced, "trim_offsets": trim, "use_regex": true});
    let (tokens, post) = match roberta {
        false => (vec![parts.token("unk_token", "<|endoftext|>"), parts.token("eos_token", "<|endoftext|>")], level(false)),
        true => {
            let usual = [
                ("bos_token", "<s>"),
                ("eos_token", "</s>"),
                ("unk_token", "<unk>"),
                ("pad_token", "<pad>"),
                ("mask_token", "<mask>"),
            ];
            let (cls, sep) = (parts.token("cls_token", "<s>"), parts.token("sep_token", "</s>"));
            let needed = |token: &str| id(token).ok_or_else(|| format!("expected a token `{token}`, found none"));
            (
                usual.map(|(role, usual)| parts.token(role, usual)).to_vec(),
                around([cls, sep], [needed(cls)?, needed(sep)?], &[sep, sep]),
            )
        }
    };
    let mut added = special(&tokens, id);
    let mask = parts.token("mask_token", "<mask>");
    added.iter_mut().filter(|entry| roberta && entry["content"] == mask).for_each(|entry| entry["lstrip"] = json!(true));
    let mut made = json!({
        "version": "1.0",
        "added_tokens": added,
        "normalizer": null,
        "pre_tokenizer": level(true),
        "post_processor": post,
        "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
                  "merges": pairs},
    });
    made["model"]["vocab"] = ids.into();
    Ok(made)
}

#[cfg(test)]
#[path = "given_tests.rs"]
mod tests;
