//! Whether no value that is written for one schema fits another: what `oneOf` asks of its branches.

use crate::flat::{Document, Object, merge, types};
use crate::schema::{is_of, meant};
use serde_json::{Value, json};

/// Nothing deeper is looked at; what is not known to differ may be the same.
const MOST_DEPTH: usize = 6;

/// Whether that is certain, either way around.
pub(crate) fn never_both(document: Document, a: &Object, b: &Object) -> bool {
    apart(document, a, b, 0) && apart(document, b, a, 0)
}

/// No value written for `a` fits `b`.
fn apart(document: Document, a: &Object, b: &Object, depth: usize) -> bool {
    if depth > MOST_DEPTH {
        return false;
    }
    if let Some(branches) = branches(document, a) {
        return branches.iter().all(|branch| apart(document, branch, b, depth + 1));
    }
    if let Some(branches) = branches(document, b) {
        return branches.iter().all(|branch| apart(document, a, branch, depth + 1));
    }
    if let Some(values) = listed(a) {
        return values.iter().all(|value| {
            let wrong_type = types(b).is_some_and(|types| !types.iter().any(|kind| is_of(value, kind)));
            wrong_type || listed(b).is_some_and(|others| !others.contains(value))
        });
    }
    // What is written for a schema without a type is of the type that it is about.
    let of_a = if listed(a).is_none() && types(a).is_none() { meant(a) } else { kinds(a) };
    let of_b = kinds(b);
    let meet = |one: &String| {
        of_b.iter().any(|other| {
            other == one
                || [one.as_str(), other.as_str()] == ["integer", "number"]
                || [one.as_str(), other.as_str()] == ["number", "integer"]
        })
    };
    let common: Vec<&String> = of_a.iter().filter(|one| meet(one)).collect();
    match common.as_slice() {
        [] => true,
        [one] if *one == "object" => keys_apart(document, a, b, depth),
        _ => false,
    }
}

fn keys_apart(document: Document, a: &Object, b: &Object, depth: usize) -> bool {
    let schema = |object: &Object, name: &str| object.get("properties").and_then(|all| all.get(name)).cloned();
    let (of_a, of_b) = (required(a), required(b));
    // Keys that are not named are not written.
    let writes = |name: &str| schema(a, name).is_some() || of_a.contains(&name.to_string());
    if of_b.iter().any(|name| !writes(name)) {
        return true;
    }
    let is_closed = b.get("additionalProperties") == Some(&json!(false));
    of_a.iter().any(|name| match (schema(a, name), schema(b, name)) {
        (_, None) => is_closed,
        (Some(own), Some(other)) => {
            let flat = |schema: &Value| document.flat(schema, "#").ok().flatten();
            matches!((flat(&own), flat(&other)), (Some(own), Some(other)) if apart(document, &own, &other, depth + 1))
        }
        (None, Some(_)) => false,
    })
}

fn required(object: &Object) -> Vec<String> {
    object
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|n| n.as_str().map(str::to_string))
        .collect()
}

fn listed(object: &Object) -> Option<Vec<Value>> {
    match (object.get("const"), object.get("enum")) {
        (Some(one), _) => Some(vec![one.clone()]),
        (None, Some(all)) => all.as_array().cloned(),
        (None, None) => None,
    }
}

fn kinds(object: &Object) -> Vec<String> {
    if let Some(values) = listed(object) {
        let all = ["null", "boolean", "string", "number", "array", "object"];
        return all.iter().filter(|kind| values.iter().any(|value| is_of(value, kind))).map(|kind| kind.to_string()).collect();
    }
    types(object).unwrap_or_else(|| ["null", "boolean", "string", "number", "array", "object"].map(String::from).to_vec())
}

/// The alternatives that a schema is made of, each whole.
fn branches(document: Document, object: &Object) -> Option<Vec<Object>> {
    let key = ["anyOf", "oneOf"].into_iter().find(|key| object.contains_key(*key))?;
    let mut rest = object.clone();
    let branches = rest.remove(key)?;
    let whole = |branch: &Value| {
        let flat = document.flat(branch, "#").ok()??;
        merge(rest.clone(), flat, "#").ok()?
    };
    Some(branches.as_array().into_iter().flatten().filter_map(whole).collect())
}
