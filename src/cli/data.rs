//! `tallow data`: what a data set holds.

use super::args::DataArgs;
use super::environment::Environment;
use super::evaluate::choice;
use super::experiment::{create_passing, drive, passing_folder, unfinished};
use super::together::together;
use crate::data::{ColumnDescribed, SplitDescribed};
use crate::error::Result;
use crate::pipeline::{Described, LookAt};
use crate::words::{clean, count, measured, quoted};
use serde_json::{Map, Value};
use std::process::ExitCode;

/// Classes that a line shows.
const CLASSES: usize = 10;

pub(super) fn data(json: bool, env: &Environment, args: &DataArgs) -> Result<ExitCode> {
    let named = together(&args.data)?;
    let mut choice = choice(&named)?;
    if let Some(label) = &args.label {
        choice.columns.label = Some(label.clone());
    }
    let passing = passing_folder()?;
    let folder = create_passing(env, passing.path().join("data"))?;
    let look = LookAt { choice: &choice, split: args.split.as_deref(), samples: args.samples };
    match drive(json, env, folder, (&args.hub, &args.worker), |pipeline| pipeline.describe(&look))? {
        Ok(described) if json => super::print_json(&answer(&named, &described)),
        Ok(described) => super::say_all(&page(&named, &described)),
        Err(end) => Err(unfinished(end, None)),
    }
}

/// For machines: what was found beside what was asked for.
fn answer(named: &str, described: &Described) -> Value {
    let mut all = Map::from_iter([("data".to_string(), Value::from(named))]);
    if let Ok(Value::Object(own)) = serde_json::to_value(described) {
        all.extend(own);
    }
    Value::Object(all)
}

fn page(name: &str, described: &Described) -> String {
    let mut out = format!("{}\n\n", clean(name));
    head(described).into_iter().for_each(|(name, value)| out.push_str(&format!("  {name:<10} {}\n", clean(&value))));
    out.push_str("\nSplits\n");
    let first = described.splits.first().map(|split| split.split.clone()).unwrap_or_default();
    for split in &described.splits {
        let mut said = vec![format!("{} rows", count(split.rows as f64))];
        said.extend((split.duplicates > 0).then(|| format!("{} repeated", count(split.duplicates as f64))));
        said.extend(split.in_first.map(|shared| format!("{} also in {first}", count(shared as f64))));
        out.push_str(&format!("  {:<12} {}\n", clean(&split.split), clean(&said.join(", "))));
    }
    // Other splits have the same columns, or else are worth a look.
    let mut shown: Option<Vec<&str>> = None;
    for split in &described.splits {
        let names: Vec<&str> = split.columns.iter().map(|column| column.name.as_str()).collect();
        if shown.as_ref() != Some(&names) {
            out.push_str(&columns(split));
            shown = Some(names);
        }
    }
    out.push_str(&samples(described));
    if !described.warnings.is_empty() {
        out.push_str("\nWorth knowing\n");
        described.warnings.iter().for_each(|line| out.push_str(&format!("  - {}\n", clean(line))));
    }
    out
}

fn head(described: &Described) -> Vec<(&'static str, String)> {
    let columns = &described.columns;
    let mut head = vec![("where", described.place.clone())];
    head.extend(described.revision.clone().map(|revision| ("revision", revision)));
    head.push(("licence", described.license.clone().unwrap_or_else(|| "not stated".into())));
    head.push(match (described.task, &described.untold) {
        (Some(task), _) => ("task", task.in_words().to_string()),
        (None, Some(why)) => ("task", format!("cannot be told (`--label COLUMN` names the answer): {why}")),
        (None, None) => ("task", "cannot be told".into()),
    });
    head.extend((!columns.input.is_empty()).then(|| ("input", quoted(&columns.input))));
    head.extend(columns.label.clone().map(|label| ("answer", format!("`{label}`"))));
    head.extend((!columns.labels.is_empty()).then(|| ("answers", quoted(&columns.labels))));
    head.extend(described.mean_tokens.map(|tokens| ("tokens", format!("about {} a text", measured(tokens.round())))));
    head
}

fn columns(split: &SplitDescribed) -> String {
    let mut out = format!("\nColumns of {}\n", clean(&split.split));
    let width = split.columns.iter().map(|column| column.name.chars().count()).max().unwrap_or(0).min(30);
    for column in &split.columns {
        out.push_str(&format!("  {:<width$}  {}\n", clean(&column.name), clean(&in_words(column, split.rows))));
    }
    out
}

fn in_words(column: &ColumnDescribed, rows: u64) -> String {
    let mut said = vec![column.kind.clone()];
    said.extend(column.lengths.map(|of| {
        let unit = if column.kind.starts_with("lists") { "items" } else { "characters" };
        format!("{} to {} {unit}, mean {}", count(of.shortest as f64), count(of.longest as f64), measured(of.mean.round()))
    }));
    if column.common.is_empty() {
        said.extend(column.numbers.map(|of| {
            format!("{} to {}, mean {}, deviation {}", measured(of.least), measured(of.most), measured(of.mean), measured(of.std))
        }));
        said.push(match column.distinct {
            Some(distinct) => format!("{} different", count(distinct as f64)),
            None => "more than 1,000,000 different".into(),
        });
    } else {
        let share = |part: u64| 100.0 * part as f64 / rows.max(1) as f64;
        let class = |(name, of): &(String, u64)| format!("{name} {} ({:.0} %)", count(*of as f64), share(*of));
        let classes: Vec<String> = column.common.iter().take(CLASSES).map(class).collect();
        let more = column.distinct.unwrap_or(0).saturating_sub(classes.len() as u64);
        said.push(classes.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() });
    }
    said.extend((column.blank > 0).then(|| format!("{} blank", count(column.blank as f64))));
    said.join("; ")
}

fn samples(described: &Described) -> String {
    let Some(first) = described.splits.first().filter(|split| !split.samples.is_empty()) else { return String::new() };
    let mut out = format!("\nRows of {}\n", clean(&first.split));
    let width = first.columns.iter().map(|column| column.name.chars().count()).max().unwrap_or(0).min(30);
    for (at, row) in first.samples.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        row.iter().for_each(|(name, cell)| out.push_str(&format!("  {:<width$}  {}\n", clean(name), clean(cell))));
    }
    out
}
