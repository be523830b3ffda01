//! What an experiment says without effect, and what would surprise whoever reads its score: told, never silently passed over.

use super::Facts;
use crate::spec::{BestBy, ExperimentSpec, Keep, Metric, Monitor, Task, Warmup};
use crate::words;
use tallow_zoo::Modality;

/// For the plan's assumptions, each a sentence behind the key that it is about.
pub(super) fn idle(spec: &ExperimentSpec, facts: &Facts, total_steps: u64) -> Vec<String> {
    let recipe = &spec.recipe;
    let mut told = Vec::new();
    if recipe.evaluate_every.is_some() && spec.data.monitor == Monitor::None {
        told.push("recipe.evaluate_every: without effect, for nothing is watched (`data.monitor`)".into());
    }
    if recipe.best_by == BestBy::Loss && recipe.keep == Keep::Last && recipe.early_stopping.is_none() {
        told.push("recipe.best_by: without effect, for the last weights are kept and nothing stops early (`recipe.keep`)".into());
    }
    if recipe.ema.is_some_and(|ema| !ema.evaluate) {
        told.push(
            "recipe.ema: without effect, for it is the weights themselves that are scored and kept (`recipe.ema.evaluate`)"
                .into(),
        );
    }
    if recipe.max_seq_len.is_some() && matches!(spec.task.takes(), Modality::Image | Modality::Table) {
        told.push(format!("recipe.max_seq_len: without effect, for {} has no texts to cut", spec.task.in_words()));
    }
    if let Warmup::Steps(steps) = recipe.schedule.warmup()
        && steps >= total_steps
    {
        let [steps, total] = [steps as f64, total_steps as f64].map(words::count);
        told.push(format!("recipe.schedule.warmup: {steps} steps, and the run has {total}: its rate is never reached"));
    }
    if let (Task::TextClassification | Task::TabularClassification | Task::ImageClassification, Metric::F1, [_, second]) =
        (spec.task, spec.metric, facts.data.labels.as_slice())
    {
        told.push(format!("metric: F1 of the class `{second}`, the second (macro F1 is the mean of both)"));
    }
    told
}
