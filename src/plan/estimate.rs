//! What a run costs: a first estimate from the model's own count of its work.

use super::{DataFacts, Estimate, HostFacts};
use crate::spec::{Optimizer, Recipe};
use tallow_zoo::ModelConfig;

/// Share of the machine's matrix product speed that training reaches, from runs on two cores (`benches/RESULTS.md`): products of
/// transformers are large, those of small convolutions are not.
fn efficiency(model: &ModelConfig) -> f64 {
    match model {
        ModelConfig::Bert(config) if config.hidden_size < 128 => 0.2,
        ModelConfig::Bert(_) => 0.6,
        ModelConfig::Resnet(_) | ModelConfig::ResnetCifar(_) => 0.5,
    }
}

/// Cost of so many steps with forward passes of `micro_batch_size`; a backward pass costs two forward passes.
pub fn estimate(model: &ModelConfig, recipe: &Recipe, micro_batch_size: usize, steps: u64, data: &DataFacts, host: &HostFacts) -> Estimate {
    let size = match (data.mean_tokens, data.image_shape) {
        (Some(tokens), _) => (tokens.round().max(1.0) as usize).min(recipe.max_seq_len.unwrap_or(usize::MAX)),
        (None, Some([height, ..])) => height,
        (None, None) => 1,
    };
    let num_params = model.num_params();
    let train_flops = 3.0 * model.forward_flops(recipe.batch_size, size) * steps as f64;
    let moments = match recipe.optimizer {
        Optimizer::Adamw { .. } => 2,
        Optimizer::Sgd { .. } => 1,
    };
    let longest = if data.mean_tokens.is_some() { recipe.max_seq_len.unwrap_or(size).min(4 * size) } else { size };
    let activations = model.activation_bytes(micro_batch_size, longest);
    Estimate {
        num_params,
        train_flops,
        train_secs: train_flops / (host.matmul_flops * efficiency(model)),
        peak_memory_bytes: ((2 + moments) * num_params * 4) as u64 + activations as u64,
    }
}
