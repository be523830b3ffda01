//! Which held-out examples have a hash, in little memory: there may be very many of both.

use std::ops::Range;

/// Entries that are held at once, in about twenty bytes each. Where there are more, the training split is looked through again for the
/// next ones.
pub(super) const ENTRIES: usize = 4 << 20;

/// Hashes, each with the example that it is of.
pub(super) struct Index {
    /// By [`key`].
    entries: Vec<(u64, u32)>,
    /// Where the keys of each bucket begin, a bucket being those of the same first bits; one more for the end.
    starts: Vec<u32>,
    /// How far a key is moved down to its bucket.
    shift: u32,
}

/// What entries are in order of. Other bits come first than in the hash itself: of an example's hashes only the smallest may be here.
fn key(hash: u64) -> u64 {
    hash.rotate_left(32)
}

impl Index {
    /// Of at most `u32::MAX` entries. Those that are twice the same count once.
    pub(super) fn new(mut entries: Vec<(u64, u32)>) -> Self {
        entries.iter_mut().for_each(|(hash, _)| *hash = key(*hash));
        entries.sort_unstable();
        entries.dedup();
        let bits = entries.len().max(2).next_power_of_two().trailing_zeros();
        let shift = u64::BITS - bits;
        let mut starts = vec![0u32; (1 << bits) + 1];
        for (key, _) in &entries {
            starts[(key >> shift) as usize + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        Index { entries, starts, shift }
    }

    /// The examples that have it, in order.
    pub(super) fn examples(&self, hash: u64) -> impl Iterator<Item = usize> + '_ {
        self.examples_at(self.places(hash))
    }

    /// Places of the entries with this hash among all.
    pub(super) fn places(&self, hash: u64) -> Range<usize> {
        let key = key(hash);
        let bucket = (key >> self.shift) as usize;
        let (start, end) = (self.starts[bucket] as usize, self.starts[bucket + 1] as usize);
        let bucket = &self.entries[start..end];
        let from = bucket.partition_point(|(found, _)| *found < key);
        start + from..start + from + bucket[from..].iter().take_while(|(found, _)| *found == key).count()
    }

    /// The examples of the entries in these places, in order.
    pub(super) fn examples_at(&self, places: Range<usize>) -> impl Iterator<Item = usize> + '_ {
        self.entries[places].iter().map(|(_, example)| *example as usize)
    }

    /// Hands on the examples of hash after hash.
    pub(super) fn each_hash(&self, hand_on: impl FnMut(&[(u64, u32)])) {
        self.entries.chunk_by(|(a, _), (b, _)| a == b).for_each(hand_on);
    }

    /// Number of entries.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn an_index_finds_what_a_list_does(
            entries in proptest::collection::vec((prop_oneof![0u64..40, any::<u64>(), (u64::MAX - 3)..], 0u32..9), 0..200),
            others in proptest::collection::vec(0u64..80, 0..20),
        ) {
            let index = Index::new(entries.clone());
            prop_assert_eq!(index.len(), entries.iter().collect::<BTreeSet<_>>().len());
            for hash in entries.iter().map(|(hash, _)| *hash).chain(others) {
                let expected: BTreeSet<usize> = entries.iter().filter(|(of, _)| *of == hash).map(|(_, i)| *i as usize).collect();
                prop_assert_eq!(index.examples(hash).collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
            }
        }
    }
}
