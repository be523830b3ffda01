//! Tokens -> blocks of text. Known commands are carried out, those that the paper defines are expanded, signs become their characters;
//! of what is left the name is dropped and the text kept.

use super::files::Files;
use super::macros::{self, Macro, Macros, Part, argument, optional, spelled, star};
use super::symbols;
use super::tables::Grid;
use super::tokens::{Input, Token};
use crate::intake::structure::Block;
use std::collections::HashMap;
use std::rc::Rc;

/// An environment that is open, and what it needs to know at its end.
pub(super) enum Open {
    /// Nothing of its own.
    Plain,
    /// A list; how many items it has had, where they are numbered.
    List {
        number: Option<usize>,
    },
    Abstract,
    /// A figure, table or algorithm: what was said before it goes on after it.
    Float {
        before: String,
        open: bool,
        own: usize,
    },
    Table(Box<Grid>),
    /// The paper's own: what stands at its end.
    Own {
        end: Rc<[Token]>,
    },
    Bibliography,
}

/// Where a number in the text comes from, filled in at the end.
pub(super) enum Reference {
    /// `\ref{x}`, with the words before its number.
    Label {
        label: String,
        kind: RefKind,
    },
    Citation {
        keys: Vec<String>,
        note: String,
        kind: CiteKind,
    },
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum RefKind {
    Number,
    Bracketed,
    Named,
    Title,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum CiteKind {
    Parenthesis,
    Textual,
    Author,
    Year,
}

pub(super) const REFERENCE: char = '\u{f0000}';
pub(super) const REFERENCE_END: char = '\u{f0001}';

/// What a label stands for.
#[derive(Debug, Clone, Default)]
pub(super) struct Labelled {
    pub(super) number: String,
    pub(super) what: &'static str,
    pub(super) title: String,
}

/// An entry of the bibliography: key, printed label if it has one of words, text.
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) label: Option<String>,
    pub(super) text: String,
}

pub(super) struct Reader<'a> {
    pub(super) files: &'a Files,
    pub(super) input: Input,
    pub(super) macros: Macros,
    pub(super) depth: usize,
    /// The file being read, and those above it.
    pub(super) reading: Vec<String>,
    /// What is being written: the innermost last.
    pub(super) text: Vec<String>,
    pub(super) blocks: Vec<Block>,
    /// What comes after the paragraph: floats and notes.
    pub(super) after: Vec<Block>,
    /// Inside a float or cell paragraphs end nothing.
    pub(super) open: Vec<(String, Open)>,
    pub(super) begun: bool,
    /// The paragraph goes on with the one before a formula.
    pub(super) continues: bool,
    pub(super) item: bool,
    pub(super) sections: [usize; 4],
    pub(super) has_chapters: bool,
    pub(super) appendix: bool,
    pub(super) counts: HashMap<&'static str, usize>,
    pub(super) current: Labelled,
    pub(super) labels: HashMap<String, Labelled>,
    pub(super) references: Vec<Reference>,
    pub(super) entries: Vec<Entry>,
    pub(super) bibliographies: Vec<String>,
    pub(super) cited: Vec<String>,
    pub(super) by_number: bool,
    pub(super) sorted: bool,
    pub(super) title: Option<String>,
    pub(super) authors: Vec<String>,
    pub(super) notes: usize,
    pub(super) front: Vec<Block>,
    pub(super) theorems: HashMap<String, String>,
    /// What could not be taken in, in words.
    pub(super) left_out: Vec<String>,
}

const MAX_DEPTH: usize = 40;

