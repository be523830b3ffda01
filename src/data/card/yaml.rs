//! The part of YAML that cards use: maps, lists, plain and quoted scalars, block scalars, flow lists and maps, comments. Everything else
//! (anchors, aliases, tags, tabs as indentation) is an error that names its line. All scalars stay text.

use super::scalar::{closing, quoted_end, scalar};

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Yaml {
    Null,
    Text(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    pub(super) fn get(&self, key: &str) -> Option<&Yaml> {
        match self {
            Yaml::Map(entries) => entries.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Yaml::Text(text) => Some(text),
            _ => None,
        }
    }
    pub(super) fn in_words(&self) -> String {
        match self {
            Yaml::Null => "nothing".into(),
            Yaml::Text(text) => format!("the text `{text}`"),
            Yaml::List(_) => "a list".into(),
            Yaml::Map(_) => "a map".into(),
        }
    }
}

/// What is wrong, on which line (from 0).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) line: usize,
    pub(super) what: String,
}

type Result<T> = std::result::Result<T, Broken>;

/// Parses a document.
pub(super) fn parse(text: &str) -> Result<Yaml> {
    let lines: Vec<Line> = text.lines().enumerate().map(|(number, raw)| Line::new(number, raw)).collect();
    let mut parser = Parser { lines, at: 0, depth: 0 };
    let value = parser.block(0)?;
    match parser.peek() {
        None => Ok(value),
        Some(line) => Err(line.broken("its indentation fits nothing above")),
    }
}

struct Line<'a> {
    number: usize,
    indent: usize,
    raw: &'a str,
    /// Without indentation and comment; empty for a blank line.
    content: &'a str,
}

impl<'a> Line<'a> {
    fn new(number: usize, raw: &'a str) -> Self {
        let trimmed = raw.trim_start_matches(' ');
        Line { number, indent: raw.len() - trimmed.len(), raw, content: without_comment(trimmed) }
    }
    fn broken(&self, what: impl Into<String>) -> Broken {
        Broken { line: self.number, what: what.into() }
    }
}

/// Cuts ` # ...` outside quotes.
pub(super) fn without_comment(text: &str) -> &str {
    let (mut at, mut before) = (0, ' ');
    while let Some(c) = text[at..].chars().next() {
        at += match c {
            '#' if before == ' ' => return text[..at].trim_end(),
            '"' | '\'' if matches!(before, ' ' | '[' | ',' | '{') => match quoted_end(&text[at..]) {
                Some(end) => end,
                // They go on over lines.
                None => break,
            },
            c => c.len_utf8(),
        };
        before = c;
    }
    text.trim_end()
}

