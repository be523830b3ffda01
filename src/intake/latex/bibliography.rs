//! The bibliography: `thebibliography` (written, or in a `.bbl`), `biblatex`'s `.bbl`, or else the `.bib` of what is cited; and what a
//! reference in the text then reads.

use super::macros::{argument, optional, spelled};
use super::reader::{CiteKind, Entry, REFERENCE, REFERENCE_END, Reader, RefKind, Reference};
use super::tokens::Token;
use crate::intake::SectionKind;
use crate::intake::structure::Block;
use std::collections::HashMap;
use std::sync::LazyLock;

const MAX_ENTRIES: usize = 3000;
const MAX_INCLUDED: usize = 500;

impl Reader<'_> {
    pub(super) fn bibitem(&mut self) {
        self.end_bibitem();
        let label = optional(&mut self.input).map(|tokens| self.text_of(tokens)).filter(|label| !label.is_empty());
        let key = spelled(&argument(&mut self.input));
        if self.entries.len() < MAX_ENTRIES {
            self.entries.push(Entry { key, label, text: String::new() });
        }
    }

    /// What was written since the last `\bibitem` is its text.
    pub(super) fn end_bibitem(&mut self) {
        let text = std::mem::take(self.target());
        if let Some(entry) = self.entries.last_mut().filter(|entry| entry.text.is_empty()) {
            entry.text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        self.after.clear();
    }

    /// `\bibliography{a,b}`: the `.bbl` where there is one, as TeX itself reads it.
    pub(super) fn bibliography(&mut self, name: &str) {
        let options = optional(&mut self.input);
        let named = if name == "printbibliography" { String::new() } else { spelled(&argument(&mut self.input)) };
        drop(options);
        self.bibliographies.extend(named.split(',').map(|name| name.trim().to_string()).filter(|name| !name.is_empty()));
        if name == "addbibresource" {
            return;
        }
        self.end_paragraph();
        let main = self.reading.first().cloned().unwrap_or_default();
        let stem = main.rsplit_once('.').map_or(main.as_str(), |(stem, _)| stem).to_string();
        let files = self.files;
        let Some((path, text)) = files.find(&stem, "", &[".bbl"]).or_else(|| files.find_one(".bbl")) else { return };
        if text.contains("\\entry{") {
            self.entries_of_biblatex(text);
        } else if text.contains("\\bibitem") {
            let (path, text) = (path.to_string(), text.to_string());
            self.input.push_file(&text, &path);
        }
    }

    /// Reads a file that the paper names, where it is part of the paper.
    pub(super) fn file(&mut self, command: &str) {
        let options = optional(&mut self.input);
        let folder = if command.ends_with("import") { spelled(&argument(&mut self.input)) } else { String::new() };
        let named = match self.input.next() {
            Some(Token::Open) => {
                self.input.unread(Token::Open);
                spelled(&argument(&mut self.input))
            }
            // `\input name`
            Some(Token::Char(c)) => {
                let mut named = c.to_string();
                while let Some(token) = self.input.next() {
                    match token {
                        Token::Char(c) => named.push(c),
                        other => {
                            self.input.unread(other);
                            break;
                        }
                    }
                }
                named
            }
            other => {
                other.into_iter().for_each(|token| self.input.unread(token));
                String::new()
            }
        };
        let ends: &[&str] = match command {
            "usepackage" | "RequirePackage" => &[".sty"],
            "documentclass" | "LoadClass" => &[".cls"],
            _ => &[".tex", "", ".ltx"],
        };
        let package = ends.len() == 1;
        if package {
            self.package(&named, options.map(|tokens| spelled(&tokens)).unwrap_or_default());
        }
        let from = self.reading.last().cloned().unwrap_or_default();
        for name in named.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let path = format!("{folder}{name}");
            match self.files.find(&path, &from, ends) {
                Some((path, text)) if self.reading.len() < MAX_INCLUDED => {
                    let (path, text) = (path.to_string(), text.to_string());
                    if package {
                        self.definitions_of(&path, &text);
                    } else if self.input.push_file(&text, &path) {
                        self.reading.push(path);
                    } else {
                        self.leave_out(&path, "it is read within itself");
                    }
                }
                Some(_) => self.leave_out(&path, "too many files are read"),
                None if package => {}
                None => self.leave_out(&path, "no such text is part of the paper"),
            }
        }
    }

    fn leave_out(&mut self, named: &str, why: &str) {
        if self.left_out.len() < 20 {
            let named: String = named.chars().take(80).collect();
            self.left_out.push(format!("`{}` is left out: {why}", named.escape_debug()));
        }
    }

    /// How a bibliography package prints numbers.
    fn package(&mut self, named: &str, options: String) {
        if named.contains("natbib") || named.contains("biblatex") || named.contains("neurips") || named.contains("nips") {
            self.by_number |= options.contains("numbers") || options.contains("numeric");
        }
    }

    /// A package of the paper's own: what it defines counts, what it prints does not.
    fn definitions_of(&mut self, path: &str, text: &str) {
        if self.begun {
            return;
        }
        let letter = std::mem::replace(&mut self.input.at_letter, true);
        let (title, front) = (self.title.take(), std::mem::take(&mut self.front));
        let aside = self.input.put_aside();
        self.input.push_file(text, path);
        self.depth += 1;
        if self.depth < 8 {
            self.run();
        }
        self.depth -= 1;
        self.input.take_back(aside);
        self.input.at_letter = letter;
        (self.title, self.front) = (title, front);
        self.authors.clear();
        self.open.clear();
        self.text.truncate(1);
    }

    /// Entries of the `.bib` files for what is cited, where there is nothing better.
    pub(super) fn entries_of_bib(&mut self) {
        if !self.entries.is_empty() {
            return;
        }
        let files = self.files;
        let mut found: HashMap<String, HashMap<String, String>> = HashMap::new();
        for name in self.bibliographies.clone() {
            if let Some((_, text)) = files.find(&name, "", &[".bib", ""]) {
                found.extend(parse_bib(text));
            }
        }
        let all = self.cited.iter().any(|key| key == "*");
        let mut keys: Vec<String> = if all { found.keys().cloned().collect() } else { self.cited.clone() };
        keys.sort_by_key(|key| {
            let author = found.get(key).and_then(|fields| fields.get("author")).cloned().unwrap_or_default();
            (last_name(author.split(" and ").next().unwrap_or_default()).to_lowercase(), key.clone())
        });
        if !self.sorted && !all {
            keys = self.cited.clone();
        }
        for key in keys.into_iter().take(MAX_ENTRIES) {
            if let Some(fields) = found.get(&key) {
                let entry = self.entry_of(&key, fields);
                self.entries.push(entry);
            }
        }
    }

    fn entry_of(&mut self, key: &str, fields: &HashMap<String, String>) -> Entry {
        let mut field = |name: &str| fields.get(name).map(|value| self.text_from(value)).unwrap_or_default();
        let people: Vec<String> =
            field("author").split(" and ").map(|name| name.trim().to_string()).filter(|n| !n.is_empty()).collect();
        let (title, year) = (field("title"), field("year"));
        let place = ["journal", "booktitle", "publisher", "howpublished", "school", "note"].iter().map(|name| field(name));
        let place = place.into_iter().find(|place| !place.is_empty()).unwrap_or_default();
        let url = field("url");
        let people_in_order: Vec<String> = people.iter().map(|name| in_order(name)).collect();
        let parts = [people_in_order.join(", "), title, place, year.clone(), url];
        let text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(". ");
        let label = (!self.by_number && !people.is_empty() && !year.is_empty()).then(|| {
            let names: Vec<&str> = people.iter().map(|name| last_name(name)).collect();
            let names = match names.as_slice() {
                [one] => one.to_string(),
                [one, two] => format!("{one} and {two}"),
                _ => format!("{} et al.", names[0]),
            };
            format!("{names}({year})")
        });
        Entry { key: key.to_string(), label, text }
    }

    /// `biblatex` writes its `.bbl` as data.
    fn entries_of_biblatex(&mut self, text: &str) {
        let pattern = |text: &str| crate::intake::regex(text);
        static FAMILY: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"family=\{([^}]*)\}"));
        let fields = pattern(r"\\(?:field|list)\{(title|year|journaltitle|booktitle|eprint)\}(?:\{\d+\})?\{+([^}]*)\}");
        for part in text.split("\\entry{").skip(1).take(MAX_ENTRIES) {
            let Some((key, rest)) = part.split_once('}') else { continue };
            let authors = rest.find("\\name{author}").map_or("", |at| &rest[at..]);
            let authors = authors.split("\\strng").next().unwrap_or_default();
            let names: Vec<String> = FAMILY.captures_iter(authors).take(50).map(|found| found[1].to_string()).collect();
            let mut values: HashMap<String, String> =
                fields.captures_iter(rest).map(|found| (found[1].to_string(), found[2].to_string())).collect();
            if let Some(place) = values.remove("journaltitle") {
                values.insert("journal".into(), place);
            }
            values.insert("author".into(), names.join(" and "));
            let entry = self.entry_of(key, &values);
            self.entries.push(entry);
        }
    }

    /// The bibliography as blocks, if there is one.
    pub(super) fn reference_blocks(&mut self) -> Vec<Block> {
        let entries = std::mem::take(&mut self.entries);
        if entries.is_empty() {
            return Vec::new();
        }
        let has_heading = |block: &Block| matches!(block, Block::Heading { kind: Some(SectionKind::References), .. });
        let mut blocks = Vec::new();
        if !self.blocks.iter().any(has_heading) {
            blocks.push(Block::Heading {
                number: None,
                title: "References".into(),
                kind: Some(SectionKind::References),
                depth: None,
            });
        }
        let by_words = self.by_words(&entries);
        for (index, entry) in entries.iter().enumerate() {
            let label = if by_words { None } else { Some(bracketed(entry, index, self.by_number)) };
            blocks.push(Block::Reference { label, text: entry.text.clone() });
        }
        self.entries = entries;
        blocks
    }

    fn by_words(&self, entries: &[Entry]) -> bool {
        !self.by_number && entries.iter().any(|entry| entry.label.as_deref().is_some_and(|label| names_and_year(label).is_some()))
    }

    /// Fills in what a text refers to.
    pub(super) fn resolve(&self, text: &mut String) {
        if !text.contains(REFERENCE) {
            return;
        }
        let by_words = self.by_words(&self.entries);
        let mut out = String::with_capacity(text.len());
        for (index, part) in text.split(REFERENCE).enumerate() {
            let Some((number, rest)) = part.split_once(REFERENCE_END).filter(|_| index > 0) else {
                out.push_str(part);
                continue;
            };
            match number.parse::<usize>().ok().and_then(|number| self.references.get(number)) {
                Some(Reference::Label { label, kind }) => out.push_str(&self.label(label, *kind)),
                Some(Reference::Citation { keys, note, kind }) => {
                    out.push_str(&if by_words { self.in_words(keys, note, *kind) } else { self.in_brackets(keys, note) });
                }
                None => {}
            }
            out.push_str(rest);
        }
        *text = out;
    }

    fn label(&self, label: &str, kind: RefKind) -> String {
        let Some(found) = self.labels.get(label) else { return "??".into() };
        match kind {
            RefKind::Number => found.number.clone(),
            RefKind::Bracketed => format!("({})", found.number),
            RefKind::Named if found.what == "Equation" => format!("Equation ({})", found.number),
            RefKind::Named => format!("{} {}", found.what, found.number).trim().to_string(),
            RefKind::Title => found.title.clone(),
        }
    }

    fn in_brackets(&self, keys: &[String], note: &str) -> String {
        let label = |key: &String| {
            let at = self.entries.iter().position(|entry| entry.key == *key);
            at.map_or_else(|| key.clone(), |at| bracketed(&self.entries[at], at, self.by_number))
        };
        let labels: Vec<String> = keys.iter().map(label).chain((!note.is_empty()).then(|| note.to_string())).collect();
        format!("[{}]", labels.join(", "))
    }

    fn in_words(&self, keys: &[String], note: &str, kind: CiteKind) -> String {
        let of = |key: &String| -> (String, String) {
            let label = self.entries.iter().find(|entry| entry.key == *key).and_then(|entry| entry.label.clone());
            label.as_deref().and_then(names_and_year).unwrap_or_else(|| (label.unwrap_or_else(|| key.clone()), String::new()))
        };
        let note = if note.is_empty() { String::new() } else { format!(", {note}") };
        let each: Vec<String> = keys
            .iter()
            .map(of)
            .map(|(names, year)| match kind {
                CiteKind::Parenthesis if year.is_empty() => names,
                CiteKind::Parenthesis => format!("{names}, {year}"),
                CiteKind::Textual if year.is_empty() => names,
                CiteKind::Textual => format!("{names} ({year}{note})"),
                CiteKind::Author => names,
                CiteKind::Year => year,
            })
            .collect();
        match kind {
            CiteKind::Parenthesis => format!("({}{note})", each.join("; ")),
            CiteKind::Textual | CiteKind::Author | CiteKind::Year => each.join(", "),
        }
    }
}

