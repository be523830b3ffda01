//! Which examples are trained on, and in which batches. Pure: a function of the stream, the lengths and the batch size.
//!
//! An epoch is a random order, cut into batches, and the batches shuffled. Texts of similar length go into one batch, so that little is
//! computed on padding: before it is cut, each window of [`WINDOW_BATCHES`] batches is sorted by length. The batch with the longest
//! text comes first, so that memory that does not suffice shows at once and not hours later.
//! The last batch of an epoch's cut may be smaller; it is kept. One example alone takes another from the batch before: statistics over a
//! batch of one are none. The number of a step is all that is needed to go on.
//!
//! There may be very many examples: of each its number, its length and its place in the epoch are held, in four bytes each, once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use tallow_kernels::Stream;

/// Batches a window of similar lengths is cut into: enough for little padding, few enough for mixed batches.
const WINDOW_BATCHES: usize = 50;

/// Optimiser steps that see each example once.
pub fn steps_per_epoch(examples: usize, batch_size: usize) -> u64 {
    examples.div_ceil(batch_size.max(1)) as u64
}

/// Where part `number` of `len` lies that are cut into parts of `size`, which is not 0, the last of what is left: of two, where one would
/// be left and the part before has more than two.
pub(super) fn cut(len: usize, size: usize, number: usize) -> Range<usize> {
    let alone = size > 2 && len > size && len % size == 1;
    let edge = |number: usize| {
        let edge = (number * size).min(len);
        // The edge before the last part.
        if alone && edge == len - 1 { edge - 1 } else { edge }
    };
    edge(number)..edge(number + 1)
}

/// The examples of a training file that are trained on and those that are kept out, both in the file's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) train: Vec<u32>,
    pub(super) held_out: Vec<u32>,
}

impl Split {
    /// A random order of `0..examples`: its last `hold_out` are kept out, its first, at most `max_train` of them, are trained on. So the
    /// same are kept out whatever `max_train` is. None if nothing is left to train on.
    pub(super) fn choose(examples: u32, hold_out: usize, max_train: Option<usize>, stream: Stream) -> Option<Self> {
        let left = (examples as usize).checked_sub(hold_out)?;
        Split::parted(stream.permutation(examples), left, max_train)
    }

    /// The same for examples that each are of a class, `of` says which: of a class that by chance none is kept out of, though there are
    /// several, one takes the place of one of the class that most are kept out of. What is watched could not tell the classes apart
    /// otherwise.
    pub(super) fn of_classes(
        examples: u32,
        of: impl Fn(u32) -> u32,
        hold_out: usize,
        max_train: Option<usize>,
        stream: Stream,
    ) -> Option<Self> {
        let left = (examples as usize).checked_sub(hold_out)?;
        let mut order = stream.permutation(examples);
        if hold_out > 0 {
            let (train, held_out) = order.split_at_mut(left);
            keep_of_each(train, held_out, of);
        }
        Split::parted(order, left, max_train)
    }

    /// The first `left` of the order are trained on, at most `max_train` of them.
    fn parted(mut train: Vec<u32>, left: usize, max_train: Option<usize>) -> Option<Self> {
        let mut held_out = train.split_off(left);
        train.truncate(max_train.unwrap_or(left));
        train.sort_unstable();
        held_out.sort_unstable();
        (!train.is_empty()).then_some(Split { train, held_out })
    }

    /// The same for examples of which several belong together, `of` says to what: all of one go to one side. As many are kept out as fit
    /// into `hold_out`, or the fewest that belong together where none do.
    pub(super) fn of_groups(
        examples: u32,
        of: impl Fn(u32) -> usize,
        hold_out: usize,
        max_train: Option<usize>,
        stream: Stream,
    ) -> Option<Self> {
        let mut groups: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        (0..examples).for_each(|example| groups.entry(of(example)).or_default().push(example));
        let mut groups: Vec<Vec<u32>> = groups.into_values().collect();
        let order = stream.permutation(u32::try_from(groups.len()).ok()?);
        let (mut order, mut held_out): (Vec<usize>, Vec<u32>) = (order.into_iter().map(|group| group as usize).collect(), vec![]);
        for at in (0..order.len()).rev() {
            if held_out.len() + groups[order[at]].len() <= hold_out {
                held_out.append(&mut groups[order.remove(at)]);
            }
        }
        if hold_out > 0 && held_out.is_empty() {
            let smallest = (0..order.len()).min_by_key(|at| groups[order[*at]].len())?;
            held_out.append(&mut groups[order.remove(smallest)]);
        }
        let mut order: Vec<u32> = order.into_iter().flat_map(|group| std::mem::take(&mut groups[group])).collect();
        let left = order.len();
        order.extend(held_out);
        Split::parted(order, left, max_train)
    }

