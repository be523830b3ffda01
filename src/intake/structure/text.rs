//! Joining broken lines, undoing hyphenation, finding sentences.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

/// Words that the paper writes within a line, by which a hyphen at a line's end is judged.
#[derive(Default)]
pub(in crate::intake) struct Vocabulary {
    words: HashSet<String>,
}

impl Vocabulary {
    pub(in crate::intake) fn learn(&mut self, line: &str) {
        let mut words = line.split_whitespace().peekable();
        while let Some(word) = words.next() {
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
            // The last word of a line may be half a word.
            if words.peek().is_some() && bare.len() > 2 {
                self.words.insert(bare);
            }
        }
    }

    /// Adds a line to a text; a word broken over the two is made whole.
    pub(in crate::intake) fn join(&self, text: &mut String, line: &str) {
        if text.is_empty() || line.is_empty() {
            text.push_str(line);
            return;
        }
        if !text.ends_with('-') {
            // A URL broken after a slash goes on without a space.
            let in_url = text.ends_with(['/', '_']) && text.rsplit(' ').next().is_some_and(|word| word.contains("://"));
            if !in_url {
                text.push(' ');
            }
        } else if self.is_soft(text, line) {
            text.pop();
        }
        text.push_str(line);
    }

    fn is_soft(&self, text: &str, line: &str) -> bool {
        let (left, right) = broken_word(text, line);
        if self.words.contains(&format!("{left}-{right}")) {
            return false;
        }
        self.words.contains(&format!("{left}{right}")) || hyphen_is_soft(text, line)
    }
}

/// Beginnings that keep their hyphen when nothing better is known.
const KEEP: &[&str] =
    &["pre", "fine", "non", "self", "multi", "co", "mini", "state", "zero", "few", "one", "two", "cross", "left", "right", "end"];

/// Whether the hyphen at the end of `text` was only set because the line ended there.
pub(in crate::intake) fn hyphen_is_soft(text: &str, next: &str) -> bool {
    if !text.ends_with('-') || !next.starts_with(|c: char| c.is_lowercase()) {
        return false;
    }
    let (left, _) = broken_word(text, next);
    !left.contains('-') && !KEEP.contains(&left.as_str()) && left.chars().all(char::is_alphabetic) && !left.is_empty()
}

fn broken_word(text: &str, next: &str) -> (String, String) {
    let trim = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let left = text.trim_end_matches('-').rsplit(' ').next().map(trim);
    let right = next.split(' ').next().map(trim);
    (left.unwrap_or_default(), right.unwrap_or_default())
}

const ABBREVIATIONS: &[&str] = &[
    "e.g", "i.e", "et al", "al", "fig", "figs", "sec", "sect", "eq", "eqs", "tab", "vs", "cf", "resp", "approx", "no", "max",
    "min", "len", "seq", "ref", "app", "appx", "ca", "dr", "wrt", "w.r.t", "config", "prob", "vol", "pp", "st",
];

/// The letters that one sign stands for.
pub(in crate::intake) fn ligature(c: char) -> Option<&'static str> {
    Some(match c {
        'ﬀ' => "ff",
        'ﬁ' => "fi",
        'ﬂ' => "fl",
        'ﬃ' => "ffi",
        'ﬄ' => "ffl",
        'ﬅ' | 'ﬆ' => "st",
        _ => return None,
    })
}

/// The letter or digit that a sign of formulas is: `𝑟` is `r`, `𝛼` is `α`, `𝟏` is `1`.
pub(in crate::intake) fn plain_letter(c: char) -> Option<char> {
    // As Unicode lists them: alphabets of Latin letters, of Greek ones with their variants, then digits.
    const GREEK: &str = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΘΣΤΥΦΧΨΩ∇αβγδεζηθικλμνξοπρςστυφχψω∂ϵθκϕρπ";
    const LATIN: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let at = u32::from(c);
    let nth = |letters: &str, from: u32, count: u32| letters.chars().nth(((at - from) % count) as usize);
    match at {
        0x1D400..=0x1D6A3 => nth(LATIN, 0x1D400, 52),
        0x1D6A8..=0x1D7C9 => nth(GREEK, 0x1D6A8, 58),
        0x1D7CE..=0x1D7FF => nth("0123456789", 0x1D7CE, 10),
        0x210E => Some('h'),
        _ => None,
    }
}

