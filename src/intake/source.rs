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
    /// A PDF file.
    File { path: PathBuf },
    /// A paper on arXiv.
    Arxiv { id: ArxivId },
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
        let bad =
            || Error::BadSource { given: given.to_string(), expected: "a PDF file, an arXiv id (1706.03762) or an arXiv URL" };
        if given.is_empty() {
            return Err(bad());
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
        let id = ["abs/", "pdf/", "html/"].iter().find_map(|kind| path.strip_prefix(kind)).ok_or_else(bad)?;
        let id = ArxivId::parse(id.strip_suffix(".pdf").unwrap_or(id)).ok_or_else(bad)?;
        Ok(PaperSource::Arxiv { id })
    }

    /// What to call the paper in messages.
    pub fn name(&self) -> String {
        match self {
            PaperSource::File { path } => path.display().to_string(),
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
    }
}
