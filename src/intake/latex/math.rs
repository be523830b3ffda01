//! Formulas -> text that reads like a printed one: `10⁻⁴`, `β₁ = 0.9`, `dmodel = 512`, `√dk`, `(a + b)/c`.

use super::macros::{argument, group, optional, spelled};
use super::reader::Reader;
use super::symbols;
use super::tokens::Token;

/// What a part of a formula is, which tells the spaces around it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Class {
    Ordinary,
    Function,
    Binary,
    Relation,
    Open,
    Close,
    Comma,
    /// A blank that was written behind a comma: `64, 128` is no number.
    Parted,
    Space,
}

#[derive(Default)]
struct Line {
    parts: Vec<(String, Class)>,
}

const RELATIONS: &str = "=<>≤≥≠≈∼≃≅≡∝≪≫≺≻⪯⪰⊂⊃⊆⊇∈∉∋⊢⊨≜≐≍≲≳≔≊⋘⋙→←↔⇒⇐⇔↦↪⇀↼⇌⇝:∥";
const BINARIES: &str = "+−×·÷±∓∗⋆∘⊕⊖⊗⊙∧∨∩∪⊓⊔⊎";

impl Line {
    fn push(&mut self, text: &str, class: Class) {
        if !text.is_empty() || matches!(class, Class::Space | Class::Parted) {
            self.parts.push((text.to_string(), class));
        }
    }

    fn sign(&mut self, c: char) {
        let (text, class) = match c {
            '-' => ('−', Class::Binary),
            '*' => ('∗', Class::Binary),
            '|' | '/' => (c, Class::Ordinary),
            '(' | '[' | '{' | '⟨' | '⌊' | '⌈' => (c, Class::Open),
            ')' | ']' | '}' | '⟩' | '⌋' | '⌉' => (c, Class::Close),
            ',' | ';' => (c, Class::Comma),
            c if RELATIONS.contains(c) => (c, Class::Relation),
            c if BINARIES.contains(c) => (c, Class::Binary),
            '\'' => ('′', Class::Ordinary),
            c => (c, Class::Ordinary),
        };
        // `10,000` is one number.
        let mut buffer = [0; 4];
        self.push(text.encode_utf8(&mut buffer), class);
    }

    fn finish(self) -> String {
        let mut out = String::new();
        let mut last: Option<Class> = None;
        // A set or list has no thousands: `{64,128}`.
        let mut listed = 0i32;
        for (index, (text, class)) in self.parts.iter().enumerate() {
            let next = self.parts.get(index + 1);
            let operand = matches!(last, Some(Class::Ordinary | Class::Close | Class::Function));
            match class {
                Class::Relation => {
                    space(&mut out);
                    out.push_str(text);
                    out.push(' ');
                }
                Class::Binary if operand && next.is_some() => {
                    space(&mut out);
                    out.push_str(text);
                    out.push(' ');
                }
                Class::Comma => {
                    out.push_str(text);
                    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
                    let before = out.chars().rev().nth(1);
                    let within = listed <= 0 && digit(before) && thousands(&self.parts[index + 1..]);
                    if !within && next.is_some() {
                        out.push(' ');
                    }
                }
                Class::Function => {
                    if operand {
                        space(&mut out);
                    }
                    out.push_str(text);
                    if next.is_some_and(|(_, class)| matches!(class, Class::Ordinary | Class::Function)) {
                        out.push(' ');
                    }
                }
                Class::Space => {
                    // `10\,000` is one number.
                    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
                    if !(digit(out.chars().next_back()) && next.is_some_and(|(text, _)| digit(text.chars().next()))) {
                        space(&mut out);
                    }
                }
                Class::Parted => space(&mut out),
                Class::Ordinary | Class::Open | Class::Close | Class::Binary => out.push_str(text),
            }
            listed += match (class, text.as_str()) {
                (Class::Open, "{" | "[") => 1,
                (Class::Close, "}" | "]") => -1,
                _ => 0,
            };
            last = if matches!(class, Class::Space | Class::Parted) { last } else { Some(*class) };
        }
        out.trim().to_string()
    }
}

