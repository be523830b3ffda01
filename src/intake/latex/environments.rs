//! Environments: lists, formulas, floats, tables, the bibliography, and those that a paper makes.

use super::macros::{argument, optional, spelled};
use super::reader::{Labelled, Open, Reader};
use super::tables::Grid;
use super::tokens::Token;
use crate::intake::SectionKind;
use crate::intake::structure::Block;

impl Reader<'_> {
    pub(super) fn begin(&mut self) {
        let tokens = argument(&mut self.input);
        let name = spelled(&tokens);
        if self.open.len() > 200 {
            return;
        }
        let bare = name.trim_end_matches('*').to_string();
        if let Some(own) = self.macros.environments.get(&name).cloned()
            && !is_known(&bare)
        {
            self.open.push((name, Open::Own { end: own.end.clone() }));
            let body = own.begin.applied(&mut self.input);
            self.input.push(body);
            return;
        }
        let open = match bare.as_str() {
            "document" => {
                // What a preamble prints is nothing; a part with a frame of its own goes on where it stands.
                if !std::mem::replace(&mut self.begun, true) {
                    self.text.truncate(1);
                    self.text[0].clear();
                }
                Open::Plain
            }
            "abstract" => {
                let kind = Some(SectionKind::Abstract);
                self.block(Block::Heading { number: None, title: "Abstract".into(), kind, depth: None });
                Open::Abstract
            }
            "itemize" | "compactitem" | "description" | "inparaitem" | "trivlist" => self.begin_list(None),
            "enumerate" | "compactenum" | "inparaenum" => self.begin_list(Some(0)),
            "list" => {
                argument(&mut self.input);
                argument(&mut self.input);
                self.begin_list(None)
            }
            "figure" | "table" | "algorithm" | "wrapfigure" | "wraptable" | "sidewaystable" | "sidewaysfigure"
            | "algorithm2e" | "listing" | "longtable" | "SCfigure" | "SCtable" | "marginfigure" | "margintable" | "subtable"
            | "subfigure" | "teaserfigure" => {
                return self.begin_float(&name, &bare);
            }
            "tabular" | "tabularx" | "tabulary" | "tabu" | "xtabular" | "supertabular" | "tblr" | "longtblr" | "NiceTabular" => {
                return self.begin_table(&name, &bare);
            }
            "thebibliography" => {
                argument(&mut self.input);
                self.block(Block::Heading {
                    number: None,
                    title: "References".into(),
                    kind: Some(SectionKind::References),
                    depth: None,
                });
                Open::Bibliography
            }
            "appendices" | "appendix" => {
                self.begin_appendix();
                Open::Plain
            }
            _ if is_formula(&bare) => {
                if bare == "alignat" {
                    argument(&mut self.input);
                }
                let numbered = !name.ends_with('*');
                let tokens = self.until_end(&name);
                return self.numbered_display(tokens, numbered);
            }
            "comment" | "filecontents" | "tikzpicture" | "pgfpicture" | "CCSXML" | "picture" | "axis" | "forest"
            | "lstlisting" | "verbatim" | "Verbatim" | "minted" | "alltt" | "BVerbatim" => {
                // Programs, drawings and remarks are no text of the paper.
                match self.input.raw_until(&format!("\\end{{{name}}}")) {
                    Some(_) => return,
                    None => drop(self.until_end(&name)),
                }
                return;
            }
            _ => {
                self.environment_options(&bare);
                if let Some(title) = self.theorems.get(&name).cloned() {
                    self.end_paragraph();
                    self.write(&title);
                    self.write(". ");
                }
                Open::Plain
            }
        };
        self.open.push((name, open));
    }

    pub(super) fn begin_list(&mut self, number: Option<usize>) -> Open {
        optional(&mut self.input);
        if self.grid().is_none() {
            self.end_paragraph();
        }
        Open::List { number }
    }

    pub(super) fn numbered_display(&mut self, tokens: Vec<Token>, numbered: bool) {
        if numbered {
            let count = self.counts.entry("Equation").or_default();
            *count += 1;
            self.current = Labelled { number: count.to_string(), what: "Equation", title: String::new() };
        }
        for (at, pair) in tokens.windows(2).enumerate() {
            if pair[0].is_command("label") && pair[1] == Token::Open {
                let label: Vec<Token> = tokens[at + 2..].iter().take_while(|t| **t != Token::Close).cloned().collect();
                self.labels.insert(spelled(&label), self.current.clone());
            }
        }
        let lines: Vec<String> = tokens.split(|t| t.is_command("\\")).map(|line| self.formula(line.to_vec())).collect();
        let text = lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
        self.show(text);
    }

    pub(super) fn begin_float(&mut self, name: &str, bare: &str) {
        optional(&mut self.input);
        if bare.starts_with("wrap") {
            argument(&mut self.input);
            optional(&mut self.input);
            argument(&mut self.input);
        }
        if bare.starts_with("sub") {
            argument(&mut self.input);
        }
        // What was being said goes on after the float.
        let before = std::mem::take(self.target());
        let open = self.continues;
        self.continues = false;
        self.open.push((name.to_string(), Open::Float { before, open, own: 0 }));
        if bare == "longtable" {
            self.begin_table(name, bare);
        }
    }

    pub(super) fn begin_table(&mut self, name: &str, bare: &str) {
        optional(&mut self.input);
        if ["tabularx", "tabulary", "tabu"].contains(&bare) || bare == "tabular" && name.ends_with('*') {
            if bare == "tabu" {
                // `\begin{tabu} to \textwidth {..}`
                while let Some(token) = self.input.next() {
                    if token == Token::Open {
                        self.input.unread(Token::Open);
                        break;
                    }
                }
            } else {
                argument(&mut self.input);
                optional(&mut self.input);
            }
        }
        argument(&mut self.input);
        let nested = self.grid().is_some() || self.text.len() > 1;
        self.open.push((name.to_string(), Open::Table(Box::new(Grid::new(nested)))));
    }

    /// What stands after `\begin{name}` and is no text.
    pub(super) fn environment_options(&mut self, name: &str) {
        let arguments = match name {
            "minipage" | "multicols" | "adjustbox" | "spacing" | "textblock" | "fminipage" | "otherlanguage" | "adjustwidth" => 1,
            "CJK" => 2,
            _ => 0,
        };
        optional(&mut self.input);
        for _ in 0..arguments {
            optional(&mut self.input);
            argument(&mut self.input);
        }
        if name == "adjustwidth" {
            argument(&mut self.input);
        }
    }

    pub(super) fn end(&mut self, name: &str) {
        if name == "document" {
            self.end_paragraph();
            return self.input.end_file();
        }
        let Some(at) = self.open.iter().rposition(|(open, _)| open == name) else { return };
        while self.open.len() > at {
            self.close_innermost();
        }
        // A float may hold a table of its own name.
        if name.starts_with("longtable") && self.open.last().is_some_and(|(open, _)| open == name) {
            self.close_innermost();
        }
    }

    pub(super) fn close_innermost(&mut self) {
        let Some((_, innermost)) = self.open.last() else { return };
        match innermost {
            Open::List { .. } | Open::Abstract | Open::Bibliography => {
                if self.grid().is_none() {
                    self.end_entry();
                }
                self.open.pop();
            }
            Open::Float { .. } => self.end_float(),
            Open::Table(_) => self.end_table(),
            Open::Plain => drop(self.open.pop()),
            Open::Own { .. } => {
                if let Some((_, Open::Own { end })) = self.open.pop() {
                    self.input.push(end);
                }
            }
        }
    }

    pub(super) fn end_entry(&mut self) {
        if matches!(self.open.last(), Some((_, Open::Bibliography))) { self.end_bibitem() } else { self.end_paragraph() }
    }

    /// What a float says besides its tables and caption follows the paragraph as well.
    pub(super) fn end_float(&mut self) {
        let said = std::mem::take(self.target());
        if let Some((name, Open::Float { before, open, own })) = self.open.pop() {
            let said = said.trim();
            if let Some((_, Open::Float { own: above, .. })) =
                self.open.iter_mut().rev().find(|(_, o)| matches!(o, Open::Float { .. }))
            {
                *above += own + 1;
            }
            if !said.is_empty() && self.begun {
                let block = if kind_of_float(&name) == "Algorithm" || said.split_whitespace().count() < 8 {
                    Block::Fragment(said.to_string())
                } else {
                    Block::Note(said.to_string())
                };
                self.after.push(block);
            }
            let first = self.after.len().saturating_sub(own + 1);
            marry(&mut self.after[first..]);
            self.write(&before);
            self.continues |= open;
            let in_text = self.text.len() == 1 && !self.open.iter().any(|(_, open)| matches!(open, Open::Float { .. }));
            if in_text && before.trim().is_empty() && self.begun {
                self.blocks.append(&mut self.after);
            }
        }
    }
}

