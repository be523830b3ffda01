//! Marian's tokenizer: two files of SentencePiece, `source.spm` and `target.spm`, cut the texts that are read and those that are
//! written, and one `vocab.json` numbers the pieces of both. A piece that it does not name is unknown, whatever number the file of
//! SentencePiece gives it. `>>deu<<` before a source says which language to write; it is one token.
//!
//! Other libraries keep the three files. On its way through a run it is one text all the same: a `tokenizer.json` that knows the
//! vocabulary and spells ids, and before everything else in it [`MARK`] with what cuts either text.

use super::added_tokens;
use super::sentencepiece::{self, Addition};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};
use tokenizers::Tokenizer;

/// The files of one, beside `source.spm`.
pub(super) const TARGET: &str = "target.spm";
pub(super) const VOCABULARY: &str = "vocab.json";

/// How the text of one begins.
const MARK: &str = "{\"marian\":";

/// One of the two texts of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::data) enum Side {
    Source,
    Target,
}

/// What cuts either text of a pair.
pub(in crate::data) struct Marian {
    source: Tokenizer,
    target: Tokenizer,
    ids: HashMap<String, u32>,
    /// Tokens that mean more than their letters, wherever they stand: the longest first.
    special: Vec<String>,
    unknown: u32,
    end: u32,
}

/// As it stands behind [`MARK`].
#[derive(Deserialize)]
struct Written {
    source: Value,
    target: Value,
    unknown: String,
    end: String,
}

/// A token that is found wherever it stands in a text.
pub(super) struct Added {
    pub(super) content: String,
    /// Where the vocabulary does not say it.
    pub(super) id: Option<u64>,
    /// It is no part of the text.
    pub(super) special: bool,
}

/// The text of one, from its files' contents. `special`: its tokens for what is unknown, the end of a text, and padding; `more`: others.
///
/// # Errors
/// In words.
pub(super) fn json([source, target, vocabulary]: [&[u8]; 3], special: [&str; 3], more: Vec<Added>) -> Result<Vec<u8>, String> {
    let mut vocabulary: Map<String, Value> = serde_json::from_slice(vocabulary).map_err(|e| format!("`{VOCABULARY}`: {e}"))?;
    for token in &more {
        if let (None, Some(id)) = (vocabulary.get(&token.content), token.id) {
            vocabulary.insert(token.content.clone(), id.into());
        }
    }
    let [unknown, end, _] = special;
    let id = |token: &str| vocabulary.get(token).and_then(Value::as_u64);
    let named = |token: &str| id(token).ok_or_else(|| format!("`{VOCABULARY}`: expected a token `{token}`, found none"));
    let (_, end_id) = (named(unknown)?, named(end)?);
    let side = |bytes: &[u8], name: &str| {
        sentencepiece::tokenizer_json(bytes, Addition::Marian).map_err(|what| format!("`{name}`: {what}"))
    };
    let sides = json!({"source": side(source, "source.spm")?, "target": side(target, TARGET)?, "unknown": unknown, "end": end});
    let own = special.map(|content| Added { content: content.into(), id: None, special: true });
    let mut known = BTreeSet::new();
    let mut added = Vec::new();
    for token in own.into_iter().chain(more) {
        if let Some(id) = id(&token.content).filter(|id| known.insert(*id)) {
            let mut entry = added_tokens(&[&token.content]);
            (entry[0]["id"], entry[0]["special"]) = (id.into(), token.special.into());
            added.append(&mut entry);
        }
    }
    added.sort_by_key(|entry| entry["id"].as_u64());
    let vocabulary_json = json!({
        "version": "1.0",
        "added_tokens": added,
        "normalizer": null,
        "pre_tokenizer": null,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": end, "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}, {"SpecialToken": {"id": end, "type_id": 0}}],
            "special_tokens": {end: {"id": end, "ids": [end_id], "tokens": [end]}},
        },
        "decoder": {"type": "Metaspace", "replacement": sentencepiece::SPACE, "prepend_scheme": "always", "split": true},
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": unknown},
    });
    let rest = vocabulary_json.to_string();
    Ok(format!("{MARK}{sides},{}", &rest[1..]).into_bytes())
}

