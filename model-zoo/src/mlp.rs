//! A multi-layer perceptron for rows of a table (Gorishniy et al., 2106.11959, section 3.1; embeddings of categories after Guo and
//! Berkhahn, 1604.06737): numbers and an embedding of each category side by side, then layers of linear, norm, activation, dropout.
//!
//! The configuration holds the columns with all that turns a cell into what the model is fed with, so that a saved model can be used on
//! a new table of the same columns. The model itself takes clean numbers: a missing one has been filled, and a column that may miss
//! numbers has a second input that says so.
//!
//! Shapes: `b` batch, `n` numbers of a row, `k` categorical columns, `d` size of a hidden layer, `c` classes.

use crate::contract::{Architecture, Input, Model, Output};
use crate::cost::Cost;
use crate::error::{ConfigProblem, Error, Result};
use crate::fields::{Fields, check_count, check_dropouts, named};
use crate::head::{Head, HeadKind, Heads};
use crate::lora::Adapter;
pub use crate::parts::Activation;
use crate::parts::{Dense, LayerNorm, Norm2d, leave_other_head};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use tallow_kernels::{self as kernels, Init, Param, Tape, Var, Weights};

/// The columns, and what the architecture leaves open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// None of either kind in an experiment file: the data's own.
    #[serde(default)]
    pub numeric_columns: Vec<NumericColumn>,
    #[serde(default)]
    pub categorical_columns: Vec<CategoricalColumn>,
    /// The column that is predicted, as the table's header has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_column: Option<String>,
    /// Where a number is predicted: what it is measured by.
    #[serde(default)]
    pub target: Scale,
    pub hidden_sizes: Vec<usize>,
    pub hidden_act: Activation,
    pub norm: Norm,
    pub dropout: f64,
    /// What the last layer says.
    #[serde(default)]
    pub head: Head,
}

/// A column of numbers. Of each row it gives the model the number in standard deviations from the mean and, if it may miss some, 1 for
/// a missing number and 0 for another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumericColumn {
    /// As the table's header has it.
    pub name: String,
    pub scale: Scale,
    /// What stands for a missing number, in the column's own unit.
    pub fill: f64,
    /// Whether the model is told which numbers were missing.
    pub indicator: bool,
    /// Where the column holds dates: the part that is the number. A column of dates stands in the list once for each part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_date: Option<DatePart>,
    /// Where a comma in the numbers of the tables that it was fitted to is the decimal point: `1,5` is one and a half.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub decimal_comma: bool,
    /// Of dates such as `01/02/2026`: whether the day stands in front of the month. None where the training rows had no such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_first: Option<bool>,
    /// What stood for a missing number in the training rows, beside what always does: `-`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nothing: Vec<String>,
}

/// A number that a date has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatePart {
    Year,
    /// 1 to 12.
    Month,
    /// Of the month, from 1.
    Day,
    /// 1, Monday, to 7.
    Weekday,
    /// 0 to 23.
    Hour,
}

/// A column of categories. Of each row it gives the model the number of its value: its place in `values` plus 1, or 0 for a missing
/// value and for one that is not there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoricalColumn {
    /// As the table's header has it.
    pub name: String,
    pub values: Vec<String>,
    pub embedding_size: usize,
}

/// A number as the model sees it: its distance from `mean` in units of `std`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    pub mean: f64,
    pub std: f64,
}

/// What keeps a hidden layer's numbers in range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Norm {
    None,
    Batch,
    Layer,
}

impl Norm {
    const NAMES: [(&str, Norm); 3] = [("none", Norm::None), ("batch", Norm::Batch), ("layer", Norm::Layer)];
}

/// No number of a hundred million is farther from their mean, in standard deviations.
pub const FARTHEST: f64 = 1e4;

impl Default for Scale {
    /// Numbers as they are.
    fn default() -> Self {
        Scale { mean: 0.0, std: 1.0 }
    }
}

impl Scale {
    /// Mean and standard deviation of some numbers (0 and 1 of none at all); numbers that are all alike keep their unit.
    pub fn of(numbers: &[f64]) -> Self {
        // In units of the largest, whose square is then no overflow.
        let (count, largest) = (numbers.len().max(1) as f64, numbers.iter().fold(0f64, |most, x| most.max(x.abs())));
        let unit = if largest > 0.0 { largest } else { 1.0 };
        let mean = numbers.iter().map(|x| x / unit).sum::<f64>() / count;
        let std = (numbers.iter().map(|x| (x / unit - mean).powi(2)).sum::<f64>() / count).sqrt();
        let scale = Scale { mean: mean * unit, std: std * unit };
        let usable = scale.mean.is_finite() && scale.std.is_finite() && std > 1e-12 * mean.abs() && scale.std > 0.0;
        if usable { scale } else { Scale { mean: if scale.mean.is_finite() { scale.mean } else { 0.0 }, std: 1.0 } }
    }

