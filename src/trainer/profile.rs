//! Where the time of a training step goes: real steps of a plan's model on random batches of the data's own size, each operation
//! beside the least that this machine needs for it.

use super::Error;
use super::calibrate::{matmul_flops, memory_bandwidth};
use super::objective::Wanted;
use super::optimizer::State;
use super::schedule::lr_at;
use super::similarity::Similar;
use super::streams::Streams;
use super::weights::{self, Source};
use crate::job::RunConfig;
use candle_core::{Device, Tensor};
use serde::Serialize;
use std::time::{Duration, Instant};
use tallow_kernels::{Gradients, Profile, Tape, Work};
use tallow_zoo::{Head, Input};

/// The first steps warm caches and memory, and are not counted.
const WARM_UP: u64 = 2;

/// What a batch holds, and how much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchShape {
    Texts { batch: usize, tokens: usize, vocab_size: usize },
    Images { batch: usize, channels: usize, height: usize, width: usize },
    Rows { batch: usize },
}

impl BatchShape {
    /// Tokens, images or rows.
    pub fn count(self) -> usize {
        match self {
            BatchShape::Texts { batch, tokens, .. } => batch * tokens,
            BatchShape::Images { batch, .. } | BatchShape::Rows { batch } => batch,
        }
    }
}

/// One line: an operation, or another part of a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub name: String,
    /// Times a step.
    pub calls: usize,
    /// Seconds a step.
    pub forward_secs: f64,
    pub backward_secs: f64,
    /// The least for both, at the measured speeds of products and memory.
    pub floor_secs: f64,
    /// Operations of products a step, both ways.
    pub flops: f64,
}

impl Row {
    /// Seconds a step, both ways.
    pub fn secs(&self) -> f64 {
        self.forward_secs + self.backward_secs
    }
}

/// Where a step's time goes. One micro-batch a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Profiled {
    pub shape: BatchShape,
    pub threads: usize,
    pub num_params: usize,
    pub steps: u64,
    /// Of all counted steps.
    pub median_secs: f64,
    pub min_secs: f64,
    /// Measured just before: a large product, and adding large arrays.
    pub matmul_flops: f64,
    pub memory_bytes_per_sec: f64,
    /// The slowest first.
    pub rows: Vec<Row>,
}

impl Profiled {
    /// The share of this machine's speed of products that a step reaches.
    pub fn product_share(&self) -> f64 {
        self.rows.iter().map(|row| row.flops).sum::<f64>() / self.median_secs / self.matmul_flops
    }
}

/// Takes `steps` training steps, at least one, from random weights on a random batch, and their time. `tell`: how many are done, after each.
///
/// # Errors
/// The batch does not suit the model, or an operation failed.
pub fn profile(config: &RunConfig, shape: BatchShape, steps: u64, tell: &mut dyn FnMut(u64)) -> Result<Profiled, Error> {
    tallow_kernels::set_threads(config.threads)?;
    let speeds = (matmul_flops()?, memory_bandwidth()?);
    let streams = Streams::of(config.seed);
    let built = weights::build(&config.model, config.adapter.as_ref(), Source::Scratch, streams.init(), &config.recipe.groups)?;
    let mut state = State::new(&config.recipe, &built.store)?;
    let mut grads = Gradients::new(&built.store);
    let (input, wanted) = random_batch(config, shape)?;
    let profile = Profile::default();
    let (mut times, mut rest) = (Vec::new(), [Duration::ZERO; 2]);
    for step in 0..WARM_UP + steps.max(1) {
        let counted = step >= WARM_UP;
        let begun = Instant::now();
        grads.clear();
        let tape = Tape::training(streams.dropout(step, 0)).saving(config.recipe.gradient_checkpointing);
        let tape = if counted { tape.profiled(&profile) } else { tape };
        let loss = wanted.loss(&tape, &built.model.forward(&tape, &input)?)?;
        tape.backward(&loss, &mut grads)?;
        let before_norm = Instant::now();
        let norm = grads.global_norm(&built.store)?;
        let before_step = Instant::now();
        let scale = config.recipe.grad_clip_norm.map_or(1.0, |max| (max / (norm + 1e-6)).min(1.0));
        let lr = lr_at(&config.recipe.schedule, config.recipe.lr, step, config.total_steps);
        state.step(&built.store, &grads, lr, step + 1, scale)?;
        if counted {
            times.push(begun.elapsed().as_secs_f64());
            rest[0] += before_step - before_norm;
            rest[1] += before_step.elapsed();
            tell(times.len() as u64);
        }
    }
    let elements = built.store.num_trainable();
    let moved = |numbers: usize| Work { flops: 0.0, bytes: 4.0 * numbers as f64 };
    // Reads weights, gradients and moments; writes weights and moments.
    let rest = [("gradient norm", rest[0], moved(elements)), ("optimiser", rest[1], moved(3 * elements + 2 * state.len()))];
    let rows = rows(&profile, &rest, &times, speeds);
    times.sort_by(f64::total_cmp);
    Ok(Profiled {
        shape,
        threads: config.threads,
        num_params: built.num_params(),
        steps: times.len() as u64,
        median_secs: times[times.len() / 2],
        min_secs: times[0],
        matmul_flops: speeds.0,
        memory_bytes_per_sec: speeds.1,
        rows,
    })
}

