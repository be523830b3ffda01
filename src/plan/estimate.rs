//! What a run costs: a first estimate from the model's own count of its work.

use super::{Estimate, Facts};
use crate::job::RunConfig;
use crate::spec::Optimizer;

/// Share of the machine's matrix product speed that training reaches, from runs on two cores: products of transformers are
/// large, those of small convolutions are not.
fn efficiency(family: &str) -> f64 {
    if family.starts_with("resnet") { 0.25 } else { 0.45 }
}

/// Cost of `run`; a backward pass costs two forward passes.
pub(super) fn estimate(run: &RunConfig, facts: &Facts) -> Estimate {
    let size = match (facts.data.mean_tokens, facts.data.image_shape) {
        (Some(tokens), _) => tokens.round().max(1.0) as usize,
        (None, Some([height, ..])) => height,
        (None, None) => 1,
    };
    let num_params = run.model.num_params();
    let train_flops = 3.0 * run.model.forward_flops(run.recipe.batch_size, size) * run.total_steps as f64;
    let moments = match run.recipe.optimizer {
        Optimizer::Adamw { .. } => 2,
        Optimizer::Sgd { .. } => 1,
    };
    let longest = if facts.data.mean_tokens.is_some() { run.recipe.max_seq_len.unwrap_or(size).min(4 * size) } else { size };
    let activations = run.model.activation_bytes(run.micro_batch_size, longest);
    Estimate {
        num_params,
        train_flops,
        train_secs: train_flops / (facts.host.matmul_flops * efficiency(run.model.family())),
        peak_memory_bytes: ((2 + moments) * num_params * 4) as u64 + activations as u64,
    }
}
