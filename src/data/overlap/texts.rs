//! Texts that are nearly the same, by the runs of tokens that they share.
//!
//! Of two texts that share at least a share J of all their runs, each shares at least J of its own with the other. So of any part of a
//! text's runs that is larger than what may differ some are shared: that part alone is looked up, and what shares enough of it is
//! compared whole.

use super::super::prepared::{Prepared, PreparedTexts};
use super::index::{ENTRIES, Index};
use super::{Found, inputs_of};
use std::hash::{DefaultHasher, Hasher};
use std::ops::Range;

/// Tokens of a run in texts, and in streams of words.
const RUN: usize = 3;
const STREAM_RUN: usize = 13;

/// Share of runs from which on two texts are nearly the same.
const NEAR: f64 = 0.8;

/// A run that so many held-out texts have says nothing of any.
const COMMON: usize = 100;

fn hash(tokens: &[u32]) -> u64 {
    let mut hasher = DefaultHasher::new();
    tokens.iter().for_each(|token| hasher.write_u32(*token));
    hasher.finish()
}

/// The runs of what a model is given of an example, each once, in order. Its texts are told apart.
fn runs(data: &Prepared, texts: &PreparedTexts, i: usize) -> Vec<u64> {
    let inputs = inputs_of(data, texts, i);
    let mut runs: Vec<u64> = inputs.iter().flat_map(|text| text.windows(RUN).map(hash)).collect();
    runs.sort_unstable();
    runs.dedup();
    runs
}

/// How many of so many runs may not be in another text that is nearly the same.
fn may_differ(runs: usize) -> usize {
    runs - (NEAR * runs as f64).ceil() as usize
}

/// How many of so many runs are looked up: twice as many as may differ, so that of those that are nearly the same half are shared.
fn looked_up(runs: usize) -> usize {
    (2 * may_differ(runs) + 1).min(runs)
}

/// How many two lists in order have in common.
fn common(a: &[u64], b: &[u64]) -> usize {
    let (mut a, mut b, mut count) = (a.iter().peekable(), b.iter().peekable(), 0);
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => drop(a.next()),
            std::cmp::Ordering::Greater => drop(b.next()),
            std::cmp::Ordering::Equal => {
                count += 1;
                a.next();
                b.next();
            }
        }
    }
    count
}

/// Marks held-out texts that are nowhere to the byte, but nearly somewhere.
pub(super) fn near(train: &Prepared, held: &Prepared, found: &mut [Found], told: &mut dyn FnMut(usize)) {
    let (Some(train_texts), Some(held_texts)) = (train.texts(), held.texts()) else { return };
    let mut next = 0;
    while next < held.len() {
        let part = Part::from(next, held, held_texts, found);
        next = part.examples.end;
        if part.index.len() == 0 {
            continue;
        }
        for i in 0..train.len() {
            let own = runs(train, train_texts, i);
            for example in part.alike(&own) {
                if found[example] != Found::Nowhere {
                    continue;
                }
                let theirs = runs(held, held_texts, example);
                let both = common(&theirs, &own);
                if both as f64 >= NEAR * (theirs.len() + own.len() - both) as f64 {
                    found[example] = Found::Near(Some(i));
                }
            }
            train.give_back_after(i);
            told(i);
        }
        held.give_back();
    }
}

/// As many held-out texts as are looked for at once.
struct Part {
    examples: Range<usize>,
    index: Index,
    /// Of each text its runs, and how many of them are in the index and not common.
    sizes: Vec<[u32; 2]>,
}

