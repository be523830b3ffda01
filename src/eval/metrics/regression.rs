//! Numbers against numbers, as scikit-learn and SciPy have them. Both slices have one value an example.

/// Root of the mean squared error. NaN for no example.
pub fn rmse(predicted: &[f64], actual: &[f64]) -> f64 {
    mean(predicted.iter().zip(actual).map(|(p, a)| (p - a).powi(2))).sqrt()
}

/// Mean absolute error. NaN for no example.
pub fn mae(predicted: &[f64], actual: &[f64]) -> f64 {
    mean(predicted.iter().zip(actual).map(|(p, a)| (p - a).abs()))
}

/// Coefficient of determination, `1 - squared error / spread of the actual values`. Where these do not vary: 1 if all are met,
/// else 0, as `r2_score`. NaN for fewer than two examples.
pub fn r2(predicted: &[f64], actual: &[f64]) -> f64 {
    if actual.len() < 2 {
        return f64::NAN;
    }
    let centre = mean(actual.iter().copied());
    let spread: f64 = actual.iter().map(|a| (a - centre).powi(2)).sum();
    let error: f64 = predicted.iter().zip(actual).map(|(p, a)| (p - a).powi(2)).sum();
    match (error == 0.0, spread == 0.0) {
        (true, _) => 1.0,
        (false, true) => 0.0,
        (false, false) => 1.0 - error / spread,
    }
}

/// Pearson's correlation. NaN where either side does not vary, as `pearsonr`.
pub fn pearson(predicted: &[f64], actual: &[f64]) -> f64 {
    let constant = |v: &[f64]| v.iter().all(|x| *x == v[0]);
    if predicted.len() < 2 || constant(predicted) || constant(actual) {
        return f64::NAN;
    }
    let centred = |v: &[f64]| {
        let centre = mean(v.iter().copied());
        v.iter().map(|x| x - centre).collect::<Vec<f64>>()
    };
    let (p, a) = (centred(predicted), centred(actual));
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    (product(&p, &a) / (product(&p, &p).sqrt() * product(&a, &a).sqrt())).clamp(-1.0, 1.0)
}

/// Spearman's correlation: Pearson's of the ranks, equal values sharing the mean of theirs.
pub fn spearman(predicted: &[f64], actual: &[f64]) -> f64 {
    pearson(&ranks(predicted), &ranks(actual))
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
    let (mut ranks, mut first) = (vec![0.0; values.len()], 0);
    for equal in order.chunk_by(|&i, &j| values[i] == values[j]) {
        let rank = first as f64 + (equal.len() as f64 + 1.0) / 2.0;
        equal.iter().for_each(|&i| ranks[i] = rank);
        first += equal.len();
    }
    ranks
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scikit-learn 1.9 and SciPy 1.17 on values with ties, constants among them; `null` stands for NaN.
    #[test]
    fn equal_the_references() {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/metrics/references.json")).unwrap();
        let numbers = |v: &serde_json::Value| v.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<_>>();
        let cases = file["regression"].as_array().unwrap();
        assert!(cases.len() >= 60);
        for case in cases {
            let (p, a) = (numbers(&case["predicted"]), numbers(&case["actual"]));
            let found = [rmse(&p, &a), mae(&p, &a), r2(&p, &a), pearson(&p, &a), spearman(&p, &a)];
            for (name, found) in ["rmse", "mae", "r2", "pearson", "spearman"].into_iter().zip(found) {
                let same = case[name].as_f64().map_or(found.is_nan(), |e| (found - e).abs() <= 1e-10 * e.abs().max(1.0));
                assert!(same, "{name} {found}: {case}");
            }
        }
    }
}
