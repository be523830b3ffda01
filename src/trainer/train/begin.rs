//! What a run begins with: its data, weights and order, and what must hold before the first step.

use super::super::Error;
use super::super::batches::Order;
use super::super::checkpoint::{Done, Identity, Progress};
use super::super::collate;
use super::super::ema::Average;
use super::super::monitor::divide;
use super::super::objective::{Rule, balanced};
use super::super::optimizer::State;
use super::super::scale::Scale;
use super::super::similarity;
use super::super::streams::Streams;
use super::super::weights::{self, Source};
use super::{Run, guess};
use crate::data::{Prepared, PreparedTargets, sha256_of_file};
use crate::job::{InitFrom, MonitorConfig, RunConfig};
use crate::spec::Sampling;
use crate::store::WorkFolder;
use std::sync::Arc;
use tallow_kernels::Gradients;

impl<'a> Run<'a> {
    pub(super) fn new(config: &'a RunConfig, folder: WorkFolder) -> Result<Self, Error> {
        check(config)?;
        let streams = Streams::of(config.seed);
        let data = Arc::new(collate::open(&config.train, config.task, &config.model, config.normalize.as_ref())?);
        let watched = match &config.monitor {
            MonitorConfig::File { path } if config.recipe.watching_decides() => Some(sha256_of_file(path)?),
            _ => None,
        };
        let identity = Identity::of(config, &sha256_of_file(&config.train)?, watched.as_deref());
        let (mut train, monitor) = divide(config, &data, streams.subset())?;
        train.retain(|example| !config.leave_out.contains(&(*example as usize)));
        let weights = match &config.init {
            InitFrom::Scratch => Source::Scratch,
            InitFrom::Weights { path, sha256 } => Source::Pretrained { path, sha256: Some(sha256) },
        };
        let model = config.recipe.dropout.map_or_else(|| config.model.clone(), |p| config.model.clone().with_dropout(p));
        let built = weights::build(&model, config.adapter.as_ref(), weights, streams.init(), &config.recipe.groups)?;
        let scale = Scale::of(&data, &train, &built.store);
        scale.iter().try_for_each(|scale| scale.enter(&built.store, &built.report))?;
        let lengths = lengths(&data, &train);
        let asked = guess::Asked {
            vocab_size: config.model.text_limits().map_or(0, |(vocab_size, _)| vocab_size),
            longest: lengths.iter().flatten().max().map_or(0, |longest| *longest as usize),
            batch_size: config.recipe.batch_size,
            similarity: config.similarity,
        };
        let choices = guess::choices(data.targets(), &asked);
        let rule = Rule::of(config, &data, &train)?;
        let similarity = similarity::Objective::of(config, &data, &train);
        let sampled = drawn_by(config.recipe.sampling, &data, &train)?;
        let order = Order::new(train, lengths, sampled, config.recipe.batch_size, streams.order());
        let compares = similarity.as_ref().is_some_and(similarity::Objective::compares_examples);
        let order = if compares { order.mixed() } else { order };
        let state = State::new(&config.recipe, &built.store)?;
        let average = config.recipe.ema.map(|ema| Average::new(ema, &built.store)).transpose()?;
        let grads = Gradients::new(&built.store);
        let (progress, before, saved) = (Progress::default(), Done::default(), None);
        let (best, reference, feed, inspection) = (None, None, None, None);
        Ok(Run {
            config,
            folder,
            identity,
            streams,
            data,
            monitor,
            scale,
            order,
            feed,
            rule,
            choices,
            reference,
            similarity,
            built,
            state,
            average,
            best,
            grads,
            inspection,
            repeats: false,
            progress,
            before,
            saved,
        })
    }
}

/// Tokens of each of `train`, where they have some.
fn lengths(data: &Prepared, train: &[u32]) -> Option<Vec<u32>> {
    data.example_len(*train.first()? as usize)?;
    let length = |&i: &u32| {
        data.give_back_after(i as usize);
        data.example_len(i as usize).unwrap_or(0) as u32
    };
    Some(train.iter().map(length).collect())
}

/// The weights by which the examples `train` are drawn with replacement; none: each is taken once an epoch.
fn drawn_by(sampling: Sampling, data: &Prepared, train: &[u32]) -> Result<Option<Vec<f64>>, Error> {
    let wrong = |expected: &str, found: String| Error::Config { field: "recipe.sampling", expected: expected.into(), found };
    match (sampling, data.targets(), data.weights()) {
        (Sampling::Shuffled, ..) => Ok(None),
        (Sampling::Balanced, PreparedTargets::Classes { of, names }, _) => {
            let weights = balanced(of, train, names.len());
            Ok(Some(train.iter().map(|&i| weights[of[i as usize] as usize]).collect()))
        }
        (Sampling::Balanced, ..) => Err(wrong("classes, each of which is drawn as often", "examples without".into())),
        (Sampling::Weighted, _, Some(weights)) => {
            let weights: Vec<f64> = train.iter().map(|&i| weights[i as usize]).collect();
            // Their sum is finite, however large they are.
            match weights.iter().copied().fold(0.0, f64::max) {
                0.0 => Err(wrong(
                    "an example that weighs more than 0 among those that are trained on",
                    format!("{} that weigh nothing", weights.len()),
                )),
                most => Ok(Some(weights.into_iter().map(|weight| weight / most).collect())),
            }
        }
        (Sampling::Weighted, _, None) => Err(wrong("a prepared split with weights of its examples", "one without".into())),
    }
}

/// What the config alone must hold.
fn check(config: &RunConfig) -> Result<(), Error> {
    let wrong = |field, expected: &str, found: String| Err(Error::Config { field, expected: expected.into(), found });
    let (batch, micro) = (config.recipe.batch_size, config.micro_batch_size);
    if batch == 0 {
        return wrong("recipe.batch_size", "at least 1", "0".into());
    }
    if micro == 0 || !batch.is_multiple_of(micro) {
        return wrong("micro_batch_size", "a divisor of recipe.batch_size", format!("{micro}, where that is {batch}"));
    }
    if config.total_steps == 0 {
        return wrong("total_steps", "at least 1", "0".into());
    }
    Ok(())
}
