//! What a script predicted of examples whose answers it could not see, scored. Pure.

use crate::eval::{ClassSaid, Predictions, interval};
use crate::spec::Metric;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// A score with its 95 % interval, where there is one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scored {
    pub metric: Metric,
    pub value: f64,
    pub interval: Option<[f64; 2]>,
}

/// Numbers of more kinds than these are amounts and no classes.
const MOST_CLASSES: usize = 20;

/// Classes where the answers are texts or a few whole numbers, else amounts.
///
/// # Errors
/// There are not as many predictions as answers, or some are of another kind: in words.
pub fn score(predictions: &[Value], answers: &[Value]) -> Result<Vec<Scored>, String> {
    if predictions.len() != answers.len() {
        return Err(format!(
            "expected a prediction for each of {} held-out examples, found {}",
            answers.len(),
            predictions.len()
        ));
    }
    let distinct: BTreeSet<String> = answers.iter().map(text).collect();
    let is_whole = |value: &Value| value.as_i64().is_some();
    let amounts = answers.iter().all(Value::is_number) && (!answers.iter().all(is_whole) || distinct.len() > MOST_CLASSES);
    let (said, metrics) = match amounts {
        true => (values(predictions, answers)?, &[Metric::Rmse, Metric::Mae, Metric::R2, Metric::Spearman][..]),
        false => (classes(predictions, answers, distinct)?, &[Metric::Accuracy, Metric::MacroF1, Metric::Matthews][..]),
    };
    let drawn = said.intervals(metrics);
    let scored = |metric: &Metric| {
        let (value, drawn) = (said.metric(*metric), drawn.get(metric).copied().filter(|_| !said.is_share(*metric)));
        let found = interval(*metric, &[value], answers.len(), drawn);
        Scored { metric: *metric, value, interval: found.map(|interval| [interval.low, interval.high]) }
    };
    Ok(metrics.iter().map(scored).collect())
}

/// A text as it is; a number as it is written, so that 1 and 1.0 are one class.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.as_f64().map_or_else(|| other.to_string(), |number| number.to_string()),
    }
}

fn values(predictions: &[Value], answers: &[Value]) -> Result<Predictions, String> {
    let numbers = |list: &[Value]| list.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>();
    let told = numbers(predictions).ok_or("expected numbers as predictions, as the answers are")?;
    Ok(Predictions::Values { predicted: told, actual: numbers(answers).unwrap_or_default() })
}

fn classes(predictions: &[Value], answers: &[Value], mut names: BTreeSet<String>) -> Result<Predictions, String> {
    if let Some(other) = predictions.iter().find(|value| !(value.is_string() || value.is_number() || value.is_boolean())) {
        return Err(format!("expected a class as a text or number, found {other}"));
    }
    names.extend(predictions.iter().map(text));
    let names: Vec<String> = names.into_iter().collect();
    let of = |value: &Value| names.binary_search(&text(value)).map_or(0, |at| at as u32);
    let said = |(predicted, actual): (&Value, &Value)| {
        let predicted = of(predicted);
        let probabilities = (0..names.len() as u32).map(|class| f32::from(u8::from(class == predicted))).collect();
        ClassSaid { label: of(actual), predicted, probabilities }
    };
    Ok(Predictions::Classes { each: predictions.iter().zip(answers).map(said).collect(), classes: names.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn list(value: Value) -> Vec<Value> {
        value.as_array().cloned().expect("a list")
    }

    #[test]
    fn classes_and_amounts() {
        let of = |predictions: Value, answers: Value| score(&list(predictions), &list(answers));
        let first = |found: Result<Vec<Scored>, String>| found.map(|all| (all[0].metric, all[0].value));
        assert_eq!(first(of(json!(["a", "b", "b", "c"]), json!(["a", "b", "a", "b"]))), Ok((Metric::Accuracy, 0.5)));
        // As sure as four examples can be, and no surer.
        let all = of(json!(["a", "b", "b", "c"]), json!(["a", "b", "b", "c"])).expect("scores");
        let [low, high] = all[0].interval.expect("an interval");
        assert!((0.5..0.52).contains(&low) && high == 1.0, "{all:?}");
        assert_eq!(first(of(json!([1.0, 0]), json!([1, 1]))), Ok((Metric::Accuracy, 0.5)));
        assert_eq!(first(of(json!([1.5, 4.5]), json!([1.5, 2.5]))), Ok((Metric::Rmse, 2f64.sqrt())));
        assert!(of(json!(["a"]), json!(["a", "b"])).unwrap_err().contains("each of 2 held-out examples, found 1"));
        assert!(of(json!(["a", "b"]), json!([1.5, 2.5])).unwrap_err().contains("expected numbers"));
        assert!(of(json!([["a"], "b"]), json!(["a", "b"])).unwrap_err().contains("expected a class"));
    }
}
