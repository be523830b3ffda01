//! What reference libraries say of random cases: `tests/fixtures/metrics/references.json`, made by the script beside it.

use serde_json::Value;

/// The cases of one kind: enough of them to mean something.
pub(super) fn cases(kind: &str) -> Vec<Value> {
    let mut file: Value = serde_json::from_str(include_str!("../../../tests/fixtures/metrics/references.json")).expect("JSON");
    match file[kind].take() {
        Value::Array(cases) if cases.len() >= 60 => cases,
        other => panic!("{kind}: {} cases", other.as_array().map_or(0, Vec::len)),
    }
}

pub(super) fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
}

pub(super) fn texts(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|x| x.as_str().expect("a text")).collect()
}

/// `found` must be what the case says of the metric `name`, `null` standing for NaN; `within` is relative above 1.
pub(super) fn check(case: &Value, name: &str, found: f64, within: f64) {
    let same =
        case[name].as_f64().map_or(found.is_nan(), |expected| (found - expected).abs() <= within * expected.abs().max(1.0));
    assert!(same, "{name} {found}: {case}");
}
