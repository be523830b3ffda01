//! What to try after an attempt that did not complete: a pure function of how it ended, its config, what was tried before and what
//! the person who runs it allows.
//!
//! | it ended | tried, in this order | from |
//! |---|---|---|
//! | out of memory | as large a micro-batch as is reckoned to fit, at most half, twice; half of it again | the start |
//! | | between these: activations made again in backward | the last checkpoint |
//! | no better after all steps than before them or midway | a rate lower by ten | the start |
//! | the same, or diverged, at a rate far above the usual one | the usual rate | the start |
//! | diverged, after losses or gradients grew | a lower rate; tighter clipping; another optimiser | the start |
//! | diverged in one step, all calm before | tighter clipping; a lower rate; another optimiser | the start |
//! | diverged by an example that is not finite | the example is left out, where that is allowed | the start |
//! | diverged by the weights that it began with | nothing | |
//! | killed, crashed, stalled | the same again, twice | the last checkpoint |
//! | anything else | nothing | |
//!
//! Preparation and evaluation are done [`anew`](anew::again): after an accident, twice; out of memory, with half the examples at once.
//!
//! It never changes the effective batch, the sequence length, the method, the seed or the number of steps, nor the data without
//! consent, and never proposes a configuration that was tried before. A retry either changes something or repeats an accident. At most
//! [`MAX_ATTEMPTS`] attempts, then a person decides, by a [`review`].

mod anew;
mod change;
mod divergence;
mod memory;
mod review;
#[cfg(test)]
pub(super) mod tests;

pub use anew::{Again, Begun, again, batch_size_after, review_of};
pub use change::Change;
pub use memory::Needs;
pub use review::{Review, review};

use super::Outcome;
use crate::job::RunConfig;
use crate::words::counted;
use serde::{Deserialize, Serialize};

/// Attempts a run gets at most, the first included.
pub const MAX_ATTEMPTS: usize = 5;

/// How often a run that ended by accident (killed, crashed, stalled) is simply continued.
pub const MAX_ACCIDENTS: usize = 2;

/// What recovery decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Decision {
    /// Try again with `config`; from the last checkpoint or from the start.
    Retry { change: Change, config: Box<RunConfig>, from: From, reason: String },
    /// Nothing left that rules may try: flagged for a person. `spent`: rules would go on, the number of attempts that the run was
    /// given is what ends it.
    GiveUp { reason: String, spent: bool },
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

/// What the person who runs it allows, and what it is reckoned to need.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Allowed {
    /// At most [`MAX_ATTEMPTS`].
    pub attempts: usize,
    /// Changes of what is tested, such as of the data.
    pub scope_change: bool,
    /// Of memory, where somebody reckoned it.
    pub needs: Option<Needs>,
    /// The learning rate that is usual for such a run, where that is known.
    pub usual_lr: Option<f64>,
}

impl Default for Allowed {
    fn default() -> Self {
        Allowed { attempts: MAX_ATTEMPTS, scope_change: false, needs: None, usual_lr: None }
    }
}

/// What to do after `outcome` of an attempt with `config`; `history` holds every attempt before it, oldest first.
pub fn decide(outcome: &Outcome, config: &RunConfig, history: &[Tried], allowed: Allowed) -> Decision {
    let next = proposed(outcome, config, history, allowed);
    if matches!(next, Decision::GiveUp { .. }) {
        return next;
    }
    let failures = 1 + history.iter().filter(|tried| !is_stopped(&tried.outcome)).count();
    match failures {
        _ if failures >= MAX_ATTEMPTS => {
            give_up(format!("{failures} attempts did not complete{}", memory::sizes_tried(outcome, config, history)))
        }
        _ if failures >= allowed.attempts => {
            let attempts = counted(failures, "attempt");
            let reason = format!("{attempts} did not complete, and `budget.max_attempts` is {}", allowed.attempts);
            Decision::GiveUp { reason, spent: true }
        }
        _ => next,
    }
}

/// What is left to try, however many attempts were made: what one more attempt begins with that a person grants.
pub fn proposed(outcome: &Outcome, config: &RunConfig, history: &[Tried], allowed: Allowed) -> Decision {
    let next = match outcome {
        Outcome::Completed => give_up("the run is complete"),
        Outcome::Interrupted { .. } => give_up("stopped by the user"),
        Outcome::BudgetSpent { what, .. } => give_up(format!("the budget is spent: {what}")),
        Outcome::TimedOut { limit_secs } => give_up(format!("the time limit of {limit_secs} s passed")),
        Outcome::Refused { message, .. } => give_up(format!("the worker refused the job: {message}")),
        Outcome::OutOfMemory { .. } => memory::save(outcome, config, history, allowed),
        Outcome::Diverged { step, what, origin } => divergence::calm((*step, *what), origin.as_ref(), config, history, allowed),
        Outcome::Killed { .. } | Outcome::Crashed { .. } | Outcome::Stalled { .. } => continue_accident(outcome, config, history),
    };
    let Decision::Retry { change, config: new, .. } = &next else { return next };
    let was_tried = new.as_ref() == config || history.iter().any(|tried| tried.config == **new);
    if *change != Change::Nothing && was_tried {
        return give_up("nothing is left that was not tried");
    }
    next
}

/// Being stopped by the user, or by a budget that the user has raised since, is no failure and uses up nothing.
pub fn is_stopped(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Interrupted { .. } | Outcome::TimedOut { .. } | Outcome::BudgetSpent { .. })
}

fn is_memory(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::OutOfMemory { .. })
}

fn give_up(reason: impl Into<String>) -> Decision {
    Decision::GiveUp { reason: reason.into(), spent: false }
}

/// A retry of `config` with `change`.
fn retry(change: Change, config: &RunConfig, from: From, reason: String) -> Decision {
    let config = Box::new(change.apply(config));
    Decision::Retry { change, config, from, reason }
}

fn is_accident(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Killed { .. } | Outcome::Crashed { .. } | Outcome::Stalled { .. })
}

fn continue_accident(outcome: &Outcome, config: &RunConfig, history: &[Tried]) -> Decision {
    if history.iter().filter(|tried| is_accident(&tried.outcome)).count() >= MAX_ACCIDENTS {
        return give_up("it ended by accident three times");
    }
    let reason = format!("it ended by accident ({outcome}): continued from the last checkpoint");
    retry(Change::Nothing, config, From::LastCheckpoint, reason)
}
