use crate::error::{Class, Failure, is_out_of_room, place_hint};
use crate::words::counted;
use std::time::Duration;

/// Why a paper could not be read. Each message names the paper.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{name}` is not a PDF: expected it to start with `%PDF-`, found {found}")]
    NotPdf { name: String, found: String },
    #[error("`{name}` is not a paper: expected PDF, LaTeX (a file, folder or archive), HTML, Markdown or text, found {found}")]
    NotPaper { name: String, found: String },
    #[error("`{name}` is no paper: its name is that of a table")]
    Table { name: String },
    #[error("`{name}` is encrypted: it cannot be read without its password")]
    Encrypted { name: String },
    #[error("`{name}` is cut off: {bytes} bytes, and the end mark `%%EOF` is missing")]
    Truncated { name: String, bytes: usize },
    #[error("`{name}` holds no text: {}, {} in all", counted(*pages, "page"), counted(*letters, "letter"))]
    NoText { name: String, pages: usize, letters: usize },
    #[error("`{name}` is too large: {found} {unit}, at most {limit} are read")]
    TooLarge { name: String, found: u64, limit: u64, unit: &'static str },
    #[error("`{name}` took longer than {} s to read", limit.as_secs())]
    Timeout { name: String, limit: Duration },
    #[error("`{name}` is damaged: {problem}")]
    Malformed { name: String, problem: String },
    #[error("`{given}` is not a paper: expected {expected}")]
    BadSource { given: String, expected: &'static str },
    #[error("the paper `{name}` cannot be opened")]
    Io { name: String, source: std::io::Error },
    #[error("arXiv cannot be reached for `{id}` (asked {host})")]
    Unreachable { id: String, host: String, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("arXiv answered {status} for `{id}`")]
    Status { id: String, status: u16 },
    #[error("arXiv has no paper `{id}`")]
    NoSuchPaper { id: String },
    #[error("arXiv's paper `{id}` is withdrawn{}", reason.as_ref().map(|reason| format!(": \"{}\"", reason.escape_debug())).unwrap_or_default())]
    Withdrawn { id: String, reason: Option<String>, earlier: Option<u32> },
    #[error("arXiv asks to wait {} s before it answers for `{id}`", wait.as_secs())]
    Busy { id: String, wait: Duration },
    #[error("arXiv has `{id}` in no form that can be read: neither HTML, LaTeX nor PDF")]
    NoForm { id: String },
    #[error("`{id}` is not in the cache, and the network must not be used")]
    Offline { id: String },
    #[error("arXiv sent `{id}` on to {host}: only {allowed} and its subdomains are followed")]
    Redirected { id: String, host: String, allowed: String },
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::BadSource { .. } => Class::Usage,
            Error::Unreachable { .. }
            | Error::Status { .. }
            | Error::Offline { .. }
            | Error::Redirected { .. }
            | Error::Busy { .. } => Class::External,
            Error::Io { source, .. } if is_out_of_room(source) => Class::Resource,
            _ => Class::Paper,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Error::NotPdf { .. } => "give the paper as PDF, or its arXiv id",
            Error::Encrypted { .. } => "store a copy without a password, for instance with `qpdf --decrypt`",
            Error::Truncated { .. } => "download the file again",
            Error::NoText { .. } => {
                "the pages are probably scanned images: run OCR over them first, for instance with `ocrmypdf`"
            }
            Error::Malformed { .. } => "rewrite the file with another tool, for instance `qpdf IN OUT`, or give the arXiv id",
            Error::Unreachable { .. } | Error::Offline { .. } => "download the paper and give the file",
            Error::Io { source, .. } if is_out_of_room(source) => return place_hint(source),
            Error::Io { .. } => {
                "give a file that you may read (a PDF file, LaTeX, HTML, Markdown, text), an arXiv id (1810.04805) or an arXiv URL"
            }
            Error::Table { name } => {
                let said = format!("`tallow do \"predict COLUMN, {name}\"`");
                return Some(format!("say what is to be learnt of it: {said}; `tallow data` tells its columns"));
            }
            Error::NotPaper { .. } => "give the paper as a file of such a kind, or its arXiv id",
            Error::NoSuchPaper { .. } => "check the id, and its version if it has one",
            Error::Withdrawn { id, earlier: Some(version), .. } => {
                return Some(format!(
                    "an earlier version may be there: `{}v{version}`",
                    id.rsplit_once('v').map_or(id.as_str(), |(bare, _)| bare)
                ));
            }
            Error::Busy { .. } => "try again later, or download the paper and give the file",
            Error::NoForm { .. } => "download the paper in another form and give the file",
            _ => return None,
        };
        Some(hint.to_string())
    }
}
