//! Two results beside each other: a verdict by interval, not by eye.

use super::fault::Fault;
use super::results::{Results, TaskResult};
use super::suite::Goal;
use super::trial::Trial;
use crate::eval::{Difference, of_means, of_shares};
use crate::spec::Metric;
use serde::Serialize;
use std::collections::BTreeSet;

/// What changed from the first results to the second.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    pub a: String,
    pub b: String,
    /// Why the two are not of one kind, in words; what follows says less then.
    pub cautions: Vec<String>,
    pub rows: Vec<CompareRow>,
    /// Tasks, faults, and tasks with a fault, that only one of the two has.
    pub only_in_one: Vec<String>,
}

/// One task with one fault, or all of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CompareRow {
    /// None: all tasks that both have.
    pub task: Option<String>,
    pub fault: Fault,
    /// Of the share that went well in the end, by Newcombe.
    pub success: Option<Difference>,
    /// Of the metric, by Welch.
    pub metric: Option<(Metric, Difference)>,
    /// Of the wall time of what went well, in seconds, by Welch; of one machine and one time limit.
    pub secs: Option<Difference>,
    pub verdict: Verdict,
}

/// What the intervals say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Better,
    Worse,
    /// Something is better and something worse.
    Mixed,
    /// No interval lies on one side.
    NoDifference,
    /// Too few trials for an interval.
    TooFew,
}

impl Verdict {
    pub fn in_words(self) -> &'static str {
        match self {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Mixed => "better and worse",
            Verdict::NoDifference => "no difference shown",
            Verdict::TooFew => "too few trials",
        }
    }
}

