//! Quotes within quoted cells that stand behind a backslash, `"he said \"no\""`, as Spark and MySQL write them: read as if each were
//! doubled.

use super::made::{Made, Maker};
use std::io::{BufRead, Result};

/// Where in a record a byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the beginning of a cell: a quote opens one that is quoted.
    Begin,
    Bare,
    Quoted,
    /// Behind the quote that ends a cell.
    Closed,
}

/// Follows cells in which a quote behind a backslash is a letter.
struct Cells {
    delimiter: u8,
    state: State,
    /// At the end of what was seen of a quoted cell; two stand for one where a quote is behind them.
    backslashes: usize,
}

/// What a byte is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Met {
    /// A quote that is a letter.
    Letter,
    /// One that ends a cell.
    End,
    /// What cannot stand behind the end of a quoted cell.
    Stray,
    Other,
}

impl Cells {
    fn new(delimiter: u8) -> Self {
        Cells { delimiter, state: State::Begin, backslashes: 0 }
    }

    fn meet(&mut self, byte: u8) -> Met {
        let parts = byte == self.delimiter || matches!(byte, b'\n' | b'\r');
        match (self.state, byte) {
            (State::Quoted, b'\\') => self.backslashes += 1,
            (State::Quoted, b'"') => {
                let is_letter = self.backslashes % 2 == 1;
                self.backslashes = 0;
                if is_letter {
                    return Met::Letter;
                }
                self.state = State::Closed;
                return Met::End;
            }
            (State::Quoted, _) => self.backslashes = 0,
            (State::Begin, b'"') => self.state = State::Quoted,
            (State::Begin | State::Bare | State::Closed, _) if parts => self.state = State::Begin,
            (State::Closed, _) => {
                self.state = State::Bare;
                return Met::Stray;
            }
            (State::Begin | State::Bare, _) => self.state = State::Bare,
        }
        Met::Other
    }
}

/// Bytes in which a first quote behind a backslash is looked for: a file whose texts have such has them early.
const SEEN: u64 = 64 << 20;

/// Whether there is a quote behind a backslash at all.
pub(super) fn may_be(inner: impl BufRead) -> Result<bool> {
    let (mut inner, mut last) = (inner.take(SEEN), 0);
    loop {
        let bytes = inner.fill_buf()?;
        let Some(end) = bytes.last().copied() else { return Ok(false) };
        if last == b'\\' && bytes[0] == b'"' || bytes.array_windows().any(|two| two == b"\\\"") {
            return Ok(true);
        }
        last = end;
        let read = bytes.len();
        inner.consume(read);
    }
}

/// Whether every quote within a quoted cell stands behind a backslash, and some do.
pub(super) fn are_such(mut inner: impl BufRead, delimiter: u8) -> Result<bool> {
    let (mut cells, mut any) = (Cells::new(delimiter), false);
    loop {
        let bytes = inner.fill_buf()?;
        if bytes.is_empty() {
            return Ok(any && cells.state != State::Quoted);
        }
        for byte in bytes {
            match cells.meet(*byte) {
                Met::Letter => any = true,
                Met::Stray => return Ok(false),
                Met::End | Met::Other => {}
            }
        }
        let read = bytes.len();
        inner.consume(read);
    }
}

/// Hands on what it is given, with such quotes doubled.
pub(super) struct Doubled<R> {
    inner: R,
    cells: Cells,
    /// Backslashes of a quoted cell that wait for what is behind them.
    waiting: usize,
}

impl<R: BufRead> Doubled<R> {
    pub(super) fn new(inner: R, delimiter: u8) -> Made<Self> {
        Made::by(Doubled { inner, cells: Cells::new(delimiter), waiting: 0 })
    }
}

impl<R: BufRead> Maker for Doubled<R> {
    fn refill(&mut self, ready: &mut Vec<u8>) -> Result<()> {
        while ready.is_empty() {
            let bytes = self.inner.fill_buf()?;
            if bytes.is_empty() {
                ready.extend(std::iter::repeat_n(b'\\', std::mem::take(&mut self.waiting)));
                return Ok(());
            }
            for &byte in bytes {
                let met = self.cells.meet(byte);
                if self.cells.backslashes > 0 {
                    self.waiting += 1;
                    continue;
                }
                let waiting = std::mem::take(&mut self.waiting);
                let kept = if matches!(met, Met::Letter | Met::End) { waiting / 2 } else { waiting };
                ready.extend(std::iter::repeat_n(b'\\', kept));
                ready.push(byte);
                if met == Met::Letter {
                    ready.push(byte);
                }
            }
            let read = bytes.len();
            self.inner.consume(read);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;
    use std::io::Read;

    /// In pieces of `size` bytes, so that backslashes are cut off what is behind them.
    fn pieces(text: &str, size: usize) -> impl BufRead + use<'_> {
        BufReader::with_capacity(size, text.as_bytes())
    }

    #[test]
    fn quotes_behind_backslashes_are_doubled() {
        for (text, expected) in [
            (r#""a \"b\"",1"#, r#""a ""b""",1"#),
            (r#""\"",2"#, r#""""",2"#),
            // A backslash of its own stays, and one before the end of a cell is written twice.
            (r#""C:\new \"x\"",1"#, r#""C:\new ""x""",1"#),
            (r#""\"C:\\",1"#, r#""""C:\",1"#),
            (r#"a \"b\",1"#, r#"a \"b\",1"#),
        ] {
            for size in [1, 2, 64] {
                assert!(may_be(pieces(text, size)).expect("read"), "{text}");
                let mut read = String::new();
                Doubled::new(pieces(text, size), b',').read_to_string(&mut read).expect("read");
                assert_eq!(read, expected);
            }
        }
        assert!(!may_be(pieces(r#""a",\b"#, 2)).expect("read"));
    }

    #[test]
    fn every_quote_within_cells_stands_behind_one() {
        let check = |text: &str, expected: bool| {
            for size in [1, 64] {
                assert_eq!(are_such(pieces(text, size), b',').expect("read"), expected, "{text}");
            }
        };
        check("a,b\n\"x \\\"y\\\" z\",1\n\"\",2\nplain,3\n", true);
        check("\"x \\\"y, z\\\"\",\"1\"\r\n", true);
        // Cells that end with a backslash, and quotes that are doubled.
        check("\"C:\\\",1\n\"D:\\\",2\n", false);
        check("\"C:\\\",\"D:\\\"\n", false);
        check("\"x \"\"y\"\" \\\"z\\\"\",1\n", false);
        check("\"x\",1\n", false);
        check("x \\\"y\\\",1\n", false);
    }
}
