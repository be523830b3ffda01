//! A language model, as something that answers. It proposes; types, ranges, the zoo and licences decide.
//!
//! An [`Ask`] goes to whatever stands behind the one trait [`LanguageModel`]: a provider over HTTP, a model in a jailed worker, the
//! recording of an earlier run. What stands around another one (a recorder, a meter) is itself a [`LanguageModel`], so that whoever
//! asks knows of none of them.

mod ask;
mod chosen;
mod client;
mod config;
mod conversation;
mod dialect;
mod error;
mod key;
mod meter;
mod price;
pub mod prompt;
mod recording;

pub use ask::{Ask, Reply, Speaker, Turn, Usage};
pub use chosen::Chosen;
pub use client::Http;
pub use config::{ConfigFile, Dialect, KeySource, Limits, Provider};
pub use conversation::{Came, Conversation, converse};
pub use error::Error;
pub use key::read_key;
pub use meter::{Allowance, Meter, Spent};
pub use price::Price;
pub use recording::{Recorder, Recording, Remembered};

/// How the ledger's row ends that says what a language model used: "what NAME took so far".
pub const TOOK: &str = "took so far";

/// Something that answers.
pub trait LanguageModel {
    /// As people know it: `qwen3:8b at localhost`.
    fn name(&self) -> String;

    /// Answers as likely as it can (temperature 0), by `ask.schema` where it can be held to one; see [`Reply::json`].
    ///
    /// # Errors
    /// No answer came. That an answer is no use is not for this to say.
    fn answer(&self, ask: &Ask) -> Result<Reply, Error>;
}