/// `b` against `a`.
pub fn compare(a: &Results, b: &Results) -> Comparison {
    let name = |r: &Results| r.label.clone().unwrap_or_else(|| r.at.clone());
    let mut cautions = Vec::new();
    if a.suite != b.suite || a.tier != b.tier {
        let of = |r: &Results| format!("{}, {}", r.suite, r.tier.name());
        cautions.push(format!("they are of two suites: {} and {}", of(a), of(b)));
    }
    let machines = |r: &Results| -> BTreeSet<(String, usize)> {
        r.machines().into_iter().map(|(machine, _)| (machine.processor, machine.cores)).collect()
    };
    let (one_machine, one_limit) = (machines(a) == machines(b) && machines(a).len() <= 1, a.patience == b.patience);
    if !one_machine {
        cautions.push("they are of several machines: their times say nothing".into());
    }
    if !one_limit {
        cautions.push("their time limits differ: their times say nothing".into());
    }
    // What says nothing has no part in a verdict.
    let timed = one_machine && one_limit;
    let find = |task: &TaskResult| b.tasks.iter().find(|other| other.id == task.id);
    cautions.extend(a.tasks.iter().filter_map(|task| {
        let (own, other) = (&task.target, &find(task)?.target);
        let of = |goal: &Goal| format!("{} {}", goal.metric.in_words(), goal.value);
        match own.metric == other.metric {
            true if own.value == other.value => None,
            true => {
                Some(format!("`{}` has two targets, {} and {}: its successes are not of one thing", task.id, of(own), of(other)))
            }
            false => Some(format!("`{}` is left out, for it has two targets, {} and {}", task.id, of(own), of(other))),
        }
    }));
    let mut rows = Vec::new();
    for fault in a.totals.iter().map(|total| total.fault).filter(|fault| b.total(*fault).is_some()) {
        let (mut all_a, mut all_b, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        for task in a.tasks.iter().filter(|task| find(task).is_some_and(|other| other.target.metric == task.target.metric)) {
            let of = |r: &Results| -> Vec<Trial> { r.of_task(&task.id, fault).cloned().collect() };
            let (of_a, of_b) = (of(a), of(b));
            if of_a.is_empty() || of_b.is_empty() {
                continue;
            }
            rows.push(row(Some((&task.id, task.target.metric)), fault, &of_a, &of_b, timed));
            let counted = |trials: &[Trial]| trials.iter().filter(|trial| trial.counts()).count();
            counts.push((task.id.as_str(), counted(&of_a), counted(&of_b)));
            all_a.extend(of_a);
            all_b.extend(of_b);
        }
        rows.push(row(None, fault, &all_a, &all_b, timed));
        cautions.extend(uneven(fault, &counts));
    }
    cautions.extend(by_chance(&rows));
    let only_in_one = [missing(a, b), missing(b, a)].concat();
    Comparison { a: name(a), b: name(b), cautions, rows, only_in_one }
}

/// What `of` has and `other` has not; of a task or a fault that lacks as a whole its pairs are not named again.
fn missing(of: &Results, other: &Results) -> Vec<String> {
    let (both, alone): (Vec<_>, Vec<_>) = of.tasks.iter().partition(|task| other.tasks.iter().any(|o| o.id == task.id));
    let (faults, other_faults): (Vec<Fault>, Vec<Fault>) =
        of.totals.iter().map(|total| total.fault).partition(|fault| other.total(*fault).is_some());
    let mut found: Vec<String> = alone.iter().map(|task| task.id.clone()).collect();
    found.extend(other_faults.iter().map(|fault| format!("the fault \"{}\"", fault.in_words())));
    for (task, fault) in both.iter().flat_map(|task| faults.iter().map(move |fault| (task, *fault))) {
        let has = |results: &Results| results.of_task(&task.id, fault).next().is_some();
        if has(of) && !has(other) {
            found.push(format!("{} with \"{}\"", task.id, fault.in_words()));
        }
    }
    found
}

/// That a task has another share of the trials in one than in the other: what all tasks say together is of two mixtures then.
/// `counts`: the trials of each task, of both.
fn uneven(fault: Fault, counts: &[(&str, usize, usize)]) -> Option<String> {
    let (all_a, all_b) = counts.iter().fold((0usize, 0usize), |(a, b), (_, of_a, of_b)| (a + of_a, b + of_b));
    let (task, of_a, of_b) = counts.iter().find(|(_, of_a, of_b)| of_a * all_b != of_b * all_a)?;
    let shares = format!("of `{task}` are {of_a} of {all_a} trials of the first and {of_b} of {all_b} of the second");
    Some(format!("\"all tasks\", {}, compares two mixtures: {shares}", fault.in_words()))
}

/// How many of the intervals lie on one side of 0 though nothing differs.
fn by_chance(rows: &[CompareRow]) -> Option<String> {
    const MANY: usize = 10;
    let of = |row: &CompareRow| [row.success.is_some(), row.metric.is_some(), row.secs.is_some()];
    let intervals = rows.iter().flat_map(of).filter(|is_there| *is_there).count();
    let expected = (0.05 * intervals as f64).round();
    (intervals >= MANY).then(|| format!("of {intervals} intervals of 95 % about {expected} lie on one side of 0 by chance"))
}

fn row(task: Option<(&str, Metric)>, fault: Fault, a: &[Trial], b: &[Trial], timed: bool) -> CompareRow {
    let counted = |trials: &[Trial]| -> Vec<Trial> { trials.iter().filter(|trial| trial.counts()).cloned().collect() };
    let (a, b) = (counted(a), counted(b));
    let well = |trials: &[Trial]| (trials.iter().filter(|trial| trial.well()).count(), trials.len());
    let success = of_shares(well(&a), well(&b));
    let values = |trials: &[Trial]| trials.iter().filter_map(|trial| trial.value).collect::<Vec<f64>>();
    let metric = task.and_then(|(_, metric)| Some((metric, of_means(&values(&a), &values(&b))?)));
    // Times of several tasks are no sample of one thing.
    let times = |trials: &[Trial]| trials.iter().filter(|trial| trial.well()).map(|trial| trial.wall_secs).collect::<Vec<f64>>();
    let secs = task.filter(|_| timed).and_then(|_| of_means(&times(&a), &times(&b)));
    let sign = |difference: Option<&Difference>, lower_is_better: bool| {
        difference.filter(|d| d.is_clear()).map(|d| (d.value > 0.0) != lower_is_better)
    };
    let signs = [
        sign(success.as_ref(), false),
        metric.as_ref().and_then(|(metric, d)| sign(Some(d), metric.lower_is_better())),
        sign(secs.as_ref(), true),
    ];
    let (better, worse) = (signs.contains(&Some(true)), signs.contains(&Some(false)));
    let verdict = match (better, worse) {
        (true, true) => Verdict::Mixed,
        (true, false) => Verdict::Better,
        (false, true) => Verdict::Worse,
        (false, false) if success.is_none() && metric.is_none() && secs.is_none() => Verdict::TooFew,
        (false, false) => Verdict::NoDifference,
    };
    CompareRow { task: task.map(|(id, _)| id.to_string()), fault, success, metric, secs, verdict }
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::{results, trial};
    use super::super::trial::Ending::{FirstAttempt, Missed};
    use super::*;

    #[test]
    fn verdicts_are_those_of_the_intervals() {
        let of = |values: &[(f64, f64)], ending| {
            results(
                values.iter().enumerate().map(|(i, (secs, value))| trial(Fault::None, i as u64, ending, *secs, *value)).collect(),
            )
        };
        let base = of(&[(10.0, 0.90), (11.0, 0.91), (10.5, 0.905)], FirstAttempt);
        let check = |other: &Results, expected: Verdict| {
            let found = compare(&base, other);
            assert_eq!(found.rows[0].verdict, expected, "{found:#?}");
            assert!(found.rows.last().is_some_and(|row| row.task.is_none()));
        };
        check(&base, Verdict::NoDifference);
        check(&of(&[(10.2, 0.95), (10.9, 0.96), (10.4, 0.955)], FirstAttempt), Verdict::Better);
        check(&of(&[(20.0, 0.90), (21.0, 0.91), (20.5, 0.905)], FirstAttempt), Verdict::Worse);
        check(&of(&[(5.0, 0.80), (5.1, 0.81), (5.2, 0.805)], FirstAttempt), Verdict::Mixed);
        let failing = of(&[(1.0, 0.2); 12], Missed);
        let many = of(&[(1.0, 0.9); 12], FirstAttempt);
        assert_eq!(compare(&many, &failing).rows[0].verdict, Verdict::Worse);
        let mut struck = base.clone();
        struck.trials.push(trial(Fault::Memory, 0, FirstAttempt, 10.0, 0.9));
        let struck = results(struck.trials);
        assert_eq!(compare(&base, &struck).only_in_one, ["the fault \"memory below need\""]);
        let mut elsewhere = base.clone();
        elsewhere.trials.iter_mut().for_each(|trial| trial.machine.cores = 64);
        assert_eq!(compare(&base, &elsewhere).cautions.len(), 1);
        // Three times as slow: a verdict of one machine, none of two, nor of two time limits.
        let slow = of(&[(30.0, 0.90), (31.0, 0.91), (30.5, 0.905)], FirstAttempt);
        check(&slow, Verdict::Worse);
        let mut slow_elsewhere = slow.clone();
        slow_elsewhere.trials.iter_mut().for_each(|trial| trial.machine.cores = 64);
        check(&slow_elsewhere, Verdict::NoDifference);
        check(&Results { patience: 3.0, ..slow }, Verdict::NoDifference);
        let mut harder = base.clone();
        harder.tasks[0].target.value = 0.95;
        let found = compare(&base, &harder);
        assert!(found.cautions.len() == 1 && found.cautions[0].contains("accuracy 0.8 and accuracy 0.95"), "{found:#?}");
        harder.tasks[0].target.metric = Metric::MacroF1;
        let found = compare(&base, &harder);
        assert!(found.cautions[0].contains("left out") && found.rows.iter().all(|row| row.task.is_none()), "{found:#?}");
    }

    #[test]
    fn tasks_in_other_shares_are_told() {
        let of = |pairs: u64| {
            let mut found = results((0..2).map(|seed| trial(Fault::None, seed, FirstAttempt, 1.0, 0.9)).collect());
            let other = |seed: u64| Trial { task: "pairs".into(), ..trial(Fault::None, seed, FirstAttempt, 1.0, 0.9) };
            found.trials.extend((0..pairs).map(other));
            let task = TaskResult { id: "pairs".into(), ..found.tasks[0].clone() };
            found.tasks.push(task);
            found
        };
        assert_eq!(compare(&of(2), &of(2)).cautions, Vec::<String>::new());
        let found = compare(&of(2), &of(6)).cautions;
        let words = "of `reviews` are 2 of 4 trials of the first and 2 of 8 of the second";
        assert!(found.len() == 1 && found[0].contains(words), "{found:#?}");
    }
}
