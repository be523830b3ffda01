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
    /// Of each example and label, whether it has it, `[b, labels]`, and how many labels there are.
    Labels(Vec<bool>, usize),
    /// The tag of each token that stands for a word, `[b, t]`, or [`NONE`].
    Tags(Vec<u32>),
    /// The first and last token of the answer of each example, `[b]`, and how many tokens are real.
    Spans(Vec<[u32; 2]>, Vec<usize>),
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
            Wanted::Labels(flags, labels) => flags.len() / (*labels).max(1),
            Wanted::Spans(spans, _) => spans.len(),
            Wanted::Values(values) => values.len(),
            Wanted::Words(words) | Wanted::Tags(words) => words.iter().filter(|word| **word != NONE).count(),
        }
    }

    /// Their mean cross entropy, a scalar; of labels, that of each by itself (with a logistic function), of values, the mean squared
    /// error.
    ///
    /// # Errors
    /// The model says something else; a class or word is out of its range; an operation failed.
    pub(super) fn loss(&self, tape: &Tape, output: &Output) -> Result<Var, Error> {
        match (self, output) {
            (Wanted::Classes(classes), Output::Scores(scores)) => Ok(kernels::cross_entropy(tape, scores, classes)?),
            (Wanted::Spans(spans, lengths), Output::Scores(scores)) => span_loss(tape, scores, spans, lengths),
            (Wanted::Tags(tags), Output::Scores(scores)) => {
                Ok(kernels::cross_entropy(tape, scores, Targets { ignore: Some(NONE), ..Targets::new(tags) })?)
            }
            (Wanted::Labels(flags, _), Output::Scores(scores)) => {
                let target: Vec<f32> = flags.iter().map(|flag| f32::from(u8::from(*flag))).collect();
                let target = Tensor::from_vec(target, scores.dims(), scores.tensor().device())?;
                Ok(kernels::bce_with_logits(tape, scores, &target, None)?)
            }
            (Wanted::Values(values), Output::Scores(scores)) => {
                let target: Vec<f32> = values.iter().map(|value| *value as f32).collect();
                let target = Tensor::from_vec(target, scores.dims(), scores.tensor().device())?;
                Ok(kernels::mse(tape, scores, &target)?)
            }
            (Wanted::Words(words), Output::Words { states, vocabulary, bias }) => {
                let targets = Targets { ignore: Some(NONE), ..Targets::new(words) };
                Ok(kernels::linear_cross_entropy(tape, states, vocabulary, bias.as_ref(), targets)?)
            }
            (wanted, output) => Err(Error::WrongTask { expected: wanted.in_words(), found: said(output) }),
        }
    }

    fn in_words(&self) -> &'static str {
        match self {
            Wanted::Classes(_) => "classes",
            Wanted::Labels(..) => "labels",
            Wanted::Tags(_) => "tags",
            Wanted::Spans(..) => "spans",
            Wanted::Values(_) => "values",
            Wanted::Words(_) => "words",
        }
    }
}

/// The mean of the cross entropies of the first and of the last token, among all real tokens. `scores`: `[b, t, 2]`.
fn span_loss(tape: &Tape, scores: &Var, spans: &[[u32; 2]], lengths: &[usize]) -> Result<Var, Error> {
    let (b, t, _) = scores.tensor().dims3()?;
    // Far below any score, so that padding has no share.
    let hidden = lengths.iter().flat_map(|length| (0..t).map(move |place| if place < *length { 0f32 } else { -1e9 }));
    let mask = Var::constant(Tensor::from_vec(hidden.collect::<Vec<f32>>(), (b, t), scores.tensor().device())?);
    let of = |which: usize| {
        let one = kernels::reshape(tape, &kernels::narrow(tape, scores, 2, which, 1)?, (b, t))?;
        let labels: Vec<u32> = spans.iter().map(|span| span[which]).collect();
        kernels::cross_entropy(tape, &kernels::add(tape, &one, &mask)?, &labels)
    };
    Ok(kernels::scale(tape, &kernels::add(tape, &of(0)?, &of(1)?)?, 0.5)?)
}

fn said(output: &Output) -> &'static str {
    match output {
        Output::Scores(_) => "scores",
        Output::Words { .. } => "words",
        Output::Vectors(_) => "vectors",
    }
}
