//! What is told by words in any format: links, the licence, and where a bibliography is prose, its entries.

use crate::intake::{Link, Paper, PassageKind, Reference, SectionKind, Span};
use std::sync::LazyLock;

const MAX_LINKS: usize = 2000;

/// Links and the licence.
pub(super) fn fill(paper: &mut Paper) {
    paper.links = links(paper);
    paper.licence = licence(paper);
}

fn links(paper: &Paper) -> Vec<Link> {
    static URL: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r#"(?:https?://|\bwww\.|\b(?:github|gitlab)\.com/)[^\s<>"”{}\[\]]{3,300}"#));
    const CODE: [&str; 8] = [
        "github.com/",
        "gitlab.com/",
        "bitbucket.org/",
        "codeberg.org/",
        "huggingface.co/",
        "sourceforge.net/",
        "github.io/",
        "code.google.com/",
    ];
    let mut links = Vec::new();
    for passage in &paper.passages {
        let of_bibliography =
            passage.kind == PassageKind::Reference || paper.section_kind(passage.section) == SectionKind::References;
        if of_bibliography {
            continue;
        }
        let text = paper.passage(passage);
        for found in URL.find_iter(text) {
            let url = trimmed(found.as_str());
            let start = passage.span.start + found.start();
            let span = Span { start, end: start + url.len() };
            let code = CODE.iter().any(|host| url.to_lowercase().contains(host));
            links.push(Link { url: url.to_string(), code, page: passage.page, span });
            if links.len() >= MAX_LINKS {
                return links;
            }
        }
    }
    links
}

/// Without the signs of the sentence that it stands in.
fn trimmed(url: &str) -> &str {
    let mut url = url;
    loop {
        let closed = url.matches(')').count() > url.matches('(').count();
        let shorter = url.trim_end_matches(['.', ',', ';', ':', '\'', '’', '!', '?', '。', '，', '⁴']);
        let shorter = if closed { shorter.strip_suffix(')').unwrap_or(shorter) } else { shorter };
        if shorter.len() == url.len() {
            return url;
        }
        url = shorter;
    }
}

/// A licence that the paper states for itself: by name, or by the address of a Creative Commons licence.
fn licence(paper: &Paper) -> Option<String> {
    static STATED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"(?i)\b(?:this|the) (?:work|paper|article|preprint|manuscript) is (?:made available |distributed |published |licen[sc]ed |released )+",
            r"under (?:the |a |an )?(?:terms of the )?((?:[^.;()]|\d\.\d){3,90}?licen[sc]e)"
        ))
    });
    static COMMONS: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)creativecommons\.org/(licenses|publicdomain)/([a-z-]+)/(\d\.\d)"));
    let front =
        paper.passages.iter().filter(|p| paper.is_near_start(p) && paper.section_kind(p.section) != SectionKind::References);
    // The address alone may be that of data or code.
    static OF_IT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:this|our|the) (?:open[- ]access )?(?:work|paper|article|preprint|manuscript|document)\b|©|\bcopyright\b|^\W*licen[sc]e",
        )
    });
    for passage in front {
        let text = paper.passage(passage);
        if OF_IT.is_match(text)
            && let Some(found) = COMMONS.captures(text)
        {
            return Some(commons(&found[2], &found[3]));
        }
        if let Some(found) = STATED.captures(text) {
            return Some(found[1].split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    None
}

/// `by`, `4.0` -> `CC BY 4.0`.
pub(in crate::intake) fn commons(kind: &str, version: &str) -> String {
    match kind.to_lowercase().as_str() {
        "zero" => format!("CC0 {version}"),
        kind => format!("CC {} {version}", kind.to_uppercase()),
    }
}

/// Entries of a bibliography that is running text: they begin with `[1]`, or each is a paragraph.
pub(super) fn references_of_prose(paper: &mut Paper) {
    static MARK: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?:^|\s)\[(\d{1,3}|[A-Za-z+]{1,12}\d{2,4}[a-z]?)\]\s"));
    let mut references: Vec<Reference> = Vec::new();
    let of_bibliography = |p: &&crate::intake::Passage| {
        let is_text = matches!(p.kind, PassageKind::Prose | PassageKind::Item | PassageKind::Fragment);
        is_text && paper.section_kind(p.section) == SectionKind::References
    };
    for passage in paper.passages.iter().filter(of_bibliography) {
        let text = paper.passage(passage);
        let marks: Vec<(usize, usize, &str)> =
            MARK.captures_iter(text).filter_map(|c| Some((c.get(0)?.start(), c.get(0)?.end(), c.get(1)?.as_str()))).collect();
        if marks.is_empty() {
            if passage.kind == PassageKind::Prose && !passage.continues && text.len() > 30 {
                references.push(Reference { label: None, page: passage.page, span: passage.span });
            }
            continue;
        }
        for (index, (_, end, label)) in marks.iter().enumerate() {
            let until = marks.get(index + 1).map_or(text.len(), |next| next.0);
            let span = Span { start: passage.span.start + end, end: passage.span.start + until.max(*end) };
            references.push(Reference { label: Some((*label).to_string()), page: passage.page, span });
        }
    }
    paper.references = references;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::PaperFormat;
    use crate::intake::structure::{Block, compose};

    #[test]
    fn addresses_end_before_the_sentence_does() {
        assert_eq!(trimmed("https://a.org/b)."), "https://a.org/b");
        assert_eq!(trimmed("https://a.org/b_(c)."), "https://a.org/b_(c)");
    }

    #[test]
    fn a_licence_is_what_the_paper_states_of_itself() {
        let check = |text: &str, expected: Option<&str>| {
            let blocks = [Block::Prose { text: text.into(), continues: false }];
            assert_eq!(compose("x", PaperFormat::Text, &blocks).licence.as_deref(), expected, "{text}");
        };
        check(
            "This work is licensed under a Creative Commons Attribution 4.0 License.",
            Some("Creative Commons Attribution 4.0 License"),
        );
        check("© The authors. See http://creativecommons.org/licenses/by-nc-sa/4.0/ for it.", Some("CC BY-NC-SA 4.0"));
        check("The recordings are under https://creativecommons.org/licenses/by/4.0/.", None);
        check("The data set is licensed under the MIT license.", None);
    }
}
