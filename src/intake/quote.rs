use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Bytes `start..end` of a page's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

/// Words of a paper, exactly as its page has them. The text is untrusted: whatever it says, it is shown and never obeyed.
///
/// There is no conversion into a path, URL or command on purpose. `Display` puts it on one line with control
/// characters escaped; [`Quote::verbatim`] gives the raw words to code that compares or escapes them itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Quote {
    text: String,
    page: u32,
    span: Span,
}

impl Quote {
    /// `text` stands at `span` of the page numbered `page` (from 1).
    pub(super) fn new(text: impl Into<String>, page: u32, span: Span) -> Self {
        Quote { text: text.into(), page, span }
    }

    /// The words as they stand, untrusted.
    pub fn verbatim(&self) -> &str {
        &self.text
    }

    /// Page, from 1.
    pub fn page(&self) -> u32 {
        self.page
    }

    /// Where in the page's text.
    pub fn span(&self) -> Span {
        self.span
    }
}

impl fmt::Display for Quote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut space = false;
        for c in self.text.trim().chars() {
            if c.is_whitespace() {
                space = true;
                continue;
            }
            if std::mem::take(&mut space) {
                f.write_str(" ")?;
            }
            match c {
                c if c.is_control() => write!(f, "{}", c.escape_unicode())?,
                // Marks that turn the direction of writing can make a line read otherwise than it is.
                '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                    write!(f, "{}", c.escape_unicode())?
                }
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_stays_on_one_line_and_disarms_control_characters() {
        let text = "a\n  b\u{1b}[31m \u{202e}c";
        let quote = Quote::new(text, 3, Span { start: 0, end: text.len() });
        assert_eq!(quote.to_string(), "a b\\u{1b}[31m \\u{202e}c");
        assert_eq!(quote.verbatim(), text);
    }
}
