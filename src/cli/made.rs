//! `tallow generate` and `tallow merge`: a model that is there, put to use.

use super::args::{GenerateArgs, HubArgs, WorkerArgs};
use super::environment::Environment;
use super::evaluate::{model_of, spoken};
use super::experiment::{create_passing, drive, drive_aside, passing_folder, unfinished};
use crate::error::{Class, Failure, Result};
use crate::pipeline::Ask;
use crate::words::{count, steers};
use serde_json::json;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tallow_zoo::Search;

/// By beams or by chance, where anything is said of it.
fn search(args: &GenerateArgs) -> Search {
    let (temperature, top_p, top_k) = (args.temperature, args.top_p, args.top_k.map(usize::from));
    match (temperature, top_p, top_k) {
        // The likeliest word is what falling temperatures lead to.
        (Some(0.0), ..) => Search::Greedy,
        (None, None, None) => match args.beams {
            Some(beams) => Search::Beam { num_beams: usize::from(beams), length_penalty: 1.0, early_stopping: false },
            None => Search::Greedy,
        },
        _ => Search::Sample { temperature: temperature.unwrap_or(1.0), top_k, top_p, seed: args.seed },
    }
}

pub(super) fn generate(json: bool, env: &Environment, args: &GenerateArgs) -> Result<ExitCode> {
    let prompt = match args.prompt.as_ref().or(args.prompt_option.as_ref()).map_or("", String::as_str) {
        "-" => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(|source| PromptError::Stdin { source })?;
            text
        }
        prompt => prompt.into(),
    };
    let search = search(args);
    // For machines stdout is one line, when all is written.
    let is_shown = std::io::stdout().is_terminal() && !matches!(search, Search::Beam { .. });
    let streams = !json && (args.stream || is_shown);
    let ask = Ask {
        model: model_of(env, &args.model)?,
        prompt,
        chat: args.chat,
        system: args.system.clone(),
        max_new_tokens: args.max_tokens,
        search,
        schema: args.schema.as_deref().map(read_schema).transpose()?,
        stream: streams,
        spoken: spoken(&args.speech),
    };
    let passing = passing_folder()?;
    let folder = create_passing(env, passing.path().join("generation"))?;
    match drive_aside(json, env, folder, (&args.hub, &args.worker), |pipeline| pipeline.write(&ask))? {
        Ok(written) if json => super::print_json(&written),
        // It has been shown.
        Ok(_) if streams => super::say_all(""),
        // What it wrote and nothing else, letter by letter but for what a terminal would obey.
        Ok(written) => super::say_all(&shown(&written.text)),
        Err(end) => Err(unfinished(end, None)),
    }
}

/// Without what a terminal would obey; on a terminal without what turns round what is read there, too.
pub(super) fn shown(text: &str) -> String {
    shown_on(text, std::io::stdout().is_terminal())
}

fn shown_on(text: &str, is_terminal: bool) -> String {
    let goes = |c: char| c.is_control() || is_terminal && steers(c);
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !goes(*c)).collect()
}

/// What was asked for cannot be read.
#[derive(Debug, thiserror::Error)]
enum PromptError {
    #[error("the prompt cannot be read from stdin")]
    Stdin { source: std::io::Error },
    #[error("the schema `{}` cannot be read", path.display())]
    Schema { path: PathBuf, source: std::io::Error },
    #[error("the schema `{}` is no JSON", path.display())]
    NotJson { path: PathBuf, source: serde_json::Error },
}

impl Failure for PromptError {
    fn class(&self) -> Class {
        Class::Usage
    }
    fn hint(&self) -> Option<String> {
        match self {
            PromptError::Stdin { .. } => Some("it has to be text in UTF-8".into()),
            PromptError::Schema { .. } | PromptError::NotJson { .. } => {
                Some("name a file with a JSON schema by `--schema`".into())
            }
        }
    }
}

fn read_schema(path: &Path) -> Result<serde_json::Value, PromptError> {
    let text = std::fs::read(path).map_err(|source| PromptError::Schema { path: path.into(), source })?;
    serde_json::from_slice(&text).map_err(|source| PromptError::NotJson { path: path.into(), source })
}

pub(super) fn merge(
    json: bool,
    env: &Environment,
    adapter: &str,
    out: &Path,
    setting: (&HubArgs, &WorkerArgs),
) -> Result<ExitCode> {
    let model = model_of(env, adapter)?;
    let passing = passing_folder()?;
    let folder = create_passing(env, passing.path().join("merging"))?;
    match drive(json, env, folder, setting, |pipeline| pipeline.merge(&model, out))? {
        Ok(params) if json => super::print_json(&json!({"model": out, "params": params})),
        Ok(params) => super::say_all(&format!("Model   {} ({} parameters)", out.display(), count(params as f64))),
        Err(end) => Err(unfinished(end, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_steers_no_terminal() {
        let written = "a\tb\n\u{1b}[2Jc\u{202e}d\u{200f}";
        assert_eq!(shown_on(written, true), "a\tb\n[2Jcd");
        // Elsewhere a mark of direction is a letter as any other.
        assert_eq!(shown_on(written, false), "a\tb\n[2Jc\u{202e}d\u{200f}");
    }
}
