//! What a model is trained against: its output beside what it should have said. Shapes: b examples, t tokens, v words.

use super::Error;
use super::similarity::Similar;
use crate::data::{Prepared, PreparedTargets};
use crate::job::RunConfig;
use crate::spec::{ClassWeights, NumberLoss, Preference};
use candle_core::Tensor;
use std::collections::BTreeMap;
use std::f64::consts::LN_2;
use std::ops::Range;
use tallow_kernels::{self as kernels, Tape, Targets, Var};
use tallow_zoo::Output;

/// A token that nothing is asked of: padding, the last of a stream, what is not an assistant's.
pub(super) const NONE: u32 = u32::MAX;

/// What mistakes cost in training.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rule {
    smoothing: f32,
    /// Of each class; none: all count alike.
    weights: Option<Vec<f32>>,
    focal: f32,
    number: NumberLoss,
}

impl Rule {
    /// The recipe's; `examples` of `data` are trained on.
    ///
    /// # Errors
    /// There are not as many weights as classes.
    pub(super) fn of(config: &RunConfig, data: &Prepared, examples: &[u32]) -> Result<Self, Error> {
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
        let (smoothing, focal) = (recipe.label_smoothing as f32, recipe.focal_gamma.unwrap_or(0.0) as f32);
        Ok(Rule { smoothing, weights, focal, number: recipe.number_loss })
    }

    fn targets<'a>(&'a self, labels: &'a [u32]) -> Targets<'a> {
        let Rule { smoothing, weights, focal, number: _ } = self;
        Targets { smoothing: *smoothing, weights: weights.as_deref(), focal: *focal, ..Targets::new(labels) }
    }

    /// What an example of each class counts; none where all count alike.
    pub(super) fn class_weights(&self) -> Option<&[f32]> {
        self.weights.as_deref()
    }

    /// What the same answer to all loses at least, where each class is so often there.
    pub(super) fn of_one_answer(&self, counts: &BTreeMap<u32, usize>, choices: usize) -> f64 {
        let counted = |(class, count): (&u32, &usize)| {
            let weight = self.weights.as_ref().map_or(1.0, |weights| f64::from(weights[*class as usize]));
            weight * *count as f64
        };
        let all: f64 = counts.iter().map(counted).sum();
        self.of_shares(counts.iter().map(|one| counted(one) / all.max(f64::MIN_POSITIVE)), choices)
    }

    /// What no answer loses less than: label smoothing leaves none for nothing.
    pub(super) fn of_right_answers(&self, choices: usize) -> f64 {
        self.of_shares(std::iter::once(1.0), choices)
    }

    /// What a mistake in every other of two costs at most: `ln 2` without a focal loss.
    pub(super) fn of_one_of_two(&self) -> f64 {
        LN_2 * 0.5f64.powf(f64::from(self.focal))
    }

    /// What answers lose that say of each class how often it is there, so many of `choices` being there at all.
    fn of_shares(&self, shares: impl Iterator<Item = f64>, choices: usize) -> f64 {
        let (smoothing, choices) = (f64::from(self.smoothing), choices.max(1) as f64);
        let cost = |share: f64| match share > 0.0 {
            true => -share * share.ln() * (1.0 - share).powf(f64::from(self.focal)),
            false => 0.0,
        };
        let (mut lost, mut there) = (0.0, 0.0);
        for share in shares {
            lost += cost((1.0 - smoothing) * share + smoothing / choices);
            there += 1.0;
        }
        lost + (choices - there).max(0.0) * cost(smoothing / choices)
    }

    /// What these classes count together; none where each counts 1.
    pub(super) fn weight(&self, classes: impl Iterator<Item = u32>) -> Option<f64> {
        let weights = self.weights.as_ref()?;
        Some(classes.map(|class| f64::from(weights[class as usize])).sum())
    }
}

