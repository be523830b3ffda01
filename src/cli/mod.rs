//! Arguments, one file a command; the only writer to the terminal.

pub mod doctor;
pub mod message;
pub mod progress;
