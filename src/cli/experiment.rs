//! `tallow train` and `tallow resume`.

use super::args::{HubArgs, RunArgs, Wishes, WorkerArgs};
use super::environment::Environment;
use super::progress::{Mode, Progress};
use crate::data::hub::Hub;
use crate::error::{Class, Error, Failure, Result};
use crate::job::Event;
use crate::pipeline::{End, Pipeline, Setup};
use crate::plan::HostFacts;
use crate::report::{self, Style};
use crate::run::{Outcome, Watch, class_of};
use crate::spec::ExperimentSpec;
use crate::store::{Record, RunFolder};
use crate::{data, spec, trainer};
use std::io::{IsTerminal, Stderr, Stdout, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The experiment that Tallow carries.
const EXAMPLE: &str = include_str!("../../presets/toy_bert.toml");

static STOP: AtomicBool = AtomicBool::new(false);

#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("the run `{run}` did not complete: {outcome}")]
    Unfinished { run: String, outcome: String, class: Class, hint: Option<String> },
    #[error("this program's own file cannot be found")]
    Program { source: std::io::Error },
}

impl Failure for CliError {
    fn class(&self) -> Class {
        match self {
            CliError::Read { .. } => Class::Usage,
            CliError::Unfinished { class, .. } => *class,
            CliError::Program { .. } => Class::Bug,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            CliError::Unfinished { hint, .. } => hint.clone(),
            _ => None,
        }
    }
}

/// Runs an experiment file, or the example.
pub(super) fn train(json: bool, env: &Environment, file: Option<&Path>, wishes: &Wishes, args: &RunArgs) -> Result<ExitCode> {
    let (text, name) = match file {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|source| CliError::Read { path: path.into(), source })?;
            (text, path.display().to_string())
        }
        None => (EXAMPLE.to_string(), "the example".to_string()),
    };
    let spec = spec::parse_with(&text, &name, &overrides(wishes))?;
    let folder = RunFolder::create(args.out.clone().unwrap_or_else(|| new_folder(env, &spec)))?;
    let created = Record::Created {
        command: std::env::args().collect(),
        version: env!("CARGO_PKG_VERSION").into(),
        binary_sha256: std::env::current_exe().ok().and_then(|exe| data::sha256_of_file(&exe).ok()).unwrap_or_default(),
    };
    folder.ledger().append(now(), created)?;
    go_on(json, env, folder, Start::New(&spec), &args.hub, &args.worker)
}

/// Goes on with a run; `max_time` is what it may take in all from now on.
pub(super) fn resume(
    json: bool, env: &Environment, run: &str, max_time: Option<Duration>, hub: &HubArgs, worker: &WorkerArgs,
) -> Result<ExitCode> {
    let path = PathBuf::from(run);
    let path = if path.is_dir() { path } else { env.runs.join(run) };
    go_on(json, env, RunFolder::open(path)?, Start::Again { max_time }, hub, worker)
}

/// What a run begins with.
enum Start<'a> {
    New(&'a ExperimentSpec),
    Again { max_time: Option<Duration> },
}

fn go_on(
    json: bool, env: &Environment, folder: RunFolder, start: Start, hub: &HubArgs, worker: &WorkerArgs,
) -> Result<ExitCode> {
    // A second Ctrl-C ends the program; the worker dies with it, and its last checkpoint stays.
    let _ = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::SeqCst) {
            eprintln!("stopped at once; `tallow resume` goes on from the last checkpoint");
            std::process::exit(i32::from(Class::Interrupted.exit_code()));
        }
    });
    let hub = Hub::new(env.hub(hub.hub.clone(), hub.offline));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory_bytes = super::doctor::memory_bytes().unwrap_or(0);
    let host = HostFacts { cores, memory_bytes, matmul_flops: trainer::matmul_flops()? };
    let setup = Setup {
        hub: &hub,
        host,
        program: std::env::current_exe().map_err(|source| CliError::Program { source })?,
        level: worker.sandbox,
        threads: worker.threads.unwrap_or(cores),
        stop: &STOP,
        now: &now,
    };
    let style = if env.color && std::io::stdout().is_terminal() { Style::Color } else { Style::Plain };
    let mode = match (json, std::io::stderr().is_terminal()) {
        (true, _) => Mode::Json,
        (false, true) => Mode::Terminal,
        (false, false) => Mode::Plain,
    };
    let mut watch = Screen(Progress::new(mode, style, std::io::stdout(), std::io::stderr()));
    let root = folder.root().to_path_buf();
    let mut pipeline = Pipeline::new(folder, setup, &mut watch);
    match start {
        Start::New(spec) => pipeline.begin(spec)?,
        Start::Again { max_time: Some(time) } => pipeline.set_max_time(time)?,
        Start::Again { max_time: None } => {}
    }
    let end = pipeline.go_on();
    watch.0.end();
    match end? {
        End::Reported { report, .. } => {
            let text = if json { serde_json::to_string(&report).unwrap_or_default() } else { report::terminal(&report, style, 100) };
            let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
            Ok(ExitCode::SUCCESS)
        }
        End::Unfinished { run, outcome } => Err(unfinished(run, &outcome, &RunFolder::open(root)?)),
    }
}

