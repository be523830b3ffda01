//! The learning rate that is usual for a run, whatever it was given: what recovery goes to where the given one is far above it.

use super::adapter;
use super::defaults::{self, Case};
use crate::job::{InitFrom, RunConfig};
use crate::plan::Plan;
use crate::spec::{Recipe, Task};

/// The rate of the documented default for such a model and task with the run's own optimiser, higher in proportion where its batch is larger
/// (Goyal et al. 2017, section 2.1); none where nothing is documented for it, some parameters are frozen, or have rates of their own.
pub fn usual_rate(plan: &Plan, run: &RunConfig) -> Option<f64> {
    let has_own = run.recipe.groups.iter().any(|group| group.lr_scale != 1.0 || group.frozen);
    if has_own || run.recipe.layerwise_lr_decay.is_some() {
        return None;
    }
    let pretrained = run.init != InitFrom::Scratch;
    let (data, piece) = (&plan.facts.data, run.recipe.max_seq_len.unwrap_or(1));
    let case = Case {
        config: &run.model,
        pretrained,
        task: run.task,
        mirror: false,
        piece,
        examples: plan.train_examples(piece),
        scored: data.columns.label.is_some(),
        longest: None,
        mean_tokens: data.mean_tokens,
    };
    let usual = defaults::usual(&case).recipe;
    let usual = match run.adapter.is_some() && run.task != Task::PreferenceOptimization {
        true => Recipe { lr: adapter::ADAMW, ..usual },
        false => usual,
    };
    let larger = (run.recipe.batch_size as f64 / usual.batch_size.max(1) as f64).max(1.0);
    let lr = match run.recipe.optimizer.name() == usual.optimizer.name() {
        true => usual.lr,
        false => defaults::with_optimizer(defaults::kind_of(&run.recipe.optimizer), &usual)?.lr,
    };
    Some(lr * larger).filter(|lr| lr.is_finite() && *lr > 0.0)
}
