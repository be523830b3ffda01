//! Patterns of ours, constants of the program, compiled so that some hundreds of them take little time and memory.

/// Of what is found out about a text while it is searched, each pattern keeps so much.
const CACHE_BYTES: usize = 1 << 18;

/// Letters as Unicode has them, but for rare scripts and signs: a few ranges where `\p{L}` has six hundred, each of which every pattern would
/// carry. Dashes, quotes, `×` and `÷` are none.
const LETTERS: &str = concat!(
    r"A-Za-z\u{AA}\u{B5}\u{BA}\u{C0}-\u{D6}\u{D8}-\u{F6}\u{F8}-\u{1FFF}\u{2071}\u{207F}\u{2090}-\u{209C}\u{2100}-\u{218F}",
    r"\u{2C00}-\u{2DFF}\u{3040}-\u{D7FF}\u{F900}-\u{FDFF}\u{1D400}-\u{1D7FF}\u{20000}-\u{3FFFF}"
);

/// The same of a pattern of some thousand letters, which with less would be searched for in a way that is many times slower.
const LARGE_CACHE_BYTES: usize = 1 << 22;

/// A pattern that is a constant of the program.
pub(crate) fn regex(pattern: &str) -> regex::Regex {
    built(pattern, CACHE_BYTES)
}

/// One of them that lists hundreds of names.
pub(crate) fn large_regex(pattern: &str) -> regex::Regex {
    built(pattern, LARGE_CACHE_BYTES)
}

fn built(pattern: &str, cache_bytes: usize) -> regex::Regex {
    match regex::RegexBuilder::new(&with_few_ranges(pattern)).dfa_size_limit(cache_bytes).build() {
        Ok(regex) => regex,
        Err(problem) => unreachable!("a constant pattern is wrong: {problem}"),
    }
}

/// The same with `\w`, `\W`, `\d` and `\p{L}` written out as few ranges. A class that holds all letters holds them in either case: it is left
/// out of `(?i)`, which would look up each of some fifty thousand letters.
fn with_few_ranges(pattern: &str) -> String {
    let (mut written, mut rest) = (String::with_capacity(2 * pattern.len()), pattern);
    while let Some(sign) = rest.chars().next() {
        let length = match sign {
            '[' => class_length(rest),
            '\\' if rest.starts_with(r"\p{L}") => r"\p{L}".len(),
            '\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => sign.len_utf8(),
        };
        let (part, after) = rest.split_at(length);
        match part {
            r"\W" => written.push_str(&format!("(?-i:[^{LETTERS}0-9_])")),
            r"\w" | r"\p{L}" => written.push_str(&format!("(?-i:[{}])", ranges_of(part))),
            r"\d" => written.push_str("[0-9]"),
            _ if sign == '[' && (part.contains(r"\w") || part.contains(r"\p{L}")) => {
                written.push_str(&format!("(?-i:{})", ranges_of(part)));
            }
            _ if sign == '[' => written.push_str(&ranges_of(part)),
            _ => written.push_str(part),
        }
        rest = after;
    }
    written
}

/// Of a text that begins with a class, the bytes up to its end.
fn class_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, sign)| {
        let is_end = sign == ']' && !escaped;
        escaped = sign == '\\' && !escaped;
        is_end
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// Of a part of a class, what it holds.
fn ranges_of(part: &str) -> String {
    part.replace(r"\w", &format!("{LETTERS}0-9_")).replace(r"\p{L}", LETTERS).replace(r"\d", "0-9")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_figures_are_what_they_were() {
        assert_eq!(with_few_ranges(r"a\d+[x\d]\[\d\\d[\]\d]"), r"a[0-9]+[x0-9]\[[0-9]\\d[\]0-9]");
        let word = regex(r"^[\w-]+$");
        for text in ["plain", "naïve-Größe_2", "β1", "学习率", "обучение", "ﬁne", "𝛼", "ªº"] {
            assert!(word.is_match(text), "{text}");
        }
        for text in ["a b", "1×2", "1–2", "“a”", "a…", "3÷4", "a·b", "→"] {
            assert!(!word.is_match(text), "{text}");
        }
        assert!(
            regex(r"(?i)^train\w*É[x\w]$").is_match("TrainingéÖ")
                && regex(r"^\W$").is_match("×")
                && !regex(r"^\W$").is_match("é")
        );
        assert!(regex(r"^\p{L}$").is_match("é") && !regex(r"^\p{L}$").is_match("1"));
        // What is written out stands for itself where it is part of a class, and before a closing bracket.
        assert!(regex(r"^[^\d\]]+$").is_match("a[b") && !regex(r"^[^\d\]]+$").is_match("a]b"));
    }
}
