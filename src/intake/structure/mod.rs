//! Lines with places -> [`Paper`]: running heads dropped, blocks, headings, tables, reading order as drawn.

mod blocks;
mod byline;
mod collapsed;
mod columns;
mod compose;
mod effort;
mod flattened;
mod front;
mod head;
mod marks;
mod numbered;
mod printed;
mod text;
mod unfolded;

pub(in crate::intake) use blocks::is_caption;
pub(in crate::intake) use byline::{byline, captions_in_capitals, labelled, untitled};
pub(in crate::intake) use collapsed::apart;
pub(in crate::intake) use columns::columns_at;
pub(in crate::intake) use compose::{Block, GridCell, compose};
pub(in crate::intake) use effort::Effort;
pub(in crate::intake) use flattened::table_at;
pub(in crate::intake) use front::place_of;
pub(in crate::intake) use head::{Head, first_line, head_of};
pub(in crate::intake) use marks::commons;
pub(in crate::intake) use numbered::with_titles;
pub(in crate::intake) use printed::without_print;
pub(in crate::intake) use text::{hyphen_is_soft, ligature, sentence_ranges};
pub(in crate::intake) use unfolded::unfolded;

use super::pdf::{Line, LineCell, PageLines};
use super::{Cell, Page, Paper, Passage, PassageKind, Row, Section, SectionKind, Span, Table};
use blocks::Part;
use std::collections::HashMap;
use std::sync::LazyLock;
pub(in crate::intake) use text::Vocabulary;

/// The paper that these lines make.
pub(super) fn build(name: &str, pages: &[PageLines]) -> Paper {
    let body = body_size(pages);
    let heads = running_heads(pages);
    let mut vocabulary = Vocabulary::default();
    for line in pages.iter().flat_map(|p| &p.lines) {
        vocabulary.learn(&line.text());
    }
    let mut writer = Writer { paper: Paper { name: name.to_string(), ..Paper::default() }, vocabulary, body, section: None };
    for page in pages {
        let lines: Vec<&Line> = page.lines.iter().filter(|line| !is_running_head(line, page, &heads)).collect();
        writer.page(page, &blocks::parts(&lines, body));
    }
    let mut paper = writer.paper;
    front::fill(&mut paper, pages);
    marks::references_of_prose(&mut paper);
    marks::fill(&mut paper);
    paper
}

/// The size in which most letters are set.
fn body_size(pages: &[PageLines]) -> f32 {
    let mut letters: HashMap<u32, usize> = HashMap::new();
    for line in pages.iter().flat_map(|p| &p.lines) {
        *letters.entry((line.size * 10.0).round() as u32).or_default() += line.text().len();
    }
    letters.into_iter().max_by_key(|(size, count)| (*count, *size)).map_or(10.0, |(size, _)| size as f32 / 10.0)
}

/// Lines at one height on at least three pages, numbers aside.
fn running_heads(pages: &[PageLines]) -> HashMap<(i32, String), usize> {
    let mut seen = HashMap::new();
    for page in pages {
        for line in &page.lines {
            *seen.entry(head_key(line)).or_default() += 1;
        }
    }
    seen.retain(|_, count| *count >= 3);
    seen
}

fn head_key(line: &Line) -> (i32, String) {
    (line.y.round() as i32, line.text().chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).take(80).collect())
}

fn is_running_head(line: &Line, page: &PageLines, heads: &HashMap<(i32, String), usize>) -> bool {
    let at_edge = line.y < 0.1 * page.height || line.y > 0.9 * page.height;
    at_edge && (heads.contains_key(&head_key(line)) || line.text().chars().all(|c| c.is_ascii_digit()))
}

/// Writes the paper's text page by page.
struct Writer {
    paper: Paper,
    vocabulary: Vocabulary,
    body: f32,
    section: Option<usize>,
}

