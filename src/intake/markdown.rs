//! Markdown -> [`Paper`].

use super::html::tree::decoded;
use super::latex;
use super::structure::{self, Block, GridCell, Vocabulary};
use super::{Error, Paper, PaperFormat, SectionKind};
use std::sync::LazyLock;

/// The paper that Markdown holds.
pub(super) fn read(bytes: &[u8], name: &str) -> Result<Paper, Error> {
    let text = text_of(bytes);
    let (front, body) = front_matter(&text);
    let lines: Vec<&str> = body.lines().collect();
    let mut reader = Markdown { blocks: front, effort: structure::Effort::of(lines.len()), ..Markdown::default() };
    // Only lines that were broken for print end in a hyphen.
    if lines.iter().any(|line| ends_in_half_a_word(line)) {
        lines.iter().for_each(|line| reader.vocabulary.learn(line));
    }
    let mut at = 0;
    while at < lines.len() {
        at = reader.line(&lines, at);
    }
    reader.end_paragraph();
    let mut blocks = reader.blocks;
    structure::labelled(&mut blocks);
    structure::untitled(&mut blocks);
    structure::byline(&mut blocks);
    finish(&mut blocks);
    Ok(structure::compose(name, PaperFormat::Markdown, &blocks))
}

/// A file as lines of text, without a mark of its encoding, pages and signs that are not seen.
pub(super) fn text_of(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\u{c}', "\n\n");
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// What holds of plain text, too: captions belong to the table beside them, and a bibliography is of entries.
pub(super) fn finish(blocks: &mut Vec<Block>) {
    blocks.iter_mut().for_each(|block| block.texts(&mut |text| *text = text.split_whitespace().collect::<Vec<_>>().join(" ")));
    blocks.retain(|block| !block.is_empty());
    structure::captions_in_capitals(blocks);
    let caption_at = |blocks: &[Block], at: Option<usize>| match at.and_then(|at| blocks.get(at)) {
        Some(Block::Caption(text)) => Some(text.clone()),
        _ => None,
    };
    let below = captions_stand_below(blocks);
    for at in 0..blocks.len() {
        if !matches!(blocks.get(at), Some(Block::Table { .. })) {
            continue;
        }
        let places = if below { [Some(at + 1), at.checked_sub(1)] } else { [at.checked_sub(1), Some(at + 1)] };
        let beside: Vec<String> = places.into_iter().filter_map(|place| caption_at(blocks, place)).collect();
        let of_table = beside.iter().find(|text| !text.starts_with("Fig")).or(beside.first()).cloned();
        if let Block::Table { caption, .. } = &mut blocks[at] {
            *caption = caption.take().or(of_table);
        }
    }
    join_broken(blocks);
    let mut of_bibliography = false;
    for block in blocks {
        match block {
            Block::Heading { title, .. } => {
                let title = title.trim_end_matches([':', '.']).to_lowercase();
                of_bibliography =
                    ["references", "bibliography", "literatur", "literature", "参考文献", "литература", "список литературы"]
                        .contains(&title.as_str());
            }
            Block::Prose { text, .. } | Block::Item(text) if of_bibliography => {
                // Below the notes of a page stands a line, as over what is cited.
                let bare = text.trim_start_matches(['•', ' ']);
                let is_note = bare.starts_with(['∗', '†', '‡', '§', '¶', '‖']);
                *block = if is_note { Block::Note(bare.to_string()) } else { reference_of(text) };
            }
            _ => {}
        }
    }
}

/// Whether captions stand below their tables: as most do that have a table on one side alone.
fn captions_stand_below(blocks: &[Block]) -> bool {
    let is_table = |at: Option<usize>| at.is_some_and(|at| matches!(blocks.get(at), Some(Block::Table { .. })));
    let mut below = 0_i32;
    for at in (0..blocks.len()).filter(|at| matches!(&blocks[*at], Block::Caption(text) if !text.starts_with("Fig"))) {
        match (is_table(at.checked_sub(1)), is_table(Some(at + 1))) {
            (true, false) => below += 1,
            (false, true) => below -= 1,
            _ => {}
        }
    }
    below > 0
}

/// A paragraph that stops in the middle of a sentence goes on in the next one that begins so; a figure or table may stand between.
fn join_broken(blocks: &mut [Block]) {
    let mut open = false;
    for block in blocks {
        match block {
            Block::Prose { text, continues } => {
                // `b) Results` begins a part.
                let letter_alone = text.chars().nth(1).is_some_and(|c| ").:".contains(c));
                *continues |= open && text.starts_with(char::is_lowercase) && !letter_alone;
                let ends =
                    text.trim_end().ends_with(['.', '!', '?', ':', ';', '”', '"', '。']) && !text.trim_end().ends_with("et al.");
                open = !ends && text.split_whitespace().count() > 3;
            }
            Block::Caption(_) | Block::Table { .. } | Block::Note(_) => {}
            _ => open = false,
        }
    }
}

fn reference_of(text: &str) -> Block {
    static LABEL: LazyLock<regex::Regex> =
        LazyLock::new(|| super::regex(r"^(?:[•*-]\s+)?(?:\[([^\]\s]{1,12})\]|(\d{1,3})\.)\s+"));
    let label = LABEL.captures(text);
    let named = label.as_ref().and_then(|found| found.get(1).or(found.get(2))).map(|m| m.as_str().to_string());
    let from = label.and_then(|found| found.get(0)).map_or(0, |m| m.end());
    Block::Reference { label: named, text: text[from..].trim_start_matches("• ").to_string() }
}

/// `title:` and `author:` of a head in YAML, and what follows it.
fn front_matter(text: &str) -> (Vec<Block>, &str) {
    let Some((head, body)) = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---")) else {
        return (Vec::new(), text);
    };
    let mut blocks = Vec::new();
    let mut of_authors = false;
    for line in head.lines() {
        let value = |line: &str| line.trim().trim_matches(['"', '\'']).to_string();
        if let Some(title) = line.strip_prefix("title:") {
            blocks.insert(0, Block::Title(value(title)));
        } else if let Some(authors) = line.strip_prefix("author:").or(line.strip_prefix("authors:")) {
            of_authors = true;
            blocks.push(Block::Authors(value(authors).trim_matches(['[', ']']).to_string()));
        } else if let Some(author) = line.trim().strip_prefix("- ").filter(|_| of_authors) {
            blocks.push(Block::Authors(value(author.trim_start_matches("name:"))));
        } else {
            of_authors = false;
        }
    }
    (blocks, body.trim_start_matches('-'))
}