fn bracketed(entry: &Entry, index: usize, by_number: bool) -> String {
    let printed = entry.label.as_deref().filter(|label| !by_number && names_and_year(label).is_none() && label.len() < 20);
    printed.map_or_else(|| (index + 1).to_string(), String::from)
}

/// `Kingma and Ba(2015)...`, `Kingma and Ba, 2015`.
fn names_and_year(label: &str) -> Option<(String, String)> {
    static LABEL: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"^(.+?)[,\s]*\(?\b((?:1[89]|20)\d\d[a-z]?)\b"));
    let found = LABEL.captures(label)?;
    Some((found[1].trim_end_matches(['(', ',', ' ']).to_string(), found[2].to_string()))
}

/// `Ba, Jimmy Lei` -> `Jimmy Lei Ba`.
fn in_order(name: &str) -> String {
    name.split_once(',').map_or_else(|| name.to_string(), |(last, first)| format!("{} {last}", first.trim()))
}

fn last_name(name: &str) -> &str {
    let name = name.trim();
    name.split_once(',').map_or_else(|| name.rsplit(' ').next().unwrap_or(name), |(last, _)| last.trim())
}

/// `@article{key, author = {A and B}, year = 2015, ...}`; keys of fields in small letters.
fn parse_bib(text: &str) -> HashMap<String, HashMap<String, String>> {
    let mut entries = HashMap::new();
    let mut strings: HashMap<String, String> = HashMap::new();
    for (at, _) in text.match_indices('@').take(20_000) {
        let rest = &text[at + 1..];
        let Some(open) = rest.find(['{', '(']).filter(|open| *open < 30) else { continue };
        let kind = rest[..open].trim().to_lowercase();
        if kind.is_empty() || !kind.chars().all(char::is_alphabetic) || kind == "comment" || kind == "preamble" {
            continue;
        }
        let body = &rest[open + 1..];
        if kind == "string" {
            let mut at = 0;
            if let Some((name, value)) = bib_field(body, &mut at, &strings) {
                strings.insert(name, value);
            }
            continue;
        }
        let Some(comma) = body.find([',', '}', '\n']).filter(|c| body[*c..].starts_with(',')) else { continue };
        let (key, mut fields, mut at) = (body[..comma].trim().to_string(), HashMap::new(), comma + 1);
        while let Some((name, value)) = bib_field(body, &mut at, &strings) {
            fields.insert(name, value);
            if fields.len() > 60 {
                break;
            }
        }
        entries.insert(key, fields);
        if entries.len() > 10_000 {
            break;
        }
    }
    entries
}

