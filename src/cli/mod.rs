//! Arguments, environment, one function a command; the only writer to the terminal.

pub mod args;
mod bench;
mod calibration;
mod consent;
mod data;
mod diff;
pub mod doctor;
pub mod environment;
mod evaluate;
mod experiment;
mod export;
mod language_model;
mod made;
pub mod message;
mod misread;
mod planned;
mod predict;
mod profile;
pub mod progress;
mod push;
mod read;
mod reading;
mod runs;
mod script;
mod secrets;
mod surroundings;
mod together;
mod verify;
mod worker;

use crate::data::hub::Hub;
use crate::error::{Class, Error, Failure, Result};
use crate::report::{self, Report, Style};
use args::{Cli, Command};
use clap::Parser;
use environment::Environment;
use experiment::{Start, Until};
use misread::Misread;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

/// Where a container engine usually listens.
const DOCKER: &str = "/var/run/docker.sock";

/// The program.
pub fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    crate::sandbox::survive_file_limits();
    let words: Vec<OsString> = std::env::args_os().map(argument).collect();
    let cli = match Cli::try_parse_from(&words) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() && misread::is_for_machines(&words) => {
            tell(&Misread::of(&error).into(), true, Style::Plain);
            return ExitCode::from(Class::Usage.exit_code());
        }
        Err(error) => error.exit(),
    };
    if matches!(cli.command, Command::Worker) {
        return worker::run();
    }
    experiment::hear_stops(cli.json);
    let environment = Environment::read();
    let style = environment.style(&std::io::stderr());
    match run(&cli, &environment).and_then(|code| all_said().map(|()| code)) {
        Ok(code) => code,
        Err(error) => {
            tell(&error, cli.json, style);
            ExitCode::from(error.class().exit_code())
        }
    }
}

/// An argument as it was given; a request may be a list, which begins with a line as no option does: `- model: MiniLM`.
fn argument(word: OsString) -> OsString {
    match word.to_str() {
        Some(text) if text.starts_with("- ") => format!(" {text}").into(),
        Some(_) | None => word,
    }
}

/// Says on stderr what went wrong.
fn tell(error: &Error, json: bool, style: Style) {
    mention(&if json { message::json(error) + "\n" } else { message::text(error, style) });
}

fn run(cli: &Cli, environment: &Environment) -> Result<ExitCode> {
    match &cli.command {
        Command::Reproduce { paper, fallback, wishes, run } => {
            let start = Start::paper(environment, paper, run.hub.offline)?;
            experiment::begin(cli.json, environment, start, wishes, run, Until::Report, Some(fallback))
        }
        Command::Do { request, fallback, wishes, run } => {
            let start = Start::request(environment, request)?;
            experiment::begin(cli.json, environment, start, wishes, run, Until::Report, Some(fallback))
        }
        Command::Plan { what, example, wishes, run } => {
            let start = Start::any(environment, what, *example, wishes, run.hub.offline)?;
            experiment::begin(cli.json, environment, start, wishes, run, Until::Plan, None)
        }
        Command::Profile { what, example, steps, tokens, wishes, run } => {
            let start = Start::any(environment, what, *example, wishes, run.hub.offline)?;
            let asked = profile::Asked { steps: *steps, tokens: tokens.map(usize::from) };
            profile::profile(cli.json, environment, start, wishes, run, &asked)
        }
        Command::Train { experiment, script, fallback, wishes, run, .. } => {
            if let Some(file) = &script.script {
                return script::begin(cli.json, environment, file, (script, fallback), wishes, run);
            }
            if let Some(option) = fallback.given() {
                return Err(script::without_script(option));
            }
            let start = Start::experiment(experiment.as_deref(), wishes)?;
            experiment::begin(cli.json, environment, start, wishes, run, Until::Report, None)
        }
        Command::Eval(args) => evaluate::evaluate(cli.json, environment, args),
        Command::Data(args) => data::data(cli.json, environment, args),
        Command::Predict(args) => predict::predict(cli.json, environment, args),
        Command::Generate(args) => made::generate(cli.json, environment, args),
        Command::Merge { adapter, out, hub, worker } => made::merge(cli.json, environment, adapter, out, (hub, worker)),
        Command::Export(args) => export::export(cli.json, environment, args),
        Command::Push(args) => push::push(cli.json, environment, args),
        Command::Verify { run, steps, worker } => verify::verify(cli.json, environment, run, *steps, worker),
        Command::Diff { a, b } => diff::diff(cli.json, environment, a, b),
        Command::Bench(args) => bench::bench(cli.json, environment, args),
        Command::Report { run } => report_again(cli.json, environment, run),
        Command::Resume { run, max_time, without_llm, budget, hub, worker } => {
            experiment::resume(cli.json, environment, run, (*max_time, *without_llm, budget), hub, worker)
        }
        Command::Read { paper, fields, offline, llm, worker } => {
            let show = if *fields {
                read::Show::Fields
            } else if cli.json {
                read::Show::Whole
            } else {
                read::Show::Words
            };
            read::read(show, environment, paper, (*offline, llm), worker)
        }
        Command::Runs => runs::runs(cli.json, environment),
        Command::Models => models(cli.json),
        Command::Doctor { hub } => doctor_page(cli.json, environment, hub),
        // A file for people and editors.
        Command::Schema => {
            say_all(&serde_json::to_string_pretty(&schemars::schema_for!(crate::spec::ExperimentSpec)).unwrap_or_default())
        }
        Command::Worker => Ok(worker::run()),
    }
}

