//! Attempts of a script: each in a container of its own, recorded, named, followed by what recovery says.

use super::author::{Author, Failed, Means};
use super::log::TAIL;
use super::outcome::{self, Limits};
use super::place::{HELD_OUT, disarm, lay_script, owner};
use super::progress::Progress;
use super::recovery::{Decision, Next, Tried, begin, decide};
use super::{Error, Heard, ScriptSpec, Settings, Told, python};
use crate::data::sha256_of_bytes;
use crate::error::Class;
use crate::job::{Event, JobKind};
use crate::llm;
use crate::run::process::{Disk, Launch, Program, ask, launch};
use crate::run::{Budget, MAX_WALL, Outcome, SILENCE, Watch, overrun, whole_secs};
use crate::sandbox::container::{self, Container, Engine, HELD};
use crate::sandbox::{Level, Policy};
use crate::store::{self, AttemptFolder, Decided, Record, RunFolder};
use crate::words::clean;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The one run of a script's run folder.
pub const RUN: &str = "script";

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
    /// Who writes scripts and mends those that fail; none: what was given is run, and a person mends it.
    pub author: Option<Author<'a>>,
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

/// Whether an engine answers, and gives what a script's jail is made of.
///
/// # Errors
/// It does not: in words.
pub fn check_engine(engine: &Engine) -> Result<(), String> {
    let said = ask(engine, &["info", "--format", "{{json .}}"])?;
    let unread = |_| format!("expected the engine's state as JSON, found `{}`", clean(&said));
    let info: Value = serde_json::from_str(&said).map_err(unread)?;
    lacking(&info).map_or(Ok(()), Err)
}

/// What an engine has under an image's name.
///
/// # Errors
/// There is no such image: in the engine's words.
pub fn image_id(engine: &Engine, image: &str) -> Result<String, String> {
    ask(engine, &["image", "inspect", "--format", "{{.Id}}", image])
}

/// What of a script's jail an engine does not give, by its own word; none where it gives all.
fn lacking(info: &Value) -> Option<String> {
    let security = &info["SecurityOptions"];
    let options: Vec<&str> = security.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let filters: Vec<&str> = options.into_iter().filter(|option| option.contains("seccomp")).collect();
    if filters.is_empty() {
        return Some(format!(
            "the engine filters no system calls: expected `seccomp` among its security options, found {security}"
        ));
    }
    if filters.iter().any(|option| option.split(',').any(|part| part == "profile=unconfined")) {
        return Some(format!(
            "the engine filters no system calls: expected a profile of seccomp, found {security}; \
             start it without `seccomp-profile: unconfined`"
        ));
    }
    // Engines of before do not say.
    let unlimited = [("MemoryLimit", "memory"), ("PidsLimit", "processes")].into_iter().find(|(key, _)| info[*key] == false);
    unlimited.map(|(key, what)| {
        format!(
            "the engine limits no {what}: expected `{key}` to be true in `docker info`, found false; \
             give it the machine's control groups for memory and processes"
        )
    })
}

/// What a script can use in an image.
///
/// # Errors
/// The image has no Python that answers: in the engine's words.
pub fn means(engine: &Engine, image_id: &str, cores: usize) -> Result<Means, String> {
    let name = container_name();
    let question = container::question(image_id, Means::QUESTION, &name);
    let answer = ask(engine, &question.iter().map(String::as_str).collect::<Vec<_>>());
    if answer.is_err() {
        // Whoever asked may be gone before the container is; one that was never made cannot be removed.
        let _ = ask(engine, &["rm", "--force", "--volumes", &name]);
    }
    Ok(Means::parse(&answer?, cores))
}

/// How many processors the engine's machine has.
///
/// # Errors
/// It does not say: in words.
pub fn processors(engine: &Engine) -> Result<usize, String> {
    let said = ask(engine, &["info", "--format", "{{.NCPU}}"])?;
    said.trim().parse().map_err(|_| format!("expected the number of its processors, found `{}`", clean(&said)))
}