/// `name = {value},` at `at`, which moves on; none at the end of an entry.
fn bib_field(body: &str, at: &mut usize, strings: &HashMap<String, String>) -> Option<(String, String)> {
    let rest = &body[*at..];
    let start = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n', ',']).len();
    let equals = rest[start..].find(|c: char| !(c.is_alphanumeric() || "_-".contains(c))).map(|end| start + end)?;
    let name = rest[start..equals].to_lowercase();
    let mut next = equals + rest[equals..].len() - rest[equals..].trim_start().len();
    if name.is_empty() || !rest[next..].starts_with('=') {
        return None;
    }
    next += 1;
    let mut value = String::new();
    loop {
        next += rest[next..].len() - rest[next..].trim_start().len();
        let part = &rest[next..];
        let length = match part.chars().next()? {
            '{' => balanced(&part[1..], '}')?,
            '"' => balanced(&part[1..], '"')?,
            _ => {
                let end = part.find([',', '}', '#', '\n']).unwrap_or(part.len());
                let word = part[..end].trim();
                value.push_str(strings.get(&word.to_lowercase()).map_or(word, String::as_str));
                next += end;
                if !rest[next..].trim_start().starts_with('#') {
                    break;
                }
                next += rest[next..].find('#').unwrap_or(0) + 1;
                continue;
            }
        };
        value.push_str(&part[1..1 + length]);
        next += length + 2;
        if !rest[next..].trim_start().starts_with('#') {
            break;
        }
        next += rest[next..].find('#').unwrap_or(0) + 1;
    }
    *at += next;
    value.truncate(value.floor_char_boundary(20_000));
    Some((name, value.split_whitespace().collect::<Vec<_>>().join(" ")))
}

