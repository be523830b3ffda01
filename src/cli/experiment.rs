//! `tallow reproduce`, `do`, `train`, `plan` and `resume`: the commands that work in a run folder.

mod ending;
mod stops;
mod wishes;

use super::args::{BudgetArgs, FallbackArgs, HubArgs, PaperArg, RunArgs, Wishes, WorkerArgs};
use super::doctor::OwnFile;
use super::environment::Environment;
use super::progress::{Mode, Progress};
use super::secrets::Secrets;
use super::{language_model, planned, read};
use crate::data::hub::Hub;
use crate::error::{Class, Error, Failure, Result};
use crate::intake::{PaperSource, parse_request};
use crate::job::Event;
use crate::pipeline::{End, Granted, Pipeline, Setup, Worker};
use crate::plan::{HostFacts, Plan, PlannerError, Prices, RulePlanner};
use crate::run::Watch;
use crate::spec::ExperimentSpec;
use crate::store::{Purpose, Record, RunFolder};
use crate::{data, intake, report, spec, store, words};
use std::cell::RefCell;
use std::io::{IsTerminal, Stderr, Stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

pub(super) use ending::{unfinished, unfinished_script};
pub(super) use stops::{hear_stops, passing_folder, stop_flag};
use wishes::{fixed, overrides};
pub(super) use wishes::{lying, planner_wishes};

/// The experiment that Tallow carries.
const EXAMPLE: &str = include_str!("../../presets/toy_bert.toml");

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
    #[error("`{}` does not go with an experiment file: `{file}` names its own {}", asked.option(), asked.what())]
    InTheFile { asked: OfTheFile, file: String },
    #[error("`{}` holds an evaluation, not an experiment", path.display())]
    Evaluation { path: PathBuf },
    #[error("the folder `{}`, which takes the Hub's place, is not there", path.display())]
    NoHub { path: PathBuf },
    #[error("`{run}` is no run folder, neither here nor in `{}`", runs.display())]
    NoRun { run: String, runs: PathBuf },
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
            | CliError::NoRun { .. }
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
            CliError::NoRun { .. } => Some("`tallow runs` lists the runs".into()),
            CliError::NoHub { .. } => Some("check `--hub` and the variable TALLOW_HUB".into()),
            CliError::InTheFile { asked, .. } => Some(match asked {
                OfTheFile::Data => {
                    "change the file, or lay a key over it: `--set data.source.path=FILE`, `--set data.source.id=ORG/NAME`".into()
                }
                OfTheFile::Model => "change the file, or lay a key over it: `--set model.id=ORG/NAME`".into(),
                OfTheFile::Llm | OfTheFile::LlmReplay => {
                    format!("leave out `{}`, or let it search: `--improve`", asked.option())
                }
            }),
            CliError::Prices { .. } => Some("docs/planning.md shows the file and what may stand in it".into()),
            CliError::Stopped { run: Some(run) } => {
                Some(format!("`tallow resume {}` goes on from the last checkpoint", words::shell(run)))
            }
            _ => None,
        }
    }
}

/// What an experiment file says itself, so that no option is asked.
#[derive(Debug, Clone, Copy)]
enum OfTheFile {
    Data,
    Model,
    Llm,
    LlmReplay,
}

