//! The language model that the command line, the configuration file and the environment name.

use super::args::LlmArgs;
use super::doctor::OwnFile;
use super::environment::{self, Environment};
use crate::data::hub::Hub;
use crate::error::Result;
use crate::llm::{Chosen, ConfigFile, Error};
use crate::pipeline::{Embedded, Worker};
use crate::plan::Wishes;
use std::io::ErrorKind;

/// Weights on this machine: `--llm embedded:MODEL`, a folder, a GGUF file or a Hub id.
const EMBEDDED: &str = "embedded:";

/// The one that was asked for; none: the rules plan alone, and nothing of this is read. `worker`: by which one on this machine would run.
///
/// # Errors
/// The configuration cannot be read, names nothing of the kind, or its key is not to be had; a recording is none; there are no such
/// weights.
pub(super) fn chosen(
    env: &Environment,
    wishes: &Wishes,
    (hub, offline): (&Hub, bool),
    worker: impl FnOnce() -> Worker,
) -> Result<Option<Chosen>> {
    match embedded(wishes) {
        Some(model) => Ok(Some(Chosen::of_this_machine(Box::new(Embedded::open(hub, model, worker())?)))),
        None => Ok(elsewhere(env, wishes, offline)?),
    }
}

/// Whether the one that was asked for can be asked, as far as that is known without looking for weights.
///
/// # Errors
/// As [`chosen`].
pub(super) fn check(env: &Environment, wishes: &Wishes, offline: bool) -> Result<(), Error> {
    if embedded(wishes).is_none() { elsewhere(env, wishes, offline).map(drop) } else { Ok(()) }
}

fn embedded(wishes: &Wishes) -> Option<&str> {
    wishes.llm.as_deref().filter(|_| wishes.llm_replay.is_none())?.strip_prefix(EMBEDDED)
}

/// A recording, or a provider.
fn elsewhere(env: &Environment, wishes: &Wishes, offline: bool) -> Result<Option<Chosen>, Error> {
    if let Some(recording) = &wishes.llm_replay {
        return Chosen::recording(recording).map(Some);
    }
    let Some(wanted) = &wishes.llm else { return Ok(None) };
    Chosen::provider(wanted, &config(env)?, &environment::variable, offline, super::experiment::tell_progress).map(Some)
}

/// What the command line says of it, as wishes.
pub(super) fn wishes(args: &LlmArgs) -> Wishes {
    Wishes { llm: args.llm.clone(), llm_replay: args.llm_replay.clone(), ..Wishes::default() }
}

/// The user's file of language models; the usual ones alone where there is none.
pub(super) fn config(env: &Environment) -> Result<ConfigFile, Error> {
    let path = &env.llm_config.path;
    let file = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => ConfigFile::parse(&text, &file),
        Err(error) if error.kind() == ErrorKind::NotFound && !env.llm_config.is_named => Ok(ConfigFile::default()),
        Err(error) => Err(Error::Config { file, what: error.to_string() }),
    }
}

/// What there is to say of that file; none where there is none, and nothing is asked for it.
pub(super) fn file(env: &Environment) -> Option<OwnFile> {
    let said = |providers: Vec<String>| match providers.is_empty() {
        true => format!("{}: it names none", env.llm_config.path.display()),
        false => format!("{}: {}", env.llm_config.path.display(), providers.join(", ")),
    };
    let says = config(env).map(|config| said(config.in_words(&environment::variable))).map_err(|error| error.to_string());
    let is_there = env.llm_config.path.exists() || env.llm_config.is_named;
    is_there.then(|| OwnFile { name: "language models", says, otherwise: "`--llm` ends with this" })
}
