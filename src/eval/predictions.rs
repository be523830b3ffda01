//! What a model said of a split beside what is right: every metric, its interval and the score of a guess are made from it.

use super::metrics::regression::{mae, pearson, r2, rmse, spearman};
use super::metrics::retrieval::Found;
use super::metrics::{answers, labels, probability, tagging};
use super::texts::{TextSaid, of_texts};
use super::{metric, of_preferences, of_words};
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
    /// Any of so many labels.
    Labels { each: Vec<LabelsSaid>, labels: usize },
    /// A tag of each word of each example.
    Tags { each: Vec<TagsSaid>, names: Vec<String> },
    /// An answer to each question.
    Answers(Vec<AnswerSaid>),
    /// A number of each example.
    Values { predicted: Vec<f64>, actual: Vec<f64> },
    /// Tokens that were told, from those before them or hidden ones from all others, with their mean cross entropy in nats; the bytes
    /// that all tokens stand for; and of hidden ones how many were right.
    Words { tokens: usize, bytes: u64, loss: f64, right: usize },
    /// A text written from each source.
    Texts(Vec<TextSaid>),
    /// Of each pair of answers how much more the better one gained.
    Preferences { margins: Vec<f64> },
    /// What each distinct first text of texts that belong together found among so many candidates.
    Retrieved { each: Vec<Retrieved>, candidates: usize },
}

/// What one text found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retrieved {
    pub found: Found,
    /// Of the examples that the text is the first of: those whose second is nearer than all that do not belong to it, and how many
    /// have such.
    pub triples: [usize; 2],
}

/// What the model says of one example, and its class.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassSaid {
    pub label: u32,
    /// The first of the likeliest.
    pub predicted: u32,
    /// Of each class.
    pub probabilities: Vec<f32>,
}

impl ClassSaid {
    /// Of the predicted class.
    pub fn probability(&self) -> f64 {
        f64::from(self.probabilities[self.predicted as usize])
    }
}

/// What the model says of one example, and its labels.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelsSaid {
    pub actual: Vec<bool>,
    /// Of each label; it is predicted where this is above one half.
    pub probabilities: Vec<f32>,
}

/// What the model says of the words of one example, and their tags.
#[derive(Debug, Clone, PartialEq)]
pub struct TagsSaid {
    pub actual: Vec<u32>,
    /// None of a word that the model does not see: none of an entity, and never right.
    pub predicted: Vec<Option<u32>>,
    pub(super) entities: tagging::Counts,
    right: usize,
}

/// What the model answers to one question, and what would be right.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerSaid {
    /// Nothing: that there is no answer.
    pub predicted: String,
    pub right: Vec<String>,
    exact: bool,
    f1: f64,
}

impl AnswerSaid {
    pub fn new(predicted: String, right: Vec<String>) -> Self {
        let (exact, f1) = (answers::exact_match(&predicted, &right), answers::f1(&predicted, &right));
        AnswerSaid { predicted, right, exact, f1 }
    }
}

impl TagsSaid {
    /// Both have as many words; tags are below the number of names.
    pub fn new(actual: Vec<u32>, predicted: Vec<Option<u32>>, names: &[String]) -> Self {
        let name = |tag: &u32| names[*tag as usize].as_str();
        let of_actual: Vec<&str> = actual.iter().map(name).collect();
        let of_predicted: Vec<&str> = predicted.iter().map(|tag| tag.as_ref().map_or("O", name)).collect();
        let entities = tagging::total(&tagging::by_type(&[of_predicted], &[of_actual]));
        let right = actual.iter().zip(&predicted).filter(|(actual, predicted)| **predicted == Some(**actual)).count();
        TagsSaid { actual, predicted, entities, right }
    }
}

impl LabelsSaid {
    fn predicted(&self) -> Vec<bool> {
        self.probabilities.iter().map(|p| *p > 0.5).collect()
    }
}

/// What can be said of every example of a split without looking at it, by somebody who knows the answers of the training split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Guess {
    /// The same number, the mean.
    Value { value: f64 },
    /// The same labels, those that most have.
    Labels { often: Vec<bool> },
    /// The source as it is.
    Source,
}

