//! Files of text as they are, or packed by gzip (`.gz`) or Zstandard (`.zst`): unpacked while they are read, within bounds.

use super::encoding::Letters;
use super::unreadable;
use crate::data::packing::{Bounded, Packing};
use crate::data::{Error, Result};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Bytes that are read at once.
const BUFFER: usize = 1 << 16;

/// Opens a file of text to be read from its beginning, as UTF-8: a byte order mark in front is skipped, and what is no UTF-8 is an error.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    let io = |source| Error::Io { action: "open", path: path.into(), source };
    let file = File::open(path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    let reader: Box<dyn BufRead> = match Packing::of(path)? {
        None => Box::new(BufReader::with_capacity(BUFFER, file)),
        Some(packing) => Box::new(BufReader::with_capacity(BUFFER, Bounded::new(packing.unpack(file).map_err(io)?, size))),
    };
    Ok(Box::new(Letters::new(reader).map_err(|e| unreadable(path, None, e))?))
}

/// The whole of a file.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes).map_err(|e| unreadable(path, None, e))?;
    Ok(bytes)
}
