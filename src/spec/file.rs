//! The experiment as a TOML file: read with every problem at once, written so that reading gives the same.

use super::{ExperimentSpec, Length, Optimizer, Warmup};
use crate::error::{Class, Failure};

/// The version of the format that is written and read.
pub const VERSION: u32 = 1;

/// The file is no experiment.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{file}` is no experiment file:\n{source}")]
    Syntax { file: String, source: Box<toml::de::Error> },
    #[error("`{file}` has {} problem(s):{}", .problems.len(), .problems.iter().map(|p| format!("\n  - {p}")).collect::<String>())]
    Problems { file: String, problems: Vec<String> },
    #[error("a planner proposed no {what}")]
    Empty { what: &'static str },
    #[error("`--set {key}={value}` cannot be used: {message}")]
    Set { key: String, value: String, message: String },
}

impl Failure for Error {
    fn class(&self) -> Class {
        Class::Spec
    }
    fn hint(&self) -> Option<String> {
        Some("`tallow schema` prints every key; `presets/` holds examples".into())
    }
}

/// Reads an experiment.
///
/// # Errors
/// Not TOML, unknown or missing keys (the first), or values out of range (all at once).
pub fn parse(text: &str, file: &str) -> Result<ExperimentSpec, Error> {
    parse_with(text, file, &[])
}

/// As [`parse`], with `KEY=VALUE` pairs laid over the file; a key is a dotted path, a value TOML or else a plain string.
pub fn parse_with(text: &str, file: &str, set: &[(String, String)]) -> Result<ExperimentSpec, Error> {
    let syntax = |source| Error::Syntax { file: file.into(), source: Box::new(source) };
    let spec: ExperimentSpec = if set.is_empty() {
        toml::from_str(text).map_err(syntax)?
    } else {
        let mut table: toml::Table = toml::from_str(text).map_err(syntax)?;
        for (key, value) in set {
            lay_over(&mut table, key, value)?;
        }
        toml::Value::Table(table).try_into().map_err(syntax)?
    };
    let problems = problems(&spec);
    if problems.is_empty() { Ok(spec) } else { Err(Error::Problems { file: file.into(), problems }) }
}

/// The file that [`parse`] reads back.
pub fn to_toml(spec: &ExperimentSpec) -> String {
    toml::to_string_pretty(spec).unwrap_or_default()
}

fn lay_over(table: &mut toml::Table, key: &str, value: &str) -> Result<(), Error> {
    let wrong = |message: &str| Error::Set { key: key.into(), value: value.into(), message: message.into() };
    let parsed = toml::from_str::<toml::Table>(&format!("v = {value}")).ok().and_then(|mut t| t.remove("v"));
    let parsed = parsed.unwrap_or_else(|| toml::Value::String(value.into()));
    let mut path: Vec<&str> = key.split('.').collect();
    let Some(last) = path.pop().filter(|last| !last.is_empty()) else { return Err(wrong("the key is empty")) };
    let mut at = table;
    for part in path {
        at = at
            .entry(part)
            .or_insert_with(|| toml::Value::Table(toml::Table::new()))
            .as_table_mut()
            .ok_or_else(|| wrong(&format!("`{part}` is not a table")))?;
    }
    at.insert(last.into(), parsed);
    Ok(())
}

/// Every value out of its range.
fn problems(spec: &ExperimentSpec) -> Vec<String> {
    let mut problems = Vec::new();
    let mut check = |ok: bool, path: &str, expected: &str, found: String| {
        if !ok {
            problems.push(format!("`{path}`: expected {expected}, found {found}"));
        }
    };
    let recipe = &spec.recipe;
    check(spec.version == VERSION, "version", &VERSION.to_string(), spec.version.to_string());
    check(!spec.seeds.is_empty(), "seeds", "at least one", "none".into());
    check(recipe.lr > 0.0 && recipe.lr <= 100.0, "recipe.lr", "above 0 and at most 100", recipe.lr.to_string());
    check((1..=1 << 20).contains(&recipe.batch_size), "recipe.batch_size", "from 1 to 1048576", recipe.batch_size.to_string());
    let micro = recipe.micro_batch_size.unwrap_or(recipe.batch_size);
    let divides = micro > 0 && recipe.batch_size.is_multiple_of(micro);
    check(divides, "recipe.micro_batch_size", &format!("a divisor of {}", recipe.batch_size), micro.to_string());
    check(recipe.max_seq_len.is_none_or(|n| n >= 3), "recipe.max_seq_len", "at least 3", format!("{:?}", recipe.max_seq_len));
    let clip = recipe.grad_clip_norm.unwrap_or(1.0);
    check(clip > 0.0 && clip.is_finite(), "recipe.grad_clip_norm", "above 0", clip.to_string());
    let dropout = recipe.dropout.unwrap_or(0.0);
    check((0.0..1.0).contains(&dropout), "recipe.dropout", "from 0 to below 1", dropout.to_string());
    let length = match recipe.length {
        Length::Epochs(epochs) => epochs,
        Length::Steps(steps) => steps as f64,
    };
    check(length > 0.0 && length < 1e9, "recipe.length", "above 0", length.to_string());
    let unit = |x: f64| (0.0..1.0).contains(&x);
    match recipe.optimizer {
        Optimizer::Adamw { beta1, beta2, eps, weight_decay } => {
            check(unit(beta1), "recipe.optimizer.beta1", "from 0 to below 1", beta1.to_string());
            check(unit(beta2), "recipe.optimizer.beta2", "from 0 to below 1", beta2.to_string());
            check(eps > 0.0, "recipe.optimizer.eps", "above 0", eps.to_string());
            check(weight_decay >= 0.0, "recipe.optimizer.weight_decay", "at least 0", weight_decay.to_string());
        }
        Optimizer::Sgd { momentum, weight_decay, .. } => {
            check(unit(momentum), "recipe.optimizer.momentum", "from 0 to below 1", momentum.to_string());
            check(weight_decay >= 0.0, "recipe.optimizer.weight_decay", "at least 0", weight_decay.to_string());
        }
    }
    if let Warmup::Frac(frac) = recipe.schedule.warmup() {
        check((0.0..=1.0).contains(&frac), "recipe.schedule.warmup.frac", "from 0 to 1", frac.to_string());
    }
    check(spec.data.train != spec.data.held_out, "data.held_out", "another split than `data.train`", spec.data.held_out.clone());
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRESET: &str = include_str!("../../presets/toy_bert.toml");

    #[test]
    fn presets_are_read_and_written_back() {
        for text in [PRESET, include_str!("../../presets/sst2_minilm.toml"), include_str!("../../presets/cifar10_resnet20.toml")] {
            let spec = parse(text, "preset").expect("read");
            assert_eq!(parse(&to_toml(&spec), "written").expect("read back"), spec);
        }
    }

    #[test]
    fn all_problems_come_at_once() {
        let set = [("recipe.lr", "-1"), ("recipe.batch_size", "0"), ("recipe.grad_clip_norm", "0.0")];
        let set: Vec<_> = set.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let message = parse_with(PRESET, "x.toml", &set).expect_err("refused").to_string();
        for path in ["recipe.lr", "recipe.batch_size", "recipe.grad_clip_norm"] {
            assert!(message.contains(path), "{message}");
        }
        assert!(message.starts_with("`x.toml` has 4 problem(s):"), "{message}");
    }

    #[test]
    fn unknown_keys_are_named() {
        let set = [("recipe.learning_rate".to_string(), "1".to_string())];
        let message = parse_with(PRESET, "x.toml", &set).expect_err("refused").to_string();
        assert!(message.contains("learning_rate"), "{message}");
    }
}
