//! How recordings are heard and their texts written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What there is to say of speech recognition, besides the recipe; `recipe.max_seq_len` is the longest text in tokens, with those that
/// every text of the model begins with, and its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Speech {
    /// What is spoken, by its code (`en`, `de`), for a model that knows several languages and is told which. None: English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What is written.
    pub write: Write,
    /// Texts that are gone on with at a time where what is scored is written; 1: the likeliest word each time.
    #[schemars(extend("minimum" = 1, "maximum" = 100))]
    pub num_beams: usize,
    /// What becomes of texts before they are compared for error rates and exact matches.
    pub compared: Compared,
    /// A text's score is the sum of its words' log-probabilities over its length to this power.
    #[schemars(extend("minimum" = -10, "maximum" = 10))]
    pub length_penalty: f64,
}

/// What a model of speech writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Write {
    /// What is said, in its language.
    #[default]
    Transcript,
    /// The same in English.
    Translation,
}

/// How texts are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// As they were written.
    #[default]
    Raw,
    /// All letters small, and marks and signs but for apostrophes within words as if they were spaces: what is heard says neither.
    LowercaseWithoutPunctuation,
}

impl Compared {
    /// As one says it; none for texts as they are.
    pub fn in_words(self) -> Option<&'static str> {
        match self {
            Compared::Raw => None,
            Compared::LowercaseWithoutPunctuation => Some("in lower case, without punctuation"),
        }
    }
}

impl Write {
    /// As tokens of Whisper call it.
    pub fn public(self) -> &'static str {
        match self {
            Write::Transcript => "transcribe",
            Write::Translation => "translate",
        }
    }
}

impl Default for Speech {
    fn default() -> Self {
        Speech { language: None, write: Write::Transcript, num_beams: 1, compared: Compared::Raw, length_penalty: 1.0 }
    }
}
