//! The language model that the command line, the configuration file and the environment name.

use super::args::LlmArgs;
use super::environment::{self, Environment};
use crate::llm::{Chosen, ConfigFile, Error};
use crate::plan::Wishes;
use std::io::ErrorKind;

/// The one that was asked for; none: the rules plan alone, and nothing of this is read.
///
/// # Errors
/// The configuration cannot be read, names nothing of the kind, or its key is not to be had; a recording is none.
pub(super) fn chosen(env: &Environment, wishes: &Wishes, offline: bool) -> Result<Option<Chosen>, Error> {
    if let Some(recording) = &wishes.llm_replay {
        return Chosen::recording(recording).map(Some);
    }
    let Some(wanted) = &wishes.llm else { return Ok(None) };
    Chosen::provider(wanted, &config(env)?, &environment::variable, offline).map(Some)
}

/// As [`chosen`], of what the command line says itself.
pub(super) fn of(env: &Environment, args: &LlmArgs, offline: bool) -> Result<Option<Chosen>, Error> {
    let wishes = Wishes { llm: args.llm.clone(), llm_replay: args.llm_replay.clone(), ..Wishes::default() };
    chosen(env, &wishes, offline)
}

fn config(env: &Environment) -> Result<ConfigFile, Error> {
    let path = &env.llm_config.path;
    let file = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => ConfigFile::parse(&text, &file),
        Err(error) if error.kind() == ErrorKind::NotFound && !env.llm_config.is_named => Ok(ConfigFile::default()),
        Err(error) => Err(Error::Config { file, what: error.to_string() }),
    }
}
