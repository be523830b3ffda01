//! In which order examples are trained on: a pure function of seed and epoch, so that a step number is all that resuming needs.

use super::streams::Streams;

/// Batches among which texts are sorted by length, so that a batch holds texts of about one length.
const WINDOW: usize = 50;

/// Optimiser steps of an epoch; the last batch may be smaller.
pub fn steps_per_epoch(examples: usize, batch_size: usize) -> u64 {
    examples.div_ceil(batch_size.max(1)) as u64
}

/// The batches of a run.
#[derive(Debug)]
pub(super) struct Order {
    /// The examples that are trained on.
    examples: Vec<usize>,
    /// For texts, the length of every example of the file.
    lengths: Option<Vec<usize>>,
    batch_size: usize,
    streams: Streams,
    /// The epoch at hand and its batches.
    current: Option<(u64, Vec<Vec<usize>>)>,
}

impl Order {
    pub(super) fn new(examples: Vec<usize>, lengths: Option<Vec<usize>>, batch_size: usize, streams: Streams) -> Self {
        Order { examples, lengths, batch_size, streams, current: None }
    }

    /// Examples that are trained on.
    pub(super) fn len(&self) -> usize {
        self.examples.len()
    }

    pub(super) fn steps_per_epoch(&self) -> u64 {
        steps_per_epoch(self.len(), self.batch_size)
    }

    /// The epoch and the examples of step `step`, from 0.
    pub(super) fn batch(&mut self, step: u64) -> (u64, &[usize]) {
        let per_epoch = self.steps_per_epoch();
        let (epoch, index) = (step / per_epoch, (step % per_epoch) as usize);
        if self.current.as_ref().is_none_or(|(at, _)| *at != epoch) {
            self.current = Some((epoch, self.epoch(epoch)));
        }
        (epoch, self.current.as_ref().map_or(&[][..], |(_, batches)| &batches[index]))
    }

    fn epoch(&self, epoch: u64) -> Vec<Vec<usize>> {
        let stream = self.streams.order(epoch);
        let mut order: Vec<usize> = stream.permutation(self.len()).into_iter().map(|i| self.examples[i]).collect();
        if let Some(lengths) = &self.lengths {
            // The sort is stable, so the order within a length stays random.
            order.chunks_mut(self.batch_size * WINDOW).for_each(|window| window.sort_by_key(|&i| lengths[i]));
        }
        let batches: Vec<Vec<usize>> = order.chunks(self.batch_size).map(<[usize]>::to_vec).collect();
        let shuffled = stream.named("batches").permutation(batches.len());
        shuffled.into_iter().map(|i| batches[i].clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_epoch_holds_each_example_once(n in 1usize..300, batch in 1usize..40, seed: u64, texts: bool) {
            let lengths = texts.then(|| (0..n).map(|i| i * 7 % 13 + 1).collect());
            let mut order = Order::new((0..n).collect(), lengths, batch, Streams::new(seed));
            let per_epoch = order.steps_per_epoch();
            for epoch in 0..2 {
                let mut seen: Vec<usize> = (0..per_epoch).flat_map(|i| order.batch(epoch * per_epoch + i).1.to_vec()).collect();
                seen.sort_unstable();
                prop_assert_eq!(seen, (0..n).collect::<Vec<_>>());
            }
        }

        #[test]
        fn a_batch_depends_on_its_step_alone(n in 1usize..200, batch in 1usize..40, seed: u64, step in 0u64..50) {
            let order = || Order::new((0..n).collect(), Some(vec![3; n]), batch, Streams::new(seed));
            let mut walked = order();
            (0..step).for_each(|s| drop(walked.batch(s).1.to_vec()));
            prop_assert_eq!(walked.batch(step).1.to_vec(), order().batch(step).1.to_vec());
        }
    }
}
