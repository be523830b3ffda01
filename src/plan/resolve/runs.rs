//! The runs of a plan, one a seed.

use super::{Layout, micro_batch_size, target_len};
use crate::job::{InitFrom, MonitorConfig, Normalize, RunConfig, Writing};
use crate::plan::Facts;
use crate::plan::estimate::Pauses;
use crate::spec::{AdapterSpec, ExperimentSpec, Monitor, Similarity, Speech, Task, TextToText};
use tallow_zoo::ModelConfig;

/// What the runs of a plan have in common.
pub(super) struct Common<'a> {
    pub(super) spec: &'a ExperimentSpec,
    pub(super) facts: &'a Facts,
    pub(super) layout: &'a Layout,
    pub(super) model: ModelConfig,
    pub(super) normalize: Option<Normalize>,
    pub(super) similarity: Option<Similarity>,
    pub(super) total_steps: u64,
    pub(super) pauses: Pauses,
}

impl Common<'_> {
    pub(super) fn run(&self, seed: u64) -> RunConfig {
        let (spec, facts) = (self.spec, self.facts);
        let file = |split: &str| self.layout.prepared.join(format!("{split}.safetensors"));
        let init = match (&facts.model.weights, &facts.model.weights_sha256) {
            (Some(path), sha256) => InitFrom::Weights { path: path.clone(), sha256: sha256.clone().unwrap_or_default() },
            (None, _) => InitFrom::Scratch,
        };
        let mut run = RunConfig {
            version: 1,
            name: format!("seed-{seed}"),
            task: spec.task,
            model: self.model.clone(),
            adapter: spec.adapter.as_ref().map(AdapterSpec::adapter),
            preference: (spec.task == Task::PreferenceOptimization).then(|| spec.preference.unwrap_or_default()),
            similarity: self.similarity,
            init,
            train: file(&spec.data.train),
            monitor: match &spec.data.monitor {
                Monitor::None => MonitorConfig::None,
                Monitor::HoldOut { examples } => MonitorConfig::HoldOut { examples: *examples },
                Monitor::Split { name } => MonitorConfig::File { path: file(name) },
            },
            max_train_examples: spec.data.max_train_examples,
            leave_out: Vec::new(),
            recipe: spec.recipe.clone(),
            micro_batch_size: micro_batch_size(spec),
            total_steps: 0,
            metric: spec.metric,
            writing: writing(spec, facts, &self.model, self.layout),
            normalize: self.normalize.clone(),
            seed,
            threads: self.layout.threads,
            checkpoint_every_steps: 0,
            monitor_every_steps: 0,
            log_every_steps: 0,
        };
        self.pauses.enter(self.total_steps, &mut run);
        run
    }
}

impl Pauses {
    pub(super) fn enter(&self, total_steps: u64, run: &mut RunConfig) {
        run.total_steps = total_steps;
        run.checkpoint_every_steps = self.checkpoint_every_steps;
        run.monitor_every_steps = self.monitor_every_steps;
        run.log_every_steps = (total_steps / 200).max(1);
    }
}

/// How texts are written that are compared with targets; none where nothing is.
fn writing(spec: &ExperimentSpec, facts: &Facts, model: &ModelConfig, layout: &Layout) -> Option<Writing> {
    let (_, positions) = model.text_limits()?;
    let compared = spec.speech.as_ref().map(|speech| speech.compared).unwrap_or_default();
    let (num_beams, length_penalty) = match spec.task {
        Task::TextToText => {
            let TextToText { num_beams, length_penalty, .. } = spec.text_to_text.clone().unwrap_or_default();
            (num_beams, length_penalty)
        }
        Task::SpeechRecognition => {
            let Speech { num_beams, length_penalty, .. } = spec.speech.clone().unwrap_or_default();
            (num_beams, length_penalty)
        }
        _ => return None,
    };
    let speech = facts.model.speech.clone().unwrap_or_default();
    let never = facts.model.config.pair_ids().and_then(|ids| ids.never);
    let max_new_tokens = target_len(spec).unwrap_or(positions);
    let tokenizer = layout.prepared.join("tokenizer.json");
    Some(Writing {
        tokenizer,
        max_new_tokens,
        num_beams,
        length_penalty,
        samples: 0,
        compared,
        suppress_tokens: speech.suppress_tokens.into_iter().chain(never).collect(),
        begin_suppress_tokens: speech.begin_suppress_tokens,
    })
}
