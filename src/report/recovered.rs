//! What recovery changed about the runs of a plan, as the ledger has it: each change is applied as the supervisor applied it, and what
//! differs is told.

use crate::job::RunConfig;
use crate::plan::Plan;
use crate::spec::{Deviation, ExperimentSpec, Length, Optimizer};
use crate::store::{Decided, Entry, Record};
use crate::words::{self, plain};

/// A change of a run.
pub(super) struct Changed<'a> {
    pub(super) before: RunConfig,
    pub(super) after: RunConfig,
    pub(super) reason: &'a str,
    pub(super) row: u64,
}

/// The changes of `run`, in order.
pub(super) fn changes<'a>(run: &RunConfig, ledger: &'a [Entry]) -> Vec<Changed<'a>> {
    let (mut config, mut changes) = (run.clone(), Vec::new());
    for entry in ledger {
        let Record::Recovery { run: of, decision: Decided::Changed(change), reason, .. } = &entry.record else { continue };
        if *of == run.name {
            let after = change.apply(&config);
            let before = std::mem::replace(&mut config, after);
            changes.push(Changed { before, after: config.clone(), reason, row: entry.row });
        }
    }
    changes
}

/// `run` as it was trained in the end.
pub fn as_trained(run: &RunConfig, ledger: &[Entry]) -> RunConfig {
    changes(run, ledger).pop().map_or_else(|| run.clone(), |last| last.after)
}

/// The experiment as `run` of it was trained in the end, which makes the same weights: what recovery changed is a deviation of it.
pub fn experiment_as_trained(plan: &Plan, run: &str, ledger: &[Entry]) -> ExperimentSpec {
    let mut spec = plan.spec.clone();
    let Some(planned) = plan.runs.iter().find(|planned| planned.name == run) else { return spec };
    let trained = as_trained(planned, ledger);
    spec.recipe = trained.recipe;
    if trained.micro_batch_size != planned.micro_batch_size {
        spec.recipe.micro_batch_size = Some(trained.micro_batch_size);
    }
    spec.deviations.extend(deviations_of(planned, ledger));
    spec
}

/// What recovery changed about what is tested, as deviations from it: a lower learning rate is one, smaller forward passes are not.
pub fn recovered(plan: &Plan, ledger: &[Entry]) -> Vec<Deviation> {
    plan.runs.iter().flat_map(|run| deviations_of(run, ledger)).collect()
}

fn deviations_of(run: &RunConfig, ledger: &[Entry]) -> Vec<Deviation> {
    let of_change = |changed: Changed| {
        let reason = format!("recovery of {}: {}", run.name, changed.reason);
        let told =
            move |(field, stated, used): (&str, _, _)| Deviation { field: field.into(), stated, used, reason: reason.clone() };
        differences(&changed.before, &changed.after).into_iter().map(told).collect::<Vec<_>>()
    };
    changes(run, ledger).into_iter().flat_map(of_change).collect()
}

/// Field, what it was and what it is.
fn differences(before: &RunConfig, after: &RunConfig) -> Vec<(&'static str, String, String)> {
    let (was, is) = (&before.recipe, &after.recipe);
    let optimizer = match (&was.optimizer, &is.optimizer) {
        (Optimizer::Muon { adamw_lr: was, .. }, Optimizer::Muon { adamw_lr: is, .. }) => {
            ("recipe.optimizer.adamw_lr", plain(*was), plain(*is))
        }
        (was, is) => ("recipe.optimizer", words::optimizer(was), words::optimizer(is)),
    };
    let norm = |norm: Option<f64>| norm.map_or("none".into(), plain);
    let warmup = |config: &RunConfig| words::length(&Length::Steps(config.recipe.schedule.warmup().steps(config.total_steps)));
    let examples = |config: &RunConfig| match config.leave_out.as_slice() {
        [] => "every example".to_string(),
        [one] => format!("without example {one}"),
        more => format!("without examples {}", more.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    };
    let all = [
        ("recipe.lr", plain(was.lr), plain(is.lr)),
        ("recipe.schedule.warmup", warmup(before), warmup(after)),
        ("recipe.grad_clip_norm", norm(was.grad_clip_norm), norm(is.grad_clip_norm)),
        optimizer,
        ("data.train", examples(before), examples(after)),
    ];
    all.into_iter().filter(|(_, was, is)| was != is).collect()
}
