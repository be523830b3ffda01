//! Texts whose vectors are to be near or far: how they are encoded, what a step loses by its vectors, and what vectors are worth.
//!
//! A loss over vectors is of all examples of a step together: each stands against the others. So the step's loss is made of all its
//! vectors at once, however it is cut into forward passes; where it is cut, each pass is a block of which only the vectors are kept,
//! and which is made again in backward (2101.06983, section 3). Memory is then that of one pass, and how the step is cut changes
//! its numbers by rounding alone (and by where dropout falls).
//!
//! Shapes: b examples, r texts of each, d numbers of a vector.

use super::Error;
use super::collate::padded_texts;
use super::scoring::{How, Scored};
use crate::data::{Prepared, PreparedSimilar, PreparedTargets, PreparedTexts};
use crate::eval::{Found, Predictions, Retrieved};
use crate::job::RunConfig;
use crate::spec::Similarity;
use candle_core::{Device, Tensor};
use rayon::prelude::*;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use tallow_kernels::{self as kernels, Gradients, Tape, Var};
use tallow_zoo::{Input, Model, Output};

/// What the vectors of some examples are asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Similar {
    pub(super) examples: usize,
    /// Texts of an example.
    each: usize,
    pub(super) asked: Asked,
}

/// One of the losses of [`Similarity`].
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Asked {
    /// The cosine of each pair.
    Cosines(Vec<f64>),
    /// An order of the cosines.
    Order { scores: Vec<f64>, scale: f64 },
    /// Which of all others belongs to each first text. `hidden`, `[b, (r - 1) b]`: those that are no negatives of it.
    Own { scale: f64, hidden: Vec<bool> },
}

/// Of all that is trained on the first text of each example and the one that belongs to it, by their numbers, in order.
#[derive(Debug, Default)]
pub(super) struct Belonging(Vec<[u32; 2]>);

impl Belonging {
    fn of(similar: &PreparedSimilar, examples: &[u32]) -> Self {
        let mut found: Vec<[u32; 2]> = examples.iter().map(|&i| [0, 1].map(|role| similar.number(i as usize, role))).collect();
        found.sort_unstable();
        Belonging(found)
    }

    /// Whether `other` is no negative of `first`: it belongs to it, or is the same text.
    fn hides(&self, first: u32, other: u32) -> bool {
        first == other || self.0.binary_search(&[first, other]).is_ok()
    }
}

/// Vectors are trained by this, where it is what a run is for.
pub(super) struct Objective {
    loss: Similarity,
    belonging: Belonging,
}

/// What a step found.
pub(super) struct StepFound {
    pub(super) loss: f64,
    pub(super) tokens: u64,
    pub(super) examples: u64,
}

impl Objective {
    /// None where examples are something else.
    pub(super) fn of(config: &RunConfig, data: &Prepared, examples: &[u32]) -> Option<Self> {
        let PreparedTargets::Similar(similar) = data.targets() else { return None };
        let loss = config.similarity.unwrap_or(Similarity::usual(similar.scores().is_some()));
        Some(Objective { loss, belonging: Belonging::of(similar, examples) })
    }

    /// Whether an example's loss depends on which others are in its step.
    pub(super) fn compares_examples(&self) -> bool {
        match self.loss {
            Similarity::Cosine { .. } => false,
            Similarity::Cosent { .. } | Similarity::Contrastive { .. } => true,
        }
    }

    /// The texts in each place of a step's examples, each place padded to its longest, and what their vectors are asked for.
    ///
    /// # Errors
    /// They are no such texts.
    pub(super) fn lay(&self, data: &Prepared, examples: &[usize]) -> Result<(Vec<Input>, Similar), Error> {
        let (texts, similar) = similar_texts(data)?;
        let place = |role: usize| {
            let chosen: Vec<usize> = examples.iter().map(|&i| i * similar.each() + role).collect();
            Ok(padded_texts(texts, &chosen)?.0)
        };
        let inputs = (0..similar.each()).map(place).collect::<Result<Vec<Input>, Error>>()?;
        Ok((inputs, Similar::of(self.loss, similar, &self.belonging, examples)))
    }