impl Writer {
    fn page(&mut self, page: &PageLines, parts: &[Part<'_>]) {
        self.paper.pages.push(Page { number: page.number, text: String::new(), whole: page.whole });
        let first_passage = self.paper.passages.len();
        let first_table = self.paper.tables.len();
        // Where each table stands among the passages, to find its caption.
        let mut places = Vec::new();
        for part in parts {
            match part {
                Part::Block(block) => self.block(block, page),
                Part::Table(lines) => {
                    places.push(self.paper.passages.len());
                    self.table(lines, page.number);
                }
            }
        }
        let captions: Vec<usize> = (first_passage..self.paper.passages.len()).filter(|p| self.is_table_caption(*p)).collect();
        let mut free = captions;
        for (table, place) in (first_table..).zip(places) {
            let nearest = free
                .iter()
                .copied()
                .min_by_key(|caption| if *caption >= place { (caption - place) * 2 } else { (place - caption) * 2 - 1 });
            if let Some(caption) = nearest.filter(|c| c.abs_diff(place) <= 4) {
                self.paper.tables[table].caption = Some(caption);
                // Parts of one table that a gap tore apart share their caption.
                if free.len() > 1 {
                    free.retain(|c| *c != caption);
                }
            }
        }
    }

    fn is_table_caption(&self, passage: usize) -> bool {
        let passage = &self.paper.passages[passage];
        passage.kind == PassageKind::Caption && self.paper.passage(passage).trim_start().starts_with("Tab")
    }

    fn write(&mut self, text: &str) -> Span {
        let Some(page) = self.paper.pages.last_mut() else { return Span { start: 0, end: 0 } };
        let start = page.text.len();
        page.text.push_str(text);
        Span { start, end: page.text.len() }
    }

    fn block(&mut self, block: &blocks::Block<'_>, page: &PageLines) {
        let mut text = String::new();
        for line in &block.lines {
            self.vocabulary.join(&mut text, line.text().trim());
        }
        let kind = self.kind_of(block, &text, page);
        if kind == PassageKind::Heading {
            self.section = Some(self.paper.sections.len());
            self.paper.sections.push(section_of(&text, &self.paper.sections));
        }
        let continues = kind == PassageKind::Prose && self.goes_on(&text);
        let span = self.write(&text);
        self.write("\n\n");
        self.paper.passages.push(Passage { page: page.number, span, section: self.section, kind, continues });
    }

    fn kind_of(&self, block: &blocks::Block<'_>, text: &str, page: &PageLines) -> PassageKind {
        static NOTE: LazyLock<regex::Regex> = LazyLock::new(|| super::regex(r"^[⁰¹²³⁴⁵⁶⁷⁸⁹∗†‡§*]+\s*\S"));
        let size = block.size();
        let words = text.split_whitespace().count();
        if is_heading(text) && self.is_next(text) && block.lines.len() <= 3 && size > 0.93 * self.body && words <= 14 {
            PassageKind::Heading
        } else if blocks::is_caption(text) {
            PassageKind::Caption
        } else if NOTE.is_match(text) && size < 0.95 * self.body && block.lines[0].y > 0.4 * page.height {
            PassageKind::Note
        } else if text.starts_with(['•', '–', '‣', '◦']) {
            PassageKind::Item
        } else if is_fragment(text) {
            PassageKind::Fragment
        } else {
            PassageKind::Prose
        }
    }

    /// Whether a heading's number follows those before it; and a heading without one does not stand among numbered ones.
    fn is_next(&self, heading: &str) -> bool {
        let top = |number: &str| number.split('.').next().and_then(|n| n.parse::<u32>().ok());
        let last = self.paper.sections.iter().rev().find_map(|s| top(s.number.as_deref()?));
        let own = heading.split_whitespace().next().and_then(top);
        match (last, own) {
            (Some(last), Some(own)) => own == last || own == last + 1,
            (None, Some(own)) => own <= 2,
            (Some(_), None) => !is_loose_heading(heading),
            (None, None) => true,
        }
    }

    /// Whether `text` goes on with the last prose, which a figure, table, note, column or page interrupted.
    fn goes_on(&self, text: &str) -> bool {
        let of_text = |p: &&Passage| matches!(p.kind, PassageKind::Prose | PassageKind::Item | PassageKind::Heading);
        let Some(last) = self.paper.passages.iter().rev().find(of_text) else { return false };
        let before = self.paper.passage(last).trim_end();
        let open = !before.ends_with(['.', '!', '?', ':', '”', '"']) || before.ends_with("et al.");
        let fits = text.starts_with(|c: char| c.is_lowercase() || c.is_ascii_digit()) || text.split_whitespace().count() > 8;
        last.kind != PassageKind::Heading && open && fits && last.section == self.section && !text.starts_with(['•', '['])
    }

    fn table(&mut self, lines: &[&Line], page: u32) {
        let mut rows = Vec::new();
        for line in lines {
            let mut cells = Vec::new();
            for cell in &line.cells {
                if !cells.is_empty() {
                    self.write(" ");
                }
                for (text, x0, x1) in split_numbers(cell) {
                    if cells.last().is_some_and(|last: &Cell| last.x1 > cell.x0) {
                        self.write(" ");
                    }
                    let span = self.write(&text);
                    cells.push(Cell { text, span, x0, x1 });
                }
            }
            if let (Some(first), Some(last)) = (cells.first(), cells.last()) {
                rows.push(Row { span: Span { start: first.span.start, end: last.span.end }, cells });
            }
            self.write("\n");
        }
        self.write("\n");
        self.paper.tables.push(Table { page, section: self.section, caption: None, rows });
    }
}

/// Numbers that are set too close for a cell each: they are apart all the same, but `20 000` is one.
fn split_numbers(cell: &LineCell) -> Vec<(String, f32, f32)> {
    let text = cell.text.trim();
    let words: Vec<&str> = text.split(' ').collect();
    let thousands = words
        .windows(2)
        .any(|w| w[1].len() == 3 && w[1].chars().all(|c| c.is_ascii_digit()) && w[0].chars().all(|c| c.is_ascii_digit()));
    let all_numbers =
        words.iter().all(|w| w.starts_with(|c: char| c.is_ascii_digit() || "-–.".contains(c)) && blocks::is_numeric(w));
    if words.len() < 2 || thousands || !all_numbers {
        return vec![(text.to_string(), cell.x0, cell.x1)];
    }
    let letter = (cell.x1 - cell.x0) / text.chars().count() as f32;
    let mut at = 0;
    let place = |word: &&str| {
        let x0 = cell.x0 + at as f32 * letter;
        at += word.chars().count() + 1;
        (word.to_string(), x0, x0 + word.chars().count() as f32 * letter)
    };
    words.iter().map(place).collect()
}

/// Words in a figure or formula: few, or hardly any of them words of a language. A setting (`lr: 0.1`) is none.
fn is_fragment(text: &str) -> bool {
    let is_word = |word: &&str| word.chars().filter(|c| c.is_lowercase()).count() >= 2;
    let words = text.split_whitespace().count();
    let real = text.split_whitespace().filter(is_word).count();
    let setting = text.contains([':', '=']) && real > 0;
    !setting
        && (5 * real < 2 * words || words < 8 && !text.ends_with(['.', ':']) && !text.starts_with(|c: char| c.is_lowercase()))
}

/// `4.2 Results`, `A.1. Details`, `REFERENCES`.
pub(super) fn is_heading(text: &str) -> bool {
    static NUMBERED: LazyLock<regex::Regex> = LazyLock::new(|| {
        super::regex(
            r"^(?:\d{1,2}(?:\.\d{1,2}){0,3}|[A-Z](?:\.\d{1,2}){0,3}|Appendix [A-Z]|[IVX]{1,4}\.)\.?\s+[A-Z][A-Za-z].{1,90}$",
        )
    });
    let text = text.trim();
    if is_plain_heading(text) {
        return true;
    }
    let mut words = text.split_whitespace();
    let number = words.next().unwrap_or_default();
    let letters = words.flat_map(str::chars).filter(|c| c.is_alphabetic()).count();
    // "A method that ..." is no appendix: a lone letter needs a title in capitals or of few words.
    let lone_letter = number.len() == 1 && number.chars().all(|c| c.is_ascii_uppercase());
    let title = text[number.len()..].trim();
    let capitals = title.split_whitespace().filter(|w| w.len() > 3).all(|w| w.starts_with(|c: char| !c.is_lowercase()));
    NUMBERED.is_match(text)
        && letters >= 3
        && !text.ends_with(['.', ',', ';', ':'])
        && !text.contains(" = ")
        && (!lone_letter || capitals)
        && !is_line_of_a_sentence(number, title)
}

/// `1.54 BLEU points, and improves on the`: a line of a sentence that begins with a number. No section has so many parts, and no title
/// breaks off before its last noun behind a comma.
fn is_line_of_a_sentence(number: &str, title: &str) -> bool {
    const OPEN: [&str; 14] = ["the", "a", "an", "of", "and", "or", "to", "with", "for", "in", "on", "by", "from", "than"];
    let is_no_part = |part: &str| part.len() > 1 && part.starts_with('0') || part.parse::<u32>().is_ok_and(|part| part > 30);
    let counts_no_parts = number.split('.').skip(1).any(is_no_part);
    counts_no_parts || title.contains(", ") && title.split_whitespace().last().is_some_and(|last| OPEN.contains(&last))
}

fn is_plain_heading(text: &str) -> bool {
    let bare = text.trim_end_matches(['.', ':']).to_lowercase();
    const FIXED: [&str; 8] = [
        "abstract",
        "references",
        "bibliography",
        "acknowledgements",
        "acknowledgments",
        "acknowledgment",
        "introduction",
        "appendix",
    ];
    FIXED.contains(&bare.as_str()) || is_loose_heading(&bare)
}

/// Words that are headings in a paper without numbered ones, and labels elsewhere.
fn is_loose_heading(text: &str) -> bool {
    let bare = text.trim_end_matches(['.', ':']).to_lowercase();
    const LOOSE: [&str; 14] = [
        "related work",
        "conclusion",
        "conclusions",
        "discussion",
        "experiments",
        "results",
        "methods",
        "method",
        "methodology",
        "experimental setup",
        "experimental settings",
        "implementation details",
        "training details",
        "limitations",
    ];
    LOOSE.contains(&bare.as_str())
}

fn section_of(heading: &str, before: &[Section]) -> Section {
    let (number, title) = split_number(heading);
    section(number, &title, None, before)
}

/// `4.2 Results` -> its number, if it has one, and its title.
pub(super) fn split_number(heading: &str) -> (Option<String>, String) {
    let heading = heading.trim();
    // `Appendix B Proofs` is `B Proofs`.
    static APPENDIX: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^(?i:appendix) (?P<n>[A-Z](?:\.\d{1,2}){0,3})[.:]? [—–-]?\s?(?P<t>\S.*)$"));
    if let Some(found) = APPENDIX.captures(heading) {
        return (Some(found["n"].to_string()), found["t"].to_string());
    }
    let (first, rest) = heading.split_once(char::is_whitespace).unwrap_or(("", heading));
    // `ADE20K` begins a title as any other word.
    static NUMBER: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^§?(?:\d{1,3}|[A-Z]\d{0,2}|[IVX]{1,5})(?:\.\d{1,3}){0,4}[.):]?$"));
    // `A Case Study` has an article, no letter of an appendix; `A.1` and `A Proofs` have.
    static ARTICLE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:case stud|note|new|simple|general|unif|closer|word|theor|taxonom|framework|detailed|deeper|quick|brief|short|more|bit|probabil|comparison|summary|survey|review|look|better|two|three|first|formal|practical|toy|motivating|running|worked|concrete|second|novel|common|different|large|small|strong)",
        )
    });
    let is_article = first == "A" && ARTICLE.is_match(rest.trim_start());
    let numbered = NUMBER.is_match(first) && !is_article && !is_plain_heading(heading);
    if numbered { (Some(first.trim_end_matches('.').to_string()), rest.trim().to_string()) } else { (None, heading.to_string()) }
}

