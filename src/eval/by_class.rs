//! How well each class, label or type of entity is told, and which class is taken for which.

use super::Predictions;
use super::metrics::tagging::{self, Counts};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Of more of them nothing is told one by one.
const MOST: usize = 100;
/// Of more classes no table has room for which is taken for which.
const MOST_CONFUSED: usize = 20;

/// One of them: how often it is right, how often it is said, and how often both are so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OfClass {
    pub name: String,
    pub actual: u64,
    pub said: u64,
    pub right: u64,
    /// 0 where it is never said.
    pub precision: f64,
    /// 0 where it is never right.
    pub recall: f64,
    pub f1: f64,
}

/// All of them, in the order of their names in the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ByClass {
    pub classes: Vec<OfClass>,
    /// By class, how many of its examples are taken for each; empty where an example has not one class, or there are too many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confused: Vec<Vec<u64>>,
}

impl OfClass {
    fn new(name: &str, counts: Counts) -> Self {
        let Counts { hits, predicted, actual } = counts;
        OfClass {
            name: name.into(),
            actual: actual as u64,
            said: predicted as u64,
            right: hits as u64,
            precision: counts.precision(),
            recall: counts.recall(),
            f1: counts.f1(),
        }
    }
}

impl ByClass {
    /// `names`: of the classes or labels; those of tags are known. None of other answers, of fewer than two, and of too many.
    pub fn of(predictions: &Predictions, names: &[String]) -> Option<ByClass> {
        let (classes, confused) = match predictions {
            Predictions::Classes { each, .. } => {
                let mut confused = vec![vec![0u64; names.len()]; names.len()];
                for said in each {
                    *confused.get_mut(said.label as usize)?.get_mut(said.predicted as usize)? += 1;
                }
                let counts = |i: usize| Counts {
                    hits: confused[i][i] as usize,
                    predicted: confused.iter().map(|row| row[i]).sum::<u64>() as usize,
                    actual: confused[i].iter().sum::<u64>() as usize,
                };
                let classes = names.iter().enumerate().map(|(i, name)| OfClass::new(name, counts(i))).collect();
                (classes, if names.len() <= MOST_CONFUSED { confused } else { Vec::new() })
            }
            Predictions::Labels { each, .. } => {
                let count = |i: usize, counts: Counts, said: &super::LabelsSaid| {
                    let [actual, predicted] = [said.actual[i], said.probabilities[i] > 0.5].map(usize::from);
                    counts.and(Counts { hits: actual * predicted, predicted, actual })
                };
                let of = |i: usize| each.iter().fold(Counts::default(), |counts, said| count(i, counts, said));
                (names.iter().enumerate().map(|(i, name)| OfClass::new(name, of(i))).collect(), Vec::new())
            }
            Predictions::Tags { each, names } => {
                let mut all = BTreeMap::<String, Counts>::new();
                for said in each {
                    let name = |tag: u32| names[tag as usize].as_str();
                    let actual: Vec<&str> = said.actual.iter().map(|tag| name(*tag)).collect();
                    let predicted: Vec<&str> = said.predicted.iter().map(|tag| tag.map_or("O", name)).collect();
                    for (kind, counts) in tagging::by_type(&[predicted], &[actual]) {
                        let known = all.entry(kind).or_default();
                        *known = known.and(counts);
                    }
                }
                (all.iter().map(|(name, counts)| OfClass::new(name, *counts)).collect(), Vec::new())
            }
            _ => return None,
        };
        let classes: Vec<OfClass> = classes;
        (2..=MOST).contains(&classes.len()).then_some(ByClass { classes, confused })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ClassSaid, LabelsSaid, TagsSaid};
    use super::*;

    fn names(of: &[&str]) -> Vec<String> {
        of.iter().map(|name| name.to_string()).collect()
    }

    /// As scikit-learn's `precision_recall_fscore_support` and `confusion_matrix` have it.
    #[test]
    fn each_class_has_its_own_scores() {
        let said = [(0, 0), (0, 1), (0, 0), (1, 1), (2, 1)];
        let each = said.map(|(label, predicted)| ClassSaid { label, predicted, probabilities: vec![0.0; 3] }).to_vec();
        let found = ByClass::of(&Predictions::Classes { each, classes: 3 }, &names(&["a", "b", "c"])).expect("classes");
        let of = |i: usize| (found.classes[i].actual, found.classes[i].precision, found.classes[i].recall, found.classes[i].f1);
        assert_eq!(of(0), (3, 1.0, 2.0 / 3.0, 0.8));
        assert_eq!(of(1), (1, 1.0 / 3.0, 1.0, 0.5));
        assert_eq!(of(2), (1, 0.0, 0.0, 0.0));
        assert_eq!(found.confused, [[2, 1, 0], [0, 1, 0], [0, 1, 0]]);
    }

    #[test]
    fn labels_and_entities_are_counted_one_by_one() {
        let each = vec![
            LabelsSaid { actual: vec![true, false], probabilities: vec![0.9, 0.8] },
            LabelsSaid { actual: vec![true, true], probabilities: vec![0.1, 0.7] },
        ];
        let found = ByClass::of(&Predictions::Labels { each, labels: 2 }, &names(&["x", "y"])).expect("labels");
        let of = |i: usize| (found.classes[i].actual, found.classes[i].said, found.classes[i].right);
        assert_eq!((of(0), of(1), found.confused.len()), ((2, 1, 1), (1, 2, 1), 0));
        let tags = names(&["O", "B-PER", "I-PER", "B-LOC"]);
        let said = TagsSaid::new(vec![1, 2, 0, 3], vec![Some(1), Some(2), Some(3), None], &tags);
        let found = ByClass::of(&Predictions::Tags { each: vec![said], names: tags }, &[]).expect("types");
        let kinds: Vec<_> = found.classes.iter().map(|of| (of.name.as_str(), of.actual, of.said, of.right)).collect();
        assert_eq!(kinds, [("LOC", 1, 1, 0), ("PER", 1, 1, 1)]);
        assert_eq!(ByClass::of(&Predictions::Values { predicted: vec![], actual: vec![] }, &[]), None);
    }
}
