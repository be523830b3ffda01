//! Emphasis in plain text. The caller says whether the terminal has colours; without them the words alone carry the meaning.

/// How text for a terminal is emphasised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Plain,
    Color,
}

impl Style {
    pub fn bold(self, text: &str) -> String {
        self.sgr("1", text)
    }
    pub fn dim(self, text: &str) -> String {
        self.sgr("2", text)
    }
    pub fn red(self, text: &str) -> String {
        self.sgr("1;31", text)
    }
    pub fn green(self, text: &str) -> String {
        self.sgr("1;32", text)
    }
    pub fn yellow(self, text: &str) -> String {
        self.sgr("1;33", text)
    }
    pub fn cyan(self, text: &str) -> String {
        self.sgr("36", text)
    }

    fn sgr(self, code: &str, text: &str) -> String {
        match self {
            Style::Plain => text.to_string(),
            Style::Color => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
}
