//! Runs a suite: one task, seed and fault after the other, each through the program's own front door. A trial that is finished is a
//! file, and is not run again.

use super::beside::{self, Beside, Framework};
use super::energy::Energy;
use super::fault::Fault;
use super::made::make;
use super::page::{Past, page};
use super::results::{About, Results};
use super::strike::{Strike, Undisturbed, arguments, had_too_little, standing_bytes};
use super::suite::{File, MODEL, Suite, Task, Tier, TierName};
use super::tables::markdown;
use super::trial::{self, Ending, Finished, Machine, Program, Took, Trial, judge, said_error, took};
use crate::error::{Class, Failure, Result};
use crate::eval::Evaluation;
use crate::plan::Plan;
use crate::report::{CurveKind, Report};
use crate::run::process::{Ended, Plain, Status, attend};
use crate::store::{Entry, RunFolder, folder_of, write_atomic};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Points of a curve that a trial keeps.
const CURVE: usize = 60;

/// A bench cannot be run.
#[derive(Debug, thiserror::Error)]
pub(super) enum BenchError {
    #[error("cannot {action} `{}`", path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("`{}` is no result of a bench", path.display())]
    Malformed { path: PathBuf, source: serde_json::Error },
    #[error("`{}` holds another bench: expected {expected}, found {found}", path.display())]
    OtherBench { path: PathBuf, expected: String, found: String },
    #[error("the task `{task}` needs the file `{name}`, which lies in no folder of `--data-dir`")]
    NoFile { task: String, name: String },
}

impl Failure for BenchError {
    fn class(&self) -> Class {
        match self {
            BenchError::Io { .. } => Class::Resource,
            BenchError::Malformed { .. } | BenchError::OtherBench { .. } | BenchError::NoFile { .. } => Class::Usage,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            BenchError::OtherBench { .. } => Some("choose another folder with `--out`".into()),
            BenchError::NoFile { name, .. } => {
                Some(format!("`--data-dir DIR`, where DIR holds `{name}`; or leave the task out with `--tasks`"))
            }
            BenchError::Io { .. } | BenchError::Malformed { .. } => None,
        }
    }
}

/// A suite on its way.
pub struct Bench<'a> {
    pub suite: &'a Suite,
    pub tier: TierName,
    /// The tasks that are run; none: all.
    pub tasks: Vec<String>,
    pub seeds: u64,
    pub faults: Vec<Fault>,
    pub out: PathBuf,
    /// This binary.
    pub program: PathBuf,
    /// Where given files lie.
    pub data_dirs: Vec<PathBuf>,
    /// A folder in the Hub's place.
    pub hub: Option<PathBuf>,
    /// The network is never touched.
    pub offline: bool,
    /// Flags that each command gets besides: threads, how strict the jail is.
    pub flags: Vec<String>,
    /// How many times the suite's time limits are allowed.
    pub patience: f64,
    /// Another framework to stand beside.
    pub framework: Option<Framework>,
    /// Where lines of the history go.
    pub history: PathBuf,
    pub label: Option<String>,
    pub command: Vec<String>,
    pub machine: Machine,
    pub version: Program,
    pub stop: &'a AtomicBool,
    pub now: &'a dyn Fn() -> String,
}

fn listed(flags: &[String]) -> String {
    if flags.is_empty() { "no flags".into() } else { format!("`{}`", flags.join(" ")) }
}

/// What is told while it runs.
pub enum Told<'a> {
    Begin { task: &'a Task, fault: Fault, seed: u64 },
    Ended(&'a Trial),
    Say(String),
}

/// What is in the folder of a bench, so that no other is mixed in.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Identity {
    suite: String,
    tier: TierName,
    /// Of the suite as it was read.
    sha256: String,
    /// Under which its trials stand: those of others are no sample of the same thing.
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    patience: Option<f64>,
}

