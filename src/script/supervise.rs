//! Attempts of a script: each in a container of its own, recorded, named, followed by what recovery says.

use super::outcome::{self, Limits};
use super::recovery::{Decision, Tried, decide};
use super::{Heard, RUNNER, SHIM, ScriptSpec, Settings, Told};
use crate::error::Class;
use crate::job::Event;
use crate::run::process::{Disk, Launch, Program, ask, launch};
use crate::run::{Budget, MAX_WALL, Outcome, SILENCE, Watch, overrun};
use crate::sandbox::container::{Container, Engine, HELD};
use crate::sandbox::{Level, Policy};
use crate::store::{self, AttemptFolder, Record, RunFolder};
use crate::words::{clean, count, measured};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{File, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// The one run of a script's run folder.
pub const RUN: &str = "script";

/// Who a script is where we are root: nobody.
const NOBODY: u32 = 65534;

/// How often a line of progress is said at most.
const EVERY: Duration = Duration::from_secs(5);

/// What an attempt was started with: `job.json` beside its events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScriptJob {
    pub settings: Settings,
    /// The checkpoint that it goes on from, below the run folder.
    pub resume: Option<PathBuf>,
    pub container: Container,
}

/// What supervision needs besides the spec.
pub struct Scripts<'a> {
    pub folder: &'a RunFolder,
    pub engine: Engine,
    pub spec: &'a ScriptSpec,
    /// What earlier processes took of the time.
    pub used: Duration,
    pub begun: Instant,
    pub stop: &'a AtomicBool,
    pub now: &'a dyn Fn() -> String,
}

/// How a script's run ended: the last attempt's outcome, and why nothing more is tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    pub outcome: Outcome,
    pub reason: String,
}

/// What an engine has under an image's name.
///
/// # Errors
/// There is no such engine or image, or the engine lacks what a script's jail is made of: in words.
pub fn image_id(engine: &Engine, image: &str) -> Result<String, String> {
    let security = ask(engine, &["info", "--format", "{{json .SecurityOptions}}"])?;
    if !security.contains("seccomp") {
        return Err(format!(
            "the engine filters no system calls: expected `seccomp` among its security options, found {security}"
        ));
    }
    ask(engine, &["image", "inspect", "--format", "{{.Id}}", image])
}

