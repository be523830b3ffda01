//! `tallow train --script FILE`: a Python script in a container, for what the zoo lacks.

use super::args::{RunArgs, ScriptArgs, Wishes};
use super::environment::Environment;
use super::experiment::{self, create, now, stop_flag, unfinished};
use crate::data::Parted;
use crate::error::{Class, Error, Failure, Result};
use crate::run::{Outcome, Watch};
use crate::sandbox::container::Engine;
use crate::script::{self, Ended, HeldOut, Scored, ScriptJob, ScriptReport, ScriptSpec, Scripts};
use crate::store::{Purpose, Record, RunFolder};
use crate::{data, pipeline};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The image of scripts where no other is named.
const IMAGE: &str = "tallow-python";

#[derive(Debug, thiserror::Error)]
enum ScriptError {
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("`{}`: {what}", path.display())]
    Spec { path: PathBuf, what: String },
    #[error("a script needs a container engine: there is no `docker` on PATH")]
    NoEngine,
    #[error("the image `{image}` cannot be used: {what}")]
    Image { image: String, what: String },
    #[error("the data folder `{}` is not there", path.display())]
    NoData { path: PathBuf },
    #[error("the script completed, but what it predicted cannot be scored: {what}")]
    Predictions { what: String },
    #[error("`{option}` does not go with a script")]
    DoesNotGo { option: &'static str },
}

impl Failure for ScriptError {
    fn class(&self) -> Class {
        match self {
            ScriptError::Read { .. } | ScriptError::DoesNotGo { .. } => Class::Usage,
            ScriptError::Spec { .. } | ScriptError::Predictions { .. } => Class::Spec,
            ScriptError::NoEngine | ScriptError::Image { .. } => Class::Sandbox,
            ScriptError::NoData { .. } => Class::Data,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            ScriptError::NoEngine => Some("install Docker, or put what the script does into an experiment of the zoo: `tallow models`".into()),
            ScriptError::Image { image, .. } => Some(format!(
                "name another by `--image`; or make one where no registry can be reached: a root file system with Python as a tar, then \
                 `docker import root.tar {image}` (docs/scripts.md)"
            )),
            ScriptError::DoesNotGo { .. } => Some("a script decides that itself; it takes `--data`, `--seeds` (one), `--memory`, `--max-time`, `--threads`, `--image`, `--gpu`, `--out`".into()),
            ScriptError::Predictions { .. } => Some("`tallow.predict` takes one value for each line of `tallow.held_out`".into()),
            ScriptError::Read { .. } | ScriptError::Spec { .. } | ScriptError::NoData { .. } => None,
        }
    }
}

/// Begins a script's run and sees it to its end.
pub(super) fn begin(
    json: bool,
    env: &Environment,
    file: &Path,
    asked: &ScriptArgs,
    wishes: &Wishes,
    args: &RunArgs,
) -> Result<ExitCode> {
    let text = std::fs::read(file).map_err(|source| ScriptError::Read { path: file.into(), source })?;
    let others = [
        ("--model", wishes.model.is_some()),
        ("--epochs", wishes.epochs.is_some()),
        ("--max-examples", wishes.max_examples.is_some()),
        ("--set", !wishes.set.is_empty()),
        ("several `--seeds`", wishes.seeds.len() > 1),
        ("--sandbox", args.worker.sandbox != crate::sandbox::Level::Strict),
    ];
    if let Some((option, _)) = others.into_iter().find(|(_, is_asked)| *is_asked) {
        return Err(ScriptError::DoesNotGo { option }.into());
    }
    let data = wishes.data.as_ref().map(PathBuf::from);
    let data = data.map(|path| path.canonicalize().map_err(|_| ScriptError::NoData { path })).transpose()?;
    let engine = engine(env)?;
    let image = asked.image.clone().or_else(|| env.script_image.clone()).unwrap_or_else(|| IMAGE.into());
    let image_id = script::image_id(&engine, &image).map_err(|what| ScriptError::Image { image: image.clone(), what })?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let stem = file.file_stem().map_or_else(|| "script".into(), |stem| stem.to_string_lossy().into_owned());
    let root = args.out.clone().unwrap_or_else(|| {
        let time = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S");
        let name: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        env.runs.join(format!("{name}-{time}"))
    });
    let held_out = asked.held_out.as_ref().zip(asked.label.as_ref());
    let held_out =
        held_out.map(|(file, label)| Ok::<_, Error>((data::without_answers(file, label)?, file, label))).transpose()?;
    let folder = create(root, Purpose::Script)?;
    script::lay(&folder, &text)?;
    let held_out = match held_out {
        Some((Parted { inputs, answers }, file, label)) => {
            script::lay_held_out(&folder, &inputs, &answers)?;
            let (file_sha256, examples) = (data::sha256_of_file(file)?, answers.len());
            Some(HeldOut { file: file.clone(), file_sha256, label: label.clone(), examples })
        }
        None => None,
    };
    let spec = ScriptSpec {
        version: script::VERSION,
        script: file.into(),
        script_sha256: data::sha256_of_file(&folder.script().join("script.py"))?,
        image,
        image_id,
        data,
        held_out,
        seed: wishes.seeds.first().copied().unwrap_or(0),
        cpus: args.worker.threads.map_or(cores, usize::from),
        gpu: asked.gpu,
        max_memory_bytes: wishes.budget.memory,
        max_time_secs: wishes.max_time.map(|time| time.as_secs()),
    };
    save(&folder, &spec)?;
    go_on(json, env, &folder, &spec)
}