impl<'a> Reader<'a> {
    pub(super) fn new(files: &'a Files) -> Self {
        Reader {
            files,
            input: Input::new(),
            macros: Macros::default(),
            depth: 0,
            reading: Vec::new(),
            text: vec![String::new()],
            blocks: Vec::new(),
            after: Vec::new(),
            open: Vec::new(),
            begun: false,
            continues: false,
            item: false,
            sections: [0; 4],
            has_chapters: false,
            appendix: false,
            counts: HashMap::new(),
            current: Labelled::default(),
            labels: HashMap::new(),
            references: Vec::new(),
            entries: Vec::new(),
            bibliographies: Vec::new(),
            cited: Vec::new(),
            by_number: false,
            sorted: true,
            title: None,
            authors: Vec::new(),
            notes: 0,
            front: Vec::new(),
            theorems: HashMap::new(),
            left_out: Vec::new(),
        }
    }

    /// Reads the paper whose main file this is.
    pub(super) fn read(&mut self, path: &str, text: &str) {
        // A text without the frame of a document is all body.
        self.begun = !text.contains("\\begin{document}");
        self.reading.push(path.to_string());
        self.input.push_file(text, path);
        self.run();
        self.end_paragraph();
        while !self.open.is_empty() {
            self.close_innermost();
        }
        self.end_paragraph();
        if self.input.exhausted() {
            self.left_out.push("the macros of the paper make too much text: what comes later is not read".into());
        }
        for name in std::mem::take(&mut self.macros.endless) {
            self.left_out.push(format!("the macro `\\{}` has no end: it is not expanded", name.escape_debug()));
        }
    }

    pub(super) fn run(&mut self) {
        while let Some(token) = self.input.next() {
            self.token(token);
        }
    }

    fn token(&mut self, token: Token) {
        match token {
            Token::Char(c) => self.char(c),
            Token::Space => self.space(),
            Token::Par => {
                if self.in_cell() || matches!(self.open.last(), Some((_, Open::Bibliography))) {
                    self.space();
                } else {
                    self.end_paragraph();
                }
            }
            Token::Math => {
                let tokens = self.until_math();
                let text = self.formula(tokens);
                self.write(&text);
            }
            Token::Align => {
                if let Some(grid) = self.grid() {
                    grid.end_cell();
                } else {
                    self.space();
                }
            }
            Token::Command(name) => self.command(&name),
            Token::Open | Token::Close | Token::Parameter(_) => {}
        }
    }

    fn until_math(&mut self) -> Vec<Token> {
        let mut tokens = Vec::new();
        while let Some(token) = self.input.next() {
            match token {
                Token::Math => break,
                // A formula that is never closed ends with its paragraph.
                Token::Par => {
                    self.input.unread(Token::Par);
                    break;
                }
                token => tokens.push(token),
            }
        }
        tokens
    }

    // What is being written.

    /// The table whose cell is being written, if the innermost environments are of one.
    pub(super) fn grid(&mut self) -> Option<&mut Grid> {
        self.open.iter_mut().rev().find_map(|(_, open)| match open {
            Open::Table(grid) => Some(Some(grid.as_mut())),
            Open::Float { .. } | Open::Abstract | Open::Bibliography => Some(None),
            Open::Plain | Open::List { .. } | Open::Own { .. } => None,
        })?
    }

    fn in_cell(&mut self) -> bool {
        self.text.len() > 1 || self.grid().is_some()
    }

    pub(super) fn target(&mut self) -> &mut String {
        let table = self.open.iter().rposition(|(_, open)| matches!(open, Open::Table(_)));
        let float = self.open.iter().rposition(|(_, open)| matches!(open, Open::Float { .. }));
        if let Some(at) = table.filter(|table| float.is_none_or(|float| float < *table))
            && let Some((_, Open::Table(grid))) = self.open.get_mut(at)
        {
            return &mut grid.cell;
        }
        if self.text.is_empty() {
            self.text.push(String::new());
        }
        let last = self.text.len() - 1;
        &mut self.text[last]
    }

    pub(super) fn char(&mut self, c: char) {
        let text = self.target();
        match c {
            '\u{a0}' => self.space(),
            '-' if text.ends_with('-') => replace_last(text, "–"),
            '-' if text.ends_with('–') => replace_last(text, "—"),
            '`' if text.ends_with('‘') => replace_last(text, "“"),
            '\'' if text.ends_with('’') => replace_last(text, "”"),
            '`' => text.push('‘'),
            '\'' => text.push('’'),
            c => text.push(c),
        }
    }

