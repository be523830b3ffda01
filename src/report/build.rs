//! Gathers a [`Report`] from the ledger, the plan and the evaluation.

use super::book::{Book, Finished};
use super::curves::curves;
use super::recovered::{changes, recovered};
use super::settings::settings;
use super::types::*;
use super::{Error, Sources, check};
use crate::eval::{Basis, Evaluation, RunScore};
use crate::job::{Event, RunConfig};
use crate::plan::{Compared, Plan};
use crate::spec::{BestBy, Metric, ModelSpec};
use crate::store::{Entry, Stage};
use crate::words;
use std::collections::BTreeMap;
use std::path::Path;

/// Version of `report.json`.
const VERSION: u32 = 1;

/// Builds and checks the report of an experiment. `events`: by run, those of its training attempts in order, for the curves.
/// `folder`: the run folder, for its name alone.
///
/// # Errors
/// The ledger lacks a row that the report needs, or a row does not hold the number that cites it.
pub fn build(
    plan: &Plan,
    ledger: &[Entry],
    evaluation: &Evaluation,
    events: &BTreeMap<String, Vec<Event>>,
    folder: &Path,
) -> Result<Report, Error> {
    let book = Book { ledger };
    let scores = scores(&book, plan, evaluation)?;
    let mut deviations = plan.deviations.clone();
    deviations.extend(recovered(plan, ledger));
    let claim = plan.spec.claim.as_ref();
    let mut report = Report {
        version: VERSION,
        title: plan.spec.title.clone(),
        run_id: folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        folder: folder.display().to_string(),
        metric: evaluation.metric,
        verdict: evaluation.verdict.clone(),
        scores,
        claim: claim.map(|c| ClaimShown {
            source: c.source.clone(),
            statement: c.statement.clone(),
            quote: c.quote.clone(),
            page: c.page,
        }),
        deviations,
        assumptions: plan.assumptions.iter().cloned().chain(unscored(plan, events)).collect(),
        not_understood: plan.spec.not_understood.clone(),
        citations: plan.spec.citations.clone(),
        search: book.search(),
        curves: curves(events, |run| book.last_started(run)),
        recipe: recipe(plan, ledger, book.stage(Stage::Plan)?),
        data: super::data::gather(&book, plan)?,
        model: model(&book, plan, evaluation)?,
        attempts: book.attempts(),
        jail: book.jail(),
        notes: book.notes(),
        classes: evaluation.kept_run().and_then(|run| book.classes(run)),
        samples: book.samples(),
        cost: plan.runs.iter().map(|run| cost(&book, plan, &run.name)).collect::<Result<_, Error>>()?,
        usd_per_hour: match plan.facts.host.usd_per_hour {
            Some(value) => Some(Sourced { value, ledger_row: book.stage(Stage::Plan)? }),
            None => None,
        },
        measured: book.measured(),
        repeat: book.repeat()?,
        rows: Vec::new(),
    };
    report.rows = book.rows(&check::cited(&report)?);
    check(&report, &Sources { ledger, made: Some((plan, evaluation)) })?;
    Ok(report)
}

/// That nothing was decided by watching, where it should have been and nothing that was watched ever had a value of the metric.
fn unscored(plan: &Plan, events: &BTreeMap<String, Vec<Event>>) -> Option<String> {
    let decides = |run: &&RunConfig| run.recipe.watching_decides() && run.recipe.best_by == BestBy::Metric;
    let has_none = |events: &Vec<Event>| {
        events.iter().any(|event| matches!(event, Event::Finished { .. }))
            && !events.iter().any(|event| matches!(event, Event::Monitored { .. }))
    };
    let run = plan.runs.iter().filter(decides).find(|run| events.get(&run.name).is_some_and(has_none))?;
    Some(format!(
        "recipe: nothing was stopped or kept by the {metric}: what was watched in `{run}` never had a value of it, as examples of one class have none",
        metric = run.metric.in_words(),
        run = words::clean(&run.name),
    ))
}

fn scores(book: &Book, plan: &Plan, evaluation: &Evaluation) -> Result<Scores, Error> {
    let (spec_row, eval_row) = (book.stage(Stage::Spec).or_else(|_| book.stage(Stage::Plan))?, book.stage(Stage::Eval)?);
    let at = |row| move |value: f64| Sourced { value, ledger_row: row };
    let runs = evaluation.runs.iter().map(|run| run_shown(book, run, evaluation.metric)).collect::<Result<Vec<_>, Error>>()?;
    // A single run's score is its own source; a mean over runs is the evaluation's.
    let ours_row = match runs.as_slice() {
        [only] => only.scores.first().map_or(eval_row, |(_, score)| score.ledger_row),
        _ => eval_row,
    };
    Ok(Scores {
        paper: plan.spec.claim.as_ref().and_then(|claim| claim.value).map(at(spec_row)),
        target: plan.spec.target.as_ref().map(|target| target.value).map(at(spec_row)),
        target_source: plan.spec.target.as_ref().map(|target| target.source.clone()),
        ours: Sourced { value: evaluation.mean, ledger_row: ours_row },
        interval: evaluation.interval.map(|interval| IntervalShown {
            low: at(eval_row)(interval.low),
            high: at(eval_row)(interval.high),
            basis: match interval.basis {
                Basis::Seeds { count } => format!("over {count} seeds (Student's t)"),
                Basis::Examples { count } => format!("over {} examples of one seed (Wilson)", words::count(count as f64)),
                Basis::SeedsAndDraw { seeds, examples } => {
                    format!("over {seeds} seeds and the draw of {} held-out examples", words::count(examples as f64))
                }
                Basis::Resamples { count } => format!("over {} examples of one seed (bootstrap)", words::count(count as f64)),
            },
        }),
        baseline: evaluation.baseline.map(at(eval_row)),
        baseline_is: match &evaluation.untrained {
            Some(_) => "the model before training".into(),
            None => plan.spec.task.guess_in_words().unwrap_or_default().into(),
        },
        runs,
    })
}

