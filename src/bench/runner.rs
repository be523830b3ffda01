//! Runs a suite: one task, seed and fault after the other, each through the program's own front door. A trial that is finished is a
//! file, and is not run again.

use super::beside::{self, Beside, Framework};
use super::energy::Energy;
use super::error::BenchError;
use super::fault::Fault;
use super::files::{read_json, read_trial, write_json};
use super::made::make;
use super::page::{Past, page};
use super::results::{About, Results};
use super::strike::{Strike, Undisturbed, arguments, had_too_little, has_lost_a_worker, standing_bytes};
use super::suite::{File, MODEL, Suite, Task, Tier, TierName};
use super::tables::markdown;
use super::trial::{
    self, Ending, Finished, Machine, Program, Took, Trial, first_line, is_of_surroundings, judge, said_error, took,
};
use crate::error::{Class, Result};
use crate::eval::Evaluation;
use crate::plan::Plan;
use crate::report::{CurveKind, Report};
use crate::run::process::{Ended, Plain, Status, attend};
use crate::store::{self, Entry, RunFolder, write_atomic};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::{File as OpenFile, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Points of a curve that a trial keeps.
const CURVE: usize = 60;

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

/// A trial that is asked for.
#[derive(Clone, Copy)]
struct Wanted<'s> {
    task: &'s Task,
    tier: &'s Tier,
    seed: u64,
    fault: Fault,
}

impl Wanted<'_> {
    /// What it would take and is not there.
    fn lacks(&self, model: Option<&Path>, undisturbed: Option<&Undisturbed>) -> Option<String> {
        if model.is_some_and(|model| !model.is_dir()) {
            return Some(format!("the model of `{}` is not there", self.tier.model_of.as_deref().unwrap_or_default()));
        }
        let is_unmeasured = undisturbed.is_none() && self.fault.needs_undisturbed();
        is_unmeasured.then(|| "the undisturbed run left nothing to measure it by".into())
    }
}

