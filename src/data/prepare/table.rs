//! Rows of a table -> numbers and categories, as the columns of the model say.

use super::weights::Weights;
use super::{Answers, Made, Split, finish};
use crate::data::features::{Comma, category, number_of, truth_or_number};
use crate::data::read::{Cell, Table};
use crate::data::tensor_file::{Bytes, Dtype, Tensor};
use crate::data::{Error, Result};
use crate::job::{Event, PrepareJob, SplitShape};
use std::collections::HashMap;
use tallow_zoo::mlp::{Config, NumericColumn};

/// Turns all splits into inputs and writes them.
pub(super) fn prepare(job: &PrepareJob, splits: &[Split], names: &[String], emit: &mut dyn FnMut(Event)) -> Result<()> {
    let model = job
        .table
        .as_deref()
        .ok_or_else(|| Error::NotPrepared { path: job.out.clone(), what: "the job names no columns".into() })?;
    splits.iter().try_for_each(|split| {
        let (mut answers, mut weights) = (Answers::new(job, split, names)?, Weights::of(split));
        let mut rows = Rows::new(model, &split.columns.input);
        split.each_chunk(emit, |table, chunk| {
            let said = rows.said(table);
            for mut row in chunk {
                weights.take(table, &mut row)?;
                answers.take(table, &mut row)?;
                rows.take(&said, &row.cells);
            }
            Ok(())
        })?;
        rows.check(split)?;
        rows.tell(split, emit);
        let [numbers, categories] = rows.bytes();
        let n = answers.len();
        let tensors = vec![
            Tensor { name: "numbers", dtype: Dtype::F32, shape: vec![n, model.num_numbers()], bytes: Bytes::Held(&numbers) },
            Tensor {
                name: "categories",
                dtype: Dtype::U32,
                shape: vec![n, model.categorical_columns.len()],
                bytes: Bytes::Held(&categories),
            },
        ];
        let said = answers.said()?.with(weights.tensors(split)?);
        finish(job, split, said, Made { shape: rows.shape(), lengths: Default::default(), metadata: Vec::new(), tensors }, emit)
    })
}

/// The inputs of a split as they are collected.
pub(in crate::data) struct Rows<'a> {
    model: &'a Config,
    numeric: Vec<Numeric<'a>>,
    categorical: Vec<Categorical<'a>>,
    numbers: Vec<f32>,
    categories: Vec<u32>,
}

/// A column of numbers, its place among the row's cells, and what was found in it.
struct Numeric<'a> {
    column: &'a NumericColumn,
    place: usize,
    known: usize,
    missing: usize,
    /// Cells that say something else.
    odd: usize,
    example: String,
}

/// A column of categories, likewise.
struct Categorical<'a> {
    name: &'a str,
    ids: HashMap<&'a str, u32>,
    /// The identifiers of `true` and `false`, where the column holds nothing else: other formats have numbers for them.
    truths: Vec<(bool, u32)>,
    place: usize,
    missing: usize,
    unseen: usize,
    example: String,
}

impl Categorical<'_> {
    fn id(&self, value: &str) -> Option<u32> {
        let of_truth = || truth_or_number(value).and_then(|said| self.truths.iter().find(|(truth, _)| *truth == said));
        self.ids.get(value).copied().or_else(|| of_truth().map(|(_, id)| *id))
    }
}

/// What the categories of a column say, if each is `true` or `false`, with their identifiers. Models have such columns that were
/// trained before these words were numbers.
fn truths(values: &[String]) -> Option<Vec<(bool, u32)>> {
    values.iter().zip(1..).map(|(value, id)| Some((truth_or_number(value)?, id))).collect()
}