/// A section by its number and title; what is before it tells whether it is an appendix, or a part of a section on others' work.
fn section(number: Option<String>, title: &str, depth: Option<u8>, before: &[Section]) -> Section {
    let bare = title.trim_end_matches(['.', ':']).to_lowercase();
    // `IV` counts sections, `A` appendices.
    let is_roman = |n: &str| n.len() > 1 && n.chars().all(|c| "IVX".contains(c));
    // `A.1`, or `A` behind sections that are counted in digits; behind `I` and `II` or none, `A` is a part like any other.
    let counted = |s: &Section| s.number.as_deref().is_some_and(|n| n.chars().all(|c| c.is_ascii_digit() || c == '.'));
    let roman = |s: &Section| s.number.as_deref().is_some_and(|n| !n.is_empty() && n.chars().all(|c| "IVX".contains(c)));
    let behind_digits = before.iter().any(counted) && !before.iter().any(roman);
    let lettered = number.as_deref().is_some_and(|n| {
        let is_letter = n.starts_with(|c: char| c.is_ascii_uppercase()) && !is_roman(n);
        is_letter && (behind_digits || n.contains(|c: char| c.is_ascii_digit()))
    });
    let after_the_end = before.last().is_some_and(|s| matches!(s.kind, SectionKind::References | SectionKind::Appendix))
        && !goes_on(number.as_deref(), before);
    // A part of a section on others' work.
    let within = |s: &&Section| {
        s.number.as_deref().zip(number.as_deref()).is_some_and(|(whole, part)| part.starts_with(&format!("{whole}.")))
    };
    let below = |s: &&Section| number.is_none() && s.depth.zip(depth).is_some_and(|(whole, part)| whole < part);
    let is_part = |s: &&Section| within(s) || below(s);
    let others_work = before.iter().rev().find(is_part).is_some_and(|s| s.kind == SectionKind::RelatedWork);
    let kind = match bare.as_str() {
        "abstract" => SectionKind::Abstract,
        "references" | "bibliography" => SectionKind::References,
        t if t.starts_with("related work") || t == "background" || t == "prior work" => SectionKind::RelatedWork,
        // What a section on baselines says is others' recipe.
        t if t.starts_with("compar") && !t.contains("state") || t.ends_with("baseline") || t.ends_with("baselines") => {
            SectionKind::Baselines
        }
        t if t.starts_with("appendi") || lettered || after_the_end => SectionKind::Appendix,
        _ if others_work => SectionKind::RelatedWork,
        _ => SectionKind::Body,
    };
    Section { number, title: title.trim().to_string(), kind, depth }
}

