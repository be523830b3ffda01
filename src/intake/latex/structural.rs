//! Commands and environments that make the structure: sections, captions, notes, lists, floats, citations, files.

use super::environments::kind_of_float;
use super::macros::{argument, optional, skip_spaces, spelled, star};
use super::math::scripted;
use super::reader::{CiteKind, Labelled, Open, REFERENCE, REFERENCE_END, Reader, RefKind, Reference};
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
                self.block(Block::Heading {
                    number: None,
                    title: "Abstract".into(),
                    kind: Some(SectionKind::Abstract),
                    depth: None,
                });
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
            "caption" | "captionof" | "subcaption" => self.caption(name),
            "footnote" | "thanks" | "footnotetext" => self.footnote(name),
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
            "bibliography" | "addbibresource" | "printbibliography" => self.bibliography(name),
            "input" | "include" | "subfile" | "subfileinclude" | "InputIfFileExists" | "usepackage" | "RequirePackage"
            | "documentclass" | "LoadClass" | "import" | "subimport" => self.file(name),
            "documentstyle" => {
                optional(&mut self.input);
                argument(&mut self.input);
            }
            "nocite" => {
                let keys = self.label_here();
                self.cited.extend(keys.split(',').map(|key| key.trim().to_string()));
            }
            _ => return self.set(name) || self.spaced(name) || self.cite(name) || self.table_command(name),
        }
        true
    }

    /// Formulas, addresses, quantities: what is written otherwise than it is spelt.
    fn set(&mut self, name: &str) -> bool {
        match name {
            "footnotemark" => {
                let mark = optional(&mut self.input).map(|tokens| spelled(&tokens)).unwrap_or_default();
                self.write(&scripted(&mark, true).replace('^', ""));
            }
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
            "textsuperscript" | "textsubscript" => {
                let text = self.argument_text();
                let set = scripted(&text, name == "textsuperscript");
                self.write(set.trim_start_matches('^'));
            }
            "ding" => {
                let sign = self.dingbat();
                self.write(sign);
            }
            // Quantities of siunitx.
            "SI" | "qty" => {
                optional(&mut self.input);
                let number = self.argument_text();
                optional(&mut self.input);
                let unit = self.argument_text();
                let space = if unit == "%" || unit.is_empty() { "" } else { " " };
                self.write(&format!("{number}{space}{unit}"));
            }
            _ => return false,
        }
        true
    }

    /// Where lines and paragraphs end, and what is only for the eye or for TeX.
    fn spaced(&mut self, name: &str) -> bool {
        match name {
            "tiny" | "scriptsize" | "footnotesize" | "small" | "normalsize" | "large" | "Large" | "LARGE" | "huge" | "Huge"
            | "rm" | "bf" | "it" | "em" | "sc" | "tt" | "sf" | "bfseries" | "itshape" | "normalfont" | "maketitle"
            | "tableofcontents" | "listoffigures" | "listoftables" | "protect" | "noindent" | "centering" => {}
            "newblock" | "bibfield" => self.space(),
            "endinput" => self.input.end_file(),
            "makeatletter" => self.input.at_letter = true,
            "makeatother" => self.input.at_letter = false,
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
            _ => return false,
        }
        true
    }

    /// The sign of pifont's number: those that tables tick and cross with.
    pub(super) fn dingbat(&mut self) -> &'static str {
        match spelled(&argument(&mut self.input)).trim() {
            "51" | "52" => "✓",
            "53" | "54" | "55" | "56" => "✗",
            _ => "",
        }
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
        self.show(text);
    }

    /// The text of such a formula, or of several.
    pub(super) fn show(&mut self, text: String) {
        if self.text.len() > 1 || self.grid().is_some() {
            self.space();
            return self.write(&text);
        }
        let said = !self.target().trim().is_empty();
        self.end_paragraph();
        // A formula may end the sentence.
        self.continues = said && !text.trim_end().ends_with('.');
        if self.begun && !text.is_empty() {
            self.blocks.push(Block::Fragment(text));
        }
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
            self.block(Block::Heading { number, title, kind, depth: u8::try_from(level).ok() });
        }
    }

    pub(super) fn begin_appendix(&mut self) {
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
                // `\name Ann One \email x@y.z \addr Lab`, as one journal has it.
                let name = line.split(|token| token.is_command("email") || token.is_command("addr")).next().unwrap_or_default();
                let line = self.text_of(name.iter().filter(|token| !token.is_command("name")).cloned().collect());
                if !line.is_empty() {
                    self.authors.push(line);
                    break;
                }
            }
        }
    }

    // Environments.
}
