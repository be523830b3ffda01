//! One task with one seed and one fault: what was run, how it ended, and what its ledger and report say of it.

use super::beside::Beside;
use super::fault::{Expected, Fault};
use crate::error::Class;
use crate::eval::{Evaluation, HELD_OUT_SUFFIX, UNTRAINED};
use crate::job::{Event, JobKind};
use crate::llm::Spent;
use crate::pipeline::{DOWNLOADED, SECS};
use crate::run::Outcome;
use crate::spec::Metric;
use crate::store::{Decided, Entry, Record, Stage};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of a trial's file.
pub(super) const VERSION: u32 = 1;

/// What is kept of a trial. Every number but the clock's and the machine's is one of the run's ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    pub version: u32,
    pub task: String,
    pub fault: Fault,
    pub seed: u64,
    /// UTC, RFC 3339.
    pub at: String,
    /// As it was run, without this machine's places.
    pub command: Vec<String>,
    /// The command of the bench that ran it, and the machine that it ran on.
    #[serde(default)]
    pub bench: Vec<String>,
    #[serde(default)]
    pub machine: Machine,
    pub program: Program,
    pub ending: Ending,
    /// Whether the fault came to pass, or the run went wrong before it did: that a run is over before it is killed, or needs less than
    /// thought, says nothing of recovery.
    pub struck: bool,
    /// What ended it lies outside of the program and its task: a disk without room, a Hub that cannot be reached. It says nothing of
    /// either, and is run again where it is asked for.
    #[serde(default)]
    pub surroundings: bool,
    /// From the start of the first process to the end of the last.
    pub wall_secs: f64,
    /// The task's metric on the held-out split.
    pub value: Option<f64>,
    /// Every other score of the same split.
    #[serde(default)]
    pub scores: BTreeMap<Metric, f64>,
    pub took: Took,
    /// Why it ended as it did, where it did not reach its target.
    pub why: Option<String>,
    /// (step, loss) of training, thinned.
    #[serde(default)]
    pub curve: Vec<[f64; 2]>,
    /// The same recipe by another framework.
    #[serde(default)]
    pub beside: Option<Beside>,
    /// The run folder, below the bench's own.
    pub folder: String,
}

/// The program that was run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Program {
    pub version: String,
    pub binary_sha256: String,
}

/// How a trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The target was reached, at the first attempt.
    FirstAttempt,
    /// The target was reached after something had failed and was recovered from.
    AfterRecovery,
    /// It was refused in an orderly way before anything was trained.
    Refused,
    /// It was finished, and the score is no target.
    Missed,
    /// It was not finished in its time.
    OutOfTime,
    /// It was not finished.
    Failed,
}

impl Ending {
    pub fn in_words(self) -> &'static str {
        match self {
            Ending::FirstAttempt => "target reached",
            Ending::AfterRecovery => "target reached after recovery",
            Ending::Refused => "refused",
            Ending::Missed => "target missed",
            Ending::OutOfTime => "out of time",
            Ending::Failed => "failed",
        }
    }
}

impl Trial {
    /// Whether it went well at the first attempt; of a fault that is to be refused, whether it was.
    pub fn first(&self) -> bool {
        match self.fault.expected() {
            Expected::Target => self.ending == Ending::FirstAttempt,
            Expected::Refusal => self.ending == Ending::Refused,
        }
    }

    /// Whether it says anything of the program and its task.
    pub fn counts(&self) -> bool {
        self.struck && !self.surroundings
    }

    /// That it ended for want of room, by the system's own words.
    pub(super) fn out_of_room(&self) -> Option<&str> {
        const ENOSPC_EDQUOT: [&str; 2] = ["(os error 28)", "(os error 122)"];
        self.why.as_deref().filter(|why| self.surroundings && ENOSPC_EDQUOT.iter().any(|words| why.contains(words)))
    }

