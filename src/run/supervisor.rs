//! Attempts of one run: start a worker in its jail, record what it tells, name how it ended, ask recovery what to do next.

mod ending;
#[cfg(test)]
mod tests;

pub use ending::OF_ITSELF;

use super::disk;
use super::outcome::{Budget, Outcome};
use super::process::{Disk, Launch, Program, launch};
use super::record::Recorder;
use super::recovery::{self, Allowed, Decision, From, Review, Tried, review};
use crate::job::{Event, Job, JobKind, RunConfig};
use crate::sandbox::{Level, Policy};
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