/// The memory of the engine's machine, in bytes; none where it does not say.
pub fn memory(engine: &Engine) -> Option<u64> {
    ask(engine, &["info", "--format", "{{.MemTotal}}"]).ok()?.trim().parse().ok()
}

/// Unique on this machine.
fn container_name() -> String {
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("tallow-{}-{nanos}", std::process::id())
}

impl Scripts<'_> {
    /// Runs the script to its end: attempts, each after what was decided of the one before.
    ///
    /// # Errors
    /// The run folder cannot be written, or whoever writes the script gives no answer.
    pub fn run(&self, watch: &mut dyn Watch) -> Result<Ended, Error> {
        self.remove_orphans();
        let mut tried = self.earlier()?;
        let Some(mut next) = begin(&tried, self.spec.script.is_some(), self.author.is_some()) else {
            self.folder.clear_review(RUN);
            return Ok(Ended { outcome: Outcome::Completed, reason: "the run is complete".into() });
        };
        loop {
            let number = tried.len() as u32 + 1;
            if let Some(outcome) = self.stopped(&tried).or_else(|| self.out_of_time()).or_else(|| self.out_of_disk()) {
                return Ok(Ended { reason: outcome.to_string(), outcome });
            }
            let (script, settings, goes_on) = match next {
                Next::Run { settings, goes_on } => (self.last_script(&tried)?, settings, goes_on),
                Next::Write => match self.write(number, &tried, watch)? {
                    Ok(script) => (script, Settings::default(), false),
                    Err(outcome) => return self.unwritten(number, outcome, &tried),
                },
            };
            let resume = goes_on.then(|| self.last_checkpoint(&tried)).flatten();
            let (outcome, told) = self.attempt(number, &script, settings, resume, watch)?;
            let raised = python::exception(&self.log(number)).map(|raised| raised.kind);
            tried.push(Tried { script, settings, outcome, told, raised });
            match self.decided(&tried, watch)? {
                Ok(then) => next = then,
                Err(ended) => return Ok(ended),
            }
        }
    }

    /// Enters what recovery says of the last attempt, and does it: what comes next, or how the run ended.
    fn decided(&self, tried: &[Tried], watch: &mut dyn Watch) -> Result<Result<Next, Ended>, store::Error> {
        let (number, ledger) = (tried.len() as u32, self.folder.ledger());
        let outcome = tried.last().map_or(Outcome::Interrupted { step: 0 }, |last| last.outcome.clone());
        let record = |decision: Decided, reason: &str| Record::Recovery {
            run: RUN.into(),
            attempt: number,
            decision,
            reason: reason.into(),
        };
        Ok(match decide(tried, self.spec.max_attempts, self.author.is_some()) {
            Decision::GiveUp { reason, spent } => {
                match &outcome {
                    Outcome::Completed => self.folder.clear_review(RUN),
                    Outcome::Interrupted { .. } | Outcome::BudgetSpent { .. } => {}
                    _ => {
                        ledger.append((self.now)(), record(Decided::GiveUp, &reason))?;
                        self.flag(&reason, tried)?;
                    }
                }
                let outcome = match spent {
                    true => Outcome::BudgetSpent { budget: Budget::Attempts, what: format!("{reason}; the last: {outcome}") },
                    false => outcome,
                };
                Err(Ended { outcome, reason })
            }
            Decision::Mend { reason } => {
                ledger.append((self.now)(), record(Decided::Mend, &format!("another script is asked for: {reason}")))?;
                watch.say(&format!("attempt {number} did not complete: {reason}"));
                Ok(Next::Write)
            }
            Decision::Retry { settings, goes_on, reason } => {
                ledger.append((self.now)(), record(Decided::Script(settings), &reason))?;
                watch.say(&reason);
                Ok(Next::Run { settings, goes_on })
            }
        })
    }

    /// The script that was run last, or the one that was given.
    fn last_script(&self, tried: &[Tried]) -> Result<String, store::Error> {
        match tried.last() {
            Some(last) => Ok(last.script.clone()),
            None => self.folder.read_text(&self.folder.script().join("script.py")),
        }
    }

    /// The script of attempt `number` by its author: one that a process before this one got and could not run, or a new one. In place of
    /// one: how the run ends without.
    fn write(&self, number: u32, tried: &[Tried], watch: &mut dyn Watch) -> Result<Result<String, Outcome>, Error> {
        let folder = self.folder.attempt(RUN, number);
        if folder.script().is_file() {
            return Ok(Ok(self.folder.read_text(&folder.script())?));
        }
        let refused = |message: String| Outcome::Refused { class: Class::External, message, hint: None };
        let Some(author) = &self.author else { return Ok(Err(refused("nobody writes the script".into()))) };
        let logs: Vec<String> = (1..=tried.len() as u32).map(|number| self.log(number)).collect();
        let failed = tried.iter().zip(&logs).map(|(tried, log)| Failed { script: &tried.script, outcome: &tried.outcome, log });
        let (name, begun) = (author.model.name(), Instant::now());
        watch.say(&format!("asking {name} for {} script", if tried.is_empty() { "a" } else { "another" }));
        let script = match author.write(&failed.collect::<Vec<_>>(), &mut |words| watch.say(words)) {
            Ok(Ok(script)) => script,
            Ok(Err(why)) => return Ok(Err(refused(why))),
            Err(llm::Error::Budget { what }) => {
                return Ok(Err(Outcome::BudgetSpent { budget: Budget::LanguageModel, what }));
            }
            Err(error) => return Err(error.into()),
        };
        folder.create()?;
        self.folder.write_text(&folder.script(), &script)?;
        let file = folder.script();
        let file = file.strip_prefix(self.folder.root()).unwrap_or(&file).display().to_string();
        let (sha256, secs) = (sha256_of_bytes(script.as_bytes()), begun.elapsed().as_secs_f64());
        self.folder.ledger().append((self.now)(), Record::Written { attempt: number, by: name, file, sha256, secs })?;
        Ok(Ok(script))
    }

    /// The end of a run whose next script nobody writes.
    fn unwritten(&self, number: u32, outcome: Outcome, tried: &[Tried]) -> Result<Ended, Error> {
        let reason = match &outcome {
            Outcome::Refused { message, .. } => message.clone(),
            other => other.to_string(),
        };
        let record = Record::Recovery { run: RUN.into(), attempt: number, decision: Decided::GiveUp, reason: reason.clone() };
        self.folder.ledger().append((self.now)(), record)?;
        self.flag(&reason, tried)?;
        Ok(Ended { outcome, reason })
    }

    /// The end of what an attempt said.
    fn log(&self, attempt: u32) -> String {
        let bytes = self.folder.read_bytes(&self.folder.attempt(RUN, attempt).stderr()).unwrap_or_default();
        String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(TAIL)..]).into_owned()
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

    fn silence(&self) -> Duration {
        self.spec.max_silence_secs.map_or(SILENCE, Duration::from_secs)
    }

    fn deadline(&self) -> Option<Instant> {
        let left = Duration::from_secs(self.spec.max_time_secs?).saturating_sub(self.used);
        self.begun.checked_add(left)
    }

    /// The user wants no other attempt.
    fn stopped(&self, tried: &[Tried]) -> Option<Outcome> {
        let told = tried.iter().flat_map(|tried| &tried.told);
        let step = || told.filter_map(Told::step).max().unwrap_or(0);
        self.stop.load(Ordering::Relaxed).then(|| Outcome::Interrupted { step: step() })
    }

    fn out_of_time(&self) -> Option<Outcome> {
        self.deadline().filter(|deadline| Instant::now() >= *deadline)?;
        let what = format!("the time of {} s for the whole run is over", self.spec.max_time_secs.unwrap_or_default());
        Some(Outcome::BudgetSpent { budget: Budget::Time, what })
    }

    fn out_of_disk(&self) -> Option<Outcome> {
        let (limit, held) = (self.spec.disk_limit()?, self.folder.bytes());
        (held > limit).then(|| overrun(limit, held))
    }

    fn attempt(
        &self,
        number: u32,
        script: &str,
        settings: Settings,
        resume: Option<PathBuf>,
        watch: &mut dyn Watch,
    ) -> Result<(Outcome, Vec<Told>), store::Error> {
        let folder = self.folder.attempt(RUN, number);
        folder.create()?;
        lay_script(self.folder, script)?;
        self.folder.write_text(&folder.script(), script)?;
        let container = self.container(&folder, settings, resume.as_deref())?;
        let job = ScriptJob { settings, resume, container };
        folder.write_json(&folder.job(), &job)?;
        let ledger = self.folder.ledger();
        ledger.append((self.now)(), Record::AttemptStarted { run: RUN.into(), attempt: number, job: JobKind::Script })?;
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
            stall: self.silence(),
            disk: self.spec.disk_limit().map(|limit| Disk { folder: self.folder.root().into(), limit }),
            stop: self.stop,
        };
        let io = |source| store::Error::Io { action: "write", path: folder.events(), source };
        let mut events = File::create(folder.events()).map_err(io)?;
        let (mut heard, mut kept, mut progress, begun) = (Heard::default(), Ok(()), Progress::default(), Instant::now());
        let exit = launch(&launching, &mut |line: &[u8]| {
            let Some(one) = heard.line(line) else { return };
            kept = std::mem::replace(&mut kept, Ok(())).and_then(|()| keep(&mut events, &one, begun));
            progress.show(&one, watch);
        });
        // As it was when it ended, with what was closed to us.
        let disk = self.spec.disk_limit().map(|limit| [limit, self.folder.bytes()]);
        disarm(&folder.work());
        kept.map_err(io)?;
        let told = heard.finish();
        // What pages cite, once: a script may tell it at every step.
        for told in told.iter().filter(|told| !matches!(told, Told::Step { .. })) {
            ledger.append((self.now)(), Record::Script { attempt: number, told: told.clone() })?;
        }
        let limits = Limits {
            memory_bytes: self.spec.memory_limit(),
            disk,
            // As it was given, for the whole run.
            wall_secs: self.spec.max_time_secs.unwrap_or(whole_secs(MAX_WALL)),
            silence_secs: self.silence().as_secs(),
        };
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
        Ok(Container {
            engine: self.engine.clone(),
            name: container_name(),
            label: self.label(),
            image: spec.image_id.clone(),
            program: self.folder.script(),
            data: spec.data.clone(),
            work: folder.work(),
            resume,
            user: owner(&folder.work())?,
            memory_bytes: spec.memory_limit(),
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
                Record::AttemptStarted { run, attempt, .. } if run == RUN => {
                    let job: Option<ScriptJob> = self.folder.read_json(&self.folder.attempt(RUN, attempt).job()).ok();
                    let settings = job.map(|job| job.settings).unwrap_or_default();
                    let own = self.folder.attempt(RUN, attempt).script();
                    let shared = self.folder.script().join("script.py");
                    let script = self.folder.read_text(if own.is_file() { &own } else { &shared })?;
                    let mut heard = Heard::default();
                    lines(self.folder, attempt, |line| drop(heard.line(line)))?;
                    let raised = python::exception(&self.log(attempt)).map(|raised| raised.kind);
                    let outcome = Outcome::Interrupted { step: 0 };
                    tried.push(Tried { script, settings, outcome, told: heard.finish(), raised });
                }
                Record::AttemptEnded { run, outcome, .. } if run == RUN => {
                    tried.iter_mut().last().into_iter().for_each(|last| last.outcome = outcome.clone())
                }
                _ => {}
            }
        }
        Ok(tried)
    }

    /// What the newest attempt of the last script that named a checkpoint left, below the run folder: a file or folder in that attempt's own
    /// place, and never one that a link leads out of it.
    fn last_checkpoint(&self, tried: &[Tried]) -> Option<PathBuf> {
        let from_scratch_since =
            tried.iter().rposition(|tried| matches!(tried.outcome, Outcome::Diverged { .. })).map_or(0, |at| at + 1);
        let script = tried.last().map(|last| &last.script);
        let of_script = tried.iter().enumerate().skip(from_scratch_since).filter(|(_, tried)| Some(&tried.script) == script);
        of_script.rev().find_map(|(i, tried)| {
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
        let mut text = format!("# For a person to decide\n\nThe script did not complete: {reason}.\n\n");
        if !tried.is_empty() {
            text.push_str("| attempt | script | batches in parts | learning rates | it ended |\n|---|---|---|---|---|\n");
        }
        for (i, tried) in tried.iter().enumerate() {
            let (number, Settings { batch_parts, lr_scale }) = (i + 1, tried.settings);
            let ended = clean(&tried.outcome.to_string()).replace('|', "\\|");
            text.push_str(&format!("| {number} | `attempts/{number:03}/script.py` | {batch_parts} | x {lr_scale} | {ended} |\n"));
        }
        if !tried.is_empty() {
            text.push_str("\nThe end of its log:\n\n");
        }
        let log = if tried.is_empty() { String::new() } else { self.log(tried.len() as u32) };
        let from =
            (0..=log.len()).rev().find(|at| log.len() - at >= 4000.min(log.len()) && log.is_char_boundary(*at)).unwrap_or(0);
        log[from..].lines().for_each(|line| {
            text.push_str(&format!("    {}\n", line.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\"")))
        });
        text.push_str(match self.author {
            Some(_) => {
                "\n`tallow resume` has another script written; or mend one of these and run it: `tallow train --script`.\n"
            }
            None => "\nMend the script and run it again, or `tallow resume` the run if what failed lay outside it.\n",
        });
        let review = self.folder.review(RUN);
        if let Some(place) = review.parent() {
            // Nothing was run yet.
            let io = |source| store::Error::Io { action: "create", path: place.into(), source };
            std::fs::create_dir_all(place).map_err(io)?;
        }
        self.folder.write_text(&review, &text)
    }
}

