//! Rows that nobody labelled: a few among many are no examples, and are left out and counted; many are a mistake.

use super::Answers;
use super::weights::Weights;
use crate::data::read::{Row, Table};
use crate::data::{Error, Result};
use crate::job::Event;

#[derive(Default)]
pub(super) struct Unlabelled {
    count: usize,
    first: Option<Error>,
}

impl Unlabelled {
    /// Of so many rows one may be without a label. SNLI has one of 130, marked by -1.
    const ONE_OF: usize = 20;

    /// Takes the weight and the answer off the end of a row; says whether it has an answer, and so is an example.
    ///
    /// # Errors
    /// Its answer is none of those that there may be, or its weight is none.
    pub(super) fn take(&mut self, table: &Table, row: &mut Row, weights: &mut Weights, answers: &mut Answers) -> Result<bool> {
        let weight = weights.read(table, row)?;
        match answers.take(table, row) {
            Ok(()) => weights.keep(weight),
            Err(error @ Error::Missing { what: "label", .. }) => {
                self.count += 1;
                self.first.get_or_insert(error);
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// What there is to say of them, beside `labelled` others of a split.
    ///
    /// # Errors
    /// They are too many to be left out: the first of them.
    pub(super) fn settle(self, split: &str, labelled: usize, emit: &mut dyn FnMut(Event)) -> Result<()> {
        let Some(first) = self.first else { return Ok(()) };
        let (count, all) = (self.count, labelled + self.count);
        if count * Self::ONE_OF > all {
            return Err(first);
        }
        emit(Event::Note {
            message: format!("split `{split}`: {count} of {all} examples are left out, for they have no label; {first}"),
        });
        Ok(())
    }
}