    /// Pieces of a stream, which an epoch may cut anywhere else: the last `hold_out` are kept out, so that they share no token with those
    /// that are trained on, and of the others at most the first `max_train` are taken.
    pub(super) fn of_stream(pieces: u32, hold_out: usize, max_train: Option<usize>) -> Option<Self> {
        let left = pieces.checked_sub(u32::try_from(hold_out).ok()?)?;
        let most = max_train.and_then(|most| u32::try_from(most).ok()).unwrap_or(left);
        let train: Vec<u32> = (0..left.min(most)).collect();
        (!train.is_empty()).then(|| Split { train, held_out: (left..pieces).collect() })
    }
}

/// Changes places until examples of every class are held out, as far as there are others of it to train on. Of data with so many classes that
/// this would make of those that are watched another distribution than the data's, nothing is changed.
fn keep_of_each(train: &mut [u32], held_out: &mut [u32], of: impl Fn(u32) -> u32) {
    // Of each class, how many are trained on and how many are held out.
    let mut counts: BTreeMap<u32, [usize; 2]> = BTreeMap::new();
    train.iter().for_each(|&example| counts.entry(of(example)).or_default()[0] += 1);
    held_out.iter().for_each(|&example| counts.entry(of(example)).or_default()[1] += 1);
    /// A class of fewer would lose much of what it is learnt from.
    const ENOUGH: usize = 4;
    /// At most one in so many of those that are watched changes its place.
    const RARE: usize = 10;
    let is_lacking = |[trained, out]: &[usize; 2]| *trained >= ENOUGH && *out == 0;
    let lacking: Vec<u32> = counts.iter().filter(|(_, counted)| is_lacking(counted)).map(|(class, _)| *class).collect();
    if lacking.len() * RARE > held_out.len() {
        return;
    }
    for class in lacking {
        let most = counts.iter().max_by_key(|(_, [_, out])| *out).filter(|(_, [_, out])| *out > 1).map(|(class, _)| *class);
        let Some(most) = most else { return };
        let comes = train.iter_mut().rev().find(|example| of(**example) == class);
        let goes = held_out.iter_mut().find(|example| of(**example) == most);
        if let (Some(comes), Some(goes)) = (comes, goes) {
            std::mem::swap(comes, goes);
            counts.insert(class, [0, 1]);
            if let Some([_, out]) = counts.get_mut(&most) {
                *out -= 1;
            }
        }
    }
}

/// The order of the examples of a whole run. Those who have the same one share what it is made of.
#[derive(Clone)]
pub(super) struct Order {
    examples: Arc<Vec<u32>>,
    /// Tokens of each example of `examples`; none where all are alike.
    lengths: Option<Arc<Vec<u32>>>,
    /// Of examples that are drawn with replacement: their weights, each added to those before it.
    drawn: Option<Arc<Vec<f64>>>,
    batch_size: usize,
    /// Batches are not of similar lengths.
    mixed: bool,
    stream: Stream,
    epoch: Option<Epoch>,
}

/// One epoch's examples, which are cut into batches, and the order of those.
#[derive(Clone)]
struct Epoch {
    number: u64,
    examples: Vec<u32>,
    batches: Vec<u32>,
}

impl Order {
    /// `lengths`, if any, belong to `examples` one by one; `batch_size` is not 0.
    /// `weights` of examples that are drawn with replacement; none: each is taken once an epoch.
    pub(super) fn new(
        examples: Vec<u32>,
        lengths: Option<Vec<u32>>,
        weights: Option<Vec<f64>>,
        batch_size: usize,
        stream: Stream,
    ) -> Self {
        let drawn = weights.map(|weights| {
            let sum = |sum: &mut f64, weight: f64| {
                *sum += weight;
                Some(*sum)
            };
            Arc::new(weights.into_iter().scan(0.0, sum).collect())
        });
        Order {
            examples: Arc::new(examples),
            lengths: lengths.map(Arc::new),
            drawn,
            batch_size,
            mixed: false,
            stream,
            epoch: None,
        }
    }