    /// Forward and backward over a step's examples in passes of `micro_batch_size`: adds to `grads`. `told` hears how many examples have
    /// their vectors.
    ///
    /// # Errors
    /// The model cannot take a text, or an operation failed.
    pub(super) fn step(
        &self,
        model: &Rc<dyn Model>,
        data: &Prepared,
        examples: &[usize],
        micro_batch_size: usize,
        tape: Tape,
        (grads, told): (&mut Gradients, &mut dyn FnMut(u64)),
    ) -> Result<StepFound, Error> {
        let (texts, similar) = similar_texts(data)?;
        let mut examples = examples.to_vec();
        let whole = examples.len() <= micro_batch_size;
        if !whole {
            // Of similar lengths in one pass: which pass an example is in changes no loss.
            examples.sort_by_key(|&i| (data.example_len(i), i));
        }
        let wanted = Similar::of(self.loss, similar, &self.belonging, &examples);
        let (mut vectors, mut tokens, mut done) = (Vec::new(), 0, 0);
        let parts = examples.chunks(micro_batch_size.max(1));
        for part in parts {
            let (roles, real) = roles_of(texts, similar.each(), part)?;
            tokens += real;
            vectors.push(if whole { encode(&**model, &tape, &roles)? } else { encode_again(model, &tape, roles)? });
            done += part.len() as u64;
            told(done);
        }
        let vectors = kernels::concat(&tape, &vectors.iter().collect::<Vec<_>>(), 0)?;
        let loss = wanted.loss(&tape, &vectors)?;
        let loss_found = f64::from(loss.tensor().to_scalar::<f32>()?);
        let found = StepFound { loss: loss_found, tokens, examples: examples.len() as u64 };
        tape.backward(&loss, grads)?;
        Ok(found)
    }
}

/// The texts in each place of some examples, each place padded to its longest, and the score or the kin that their vectors are asked for:
/// as whoever scores them by other means takes them.
///
/// # Errors
/// They are no such texts.
pub(super) fn lay_scored(data: &Prepared, similar: &PreparedSimilar, examples: &[usize]) -> Result<(Vec<Input>, Similar), Error> {
    let loss = if similar.scores().is_some() { Similarity::Cosent { scale: 1.0 } } else { Similarity::usual(false) };
    let numbers: Vec<u32> = examples.iter().map(|example| *example as u32).collect();
    Objective { loss, belonging: Belonging::of(similar, &numbers) }.lay(data, examples)
}

impl Similar {
    fn of(loss: Similarity, similar: &PreparedSimilar, belonging: &Belonging, examples: &[usize]) -> Self {
        let scores = |of: &dyn Fn(f64) -> f64| {
            let all = similar.scores().unwrap_or_default();
            examples.iter().map(|&i| of(all.get(i).copied().unwrap_or_default())).collect::<Vec<f64>>()
        };
        let asked = match loss {
            Similarity::Cosine { .. } => Asked::Cosines(scores(&|score| loss.cosine_of(score))),
            Similarity::Cosent { scale } => Asked::Order { scores: scores(&|score| score), scale },
            Similarity::Contrastive { scale } => {
                let others = || (1..similar.each()).flat_map(|role| examples.iter().map(move |&i| similar.number(i, role)));
                let of = |(row, &i): (usize, &usize)| {
                    let first = similar.number(i, 0);
                    others().enumerate().map(move |(at, other)| at != row && belonging.hides(first, other)).collect::<Vec<bool>>()
                };
                Asked::Own { scale, hidden: examples.iter().enumerate().flat_map(of).collect() }
            }
        };
        Similar { examples: examples.len(), each: similar.each(), asked }
    }

    /// So many texts, two or more, in groups of which each is to find its own, for measurements of time.
    pub(super) fn groups(texts: usize) -> Self {
        let each = (2..texts).find(|each| texts.is_multiple_of(*each)).unwrap_or(texts);
        let examples = texts / each.max(1);
        let hidden = vec![false; examples * examples * each.saturating_sub(1)];
        Similar { examples, each, asked: Asked::Own { scale: 20.0, hidden } }
    }

    pub(super) fn count(&self) -> usize {
        self.examples
    }

