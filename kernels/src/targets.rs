//! What a classifier's rows should have been: shared by every cross entropy.

use crate::{Error, Result};

/// What each row should have been, and how much that counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Targets<'a> {
    /// One class a row, in row order.
    pub labels: &'a [u32],
    /// Rows with this label count for nothing.
    pub ignore: Option<u32>,
    /// The share of the target that is spread evenly over all classes, in `[0, 1)` (Szegedy et al. 2016).
    pub smoothing: f32,
    /// How much each class counts, `[C]`, finite and at least 0; every class 1 if none. A mean over rows divides by the weights of
    /// their labels, as PyTorch's.
    pub weights: Option<&'a [f32]>,
    /// The focal loss's `gamma` (Lin et al. 2017, equation 4): a row counts `(1 - p)^gamma` times, `p` being the probability of its
    /// label. 0 for plain cross entropy; not together with smoothing.
    pub focal: f32,
}

/// Targets that were checked against their scores.
pub(crate) struct Counted<'a> {
    pub(crate) targets: Targets<'a>,
    /// The rows that count, in order.
    pub(crate) rows: Vec<u32>,
    /// What a mean divides by: the weights of these rows' labels; their number if all classes count alike.
    pub(crate) weight: f64,
    /// The mean of the classes' weights.
    pub(crate) mean_weight: f64,
}

impl<'a> Targets<'a> {
    /// Every label counts, all alike, no smoothing.
    pub fn new(labels: &'a [u32]) -> Self {
        Targets { labels, ignore: None, smoothing: 0.0, weights: None, focal: 0.0 }
    }

    /// The rows that count, and how much.
    ///
    /// # Errors
    /// There are not `rows` labels, a label is not below `classes`, or smoothing, weights or `gamma` are out of their range.
    pub(crate) fn counted(self, op: &'static str, rows: usize, classes: usize) -> Result<Counted<'a>> {
        if self.labels.len() != rows {
            return Err(Error::shape(op, "labels", format!("[rows = {rows}]"), &[self.labels.len()]));
        }
        let argument = |message: String| Err(Error::Argument { op, message });
        if !(self.focal.is_finite() && self.focal >= 0.0) {
            return argument(format!("the focal loss's gamma must be at least 0, found {}", self.focal));
        }
        if self.focal > 0.0 && self.smoothing != 0.0 {
            return argument(format!("the focal loss takes no label smoothing, found {}", self.smoothing));
        }
        check_spread(op, self.smoothing, self.weights, classes)?;
        let counts = |label: &u32| Some(*label) != self.ignore;
        if let Some(position) = self.labels.iter().position(|label| counts(label) && *label as usize >= classes) {
            let (table, index) = ("classes".to_string(), i64::from(self.labels[position]));
            return Err(Error::Index { op, table, index, position, rows: classes });
        }
        let rows: Vec<u32> = (0..).zip(self.labels).filter(|(_, label)| counts(label)).map(|(row, _)| row).collect();
        let weight = match self.weights {
            None => rows.len() as f64,
            Some(weights) => rows.iter().map(|&row| f64::from(weights[self.labels[row as usize] as usize])).sum(),
        };
        Ok(Counted { targets: self, rows, weight, mean_weight: mean(self.weights) })
    }
}

impl Counted<'_> {
    /// What each row's gradient is multiplied by in the gradient of the mean; 0 for rows that do not count, and for all if none does.
    pub(crate) fn shares(&self) -> Vec<f64> {
        let mut shares = vec![0.0; self.targets.labels.len()];
        if self.weight > 0.0 {
            self.rows.iter().for_each(|&row| shares[row as usize] = 1.0 / self.weight);
        }
        shares
    }
}

/// 1 if there are no weights.
pub(crate) fn mean(weights: Option<&[f32]>) -> f64 {
    weights.map_or(1.0, |w| w.iter().map(|&w| f64::from(w)).sum::<f64>() / w.len().max(1) as f64)
}

/// # Errors
/// The smoothing is not in `[0, 1)`, or there is not one weight a class, finite and at least 0.
pub(crate) fn check_spread(op: &'static str, smoothing: f32, weights: Option<&[f32]>, classes: usize) -> Result<()> {
    if !(0.0..1.0).contains(&smoothing) {
        return Err(Error::Argument { op, message: format!("the label smoothing must be in [0, 1), found {smoothing}") });
    }
    let Some(weights) = weights else { return Ok(()) };
    if weights.len() != classes {
        return Err(Error::shape(op, "class weights", format!("[C = {classes}]"), &[weights.len()]));
    }
    match weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
        Some(class) => {
            let message = format!("the weight of class {class} must be finite and at least 0, found {}", weights[class]);
            Err(Error::Argument { op, message })
        }
        None => Ok(()),
    }
}

impl<'a> From<&'a [u32]> for Targets<'a> {
    /// Every label counts, all alike, no smoothing.
    fn from(labels: &'a [u32]) -> Self {
        Targets::new(labels)
    }
}

impl<'a> From<&'a Vec<u32>> for Targets<'a> {
    fn from(labels: &'a Vec<u32>) -> Self {
        Targets::new(labels)
    }
}

impl<'a, const N: usize> From<&'a [u32; N]> for Targets<'a> {
    fn from(labels: &'a [u32; N]) -> Self {
        Targets::new(labels)
    }
}

impl<'a> From<&Targets<'a>> for Targets<'a> {
    fn from(targets: &Targets<'a>) -> Self {
        *targets
    }
}
