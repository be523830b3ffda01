//! `tallow train --script FILE`: a Python script in a container, for what the zoo lacks.

use super::args::{BudgetArgs, RunArgs, ScriptArgs, Wishes};
use super::environment::Environment;
use super::experiment::{self, create, now, stop_flag, unfinished};
use crate::data::Parted;
use crate::error::{Class, Error, Failure, Result};
use crate::report::{self, ScriptReport, Style};
use crate::run::{Outcome, Watch};
use crate::sandbox::container::Engine;
use crate::script::{self, Ended, HeldOut, Scored, ScriptJob, ScriptSpec, Scripts};
use crate::spec::Metric;
use crate::store::{Purpose, Record, RunFolder};
use crate::{data, pipeline};
use std::io::IsTerminal;
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
    Predictions { what: String, report: PathBuf },
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
            ScriptError::DoesNotGo { .. } => Some("a script decides that itself; it takes `--data`, `--seeds` (one), `--memory`, `--max-disk`, `--max-attempts`, `--max-time`, `--threads`, `--image`, `--gpu`, `--out`".into()),
            ScriptError::Predictions { report, .. } => Some(format!(
                "`tallow.predict` takes one value for each line of `tallow.held_out`; all else is in `{}`",
                report.display()
            )),
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
        ("--llm", wishes.llm.llm.is_some()),
        ("--llm-replay", wishes.llm.llm_replay.is_some()),
        ("--max-tokens", wishes.budget.max_tokens.is_some()),
        ("--max-usd", wishes.budget.max_usd.is_some()),
        ("several `--seeds`", wishes.seeds.len() > 1),
        ("--allow-scope-change", wishes.budget.allow_scope_change),
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
        max_disk_bytes: wishes.budget.max_disk,
        max_attempts: wishes.budget.max_attempts.map(usize::from),
        max_time_secs: wishes.max_time.map(|time| time.as_secs()),
    };
    save(&folder, &spec)?;
    go_on(json, env, &folder, &spec)
}

/// Goes on with a script's run, with other budgets if so asked for.
pub(super) fn resume(
    json: bool,
    env: &Environment,
    folder: &RunFolder,
    max_time: Option<Duration>,
    budget: &BudgetArgs,
) -> Result<ExitCode> {
    if budget.allow_scope_change {
        return Err(ScriptError::DoesNotGo { option: "--allow-scope-change" }.into());
    }
    let path = folder.script_spec();
    let wrong = |e: toml::de::Error| ScriptError::Spec { path: path.clone(), what: e.to_string() };
    let mut spec: ScriptSpec = toml::from_str(&folder.read_text(&path)?).map_err(wrong)?;
    spec.max_time_secs = max_time.map(|time| time.as_secs()).or(spec.max_time_secs);
    spec.max_memory_bytes = budget.memory.or(spec.max_memory_bytes);
    spec.max_disk_bytes = budget.max_disk.or(spec.max_disk_bytes);
    spec.max_attempts = budget.max_attempts.map(usize::from).or(spec.max_attempts);
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
    let job = |number: u32| folder.read_json::<ScriptJob>(&folder.attempt(script::RUN, number).job()).ok();
    let settings: Vec<_> = (1..).map_while(job).map(|job| job.settings).collect();
    let attempts = settings.len() as u32;
    let scored = match spec.held_out.is_some() && outcome == Outcome::Completed {
        true => measure(folder, attempts)?,
        false => Ok(Vec::new()),
    };
    let (ledger, told) = (folder.ledger().read()?, script::told(folder, attempts)?);
    let report = report::build_script(spec, &ledger, (&told, &settings), (&outcome, &reason), &scored, folder.root())?;
    folder.write_json(&folder.report_json(), &report)?;
    folder.write_text(&folder.report_md(), &report::script_markdown(&report))?;
    folder.write_text(&folder.report_html(), &report::script_html(&report))?;
    match (outcome, scored) {
        (Outcome::Completed, Ok(_)) => show(json, env, &report),
        (Outcome::Completed, Err(what)) => Err(ScriptError::Predictions { what, report: folder.report_html() }.into()),
        (outcome, _) => Err(unfinished(script::RUN.into(), &outcome, Some(folder))),
    }
}

/// The report of a script's run that has one.
pub(super) fn report_again(json: bool, env: &Environment, folder: &RunFolder) -> Result<ExitCode> {
    let report: ScriptReport = folder.read_json(&folder.report_json())?;
    show(json, env, &ScriptReport { folder: folder.root().display().to_string(), ..report })
}

fn show(json: bool, env: &Environment, report: &ScriptReport) -> Result<ExitCode> {
    let style = if env.color && std::io::stdout().is_terminal() { Style::Color } else { Style::Plain };
    if json { super::print_json(report) } else { super::say_all(&report::script_terminal(report, style)) }
}

/// Scores what the last attempt predicted and enters that in the ledger: the metrics, best first, or why there are none.
fn measure(folder: &RunFolder, attempt: u32) -> Result<std::result::Result<Vec<Metric>, String>> {
    let scored = script::predictions(folder, attempt).and_then(|[told, right]| script::score(&told, &right));
    let scored = match scored {
        Ok(scored) => scored,
        Err(why) => return Ok(Err(why)),
    };
    let named = |Scored { metric, value, interval }: &Scored| {
        let [name, low, high] = report::names_of(*metric);
        let ends = interval.into_iter().flat_map(move |ends| [(low.clone(), ends[0]), (high.clone(), ends[1])]);
        std::iter::once((name, *value)).chain(ends).collect::<Vec<_>>()
    };
    let what = "what the script predicted of the held-out examples".to_string();
    let values = scored.iter().flat_map(named).collect();
    folder.ledger().append(now(), Record::Measured { what, values })?;
    Ok(Ok(scored.into_iter().map(|scored| scored.metric).collect()))
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
