//! A script that a language model writes in place of an experiment.

use super::engine::{engine, fits, image, means, spare};
use super::{author_spec, go_on, lay_brief, save, sent, spec};
use crate::cli::args::{FallbackArgs, RunArgs, Wishes};
use crate::cli::environment::Environment;
use crate::cli::{consent, experiment};
use crate::data;
use crate::error::{Error, Result};
use crate::pipeline::Wanted;
use crate::script::{self, HeldOut, ScriptSpec};
use crate::store::RunFolder;
use std::process::ExitCode;

/// Goes on where the zoo has no model for what was asked: by a script that the language model writes, if there is one and somebody agrees.
///
/// # Errors
/// `lacking`, where nobody wants that; and all that can go wrong with it.
pub(in crate::cli) fn fall_back(
    json: bool,
    env: &Environment,
    folder: &RunFolder,
    lacking: Error,
    (wishes, fallback): (&Wishes, &FallbackArgs),
    args: &RunArgs,
) -> Result<ExitCode> {
    let model = match (&wishes.llm.llm, &wishes.llm.llm_replay) {
        (_, Some(_)) => "the recording".to_string(),
        (Some(llm), None) => llm.clone(),
        (None, None) => return Err(lacking),
    };
    let question = format!(
        "{lacking}\n{model} can write a Python script in its place, which runs in a container without network (docs/scripts.md); {}.\nHave it written?",
        sent(&model)
    );
    if !fallback.allow_script && (json || !consent::agreed(&question)) {
        return Err(lacking);
    }
    if !json {
        experiment::tell_progress(&format!("{lacking}: {model} writes a script in its place"));
    }
    let (image, image_id) = image(env, fallback)?;
    let cpus = fits(&engine(env)?, Some(&args.worker), wishes.budget.memory)?;
    let means = means(env, (&image, &image_id), cpus)?;
    let around = (&args.hub, &args.worker);
    let Wanted { words, max_time_secs, facts, handed } =
        experiment::drive(json, env, folder.clone(), around, |pipeline| pipeline.hand_over())?;
    script::lay(folder)?;
    script::let_read(&folder.handed_over())?;
    let (held_out, told) = match handed.held_out {
        Some(held) => {
            script::lay_held_out(folder, &held.rows.inputs, &held.rows.answers)?;
            let source = facts.splits.iter().find(|split| split.name == held.split).and_then(|split| split.files.first());
            let file = source.cloned().unwrap_or_default();
            let (file_sha256, examples) = (data::sha256_of_place(&file)?, held.rows.answers.len());
            (Some(HeldOut { file, file_sha256, label: held.label, examples }), Some(held.told))
        }
        None => (None, None),
    };
    let max_time_secs = wishes.max_time.map(|time| time.as_secs()).or(max_time_secs);
    let spec = ScriptSpec {
        data: Some(folder.handed_over()),
        held_out,
        author: Some(author_spec(wishes)),
        ..spec(wishes, fallback, (image, image_id, cpus), max_time_secs)
    }
    .within(spare(&engine(env)?, folder), folder.bytes());
    lay_brief(env, folder, &spec, (words, handed.there, told), means, around)?;
    save(folder, &spec)?;
    go_on(json, env, folder, &spec, around)
}
