//! An answer: the schema that it must fit, made of the spec's own, and what becomes of it.

use super::settable::Settable;
use crate::spec::{self, ExperimentSpec, ModelSpec};
use crate::words::{clean, plain};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Letters of a reason.
const REASON: usize = 300;
/// What a language model would do otherwise.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advice {
    /// By key; each is a [`Change`], which is read by itself so that what is wrong with it has its key.
    changes: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    reason: String,
    value: Value,
}

/// How a model is called in questions and answers. Where it lies on this machine is nobody's business.
pub fn name_of(spec: &ExperimentSpec) -> String {
    match &spec.model {
        ModelSpec::Pretrained { id, .. } if id.starts_with(['/', '.', '~']) => {
            Path::new(id).file_name().map_or_else(|| "a local model".into(), |name| name.to_string_lossy().into_owned())
        }
        ModelSpec::Pretrained { id, .. } => id.clone(),
        ModelSpec::Scratch { .. } => {
            let name = spec.title.split(" on ").next().unwrap_or(&spec.title);
            format!("{name} from scratch")
        }
    }
}

/// The schema of an answer that may set these, each once; `models`: the names that a model may have. Ranges, words and forms are those of
/// experiment files.
pub fn schema(settables: &[Settable], models: &[String]) -> Value {
    let spec = schemars::schema_for!(ExperimentSpec).to_value();
    let change = |settable: &Settable| {
        let form = json!({"reason": reason(), "value": value_of(&spec, *settable, models)});
        (settable.key().to_string(), object(form))
    };
    let by_key: Map<String, Value> = settables.iter().map(change).collect();
    let changes = json!({"type": "object", "properties": by_key, "additionalProperties": false});
    with_definitions(&spec, object(json!({"changes": changes})))
}

/// The same of an answer that sets one of them.
pub(crate) fn schema_of_one(settables: &[Settable]) -> Value {
    let spec = schemars::schema_for!(ExperimentSpec).to_value();
    let change = |settable: &Settable| {
        object(json!({"key": {"const": settable.key()}, "reason": reason(), "value": value_of(&spec, *settable, &[])}))
    };
    let one = json!({"anyOf": settables.iter().map(change).collect::<Vec<_>>()});
    with_definitions(&spec, object(json!({"change": one})))
}

fn reason() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": REASON})
}

fn value_of(spec: &Value, settable: Settable, models: &[String]) -> Value {
    match settable {
        Settable::Model => json!({"enum": models}),
        _ => property(spec, settable.key()).unwrap_or(json!({})),
    }
}

/// An object that has all of these and nothing else.
fn object(properties: Value) -> Value {
    let names: Vec<&String> = properties.as_object().into_iter().flatten().map(|(name, _)| name).collect();
    json!({"type": "object", "required": names, "properties": properties, "additionalProperties": false})
}

fn with_definitions(spec: &Value, mut schema: Value) -> Value {
    let defs = definitions(spec, &schema);
    if !defs.is_empty() {
        schema["$defs"] = Value::Object(defs);
    }
    schema
}

/// The schema of a key, found along references.
fn property(spec: &Value, key: &str) -> Option<Value> {
    let mut at = spec;
    for part in key.split('.') {
        at = resolved(spec, at).get("properties")?.get(part)?;
    }
    Some(at.clone())
}

/// What stands behind a reference, or behind the only one that may be nothing instead.
fn resolved<'a>(spec: &'a Value, schema: &'a Value) -> &'a Value {
    let of = |schema: &'a Value| schema.get("$ref")?.as_str()?.strip_prefix('#').and_then(|pointer| spec.pointer(pointer));
    let among = |schema: &'a Value| schema.get("anyOf")?.as_array()?.iter().find_map(of);
    of(schema).or_else(|| among(schema)).unwrap_or(schema)
}

/// Of the spec's definitions those that a schema needs.
fn definitions(spec: &Value, schema: &Value) -> Map<String, Value> {
    let (mut found, mut waiting) = (Map::new(), vec![schema]);
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(fields) => {
                let name = fields.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix("#/$defs/"));
                if let Some((name, definition)) = name.and_then(|name| Some((name, spec.get("$defs")?.get(name)?)))
                    && found.insert(name.to_string(), definition.clone()).is_none()
                {
                    waiting.push(definition);
                }
                waiting.extend(fields.values());
            }
            Value::Array(items) => waiting.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}

/// What may be changed, and what it is changed from.
pub struct Ground<'a> {
    /// The rules' experiment, which is run if nothing comes of this.
    pub draft: &'a ExperimentSpec,
    /// Experiments of the rules with other models.
    pub others: &'a [ExperimentSpec],
    pub settables: &'a [Settable],
    /// Who proposes, for what is said of it.
    pub adviser: &'a str,
}

