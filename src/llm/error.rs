//! Why no answer came, or none that is of use.

use crate::error::{Class, Failure};
use crate::store;
use std::path::PathBuf;

/// `model`: as people know it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{file}` cannot be used: {what}")]
    Config { file: String, what: String },
    #[error("no language model is called `{name}`: expected one of {}, or URL#MODEL", known.join(", "))]
    Unknown { name: String, known: Vec<String> },
    #[error("the key of `{name}` cannot be used: {what}")]
    Key { name: String, what: String },
    #[error("`{url}` cannot be a language model's address: expected {expected}")]
    Url { url: String, expected: &'static str },
    #[error("{model} is asked over the network, and the network must not be used")]
    Offline { model: String },
    #[error("{model} cannot be reached: {why}")]
    Unreachable { model: String, why: String },
    #[error("{model} refused with {status}: {said}")]
    Refused { model: String, status: u16, said: String },
    #[error("{model} did not answer in {attempts} attempt{}: {why}", if *attempts == 1 { "" } else { "s" })]
    Failing { model: String, attempts: u32, why: String },
    /// By the user.
    #[error("{model} was interrupted while it answered")]
    Interrupted { model: String },
    #[error("{model} is too slow: {what} after {secs} s")]
    Slow { model: String, what: &'static str, secs: f64 },
    #[error("the question and its answer need about {tokens} tokens, and {model} takes at most {most}")]
    TooLong { model: String, most: u64, tokens: u64 },
    #[error("{model} sends elsewhere, to `{to}`, and is not followed: its key is for its own host alone")]
    Redirected { model: String, to: String },
    #[error("what {model} sent cannot be used: expected {expected}, found {found}")]
    BadAnswer { model: String, expected: &'static str, found: String },
    /// Of the answer itself; a model can do better when it is told.
    #[error("the answer was cut off after {tokens} tokens")]
    CutShort { tokens: u64 },
    #[error("the answer is empty")]
    Empty,
    #[error("the answer is no JSON: {why}")]
    NotJson { why: String },
    /// Asking once more might take more than there is.
    #[error("the budget for the language model is spent: {what}")]
    Budget { what: String },
    #[error("no price is known for {model}, and `budget.max_usd` limits what may be spent")]
    NoPrice { model: String },
    #[error("the recording `{}` cannot be read", path.display())]
    NoRecording { path: PathBuf, source: std::io::Error },
    #[error("`{}` is no recording of a language model: line {line}: {why}", path.display())]
    Recording { path: PathBuf, line: usize, why: String },
    #[error("`{}` holds no answer to what is asked: {differs}", path.display())]
    NotRecorded { path: PathBuf, differs: String },
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// Whether a provider may have written, and charge for it, all the same; also where its answer could not be kept. What
    /// [`Error::Failing`] may have cost was counted, attempt by attempt: who has too much to do has not taken the question.
    pub(super) fn may_have_cost(&self) -> bool {
        matches!(self, Error::Slow { .. } | Error::BadAnswer { .. } | Error::Store(_))
    }
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::Config { .. }
            | Error::Unknown { .. }
            | Error::Key { .. }
            | Error::Url { .. }
            | Error::NoPrice { .. }
            | Error::NoRecording { .. }
            | Error::Recording { .. } => Class::Usage,
            Error::Offline { .. }
            | Error::Unreachable { .. }
            | Error::Refused { .. }
            | Error::Failing { .. }
            | Error::Slow { .. }
            | Error::Redirected { .. }
            | Error::BadAnswer { .. }
            | Error::CutShort { .. }
            | Error::Empty
            | Error::NotJson { .. } => Class::External,
            Error::Interrupted { .. } => Class::Interrupted,
            Error::TooLong { .. } => Class::Resource,
            Error::Budget { .. } => Class::Budget,
            Error::NotRecorded { .. } => Class::Differs,
            Error::Store(error) => error.class(),
        }
    }

    fn hint(&self) -> Option<String> {
        let without = "without `--llm` the rules plan alone (a run that is there: `tallow resume RUN --without-llm`)";
        Some(match self {
            Error::Config { .. } | Error::Unknown { .. } | Error::Url { .. } => {
                format!("docs/language-models.md shows the file and what may stand in it; {without}")
            }
            Error::NoPrice { .. } => {
                "name it in the configuration: `price = { input = 1.0, output = 4.0 }`, dollars a million tokens".into()
            }
            Error::Key { .. } => format!("docs/language-models.md says where a key may lie; {without}"),
            Error::Offline { .. } => format!("take one on this machine, or leave out `--offline`; {without}"),
            Error::Unreachable { .. } => format!("check that it runs, and its address; {without}"),
            Error::Refused { status: 401 | 403, .. } => format!("check the key and what it is good for; {without}"),
            Error::Refused { status: 404, .. } => format!("check address and model; {without}"),
            Error::Redirected { .. } => "if that is its address now, name it as `url`".into(),
            Error::Slow { .. } => format!("`limits` in the configuration gives it more time; {without}"),
            // It will not speak otherwise in an hour.
            Error::BadAnswer { .. } => {
                format!("check the address: what answers there is no language model's interface; {without}")
            }
            Error::Refused { .. } | Error::Failing { .. } | Error::CutShort { .. } | Error::Empty | Error::NotJson { .. } => {
                format!("try again later; {without}")
            }
            Error::Interrupted { .. } => "`tallow resume` goes on where there is an experiment already; else ask again".into(),
            Error::TooLong { .. } => format!("take a model that reads more, or correct `context_tokens`; {without}"),
            Error::Budget { .. } => "`--max-tokens` and `--max-usd` give it more".into(),
            Error::NoRecording { .. } => "check the path; a run that asks a language model leaves `llm.jsonl`".into(),
            Error::Recording { .. } => "a run that asks a language model leaves `llm.jsonl`".into(),
            Error::NotRecorded { .. } => "replay with the same request, data, options and version of Tallow".into(),
            Error::Store(error) => return error.hint(),
        })
    }
}