    /// As the model sees a number: at most [`FARTHEST`] deviations from the mean, so that a mistake in a cell of a new table stays
    /// one row's.
    pub fn apply(&self, number: f64) -> f32 {
        ((number - self.mean) / self.std).clamp(-FARTHEST, FARTHEST) as f32
    }

    /// The number that the model sees as this.
    #[cfg(test)]
    fn undo(&self, seen: f32) -> f64 {
        f64::from(seen) * self.std + self.mean
    }
}

impl NumericColumn {
    /// Of the column's numbers in the training rows; one that is missing is filled with the median, and told if any is missing there.
    /// NaN and infinity count as missing.
    pub fn of(name: &str, numbers: impl IntoIterator<Item = Option<f64>>) -> Self {
        let (mut known, mut indicator) = (Vec::new(), false);
        for number in numbers {
            match number.filter(|x| x.is_finite()) {
                Some(number) => known.push(number),
                None => indicator = true,
            }
        }
        let scale = Scale::of(&known);
        known.sort_unstable_by(f64::total_cmp);
        let fill = match (known.len() / 2, known.len() % 2) {
            (0, 0) => 0.0,
            (half, 1) => known[half],
            (half, _) => known[half - 1] / 2.0 + known[half] / 2.0,
        };
        let (of_date, decimal_comma, day_first, nothing) = (None, false, None, Vec::new());
        NumericColumn { name: name.into(), scale, fill, indicator, of_date, decimal_comma, day_first, nothing }
    }

    /// Inputs of the model that this column makes.
    pub fn width(&self) -> usize {
        1 + usize::from(self.indicator)
    }

    /// What the model is fed with for a number of the table: [`NumericColumn::width`] inputs. NaN and infinity count as missing.
    pub fn inputs(&self, number: Option<f64>) -> impl Iterator<Item = f32> + use<> {
        let known = number.filter(|x| x.is_finite());
        let missing = if known.is_none() { 1.0 } else { 0.0 };
        [self.scale.apply(known.unwrap_or(self.fill)), missing].into_iter().take(self.width())
    }
}

impl CategoricalColumn {
    /// Of the column's values in the training rows: those that stand there at least `min_count` times, in order of the alphabet.
    pub fn of<'a>(name: &str, values: impl IntoIterator<Item = Option<&'a str>>, min_count: usize) -> Self {
        let mut counts = BTreeMap::new();
        values.into_iter().flatten().for_each(|value| *counts.entry(value).or_insert(0usize) += 1);
        let values: Vec<String> =
            counts.into_iter().filter(|(_, count)| *count >= min_count).map(|(value, _)| value.to_string()).collect();
        let embedding_size = Self::embedding_size_for(values.len() + 1);
        CategoricalColumn { name: name.into(), values, embedding_size }
    }

    /// Half as many numbers as there are categories (rounded up), at most 50: the rule of fastai's first tabular models.
    pub fn embedding_size_for(categories: usize) -> usize {
        categories.div_ceil(2).clamp(1, 50)
    }

    /// How many numbers a value can have: one each, and 0.
    pub fn cardinality(&self) -> usize {
        self.values.len() + 1
    }

    /// The number of a value. For many rows, look up in a map made of `values`.
    pub fn id(&self, value: Option<&str>) -> u32 {
        let place = value.and_then(|value| self.values.iter().position(|known| known == value));
        place.map_or(0, |place| place as u32 + 1)
    }
}

/// Its heads, by the names of their classes in the file.
pub(crate) const HEADS: &Heads =
    &[(HeadKind::Classes, "MlpForTables"), (HeadKind::Labels, "MlpForTables"), (HeadKind::Value, "MlpForTables")];

