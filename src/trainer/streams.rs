//! The run's random streams: one seed, split by name, each addressed by where it is used.
//!
//! Nothing here holds a position: what is drawn for a step, an epoch or an example depends on the seed and its number alone, so
//! resuming, micro-batches and the number of threads change no draw.

use tallow_kernels::Stream;

/// The streams of one run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streams {
    root: Stream,
}

impl Streams {
    pub(super) fn of(seed: u64) -> Self {
        Streams { root: Stream::root(seed) }
    }

    /// Weights that start anew.
    pub(super) fn init(self) -> Stream {
        self.root.named("init")
    }

    /// The order of the examples; an epoch is one level below.
    pub(super) fn order(self) -> Stream {
        self.root.named("order")
    }

    /// Dropout in one forward pass.
    pub(super) fn dropout(self, step: u64, micro: usize) -> Stream {
        self.root.named("dropout").at(step).at(micro as u64)
    }

    /// Random changes of an image in an epoch.
    pub(super) fn augmentation(self, epoch: u64, example: usize) -> Stream {
        self.root.named("augment").at(epoch).at(example as u64)
    }

    /// How the images of a step are mixed.
    pub(super) fn mix(self, step: u64) -> Stream {
        self.root.named("mix").at(step)
    }

    /// How far the pieces of a stream of words are moved in an epoch.
    pub(super) fn shift(self, epoch: u64) -> Stream {
        self.root.named("shift").at(epoch)
    }

    /// Which words of a piece are hidden in an epoch, and by what.
    pub(super) fn masking(self, epoch: u64, example: usize) -> Stream {
        self.root.named("mask").at(epoch).at(example as u64)
    }

    /// Which examples are trained on, and which are kept out.
    pub(super) fn subset(self) -> Stream {
        self.root.named("subset")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_has_its_own_stream() {
        let s = Streams::of(3);
        let all = [
            s.init(),
            s.order(),
            s.dropout(0, 0),
            s.dropout(0, 1),
            s.dropout(1, 0),
            s.augmentation(0, 0),
            s.augmentation(0, 1),
            s.augmentation(1, 0),
            s.subset(),
            s.mix(0),
            s.mix(1),
            s.masking(0, 0),
            s.masking(0, 1),
            s.masking(1, 0),
            s.shift(0),
            s.shift(1),
            Streams::of(4).init(),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|b| a != b), "stream {i} is there twice");
        }
    }
}
