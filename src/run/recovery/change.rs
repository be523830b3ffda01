//! What recovery may change about a run, and what a run's config is with it.

use crate::job::RunConfig;
use crate::spec::{Optimizer, Warmup};
use serde::{Deserialize, Serialize};

/// What differs from the attempt before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Nothing: an accident is continued.
    Nothing,
    /// A smaller micro-batch and as much more accumulation; the effective batch is the same.
    MicroBatch { from: usize, to: usize },
    /// Activations are made again in backward instead of kept; the same bits.
    GradientCheckpointing,
    /// Lower learning rate, and a warm-up of at least a tenth of all steps.
    LowerLr { from: f64, to: f64 },
    /// Gradients of a lower global norm at most, instead of one of `from` or of a bound for each value.
    TighterClipping { from: Option<f64>, to: f64 },
    /// An optimiser whose updates are bounded more tightly at the same rate.
    OtherOptimizer { from: Optimizer, to: Optimizer },
    /// An example of the training split (from 0) is not trained on: only with consent.
    LeaveOut { example: usize },
}

impl Change {
    /// `config` with this change.
    pub fn apply(&self, config: &RunConfig) -> RunConfig {
        let mut config = config.clone();
        let recipe = &mut config.recipe;
        match self {
            Change::Nothing => {}
            Change::MicroBatch { to, .. } => config.micro_batch_size = *to,
            Change::GradientCheckpointing => recipe.gradient_checkpointing = true,
            Change::LowerLr { from, to } => {
                recipe.lr = *to;
                if let Optimizer::Muon { adamw_lr, .. } = &mut recipe.optimizer {
                    *adamw_lr *= to / from;
                }
                let steps = recipe.schedule.warmup().steps(config.total_steps).max(least_warmup(config.total_steps));
                recipe.schedule = recipe.schedule.with_warmup(Warmup::Steps(steps));
            }
            // One takes the place of the other: an experiment has at most one of them.
            Change::TighterClipping { to, .. } => (recipe.grad_clip_norm, recipe.grad_clip_value) = (Some(*to), None),
            Change::OtherOptimizer { from, to } => {
                recipe.lr = rate_after(from, recipe.lr);
                recipe.optimizer = to.clone();
            }
            Change::LeaveOut { example } => {
                config.leave_out.push(*example);
                config.leave_out.sort_unstable();
                config.leave_out.dedup();
            }
        }
        config
    }
}

/// Steps that a run warms up for at least once its rate was lowered.
pub(super) fn least_warmup(total_steps: u64) -> u64 {
    total_steps / 10
}

/// A share of a rate, without what is left of rounding: of a tenth of 0.1, which is 0.01, 2e-18.
pub(super) fn share_of(lr: f64, share: f64) -> f64 {
    format!("{:.11e}", lr * share).parse().unwrap_or(lr * share)
}

/// The rate that an optimiser has which takes the place of `from`: Muon's own is one of orthogonal updates, and says nothing to those of
/// AdamW, which had one beside it.
pub(super) fn rate_after(from: &Optimizer, lr: f64) -> f64 {
    if let Optimizer::Muon { adamw_lr, .. } = from { *adamw_lr } else { lr }
}