impl Architecture for Config {
    fn from_public(object: &Map<String, Value>) -> Result<Self> {
        let mut f = Fields::new(object);
        let target = f.within("target", |f| Scale { mean: f.number_or("mean", 0.0), std: f.number_or("std", 1.0) });
        let config = Config {
            numeric_columns: f.list("numeric_columns", "a column with `name`, `scale`, `fill`, `indicator`"),
            categorical_columns: f.list("categorical_columns", "a column with `name`, `values`, `embedding_size`"),
            target_column: f.get("target_column").and_then(Value::as_str).map(str::to_string),
            target: target.unwrap_or_default(),
            hidden_sizes: f.counts_or("hidden_sizes", &[256, 256]),
            hidden_act: f.choice_or("hidden_act", Activation::Relu, &Activation::NAMES),
            norm: f.choice_or("norm", Norm::None, &Norm::NAMES),
            dropout: f.number_or("dropout", 0.0),
            head: Head::read(&mut f, HEADS, &["num_labels"], 2),
        };
        f.finish(config.problems())?;
        Ok(config)
    }

    fn tiny() -> Self {
        let numeric = |name: &str, indicator| NumericColumn {
            name: name.into(),
            scale: Scale::default(),
            fill: 0.0,
            indicator,
            of_date: None,
            decimal_comma: false,
            day_first: None,
            nothing: Vec::new(),
        };
        let categorical = |name: &str, count: usize| CategoricalColumn {
            name: name.into(),
            values: (1..count).map(|i| format!("value {i}")).collect(),
            embedding_size: CategoricalColumn::embedding_size_for(count),
        };
        Config {
            numeric_columns: vec![numeric("length", false), numeric("weight", true)],
            categorical_columns: vec![categorical("colour", 5), categorical("shape", 3)],
            target_column: None,
            target: Scale::default(),
            hidden_sizes: vec![24, 16],
            hidden_act: Activation::Gelu,
            norm: Norm::Layer,
            dropout: 0.1,
            head: Head::three_classes(),
        }
    }

    fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let columns = self.numeric_columns.len() + self.categorical_columns.len();
        check_count(&mut problems, "numeric_columns", columns, 1..=100_000);
        for (at, column) in self.numeric_columns.iter().enumerate() {
            check_scale(&mut problems, &format!("numeric_columns.{at}.scale"), column.scale);
            if !column.fill.is_finite() {
                problems.push(ConfigProblem::new(format!("numeric_columns.{at}.fill"), "a finite number", column.fill));
            }
        }
        for (at, column) in self.categorical_columns.iter().enumerate() {
            let field = |name| format!("categorical_columns.{at}.{name}");
            check_count(&mut problems, &field("values"), column.values.len(), 0..=10_000_000);
            check_count(&mut problems, &field("embedding_size"), column.embedding_size, 1..=65_536);
            let mut seen = std::collections::BTreeSet::new();
            if let Some(twice) = column.values.iter().find(|value| !seen.insert(*value)) {
                problems.push(ConfigProblem::new(field("values"), "each value once", format!("\"{twice}\" twice")));
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        let categorical = self.categorical_columns.iter().map(|c| ((&c.name, None), "categorical_columns"));
        let mut names = self.numeric_columns.iter().map(|c| ((&c.name, c.of_date), "numeric_columns")).chain(categorical);
        if let Some(((name, _), field)) = names.find(|(name, _)| !seen.insert(*name)) {
            problems.push(ConfigProblem::new(field, "a different name for each column", format!("\"{name}\" twice")));
        }
        check_scale(&mut problems, "target", self.target);
        check_count(&mut problems, "hidden_sizes", self.hidden_sizes.len(), 0..=1000);
        for (at, size) in self.hidden_sizes.iter().enumerate() {
            check_count(&mut problems, &format!("hidden_sizes.{at}"), *size, 1..=65_536);
        }
        check_dropouts(&mut problems, named!(self; dropout));
        self.head.check(&mut problems, HEADS);
        problems
    }

    fn set_dropout(&mut self, p: f64) {
        self.dropout = p;
    }

    fn table_limits(&self) -> Option<(usize, Vec<usize>)> {
        Some((self.num_numbers(), self.categorical_columns.iter().map(CategoricalColumn::cardinality).collect()))
    }

    fn public_names(&self, mut given: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        given.retain(|name, _| !name.ends_with("num_batches_tracked"));
        let inner = self.hidden_sizes.last().copied().unwrap_or_else(|| self.input_width());
        leave_other_head(&mut given, "head", [self.head.width(), inner]);
        Ok(given)
    }

    /// Rows have no size.
    fn is_public(&self) -> bool {
        false
    }

    fn fewest_examples(&self) -> usize {
        if self.norm == Norm::Batch { 2 } else { 1 }
    }

    fn cost(&self, b: usize, _size: usize) -> Cost {
        let (mut cost, mut inner) = (Cost::default(), self.input_width());
        cost.params += self.categorical_columns.iter().map(|c| c.cardinality() * c.embedding_size).sum::<usize>();
        cost.keep(2 * b * inner);
        for &size in &self.hidden_sizes {
            cost.dense(b, inner, size);
            cost.params += if self.norm == Norm::None { 0 } else { 2 * size };
            cost.keep(if self.norm == Norm::None { b * size } else { 2 * b * size });
            inner = size;
        }
        cost.dense(b, inner, self.head.width());
        cost
    }

    /// It has no layer that an adapter could meet.
    fn build(&self, weights: &Weights, _adapter: Option<&Adapter>) -> Result<Box<dyn Model>> {
        Ok(Box::new(Mlp::new(self, weights)))
    }
}

impl Config {
    /// Whether it leaves its columns to the data.
    pub fn is_without_columns(&self) -> bool {
        self.numeric_columns.is_empty() && self.categorical_columns.is_empty()
    }

