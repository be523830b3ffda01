//! What to try after an attempt of a script that did not complete: a pure function, as [`crate::run::recovery`] is for our own workers.
//!
//! A script is changed through what it takes from its shim alone: smaller forward passes for the same batch, a lower learning rate. One
//! that takes neither is only ever continued after an accident. Where that is not enough and somebody mends scripts, another script comes
//! next. Nothing is tried twice but to continue; at most [`MAX_ATTEMPTS`] in all, of however many scripts.

use super::python::Kind;
use super::{Settings, Told};
use crate::error::Class;
use crate::run::recovery::{MAX_ACCIDENTS, MAX_ATTEMPTS, is_stopped};
use crate::run::{OF_ITSELF, Outcome};
use crate::words::{counted, plain};
use serde::{Deserialize, Serialize};

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
    /// Another script, in place of the last one, begins anew.
    Mend { reason: String },
    /// `spent`: rules would go on, the number of attempts that the run was given is what ends it.
    GiveUp { reason: String, spent: bool },
}

/// One attempt that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// The script as it was run.
    pub script: String,
    pub settings: Settings,
    pub outcome: Outcome,
    pub told: Vec<Told>,
    /// The exception that its log ends with.
    pub raised: Option<Kind>,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Next {
    /// Another script, from the start.
    Write,
    /// The last script once more.
    Run { settings: Settings, goes_on: bool },
}

/// What a process begins with after what earlier ones tried: what was decided of the last attempt, where the process that decided it could
/// not try it any more; none where that attempt completed. Where nothing was left to try, that a person resumed the run is another chance.
/// `given`: whether there is a script to begin with.
pub fn begin(tried: &[Tried], given: bool, mends: bool) -> Option<Next> {
    let Some(last) = tried.last() else {
        return Some(if given { Next::Run { settings: Settings::default(), goes_on: true } } else { Next::Write });
    };
    if last.outcome == Outcome::Completed {
        return None;
    }
    Some(match decide(tried, None, mends) {
        Decision::Retry { settings, goes_on, .. } => Next::Run { settings, goes_on },
        Decision::Mend { .. } => Next::Write,
        Decision::GiveUp { .. } if mends && is_mendable(last) => Next::Write,
        Decision::GiveUp { .. } => Next::Run { settings: last.settings, goes_on: true },
    })
}

/// What to do after the last of these attempts, oldest first. `most`: how many the run was given; `mends`: whether somebody writes
/// another script.
pub fn decide(tried: &[Tried], most: Option<usize>, mends: bool) -> Decision {
    let Some((last, before)) = tried.split_last() else { return give_up("nothing was tried") };
    let failures = tried.iter().filter(|tried| !is_stopped(&tried.outcome)).count();
    let next = match same_script(last, before) {
        Decision::Retry { .. } if failures >= MAX_ATTEMPTS => give_up(format!("{failures} attempts did not complete")),
        Decision::Retry { .. } if mends && died_of_itself(&last.outcome) => {
            Decision::Mend { reason: format!("{}, as no accident ends a program", last.outcome) }
        }
        Decision::GiveUp { reason, .. } if mends && is_mendable(last) => match failures >= MAX_ATTEMPTS {
            true => give_up(format!("{failures} attempts did not complete; the last: {reason}")),
            false => Decision::Mend { reason },
        },
        next => next,
    };
    match (&next, most) {
        (Decision::Retry { .. } | Decision::Mend { .. }, Some(most)) if failures >= most => Decision::GiveUp {
            reason: format!("{} did not complete, and `--max-attempts` is {most}", counted(failures, "attempt")),
            spent: true,
        },
        _ => next,
    }
}

