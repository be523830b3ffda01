//! Scores of a model on prepared examples; the monitor and the evaluation share it.

use super::Error;
use super::collate::{Batch, collate};
use super::objective::Wanted;
use super::reference::Reference;
use crate::data::{Prepared, PreparedTargets};
use crate::job::Normalize;
use crate::spec::Metric;
use tallow_kernels::Tape;
use tallow_zoo::Model;

/// What the model said, and the mean cross entropy of it.
pub(super) struct Scored {
    pub(super) predictions: Predictions,
    /// Mean over all answers.
    pub(super) loss: f64,
}

/// What a model said of a split.
pub(super) enum Predictions {
    /// In the order of the examples.
    Classes(Vec<Prediction>),
    /// Tokens that were told from those before them, and the bytes that all tokens stand for.
    Words { count: usize, bytes: u64 },
    /// Of each pair how much more the better answer gained, in the order of the examples.
    Preferences(Vec<f64>),
}

/// What the model says of one example.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Prediction {
    pub(super) label: u32,
    pub(super) predicted: u32,
    /// Of the predicted class.
    pub(super) probability: f64,
    /// Cross entropy.
    loss: f64,
}

impl Scored {
    pub(super) fn metric(&self, metric: Metric, classes: usize) -> f64 {
        match &self.predictions {
            Predictions::Classes(each) => {
                let of = |f: fn(&Prediction) -> u32| each.iter().map(f).collect::<Vec<u32>>();
                crate::eval::metric(metric, &of(|p| p.predicted), &of(|p| p.label), classes)
            }
            Predictions::Words { count, bytes } => crate::eval::of_words(metric, self.loss, *count, *bytes),
            Predictions::Preferences(margins) => crate::eval::of_preferences(metric, margins),
        }
    }
}

/// Scores `examples` of `data`; preferences against `reference`. Texts of about one length go into one batch. `told` hears how many are done.
///
/// # Errors
/// The model cannot take an example, or its scores are not finite.
pub(super) fn score(
    model: &dyn Model,
    data: &Prepared,
    examples: &[usize],
    normalize: Option<&Normalize>,
    reference: Option<&Reference>,
    batch_size: usize,
    told: &mut dyn FnMut(usize),
) -> Result<Scored, Error> {
    let mut order: Vec<usize> = (0..examples.len()).collect();
    order.sort_by_key(|&place| data.example_len(examples[place]));
    let (mut classes, mut words, mut pairs) = (Vec::new(), (0.0, 0), Vec::new());
    for (number, places) in order.chunks(batch_size.max(1)).enumerate() {
        told(number * batch_size);
        let chosen: Vec<usize> = places.iter().map(|&place| examples[place]).collect();
        let batch = collate(data, &chosen, normalize, None)?;
        match &batch.wanted {
            Wanted::Classes(labels) => {
                let found = predictions(model, &batch, labels)?;
                for (&place, found) in places.iter().zip(found) {
                    classes.push((place, found.ok_or(Error::NotFinite { example: examples[place] })?));
                }
            }
            Wanted::Words(_) => {
                let (loss, count) = (loss(model, &batch)?, batch.wanted.count());
                if !loss.is_finite() {
                    return Err(Error::NotFinite { example: chosen.first().copied().unwrap_or(0) });
                }
                words = (words.0 + loss * count as f64, words.1 + count);
            }
            Wanted::Preferences(of) => {
                let tape = Tape::inference();
                let ratios = of.ratios(&tape, &model.forward(&tape, &batch.input)?)?;
                for (&place, ratio) in places.iter().zip(ratios) {
                    let example = examples[place];
                    let reference = reference.ok_or(Error::NoReference)?;
                    if !ratio.is_finite() {
                        return Err(Error::NotFinite { example });
                    }
                    pairs.push((place, reference.margin(example, ratio)));
                }
            }
        }
    }
    let (nats, count) = words;
    let of_words = |bytes| Scored { predictions: Predictions::Words { count, bytes }, loss: nats / count.max(1) as f64 };
    match data.targets() {
        PreparedTargets::Words { bytes } => return Ok(of_words(examples.iter().map(|&i| u64::from(bytes[i])).sum())),
        PreparedTargets::Answers { .. } => return Ok(of_words(0)),
        PreparedTargets::Preferences { .. } => {
            pairs.sort_by_key(|(place, _)| *place);
            let loss = pairs.iter().map(|(_, (_, lost))| lost).sum::<f64>() / pairs.len().max(1) as f64;
            let margins = pairs.into_iter().map(|(_, (margin, _))| margin).collect();
            return Ok(Scored { predictions: Predictions::Preferences(margins), loss });
        }
        PreparedTargets::Classes { .. } => {}
    }
    // In the order of the examples, so that batching does not show in the sum.
    classes.sort_by_key(|(place, _)| *place);
    let classes: Vec<Prediction> = classes.into_iter().map(|(_, prediction)| prediction).collect();
    let loss = classes.iter().map(|p| p.loss).sum::<f64>() / classes.len().max(1) as f64;
    Ok(Scored { predictions: Predictions::Classes(classes), loss })
}

/// Of each example the prediction, or none where its scores are not finite.
fn predictions(model: &dyn Model, batch: &Batch, labels: &[u32]) -> Result<Vec<Option<Prediction>>, Error> {
    let tape = Tape::inference();
    let scores = model.forward(&tape, &batch.input)?.scores(&tape)?.tensor().to_vec2::<f32>()?;
    Ok(scores.iter().zip(labels).map(|(scores, label)| predict(scores, *label)).collect())
}

fn loss(model: &dyn Model, batch: &Batch) -> Result<f64, Error> {
    let tape = Tape::inference();
    let loss = batch.wanted.loss(&tape, &model.forward(&tape, &batch.input)?)?;
    Ok(f64::from(loss.tensor().to_scalar::<f32>()?))
}

/// The class with the highest score (the first of equals); none if a score is not finite.
fn predict(scores: &[f32], label: u32) -> Option<Prediction> {
    if !scores.iter().all(|score| score.is_finite()) {
        return None;
    }
    let best = scores.iter().enumerate().fold(0, |best, (class, score)| if *score > scores[best] { class } else { best });
    let above = |class: usize| f64::from(scores[class]) - f64::from(scores[best]);
    let sum: f64 = (0..scores.len()).map(|class| above(class).exp()).sum();
    Some(Prediction { label, predicted: best as u32, probability: 1.0 / sum, loss: sum.ln() - above(label as usize) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictions_by_hand() {
        let check = |scores: &[f32], label, predicted, probability: f64, loss: f64| {
            let p = predict(scores, label).expect("finite");
            assert_eq!((p.label, p.predicted), (label, predicted));
            assert!((p.probability - probability).abs() < 1e-12 && (p.loss - loss).abs() < 1e-12, "{p:?}");
        };
        check(&[0.0, 0.0], 1, 0, 0.5, 2f64.ln());
        let e = 1f64.exp();
        check(&[1.0, 2.0, 1.0], 0, 1, e / (e + 2.0), (e + 2.0).ln());
        check(&[-1000.0, 1000.0], 0, 1, 1.0, 2000.0);
        assert_eq!(predict(&[0.0, f32::NAN], 0), None);
        assert_eq!(predict(&[f32::INFINITY, 0.0], 0), None);
    }
}
