//! What can go wrong between here and the Hub.

use super::Kind;
use super::wire::Wanted;
use crate::error::{Class, Failure, place_hint};
use crate::words::listed;
use std::path::PathBuf;

/// A model or data set could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{id}` is no {kind} of the Hub: expected NAME or ORG/NAME")]
    BadId { kind: &'static str, id: String },
    /// `is_local`: it was looked for here, and the Hub was not asked.
    #[error("there is no {what}")]
    NotFound { kind: Kind, what: String, near: Vec<String>, is_local: bool },
    /// `page`: where one asks for access.
    #[error("no access to {what}: the Hub answered {status}")]
    Gated { what: String, page: String, status: u16, with_token: bool },
    #[error("{what} is not in the cache, and the network must not be used")]
    Offline { what: String },
    #[error("the Hub at {endpoint} cannot be reached: {why}")]
    Unreachable { endpoint: String, why: String },
    #[error("the Hub failed with {status} when asked for {what}")]
    Failed { what: String, status: u16 },
    /// By a server that is not the Hub.
    #[error("the {what} could not be fetched: its server answered {status}")]
    Refused { what: String, status: u16 },
    #[error("the Hub's answer for {what} cannot be used: {found}")]
    BadAnswer { what: String, found: String },
    #[error("`{url}` is no address: {why}")]
    BadUrl { url: String, why: String },
    #[error("cannot {action} `{}`", path.display())]
    Disk { action: &'static str, path: PathBuf, source: std::io::Error },
}

/// What an answer that is none means. `code`: what the Hub says of it in a header.
pub(super) fn refused(wanted: Wanted, status: u16, code: Option<&str>, with_token: bool) -> Error {
    let (kind, what) = (wanted.kind, wanted.what.to_string());
    let Some(page) = wanted.page.map(str::to_string) else { return Error::Refused { what, status } };
    match status {
        // Without a token the Hub answers 401 for what does not exist, and says so in a header.
        401 | 404 if code == Some("RepoNotFound") => Error::NotFound { kind, what, near: Vec::new(), is_local: false },
        401 | 403 => Error::Gated { what, page, status, with_token },
        404 | 410 => Error::NotFound { kind, what, near: Vec::new(), is_local: false },
        _ => Error::Failed { what, status },
    }
}

impl Error {
    /// What a server answered instead of what was asked for.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Error::Gated { status, .. } | Error::Failed { status, .. } | Error::Refused { status, .. } => Some(*status),
            Error::NotFound { .. } => Some(404),
            Error::BadId { .. }
            | Error::Offline { .. }
            | Error::Unreachable { .. }
            | Error::BadAnswer { .. }
            | Error::BadUrl { .. }
            | Error::Disk { .. } => None,
        }
    }
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::BadId { .. } | Error::BadUrl { .. } => Class::Spec,
            Error::Disk { .. } => Class::Resource,
            Error::NotFound { kind: Kind::Dataset, .. } | Error::Refused { status: 404 | 410, .. } => Class::Data,
            Error::NotFound { kind: Kind::Model, .. } => Class::Model,
            Error::Gated { .. }
            | Error::Offline { .. }
            | Error::Unreachable { .. }
            | Error::Failed { .. }
            | Error::Refused { .. }
            | Error::BadAnswer { .. } => Class::External,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Error::NotFound { near, .. } if !near.is_empty() => format!("did you mean {}?", listed(near)),
            Error::NotFound { is_local: true, .. } => {
                "check the spelling; without `--hub` and `--offline` the Hub is asked".into()
            }
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
            Error::Failed { status: 429, .. } => {
                "the Hub limits how often one may ask: try again in some minutes; with `HF_TOKEN` the limits are wider".into()
            }
            Error::Failed { .. } | Error::BadAnswer { .. } => "try again later; check `HF_ENDPOINT`".into(),
            Error::Refused { status: 400..429, .. } => "check the address; one that is signed runs out".into(),
            Error::Refused { .. } => "try again later".into(),
            Error::Disk { source, .. } => return place_hint(source),
            Error::BadUrl { .. } => "expected `https://HOST/FILE`".into(),
            Error::BadId { .. } => return None,
        };
        Some(hint)
    }
}
