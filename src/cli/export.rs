//! `tallow export`: a model in the format of another program.

use super::args::{HubArgs, WorkerArgs};
use super::environment::Environment;
use super::evaluate::model_of;
use super::experiment::{create_passing, drive, passing_folder, unfinished};
use crate::error::Result;
use crate::export::FloatKind;
use crate::pipeline::ExportFormat;
use crate::words::{bytes, count};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// What other programs read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Onnx,
    Gguf,
}

/// What the command line asks.
pub(super) struct Asked<'a> {
    pub(super) model: &'a str,
    pub(super) to: Format,
    pub(super) dtype: FloatKind,
    pub(super) out: Option<&'a Path>,
}

pub(super) fn export(json: bool, env: &Environment, asked: &Asked, setting: (&HubArgs, &WorkerArgs)) -> Result<ExitCode> {
    let model = model_of(env, asked.model)?;
    let (format, usual) = match asked.to {
        Format::Onnx => (ExportFormat::Onnx, "model.onnx"),
        Format::Gguf => (ExportFormat::Gguf { kind: asked.dtype, name: name(asked.model) }, "model.gguf"),
    };
    let out = asked.out.unwrap_or(Path::new(usual));
    let passing = passing_folder()?;
    let folder = create_passing(env, passing.path().join("export"))?;
    match drive(json, env, folder, setting, |pipeline| pipeline.export(&model, &format, out))? {
        Ok((size, params)) if json => super::say_all(&json!({"file": out, "bytes": size, "params": params}).to_string()),
        Ok((size, params)) => {
            super::say_all(&format!("{} ({}, {} parameters)", out.display(), bytes(size as f64), count(params as f64)))
        }
        Err(end) => Err(unfinished(end, None)),
    }
}

/// What a model is called: the last part of its id or folder, or a run's own name.
fn name(model: &str) -> String {
    let parts = model.trim_end_matches('/').rsplit('/').filter(|part| !part.is_empty() && *part != "model");
    parts.into_iter().next().unwrap_or("model").to_string()
}
