//! Texts as UTF-8: what is not is told with its place, and a file of UTF-16 that says so by its first two bytes is read as that.

use super::made::{Made, Maker};
use crate::data::lfs;
use std::io::{BufRead, Error, ErrorKind, Result};

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

/// What files begin with that are no texts, and what they are.
const OTHERS: [(&[u8], &str); 14] = [
    (lfs::START, lfs::POINTER),
    (b"\x1f\x8b", "packed by gzip: its name should end in `.gz`"),
    (b"\x28\xb5\x2f\xfd", "packed by Zstandard: its name should end in `.zst`"),
    (b"BZh91AY&SY", "packed by bzip2"),
    (b"\xfd7zXZ\0", "packed by xz"),
    (b"7z\xbc\xaf\x27\x1c", "packed by 7-Zip"),
    (b"PK\x03\x04", "a zip archive, as the files of spreadsheets (`.xlsx`) are, too"),
    (b"PAR1\x15", "Parquet: its name should end in `.parquet`"),
    (b"ARROW1\0\0", "Arrow: its name should end in `.arrow`"),
    (b"SQLite format 3\0", "a database of SQLite"),
    (b"\xd0\xcf\x11\xe0", "a document of an old Office, such as `.xls`"),
    (b"\x89HDF", "HDF5"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
];

/// What a file is by its first bytes that is no text in UTF-8; in words.
fn no_text(start: &[u8]) -> Option<String> {
    let Some((_, what)) = OTHERS.iter().find(|(first, _)| start.starts_with(first)) else { return without_mark(start) };
    Some(format!("it is no text, but {what}"))
}

/// Whether every second byte is none, as in UTF-16 of plain letters.
fn without_mark(start: &[u8]) -> Option<String> {
    const FEW: usize = 8;
    const SEEN: usize = 64;
    let seen = start[..start.len().min(SEEN)].as_chunks::<2>().0;
    let are_none = |at: usize| seen.len() * 2 >= FEW && seen.iter().all(|pair| pair[at] == 0 && pair[1 - at] != 0);
    let name = if are_none(0) { "UTF-16BE" } else { Some("UTF-16LE").filter(|_| are_none(1))? };
    Some(format!("every second of its bytes is 0, as in UTF-16 without its mark; `iconv -f {name} -t UTF-8` makes it UTF-8"))
}

/// Hands on a text as UTF-8 and nothing else: up to the first byte that is no letter, then the error.
pub(super) struct Letters<R> {
    inner: R,
    encoding: Encoding,
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
    pub(super) fn new(mut inner: R) -> Result<Made<Self>> {
        let start = inner.fill_buf()?;
        let (encoding, mark) = told(start);
        let wrong = if mark == 0 { no_text(start) } else { None };
        inner.consume(mark);
        Ok(Made::by(Letters { inner, encoding, begun: Vec::new(), lines: 0, bytes: 0, wrong }))
    }

    fn take_utf8(&mut self, is_end: bool, ready: &mut Vec<u8>) {
        let (whole, bad) = match std::str::from_utf8(&self.begun) {
            Ok(text) => (text.len(), None),
            // More may come of a letter that is begun.
            Err(e) if e.error_len().is_none() && !is_end => (e.valid_up_to(), None),
            Err(e) => (e.valid_up_to(), Some(self.begun[e.valid_up_to()])),
        };
        ready.extend(self.begun.drain(..whole));
        self.count(ready, 1);
        if let Some(byte) = bad {
            let (line, at) = (self.lines + 1, self.bytes + 1);
            // What has bytes of 0 is no text in Windows-1252, either.
            if ready.contains(&0) || self.begun.contains(&0) {
                self.wrong = Some(format!("it is no text: byte {at} of line {line} is 0x{byte:02X}, and others are 0"));
                return;
            }
            let guess =
                if byte >= 0xa0 { format!(" (in Windows-1252 it would be `{}`)", char::from(byte)) } else { String::new() };
            self.wrong = Some(format!(
                "it is not UTF-8: byte {at} of line {line} is 0x{byte:02X}{guess}; \
                 `iconv -f WINDOWS-1252 -t UTF-8` makes it so, if that is what it is"
            ));
        }
    }

    fn take_utf16(&mut self, unit: fn([u8; 2]) -> u16, is_end: bool, ready: &mut Vec<u8>) {
        let units: Vec<u16> = self.begun.as_chunks::<2>().0.iter().map(|pair| unit(*pair)).collect();
        // The first half of a letter waits for its second.
        let waits = usize::from(!is_end && units.last().is_some_and(|last| (0xd800..0xdc00).contains(last)));
        let mut done = 0;
        for letter in char::decode_utf16(units[..units.len() - waits].iter().copied()) {
            match letter {
                Ok(letter) => {
                    done += letter.len_utf16();
                    ready.extend(letter.encode_utf8(&mut [0; 4]).bytes());
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
        self.count(ready, 2);
        if is_end && !self.begun.is_empty() && self.wrong.is_none() {
            self.wrong = Some("it is no UTF-16, though it begins as such: half a letter stands at its end".into());
        }
        if let Some(wrong) = &mut self.wrong {
            wrong.push_str(&format!(", in line {}", self.lines + 1));
        }
    }

    /// Counts what is ready; a byte of it stands for so many of the file where it is a plain letter.
    fn count(&mut self, ready: &[u8], each: u64) {
        let lines = ready.iter().filter(|byte| **byte == b'\n').count() as u64;
        let behind = ready.iter().rev().take_while(|byte| **byte != b'\n').count() as u64;
        self.bytes = if lines > 0 { behind * each } else { self.bytes + behind * each };
        self.lines += lines;
    }
}

impl<R: BufRead> Maker for Letters<R> {
    fn refill(&mut self, ready: &mut Vec<u8>) -> Result<()> {
        while ready.is_empty() && self.wrong.is_none() {
            let chunk = self.inner.fill_buf()?;
            let (length, is_end) = (chunk.len(), chunk.is_empty());
            self.begun.extend_from_slice(chunk);
            self.inner.consume(length);
            match self.encoding {
                Encoding::Utf8 => self.take_utf8(is_end, ready),
                Encoding::Utf16(unit) => self.take_utf16(unit, is_end, ready),
            }
            if is_end {
                break;
            }
        }
        match self.wrong.take() {
            Some(what) if ready.is_empty() => {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;
    use std::io::Read;

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

    /// Whoever followed advice for another kind of text would get rubbish that loads.
    #[test]
    fn what_is_no_text_is_told_as_what_it_is() {
        let check = |bytes: &[u8], expected: &str| {
            let (before, told) = read(bytes, 64).expect_err("no text");
            assert!(told.contains(expected) && !told.contains("WINDOWS"), "{told}");
            assert_eq!(before, "");
        };
        check(b"\x1f\x8b\x08\x08abc", "packed by gzip: its name should end in `.gz`");
        check(b"PAR1\x15\x04\xc0", "but Parquet");
        check(b"PK\x03\x04\x14", "a zip archive");
        check(b"version https://git-lfs.github.com/spec/v1\noid", "a pointer of Git LFS");
        let without_mark = |bytes: fn(u16) -> [u8; 2]| utf16("text,label\n", bytes)[2..].to_vec();
        check(&without_mark(u16::to_be_bytes), "`iconv -f UTF-16BE -t UTF-8`");
        check(&without_mark(u16::to_le_bytes), "`iconv -f UTF-16LE -t UTF-8`");
        let told = read(b"ab\0\xe9\n", 64).expect_err("no text").1;
        assert_eq!(told, "it is no text: byte 4 of line 1 is 0xE9, and others are 0");
        assert_eq!(read(b"PAR1,x\nPK,y\n", 64).as_deref(), Ok("PAR1,x\nPK,y\n"), "a text may begin so");
        assert_eq!(read(b"a\0b\n", 64).as_deref(), Ok("a\0b\n"));
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