struct Parser<'a> {
    lines: Vec<Line<'a>>,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    /// The next line that is not blank.
    fn peek(&mut self) -> Option<&Line<'a>> {
        while self.lines.get(self.at).is_some_and(|l| l.content.is_empty()) {
            self.at += 1;
        }
        self.lines.get(self.at)
    }

    /// A value whose lines are indented by at least `least`. One that is neither a list nor a map goes on over all such lines.
    fn block(&mut self, least: usize) -> Result<Yaml> {
        let Some(line) = self.peek() else { return Ok(Yaml::Null) };
        let (indent, content, number) = (line.indent, line.content, line.number);
        if indent < least {
            return Ok(Yaml::Null);
        }
        self.depth += 1;
        if self.depth > 64 {
            return Err(Broken { line: number, what: "it is nested too deeply".into() });
        }
        let value = if is_item(content) {
            self.list(indent)
        } else if split_key(content).is_some() {
            self.map(indent)
        } else {
            self.at += 1;
            self.inline(content, number, least)
        };
        self.depth -= 1;
        value
    }

    fn list(&mut self, indent: usize) -> Result<Yaml> {
        let mut items = Vec::new();
        while let Some(line) = self.peek() {
            if line.indent != indent || !is_item(line.content) {
                break;
            }
            let rest = line.content[1..].trim_start();
            if rest.is_empty() {
                self.at += 1;
                items.push(self.block(indent + 1)?);
            } else {
                // The item's own content begins further right on the same line.
                let inner = indent + (line.content.len() - rest.len());
                let (content, at) = (rest, self.at);
                self.lines[at].indent = inner;
                self.lines[at].content = content;
                items.push(self.block(indent + 1)?);
            }
        }
        Ok(Yaml::List(items))
    }

    fn map(&mut self, indent: usize) -> Result<Yaml> {
        let mut entries: Vec<(String, Yaml)> = Vec::new();
        while let Some(line) = self.peek() {
            if line.indent != indent || is_item(line.content) {
                break;
            }
            let (number, content) = (line.number, line.content);
            let (key, rest) =
                split_key(content).ok_or_else(|| line.broken(format!("expected `key: value`, found `{content}`")))?;
            let key = scalar(key).map_err(|what| Broken { line: number, what })?;
            if entries.iter().any(|(known, _)| *known == key) {
                return Err(Broken { line: number, what: format!("the key `{key}` stands twice") });
            }
            self.at += 1;
            let value = if rest.is_empty() {
                // A list may stand as far left as its key.
                let item_here = self.peek().is_some_and(|next| next.indent == indent && is_item(next.content));
                if item_here { self.list(indent)? } else { self.block(indent + 1)? }
            } else {
                self.inline(rest, number, indent + 1)?
            };
            entries.push((key, value));
        }
        Ok(Yaml::Map(entries))
    }

    /// A value that begins on a line of its own key, and may go on below, in lines that are indented by at least `least`.
    fn inline(&mut self, text: &str, number: usize, least: usize) -> Result<Yaml> {
        match text.chars().next() {
            Some('|' | '>') => Ok(Yaml::Text(self.block_scalar(text.starts_with('>'), least))),
            Some('[' | '{') => {
                let mut whole = text.to_string();
                while !is_closed(&whole) {
                    match self.peek() {
                        Some(line) if line.indent >= least || matches!(line.content, "]" | "}") => {
                            whole.push(' ');
                            whole.push_str(line.content);
                            self.at += 1;
                        }
                        _ => return Err(Broken { line: number, what: "a bracket is never closed".into() }),
                    }
                }
                let mut flow = Flow { rest: &whole, number, depth: 0 };
                let value = flow.value()?;
                match flow.rest.trim() {
                    "" => Ok(value),
                    more => Err(Broken { line: number, what: format!("unexpected `{more}` behind a bracket") }),
                }
            }
            Some('&' | '*' | '!' | '%' | '@' | '`') => {
                Err(Broken { line: number, what: format!("`{text}` uses YAML that cards do not need") })
            }
            Some(quote @ ('"' | '\'')) => Ok(Yaml::Text(self.quoted(text, number, quote)?)),
            _ => {
                let mut whole = text.to_string();
                while let Some(line) = self.peek() {
                    if line.indent < least || split_key(line.content).is_some() {
                        break;
                    }
                    whole.push(' ');
                    whole.push_str(line.content);
                    self.at += 1;
                }
                Ok(if matches!(whole.as_str(), "null" | "~") { Yaml::Null } else { Yaml::Text(whole) })
            }
        }
    }

    /// A value in quotes, which goes on over lines until these are closed.
    fn quoted(&mut self, text: &str, number: usize, quote: char) -> Result<String> {
        let broken = |what: String| Broken { line: number, what };
        let (mut whole, mut end) = (text.to_string(), quoted_end(text));
        while end.is_none() {
            let Some(line) = self.lines.get(self.at) else { break };
            whole.push('\n');
            // What looks like a comment is none.
            let more = line.raw.trim();
            end = closing(more, quote).map(|end| whole.len() + end);
            whole.push_str(more);
            self.at += 1;
        }
        let end = end.ok_or_else(|| broken(format!("the quote of `{text}` is never closed")))?;
        let (value, behind) = whole.split_at(end);
        match behind.trim_start() {
            more if more.is_empty() || more.starts_with('#') => scalar(value).map_err(broken),
            more => Err(broken(format!("unexpected `{more}` behind a quote"))),
        }
    }

    fn block_scalar(&mut self, folded: bool, least: usize) -> String {
        let mut lines: Vec<&str> = Vec::new();
        let mut inner = None;
        while let Some(line) = self.lines.get(self.at) {
            let blank = line.raw.trim().is_empty();
            if !blank && line.indent < least {
                break;
            }
            let from = *inner.get_or_insert(line.indent);
            lines.push(if blank { "" } else { line.raw.get(from..).unwrap_or_default() });
            self.at += 1;
        }
        lines.join(if folded { " " } else { "\n" }).trim_end().to_string()
    }
}

