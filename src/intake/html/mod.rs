//! HTML -> [`Paper`]: LaTeXML's markup, as arXiv and ar5iv give it, and plain HTML where that is missing.

mod grid;
pub(super) mod tree;

use super::latex;
use super::structure::{self, Block};
use super::{ArxivId, Error, Paper, PaperFormat, SectionKind};
use std::sync::LazyLock;
use tree::Tree;

pub(super) use grid::table_in;

/// The paper that a page holds.
pub(super) fn read(bytes: &[u8], name: &str) -> Result<Paper, Error> {
    let text = String::from_utf8_lossy(bytes);
    let tree = Tree::parse(&text);
    let root = tree
        .find(&|node| node.has_class("ltx_document"))
        .or_else(|| tree.find(&|node| node.name == "article"))
        .or_else(|| tree.find(&|node| node.name == "main"))
        .or_else(|| tree.find(&|node| node.name == "body"))
        .unwrap_or(0);
    let mut walk = Walk {
        tree: &tree,
        blocks: Vec::new(),
        text: String::new(),
        notes: Vec::new(),
        continues: false,
        item: false,
        bibliography: false,
        run_in: String::new(),
    };
    walk.children(root);
    walk.end_paragraph();
    let mut blocks = walk.blocks;
    for block in &mut blocks {
        block.texts(&mut |text| *text = squeezed(text));
    }
    blocks.retain(|block| !block.is_empty());
    if !blocks.iter().any(|block| matches!(block, Block::Title(_))) {
        let title =
            tree.find(&|node| node.name == "title").map(|at| squeezed(&plain(&tree, at))).filter(|title| !title.is_empty());
        title.into_iter().for_each(|title| blocks.insert(0, Block::Title(title)));
    }
    super::structure::byline(&mut blocks);
    let mut paper = structure::compose(name, PaperFormat::Html, &blocks);
    paper.licence = licence(&tree).or(paper.licence);
    paper.arxiv_id = stamp(&tree);
    Ok(paper)
}

/// The licence that a page links to as its own.
fn licence(tree: &Tree) -> Option<String> {
    let says = |name: &str| name.to_ascii_lowercase().contains("licen");
    let is_own = |node: &&tree::Node| {
        let is_link = node.name == "a" || node.name == "link";
        is_link && ["rel", "id", "class"].iter().any(|key| node.attribute(key).is_some_and(says))
    };
    tree.nodes.iter().filter(is_own).find_map(|node| licence_of(node.attribute("href")?))
}

/// What the address of a licence says.
pub(super) fn licence_of(url: &str) -> Option<String> {
    static COMMONS: LazyLock<regex::Regex> =
        LazyLock::new(|| super::regex(r"creativecommons\.org/(?:licenses|publicdomain)/([a-z-]+)/(\d\.\d)"));
    if let Some(found) = COMMONS.captures(url) {
        return Some(structure::commons(&found[1], &found[2]));
    }
    url.contains("arxiv.org/licenses/nonexclusive-distrib").then(|| "arXiv's non-exclusive licence to distribute".to_string())
}

/// `arXiv:1706.03762v7 [cs.CL]` on arXiv's own pages.
fn stamp(tree: &Tree) -> Option<String> {
    let at = tree.find(&|node| node.attribute("id") == Some("watermark-tr"))?;
    let text = plain(tree, at);
    let id = text.split_whitespace().next()?;
    ArxivId::parse(id).map(|id| id.as_str().to_string())
}

/// All text below a node.
fn plain(tree: &Tree, at: usize) -> String {
    let node = &tree.nodes[at];
    let mut out = node.text.clone();
    for child in &node.children {
        out.push_str(&plain(tree, *child));
    }
    out
}

fn squeezed(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control() || c.is_whitespace()).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Walk<'a> {
    tree: &'a Tree,
    blocks: Vec<Block>,
    /// The paragraph being written.
    text: String,
    notes: Vec<Block>,
    continues: bool,
    item: bool,
    bibliography: bool,
    /// A heading that runs into the paragraph after it.
    run_in: String,
}

const SKIPPED: [&str; 13] =
    ["script", "style", "head", "nav", "button", "svg", "form", "noscript", "template", "iframe", "footer", "dialog", "audio"];
const SKIPPED_CLASSES: [&str; 9] = [
    "MathJax_Preview",
    "ltx_page_navbar",
    "ltx_page_footer",
    "ltx_pagination",
    "ltx_ERROR",
    "ltx_note_type",
    "ltx_rdf",
    "package-alerts",
    "ltx_dates",
];
const BLOCKS: [&str; 22] = [
    "div",
    "section",
    "article",
    "main",
    "body",
    "p",
    "figure",
    "table",
    "ul",
    "ol",
    "li",
    "blockquote",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "dl",
    "dt",
    "dd",
    "pre",
];

