//! `tallow reproduce`, `do`, `train`, `plan` and `resume`: the commands that work in a run folder.

use super::args::{BudgetArgs, FallbackArgs, HubArgs, PaperArg, RunArgs, Wishes, WorkerArgs};
use super::environment::Environment;
use super::progress::{Mode, Progress};
use super::secrets::Secrets;
use super::{language_model, planned, read};
use crate::data::hub::Hub;
use crate::error::{Class, Error, Failure, Result};
use crate::intake::{DataName, Lying, ModelName, PaperSource, parse_request};
use crate::job::Event;
use crate::pipeline::{End, Given, Pipeline, Setup, Worker};
use crate::plan::{self, HostFacts, Plan, PlannerError, Prices, RulePlanner};
use crate::report::{self, Style};
use crate::run::{Budget, Outcome, Watch, class_of};
use crate::spec::ExperimentSpec;
use crate::store::{Purpose, Record, RunFolder};
use crate::{data, intake, script, spec, store};
use std::cell::RefCell;
use std::io::{IsTerminal, Stderr, Stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;
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
    #[error("stopped at once")]
    Stopped { run: Option<PathBuf> },
    #[error("this program's own file cannot be found")]
    Program { source: std::io::Error },
    #[error("`{option}` does not go with an experiment file: `{file}` names its own {what}")]
    InTheFile { option: &'static str, what: &'static str, file: String },
    #[error("`{}` holds an evaluation, not an experiment", path.display())]
    Evaluation { path: PathBuf },
    #[error("the folder `{}`, which takes the Hub's place, is not there", path.display())]
    NoHub { path: PathBuf },
    #[error("`{}` cannot be used: {what}", path.display())]
    Prices { path: PathBuf, what: String },
    #[error("nothing was asked: expected words such as \"fine-tune BERT on SST-2, at most 30 minutes\", found none")]
    NothingAsked,
}

impl Failure for CliError {
    fn class(&self) -> Class {
        match self {
            CliError::Read { .. }
            | CliError::Evaluation { .. }
            | CliError::NoHub { .. }
            | CliError::InTheFile { .. }
            | CliError::Prices { .. }
            | CliError::NothingAsked => Class::Usage,
            CliError::Unfinished { class, .. } => *class,
            CliError::Stopped { .. } => Class::Interrupted,
            CliError::Program { .. } => Class::Bug,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            CliError::Unfinished { hint, .. } => hint.clone(),
            CliError::Evaluation { .. } => Some("`tallow eval` scores again".into()),
            CliError::NoHub { .. } => Some("check `--hub` and the variable TALLOW_HUB".into()),
            CliError::InTheFile { .. } => {
                Some("change the file, or lay a key over it: `--set data.source.id=ORG/NAME`, `--set model.id=ORG/NAME`".into())
            }
            CliError::Prices { .. } => Some("docs/planning.md shows the file and what may stand in it".into()),
            CliError::Stopped { run: Some(run) } => {
                Some(format!("`tallow resume {}` goes on from the last checkpoint", run.display()))
            }
            _ => None,
        }
    }
}

/// What a run begins with.
pub(super) enum Start {
    Experiment(Box<ExperimentSpec>),
    Paper(Box<intake::Opened>),
    Request(Box<intake::Request>),
    /// A run that is there, with other budgets if so asked for.
    Resumed {
        given: Given,
    },
}

/// How far it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    Plan,
    Report,
}

