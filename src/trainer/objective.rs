//! What a model is trained against: its output beside what it should have said. Shapes: b examples, t tokens, v words.

use super::Error;
use candle_core::Tensor;
use tallow_kernels::{self as kernels, Tape, Targets, Var};
use tallow_zoo::Output;

/// A token that nothing is asked of: padding, or the last of a stream.
pub(super) const NONE: u32 = u32::MAX;

/// What a model should say of a batch.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wanted {
    /// A class of each example, `[b]`.
    Classes(Vec<u32>),
    /// A number of each example, `[b]`, on the scale that the model is trained on.
    Values(Vec<f64>),
    /// The word behind each token, `[b, t]`, or [`NONE`].
    Words(Vec<u32>),
}

impl Wanted {
    /// How many answers there are: a loss is their mean.
    pub(super) fn count(&self) -> usize {
        match self {
            Wanted::Classes(classes) => classes.len(),
            Wanted::Values(values) => values.len(),
            Wanted::Words(words) => words.iter().filter(|word| **word != NONE).count(),
        }
    }

    /// Their mean cross entropy, or the mean squared error of values, a scalar.
    ///
    /// # Errors
    /// The model says something else; a class or word is out of its range; an operation failed.
    pub(super) fn loss(&self, tape: &Tape, output: &Output) -> Result<Var, Error> {
        match (self, output) {
            (Wanted::Classes(classes), Output::Scores(scores)) => Ok(kernels::cross_entropy(tape, scores, classes)?),
            (Wanted::Values(values), Output::Scores(scores)) => {
                let target: Vec<f32> = values.iter().map(|value| *value as f32).collect();
                let target = Tensor::from_vec(target, scores.dims(), scores.tensor().device())?;
                Ok(kernels::mse(tape, scores, &target)?)
            }
            (Wanted::Words(words), Output::Words { states, vocabulary, bias }) => {
                let targets = Targets { ignore: Some(NONE), ..Targets::new(words) };
                match bias {
                    None => Ok(kernels::linear_cross_entropy(tape, states, vocabulary, targets)?),
                    // All scores at once: the fused loss knows no bias.
                    Some(_) => Ok(kernels::cross_entropy(tape, &output.scores(tape)?, targets)?),
                }
            }
            (wanted, output) => Err(Error::WrongTask { expected: wanted.in_words(), found: said(output) }),
        }
    }

    fn in_words(&self) -> &'static str {
        match self {
            Wanted::Classes(_) => "classes",
            Wanted::Values(_) => "values",
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
