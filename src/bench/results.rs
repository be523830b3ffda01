//! What trials say together.

use super::beside::{Apart, Beside};
use super::fault::{Expected, Fault};
use super::suite::{Agents, Goal, Suite, TierName};
use super::trial::{Machine, Program, Split, Trial};
use crate::eval::{of_mean, wilson};
use crate::spec::Metric;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The version of `results.json`.
pub(super) const VERSION: u32 = 1;

/// Everything that the pages about a bench say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    pub version: u32,
    pub suite: String,
    pub summary: String,
    pub tier: TierName,
    /// What the results are called, such as a commit.
    pub label: Option<String>,
    /// UTC, RFC 3339.
    pub at: String,
    /// The command that made them last, and on what; each trial has its own.
    pub command: Vec<String>,
    pub machine: Machine,
    /// How many times the suite's time limits were allowed.
    pub patience: f64,
    /// Programs that trials were run with, and how many each.
    pub programs: Vec<(Program, usize)>,
    pub tasks: Vec<TaskResult>,
    /// Over all tasks, by fault.
    pub totals: Vec<Total>,
    pub trials: Vec<Trial>,
    /// Files of trials that cannot be read, and why: those are not counted.
    #[serde(default)]
    pub unreadable: Vec<String>,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskResult {
    pub id: String,
    pub name: String,
    pub target: Goal,
    pub human_minutes: Option<f64>,
    pub agents: Option<Agents>,
    pub by_fault: Vec<Summary>,
}

/// One task with one fault, over seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub fault: Fault,
    pub seeds: Vec<u64>,
    /// Of the trials that the fault came to pass in.
    pub first_attempt: Share,
    pub after_recovery: Share,
    pub time_to_target: Option<Middle>,
    pub metric: Option<Mean>,
    /// Means over the trials.
    pub attempts: f64,
    pub split: Split,
    pub tokens_per_sec: Option<f64>,
    pub examples_per_sec: Option<f64>,
    /// The largest.
    pub peak_bytes: Option<u64>,
    pub energy_joules: Option<f64>,
    pub model_tokens: u64,
    pub model_dollars: f64,
    pub interventions: usize,
    /// What recovery changed, each once.
    pub changes: Vec<String>,
    /// (seed, why, run folder) of what did not go well.
    pub failures: Vec<(u64, String, String)>,
    pub beside: Option<BesideMean>,
}

/// Tallow beside another framework: ratios are Tallow's by the other's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BesideMean {
    /// Of training and scoring what it made, with the start of their processes; a ratio below 1 is faster.
    pub time_ratio: Option<Mean>,
    /// Of examples a second of training; a ratio above 1 is faster.
    pub throughput_ratio: Option<Mean>,
    /// Of peak memory; a ratio below 1 takes less.
    pub memory_ratio: Option<Mean>,
    /// Of the metric: Tallow's less the other's.
    pub difference: Option<Mean>,
    /// The largest of the seeds.
    #[serde(default)]
    pub apart: Option<Apart>,
    /// Why there is nothing to stand beside it.
    pub nothing: Vec<String>,
}

/// A share with Wilson's 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    pub hits: usize,
    pub of: usize,
    pub low: f64,
    pub high: f64,
}

impl Share {
    pub fn new(hits: usize, of: usize) -> Self {
        let interval = (of > 0).then(|| wilson(hits as f64 / of as f64, of));
        Share { hits, of, low: interval.map_or(0.0, |i| i.low), high: interval.map_or(1.0, |i| i.high) }
    }

    /// None of nothing.
    pub fn value(&self) -> Option<f64> {
        (self.of > 0).then(|| self.hits as f64 / self.of as f64)
    }
}

/// A mean with Student's 95 % interval, where there are two values or more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    pub mean: f64,
    pub interval: Option<[f64; 2]>,
    pub count: usize,
}

