//! PDF bytes -> lines of text with their places -> [`Paper`], within limits.
//!
//! `safe` makes a document harmless for the PDF library, `glyphs` takes its characters with their places, `lines` puts them
//! together; `bitmaps` names the letters of fonts that do not. The library may panic or loop on odd files, so all of it is done on a thread
//! of its own (`guarded`): a panic loses the rest of one page. It unpacks streams without a bound: the jail's limit on memory is theirs.

mod bitmaps;
mod glyphs;
mod lines;
mod safe;

pub(super) use lines::{Line, LineCell, PageLines};

use super::guarded::{self, Stopped};
use super::{Error, Paper, structure};
use pdf_extract as lopdf;
use std::time::Duration;

/// What is read at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub max_bytes: u64,
    pub max_pages: u64,
    pub max_time: Duration,
}

impl Default for Limits {
    /// 64 MiB, 500 pages, 5 s of the processor's time.
    fn default() -> Self {
        Limits { max_bytes: 64 << 20, max_pages: 500, max_time: Duration::from_secs(5) }
    }
}

/// Fewer letters than this in all pages together are not a text.
pub(super) const MIN_LETTERS: usize = 40;

/// The paper that a PDF holds.
pub(super) fn read(bytes: &[u8], name: &str, limits: &Limits) -> Result<Paper, Error> {
    let too_large = |found, limit, unit| Error::TooLarge { name: name.to_string(), found, limit, unit };
    if bytes.len() as u64 > limits.max_bytes {
        return Err(too_large(bytes.len() as u64, limits.max_bytes, "bytes"));
    }
    if !bytes[..bytes.len().min(1024)].windows(5).any(|w| w == b"%PDF-") {
        return Err(Error::NotPdf { name: name.to_string(), found: describe(bytes) });
    }
    let (owned, named, max_pages) = (bytes.to_vec(), name.to_string(), limits.max_pages);
    let read = move || {
        let pages = pages_of(&owned, max_pages)?;
        let letters: usize = pages.iter().map(PageLines::letters).sum();
        if letters < MIN_LETTERS {
            return Err(Failed::NoText { pages: pages.len(), letters });
        }
        Ok(structure::build(&named, &pages))
    };
    let paper = guarded::within(limits.max_time, read).unwrap_or_else(|stopped| Err(stopped.into()));
    paper.map_err(|failed| match failed {
        Failed::Encrypted => Error::Encrypted { name: name.to_string() },
        Failed::TooManyPages(found) => too_large(found, limits.max_pages, "pages"),
        Failed::NoText { pages, letters } => Error::NoText { name: name.to_string(), pages, letters },
        Failed::Malformed(_) | Failed::Stopped(Stopped::Panic) if !has_end_mark(bytes) => {
            Error::Truncated { name: name.to_string(), bytes: bytes.len() }
        }
        Failed::Malformed(problem) => Error::Malformed { name: name.to_string(), problem },
        Failed::Stopped(stopped) => stopped.of(name, limits.max_time),
    })
}

/// Why there is no paper.
enum Failed {
    Encrypted,
    TooManyPages(u64),
    NoText { pages: usize, letters: usize },
    Malformed(String),
    Stopped(Stopped),
}

impl From<Stopped> for Failed {
    fn from(stopped: Stopped) -> Self {
        Failed::Stopped(stopped)
    }
}

fn pages_of(bytes: &[u8], max_pages: u64) -> Result<Vec<PageLines>, Failed> {
    let mut document = lopdf::Document::load_mem(bytes).map_err(|problem| match problem {
        lopdf::Error::InvalidPassword | lopdf::Error::Decryption(_) | lopdf::Error::UnsupportedSecurityHandler(_) => {
            Failed::Encrypted
        }
        other => Failed::Malformed(other.to_string()),
    })?;
    if document.is_encrypted() && document.decrypt("").is_err() {
        return Err(Failed::Encrypted);
    }
    let count = document.get_pages().len() as u64;
    if count == 0 {
        return Err(Failed::Malformed("it has no pages".into()));
    }
    if count > max_pages {
        return Err(Failed::TooManyPages(count));
    }
    safe::keep_text_only(&mut document);
    bitmaps::name_letters(&mut document);
    Ok((1..=count as u32).map(|number| glyphs::page(&document, number)).collect())
}

fn has_end_mark(bytes: &[u8]) -> bool {
    bytes[bytes.len().saturating_sub(2048)..].windows(5).any(|w| w == b"%%EOF")
}

/// What a file that is no PDF looks like.
pub(super) fn describe(bytes: &[u8]) -> String {
    const KNOWN: &[(&[u8], &str)] = &[
        (b"PK\x03\x04", "a ZIP archive (or an office document)"),
        (b"\x1f\x8b", "a gzip archive"),
        (b"\x89PNG", "a PNG image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"%!PS", "PostScript"),
        (b"\x7fELF", "a program"),
    ];
    if bytes.is_empty() {
        return "an empty file".into();
    }
    if let Some((_, what)) = KNOWN.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return (*what).into();
    }
    let head = &bytes[..bytes.len().min(512)];
    let text = String::from_utf8_lossy(head);
    if text.to_ascii_lowercase().contains("<html") || text.to_ascii_lowercase().contains("<!doctype") {
        return "a web page".into();
    }
    if head.iter().all(|b| *b >= 0x20 || b"\t\r\n\x0c".contains(b)) {
        let start: String = text.split_whitespace().take(6).collect::<Vec<_>>().join(" ").chars().take(40).collect();
        return format!("text that starts with `{}`", start.escape_debug());
    }
    "unknown bytes".into()
}

#[cfg(test)]
mod tests;