/// What the last script is given another chance with; no other is thought of.
fn same_script(last: &Tried, before: &[Tried]) -> Decision {
    match &last.outcome {
        Outcome::Completed => give_up("the run is complete"),
        Outcome::Interrupted { .. } => give_up("stopped by the user"),
        Outcome::TimedOut { limit_secs } => give_up(format!("the time limit of {limit_secs} s passed")),
        Outcome::BudgetSpent { .. } => give_up(last.outcome.to_string()),
        Outcome::Refused { message, .. } => give_up(message),
        Outcome::Crashed { exit_code: 0 } => give_up("the script ended with exit code 0 and without `tallow.finish`"),
        Outcome::Crashed { exit_code } => give_up(format!("the script ended with exit code {exit_code}")),
        Outcome::OutOfMemory { .. } => smaller(last),
        Outcome::Diverged { step, .. } => lower(last, *step),
        Outcome::Killed { .. } | Outcome::Stalled { .. } => {
            let is_accident = |tried: &&Tried| matches!(tried.outcome, Outcome::Killed { .. } | Outcome::Stalled { .. });
            let of_script = before.iter().filter(|tried| tried.script == last.script);
            if of_script.filter(is_accident).count() >= MAX_ACCIDENTS {
                return give_up("it ended by accident three times");
            }
            let reason = format!("it ended by accident ({}): continued from its last checkpoint", last.outcome);
            Decision::Retry { settings: last.settings, goes_on: true, reason }
        }
    }
}

/// Whether it broke, and was not ended.
fn died_of_itself(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Killed { signal } if OF_ITSELF.contains(signal))
}