impl Bench<'_> {
    /// Runs every trial that is not there yet, and writes what all of them say. None: the user wants to stop; what is done stays done.
    ///
    /// # Errors
    /// The suite has no such task, a file that a task needs is not there, the other framework cannot be run, the folder cannot be used or
    /// is another bench's, or there is no room left.
    pub fn run(&self, tell: &mut dyn FnMut(Told)) -> Result<Option<Results>> {
        let chosen = self.suite.chosen(self.tier, &self.tasks)?;
        std::fs::create_dir_all(&self.out).map_err(self.io("create", &self.out))?;
        let _lock = self.lock()?;
        self.identify()?;
        // What cannot be written in the end is found out before hours are spent.
        drop(self.open_history()?);
        for (task, tier) in &chosen {
            self.lay_files(task, tier)?;
        }
        self.left_out(&chosen).into_iter().for_each(|line| tell(Told::Say(line)));
        let all = self.wanted(&chosen);
        let waiting: Vec<Wanted> = all.iter().copied().filter(|wanted| !self.is_there(wanted)).collect();
        if waiting.len() < all.len() {
            tell(Told::Say(format!("{} of {} trials are there already", all.len() - waiting.len(), all.len())));
        }
        if let Some(framework) = self.framework.as_ref().filter(|_| !waiting.is_empty()) {
            beside::check(framework, &self.out.join("beside"), self.stop)?;
        }
        for of_one_task in waiting.chunk_by(|one, next| one.task.id == next.task.id) {
            for wanted in of_one_task {
                let Wanted { task, seed, fault, .. } = *wanted;
                tell(Told::Begin { task, fault, seed });
                let Some(trial) = self.trial(wanted, tell)? else { return Ok(None) };
                write_json(&self.place("trials", &task.id, fault, seed, ".json"), &trial)?;
                if trial.well() {
                    self.keep_what_is_quoted(&trial, task);
                }
                tell(Told::Ended(&trial));
                if let Some(why) = trial.out_of_room() {
                    return Err(BenchError::NoRoom { why: why.into(), out: self.out.clone() }.into());
                }
            }
            self.write(&self.results()?)?;
        }
        let results = self.results()?;
        self.remember(&results)?;
        self.write(&results)?;
        Ok(Some(results))
    }

    /// Takes the folder for this process: another bench would remove the runs that this one is at.
    fn lock(&self) -> Result<OpenFile> {
        let folder = OpenFile::open(&self.out).map_err(self.io("open", &self.out))?;
        match folder.try_lock() {
            Err(TryLockError::WouldBlock) => Err(BenchError::Locked { path: self.out.clone() }.into()),
            // A file system that knows no locks is used without.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(folder),
        }
    }

    /// Every trial that is asked for, those of a task together and each behind what it is measured by.
    fn wanted<'s>(&self, chosen: &[(&'s Task, &'s Tier)]) -> Vec<Wanted<'s>> {
        let mut all = Vec::new();
        for (task, tier) in chosen.iter().copied() {
            for seed in 0..self.seeds {
                let faults = std::iter::once(Fault::None).chain(self.faults.iter().copied());
                let applying = faults.filter(|fault| self.applies(*fault, tier));
                all.extend(applying.map(|fault| Wanted { task, tier, seed, fault }));
            }
        }
        all
    }

    fn is_there(&self, wanted: &Wanted) -> bool {
        self.load(&wanted.task.id, wanted.fault, wanted.seed).is_some_and(|trial| self.has_all(&trial))
    }

    /// Faults that were asked for and can be done to none of these tasks, in words.
    fn left_out(&self, chosen: &[(&Task, &Tier)]) -> Vec<String> {
        let has_one = |applies: &dyn Fn(&Tier) -> bool| chosen.iter().any(|(_, tier)| applies(tier));
        let none = self.faults.iter().filter(|fault| !has_one(&|tier| self.applies(**fault, tier)));
        let told = |fault: &Fault| {
            let why = match has_one(&|tier| fault.applies(tier)) {
                true => "it needs `--hub DIR`, from which it serves the files",
                false => "the suite says of no task that is run what it would take",
            };
            format!("`{}` is left out: {why}", fault.name().replace('_', "-"))
        };
        none.map(told).collect()
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

    /// Whether a trial of before says all that is asked now.
    fn has_all(&self, trial: &Trial) -> bool {
        let is_alone = self.framework.is_none() || trial.fault != Fault::None || trial.value.is_none();
        !trial.surroundings && (is_alone || trial.beside.as_ref().is_some_and(|beside| !beside.failed))
    }

    fn load(&self, task: &str, fault: Fault, seed: u64) -> Option<Trial> {
        // One that cannot be read is run again.
        read_trial(&self.place("trials", task, fault, seed, ".json")).ok()
    }

    /// A trial of which nothing is known yet.
    fn blank(&self, wanted: &Wanted, run: &Path) -> Trial {
        Trial {
            version: trial::VERSION,
            task: wanted.task.id.clone(),
            fault: wanted.fault,
            seed: wanted.seed,
            at: (self.now)(),
            command: Vec::new(),
            bench: self.command.clone(),
            machine: self.machine.clone(),
            program: self.version.clone(),
            ending: Ending::Failed,
            struck: true,
            surroundings: false,
            wall_secs: 0.0,
            value: None,
            scores: Default::default(),
            took: Took::default(),
            why: None,
            curve: Vec::new(),
            beside: None,
            folder: run.strip_prefix(&self.out).unwrap_or(run).display().to_string(),
        }
    }

    /// One that lacks what it would take.
    fn not_run(&self, wanted: &Wanted, lacking: String, blank: Trial) -> Trial {
        let Wanted { task, tier, seed, fault } = *wanted;
        let needed = [tier.model_of.as_deref(), fault.needs_undisturbed().then_some(task.id.as_str())];
        let is_of_surroundings = |id: &str| self.load(id, Fault::None, seed).is_some_and(|trial| trial.surroundings);
        Trial {
            // A fault that cannot be measured did not strike; a task without its model failed.
            struck: fault == Fault::None,
            why: Some(lacking),
            // Of what is run again this one is, too.
            surroundings: needed.into_iter().flatten().any(is_of_surroundings),
            ..blank
        }
    }

    /// One trial, or none where the user wants to stop.
    fn trial(&self, wanted: &Wanted, tell: &mut dyn FnMut(Told)) -> Result<Option<Trial>> {
        let Wanted { task, tier, seed, fault } = *wanted;
        let run = self.run_folder(&task.id, fault, seed);
        let mut blank = self.blank(wanted, &run);
        let model = tier.model_of.as_deref().map(|of| self.run_folder(of, Fault::None, seed).join("model"));
        let undisturbed = self.undisturbed(task, seed);
        if let Some(lacking) = wanted.lacks(model.as_deref(), undisturbed.as_ref()) {
            return Ok(Some(self.not_run(wanted, lacking, blank)));
        }
        // Of a bench that was killed meanwhile; what it started ends with it, and is waited for by nobody.
        if run.exists() {
            if let Err(error @ store::Error::Locked { .. }) = RunFolder::open(&run).and_then(|folder| folder.lock()) {
                return Err(error.into());
            }
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
        let Some(went) = self.go(wanted, &run, &args, &means, &variables)? else { return Ok(None) };
        let mut found = self.gather(tier, &run, &went, blank);
        found.struck = match fault {
            Fault::KillWorker => has_lost_a_worker(&run),
            Fault::KillProgram => went.resumes > 0,
            Fault::CutDownload => server.as_ref().is_some_and(|server| server.has_cut()),
            Fault::Memory => had_too_little(&run, undisturbed.as_ref()),
            Fault::LearningRate | Fault::BadColumn | Fault::Vague | Fault::Misspelt | Fault::None => true,
        } || !found.well();
        if let Some(framework) = self.framework.as_ref().filter(|_| fault == Fault::None && found.value.is_some()) {
            tell(Told::Say(format!("{}: the same with {}", task.id, framework.name())));
            found.beside = Some(self.stand_beside(framework, wanted, &run)?);
            if self.stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
        }
        Ok(Some(found))
    }

    fn stand_beside(&self, framework: &Framework, wanted: &Wanted, run: &Path) -> Result<Beside> {
        let Wanted { task, tier, seed, fault } = *wanted;
        let place = self.place("beside", &task.id, fault, seed, "");
        let limit = Duration::from_secs_f64(4.0 * self.patience * tier.time_limit_secs as f64);
        beside::run(framework, run, seed, &place, limit, self.stop)
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
    fn go(
        &self,
        wanted: &Wanted,
        run: &Path,
        args: &[String],
        means: &[String],
        variables: &[(&'static str, OsString)],
    ) -> Result<Option<Went>> {
        let Wanted { task, tier, seed, fault } = *wanted;
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
            let stderr = String::from_utf8_lossy(&stderr);
            let error = said_error(&stderr);
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
                said: first_line(&stderr),
                resumes,
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
            said: went.said.clone(),
            evaluation: evaluation.as_ref(),
            ledger: &ledger,
            resumes: went.resumes,
            bad_column: tier.column_that_is_not_there().filter(|_| blank.fault == Fault::BadColumn),
        };
        let (ending, value, why) = judge(&finished, tier.target.metric, tier.target.value);
        let ledgers: Vec<&[Entry]> = searched.iter().chain([&ledger]).map(Vec::as_slice).collect();
        let report: Option<Report> = folder.as_ref().and_then(|folder| folder.read_json(&folder.report_json()).ok());
        let loss = report.and_then(|report| report.curves.into_iter().find(|curve| curve.kind == CurveKind::TrainLoss));
        Trial {
            ending,
            surroundings: is_of_surroundings(blank.fault, ending, went.error.as_ref(), &ledgers),
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
        let trial = self.load(&task.id, Fault::None, seed)?;
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
        writeln!(self.open_history()?, "{line}").map_err(self.io("write", &self.history))?;
        Ok(())
    }

    fn open_history(&self) -> Result<OpenFile> {
        Ok(OpenOptions::new().create(true).append(true).open(&self.history).map_err(self.io("write", &self.history))?)
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
    /// The first line of its stderr.
    said: Option<String>,
    resumes: usize,
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
