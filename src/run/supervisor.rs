//! Attempts of one run: start a worker in its jail, record what it tells, name how it ended, ask recovery what to do next.

use super::disk;
use super::outcome::{Budget, Outcome, ended_by};
use super::process::{Disk, Exit, KillReason, Launch, Program, Status, launch};
use super::record::Recorder;
use super::recovery::{self, Allowed, Decision, From, Review, Tried, review};
use crate::error::Class;
use crate::job::{Event, Job, JobKind, RunConfig};
use crate::sandbox::{self, Level, Policy};
use crate::store::{self, AttemptFolder, Decided, Record, RunFolder};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// No event for so long means that the worker hangs, where the budget does not say otherwise.
pub const SILENCE: Duration = Duration::from_secs(600);

/// What supervision needs besides the job.
pub struct Supervisor<'a> {
    pub folder: &'a RunFolder,
    /// This binary: workers are the same program.
    pub program: PathBuf,
    pub level: Level,
    pub threads: usize,
    pub memory_bytes: Option<u64>,
    /// No event for so long means that the worker hangs.
    pub silence: Duration,
    /// When everything must be over.
    pub deadline: Option<Instant>,
    /// What may lie on the disk: of the whole run, where this is a trial of one.
    pub disk: Option<Disk>,
    /// What recovery may do.
    pub allowed: Allowed,
    /// Set when the user wants to stop.
    pub stop: &'a AtomicBool,
    /// The time, for the ledger.
    pub now: &'a dyn Fn() -> String,
}

/// Where events go besides the attempt's file: progress on a terminal, JSON lines.
pub trait Watch {
    /// An event of attempt `attempt` of `run`.
    fn event(&mut self, run: &str, attempt: u32, event: &Event);
    /// Something that the supervisor itself has to say.
    fn say(&mut self, message: &str);
}

/// One attempt that is over.
#[derive(Debug)]
pub struct Attempt {
    pub number: u32,
    pub folder: AttemptFolder,
    pub outcome: Outcome,
    pub events: Vec<Event>,
}