/// `n / (classes x n of the class)`, over `examples`; a class that is not there has 0.
pub(super) fn balanced(of: &[u32], examples: &[u32], classes: usize) -> Vec<f64> {
    let mut counts = vec![0usize; classes];
    examples.iter().for_each(|&i| counts[of[i as usize] as usize] += 1);
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
    /// The first answer of each pair rather than the second.
    Preferences(Pairs),
    /// Vectors near each other, or far.
    Similar(Similar),
}

/// Pairs of answers: the better one, then the other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pairs {
    /// The word of the answer behind each token, `[b, t]`, or [`NONE`].
    pub(super) words: Vec<u32>,
    /// Where in `words` the two texts of each pair lie.
    pub(super) texts: Vec<[Range<usize>; 2]>,
    /// Of each pair the difference of the log-probabilities by the model that training began with.
    pub(super) reference: Vec<f64>,
    pub(super) preference: Preference,
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
            Wanted::Preferences(pairs) => pairs.texts.len(),
            Wanted::Similar(similar) => similar.count(),
        }
    }

    /// Their mean cross entropy, a scalar; of labels, that of each by itself (with a logistic function), of values, the mean squared
    /// error, of preferences that of 2305.18290, equation 7. It is what is told of a model.
    ///
    /// # Errors
    /// The model says something else; a class or word is out of its range; an operation failed.
    pub(super) fn loss(&self, tape: &Tape, output: &Output) -> Result<Var, Error> {
        self.trained(tape, output, &Rule::default())
    }

    /// The same by a rule: what a model is trained with. Only classes, tags and words are smoothed, and numbers have a loss of their own.
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
                Ok(match rule.number {
                    NumberLoss::Squared => kernels::mse(tape, scores, &target)?,
                    NumberLoss::Absolute => kernels::absolute_error(tape, scores, &target)?,
                    NumberLoss::Huber { delta } => kernels::huber(tape, scores, &target, delta)?,
                })
            }
            (Wanted::Words(words), Output::Words { states, vocabulary, bias }) => {
                let targets = Targets { ignore: Some(NONE), smoothing, ..Targets::new(words) };
                Ok(kernels::linear_cross_entropy(tape, states, vocabulary, bias.as_ref(), targets)?)
            }
            (Wanted::Preferences(pairs), Output::Words { .. }) => pairs.loss(tape, output),
            (Wanted::Similar(similar), Output::Vectors(vectors)) => similar.loss(tape, vectors),
            (wanted, output) => Err(Error::WrongTask { expected: wanted.in_words(), found: said(output) }),
        }
    }

    /// The cross entropy of each word, `[b, t]`; 0 where nothing is asked.
    ///
    /// # Errors
    /// No words are asked, or the model says something else; a word is out of its range; an operation failed.
    pub(super) fn lost_by_word(&self, tape: &Tape, output: &Output) -> Result<Var, Error> {
        match self {
            Wanted::Words(words) => lost_by_word(tape, output, words),
            other => Err(Error::WrongTask { expected: other.in_words(), found: said(output) }),
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
            Wanted::Preferences(_) => "words of two answers",
            Wanted::Similar(_) => "vectors",
        }
    }
}

impl Pairs {
    /// The mean over pairs of `-(1 - s) log sigmoid(m) - s log sigmoid(-m)`, `s` being the label smoothing and `m` the margin: `beta`
    /// times how much more the log-probability of the better answer grew than that of the other.
    fn loss(&self, tape: &Tape, output: &Output) -> Result<Var, Error> {
        let Preference { beta, label_smoothing } = self.preference;
        let lost = lost_by_word(tape, output, &self.words)?;
        let mut sum: Option<Var> = None;
        for (pair, reference) in self.texts.iter().zip(&self.reference) {
            let ratio = ratio(tape, &lost, pair)?;
            let tensor = |value: f64| Tensor::new(value, ratio.tensor().device())?.to_dtype(ratio.tensor().dtype());
            let gained = kernels::add(tape, &ratio, &Var::constant(tensor(-reference)?))?;
            let margin = kernels::scale(tape, &gained, beta)?;
            let loss = kernels::bce_with_logits(tape, &margin, &tensor(1.0 - label_smoothing)?, None)?;
            sum = Some(match sum {
                None => loss,
                Some(sum) => kernels::add(tape, &sum, &loss)?,
            });
        }
        let sum = sum.ok_or(Error::WrongTask { expected: "pairs of answers", found: "none" })?;
        Ok(kernels::scale(tape, &sum, 1.0 / self.texts.len() as f64)?)
    }

