//! The same recipe by another framework: the weights that the run began with, the very batches of its steps and of its held-out split
//! are laid out as files, and a script of our own takes the same steps. What differs is the framework alone, and what it draws for
//! dropout.

use super::error::BenchError;
use crate::error::{Result, root_cause};
use crate::job::{EvaluateJob, Event, Job, RunConfig};
use crate::run::process::{Plain, Status, attend};
use crate::spec::Metric;
use crate::store::{Record, RunFolder, write_atomic};
use crate::trainer::{self, LaidOut};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The program that takes the steps in PyTorch, file by file.
const PROGRAM: [(&str, &str); 6] = [
    ("__main__.py", include_str!("../../benches/pytorch_reference/__main__.py")),
    ("batches.py", include_str!("../../benches/pytorch_reference/batches.py")),
    ("models.py", include_str!("../../benches/pytorch_reference/models.py")),
    ("objectives.py", include_str!("../../benches/pytorch_reference/objectives.py")),
    ("scoring.py", include_str!("../../benches/pytorch_reference/scoring.py")),
    ("training.py", include_str!("../../benches/pytorch_reference/training.py")),
];

/// Batches of a run that take more are not laid out.
const MOST_BYTES: u64 = 4 << 30;

/// A framework, and how it is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framework {
    python: PathBuf,
}

impl Framework {
    /// torch and transformers, by this Python.
    pub fn pytorch(python: PathBuf) -> Self {
        Framework { python }
    }

    pub fn name(&self) -> &'static str {
        "PyTorch"
    }
}

/// What another framework made of a trial's recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    pub framework: String,
    /// Why there is nothing to stand beside it.
    pub nothing: Option<String>,
    /// That is so for want of a library or of time, and may be otherwise next time; else there is no counterpart.
    #[serde(default)]
    pub failed: bool,
    pub measured: Option<Measured>,
}

/// As the script measured it; `wall_secs` and `peak_bytes` are the system's word on its process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Of Python and its libraries.
    pub versions: BTreeMap<String, String>,
    pub threads: usize,
    pub wall_secs: f64,
    pub train_secs: f64,
    pub evaluate_secs: f64,
    pub peak_bytes: u64,
    pub steps: u64,
    pub examples: u64,
    pub scores: BTreeMap<Metric, f64>,
    /// Of the first and the last step.
    pub losses: [f64; 2],
    /// How far the losses of the steps are from Tallow's.
    #[serde(default)]
    pub apart: Option<Apart>,
}

/// The largest difference of a step's loss, as a share of the loss, or of 1 where that is less. Where nothing is drawn for dropout,
/// early ones say that both took the same steps; later ones, how much of a difference of rounding training makes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Apart {
    /// Of the first [`EARLY`] steps, or of the first that is told of.
    pub early: f64,
    pub largest: f64,
}

impl Apart {
    pub(super) fn max(self, other: Self) -> Self {
        Apart { early: self.early.max(other.early), largest: self.largest.max(other.largest) }
    }
}

/// Forward passes show at the first step, backward passes and the optimiser's rule at the next ones.
const EARLY: u64 = 3;

/// What the program prints.
#[derive(Debug, Deserialize)]
struct Printed {
    nothing: Option<String>,
    #[serde(default)]
    failed: bool,
    #[serde(default)]
    versions: BTreeMap<String, String>,
    #[serde(default)]
    train_secs: f64,
    #[serde(default)]
    evaluate_secs: f64,
    #[serde(default)]
    steps: u64,
    #[serde(default)]
    scores: BTreeMap<Metric, f64>,
    /// Of every step.
    #[serde(default)]
    losses: Vec<f64>,
}

/// Loading a framework for the first time can take minutes.
const LOADING: Duration = Duration::from_secs(600);

/// Whether the framework can be run at all, before anything is run that it is to stand beside. `place`: for what it says.
///
/// # Errors
/// It cannot be: its program is not there, or lacks a library.
pub(super) fn check(framework: &Framework, place: &Path, stop: &AtomicBool) -> Result<()> {
    let io = |source| crate::store::Error::Io { action: "create", path: place.into(), source };
    std::fs::create_dir_all(place).map_err(io)?;
    let args: [OsString; 2] = ["-c".into(), "import torch, transformers".into()];
    let stderr = place.join("stderr");
    let what = Plain {
        program: &framework.python,
        args: &args,
        variables: &[],
        folder: place,
        stdout: place.join("stdout"),
        stderr: stderr.clone(),
        limit: LOADING,
        stop,
    };
    let why = match attend(&what, &mut |_| {}) {
        Ok(ended) if ended.stopped || ended.status == Status::Exited(0) => return Ok(()),
        Ok(ended) if ended.timed_out => "torch and transformers were not loaded in ten minutes".into(),
        Ok(_) => last_line(&stderr),
        Err(error) => root_cause(&error),
    };
    Err(BenchError::NoFramework { framework: framework.name(), python: framework.python.display().to_string(), why }.into())
}

