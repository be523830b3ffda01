//! What can be wrong with a model's configuration or with what it is fed.

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A configuration that no model can be made from, or an input that does not suit the model.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is no JSON object.
    #[error("the model's config.json is not a JSON object: {0}")]
    NotJson(String),

    /// No architecture of the zoo answers to it.
    #[error("no architecture of the zoo fits the model's config.json: expected {expected}, found {found}")]
    UnknownFamily { expected: String, found: String },

    /// Fields that cannot be used: all of them at once.
    #[error("the model's configuration has {} mistake(s):{}", .0.len(), list(.0))]
    Config(Vec<ConfigProblem>),

    /// An adapter would change nothing where it says it does.
    #[error("no linear layer of the model is the adapter's target `{target}`")]
    NotAdapted { target: String },

    /// A batch that the model cannot take.
    #[error("{family} cannot take this batch: expected {expected}, found {found}")]
    Input { family: &'static str, expected: String, found: String },

    /// A model that does not say one word after another is to write.
    #[error("this model does not write: expected one of language or of two texts, with its head of words")]
    NoGenerator,

    /// A prompt that the model cannot go on with.
    #[error("the model cannot go on with this prompt: expected {expected}, found {found}")]
    Prompt { expected: String, found: String },

    /// There is nothing to go on with.
    #[error("the model cannot go on with this prompt: expected at least one word, found none")]
    NoPrompt,

    /// A tensor that the model needs, or that it has no place for.
    #[error("the tensor `{name}`: expected {expected}, found {found}")]
    Tensor { name: String, expected: String, found: String },

    /// What is written cannot be held to what it is to be.
    #[error("the text cannot be held to what it is to be: {0}")]
    Guide(String),

    /// An operation failed.
    #[error(transparent)]
    Kernels(#[from] tallow_kernels::Error),

    /// Candle could not make an input tensor.
    #[error("making an input tensor failed")]
    Candle(#[from] candle_core::Error),
}

/// One field of a configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("`{field}`: expected {expected}, found {found}")]
pub struct ConfigProblem {
    /// Path of the field, such as `id2label.3`.
    pub field: String,
    /// What would do, with its range.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl ConfigProblem {
    pub(crate) fn new(field: impl Into<String>, expected: impl Into<String>, found: impl ToString) -> Self {
        ConfigProblem { field: field.into(), expected: expected.into(), found: found.to_string() }
    }
}

fn list(problems: &[ConfigProblem]) -> String {
    problems.iter().map(|p| format!("\n  - {p}")).collect()
}