    /// Whether it went well in the end.
    pub fn well(&self) -> bool {
        self.first() || self.fault.expected() == Expected::Target && self.ending == Ending::AfterRecovery
    }
}

/// What a run took, by its ledger.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Took {
    pub split: Split,
    /// Training attempts; those of a search count.
    pub attempts: usize,
    /// How often the program was started again.
    pub resumes: usize,
    /// What recovery changed, in words.
    pub changes: Vec<String>,
    pub steps: Option<u64>,
    /// Real tokens and examples of training, and its seconds.
    pub tokens: Option<u64>,
    pub examples: Option<u64>,
    pub train_secs: Option<f64>,
    /// Of the split's evaluation, that of the model as it was before.
    #[serde(default)]
    pub untrained_secs: f64,
    /// Of the largest worker.
    pub peak_bytes: Option<u64>,
    /// Of the smallest worker.
    pub least_bytes: Option<u64>,
    /// Of the processor, where the machine tells.
    pub energy_joules: Option<f64>,
    /// Asked of a language model, and what it costs.
    pub model_tokens: u64,
    pub model_dollars: f64,
    /// Questions that a person answered: nobody is there.
    pub interventions: usize,
}

/// Where the wall time went, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// Reading a paper, proposing, looking at model and data.
    pub plan: f64,
    /// From the Hub.
    pub download: f64,
    pub prepare: f64,
    pub train: f64,
    pub evaluate: f64,
    /// Everything else: starting, hashing, the report.
    pub rest: f64,
}

impl Split {
    /// The parts by their names, in order.
    pub fn parts(&self) -> [(&'static str, f64); 6] {
        [
            ("plan", self.plan),
            ("download", self.download),
            ("prepare", self.prepare),
            ("train", self.train),
            ("evaluate", self.evaluate),
            ("rest", self.rest),
        ]
    }
}

/// What the ledger says, of a run that took `wall_secs`; `searched` are those of what a search tried before.
pub(super) fn took(ledger: &[Entry], searched: &[Vec<Entry>], wall_secs: f64) -> Took {
    let mut took = Took::default();
    // What training is told of is that of the run itself, which is the last.
    searched.iter().map(Vec::as_slice).chain([ledger]).for_each(|ledger| took.add(ledger));
    let spent = Spent::of(ledger.iter().map(|entry| &entry.record));
    (took.model_tokens, took.model_dollars) = (spent.tokens, spent.usd);
    took.split.plan = (took.split.plan - took.split.download).max(0.0);
    let told: f64 = took.split.parts().iter().map(|(_, secs)| secs).sum();
    took.split.rest += (wall_secs - told).max(0.0);
    took
}

impl Took {
    /// Of the workers that train and score what is trained.
    pub fn trained_and_scored_secs(&self) -> f64 {
        self.split.train + self.split.evaluate - self.untrained_secs
    }

