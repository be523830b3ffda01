//! The stages of a run folder with all that they need of this machine, and progress meanwhile.

use super::error::CliError;
use super::stops::stop_flag;
use super::{now, program};
use crate::cli::args::{HubArgs, WorkerArgs};
use crate::cli::doctor::OwnFile;
use crate::cli::environment::Environment;
use crate::cli::language_model;
use crate::cli::progress::{Mode, Progress};
use crate::data::hub::Hub;
use crate::error::Result;
use crate::job::Event;
use crate::pipeline::{Pipeline, Setup, Worker};
use crate::plan::{HostFacts, Prices, RulePlanner};
use crate::run::Watch;
use crate::store::RunFolder;
use std::cell::RefCell;
use std::io::{IsTerminal, Stderr, Stdout};

/// Lets `work` drive the stages of a run folder, and shows progress meanwhile: for machines on stdout, an event a line.
pub(in crate::cli) fn drive<T>(
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
pub(in crate::cli) fn drive_aside<T>(
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
            crate::cli::mention(&format!("  {line}\n"));
        }
    });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory_bytes = crate::cli::doctor::memory_bytes().unwrap_or(0);
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
            matmul_flops: crate::cli::calibration::matmul_flops(&env.cache, cores)?,
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
        surroundings: &|| crate::cli::surroundings::read(&program),
        consent: &|licensed| may_ask && crate::cli::consent::asked(licensed),
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
pub(in crate::cli) fn price_file(env: &Environment) -> Option<OwnFile> {
    let says = prices(env).map(|_| env.prices.path.display().to_string()).map_err(|error| error.to_string());
    let is_there = env.prices.path.exists() || env.prices.is_named;
    is_there.then(|| OwnFile { name: "prices", says, otherwise: "whatever plans or trains ends with this" })
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
