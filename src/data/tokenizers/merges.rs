//! Which symbols are merged: the most frequent pair of neighbours first.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// A pair that stands less often than this is not worth a token.
const LEAST_COUNT: i64 = 2;

pub(super) type Pair = (u32, u32);

/// Words as symbols, and how often each pair of neighbours stands in them.
pub(super) struct Merges {
    words: Vec<(Vec<u32>, i64)>,
    counts: HashMap<Pair, i64>,
    /// Words that hold, or once held, a pair.
    places: HashMap<Pair, Vec<usize>>,
    /// Counts as they once were; what has changed since is put back with its present count.
    queue: BinaryHeap<(i64, Reverse<Pair>)>,
}

impl Merges {
    /// Words as symbols, each with how often it stands in the texts.
    pub(super) fn new(words: Vec<(Vec<u32>, i64)>) -> Self {
        let mut merges = Merges { words: Vec::new(), counts: HashMap::new(), places: HashMap::new(), queue: BinaryHeap::new() };
        for (at, (symbols, count)) in words.iter().enumerate() {
            for pair in symbols.windows(2).map(|w| (w[0], w[1])) {
                merges.add(pair, *count, at);
            }
        }
        merges.words = words;
        merges.queue = merges.counts.iter().map(|(pair, count)| (*count, Reverse(*pair))).collect();
        merges
    }

    fn add(&mut self, pair: Pair, count: i64, word: usize) {
        *self.counts.entry(pair).or_default() += count;
        let places = self.places.entry(pair).or_default();
        if places.last() != Some(&word) {
            places.push(word);
        }
    }

    /// The most frequent pair, if it is worth a token; among equals the one of the smallest symbols.
    pub(super) fn most_frequent(&mut self) -> Option<Pair> {
        while let Some((count, Reverse(pair))) = self.queue.pop() {
            let now = self.counts.get(&pair).copied().unwrap_or_default();
            if count == now {
                return (now >= LEAST_COUNT).then_some(pair);
            }
            if now >= LEAST_COUNT {
                self.queue.push((now, Reverse(pair)));
            }
        }
        None
    }

    /// Makes one symbol of a pair wherever it stands.
    pub(super) fn merge(&mut self, pair: Pair, id: u32) {
        let mut touched: Vec<Pair> = Vec::new();
        for at in self.places.remove(&pair).unwrap_or_default() {
            let (old, count) = self.words[at].clone();
            let mut new = Vec::with_capacity(old.len());
            let mut i = 0;
            while i < old.len() {
                let here = i + 1 < old.len() && (old[i], old[i + 1]) == pair;
                new.push(if here { id } else { old[i] });
                i += 1 + usize::from(here);
            }
            if new.len() == old.len() {
                continue;
            }
            for gone in old.windows(2).map(|w| (w[0], w[1])) {
                *self.counts.entry(gone).or_default() -= count;
            }
            for come in new.windows(2).map(|w| (w[0], w[1])) {
                self.add(come, count, at);
                touched.push(come);
            }
            self.words[at].0 = new;
        }
        self.counts.remove(&pair);
        touched.sort_unstable();
        touched.dedup();
        self.queue.extend(touched.into_iter().map(|p| (self.counts[&p], Reverse(p))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_stay_right_when_a_pair_overlaps_itself() {
        let mut merges = Merges::new(vec![(vec![0, 0, 0, 0], 3)]);
        assert_eq!(merges.most_frequent(), Some((0, 0)));
        merges.merge((0, 0), 1);
        assert_eq!(merges.most_frequent(), Some((1, 1)));
        merges.merge((1, 1), 2);
        assert_eq!(merges.most_frequent(), None);
    }
}
