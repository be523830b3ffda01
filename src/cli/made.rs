//! `tallow generate` and `tallow merge`: a model that is there, put to use.

use super::args::{HubArgs, SpeechArgs, WorkerArgs};
use super::environment::Environment;
use super::evaluate::{model_of, passing_folder, told};
use super::experiment::{create, drive, unfinished};
use crate::error::Result;
use crate::pipeline::{Ask, End};
use crate::store::Purpose;
use crate::words::count;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;
use tallow_zoo::Search;

/// What the command line asks of a model.
pub(super) struct Asked<'a> {
    pub(super) model: &'a str,
    pub(super) prompt: &'a str,
    pub(super) chat: bool,
    pub(super) max_tokens: usize,
    pub(super) search: Search,
    pub(super) speech: &'a SpeechArgs,
}

/// By beams or by chance, where anything is said of it.
pub(super) fn search(temperature: Option<f64>, top_p: Option<f64>, beams: Option<u16>, seed: u64) -> Search {
    match (temperature, top_p) {
        (None, None) => match beams {
            Some(beams) => Search::Beam { num_beams: usize::from(beams), length_penalty: 1.0, early_stopping: false },
            None => Search::Greedy,
        },
        _ => Search::Sample { temperature: temperature.unwrap_or(1.0), top_k: None, top_p, seed },
    }
}

pub(super) fn generate(json: bool, env: &Environment, asked: &Asked, setting: (&HubArgs, &WorkerArgs)) -> Result<ExitCode> {
    let ask = Ask {
        model: model_of(env, asked.model),
        prompt: asked.prompt.into(),
        chat: asked.chat,
        max_new_tokens: asked.max_tokens,
        search: asked.search.clone(),
        told: told(asked.speech),
    };
    let passing = passing_folder()?;
    let folder = create(passing.path().join("generation"), Purpose::Evaluation)?;
    match drive(json, env, folder, setting, |pipeline| pipeline.write(&ask))? {
        Ok(written) if json => super::say_all(&serde_json::to_string(&written).unwrap_or_default()),
        // What it wrote and nothing else, letter by letter but for what a terminal would obey.
        Ok(written) => {
            let shown: String = written.text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
            super::say_all(&shown)
        }
        Err(End::Unfinished { run, outcome }) => Err(unfinished(run, &outcome, None)),
        Err(End::Reported { .. }) => Ok(ExitCode::SUCCESS),
    }
}

pub(super) fn merge(
    json: bool,
    env: &Environment,
    adapter: &str,
    out: &Path,
    setting: (&HubArgs, &WorkerArgs),
) -> Result<ExitCode> {
    let model = model_of(env, adapter);
    let passing = passing_folder()?;
    let folder = create(passing.path().join("merging"), Purpose::Evaluation)?;
    match drive(json, env, folder, setting, |pipeline| pipeline.merge(&model, out))? {
        Ok(params) if json => super::say_all(&json!({"model": out, "params": params}).to_string()),
        Ok(params) => super::say_all(&format!("Model   {} ({} parameters)", out.display(), count(params as f64))),
        Err(End::Unfinished { run, outcome }) => Err(unfinished(run, &outcome, None)),
        Err(End::Reported { .. }) => Ok(ExitCode::SUCCESS),
    }
}
