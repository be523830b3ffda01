//! How a failure is told: the message, its causes, and the next step.

use crate::error::Error;
use crate::report::Style;
use crate::words::steers;
use serde::Serialize;

/// For people:
///
/// ```text
/// error: the paper `x.pdf` cannot be read
///   caused by: it holds no text
///
/// hint: run it through a program that recognises text
/// ```
pub fn text(error: &Error, style: Style) -> String {
    let chain = error.chain();
    let (first, causes) = chain.split_first().map_or(("", &[][..]), |(first, causes)| (first.as_str(), causes));
    let mut out = format!("{}: {}\n", style.red("error"), visible(first, "  "));
    for cause in causes {
        out.push_str(&format!("  {}: {}\n", style.dim("caused by"), visible(cause, "    ")));
    }
    if let Some(hint) = error.hint() {
        out.push_str(&format!("\n{}: {}\n", style.cyan("hint"), visible(&hint, "  ")));
    }
    out
}

/// For machines: one line of JSON.
pub fn json(error: &Error) -> String {
    let mut chain = error.chain().into_iter();
    let told = Told {
        error: Failed {
            class: error.class(),
            exit_code: error.class().exit_code(),
            message: chain.next().unwrap_or_default(),
            causes: chain.collect(),
            hint: error.hint(),
        },
    };
    // Strings and numbers always become JSON.
    serde_json::to_string(&told).unwrap_or_default()
}

#[derive(Serialize)]
struct Told {
    error: Failed,
}

#[derive(Serialize)]
struct Failed {
    class: crate::error::Class,
    exit_code: u8,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
}

/// Lines of a message stay lines, indented; other control characters, which could steer a terminal, are shown.
fn visible(text: &str, indent: &str) -> String {
    let line = |line: &str| {
        line.chars().map(|c| if steers(c) && c != '\t' { c.escape_debug().to_string() } else { c.to_string() }).collect()
    };
    let lines: Vec<String> = text.trim_end().lines().map(line).collect();
    lines.join(&format!("\n{indent}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Class, Failure};

    #[derive(Debug, thiserror::Error)]
    #[error("column `text` is missing")]
    struct Missing {
        source: std::io::Error,
    }

    impl Failure for Missing {
        fn class(&self) -> Class {
            Class::Data
        }
        fn hint(&self) -> Option<String> {
            Some("columns found: `sentence`,\n`label`".into())
        }
    }

    fn error() -> Error {
        Error::from(Missing { source: std::io::Error::other("at \u{1b}[31mbyte 4") })
    }

    #[test]
    fn people_see_message_causes_and_hint() {
        let expected = "error: column `text` is missing\n  caused by: at \\u{1b}[31mbyte 4\n\n\
                        hint: columns found: `sentence`,\n  `label`\n";
        assert_eq!(text(&error(), Style::Plain), expected);
        assert!(text(&error(), Style::Color).starts_with("\u{1b}[1;31merror\u{1b}[0m: "));
    }

    #[test]
    fn machines_get_one_line() {
        let line = json(&error());
        let value: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert!(!line.contains('\n'));
        assert_eq!(value["error"]["class"], "data");
        assert_eq!(value["error"]["exit_code"], 20);
        assert_eq!(value["error"]["message"], "column `text` is missing");
        assert_eq!(value["error"]["causes"][0], "at \u{1b}[31mbyte 4");
    }
}
