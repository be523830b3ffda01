//! What `\newcommand`, `\def` and their like define, and what a use of it stands for.

use super::tokens::{Input, Token};
use std::collections::HashMap;
use std::rc::Rc;

/// What stands before, between and after the arguments of a macro.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    /// The next argument, in braces or one token.
    Argument,
    /// In brackets, and what it is if it is not there.
    Optional(Rc<[Token]>),
    /// `*`, which is an argument too.
    Star,
    /// Everything up to these tokens.
    Until(Rc<[Token]>),
    /// These tokens, which are no argument.
    Literal(Rc<[Token]>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Macro {
    pub(super) parts: Rc<[Part]>,
    pub(super) body: Rc<[Token]>,
}

#[derive(Debug, Clone)]
pub(super) struct Environment {
    pub(super) begin: Macro,
    pub(super) end: Rc<[Token]>,
}

/// Uses of macros in one paper, and what one argument may be.
const MAX_USES: usize = 400_000;
const MAX_ARGUMENT: usize = 200_000;

#[derive(Default)]
pub(super) struct Macros {
    commands: HashMap<Rc<str>, Macro>,
    pub(super) environments: HashMap<String, Environment>,
    /// `\newif` and what it stands at.
    flags: HashMap<String, bool>,
    uses: usize,
    /// Macros without an end, as they were met.
    pub(super) endless: Vec<String>,
}

impl Macros {
    pub(super) fn get(&self, name: &str) -> Option<&Macro> {
        self.commands.get(name)
    }

    pub(super) fn define(&mut self, name: &str, made: Macro) {
        self.commands.insert(name.into(), made);
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.flags.get(name).copied()
    }

    /// `\newif\ifdraft`.
    pub(super) fn new_flag(&mut self, name: &str) {
        self.flags.insert(name.trim_start_matches("if").to_string(), false);
    }

    /// `\drafttrue`, `\draftfalse`.
    pub(super) fn set_flag(&mut self, command: &str) -> bool {
        let (name, value) = match (command.strip_suffix("true"), command.strip_suffix("false")) {
            (Some(name), _) => (name, true),
            (_, Some(name)) => (name, false),
            _ => return false,
        };
        self.flags.get_mut(name).map(|flag| *flag = value).is_some()
    }

    /// Puts what a use of `name` stands for before the rest of the input; false if it is no macro.
    pub(super) fn expand(&mut self, name: &str, input: &mut Input) -> bool {
        let Some(found) = self.commands.get(name).cloned() else { return false };
        self.uses += 1;
        let made = found.applied(input);
        if self.uses > MAX_USES || !input.push(made) {
            if self.endless.len() < 5 && !self.endless.iter().any(|other| other == name) {
                self.endless.push(name.to_string());
            }
            self.commands.remove(name);
        }
        true
    }
}

impl Macro {
    pub(super) fn new(parts: Vec<Part>, body: Vec<Token>) -> Self {
        Macro { parts: parts.into(), body: body.into() }
    }

    /// The body with its arguments, which are read from the input.
    pub(super) fn applied(&self, input: &mut Input) -> Rc<[Token]> {
        if self.parts.is_empty() {
            return self.body.clone();
        }
        let mut arguments: Vec<Vec<Token>> = Vec::new();
        for part in self.parts.iter() {
            match part {
                Part::Argument => arguments.push(argument(input)),
                Part::Optional(default) => arguments.push(optional(input).unwrap_or_else(|| default.to_vec())),
                Part::Star => arguments.push(if star(input) { vec![Token::Char('*')] } else { Vec::new() }),
                Part::Until(end) => arguments.push(until(input, end)),
                Part::Literal(tokens) => drop(skip_literal(input, tokens)),
            }
        }
        let mut made = Vec::new();
        for token in self.body.iter() {
            match token {
                Token::Parameter(number) => {
                    made.extend_from_slice(arguments.get((*number as usize).wrapping_sub(1)).map_or(&[], Vec::as_slice));
                }
                other => made.push(other.clone()),
            }
            if made.len() > MAX_ARGUMENT {
                break;
            }
        }
        made.into()
    }
}

/// The next argument: what is in braces, or one token.
pub(super) fn argument(input: &mut Input) -> Vec<Token> {
    loop {
        match input.next() {
            None => return Vec::new(),
            Some(Token::Space | Token::Par) => {}
            Some(Token::Open) => return group(input),
            // An argument that is not there: what ends the group above is left to it.
            Some(Token::Close) => {
                input.unread(Token::Close);
                return Vec::new();
            }
            Some(token) => return vec![token],
        }
    }
}

/// What is in braces, after the first of them.
pub(super) fn group(input: &mut Input) -> Vec<Token> {
    let (mut tokens, mut depth) = (Vec::new(), 0usize);
    while let Some(token) = input.next() {
        match token {
            Token::Open => depth += 1,
            Token::Close if depth == 0 => break,
            Token::Close => depth -= 1,
            _ => {}
        }
        tokens.push(token);
        if tokens.len() > MAX_ARGUMENT {
            break;
        }
    }
    tokens
}

/// What is in brackets here, if anything is.
pub(super) fn optional(input: &mut Input) -> Option<Vec<Token>> {
    let spaces = skip_spaces(input);
    match input.next() {
        Some(Token::Char('[')) => {
            let (mut tokens, mut depth, mut brackets) = (Vec::new(), 0usize, 0usize);
            while let Some(token) = input.next() {
                match token {
                    Token::Open => depth += 1,
                    Token::Close if depth == 0 => {
                        input.unread(Token::Close);
                        break;
                    }
                    Token::Close => depth -= 1,
                    Token::Char('[') if depth == 0 => brackets += 1,
                    Token::Char(']') if depth == 0 && brackets == 0 => break,
                    Token::Char(']') if depth == 0 => brackets -= 1,
                    _ => {}
                }
                tokens.push(token);
                if tokens.len() > MAX_ARGUMENT {
                    break;
                }
            }
            Some(tokens)
        }
        other => {
            other.into_iter().for_each(|token| input.unread(token));
            if spaces {
                input.unread(Token::Space);
            }
            None
        }
    }
}

pub(super) fn star(input: &mut Input) -> bool {
    match input.next() {
        Some(Token::Char('*')) => true,
        other => {
            other.into_iter().for_each(|token| input.unread(token));
            false
        }
    }
}

/// Whether there were any.
pub(super) fn skip_spaces(input: &mut Input) -> bool {
    let mut any = false;
    loop {
        match input.next() {
            Some(Token::Space) => any = true,
            Some(token) => {
                input.unread(token);
                return any;
            }
            None => return any,
        }
    }
}

fn until(input: &mut Input, end: &[Token]) -> Vec<Token> {
    let (mut tokens, mut depth) = (Vec::new(), 0usize);
    while let Some(token) = input.next() {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        tokens.push(token);
        if depth == 0 && tokens.ends_with(end) {
            tokens.truncate(tokens.len() - end.len());
            break;
        }
        if tokens.len() > MAX_ARGUMENT {
            break;
        }
    }
    tokens
}

fn skip_literal(input: &mut Input, tokens: &[Token]) -> bool {
    for expected in tokens {
        match input.next() {
            Some(found) if found == *expected => {}
            other => {
                other.into_iter().for_each(|token| input.unread(token));
                return false;
            }
        }
    }
    true
}

/// The name that stands here: `\name` or `{\name}`.
pub(super) fn name_here(input: &mut Input) -> Option<Rc<str>> {
    star(input);
    let tokens = argument(input);
    tokens.into_iter().find_map(|token| if let Token::Command(name) = token { Some(name) } else { None })
}

/// `[2][default]{body}` after `\newcommand{\name}`.
pub(super) fn counted(input: &mut Input) -> Macro {
    let count = optional(input).map_or(0, |tokens| digits(&tokens)).min(9);
    let default = if count > 0 { optional(input) } else { None };
    let body = argument(input);
    let mut parts: Vec<Part> = default.into_iter().map(|tokens| Part::Optional(tokens.into())).collect();
    parts.resize(count, Part::Argument);
    Macro::new(parts, body)
}

/// `#1, #2.{body}` after `\def\name`.
pub(super) fn delimited(input: &mut Input) -> Macro {
    let (mut parts, mut text): (Vec<Part>, Vec<Token>) = (Vec::new(), Vec::new());
    let mut open = false;
    let close = |parts: &mut Vec<Part>, text: &mut Vec<Token>, open: bool| {
        let text: Rc<[Token]> = std::mem::take(text).into();
        match (open, text.is_empty()) {
            (true, true) => parts.push(Part::Argument),
            (true, false) => parts.push(Part::Until(text)),
            (false, false) => parts.push(Part::Literal(text)),
            (false, true) => {}
        }
    };
    while let Some(token) = input.next() {
        match token {
            Token::Open => break,
            Token::Parameter(_) if parts.len() < 20 => {
                close(&mut parts, &mut text, open);
                open = true;
            }
            Token::Par => {}
            other if text.len() < 100 => text.push(other),
            _ => {}
        }
    }
    close(&mut parts, &mut text, open);
    let body = group(input);
    Macro::new(parts, body)
}

/// `{m o O{x} s}{body}` after `\NewDocumentCommand\name`.
pub(super) fn described(input: &mut Input) -> Macro {
    let spec = argument(input);
    let mut parts = Vec::new();
    let mut at = 0;
    while at < spec.len() && parts.len() < 9 {
        let group_after = |at: usize| {
            let inner: Vec<Token> = match spec.get(at + 1) {
                Some(Token::Open) => spec[at + 2..].iter().take_while(|t| **t != Token::Close).cloned().collect(),
                _ => Vec::new(),
            };
            inner
        };
        match &spec[at] {
            Token::Char('m' | 'r' | 'v') => parts.push(Part::Argument),
            Token::Char('o') => parts.push(Part::Optional(Rc::from([]))),
            Token::Char('O') => {
                let default = group_after(at);
                at += default.len() + 2;
                parts.push(Part::Optional(default.into()));
            }
            Token::Char('s') => parts.push(Part::Star),
            _ => {}
        }
        at += 1;
    }
    Macro::new(parts, argument(input))
}

/// The number that tokens spell; 0 for none.
pub(super) fn digits(tokens: &[Token]) -> usize {
    let text: String = tokens.iter().filter_map(|t| if let Token::Char(c) = t { Some(*c) } else { None }).collect();
    text.trim().parse().unwrap_or(0)
}

/// Characters of tokens, commands left out.
pub(super) fn spelled(tokens: &[Token]) -> String {
    let mut out = String::new();
    for token in tokens {
        match token {
            Token::Char(c) => out.push(*c),
            Token::Space => out.push(' '),
            Token::Command(name) if name.len() == 1 && !name.starts_with(char::is_alphanumeric) => out.push_str(name),
            _ => {}
        }
    }
    out.trim().to_string()
}