impl Scripts<'_> {
    /// Runs the script to its end: attempts, each after what was decided of the one before.
    ///
    /// # Errors
    /// The run folder cannot be written.
    pub fn run(&self, watch: &mut dyn Watch) -> Result<Ended, store::Error> {
        self.remove_orphans();
        let mut tried = self.earlier()?;
        let (mut settings, mut goes_on) = (Settings::default(), true);
        if let Some(last) = tried.last() {
            settings = last.settings;
            // What was decided of the last attempt, where the process that decided it could not try it any more.
            if let Decision::Retry { settings: next, goes_on: from_checkpoint, .. } = decide(&tried, None) {
                (settings, goes_on) = (next, from_checkpoint);
            }
        }
        loop {
            let number = tried.len() as u32 + 1;
            if let Some(outcome) = self.out_of_time().or_else(|| self.out_of_disk()) {
                return Ok(Ended { reason: outcome.to_string(), outcome });
            }
            let resume = goes_on.then(|| self.last_checkpoint(&tried)).flatten();
            let (outcome, told) = self.attempt(number, settings, resume, watch)?;
            tried.push(Tried { settings, outcome: outcome.clone(), told });
            let record = |decision: &str, reason: &str| Record::Recovery {
                run: RUN.into(),
                attempt: number,
                decision: decision.into(),
                reason: reason.into(),
            };
            match decide(&tried, self.spec.max_attempts) {
                Decision::GiveUp { reason, spent } => {
                    match &outcome {
                        Outcome::Completed => self.folder.clear_review(RUN),
                        Outcome::Interrupted { .. } | Outcome::BudgetSpent { .. } => {}
                        _ => {
                            self.folder.ledger().append((self.now)(), record("give_up", &reason))?;
                            self.flag(&reason, &tried)?;
                        }
                    }
                    let outcome = match spent {
                        true => Outcome::BudgetSpent { budget: Budget::Attempts, what: format!("{reason}; the last: {outcome}") },
                        false => outcome,
                    };
                    return Ok(Ended { outcome, reason });
                }
                Decision::Retry { settings: next, goes_on: from_checkpoint, reason } => {
                    let decision = serde_json::to_string(&next).unwrap_or_default();
                    self.folder.ledger().append((self.now)(), record(&decision, &reason))?;
                    watch.say(&reason);
                    (settings, goes_on) = (next, from_checkpoint);
                }
            }
        }
    }

    /// Containers of this run that a process of ours left, which was killed: the run is ours alone now.
    fn remove_orphans(&self) {
        let filter = format!("label={}", self.label());
        let left = ask(&self.engine, &["ps", "--all", "--quiet", "--filter", &filter]).unwrap_or_default();
        for id in left.lines() {
            // Whatever it was, it is found again next time.
            let _ = ask(&self.engine, &["rm", "--force", "--volumes", id]);
        }
    }

    fn label(&self) -> String {
        format!("tallow.run={}", self.folder.root().display())
    }

    fn deadline(&self) -> Option<Instant> {
        self.spec.max_time_secs.map(|secs| self.begun + Duration::from_secs(secs).saturating_sub(self.used))
    }

    fn out_of_time(&self) -> Option<Outcome> {
        self.deadline().filter(|deadline| Instant::now() >= *deadline)?;
        let what = format!("the time of {} s for the whole run is over", self.spec.max_time_secs.unwrap_or_default());
        Some(Outcome::BudgetSpent { budget: Budget::Time, what })
    }

    fn out_of_disk(&self) -> Option<Outcome> {
        let (limit, held) = (self.spec.max_disk_bytes?, self.folder.bytes());
        (held > limit).then(|| overrun(limit, held))
    }

    fn attempt(
        &self,
        number: u32,
        settings: Settings,
        resume: Option<PathBuf>,
        watch: &mut dyn Watch,
    ) -> Result<(Outcome, Vec<Told>), store::Error> {
        let folder = self.folder.attempt(RUN, number);
        folder.create()?;
        let container = self.container(&folder, settings, resume.as_deref())?;
        let job = ScriptJob { settings, resume, container };
        folder.write_json(&folder.job(), &job)?;
        let ledger = self.folder.ledger();
        ledger.append((self.now)(), Record::AttemptStarted { run: RUN.into(), attempt: number, job: RUN.into() })?;
        let layers = HELD.iter().map(|(name, what)| (name.to_string(), what.to_string())).collect::<BTreeMap<_, _>>();
        let jailed = Event::Jailed { level: Level::Strict, layers, start_ms: 0.0 };
        ledger.append((self.now)(), Record::Told { run: RUN.into(), attempt: number, told: jailed })?;
        let wall = self.deadline().map_or(MAX_WALL, |deadline| deadline.saturating_duration_since(Instant::now()));
        let policy = Policy { writable: folder.work(), wall, level: Level::Strict, ..Policy::default() };
        let launching = Launch {
            program: Program::Container(&job.container),
            policy,
            job: String::new(),
            stderr: folder.stderr(),
            threads: self.spec.cpus,
            stall: SILENCE,
            disk: self.spec.max_disk_bytes.map(|limit| Disk { folder: self.folder.root().into(), limit }),
            stop: self.stop,
        };
        let io = |source| store::Error::Io { action: "write", path: folder.events(), source };
        let mut events = File::create(folder.events()).map_err(io)?;
        let (mut heard, mut kept, mut progress) = (Heard::default(), Ok(()), Progress::default());
        let exit = launch(&launching, &mut |line: &[u8]| {
            let Some(one) = heard.line(line) else { return };
            kept = std::mem::replace(&mut kept, Ok(())).and_then(|()| keep(&mut events, &one));
            progress.show(&one, watch);
        });
        kept.map_err(io)?;
        let told = heard.finish();
        // What pages cite, once: a script may tell it at every step.
        for told in told.iter().filter(|told| !matches!(told, Told::Step { .. })) {
            ledger.append((self.now)(), Record::Script { attempt: number, told: told.clone() })?;
        }
        let disk = self.spec.max_disk_bytes.map(|limit| [limit, self.folder.bytes()]);
        let limits =
            Limits { memory_bytes: self.spec.max_memory_bytes, disk, wall_secs: wall.as_secs(), silence_secs: SILENCE.as_secs() };
        let (outcome, wall_secs) = match &exit {
            Ok(exit) => (outcome::name(exit, &told, limits), exit.wall_secs),
            Err(error) => (Outcome::Refused { class: Class::Sandbox, message: error.to_string(), hint: None }, 0.0),
        };
        let ended =
            Record::AttemptEnded { run: RUN.into(), attempt: number, outcome: outcome.clone(), wall_secs, max_rss_bytes: 0 };
        ledger.append((self.now)(), ended)?;
        Ok((outcome, told))
    }

    fn container(&self, folder: &AttemptFolder, settings: Settings, resume: Option<&Path>) -> Result<Container, store::Error> {
        let spec = self.spec;
        let resume = resume.map(|file| self.folder.root().join(file));
        let mut environment: Vec<(String, String)> = settings.environment().map(|(name, value)| (name.to_string(), value)).into();
        environment.push(("TALLOW_SEED".into(), spec.seed.to_string()));
        environment.extend(resume.iter().map(|_| ("TALLOW_RESUME".into(), "/resume".into())));
        environment.extend(spec.held_out.iter().map(|_| ("TALLOW_HELD_OUT".into(), format!("/tallow/{HELD_OUT}"))));
        environment.push(("OMP_NUM_THREADS".into(), spec.cpus.to_string()));
        let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos();
        Ok(Container {
            engine: self.engine.clone(),
            name: format!("tallow-{}-{nanos}", std::process::id()),
            label: self.label(),
            image: spec.image_id.clone(),
            program: self.folder.script(),
            data: spec.data.clone(),
            work: folder.work(),
            resume,
            user: owner(&folder.work())?,
            memory_bytes: spec.max_memory_bytes,
            cpus: spec.cpus,
            gpu: spec.gpu,
            environment,
        })
    }

    /// The attempts that an earlier process of ours made. One that has no end in the ledger ended with that process.
    fn earlier(&self) -> Result<Vec<Tried>, store::Error> {
        let mut tried: Vec<Tried> = Vec::new();
        for entry in self.folder.ledger().read()? {
            match entry.record {
                Record::AttemptStarted { attempt, .. } => {
                    let job: Option<ScriptJob> = self.folder.read_json(&self.folder.attempt(RUN, attempt).job()).ok();
                    let settings = job.map(|job| job.settings).unwrap_or_default();
                    let mut heard = Heard::default();
                    lines(self.folder, attempt, |line| drop(heard.line(line)))?;
                    tried.push(Tried { settings, outcome: Outcome::Interrupted { step: 0 }, told: heard.finish() });
                }
                Record::AttemptEnded { outcome, .. } => {
                    tried.iter_mut().last().into_iter().for_each(|last| last.outcome = outcome.clone())
                }
                _ => {}
            }
        }
        Ok(tried)
    }

    /// What the newest attempt that named a checkpoint left, below the run folder: a file or folder in that attempt's own place, and
    /// never one that a link leads out of it.
    fn last_checkpoint(&self, tried: &[Tried]) -> Option<PathBuf> {
        let from_scratch_since =
            tried.iter().rposition(|tried| matches!(tried.outcome, Outcome::Diverged { .. })).map_or(0, |at| at + 1);
        tried.iter().enumerate().skip(from_scratch_since).rev().find_map(|(i, tried)| {
            let path = tried.told.iter().rev().find_map(|told| match told {
                Told::Checkpoint { path, .. } => Some(path),
                _ => None,
            })?;
            let work = self.folder.attempt(RUN, i as u32 + 1).work().canonicalize().ok()?;
            let whole = work.join(path).canonicalize().ok().filter(|whole| whole.starts_with(&work) && *whole != work)?;
            whole.strip_prefix(self.folder.root()).ok().map(Path::to_path_buf)
        })
    }

    /// Leaves a person what there is to decide.
    fn flag(&self, reason: &str, tried: &[Tried]) -> Result<(), store::Error> {
        let mut text = format!(
            "# For a person to decide\n\nThe script did not complete: {reason}.\n\n| attempt | batches in parts | learning rates | it ended |\n|---|---|---|---|\n"
        );
        for (i, tried) in tried.iter().enumerate() {
            let Settings { batch_parts, lr_scale } = tried.settings;
            text.push_str(&format!("| {} | {batch_parts} | x {lr_scale} | {} |\n", i + 1, tried.outcome));
        }
        let log = self.folder.attempt(RUN, tried.len() as u32).stderr();
        text.push_str("\nThe end of its log:\n\n");
        let bytes = self.folder.read_bytes(&log).unwrap_or_default();
        let tail = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(4000)..]).into_owned();
        tail.lines().for_each(|line| {
            text.push_str(&format!("    {}\n", line.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\"")))
        });
        text.push_str("\nMend the script and run it again, or `tallow resume` the run if what failed lay outside it.\n");
        self.folder.write_text(&self.folder.review(RUN), &text)
    }
}

