//! What to try after an attempt of a script that did not complete: a pure function, as [`crate::run::recovery`] is for our own workers.
//!
//! A script is changed through what it takes from its shim alone: smaller forward passes for the same batch, a lower learning rate. One
//! that takes neither is only ever continued after an accident. Nothing is tried twice but to continue; at most [`MAX_ATTEMPTS`].

use super::{Settings, Told};
use crate::run::Outcome;
use crate::run::recovery::MAX_ATTEMPTS;
use serde::{Deserialize, Serialize};

/// How often a script that ended by accident (killed, stalled) is simply continued.
const MAX_ACCIDENTS: usize = 2;

/// What was decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Decision {
    Retry {
        settings: Settings,
        /// From the last checkpoint that it named, or from the start.
        goes_on: bool,
        reason: String,
    },
    /// `spent`: rules would go on, the number of attempts that the run was given is what ends it.
    GiveUp { reason: String, spent: bool },
}

/// One attempt that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    pub settings: Settings,
    pub outcome: Outcome,
    pub told: Vec<Told>,
}

/// What to do after the last of these attempts, oldest first; `most`: how many the run was given.
pub fn decide(tried: &[Tried], most: Option<usize>) -> Decision {
    let Some((last, before)) = tried.split_last() else { return give_up("nothing was tried") };
    let stopped = |tried: &&Tried| {
        matches!(tried.outcome, Outcome::Interrupted { .. } | Outcome::TimedOut { .. } | Outcome::BudgetSpent { .. })
    };
    let failures = tried.iter().filter(|tried| !stopped(tried)).count();
    let is_accident = |outcome: &Outcome| matches!(outcome, Outcome::Killed { .. } | Outcome::Stalled { .. });
    let next = match &last.outcome {
        Outcome::Completed => give_up("the run is complete"),
        Outcome::Interrupted { .. } => give_up("stopped by the user"),
        Outcome::TimedOut { limit_secs } => give_up(format!("the time limit of {limit_secs} s passed")),
        Outcome::BudgetSpent { .. } => give_up(last.outcome.to_string()),
        Outcome::Refused { message, .. } => give_up(message),
        Outcome::Crashed { exit_code } => {
            give_up(format!("the script ended with exit code {exit_code} and did not say that it is done"))
        }
        _ if failures >= MAX_ATTEMPTS => give_up(format!("{failures} attempts did not complete")),
        Outcome::OutOfMemory { .. } => smaller(last),
        Outcome::Diverged { step, .. } => lower(last, *step),
        Outcome::Killed { .. } | Outcome::Stalled { .. } => {
            if before.iter().filter(|tried| is_accident(&tried.outcome)).count() >= MAX_ACCIDENTS {
                return give_up("it ended by accident three times");
            }
            let reason = "it ended by accident: continued from its last checkpoint".into();
            Decision::Retry { settings: last.settings, goes_on: true, reason }
        }
    };
    match (&next, most) {
        (Decision::Retry { .. }, Some(most)) if failures >= most => Decision::GiveUp {
            reason: format!("{failures} attempt(s) did not complete, and `--max-attempts` is {most}"),
            spent: true,
        },
        _ => next,
    }
}

fn give_up(reason: impl Into<String>) -> Decision {
    Decision::GiveUp { reason: reason.into(), spent: false }
}

fn smaller(last: &Tried) -> Decision {
    let batch = last.told.iter().rev().find_map(|told| match told {
        Told::Batch { size, micro_batch } => Some((*size, *micro_batch)),
        _ => None,
    });
    let Some((size, micro_batch)) = batch else {
        return give_up("out of memory, and the script does not take its batches from `tallow.batch`");
    };
    // The largest smaller forward pass that divides the batch.
    let Some(to) = (1..=micro_batch / 2).rev().find(|part| size.is_multiple_of(*part)) else {
        return give_up("out of memory with one example a forward pass");
    };
    let settings = Settings { batch_parts: size / to, ..last.settings };
    let reason = format!("out of memory: {to} examples a forward pass instead of {micro_batch}, the batch of {size} is the same");
    Decision::Retry { settings, goes_on: true, reason }
}

