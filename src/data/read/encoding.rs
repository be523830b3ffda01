//! Texts as UTF-8: what is not is told with its place, and a file of UTF-16 that says so by its first two bytes is read as that.

use std::io::{BufRead, Error, ErrorKind, Read, Result};

/// How a file writes its letters.
#[derive(Clone, Copy)]
enum Encoding {
    Utf8,
    Utf16(fn([u8; 2]) -> u16),
}

/// By the first bytes, and how many of them say nothing else.
fn told(start: &[u8]) -> (Encoding, usize) {
    match start {
        [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
        [0xff, 0xfe, ..] => (Encoding::Utf16(u16::from_le_bytes), 2),
        [0xfe, 0xff, ..] => (Encoding::Utf16(u16::from_be_bytes), 2),
        _ => (Encoding::Utf8, 0),
    }
}

/// Hands on a text as UTF-8 and nothing else: up to the first byte that is no letter, then the error.
pub(super) struct Letters<R> {
    inner: R,
    encoding: Encoding,
    /// UTF-8 that waits to be taken, from `taken` on.
    ready: Vec<u8>,
    taken: usize,
    /// Bytes of a letter that is not yet whole.
    begun: Vec<u8>,
    /// Lines that are done, and bytes of the one that is not, as they lie in the file.
    lines: u64,
    bytes: u64,
    wrong: Option<String>,
}

/// A text as UTF-8, whatever it is written in.
///
/// # Errors
/// Its beginning cannot be read. What is no text comes with its place while it is read, as invalid data.
pub fn letters<'a>(inner: impl BufRead + 'a) -> Result<impl BufRead + 'a> {
    Letters::new(inner)
}

impl<R: BufRead> Letters<R> {
    /// Skips a byte order mark.
    pub(super) fn new(mut inner: R) -> Result<Self> {
        let (encoding, mark) = told(inner.fill_buf()?);
        inner.consume(mark);
        let (ready, begun) = (Vec::new(), Vec::new());
        Ok(Letters { inner, encoding, ready, taken: 0, begun, lines: 0, bytes: 0, wrong: None })
    }

    /// Makes more ready; nothing is where the file has ended.
    fn refill(&mut self) -> Result<()> {
        self.ready.clear();
        self.taken = 0;
        while self.ready.is_empty() && self.wrong.is_none() {
            let chunk = self.inner.fill_buf()?;
            let (length, is_end) = (chunk.len(), chunk.is_empty());
            self.begun.extend_from_slice(chunk);
            self.inner.consume(length);
            match self.encoding {
                Encoding::Utf8 => self.take_utf8(is_end),
                Encoding::Utf16(unit) => self.take_utf16(unit, is_end),
            }
            if is_end {
                break;
            }
        }
        match self.wrong.take() {
            Some(what) if self.ready.is_empty() => {
                // Whoever asks again hears it again.
                self.wrong = Some(what.clone());
                Err(Error::new(ErrorKind::InvalidData, what))
            }
            wrong => {
                self.wrong = wrong;
                Ok(())
            }
        }
    }

    fn take_utf8(&mut self, is_end: bool) {
        let (whole, bad) = match std::str::from_utf8(&self.begun) {
            Ok(text) => (text.len(), None),
            // More may come of a letter that is begun.
            Err(e) if e.error_len().is_none() && !is_end => (e.valid_up_to(), None),
            Err(e) => (e.valid_up_to(), Some(self.begun[e.valid_up_to()])),
        };
        self.ready.extend(self.begun.drain(..whole));
        self.count(1);
        if let Some(byte) = bad {
            let (line, at) = (self.lines + 1, self.bytes + 1);
            let guess =
                if byte >= 0xa0 { format!(" (in Windows-1252 it would be `{}`)", char::from(byte)) } else { String::new() };
            self.wrong = Some(format!(
                "it is not UTF-8: byte {at} of line {line} is 0x{byte:02X}{guess}; \
                 `iconv -f WINDOWS-1252 -t UTF-8` makes it so, if that is what it is"
            ));
        }
    }

