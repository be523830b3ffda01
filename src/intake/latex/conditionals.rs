//! `\if...`, `\else`, `\fi`: which part of the text holds.

use super::macros::argument;
use super::reader::Reader;
use super::tokens::Token;

impl Reader<'_> {
    /// `\if...`: the part that holds is read on, the other passed over.
    pub(super) fn conditional(&mut self, name: &str) -> bool {
        match name {
            "fi" => {}
            // The first part was read: what comes now does not hold.
            "else" | "or" => self.pass_over(false),
            "iftrue" => {}
            "iffalse" => self.pass_over(true),
            "ifx" | "if" | "ifcat" => {
                let (a, b) = (self.input.next(), self.input.next());
                let meaning = |token: &Option<Token>| match token {
                    Some(Token::Command(name)) => self.macros.get(name).cloned(),
                    _ => None,
                };
                let same = a == b || meaning(&a).is_some() && meaning(&a) == meaning(&b);
                if !same {
                    self.pass_over(true);
                }
            }
            "ifdefined" => {
                let defined = matches!(self.input.next(), Some(Token::Command(name)) if self.macros.get(&name).is_some());
                if !defined {
                    self.pass_over(true);
                }
            }
            "ifnum" | "ifdim" | "ifodd" | "ifcase" | "ifcsname" | "ifhmode" | "ifvmode" | "ifmmode" | "ifinner" | "ifvoid"
            | "ifeof" | "ifhbox" | "ifvbox" | "ifpdf" | "ifxetex" | "ifluatex" | "ifPDFTeX" => {
                self.pass_over(true);
            }
            "ifthenelse" => {
                argument(&mut self.input);
                argument(&mut self.input);
                let other = argument(&mut self.input);
                self.input.push(other.into());
            }
            _ => match name.strip_prefix("if").and_then(|flag| self.macros.flag(flag)) {
                Some(true) => {}
                Some(false) => self.pass_over(true),
                None => return false,
            },
        }
        true
    }

    /// Passes over what does not hold, up to its `\fi`, or to its `\else` if that part is to be read.
    pub(super) fn pass_over(&mut self, to_else: bool) {
        let mut depth = 0usize;
        while let Some(token) = self.input.next() {
            let Token::Command(name) = &token else { continue };
            match &**name {
                "fi" if depth == 0 => break,
                "fi" => depth -= 1,
                "else" if depth == 0 && to_else => break,
                "ifthenelse" | "iff" => {}
                name if name.starts_with("if") && self.is_conditional(name) => depth += 1,
                _ => {}
            }
        }
    }

    pub(super) fn is_conditional(&self, name: &str) -> bool {
        const KNOWN: [&str; 24] = [
            "if",
            "ifx",
            "ifcat",
            "ifnum",
            "ifdim",
            "ifodd",
            "ifcase",
            "iftrue",
            "iffalse",
            "ifdefined",
            "ifcsname",
            "ifhmode",
            "ifvmode",
            "ifmmode",
            "ifinner",
            "ifvoid",
            "ifeof",
            "ifhbox",
            "ifvbox",
            "ifpdf",
            "ifxetex",
            "ifluatex",
            "ifPDFTeX",
            "iffontchar",
        ];
        KNOWN.contains(&name) || self.macros.flag(&name[2..]).is_some()
    }
}