impl Walk<'_> {
    fn children(&mut self, at: usize) {
        let tree = self.tree;
        let children = &tree.nodes[at].children;
        // What is drawn beside a formula that is there for readers.
        let is_hidden = |child: &usize| tree.nodes[*child].attribute("aria-hidden") == Some("true");
        let twice = children.iter().any(is_hidden) && tree.within(at, &|node| node.name == "math").is_some();
        for child in children {
            if !(twice && is_hidden(child)) {
                self.node(*child);
            }
        }
    }

    fn node(&mut self, at: usize) {
        let node = &self.tree.nodes[at];
        if node.name.is_empty() {
            return self.text.push_str(&node.text);
        }
        let class = |class: &str| node.has_class(class);
        if SKIPPED.contains(&node.name.as_str()) || SKIPPED_CLASSES.iter().any(|own| class(own)) {
            return;
        }
        if node.name == "header" && !class("ltx_title") {
            // A page's own head, unless the paper's title is in it.
            if self.tree.within(at, &|node| node.name == "h1").is_none() {
                return;
            }
        }
        match node.name.as_str() {
            _ if class("ltx_authors") || class("authors") => self.authors(at),
            _ if class("ltx_abstract") || class("abstract") => self.abstract_of(at),
            _ if class("ltx_bibitem") => self.reference(at),
            _ if class("ltx_bibliography") => {
                self.end_paragraph();
                self.bibliography = true;
                self.children(at);
                self.end_paragraph();
                self.bibliography = false;
            }
            _ if class("ltx_equation") || class("ltx_equationgroup") || class("ltx_eqn_table") => self.equation(at),
            _ if class("ltx_note") => self.note(at),
            _ if class("ltx_tabular") || node.name == "table" => self.table(at),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading(at),
            "figcaption" | "caption" => self.caption(at),
            "figure" => self.figure(at),
            "li" | "dd" => self.list_item(at),
            "math" => {
                let text = self.formula(at);
                self.text.push_str(&text);
            }
            "sup" | "sub" => {
                let text = squeezed(&self.inline(at));
                let set = latex::scripted(&text, node.name == "sup");
                self.text.push_str(set.trim_start_matches('^'));
            }
            "a" => self.link(at),
            "br" => self.text.push(' '),
            _ if class("ltx_bibblock") => {
                self.text.push(' ');
                self.children(at);
            }
            "pre" => {
                self.end_paragraph();
                let text = self.inline(at);
                self.blocks.push(Block::Fragment(text));
            }
            name if BLOCKS.contains(&name) || class("ltx_para") => {
                self.end_paragraph();
                if class("ltx_para") {
                    self.continues = false;
                }
                self.children(at);
                self.end_paragraph();
            }
            _ => self.children(at),
        }
    }

    /// What is being written becomes a block; notes that came in it follow.
    fn end_paragraph(&mut self) {
        let text = std::mem::take(&mut self.text);
        if !text.trim().is_empty() {
            let text = std::mem::take(&mut self.run_in) + &text;
            self.blocks.push(if self.item { Block::Item(text) } else { Block::Prose { text, continues: self.continues } });
            self.item = false;
            self.continues = false;
        }
        self.blocks.append(&mut self.notes);
    }

    /// What is below a node, as one line.
    fn inline(&mut self, at: usize) -> String {
        let before = std::mem::take(&mut self.text);
        let (blocks, item) = (self.blocks.len(), std::mem::replace(&mut self.item, false));
        self.children(at);
        let mut text = String::new();
        // Paragraphs within it are parts of the line; tables are not.
        for block in self.blocks.split_off(blocks) {
            match block {
                Block::Prose { text: part, .. } | Block::Item(part) | Block::Fragment(part) => {
                    text.push_str(&part);
                    text.push(' ');
                }
                Block::Table { rows, .. } => {
                    for cell in rows.into_iter().flatten() {
                        text.push_str(&cell.text);
                        text.push(' ');
                    }
                }
                other => self.notes.push(other),
            }
        }
        text.push_str(&std::mem::replace(&mut self.text, before));
        self.item = item;
        text
    }

    fn authors(&mut self, at: usize) {
        self.end_paragraph();
        let names: Vec<usize> =
            self.all(at, &|node| node.has_class("ltx_personname") || node.name == "a" && node.attribute("rel") == Some("author"));
        let names = if names.is_empty() { vec![at] } else { names };
        for name in names {
            // The name stands on the first line.
            let mut line = String::new();
            for child in self.tree.nodes[name].children.clone() {
                if self.tree.nodes[child].name == "br" && !line.trim().is_empty() {
                    break;
                }
                let before = std::mem::take(&mut self.text);
                self.node(child);
                line.push_str(&std::mem::replace(&mut self.text, before));
            }
            self.blocks.push(Block::Authors(line));
        }
        self.blocks.append(&mut self.notes);
    }

    /// The outermost elements below a node for which this holds.
    fn all(&self, at: usize, holds: &dyn Fn(&tree::Node) -> bool) -> Vec<usize> {
        grid::outermost(self.tree, at, holds)
    }

    fn abstract_of(&mut self, at: usize) {
        self.end_paragraph();
        self.blocks.push(Block::Heading {
            number: None,
            title: "Abstract".into(),
            kind: Some(SectionKind::Abstract),
            depth: None,
        });
        for child in self.tree.nodes[at].children.clone() {
            let node = &self.tree.nodes[child];
            let is_title =
                node.has_class("ltx_title") || node.name.len() == 2 && node.name.starts_with('h') || node.has_class("descriptor");
            if !is_title {
                self.node(child);
            }
        }
        self.end_paragraph();
    }

    fn heading(&mut self, at: usize) {
        self.end_paragraph();
        let node = &self.tree.nodes[at];
        let number_of = self.all(at, &|node| node.has_class("ltx_tag"));
        let tag: String = number_of.iter().map(|tag| plain(self.tree, *tag)).collect();
        let class = |class: &str| node.has_class(class);
        let whole = squeezed(&self.inline(at));
        let tag = squeezed(&tag);
        let title = whole.strip_prefix(tag.as_str()).unwrap_or(&whole).trim().to_string();
        let tag = tag.trim_start_matches("Appendix").trim().trim_end_matches('.').to_string();
        let first = node.name == "h1" && !self.blocks.iter().any(|block| matches!(block, Block::Title(_)));
        if class("ltx_title_document") || first && !class("ltx_title_section") {
            return self.blocks.push(Block::Title(title));
        }
        if class("ltx_title_paragraph")
            || class("ltx_title_subparagraph")
            || class("ltx_title_theorem")
            || class("ltx_title_proof")
        {
            // It runs into the paragraph.
            self.run_in = format!("{whole} ");
            return;
        }
        let kind = if class("ltx_title_appendix") {
            Some(SectionKind::Appendix)
        } else if class("ltx_title_bibliography") {
            Some(SectionKind::References)
        } else {
            None
        };
        let (number, title) = if tag.is_empty() { structure::split_number(&title) } else { (Some(tag), title) };
        if !title.is_empty() {
            self.blocks.push(Block::Heading { number, title, kind, depth: None });
        }
    }

    fn caption(&mut self, at: usize) {
        let text = squeezed(&self.inline(at));
        self.blocks.push(Block::Caption(text));
    }

    /// A figure or table with its caption, which is that of its tables.
    fn figure(&mut self, at: usize) {
        let before = std::mem::take(&mut self.text);
        let (first, item, continues) = (self.blocks.len(), self.item, self.continues);
        (self.item, self.continues) = (false, false);
        self.children(at);
        self.end_paragraph();
        let mut blocks = self.blocks.split_off(first);
        let captions: Vec<String> =
            blocks.iter().filter_map(|block| if let Block::Caption(text) = block { Some(text.clone()) } else { None }).collect();
        for block in &mut blocks {
            match block {
                Block::Table { caption, .. } => *caption = caption.take().or_else(|| captions.last().cloned()),
                // Words in a figure are none of the text.
                Block::Prose { text, .. } => *block = Block::Fragment(std::mem::take(text)),
                _ => {}
            }
        }
        // It stands beside the paragraph that it interrupts.
        if before.trim().is_empty() {
            self.blocks.append(&mut blocks)
        } else {
            self.notes.append(&mut blocks)
        }
        (self.text, self.item, self.continues) = (before, item, continues);
    }

    fn list_item(&mut self, at: usize) {
        self.end_paragraph();
        if self.bibliography {
            return self.reference(at);
        }
        let tagged = self.tree.nodes[at].children.first().is_some_and(|first| self.tree.nodes[*first].has_class("ltx_tag"));
        if !tagged {
            self.text.push_str("• ");
        }
        self.item = true;
        for child in self.tree.nodes[at].children.clone() {
            let node = &self.tree.nodes[child];
            if node.has_class("ltx_tag") {
                self.text.push_str(&plain(self.tree, child));
                self.text.push(' ');
            } else if node.has_class("ltx_para") || node.name == "p" {
                // The first paragraph is the item's line.
                let text = self.inline(child);
                self.text.push_str(&text);
                self.end_paragraph();
            } else {
                self.node(child);
            }
        }
        self.end_paragraph();
        self.item = false;
    }

    fn reference(&mut self, at: usize) {
        self.end_paragraph();
        let tag = self.all(at, &|node| node.has_class("ltx_tag_bibitem") || node.has_class("ltx_tag"));
        let label: String = tag.iter().map(|tag| plain(self.tree, *tag)).collect();
        let label = squeezed(&label);
        let whole = squeezed(&self.inline(at));
        let text = whole.strip_prefix(label.as_str()).unwrap_or(&whole).trim().to_string();
        let label = label.trim_matches(['[', ']', '(', ')', '.']).to_string();
        let printed = !label.is_empty() && label.len() < 16 && !label.contains(' ');
        self.blocks.push(Block::Reference { label: printed.then_some(label), text });
        self.notes.clear();
    }

    fn equation(&mut self, at: usize) {
        let parts: Vec<String> = self.all(at, &|node| node.name == "math").into_iter().map(|math| self.formula(math)).collect();
        self.end_paragraph();
        let beside =
            |block: &&Block| !matches!(block, Block::Note(_) | Block::Caption(_) | Block::Table { .. } | Block::Fragment(_));
        let said = matches!(self.blocks.iter().rev().find(beside), Some(Block::Prose { .. }));
        let text = parts.join(" ");
        // A formula may end the sentence.
        self.continues = said && !text.trim_end().ends_with('.');
        self.blocks.push(Block::Fragment(text));
    }

    /// A formula by its LaTeX, or else by its signs.
    fn formula(&mut self, at: usize) -> String {
        let node = &self.tree.nodes[at];
        if let Some(tex) = node.attribute("alttext").filter(|tex| !tex.is_empty()) {
            return latex::formula(tex);
        }
        let annotation =
            self.tree.within(at, &|node| node.name == "annotation" && node.attribute("encoding") == Some("application/x-tex"));
        match annotation {
            Some(annotation) => latex::formula(&plain(self.tree, annotation)),
            None => squeezed(&plain(self.tree, at)),
        }
    }

    fn note(&mut self, at: usize) {
        let content = self.tree.within(at, &|node| node.has_class("ltx_note_content")).unwrap_or(at);
        let mark =
            self.all(at, &|node| node.has_class("ltx_note_mark")).first().map(|mark| plain(self.tree, *mark)).unwrap_or_default();
        let mark = latex::scripted(mark.trim(), true).replace('^', "");
        let before = std::mem::take(&mut self.text);
        let mut text = String::new();
        for child in self.tree.nodes[content].children.clone() {
            let node = &self.tree.nodes[child];
            if !node.has_class("ltx_note_mark") && !node.has_class("ltx_tag_note") && !node.has_class("ltx_note_type") {
                self.node(child);
                text.push_str(&std::mem::take(&mut self.text));
            }
        }
        self.text = before;
        let is_mark_only = self.tree.nodes[at].has_class("ltx_role_footnotemark");
        self.text.push_str(&mark);
        if !text.trim().is_empty() && !is_mark_only {
            self.notes.push(Block::Note(format!("{mark}{}", text.trim())));
        }
    }

    fn link(&mut self, at: usize) {
        let text = self.inline(at);
        self.text.push_str(&text);
        let url = self.tree.nodes[at].attribute("href").unwrap_or_default();
        let shown = squeezed(&text).to_lowercase();
        let bare = url.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/').to_lowercase();
        let code = ["github.com/", "gitlab.com/", "huggingface.co/", "bitbucket.org/"].iter().any(|host| bare.starts_with(host));
        if url.starts_with("http") && code && !shown.contains(&bare) && !self.bibliography {
            self.text.push_str(&format!(" ({url})"));
        }
    }

    fn table(&mut self, at: usize) {
        let tree = self.tree;
        let rows = grid::grid(tree, at, &mut |cell| squeezed(&self.inline(cell)));
        if rows.iter().all(|row| row.len() < 2) {
            let words: Vec<String> = rows.into_iter().flatten().map(|cell| cell.text).collect();
            return self.text.push_str(&words.join(" "));
        }
        let caption = self.all(at, &|node| node.name == "caption").first().copied();
        let caption = caption.map(|caption| squeezed(&self.inline(caption)));
        let table = Block::Table { rows, caption: caption.clone() };
        let mut made: Vec<Block> = caption.map(Block::Caption).into_iter().collect();
        made.push(table);
        if self.text.trim().is_empty() { self.blocks.append(&mut made) } else { self.notes.append(&mut made) }
    }
}

#[cfg(test)]
mod tests;
