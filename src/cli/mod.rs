//! Arguments, one file a command; the only writer to the terminal.