/// The sentences of a text, without the space between them.
pub(in crate::intake) fn sentence_ranges(text: &str) -> Vec<Range<usize>> {
    static END: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r#"[.!?؟][”"')\]]?[⁰¹²³⁴⁵⁶⁷⁸⁹0-9]{0,2}\s+|[。！？][”」』）]?\s*"#));
    let mut ranges = Vec::new();
    let mut start = 0;
    for end in END.find_iter(text) {
        let next = text[end.end()..].chars().next();
        // Scripts without capitals begin with any letter.
        let without_case = |c: char| c.is_alphabetic() && !c.is_lowercase() && !c.is_uppercase();
        let begins = next.is_some_and(|c| c.is_uppercase() || without_case(c) || c.is_ascii_digit() || "“\"•[(「『".contains(c));
        let before = text[start..end.start()].rsplit(' ').next().unwrap_or_default();
        let bare = before.trim_start_matches(['(', '[', '“', '"']).to_lowercase();
        let decimal = text[end.range()].trim_end().chars().count() > 1 && before.ends_with(|c: char| c.is_ascii_digit());
        let initial = bare.chars().count() == 1 && bare.chars().all(char::is_alphabetic);
        // `1 . 0 e -3` is a number that was taken apart.
        let apart = before.is_empty() && next.is_some_and(|c| c.is_ascii_digit());
        if begins && !apart && !initial && !decimal && !ABBREVIATIONS.contains(&bare.as_str()) {
            ranges.push(start..end.start() + text[end.range()].trim_end().len());
            start = end.end();
        }
    }
    ranges.push(start..text.len());
    ranges.retain(|r| !text[r.clone()].trim().is_empty());
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(lines: &[&str]) -> String {
        let mut vocabulary = Vocabulary::default();
        for line in lines {
            vocabulary.learn(line);
        }
        let mut text = String::new();
        for line in lines {
            vocabulary.join(&mut text, line);
        }
        text
    }

    #[test]
    fn hyphens_at_line_ends() {
        assert_eq!(joined(&["a repre-", "sentation of"]), "a representation of");
        assert_eq!(joined(&["we fine-", "tune it"]), "we fine-tune it");
        assert_eq!(
            joined(&["a task-specific head", "is a task-", "specific one"]),
            "a task-specific head is a task-specific one"
        );
        assert_eq!(joined(&["the minibatch size", "our mini-", "batch size"]), "the minibatch size our minibatch size");
        assert_eq!(joined(&["with BERT-", "Large on 32-", "bit"]), "with BERT-Large on 32-bit");
        assert_eq!(joined(&["at https://host/", "name/x"]), "at https://host/name/x");
    }

    #[test]
    fn letters_of_formulas() {
        let plain = |text: &str| text.chars().map(|c| plain_letter(c).unwrap_or(c)).collect::<String>();
        assert_eq!(plain("𝑟 𝛼 𝜂 𝐀 𝟏𝟎 𝜖 r α"), "r α η A 10 ϵ r α");
    }

    #[test]
    fn sentences_end_where_they_should() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(sentence_ranges(text).into_iter().map(|r| &text[r]).collect::<Vec<_>>(), expected);
        };
        check("We train. We test.", &["We train.", "We test."]);
        check("See Fig. 6 and Smith et al. We use 0.1 here.", &["See Fig. 6 and Smith et al. We use 0.1 here."]);
        check("As in He et al. 2016 we do, e.g. A. Then B.", &["As in He et al. 2016 we do, e.g. A. Then B."]);
        check("It converges.⁵ So we stop (early). Then 3 more.", &["It converges.⁵", "So we stop (early).", "Then 3 more."]);
        check("我们训练模型。学习率为 0.1。然后测试！", &["我们训练模型。", "学习率为 0.1。", "然后测试！"]);
        check("Мы обучаем модель. Затем тест.", &["Мы обучаем модель.", "Затем тест."]);
        check("ندرب النموذج. ثم نختبره؟ نعم.", &["ندرب النموذج.", "ثم نختبره؟", "نعم."]);
        check("", &[]);
    }
}