/// Words that the title of a section may have where only a line below tells that it is one.
const MOST_WORDS: usize = 20;
/// Lines that a table in HTML's marks may have.
const MOST_LINES: usize = 5000;

#[derive(Default)]
struct Markdown {
    blocks: Vec<Block>,
    paragraph: String,
    item: bool,
    /// Words by which a hyphen at a line's end is judged.
    vocabulary: Vocabulary,
    /// What looking for tables may cost.
    effort: structure::Effort,
}

impl Markdown {
    /// Takes the line at `at`, and those that belong to it; gives back which comes next.
    fn line(&mut self, lines: &[&str], at: usize) -> usize {
        static NUMBERED: LazyLock<regex::Regex> = LazyLock::new(|| super::regex(r"^(\d{1,3})[.)]\s+(.*)$"));
        static NOTE: LazyLock<regex::Regex> = LazyLock::new(|| super::regex(r"^\[\^([^\]]{1,20})\]:\s*(.*)$"));
        let line = lines[at].trim_end();
        let bare = line.trim_start().trim_start_matches("> ").trim();
        if bare.is_empty() || bare == ">" {
            self.end_paragraph();
        } else if bare.starts_with("<!--") && bare.ends_with("-->") {
            // A remark of the program that made the file.
            self.end_paragraph();
        } else if let Some(fence) = ["```", "~~~"].into_iter().find(|fence| bare.starts_with(fence)) {
            return self.fenced(lines, at, fence);
        } else if bare.starts_with("$$") || bare.starts_with("\\[") {
            return self.display(lines, at, if bare.starts_with("$$") { "$$" } else { "\\]" });
        } else if bare.starts_with('#') && bare.trim_start_matches('#').starts_with(' ') {
            self.end_paragraph();
            let level = bare.len() - bare.trim_start_matches('#').len();
            self.heading(level, bare.trim_matches('#').trim());
        } else if let Some(level) = underline(bare, lines.get(at + 1)).filter(|_| self.paragraph.is_empty()) {
            self.heading(level, bare);
            return at + 2;
        } else if bare.contains('|') && lines.get(at + 1).is_some_and(|next| is_rule(next)) {
            return self.table(lines, at);
        } else if let Some((rows, end)) = self.flattened(lines, at) {
            self.end_paragraph();
            self.blocks.push(Block::Table { rows, caption: None });
            return end;
        } else if begins_table(bare) {
            return self.html_table(lines, at);
        } else if let Some(end) = latex_table(lines, at) {
            self.end_paragraph();
            self.blocks.append(&mut latex::tables(&lines[at..end].join("\n")));
            return end;
        } else if let Some(found) = NOTE.captures(bare) {
            self.end_paragraph();
            let text = inline(&found[2]);
            self.blocks.push(Block::Note(format!("{}{text}", latex::scripted(&found[1], true).replace('^', ""))));
        } else if let Some(item) = ["- ", "* ", "+ ", "• "].iter().find_map(|mark| bare.strip_prefix(mark)) {
            self.begin_item("• ", item);
        } else if let Some(found) = NUMBERED.captures(bare) {
            self.begin_item(&format!("{}. ", &found[1]), &found[2]);
        } else if bare.chars().all(|c| "-*_ ".contains(c)) {
            self.end_paragraph();
        } else if self.paragraph.is_empty() && !self.item && stands_alone(lines, at) && self.heads_references(bare) {
            self.blocks.push(Block::Heading {
                number: None,
                title: bare.trim_end_matches(':').to_string(),
                kind: None,
                depth: None,
            });
        } else if ends_in_half_a_word(&self.paragraph) && bare.starts_with(char::is_lowercase) {
            self.vocabulary.join(&mut self.paragraph, bare);
        } else {
            if !self.paragraph.is_empty() {
                self.paragraph.push(' ');
            }
            self.paragraph.push_str(bare);
        }
        at + 1
    }

