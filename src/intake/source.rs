//! What the user typed -> where the paper is.

use super::Error;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use std::sync::LazyLock;

/// Where a paper comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PaperSource {
    /// A file (PDF, LaTeX, HTML, Markdown, text), or a folder of LaTeX files.
    File { path: PathBuf },
    /// `-`: what comes on the standard input.
    Stdin,
    /// A paper on arXiv.
    Arxiv { id: ArxivId },
}

/// What a paper is written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaperFormat {
    #[default]
    Pdf,
    /// LaTeX: a file, or an archive of them.
    Latex,
    Html,
    Markdown,
    Text,
}

impl PaperFormat {
    pub const ALL: [PaperFormat; 5] =
        [PaperFormat::Pdf, PaperFormat::Latex, PaperFormat::Html, PaperFormat::Markdown, PaperFormat::Text];

    /// How a file of it ends.
    pub const fn extension(self) -> &'static str {
        match self {
            PaperFormat::Pdf => "pdf",
            PaperFormat::Latex => "latex",
            PaperFormat::Html => "html",
            PaperFormat::Markdown => "md",
            PaperFormat::Text => "txt",
        }
    }

    /// Its usual name.
    pub const fn name(self) -> &'static str {
        match self {
            PaperFormat::Pdf => "PDF",
            PaperFormat::Latex => "LaTeX",
            PaperFormat::Html => "HTML",
            PaperFormat::Markdown => "Markdown",
            PaperFormat::Text => "plain text",
        }
    }

    /// Whether a place in it is told by a page.
    pub const fn has_pages(self) -> bool {
        matches!(self, PaperFormat::Pdf)
    }
}

/// `1706.03762`, `1706.03762v5` or `cs/0301012`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ArxivId(String);

impl ArxivId {
    /// The id with its version, if one was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id without its version.
    pub fn bare(&self) -> &str {
        self.split().0
    }

    /// The version, if one was given.
    pub fn version(&self) -> Option<u32> {
        self.split().1
    }

    /// This paper in a version.
    pub fn with_version(&self, version: u32) -> Self {
        ArxivId(format!("{}v{version}", self.bare()))
    }

    fn split(&self) -> (&str, Option<u32>) {
        match self.0.rsplit_once('v').map(|(bare, version)| (bare, version.parse())) {
            Some((bare, Ok(version))) => (bare, Some(version)),
            _ => (&self.0, None),
        }
    }

    /// Parses a bare id, with an optional `arXiv:` before it.
    pub fn parse(given: &str) -> Option<Self> {
        static ID: LazyLock<regex::Regex> = LazyLock::new(|| {
            super::regex(r"^(?i:arxiv:)?\s*(\d{4}\.\d{4,5}(?:v\d{1,2})?|[a-z-]+(?:\.[A-Z]{2})?/\d{7}(?:v\d{1,2})?)$")
        });
        ID.captures(given.trim()).map(|found| ArxivId(found[1].to_string()))
    }
}

impl fmt::Display for ArxivId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ArxivId {
    type Error = String;

    fn try_from(given: String) -> Result<Self, String> {
        ArxivId::parse(&given).ok_or_else(|| format!("`{given}` is not an arXiv id"))
    }
}

impl From<ArxivId> for String {
    fn from(id: ArxivId) -> Self {
        id.0
    }
}

impl PaperSource {
    /// An arXiv URL or id, or else the path of a file. Looks at no file: a path that does not exist is found out on opening.
    ///
    /// # Errors
    /// [`Error::BadSource`] for nothing, and for a URL of another host.
    pub fn parse(given: &str) -> Result<Self, Error> {
        let given = given.trim();
        let bad = || Error::BadSource {
            given: given.to_string(),
            expected: "a file (PDF, LaTeX, HTML, Markdown, text), a folder of LaTeX, an arXiv id (1706.03762) or an arXiv URL",
        };
        if given.is_empty() {
            return Err(bad());
        }
        if given == "-" {
            return Ok(PaperSource::Stdin);
        }
        if let Some(id) = ArxivId::parse(given) {
            return Ok(PaperSource::Arxiv { id });
        }
        let Some((scheme, rest)) = given.split_once("://") else {
            return Ok(PaperSource::File { path: PathBuf::from(given) });
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let known_host = ["arxiv.org", "www.arxiv.org", "export.arxiv.org"].contains(&host.to_ascii_lowercase().as_str());
        if !known_host || !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
            return Err(bad());
        }
        let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        let id = ["abs/", "pdf/", "html/", "e-print/", "src/"].iter().find_map(|kind| path.strip_prefix(kind)).ok_or_else(bad)?;
        let id = ArxivId::parse(id.strip_suffix(".pdf").unwrap_or(id)).ok_or_else(bad)?;
        Ok(PaperSource::Arxiv { id })
    }

    /// What to call the paper in messages.
    pub fn name(&self) -> String {
        match self {
            PaperSource::File { path } => path.display().to_string(),
            PaperSource::Stdin => "the standard input".into(),
            PaperSource::Arxiv { id } => format!("arXiv:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &str, expected: Option<&str>) {
        let found = PaperSource::parse(given).ok().map(|s| s.name());
        assert_eq!(found.as_deref(), expected, "{given}");
    }

    #[test]
    fn what_the_user_types() {
        check("1706.03762", Some("arXiv:1706.03762"));
        check("arXiv:1706.03762v5", Some("arXiv:1706.03762v5"));
        check("cs/0301012", Some("arXiv:cs/0301012"));
        check("https://arxiv.org/abs/1706.03762", Some("arXiv:1706.03762"));
        check("https://arxiv.org/pdf/1706.03762v2.pdf", Some("arXiv:1706.03762v2"));
        check("http://export.arxiv.org/abs/math.GT/0309136?x=1", Some("arXiv:math.GT/0309136"));
        check("papers/mine.pdf", Some("papers/mine.pdf"));
        check("https://arxiv.org.evil.example/abs/1706.03762", None);
        check("https://example.org/paper.pdf", None);
        check("file:///etc/passwd", None);
        check("https://arxiv.org/abs/../../etc", None);
        check("  ", None);
        check("-", Some("the standard input"));
        check("https://arxiv.org/html/1706.03762v7#S1", Some("arXiv:1706.03762v7"));
        check("solv-int/9701001v2", Some("arXiv:solv-int/9701001v2"));
    }

    #[test]
    fn versions() {
        let split = |given: &str| ArxivId::parse(given).map(|id| (id.bare().to_string(), id.version()));
        assert_eq!(split("1706.03762v12"), Some(("1706.03762".into(), Some(12))));
        assert_eq!(split("solv-int/9701001"), Some(("solv-int/9701001".into(), None)));
        assert_eq!(ArxivId::parse("1706.03762v1").map(|id| id.with_version(3).to_string()).as_deref(), Some("1706.03762v3"));
    }
}