    /// The loss of [`Similarity`] by `vectors`: `[b, r d]`, those of an example side by side, or `[b r, d]`, one behind the other.
    ///
    /// # Errors
    /// An operation failed.
    pub(super) fn loss(&self, tape: &Tape, vectors: &Var) -> Result<Var, Error> {
        let width = vectors.tensor().elem_count() / (self.examples * self.each).max(1);
        let vectors = kernels::reshape(tape, vectors, (self.examples, self.each * width))?;
        // Of length 1, so that products are cosines.
        let role = |role: usize| {
            let own = kernels::narrow(tape, &vectors, 1, role * width, width)?;
            kernels::l2_normalize(tape, &own, 1e-12)
        };
        let cosines = || kernels::sum_last(tape, &kernels::multiply(tape, &role(0)?, &role(1)?)?);
        match &self.asked {
            Asked::Cosines(wanted) => {
                let cosines = cosines()?;
                let wanted = Tensor::from_slice(wanted, wanted.len(), &Device::Cpu)?.to_dtype(cosines.tensor().dtype())?;
                Ok(kernels::mse(tape, &cosines, &wanted)?)
            }
            Asked::Order { scores, scale } => Ok(kernels::cosent(tape, &cosines()?, scores, *scale)?),
            Asked::Own { scale, hidden } => {
                let others = (1..self.each).map(role).collect::<kernels::Result<Vec<Var>>>()?;
                let others = kernels::concat(tape, &others.iter().collect::<Vec<_>>(), 0)?;
                let cosines = kernels::product(tape, &role(0)?, &others)?;
                // Far below any cosine, so that what is hidden has no share.
                let mask: Vec<f32> = hidden.iter().map(|hidden| if *hidden { -1e9 } else { 0.0 }).collect();
                let mask = Tensor::from_vec(mask, cosines.dims(), &Device::Cpu)?.to_dtype(cosines.tensor().dtype())?;
                let scores = kernels::add(tape, &kernels::scale(tape, &cosines, *scale)?, &Var::constant(mask))?;
                let own: Vec<u32> = (0..self.examples as u32).collect();
                Ok(kernels::cross_entropy(tape, &scores, &own)?)
            }
        }
    }
}

fn similar_texts(data: &Prepared) -> Result<(&PreparedTexts, &PreparedSimilar), Error> {
    match (data.texts(), data.targets()) {
        (Some(texts), PreparedTargets::Similar(similar)) => Ok((texts, similar)),
        _ => Err(Error::WrongTask { expected: "texts whose vectors are compared", found: "something else" }),
    }
}

/// The texts in one place of all examples: in several inputs, for some are long and some are short.
struct Role {
    inputs: Vec<Input>,
    /// Of each example the place of its text among those of all inputs.
    places: Vec<u32>,
}

/// Texts that are padded together.
const PADDED: usize = 16;

/// One for each place that texts have in an example, so that short questions are not padded to long answers; and all real tokens.
fn roles_of(texts: &PreparedTexts, each: usize, examples: &[usize]) -> Result<(Vec<Role>, u64), Error> {
    let (mut roles, mut tokens) = (Vec::new(), 0);
    for role in 0..each {
        let text = |at: usize| examples[at] * each + role;
        let mut order: Vec<usize> = (0..examples.len()).collect();
        order.sort_by_key(|&at| (texts.text_len(text(at)), at));
        let mut places = vec![0; order.len()];
        (0..).zip(&order).for_each(|(place, &at)| places[at] = place);
        let mut inputs = Vec::new();
        for chosen in order.chunks(PADDED) {
            let (input, real) = padded_texts(texts, &chosen.iter().map(|&at| text(at)).collect::<Vec<usize>>())?;
            inputs.push(input);
            tokens += real;
        }
        roles.push(Role { inputs, places });
    }
    Ok((roles, tokens))
}

/// The vectors of examples, `[b, r d]`: those of an example side by side.
fn encode(model: &dyn Model, tape: &Tape, roles: &[Role]) -> Result<Var, Error> {
    let vectors = roles.iter().map(|role| role.encode(model, tape)).collect::<Result<Vec<Var>, Error>>()?;
    Ok(kernels::concat(tape, &vectors.iter().collect::<Vec<_>>(), 1)?)
}

