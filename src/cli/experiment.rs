//! `tallow reproduce`, `do`, `train`, `plan` and `resume`: the commands that work in a run folder.

mod driven;
mod ending;
mod error;
mod folders;
mod start;
mod stops;
mod wishes;

use super::args::{BudgetArgs, FallbackArgs, HubArgs, RunArgs, Wishes, WorkerArgs};
use super::environment::Environment;
use super::{language_model, planned};
use crate::error::{Error, Result};
use crate::intake::{Lack, Request};
use crate::pipeline::{End, Granted};
use crate::plan::{Plan, PlannerError};
use crate::store::{Purpose, RunFolder};
use crate::{report, store};
use error::CliError;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

pub(super) use driven::{drive, drive_aside, price_file};
pub(super) use ending::{unfinished, unfinished_script};
pub(super) use folders::{check_place, create, create_named, create_passing, find};
pub(super) use start::Start;
pub(super) use stops::{hear_stops, passing_folder, stop_flag};
pub(super) use wishes::{lying, planner_wishes};

/// How far it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    Plan,
    Report,
}

/// Begins a run and goes on with it as far as `until`. `fallback`: where the zoo has no model for it, by a script that a language model
/// writes, if somebody agrees.
pub(super) fn begin(
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
    let (understood, lacking) = match &start {
        Start::Request(request) => (request.understood(), never_followed(request)),
        _ => (vec![], vec![]),
    };
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
        // The error tells what stops it, and this what would not be followed either.
        if !json && !lacking.is_empty() {
            tell_progress(&format!("of the request there is no way to follow: {}", crate::words::quoted(&lacking)));
        }
        // Not even an experiment came of it: there is nothing to go on with.
        folder.discard(was_there);
    }
    done
}

/// Wishes that no plan follows: rows may be chosen by what they hold, once the data is there.
fn never_followed(request: &Request) -> Vec<String> {
    let never = request.lacking.iter().filter(|lacking| lacking.of != Lack::Filter);
    never.map(|lacking| lacking.words.clone()).collect()
}

/// Whether another process works in the folder, whose it then is.
pub(super) fn is_locked(error: &Error) -> bool {
    matches!(error.as_failure(), Some(store::Error::Locked { .. }))
}

/// Whether nothing was begun because the zoo has no model for it.
fn lacks_model(error: &Error) -> bool {
    matches!(error.as_failure(), Some(PlannerError::NoModel { .. }))
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
            if json {
                super::print_json(&report)
            } else {
                super::say_all(&report::terminal(&report, style, 100))
            }
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
