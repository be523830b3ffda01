//! Scores against target and baseline: what an honest reader may conclude.
//!
//! The rules, in order; the first that applies decides:
//!
//! 1. There is no target: no verdict.
//! 2. A deviation asks another question (other data, task or metric than stated): **inconclusive** either way. The score is not
//!    the stated quantity.
//! 3. The target is no better than a guess that looks at no example (the most frequent class, the mean): **inconclusive**.
//!    Reaching it takes no learning.
//! 4. The mean is no better than that guess: **inconclusive**. Training failed, which says nothing about the claim.
//! 5. One run of a metric that gives no interval: **inconclusive**. One number has no known spread.
//! 6. The whole 95 % interval reaches the target: **supported**, under the deviations listed.
//! 7. The whole interval lies below the target: **refuted**, unless a deviation could be the cause (a smaller model, a shorter
//!    or other recipe, less data, fewer seeds): then **inconclusive**. A smaller model below the target proves nothing against
//!    the paper.
//! 8. The target lies within the interval: **inconclusive**, with the side that the mean is on.

use super::interval::{interval, interval_of_draw};
use super::metrics::of_preferences;
use super::{Basis, Error, Evaluation, Interval, RunScore, Verdict};
use crate::spec::{Deviation, ExperimentSpec, Metric, Target};
use crate::words::{quoted, score};

/// Version of `eval.json`.
const VERSION: u32 = 1;

/// Compares the held-out scores of every run with the spec's target. `deviations`: those of the plan, which hold the spec's.
/// `untrained`: the model that the runs began with, where the baseline is its.
///
/// # Errors
/// There is no run, or one has no finite score for the spec's metric.
pub fn evaluate(
    spec: &ExperimentSpec,
    deviations: &[Deviation],
    runs: Vec<RunScore>,
    baseline: Option<f64>,
    untrained: Option<RunScore>,
) -> Result<Evaluation, Error> {
    let metric = spec.metric;
    let scores = runs.iter().map(|run| score_of(run, metric)).collect::<Result<Vec<f64>, Error>>()?;
    if scores.is_empty() {
        return Err(Error::NoRuns);
    }
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    let examples = runs.iter().map(|run| run.examples).min().unwrap_or(0);
    let resampled = runs.first().and_then(|run| run.intervals.get(&metric)).copied();
    let interval = match spec.data.is_cut_off() {
        true => interval_of_draw(metric, &scores, examples, resampled),
        false => interval(metric, &scores, examples, resampled),
    };
    let guess = match &untrained {
        Some(_) => "the model before training",
        None => spec.task.guess_in_words().unwrap_or("a guess"),
    };
    let evidence = Evidence { metric, mean, interval, baseline, guess, deviations };
    let verdict = spec.target.as_ref().map_or(Verdict::NoClaim, |target| evidence.judge(target));
    Ok(Evaluation { version: VERSION, metric, runs, baseline, untrained, mean, interval, verdict })
}

/// The metric of always predicting the most frequent training class on a split with `held_out` examples a class.
///
/// Accuracy: that class's share. F1 (of class 1 of two): from its share if class 1 is predicted, else 0. Macro F1: that class's
/// F1 over the number of classes. Matthews: 0, as for every constant prediction.
/// None: the metric is not of classes.
pub fn majority_baseline(metric: Metric, train: &[usize], held_out: &[usize]) -> Option<f64> {
    let total: usize = held_out.iter().sum();
    // The first of equally frequent classes.
    let majority = (0..train.len()).rev().max_by_key(|class| train[*class]);
    let hits = majority.and_then(|class| held_out.get(class)).copied().unwrap_or(0);
    let share = hits as f64 / total.max(1) as f64;
    // Recall is 1 and precision is the share.
    let f1 = 2.0 * share / (1.0 + share);
    match metric {
        Metric::Accuracy | Metric::MicroF1 => Some(share),
        // Nothing is ranked by what is always the same.
        Metric::Auroc => Some(0.5),
        Metric::F1 if majority == Some(1) => Some(f1),
        Metric::F1 | Metric::Matthews => Some(0.0),
        // Over the classes that are there or said, as the metric has it.
        Metric::MacroF1 => {
            let said = |class: usize| held_out[class] > 0 || majority == Some(class);
            Some(f1 / (0..held_out.len()).filter(|class| said(*class)).count().max(1) as f64)
        }
        _ => None,
    }
}

/// The metric of a model that prefers what it did before training: every margin is 0. None: the metric is not of preferences.
pub fn untouched_baseline(metric: Metric) -> Option<f64> {
    let value = of_preferences(metric, &[0.0]);
    value.is_finite().then_some(value)
}

