//! A schema without references and without `allOf`: all that it says of one value in one object.

use crate::schema::Problem;
use serde_json::{Map, Value, json};

pub(crate) type Object = Map<String, Value>;

/// References that follow each other; a longer chain goes in a circle.
const MOST_REFERENCES: usize = 64;

/// What says nothing about a value.
const NOTES: [&str; 16] = [
    "title",
    "description",
    "default",
    "examples",
    "$schema",
    "$id",
    "$comment",
    "$defs",
    "definitions",
    "deprecated",
    "readOnly",
    "writeOnly",
    "format",
    "$anchor",
    "contentMediaType",
    "contentEncoding",
];

/// The whole schema, for its references.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Document<'a>(pub(crate) &'a Value);

impl Document<'_> {
    /// What `schema` says, in one object; none for a schema that nothing fits.
    ///
    /// # Errors
    /// It is no schema, a reference leads nowhere, or two parts of it cannot be held at once.
    pub(crate) fn flat(self, schema: &Value, place: &str) -> Result<Option<Object>, Problem> {
        self.flat_within(schema, place, 0)
    }

    fn flat_within(self, schema: &Value, place: &str, depth: usize) -> Result<Option<Object>, Problem> {
        let problem = |what: String| Problem::new(place, what);
        if depth > MOST_REFERENCES {
            return Err(problem("its references go in a circle".into()));
        }
        let object = match schema {
            Value::Bool(true) => return Ok(Some(Object::new())),
            Value::Bool(false) => return Ok(None),
            Value::Object(object) => object,
            other => return Err(problem(format!("expected a schema, found {other}"))),
        };
        let mut own: Object = object
            .iter()
            .filter(|(key, _)| !NOTES.contains(&key.as_str()) && !["$ref", "allOf"].contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if let Some(reference) = object.get("$ref") {
            let target = self.target(reference).ok_or_else(|| problem(format!("the reference {reference} leads nowhere")))?;
            let Some(other) = self.flat_within(target, place, depth + 1)? else { return Ok(None) };
            match merge(other, own, place)? {
                Some(merged) => own = merged,
                None => return Ok(None),
            }
        }
        for part in object.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            let Some(other) = self.flat_within(part, place, depth + 1)? else { return Ok(None) };
            match merge(own, other, place)? {
                Some(merged) => own = merged,
                None => return Ok(None),
            }
        }
        Ok(Some(own))
    }

    /// `#/$defs/NAME`, or `#`.
    fn target(&self, reference: &Value) -> Option<&Value> {
        let pointer = reference.as_str()?.strip_prefix('#')?;
        if pointer.is_empty() { Some(self.0) } else { self.0.pointer(&pointer.replace("%24", "$")) }
    }
}

/// The types that a schema allows; none where it does not say.
pub(crate) fn types(schema: &Object) -> Option<Vec<String>> {
    match schema.get("type")? {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(all) => Some(all.iter().filter_map(|one| one.as_str().map(str::to_string)).collect()),
        _ => None,
    }
}

/// What holds where both hold; none where nothing does.
pub(crate) fn merge(a: Object, b: Object, place: &str) -> Result<Option<Object>, Problem> {
    let (mut out, mut b) = (a, b);
    if !(keep_to(&mut out, &b) && keep_to(&mut b, &out)) {
        return Ok(None);
    }
    let closed = |object: &Object| object.get("additionalProperties") == Some(&json!(false));
    let is_closed = closed(&out) || closed(&b);
    for (key, theirs) in b {
        let Some(ours) = out.remove(&key) else {
            out.insert(key, theirs);
            continue;
        };
        let merged = match key.as_str() {
            _ if ours == theirs => ours,
            "type" => {
                let list = |value: Value| types(&Object::from_iter([("type".to_string(), value)])).unwrap_or_default();
                let (ours, theirs) = (list(ours), list(theirs));
                let has = |all: &[String], one: &str| all.iter().any(|own| own == one || own == "number" && one == "integer");
                let mut both: Vec<String> = ours.iter().filter(|one| has(&theirs, one)).cloned().collect();
                both.extend(theirs.iter().filter(|one| has(&ours, one) && !both.contains(one)).cloned().collect::<Vec<_>>());
                if both.is_empty() {
                    return Ok(None);
                }
                json!(both)
            }
            "enum" => {
                let theirs = theirs.as_array().cloned().unwrap_or_default();
                let both: Vec<Value> = ours.as_array().into_iter().flatten().filter(|v| theirs.contains(v)).cloned().collect();
                if both.is_empty() {
                    return Ok(None);
                }
                json!(both)
            }
            "const" => return Ok(None),
            "minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties" => larger(ours, theirs, true),
            "maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties" => larger(ours, theirs, false),
            "required" => {
                let mut all = ours.as_array().cloned().unwrap_or_default();
                let theirs = theirs.as_array().cloned().unwrap_or_default();
                all.extend(theirs.into_iter().filter(|name| !ours.as_array().is_some_and(|ours| ours.contains(name))));
                Value::Array(all)
            }
            "properties" => {
                let mut all = ours.as_object().cloned().unwrap_or_default();
                for (name, schema) in theirs.as_object().cloned().unwrap_or_default() {
                    let both = match all.remove(&name) {
                        Some(own) => json!({"allOf": [own, schema]}),
                        None => schema,
                    };
                    all.insert(name, both);
                }
                Value::Object(all)
            }
            "uniqueItems" => json!(ours == true || theirs == true),
            "items" => json!({"allOf": [ours, theirs]}),
            "additionalProperties" if is_closed => json!(false),
            "additionalProperties" => json!({"allOf": [ours, theirs]}),
            // One of ours together with one of theirs.
            "anyOf" | "oneOf" => {
                let pairs = |one: &Value| {
                    theirs.as_array().into_iter().flatten().map(|other| json!({"allOf": [one, other]})).collect::<Vec<_>>()
                };
                Value::Array(ours.as_array().into_iter().flatten().flat_map(pairs).collect())
            }
            _ => {
                return Err(Problem::new(
                    place,
                    format!("`{key}` is said twice, {ours} and {theirs}, which cannot be held at once"),
                ));
            }
        };
        out.insert(key, merged);
    }
    if is_closed {
        out.insert("additionalProperties".into(), json!(false));
    }
    Ok(Some(out))
}

/// Keys of `object` that the other has no place for go, and what it says of keys that are not its own is said of them; false where one
/// that has to be there would go.
fn keep_to(object: &mut Object, other: &Object) -> bool {
    let has = |name: &str| other.get("properties").and_then(|all| all.get(name)).is_some();
    let Some(more) = other.get("additionalProperties") else { return true };
    if *more == json!(false) {
        let required = object.get("required").and_then(Value::as_array).into_iter().flatten();
        if required.filter_map(Value::as_str).any(|name| !has(name)) {
            return false;
        }
    }
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        if *more == json!(false) {
            properties.retain(|name, _| has(name));
        } else if more.is_object() {
            let own = properties.iter_mut().filter(|(name, _)| !has(name));
            own.for_each(|(_, schema)| *schema = json!({"allOf": [schema.clone(), more]}));
        }
    }
    true
}

fn larger(a: Value, b: Value, the_larger: bool) -> Value {
    let number = |value: &Value| value.as_f64().unwrap_or(0.0);
    if (number(&a) >= number(&b)) == the_larger { a } else { b }
}