impl Role {
    /// `[b, d]`, in the order of the examples.
    fn encode(&self, model: &dyn Model, tape: &Tape) -> Result<Var, Error> {
        let vectors = self.inputs.iter().map(|input| vectors_of(model, tape, input)).collect::<Result<Vec<Var>, Error>>()?;
        let vectors = kernels::concat(tape, &vectors.iter().collect::<Vec<_>>(), 0)?;
        let width = vectors.tensor().dim(1)?;
        let index: Vec<u32> = self.places.iter().flat_map(|place| std::iter::repeat_n(*place, width)).collect();
        Ok(kernels::gather(tape, &vectors, 0, &Tensor::from_vec(index, (self.places.len(), width), &Device::Cpu)?)?)
    }
}

/// The same, of which nothing is kept but the vectors: it is done again in backward.
fn encode_again(model: &Rc<dyn Model>, tape: &Tape, roles: Vec<Role>) -> Result<Var, Error> {
    let (model, failed) = (Rc::clone(model), Rc::new(RefCell::new(None)));
    let kept = Rc::clone(&failed);
    let block = move |tape: &Tape, _: [&Var; 0]| {
        encode(&*model, tape, &roles).map(|vectors| [vectors]).map_err(|error| {
            // A block tells errors of operations alone; any other is kept for whoever asked.
            let told = kernels::Error::Argument { op: "encode", message: error.to_string() };
            *kept.borrow_mut() = Some(error);
            told
        })
    };
    let vectors = kernels::checkpoint(tape, [], block);
    vectors.map(|[vectors]| vectors).map_err(|error| failed.take().unwrap_or(error.into()))
}

/// `[b, d]`.
fn vectors_of(model: &dyn Model, tape: &Tape, input: &Input) -> Result<Var, Error> {
    match model.forward(tape, input)? {
        Output::Vectors(vectors) => Ok(vectors),
        Output::Scores(_) => Err(Error::WrongTask { expected: "vectors", found: "scores" }),
        Output::Words { .. } => Err(Error::WrongTask { expected: "vectors", found: "words" }),
    }
}

/// Vectors of length 1, one behind the other, of each distinct text of some examples.
struct Vectors {
    width: usize,
    /// The place of a text's vector, by its number.
    places: BTreeMap<u32, usize>,
    values: Vec<f32>,
}

impl Vectors {
    /// Texts of about one length go into one batch.
    fn of(
        model: &dyn Model,
        texts: &PreparedTexts,
        similar: &PreparedSimilar,
        examples: &[usize],
        batch_size: usize,
        told: &mut dyn FnMut(usize),
    ) -> Result<Self, Error> {
        let each = similar.each();
        let mut places = BTreeMap::new();
        let mut distinct: Vec<usize> = Vec::new();
        for (&i, role) in examples.iter().flat_map(|i| (0..each).map(move |role| (i, role))) {
            places.entry(similar.number(i, role)).or_insert_with(|| {
                distinct.push(i * each + role);
                distinct.len() - 1
            });
        }
        let mut order: Vec<usize> = (0..distinct.len()).collect();
        order.sort_by_key(|&place| (texts.text_len(distinct[place]), place));
        let (mut width, mut values) = (0, Vec::new());
        for (number, batch) in order.chunks(batch_size.max(1)).enumerate() {
            // Told in examples.
            told(number * batch_size * examples.len() / distinct.len());
            let chosen: Vec<usize> = batch.iter().map(|&place| distinct[place]).collect();
            let (input, _) = padded_texts(texts, &chosen)?;
            let found = vectors_of(model, &Tape::inference(), &input)?.tensor().to_vec2::<f32>()?;
            width = found.first().map_or(0, Vec::len);
            values.resize(distinct.len() * width, 0.0);
            for (vector, place) in found.into_iter().zip(batch) {
                let length = vector.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
                if !length.is_finite() {
                    return Err(Error::NotFinite { example: distinct[*place] / each });
                }
                let to = &mut values[place * width..(place + 1) * width];
                to.iter_mut().zip(vector).for_each(|(to, v)| *to = (f64::from(v) / length.max(1e-12)) as f32);
            }
        }
        Ok(Vectors { width, places, values })
    }