/// Whether three digits follow, and no more of them.
fn thousands(parts: &[(String, Class)]) -> bool {
    let digits = |(text, _): &&(String, Class)| text.len() == 1 && text.starts_with(|c: char| c.is_ascii_digit());
    parts.iter().take_while(digits).count() == 3
}

fn space(out: &mut String) {
    if !out.is_empty() && !out.ends_with(' ') {
        out.push(' ');
    }
}

/// How deep formulas may be in each other.
const MAX_DEPTH: usize = 40;

impl Reader<'_> {
    /// A formula as text.
    pub(super) fn formula(&mut self, tokens: Vec<Token>) -> String {
        if self.depth > MAX_DEPTH {
            return spelled(&tokens);
        }
        self.depth += 1;
        let aside = self.input.put_aside();
        self.input.push(tokens.into());
        let mut line = Line::default();
        while let Some(token) = self.input.next() {
            self.math_token(token, &mut line);
        }
        self.input.take_back(aside);
        self.depth -= 1;
        line.finish()
    }

    fn math_token(&mut self, token: Token, line: &mut Line) {
        match token {
            Token::Char('^') => self.script(line, true),
            Token::Char('_') => self.script(line, false),
            Token::Char('\u{a0}') | Token::Align => line.push("", Class::Space),
            Token::Char(c) => line.sign(c),
            Token::Open => {
                let tokens = group(&mut self.input);
                // Braces around a sign alone make it an ordinary one: `10{,}000`.
                let inner = self.formula(tokens);
                line.push(&inner, Class::Ordinary);
            }
            Token::Command(name) => self.math_command(&name, line),
            Token::Space if line.parts.last().is_some_and(|(_, class)| *class == Class::Comma) => line.push("", Class::Parted),
            Token::Close | Token::Space | Token::Par | Token::Math | Token::Parameter(_) => {}
        }
    }

    fn math_argument(&mut self) -> String {
        let tokens = argument(&mut self.input);
        self.formula(tokens)
    }

    fn script(&mut self, line: &mut Line, raised: bool) {
        let inner = self.math_argument();
        let mut text = scripted(&inner, raised);
        // `90.6_{1.2}`: a number with how far it may lie off.
        let is_decimal = |text: &str| text.contains('.') && text.chars().all(|c| c.is_ascii_digit() || c == '.');
        let base = line.parts.last().map_or("", |(base, _)| base.as_str());
        if !raised && is_decimal(&text) && (base.is_empty() || base.ends_with(|c: char| c.is_ascii_digit())) {
            text.insert(0, '±');
        }
        // What it belongs to and the script are one part.
        match line.parts.last_mut().filter(|(_, class)| !matches!(class, Class::Space | Class::Parted)) {
            Some((base, class)) => {
                base.push_str(&text);
                if matches!(class, Class::Binary | Class::Relation) {
                    *class = Class::Ordinary;
                }
            }
            None => line.push(&text, Class::Ordinary),
        }
    }

    fn math_command(&mut self, name: &str, line: &mut Line) {
        match name {
            "frac" | "dfrac" | "tfrac" | "cfrac" | "nicefrac" | "sfrac" | "flatfrac" => {
                let (over, under) = (self.math_argument(), self.math_argument());
                line.push(&format!("{}/{}", in_brackets(over), in_brackets(under)), Class::Ordinary);
            }
            "sqrt" => {
                let degree = optional(&mut self.input).map(|tokens| self.formula(tokens)).unwrap_or_default();
                let inner = self.math_argument();
                line.push(
                    &format!("{}√{}", scripted(&degree, true).trim_start_matches('^'), in_brackets(inner)),
                    Class::Ordinary,
                );
            }
            "binom" | "dbinom" | "tbinom" => {
                let (over, under) = (self.math_argument(), self.math_argument());
                line.push(&format!("C({over}, {under})"), Class::Ordinary);
            }
            "text" | "textrm" | "textit" | "textbf" | "textsf" | "texttt" | "textnormal" | "textsc" | "mbox" | "hbox"
            | "intertext" | "textup" | "emph" => {
                let tokens = argument(&mut self.input);
                let text = self.text_of(tokens);
                line.push(&text, Class::Ordinary);
            }
            "operatorname" | "DeclareMathOperator" => {
                super::macros::star(&mut self.input);
                let text = self.math_argument();
                line.push(&text.replace('−', "-"), Class::Function);
            }
            "mathrm" | "mathbf" | "mathit" | "mathsf" | "mathtt" | "mathcal" | "mathbb" | "mathfrak" | "mathscr"
            | "boldsymbol" | "bm" | "pmb" | "mathnormal" | "hat" | "widehat" | "tilde" | "widetilde" | "bar" | "overline"
            | "underline" | "vec" | "dot" | "ddot" | "check" | "breve" | "acute" | "grave" | "mathring" | "boxed"
            | "ensuremath" | "mathop" | "mathrel" | "mathbin" | "mathord" | "mathopen" | "mathclose" | "smash" | "overbrace"
            | "underbrace" | "mathds" | "mathbbm" | "cancel" | "overrightarrow" => {
                let tokens = argument(&mut self.input);
                // `1 \mathrm{~to~} 2`: the blanks within part it from its neighbours.
                let drawn = |token: &&Token| !matches!(token, Token::Space);
                let blank = |token: Option<&Token>| token.is_some_and(|token| matches!(token, Token::Char('\u{a0}')));
                let (before, after) = (blank(tokens.iter().find(drawn)), blank(tokens.iter().rev().find(drawn)));
                let text = self.formula(tokens);
                if before {
                    line.push("", Class::Space);
                }
                line.push(&text, Class::Ordinary);
                if after {
                    line.push("", Class::Space);
                }
            }
            "underset" | "overset" | "stackrel" => {
                let (beside, base) = (self.math_argument(), self.math_argument());
                line.push(&format!("{base}{}", scripted(&beside, name != "underset")), Class::Ordinary);
            }
            "left" | "right" | "middle" | "big" | "Big" | "bigg" | "Bigg" | "bigl" | "bigr" | "Bigl" | "Bigr" | "biggl"
            | "biggr" | "Biggl" | "Biggr" | "bigm" | "Bigm" => {
                // The sign after it, where it is none, is not drawn.
                match self.input.next() {
                    Some(Token::Char('.')) | None => {}
                    Some(token) => self.math_token(token, line),
                }
            }
            "begin" => {
                let tokens = argument(&mut self.input);
                self.math_environment(&spelled(&tokens), line);
            }
            "end" | "label" | "tag" | "phantom" | "hphantom" | "vphantom" | "hspace" | "vspace" | "kern" | "color"
            | "mathcolor" | "raisebox" => {
                super::macros::star(&mut self.input);
                argument(&mut self.input);
            }
            "textcolor" => {
                optional(&mut self.input);
                argument(&mut self.input);
                let text = self.math_argument();
                line.push(&text, Class::Ordinary);
            }
            "ding" => {
                let sign = self.dingbat();
                line.push(sign, Class::Ordinary);
            }
            "not" => {
                let next = self.math_argument();
                line.push(&if next == "=" { "≠".to_string() } else { format!("{next}\u{338}") }, Class::Relation);
            }
            "\\" | "newline" | "cr" => {
                optional(&mut self.input);
                line.push("", Class::Space);
            }
            "%" | "&" | "#" | "_" | "$" => line.push(name, Class::Ordinary),
            "{" => line.sign('{'),
            "}" => line.sign('}'),
            "limits" | "nolimits" | "displaystyle" | "textstyle" | "scriptstyle" | "scriptscriptstyle" | "nonumber" | "notag"
            | "hline" | "rm" | "bf" | "it" | "cal" | "mathstrut" | "strut" | "!" | "allowbreak" | "nobreak" => {}
            "ref" | "eqref" | "cite" | "citep" | "citet" | "url" | "footnote" | "footnotemark" | "unboldmath" => {
                self.input.unread(Token::command(name));
                let tokens = self.one_command();
                let text = self.text_of(tokens);
                line.push(&text, Class::Ordinary);
            }
            _ if self.macros.expand(name, &mut self.input) => {}
            _ if self.definition(name) => {}
            _ if symbols::is_function(name) => line.push(symbols::symbol(name).unwrap_or(name), Class::Function),
            _ => match symbols::symbol(name) {
                Some(sign) if sign.trim().is_empty() => {
                    if !sign.is_empty() {
                        line.push("", Class::Space);
                    }
                }
                Some(sign) => match (sign.chars().next(), sign.chars().nth(1)) {
                    (Some(one), None) => line.sign(one),
                    _ => line.push(sign, Class::Ordinary),
                },
                None => {}
            },
        }
    }

    /// A command with its arguments, to be read as text.
    fn one_command(&mut self) -> Vec<Token> {
        let mut tokens: Vec<Token> = self.input.next().into_iter().collect();
        if let Some(inner) = optional(&mut self.input) {
            tokens.push(Token::Char('['));
            tokens.extend(inner);
            tokens.push(Token::Char(']'));
        }
        tokens.push(Token::Open);
        tokens.extend(argument(&mut self.input));
        tokens.push(Token::Close);
        tokens
    }

    /// Rows of a matrix or of cases, parted by `;`.
    fn math_environment(&mut self, name: &str, line: &mut Line) {
        let bare = name.trim_end_matches('*');
        let inner = self.until_end(name);
        if bare == "array" || bare == "alignedat" {
            let aside = self.input.put_aside();
            self.input.push(inner.into());
            optional(&mut self.input);
            argument(&mut self.input);
            let mut rest = Vec::new();
            while let Some(token) = self.input.next() {
                rest.push(token);
            }
            self.input.take_back(aside);
            return self.rows(rest, line);
        }
        let (open, close) = match bare {
            "pmatrix" => ('(', ')'),
            "bmatrix" => ('[', ']'),
            "vmatrix" | "Vmatrix" => ('|', '|'),
            "Bmatrix" | "cases" | "dcases" | "rcases" => ('{', '}'),
            _ => return self.rows(inner, line),
        };
        line.sign(open);
        self.rows(inner, line);
        line.sign(close);
    }

    fn rows(&mut self, tokens: Vec<Token>, line: &mut Line) {
        let rows: Vec<String> = tokens.split(|t| t.is_command("\\")).map(|row| self.formula(row.to_vec())).collect();
        let rows: Vec<String> = rows.into_iter().filter(|row| !row.is_empty()).collect();
        line.push(&rows.join("; "), Class::Ordinary);
    }
}

