//! LaTeX text -> tokens, as they are asked for: what a macro stands for and what a file holds are read from one stack.

use std::rc::Rc;

/// What TeX reads at once.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// `\name`, or `\` and one sign; without the backslash.
    Command(Rc<str>),
    Char(char),
    Space,
    /// An empty line.
    Par,
    Open,
    Close,
    /// `$`
    Math,
    /// `&`
    Align,
    /// `#1`
    Parameter(u8),
}

impl Token {
    pub(super) fn command(name: &str) -> Token {
        Token::Command(name.into())
    }

    pub(super) fn is_command(&self, name: &str) -> bool {
        matches!(self, Token::Command(own) if **own == *name)
    }
}

/// A file or the body of a macro, as far as it is read.
enum Frame {
    Text { text: Rc<str>, at: usize, file: String },
    Tokens { tokens: Rc<[Token]>, at: usize },
}

/// What all that is read and made by macros may come to, in tokens: some hundred times a long paper.
const MAX_TOKENS: usize = 6_000_000;
const MAX_FRAMES: usize = 400;

/// Where tokens come from: the innermost frame first.
pub(super) struct Input {
    frames: Vec<Frame>,
    /// Tokens that were read too far, the next one last.
    back: Vec<Token>,
    /// `@` is a letter, as in packages.
    pub(super) at_letter: bool,
    spent: usize,
}

impl Input {
    pub(super) fn new() -> Self {
        Input { frames: Vec::new(), back: Vec::new(), at_letter: false, spent: 0 }
    }

    /// Whether there was too much to read; what is left of it is then not read.
    pub(super) fn exhausted(&self) -> bool {
        self.spent >= MAX_TOKENS
    }

    /// Reads a file next. False where files are too deep in each other, or this one is being read already.
    pub(super) fn push_file(&mut self, text: &str, file: &str) -> bool {
        let open = self.frames.iter().any(|frame| matches!(frame, Frame::Text { file: other, .. } if other == file));
        if open || self.frames.len() >= MAX_FRAMES {
            return false;
        }
        self.settle();
        self.frames.push(Frame::Text { text: text.into(), at: 0, file: file.to_string() });
        true
    }

    /// Reads tokens next. False where macros are too deep in each other.
    pub(super) fn push(&mut self, tokens: Rc<[Token]>) -> bool {
        self.spent = self.spent.saturating_add(tokens.len());
        self.settle();
        // What is read to its end holds no place: a macro that ends with another may go on for ever in one frame.
        while matches!(self.frames.last(), Some(Frame::Tokens { tokens, at }) if *at >= tokens.len()) {
            self.frames.pop();
        }
        if self.frames.len() >= MAX_FRAMES {
            return false;
        }
        self.frames.push(Frame::Tokens { tokens, at: 0 });
        true
    }

    /// What was read too far comes after what is pushed now.
    fn settle(&mut self) {
        if !self.back.is_empty() {
            let tokens: Vec<Token> = self.back.drain(..).rev().collect();
            self.frames.push(Frame::Tokens { tokens: tokens.into(), at: 0 });
        }
    }

    /// Gives a token back, to be read next.
    pub(super) fn unread(&mut self, token: Token) {
        self.back.push(token);
    }

    /// Leaves the innermost file.
    pub(super) fn end_file(&mut self) {
        self.back.clear();
        while let Some(frame) = self.frames.pop() {
            if matches!(frame, Frame::Text { .. }) {
                break;
            }
        }
    }

    /// Everything that is still to be read, put aside.
    pub(super) fn put_aside(&mut self) -> Aside {
        Aside { frames: std::mem::take(&mut self.frames), back: std::mem::take(&mut self.back) }
    }

    pub(super) fn take_back(&mut self, aside: Aside) {
        self.frames = aside.frames;
        self.back = aside.back;
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        if self.exhausted() {
            return None;
        }
        self.spent += 1;
        if let Some(token) = self.back.pop() {
            return Some(token);
        }
        loop {
            let token = match self.frames.last_mut()? {
                Frame::Tokens { tokens, at } => {
                    let token = tokens.get(*at).cloned();
                    *at += 1;
                    token
                }
                Frame::Text { text, at, .. } => lex(text, at, self.at_letter),
            };
            match token {
                Some(token) => return Some(token),
                None => drop(self.frames.pop()),
            }
        }
    }

    /// The text up to `end`, as it stands: only where a file is being read.
    pub(super) fn raw_until(&mut self, end: &str) -> Option<String> {
        let Some(Frame::Text { text, at, .. }) = self.frames.last_mut() else { return None };
        let length = text[*at..].find(end)?;
        let raw = text[*at..*at + length].to_string();
        *at += length + end.len();
        self.spent += raw.len();
        Some(raw)
    }