    /// The same for examples that are compared with each other: texts of one length are no fair sample of all others, and where
    /// there are few batches the same ones would meet in every epoch. The batch with the longest text still comes first.
    #[must_use]
    pub(super) fn mixed(self) -> Self {
        Order { mixed: true, ..self }
    }

    /// The examples of the first `steps` steps, as numbers in the file, in order: all of them where that is an epoch or more.
    pub(super) fn seen_within(&mut self, steps: u64) -> Vec<usize> {
        if steps >= self.steps_per_epoch() {
            return self.examples.iter().map(|&example| example as usize).collect();
        }
        let seen: BTreeSet<usize> = (0..steps).flat_map(|step| self.batch(step)).collect();
        seen.into_iter().collect()
    }

    /// Examples that are trained on.
    pub(super) fn len(&self) -> usize {
        self.examples.len()
    }

    pub(super) fn steps_per_epoch(&self) -> u64 {
        steps_per_epoch(self.examples.len(), self.batch_size)
    }

    /// The epoch that step `step` (from 0) belongs to.
    pub(super) fn epoch_of(&self, step: u64) -> u64 {
        step / self.steps_per_epoch().max(1)
    }

    /// The first step of the epoch that step `step` belongs to: it has the longest text.
    pub(super) fn first_of_epoch(&self, step: u64) -> u64 {
        self.epoch_of(step) * self.steps_per_epoch().max(1)
    }

    /// The examples of step `step` (from 0), as numbers in the file.
    pub(super) fn batch(&mut self, step: u64) -> Vec<usize> {
        let number = self.epoch_of(step);
        let index = (step % self.steps_per_epoch().max(1)) as usize;
        // The last one goes before the next is made.
        let epoch = match self.epoch.take().filter(|epoch| epoch.number == number) {
            Some(epoch) => epoch,
            None => self.make_epoch(number),
        };
        let batch = epoch.examples[self.range(epoch.batches[index])].iter().map(|&example| example as usize).collect();
        self.epoch = Some(epoch);
        batch
    }

    /// Where batch `number` of an epoch's cut lies in it.
    fn range(&self, number: u32) -> Range<usize> {
        cut(self.len(), self.batch_size, number as usize)
    }

    /// Each example once, or as many as there are, drawn by their weights.
    fn places(&self, stream: Stream) -> Vec<u32> {
        // Examples are numbered by as many bits.
        let count = self.len() as u32;
        let Some(drawn) = &self.drawn else { return stream.permutation(count) };
        const STEPS: usize = 1 << 53;
        let (stream, total) = (stream.named("drawn"), drawn.last().copied().unwrap_or(0.0));
        let draw = |i: u32| {
            let at = total * (stream.below(u64::from(i), STEPS) as f64 / STEPS as f64);
            drawn.partition_point(|sum| *sum <= at).min(self.len() - 1) as u32
        };
        (0..count).map(draw).collect()
    }

