//! `tallow read`: what a paper says, each field with the words it was found in.

use super::args::PaperArg;
use super::environment::Environment;
use crate::error::Result;
use crate::intake::{self, FetchOptions, FlatField, FlatSpec, PaperSource};
use std::process::ExitCode;

/// The paper that Tallow carries: our own, invented.
const EXAMPLE: &[u8] = include_bytes!("../../presets/example/paper.pdf");

pub(super) fn read(json: bool, env: &Environment, paper: &PaperArg, offline: bool) -> Result<ExitCode> {
    let paper = match &paper.paper {
        Some(given) => {
            let source = PaperSource::parse(given)?;
            let options = FetchOptions { offline: offline || env.offline, ..FetchOptions::new(Some(env.cache.join("papers"))) };
            intake::read_pdf(&intake::open(&source, &options)?, &source.name())?
        }
        None => intake::read_pdf(EXAMPLE, "the example paper")?,
    };
    let spec = intake::extract(&paper);
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

/// `optimizer.lr  0.0001  (pre-training)`, then the quote with its page. Paper text is untrusted, so it is escaped.
fn line(field: &FlatField) -> String {
    let key = serde_json::to_value(field.key).ok().and_then(|key| key.as_str().map(String::from)).unwrap_or_default();
    let unit = field.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
    let scope = field.scope.as_deref().map(|scope| format!("  ({})", scope.escape_debug())).unwrap_or_default();
    let quote: String = field.quote.chars().take(160).collect();
    format!("{key:<28} {}{unit}{scope}\n    page {}: \"{}\"", field.value, field.page, quote.escape_debug())
}