impl Start {
    /// An experiment file, or the example.
    pub(super) fn experiment(file: Option<&Path>, wishes: &Wishes) -> Result<Start> {
        let (text, name) = match file {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|source| CliError::Read { path: path.into(), source })?;
                (text, path.display().to_string())
            }
            None => (EXAMPLE.to_string(), "the example".to_string()),
        };
        for (option, what, asked) in [("--data", "data", wishes.data.is_some()), ("--model", "model", wishes.model.is_some())] {
            if asked {
                return Err(CliError::InTheFile { option, what, file: name }.into());
            }
        }
        let spec = spec::parse_with(&text, &name, &overrides(wishes))?;
        let what = "settings, and without a search (`--improve`) there is nothing to propose";
        for (option, asked) in [("--llm", wishes.llm.llm.is_some()), ("--llm-replay", wishes.llm.llm_replay.is_some())] {
            if asked && spec.search.is_none() {
                return Err(CliError::InTheFile { option, what, file: name }.into());
            }
        }
        Ok(Start::Experiment(Box::new(spec)))
    }

    pub(super) fn paper(env: &Environment, paper: &PaperArg, offline: bool) -> Result<Start> {
        Ok(Start::Paper(Box::new(read::open(env, paper, offline)?)))
    }

    /// No secret of the user's goes further than here; the address of data is kept as it is, for it is what the data is read from.
    pub(super) fn request(env: &Environment, words: &[String]) -> Result<Start> {
        let text = words.join(" ");
        if text.trim().is_empty() {
            return Err(CliError::NothingAsked.into());
        }
        let secrets = Secrets::read(env);
        let request = parse_request(&secrets.left_out_beside_addresses(&text), lying);
        Ok(Start::Request(Box::new(request.in_words(|words| secrets.left_out(words)))))
    }

    /// What `tallow plan` is given: an experiment file, a paper or a request.
    pub(super) fn any(env: &Environment, given: &[String], example: bool, wishes: &Wishes, offline: bool) -> Result<Start> {
        let of_paper = |paper: Option<&String>| Start::paper(env, &PaperArg { paper: paper.cloned(), example }, offline);
        match given {
            _ if example => of_paper(None),
            [one] if one.to_lowercase().ends_with(".toml") => Start::experiment(Some(Path::new(one)), wishes),
            [one] if is_paper(one) => of_paper(Some(one)),
            words => Start::request(env, words),
        }
    }

    /// Puts into the run folder what the run begins with.
    fn lay(&self, pipeline: &mut Pipeline, wishes: &Wishes) -> Result<()> {
        match self {
            Start::Experiment(spec) if wishes.llm.llm.is_some() || wishes.llm.llm_replay.is_some() => {
                pipeline.begin_advised(spec, &planner_wishes(wishes))
            }
            Start::Experiment(spec) => pipeline.begin(spec),
            Start::Paper(paper) => pipeline.begin_with_paper(paper, &planner_wishes(wishes)),
            Start::Request(request) => pipeline.begin_with_request(request, &planner_wishes(wishes)),
            Start::Resumed { given } if *given == Given::default() => Ok(()),
            Start::Resumed { given } => pipeline.give(given),
        }
    }

    /// A name for the run folder.
    fn slug(&self) -> String {
        let title = match self {
            Start::Experiment(spec) => spec.title.clone(),
            Start::Paper(paper) => {
                let name = &paper.record.name;
                format!(
                    "paper {}",
                    Path::new(name).file_stem().map_or_else(|| name.clone(), |s| s.to_string_lossy().into_owned())
                )
            }
            Start::Request(request) => request.text.clone(),
            Start::Resumed { .. } => String::new(),
        };
        let words: String = title.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        words.split('-').filter(|word| !word.is_empty()).take(6).collect::<Vec<_>>().join("-")
    }
}

/// Begins a run and goes on with it as far as `until`.
pub(super) fn begin(
    json: bool,
    env: &Environment,
    start: Start,
    wishes: &Wishes,
    args: &RunArgs,
    until: Until,
) -> Result<ExitCode> {
    begin_with(json, env, start, wishes, args, until, None)
}

/// Begins a run and goes on with it; where the zoo has no model for it, by a script that a language model writes, if somebody agrees.
pub(super) fn begin_or_script(
    json: bool,
    env: &Environment,
    start: Start,
    wishes: &Wishes,
    args: &RunArgs,
    fallback: &FallbackArgs,
) -> Result<ExitCode> {
    begin_with(json, env, start, wishes, args, Until::Report, Some(fallback))
}