impl Bench<'_> {
    /// Runs every trial that is not there yet, and writes what all of them say. None: the user wants to stop; what is done stays done.
    ///
    /// # Errors
    /// The suite has no such task, a file that a task needs is not there, or the folder cannot be used.
    pub fn run(&self, tell: &mut dyn FnMut(Told)) -> Result<Option<Results>> {
        let chosen = self.suite.chosen(self.tier, &self.tasks)?;
        std::fs::create_dir_all(&self.out).map_err(self.io("create", &self.out))?;
        self.identify()?;
        for (task, tier) in &chosen {
            self.lay_files(task, tier)?;
        }
        for (task, tier) in &chosen {
            for seed in 0..self.seeds {
                let faults = std::iter::once(Fault::None).chain(self.faults.iter().copied());
                for fault in faults.filter(|fault| self.applies(*fault, tier)) {
                    if self.load(task, fault, seed).is_some_and(|trial| self.has_all(&trial)) {
                        continue;
                    }
                    tell(Told::Begin { task, fault, seed });
                    let Some(trial) = self.trial(task, tier, seed, fault, tell)? else { return Ok(None) };
                    write_json(&self.place("trials", &task.id, fault, seed, ".json"), &trial)?;
                    if trial.well() {
                        self.keep_what_is_quoted(&trial, task);
                    }
                    tell(Told::Ended(&trial));
                }
            }
            self.write(&self.results()?)?;
        }
        let results = self.results()?;
        self.remember(&results)?;
        self.write(&results)?;
        Ok(Some(results))
    }

    fn applies(&self, fault: Fault, tier: &Tier) -> bool {
        // What is cut is a download: from a Hub of our own, which serves the folder.
        fault.applies(tier) && (fault != Fault::CutDownload || self.hub.is_some())
    }

    /// A bench of another suite or tier is not mixed in.
    fn identify(&self) -> Result<()> {
        let path = self.out.join("bench.json");
        let text = serde_json::to_string(self.suite).unwrap_or_default();
        let own = Identity {
            suite: self.suite.name.clone(),
            tier: self.tier,
            sha256: crate::data::sha256_of_bytes(text.as_bytes()),
            flags: self.flags.clone(),
            patience: Some(self.patience),
        };
        if !path.is_file() {
            return write_json(&path, &own);
        }
        let found: Identity = read_json(&path)?;
        let words = |id: &Identity| {
            let hash: String = id.sha256.chars().take(12).collect();
            let under = id.patience.map_or(String::new(), |patience| format!(", patience {patience}"));
            format!("{}, tier {} ({hash}){under}, with {}", id.suite, id.tier.name(), listed(&id.flags))
        };
        match found == own {
            true => Ok(()),
            false => Err(BenchError::OtherBench { path: self.out.clone(), expected: words(&own), found: words(&found) }.into()),
        }
    }

    fn task_folder(&self, task: &Task) -> PathBuf {
        self.out.join("data").join(&task.id)
    }

    /// `out/WHAT/TASK/FAULT/seed-NSUFFIX`.
    fn place(&self, what: &str, task: &str, fault: Fault, seed: u64, suffix: &str) -> PathBuf {
        self.out.join(what).join(task).join(fault.name()).join(format!("seed-{seed}{suffix}"))
    }

    fn run_folder(&self, task: &str, fault: Fault, seed: u64) -> PathBuf {
        self.place("runs", task, fault, seed, "")
    }

    /// Makes the folder that a task is run in.
    fn lay_files(&self, task: &Task, tier: &Tier) -> Result<()> {
        let folder = self.task_folder(task);
        std::fs::create_dir_all(&folder).map_err(self.io("create", &folder))?;
        for file in &tier.files {
            let place = folder.join(file.name());
            match file {
                File::Made { make: made, rows, .. } => {
                    let text = make(*made, *rows);
                    write_atomic(&place, |file| file.write_all(text.as_bytes()))?;
                }
                File::Given { name } => {
                    let given = self.data_dirs.iter().map(|dir| dir.join(name)).find(|path| path.is_file());
                    let given = given.ok_or_else(|| BenchError::NoFile { task: task.id.clone(), name: name.clone() })?;
                    let bytes = std::fs::read(&given).map_err(self.io("read", &given))?;
                    write_atomic(&place, |file| file.write_all(&bytes))?;
                }
            }
        }
        Ok(())
    }

    /// Whether nothing is asked now that a trial of before was not asked.
    fn has_all(&self, trial: &Trial) -> bool {
        self.framework.is_none() || trial.fault != Fault::None || trial.value.is_none() || trial.beside.is_some()
    }

    fn load(&self, task: &Task, fault: Fault, seed: u64) -> Option<Trial> {
        // One that cannot be read is run again.
        read_trial(&self.place("trials", &task.id, fault, seed, ".json")).ok()
    }

    /// One trial, or none where the user wants to stop.
    fn trial(&self, task: &Task, tier: &Tier, seed: u64, fault: Fault, tell: &mut dyn FnMut(Told)) -> Result<Option<Trial>> {
        let run = self.run_folder(&task.id, fault, seed);
        let mut blank = Trial {
            version: trial::VERSION,
            task: task.id.clone(),
            fault,
            seed,
            at: (self.now)(),
            command: Vec::new(),
            bench: self.command.clone(),
            machine: self.machine.clone(),
            program: self.version.clone(),
            ending: Ending::Failed,
            struck: true,
            wall_secs: 0.0,
            value: None,
            scores: Default::default(),
            took: Took::default(),
            why: None,
            curve: Vec::new(),
            beside: None,
            folder: run.strip_prefix(&self.out).unwrap_or(&run).display().to_string(),
        };
        let model = tier.model_of.as_deref().map(|of| self.run_folder(of, Fault::None, seed).join("model"));
        let undisturbed = self.undisturbed(task, seed);
        let missing = match (&model, &undisturbed) {
            (Some(model), _) if !model.is_dir() => {
                Some(format!("the model of `{}` is not there", tier.model_of.as_deref().unwrap_or_default()))
            }
            (_, None) if fault.needs_undisturbed() => Some("the undisturbed run left nothing to measure it by".into()),
            _ => None,
        };
        if let Some(missing) = missing {
            // A fault that cannot be measured did not strike; a task without its model failed.
            blank.struck = fault == Fault::None;
            blank.why = Some(missing);
            return Ok(Some(blank));
        }
        // Of a bench that was killed meanwhile.
        if run.exists() {
            std::fs::remove_dir_all(&run).map_err(self.io("remove", &run))?;
        }
        let server = match (&self.hub, fault) {
            (Some(hub), Fault::CutDownload) => Some(cut_hub(hub, &run)?),
            _ => None,
        };
        let mut args = arguments(tier, seed, fault, undisturbed.as_ref());
        let shown = args.clone();
        if let Some(model) = model {
            args.iter_mut().for_each(|arg| *arg = arg.replace(MODEL, &model.display().to_string()));
        }
        blank.command = std::iter::once("tallow".to_string()).chain(shown).collect();
        args.extend(["--out".into(), run.display().to_string()]);
        let means = self.means(tier, server.is_some());
        args.extend(means.iter().cloned());
        let variables = server.as_ref().map_or_else(Vec::new, |server| server.variables());
        let went = self.go(task, tier, &run, &args, &means, &variables, (fault, seed))?;
        let Some(went) = went else { return Ok(None) };
        let mut found = self.gather(tier, &run, &went, blank);
        found.struck = match fault {
            Fault::KillWorker | Fault::KillProgram => went.struck,
            Fault::CutDownload => server.as_ref().is_some_and(|server| server.has_cut()),
            Fault::Memory => had_too_little(&run, undisturbed.as_ref()),
            Fault::LearningRate | Fault::BadColumn | Fault::Vague | Fault::Misspelt | Fault::None => true,
        } || !found.well();
        if let Some(framework) = self.framework.as_ref().filter(|_| fault == Fault::None && found.value.is_some()) {
            tell(Told::Say(format!("{}: the same with {}", task.id, framework.name())));
            let place = self.place("beside", &task.id, fault, seed, "");
            found.beside = Some(self.stand_beside(framework, &run, seed, &place, tier)?);
            if self.stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
        }
        Ok(Some(found))
    }

    fn stand_beside(&self, framework: &Framework, run: &Path, seed: u64, place: &Path, tier: &Tier) -> Result<Beside> {
        let limit = Duration::from_secs_f64(4.0 * self.patience * tier.time_limit_secs as f64);
        beside::run(framework, run, seed, place, limit, self.stop)
    }

    /// How models and data are had, and the flags of every command.
    fn means(&self, tier: &Tier, served: bool) -> Vec<String> {
        let mut means = match (&self.hub, tier.hub) {
            _ if served => vec![],
            (Some(hub), true) => vec!["--hub".into(), hub.display().to_string()],
            (None, true) if !self.offline => vec![],
            _ => vec!["--offline".to_string()],
        };
        means.extend(self.flags.iter().cloned());
        means.push("--json".into());
        means
    }

    /// Runs the program, and again where its end asks for it: it was killed, or a service failed.
    #[expect(clippy::too_many_arguments, reason = "one call, of what a trial is made of")]
    fn go(
        &self,
        task: &Task,
        tier: &Tier,
        run: &Path,
        args: &[String],
        means: &[String],
        variables: &[(&'static str, OsString)],
        (fault, seed): (Fault, u64),
    ) -> Result<Option<Went>> {
        let log = |number: usize, what: &str| self.place("logs", &task.id, fault, seed, &format!(".{number}.{what}"));
        let logs = log(0, "stderr");
        let above = logs.parent().unwrap_or(&self.out);
        std::fs::create_dir_all(above).map_err(self.io("create", above))?;
        let energy = Energy::read();
        let begun = Instant::now();
        let limit = Duration::from_secs_f64(self.patience * tier.time_limit_secs as f64);
        let mut strike = Strike { fault, seed, run, looked: begun, struck: false };
        let (mut args, mut resumes) = (args.to_vec(), 0);
        loop {
            let words: Vec<OsString> = args.iter().map(OsString::from).collect();
            let what = Plain {
                program: &self.program,
                args: &words,
                variables,
                folder: &self.task_folder(task),
                stdout: log(resumes, "stdout"),
                stderr: log(resumes, "stderr"),
                limit: limit.saturating_sub(begun.elapsed()),
                stop: self.stop,
            };
            let ended = attend(&what, &mut |running| strike.tick(running))?;
            if ended.stopped {
                return Ok(None);
            }
            let stderr = std::fs::read(log(resumes, "stderr")).unwrap_or_default();
            let error = said_error(&String::from_utf8_lossy(&stderr));
            let was_killed = strike.struck && fault == Fault::KillProgram && matches!(ended.status, Status::Signalled(_));
            let service = error.as_ref().is_some_and(|error| error.class == Class::External) && fault == Fault::CutDownload;
            if resumes == 0 && (was_killed || service) && !ended.timed_out {
                resumes += 1;
                if RunFolder::open(run).is_ok() {
                    args = ["resume".into(), run.display().to_string()].into_iter().chain(means.iter().cloned()).collect();
                }
                continue;
            }
            let energy = energy.and_then(Energy::since);
            return Ok(Some(Went {
                ended,
                wall_secs: begun.elapsed().as_secs_f64(),
                error,
                resumes,
                struck: strike.struck,
                energy,
            }));
        }
    }

    /// What the run left, read and judged.
    fn gather(&self, tier: &Tier, run: &Path, went: &Went, blank: Trial) -> Trial {
        let folder = RunFolder::open(run).ok();
        let ledger = folder.as_ref().and_then(|folder| folder.ledger().read().ok()).unwrap_or_default();
        let searched: Vec<Vec<Entry>> =
            folder.iter().flat_map(RunFolder::trials).map(|trial| trial.ledger().read().unwrap_or_default()).collect();
        let evaluation: Option<Evaluation> = folder.as_ref().and_then(|folder| folder.read_json(&folder.eval()).ok());
        let finished = Finished {
            exit_code: if let Status::Exited(code) = went.ended.status { Some(code) } else { None },
            timed_out: went.ended.timed_out,
            error: went.error.clone(),
            evaluation: evaluation.as_ref(),
            ledger: &ledger,
            resumes: went.resumes,
            bad_column: tier.column_that_is_not_there().filter(|_| blank.fault == Fault::BadColumn),
        };
        let (ending, value, why) = judge(&finished, tier.target.metric, tier.target.value);
        let report: Option<Report> = folder.as_ref().and_then(|folder| folder.read_json(&folder.report_json()).ok());
        let loss = report.and_then(|report| report.curves.into_iter().find(|curve| curve.kind == CurveKind::TrainLoss));
        Trial {
            ending,
            value,
            why,
            wall_secs: went.wall_secs,
            scores: evaluation.and_then(|found| found.runs.into_iter().next()).map(|run| run.scores).unwrap_or_default(),
            took: Took { resumes: went.resumes, energy_joules: went.energy, ..took(&ledger, &searched, went.wall_secs) },
            curve: loss.map(|curve| thinned(&curve.points)).unwrap_or_default(),
            ..blank
        }
    }

    /// What the undisturbed trial says, if it came to a plan.
    fn undisturbed(&self, task: &Task, seed: u64) -> Option<Undisturbed> {
        let trial = self.load(task, Fault::None, seed)?;
        let folder = RunFolder::open(self.run_folder(&task.id, Fault::None, seed)).ok()?;
        let plan: Plan = folder.read_json(&folder.plan()).ok()?;
        Some(Undisturbed {
            peak_bytes: trial.took.peak_bytes,
            least_bytes: trial.took.least_bytes.map(|least| least.max(standing_bytes(&plan))),
            lr: Some(plan.spec.recipe.lr),
            micro_batch: plan.runs.first().map(|run| run.micro_batch_size),
        })
    }

    /// Of a trial that went well what the results quote is kept: plan, ledger, report, events; and its model where another task begins
    /// with it.
    fn keep_what_is_quoted(&self, trial: &Trial, task: &Task) {
        let is_needed = trial.fault == Fault::None
            && self
                .suite
                .task
                .iter()
                .filter_map(|other| other.tier(self.tier))
                .any(|t| t.model_of.as_deref() == Some(task.id.as_str()));
        if let Ok(folder) = RunFolder::open(self.run_folder(&task.id, trial.fault, trial.seed)) {
            folder.keep_words(is_needed);
        }
    }

    /// What all trials in the folder say.
    fn results(&self) -> Result<Results> {
        let (mut trials, mut unreadable) = (Vec::new(), Vec::new());
        for task in &self.suite.task {
            for fault in std::iter::once(Fault::None).chain(Fault::ALL) {
                let folder = self.out.join("trials").join(&task.id).join(fault.name());
                let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
                for path in entries.filter(|path| path.extension().is_some_and(|suffix| suffix == "json")) {
                    match read_trial(&path) {
                        Ok(trial) => trials.push(trial),
                        Err(why) => {
                            unreadable.push(format!("{}: {why}", path.strip_prefix(&self.out).unwrap_or(&path).display()))
                        }
                    }
                }
            }
        }
        unreadable.sort();
        let about = About {
            tier: self.tier,
            label: self.label.clone(),
            at: (self.now)(),
            command: self.command.clone(),
            machine: self.machine.clone(),
            patience: self.patience,
            unreadable,
        };
        Ok(Results::of(self.suite, about, trials))
    }

    fn write(&self, results: &Results) -> Result<()> {
        write_json(&self.out.join("results.json"), results)?;
        let text = |name: &str, text: String| write_atomic(&self.out.join(name), |file| file.write_all(text.as_bytes()));
        text("results.md", markdown(results))?;
        text("results.html", page(results, &self.past(results)))?;
        Ok(())
    }

    /// Earlier lines of the same suite and tier.
    fn past(&self, results: &Results) -> Vec<Past> {
        let text = std::fs::read_to_string(&self.history).unwrap_or_default();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Past>(line).ok());
        lines.filter(|past| past.suite == results.suite && past.tier == results.tier.name()).collect()
    }

    /// Appends a line to the history.
    fn remember(&self, results: &Results) -> Result<()> {
        let Some(past) = Past::of(results) else { return Ok(()) };
        let line = serde_json::to_string(&past).unwrap_or_default();
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&self.history);
        file.and_then(|mut file| writeln!(file, "{line}")).map_err(self.io("write", &self.history))?;
        Ok(())
    }

    fn io<'a>(&self, action: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> BenchError + 'a {
        move |source| BenchError::Io { action, path: path.into(), source }
    }
}

