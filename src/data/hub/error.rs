//! What can go wrong between here and the Hub.

use super::Kind;
use crate::error::{Class, Failure, place_hint, root_cause};
use hf_hub::HFError;
use std::path::PathBuf;

/// A model or data set could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{id}` is no {kind} of the Hub: expected NAME or ORG/NAME")]
    BadId { kind: &'static str, id: String },
    #[error("there is no {what}")]
    NotFound { kind: Kind, what: String, near: Vec<String> },
    #[error("no access to {what}: the Hub answered {status}")]
    /// `page`: where one asks for access.
    Gated { what: String, page: String, status: u16, with_token: bool },
    #[error("{what} is not in the cache, and the network must not be used")]
    Offline { what: String },
    #[error("the Hub at {endpoint} cannot be reached: {why}")]
    Unreachable { endpoint: String, why: String },
    #[error("the Hub failed with {status} when asked for {what}")]
    Failed { what: String, status: u16 },
    #[error("the Hub's answer for {what} cannot be used: {found}")]
    BadAnswer { what: String, found: String },
    #[error("cannot {action} `{}`", path.display())]
    Disk { action: &'static str, path: PathBuf, source: std::io::Error },
}

impl Error {
    /// What the client's error means when it was asked for `what`.
    pub(super) fn from_client(
        error: HFError,
        (kind, id): (Kind, &str),
        what: &str,
        endpoint: &str,
        cache: &std::path::Path,
        with_token: bool,
    ) -> Self {
        let what = what.to_string();
        match error {
            // Without a token the Hub answers 401 for what does not exist, and says so in a header.
            HFError::AuthRequired { context } if context.error_code.as_deref() == Some("RepoNotFound") => {
                Error::NotFound { kind, what, near: Vec::new() }
            }
            HFError::AuthRequired { context } | HFError::Forbidden { context } => {
                let folder = if kind == Kind::Dataset { "datasets/" } else { "" };
                let page = format!("{endpoint}/{folder}{id}");
                Error::Gated { what, page, status: context.status.as_u16(), with_token }
            }
            HFError::RepoNotFound { .. } | HFError::RevisionNotFound { .. } | HFError::EntryNotFound { .. } => {
                Error::NotFound { kind, what, near: Vec::new() }
            }
            HFError::Http { context } | HFError::RateLimited { context, .. } | HFError::Conflict { context } => {
                Error::Failed { what, status: context.status.as_u16() }
            }
            HFError::Request { source, .. } if source.is_decode() || source.is_body() => {
                Error::BadAnswer { what, found: root_cause(&source) }
            }
            HFError::Request { source, .. } => Error::Unreachable { endpoint: endpoint.to_string(), why: root_cause(&source) },
            HFError::Io(source) => Error::Disk { action: "write to the cache", path: cache.to_path_buf(), source },
            other => Error::BadAnswer { what, found: other.to_string() },
        }
    }
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::BadId { .. } => Class::Spec,
            Error::Disk { .. } => Class::Resource,
            Error::NotFound { kind: Kind::Dataset, .. } => Class::Data,
            Error::NotFound { kind: Kind::Model, .. } => Class::Model,
            Error::Gated { .. }
            | Error::Offline { .. }
            | Error::Unreachable { .. }
            | Error::Failed { .. }
            | Error::BadAnswer { .. } => Class::External,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Error::NotFound { near, .. } if !near.is_empty() => format!("did you mean {}?", super::super::error::list(near)),
            Error::NotFound { .. } => "check the spelling; a private repository needs `HF_TOKEN`".into(),
            Error::Gated { with_token: false, page, .. } => {
                format!(
                    "set `HF_TOKEN` to a token of an account that has access; one asks for it, and agrees to the terms, on {page}"
                )
            }
            Error::Gated { status: 401, page, .. } => {
                format!("the Hub does not take this `HF_TOKEN`, or its account has no access: one asks for it on {page}")
            }
            Error::Gated { page, .. } => {
                format!("the account of `HF_TOKEN` has no access: ask for it, and agree to the terms, on {page}")
            }
            Error::Offline { .. } => {
                "run once without `--offline` (and without `HF_HUB_OFFLINE`), or give a local folder with `--hub DIR`".into()
            }
            Error::Unreachable { .. } => {
                "check the network and `HF_ENDPOINT`; with `--offline` the cache is used, with `--hub DIR` a local folder".into()
            }
            Error::Failed { .. } | Error::BadAnswer { .. } => "try again later; check `HF_ENDPOINT`".into(),
            Error::Disk { source, .. } => return place_hint(source),
            Error::BadId { .. } => return None,
        };
        Some(hint)
    }
}