/// Writes an event into the attempt's own file.
fn keep(events: &mut File, told: &Told) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(told).unwrap_or_default();
    line.push(b'\n');
    events.write_all(&line)
}

/// Each line of an attempt's own file; of one that has none, none.
fn lines(folder: &RunFolder, attempt: u32, mut each: impl FnMut(&[u8])) -> Result<(), store::Error> {
    let path = folder.attempt(RUN, attempt).events();
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(store::Error::Io { action: "read", path, source }),
    };
    for line in BufReader::new(file).split(b'\n') {
        each(&line.map_err(|source| store::Error::Io { action: "read", path: path.clone(), source })?);
    }
    Ok(())
}

/// All that the attempts of a run told, from the first on. A last line that a crash cut short is left out.
///
/// # Errors
/// An attempt's file cannot be read.
pub fn told(folder: &RunFolder, attempts: u32) -> Result<Vec<Vec<Told>>, store::Error> {
    let of = |attempt| {
        let mut told = Vec::new();
        lines(folder, attempt, |line| told.extend(Told::parse(line)))?;
        Ok(told)
    };
    (1..=attempts).map(of).collect()
}

/// Puts the script, the shim and the runner where the container finds them, readable for whoever it is.
///
/// # Errors
/// The run folder cannot be written.
pub fn lay(folder: &RunFolder, script: &[u8]) -> Result<(), store::Error> {
    let place = folder.script();
    let io = |action, path: &Path| {
        let path = path.to_path_buf();
        move |source| store::Error::Io { action, path, source }
    };
    std::fs::create_dir_all(&place).map_err(io("create", &place))?;
    std::fs::set_permissions(&place, Permissions::from_mode(0o755)).map_err(io("open", &place))?;
    for (name, bytes) in [("script.py", script), ("tallow.py", SHIM.as_bytes()), ("run.py", RUNNER.as_bytes())] {
        let path = place.join(name);
        folder.write_bytes(&path, bytes)?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).map_err(io("open", &path))?;
    }
    Ok(())
}

