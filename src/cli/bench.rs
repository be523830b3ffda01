//! `tallow bench`.

use super::args::{BenchArgs, Faults, Other};
use super::environment::Environment;
use super::{doctor, experiment};
use crate::bench::{
    Bench, Fault, Framework, Machine, Suite, SuiteError, Told, compare, comparison_markdown, load_results, markdown, shipped,
};
use crate::error::{Class, Failure, Result};
use crate::words::{duration, score};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error("cannot read the suite `{}`", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{well} of {of} trials went well, expected a share of at least {least}")]
    TooFew { well: usize, of: usize, least: f64 },
    #[error("stopped: what is finished is kept")]
    Stopped { out: PathBuf },
    #[error("`{}` is not there", path.display())]
    Absent { path: PathBuf },
}

impl Failure for CliError {
    fn class(&self) -> Class {
        match self {
            CliError::Read { .. } | CliError::Absent { .. } => Class::Usage,
            CliError::TooFew { .. } => Class::Differs,
            CliError::Stopped { .. } => Class::Interrupted,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            CliError::Stopped { out } => Some(format!("the same command goes on; the trials lie in `{}`", out.display())),
            CliError::TooFew { .. } => Some("the table above says why".into()),
            CliError::Read { .. } | CliError::Absent { .. } => None,
        }
    }
}

pub(super) fn bench(json: bool, env: &Environment, args: &BenchArgs) -> Result<ExitCode> {
    if let [a, b] = args.compare.as_slice() {
        let found = compare(&load_results(a)?, &load_results(b)?);
        return if json { super::print_json(&found) } else { super::say_all(&comparison_markdown(&found)) };
    }
    let suite = suite(args.suite.as_deref().unwrap_or_default())?;
    let out = args.out.clone().unwrap_or_else(|| env.runs.join(format!("bench-{}-{}", suite.name, args.tier.name())));
    let out = std::path::absolute(&out).unwrap_or(out);
    let there =
        |path: &PathBuf| -> Result<PathBuf> { path.canonicalize().map_err(|_| CliError::Absent { path: path.clone() }.into()) };
    let program = experiment::program()?;
    let stop = experiment::stop_flag(None);
    let bench = Bench {
        tier: args.tier,
        tasks: args.tasks.clone(),
        seeds: args.seeds.unwrap_or(suite.seeds),
        faults: faults(&args.adversity),
        data_dirs: args.data_dir.iter().map(there).collect::<Result<_>>()?,
        hub: args.hub.hub.clone().or_else(|| env.local_hub.clone()).as_ref().map(there).transpose()?,
        offline: args.hub.offline || env.offline,
        flags: flags(args),
        patience: args.patience,
        framework: args.vs.map(|Other::Pytorch| Framework::pytorch(args.python.clone().unwrap_or_else(|| "python3".into()))),
        history: args.history.clone().unwrap_or_else(|| out.join("history.jsonl")),
        label: args.label.clone(),
        command: command(),
        machine: machine(),
        version: crate::bench::Program {
            version: env!("CARGO_PKG_VERSION").into(),
            binary_sha256: crate::data::sha256_of_file(&program).unwrap_or_default(),
        },
        program,
        stop,
        now: &experiment::now,
        out: out.clone(),
        suite: &suite,
    };
    // It looks whether to stop after each trial, and writes what there is.
    let _hearing = crate::stop::hearing();
    let results = bench.run(&mut |told| tell(&told))?;
    let Some(results) = results else { return Err(CliError::Stopped { out }.into()) };
    if json {
        super::print_json(&results)?;
    } else {
        super::say(markdown(&results).trim_end());
        super::say(&format!(
            "\nResults  {}\nPage     {}",
            out.join("results.json").display(),
            out.join("results.html").display()
        ));
    }
    let (well, of) = results.totals.iter().fold((0, 0), |(well, of), t| (well + t.after_recovery.hits, of + t.after_recovery.of));
    match args.at_least {
        Some(least) if of == 0 || (well as f64) < least * of as f64 => Err(CliError::TooFew { well, of, least }.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn suite(name: &str) -> Result<Suite> {
    let path = Path::new(name);
    if let Some(text) = shipped(name).filter(|_| !path.is_file()) {
        return Ok(Suite::parse(text, name)?);
    }
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Suite::parse(&text, name)?),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            Err(SuiteError::Unknown { name: name.into(), have: Suite::names() }.into())
        }
        Err(source) => Err(CliError::Read { path: path.into(), source }.into()),
    }
}

fn faults(asked: &[Faults]) -> Vec<Fault> {
    let is_asked = |fault: &Fault| asked.iter().any(|asked| *asked == Faults::All || *asked == Faults::One(*fault));
    Fault::ALL.into_iter().filter(is_asked).collect()
}

/// What every command of a trial is told besides.
fn flags(args: &BenchArgs) -> Vec<String> {
    let threads = args.worker.threads.map(|threads| format!("--threads={threads}"));
    let level = Some(args.worker.sandbox).filter(|level| *level != crate::sandbox::Level::Strict);
    threads.into_iter().chain(level.map(|level| format!("--sandbox={}", level.name()))).collect()
}

/// The command as it was given, without this machine's places: those are paths from the root on.
fn command() -> Vec<String> {
    let word = |word: String| match word.split_once('=') {
        _ if word.starts_with('/') => "…".into(),
        Some((flag, value)) if value.starts_with('/') => format!("{flag}=…"),
        _ => word,
    };
    std::iter::once("tallow".to_string()).chain(std::env::args().skip(1).map(word)).collect()
}

fn machine() -> Machine {
    let text = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    Machine {
        processor: super::surroundings::processor(&text("/proc/cpuinfo")),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        memory_bytes: doctor::memory_bytes().unwrap_or_default(),
        load: text("/proc/loadavg").split_whitespace().next().and_then(|load| load.parse().ok()),
    }
}

/// A line on stderr.
fn tell(told: &Told) {
    match told {
        Told::Begin { task, fault, seed } => {
            experiment::tell_progress(&format!("{}, {}, seed {seed}", task.name, fault.in_words()));
        }
        Told::Ended(trial) => {
            let value = trial.value.map_or(String::new(), |value| format!(", {}", score(value)));
            let why = trial.why.as_ref().map_or(String::new(), |why| format!(": {}", crate::words::clean(why)));
            let not = if trial.struck { "" } else { " (the fault did not strike)" };
            let words = format!("  {}{value} in {}{not}{why}", trial.ending.in_words(), duration(trial.wall_secs));
            experiment::tell_progress(&words);
        }
        Told::Say(line) => experiment::tell_progress(&format!("  {line}")),
    }
}