    /// `References` on a line of its own, behind sections: their heading, which a conversion left without its mark.
    fn heads_references(&self, line: &str) -> bool {
        let is_title =
            ["references", "bibliography", "literature cited"].contains(&line.trim_end_matches(':').to_lowercase().as_str());
        is_title && self.blocks.iter().filter(|block| matches!(block, Block::Heading { .. })).take(2).count() > 1
    }

    /// Lines of words and numbers that were a table.
    fn flattened(&self, lines: &[&str], at: usize) -> Option<(Vec<Vec<GridCell>>, usize)> {
        let bare = lines[at].trim_start();
        let marked = bare.starts_with(['|', '#', '-', '<', '>', '•', '!']) || self.blocks.is_empty() || bare.contains('|');
        if marked { None } else { structure::table_at(lines, at, &|line| inline(line), &self.effort) }
    }

    fn end_paragraph(&mut self) {
        let text = inline(&std::mem::take(&mut self.paragraph));
        if !text.trim().is_empty() {
            let block = if self.item {
                Block::Item(text)
            } else if structure::is_caption(&text) {
                Block::Caption(text)
            } else {
                Block::Prose { text, continues: false }
            };
            self.blocks.push(block);
        }
        self.item = false;
    }

    fn begin_item(&mut self, mark: &str, text: &str) {
        self.end_paragraph();
        self.paragraph = format!("{mark}{text}");
        self.item = true;
    }

    fn heading(&mut self, level: usize, text: &str) {
        let text = inline(text);
        let text = ["- ", "• ", "* "].iter().find_map(|mark| text.strip_prefix(mark)).unwrap_or(&text).to_string();
        // The caption of a table, and what stands in a figure, were set in large letters, too.
        if structure::is_caption(&text) {
            return self.blocks.push(Block::Caption(text));
        }
        if text.chars().filter(|c| c.is_alphabetic()).count() < 2 {
            return self.blocks.push(Block::Fragment(text));
        }
        // The stamp of a preprint.
        if self.blocks.is_empty() && text.starts_with("arXiv:") {
            return self.blocks.push(Block::Note(text));
        }
        let titled = self.blocks.iter().any(|block| matches!(block, Block::Title(_)));
        let (number, title) = structure::split_number(&text);
        let of_part = number.is_some() || ["abstract", "introduction"].contains(&title.to_lowercase().as_str());
        // Above a title stands at most what a journal writes there, and the mark of a page.
        let is_small = |block: &Block| match block {
            Block::Prose { text, .. } | Block::Heading { title: text, .. } => {
                text.split_whitespace().count() <= 8 && !text.eq_ignore_ascii_case("abstract")
            }
            Block::Note(_) => true,
            _ => false,
        };
        let first = self.blocks.is_empty() || !of_part && self.blocks.len() < 6 && self.blocks.iter().all(is_small);
        if (level == 1 || level == 2 && !of_part) && !titled && first {
            return self.blocks.push(Block::Title(text));
        }
        let kind = title.eq_ignore_ascii_case("abstract").then_some(SectionKind::Abstract);
        self.blocks.push(Block::Heading { number, title, kind, depth: u8::try_from(level).ok() });
    }