impl Part {
    /// Those from `start` on that are nowhere yet.
    fn from(start: usize, held: &Prepared, texts: &PreparedTexts, found: &[Found]) -> Self {
        let (mut entries, mut sizes, mut end) = (Vec::new(), Vec::new(), start);
        while end < held.len() && entries.len() < ENTRIES {
            let runs = if found[end] == Found::Nowhere { runs(held, texts, end) } else { Vec::new() };
            sizes.push([runs.len() as u32, 0]);
            entries.extend(runs[..looked_up(runs.len())].iter().map(|run| (*run, end as u32)));
            held.give_back_after(end);
            end += 1;
        }
        let mut part = Part { examples: start..end, index: Index::new(entries), sizes };
        part.index.each_hash(|places| {
            if places.len() <= COMMON {
                places.iter().for_each(|(_, example)| part.sizes[*example as usize - start][1] += 1);
            }
        });
        part
    }

    /// Texts that a text with these runs may be nearly the same as.
    fn alike(&self, runs: &[u64]) -> Vec<usize> {
        let places = runs.iter().map(|run| self.index.places(*run)).filter(|places| places.len() <= COMMON);
        let mut shared: Vec<usize> = places.flat_map(|places| self.index.examples_at(places)).collect();
        shared.sort_unstable();
        let enough = |same: &[usize]| {
            let [all, rare] = self.sizes[same[0] - self.examples.start].map(|count| count as usize);
            let (fewer, more) = (all.min(runs.len()), all.max(runs.len()));
            same.len() >= rare.saturating_sub(may_differ(all)).max(1) && fewer as f64 >= NEAR * more as f64
        };
        shared.chunk_by(|a, b| a == b).filter(|same| enough(same)).map(|same| same[0]).collect()
    }
}

/// Which pieces of a held-out stream are made of what training has. A piece that is shorter than a run has none.
pub(super) fn streams(train: &Prepared, held: &Prepared, told: &mut dyn FnMut(usize)) -> Vec<Found> {
    let mut found = vec![Found::Nowhere; held.len()];
    let (Some(train_texts), Some(held_texts)) = (train.texts(), held.texts()) else { return found };
    let mut next = 0;
    while next < held.len() {
        let (start, mut entries) = (next, Vec::new());
        while next < held.len() && entries.len() < ENTRIES {
            entries.extend(held_texts.text(next).0.windows(STREAM_RUN).map(|run| (hash(run), 0)));
            held.give_back_after(next);
            next += 1;
        }
        let index = Index::new(entries);
        let mut seen = vec![false; index.len()];
        // Runs go on over the pieces' ends: it is one stream.
        let mut last: Vec<u32> = Vec::new();
        for i in 0..train.len() {
            last.extend(train_texts.text(i).0);
            last.windows(STREAM_RUN).for_each(|run| seen[index.places(hash(run))].fill(true));
            last.drain(..last.len().saturating_sub(STREAM_RUN - 1));
            train.give_back_after(i);
            told(i);
        }
        for (i, found) in found.iter_mut().enumerate().take(next).skip(start) {
            let (mut all, mut known) = (0, 0);
            for run in held_texts.text(i).0.windows(STREAM_RUN) {
                all += 1;
                known += usize::from(seen[index.places(hash(run))].contains(&true));
            }
            *found = match (known, all) {
                (_, 0) => Found::Nowhere,
                (known, all) if known == all => Found::Exact(None),
                (known, all) if known as f64 >= NEAR * all as f64 => Found::Near(None),
                _ => Found::Nowhere,
            };
            held.give_back_after(i);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn of_what_is_looked_up_something_is_shared() {
        for runs in 0..500 {
            let least = (NEAR * runs as f64).ceil() as usize;
            assert!(runs == 0 || looked_up(runs) > runs - least, "{runs}");
            assert!(looked_up(runs) <= runs && may_differ(runs) == runs - least);
        }
    }

    proptest! {
        #[test]
        fn what_is_common_is_counted(a in proptest::collection::btree_set(0u64..60, 0..40), b in proptest::collection::btree_set(0u64..60, 0..40)) {
            let list = |set: &std::collections::BTreeSet<u64>| set.iter().copied().collect::<Vec<u64>>();
            prop_assert_eq!(common(&list(&a), &list(&b)), a.intersection(&b).count());
        }
    }
}
