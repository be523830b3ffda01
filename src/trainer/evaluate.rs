//! Scores of a model on prepared examples.

use super::collate::collate;
use super::weights;
use super::Error;
use crate::data::Prepared;
use crate::job::{EvaluateJob, Event, Normalize};
use crate::store::write_atomic;
use std::io::Write;
use std::time::Instant;
use tallow_kernels::{Stream, Tape};
use tallow_zoo::Model;

/// Predictions in the order of the examples, and their mean loss.
pub(super) struct Scored {
    pub(super) predicted: Vec<u32>,
    pub(super) labels: Vec<u32>,
    /// Probability of the predicted class.
    pub(super) confidence: Vec<f64>,
    pub(super) loss: f64,
}

/// Scores `examples` of `data`, texts of about one length together.
pub(super) fn score(
    model: &dyn Model, data: &Prepared, examples: &[usize], normalize: Option<&Normalize>, batch_size: usize,
) -> Result<Scored, Error> {
    let mut order: Vec<usize> = (0..examples.len()).collect();
    if let Some(texts) = data.texts() {
        order.sort_by_key(|&i| texts.text_len(examples[i]));
    }
    let n = examples.len();
    let mut scored = Scored { predicted: vec![0; n], labels: vec![0; n], confidence: vec![0.0; n], loss: 0.0 };
    let mut losses = vec![0.0; n];
    for part in order.chunks(batch_size.max(1)) {
        let chosen: Vec<usize> = part.iter().map(|&i| examples[i]).collect();
        let batch = collate(data, &chosen, normalize, None)?;
        let logits = model.logits(&Tape::inference(), &batch.input)?.tensor().to_vec2::<f32>()?;
        for ((&i, row), &label) in part.iter().zip(&logits).zip(&batch.labels) {
            let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f64 = row.iter().map(|&x| f64::from(x - max).exp()).sum();
            let best = row.iter().enumerate().fold(0, |best, (c, &x)| if x > row[best] { c } else { best });
            scored.predicted[i] = best as u32;
            scored.labels[i] = label;
            scored.confidence[i] = f64::from(row[best] - max).exp() / sum;
            losses[i] = sum.ln() - f64::from(row[label as usize] - max);
        }
    }
    // Summed in the order of the examples, so that batching does not show.
    scored.loss = losses.iter().sum::<f64>() / n.max(1) as f64;
    Ok(scored)
}

/// An evaluation job: scores and `predictions.jsonl`.
///
/// # Errors
/// Weights or data that cannot be used, or do not fit each other.
pub fn evaluate(job: &EvaluateJob, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
    tallow_kernels::set_threads(job.threads)?;
    let begun = Instant::now();
    let built = weights::build(&job.model, Some(&job.weights), Stream::root(0))?;
    if !built.report.initialised.is_empty() {
        // A head that starts anew would be scored as if it had been trained.
        let message = format!("it lacks {}", built.report.initialised.join(", "));
        return Err(Error::BadWeights { path: job.weights.clone(), message });
    }
    let data = Prepared::open(&job.data)?;
    let (classes, expected) = (data.classes().len(), job.model.num_labels());
    if classes != expected {
        let (expected, found) = (format!("{expected} classes"), format!("{classes} classes"));
        return Err(Error::WrongData { what: "data", expected, found });
    }
    let all: Vec<usize> = (0..data.len()).collect();
    let scored = score(&*built.model, &data, &all, job.normalize.as_ref(), job.batch_size)?;
    let scores = job.metrics.iter().map(|&m| (m, crate::eval::metric(m, &scored.predicted, &scored.labels, classes))).collect();
    write_atomic(&job.out.join("predictions.jsonl"), |file| {
        let mut out = std::io::BufWriter::new(file);
        for (i, ((predicted, label), confidence)) in scored.predicted.iter().zip(&scored.labels).zip(&scored.confidence).enumerate() {
            writeln!(out, r#"{{"index":{i},"label":{label},"predicted":{predicted},"confidence":{confidence:.6}}}"#)?;
        }
        out.flush()
    })?;
    let (examples, secs) = (data.len(), begun.elapsed().as_secs_f64());
    emit(Event::Evaluated { examples, scores, loss: scored.loss, secs });
    Ok(())
}