/// Raised or lowered: numbers in their own signs, as the words that are lowered stay on the line.
pub(in crate::intake) fn scripted(text: &str, raised: bool) -> String {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    const LOWERED: [char; 10] = ['₀', '₁', '₂', '₃', '₄', '₅', '₆', '₇', '₈', '₉'];
    let number: Option<String> = text
        .chars()
        .filter(|c| *c != ' ' || !text.contains(", "))
        .map(|c| match (c, c.to_digit(10)) {
            (_, Some(digit)) => Some(if raised { RAISED } else { LOWERED }[digit as usize]),
            ('-' | '−', _) if raised => Some('⁻'),
            (',', _) if raised && text.len() > 1 => Some(','),
            _ => None,
        })
        .collect();
    match number {
        Some(number) => number,
        None if !raised && text.contains(' ') => format!("({text})"),
        None if !raised => text.to_string(),
        None if matches!(text, "′" | "′′" | "∗" | "†" | "‡" | "∘" | "th" | "st" | "nd" | "rd" | "⊤") => {
            text.replace('∘', "°")
        }
        None => format!("^{}", in_brackets(text.to_string())),
    }
}

/// A sum or difference in brackets, what is one thing as it is.
fn in_brackets(text: String) -> String {
    let one = !text.contains([' ', '−', '/']) || text.starts_with('(') && text.find(')') == Some(text.len() - 1);
    if one { text } else { format!("({text})") }
}
