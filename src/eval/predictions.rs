//! What a model said of a split beside what is right: every metric, its interval and the score of a guess are made from it.

use super::metrics::regression::{mae, pearson, r2, rmse, spearman};
use super::{metric, of_words};
use crate::spec::Metric;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tallow_kernels::Stream;

/// What a model said of a split, in the order of the examples.
#[derive(Debug, Clone, PartialEq)]
pub enum Predictions {
    /// A class of each example, of so many.
    Classes { each: Vec<ClassSaid>, classes: usize },
    /// A number of each example.
    Values { predicted: Vec<f64>, actual: Vec<f64> },
    /// Tokens that were told from those before them, with their mean cross entropy in nats, and the bytes that all tokens stand for.
    Words { tokens: usize, bytes: u64, loss: f64 },
}

/// What the model says of one example, and its class.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassSaid {
    pub label: u32,
    /// The first of the likeliest.
    pub predicted: u32,
    /// Of the predicted class.
    pub probability: f64,
}

/// What can be said of every example of a split without looking at it, by somebody who knows the answers of the training split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Guess {
    /// The same number, the mean.
    Value { value: f64 },
}

impl Predictions {
    /// Number of examples; of words, of tokens.
    pub fn len(&self) -> usize {
        match self {
            Predictions::Classes { each, .. } => each.len(),
            Predictions::Values { actual, .. } => actual.len(),
            Predictions::Words { tokens, .. } => *tokens,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the examples are pieces of one stream of words, which are not told one by one.
    pub fn is_stream(&self) -> bool {
        matches!(self, Predictions::Words { .. })
    }

    /// `metric` over all examples; NaN where it has no value, as a correlation with a constant, and for a metric of something else.
    pub fn metric(&self, metric: Metric) -> f64 {
        self.over(metric, &(0..self.len()).collect::<Vec<_>>())
    }

    /// `metric` over these examples, any of them any number of times.
    fn over(&self, of: Metric, rows: &[usize]) -> f64 {
        match self {
            Predictions::Classes { each, classes } => {
                let (predicted, labels): (Vec<u32>, Vec<u32>) = rows.iter().map(|&i| (each[i].predicted, each[i].label)).unzip();
                metric(of, &predicted, &labels, *classes)
            }
            Predictions::Values { predicted, actual } => {
                let (p, a): (Vec<f64>, Vec<f64>) = rows.iter().map(|&i| (predicted[i], actual[i])).unzip();
                match of {
                    Metric::Rmse => rmse(&p, &a),
                    Metric::Mae => mae(&p, &a),
                    Metric::R2 => r2(&p, &a),
                    Metric::Pearson => pearson(&p, &a),
                    Metric::Spearman => spearman(&p, &a),
                    _ => f64::NAN,
                }
            }
            Predictions::Words { tokens, bytes, loss } => of_words(of, *loss, *tokens, *bytes),
        }
    }

    /// The same examples with the guess as what was said; none where it is no answer to such a question.
    #[must_use]
    pub fn guessed(&self, guess: &Guess) -> Option<Predictions> {
        match (self, guess) {
            (Predictions::Values { actual, .. }, Guess::Value { value }) => {
                Some(Predictions::Values { predicted: vec![*value; actual.len()], actual: actual.clone() })
            }
            (Predictions::Classes { .. } | Predictions::Words { .. }, Guess::Value { .. }) => None,
        }
    }

    /// The score of a guess. A correlation with what is always the same is none: 0.
    pub fn score_of(&self, guess: &Guess, metric: Metric) -> Option<f64> {
        let score = self.guessed(guess)?.metric(metric);
        match metric {
            Metric::Pearson | Metric::Spearman if score.is_nan() => Some(0.0),
            _ => Some(score).filter(|score| score.is_finite()),
        }
    }

    /// The percentile interval of the bootstrap (Efron, 1979) over examples, 95 %, for each metric that has one. The draws are the
    /// same for every metric and every run.
    ///
    /// Words that follow each other are not drawn apart: there is none for them.
    pub fn intervals(&self, metrics: &[Metric]) -> BTreeMap<Metric, [f64; 2]> {
        let count = self.len();
        if count < 2 || self.is_stream() {
            return BTreeMap::new();
        }
        let resamples = (MOST_DRAWS / count).clamp(LEAST_RESAMPLES, MOST_RESAMPLES);
        let stream = Stream::root(0).named("bootstrap");
        let draw = |resample: u64| (0..count as u64).map(|i| stream.at(resample).below(i, count)).collect::<Vec<usize>>();
        let score = |resample: u64| {
            let rows = draw(resample);
            metrics.iter().map(|metric| self.over(*metric, &rows)).collect::<Vec<f64>>()
        };
        let scores: Vec<Vec<f64>> = (0..resamples as u64).into_par_iter().map(score).collect();
        let of = |(at, metric): (usize, &Metric)| Some((*metric, percentiles(scores.iter().map(|scores| scores[at]).collect())?));
        metrics.iter().enumerate().filter_map(of).collect()
    }

    /// A line of `predictions.jsonl` for each example; none for words.
    pub fn lines(&self) -> Box<dyn Iterator<Item = Value> + '_> {
        match self {
            Predictions::Classes { each, .. } => Box::new(each.iter().enumerate().map(|(index, said)| {
                json!({"index": index, "label": said.label, "predicted": said.predicted, "probability": said.probability})
            })),
            Predictions::Values { predicted, actual } => Box::new(
                predicted.iter().zip(actual).enumerate().map(|(i, (p, a))| json!({"index": i, "value": a, "predicted": p})),
            ),
            Predictions::Words { .. } => Box::new(std::iter::empty()),
        }
    }
}

/// So many draws of an example at most, but so many resamples at least.
const MOST_DRAWS: usize = 10_000_000;
const LEAST_RESAMPLES: usize = 200;
const MOST_RESAMPLES: usize = 1000;

/// The 2.5 % and 97.5 % quantiles; none where too many resamples have no value.
fn percentiles(mut scores: Vec<f64>) -> Option<[f64; 2]> {
    let all = scores.len();
    scores.retain(|score| score.is_finite());
    if scores.len() * 10 < all * 9 {
        return None;
    }
    scores.sort_by(f64::total_cmp);
    let last = scores.len().checked_sub(1)?;
    let at = |share: f64| scores[((last as f64 * share).round() as usize).min(last)];
    Some([at(0.025), at(0.975)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: usize) -> Predictions {
        let stream = Stream::root(5);
        let actual: Vec<f64> = (0..count as u64).map(|i| f64::from(stream.normal(i)) * 3.0).collect();
        let predicted = actual.iter().zip(0..).map(|(a, i)| a + f64::from(stream.named("noise").normal(i))).collect();
        Predictions::Values { predicted, actual }
    }

    /// The root of the mean of squared normal errors varies by 1 / √(2 n), Pearson's correlation by (1 - r²) / √n.
    #[test]
    fn intervals_are_as_wide_as_theory_has_them() {
        let (said, n) = (values(400), 400f64);
        let found = said.intervals(&[Metric::Rmse, Metric::Pearson, Metric::Accuracy]);
        assert_eq!(found.len(), 2, "accuracy is none of numbers");
        let check = |metric: Metric, half: f64| {
            let [low, high] = found[&metric];
            let (value, width) = (said.metric(metric), (high - low) / 2.0);
            assert!(low < value && value < high, "{metric:?}: {low} {value} {high}");
            assert!((width / half - 1.0).abs() < 0.25, "{metric:?}: {width}, expected {half}");
        };
        let r = said.metric(Metric::Pearson);
        check(Metric::Rmse, 1.96 * said.metric(Metric::Rmse) / (2.0 * n).sqrt());
        check(Metric::Pearson, 1.96 * (1.0 - r * r) / n.sqrt());
        assert_eq!(said.intervals(&[Metric::Rmse]), said.intervals(&[Metric::Rmse]), "drawn from a stream of its own");
    }

    #[test]
    fn a_guess_is_scored_like_a_model() {
        let said = Predictions::Values { predicted: vec![0.0; 4], actual: vec![1.0, 2.0, 3.0, 6.0] };
        let guess = Guess::Value { value: 3.0 };
        let score = |metric| said.score_of(&guess, metric).expect("a score");
        assert_eq!((score(Metric::R2), score(Metric::Mae), score(Metric::Spearman)), (0.0, 1.5, 0.0));
        assert!((score(Metric::Rmse) - 3.5f64.sqrt()).abs() < 1e-12);
        assert_eq!(Predictions::Words { tokens: 1, bytes: 1, loss: 1.0 }.score_of(&guess, Metric::Perplexity), None);
    }

    #[test]
    fn where_nothing_varies_there_is_no_interval() {
        let same = Predictions::Values { predicted: vec![1.0; 10], actual: (0..10).map(f64::from).collect() };
        assert!(!same.intervals(&[Metric::Pearson, Metric::Rmse]).contains_key(&Metric::Pearson));
        assert!(same.metric(Metric::Pearson).is_nan());
        let one = Predictions::Values { predicted: vec![1.0], actual: vec![2.0] };
        assert!(one.intervals(&[Metric::Rmse]).is_empty());
    }
}
