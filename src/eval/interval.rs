//! 95 % intervals: Student's t over seeds, Wilson's or the bootstrap's over examples.

use crate::spec::Metric;
use serde::{Deserialize, Serialize};

/// A 95 % interval and what it was made from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
    pub basis: Basis,
}

/// What varies within an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Basis {
    /// Student's t over the seeds: how the mean of such runs varies on this held-out split.
    Seeds { count: usize },
    /// Wilson's over the examples of one run: how the score varies with the draw of the held-out split. It does not know how
    /// other seeds would do.
    Examples { count: usize },
    /// The bootstrap's over the examples of one run, for metrics that are no share of examples: it says what Wilson's says.
    Resamples { count: usize },
    /// Both: Student's t over the seeds, and the draw of the held-out examples, which was but one of many.
    SeedsAndDraw { seeds: usize, examples: usize },
}

/// The 95 % interval of the mean of `scores`, one a seed, each measured on `examples` examples.
///
/// Two or more seeds: Student's t, never narrower than one example of the split. One seed: that of the bootstrap over its examples,
/// `resampled`, where there is one, else Wilson's where the metric is a share of examples. Where every draw scores the same nothing is
/// known of the spread: `resampled` is Wilson's already where that is the best or the worst score.
pub fn interval(metric: Metric, scores: &[f64], examples: usize, resampled: Option<[f64; 2]>) -> Option<Interval> {
    match scores {
        [] => None,
        [score] => match resampled {
            Some([low, high]) if low < high => {
                Some(Interval { low, high, basis: basis_of_one(metric, *score, [low, high], examples) })
            }
            Some(_) => None,
            None => (metric.is_share_of_examples() && examples > 0).then(|| wilson(*score, examples)),
        },
        _ => student(metric, scores, examples),
    }
}

/// The bootstrap's over all examples; Wilson's, which stands in its place for the best and the worst score, over those that it rests on.
fn basis_of_one(metric: Metric, score: f64, interval: [f64; 2], count: usize) -> Basis {
    let is_extreme = metric.range() == (0.0, 1.0) && [0.0, 1.0].contains(&score);
    match of_how_many(score, interval).filter(|_| is_extreme) {
        Some(count) => Basis::Examples { count },
        None => Basis::Resamples { count },
    }
}

/// Over how many examples Wilson's interval of none or of all of them is this one, if it is any.
fn of_how_many(score: f64, [low, high]: [f64; 2]) -> Option<usize> {
    let width = high - low;
    let count = (Z_975 * Z_975 * (1.0 - width) / width).round();
    let same = wilson(score, (count >= 1.0).then_some(count as usize)?);
    ((same.low - low).abs() < 1e-9 && (same.high - high).abs() < 1e-9).then_some(count as usize)
}

/// The same where the held-out examples are a part that was drawn and not a split that others score on, too: several seeds on one
/// draw know nothing of how another would do, so that both spreads are told, as independent ones.
pub(super) fn interval_of_draw(metric: Metric, scores: &[f64], examples: usize, resampled: Option<[f64; 2]>) -> Option<Interval> {
    let of_seeds = interval(metric, scores, examples, resampled)?;
    let [first, _, ..] = scores else { return Some(of_seeds) };
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    // That of one run, moved to the mean. Where there is a bootstrap the score is no share of those examples, whatever the metric is of
    // others: of tags each word counts.
    let (below, above) = match resampled {
        Some([low, high]) if low < high => ((first - low).max(0.0), (high - first).max(0.0)),
        Some(_) => return Some(of_seeds),
        None if metric.is_share_of_examples() && examples > 0 => {
            let of_examples = wilson(mean, examples);
            (mean - of_examples.low, of_examples.high - mean)
        }
        None => return Some(of_seeds),
    };
    let (least, most) = metric.range();
    Some(Interval {
        low: (mean - (mean - of_seeds.low).hypot(below)).max(least),
        high: (mean + (of_seeds.high - mean).hypot(above)).min(most),
        basis: Basis::SeedsAndDraw { seeds: scores.len(), examples },
    })
}

/// The 95 % interval of the mean of any two or more `values`, as Student has it.
pub fn of_mean(values: &[f64]) -> Option<[f64; 2]> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half = t_975(values.len().checked_sub(1).filter(|freedom| *freedom > 0)?) * (variance / n).sqrt();
    Some([mean - half, mean + half])
}

