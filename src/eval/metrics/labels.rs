//! Sets of labels against sets of labels, as scikit-learn has them. A row of flags an example, a flag a label.

/// F1 over all labels of all examples alike; 0 where nothing is predicted or true.
pub fn micro_f1(predicted: &[Vec<bool>], actual: &[Vec<bool>]) -> f64 {
    let pairs = predicted.iter().flatten().zip(actual.iter().flatten());
    f1(pairs)
}

/// Mean over all labels of their F1, 0 where one is neither predicted nor true.
pub fn macro_f1(predicted: &[Vec<bool>], actual: &[Vec<bool>], labels: usize) -> f64 {
    let of = |label: usize| f1(predicted.iter().map(|row| &row[label]).zip(actual.iter().map(|row| &row[label])));
    (0..labels).map(of).sum::<f64>() / labels.max(1) as f64
}

/// Share of examples of which every label is right. NaN for no example.
pub fn subset_accuracy(predicted: &[Vec<bool>], actual: &[Vec<bool>]) -> f64 {
    predicted.iter().zip(actual).filter(|(p, a)| p == a).count() as f64 / actual.len() as f64
}

/// Mean of those that have a value: a label that no example has, or all have, is not ranked. NaN if there is none.
pub fn mean_of_finite(values: impl Iterator<Item = f64>) -> f64 {
    let finite: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    finite.iter().sum::<f64>() / finite.len() as f64
}

fn f1<'a>(pairs: impl Iterator<Item = (&'a bool, &'a bool)>) -> f64 {
    let (mut hits, mut sum) = (0.0, 0.0);
    for (predicted, actual) in pairs {
        hits += f64::from(u8::from(*predicted && *actual));
        sum += f64::from(u8::from(*predicted)) + f64::from(u8::from(*actual));
    }
    if sum == 0.0 { 0.0 } else { 2.0 * hits / sum }
}

#[cfg(test)]
mod tests {
    use super::super::super::{LabelsSaid, Predictions};
    use super::super::references::{cases, check, numbers};
    use crate::spec::Metric;
    use serde_json::Value;

    /// scikit-learn 1.9 on random labels and scores.
    #[test]
    fn equal_the_reference() {
        for case in cases("several_labels") {
            let rows = |name: &str| case[name].as_array().expect("a list").iter().map(numbers).collect::<Vec<_>>();
            let labels = rows("actual")[0].len();
            let said = |(actual, scores): (Vec<f64>, Vec<f64>)| LabelsSaid {
                actual: actual.iter().map(|flag| *flag == 1.0).collect(),
                probabilities: scores.iter().map(|score| *score as f32).collect(),
            };
            let said = Predictions::Labels { each: rows("actual").into_iter().zip(rows("scores")).map(said).collect(), labels };
            check(&case, "micro_f1", said.metric(Metric::MicroF1), 1e-12);
            check(&case, "macro_f1", said.metric(Metric::MacroF1), 1e-12);
            check(&case, "subset_accuracy", said.metric(Metric::SubsetAccuracy), 1e-12);
            if case["auroc"] != Value::Null {
                check(&case, "auroc", said.metric(Metric::Auroc), 1e-12);
                check(&case, "average_precision", said.metric(Metric::AveragePrecision), 1e-12);
            }
        }
    }
}
