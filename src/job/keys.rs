//! Settings by their full path: `recipe.lr`.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Objects become paths; a list is one value.
pub fn flatten(value: Value) -> BTreeMap<String, Value> {
    let mut flat = BTreeMap::new();
    add(String::new(), value, &mut flat);
    flat
}

fn add(path: String, value: Value, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                add(if path.is_empty() { name } else { format!("{path}.{name}") }, value, into);
            }
        }
        value => drop(into.insert(path, value)),
    }
}

/// Keys whose values differ, in order, each with both values; none where a side lacks it.
pub fn differing<'a>(
    a: &'a BTreeMap<String, Value>,
    b: &'a BTreeMap<String, Value>,
) -> impl Iterator<Item = (&'a str, Option<&'a Value>, Option<&'a Value>)> {
    let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    keys.into_iter().map(|key| (key.as_str(), a.get(key), b.get(key))).filter(|(_, a, b)| a != b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_paths_and_a_key_of_one_side_differs() {
        let a = flatten(json!({"recipe": {"lr": 0.1, "betas": [1, 2]}, "seed": 0}));
        let b = flatten(json!({"recipe": {"lr": 0.2, "betas": [1, 2]}, "seed": 0, "threads": 2}));
        assert_eq!(a.keys().collect::<Vec<_>>(), ["recipe.betas", "recipe.lr", "seed"]);
        let found: Vec<_> = differing(&a, &b).map(|(key, a, b)| (key, a.cloned(), b.cloned())).collect();
        assert_eq!(found, [("recipe.lr", Some(json!(0.1)), Some(json!(0.2))), ("threads", None, Some(json!(2)))]);
    }
}