/// A line for each operation, for what comes behind backward, and for what none of them accounts for.
fn rows(profile: &Profile, rest: &[(&str, Duration, Work)], times: &[f64], speeds: (f64, f64)) -> Vec<Row> {
    let steps = times.len() as f64;
    let mut rows: Vec<Row> = profile
        .times()
        .iter()
        .map(|(name, t)| Row {
            name: name.to_string(),
            calls: t.calls / times.len(),
            forward_secs: t.forward.as_secs_f64() / steps,
            backward_secs: t.backward.as_secs_f64() / steps,
            floor_secs: (t.forward_work.floor(speeds.0, speeds.1) + t.backward_work.floor(speeds.0, speeds.1)) / steps,
            flops: (t.forward_work.flops + t.backward_work.flops) / steps,
        })
        .collect();
    for (name, took, work) in rest {
        let floor_secs = work.floor(speeds.0, speeds.1);
        let secs = took.as_secs_f64() / steps;
        rows.push(Row { name: name.to_string(), calls: 1, forward_secs: secs, backward_secs: 0.0, floor_secs, flops: 0.0 });
    }
    let told: f64 = rows.iter().map(Row::secs).sum();
    let forward_secs = (times.iter().sum::<f64>() / steps - told).max(0.0);
    rows.push(Row { name: "between".into(), calls: 1, forward_secs, backward_secs: 0.0, floor_secs: 0.0, flops: 0.0 });
    rows.sort_by(|a, b| b.secs().total_cmp(&a.secs()));
    rows
}

/// Random tokens, pixels or rows, and random answers.
fn random_batch(config: &RunConfig, shape: BatchShape) -> Result<(Input, Wanted), Error> {
    let stream = Streams::of(config.seed).order().named("profile");
    let numbers = |count: usize, below: usize| -> Vec<u32> {
        (0..count as u64).map(|i| ((stream.normal(i).abs() * 1e6) as usize % below.max(1)) as u32).collect()
    };
    let (batch, input) = match shape {
        BatchShape::Texts { batch, tokens, vocab_size } => {
            let token_ids = Tensor::from_vec(numbers(batch * tokens, vocab_size), (batch, tokens), &Device::Cpu)?;
            let lengths = vec![tokens; batch];
            if let Some(limits) = config.model.speech_limits() {
                let heard = batch * limits.mel_bins * limits.frames;
                let features: Vec<f32> = (0..heard as u64).map(|i| stream.normal(i)).collect();
                let features = Tensor::from_vec(features, (batch, limits.mel_bins, limits.frames), &Device::Cpu)?;
                let wanted = Wanted::Words(numbers(batch * tokens, vocab_size));
                return Ok((Input::Speech { features, target_ids: token_ids, target_lengths: lengths }, wanted));
            }
            if config.model.pair_ids().is_some() {
                let [source_ids, target_ids] = [token_ids.clone(), token_ids];
                let (source_lengths, target_lengths) = (lengths.clone(), lengths);
                return Ok((
                    Input::TextToText { source_ids, source_lengths, target_ids, target_lengths },
                    Wanted::Words(numbers(batch * tokens, vocab_size)),
                ));
            }
            let type_ids = token_ids.zeros_like()?;
            (batch, Input::Text { token_ids, type_ids, lengths })
        }
        BatchShape::Images { batch, channels, height, width } => {
            let values: Vec<f32> = (0..(batch * channels * height * width) as u64).map(|i| stream.normal(i)).collect();
            (batch, Input::Image { pixels: Tensor::from_vec(values, (batch, channels, height, width), &Device::Cpu)? })
        }
        BatchShape::Rows { batch } => {
            let (width, cardinalities) = config.model.table_limits().unwrap_or_default();
            let values: Vec<f32> = (0..(batch * width) as u64).map(|i| stream.normal(i)).collect();
            let columns = cardinalities.iter().map(|cardinality| numbers(batch, *cardinality)).collect::<Vec<_>>();
            let categories: Vec<u32> = (0..batch).flat_map(|row| columns.iter().map(move |column| column[row])).collect();
            let numbers = Tensor::from_vec(values, (batch, width), &Device::Cpu)?;
            (batch, Input::Table { numbers, categories: Tensor::from_vec(categories, (batch, columns.len()), &Device::Cpu)? })
        }
    };
    let wanted = match (config.model.head(), shape) {
        (Head::Words, BatchShape::Texts { tokens, vocab_size, .. }) => Wanted::Words(numbers(batch * tokens, vocab_size)),
        (Head::Span, BatchShape::Texts { tokens, .. }) => {
            let of = |at: u32| [at, at];
            Wanted::Spans(numbers(batch, tokens).into_iter().map(of).collect(), vec![tokens; batch])
        }
        (Head::Tags(tags), BatchShape::Texts { tokens, .. }) => Wanted::Tags(numbers(batch * tokens, tags.len())),
        (Head::Labels(labels), _) => {
            Wanted::Labels(numbers(batch * labels.len(), 2).iter().map(|flag| *flag == 1).collect(), labels.len())
        }
        (Head::Value, _) => Wanted::Values((0..batch as u64).map(|i| f64::from(stream.named("values").normal(i))).collect()),
        (Head::Vector(_), BatchShape::Texts { batch, .. }) => Wanted::Similar(Similar::groups(batch)),
        (head, _) => Wanted::Classes(numbers(batch, head.width())),
    };
    Ok((input, wanted))
}
