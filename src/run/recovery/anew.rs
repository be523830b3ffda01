//! What to try after an attempt at a job that is no training: it has no checkpoints and decides nothing about what is tested, so it is
//! done anew, with fewer examples at once where memory ran out.

use super::review::{Review, choices};
use super::{Allowed, MAX_ACCIDENTS, MAX_ATTEMPTS, Outcome, is_accident, is_memory};
use crate::words::counted;

/// One attempt at it that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Begun {
    /// Examples of a pass; none where it takes no passes.
    pub batch_size: Option<usize>,
    pub outcome: Outcome,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    /// Anew, with so many examples a pass.
    Anew { batch_size: Option<usize>, reason: String },
    /// As [`super::Decision::GiveUp`].
    GiveUp { reason: String, spent: bool },
}

/// What to do after the last of `attempts`, oldest first; none where nothing that can be tried again failed.
pub fn again(attempts: &[Begun], allowed: Allowed) -> Option<Again> {
    let last = attempts.last()?;
    let give_up = |reason: String| Some(Again::GiveUp { reason, spent: false });
    let failed = attempts.iter().filter(|one| is_accident(&one.outcome) || is_memory(&one.outcome)).count();
    let next = match &last.outcome {
        outcome if is_memory(outcome) => match last.batch_size {
            Some(from @ 2..) => {
                let reason = format!("out of memory: {} examples a pass instead of {from}, from the start", from / 2);
                Again::Anew { batch_size: Some(from / 2), reason }
            }
            Some(_) => return give_up("out of memory with one example a pass".into()),
            None => return give_up("out of memory, and it takes nothing at once that could be less".into()),
        },
        outcome if is_accident(outcome) => match attempts.iter().filter(|one| is_accident(&one.outcome)).count() {
            accidents if accidents > MAX_ACCIDENTS => return give_up(format!("it ended by accident {accidents} times")),
            _ => {
                let reason = format!("it ended by accident ({outcome}): begun anew");
                Again::Anew { batch_size: last.batch_size, reason }
            }
        },
        _ => return None,
    };
    match failed {
        _ if failed >= MAX_ATTEMPTS => give_up(format!("{failed} attempts did not complete")),
        _ if failed >= allowed.attempts => {
            let attempts = counted(failed, "attempt");
            let reason = format!("{attempts} did not complete, and `budget.max_attempts` is {}", allowed.attempts);
            Some(Again::GiveUp { reason, spent: true })
        }
        _ => Some(next),
    }
}

/// The examples of a pass that an attempt after these begins with, where it is fewer than planned.
pub fn batch_size_after(attempts: &[Begun]) -> Option<usize> {
    let last = attempts.last()?;
    let size = last.batch_size?;
    Some(if is_memory(&last.outcome) { (size / 2).max(1) } else { size })
}

/// The review of such a job with these attempts, oldest first.
pub fn review_of(attempts: &[Begun]) -> Review {
    let line = |one: &Begun| match one.batch_size {
        Some(size) => format!("{size} examples a pass: {}", one.outcome),
        None => one.outcome.to_string(),
    };
    let outcomes: Vec<&Outcome> = attempts.iter().map(|one| &one.outcome).collect();
    Review { tried: attempts.iter().map(line).collect(), decide: choices(&outcomes, None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMORY: Outcome = Outcome::OutOfMemory { limit_bytes: Some(64 << 20), peak_bytes: None, gpu: None };
    const KILLED: Outcome = Outcome::Killed { signal: 9 };

    /// Attempts that all end so, from `batch_size` on: the sizes, and the last decision.
    fn follow(outcome: &Outcome, batch_size: Option<usize>, allowed: Allowed) -> (Vec<Option<usize>>, Option<Again>) {
        let mut attempts = vec![Begun { batch_size, outcome: outcome.clone() }];
        loop {
            let sizes = || attempts.iter().map(|one| one.batch_size).collect();
            match again(&attempts, allowed) {
                Some(Again::Anew { batch_size, .. }) => attempts.push(Begun { batch_size, outcome: outcome.clone() }),
                end => return (sizes(), end),
            }
        }
    }

    #[test]
    fn memory_halves_the_passes_and_an_accident_changes_nothing() {
        let gave_up = |reason: &str, spent| Some(Again::GiveUp { reason: reason.into(), spent });
        let all = Allowed::default();
        let sizes = |sizes: &[usize]| sizes.iter().copied().map(Some).collect::<Vec<_>>();
        assert_eq!(follow(&MEMORY, Some(64), all), (sizes(&[64, 32, 16, 8, 4]), gave_up("5 attempts did not complete", false)));
        assert_eq!(follow(&MEMORY, Some(3), all), (sizes(&[3, 1]), gave_up("out of memory with one example a pass", false)));
        assert_eq!(follow(&MEMORY, None, all).0, [None]);
        assert_eq!(follow(&KILLED, None, all), (vec![None; 3], gave_up("it ended by accident 3 times", false)));
        assert_eq!(follow(&KILLED, Some(8), all).0, sizes(&[8, 8, 8]));
        let once = Allowed { attempts: 1, ..all };
        let spent = "1 attempt did not complete, and `budget.max_attempts` is 1";
        assert_eq!(follow(&KILLED, None, once), (vec![None], gave_up(spent, true)));
        for outcome in [Outcome::Completed, Outcome::Interrupted { step: 0 }, Outcome::TimedOut { limit_secs: 1 }] {
            assert_eq!(follow(&outcome, Some(8), all), (sizes(&[8]), None), "{outcome}");
        }
    }

    #[test]
    fn who_goes_on_begins_where_memory_ran_out() {
        let after = |outcome: &Outcome, batch_size| batch_size_after(&[Begun { batch_size, outcome: outcome.clone() }]);
        assert_eq!(after(&MEMORY, Some(16)), Some(8));
        assert_eq!(after(&MEMORY, Some(1)), Some(1));
        assert_eq!(after(&KILLED, Some(16)), Some(16));
        assert_eq!(after(&MEMORY, None), None);
        assert_eq!(batch_size_after(&[]), None);
    }
}