/// Name of the file with the examples that are predicted.
const HELD_OUT: &str = "held_out.jsonl";

/// Puts the held-out examples where the container finds them, and their answers where it does not.
///
/// # Errors
/// The run folder cannot be written.
pub fn lay_held_out(folder: &RunFolder, inputs: &[Value], answers: &[Value]) -> Result<(), store::Error> {
    let lines = |values: &[Value]| values.iter().map(|value| format!("{value}\n")).collect::<String>();
    let (seen, hidden) = (folder.script().join(HELD_OUT), folder.held_out());
    let io = |source| store::Error::Io { action: "write", path: seen.clone(), source };
    folder.write_text(&seen, &lines(inputs))?;
    std::fs::set_permissions(&seen, Permissions::from_mode(0o644)).map_err(io)?;
    std::fs::create_dir_all(&hidden).map_err(io)?;
    folder.write_text(&hidden.join(ANSWERS), &lines(answers))
}

const ANSWERS: &str = "answers.jsonl";
const PREDICTIONS: &str = "predictions.jsonl";
/// No sound script predicts more.
const MOST_PREDICTED: u64 = 256 << 20;

/// What the last attempt predicted, and what is right.
///
/// # Errors
/// It predicted nothing that can be read: in words.
pub fn predictions(folder: &RunFolder, attempt: u32) -> Result<[Vec<Value>; 2], String> {
    let read = |path: &Path| {
        let mut text = String::new();
        let file = File::open(path).and_then(|file| file.take(MOST_PREDICTED).read_to_string(&mut text));
        file.map_err(|e| format!("`{}` cannot be read: {e}", path.display()))?;
        let line = |(i, line): (usize, &str)| {
            serde_json::from_str::<Value>(line).map_err(|e| format!("`{}`, line {}: {e}", path.display(), i + 1))
        };
        text.lines().enumerate().map(line).collect::<Result<Vec<_>, _>>()
    };
    let work = folder.attempt(RUN, attempt).work();
    // A link of the script's own must lead nowhere.
    let told = work.join(PREDICTIONS);
    if !std::fs::symlink_metadata(&told).is_ok_and(|meta| meta.is_file()) {
        return Err("it did not call `tallow.predict`".into());
    }
    Ok([read(&told)?, read(&folder.held_out().join(ANSWERS))?])
}

