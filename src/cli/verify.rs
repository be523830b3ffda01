//! `tallow verify`: trains a finished run again and compares.

use super::args::{HubArgs, WorkerArgs};
use super::environment::Environment;
use super::experiment::{drive, find};
use crate::error::{Class, Failure, Result};
use crate::pipeline::Repeat;
use crate::provenance::{Difference, Quantity, Replayed, Verification};
use crate::words::{clean, count, counted};
use std::process::ExitCode;

/// The run is not what it was, or does not repeat.
#[derive(Debug, thiserror::Error)]
#[error("`{run}` is not the same: {first}")]
struct NotTheSame {
    run: String,
    first: String,
    elsewhere: bool,
}

impl Failure for NotTheSame {
    fn class(&self) -> Class {
        Class::Differs
    }
    fn hint(&self) -> Option<String> {
        self.elsewhere.then(|| "program or machine are others than the run had: bits are promised for the same ones".into())
    }
}

/// A script is run, not repeated.
#[derive(Debug, thiserror::Error)]
#[error("`{run}` is the run of a script, which nobody but the script can repeat")]
struct OfScript {
    run: String,
}

impl Failure for OfScript {
    fn class(&self) -> Class {
        Class::Usage
    }
    fn hint(&self) -> Option<String> {
        Some("`tallow train --script` runs it again, with the same `--seeds` and image; its report names both".into())
    }
}

pub(super) fn verify(json: bool, env: &Environment, run: &str, steps: Option<u64>, worker: &WorkerArgs) -> Result<ExitCode> {
    let folder = find(env, run)?;
    if folder.script_spec().is_file() {
        return Err(OfScript { run: run.into() }.into());
    }
    let asked = Repeat { steps, threads: worker.threads.map(usize::from) };
    let hub = HubArgs { hub: None, offline: true };
    let found = drive(json, env, folder, (&hub, worker), |pipeline| pipeline.verify(&asked))?;
    if json {
        super::print_json(&found)?;
    } else {
        super::say(page(run, &found).trim_end());
    }
    match found.first_difference() {
        None => Ok(ExitCode::SUCCESS),
        Some(first) => Err(NotTheSame { run: run.into(), first, elsewhere: !found.surroundings.is_empty() }.into()),
    }
}

fn page(run: &str, found: &Verification) -> String {
    let verdict = if found.is_identical() { "Identical" } else { "Not the same" };
    let mut out = format!("{verdict}: {}\n\n", clean(run));
    out.push_str(&format!("  {} files hold what was recorded\n", found.files_checked.len()));
    for gone in &found.files_gone {
        out.push_str(&format!("  `{}` is no longer there; what was prepared from it is\n", clean(gone)));
    }
    for gone in &found.model_gone {
        out.push_str(&format!("  `{}` is no longer there: the model is not as it was left\n", clean(gone)));
    }
    found.replayed.iter().for_each(|run| out.push_str(&replayed(run)));
    let is_scored = |run: &Replayed| run.compared.contains_key(&Quantity::HeldOut);
    if !found.replayed.is_empty() && !found.replayed.iter().all(|run| is_scored(run) || run.parting.is_some()) {
        out.push_str("  scores on the held-out split are as recorded; they were not computed again\n");
    }
    if !found.changed.is_empty() {
        let unrepeated = if found.replayed.is_empty() { " (nothing was repeated)" } else { "" };
        out.push_str(&format!("\nNot what was recorded{unrepeated}\n"));
        found.changed.iter().for_each(|changed| out.push_str(&difference(changed, "recorded", "found")));
    }
    if !found.surroundings.is_empty() {
        out.push_str("\nOther surroundings than the run had\n");
        found.surroundings.iter().for_each(|changed| out.push_str(&difference(changed, "then", "now")));
    }
    out
}

fn replayed(run: &Replayed) -> String {
    let compared: Vec<String> =
        run.compared.iter().map(|(quantity, many)| format!("{} × {}", count(*many as f64), quantity.in_words())).collect();
    let steps = format!("{} of {} steps", count(run.steps as f64), count(run.total_steps as f64));
    let threads = match (run.threads_recorded, run.threads_repeated) {
        (a, b) if a == b => String::new(),
        (a, b) => format!(", on {} instead of {a}", counted(b, "thread")),
    };
    match &run.parting {
        None => format!("  {}: {steps} repeated{threads}; the same bits: {}\n", run.run, compared.join(", ")),
        Some(parting) if parting.quantity == Quantity::Model && run.compared.is_empty() => {
            format!("  {}: the model's file is another: recorded {}, found {}\n", run.run, parting.a, parting.b)
        }
        Some(parting) => {
            let (step, what) = (count(parting.step as f64), parting.quantity.in_words());
            format!("  {}: parts at step {step}{threads}: {what}: recorded {}, repeated {}\n", run.run, parting.a, parting.b)
        }
    }
}

/// `  config, `recipe.lr`: then 0.1, now 0.2`
pub(super) fn difference(found: &Difference, a: &str, b: &str) -> String {
    let value = |value: &Option<String>| value.as_deref().map_or("nothing".to_string(), clean);
    let (input, key) = (found.input.in_words(), clean(&found.key));
    format!("  {input}, {key}: {a} {}, {b} {}\n", value(&found.a), value(&found.b))
}
