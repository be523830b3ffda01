//! What the jail refused, as the kernel told it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A system call that was refused, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// As the kernel names it: `socket`.
    pub call: String,
    /// What it is about, in words: `sockets`.
    pub what: String,
    pub count: u64,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", self.call, self.what)?;
        if self.count > 1 { write!(f, ", {} times", self.count) } else { Ok(()) }
    }
}

/// "`socket` (sockets), 2 times; `ptrace` (other processes)"
pub fn in_words(refused: &[Refusal]) -> String {
    refused.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
