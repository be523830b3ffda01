//! The same recipe by another framework: the weights that the run began with, the very batches of its steps and of its held-out split
//! are laid out as files, and a script of our own takes the same steps. What differs is the framework alone, and what it draws for
//! dropout.

use crate::error::Result;
use crate::job::{EvaluateJob, Job, RunConfig};
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

/// The script that takes the steps in PyTorch.
const SCRIPT: &str = include_str!("../../benches/pytorch_reference.py");

/// Batches of a run that take more are not laid out.
const MOST_BYTES: u64 = 2 << 30;

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
}

/// What the script prints.
#[derive(Debug, Deserialize)]
struct Printed {
    nothing: Option<String>,
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
    #[serde(default)]
    losses: Option<[f64; 2]>,
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
    let nothing = |why: String| Beside { framework: framework.name().into(), nothing: Some(why), measured: None };
    let Some((config, evaluation)) = jobs(&folder, seed)? else { return Ok(nothing("the run is not finished".into())) };
    let io = |source| crate::store::Error::Io { action: "create", path: place.into(), source };
    std::fs::create_dir_all(place).map_err(io)?;
    let beside = match trainer::lay_out(&config, &evaluation, place, MOST_BYTES)? {
        Err(why) => nothing(why),
        Ok(laid) => take(framework, &config, &evaluation, &laid, place, limit, stop)?,
    };
    // The batches of a run are large, and can be laid out again.
    [trainer::INIT, trainer::TRAIN, trainer::HELD_OUT].iter().for_each(|file| drop(std::fs::remove_file(place.join(file))));
    Ok(beside)
}

/// The job of the attempt that finished, and that of its evaluation.
fn jobs(folder: &RunFolder, seed: u64) -> Result<Option<(RunConfig, EvaluateJob)>> {
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
        (Job::Train { config, .. }, Job::Evaluate(evaluation)) => Ok(Some((*config, *evaluation))),
        _ => Ok(None),
    }
}

fn take(
    framework: &Framework,
    config: &RunConfig,
    evaluation: &EvaluateJob,
    laid: &LaidOut,
    place: &Path,
    limit: Duration,
    stop: &AtomicBool,
) -> Result<Beside> {
    let nothing = |why: String| Beside { framework: framework.name().into(), nothing: Some(why), measured: None };
    let told = json!({
        "config": config, "public_config": config.model.to_public(), "lrs": laid.lrs, "scale": laid.scale, "metrics": evaluation.metrics,
        "init": trainer::INIT, "train": trainer::TRAIN, "held_out": trainer::HELD_OUT,
    });
    let (script, job) = (place.join("pytorch_reference.py"), place.join("job.json"));
    write_atomic(&script, |file| file.write_all(SCRIPT.as_bytes()))?;
    write_atomic(&job, |file| file.write_all(told.to_string().as_bytes()))?;
    let args: Vec<OsString> = vec![script.into(), job.into()];
    let threads = config.threads.to_string();
    let variables = [
        ("OMP_NUM_THREADS", OsString::from(&threads)),
        ("HF_HUB_OFFLINE", "1".into()),
        ("TOKENIZERS_PARALLELISM", "false".into()),
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
        Err(error) => return Ok(nothing(format!("{error}: `--python PATH` names a Python with torch and transformers"))),
    };
    let read = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned();
    let printed = read(&stdout).lines().rev().find_map(|line| serde_json::from_str::<Printed>(line).ok());
    Ok(match printed {
        _ if ended.timed_out => nothing("its time was over".into()),
        Some(Printed { nothing: Some(why), .. }) => nothing(why),
        Some(printed) if ended.status == Status::Exited(0) => Beside {
            framework: framework.name().into(),
            nothing: None,
            measured: Some(Measured {
                versions: printed.versions,
                threads: config.threads,
                wall_secs: ended.wall_secs,
                train_secs: printed.train_secs,
                evaluate_secs: printed.evaluate_secs,
                peak_bytes: ended.max_rss_bytes,
                steps: printed.steps,
                examples: laid.examples,
                scores: printed.scores,
                losses: printed.losses.unwrap_or_default(),
            }),
        },
        _ => {
            let said = read(&stderr);
            let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
            nothing(format!("it failed: {}", crate::words::clean(last)))
        }
    })
}
