//! Tables: from cells to what a model is fed with.
//!
//! [`survey`] looks at the training rows and decides of each column what it is: numbers, categories, dates, or nothing to learn from.
//! What it finds (means, medians, categories) becomes part of the model's configuration, by which [`super::prepare`] then turns the
//! cells of every split, and of any new table, into inputs.

mod cells;
mod codes;
mod column;
mod dates;
mod far_out;
mod strays;
mod survey;
mod target;

pub(super) use cells::{Comma, Commas, category, is_nothing, number, number_of, truth_or_number};
pub(super) use codes::Codes;
pub(super) use dates::{DayOrder, dates};
pub(super) use strays::Strays;
pub(crate) use survey::UNEVEN;
pub(super) use survey::{Asked, is_table, survey};
pub(super) use target::rows_of;
