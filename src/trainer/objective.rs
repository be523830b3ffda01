//! What a model is trained against: its output beside what it should have said. Shapes: b examples, t tokens, v words.

use super::Error;
use crate::data::{Prepared, PreparedTargets};
use crate::job::RunConfig;
use crate::spec::ClassWeights;
use candle_core::Tensor;
use tallow_kernels::{self as kernels, Tape, Targets, Var};
use tallow_zoo::Output;

/// A token that nothing is asked of: padding, or the last of a stream.
pub(super) const NONE: u32 = u32::MAX;

/// What mistakes cost in training.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rule {
    smoothing: f32,
    /// Of each class; none: all count alike.
    weights: Option<Vec<f32>>,
    focal: f32,
}

impl Rule {
    /// The recipe's; `examples` of `data` are trained on.
    ///
    /// # Errors
    /// There are not as many weights as classes.
    pub(super) fn of(config: &RunConfig, data: &Prepared, examples: &[usize]) -> Result<Self, Error> {
        let recipe = &config.recipe;
        let weights = match (&recipe.class_weights, data.targets()) {
            (Some(ClassWeights::Given { weights }), PreparedTargets::Classes { names, .. }) => {
                if weights.len() != names.len() {
                    let (field, expected) = ("recipe.class_weights", format!("{}, one a class", names.len()));
                    return Err(Error::Config { field, expected, found: weights.len().to_string() });
                }
                Some(weights.iter().map(|weight| *weight as f32).collect())
            }
            (Some(ClassWeights::Balanced), PreparedTargets::Classes { of, names }) => {
                Some(balanced(of, examples, names.len()).iter().map(|weight| *weight as f32).collect())
            }
            _ => None,
        };
        Ok(Rule { smoothing: recipe.label_smoothing as f32, weights, focal: recipe.focal_gamma.unwrap_or(0.0) as f32 })
    }

    fn targets<'a>(&'a self, labels: &'a [u32]) -> Targets<'a> {
        let Rule { smoothing, weights, focal } = self;
        Targets { smoothing: *smoothing, weights: weights.as_deref(), focal: *focal, ..Targets::new(labels) }
    }

    /// What these classes count together; none where each counts 1.
    pub(super) fn weight(&self, classes: impl Iterator<Item = u32>) -> Option<f64> {
        let weights = self.weights.as_ref()?;
        Some(classes.map(|class| f64::from(weights[class as usize])).sum())
    }
}

/// `n / (classes x n of the class)`, over `examples`; a class that is not there has 0.
pub(super) fn balanced(of: &[u32], examples: &[usize], classes: usize) -> Vec<f64> {
    let mut counts = vec![0usize; classes];
    examples.iter().for_each(|&i| counts[of[i] as usize] += 1);
    let weight = |count: usize| if count == 0 { 0.0 } else { examples.len() as f64 / (classes * count) as f64 };
    counts.into_iter().map(weight).collect()
}

/// What a model should say of a batch.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wanted {
    /// A class of each example, `[b]`.
    Classes(Vec<u32>),
    /// Two classes of each example and the share of the first, which is the same for all: of mixed images.
    Mixed { own: Vec<u32>, other: Vec<u32>, share: f64 },
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
            Wanted::Classes(classes) | Wanted::Mixed { own: classes, .. } => classes.len(),
            Wanted::Labels(flags, labels) => flags.len() / (*labels).max(1),
            Wanted::Spans(spans, _) => spans.len(),
            Wanted::Values(values) => values.len(),
            Wanted::Words(words) | Wanted::Tags(words) => words.iter().filter(|word| **word != NONE).count(),
        }
    }

    /// Their mean cross entropy, a scalar; of labels, that of each by itself (with a logistic function), of values, the mean squared
    /// error. It is what is told of a model.
    ///
    /// # Errors
    /// The model says something else; a class or word is out of its range; an operation failed.
    pub(super) fn loss(&self, tape: &Tape, output: &Output) -> Result<Var, Error> {
        self.trained(tape, output, &Rule::default())
    }

    /// The same by a rule: what a model is trained with. Only classes, tags and words are smoothed.
    pub(super) fn trained(&self, tape: &Tape, output: &Output, rule: &Rule) -> Result<Var, Error> {
        let smoothing = rule.smoothing;
        match (self, output) {
            (Wanted::Classes(classes), Output::Scores(scores)) => {
                Ok(kernels::cross_entropy(tape, scores, rule.targets(classes))?)
            }
            (Wanted::Mixed { own, other, share }, Output::Scores(scores)) => {
                let of = |classes: &Vec<u32>| kernels::cross_entropy(tape, scores, rule.targets(classes));
                let (own, other) = (kernels::scale(tape, &of(own)?, *share)?, kernels::scale(tape, &of(other)?, 1.0 - share)?);
                Ok(kernels::add(tape, &own, &other)?)
            }
            (Wanted::Spans(spans, lengths), Output::Scores(scores)) => span_loss(tape, scores, spans, lengths),
            (Wanted::Tags(tags), Output::Scores(scores)) => {
                Ok(kernels::cross_entropy(tape, scores, Targets { ignore: Some(NONE), smoothing, ..Targets::new(tags) })?)
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
                let targets = Targets { ignore: Some(NONE), smoothing, ..Targets::new(words) };
                Ok(kernels::linear_cross_entropy(tape, states, vocabulary, bias.as_ref(), targets)?)
            }
            (wanted, output) => Err(Error::WrongTask { expected: wanted.in_words(), found: said(output) }),
        }
    }

    fn in_words(&self) -> &'static str {
        match self {
            Wanted::Classes(_) | Wanted::Mixed { .. } => "classes",
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

#[cfg(test)]
mod tests {
    use super::*;

    /// As scikit-learn's `compute_class_weight("balanced", ...)`.
    #[test]
    fn balanced_weights() {
        assert_eq!(balanced(&[0, 0, 1, 0, 2, 2], &[0, 1, 2, 3], 3), [4.0 / 9.0, 4.0 / 3.0, 0.0]);
    }

    /// The share of a micro-batch follows what its classes count.
    #[test]
    fn weights_of_classes_add_up() {
        let rule = Rule { weights: Some(vec![0.5, 2.0]), ..Rule::default() };
        assert_eq!((rule.weight([0, 1, 1].into_iter()), Rule::default().weight([0].into_iter())), (Some(4.5), None));
    }
}
