//! The flat JSON shape of a [`PaperSpec`], for machines that know nothing of Tallow's types: `{"fields": [{key, value, unit, ...}]}`; and
//! its fields in words, for people.

use super::{DatasetRole, Field, FieldKey, Origin, PaperSpec, ReportedResult, Span, Unit, Value, Variant};
use crate::words::{count, plain};
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
    pub origin: Origin,
    pub confidence: f32,
    pub section: Option<String>,
    pub quote: String,
    pub page: u32,
    /// Bytes of the page's text where the quote stands.
    pub span: Span,
}

impl From<&PaperSpec> for FlatSpec {
    fn from(spec: &PaperSpec) -> Self {
        let fields = spec.sure().map(|field| FlatField {
            key: field.key,
            value: flat_value(&field.value),
            unit: field.unit.map(|unit| flat_unit(unit).to_string()),
            scope: (!field.scope.is_empty()).then(|| field.scope.to_string()),
            origin: field.origin,
            confidence: field.confidence,
            section: field.evidence.section.clone(),
            quote: field.evidence.quote.verbatim().to_string(),
            page: field.evidence.quote.page(),
            span: field.evidence.quote.span(),
        });
        FlatSpec { title: spec.title.clone(), arxiv_id: spec.arxiv_id.clone(), fields: fields.collect() }
    }
}

impl PaperSpec {
    /// The fields that the reader stands by, in their order.
    pub fn sure(&self) -> impl Iterator<Item = &Field> {
        let least = if self.is_foreign() { MIN_CONFIDENCE * super::extract::FOREIGN } else { MIN_CONFIDENCE };
        self.fields.iter().filter(move |field| field.confidence >= least)
    }

    /// Written in another language than English, for which the rules are.
    pub fn is_foreign(&self) -> bool {
        self.language.as_deref().is_some_and(|language| language != "en")
    }
}

impl Field {
    /// Value and unit as people read them: `3 epochs`, `base: 6 layers, hidden size 512`.
    pub fn in_words(&self) -> String {
        let unit = self.unit.map(flat_unit).filter(|_| !matches!(self.value, Value::Result { .. }));
        let number = |value: &f64| if *value >= 1000.0 && value.fract() == 0.0 { count(*value) } else { plain(*value) };
        let value = match &self.value {
            Value::Number { value } => number(value),
            Value::Numbers { values } => values.iter().map(number).collect::<Vec<_>>().join(", "),
            Value::Text { text } => text.clone(),
            Value::Texts { texts } => texts.join(", "),
            Value::Optimizer { optimizer } => optimizer.name().into(),
            Value::Schedule { schedule } => schedule.to_string(),
            Value::Family { family } => family.name().into(),
            Value::Variant { variant } => variant_in_words(variant),
            Value::Dataset { dataset } => {
                let role = match dataset.role {
                    DatasetRole::Train => "train",
                    DatasetRole::Eval => "eval",
                    DatasetRole::TrainAndEval => "train and eval",
                };
                format!("{} ({role})", dataset.name)
            }
            Value::Result { result } => result_in_words(result),
        };
        unit.map_or(value.clone(), |unit| format!("{value} {unit}"))
    }
}

fn variant_in_words(variant: &Variant) -> String {
    let parts = [
        variant.num_layers.map(|n| format!("{n} layers")),
        variant.hidden_size.map(|n| format!("hidden size {n}")),
        variant.num_heads.map(|n| format!("{n} heads")),
        variant.intermediate_size.map(|n| format!("intermediate size {n}")),
        variant.num_params.map(|n| format!("{} parameters", count(n))),
        variant.patch_size.map(|n| format!("patches of {n}x{n}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    // A model without a name is called by its layers.
    let named = parts.first().is_none_or(|first| *first != variant.name);
    match (parts.is_empty(), named) {
        (true, _) => variant.name.clone(),
        (false, true) => format!("{}: {}", variant.name, parts.join(", ")),
        (false, false) => parts.join(", "),
    }
}

fn result_in_words(result: &ReportedResult) -> String {
    let metric = result.metric.as_deref().unwrap_or("a score of");
    let of = result.variant.as_deref().map(|variant| format!("{variant}: ")).unwrap_or_default();
    format!("{of}{metric} {} on {}", plain(result.value), result.dataset)
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
            DatasetRole::TrainAndEval => {
                json!([{ "name": dataset.name, "role": "train" }, { "name": dataset.name, "role": "eval" }])
            }
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
