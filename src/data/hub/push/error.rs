//! What can go wrong on the way to the Hub.

use crate::error::{Class, Failure, place_hint};
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Hub(#[from] super::super::Error),
    #[error("the Hub cannot be written to: the network must not be used, or a local folder stands for it")]
    Offline,
    #[error("pushing needs a token, and there is none")]
    NoToken,
    #[error("`{id}` names no owner: expected ORG/NAME")]
    NoOwner { id: String },
    #[error("{what}: the Hub answered {status}{}", said(message))]
    NoRight { what: String, status: u16, message: String },
    #[error("there is no {what}{}", said(message))]
    NotFound { what: String, message: String },
    #[error("{what}: the Hub did not take it ({status}){}", said(message))]
    Refused { what: String, status: u16, message: String },
    #[error("{what}: the Hub failed with {status}, {attempts} times{}", said(message))]
    Failed { what: String, status: u16, attempts: u32, message: String },
    #[error("{what}: the connection failed, {attempts} times: {why}")]
    Broken { what: String, attempts: u32, why: String },
    /// It may have been done all the same, and would be done twice.
    #[error("{what}: the answer was lost: {why}")]
    Lost { what: String, id: String, why: String },
    #[error("{what}: the Hub's answer cannot be used: {found}")]
    BadAnswer { what: String, found: String },
    #[error("{what}: the Hub sends us on to {to}, where the token must not go")]
    SentAway { what: String, to: String },
    #[error("`{id}` is there already and public, and `--private` was asked for")]
    Public { id: String },
    #[error("the repository `{id}` was made, and is not there")]
    Vanished { id: String },
    #[error("`{revision}` of `{id}` moved while this was on its way: somebody else pushed")]
    Moved { id: String, revision: String },
    #[error("commit {commit} of `{id}` does not hold what was sent: {}", paths.join(", "))]
    Differs { id: String, commit: String, paths: Vec<String> },
    #[error("cannot read `{}`", path.display())]
    Disk { path: PathBuf, source: std::io::Error },
    #[error("`{}` changed while it was being sent: expected {expected} bytes", path.display())]
    Changed { path: PathBuf, expected: u64 },
}

fn said(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::Hub(error) => error.class(),
            Error::Offline | Error::NoToken | Error::NoOwner { .. } | Error::Public { .. } => Class::Usage,
            Error::Disk { .. } | Error::Changed { .. } => Class::Resource,
            Error::NoRight { .. }
            | Error::NotFound { .. }
            | Error::Refused { .. }
            | Error::Failed { .. }
            | Error::Broken { .. }
            | Error::Lost { .. }
            | Error::BadAnswer { .. }
            | Error::SentAway { .. }
            | Error::Vanished { .. }
            | Error::Moved { .. }
            | Error::Differs { .. } => Class::External,
        }
    }

    fn hint(&self) -> Option<String> {
        let again = "push again: what is uploaded already is not sent twice";
        let hint = match self {
            Error::Hub(error) => return error.hint(),
            Error::Offline => "leave `--offline`, `--hub` and `HF_HUB_OFFLINE` out; `--dry-run` shows what would go",
            Error::NoToken => "set `HF_TOKEN` to a token that may write, from your account's settings on the Hub",
            Error::NoOwner { .. } => "name your account or organisation before the model's name",
            Error::NoRight { .. } => "the token must be one that may write, of an account that may write there",
            Error::NotFound { .. } => "check the name; a private repository needs a token with access",
            Error::Public { .. } => "leave `--private` out, push to another name, or make the repository private on its page",
            Error::Moved { .. } => "look at what is there now, then push again: it goes on top",
            Error::Disk { source, .. } => return place_hint(source),
            Error::Failed { .. } | Error::Differs { .. } | Error::Changed { .. } => again,
            Error::Broken { .. } => {
                "check the network and `HF_ENDPOINT`, and push again: what is uploaded already is not sent twice"
            }
            Error::Lost { id, .. } => {
                return Some(format!(
                    "look at the pull requests of `{id}` before you push again: each push makes one of its own"
                ));
            }
            Error::SentAway { .. } | Error::BadAnswer { .. } | Error::Vanished { .. } => {
                "check `HF_ENDPOINT`, and try again later"
            }
            Error::Refused { .. } => return None,
        };
        Some(hint.into())
    }
}
