//! `tallow read`: what a paper says, each field with the words it was found in.

use super::args::{PaperArg, WorkerArgs};
use super::environment::Environment;
use crate::error::Result;
use crate::intake::{self, FetchOptions, FlatField, FlatSpec, PaperSource};
use crate::job::Event;
use crate::pipeline::read_paper;
use crate::run::{SILENCE, Supervisor, Watch};
use crate::store::{self, RunFolder};
use std::process::ExitCode;

/// The paper's bytes and what to call it.
pub(super) fn open(env: &Environment, paper: &PaperArg, offline: bool) -> Result<(Vec<u8>, String)> {
    let Some(given) = &paper.paper else { return Ok((intake::EXAMPLE_PAPER.to_vec(), "the example paper".into())) };
    let source = PaperSource::parse(given)?;
    let options = FetchOptions { offline: offline || env.offline, ..FetchOptions::new(Some(env.cache.join("papers"))) };
    Ok((intake::open(&source, &options)?, source.name()))
}

/// Reads a paper in a run folder that is gone afterwards.
pub(super) fn read(json: bool, env: &Environment, paper: &PaperArg, offline: bool, worker: &WorkerArgs) -> Result<ExitCode> {
    let (pdf, name) = open(env, paper, offline)?;
    let place = tempfile::tempdir().map_err(|source| store::Error::Io { action: "make a folder in", path: std::env::temp_dir(), source })?;
    let folder = RunFolder::create(place.path().join("read"))?;
    folder.write_bytes(&folder.paper_pdf(), &pdf)?;
    let supervisor = Supervisor {
        folder: &folder,
        program: super::experiment::program()?,
        level: worker.sandbox,
        threads: 1,
        memory_bytes: None,
        silence: SILENCE,
        deadline: None,
        stop: super::experiment::stop_flag(json, None),
        now: &super::experiment::now,
    };
    let (_, spec) = read_paper(&supervisor, 1, &name, &mut Quiet)?;
    let flat = FlatSpec::from(&spec);
    if json {
        return super::print_json(&flat);
    }
    super::say(&format!("{}\n", flat.title.as_deref().unwrap_or("(no title found)").escape_debug()));
    // Both hold the same fields in the same order but for those that the reader is unsure of.
    flat.fields.iter().for_each(|field| super::say(&line(field)));
    if flat.fields.is_empty() {
        super::say("no field was found that the reader stands by");
    }
    Ok(ExitCode::SUCCESS)
}

/// Reading is over before there is anything to watch.
struct Quiet;

impl Watch for Quiet {
    fn event(&mut self, _: &str, _: u32, _: &Event) {}
    fn say(&mut self, _: &str) {}
}

/// `optimizer.lr  0.0001  (pre-training)`, then the quote with its page. Paper text is untrusted, so it is escaped.
fn line(field: &FlatField) -> String {
    let key = serde_json::to_value(field.key).ok().and_then(|key| key.as_str().map(String::from)).unwrap_or_default();
    let unit = field.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
    let scope = field.scope.as_deref().map(|scope| format!("  ({})", scope.escape_debug())).unwrap_or_default();
    let quote: String = field.quote.chars().take(160).collect();
    format!("{key:<28} {}{unit}{scope}\n    page {}: \"{}\"", field.value, field.page, quote.escape_debug())
}