    fn make_epoch(&self, number: u64) -> Epoch {
        let stream = self.stream.at(number);
        let mut places = self.places(stream);
        if let Some(lengths) = self.lengths.as_ref().filter(|_| !self.mixed) {
            // The sort is stable, so the order within a length stays random.
            places
                .chunks_mut(self.batch_size * WINDOW_BATCHES)
                .for_each(|window| window.sort_by_key(|&place| lengths[place as usize]));
        }
        let mut batches = stream.named("batches").permutation(self.steps_per_epoch() as u32);
        if let Some(lengths) = &self.lengths {
            let longest = |batch: u32| places[self.range(batch)].iter().map(|&place| lengths[place as usize]).max();
            if let Some(first) = (0..batches.len()).rev().max_by_key(|&i| longest(batches[i])) {
                batches.swap(0, first);
            }
        }
        places.iter_mut().for_each(|place| *place = self.examples[*place as usize]);
        Epoch { number, examples: places, batches }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn order(n: usize, lengths: Option<Vec<u32>>, batch_size: usize, seed: u64) -> Order {
        Order::new((0..n as u32).map(|i| i * 3 + 1).collect(), lengths, None, batch_size, Stream::root(seed))
    }

    fn lengths(n: usize, seed: u64) -> Vec<u32> {
        (0..n).map(|i| 3 + Stream::root(seed).below(i as u64, 60) as u32).collect()
    }

    #[test]
    fn what_is_compared_is_mixed() {
        let lengths: Vec<u32> = (0..64).collect();
        let spread = |order: &mut Order, step: u64| {
            let batch: Vec<usize> = order.batch(step).iter().map(|i| (i - 1) / 3).collect();
            batch.iter().max().expect("a text") - batch.iter().min().expect("a text")
        };
        let (mut grouped, mut mixed) = (order(64, Some(lengths.clone()), 8, 1), order(64, Some(lengths), 8, 1).mixed());
        assert!((0..8).all(|step| spread(&mut grouped, step) == 7), "neighbours by length");
        assert!((0..8).all(|step| spread(&mut mixed, step) > 20), "any lengths");
        assert!(mixed.batch(0).contains(&(63 * 3 + 1)), "the longest comes first");
    }

    #[test]
    fn of_a_stream_the_end_is_kept_out() {
        let split = |hold_out, most| Split::of_stream(6, hold_out, most).map(|s| (s.train, s.held_out));
        assert_eq!(split(2, None), Some((vec![0, 1, 2, 3], vec![4, 5])));
        assert_eq!(split(1, Some(2)), Some((vec![0, 1], vec![5])));
        assert_eq!(split(6, None), None);
    }

    proptest! {
        #[test]
        fn an_epoch_holds_each_example_once(n in 1usize..700, batch_size in 1usize..40, seed in 0u64..50, text: bool, epoch in 0u64..3) {
            let mut order = order(n, text.then(|| lengths(n, seed)), batch_size, seed);
            let steps = steps_per_epoch(n, batch_size);
            prop_assert_eq!(order.steps_per_epoch(), steps);
            let mut seen = Vec::new();
            let mut small = 0;
            for step in epoch * steps..(epoch + 1) * steps {
                let batch = order.batch(step);
                small += usize::from(batch.len() < batch_size);
                prop_assert!(batch.len() > 1 || batch_size < 3 || n == 1, "one alone");
                seen.extend(batch);
            }
            let expected = if n % batch_size == 1 { 2 } else { 1 };
            prop_assert!(small <= expected);
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..n).map(|i| i * 3 + 1).collect::<Vec<_>>());
        }

        #[test]
        fn a_batch_depends_on_its_step_alone(n in 1usize..300, batch_size in 1usize..20, seed in 0u64..20, step in 0u64..200) {
            let mut whole = order(n, Some(lengths(n, seed)), batch_size, seed);
            let mut expected = Vec::new();
            for s in 0..=step {
                expected = whole.batch(s);
            }
            let mut anew = order(n, Some(lengths(n, seed)), batch_size, seed);
            prop_assert_eq!(anew.batch(step), expected);
        }

        #[test]
        fn what_is_seen_is_what_the_batches_hold(n in 1usize..200, batch_size in 1usize..20, seed in 0u64..20, steps in 0u64..30) {
            let mut order = order(n, Some(lengths(n, seed)), batch_size, seed);
            let mut expected: Vec<usize> = (0..steps).flat_map(|step| order.batch(step)).collect();
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(order.seen_within(steps), expected);
        }

