//! Which data a request names, what it says of its columns and rows, and how these are parted.

pub(super) mod amount;
pub(super) mod border;
pub(super) mod folders;
pub(super) mod held;
pub(super) mod label;
mod latest;
pub(super) mod name;
pub(super) mod names;
pub(super) mod parting;
pub(super) mod perhaps;
pub(super) mod preparation;
pub(super) mod rows;
pub(super) mod whose;