/// The report of a run that has one.
fn report_again(json: bool, environment: &Environment, run: &str) -> Result<ExitCode> {
    let folder = experiment::find(environment, run)?;
    if !folder.report_json().is_file() {
        return Err(crate::store::Error::NoReport { path: folder.root().into() }.into());
    }
    if folder.script_spec().is_file() {
        return script::report_again(json, environment, &folder);
    }
    let report: Report = folder.read_json(&folder.report_json())?;
    let report = report.at(folder.root());
    if !crate::pipeline::is_as_reported(&folder)? {
        let what = "the report is not what was written, or the ledger that it is of has been changed; `tallow verify` says where";
        note(json, &if json { what.to_string() } else { format!("note: {what}") });
    }
    let style = environment.style(&std::io::stdout());
    if json { print_json(&report) } else { say_all(&report::terminal(&report, style, 100)) }
}

/// The architectures of the zoo.
fn models(json: bool) -> Result<ExitCode> {
    if json {
        let row = |e: &tallow_zoo::Entry| {
            let (takes, heads) = ((e.tiny)().takes(), (e.tiny)().heads().collect::<Vec<_>>());
            serde_json::json!({"family": e.family, "summary": e.summary, "model_types": e.model_types, "takes": takes, "heads": heads})
        };
        return print_json(&tallow_zoo::registry().iter().map(row).collect::<Vec<_>>());
    }
    tallow_zoo::registry().iter().for_each(|e| say(&format!("{:<14} {}", e.family, e.summary)));
    Ok(ExitCode::SUCCESS)
}

fn doctor_page(json: bool, environment: &Environment, hub: &args::HubArgs) -> Result<ExitCode> {
    let config = environment.hub(hub.hub.clone(), hub.offline);
    let (offline, local, endpoint) = (config.offline, config.local.clone(), config.endpoint.clone());
    let hub = Hub::new(config);
    // A small public repository that every Hub has: its answer says that the Hub is there.
    let ask = || hub.check_reachable().map(|()| endpoint.clone()).map_err(|e| e.to_string());
    let path = environment.path.clone();
    let probe = doctor::Probe {
        sandbox: &crate::sandbox::probe,
        hub: match &local {
            Some(folder) => doctor::HubProbe::Local(folder),
            None if offline => doctor::HubProbe::Offline,
            None => doctor::HubProbe::Ask(&ask),
        },
        path: path.as_deref(),
        docker: Path::new(environment.docker_host.as_deref().and_then(|host| host.strip_prefix("unix://")).unwrap_or(DOCKER)),
        image: (script::image_of(environment), &|client| script::look_at_image(environment, client)),
        runs: &environment.runs,
        variables: environment::set(),
        files: language_model::file(environment).into_iter().chain(experiment::price_file(environment)).collect(),
    };
    let facts = doctor::Facts::gather(&probe);
    say_all(if json { facts.json() } else { facts.text(Style::Plain) }.trim_end())
}

/// An answer for machines: one line, the last on stdout.
fn print_json<T: serde::Serialize>(value: &T) -> Result<ExitCode> {
    say_all(&crate::words::in_json(&serde_json::to_string(value).unwrap_or_default()))
}

/// Something besides an answer, on stderr: for machines a line of JSON, as what went wrong is.
fn note(json: bool, words: &str) {
    let told = || crate::words::in_json(&serde_json::json!({"note": words}).to_string());
    mention(&if json { told() + "\n" } else { format!("{}\n", crate::words::clean(words)) });
}

fn say_all(text: &str) -> Result<ExitCode> {
    say(text.trim_end());
    Ok(ExitCode::SUCCESS)
}

/// Words on stderr, as they are. That whoever read them may be gone is no failure.
fn mention(words: &str) {
    let mut stderr = std::io::stderr();
    let _ = stderr.write_all(words.as_bytes()).and_then(|()| stderr.flush());
}

/// A line of data on stdout.
fn say(line: &str) {
    note_unsaid(writeln!(std::io::stdout(), "{line}"));
}

/// Why the first words did not get to stdout that should have.
static UNSAID: Mutex<Option<std::io::Error>> = Mutex::new(None);

/// Notes whether data got to stdout, for the end of the program. That whoever read it may be gone is no failure.
fn note_unsaid(said: std::io::Result<()>) {
    if let Some(error) = said.err().filter(|error| error.kind() != std::io::ErrorKind::BrokenPipe) {
        UNSAID.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// The end of a command that did its work, but whose answer did not all get to stdout.
#[derive(Debug, thiserror::Error)]
#[error("the output could not be written to stdout in full")]
struct Unsaid {
    source: std::io::Error,
}

impl Failure for Unsaid {
    fn class(&self) -> Class {
        Class::Resource
    }
    fn hint(&self) -> Option<String> {
        crate::error::is_out_of_room(&self.source)
            .then(|| "there is no room where stdout leads to: make some, or have it lead elsewhere".into())
    }
}

fn all_said() -> Result<()> {
    note_unsaid(std::io::stdout().flush());
    UNSAID.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), |source| Err(Unsaid { source }.into()))
}
