//! Scores of a model on prepared examples; the monitor and the evaluation share it.

use super::Error;
use super::collate::{Batch, collate};
use super::objective::Wanted;
use super::scale::Scale;
use crate::data::{Prepared, PreparedTargets};
use crate::eval::{ClassSaid, Predictions};
use crate::job::Normalize;
use tallow_kernels::Tape;
use tallow_zoo::Model;

/// What the model said, and its loss: the mean cross entropy of all answers, or the mean squared error of numbers.
pub(super) struct Scored {
    pub(super) predictions: Predictions,
    pub(super) loss: f64,
}

impl Scored {
    /// Numbers that the model said on the scale that it learns on, in their own unit.
    #[must_use]
    pub(super) fn in_own_unit(mut self, scale: Option<&Scale>) -> Self {
        if let (Predictions::Values { predicted, actual }, Some(scale)) = (&mut self.predictions, scale) {
            predicted.iter_mut().for_each(|value| *value = scale.own(*value));
            self.loss = mean_square(predicted, actual);
        }
        self
    }
}

/// What is collected over the batches: of each example, with its place among them.
#[derive(Default)]
struct Collected {
    classes: Vec<(usize, (ClassSaid, f64))>,
    values: Vec<(usize, f64)>,
    /// Summed loss and number of words.
    words: (f64, usize),
}

/// Scores `examples` of `data`; texts of about one length go into one batch. `told` hears how many are done.
///
/// # Errors
/// The model cannot take an example, or its scores are not finite.
pub(super) fn score(
    model: &dyn Model,
    data: &Prepared,
    examples: &[usize],
    normalize: Option<&Normalize>,
    batch_size: usize,
    told: &mut dyn FnMut(usize),
) -> Result<Scored, Error> {
    let mut order: Vec<usize> = (0..examples.len()).collect();
    if let Some(texts) = data.texts() {
        order.sort_by_key(|&place| texts.text_len(examples[place]));
    }
    let mut found = Collected::default();
    for (number, places) in order.chunks(batch_size.max(1)).enumerate() {
        told(number * batch_size);
        let chosen: Vec<usize> = places.iter().map(|&place| examples[place]).collect();
        let batch = collate(data, &chosen, normalize, None)?;
        found.add(model, &batch, places, &chosen)?;
    }
    Ok(found.scored(data, examples))
}

impl Collected {
    fn add(&mut self, model: &dyn Model, batch: &Batch, places: &[usize], examples: &[usize]) -> Result<(), Error> {
        match &batch.wanted {
            Wanted::Classes(labels) => {
                for ((place, example), (scores, label)) in places.iter().zip(examples).zip(rows(model, batch)?.iter().zip(labels))
                {
                    let said = predict(scores, *label).ok_or(Error::NotFinite { example: *example })?;
                    self.classes.push((*place, said));
                }
            }
            Wanted::Values(_) => {
                for ((place, example), scores) in places.iter().zip(examples).zip(rows(model, batch)?) {
                    let value = scores.first().copied().filter(|value| value.is_finite());
                    self.values.push((*place, f64::from(value.ok_or(Error::NotFinite { example: *example })?)));
                }
            }
            Wanted::Words(_) => {
                let (loss, count) = (loss(model, batch)?, batch.wanted.count());
                if !loss.is_finite() {
                    return Err(Error::NotFinite { example: examples.first().copied().unwrap_or(0) });
                }
                self.words = (self.words.0 + loss * count as f64, self.words.1 + count);
            }
        }
        Ok(())
    }

    /// All of it, in the order of the examples, so that batching does not show.
    fn scored(self, data: &Prepared, examples: &[usize]) -> Scored {
        match data.targets() {
            PreparedTargets::Classes { names, .. } => {
                let (each, losses): (Vec<ClassSaid>, Vec<f64>) = in_order(self.classes).into_iter().unzip();
                let loss = losses.iter().sum::<f64>() / losses.len().max(1) as f64;
                Scored { predictions: Predictions::Classes { each, classes: names.len() }, loss }
            }
            PreparedTargets::Values { of } => {
                let (predicted, actual) = (in_order(self.values), examples.iter().map(|&i| of[i]).collect::<Vec<f64>>());
                let loss = mean_square(&predicted, &actual);
                Scored { predictions: Predictions::Values { predicted, actual }, loss }
            }
            PreparedTargets::Words { bytes } => {
                let ((nats, tokens), bytes) = (self.words, examples.iter().map(|&i| u64::from(bytes[i])).sum());
                let loss = nats / tokens.max(1) as f64;
                Scored { predictions: Predictions::Words { tokens, bytes, loss }, loss }
            }
        }
    }
}

fn in_order<T>(mut found: Vec<(usize, T)>) -> Vec<T> {
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, said)| said).collect()
}

fn mean_square(predicted: &[f64], actual: &[f64]) -> f64 {
    predicted.iter().zip(actual).map(|(p, a)| (p - a).powi(2)).sum::<f64>() / actual.len().max(1) as f64
}

/// The scores of each example.
fn rows(model: &dyn Model, batch: &Batch) -> Result<Vec<Vec<f32>>, Error> {
    let tape = Tape::inference();
    Ok(model.forward(&tape, &batch.input)?.scores(&tape)?.tensor().to_vec2::<f32>()?)
}

fn loss(model: &dyn Model, batch: &Batch) -> Result<f64, Error> {
    let tape = Tape::inference();
    let loss = batch.wanted.loss(&tape, &model.forward(&tape, &batch.input)?)?;
    Ok(f64::from(loss.tensor().to_scalar::<f32>()?))
}

/// The class with the highest score (the first of equals), and the cross entropy; none if a score is not finite.
fn predict(scores: &[f32], label: u32) -> Option<(ClassSaid, f64)> {
    if !scores.iter().all(|score| score.is_finite()) {
        return None;
    }
    let best = scores.iter().enumerate().fold(0, |best, (class, score)| if *score > scores[best] { class } else { best });
    let above = |class: usize| f64::from(scores[class]) - f64::from(scores[best]);
    let sum: f64 = (0..scores.len()).map(|class| above(class).exp()).sum();
    Some((ClassSaid { label, predicted: best as u32, probability: 1.0 / sum }, sum.ln() - above(label as usize)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictions_by_hand() {
        let check = |scores: &[f32], label, predicted, probability: f64, loss: f64| {
            let (p, found) = predict(scores, label).expect("finite");
            assert_eq!((p.label, p.predicted), (label, predicted));
            assert!((p.probability - probability).abs() < 1e-12 && (found - loss).abs() < 1e-12, "{p:?} {found}");
        };
        check(&[0.0, 0.0], 1, 0, 0.5, 2f64.ln());
        let e = 1f64.exp();
        check(&[1.0, 2.0, 1.0], 0, 1, e / (e + 2.0), (e + 2.0).ln());
        check(&[-1000.0, 1000.0], 0, 1, 1.0, 2000.0);
        assert_eq!(predict(&[0.0, f32::NAN], 0), None);
        assert_eq!(predict(&[f32::INFINITY, 0.0], 0), None);
    }
}
