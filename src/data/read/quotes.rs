//! Whether a table of text ends within quotes, or has quotes over lines that close in the midst of a cell: then all between them
//! was one cell, however many lines it had.

use std::io::{BufRead, Error, ErrorKind, Read, Result};

/// Whether the quotes of a text that tabs part into cells are letters: behind one that would close a cell the cell goes on, or one would
/// never be closed.
pub(super) fn are_letters(mut inner: impl BufRead, delimiter: u8) -> Result<bool> {
    let mut state = State::Begin;
    loop {
        let bytes = inner.fill_buf()?;
        if bytes.is_empty() {
            return Ok(state == State::Quoted);
        }
        for &byte in bytes {
            let before = state;
            state = before.behind(byte, delimiter);
            if (before, state) == (State::Closed, State::Bare) {
                return Ok(true);
            }
        }
        let read = bytes.len();
        inner.consume(read);
    }
}

/// Where in a record a byte stands, as the reader of records sees it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the beginning of a cell: a quote opens one that is quoted.
    Begin,
    /// In a cell, where a quote is a letter.
    Bare,
    /// Within quotes.
    Quoted,
    /// Behind a quote within quotes: two are one letter, and one ends the quotes.
    Closed,
}

impl State {
    /// The state behind a byte.
    fn behind(self, byte: u8, delimiter: u8) -> State {
        match (self, byte) {
            (State::Begin, b'"') => State::Quoted,
            (State::Quoted, b'"') => State::Closed,
            (State::Quoted, _) | (State::Closed, b'"') => State::Quoted,
            (State::Begin | State::Bare | State::Closed, b'\n' | b'\r') => State::Begin,
            (State::Begin | State::Bare | State::Closed, byte) if byte == delimiter => State::Begin,
            (State::Begin | State::Bare | State::Closed, _) => State::Bare,
        }
    }
}

/// Hands on what it is given; where that ends within quotes, or a cell goes on behind quotes over lines, it ends with an error
/// that names their lines.
pub(super) struct Quotes<R> {
    inner: R,
    delimiter: u8,
    are_quotes: bool,
    state: State,
    line: u64,
    /// The line in which the last quotes were opened.
    opened: u64,
    /// The byte before.
    last: u8,
    /// Whether the quote that closed the last ones stands behind a backslash: some programs write a letter so.
    by_escaped: bool,
    /// Whether the cell goes on behind quotes over lines; spaces alone may stand there.
    goes_on: bool,
    /// The lines of those quotes, once something else stands behind them.
    behind: Option<(u64, u64)>,
    /// The last byte that is no blank.
    solid: u8,
    /// The lines in which the first quotes were opened and closed behind which a cell goes on.
    stray: Option<(u64, u64)>,
}

impl<R: BufRead> Quotes<R> {
    /// `are_quotes`: whether its quotes are such, and not letters. `line`: the one that it begins in.
    pub(super) fn new(inner: R, delimiter: u8, are_quotes: bool, line: u64) -> Self {
        let state = State::Begin;
        let (by_escaped, goes_on, behind, stray) = (false, false, None, None);
        Quotes { inner, delimiter, are_quotes, state, line, opened: 0, last: 0, by_escaped, goes_on, behind, solid: 0, stray }
    }

    fn take(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.line += u64::from(byte == b'\n');
            let before = self.state;
            self.state = before.behind(byte, self.delimiter);
            match (before, self.state) {
                (State::Begin, State::Quoted) => self.opened = self.line,
                (State::Quoted, State::Closed) => self.by_escaped = self.last == b'\\',
                (State::Closed, State::Bare) => self.goes_on = self.opened < self.line && !self.by_escaped,
                (_, State::Begin) => self.end_cell(),
                _ => {}
            }
            let is_blank = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
            if self.goes_on && !is_blank {
                self.behind.get_or_insert((self.opened, self.line));
            }
            self.last = byte;
            if !is_blank {
                self.solid = byte;
            }
        }
    }

    /// A cell that ends with a quote as well has others within, which nobody doubled: `"he says "hi" to me"`.
    fn end_cell(&mut self) {
        self.goes_on = false;
        if let Some(lines) = self.behind.take()
            && self.solid != b'"'
        {
            self.stray.get_or_insert(lines);
        }
    }
}

impl<R: BufRead> Read for Quotes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.inner.read(buffer)?;
        if read == 0 && !buffer.is_empty() && self.state == State::Quoted {
            let what =
                format!("the quote that opens a cell in line {} is never closed: all behind it would be that cell", self.opened);
            return Err(Error::new(ErrorKind::InvalidData, what));
        }
        if self.are_quotes {
            self.take(&buffer[..read]);
            if read == 0 && !buffer.is_empty() {
                self.end_cell();
            }
        }
        if let Some((opened, closed)) = self.stray {
            let what = format!(
                "the quote opened in line {opened} closes within a cell in line {closed}: all between would be that cell"
            );
            return Err(Error::new(ErrorKind::InvalidData, what));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Read in pieces of `size` bytes, so that quotes are cut anywhere.
    fn read(text: &str, size: usize) -> Result<()> {
        let mut quotes = Quotes::new(text.as_bytes(), b',', true, 1);
        let mut piece = vec![0; size];
        while quotes.read(&mut piece)? > 0 {}
        Ok(())
    }

    #[test]
    fn quotes_are_closed_or_told() {
        for size in [1, 2, 3, 64] {
            for whole in
                ["", "a,b\n1,2", "\"a\",\"b\"\n\"x\ny\",\"\"\"\"", "a \"quote,b\n5\" of it,\"\"", "\"a\"b\"c,d", "a\r\n\"b\"\r\n"]
            {
                assert!(read(whole, size).is_ok(), "{whole:?}");
            }
            for (stray, lines) in [("a,b\n\"x,1\ny\" z,2\n", (2, 3)), ("\"x\ny\"z", (1, 2)), ("\"x\"\"\ny\"  z,\"\"", (1, 2))] {
                let told = read(stray, size).expect_err("stray").to_string();
                let words = format!("the quote opened in line {} closes within a cell in line {}", lines.0, lines.1);
                assert!(told.contains(&words), "{stray:?}: {told}");
            }
            for whole in ["\"x\ny\" ,z\n", "\"x\ny\"  \r\nz", "\"x\" y\nz", "\"x\nsays \\\"y\\\" to z,1\n"] {
                assert!(read(whole, size).is_ok(), "{whole:?}");
            }
            for (open, line) in [("\"", 1), ("a,b\n1,\"2\n3,4\n", 2), ("\"a\nb\",\"\"\"c", 2), ("\"a\"\n\n\"\"\"", 3)] {
                let told = read(open, size).expect_err("open").to_string();
                assert!(told.contains(&format!("in line {line} is never closed")), "{open:?}: {told}");
            }
        }
    }
}