fn begin_with(
    json: bool,
    env: &Environment,
    start: Start,
    wishes: &Wishes,
    args: &RunArgs,
    until: Until,
    fallback: Option<&FallbackArgs>,
) -> Result<ExitCode> {
    let of_script = fallback.and_then(FallbackArgs::given);
    if let (Some(option), None, None) = (of_script, &wishes.llm.llm, &wishes.llm.llm_replay) {
        return Err(super::script::without_author(option));
    }
    // A language model that cannot be asked is told before anything is begun.
    language_model::check(env, &planner_wishes(wishes), args.hub.offline || env.offline)?;
    let root = args.out.clone().unwrap_or_else(|| {
        let time = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
        let name = format!("{}-{time}", start.slug());
        // Several runs may begin in the same second.
        let names = std::iter::once(name.clone()).chain((2..).map(|number| format!("{name}-{number}")));
        names.map(|name| env.runs.join(name)).find(|root| !root.exists()).unwrap_or_else(|| env.runs.join(name))
    });
    let was_there = root.is_dir();
    let folder = create(root, Purpose::Experiment)?;
    let done = match go_on(json, env, folder.clone(), start, wishes, (&args.hub, &args.worker), until) {
        Err(error) => match fallback.filter(|_| lacks_model(&error)) {
            Some(fallback) => super::script::fall_back(json, env, &folder, error, (wishes, fallback), args),
            None => Err(error),
        },
        done => done,
    };
    let is_of_script = folder.script_spec().is_file();
    if let (true, Some(option)) = (done.is_ok() && !json && !is_of_script, fallback.and_then(FallbackArgs::of_container)) {
        tell_progress(&format!("no script was needed: `{option}` changed nothing"));
    }
    if done.as_ref().is_err_and(|error| !is_locked(error)) && !folder.spec().is_file() && !is_of_script {
        // Not even an experiment came of it: there is nothing to go on with.
        folder.discard(was_there);
    }
    done
}

/// Whether one word names a paper: not all languages part their words.
fn is_paper(one: &str) -> bool {
    const ENDINGS: [&str; 10] = ["pdf", "tex", "ltx", "latex", "gz", "tar", "html", "htm", "md", "txt"];
    match PaperSource::parse(one) {
        Ok(PaperSource::File { path }) => {
            let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
            // A request may end with a file of its own.
            let is_one_word = !one.contains(char::is_whitespace);
            path.exists() || is_one_word && ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
        }
        Ok(PaperSource::Arxiv { .. } | PaperSource::Stdin) => true,
        Err(_) => false,
    }
}

/// Whether another process works in the folder, whose it then is.
pub(super) fn is_locked(error: &Error) -> bool {
    matches!(error.as_failure(), Some(store::Error::Locked { .. }))
}

/// Whether nothing was begun because the zoo has no model for it.
fn lacks_model(error: &Error) -> bool {
    matches!(error.as_failure(), Some(PlannerError::NoModel { .. }))
}

/// A new run folder; its ledger begins with how it came to be.
pub(super) fn create(root: PathBuf, purpose: Purpose) -> Result<RunFolder> {
    // What its numbers come from; read first, so that the ledger has its first row as soon as the folder is there.
    let binary_sha256 = std::env::current_exe().ok().and_then(|exe| data::sha256_of_file(&exe).ok()).unwrap_or_default();
    begun(RunFolder::create(root)?, purpose, binary_sha256)
}

/// A folder for an evaluation within one that passes: it is gone before anybody could ask what it was made by.
pub(super) fn create_passing(root: PathBuf) -> Result<RunFolder> {
    begun(RunFolder::create_passing(root)?, Purpose::Evaluation, String::new())
}

fn begun(folder: RunFolder, purpose: Purpose, binary_sha256: String) -> Result<RunFolder> {
    let secrets = Secrets::read(&Environment::read());
    let command = std::env::args().map(|word| secrets.left_out(&word)).collect();
    let version = env!("CARGO_PKG_VERSION").into();
    folder.ledger().append(now(), Record::Created { purpose, command, version, binary_sha256 })?;
    Ok(folder)
}

/// Goes on with a run; `max_time` is what it may take in all from now on.
pub(super) fn resume(
    json: bool,
    env: &Environment,
    run: &str,
    (max_time, budget): (Option<Duration>, &BudgetArgs),
    hub: &HubArgs,
    worker: &WorkerArgs,
) -> Result<ExitCode> {
    let given = Given {
        max_time,
        max_memory_bytes: budget.memory,
        max_disk_bytes: budget.max_disk,
        max_attempts: budget.max_attempts.map(usize::from),
        max_silence: budget.max_silence,
        max_tokens: budget.max_tokens,
        max_usd: budget.max_usd,
        allow_scope_change: budget.allow_scope_change,
        accept_licenses: budget.accept_license.clone(),
    };
    let folder = find(env, run)?;
    if folder.script_spec().is_file() {
        return super::script::resume(json, env, &folder, (max_time, budget), (hub, worker));
    }
    go_on(json, env, folder, Start::Resumed { given }, &Wishes::default(), (hub, worker), Until::Report)
}