/// Bytes up to the `end` that is in no braces.
fn balanced(text: &str, end: char) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in text.char_indices().take(100_000) {
        match c {
            c if c == end && depth == 0 => return Some(at),
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bib_files() {
        let text = "@string{nips = \"NIPS\"}\n@inproceedings{a, author = {Ba, Jimmy and Kingma, D.}, title={{Adam}: A \"method\"}, year=2015,\n booktitle = nips # \" Workshop\",}\n% @x\n@misc{b,title=\"T {with \"quotes\"}\"}";
        let found = parse_bib(text);
        let field = |key: &str, name: &str| found[key].get(name).cloned().unwrap_or_default();
        assert_eq!(field("a", "author"), "Ba, Jimmy and Kingma, D.");
        assert_eq!(field("a", "title"), "{Adam}: A \"method\"");
        assert_eq!((field("a", "year"), field("a", "booktitle")), ("2015".into(), "NIPS Workshop".into()));
        assert_eq!(field("b", "title"), "T {with \"quotes\"}");
    }

    #[test]
    fn labels_of_words() {
        assert_eq!(names_and_year("Vaswani et al.(2017)Vaswani, Shazeer"), Some(("Vaswani et al.".into(), "2017".into())));
        assert_eq!(names_and_year("Kingma and Ba, 2015"), Some(("Kingma and Ba".into(), "2015".into())));
        assert_eq!(names_and_year("12"), None);
    }
}