    fn vector(&self, number: u32) -> &[f32] {
        let place = self.places[&number];
        &self.values[place * self.width..(place + 1) * self.width]
    }

    fn cosine(&self, a: u32, b: u32) -> f64 {
        self.vector(a).iter().zip(self.vector(b)).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    }

    /// Those of some texts as a matrix, `[n, d]`.
    fn matrix(&self, numbers: &[u32]) -> Result<Tensor, Error> {
        let values: Vec<f32> = numbers.iter().flat_map(|number| self.vector(*number).iter().copied()).collect();
        Ok(Tensor::from_vec(values, (numbers.len(), self.width), &Device::Cpu)?)
    }
}

/// Whether different texts of `examples` have the same vectors, to rounding.
///
/// # Errors
/// The model cannot take a text, or a vector is not finite.
pub(super) fn are_alike(model: &dyn Model, data: &Prepared, examples: &[usize], batch_size: usize) -> Result<bool, Error> {
    /// Of cosines of vectors in float32.
    const ROUNDING: f64 = 1e-5;
    let (texts, similar) = similar_texts(data)?;
    let vectors = Vectors::of(model, texts, similar, examples, batch_size, &mut |_| {})?;
    let numbers: Vec<u32> = vectors.places.keys().copied().collect();
    let are_near = numbers.windows(2).filter(|two| vectors.cosine(two[0], two[1]) > 1.0 - ROUNDING).count();
    Ok(numbers.len() > 2 && 2 * are_near >= numbers.len())
}

/// What a model's vectors of `examples` are worth.
///
/// # Errors
/// The model cannot take a text, or a vector is not finite.
pub(super) fn score(
    model: &dyn Model,
    data: &Prepared,
    examples: &[usize],
    how: &How,
    told: &mut dyn FnMut(usize),
) -> Result<Scored, Error> {
    let (texts, similar) = similar_texts(data)?;
    let vectors = Vectors::of(model, texts, similar, examples, how.batch_size, told)?;
    let loss = how.similarity.unwrap_or(Similarity::usual(similar.scores().is_some()));
    match similar.scores() {
        Some(scores) => {
            let predicted: Vec<f64> =
                examples.iter().map(|&i| vectors.cosine(similar.number(i, 0), similar.number(i, 1))).collect();
            let actual: Vec<f64> = examples.iter().map(|&i| scores[i]).collect();
            let loss = loss_of_cosines(loss, &predicted, &actual)?;
            Ok(Scored { predictions: Predictions::Values { predicted, actual }, loss })
        }
        None => retrieve(&vectors, similar, examples, loss),
    }
}

/// The loss of scored pairs, all of them at once.
fn loss_of_cosines(loss: Similarity, predicted: &[f64], actual: &[f64]) -> Result<f64, Error> {
    match loss {
        Similarity::Cosent { scale } => {
            let cosines = Var::constant(Tensor::from_slice(predicted, predicted.len(), &Device::Cpu)?);
            Ok(kernels::cosent(&Tape::inference(), &cosines, actual, scale)?.tensor().to_scalar::<f64>()?)
        }
        Similarity::Cosine { .. } | Similarity::Contrastive { .. } => {
            let errors = predicted.iter().zip(actual).map(|(p, a)| (p - loss.cosine_of(*a)).powi(2));
            Ok(errors.sum::<f64>() / actual.len().max(1) as f64)
        }
    }
}

/// First texts whose cosines with all candidates are made at once.
const ROWS: usize = 256;

