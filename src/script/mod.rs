//! The fallback for what the zoo lacks: a Python script in a container.
//!
//! The script tells what it does as typed lines ([`Told`], by the module `tallow` that lies beside it) and is supervised as a worker of our
//! own is: how an attempt ended is an [`Outcome`](crate::run::Outcome), named from the engine's word, those lines and the last exception;
//! [`recovery::decide`] says what is tried next. Its numbers are its own, and pages say so; what it predicts is scored here.
//! Where somebody agreed to it, a language model writes it and mends it after it failed: [`Author`].

mod author;
mod contract;
mod log;
pub mod outcome;
mod place;
mod progress;
pub mod python;
pub mod recovery;
mod score;
mod spec;
mod supervise;

pub use author::{Author, Brief, Failed, Means};
pub use contract::{Heard, Settings, Told};
pub use place::{disarm, lay, lay_held_out, lay_script, let_read, predictions};
pub use score::{Scored, score};
pub use spec::{AuthorSpec, HeldOut, ScriptSpec, Spare, VERSION};
pub use supervise::{Ended, RUN, ScriptJob, Scripts, check_engine, image_id, means, memory, processors, told};

use crate::error::{Class, Failure};

/// A script's run cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// Whoever writes the script gives no answer.
    #[error("no script was written")]
    Author(#[from] crate::llm::Error),
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::Store(error) => error.class(),
            Error::Author(error) => error.class(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Error::Store(error) => error.hint(),
            Error::Author(error) => match error.class() {
                // No rule writes a script in its place.
                Class::External => Some("see that it can be reached; `tallow resume` asks it again".into()),
                _ => error.hint(),
            },
        }
    }
}

/// What lies beside a script in its container.
pub const SHIM: &str = include_str!("shim/tallow.py");
/// What starts it.
pub const RUNNER: &str = include_str!("shim/run.py");