    fn add(&mut self, ledger: &[Entry]) {
        let mut jobs: BTreeMap<(&str, u32), JobKind> = BTreeMap::new();
        for entry in ledger {
            match &entry.record {
                // What a stage took holds no worker: those are told of by themselves.
                Record::Stage { stage, secs, .. } if !matches!(stage, Stage::Report | Stage::Manifest | Stage::Eval) => {
                    self.split.plan += secs;
                }
                Record::AttemptStarted { run, attempt, job } => {
                    jobs.insert((run, *attempt), *job);
                    self.attempts += usize::from(*job == JobKind::Train);
                }
                Record::AttemptEnded { run, attempt, wall_secs, max_rss_bytes, .. } => {
                    let part = match jobs.get(&(run.as_str(), *attempt)).copied() {
                        Some(JobKind::Read) => &mut self.split.plan,
                        Some(JobKind::Prepare | JobKind::Compare) => &mut self.split.prepare,
                        Some(JobKind::Train) => &mut self.split.train,
                        Some(JobKind::Evaluate) => &mut self.split.evaluate,
                        _ => &mut self.split.rest,
                    };
                    *part += wall_secs;
                    if run.strip_suffix(HELD_OUT_SUFFIX) == Some(UNTRAINED) {
                        self.untrained_secs += wall_secs;
                    }
                    if *max_rss_bytes > 0 {
                        self.peak_bytes = Some(self.peak_bytes.unwrap_or(0).max(*max_rss_bytes));
                        self.least_bytes = Some(self.least_bytes.unwrap_or(u64::MAX).min(*max_rss_bytes));
                    }
                }
                Record::Told { told: Event::Finished { step, tokens, examples, train_secs, .. }, .. } => {
                    (self.steps, self.tokens, self.examples) = (Some(*step), Some(*tokens), Some(*examples));
                    self.train_secs = Some(*train_secs);
                }
                Record::Measured { what, values } if what == DOWNLOADED => {
                    self.split.download += values.get(SECS).copied().unwrap_or_default();
                }
                Record::Recovery { decision, reason, .. } => self.changes.push(match decision {
                    Decided::Changed(_) | Decided::Script(_) | Decided::Mend => reason.clone(),
                    Decided::GiveUp => format!("gave up: {reason}"),
                }),
                _ => {}
            }
        }
    }
}

/// What is known of a program that has ended.
pub(super) struct Finished<'a> {
    /// None: a signal ended it.
    pub(super) exit_code: Option<i32>,
    pub(super) timed_out: bool,
    /// The last line that it said on stderr, as machines get it.
    pub(super) error: Option<SaidError>,
    /// The first line that it said there, whatever its form.
    pub(super) said: Option<String>,
    pub(super) evaluation: Option<&'a Evaluation>,
    pub(super) ledger: &'a [Entry],
    pub(super) resumes: usize,
    /// The column that is to be refused, of a fault that names one.
    pub(super) bad_column: Option<&'a str>,
}

/// An error as the program tells it to machines.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct SaidError {
    pub(super) class: Class,
    pub(super) message: String,
    #[serde(default)]
    pub(super) causes: Vec<String>,
}

impl SaidError {
    /// Whether the operating system refused something, and not the program.
    fn is_of_system(&self) -> bool {
        std::iter::once(&self.message).chain(&self.causes).any(|words| words.contains("(os error "))
    }
}

#[derive(Deserialize)]
struct SaidLine {
    error: SaidError,
}

/// The error in what a program wrote to stderr.
pub(super) fn said_error(stderr: &str) -> Option<SaidError> {
    stderr.lines().rev().find_map(|line| serde_json::from_str::<SaidLine>(line).ok()).map(|line| line.error)
}

/// The first line of what a program wrote to stderr.
pub(super) fn first_line(stderr: &str) -> Option<String> {
    const LETTERS: usize = 300;
    let line = stderr.lines().map(crate::words::clean).find(|line| !line.is_empty())?;
    Some(line.chars().take(LETTERS).collect())
}

/// Whether what ended a trial is neither the program's doing nor the task's. What a fault takes away is no surroundings, nor is memory that
/// a worker ran out of: to do with less is what recovery is for; nor what the program itself finds too little, such as the time that it
/// was given. `ledgers`: its own, and those of a search.
pub(super) fn is_of_surroundings(fault: Fault, ending: Ending, error: Option<&SaidError>, ledgers: &[&[Entry]]) -> bool {
    let ran_out = |entry: &Entry| matches!(&entry.record, Record::AttemptEnded { outcome: Outcome::OutOfMemory { .. }, .. });
    ending == Ending::Failed
        && match error.map(|error| error.class) {
            Some(Class::Resource) if !error.is_some_and(SaidError::is_of_system) => false,
            Some(Class::Resource) => fault != Fault::Memory && !ledgers.iter().any(|ledger| ledger.iter().any(ran_out)),
            Some(Class::External) => fault != Fault::CutDownload,
            _ => false,
        }
}

