//! Headers of tar archives: blocks of 512 bytes, as POSIX's ustar and pax and GNU's long names have them. What becomes of their files
//! is for those to say who read them: a data set refuses what a paper passes over.

use std::io::{self, Read};

/// Bytes of a header; a file behind it fills whole blocks.
pub(crate) const BLOCK: usize = 512;

/// Fills the block, or as much of it as is left; says how much.
pub(crate) fn fill(input: &mut dyn Read, block: &mut [u8]) -> io::Result<usize> {
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
pub(crate) fn sum(header: &[u8; BLOCK]) -> u64 {
    header.iter().enumerate().map(|(i, b)| if (148..156).contains(&i) { 32 } else { u64::from(*b) }).sum()
}

/// Whether the sum that a header states is its own.
pub(crate) fn is_whole(header: &[u8; BLOCK]) -> bool {
    number(&header[148..156]) == Some(sum(header))
}

/// Octal digits; or, where the first bit is set, a big-endian number.
pub(crate) fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        return rest.iter().try_fold(u64::from(first & 0x7f), |n, b| Some(n.checked_mul(256)? | u64::from(*b)));
    }
    let digits = std::str::from_utf8(field).ok()?.trim_matches(|c: char| c == '\0' || c == ' ');
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

/// The name that a header holds. GNU's own headers have no prefix: its times may stand there.
pub(crate) fn header_name(header: &[u8; BLOCK]) -> String {
    let text = |field: &[u8]| String::from_utf8_lossy(field).split('\0').next().unwrap_or_default().to_string();
    let (name, prefix) = (text(&header[..100]), text(&header[345..500]));
    let is_ustar = &header[257..263] == b"ustar\0" && !prefix.is_empty();
    if is_ustar { format!("{prefix}/{name}") } else { name }
}

/// Of an extended header, which is lines of `LENGTH KEY=VALUE`.
pub(crate) fn record(content: &[u8], key: &str) -> Option<String> {
    let text = String::from_utf8_lossy(content);
    text.lines().find_map(|line| Some(line.split_once(' ')?.1.strip_prefix(key)?.strip_prefix('=')?.to_string()))
}