impl Mean {
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len();
        (count > 0).then(|| Mean { mean: values.iter().sum::<f64>() / count as f64, interval: of_mean(values), count })
    }

    /// With an interval that has no value which there cannot be.
    pub fn within(self, (least, most): (f64, f64)) -> Self {
        Mean { interval: self.interval.map(|interval| interval.map(|end| end.clamp(least, most))), ..self }
    }
}

/// A mean without the least and the greatest, where there are at least three values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Middle {
    pub mean: f64,
    pub least: f64,
    pub greatest: f64,
    pub count: usize,
}

impl Middle {
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (least, greatest) = (*sorted.first()?, *sorted.last()?);
        let middle = if sorted.len() >= 3 { &sorted[1..sorted.len() - 1] } else { &sorted[..] };
        Some(Middle { mean: middle.iter().sum::<f64>() / middle.len() as f64, least, greatest, count: sorted.len() })
    }
}

/// All tasks with one fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Total {
    pub fault: Fault,
    pub tasks: usize,
    pub first_attempt: Share,
    pub after_recovery: Share,
    /// Trials in which the fault did not come to pass, and which are not counted.
    pub not_struck: usize,
}

/// What is known besides trials.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    pub tier: TierName,
    pub label: Option<String>,
    pub at: String,
    pub command: Vec<String>,
    pub machine: Machine,
    pub patience: f64,
    pub unreadable: Vec<String>,
}

impl Results {
    /// Of all `trials` of the suite's tier.
    pub fn of(suite: &Suite, about: About, mut trials: Vec<Trial>) -> Results {
        let place = |id: &str| suite.task.iter().position(|task| task.id == id).unwrap_or(usize::MAX);
        trials.sort_by_key(|trial| (place(&trial.task), trial.fault, trial.seed));
        let mut programs: BTreeMap<Program, usize> = BTreeMap::new();
        trials.iter().for_each(|trial| *programs.entry(trial.program.clone()).or_default() += 1);
        let faults: BTreeSet<Fault> = trials.iter().map(|trial| trial.fault).collect();
        let of = |task: Option<&str>, fault: Fault| -> Vec<&Trial> {
            trials.iter().filter(|t| task.is_none_or(|task| t.task == task) && t.fault == fault).collect()
        };
        let tasks = suite.task.iter().filter_map(|task| {
            let goal = &task.tier(about.tier)?.target;
            let by_fault: Vec<Summary> =
                faults.iter().filter_map(|fault| summary(*fault, goal.metric, &of(Some(&task.id), *fault))).collect();
            (!by_fault.is_empty()).then(|| TaskResult {
                id: task.id.clone(),
                name: task.name.clone(),
                target: goal.clone(),
                human_minutes: task.human_minutes,
                agents: task.agents.clone(),
                by_fault,
            })
        });
        Results {
            version: VERSION,
            suite: suite.name.clone(),
            summary: suite.summary.clone(),
            tier: about.tier,
            label: about.label,
            at: about.at,
            command: about.command,
            machine: about.machine,
            patience: about.patience,
            programs: programs.into_iter().collect(),
            tasks: tasks.collect(),
            totals: faults.iter().map(|fault| total(*fault, &of(None, *fault))).collect(),
            trials: trials.clone(),
            unreadable: about.unreadable,
        }
    }

    /// The machines that trials were run on, and how many each; what else ran there is left out.
    pub fn machines(&self) -> Vec<(Machine, usize)> {
        let mut found: Vec<(Machine, usize)> = Vec::new();
        for trial in &self.trials {
            // Trials of an earlier version do not tell.
            let own = if trial.machine == Machine::default() { &self.machine } else { &trial.machine };
            let machine = Machine { load: None, ..own.clone() };
            match found.iter_mut().find(|(other, _)| *other == machine) {
                Some((_, count)) => *count += 1,
                None => found.push((machine, 1)),
            }
        }
        found
    }

    /// What all tasks say with this fault.
    pub fn total(&self, fault: Fault) -> Option<&Total> {
        self.totals.iter().find(|total| total.fault == fault)
    }