    pub(super) fn space(&mut self) {
        let text = self.target();
        if !text.is_empty() && !text.ends_with([' ', '\n']) {
            text.push(' ');
        }
    }

    pub(super) fn write(&mut self, words: &str) {
        self.target().push_str(words);
    }

    /// Ends what is being written as a block; floats and notes that came in it follow.
    pub(super) fn end_paragraph(&mut self) {
        if self.text.len() > 1 {
            return self.space();
        }
        if !self.begun {
            self.text[0].clear();
            return self.after.clear();
        }
        let text = std::mem::take(self.target());
        let text = text.trim();
        if !text.is_empty() {
            let block = match (self.item, self.continues) {
                (true, _) => Block::Item(text.to_string()),
                (false, continues) => Block::Prose { text: text.to_string(), continues },
            };
            self.blocks.push(block);
            self.item = false;
            self.continues = false;
        }
        let in_float = self.open.iter().any(|(_, open)| matches!(open, Open::Float { .. }));
        if !in_float {
            self.blocks.append(&mut self.after);
        }
    }

    /// A block of its own in the middle of the text.
    pub(super) fn block(&mut self, block: Block) {
        self.end_paragraph();
        if self.begun {
            self.blocks.push(block);
        }
    }

    /// What tokens say, on one line.
    pub(super) fn text_of(&mut self, tokens: Vec<Token>) -> String {
        if self.depth > MAX_DEPTH {
            return spelled(&tokens);
        }
        self.nested(|input| input.push(tokens.into()))
    }

    /// What a piece of LaTeX says, on one line.
    pub(super) fn text_from(&mut self, latex: &str) -> String {
        if self.depth > MAX_DEPTH {
            return String::new();
        }
        self.nested(|input| input.push_file(latex, "a piece"))
    }

    fn nested(&mut self, push: impl FnOnce(&mut Input) -> bool) -> String {
        self.depth += 1;
        let aside = self.input.put_aside();
        // What cannot be pushed is not read.
        let _ = push(&mut self.input);
        self.text.push(String::new());
        let height = self.text.len();
        let open = std::mem::take(&mut self.open);
        self.run();
        while !self.open.is_empty() {
            self.close_innermost();
        }
        self.open = open;
        self.text.truncate(height);
        let text = self.text.pop().unwrap_or_default();
        self.input.take_back(aside);
        self.depth -= 1;
        text.trim().to_string()
    }

    pub(super) fn argument_text(&mut self) -> String {
        let tokens = argument(&mut self.input);
        self.text_of(tokens)
    }

    /// Tokens up to the `\end` of this environment, which is read too.
    pub(super) fn until_end(&mut self, name: &str) -> Vec<Token> {
        let (mut tokens, mut depth) = (Vec::new(), 0usize);
        while let Some(token) = self.input.next() {
            if token.is_command("begin") || token.is_command("end") {
                let inner = argument(&mut self.input);
                let same = spelled(&inner) == name;
                if token.is_command("end") && same {
                    if depth == 0 {
                        break;
                    }
                    depth -= 1;
                } else if same {
                    depth += 1;
                }
                tokens.push(token);
                tokens.push(Token::Open);
                tokens.extend(inner);
                tokens.push(Token::Close);
            } else {
                tokens.push(token);
            }
        }
        tokens
    }

    // What commands do.

    fn command(&mut self, name: &str) {
        if self.structural(name) || self.definition(name) || self.conditional(name) {
            return;
        }
        if self.macros.expand(name, &mut self.input) {
            return;
        }
        if symbols::is_accent(name) && self.accent(name) {
            return;
        }
        if let Some(sign) = symbols::symbol(name) {
            if sign == " " {
                self.space();
            } else {
                self.write(sign);
            }
            return;
        }
        if self.conference(name) || self.dropped(name) {
            return;
        }
        // An unknown command: its options go with its name, what is in braces stays.
        if let Some(token) = self.input.next() {
            let bracket = token == Token::Char('[');
            self.input.unread(token);
            if bracket && name.len() > 1 {
                optional(&mut self.input);
            }
        }
    }

