//! `tallow train --script FILE`: a Python script in a container, for what the zoo lacks; and the script that a language model writes in
//! place of an experiment.

mod engine;
mod error;
mod fallback;

use super::args::{BudgetArgs, FallbackArgs, HubArgs, RunArgs, ScriptArgs, Wishes, WorkerArgs};
use super::environment::Environment;
use super::experiment::{self, create, create_named, now, planner_wishes, stop_flag, unfinished_script};
use super::{consent, language_model};
use crate::data::Parted;
use crate::data::hub::Hub;
use crate::error::{Error, Result};
use crate::llm::{self, Allowance, Chosen};
use crate::pipeline::Worker;
use crate::plan;
use crate::provenance::ScriptManifest;
use crate::report::{self, ScriptReport};
use crate::run::{Outcome, Watch};
use crate::script::{self, Author, AuthorSpec, Brief, Ended, HeldOut, Means, Scored, ScriptJob, ScriptSpec, Scripts};
use crate::spec::Metric;
use crate::store::{Purpose, Record, RunFolder};
use crate::{data, pipeline};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use engine::{engine, fits, image, means, spare};
pub(super) use engine::{image_of, look_at_image};
use error::ScriptError;
pub(super) use error::{does_not_go, without_author, without_script};
pub(super) use fallback::fall_back;

/// Where to look for models, and how workers run: those of an embedded language model.
type Around<'a> = (&'a HubArgs, &'a WorkerArgs);

/// Begins a script's run and sees it to its end.
pub(super) fn begin(
    json: bool,
    env: &Environment,
    file: &Path,
    (asked, fallback): (&ScriptArgs, &FallbackArgs),
    wishes: &Wishes,
    args: &RunArgs,
) -> Result<ExitCode> {
    let text = std::fs::read_to_string(file).map_err(|source| ScriptError::Read { path: file.into(), source })?;
    let is_mended = wishes.llm.llm.is_some() || wishes.llm.llm_replay.is_some();
    goes_with_script(wishes, fallback, &args.worker, is_mended)?;
    let data = wishes.data.as_ref().map(PathBuf::from);
    let data = data.map(|path| path.canonicalize().map_err(|_| ScriptError::NoData { path })).transpose()?;
    let stem = file.file_stem().map_or_else(|| "script".into(), |stem| stem.to_string_lossy().into_owned());
    if let (Some(data), Some(held_out)) = (&data, &asked.held_out) {
        is_apart(data, held_out)?;
        is_outside(data, args.out.as_deref().unwrap_or(&env.runs))?;
    }
    if is_mended {
        // Nothing is begun that could not ask.
        language_model::check(env, &planner_wishes(wishes), args.hub.offline || env.offline)?;
        let model = wishes.llm.llm.clone().unwrap_or_else(|| "the recording".into());
        let question = format!("If the script fails, {}. Have {model} mend it?", sent(&model));
        if !fallback.allow_script && (json || !consent::agreed(&question)) {
            return Err(ScriptError::NotAgreed { model }.into());
        }
    }
    let (image, image_id) = image(env, fallback)?;
    let cpus = fits(&engine(env)?, Some(&args.worker), wishes.budget.memory)?;
    let means = if is_mended { Some(means(env, (&image, &image_id), cpus)?) } else { None };
    let held_out = asked.held_out.as_ref().zip(asked.label.as_ref());
    let held_out =
        held_out.map(|(file, label)| Ok::<_, Error>((data::without_answers(file, label)?, file, label))).transpose()?;
    let there = match &data {
        Some(folder) if is_mended => data::tell_folder(folder)?,
        _ => "nothing".into(),
    };
    let folder = match &args.out {
        Some(root) => create(env, root.clone(), Purpose::Script)?,
        None => {
            let name: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
            create_named(env, &name, Purpose::Script)?
        }
    };
    script::lay(&folder)?;
    script::lay_script(&folder, &text)?;
    let held_out = match held_out {
        Some((Parted { inputs, answers }, file, label)) => {
            script::lay_held_out(&folder, &inputs, &answers)?;
            let (file_sha256, examples) = (data::sha256_of_file(file)?, answers.len());
            Some(HeldOut { file: file.clone(), file_sha256, label: label.clone(), examples })
        }
        None => None,
    };
    let spec = ScriptSpec {
        script: Some(file.into()),
        script_sha256: Some(data::sha256_of_file(&folder.script().join("script.py"))?),
        data,
        held_out,
        author: is_mended.then(|| author_spec(wishes)),
        ..spec(wishes, fallback, (image, image_id, cpus), wishes.max_time.map(|time| time.as_secs()))
    }
    .within(spare(&engine(env)?, &folder), folder.bytes());
    if let Some(means) = means {
        let held_out = spec
            .held_out
            .as_ref()
            .map(|held| format!("{} lines of JSON without `{}`, which is to be predicted", held.examples, held.label));
        let wanted = format!("what the script `{stem}.py` does, which was given");
        lay_brief(env, &folder, &spec, (wanted, there, held_out), means, (&args.hub, &args.worker))?;
    }
    save(&folder, &spec)?;
    go_on(json, env, &folder, &spec, (&args.hub, &args.worker))
}