pub(super) fn is_item(content: &str) -> bool {
    content == "-" || content.starts_with("- ")
}

/// `key: rest` or `key:`, the colon outside quotes and brackets.
pub(super) fn split_key(content: &str) -> Option<(&str, &str)> {
    if content.starts_with(['[', '{', '|', '>']) {
        return None;
    }
    let parted = |at: usize| {
        let rest = content[at..].strip_prefix(':').filter(|rest| rest.is_empty() || rest.starts_with(' '))?;
        Some((content[..at].trim(), rest.trim()))
    };
    if content.starts_with(['"', '\'']) {
        let end = quoted_end(content)?;
        return parted(content.len() - content[end..].trim_start().len());
    }
    content.match_indices(':').find_map(|(at, _)| parted(at))
}

fn is_closed(text: &str) -> bool {
    let (mut open, mut before, mut rest) = (0i32, ' ', text);
    while let Some(c) = rest.chars().next() {
        let mut end = c.len_utf8();
        match c {
            '"' | '\'' if matches!(before, ' ' | '[' | '{' | ',' | ':') => match quoted_end(rest) {
                Some(closed) => end = closed,
                None => return false,
            },
            '[' | '{' => open += 1,
            ']' | '}' => open -= 1,
            _ => {}
        }
        (before, rest) = (c, &rest[end..]);
    }
    open <= 0
}

/// `[a, "b"]` and `{a: b}`.
struct Flow<'a> {
    rest: &'a str,
    number: usize,
    depth: usize,
}