    /// What stands in braces here, as it stands (of an address: `%`, `#` and `_` mean themselves). Only where a file is being read.
    pub(super) fn raw_group(&mut self) -> Option<String> {
        let Some(Frame::Text { text, at, .. }) = self.frames.last_mut().filter(|_| self.back.is_empty()) else { return None };
        let rest = &text[*at..];
        let open = rest.len() - rest.trim_start().len();
        let inner = rest[open..].strip_prefix('{')?;
        let (mut depth, mut escaped) = (0usize, false);
        for (index, c) in inner.char_indices().take(4096) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '{' => depth += 1,
                '}' if depth == 0 => {
                    let raw = inner[..index].to_string();
                    *at += open + 1 + index + 1;
                    return Some(raw);
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
        None
    }
}

/// What [`Input::put_aside`] took.
pub(super) struct Aside {
    frames: Vec<Frame>,
    back: Vec<Token>,
}

/// The next token of a text; `at` moves on.
fn lex(text: &str, at: &mut usize, at_letter: bool) -> Option<Token> {
    loop {
        let rest = text.get(*at..)?;
        let c = rest.chars().next()?;
        let width = c.len_utf8();
        match c {
            '%' => {
                // A comment takes its line's end and the next line's indent with it, but no empty line.
                let line = rest.find('\n').map_or(rest.len(), |end| end + 1);
                let next = &rest[line..];
                *at += line + (next.len() - next.trim_start_matches([' ', '\t']).len());
            }
            c if c.is_whitespace() && c != '\u{a0}' => {
                let space = rest.find(|c: char| !c.is_whitespace() || c == '\u{a0}').unwrap_or(rest.len());
                *at += space;
                let lines = rest[..space].matches('\n').count();
                return Some(if lines > 1 { Token::Par } else { Token::Space });
            }
            '\\' => return Some(lex_command(rest, at, at_letter)),
            _ => {
                *at += width;
                match c {
                    '{' => return Some(Token::Open),
                    '}' => return Some(Token::Close),
                    '&' => return Some(Token::Align),
                    '$' if rest[1..].starts_with('$') => {
                        *at += 1;
                        return Some(Token::command("$$"));
                    }
                    '$' => return Some(Token::Math),
                    '~' => return Some(Token::Char('\u{a0}')),
                    '#' => {
                        if let Some(digit) = rest[1..].chars().next().and_then(|d| d.to_digit(10)) {
                            *at += 1;
                            return Some(Token::Parameter(digit as u8));
                        }
                    }
                    // Signs without a meaning of their own stand for places that are filled in at the end.
                    c if c.is_control() || is_private(c) => {}
                    c => return Some(Token::Char(c)),
                }
            }
        }
    }
}

/// Characters of no meaning that all share; the reader uses some for itself.
pub(super) fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

fn lex_command(rest: &str, at: &mut usize, at_letter: bool) -> Token {
    let after = &rest[1..];
    let is_letter = |c: char| c.is_ascii_alphabetic() || at_letter && c == '@';
    let name = after.find(|c: char| !is_letter(c)).unwrap_or(after.len());
    if name == 0 {
        let Some(sign) = after.chars().next() else {
            *at += 1;
            return Token::Char('\\');
        };
        *at += 1 + sign.len_utf8();
        return match sign {
            c if c.is_whitespace() => Token::command(" "),
            c => Token::Command(c.encode_utf8(&mut [0; 4]).into()),
        };
    }
    // Spaces after a name belong to it; an empty line does not.
    let tail = &after[name..];
    let space = tail.len() - tail.trim_start().len();
    let ends_paragraph = tail[..space].matches('\n').count() > 1;
    *at += 1 + name + if ends_paragraph { 0 } else { space };
    Token::command(&after[..name])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        let mut input = Input::new();
        assert!(input.push_file(text, "a.tex"));
        let mut out = String::new();
        while let Some(token) = input.next() {
            match token {
                Token::Command(name) => out += &format!("<{name}>"),
                Token::Char(c) => out.push(c),
                Token::Space => out.push('_'),
                Token::Par => out.push('|'),
                Token::Open => out.push('('),
                Token::Close => out.push(')'),
                Token::Math => out.push('$'),
                Token::Align => out.push('&'),
                Token::Parameter(n) => out += &format!("#{n}"),
            }
        }
        out
    }

    #[test]
    fn tokens() {
        assert_eq!(words("a  b\n\nc"), "a_b|c");
        assert_eq!(words("a% gone\n  b \\emph {c}\\%"), "ab_<emph>(c)<%>");
        assert_eq!(words("\\a\n\nb $x$ $$y$$"), "<a>|b_$x$_<$$>y<$$>");
        assert_eq!(words("#1 \\\\ & \\"), "#1_<\\>_&_\\");
        assert_eq!(words("\u{f0000}1\u{7}"), "1");
    }

    #[test]
    fn a_file_is_not_read_within_itself() {
        let mut input = Input::new();
        assert!(input.push_file("a", "a.tex") && !input.push_file("a", "a.tex"));
    }
}
