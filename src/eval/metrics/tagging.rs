//! Entities in tag sequences, as `seqeval` counts them in its default mode: IOB1, IOB2, IOBES and BIOES alike, by how tags follow
//! each other.

use super::share;
use std::collections::{BTreeMap, BTreeSet};

/// Entities found, predicted and true.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub hits: usize,
    pub predicted: usize,
    pub actual: usize,
}

impl Counts {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Counts) -> Counts {
        let Counts { hits, predicted, actual } = other;
        Counts { hits: self.hits + hits, predicted: self.predicted + predicted, actual: self.actual + actual }
    }

    /// 0 where nothing was predicted.
    pub fn precision(self) -> f64 {
        share(self.hits, self.predicted)
    }

    /// 0 where there is no entity.
    pub fn recall(self) -> f64 {
        share(self.hits, self.actual)
    }

    /// 0 where there is nothing at all.
    pub fn f1(self) -> f64 {
        share(2 * self.hits, self.predicted + self.actual)
    }
}

/// Counts by type of entity. An entity is hit if type, first and last token agree.
pub fn by_type(predicted: &[Vec<&str>], actual: &[Vec<&str>]) -> BTreeMap<String, Counts> {
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    for (predicted, actual) in predicted.iter().zip(actual) {
        // They are looked up.
        let [predicted, actual] = [predicted, actual].map(|tags| entities(tags).into_iter().collect::<BTreeSet<_>>());
        for (kind, ..) in &actual {
            counts.entry(kind.to_string()).or_default().actual += 1;
        }
        for entity in &predicted {
            let count = counts.entry(entity.0.to_string()).or_default();
            count.predicted += 1;
            count.hits += usize::from(actual.contains(entity));
        }
    }
    counts
}

/// Over all types ("micro").
pub fn total(counts: &BTreeMap<String, Counts>) -> Counts {
    counts.values().fold(Counts::default(), |sum, counts| sum.and(*counts))
}

/// Type, first and last token of each entity of one sequence, in its order.
pub fn entities<'a>(tags: &[&'a str]) -> Vec<(&'a str, usize, usize)> {
    let (mut found, mut first, mut before) = (Vec::new(), 0, ('O', "_"));
    for (i, tag) in tags.iter().copied().chain(["O"]).enumerate() {
        let now = split(tag);
        if ends(before, now) {
            found.push((before.1, first, i.saturating_sub(1)));
        }
        if starts(before, now) {
            first = i;
        }
        before = now;
    }
    found
}

/// `B-PER` is B of PER; a bare `B` is of the type `_`.
fn split(tag: &str) -> (char, &str) {
    let mut chars = tag.chars();
    let mark = chars.next().unwrap_or('O');
    let rest = chars.as_str();
    let kind = rest.split_once('-').map_or(rest, |(_, kind)| kind);
    (mark, if kind.is_empty() { "_" } else { kind })
}

fn ends(before: (char, &str), now: (char, &str)) -> bool {
    match (before.0, now.0) {
        ('E' | 'S', _) | ('B' | 'I', 'B' | 'S' | 'O') => true,
        ('O' | '.', _) => false,
        _ => before.1 != now.1,
    }
}

fn starts(before: (char, &str), now: (char, &str)) -> bool {
    match (before.0, now.0) {
        (_, 'B' | 'S') | ('E' | 'S' | 'O', 'E' | 'I') => true,
        (_, 'O' | '.') => false,
        _ => before.1 != now.1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::references::{cases, check, texts};
    use super::*;

    /// seqeval 1.2 on random sequences of all schemes mixed.
    #[test]
    fn equal_the_reference() {
        for case in cases("tagging") {
            let tags = |name: &str| texts(&case[name]).into_iter().map(|line| line.split(' ').collect()).collect::<Vec<_>>();
            let counts = total(&by_type(&tags("predicted"), &tags("actual")));
            check(&case, "precision", counts.precision(), 1e-12);
            check(&case, "recall", counts.recall(), 1e-12);
            check(&case, "f1", counts.f1(), 1e-12);
        }
    }
}