/// Goes on with a script's run, with another limit of time or memory if so asked for.
pub(super) fn resume(
    json: bool,
    env: &Environment,
    folder: &RunFolder,
    max_time: Option<Duration>,
    memory: Option<u64>,
) -> Result<ExitCode> {
    let path = folder.script_spec();
    let wrong = |e: toml::de::Error| ScriptError::Spec { path: path.clone(), what: e.to_string() };
    let mut spec: ScriptSpec = toml::from_str(&folder.read_text(&path)?).map_err(wrong)?;
    spec.max_time_secs = max_time.map(|time| time.as_secs()).or(spec.max_time_secs);
    spec.max_memory_bytes = memory.or(spec.max_memory_bytes);
    save(folder, &spec)?;
    go_on(json, env, folder, &spec)
}

fn save(folder: &RunFolder, spec: &ScriptSpec) -> Result<()> {
    let path = folder.script_spec();
    let text = toml::to_string_pretty(spec).map_err(|e| ScriptError::Spec { path: path.clone(), what: e.to_string() })?;
    Ok(folder.write_text(&path, &text)?)
}

fn engine(env: &Environment) -> Result<Engine> {
    let places = env.path.iter().flat_map(|path| std::env::split_paths(path).collect::<Vec<_>>());
    let program = places.map(|place| place.join("docker")).find(|file| file.is_file()).ok_or(ScriptError::NoEngine)?;
    Ok(Engine { program, host: env.docker_host.clone() })
}

fn go_on(json: bool, env: &Environment, folder: &RunFolder, spec: &ScriptSpec) -> Result<ExitCode> {
    let _lock = folder.lock()?;
    let (begun, engine) = (Instant::now(), engine(env)?);
    let used = pipeline::used_by(folder)?;
    let stop = stop_flag(Some(folder.clone()));
    let scripts = Scripts { folder, engine, spec, used, begun, stop, now: &now };
    let mut watch = Lines { json };
    let Ended { outcome, reason } = scripts.run(&mut watch)?;
    let ledger = folder.ledger().read()?;
    let job = |number: u32| folder.read_json::<ScriptJob>(&folder.attempt(script::RUN, number).job()).ok();
    let settings: Vec<_> = (1..).map_while(job).map(|job| job.settings).collect();
    let mut report = ScriptReport::of(spec, &ledger, &settings, (outcome.clone(), reason));
    if spec.held_out.is_some() && outcome == Outcome::Completed {
        report.scores = scores(folder, settings.len() as u32)?;
    }
    folder.write_json(&folder.report_json(), &report)?;
    folder.write_text(&folder.report_md(), &report.to_markdown())?;
    if outcome != Outcome::Completed {
        return Err(unfinished(script::RUN.into(), &outcome, Some(folder)));
    }
    match json {
        true => super::print_json(&report),
        false => super::say_all(&format!("{}\nReport  {}", report.to_markdown(), folder.report_md().display())),
    }
}

/// What the last attempt predicted, scored and entered in the ledger.
fn scores(folder: &RunFolder, attempt: u32) -> Result<Vec<Scored>> {
    let wrong = |what: String| ScriptError::Predictions { what };
    let [told, right] = script::predictions(folder, attempt).map_err(wrong)?;
    let scores = script::score(&told, &right).map_err(wrong)?;
    let values = scores.iter().map(|scored| (scored.metric.in_words().to_string(), scored.value)).collect();
    folder
        .ledger()
        .append(now(), Record::Measured { what: "what the script predicted of the held-out examples".into(), values })?;
    Ok(scores)
}

/// Progress on stderr.
struct Lines {
    json: bool,
}

impl Watch for Lines {
    fn event(&mut self, _: &str, _: u32, _: &crate::job::Event) {}
    fn say(&mut self, message: &str) {
        if !self.json {
            experiment::tell_progress(message);
        }
    }
}
