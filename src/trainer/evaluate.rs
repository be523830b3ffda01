//! An evaluation job: a model on a split that no training attempt saw.

use super::Error;
use super::collate;
use super::reference::Reference;
use super::scoring::{How, score};
use super::telling::Telling;
use super::weights::{self, Source};
use super::writing::Writer;
use crate::data::{Prepared, PreparedTargets, Vocabulary};
use crate::eval::{ByClass, Predictions, TextSaid};
use crate::job::{EvaluateJob, Event, ModelFiles, Pulse, Samples};
use crate::spec::Metric;
use crate::store::{WorkFolder, write_atomic};
use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;
use tallow_kernels::Stream;
use tallow_zoo::{Model, Prompt, Settings};

/// Scores the model; writes `predictions.jsonl` into the job's `out`, one line an example in the split's order:
/// [`Predictions::lines`](crate::eval::Predictions::lines).
///
/// # Errors
/// Weights or data that cannot be used, or do not fit each other; scores that are not finite; a first metric that has no value.
pub fn evaluate(job: &EvaluateJob, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
    tallow_kernels::set_threads(job.threads)?;
    let begun = Instant::now();
    let data = collate::open(&job.data, job.task, &job.model, job.normalize.as_ref())?;
    let all: Vec<usize> = (0..data.len()).collect();
    let reference = refer(job, &data, &all, emit)?;
    let built = weights::build(&job.model, None, Source::Trained { files: &job.weights }, Stream::root(0), &[])?;
    let writer = Writer::of(job.writing.as_ref(), &data)?;
    let scored = {
        let mut pulse = Pulse::new(emit);
        let mut told = |done| pulse.beat(done);
        let how = How {
            normalize: job.normalize.as_ref(),
            reference: reference.as_ref(),
            similarity: job.similarity,
            writer: writer.as_ref(),
            batch_size: job.batch_size,
        };
        score(&*built.model, &data, &all, &how, &mut told)?
    };
    if let Some(samples) = &job.samples {
        tell_samples(&*built.model, &data, samples, emit)?;
    }
    let predictions = &scored.predictions;
    if let (Predictions::Texts(each), Some(writing)) = (predictions, &job.writing) {
        tell_texts(each, writing.samples, emit);
    }
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
    let names = match data.targets() {
        PreparedTargets::Classes { names, .. } | PreparedTargets::Labels { names, .. } => names.as_slice(),
        _ => &[],
    };
    if let Some(by_class) = ByClass::of(predictions, names) {
        emit(Event::ByClass(by_class));
    }
    let (secs, examples) = (begun.elapsed().as_secs_f64(), if predictions.is_stream() { data.len() } else { predictions.len() });
    emit(Event::Evaluated { examples, scores, intervals, baseline, loss: scored.loss, secs });
    Ok(())
}

/// What preferences are measured against. Its weights are gone before the model's own are read.
fn refer(job: &EvaluateJob, data: &Prepared, all: &[usize], emit: &mut dyn FnMut(Event)) -> Result<Option<Reference>, Error> {
    let Some(reference) = &job.reference else { return Ok(None) };
    let files = ModelFiles::from(reference.weights.clone());
    let built = weights::build(&job.model, None, Source::Trained { files: &files }, Stream::root(0), &[])?;
    let mut pulse = Pulse::new(emit);
    Reference::of(&*built.model, data, all, Some(reference.preference), job.batch_size, &mut |done| pulse.beat(done))
}

/// Has the model answer the first prompts of the split, the likeliest word each time.
fn tell_samples(model: &dyn Model, data: &Prepared, samples: &Samples, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
    let (PreparedTargets::Answers { asked }, Some(texts)) = (data.targets(), data.texts()) else { return Ok(()) };
    let vocabulary = Vocabulary::open(&samples.tokenizer)?;
    let settings = Settings::greedy(samples.max_new_tokens, &vocabulary.ends());
    let mut pulse = Pulse::new(emit);
    for example in 0..data.len().min(samples.count) {
        let (tokens, asked) = (texts.text(example).0, &asked[texts.range(example)]);
        let start = asked.iter().position(|asked| *asked == 1).unwrap_or(tokens.len());
        let answer = asked[start..].iter().take_while(|asked| **asked == 1).count();
        // The room that a model has may be that of the text alone.
        let mut heard = || pulse.tell(Event::Wrote { text: String::new() });
        let writing = Telling::new(model, &mut heard);
        let written = match tallow_zoo::generate(&writing, Prompt { source: None, start: &tokens[..start] }, &settings) {
            Ok(written) => written,
            Err(tallow_zoo::Error::Prompt { .. } | tallow_zoo::Error::NoPrompt) => continue,
            Err(error) => return Err(error.into()),
        };
        pulse.tell(Event::Sampled {
            example,
            prompt: vocabulary.spell(&tokens[..start])?,
            wanted: vocabulary.spell(&tokens[start..start + answer])?,
            written: vocabulary.spell(&written)?,
        });
    }
    Ok(())
}

/// The first texts that were written.
fn tell_texts(each: &[TextSaid], count: usize, emit: &mut dyn FnMut(Event)) {
    for (example, said) in each.iter().enumerate().take(count) {
        let written = said.predicted().unwrap_or_default().to_string();
        emit(Event::Sampled { example, prompt: said.source.clone(), wanted: said.reference.clone(), written });
    }
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