/// mean ± t · s / √n, with s the sample's standard deviation; none where nothing is known of the spread: equal scores do not give certainty.
fn student(metric: Metric, scores: &[f64], examples: usize) -> Option<Interval> {
    let n = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / n;
    let variance = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let (least, most) = metric.range();
    // What one example counts is known where there is a best score: of shares, of correlations, of those from 0 to 100.
    let one_example = if examples > 0 && (most - least).is_finite() { most / examples as f64 } else { 0.0 };
    let half = (t_975(scores.len() - 1) * (variance / n).sqrt()).max(one_example / 2.0);
    let basis = Basis::Seeds { count: scores.len() };
    (half > 0.0).then(|| Interval { low: (mean - half).max(least), high: (mean + half).min(most), basis })
}

/// Wilson (1927): the interval of a share `p` of `n` examples; well-behaved near 0 and 1, where ± is not.
pub fn wilson(p: f64, n: usize) -> Interval {
    let (count, z2) = (n as f64, Z_975 * Z_975);
    let centre = (p + z2 / (2.0 * count)) / (1.0 + z2 / count);
    let half = Z_975 / (1.0 + z2 / count) * (p * (1.0 - p) / count + z2 / (4.0 * count * count)).sqrt();
    // None of them and all of them are ends of what there can be, to the last bit.
    let low = if p == 0.0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if p == 1.0 { 1.0 } else { (centre + half).min(1.0) };
    Interval { low, high, basis: Basis::Examples { count: n } }
}

/// The 97.5 % quantile of the normal distribution.
const Z_975: f64 = 1.959_963_985;

/// The 97.5 % quantile of Student's t for 1 to 30 degrees of freedom.
const T_975: [f64; 30] = [
    12.706_205, 4.302_653, 3.182_446, 2.776_445, 2.570_582, 2.446_912, 2.364_624, 2.306_004, 2.262_157, 2.228_139, 2.200_985,
    2.178_813, 2.160_369, 2.144_787, 2.131_450, 2.119_905, 2.109_816, 2.100_922, 2.093_024, 2.085_963, 2.079_614, 2.073_873,
    2.068_658, 2.063_899, 2.059_539, 2.055_529, 2.051_831, 2.048_407, 2.045_230, 2.042_272,
];

