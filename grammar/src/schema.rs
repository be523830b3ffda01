//! A JSON schema as a grammar.

use crate::disjoint::never_both;
use crate::flat::{Document, Object, merge, types};
use crate::grammar::{Field, Grammar, Id, Node, Order};
use crate::number::{Bound, Decimals, Integers};
use crate::pattern::Pattern;
use crate::text::Strings;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What bounds a value where its schema does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Characters of a string.
    pub string: u32,
    /// Items of a list, and keys of an object whose keys are free.
    pub items: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { string: 500, items: 20 }
    }
}

/// Something in a schema that no grammar can be made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// As a JSON pointer, `#` being the whole.
    pub place: String,
    pub what: String,
}

impl Problem {
    pub(crate) fn new(place: &str, what: impl Into<String>) -> Self {
        Problem { place: place.into(), what: what.into() }
    }
}

/// A schema that nothing can be held to: all its problems at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the schema cannot be used: {}", listed(problems))]
pub struct Unfit {
    pub problems: Vec<Problem>,
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{}: {}", problem.place, problem.what)).collect::<Vec<_>>().join("; ")
}

/// Nodes that a schema may become.
const MOST_NODES: usize = 100_000;
/// Unique whole numbers of a range no wider than this are a list of choices.
const FEW: u64 = 256;

const KNOWN: [&str; 23] = [
    "type",
    "enum",
    "const",
    "anyOf",
    "oneOf",
    "properties",
    "required",
    "additionalProperties",
    "minProperties",
    "maxProperties",
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];

impl Grammar {
    /// Of a JSON schema (draft 2020-12, as far as `docs/generation.md` lists it).
    ///
    /// # Errors
    /// It is no schema, says what cannot be held, or nothing fits it.
    pub fn new(schema: &Value, bounds: Bounds) -> Result<Self, Unfit> {
        let mut reader = Reader {
            document: Document(schema),
            bounds,
            grammar: Grammar::empty(),
            known: BTreeMap::new(),
            problems: Vec::new(),
        };
        let root = reader.value(schema, "#");
        let mut problems = reader.problems;
        if root.is_none() && problems.is_empty() {
            problems.push(Problem::new("#", "nothing fits it"));
        }
        let mut grammar = reader.grammar;
        if let (Some(root), true) = (root, problems.is_empty()) {
            grammar.root = root;
            grammar.flatten_choices();
            if grammar.is_finite() {
                return Ok(grammar);
            }
            let what = if grammar.count(root) == 0 { "nothing fits it" } else { "no finite text fits it" };
            problems.push(Problem::new("#", what));
        }
        problems.sort_by(|a, b| a.place.cmp(&b.place));
        problems.dedup();
        Err(Unfit { problems })
    }
}