impl<'a> Rows<'a> {
    pub(in crate::data) fn new(model: &'a Config, inputs: &[String]) -> Self {
        let place = |name: &str| inputs.iter().position(|input| input == name).unwrap_or(usize::MAX);
        let numeric = |column: &'a NumericColumn| Numeric {
            column,
            place: place(&column.name),
            known: 0,
            missing: 0,
            odd: 0,
            example: String::new(),
        };
        let categorical = model.categorical_columns.iter().map(|column| Categorical {
            name: &column.name,
            ids: column.values.iter().zip(1..).map(|(value, id)| (value.as_str(), id)).collect(),
            truths: truths(&column.values).unwrap_or_default(),
            place: place(&column.name),
            missing: 0,
            unseen: 0,
            example: String::new(),
        });
        Rows {
            model,
            numeric: model.numeric_columns.iter().map(numeric).collect(),
            categorical: categorical.collect(),
            numbers: Vec::new(),
            categories: Vec::new(),
        }
    }

    /// What a table says of the commas in each column of numbers.
    pub(in crate::data) fn said(&self, table: &Table) -> Vec<Option<Comma>> {
        self.numeric.iter().map(|numeric| table.said_comma(&numeric.column.name)).collect()
    }

    /// `said`: [`Rows::said`], or nothing where there is no table.
    pub(in crate::data) fn take(&mut self, said: &[Option<Comma>], cells: &[Cell]) {
        let said = said.iter().copied().chain(std::iter::repeat(None));
        for (numeric, said) in self.numeric.iter_mut().zip(said) {
            let cell = cells.get(numeric.place).unwrap_or(&Cell::Null);
            let number = number_of(numeric.column, cell, said);
            match (number, category(cell)) {
                (Some(_), _) => numeric.known += 1,
                (None, None) => numeric.missing += 1,
                (None, Some(other)) if numeric.column.nothing.iter().any(|nothing| *nothing == other) => numeric.missing += 1,
                (None, Some(other)) => {
                    numeric.odd += 1;
                    if numeric.example.is_empty() {
                        numeric.example = other.chars().take(40).collect();
                    }
                }
            }
            self.numbers.extend(numeric.column.inputs(number));
        }
        for categorical in &mut self.categorical {
            let cell = cells.get(categorical.place).unwrap_or(&Cell::Null);
            let id = match category(cell) {
                None => {
                    categorical.missing += 1;
                    0
                }
                Some(value) => categorical.id(&value).unwrap_or_else(|| {
                    categorical.unseen += 1;
                    if categorical.example.is_empty() {
                        categorical.example = value.chars().take(40).collect();
                    }
                    0
                }),
            };
            self.categories.push(id);
        }
    }

    /// A cell of the rows so far that is there and is no number, with its column.
    pub(in crate::data) fn odd(&self) -> Option<(&str, &str)> {
        self.numeric
            .iter()
            .find(|numeric| numeric.odd > 0)
            .map(|numeric| (numeric.column.name.as_str(), numeric.example.as_str()))
    }

    /// The columns of the rows so far that hold a category which the model does not know, each with one of these.
    pub(in crate::data) fn unseen(&self) -> impl Iterator<Item = [&str; 2]> {
        self.categorical.iter().filter(|column| column.unseen > 0).map(|column| [column.name, column.example.as_str()])
    }

    /// Numbers and categories of all rows that were taken, end to end; none are left.
    pub(in crate::data) fn drain(&mut self) -> (Vec<f32>, Vec<u32>) {
        (std::mem::take(&mut self.numbers), std::mem::take(&mut self.categories))
    }

    /// A few cells that are no numbers are mistakes; where most are none, it is another column.
    fn check(&self, split: &Split) -> Result<()> {
        match self.numeric.iter().find(|numeric| numeric.odd > numeric.known) {
            Some(numeric) => Err(Error::NotNumbers {
                path: split.tables.first().map(|table| table.path().to_path_buf()).unwrap_or_default(),
                column: numeric.column.name.clone(),
                odd: numeric.odd,
                rows: numeric.odd + numeric.known,
                example: numeric.example.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Tells what the model was not prepared for.
    fn tell(&self, split: &Split, emit: &mut dyn FnMut(Event)) {
        let mut told = |message: String| emit(Event::Note { message });
        let mut last = "";
        for Numeric { column, odd, example, .. } in self.numeric.iter().filter(|numeric| numeric.odd > 0) {
            if column.name != last {
                told(format!(
                    "split {}: {odd} cells of `{}` are no numbers, such as `{example}`: they count as missing",
                    split.name, column.name
                ));
            }
            last = &column.name;
        }
        for Categorical { name, unseen, example, .. } in self.categorical.iter().filter(|c| c.unseen > 0) {
            told(format!(
                "split {}: {unseen} cells of `{name}` hold a category that is rare or not there in the training rows, such as `{example}`: the model takes it for an unknown one",
                split.name
            ));
        }
    }

    fn shape(&self) -> SplitShape {
        let missing = self.numeric.iter().map(|n| n.missing + n.odd).sum::<usize>();
        SplitShape::Table {
            numbers: self.model.num_numbers(),
            categories: self.categorical.len(),
            missing: missing + self.categorical.iter().map(|c| c.missing).sum::<usize>(),
            unseen: self.categorical.iter().map(|c| c.unseen).sum(),
        }
    }

    fn bytes(&self) -> [Vec<u8>; 2] {
        [
            self.numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
            self.categories.iter().flat_map(|id| id.to_le_bytes()).collect(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tallow_zoo::Head;
    use tallow_zoo::mlp::{Activation, CategoricalColumn, Norm, Scale};

    fn model(numeric_columns: Vec<NumericColumn>, categorical_columns: Vec<CategoricalColumn>) -> Config {
        Config {
            numeric_columns,
            categorical_columns,
            target_column: None,
            target: Scale::default(),
            hidden_sizes: Vec::new(),
            hidden_act: Activation::Relu,
            norm: Norm::None,
            dropout: 0.0,
            head: Head::default(),
        }
    }

    /// Of the words that programs write for them models were trained before these were numbers; other formats have numbers.
    #[test]
    fn categories_of_true_and_false_are_known_however_they_are_written() {
        let column = CategoricalColumn { name: "alone".into(), values: vec!["False".into(), "True".into()], embedding_size: 2 };
        let model = model(Vec::new(), vec![column]);
        let mut rows = Rows::new(&model, &["alone".to_string()]);
        let text = |word: &str| Cell::Text(word.into());
        for cell in [text("True"), Cell::Int(1), text("true"), Cell::Int(0), text("FALSE")] {
            rows.take(&[], &[cell]);
        }
        assert_eq!((rows.unseen().count(), rows.drain().1), (0, vec![2, 2, 2, 1, 1]));
        rows.take(&[], &[Cell::Int(2)]);
        assert_eq!(rows.unseen().collect::<Vec<_>>(), [["alone", "2"]]);
    }

    /// What stood for nothing where the model was trained is nothing to it later on; any other word is a mistake.
    #[test]
    fn marks_of_nothing_are_those_of_the_training_rows() {
        let column = NumericColumn { nothing: vec!["-".into()], ..NumericColumn::of("size", [Some(1.0), Some(3.0), None]) };
        let model = model(vec![column], Vec::new());
        let mut rows = Rows::new(&model, &["size".to_string()]);
        for cell in [" - ", "3", "NA"] {
            rows.take(&[], &[Cell::Text(cell.into())]);
        }
        assert_eq!((rows.odd(), rows.numeric[0].missing), (None, 2));
        assert_eq!(rows.drain().0, [0.0, 1.0, 1.0, 0.0, 0.0, 1.0]);
        rows.take(&[], &[Cell::Text("big".into())]);
        assert_eq!(rows.odd(), Some(("size", "big")));
    }
}