/// Gives each table of a float that has no caption the float's.
fn marry(blocks: &mut [Block]) {
    let captions: Vec<String> =
        blocks.iter().filter_map(|block| if let Block::Caption(text) = block { Some(text.clone()) } else { None }).collect();
    let mut next = 0usize;
    for block in blocks {
        match block {
            Block::Caption(_) => next += 1,
            Block::Table { caption, .. } if caption.is_none() => {
                // The one above it, if it is the only one or there is none below.
                *caption = captions.get(next.saturating_sub(1)).or(captions.last()).cloned();
            }
            _ => {}
        }
    }
}

pub(super) fn kind_of_float(name: &str) -> &'static str {
    if name.contains("table") || name.contains("tabular") || name.contains("Table") {
        "Table"
    } else if name.contains("algorithm") {
        "Algorithm"
    } else if name.contains("listing") {
        "Listing"
    } else {
        "Figure"
    }
}

pub(super) fn is_formula(bare: &str) -> bool {
    matches!(
        bare,
        "equation"
            | "align"
            | "alignat"
            | "gather"
            | "multline"
            | "eqnarray"
            | "displaymath"
            | "math"
            | "flalign"
            | "dmath"
            | "split"
            | "aligned"
            | "gathered"
            | "array"
    )
}

/// Environments that a paper cannot redefine here: what they are is known.
fn is_known(bare: &str) -> bool {
    is_formula(bare)
        || ["document", "abstract", "figure", "table", "tabular", "itemize", "enumerate", "thebibliography"].contains(&bare)
}