impl Predictions {
    /// Number of examples; of words, of tokens.
    pub fn len(&self) -> usize {
        match self {
            Predictions::Classes { each, .. } => each.len(),
            Predictions::Labels { each, .. } => each.len(),
            Predictions::Tags { each, .. } => each.len(),
            Predictions::Answers(each) => each.len(),
            Predictions::Values { actual, .. } => actual.len(),
            Predictions::Words { tokens, .. } => *tokens,
            Predictions::Texts(each) => each.len(),
            Predictions::Preferences { margins } => margins.len(),
            Predictions::Retrieved { each, .. } => each.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the examples are pieces of one stream of words, which are not told one by one.
    pub fn is_stream(&self) -> bool {
        matches!(self, Predictions::Words { .. })
    }

    /// Whether `metric` is the share of examples that are right.
    pub fn is_share(&self, metric: Metric) -> bool {
        metric.is_share_of_examples() && !matches!(self, Predictions::Tags { .. })
    }

    /// Whether the same is said of half of the examples or more, though a tenth of those are not like the others, and of numbers of all:
    /// to [`ROUNDING`]. A small model that has learnt next to nothing says nearly the same of all, too, and is told apart by that. Of
    /// what is said word by word: no.
    pub fn says_the_same(&self) -> bool {
        let range = |values: &mut dyn Iterator<Item = f64>| {
            let [low, high] = values.fold([f64::INFINITY, f64::NEG_INFINITY], |[l, h], value| [l.min(value), h.max(value)]);
            high - low
        };
        match self {
            Predictions::Classes { each, .. } => {
                half_alike(&each.iter().map(|said| (said.label, said.probabilities.as_slice())).collect::<Vec<_>>())
            }
            Predictions::Labels { each, .. } => {
                half_alike(&each.iter().map(|said| (&said.actual, said.probabilities.as_slice())).collect::<Vec<_>>())
            }
            Predictions::Values { predicted, actual } => {
                let greatest = predicted.iter().fold(1.0f64, |greatest, value| greatest.max(value.abs()));
                range(&mut actual.iter().copied()) > 0.0 && range(&mut predicted.iter().copied()) < ROUNDING * greatest
            }
            Predictions::Tags { .. }
            | Predictions::Answers(_)
            | Predictions::Words { .. }
            | Predictions::Texts(_)
            | Predictions::Preferences { .. }
            | Predictions::Retrieved { .. } => false,
        }
    }

    /// `metric` over all examples; NaN where it has no value, as a correlation with a constant, and for a metric of something else.
    pub fn metric(&self, metric: Metric) -> f64 {
        self.over(metric, &(0..self.len()).collect::<Vec<_>>())
    }

    /// `metric` over these examples, any of them any number of times.
    fn over(&self, of: Metric, rows: &[usize]) -> f64 {
        match self {
            Predictions::Classes { each, classes } => {
                let each: Vec<&ClassSaid> = rows.iter().map(|&i| &each[i]).collect();
                of_classes(of, &each, *classes)
            }
            Predictions::Labels { each, labels } => {
                let each: Vec<&LabelsSaid> = rows.iter().map(|&i| &each[i]).collect();
                of_labels(of, &each, *labels)
            }
            Predictions::Tags { each, .. } => of_tags(of, rows.iter().map(|&i| &each[i])),
            Predictions::Answers(each) => {
                let mean = |of: fn(&AnswerSaid) -> f64| rows.iter().map(|&i| of(&each[i])).sum::<f64>() / rows.len() as f64;
                match of {
                    Metric::AnswerF1 => mean(|said| said.f1),
                    Metric::ExactMatch => mean(|said| f64::from(u8::from(said.exact))),
                    _ => f64::NAN,
                }
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
            Predictions::Words { tokens, right, .. } if of == Metric::MaskedAccuracy => *right as f64 / *tokens as f64,
            Predictions::Words { tokens, bytes, loss, .. } => of_words(of, *loss, *tokens, *bytes),
            Predictions::Texts(each) => of_texts(of, rows.iter().map(|&i| &each[i])),
            Predictions::Retrieved { each, .. } => of_retrieved(of, rows.iter().map(|&i| &each[i])),
            Predictions::Preferences { margins } => of_preferences(of, &rows.iter().map(|&i| margins[i]).collect::<Vec<f64>>()),
        }
    }

    /// The same examples with the guess as what was said; none where it is no answer to such a question.
    #[must_use]
    pub fn guessed(&self, guess: &Guess) -> Option<Predictions> {
        match (self, guess) {
            (Predictions::Values { actual, .. }, Guess::Value { value }) => {
                Some(Predictions::Values { predicted: vec![*value; actual.len()], actual: actual.clone() })
            }
            (Predictions::Labels { each, labels }, Guess::Labels { often }) => {
                let probabilities: Vec<f32> = often.iter().map(|often| f32::from(u8::from(*often))).collect();
                let said = |said: &LabelsSaid| LabelsSaid { probabilities: probabilities.clone(), actual: said.actual.clone() };
                Some(Predictions::Labels { each: each.iter().map(said).collect(), labels: *labels })
            }
            (Predictions::Texts(each), Guess::Source) => Some(Predictions::Texts(each.iter().map(TextSaid::copied).collect())),
            (_, Guess::Value { .. } | Guess::Labels { .. } | Guess::Source) => None,
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
    /// Words that follow each other are not drawn apart: there is none for them. Of the best and the worst score there is, it is Wilson's over
    /// the examples that the score rests on.
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
        let of = |(at, metric): (usize, &Metric)| {
            let drawn = percentiles(scores.iter().map(|scores| scores[at]).collect())?;
            Some((*metric, self.of_the_extreme(*metric, self.metric(*metric)).unwrap_or(drawn)))
        };
        metrics.iter().enumerate().filter_map(of).collect()
    }

    /// A line of `predictions.jsonl` for each example; none for words.
    pub fn lines(&self) -> Box<dyn Iterator<Item = Value> + '_> {
        match self {
            Predictions::Classes { each, .. } => Box::new(each.iter().enumerate().map(|(index, said)| {
                json!({"index": index, "label": said.label, "predicted": said.predicted, "probability": said.probability()})
            })),
            Predictions::Answers(each) => Box::new(each.iter().enumerate().map(|(index, said)| {
                json!({"index": index, "answers": said.right, "predicted": said.predicted, "f1": said.f1})
            })),
            Predictions::Tags { each, names } => Box::new(each.iter().enumerate().map(|(index, said)| {
                let name = |tag: &u32| names[*tag as usize].clone();
                let tags: Vec<String> = said.actual.iter().map(name).collect();
                let predicted: Vec<Option<String>> = said.predicted.iter().map(|tag| tag.as_ref().map(name)).collect();
                json!({"index": index, "tags": tags, "predicted": predicted})
            })),
            Predictions::Labels { each, .. } => Box::new(each.iter().enumerate().map(|(index, said)| {
                let numbers = |flags: Vec<bool>| (0..flags.len()).filter(|i| flags[*i]).collect::<Vec<usize>>();
                let (labels, predicted) = (numbers(said.actual.clone()), numbers(said.predicted()));
                json!({"index": index, "labels": labels, "predicted": predicted, "probabilities": said.probabilities})
            })),
            Predictions::Values { predicted, actual } => Box::new(
                predicted.iter().zip(actual).enumerate().map(|(i, (p, a))| json!({"index": i, "value": a, "predicted": p})),
            ),
            Predictions::Words { .. } => Box::new(std::iter::empty()),
            Predictions::Texts(each) => Box::new(each.iter().enumerate().map(|(index, said)| {
                let (nats, tokens) = (said.nats, said.tokens);
                json!({"index": index, "source": said.source, "reference": said.reference, "predicted": said.predicted(), "nats": nats, "tokens": tokens})
            })),
            Predictions::Retrieved { each, candidates } => Box::new(each.iter().enumerate().map(move |(index, said)| {
                let (places, belonging) = (said.found.places(), said.found.belonging());
                json!({"index": index, "places": places, "belonging": belonging, "candidates": candidates})
            })),
            Predictions::Preferences { margins } => {
                Box::new(margins.iter().enumerate().map(|(index, margin)| json!({"index": index, "margin": margin})))
            }
        }
    }
}

fn of_classes(of: Metric, each: &[&ClassSaid], classes: usize) -> f64 {
    let labels = || each.iter().map(|said| said.label as usize).collect::<Vec<usize>>();
    let rows = || each.iter().map(|said| said.probabilities.iter().map(|p| f64::from(*p)).collect()).collect::<Vec<Vec<f64>>>();
    // Each class against all others, or of two classes the second.
    let against = |area: fn(&[f64], &[bool]) -> f64| {
        let one = |class: usize| {
            let scores: Vec<f64> = each.iter().map(|said| f64::from(said.probabilities[class])).collect();
            area(&scores, &each.iter().map(|said| said.label as usize == class).collect::<Vec<bool>>())
        };
        if classes == 2 { one(1) } else { labels::mean_of_finite((0..classes).map(one)) }
    };
    match of {
        Metric::Auroc => against(probability::auroc),
        Metric::AveragePrecision => against(probability::average_precision),
        Metric::LogLoss => probability::log_loss(&rows(), &labels()),
        Metric::Top5Accuracy => probability::top_k_accuracy(&rows(), &labels(), 5),
        Metric::CalibrationError => {
            let confidence: Vec<f64> = each.iter().map(|said| said.probability()).collect();
            probability::calibration_error(&confidence, &each.iter().map(|s| s.label == s.predicted).collect::<Vec<bool>>())
        }
        other => {
            let (predicted, labels): (Vec<u32>, Vec<u32>) = each.iter().map(|said| (said.predicted, said.label)).unzip();
            metric(other, &predicted, &labels, classes)
        }
    }
}

fn of_tags<'a>(of: Metric, each: impl Iterator<Item = &'a TagsSaid>) -> f64 {
    let (mut entities, mut right, mut words) = (tagging::Counts::default(), 0, 0);
    for said in each {
        entities = entities.and(said.entities);
        (right, words) = (right + said.right, words + said.actual.len());
    }
    match of {
        Metric::EntityF1 => entities.f1(),
        Metric::EntityPrecision => entities.precision(),
        Metric::EntityRecall => entities.recall(),
        Metric::Accuracy => right as f64 / words as f64,
        _ => f64::NAN,
    }
}

fn of_retrieved<'a>(of: Metric, each: impl Iterator<Item = &'a Retrieved>) -> f64 {
    let each: Vec<&Retrieved> = each.collect();
    let mean = |of: fn(&Found) -> f64| each.iter().map(|said| of(&said.found)).sum::<f64>() / each.len() as f64;
    match of {
        Metric::AccuracyAt1 => mean(Found::accuracy_at_1),
        Metric::MrrAt10 => mean(Found::reciprocal_rank),
        Metric::NdcgAt10 => mean(Found::ndcg),
        Metric::RecallAt10 => mean(Found::recall),
        Metric::TripletAccuracy => {
            let sum = |which: usize| each.iter().map(|said| said.triples[which]).sum::<usize>() as f64;
            sum(0) / sum(1)
        }
        _ => f64::NAN,
    }
}

fn of_labels(of: Metric, each: &[&LabelsSaid], labels: usize) -> f64 {
    let actual = || each.iter().map(|said| said.actual.clone()).collect::<Vec<_>>();
    let said = || each.iter().map(|said| said.predicted()).collect::<Vec<_>>();
    let area = |area: fn(&[f64], &[bool]) -> f64| {
        let one = |label: usize| {
            let scores: Vec<f64> = each.iter().map(|said| f64::from(said.probabilities[label])).collect();
            area(&scores, &each.iter().map(|said| said.actual[label]).collect::<Vec<bool>>())
        };
        labels::mean_of_finite((0..labels).map(one))
    };
    match of {
        Metric::MicroF1 => labels::micro_f1(&said(), &actual()),
        Metric::MacroF1 => labels::macro_f1(&said(), &actual(), labels),
        Metric::SubsetAccuracy => labels::subset_accuracy(&said(), &actual()),
        Metric::Auroc => area(probability::auroc),
        Metric::AveragePrecision => area(probability::average_precision),
        _ => f64::NAN,
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

/// Of a number or of 1, of a probability in logarithms: what float32 makes of the same in another order, a few times over.
const ROUNDING: f64 = 2e-6;

/// Whether half of the examples or more, each with what is right of it, have the same probabilities, and what is right of those is not
/// nearly always the same; or is, as it is of all, but half of the others or more are among them.
pub fn half_alike<L: PartialEq>(each: &[(L, &[f32])]) -> bool {
    /// Fewer others may be mistakes in the data.
    const FEWEST_OTHERS: usize = 4;
    let near = |a: &[f32], b: &[f32]| {
        let log = |p: f32| f64::from(p.max(f32::MIN_POSITIVE)).ln();
        a.iter().zip(b).all(|(a, b)| (log(*a) - log(*b)).abs() < ROUNDING)
    };
    each.iter().any(|(_, said)| {
        let alike: Vec<&L> = each.iter().filter(|(_, other)| near(said, other)).map(|(label, _)| label).collect();
        let of = |label: &L| alike.iter().filter(|other| **other == label).count();
        let Some((most, usual)) = alike.iter().map(|label| (of(label), *label)).max_by_key(|(count, _)| *count) else {
            return false;
        };
        let (others, all_others) = (alike.len() - most, each.iter().filter(|(label, _)| label != usual).count());
        let are_mixed = 10 * most <= 9 * alike.len() || others >= FEWEST_OTHERS && 2 * others >= all_others;
        2 * alike.len() >= each.len() && are_mixed
    })
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
    fn what_is_said_of_all_alike_is_told_from_what_is_nearly_so() {
        let classes = |said: &[(u32, f32)]| Predictions::Classes {
            each: said.iter().map(|&(label, p)| ClassSaid { label, predicted: 0, probabilities: vec![p, 1.0 - p] }).collect(),
            classes: 2,
        };
        assert!(classes(&[(0, 0.52), (1, 0.52), (0, 0.520_000_1)]).says_the_same());
        assert!(!classes(&[(0, 0.52), (1, 0.520_01), (0, 0.519_99)]).says_the_same(), "nearly: not at all is it the same");
        assert!(!classes(&[(0, 0.52), (1, 0.521), (1, 0.53)]).says_the_same());
        assert!(classes(&[(0, 0.52), (1, 0.52), (0, 0.5), (1, 0.4)]).says_the_same(), "of half");
        let sure = [vec![(0, 1.0); 19], vec![(1, 1.0)]].concat();
        assert!(!classes(&sure).says_the_same(), "sure of nearly all, and right");
        assert!(!classes(&[(0, 0.52), (0, 0.52)]).says_the_same(), "and so they are");
        // Tags of words are nearly always none.
        let tags = |others: &[(u32, f32)]| classes(&[&[(0, 0.9); 80], others].concat()).says_the_same();
        assert!(tags(&[(1, 0.9); 5]) && tags(&[[(1, 0.9); 5], [(1, 0.3); 5]].concat()), "of half of what is another");
        assert!(!tags(&[&[(1, 0.9); 4][..], &[(1, 0.3); 5]].concat()), "most of what is another is told");
        assert!(!tags(&[(1, 0.9); 3]), "so few may be mistakes");
        assert!(!classes(&[(0, 1e-5), (1, 2e-5), (1, 3e-5)]).says_the_same(), "of a rare class, twice as much");
        assert!(!classes(&[]).says_the_same());
        let values = |predicted: [f64; 2], actual: [f64; 2]| {
            Predictions::Values { predicted: predicted.into(), actual: actual.into() }.says_the_same()
        };
        assert!(values([3.048_629, 3.048_629_5], [5.0, 1.0]) && !values([3.04, 3.05], [5.0, 1.0]));
        assert!(!values([3.0, 3.0], [2.0, 2.0]), "and so they are");
        assert!(!values([1e-3, 2e-3], [0.0, 1e6]), "most are small where one is large");
    }

    #[test]
    fn a_guess_is_scored_like_a_model() {
        let said = Predictions::Values { predicted: vec![0.0; 4], actual: vec![1.0, 2.0, 3.0, 6.0] };
        let guess = Guess::Value { value: 3.0 };
        let score = |metric| said.score_of(&guess, metric).expect("a score");
        assert_eq!((score(Metric::R2), score(Metric::Mae), score(Metric::Spearman)), (0.0, 1.5, 0.0));
        assert!((score(Metric::Rmse) - 3.5f64.sqrt()).abs() < 1e-12);
        assert_eq!(Predictions::Words { tokens: 1, bytes: 1, loss: 1.0, right: 0 }.score_of(&guess, Metric::Perplexity), None);
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