/// That nothing is asked for that a script does not do. Every wish is named, so that none that is added is passed over.
fn goes_with_script(wishes: &Wishes, fallback: &FallbackArgs, worker: &WorkerArgs, is_mended: bool) -> Result<(), ScriptError> {
    let Wishes { data: _, model, max_time: _, budget, llm: _, improve, epochs, max_examples, seeds, set } = wishes;
    let BudgetArgs { memory: _, max_disk: _, max_attempts: _, max_silence: _, .. } = budget;
    let BudgetArgs { max_tokens, max_usd, allow_scope_change, accept_license, .. } = budget;
    let others = [
        ("--model", model.is_some()),
        ("--improve", improve.is_some()),
        ("--epochs", epochs.is_some()),
        ("--max-examples", max_examples.is_some()),
        ("--set", !set.is_empty()),
        ("--seeds A,B", seeds.len() > 1),
        ("--allow-scope-change", *allow_scope_change),
        ("--sandbox", worker.sandbox != crate::sandbox::Level::Strict),
    ];
    let of_model = [
        ("--max-tokens", max_tokens.is_some()),
        ("--max-usd", max_usd.is_some()),
        ("--allow-script", fallback.allow_script),
        ("--accept-license", !accept_license.is_empty()),
    ];
    let asked = |of: &[(&'static str, bool)]| of.iter().find(|(_, is_asked)| *is_asked).map(|(option, _)| *option);
    match (asked(&others), asked(&of_model)) {
        (Some(option), _) => Err(ScriptError::DoesNotGo { option }),
        (None, Some(option)) if !is_mended => Err(ScriptError::NeedsModel { option }),
        (None, _) => Ok(()),
    }
}

/// That the held-out answers are not among what the script sees: neither their file, under whatever name, nor another run's.
///
/// # Errors
/// They are, or a file cannot be read.
fn is_apart(data: &Path, held_out: &Path) -> Result<()> {
    let file = held_out.canonicalize().map_err(|source| ScriptError::Read { path: held_out.into(), source })?;
    let within = if file.starts_with(data) { Some(file) } else { data::copy_below(data, &file)? };
    match within.or_else(|| answers_below(data)) {
        Some(path) => Err(ScriptError::AnswersInData { path, data: data.into() }.into()),
        None => Ok(()),
    }
}

/// What a run folder below `folder` holds out. Links are not followed: in the container they lead nowhere.
fn answers_below(folder: &Path) -> Option<PathBuf> {
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(place) = waiting.pop() {
        if let Some(held_out) = RunFolder::open(&place).ok().map(|run| run.held_out()).filter(|held_out| held_out.is_dir()) {
            return Some(held_out);
        }
        let entries = std::fs::read_dir(&place).into_iter().flatten().flatten();
        waiting.extend(entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()));
    }
    None
}

/// That the run folder, which keeps the answers and need not be there yet, will not lie in what the script sees.
fn is_outside(data: &Path, root: &Path) -> Result<(), ScriptError> {
    let whole = std::path::absolute(root).unwrap_or_else(|_| root.into());
    let there = whole.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    let path = match there {
        Some((above, real)) => real.join(whole.strip_prefix(above).unwrap_or(&whole)),
        None => whole.clone(),
    };
    if path.starts_with(data) { Err(ScriptError::RunInData { path, data: data.into() }) } else { Ok(()) }
}

/// What the command line says, of whatever script.
fn spec(
    wishes: &Wishes,
    fallback: &FallbackArgs,
    (image, image_id, cpus): (String, String, usize),
    max_time_secs: Option<u64>,
) -> ScriptSpec {
    ScriptSpec {
        version: script::VERSION,
        script: None,
        script_sha256: None,
        image,
        image_id,
        data: None,
        held_out: None,
        seed: wishes.seeds.first().copied().unwrap_or(0),
        cpus,
        gpu: fallback.gpu,
        max_memory_bytes: wishes.budget.memory,
        max_disk_bytes: wishes.budget.max_disk,
        spare_memory_bytes: None,
        spare_disk_bytes: None,
        max_attempts: wishes.budget.max_attempts.map(usize::from),
        max_silence_secs: wishes.budget.max_silence.map(|time| time.as_secs()),
        max_time_secs,
        author: None,
    }
}

/// The language model that the command line names, as the run keeps it.
fn author_spec(wishes: &Wishes) -> AuthorSpec {
    let plan::Wishes { llm, llm_replay, .. } = planner_wishes(wishes);
    AuthorSpec { llm, llm_replay, max_tokens: wishes.budget.max_tokens, max_usd: wishes.budget.max_usd }
}

/// Writes down what the language model is told. What may be other on the next machine is as a recording has it.
fn lay_brief(
    env: &Environment,
    folder: &RunFolder,
    spec: &ScriptSpec,
    (wanted, there, held_out): (String, String, Option<String>),
    means: Means,
    around: Around,
) -> Result<()> {
    let recorded = chosen(env, folder, spec, around)?.and_then(|chosen| chosen.given());
    let brief = Brief {
        wanted,
        there,
        held_out,
        means: recorded.unwrap_or(means),
        gpu: spec.gpu,
        max_memory_bytes: spec.max_memory_bytes,
        max_time_secs: spec.max_time_secs,
    };
    Ok(folder.write_json(&folder.brief(), &brief)?)
}

/// What goes to a language model, in words.
fn sent(model: &str) -> String {
    format!(
        "{model} is sent what is wanted, the names, sizes and columns of the data, the script, and the end of its log, which may quote the data"
    )
}

/// The language model that may write this run's scripts, if any.
fn chosen(env: &Environment, folder: &RunFolder, spec: &ScriptSpec, (hub, worker): Around) -> Result<Option<Chosen>> {
    let Some(AuthorSpec { llm, llm_replay, .. }) = &spec.author else { return Ok(None) };
    let wishes = plan::Wishes { llm: llm.clone(), llm_replay: llm_replay.clone(), ..plan::Wishes::default() };
    let config = env.hub(hub.hub.clone(), hub.offline);
    let (offline, hub, program) = (config.offline, Hub::new(config), experiment::program()?);
    let (threads, stop) = (worker.threads(), stop_flag(Some(folder.clone())));
    let answering = || Worker { program, level: worker.sandbox, threads, stop, now, folder: folder.clone() };
    language_model::chosen(env, &wishes, (&hub, offline), answering)
}

/// Goes on with a script's run, with other budgets if so asked for.
pub(super) fn resume(
    json: bool,
    env: &Environment,
    folder: &RunFolder,
    (max_time, budget): (Option<Duration>, &BudgetArgs),
    around: Around,
) -> Result<ExitCode> {
    if budget.allow_scope_change {
        return Err(ScriptError::DoesNotGo { option: "--allow-scope-change" }.into());
    }
    // Before anything of a run is changed that another process may be at.
    let _lock = folder.lock()?;
    // An attempt that was cut off may have left folders that are closed to us.
    script::disarm(&folder.root().join("runs").join(script::RUN));
    let path = folder.script_spec();
    let wrong = |e: toml::de::Error| ScriptError::Spec { path: path.clone(), what: e.to_string() };
    let mut spec: ScriptSpec = toml::from_str(&folder.read_text(&path)?).map_err(wrong)?;
    spec.max_time_secs = max_time.map(|time| time.as_secs()).or(spec.max_time_secs);
    spec.max_silence_secs = budget.max_silence.map(|time| time.as_secs()).or(spec.max_silence_secs);
    fits(&engine(env)?, None, budget.memory)?;
    spec.max_memory_bytes = budget.memory.or(spec.max_memory_bytes);
    spec.max_disk_bytes = budget.max_disk.or(spec.max_disk_bytes);
    spec.max_attempts = budget.max_attempts.map(usize::from).or(spec.max_attempts);
    match &mut spec.author {
        Some(author) => {
            author.max_tokens = budget.max_tokens.or(author.max_tokens);
            author.max_usd = budget.max_usd.or(author.max_usd);
        }
        None if budget.max_tokens.is_some() => return Err(ScriptError::NeedsModel { option: "--max-tokens" }.into()),
        None if budget.max_usd.is_some() => return Err(ScriptError::NeedsModel { option: "--max-usd" }.into()),
        None => {}
    }
    let spec = spec.within(spare(&engine(env)?, folder), folder.bytes());
    save(folder, &spec)?;
    go_on_locked(json, env, folder, &spec, around)
}

fn save(folder: &RunFolder, spec: &ScriptSpec) -> Result<()> {
    let path = folder.script_spec();
    let text = toml::to_string_pretty(spec).map_err(|e| ScriptError::Spec { path: path.clone(), what: e.to_string() })?;
    Ok(folder.write_text(&path, &text)?)
}

fn go_on(json: bool, env: &Environment, folder: &RunFolder, spec: &ScriptSpec, around: Around) -> Result<ExitCode> {
    let _lock = folder.lock()?;
    go_on_locked(json, env, folder, spec, around)
}

/// The same of a run that is this process's own.
fn go_on_locked(json: bool, env: &Environment, folder: &RunFolder, spec: &ScriptSpec, around: Around) -> Result<ExitCode> {
    let (begun, engine) = (Instant::now(), engine(env)?);
    let used = pipeline::used_by(folder)?;
    let stop = stop_flag(Some(folder.clone()));
    let mut watch = Lines { json };
    let mut run = |author: Option<Author<'_>>| -> Result<Ended> {
        let engine = engine.clone();
        Ok(Scripts { folder, engine, spec, author, used, begun, stop, now: &now }.run(&mut watch)?)
    };
    let Ended { outcome, reason } = match (&spec.author, chosen(env, folder, spec, around)?) {
        (Some(AuthorSpec { max_tokens, max_usd, .. }), Some(chosen)) => {
            let brief: Brief = folder.read_json(&folder.brief())?;
            let (allowance, mends) = (Allowance { max_tokens: *max_tokens, max_usd: *max_usd }, spec.script.is_some());
            let write = |model: &dyn llm::LanguageModel| run(Some(Author { model, brief: &brief, mends }));
            pipeline::asking(folder, &now, &chosen, allowance, &brief.means, write)?
        }
        _ => run(None)?,
    };
    let job = |number: u32| folder.read_json::<ScriptJob>(&folder.attempt(script::RUN, number).job()).ok();
    let settings: Vec<_> = (1..).map_while(job).map(|job| job.settings).collect();
    let attempts = settings.len() as u32;
    let scored = match spec.held_out.is_some() && outcome == Outcome::Completed {
        true => measure(folder, attempts)?,
        false => Ok(Vec::new()),
    };
    let (ledger, told) = (folder.ledger().read()?, script::told(folder, attempts)?);
    let report = report::build_script(spec, &ledger, (&told, &settings), (&outcome, &reason), &scored, folder.root())?;
    let manifest = ScriptManifest::of(spec, &ledger);
    folder.write_json(&folder.manifest(), &manifest)?;
    folder.write_json(&folder.report_json(), &report)?;
    folder.write_text(&folder.report_md(), &report::script_markdown(&report))?;
    folder.write_text(&folder.report_html(), &report::script_html(&report))?;
    if report.completed {
        folder.write_text(&folder.card(), &report::script_card(&report))?;
    }
    match (outcome, scored) {
        (Outcome::Completed, Ok(_)) => show(json, env, &report),
        (Outcome::Completed, Err(what)) => Err(ScriptError::Predictions { what, report: folder.report_html() }.into()),
        (outcome, _) => Err(unfinished_script(&outcome, &reason, folder)),
    }
}

/// The report of a script's run that has one.
pub(super) fn report_again(json: bool, env: &Environment, folder: &RunFolder) -> Result<ExitCode> {
    let report: ScriptReport = folder.read_json(&folder.report_json())?;
    show(json, env, &ScriptReport { folder: folder.root().display().to_string(), ..report })
}

fn show(json: bool, env: &Environment, report: &ScriptReport) -> Result<ExitCode> {
    let style = env.style(&std::io::stdout());
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
