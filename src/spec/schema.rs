//! A file against the schema that `tallow schema` prints: every problem at once.
//!
//! Knows the words that `schemars` makes of this module's types, and no others: tables, lists, choices by `kind`, by a word or by
//! their one key, and ranges. What it lets pass by mistake is still refused when the types are read, as the first problem alone.

use super::place::Place;
use crate::words::quoted;
use serde_json::Value as Schema;
use std::collections::BTreeMap;
use toml::Value;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    pub(super) place: Place,
    pub(super) what: String,
    /// A key that nobody asked for: without it, the rest can be read.
    pub(super) superfluous: bool,
}

impl Problem {
    pub(super) fn new(place: Place, what: impl Into<String>) -> Self {
        Problem { place, what: what.into(), superfluous: false }
    }

    pub(super) fn expected(place: Place, expected: &str, found: &str) -> Self {
        Problem::new(place, format!("expected {expected}, found {found}"))
    }
}

/// Everything in `table` that `schema` does not allow.
pub(super) fn check(schema: &Schema, table: &toml::Table) -> Vec<Problem> {
    let mut checker = Checker { root: schema, problems: Vec::new() };
    checker.table(schema, table, &Place::default());
    checker.problems
}

/// What the value of a key must be, in words, with the alternatives of a choice; none: there is no such key.
pub(super) fn takes(schema: &Schema, key: &str) -> Option<String> {
    let checker = Checker { root: schema, problems: Vec::new() };
    let mut at = schema;
    for part in key.split('.') {
        at = checker.meant(at).get("properties")?.get(part)?;
    }
    Some(checker.in_words(at))
}

/// Whether there is such a key, in one alternative of a choice at least.
pub(super) fn has(schema: &Schema, key: &str) -> bool {
    fn below<'a>(checker: &Checker<'a>, at: &'a Schema, mut parts: std::str::Split<'_, char>) -> bool {
        let Some(part) = parts.next() else { return true };
        let at = checker.meant(at);
        let others = ["oneOf", "anyOf"].iter().filter_map(|of| at.get(of)?.as_array()).flatten();
        let mut inner = std::iter::once(at).chain(others).filter_map(|one| checker.meant(one).get("properties")?.get(part));
        inner.any(|inner| below(checker, inner, parts.clone()))
    }
    below(&Checker { root: schema, problems: Vec::new() }, schema, key.split('.'))
}

struct Checker<'a> {
    root: &'a Schema,
    problems: Vec<Problem>,
}

impl<'a> Checker<'a> {
    fn value(&mut self, schema: &'a Schema, value: &Value, place: &Place) {
        let before = self.problems.len();
        if let Some(target) = self.target(schema) {
            self.value(target, value, place);
        }
        match Choice::of(schema) {
            Some(Choice::Only(only)) => self.value(only, value, place),
            Some(choice) => self.choice(&choice, value, place),
            None => {}
        }
        if self.problems.len() > before {
            return;
        }
        let kinds = kinds(schema);
        if !kinds.is_empty() && !kinds.iter().any(|kind| is_a(value, kind)) {
            self.problems.push(Problem::expected(place.clone(), &self.in_words(schema), &found(value)));
            return;
        }
        match value {
            Value::Table(table) if schema.get("properties").is_some() => self.table(schema, table, place),
            Value::Array(list) => self.list(schema, list, place),
            Value::String(word) => {
                let words = words(schema);
                if !words.is_empty() && !words.contains(&word.as_str()) {
                    self.problems.push(Problem::expected(place.clone(), &one_of(&words), &found(value)));
                }
            }
            Value::Integer(number) => self.number(schema, *number as f64, value, place),
            Value::Float(number) => self.number(schema, *number, value, place),
            _ => {}
        }
    }

    fn table(&mut self, schema: &'a Schema, table: &toml::Table, place: &Place) {
        let properties = schema.get("properties").and_then(Schema::as_object);
        let closed =
            ["additionalProperties", "unevaluatedProperties"].iter().any(|word| schema.get(word) == Some(&Schema::Bool(false)));
        for (key, value) in table {
            match properties.and_then(|properties| properties.get(key)) {
                Some(property) => self.value(property, value, &place.key(key)),
                None if closed => {
                    let known: Vec<&str> = properties.into_iter().flat_map(|p| p.keys()).map(String::as_str).collect();
                    let what = format!("there is no such key; there are {}", quoted(&known));
                    self.problems.push(Problem { superfluous: true, ..Problem::new(place.key(key), what) });
                }
                None => {}
            }
        }
        for key in required(schema).filter(|key| !table.contains_key(*key)) {
            let expected = properties.and_then(|p| p.get(key)).map(|property| self.in_words(property)).unwrap_or_default();
            self.problems.push(Problem::expected(place.key(key), &expected, "nothing"));
        }
    }