    /// The trials of a task with a fault.
    pub fn of_task<'a>(&'a self, task: &'a str, fault: Fault) -> impl Iterator<Item = &'a Trial> {
        self.trials.iter().filter(move |trial| trial.task == task && trial.fault == fault)
    }
}

fn shares(trials: &[&Trial]) -> (Share, Share) {
    let counted: Vec<&&Trial> = trials.iter().filter(|trial| trial.counts()).collect();
    let count = |well: fn(&Trial) -> bool| counted.iter().filter(|trial| well(trial)).count();
    (Share::new(count(Trial::first), counted.len()), Share::new(count(Trial::well), counted.len()))
}

fn total(fault: Fault, trials: &[&Trial]) -> Total {
    let (first_attempt, after_recovery) = shares(trials);
    let tasks = trials.iter().map(|trial| &trial.task).collect::<BTreeSet<_>>().len();
    Total { fault, tasks, first_attempt, after_recovery, not_struck: trials.iter().filter(|trial| !trial.struck).count() }
}

/// Of the trials that the fault struck, and whose end is their own: the others say nothing of it.
fn summary(fault: Fault, metric: Metric, trials: &[&Trial]) -> Option<Summary> {
    let counted: Vec<&Trial> = trials.iter().copied().filter(|trial| trial.counts()).collect();
    let trials = counted.as_slice();
    let count = trials.len();
    if count == 0 {
        return None;
    }
    let (first_attempt, after_recovery) = shares(trials);
    let mean = |of: &dyn Fn(&Trial) -> f64| trials.iter().map(|trial| of(trial)).sum::<f64>() / count as f64;
    let some = |of: &dyn Fn(&Trial) -> Option<f64>| -> Vec<f64> { trials.iter().filter_map(|trial| of(trial)).collect() };
    // A refusal reaches no target.
    let to_target = |trial: &Trial| Some(trial.wall_secs).filter(|_| trial.well() && fault.expected() == Expected::Target);
    let rate = |of: fn(&Trial) -> Option<u64>| {
        let rates =
            some(&|trial| Some(of(trial)? as f64 / trial.took.train_secs?).filter(|rate| *rate > 0.0 && rate.is_finite()));
        Mean::of(&rates).map(|mean| mean.mean)
    };
    let changes: BTreeSet<String> = trials.iter().flat_map(|trial| trial.took.changes.iter().cloned()).collect();
    let failure = |trial: &&&Trial| {
        let why = trial.why.clone().unwrap_or_else(|| trial.ending.in_words().into());
        (trial.seed, format!("{}: {why}", trial.ending.in_words()), trial.folder.clone())
    };
    Some(Summary {
        fault,
        seeds: trials.iter().map(|trial| trial.seed).collect(),
        first_attempt,
        after_recovery,
        time_to_target: Middle::of(&some(&to_target)),
        metric: Mean::of(&some(&|trial| trial.value)).map(|mean| mean.within(metric.range())),
        attempts: mean(&|trial| trial.took.attempts as f64),
        split: Split {
            plan: mean(&|trial| trial.took.split.plan),
            download: mean(&|trial| trial.took.split.download),
            prepare: mean(&|trial| trial.took.split.prepare),
            train: mean(&|trial| trial.took.split.train),
            evaluate: mean(&|trial| trial.took.split.evaluate),
            rest: mean(&|trial| trial.took.split.rest),
        },
        tokens_per_sec: rate(|trial| trial.took.tokens),
        examples_per_sec: rate(|trial| trial.took.examples),
        peak_bytes: trials.iter().filter_map(|trial| trial.took.peak_bytes).max(),
        energy_joules: Mean::of(&some(&|trial| trial.took.energy_joules)).map(|mean| mean.mean),
        model_tokens: trials.iter().map(|trial| trial.took.model_tokens).sum(),
        model_dollars: trials.iter().map(|trial| trial.took.model_dollars).sum(),
        interventions: trials.iter().map(|trial| trial.took.interventions).sum(),
        changes: changes.into_iter().collect(),
        failures: trials.iter().filter(|trial| !trial.well()).map(|trial| failure(&trial)).collect(),
        beside: beside(metric, trials),
    })
}