/// Takes the steps of the finished run in `run` in the folder `place`, which is emptied again.
///
/// # Errors
/// The run's files cannot be read, or the folder not be used. That the framework is not there is no error.
pub(super) fn run(
    framework: &Framework,
    run: &Path,
    seed: u64,
    place: &Path,
    limit: Duration,
    stop: &AtomicBool,
) -> Result<Beside> {
    let folder = RunFolder::open(run)?;
    let nothing = |why: String| Beside { framework: framework.name().into(), nothing: Some(why), failed: false, measured: None };
    let Some(Jobs { config, evaluation, losses }) = jobs(&folder, seed)? else {
        return Ok(nothing("the run is not finished".into()));
    };
    let io = |source| crate::store::Error::Io { action: "create", path: place.into(), source };
    std::fs::create_dir_all(place).map_err(io)?;
    let beside = match trainer::lay_out(&config, &evaluation, place, MOST_BYTES)? {
        Err(why) => nothing(why),
        Ok(laid) => {
            let beside = take(framework, &config, &evaluation, &laid, &losses, place, (limit, stop))?;
            // The batches of a run are large, and can be laid out again.
            let files = laid.train.iter().chain(&laid.held_out).map(String::as_str).chain([trainer::INIT]);
            files.for_each(|file| drop(std::fs::remove_file(place.join(file))));
            beside
        }
    };
    Ok(beside)
}

/// What a run says of the steps that it took.
struct Jobs {
    /// Of the attempt that finished.
    config: RunConfig,
    evaluation: EvaluateJob,
    /// (step from 1, mean loss since the one before), those that were told.
    losses: Vec<(u64, f64)>,
}

fn jobs(folder: &RunFolder, seed: u64) -> Result<Option<Jobs>> {
    let ledger = folder.ledger().read()?;
    let name = format!("seed-{seed}");
    let completed = |run: &str| {
        ledger.iter().rev().find_map(|entry| match &entry.record {
            Record::AttemptEnded { run: of, attempt, outcome: crate::run::Outcome::Completed, .. } if of == run => Some(*attempt),
            _ => None,
        })
    };
    let held_out = format!("{name}{}", crate::eval::HELD_OUT_SUFFIX);
    let (Some(trained), Some(scored)) = (completed(&name), completed(&held_out)) else { return Ok(None) };
    let job = |run: &str, attempt: u32| folder.read_json::<Job>(&folder.attempt(run, attempt).job());
    match (job(&name, trained)?, job(&held_out, scored)?) {
        (Job::Train { config, .. }, Job::Evaluate(evaluation)) => {
            let events = folder.attempt(&name, trained).read_events()?;
            let told = |event| if let Event::Step(step) = event { Some((step.step, step.loss)) } else { None };
            let losses = events.into_iter().filter_map(told).collect();
            Ok(Some(Jobs { config: *config, evaluation: *evaluation, losses }))
        }
        _ => Ok(None),
    }
}

/// Tallow's losses are told of a step each, or of several: `own` has (the last of them, from 1; the mean over their examples). `other` and
/// `examples` are of each step.
fn apart(own: &[(u64, f64)], other: &[f64], examples: &[u64]) -> Option<Apart> {
    let (mut told, mut differences) = (0, Vec::new());
    for (step, loss) in own {
        let steps = told..*step as usize;
        told = steps.end;
        let (Some(losses), Some(examples)) = (other.get(steps.clone()), examples.get(steps)) else { break };
        let count: u64 = examples.iter().sum();
        let mean = losses.iter().zip(examples).map(|(loss, count)| loss * *count as f64).sum::<f64>() / count as f64;
        differences.push((*step, (loss - mean).abs() / mean.abs().max(1.0)));
    }
    let first = differences.first()?.0.max(EARLY);
    let most = |until: u64| differences.iter().filter(|(step, _)| *step <= until).map(|(_, found)| *found).fold(0.0, f64::max);
    Some(Apart { early: most(first), largest: most(u64::MAX) })
}

