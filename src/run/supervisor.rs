//! Attempts of one run: start a worker in its jail, record what it tells, name how it ended, ask recovery what to do next.

use super::disk;
use super::outcome::{Budget, Outcome};
use super::process::{Disk, Exit, KillReason, Launch, Program, Status, launch};
use super::record::Recorder;
use super::recovery::{self, Allowed, Decision, From, Review, Tried, review};
use crate::error::Class;
use crate::job::{Event, Job, JobKind, RunConfig};
use crate::sandbox::{self, Level, Policy};
use crate::store::{self, AttemptFolder, Decided, Record, RunFolder};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// What the run folder may hold.
    pub disk_bytes: Option<u64>,
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
        // Recovery changes how it is trained, never on what; and the run folder may lie elsewhere than it did.
        let mut config = history.last().map_or_else(|| planned.clone(), |last: &Tried| last.config.clone());
        (config.train, config.monitor, config.writing) = (planned.train, planned.monitor, planned.writing);
        // What was decided of the last attempt, where the process that decided it could not try it any more.
        if let Some((last, before)) = history.split_last()
            && !matches!(last.outcome, Outcome::Completed | Outcome::Interrupted { .. } | Outcome::TimedOut { .. })
        {
            match recovery::decide(&last.outcome, &last.config, before, self.allowed) {
                Decision::Retry { change, config: next, from, reason } => {
                    if !self.has_changed(&config.name, history.len() as u32)? {
                        self.recovery(&config.name, history.len() as u32, Decided::Changed(change), &reason)?;
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
        if let Some(outcome) = self.disk_bytes.and_then(|limit| disk::spent(limit, self.folder.bytes(), job)) {
            return Ok(Attempt { number, folder, outcome, events: Vec::new() });
        }
        folder.create()?;
        folder.write_json(&folder.job(), job)?;
        let ledger = self.folder.ledger();
        ledger.append((self.now)(), Record::AttemptStarted { run: run.into(), attempt: number, job: job.kind() })?;
        let mut recorder = Recorder::new(&folder)?;
        let wall = self.deadline.map_or(MAX_WALL, |deadline| deadline.saturating_duration_since(Instant::now()));
        let spec = Launch {
            program: Program::Worker(&self.program),
            policy: self.policy(job, &folder, readable, wall),
            job: serde_json::to_string(job).unwrap_or_default(),
            stderr: folder.stderr(),
            threads: self.threads,
            stall: self.silence,
            disk: self.disk_bytes.map(|limit| Disk { folder: self.folder.root().into(), limit }),
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
            Ok(exit) => (self.name_outcome(job, &exit, &events, wall), exit.wall_secs, exit.max_rss_bytes),
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
        let mut read_only = readable;
        read_only.extend(files.into_iter().filter(|file| !read_only.contains(file)).collect::<Vec<_>>());
        Policy { read_only, writable, memory_bytes, wall, level, ..Policy::default() }
    }

    /// How the attempt ended: from what we did to it, then its last word, then its wait status.
    fn name_outcome(&self, job: &Job, exit: &Exit, events: &[Event], wall: Duration) -> Outcome {
        let memory_bytes = self.memory_of(job);
        let out_of_memory = || Outcome::OutOfMemory {
            limit_bytes: memory_bytes,
            peak_bytes: Some(exit.memory_peak_bytes.unwrap_or(exit.max_rss_bytes)),
            gpu: None,
        };
        match exit.killed_by {
            Some(KillReason::WallClock) => return Outcome::TimedOut { limit_secs: whole_secs(wall) },
            Some(KillReason::Stalled) => return Outcome::Stalled { limit_secs: self.silence.as_secs() },
            Some(KillReason::Interrupted) => return Outcome::Interrupted { step: last_step(events) },
            Some(KillReason::Disk) => return self.disk_overrun(),
            Some(KillReason::Flooded) => {
                let message = "what the worker sends are no events: expected lines of at most 1 MiB, found more".into();
                return Outcome::Refused { class: Class::Sandbox, message, hint: None };
            }
            None => {}
        }
        let last_word = events.iter().rev().find_map(|event| match event {
            Event::Diverged { step, what, origin, .. } => {
                Some(Outcome::Diverged { step: *step, what: *what, origin: origin.clone() })
            }
            Event::Stopped { .. } if exit.asked == Some(KillReason::WallClock) => {
                Some(Outcome::TimedOut { limit_secs: whole_secs(wall) })
            }
            Event::Stopped { .. } if exit.asked == Some(KillReason::Disk) => Some(self.disk_overrun()),
            // What nobody asked for is no answer.
            Event::Stopped { step } if exit.asked.is_some() || matches!(job, Job::Train { stop_after: Some(_), .. }) => {
                Some(Outcome::Interrupted { step: *step })
            }
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

    fn disk_overrun(&self) -> Outcome {
        disk::overrun(self.disk_bytes.unwrap_or_default(), self.folder.bytes())
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

impl Supervisor<'_> {
    /// Whether the user asked to stop.
    pub fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn supervised<T>(memory_bytes: Option<u64>, check: impl FnOnce(&Supervisor) -> T) -> T {
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
            disk_bytes: None,
            allowed: Allowed::default(),
            stop: &stop,
            now: &String::new,
        })
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

    #[test]
    fn a_kill_for_want_of_the_machines_memory_is_no_accident() {
        let exit = |signal, memory_kills, machine_killed| Exit {
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
        };
        let named = |exit: Exit| supervised(None, |one| one.name_outcome(&comparing(), &exit, &[], MAX_WALL));
        let out_of_memory = Outcome::OutOfMemory { limit_bytes: None, peak_bytes: Some(3 * GIB), gpu: None };
        assert_eq!(named(exit(KILL, None, true)), out_of_memory);
        assert_eq!(named(exit(KILL, None, false)), Outcome::Killed { signal: KILL });
        // Who counts for the worker alone knows better.
        assert_eq!(named(exit(KILL, Some(0), true)), Outcome::Killed { signal: KILL });
        assert_eq!(named(exit(15, None, true)), Outcome::Killed { signal: 15 });
    }
}