    fn fenced(&mut self, lines: &[&str], at: usize, fence: &str) -> usize {
        self.end_paragraph();
        let length = lines[at + 1..].iter().position(|line| line.trim_start().starts_with(fence)).unwrap_or(lines.len() - at - 1);
        let text = lines[at + 1..at + 1 + length].join(" ");
        self.blocks.push(Block::Fragment(text));
        at + length + 2
    }

    fn display(&mut self, lines: &[&str], at: usize, end: &str) -> usize {
        let first = lines[at].trim();
        self.end_paragraph();
        let mut formula = first[2..].to_string();
        let mut next = at + 1;
        while !formula.contains(end) && next < lines.len() && next - at < 200 {
            formula.push(' ');
            formula.push_str(lines[next]);
            next += 1;
        }
        let formula = formula.split(end).next().unwrap_or_default().to_string();
        self.blocks.push(Block::Fragment(latex::formula(&formula)));
        next
    }

    /// A table in HTML's own marks; where it has no columns, its lines are text.
    fn html_table(&mut self, lines: &[&str], at: usize) -> usize {
        self.end_paragraph();
        let ends = |line: &&str| line.contains("</table>");
        let length = lines[at..].iter().take(MOST_LINES).position(ends).map_or(1, |end| end + 1);
        let html = lines[at..at + length].join(" ");
        for part in html.split_inclusive("</table>").filter(|part| !part.trim().is_empty()) {
            match super::html::table_in(part, &|text| inline(text)) {
                Some(rows) => self.blocks.push(Block::Table { rows, caption: None }),
                None => self.paragraph.push_str(&inline(part)),
            }
        }
        self.end_paragraph();
        at + length
    }

    fn table(&mut self, lines: &[&str], at: usize) -> usize {
        self.end_paragraph();
        let length = lines[at..].iter().take_while(|line| line.contains('|')).count();
        let rows = lines[at..at + length].iter().enumerate().filter(|(index, _)| *index != 1).take(2000).map(|(_, line)| {
            let line = line.trim();
            let line = line.strip_prefix('|').unwrap_or(line);
            let line = line.strip_suffix('|').unwrap_or(line);
            let cells = line.replace("\\|", "\u{0}");
            cells.split('|').take(200).map(|text| text.replace('\u{0}', "|").trim().to_string()).collect()
        });
        let rows = structure::apart(structure::unfolded(rows.collect()), &|line| super::extract::names_setting(&inline(line)));
        let widths: Vec<Vec<usize>> = (0..rows.len()).map(|at| widths(&rows, at)).collect();
        let cells = |(row, widths): (Vec<String>, Vec<usize>)| {
            let cells = row.iter().zip(widths).enumerate();
            let cells = cells.map(|(column, (text, width))| GridCell { text: inline(text), column, width, height: 1 });
            cells.filter(|cell| !cell.text.is_empty()).collect()
        };
        let rows = rows.into_iter().zip(widths).map(cells).collect();
        self.blocks.push(Block::Table { rows, caption: None });
        at + length
    }
}

/// Whether there is nothing in the lines above and below.
fn stands_alone(lines: &[&str], at: usize) -> bool {
    let is_empty = |line: Option<&&str>| line.is_none_or(|line| line.trim().is_empty());
    is_empty(at.checked_sub(1).and_then(|above| lines.get(above))) && is_empty(lines.get(at + 1))
}

/// `an expo-`, but not `x -` and not `---`: a line that was broken within a word.
fn ends_in_half_a_word(line: &str) -> bool {
    line.trim_end().strip_suffix('-').is_some_and(|before| before.ends_with(char::is_lowercase))
}