    /// Names of the columns that it is fed with, each once.
    pub fn column_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.numeric_columns.iter().map(|c| c.name.as_str()).collect();
        names.dedup();
        names.extend(self.categorical_columns.iter().map(|c| c.name.as_str()));
        names
    }

    /// `n`: numbers that the model is fed with for a row, column after column.
    pub fn num_numbers(&self) -> usize {
        self.numeric_columns.iter().map(NumericColumn::width).sum()
    }

    /// Numbers that the first layer takes of a row.
    pub fn input_width(&self) -> usize {
        self.num_numbers() + self.categorical_columns.iter().map(|c| c.embedding_size).sum::<usize>()
    }
}

fn check_scale(problems: &mut Vec<ConfigProblem>, field: &str, scale: Scale) {
    if !(scale.mean.is_finite() && scale.std.is_finite() && scale.std > 0.0) {
        let found = format!("mean {} and std {}", scale.mean, scale.std);
        problems.push(ConfigProblem::new(field, "a finite `mean` and a positive `std`", found));
    }
}

/// The model.
struct Mlp {
    num_numbers: usize,
    embeddings: Vec<Param>,
    layers: Vec<Layer>,
    head: Dense,
    act: Activation,
    dropout: f32,
}

/// A linear layer and its norm.
struct Layer {
    linear: Dense,
    norm: Option<LayerOrBatchNorm>,
}

enum LayerOrBatchNorm {
    Layer(LayerNorm),
    Batch(Norm2d),
}

impl Mlp {
    fn new(config: &Config, weights: &Weights) -> Self {
        let (embeddings, layers) = (weights.at("embeddings"), weights.at("layers"));
        let table = |(i, c): (usize, &CategoricalColumn)| {
            embeddings.at(i).param("weight", &[c.cardinality(), c.embedding_size], Init::Normal(1.0))
        };
        let inner = std::iter::once(config.input_width()).chain(config.hidden_sizes.iter().copied());
        let layer = |(i, (inner, &out)): (usize, (usize, &usize))| Layer::new(&layers.at(i), [inner, out], config.norm);
        let last = config.hidden_sizes.last().copied().unwrap_or_else(|| config.input_width());
        let init = Init::KaimingUniformFanIn;
        Mlp {
            num_numbers: config.num_numbers(),
            embeddings: config.categorical_columns.iter().enumerate().map(table).collect(),
            layers: inner.zip(&config.hidden_sizes).enumerate().map(layer).collect(),
            head: Dense::fresh(&weights.at("head"), last, config.head.width(), init, Init::Zeros),
            act: config.hidden_act,
            dropout: config.dropout as f32,
        }
    }

    /// The number of rows: `numbers` are `[B, N]` and finite, `categories` `[B, K]`.
    fn check(&self, numbers: &Tensor, categories: &Tensor) -> Result<usize> {
        let wrong = |expected: String, found: String| Err(Error::Input { family: "mlp", expected, found });
        let (n, k) = (self.num_numbers, self.embeddings.len());
        match (numbers.dims(), categories.dims()) {
            (&[b, width], &[rows, columns]) if b > 0 && (width, rows, columns) == (n, b, k) => {
                let values = numbers.flatten_all()?.to_vec1::<f32>()?;
                match values.iter().position(|x| !x.is_finite()) {
                    Some(at) => {
                        let place = format!("{} in row {} at number {}", values[at], at / n, at % n);
                        wrong("numbers without gaps (a missing one is filled before)".into(), place)
                    }
                    None => Ok(b),
                }
            }
            (numbers, categories) => {
                let expected = format!("rows of {n} numbers [B, {n}] and {k} categories [B, {k}]");
                wrong(expected, format!("{numbers:?} and {categories:?}"))
            }
        }
    }
}