impl Supervisor<'_> {
    /// Trains one run to its end: attempts, each after what recovery decided of the one before.
    ///
    /// # Errors
    /// The run folder cannot be written. How the run ended is a value: the last attempt's outcome.
    pub fn train(&self, config: &RunConfig, watch: &mut dyn Watch) -> Result<Attempt, store::Error> {
        let (mut history, mut resume_from) = self.earlier(config)?;
        let planned = config.below(self.folder.root());
        let mut config = history.last().map_or_else(|| planned.clone(), |last: &Tried| last.config.clone());
        // What was decided of the last attempt, where the process that decided it could not try it any more; and where rules gave up, a
        // person who goes on grants one more attempt to what they would have tried next.
        if let Some((last, before)) = history.split_last()
            && !matches!(last.outcome, Outcome::Completed | Outcome::Interrupted { .. } | Outcome::TimedOut { .. })
        {
            match recovery::proposed(&last.outcome, &last.config, before, self.allowed) {
                Decision::Retry { change, config: next, from, reason } => {
                    if !self.has_changed(&config.name, history.len() as u32)? {
                        self.recovery(&config.name, history.len() as u32, Decided::Changed(change), &reason)?;
                        watch.say(&reason);
                    }
                    config = *next;
                    resume_from = self.checkpoints_for(from, &config, &history);
                }
                // Its checkpoints are on the way to where it diverged.
                Decision::GiveUp { .. } if matches!(last.outcome, Outcome::Diverged { .. }) => {
                    watch.say(REPEATS);
                    resume_from = Vec::new();
                }
                Decision::GiveUp { .. } => {}
            }
        }
        // Recovery changes how it is trained, never on what; and the run folder may lie elsewhere than it did.
        (config.train, config.monitor, config.writing) = (planned.train, planned.monitor, planned.writing);
        loop {
            let number = history.len() as u32 + 1;
            let folder = self.folder.attempt(&config.name, number);
            let readable = readable_by_training(&config, &resume_from);
            let (from, out) = (resume_from.clone(), folder.work());
            let job = Job::Train { config: Box::new(config.clone()), resume_from: from, out, stop_after: None };
            let attempt = self.attempt(&config.name, number, &job, readable, watch)?;
            let decision = recovery::decide(&attempt.outcome, &config, &history, self.allowed);
            history.push(Tried { config: config.clone(), outcome: attempt.outcome.clone() });
            match decision {
                _ if matches!(attempt.outcome, Outcome::Completed) => {
                    self.folder.clear_review(&config.name);
                    return Ok(attempt);
                }
                _ if matches!(attempt.outcome, Outcome::Interrupted { .. } | Outcome::BudgetSpent { .. }) => return Ok(attempt),
                Decision::GiveUp { reason, spent } => {
                    self.recovery(&config.name, number, Decided::GiveUp, &reason)?;
                    if history.last().is_some_and(|last| is_failure(&last.outcome)) {
                        self.flag(&config.name, &reason, &review(&history), watch)?;
                    }
                    let last = attempt.outcome.clone();
                    let spent_attempts =
                        || Outcome::BudgetSpent { budget: Budget::Attempts, what: format!("{reason}; the last: {last}") };
                    return Ok(if spent { Attempt { outcome: spent_attempts(), ..attempt } } else { attempt });
                }
                Decision::Retry { change, config: next, from, reason } => {
                    self.recovery(&config.name, number, Decided::Changed(change), &reason)?;
                    watch.say(&reason);
                    config = *next;
                    resume_from = self.checkpoints_for(from, &config, &history);
                }
            }
        }
    }

    /// Leaves a person what there is to decide about a run that failed, in the run folder and on the terminal.
    pub(super) fn flag(&self, run: &str, reason: &str, review: &Review, watch: &mut dyn Watch) -> Result<(), store::Error> {
        let text = review.to_markdown(run, reason);
        text.lines().filter(|line| !line.is_empty()).for_each(|line| watch.say(line));
        self.folder.write_text(&self.folder.review(run), &text)
    }

    /// Runs one job in a jail of its own; `readable` is all that it may read, its attempt's `work` folder all that it may write.
    pub fn attempt(
        &self,
        run: &str,
        number: u32,
        job: &Job,
        readable: Vec<PathBuf>,
        watch: &mut dyn Watch,
    ) -> Result<Attempt, store::Error> {
        let folder = self.folder.attempt(run, number);
        if let Some(outcome) = self.disk.as_ref().and_then(|disk| disk::spent(disk.limit, disk.held(), job)) {
            return Ok(Attempt { number, folder, outcome, events: Vec::new() });
        }
        folder.create()?;
        folder.write_json(&folder.job(), job)?;
        let ledger = self.folder.ledger();
        ledger.append((self.now)(), Record::AttemptStarted { run: run.into(), attempt: number, job: job.kind() })?;
        let mut recorder = Recorder::new(&folder, job.kind())?;
        let wall = self.deadline.map_or(MAX_WALL, |deadline| deadline.saturating_duration_since(Instant::now()));
        let spec = Launch {
            program: Program::Worker(&self.program),
            policy: self.policy(job, &folder, readable, wall),
            job: serde_json::to_string(job).unwrap_or_default(),
            stderr: folder.stderr(),
            threads: self.threads,
            stall: self.silence,
            disk: self.disk_of(job, &folder),
            stop: self.stop,
        };
        let mut kept = Ok(());
        let exit = launch(&spec, &mut |line: &[u8]| {
            let Some(event) = recorder.line(line) else { return };
            watch.event(run, number, &event);
            if kept.is_ok() && is_worth_keeping(&event) {
                let told = Record::Told { run: run.into(), attempt: number, told: event };
                kept = ledger.append((self.now)(), told).map(drop);
            }
        });
        folder.sweep();
        if let Some(refused) = exit.as_ref().ok().map(|exit| exit.refused.clone()).filter(|refused| !refused.is_empty()) {
            let event = recorder.keep(Event::Refused { calls: refused });
            watch.event(run, number, &event);
            ledger.append((self.now)(), Record::Told { run: run.into(), attempt: number, told: event })?;
        }
        let events = recorder.finish()?;
        kept?;
        let (outcome, wall_secs, max_rss_bytes) = match exit {
            Ok(exit) => (self.name_outcome((job, &folder), &exit, &events, wall), exit.wall_secs, exit.max_rss_bytes),
            Err(error) => {
                let class = crate::error::Failure::class(&error);
                let hint = crate::error::Failure::hint(&error);
                (Outcome::Refused { class, message: crate::error::Error::from(error).to_string(), hint }, 0.0, 0)
            }
        };
        let ended = Record::AttemptEnded { run: run.into(), attempt: number, outcome: outcome.clone(), wall_secs, max_rss_bytes };
        ledger.append((self.now)(), ended)?;
        Ok(Attempt { number, folder, outcome, events })
    }

    /// The most memory of a job; none: as much as the machine gives.
    fn memory_of(&self, job: &Job) -> Option<u64> {
        match job {
            Job::Read { .. } => Some(self.memory_bytes.map_or(READING_MEMORY, |given| given.min(READING_MEMORY))),
            Job::Prepare(_)
            | Job::Describe(_)
            | Job::Train { .. }
            | Job::Evaluate(_)
            | Job::Generate(_)
            | Job::Merge(_)
            | Job::Predict(_)
            | Job::Export(_)
            | Job::Compare { .. } => self.memory_bytes,
        }
    }

    fn policy(&self, job: &Job, folder: &AttemptFolder, readable: Vec<PathBuf>, wall: Duration) -> Policy {
        let (writable, memory_bytes, level) = (folder.work(), self.memory_of(job), self.level);
        // Of weights in several files their index is named, and of a tokenizer in parts the first; one that cannot be read is the
        // worker's to tell.
        let weights = readable.iter().flat_map(|path| crate::data::weight_files(path).unwrap_or_default());
        let files = weights.chain(readable.iter().flat_map(|path| crate::data::tokenizer_files(path))).collect::<Vec<_>>();
        // A folder of images is as many names as there are images.
        let mut known: HashSet<PathBuf> = readable.iter().cloned().collect();
        let mut read_only = readable;
        read_only.extend(files.into_iter().filter(|file| known.insert(file.clone())));
        Policy { read_only, writable, memory_bytes, wall, level, ..Policy::default() }
    }

    /// How the attempt ended: from what we did to it, then its last word, then its wait status.
    fn name_outcome(&self, (job, folder): (&Job, &AttemptFolder), exit: &Exit, events: &[Event], wall: Duration) -> Outcome {
        let memory_bytes = self.memory_of(job);
        let out_of_memory = || Outcome::OutOfMemory {
            limit_bytes: memory_bytes,
            peak_bytes: Some(exit.memory_peak_bytes.unwrap_or(exit.max_rss_bytes)),
            gpu: None,
        };
        let limits = [whole_secs(wall), self.silence.as_secs()];
        let ended = |reason: KillReason, step: u64| ended_by(reason, ("worker", step), limits, || self.disk_overrun(job, folder));
        if let Some(reason) = exit.killed_by {
            return ended(reason, last_step(events));
        }
        let last_word = events.iter().rev().find_map(|event| match event {
            Event::Diverged { step, what, origin, .. } => {
                Some(Outcome::Diverged { step: *step, what: *what, origin: origin.clone() })
            }
            Event::Stopped { step } => match exit.asked {
                Some(reason) => Some(ended(reason, *step)),
                None if matches!(job, Job::Train { stop_after: Some(_), .. }) => Some(Outcome::Interrupted { step: *step }),
                // What nobody asked for is no answer.
                None => None,
            },
            Event::OutOfMemory { gpu } => Some(Outcome::OutOfMemory { limit_bytes: None, peak_bytes: None, gpu: Some(*gpu) }),
            Event::Failed { class, message, hint } => {
                Some(Outcome::Refused { class: *class, message: message.clone(), hint: hint.clone() })
            }
            _ => None,
        });
        let refused = |then: String| {
            let message = format!("the jail refused {}, and then the worker {then}", sandbox::in_words(&exit.refused));
            let hint = "no job of ours needs that: what it read may be hostile, or this is a mistake of ours; `stderr.log` of the attempt may say more";
            Outcome::Refused { class: Class::Sandbox, message, hint: Some(hint.into()) }
        };
        let was_refused = !exit.refused.is_empty();
        match (last_word, &exit.status) {
            (Some(outcome), _) => outcome,
            (None, Status::Exited(0)) if is_done(job, events) => Outcome::Completed,
            (None, Status::Exited(code)) if was_refused => refused(format!("ended with exit code {code}")),
            (None, Status::Exited(code)) => Outcome::Crashed { exit_code: *code },
            (None, Status::Signalled(_)) if exit.memory_kills.is_some_and(|kills| kills > 0) => out_of_memory(),
            // What nobody but it itself, or the kernel over what it did, sends it.
            (None, Status::Signalled(signal)) if was_refused && OF_ITSELF.contains(signal) => {
                refused(format!("died of signal {signal}"))
            }
            // Under a limit of the process, which nobody counts, an allocation fails; that aborts.
            (None, Status::Signalled(ABORT)) if memory_bytes.is_some() && exit.memory_kills.is_none() => out_of_memory(),
            // The machine's own out-of-memory killer, where nobody counts for this worker alone: it was at work as the worker died.
            (None, Status::Signalled(KILL)) if exit.memory_kills.is_none() && exit.machine_killed => out_of_memory(),
            // The same where the machine does not say.
            (None, Status::Signalled(_)) if memory_bytes.is_some_and(|limit| exit.max_rss_bytes > limit / 10 * 9) => {
                out_of_memory()
            }
            (None, Status::Signalled(signal)) => Outcome::Killed { signal: *signal },
        }
    }

    /// What may lie on the disk while a job runs: as the user says, or no more in its own folder than such a job writes.
    fn disk_of(&self, job: &Job, folder: &AttemptFolder) -> Option<Disk> {
        let own = || disk::most_written(job).map(|limit| Disk { folder: folder.work(), limit });
        self.disk.clone().or_else(own)
    }

    fn disk_overrun(&self, job: &Job, folder: &AttemptFolder) -> Outcome {
        match (&self.disk, self.disk_of(job, folder)) {
            (Some(said), _) => disk::overrun(said.limit, said.held()),
            (None, Some(own)) => disk::beyond(own.limit, own.held()),
            (None, None) => disk::overrun(0, self.folder.bytes()),
        }
    }

    pub(super) fn recovery(&self, run: &str, attempt: u32, decision: Decided, reason: &str) -> Result<u64, store::Error> {
        let record = Record::Recovery { run: run.into(), attempt, decision, reason: reason.into() };
        self.folder.ledger().append((self.now)(), record)
    }

    /// Whether the ledger has the change that follows this attempt: what gave up enters none, nor does one that was killed before it could.
    fn has_changed(&self, run: &str, number: u32) -> Result<bool, store::Error> {
        let is_it = |record: &Record| match record {
            Record::Recovery { run: of, attempt, decision: Decided::Changed(_), .. } => of == run && *attempt == number,
            _ => false,
        };
        Ok(self.folder.ledger().read()?.iter().any(|entry| is_it(&entry.record)))
    }

    /// The attempts that an earlier process of ours made at this run, and the checkpoints to go on from. One that has no end in
    /// the ledger ended with that process.
    fn earlier(&self, config: &RunConfig) -> Result<(Vec<Tried>, Vec<PathBuf>), store::Error> {
        let mut history: Vec<Tried> = Vec::new();
        for entry in self.folder.ledger().read()? {
            match entry.record {
                Record::AttemptStarted { run, attempt, job } if run == config.name && job == JobKind::Train => {
                    let folder = self.folder.attempt(&run, attempt);
                    let config = match self.folder.read_json(&folder.job()) {
                        Ok(Job::Train { config, .. }) => *config,
                        _ => config.clone(),
                    };
                    history.push(Tried { config, outcome: Outcome::Interrupted { step: 0 } });
                }
                Record::AttemptEnded { run, outcome, .. } if run == config.name => {
                    if let Some(last) = history.last_mut() {
                        last.outcome = outcome;
                    }
                }
                _ => {}
            }
        }
        let checkpoints = self.checkpoints(history.last().map_or(config, |last| &last.config), &history);
        Ok((history, checkpoints))
    }

    /// The folders of checkpoints of the attempts before that took the same steps, newest first, for the newest may be damaged: one of
    /// an attempt that diverged with a higher learning rate is of another run, and one that diverged leaves what leads there.
    fn checkpoints(&self, config: &RunConfig, history: &[Tried]) -> Vec<PathBuf> {
        let leads_on =
            |tried: &Tried| !matches!(tried.outcome, Outcome::Diverged { .. }) && tried.config.takes_the_steps_of(config);
        let same = history.iter().enumerate().rev().filter(|(_, tried)| leads_on(tried));
        let folders = same.map(|(i, _)| self.folder.attempt(&config.name, i as u32 + 1).checkpoints());
        folders.filter(|folder| !folder.files().is_empty()).map(|folder| folder.path().into()).collect()
    }

    fn checkpoints_for(&self, from: From, config: &RunConfig, history: &[Tried]) -> Vec<PathBuf> {
        match from {
            From::LastCheckpoint => self.checkpoints(config, history),
            From::Start => Vec::new(),
        }
    }
}

