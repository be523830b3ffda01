//! A plan as people read it.

use crate::plan::{self, Gate, Loose, Plan, usd_of};
use crate::report::{self, Style};
use crate::spec::{Columns, DataSource, ModelSpec};
use crate::store::RunFolder;
use crate::words::{address, bytes, clean, count, dollars, duration, plain, quoted};

/// The plan on a screen: what is run, what it costs, what differs from what was stated, and what was assumed.
pub(super) fn page(plan: &Plan, folder: &RunFolder, style: Style) -> String {
    let spec = &plan.spec;
    let mut out = format!("{}\n", style.bold(&clean(&spec.title)));
    if let Some(claim) = &spec.claim {
        let page = claim.page.map(|page| format!(", page {page}")).unwrap_or_default();
        out.push_str(&format!("{} ({}{page})\n", clean(&claim.statement), clean(&claim.source)));
    }
    out.push('\n');
    let rows = settings(plan);
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    rows.iter().for_each(|(name, value)| out.push_str(&format!("  {name:<width$}  {value}\n")));
    out.push_str(&cited(plan, style));
    if !plan.deviations.is_empty() {
        out.push_str(&format!("\n{}\n", style.bold("Differs from what is stated")));
        for d in &plan.deviations {
            out.push_str(&format!(
                "  {}: {} -> {}\n    {}\n",
                clean(&d.field),
                clean(&d.stated),
                clean(&d.used),
                clean(&d.reason)
            ));
        }
    }
    if !spec.not_understood.is_empty() {
        out.push_str(&format!("\n{}\n", style.bold("Not understood")));
        out.push_str(&not_understood(plan));
    }
    let licensed = plan::licensed(spec, &plan.facts);
    if !licensed.is_empty() {
        out.push_str(&format!("\n{}\n", style.bold("On these terms")));
        for one in &licensed {
            let asked = one.gate() == Gate::Ask && !one.is_accepted(&spec.budget.accept_licenses);
            let ask = if asked { format!(" (needs `--accept-license \"{}\"`)", one.id()) } else { String::new() };
            out.push_str(&format!("  {}\n", clean(&(one.in_words() + &ask))));
        }
    }
    if !plan.assumptions.is_empty() {
        out.push_str(&format!("\n{}\n", style.bold("Assumed")));
        plan.assumptions.iter().for_each(|a| out.push_str(&format!("  {}\n", clean(a))));
    }
    out.push_str(&format!(
        "\nExperiment  {}\nRun it      tallow resume {}\n",
        folder.spec().display(),
        crate::words::shell(folder.root())
    ));
    out
}

/// Words of the request that nothing came of: columns and numbers apart, for those are what is meant least often in passing.
fn not_understood(plan: &Plan) -> String {
    let (own, table) = (&plan.spec.data.columns, plan.facts.data.table.as_ref());
    let has_part = |name: &&String| {
        let by = plan.spec.data.held_out_by.column().is_some_and(|column| column == *name);
        by || own.label.iter().chain(&own.labels).chain(&own.input).chain(&own.exclude).any(|own| own == *name)
    };
    let numeric = table.into_iter().flat_map(|table| table.numeric.iter().map(|column| &column.name));
    let others = table.into_iter().flat_map(|table| table.categorical.iter().map(|column| &column.name));
    let left_out = table.into_iter().flat_map(|table| &table.left_out);
    let columns: Vec<&str> = numeric.chain(others).chain(left_out).filter(|name| !has_part(name)).map(String::as_str).collect();
    let (mut lines, mut rest, mut told) = (String::new(), Vec::new(), Vec::new());
    for words in &plan.spec.not_understood {
        match Loose::of(words, &columns) {
            Loose::Column(name) if told.contains(&name) => {}
            Loose::Column(name) => {
                lines.push_str(&format!("  `{}` is a column, and nothing was done with it (`{}`)\n", clean(&name), clean(words)));
                told.push(name);
            }
            Loose::Number => lines.push_str(&format!("  `{}`: a number, and nothing was done with it\n", clean(words))),
            Loose::Words => rest.push(words),
        }
    }
    if !rest.is_empty() {
        lines.push_str(&format!("  {}\n", clean(&quoted(rest))));
    }
    format!("{lines}    {}\n", report::NOT_UNDERSTOOD)
}

