//! What can go wrong in an operation, with the operation, the parameter and both shapes.

/// Result of every operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An operation or a set of weights that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Two shapes that do not fit each other.
    #[error("{op}: {what}: expected {expected}, found {found}")]
    Shape { op: &'static str, what: String, expected: String, found: String },

    /// An index (token id, label, position) outside its table.
    #[error("{op}: index {index} at position {position} is out of range: the table `{table}` has {rows} rows")]
    Index { op: &'static str, table: String, index: i64, position: usize, rows: usize },

    /// An argument outside its range.
    #[error("{op}: {message}")]
    Argument { op: &'static str, message: String },

    /// Weights that do not fit the model: every problem at once.
    #[error("the weights do not fit the model:{}", list(.0))]
    Weights(Vec<WeightProblem>),

    /// Trainable parameters that no gradient reached.
    #[error("no gradient reached {} trainable parameter(s): {}", .0.len(), .0.join(", "))]
    NoGradient(Vec<String>),

    /// Candle failed below an operation.
    #[error("a tensor operation failed")]
    Candle { source: candle_core::Error },
}

/// One tensor that does not fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WeightProblem {
    #[error("tensor `{name}` is missing (expected shape {shape:?})")]
    Missing { name: String, shape: Vec<usize> },
    #[error("tensor `{name}` has shape {found:?}, expected {expected:?}")]
    Shape { name: String, expected: Vec<usize>, found: Vec<usize> },
    #[error("tensor `{name}` has type {found}, expected a float")]
    Type { name: String, found: String },
    #[error("tensor `{name}` holds NaN or infinity")]
    NotFinite { name: String },
}

/// The first of them, and how many more there are: a model of another size differs in every tensor.
fn list(problems: &[WeightProblem]) -> String {
    const SHOWN: usize = 12;
    let mut text: String = problems.iter().take(SHOWN).map(|p| format!("\n  - {p}")).collect();
    if problems.len() > SHOWN {
        text.push_str(&format!("\n  - and {} more", problems.len() - SHOWN));
    }
    text
}

impl From<candle_core::Error> for Error {
    fn from(source: candle_core::Error) -> Self {
        Error::Candle { source }
    }
}

impl Error {
    /// A shape error with both shapes as Candle prints them.
    pub(crate) fn shape(op: &'static str, what: impl Into<String>, expected: impl Into<String>, found: &[usize]) -> Self {
        Error::Shape { op, what: what.into(), expected: expected.into(), found: format!("{found:?}") }
    }
}
