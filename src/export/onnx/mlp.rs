//! A perceptron for tables, with all that turns a cell into what it is fed with: an input for each column, `[batch, 1]`, by the column's own
//! name. Of numbers double precision, NaN where one is missing (infinity counts as missing, too); of categories texts, of which an unknown
//! one and the empty one are none. A part of a date is a number by itself, `NAME.year`: a graph cannot read dates.

use super::LOGITS;
use super::graph::{Attribute, Dim, Graph, Kind, Name};
use super::images::norm as batch_norm;
use crate::export::{Error, Tensors};
use tallow_zoo::HeadKind;
use tallow_zoo::mlp::{CategoricalColumn, Config, DatePart, FARTHEST, Norm, NumericColumn};

const BATCH: Dim = Dim::Named("batch_size");

/// What a number that is predicted is called, in its own unit.
const VALUE: &str = "value";

pub(super) fn graph(config: &Config, tensors: &Tensors) -> Result<Graph, Error> {
    let mut g = Graph::default();
    let mut parts = Vec::new();
    if !config.numeric_columns.is_empty() {
        parts.push(numbers(&mut g, &config.numeric_columns));
    }
    for (at, column) in config.categorical_columns.iter().enumerate() {
        parts.push(category(&mut g, tensors, at, column)?);
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let mut x = g.op("Concat", &parts, &[("axis", Attribute::Int(1))]);
    for layer in 0..config.hidden_sizes.len() {
        let at = format!("layers.{layer}");
        x = g.linear(tensors, &format!("{at}.linear"), &x)?;
        x = match config.norm {
            Norm::None => x,
            Norm::Layer => g.layer_norm(tensors, &format!("{at}.norm"), &x, 1e-5)?,
            Norm::Batch => batch_norm(&mut g, tensors, &format!("{at}.norm"), &x)?,
        };
        x = g.activation(config.hidden_act, &x);
    }
    let said = g.linear(tensors, "head", &x)?;
    let name = if config.head.kind() == HeadKind::Value {
        let (std, mean) = (g.number(config.target.std as f32), g.number(config.target.mean as f32));
        let scaled = g.op("Mul", &[&said, &std], &[]);
        let name = g.free(VALUE);
        g.named_op("Add", &[&scaled, &mean], &[], &name);
        name
    } else {
        let name = g.free(LOGITS);
        g.named_op("Identity", &[&said], &[], &name);
        name
    };
    g.output(&name, &[BATCH, Dim::Known(config.head.width())]);
    Ok(g)
}

/// All numbers in standard deviations from their mean, each with its sign of a missing one where it has such, `[b, n]`.
fn numbers(g: &mut Graph, columns: &[NumericColumn]) -> Name {
    let inputs: Vec<Name> =
        columns.iter().map(|column| g.input(&called(column), Kind::Double, &[BATCH, Dim::Known(1)])).collect();
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let raw = g.op("Concat", &inputs, &[("axis", Attribute::Int(1))]);
    let mut row = |name: &str, of: &dyn Fn(&NumericColumn) -> f64| {
        let values: Vec<f64> = columns.iter().map(of).collect();
        g.doubles(&format!("numbers.{name}"), &values)
    };
    let (fill, mean, std) = (row("fill", &|c| c.fill), row("mean", &|c| c.scale.mean), row("std", &|c| c.scale.std));
    let [largest, low, high] =
        [("largest", f64::MAX), ("low", -FARTHEST), ("high", FARTHEST)].map(|(name, x)| g.double(&format!("numbers.{name}"), x));
    // No number is at most the largest, nor is infinity.
    let size = g.op("Abs", &[&raw], &[]);
    let known = g.op("LessOrEqual", &[&size, &largest], &[]);
    let filled = g.op("Where", &[&known, &raw, &fill], &[]);
    let distance = g.op("Sub", &[&filled, &mean], &[]);
    let scaled = g.op("Div", &[&distance, &std], &[]);
    let near = g.op("Clip", &[&scaled, &low, &high], &[]);
    let numbers = g.op("Cast", &[&near], &[("to", Attribute::Int(1))]);
    if columns.iter().all(|column| !column.indicator) {
        return numbers;
    }
    let missing = g.op("Not", &[&known], &[]);
    let missing = g.op("Cast", &[&missing], &[("to", Attribute::Int(1))]);
    let both = g.op("Concat", &[&numbers, &missing], &[("axis", Attribute::Int(1))]);
    let count = columns.len();
    let order = columns.iter().enumerate().flat_map(|(at, column)| [at, count + at].into_iter().take(column.width()));
    let order: Vec<i64> = order.map(|at| at as i64).collect();
    let order = g.indices("numbers.order", &order);
    g.op("Gather", &[&both, &order], &[("axis", Attribute::Int(1))])
}

/// What an input of numbers is called.
fn called(column: &NumericColumn) -> String {
    let part = match column.of_date {
        None => return column.name.clone(),
        Some(DatePart::Year) => "year",
        Some(DatePart::Month) => "month",
        Some(DatePart::Day) => "day",
        Some(DatePart::Weekday) => "weekday",
        Some(DatePart::Hour) => "hour",
    };
    format!("{}.{part}", column.name)
}

/// The vector of a row's category, `[b, size]`.
fn category(g: &mut Graph, tensors: &Tensors, at: usize, column: &CategoricalColumn) -> Result<Name, Error> {
    let said = g.input(&column.name, Kind::Text, &[BATCH, Dim::Known(1)]);
    let numbers = (1..=column.values.len() as i64).collect();
    let settings = [
        ("keys_strings", Attribute::Texts(column.values.clone())),
        ("values_int64s", Attribute::Ints(numbers)),
        ("default_int64", Attribute::Int(0)),
    ];
    let table = g.weight(tensors, &format!("embeddings.{at}.weight"))?;
    // There is no encoder without a key.
    let id = match column.values.is_empty() {
        false => g.ml_op("LabelEncoder", &[&said], &settings),
        true => {
            let (size, zero) = (g.op("Shape", &[&said], &[]), g.ints(&[0]));
            g.op("Expand", &[&zero, &size], &[])
        }
    };
    let vector = g.op("Gather", &[&table, &id], &[]);
    let second = g.ints(&[1]);
    Ok(g.op("Squeeze", &[&vector, &second], &[]))
}
