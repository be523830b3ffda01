//! A paper of arXiv by its id, through a cache on disk: the HTML rendering if there is one, else the LaTeX source, else the PDF.
//!
//! `manners` is the one place where intake reaches the network; `listing` reads what arXiv says of a paper; `cache` keeps both with the
//! version that they are of, so that a paper that was read once is read alike ever after.

mod cache;
mod listing;
mod manners;

pub use listing::ArxivRecord;
pub use manners::{Clock, SystemClock};

use super::opened::format_of;
use super::pdf::MIN_LETTERS;
use super::{ArxivId, Error, Opened, PaperFormat, SourceRecord};
use cache::Cache;
use listing::Listing;
use manners::{Answer, Session};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// How to fetch; the caller reads the environment, this module never does.
#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// `https://arxiv.org`, or a loopback server in tests.
    pub base_url: String,
    /// What was fetched is kept here.
    pub cache: Option<PathBuf>,
    /// Use the cache alone.
    pub offline: bool,
    pub timeout: Duration,
    pub max_bytes: u64,
    pub clock: Arc<dyn Clock>,
}

impl FetchOptions {
    /// arXiv itself, `cache` on disk, 30 s, 64 MiB.
    pub fn new(cache: Option<PathBuf>) -> Self {
        FetchOptions {
            base_url: "https://arxiv.org".into(),
            cache,
            offline: false,
            timeout: Duration::from_secs(30),
            max_bytes: super::Limits::default().max_bytes,
            clock: Arc::new(SystemClock),
        }
    }
}

/// The paper, from the cache if it has it. An id without a version is that of the newest version that the cache has, or else arXiv.
///
/// # Errors
/// [`Error::Offline`], [`Error::NoSuchPaper`], [`Error::Withdrawn`], [`Error::NoForm`], those of the network, and [`Error::Io`] where the
/// cache cannot be read or written.
pub(super) fn fetch(id: &ArxivId, options: &FetchOptions) -> Result<Opened, Error> {
    let cache = options.cache.as_deref().map(Cache::new);
    if let Some(found) = cache.as_ref().map(|cache| cache.find(id)).transpose()?.flatten() {
        return Ok(found);
    }
    if options.offline {
        return Err(Error::Offline { id: id.to_string() });
    }
    let mut session = Session::begin(id, options)?;
    let Answer::Found(page) = session.get(&format!("abs/{id}"))? else {
        return Err(Error::NoSuchPaper { id: id.to_string() });
    };
    let listing = Listing::read(id, &String::from_utf8_lossy(&page));
    if let Some(reason) = listing.withdrawn {
        let version = listing.record.id.version();
        return Err(Error::Withdrawn {
            id: listing.record.id.to_string(),
            reason: (!reason.is_empty()).then_some(reason),
            earlier: version.and_then(|version| version.checked_sub(1)).filter(|version| *version > 0),
        });
    }
    let (bytes, format) = first_form(&mut session, &listing.record.id)?;
    drop(session);
    let record = SourceRecord { format, name: format!("arXiv:{}", listing.record.id), arxiv: Some(listing.record) };
    let opened = Opened { bytes, record };
    if let Some(cache) = cache {
        cache.keep(&opened)?;
    }
    Ok(opened)
}

/// The first form that arXiv has and that can be read.
fn first_form(session: &mut Session<'_>, id: &ArxivId) -> Result<(Vec<u8>, PaperFormat), Error> {
    for form in ["html", "e-print", "pdf"] {
        let Answer::Found(bytes) = session.get(&format!("{form}/{id}"))? else { continue };
        let format = match form {
            "html" => is_rendered(&bytes).then_some(PaperFormat::Html),
            "e-print" => source_format(&bytes),
            _ => format_of(&bytes, Path::new("")).filter(|format| *format == PaperFormat::Pdf),
        };
        if let Some(format) = format {
            return Ok((bytes, format));
        }
    }
    Err(Error::NoForm { id: id.to_string() })
}

/// Whether a rendering holds its paper: one that failed is a page without it, or breaks off where the conversion did.
fn is_rendered(page: &[u8]) -> bool {
    static NO_TEXT: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?s)<script\b.*?</script>|<style\b.*?</style>|<!--.*?-->|<[^>]*>"));
    static BROKEN_OFF: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)conversion to html had a fatal error|class=.?[\w ]*\bltx_FATAL\b"));
    let page = String::from_utf8_lossy(page);
    let Some((_, document)) = page.split_once("ltx_document") else { return false };
    // The rest of the tag that it stands in is none of it.
    let document = document.split_once('>').map_or("", |(_, rest)| rest);
    let document = document.split("</article>").next().unwrap_or_default();
    let letters = NO_TEXT.replace_all(document, " ").chars().filter(|c| c.is_alphanumeric()).take(MIN_LETTERS).count();
    letters == MIN_LETTERS && !BROKEN_OFF.is_match(&page)
}

/// What authors gave: LaTeX in an archive, in one packed file or plain, or a PDF; none for other things, such as PostScript.
fn source_format(bytes: &[u8]) -> Option<PaperFormat> {
    let mut head = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        use std::io::Read;
        // What is damaged is found out by whoever reads it.
        let _ = flate2::read::GzDecoder::new(bytes).take(2048).read_to_end(&mut head);
    } else {
        head.extend_from_slice(&bytes[..bytes.len().min(2048)]);
    }
    if head.starts_with(b"%PDF-") {
        return (head.as_slice() == &bytes[..head.len()]).then_some(PaperFormat::Pdf);
    }
    let archive = head.get(257..262) == Some(b"ustar");
    let latex = format_of(&head, Path::new("")) == Some(PaperFormat::Latex);
    let plain_tex = head.contains(&b'\\') && !head.starts_with(b"%!PS") && !head.contains(&0);
    (archive || latex || plain_tex).then_some(PaperFormat::Latex)
}

#[cfg(test)]
mod server;
#[cfg(test)]
mod tests;
