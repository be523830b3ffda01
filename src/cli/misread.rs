//! A command line that cannot be read, told to machines as every other failure is.

use super::args::Cli;
use crate::error::{Class, Failure};
use crate::words::clean;
use clap::Parser;
use clap::error::ErrorKind;
use std::ffi::OsString;

/// What is wrong with it, in the words that people get.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Misread {
    message: String,
    /// How it could be said.
    hint: String,
}

impl Misread {
    pub(super) fn of(error: &clap::Error) -> Self {
        if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            return Misread { message: "expected a command, found none".into(), hint: "`tallow --help` lists them".into() };
        }
        let rendered = error.render().to_string();
        let text = rendered.strip_prefix("error: ").unwrap_or(&rendered);
        let (message, rest) = text.split_once("\n\n").unwrap_or((text, ""));
        Misread { message: clean(message), hint: clean(rest) }
    }
}

impl Failure for Misread {
    fn class(&self) -> Class {
        Class::Usage
    }
    fn hint(&self) -> Option<String> {
        Some(self.hint.clone()).filter(|hint| !hint.is_empty())
    }
}

/// Why words behind the program's name cannot be read as a command; none: they can.
pub(super) fn why(words: &[String]) -> Option<String> {
    let words = std::iter::once("tallow").chain(words.iter().map(String::as_str));
    let read = Cli::try_parse_from(words.map(|word| super::argument(word.into())));
    read.err().map(|error| Misread::of(&error).message)
}

/// Whether the words ask for JSON, where not even the words could be read.
pub(super) fn is_for_machines(words: &[OsString]) -> bool {
    words.iter().take_while(|word| *word != "--").any(|word| word == "--json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_told_in_one_line() {
        let words = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
        assert_eq!(why(&words("do x --seeds 0 --set recipe.lr=1")), None);
        let why = |text: &str| why(&words(text)).expect(text);
        assert!(why("do x --nosuch").contains("unexpected argument '--nosuch'"), "{}", why("do x --nosuch"));
        assert!(why("do").contains("required"), "{}", why("do"));
        assert!(!why("do x --improve many").contains('\n'));
    }

    #[test]
    fn machines_are_told_as_machines() {
        let is = |words: &[&str]| is_for_machines(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert!(is(&["tallow", "do", "x", "--json", "--nosuch"]));
        assert!(!is(&["tallow", "do", "x"]) && !is(&["tallow", "do", "--", "--json"]));
        let error = Cli::try_parse_from(["tallow", "do", "x", "--nosuch"]).expect_err("it is no flag");
        let misread = Misread::of(&error);
        assert_eq!(misread.class(), Class::Usage);
        assert!(misread.hint().is_some_and(|hint| hint.contains("--help")), "{misread:?}");
    }
}
