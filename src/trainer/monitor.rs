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
        Split::of_groups(all, |example| groups[example as usize] as usize, hold_out, config.max_train_examples, subset)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Length, Metric, Optimizer, Recipe, Schedule, Task, Warmup};
    use safetensors::Dtype::{F64, U8, U32, U64};
    use std::collections::HashMap;

    /// As many texts of a token as there are groups named, each with a value.
    fn prepared(groups: &[u32]) -> Prepared {
        let n = groups.len();
        let u32s = |values: &[u32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let tensors = [
            ("offsets", U64, vec![n + 1], (0..=n as u64).flat_map(u64::to_le_bytes).collect()),
            ("values", F64, vec![n], vec![0; 8 * n]),
            ("tokens", U32, vec![n], u32s(&vec![1; n])),
            ("groups", U32, vec![n], u32s(groups)),
            ("type_ids", U8, vec![n], vec![0; n]),
        ];
        let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
            (*name, safetensors::tensor::TensorView::new(*dtype, shape.clone(), bytes).expect("a tensor"))
        });
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x.safetensors");
        let metadata = HashMap::from([("vocab_size".to_string(), "50".to_string())]);
        std::fs::write(&path, safetensors::serialize(views, Some(metadata)).expect("bytes")).expect("written");
        Prepared::open(&path).expect("prepared")
    }

    #[test]
    fn groups_that_are_watched_are_not_trained_on() {
        let optimizer = Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 };
        let recipe = Recipe::bare(optimizer, 0.1, Schedule::linear(Warmup::Steps(0)), Length::Steps(2), 8);
        let model = (tallow_zoo::registry()[0].tiny)();
        let bare = RunConfig::bare(Task::TextRegression, model, "x".into(), Metric::Rmse, recipe, 2);
        let divided = |groups: &[u32], examples: usize| {
            let config = RunConfig { monitor: MonitorConfig::HoldOut { examples }, ..bare.clone() };
            let (train, monitor) = divide(&config, &prepared(groups), Stream::root(3)).expect("divided");
            (train, monitor.map(|monitor| monitor.examples).unwrap_or_default())
        };
        let groups: Vec<u32> = (0..60).map(|example| example % 20).collect();
        let (train, watched) = divided(&groups, 12);
        assert_eq!((train.len(), watched.len()), (48, 12));
        let are_apart = train.iter().all(|one| watched.iter().all(|other| groups[*one as usize] != groups[*other]));
        assert!(are_apart, "{watched:?}");
        // Of groups as large as this the watched one would be all that there is but another.
        let (train, watched) = divided(&[0; 60], 12);
        assert_eq!((train.len(), watched.len()), (48, 12));
        assert_eq!(divided(&groups, 0).0.len(), 60);
    }
}
