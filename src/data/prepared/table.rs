//! Rows of numbers and categories.

use crate::data::mapped::{Elements, TensorFile};

/// Inputs of all rows of a table, end to end.
#[derive(Debug)]
pub struct PreparedTable {
    numbers: Elements<f32>,
    categories: Elements<u32>,
    pub(super) count: usize,
    /// Of a row.
    widths: [usize; 2],
}

impl PreparedTable {
    /// Numbers and categories of row `i`. Panics where there is none.
    pub fn row(&self, i: usize) -> (&[f32], &[u32]) {
        let [numbers, categories] = self.widths;
        (&self.numbers[i * numbers..(i + 1) * numbers], &self.categories[i * categories..(i + 1) * categories])
    }

    /// Numbers and categories of each row.
    pub fn widths(&self) -> [usize; 2] {
        self.widths
    }

    /// The largest number of a category in each column.
    pub fn largest(&self) -> Vec<u32> {
        let mut largest = vec![0; self.widths[1]];
        let columns = (0..largest.len()).cycle();
        for (category, column) in self.categories.pieces().flatten().zip(columns) {
            largest[column] = largest[column].max(*category);
        }
        largest
    }
}

impl PreparedTable {
    pub(super) fn parse(file: &TensorFile) -> Result<Self, String> {
        let (numbers, shape) = file.elements::<f32>("numbers", 2)?;
        let (categories, of_categories) = file.elements("categories", 2)?;
        if shape[0] != of_categories[0] {
            return Err(format!("it has numbers of {} rows and categories of {}", shape[0], of_categories[0]));
        }
        if let Some((_, number)) = numbers.first_where(|number| !number.is_finite()) {
            return Err(format!("a number is {number}"));
        }
        Ok(PreparedTable { numbers, categories, count: shape[0], widths: [shape[1], of_categories[1]] })
    }
}
