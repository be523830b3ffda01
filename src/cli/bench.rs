//! `tallow bench`.

use super::args::{BenchArgs, Faults, Other};
use super::environment::Environment;
use super::{doctor, experiment, misread};
use crate::bench::{
    Bench, Fault, Framework, Machine, Suite, SuiteError, TierName, Told, compare, comparison_markdown, load_results, markdown,
    shipped,
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
    #[error("the tier `gpu` is for a GPU, and Tallow trains on the processor alone")]
    NoGpu,
}

impl Failure for CliError {
    fn class(&self) -> Class {
        match self {
            CliError::Read { .. } | CliError::Absent { .. } => Class::Usage,
            CliError::NoGpu => Class::Resource,
            CliError::TooFew { .. } => Class::Differs,
            CliError::Stopped { .. } => Class::Interrupted,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            CliError::Stopped { out } => Some(format!("the same command goes on; the trials lie in `{}`", out.display())),
            CliError::TooFew { .. } => Some("the table above says why".into()),
            CliError::NoGpu => Some("`--tier cpu` takes minutes a task; `--on-cpu` runs this one all the same, for days".into()),
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
    // That it has such tasks is told first.
    suite.chosen(args.tier, &args.tasks)?;
    if args.tier == TierName::Gpu && !args.on_cpu {
        return Err(CliError::NoGpu.into());
    }
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
        framework: args.vs.map(|Other::Pytorch| Framework::pytorch(python(args.python.as_deref()))),
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
        Ok(text) => Ok(Suite::parse_with(&text, name, &misread::why)?),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            Err(SuiteError::Unknown { name: name.into(), have: Suite::names() }.into())
        }
        Err(source) => Err(CliError::Read { path: path.into(), source }.into()),
    }
}

/// The Python to run; a path is one from here, wherever it is run.
fn python(asked: Option<&Path>) -> PathBuf {
    let asked = asked.unwrap_or(Path::new("python3"));
    match asked.components().count() {
        0 | 1 => asked.into(),
        _ => std::path::absolute(asked).unwrap_or_else(|_| asked.into()),
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
            let not = match (trial.struck, trial.surroundings) {
                (false, _) => " (the fault did not strike)",
                (true, true) => " (not counted: it is the machine, or a service)",
                (true, false) => "",
            };
            let words = format!("  {}{value} in {}{not}{why}", trial.ending.in_words(), duration(trial.wall_secs));
            experiment::tell_progress(&words);
        }
        Told::Say(line) => experiment::tell_progress(&format!("  {line}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_understands_what_its_own_suites_say() {
        for name in Suite::names() {
            let text = shipped(&name).expect("it is there");
            Suite::parse_with(text, &name, &misread::why).unwrap_or_else(|error| panic!("{error}"));
        }
        let text = shipped("classic20").expect("it is there").replacen("\"--max-examples\"", "\"--most-examples\"", 1);
        let error = Suite::parse_with(&text, "s", &misread::why).expect_err("no such flag").to_string();
        assert!(error.contains("the program cannot be told so: unexpected argument '--most-examples'"), "{error}");
    }

    #[test]
    fn a_path_of_python_is_one_from_here() {
        assert_eq!(python(None), Path::new("python3"));
        assert_eq!(python(Some(Path::new("/opt/bin/python"))), Path::new("/opt/bin/python"));
        assert!(python(Some(Path::new("venv/bin/python"))).is_absolute());
    }
}