/// A run folder, by its path or its name in the folder of runs.
pub(super) fn find(env: &Environment, run: &str) -> Result<RunFolder> {
    let path = PathBuf::from(run);
    let folder = RunFolder::open(if path.is_dir() { path } else { env.runs.join(run) })?;
    match folder.ledger().read()?.first().map(|entry| &entry.record) {
        Some(Record::Created { purpose: Purpose::Evaluation, .. }) => {
            Err(CliError::Evaluation { path: folder.root().into() }.into())
        }
        _ => Ok(folder),
    }
}

fn go_on(
    json: bool,
    env: &Environment,
    folder: RunFolder,
    start: Start,
    wishes: &Wishes,
    means: (&HubArgs, &WorkerArgs),
    until: Until,
) -> Result<ExitCode> {
    let place = folder.clone();
    let style = if env.color && std::io::stdout().is_terminal() { Style::Color } else { Style::Plain };
    if until == Until::Plan {
        let plan = plan(json, env, folder, &start, wishes, means)?;
        return if json { super::print_json(&plan) } else { super::say_all(&planned::page(&plan, &place, style)) };
    }
    match drive(json, env, folder, means, |pipeline| start.lay(pipeline, wishes).and_then(|()| pipeline.go_on()))? {
        End::Reported { report, .. } => {
            let text =
                if json { serde_json::to_string(&report).unwrap_or_default() } else { report::terminal(&report, style, 100) };
            super::say_all(&text)
        }
        End::Unfinished { run, outcome } => Err(unfinished(run, &outcome, Some(&place))),
    }
}

/// The plan of what was asked.
pub(super) fn plan(
    json: bool,
    env: &Environment,
    folder: RunFolder,
    start: &Start,
    wishes: &Wishes,
    means: (&HubArgs, &WorkerArgs),
) -> Result<Plan> {
    drive_aside(json, env, folder, means, |pipeline| start.lay(pipeline, wishes).and_then(|()| pipeline.plan_only()))
}

/// Lets `work` drive the stages of a run folder, and shows progress meanwhile: for machines on stdout, an event a line.
pub(super) fn drive<T>(
    json: bool,
    env: &Environment,
    folder: RunFolder,
    means: (&HubArgs, &WorkerArgs),
    work: impl FnOnce(&mut Pipeline) -> Result<T>,
) -> Result<T> {
    let mode = if json { Mode::Json } else { for_people() };
    driven((mode, !json), env, folder, means, work)
}

/// As [`drive`], where stdout is the answer's alone, even for machines.
pub(super) fn drive_aside<T>(
    json: bool,
    env: &Environment,
    folder: RunFolder,
    means: (&HubArgs, &WorkerArgs),
    work: impl FnOnce(&mut Pipeline) -> Result<T>,
) -> Result<T> {
    driven((for_people(), !json), env, folder, means, work)
}

fn for_people() -> Mode {
    if std::io::stderr().is_terminal() { Mode::Terminal } else { Mode::Plain }
}