/// Each distinct first text looks for what belongs to it among all other distinct texts; its own text is no candidate, unless it
/// belongs to it. The loss is that of training, with all of these as candidates.
fn retrieve(vectors: &Vectors, similar: &PreparedSimilar, examples: &[usize], loss: Similarity) -> Result<Scored, Error> {
    let mut rows: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    examples.iter().for_each(|&i| rows.entry(similar.number(i, 0)).or_default().push(i));
    let others = || examples.iter().flat_map(|&i| (1..similar.each()).map(move |role| similar.number(i, role)));
    let candidates: Vec<u32> = others().collect::<BTreeSet<u32>>().into_iter().collect();
    let place = |number: u32| candidates.binary_search(&number).ok();
    let of_candidates = vectors.matrix(&candidates)?.t()?.contiguous()?;
    let firsts: Vec<(u32, Vec<usize>)> = rows.into_iter().collect();
    let (mut each, mut lost) = (Vec::new(), 0.0);
    for chunk in firsts.chunks(ROWS) {
        let numbers: Vec<u32> = chunk.iter().map(|(number, _)| *number).collect();
        let cosines = vectors.matrix(&numbers)?.matmul(&of_candidates)?.to_vec2::<f32>()?;
        let retrieved: Vec<(Retrieved, f64)> = chunk
            .par_iter()
            .zip(&cosines)
            .map(|((first, rows), cosines)| {
                let own: BTreeSet<usize> = rows.iter().filter_map(|&i| place(similar.number(i, 1))).collect();
                let own: Vec<usize> = own.into_iter().collect();
                let left_out: Vec<usize> = place(*first).filter(|place| !own.contains(place)).into_iter().collect();
                let found = Found::of(cosines, &own, &left_out);
                let nearer = |&&i: &&usize| {
                    let cosine = |role: usize| vectors.cosine(*first, similar.number(i, role));
                    (2..similar.each()).all(|role| cosine(1) > cosine(role))
                };
                let triples = if similar.each() > 2 { [rows.iter().filter(nearer).count(), rows.len()] } else { [0; 2] };
                let lost = own_lost(cosines, &own, &left_out, rows.iter().filter_map(|&i| place(similar.number(i, 1))), loss);
                (Retrieved { found, triples }, lost)
            })
            .collect();
        lost += retrieved.iter().map(|(_, lost)| lost).sum::<f64>();
        each.extend(retrieved.into_iter().map(|(retrieved, _)| retrieved));
    }
    let loss = lost / examples.len().max(1) as f64;
    Ok(Scored { predictions: Predictions::Retrieved { each, candidates: candidates.len() }, loss })
}

/// The summed cross entropy of each of `asked`, which belong to a text, against all that do not belong to it.
fn own_lost(cosines: &[f32], own: &[usize], left_out: &[usize], asked: impl Iterator<Item = usize>, loss: Similarity) -> f64 {
    let scale = match loss {
        Similarity::Contrastive { scale } | Similarity::Cosent { scale } => scale,
        Similarity::Cosine { .. } => 1.0,
    };
    let counts = |at: &usize| own.binary_search(at).is_err() && !left_out.contains(at);
    let others = || (0..cosines.len()).filter(counts).map(|at| scale * f64::from(cosines[at]));
    let most = others().fold(f64::NEG_INFINITY, f64::max);
    // Above the largest nothing overflows.
    let sum: f64 = others().map(|score| (score - most).exp()).sum();
    let one = |at: usize| {
        let score = scale * f64::from(cosines[at]);
        let top = most.max(score);
        (sum * (most - top).exp() + (score - top).exp()).ln() + top - score
    };
    asked.map(one).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the formula over softmaxes, with a text that belongs to it by another row and its own left out.
    #[test]
    fn what_is_lost_by_a_whole_split() {
        let cosines = [0.9f32, 0.1, -0.4, 0.8, 1.0];
        let lost = |scale: f64| own_lost(&cosines, &[1, 3], &[4], [1, 3, 3].into_iter(), Similarity::Contrastive { scale });
        let expected = |scale: f64, at: usize| {
            let term = |at: usize| (scale * f64::from(cosines[at])).exp();
            -(term(at) / (term(at) + term(0) + term(2))).ln()
        };
        for scale in [1.0, 20.0] {
            let expected = expected(scale, 1) + 2.0 * expected(scale, 3);
            assert!((lost(scale) - expected).abs() < 1e-9 * expected, "{} {expected}", lost(scale));
        }
        assert!((lost(1000.0) - (800.0 + 2.0 * 100.0)).abs() < 1e-3, "{}", lost(1000.0));
        let alone = own_lost(&[0.5], &[0], &[], [0].into_iter(), Similarity::Contrastive { scale: 20.0 });
        assert_eq!(alone, 0.0, "there is nothing else");
    }
}
