//! Patterns of ours, constants of the program, compiled so that some hundreds of them take little time and memory.

/// Of what is found out about a text while it is searched, each pattern keeps so much.
const CACHE_BYTES: usize = 1 << 18;

/// Letters as Unicode has them, but for rare scripts and signs: a few ranges where `\p{L}` has six hundred, each of which every pattern would
/// carry. Dashes, quotes, `×` and `÷` are none.
const LETTERS: &str = concat!(
    r"A-Za-z\u{AA}\u{B5}\u{BA}\u{C0}-\u{D6}\u{D8}-\u{F6}\u{F8}-\u{1FFF}\u{2071}\u{207F}\u{2090}-\u{209C}\u{2100}-\u{218F}",
    r"\u{2C00}-\u{2DFF}\u{3040}-\u{D7FF}\u{F900}-\u{FDFF}\u{1D400}-\u{1D7FF}\u{20000}-\u{3FFFF}"
);

/// A pattern that is a constant of the program.
pub(super) fn regex(pattern: &str) -> regex::Regex {
    match regex::RegexBuilder::new(&with_few_ranges(pattern)).dfa_size_limit(CACHE_BYTES).build() {
        Ok(regex) => regex,
        Err(problem) => unreachable!("a constant pattern is wrong: {problem}"),
    }
}

/// The same with `\w`, `\d` and `\p{L}` written out as few ranges.
fn with_few_ranges(pattern: &str) -> String {
    let (mut written, mut rest, mut is_class) = (String::with_capacity(pattern.len()), pattern, false);
    while let Some(sign) = rest.chars().next() {
        let ranges = match rest {
            _ if rest.starts_with(r"\w") => Some((2, format!("{LETTERS}0-9_"))),
            _ if rest.starts_with(r"\d") => Some((2, "0-9".to_string())),
            _ if rest.starts_with(r"\p{L}") => Some((5, LETTERS.to_string())),
            _ => None,
        };
        let length = match ranges {
            Some((length, ranges)) => {
                written.push_str(&if is_class { ranges } else { format!("[{ranges}]") });
                length
            }
            None => {
                is_class = sign == '[' || is_class && sign != ']';
                let escaped = rest.chars().nth(1).filter(|_| sign == '\\').map_or(0, char::len_utf8);
                let length = sign.len_utf8() + escaped;
                written.push_str(&rest[..length]);
                length
            }
        };
        rest = &rest[length..];
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_figures_are_what_they_were() {
        assert_eq!(with_few_ranges(r"a\d+[x\d]\[\d\\d"), r"a[0-9]+[x0-9]\[[0-9]\\d");
        let word = regex(r"^[\w-]+$");
        for text in ["plain", "naïve-Größe_2", "β1", "学习率", "обучение", "ﬁne", "𝛼", "ªº"] {
            assert!(word.is_match(text), "{text}");
        }
        for text in ["a b", "1×2", "1–2", "“a”", "a…", "3÷4", "a·b", "→"] {
            assert!(!word.is_match(text), "{text}");
        }
        assert!(regex(r"^\p{L}$").is_match("é") && !regex(r"^\p{L}$").is_match("1"));
        // What is written out stands for itself where it is part of a class, and before a closing bracket.
        assert!(regex(r"^[^\d\]]+$").is_match("a[b") && !regex(r"^[^\d\]]+$").is_match("a]b"));
    }
}