/// `may_ask`: whether a person may be asked.
fn driven<T>(
    (mode, may_ask): (Mode, bool),
    env: &Environment,
    folder: RunFolder,
    (hub, worker): (&HubArgs, &WorkerArgs),
    work: impl FnOnce(&mut Pipeline) -> Result<T>,
) -> Result<T> {
    let stop = stop_flag(Some(folder.clone()));
    let hub = env.hub(hub.hub.clone(), hub.offline);
    let offline = hub.offline;
    if let Some(path) = hub.local.clone().filter(|folder| !folder.is_dir()) {
        return Err(CliError::NoHub { path }.into());
    }
    let hub = Hub::new(hub).telling(move |line| {
        if may_ask {
            super::mention(&format!("  {line}\n"));
        }
    });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory_bytes = super::doctor::memory_bytes().unwrap_or(0);
    let prices = prices(env)?;
    // Once, and only for what is planned.
    let measured = RefCell::new(None);
    let host = || -> Result<HostFacts> {
        if let Some(facts) = &*measured.borrow() {
            return Ok(HostFacts::clone(facts));
        }
        let (usd_per_hour, gpus) = (prices.of_host(), prices.gpus().clone());
        let facts = HostFacts {
            cores,
            memory_bytes,
            matmul_flops: super::calibration::matmul_flops(&env.cache, cores)?,
            usd_per_hour,
            gpus,
        };
        Ok(measured.borrow_mut().insert(facts).clone())
    };
    let program = program()?;
    let threads = worker.threads.map_or(cores, usize::from);
    let answering = || Worker { program: program.clone(), level: worker.sandbox, threads, stop, now, folder: folder.clone() };
    let setup = Setup {
        hub: &hub,
        host: &host,
        usd_per_hour: prices.of_host(),
        planner: &RulePlanner,
        language_model: &|wishes| language_model::chosen(env, wishes, (&hub, offline), answering),
        program: program.clone(),
        level: worker.sandbox,
        threads,
        surroundings: &|| super::surroundings::read(&program),
        consent: &|licensed| may_ask && super::consent::asked(licensed),
        stop,
        now: &now,
    };
    let style = if env.color && std::io::stdout().is_terminal() { Style::Color } else { Style::Plain };
    let mut watch = Screen(Progress::new(mode, style, std::io::stdout(), std::io::stderr()));
    let done = work(&mut Pipeline::new(folder.clone(), setup, &mut watch));
    watch.0.end();
    done
}

/// What an hour of machines costs, by the user's own file; nothing where there is none.
fn prices(env: &Environment) -> Result<Prices> {
    let path = env.prices.path.clone();
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Prices::parse(&text).map_err(|what| CliError::Prices { path, what })?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !env.prices.is_named => Ok(Prices::default()),
        Err(error) => Err(CliError::Prices { path, what: error.to_string() }.into()),
    }
}

/// A run that ended early, as an error; `folder`: its own, where `resume` can go on.
pub(super) fn unfinished(run: String, outcome: &Outcome, folder: Option<&RunFolder>) -> Error {
    let class = class_of(outcome).unwrap_or(Class::Bug);
    let (words, hint) = match outcome {
        Outcome::Refused { message, hint, .. } => (message.clone(), hint.clone()),
        Outcome::Interrupted { .. } | Outcome::BudgetSpent { .. } => {
            (outcome.to_string(), folder.map(|folder| next_step(outcome, folder)))
        }
        other => {
            let gave_up = folder.and_then(|folder| gave_up(&run, folder)).map(|reason| format!("; {reason}")).unwrap_or_default();
            (format!("{other}{gave_up}"), folder.map(|folder| next_step(outcome, folder)))
        }
    };
    CliError::Unfinished { run, outcome: words, class, hint }.into()
}

/// A script's run that ended early, as an error: its class and its next steps are other ones.
pub(super) fn unfinished_script(outcome: &Outcome, reason: &str, folder: &RunFolder) -> Error {
    let class = script::outcome::class(outcome).unwrap_or(Class::Bug);
    let (words, hint) = match outcome {
        Outcome::Refused { message, hint, .. } => (message.clone(), hint.clone()),
        Outcome::Interrupted { .. } | Outcome::BudgetSpent { .. } | Outcome::TimedOut { .. } => {
            (outcome.to_string(), Some(next_step(outcome, folder)))
        }
        other => (format!("{other}; {reason}"), Some(next_step(outcome, folder))),
    };
    CliError::Unfinished { run: script::RUN.into(), outcome: words, class, hint }.into()
}

