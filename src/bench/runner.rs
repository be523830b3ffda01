//! Runs a suite: one task, seed and fault after the other, each through the program's own front door. A trial that is finished is a
//! file, and is not run again.

mod one;
mod told;

use super::beside::{self, Framework};
use super::error::BenchError;
use super::fault::Fault;
use super::files::{read_json, read_trial, write_json};
use super::made::make;
use super::results::Results;
use super::strike::Undisturbed;
use super::suite::{File, Suite, Task, Tier, TierName};
use super::trial::{Machine, Program, Trial};
use crate::error::Result;
use crate::store::write_atomic;
use serde::{Deserialize, Serialize};
use std::fs::{File as OpenFile, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

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

    fn io<'a>(&self, action: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> BenchError + 'a {
        move |source| BenchError::Io { action, path: path.into(), source }
    }
}