/// Writes an event into the attempt's own file, with its time since the attempt began.
fn keep(events: &mut File, told: &Told, begun: Instant) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(told).unwrap_or_default();
    store::stamp(&mut line, begun.elapsed());
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_engine_that_gives_no_jail_is_refused() {
        let lacks = |info: Value| lacking(&info).unwrap_or_default();
        let profile = |profile: &str| json!(["name=apparmor", format!("name=seccomp,profile={profile}"), "name=cgroupns"]);
        let engine = |security: Value, memory: bool, pids: bool| json!({"SecurityOptions": security, "MemoryLimit": memory, "PidsLimit": pids});
        for sound in ["builtin", "default", "/etc/docker/profile.json"] {
            assert_eq!(lacks(engine(profile(sound), true, true)), "");
        }
        assert_eq!(lacks(json!({"SecurityOptions": profile("default")})), "", "an engine of before");
        for (info, words) in [
            (engine(json!(["name=apparmor"]), true, true), "expected `seccomp` among its security options"),
            (engine(Value::Null, true, true), "expected `seccomp` among its security options, found null"),
            (engine(profile("unconfined"), true, true), "expected a profile of seccomp"),
            (engine(profile("builtin"), false, true), "limits no memory"),
            (engine(profile("builtin"), true, false), "limits no processes"),
        ] {
            let told = lacks(info);
            assert!(told.contains(words), "{told}");
        }
    }
}