/// What the user can do about a run that ended so.
fn next_step(outcome: &Outcome, folder: &RunFolder) -> String {
    let resume = format!("tallow resume {}", folder.root().display());
    let is_script = folder.script_spec().is_file();
    let from = match is_script {
        true => "the last checkpoint that the script named, or begins anew",
        false => "the last checkpoint",
    };
    match outcome {
        Outcome::BudgetSpent { budget: Budget::Time, .. } | Outcome::TimedOut { .. } => {
            format!("`{resume} --max-time 1h` gives it an hour in all")
        }
        Outcome::BudgetSpent { budget: Budget::Money, .. } => format!("`{resume} --max-usd 10` lets it spend more"),
        Outcome::BudgetSpent { budget: Budget::Attempts, .. } => {
            format!(
                "`{resume} --max-attempts 5` lets recovery try more; `review.md` beside the attempts says what there is to decide"
            )
        }
        Outcome::BudgetSpent { budget: Budget::LanguageModel, .. } => {
            format!("`{resume} --max-tokens 100000` (or `--max-usd`) lets the language model go on")
        }
        Outcome::BudgetSpent { budget: Budget::Disk, .. } => format!("`{resume} --max-disk 50GB` lets it write more"),
        Outcome::OutOfMemory { gpu: Some(_), .. } => "take a smaller model or shorter texts, or a GPU with more memory".into(),
        Outcome::OutOfMemory { gpu: None, .. } if is_script => {
            format!(
                "free some memory, or give it more (`{resume} --memory 4GiB`); batches from `tallow.batch` are made smaller by themselves"
            )
        }
        Outcome::OutOfMemory { gpu: None, .. } => {
            format!(
                "free some memory or raise `budget.max_memory_bytes` (`{resume} --memory 4GiB`); or take a smaller model or shorter texts"
            )
        }
        Outcome::Diverged { .. } => {
            format!("`review.md` beside the attempts says what was tried and what there is to decide; `{resume}` tries once more")
        }
        Outcome::Stalled { .. } if is_script => {
            format!("`{resume} --max-silence 1h` lets it be silent for an hour; an event or a line of its log is a sign of life")
        }
        Outcome::Stalled { .. } => format!("`{resume} --max-silence 1h` tries again, and lets a worker be silent for an hour"),
        Outcome::Crashed { .. } | Outcome::Killed { .. } => {
            format!("`{resume}` goes on from {from}; `stderr.log` of the attempt may say more")
        }
        _ => format!("`{resume}` goes on from {from}"),
    }
}

/// Why nothing more was tried, as the ledger has it.
fn gave_up(run: &str, folder: &RunFolder) -> Option<String> {
    folder.ledger().read().ok()?.into_iter().rev().find_map(|entry| match entry.record {
        Record::Recovery { run: of, decision, reason, .. } if of == run && decision == "give_up" => Some(reason),
        _ => None,
    })
}

/// What the flags say, as keys of the experiment file.
fn overrides(wishes: &Wishes) -> Vec<(String, String)> {
    let mut set = Vec::new();
    let mut put = |key: &str, value: Option<String>| set.extend(value.map(|value| (key.to_string(), value)));
    put("budget.max_time_secs", wishes.max_time.map(|time| time.as_secs().max(1).to_string()));
    put("search.max_trials", wishes.improve.map(|trials| trials.to_string()));
    put("recipe.length", wishes.epochs.map(|epochs| format!("{{ epochs = {epochs:?} }}")));
    put("data.max_train_examples", wishes.max_examples.map(|n| n.to_string()));
    put("seeds", (!wishes.seeds.is_empty()).then(|| format!("{:?}", wishes.seeds)));
    set.extend(budget(&wishes.budget));
    set.extend(wishes.set.iter().cloned());
    set
}

/// What the flags say of budgets, as keys of the experiment file.
fn budget(args: &BudgetArgs) -> Vec<(String, String)> {
    let BudgetArgs { memory, max_disk, max_attempts, max_silence, max_tokens, max_usd, allow_scope_change, accept_license } =
        args;
    let flags = [
        ("budget.max_memory_bytes", memory.map(|bytes| bytes.to_string())),
        ("budget.max_disk_bytes", max_disk.map(|bytes| bytes.to_string())),
        ("budget.max_attempts", max_attempts.map(|attempts| attempts.to_string())),
        ("budget.max_silence_secs", max_silence.map(|time| time.as_secs().max(1).to_string())),
        ("budget.max_tokens", max_tokens.map(|tokens| tokens.to_string())),
        ("budget.max_usd", max_usd.map(|usd| format!("{usd:?}"))),
        ("budget.allow_scope_change", allow_scope_change.then(|| "true".into())),
        ("budget.accept_licenses", (!accept_license.is_empty()).then(|| format!("{accept_license:?}"))),
    ];
    flags.into_iter().filter_map(|(key, value)| Some((key.to_string(), value?))).collect()
}

