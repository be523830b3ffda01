//! Metrics: `metric` from predicted and true classes, and a file for each other kind of prediction.

pub mod answers;
pub mod error_rate;
pub mod labels;
pub mod overlap;
pub mod probability;
#[cfg(test)]
mod references;
pub mod regression;
pub mod retrieval;
pub mod tagging;

use crate::spec::Metric;

/// `metric` of `predicted` against `labels` (each below `classes`); 0 where its denominator is 0, as scikit-learn has it, and NaN for a metric of
/// something else.
///
/// ```
/// use tallow::{eval::metric, spec::Metric};
/// assert_eq!(metric(Metric::Accuracy, &[0, 1, 1], &[0, 1, 0], 2), 2.0 / 3.0);
/// ```
pub fn metric(metric: Metric, predicted: &[u32], labels: &[u32], classes: usize) -> f64 {
    let counts = Counts::new(predicted, labels, classes);
    match metric {
        Metric::Accuracy | Metric::MicroF1 => counts.accuracy(),
        Metric::F1 => counts.f1(1),
        Metric::MacroF1 => counts.macro_f1(),
        Metric::Matthews => counts.matthews(),
        _ => f64::NAN,
    }
}

/// `metric` of a text of which `tokens` tokens were told with a mean cross entropy of `loss` nats; `bytes` is its length in UTF-8.
/// NaN for a metric of something else.
///
/// ```
/// use tallow::{eval::of_words, spec::Metric};
/// assert_eq!(of_words(Metric::BitsPerByte, 2.0 * std::f64::consts::LN_2, 10, 40), 0.5);
/// ```
pub fn of_words(metric: Metric, loss: f64, tokens: usize, bytes: u64) -> f64 {
    match metric {
        Metric::Perplexity => loss.exp(),
        Metric::BitsPerByte => loss / std::f64::consts::LN_2 * tokens as f64 / bytes.max(1) as f64,
        _ => f64::NAN,
    }
}

/// `metric` of pairs of answers by their margins: how much more the better one gained. NaN for a metric of something else, and for no
/// pair.
///
/// ```
/// use tallow::{eval::of_preferences, spec::Metric};
/// assert_eq!(of_preferences(Metric::PreferenceAccuracy, &[0.5, -0.1, 0.0, 2.0]), 2.5 / 4.0);
/// ```
pub fn of_preferences(metric: Metric, margins: &[f64]) -> f64 {
    let mean = |of: fn(f64) -> f64| margins.iter().map(|margin| of(*margin)).sum::<f64>() / margins.len() as f64;
    match metric {
        Metric::PreferenceAccuracy => mean(|margin| if margin == 0.0 { 0.5 } else { f64::from(u8::from(margin > 0.0)) }),
        Metric::PreferenceMargin => mean(|margin| margin),
        _ => f64::NAN,
    }
}

/// For each class: predicted and true, predicted, true.
struct Counts {
    hits: Vec<f64>,
    predicted: Vec<f64>,
    actual: Vec<f64>,
}

impl Counts {
    fn new(predicted: &[u32], labels: &[u32], classes: usize) -> Self {
        let mut c = Counts { hits: vec![0.0; classes], predicted: vec![0.0; classes], actual: vec![0.0; classes] };
        for (&p, &l) in predicted.iter().zip(labels) {
            c.predicted[p as usize] += 1.0;
            c.actual[l as usize] += 1.0;
            c.hits[p as usize] += f64::from(u8::from(p == l));
        }
        c
    }

    fn total(&self) -> f64 {
        self.actual.iter().sum()
    }

    fn accuracy(&self) -> f64 {
        ratio(self.hits.iter().sum(), self.total())
    }

    fn f1(&self, class: usize) -> f64 {
        let at = |v: &[f64]| v.get(class).copied().unwrap_or(0.0);
        ratio(2.0 * at(&self.hits), at(&self.predicted) + at(&self.actual))
    }

    /// Mean over the classes that occur, predicted or true.
    fn macro_f1(&self) -> f64 {
        let occurring: Vec<usize> = (0..self.hits.len()).filter(|&c| self.predicted[c] + self.actual[c] > 0.0).collect();
        ratio(occurring.iter().map(|&c| self.f1(c)).sum(), occurring.len() as f64)
    }

    /// The multi-class correlation of Gorodkin (2004), which is Matthews' for two.
    fn matthews(&self) -> f64 {
        let n = self.total();
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let covariance = self.hits.iter().sum::<f64>() * n - product(&self.predicted, &self.actual);
        let spread = |v: &[f64]| n * n - product(v, v);
        ratio(covariance, (spread(&self.predicted) * spread(&self.actual)).sqrt())
    }
}

fn share(part: usize, of: usize) -> f64 {
    ratio(part as f64, of as f64)
}

fn ratio(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of scikit-learn 1.5 (accuracy_score, f1_score, matthews_corrcoef), checked by hand.
    #[test]
    fn known_values() {
        let check = |m: Metric, predicted: &[u32], labels: &[u32], classes, expected: f64| {
            let found = metric(m, predicted, labels, classes);
            assert!((found - expected).abs() < 1e-12, "{m:?}: {found}, expected {expected}");
        };
        let (p, l) = ([1, 1, 0, 0, 1], [1, 0, 0, 1, 1]);
        check(Metric::Accuracy, &p, &l, 2, 0.6);
        check(Metric::F1, &p, &l, 2, 2.0 * 2.0 / 6.0);
        check(Metric::MacroF1, &p, &l, 2, (2.0 / 3.0 + 0.5) / 2.0);
        check(Metric::Matthews, &p, &l, 2, (2.0 * 1.0 - 1.0) / (3.0f64 * 3.0 * 2.0 * 2.0).sqrt());
        check(Metric::Matthews, &[1, 1, 1], &[1, 0, 1], 2, 0.0);
        check(Metric::F1, &[0, 0], &[0, 0], 2, 0.0);
        check(Metric::Accuracy, &[], &[], 3, 0.0);
        check(Metric::MacroF1, &[2, 2, 0], &[2, 1, 0], 4, (1.0 + 0.0 + 2.0 / 3.0) / 3.0);
    }
}
