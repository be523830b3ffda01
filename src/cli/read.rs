//! `tallow read`: what a paper says, each field with the words it was found in.

use super::args::{PaperArg, WorkerArgs};
use super::environment::Environment;
use super::reading::Reading;
use crate::error::Result;
use crate::intake::{self, FetchOptions, Field, PaperSource};
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
    let place = store::temporary()?;
    let folder = RunFolder::create(place.path().join("read"))?;
    folder.write_bytes(&folder.paper_pdf(), &pdf)?;
    let supervisor = Supervisor {
        folder: &folder,
        program: super::experiment::program()?,
        level: worker.sandbox,
        threads: 1,
        memory_bytes: None,
        silence: SILENCE,
        disk_bytes: None,
        allowed: Default::default(),
        deadline: None,
        stop: super::experiment::stop_flag(None),
        now: &super::experiment::now,
    };
    let (_, spec) = read_paper(&supervisor, 1, &name, &mut Quiet)?;
    if json {
        return super::print_json(&Reading::of(&spec));
    }
    super::say(&format!("{}\n", spec.title.as_deref().unwrap_or("(no title found)").escape_debug()));
    spec.sure().for_each(|field| super::say(&line(field)));
    if spec.sure().next().is_none() {
        super::say("no field was found that the reader stands by");
    }
    super::say(&format!("\n{}", Reading::of(&spec).in_words()));
    Ok(ExitCode::SUCCESS)
}

/// Reading is over before there is anything to watch.
struct Quiet;

impl Watch for Quiet {
    fn event(&mut self, _: &str, _: u32, _: &Event) {}
    fn say(&mut self, _: &str) {}
}

/// `optimizer.lr  0.0001  (pre-training)`, then the quote with its page. Paper text is untrusted, so it is escaped.
fn line(field: &Field) -> String {
    let key = serde_json::to_value(field.key).ok().and_then(|key| key.as_str().map(String::from)).unwrap_or_default();
    let scope = if field.scope.is_empty() { String::new() } else { format!("  ({})", field.scope.to_string().escape_debug()) };
    let quote = &field.evidence.quote;
    let words: String = quote.verbatim().chars().take(160).collect();
    format!("{key:<28} {}{scope}\n    page {}: \"{}\"", field.in_words().escape_debug(), quote.page(), words.escape_debug())
}