/// What the flags say, for a planner.
pub(super) fn planner_wishes(wishes: &Wishes) -> plan::Wishes {
    plan::Wishes {
        data: wishes.data.as_deref().map(|name| DataName::parse(name, lying)),
        model: wishes.model.as_deref().map(ModelName::parse),
        max_time_secs: wishes.max_time.map(|time| time.as_secs().max(1)),
        affordable_secs: None,
        trials: wishes.improve.map(usize::from),
        epochs: wishes.epochs,
        max_examples: wishes.max_examples,
        seeds: wishes.seeds.clone(),
        set: budget(&wishes.budget).into_iter().chain(wishes.set.iter().cloned()).collect(),
        llm: wishes.llm.llm.clone(),
        llm_replay: wishes.llm.llm_replay.as_deref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.into())),
    }
}

/// What is at a path: a folder that holds a model, or data.
pub(super) fn lying(path: &str) -> Option<Lying> {
    let path = Path::new(path);
    let is_model = ["config.json", "model.safetensors", "adapter_config.json"].iter().any(|file| path.join(file).is_file());
    path.exists().then_some(if is_model { Lying::Model } else { Lying::Data })
}

/// What is worked on since [`stop_flag`]; none before, when there is nothing yet that would have to end well.
static WORKED_ON: OnceLock<Option<RunFolder>> = OnceLock::new();

/// Has Ctrl-C end the program as it ends later, with the same exit code: at once while nothing is worked on; then the first asks the
/// worker to stop after a checkpoint, and the second ends everything. What whoever started the program has it ignore, as `nohup` does a
/// terminal that is closed, stays ignored.
pub(super) fn hear_stops(json: bool) {
    #[cfg(target_os = "linux")]
    let ignored = ignored_signals();
    let _ = ctrlc::set_handler(move || {
        let begun = WORKED_ON.get();
        if begun.is_none() || STOP.swap(true, Ordering::SeqCst) {
            // Without an experiment there is nothing to go on with.
            let run = begun
                .and_then(Option::as_ref)
                .filter(|run| run.spec().is_file() || run.script_spec().is_file())
                .map(|run| run.root().to_path_buf());
            super::tell(&CliError::Stopped { run }.into(), json, Style::Plain);
            std::process::exit(i32::from(Class::Interrupted.exit_code()));
        } else if !json {
            tell_progress("stopping; once more stops at once");
        }
    });
    #[cfg(target_os = "linux")]
    for signal in ignored {
        // SAFETY: a plain number, and a disposition that runs no code.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

/// Of the signals that ask to stop, those that are ignored.
#[cfg(target_os = "linux")]
fn ignored_signals() -> Vec<libc::c_int> {
    let is_ignored = |signal: &libc::c_int| {
        let mut now = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: nothing is changed; `now` has room for what is asked, and is all zeros, which is a value of it, where nothing is told.
        let now = unsafe {
            libc::sigaction(*signal, std::ptr::null(), now.as_mut_ptr());
            now.assume_init()
        };
        now.sa_sigaction == libc::SIG_IGN
    };
    [libc::SIGHUP, libc::SIGINT, libc::SIGTERM].into_iter().filter(is_ignored).collect()
}

/// The flag that Ctrl-C sets from now on, when `run` is worked on.
pub(super) fn stop_flag(run: Option<RunFolder>) -> &'static AtomicBool {
    // A process works on one thing.
    let _ = WORKED_ON.set(run);
    &STOP
}

/// This binary: workers are the same program.
pub(super) fn program() -> Result<PathBuf> {
    Ok(std::env::current_exe().map_err(|source| CliError::Program { source })?)
}

pub(super) fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

/// A line about how far a run is.
pub(super) fn tell_progress(line: &str) {
    super::mention(&format!("{line}\n"));
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

#[cfg(test)]
mod tests {
    #[test]
    fn a_request_that_ends_with_a_file_is_no_paper() {
        assert!(!super::is_paper("train a GPT on novel.txt") && super::is_paper("novel.txt"));
    }
}