/// The quantile for any number of degrees of freedom; past the table by the first two terms of Cornish and Fisher's expansion,
/// right to four digits there.
pub(super) fn t_975(freedom: usize) -> f64 {
    let tabled = freedom.checked_sub(1).and_then(|i| T_975.get(i));
    tabled.copied().unwrap_or_else(|| {
        let (z, v) = (Z_975, freedom.max(1) as f64);
        z + (z.powi(3) + z) / (4.0 * v) + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * v * v)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() <= within, "expected {expected}, found {found}");
    }

    #[test]
    fn quantiles_join_where_the_table_ends() {
        close(t_975(30), 2.042_272, 1e-6);
        close(t_975(31), 2.039_513, 1e-4);
        close(t_975(60), 2.000_298, 1e-4);
        close(t_975(100_000), Z_975, 1e-4);
    }

    #[test]
    fn wilson_agrees_with_published_values() {
        // Newcombe (1998), table I: 81 of 263 and 15 of 148, 0 of 20 (without continuity correction).
        let check = |hits: usize, of: usize, low: f64, high: f64| {
            let found = wilson(hits as f64 / of as f64, of);
            close(found.low, low, 6e-5);
            close(found.high, high, 6e-5);
        };
        check(81, 263, 0.2553, 0.3662);
        check(15, 148, 0.0624, 0.1605);
        check(0, 20, 0.0, 0.1611);
        (1..100).for_each(|n| assert_eq!((wilson(0.0, n).low, wilson(1.0, n).high), (0.0, 1.0), "{n}"));
    }

    #[test]
    fn seeds_give_students_interval() {
        let found = interval(Metric::F1, &[0.88, 0.89, 0.90], 1000, None).expect("an interval");
        // s = 0.01, t(2) = 4.3027, half = 4.3027 · 0.01 / √3.
        close(found.high - 0.89, 0.024_842, 1e-5);
        close(0.89 - found.low, 0.024_842, 1e-5);
    }

    #[test]
    fn equal_seeds_do_not_give_certainty() {
        let found = interval(Metric::Accuracy, &[0.9, 0.9], 100, None).expect("an interval");
        close(found.high - found.low, 0.01, 1e-12);
        let found = interval(Metric::Bleu, &[30.0, 30.0], 100, None).expect("an interval");
        close(found.high - found.low, 1.0, 1e-12);
    }

    /// All of 20 right: the bootstrap knows of nothing else, Wilson has 0.8389 to 1. How many of the 20 are what an F1 counts is not known
    /// here.
    #[test]
    fn a_perfect_score_gives_no_certainty() {
        assert_eq!(interval(Metric::F1, &[1.0], 20, Some([1.0, 1.0])), None);
        // Wilson's of all of 6, among 20, is over those 6; what is no such interval is the bootstrap's.
        for (score, few) in [(1.0, wilson(1.0, 6)), (0.0, wilson(0.0, 6))] {
            let found = interval(Metric::F1, &[score], 20, Some([few.low, few.high])).expect("an interval");
            assert_eq!((found.low, found.high, found.basis), (few.low, few.high, Basis::Examples { count: 6 }));
        }
        let found = interval(Metric::F1, &[1.0], 20, Some([0.9, 1.0])).expect("an interval");
        assert_eq!(found.basis, Basis::Resamples { count: 20 });
        let of_two = interval_of_draw(Metric::EntityF1, &[1.0, 1.0], 20, Some([0.8389, 1.0])).expect("an interval");
        assert!(of_two.low < 0.84 && of_two.high == 1.0, "{of_two:?}");
        assert_eq!(interval(Metric::Rmse, &[2.0], 20, Some([2.0, 2.0])), None, "nothing is known of how far off others are");
        assert_eq!(interval(Metric::Rmse, &[2.0, 2.0], 20, None), None);
    }

    #[test]
    fn a_draw_adds_its_spread() {
        let close_to = |found: Option<Interval>, low: f64, high: f64| {
            let found = found.expect("an interval");
            close(found.low, low, 1e-4);
            close(found.high, high, 1e-4);
        };
        // Wilson's of 27 in 30 is 0.7438 to 0.9654; seeds that agree add but half an example.
        let half: f64 = 0.5 / 30.0;
        close_to(
            interval_of_draw(Metric::Accuracy, &[0.9, 0.9], 30, None),
            0.9 - (0.9f64 - 0.743_8).hypot(half),
            0.9 + (0.965_4f64 - 0.9).hypot(half),
        );
        // The bootstrap's of the first run, around the mean: 3 and 4 beside t(1) 12.706 * 0.5 of the seeds.
        let found = interval_of_draw(Metric::Rmse, &[10.0, 11.0], 30, Some([7.0, 14.0]));
        close_to(found, 10.5 - 6.353_1f64.hypot(3.0), 10.5 + 6.353_1f64.hypot(4.0));
        assert_eq!(found.map(|found| found.basis), Some(Basis::SeedsAndDraw { seeds: 2, examples: 30 }));
        // The accuracy of tags is no share of sentences, of which the bootstrap was: t(1) 12.706 * 0.0005 of the seeds.
        let of_words = interval_of_draw(Metric::Accuracy, &[0.95, 0.951], 200, Some([0.942, 0.958]));
        close_to(of_words, 0.950_5 - 0.006_353_1f64.hypot(0.008), 0.950_5 + 0.006_353_1f64.hypot(0.008));
        let width = |found: Option<Interval>| found.map(|found| found.high - found.low);
        assert!(width(of_words) < width(interval_of_draw(Metric::Accuracy, &[0.95, 0.951], 200, None)));
        let alone = interval_of_draw(Metric::Accuracy, &[0.9], 30, None);
        assert_eq!(alone, interval(Metric::Accuracy, &[0.9], 30, None));
    }

    #[test]
    fn intervals_stay_within_the_metric() {
        let found = interval(Metric::Matthews, &[0.2, 0.99], 100, None).expect("an interval");
        assert_eq!((found.low, found.high), (-1.0, 1.0));
        assert_eq!(interval(Metric::F1, &[0.9], 100, None), None, "one F1 alone has no interval");
        let found = interval(Metric::F1, &[0.9], 100, Some([0.8, 0.95])).expect("an interval");
        assert_eq!((found.low, found.basis), (0.8, Basis::Resamples { count: 100 }));
    }
}
