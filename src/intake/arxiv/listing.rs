//! What arXiv's page on a paper says of it. Read by patterns, for it is not read in the jail.

use crate::intake::html::{licence_of, tree::decoded};
use crate::intake::structure::place_of;
use crate::intake::{ArxivId, Paper};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// What arXiv says of a paper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArxivRecord {
    /// With its version, once arXiv has said which.
    pub id: ArxivId,
    pub title: Option<String>,
    pub authors: Vec<String>,
    pub licence: Option<String>,
}

pub(super) struct Listing {
    pub(super) record: ArxivRecord,
    /// This version is withdrawn; and what its authors say to that.
    pub(super) withdrawn: Option<String>,
}

impl Listing {
    pub(super) fn read(id: &ArxivId, page: &str) -> Self {
        static META: LazyLock<regex::Regex> =
            LazyLock::new(|| crate::intake::regex(r#"<meta\s+name="citation_(title|author)"\s+content="([^"]*)"\s*/?>"#));
        static THIS: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"<strong>\s*\[v(\d{1,3})\]\s*</strong>"));
        static ANY: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"\[v(\d{1,3})\]"));
        static LICENCE: LazyLock<regex::Regex> =
            LazyLock::new(|| crate::intake::regex(r#"(?s)class="abs-license">\s*<a\s[^>]*href="([^"]{1,300})""#));
        let of = |kind: &str| {
            let found = META.captures_iter(page).filter(|found| &found[1] == kind).map(|found| squeezed(&found[2]));
            found.take(3000).collect::<Vec<_>>()
        };
        let version = id.version().or_else(|| {
            let number = |found: regex::Captures<'_>| found[1].parse::<u32>().ok();
            THIS.captures(page).and_then(number).or_else(|| ANY.captures_iter(page).filter_map(number).max())
        });
        let licence = LICENCE.captures(page).map(|found| licence_of(&found[1]).unwrap_or_else(|| squeezed(&found[1])));
        let record = ArxivRecord {
            id: version.map_or_else(|| id.clone(), |version| id.with_version(version)),
            title: of("title").into_iter().next(),
            authors: of("author").iter().map(|name| in_order(name)).collect(),
            licence,
        };
        Listing { withdrawn: withdrawn(page, record.id.version()), record }
    }
}

/// A version without a text of which page or history say that it is withdrawn.
fn withdrawn(page: &str, version: Option<u32>) -> Option<String> {
    static COMMENTS: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r#"(?s)<td class="tablecell comments[^"]*">(.{0,2000}?)</td>"#));
    static TAG: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"<[^>]*>"));
    let comments = COMMENTS.captures(page).map(|found| squeezed(&TAG.replace_all(&found[1], " "))).unwrap_or_default();
    let said = comments.to_lowercase().contains("withdrawn");
    let has_text = page.contains("href=\"/pdf/") || page.contains("/pdf/") && page.contains("View PDF");
    let entry = version.and_then(|version| page.rsplit(format!("[v{version}]").as_str()).next());
    let in_history = entry.and_then(|entry| entry.get(..entry.len().min(300).min(entry.find("[v").unwrap_or(300))));
    let in_history = in_history.is_some_and(|entry| entry.contains("(withdrawn)"));
    (in_history || said && !has_text).then_some(if said { comments } else { String::new() })
}

fn squeezed(text: &str) -> String {
    decoded(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `Vaswani, Ashish` -> `Ashish Vaswani`.
fn in_order(name: &str) -> String {
    name.split_once(", ").map_or_else(|| name.to_string(), |(last, first)| format!("{first} {last}"))
}

impl ArxivRecord {
    /// Fills in what the paper's own text does not say. Title and authors are taken only where the text has them: what is said of a
    /// paper has its place in it.
    pub(in crate::intake) fn complete(&self, paper: &mut Paper) {
        paper.arxiv_id = Some(self.id.to_string());
        paper.licence = self.licence.clone().or(paper.licence.take());
        if paper.title.is_none() {
            paper.title = self.title.as_deref().and_then(|title| place_of(paper, title));
        }
        if paper.authors.is_empty() {
            paper.authors = self.authors.iter().filter_map(|name| place_of(paper, name)).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts of arXiv's page that are read, as it has them.
    const PAGE: &str = r#"<meta name="citation_title" content="On A &amp; B"/><meta name="citation_author" content="Vaswani, Ashish"/>
        <meta name="citation_author" content="Polosukhin, Illia"/><meta name="citation_arxiv_id" content="1706.03762"/>
        <a href="/pdf/1706.03762" class="abs-button download-pdf">View PDF</a>
        <div class="abs-license"><a href="http://creativecommons.org/licenses/by/4.0/" title="Rights to this article" class="has_license">view license</a></div>
        <td class="tablecell comments mathjax">15 pages, 5 figures</td>
        <div class="submission-history"><h2>Submission history</h2> <strong><a href="/abs/1706.03762v1">[v1]</a></strong> Mon (1,102 KB)<br/>
        <strong>[v7]</strong> Wed (1,124 KB)<br/></div>"#;

    fn id(given: &str) -> ArxivId {
        ArxivId::parse(given).expect("an id")
    }

    #[test]
    fn a_page_on_a_paper() {
        let listing = Listing::read(&id("1706.03762"), PAGE);
        assert_eq!(listing.record.id.as_str(), "1706.03762v7");
        assert_eq!(listing.record.title.as_deref(), Some("On A & B"));
        assert_eq!(listing.record.authors, ["Ashish Vaswani", "Illia Polosukhin"]);
        assert_eq!(listing.record.licence.as_deref(), Some("CC BY 4.0"));
        assert_eq!(listing.withdrawn, None);
        assert_eq!(Listing::read(&id("1706.03762v1"), PAGE).record.id.as_str(), "1706.03762v1");
        assert_eq!(Listing::read(&id("1706.03762"), "").record.id.as_str(), "1706.03762");
    }

    #[test]
    fn withdrawn_papers() {
        let gone = PAGE.replace("/pdf/", "/no/").replace("15 pages, 5 figures", "This paper has been <b>withdrawn</b>: an error");
        assert_eq!(
            Listing::read(&id("1706.03762"), &gone).withdrawn.as_deref(),
            Some("This paper has been withdrawn : an error")
        );
        let in_history = PAGE.replace("(1,124 KB)", "(1 KB) <i>(withdrawn)</i>");
        assert_eq!(Listing::read(&id("1706.03762"), &in_history).withdrawn.as_deref(), Some(""));
        assert_eq!(Listing::read(&id("1706.03762v1"), &in_history).withdrawn, None);
        // That it speaks of what is withdrawn does not withdraw it.
        let speaks = PAGE.replace("15 pages", "Replaces the withdrawn version");
        assert_eq!(Listing::read(&id("1706.03762"), &speaks).withdrawn, None);
    }
}
