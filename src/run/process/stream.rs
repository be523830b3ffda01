//! What comes from a worker is cut into lines and bounded: its output is as untrusted as what it reads.

use super::Flood;
use crate::words::steers;
use std::io::{self, Write};

/// Cuts bytes into lines, and stops when a line or all together are longer than any job needs.
#[derive(Debug)]
pub(super) struct Lines {
    /// The beginning of a line whose end has not come.
    partial: Vec<u8>,
    max_line: usize,
    max_total: u64,
    left: u64,
}

impl Lines {
    pub(super) fn new(max_line: usize, max_total: u64) -> Self {
        Lines { partial: Vec::new(), max_line, max_total, left: max_total }
    }

    /// Takes what has come and hands on each whole line, without its end. Returns how many there were. What comes after a flood is
    /// not looked at.
    pub(super) fn take(&mut self, mut bytes: &[u8], on_line: &mut dyn FnMut(&[u8])) -> Result<usize, Flood> {
        let too_long = Flood::Line { most_bytes: self.max_line as u64 };
        let too_many = Flood::Together { most_bytes: self.max_total };
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or(too_many)?;
        let mut count = 0;
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            let (head, rest) = (&bytes[..end], &bytes[end + 1..]);
            if self.partial.len() + head.len() > self.max_line {
                return Err(too_long);
            }
            if self.partial.is_empty() {
                on_line(head);
            } else {
                self.partial.extend_from_slice(head);
                on_line(&self.partial);
                self.partial.clear();
            }
            (bytes, count) = (rest, count + 1);
        }
        if self.partial.len() + bytes.len() > self.max_line {
            return Err(too_long);
        }
        self.partial.extend_from_slice(bytes);
        Ok(count)
    }

    /// The worker is gone: hands on a last line that has no end. Whoever reads it must expect half of one.
    pub(super) fn finish(&mut self, on_line: &mut dyn FnMut(&[u8])) {
        if !self.partial.is_empty() {
            on_line(&std::mem::take(&mut self.partial));
        }
    }
}

/// Bytes of stderr's end that are kept for messages.
const TAIL: usize = 4096;
/// Bytes of its end that its file gets, behind the beginning: the reason of an end stands there.
const END: usize = 256 << 10;

/// Keeps a worker's stderr: the beginning in a file, up to a limit, and the end in memory until it has ended.
#[derive(Debug)]
pub(super) struct Capture<W> {
    file: W,
    left: u64,
    dropped: u64,
    end: Vec<u8>,
    /// So much of the end: never more than of the beginning.
    most: usize,
}

impl<W: Write> Capture<W> {
    pub(super) fn new(file: W, max_bytes: u64) -> Self {
        let most = END.min(usize::try_from(max_bytes).unwrap_or(END)).max(TAIL);
        Capture { file, left: max_bytes, dropped: 0, end: Vec::new(), most }
    }

    pub(super) fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.end.extend_from_slice(&bytes[bytes.len().saturating_sub(self.most)..]);
        if self.end.len() > 2 * self.most {
            self.end.drain(..self.end.len() - self.most);
        }
        let kept = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= kept as u64;
        self.dropped += (bytes.len() - kept) as u64;
        self.file.write_all(&bytes[..kept])
    }

    /// Says in the file what is missing in it, and writes the end there; returns the last of what came.
    pub(super) fn finish(mut self) -> io::Result<String> {
        let last = |most: usize| &self.end[self.end.len().saturating_sub(most)..];
        if self.dropped > 0 {
            let end = last(self.most.min(usize::try_from(self.dropped).unwrap_or(self.most)));
            match self.dropped - end.len() as u64 {
                0 => {}
                missing => writeln!(self.file, "\n[{missing} bytes were not kept]")?,
            }
            self.file.write_all(end)?;
        }
        self.file.flush()?;
        Ok(printable(last(TAIL)))
    }
}

/// Text that cannot steer a terminal.
fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            c if steers(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn collect(lines: &mut Lines, chunks: &[&[u8]]) -> Result<Vec<Vec<u8>>, Flood> {
        let mut found = Vec::new();
        for chunk in chunks {
            lines.take(chunk, &mut |line| found.push(line.to_vec()))?;
        }
        lines.finish(&mut |line| found.push(line.to_vec()));
        Ok(found)
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_how_bytes_arrive(text in "[ab\n]{0,200}", size in 1usize..20) {
            let bytes = text.as_bytes();
            let chunks: Vec<&[u8]> = bytes.chunks(size).collect();
            let found = collect(&mut Lines::new(1000, 1000), &chunks).expect("within the limits");
            let mut expected: Vec<Vec<u8>> = bytes.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
            if expected.last().is_some_and(Vec::is_empty) {
                expected.pop();
            }
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn floods_are_noticed_before_they_are_kept() {
        let check = |max_line: usize, total: u64, chunks: &[&[u8]], flood: Option<Flood>| {
            assert_eq!(collect(&mut Lines::new(max_line, total), chunks).err(), flood, "{max_line} {total} {chunks:?}");
        };
        let (line, together) = (Some(Flood::Line { most_bytes: 4 }), Some(Flood::Together { most_bytes: 7 }));
        check(4, 100, &[b"abcd\n"], None);
        check(4, 100, &[b"abcde\n"], line);
        check(4, 100, &[b"abc", b"de"], line);
        check(4, 100, &[b"abc", b"d\n", b"abcd\n"], None);
        check(4, 9, &[b"a\na\n", b"a\na\n"], None);
        check(4, 7, &[b"a\na\n", b"a\na\n"], together);
    }

    #[test]
    fn a_log_keeps_its_beginning_and_its_end() {
        let mut kept = Vec::new();
        let mut capture = Capture::new(&mut kept, 10);
        capture.take(b"beginning").expect("memory");
        (0..5).for_each(|_| capture.take(&vec![b'x'; END - 7]).expect("memory"));
        capture.take(b"\x1b[31mend\x07").expect("memory");
        let tail = capture.finish().expect("memory");
        // A log of a few bytes keeps as much of its end as messages show.
        let missing = 5 * (END - 7) - 1 + 9 - TAIL;
        let end = format!("{}\x1b[31mend\x07", "x".repeat(TAIL - 9));
        assert!(String::from_utf8(kept).expect("text") == format!("beginningx\n[{missing} bytes were not kept]\n{end}"));
        assert!(tail.ends_with("xxx\\u{1b}[31mend\\u{7}"), "{tail}");
        assert!(tail.len() < TAIL + 20);
        // Where beginning and end are all there is, nothing is missing and nothing stands there twice.
        let mut kept = Vec::new();
        let mut capture = Capture::new(&mut kept, 4);
        capture.take(b"beginning and end").expect("memory");
        assert_eq!(capture.finish().expect("memory"), "beginning and end");
        assert_eq!(kept, b"beginning and end");
    }
}