fn score_of(run: &RunScore, metric: Metric) -> Result<f64, Error> {
    match run.scores.get(&metric) {
        Some(value) if value.is_finite() => Ok(*value),
        Some(value) => Err(Error::NotFinite { run: run.run.clone(), metric, value: *value }),
        None => Err(Error::NoScore { run: run.run.clone(), metric, found: run.scores.keys().copied().collect() }),
    }
}

/// What a deviation does to a conclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// The score is not the stated quantity.
    OtherQuestion,
    /// It may lower (or raise) the score.
    MayExplain,
    /// It does not bear on the score.
    None,
}

/// By the field, in words of the spec; `data.monitor` is a small share of the examples, kept out to watch (a large one is said of
/// `data.train`). A field that is not known here may explain anything.
fn effect(deviation: &Deviation) -> Effect {
    let is = |name: &str| {
        let rest = deviation.field.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('['))
    };
    if ["task", "metric", "data.source"].iter().any(|name| is(name)) || deviation.field == "data" {
        Effect::OtherQuestion
    } else if ["title", "budget", "data.monitor", "recipe.micro_batch_size", "recipe.gradient_checkpointing"]
        .iter()
        .any(|name| is(name))
    {
        Effect::None
    } else {
        Effect::MayExplain
    }
}

struct Evidence<'a> {
    metric: Metric,
    mean: f64,
    interval: Option<Interval>,
    baseline: Option<f64>,
    /// What the baseline is the score of, in words.
    guess: &'static str,
    deviations: &'a [Deviation],
}

impl Evidence<'_> {
    fn judge(&self, target: &Target) -> Verdict {
        let (mean, goal, guess) = (self.mean, target.value, self.guess);
        let [shown, shown_goal] = [mean, goal].map(score);
        let inconclusive = |reason: String| Verdict::Inconclusive { reason };
        let others = self.fields(Effect::OtherQuestion);
        if !others.is_empty() {
            return inconclusive(format!(
                "the score answers another question than the claim: {} differ from what is stated",
                quoted(&others)
            ));
        }
        if let Some(baseline) = self.baseline {
            if self.metric.reaches(baseline, goal) {
                let baseline = score(baseline);
                return inconclusive(format!("the target of {shown_goal} takes no learning: {guess} scores {baseline}"));
            }
            if self.metric.reaches(baseline, mean) {
                let baseline = score(baseline);
                return inconclusive(format!(
                    "{shown} is no better than {guess} ({baseline}): training failed, \
                     which says nothing about the claim"
                ));
            }
        }
        let Some(interval) = self.interval else {
            return inconclusive(format!("one run scores {shown}, and one run of this metric gives no interval: add seeds"));
        };
        self.weigh(interval, goal)
    }

    fn weigh(&self, interval: Interval, goal: f64) -> Verdict {
        let mean = self.mean;
        let [shown, shown_goal, low, high] = [mean, goal, interval.low, interval.high].map(score);
        let span = format!("95 % interval {low} to {high} over {}", words(interval.basis));
        let causes = self.fields(Effect::MayExplain);
        let (worst, best) =
            if self.metric.lower_is_better() { (interval.high, interval.low) } else { (interval.low, interval.high) };
        if self.metric.reaches(worst, goal) {
            let under = if causes.is_empty() {
                String::new()
            } else {
                format!("; it differs from what is stated in {}", quoted(&causes))
            };
            return Verdict::Supported {
                reason: format!("{shown} reaches the target of {shown_goal} with its whole {span}{under}"),
            };
        }
        if !self.metric.reaches(best, goal) {
            let side = if self.metric.lower_is_better() { "above" } else { "below" };
            let below = format!("{shown} lies {side} the target of {shown_goal} with its whole {span}");
            return match causes.is_empty() {
                true => Verdict::Refuted { reason: below },
                false => Verdict::Inconclusive {
                    reason: format!(
                        "{below}, but what differs could be the cause ({}): it proves nothing against the claim",
                        quoted(&causes)
                    ),
                },
            };
        }
        let side = if self.metric.reaches(mean, goal) { "reaches" } else { "misses" };
        Verdict::Inconclusive {
            reason: format!("{shown} {side} the target of {shown_goal}, which lies within its {span}: {}", more(interval.basis)),
        }
    }

    fn fields(&self, wanted: Effect) -> Vec<&str> {
        self.deviations.iter().filter(|d| effect(d) == wanted).map(|d| d.field.as_str()).collect()
    }
}

fn words(basis: Basis) -> String {
    match basis {
        Basis::Seeds { count } => format!("{count} seeds"),
        Basis::Examples { count } | Basis::Resamples { count } => format!("{count} examples of one seed"),
        Basis::SeedsAndDraw { seeds, examples } => format!("{seeds} seeds and the draw of {examples} examples"),
    }
}

