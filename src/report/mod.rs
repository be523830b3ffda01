//! Typed report -> terminal, Markdown, HTML with plots. Pure.
//!
//! [`build`] gathers what the ledger, the plan and the evaluation say; every number is a [`Sourced`] with the ledger row that it
//! was read from. [`check`] walks the finished report and fails if a number has no row, or if its row does not hold it. The
//! writers ([`terminal`], [`markdown()`], [`html()`]) only lay out: what they compute is rates and shares of two sourced numbers.

mod blocks;
mod book;
mod build;
mod check;
mod classes;
mod curves;
mod data;
mod document;
mod html;
mod markdown;
pub mod plot;
mod recovered;
mod script;
mod settings;
mod style;
mod terminal;
mod types;
mod words;

pub use build::build;
pub use check::{Sources, check};
pub(crate) use document::NOT_UNDERSTOOD;
pub use document::plots;
pub use html::html;
pub(crate) use html::sheet;
pub use markdown::markdown;
pub(crate) use markdown::prose_line;
pub use recovered::{as_trained, experiment_as_trained, recovered};
pub use script::{ScriptReport, build_script, names_of, script_card, script_html, script_markdown, script_terminal};
pub(crate) use settings::settings;
pub use style::Style;
pub use terminal::terminal;
pub use types::*;

use crate::error::{Class, Failure};

/// A report cannot be made from what the run folder holds.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the report needs {what}, and the ledger has no row for it")]
    NoRow { what: String },
    #[error("the report's number `{path}` = {value} has no ledger row")]
    Unsourced { path: String, value: String },
    #[error("the report's number `{path}` = {value} cites ledger row {row}, which does not hold it")]
    NotInRow { path: String, value: f64, row: u64 },
    #[error("the report's number `{path}` is not finite")]
    NotFinite { path: String },
    #[error("the report cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::NoRow { .. } | Error::NotInRow { .. } => Class::Data,
            Error::NotFinite { .. } => Class::Numeric,
            Error::Unsourced { .. } | Error::Json(_) => Class::Bug,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            Error::NoRow { .. } => {
                Some("the run is not finished, or its ledger was cut: `tallow resume` does what is missing".into())
            }
            Error::NotInRow { .. } => Some("a file of the run folder was changed after its stage wrote it".into()),
            _ => None,
        }
    }
}
