//! The flat JSON shape of a [`PaperSpec`], for machines that know nothing of Tallow's types: `{"fields": [{key, value, unit, ...}]}`.

use super::{DatasetRole, FieldKey, PaperSpec, Unit, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Fields below are further configurations of a sweep, or guesses: the full spec has them, the flat one does not.
const MIN_CONFIDENCE: f32 = 0.7;

/// All fields that the reader stands by, flat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlatSpec {
    pub title: Option<String>,
    pub arxiv_id: Option<String>,
    pub fields: Vec<FlatField>,
}

/// One field: numbers and words as plain JSON values, a variant, data set or result as a list of one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlatField {
    pub key: FieldKey,
    pub value: serde_json::Value,
    pub unit: Option<String>,
    pub scope: Option<String>,
    pub confidence: f32,
    pub section: Option<String>,
    pub quote: String,
    pub page: u32,
}

impl From<&PaperSpec> for FlatSpec {
    fn from(spec: &PaperSpec) -> Self {
        let fields = spec.fields.iter().filter(|field| field.confidence >= MIN_CONFIDENCE).map(|field| FlatField {
            key: field.key,
            value: flat_value(&field.value),
            unit: field.unit.map(|unit| flat_unit(unit).to_string()),
            scope: (!field.scope.is_empty()).then(|| field.scope.to_string()),
            confidence: field.confidence,
            section: field.evidence.section.clone(),
            quote: field.evidence.quote.verbatim().to_string(),
            page: field.evidence.quote.page(),
        });
        FlatSpec { title: spec.title.clone(), arxiv_id: spec.arxiv_id.clone(), fields: fields.collect() }
    }
}

fn flat_value(value: &Value) -> serde_json::Value {
    match value {
        Value::Number { value } => json!(value),
        Value::Numbers { values } => json!(values),
        Value::Text { text } => json!(text),
        Value::Texts { texts } => json!(texts),
        Value::Optimizer { optimizer } => json!(optimizer.name()),
        Value::Schedule { schedule } => json!(schedule.to_string()),
        Value::Family { family } => json!(family.name()),
        Value::Variant { variant } => json!([variant]),
        Value::Dataset { dataset } => match dataset.role {
            DatasetRole::Train => json!([{ "name": dataset.name, "role": "train" }]),
            DatasetRole::Eval => json!([{ "name": dataset.name, "role": "eval" }]),
            DatasetRole::TrainAndEval => json!([{ "name": dataset.name, "role": "train" }, { "name": dataset.name, "role": "eval" }]),
        },
        Value::Result { result } => json!([{
            "dataset": result.dataset, "metric": result.metric, "value": result.value, "model_variant": result.variant,
        }]),
    }
}

fn flat_unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Steps => "steps",
        Unit::Epochs => "epochs",
        Unit::Tokens => "tokens",
        Unit::Fraction => "fraction",
        Unit::Examples => "examples",
        Unit::Hours => "hours",
        Unit::Days => "days",
        Unit::Percent => "%",
    }
}