/// Who writes the attempt's folder: ourselves, or nobody where we are root.
fn owner(work: &Path) -> Result<[u32; 2], store::Error> {
    let io = |source| store::Error::Io { action: "give to the script", path: work.into(), source };
    let meta = std::fs::metadata(work).map_err(io)?;
    if meta.uid() != 0 && meta.uid() != NOBODY {
        return Ok([meta.uid(), meta.gid()]);
    }
    chown(work, Some(NOBODY), Some(NOBODY)).map_err(io)?;
    Ok([NOBODY, NOBODY])
}

/// Lines about how far a script is.
#[derive(Default)]
struct Progress {
    total: Option<u64>,
    last: Option<Instant>,
    /// When each metric was last shown.
    metrics: BTreeMap<String, Instant>,
    notes: usize,
}

/// Metrics and notes that are shown as they come.
const MOST_SHOWN: usize = 20;

impl Progress {
    fn show(&mut self, told: &Told, watch: &mut dyn Watch) {
        let of = |step: u64, total: Option<u64>| {
            let total = total.map(|total| format!("/{}", count(total as f64))).unwrap_or_default();
            format!("{}{total}", count(step as f64))
        };
        match told {
            Told::Started { step, total_steps } => {
                self.total = Some(*total_steps);
                let from = if *step > 0 { format!(" from step {}", count(*step as f64)) } else { String::new() };
                let steps = if *total_steps == 1 { "step" } else { "steps" };
                watch.say(&format!("  {} {steps}{from}", count(*total_steps as f64)));
            }
            Told::Step { step, loss, .. } if self.last.is_none_or(|last| last.elapsed() >= EVERY) => {
                self.last = Some(Instant::now());
                watch.say(&format!("  step {}, loss {}", of(*step, self.total), measured(*loss)));
            }
            Told::Metric { name, value, .. } => {
                let is_due = match self.metrics.get(name) {
                    Some(last) => last.elapsed() >= EVERY,
                    None => self.metrics.len() < MOST_SHOWN,
                };
                if is_due {
                    self.metrics.insert(name.clone(), Instant::now());
                    watch.say(&format!("  {}: {} (the script's own)", clean(name), measured(*value)));
                }
            }
            Told::Note { message } if self.notes < MOST_SHOWN => {
                self.notes += 1;
                watch.say(&format!("  note: {}", clean(message)));
            }
            Told::Finished { step } => watch.say(&format!("  finished after step {}", of(*step, self.total))),
            Told::Step { .. }
            | Told::Batch { .. }
            | Told::Lr { .. }
            | Told::Checkpoint { .. }
            | Told::Diverged { .. }
            | Told::Refused { .. }
            | Told::Note { .. }
            | Told::Stopped { .. } => {}
        }
    }
}
