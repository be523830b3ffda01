//! What a model costs, counted while walking its layers once: parameters, work, memory. For estimates before a run.

/// Sums over a model's layers, for one forward pass over one batch.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Cost {
    /// Trainable elements.
    pub(crate) params: usize,
    /// Floating-point operations of the products (a multiplication and an addition count as two).
    pub(crate) forward_flops: f64,
    /// float32 elements that forward keeps for backward.
    pub(crate) kept: f64,
    /// float32 elements that are in memory at once besides, at the largest place.
    pub(crate) scratch: f64,
    /// What of that lies in blocks that can be made again.
    pub(crate) blocks: Blocks,
}

/// Blocks that can be made again in backward (`tallow_kernels::block`).
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Blocks {
    /// Elements that all of them keep, that the largest keeps, and that their inputs are.
    kept: f64,
    largest: f64,
    inputs: f64,
    forward_flops: f64,
}

impl Cost {
    /// A linear layer with bias over `rows` vectors.
    pub(crate) fn dense(&mut self, rows: usize, inner: usize, out: usize) {
        self.linear(rows, inner, out, true);
    }

    /// Scores of all words for `rows` states; nothing of them is kept, but as many as `linear_cross_entropy` makes at a time are there
    /// beside the matrix's gradient. `own`: the matrix is not the table of words.
    pub(crate) fn words(&mut self, rows: usize, width: usize, vocab_size: usize, own: bool) {
        self.params += if own { vocab_size * width } else { 0 };
        self.forward_flops += 2.0 * (rows * width) as f64 * vocab_size as f64;
        self.keep(2 * rows * width);
        const AT_A_TIME: usize = 1 << 24;
        self.scratch = self.scratch.max(((rows * vocab_size).min(AT_A_TIME) + vocab_size * width) as f64);
    }

    /// A linear layer with or without bias over `rows` vectors.
    pub(crate) fn linear(&mut self, rows: usize, inner: usize, out: usize, bias: bool) {
        self.params += inner * out + if bias { out } else { 0 };
        self.forward_flops += 2.0 * rows as f64 * inner as f64 * out as f64;
        self.keep(rows * out);
    }

    /// A convolution without bias and the batch norm behind it; `side`: height and width of its output.
    pub(crate) fn conv_norm(&mut self, batch: usize, conv: [usize; 3], side: usize) {
        self.conv(batch, conv, side);
        self.norm(batch, conv[1], side);
    }

    /// A convolution without bias; `side`: height and width of its output.
    pub(crate) fn conv(&mut self, batch: usize, [inner, out, kernel]: [usize; 3], side: usize) {
        let (weights, places) = (inner * out * kernel * kernel, batch * side * side);
        self.params += weights;
        self.forward_flops += 2.0 * weights as f64 * places as f64;
        self.keep(places * out);
    }

    /// A batch norm of images.
    pub(crate) fn norm(&mut self, batch: usize, channels: usize, side: usize) {
        self.params += 2 * channels;
        self.keep(batch * side * side * channels);
    }

    /// A block that can be made again from `inputs` elements.
    pub(crate) fn block(&mut self, inputs: usize, count: impl FnOnce(&mut Cost)) {
        let before = *self;
        count(self);
        let (kept, blocks) = (self.kept - before.kept, &mut self.blocks);
        blocks.kept += kept;
        blocks.largest = blocks.largest.max(kept);
        blocks.inputs += inputs as f64;
        blocks.forward_flops += self.forward_flops - before.forward_flops;
    }

    /// Where each block is made again: elements kept at most, and the work of making.
    pub(crate) fn made_again(&self) -> (f64, f64) {
        let Blocks { kept, largest, inputs, forward_flops } = self.blocks;
        (self.kept - kept + inputs + largest, forward_flops)
    }

    /// Elements kept for backward.
    pub(crate) fn keep(&mut self, elements: usize) {
        self.kept += elements as f64;
    }
}
