//! What a script predicted of examples whose answers it could not see, scored. Pure.

use crate::eval::{ClassSaid, Predictions, interval};
use crate::spec::Metric;
use crate::words::clean;
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
/// Classes that a message names.
const SHOWN: usize = 8;

/// Classes where the answers are texts or a few whole numbers, else amounts; amounts as well where what is predicted of whole numbers are
/// numbers of which one has a fraction, or none is an answer: nobody predicts a class so.
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
    let (said, metrics) = match are_amounts(predictions, answers, &distinct) {
        true => (values(predictions, answers)?, &[Metric::Rmse, Metric::Mae, Metric::R2, Metric::Spearman][..]),
        false => (classes(predictions, answers, distinct)?, &[Metric::Accuracy, Metric::MacroF1, Metric::Matthews][..]),
    };
    let drawn = said.intervals(metrics);
    let scored = |metric: &Metric| {
        let (value, drawn) = (said.metric(*metric), drawn.get(metric).copied().filter(|_| !said.is_share(*metric)));
        let found = interval(*metric, &[value], answers.len(), drawn);
        Scored { metric: *metric, value, interval: found.map(|interval| [interval.low, interval.high]) }
    };
    // Some are nothing of a single example.
    Ok(metrics.iter().map(scored).filter(|scored| scored.value.is_finite()).collect())
}

fn are_amounts(predictions: &[Value], answers: &[Value], distinct: &BTreeSet<String>) -> bool {
    let are_numbers = |list: &[Value]| list.iter().all(Value::is_number);
    if !are_numbers(answers) {
        return false;
    }
    let few_and_whole = answers.iter().all(|value| value.as_i64().is_some()) && distinct.len() <= MOST_CLASSES;
    let has_fraction = |value: &Value| value.as_f64().is_some_and(|number| number.fract() != 0.0);
    let is_no_class = predictions.iter().any(has_fraction) || meets_none(predictions, distinct);
    !few_and_whole || are_numbers(predictions) && is_no_class
}

/// Whether something is predicted, and nothing of that is an answer.
fn meets_none(predictions: &[Value], distinct: &BTreeSet<String>) -> bool {
    !predictions.is_empty() && !predictions.iter().any(|value| distinct.contains(&text(value)))
}

/// A text as it is; a number as it is written, so that 1 and 1.0 are one class. True and false are the same in any case: as a table has them,
/// and as Python does.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) if ["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word)) => text.to_lowercase(),
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
    if meets_none(predictions, &names) {
        let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
        let more = if names.len() > SHOWN { ", ..." } else { "" };
        let first = predictions.first().map(Value::to_string).unwrap_or_default();
        let expected = clean(&format!("{}{more}", shown.join(", ")));
        return Err(format!(
            "no prediction is one of the answers' classes: expected such as {expected}, found {}",
            clean(&first)
        ));
    }
    names.extend(predictions.iter().map(text));
    let names: Vec<String> = names.into_iter().collect();
    let of = |value: &Value| names.binary_search(&text(value)).map_or(0, |at| at as u32);
    // No metric of ours asks how sure it was, which it did not say; of very many classes that would be very much.
    let said = |(predicted, actual): (&Value, &Value)| ClassSaid {
        label: of(actual),
        predicted: of(predicted),
        probabilities: Vec::new(),
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
    fn very_many_classes_take_no_memory() {
        let texts: Vec<Value> = (0..20_000).map(|i| json!(format!("class {i}"))).collect();
        let mut told = texts.clone();
        told[0] = json!("another");
        let said = classes(&told, &texts, texts.iter().map(text).collect()).expect("classes");
        assert_eq!(said.metric(Metric::Accuracy), 19_999.0 / 20_000.0);
        let Predictions::Classes { each, classes: 20_001 } = said else { panic!("20,001 classes") };
        assert!(each.iter().all(|said| said.probabilities.is_empty()));
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
        // A few ages: predictions with fractions, or beside every answer, are no classes.
        let ages: Vec<i64> = (20..35).collect();
        let near: Vec<f64> = ages.iter().map(|age| *age as f64 + 0.5).collect();
        assert_eq!(first(of(json!(near), json!(ages))), Ok((Metric::Rmse, 0.5)));
        let beside: Vec<i64> = ages.iter().map(|age| age + 100).collect();
        assert_eq!(first(of(json!(beside), json!(ages))), Ok((Metric::Rmse, 100.0)));
        assert_eq!(first(of(json!(["1", "0"]), json!([1, 1]))), Ok((Metric::Accuracy, 0.5)));
        // Truth as a table has it and as Python does.
        assert_eq!(first(of(json!([true, false, true]), json!(["True", "False", "False"]))), Ok((Metric::Accuracy, 2.0 / 3.0)));
        assert_eq!(first(of(json!(["TRUE", "false"]), json!(["true", "False"]))), Ok((Metric::Accuracy, 1.0)));
        // Numbers of classes in place of their names are not silently wrong.
        let numbers = of(json!([0, 1]), json!(["rose", "tulip"])).unwrap_err();
        assert!(numbers.contains("expected such as rose, tulip, found 0"), "{numbers}");
        assert!(of(json!(["a"]), json!(["a", "b"])).unwrap_err().contains("each of 2 held-out examples, found 1"));
        assert!(of(json!(["a", "b"]), json!([1.5, 2.5])).unwrap_err().contains("expected numbers"));
        assert!(of(json!([["a"], "b"]), json!(["a", "b"])).unwrap_err().contains("expected a class"));
    }
}
