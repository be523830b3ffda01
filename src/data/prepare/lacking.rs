//! Rows that lack something, a label or a text: they are no examples, and are left out and counted; where half of them are such, it is a mistake.

use super::weights::Weights;
use super::{Answers, Split};
use crate::data::read::{Row, Table};
use crate::data::{Error, Lacks, Result};
use crate::job::Event;

/// Rows that were left out.
#[derive(Default)]
pub(super) struct Lacking {
    /// For their label: the survey has counted these, and the plan tells of them.
    unlabelled: Tally,
    /// For anything else.
    others: Tally,
}

#[derive(Default)]
struct Tally {
    count: usize,
    first: Option<Error>,
}

impl Tally {
    fn add(&mut self, error: Error) {
        self.count += 1;
        self.first.get_or_insert(error);
    }
}

impl Lacking {
    /// Of so many rows less than one may be without a label: SNLI has one of 130, marked by -1, and a sheet some that nobody has come to yet.
    const ONE_OF: usize = 2;

    /// Leaves a row out.
    pub(super) fn add(&mut self, error: Error) {
        self.others.add(error);
    }

    pub(super) fn count(&self) -> usize {
        self.unlabelled.count + self.others.count
    }

    /// Rows of which it is known that too many lack something, before the others are read.
    const MANY: usize = 1000;

    /// # Errors
    /// They are too many already, beside `others`: the first of them.
    pub(super) fn check(&mut self, others: usize) -> Result<()> {
        let are_many = self.count() >= Self::MANY && self.count() * Self::ONE_OF >= others + self.count();
        if are_many { self.first().map_or(Ok(()), Err) } else { Ok(()) }
    }

    /// The first of those that lack what most of them do.
    fn first(&mut self) -> Option<Error> {
        let [few, most] = match self.unlabelled.count > self.others.count {
            true => [&mut self.others, &mut self.unlabelled],
            false => [&mut self.unlabelled, &mut self.others],
        };
        most.first.take().or_else(|| few.first.take())
    }

    /// Whether the row has a text in each of the `columns` that it begins with. A blank one is none.
    pub(super) fn has_texts(&mut self, table: &Table, row: &Row, columns: &[String]) -> bool {
        let blank = columns.iter().zip(&row.cells).find(|(_, cell)| cell.is_blank());
        let Some((column, _)) = blank else { return true };
        let (path, position, column) = (table.path().into(), row.position.clone(), column.clone());
        self.add(Error::Missing { path, position, column, what: Lacks::Text });
        false
    }

    /// Takes the weight and the answer off the end of a row; says whether it has an answer, and so is an example.
    ///
    /// # Errors
    /// Its answer is none of those that there may be, or its weight is none.
    pub(super) fn take(&mut self, table: &Table, row: &mut Row, weights: &mut Weights, answers: &mut Answers) -> Result<bool> {
        let weight = weights.read(table, row)?;
        match answers.take(table, row) {
            Ok(()) => weights.keep(weight),
            Err(error @ Error::Missing { what: Lacks::Label, .. }) => {
                self.unlabelled.add(error);
                return Ok(false);
            }
            // Where too many are no numbers, the survey has said so.
            Err(error @ Error::Number { .. }) if answers.are_values() => {
                self.unlabelled.add(error);
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// What there is to say of them, beside `others` of a split.
    ///
    /// # Errors
    /// They are too many to be left out: the first of them.
    pub(super) fn settle(mut self, split: &Split, others: usize, emit: &mut dyn FnMut(Event)) -> Result<()> {
        let (count, all) = (self.count(), others + self.count());
        // Of a part that is drawn chance says how many: the plan has counted those of the whole.
        if count > 0 && (others == 0 || split.mask.is_none() && count * Self::ONE_OF >= all) {
            return self.first().map_or(Ok(()), Err);
        }
        if let Tally { count, first: Some(first) } = self.others {
            emit(Event::Note {
                message: format!(
                    "split `{}`: {count} of {all} examples are left out, for something of them is missing; {first}",
                    split.name
                ),
            });
        }
        Ok(())
    }
}
