//! Zip: members one behind the other and a directory of them at the end, which alone is believed. (PKWARE's APPNOTE 6.3, with Zip64)

use super::{Kind, Member};
use flate2::Crc;
use flate2::read::DeflateDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// The directory's end, with the longest comment, lies within this many bytes.
const TAIL: u64 = 22 + 65_535;
/// No directory is larger.
const MOST_DIRECTORY: u64 = 1 << 30;

/// Values of a field of 16 and of 32 bits that say: look into the Zip64 record.
const ELSEWHERE_16: u64 = 0xffff;
const ELSEWHERE_32: u64 = 0xffff_ffff;

type Failed = (Option<String>, String);

/// Where a member lies and how.
struct Entry {
    member: Member,
    flags: u64,
    method: u64,
    crc: u64,
    packed: u64,
    header: u64,
}

/// Hands each member on, in the directory's order, with a reader of its bytes.
pub(super) fn each(file: &mut File, take: &mut dyn FnMut(&Member, &mut dyn Read) -> Result<(), Failed>) -> Result<(), Failed> {
    let length = file.metadata().map_err(|e| (None, e.to_string()))?.len();
    for entry in directory(file, length).map_err(|what| (None, what))? {
        let name = &entry.member.name;
        let of_member = |what: String| (Some(name.clone()), what);
        if entry.member.kind != Kind::File {
            take(&entry.member, &mut io::empty())?;
            continue;
        }
        if entry.flags & 1 != 0 {
            return Err(of_member("it is encrypted".into()));
        }
        let body = body(file, &entry).map_err(of_member)?;
        let packed = BufReader::with_capacity(1 << 16, body);
        let content: Box<dyn Read + '_> = match entry.method {
            0 => Box::new(packed),
            8 => Box::new(DeflateDecoder::new(packed)),
            93 => Box::new(zstd::stream::read::Decoder::new(packed).map_err(|e| of_member(e.to_string()))?),
            method => {
                return Err(of_member(format!("it is packed by method {method}: expected 0 (stored), 8 (deflate) or 93 (zstd)")));
            }
        };
        // One byte more than is said, so that what is longer is noticed.
        let mut content = Checked { inner: content.take(entry.member.size.saturating_add(1)), crc: Crc::new(), read: 0 };
        take(&entry.member, &mut content)?;
        let (read, crc) = (content.read, u64::from(content.crc.sum()));
        if read != entry.member.size {
            return Err(of_member(format!(
                "expected {} bytes, found {}",
                entry.member.size,
                if read < entry.member.size { read.to_string() } else { "more".into() }
            )));
        }
        if crc != entry.crc {
            return Err(of_member(format!("its content is damaged: expected CRC-32 {:08x}, found {crc:08x}", entry.crc)));
        }
    }
    Ok(())
}

/// A reader that sums up what was read.
struct Checked<R> {
    inner: R,
    crc: Crc,
    read: u64,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.crc.update(&buffer[..read]);
        self.read += read as u64;
        Ok(read)
    }
}

/// A member's bytes as they are packed: behind its own header, whose name and extra field have lengths of their own.
fn body<'a>(file: &'a mut File, entry: &Entry) -> Result<io::Take<&'a mut File>, String> {
    let header = bytes_at(file, entry.header, 30)?;
    if !header.starts_with(b"PK\x03\x04") {
        return Err("it does not lie where the directory says".into());
    }
    let skip = le(&header, 26, 2)? + le(&header, 28, 2)?;
    file.seek(SeekFrom::Start(entry.header.saturating_add(30 + skip))).map_err(|e| e.to_string())?;
    Ok(file.take(entry.packed))
}