/// Said before an attempt with a recipe that diverged and that nothing changes.
const REPEATS: &str = "it diverged with this recipe, and rules have nothing left to change: it is trained from the start again, takes the same \
    steps, and diverges again unless something else has changed meanwhile";

/// The most memory of a job that reads a paper. Papers take a tenth of it; what is packed into one may unpack to more than any machine has.
pub const READING_MEMORY: u64 = 1 << 30;

/// The signal of `abort`.
const ABORT: i32 = 6;
/// The one that nobody can refuse.
const KILL: i32 = 9;

/// Signals of a program that breaks, not of one that is ended: SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, as Linux numbers
/// them on the machines that workers run on.
pub const OF_ITSELF: [i32; 7] = [4, 5, ABORT, 7, 8, 11, 31];

/// Wall-clock limit of an attempt where the budget sets none.
pub const MAX_WALL: Duration = Duration::from_secs(7 * 24 * 3600);

/// A limit in whole seconds, as it was given: what is left of it when an attempt starts is a little less.
pub fn whole_secs(limit: Duration) -> u64 {
    limit.as_secs_f64().round() as u64
}

/// All that a training attempt may read. The held-out split is not among it.
pub fn readable_by_training(config: &RunConfig, resume_from: &[PathBuf]) -> Vec<PathBuf> {
    let mut paths = vec![config.train.clone()];
    if let crate::job::MonitorConfig::File { path } = &config.monitor {
        paths.push(path.clone());
    }
    if let crate::job::InitFrom::Weights { path, .. } = &config.init {
        paths.push(path.clone());
    }
    paths.extend(config.writing.as_ref().map(|writing| writing.tokenizer.clone()));
    paths.extend(resume_from.iter().cloned());
    paths
}