/// `<table>`, alone or in what holds it: `<html><body><table>`.
fn begins_table(line: &str) -> bool {
    let mut rest = line;
    while rest.starts_with('<') && !rest.starts_with("<table") {
        let holds = ["<html", "<body", "<div", "<center", "<figure"].iter().any(|mark| rest.starts_with(mark));
        let Some((_, behind)) = rest.split_once('>').filter(|_| holds) else { return false };
        rest = behind.trim_start();
    }
    rest.starts_with("<table")
}

/// Where a table in LaTeX ends that begins in this line.
fn latex_table(lines: &[&str], at: usize) -> Option<usize> {
    // So long is no table.
    const MOST_LINES: usize = 400;
    let (_, rest) = lines[at].trim_start().split_once("\\begin{").filter(|(before, _)| before.is_empty())?;
    let name = rest.split_once('}')?.0;
    if !["tabular", "table"].contains(&name.trim_end_matches('*')) {
        return None;
    }
    let end = format!("\\end{{{name}}}");
    lines.iter().enumerate().skip(at).take(MOST_LINES).find(|(_, line)| line.contains(&end)).map(|(last, _)| last + 1)
}

/// How many columns the cells of a row stand over: a head goes on over empty cells where the heads below it are told apart.
fn widths(rows: &[Vec<String>], at: usize) -> Vec<usize> {
    let row = &rows[at];
    let ones = vec![1; row.len()];
    let is_number = |cell: &String| cell.trim_start_matches(['*', '_', '-']).starts_with(|c: char| c.is_ascii_digit());
    let is_head = |row: &Vec<String>| row.iter().skip(1).all(|cell| !is_number(cell));
    let Some(below) = rows.get(at + 1).filter(|below| at < 2 && is_head(row) && is_head(below)) else { return ones };
    let filled = row.iter().skip(1).filter(|cell| !cell.is_empty()).count();
    let whole = below.iter().skip(1).filter(|cell| !cell.is_empty()).count();
    if filled < 2 || whole <= filled {
        return ones;
    }
    let goes_on = |from: usize| {
        let empty =
            |at: &usize| row.get(*at).is_some_and(String::is_empty) && below.get(*at).is_some_and(|cell| !cell.is_empty());
        (from + 1..row.len()).take_while(empty).count()
    };
    (0..row.len()).map(|at| if at == 0 || row[at].is_empty() { 1 } else { 1 + goes_on(at) }).collect()
}

/// `===` or `---` below a heading; below a sentence it parts pages.
fn underline(text: &str, line: Option<&&str>) -> Option<usize> {
    let line = line?.trim();
    if text.split_whitespace().count() > MOST_WORDS || text.ends_with(['.', ',', ';']) || text.contains("://") {
        return None;
    }
    let level = if line.starts_with("==") { 1 } else { 2 };
    (line.len() >= 3 && (line.chars().all(|c| c == '=') || line.chars().all(|c| c == '-'))).then_some(level)
}

/// `|---|:--:|`
fn is_rule(line: &str) -> bool {
    line.contains('-') && line.contains('|') && line.chars().all(|c| "|-: \t".contains(c))
}

