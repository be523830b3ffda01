//! Ranks and alphas by layer: `rank_pattern` and `alpha_pattern` of an `adapter_config.json`.
//!
//! Source: `get_pattern_key` in peft 0.21 (`utils/other.py`): a key is a regular expression; it is that of a layer whose path it matches
//! whole, or behind a dot; of several, the first in the file counts.

use crate::error::ConfigProblem;
use regex::Regex;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// Both, as the file has them.
#[derive(Default, Deserialize)]
pub(super) struct Patterns {
    #[serde(default)]
    rank_pattern: Option<InOrder>,
    #[serde(default)]
    alpha_pattern: Option<InOrder>,
}

/// An object's fields in the order in which they are written, which a map of `serde_json` does not keep.
#[derive(Default)]
struct InOrder(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for InOrder {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = InOrder;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object of layers and numbers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<InOrder, A::Error> {
                let mut fields: Vec<(String, Value)> = Vec::new();
                while let Some((key, value)) = map.next_entry()? {
                    if fields.iter().any(|(known, _)| *known == key) {
                        return Err(A::Error::custom(format!("`{key}` is there twice")));
                    }
                    fields.push((key, value));
                }
                Ok(InOrder(fields))
            }
        }
        from.deserialize_map(Fields)
    }
}

/// Own values of layers, by their paths.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct OfLayers {
    pub(super) rank: BTreeMap<String, usize>,
    pub(super) alpha: BTreeMap<String, f64>,
}

/// One layer's path, and what else it is called.
pub(super) struct Layer {
    pub(super) path: String,
    pub(super) names: Vec<String>,
}

impl Patterns {
    /// What the file says of these layers; its mistakes go to `problems`.
    pub(super) fn of(json: &str, layers: &[Layer], problems: &mut Vec<ConfigProblem>) -> OfLayers {
        let read: Patterns = match serde_json::from_str(json) {
            Ok(read) => read,
            Err(error) => {
                problems.push(ConfigProblem::new("rank_pattern, alpha_pattern", "objects of layers and numbers", error));
                return OfLayers::default();
            }
        };
        let rank = |value: &Value| value.as_u64().map(|rank| rank as usize);
        OfLayers {
            rank: read.rank_pattern.unwrap_or_default().resolved("rank_pattern", layers, rank, problems),
            alpha: read.alpha_pattern.unwrap_or_default().resolved("alpha_pattern", layers, Value::as_f64, problems),
        }
    }
}

impl InOrder {
    fn resolved<T: Copy>(
        &self,
        field: &'static str,
        layers: &[Layer],
        number: impl Fn(&Value) -> Option<T>,
        problems: &mut Vec<ConfigProblem>,
    ) -> BTreeMap<String, T> {
        let mut known: Vec<(Regex, T)> = Vec::new();
        for (key, value) in &self.0 {
            match (Regex::new(&format!(r"^(.*\.)?({key})$")), number(value)) {
                (Ok(pattern), Some(value)) => known.push((pattern, value)),
                (Err(_), _) => {
                    problems.push(ConfigProblem::new(
                        field,
                        "layers as regular expressions without look-around",
                        format!("`{key}`"),
                    ));
                }
                (_, None) => problems.push(ConfigProblem::new(field, "a number for each", format!("{value} for `{key}`"))),
            }
        }
        let value = |layer: &Layer| {
            let means = |pattern: &Regex| layer.names.iter().any(|name| pattern.is_match(name));
            known.iter().find(|(pattern, _)| means(pattern)).map(|(_, value)| *value)
        };
        layers.iter().filter_map(|layer| Some((layer.path.clone(), value(layer)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, paths: &[&str]) -> Result<OfLayers, String> {
        let layers: Vec<Layer> =
            paths.iter().map(|path| Layer { path: path.to_string(), names: vec![path.to_string()] }).collect();
        let mut problems = Vec::new();
        let found = Patterns::of(json, &layers, &mut problems);
        if problems.is_empty() {
            Ok(found)
        } else {
            Err(problems.iter().map(|p| format!("{}: {}; ", p.field, p.found)).collect())
        }
    }

    /// As `get_pattern_key` says of each.
    #[test]
    fn the_first_pattern_that_means_a_layer_counts() {
        let paths =
            ["model.layers.1.self_attn.q_proj", "model.layers.10.self_attn.q_proj", "model.layers.1.mlp.up_proj", "lm_head"];
        let [first, tenth, up, head] = paths;
        let ranks = |pattern: &str| read(&format!(r#"{{"rank_pattern": {pattern}}}"#), &paths).expect("read").rank;
        let of = |pairs: &[(&str, usize)]| pairs.iter().map(|(path, rank)| (path.to_string(), *rank)).collect::<BTreeMap<_, _>>();
        assert_eq!(ranks(r#"{"z.*_head|q_proj": 3, "q_proj": 2}"#), of(&[(first, 3), (tenth, 3)]));
        // In the order of the file, and not of the alphabet.
        assert_eq!(ranks(r#"{"q_proj": 2, "layers.1.self_attn.q_proj": 9}"#), of(&[(first, 2), (tenth, 2)]));
        assert_eq!(ranks(r#"{"layers.1.self_attn.q_proj": 9, "q_proj": 2}"#), of(&[(first, 9), (tenth, 2)]));
        assert_eq!(ranks(r#"{"proj": 2, "attn": 3, "layers": 4}"#), of(&[]), "whole parts of a path alone");
        assert_eq!(ranks(r#"{"^model\\.layers\\.\\d+\\.(self_attn|mlp)\\..*": 5}"#), of(&[(first, 5), (tenth, 5), (up, 5)]));
        assert_eq!(ranks(r#"{"^layers.*": 5, ".*head": 6}"#), of(&[(head, 6)]), "`^` is the beginning of a path");
        let found = read(r#"{"alpha_pattern": {"up_proj": 0.5}, "rank_pattern": null}"#, &paths).expect("read");
        assert_eq!((found.alpha, found.rank), ([(up.to_string(), 0.5)].into(), of(&[])));
    }

    #[test]
    fn what_is_no_pattern_or_number_is_told() {
        let told = |json: &str| read(json, &["a.b"]).expect_err("refused");
        assert!(told(r#"{"rank_pattern": {"(?!a).b": 3}}"#).contains("(?!a).b"));
        assert!(told(r#"{"rank_pattern": {"b": 1.5}}"#).contains("1.5"));
        assert!(told(r#"{"alpha_pattern": {"b": "much"}}"#).contains("much"));
        assert!(told(r#"{"alpha_pattern": [1]}"#).contains("object"));
        assert!(told(r#"{"alpha_pattern": {"b": 1, "b": 2}}"#).contains("twice"));
    }
}
