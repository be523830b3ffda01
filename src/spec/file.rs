//! The experiment as a TOML file: read with every problem at once, written so that reading gives the same.

use super::ExperimentSpec;
use super::place::Place;
use super::schema::{self, Problem};
use super::together::together;
use crate::error::{Class, Failure};
use crate::words;
use tallow_zoo::ModelConfig;
use tallow_zoo::mlp::NumericColumn;

/// The version of the format that is written and read.
pub const VERSION: u32 = 1;

/// The file is no experiment.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{file}` is no experiment file:\n{source}")]
    Syntax { file: String, source: Box<toml::de::Error> },
    #[error("`{file}` has {}:{}", words::counted(problems.len(), "problem"), words::bullets(problems))]
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
/// Not TOML; or unknown and missing keys, values of another type or out of range, and what does not go together: all at once, each
/// with its line and its key.
pub fn parse(text: &str, file: &str) -> Result<ExperimentSpec, Error> {
    parse_with(text, file, &[])
}

/// As [`parse`], with `KEY=VALUE` pairs laid over the file; a key is a dotted path, a value TOML or else a plain string.
pub fn parse_with(text: &str, file: &str, set: &[(String, String)]) -> Result<ExperimentSpec, Error> {
    let syntax = |source| Error::Syntax { file: file.into(), source: Box::new(source) };
    let mut table: toml::Table = toml::from_str(text).map_err(syntax)?;
    for (key, value) in set {
        lay_over(&mut table, key, value)?;
    }
    read(table).map_err(|wrong| match wrong {
        Wrong::Syntax(source) => syntax(*source),
        Wrong::Problems(problems) => Error::Problems { file: file.into(), problems: listed(problems, text, set) },
    })
}

/// As [`parse`], of a table at hand: each problem with its key.
///
/// # Errors
/// Every problem at once.
pub fn of_table(table: toml::Table) -> Result<ExperimentSpec, Vec<String>> {
    read(table).map_err(|wrong| match wrong {
        Wrong::Syntax(source) => vec![source.message().to_string()],
        Wrong::Problems(problems) => {
            problems.into_iter().map(|Problem { place, what, .. }| format!("`{place}`: {what}")).collect()
        }
    })
}

/// What the value of a key must be, in words.
pub(crate) fn takes(key: &str) -> String {
    schema::takes(&schemars::schema_for!(ExperimentSpec).to_value(), key).unwrap_or_default()
}

/// Why a table is no experiment.
enum Wrong {
    Syntax(Box<toml::de::Error>),
    Problems(Vec<Problem>),
}

fn read(mut table: toml::Table) -> Result<ExperimentSpec, Wrong> {
    let schema = schemars::schema_for!(ExperimentSpec).to_value();
    let mut problems = schema::check(&schema, &table);
    problems.extend(of_the_model(&table));
    // What can be read in spite of them is looked at as a whole.
    problems.iter().filter(|problem| problem.superfluous).for_each(|problem| problem.place.remove_from(&mut table));
    match toml::Value::Table(table).try_into::<ExperimentSpec>() {
        Ok(spec) => {
            problems.extend(together(&spec));
            if problems.is_empty() { Ok(spec) } else { Err(Wrong::Problems(problems)) }
        }
        Err(source) if problems.is_empty() => Err(Wrong::Syntax(Box::new(source))),
        Err(_) => Err(Wrong::Problems(problems)),
    }
}

/// Reads a file of another kind than an experiment's, such as a benchmark's suite, as strictly. `together` says what is wrong between
/// values, each with its place: keys and numbers in lists, joined by dots.
///
/// # Errors
/// All that is wrong, each with its line and its key.
pub fn parse_strictly<T: schemars::JsonSchema + serde::de::DeserializeOwned>(
    text: &str,
    together: &dyn Fn(&T) -> Vec<(String, String)>,
) -> Result<T, Vec<String>> {
    let syntax = |source: toml::de::Error| vec![source.to_string()];
    let table: toml::Table = toml::from_str(text).map_err(syntax)?;
    let problems = schema::check(&schemars::schema_for!(T).to_value(), &table);
    if !problems.is_empty() {
        return Err(listed(problems, text, &[]));
    }
    let read: T = toml::Value::Table(table).try_into().map_err(syntax)?;
    let place = |at: &str| {
        at.split('.').fold(Place::default(), |place, part| match part.parse() {
            Ok(index) => place.index(index),
            Err(_) => place.key(part),
        })
    };
    let problems: Vec<Problem> = together(&read).into_iter().map(|(at, what)| Problem::new(place(&at), what)).collect();
    if problems.is_empty() { Ok(read) } else { Err(listed(problems, text, &[])) }
}

