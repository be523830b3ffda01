//! Tar: a header of 512 bytes, then the file in whole blocks.

use super::{Kind, Member};
use crate::tar::{BLOCK, fill, header_name, is_whole, number, record};
use std::io::{self, Read};

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
        if !is_whole(&header) {
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
                let member = Member { name: long_name.take().unwrap_or_else(|| header_name(&header)), kind, size };
                take(&member, &mut body)?;
            }
        }
        let left = body.limit() + padding;
        if io::copy(&mut input.take(left), &mut io::sink()).map_err(cut)? != left {
            return Err(whole("it is cut off".into()));
        }
    }
}
