//! Asks the user on a terminal.

use crate::plan::Licensed;
use crate::words::clean;
use std::io::{BufRead, IsTerminal, Write};

/// Whether somebody at a terminal agrees to its terms; nobody does where there is none.
pub(super) fn asked(licensed: &Licensed) -> bool {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    eprint!("{}\nGo on under these terms? [y/N] ", clean(&licensed.in_words()));
    let mut answer = String::new();
    let read = std::io::stderr().flush().and_then(|()| std::io::stdin().lock().read_line(&mut answer));
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}
