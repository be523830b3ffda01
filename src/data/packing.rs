//! How files are packed, by their names, and how far what is packed may unfold: a few bytes can stand for terabytes.

use super::{Error, Result};
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// What may come of a packed file: this much, and so many times its size more. Texts shrink to a fifth, and logs to a fiftieth.
const UNFOLDED: u64 = 64 << 20;
const TIMES: u64 = 200;

/// By what a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zstd,
}

/// Endings, and what they stand for; none: it is not read.
const ENDINGS: [(&str, Option<Packing>, &str); 7] = [
    (".gz", Some(Packing::Gzip), "gzip"),
    (".zst", Some(Packing::Zstd), "zstd"),
    (".bz2", None, "bzip2"),
    (".xz", None, "xz"),
    (".lz4", None, "lz4"),
    (".7z", None, "7z"),
    (".rar", None, "rar"),
];

impl Packing {
    /// None: it is not packed.
    ///
    /// # Errors
    /// It is packed by something that is not read.
    pub(super) fn of(path: &Path) -> Result<Option<Packing>> {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        match ENDINGS.iter().find(|(ending, ..)| name.ends_with(ending)) {
            None if name.ends_with(".tgz") => Ok(Some(Packing::Gzip)),
            None if name.ends_with(".tzst") => Ok(Some(Packing::Zstd)),
            None => Ok(None),
            Some((_, Some(packing), _)) => Ok(Some(*packing)),
            Some((_, None, by)) => Err(Error::UnknownPacking { path: path.into(), by }),
        }
    }

    /// What a reader of packed bytes unfolds to.
    pub(super) fn unpack<R: Read + 'static>(self, packed: R) -> io::Result<Box<dyn Read>> {
        let packed = BufReader::with_capacity(1 << 16, packed);
        Ok(match self {
            Packing::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Packing::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(packed)?),
        })
    }
}

/// The name of what is packed: `train.csv` of `train.csv.gz`.
pub(super) fn unpacked_name(name: &str) -> &str {
    let lower = name.to_lowercase();
    let ending = [".gz", ".zst"].into_iter().find(|ending| name.len() > ending.len() && lower.ends_with(ending));
    ending.and_then(|ending| name.get(..name.len() - ending.len())).unwrap_or(name)
}

/// Hands on what is unpacked as long as it stays within bounds; what goes wrong is said in words of its own.
pub(super) struct Bounded<R> {
    inner: R,
    left: u64,
    most: u64,
}

impl<R: Read> Bounded<R> {
    /// `size`: that of the packed file.
    pub(super) fn new(inner: R, size: u64) -> Self {
        let most = Self::most(size);
        Bounded { inner, left: most, most }
    }

    /// What may come of a packed file of this size.
    pub(super) fn most(size: u64) -> u64 {
        UNFOLDED.saturating_add(size.saturating_mul(TIMES))
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => io::Error::new(e.kind(), "it is cut off: what is packed ends too early"),
            io::ErrorKind::Interrupted => e,
            _ => io::Error::new(
                io::ErrorKind::InvalidData,
                format!("it cannot be unpacked, or something else stands behind it: {e}"),
            ),
        })?;
        if read as u64 > self.left {
            let what = format!("it unfolds to more than {} bytes, {TIMES} times its size and more: it is no data", self.most);
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        self.left -= read as u64;
        Ok(read)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::io::Write;

    pub(in crate::data) fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        out.write_all(bytes).expect("packed");
        out.finish().expect("packed")
    }

    pub(in crate::data) fn zst(bytes: &[u8]) -> Vec<u8> {
        zstd::stream::encode_all(bytes, 1).expect("packed")
    }

    #[test]
    fn names_of_what_is_packed() {
        for (name, expected) in [("a/train.csv.gz", "a/train.csv"), ("x.ZST", "x"), (".gz", ".gz"), ("train.csv", "train.csv")] {
            assert_eq!(unpacked_name(name), expected);
        }
        let error = Packing::of(Path::new("a/t.csv.bz2")).expect_err("not read");
        assert!(error.to_string().contains("`a/t.csv.bz2` is packed by bzip2"), "{error}");
    }

    #[test]
    fn what_is_cut_or_followed_by_something_or_endless_is_refused() {
        let unpack = |packing: Packing, bytes: Vec<u8>| {
            let size = bytes.len() as u64;
            let mut bounded = Bounded::new(packing.unpack(io::Cursor::new(bytes)).expect("opened"), size);
            let mut out = Vec::new();
            bounded.read_to_end(&mut out).map(|_| out).map_err(|e| e.to_string())
        };
        let text: Vec<u8> = (0..20_000u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        for (packing, packed) in [(Packing::Gzip, gz(&text)), (Packing::Zstd, zst(&text))] {
            assert_eq!(unpack(packing, packed.clone()).as_ref(), Ok(&text));
            // Several, one behind the other, are their contents one behind the other.
            assert_eq!(unpack(packing, [packed.clone(), packed.clone()].concat()).map(|out| out.len()), Ok(2 * text.len()));
            for end in [packed.len() / 2, packed.len() - 3] {
                let error = unpack(packing, packed[..end].to_vec()).expect_err("cut");
                assert!(error.contains("it is cut off"), "{packing:?}: {error}");
            }
            let error = unpack(packing, [packed, b"and more than a header".to_vec()].concat()).expect_err("followed");
            assert!(error.contains("something else stands behind it"), "{packing:?}: {error}");
        }
        let zeros = vec![0; 100 << 20];
        for (packing, packed) in [(Packing::Gzip, gz(&zeros)), (Packing::Zstd, zst(&zeros))] {
            let error = unpack(packing, packed).expect_err("a bomb");
            assert!(error.contains("it unfolds to more than"), "{packing:?}: {error}");
        }
    }
}
