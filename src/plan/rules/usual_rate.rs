//! The learning rate that is usual for a run, whatever it was given: what recovery goes to where the given one is far above it.

use super::adapter;
use super::defaults::{self, Case};
use crate::job::{InitFrom, RunConfig};
use crate::plan::DataFacts;
use crate::spec::{Recipe, Task};

/// The rate of the documented default for such a model and task with the run's own optimiser; none where nothing is documented for it.
pub fn usual_rate(run: &RunConfig, data: &DataFacts) -> Option<f64> {
    let pretrained = run.init != InitFrom::Scratch;
    let case = Case {
        config: &run.model,
        pretrained,
        task: run.task,
        mirror: false,
        piece: run.recipe.max_seq_len.unwrap_or(1),
        examples: data.splits.first().map_or(0, |split| split.examples),
        scored: data.columns.label.is_some(),
        longest: None,
        mean_tokens: data.mean_tokens,
    };
    let usual = defaults::usual(&case).recipe;
    let usual = match run.adapter.is_some() && run.task != Task::PreferenceOptimization {
        true => Recipe { lr: adapter::ADAMW, ..usual },
        false => usual,
    };
    if run.recipe.optimizer.name() == usual.optimizer.name() {
        return Some(usual.lr);
    }
    let other = defaults::with_optimizer(defaults::kind_of(&run.recipe.optimizer), &usual)?;
    Some(other.lr).filter(|lr| lr.is_finite() && *lr > 0.0)
}