    fn take_utf16(&mut self, unit: fn([u8; 2]) -> u16, is_end: bool) {
        let units: Vec<u16> = self.begun.as_chunks::<2>().0.iter().map(|pair| unit(*pair)).collect();
        // The first half of a letter waits for its second.
        let waits = usize::from(!is_end && units.last().is_some_and(|last| (0xd800..0xdc00).contains(last)));
        let mut done = 0;
        for letter in char::decode_utf16(units[..units.len() - waits].iter().copied()) {
            match letter {
                Ok(letter) => {
                    done += letter.len_utf16();
                    self.ready.extend(letter.encode_utf8(&mut [0; 4]).bytes());
                }
                Err(half) => {
                    self.wrong = Some(format!(
                        "it is no UTF-16, though it begins as such: 0x{:04X} is half a letter",
                        half.unpaired_surrogate()
                    ));
                    break;
                }
            }
        }
        self.begun.drain(..2 * done);
        self.count(2);
        if is_end && !self.begun.is_empty() && self.wrong.is_none() {
            self.wrong = Some("it is no UTF-16, though it begins as such: half a letter stands at its end".into());
        }
        if let Some(wrong) = &mut self.wrong {
            wrong.push_str(&format!(", in line {}", self.lines + 1));
        }
    }

    /// Counts what is ready; a byte of it stands for so many of the file where it is a plain letter.
    fn count(&mut self, each: u64) {
        let lines = self.ready.iter().filter(|byte| **byte == b'\n').count() as u64;
        let behind = self.ready.iter().rev().take_while(|byte| **byte != b'\n').count() as u64;
        self.bytes = if lines > 0 { behind * each } else { self.bytes + behind * each };
        self.lines += lines;
    }
}

impl<R: BufRead> Read for Letters<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Letters<R> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        if self.taken == self.ready.len() {
            self.refill()?;
        }
        Ok(&self.ready[self.taken..])
    }

    fn consume(&mut self, amount: usize) {
        self.taken = (self.taken + amount).min(self.ready.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    /// Read in pieces of `size` bytes, so that letters are cut anywhere.
    fn read(bytes: &[u8], size: usize) -> std::result::Result<String, (String, String)> {
        let mut letters = Letters::new(BufReader::with_capacity(size, bytes)).expect("begun");
        let mut text = Vec::new();
        let done = letters.read_to_end(&mut text);
        let text = String::from_utf8(text).expect("nothing but UTF-8 is handed on");
        done.map(|_| text.clone()).map_err(|e| (text, e.to_string()))
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        ['\u{feff}'].into_iter().chain(text.chars()).collect::<String>().encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn letters_come_whole_however_they_are_cut() {
        let text = "aé\n日本🙂\r\nz";
        for size in [3, 4, 5, 64] {
            assert_eq!(read(text.as_bytes(), size).as_deref(), Ok(text));
            assert_eq!(read(format!("\u{feff}{text}").as_bytes(), size).as_deref(), Ok(text));
            assert_eq!(read(&utf16(text, u16::to_le_bytes), size).as_deref(), Ok(text));
            assert_eq!(read(&utf16(text, u16::to_be_bytes), size).as_deref(), Ok(text));
            assert_eq!(read(b"", size).as_deref(), Ok(""));
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_behind_what_is_right() {
        let check = |bytes: &[u8], before: &str, expected: &str| {
            for size in [3, 4, 64] {
                let (found, told) = read(bytes, size).expect_err("no text");
                assert!(told.contains(expected), "{told}");
                assert_eq!(found, before);
            }
        };
        check(b"ab\nc\xe9d\n", "ab\nc", "byte 2 of line 2 is 0xE9 (in Windows-1252 it would be `\u{e9}`)");
        check(b"\xc3\xa9\x80", "\u{e9}", "byte 3 of line 1 is 0x80;");
        check(b"a\n\xe6\x97", "a\n", "byte 1 of line 2 is 0xE6");
        let mut cut = utf16("a\nb", u16::to_le_bytes);
        cut.push(0);
        check(&cut, "a\nb", "half a letter stands at its end, in line 2");
        cut.truncate(4);
        cut.extend([0x00, 0xdc, 0x20, 0x00]);
        check(&cut, "a", "0xDC00 is half a letter, in line 1");
    }
}
