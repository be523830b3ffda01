//! What is watched while training: examples that are not trained on. It is told, and changes nothing.

use super::Error;
use super::batches::Split;
use super::collate;
use super::reference::Reference;
use super::scale::Scale;
use super::scoring::{How, Scored, score};
use super::writing::Writer;
use crate::data::{Prepared, PreparedTargets};
use crate::job::{MonitorConfig, RunConfig};
use tallow_kernels::Stream;
use tallow_zoo::Model;

/// Examples that are watched.
pub(super) struct Monitor {
    /// None: the training file, of which some examples are kept out.
    data: Option<Prepared>,
    examples: Vec<usize>,
    /// For preferences: what they are measured against.
    reference: Option<Reference>,
    /// Where texts that are written are measured.
    writer: Option<Writer>,
}

/// The examples that are trained on, and those that are watched; `subset` chooses them.
///
/// # Errors
/// Nothing is left to train on; the monitor's file cannot be used, or does not suit the model.
pub(super) fn divide(config: &RunConfig, data: &Prepared, subset: Stream) -> Result<(Vec<u32>, Option<Monitor>), Error> {
    // A prepared file has no more.
    let all = data.len() as u32;
    let hold_out = match &config.monitor {
        MonitorConfig::HoldOut { examples } => *examples,
        MonitorConfig::None | MonitorConfig::File { .. } => 0,
    };
    // As rows are held out, so they are watched; but for groups so large that little would be left.
    let of_group = |groups: &[u32]| {
        Split::of_whole_groups(all, |example| groups[example as usize], hold_out, config.max_train_examples, subset)
    };
    let whole = data.groups().filter(|_| hold_out > 0).and_then(of_group);
    let whole = whole.filter(|split| 2 * split.held_out.len() <= data.len());
    let split = match data.targets() {
        _ if whole.is_some() => whole,
        PreparedTargets::Words { .. } => Split::of_stream(all, hold_out, config.max_train_examples),
        // Windows over a text: those of one question share tokens, and answer it together.
        PreparedTargets::Spans(spans) => {
            Split::of_groups(all, |window| spans.question(window as usize), hold_out, config.max_train_examples, subset)
        }
        // As many as there are examples.
        PreparedTargets::Classes { of: class, .. } => {
            Split::of_classes(all, |example| class[example as usize], hold_out, config.max_train_examples, subset)
        }
        PreparedTargets::Labels { .. }
        | PreparedTargets::Tags(_)
        | PreparedTargets::Values { .. }
        | PreparedTargets::Answers { .. }
        | PreparedTargets::Texts { .. }
        | PreparedTargets::Transcripts(_)
        | PreparedTargets::Preferences { .. }
        | PreparedTargets::Similar(_) => Split::choose(all, hold_out, config.max_train_examples, subset),
    };
    let Some(Split { train, held_out }) = split else {
        let expected = format!("more than the {hold_out} that are kept out, and not limited to 0");
        let (path, found) = (config.train.clone(), data.len().to_string());
        return Err(Error::WrongData { path, what: "training examples", expected, found });
    };
    let writing = config.writing.as_ref().filter(|_| config.metric.is_of_texts());
    let monitor = match &config.monitor {
        MonitorConfig::None => None,
        MonitorConfig::HoldOut { .. } if hold_out > 0 => {
            let writer = Writer::of(writing, data)?;
            Some(Monitor {
                data: None,
                examples: held_out.into_iter().map(|example| example as usize).collect(),
                reference: None,
                writer,
            })
        }
        MonitorConfig::HoldOut { .. } => None,
        MonitorConfig::File { path } => {
            let watched = collate::open(path, config.task, &config.model, config.normalize.as_ref())?;
            let examples = (0..watched.len()).collect();
            let writer = Writer::of(writing, &watched)?;
            Some(Monitor { data: Some(watched), examples, reference: None, writer })
        }
    };
    Ok((train, monitor))
}

impl Monitor {
    /// Examples that are watched.
    pub(super) fn len(&self) -> usize {
        self.examples.len()
    }

    /// Takes `model` for what preferences are measured against.
    ///
    /// # Errors
    /// As [`Monitor::score`].
    pub(super) fn refer(
        &mut self,
        model: &dyn Model,
        train: &Prepared,
        config: &RunConfig,
        told: &mut dyn FnMut(usize),
    ) -> Result<(), Error> {
        let data = self.data.as_ref().unwrap_or(train);
        self.reference = Reference::of(model, data, &self.examples, config.preference, config.micro_batch_size, told)?;
        Ok(())
    }

    /// Scores `model`, which says numbers on `scale`; `train` is the training file.
    ///
    /// # Errors
    /// The model cannot take an example, or its scores are not finite.
    pub(super) fn score(
        &self,
        model: &dyn Model,
        train: &Prepared,
        config: &RunConfig,
        scale: Option<&Scale>,
        told: &mut dyn FnMut(usize),
    ) -> Result<Scored, Error> {
        let data = self.data.as_ref().unwrap_or(train);
        // Scoring keeps nothing for backward, so this fits where training's micro-batches do.
        let how = How {
            normalize: config.normalize.as_ref(),
            reference: self.reference.as_ref(),
            similarity: config.similarity,
            writer: self.writer.as_ref(),
            batch_size: config.micro_batch_size,
        };
        let scored = score(model, data, &self.examples, &how, told)?;
        Ok(scored.in_own_unit(scale))
    }
}
