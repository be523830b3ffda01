//! The container engine, and the image that scripts run in.

use super::error::ScriptError;
use crate::cli::args::{FallbackArgs, WorkerArgs};
use crate::cli::doctor;
use crate::cli::environment::Environment;
use crate::error::Result;
use crate::sandbox::container::{Engine, LEAST_MEMORY};
use crate::script::{self, Means, Spare};
use crate::store::RunFolder;
use std::path::Path;

/// The image of scripts where no other is named.
const IMAGE: &str = "tallow-python";

pub(super) fn engine(env: &Environment) -> Result<Engine> {
    let places = env.path.iter().flat_map(|path| std::env::split_paths(path).collect::<Vec<_>>());
    let program = places.map(|place| place.join("docker")).find(|file| file.is_file()).ok_or(ScriptError::NoEngine)?;
    Ok(Engine { program, host: env.docker_host.clone() })
}

/// The processors of a script, where the engine has as many, and gives as little memory as is asked for.
///
/// # Errors
/// It does not.
pub(super) fn fits(engine: &Engine, worker: Option<&WorkerArgs>, memory: Option<u64>) -> Result<usize> {
    if let Some(asked) = memory.filter(|memory| *memory < LEAST_MEMORY) {
        return Err(ScriptError::Memory { asked }.into());
    }
    let Some(worker) = worker else { return Ok(1) };
    // An engine that does not say will say so of the container.
    let there = script::processors(engine).unwrap_or(usize::MAX).max(1);
    match worker.threads.map(usize::from) {
        Some(asked) if asked > there => Err(ScriptError::Processors { there, asked }.into()),
        Some(asked) => Ok(asked),
        None => Ok(worker.threads().min(there)),
    }
}

/// The image of scripts, where the command line names none.
pub(in crate::cli) fn image_of(env: &Environment) -> &str {
    env.script_image.as_deref().unwrap_or(IMAGE)
}

/// What a script finds in that image, asked by this client; or why it cannot be used.
pub(in crate::cli) fn look_at_image(env: &Environment, client: &Path) -> std::result::Result<String, String> {
    let engine = Engine { program: client.into(), host: env.docker_host.clone() };
    script::check_engine(&engine)?;
    let id = script::image_id(&engine, image_of(env))?;
    let Means { python, packages, .. } = script::means(&engine, &id, 1)?;
    Ok(format!("Python {python}, {} packages", packages.len()))
}

/// The image's name and id.
pub(super) fn image(env: &Environment, fallback: &FallbackArgs) -> Result<(String, String)> {
    let engine = engine(env)?;
    script::check_engine(&engine).map_err(|what| ScriptError::Engine { what })?;
    let image = fallback.image.clone().unwrap_or_else(|| image_of(env).into());
    let wrong = |what: String| ScriptError::Image { image: image.clone(), what };
    let image_id = script::image_id(&engine, &image).map_err(wrong)?;
    Ok((image, image_id))
}

/// What a script can use in an image.
pub(super) fn means(env: &Environment, (image, image_id): (&str, &str), cpus: usize) -> Result<Means> {
    let wrong = |what: String| ScriptError::Image { image: image.into(), what };
    Ok(script::means(&engine(env)?, image_id, cpus).map_err(wrong)?)
}

/// What there is to spare for a script: memory of this machine and the engine's, which may be another; disk space where the run folder is.
pub(super) fn spare(engine: &Engine, folder: &RunFolder) -> Spare {
    let memory_bytes = doctor::spare_memory_bytes().into_iter().chain(script::memory(engine)).min();
    Spare { memory_bytes, disk_bytes: doctor::free_bytes(folder.root()) }
}
