//! Whether a prepared file, a model and a task are for each other.

use crate::data::{Prepared, PreparedTargets};
use crate::job::Normalize;
use crate::spec::Task;
use crate::trainer::Error;
use std::path::Path;
use tallow_zoo::{Head, Modality, ModelConfig};

/// Reads a prepared file for a model and a task.
///
/// # Errors
/// It cannot be read; data, model and task are not for each other: all that can be known before the first batch.
pub(in crate::trainer) fn open(
    path: &Path,
    task: Task,
    model: &ModelConfig,
    normalize: Option<&Normalize>,
) -> Result<Prepared, Error> {
    let data = Prepared::open(path)?;
    let wrong = |what, expected: String, found: String| Err(Error::WrongData { path: path.into(), what, expected, found });
    if model.takes() != task.takes() {
        return Err(Error::WrongTask { expected: words(task.takes()), found: words(model.takes()) });
    }
    if model.takes() != data.modality() {
        return wrong("what it holds", words(model.takes()).into(), words(data.modality()).into());
    }
    if data.is_empty() {
        return wrong("examples", "at least one".into(), "none".into());
    }
    match (data.targets(), model.head()) {
        (PreparedTargets::Tags(tags), Head::Tags(labels)) if tags.names().len() != labels.len() => {
            let found = format!("{}: {}", tags.names().len(), tags.names().join(", "));
            return wrong("tags", format!("{}, as the model has", labels.len()), found);
        }
        (PreparedTargets::Classes { names, .. }, Head::Classes(labels))
        | (PreparedTargets::Labels { names, .. }, Head::Labels(labels))
            if names.len() != labels.len() =>
        {
            let found = format!("{}: {}", names.len(), names.join(", "));
            return wrong("classes", format!("{}, as the model has", labels.len()), found);
        }
        (PreparedTargets::Classes { .. }, Head::Classes(_))
        | (PreparedTargets::Labels { .. }, Head::Labels(_))
        | (PreparedTargets::Tags(_), Head::Tags(_))
        | (PreparedTargets::Spans(_), Head::Span)
        | (PreparedTargets::Values { .. }, Head::Value)
        | (PreparedTargets::Similar(_), Head::Vector(_)) => {}
        (targets, Head::Words) if asks(task, targets) => {}
        (targets, head) => {
            let expected = format!("{} for {}", head.kind().name(), task.in_words());
            return wrong("what should be said", expected, in_words(targets).into());
        }
    }
    let channels = data.images().map(|images| images.shape()[2]);
    if let Some((expected, found)) = channels.zip(normalize).and_then(|(channels, normalize)| normalize_fits(normalize, channels))
    {
        return wrong("normalisation", expected, found);
    }
    if let (Some(speech), Some(limits)) = (data.speech(), model.speech_limits())
        && speech.shape() != [limits.mel_bins, limits.frames]
    {
        let [mel_bins, frames] = speech.shape();
        let expected = format!("{} mel bins and {} frames, as the model has", limits.mel_bins, limits.frames);
        return wrong("recordings", expected, format!("{mel_bins} mel bins and {frames} frames"));
    }
    if let (Some(table), Some((numbers, cardinalities))) = (data.table(), model.table_limits()) {
        let fits = table.largest().iter().zip(&cardinalities).all(|(largest, cardinality)| (*largest as usize) < *cardinality);
        if table.widths() != [numbers, cardinalities.len()] || !fits {
            let expected = format!("{numbers} numbers and categories of {cardinalities:?} values a row, as the model has");
            return wrong(
                "columns",
                expected,
                format!("{} numbers and categories up to {:?}", table.widths()[0], table.largest()),
            );
        }
    }
    Ok(data)
}

/// What a normalisation should be, and what it is, where it does not suit images of so many channels.
pub(in crate::trainer) fn normalize_fits(Normalize { mean, std }: &Normalize, channels: usize) -> Option<(String, String)> {
    let usable = mean.iter().all(|m| m.is_finite()) && std.iter().all(|s| s.is_finite() && *s > 0.0);
    (mean.len() != channels || std.len() != channels || !usable).then(|| {
        let expected = format!("{channels} means and as many deviations above 0, one a channel");
        (expected, format!("means {mean:?}, deviations {std:?}"))
    })
}

/// Whether these are the words that a task asks for.
fn asks(task: Task, targets: &PreparedTargets) -> bool {
    match targets {
        PreparedTargets::Classes { .. }
        | PreparedTargets::Labels { .. }
        | PreparedTargets::Tags(_)
        | PreparedTargets::Spans(_)
        | PreparedTargets::Values { .. } => false,
        PreparedTargets::Words { .. } => task.is_of_streams(),
        PreparedTargets::Answers { .. } => task == Task::InstructionTuning,
        PreparedTargets::Preferences { .. } => task == Task::PreferenceOptimization,
        PreparedTargets::Texts { .. } => task == Task::TextToText,
        PreparedTargets::Transcripts(_) => task == Task::SpeechRecognition,
        PreparedTargets::Similar(_) => false,
    }
}

pub(super) fn in_words(targets: &PreparedTargets) -> &'static str {
    match targets {
        PreparedTargets::Classes { .. } => "classes",
        PreparedTargets::Labels { .. } => "labels",
        PreparedTargets::Tags(_) => "tags",
        PreparedTargets::Spans(_) => "spans",
        PreparedTargets::Values { .. } => "values",
        PreparedTargets::Words { .. } => "the words of a text",
        PreparedTargets::Answers { .. } => "the words of answers",
        PreparedTargets::Preferences { .. } => "pairs of answers",
        PreparedTargets::Texts { .. } => "texts written from others",
        PreparedTargets::Transcripts(_) => "what is said in recordings",
        PreparedTargets::Similar(_) => "texts whose vectors are compared",
    }
}

/// What a model is fed with, in words.
fn words(modality: Modality) -> &'static str {
    match modality {
        Modality::Text => "texts",
        Modality::Image => "images",
        Modality::Table => "rows of a table",
        Modality::TextToText => "pairs of texts",
        Modality::Speech => "recordings",
    }
}