/// How it ended, its score, and why where the target was not reached.
pub(super) fn judge(finished: &Finished, metric: Metric, goal: f64) -> (Ending, Option<f64>, Option<String>) {
    let said = |error: &SaidError| {
        let words = std::iter::once(&error.message).chain(&error.causes).cloned().collect::<Vec<_>>().join(": ");
        crate::words::clean(&words)
    };
    let trained = finished.ledger.iter().any(|e| matches!(&e.record, Record::AttemptStarted { job: JobKind::Train, .. }));
    if finished.timed_out {
        return (Ending::OutOfTime, None, Some("its time was over".into()));
    }
    let Some(evaluation) = finished.evaluation.filter(|_| finished.exit_code == Some(0)) else {
        let why = finished.error.as_ref().map(said);
        let orderly =
            |error: &SaidError| matches!(error.class, Class::Usage | Class::Spec | Class::Paper | Class::Data | Class::Model);
        // A refusal of something else, such as a flag of the suite, says nothing of the column.
        let of_it = |error: &SaidError| finished.bad_column.is_none_or(|column| said(error).contains(&format!("`{column}`")));
        let ending = match finished.error.as_ref().is_some_and(|error| orderly(error) && of_it(error)) && !trained {
            true => Ending::Refused,
            false => Ending::Failed,
        };
        let code = finished.exit_code.map_or("a signal ended it".into(), |code| format!("it ended with exit code {code}"));
        let code = finished.said.as_ref().map_or(code.clone(), |said| format!("{code}: {said}"));
        return (ending, None, Some(why.unwrap_or(code)));
    };
    let scores: Vec<f64> = evaluation.runs.iter().filter_map(|run| run.scores.get(&metric).copied()).collect();
    if scores.is_empty() {
        let found = evaluation.runs.iter().flat_map(|run| run.scores.keys()).map(|m| m.in_words()).collect::<Vec<_>>();
        return (Ending::Missed, None, Some(format!("it was scored by {}, not by {}", found.join(", "), metric.in_words())));
    }
    let value = scores.iter().sum::<f64>() / scores.len() as f64;
    if !metric.reaches(value, goal) {
        let why = format!("{} of {value:.4} against the target of {goal}", metric.in_words());
        return (Ending::Missed, Some(value), Some(why));
    }
    let failed = |entry: &Entry| match &entry.record {
        Record::AttemptEnded { outcome, .. } => outcome.class().is_some(),
        _ => false,
    };
    match finished.resumes > 0 || finished.ledger.iter().any(failed) {
        true => (Ending::AfterRecovery, Some(value), None),
        false => (Ending::FirstAttempt, Some(value), None),
    }
}