/// Whether another script may do better: what failed was the script, and neither the engine nor a GPU.
pub fn is_mendable(last: &Tried) -> bool {
    match &last.outcome {
        Outcome::Completed | Outcome::Interrupted { .. } | Outcome::TimedOut { .. } | Outcome::BudgetSpent { .. } => false,
        Outcome::Refused { .. } if last.raised.is_some_and(Kind::is_of_the_machine) => false,
        // A container that never started has told nothing: its runner tells what a script was refused.
        Outcome::Refused { class: Class::Sandbox, .. } => !last.told.is_empty(),
        Outcome::Refused { .. }
        | Outcome::Crashed { .. }
        | Outcome::OutOfMemory { .. }
        | Outcome::Diverged { .. }
        | Outcome::Killed { .. }
        | Outcome::Stalled { .. } => true,
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
    let reason = format!("diverged at step {step}: {} of the script's learning rate, from the start", plain(settings.lr_scale));
    // Its checkpoints may have been damaged long before it showed.
    Decision::Retry { settings, goes_on: false, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Divergence, GpuFailure};
    use proptest::prelude::*;

    /// Attempts that all end so, until nothing is left to try.
    fn exhaust(outcome: &Outcome, told: impl Fn(&Settings) -> Vec<Told>) -> (Vec<Settings>, String) {
        let (mut tried, mut settings) = (Vec::new(), Settings::default());
        loop {
            tried.push(Tried { script: String::new(), settings, outcome: outcome.clone(), told: told(&settings), raised: None });
            assert!(tried.len() <= MAX_ATTEMPTS);
            match decide(&tried, None, false) {
                Decision::Retry { settings: next, .. } => settings = next,
                Decision::Mend { .. } => panic!("nobody mends it"),
                Decision::GiveUp { reason, .. } => return (tried.iter().map(|tried| tried.settings).collect(), reason),
            }
        }
    }

    #[test]
    fn a_script_is_changed_through_what_it_takes() {
        let memory = Outcome::OutOfMemory { limit_bytes: None, peak_bytes: None, gpu: None };
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
        let tried = |outcome: Outcome| Tried {
            script: String::new(),
            settings: Settings::default(),
            outcome,
            told: vec![],
            raised: None,
        };
        let mut history = vec![tried(Outcome::Interrupted { step: 1 }); 7];
        history.push(tried(Outcome::Stalled { limit_secs: 1 }));
        history.insert(0, tried(Outcome::BudgetSpent { budget: crate::run::Budget::Disk, what: "full".into() }));
        assert!(matches!(decide(&history, Some(2), false), Decision::Retry { goes_on: true, .. }));
        assert!(matches!(decide(&history, Some(1), false), Decision::GiveUp { spent: true, .. }));
    }

    /// A run that is complete is not run again, whoever mends it; one that was stopped, or given up, is.
    #[test]
    fn what_a_process_begins_with() {
        let tried = |outcome: Outcome| Tried {
            script: String::new(),
            settings: Settings { batch_parts: 2, lr_scale: 1.0 },
            outcome,
            told: vec![Told::Began],
            raised: None,
        };
        let again = Next::Run { settings: Settings { batch_parts: 2, lr_scale: 1.0 }, goes_on: true };
        let fresh = Next::Run { settings: Settings::default(), goes_on: true };
        let wrong = || Outcome::Refused { class: Class::Spec, message: "no".into(), hint: None };
        for (outcomes, given, mends, expected) in [
            (vec![], true, false, Some(fresh)),
            (vec![], false, true, Some(Next::Write)),
            (vec![Outcome::Completed], true, false, None),
            (vec![wrong(), Outcome::Completed], false, true, None),
            (vec![Outcome::Interrupted { step: 3 }], true, false, Some(again)),
            (vec![wrong()], true, false, Some(again)),
            (vec![wrong()], true, true, Some(Next::Write)),
        ] {
            let history: Vec<Tried> = outcomes.iter().cloned().map(tried).collect();
            assert_eq!(begin(&history, given, mends), expected, "{outcomes:?}");
        }
    }

    /// Rules that need no other script come first; five attempts are all there are, of however many scripts.
    #[test]
    fn what_rules_cannot_save_is_mended() {
        let tried = |script: &str, outcome: &Outcome, told: &[Told]| Tried {
            script: script.into(),
            settings: Settings::default(),
            outcome: outcome.clone(),
            told: told.to_vec(),
            raised: None,
        };
        let started = [Told::Started { step: 0, total_steps: 1 }];
        let memory = Outcome::OutOfMemory { limit_bytes: None, peak_bytes: None, gpu: None };
        let refused = |class| Outcome::Refused { class, message: "no".into(), hint: None };
        let killed = Outcome::Killed { signal: 9 };
        let next = |history: &[Tried]| match decide(history, None, true) {
            Decision::Retry { .. } => "retry",
            Decision::Mend { .. } => "mend",
            Decision::GiveUp { .. } => "give up",
        };
        let batch = [Told::Batch { size: 4, micro_batch: 4 }];
        for (outcome, told, expected) in [
            (refused(Class::Spec), &started[..], "mend"),
            (refused(Class::Data), &[], "mend"),
            (refused(Class::Sandbox), &started, "mend"),
            (refused(Class::Sandbox), &[], "give up"),
            (Outcome::Crashed { exit_code: 0 }, &[], "mend"),
            (memory.clone(), &batch, "retry"),
            (memory, &[], "mend"),
            (killed.clone(), &[], "retry"),
            (Outcome::Killed { signal: 11 }, &[], "mend"),
            (Outcome::TimedOut { limit_secs: 1 }, &[], "give up"),
            (Outcome::Interrupted { step: 1 }, &[], "give up"),
            (Outcome::Completed, &[], "give up"),
        ] {
            assert_eq!(next(&[tried("a", &outcome, told)]), expected, "{outcome:?}");
        }
        // A GPU that lost bits is no script's fault, and running out of its memory is saved as running out of any.
        let broken = Tried { raised: Some(Kind::Gpu(GpuFailure::Hardware)), ..tried("a", &refused(Class::Resource), &started) };
        assert_eq!(next(&[broken]), "give up");
        let gpu = Outcome::OutOfMemory { limit_bytes: None, peak_bytes: None, gpu: Some(Default::default()) };
        assert_eq!(next(&[tried("a", &gpu, &batch)]), "retry");
        // Accidents are of the script that they befell.
        let accidents = |names: &[&str]| names.iter().map(|name| tried(name, &killed, &[])).collect::<Vec<_>>();
        assert_eq!(next(&accidents(&["a", "a", "a"])), "mend");
        assert_eq!(next(&accidents(&["a", "a", "b"])), "retry");
        let history: Vec<Tried> = ["a", "b", "c", "d", "e"].iter().map(|name| tried(name, &refused(Class::Spec), &[])).collect();
        assert_eq!((next(&history[..4]), next(&history)), ("mend", "give up"));
        assert!(matches!(decide(&history[..2], Some(2), true), Decision::GiveUp { spent: true, .. }));
    }
    /// Ways to end, with what was told by then.
    fn ends() -> impl Strategy<Value = (Outcome, Vec<Told>, Option<Kind>)> {
        let refused = |class| Outcome::Refused { class, message: "no".into(), hint: None };
        let outcomes = prop::sample::select(vec![
            Outcome::OutOfMemory { limit_bytes: None, peak_bytes: None, gpu: None },
            Outcome::Diverged { step: 1, what: Divergence::LossNotFinite, origin: None },
            Outcome::Killed { signal: 9 },
            Outcome::Killed { signal: 11 },
            Outcome::Stalled { limit_secs: 1 },
            Outcome::Crashed { exit_code: 1 },
            Outcome::Interrupted { step: 1 },
            refused(Class::Spec),
            refused(Class::Sandbox),
            refused(Class::Resource),
        ]);
        let told = prop::sample::subsequence(vec![Told::Batch { size: 12, micro_batch: 12 }, Told::Lr { value: 1.0 }], 0..3);
        (outcomes, told, prop::sample::select(vec![None, Some(Kind::Gpu(GpuFailure::Hardware))]))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        /// Over random histories of scripts: five failures are the last; a script is run again as it was after an accident alone, and
        /// otherwise only otherwise; what is mended begins anew; nothing that lies in the machine is mended.
        #[test]
        fn invariants(ends in prop::collection::vec(ends(), 1..16), mends in any::<bool>(), most in prop::option::of(1usize..6)) {
            let (mut tried, mut script, mut settings) = (Vec::<Tried>::new(), 0, Settings::default());
            for (outcome, told, raised) in ends {
                let told = told.into_iter().map(|told| match told {
                    Told::Batch { size, .. } => Told::Batch { size, micro_batch: size / settings.batch_parts },
                    other => other,
                });
                tried.push(Tried { script: script.to_string(), settings, outcome: outcome.clone(), told: told.collect(), raised });
                let failures = tried.iter().filter(|tried| !is_stopped(&tried.outcome)).count();
                match decide(&tried, most, mends) {
                    Decision::Retry { settings: next, goes_on, .. } => {
                        prop_assert!(failures < most.unwrap_or(MAX_ATTEMPTS).min(MAX_ATTEMPTS));
                        let accident = matches!(outcome, Outcome::Killed { .. } | Outcome::Stalled { .. });
                        prop_assert_eq!(next == settings, accident && goes_on);
                        prop_assert!(next.batch_parts >= settings.batch_parts && 12 % next.batch_parts == 0);
                        prop_assert!(next.lr_scale <= settings.lr_scale);
                        prop_assert!(!tried.iter().any(|tried| tried.script == script.to_string() && tried.settings == next) || accident);
                        settings = next;
                    }
                    Decision::Mend { .. } => {
                        prop_assert!(mends && failures < most.unwrap_or(MAX_ATTEMPTS).min(MAX_ATTEMPTS));
                        let of_machine = matches!(outcome, Outcome::Refused { .. }) && raised.is_some();
                        prop_assert!(!of_machine);
                        (script, settings) = (script + 1, Settings::default());
                    }
                    Decision::GiveUp { .. } if is_stopped(&outcome) => {}
                    Decision::GiveUp { .. } => break,
                }
            }
        }
    }
}
