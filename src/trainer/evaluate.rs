//! An evaluation job: a model on a split that no training attempt saw.

use super::Error;
use super::collate;
use super::scoring::score;
use super::weights::{self, Source};
use crate::job::{EvaluateJob, Event, Pulse};
use crate::spec::Metric;
use crate::store::{WorkFolder, write_atomic};
use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;
use tallow_kernels::Stream;

/// Scores the model; writes `predictions.jsonl` into the job's `out`, one line an example in the split's order:
/// [`Predictions::lines`](crate::eval::Predictions::lines).
///
/// # Errors
/// Weights or data that cannot be used, or do not fit each other; scores that are not finite; a first metric that has no value.
pub fn evaluate(job: &EvaluateJob, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
    tallow_kernels::set_threads(job.threads)?;
    let begun = Instant::now();
    let built = weights::build(&job.model, Source::Trained { path: &job.weights }, Stream::root(0), &[])?;
    let data = collate::open(&job.data, job.task, &job.model, job.normalize.as_ref())?;
    let all: Vec<usize> = (0..data.len()).collect();
    let mut pulse = Pulse::new(emit);
    let scored = score(&*built.model, &data, &all, job.normalize.as_ref(), job.batch_size, &mut |done| pulse.beat(done))?;
    let predictions = &scored.predictions;
    let of = |metric: &Metric| (*metric, predictions.metric(*metric));
    let mut scores: BTreeMap<Metric, f64> = job.metrics.iter().map(of).collect();
    if let Some(first) = job.metrics.first().filter(|first| !scores[first].is_finite()) {
        return Err(Error::NoScore { metric: first.in_words(), examples: data.len() });
    }
    // Of the others those that have a value are told.
    scores.retain(|_, score| score.is_finite());
    let resampled: Vec<Metric> = scores.keys().copied().filter(|metric| !predictions.is_share(*metric)).collect();
    let intervals = predictions.intervals(&resampled);
    let baseline = job.guess.as_ref().zip(job.metrics.first()).and_then(|(guess, first)| predictions.score_of(guess, *first));
    if !predictions.is_stream() {
        write_lines(&WorkFolder::at(&job.out).predictions(), predictions.lines())?;
    }
    let (secs, examples) = (begun.elapsed().as_secs_f64(), if predictions.is_stream() { data.len() } else { predictions.len() });
    emit(Event::Evaluated { examples, scores, intervals, baseline, loss: scored.loss, secs });
    Ok(())
}

fn write_lines(path: &Path, lines: impl Iterator<Item = serde_json::Value>) -> Result<(), Error> {
    Ok(write_atomic(path, |file| {
        let mut out = BufWriter::new(file);
        for line in lines {
            writeln!(out, "{line}")?;
        }
        out.flush()
    })?)
}
