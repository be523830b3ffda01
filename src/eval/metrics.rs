//! Scores of a classifier, from counts of what was predicted for what. Pure; the monitor and the evaluation share it.

use crate::spec::Metric;

/// How often each class was predicted for each true class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// Row: true class; column: predicted class.
    counts: Vec<u64>,
}

impl Confusion {
    /// No predictions yet, of so many classes.
    pub fn new(classes: usize) -> Self {
        Confusion { classes, counts: vec![0; classes * classes] }
    }

    /// One prediction. Both are below the number of classes; others are a mistake of the caller and panic.
    pub fn add(&mut self, label: u32, predicted: u32) {
        assert!((predicted as usize) < self.classes, "class {predicted} of {}", self.classes);
        self.counts[label as usize * self.classes + predicted as usize] += 1;
    }

    /// Predictions in all.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The metric's value, 0..=1 (Matthews: -1..=1); 0 where the quotient would be 0/0, as scikit-learn has it.
    ///
    /// ```
    /// use tallow::{eval::Confusion, spec::Metric};
    /// let mut confusion = Confusion::new(2);
    /// [(1, 1), (1, 1), (1, 0), (0, 1), (0, 0)].into_iter().for_each(|(label, predicted)| confusion.add(label, predicted));
    /// assert_eq!(confusion.score(Metric::Accuracy), 0.6);
    /// assert_eq!(confusion.score(Metric::F1), 2.0 / 3.0); // precision 2/3, recall 2/3
    /// ```
    pub fn score(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Accuracy => ratio(self.right() as f64, self.total() as f64),
            Metric::F1 => self.f1(1),
            Metric::MacroF1 => self.macro_f1(),
            Metric::Matthews => self.matthews(),
        }
    }

    /// Whether the metric means something for so many classes.
    pub fn defines(metric: Metric, classes: usize) -> bool {
        metric != Metric::F1 || classes == 2
    }

    fn right(&self) -> u64 {
        (0..self.classes).map(|c| self.count(c, c)).sum()
    }

    fn count(&self, label: usize, predicted: usize) -> u64 {
        self.counts[label * self.classes + predicted]
    }

    /// How often the class is true, and how often it is predicted.
    fn margins(&self, class: usize) -> (u64, u64) {
        ((0..self.classes).map(|p| self.count(class, p)).sum(), (0..self.classes).map(|l| self.count(l, class)).sum())
    }

    /// `2 tp / (2 tp + fp + fn)`.
    fn f1(&self, class: usize) -> f64 {
        if class >= self.classes {
            return 0.0;
        }
        let (labelled, predicted) = self.margins(class);
        ratio(2.0 * self.count(class, class) as f64, (labelled + predicted) as f64)
    }

    /// Mean of F1 over the classes that are true or predicted at least once.
    fn macro_f1(&self) -> f64 {
        let present: Vec<usize> = (0..self.classes).filter(|&c| self.margins(c) != (0, 0)).collect();
        ratio(present.iter().map(|&c| self.f1(c)).sum(), present.len() as f64)
    }

    /// Matthews correlation for any number of classes (Gorodkin 2004).
    fn matthews(&self) -> f64 {
        let total = self.total() as f64;
        let margins = || (0..self.classes).map(|c| self.margins(c)).map(|(l, p)| (l as f64, p as f64));
        let both: f64 = margins().map(|(l, p)| l * p).sum();
        let labelled: f64 = margins().map(|(l, _)| l * l).sum();
        let predicted: f64 = margins().map(|(_, p)| p * p).sum();
        let spread = (total * total - labelled) * (total * total - predicted);
        ratio(self.right() as f64 * total - both, spread.sqrt())
    }
}

fn ratio(above: f64, below: f64) -> f64 {
    if below == 0.0 { 0.0 } else { above / below }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(classes: usize, rows: &[&[u64]], expected: [f64; 4]) {
        let mut confusion = Confusion::new(classes);
        for (label, row) in rows.iter().enumerate() {
            for (predicted, &times) in row.iter().enumerate() {
                (0..times).for_each(|_| confusion.add(label as u32, predicted as u32));
            }
        }
        for (metric, expected) in [Metric::Accuracy, Metric::F1, Metric::MacroF1, Metric::Matthews].into_iter().zip(expected) {
            let found = confusion.score(metric);
            assert!((found - expected).abs() < 1e-12, "{metric:?} of {rows:?}: expected {expected}, found {found}");
        }
    }

    #[test]
    fn numbers_by_hand() {
        // tn 50, fp 10, fn 5, tp 35: f1 = 70/85, f1 of class 0 = 100/115; mcc = (35*50 - 10*5) / sqrt(45*40*60*55).
        let (f1, f0) = (70.0 / 85.0, 100.0 / 115.0);
        check(2, &[&[50, 10], &[5, 35]], [0.85, f1, (f1 + f0) / 2.0, 1700.0 / (45.0 * 40.0 * 60.0 * 55.0f64).sqrt()]);
        // Three classes. Right 9 of 12; true 5, 4, 3; predicted 5, 4, 3 as well.
        // mcc = (9*12 - (25+16+9)) / sqrt((144-50)(144-50)) = 58/94.
        check(3, &[&[4, 1, 0], &[0, 3, 1], &[1, 0, 2]], [0.75, 0.75, (0.8 + 0.75 + 2.0 / 3.0) / 3.0, 58.0 / 94.0]);
    }

    #[test]
    fn edges() {
        check(2, &[&[3, 0], &[0, 2]], [1.0; 4]);
        check(2, &[&[0, 3], &[2, 0]], [0.0, 0.0, 0.0, -1.0]);
        check(2, &[&[3, 0], &[2, 0]], [0.6, 0.0, 0.375, 0.0]);
        check(2, &[], [0.0; 4]);
        // A class that is neither true nor predicted is left out of the mean.
        check(3, &[&[2, 0, 0], &[0, 2, 0]], [1.0; 4]);
        assert!(Confusion::defines(Metric::F1, 2) && !Confusion::defines(Metric::F1, 3) && Confusion::defines(Metric::MacroF1, 3));
    }
}