    /// Of each pair the difference of the answers' log-probabilities.
    ///
    /// # Errors
    /// The model says something else; a word is out of its range; an operation failed.
    pub(super) fn ratios(&self, tape: &Tape, output: &Output) -> Result<Vec<f64>, Error> {
        let lost = lost_by_word(tape, output, &self.words)?;
        let of = |pair| Ok(f64::from(ratio(tape, &lost, pair)?.tensor().to_scalar::<f32>()?));
        self.texts.iter().map(of).collect()
    }

    /// What a pair loses by its margin.
    pub(super) fn lost(preference: Preference, margin: f64) -> f64 {
        let softplus = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
        (1.0 - preference.label_smoothing) * softplus(-margin) + preference.label_smoothing * softplus(margin)
    }
}

/// The negated log-probability of each word, `[b, t]`; 0 where nothing is asked.
fn lost_by_word(tape: &Tape, output: &Output, words: &[u32]) -> Result<Var, Error> {
    let Output::Words { states, vocabulary, bias } = output else {
        return Err(Error::WrongTask { expected: "words", found: said(output) });
    };
    let targets = Targets { ignore: Some(NONE), ..Targets::new(words) };
    Ok(kernels::linear_cross_entropy_rows(tape, states, vocabulary, bias.as_ref(), targets)?)
}

