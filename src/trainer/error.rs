//! What can go wrong while training or scoring.

use crate::error::{Class, Failure};
use crate::{data, store};
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot {action} `{}`", path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("the weights in `{}` cannot be read: {message}", path.display())]
    BadWeights { path: PathBuf, message: String },
    #[error("the weights in `{}` do not fit the model", path.display())]
    Weights { path: PathBuf, source: tallow_kernels::Error },
    #[error("the {what} is for {found}, the model for {expected}")]
    WrongData { what: &'static str, expected: String, found: String },
    #[error("the config cannot be used: {0}")]
    Config(String),
    #[error("the checkpoint `{}` cannot be used: {message}", path.display())]
    Checkpoint { path: PathBuf, message: String },
    #[error(transparent)]
    Model(#[from] tallow_zoo::Error),
    #[error("an operation failed")]
    Kernels(#[from] tallow_kernels::Error),
    #[error("a tensor operation failed")]
    Candle(#[from] candle_core::Error),
    #[error(transparent)]
    Data(#[from] data::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::Io { .. } => Class::Resource,
            Error::BadWeights { .. } | Error::Weights { .. } | Error::Model(_) => Class::Model,
            Error::WrongData { .. } => Class::Data,
            Error::Config(_) => Class::Spec,
            Error::Checkpoint { .. } => Class::Resource,
            Error::Kernels(tallow_kernels::Error::Index { .. }) => Class::Data,
            Error::Kernels(_) | Error::Candle(_) => Class::Bug,
            Error::Data(source) => source.class(),
            Error::Store(source) => source.class(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Error::Weights { .. } => Some("check that config.json and model.safetensors belong together".into()),
            Error::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                Some("the disk is full: free some space, then `tallow resume` the run".into())
            }
            Error::Data(source) => source.hint(),
            Error::Store(source) => source.hint(),
            _ => None,
        }
    }
}
