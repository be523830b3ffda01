//! What is asked, and what comes back.

use super::Error;
use crate::words::{clean, hex};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::fmt;

/// Everything that an answer depends on, but for who answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Who the model is to be and what it is to do.
    pub system: String,
    /// What was said, oldest first; it begins and ends with the user's.
    pub turns: Vec<Turn>,
    /// The JSON schema that the answer must fit; none: any text will do.
    pub schema: Option<Value>,
    /// The answer ends here, whole or not.
    pub max_tokens: u32,
    /// So many answers may be begun, and paid for, until one is whole; none: as many as the provider's limits allow. No part of the
    /// question.
    #[serde(skip)]
    pub tries: Option<u64>,
    /// Room for thoughts, so many times [`Ask::max_tokens`] besides: some count them as a part of the answer. No part of the question.
    #[serde(skip)]
    pub thoughts: u32,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    pub by: Speaker,
    pub text: String,
}

/// Who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    User,
    Model,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    pub text: String,
    /// It ended because of `max_tokens`.
    pub is_cut: bool,
    pub usage: Usage,
    /// From the question to the end of the answer.
    pub secs: f64,
    /// What whoever asks should know of how it came: asked again, not held to the schema.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Tokens that were read and written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Of the question, those of `tokens_cached` among them.
    pub tokens_in: u64,
    pub tokens_out: u64,
    /// Of the question, those that the provider had read before.
    pub tokens_cached: u64,
}

impl Usage {
    pub fn tokens(self) -> u64 {
        self.tokens_in.saturating_add(self.tokens_out)
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Usage) -> Usage {
        Usage {
            tokens_in: self.tokens_in.saturating_add(other.tokens_in),
            tokens_out: self.tokens_out.saturating_add(other.tokens_out),
            tokens_cached: self.tokens_cached.saturating_add(other.tokens_cached),
        }
    }
}

impl Ask {
    /// A single question.
    pub fn new(system: impl Into<String>, question: impl Into<String>, schema: Option<Value>, max_tokens: u32) -> Self {
        Ask { system: system.into(), turns: vec![Turn::user(question)], schema, max_tokens, tries: None, thoughts: 0 }
    }

    /// The same after another answer and what is said to that.
    #[must_use]
    pub fn go_on(mut self, answer: impl Into<String>, said: impl Into<String>) -> Self {
        self.turns.push(Turn { by: Speaker::Model, text: answer.into() });
        self.turns.push(Turn::user(said));
        self
    }

    /// Thoughts and answer end here.
    pub fn limit(&self) -> u32 {
        self.max_tokens.saturating_mul(self.thoughts.saturating_add(1))
    }

    /// SHA-256 of all of it, by which a recording is looked up.
    pub fn hash(&self) -> String {
        // Keys of JSON objects are ordered: equal values are equal text.
        let text = serde_json::to_vec(self).unwrap_or_default();
        hex(&Sha256::digest(&text))
    }

    /// No fewer tokens than the question has, for what is written in letters: three bytes a token.
    pub fn most_tokens_in(&self) -> u64 {
        let schema = self.schema.as_ref().map_or(0, |schema| schema.to_string().len());
        let bytes = self.system.len() + self.turns.iter().map(|turn| turn.text.len()).sum::<usize>() + schema;
        (bytes as u64).div_ceil(3) + 16 * (self.turns.len() as u64 + 1)
    }
}

impl Turn {
    pub fn user(text: impl Into<String>) -> Self {
        Turn { by: Speaker::User, text: text.into() }
    }
}

impl Reply {
    /// Whether it ended before the answer began: all that it could take went into thoughts.
    pub fn is_thoughts_alone(&self) -> bool {
        self.is_cut && !self.text.trim_start().starts_with(['{', '[', '`']) && self.json().is_err()
    }

    /// The answer as JSON; what stands around it (a fence of Markdown) is passed over.
    ///
    /// # Errors
    /// It was cut short, is empty, or is no JSON: in words that the model can be sent.
    pub fn json(&self) -> Result<Value, Error> {
        let text = unfenced(self.text.trim());
        // Thoughts end here, wherever they began; what is JSON as it stands may speak of their mark.
        let behind = unfenced(self.text.rsplit_once("</think>").map_or(text, |(_, rest)| rest.trim()));
        let text = if serde_json::from_str::<Strict>(text).is_ok() { text } else { behind };
        match serde_json::from_str(text) {
            Ok(Strict(value)) => Ok(value),
            Err(_) if self.is_cut => Err(Error::CutShort { tokens: self.usage.tokens_out }),
            Err(_) if text.is_empty() => Err(Error::Empty),
            Err(why) => Err(Error::NotJson { why: why.to_string() }),
        }
    }
}

/// JSON in which no object has a key twice: of two values for one thing neither is meant for sure.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some((key, Strict(value))) = fields.next_entry::<String, Strict>()? {
            if all.contains_key(&key) {
                let key: String = clean(&key).chars().take(80).collect();
                return Err(serde::de::Error::custom(format!("the key `{key}` stands there twice")));
            }
            all.insert(key, value);
        }
        Ok(Value::Object(all))
    }
}

/// Without "```json" before and "```" behind.
fn unfenced(text: &str) -> &str {
    let inner = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    inner.map_or(text, |inner| inner.strip_prefix("json").unwrap_or(inner).trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_as_json() {
        let check = |text: &str, is_cut: bool, expected: Result<Value, &str>| {
            let reply =
                Reply { text: text.into(), is_cut, usage: Usage { tokens_out: 7, ..Usage::default() }, secs: 0.0, notes: vec![] };
            assert_eq!(reply.json().map_err(|e| e.to_string()), expected.map_err(String::from), "{text}");
        };
        check(" {\"a\": 1}\n", false, Ok(json!({"a": 1})));
        check("```json\n{\"a\": 1}\n```", false, Ok(json!({"a": 1})));
        check("```\n[]\n```", false, Ok(json!([])));
        let all = json!({"a": [1, -2, 2.5, true, null, "x"], "b": {"a": {}}});
        check(&all.to_string(), false, Ok(all));
        let twice = "the answer is no JSON: the key `a` stands there twice at line 1 column 22";
        check("{\"b\": {\"a\": 1, \"a\": 2}}", false, Err(twice));
        check("<think>\nhm\n</think>\n\n[1]", false, Ok(json!([1])));
        check("hm, {\n</think>\n```json\n[1]\n```", false, Ok(json!([1])));
        check("<think>one</think><think>two</think> {\"a\": \"b\"}", false, Ok(json!({"a": "b"})));
        check("{\"a\": \"no </think> here\"}", false, Ok(json!({"a": "no </think> here"})));
        // Whole by chance.
        check("{}", true, Ok(json!({})));
        check("{\"a\": ", true, Err("the answer was cut off after 7 tokens"));
        check(" ", false, Err("the answer is empty"));
        check("As you wish", false, Err("the answer is no JSON: expected value at line 1 column 1"));
    }

    #[test]
    fn the_hash_is_of_all_that_is_asked() {
        let ask = Ask::new("s", "q", Some(json!({"b": 1, "a": 2})), 5);
        assert_eq!(ask.hash(), Ask::new("s", "q", Some(json!({"a": 2, "b": 1})), 5).hash());
        let others = [
            Ask::new("t", "q", ask.schema.clone(), 5),
            Ask::new("s", "r", ask.schema.clone(), 5),
            Ask::new("s", "q", None, 5),
            Ask::new("s", "q", ask.schema.clone(), 6),
            ask.clone().go_on("a", "b"),
        ];
        assert!(others.iter().all(|other| other.hash() != ask.hash()));
    }
}
