//! Whether a value fits a schema: written from the specification (JSON Schema 2020-12), apart from what makes grammars.

use serde_json::Value;

/// The keywords that the value breaks, with its place.
pub(crate) fn mistakes(root: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(root, schema, value, "", &mut found);
    found
}

fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    mistakes(root, schema, value).is_empty()
}

fn check(root: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    let object = match schema {
        Value::Bool(true) => return,
        Value::Object(object) => object,
        other => return found.push(format!("{place}: {other}")),
    };
    for (key, said) in object {
        if !holds(root, object, key, said, value, place, found) {
            found.push(format!("{place}: `{key}` {said}, found {value}"));
        }
    }
}

fn holds(
    root: &Value,
    object: &serde_json::Map<String, Value>,
    key: &str,
    said: &Value,
    value: &Value,
    place: &str,
    found: &mut Vec<String>,
) -> bool {
    let count = |n: Option<usize>| n.is_none_or(|n| (n as f64) <= said.as_f64().expect("a number"));
    let least = |n: Option<usize>| n.is_none_or(|n| (n as f64) >= said.as_f64().expect("a number"));
    let letters = value.as_str().map(|text| text.chars().count());
    let items = value.as_array().map(Vec::len);
    let keys = value.as_object().map(|object| object.len());
    let number = value.as_f64();
    let bound = said.as_f64().unwrap_or(0.0);
    let list = || said.as_array().expect("a list");
    match key {
        "type" => match said {
            Value::Array(kinds) => kinds.iter().any(|kind| is_a(value, kind)),
            kind => is_a(value, kind),
        },
        "const" => value == said,
        "enum" => list().contains(value),
        "minimum" => number.is_none_or(|n| n >= bound),
        "maximum" => number.is_none_or(|n| n <= bound),
        "exclusiveMinimum" => number.is_none_or(|n| n > bound),
        "exclusiveMaximum" => number.is_none_or(|n| n < bound),
        "multipleOf" => number.is_none_or(|n| (n / bound).fract() == 0.0),
        "minLength" => least(letters),
        "maxLength" => count(letters),
        "minItems" => least(items),
        "maxItems" => count(items),
        "minProperties" => least(keys),
        "maxProperties" => count(keys),
        "pattern" => {
            let pattern = regex::Regex::new(&said.as_str().expect("a pattern").replace("\\d", "[0-9]")).expect("a pattern");
            value.as_str().is_none_or(|text| pattern.is_match(text))
        }
        "uniqueItems" => value.as_array().is_none_or(|all| *said == false || (0..all.len()).all(|i| !all[..i].contains(&all[i]))),
        "required" => {
            value.as_object().is_none_or(|own| list().iter().all(|name| own.contains_key(name.as_str().expect("a name"))))
        }
        "anyOf" => list().iter().any(|schema| fits(root, schema, value)),
        "oneOf" => list().iter().filter(|schema| fits(root, schema, value)).count() == 1,
        "allOf" => list().iter().all(|schema| fits(root, schema, value)),
        "$ref" => {
            fits(root, root.pointer(said.as_str().expect("a reference").trim_start_matches('#')).expect("its target"), value)
        }
        "items" => {
            let first = object.get("prefixItems").and_then(Value::as_array).map_or(0, Vec::len);
            value.as_array().into_iter().flatten().skip(first).all(|item| fits(root, said, item))
        }
        "prefixItems" => value.as_array().is_none_or(|all| all.iter().zip(list()).all(|(item, schema)| fits(root, schema, item))),
        "properties" => {
            for (name, schema) in said.as_object().expect("properties") {
                if let Some(own) = value.get(name) {
                    check(root, schema, own, &format!("{place}/{name}"), found);
                }
            }
            true
        }
        "additionalProperties" => {
            let named = |name: &str| object.get("properties").is_some_and(|all| all.get(name).is_some());
            value.as_object().is_none_or(|own| own.iter().all(|(name, own)| named(name) || fits(root, said, own)))
        }
        _ => true,
    }
}

fn is_a(value: &Value, kind: &Value) -> bool {
    match kind.as_str().expect("a type") {
        "integer" => value.as_f64().is_some_and(|n| n.fract() == 0.0),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type {other}"),
    }
}
