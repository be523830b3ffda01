//! Scores and probabilities against classes, as scikit-learn and torchmetrics have them.

/// Area under the ROC curve of class 1 of two: how often a positive example scores above a negative one, ties counting half. NaN
/// where one class is absent.
pub fn auroc(scores: &[f64], positive: &[bool]) -> f64 {
    let (mut below, mut area, mut hits) = (0.0, 0.0, 0.0);
    for (yes, no) in tied(scores, positive) {
        area += yes * (below + no / 2.0);
        below += no;
        hits += yes;
    }
    area / (hits * below)
}

/// Area under precision over recall in steps, `average_precision_score`; 0 where nothing is positive.
pub fn average_precision(scores: &[f64], positive: &[bool]) -> f64 {
    let all = positive.iter().filter(|p| **p).count() as f64;
    let (mut hits, mut seen, mut area) = (0.0, 0.0, 0.0);
    for (yes, no) in tied(scores, positive).into_iter().rev() {
        hits += yes;
        seen += yes + no;
        area += yes * hits / seen;
    }
    if all == 0.0 { 0.0 } else { area / all }
}

/// Positive and negative examples of each score, from the lowest on.
fn tied(scores: &[f64], positive: &[bool]) -> Vec<(f64, f64)> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&i, &j| scores[i].total_cmp(&scores[j]));
    let count = |equal: &[usize]| {
        let yes = equal.iter().filter(|&&i| positive[i]).count();
        (yes as f64, (equal.len() - yes) as f64)
    };
    order.chunk_by(|&i, &j| scores[i] == scores[j]).map(count).collect()
}

/// Mean of `-ln p(label)`, with `p` no smaller than the float64 epsilon, as `log_loss`. A row of `probabilities` an example. Lower is
/// better; NaN for no example.
pub fn log_loss(probabilities: &[Vec<f64>], labels: &[usize]) -> f64 {
    let each = probabilities.iter().zip(labels).map(|(p, label)| -p[*label].clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln());
    each.sum::<f64>() / labels.len() as f64
}

/// The share of examples whose label is among the `k` highest scores; of equal scores the later class counts first, as
/// `top_k_accuracy_score`. NaN for no example.
pub fn top_k_accuracy(scores: &[Vec<f64>], labels: &[usize], k: usize) -> f64 {
    let within = |(row, label): (&Vec<f64>, &usize)| {
        let ahead = row.iter().enumerate().filter(|(class, s)| **s > row[*label] || (**s == row[*label] && class > label));
        ahead.count() < k
    };
    scores.iter().zip(labels).filter(|pair| within(*pair)).count() as f64 / labels.len() as f64
}

/// Expected calibration error (Guo et al., 1706.04599, equation 3): how far the confidence of predictions is from the share of them
/// that is right, over 15 bins of equal width, each counting by its examples. Of each prediction its probability, and whether it
/// is right. Lower is better; NaN for no example.
pub fn calibration_error(confidence: &[f64], right: &[bool]) -> f64 {
    const BINS: usize = 15;
    let mut bins = [(0.0, 0.0); BINS];
    for (p, right) in confidence.iter().zip(right) {
        // A bin holds its upper end, as (0, 1/15].
        let bin = ((p * BINS as f64).ceil() as usize).clamp(1, BINS) - 1;
        bins[bin].0 += p;
        bins[bin].1 += f64::from(u8::from(*right));
    }
    bins.iter().map(|(confidence, right): &(f64, f64)| (confidence - right).abs()).sum::<f64>() / confidence.len() as f64
}

#[cfg(test)]
mod tests {
    use super::super::super::{ClassSaid, Predictions};
    use super::super::references::{cases, check, numbers};
    use super::*;
    use crate::spec::Metric;

    /// scikit-learn 1.9 on scores with many ties.
    #[test]
    fn equal_the_reference() {
        for case in cases("ranking") {
            let (scores, labels) = (numbers(&case["scores"]), numbers(&case["labels"]));
            let positive: Vec<bool> = labels.iter().map(|label| *label == 1.0).collect();
            check(&case, "auroc", auroc(&scores, &positive), 1e-12);
            check(&case, "average_precision", average_precision(&scores, &positive), 1e-12);
        }
        for case in cases("probability") {
            let rows: Vec<_> = case["probabilities"].as_array().expect("a list").iter().map(numbers).collect();
            let labels: Vec<_> = numbers(&case["labels"]).iter().map(|label| *label as usize).collect();
            check(&case, "log_loss", log_loss(&rows, &labels), 1e-12);
            check(&case, "top_2", top_k_accuracy(&rows, &labels, 2), 1e-12);
        }
        for case in cases("several_classes") {
            let rows: Vec<Vec<f64>> = case["probabilities"].as_array().expect("a list").iter().map(numbers).collect();
            let labels = numbers(&case["labels"]);
            let said = |(row, label): (&Vec<f64>, &f64)| ClassSaid {
                label: *label as u32,
                predicted: (0..3).max_by(|i, j| row[*i].total_cmp(&row[*j])).expect("a class") as u32,
                probabilities: row.iter().map(|p| *p as f32).collect(),
            };
            let said = Predictions::Classes { each: rows.iter().zip(&labels).map(said).collect(), classes: 3 };
            // Probabilities are kept as float32.
            check(&case, "auroc", said.metric(Metric::Auroc), 1e-12);
            check(&case, "average_precision", said.metric(Metric::AveragePrecision), 1e-12);
            check(&case, "log_loss", said.metric(Metric::LogLoss), 1e-6);
            check(&case, "calibration_error", said.metric(Metric::CalibrationError), 1e-6);
            assert_eq!(said.metric(Metric::Top5Accuracy), 1.0, "of three classes");
        }
    }
}