        #[test]
        fn a_split_shares_and_loses_nothing(
            n in 1u32..300, hold_out in 0usize..300, max in proptest::option::of(1usize..300), seed in 0u64..20,
        ) {
            let stream = Stream::root(seed);
            match Split::choose(n, hold_out, max, stream) {
                None => prop_assert!(hold_out >= n as usize),
                Some(split) => {
                    prop_assert_eq!(split.held_out.len(), hold_out);
                    prop_assert_eq!(split.train.len(), (n as usize - hold_out).min(max.unwrap_or(usize::MAX)));
                    let mut all = [split.train.clone(), split.held_out.clone()].concat();
                    all.sort_unstable();
                    all.dedup();
                    prop_assert_eq!(all.len(), split.train.len() + hold_out);
                    prop_assert!(all.iter().all(|i| *i < n));
                    let unlimited = Split::choose(n, hold_out, None, stream).expect("there are enough");
                    prop_assert_eq!(unlimited.held_out, split.held_out);
                }
            }
        }
    }

    /// Windows over a text: those of one question share tokens.
    #[test]
    fn what_belongs_together_is_on_one_side() {
        let of = |example: u32| example as usize / 3;
        for (hold_out, kept) in [(1, 3), (3, 3), (5, 3), (6, 6), (0, 0)] {
            let split = Split::of_groups(30, of, hold_out, None, Stream::root(4)).expect("some are left");
            assert_eq!((split.held_out.len(), split.train.len()), (kept, 30 - kept), "{hold_out}");
            assert!(split.train.iter().all(|i| split.held_out.iter().all(|j| of(*i) != of(*j))), "{split:?}");
        }
        assert_eq!(Split::of_groups(3, of, 1, None, Stream::root(4)), None, "one question, and nothing left");
        let alone = |examples| Split::of_groups(examples, |example| example as usize, 7, Some(9), Stream::root(2));
        assert_eq!(alone(40), Split::choose(40, 7, Some(9), Stream::root(2)), "each by itself");
    }

    #[test]
    fn what_is_watched_is_of_whole_groups() {
        // One large group, and many of three.
        let of = |example: u32| if example < 40 { 0 } else { example as usize / 3 };
        for (hold_out, kept) in [(12, 12), (13, 12), (20, 18), (1, 2)] {
            let split = Split::of_groups(101, of, hold_out, None, Stream::root(4)).expect("some are left");
            assert!(split.held_out.len().abs_diff(kept) <= 2, "{hold_out}: {split:?}");
            assert!(split.held_out.len() <= hold_out.max(3), "{hold_out}: {split:?}");
            assert_eq!(split.train.len() + split.held_out.len(), 101);
            assert!(split.train.iter().all(|i| split.held_out.iter().all(|j| of(*i) != of(*j))), "{split:?}");
            let few = Split::of_groups(101, of, hold_out, Some(50), Stream::root(4)).expect("some are left");
            assert_eq!(
                (few.held_out, few.train.len()),
                (split.held_out, 50),
                "the same are watched, however many are trained on"
            );
        }
        assert_eq!(Split::of_groups(9, |_| 0, 3, None, Stream::root(4)), None, "one group, and nothing left");
    }

    /// 15 of 480 are rare: one in five draws of 48 has none of them.
    #[test]
    fn what_is_watched_has_every_class() {
        let rare = |example: u32| u32::from(example % 32 == 0);
        let of_each = |split: &[u32]| [0, 1].map(|class| split.iter().filter(|i| rare(**i) == class).count());
        let mut changed = 0;
        for seed in 0..40 {
            let split = Split::of_classes(480, rare, 48, None, Stream::root(seed)).expect("some are left");
            let [often, seldom] = of_each(&split.held_out);
            assert!(often + seldom == 48 && seldom > 0, "{seed}: {seldom} of the rare class");
            assert_eq!(of_each(&split.train), [465 - often, 15 - seldom], "each example once");
            let few = Split::of_classes(480, rare, 48, Some(10), Stream::root(seed)).expect("some are left");
            assert_eq!((few.held_out, few.train.len()), (split.held_out.clone(), 10), "the same are kept out");
            let drawn = Split::choose(480, 48, None, Stream::root(seed)).expect("some are left");
            assert!(drawn == split || of_each(&drawn.held_out) == [48, 0] && seldom == 1, "what has both stays as it was drawn");
            changed += usize::from(drawn != split);
        }
        assert!(changed > 0, "some draws have one class alone");
        let alone = |example: u32| u32::from(example == 7);
        let split = Split::of_classes(20, alone, 1, None, Stream::root(1));
        assert_eq!(split, Split::choose(20, 1, None, Stream::root(1)), "the only one of its class is drawn or not");
        let of_one = Split::of_classes(20, |_| 0, 5, Some(3), Stream::root(1));
        assert_eq!(of_one, Split::choose(20, 5, Some(3), Stream::root(1)));
        assert_eq!(Split::of_classes(5, |_| 0, 6, None, Stream::root(1)), None);
    }

    #[test]
    fn parts_of_one_are_avoided() {
        let sizes = |len: usize, size: usize| -> Vec<usize> {
            (0..len.div_ceil(size)).map(|number| cut(len, size, number).len()).collect()
        };
        assert_eq!(sizes(33, 16), [16, 15, 2]);
        assert_eq!(sizes(17, 16), [15, 2]);
        assert_eq!(sizes(34, 16), [16, 16, 2]);
        assert_eq!(sizes(4, 3), [2, 2]);
        assert_eq!(sizes(1, 16), [1], "there is no other");
        assert_eq!((sizes(5, 2), sizes(3, 1)), (vec![2, 2, 1], vec![1, 1, 1]), "nothing is won");
    }

    #[test]
    fn epochs_and_seeds_differ() {
        let mut a = order(100, None, 10, 1);
        let (first, second) = (a.batch(0), a.batch(10));
        assert_ne!(first, second);
        assert_ne!(first, order(100, None, 10, 2).batch(0));
    }

    #[test]
    fn texts_of_like_length_meet_and_the_longest_come_first() {
        let n = 4000;
        let lengths = lengths(n, 5);
        let mut order = order(n, Some(lengths.clone()), 32, 5);
        let steps = order.steps_per_epoch();
        let longest = |batch: &[usize]| batch.iter().map(|i| lengths[(i - 1) / 3]).max().expect("not empty");
        assert_eq!(longest(&order.batch(0)), *lengths.iter().max().expect("not empty"));
        let padded: usize = (0..steps)
            .map(|s| {
                let batch = order.batch(s);
                longest(&batch) as usize * batch.len()
            })
            .sum();
        let real = lengths.iter().sum::<u32>() as usize;
        assert!((padded as f64) < 1.06 * real as f64, "{padded} tokens with padding, {real} without");
        let firsts: Vec<u32> = (0..steps).map(|s| longest(&order.batch(s))).collect();
        assert!(firsts.windows(2).filter(|w| w[0] > w[1]).count() > steps as usize / 4, "the batches are in order of length");
    }

    /// A class of one in ten, drawn as often as the other; an epoch is as long as without, and depends on its number alone.
    #[test]
    fn drawn_by_weight() {
        let weights: Vec<f64> = (0..1000).map(|i| if i % 10 == 0 { 5.0 } else { 5.0 / 9.0 }).collect();
        let order = || Order::new((0..1000).collect(), None, Some(weights.clone()), 7, Stream::root(1));
        let epoch = |order: &mut Order, number: u64| -> Vec<usize> {
            let steps = order.steps_per_epoch();
            (number * steps..(number + 1) * steps).flat_map(|step| order.batch(step)).collect()
        };
        let (mut one, mut two) = (order(), order());
        let (first, second) = (epoch(&mut one, 0), epoch(&mut one, 1));
        assert!(first.len() == 1000 && first != second && epoch(&mut two, 1) == second);
        let rare = first.iter().chain(&second).filter(|i| **i % 10 == 0).count();
        assert!((850..1150).contains(&rare), "{rare} of 2000");
        let zero = Order::new(vec![4, 5, 6], None, Some(vec![0.0, 1.0, 0.0]), 2, Stream::root(1)).places(Stream::root(3));
        assert_eq!(zero, [1, 1, 1], "what weighs nothing is never drawn");
    }

    /// As often as PyTorch's `WeightedRandomSampler` with replacement draws them: in proportion, each draw by itself.
    #[test]
    fn draws_are_in_proportion() {
        let weights = [0.5, 0.0, 3.0, 1.5, 10.0, 1e-3];
        let (total, each) = (weights.iter().sum::<f64>(), 200_000 / weights.len());
        let order = Order::new((0..6).collect(), None, Some(weights.to_vec()), 2, Stream::root(4));
        let mut counts = [0usize; 6];
        let mut repeats = 0;
        for epoch in 0..each as u64 {
            let places = order.places(Stream::root(9).at(epoch));
            places.iter().for_each(|place| counts[*place as usize] += 1);
            repeats += places.windows(2).filter(|two| two[0] == two[1]).count();
        }
        let draws = (each * weights.len()) as f64;
        for (count, weight) in counts.iter().zip(weights) {
            let (expected, share) = (draws * weight / total, weight / total);
            // Five standard deviations of a binomial count.
            let far = 5.0 * (draws * share * (1.0 - share)).sqrt();
            assert!((*count as f64 - expected).abs() <= far, "{count} draws of weight {weight}, expected {expected}");
        }
        // Neighbours are independent: as many are alike as the squares of the shares say.
        let alike = weights.iter().map(|weight| (weight / total).powi(2)).sum::<f64>() * (each * 5) as f64;
        assert!((repeats as f64 / alike - 1.0).abs() < 0.02, "{repeats} repeats, expected {alike}");
    }

    #[test]
    fn nothing_left_to_train_on() {
        assert_eq!(Split::choose(10, 10, None, Stream::root(0)), None);
        assert_eq!(Split::choose(10, 11, None, Stream::root(0)), None);
        assert_eq!(Split::choose(10, 2, Some(0), Stream::root(0)), None);
    }
}