/// In words, by their lines; those of the command line come last.
fn listed(problems: Vec<Problem>, text: &str, set: &[(String, String)]) -> Vec<String> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for Problem { place, what, .. } in problems {
        let line = match set.iter().any(|(key, _)| Place::of(key).touches(&place)) {
            true => Err("command line, "),
            false => place.line(text).ok_or(""),
        };
        let (rank, at) = line.map_or_else(|at| (usize::MAX, at.to_string()), |line| (line, format!("line {line}, ")));
        lines.push((rank, format!("{at}`{place}`: {what}")));
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

/// The file that [`parse`] reads back.
pub fn to_toml(spec: &ExperimentSpec) -> String {
    toml::to_string_pretty(spec).unwrap_or_default()
}

/// Sets a key, a dotted path, to a value in TOML, else to a plain string; no text at all takes it away.
pub(crate) fn lay_over(table: &mut toml::Table, key: &str, value: &str) -> Result<(), Error> {
    let wrong = |message: &str| Error::Set { key: key.into(), value: value.into(), message: message.into() };
    let parsed = toml::from_str::<toml::Table>(&format!("v = {value}")).ok().and_then(|mut t| t.remove("v"));
    if parsed.is_none() && has_too_large_a_number(value) {
        return Err(wrong(&format!("expected whole numbers from {} to {}", i64::MIN, i64::MAX)));
    }
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
    match value {
        "" => drop(at.remove(last)),
        _ => drop(at.insert(last.into(), parsed)),
    }
    Ok(())
}

/// Whether a value is a whole number or a list of them, and too large for TOML; other texts that are no TOML are meant as texts.
fn has_too_large_a_number(value: &str) -> bool {
    let of = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(value);
    let numbers: Option<Vec<i128>> = of.split(',').map(|number| number.trim().parse().ok()).collect();
    numbers.is_some_and(|numbers| numbers.iter().any(|number| i64::try_from(*number).is_err()))
}

/// What the zoo says of a configuration in the file. It reads public keys by itself, so the schema leaves them to it.
fn of_the_model(table: &toml::Table) -> Vec<Problem> {
    let place = Place::of("model.config");
    let Some(config) = table.get("model").and_then(|model| model.get("config")).and_then(toml::Value::as_table) else {
        return Vec::new();
    };
    let config = match config_of(config.clone(), &place) {
        Ok(config) => config,
        Err(problems) => return problems,
    };
    // The classes may be those of the data.
    let nameless = config.labels().is_empty() && config.head().width() == 0;
    let mut config = if nameless { config.with_labels(&["0".into(), "1".into()]) } else { config };
    // So may the columns.
    if let ModelConfig::Mlp(mlp) = &mut config
        && mlp.is_without_columns()
    {
        mlp.numeric_columns.push(NumericColumn::of("any", []));
    }
    match config.check() {
        Ok(()) => Vec::new(),
        Err(tallow_zoo::Error::Config(problems)) => {
            problems.iter().map(|p| Problem::expected(place.key(&p.field), &p.expected, &p.found)).collect()
        }
        Err(other) => vec![Problem::new(place, other.to_string())],
    }
}

/// Reads a configuration of the zoo's.
///
/// # Errors
/// All keys that it lacks at once: reading stops at the first, so each gets the value that a small model of the family has, until no
/// more are missing. Anything else that is wrong is told as the first such thing.
fn config_of(mut config: toml::Table, place: &Place) -> Result<ModelConfig, Vec<Problem>> {
    let small = small_of(&config);
    let mut problems = Vec::new();
    loop {
        let source = match toml::Value::Table(config.clone()).try_into::<ModelConfig>() {
            Ok(config) if problems.is_empty() => return Ok(config),
            Ok(_) => return Err(problems),
            Err(source) => source,
        };
        let message = source.message().trim();
        let key = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
        let lacking = key.filter(|key| !config.contains_key(*key)).and_then(|key| Some((key, small.as_ref()?.get(key)?)));
        let Some((key, value)) = lacking else {
            problems.push(Problem::new(place.clone(), message));
            return Err(problems);
        };
        problems.push(Problem::expected(place.key(key), &format!("a value, such as {value}"), "nothing"));
        config.insert(key.to_string(), value.clone());
    }
}

/// The configuration of a small model of the family that is named.
fn small_of(config: &toml::Table) -> Option<toml::Table> {
    let family = config.get("family")?;
    let mut all = tallow_zoo::registry().iter().filter_map(|entry| toml::Table::try_from((entry.tiny)()).ok());
    all.find(|small| small.get("family") == Some(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRESET: &str = include_str!("../../presets/toy_bert.toml");

    #[test]
    fn presets_are_read_and_written_back() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/presets")).expect("presets");
        let files = folder.map(|entry| entry.expect("an entry").path());
        let files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
        assert!(!files.is_empty());
        for file in files {
            let name = file.display().to_string();
            let spec = parse(&std::fs::read_to_string(&file).expect("text"), &name).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(parse(&to_toml(&spec), &name).expect("read back"), spec);
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
        assert!(message.starts_with("`x.toml` has 3 problems:"), "{message}");
    }

    #[test]
    fn numbers_without_measure_are_told_in_few_words() {
        let refused = |key: &str, value: &str| {
            parse_with(PRESET, "x.toml", &[(key.into(), value.into())]).expect_err("refused").to_string()
        };
        let large = refused("seeds", "[0, 18446744073709551615]");
        assert!(large.ends_with("expected whole numbers from -9223372036854775808 to 9223372036854775807"), "{large}");
        let long = refused("recipe.length", "{ epochs = 1e300 }");
        assert!(long.contains("found 1e300"), "{long}");
        let title = [("title".to_string(), "007".to_string())];
        assert_eq!(parse_with(PRESET, "x.toml", &title).expect("an experiment").title, "007");
    }

    #[test]
    fn each_problem_has_its_line_and_its_key() {
        let text = PRESET
            .replace("lr = 1e-3", "learning_rate = 1e-3\nlr = \"fast\"")
            .replace("{ frac = 0.1 }", "{ frac = 2.0 }")
            .replace("num_attention_heads = 2", "num_attention_heads = 3")
            .replace("name = \"validation\"", "name = \"test\"");
        let line = |words: &str| 1 + text[..text.find(words).expect("there")].matches('\n').count();
        let message = parse(&text, "x.toml").expect_err("refused").to_string();
        for (at, expected) in [
            ("learning_rate", "`recipe.learning_rate`: there is no such key; there are `augment`, `batch_size`"),
            ("lr = \"fast\"", "`recipe.lr`: expected a number above 0 and at most 100, found the text \"fast\""),
            ("frac = 2.0", "`recipe.schedule.warmup.frac`: expected a number from 0 to 1, found 2.0"),
            ("num_attention_heads", "`model.config.num_attention_heads`: expected a divisor of `hidden_size` (64), found 3"),
        ] {
            assert!(message.contains(&format!("\n  - line {}, {expected}", line(at))), "{expected}\n{message}");
        }
        let text = text.replace("\"fast\"", "1e-3");
        let message = parse(&text, "x.toml").expect_err("refused").to_string();
        assert!(
            message.contains("`data.monitor.name`: expected another split than `data.train` and `data.held_out`, found `test`"),
            "{message}"
        );
    }

    /// As of the rest of the file.
    #[test]
    fn all_keys_that_a_model_lacks_are_told_at_once() {
        let lines = PRESET.lines().filter(|line| !line.starts_with("hidden_size") && !line.starts_with("num_attention_heads"));
        let text = lines.map(|line| format!("{line}\n")).collect::<String>().replace("lr = 1e-3", "lr = \"fast\"");
        let message = parse(&text, "x.toml").expect_err("refused").to_string();
        for key in ["hidden_size", "num_attention_heads"] {
            assert!(message.contains(&format!("`model.config.{key}`: expected a value, such as ")), "{message}");
        }
        assert!(message.contains("`recipe.lr`: expected a number") && message.contains("has 3 problems"), "{message}");
        let other = parse_with(PRESET, "x.toml", &[("model.config.family".to_string(), "dragon".to_string())]);
        assert!(other.is_err_and(|error| error.to_string().contains("dragon")));
    }

    #[test]
    fn unknown_keys_are_named() {
        let set = [("recipe.learning_rate".to_string(), "1".to_string())];
        let message = parse_with(PRESET, "x.toml", &set).expect_err("refused").to_string();
        assert!(message.contains("learning_rate"), "{message}");
    }
}
