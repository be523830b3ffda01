//! `tallow diff`: how two runs, or two models that runs left, differ.

use super::environment::Environment;
use super::verify::difference;
use crate::error::Result;
use crate::pipeline::{Side, compare_sides};
use crate::provenance::Comparison;
use crate::words::clean;
use serde::Serialize;
use std::path::Path;
use std::process::ExitCode;

pub(super) fn diff(json: bool, env: &Environment, a: &str, b: &str) -> Result<ExitCode> {
    let open = |name: &str| {
        let (here, run) = (Path::new(name), env.runs.join(name));
        Side::open(if here.exists() || !run.is_dir() { here } else { &run })
    };
    let found = compare_sides(&open(a)?, &open(b)?);
    if json {
        let answer = Answer { a, b, same: found.is_same(), first: first(&found), comparison: &found };
        return super::print_json(&answer);
    }
    super::say_all(&page(a, b, &found))
}

/// For machines.
#[derive(Serialize)]
struct Answer<'a> {
    a: &'a str,
    b: &'a str,
    same: bool,
    /// The first difference, in words.
    first: Option<String>,
    comparison: &'a Comparison,
}

fn first(found: &Comparison) -> Option<String> {
    let input = found.inputs.first().map(|input| difference(input, "a", "b").trim().to_string());
    input
        .or_else(|| found.partings.iter().next().map(|(run, parting)| parts(run, parting)))
        .or_else(|| found.other_weights.first().map(|run| format!("{run}: other weights")))
        .or_else(|| found.not_prepared.as_deref().map(not_prepared))
}

fn not_prepared(side: &str) -> String {
    format!("{side} was planned and not prepared yet: there is nothing of its data, weights and machine to compare")
}

fn parts(run: &str, parting: &crate::provenance::Parting) -> String {
    format!("{run}, step {}, {}: a {}, b {}", parting.step, parting.quantity.in_words(), parting.a, parting.b)
}

fn page(a: &str, b: &str, found: &Comparison) -> String {
    let mut out = format!("a {}\nb {}\n\n", clean(a), clean(b));
    match found.inputs.split_first() {
        None if found.not_prepared.is_some() => out.push_str("What was planned is the same\n"),
        None => out.push_str("All inputs that are recorded are the same\n"),
        Some((first, rest)) => {
            out.push_str(&format!("Differs first\n{}", difference(first, "a", "b")));
            if !rest.is_empty() {
                out.push_str("\nDiffers besides\n");
                rest.iter().for_each(|input| out.push_str(&difference(input, "a", "b")));
            }
        }
    }
    if let Some(side) = &found.not_prepared {
        out.push_str(&format!("\n{}\n", not_prepared(side)));
    }
    if !found.partings.is_empty() {
        out.push_str("\nTrainings part\n");
        found.partings.iter().for_each(|(run, parting)| out.push_str(&format!("  {}\n", parts(run, parting))));
    }
    for (runs, what) in [(&found.same_weights, "The same weights, bit for bit"), (&found.other_weights, "Other weights")] {
        if !runs.is_empty() {
            out.push_str(&format!("\n{what}: {}\n", runs.join(", ")));
        }
    }
    out
}