/// The experiment with an answer's changes laid over it, each told with its reason.
///
/// # Errors
/// Everything that is wrong with it, at once, in words that whoever answered can be sent.
pub fn apply(answer: &Value, ground: &Ground) -> Result<ExperimentSpec, Vec<String>> {
    let advised = changes_of(answer)?;
    let mut problems = Vec::new();
    let mut changes: Vec<(Settable, &Change)> = Vec::new();
    for (key, change) in &advised {
        match Settable::of(key).filter(|settable| ground.settables.contains(settable)) {
            None => problems.push(not_settable(key, ground.settables)),
            Some(settable) => changes.push((settable, change)),
        }
        if change.reason.trim().is_empty() {
            problems.push(format!("`{}`: expected a reason, found none", clean(key)));
        }
    }
    let base = match changes.iter().find(|(settable, _)| *settable == Settable::Model) {
        None => ground.draft,
        Some((_, change)) => {
            let wanted = change.value.as_str().unwrap_or_default();
            let there = || std::iter::once(ground.draft).chain(ground.others);
            there().find(|spec| name_of(spec) == wanted).unwrap_or_else(|| {
                let names: BTreeSet<String> = there().map(name_of).collect();
                let names: Vec<String> = names.into_iter().collect();
                problems.push(format!("`model`: expected one of {}, found {}", names.join(", "), change.value));
                ground.draft
            })
        }
    };
    let mut table = toml::Table::try_from(base).unwrap_or_default();
    for (settable, change) in changes.iter().filter(|(settable, _)| *settable != Settable::Model) {
        if let Err(problem) = put(&mut table, settable.key(), &change.value) {
            problems.push(problem);
        }
    }
    match spec::of_table(table) {
        Ok(spec) if problems.is_empty() => Ok(told(spec, base, &changes, ground)),
        Ok(_) => Err(problems),
        Err(more) => Err(problems.into_iter().chain(more).collect()),
    }
}

/// Of a key that is not among those that may be set.
pub(crate) fn not_settable(key: &str, settables: &[Settable]) -> String {
    let known: Vec<&str> = settables.iter().map(|settable| settable.key()).collect();
    format!("`{}` may not be changed; what may: {}", clean(key), known.join(", "))
}

/// A reason as it is told: on one line, of bounded length, without what would end a quoted key.
pub(crate) fn reason_of(text: &str) -> String {
    clean(text).replace('`', "'").chars().take(REASON).collect()
}

/// What an answer changes, by key.
fn changes_of(answer: &Value) -> Result<BTreeMap<String, Change>, Vec<String>> {
    let advice: Advice = serde_json::from_value(answer.clone()).map_err(|why| {
        vec![format!("expected {{\"changes\": {{KEY: {{\"reason\", \"value\"}}}}}}, found another form: {why}")]
    })?;
    let (mut changes, mut problems) = (BTreeMap::new(), Vec::new());
    for (key, change) in advice.changes {
        match serde_json::from_value(change) {
            Ok(change) => drop(changes.insert(key, change)),
            Err(why) => problems.push(format!(
                "`{}`: expected {{\"reason\", \"value\"}}, the reason a text, found another form: {why}",
                clean(&key)
            )),
        }
    }
    if problems.is_empty() { Ok(changes) } else { Err(problems) }
}

/// Sets a key; nothing (null) takes it away.
fn put(table: &mut toml::Table, key: &str, value: &Value) -> Result<(), String> {
    let mut path: Vec<&str> = key.split('.').collect();
    let last = path.pop().unwrap_or_default();
    let mut at = table;
    for part in path {
        let next = at.entry(part).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        at = next.as_table_mut().ok_or_else(|| format!("`{key}`: `{part}` is not a table"))?;
    }
    if value.is_null() {
        at.remove(last);
        return Ok(());
    }
    let value = toml::Value::try_from(without_nulls(value.clone())).map_err(|why| format!("`{key}`: {why}"))?;
    at.insert(last.into(), value);
    Ok(())
}

/// TOML has no word for nothing.
pub(crate) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k, without_nulls(v))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// Says of each change what it was and why; what the rules assumed there is no longer so.
fn told(mut spec: ExperimentSpec, base: &ExperimentSpec, changes: &[(Settable, &Change)], ground: &Ground) -> ExperimentSpec {
    let json = |spec: &ExperimentSpec| serde_json::to_value(spec).unwrap_or_default();
    let (before, after) = (json(base), json(&spec));
    for (settable, change) in changes {
        let (key, adviser) = (settable.key(), ground.adviser);
        let (was, is) = match settable {
            Settable::Model => (name_of(ground.draft), name_of(&spec)),
            _ => (in_words(&settable.value(&before)), in_words(&settable.value(&after))),
        };
        if was == is {
            continue;
        }
        if *settable != Settable::Model {
            spec.assumptions.retain(|said| !said.starts_with(&format!("{key}: ")));
        }
        let reason = reason_of(&change.reason);
        spec.assumptions.push(format!("{key}: {is} instead of {was} (proposed by the language model {adviser}: \"{reason}\")"));
    }
    spec
}

/// A value as an answer has it.
pub(crate) fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), plain),
        Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => clean(&value.to_string()),
    }
}
