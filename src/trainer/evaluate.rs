//! An evaluation job: a model on a split that no training attempt saw.

use super::Error;
use super::collate;
use super::scoring::{Prediction, Predictions, score};
use super::weights::{self, Source};
use crate::job::{EvaluateJob, Event, Pulse};
use crate::store::{WorkFolder, write_atomic};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;
use tallow_kernels::Stream;

/// Scores the model; writes `predictions.jsonl` into the job's `out`, one line an example in the split's order: `index`, `label`,
/// `predicted`, `probability` (of the predicted class).
///
/// # Errors
/// Weights or data that cannot be used, or do not fit each other; scores that are not finite.
pub fn evaluate(job: &EvaluateJob, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
    tallow_kernels::set_threads(job.threads)?;
    let begun = Instant::now();
    let built = weights::build(&job.model, Source::Trained { path: &job.weights }, Stream::root(0))?;
    let data = collate::open(&job.data, job.task, &job.model, job.normalize.as_ref())?;
    let all: Vec<usize> = (0..data.len()).collect();
    let mut pulse = Pulse::new(emit);
    let scored = score(&*built.model, &data, &all, job.normalize.as_ref(), job.batch_size, &mut |done| pulse.beat(done))?;
    let classes = job.model.num_labels();
    let scores = job.metrics.iter().map(|&metric| (metric, scored.metric(metric, classes))).collect();
    if let Predictions::Classes(each) = &scored.predictions {
        write_predictions(&WorkFolder::at(&job.out).predictions(), each)?;
    }
    emit(Event::Evaluated { examples: data.len(), scores, loss: scored.loss, secs: begun.elapsed().as_secs_f64() });
    Ok(())
}

fn write_predictions(path: &Path, predictions: &[Prediction]) -> Result<(), Error> {
    Ok(write_atomic(path, |file| {
        let mut out = BufWriter::new(file);
        for (index, Prediction { label, predicted, probability, .. }) in predictions.iter().enumerate() {
            let line = serde_json::json!({"index": index, "label": label, "predicted": predicted, "probability": probability});
            writeln!(out, "{line}")?;
        }
        out.flush()
    })?)
}