impl Model for Mlp {
    fn forward(&self, tape: &Tape, input: &Input) -> Result<Output> {
        let Input::Table { numbers, categories } = input else { return Err(input.other_than("mlp", "rows of a table")) };
        let b = self.check(numbers, categories)?;
        // A row is an image of one place, so that batches are normalised as those of images: [B, 1, 1, D].
        let mut parts = Vec::with_capacity(1 + self.embeddings.len());
        if self.num_numbers > 0 {
            parts.push(Var::constant(numbers.reshape((b, 1, 1, self.num_numbers))?));
        }
        for (column, table) in self.embeddings.iter().enumerate() {
            let ids = categories.narrow(1, column, 1)?.reshape((b, 1, 1))?.contiguous()?;
            parts.push(kernels::embedding(tape, &ids, table)?);
        }
        let mut h = kernels::concat(tape, &parts.iter().collect::<Vec<_>>(), 3)?;
        for layer in &self.layers {
            h = self.act.forward(tape, &layer.forward(tape, &h)?)?;
            h = kernels::dropout(tape, &h, self.dropout)?;
        }
        let h_bd = kernels::global_avg_pool(tape, &h)?;
        Ok(Output::Scores(self.head.forward(tape, &h_bd)?))
    }
}

impl Layer {
    fn new(at: &Weights, [inner, out]: [usize; 2], norm: Norm) -> Self {
        let linear = Dense::new(&at.at("linear"), inner, out, Init::KaimingUniformFanIn, Init::Zeros);
        let norm = match (norm, at.at("norm")) {
            (Norm::None, _) => None,
            (Norm::Layer, at) => Some(LayerOrBatchNorm::Layer(LayerNorm::new(&at, out, 1e-5))),
            (Norm::Batch, at) => Some(LayerOrBatchNorm::Batch(Norm2d::new(&at, out))),
        };
        Layer { linear, norm }
    }

    fn forward(&self, tape: &Tape, x: &Var) -> Result<Var> {
        let h = self.linear.forward(tape, x)?;
        Ok(match &self.norm {
            None => h,
            Some(LayerOrBatchNorm::Layer(norm)) => norm.forward(tape, &h)?,
            Some(LayerOrBatchNorm::Batch(norm)) => norm.forward(tape, &h)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_become_inputs() {
        let age = NumericColumn::of("age", [Some(2.0), None, Some(8.0), Some(4.0), Some(f64::NAN), Some(6.0)]);
        assert_eq!((age.scale.mean, age.fill, age.indicator, age.width()), (5.0, 5.0, true, 2));
        let seen = |x| age.inputs(x).collect::<Vec<_>>();
        assert_eq!((seen(Some(5.0)), seen(None), seen(Some(f64::INFINITY))), (vec![0.0, 0.0], vec![0.0, 1.0], vec![0.0, 1.0]));
        assert_eq!(age.scale.undo(seen(Some(8.0))[0]).round(), 8.0);
        let constant = NumericColumn::of("one", [Some(3.0), Some(3.0)]);
        assert_eq!(constant.inputs(Some(4.0)).collect::<Vec<_>>(), [1.0], "a constant column keeps its unit");
        let far: Vec<f32> = age.inputs(Some(1e300)).chain(age.inputs(Some(-1e300))).collect();
        assert_eq!(far, [1e4, 0.0, -1e4, 0.0]);
        let huge = NumericColumn::of("huge", [Some(-1.5e308), Some(1.5e308)]);
        assert_eq!(huge.inputs(Some(1.5e308)).collect::<Vec<_>>(), [1.0], "no overflow");
        let empty = NumericColumn::of("none", [None, None]);
        assert_eq!(empty.inputs(None).collect::<Vec<_>>(), [0.0, 1.0]);

        let port = CategoricalColumn::of("port", [Some("S"), Some("C"), None, Some("S"), Some("Q"), Some("C")], 2);
        assert_eq!((&port.values[..], port.cardinality(), port.embedding_size), (&["C".into(), "S".into()][..], 3, 2));
        assert_eq!([Some("C"), Some("S"), Some("Q"), None].map(|value| port.id(value)), [1, 2, 0, 0]);
        assert_eq!([1, 2, 5, 1000].map(CategoricalColumn::embedding_size_for), [1, 1, 3, 50]);
    }
}
