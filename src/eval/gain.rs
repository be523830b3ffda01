//! What one recipe gains over another.

use super::Evaluation;

/// How much better the second of two evaluations of the same split is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gain {
    /// Positive is better, whichever way the metric goes.
    pub gain: f64,
    /// Its 95 % interval; none where one of the two has none.
    pub interval: Option<[f64; 2]>,
}

/// The gain of `after` over `before`. Its interval is made from those of the two means, as if they varied independently: the method
/// of variance estimates recovery (Zou and Donner, 2008), which for two shares is Newcombe's (1998, method 10). Both were scored on the
/// same examples, so the true interval is rather narrower.
pub fn gain(before: &Evaluation, after: &Evaluation) -> Gain {
    let sign = if after.metric.lower_is_better() { -1.0 } else { 1.0 };
    let difference = after.mean - before.mean;
    let interval = before.interval.zip(after.interval).map(|(b, a)| {
        let low = difference - (after.mean - a.low).hypot(b.high - before.mean);
        let high = difference + (a.high - after.mean).hypot(before.mean - b.low);
        if sign < 0.0 { [-high, -low] } else { [low, high] }
    });
    Gain { gain: sign * difference, interval }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{Basis, Interval, Verdict, interval};
    use crate::spec::Metric;

    fn evaluation(metric: Metric, mean: f64, interval: Option<Interval>) -> Evaluation {
        Evaluation {
            version: 1,
            metric,
            runs: vec![],
            baseline: None,
            untrained: None,
            mean,
            interval,
            verdict: Verdict::NoClaim,
        }
    }

    #[test]
    fn two_shares_give_newcombes_interval() {
        // Newcombe (1998), table II, example (a), method 10: 56 of 70 against 48 of 80.
        let of = |hits: f64, all: usize| {
            let share = hits / all as f64;
            evaluation(Metric::Accuracy, share, interval(Metric::Accuracy, &[share], all, None))
        };
        let found = gain(&of(48.0, 80), &of(56.0, 70));
        let [low, high] = found.interval.expect("an interval");
        assert!((found.gain - 0.2).abs() < 1e-12 && (low - 0.0524).abs() < 1e-4 && (high - 0.3339).abs() < 1e-4, "{found:?}");
    }

    #[test]
    fn less_of_an_error_is_a_gain() {
        let of = |mean: f64| {
            let basis = Basis::Seeds { count: 3 };
            evaluation(Metric::Perplexity, mean, Some(Interval { low: mean - 0.3, high: mean + 0.4, basis }))
        };
        let found = gain(&of(9.0), &of(8.0));
        let [low, high] = found.interval.expect("an interval");
        assert!((found.gain - 1.0).abs() < 1e-12, "{found:?}");
        // 0.3 below the old and 0.4 above the new is the worst of it, and the other way round the best.
        assert!((low - (1.0 - 0.3f64.hypot(0.4))).abs() < 1e-12 && (high - (1.0 + 0.3f64.hypot(0.4))).abs() < 1e-12, "{found:?}");
        assert_eq!(gain(&evaluation(Metric::F1, 0.5, None), &evaluation(Metric::F1, 0.6, None)).interval, None);
    }
}