fn more(basis: Basis) -> &'static str {
    match basis {
        Basis::Seeds { .. } => "more seeds would tell",
        Basis::SeedsAndDraw { .. } => "more held-out examples would tell",
        Basis::Examples { .. } | Basis::Resamples { .. } => "several seeds would tell",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{
        Budget, Columns, DataSource, DataSpec, Length, ModelSpec, Monitor, Optimizer, Recipe, Schedule, Task, Warmup,
    };

    fn spec(metric: Metric, target: Option<f64>) -> ExperimentSpec {
        ExperimentSpec {
            version: 1,
            title: "t".into(),
            claim: None,
            task: Task::TextClassification,
            data: DataSpec {
                source: DataSource::Generated { name: "toy".into(), examples: 10, seed: 0 },
                train: "train".into(),
                held_out: "test".into(),
                held_out_frac: None,
                held_out_by: Default::default(),
                rows: vec![],
                monitor: Monitor::None,
                columns: Columns::default(),
                image: None,
                max_train_examples: None,
            },
            model: ModelSpec::Pretrained { id: "a/b".into(), revision: None },
            adapter: None,
            text_to_text: None,
            speech: None,
            preference: None,
            similarity: None,
            recipe: Recipe::bare(
                Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 },
                0.1,
                Schedule::Constant { warmup: Warmup::Steps(0) },
                Length::Steps(10),
                8,
            ),
            metric,
            search: None,
            target: target.map(|value| Target { value, source: "the paper".into() }),
            budget: Budget::default(),
            seeds: vec![0],
            deviations: vec![],
            assumptions: vec![],
            not_understood: vec![],
            citations: vec![],
        }
    }

    fn runs(metric: Metric, scores: &[f64], examples: usize) -> Vec<RunScore> {
        let run = |(seed, score): (usize, &f64)| RunScore {
            run: format!("seed-{seed}"),
            seed: seed as u64,
            examples,
            loss: 0.3,
            scores: [(metric, *score)].into(),
            intervals: Default::default(),
        };
        scores.iter().enumerate().map(run).collect()
    }

    fn differs(fields: &[&str]) -> Vec<Deviation> {
        let deviation =
            |field: &&str| Deviation { field: field.to_string(), stated: "a".into(), used: "b".into(), reason: "c".into() };
        fields.iter().map(deviation).collect()
    }

    #[test]
    fn verdicts() {
        use Metric::{Accuracy, F1, Matthews};
        struct Case<'a>(Metric, &'a [f64], usize, Option<f64>, Option<f64>, &'a [&'a str], &'a str, &'a str);
        let cases = [
            // metric, scores, examples, target, baseline, deviations, verdict, words of the reason
            Case(Accuracy, &[0.95], 10_000, None, Some(0.5), &[], "none", ""),
            Case(Accuracy, &[0.95], 10_000, Some(0.90), Some(0.5), &[], "supported", "0.9500 reaches"),
            Case(Accuracy, &[0.95], 10_000, Some(0.90), None, &[], "supported", "10000 examples of one seed"),
            Case(
                Accuracy,
                &[0.95],
                10_000,
                Some(0.90),
                Some(0.5),
                &["model"],
                "supported",
                "differs from what is stated in `model`",
            ),
            Case(
                Accuracy,
                &[0.889],
                872,
                Some(0.88),
                Some(0.51),
                &[],
                "inconclusive",
                "reaches the target of 0.8800, which lies within",
            ),
            Case(Accuracy, &[0.875], 872, Some(0.88), Some(0.51), &[], "inconclusive", "misses the target"),
            Case(Accuracy, &[0.80], 10_000, Some(0.90), Some(0.5), &[], "refuted", "0.8000 lies below"),
            Case(
                Accuracy,
                &[0.80],
                10_000,
                Some(0.90),
                Some(0.5),
                &["model"],
                "inconclusive",
                "proves nothing against the claim",
            ),
            Case(Accuracy, &[0.80], 10_000, Some(0.90), Some(0.5), &["recipe.length"], "inconclusive", "`recipe.length`"),
            Case(Accuracy, &[0.80], 10_000, Some(0.90), Some(0.5), &["seeds"], "inconclusive", "`seeds`"),
            Case(Accuracy, &[0.80], 10_000, Some(0.90), Some(0.5), &["data.held_out"], "inconclusive", "`data.held_out`"),
            Case(Accuracy, &[0.80], 10_000, Some(0.90), Some(0.5), &["budget.max_time_secs", "data.monitor"], "refuted", "below"),
            Case(Accuracy, &[0.80], 10_000, Some(0.90), Some(0.5), &["something.new"], "inconclusive", "`something.new`"),
            Case(Accuracy, &[0.95], 10_000, Some(0.90), Some(0.5), &["data.source"], "inconclusive", "another question"),
            Case(Accuracy, &[0.95], 10_000, Some(0.90), Some(0.5), &["metric", "model"], "inconclusive", "`metric` differ"),
            Case(Accuracy, &[0.95], 10_000, Some(0.90), Some(0.93), &[], "inconclusive", "takes no learning"),
            Case(Accuracy, &[0.50], 10_000, Some(0.90), Some(0.5), &[], "inconclusive", "training failed"),
            Case(Accuracy, &[0.91, 0.912, 0.908], 1_000, Some(0.90), Some(0.5), &[], "supported", "3 seeds"),
            Case(Accuracy, &[0.91, 0.90, 0.92], 1_000, Some(0.90), Some(0.5), &[], "inconclusive", "more seeds would tell"),
            Case(Accuracy, &[0.91, 0.91], 1_000, Some(0.90), Some(0.5), &[], "supported", "2 seeds"),
            Case(Accuracy, &[0.80, 0.80, 0.81], 1_000, Some(0.90), Some(0.5), &[], "refuted", "3 seeds"),
            Case(Accuracy, &[0.90, 0.90], 1_000, Some(0.90), Some(0.5), &[], "inconclusive", "within"),
            Case(F1, &[0.95], 10_000, Some(0.90), Some(0.5), &[], "inconclusive", "gives no interval"),
            Case(F1, &[0.95, 0.95, 0.951], 10_000, Some(0.90), Some(0.5), &[], "supported", "3 seeds"),
            Case(Matthews, &[-0.1, -0.11], 1_000, Some(0.5), Some(0.0), &[], "inconclusive", "training failed"),
            Case(Matthews, &[0.3, 0.31], 1_000, Some(0.6), Some(0.0), &[], "refuted", "below"),
        ];
        for (i, Case(metric, scores, examples, target, baseline, fields, kind, part)) in cases.into_iter().enumerate() {
            let found = evaluate(&spec(metric, target), &differs(fields), runs(metric, scores, examples), baseline, None)
                .expect("scores");
            let (found_kind, reason) = match found.verdict {
                Verdict::Supported { reason } => ("supported", reason),
                Verdict::Refuted { reason } => ("refuted", reason),
                Verdict::Inconclusive { reason } => ("inconclusive", reason),
                Verdict::NoClaim => ("none", String::new()),
            };
            assert_eq!(found_kind, kind, "case {i}: {reason}");
            assert!(reason.contains(part), "case {i}: `{part}` is not in `{reason}`");
        }
    }

    #[test]
    fn scores_that_cannot_be_compared() {
        let spec = spec(Metric::Accuracy, Some(0.5));
        assert_eq!(evaluate(&spec, &[], vec![], None, None), Err(Error::NoRuns));
        assert!(matches!(evaluate(&spec, &[], runs(Metric::F1, &[0.5], 10), None, None), Err(Error::NoScore { .. })));
        assert!(matches!(
            evaluate(&spec, &[], runs(Metric::Accuracy, &[f64::NAN], 10), None, None),
            Err(Error::NotFinite { .. })
        ));
    }

    #[test]
    fn the_model_that_is_kept_is_not_chosen_by_its_score() {
        let spec = spec(Metric::Accuracy, None);
        let found = evaluate(&spec, &[], runs(Metric::Accuracy, &[0.5, 0.7, 0.7], 10), None, None).expect("scores");
        assert_eq!(found.kept_run(), Some("seed-0"));
        assert!((found.mean - 1.9 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn baselines() {
        let check = |metric, train: &[usize], held_out: &[usize], expected: f64| {
            let found = majority_baseline(metric, train, held_out).expect("of classes");
            assert!((found - expected).abs() < 1e-12, "{metric:?} {train:?} {held_out:?}: expected {expected}, found {found}");
        };
        check(Metric::Accuracy, &[10, 30], &[60, 40], 0.4);
        check(Metric::MacroF1, &[50, 30, 20], &[60, 40, 0], 0.375);
        check(Metric::Accuracy, &[30, 10], &[60, 40], 0.6);
        check(Metric::Accuracy, &[10, 10], &[60, 40], 0.6);
        check(Metric::F1, &[10, 30], &[60, 40], 0.8 / 1.4);
        check(Metric::F1, &[30, 10], &[60, 40], 0.0);
        check(Metric::MacroF1, &[30, 10], &[60, 40], 1.2 / 1.6 / 2.0);
        check(Metric::Matthews, &[30, 10], &[60, 40], 0.0);
        check(Metric::Accuracy, &[], &[], 0.0);
        check(Metric::Accuracy, &[1, 2, 3], &[5, 5], 0.0);
    }
    #[test]
    fn before_training_neither_answer_is_preferred() {
        assert_eq!(untouched_baseline(Metric::PreferenceAccuracy), Some(0.5));
        assert_eq!(untouched_baseline(Metric::PreferenceMargin), Some(0.0));
        assert_eq!(untouched_baseline(Metric::Perplexity), None);
    }
}