impl OfTheFile {
    fn option(self) -> &'static str {
        match self {
            OfTheFile::Data => "--data",
            OfTheFile::Model => "--model",
            OfTheFile::Llm => "--llm",
            OfTheFile::LlmReplay => "--llm-replay",
        }
    }

    fn what(self) -> &'static str {
        match self {
            OfTheFile::Data => "data",
            OfTheFile::Model => "model",
            OfTheFile::Llm | OfTheFile::LlmReplay => "settings, and without a search (`--improve`) there is nothing to propose",
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
        granted: Granted,
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
        for (asked, is_asked) in [(OfTheFile::Data, wishes.data.is_some()), (OfTheFile::Model, wishes.model.is_some())] {
            if is_asked {
                return Err(CliError::InTheFile { asked, file: name }.into());
            }
        }
        let mut spec = spec::parse_with(&text, &name, &overrides(wishes))?;
        if let Some(search) = &mut spec.search {
            let is_open = search.fixed.is_empty();
            fixed(wishes, is_open).for_each(|key| search.fix(key));
        }
        let of_search = [(OfTheFile::Llm, wishes.llm.llm.is_some()), (OfTheFile::LlmReplay, wishes.llm.llm_replay.is_some())];
        for (asked, is_asked) in of_search {
            if is_asked && spec.search.is_none() {
                return Err(CliError::InTheFile { asked, file: name }.into());
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
            Start::Resumed { granted } if *granted == Granted::default() => Ok(()),
            Start::Resumed { granted } => pipeline.grant(granted),
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
    let was_there = args.out.as_ref().is_some_and(|root| root.is_dir());
    let folder = match &args.out {
        Some(root) => create(env, root.clone(), Purpose::Experiment)?,
        None => create_named(env, &start.slug(), Purpose::Experiment)?,
    };
    let understood = if let Start::Request(request) = &start { request.understood() } else { vec![] };
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
        // Whoever gets no plan sees how far the words were understood.
        if !json && understood.len() > 1 {
            tell_progress(&format!("understood of the request: {}", understood.join("; ")));
        }
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
pub(super) fn create(env: &Environment, root: PathBuf, purpose: Purpose) -> Result<RunFolder> {
    let binary_sha256 = own_sha256();
    begun(env, RunFolder::create(root)?, purpose, binary_sha256)
}

/// As [`create`], in the folder of runs, of that name and the time. Several runs may begin in the same second: whoever finds the name
/// taken, however lately, takes the next one.
pub(super) fn create_named(env: &Environment, name: &str, purpose: Purpose) -> Result<RunFolder> {
    let binary_sha256 = own_sha256();
    let name = format!("{name}-{}", jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S"));
    let mut number = 1u64;
    loop {
        let root = env.runs.join(if number == 1 { name.clone() } else { format!("{name}-{number}") });
        match RunFolder::create(root) {
            Err(store::Error::Occupied { .. }) => number += 1,
            made => return begun(env, made?, purpose, binary_sha256),
        }
    }
}

/// What a run's numbers come from; read first, so that the ledger has its first row as soon as the folder is there.
fn own_sha256() -> String {
    std::env::current_exe().ok().and_then(|exe| data::sha256_of_file(&exe).ok()).unwrap_or_default()
}

/// A folder for an evaluation within one that passes: it is gone before anybody could ask what it was made by.
pub(super) fn create_passing(env: &Environment, root: PathBuf) -> Result<RunFolder> {
    begun(env, RunFolder::create_passing(root)?, Purpose::Evaluation, String::new())
}

fn begun(env: &Environment, folder: RunFolder, purpose: Purpose, binary_sha256: String) -> Result<RunFolder> {
    let secrets = Secrets::read(env);
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
    (max_time, without_llm, budget): (Option<Duration>, bool, &BudgetArgs),
    hub: &HubArgs,
    worker: &WorkerArgs,
) -> Result<ExitCode> {
    let granted = Granted {
        max_time,
        max_memory_bytes: budget.memory,
        max_disk_bytes: budget.max_disk,
        max_attempts: budget.max_attempts.map(usize::from),
        max_silence: budget.max_silence,
        max_tokens: budget.max_tokens,
        max_usd: budget.max_usd,
        allow_scope_change: budget.allow_scope_change,
        accept_licenses: budget.accept_license.clone(),
        without_llm,
    };
    let folder = find(env, run)?;
    if folder.script_spec().is_file() {
        if without_llm {
            return Err(super::script::does_not_go("--without-llm"));
        }
        return super::script::resume(json, env, &folder, (max_time, budget), (hub, worker));
    }
    go_on(json, env, folder, Start::Resumed { granted }, &Wishes::default(), (hub, worker), Until::Report)
}

/// A run folder, by its path or its name in the folder of runs.
pub(super) fn find(env: &Environment, run: &str) -> Result<RunFolder> {
    let path = PathBuf::from(run);
    let kept = env.runs.join(run);
    if path.is_relative() && !path.is_dir() && !kept.is_dir() {
        return Err(CliError::NoRun { run: run.into(), runs: env.runs.clone() }.into());
    }
    let folder = RunFolder::open(if path.is_dir() { path } else { kept })?;
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
    let style = env.style(&std::io::stdout());
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
        End::Unfinished(end) => Err(unfinished(end, Some(&place))),
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
    let threads = worker.threads();
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
    let mut watch = Screen(Progress::new(mode, std::io::stdout(), std::io::stderr()));
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

/// What there is to say of that file; none where there is none, and nothing is asked for it.
pub(super) fn price_file(env: &Environment) -> Option<OwnFile> {
    let says = prices(env).map(|_| env.prices.path.display().to_string()).map_err(|error| error.to_string());
    let is_there = env.prices.path.exists() || env.prices.is_named;
    is_there.then(|| OwnFile { name: "prices", says, otherwise: "whatever plans or trains ends with this" })
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