fn lower(last: &Tried, step: u64) -> Decision {
    if !last.told.iter().any(|told| matches!(told, Told::Lr { .. })) {
        let reason = format!("diverged at step {step}, and the script does not take its learning rate from `tallow.lr`");
        return give_up(reason);
    }
    let settings = Settings { lr_scale: last.settings.lr_scale * 0.3, ..last.settings };
    let reason = format!("diverged at step {step}: {:e} of the script's learning rate, from the start", settings.lr_scale);
    // Its checkpoints may have been damaged long before it showed.
    Decision::Retry { settings, goes_on: false, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Class;
    use crate::job::Divergence;

    /// Attempts that all end so, until nothing is left to try.
    fn exhaust(outcome: &Outcome, told: impl Fn(&Settings) -> Vec<Told>) -> (Vec<Settings>, String) {
        let (mut tried, mut settings) = (Vec::new(), Settings::default());
        loop {
            tried.push(Tried { settings, outcome: outcome.clone(), told: told(&settings) });
            assert!(tried.len() <= MAX_ATTEMPTS);
            match decide(&tried, None) {
                Decision::Retry { settings: next, .. } => settings = next,
                Decision::GiveUp { reason, .. } => return (tried.iter().map(|tried| tried.settings).collect(), reason),
            }
        }
    }

    #[test]
    fn a_script_is_changed_through_what_it_takes() {
        let memory = Outcome::OutOfMemory { limit_bytes: None, peak_bytes: None };
        let takes_batches = |settings: &Settings| vec![Told::Batch { size: 12, micro_batch: 12 / settings.batch_parts }];
        let (settings, reason) = exhaust(&memory, takes_batches);
        assert_eq!(settings.iter().map(|s| s.batch_parts).collect::<Vec<_>>(), [1, 2, 4, 12]);
        assert_eq!(reason, "out of memory with one example a forward pass");
        assert!(exhaust(&memory, |_| vec![]).1.contains("`tallow.batch`"));
        let diverged = Outcome::Diverged { step: 3, what: Divergence::LossNotFinite, origin: None };
        let (settings, _) = exhaust(&diverged, |_| vec![Told::Lr { value: 1.0 }]);
        assert!(settings.len() == MAX_ATTEMPTS && settings.windows(2).all(|pair| pair[1].lr_scale < pair[0].lr_scale));
        assert!(exhaust(&diverged, |_| vec![]).1.contains("`tallow.lr`"));
        assert_eq!(exhaust(&Outcome::Killed { signal: 9 }, |_| vec![]).0, [Settings::default(); 3]);
        let refused = Outcome::Refused { class: Class::Data, message: "KeyError: 'x'".into(), hint: None };
        for outcome in [refused, Outcome::Crashed { exit_code: 1 }, Outcome::Interrupted { step: 1 }, Outcome::Completed] {
            assert_eq!(exhaust(&outcome, |_| vec![]).0.len(), 1, "{outcome:?}");
        }
    }

    #[test]
    fn being_stopped_uses_up_no_attempt_and_an_accident_goes_on() {
        let tried = |outcome: Outcome| Tried { settings: Settings::default(), outcome, told: vec![] };
        let mut history = vec![tried(Outcome::Interrupted { step: 1 }); 7];
        history.push(tried(Outcome::Stalled { limit_secs: 1 }));
        history.insert(0, tried(Outcome::BudgetSpent { budget: crate::run::Budget::Disk, what: "full".into() }));
        assert!(matches!(decide(&history, Some(2)), Decision::Retry { goes_on: true, .. }));
        assert!(matches!(decide(&history, Some(1)), Decision::GiveUp { spent: true, .. }));
    }
}