/// Whether a section's number says that the paper goes on, though one before it was called `References`: notes of a page may be called
/// so. Behind a conclusion nothing goes on.
fn goes_on(number: Option<&str>, before: &[Section]) -> bool {
    let top = |number: &str| number.split('.').next().and_then(|top| top.parse::<u32>().ok());
    let concludes = |s: &Section| ["conclu", "discussion", "summary"].iter().any(|word| s.title.to_lowercase().starts_with(word));
    let last = before.iter().rev().find_map(|s| top(s.number.as_deref()?));
    let own = number.and_then(top);
    last.zip(own).is_some_and(|(last, own)| own == last + 1) && !before.iter().any(concludes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings() {
        for text in [
            "1 Introduction",
            "3.4. Implementation",
            "A.2 Pre-training Procedure",
            "D HYPERPARAMETERS USED IN EXPERIMENTS",
            "4.12 Trees, and What They Are Made Of",
            "References",
        ] {
            assert!(is_heading(text), "{text}");
        }
        for text in [
            "1.54 BLEU more than before",
            "2.5 Points, and more than any of the",
            "19 2.5M 8.39",
            "1 2 4 8 16",
            "A method that learns to sort things",
            "We train.",
            "12 The data we used.",
            "N = 6",
        ] {
            assert!(!is_heading(text), "{text}");
        }
    }

    #[test]
    fn sections_have_a_number_a_title_and_a_kind() {
        let check = |heading: &str, number: Option<&str>, title: &str, kind| {
            let section = section_of(heading, &[]);
            assert_eq!((section.number.as_deref(), section.title.as_str(), section.kind), (number, title, kind));
        };
        check("3.4. Implementation", Some("3.4"), "Implementation", SectionKind::Body);
        check("A.2 Procedure", Some("A.2"), "Procedure", SectionKind::Appendix);
        check("REFERENCES", None, "REFERENCES", SectionKind::References);
        check("2 Related Work", Some("2"), "Related Work", SectionKind::RelatedWork);
        check("IV. Results", Some("IV"), "Results", SectionKind::Body);
        check("I. Introduction", Some("I"), "Introduction", SectionKind::Body);
        check("A. Data", Some("A"), "Data", SectionKind::Body);
        let before = [section_of("5 Conclusion", &[])];
        assert_eq!(section_of("A Proofs", &before).kind, SectionKind::Appendix);
        // Notes of a page that are called so end no paper.
        let mut sections: Vec<Section> = Vec::new();
        for heading in ["1 Introduction", "References", "2 Trees", "3 Conclusion", "References", "4 Proofs", "More"] {
            sections.push(section_of(heading, &sections));
        }
        let kinds: Vec<SectionKind> = sections.iter().map(|s| s.kind).collect();
        let (body, cited, behind) = (SectionKind::Body, SectionKind::References, SectionKind::Appendix);
        assert_eq!(kinds, [body, cited, body, body, cited, behind, behind]);
        check("ADE20K segmentation", None, "ADE20K segmentation", SectionKind::Body);
        check("ImageNet-1K classification", None, "ImageNet-1K classification", SectionKind::Body);
        check("On the Nets", None, "On the Nets", SectionKind::Body);
    }
}
