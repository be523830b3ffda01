//! What to try after an attempt that did not complete: a pure function of how it ended, its config and what was tried before.
//!
//! It never changes the effective batch, the data, the sequence length, the method, the seed or the number of steps, and never
//! proposes a configuration that was tried before. A retry either changes something or repeats an accident from the last
//! checkpoint. At most [`MAX_ATTEMPTS`] attempts, then a person decides.

use super::Outcome;
use crate::job::RunConfig;
use crate::spec::Warmup;
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
    /// Activations are made again in backward instead of kept; the same bits.
    GradientCheckpointing,
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
        Outcome::OutOfMemory { .. } => save_memory(config, history),
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

/// Halvings before activations are no longer kept: these cost no time, that costs a forward pass a step.
const HALVINGS: usize = 2;

fn save_memory(config: &RunConfig, history: &[Tried]) -> Decision {
    let from = config.micro_batch_size;
    // The largest smaller size that still divides the effective batch.
    let smaller = (1..=from / 2).rev().find(|size| config.recipe.batch_size.is_multiple_of(*size));
    let ran_out = history.iter().filter(|tried| matches!(tried.outcome, Outcome::OutOfMemory { .. })).count();
    let keeps = !config.recipe.gradient_checkpointing && config.model.can_checkpoint();
    if keeps && (ran_out >= HALVINGS || smaller.is_none()) {
        let mut config = config.clone();
        config.recipe.gradient_checkpointing = true;
        return Decision::Retry {
            change: Change::GradientCheckpointing,
            config: Box::new(config),
            from: From::LastCheckpoint,
            reason: "out of memory: activations are made again in backward instead of kept, the weights are the same".into(),
        };
    }
    let Some(to) = smaller else {
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
    let schedule = &mut config.recipe.schedule;
    *schedule = schedule.with_warmup(Warmup::Steps(schedule.warmup().steps(config.total_steps).max(least)));
    Decision::Retry {
        change: Change::LowerLr { from, to },
        config: Box::new(config),
        // The weights may have been damaged long before it showed.
        from: From::Start,
        reason: format!(
            "diverged at step {step}: learning rate {to:e} instead of {from:e}, warm-up of at least {least} steps, from the start"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Divergence, InitFrom, MonitorConfig};
    use crate::spec::{Length, Metric, Optimizer, Recipe, Schedule, Task};

    fn config(batch_size: usize) -> RunConfig {
        let recipe = Recipe::bare(
            Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 },
            0.1,
            Schedule::linear(Warmup::Steps(5)),
            Length::Steps(100),
            batch_size,
        );
        RunConfig {
            version: 1,
            name: "seed-0".into(),
            task: Task::TextClassification,
            model: (tallow_zoo::registry()[0].tiny)(),
            adapter: None,
            preference: None,
            similarity: None,
            init: InitFrom::Scratch,
            train: "train".into(),
            monitor: MonitorConfig::None,
            max_train_examples: None,
            recipe,
            micro_batch_size: batch_size,
            total_steps: 100,
            metric: Metric::Accuracy,
            writing: None,
            normalize: None,
            seed: 0,
            threads: 1,
            checkpoint_every_steps: 5,
            monitor_every_steps: 5,
            log_every_steps: 1,
        }
    }

    /// Attempts that all end in `outcome`, until recovery gives up; the reason that it gives.
    fn exhaust(outcome: &Outcome, first: RunConfig) -> (Vec<RunConfig>, String) {
        let (mut history, mut config) = (Vec::new(), first);
        loop {
            let decision = decide(outcome, &config, &history);
            history.push(Tried { config: config.clone(), outcome: outcome.clone() });
            assert!(history.len() <= MAX_ATTEMPTS);
            match decision {
                Decision::Retry { config: next, .. } => config = *next,
                Decision::GiveUp { reason } => return (history.into_iter().map(|tried| tried.config).collect(), reason),
            }
        }
    }

    #[test]
    fn without_memory_each_attempt_is_smaller_and_the_step_is_the_same() {
        let memory = Outcome::OutOfMemory { limit_bytes: None };
        let sizes = |configs: &[RunConfig]| configs.iter().map(|c| c.micro_batch_size).collect::<Vec<_>>();
        let (configs, reason) = exhaust(&memory, config(96));
        let keeping = |configs: &[RunConfig]| configs.iter().filter(|c| !c.recipe.gradient_checkpointing).count();
        assert_eq!((sizes(&configs), keeping(&configs)), (vec![96, 48, 24, 24, 12], 3));
        let as_first = |c: &RunConfig| {
            let recipe = Recipe { gradient_checkpointing: false, ..c.recipe.clone() };
            RunConfig { micro_batch_size: 96, recipe, ..c.clone() }
        };
        assert!(configs.iter().all(|c| as_first(c) == config(96)), "nothing else changes");
        assert_eq!(reason, "5 attempts did not complete: out of memory with 96, 48, 24, 24, 12 examples a forward pass");
        let (configs, reason) = exhaust(&memory, config(3));
        assert_eq!((sizes(&configs), keeping(&configs)), (vec![3, 1, 1], 2));
        assert_eq!(reason, "out of memory with one example a forward pass");
    }

    #[test]
    fn divergence_lowers_the_rate_from_the_start_and_accidents_are_continued_twice() {
        let diverged = Outcome::Diverged { step: 9, what: Divergence::LossNotFinite };
        let Decision::Retry { config: next, from: From::Start, .. } = decide(&diverged, &config(8), &[]) else {
            panic!("a retry")
        };
        assert!((next.recipe.lr - 0.03).abs() < 1e-12 && next.recipe.schedule.warmup() == Warmup::Steps(10));
        assert_eq!(exhaust(&diverged, config(8)).0.len(), MAX_ATTEMPTS);
        let (configs, reason) = exhaust(&Outcome::Killed { signal: 9 }, config(8));
        assert_eq!((configs, reason.as_str()), (vec![config(8); 3], "it ended by accident three times"));
    }

    #[test]
    fn being_stopped_uses_up_no_attempt() {
        let tried = |outcome: Outcome| Tried { config: config(8), outcome };
        let stopped = [Outcome::Interrupted { step: 1 }, Outcome::TimedOut { limit_secs: 1 }].map(tried);
        let history = [stopped.clone(), stopped.clone(), stopped].concat();
        let accident = Outcome::Killed { signal: 9 };
        assert!(matches!(decide(&accident, &config(8), &history), Decision::Retry { change: Change::Nothing, .. }));
        for outcome in [Outcome::TimedOut { limit_secs: 1 }, Outcome::Interrupted { step: 1 }, Outcome::Completed] {
            assert!(matches!(decide(&outcome, &config(8), &[]), Decision::GiveUp { .. }), "{outcome:?}");
        }
    }
}
