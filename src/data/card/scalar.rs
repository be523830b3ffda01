//! Single values of YAML: plain, or in quotes of either kind.

use std::str::Chars;

/// A plain or quoted scalar without its quotes; line breaks in quotes are folded.
///
/// # Errors
/// In words: its quote is never closed, or it has an escape that YAML does not know.
pub(super) fn scalar(text: &str) -> Result<String, String> {
    let unclosed = || format!("the quote of `{text}` is never closed");
    let within = |quote: char| text.get(1..).and_then(|rest| rest.strip_suffix(quote)).ok_or_else(unclosed);
    match text.chars().next() {
        Some('\'') => Ok(folded(within('\'')?, false).replace("''", "'")),
        Some('"') => {
            unescaped(&folded(within('"')?, true)).ok_or_else(|| format!("`{text}` has an escape that YAML does not know"))
        }
        _ => Ok(text.to_string()),
    }
}

/// Where the quotes end that a text begins with; none: they are not closed.
pub(super) fn quoted_end(text: &str) -> Option<usize> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Some(1 + closing(text.get(1..)?, quote)?)
}

/// Where quotes end, behind the quote that closes them, of a text that lies in them.
pub(super) fn closing(within: &str, quote: char) -> Option<usize> {
    let mut chars = within.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_double = c == '\'' && chars.peek().is_some_and(|(_, next)| *next == '\'');
        if c == '\\' && quote == '"' || c == quote && is_double {
            // The next one is a letter, whatever it is.
            chars.next();
        } else if c == quote {
            return Some(at + 1);
        }
    }
    None
}

/// Lines of what stands in quotes as one: a break is a space, and an empty line a break; where there are escapes, one behind a
/// backslash is nothing.
fn folded(text: &str, escapes: bool) -> String {
    let mut lines = text.split('\n');
    let mut whole = lines.next().unwrap_or_default().to_string();
    let mut breaks = 0;
    for line in lines {
        breaks += 1;
        if line.is_empty() {
            continue;
        }
        if escapes && whole.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1 {
            whole.pop();
        } else if breaks == 1 {
            whole.push(' ');
        } else {
            (1..breaks).for_each(|_| whole.push('\n'));
        }
        whole.push_str(line);
        breaks = 0;
    }
    whole
}

/// What stands in double quotes; none: it has an escape that there is not.
fn unescaped(text: &str) -> Option<String> {
    let (mut out, mut chars) = (String::with_capacity(text.len()), text.chars());
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        // One at the end folded lines of which the last is empty.
        let Some(escape) = chars.next() else { break };
        out.push(match escape {
            '0' => '\0',
            'a' => '\u{7}',
            'b' => '\u{8}',
            't' | '\t' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            'e' => '\u{1b}',
            ' ' | '"' | '/' | '\\' => escape,
            'N' => '\u{85}',
            '_' => '\u{a0}',
            'L' => '\u{2028}',
            'P' => '\u{2029}',
            'x' => char::from_u32(number(&mut chars, 2)?)?,
            'u' => match number(&mut chars, 4)? {
                // As JSON has letters of more than 16 bits: in two halves.
                high @ 0xd800..=0xdbff => {
                    chars = chars.as_str().strip_prefix("\\u")?.chars();
                    let low = number(&mut chars, 4)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                    char::from_u32(0x10000 + ((high - 0xd800) << 10) + low)?
                }
                code => char::from_u32(code)?,
            },
            'U' => char::from_u32(number(&mut chars, 8)?)?,
            _ => return None,
        });
    }
    Some(out)
}

/// A number of so many hexadecimal digits, at most eight.
fn number(chars: &mut Chars, digits: usize) -> Option<u32> {
    (0..digits).try_fold(0, |sum, _| Some(sum * 16 + chars.next()?.to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_in_quotes() {
        let check = |text: &str, expected: &str| assert_eq!(scalar(text).as_deref(), Ok(expected), "{text}");
        check("plain 'text'", "plain 'text'");
        check("'it''s'", "it's");
        check(r#""\x41\xe9 \u2019\U0001F600 \ud83d\ude00 \_\t\" \\""#, "A\u{e9} \u{2019}\u{1f600} \u{1f600} \u{a0}\t\" \\");
        check("'one\ntwo\n\nthree\\\nfour'", "one two\nthree\\ four");
        check("\"one\\\n\\ two\nthree\"", "one two three");
        for text in ["'one", "\"", "'", "\"\\q\"", "\"\\ud83d\"", "\"\\x4\""] {
            assert!(scalar(text).is_err(), "{text}");
        }
    }

    #[test]
    fn where_quotes_end() {
        let check = |text: &str, end: Option<usize>| assert_eq!(quoted_end(text), end, "{text}");
        check("'a': b", Some(3));
        check("'it''s' x", Some(7));
        check("\"a\\\"b\" c", Some(6));
        check("\"a\\\"", None);
        check("'a''", None);
        check("plain", None);
    }
}