fn settings(plan: &Plan) -> Vec<(&'static str, String)> {
    let (spec, estimate) = (&plan.spec, &plan.estimate);
    let split =
        |name: &str| plan.facts.data.splits.iter().find(|s| s.name == name).map_or(String::new(), |s| count(s.examples as f64));
    // Of those that are trained on as many as there may be.
    let trained = |name: &str| {
        let all = plan.facts.data.splits.iter().find(|s| s.name == name && s.tokens.is_none()).map(|s| s.examples);
        match (spec.data.max_train_examples, all) {
            (Some(most), Some(all)) if most < all => format!("{} of {}", count(most as f64), count(all as f64)),
            _ => split(name),
        }
    };
    let data = match &spec.data.source {
        DataSource::Hub { id, config, .. } => format!("{id}{}", config.as_ref().map(|c| format!(", {c}")).unwrap_or_default()),
        DataSource::Local { path } => path.display().to_string(),
        DataSource::Url { url, .. } => address(url),
        DataSource::Generated { name, .. } => format!("{name}, made by Tallow"),
    };
    let model = match &spec.model {
        ModelSpec::Pretrained { id, .. } => id.clone(),
        ModelSpec::Scratch { config, .. } => format!("{} from scratch", config.family()),
    };
    let target = spec.target.as_ref().map(|t| format!(", target {} ({})", plain(t.value), clean(&t.source))).unwrap_or_default();
    let mut rows = vec![
        (
            "data",
            format!(
                "{data}: train on `{}` ({}), verdict on `{}` ({})",
                spec.data.train,
                trained(&spec.data.train),
                spec.data.held_out,
                split(&spec.data.held_out)
            ),
        ),
        ("columns", columns(&plan.facts.data.columns)),
        ("model", format!("{model}, {} parameters", count(estimate.num_params as f64))),
        ("metric", format!("{}{target}", spec.metric.in_words())),
    ];
    rows.retain(|(_, value)| !value.is_empty());
    rows.extend(report::settings(plan, plan.runs.first()));
    let secs = estimate.train_secs * plan.runs.len() as f64;
    rows.extend(spec.search.as_ref().map(|search| {
        let all = duration(estimate.train_secs * search.trainings(plan.runs.len()) as f64);
        let bounds =
            format!("up to {} recipes, by what is watched; ends after {} that are no better", search.max_trials, search.patience);
        ("search", format!("{bounds}; about {all} of training if all of them take as long as the first"))
    }));
    rows.push((
        "estimate",
        format!("{} of training here, {} of memory", duration(secs), bytes(estimate.peak_memory_bytes as f64)),
    ));
    let limits = [
        spec.budget.max_time_secs.map(|limit| duration(limit as f64)),
        spec.budget.max_memory_bytes.map(|limit| format!("{} of memory", bytes(limit as f64))),
        spec.budget.max_disk_bytes.map(|limit| format!("{} of disk", bytes(limit as f64))),
    ];
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    rows.extend((!limits.is_empty()).then(|| ("limit", limits.join(", "))));
    rows.extend(plan.facts.host.usd_per_hour.map(|price| {
        let limit = spec.budget.max_usd.map(|max| format!(", limit {}", dollars(max))).unwrap_or_default();
        ("cost", format!("about {} of this machine, at {} an hour{limit}", dollars(usd_of(secs, price)), dollars(price)))
    }));
    for (name, gpu) in &plan.facts.host.gpus {
        let secs = gpu.secs(estimate.train_flops * plan.runs.len() as f64);
        let room = match gpu.has_room_for(estimate.peak_memory_bytes as f64) {
            true => "",
            false => ", and its memory is too small",
        };
        let about = format!("about {} and {} by its data sheet", duration(secs), dollars(usd_of(secs, gpu.usd_per_hour)));
        rows.push(("elsewhere", format!("{}: {about}{room} (Tallow does not train there yet)", clean(name))));
    }
    rows
}

/// What is told from what: `area + rooms -> price`. Empty where no columns are known.
fn columns(columns: &Columns) -> String {
    const MOST: usize = 8;
    let list = |names: &[String]| {
        let shown = names.iter().take(MOST).map(|name| clean(name)).collect::<Vec<_>>().join(" + ");
        let more = names.len().saturating_sub(MOST);
        if more == 0 { shown } else { format!("{shown} and {more} more") }
    };
    let told: Vec<String> = columns.label.iter().chain(&columns.labels).cloned().collect();
    match (columns.input.is_empty(), told.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("-> {}", list(&told)),
        (false, true) => list(&columns.input),
        (false, false) => format!("{} -> {}", list(&columns.input), list(&told)),
    }
}

/// What the paper says, with its words.
fn cited(plan: &Plan, style: Style) -> String {
    if plan.spec.citations.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{}\n", style.bold("Taken from the paper"));
    for c in &plan.spec.citations {
        let quote: String = clean(&c.quote).chars().take(110).collect();
        out.push_str(&format!("  {}: {} (page {}: \"{quote}\")\n", clean(&c.field), clean(&c.value), c.page));
    }
    out
}
