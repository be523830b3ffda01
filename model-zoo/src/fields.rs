//! Reading a public `config.json`: every mistake is kept, none ends the reading.
//!
//! Reading checks types only. Ranges, and what must hold between fields, are each model's own `problems`, so that a
//! configuration from elsewhere (an experiment file) passes the same checks.

use crate::error::{ConfigProblem, Error, Result};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::ops::RangeInclusive;

/// The fields of a JSON object, and the mistakes found so far. A count that cannot be read becomes 0, so that checks between
/// fields skip it.
pub(crate) struct Fields<'a> {
    object: &'a Map<String, Value>,
    problems: Vec<ConfigProblem>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(object: &'a Map<String, Value>) -> Self {
        Fields { object, problems: Vec::new() }
    }

    /// The field's value; `null` counts as absent, as in the public format.
    pub(crate) fn get(&self, field: &str) -> Option<&'a Value> {
        self.object.get(field).filter(|value| !value.is_null())
    }

    pub(crate) fn problem(&mut self, field: impl Into<String>, expected: impl Into<String>, found: impl ToString) {
        self.problems.push(ConfigProblem::new(field, expected, found));
    }

    /// A whole number that must be there.
    pub(crate) fn count(&mut self, field: &str) -> usize {
        if self.get(field).is_none() {
            self.problem(field, "a whole number", "nothing");
        }
        self.count_or(field, 0)
    }

    /// A whole number, or `default` where there is none.
    pub(crate) fn count_or(&mut self, field: &str, default: usize) -> usize {
        self.read(field, default, 0, "a whole number", |value| value.as_u64().and_then(|n| usize::try_from(n).ok()))
    }

    /// A number, or `default` where there is none.
    pub(crate) fn number_or(&mut self, field: &str, default: f64) -> f64 {
        self.read(field, default, default, "a number", Value::as_f64)
    }

    /// A number that must be there.
    pub(crate) fn number(&mut self, field: &str) -> f64 {
        if self.get(field).is_none() {
            self.problem(field, "a number", "nothing");
        }
        self.number_or(field, 1.0)
    }

    /// True or false, or `default` where there is none.
    pub(crate) fn flag_or(&mut self, field: &str, default: bool) -> bool {
        self.read(field, default, default, "true or false", Value::as_bool)
    }

    /// A mistake unless the field has this one value.
    pub(crate) fn only(&mut self, field: &str, value: Value) {
        if self.get(field) != Some(&value) {
            self.problem(field, value.to_string(), self.get(field).map_or("nothing".into(), Value::to_string));
        }
    }

    /// As [`Fields::only`], or the field is absent.
    pub(crate) fn only_if_present(&mut self, field: &str, value: Value) {
        if self.get(field).is_some() {
            self.only(field, value);
        }
    }

    /// Reads the fields of the object `field`; none if it is absent. Mistakes get its name in front.
    pub(crate) fn within<T>(&mut self, field: &str, read: impl FnOnce(&mut Fields) -> T) -> Option<T> {
        let value = self.get(field)?;
        let Some(object) = value.as_object() else {
            self.problem(field, "an object", value);
            return None;
        };
        let mut inner = Fields::new(object);
        let found = read(&mut inner);
        self.problems.extend(inner.problems.into_iter().map(|p| ConfigProblem { field: format!("{field}.{}", p.field), ..p }));
        Some(found)
    }

    /// One of a few words, or `default` where there is none.
    pub(crate) fn choice_or<T: Copy>(&mut self, field: &str, default: T, choices: &[(&str, T)]) -> T {
        let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let find = |value: &Value| choices.iter().find(|(word, _)| value.as_str() == Some(word)).map(|(_, choice)| *choice);
        self.read(field, default, default, &words.join(" or "), find)
    }

    /// A list of whole numbers, or `default` where there is none.
    pub(crate) fn counts_or(&mut self, field: &str, default: &[usize]) -> Vec<usize> {
        let number = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok());
        let list = |value: &Value| value.as_array().and_then(|list| list.iter().map(number).collect());
        self.read(field, default.to_vec(), default.to_vec(), "a list of whole numbers", list)
    }

    /// A list whose entries have a type of their own; empty where there is none. `entry` says what one is.
    pub(crate) fn list<T: DeserializeOwned>(&mut self, field: &str, entry: &str) -> Vec<T> {
        let Some(value) = self.get(field) else { return Vec::new() };
        let Some(list) = value.as_array() else {
            self.problem(field, format!("a list, each entry {entry}"), value);
            return Vec::new();
        };
        let mut read = Vec::with_capacity(list.len());
        for (at, value) in list.iter().enumerate() {
            match T::deserialize(value) {
                Ok(entry) => read.push(entry),
                Err(error) => self.problem(format!("{field}.{at}"), entry, error),
            }
        }
        read
    }

    fn read<T>(&mut self, field: &str, absent: T, wrong: T, expected: &str, read: impl Fn(&Value) -> Option<T>) -> T {
        let Some(value) = self.get(field) else { return absent };
        read(value).unwrap_or_else(|| {
            self.problem(field, expected, value);
            wrong
        })
    }

    /// The class names: `id2label`, or as many generic ones as one of `counts` says, or `default` many.
    pub(crate) fn labels(&mut self, counts: &[&str], default: usize) -> Vec<String> {
        let counted = counts.iter().find(|field| self.get(field).is_some()).map(|field| (*field, self.count(field)));
        let Some(value) = self.get("id2label") else {
            return generic_labels(counted.map_or(default, |(_, count)| count).min(*NUM_LABELS.end()));
        };
        let Some(object) = value.as_object() else {
            self.problem("id2label", "an object from class numbers to names", value);
            return generic_labels(default);
        };
        if let Some((field, count)) = counted.filter(|(_, count)| *count != object.len()) {
            self.problem(field, format!("{}, the number of names in `id2label`", object.len()), count);
        }
        let mut labels = Vec::with_capacity(object.len());
        for id in 0..object.len() {
            // Numbers are names as well: data whose classes are numbers is published so.
            match object.get(&id.to_string()) {
                Some(Value::String(name)) => labels.push(name.clone()),
                Some(Value::Number(name)) => labels.push(name.to_string()),
                _ => {
                    let found = object.get(&id.to_string()).map_or("nothing".to_string(), Value::to_string);
                    self.problem(format!("id2label.{id}"), "a class name", found);
                }
            }
        }
        labels
    }

    /// # Errors
    /// All mistakes: those of reading, and of `others` those on fields that could be read.
    pub(crate) fn finish(mut self, others: Vec<ConfigProblem>) -> Result<()> {
        let unread = |problem: &ConfigProblem| self.problems.iter().any(|known| known.field.starts_with(problem.field.as_str()));
        let others: Vec<_> = others.into_iter().filter(|problem| !unread(problem)).collect();
        self.problems.extend(others);
        if self.problems.is_empty() { Ok(()) } else { Err(Error::Config(self.problems)) }
    }
}

