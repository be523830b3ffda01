//! Asks the user on a terminal.

use crate::plan::Licensed;
use crate::words::clean;
use std::io::{BufRead, IsTerminal};

/// Whether somebody at a terminal agrees to its terms; nobody does where there is none.
pub(super) fn asked(licensed: &Licensed) -> bool {
    agreed(&format!("{}\nGo on under these terms?", clean(&licensed.in_words())))
}

/// Whether somebody at a terminal says yes; nobody does where there is none.
pub(super) fn agreed(question: &str) -> bool {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    super::mention(&format!("{question} [y/N] "));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}
