//! Supervision: attempts, how each ended, and what to try next.

pub mod outcome;
pub mod process;

pub use outcome::Outcome;