/// The machine that trials were run on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    pub processor: String,
    pub cores: usize,
    pub memory_bytes: u64,
    /// What else ran: the load of the last minute when the bench began.
    pub load: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{RunScore, Verdict};
    use crate::llm::Usage;

    fn entry(record: Record) -> Entry {
        Entry { row: 1, at: "2026-01-01T00:00:00Z".into(), before: None, record }
    }

    fn started(job: JobKind, attempt: u32) -> Entry {
        entry(Record::AttemptStarted { run: job.to_string(), attempt, job })
    }

    fn ended(job: JobKind, attempt: u32, outcome: Outcome, wall_secs: f64, max_rss_bytes: u64) -> Entry {
        entry(Record::AttemptEnded { run: job.to_string(), attempt, outcome, wall_secs, max_rss_bytes })
    }

    fn stage(stage: Stage, secs: f64) -> Entry {
        entry(Record::Stage { stage, file: "f".into(), sha256: String::new(), secs })
    }

    fn evaluation(score: f64) -> Evaluation {
        let run = RunScore {
            run: "seed-0".into(),
            seed: 0,
            examples: 10,
            loss: 0.1,
            scores: [(Metric::Accuracy, score)].into(),
            intervals: BTreeMap::new(),
        };
        Evaluation {
            version: 1,
            metric: Metric::Accuracy,
            runs: vec![run],
            baseline: None,
            untrained: None,
            mean: score,
            interval: None,
            verdict: Verdict::NoClaim,
        }
    }

    fn whole(outcomes: &[Outcome]) -> Vec<Entry> {
        let mut ledger = vec![stage(Stage::Spec, 0.5), stage(Stage::Plan, 1.5)];
        ledger.extend([started(JobKind::Prepare, 1), ended(JobKind::Prepare, 1, Outcome::Completed, 2.0, 40)]);
        for (i, outcome) in outcomes.iter().enumerate() {
            ledger
                .extend([started(JobKind::Train, i as u32 + 1), ended(JobKind::Train, i as u32 + 1, outcome.clone(), 4.0, 100)]);
        }
        ledger.extend([
            started(JobKind::Evaluate, 1),
            ended(JobKind::Evaluate, 1, Outcome::Completed, 1.0, 50),
            stage(Stage::Eval, 9.0),
        ]);
        ledger
    }

    #[test]
    fn the_wall_time_is_split_by_the_ledger() {
        let mut ledger = whole(&[Outcome::Killed { signal: 9 }, Outcome::Completed]);
        ledger.push(entry(Record::Measured { what: DOWNLOADED.into(), values: [(SECS.to_string(), 0.5)].into() }));
        ledger.push(entry(Record::Reserved { tokens: 500, usd: Some(0.1) }));
        let usage = Usage { tokens_in: 40, tokens_out: 2, tokens_cached: 0 };
        ledger.push(entry(Record::Settled { model: "m".into(), usage, usd: Some(0.25), secs: 1.0 }));
        let took = took(&ledger, &[], 20.0);
        assert_eq!((took.model_tokens, took.model_dollars), (42, 0.25), "what was set aside is given back");
        let parts: Vec<f64> = took.split.parts().iter().map(|(_, secs)| *secs).collect();
        assert_eq!(parts, [1.5, 0.5, 2.0, 8.0, 1.0, 7.0]);
        assert_eq!((took.attempts, took.peak_bytes, took.least_bytes), (2, Some(100), Some(40)));
        for mut row in [started(JobKind::Evaluate, 1), ended(JobKind::Evaluate, 1, Outcome::Completed, 3.0, 50)] {
            if let Record::AttemptStarted { run, .. } | Record::AttemptEnded { run, .. } = &mut row.record {
                *run = "untrained-held-out".into();
            }
            ledger.push(row);
        }
        let took = super::took(&ledger, &[], 20.0);
        assert_eq!(took.trained_and_scored_secs(), 9.0, "the model as it was before is scored, too, and not counted");
    }

    #[test]
    fn what_a_search_tried_is_counted() {
        let (ledger, tried) = (whole(&[Outcome::Completed]), whole(&[Outcome::Completed, Outcome::Completed]));
        let took = took(&ledger, &[tried.clone(), tried], 60.0);
        assert_eq!((took.attempts, took.split.train, took.split.prepare, took.split.evaluate), (5, 20.0, 6.0, 3.0));
        assert_eq!(took.split.parts().iter().map(|(_, secs)| secs).sum::<f64>(), 60.0);
    }

    #[test]
    fn trials_are_judged_by_what_the_run_left() {
        let killed = Outcome::Killed { signal: 9 };
        let line = r#"{"error":{"class":"data","exit_code":20,"message":"no column `x`","causes":[],"hint":null}}"#;
        let case =
            |outcomes: &[Outcome], code: Option<i32>, score: Option<f64>, stderr: &str, resumes: usize, timed_out: bool| {
                let (ledger, evaluation) = (if outcomes.is_empty() { vec![] } else { whole(outcomes) }, score.map(evaluation));
                let finished = Finished {
                    exit_code: code,
                    timed_out,
                    error: said_error(stderr),
                    said: first_line(stderr),
                    evaluation: evaluation.as_ref(),
                    ledger: &ledger,
                    resumes,
                    bad_column: None,
                };
                judge(&finished, Metric::Accuracy, 0.9)
            };
        let done = [Outcome::Completed];
        assert_eq!(case(&done, Some(0), Some(0.95), "", 0, false), (Ending::FirstAttempt, Some(0.95), None));
        assert_eq!(case(&done, Some(0), Some(0.95), "", 1, false).0, Ending::AfterRecovery);
        assert_eq!(case(&[killed.clone(), Outcome::Completed], Some(0), Some(0.95), "", 0, false).0, Ending::AfterRecovery);
        assert_eq!(case(&done, Some(0), Some(0.85), "", 0, false).0, Ending::Missed);
        assert_eq!(case(&done, None, None, "", 0, true).0, Ending::OutOfTime);
        let (ending, _, why) = case(&[killed], Some(70), None, "\nsaid\nmore", 0, false);
        assert_eq!((ending, why.as_deref()), (Ending::Failed, Some("it ended with exit code 70: said")));
        let (ending, _, why) = case(&[], Some(20), None, &format!("looking\n{line}\n"), 0, false);
        assert_eq!((ending, why.as_deref()), (Ending::Refused, Some("no column `x`")));
        assert_eq!(case(&done, Some(20), None, line, 0, false).0, Ending::Failed, "it was trained before it was refused");
        let wrong = case(&done, Some(0), None, "", 0, false);
        assert_eq!(wrong.0, Ending::Failed);
    }

    #[test]
    fn what_lies_outside_of_program_and_task() {
        let (memory, done) = (Outcome::OutOfMemory { limit_bytes: None, peak_bytes: None, gpu: None }, Outcome::Completed);
        let check = |class: Class, fault: Fault, ending: Ending, outcome: &Outcome, expected: bool| {
            let causes = vec!["No space left on device (os error 28)".to_string()];
            let error = SaidError { class, message: "cannot write".into(), causes };
            let ledger = whole(std::slice::from_ref(outcome));
            let found = is_of_surroundings(fault, ending, Some(&error), &[ledger.as_slice()]);
            assert_eq!(found, expected, "{class:?} {fault:?} {ending:?} {outcome}");
        };
        check(Class::Resource, Fault::None, Ending::Failed, &done, true);
        check(Class::External, Fault::Vague, Ending::Failed, &done, true);
        check(Class::Resource, Fault::None, Ending::Failed, &memory, false);
        check(Class::Resource, Fault::Memory, Ending::Failed, &done, false);
        check(Class::External, Fault::CutDownload, Ending::Failed, &done, false);
        check(Class::Bug, Fault::None, Ending::Failed, &done, false);
        check(Class::Resource, Fault::None, Ending::OutOfTime, &done, false);
        assert!(!is_of_surroundings(Fault::None, Ending::Failed, None, &[]));
        let message = "20 min are too little: the least that can be planned takes 2 h".to_string();
        let budget = SaidError { class: Class::Resource, message, causes: vec![] };
        assert!(!is_of_surroundings(Fault::None, Ending::Failed, Some(&budget), &[]), "the program found so itself");
    }

    #[test]
    fn a_refusal_of_something_else_than_the_column_is_a_failure() {
        let check = |message: &str, expected: Ending| {
            let error = SaidError { class: Class::Usage, message: "it cannot be planned".into(), causes: vec![message.into()] };
            let finished = Finished {
                exit_code: Some(2),
                timed_out: false,
                error: Some(error),
                said: None,
                evaluation: None,
                ledger: &[],
                resumes: 0,
                bad_column: Some("colour"),
            };
            assert_eq!(judge(&finished, Metric::Accuracy, 0.9).0, expected, "{message}");
        };
        check("no such flag --epochz", Ending::Failed);
        check("`--set data.columns.labl=colour` names no key", Ending::Failed);
        check("`a.csv` has no column `colour`: it has `a`, `b`", Ending::Refused);
    }
}
