//! Tar: a header of 512 bytes, then the file in whole blocks. Read as POSIX's ustar and pax and GNU's long names have it.

use super::{Kind, Member};
use std::io::{self, Read};

const BLOCK: usize = 512;
/// Of an extended header, which holds a name.
const MOST_EXTENDED: u64 = 1 << 20;

/// Hands each member on, in the archive's order, with a reader of its bytes.
pub(super) fn each(
    input: &mut dyn Read,
    take: &mut dyn FnMut(&Member, &mut dyn Read) -> Result<(), (Option<String>, String)>,
) -> Result<(), (Option<String>, String)> {
    let whole = |what: String| (None, what);
    let cut = |e: io::Error| whole(if e.kind() == io::ErrorKind::UnexpectedEof { "it is cut off".into() } else { e.to_string() });
    let mut header = [0; BLOCK];
    let (mut long_name, mut long_size, mut first) = (None, None, true);
    loop {
        match fill(input, &mut header).map_err(cut)? {
            // Some writers leave the blocks of nothing at the end out.
            0 if !first => return Ok(()),
            BLOCK => {}
            _ if first => return Err(whole("it is no tar archive".into())),
            _ => return Err(whole("it is cut off".into())),
        }
        if header.iter().all(|b| *b == 0) {
            return Ok(());
        }
        if number(&header[148..156]) != Some(sum(&header)) {
            let what = if first { "it is no tar archive" } else { "a header within is damaged" };
            return Err(whole(what.into()));
        }
        first = false;
        let size = long_size.take().or_else(|| number(&header[124..136]));
        let size = size.ok_or_else(|| whole("a header within is damaged".into()))?;
        let padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
        let mut body = input.take(size);
        match header[156] {
            b'L' | b'x' => {
                if size > MOST_EXTENDED {
                    return Err(whole(format!("a name within has {size} bytes")));
                }
                let mut content = Vec::new();
                body.read_to_end(&mut content).map_err(cut)?;
                if header[156] == b'L' {
                    long_name = Some(String::from_utf8_lossy(&content).trim_end_matches('\0').to_string());
                } else {
                    long_name = record(&content, "path").or(long_name);
                    long_size = record(&content, "size").and_then(|size| size.parse().ok());
                }
            }
            // What all of the archive has in common is of no use here; long names of links' targets neither.
            b'g' | b'K' => {}
            other => {
                let kind = match other {
                    b'0' | 0 | b'7' => Kind::File,
                    b'5' => Kind::Folder,
                    b'1' => Kind::Other("a hard link"),
                    b'2' => Kind::Other("a symbolic link"),
                    b'3' | b'4' | b'6' => Kind::Other("a device or a pipe"),
                    _ => Kind::Other("of a kind that is not read"),
                };
                let member = Member { name: long_name.take().unwrap_or_else(|| name(&header)), kind, size };
                take(&member, &mut body)?;
            }
        }
        let left = body.limit() + padding;
        if io::copy(&mut input.take(left), &mut io::sink()).map_err(cut)? != left {
            return Err(whole("it is cut off".into()));
        }
    }
}

fn fill(input: &mut dyn Read, block: &mut [u8]) -> io::Result<usize> {
    let mut at = 0;
    while at < block.len() {
        match input.read(&mut block[at..])? {
            0 => break,
            read => at += read,
        }
    }
    Ok(at)
}

/// The sum of a header's bytes, those of the sum itself as spaces.
fn sum(header: &[u8; BLOCK]) -> u64 {
    header.iter().enumerate().map(|(i, b)| if (148..156).contains(&i) { 32 } else { u64::from(*b) }).sum()
}

/// Octal digits; or, where the first bit is set, a big-endian number.
fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        return rest.iter().try_fold(u64::from(first & 0x7f), |n, b| Some(n.checked_mul(256)? | u64::from(*b)));
    }
    let digits = std::str::from_utf8(field).ok()?.trim_matches(|c: char| c == '\0' || c == ' ');
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

fn name(header: &[u8; BLOCK]) -> String {
    let text = |field: &[u8]| String::from_utf8_lossy(field).split('\0').next().unwrap_or_default().to_string();
    let (name, prefix) = (text(&header[..100]), text(&header[345..500]));
    let is_ustar = &header[257..263] == b"ustar\0" && !prefix.is_empty();
    if is_ustar { format!("{prefix}/{name}") } else { name }
}

/// Of an extended header, which is lines of `LENGTH KEY=VALUE`.
fn record(content: &[u8], key: &str) -> Option<String> {
    let text = String::from_utf8_lossy(content);
    text.lines().find_map(|line| Some(line.split_once(' ')?.1.strip_prefix(key)?.strip_prefix('=')?.to_string()))
}