fn run_shown(book: &Book, run: &RunScore, metric: Metric) -> Result<RunShown, Error> {
    let row = book.evaluated(&run.run).ok_or_else(|| Error::NoRow { what: format!("the held-out score of {}", run.run) })?;
    let at = |value: f64| Sourced { value, ledger_row: row };
    let mut scores: Vec<(Metric, Sourced)> = run.scores.iter().map(|(metric, value)| (*metric, at(*value))).collect();
    scores.sort_by_key(|(found, _)| (*found != metric, *found));
    Ok(RunShown {
        run: run.run.clone(),
        seed: run.seed,
        examples: at(run.examples as f64),
        loss: at(run.loss),
        scores,
        weights_sha256: book.finished(&run.run).map(|finished| finished.sha256),
    })
}

/// What was run; what recovery changed about the first run, by the row that says so.
fn recipe(plan: &Plan, ledger: &[Entry], row: u64) -> Vec<Setting> {
    let (first, mut rows) = (plan.runs.first(), BTreeMap::new());
    let mut shown = settings(plan, first);
    for changed in first.map(|run| changes(run, ledger)).unwrap_or_default() {
        let then = settings(plan, Some(&changed.after));
        rows.extend(then.iter().filter(|setting| !shown.contains(setting)).map(|(name, _)| (*name, changed.row)));
        shown = then;
    }
    let row_of = |name: &str| rows.get(name).copied().unwrap_or(row);
    shown.into_iter().map(|(name, value)| Setting { name: name.into(), value, ledger_row: row_of(name) }).collect()
}

fn model(book: &Book, plan: &Plan, evaluation: &Evaluation) -> Result<ModelShown, Error> {
    let facts = &plan.facts.model;
    let config = plan.runs.first().map_or(&facts.config, |run| &run.model);
    let row = book.stage(Stage::Plan)?;
    let started = book.started();
    let kept = evaluation.kept_run();
    Ok(ModelShown {
        family: config.family().to_string(),
        base: match &plan.spec.model {
            ModelSpec::Pretrained { id, .. } => id.clone(),
            ModelSpec::Scratch { .. } => "from scratch".into(),
        },
        from_scratch: matches!(plan.spec.model, ModelSpec::Scratch { .. }),
        license: facts.license.clone(),
        revision: facts.revision.clone(),
        base_sha256: facts.weights_sha256.clone(),
        params: started.map(|(row, params, _)| Sourced { value: params as f64, ledger_row: row }),
        trainable: started.map(|(row, _, trainable)| Sourced { value: trainable as f64, ledger_row: row }),
        config: public_settings(&config.to_public(), row),
        kept_run: kept.map(str::to_string),
        place: "model/".into(),
        weights_sha256: kept.and_then(|run| book.finished(run)).map(|finished| finished.sha256),
    })
}

/// The plain fields of a public config.json.
fn public_settings(public: &serde_json::Value, row: u64) -> Vec<Setting> {
    let shown = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(_) | serde_json::Value::Bool(_) => Some(value.to_string()),
        serde_json::Value::Array(items) if items.iter().all(serde_json::Value::is_number) => {
            Some(items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
        _ => None,
    };
    let fields = public.as_object().into_iter().flatten();
    fields.filter_map(|(name, value)| Some(Setting { name: name.clone(), value: shown(value)?, ledger_row: row })).collect()
}

fn ratio(row: u64, compared: &Compared) -> Ratio {
    Ratio { ratio: Sourced { value: compared.ratio, ledger_row: row }, within: compared.within }
}

fn cost(book: &Book, plan: &Plan, run: &str) -> Result<RunCost, Error> {
    let row = book.stage(Stage::Plan)?;
    let estimate = |value: f64| Some(Sourced { value, ledger_row: row });
    let finished = book.finished(run);
    let of = |value: fn(&Finished) -> f64| finished.as_ref().map(|f| Sourced { value: value(f), ledger_row: f.row });
    Ok(RunCost {
        run: run.to_string(),
        estimated_secs: estimate(plan.estimate.train_secs),
        train_secs: of(|f| f.train_secs),
        tokens: of(|f| f.tokens),
        examples: of(|f| f.examples),
        steps: of(|f| f.steps),
        estimated_peak_bytes: estimate(plan.estimate.peak_memory_bytes as f64),
        peak_bytes: book.peak(run),
        time: book.checked(run).map(|(row, checked)| ratio(row, &checked.train_secs)),
        memory: book.checked(run).and_then(|(row, checked)| Some(ratio(row, checked.peak_bytes.as_ref()?))),
    })
}