/// A pair's difference of log-probabilities from what is lost by each word, `[b, t]`.
fn ratio(tape: &Tape, lost: &Var, [better, other]: &[Range<usize>; 2]) -> Result<Var, Error> {
    let mut signs = vec![0f32; lost.tensor().elem_count()];
    signs[better.clone()].fill(-1.0);
    signs[other.clone()].fill(1.0);
    let signs = Tensor::from_vec(signs, lost.dims(), lost.tensor().device())?.to_dtype(lost.tensor().dtype())?;
    let signed = kernels::multiply(tape, lost, &Var::constant(signs))?;
    Ok(kernels::sum_last(tape, &kernels::sum_last(tape, &signed)?)?)
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
    use candle_core::{DType, Device};
    use tallow_kernels::{Gradients, Stream, Weights};
    use tallow_zoo::{Adapter, Input, ModelConfig};

    /// Loss and gradients of preferences in float64: the formula over whole softmaxes, and finite differences.
    #[test]
    fn preferences_are_those_of_the_formula() {
        let model = serde_json::json!({
            "model_type": "llama", "vocab_size": 11, "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1,
            "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 16, "tie_word_embeddings": true,
        });
        let config = ModelConfig::from_public(&model.to_string()).expect("a configuration");
        let weights = Weights::scratch(Stream::root(3), &Device::Cpu).with_dtype(DType::F64);
        let model = config.build(&weights, Some(&Adapter { r: 2, ..Adapter::of(&["q_proj", "down_proj"]) })).expect("a model");
        let (store, _) = weights.finish().expect("weights");
        // The additions are something.
        for (seed, param) in (0..).zip(store.trainable()) {
            let values: Vec<f64> = (0..param.len() as u64).map(|i| f64::from(Stream::root(seed).normal(i)) * 0.3).collect();
            param.set(&Tensor::from_vec(values, param.tensor().dims(), &Device::Cpu).expect("a tensor")).expect("set");
        }
        let ids = [3u32, 1, 4, 1, 5, 9, 2, 6, 5, 3];
        let token_ids = Tensor::from_vec(ids.to_vec(), (1, 10), &Device::Cpu).expect("ids");
        let input = Input::Packed { token_ids, texts: kernels::Documents::new(&[vec![6, 4]]).expect("texts") };
        let mut words = vec![NONE; 10];
        (words[2], words[3], words[4]) = (ids[3], ids[4], ids[5]);
        (words[7], words[8]) = (ids[8], ids[9]);
        let preference = Preference { beta: 0.7, label_smoothing: 0.1 };
        let pairs = Pairs { words: words.clone(), texts: vec![[0..6, 6..10]], reference: vec![-0.4], preference };
        let loss = || {
            let tape = Tape::training(Stream::root(0));
            let output = model.forward(&tape, &input).expect("states");
            let loss = Wanted::Preferences(pairs.clone()).loss(&tape, &output).expect("a loss");
            (loss.tensor().to_scalar::<f64>().expect("a number"), tape, loss)
        };
        let tape = Tape::inference();
        let scores = model.forward(&tape, &input).and_then(|output| output.scores(&tape)).expect("scores");
        let scores = scores.tensor().squeeze(0).and_then(|t| t.to_vec2::<f64>()).expect("scores");
        let told = |range: Range<usize>| -> f64 {
            let of = |at: usize| scores[at][words[at] as usize] - scores[at].iter().map(|s| s.exp()).sum::<f64>().ln();
            range.filter(|&at| words[at] != NONE).map(of).sum()
        };
        let margin = 0.7 * (told(0..6) - told(6..10) + 0.4);
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let expected = -0.9 * sigmoid(margin).ln() - 0.1 * sigmoid(-margin).ln();
        let (found, tape, var) = loss();
        assert!((found - expected).abs() < 1e-12, "{found}, expected {expected}");
        assert!((Pairs::lost(preference, margin) - expected).abs() < 1e-12);
        let mut grads = Gradients::new(&store);
        tape.backward(&var, &mut grads).expect("gradients");
        let mut checked = 0;
        for param in store.trainable() {
            let gradient = grads.get(param).expect("there").flatten_all().and_then(|t| t.to_vec1::<f64>()).expect("numbers");
            let values = param.tensor().flatten_all().and_then(|t| t.to_vec1::<f64>()).expect("numbers");
            for at in (0..values.len()).step_by(5) {
                let with = |step: f64| {
                    let mut values = values.clone();
                    values[at] += step;
                    param.set(&Tensor::from_vec(values, param.tensor().dims(), &Device::Cpu).expect("a tensor")).expect("set");
                    loss().0
                };
                let slope = (with(1e-5) - with(-1e-5)) / 2e-5;
                with(0.0);
                assert!((slope - gradient[at]).abs() < 1e-8, "{} {at}: {}, expected {slope}", param.name(), gradient[at]);
                checked += 1;
            }
        }
        assert!(checked > 10);
    }

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

    /// By hand: entropies of what is there, as often as it counts; the least of smoothed targets is their own entropy.
    #[test]
    fn what_the_same_answer_to_all_loses() {
        let counts = |of: &[(u32, usize)]| of.iter().copied().collect::<BTreeMap<_, _>>();
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-6, "{found}, expected {expected}");
        let rare = counts(&[(0, 99), (1, 1)]);
        near(Rule::default().of_one_answer(&rare, 2), -(0.99 * 0.99f64.ln() + 0.01 * 0.01f64.ln()));
        let balanced = Rule { weights: Some(vec![100.0 / 198.0, 50.0]), ..Rule::default() };
        near(balanced.of_one_answer(&rare, 2), LN_2);
        let focal = Rule { focal: 2.0, ..Rule::default() };
        near(focal.of_one_answer(&counts(&[(0, 5), (1, 5)]), 2), LN_2 / 4.0);
        near(focal.of_one_of_two(), LN_2 / 4.0);
        let smooth = Rule { smoothing: 0.2, ..Rule::default() };
        near(smooth.of_right_answers(4), -(0.85 * 0.85f64.ln() + 3.0 * 0.05 * 0.05f64.ln()));
        near(smooth.of_one_answer(&counts(&[(0, 1), (1, 1), (2, 1), (3, 1)]), 4), 4f64.ln());
        assert_eq!((Rule::default().of_right_answers(1000), Rule::default().of_one_answer(&counts(&[]), 3)), (0.0, 0.0));
    }
}