fn unfinished(run: String, outcome: &Outcome, folder: &RunFolder) -> Error {
    let class = class_of(outcome).unwrap_or(Class::Bug);
    let command = format!("tallow resume {}", folder.root().display());
    let resume = format!("`{command}`");
    let hint = match outcome {
        Outcome::Refused { hint, .. } => hint.clone(),
        Outcome::BudgetSpent { .. } | Outcome::TimedOut { .. } => Some(format!("`{command} --max-time 1h` gives it an hour in all")),
        Outcome::OutOfMemory { .. } => {
            Some(format!("raise `budget.max_memory_bytes` in the run's spec.toml or free some memory, then {resume}; or take a smaller model or shorter texts"))
        }
        Outcome::Stalled { .. } => Some(format!("{resume} tries again; `budget.max_silence_secs` in the run's spec.toml says how long a worker may be silent")),
        Outcome::Crashed { .. } | Outcome::Killed { .. } => {
            Some(format!("{resume} goes on from the last checkpoint; `stderr.log` of the attempt may say more"))
        }
        _ => Some(format!("{resume} goes on from the last checkpoint")),
    };
    let gave_up = gave_up(&run, folder).map(|reason| format!("; {reason}")).unwrap_or_default();
    let outcome = match outcome {
        Outcome::OutOfMemory { .. } | Outcome::Diverged { .. } | Outcome::Stalled { .. } | Outcome::Crashed { .. } | Outcome::Killed { .. } => {
            describe(outcome) + &gave_up
        }
        other => describe(other),
    };
    CliError::Unfinished { run, outcome, class, hint }.into()
}

/// Why nothing more was tried, as the ledger has it.
fn gave_up(run: &str, folder: &RunFolder) -> Option<String> {
    folder.ledger().read().ok()?.into_iter().rev().find_map(|entry| match entry.record {
        Record::Recovery { run: of, decision, reason, .. } if of == run && decision == "give_up" => Some(reason),
        _ => None,
    })
}

fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Completed => "completed".into(),
        Outcome::Diverged { step, what } => format!("diverged at step {step} ({what:?})"),
        Outcome::OutOfMemory { limit_bytes: Some(bytes) } => format!("out of memory (at most {} MiB)", bytes >> 20),
        Outcome::OutOfMemory { limit_bytes: None } => "out of memory".into(),
        Outcome::TimedOut { limit_secs } => format!("its time of {limit_secs} s is over"),
        Outcome::BudgetSpent { what } => format!("the budget is spent: {what}"),
        Outcome::Interrupted { step: 0 } => "stopped".into(),
        Outcome::Interrupted { step } => format!("stopped after step {step}"),
        Outcome::Killed { signal } => format!("killed by signal {signal}"),
        Outcome::Crashed { exit_code } => format!("ended with code {exit_code} without a word"),
        Outcome::Refused { message, .. } => message.clone(),
        Outcome::Stalled { limit_secs } => format!("no sign of life for {limit_secs} s"),
    }
}

/// What the flags say, as keys of the experiment file.
fn overrides(wishes: &Wishes) -> Vec<(String, String)> {
    let mut set = Vec::new();
    let mut put = |key: &str, value: Option<String>| set.extend(value.map(|value| (key.to_string(), value)));
    put("budget.max_time_secs", wishes.max_time.map(|time| time.as_secs().max(1).to_string()));
    put("recipe.length", wishes.epochs.map(|epochs| format!("{{ epochs = {epochs:?} }}")));
    put("data.max_train_examples", wishes.max_examples.map(|n| n.to_string()));
    put("seeds", (!wishes.seeds.is_empty()).then(|| format!("{:?}", wishes.seeds)));
    set.extend(wishes.set.iter().cloned());
    set
}

/// A new folder in the folder of runs, named by title and time.
fn new_folder(env: &Environment, spec: &ExperimentSpec) -> PathBuf {
    let words: String = spec.title.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let slug: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).take(6).collect();
    let time = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
    env.runs.join(format!("{}-{time}", slug.join("-")))
}

fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

/// Progress as the supervisor's watcher.
struct Screen(Progress<Stdout, Stderr>);

impl Watch for Screen {
    fn event(&mut self, run: &str, attempt: u32, event: &Event) {
        self.0.event(run, attempt, event);
    }
    fn say(&mut self, message: &str) {
        self.0.say(message);
    }
}