struct Reader<'a> {
    document: Document<'a>,
    bounds: Bounds,
    grammar: Grammar,
    /// Of schemas without references, by their text.
    known: BTreeMap<String, Id>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    /// None where nothing fits, or where there is a problem, which is kept.
    fn value(&mut self, schema: &Value, place: &str) -> Option<Id> {
        match self.document.flat(schema, place) {
            Ok(Some(object)) => self.object(object, place),
            Ok(None) => None,
            Err(problem) => self.refuse(problem),
        }
    }

    fn refuse<T>(&mut self, problem: Problem) -> Option<T> {
        if self.problems.len() < 50 {
            self.problems.push(problem);
        }
        None
    }

    fn object(&mut self, object: Object, place: &str) -> Option<Id> {
        let text = Value::Object(object.clone()).to_string();
        if let Some(id) = self.known.get(&text) {
            return Some(*id);
        }
        if self.grammar.len() > MOST_NODES {
            return self.refuse(Problem::new("#", format!("it is too large: it becomes more than {MOST_NODES} parts")));
        }
        let unknown: Vec<String> =
            object.keys().filter(|key| !KNOWN.contains(&key.as_str()) && !key.starts_with("x-")).cloned().collect();
        for key in &unknown {
            self.refuse::<()>(Problem::new(&format!("{place}/{key}"), format!("`{key}` cannot be held while writing")));
        }
        if !unknown.is_empty() {
            return None;
        }
        // A place for what refers to itself.
        let id = self.grammar.add(Node::Choice(Vec::new()));
        self.known.insert(text, id);
        let choices = self.choices(object, place);
        self.grammar.set(id, Node::Choice(choices));
        Some(id)
    }

    /// What fits, one way or another.
    fn choices(&mut self, mut object: Object, place: &str) -> Vec<Id> {
        for key in ["anyOf", "oneOf"] {
            if let Some(branches) = object.remove(key) {
                return self.branches(&object, &branches, key, place);
            }
        }
        let listed = match (object.remove("const"), object.remove("enum")) {
            (None, None) => None,
            (Some(one), None) => Some(vec![one]),
            (None, Some(all)) => Some(all.as_array().cloned().unwrap_or_default()),
            (Some(one), Some(all)) => Some(all.as_array().into_iter().flatten().filter(|v| **v == one).cloned().collect()),
        };
        if let Some(values) = listed {
            return self.listed(values, &object, place);
        }
        let all = types(&object).unwrap_or_else(|| meant(&object));
        let mut choices = Vec::new();
        for kind in &all {
            let made = match kind.as_str() {
                "null" => Some(self.grammar.text("null")),
                "boolean" => {
                    choices.push(self.grammar.text("true"));
                    Some(self.grammar.text("false"))
                }
                "string" => self.strings(&object, place),
                "integer" if all.iter().any(|other| other == "number") => None,
                "integer" => self.integers(&object, place),
                "number" => self.decimals(&object, place),
                "array" => self.list(&object, place),
                "object" => self.keys(&object, place),
                other => self.refuse(Problem::new(&format!("{place}/type"), format!("there is no type `{other}`"))),
            };
            choices.extend(made);
        }
        choices
    }

    fn branches(&mut self, rest: &Object, branches: &Value, key: &str, place: &str) -> Vec<Id> {
        let Some(branches) = branches.as_array() else {
            self.refuse::<()>(Problem::new(place, format!("`{key}`: expected a list of schemas")));
            return Vec::new();
        };
        let mut flat = Vec::new();
        for (i, branch) in branches.iter().enumerate() {
            let place = format!("{place}/{key}/{i}");
            match self.document.flat(branch, &place) {
                Ok(Some(branch)) => match merge(rest.clone(), branch, &place) {
                    Ok(Some(both)) => flat.push((both, place)),
                    Ok(None) => {}
                    Err(problem) => drop(self.refuse::<()>(problem)),
                },
                Ok(None) => {}
                Err(problem) => drop(self.refuse::<()>(problem)),
            }
        }
        if key == "oneOf" {
            let pairs = (0..flat.len()).flat_map(|i| (0..i).map(move |j| (j, i)));
            for (j, i) in pairs {
                if !never_both(self.document, &flat[j].0, &flat[i].0) {
                    let what = format!(
                        "a value may fit this and `{}`, where one alone is allowed: say `anyOf`, or give both a key with a `const`",
                        flat[j].1
                    );
                    self.refuse::<()>(Problem::new(&flat[i].1, what));
                    break;
                }
            }
        }
        flat.into_iter().filter_map(|(branch, place)| self.object(branch, &place)).collect()
    }

    fn listed(&mut self, values: Vec<Value>, rest: &Object, place: &str) -> Vec<Id> {
        let unheld = rest.keys().find(|key| !["type", "minimum", "maximum", "minLength", "maxLength"].contains(&key.as_str()));
        if let Some(key) = unheld {
            self.refuse::<()>(Problem::new(place, format!("`{key}` beside `enum` or `const` cannot be held")));
        }
        let fits = |value: &&Value| {
            let number = |key: &str| rest.get(key).and_then(Value::as_f64);
            let length = value.as_str().map(|text| text.chars().count() as f64);
            let within = |size: Option<f64>, least: &str, most: &str| {
                size.is_none_or(|size| number(least).is_none_or(|n| size >= n) && number(most).is_none_or(|n| size <= n))
            };
            types(rest).is_none_or(|types| types.iter().any(|kind| is_of(value, kind)))
                && within(value.as_f64(), "minimum", "maximum")
                && within(length, "minLength", "maxLength")
        };
        let texts: BTreeSet<String> = values.iter().filter(fits).map(Value::to_string).collect();
        // In the order of the schema, each once.
        let mut left = texts;
        values.iter().map(Value::to_string).filter(|text| left.remove(text)).map(|text| self.grammar.text(&text)).collect()
    }

    fn strings(&mut self, object: &Object, place: &str) -> Option<Id> {
        let (min, max) = self.lengths(object, ["minLength", "maxLength"], self.bounds.string, place)?;
        let pattern = match object.get("pattern").map(|pattern| pattern.as_str().unwrap_or_default()) {
            None => None,
            Some(text) => match Pattern::new(text, min as usize) {
                Ok(pattern) => Some(pattern),
                Err(what) => {
                    return self.refuse(Problem::new(
                        &format!("{place}/pattern"),
                        format!("the pattern `{text}` cannot be held: {what}"),
                    ));
                }
            },
        };
        Some(self.grammar.add(Node::Strings(Strings { min, max, pattern })))
    }

    /// At least and at most so many; `usual`: so many more than at least where nothing is said.
    fn lengths(&mut self, object: &Object, keys: [&str; 2], usual: u32, place: &str) -> Option<(u32, u32)> {
        let mut read = |key: &str| match object.get(key) {
            None => Some(None),
            Some(value) => match value.as_u64().or(value.as_f64().filter(|n| n.fract() == 0.0 && *n >= 0.0).map(|n| n as u64)) {
                Some(n) => Some(Some(n.min(1 << 20) as u32)),
                None => {
                    self.problems.push(Problem::new(&format!("{place}/{key}"), format!("expected a count, found {value}")));
                    None
                }
            },
        };
        let (min, max) = (read(keys[0])?.unwrap_or(0), read(keys[1])?);
        let max = max.unwrap_or(u32::MAX).min(if min > 0 { min.saturating_add(usual) } else { usual });
        (min <= max).then_some((min, max))
    }

    fn bounds_of(&mut self, object: &Object, place: &str) -> Option<[Option<Bound>; 2]> {
        let mut ends = [None, None];
        for (end, key, excluded) in
            [(0, "minimum", false), (0, "exclusiveMinimum", true), (1, "maximum", false), (1, "exclusiveMaximum", true)]
        {
            let Some(value) = object.get(key) else { continue };
            let Value::Number(number) = value else {
                return self.refuse(Problem::new(&format!("{place}/{key}"), format!("expected a number, found {value}")));
            };
            let next = Bound { value: number.clone(), excluded };
            let float = |bound: &Bound| bound.value.as_f64().unwrap_or(0.0);
            let tighter = |old: &Bound| match end {
                0 => float(&next) > float(old) || float(&next) == float(old) && excluded,
                _ => float(&next) < float(old) || float(&next) == float(old) && excluded,
            };
            if ends[end].as_ref().is_none_or(tighter) {
                ends[end] = Some(next);
            }
        }
        Some(ends)
    }

    fn integers_of(&mut self, object: &Object, place: &str) -> Option<Integers> {
        let [least, most] = self.bounds_of(object, place)?;
        let whole = |bound: &Bound, up: bool| {
            let number = bound.value.as_i128().unwrap_or_else(|| {
                let float = bound.value.as_f64().unwrap_or(0.0);
                (if up { float.ceil() } else { float.floor() }) as i128
            });
            let exact = bound.value.as_i128().is_some() || bound.value.as_f64().is_some_and(|n| n.fract() == 0.0);
            number.saturating_add(if bound.excluded && exact { if up { 1 } else { -1 } } else { 0 })
        };
        let least = least.map_or(i128::MIN / 4, |bound| whole(&bound, true));
        Some(Integers::new(least, most.map_or(i128::MAX / 4, |bound| whole(&bound, false))))
    }

    fn integers(&mut self, object: &Object, place: &str) -> Option<Id> {
        let integers = self.integers_of(object, place)?;
        if let Some(step) = object.get("multipleOf").filter(|step| **step != json!(1)) {
            let few = integers.few(1 << 16);
            let (Some(step), Some(all)) = (step.as_u64().filter(|step| *step > 0), few) else {
                let what = "`multipleOf` can be held of a whole number, in a range of at most 65,536 numbers";
                return self.refuse(Problem::new(&format!("{place}/multipleOf"), what));
            };
            let texts: Vec<Id> =
                all.into_iter().filter(|n| n % i128::from(step) == 0).map(|n| self.grammar.text(&n.to_string())).collect();
            return (!texts.is_empty()).then(|| self.grammar.add(Node::Choice(texts)));
        }
        (!integers.is_empty()).then(|| self.grammar.add(Node::Integers(integers)))
    }

    fn decimals(&mut self, object: &Object, place: &str) -> Option<Id> {
        if object.get("multipleOf").is_some() {
            let whole = object["multipleOf"].as_u64().is_some();
            if whole {
                return self.integers(object, place);
            }
            return self.refuse(Problem::new(&format!("{place}/multipleOf"), "`multipleOf` of a broken number cannot be held"));
        }
        let [least, most] = self.bounds_of(object, place)?;
        let decimals = Decimals::new(least, most);
        if decimals.is_empty() {
            return self
                .refuse(Problem::new(place, "the range holds no number that can be written with nine places behind the point"));
        }
        Some(self.grammar.add(Node::Decimals(decimals)))
    }

    fn list(&mut self, object: &Object, place: &str) -> Option<Id> {
        let (min, mut max) = self.lengths(object, ["minItems", "maxItems"], self.bounds.items, place)?;
        let unique = object.get("uniqueItems") == Some(&json!(true));
        if let Some(first) = object.get("prefixItems").and_then(Value::as_array) {
            if unique && first.len() > 1 {
                let what = "different items cannot be held beside `prefixItems`";
                return self.refuse(Problem::new(&format!("{place}/uniqueItems"), what));
            }
            return self.tuple(first, (min, max), place);
        }
        let of_item = format!("{place}/items");
        let schema = object.get("items").cloned().unwrap_or(json!(true));
        if max == 0 {
            return Some(self.grammar.text("[]"));
        }
        let mut order = Order::Free;
        let mut item = self.value(&schema, &of_item);
        if unique && item.is_some() && max > 1 {
            (item, order) = self.ascending(&schema, item, &of_item);
            match order {
                Order::Free => max = 1,
                Order::Numbers => {}
                Order::Choices => max = max.min(item.map_or(0, |item| self.grammar.count(item)) as u32),
            }
        }
        let Some(item) = item else { return (min == 0).then(|| self.grammar.text("[]")) };
        if min > max {
            let what = "different items can be held of whole numbers and of listed values alone";
            return if unique && order == Order::Free {
                self.refuse(Problem::new(&format!("{place}/uniqueItems"), what))
            } else {
                None
            };
        }
        Some(self.grammar.add(Node::List { item, min, max, order }))
    }

    /// Different items, by writing them in ascending order.
    fn ascending(&mut self, schema: &Value, item: Option<Id>, place: &str) -> (Option<Id>, Order) {
        let Ok(Some(object)) = self.document.flat(schema, place) else { return (item, Order::Free) };
        let is_whole = types(&object) == Some(vec!["integer".into()]);
        if is_whole && !["enum", "const", "anyOf", "oneOf", "multipleOf"].iter().any(|key| object.contains_key(*key)) {
            let Some(integers) = self.integers_of(&object, place) else { return (None, Order::Free) };
            if let Some(few) = integers.few(FEW) {
                let choices = few.into_iter().map(|n| self.grammar.text(&n.to_string())).collect();
                return (Some(self.grammar.add(Node::Choice(choices))), Order::Choices);
            }
            let up = integers.between(0, 0);
            if !up.is_empty() {
                return (Some(self.grammar.add(Node::Integers(up))), Order::Numbers);
            }
        }
        let of_texts = item.is_some_and(|item| self.grammar.is_of_texts(item));
        (item, if of_texts { Order::Choices } else { Order::Free })
    }

    fn tuple(&mut self, first: &[Value], (min, max): (u32, u32), place: &str) -> Option<Id> {
        let count = first.len() as u32;
        if min > count || max < count {
            let what = format!("lists of exactly the {count} items of `prefixItems` can be held, found {min} to {max}");
            return self.refuse(Problem::new(&format!("{place}/prefixItems"), what));
        }
        let items: Vec<Option<Id>> =
            first.iter().enumerate().map(|(i, schema)| self.value(schema, &format!("{place}/prefixItems/{i}"))).collect();
        let items: Vec<Id> = items.into_iter().collect::<Option<_>>()?;
        Some(if items.is_empty() { self.grammar.text("[]") } else { self.grammar.add(Node::Tuple(items)) })
    }

    fn keys(&mut self, object: &Object, place: &str) -> Option<Id> {
        let none = Object::new();
        let properties = object.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let required: Vec<&str> =
            object.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let more = object.get("additionalProperties").cloned().unwrap_or(json!(true));
        let (min, max) = self.lengths(object, ["minProperties", "maxProperties"], u32::MAX / 2, place)?;
        if properties.is_empty() && required.is_empty() && more != json!(false) {
            return self.map(&more, (min, max), place);
        }
        let mut names: Vec<&str> = properties.keys().map(String::as_str).collect();
        names.extend(required.iter().filter(|name| !properties.contains_key(**name)));
        // What tells alternatives apart comes first, so that one is chosen before it is written.
        names.sort_by_key(|name| !(required.contains(name) && properties.get(*name).is_some_and(|schema| self.is_tag(schema))));
        let (mut fields, mut impossible) = (Vec::new(), false);
        for name in names {
            let needed = required.contains(&name);
            let schema = properties.get(name).unwrap_or(&more);
            match self.value(schema, &format!("{place}/properties/{}", name.replace('~', "~0").replace('/', "~1"))) {
                Some(value) => {
                    let key = Value::from(name).to_string();
                    let first = self.grammar.text(&format!("{key}:"));
                    let later = self.grammar.text(&format!(",{key}:"));
                    fields.push(Field { first, later, value, needed });
                }
                None => impossible |= needed,
            }
        }
        if impossible {
            return None;
        }
        let needed = fields.iter().filter(|field| field.needed).count();
        if needed > max as usize || fields.len() < min as usize {
            return None;
        }
        let mut missing = (min as usize).saturating_sub(needed);
        for field in fields.iter_mut().filter(|field| !field.needed) {
            field.needed = missing > 0;
            missing = missing.saturating_sub(1);
        }
        let mut room = (max as usize).saturating_sub(fields.iter().filter(|field| field.needed).count());
        fields.retain(|field| {
            let kept = field.needed || room > 0;
            room -= usize::from(kept && !field.needed);
            kept
        });
        Some(if fields.is_empty() { self.grammar.text("{}") } else { self.grammar.add(Node::Keys(fields)) })
    }

    /// Free keys with values of one kind.
    fn map(&mut self, value: &Value, (min, max): (u32, u32), place: &str) -> Option<Id> {
        if min > 1 {
            return self
                .refuse(Problem::new(&format!("{place}/minProperties"), "at least two keys without names cannot be held"));
        }
        let max = max.min(self.bounds.items.max(min));
        let value = if max == 0 { None } else { self.value(value, &format!("{place}/additionalProperties")) };
        let Some(value) = value else { return (min == 0).then(|| self.grammar.text("{}")) };
        let name = self.grammar.add(Node::Strings(Strings { min: 1, max: 40, pattern: None }));
        let colon = self.grammar.text(":");
        let pair = self.grammar.add(Node::Sequence([name, colon, value]));
        Some(self.grammar.add(Node::Map { pair, min, max }))
    }

    fn is_tag(&self, schema: &Value) -> bool {
        let flat = self.document.flat(schema, "#").ok().flatten().unwrap_or_default();
        flat.contains_key("const") || flat.get("enum").and_then(Value::as_array).is_some_and(|all| all.len() == 1)
    }
}

/// The types that a schema without any is about.
pub(crate) fn meant(object: &Object) -> Vec<String> {
    let about: [(&str, &[&str]); 4] = [
        ("object", &["properties", "required", "additionalProperties", "minProperties", "maxProperties"]),
        ("array", &["items", "prefixItems", "minItems", "maxItems", "uniqueItems"]),
        ("string", &["pattern", "minLength", "maxLength"]),
        ("number", &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
    ];
    let found = about.iter().find(|(_, keys)| keys.iter().any(|key| object.contains_key(*key)));
    match found {
        Some((kind, _)) => vec![kind.to_string()],
        None => ["object", "array", "string", "number", "boolean", "null"].map(String::from).to_vec(),
    }
}

/// Whether a value is of a schema's type.
pub(crate) fn is_of(value: &Value, kind: &str) -> bool {
    match (value, kind) {
        (Value::Null, "null") | (Value::Bool(_), "boolean") | (Value::String(_), "string") => true,
        (Value::Array(_), "array") | (Value::Object(_), "object") | (Value::Number(_), "number") => true,
        (Value::Number(number), "integer") => number.as_f64().is_some_and(|n| n.fract() == 0.0),
        _ => false,
    }
}