/// Whether a person may have to decide what comes next.
fn is_failure(outcome: &Outcome) -> bool {
    use Outcome::*;
    matches!(outcome, Diverged { .. } | OutOfMemory { .. } | Killed { .. } | Crashed { .. } | Stalled { .. })
}

/// Steps and progress are in the attempt's own file; the ledger keeps what reports cite.
fn is_worth_keeping(event: &Event) -> bool {
    !matches!(event, Event::Step(_) | Event::Progress { .. } | Event::Checkpointed { .. } | Event::Wrote { .. })
}

/// Whether the job's own last word was told: one that leaves without it has not done its work, whatever its exit code says.
fn is_done(job: &Job, events: &[Event]) -> bool {
    match job {
        Job::Read { .. } => events.iter().any(|e| matches!(e, Event::Read { .. })),
        Job::Prepare(job) => events.iter().filter(|e| matches!(e, Event::Prepared(_))).count() == job.splits.len(),
        Job::Describe(job) => events.iter().filter(|e| matches!(e, Event::Described(_))).count() == job.splits.len(),
        Job::Train { .. } => events.iter().any(|e| matches!(e, Event::Finished { .. })),
        Job::Evaluate(_) => events.iter().any(|e| matches!(e, Event::Evaluated { .. })),
        Job::Generate(_) => events.iter().any(|e| matches!(e, Event::Generated { .. })),
        Job::Merge(_) => events.iter().any(|e| matches!(e, Event::Merged { .. })),
        Job::Predict(_) => events.iter().any(|e| matches!(e, Event::Predicted { .. })),
        Job::Export(_) => events.iter().any(|e| matches!(e, Event::Exported { .. })),
        Job::Compare { .. } => events.iter().any(|e| matches!(e, Event::Compared(_))),
    }
}

