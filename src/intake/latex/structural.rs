//! Commands and environments that make the structure: sections, captions, notes, lists, floats, citations, files.

use super::macros::{argument, optional, skip_spaces, spelled, star};
use super::math::scripted;
use super::reader::{CiteKind, Labelled, Open, REFERENCE, REFERENCE_END, Reader, RefKind, Reference};
use super::tables::Grid;
use super::tokens::Token;
use crate::intake::SectionKind;
use crate::intake::structure::Block;

impl Reader<'_> {
    /// Commands that mean the same in every paper, whatever it defines; true if `name` is one.
    pub(super) fn structural(&mut self, name: &str) -> bool {
        match name {
            "begin" => self.begin(),
            "end" => {
                let tokens = argument(&mut self.input);
                self.end(&spelled(&tokens));
            }
            "part" | "chapter" | "section" | "subsection" | "subsubsection" => self.section(name),
            "paragraph" | "subparagraph" => {
                star(&mut self.input);
                self.end_paragraph();
                let title = self.argument_text();
                self.write(&title);
                self.write(" ");
            }
            "appendix" | "appendices" => self.begin_appendix(),
            // As some journals have it; the environment is the usual form.
            "abstract" => {
                let text = self.argument_text();
                self.block(Block::Heading { number: None, title: "Abstract".into(), kind: Some(SectionKind::Abstract) });
                self.block(Block::Prose { text, continues: false });
            }
            "title" => {
                optional(&mut self.input);
                let title = self.argument_text();
                self.title = Some(title);
            }
            "author" => {
                optional(&mut self.input);
                let tokens = argument(&mut self.input);
                self.author(tokens);
            }
            "tiny" | "scriptsize" | "footnotesize" | "small" | "normalsize" | "large" | "Large" | "LARGE" | "huge" | "Huge"
            | "rm" | "bf" | "it" | "em" | "sc" | "tt" | "sf" | "bfseries" | "itshape" | "normalfont" | "maketitle"
            | "tableofcontents" | "listoffigures" | "listoftables" | "protect" | "noindent" | "centering" => {}
            "caption" | "captionof" | "subcaption" => self.caption(name),
            "footnote" | "thanks" | "footnotetext" => self.footnote(name),
            "footnotemark" => {
                let mark = optional(&mut self.input).map(|tokens| spelled(&tokens)).unwrap_or_default();
                self.write(&scripted(&mark, true).replace('^', ""));
            }
            "item" => self.item(),
            "label" => {
                let label = self.label_here();
                let mut current = self.current.clone();
                if current.number.is_empty() && current.title.is_empty() {
                    current.number = "?".into();
                }
                self.labels.insert(label, current);
            }
            "ref" | "autoref" | "cref" | "Cref" | "eqref" | "nameref" | "vref" | "pageref" | "hyperref" => self.reference(name),
            "bibitem" => self.bibitem(),
            "newblock" | "bibfield" => self.space(),
            "bibliography" | "addbibresource" | "printbibliography" => self.bibliography(name),
            "input" | "include" | "subfile" | "subfileinclude" | "InputIfFileExists" | "usepackage" | "RequirePackage"
            | "documentclass" | "LoadClass" | "import" | "subimport" => self.file(name),
            "documentstyle" => {
                optional(&mut self.input);
                argument(&mut self.input);
            }
            "endinput" => self.input.end_file(),
            "makeatletter" => self.input.at_letter = true,
            "makeatother" => self.input.at_letter = false,
            "(" => {
                let tokens = self.until_command(")");
                let text = self.formula(tokens);
                self.write(&text);
            }
            "[" => {
                let tokens = self.until_command("]");
                self.display(tokens);
            }
            "$$" => {
                let tokens = self.until_command("$$");
                self.display(tokens);
            }
            "ensuremath" => {
                let tokens = argument(&mut self.input);
                let text = self.formula(tokens);
                self.write(&text);
            }
            "url" | "nolinkurl" | "path" => {
                let raw = self.input.raw_group().unwrap_or_else(|| spelled(&argument(&mut self.input)));
                self.write(raw.replace('\\', "").trim());
            }
            "href" => {
                let raw = self.input.raw_group().unwrap_or_else(|| spelled(&argument(&mut self.input)));
                self.link(raw.replace('\\', "").trim());
            }
            "verb" => self.verbatim_sign(),
            "\\" | "newline" | "tabularnewline" | "linebreak" | "cr" => {
                star(&mut self.input);
                if name != "cr" {
                    optional(&mut self.input);
                }
                match self.grid() {
                    Some(grid) if name != "newline" && name != "linebreak" => grid.end_row(),
                    _ => self.space(),
                }
            }
            "par" | "bigskip" | "medskip" | "smallskip" | "newpage" | "clearpage" | "pagebreak" => {
                if self.grid().is_some() {
                    self.space()
                } else {
                    self.end_paragraph()
                }
            }
            "textsuperscript" | "textsubscript" => {
                let text = self.argument_text();
                let set = scripted(&text, name == "textsuperscript");
                self.write(set.trim_start_matches('^'));
            }
            "xspace" => {
                // A space where a word follows.
                if let Some(token) = self.input.next() {
                    if matches!(token, Token::Char(c) if c.is_alphanumeric() || c == '(') {
                        self.space();
                    }
                    self.input.unread(token);
                }
            }
            "texorpdfstring" => {
                let tokens = argument(&mut self.input);
                argument(&mut self.input);
                self.input.push(tokens.into());
            }
            "expandafter" | "relax" | "leavevmode" | "ignorespaces" | "unskip" | "bgroup" | "egroup" | "begingroup"
            | "endgroup" | "long" | "global" | "noexpand" | "csname" | "endcsname" | "null" | "nonumber" | "notag" => {}
            "@ifstar" | "@ifnextchar" => self.if_next(name),
            "nocite" => {
                let keys = self.label_here();
                self.cited.extend(keys.split(',').map(|key| key.trim().to_string()));
            }
            _ => return self.cite(name) || self.table_command(name),
        }
        true
    }

    fn if_next(&mut self, name: &str) {
        let starred = if name == "@ifstar" {
            star(&mut self.input)
        } else {
            let wanted = self.input.next();
            let (yes, no) = (argument(&mut self.input), argument(&mut self.input));
            let next = self.input.next();
            let same = next == wanted;
            next.into_iter().for_each(|token| self.input.unread(token));
            self.input.push(if same { yes } else { no }.into());
            return;
        };
        let (yes, no) = (argument(&mut self.input), argument(&mut self.input));
        self.input.push(if starred { yes } else { no }.into());
    }

    fn label_here(&mut self) -> String {
        let tokens = argument(&mut self.input);
        let mut label = spelled(&tokens);
        label.retain(|c| !c.is_whitespace() || c == ' ');
        label
    }

    fn until_command(&mut self, end: &str) -> Vec<Token> {
        let mut tokens = Vec::new();
        while let Some(token) = self.input.next() {
            if token.is_command(end) || token == Token::Par {
                break;
            }
            tokens.push(token);
        }
        tokens
    }

    /// A formula on lines of its own: the sentence goes on after it.
    fn display(&mut self, tokens: Vec<Token>) {
        let text = self.formula(tokens);
        if self.text.len() > 1 || self.grid().is_some() {
            self.space();
            return self.write(&text);
        }
        let said = !self.target().trim().is_empty();
        self.end_paragraph();
        if self.begun && !text.is_empty() {
            self.blocks.push(Block::Fragment(text));
        }
        self.continues = said;
    }

    fn verbatim_sign(&mut self) {
        let Some(Token::Char(sign)) = self.input.next() else { return };
        if let Some(raw) = self.input.raw_until(&sign.to_string()) {
            self.write(&raw.replace(char::is_control, " "));
        }
    }

    /// The words of a link, and where it leads if they do not say.
    fn link(&mut self, url: &str) {
        let text = self.argument_text();
        self.write(&text);
        let bare =
            |text: &str| text.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/').to_lowercase();
        if url.starts_with("http") && !bare(&text).contains(&bare(url)) && !bare(url).ends_with(&bare(&text)) {
            self.write(&format!(" ({url})"));
        }
    }

    fn section(&mut self, name: &str) {
        let starred = star(&mut self.input);
        optional(&mut self.input);
        self.end_paragraph();
        let title = self.argument_text();
        let level = match name {
            "part" | "chapter" => 0,
            "section" => 1,
            "subsection" => 2,
            _ => 3,
        };
        self.has_chapters |= name == "chapter";
        let number = (!starred && name != "part").then(|| {
            self.sections[level] += 1;
            self.sections[level + 1..].fill(0);
            let first = usize::from(!self.has_chapters);
            let top = |n: usize, at: usize| match (self.appendix && at == first, u8::try_from(n)) {
                (true, Ok(n @ 1..=26)) => char::from(b'A' + n - 1).to_string(),
                _ => n.to_string(),
            };
            let parts: Vec<String> = (first..=level).map(|at| top(self.sections[at], at)).collect();
            parts.join(".")
        });
        let what = if self.appendix { "Appendix" } else { "Section" };
        self.current = Labelled { number: number.clone().unwrap_or_default(), what, title: title.clone() };
        self.continues = false;
        self.item = false;
        if !title.is_empty() {
            let kind = self.appendix.then_some(SectionKind::Appendix);
            self.block(Block::Heading { number, title, kind });
        }
    }

    fn begin_appendix(&mut self) {
        self.end_paragraph();
        self.appendix = true;
        self.sections = [0; 4];
    }

    fn caption(&mut self, name: &str) {
        star(&mut self.input);
        let of = (name == "captionof").then(|| spelled(&argument(&mut self.input)));
        optional(&mut self.input);
        let text = self.argument_text();
        let float = of.or_else(|| {
            let open = self.open.iter().rev();
            open.filter(|(_, open)| matches!(open, Open::Float { .. } | Open::Table(_))).map(|(name, _)| name.clone()).next()
        });
        let float = float.unwrap_or_else(|| "figure".into());
        let what = kind_of_float(&float);
        // A part of a figure has no number of its own.
        if name == "subcaption" || float.starts_with("sub") {
            return self.float_block(Block::Fragment(text));
        }
        let count = self.counts.entry(what).or_default();
        *count += 1;
        let number = count.to_string();
        self.current = Labelled { number: number.clone(), what, title: text.clone() };
        let text = format!("{what} {number}: {text}");
        self.float_block(Block::Caption(text.trim().to_string()));
    }

    /// A block that stands beside the text, not in it.
    pub(super) fn float_block(&mut self, block: Block) {
        if !self.begun {
            return;
        }
        if let Some((_, Open::Float { own, .. })) = self.open.iter_mut().rev().find(|(_, o)| matches!(o, Open::Float { .. })) {
            *own += 1;
            self.after.push(block);
        } else if self.text.len() > 1 {
            self.after.push(block);
        } else {
            self.block(block);
        }
    }

    fn footnote(&mut self, name: &str) {
        let mark = optional(&mut self.input).map(|tokens| spelled(&tokens));
        let text = self.argument_text();
        if text.is_empty() {
            return;
        }
        if name == "thanks" {
            return self.front.push(Block::Note(text));
        }
        let number = mark.unwrap_or_else(|| {
            if name == "footnote" {
                self.notes += 1;
            }
            self.notes.to_string()
        });
        let mark = scripted(&number, true).replace('^', "");
        if name == "footnote" {
            let written = mark.clone();
            self.write(&written);
        }
        self.after.push(Block::Note(format!("{mark}{text}")));
    }

    fn item(&mut self) {
        let label = optional(&mut self.input);
        if self.grid().is_some() || self.text.len() > 1 {
            return self.space();
        }
        let label = label.map(|tokens| self.text_of(tokens));
        self.end_paragraph();
        skip_spaces(&mut self.input);
        self.item = true;
        self.continues = false;
        let number = self.open.iter_mut().rev().find_map(|(_, open)| match open {
            Open::List { number } => Some(number.as_mut().map(|number| {
                *number += 1;
                number.to_string()
            })),
            _ => None,
        });
        let mark = match (label, number.flatten()) {
            (Some(label), _) => format!("{label} "),
            (None, Some(number)) => {
                self.current = Labelled { number: number.clone(), what: "Item", title: String::new() };
                format!("{number}. ")
            }
            (None, None) => "• ".into(),
        };
        self.write(&mark);
    }

    fn reference(&mut self, name: &str) {
        star(&mut self.input);
        if name == "hyperref" {
            optional(&mut self.input);
            let tokens = argument(&mut self.input);
            self.input.push(tokens.into());
            return;
        }
        let kind = match name {
            "eqref" => RefKind::Bracketed,
            "autoref" | "cref" | "Cref" => RefKind::Named,
            "nameref" => RefKind::Title,
            _ => RefKind::Number,
        };
        let labels = self.label_here();
        for (index, label) in labels.split(',').enumerate() {
            if index > 0 {
                self.write(", ");
            }
            self.refer(Reference::Label { label: label.trim().to_string(), kind });
        }
    }

    /// Puts a place into the text that is filled in at the end.
    pub(super) fn refer(&mut self, reference: Reference) {
        if self.references.len() > 50_000 {
            return;
        }
        let mark = format!("{REFERENCE}{}{REFERENCE_END}", self.references.len());
        self.references.push(reference);
        self.write(&mark);
    }

    /// `\cite` in all its forms.
    fn cite(&mut self, name: &str) -> bool {
        let bare = name.to_lowercase();
        let kind = match bare.as_str() {
            "cite" | "citep" | "parencite" | "autocite" | "citealp" | "footcite" | "citenum" | "supercite" | "cites"
            | "shortcite" => CiteKind::Parenthesis,
            "citet" | "textcite" | "newcite" | "citealt" | "citeasnoun" | "citep*" => CiteKind::Textual,
            "citeauthor" => CiteKind::Author,
            "citeyear" | "citeyearpar" => CiteKind::Year,
            _ => return false,
        };
        star(&mut self.input);
        let before = optional(&mut self.input);
        let after = optional(&mut self.input);
        let note = match (before, after) {
            (_, Some(after)) => self.text_of(after),
            (Some(note), None) => self.text_of(note),
            (None, None) => String::new(),
        };
        let keys = self.label_here();
        let keys: Vec<String> = keys.split(',').map(|key| key.trim().to_string()).filter(|key| !key.is_empty()).collect();
        for key in &keys {
            if !self.cited.contains(key) && self.cited.len() < 5000 {
                self.cited.push(key.clone());
            }
        }
        self.refer(Reference::Citation { keys, note, kind });
        true
    }

    fn author(&mut self, tokens: Vec<Token>) {
        let is_next = |token: &Token| ["And", "AND", "and"].iter().any(|name| token.is_command(name));
        for part in tokens.split(is_next) {
            // The name stands on the first line that says something.
            for line in part.split(|token| token.is_command("\\")) {
                let line = self.text_of(line.to_vec());
                if !line.is_empty() {
                    self.authors.push(line);
                    break;
                }
            }
        }
    }

    // Environments.

    fn begin(&mut self) {
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
                self.block(Block::Heading { number: None, title: "Abstract".into(), kind });
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
                self.block(Block::Heading { number: None, title: "References".into(), kind: Some(SectionKind::References) });
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

    fn begin_list(&mut self, number: Option<usize>) -> Open {
        optional(&mut self.input);
        if self.grid().is_none() {
            self.end_paragraph();
        }
        Open::List { number }
    }

    fn numbered_display(&mut self, tokens: Vec<Token>, numbered: bool) {
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
        if self.text.len() > 1 || self.grid().is_some() {
            self.space();
            return self.write(&text);
        }
        let said = !self.target().trim().is_empty();
        self.end_paragraph();
        if self.begun && !text.is_empty() {
            self.blocks.push(Block::Fragment(text));
        }
        self.continues = said;
    }

    fn begin_float(&mut self, name: &str, bare: &str) {
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
    fn environment_options(&mut self, name: &str) {
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

    fn end(&mut self, name: &str) {
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

    fn end_entry(&mut self) {
        if matches!(self.open.last(), Some((_, Open::Bibliography))) { self.end_bibitem() } else { self.end_paragraph() }
    }

    /// What a float says besides its tables and caption follows the paragraph as well.
    fn end_float(&mut self) {
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

fn kind_of_float(name: &str) -> &'static str {
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