    fn list(&mut self, schema: &'a Schema, list: &[Value], place: &Place) {
        if let Some(items) = schema.get("items") {
            list.iter().enumerate().for_each(|(i, value)| self.value(items, value, &place.index(i)));
        }
        let bound = |word: &str| schema.get(word).and_then(Schema::as_u64);
        let (least, most) = (bound("minItems").unwrap_or(0), bound("maxItems").unwrap_or(u64::MAX));
        let count = list.len() as u64;
        if !(least..=most).contains(&count) {
            let expected = match least {
                _ if least == most => format!("{least} of them"),
                _ if count > most => format!("at most {most}"),
                1 => "at least one".into(),
                _ => format!("at least {least}"),
            };
            let count = if count == 0 { "none".into() } else { count.to_string() };
            self.problems.push(Problem::expected(place.clone(), &expected, &count));
        }
        let twice = list.iter().enumerate().find(|(i, value)| list[..*i].contains(value));
        if let (Some((i, value)), Some(true)) = (twice, schema.get("uniqueItems").and_then(Schema::as_bool)) {
            self.problems.push(Problem::expected(place.index(i), "each only once", &format!("{} again", found(value))));
        }
    }

    fn number(&mut self, schema: &Schema, number: f64, value: &Value, place: &Place) {
        // Written so that NaN is in no range.
        let inside = number.is_finite() && Range::of(schema).contains(number);
        if !inside && (Range::of(schema) != Range::default() || !kinds(schema).is_empty()) {
            self.problems.push(Problem::expected(place.clone(), &self.in_words(schema), &found(value)));
        }
    }

    fn choice(&mut self, choice: &Choice<'a>, value: &Value, place: &Place) {
        let expected = choice.in_words();
        let wrong = |place: Place, value: &str| Problem::expected(place, &expected, value);
        match (choice, value) {
            (Choice::Words(words), Value::String(word)) if words.contains(&word.as_str()) => {}
            (Choice::Tagged { tag, by_tag }, Value::Table(table)) => match table.get(*tag).and_then(Value::as_str) {
                Some(word) if by_tag.contains_key(word) => self.table(by_tag[word], table, place),
                _ => {
                    let found = table.get(*tag).map_or("nothing".into(), found);
                    let words: Vec<&str> = by_tag.keys().copied().collect();
                    self.problems.push(Problem::expected(place.key(tag), &one_of(&words), &found));
                }
            },
            (Choice::Keyed(by_key), Value::Table(table)) => match table.keys().collect::<Vec<_>>()[..] {
                [key] if by_key.contains_key(key.as_str()) => self.table(by_key[key.as_str()], table, place),
                [] => self.problems.push(wrong(place.clone(), "none")),
                ref keys => {
                    let keys: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
                    self.problems.push(wrong(place.clone(), &quoted(&keys)));
                }
            },
            _ => self.problems.push(wrong(place.clone(), &found(value))),
        }
    }

    /// What a `$ref` leads to.
    fn target(&self, schema: &Schema) -> Option<&'a Schema> {
        self.root.pointer(schema.get("$ref")?.as_str()?.strip_prefix('#')?)
    }

    /// What stands behind references, and behind the only choice that is not nothing.
    fn meant(&self, schema: &'a Schema) -> &'a Schema {
        match (self.target(schema), Choice::of(schema)) {
            (Some(target), _) => self.meant(target),
            (None, Some(Choice::Only(only))) => self.meant(only),
            (None, _) => schema,
        }
    }

    /// What would do, in words.
    fn in_words(&self, schema: &Schema) -> String {
        if let Some(target) = self.target(schema) {
            return self.in_words(target) + &Range::of(schema).in_words();
        }
        if let Some(choice) = Choice::of(schema) {
            return if let Choice::Only(only) = choice { self.in_words(only) } else { choice.in_words() };
        }
        let words = words(schema);
        if !words.is_empty() {
            return one_of(&words);
        }
        let kind = match kinds(schema).first().copied() {
            Some("object") => "a table",
            Some("array") => "a list",
            Some("string") => "a text",
            Some("integer") => "a whole number",
            Some("boolean") => "true or false",
            _ => "a number",
        };
        format!("{kind}{}", Range::of(schema).in_words())
    }
}

