//! Jobs that are no training, carried out: attempts, each anew after what recovery decided of the one before.

use super::outcome::{Budget, Outcome};
use super::recovery::{Again, Begun, Change, again, batch_size_after, review_of};
use super::supervisor::{Attempt, Supervisor, Watch};
use crate::job::Job;
use crate::store::{self, Decided, Record};
use std::path::PathBuf;

impl Supervisor<'_> {
    /// Carries out a job that is no training, as attempt `number` of `run` and those after it. One that cannot be begun anew, for what
    /// it says was heard already, gets one attempt.
    ///
    /// # Errors
    /// The run folder cannot be written. How it ended is a value: the last attempt's outcome.
    pub fn carry_out(
        &self,
        run: &str,
        mut number: u32,
        mut job: Job,
        readable: Vec<PathBuf>,
        watch: &mut dyn Watch,
    ) -> Result<Attempt, store::Error> {
        if !matches!(job, Job::Prepare(_) | Job::Evaluate(_) | Job::Compare { .. }) {
            return self.attempt(run, number, &job, readable, watch);
        }
        let mut tried = self.begun(run)?;
        if let (Job::Evaluate(job), Some(size)) = (&mut job, batch_size_after(&tried)) {
            job.batch_size = size.min(job.batch_size);
        }
        loop {
            let attempt = self.attempt(run, number, &job, readable.clone(), watch)?;
            tried.push(Begun { batch_size: batch_size_of(&job), outcome: attempt.outcome.clone() });
            match again(&tried, self.allowed) {
                None => {
                    if matches!(attempt.outcome, Outcome::Completed) {
                        self.folder.clear_review(run);
                    }
                    return Ok(attempt);
                }
                Some(Again::GiveUp { reason, spent }) => {
                    self.recovery(run, number, Decided::GiveUp, &reason)?;
                    self.flag(run, &reason, &review_of(&tried), watch)?;
                    let what = format!("{reason}; the last: {}", attempt.outcome);
                    let outcome = if spent { Outcome::BudgetSpent { budget: Budget::Attempts, what } } else { attempt.outcome };
                    return Ok(Attempt { outcome, ..attempt });
                }
                Some(Again::Anew { batch_size: to, reason }) => {
                    let change = match batch_size_of(&job).zip(to).filter(|(from, to)| from != to) {
                        Some((from, to)) => Change::MicroBatch { from, to },
                        None => Change::Nothing,
                    };
                    self.recovery(run, number, Decided::Changed(change), &reason)?;
                    watch.say(&reason);
                    number += 1;
                    let out = self.folder.attempt(run, number).work();
                    match &mut job {
                        Job::Prepare(job) => job.out = out,
                        Job::Evaluate(job) => (job.out, job.batch_size) = (out, to.unwrap_or(job.batch_size)),
                        _ => {}
                    }
                }
            }
        }
    }

    /// The attempts that earlier processes made at it. One that has no end in the ledger ended with its process.
    fn begun(&self, run: &str) -> Result<Vec<Begun>, store::Error> {
        let mut begun: Vec<Begun> = Vec::new();
        for entry in self.folder.ledger().read()? {
            match entry.record {
                Record::AttemptStarted { run: of, attempt, .. } if of == run => {
                    let job = self.folder.read_json::<Job>(&self.folder.attempt(run, attempt).job());
                    let batch_size = job.ok().as_ref().and_then(batch_size_of);
                    begun.push(Begun { batch_size, outcome: Outcome::Interrupted { step: 0 } });
                }
                Record::AttemptEnded { run: of, outcome, .. } if of == run => {
                    begun.last_mut().into_iter().for_each(|last| last.outcome = outcome.clone());
                }
                _ => {}
            }
        }
        Ok(begun)
    }
}

fn batch_size_of(job: &Job) -> Option<usize> {
    if let Job::Evaluate(job) = job { Some(job.batch_size) } else { None }
}
