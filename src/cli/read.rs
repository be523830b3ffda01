//! `tallow read`: what a paper says, each field with the words it was found in.

use super::args::{LlmArgs, PaperArg, WorkerArgs};
use super::environment::Environment;
use super::language_model;
use super::reading::Reading;
use crate::data::hub::Hub;
use crate::error::Result;
use crate::intake::{self, FetchOptions, Field, FlatSpec, Opened, Outline, PaperSource};
use crate::job::Event;
use crate::pipeline::{Worker, read_further, read_paper};
use crate::run::{SILENCE, Supervisor, Watch};
use crate::store::RunFolder;
use std::process::ExitCode;

/// How what was read is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    /// For people.
    Words,
    /// Structure and fields, as JSON.
    Whole,
    /// The fields alone, as JSON.
    Fields,
}

/// The paper's bytes and what they are.
pub(super) fn open(env: &Environment, paper: &PaperArg, offline: bool) -> Result<Opened> {
    let Some(given) = &paper.paper else { return Ok(Opened::example()) };
    let source = PaperSource::parse(given)?;
    let mut options = FetchOptions { offline: offline || env.offline, ..FetchOptions::new(Some(env.cache.join("papers"))) };
    if let Some(mirror) = &env.arxiv {
        options.base_url.clone_from(mirror);
    }
    Ok(intake::open(&source, &options)?)
}

/// Reads a paper in a run folder that is gone afterwards.
pub(super) fn read(
    show: Show,
    env: &Environment,
    paper: &PaperArg,
    (offline, llm): (bool, &LlmArgs),
    worker: &WorkerArgs,
) -> Result<ExitCode> {
    let wishes = language_model::wishes(llm);
    language_model::check(env, &wishes, offline || env.offline)?;
    let opened = open(env, paper, offline)?;
    let passing = super::experiment::passing_folder()?;
    let folder = RunFolder::create_passing(passing.path().join("read"))?;
    folder.write_bytes(&folder.paper_file(opened.record.format.extension()), &opened.bytes)?;
    let supervisor = Supervisor {
        folder: &folder,
        program: super::experiment::program()?,
        level: worker.sandbox,
        threads: 1,
        memory_bytes: None,
        silence: SILENCE,
        disk: None,
        allowed: Default::default(),
        deadline: None,
        stop: super::experiment::stop_flag(None),
        now: &super::experiment::now,
    };
    let (paper, mut spec) = read_paper(&supervisor, 1, opened.record, &mut Quiet)?;
    let hub = Hub::new(env.hub(None, offline));
    let answering = || Worker {
        program: supervisor.program.clone(),
        level: supervisor.level,
        threads: worker.threads(),
        stop: super::experiment::stop_flag(None),
        now: super::experiment::now,
        folder: folder.clone(),
    };
    if let Some(chosen) = &language_model::chosen(env, &wishes, (&hub, offline || env.offline), answering)? {
        read_further(&*chosen.model, &paper, &mut spec)?.iter().for_each(|note| super::experiment::tell_progress(note));
    }
    match show {
        Show::Whole => return super::print_json(&Reading::of(&spec).page(&Outline::new(&paper, &spec))),
        Show::Fields => return super::print_json(&Reading::of(&spec).page(&FlatSpec::from(&spec))),
        Show::Words => super::say(&in_words(&Outline::new(&paper, &spec))),
    }
    let paged = paper.format.has_pages();
    spec.sure().for_each(|field| super::say(&line(field, paged)));
    if spec.sure().next().is_none() {
        super::say("no field was found that the reader stands by");
    }
    super::say(&format!("\n{}", Reading::of(&spec).in_words()));
    Ok(ExitCode::SUCCESS)
}

/// What a paper holds, in a few lines. Paper text is untrusted, so it is escaped.
fn in_words(outline: &Outline) -> String {
    let shown = |text: &str, most: usize| {
        let cut: String = text.chars().take(most).collect();
        let more = if cut.len() < text.len() { "..." } else { "" };
        format!("{}{more}", cut.escape_debug())
    };
    let mut lines = vec![outline.title.as_deref().map_or("(no title found)".into(), |title| shown(title, 300))];
    let authors: Vec<String> = outline.authors.iter().take(12).map(|author| shown(author, 60)).collect();
    if !authors.is_empty() {
        let more = if outline.authors.len() > authors.len() { " and others" } else { "" };
        lines.push(format!("{}{more}", authors.join(", ")));
    }
    let from = outline.arxiv_id.as_ref().map(|id| format!(" of arXiv:{}", id.escape_debug())).unwrap_or_default();
    let licence = outline.licence.as_ref().map_or("not stated".into(), |licence| shown(licence, 80));
    lines.push(format!("{}{from}, licence: {licence}", outline.format.name()));
    lines.extend(outline.abstract_text.iter().map(|text| format!("\n{}", shown(text, 400))));
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    lines.push(format!(
        "\n{}, {}, {}, {}",
        counted(outline.sections.len(), "section"),
        counted(outline.tables.len(), "table"),
        counted(outline.footnotes.len(), "footnote"),
        counted(outline.references.len(), "reference")
    ));
    lines.extend(outline.code_links.iter().take(10).map(|link| format!("code: {}", shown(link, 200))));
    lines.extend(outline.left_out.iter().map(|note| format!("note: {}", shown(note, 200))));
    lines.push(String::new());
    lines.join("\n")
}

/// Reading is over before there is anything to watch.
struct Quiet;

impl Watch for Quiet {
    fn event(&mut self, _: &str, _: u32, _: &Event) {}
    fn say(&mut self, _: &str) {}
}

/// `optimizer.lr  0.0001  (pre-training)`, then the quote with its place. Paper text is untrusted, so it is escaped.
fn line(field: &Field, paged: bool) -> String {
    let key = serde_json::to_value(field.key).ok().and_then(|key| key.as_str().map(String::from)).unwrap_or_default();
    let scope = if field.scope.is_empty() { String::new() } else { format!("  ({})", field.scope.to_string().escape_debug()) };
    let quote = &field.evidence.quote;
    let words: String = quote.verbatim().chars().take(160).collect();
    let place = match &field.evidence.section {
        _ if paged => format!("page {}", quote.page()),
        Some(section) => format!("in {}", section.escape_debug()),
        None => "at the start".into(),
    };
    format!("{key:<28} {}{scope}\n    {place}: \"{}\"", field.in_words().escape_debug(), words.escape_debug())
}
