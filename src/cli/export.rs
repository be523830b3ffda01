//! `tallow export`: a model in the format of another program.

use super::args::ExportArgs;
use super::environment::Environment;
use super::evaluate::model_of;
use super::experiment::{create_passing, drive, passing_folder, unfinished};
use crate::error::Result;
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

pub(super) fn export(json: bool, env: &Environment, args: &ExportArgs) -> Result<ExitCode> {
    let model = model_of(env, &args.model)?;
    let (format, usual) = match args.to {
        Format::Onnx => (ExportFormat::Onnx, "model.onnx"),
        Format::Gguf => (ExportFormat::Gguf { kind: args.dtype, name: name(&args.model) }, "model.gguf"),
    };
    let out = args.out.as_deref().unwrap_or(Path::new(usual));
    let passing = passing_folder()?;
    let folder = create_passing(env, passing.path().join("export"))?;
    match drive(json, env, folder, (&args.hub, &args.worker), |pipeline| pipeline.export(&model, &format, out))? {
        Ok((size, params)) if json => super::print_json(&json!({"file": out, "bytes": size, "params": params})),
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