    fn accent(&mut self, name: &str) -> bool {
        let text = self.argument_text();
        let mut letters = text.chars();
        match letters.next() {
            Some(first) => {
                let made = symbols::accented(name, first);
                self.write(&made);
                self.write(letters.as_str());
            }
            None => {}
        }
        true
    }

    /// What defines; true if `name` is such a command.
    pub(super) fn definition(&mut self, name: &str) -> bool {
        let input = &mut self.input;
        match name {
            "newcommand" | "renewcommand" | "providecommand" | "DeclareRobustCommand" => {
                if let Some(defined) = macros::name_here(input) {
                    let made = macros::counted(input);
                    if name != "providecommand" || self.macros.get(&defined).is_none() {
                        self.macros.define(&defined, made);
                    }
                }
            }
            "def" | "gdef" | "edef" | "xdef" => match input.next() {
                Some(Token::Command(defined)) => {
                    let made = macros::delimited(input);
                    self.macros.define(&defined, made);
                }
                // `\def~{..}` and the like.
                Some(Token::Char(_)) => drop(macros::delimited(input)),
                other => other.into_iter().for_each(|token| input.unread(token)),
            },
            "let" | "futurelet" => self.let_command(),
            "NewDocumentCommand" | "RenewDocumentCommand" | "ProvideDocumentCommand" | "DeclareDocumentCommand" => {
                if let Some(defined) = macros::name_here(input) {
                    let made = macros::described(input);
                    self.macros.define(&defined, made);
                }
            }
            "DeclareMathOperator" => {
                if let Some(defined) = macros::name_here(input) {
                    let mut body = vec![Token::command("operatorname"), Token::Open];
                    body.extend(argument(input));
                    body.push(Token::Close);
                    self.macros.define(&defined, Macro::new(Vec::new(), body));
                }
            }
            "DeclarePairedDelimiter" => {
                if let Some(defined) = macros::name_here(input) {
                    let mut body = argument(input);
                    body.push(Token::Parameter(1));
                    body.extend(argument(input));
                    self.macros.define(&defined, Macro::new(vec![Part::Argument], body));
                }
            }
            "newenvironment" | "renewenvironment" => {
                star(input);
                let named = spelled(&argument(input));
                let begin = macros::counted(input);
                let end = argument(input).into();
                self.macros.environments.insert(named, macros::Environment { begin, end });
            }
            "newtheorem" => {
                star(input);
                let named = spelled(&argument(input));
                optional(input);
                let title = argument(input);
                optional(input);
                let title = self.text_of(title);
                self.theorems.insert(named, title);
            }
            "newif" => {
                if let Some(Token::Command(flag)) = input.next() {
                    self.macros.new_flag(&flag);
                }
            }
            _ => return self.macros.set_flag(name),
        }
        true
    }

    /// `\let\a\b`, with `=` or without.
    fn let_command(&mut self) {
        let Some(Token::Command(defined)) = self.input.next() else { return };
        macros::skip_spaces(&mut self.input);
        let mut next = self.input.next();
        if next == Some(Token::Char('=')) {
            macros::skip_spaces(&mut self.input);
            next = self.input.next();
        }
        let made = match next {
            Some(Token::Command(other)) if *other == *defined => return,
            Some(Token::Command(other)) => {
                self.macros.get(&other).cloned().unwrap_or_else(|| Macro::new(Vec::new(), vec![Token::Command(other)]))
            }
            Some(token) => Macro::new(Vec::new(), vec![token]),
            None => return,
        };
        self.macros.define(&defined, made);
    }
}

fn replace_last(text: &mut String, by: &str) {
    text.pop();
    text.push_str(by);
}
