//! The page on the data: what a run's own files say of it.

mod gather;
mod lay_out;

pub(super) use gather::gather;
pub(super) use lay_out::blocks;
