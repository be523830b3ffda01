//! How the states of a text's tokens become one vector, and the files of the `sentence-transformers` library that tell it:
//! `modules.json`, and a `config.json` in the folder that this names. (Reimers and Gurevych, 1908.10084)

use crate::error::{ConfigProblem, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tallow_kernels::{self as kernels, Tape, Var};

/// How a text becomes a vector. A bare encoder is taken for one whose tokens' mean is it, as that library takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pooling {
    pub of: PoolingOf,
    /// Whether vectors are brought to length 1.
    pub normalize: bool,
}

/// Which states count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolingOf {
    /// The mean of all real tokens.
    #[default]
    Mean,
    /// The first token alone.
    First,
}

/// The folder of the pooling's own file.
const FOLDER: &str = "1_Pooling";

impl Pooling {
    /// The path of the file that says which states count, by a `modules.json`; none where that library would not find any either.
    ///
    /// # Errors
    /// It is no list of modules, or one of them is nothing that can be had here.
    pub fn path(modules_json: &str) -> Result<Option<String>> {
        let path = modules(modules_json)?.into_iter().find(|(kind, _)| kind == "Pooling").map(|(_, path)| path);
        Ok(path.map(|path| if path.is_empty() { "config.json".into() } else { format!("{path}/config.json") }))
    }

    /// From `modules.json` and, if that names one, the file of [`Pooling::path`].
    ///
    /// # Errors
    /// They cannot be read, or say what cannot be had here.
    pub fn from_public(modules_json: &str, pooling_json: Option<&str>) -> Result<Self> {
        let normalize = modules(modules_json)?.iter().any(|(kind, _)| kind == "Normalize");
        let Some(text) = pooling_json else { return Ok(Pooling { normalize, ..Pooling::default() }) };
        let value: Value = serde_json::from_str(text).map_err(|e| Error::NotJson(e.to_string()))?;
        // One word, or a list of them, in newer files; a flag for each word in older ones.
        let word = |value: &Value| value.as_str().map(str::to_string);
        let named: Vec<String> = match &value["pooling_mode"] {
            Value::String(one) => vec![one.clone()],
            Value::Array(many) => many.iter().filter_map(word).collect(),
            _ => {
                let object = value.as_object().into_iter().flatten();
                let on = object.filter(|(_, flag)| **flag == Value::Bool(true));
                on.filter_map(|(name, _)| Some(name.strip_prefix("pooling_mode_")?.replace("_tokens", "").replace("_token", "")))
                    .collect()
            }
        };
        let of = match named.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] | ["mean"] => PoolingOf::Mean,
            ["cls"] => PoolingOf::First,
            _ => return Err(wrong("pooling_mode", "\"mean\" or \"cls\"", named.join(" and "))),
        };
        Ok(Pooling { of, normalize })
    }

    /// The files, each with its path, for vectors of `width` numbers.
    pub fn to_public(self, width: usize) -> [(String, Value); 2] {
        let module = |idx: usize, kind: &str, path: &str| json!({"idx": idx, "name": idx.to_string(), "path": path, "type": format!("sentence_transformers.models.{kind}")});
        let mut modules = vec![module(0, "Transformer", ""), module(1, "Pooling", FOLDER)];
        if self.normalize {
            modules.push(module(2, "Normalize", "2_Normalize"));
        }
        let pooling = json!({
            "word_embedding_dimension": width,
            "pooling_mode_cls_token": self.of == PoolingOf::First,
            "pooling_mode_mean_tokens": self.of == PoolingOf::Mean,
            "pooling_mode_max_tokens": false,
            "pooling_mode_mean_sqrt_len_tokens": false,
        });
        [("modules.json".into(), modules.into()), (format!("{FOLDER}/config.json"), pooling)]
    }

    /// `[B, T, D]`, `lengths` of its B texts real -> `[B, D]`.
    pub(crate) fn forward(self, tape: &Tape, x_btd: &Var, lengths: &[usize]) -> kernels::Result<Var> {
        let x_bd = match self.of {
            PoolingOf::Mean => kernels::mean_tokens(tape, x_btd, lengths)?,
            PoolingOf::First => kernels::first_token(tape, x_btd)?,
        };
        if self.normalize { kernels::l2_normalize(tape, &x_bd, 1e-12) } else { Ok(x_bd) }
    }
}

/// Kind and path of each module, in order: the encoder first.
fn modules(json: &str) -> Result<Vec<(String, String)>> {
    let value: Value = serde_json::from_str(json).map_err(|e| Error::NotJson(e.to_string()))?;
    let list = value.as_array().ok_or_else(|| wrong("modules.json", "a list of modules", &value))?;
    let module = |(at, module): (usize, &Value)| {
        let field = |name: &str| module.get(name).and_then(Value::as_str).map(str::to_string);
        let kind = field("type").and_then(|name| name.rsplit('.').next().map(str::to_string)).unwrap_or_default();
        let known = if at == 0 { &["Transformer"][..] } else { &["Pooling", "Normalize"] };
        if known.contains(&kind.as_str()) {
            return Ok((kind, field("path").unwrap_or_default()));
        }
        let found = field("type").unwrap_or_else(|| module.to_string());
        Err(wrong(format!("modules.json: {at}: type"), known.join(" or "), found))
    };
    list.iter().enumerate().map(module).collect()
}

fn wrong(field: impl Into<String>, expected: impl Into<String>, found: impl ToString) -> Error {
    Error::Config(vec![ConfigProblem::new(field, expected, found)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for of in [PoolingOf::Mean, PoolingOf::First] {
            for normalize in [false, true] {
                let pooling = Pooling { of, normalize };
                let [(_, modules), (path, config)] = pooling.to_public(8);
                let modules = modules.to_string();
                assert_eq!(Pooling::path(&modules).expect("a path"), Some(path));
                assert_eq!(Pooling::from_public(&modules, Some(&config.to_string())).expect("a pooling"), pooling);
            }
        }
    }

    #[test]
    fn public_files_are_understood() {
        let modules = |kinds: &[&str]| {
            let module = |kind: &&str| json!({"path": format!("p_{kind}"), "type": format!("sentence_transformers.x.{kind}")});
            Value::from(kinds.iter().map(module).collect::<Vec<_>>()).to_string()
        };
        let (three, two) = (modules(&["Transformer", "Pooling", "Normalize"]), modules(&["Transformer", "Pooling"]));
        assert_eq!(Pooling::path(&three).expect("a path").as_deref(), Some("p_Pooling/config.json"));
        let read = |modules: &str, config: &str| Pooling::from_public(modules, Some(config)).map_err(|e| e.to_string());
        let first = Pooling { of: PoolingOf::First, normalize: true };
        assert_eq!(read(&three, r#"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#), Ok(first));
        assert_eq!(read(&three, r#"{"pooling_mode": "cls"}"#), Ok(first));
        assert_eq!(read(&two, r#"{"pooling_mode": ["mean"], "include_prompt": true}"#), Ok(Pooling::default()));
        let told = |found: Result<Pooling, String>, words: &str| {
            let message = found.expect_err("refused");
            assert!(message.contains(words), "{message}");
        };
        told(read(&two, r#"{"pooling_mode_max_tokens": true}"#), "`pooling_mode`: expected \"mean\" or \"cls\", found max");
        told(
            read(&modules(&["Transformer", "Pooling", "Dense"]), "{}"),
            "expected Pooling or Normalize, found sentence_transformers.x.Dense",
        );
        told(read("{}", "{}"), "expected a list of modules");
    }
}
