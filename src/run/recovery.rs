//! What to try after an attempt that did not complete: a pure function of how it ended, its config and what was tried before.
//!
//! It never changes the effective batch, the data, the sequence length, the method, the seed or the number of steps, and never
//! proposes a configuration that was tried before. A retry either changes something or repeats an accident from the last
//! checkpoint. At most [`MAX_ATTEMPTS`] attempts, then a person decides.

use super::Outcome;
use crate::job::RunConfig;
use crate::spec::{Schedule, Warmup};
use serde::{Deserialize, Serialize};

/// Attempts a run gets at most, the first included.
pub const MAX_ATTEMPTS: usize = 5;

/// How often a run that ended by accident (killed, crashed, stalled) is simply continued.
const MAX_ACCIDENTS: usize = 2;

/// What recovery decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Decision {
    /// Try again with `config`; from the last checkpoint or from the start.
    Retry { change: Change, config: Box<RunConfig>, from: From, reason: String },
    /// Nothing left that rules may try: flagged for a person.
    GiveUp { reason: String },
}

/// What differs from the attempt before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Nothing: an accident is continued.
    Nothing,
    /// Micro-batch halved and accumulation doubled; the effective batch is the same.
    MicroBatch { from: usize, to: usize },
    /// Lower learning rate, and a warm-up of at least a tenth of all steps.
    LowerLr { from: f64, to: f64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    LastCheckpoint,
    Start,
}

/// One attempt that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    pub config: RunConfig,
    pub outcome: Outcome,
}

/// What to do after `outcome` of an attempt with `config`; `history` holds every attempt before it, oldest first.
pub fn decide(outcome: &Outcome, config: &RunConfig, history: &[Tried]) -> Decision {
    let give_up = |reason: String| Decision::GiveUp { reason };
    // Being stopped by the user, or by a budget that the user has raised since, is no failure and uses up nothing.
    let stopped = |outcome: &Outcome| matches!(outcome, Outcome::Interrupted { .. } | Outcome::TimedOut { .. });
    let failures = 1 + history.iter().filter(|tried| !stopped(&tried.outcome)).count();
    if failures >= MAX_ATTEMPTS {
        return give_up(format!("{failures} attempts did not complete{}", sizes_tried(outcome, config, history)));
    }
    match outcome {
        Outcome::Completed => give_up("the run is complete".into()),
        Outcome::Interrupted { .. } => give_up("stopped by the user".into()),
        Outcome::BudgetSpent { what } => give_up(format!("the budget is spent: {what}")),
        Outcome::TimedOut { limit_secs } => give_up(format!("the time limit of {limit_secs} s passed")),
        Outcome::Refused { message, .. } => give_up(format!("the worker refused the job: {message}")),
        Outcome::OutOfMemory { .. } => halve_micro_batch(config),
        Outcome::Diverged { step, .. } => lower_lr(config, *step),
        Outcome::Killed { .. } | Outcome::Crashed { .. } | Outcome::Stalled { .. } => {
            let accident = |o: &Outcome| matches!(o, Outcome::Killed { .. } | Outcome::Crashed { .. } | Outcome::Stalled { .. });
            if history.iter().filter(|t| accident(&t.outcome)).count() >= MAX_ACCIDENTS {
                return give_up("it ended by accident three times".into());
            }
            Decision::Retry {
                change: Change::Nothing,
                config: Box::new(config.clone()),
                from: From::LastCheckpoint,
                reason: "it ended by accident: continued from the last checkpoint".into(),
            }
        }
    }
}

/// ": out of memory with 64, 32, 16 examples a forward pass"; nothing where memory never ran out.
fn sizes_tried(outcome: &Outcome, config: &RunConfig, history: &[Tried]) -> String {
    let all = history.iter().map(|tried| (&tried.outcome, &tried.config)).chain([(outcome, config)]);
    let sizes: Vec<String> = all
        .filter(|(outcome, _)| matches!(outcome, Outcome::OutOfMemory { .. }))
        .map(|(_, config)| config.micro_batch_size.to_string())
        .collect();
    if sizes.is_empty() { String::new() } else { format!(": out of memory with {} examples a forward pass", sizes.join(", ")) }
}

fn halve_micro_batch(config: &RunConfig) -> Decision {
    let from = config.micro_batch_size;
    // The largest smaller size that still divides the effective batch.
    let Some(to) = (1..=from / 2).rev().find(|size| config.recipe.batch_size.is_multiple_of(*size)) else {
        return Decision::GiveUp { reason: "out of memory with one example a forward pass".into() };
    };
    Decision::Retry {
        change: Change::MicroBatch { from, to },
        config: Box::new(RunConfig { micro_batch_size: to, ..config.clone() }),
        from: From::LastCheckpoint,
        reason: format!("out of memory: {to} examples a forward pass instead of {from}, the effective batch is the same"),
    }
}

fn lower_lr(config: &RunConfig, step: u64) -> Decision {
    let (from, to) = (config.recipe.lr, config.recipe.lr * 0.3);
    let mut config = config.clone();
    config.recipe.lr = to;
    let least = config.total_steps / 10;
    let (Schedule::Constant { warmup } | Schedule::Linear { warmup } | Schedule::Cosine { warmup } | Schedule::Step { warmup, .. }) =
        &mut config.recipe.schedule;
    let steps = match *warmup {
        Warmup::Steps(steps) => steps,
        Warmup::Frac(frac) => (frac * config.total_steps as f64) as u64,
    };
    *warmup = Warmup::Steps(steps.max(least));
    Decision::Retry {
        change: Change::LowerLr { from, to },
        config: Box::new(config),
        // The weights may have been damaged long before it showed.
        from: From::Start,
        reason: format!("diverged at step {step}: learning rate {to:e} instead of {from:e}, warm-up of at least {least} steps, from the start"),
    }
}