/// Alternatives, but for "nothing", which TOML cannot say.
enum Choice<'a> {
    Only(&'a Schema),
    Words(Vec<&'a str>),
    /// Tables that are told apart by the word of one key.
    Tagged {
        tag: &'a str,
        by_tag: BTreeMap<&'a str, &'a Schema>,
    },
    /// Tables of one key each.
    Keyed(BTreeMap<&'a str, &'a Schema>),
}

impl<'a> Choice<'a> {
    fn of(schema: &'a Schema) -> Option<Self> {
        let all = schema.get("oneOf").or_else(|| schema.get("anyOf"))?.as_array()?;
        let all: Vec<&Schema> = all.iter().filter(|one| one.get("type").and_then(Schema::as_str) != Some("null")).collect();
        if let [only] = all[..] {
            return Some(Choice::Only(only));
        }
        if all.iter().all(|one| !words(one).is_empty()) {
            return Some(Choice::Words(all.into_iter().flat_map(words).collect()));
        }
        let word_of = |one: &'a Schema, tag: &str| one.get("properties")?.get(tag)?.get("const")?.as_str();
        let tag =
            all.first()?.get("properties")?.as_object()?.keys().find(|tag| all.iter().all(|one| word_of(one, tag).is_some()));
        if let Some(tag) = tag {
            return Some(Choice::Tagged { tag, by_tag: all.iter().filter_map(|one| Some((word_of(one, tag)?, *one))).collect() });
        }
        let by_key: BTreeMap<&str, &Schema> = all.iter().filter_map(|one| Some((required(one).next()?, *one))).collect();
        (by_key.len() == all.len()).then_some(Choice::Keyed(by_key))
    }

    fn in_words(&self) -> String {
        match self {
            Choice::Only(_) => String::new(),
            Choice::Words(words) => one_of(words),
            Choice::Tagged { tag, by_tag } => {
                format!("a table whose `{tag}` is {}", one_of(&by_tag.keys().copied().collect::<Vec<_>>()))
            }
            Choice::Keyed(by_key) => format!("a table with {}", one_of(&by_key.keys().copied().collect::<Vec<_>>())),
        }
    }
}

/// What a number may be.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Range {
    least: Option<f64>,
    above: Option<f64>,
    most: Option<f64>,
    below: Option<f64>,
}

impl Range {
    fn of(schema: &Schema) -> Self {
        let bound = |word: &str| schema.get(word).and_then(Schema::as_f64);
        Range {
            least: bound("minimum"),
            above: bound("exclusiveMinimum"),
            most: bound("maximum"),
            below: bound("exclusiveMaximum"),
        }
    }

    fn contains(&self, number: f64) -> bool {
        self.least.is_none_or(|bound| number >= bound)
            && self.above.is_none_or(|bound| number > bound)
            && self.most.is_none_or(|bound| number <= bound)
            && self.below.is_none_or(|bound| number < bound)
    }

    /// " from 1 to 10", " above 0 and at most 100"; nothing where every number will do.
    fn in_words(&self) -> String {
        match (self.least, self.above, self.most, self.below) {
            (Some(least), _, Some(most), _) => format!(" from {least} to {most}"),
            (Some(least), _, _, Some(below)) => format!(" from {least} to below {below}"),
            (Some(least), ..) => format!(" of at least {least}"),
            (_, Some(above), Some(most), _) => format!(" above {above} and at most {most}"),
            (_, Some(above), _, Some(below)) => format!(" above {above} and below {below}"),
            (_, Some(above), ..) => format!(" above {above}"),
            (_, _, Some(most), _) => format!(" of at most {most}"),
            _ => String::new(),
        }
    }
}

/// The types that a schema allows, but for "nothing".
fn kinds(schema: &Schema) -> Vec<&str> {
    let all = match schema.get("type") {
        Some(Schema::String(kind)) => vec![kind.as_str()],
        Some(Schema::Array(kinds)) => kinds.iter().filter_map(Schema::as_str).collect(),
        _ => Vec::new(),
    };
    all.into_iter().filter(|kind| *kind != "null").collect()
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_table(),
        "array" => value.is_array(),
        "string" => value.is_str(),
        "integer" => value.is_integer(),
        "number" => value.is_integer() || value.is_float(),
        "boolean" => value.is_bool(),
        _ => true,
    }
}

/// The words that a text may be; none: any.
fn words(schema: &Schema) -> Vec<&str> {
    let one = schema.get("const").and_then(Schema::as_str);
    let several = schema.get("enum").and_then(Schema::as_array).into_iter().flatten().filter_map(Schema::as_str);
    one.into_iter().chain(several).collect()
}

fn required(schema: &Schema) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Schema::as_array).into_iter().flatten().filter_map(Schema::as_str)
}

fn one_of(words: &[&str]) -> String {
    match words {
        [only] => format!("`{only}`"),
        several => format!("one of {}", quoted(several)),
    }
}