/// The object that a `config.json` is.
///
/// # Errors
/// It is something else.
pub(crate) fn parse_object(config_json: &str) -> Result<Map<String, Value>> {
    match serde_json::from_str(config_json).map_err(|e| Error::NotJson(e.to_string()))? {
        Value::Object(object) => Ok(object),
        _ => Err(Error::NotJson("it is some other JSON value".into())),
    }
}

/// Fields of a configuration, each with its name: `named!(self; dim)` is `[("dim", self.dim)]`.
macro_rules! named {
    ($config:expr; $($field:ident),+) => {
        [$((stringify!($field), $config.$field)),+]
    };
}
pub(crate) use named;

/// How many classes a head may have.
const NUM_LABELS: RangeInclusive<usize> = 1..=1_000_000;

/// Class names as the public format has them where nobody gave any.
pub(crate) fn generic_labels(count: usize) -> Vec<String> {
    (0..count).map(|id| format!("LABEL_{id}")).collect()
}

/// A problem if `found` is outside `range`.
pub(crate) fn check_count(problems: &mut Vec<ConfigProblem>, field: &str, found: usize, range: RangeInclusive<usize>) {
    if !range.contains(&found) {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        problems.push(ConfigProblem::new(field, expected, found));
    }
}

/// As [`check_count`] of many fields: each with what was found, and the most that can be; the least is 1.
pub(crate) fn check_counts<const N: usize>(problems: &mut Vec<ConfigProblem>, fields: [(&str, usize, usize); N]) {
    fields.into_iter().for_each(|(field, found, most)| check_count(problems, field, found, 1..=most));
}