impl Flow<'_> {
    fn value(&mut self) -> Result<Yaml> {
        self.rest = self.rest.trim_start();
        self.depth += 1;
        if self.depth > 64 {
            return Err(self.broken("it is nested too deeply"));
        }
        let value = match self.rest.chars().next() {
            Some('[') => {
                let mut items = Vec::new();
                while self.next_of(']', items.is_empty())? {
                    items.push(self.value()?);
                }
                Yaml::List(items)
            }
            Some('{') => {
                let mut entries = Vec::new();
                while self.next_of('}', entries.is_empty())? {
                    let key = self.word(&[':'])?;
                    self.rest = self.rest.trim_start().strip_prefix(':').ok_or_else(|| self.broken("a key has no value"))?;
                    entries.push((key, self.value()?));
                }
                Yaml::Map(entries)
            }
            _ => Yaml::Text(self.word(&[',', ']', '}'])?),
        };
        self.depth -= 1;
        Ok(value)
    }

    /// Steps over the opening bracket (`first`) or a comma; false, and over it, at the closing bracket.
    fn next_of(&mut self, close: char, first: bool) -> Result<bool> {
        self.rest = self.rest.trim_start();
        if first && self.rest.starts_with(['[', '{']) {
            self.rest = self.rest[1..].trim_start();
        } else if let Some(rest) = self.rest.strip_prefix(',') {
            self.rest = rest.trim_start();
        } else if !self.rest.starts_with(close) {
            return Err(self.broken("expected a comma or a closing bracket"));
        }
        if let Some(rest) = self.rest.strip_prefix(close) {
            self.rest = rest;
            return Ok(false);
        }
        Ok(true)
    }

    fn word(&mut self, ends: &[char]) -> Result<String> {
        let text = self.rest.trim_start();
        let end = match text.starts_with(['"', '\'']) {
            true => quoted_end(text).ok_or_else(|| self.broken("a quote is never closed"))?,
            false => text.find(ends).unwrap_or(text.len()),
        };
        self.rest = &text[end..];
        scalar(text[..end].trim()).map_err(|what| self.broken(&what))
    }

    fn broken(&self, what: &str) -> Broken {
        Broken { line: self.number, what: what.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(s: &str) -> Yaml {
        Yaml::Text(s.into())
    }

    #[test]
    fn what_cards_use_is_read() {
        let check = |source: &str, key: &str, expected: Yaml| {
            let root = parse(source).unwrap_or_else(|e| panic!("{source}: {e:?}"));
            assert_eq!(root.get(key), Some(&expected), "{source}");
        };
        check("a: b", "a", text("b"));
        check("a: 'it''s' # not this", "a", text("it's"));
        check("a: \"x\\ty: z\"", "a", text("x\ty: z"));
        check("a: http://x.y/#z", "a", text("http://x.y/#z"));
        check("a:\nb: c", "a", Yaml::Null);
        check(
            "a:\n- b\n- c: d\n  e: f\n",
            "a",
            Yaml::List(vec![text("b"), Yaml::Map(vec![("c".into(), text("d")), ("e".into(), text("f"))])]),
        );
        check("a:\n  - - b", "a", Yaml::List(vec![Yaml::List(vec![text("b")])]));
        check("a: [b, 'c, d', {e: f}]", "a", Yaml::List(vec![text("b"), text("c, d"), Yaml::Map(vec![("e".into(), text("f"))])]));
        check("a: []", "a", Yaml::List(vec![]));
        check("a: [\n  b,\n  c\n]", "a", Yaml::List(vec![text("b"), text("c")]));
        check("a: |\n  one\n  two: x\nb: c", "a", text("one\ntwo: x"));
        check("a: >-\n  one\n  two\nb: c", "b", text("c"));
        check("a: one\n  two\nb: c", "a", text("one two"));
        check("a:\n  one\n  two\nb: c", "a", text("one two"));
        check("a: ['it''s', it's, \"x\\\"]\"]", "a", Yaml::List(vec![text("it's"), text("it's"), text("x\"]")]));
        check("a: |\n  one\nb:\n- |\n  two\n- c", "b", Yaml::List(vec![text("two"), text("c")]));
    }

    /// As PyYAML breaks lines that are too long.
    #[test]
    fn what_goes_on_over_lines_is_one_value() {
        let source = "a: 'it''s # one,\n\n  two: # three' # four\nb: \"one \\\n  \\ two: # three\\\n  \\xe9\"\n\
                      c:\n- one\n  - two\n- 'three:\n  four'\n- d: five\n    six\n  e: 'seven\n\n    eight'\n";
        let root = parse(source).unwrap_or_else(|e| panic!("{source}: {e:?}"));
        assert_eq!(root.get("a"), Some(&text("it's # one,\ntwo: # three")));
        assert_eq!(root.get("b"), Some(&text("one  two: # three\u{e9}")));
        let last = Yaml::Map(vec![("d".into(), text("five six")), ("e".into(), text("seven\neight"))]);
        assert_eq!(root.get("c"), Some(&Yaml::List(vec![text("one - two"), text("three: four"), last])));
    }

    #[test]
    fn what_is_broken_names_its_line() {
        for (source, line) in [
            ("a: b\nc", 1),
            ("a: [b", 0),
            ("a: b\nb: 'c", 1),
            ("a: *x", 0),
            ("a: b\na: c", 1),
            ("a: b\n  c: d", 1),
            ("a: 'b' c", 0),
        ] {
            assert_eq!(parse(source).expect_err(source).line, line, "{source}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_and_not_followed() {
        assert!(parse(&format!("a: {}{}", "[".repeat(5000), "]".repeat(5000))).is_err());
        assert!(parse(&"- ".repeat(5000)).is_err());
    }
}
