//! The random streams of a run, split from its one seed by name.

use tallow_kernels::Stream;

/// All randomness of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streams {
    root: Stream,
}

impl Streams {
    pub(super) fn new(seed: u64) -> Self {
        Streams { root: Stream::root(seed) }
    }
    /// Initial values of parameters.
    pub(super) fn init(self) -> Stream {
        self.root.named("init")
    }
    /// Which examples are trained on and which are kept out.
    pub(super) fn subset(self) -> Stream {
        self.root.named("subset")
    }
    /// Order of the examples of an epoch.
    pub(super) fn order(self, epoch: u64) -> Stream {
        self.root.named("order").at(epoch)
    }
    /// Dropout of one forward pass.
    pub(super) fn dropout(self, step: u64, micro: u64) -> Stream {
        self.root.named("dropout").at(step).at(micro)
    }
    /// Random changes of one example in one epoch.
    pub(super) fn augment(self, epoch: u64, example: usize) -> Stream {
        self.root.named("augment").at(epoch).at(example as u64)
    }
}