/// The `tokenizer.json` of a tokenizer's text, and what cuts the texts of pairs where it is one of Marian's.
///
/// # Errors
/// In words.
pub(in crate::data) fn parted(text: Vec<u8>) -> Result<(Vec<u8>, Option<Marian>), String> {
    if !text.starts_with(MARK.as_bytes()) {
        return Ok((text, None));
    }
    let mut all: Map<String, Value> = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
    let written: Written = serde_json::from_value(all.remove("marian").unwrap_or_default()).map_err(|e| e.to_string())?;
    let vocabulary = all.get("model").and_then(|model| model["vocab"].as_object()).into_iter().flatten();
    let ids: HashMap<String, u32> =
        vocabulary.filter_map(|(token, id)| Some((token.clone(), u32::try_from(id.as_u64()?).ok()?))).collect();
    let added = all.get("added_tokens").and_then(Value::as_array).into_iter().flatten();
    // An empty one stands everywhere, and nothing comes behind it.
    let contents = added.filter_map(|token| token["content"].as_str()).filter(|content| !content.is_empty());
    let mut special: Vec<String> = contents.map(str::to_string).collect();
    special.sort_by_key(|token| std::cmp::Reverse(token.len()));
    let id = |token: &str| ids.get(token).copied().ok_or_else(|| format!("its vocabulary has no `{token}`"));
    let side = |value: Value| Tokenizer::from_bytes(value.to_string()).map_err(|e| e.to_string());
    let marian = Marian {
        source: side(written.source)?,
        target: side(written.target)?,
        unknown: id(&written.unknown)?,
        end: id(&written.end)?,
        special,
        ids,
    };
    Ok((Value::Object(all).to_string().into_bytes(), Some(marian)))
}

impl Marian {
    /// The ids of a text and its end: at most `most`, the end among them; and whether it was cut.
    ///
    /// # Errors
    /// A file of SentencePiece fails on it.
    pub(in crate::data) fn ids(&self, side: Side, text: &str, most: usize) -> tokenizers::Result<(Vec<u32>, bool)> {
        let (mut ids, mut rest) = (Vec::new(), text);
        while !rest.is_empty() {
            let (plain, special) = self.until_special(rest);
            self.cut(side, plain, &mut ids)?;
            ids.extend(special.map(|token| self.id(token)));
            rest = &rest[plain.len() + special.map_or(0, str::len)..];
        }
        let room = most.saturating_sub(1);
        let is_cut = ids.len() > room;
        ids.truncate(room);
        ids.push(self.end);
        Ok((ids, is_cut))
    }

    /// What stands before the first special token, and that.
    fn until_special<'a>(&'a self, text: &'a str) -> (&'a str, Option<&'a str>) {
        let found = self.special.iter().filter_map(|token| Some((text.find(token.as_str())?, token.as_str())));
        // Of those at the same place the longest, which comes first.
        match found.min_by_key(|(at, _)| *at) {
            Some((at, token)) => (&text[..at], Some(token)),
            None => (text, None),
        }
    }

    fn cut(&self, side: Side, text: &str, ids: &mut Vec<u32>) -> tokenizers::Result<()> {
        let code = text.strip_prefix(">>").and_then(|rest| rest.find("<<")).map_or(0, |at| ">>".len() + at + "<<".len());
        let (code, text) = text.split_at(code);
        ids.extend((!code.is_empty()).then(|| self.id(code)));
        let tokenizer = match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        };
        // By what stands there: of a piece that the file does not know, too.
        ids.extend(tokenizer.encode(text, false)?.get_tokens().iter().map(|piece| self.id(piece)));
        Ok(())
    }

    fn id(&self, token: &str) -> u32 {
        self.ids.get(token).copied().unwrap_or(self.unknown)
    }
}
