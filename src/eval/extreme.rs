//! Scores of 0 and 1 of metrics that are no share of all examples: draws of the same examples say nothing of others then. How far off others
//! may be depends on how many examples the score rests on, which may be few.

use super::interval::{Interval, wilson};
use super::predictions::Predictions;
use crate::spec::Metric;

impl Predictions {
    /// Wilson's interval over the examples that the score rests on, where that is 0 or 1; none elsewhere, or where there are no such
    /// examples.
    pub(super) fn of_the_extreme(&self, metric: Metric, score: f64) -> Option<[f64; 2]> {
        let is_extreme = metric.range() == (0.0, 1.0) && [0.0, 1.0].contains(&score);
        let count = if is_extreme { self.counted(metric) } else { 0 };
        let Interval { low, high, .. } = (count > 0).then(|| wilson(score, count))?;
        Some([low, high])
    }

    /// Of how many examples `metric` tells: of those of a class or with a label, the rarest that it looks at.
    fn counted(&self, metric: Metric) -> usize {
        match self {
            Predictions::Classes { each, classes } => {
                let of = |class: usize| each.iter().filter(|said| said.label as usize == class).count();
                match metric {
                    Metric::F1 => of(1),
                    Metric::AveragePrecision if *classes == 2 => of(1),
                    Metric::MacroF1 | Metric::Auroc | Metric::AveragePrecision => rarest((0..*classes).map(of)),
                    _ => each.len(),
                }
            }
            Predictions::Labels { each, labels } => {
                let of = |label: usize| each.iter().filter(|said| said.actual.get(label) == Some(&true)).count();
                match metric {
                    Metric::MicroF1 => each.iter().filter(|said| said.actual.contains(&true)).count(),
                    Metric::MacroF1 | Metric::AveragePrecision => rarest((0..*labels).map(of)),
                    Metric::Auroc => rarest((0..*labels).map(|label| of(label).min(each.len() - of(label)))),
                    _ => each.len(),
                }
            }
            Predictions::Tags { each, .. } => match metric {
                Metric::EntityF1 | Metric::EntityRecall => each.iter().filter(|said| said.entities.actual > 0).count(),
                Metric::EntityPrecision => each.iter().filter(|said| said.entities.predicted > 0).count(),
                _ => each.len(),
            },
            Predictions::Answers(_)
            | Predictions::Values { .. }
            | Predictions::Words { .. }
            | Predictions::Texts(_)
            | Predictions::Preferences { .. }
            | Predictions::Retrieved { .. } => self.len(),
        }
    }
}

/// The least that is not 0; 0 where all are.
fn rarest(counts: impl Iterator<Item = usize>) -> usize {
    counts.filter(|count| *count > 0).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::{ClassSaid, TagsSaid};
    use super::*;

    fn close(found: [f64; 2], expected: [f64; 2]) {
        assert!(found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-3), "{found:?}, {expected:?}");
    }

    /// 120 examples, of which 6 are of class 1; all of those are found, or none.
    fn few(found: bool) -> Predictions {
        let said = |i: u32| {
            let label = u32::from(i % 20 == 0);
            let high = if found { label } else { 1 - label };
            let p = if high == 1 { 0.9 } else { 0.1 };
            ClassSaid { label, predicted: if found { label } else { 0 }, probabilities: vec![1.0 - p, p] }
        };
        Predictions::Classes { each: (0..120).map(said).collect(), classes: 2 }
    }

    /// Wilson's of none and of all of 6: 0 to z² / (6 + z²) = 0.3903, and 0.6097 to 1.
    #[test]
    fn an_extreme_score_is_as_sure_as_its_rarest_class() {
        let metrics = [Metric::F1, Metric::Auroc, Metric::MacroF1, Metric::AveragePrecision];
        let (none, all) = (few(false), few(true));
        let (worst, best) = (none.intervals(&metrics), all.intervals(&metrics));
        close(worst[&Metric::F1], [0.0, 0.3903]);
        close(worst[&Metric::Auroc], [0.0, 0.3903]);
        metrics.iter().for_each(|metric| close(best[metric], [0.6097, 1.0]));
        assert_eq!((none.metric(Metric::F1), all.metric(Metric::F1)), (0.0, 1.0));
    }

    #[test]
    fn what_varies_and_what_has_no_best_stay_as_they_are() {
        let all = few(true);
        for (metric, score) in [(Metric::F1, 0.7), (Metric::F1, 0.5), (Metric::Matthews, 1.0)] {
            assert_eq!(all.of_the_extreme(metric, score), None, "{metric:?} {score}");
        }
        let one_class = Predictions::Classes {
            each: vec![ClassSaid { label: 0, predicted: 0, probabilities: vec![0.9, 0.1] }; 9],
            classes: 2,
        };
        assert_eq!(one_class.of_the_extreme(Metric::F1, 0.0), None, "no example of class 1: nothing is known");
    }

    /// Of ten sentences two have an entity: 2 / (2 + z²) = 0.3424.
    #[test]
    fn sentences_without_entities_do_not_count() {
        let names = ["O", "B-X"].map(String::from);
        let said = |i: u32| TagsSaid::new(vec![u32::from(i < 2)], vec![Some(u32::from(i < 2))], &names);
        let said = Predictions::Tags { each: (0..10).map(said).collect(), names: names.to_vec() };
        let found = [Metric::EntityF1, Metric::EntityRecall, Metric::EntityPrecision].map(|m| said.of_the_extreme(m, 1.0));
        found.into_iter().for_each(|found| close(found.expect("an interval"), [0.3424, 1.0]));
        close(said.of_the_extreme(Metric::Accuracy, 1.0).expect("an interval"), [0.7225, 1.0]);
    }
}
