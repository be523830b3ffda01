//! A run that needs more memory than there is: smaller forward passes, the same steps.

use super::{Change, Decision, From, Outcome, RunConfig, Tried, give_up, is_memory, retry};

/// Halvings before activations are no longer kept: these cost no time, that costs a forward pass a step.
const HALVINGS: usize = 2;

/// Whether memory ran out in any of these.
pub(super) fn ran_out(history: &[Tried]) -> usize {
    history.iter().filter(|tried| is_memory(&tried.outcome)).count()
}

pub(super) fn save(config: &RunConfig, history: &[Tried]) -> Decision {
    let early = if ran_out(history) < HALVINGS { halve(config) } else { None };
    early
        .or_else(|| keep_less(config))
        .or_else(|| halve(config))
        .unwrap_or_else(|| give_up("out of memory with one example a forward pass"))
}

/// The largest smaller forward pass that still divides the effective batch.
fn halve(config: &RunConfig) -> Option<Decision> {
    let from = config.micro_batch_size;
    let to = (config.model.fewest_examples()..=from / 2).rev().find(|size| config.recipe.batch_size.is_multiple_of(*size))?;
    // Sums are cut otherwise, which shows in their last bits: a run that was cut in two ways could not be repeated from its config.
    let reason =
        format!("out of memory: {to} examples a forward pass instead of {from}, the effective batch is the same, from the start");
    Some(retry(Change::MicroBatch { from, to }, config, From::Start, reason))
}

/// Activations are made again instead of kept.
fn keep_less(config: &RunConfig) -> Option<Decision> {
    if config.recipe.gradient_checkpointing || !config.model.can_checkpoint() {
        return None;
    }
    let reason = "out of memory: activations are made again in backward instead of kept, the weights are the same, from the last checkpoint";
    Some(retry(Change::GradientCheckpointing, config, From::LastCheckpoint, reason.into()))
}

/// ": out of memory with 64, 32, 16 examples a forward pass"; nothing where memory never ran out.
pub(super) fn sizes_tried(outcome: &Outcome, config: &RunConfig, history: &[Tried]) -> String {
    let all = history.iter().map(|tried| (&tried.outcome, &tried.config)).chain([(outcome, config)]);
    let sizes: Vec<String> =
        all.filter(|(outcome, _)| is_memory(outcome)).map(|(_, config)| config.micro_batch_size.to_string()).collect();
    if sizes.is_empty() { String::new() } else { format!(": out of memory with {} examples a forward pass", sizes.join(", ")) }
}
