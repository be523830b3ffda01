//! The finished model in the Hub's own format, with its card; and what of it would go to the Hub, looked through before it does.

mod bundle;
mod card;
mod companions;
mod places;
mod secrets;
mod shards;
mod shipment;

pub use bundle::{Origin, write_bundle, write_merged};
pub use card::{card, licensed_card};
pub use places::published_manifest;
pub use secrets::{Finding, Kind as FindingKind, redacted, scan};
pub use shipment::{Error as ShipmentError, Shipment};

use crate::error::{Class, Failure, place_hint};
use crate::store;
use std::path::PathBuf;

/// The model's folder could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot {action} `{}`", path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("the weights `{}` changed since training: expected sha256 {expected}, found {found}", path.display())]
    Changed { path: PathBuf, expected: String, found: String },
    #[error("the tokenizer `{}` is no tokenizer.json", path.display())]
    Tokenizer { path: PathBuf, source: serde_json::Error },
    #[error("`{what}` cannot be written")]
    Unwritable { what: &'static str, reason: String },
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::Io { .. } => Class::Resource,
            Error::Changed { .. } | Error::Tokenizer { .. } => Class::Model,
            Error::Unwritable { .. } => Class::Bug,
            Error::Store(error) => error.class(),
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            Error::Io { source, .. } => place_hint(source),
            Error::Changed { .. } => Some("`tallow train` the run's spec.toml again".into()),
            Error::Store(error) => error.hint(),
            _ => None,
        }
    }
}
