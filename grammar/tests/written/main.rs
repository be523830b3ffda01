//! Texts that are written by chance, with no model to help: each is valid, however little room there is.

mod validator;

use proptest::prelude::*;
use serde_json::{Value, json};
use tallow_grammar::{Bounds, Constraint, Error, Grammar, Vocabulary};

/// Bytes, and tokens of several as models have them: marks that run together, words, halves of characters, ends.
fn vocabulary() -> Vocabulary {
    let mut tokens: Vec<Vec<u8>> = (0..=255u8).map(|byte| vec![byte]).collect();
    let several = [
        "\":",
        "\",\"",
        "{\"",
        "\"}",
        "\"},{\"",
        "]}",
        "},",
        "\":\"",
        "\":{\"",
        "[{\"",
        "true",
        "false",
        "null",
        "the",
        " a",
        "kind",
        "\"kind\":\"",
        "10",
        "000",
        "0.",
        ".5",
        "e-",
        "-1",
        "é",
        "日本",
        "\\n",
        "\\\"",
        "ab",
        "aab",
        "\n\n",
        "  ",
        "}\n",
        "99999",
        "123456789",
        "ing\"",
        "a\",\"b",
    ];
    tokens.extend(several.map(|text| text.as_bytes().to_vec()));
    tokens.push("日".as_bytes()[..2].to_vec());
    tokens.push([&"日".as_bytes()[2..], b"\""].concat());
    tokens.push(Vec::new());
    let end = tokens.len() as u32 - 1;
    Vocabulary::new(tokens, vec![end])
}

/// Writes with whatever `chance` picks, some of it forced; the text and its tokens.
fn write(
    grammar: &Grammar,
    vocabulary: &Vocabulary,
    room: usize,
    forced: bool,
    mut chance: impl FnMut() -> u64,
) -> Result<(String, usize), Error> {
    let mut constraint = Constraint::new(grammar, vocabulary, room)?;
    let mut written = 0;
    while !constraint.is_over() && written < room {
        if forced {
            let tokens = constraint.forced(room - written);
            written += tokens.len();
            if !tokens.is_empty() {
                continue;
            }
        }
        let allowed: Vec<u32> = constraint.allowed(room - written)?.tokens().collect();
        let token = allowed[(chance() % allowed.len() as u64) as usize];
        constraint.take(token)?;
        if vocabulary.ends().contains(&token) {
            break;
        }
        written += 1;
    }
    Ok((constraint.text(), written))
}

fn chances(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let x = (state >> 33) ^ state;
        x >> 7
    }
}

fn check(schema: &Value) {
    let vocabulary = vocabulary();
    let grammar = Grammar::new(schema, Bounds::default()).unwrap_or_else(|e| panic!("{e} of {schema}"));
    for seed in 0..60 {
        let room = [400, 1000, 60, 150][seed as usize % 4];
        let written = write(&grammar, &vocabulary, room, seed % 3 == 0, chances(seed));
        let (text, tokens) = match written {
            Err(Error::Room { needed, room }) => {
                assert!(needed as usize > room);
                continue;
            }
            other => other.unwrap_or_else(|e| panic!("{e} of {schema}")),
        };
        assert!(tokens <= room);
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text} of {schema}"));
        let mistakes = validator::mistakes(schema, schema, &value);
        assert!(mistakes.is_empty(), "{mistakes:?}: {text} of {schema}");
    }
}

