//! `tallow profile`: where the time of a training step goes.

use super::args::{RunArgs, Wishes};
use super::environment::Environment;
use super::experiment::{self, Start};
use super::worker::keep_memory;
use crate::error::{Class, Failure, Result};
use crate::plan::{Plan, size_of};
use crate::report::Style;
use crate::spec::Task;
use crate::store::Purpose;
use crate::trainer::{self, BatchShape, Profiled, Row};
use crate::words::{bytes, count, plain};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tallow_zoo::Modality;

/// What the flags say of the measurement itself.
pub(super) struct Asked {
    pub(super) steps: u64,
    pub(super) tokens: Option<usize>,
}

#[derive(Debug, thiserror::Error)]
enum ProfileError {
    #[error("`{option}` has no part in a profile, which times steps of one recipe and trains nothing")]
    NoPart { option: &'static str },
    #[error("`--tokens` is how long texts are, and the model is fed with {what}")]
    NoTexts { what: &'static str },
}

impl Failure for ProfileError {
    fn class(&self) -> Class {
        Class::Usage
    }
    fn hint(&self) -> Option<String> {
        Some("leave it out".into())
    }
}

/// The first flag that was given of those that are for runs alone.
fn without_part(wishes: &Wishes) -> Option<&'static str> {
    let budget = &wishes.budget;
    let all = [
        ("--improve", wishes.improve.is_some()),
        ("--seeds", !wishes.seeds.is_empty()),
        ("--max-attempts", budget.max_attempts.is_some()),
        ("--max-silence", budget.max_silence.is_some()),
        ("--max-disk", budget.max_disk.is_some()),
        ("--allow-scope-change", budget.allow_scope_change),
    ];
    all.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
}

/// How often it is told how far the steps are.
const TELL: Duration = Duration::from_secs(5);

/// Plans what was asked, and times steps of its model in this process: nothing of the data but its sizes is used.
pub(super) fn profile(
    json: bool,
    env: &Environment,
    start: Start,
    wishes: &Wishes,
    args: &RunArgs,
    asked: &Asked,
) -> Result<ExitCode> {
    if let Some(option) = without_part(wishes) {
        return Err(ProfileError::NoPart { option }.into());
    }
    keep_memory();
    let passing = experiment::passing_folder()?;
    let root = args.out.clone().unwrap_or_else(|| passing.path().join("profile"));
    let folder = experiment::create(env, root, Purpose::Experiment)?;
    let plan = experiment::plan(json, env, folder, &start, wishes, (&args.hub, &args.worker))?;
    let Some(config) = plan.runs.first() else { return Ok(ExitCode::SUCCESS) };
    let shape = shape(&plan, asked);
    let others = match shape {
        BatchShape::Texts { .. } => None,
        BatchShape::Images { .. } => Some("images"),
        BatchShape::Rows { .. } => Some("rows"),
    };
    if let Some(what) = others.filter(|_| asked.tokens.is_some()) {
        return Err(ProfileError::NoTexts { what }.into());
    }
    let mut last = Instant::now();
    let mut tell = |done: u64| {
        if !json && last.elapsed() >= TELL {
            last = Instant::now();
            experiment::tell_progress(&format!("  step {done} of {}", asked.steps));
        }
    };
    let profiled = trainer::profile(config, shape, asked.steps, &mut tell)?;
    if json {
        return super::print_json(&profiled);
    }
    let style = env.style(&std::io::stdout());
    super::say_all(&page(&plan, &profiled, style))
}

/// A micro-batch of the plan, each text as long as the data's mean.
fn shape(plan: &Plan, asked: &Asked) -> BatchShape {
    let (recipe, batch) = plan.runs.first().map_or((&plan.spec.recipe, 1), |run| (&run.recipe, run.micro_batch_size));
    let size = size_of(&plan.facts.model.config, &plan.facts.data, recipe);
    if plan.spec.task.takes() == Modality::Table {
        return BatchShape::Rows { batch };
    }
    match (plan.facts.model.config.text_limits(), plan.facts.data.image_shape) {
        (Some((vocab_size, most)), _) => {
            // Texts of an example whose vectors are compared are several, and read one by one.
            let vectors = plan.spec.task == Task::SentenceSimilarity;
            let each = if vectors { plan.facts.data.columns.input.len().max(2) } else { 1 };
            let tokens = asked.tokens.unwrap_or(size.div_ceil(each)).min(most);
            BatchShape::Texts { batch: batch * each, tokens, vocab_size }
        }
        (None, Some([height, width, channels])) => BatchShape::Images { batch, channels, height, width },
        (None, None) => BatchShape::Images { batch, channels: 3, height: size, width: size },
    }
}

/// The table for people.
fn page(plan: &Plan, profiled: &Profiled, style: Style) -> String {
    let (what, unit) = match profiled.shape {
        BatchShape::Texts { batch, tokens, .. } => (format!("{batch} texts of {tokens} tokens"), "tokens"),
        BatchShape::Images { batch, channels, height, width } => {
            (format!("{batch} images of {height} x {width} x {channels}"), "images")
        }
        BatchShape::Rows { batch } => (format!("{batch} rows"), "rows"),
    };
    let speed = count(profiled.shape.count() as f64 / profiled.median_secs);
    let mut out = format!("{}\n\n", style.bold(&crate::words::clean(&plan.spec.title)));
    out.push_str(&format!("  batch      {what}, {} parameters\n", count(profiled.num_params as f64)));
    out.push_str(&format!(
        "  a step     median {} ms, least {} ms of {} on {} threads: {speed} {unit}/s\n",
        ms(profiled.median_secs),
        ms(profiled.min_secs),
        profiled.steps,
        profiled.threads
    ));
    out.push_str(&format!(
        "  machine    {} GFLOP/s in products, {}/s of memory; the step reaches {} % of the former\n\n",
        count(profiled.matmul_flops / 1e9),
        bytes(profiled.memory_bytes_per_sec),
        plain((profiled.product_share() * 1000.0).round() / 10.0)
    ));
    let header = ["operation", "calls", "forward", "backward", "share", "at least", "times that", "GFLOP/s"];
    let lines: Vec<[String; 8]> = profiled.rows.iter().map(|row| line(row, profiled)).collect();
    let width = |i: usize| lines.iter().map(|line| line[i].len()).chain([header[i].len()]).max().unwrap_or(0);
    let widths: [usize; 8] = std::array::from_fn(width);
    let lay = |cells: [&str; 8]| {
        let cells = cells
            .iter()
            .enumerate()
            .map(|(i, cell)| if i == 0 { format!("{cell:<0$}", widths[i]) } else { format!("{cell:>0$}", widths[i]) });
        format!("  {}\n", cells.collect::<Vec<_>>().join("  "))
    };
    out.push_str(&style.bold(lay(header).trim_end()));
    out.push('\n');
    lines.iter().for_each(|line| out.push_str(&lay(std::array::from_fn(|i| line[i].as_str()))));
    out.push_str(
        "\nTimes in ms a step. At least: what the operations and bytes need at the machine's speeds above; arrays that\n",
    );
    out.push_str("stay in the processor's caches can be faster than that.\n");
    out
}

fn line(row: &Row, profiled: &Profiled) -> [String; 8] {
    let blank = |there: bool, text: String| if there { text } else { String::new() };
    let mean: f64 = profiled.rows.iter().map(Row::secs).sum();
    [
        row.name.clone(),
        row.calls.to_string(),
        ms(row.forward_secs),
        blank(row.backward_secs > 0.0, ms(row.backward_secs)),
        format!("{:.1} %", 100.0 * row.secs() / mean),
        blank(row.floor_secs > 0.0, ms(row.floor_secs)),
        blank(row.floor_secs > 0.0, format!("{:.1}", row.secs() / row.floor_secs)),
        blank(row.flops > 0.0, count(row.flops / row.secs() / 1e9)),
    ]
}

/// Milliseconds, to a hundredth.
fn ms(secs: f64) -> String {
    format!("{:.2}", secs * 1e3)
}

#[cfg(test)]
mod tests {
    use super::super::args::BudgetArgs;
    use super::*;

    #[test]
    fn what_is_of_runs_has_no_part() {
        assert_eq!(without_part(&Wishes::default()), None);
        assert_eq!(without_part(&Wishes { epochs: Some(2.0), data: Some("t.csv".into()), ..Wishes::default() }), None);
        assert_eq!(without_part(&Wishes { seeds: vec![0, 1], ..Wishes::default() }), Some("--seeds"));
        assert_eq!(without_part(&Wishes { improve: Some(2), ..Wishes::default() }), Some("--improve"));
        let budget = BudgetArgs { allow_scope_change: true, ..BudgetArgs::default() };
        assert_eq!(without_part(&Wishes { budget, ..Wishes::default() }), Some("--allow-scope-change"));
    }
}