fn last_step(events: &[Event]) -> u64 {
    events
        .iter()
        .rev()
        .find_map(|e| match e {
            Event::Step(s) => Some(s.step),
            Event::Checkpointed { step, .. } => Some(*step),
            _ => None,
        })
        .unwrap_or(0)
}

/// The class that an outcome ends the command with.
pub fn class_of(outcome: &Outcome) -> Option<Class> {
    match outcome {
        Outcome::Completed => None,
        Outcome::Diverged { .. } => Some(Class::Numeric),
        Outcome::OutOfMemory { .. } => Some(Class::Resource),
        Outcome::TimedOut { .. } | Outcome::BudgetSpent { .. } => Some(Class::Budget),
        Outcome::Stalled { .. } => Some(Class::Stalled),
        Outcome::Interrupted { .. } => Some(Class::Interrupted),
        Outcome::Killed { .. } | Outcome::Crashed { .. } => Some(Class::Bug),
        Outcome::Refused { class, .. } => Some(*class),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn supervised<T>(memory_bytes: Option<u64>, check: impl FnOnce(&Supervisor) -> T) -> T {
        supervised_within(memory_bytes, None, check)
    }

    /// `disk_bytes`: what the folder around the run folder may hold.
    fn supervised_within<T>(memory_bytes: Option<u64>, disk_bytes: Option<u64>, check: impl FnOnce(&Supervisor) -> T) -> T {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::create(dir.path().join("run")).expect("made");
        let stop = AtomicBool::new(false);
        check(&Supervisor {
            folder: &folder,
            program: PathBuf::new(),
            level: Level::Strict,
            threads: 1,
            memory_bytes,
            silence: SILENCE,
            deadline: None,
            disk: disk_bytes.map(|limit| Disk { folder: dir.path().into(), limit }),
            allowed: Allowed::default(),
            stop: &stop,
            now: &String::new,
        })
    }

    struct Quiet;

    impl Watch for Quiet {
        fn event(&mut self, _: &str, _: u32, _: &Event) {}
        fn say(&mut self, _: &str) {}
    }

    fn reading() -> Job {
        let source = crate::intake::Opened::example().record;
        Job::Read { paper: "p.pdf".into(), source: Box::new(source), out: "out".into() }
    }

    fn comparing() -> Job {
        Job::Compare { train: "a".into(), held_out: "b".into() }
    }

    #[test]
    fn who_reads_a_paper_never_has_the_whole_machine() {
        let limits = |given| supervised(given, |one| [one.memory_of(&reading()), one.memory_of(&comparing())]);
        assert_eq!(limits(None), [Some(READING_MEMORY), None]);
        assert_eq!(limits(Some(GIB / 2)), [Some(GIB / 2); 2]);
        assert_eq!(limits(Some(8 * GIB)), [Some(READING_MEMORY), Some(8 * GIB)]);
        let policy = |one: &Supervisor| one.policy(&reading(), &one.folder.attempt("read", 1), Vec::new(), MAX_WALL);
        assert_eq!(supervised(None, policy).memory_bytes, Some(READING_MEMORY));
    }

    /// One that was given up after five attempts, as a process of before left it.
    #[test]
    fn who_resumes_a_run_tries_what_was_not_tried() {
        let memory = || Outcome::OutOfMemory { limit_bytes: None, peak_bytes: None, gpu: None };
        let planned = recovery::tests::config(96);
        let sizes = supervised(None, |one| {
            let (mut config, mut history) = (planned.clone(), Vec::new());
            for number in 1.. {
                let (attempt, run) = (one.folder.attempt(&config.name, number), config.name.clone());
                attempt.create().expect("made");
                let job = Job::Train {
                    config: Box::new(config.clone()),
                    resume_from: Vec::new(),
                    out: attempt.work(),
                    stop_after: None,
                };
                attempt.write_json(&attempt.job(), &job).expect("written");
                let started = Record::AttemptStarted { run: run.clone(), attempt: number, job: JobKind::Train };
                let ended = Record::AttemptEnded { run, attempt: number, outcome: memory(), wall_secs: 1.0, max_rss_bytes: 0 };
                for record in [started, ended] {
                    one.folder.ledger().append(String::new(), record).expect("written");
                }
                let decision = recovery::decide(&memory(), &config, &history, one.allowed);
                history.push(Tried { config: config.clone(), outcome: memory() });
                match decision {
                    Decision::Retry { config: next, .. } => config = *next,
                    Decision::GiveUp { .. } => break,
                }
            }
            // No program is there to be started.
            let last = one.train(&planned, &mut Quiet).expect("a run folder");
            let Job::Train { config: tried, .. } = one.folder.read_json(&last.folder.job()).expect("a job") else {
                panic!("{last:?}")
            };
            (history.len(), config.micro_batch_size, last.number, tried.micro_batch_size)
        });
        assert_eq!(sizes, (5, 12, 6, 6));
    }

    #[test]
    fn a_job_may_name_very_many_files() {
        let named: Vec<PathBuf> = (0..50_000).map(|i| PathBuf::from(format!("/data/images/{i}.png"))).collect();
        let begun = Instant::now();
        let policy = supervised(None, |one| one.policy(&comparing(), &one.folder.attempt("x", 1), named.clone(), MAX_WALL));
        assert!(policy.read_only == named, "each is named once");
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    /// A trial lies beside what its run has already.
    #[test]
    fn disk_space_is_that_of_the_whole_run() {
        let outcome = supervised_within(None, Some(1000), |one| {
            std::fs::write(one.folder.root().with_file_name("beside"), vec![0u8; 1 << 13]).expect("written");
            one.attempt("x", 1, &comparing(), Vec::new(), &mut Quiet).expect("a run folder").outcome
        });
        assert!(matches!(outcome, Outcome::BudgetSpent { budget: Budget::Disk, .. }), "{outcome:?}");
    }

    fn killed(signal: i32, memory_kills: Option<u64>, machine_killed: bool) -> Exit {
        Exit {
            status: Status::Signalled(signal),
            asked: None,
            killed_by: None,
            wall_secs: 1.0,
            user_secs: 1.0,
            sys_secs: 0.0,
            max_rss_bytes: 3 * GIB,
            memory_kills,
            machine_killed,
            memory_peak_bytes: None,
            refused: Vec::new(),
            stderr_tail: String::new(),
        }
    }

    /// Where nobody set a budget: a paper may be made so that its reader writes without end.
    #[test]
    fn who_writes_words_fills_no_disk() {
        let exit = Exit { killed_by: Some(KillReason::Disk), ..killed(KILL, None, false) };
        let of = |one: &Supervisor| {
            let folder = one.folder.attempt("read", 1);
            folder.create().expect("made");
            let within = one.disk_of(&reading(), &folder).map(|disk| (disk.folder == folder.work(), disk.limit));
            (within, one.name_outcome((&reading(), &folder), &exit, &[], MAX_WALL))
        };
        let (within, outcome) = supervised(None, of);
        assert_eq!(within, Some((true, 4 * GIB)));
        let expected = "the worker writes more than any such job does: expected at most 4.0 GiB, found";
        let Outcome::Refused { class: Class::Sandbox, message, hint: None } = outcome else { panic!("{outcome:?}") };
        assert!(message.starts_with(expected), "{message}");
        // The user's own word counts for all.
        let (within, outcome) = supervised_within(None, Some(1000), of);
        assert_eq!(within, Some((false, 1000)));
        assert!(matches!(outcome, Outcome::BudgetSpent { budget: Budget::Disk, .. }), "{outcome:?}");
    }

    #[test]
    fn a_kill_for_want_of_the_machines_memory_is_no_accident() {
        let exit = killed;
        let named = |exit: Exit| {
            supervised(None, |one| one.name_outcome((&comparing(), &one.folder.attempt("x", 1)), &exit, &[], MAX_WALL))
        };
        let out_of_memory = Outcome::OutOfMemory { limit_bytes: None, peak_bytes: Some(3 * GIB), gpu: None };
        assert_eq!(named(exit(KILL, None, true)), out_of_memory);
        assert_eq!(named(exit(KILL, None, false)), Outcome::Killed { signal: KILL });
        // Who counts for the worker alone knows better.
        assert_eq!(named(exit(KILL, Some(0), true)), Outcome::Killed { signal: KILL });
        assert_eq!(named(exit(15, None, true)), Outcome::Killed { signal: 15 });
    }
}
