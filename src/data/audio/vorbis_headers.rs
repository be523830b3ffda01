//! What the headers of an Ogg Vorbis file ask for. The decoder makes room for what they say before it reads on, so that a few bytes could
//! ask for all the memory there is: here they are looked through first.

/// Entries of all codebooks, and numbers of their tables; encoders write some thousands.
const MOST_ENTRIES: u64 = 1 << 20;
const MOST_NUMBERS: u64 = 1 << 22;
/// Headers: who it is, comments, how it is coded.
const HEADERS: usize = 3;
/// Of a page, before the sizes of its parts.
const PAGE_HEAD: usize = 27;
/// Where in it stands what kind of page it is, and which stream it is of; the sign of a stream's first.
const FLAGS: usize = 5;
const STREAM: std::ops::Range<usize> = 14..18;
const IS_FIRST: u8 = 2;

/// # Errors
/// They are cut off, or ask for more than headers of sound do.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    let packets = packets(bytes).ok_or("it is damaged: its headers are cut off")?;
    // The decoder would go on into such a stream, by headers that nobody looked at.
    let begins = |page: &[u8]| page.starts_with(b"OggS") && page[FLAGS] & IS_FIRST != 0;
    if bytes.windows(PAGE_HEAD).skip(1).any(begins) {
        return Err("it holds several streams: expected one, of one recording".into());
    }
    let [_, comments, setup] = packets.as_slice() else { return Err("it is damaged: it has no headers".into()) };
    check_comments(comments).ok_or("it is damaged: its comments are longer than their place")?;
    check_setup(setup).ok_or_else(|| "it is damaged: its codebooks are cut off, or larger than those of any sound".into())
}

/// The packets of the headers: parts of 255 bytes go on in the next, over the pages.
fn packets(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut found, mut packet, mut rest) = (Vec::new(), Vec::new(), bytes);
    let stream = bytes.get(STREAM)?;
    loop {
        if rest.get(STREAM)? != stream {
            return None;
        }
        let sizes = rest.strip_prefix(b"OggS").and(rest.get(PAGE_HEAD - 1)).map(|count| usize::from(*count))?;
        let (sizes, mut body) = rest.get(PAGE_HEAD..)?.split_at_checked(sizes)?;
        for size in sizes {
            let (part, behind) = body.split_at_checked(usize::from(*size))?;
            packet.extend_from_slice(part);
            body = behind;
            if *size < u8::MAX {
                found.push(std::mem::take(&mut packet));
                if found.len() == HEADERS {
                    return Some(found);
                }
            }
        }
        rest = body;
    }
}

fn check_comments(packet: &[u8]) -> Option<()> {
    let text = |rest: &mut &[u8]| -> Option<()> {
        let length = number(rest)?;
        *rest = rest.get(length..)?;
        Some(())
    };
    let mut rest = packet.strip_prefix(b"\x03vorbis")?;
    text(&mut rest)?;
    let count = number(&mut rest)?;
    // Each has a length of four bytes.
    (0..count.min(rest.len())).try_for_each(|_| text(&mut rest)).filter(|()| count <= packet.len())
}

fn number(rest: &mut &[u8]) -> Option<usize> {
    let (number, behind) = rest.split_first_chunk::<4>()?;
    *rest = behind;
    usize::try_from(u32::from_le_bytes(*number)).ok()
}

fn check_setup(packet: &[u8]) -> Option<()> {
    let mut bits = Bits { bytes: packet.strip_prefix(b"\x05vorbis")?, at: 0 };
    let books = bits.take(8)? + 1;
    // All of them are there at once.
    let mut left = (MOST_ENTRIES, MOST_NUMBERS);
    (0..books).try_for_each(|_| check_book(&mut bits, &mut left))
}

/// A codebook, by which numbers are spelt: how many entries of how many numbers, how long the word for each is, and a table of numbers.
/// `left`: how many entries and numbers there may be yet.
fn check_book(bits: &mut Bits, left: &mut (u64, u64)) -> Option<()> {
    let _sync = bits.take(24)?;
    let (dimensions, entries) = (bits.take(16)?, bits.take(24)?);
    left.0 = left.0.checked_sub(entries)?;
    if bits.take(1)? == 1 {
        bits.take(5)?;
        let mut told = 0;
        while told < entries {
            let untold = entries - told;
            told += bits.take(u64::BITS - untold.leading_zeros())?;
        }
    } else {
        let is_sparse = bits.take(1)? == 1;
        for _ in 0..entries {
            if !is_sparse || bits.take(1)? == 1 {
                bits.take(5)?;
            }
        }
    }
    let kind = bits.take(4)?;
    if kind == 0 {
        return Some(());
    }
    left.1 = left.1.checked_sub(entries * dimensions).filter(|_| dimensions > 0)?;
    bits.take(32)?;
    bits.take(32)?;
    let each = bits.take(4)? + 1;
    bits.take(1)?;
    let numbers = if kind == 1 { root(entries, dimensions) } else { entries * dimensions };
    bits.skip(numbers * each)
}

/// The largest number whose power of so many is no more than `entries`.
fn root(entries: u64, dimensions: u64) -> u64 {
    let fits = |number: u64| (0..dimensions).try_fold(1u64, |power, _| Some(power * number).filter(|power| *power <= entries));
    (2..=entries).take_while(|number| fits(*number).is_some()).last().unwrap_or(entries.min(1))
}

/// Bits, each byte's lowest first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: u64,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Option<u64> {
        let mut value = 0;
        for i in 0..count {
            let byte = self.bytes.get(usize::try_from(self.at / 8).ok()?)?;
            value |= u64::from(byte >> (self.at % 8) & 1) << i;
            self.at += 1;
        }
        Some(value)
    }

    fn skip(&mut self, count: u64) -> Option<()> {
        self.at += count;
        (self.at <= 8 * self.bytes.len() as u64).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_headers_ask_for_is_bounded() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audio/vorbis.ogg");
        let sound = std::fs::read(path).expect("read");
        assert_eq!(check(&sound), Ok(()));
        let several = check(&[sound.as_slice(), sound.as_slice()].concat()).expect_err("refused");
        assert!(several.contains("several streams"), "{several}");
        let place = |name: &[u8]| sound.windows(name.len()).position(|part| part == name).expect("there") + name.len();
        let with = |at: usize, bytes: &[u8]| {
            let mut changed = sound.clone();
            changed[at..at + bytes.len()].copy_from_slice(bytes);
            check(&changed).expect_err("refused")
        };
        let (setup, comments) = (place(b"\x05vorbis"), place(b"\x03vorbis"));
        // Numbers and entries of the first codebook, behind their count and the sign for one.
        assert!(with(setup + 4, &[0xff, 0xff, 0xff, 0xff, 0xff]).contains("larger than those of any sound"));
        assert!(with(setup + 4, &[0xff, 0xff, 0xff, 0xff, 0x00]).contains("codebooks"));
        assert!(with(comments, &[0xff; 4]).contains("comments"));
        for end in [20, 60, setup, setup + 100] {
            assert!(!check(&sound[..end]).expect_err("cut off").is_empty(), "{end}");
        }
        for (entries, dimensions, expected) in [(81, 4, 3), (80, 4, 2), (1, 3, 1), (0, 2, 0), (625, 1, 625)] {
            assert_eq!(root(entries, dimensions), expected, "{entries} {dimensions}");
        }
    }
}