#[test]
fn every_keyword_holds() {
    let schemas = [
        json!({}),
        json!(true),
        json!({"type": "null"}),
        json!({"type": ["boolean", "null"]}),
        json!({"enum": ["a", "ab", "abc", 3, null, {"x": [1, 2]}, "é\"\n"]}),
        json!({"const": "x"}),
        json!({"type": "integer", "minimum": -5, "maximum": 130}),
        json!({"type": "integer", "exclusiveMinimum": 7, "exclusiveMaximum": 10}),
        json!({"type": "integer", "multipleOf": 7, "minimum": 10, "maximum": 500}),
        json!({"type": "integer"}),
        json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1}),
        json!({"type": "number", "minimum": -2.5, "exclusiveMaximum": -0.25}),
        json!({"type": ["number", "string"], "maxLength": 3}),
        json!({"type": "string", "minLength": 3, "maxLength": 5}),
        json!({"type": "string", "pattern": "^[a-z]+-\\d{2,3}$"}),
        json!({"type": "string", "pattern": "^(日本|é)*x$", "minLength": 4, "maxLength": 9}),
        json!({"type": "string", "pattern": "b"}),
        json!({"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 9}, "minItems": 2, "maxItems": 4}),
        json!({"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 3, "uniqueItems": true}),
        json!({"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 3}, "minItems": 3, "uniqueItems": true}),
        json!({"type": "array", "items": {"type": "integer", "minimum": 995, "maximum": 3000}, "minItems": 4, "maxItems": 6, "uniqueItems": true}),
        json!({"type": "array", "items": {"enum": ["a", "b", "ab", 1]}, "minItems": 2, "uniqueItems": true}),
        json!({"type": "array", "items": {"type": "string"}, "uniqueItems": true}),
        json!({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string", "maxLength": 2}], "minItems": 2, "maxItems": 2}),
        json!({"type": "array"}),
        json!({"type": "object"}),
        json!({"type": "object", "additionalProperties": {"type": "integer"}, "maxProperties": 3}),
        json!({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}, "c": true}, "required": ["b"]}),
        json!({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"const": 1}}, "additionalProperties": false, "minProperties": 1}),
        json!({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"const": 1}, "c": {}}, "maxProperties": 1, "additionalProperties": false}),
        json!({"type": "object", "required": ["x"], "additionalProperties": {"type": "boolean"}}),
        json!({"anyOf": [{"type": "integer"}, {"type": "number", "minimum": 3}, {"type": "string", "maxLength": 4}, {"type": "null"}]}),
        json!({"oneOf": [
            {"type": "object", "properties": {"kind": {"const": "none"}}, "required": ["kind"], "additionalProperties": false},
            {"type": "object", "properties": {"kind": {"const": "some"}, "after": {"type": "number"}, "list": {"type": "array", "items": {"type": "boolean"}}}, "required": ["kind", "list"]},
            {"type": "string", "maxLength": 5},
        ]}),
        json!({"oneOf": [
            {"type": "object", "properties": {"epochs": {"type": "number"}}, "required": ["epochs"], "additionalProperties": false},
            {"type": "object", "properties": {"steps": {"type": "integer"}}, "required": ["steps"], "additionalProperties": false},
        ]}),
        json!({"allOf": [{"type": "object", "properties": {"a": {"type": "integer", "minimum": 3}}, "required": ["a"]}, {"properties": {"a": {"maximum": 5}, "b": {"enum": [1, 2]}}, "required": ["b"]}]}),
        json!({"type": "object", "properties": {"d": {"type": "integer"}}, "required": ["d", "kind"], "oneOf": [
            {"properties": {"kind": {"const": "a"}, "x": {"type": "integer"}}, "required": ["kind", "x"]},
            {"properties": {"kind": {"const": "b"}}, "required": ["kind"]},
        ]}),
        json!({"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "properties": {"value": {"type": "integer"}, "left": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]}}, "required": ["value", "left"]}}}),
        json!({"$ref": "#/$defs/Positive", "maximum": 10, "description": "x", "$defs": {"Positive": {"type": "number", "exclusiveMinimum": 0}}}),
        json!({"type": "object", "properties": {"a~/\"b": {"const": true}}, "required": ["a~/\"b"]}),
    ];
    schemas.iter().for_each(check);
}

#[test]
fn what_cannot_be_held_is_told_all_at_once() {
    let says = |schema: Value| Grammar::new(&schema, Bounds::default()).expect_err("refused").to_string();
    let check = |schema: Value, expected: &[&str]| {
        let found = says(schema);
        expected.iter().for_each(|part| assert!(found.contains(part), "{found}"));
    };
    check(
        json!({"type": "object", "properties": {"a": {"not": {}}, "b": {"if": {}}}, "required": ["a"]}),
        &["#/properties/a/not", "#/properties/b/if"],
    );
    check(json!({"type": "strin"}), &["#/type", "`strin`"]);
    check(json!({"type": "string", "pattern": "("}), &["#/pattern"]);
    check(json!({"$ref": "#/$defs/none"}), &["leads nowhere"]);
    check(json!({"allOf": [{"$ref": "#"}]}), &["circle"]);
    check(json!([1]), &["expected a schema"]);
    check(json!(false), &["nothing fits"]);
    check(json!({"type": "integer", "minimum": 3, "maximum": 2}), &["nothing fits"]);
    check(json!({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}), &["no finite text"]);
    check(json!({"oneOf": [{"type": "integer"}, {"type": "number"}]}), &["#/oneOf/1", "`anyOf`"]);
    check(
        json!({"oneOf": [{"type": "object", "properties": {"a": {}}, "required": ["a"]}, {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"]}]}),
        &["#/oneOf/1"],
    );
    check(json!({"type": "array", "items": {"type": "string"}, "minItems": 2, "uniqueItems": true}), &["#/uniqueItems"]);
    let pair = json!([{"type": "integer"}, {"type": "integer"}]);
    check(json!({"type": "array", "prefixItems": pair, "minItems": 2, "maxItems": 2, "uniqueItems": true}), &["#/uniqueItems"]);
    check(json!({"type": "integer", "exclusiveMinimum": 1e300}), &["nothing fits"]);
    check(json!({"type": "integer", "maximum": -1e300}), &["nothing fits"]);
    check(json!({"minLength": -1}), &["#/minLength", "expected a count"]);
}

#[test]
fn room_is_known_before_the_first_token() {
    let grammar = Grammar::new(&json!({"type": "array", "items": {"const": "abababab"}, "minItems": 30}), Bounds::default())
        .expect("a grammar");
    let vocabulary = vocabulary();
    let Err(Error::Room { needed, room: 40 }) = Constraint::new(&grammar, &vocabulary, 40).map(drop) else { panic!("refused") };
    let (_, tokens) = write(&grammar, &vocabulary, needed as usize, false, chances(1)).expect("just enough");
    assert!(tokens <= needed as usize);
    let letters = Vocabulary::new((b'a'..=b'z').map(|byte| vec![byte]).collect(), Vec::new());
    assert!(Constraint::new(&grammar, &letters, 1000).expect_err("no marks").to_string().contains("`{`"));
}

/// Schemas of all kinds, some levels deep.
fn schemas() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({"type": "boolean"})),
        Just(json!({"type": "null"})),
        (-1000i64..1000, 0i64..3000)
            .prop_map(|(least, width)| json!({"type": "integer", "minimum": least, "maximum": least + width})),
        (-100.0f64..100.0, 0.001f64..500.0)
            .prop_map(|(least, width)| json!({"type": "number", "minimum": least, "exclusiveMaximum": least + width})),
        (0u32..6, 0u32..20).prop_map(|(least, more)| json!({"type": "string", "minLength": least, "maxLength": least + more})),
        proptest::collection::vec("[a-cé]{0,3}", 1..5).prop_map(|words| json!({"enum": words})),
        "\\^\\[a-z]\\{1,[2-5]}(-x)?\\$".prop_map(|pattern| json!({"type": "string", "pattern": pattern})),
        Just(json!({})),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            (inner.clone(), 0u32..3, 0u32..3).prop_map(|(item, least, more)| json!({"type": "array", "items": item, "minItems": least, "maxItems": least + more})),
            (proptest::collection::btree_map("[a-d]{1,2}", inner.clone(), 0..4), 0usize..16, any::<bool>()).prop_map(|(properties, needed, open)| {
                let required: Vec<&String> = properties.keys().enumerate().filter(|(i, _)| needed >> i & 1 == 1).map(|(_, name)| name).collect();
                json!({"type": "object", "required": required, "additionalProperties": open, "properties": properties})
            }),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(|all| json!({"anyOf": all})),
            (inner.clone(), inner).prop_map(|(a, b)| json!({"oneOf": [
                {"type": "object", "properties": {"kind": {"const": "a"}, "value": a}, "required": ["kind", "value"], "additionalProperties": false},
                {"type": "object", "properties": {"kind": {"const": "b"}, "value": b}, "required": ["kind"], "additionalProperties": false},
            ]})),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn texts_of_any_schema_are_valid(schema in schemas(), seed: u64, room in 20usize..300, forced: bool) {
        let grammar = match Grammar::new(&schema, Bounds::default()) {
            Ok(grammar) => grammar,
            Err(error) => return Err(TestCaseError::fail(format!("{error} of {schema}"))),
        };
        match write(&grammar, &vocabulary(), room, forced, chances(seed)) {
            Err(Error::Room { .. }) => {}
            Err(error) => return Err(TestCaseError::fail(format!("{error} of {schema}"))),
            Ok((text, tokens)) => {
                prop_assert!(tokens <= room);
                let value: Value = serde_json::from_str(&text).map_err(|e| TestCaseError::fail(format!("{e}: {text} of {schema}")))?;
                let mistakes = validator::mistakes(&schema, &schema, &value);
                prop_assert!(mistakes.is_empty(), "{mistakes:?}: {text} of {schema}");
            }
        }
    }
}