/// How a program went.
struct Went {
    ended: Ended,
    wall_secs: f64,
    error: Option<trial::SaidError>,
    resumes: usize,
    struck: bool,
    energy: Option<f64>,
}

/// At most [`CURVE`] points, evenly chosen, the first and the last among them.
fn thinned(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let last = points.len().saturating_sub(1);
    match points.len() {
        0..=CURVE => points.to_vec(),
        _ => (0..CURVE).map(|i| points[i * last / (CURVE - 1)]).collect(),
    }
}

fn cut_hub(hub: &Path, run: &Path) -> Result<super::cut_hub::CutHub> {
    super::cut_hub::CutHub::start(hub, &run.with_extension("cache"))
        .map_err(|source| BenchError::Io { action: "serve", path: hub.into(), source }.into())
}

fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let above = folder_of(path);
    std::fs::create_dir_all(above).map_err(|source| BenchError::Io { action: "create", path: above.into(), source })?;
    let mut text = serde_json::to_vec_pretty(value).map_err(|source| BenchError::Malformed { path: path.into(), source })?;
    text.push(b'\n');
    Ok(write_atomic(path, |file| file.write_all(&text))?)
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = std::fs::read(path).map_err(|source| BenchError::Io { action: "read", path: path.into(), source })?;
    Ok(serde_json::from_slice(&bytes).map_err(|source| BenchError::Malformed { path: path.into(), source })?)
}

/// A trial, or why its file is none, in words.
fn read_trial(path: &Path) -> std::result::Result<Trial, String> {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let trial: Trial = serde_json::from_slice(&bytes).map_err(|e| e.to_string())?;
    let (expected, found) = (trial::VERSION, trial.version);
    (found == expected).then_some(trial).ok_or_else(|| format!("expected version {expected}, found {found}"))
}

/// The results that a folder of a bench, or a file, holds.
///
/// # Errors
/// There are none.
pub fn load_results(path: &Path) -> Result<Results> {
    read_json(&if path.is_dir() { path.join("results.json") } else { path.to_path_buf() })
}