fn beside(metric: Metric, trials: &[&Trial]) -> Option<BesideMean> {
    let pairs: Vec<(&Trial, &Beside)> = trials.iter().filter_map(|trial| Some((*trial, trial.beside.as_ref()?))).collect();
    if pairs.is_empty() {
        return None;
    }
    let ratios = |of: &dyn Fn(&Trial, &super::beside::Measured) -> Option<f64>| {
        let all = pairs.iter().filter_map(|(trial, beside)| of(trial, beside.measured.as_ref()?));
        Mean::of(&all.filter(|ratio| ratio.is_finite()).collect::<Vec<_>>())
    };
    Some(BesideMean {
        time_ratio: ratios(&|trial, other| Some(trial.took.trained_and_scored_secs() / other.wall_secs)),
        throughput_ratio: ratios(&|trial, other| {
            Some(trial.took.examples? as f64 / trial.took.train_secs? / (other.examples as f64 / other.train_secs))
        }),
        memory_ratio: ratios(&|trial, other| Some(trial.took.peak_bytes? as f64 / other.peak_bytes as f64)),
        difference: ratios(&|trial, other| Some(trial.scores.get(&metric).copied()? - other.scores.get(&metric).copied()?)),
        apart: pairs.iter().filter_map(|(_, beside)| beside.measured.as_ref()?.apart).reduce(Apart::max),
        nothing: pairs.iter().filter_map(|(_, beside)| beside.nothing.clone()).collect::<BTreeSet<_>>().into_iter().collect(),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::trial::{Ending, Took};
    use super::*;

    pub(crate) const SUITE: &str = r#"
version = 1
name = "small"
summary = "one task"
[[task]]
id = "reviews"
name = "BERT on reviews"
human_minutes = 30
[task.ci]
start = { kind = "request", text = "classify reviews.csv" }
time_limit_secs = 30
target = { metric = "accuracy", value = 0.8, source = "made so" }
"#;

    fn machine() -> Machine {
        Machine { processor: "A".into(), cores: 2, memory_bytes: 1 << 30, load: Some(0.1) }
    }

    pub(crate) fn trial(fault: Fault, seed: u64, ending: Ending, secs: f64, value: f64) -> Trial {
        Trial {
            version: 1,
            task: "reviews".into(),
            fault,
            seed,
            at: "2026-01-01T00:00:00Z".into(),
            command: vec!["tallow".into(), "do".into()],
            bench: vec!["tallow".into(), "bench".into(), "small".into()],
            machine: machine(),
            program: Program { version: "0.1.0".into(), binary_sha256: "ab".into() },
            ending,
            struck: true,
            surroundings: false,
            wall_secs: secs,
            value: Some(value),
            scores: [(Metric::Accuracy, value)].into(),
            took: Took { attempts: 1, examples: Some(100), train_secs: Some(2.0), ..Took::default() },
            why: None,
            curve: vec![[1.0, 0.7], [10.0, 0.3]],
            beside: None,
            folder: format!("runs/reviews/{}/seed-{seed}", fault.name()),
        }
    }

    pub(crate) fn results(trials: Vec<Trial>) -> Results {
        let about = About {
            tier: TierName::Ci,
            label: None,
            at: "2026-01-01T00:00:00Z".into(),
            command: vec!["tallow".into(), "bench".into(), "small".into()],
            machine: machine(),
            patience: 1.0,
            unreadable: Vec::new(),
        };
        Results::of(&Suite::parse(SUITE, "s").expect("a suite"), about, trials)
    }

    #[test]
    fn trials_add_up() {
        let ends = [Ending::FirstAttempt, Ending::FirstAttempt, Ending::FirstAttempt, Ending::AfterRecovery, Ending::Missed];
        let times = [10.0, 2.0, 4.0, 6.0, 1.0];
        let trials: Vec<Trial> =
            (0..5).map(|i| trial(Fault::None, i, ends[i as usize], times[i as usize], 0.8 + 0.02 * i as f64)).collect();
        let found = results(trials);
        let summary = &found.tasks[0].by_fault[0];
        assert_eq!((summary.first_attempt.hits, summary.after_recovery.hits, summary.first_attempt.of), (3, 4, 5));
        // 2 and 10 are dropped of 2, 4, 6 and 10: what missed its target has no time to it.
        let time = summary.time_to_target.expect("times");
        assert_eq!((time.mean, time.least, time.greatest, time.count), (5.0, 2.0, 10.0, 4));
        let metric = summary.metric.expect("scores");
        assert!((metric.mean - 0.84).abs() < 1e-12 && metric.interval.is_some_and(|[low, high]| low < 0.84 && high > 0.84));
        assert_eq!(summary.examples_per_sec, Some(50.0));
        assert_eq!(summary.failures.len(), 1);
        let again: Results = serde_json::from_str(&serde_json::to_string(&found).expect("JSON")).expect("read back");
        assert_eq!(again, found);
    }

    #[test]
    fn a_fault_that_did_not_strike_is_not_counted_and_a_refusal_can_be_right() {
        let mut missed = trial(Fault::KillWorker, 0, Ending::FirstAttempt, 1.0, 0.9);
        missed.struck = false;
        let found = results(vec![
            missed,
            trial(Fault::KillWorker, 1, Ending::AfterRecovery, 1.0, 0.9),
            trial(Fault::BadColumn, 0, Ending::Refused, 1.0, 0.0),
            trial(Fault::BadColumn, 1, Ending::FirstAttempt, 1.0, 0.9),
        ]);
        let killed = found.total(Fault::KillWorker).expect("a total");
        assert_eq!((killed.after_recovery.hits, killed.after_recovery.of, killed.not_struck), (1, 1, 1));
        let refused = found.total(Fault::BadColumn).expect("a total");
        assert_eq!(
            (refused.first_attempt.hits, refused.first_attempt.of),
            (1, 2),
            "what should be refused and was not is a failure"
        );
        let of = |fault: Fault| found.tasks[0].by_fault.iter().find(|summary| summary.fault == fault).expect("a summary");
        assert!(of(Fault::BadColumn).time_to_target.is_none(), "a refusal reaches no target");
        assert!(of(Fault::KillWorker).time_to_target.is_some());
    }

    #[test]
    fn what_the_machine_ended_is_not_counted() {
        let mut ended = trial(Fault::None, 0, Ending::Failed, 1.0, 0.0);
        (ended.value, ended.surroundings) = (None, true);
        let found = results(vec![ended.clone(), trial(Fault::None, 1, Ending::FirstAttempt, 1.0, 0.9)]);
        let total = found.total(Fault::None).expect("a total");
        assert_eq!((total.after_recovery.hits, total.after_recovery.of, total.not_struck), (1, 1, 0));
        assert_eq!(found.tasks[0].by_fault[0].seeds, [1]);
        let alone = results(vec![ended]);
        assert!(alone.tasks.is_empty() && alone.total(Fault::None).is_some_and(|total| total.after_recovery.of == 0));
    }

    #[test]
    fn shares_and_middles_of_few() {
        assert_eq!(Share::new(0, 0).value(), None);
        assert_eq!(Middle::of(&[3.0, 1.0]).expect("two").mean, 2.0);
        assert_eq!(Middle::of(&[]), None);
        assert_eq!(Mean::of(&[2.0]), Some(Mean { mean: 2.0, interval: None, count: 1 }));
        let near = Mean::of(&[0.9, 1.0]).expect("a mean").within(Metric::Accuracy.range());
        assert!(near.interval.is_some_and(|[low, high]| low < 0.9 && high == 1.0), "{near:?}");
    }
}
