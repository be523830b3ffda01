//! Bytes that are made of others, some at a time.

use std::io::{BufRead, Read, Result};

/// What makes bytes of others.
pub(super) trait Maker {
    /// Puts more into `ready`, which is empty; nothing where there is no more.
    fn refill(&mut self, ready: &mut Vec<u8>) -> Result<()>;
}

/// Hands on what is made.
pub(super) struct Made<M> {
    maker: M,
    /// What waits to be taken, from `taken` on.
    ready: Vec<u8>,
    taken: usize,
}

impl<M: Maker> Made<M> {
    pub(super) fn by(maker: M) -> Self {
        Made { maker, ready: Vec::new(), taken: 0 }
    }
}

impl<M: Maker> Read for Made<M> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<M: Maker> BufRead for Made<M> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        if self.taken == self.ready.len() {
            self.ready.clear();
            self.taken = 0;
            self.maker.refill(&mut self.ready)?;
        }
        Ok(&self.ready[self.taken..])
    }

    fn consume(&mut self, amount: usize) {
        self.taken = (self.taken + amount).min(self.ready.len());
    }
}