fn take(
    framework: &Framework,
    config: &RunConfig,
    evaluation: &EvaluateJob,
    laid: &LaidOut,
    losses: &[(u64, f64)],
    place: &Path,
    (limit, stop): (Duration, &AtomicBool),
) -> Result<Beside> {
    let nothing =
        |why: String, failed: bool| Beside { framework: framework.name().into(), nothing: Some(why), failed, measured: None };
    let model = config.recipe.dropout.map_or_else(|| config.model.clone(), |p| config.model.clone().with_dropout(p));
    let told = json!({
        "config": config, "public_config": model.to_public(), "lrs": laid.lrs, "scale": laid.scale,
        "class_weights": laid.class_weights, "trainable": laid.trainable, "told": laid.told, "metrics": evaluation.metrics, "writing": evaluation.writing,
        "init": trainer::INIT, "train": laid.train, "held_out": laid.held_out,
    });
    let (program, job) = (place.join("pytorch_reference"), place.join("job.json"));
    let io = |source| crate::store::Error::Io { action: "create", path: program.clone(), source };
    std::fs::create_dir_all(&program).map_err(io)?;
    for (name, text) in PROGRAM {
        write_atomic(&program.join(name), |file| file.write_all(text.as_bytes()))?;
    }
    write_atomic(&job, |file| file.write_all(told.to_string().as_bytes()))?;
    let args: Vec<OsString> = vec![program.into(), job.into()];
    let threads = config.threads.to_string();
    let variables = [
        ("OMP_NUM_THREADS", OsString::from(&threads)),
        ("HF_HUB_OFFLINE", "1".into()),
        ("TOKENIZERS_PARALLELISM", "false".into()),
        ("PYTHONDONTWRITEBYTECODE", "1".into()),
    ];
    let (stdout, stderr) = (place.join("stdout"), place.join("stderr"));
    let what = Plain {
        program: &framework.python,
        args: &args,
        variables: &variables,
        folder: place,
        stdout: stdout.clone(),
        stderr: stderr.clone(),
        limit,
        stop,
    };
    let ended = match attend(&what, &mut |_| {}) {
        Ok(ended) => ended,
        Err(error) => return Ok(nothing(format!("{error}: {}", root_cause(&error)), true)),
    };
    let printed = read(&stdout).lines().rev().find_map(|line| serde_json::from_str::<Printed>(line).ok());
    Ok(match printed {
        _ if ended.timed_out => nothing("its time was over".into(), true),
        Some(Printed { nothing: Some(why), failed, .. }) => nothing(why, failed),
        Some(printed) if ended.status == Status::Exited(0) => Beside {
            framework: framework.name().into(),
            nothing: None,
            failed: false,
            measured: Some(Measured {
                versions: printed.versions,
                threads: config.threads,
                wall_secs: ended.wall_secs,
                train_secs: printed.train_secs,
                evaluate_secs: printed.evaluate_secs,
                peak_bytes: ended.max_rss_bytes,
                steps: printed.steps,
                examples: laid.examples.iter().sum(),
                scores: printed.scores,
                losses: [printed.losses.first(), printed.losses.last()].map(|loss| loss.copied().unwrap_or_default()),
                apart: apart(losses, &printed.losses, &laid.examples),
            }),
        },
        _ => nothing(format!("it failed: {}", last_line(&stderr)), true),
    })
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

/// The last line of what a program wrote there.
fn last_line(path: &Path) -> String {
    let said = read(path);
    crate::words::clean(said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_compared_by_their_steps() {
        let found = |own: &[(u64, f64)], other: &[f64], examples: &[u64]| {
            apart(own, other, examples).map(|apart| (apart.early, apart.largest))
        };
        let each = [8; 4];
        assert_eq!(found(&[(1, 2.0), (2, 0.5), (3, 0.25), (4, 0.0)], &[2.0, 0.5, 0.5, 0.75], &each), Some((0.25, 0.75)));
        assert_eq!(found(&[(1, 300.0)], &[200.0], &each), Some((0.5, 0.5)), "as a share of a large loss");
        // The mean of several steps, of which the last is a small one; and what was told when there are no more steps.
        assert_eq!(found(&[(4, 0.25), (9, 7.0)], &[0.5, 0.5, 0.5, 1.0], &[2, 2, 2, 2]), Some((0.375, 0.375)));
        assert_eq!(found(&[(2, 0.0)], &[0.5, 1.0], &[3, 1]), Some((0.625, 0.625)));
        assert_eq!(found(&[], &[2.0], &each), None);
        assert_eq!(found(&[(1, 2.0)], &[], &each), None, "the other took no steps");
    }
}