fn found(value: &Value) -> String {
    match value {
        Value::String(text) if text.chars().count() > 40 => {
            format!("the text {:?}...", text.chars().take(40).collect::<String>())
        }
        Value::String(text) => format!("the text {text:?}"),
        Value::Table(_) => "a table".into(),
        Value::Array(_) => "a list".into(),
        Value::Datetime(_) => "a date".into(),
        Value::Float(number) if number.is_nan() => "NaN".into(),
        Value::Float(number) if number.is_finite() && number.abs() >= 1e15 => format!("{number:e}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(toml: &str) -> Vec<String> {
        let schema = serde_json::json!({
            "type": "object", "additionalProperties": false, "required": ["n"],
            "properties": {
                "n": { "type": ["integer", "null"], "minimum": 1, "maximum": 9 },
                "x": { "$ref": "#/$defs/X", "exclusiveMinimum": 0 },
                "mode": { "enum": ["a", "b"], "type": "string" },
                "seeds": { "type": "array", "items": { "type": "integer", "minimum": 0 }, "minItems": 1, "uniqueItems": true },
                "pair": { "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 2 },
                "kindly": { "anyOf": [{ "$ref": "#/$defs/Tagged" }, { "type": "null" }] },
                "length": { "oneOf": [
                    { "type": "object", "properties": { "epochs": { "type": "number" } }, "required": ["epochs"], "additionalProperties": false },
                    { "type": "object", "properties": { "steps": { "type": "integer" } }, "required": ["steps"], "additionalProperties": false },
                ] },
            },
            "$defs": {
                "X": { "type": "number" },
                "Tagged": { "oneOf": [
                    { "type": "object", "properties": { "kind": { "const": "none" } }, "required": ["kind"], "additionalProperties": false },
                    { "type": "object", "properties": { "kind": { "const": "some" }, "of": { "type": "string" } }, "required": ["kind", "of"] },
                ] },
            },
        });
        let table: toml::Table = toml::from_str(toml).expect("TOML");
        check(&schema, &table).iter().map(|p| format!("{}: {}", p.place, p.what)).collect()
    }

    #[test]
    fn what_is_right_passes() {
        let right =
            "n = 9\nx = 1\nmode = \"a\"\nseeds = [0, 1]\nkindly = { kind = \"some\", of = \"x\" }\nlength = { steps = 3 }";
        assert_eq!(problems(right), Vec::<String>::new());
    }

    #[test]
    fn each_mistake_is_told_with_its_place() {
        let check = |toml: &str, expected: &str| assert_eq!(problems(&format!("n = 1\n{toml}")), [expected], "{toml}");
        assert_eq!(problems(""), ["n: expected a whole number from 1 to 9, found nothing"]);
        assert_eq!(problems("n = 10"), ["n: expected a whole number from 1 to 9, found 10"]);
        assert_eq!(problems("n = 1.5"), ["n: expected a whole number from 1 to 9, found 1.5"]);
        check("other = 1", "other: there is no such key; there are `kindly`, `length`, `mode`, `n`, `pair`, `seeds`, `x`");
        check("x = \"1\"", "x: expected a number, found the text \"1\"");
        check("x = -1", "x: expected a number above 0, found -1");
        check("x = nan", "x: expected a number, found NaN");
        check("mode = \"c\"", "mode: expected one of `a`, `b`, found the text \"c\"");
        check("seeds = []", "seeds: expected at least one, found none");
        check("pair = [3.0]", "pair: expected 2 of them, found 1");
        check("pair = [1, 2, 3]", "pair: expected 2 of them, found 3");
        check("pair = []", "pair: expected 2 of them, found none");
        check("seeds = [3, 3]", "seeds[1]: expected each only once, found 3 again");
        check("seeds = [-1]", "seeds[0]: expected a whole number of at least 0, found -1");
        check("kindly = { kind = \"many\" }", "kindly.kind: expected one of `none`, `some`, found the text \"many\"");
        check("kindly = {}", "kindly.kind: expected one of `none`, `some`, found nothing");
        check("kindly = { kind = \"some\" }", "kindly.of: expected a text, found nothing");
        check("kindly = 3", "kindly: expected a table whose `kind` is one of `none`, `some`, found 3");
        check("kindly = { kind = \"none\", of = 1 }", "kindly.of: there is no such key; there are `kind`");
        check(
            "length = { steps = 1, epochs = 1 }",
            "length: expected a table with one of `epochs`, `steps`, found `epochs`, `steps`",
        );
        check("length = { steps = true }", "length.steps: expected a whole number, found true");
    }
}