/// Without the marks of emphasis, with formulas and links in words.
fn inline(text: &str) -> String {
    static MARKS: LazyLock<regex::Regex> = LazyLock::new(|| {
        super::regex(concat!(
            r"<(?P<script>su[pb])>(?P<raised>[^<]{1,40})</su[pb]>|(?P<gap><br\s*/?>|</(?:t[dhr]|p|li|div)>)",
            r"|\$ (?P<spaced>[^$\n]{0,200}[\\^_={}][^$\n]{0,200}) \$",
            r"|\$(?P<dollars>[^\s$](?:[^$]{0,398}[^\s$])?)\$|\\\((?P<parens>[^\n]{1,400}?)\\\)|`+(?P<code>[^`]*)`+",
            r"|!\[[^\]]*\]\([^)]*\)|\[\^(?P<note>[^\]]{1,20})\]|\[(?P<words>[^\]]*)\]\((?P<url>[^)\s]*)[^)]*\)",
            r"|\*\*(?P<strong>[^*]+)\*\*|__(?P<bold>[^_]+)__|\*(?P<emphasis>[^*\s][^*]*)\*|<(?P<address>https?://[^>\s]+)>",
            r"|</?[a-zA-Z][^>]*>|\\(?P<sign>[\\`*_{}\[\]()#+.!|$<>~%-])"
        ))
    });
    // `0_._9`, `_β_1`: a sign that stood in italics.
    static SLANTED: LazyLock<regex::Regex> = LazyLock::new(|| super::regex(r"_([^_\sA-Za-z0-9{}\\$^]{1,3})_"));
    let text = if text.contains('_') { SLANTED.replace_all(text, "$1") } else { text.into() };
    // `_Leaves._ We`, but not `leaf_of_tree`: words in italics.
    static ITALIC: LazyLock<regex::Regex> =
        LazyLock::new(|| super::regex(r"\b_([^_\s{}\\$^](?:[^_\n{}\\$^]{0,300}[^_\s{}\\$^])?)_\b"));
    let text = if text.contains('_') { ITALIC.replace_all(&text, "$1") } else { text };
    let text = raised_by_brackets(&text);
    let text = text.as_ref();
    let made = MARKS.replace_all(text, |found: &regex::Captures<'_>| {
        let part = |name: &str| found.name(name).map(|m| m.as_str());
        let behind = found.get(0).map_or("", |whole| &text[whole.end()..]);
        // `$5-$10` are two prices.
        if let Some(formula) = part("dollars") {
            let is_price = behind.starts_with(|c: char| c.is_ascii_digit());
            return if is_price { format!("${}$", inline(formula)) } else { latex::formula(formula) };
        }
        if let Some(formula) = part("parens").or(part("spaced")) {
            return latex::formula(formula.trim());
        }
        if let Some(raised) = part("raised") {
            // `Ann One<sup>a</sup>`: a mark, no letter of the name.
            let before = found.get(0).map_or("", |whole| &text[..whole.start()]);
            // `<sup>0</sup>.5` is a number that slipped.
            let slipped = part("script") == Some("sup") && raised.chars().all(|c| c.is_ascii_digit());
            if slipped && behind.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
                return raised.to_string();
            }
            // `90.6 <sub>1.2</sub>`: how far a number may lie off.
            let is_decimal = raised.contains('.') && raised.trim().chars().all(|c| c.is_ascii_digit() || c == '.');
            if part("script") == Some("sub")
                && is_decimal
                && before.trim_end().ends_with(|c: char| c.is_ascii_digit() || c == '>')
            {
                return format!("±{}", raised.trim());
            }
            let of_word = before.chars().rev().take(3).filter(|c| c.is_alphabetic()).count() == 3;
            if of_word && raised.trim().chars().all(|c| c.is_ascii_lowercase() || c == ',') {
                return format!("^{}", raised.trim());
            }
            return latex::scripted(raised.trim(), part("script") == Some("sup")).trim_start_matches('^').to_string();
        }
        if part("gap").is_some() {
            return " ".into();
        }
        if let Some(note) = part("note") {
            return latex::scripted(note, true).replace('^', "");
        }
        if let (Some(words), Some(url)) = (part("words"), part("url")) {
            let words = inline(words);
            return if url.starts_with("http") && !words.contains(url) { format!("{words} ({url})") } else { words };
        }
        let marked = ["strong", "bold", "emphasis"].into_iter().find_map(part).map(inline);
        marked.or_else(|| ["code", "address", "sign"].into_iter().find_map(part).map(str::to_string)).unwrap_or_default()
    });
    decoded(&made)
}

/// `10 [−] [3]`, `1 e [−4]`: an exponent in the brackets that a converter sets for what is raised; no reference is less than nothing.
fn raised_by_brackets(text: &str) -> std::borrow::Cow<'_, str> {
    static RAISED: LazyLock<regex::Regex> =
        LazyLock::new(|| super::regex(r"(?P<base>\b10|\d ?[eE]) ?\[[−–-](?:\] ?\[)?(?P<n>\d{1,2})\]"));
    if !["[−", "[-", "[–"].iter().any(|open| text.contains(open)) {
        return text.into();
    }
    RAISED.replace_all(text, |found: &regex::Captures<'_>| {
        format!("{}{}", &found["base"], latex::scripted(&format!("-{}", &found["n"]), true))
    })
}

/// All text of a paper, a line a passage.
#[cfg(test)]
pub(super) fn text(paper: &Paper) -> String {
    paper.pages[0].text.split('\n').filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
