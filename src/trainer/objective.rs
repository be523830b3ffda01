//! What a model is trained against: its output beside what it should have said. Shapes: b examples, t tokens, v words.

use super::Error;
use tallow_kernels::{self as kernels, Tape, Targets, Var};
use tallow_zoo::Output;

/// A token that nothing is asked of: padding, or the last of a stream.
pub(super) const NONE: u32 = u32::MAX;

/// What a model should say of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A class of each example, `[b]`.
    Classes(Vec<u32>),
    /// The word behind each token, `[b, t]`, or [`NONE`].
    Words(Vec<u32>),
}

impl Wanted {
    /// How many answers there are: a loss is their mean.
    pub(super) fn count(&self) -> usize {
        match self {
            Wanted::Classes(classes) => classes.len(),
            Wanted::Words(words) => words.iter().filter(|word| **word != NONE).count(),
        }
    }

    /// Their mean cross entropy, a scalar.
    ///
    /// # Errors
    /// The model says something else; a class or word is out of its range; an operation failed.
    pub(super) fn loss(&self, tape: &Tape, output: &Output) -> Result<Var, Error> {
        match (self, output) {
            (Wanted::Classes(classes), Output::Scores(scores)) => Ok(kernels::cross_entropy(tape, scores, classes)?),
            (Wanted::Words(words), Output::Words { states, vocabulary }) => {
                let targets = Targets { ignore: Some(NONE), ..Targets::new(words) };
                Ok(kernels::linear_cross_entropy(tape, states, vocabulary, None, targets)?)
            }
            (wanted, output) => Err(Error::WrongTask { expected: wanted.in_words(), found: said(output) }),
        }
    }

    fn in_words(&self) -> &'static str {
        match self {
            Wanted::Classes(_) => "classes",
            Wanted::Words(_) => "words",
        }
    }
}

fn said(output: &Output) -> &'static str {
    match output {
        Output::Scores(_) => "scores",
        Output::Words { .. } => "words",
        Output::Vectors(_) => "vectors",
    }
}