fn directory(file: &mut File, length: u64) -> Result<Vec<Entry>, String> {
    let from = length.saturating_sub(TAIL);
    let tail = bytes_at(file, from, length - from)?;
    let end = tail
        .windows(4)
        .rposition(|four| four == b"PK\x05\x06")
        .ok_or("it is no zip archive, or is cut off: it has no directory")?;
    let mut count = le(&tail, end + 10, 2)?;
    let (mut size, mut offset) = (le(&tail, end + 12, 4)?, le(&tail, end + 16, 4)?);
    if count == ELSEWHERE_16 || size == ELSEWHERE_32 || offset == ELSEWHERE_32 {
        let locator = end.checked_sub(20).filter(|at| tail[*at..].starts_with(b"PK\x06\x07"));
        if let Some(locator) = locator {
            let record = bytes_at(file, le(&tail, locator + 8, 8)?, 56)?;
            if !record.starts_with(b"PK\x06\x06") {
                return Err("its directory is damaged".into());
            }
            (count, size, offset) = (le(&record, 32, 8)?, le(&record, 40, 8)?, le(&record, 48, 8)?);
        }
    }
    if size > MOST_DIRECTORY || offset.checked_add(size).is_none_or(|end| end > length) {
        return Err("its directory lies outside of it: it is cut off or damaged".into());
    }
    let directory = bytes_at(file, offset, size)?;
    let (mut entries, mut at) = (Vec::new(), 0);
    for _ in 0..count {
        let (entry, length) = entry(directory.get(at..).unwrap_or_default())?;
        entries.push(entry);
        at += length;
    }
    Ok(entries)
}

/// An entry of the directory, and how long it is.
fn entry(bytes: &[u8]) -> Result<(Entry, usize), String> {
    if !bytes.starts_with(b"PK\x01\x02") {
        return Err("its directory is damaged".into());
    }
    let word = |at: usize, width: usize| le(bytes, at, width);
    let (name_length, extra_length, comment_length) = (word(28, 2)?, word(30, 2)?, word(32, 2)?);
    let end = 46 + name_length as usize;
    let name = bytes.get(46..end).ok_or("its directory is cut off")?;
    let extra = bytes.get(end..end + extra_length as usize).ok_or("its directory is cut off")?;
    let (mut packed, mut size, mut header) = (word(20, 4)?, word(24, 4)?, word(42, 4)?);
    // Of the three, those that do not fit stand in the extra field with the number 1, in this order.
    if let Some(wide) = extra_field(extra, 1) {
        let mut at = 0;
        for value in [&mut size, &mut packed, &mut header].into_iter().filter(|value| **value == ELSEWHERE_32) {
            *value = le(wide, at, 8)?;
            at += 8;
        }
    }
    // Made by Unix: the upper half of the outer attributes is the file's mode.
    let mode = if word(5, 1)? == 3 { word(38, 4)? >> 28 } else { 0 };
    let name = String::from_utf8_lossy(name).into_owned();
    let kind = match mode {
        _ if name.ends_with('/') => Kind::Folder,
        0 | 0o10 => Kind::File,
        0o4 => Kind::Folder,
        0o12 => Kind::Other("a symbolic link"),
        _ => Kind::Other("a device or a pipe"),
    };
    let entry = Entry {
        member: Member { name, kind, size },
        flags: word(8, 2)?,
        method: word(10, 2)?,
        crc: word(16, 4)?,
        packed,
        header,
    };
    Ok((entry, end + (extra_length + comment_length) as usize))
}

fn extra_field(mut extra: &[u8], number: u64) -> Option<&[u8]> {
    loop {
        let (id, size) = (le(extra, 0, 2).ok()?, le(extra, 2, 2).ok()? as usize);
        let field = extra.get(4..4 + size)?;
        if id == number {
            return Some(field);
        }
        extra = &extra[4 + size..];
    }
}

fn bytes_at(file: &mut File, at: u64, length: u64) -> Result<Vec<u8>, String> {
    file.seek(SeekFrom::Start(at)).map_err(|e| e.to_string())?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err("it is cut off".into()) }
}

/// A little-endian number of up to 8 bytes.
fn le(bytes: &[u8], at: usize, width: usize) -> Result<u64, String> {
    let found = at.checked_add(width).and_then(|end| bytes.get(at..end)).ok_or("it is cut off")?;
    Ok(found.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)))
}