/// Problems of probabilities of dropout that are none below 1.
pub(crate) fn check_dropouts<const N: usize>(problems: &mut Vec<ConfigProblem>, found: [(&str, f64); N]) {
    let wrong = found.into_iter().filter(|(_, p)| !(0.0..1.0).contains(p));
    problems.extend(wrong.map(|(field, p)| ConfigProblem::new(field, "a probability, at least 0 and below 1", p)));
}

/// Problems of tokens that the vocabulary does not have. One of 0 could not be read, which is told already.
pub(crate) fn check_ids<const N: usize>(problems: &mut Vec<ConfigProblem>, vocab_size: usize, ids: [(&str, usize); N]) {
    if vocab_size > 0 {
        ids.into_iter().for_each(|(field, id)| check_count(problems, field, id, 0..=vocab_size - 1));
    }
}

/// Problems of what a variance is kept from 0 by, and of spreads that weights are drawn with: float32 must hold them, and what is
/// computed with them.
pub(crate) fn check_positive<const N: usize>(problems: &mut Vec<ConfigProblem>, found: [(&str, f64); N]) {
    let wrong = found.into_iter().filter(|(_, number)| !(f64::from(f32::MIN_POSITIVE)..=100.0).contains(number));
    problems.extend(wrong.map(|(field, number)| ConfigProblem::new(field, "a number above 0 and at most 100", number)));
}

/// A problem if the first field's count does not divide the second's. One of 0 could not be read, which is told already.
pub(crate) fn check_divides(problems: &mut Vec<ConfigProblem>, [(field, found), (whole, of)]: [(&str, usize); 2]) {
    if found > 0 && !of.is_multiple_of(found) {
        problems.push(ConfigProblem::new(field, format!("a divisor of `{whole}` ({of})"), found));
    }
}

/// Problems if there is no class, or two of the same name.
pub(crate) fn check_labels(problems: &mut Vec<ConfigProblem>, labels: &[String]) {
    check_count(problems, "num_labels", labels.len(), NUM_LABELS);
    let mut seen = std::collections::BTreeSet::new();
    if let Some(twice) = labels.iter().find(|label| !seen.insert(*label)) {
        problems.push(ConfigProblem::new("id2label", "a different name for each class", format!("\"{twice}\" twice")));
    }
}

/// Adds the class names to a `config.json` as the public format has them.
pub(crate) fn write_labels(config: &mut Map<String, Value>, labels: &[String]) {
    let named = labels.iter().enumerate().map(|(id, label)| (id.to_string(), json!(label))).collect();
    let numbered = labels.iter().enumerate().map(|(id, label)| (label.clone(), json!(id))).collect();
    config.extend([("id2label".into(), named), ("label2id".into(), numbered)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_named_counted_or_generic() {
        let read = |config: Value| {
            let mut fields = Fields::new(config.as_object().expect("an object"));
            let labels = fields.labels(&["num_labels"], 2);
            (labels, fields.problems)
        };
        assert_eq!(read(json!({})).0, ["LABEL_0", "LABEL_1"]);
        assert_eq!(read(json!({"num_labels": 3})).0.len(), 3);
        let named = read(json!({"id2label": {"1": "b", "0": "a"}, "num_labels": 2}));
        assert_eq!((named.0, named.1.len()), (vec!["a".into(), "b".into()], 0));
        assert_eq!(read(json!({"id2label": {"0": 0, "1": 1}})).0, ["0", "1"]);
        let gap = read(json!({"id2label": {"0": "a", "2": "c"}, "num_labels": 3}));
        let fields: Vec<_> = gap.1.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(fields, ["num_labels", "id2label.1"]);
    }
}
