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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// scikit-learn 1.9 on scores with many ties.
    #[test]
    fn equal_the_reference() {
        let file: Value = serde_json::from_str(include_str!("../../../tests/fixtures/metrics/references.json")).unwrap();
        let numbers = |v: &Value| v.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<_>>();
        let check = |case: &Value, name: &str, found: f64| {
            let same = case[name].as_f64().map_or(found.is_nan(), |e| (found - e).abs() < 1e-12 * e.abs().max(1.0));
            assert!(same, "{name} {found}: {case}");
        };
        for case in file["ranking"].as_array().unwrap() {
            let positive: Vec<bool> = numbers(&case["labels"]).iter().map(|l| *l == 1.0).collect();
            check(case, "auroc", auroc(&numbers(&case["scores"]), &positive));
            check(case, "average_precision", average_precision(&numbers(&case["scores"]), &positive));
        }
        for case in file["probability"].as_array().unwrap() {
            let rows: Vec<Vec<f64>> = case["probabilities"].as_array().unwrap().iter().map(numbers).collect();
            let labels: Vec<usize> = numbers(&case["labels"]).iter().map(|l| *l as usize).collect();
            check(case, "log_loss", log_loss(&rows, &labels));
            check(case, "top_2", top_k_accuracy(&rows, &labels, 2));
        }
    }
}
